//! Container images: what each starts, listens on, answers and holds (NETWORKING §15).
//!
//! An image is a description: a file in `catalogue/`, read by [`describe`], on top of a system of
//! `bases/`. What it serves stands there too ([`server`]), unless a program of `programs` does it.

mod account;
mod catalogue;
mod content;
mod describe;
mod reference;
mod registry;
pub(super) mod server;
mod tags;
pub(super) mod text;

pub use account::Identity;
use account::{Account, Group};
pub(super) use catalogue::{Lookup, carried, find, laptop, nearest_reference, nearest_to, node};
pub(super) use content::nginx_file;
pub(super) use reference::{Reference, reference_fault};
pub(super) use registry::Registry;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Deserialize;

use super::Place;
use server::Server;

/// What podhop knows of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// The reference's repository without registry and tag: `nginx`, `curlimages/curl`.
    pub name: String,
    /// ENTRYPOINT
    pub entrypoint: Vec<String>,
    /// CMD
    pub command: Vec<String>,
    /// The tools that can be executed in it, by the name that a user types.
    tools: BTreeSet<String>,
    /// Those that are the full ones, although the others are BusyBox'.
    full: BTreeSet<String>,
    /// Which version a program is of, where that can be seen.
    versions: BTreeMap<String, String>,
    /// Which family the tools are of: it decides their messages.
    pub flavour: Flavour,
    /// The C library that its programs use: it decides how names are looked up.
    pub libc: Libc,
    /// ENV of the image.
    pub environment: Vec<(String, String)>,
    /// WORKDIR
    pub directory: String,
    /// USER: a name, or a number.
    pub user: String,
    /// `/etc/passwd`, as far as somebody may run as one of them.
    accounts: Vec<Account>,
    /// `/etc/group`
    groups: Vec<Group>,
    /// Its files by path.
    files: BTreeMap<String, Arc<str>>,
    /// The directories that are there even when empty.
    directories: BTreeSet<String>,
    /// What its entrypoint script makes of arguments that name no program.
    pub(super) script: Option<Script>,
    /// What its own programs serve.
    pub(super) servers: Vec<Arc<Server>>,
}

/// Where an image's command-line tools come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Flavour {
    /// BusyBox applets: busybox, alpine and what is built on it.
    BusyBox,
    /// GNU tools of Debian or Ubuntu.
    Gnu,
}

/// A C library, as far as it looks names up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Libc {
    /// Debian, Ubuntu, BusyBox' own image.
    Glibc,
    /// Alpine.
    Musl,
}

/// What an entrypoint script does with arguments that name no program of the image: it puts one in
/// front of them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Script {
    /// The program that it puts in front.
    pub program: String,
    /// Of which first arguments.
    pub before: Before,
    /// The ends of a first argument that counts as an option too (`.conf`).
    #[serde(default)]
    pub endings: Vec<String>,
}

/// Which first arguments are not the program itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Before {
    /// Those that begin with a dash.
    Options,
    /// Those that name no tool of the image.
    Anything,
}

impl Image {
    /// What is run for these arguments, where the image's entrypoint is not replaced.
    pub fn words(&self, arguments: Vec<String>) -> Vec<String> {
        let words = [self.entrypoint.clone(), arguments].concat();
        self.without_entrypoint(&words).into_owned()
    }

    /// What the entrypoint script makes of its arguments: most run them; those of curl and the
    /// databases put their program in front of options.
    pub(super) fn without_entrypoint<'a>(&self, arguments: &'a [String]) -> Cow<'a, [String]> {
        let Some((first, rest)) = arguments.split_first() else { return Cow::Borrowed(arguments) };
        if !self.is_entrypoint(first) {
            return Cow::Borrowed(arguments);
        }
        let word = rest.first().map(String::as_str).unwrap_or("");
        let program = self.script.as_ref().filter(|script| {
            let ends = script.endings.iter().any(|ending| word.ends_with(ending.as_str()));
            match script.before {
                Before::Options => word.starts_with('-') || ends,
                Before::Anything => ends || !self.holds(word),
            }
        });
        let program = program.map(|script| script.program.clone());
        Cow::Owned(program.into_iter().chain(rest.iter().cloned()).collect())
    }

    /// Whether its entrypoint is a script, which runs the command that it is given.
    pub fn has_script(&self) -> bool {
        self.entrypoint.first().is_some_and(|first| self.is_entrypoint(first))
    }

    /// Whether a word names the image's entrypoint script.
    pub(super) fn is_entrypoint(&self, word: &str) -> bool {
        let script = word.ends_with("entrypoint.sh");
        script && self.entrypoint.first().is_some_and(|first| base_name(first) == base_name(word))
    }

    /// Whether it holds the program that a user calls `name` (a path's last part counts).
    pub fn holds(&self, name: &str) -> bool {
        self.tools.contains(base_name(name))
    }

    /// The tools that can be executed in it.
    pub fn tools(&self) -> impl Iterator<Item = &str> {
        self.tools.iter().map(String::as_str)
    }

    /// Whether a tool is the full one, although the image's others are BusyBox'.
    pub fn has_full(&self, name: &str) -> bool {
        self.full.contains(name)
    }

    /// The version of a program, where that can be seen.
    pub fn version(&self, program: &str) -> Option<&str> {
        self.versions.get(program).map(String::as_str)
    }

    /// A file of the image.
    pub fn file(&self, path: &str) -> Option<&Arc<str>> {
        self.files.get(path)
    }

    /// The paths of the image's files.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// Whether it has this directory.
    pub fn has_directory(&self, path: &str) -> bool {
        self.directories.contains(path)
            || path == self.directory
            // The homes of the system's own accounts are mostly not there.
            || self.accounts.iter().any(|account| {
                let own = account.id == 0 || (100..60_000).contains(&account.id);
                own && account.home == path && path != "/nonexistent"
            })
    }

    /// Who its processes are, where nobody says otherwise.
    pub(super) fn identity(&self) -> Identity {
        Identity::of(&self.user, self)
    }

    /// What a line of `/etc/os-release` says.
    pub fn release(&self, field: &str) -> Option<&str> {
        let text = self.file("/etc/os-release")?;
        let lines = text.lines().filter_map(|line| line.split_once('='));
        let mut found = lines.filter(|(name, _)| *name == field);
        found.next().map(|(_, value)| value.trim_matches('"'))
    }

    /// What the image's own program of this name serves with these arguments.
    pub(super) fn server(&self, program: &str, arguments: &[String]) -> Option<&Arc<Server>> {
        let program = base_name(program);
        let runs = |server: &&Arc<Server>| {
            server.program == program && arguments.starts_with(&server.runs)
        };
        self.servers.iter().find(runs)
    }
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The environment of a machine's own shell, outside containers.
pub fn machine_environment(place: &Place) -> Vec<(String, String)> {
    let (user, home, path, own) = match place {
        Place::Laptop => {
            let path = "/usr/local/bin:/usr/bin:/bin";
            ("player", "/home/player", path, ("HOSTNAME", "laptop"))
        }
        _ => {
            let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
            ("root", "/root", path, ("PWD", "/root"))
        }
    };
    let variables = [
        ("HOME", home),
        ("LANG", "C.UTF-8"),
        ("LOGNAME", user),
        ("PATH", path),
        own,
        ("SHELL", "/bin/bash"),
        ("TERM", "xterm-256color"),
        ("USER", user),
    ];
    variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
