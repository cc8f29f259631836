//! Reads the player's and authors' files from disk, within bounds.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use super::Usage;
use crate::shell::Files;

/// A file may be this long.
const MAX_FILE: u64 = 10 * 1024 * 1024;

/// A folder may hold this many files.
const MAX_FILES: usize = 10_000;

/// All files of a folder together may be this long.
const MAX_FOLDER: usize = 64 * 1024 * 1024;

/// The files of a pack of levels.
pub fn read_pack(folder: &Path) -> Result<Files, Usage> {
    // A folder that may not be read says so.
    fs::read_dir(folder).map_err(|error| Usage::cannot("read", folder, &error))?;
    let pack = folder.join("pack.yaml");
    match fs::symlink_metadata(&pack) {
        Ok(_) => read_files(folder),
        Err(_) => Err(Usage(format!(
            "{} has no pack.yaml; name the folder that holds a pack of levels",
            folder.display()
        ))),
    }
}

/// A path that is there is a folder.
pub fn is_folder(path: &Path) -> Result<(), Usage> {
    match path.exists() && !path.is_dir() {
        true => Err(Usage(format!("{} is a file; name a folder", path.display()))),
        false => Ok(()),
    }
}

/// All files of a folder, by their path in it.
pub fn read_folder_of(path: &Path) -> Result<Files, Usage> {
    is_folder(path)?;
    read_files(path)
}

/// A file under its own name, or all files of a folder by their path in it. Hidden ones are left
/// out.
pub fn read_files(path: &Path) -> Result<Files, Usage> {
    let mut files = Files::new();
    if path.is_dir() {
        let root = path.canonicalize().map_err(|error| Usage::cannot("read", path, &error))?;
        read_folder(&root, path, "", &mut files)?;
    } else {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        files.insert(name.unwrap_or_default(), read_file(path)?);
    }
    Ok(files)
}

/// A text file's content. Pipes and devices are refused, since they could hang, or never end: all but
/// the one that is known to be empty.
pub fn read_file(path: &Path) -> Result<Vec<u8>, Usage> {
    let fail = |error: std::io::Error| Usage::cannot("read", path, &error);
    let plain = fs::metadata(path).map_err(fail)?.is_file();
    if !plain && path != Path::new("/dev/null") {
        return Err(Usage(format!(
            "{} is not a plain file; write what it gives to a file, and name that",
            path.display()
        )));
    }
    let mut content = Vec::new();
    let file = File::open(path).map_err(fail)?;
    file.take(MAX_FILE + 1).read_to_end(&mut content).map_err(fail)?;
    if content.len() as u64 > MAX_FILE {
        return Err(Usage(format!(
            "{} is longer than {} MiB, the longest file that is read",
            path.display(),
            MAX_FILE >> 20
        )));
    }
    Ok(content)
}

/// Reads a folder below `root`. A file that leads elsewhere, by a link, is refused: a pack of levels
/// is not to show files of the machine that it is played on.
fn read_folder(root: &Path, folder: &Path, prefix: &str, files: &mut Files) -> Result<(), Usage> {
    let fail = |error: std::io::Error| Usage::cannot("read", folder, &error);
    let mut entries: Vec<_> =
        fs::read_dir(folder).map_err(fail)?.collect::<Result<_, _>>().map_err(fail)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let Ok(name) = entry.file_name().into_string() else {
            return Err(Usage(format!("the name of {} is not UTF-8; rename it", path.display())));
        };
        if name.starts_with('.') {
            continue;
        }
        let key = format!("{prefix}{name}");
        let kind = entry.file_type().map_err(fail)?;
        if kind.is_symlink() {
            let told = match path.canonicalize() {
                Ok(to) if !to.starts_with(root) => "leads out of the folder",
                // It could lead around in a circle; a link to a file is as good as the file.
                Ok(to) if to.is_dir() => "leads to a folder; put the folder itself there",
                Ok(_) => "",
                Err(_) => "leads nowhere",
            };
            if !told.is_empty() {
                return Err(Usage(format!("{} is a link that {told}", path.display())));
            }
        }
        if kind.is_dir() {
            read_folder(root, &path, &format!("{key}/"), files)?;
        } else {
            files.insert(key, read_file(&path)?);
        }
        if files.len() > MAX_FILES {
            return Err(Usage(format!("{} holds more than {MAX_FILES} files", folder.display())));
        }
        if files.values().map(Vec::len).sum::<usize>() > MAX_FOLDER {
            return Err(Usage(format!("{} holds more than {MAX_FOLDER} bytes", folder.display())));
        }
    }
    Ok(())
}
