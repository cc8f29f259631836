//! `head` and `tail`.

use std::time::Duration;

use super::lines::{cannot_open, whole};
use crate::cluster::Flavour;
use crate::shell::commands::options::{Grammar, Messages, Options, matched};
use crate::shell::commands::trouble::left_out;
use crate::shell::commands::{Setting, failed, warned, words};
use crate::shell::{Io, NEVER, Read, Step, Tool};

/// How often `tail -f` looks at a file.
const LOOK: Duration = Duration::from_secs(1);

/// GNU's tail is told of changes by the kernel; here it looks this often.
const LOOK_OFTEN: Duration = Duration::from_millis(100);

/// How much is wanted: a count, and of what.
#[derive(Clone, Copy)]
struct Amount {
    bytes: bool,
    count: usize,
    /// `head -n -3`: all but; `tail -n +3`: from.
    turned: bool,
    /// What ends a line: `-z` makes it a zero byte.
    end: char,
}

impl Amount {
    fn read(text: &str, bytes: bool, tool: &str, gnu: bool) -> Result<Amount, String> {
        let (turned, digits) = match (tool, text.chars().next()) {
            ("head", Some('-')) | ("tail", Some('+')) => (true, &text[1..]),
            ("tail", Some('-')) => (false, &text[1..]),
            ("head", Some('+')) if gnu => (false, &text[1..]),
            _ => (false, text),
        };
        match scaled(digits, gnu) {
            Some(count) => Ok(Amount { bytes, count, turned, end: '\n' }),
            None if !gnu => Err(format!("{tool}: invalid number '{text}'")),
            None => {
                let what = if bytes { "bytes" } else { "lines" };
                let huge = digits.strip_suffix(['P', 'E', 'Z', 'Y', 'R', 'Q']);
                let huge = huge.is_some_and(|count| count.parse::<usize>().is_ok_and(|n| n > 0))
                    || !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
                let why = if huge { ": Value too large for defined data type" } else { "" };
                Err(format!("{tool}: invalid number of {what}: '{digits}'{why}"))
            }
        }
    }
}

/// `1k`, `2M`: a count with a multiplier. BusyBox' has three (`bkm_suffixes`), and no sign.
fn scaled(text: &str, gnu: bool) -> Option<usize> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    if digits.starts_with('+') {
        return None;
    }
    let by = match &text[digits.len()..] {
        "" => 1,
        unit if !gnu && !matches!(unit, "b" | "k" | "m") => return None,
        "b" => 512,
        "kB" => 1_000,
        "k" | "K" | "KiB" => 1 << 10,
        "MB" => 1_000_000,
        "m" | "M" | "MiB" => 1 << 20,
        "g" | "G" | "GiB" => 1 << 30,
        _ => return None,
    };
    digits.parse::<usize>().ok()?.checked_mul(by)
}

/// `head -5q`, `head -2c`: the first option of old, with its unit and what else it says (`head.c`).
fn old_head(text: &str) -> Option<Vec<String>> {
    let rest = text.strip_prefix('-')?;
    let digits = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
    let (count, letters) = rest.split_at(digits);
    if count.is_empty() || !letters.chars().all(|letter| "cbkmlqvz".contains(letter)) {
        return None;
    }
    let (mut unit, mut bytes, mut more) = ("", false, Vec::new());
    for letter in letters.chars() {
        match letter {
            'c' => (bytes, unit) = (true, ""),
            'b' => (bytes, unit) = (true, "b"),
            'k' => (bytes, unit) = (true, "k"),
            'm' => (bytes, unit) = (true, "m"),
            'l' => (bytes, unit) = (false, ""),
            other => more.push(format!("-{other}")),
        }
    }
    more.insert(0, format!("-{}{count}{unit}", if bytes { 'c' } else { 'n' }));
    Some(more)
}

/// `tail -5f`, `tail -3c`: likewise (`parse_obsolete_option` of `tail.c`).
fn old_tail(text: &str) -> Option<Vec<String>> {
    let digits =
        text.trim_start_matches(['-', '+']).trim_end_matches(|one: char| !one.is_ascii_digit());
    let letters = text.trim_start_matches(['-', '+']).strip_prefix(digits)?;
    let right = matches!(letters, "f" | "c" | "l" | "cf" | "lf" | "b" | "bf");
    if digits.is_empty() || !right || !text.starts_with(['-', '+']) {
        return None;
    }
    let sign = if text.starts_with('+') { "+" } else { "" };
    let (option, unit) = match letters.chars().next() {
        Some('c') => ('c', ""),
        Some('b') => ('c', "b"),
        _ => ('n', ""),
    };
    let mut all = vec![format!("-{option}{sign}{digits}{unit}")];
    all.extend(letters.ends_with('f').then(|| "-f".to_owned()));
    Some(all)
}

/// `-5` of old stands for `-n 5`, and `tail +5` for `tail -n +5`.
fn modern(arguments: &[String], tool: &str) -> Vec<String> {
    let digits = |rest: &str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit());
    let mut all = Vec::new();
    let mut value = false;
    for (at, argument) in arguments.iter().enumerate() {
        if let Some(options) = old_tail(argument).filter(|_| tool == "tail" && at == 0) {
            all.extend(options);
            continue;
        }
        if let Some(options) = old_head(argument).filter(|_| tool == "head" && at == 0) {
            all.extend(options);
            continue;
        }
        let old = !value && argument.strip_prefix('-').is_some_and(digits);
        let from = tool == "tail" && at == 0 && argument.strip_prefix('+').is_some_and(digits);
        all.push(match (old, from) {
            (true, _) => format!("-n{}", &argument[1..]),
            (_, true) => format!("-n{argument}"),
            _ => argument.clone(),
        });
        value = matches!(argument.as_str(), "-n" | "-c" | "--lines" | "--bytes");
    }
    all
}

/// `head` of one text that may still be coming in.
#[derive(Clone)]
struct Head {
    left: usize,
}

impl Tool for Head {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        while self.left > 0 {
            match io.read_line() {
                Read::Line(line) => {
                    io.say(line);
                    self.left -= 1;
                }
                Read::Wait => return Step::Input,
                Read::End => break,
            }
        }
        Step::Exit(0)
    }
}

/// `head -c` of what may still be coming in: it takes no more than it wants.
#[derive(Clone)]
struct HeadBytes {
    left: usize,
}

impl Tool for HeadBytes {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        let rest = io.stdin.rest();
        let taken = rest.len().min(self.left);
        io.stdout.extend_from_slice(&rest[..taken]);
        io.stdin.read += taken;
        self.left -= taken;
        match self.left == 0 || io.stdin.ended() {
            true => Step::Exit(0),
            false => Step::Input,
        }
    }
}

/// A command that needs whole texts, with what it wants of each.
#[derive(Clone)]
struct Part {
    tool: &'static str,
    amount: Amount,
    files: Vec<String>,
    quiet: bool,
    titled: bool,
}

impl Part {
    /// With another end of lines (`-z`).
    fn with_end(mut self, zero: bool) -> Part {
        self.amount.end = if zero { '\0' } else { '\n' };
        self
    }

    /// `head -c COUNT /dev/urandom`: a device that gives bytes for ever gives so many.
    fn device(&self, io: &mut Io<'_>) -> Option<i32> {
        let [file] = self.files.as_slice() else { return None };
        let Amount { bytes: true, count, turned: false, .. } = self.amount else { return None };
        if self.tool != "head" || !io.is_device(file) {
            return None;
        }
        match io.read_first(file, count) {
            Ok(bytes) => io.stdout.extend_from_slice(&bytes),
            Err(why) => {
                io.write_error(format!("head: error reading '{file}': {why}"));
                return Some(1);
            }
        }
        Some(0)
    }

    fn of<'t>(&self, text: &'t str) -> &'t [u8] {
        let Amount { bytes, count, turned, end } = self.amount;
        let ends = || text.match_indices(end).map(|(at, _)| at + 1);
        let starts: Vec<usize> = match bytes {
            true => Vec::new(),
            false => std::iter::once(0).chain(ends()).filter(|at| *at < text.len()).collect(),
        };
        let all = if bytes { text.len() } else { starts.len() };
        let at = |index: usize| match bytes {
            true => index.min(all),
            false => starts.get(index).copied().unwrap_or(text.len()),
        };
        let text = text.as_bytes();
        match (self.tool, turned) {
            ("head", false) => &text[..at(count)],
            ("head", true) => &text[..at(all.saturating_sub(count))],
            (_, true) => &text[at(count.saturating_sub(1))..],
            (_, false) => &text[at(all.saturating_sub(count))..],
        }
    }
}

impl Part {
    /// GNU's head has a title for a folder, too, which it could open.
    fn with_folders(&self, io: &mut Io<'_>, texts: &[(String, String)]) {
        let mut rest = texts.iter().peekable();
        let mut gap = "";
        for file in &self.files {
            let text = rest.next_if(|(name, _)| name == file).map(|(_, text)| text);
            if text.is_none() && !io.is_directory(file) {
                continue;
            }
            let name = if file == "-" { "standard input" } else { file };
            io.say(format!("{gap}==> {name} <=="));
            gap = "\n";
            if let Some(text) = text {
                io.stdout.extend_from_slice(self.of(text));
            }
        }
    }
}

impl Tool for Part {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        if let Some(status) = self.device(io) {
            return Step::Exit(status);
        }
        let Some((texts, failed)) = whole(io, self.tool, &self.files) else { return Step::Input };
        let busybox = words(io.cluster, io.place) != Messages::Gnu;
        // BusyBox' tail counts the files that it could open.
        let many = if busybox && self.tool == "tail" { texts.len() } else { self.files.len() };
        let titles = self.titled || many > 1 && !self.quiet;
        let folder = self.files.iter().any(|file| io.is_directory(file));
        if busybox && self.tool == "tail" && texts.is_empty() && failed && !folder {
            io.write_error("tail: no files");
        }
        if !busybox && self.tool == "head" && folder && titles {
            self.with_folders(io, &texts);
            return Step::Exit(1);
        }
        for (index, (name, text)) in texts.iter().enumerate() {
            if titles {
                let name = if name == "-" { "standard input" } else { name };
                // BusyBox' head counts the files that it could not open too.
                let first = match busybox && self.tool == "head" {
                    true => self.files.first().is_some_and(|first| *first == texts[index].0),
                    false => index == 0,
                };
                let gap = if index > 0 || !first { "\n" } else { "" };
                io.say(format!("{gap}==> {name} <=="));
            }
            io.stdout.extend_from_slice(self.of(text));
        }
        Step::Exit(i32::from(failed))
    }
}

pub(in crate::shell::commands) fn head(
    arguments: &[String],
    setting: &Setting<'_>,
) -> Box<dyn Tool> {
    const GRAMMAR: Grammar = Grammar {
        name: "head",
        short: "n:c:qvz",
        long: &[
            ("lines", 'n'),
            ("bytes", 'c'),
            ("quiet", 'q'),
            ("silent", 'q'),
            ("verbose", 'v'),
            ("zero-terminated", 'z'),
        ],
        stops: false,
    };
    // The old form's letters are few.
    let old = arguments.first().and_then(|first| first.strip_prefix('-')).filter(|rest| {
        rest.starts_with(|first: char| first.is_ascii_digit()) && setting.flavour == Flavour::Gnu
    });
    let wrong = old.and_then(|rest| {
        rest.chars().find(|one| !one.is_ascii_digit() && !"cbkmlqvz".contains(*one))
    });
    if let Some(letter) = wrong {
        return failed(
            format!(
                "head: invalid trailing option -- {letter}\nTry 'head --help' for more information."
            ),
            1,
        );
    }
    let options = match GRAMMAR.parse(&modern(arguments, "head"), setting.words) {
        Ok(options) => options,
        Err(message) => return failed(message, 1),
    };
    let gnu = setting.flavour == Flavour::Gnu;
    let amount = match (options.value('c'), options.value('n')) {
        (Some(bytes), _) => Amount::read(bytes, true, "head", gnu),
        (None, lines) => Amount::read(lines.unwrap_or("10"), false, "head", gnu),
    };
    match amount {
        Err(message) => failed(message, 1),
        Ok(Amount { bytes: false, count, turned: false, .. })
            if options.operands.is_empty() && !options.has('v') && !options.has('z') =>
        {
            Box::new(Head { left: count })
        }
        Ok(Amount { bytes: true, count, turned: false, .. })
            if options.operands.is_empty() && !options.has('v') =>
        {
            Box::new(HeadBytes { left: count })
        }
        Ok(amount) => {
            let (quiet, titled) = (options.has('q'), options.has('v'));
            let zero = options.has('z');
            let part = Part { tool: "head", amount, files: options.operands, quiet, titled };
            Box::new(part.with_end(zero))
        }
    }
}

/// `tail -f`: what files had, and what is added to them.
#[derive(Clone)]
struct Follow {
    part: Part,
    /// `-F`: whether a file may come later.
    waits: bool,
    /// How much of each file has been shown; `None` where it is not there.
    shown: Vec<Option<usize>>,
    begun: bool,
    /// The file whose title was shown last.
    titled: Option<usize>,
}

impl Follow {
    fn title(&mut self, io: &mut Io<'_>, at: usize) {
        let many = self.part.files.len() > 1;
        if (many || self.part.titled) && !self.part.quiet && self.titled != Some(at) {
            let gap = if self.titled.is_some() { "\n" } else { "" };
            io.say(format!("{gap}==> {} <==", self.part.files[at]));
            self.titled = Some(at);
        }
    }

    fn begin(&mut self, io: &mut Io<'_>) {
        for at in 0..self.part.files.len() {
            let file = self.part.files[at].clone();
            match io.read_file(&file) {
                Ok(bytes) => {
                    self.title(io, at);
                    let text = String::from_utf8_lossy(&bytes).into_owned();
                    io.stdout.extend_from_slice(self.part.of(&text));
                    self.shown.push(Some(bytes.len()));
                }
                Err(why) => {
                    cannot_open(io, "tail", &file, &why);
                    self.shown.push(None);
                }
            }
        }
        self.begun = true;
    }

    fn look(&mut self, io: &mut Io<'_>) {
        for at in 0..self.part.files.len() {
            let file = self.part.files[at].clone();
            match (io.read_file(&file), self.shown[at]) {
                (Ok(bytes), Some(shown)) => {
                    let new = bytes.get(shown..).unwrap_or(&bytes);
                    if !new.is_empty() {
                        self.title(io, at);
                        io.stdout.extend_from_slice(new);
                    }
                    self.shown[at] = Some(bytes.len());
                }
                (Ok(bytes), None) if self.waits => {
                    io.write_error(format!("tail: '{file}' has appeared;  following new file"));
                    self.title(io, at);
                    io.stdout.extend_from_slice(&bytes);
                    self.shown[at] = Some(bytes.len());
                }
                (Err(why), Some(_)) if self.waits => {
                    io.write_error(format!("tail: '{file}' has become inaccessible: {why}"));
                    self.shown[at] = None;
                }
                _ => {}
            }
        }
    }
}

impl Tool for Follow {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        if self.part.files.is_empty() {
            return match self.part.step(io) {
                Step::Exit(_) => Step::Until(NEVER),
                wait => wait,
            };
        }
        if self.part.files.iter().all(|file| file == "/dev/null") {
            return Step::Until(NEVER);
        }
        match self.begun {
            false => self.begin(io),
            true => self.look(io),
        }
        if !self.waits && self.shown.iter().all(Option::is_none) {
            let busybox = words(io.cluster, io.place) != Messages::Gnu;
            io.write_error(if busybox { "tail: no files" } else { "tail: no files remaining" });
            return Step::Exit(1);
        }
        let gnu = words(io.cluster, io.place) == Messages::Gnu;
        Step::Until(io.now() + if gnu { LOOK_OFTEN } else { LOOK })
    }
}

/// What GNU's tail finds wrong in options that only matter while it follows.
fn wrong_tail(options: &Options, follow: bool) -> Option<String> {
    const WAYS: &[(&[&str], ())] = &[(&["descriptor"], ()), (&["name"], ())];
    let seconds = |text: &&str| !text.parse::<f64>().is_ok_and(|count| count >= 0.0);
    let process = |text: &&str| text.parse::<u32>().is_err();
    if let Some(text) = options.value('s').filter(seconds) {
        return Some(format!("tail: invalid number of seconds: '{text}'"));
    }
    if let Some(text) = options.value('Â').filter(process) {
        return Some(format!("tail: invalid PID: '{text}'"));
    }
    let way = options.value('À').filter(|way| !way.is_empty());
    if let Some(Err(why)) = way.map(|way| matched("tail", "--follow", way, WAYS)) {
        return Some(why);
    }
    (options.has('Â') && follow).then(|| left_out("tail", "--pid"))
}

/// The old form has one file at most (`parse_obsolete_option`).
fn misplaced(arguments: &[String], files: usize) -> Option<String> {
    let digits = arguments.first()?.strip_prefix('-')?;
    let is_old = digits.starts_with(|letter: char| letter.is_ascii_digit()) && files > 1;
    is_old.then(|| format!("tail: option used in invalid context -- {}", &digits[..1]))
}

/// What GNU's tail says of `--retry` and `--pid` where they do nothing.
fn idle_tail((retries, waits_for): (bool, bool), follow: bool, by_name: bool) -> Option<String> {
    let what = match (retries, follow) {
        (true, false) => "--retry ignored; --retry is useful only when following",
        (true, true) if !by_name => "--retry only effective for the initial open",
        (_, false) if waits_for => "PID ignored; --pid=PID is useful only when following",
        _ => return None,
    };
    Some(format!("tail: warning: {what}"))
}

pub(in crate::shell::commands) fn tail(
    arguments: &[String],
    setting: &Setting<'_>,
) -> Box<dyn Tool> {
    const GRAMMAR: Grammar = Grammar {
        name: "tail",
        short: "n:c:fFqvzs:À;ÁÂ:",
        long: &[
            ("lines", 'n'),
            ("bytes", 'c'),
            ("follow", 'À'),
            ("retry", 'Á'),
            ("quiet", 'q'),
            ("silent", 'q'),
            ("verbose", 'v'),
            ("sleep-interval", 's'),
            ("zero-terminated", 'z'),
            ("pid", 'Â'),
        ],
        stops: false,
    };
    // `+2` is of the old form, too: beside more than one file it names one.
    let named = setting.flavour == Flavour::Gnu
        && arguments.len() > 2
        && arguments.first().is_some_and(|first| first.starts_with('+'));
    let read = if named { arguments } else { &modern(arguments, "tail") };
    let options = match GRAMMAR.parse(read, setting.words) {
        Ok(options) => options,
        Err(message) => return failed(message, 1),
    };
    let gnu = setting.flavour == Flavour::Gnu;
    if let Some(why) = misplaced(arguments, options.operands.len()).filter(|_| gnu) {
        return failed(why, 1);
    }
    let amount = match (options.value('c'), options.value('n')) {
        (Some(bytes), _) => Amount::read(bytes, true, "tail", gnu),
        (None, lines) => Amount::read(lines.unwrap_or("10"), false, "tail", gnu),
    };
    let follow = ['f', 'F', 'À'].iter().any(|letter| options.has(*letter));
    if let Some(why) = wrong_tail(&options, follow).filter(|_| gnu) {
        return failed(why, 1);
    }
    match amount {
        Err(message) => failed(message, 1),
        Ok(amount) => {
            let (quiet, titled) = (options.has('q'), options.has('v'));
            let waits = options.has('F') || options.value('À') == Some("name");
            let zero = options.has('z');
            let idle = (options.has('Á'), options.has('Â'));
            let part = Part { tool: "tail", amount, files: options.operands, quiet, titled };
            let part = part.with_end(zero);
            let tool: Box<dyn Tool> = match follow {
                true => {
                    Box::new(Follow { part, waits, shown: Vec::new(), begun: false, titled: None })
                }
                false => Box::new(part),
            };
            match idle_tail(idle, follow, waits).filter(|_| gnu) {
                Some(warning) => warned(warning, tool),
                None => tool,
            }
        }
    }
}
