//! `find`: tests and actions, joined as GNU's and BusyBox' `find` join them.

use std::collections::VecDeque;

use k8s_openapi::jiff::Timestamp;

use super::change::agreed;
use crate::cluster::Flavour;
use crate::shell::commands::Setting;
use crate::shell::commands::conversion::{Spec, WIDEST};
use crate::shell::commands::moment::Moment;
use crate::shell::commands::system::date::parse_date;
use crate::shell::commands::system::run::start;
use crate::shell::commands::text::regex::{Regex, Syntax, compile};
use crate::shell::file_facts::Facts;
use crate::shell::files::View;
use crate::shell::machine::Machine;
use crate::shell::machine::pattern::Pattern;
use crate::shell::{Interrupted, Io, Stdin, Step, Tool};

/// How deep brackets may nest.
const DEEPEST: usize = 50;

/// More than a name or a rest of the arguments tells.
#[derive(Clone, Debug)]
enum Test {
    Name(Pattern, bool),
    Path(Pattern, bool),
    Regex(Regex),
    Type(Vec<char>),
    /// `-xtype`: the kind of what a link leads to, or with `-L` of the link.
    OtherType(Vec<char>),
    /// Rounded up to units of this many bytes, and compared; BusyBox' compares bytes (0).
    Size(char, u64, u64),
    /// `-perm 644`, `-perm -111`, `-perm /111`: how it is compared, and the bits.
    Mode(char, u32),
    /// `-executable` and its like: one of these bits.
    Right(u32),
    /// `-newer FILE`
    Newer(Timestamp),
    /// `-mtime`, `-mmin`: how many units of so many seconds ago it was written.
    /// From which moment, if not from now, comes last.
    Age(char, i64, i64, Option<i64>),
    Owner(String),
    Group(String),
    NoOwner,
    /// `-links`
    Names(char, u64),
    /// `-samefile`: the path that keeps the file's content.
    Same(String),
    /// `-lname`
    Target(Pattern, bool),
    /// `-ls`
    Details,
    Empty,
    True,
    False,
    Prune,
    Print(char),
    Quit,
    Delete,
    Printf(String),
    /// `-fprint`: where, and what ends a name.
    Write(String, char),
    /// `-fprintf`: where, and how.
    WriteFormat(String, String),
    /// A command, whether it gets many names at once, and how it is run.
    Run(Vec<String>, Option<usize>, Manner),
    Not(Box<Test>),
    And(Vec<Test>),
    Or(Vec<Test>),
    /// `,`: all are tried, and the last one counts.
    List(Vec<Test>),
}

/// How a command is run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Manner {
    /// `-execdir`: in the folder that the file is in.
    inside: bool,
    /// `-ok`: when somebody says yes.
    asks: bool,
}

#[derive(Clone, Copy)]
struct Range {
    least: usize,
    most: usize,
    deep: bool,
    /// `-L`: links are what they lead to.
    follow: bool,
}

/// The syntax of `-regex`, as `-regextype` names it.
#[derive(Clone, Copy, PartialEq)]
enum Expressions {
    /// Emacs': repetition is written as in extended expressions, all else as in basic ones.
    Emacs,
    Posix(Syntax),
}

impl Expressions {
    const NAMES: [(&str, Expressions); 13] = [
        ("findutils-default", Expressions::Emacs),
        ("ed", Expressions::Posix(Syntax::Basic)),
        ("emacs", Expressions::Emacs),
        ("gnu-awk", Expressions::Posix(Syntax::Extended)),
        ("grep", Expressions::Posix(Syntax::Basic)),
        ("posix-awk", Expressions::Posix(Syntax::Extended)),
        ("awk", Expressions::Posix(Syntax::Extended)),
        ("posix-basic", Expressions::Posix(Syntax::Basic)),
        ("posix-egrep", Expressions::Posix(Syntax::Extended)),
        ("egrep", Expressions::Posix(Syntax::Extended)),
        ("posix-extended", Expressions::Posix(Syntax::Extended)),
        ("posix-minimal-basic", Expressions::Posix(Syntax::Basic)),
        ("sed", Expressions::Posix(Syntax::Basic)),
    ];

    /// An expression that fits whole paths only.
    fn compile(self, text: &str, fold: bool) -> Result<Regex, String> {
        match self {
            Expressions::Posix(Syntax::Extended) => {
                compile(&format!("^({text})$"), Syntax::Extended, fold)
            }
            Expressions::Posix(syntax) => compile(&format!("^\\({text}\\)$"), syntax, fold),
            Expressions::Emacs => {
                compile(&format!("^\\({}\\)$", from_emacs(text)), Syntax::Basic, fold)
            }
        }
    }
}

/// Emacs' expression as a basic one: `+` and `?` repeat unless they are escaped, and braces are letters.
fn from_emacs(text: &str) -> String {
    let (mut out, mut letters, mut inside) = (String::new(), text.chars(), false);
    while let Some(letter) = letters.next() {
        match letter {
            '[' | ']' => inside = letter == '[',
            '+' | '?' if !inside => out.push('\\'),
            '\\' if !inside => match letters.next() {
                Some(plain @ ('+' | '?' | '{' | '}')) => {
                    out.push(plain);
                    continue;
                }
                Some(other) => {
                    out.extend(['\\', other]);
                    continue;
                }
                None => {}
            },
            _ => {}
        }
        out.push(letter);
    }
    out
}

struct Parser<'a> {
    rest: std::slice::Iter<'a, String>,
    gnu: bool,
    range: Range,
    acts: bool,
    /// How many commands there are that get many names.
    many: usize,
    depth: usize,
    expressions: Expressions,
    /// What is looked up while the words are read.
    io: &'a Io<'a>,
    /// Files that are written (`-fprint`).
    written: Vec<String>,
    /// `-daystart`: the moment from which ages are counted.
    base: Option<i64>,
}

type Parsed<T> = Result<T, String>;

impl Parser<'_> {
    fn peek(&self) -> Option<&str> {
        self.rest.as_slice().first().map(String::as_str)
    }

    fn value(&mut self, test: &str) -> Parsed<String> {
        self.rest.next().cloned().ok_or_else(|| match self.gnu {
            true => format!("find: missing argument to `{test}'"),
            false => format!("find: {test} requires an argument"),
        })
    }

    fn list(&mut self) -> Parsed<Test> {
        let mut all = vec![self.or()?];
        while self.gnu && self.peek() == Some(",") {
            self.rest.next();
            if matches!(self.peek(), None | Some(")")) {
                return Err("find: expected an expression after ','".to_owned());
            }
            all.push(self.or()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Test::List(all) })
    }

    fn or(&mut self) -> Parsed<Test> {
        if let Some(word @ ("-o" | "-or" | "-a" | "-and")) = self.peek()
            && self.gnu
        {
            return Err(format!(
                "find: invalid expression; you have used a binary operator '{word}' with nothing before it."
            ));
        }
        let mut all = vec![self.and()?];
        while let Some(word @ ("-o" | "-or")) = self.peek() {
            let word = word.to_owned();
            self.rest.next();
            if self.gnu && matches!(self.peek(), None | Some(")")) {
                return Err(format!("find: expected an expression after '{word}'"));
            }
            all.push(self.and()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Test::Or(all) })
    }

    fn and(&mut self) -> Parsed<Test> {
        let mut all = Vec::new();
        loop {
            match self.peek() {
                None | Some("-o" | "-or" | ")") => break,
                Some(",") if self.gnu => break,
                Some(word @ ("-a" | "-and")) => {
                    let word = word.to_owned();
                    self.rest.next();
                    if self.gnu && matches!(self.peek(), None | Some(")")) {
                        return Err(format!("find: expected an expression after '{word}'"));
                    }
                }
                Some(_) => all.push(self.one()?),
            }
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Test::And(all) })
    }

    fn one(&mut self) -> Parsed<Test> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(
                "podhop: find: expressions that nest this deep are not simulated here".to_owned()
            );
        }
        let test = self.rest.next().cloned().unwrap_or_default();
        let found = match test.as_str() {
            "!" | "-not" if self.gnu && matches!(self.peek(), None | Some(")")) => {
                return Err(format!("find: expected an expression after '{test}'"));
            }
            "!" | "-not" => Test::Not(Box::new(self.one()?)),
            "(" if self.gnu && self.peek() == Some(")") => {
                return Err(
                    "find: invalid expression; empty parentheses are not allowed.".to_owned()
                );
            }
            "(" => {
                let inner = self.list()?;
                if self.rest.next().map(String::as_str) != Some(")") {
                    return Err(match self.gnu {
                        true => "find: invalid expression; I was expecting to find a ')' somewhere but did not see one.".to_owned(),
                        false => "find: unpaired '('".to_owned(),
                    });
                }
                inner
            }
            _ => self.test(&test)?,
        };
        self.depth -= 1;
        Ok(found)
    }

    fn number(&mut self, test: &str) -> Parsed<usize> {
        let text = self.value(test)?;
        text.parse().map_err(|_| match self.gnu {
            true => format!(
                "find: Expected a positive decimal integer argument to {test}, but got '{text}'"
            ),
            false => format!("find: invalid number '{text}'"),
        })
    }

    fn test(&mut self, test: &str) -> Parsed<Test> {
        if let Some(found) = self.of_names(test)? {
            return Ok(found);
        }
        if let Some(found) = self.of_moments(test)? {
            return Ok(found);
        }
        if let Some(found) = self.of_facts(test)? {
            return Ok(found);
        }
        if let Some(found) = self.settings(test)? {
            return Ok(found);
        }
        self.action(test)?.ok_or_else(|| self.unknown(test))
    }

    /// Tests of names and paths.
    fn of_names(&mut self, test: &str) -> Parsed<Option<Test>> {
        let pattern = |text: String, fold: bool| match fold {
            true => (Pattern::new(&text.to_lowercase()), true),
            false => (Pattern::new(&text), false),
        };
        Ok(Some(match test {
            "-name" | "-iname" => {
                let (pattern, fold) = pattern(self.value(test)?, test == "-iname");
                Test::Name(pattern, fold)
            }
            "-path" | "-wholename" | "-ipath" | "-iwholename" => {
                let (pattern, fold) = pattern(self.value(test)?, test.starts_with("-i"));
                Test::Path(pattern, fold)
            }
            "-lname" | "-ilname" if self.gnu => {
                let (pattern, fold) = pattern(self.value(test)?, test == "-ilname");
                Test::Target(pattern, fold)
            }
            "-regex" | "-iregex" => {
                let text = self.value(test)?;
                let regex = self.expressions.compile(&text, test == "-iregex");
                Test::Regex(regex.map_err(|why| {
                    format!("find: failed to compile regular expression '{text}': {why}")
                })?)
            }
            "-regextype" if self.gnu => {
                let name = self.value(test)?;
                let known = Expressions::NAMES.iter().find(|(known, _)| *known == name);
                let Some((_, expressions)) = known else {
                    let all: Vec<String> =
                        Expressions::NAMES.iter().map(|(name, _)| format!("'{name}'")).collect();
                    return Err(format!(
                        "find: Unknown regular expression type '{name}'; valid types are {}.",
                        all.join(", ")
                    ));
                };
                self.expressions = *expressions;
                Test::True
            }
            _ => return Ok(None),
        }))
    }

    /// Tests of when a file was written. When it was read and when its mode changed are kept by nobody:
    /// they are that moment too.
    fn of_moments(&mut self, test: &str) -> Parsed<Option<Test>> {
        Ok(Some(match test {
            "-newer" | "-anewer" | "-cnewer" => {
                let file = self.value(test)?;
                let facts = self.io.facts(&file, true).map_err(|why| match self.gnu {
                    true => format!("find: '{file}': {why}"),
                    false => format!("find: can't stat '{file}': {why}"),
                })?;
                Test::Newer(facts.changed)
            }
            "-newermt" | "-newerat" | "-newerct" if self.gnu => {
                let text = self.value(test)?;
                let moment = parse_date(self.io, &text);
                let moment = moment.and_then(|at| {
                    Timestamp::new(at.seconds, i32::try_from(at.nanoseconds).unwrap_or(0)).ok()
                });
                Test::Newer(moment.ok_or_else(|| {
                    format!("find: I cannot figure out how to interpret '{text}' as a date or time")
                })?)
            }
            "-mtime" | "-atime" | "-ctime" => self.age(test, 86_400)?,
            "-mmin" | "-amin" | "-cmin" => self.age(test, 60)?,
            other if self.gnu && other.len() == 8 && other.starts_with("-newer") => {
                let pair: Vec<char> = other[6..].chars().collect();
                match pair.as_slice() {
                    ['a' | 'c' | 'm', 'a' | 'c' | 'm'] => {
                        let file = self.value(test)?;
                        let facts = self.io.facts(&file, true);
                        Test::Newer(facts.map_err(|why| format!("find: '{file}': {why}"))?.changed)
                    }
                    ['B' | 'a' | 'c' | 'm', 'B' | 'a' | 'c' | 'm'] => {
                        return Err(format!("podhop: find: not simulated here: {other}"));
                    }
                    _ => return Err(format!("find: invalid predicate `{other}'")),
                }
            }
            _ => return Ok(None),
        }))
    }

    /// `-type`, `-xtype`: letters, of which one has to be the file's.
    fn letters(&mut self, test: &str) -> Parsed<Vec<char>> {
        let text = self.value(test)?;
        let letters: Vec<char> = text.split(',').filter_map(|part| part.chars().next()).collect();
        let known = |letter: &char| "bcdpflsD".contains(*letter);
        match letters.iter().find(|letter| !known(letter)) {
            Some(letter) if self.gnu => Err(format!("find: Unknown argument to {test}: {letter}")),
            Some(_) => Err(format!("find: invalid argument '{text}' to '{test}'")),
            None => Ok(letters),
        }
    }

    /// Tests of what a file is beside its name and its moment.
    fn of_facts(&mut self, test: &str) -> Parsed<Option<Test>> {
        Ok(Some(match test {
            "-type" => Test::Type(self.letters(test)?),
            "-xtype" if self.gnu => Test::OtherType(self.letters(test)?),
            "-size" => self.size()?,
            "-perm" => self.mode()?,
            "-executable" => Test::Right(0o111),
            "-readable" if self.gnu => Test::Right(0o444),
            "-writable" if self.gnu => Test::Right(0o222),
            "-links" => {
                let (sign, count) = self.signed(test)?;
                Test::Names(sign, count)
            }
            "-samefile" => {
                let file = self.value(test)?;
                self.io.facts(&file, true).map_err(|why| format!("find: '{file}': {why}"))?;
                let path = self.io.absolute(&file);
                Test::Same(self.io.cluster.follow(self.io.place, &path, false).into_owned())
            }
            "-nouser" | "-nogroup" => Test::NoOwner,
            "-uid" | "-gid" if self.gnu => {
                let text = self.peek().unwrap_or("").to_owned();
                let digits = text.strip_prefix(['+', '-']).unwrap_or(&text);
                if digits.parse::<u32>().is_err() && !text.is_empty() {
                    return Err(format!("find: invalid argument `{text}' to `{test}'"));
                }
                if digits.len() < text.len() {
                    return Err(format!("podhop: find: not simulated here: {test} {text}"));
                }
                match test {
                    "-uid" => Test::Owner(self.named(test, "/etc/passwd", "known user")?),
                    _ => Test::Group(self.named(test, "/etc/group", "existing group")?),
                }
            }
            "-user" | "-uid" => Test::Owner(self.named(test, "/etc/passwd", "known user")?),
            "-group" | "-gid" => Test::Group(self.named(test, "/etc/group", "existing group")?),
            "-empty" => Test::Empty,
            "-true" if self.gnu => Test::True,
            "-false" if self.gnu => Test::False,
            _ => return Ok(None),
        }))
    }

    /// What changes how all is looked through.
    fn settings(&mut self, test: &str) -> Parsed<Option<Test>> {
        match test {
            "-maxdepth" => self.range.most = self.number(test)?,
            "-mindepth" => self.range.least = self.number(test)?,
            "-depth" | "-d" => self.range.deep = true,
            "-follow" => self.range.follow = true,
            "-warn" | "-nowarn" | "-ignore_readdir_race" | "-noignore_readdir_race" if self.gnu => {
            }
            // From the end of today on, not from now.
            "-daystart" if self.gnu => {
                let now = self.io.now().timestamp().as_second();
                self.base = Some((now.div_euclid(86_400) + 1) * 86_400);
            }
            // There is one file system.
            "-xdev" | "-mount" | "-noleaf" => {}
            _ => return Ok(None),
        }
        Ok(Some(Test::True))
    }

    /// What is done with what was found.
    fn action(&mut self, test: &str) -> Parsed<Option<Test>> {
        let found = match test {
            "-prune" => return Ok(Some(Test::Prune)),
            "-quit" => return Ok(Some(Test::Quit)),
            "-fprint" | "-fprint0" if self.gnu => {
                let file = self.value(test)?;
                self.written.push(file.clone());
                Test::Write(file, if test == "-fprint" { '\n' } else { '\0' })
            }
            "-ls" if self.gnu => Test::Details,
            "-print" => Test::Print('\n'),
            "-print0" => Test::Print('\0'),
            "-printf" if self.gnu => Test::Printf(self.format(test)?),
            "-fprintf" if self.gnu => {
                let file = self.value(test)?;
                self.written.push(file.clone());
                Test::WriteFormat(file, self.format(test)?)
            }
            "-delete" => {
                self.range.deep = true;
                Test::Delete
            }
            "-exec" => self.command(test, Manner::default())?,
            "-execdir" if self.gnu => self.command(test, Manner { inside: true, asks: false })?,
            "-ok" => self.command(test, Manner { inside: false, asks: true })?,
            "-okdir" if self.gnu => self.command(test, Manner { inside: true, asks: true })?,
            _ => return Ok(None),
        };
        self.acts = true;
        Ok(Some(found))
    }

    /// The format of `-printf`, which does not end within a directive.
    fn format(&mut self, test: &str) -> Parsed<String> {
        let text = self.value(test)?;
        let ends = text.len() - text.trim_end_matches('%').len();
        match ends % 2 {
            1 => Err("find: error: % at end of format string".to_owned()),
            _ => Ok(text),
        }
    }

    fn unknown(&self, test: &str) -> String {
        const REAL: [&str; 5] = ["-fls", "-fstype", "-inum", "-used", "-context"];
        const BUSYBOX: [&str; 1] = ["-inum"];
        let real = if self.gnu { REAL.contains(&test) } else { BUSYBOX.contains(&test) };
        match (real, self.gnu, test.starts_with('-')) {
            (true, ..) => format!("podhop: find: not simulated here: {test}"),
            (_, true, true) => format!("find: unknown predicate `{test}'"),
            (_, true, false) => format!("find: paths must precede expression: `{test}'"),
            (_, false, _) => {
                format!(
                    "find: unrecognized: {test}\n{}",
                    crate::shell::commands::busybox_usage("find")
                )
            }
        }
    }

    /// A user or a group, by name or by number.
    fn named(&mut self, test: &str, file: &str, kind: &str) -> Parsed<String> {
        let who = self.value(test)?;
        super::rights::known(self.io, file, &who).ok_or_else(|| match self.gnu {
            true => {
                let article = if kind.starts_with('e') { "an" } else { "a" };
                format!("find: '{who}' is not the name of {article} {kind}")
            }
            false => {
                format!("find: unknown {} {who}", kind.rsplit(' ').next().unwrap_or(kind))
            }
        })
    }

    /// `+N`, `-N`, `N`
    fn signed(&mut self, test: &str) -> Parsed<(char, u64)> {
        let text = self.value(test)?;
        let sign = text.chars().next().filter(|letter| "+-".contains(*letter)).unwrap_or('=');
        let count = text.trim_start_matches(['+', '-']).parse().map_err(|_| match self.gnu {
            true => format!("find: non-numeric argument to {test}: '{text}'"),
            false => format!("find: invalid number '{text}'"),
        })?;
        Ok((sign, count))
    }

    fn size(&mut self) -> Parsed<Test> {
        let text = self.value("-size")?;
        let sign = text.chars().next().filter(|letter| "+-".contains(*letter)).unwrap_or('=');
        let body = text.trim_start_matches(['+', '-']);
        let digits = body.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
        let unit = match &body[digits.len()..] {
            "" | "b" => 512,
            "c" => 1,
            "w" => 2,
            "k" => 1 << 10,
            "M" => 1 << 20,
            "G" => 1 << 30,
            _ => return Err(format!("find: invalid -size type `{}'", &body[digits.len()..])),
        };
        let count =
            digits.parse().map_err(|_| format!("find: Invalid argument `{text}' to -size"))?;
        Ok(match self.gnu {
            true => Test::Size(sign, count, unit),
            false => Test::Size(sign, count * unit, 0),
        })
    }

    /// `+N`, `-N` or `N` units ago.
    fn age(&mut self, test: &str, unit: i64) -> Parsed<Test> {
        let text = self.value(test)?;
        let sign = text.chars().next().filter(|letter| "+-".contains(*letter)).unwrap_or('=');
        let count = text.trim_start_matches(['+', '-']).parse().map_err(|_| match self.gnu {
            true => format!("find: invalid argument `{text}' to `{test}'"),
            false => format!("find: invalid number '{text}'"),
        })?;
        Ok(Test::Age(sign, count, unit, self.base))
    }

    fn mode(&mut self) -> Parsed<Test> {
        let text = self.value("-perm")?;
        let sign = text.chars().next().filter(|letter| "-/".contains(*letter)).unwrap_or('=');
        let digits = text.trim_start_matches(['-', '/']);
        match u32::from_str_radix(digits, 8) {
            Ok(bits) => Ok(Test::Mode(sign, bits)),
            Err(_) => match super::rights::changed(digits, 0, false) {
                Some(bits) => Ok(Test::Mode(sign, bits)),
                None => Err(format!("find: invalid mode '{text}'")),
            },
        }
    }

    fn command(&mut self, test: &str, manner: Manner) -> Parsed<Test> {
        self.acts = true;
        let mut words = Vec::new();
        while let Some(word) = self.rest.next() {
            let many = word == "+" && words.last().is_some_and(|last| last == "{}");
            if word != ";" && !many {
                words.push(word.clone());
                continue;
            }
            if words.is_empty() {
                break;
            }
            if many {
                words.pop();
                self.many += 1;
            }
            return Ok(Test::Run(words, many.then(|| self.many - 1), manner));
        }
        Err(match self.gnu {
            true => format!("find: missing argument to `{test}'"),
            false => format!("find: {test} requires an argument"),
        })
    }
}

/// A file or folder that was found.
#[derive(Clone, Debug)]
struct Found {
    path: String,
    depth: usize,
    folder: bool,
    /// Which of the starting points it is below.
    root: String,
    /// Whether a link is what it leads to (`-L`).
    follow: bool,
}

impl Found {
    /// The last part of its path.
    fn name(&self) -> &str {
        match self.path.trim_end_matches('/').rsplit('/').next() {
            Some("") | None => "/",
            Some(name) => name,
        }
    }

    fn facts(&self, io: &Io<'_>) -> Option<Facts> {
        self.seen(io, self.follow)
    }

    /// A link that leads nowhere is always itself.
    fn seen(&self, io: &Io<'_>, follow: bool) -> Option<Facts> {
        io.facts(&self.path, follow).or_else(|_| io.facts(&self.path, false)).ok()
    }
}

/// Whether a link leads to a folder that it is in: what is below it is not gone through again.
fn leads_back(io: &Io<'_>, path: &str) -> bool {
    let resolved = |path: &str| io.cluster.follow(io.place, &io.absolute(path), true).into_owned();
    let above = path.rsplit_once('/').map_or(".", |(above, _)| above);
    let inner = if above.is_empty() { "/".to_owned() } else { resolved(above) };
    format!("{}/", inner.trim_end_matches('/')).starts_with(&format!("{}/", resolved(path)))
}

/// Everything below `root`; folders before their files, or after them.
fn walk(io: &Io<'_>, root: &str, range: Range) -> Vec<Found> {
    let whole = |path: String, depth: usize, folder: bool| Found {
        path,
        depth,
        folder,
        root: root.to_owned(),
        follow: range.follow,
    };
    let itself = range.follow || root.ends_with('/') || io.link_target(root).is_none();
    let folder = io.is_directory(root) && itself;
    let mut found = vec![whole(root.to_owned(), 0, folder)];
    if !folder {
        return found;
    }
    let names = io.view().below(&io.absolute(root));
    let mut before = "";
    for name in &names {
        // Names are sorted: the folders that it shares with the one before have been seen.
        let shared = name.bytes().zip(before.bytes()).take_while(|(one, other)| one == other);
        let shared = shared.count();
        let folders = name.match_indices('/').map(|(end, _)| (end, true));
        let parts = folders.chain([(name.len(), false)]).enumerate();
        for (depth, (end, folder)) in parts.skip_while(|(_, (end, _))| *end < shared) {
            let path = &name[..end];
            if !View::is_mark(path) {
                let full = format!("{}/{path}", root.trim_end_matches('/'));
                let leads_on = range.follow && !folder && io.is_directory(&full);
                found.push(whole(full.clone(), depth + 1, folder || leads_on));
                if leads_on && !leads_back(io, &full) {
                    let below = Range { deep: false, ..range };
                    let more = walk(io, &full, below).into_iter().skip(1);
                    found.extend(more.map(|one| Found {
                        depth: one.depth + depth + 1,
                        root: root.to_owned(),
                        ..one
                    }));
                }
            }
        }
        before = name;
    }
    if range.deep {
        // A folder comes after all that is in it.
        let mut order = Vec::new();
        let mut open: Vec<Found> = Vec::new();
        for one in found {
            while open.last().is_some_and(|folder| one.depth <= folder.depth) {
                order.extend(open.pop());
            }
            open.push(one);
        }
        order.extend(open.into_iter().rev());
        found = order;
    }
    found
}

#[derive(Clone)]
struct Find {
    test: Test,
    acts: bool,
    range: Range,
    queue: VecDeque<Found>,
    roots: VecDeque<String>,
    /// Below this folder nothing more is looked at.
    pruned: Option<String>,
    /// The folder that is gone into next.
    entered: Option<String>,
    /// What the commands of the current file have come to.
    answers: Vec<i32>,
    /// Names for the commands that get many.
    many: Vec<Vec<String>>,
    commands: Vec<Vec<String>>,
    running: Option<Machine>,
    flushing: Option<usize>,
    status: i32,
    gnu: bool,
    over: bool,
}

/// What a test comes to: it holds or not, or a command has to run first.
enum Came {
    Holds(bool),
    /// The words, and the folder in which they are run.
    Run(Vec<String>, Option<String>),
    /// Somebody has to answer first.
    Wait,
    Over,
}

impl Find {
    /// Tries a test on a file; `at` counts the commands that were asked for.
    fn holds(&mut self, test: &Test, one: &Found, at: &mut usize, io: &mut Io<'_>) -> Came {
        if let Some(holds) = fits(test, one, io) {
            return Came::Holds(holds);
        }
        // What a file's commands come to is asked again: everything else is done the first time only.
        let now = *at == self.answers.len();
        match test {
            Test::Quit => Came::Over,
            Test::Run(words, Some(number), _) => {
                if now {
                    self.many[*number].push(one.path.clone());
                }
                self.commands[*number].clone_from(words);
                Came::Holds(true)
            }
            Test::Run(words, None, manner) => {
                *at += 1;
                match self.answers.get(*at - 1) {
                    Some(status) => Came::Holds(*status == 0),
                    None => self.wants(words, *manner, one, io),
                }
            }
            Test::Not(inner) => match self.holds(inner, one, at, io) {
                Came::Holds(holds) => Came::Holds(!holds),
                other => other,
            },
            Test::And(all) | Test::Or(all) => {
                let stops = matches!(test, Test::Or(_));
                for inner in all {
                    match self.holds(inner, one, at, io) {
                        Came::Holds(holds) if holds == stops => return Came::Holds(stops),
                        Came::Holds(_) => {}
                        other => return other,
                    }
                }
                Came::Holds(!stops)
            }
            Test::List(all) => {
                let mut last = true;
                for inner in all {
                    match self.holds(inner, one, at, io) {
                        Came::Holds(holds) => last = holds,
                        other => return other,
                    }
                }
                Came::Holds(last)
            }
            acting => Came::Holds(!now || self.act(acting, one, io)),
        }
    }

    /// A command has to run for a file, unless somebody says no.
    fn wants(&mut self, words: &[String], manner: Manner, one: &Found, io: &mut Io<'_>) -> Came {
        let inner = format!("./{}", one.name());
        let path = if manner.inside { &inner } else { &one.path };
        let filled: Vec<String> = words.iter().map(|word| word.replace("{}", path)).collect();
        if manner.asks {
            if !io.stdin.ended() {
                return Came::Wait;
            }
            if !agreed(io, &format!("< {} ... {} > ? ", filled[0], one.path)) {
                self.answers.push(1);
                return Came::Holds(false);
            }
        }
        let above = one.path.trim_end_matches('/').rsplit_once('/');
        let folder = above.map_or(".", |(folder, _)| folder).to_owned();
        Came::Run(filled, manner.inside.then_some(folder))
    }

    /// Does what an action says; whether it succeeded.
    fn act(&mut self, test: &Test, one: &Found, io: &mut Io<'_>) -> bool {
        match test {
            Test::Write(file, _) | Test::WriteFormat(file, _) => {
                let text = match test {
                    Test::WriteFormat(_, format) => printed(format, one, io),
                    Test::Write(_, end) => format!("{}{end}", one.path),
                    _ => String::new(),
                };
                let mut content = io.read_file(file).unwrap_or_default();
                content.extend(text.bytes());
                if let Err(why) = io.write_file(file, &content) {
                    io.write_error(format!("find: failed to write to '{file}': {why}"));
                    self.status = 1;
                }
            }
            Test::Details => {
                let text = listed(one, io);
                io.stdout.extend_from_slice(text.as_bytes());
            }
            Test::Prune => {
                self.entered = None;
                self.pruned = Some(format!("{}/", one.path.trim_end_matches('/')));
            }
            Test::Print(end) => {
                io.stdout.extend_from_slice(one.path.as_bytes());
                io.stdout.extend(end.to_string().bytes());
            }
            Test::Printf(format) => {
                let text = printed(format, one, io);
                io.stdout.extend_from_slice(text.as_bytes());
            }
            Test::Delete => return self.delete(one, io),
            _ => {}
        }
        true
    }

    fn delete(&mut self, one: &Found, io: &mut Io<'_>) -> bool {
        let done = match one.folder {
            true if one.path == "." => Ok(()),
            true => super::change::remove_empty(io, &one.path),
            false => io.remove_file(&one.path),
        };
        if let Err(why) = done {
            io.write_error(format!("find: cannot delete '{}': {why}", one.path));
            self.status = 1;
            return false;
        }
        true
    }

    /// The next file; `None` when there are no more.
    fn next(&mut self, io: &mut Io<'_>) -> Option<Found> {
        // A folder that a command took away cannot be gone into.
        if let Some(folder) = self.entered.take().filter(|path| io.facts(path, false).is_err()) {
            self.pruned = Some(format!("{}/", folder.trim_end_matches('/')));
            if self.gnu {
                io.write_error(format!("find: '{folder}': No such file or directory"));
                self.status = 1;
            }
        }
        loop {
            if let Some(one) = self.queue.pop_front() {
                let below = self
                    .pruned
                    .as_ref()
                    .is_some_and(|folder| one.path.starts_with(folder.as_str()));
                if below && !self.range.deep
                    || one.depth < self.range.least
                    || one.depth > self.range.most
                {
                    continue;
                }
                if let Err(why) = io.facts(&one.path, one.follow)
                    && why.starts_with("Too many")
                {
                    io.write_error(format!("find: '{}': {why}", one.path));
                    self.status = 1;
                    continue;
                }
                let enters = one.folder && !self.range.deep && one.depth < self.range.most;
                self.entered = enters.then(|| one.path.clone());
                return Some(one);
            }
            let root = self.roots.pop_front()?;
            if let Err(why) = io.facts(&root, false) {
                io.write_error(match self.gnu {
                    true => format!("find: '{root}': {why}"),
                    false => format!("find: {root}: {why}"),
                });
                self.status = 1;
                continue;
            }
            self.pruned = None;
            self.queue = walk(io, &root, self.range).into();
        }
    }

    /// Goes on with the command that runs; `Some` when it waits.
    fn step_command(&mut self, io: &mut Io<'_>) -> Option<Step> {
        let machine = self.running.as_mut()?;
        let mut nothing = Stdin::default();
        let step = {
            let mut inner = io.at(io.place);
            inner.stdin = &mut nothing;
            machine.step(&mut inner)
        };
        let Step::Exit(status) = step else { return Some(step) };
        self.running = None;
        match self.flushing {
            Some(_) if status != 0 => self.status = 1,
            Some(_) => {}
            None => self.answers.push(status),
        }
        None
    }

    fn run(&mut self, words: &[String], folder: Option<String>, io: &mut Io<'_>) {
        let folder = folder.map(|folder| io.absolute(&folder));
        let mut inner = io.at(io.place);
        inner.directory = folder.as_deref().unwrap_or(inner.directory);
        match start(&inner, words, inner.environment) {
            Ok(machine) => self.running = Some(machine),
            Err(_) => {
                let name = words.first().map_or("", String::as_str);
                io.write_error(format!("find: '{name}': No such file or directory"));
                self.answers.push(127);
            }
        }
    }
}

/// How a count is compared: `+N` is more, `-N` less.
fn compares<N: Ord>(sign: char, value: N, count: N) -> bool {
    match sign {
        '+' => value > count,
        '-' => value < count,
        _ => value == count,
    }
}

/// What a test that does nothing comes to; `None` for all others.
fn fits(test: &Test, one: &Found, io: &mut Io<'_>) -> Option<bool> {
    let folded = |pattern: &Pattern, text: &str, fold: bool| match fold {
        true => pattern.matches(&text.to_lowercase()),
        false => pattern.matches(text),
    };
    let has = |holds: &dyn Fn(Facts) -> bool| one.facts(io).is_some_and(holds);
    Some(match test {
        Test::Name(pattern, fold) => folded(pattern, one.name(), *fold),
        Test::Path(pattern, fold) => folded(pattern, &one.path, *fold),
        Test::Target(pattern, fold) => {
            io.link_target(&one.path).is_some_and(|target| folded(pattern, &target, *fold))
        }
        Test::Regex(regex) => {
            let found = regex.is_match(&one.path);
            io.budget.take(regex.work());
            found
        }
        Test::Type(letters) => letters.contains(&kind(one.facts(io))),
        Test::OtherType(letters) => letters.contains(&kind(one.seen(io, !one.follow))),
        Test::Size(sign, count, 0) => compares(*sign, size(one, io), *count),
        Test::Size(sign, count, unit) => compares(*sign, size(one, io).div_ceil(*unit), *count),
        Test::Right(bits) => has(&|facts| facts.mode & bits != 0),
        Test::Newer(moment) => has(&|facts| facts.changed > *moment),
        Test::Age(sign, count, unit, base) => has(&|facts| {
            let now = base.unwrap_or_else(|| io.now().timestamp().as_second());
            let age = now - facts.changed.as_second();
            // Minutes are rounded up, days down (`get_comp_type` and `pred_timewindow`).
            let rounds_up = *unit == 60;
            compares(*sign, (age + if rounds_up { 59 } else { 0 }).div_euclid(*unit), *count)
        }),
        Test::NoOwner | Test::False => false,
        Test::Names(sign, count) => has(&|facts| compares(*sign, facts.names as u64, *count)),
        Test::Same(path) => {
            io.cluster.follow(io.place, &io.absolute(&one.path), one.follow) == path.as_str()
        }
        Test::Owner(name) => has(&|facts| facts.owner == *name),
        Test::Group(name) => has(&|facts| facts.group == *name),
        Test::Mode(sign, bits) => {
            let mode = one.facts(io).map_or(0, |facts| facts.mode);
            match sign {
                '-' => mode & bits == *bits,
                '/' => *bits == 0 || mode & bits != 0,
                _ => mode == *bits,
            }
        }
        Test::Empty if one.folder => io.list(&one.path).is_ok_and(|names| names.is_empty()),
        Test::Empty => size(one, io) == 0,
        Test::True => true,
        _ => return None,
    })
}

fn size(one: &Found, io: &Io<'_>) -> u64 {
    one.facts(io).map_or(0, |facts| facts.size as u64)
}

/// The letter of `-type`.
fn kind(facts: Option<Facts>) -> char {
    match facts.map(|facts| facts.letter()) {
        None | Some('-') => 'f',
        Some(letter) => letter,
    }
}

/// `-ls`: a line as `ls -dils` has it. Numbers of inodes are nobody's here.
fn listed(one: &Found, io: &Io<'_>) -> String {
    let Some(facts) = one.facts(io) else { return String::new() };
    let target = io.link_target(&one.path).map_or(String::new(), |target| format!(" -> {target}"));
    let (blocks, links) = (facts.size.div_ceil(4096) * 4, facts.names);
    let date = facts.changed.strftime("%b %e %H:%M");
    let (mode, owner, group, size) = (facts.mode_text(), &facts.owner, &facts.group, facts.size);
    let path = &one.path;
    format!(
        "{:>9} {blocks:>6} {mode} {links:>3} {owner:<8} {group:<8} {size:>8} {date} {path}{target}\n",
        1
    )
}

/// `-printf`: directives, each with flags and a width as in C, and the escapes that `find` itself reads.
fn printed(format: &str, one: &Found, io: &mut Io<'_>) -> String {
    let mut out = String::new();
    let mut rest = format;
    while let Some(letter) = rest.chars().next() {
        rest = &rest[letter.len_utf8()..];
        match letter {
            '\\' => match escaped(&mut rest, io) {
                Some(text) => out += &text,
                None => break,
            },
            '%' => out += &directive(&mut rest, one, io),
            other => out.push(other),
        }
    }
    out
}

/// What stands behind a backslash; `None` ends all output (`\c`).
fn escaped(rest: &mut &str, io: &mut Io<'_>) -> Option<String> {
    let digits = rest.bytes().take(3).take_while(|one| (b'0'..b'8').contains(one)).count();
    if digits > 0 {
        let code = u32::from_str_radix(&rest[..digits], 8).unwrap_or(0);
        *rest = &rest[digits..];
        return Some(char::from_u32(code & 0xff).map_or(String::new(), String::from));
    }
    let Some(letter) = rest.chars().next() else { return Some("\\".to_owned()) };
    *rest = &rest[letter.len_utf8()..];
    Some(match letter {
        'a' => "\x07".to_owned(),
        'b' => "\x08".to_owned(),
        'f' => "\x0c".to_owned(),
        'n' => "\n".to_owned(),
        'r' => "\r".to_owned(),
        't' => "\t".to_owned(),
        'v' => "\x0b".to_owned(),
        '\\' => "\\".to_owned(),
        'c' => return None,
        other => {
            io.write_error(format!("find: warning: unrecognized escape `\\{other}'"));
            format!("\\{other}")
        }
    })
}

/// A directive behind its percent sign.
fn directive(rest: &mut &str, one: &Found, io: &mut Io<'_>) -> String {
    let mut spec = Spec::default();
    let head = |text: &str| text.chars().next();
    while let Some(flag) = head(rest).filter(|letter| "-+ 0#".contains(*letter)) {
        spec.flag(flag);
        *rest = &rest[1..];
    }
    while let Some(digit) = head(rest).and_then(|letter| letter.to_digit(10)) {
        spec.width = (spec.width * 10 + digit as usize).min(WIDEST);
        *rest = &rest[1..];
    }
    if let Some(more) = rest.strip_prefix('.') {
        let digits = more.len() - more.trim_start_matches(|one: char| one.is_ascii_digit()).len();
        spec.precision = more[..digits].parse().ok();
        *rest = &more[digits..];
    }
    let Some(letter) = head(rest) else { return "%".to_owned() };
    *rest = &rest[letter.len_utf8()..];
    if matches!(letter, 'A' | 'B' | 'C' | 'T') {
        let Some(part) = head(rest) else { return format!("%{letter}") };
        *rest = &rest[part.len_utf8()..];
        let changed = one.facts(io).map(|facts| facts.changed);
        return changed.map_or(String::new(), |at| spec.pad(&dated(at, part), false));
    }
    let number = matches!(letter, 's' | 'd' | 'm' | 'n' | 'k' | 'b');
    match named_value(letter, one, io) {
        Some(value) if letter == 'm' && spec.alternate => spec.pad(&format!("0{value}"), number),
        Some(value) => match spec.precision.filter(|_| !number) {
            Some(most) => spec.pad(&value.chars().take(most).collect::<String>(), false),
            None => spec.pad(&value, number),
        },
        None => {
            io.write_error(format!("find: warning: unrecognized format directive `%{letter}'"));
            format!("%{letter}")
        }
    }
}

/// `%Tk`: a part of a moment, of which seconds have ten digits behind the point.
fn dated(at: Timestamp, part: char) -> String {
    let moment = Moment::at(at.as_second(), at.subsec_nanosecond().unsigned_abs());
    let parts = format!(".{:09}0", at.subsec_nanosecond());
    match part {
        '@' => format!("{}{parts}", at.as_second()),
        'S' => moment.format("%S", true) + &parts,
        'T' | 'X' => moment.format("%H:%M:%S", true) + &parts,
        '+' => moment.format("%Y-%m-%d+%H:%M:%S", true) + &parts,
        letter => moment.format(&format!("%{letter}"), true),
    }
}

/// What a letter stands for; `None` for one that there is not.
fn named_value(letter: char, one: &Found, io: &Io<'_>) -> Option<String> {
    let facts = || one.facts(io);
    let id = |file: &str, name: &str| super::rights::number_of(io, file, name);
    let below = || one.path.strip_prefix(&one.root).unwrap_or("").trim_start_matches('/');
    Some(match letter {
        'p' => one.path.clone(),
        'f' => one.name().to_owned(),
        'h' => one.path.rsplit_once('/').map_or(".", |(folder, _)| folder).to_owned(),
        'P' => below().to_owned(),
        'H' => one.root.clone(),
        's' => size(one, io).to_string(),
        'd' => one.depth.to_string(),
        'y' => kind(one.facts(io)).to_string(),
        'Y' => kind(one.seen(io, true)).to_string(),
        'm' => format!("{:o}", facts().map_or(0, |facts| facts.mode)),
        'M' => facts()?.mode_text(),
        'u' => facts()?.owner,
        'g' => facts()?.group,
        'U' => id("/etc/passwd", &facts()?.owner),
        'G' => id("/etc/group", &facts()?.group),
        'n' => facts()?.names.to_string(),
        'k' => (super::disk::taken(&facts()?) / 1024).to_string(),
        'b' => (super::disk::taken(&facts()?) / 512).to_string(),
        'l' => io.link_target(&one.path).unwrap_or_default(),
        't' | 'a' | 'c' => {
            let changed = facts()?.changed;
            let parts = changed.subsec_nanosecond();
            let (day, year) = (changed.strftime("%a %b %e %H:%M:%S"), changed.strftime("%Y"));
            format!("{day}.{parts:09}0 {year}")
        }
        '%' => "%".to_owned(),
        _ => return None,
    })
}

impl Tool for Find {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        loop {
            if let Some(step) = self.step_command(io) {
                return step;
            }
            if let Some(number) = self.flushing {
                if number >= self.many.len() {
                    return Step::Exit(self.status);
                }
                self.flushing = Some(number + 1);
                let names = std::mem::take(&mut self.many[number]);
                if !names.is_empty() {
                    let words = [self.commands[number].as_slice(), &names].concat();
                    self.run(&words, None, io);
                }
                continue;
            }
            let next = if self.over { None } else { self.next(io) };
            let Some(one) = next else {
                self.flushing = Some(0);
                continue;
            };
            let test = self.test.clone();
            match self.holds(&test, &one, &mut 0, io) {
                Came::Run(words, folder) => {
                    self.queue.push_front(one);
                    self.entered = None;
                    self.run(&words, folder, io);
                    continue;
                }
                Came::Wait => {
                    self.queue.push_front(one);
                    self.entered = None;
                    return Step::Input;
                }
                Came::Over => self.over = true,
                Came::Holds(true) if !self.acts => io.say(&one.path),
                Came::Holds(_) => {}
            }
            self.answers.clear();
        }
    }

    fn interrupt(&mut self, io: &mut Io<'_>) -> Interrupted {
        if let Some(machine) = &mut self.running {
            machine.interrupt(io);
        }
        Interrupted::Ended
    }
}

/// What a find was told, until its first step.
#[derive(Clone)]
struct Told {
    arguments: Vec<String>,
    gnu: bool,
    running: Option<Box<Find>>,
}

impl Tool for Told {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        if self.running.is_none() {
            match begin(&self.arguments, self.gnu, io) {
                Ok(find) => self.running = Some(Box::new(find)),
                Err(message) => {
                    io.write_error(message);
                    return Step::Exit(1);
                }
            }
        }
        self.running.as_mut().map_or(Step::Exit(1), |find| find.step(io))
    }

    fn interrupt(&mut self, io: &mut Io<'_>) -> Interrupted {
        self.running.as_mut().map_or(Interrupted::Ended, |find| find.interrupt(io))
    }
}

pub(in crate::shell::commands) fn find(
    arguments: &[String],
    setting: &Setting<'_>,
) -> Box<dyn Tool> {
    let gnu = setting.flavour == Flavour::Gnu;
    Box::new(Told { arguments: arguments.to_vec(), gnu, running: None })
}

/// The options before the paths: how many words they take, and whether links are followed. How
/// hard GNU's thinks (`-O`) and what it tells of its thoughts (`-D`) never shows here.
///
/// # Errors
/// A level that is none.
fn leading(arguments: &[String], gnu: bool, io: &mut Io<'_>) -> Result<(usize, bool), String> {
    const THOUGHTS: &[&str] =
        &["exec", "opt", "rates", "search", "stat", "time", "tree", "all", "help"];
    let (mut at, mut follow) = (0, false);
    while let Some(word) = arguments.get(at) {
        at += 1;
        match word.as_str() {
            // The last of -H, -L and -P counts.
            "-H" | "-P" => follow = false,
            "-L" => follow = true,
            "--" if gnu => break,
            "-D" if gnu => {
                let what = arguments.get(at).map_or("", String::as_str);
                at += 1;
                for one in what.split(',').filter(|one| !THOUGHTS.contains(one)) {
                    io.write_error(format!("find: Ignoring unrecognised debug flag '{one}'"));
                }
            }
            level if gnu && level.starts_with("-O") => {
                let digits = &level[2..];
                if digits.is_empty() || digits.parse::<u16>().is_err() {
                    return Err(match digits {
                        "" => {
                            "find: The -O option must be immediately followed by a decimal integer"
                                .to_owned()
                        }
                        _ => {
                            "find: Please specify a decimal number immediately after -O".to_owned()
                        }
                    });
                }
            }
            _ => {
                at -= 1;
                break;
            }
        }
    }
    Ok((at, follow))
}

/// Reads the command line.
///
/// # Errors
/// What is wrong with it.
fn begin(arguments: &[String], gnu: bool, io: &mut Io<'_>) -> Result<Find, String> {
    let (skipped, follow) = leading(arguments, gnu, io)?;
    let arguments = &arguments[skipped..];
    let begins = |argument: &String| {
        argument.len() > 1 && argument.starts_with('-') || argument == "!" || argument == "("
    };
    let tests = arguments.iter().position(begins).unwrap_or(arguments.len());
    let (roots, tests) = arguments.split_at(tests);
    let range = Range { least: 0, most: usize::MAX, deep: false, follow };
    let mut parser = Parser {
        rest: tests.iter(),
        gnu,
        range,
        acts: false,
        many: 0,
        depth: 0,
        expressions: Expressions::Emacs,
        io,
        written: Vec::new(),
        base: None,
    };
    let test = parser.list()?;
    if parser.peek().is_some() {
        return Err(match gnu {
            true => "find: invalid expression; you have too many ')'".to_owned(),
            false => parser.unknown(")"),
        });
    }
    let roots = if roots.is_empty() { vec![".".to_owned()] } else { roots.to_vec() };
    let (acts, range, many, written) = (parser.acts, parser.range, parser.many, parser.written);
    for file in written {
        io.write_file(&file, b"").map_err(|why| format!("find: '{file}': {why}"))?;
    }
    Ok(Find {
        test,
        acts,
        range,
        queue: VecDeque::new(),
        roots: roots.into(),
        pruned: None,
        entered: None,
        answers: Vec::new(),
        many: vec![Vec::new(); many],
        commands: vec![Vec::new(); many],
        running: None,
        flushing: None,
        status: 0,
        gnu,
        over: false,
    })
}
