//! What files have beside their content: modes, owners, moments, and where symbolic links lead.
//!
//! Only what somebody changed is kept; everything else is as the system makes new files.

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
}

/// The attributes and symbolic links of one machine or container, by path.
#[derive(Clone, Debug, Default)]
pub(super) struct FileTable {
    attributes: BTreeMap<String, Attributes>,
    /// Where links lead, as it was written.
    links: BTreeMap<String, String>,
}

impl Cluster {
    fn file_table(&self, place: &Place) -> Option<&FileTable> {
        match place {
            Place::Container { .. } => {
                self.kubelets.container(place).map(|(_, container)| &container.table)
            }
            _ => self.nodes.table(place),
        }
    }

    fn file_table_mut(&mut self, place: &Place) -> Option<&mut FileTable> {
        match place {
            Place::Container { .. } => {
                let (worker, index) = self.kubelets.worker_at(place)?;
                Some(&mut worker.containers[index].table)
            }
            _ => Some(self.nodes.table_mut(place)),
        }
    }

    /// What somebody changed of the file at a path.
    pub fn attributes(&self, place: &Place, path: &str) -> Attributes {
        let found = self.file_table(place).and_then(|table| table.attributes.get(path));
        found.cloned().unwrap_or_default()
    }

    /// Changes what a file has beside its content.
    pub fn change_attributes(
        &mut self,
        place: &Place,
        path: &str,
        change: impl FnOnce(&mut Attributes),
    ) {
        if let Some(table) = self.file_table_mut(place) {
            change(table.attributes.entry(path.to_owned()).or_default());
        }
    }

    /// A file is gone, and with it all that it had.
    pub fn forget_attributes(&mut self, place: &Place, path: &str) {
        if let Some(table) = self.file_table_mut(place) {
            table.attributes.remove(path);
            table.links.remove(path);
        }
    }

    /// Where the symbolic link at a path leads, as it was written.
    pub fn link_target(&self, place: &Place, path: &str) -> Option<&str> {
        self.file_table(place)?.links.get(path).map(String::as_str)
    }

    /// Makes the file at a path a symbolic link.
    pub fn set_link(&mut self, place: &Place, path: &str, target: &str) {
        if let Some(table) = self.file_table_mut(place) {
            table.links.insert(path.to_owned(), target.to_owned());
        }
    }

    /// The path that an absolute path stands for when the links in it are followed; that of its last
    /// part only where `last` says so.
    pub fn follow<'p>(&self, place: &Place, path: &'p str, last: bool) -> Cow<'p, str> {
        let Some(table) = self.file_table(place).filter(|table| !table.links.is_empty()) else {
            return Cow::Borrowed(path);
        };
        let mut path = Cow::Borrowed(path);
        for _ in 0..MOST_LINKS {
            let ends = path.match_indices('/').map(|(at, _)| at).skip(1);
            let ends = ends.chain(last.then_some(path.len()));
            let step = ends.into_iter().find_map(|end| {
                let target = table.links.get(&path[..end])?;
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
