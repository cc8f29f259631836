//! Reads the player's and authors' files from disk, within bounds.

use std::fs;
use std::path::Path;

use super::Usage;
use crate::shell::Files;

/// A file may be this long.
const MAX_FILE: u64 = 10 * 1024 * 1024;

/// A folder may hold this many files.
const MAX_FILES: usize = 10_000;

/// The files of a pack of levels.
pub fn read_pack(folder: &Path) -> Result<Files, Usage> {
    if !folder.join("pack.yaml").is_file() {
        return Err(Usage(format!(
            "{} has no pack.yaml; name the folder that holds a pack of levels",
            folder.display()
        )));
    }
    read_files(folder)
}

/// A file under its own name, or all files of a folder by their path in it. Hidden ones are left
/// out.
pub fn read_files(path: &Path) -> Result<Files, Usage> {
    let mut files = Files::new();
    if path.is_dir() {
        read_folder(path, "", &mut files)?;
    } else {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        files.insert(name.unwrap_or_default(), read_file(path)?);
    }
    Ok(files)
}

/// A text file's content.
pub fn read_file(path: &Path) -> Result<Vec<u8>, Usage> {
    let fail = |error: std::io::Error| Usage(format!("cannot read {}: {error}", path.display()));
    let length = fs::metadata(path).map_err(fail)?.len();
    if length > MAX_FILE {
        return Err(Usage(format!(
            "{} has {length} bytes; files of up to {MAX_FILE} bytes are read",
            path.display()
        )));
    }
    fs::read(path).map_err(fail)
}

fn read_folder(folder: &Path, prefix: &str, files: &mut Files) -> Result<(), Usage> {
    let fail = |error: std::io::Error| Usage(format!("cannot read {}: {error}", folder.display()));
    let mut entries: Vec<_> =
        fs::read_dir(folder).map_err(fail)?.collect::<Result<_, _>>().map_err(fail)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        let path = entry.path();
        let key = format!("{prefix}{name}");
        // Links to folders could lead around in a circle; a link to a file is as good as the file.
        if entry.file_type().map_err(fail)?.is_dir() {
            read_folder(&path, &format!("{key}/"), files)?;
        } else if path.is_file() {
            files.insert(key, read_file(&path)?);
        }
        if files.len() > MAX_FILES {
            return Err(Usage(format!("{} holds more than {MAX_FILES} files", folder.display())));
        }
    }
    Ok(())
}
