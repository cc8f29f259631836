//! Where progress is kept: one file, written whole and renamed into place.
//!
//! `PODHOP_HOME`, or else `podhop` in the platform's data folder. A damaged file is set aside under
//! another name and never overwritten; a folder that cannot be written is told and played on. Several
//! podhops may share a file: each writes what it changed itself, into what it finds there.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use etcetera::BaseStrategy;

use crate::game::{Save, Unreadable};

const FILE: &str = "save.json";
const LOCK: &str = "save.lock";
/// What was done in the level that was on the table last.
const SESSION: &str = "session.jsonl";
/// What is being written, until it takes the save's name.
const NEW: &str = "save.json.new";
/// No file is larger, so none that is written can't be read again.
const LARGEST: u64 = 16 * 1024 * 1024;
/// How often, and after which pauses, a lock that somebody holds is tried again. Writing takes a few
/// milliseconds, so whoever holds it longer is stuck.
const LOCK_TRIES: u32 = 25;
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// The place of the save, and what this session knows of it.
#[derive(Clone, Debug)]
pub struct Saves {
    /// `None` where nothing is to be written.
    folder: Option<PathBuf>,
    /// This session's progress when it was read or written last.
    ours: Save,
    /// What the file held then.
    disk: Save,
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
            None => {
                let note = "There is no home folder to keep progress in; set PODHOP_HOME.";
                Saves::found(None, Save::default(), vec![note.to_owned()])
            }
        }
    }

    /// Reads what was kept in a folder.
    pub fn open_in(folder: PathBuf) -> Found {
        let path = folder.join(FILE);
        let not_kept = |why: String| {
            let note = format!("{}: {why}. Progress is not kept.", path.display());
            Saves::found(None, Save::default(), vec![note])
        };
        let bytes = match read(&path) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Saves::found(Some(folder), Save::default(), Vec::new()),
            Err(error) => return not_kept(error.to_string()),
        };
        match Save::parse(&bytes) {
            Ok(save) => Saves::found(Some(folder), save, Vec::new()),
            Err(Unreadable::Newer(format)) => {
                not_kept(format!("it was written by a newer podhop (format {format})"))
            }
            Err(Unreadable::Damaged(error)) => match set_aside(&path) {
                Ok(name) => {
                    let note = format!(
                        "The saved progress was damaged ({error}). It is kept as {}.",
                        name.display()
                    );
                    Saves::found(Some(folder), Save::default(), vec![note])
                }
                Err(why) => {
                    not_kept(format!("it is damaged ({error}), and can't be set aside: {why}"))
                }
            },
        }
    }

    fn found(folder: Option<PathBuf>, save: Save, notes: Vec<String>) -> Found {
        Found { saves: Saves { folder, ours: save.clone(), disk: save.clone() }, save, notes }
    }

    /// Writes what this session has changed into what is on the disk, where another podhop may have
    /// written meanwhile.
    ///
    /// # Errors
    /// Why that was not possible, or not wholly, in one sentence.
    pub fn write(&mut self, save: &Save) -> Result<(), String> {
        let Some(folder) = self.folder.clone() else { return Ok(()) };
        let fails =
            |error: io::Error| format!("Progress can't be kept in {}: {error}.", folder.display());
        let written = Lock::take(&folder).and_then(|_lock| self.replace(&folder, save));
        match written.map_err(fails)? {
            left_out if left_out.is_empty() => Ok(()),
            left_out => Err(format!(
                "Too long to be kept, and gone when you leave: {}.",
                left_out.join(", ")
            )),
        }
    }

    /// Keeps what was done in the session, for `podhop bug`. Where that fails, nothing is lost that
    /// anybody would miss.
    pub fn keep_session(&self, text: &str) {
        let Some(folder) = &self.folder else { return };
        let new = folder.join(format!("{SESSION}.new"));
        let written = write_whole(&new, text.as_bytes());
        if written.and_then(|()| fs::rename(&new, folder.join(SESSION))).is_err() {
            let _ = fs::remove_file(&new);
        }
    }

    /// What was done in the last session, if that was kept.
    pub fn session(&self) -> Option<String> {
        let bytes = read(&self.folder.as_ref()?.join(SESSION)).ok()??;
        String::from_utf8(bytes).ok()
    }

    /// Replaces the file, and returns the names of edited files that it has no room for.
    fn replace(&mut self, folder: &Path, save: &Save) -> io::Result<Vec<String>> {
        let path = folder.join(FILE);
        let disk = match read(&path)?.map(|bytes| Save::parse(&bytes)) {
            Some(Ok(disk)) => disk,
            None => Save::default(),
            Some(Err(Unreadable::Newer(_))) => {
                return Err(io::Error::other("a newer podhop has written there"));
            }
            Some(Err(Unreadable::Damaged(_))) => {
                set_aside(&path)?;
                Save::default()
            }
        };
        let mut merged = save.merged(&self.ours, &self.disk, &disk);
        let mut bytes = merged.to_bytes();
        let mut left_out = Vec::new();
        while bytes.len() as u64 > LARGEST
            && let Some(name) = merged.drop_longest_edit()
        {
            left_out.push(name);
            bytes = merged.to_bytes();
        }
        let new = folder.join(NEW);
        let renamed = write_whole(&new, &bytes).and_then(|()| fs::rename(&new, &path));
        if renamed.is_err() {
            let _ = fs::remove_file(&new);
        }
        renamed?;
        // The name is on disk only when the folder is; not every platform lets one ask for that.
        if let Ok(folder) = File::open(folder) {
            let _ = folder.sync_all();
        }
        (self.ours, self.disk) = (save.clone(), merged);
        Ok(left_out)
    }
}

/// The lock that podhops take turns with, while it is held.
struct Lock(#[expect(dead_code, reason = "closing the file lets go of the lock")] Option<File>);

impl Lock {
    /// Takes the lock. Where somebody holds it for longer than any write takes, or a file system
    /// knows no locks, it goes on without: the rename alone keeps the file whole.
    fn take(folder: &Path) -> io::Result<Lock> {
        fs::create_dir_all(folder)?;
        let path = folder.join(LOCK);
        match fs::metadata(&path) {
            Ok(found) if !found.is_file() => return Err(not_plain(&path)),
            _ => {}
        }
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        for _ in 0..LOCK_TRIES {
            match file.try_lock() {
                Ok(()) => return Ok(Lock(Some(file))),
                Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
                Err(TryLockError::Error(_)) => break,
            }
        }
        Ok(Lock(None))
    }
}

fn folder() -> Option<PathBuf> {
    match std::env::var_os("PODHOP_HOME").filter(|home| !home.is_empty()) {
        Some(home) => Some(PathBuf::from(home)),
        None => etcetera::choose_base_strategy().ok().map(|base| base.data_dir().join("podhop")),
    }
}

/// A plain file's content, as much of it as a save may have. A pipe or a device could hang, or never
/// end.
fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::metadata(path) {
        Ok(found) if !found.is_file() => return Err(not_plain(path)),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

fn not_plain(path: &Path) -> io::Error {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    io::Error::other(format!("{name} is not a plain file"))
}

/// Renames a damaged file to the first free name, and returns that.
fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let names = (1_u32..).map(|number| path.with_file_name(format!("{FILE}.damaged-{number}")));
    for name in names {
        // Taking the name first makes sure that nothing is overwritten.
        match OpenOptions::new().write(true).create_new(true).open(&name) {
            Ok(_) => return fs::rename(path, &name).map(|()| name),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("no name is free"))
}

/// Writes a new file. What a killed podhop left under the name goes first: it may be anything.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saves(folder: &tempfile::TempDir) -> Found {
        Saves::open_in(folder.path().to_owned())
    }

    fn names(folder: &tempfile::TempDir) -> Vec<String> {
        let entries = fs::read_dir(folder.path()).expect("a folder").flatten();
        let mut names: Vec<String> =
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_is_written_is_read_again_and_nothing_else_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let Found { saves: mut place, mut save, .. } = saves(&folder);
        save.record_mut("p", "clusterip").tries = 2;
        // A podhop that was killed while it wrote.
        fs::write(folder.path().join(NEW), b"half").expect("written");
        place.write(&save).expect("written");
        assert_eq!(saves(&folder).save, save);
        assert_eq!(names(&folder), [FILE, LOCK]);
    }

    #[test]
    fn a_session_that_was_kept_is_read_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = saves(&folder).saves;
        assert_eq!(place.session(), None);
        place.keep_session("{}\n");
        place.keep_session("{\"a\":1}\n");
        assert_eq!(place.session().as_deref(), Some("{\"a\":1}\n"));
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
    fn a_save_that_is_damaged_meanwhile_is_set_aside_too() {
        let folder = tempfile::tempdir().expect("a folder");
        let Found { saves: mut place, save, .. } = saves(&folder);
        fs::write(folder.path().join(FILE), b"something else").expect("written");
        place.write(&save).expect("written");
        assert!(names(&folder).contains(&format!("{FILE}.damaged-1")));
    }

    #[test]
    fn a_newer_save_is_left_alone_whatever_its_shape() {
        let folder = tempfile::tempdir().expect("a folder");
        let text = b"{\"packs\": 7, \"version\": 999}";
        fs::write(folder.path().join(FILE), text).expect("written");
        let mut found = saves(&folder);
        assert!(found.notes[0].contains("newer podhop"), "{:?}", found.notes);
        found.saves.write(&Save::default()).expect("nothing to do");
        assert_eq!(fs::read(folder.path().join(FILE)).expect("the file"), text);
    }

    #[test]
    fn two_instances_keep_each_other_s_edits_at_every_write() {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut one, mut two) = (saves(&folder), saves(&folder));
        for text in ["1", "2", "3"] {
            one.save.record_mut("p", "a").files.insert("web.yaml".into(), text.into());
            two.save.record_mut("p", "a").files.insert("db.yaml".into(), text.into());
            one.saves.write(&one.save).expect("written");
            two.saves.write(&two.save).expect("written");
        }
        let kept = saves(&folder).save.record("p", "a");
        assert_eq!((&*kept.files["web.yaml"], &*kept.files["db.yaml"]), ("3", "3"));
        assert!(kept.set_aside.is_empty());
    }

    #[test]
    fn what_is_too_long_to_be_read_again_is_left_out_and_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let Found { saves: mut place, mut save, .. } = saves(&folder);
        let record = save.record_mut("p", "a");
        record.tries = 3;
        record.files.insert("long.yaml".into(), "x".repeat(17 << 20));
        let error = place.write(&save).expect_err("not all of it");
        assert!(error.contains("long.yaml"), "{error}");
        assert_eq!(saves(&folder).save.record("p", "a").tries, 3);
    }

    #[test]
    fn a_lock_that_somebody_holds_delays_a_save_and_does_not_prevent_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let Found { saves: mut place, mut save, .. } = saves(&folder);
        let held = File::create(folder.path().join(LOCK)).expect("a file");
        held.lock().expect("locked");
        save.record_mut("p", "a").tries = 1;
        place.write(&save).expect("written");
        assert_eq!(saves(&folder).save, save);
    }

    #[cfg(unix)]
    #[test]
    fn a_device_in_the_save_s_place_is_not_read() {
        for name in [FILE, LOCK] {
            let folder = tempfile::tempdir().expect("a folder");
            std::os::unix::fs::symlink("/dev/zero", folder.path().join(name)).expect("a link");
            let mut found = saves(&folder);
            let told = found.notes.pop().or_else(|| found.saves.write(&found.save).err());
            assert!(told.is_some_and(|told| told.contains("is not a plain file")));
        }
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("file");
        fs::write(&file, b"").expect("written");
        let mut place = Saves::found(Some(file.join("below")), Save::default(), Vec::new()).saves;
        let error = place.write(&Save::default()).expect_err("no folder");
        assert!(error.starts_with("Progress can't be kept in "), "{error}");
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_in_a_save_are_lost_or_fatal(bytes: Vec<u8>) {
            let folder = tempfile::tempdir().expect("a folder");
            fs::write(folder.path().join(FILE), &bytes).expect("written");
            let mut found = saves(&folder);
            let _ = found.saves.write(&Save::default());
            let kept = fs::read_dir(folder.path()).expect("a folder").flatten();
            let mut contents = kept.filter_map(|entry| fs::read(entry.path()).ok());
            assert!(contents.any(|content| content == bytes), "{:?}", found.notes);
        }
    }
}
