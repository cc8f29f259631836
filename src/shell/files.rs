//! Files by the shell's rules: the laptop's working folder, and the files of containers and nodes.
//!
//! The working folder is `/home/player`. Folders exist as long as a file is in them; one that was
//! made with `mkdir` has a file of its own ([`MARK`]), which no command shows.

use super::file_facts::Facts;
use super::tool::INPUT;
use super::{Files, Io};
pub(super) use crate::cluster::FOLDER_MARK as MARK;
use crate::cluster::{Attributes, Cluster, Place};
use crate::random::Stream;

/// Where the laptop's working folder is.
pub(super) const HOME: &str = "/home/player";

/// The bits of a mode that new files do not get, unless a shell was told otherwise.
pub(super) const USUAL_UMASK: u32 = 0o022;

/// More than any text that a player needs; a loop that writes for ever stops here.
const LARGEST: usize = 4 << 20;

/// Files that the working folder may hold, and their bytes.
const FILES: usize = 10_000;
const BYTES: usize = 64 << 20;

/// Files that are shorter than this are counted, but not added up.
const SHORT: usize = 4 << 10;

/// What is said of a named pipe that is to be read or written.
const PIPE: &str = "not simulated here: what is in a named pipe";

/// The folders in which tools stand.
const PROGRAM_FOLDERS: [&str; 5] = ["/bin", "/usr/bin", "/sbin", "/usr/sbin", "/usr/local/bin"];

/// What stands in the file of a program that was installed: a file that somebody wrote is no program,
/// whatever its name.
pub(super) const PROGRAM: &[u8] = b"\x7fELF";

/// Bytes of a path and of a name in it, as in Linux (`PATH_MAX`, with its end, and `NAME_MAX`).
const PATH: usize = 4_095;
const NAME: usize = 255;

/// Folders that every system has.
const SYSTEM: [&str; 27] = [
    "/",
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/home",
    "/lib",
    "/media",
    "/mnt",
    "/opt",
    "/proc",
    "/root",
    "/run",
    "/sbin",
    "/srv",
    "/sys",
    "/tmp",
    "/usr",
    "/usr/bin",
    "/usr/lib",
    "/usr/local",
    "/usr/sbin",
    "/usr/share",
    "/var",
    "/var/log",
    "/var/run",
    "/var/tmp",
];

/// `path` seen from `directory`, as an absolute path without `.`, `..` and double slashes. On the
/// laptop the directory `""` is the working folder.
pub(super) fn absolute(place: &Place, directory: &str, path: &str) -> String {
    let base = match (place, directory.starts_with('/')) {
        (_, true) => directory.to_owned(),
        (Place::Laptop, false) => format!("{HOME}/{directory}"),
        (_, false) => format!("/{directory}"),
    };
    let whole = match path.starts_with('/') {
        true => path.to_owned(),
        false => format!("{base}/{path}"),
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    format!("/{}", parts.join("/"))
}

/// Whether the kernel takes a path.
fn may_be_named(path: &str) -> Result<(), String> {
    let short = path.len() <= PATH && path.split('/').all(|name| name.len() <= NAME);
    if short { Ok(()) } else { Err("File name too long".to_owned()) }
}

/// The name in the working folder that an absolute path on the laptop stands for.
fn own(place: &Place, path: &str) -> Option<String> {
    if *place != Place::Laptop {
        return None;
    }
    let rest = path.strip_prefix(HOME)?;
    match rest.strip_prefix('/') {
        Some(name) => Some(name.to_owned()),
        None => rest.is_empty().then(String::new),
    }
}

/// Devices that every system has.
const DEVICES: [&str; 9] = [
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    "/dev/tty",
    "/dev/stdin",
    "/dev/stdout",
    "/dev/stderr",
];

/// Whether there is a device at an absolute path.
pub(super) fn is_device(path: &str) -> bool {
    DEVICES.contains(&path)
}

/// What is said to whoever reads a device to its end, which it has not.
const ENDLESS: &str =
    "not simulated here: a file without an end; head -c COUNT reads so much of it";

/// Whether a device gives bytes for ever.
fn is_endless(path: &str) -> bool {
    matches!(path, "/dev/zero" | "/dev/full" | "/dev/random" | "/dev/urandom")
}

/// A place's files, to read.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub cluster: &'a Cluster,
    pub place: &'a Place,
    pub files: &'a Files,
}

impl View<'_> {
    /// The content of the file at an absolute path.
    pub fn read(self, path: &str) -> Result<Vec<u8>, String> {
        may_be_named(path)?;
        let path = &*self.cluster.follow(self.place, path, true);
        match path {
            "/dev/null" => return Ok(Vec::new()),
            path if is_endless(path) => return Err(ENDLESS.to_owned()),
            path if self.is_pipe(path) => return Err(PIPE.to_owned()),
            _ => {}
        }
        let content = match own(self.place, path) {
            Some(name) => self.files.get(&name).cloned(),
            None => self.cluster.read_file(self.place, path),
        };
        match content {
            Some(content) => Ok(content),
            None if self.is_directory(path) => Err("Is a directory".to_owned()),
            None if self.is_program(path) => Ok(PROGRAM.to_vec()),
            None => Err(self.absence(path).to_owned()),
        }
    }

    /// Why nothing is at an absolute path, as the kernel says it (`path_resolution(7)`).
    pub fn absence(self, path: &str) -> &'static str {
        let path = &*self.cluster.follow(self.place, path, true);
        // Links that lead round in a circle lead to no path (`Cluster::follow_links`).
        if path.len() > 1 && path.ends_with('/') {
            return "Too many levels of symbolic links";
        }
        let mut above = path;
        while let Some((folder, _)) =
            above.rsplit_once('/').filter(|(folder, _)| !folder.is_empty())
        {
            if self.is_file(folder) || is_device(folder) {
                return "Not a directory";
            }
            above = folder;
        }
        "No such file or directory"
    }

    /// Whether there is a file at an absolute path.
    pub fn is_file(self, path: &str) -> bool {
        let path = &*self.cluster.follow(self.place, path, true);
        match own(self.place, path) {
            Some(name) => self.files.contains_key(&name),
            None => self.cluster.read_file(self.place, path).is_some() || self.is_program(path),
        }
    }

    /// Whether a tool that the place has stands at an absolute path: where `which` finds it, or where
    /// Debian's `/bin` leads to the same.
    pub fn is_program(self, path: &str) -> bool {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        PROGRAM_FOLDERS.contains(&folder)
            && self.cluster.tools(self.place).iter().any(|tool| tool == path)
    }

    /// The names of the tools in a folder.
    fn programs(self, folder: &str) -> impl Iterator<Item = String> {
        let tools = self.cluster.tools(self.place).into_iter();
        tools.filter_map(move |tool| {
            let (of, name) = tool.rsplit_once('/')?;
            (of == folder).then(|| name.to_owned())
        })
    }

    /// Whether there is a folder at an absolute path.
    pub fn is_directory(self, path: &str) -> bool {
        let path = &*self.cluster.follow(self.place, path, true);
        SYSTEM.contains(&path)
            || path == HOME && *self.place == Place::Laptop
            || match own(self.place, path) {
                Some(folder) => {
                    let first = format!("{folder}/");
                    let next = self.files.range(first.clone()..).next();
                    next.is_some_and(|(name, _)| name.starts_with(&first))
                }
                None => self.cluster.is_directory(self.place, path),
            }
    }

    /// The paths of everything below a folder, relative to it, sorted.
    pub fn below(self, path: &str) -> Vec<String> {
        let path = &*self.cluster.follow(self.place, path, true);
        let within = |name: &str, folder: &str| match folder {
            "" | "/" => Some(name.trim_start_matches('/').to_owned()),
            _ => name.strip_prefix(folder)?.strip_prefix('/').map(str::to_owned),
        };
        let mut found: Vec<String> = match own(self.place, path) {
            Some(folder) => self.files.keys().filter_map(|name| within(name, &folder)).collect(),
            None => {
                let all = self.cluster.list_files(self.place, path);
                all.iter().filter_map(|name| within(name, path)).collect()
            }
        };
        found.sort();
        found
    }

    /// Whether a name below a folder is only the mark of a folder.
    pub fn is_mark(name: &str) -> bool {
        name == MARK || name.strip_suffix(MARK).is_some_and(|folder| folder.ends_with('/'))
    }

    /// The names in a folder, sorted; folders end with `/`.
    pub fn list(self, path: &str) -> Result<Vec<String>, String> {
        if !self.is_directory(path) {
            return Err(match self.is_file(path) {
                true => "Not a directory".to_owned(),
                false => self.absence(path).to_owned(),
            });
        }
        let mut names: Vec<String> = Vec::new();
        for name in self.below(path) {
            match name.split_once('/') {
                Some((folder, _)) => names.push(format!("{folder}/")),
                None if name != MARK => names.push(name),
                None => {}
            }
        }
        if !path.starts_with(HOME) || *self.place != Place::Laptop {
            let prefix = format!("{}/", path.trim_end_matches('/'));
            let system = SYSTEM.iter().filter_map(|folder| folder.strip_prefix(&prefix));
            let direct = system.filter(|name| !name.is_empty() && !name.contains('/'));
            names.extend(direct.map(|name| format!("{name}/")));
            let mounts = self.cluster.mount_points(self.place);
            let below = mounts.iter().filter_map(|point| point.strip_prefix(&prefix));
            names.extend(below.filter_map(|below| Some(format!("{}/", below.split('/').next()?))));
        }
        if PROGRAM_FOLDERS.contains(&path) {
            names.extend(self.programs(path));
        }
        names.sort();
        names.dedup();
        Ok(names)
    }
}

/// Whether the working folder has room for a file.
fn fits(files: &Files, name: &str, content: &[u8]) -> bool {
    let known = files.get(name).map(Vec::len);
    // Adding up thousands of short files would cost more than they hold.
    let counted = content.len() >= SHORT;
    let others = || files.values().map(Vec::len).sum::<usize>() - known.unwrap_or(0);
    (known.is_some() || files.len() < FILES) && (!counted || others() + content.len() <= BYTES)
}

/// Writes the file at an absolute path.
pub(super) fn write(
    cluster: &mut Cluster,
    place: &Place,
    files: &mut Files,
    path: &str,
    content: &[u8],
) -> Result<(), String> {
    match path {
        "/dev/null" | "/dev/zero" | "/dev/random" | "/dev/urandom" => return Ok(()),
        "/dev/full" if content.is_empty() => return Ok(()),
        "/dev/full" => return Err("No space left on device".to_owned()),
        _ => {}
    }
    may_be_named(path)?;
    if content.len() > LARGEST || own(place, path).is_some_and(|name| !fits(files, &name, content))
    {
        return Err("No space left on device".to_owned());
    }
    let path = &*cluster.follow(place, path, true).into_owned();
    let view = View { cluster, place, files };
    if view.is_pipe(path) {
        return Err(PIPE.to_owned());
    }
    if !View::is_mark(path) {
        if view.is_directory(path) {
            return Err("Is a directory".to_owned());
        }
        let folder = path.rsplit_once('/').map_or("/", |(folder, _)| folder);
        let folder = if folder.is_empty() { "/" } else { folder };
        // The kernel's own files are there or not: nobody makes one.
        let kernels = ["/proc/", "/sys/"].iter().any(|own| path.starts_with(own));
        if (kernels || !view.is_directory(folder)) && !view.is_file(path) {
            return Err(view.absence(path).to_owned());
        }
    }
    let who = cluster.identity(place);
    let other = who.name() != view.usual_owner(path) && !view.is_file(path);
    match own(place, path) {
        Some(name) => drop(files.insert(name, content.to_vec())),
        None => cluster.write_file(place, path, content)?,
    }
    let now = cluster.now().timestamp();
    cluster.change_attributes(place, path, |attributes| {
        attributes.changed = Some(now);
        if other {
            attributes.owner = Some(who.name());
            attributes.group = Some(who.group_name());
        }
    });
    Ok(())
}

/// Removes the file at an absolute path.
pub(super) fn remove(
    cluster: &mut Cluster,
    place: &Place,
    files: &mut Files,
    path: &str,
) -> Result<(), String> {
    let path = &*cluster.follow_links(place, path, false).into_owned();
    let content = (cluster.count_names(place, path) > 1)
        .then(|| View { cluster, place, files }.read(path).unwrap_or_default());
    if let (Some(kept), Some(content)) = (cluster.forget_name(place, path), content)
        && kept != path
    {
        match own(place, &kept) {
            Some(name) => drop(files.insert(name, content)),
            None => cluster.write_file(place, &kept, &content)?,
        }
    }
    match own(place, path) {
        Some(name) if files.remove(&name).is_none() => {
            return Err(View { cluster, place, files }.absence(path).to_owned());
        }
        Some(_) => {}
        None => cluster.remove_file(place, path)?,
    }
    cluster.forget_attributes(place, path);
    Ok(())
}

impl Io<'_> {
    /// `path`, seen from the working directory, as an absolute path.
    pub fn absolute(&self, path: &str) -> String {
        absolute(self.place, self.directory, path)
    }

    pub(super) fn view(&self) -> View<'_> {
        View { cluster: self.cluster, place: self.place, files: self.files }
    }

    /// As [`Io::absolute`]: a path that ends with a slash leads to a folder or nowhere.
    ///
    /// # Errors
    /// `Not a directory`, and `No such file or directory` for the empty path.
    fn sound(&self, path: &str) -> Result<String, String> {
        if path.is_empty() {
            return Err("No such file or directory".to_owned());
        }
        let full = self.absolute(path);
        let ends = path.ends_with('/') || path.ends_with("/.");
        match ends && !self.view().is_directory(&full) && self.view().is_file(&full) {
            true => Err("Not a directory".to_owned()),
            false => Ok(full),
        }
    }

    /// A file's content. Relative paths are below the working directory.
    ///
    /// # Errors
    /// `No such file or directory`, `Is a directory`, `Permission denied`.
    pub fn read_file(&self, path: &str) -> Result<Vec<u8>, String> {
        let path = self.sound(path)?;
        match INPUT.contains(&path.as_str()) {
            true => Ok(self.stdin.rest().to_vec()),
            false => self.view().read(&path),
        }
    }

    /// The first bytes of a file, which may be a device that gives them for ever.
    ///
    /// # Errors
    /// As [`Io::read_file`]; more of a device than a file may hold.
    pub fn read_first(&mut self, path: &str, count: usize) -> Result<Vec<u8>, String> {
        let path = self.absolute(path);
        if is_endless(&path) && count > LARGEST {
            return Err(format!("not simulated here: more than {LARGEST} bytes of a device"));
        }
        match path.as_str() {
            "/dev/zero" | "/dev/full" => Ok(vec![0; count]),
            "/dev/random" | "/dev/urandom" => Ok(self.random_bytes(count)),
            _ => self.view().read(&path).map(|mut bytes| {
                bytes.truncate(count);
                bytes
            }),
        }
    }

    /// Bytes by chance, others at every moment and behind every output.
    fn random_bytes(&self, count: usize) -> Vec<u8> {
        let seed = self.now().as_micros().wrapping_add(self.stdout.len() as u64);
        let mut stream = Stream::new(seed, "urandom");
        let mut bytes: Vec<u8> =
            (0..count.div_ceil(8)).flat_map(|_| stream.bits().to_le_bytes()).collect();
        bytes.truncate(count);
        bytes
    }

    /// Whether there is a device at `path`.
    pub fn is_device(&self, path: &str) -> bool {
        is_device(&self.absolute(path))
    }

    /// Writes a file.
    ///
    /// # Errors
    /// As [`Io::read_file`].
    pub fn write_file(&mut self, path: &str, content: &[u8]) -> Result<(), String> {
        let slash = path.ends_with('/');
        let path = self.sound(path)?;
        match path.as_str() {
            "/dev/stdout" | "/dev/fd/1" => {
                self.stdout.extend_from_slice(content);
                return Ok(());
            }
            "/dev/stderr" | "/dev/fd/2" => {
                self.put_error(content);
                return Ok(());
            }
            _ => {}
        }
        let known = self.umask == USUAL_UMASK || self.view().is_file(&path);
        let folder = path.rsplit_once('/').map_or("/", |(folder, _)| folder);
        if slash && (folder.is_empty() || self.view().is_directory(folder)) {
            return Err("Is a directory".to_owned());
        }
        write(self.cluster, self.place, self.files, &path, content)?;
        if !known {
            self.leave_out(&path, 0o666);
        }
        Ok(())
    }

    /// Takes the bits of the umask from a new file's mode.
    fn leave_out(&mut self, path: &str, mode: u32) {
        let mode = mode & !self.umask;
        let path = self.cluster.follow(self.place, path, true).into_owned();
        self.cluster.change_attributes(self.place, &path, |new| new.mode = Some(mode));
    }

    /// Removes a file; its folder stays.
    ///
    /// # Errors
    /// As [`Io::read_file`].
    pub fn remove_file(&mut self, path: &str) -> Result<(), String> {
        let path = self.sound(path)?;
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        let kept = !folder.is_empty() && self.view().is_directory(&folder);
        remove(self.cluster, self.place, self.files, &path)?;
        if kept && !self.view().is_directory(&folder) {
            write(self.cluster, self.place, self.files, &format!("{folder}/{MARK}"), b"")?;
        }
        Ok(())
    }

    /// Removes a file of a folder that goes with it.
    ///
    /// # Errors
    /// As [`Io::read_file`].
    pub fn remove_with_folder(&mut self, path: &str) -> Result<(), String> {
        let path = self.sound(path)?;
        remove(self.cluster, self.place, self.files, &path)
    }

    /// Makes a symbolic link.
    ///
    /// # Errors
    /// `File exists`, and as [`Io::read_file`].
    pub fn make_link(&mut self, path: &str, target: &str) -> Result<(), String> {
        let path = self.absolute(path);
        let path = self.cluster.follow(self.place, &path, false).into_owned();
        if self.view().facts(&path, false).is_ok() {
            return Err("File exists".to_owned());
        }
        write(self.cluster, self.place, self.files, &path, b"")?;
        self.cluster.set_link(self.place, &path, target);
        Ok(())
    }

    /// Gives the file at `known` one more name (`ln`).
    ///
    /// # Errors
    /// `File exists`, `Invalid cross-device link`, and as [`Io::read_file`].
    pub fn add_name(&mut self, known: &str, path: &str) -> Result<(), String> {
        let (known, path) = (self.absolute(known), self.absolute(path));
        let known = self.cluster.follow(self.place, &known, false).into_owned();
        let path = self.cluster.follow_links(self.place, &path, false).into_owned();
        if self.view().facts(&path, false).is_ok() {
            return Err("File exists".to_owned());
        }
        write(self.cluster, self.place, self.files, &path, b"")?;
        let named = self.cluster.add_name(self.place, &known, &path);
        if named.is_err() {
            remove(self.cluster, self.place, self.files, &path)?;
        }
        named
    }

    /// Where the symbolic link at `path` leads, as it was written.
    pub fn link_target(&self, path: &str) -> Option<String> {
        let path = self.absolute(path);
        let path = self.cluster.follow(self.place, &path, false);
        self.cluster.link_target(self.place, &path).map(str::to_owned)
    }

    /// What is known of a file beside its content; of a link itself unless it is followed.
    ///
    /// # Errors
    /// `No such file or directory`.
    pub(super) fn facts(&self, path: &str, follow: bool) -> Result<Facts, String> {
        self.view().facts(&self.sound(path)?, follow || path.ends_with('/'))
    }

    /// Changes what a file has beside its content.
    pub fn change_attributes(&mut self, path: &str, change: impl FnOnce(&mut Attributes)) {
        let path = self.absolute(path);
        let path = self.cluster.follow(self.place, &path, true).into_owned();
        self.cluster.change_attributes(self.place, &path, change);
    }

    /// Makes a folder.
    ///
    /// # Errors
    /// `File exists`, and as [`Io::read_file`].
    pub fn make_directory(&mut self, path: &str) -> Result<(), String> {
        let path = self.absolute(path);
        if self.view().is_directory(&path) || self.view().is_file(&path) {
            return Err("File exists".to_owned());
        }
        write(self.cluster, self.place, self.files, &format!("{path}/{MARK}"), b"")?;
        if self.umask != USUAL_UMASK {
            self.leave_out(&path, 0o777);
        }
        Ok(())
    }

    /// Whether there is a folder at `path`.
    pub fn is_directory(&self, path: &str) -> bool {
        !path.is_empty() && self.view().is_directory(&self.absolute(path))
    }

    /// Whether there is a file at `path`.
    pub fn is_file(&self, path: &str) -> bool {
        self.sound(path).is_ok_and(|path| self.view().is_file(&path))
    }

    /// The names in a directory, sorted; folders end with `/`.
    ///
    /// # Errors
    /// `No such file or directory`, `Not a directory`.
    pub fn list(&self, path: &str) -> Result<Vec<String>, String> {
        self.view().list(&self.sound(path)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_made_absolute() {
        let node = Place::Node("node-1".into());
        assert_eq!(absolute(&Place::Laptop, "", "a/../b.yaml"), "/home/player/b.yaml");
        assert_eq!(absolute(&Place::Laptop, "sub", "./x"), "/home/player/sub/x");
        assert_eq!(absolute(&node, "/etc", "../../hosts"), "/hosts");
        assert_eq!(absolute(&node, "", "/a//b/."), "/a/b");
    }
}
