//! What image references lead to, remembered: thousands of containers have the same.

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::{Lookup, Reference, find};

/// How many references are remembered.
const REMEMBERED: usize = 200;

/// What a reference leads to.
#[derive(Clone, Debug)]
pub struct Known {
    /// The reference in full: `docker.io/library/nginx:1.27`
    pub name: String,
    /// `docker.io/library/nginx@sha256:…`
    pub id: String,
    /// The image, if there is one.
    pub found: Lookup,
}

/// The references that were looked up lately; `None` is a text that is none.
#[derive(Clone, Debug, Default)]
pub struct Registry(BTreeMap<String, Option<Arc<Known>>>);

impl Registry {
    /// What `text` leads to; `None` when it is no reference.
    pub fn look_up(&mut self, text: &str) -> Option<Arc<Known>> {
        if let Some(known) = self.0.get(text) {
            return known.clone();
        }
        if self.0.len() == REMEMBERED {
            self.0.clear();
        }
        let known = Reference::parse(text).map(|reference| {
            let (name, id) = (reference.to_string(), id(&reference));
            Arc::new(Known { name, id, found: find(&reference) })
        });
        self.0.insert(text.to_owned(), known.clone());
        known
    }
}

/// An image's identity: its digest, or one made up of its name.
fn id(reference: &Reference) -> String {
    let mut id = format!("{}@", reference.name());
    match &reference.digest {
        Some(digest) => id += digest,
        None => {
            id += "sha256:";
            for byte in Sha256::digest(reference.to_string()) {
                let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
                id.extend([digit(byte >> 4), digit(byte & 15)]);
            }
        }
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_looked_up_once() {
        let mut registry = Registry::default();
        let first = registry.look_up("nginx:1.27").unwrap();
        assert_eq!(first.name, "docker.io/library/nginx:1.27");
        assert!(first.id.starts_with("docker.io/library/nginx@sha256:"));
        assert!(matches!(first.found, Lookup::Found(_)));
        assert!(Arc::ptr_eq(&first, &registry.look_up("nginx:1.27").unwrap()));
    }

    #[test]
    fn what_is_no_reference_leads_nowhere() {
        let mut registry = Registry::default();
        assert!(registry.look_up("Not A Name").is_none());
        assert!(registry.look_up("Not A Name").is_none());
    }
}
