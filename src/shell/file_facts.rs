//! What is known of a file beside its content: what it is, its mode, whose it is, when it was written.

use k8s_openapi::jiff::Timestamp;

use super::files::{HOME, View, is_device};
use super::hashed::hash;
use crate::cluster::Place;

/// What a path leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Folder,
    Device,
    /// A named pipe, which passes nothing on here.
    Pipe,
    /// A symbolic link, and where it leads, as it was written.
    Link(String),
}

/// What `stat` tells of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    pub kind: Kind,
    /// Bytes.
    pub size: usize,
    /// How many names it has.
    pub names: usize,
    /// Its number in its file system, the same for all of its names; another one when it is moved.
    pub inode: u32,
    /// The last twelve bits of its mode.
    pub mode: u32,
    pub owner: String,
    pub group: String,
    /// When it was written last.
    pub changed: Timestamp,
}

impl View<'_> {
    /// Whose a file is that nobody else made: the player's in their home, else root's.
    pub fn usual_owner(self, path: &str) -> &'static str {
        let own = *self.place == Place::Laptop && path.starts_with(HOME);
        if own { "player" } else { "root" }
    }

    /// What is known of the file at an absolute path; of a link itself unless it is followed.
    ///
    /// # Errors
    /// `No such file or directory`.
    pub fn facts(self, path: &str, follow: bool) -> Result<Facts, String> {
        let path = &*self.cluster.follow(self.place, path, follow);
        let kind = match self.cluster.link_target(self.place, path) {
            Some(target) => Kind::Link(target.to_owned()),
            None if is_device(path) => Kind::Device,
            None if self.is_directory(path) => Kind::Folder,
            None if self.is_file(path) && self.is_pipe(path) => Kind::Pipe,
            None if self.is_file(path) => Kind::File,
            None => return Err(self.absence(path).to_owned()),
        };
        let changed = self.cluster.attributes(self.place, path);
        let size = match &kind {
            Kind::Folder => 4096,
            Kind::Device | Kind::Pipe => 0,
            Kind::Link(target) => target.len(),
            Kind::File => self.read(path).map_or(0, |content| content.len()),
        };
        let usual = match kind {
            // Everybody may write there, and take away only what is their own.
            Kind::Folder if matches!(path, "/tmp" | "/var/tmp" | "/dev/shm") => 0o1777,
            Kind::Folder => 0o755,
            Kind::Device | Kind::Pipe => 0o666,
            Kind::Link(_) => 0o777,
            Kind::File if self.is_program(path) => 0o755,
            Kind::File => self.cluster.first_mode(self.place, path),
        };
        let names = match kind {
            Kind::Folder => 2,
            Kind::File => self.cluster.count_names(self.place, path),
            Kind::Device | Kind::Pipe | Kind::Link(_) => 1,
        };
        let owner = self.usual_owner(path);
        Ok(Facts {
            mode: changed.mode.unwrap_or(usual),
            owner: changed.owner.unwrap_or_else(|| owner.to_owned()),
            group: changed.group.unwrap_or_else(|| owner.to_owned()),
            changed: changed.changed.unwrap_or_else(|| self.cluster.first_moment()),
            inode: hash(path),
            kind,
            size,
            names,
        })
    }

    /// Whether the file at a path that leads no further is a named pipe.
    pub fn is_pipe(self, path: &str) -> bool {
        self.cluster.attributes(self.place, path).pipe
    }

    /// Whether the file at an absolute path may be run: root too needs somebody to have the right.
    pub fn is_executable(self, path: &str) -> bool {
        self.facts(path, true).is_ok_and(|facts| facts.mode & 0o111 != 0)
    }
}

impl Facts {
    pub fn is_folder(&self) -> bool {
        self.kind == Kind::Folder
    }

    pub fn is_link(&self) -> bool {
        matches!(self.kind, Kind::Link(_))
    }

    /// The letter of its kind, as `find -type` and `ls -l` have it.
    pub fn letter(&self) -> char {
        match self.kind {
            Kind::File => '-',
            Kind::Folder => 'd',
            Kind::Device => 'c',
            Kind::Pipe => 'p',
            Kind::Link(_) => 'l',
        }
    }

    /// Its mode with the bits of its kind (`S_IFMT`).
    pub fn whole_mode(&self) -> u32 {
        let kind = match self.kind {
            Kind::File => 0o100_000,
            Kind::Folder => 0o040_000,
            Kind::Device => 0o020_000,
            Kind::Pipe => 0o010_000,
            Kind::Link(_) => 0o120_000,
        };
        kind | self.mode
    }

    /// `-rwxr-xr-x`
    pub fn mode_text(&self) -> String {
        format!("{}{}", self.letter(), rights(self.mode))
    }
}

/// The numbers of a device at an absolute path, its kind's and its own (`devices.txt` of the kernel).
pub(super) fn device_numbers(path: &str) -> (u32, u32) {
    match path.strip_prefix("/dev/").unwrap_or(path) {
        "null" => (1, 3),
        "zero" => (1, 5),
        "full" => (1, 7),
        "random" => (1, 8),
        "urandom" => (1, 9),
        "tty" => (5, 0),
        "ptmx" => (5, 2),
        _ => (0, 0),
    }
}

/// `rwxr-xr-x`: what the bits of a mode allow.
pub(super) fn rights(mode: u32) -> String {
    let mut text = String::new();
    for (shift, special, letter) in [(6, 0o4000, 's'), (3, 0o2000, 's'), (0, 0o1000, 't')] {
        let bits = mode >> shift;
        text.push(if bits & 4 != 0 { 'r' } else { '-' });
        text.push(if bits & 2 != 0 { 'w' } else { '-' });
        text.push(match (mode & special != 0, bits & 1 != 0) {
            (true, true) => letter,
            (true, false) => letter.to_ascii_uppercase(),
            (false, true) => 'x',
            (false, false) => '-',
        });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bits_of_a_mode_are_letters() {
        assert_eq!(rights(0o644), "rw-r--r--");
        assert_eq!(rights(0o4755), "rwsr-xr-x");
        assert_eq!(rights(0o1666), "rw-rw-rwT");
    }
}
