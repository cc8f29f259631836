//! Container images: what each starts, listens on, answers and holds (NETWORKING §15).

mod catalogue;
mod content;
mod reference;
mod registry;
mod tools;

pub(super) use catalogue::{Lookup, carried, find, laptop, node};
pub(super) use content::{directories, file, files, nginx_file};
pub(super) use reference::Reference;
pub(super) use registry::Registry;

use super::Place;

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
    pub tools: Vec<&'static str>,
    /// Which family the tools are of: it decides their messages.
    pub flavour: Flavour,
    /// ENV of the image.
    pub environment: Vec<(&'static str, &'static str)>,
    /// WORKDIR
    pub directory: &'static str,
    /// The user that its processes run as.
    pub user: &'static str,
}

/// Where an image's command-line tools come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// BusyBox applets: busybox, alpine and what is built on it.
    BusyBox,
    /// GNU tools of Debian or Ubuntu.
    Gnu,
}

impl Image {
    /// Whether it holds the program that a user calls `name` (a path's last part counts).
    pub fn holds(&self, name: &str) -> bool {
        let base = name.rsplit('/').next().unwrap_or(name);
        self.tools.contains(&base)
    }

    /// The home directory of its user.
    pub fn home(&self) -> String {
        match self.user {
            "root" => "/root".to_owned(),
            user => format!("/home/{user}"),
        }
    }
}

/// The environment of a machine's own shell, outside containers.
pub(super) fn machine_environment(place: &Place) -> Vec<(String, String)> {
    let (user, home) = match place {
        Place::Laptop => ("player", "/home/player"),
        _ => ("root", "/root"),
    };
    [
        ("HOME", home),
        ("LANG", "C.UTF-8"),
        ("LOGNAME", user),
        ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
        ("PWD", home),
        ("SHELL", "/bin/bash"),
        ("TERM", "xterm-256color"),
        ("USER", user),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect()
}
