//! `wc`, `tee`.

use super::bytes::{content, or_standard, waits};
use super::lines::cannot_open;
use crate::cluster::Flavour;
use crate::shell::commands::options::{Grammar, Options, matched};
use crate::shell::commands::{Setting, failed, is_gnu};
use crate::shell::{Io, Step, Tool};

/// `--files0-from`: the names in a file; `Ok(None)` without the option, `None` before the end of standard input.
fn listed(options: &Options, io: &mut Io<'_>) -> Option<Result<Option<Vec<String>>, String>> {
    let Some(file) = options.value('Á') else { return Some(Ok(None)) };
    if let Some(extra) = options.operands.first() {
        return Some(Err(format!(
            "wc: extra operand '{extra}'\nfile operands cannot be combined with --files0-from\nTry 'wc --help' for more information."
        )));
    }
    if file == "-" && !io.stdin.ended() {
        return None;
    }
    let names = |bytes: Vec<u8>| {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Some(text.split_terminator('\0').map(str::to_owned).collect())
    };
    let cannot = |why| format!("wc: cannot open '{file}' for reading: {why}");
    Some(content(io, file).map(names).map_err(cannot))
}

const WC: Grammar = Grammar {
    name: "wc",
    short: "lwcmLÁ:",
    long: &[
        ("lines", 'l'),
        ("words", 'w'),
        ("bytes", 'c'),
        ("chars", 'm'),
        ("max-line-length", 'L'),
        ("files0-from", 'Á'),
    ],
    stops: false,
};

pub(in crate::shell::commands) fn wc(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let mut options = match WC.read(arguments, io) {
        Some(options) => options,
        None => return Some(1),
    };
    match listed(&options, io)? {
        Ok(Some(names)) if names.is_empty() => return Some(0),
        Ok(Some(names)) => options.operands = names,
        Ok(None) => {}
        Err(why) => {
            io.write_error(why);
            return Some(1);
        }
    }
    if waits(io, &options.operands) {
        return None;
    }
    let shown: Vec<char> = "lwmcL".chars().filter(|letter| options.has(*letter)).collect();
    let shown = if shown.is_empty() { vec!['l', 'w', 'c'] } else { shown };
    let Counted { mut rows, bytes, failed } = counted(io, &options.operands, &shown);
    if options.operands.len() > 1 {
        let column = |at: usize| {
            let counts = rows.iter().map(|(counts, _)| counts[at]);
            // The longest line of all is the longest of the longest.
            if shown[at] == 'L' { counts.max().unwrap_or(0) } else { counts.sum() }
        };
        let sum: Vec<usize> = (0..shown.len()).map(column).collect();
        rows.push((sum, "total".to_owned()));
    }
    // Names that come through a pipe are not known before, and so their files' sizes neither.
    let width = match options.value('Á') == Some("-") && !io.stdin.regular && is_gnu(io) {
        true => 0,
        false => width(io, &options.operands, shown.len(), bytes),
    };
    for (counts, name) in rows {
        let mut cells: Vec<String> =
            counts.iter().map(|count| format!("{count:>width$}")).collect();
        if !name.is_empty() {
            cells.push(name);
        }
        io.say(cells.join(" "));
    }
    Some(i32::from(failed))
}

/// What was counted.
struct Counted {
    /// Each file's counts, and its name.
    rows: Vec<(Vec<usize>, String)>,
    /// How many bytes all files have.
    bytes: usize,
    /// Whether one could not be read.
    failed: bool,
}

/// Counts in files, or in standard input where there is none.
fn counted(io: &mut Io<'_>, operands: &[String], shown: &[char]) -> Counted {
    let mut counted = Counted { rows: Vec::new(), bytes: 0, failed: false };
    for name in or_standard(operands) {
        if name.is_empty() && is_gnu(io) {
            counted.failed = true;
            io.write_error("wc: invalid zero-length file name");
            continue;
        }
        let content = content(io, &name);
        let folder = content.is_err() && io.is_directory(&name);
        if let Err(why) = &content {
            counted.failed = true;
            cannot_open(io, "wc", &name, why);
        }
        // A folder can be opened, and has nothing to be counted.
        if content.is_ok() || folder {
            let bytes = content.unwrap_or_default();
            let counts = shown.iter().map(|letter| count(&bytes, *letter)).collect();
            counted.bytes += bytes.len();
            let name = if operands.is_empty() { String::new() } else { name };
            counted.rows.push((counts, name));
        }
    }
    counted
}

/// How wide a column is. GNU takes as many places as all files together have digits, and seven where one
/// is no file.
fn width(io: &Io<'_>, operands: &[String], columns: usize, bytes: usize) -> usize {
    if columns == 1 && operands.len() < 2 {
        return 0;
    }
    if !is_gnu(io) {
        return 9;
    }
    let piped = |name: &String| name == "-" && !io.stdin.regular;
    let odd = operands.is_empty() && !io.stdin.regular
        || operands.iter().any(|name| piped(name) || io.is_directory(name));
    let digits = bytes.to_string().len();
    if odd { digits.max(7) } else { digits }
}

/// How many lines, words, bytes (`c`), characters (`m`) there are, or how long the longest line is.
fn count(bytes: &[u8], letter: char) -> usize {
    let text = String::from_utf8_lossy(bytes);
    // What is no character is none.
    let characters =
        |text: &str| text.chars().filter(|one| *one != char::REPLACEMENT_CHARACTER).count();
    match letter {
        'l' => bytes.iter().filter(|byte| **byte == b'\n').count(),
        'w' => text.split_whitespace().count(),
        'm' => characters(&text),
        'L' => text.lines().map(characters).max().unwrap_or(0),
        _ => bytes.len(),
    }
}

/// `tee`: passes on what comes, and keeps it.
#[derive(Clone)]
struct Tee {
    files: Vec<String>,
    /// How often standard output has it: to BusyBox `-` is that, too.
    copies: usize,
    append: bool,
    begun: bool,
    failed: bool,
}

impl Tool for Tee {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        if !self.begun {
            self.begun = true;
            for file in self.files.clone() {
                let old =
                    if self.append { io.read_file(&file).unwrap_or_default() } else { Vec::new() };
                self.write(io, &file, &old);
            }
        }
        let rest = io.stdin.rest().to_vec();
        io.stdin.read = io.stdin.bytes.len();
        io.stdout.extend_from_slice(&rest.repeat(self.copies));
        if !rest.is_empty() {
            for file in self.files.clone() {
                let mut content = io.read_file(&file).unwrap_or_default();
                content.extend_from_slice(&rest);
                self.write(io, &file, &content);
            }
        }
        match io.stdin.ended() {
            true => Step::Exit(i32::from(self.failed)),
            false => Step::Input,
        }
    }
}

impl Tee {
    fn write(&mut self, io: &mut Io<'_>, file: &str, content: &[u8]) {
        if let Err(why) = io.write_file(file, content) {
            self.failed = true;
            self.files.retain(|kept| kept != file);
            io.write_error(format!("tee: {file}: {why}"));
        }
    }
}

pub(in crate::shell::commands) fn tee(
    arguments: &[String],
    setting: &Setting<'_>,
) -> Box<dyn Tool> {
    const TEE: &[(&str, char)] =
        &[("append", 'a'), ("ignore-interrupts", 'i'), ("output-error", 'À')];
    const TROUBLE: &[(&[&str], u8)] =
        &[(&["warn"], 0), (&["warn-nopipe"], 1), (&["exit"], 2), (&["exit-nopipe"], 3)];
    const GRAMMAR: Grammar = Grammar { name: "tee", short: "aipÀ;", long: TEE, stops: false };
    let words = |options: &Options| {
        options
            .value('À')
            .filter(|word| !word.is_empty())
            .map_or(Ok(()), |word| matched("tee", "--output-error", word, TROUBLE).map(drop))
    };
    // What happens when a reader goes never shows here: all have their say first.
    let options = GRAMMAR.parse(arguments, setting.words).map_err(String::from);
    match options.and_then(|options| words(&options).map(|()| options)) {
        Ok(options) => {
            let append = options.has('a');
            let mut files = options.operands;
            let all = files.len();
            if setting.flavour == Flavour::BusyBox {
                files.retain(|file| file != "-");
            }
            let copies = 1 + all - files.len();
            Box::new(Tee { files, copies, append, begun: false, failed: false })
        }
        Err(message) => failed(message, 1),
    }
}
