//! Files at a place: what is mounted, what was written, what the kubelet provides, what the image
//! brings along; in this order.

use std::collections::BTreeSet;
use std::sync::Arc;

use regex::Regex;

use super::kubelet::{SHARED, Volume, machine_hosts, machine_resolv_conf};
use super::{Cluster, Place};
use crate::api::Mount;

/// The file that keeps a folder which is empty otherwise: no command and no server shows it.
pub const FOLDER_MARK: &str = ".folder";

/// Where a user other than root may write.
const OPEN_TO_ALL: [&str; 4] = ["/tmp", "/var/tmp", "/dev/shm", "/dev/fd"];

/// What is said when a file has no room.
pub(super) const FULL: &str = "No space left on device";

/// Files that a place may have beside its image's.
const FILES: usize = 10_000;

/// Bytes of them all.
const BYTES: usize = 64 << 20;

/// Whether a file of this length fits among those that are there.
pub(super) fn fits(known: bool, lengths: impl Iterator<Item = usize>, length: usize) -> bool {
    let (count, bytes) = lengths.fold((0, 0), |(count, bytes), length| (count + 1, bytes + length));
    (known || count < FILES) && bytes + length <= BYTES
}

/// Where the kernel shows a setting: `vm.swappiness` in `/proc/sys/vm/swappiness`.
fn setting_path(name: &str) -> String {
    format!("/proc/sys/{}", name.replace('.', "/"))
}

/// A pattern of the shell as a regular expression.
pub(in crate::cluster) fn pattern(text: &str) -> String {
    let mut expression = "^".to_owned();
    for letter in text.chars() {
        match letter {
            '*' => expression += "[^/]*",
            '?' => expression += "[^/]",
            '[' | ']' => expression.push(letter),
            letter => expression += &regex::escape(&letter.to_string()),
        }
    }
    expression + "$"
}

impl Cluster {
    /// A file at `place`: mounted, written before, or part of the image (`/etc/hosts`,
    /// `/etc/resolv.conf`, nginx's configuration).
    pub fn read_file(&self, place: &Place, path: &str) -> Option<Vec<u8>> {
        let path = normal(path);
        if !matches!(place, Place::Container { .. }) {
            return self.read_machine_file(place, &path);
        }
        if path == "/dev/null" {
            return Some(Vec::new());
        }
        let (worker, container) = self.kubelets.container(place)?;
        if let Some((volume, below)) = self.mounted(place, &path) {
            return volume.read(&worker.pod, &below);
        }
        match container.files.get(&path) {
            Some(written) => written.as_ref().map(|content| content.to_vec()),
            None => {
                let provided = self.kubelets.provided_file(place, &path);
                let of_image = || container.image.as_deref()?.file(&path);
                provided.or_else(|| of_image().map(|content| content.as_bytes().to_vec()))
            }
        }
    }

    /// Writes a file at `place`, for as long as the container lives.
    ///
    /// # Errors
    /// In the shell's words (`Permission denied`, `Read-only file system`).
    pub fn write_file(&mut self, place: &Place, path: &str, content: &[u8]) -> Result<(), String> {
        self.change_file(place, path, Some(content.into()))
    }

    /// What a setting of the kernel was changed to on the node that `place` is on.
    pub fn kernel_setting(&self, place: &Place, name: &str) -> Option<String> {
        let written = self.nodes.file(&self.machine_of(place)?, &setting_path(name))?;
        Some(String::from_utf8_lossy(written).into_owned())
    }

    /// Changes a setting of the kernel on the node that `place` is on.
    ///
    /// # Errors
    /// In the kernel's words: root alone may, and in a container only one that is privileged.
    pub fn set_kernel(&mut self, place: &Place, name: &str, value: &str) -> Result<(), String> {
        let inside = matches!(place, Place::Container { .. });
        if inside && !self.has_capability(place, "SYS_ADMIN") {
            return Err("Read-only file system".to_owned());
        }
        let Some(machine) = self.machine_of(place).filter(|_| self.identity(place).is_root())
        else {
            return Err("Permission denied".to_owned());
        };
        self.nodes.change_file(&machine, &setting_path(name), Some(value.as_bytes().into()))
    }

    /// The machine that a place is on.
    fn machine_of(&self, place: &Place) -> Option<Place> {
        match place {
            Place::Container { .. } => {
                Some(Place::Node(self.kubelets.container(place)?.0.pod.node()?.into()))
            }
            machine => Some(machine.clone()),
        }
    }

    /// Removes a file at `place`.
    ///
    /// # Errors
    /// In the shell's words (`No such file or directory`, `Read-only file system`).
    pub fn remove_file(&mut self, place: &Place, path: &str) -> Result<(), String> {
        if self.read_file(place, path).is_none() {
            return Err("No such file or directory".to_owned());
        }
        self.change_file(place, path, None)
    }

    /// Bytes of the files that were written on nodes and in containers.
    pub fn written_bytes(&self) -> usize {
        self.nodes.written_bytes() + self.kubelets.written_bytes()
    }

    /// The full paths of the files below `directory` at `place`, sorted.
    pub fn list_files(&self, place: &Place, directory: &str) -> Vec<String> {
        let directory = normal(directory);
        let prefix = format!("{}/", directory.trim_end_matches('/'));
        let mut paths = self.all_files(place);
        paths.retain(|path| path.starts_with(&prefix));
        paths.into_iter().collect()
    }

    /// The files at `place` that a pattern names, sorted: `/etc/nginx/conf.d/*.conf`.
    pub(in crate::cluster) fn glob(&self, place: &Place, pattern: &str) -> Vec<String> {
        let (folder, name) = pattern.rsplit_once('/').unwrap_or(("", pattern));
        let prefix = format!("{folder}/");
        let expression = Regex::new(&self::pattern(name));
        let fits = |name: &str| expression.as_ref().is_ok_and(|own| own.is_match(name));
        let mut files = self.list_files(place, folder);
        files.retain(|file| file.strip_prefix(&prefix).is_some_and(fits));
        files
    }

    /// The names of what lies in a folder at `place`, sorted; those of folders end with a slash.
    pub(in crate::cluster) fn entries(&self, place: &Place, folder: &str) -> BTreeSet<String> {
        let prefix = format!("{}/", folder.trim_end_matches('/'));
        let files = self.list_files(place, folder);
        let names = files.iter().filter_map(|file| {
            file.strip_prefix(&prefix)?.split_inclusive('/').next().map(str::to_owned)
        });
        names.filter(|name| name != FOLDER_MARK).collect()
    }

    /// Whether there is a directory at this path: one of the image's, a mount point, or one that
    /// has files.
    pub fn is_directory(&self, place: &Place, path: &str) -> bool {
        let path = normal(path);
        let of_image = || self.image(place).is_some_and(|image| image.has_directory(&path));
        let within = format!("{path}/");
        let mount = |point: &String| *point == path || point.starts_with(&within);
        path == "/"
            || of_image()
            || self.mount_points(place).iter().any(mount)
            || !self.list_files(place, &path).is_empty()
    }

    /// The folders in which a container's volumes are, whether or not they hold anything.
    pub fn mount_points(&self, place: &Place) -> Vec<String> {
        let mounts = self.mounts(place).into_iter();
        let folders = mounts.filter(|mount| {
            // Of what the kubelet provides, a part is a file.
            mount.sub_path.is_none_or(str::is_empty)
                || self
                    .mounted(place, &normal(mount.path))
                    .is_some_and(|(volume, _)| volume.is_writable())
        });
        folders.map(|mount| normal(mount.path)).collect()
    }

    /// Whether a folder of a container is as the image has it: nothing mounted, nothing written.
    pub(super) fn is_untouched(&self, place: &Place, folder: &str) -> bool {
        let below = |path: &str| path == folder || path.starts_with(&format!("{folder}/"));
        let written = self
            .kubelets
            .container(place)
            .is_some_and(|(_, container)| container.files.keys().any(|path| below(path)));
        !written && !self.mounts(place).iter().any(|mount| below(&normal(mount.path)))
    }

    /// A file as the container's image has it, whatever was done to it since.
    pub(super) fn packaged_file(&self, place: &Place, path: &str) -> Option<&str> {
        self.image(place)?.file(path).map(AsRef::as_ref)
    }

    fn change_file(
        &mut self,
        place: &Place,
        path: &str,
        content: Option<Arc<[u8]>>,
    ) -> Result<(), String> {
        let path = normal(path);
        if path == "/dev/null" {
            return Ok(());
        }
        self.may_write(place, &path)?;
        if !matches!(place, Place::Container { .. }) {
            return self.nodes.change_file(place, &path, content);
        }
        if let Some(content) = &content
            && !self.has_room(place, &path, content.len())
        {
            return Err(FULL.to_owned());
        }
        let volume = self.mounted_at(place, &path);
        let Some((worker, index)) = self.kubelets.worker_at(place) else {
            return Err("No such file or directory".to_owned());
        };
        match volume {
            Some((name, below)) => {
                let volumes = worker.sandbox.as_mut().map(|sandbox| &mut sandbox.volumes);
                if let Some(Volume::Writable(files)) = volumes.and_then(|v| v.get_mut(&name)) {
                    match content {
                        Some(content) => files.insert(below, content),
                        None => files.remove(&below),
                    };
                }
            }
            None => match (SHARED.iter().find(|shared| **shared == path), content) {
                (Some(shared), Some(content)) => {
                    if let Some(sandbox) = &mut worker.sandbox {
                        sandbox.etc.insert(shared, content);
                    }
                }
                // It is a mount point.
                (Some(_), None) => return Err("Device or resource busy".to_owned()),
                (None, content) => {
                    worker.containers[index].files.insert(path, content);
                }
            },
        }
        Ok(())
    }

    /// Whether a container has room for one more file of this length.
    fn has_room(&self, place: &Place, path: &str, length: usize) -> bool {
        let volume = self.mounted_at(place, path);
        let Some((worker, container)) = self.kubelets.container(place) else { return true };
        let volumes = worker.sandbox.as_ref().map(|sandbox| &sandbox.volumes);
        match volume.and_then(|(name, below)| Some((volumes?.get(&name)?, below))) {
            Some((Volume::Writable(files), below)) => {
                let lengths = files.values().map(|content| content.len());
                fits(files.contains_key(&below), lengths, length)
            }
            Some(_) => true,
            None => {
                let written = container.files.values().flatten();
                let known = container.files.contains_key(path);
                fits(known, written.map(|content| content.len()), length)
            }
        }
    }

    /// Whether a file may be written there, and if not, why.
    pub(super) fn may_write(&self, place: &Place, path: &str) -> Result<(), String> {
        let mounts = self.mounts(place);
        if let Some(mount) = mount_of(&mounts, path) {
            let writable =
                self.mounted(place, path).is_some_and(|(volume, _)| volume.is_writable());
            let open = writable && !mount.read_only;
            return if open { Ok(()) } else { Err("Read-only file system".to_owned()) };
        }
        if self.kubelets.has_locked_root(place) && !SHARED.contains(&path) {
            return Err("Read-only file system".to_owned());
        }
        let identity = self.identity(place);
        let open = |directory: &str| path.starts_with(&format!("{directory}/"));
        let own = identity.home != "/" && open(&identity.home);
        if identity.is_root() || own || OPEN_TO_ALL.iter().any(|place| open(place)) {
            Ok(())
        } else {
            Err("Permission denied".to_owned())
        }
    }

    fn all_files(&self, place: &Place) -> BTreeSet<String> {
        let mut paths = BTreeSet::new();
        let Some((worker, container)) = self.kubelets.container(place) else {
            paths.extend(self.nodes.files(place));
            paths.extend(["/etc/hosts", "/etc/resolv.conf"].map(str::to_owned));
            return paths;
        };
        if let Some(image) = &container.image {
            paths.extend(image.files().map(str::to_owned));
        }
        paths.extend(SHARED.map(str::to_owned));
        for (path, content) in &container.files {
            match content {
                Some(_) => paths.insert(path.clone()),
                None => paths.remove(path),
            };
        }
        let mounts = self.mounts(place);
        paths.retain(|path| mount_of(&mounts, path).is_none());
        let volumes = worker.sandbox.as_ref().map(|sandbox| &sandbox.volumes);
        for mount in mounts {
            let seen = volumes.and_then(|volumes| container.volume(volumes, &mount));
            let Some(volume) = seen else { continue };
            let base = normal(mount.path);
            let sub_path = mount.sub_path.unwrap_or("").trim_matches('/');
            for path in volume.paths() {
                let below = match (sub_path, path.strip_prefix(sub_path)) {
                    ("", _) => Some(path.as_str()),
                    (_, Some("")) => Some(""),
                    (_, Some(rest)) => rest.strip_prefix('/'),
                    (_, None) => None,
                };
                match below {
                    Some("") => paths.insert(base.clone()),
                    Some(below) => paths.insert(join(&base, below)),
                    None => false,
                };
            }
        }
        paths
    }

    fn read_machine_file(&self, place: &Place, path: &str) -> Option<Vec<u8>> {
        if let Some(written) = self.nodes.file(place, path) {
            return Some(written.to_vec());
        }
        let name = match place {
            Place::Node(name) => name,
            _ => "laptop",
        };
        let text = match path {
            "/etc/hosts" => machine_hosts(name),
            "/etc/hostname" => format!("{name}\n"),
            "/etc/resolv.conf" => machine_resolv_conf(),
            _ => self.image(place)?.file(path)?.as_ref().to_owned(),
        };
        Some(text.into_bytes())
    }

    /// The volume that a path lies in, and the path below it.
    fn mounted(&self, place: &Place, path: &str) -> Option<(&Volume, String)> {
        let (_, below) = self.mounted_at(place, path)?;
        let mount = mount_of(&self.mounts(place), path)?;
        let (worker, container) = self.kubelets.container(place)?;
        Some((container.volume(&worker.sandbox.as_ref()?.volumes, &mount)?, below))
    }

    pub(super) fn mounted_at(&self, place: &Place, path: &str) -> Option<(String, String)> {
        let mounts = self.mounts(place);
        let mount = mount_of(&mounts, path)?;
        let base = normal(mount.path);
        let below = path.strip_prefix(&base).unwrap_or("").trim_start_matches('/');
        let sub_path = mount.sub_path.unwrap_or("").trim_matches('/');
        let below = match (sub_path, below) {
            ("", below) => below.to_owned(),
            (sub_path, "") => sub_path.to_owned(),
            (sub_path, below) => format!("{sub_path}/{below}"),
        };
        Some((mount.volume.to_owned(), below))
    }

    /// The mode that a volume gives the file at a path (`defaultMode`, and an item's `mode`).
    pub(super) fn provided_mode(&self, place: &Place, path: &str) -> Option<u32> {
        let (name, below) = self.mounted_at(place, path)?;
        let (worker, _) = self.kubelets.container(place)?;
        let volumes = worker.pod.spec.as_ref()?.volumes.as_ref()?;
        let volume = volumes.iter().find(|volume| volume.name == name)?;
        let (items, usual) = match (&volume.config_map, &volume.secret, &volume.projected) {
            (Some(source), ..) => (source.items.as_ref(), source.default_mode),
            (_, Some(source), _) => (source.items.as_ref(), source.default_mode),
            (.., Some(source)) => (None, source.default_mode),
            _ => (None, volume.downward_api.as_ref()?.default_mode),
        };
        let item = items.into_iter().flatten().find(|item| item.path == below);
        let mode = item.and_then(|item| item.mode).or(usual)?;
        u32::try_from(mode).ok()
    }

    fn mounts(&self, place: &Place) -> Vec<Mount<'_>> {
        let found = self.kubelets.container(place).and_then(|(worker, container)| {
            let index = worker.containers.iter().position(|known| known.name == container.name)?;
            Some(worker.pod.spec.as_ref()?.mounts(worker.spec_of(index)?).collect())
        });
        found.unwrap_or_default()
    }
}

/// The mount that a path lies in: the one with the longest mount path.
fn mount_of<'a>(mounts: &[Mount<'a>], path: &str) -> Option<Mount<'a>> {
    let covers = |mount: &&Mount<'_>| {
        let base = mount.path.trim_end_matches('/');
        path.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    mounts.iter().filter(covers).max_by_key(|mount| mount.path.len()).copied()
}

fn join(base: &str, below: &str) -> String {
    format!("{}/{below}", base.trim_end_matches('/'))
}

/// The path without `.`, `..` and double slashes, from the root.
pub(super) fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_made_plain() {
        assert_eq!(normal("/etc//nginx/./conf.d/../nginx.conf"), "/etc/nginx/nginx.conf");
        assert_eq!(normal("tmp/x"), "/tmp/x");
        assert_eq!(normal("/../.."), "/");
    }

    #[test]
    fn the_longest_mount_path_wins() {
        let mount = |volume, path| Mount { volume, path, sub_path: None, read_only: false };
        let mounts = [mount("a", "/data"), mount("b", "/data/in")];
        assert_eq!(mount_of(&mounts, "/data/in/x").map(|mount| mount.volume), Some("b"));
        assert_eq!(mount_of(&mounts, "/database"), None);
    }
}
