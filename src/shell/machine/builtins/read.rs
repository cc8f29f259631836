//! `read`: a line of standard input into variables.

use std::time::Duration;

use super::super::frame::{Frame, Input, Target};
use super::super::state::Elements;
use super::super::{Dialect, Io, Machine, Stdin, Step, Turn};
use super::variables::declared;
use crate::clock::SimTime;
use crate::shared_map::SharedMap;
use crate::shell::Read;
use crate::shell::syntax::in_single_quotes;

/// The options of `read`.
#[derive(Clone, Default)]
struct Options {
    raw: bool,
    prompt: Option<String>,
    seconds: Option<f64>,
    /// `-a`: the array that gets the fields.
    array: Option<String>,
    /// `-d`: what ends the line.
    end: Option<char>,
    /// `-n`, `-N`: how many letters at most, and whether nothing else ends them.
    letters: Option<(usize, bool)>,
    /// `-u`: the descriptor that it reads from.
    from: Option<u8>,
    names: Vec<String>,
    /// What bash says of a value that is none.
    wrong: Option<String>,
}

/// Reads the options; the letter that is none, otherwise.
fn options(arguments: &[String], dialect: Dialect) -> Result<Options, char> {
    let mut options = Options::default();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let Some(letters) = argument.strip_prefix('-').filter(|rest| !rest.is_empty()) else {
            options.names.push(argument.clone());
            options.names.extend(rest.cloned());
            break;
        };
        for (at, letter) in letters.char_indices() {
            let known = match dialect {
                Dialect::Dash => "rp",
                Dialect::Ash => "rpsntud",
                Dialect::Bash => "rpsntNduaei",
            };
            if !known.contains(letter) {
                return Err(letter);
            }
            if matches!(letter, 'r' | 's' | 'e') {
                options.raw |= letter == 'r';
                continue;
            }
            let glued = &letters[at + 1..];
            let value = match glued.is_empty() {
                true => rest.next().cloned().unwrap_or_default(),
                false => glued.to_owned(),
            };
            match letter {
                'p' => options.prompt = Some(value),
                'u' => match value.parse() {
                    Ok(number) => options.from = Some(number),
                    Err(_) => {
                        let what = "invalid file descriptor specification";
                        options.wrong = Some(format!("{value}: {what}"));
                    }
                },
                't' => match value.parse::<f64>().ok().filter(|seconds| *seconds >= 0.0) {
                    Some(seconds) => options.seconds = Some(seconds),
                    None => options.wrong = Some(format!("{value}: invalid timeout specification")),
                },
                'a' => options.array = Some(value),
                'd' => options.end = Some(value.chars().next().unwrap_or('\0')),
                'n' | 'N' => {
                    options.letters = value.parse().ok().map(|count| (count, letter == 'N'));
                    if options.letters.is_none() {
                        options.wrong = Some(format!("{value}: invalid number"));
                    }
                }
                _ => {}
            }
            break;
        }
    }
    Ok(options)
}

/// What `mapfile` was told.
struct Lines {
    /// `-t`: lines lose their end.
    trim: bool,
    /// `-n`: how many at most.
    most: usize,
    /// `-s`: how many are passed over.
    skip: usize,
    /// `-O`: where the first one goes, into an array that keeps what it has.
    origin: Option<u64>,
    /// `-d`
    end: char,
    /// `-u`
    from: Option<u8>,
    /// `-C`, and after how many lines it is called each time (`-c`).
    callback: Option<String>,
    quantum: usize,
    array: String,
}

impl Lines {
    /// `-C`: the commands that are run of these lines, each with the place of its line and the line.
    fn calls(&self, values: &[String]) -> String {
        let Some(callback) = &self.callback else { return String::new() };
        let first = self.origin.unwrap_or(0) as usize;
        let due = (1..).zip(values).filter(|(count, _)| count % self.quantum == 0);
        due.map(|(count, line)| {
            format!("{callback} {} {}\n", first + count - 1, in_single_quotes(line))
        })
        .collect()
    }

    /// Reads the arguments.
    ///
    /// # Errors
    /// What is wrong with one of them.
    fn read(arguments: &[String]) -> Result<Lines, String> {
        let mut all = Lines {
            trim: false,
            most: usize::MAX,
            skip: 0,
            origin: None,
            end: '\n',
            from: None,
            callback: None,
            quantum: 5_000,
            array: "MAPFILE".to_owned(),
        };
        let mut rest = arguments[1..].iter();
        while let Some(argument) = rest.next() {
            let Some(letters) = argument.strip_prefix('-').filter(|rest| !rest.is_empty()) else {
                argument.clone_into(&mut all.array);
                break;
            };
            for (at, letter) in letters.char_indices() {
                if letter == 't' {
                    all.trim = true;
                    continue;
                }
                if !"dnOsuCc".contains(letter) {
                    let name = &arguments[0];
                    return Err(format!(
                        "-{letter}: invalid option\n{name}: usage: {name} [-d delim] [-n count] [-O origin] [-s count] [-t] [-u fd] [-C callback] [-c quantum] [array]"
                    ));
                }
                let glued = &letters[at + 1..];
                let value = match glued.is_empty() {
                    true => rest.next().cloned().unwrap_or_default(),
                    false => glued.to_owned(),
                };
                let number = value.parse::<usize>();
                let bad = |what: &str| format!("{value}: invalid {what}");
                match letter {
                    'C' => all.callback = Some(value),
                    'c' => {
                        let quantum = number.ok().filter(|quantum| *quantum > 0);
                        all.quantum = quantum.ok_or_else(|| bad("callback quantum"))?;
                    }
                    'd' => all.end = value.chars().next().unwrap_or('\0'),
                    'n' => {
                        let most = number.map_err(|_| bad("line count"))?;
                        all.most = if most == 0 { usize::MAX } else { most };
                    }
                    's' => all.skip = number.map_err(|_| bad("line count"))?,
                    'O' => all.origin = Some(number.map_err(|_| bad("array origin"))? as u64),
                    _ => {
                        let bad = || bad("file descriptor specification");
                        all.from = Some(value.parse().map_err(|_| bad())?);
                    }
                }
                break;
            }
        }
        Ok(all)
    }
}

/// A line, whether its end was there, and which of its letters were behind a backslash.
struct Gathered {
    letters: Vec<(char, bool)>,
    ended: bool,
}

impl Machine {
    /// The next line of standard input, for `select`.
    pub(in crate::shell::machine) fn read_reply(&mut self, io: &mut Io<'_>) -> Read {
        self.input(io, None).map_or(Read::End, Stdin::read_line)
    }

    /// Reads as soon as there is a line.
    pub(in crate::shell::machine) fn read(
        &mut self,
        io: &mut Io<'_>,
        arguments: Vec<String>,
        until: Option<SimTime>,
    ) -> Turn {
        if arguments[0] != "read" {
            return self.read_array(io, arguments);
        }
        let options = match options(&arguments[1..], self.state.dialect) {
            Ok(options) => options,
            Err(letter) => return self.no_such_option(io, letter),
        };
        if let (Some(wrong), Dialect::Bash) = (&options.wrong, self.state.dialect) {
            let message = format!("{}{wrong}", self.state.builtin("read"));
            self.write_error(io, &message);
            self.state.status = 1;
            return Turn::Go;
        }
        if options.names.is_empty()
            && options.array.is_none()
            && self.state.dialect == Dialect::Dash
        {
            let message = format!("{}read: arg count", self.state.prefix());
            self.write_error(io, &message);
            self.state.status = 2;
            return Turn::Go;
        }
        let until = until.or_else(|| {
            let seconds = options.seconds.filter(|seconds| (0.0..1e6).contains(seconds))?;
            Some(io.now() + Duration::from_secs_f64(seconds))
        });
        if self.reads_nothing(io, "read", options.from) {
            return Turn::Go;
        }
        match self.gather(io, &options) {
            Some(line) => {
                self.state.status = 0;
                self.assign_fields(io, &options, &line.letters);
                if !line.ended {
                    self.state.status = 1;
                }
            }
            None if until.is_some_and(|until| io.now() >= until) => self.state.status = 142,
            None => {
                if let Some(prompt) = options.prompt {
                    *io.prompt = prompt;
                }
                self.stack.push(Frame::Read { arguments, until });
                return Turn::Wait(until.map_or(Step::Input, Step::Until));
            }
        }
        Turn::Go
    }

    /// Says of a descriptor (`-u`) that it cannot be read from; whether it was said.
    fn reads_nothing(&mut self, io: &mut Io<'_>, name: &str, from: Option<u8>) -> bool {
        let Some(number) = from.filter(|number| *number > 2) else { return false };
        let known = self.descriptors.get(number);
        if matches!(known, Some(Target::Reads(_) | Target::Socket(..))) {
            return false;
        }
        // The almquist shells fail without a word.
        if self.state.dialect == Dialect::Bash {
            let prefix = self.state.prefix();
            let what = "invalid file descriptor: Bad file descriptor";
            self.write_error(io, &format!("{prefix}{name}: {number}: {what}"));
        }
        self.state.status = 1;
        true
    }

    /// `read` has no option of this letter.
    fn no_such_option(&mut self, io: &mut Io<'_>, letter: char) -> Turn {
        let prefix = self.state.prefix();
        let message = match self.state.dialect {
            Dialect::Bash => format!(
                "{prefix}read: -{letter}: invalid option\nread: usage: read [-ers] [-a array] [-d delim] [-i text] [-n nchars] [-N nchars] [-p prompt] [-t timeout] [-u fd] [name ...]"
            ),
            Dialect::Dash => format!("{prefix}read: Illegal option -{letter}"),
            Dialect::Ash => format!("{}illegal option -{letter}", self.state.builtin("read")),
        };
        self.write_error(io, &message);
        self.state.status = 2;
        Turn::Go
    }

    /// `mapfile`: every line an element.
    fn read_array(&mut self, io: &mut Io<'_>, arguments: Vec<String>) -> Turn {
        let wanted = match Lines::read(&arguments) {
            Ok(wanted) => wanted,
            Err(why) => {
                let message = format!("{}{}: {why}", self.state.prefix(), arguments[0]);
                self.write_error(io, &message);
                self.state.status = if why.contains("invalid option") { 2 } else { 1 };
                return Turn::Go;
            }
        };
        if self.reads_nothing(io, &arguments[0], wanted.from) {
            return Turn::Go;
        }
        let Some(stdin) = self.input(io, wanted.from) else { return Turn::Go };
        if !stdin.ended() {
            self.stack.push(Frame::Read { arguments, until: None });
            return Turn::Wait(Step::Input);
        }
        let text = String::from_utf8_lossy(stdin.rest()).into_owned();
        let lines: Vec<&str> = text.split_inclusive(wanted.end).collect();
        let until = wanted.skip.saturating_add(wanted.most).min(lines.len());
        stdin.read += lines[..until].iter().map(|line| line.len()).sum::<usize>();
        let values = lines[wanted.skip.min(until)..until].iter().map(|line| match wanted.trim {
            true => line.strip_suffix(wanted.end).unwrap_or(line).to_owned(),
            false => (*line).to_owned(),
        });
        let values: Vec<String> = values.collect();
        io.budget.take(2 * values.len() as u64);
        let calls = wanted.calls(&values);
        match wanted.origin {
            None => self.fill(&wanted.array, values),
            Some(origin) => {
                let variables = &mut self.state.variables;
                let variable = variables.or_default(&wanted.array);
                let mut all = match variable.elements.take() {
                    Some(Elements::Indexed(all)) => all,
                    _ => SharedMap::default(),
                };
                for (at, value) in (origin..).zip(values) {
                    all.insert(at, value);
                }
                variable.elements = Some(Elements::Indexed(all));
            }
        }
        self.state.status = 0;
        if !calls.is_empty() {
            self.eval(&calls);
        }
        Turn::Go
    }

    fn fill(&mut self, array: &str, values: Vec<String>) {
        let mut all = SharedMap::default();
        for (at, value) in values.into_iter().enumerate() {
            all.insert(at as u64, value);
        }
        let variables = &mut self.state.variables;
        variables.or_default(array).elements = Some(Elements::Indexed(all));
    }

    /// Where standard input comes from; `None` when there is none.
    fn input<'a>(&'a mut self, io: &'a mut Io<'_>, from: Option<u8>) -> Option<&'a mut Stdin> {
        let named = from.and_then(|number| match self.descriptors.get(number) {
            Some(Target::Reads(index) | Target::Socket(_, index)) => Some(Input::Text(*index)),
            _ => None,
        });
        match named.unwrap_or(self.descriptors.input) {
            Input::Own => Some(&mut *io.stdin),
            Input::Null => {
                self.inputs.push(Stdin::default());
                self.inputs.last_mut()
            }
            Input::Text(index) => self.inputs.get_mut(index),
        }
    }

    /// Takes a line, over as many lines as backslashes join; `None` while it is not complete.
    fn gather(&mut self, io: &mut Io<'_>, options: &Options) -> Option<Gathered> {
        let end = options.end.unwrap_or('\n');
        let (most, exactly) = options.letters.unwrap_or((usize::MAX, false));
        let stdin = self.input(io, options.from)?;
        let rest = stdin.rest();
        let mut made = Gathered { letters: Vec::new(), ended: false };
        let mut taken = 0;
        let mut escaped = false;
        while let Some((letter, length)) = first_letter(&rest[taken..]) {
            if made.letters.len() >= most {
                made.ended = true;
                break;
            }
            taken += length;
            if std::mem::take(&mut escaped) {
                if letter != '\n' {
                    made.letters.push((letter, true));
                }
            } else if letter == '\\' && !options.raw {
                escaped = true;
            } else if letter == end && !exactly {
                made.ended = true;
                break;
            } else if letter != '\0' {
                made.letters.push((letter, false));
            }
        }
        made.ended |= made.letters.len() >= most;
        if !made.ended && !stdin.ended() {
            return None;
        }
        stdin.read += taken;
        Some(made)
    }

    /// Splits a line among variables. A letter behind a backslash separates nothing.
    fn assign_fields(&mut self, io: &mut Io<'_>, options: &Options, line: &[(char, bool)]) {
        let separators = self.state.get("IFS").unwrap_or(" \t\n").to_owned();
        let separates = |(letter, escaped): &(char, bool)| !escaped && separators.contains(*letter);
        let blank = |pair: &(char, bool)| separates(pair) && pair.0.is_whitespace();
        let text = |letters: &[(char, bool)]| {
            letters.iter().map(|(letter, _)| *letter).collect::<String>()
        };
        let exactly = options.letters.is_some_and(|(_, exactly)| exactly);
        if options.names.is_empty() && options.array.is_none() || exactly {
            let name = options.names.first().cloned().unwrap_or_else(|| "REPLY".to_owned());
            self.set_or_complain(io, "read", &name, text(line));
            return;
        }
        let most = if options.array.is_some() { usize::MAX } else { options.names.len() };
        let mut fields: Vec<String> = Vec::new();
        let mut rest = line;
        while rest.first().is_some_and(blank) {
            rest = &rest[1..];
        }
        while !rest.is_empty() {
            if fields.len() + 1 == most {
                fields.push(text(last_field(rest, &blank, &separates)));
                break;
            }
            let end = rest.iter().position(separates).unwrap_or(rest.len());
            fields.push(text(&rest[..end]));
            rest = &rest[end..];
            while rest.first().is_some_and(blank) {
                rest = &rest[1..];
            }
            if rest.first().is_some_and(separates) {
                rest = &rest[1..];
                while rest.first().is_some_and(blank) {
                    rest = &rest[1..];
                }
            }
        }
        if let Some(array) = &options.array {
            return self.fill(array, fields);
        }
        let mut fields = fields.into_iter();
        for name in &options.names {
            self.set_or_complain(io, "read", name, fields.next().unwrap_or_default());
        }
    }

    /// Sets a variable for `command`, or an element of an array, or says why it can't be set. Whether it was.
    pub(super) fn set_or_complain(
        &mut self,
        io: &mut Io<'_>,
        command: &str,
        name: &str,
        value: String,
    ) -> bool {
        let told = declared(name, self.state.dialect == Dialect::Bash);
        let result = match (is_name(told.name), self.state.dialect) {
            (true, Dialect::Bash) if told.value.is_none() && told.key != Some("") => {
                return self.set_declared(io, &told, &value, None) == 0;
            }
            (true, Dialect::Ash | Dialect::Dash) if told.value.is_none() => {
                self.state.set(name, value)
            }
            (_, Dialect::Bash) => Err(format!("{command}: `{name}': not a valid identifier")),
            (_, Dialect::Ash) => Err(format!("{command}: '{name}': bad variable name")),
            (_, Dialect::Dash) => Err(format!("{command}: {name}: bad variable name")),
        };
        let Err(why) = result else { return true };
        let message = format!("{}{why}", self.state.prefix());
        self.write_error(io, &message);
        self.state.status = 1;
        false
    }
}

/// The last field: all that is left, without blanks at its end, and without the one separator
/// that would only end it.
fn last_field<'l>(
    rest: &'l [(char, bool)],
    blank: &dyn Fn(&(char, bool)) -> bool,
    separates: &dyn Fn(&(char, bool)) -> bool,
) -> &'l [(char, bool)] {
    let trimmed = |field: &'l [(char, bool)]| {
        let kept = field.iter().rposition(|pair| !blank(pair)).map_or(0, |at| at + 1);
        &field[..kept]
    };
    // One field, and what separates it from the next: where nothing comes behind, it is the field alone.
    let end = rest.iter().position(separates).unwrap_or(rest.len());
    let blanks = rest[end..].iter().take_while(|pair| blank(pair)).count();
    let mut after = end + blanks;
    after += usize::from(rest.get(after).is_some_and(separates));
    match rest[after..].iter().all(blank) {
        true => &rest[..end],
        false => trimmed(rest),
    }
}

/// The first letter of a text, and its bytes. What is no UTF-8 stands as the sign for that.
fn first_letter(bytes: &[u8]) -> Option<(char, usize)> {
    let chunk = bytes[..bytes.len().min(4)].utf8_chunks().next()?;
    Some(match chunk.valid().chars().next() {
        Some(letter) => (letter, letter.len_utf8()),
        None => (char::REPLACEMENT_CHARACTER, chunk.invalid().len()),
    })
}

/// Whether a variable can be called this.
pub(in crate::shell::machine) fn is_name(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|next| next.is_ascii_alphanumeric() || next == '_')
}
