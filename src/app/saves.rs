//! Where progress is kept: one file, written whole and renamed into place.
//!
//! `PODHOP_HOME`, or else `podhop` in the platform's data folder. A damaged file is set aside under
//! another name and never overwritten; a folder that cannot be written is told and played on.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use crate::game::Save;

const FILE: &str = "save.json";
/// A save that is larger is none.
const LARGEST: u64 = 16 * 1024 * 1024;

/// The place of the save.
#[derive(Clone, Debug)]
pub struct Saves {
    /// `None` where nothing is to be written.
    folder: Option<PathBuf>,
}

/// What was found.
#[derive(Debug)]
pub struct Found {
    /// Where to write.
    pub saves: Saves,
    /// What was kept, or a new beginning.
    pub save: Save,
    /// What the player has to know about it.
    pub notes: Vec<String>,
}

impl Saves {
    /// Reads what was kept of earlier sessions.
    pub fn open() -> Found {
        match folder() {
            Some(folder) => Saves::open_in(folder),
            None => Found {
                saves: Saves { folder: None },
                save: Save::default(),
                notes: vec![
                    "There is no home folder to keep progress in; set PODHOP_HOME.".to_owned(),
                ],
            },
        }
    }

    /// Reads what was kept in a folder.
    pub fn open_in(folder: PathBuf) -> Found {
        let path = folder.join(FILE);
        let mut notes = Vec::new();
        let mut saves = Saves { folder: Some(folder) };
        let save = match read(&path) {
            Ok(None) => Save::default(),
            Ok(Some(bytes)) => match Save::parse(&bytes) {
                Ok(save) => save,
                Err(error) if error.contains("newer podhop") => {
                    notes.push(format!("{}: {error}. Progress is not kept.", path.display()));
                    saves.folder = None;
                    Save::default()
                }
                Err(error) => {
                    notes.push(set_aside(&path, &error));
                    Save::default()
                }
            },
            Err(error) => {
                notes.push(format!("{}: {error}. Progress is not kept.", path.display()));
                saves.folder = None;
                Save::default()
            }
        };
        Found { saves, save, notes }
    }

    /// Writes progress. Levels that were not `touched` are taken from the file, where another
    /// instance may have written them meanwhile.
    ///
    /// # Errors
    /// Why that was not possible, in one sentence.
    pub fn write(&self, save: &Save, touched: impl Fn(&str) -> bool) -> Result<(), String> {
        let Some(folder) = &self.folder else { return Ok(()) };
        replace(folder, save, touched)
            .map_err(|error| format!("Progress can't be kept in {}: {error}.", folder.display()))
    }
}

fn folder() -> Option<PathBuf> {
    match std::env::var_os("PODHOP_HOME").filter(|home| !home.is_empty()) {
        Some(home) => Some(PathBuf::from(home)),
        None => etcetera::choose_base_strategy().ok().map(|base| base.data_dir().join("podhop")),
    }
}

fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::metadata(path) {
        Ok(found) if found.len() > LARGEST => Ok(Some(Vec::new())),
        Ok(_) => fs::read(path).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Renames a damaged file to the first free name, and says so.
fn set_aside(path: &Path, error: &str) -> String {
    let free = (1..1_000)
        .map(|number| path.with_file_name(format!("{FILE}.damaged-{number}")))
        .find(|name| !name.exists());
    let moved = free.and_then(|name| fs::rename(path, &name).ok().map(|()| name));
    match moved {
        Some(name) => {
            format!("The saved progress was damaged ({error}). It is kept as {}.", name.display())
        }
        None => format!("The saved progress at {} is damaged ({error}).", path.display()),
    }
}

fn replace(folder: &Path, save: &Save, touched: impl Fn(&str) -> bool) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let lock = OpenOptions::new().create(true).append(true).open(folder.join("save.lock"))?;
    // Where a file system knows no locks, the rename alone keeps the file whole.
    let _ = lock.lock();
    let path = folder.join(FILE);
    let mut merged = save.clone();
    if let Some(theirs) = read(&path)?.and_then(|bytes| Save::parse(&bytes).ok()) {
        merged.merge(theirs, touched);
    }
    let temporary = folder.join(format!("{FILE}.{}", std::process::id()));
    let written = write_whole(&temporary, &merged.to_bytes());
    let renamed = written.and_then(|()| fs::rename(&temporary, &path));
    if renamed.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    renamed?;
    // The name is on disk only when the folder is; not every platform lets one ask for that.
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
    Ok(())
}

fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::game::Record;

    fn saves(folder: &tempfile::TempDir) -> Found {
        Saves::open_in(folder.path().to_owned())
    }

    #[test]
    fn what_is_written_is_read_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let Found { saves: place, mut save, .. } = saves(&folder);
        save.last = Some("clusterip".to_owned());
        place.write(&save, |_| true).expect("written");
        assert_eq!(saves(&folder).save, save);
        let names: Vec<_> = fs::read_dir(folder.path()).expect("a folder").flatten().collect();
        assert_eq!(names.len(), 2, "the save and its lock, nothing else: {names:?}");
    }

    #[test]
    fn a_damaged_save_is_set_aside_and_named() {
        let folder = tempfile::tempdir().expect("a folder");
        for number in 1..=2 {
            fs::write(folder.path().join(FILE), b"{\"version\": tru").expect("written");
            let found = saves(&folder);
            let name = format!("{FILE}.damaged-{number}");
            assert_eq!(found.save, Save::default());
            assert!(found.notes[0].contains(&name), "{:?}", found.notes);
            assert!(folder.path().join(name).exists());
        }
    }

    #[test]
    fn a_newer_save_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let text = b"{\"version\": 999}";
        fs::write(folder.path().join(FILE), text).expect("written");
        let found = saves(&folder);
        found.saves.write(&Save::default(), |_| true).expect("nothing to do");
        assert_eq!(fs::read(folder.path().join(FILE)).expect("the file"), text);
    }

    #[test]
    fn two_instances_keep_each_other_s_levels() {
        let folder = tempfile::tempdir().expect("a folder");
        let (one, two) = (saves(&folder), saves(&folder));
        let with = |level: &str| {
            let mut save = Save::default();
            save.levels.insert(level.to_owned(), Record { tries: 1, ..Record::default() });
            save
        };
        one.saves.write(&with("a"), |level| level == "a").expect("written");
        two.saves.write(&with("b"), |level| level == "b").expect("written");
        let kept = saves(&folder).save;
        assert_eq!((kept.record("a").tries, kept.record("b").tries), (1, 1));
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("file");
        fs::write(&file, b"").expect("written");
        let place = Saves { folder: Some(file.join("below")) };
        let error = place.write(&Save::default(), |_| true).expect_err("no folder");
        assert!(error.starts_with("Progress can't be kept in "), "{error}");
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_in_a_save_are_lost_or_fatal(bytes: Vec<u8>) {
            let folder = tempfile::tempdir().expect("a folder");
            fs::write(folder.path().join(FILE), &bytes).expect("written");
            let found = saves(&folder);
            let _ = found.saves.write(&Save::default(), |_| true);
            let kept = fs::read_dir(folder.path()).expect("a folder").flatten();
            let mut contents = kept.filter_map(|entry| fs::read(entry.path()).ok());
            assert!(contents.any(|content| content == bytes), "{:?}", found.notes);
        }
    }
}
