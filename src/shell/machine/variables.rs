//! A shell's variables: a subshell's copy shares what neither has changed.

use std::sync::Arc;

use super::state::Variable;
use crate::shared_map::SharedMap;

/// All variables, by name. A clone costs little, and a change after it copies that variable alone,
/// however much the others hold.
#[derive(Clone, Debug, Default)]
pub(super) struct Variables(SharedMap<Arc<str>, Arc<Variable>>);

impl Variables {
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn get(&self, name: &str) -> Option<&Variable> {
        self.0.get(name).map(|variable| &**variable)
    }

    pub fn contains_key(&self, name: &str) -> bool {
        self.0.get(name).is_some()
    }

    /// Names and variables, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Variable)> {
        self.0.iter().map(|(name, variable)| (&**name, &**variable))
    }

    /// A variable, to change.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Variable> {
        self.0.get_mut(name).map(Arc::make_mut)
    }

    /// A variable, to change; one that is not there is made.
    pub fn or_default(&mut self, name: &str) -> &mut Variable {
        if !self.contains_key(name) {
            self.0.insert(name.into(), Arc::default());
        }
        self.get_mut(name).expect("it was just put there")
    }

    pub fn insert(&mut self, name: &str, variable: Variable) {
        self.0.insert(name.into(), Arc::new(variable));
    }

    pub fn remove(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// Whether nothing was changed in either since one was cloned from the other.
    pub fn is_shared_with(&self, other: &Variables) -> bool {
        self.0.is_shared_with(&other.0)
    }
}

impl FromIterator<(String, Variable)> for Variables {
    fn from_iter<I: IntoIterator<Item = (String, Variable)>>(all: I) -> Variables {
        let mut variables = Variables::default();
        for (name, variable) in all {
            variables.insert(&name, variable);
        }
        variables
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_copies_no_other_variable() {
        let mut variables = Variables::default();
        variables.or_default("long").value = "x".repeat(1_000);
        let before = variables.clone();
        assert!(variables.is_shared_with(&before));
        variables.or_default("i").value = "1".to_owned();
        assert!(!variables.is_shared_with(&before) && !before.contains_key("i"));
        let same = variables.get("long").zip(before.get("long"));
        assert!(same.is_some_and(|(one, other)| std::ptr::eq(one, other)));
        variables.remove("i");
        assert_eq!(variables.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["long"]);
    }
}
