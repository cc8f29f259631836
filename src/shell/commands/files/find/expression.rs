//! The expression of `find`'s command line: tests, actions and operators, read as GNU's and BusyBox' read them.

use k8s_openapi::jiff::Timestamp;

use super::super::rights;
use super::regex_type::RegexType;
use super::walk::Range;
use crate::shell::Io;
use crate::shell::commands::system::date::parse_date;
use crate::shell::commands::text::regex::Regex;
use crate::shell::pattern::Pattern;

/// How deep brackets may nest.
const DEEPEST: usize = 50;

/// More than a name or a rest of the arguments tells.
#[derive(Clone, Debug)]
pub(super) enum Test {
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
    /// `-inum`
    Inode(char, u64),
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
pub(super) struct Manner {
    /// `-execdir`: in the folder that the file is in.
    pub(super) inside: bool,
    /// `-ok`: when somebody says yes.
    pub(super) asks: bool,
}

struct Parser<'a> {
    rest: std::slice::Iter<'a, String>,
    gnu: bool,
    range: Range,
    acts: bool,
    /// How many commands there are that get many names.
    many: usize,
    depth: usize,
    regex_type: RegexType,
    /// What is looked up while the words are read.
    io: &'a Io<'a>,
    /// Files that are written (`-fprint`).
    written: Vec<String>,
    /// What is said before anything is looked for.
    warnings: Vec<String>,
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
            "(" if self.gnu && self.peek().is_none() => {
                return Err("find: invalid expression; expected to find a ')' but didn't see one. Perhaps you need an extra predicate after '('".to_owned());
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
                let regex = self.regex_type.compile(&text, test == "-iregex");
                Test::Regex(regex.map_err(|why| {
                    format!("find: failed to compile regular expression '{text}': {why}")
                })?)
            }
            "-regextype" if self.gnu => {
                let name = self.value(test)?;
                let known = RegexType::NAMES.iter().find(|(known, _)| *known == name);
                let Some((_, regex_type)) = known else {
                    let all: Vec<String> =
                        RegexType::NAMES.iter().map(|(name, _)| format!("'{name}'")).collect();
                    return Err(format!(
                        "find: Unknown regular expression type '{name}'; valid types are {}.",
                        all.join(", ")
                    ));
                };
                self.regex_type = *regex_type;
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
            "-inum" => {
                let (sign, count) = self.signed(test)?;
                Test::Inode(sign, count)
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
            "-ok" if self.gnu => self.command(test, Manner { inside: false, asks: true })?,
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
        if ends % 2 == 1 {
            return Err("find: error: % at end of format string".to_owned());
        }
        for letter in super::print::directives(&text) {
            if "DFiSZ".contains(letter) {
                return Err(format!("podhop: find: not simulated here: {test} %{letter}"));
            }
            if !"%abcdfghGHiklmMnpPstuUyYABCT".contains(letter) {
                let told = format!("find: warning: unrecognized format directive `%{letter}'");
                self.warnings.push(told);
            }
        }
        Ok(text)
    }

    fn unknown(&self, test: &str) -> String {
        const REAL: [&str; 4] = ["-fls", "-fstype", "-used", "-context"];
        let real = self.gnu && REAL.contains(&test);
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
        rights::known(self.io, file, &who).ok_or_else(|| match self.gnu {
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
            Err(_) => match rights::changed(digits, 0, false) {
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

/// An expression that was read.
pub(super) struct Expression {
    pub(super) test: Test,
    /// Whether it does something by itself: otherwise each name that it holds for is printed.
    pub(super) acts: bool,
    /// Which files are tried.
    pub(super) range: Range,
    /// How many commands there are that get many names.
    pub(super) many: usize,
    /// Files that are written (`-fprint`).
    pub(super) written: Vec<String>,
    /// What is said before anything is looked for.
    pub(super) warnings: Vec<String>,
}

/// Reads the words behind the starting points.
///
/// # Errors
/// What is wrong with them.
pub(super) fn read(words: &[String], gnu: bool, range: Range, io: &Io<'_>) -> Parsed<Expression> {
    let mut parser = Parser {
        rest: words.iter(),
        gnu,
        range,
        acts: false,
        many: 0,
        depth: 0,
        regex_type: RegexType::Emacs,
        io,
        written: Vec::new(),
        warnings: Vec::new(),
        base: None,
    };
    let test = parser.list()?;
    if parser.peek().is_some() {
        return Err(match gnu {
            true if parser.rest.len() == 1 => "find: you have too many ')'".to_owned(),
            true => "find: invalid expression; you have too many ')'".to_owned(),
            false => parser.unknown(")"),
        });
    }
    let Parser { acts, range, many, written, warnings, .. } = parser;
    Ok(Expression { test, acts, range, many, written, warnings })
}
