//! What files have beside their content: modes, owners, moments, other names, and where symbolic links lead.
//!
//! Only what somebody changed is kept; everything else is as the system makes new files. What lies in a volume
//! is known of it in the volume, so that all containers that mount it see the same.

use std::borrow::Cow;
use std::collections::BTreeMap;

use k8s_openapi::jiff::Timestamp;

use super::{Cluster, Place};
use crate::clock::SimTime;

/// Links that are followed one after the other (Linux' `MAXSYMLINKS`).
const MOST_LINKS: usize = 40;

/// What somebody changed of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    /// Who may do what: the last twelve bits of its mode.
    pub mode: Option<u32>,
    /// Its owner, by name or number.
    pub owner: Option<String>,
    /// Its group, by name or number.
    pub group: Option<String>,
    /// When it was written last.
    pub changed: Option<Timestamp>,
    /// Whether it is a named pipe.
    pub pipe: bool,
}

/// The attributes and symbolic links of one machine or container, by path.
#[derive(Clone, Debug, Default)]
pub(super) struct FileTable {
    attributes: BTreeMap<String, Attributes>,
    /// Where links lead, as it was written.
    links: BTreeMap<String, String>,
    /// Further names of files (`ln`), with the name that the content is kept under.
    names: BTreeMap<String, String>,
}

impl FileTable {
    fn leads_on(&self) -> bool {
        !self.links.is_empty() || !self.names.is_empty()
    }
}

impl Cluster {
    /// The table in which a path is, and the path's name in it.
    fn file_table<'p>(&self, place: &Place, path: &'p str) -> Option<(&FileTable, Cow<'p, str>)> {
        if !matches!(place, Place::Container { .. }) {
            return Some((self.nodes.table(place)?, Cow::Borrowed(path)));
        }
        let (worker, container) = self.kubelets.container(place)?;
        match self.mounted_at(place, path) {
            Some((volume, below)) => {
                Some((worker.sandbox.as_ref()?.tables.get(&volume)?, Cow::Owned(below)))
            }
            None => Some((&container.table, Cow::Borrowed(path))),
        }
    }

    fn file_table_mut(&mut self, place: &Place, path: &str) -> Option<(&mut FileTable, String)> {
        if !matches!(place, Place::Container { .. }) {
            return Some((self.nodes.table_mut(place), path.to_owned()));
        }
        let mounted = self.mounted_at(place, path);
        let (worker, index) = self.kubelets.worker_at(place)?;
        match mounted {
            Some((volume, below)) => {
                Some((worker.sandbox.as_mut()?.tables.entry(volume).or_default(), below))
            }
            None => Some((&mut worker.containers[index].table, path.to_owned())),
        }
    }

    /// Whether any path at a place leads elsewhere.
    fn has_links(&self, place: &Place) -> bool {
        if !matches!(place, Place::Container { .. }) {
            return self.nodes.table(place).is_some_and(FileTable::leads_on);
        }
        self.kubelets.container(place).is_some_and(|(worker, container)| {
            let volumes = worker.sandbox.iter().flat_map(|sandbox| sandbox.tables.values());
            container.table.leads_on() || volumes.into_iter().any(FileTable::leads_on)
        })
    }

    /// What somebody changed of the file at a path.
    pub fn attributes(&self, place: &Place, path: &str) -> Attributes {
        let found = self.file_table(place, path);
        let found = found.and_then(|(table, name)| table.attributes.get(&*name));
        found.cloned().unwrap_or_default()
    }

    /// When a file was made or written last; none for one that is as the image has it.
    pub fn changed(&self, place: &Place, path: &str) -> Option<Timestamp> {
        let written = self.attributes(place, path).changed;
        let mounted = || self.mounted_at(place, path).is_some();
        let of_image = || !mounted() && self.packaged_file(place, path).is_some();
        written.or_else(|| (!of_image()).then(|| self.first_moment()))
    }

    /// Changes what a file has beside its content.
    pub fn change_attributes(
        &mut self,
        place: &Place,
        path: &str,
        change: impl FnOnce(&mut Attributes),
    ) {
        if let Some((table, name)) = self.file_table_mut(place, path) {
            change(table.attributes.entry(name).or_default());
        }
    }

    /// A file is gone, and with it all that it had.
    pub fn forget_attributes(&mut self, place: &Place, path: &str) {
        if let Some((table, name)) = self.file_table_mut(place, path) {
            table.attributes.remove(&name);
            table.links.remove(&name);
        }
    }

    /// Where the symbolic link at a path leads, as it was written.
    pub fn link_target(&self, place: &Place, path: &str) -> Option<&str> {
        let (table, name) = self.file_table(place, path)?;
        table.links.get(&*name).map(String::as_str)
    }

    /// Makes the file at a path a symbolic link.
    pub fn set_link(&mut self, place: &Place, path: &str, target: &str) {
        if let Some((table, name)) = self.file_table_mut(place, path) {
            table.links.insert(name, target.to_owned());
        }
    }

    /// Gives a file one more name; both are absolute, and the new one has a file that stands for it.
    ///
    /// # Errors
    /// `Invalid cross-device link`: they lie in different volumes.
    pub fn add_name(&mut self, place: &Place, known: &str, new: &str) -> Result<(), String> {
        let volume = |path: &str| match place {
            Place::Container { .. } => self.mounted_at(place, path).map(|(volume, _)| volume),
            _ => None,
        };
        if volume(known) != volume(new) {
            return Err("Invalid cross-device link".to_owned());
        }
        let kept = self.file_table_mut(place, known).map(|(_, name)| name).unwrap_or_default();
        if let Some((table, name)) = self.file_table_mut(place, new) {
            table.names.insert(name, kept);
        }
        Ok(())
    }

    /// How many names a file has; the path is the one that its content is kept under.
    pub fn count_names(&self, place: &Place, path: &str) -> usize {
        let found = self.file_table(place, path);
        found.map_or(1, |(table, name)| {
            1 + table.names.values().filter(|kept| **kept == *name).count()
        })
    }

    /// A name of a file is to go. `None`: it was one of several, and the content is kept under another one.
    /// Otherwise the path under which the content has to be kept from now on: this one where there is no other.
    pub fn forget_name(&mut self, place: &Place, path: &str) -> Option<String> {
        let Some((table, name)) = self.file_table_mut(place, path) else {
            return Some(path.to_owned());
        };
        if table.names.remove(&name).is_some() {
            return None;
        }
        let other = table.names.iter().find(|(_, kept)| **kept == name);
        let Some(other) = other.map(|(other, _)| other.clone()) else {
            return Some(path.to_owned());
        };
        table.names.remove(&other);
        for kept in table.names.values_mut().filter(|kept| **kept == name) {
            kept.clone_from(&other);
        }
        if let Some(attributes) = table.attributes.remove(&name) {
            table.attributes.insert(other.clone(), attributes);
        }
        Some(in_place_of(path, &name, &other))
    }

    /// The path that an absolute path stands for when the links in it are followed; that of its last
    /// part only where `last` says so.
    pub fn follow<'p>(&self, place: &Place, path: &'p str, last: bool) -> Cow<'p, str> {
        if !self.has_links(place) {
            return Cow::Borrowed(path);
        }
        let path = self.follow_links(place, path, last);
        let kept = self
            .file_table(place, &path)
            .and_then(|(table, name)| Some(in_place_of(&path, &name, table.names.get(&*name)?)));
        kept.map_or(path, Cow::Owned)
    }

    /// As [`Cluster::follow`], to the name itself where a file has several.
    pub fn follow_links<'p>(&self, place: &Place, path: &'p str, last: bool) -> Cow<'p, str> {
        if !self.has_links(place) {
            return Cow::Borrowed(path);
        }
        let mut path = Cow::Borrowed(path);
        for _ in 0..MOST_LINKS {
            let ends = path.match_indices('/').map(|(at, _)| at).skip(1);
            let ends = ends.chain(last.then_some(path.len()));
            let step = ends.into_iter().find_map(|end| {
                let target = self.link_target(place, &path[..end])?;
                let folder = path[..end].rsplit_once('/').map_or("", |(folder, _)| folder);
                let start = if target.starts_with('/') { "" } else { folder };
                Some(super::files::normal(&format!("{start}/{target}{}", &path[end..])))
            });
            match step {
                Some(next) => path = Cow::Owned(next),
                None => return path,
            }
        }
        // Links that lead round in a circle lead nowhere.
        Cow::Owned(format!("{path}/"))
    }

    /// The mode that a file has without anybody having changed it: what its volume says, and that
    /// programs of the image can be run.
    pub fn first_mode(&self, place: &Place, path: &str) -> u32 {
        self.provided_mode(place, path).unwrap_or_else(|| {
            let text = self.packaged_file(place, path);
            let program = text.is_some_and(|text| text.starts_with("#!"));
            if program { 0o755 } else { 0o644 }
        })
    }

    /// When the files of a place were made that nobody has written since.
    pub fn first_moment(&self) -> Timestamp {
        SimTime::START.timestamp()
    }
}

/// The path of `other`, which is in the same table as `path`, whose name there is `name`.
fn in_place_of(path: &str, name: &str, other: &str) -> String {
    path.strip_suffix(name).map_or_else(|| path.to_owned(), |above| format!("{above}{other}"))
}
