//! The commands: one a file, grouped by subject.
//!
//! [`find`] turns a name and arguments into a [`Tool`]. What a place has is its image's affair
//! ([`is_installed`]): a container without curl has no curl, whatever podhop can simulate.

mod absent;
mod checksum;
mod conversion;
mod files;
mod jq;
pub mod kubectl;
mod long_double;
mod minikube;
mod moment;
pub mod net;
mod options;
mod packages;
mod plain;
pub(in crate::shell) mod print;
mod quoting;
pub(in crate::shell) mod real_options;
mod registry;
mod ssh;
pub(in crate::shell) mod system;
mod testing;
pub(in crate::shell) mod text;
pub(in crate::shell) mod trouble;
mod versions;

pub(super) use absent::{is_real, misused, not_simulated};
pub(super) use options::Messages;
use plain::{failed, plain, said, warned};
use registry::Folder;
pub(super) use registry::{find, installed};

pub(in crate::shell) use files::rights;

use std::collections::BTreeMap;

use crate::cluster::{Cluster, Flavour, Place};
use crate::network::ProcessId;
use crate::shell::Io;
use crate::shell::files::PROGRAM;

/// What decides how a command behaves.
pub(super) struct Setting<'a> {
    pub place: &'a Place,
    pub flavour: Flavour,
    /// Whose words errors in its arguments have.
    pub words: options::Messages,
    /// Exported variables.
    pub environment: &'a BTreeMap<String, String>,
    /// The container's process that it is part of.
    pub process: Option<ProcessId>,
    /// Signals that whoever starts it ignores, which a shell goes on ignoring.
    pub ignored: &'a [String],
}

/// Whether the tools of the place where a command runs are GNU's.
pub(super) fn is_gnu(io: &Io<'_>) -> bool {
    io.cluster.flavour(io.place) == Flavour::Gnu
}

/// Whose words a place's tools have.
pub(super) fn words(cluster: &Cluster, place: &Place) -> options::Messages {
    match cluster.flavour(place) {
        Flavour::Gnu => options::Messages::Gnu,
        // The image of BusyBox itself is built with glibc; everything else of this family is Alpine.
        Flavour::BusyBox if cluster.image(place).is_some_and(|image| image.name == "busybox") => {
            options::Messages::BusyBox
        }
        Flavour::BusyBox => options::Messages::Musl,
    }
}

/// How a tool is used, in a line.
pub(in crate::shell) fn usage(name: &str) -> &str {
    registry::usage(name).unwrap_or(name)
}

/// How a BusyBox applet is used, as it says it when it is used wrongly.
pub(super) fn busybox_usage(name: &str) -> String {
    let usage = usage(name);
    format!("BusyBox v1.37.0 () multi-call binary.\n\nUsage: {usage}")
}

/// Whether a place has a program of this name: the image's own, or installed later, which leaves
/// a file in `/usr/bin`.
pub(super) fn is_installed(cluster: &Cluster, place: &Place, name: &str) -> bool {
    match place {
        Place::Laptop => registry::program_called(name).is_some_and(|program| program.on_laptop),
        Place::Node(_) | Place::Container { .. } => {
            cluster.image(place).is_some_and(|image| image.holds(name))
                || is_added(cluster, place, name)
        }
    }
}

fn is_added(cluster: &Cluster, place: &Place, name: &str) -> bool {
    let file = || cluster.read_file(place, &format!("/usr/bin/{name}"));
    !name.is_empty() && file().is_some_and(|content| content == PROGRAM)
}

/// The file in the folders of programs that somebody wrote under a name; it runs once it has the right to.
pub(super) fn written(cluster: &Cluster, place: &Place, name: &str) -> Option<String> {
    let container = matches!(place, Place::Container { .. });
    let folders = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
    let mut paths = folders.into_iter().map(|folder| format!("{folder}/{name}"));
    paths.find(|path| container && !name.is_empty() && cluster.read_file(place, path).is_some())
}

/// Which family a place's program is of. Those that were installed later are the full ones, and some
/// images bring full network clients along on Alpine.
pub(super) fn client_flavour(cluster: &Cluster, place: &Place, name: &str) -> Flavour {
    let brought = cluster.image(place).is_some_and(|image| image.has_full(name));
    let applet = packages::brings_applet(name);
    if brought || !applet && is_added(cluster, place, name) {
        return Flavour::Gnu;
    }
    cluster.flavour(place)
}

/// Where `which` finds a program.
pub(super) fn path(cluster: &Cluster, place: &Place, name: &str) -> String {
    let folder = registry::program_called(name).map_or(Folder::UsrBin, |program| program.folder);
    format!("{}/{name}", folder.path(cluster.flavour(place)))
}
