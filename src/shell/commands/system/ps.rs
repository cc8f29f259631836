//! `ps`: procps' and BusyBox'.

use super::processes::{Process, processes};
use crate::clock::SimTime;
use crate::shell::Io;
use crate::shell::commands;
use crate::shell::commands::options::Grammar;
use crate::shell::commands::trouble::left_out;

/// What procps' is told.
#[derive(Default)]
struct Asked {
    /// `-e`, `-A`, `ax`: everybody's.
    all: bool,
    /// `-f`
    full: bool,
    /// `u`: in BSD's columns for people.
    user: bool,
    /// `-o`: columns by name.
    columns: Vec<String>,
    /// `-p`
    pids: Option<Vec<String>>,
    /// `-C`
    names: Option<Vec<String>>,
    /// `--no-headers`
    bare: bool,
}

impl Asked {
    /// Reads the command line.
    ///
    /// # Errors
    /// What is not simulated, or is missing.
    fn read(arguments: &[String]) -> Result<Asked, String> {
        let mut asked = Asked::default();
        let mut words = arguments.iter().map(String::as_str);
        let list = |text: &str| text.split([',', ' ']).map(str::to_owned).collect::<Vec<_>>();
        while let Some(word) = words.next() {
            let not_here = || Err(left_out("ps", word));
            if let Some(long) = word.strip_prefix("--") {
                match long.split_once('=').unwrap_or((long, "")) {
                    ("no-headers" | "no-heading" | "noheaders", _) => asked.bare = true,
                    ("pid", pids) => asked.pids = Some(list(pids)),
                    ("format", names) => asked.columns.extend(list(names)),
                    _ => return not_here(),
                }
                continue;
            }
            let (dashed, letters) = match word.strip_prefix('-') {
                Some(letters) => (true, letters),
                None => (false, word),
            };
            for (at, letter) in letters.char_indices() {
                match (dashed, letter) {
                    (true, 'e' | 'A') | (false, 'a' | 'x') => asked.all = true,
                    (true, 'a' | 'x') => asked.all = true,
                    (_, 'f') => asked.full = true,
                    (_, 'u') => asked.user = true,
                    (false, 'e') | (_, 'w') => {}
                    (_, 'o' | 'p' | 'C') => {
                        let glued = &letters[at + 1..];
                        let value = if glued.is_empty() { words.next() } else { Some(glued) };
                        let Some(value) = value else {
                            let what = match letter {
                                'o' => "format specification",
                                'p' => "list of process IDs",
                                _ => "list of command names",
                            };
                            return Err(format!("error: {what} must follow -{letter}{USAGE}"));
                        };
                        match letter {
                            'o' => asked.columns.extend(list(value)),
                            'p' => asked.pids = Some(list(value)),
                            _ => asked.names = Some(list(value)),
                        }
                        break;
                    }
                    _ => return not_here(),
                }
            }
        }
        Ok(asked)
    }

    /// Whether a process is to be shown; `last` says that it is one of this terminal's.
    fn shows(&self, process: &Process, last: bool) -> bool {
        match (&self.pids, &self.names) {
            (None, None) => self.all || last,
            (pids, names) => {
                let listed = |list: &Option<Vec<String>>, text: String| {
                    list.as_ref().is_some_and(|list| list.contains(&text))
                };
                listed(pids, process.pid.to_string()) || listed(names, process.column("comm"))
            }
        }
    }
}

/// procps' columns: what names them, what stands above them, and how wide they are; numbers stand to the right.
const WIDE: [(&str, &str, i32); 13] = [
    ("pid", "PID", 7),
    ("ppid", "PPID", 7),
    ("user", "USER", -8),
    ("uid", "UID", 5),
    ("comm", "COMMAND", -15),
    ("args", "COMMAND", -27),
    ("cmd", "CMD", -27),
    ("command", "COMMAND", -27),
    ("stat", "STAT", -4),
    ("tty", "TT", -8),
    ("time", "TIME", 8),
    ("ni", "NI", 3),
    ("%cpu", "%CPU", 4),
];

/// procps' columns of what nobody keeps of a process here.
const KEPT_BY_NOBODY: [&str; 21] = [
    "%mem",
    "vsz",
    "rss",
    "etime",
    "etimes",
    "lstart",
    "start",
    "start_time",
    "pgid",
    "sid",
    "sess",
    "wchan",
    "state",
    "s",
    "pri",
    "psr",
    "lwp",
    "nlwp",
    "gid",
    "group",
    "label",
];

const USAGE: &str = "\n\nUsage:\n ps [options]\n\n Try 'ps --help <simple|list|output|threads|misc|all>'\n  or 'ps --help <s|l|o|t|m|a>'\n for additional help text.\n\nFor more details see ps(1).";

fn padded(text: &str, width: i32, last: bool) -> String {
    let size = width.unsigned_abs() as usize;
    match width > 0 {
        true => format!("{text:>size$}"),
        false if last => text.to_owned(),
        false => format!("{text:<size$}"),
    }
}

/// The columns that `-o` names, with what stands above them.
///
/// # Errors
/// A column that there is not, or that is not kept here.
fn chosen(asked: &Asked) -> Result<Vec<(&'static str, String, i32)>, String> {
    let mut columns = Vec::new();
    for word in &asked.columns {
        let (name, own) =
            word.split_once('=').map_or((word.as_str(), None), |(name, own)| (name, Some(own)));
        let name = match name {
            "euser" | "uname" => "user",
            "ucmd" => "comm",
            "pcpu" => "%cpu",
            "pmem" => "%mem",
            "tt" | "tname" => "tty",
            "nice" => "ni",
            "cputime" => "time",
            name => name,
        };
        let Some((name, header, width)) = WIDE.iter().find(|(known, ..)| *known == name) else {
            return Err(match KEPT_BY_NOBODY.contains(&name) {
                true => left_out("ps", format!("-o {name}")),
                false => {
                    format!("error: unknown user-defined format specifier \"{name}\"{USAGE}")
                }
            });
        };
        columns.push((*name, own.unwrap_or(header).to_owned(), *width));
    }
    Ok(columns)
}

/// What stands in a column of procps'.
fn cell(process: &Process, name: &str) -> String {
    match name {
        "cmd" | "command" => process.column("args"),
        "uid" => if process.user == "root" { "0" } else { "1000" }.to_owned(),
        "%cpu" => "0.0".to_owned(),
        "ni" => "0".to_owned(),
        "time" => "00:00:00".to_owned(),
        "stat" => "Ss".to_owned(),
        "tty" => "pts/0".to_owned(),
        "comm" => process.column("comm").trim_start_matches('-').to_owned(),
        name => process.column(name),
    }
}

pub(in crate::shell::commands) fn ps(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let own = std::iter::once("ps").chain(arguments.iter().map(String::as_str));
    let own = own.collect::<Vec<_>>().join(" ");
    let all = processes(io, &own);
    if !commands::is_gnu(io) {
        return Some(busybox_ps(arguments, &all, io));
    }
    let asked = Asked::read(arguments).and_then(|asked| Ok((chosen(&asked)?, asked)));
    let (columns, asked) = match asked {
        Ok(asked) => asked,
        Err(why) => {
            io.write_error(why);
            return Some(1);
        }
    };
    let of_terminal = all.len().saturating_sub(2);
    let shown: Vec<&Process> = all
        .iter()
        .enumerate()
        .filter(|(at, process)| asked.shows(process, *at >= of_terminal))
        .map(|(_, process)| process)
        .collect();
    let start = super::date::format(SimTime::START, "%H:%M");
    let header = match () {
        () if !columns.is_empty() => {
            let last = columns.len() - 1;
            let cells = columns.iter().enumerate();
            let line: Vec<String> =
                cells.map(|(at, (_, header, width))| padded(header, *width, at == last)).collect();
            let blank = columns.iter().all(|(_, header, _)| header.is_empty());
            if blank { String::new() } else { line.join(" ") }
        }
        () if asked.user => {
            "USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND".to_owned()
        }
        () if asked.full => "UID          PID    PPID  C STIME TTY          TIME CMD".to_owned(),
        () => "    PID TTY          TIME CMD".to_owned(),
    };
    if !asked.bare && !header.is_empty() {
        io.say(header);
    }
    for process in &shown {
        let Process { user, pid, command } = process;
        let parent = u32::from(*pid > 1);
        io.say(match () {
            () if !columns.is_empty() => {
                let last = columns.len() - 1;
                let cells = columns.iter().enumerate();
                let cells = cells
                    .map(|(at, (name, _, width))| padded(&cell(process, name), *width, at == last));
                cells.collect::<Vec<_>>().join(" ")
            }
            () if asked.user => format!(
                "{user:<8} {pid:>7}  0.0  0.1   4364  3328 ?        Ss   {start}   0:00 {command}"
            ),
            () if asked.full => {
                format!("{user:<8} {pid:>7} {parent:>7}  0 {start} ?        00:00:00 {command}")
            }
            () => format!("{pid:>7} pts/0    00:00:00 {}", cell(process, "comm")),
        });
    }
    Some(i32::from(shown.is_empty()))
}

/// BusyBox' `ps`, which has letters of other systems' without a meaning, and columns by name (`-o`).
fn busybox_ps(arguments: &[String], all: &[Process], io: &mut Io<'_>) -> i32 {
    let Some(options) = Grammar::short("ps", "o:aAdeflT").read(arguments, io) else { return 1 };
    let asked: Vec<&str> = options.all('o').collect();
    let asked = if asked.is_empty() { "pid,user,time,args".to_owned() } else { asked.join(",") };
    let mut columns: Vec<(&str, &str, usize)> = Vec::new();
    let mut rest = asked.as_str();
    loop {
        let (word, more) = rest.split_once(',').unwrap_or((rest, ""));
        let (name, own) =
            word.split_once('=').map_or((word, None), |(name, own)| (name, Some(own)));
        let Some((_, usual, width)) = COLUMNS.iter().find(|(known, ..)| *known == name) else {
            let known: Vec<&str> = COLUMNS.iter().map(|(name, ..)| *name).collect();
            let known = known.join(",");
            io.write_error(format!("ps: bad -o argument '{name}', supported arguments: {known}"));
            return 1;
        };
        let width = own.filter(|own| !own.is_empty()).map_or(*width, str::len);
        columns.push((name, own.unwrap_or(usual), width));
        if more.is_empty() {
            break;
        }
        rest = more;
    }
    if let Some((name, ..)) = columns.iter().find(|(name, ..)| UNKNOWN.contains(name)) {
        io.write_error(left_out("ps", format!("-o {name}")));
        return 1;
    }
    // The last column is not filled up.
    let line = |cells: Vec<String>| cells.join(" ").trim_end().to_owned();
    let padded = |(at, (_, header, width)): (usize, &(&str, &str, usize))| match at + 1 {
        last if last == columns.len() => (*header).to_owned(),
        _ => format!("{header:<width$}"),
    };
    if columns.iter().any(|(_, header, _)| !header.is_empty()) {
        io.say(line(columns.iter().enumerate().map(padded).collect()));
    }
    for process in all {
        let cell = |(at, (name, _, width)): (usize, &(&str, &str, usize))| {
            let text = process.column(name);
            match *name {
                "pid" | "ppid" | "nice" => format!("{text:>width$}"),
                _ if at + 1 == columns.len() => text,
                _ => format!("{text:<width$}"),
            }
        };
        io.say(line(columns.iter().enumerate().map(cell).collect()));
    }
    0
}

/// The columns of BusyBox' `ps`: what names them, what stands above them, and how wide they are.
const COLUMNS: [(&str, &str, usize); 17] = [
    ("user", "USER", 8),
    ("group", "GROUP", 8),
    ("comm", "COMMAND", 16),
    ("args", "COMMAND", 0),
    ("pid", "PID", 5),
    ("ppid", "PPID", 5),
    ("pgid", "PGID", 5),
    ("etime", "ELAPSED", 7),
    ("nice", "NI", 5),
    ("rgroup", "RGROUP", 8),
    ("ruser", "RUSER", 8),
    ("time", "TIME", 5),
    ("tty", "TT", 6),
    ("vsz", "VSZ", 4),
    ("sid", "SID", 5),
    ("stat", "STAT", 4),
    ("rss", "RSS", 4),
];

/// Columns of what nobody keeps of a process here.
const UNKNOWN: [&str; 5] = ["pgid", "etime", "vsz", "sid", "rss"];

impl Process {
    fn column(&self, name: &str) -> String {
        let program = self.command.split(' ').next().unwrap_or("");
        match name {
            "pid" => self.pid.to_string(),
            "ppid" => u32::from(self.pid > 1).to_string(),
            "comm" => program.rsplit('/').next().unwrap_or(program).to_owned(),
            "args" => self.command.clone(),
            "nice" => "0".to_owned(),
            "time" => " 0:00".to_owned(),
            "tty" => "?".to_owned(),
            "stat" => "S".to_owned(),
            _ => self.user.clone(),
        }
    }
}
