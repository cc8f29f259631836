//! Where objects are kept: ordered maps, one resource version a write, and a log of changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Change, Kind, Object, Resource};

/// Where an object is: its namespace (empty for kinds without one) and name.
pub type Place = (String, String);

/// Every object of the cluster. Cloning shares the objects.
#[derive(Clone, Debug, Default)]
pub struct Store {
    kinds: BTreeMap<Kind, BTreeMap<Place, Object>>,
    revision: u64,
    changes: Vec<Change>,
}

impl Store {
    /// The resource version of the newest write.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// One object of a kind.
    pub fn object(&self, kind: Kind, namespace: &str, name: &str) -> Option<&Object> {
        self.kinds.get(&kind)?.get(&(namespace.to_owned(), name.to_owned()))
    }

    /// The objects of a kind, in one namespace or (`None`) in all, by namespace and name.
    pub fn objects<'a>(
        &'a self,
        kind: Kind,
        namespace: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Object> {
        let all = self.kinds.get(&kind).into_iter();
        all.flat_map(move |objects| {
            let start = (namespace.unwrap_or("").to_owned(), String::new());
            objects
                .range(start..)
                .take_while(move |((at, _), _)| namespace.is_none_or(|wanted| wanted == at))
                .map(|(_, object)| object)
        })
    }

    /// One object, typed.
    pub fn get<T: Resource>(&self, namespace: &str, name: &str) -> Option<&Arc<T>> {
        self.object(T::KIND, namespace, name)?.as_kind()
    }

    /// The objects of a type, in one namespace or (`None`) in all, by namespace and name.
    pub fn list<'a, T: Resource>(
        &'a self,
        namespace: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Arc<T>> {
        self.objects(T::KIND, namespace).filter_map(Object::as_kind)
    }

    /// Changes after `revision`, oldest first. The log is never longer than the store needs for
    /// controllers and watches that keep up.
    pub fn changes_since(&self, revision: u64) -> &[Change] {
        let start = self.changes.partition_point(|change| change.revision <= revision);
        &self.changes[start..]
    }
}
