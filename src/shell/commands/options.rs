//! Options of command lines, as getopt reads them.

use crate::cluster::Flavour;
use crate::shell::Io;

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
    /// Letters; a colon after a letter that takes a value.
    pub short: &'static str,
    /// Long names and the letters they stand for.
    pub long: &'static [(&'static str, char)],
    /// Whether options end at the first operand (`xargs`, `env`, `timeout`).
    pub stops: bool,
}

impl Grammar {
    /// A command with short options alone.
    pub const fn short(name: &'static str, short: &'static str) -> Grammar {
        Grammar { name, short, long: &[], stops: false }
    }

    /// Reads a command line.
    ///
    /// # Errors
    /// What is wrong with it, in the words of the flavour's tools.
    pub fn parse(&self, arguments: &[String], flavour: Flavour) -> Result<Options, String> {
        let mut options = Options::default();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            if argument == "--" {
                options.operands.extend(rest.cloned());
                break;
            }
            if let Some(long) = argument.strip_prefix("--") {
                self.long_option(long, &mut rest, &mut options, flavour)?;
            } else if argument.len() > 1 && argument.starts_with('-') {
                self.letters(&argument[1..], &mut rest, &mut options, flavour)?;
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
    fn takes_value(&self, letter: char) -> Option<bool> {
        let at = self.short.find(letter).filter(|_| letter != ':')?;
        Some(self.short[at + letter.len_utf8()..].starts_with(':'))
    }

    fn letters(
        &self,
        letters: &str,
        rest: &mut std::slice::Iter<'_, String>,
        options: &mut Options,
        flavour: Flavour,
    ) -> Result<(), String> {
        for (at, letter) in letters.char_indices() {
            match self.takes_value(letter) {
                None => return Err(self.unknown(&letter.to_string(), false, flavour)),
                Some(false) => options.given.push((letter, String::new())),
                Some(true) => {
                    let glued = &letters[at + letter.len_utf8()..];
                    let value = match glued.is_empty() {
                        false => glued.to_owned(),
                        true => {
                            rest.next().cloned().ok_or_else(|| self.missing(letter, flavour))?
                        }
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
        flavour: Flavour,
    ) -> Result<(), String> {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (text, None),
        };
        let found = self.long.iter().find(|(long, _)| *long == name);
        let found = found.or_else(|| self.long.iter().find(|(long, _)| long.starts_with(name)));
        let Some((_, letter)) = found else {
            return Err(self.unknown(name, true, flavour));
        };
        let value = match (self.takes_value(*letter), value) {
            (Some(true), None) => {
                rest.next().cloned().ok_or_else(|| self.missing(*letter, flavour))?
            }
            (_, value) => value.unwrap_or_default(),
        };
        options.given.push((*letter, value));
        Ok(())
    }

    fn unknown(&self, option: &str, long: bool, flavour: Flavour) -> String {
        let name = self.name;
        match flavour {
            Flavour::BusyBox => format!("{name}: unrecognized option: {option}"),
            Flavour::Gnu if long => {
                format!("{name}: unrecognized option '--{option}'\n{}", self.hint())
            }
            Flavour::Gnu => format!("{name}: invalid option -- '{option}'\n{}", self.hint()),
        }
    }

    fn missing(&self, letter: char, flavour: Flavour) -> String {
        let name = self.name;
        match flavour {
            Flavour::BusyBox => format!("{name}: option requires an argument: {letter}"),
            Flavour::Gnu => {
                format!("{name}: option requires an argument -- '{letter}'\n{}", self.hint())
            }
        }
    }

    fn hint(&self) -> String {
        format!("Try '{} --help' for more information.", self.name)
    }

    /// Reads a command line, or complains about it.
    pub fn read(&self, arguments: &[String], io: &mut Io<'_>) -> Option<Options> {
        let flavour = super::flavour(io.cluster, io.place);
        match self.parse(arguments, flavour) {
            Ok(options) => Some(options),
            Err(message) => {
                io.complain(message);
                None
            }
        }
    }
}

impl Options {
    /// Whether an option was given.
    pub fn has(&self, letter: char) -> bool {
        self.given.iter().any(|(given, _)| *given == letter)
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

#[cfg(test)]
mod tests {
    use super::*;

    const GRAMMAR: Grammar = Grammar {
        name: "x",
        short: "vn:",
        long: &[("lines", 'n'), ("verbose", 'v')],
        stops: false,
    };

    fn parse(arguments: &[&str]) -> Result<Options, String> {
        let arguments: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
        GRAMMAR.parse(&arguments, Flavour::Gnu)
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

    #[test]
    fn an_unknown_option_is_named() {
        assert_eq!(
            parse(&["-q"]),
            Err("x: invalid option -- 'q'\nTry 'x --help' for more information.".to_owned())
        );
    }
}
