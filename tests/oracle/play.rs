//! Commands of a tool, and what podhop answers to them: shared by the oracle, which also asks the
//! real tool, and by the replay of what the real tool answered.
//!
//! `tests/oracle/TOOL.txt` lists commands, one a line (`> ` continues one); `#` begins a remark. A
//! line that begins with `% ` says something of the tool:
//!
//! - `% needs PROGRAM`: what has to be installed; `ORACLE_PROGRAM` (in capitals) may hold its path.
//! - `% version TEXT COMMAND`: the real tool's command has to print this, or it is another version.
//! - `% shell PROGRAM ARGUMENT …`: what runs a command on the real side; `bash -c` unless told.
//! - `% beyond REGEX`: a real answer that fits needs what isn't there (a server), and doesn't count.
//! - `% vary REGEX`: what fits is made equal on both sides: a moment, a generated name.
//! - `% world FILE`: the commands behind it find a cluster in which podhop has run this script of
//!   the working folder, in their own copy of it; the real tool asks the same cluster over HTTP.
//!   Behind the script, `dual-stack` makes it a cluster of both families.
//!
//! The files of `tests/oracle/TOOL/` are the working folder of each command, fresh every time.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use podhop::cluster::{Cluster, Config};
use podhop::shell::{self, Files, Session};
use regex::Regex;

/// How much simulated time a command may take.
const LIMIT: Duration = Duration::from_secs(600);
/// What names the script that makes a world.
pub const WORLD: &str = "% world ";
/// How long the cluster needs to come up.
const SETTLE: Duration = Duration::from_secs(60);

/// A tool's commands.
pub struct Tool {
    /// Its name, as the file's.
    pub name: String,
    /// The commands.
    pub commands: Vec<Asked>,
    /// The programs that have to be installed.
    pub needs: Vec<String>,
    /// What its own command has to print, where the version matters: (text, command).
    pub version: Option<(String, String)>,
    /// What runs a command on the real side.
    pub shell: Vec<String>,
    beyond: Vec<Regex>,
    vary: Vec<Regex>,
}

/// A command of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The script that has made its world; empty if it needs no cluster.
    pub world: String,
    /// The command.
    pub text: String,
}

/// What a command came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// The exit code.
    pub exit: i32,
}

/// `tests/oracle`
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle")
}

/// The names of the tools, sorted.
pub fn tools() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder())
        .expect("tests/oracle is readable")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "txt"))
        .filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()))
        .collect();
    names.sort();
    names
}

impl Tool {
    /// Reads a tool's list.
    pub fn read(name: &str) -> Tool {
        let path = folder().join(format!("{name}.txt"));
        let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let mut tool = Tool {
            name: name.to_owned(),
            commands: Vec::new(),
            needs: Vec::new(),
            version: None,
            shell: vec!["bash".to_owned(), "-c".to_owned()],
            beyond: Vec::new(),
            vary: Vec::new(),
        };
        let regex = |text: &str| Regex::new(text).unwrap_or_else(|e| panic!("{name}: {e}"));
        let mut world = String::new();
        for line in text.lines() {
            if let Some(more) = line.strip_prefix("> ") {
                let last = tool.commands.last_mut().expect("a command that is continued");
                last.text = format!("{}\n{more}", last.text);
            } else if let Some(script) = line.strip_prefix(WORLD) {
                script.clone_into(&mut world);
            } else if let Some(word) = line.strip_prefix("% needs ") {
                tool.needs.push(word.to_owned());
            } else if let Some(words) = line.strip_prefix("% version ") {
                let (text, command) = words.split_once(' ').expect("a text and a command");
                tool.version = Some((text.to_owned(), command.to_owned()));
            } else if let Some(words) = line.strip_prefix("% shell ") {
                tool.shell = words.split_whitespace().map(str::to_owned).collect();
            } else if let Some(text) = line.strip_prefix("% beyond ") {
                tool.beyond.push(regex(text));
            } else if let Some(text) = line.strip_prefix("% vary ") {
                tool.vary.push(regex(text));
            } else if !line.starts_with('#') && !line.trim().is_empty() {
                tool.commands.push(Asked { world: world.clone(), text: line.to_owned() });
            }
        }
        tool
    }

    /// The working folder of its commands.
    pub fn files(&self) -> Files {
        let mut files = Files::new();
        let root = folder().join(&self.name);
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).into_iter().flatten().filter_map(Result::ok) {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if let Ok(name) = path.strip_prefix(&root) {
                    let content = fs::read(&path).expect("a file of the working folder");
                    files.insert(name.to_string_lossy().into_owned(), content);
                }
            }
        }
        files
    }

    /// Whether a real answer needs what isn't there.
    pub fn is_beyond(&self, answer: &Answer) -> bool {
        let fits = |regex: &Regex| regex.is_match(&answer.stderr) || regex.is_match(&answer.stdout);
        self.beyond.iter().any(fits)
    }

    /// An answer in which what varies is equal.
    pub fn settled(&self, answer: Answer) -> Answer {
        let equal = |text: String| {
            self.vary
                .iter()
                .fold(text, |text, regex| regex.replace_all(&text, "<varies>").into_owned())
        };
        Answer { stdout: equal(answer.stdout), stderr: equal(answer.stderr), exit: answer.exit }
    }
}

/// podhop's side: a cluster of three nodes, and the working folder.
pub struct Podhop {
    cluster: Cluster,
    session: Session,
    /// The script that has run in the cluster.
    world: String,
}

impl Podhop {
    /// A cluster that has come up.
    pub fn new(files: Files) -> Podhop {
        Podhop::of(files, false)
    }

    fn of(files: Files, dual_stack: bool) -> Podhop {
        let config = Config { nodes: 3, seed: 7, dns: true, dual_stack };
        let mut cluster = Cluster::new(&config, shell::programs());
        cluster.settle(SETTLE);
        Podhop { cluster, session: Session::new(files), world: String::new() }
    }

    /// A cluster in which a script of the working folder has run; the same one if it already has.
    pub fn enter(self, world: &str, files: &Files) -> Podhop {
        if self.world == world {
            return self;
        }
        let (script, words) = world.split_once(' ').unwrap_or((world, ""));
        let mut podhop = Podhop::of(files.clone(), words == "dual-stack");
        world.clone_into(&mut podhop.world);
        if !script.is_empty() {
            let mut session = podhop.session.clone();
            let made = session.run(&mut podhop.cluster, &format!("set -e; . ./{script}"), LIMIT);
            let said = String::from_utf8_lossy(&made.stderr);
            assert!(made.exit == 0, "{world}: {said}");
        }
        podhop
    }

    /// Its cluster, to ask it in another way.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// What a command comes to; nothing that it changes is there for the next one.
    pub fn answer(&self, command: &str) -> Answer {
        let (mut cluster, mut session) = (self.cluster.clone(), self.session.clone());
        let finished = session.run(&mut cluster, command, LIMIT);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Answer {
            stdout: text(&finished.stdout),
            stderr: text(&finished.stderr),
            exit: finished.exit,
        }
    }
}

/// Answers as they are recorded: `$ command`, standard output behind `| `, standard error behind
/// `! `, the exit code where it isn't 0; `\` behind text that doesn't end its line.
pub fn written(command: &str, answer: &Answer) -> String {
    let mut text = format!("$ {}\n", command.replace('\n', "\n> "));
    for (mark, stream) in [('|', &answer.stdout), ('!', &answer.stderr)] {
        for line in stream.split_inclusive('\n') {
            let (line, end) = match line.strip_suffix('\n') {
                Some(line) => (line, ""),
                None => (line, "\\"),
            };
            let gap = if line.is_empty() && end.is_empty() { "" } else { " " };
            text += &format!("{mark}{gap}{line}{end}\n");
        }
    }
    if answer.exit != 0 {
        text += &format!("[exit {}]\n", answer.exit);
    }
    text
}
