//! Options of command lines, as getopt reads them.

use super::real_options;
use super::trouble::left_out;
use crate::shell::Io;

/// Whose getopt reads a command line: it decides the words of errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::shell) enum Messages {
    /// A GNU tool.
    Gnu,
    /// A BusyBox applet with glibc.
    BusyBox,
    /// A BusyBox applet with musl: Alpine and all that is built on it.
    Musl,
}

/// The options and operands of a command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::shell) struct Options {
    /// Options in order, by their letter, with their values.
    given: Vec<(char, String)>,
    /// What is no option.
    pub operands: Vec<String>,
}

/// Which options a command has.
#[derive(Clone, Copy, Debug)]
pub(in crate::shell) struct Grammar {
    /// The command's name, for messages.
    pub name: &'static str,
    /// Letters; a colon after a letter that takes a value, a semicolon where the value may be left out.
    pub short: &'static str,
    /// Long names and the letters they stand for.
    pub long: &'static [(&'static str, char)],
    /// Whether options end at the first operand (`xargs`, `env`, `timeout`).
    pub stops: bool,
}

/// Why a command line cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::shell) struct Misuse {
    /// What is wrong with it.
    pub kind: MisuseKind,
    /// All that is said of it.
    text: String,
}

/// What is wrong with a command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::shell) enum MisuseKind {
    /// A real option that podhop leaves out.
    LeftOut,
    /// There is no such option.
    Unknown,
    /// The beginning of more than one option.
    Ambiguous,
    /// An option without the value that it takes; its letter, where it is one.
    ValueMissing(Option<char>),
    /// An option with a value that it does not take.
    ValueUnwanted,
    /// A word that is no option, where none is taken.
    Operand,
    /// A value, or options together, that the program refuses.
    Refused,
}

impl Misuse {
    /// This much is said of a command line.
    pub fn new(kind: MisuseKind, text: impl Into<String>) -> Misuse {
        Misuse { kind, text: text.into() }
    }

    /// A value, or options together, that the program refuses in these words.
    pub fn refused(text: impl Into<String>) -> Misuse {
        Misuse::new(MisuseKind::Refused, text)
    }

    /// A real option that podhop leaves out.
    pub fn left_out(tool: &str, option: &str) -> Misuse {
        Misuse { kind: MisuseKind::LeftOut, text: left_out(tool, option) }
    }

    /// Whether podhop leaves out what was asked for: the program itself would take it.
    pub fn is_left_out(&self) -> bool {
        self.kind == MisuseKind::LeftOut
    }

    /// What is said of it, without how the command is used.
    pub fn message(&self) -> &str {
        self.text.lines().next().unwrap_or_default()
    }
}

impl AsRef<str> for Misuse {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

impl From<Misuse> for String {
    fn from(misuse: Misuse) -> String {
        misuse.text
    }
}

/// What an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    Nothing,
    Value,
    /// A value that is glued to it, or none.
    Perhaps,
}

impl Grammar {
    /// A command with short options alone.
    pub const fn short(name: &'static str, short: &'static str) -> Grammar {
        Grammar { name, short, long: &[], stops: false }
    }

    /// Reads a command line.
    ///
    /// # Errors
    /// What is wrong with it, in the words of the place's tools.
    pub fn parse(&self, arguments: &[String], words: Messages) -> Result<Options, Misuse> {
        let mut options = Options::default();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            if argument == "--" {
                options.operands.extend(rest.cloned());
                break;
            }
            if let Some(long) = argument.strip_prefix("--") {
                self.long_option(long, &mut rest, &mut options, words)?;
            } else if argument.len() > 1 && argument.starts_with('-') {
                self.letters(&argument[1..], &mut rest, &mut options, words)?;
            } else {
                options.operands.push(argument.clone());
                if self.stops {
                    options.operands.extend(rest.cloned());
                    break;
                }
            }
        }
        Ok(options)
    }

    /// Whether the letter is an option, and whether it takes a value.
    fn takes(&self, letter: char) -> Option<Takes> {
        let at = self.short.find(letter).filter(|_| !matches!(letter, ':' | ';'))?;
        Some(match self.short[at + letter.len_utf8()..].chars().next() {
            Some(':') => Takes::Value,
            Some(';') => Takes::Perhaps,
            _ => Takes::Nothing,
        })
    }

    fn letters(
        &self,
        letters: &str,
        rest: &mut std::slice::Iter<'_, String>,
        options: &mut Options,
        words: Messages,
    ) -> Result<(), Misuse> {
        for (at, letter) in letters.char_indices() {
            let glued = &letters[at + letter.len_utf8()..];
            // Letters that only stand for long options are not in the ASCII range.
            let has = letter.is_ascii() && real_options::has(self.name, words, letter);
            match self.takes(letter).filter(|_| has) {
                None => return Err(self.unknown(letter, words)),
                Some(Takes::Nothing) => options.given.push((letter, String::new())),
                Some(Takes::Perhaps) => {
                    options.given.push((letter, glued.to_owned()));
                    return Ok(());
                }
                Some(Takes::Value) => {
                    let value = match glued.is_empty() {
                        false => glued.to_owned(),
                        true => rest.next().cloned().ok_or_else(|| self.missing(letter, words))?,
                    };
                    options.given.push((letter, value));
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn long_option(
        &self,
        text: &str,
        rest: &mut std::slice::Iter<'_, String>,
        options: &mut Options,
        words: Messages,
    ) -> Result<(), Misuse> {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (text, None),
        };
        let (long, letter) = self.long_name(text, name, words)?;
        let value = match (self.takes(letter), value) {
            (Some(Takes::Value), None) => {
                let missing = || {
                    let message = match words {
                        Messages::Musl => format!("option requires an argument: {long}"),
                        _ => format!("option '--{long}' requires an argument"),
                    };
                    self.misuse(MisuseKind::ValueMissing(None), &message, words)
                };
                rest.next().cloned().ok_or_else(missing)?
            }
            (Some(Takes::Nothing), Some(_)) => {
                let message = format!("option '--{long}' doesn't allow an argument");
                return Err(self.misuse(MisuseKind::ValueUnwanted, &message, words));
            }
            (_, value) => value.unwrap_or_default(),
        };
        options.given.push((letter, value));
        Ok(())
    }

    /// The long option that a name or its beginning stands for.
    fn long_name(
        &self,
        text: &str,
        name: &str,
        words: Messages,
    ) -> Result<(&'static str, char), Misuse> {
        let known = if real_options::has_long(self.name, words) { self.long } else { &[] };
        if let Some(found) = known.iter().find(|(long, _)| *long == name) {
            return Ok(*found);
        }
        let near: Vec<(&'static str, char)> =
            known.iter().filter(|(long, _)| long.starts_with(name)).copied().collect();
        let real = || real_options::real(self.name, words, &format!("--{name}"));
        let others: Vec<&str> = real_options::begun(self.name, words, name)
            .filter(|one| self.long.iter().all(|(long, _)| long != one))
            .collect();
        match near.as_slice() {
            [] if real().is_some() => Err(Misuse::left_out(self.name, &format!("--{name}"))),
            [] if self.is_apt() && words != Messages::Musl => {
                Err(self.not_understood(&format!("--{name}")))
            }
            [] => {
                let message = match words {
                    Messages::Musl => format!("unrecognized option: {name}"),
                    _ => format!("unrecognized option '--{text}'"),
                };
                Err(self.misuse(MisuseKind::Unknown, &message, words))
            }
            [first, more @ ..]
                if others.is_empty() && more.iter().all(|(_, letter)| *letter == first.1) =>
            {
                Ok(*first)
            }
            all => {
                let known = all.iter().map(|(long, _)| *long);
                let names: Vec<String> =
                    known.chain(others).map(|long| format!("'--{long}'")).collect();
                let possible = names.join(" ");
                let message = match words {
                    Messages::Musl => format!("option is ambiguous: {name}"),
                    _ => format!("option '--{text}' is ambiguous; possibilities: {possible}"),
                };
                Err(self.misuse(MisuseKind::Ambiguous, &message, words))
            }
        }
    }

    fn unknown(&self, letter: char, words: Messages) -> Misuse {
        let option = format!("-{letter}");
        if real_options::real(self.name, words, &option).is_some() {
            return Misuse::left_out(self.name, &option);
        }
        let message = match words {
            Messages::Musl => format!("unrecognized option: {letter}"),
            _ if self.is_apt() => {
                return self.not_understood(&format!("'{letter}' [from -{letter}]"));
            }
            // OpenSSH's getopt is BSD's.
            _ if self.name == "ssh" => format!("unknown option -- {letter}"),
            _ => format!("invalid option -- '{letter}'"),
        };
        self.misuse(MisuseKind::Unknown, &message, words)
    }

    fn missing(&self, letter: char, words: Messages) -> Misuse {
        let message = match words {
            Messages::Musl => format!("option requires an argument: {letter}"),
            _ => format!("option requires an argument -- '{letter}'"),
        };
        self.misuse(MisuseKind::ValueMissing(Some(letter)), &message, words)
    }

    /// Whether it is one of apt's commands, which have a reader of their own.
    fn is_apt(&self) -> bool {
        matches!(self.name, "apt" | "apt-get")
    }

    /// What apt says of an option that it does not know.
    fn not_understood(&self, option: &str) -> Misuse {
        let others = "in combination with the other options";
        let text = format!("E: Command line option {option} is not understood {others}");
        Misuse { kind: MisuseKind::Unknown, text }
    }

    /// A message, and how the command is used.
    fn misuse(&self, kind: MisuseKind, message: &str, words: Messages) -> Misuse {
        let name = self.name;
        let text = match words {
            Messages::Gnu if name == "ssh" => {
                format!("{message}\nusage: {}", super::usage(name))
            }
            _ if name == "apk" => format!("{name}: {message}"),
            Messages::Gnu => {
                // diffutils' and gzip say it in their own way.
                let hint = match name {
                    "cmp" | "diff" => format!("{name}: Try '{name} --help'"),
                    "gzip" | "gunzip" | "zcat" => "Try `gzip --help'".to_owned(),
                    _ => format!("Try '{name} --help'"),
                };
                format!("{name}: {message}\n{hint} for more information.")
            }
            Messages::BusyBox | Messages::Musl => {
                format!("{name}: {message}\n{}", super::busybox_usage(name))
            }
        };
        Misuse { kind, text }
    }

    /// Reads a command line, or complains about it.
    pub fn read(&self, arguments: &[String], io: &mut Io<'_>) -> Option<Options> {
        match self.parse(arguments, super::words(io.cluster, io.place)) {
            Ok(options) => Some(options),
            Err(message) => {
                io.write_error(message);
                None
            }
        }
    }
}

impl Options {
    /// Operands alone, whatever they look like.
    pub fn of(operands: &[String]) -> Options {
        Options { given: Vec::new(), operands: operands.to_vec() }
    }

    /// Takes one more option as given: what another one stands for.
    pub fn give(&mut self, letter: char) {
        self.given.push((letter, String::new()));
    }

    /// Whether an option was given.
    pub fn has(&self, letter: char) -> bool {
        self.given.iter().any(|(given, _)| *given == letter)
    }

    /// The first of these options that was given, by its spelling: what podhop does not do.
    pub fn not_simulated(&self, options: &[(char, &'static str)]) -> Option<&'static str> {
        options.iter().find(|(letter, _)| self.has(*letter)).map(|(_, name)| *name)
    }

    /// An option's last value.
    pub fn value(&self, letter: char) -> Option<&str> {
        self.all(letter).last()
    }

    /// All values of an option.
    pub fn all(&self, letter: char) -> impl Iterator<Item = &str> {
        self.given
            .iter()
            .filter(move |(given, _)| *given == letter)
            .map(|(_, value)| value.as_str())
    }

    /// Options in order.
    pub fn in_order(&self) -> impl Iterator<Item = (char, &str)> {
        self.given.iter().map(|(letter, value)| (*letter, value.as_str()))
    }
}

/// What a word of an option's list means, as gnulib's `argmatch` reads it: the words of a group mean the
/// same, and the beginning of a word is enough where it can mean only one thing.
///
/// # Errors
/// GNU's complaint, with the words that there are.
pub(in crate::shell) fn matched<T: Copy + PartialEq>(
    tool: &str,
    option: &str,
    word: &str,
    groups: &[(&[&str], T)],
) -> Result<T, String> {
    let words =
        || groups.iter().flat_map(|(names, meant)| names.iter().map(move |one| (one, *meant)));
    if let Some((_, meant)) = words().find(|(name, _)| **name == word) {
        return Ok(meant);
    }
    let mut near: Vec<T> = Vec::new();
    for (_, meant) in words().filter(|(name, _)| name.starts_with(word)) {
        if !near.contains(&meant) {
            near.push(meant);
        }
    }
    if let [only] = near.as_slice() {
        return Ok(*only);
    }
    let kind = if near.is_empty() { "invalid" } else { "ambiguous" };
    let list: String = groups
        .iter()
        .map(|(names, _)| {
            let names: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
            format!("\n  - {}", names.join(", "))
        })
        .collect();
    Err(format!(
        "{tool}: {kind} argument '{word}' for '{option}'\nValid arguments are:{list}\nTry '{tool} --help' for more information."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRAMMAR: Grammar = Grammar {
        name: "x",
        short: "vn:",
        long: &[("lines", 'n'), ("verbose", 'v')],
        stops: false,
    };

    fn parse(arguments: &[&str]) -> Result<Options, Misuse> {
        let arguments: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
        GRAMMAR.parse(&arguments, Messages::Gnu)
    }

    #[test]
    fn options_come_in_every_spelling() {
        for spelling in
            [&["-vn5", "f"][..], &["-v", "-n", "5", "f"], &["f", "--lines=5", "--verbose"]]
        {
            let options = parse(spelling).expect("it parses");
            assert!(options.has('v'));
            assert_eq!(options.value('n'), Some("5"));
            assert_eq!(options.operands, ["f"]);
        }
        assert_eq!(parse(&["--", "-v"]).expect("it parses").operands, ["-v"]);
    }

    /// `argmatch` of gnulib.
    #[test]
    fn the_beginning_of_a_word_is_enough_where_it_means_one_thing() {
        const LIST: &[(&[&str], u8)] = &[(&["never", "no", "none"], 0), (&["once"], 1)];
        let read = |word| matched("rm", "--interactive", word, LIST);
        assert_eq!((read("n"), read("on"), read("no")), (Ok(0), Ok(1), Ok(0)));
        let said = "rm: invalid argument 'x' for '--interactive'\nValid arguments are:\n  - 'never', 'no', 'none'\n  - 'once'\nTry 'rm --help' for more information.";
        assert_eq!(read("x"), Err(said.to_owned()));
        assert!(read("").is_err_and(|why| why.starts_with("rm: ambiguous argument ''")));
    }

    #[test]
    fn an_unknown_option_is_named() {
        let misuse = parse(&["-q"]).expect_err("there is no -q");
        assert_eq!(
            (misuse.kind, misuse.message()),
            (MisuseKind::Unknown, "x: invalid option -- 'q'")
        );
        let whole = "x: invalid option -- 'q'\nTry 'x --help' for more information.";
        assert_eq!(misuse.as_ref(), whole);
    }
}
