//! Reads levels: strictly, with the line of everything that is wrong.

mod asks;
mod bounds;
mod check;
mod level;
mod schema;
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::apply::is_manifest;
use super::format::{Chapter, FormatFile, Pack};
use super::sandbox::Sandbox;
use crate::diagnostic::{Diagnostic, Position};
use crate::manifest::{self, Document};
use crate::shell::Files;
use bounds::Bounds;
use schema::{Format, LevelFile, MistakeFile, PackFile};

pub use schema::parse_duration;
pub use source::Source;

/// The levels that are built into the binary.
static EMBEDDED: include_dir::Dir<'_> = include_dir::include_dir!("$CARGO_MANIFEST_DIR/levels");

impl Pack {
    /// The campaign that is built into the binary.
    ///
    /// # Errors
    /// Never for a released binary: the test suite lints the campaign.
    pub fn embedded() -> Result<Pack, Vec<Diagnostic>> {
        let mut files = Files::new();
        collect(&EMBEDDED, &mut files);
        Pack::from_files(&files)
    }

    /// A campaign of files: paths below the pack's folder to contents.
    ///
    /// # Errors
    /// Everything that is wrong with them, with file and line.
    pub fn from_files(files: &Files) -> Result<Pack, Vec<Diagnostic>> {
        pack(files)
    }

    /// The format of one of its files as JSON Schema, for an author's editor.
    pub fn json_schema(file: FormatFile) -> &'static Value {
        match file {
            FormatFile::Pack => PackFile::schema(),
            FormatFile::Level => LevelFile::schema(),
            FormatFile::Expect => MistakeFile::schema(),
        }
    }
}

fn collect(folder: &include_dir::Dir<'_>, files: &mut Files) {
    for file in folder.files() {
        let path = file.path().to_string_lossy().replace('\\', "/");
        files.insert(path, file.contents().to_vec());
    }
    for folder in folder.dirs() {
        collect(folder, files);
    }
}

/// Reads a whole pack: paths below its folder to contents.
fn pack(files: &Files) -> Result<Pack, Vec<Diagnostic>> {
    let mut errors = Vec::new();
    bounds::bytes(files, &mut errors);
    // The format's own files are read as text where they are read.
    let own = |path: &String| {
        ["pack.yaml", "level.yaml", "expect.yaml"].iter().any(|name| path.ends_with(name))
    };
    let texts = files.iter().filter(|(path, _)| path.ends_with(".sh") || is_manifest(path));
    for (path, content) in texts.filter(|(path, _)| !own(path)) {
        errors.extend(utf8(path, content).err());
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let Some((file, source)) = typed::<PackFile>(files, "pack.yaml", &mut errors) else {
        return Err(errors);
    };
    let named = names(files, (&file, &source), &mut errors);
    let mut levels = Vec::new();
    for chapter in &file.chapters {
        for name in chapter.levels.iter().filter(|name| named.contains(name.as_str())) {
            let number = levels.len() as u32 + 1;
            let at_chapter = (chapter.name.as_str(), name.as_str());
            levels.extend(level::level(files, at_chapter, number, &mut errors).map(Arc::new));
        }
    }
    stray_folders(files, &file, &mut errors);
    if !errors.is_empty() {
        return Err(errors);
    }
    let chapters = file
        .chapters
        .into_iter()
        .map(|chapter| Chapter {
            name: chapter.name,
            title: chapter.title.trim().to_owned(),
            levels: chapter.levels,
        })
        .collect();
    Ok(Pack {
        id: super::CAMPAIGN.to_owned(),
        title: file.title.trim().to_owned(),
        author: file.author,
        language: file.language,
        chapters,
        levels,
    })
}

/// The levels that can be told from one another by name and number; all others are errors.
fn names<'a>(
    files: &Files,
    (pack, source): (&'a PackFile, &Source),
    errors: &mut Vec<Diagnostic>,
) -> BTreeSet<&'a str> {
    let mut bounds = Bounds { source, errors };
    let (mut chapters, mut levels) = (BTreeSet::new(), BTreeSet::new());
    let count = pack.chapters.iter().map(|chapter| chapter.levels.len()).sum();
    bounds.length("chapters", count, bounds::LEVELS);
    for (index, chapter) in pack.chapters.iter().enumerate() {
        let path = format!("chapters[{index}]");
        if !chapters.insert(&chapter.name) {
            let message = format!("chapter {} is there twice", chapter.name);
            bounds.error(&format!("{path}.name"), message, "give one of them another name");
        }
        for (index, name) in chapter.levels.iter().enumerate() {
            let at = format!("{path}.levels[{index}]");
            if levels.contains(name.as_str()) {
                let help = "name it once, or give the second a folder of its own";
                bounds.error(&at, format!("level {name} is there twice"), help);
            } else if name.chars().all(|c| c.is_ascii_digit()) {
                let message =
                    format!("level {name:?} could not be told from the number of a level");
                bounds.error(&at, message, "give its folder a name with a letter");
            } else if Sandbox::parse(name).is_some() {
                let message = format!("level {name:?} could not be told from podhop's own sandbox");
                bounds.error(&at, message, "give its folder another name");
            } else if name.len() > 63
                || name.starts_with('-')
                || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            {
                let message = format!("{name:?} is no name of a level");
                bounds.error(
                    &at,
                    message,
                    "use letters, digits and hyphens, 63 at most, and no hyphen first",
                );
            } else if !files.contains_key(&format!("{name}/level.yaml")) {
                bounds.error(&at, format!("there is no {name}/level.yaml"), no_level(files, name));
            } else {
                levels.insert(name.as_str());
            }
        }
    }
    levels
}

/// What to do about a level that is named and not there.
fn no_level(files: &Files, name: &str) -> String {
    let folders = files.keys().filter_map(|path| path.strip_suffix("/level.yaml"));
    match crate::diagnostic::nearest(name, folders) {
        Some(near) => format!("did you mean {near}?"),
        None => "make the folder, or take it out of the chapter".to_owned(),
    }
}

/// Folders with a `level.yaml` that `pack.yaml` does not name would never be played.
fn stray_folders(files: &Files, pack: &PackFile, errors: &mut Vec<Diagnostic>) {
    let named: Vec<&str> =
        pack.chapters.iter().flat_map(|c| c.levels.iter().map(String::as_str)).collect();
    for path in files.keys() {
        if let Some(folder) = path.strip_suffix("/level.yaml")
            && !named.contains(&folder)
        {
            errors.push(
                Diagnostic::error(format!("{folder} is in no chapter"))
                    .in_file("pack.yaml")
                    .at(Position::new(1, 1))
                    .help("add it to a chapter's `levels`, or remove the folder"),
            );
        }
    }
}

/// A level's folder in the pack.
struct Folder<'a> {
    files: &'a Files,
    path: String,
}

impl Folder<'_> {
    /// The files below a subfolder, by their path in it.
    fn below(&self, subfolder: &str) -> Files {
        let prefix = format!("{}{subfolder}", self.path);
        self.files
            .range(prefix.clone()..)
            .take_while(|(path, _)| path.starts_with(&prefix))
            .map(|(path, content)| (path[prefix.len()..].to_owned(), content.clone()))
            .collect()
    }

    /// The folders below a subfolder, each with its files.
    fn subfolders(&self, subfolder: &str) -> BTreeMap<String, Files> {
        let mut folders: BTreeMap<String, Files> = BTreeMap::new();
        for (path, content) in self.below(subfolder) {
            if let Some((folder, name)) = path.split_once('/') {
                folders.entry(folder.to_owned()).or_default().insert(name.to_owned(), content);
            }
        }
        folders
    }

    fn stray_files(&self, errors: &mut Vec<Diagnostic>) {
        const FOLDERS: [&str; 4] = ["world/", "start/", "solutions/", "mistakes/"];
        for path in self.below("").keys() {
            let known = FOLDERS
                .iter()
                .find_map(|folder| path.strip_prefix(folder).map(|rest| (*folder, rest)));
            let stray = match known {
                Some(("solutions/" | "mistakes/", rest)) => !rest.contains('/'),
                Some(_) => false,
                None => path != "level.yaml",
            };
            if stray {
                errors.push(
                    Diagnostic::error(
                        "stray file: a level has level.yaml, world, start, solutions/NAME and mistakes/NAME",
                    )
                    .in_file(format!("{}{path}", self.path))
                    .at(Position::new(1, 1))
                    .help("remove it, or move it into one of these"),
                );
            }
        }
    }
}

/// Reads one YAML file of the format, with the place of everything in it; what is wrong goes to
/// `errors`.
fn typed<T: Format>(
    files: &Files,
    path: &str,
    errors: &mut Vec<Diagnostic>,
) -> Option<(T, Source)> {
    let error = |message: String| Diagnostic::error(message).in_file(path);
    let Some(bytes) = files.get(path) else {
        let place = Path::new(path).parent().map(|place| place.display().to_string());
        let place =
            place.filter(|place| !place.is_empty()).unwrap_or_else(|| "the pack".to_owned());
        let error = error(format!("{place} has no such file")).at(Position::new(1, 1));
        errors.push(error.help("add the file, or take away what asks for it"));
        return None;
    };
    let document = document(path, bytes).map_err(|error| errors.push(error)).ok()?;
    let source = Source::new(path, document.positions);
    for again in &document.repeated {
        let message = format!("the key {:?} is given twice", again.path);
        let help = format!("line {} gives it first; keep one of them", again.first.line);
        errors.push(error(message).at(again.at).help(help));
    }
    let faults = check::faults(T::schema(), &document.value);
    errors.extend(
        faults.iter().map(|fault| source.error(&fault.path, &fault.message).help(&fault.help)),
    );
    if !faults.is_empty() || !document.repeated.is_empty() {
        return None;
    }
    match serde_json::from_value(document.value) {
        Ok(value) => Some((value, source)),
        Err(failed) => {
            let help = "podhop lint --schema prints what may stand there";
            errors.push(error(failed.to_string()).at(Position::new(1, 1)).help(help));
            None
        }
    }
}

/// A file's text.
fn utf8<'b>(path: &str, bytes: &'b [u8]) -> Result<&'b str, Diagnostic> {
    std::str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        let line = before.iter().filter(|byte| **byte == b'\n').count() as u32 + 1;
        let error = Diagnostic::error("this is not text in UTF-8").in_file(path);
        error.at(Position::new(line, 1)).help("save the file as UTF-8")
    })
}

/// The one document of a file.
fn document(path: &str, bytes: &[u8]) -> Result<Document, Diagnostic> {
    let fails = |message: String, at: Position, help: &str| {
        Err(Diagnostic::error(message).in_file(path).at(at).help(help))
    };
    let first = Position::new(1, 1);
    let text = utf8(path, bytes)?;
    let (documents, unreadable) = manifest::parse_yaml(path, text);
    if let Some(found) = unreadable.first() {
        let message = format!("this is no YAML: {}", without_place(&found.message));
        let help = "look at the indentation, quotes and colons of this line and the one above";
        return fails(message, found.position.unwrap_or(first), help);
    }
    let mut documents = documents.into_iter();
    let Some(document) = documents.next() else {
        let help = "podhop lint --schema prints its keys; podhop new makes a pack to begin with";
        return fails("the file says nothing".to_owned(), first, help);
    };
    match documents.next() {
        None => Ok(document),
        Some(second) => {
            let at = second.positions.nearest("").map_or(first, |field| field.key);
            let message = "a second document begins here".to_owned();
            fails(message, at, "keep one; take the line --- away")
        }
    }
}

/// A parser's message without the line that it counts itself.
fn without_place(message: &str) -> &str {
    let message = message.strip_prefix("yaml: ").unwrap_or(message);
    match message.strip_prefix("line ").and_then(|rest| rest.split_once(": ")) {
        Some((line, rest)) if line.bytes().all(|byte| byte.is_ascii_digit()) => rest,
        _ => message,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::schema::parse_duration;
    use super::*;

    fn files(entries: &[(&str, &str)]) -> Files {
        entries.iter().map(|(k, v)| ((*k).to_owned(), v.as_bytes().to_vec())).collect()
    }

    const PACK: &str = "title: T\nchapters:\n- {name: a, title: A, levels: [one]}\n";
    const LEVEL: &str = "title: One\nchapter: a\nsituation: s\ndebrief: d\ngoals:\n- say: g\n  from: laptop\n  run: 'true'\n";

    #[test]
    fn durations_have_units() {
        assert_eq!(parse_duration("250ms"), Some(Duration::from_millis(250)));
        assert_eq!(parse_duration("2m"), Some(Duration::from_secs(120)));
        assert_eq!(parse_duration("20"), None);
        assert_eq!(parse_duration("s"), None);
    }

    #[test]
    fn a_small_pack_is_read() {
        let pack = pack(&files(&[("pack.yaml", PACK), ("one/level.yaml", LEVEL)])).unwrap();
        assert_eq!(pack.levels[0].goals[0].repeat.succeed, 1);
        assert_eq!(pack.level("1").map(|level| level.name.as_str()), Some("one"));
    }

    // R7.4
    #[test]
    fn a_level_may_declare_what_its_cluster_has() {
        let read = |cluster: &str| {
            let level = format!("{LEVEL}cluster: {cluster}\n");
            pack(&files(&[("pack.yaml", PACK), ("one/level.yaml", &level)]))
        };
        assert!(read("{nodes: 2, loadBalancer: cloud}").unwrap().levels[0].cloud);
        assert!(!read("{nodes: 2}").unwrap().levels[0].cloud);
        assert!(read("{ingress: nginx}").unwrap().levels[0].ingress);
        // R13.1
        assert!(read("{ipFamilies: dualStack}").unwrap().levels[0].dual_stack);
        assert!(!read("{nodes: 2}").unwrap().levels[0].dual_stack);
        let errors = read("{loadBalancer: metal}").unwrap_err();
        assert!(errors[0].message.contains("metal"), "{}", errors[0]);
    }

    #[test]
    fn zones_are_names_that_labels_can_have() {
        let read = |zones: &str| {
            let level = format!("{LEVEL}cluster: {{nodes: 3, zones: {zones}}}\n");
            pack(&files(&[("pack.yaml", PACK), ("one/level.yaml", &level)]))
        };
        assert_eq!(read("[zone-a, zone-b]").unwrap().levels[0].zones, ["zone-a", "zone-b"]);
        let errors = read("[zone-a, '-']").unwrap_err();
        assert_eq!(
            errors[0].to_string(),
            "one/level.yaml:9:37: \"-\" is no name of a zone (for example: zone-a)"
        );
    }

    #[test]
    fn an_unknown_key_is_an_error_with_its_line() {
        let level = LEVEL.replace("chapter: a\n", "chapter: a\nhintz: []\n");
        let errors = pack(&files(&[("pack.yaml", PACK), ("one/level.yaml", &level)])).unwrap_err();
        assert_eq!(errors[0].position.map(|at| at.line), Some(3), "{}", errors[0]);
        assert!(errors[0].message.contains("hintz"), "{}", errors[0]);
    }

    #[test]
    fn stray_files_and_folders_are_errors() {
        let errors = pack(&files(&[
            ("pack.yaml", PACK),
            ("one/level.yaml", LEVEL),
            ("one/notes.txt", ""),
            ("two/level.yaml", LEVEL),
        ]))
        .unwrap_err();
        assert_eq!(errors.len(), 2, "{errors:?}");
    }
}
