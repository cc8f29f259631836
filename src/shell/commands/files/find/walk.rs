//! The files below a starting point of `find`, in the order in which they are tried.

use crate::shell::Io;
use crate::shell::file_facts::Facts;
use crate::shell::files::View;

/// Which files are tried.
#[derive(Clone, Copy)]
pub(super) struct Range {
    pub(super) least: usize,
    pub(super) most: usize,
    pub(super) deep: bool,
    /// `-L`: links are what they lead to.
    pub(super) follow: bool,
}

/// A file or folder that was found.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) path: String,
    pub(super) depth: usize,
    pub(super) folder: bool,
    /// Which of the starting points it is below.
    pub(super) root: String,
    /// Whether a link is what it leads to (`-L`).
    pub(super) follow: bool,
}

impl Found {
    /// The last part of its path.
    pub(super) fn name(&self) -> &str {
        match self.path.trim_end_matches('/').rsplit('/').next() {
            Some("") | None => "/",
            Some(name) => name,
        }
    }

    pub(super) fn facts(&self, io: &Io<'_>) -> Option<Facts> {
        self.seen(io, self.follow)
    }

    /// A link that leads nowhere is always itself.
    pub(super) fn seen(&self, io: &Io<'_>, follow: bool) -> Option<Facts> {
        io.facts(&self.path, follow).or_else(|_| io.facts(&self.path, false)).ok()
    }
}

/// Whether a link leads to a folder that it is in: what is below it is not gone through again.
fn leads_back(io: &Io<'_>, path: &str) -> bool {
    let resolved = |path: &str| io.cluster.follow(io.place, &io.absolute(path), true).into_owned();
    let above = path.rsplit_once('/').map_or(".", |(above, _)| above);
    let inner = if above.is_empty() { "/".to_owned() } else { resolved(above) };
    format!("{}/", inner.trim_end_matches('/')).starts_with(&format!("{}/", resolved(path)))
}

/// Everything below `root`; folders before their files, or after them.
pub(super) fn walk(io: &Io<'_>, root: &str, range: Range) -> Vec<Found> {
    let whole = |path: String, depth: usize, folder: bool| Found {
        path,
        depth,
        folder,
        root: root.to_owned(),
        follow: range.follow,
    };
    let itself = range.follow || root.ends_with('/') || io.link_target(root).is_none();
    let folder = io.is_directory(root) && itself;
    let mut found = vec![whole(root.to_owned(), 0, folder)];
    if !folder {
        return found;
    }
    let names = io.view().below(&io.absolute(root));
    let mut before = "";
    for name in &names {
        // Names are sorted: the folders that it shares with the one before have been seen.
        let shared = name.bytes().zip(before.bytes()).take_while(|(one, other)| one == other);
        let shared = shared.count();
        let folders = name.match_indices('/').map(|(end, _)| (end, true));
        let parts = folders.chain([(name.len(), false)]).enumerate();
        for (depth, (end, folder)) in parts.skip_while(|(_, (end, _))| *end < shared) {
            let path = &name[..end];
            if !View::is_mark(path) {
                let full = format!("{}/{path}", root.trim_end_matches('/'));
                let leads_on = range.follow && !folder && io.is_directory(&full);
                found.push(whole(full.clone(), depth + 1, folder || leads_on));
                if leads_on && !leads_back(io, &full) {
                    let below = Range { deep: false, ..range };
                    let more = walk(io, &full, below).into_iter().skip(1);
                    found.extend(more.map(|one| Found {
                        depth: one.depth + depth + 1,
                        root: root.to_owned(),
                        ..one
                    }));
                }
            }
        }
        before = name;
    }
    if range.deep {
        // A folder comes after all that is in it.
        let mut order = Vec::new();
        let mut open: Vec<Found> = Vec::new();
        for one in found {
            while open.last().is_some_and(|folder| one.depth <= folder.depth) {
                order.extend(open.pop());
            }
            open.push(one);
        }
        order.extend(open.into_iter().rev());
        found = order;
    }
    found
}
