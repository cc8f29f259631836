//! Command lines of servers: how each family of libraries reads options, and what it says of wrong
//! ones.

use crate::cluster::image::server::{Grammar, Options};
use crate::cluster::{Context, Did};

/// What a command line says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Parsed {
    /// Option and value, in order; a switch's value is `true`.
    values: Vec<(String, String)>,
    /// What is no option.
    pub operands: Vec<String>,
}

/// The program ends instead of running.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub says: Vec<String>,
    pub exit: i32,
    /// The argument at which the program stopped reading, where it is one's fault.
    pub word: Option<String>,
}

impl Refusal {
    /// The program says why, and leaves a note of the argument: its exit code.
    pub fn tell(&self, context: &mut Context<'_>) -> i32 {
        if let Some(argument) = self.word.clone() {
            context.note(Did::ArgumentRefused { argument });
        }
        self.says.iter().for_each(|line| context.say(line));
        self.exit
    }
}

impl Parsed {
    /// The value of an option; the last one counts.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.values.iter().rev().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// What an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    Text,
    Number,
    Nothing,
}

impl Options {
    /// An option by one of its names (`port|p` has two), and its first one.
    fn find(&self, name: &str) -> Option<(&str, Takes)> {
        let lists = [
            (&self.texts, Takes::Text),
            (&self.numbers, Takes::Number),
            (&self.switches, Takes::Nothing),
        ];
        lists.into_iter().find_map(|(list, takes)| {
            let known = list.iter().find(|known| known.split('|').any(|alias| alias == name))?;
            Some((known.split('|').next().unwrap_or(known), takes))
        })
    }

    fn is_of_family(&self, name: &str) -> bool {
        self.families.iter().any(|family| name.starts_with(family.as_str()))
    }
}

/// Reads the arguments behind the program's name.
///
/// # Errors
/// What the program says, and how it ends.
pub(super) fn parse(
    options: &Options,
    program: &str,
    arguments: &[String],
) -> Result<Parsed, Refusal> {
    let read = |arguments: &[String]| {
        let reader = Reader { options, program, parsed: Parsed::default() };
        match options.grammar {
            Grammar::Go => reader.go(arguments),
            Grammar::Pflag => reader.pflag(arguments),
            Grammar::Mysql => reader.mysql(arguments),
            Grammar::Postgres => reader.postgres(arguments),
            Grammar::Getopt => reader.getopt(arguments),
            Grammar::Boost => reader.boost(arguments),
        }
    };
    read(arguments).map_err(|refusal| {
        // A parser stops at the first word that it cannot take: the words up to there, and any more, are
        // refused alike.
        let counts: Vec<usize> = (1..=arguments.len()).collect();
        let before =
            counts.partition_point(|count| read(&arguments[..*count]).as_ref() != Err(&refusal));
        let word = arguments.get(before).cloned();
        Refusal { word, ..refusal }
    })
}

struct Reader<'a> {
    options: &'a Options,
    program: &'a str,
    parsed: Parsed,
}

impl Reader<'_> {
    fn put(&mut self, name: &str, value: &str) {
        self.parsed.values.push((name.to_owned(), value.to_owned()));
    }

    fn refuse(&self, says: impl Into<String>, exit: i32) -> Refusal {
        let usage = Some(self.options.usage.trim_end()).filter(|usage| !usage.is_empty());
        let usage = usage.map(str::to_owned);
        Refusal { says: [says.into()].into_iter().chain(usage).collect(), exit, word: None }
    }

    /// Go's `flag.Parse`: the first word that is no option ends them.
    fn go(mut self, arguments: &[String]) -> Result<Parsed, Refusal> {
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            let Some(name) = word.strip_prefix('-').filter(|name| !name.is_empty()) else {
                self.parsed.operands.push(word.clone());
                break;
            };
            let name = name.strip_prefix('-').unwrap_or(name);
            if name.is_empty() {
                break;
            }
            if name.starts_with(['-', '=']) {
                return Err(self.refuse(format!("bad flag syntax: {word}"), 2));
            }
            let (name, given) = split(name);
            let Some((_, takes)) = self.options.find(name) else {
                if matches!(name, "h" | "help") {
                    return Err(Refusal {
                        says: vec![self.options.usage.clone()],
                        exit: 0,
                        word: None,
                    });
                }
                return Err(self.refuse(format!("flag provided but not defined: -{name}"), 2));
            };
            let Some(value) = value_of(takes, given, &mut words) else {
                return Err(self.refuse(format!("flag needs an argument: -{name}"), 2));
            };
            if !fits(takes, &value) {
                let kind = if takes == Takes::Nothing { "boolean value" } else { "value" };
                let what = match takes {
                    Takes::Nothing => {
                        format!("invalid {kind} \"{value}\" for -{name}: parse error")
                    }
                    _ => format!("invalid {kind} \"{value}\" for flag -{name}: parse error"),
                };
                return Err(self.refuse(what, 2));
            }
            self.put(name, &value);
        }
        self.parsed.operands.extend(words.cloned());
        Ok(self.parsed)
    }

    /// spf13/pflag, as cobra runs it.
    fn pflag(mut self, arguments: &[String]) -> Result<Parsed, Refusal> {
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            if word == "--" {
                break;
            }
            let (name, given, shown) = match (word.strip_prefix("--"), word.strip_prefix('-')) {
                (Some(long), _) => {
                    let (name, given) = split(long);
                    (name, given, format!("--{name}"))
                }
                (None, Some(short)) if !short.is_empty() => {
                    let end = short.chars().next().map_or(0, char::len_utf8);
                    let (name, rest) = short.split_at(end);
                    let given = Some(rest.strip_prefix('=').unwrap_or(rest));
                    (name, given.filter(|rest| !rest.is_empty()), format!("-{name}"))
                }
                _ => {
                    self.parsed.operands.push(word.clone());
                    continue;
                }
            };
            let Some((first, takes)) = self.options.find(name) else {
                let told = match word.starts_with("--") {
                    true => format!("Error: unknown flag: --{name}"),
                    false => format!("Error: unknown shorthand flag: '{name}' in {word}"),
                };
                return Err(self.refuse(told, 1));
            };
            let first = first.to_owned();
            let Some(value) = value_of(takes, given, &mut words) else {
                let told = format!("Error: flag needs an argument: {shown}");
                return Err(self.refuse(told, 1));
            };
            if !fits(takes, &value) {
                let how = match takes {
                    Takes::Nothing => "ParseBool",
                    _ => "ParseInt",
                };
                let told = format!(
                    "Error: invalid argument \"{value}\" for \"--{first}\" flag: strconv.{how}: \
                     parsing \"{value}\": invalid syntax"
                );
                return Err(self.refuse(told, 1));
            }
            self.put(&first, &value);
        }
        self.parsed.operands.extend(words.cloned());
        Ok(self.parsed)
    }

    /// MySQL's and MariaDB's: a name may be written with dashes or underscores.
    fn mysql(mut self, arguments: &[String]) -> Result<Parsed, Refusal> {
        let program = self.program;
        for word in arguments {
            let Some(long) = word.strip_prefix("--") else {
                if word.starts_with('-') {
                    continue;
                }
                let told = format!(
                    "[ERROR] [MY-010152] [Server] Too many arguments (first extra is '{word}').\n\
                     [ERROR] [MY-010119] [Server] Aborting"
                );
                return Err(self.refuse(told, 1));
            };
            let (name, given) = split(long);
            let plain = name.replace('_', "-");
            match self.options.find(&plain) {
                Some((_, Takes::Number))
                    if given.is_none_or(|value| !fits(Takes::Number, value)) =>
                {
                    let value = given.unwrap_or("");
                    let first = value.chars().find(|c| !c.is_ascii_digit()).unwrap_or(' ');
                    let told = format!(
                        "{program}: Unknown suffix '{first}' used for variable '{plain}' (value \
                         '{value}').\n{program}: Error while setting value '{value}' to '{plain}'."
                    );
                    return Err(self.refuse(told, 1));
                }
                Some((first, _)) => {
                    let first = first.to_owned();
                    self.put(&first, given.unwrap_or("true"));
                }
                None if self.options.is_of_family(&plain) => {}
                None => {
                    let what = match given {
                        Some(value) => format!("unknown variable '{name}={value}'"),
                        None => format!("unknown option '--{name}'"),
                    };
                    let told = format!(
                        "[ERROR] [MY-000067] [Server] {what}.\n[ERROR] [MY-010119] [Server] Aborting"
                    );
                    return Err(self.refuse(told, 1));
                }
            }
        }
        Ok(self.parsed)
    }

    /// PostgreSQL's: letters of `getopt`, and configuration parameters.
    fn postgres(mut self, arguments: &[String]) -> Result<Parsed, Refusal> {
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            let setting = match (word.strip_prefix("--"), word.strip_prefix('-')) {
                (Some(long), _) => match split(long) {
                    (_, Some(_)) => long.to_owned(),
                    (name, None) => {
                        return Err(self.fatal(&format!("--{name} requires a value")));
                    }
                },
                (None, Some(letters)) if letters.starts_with('c') => match &letters[1..] {
                    "" => words.next().cloned().unwrap_or_default(),
                    rest => rest.to_owned(),
                },
                (None, Some(letters)) if !letters.is_empty() => {
                    let end = letters.chars().next().map_or(0, char::len_utf8);
                    let (letter, rest) = letters.split_at(end);
                    let Some((first, takes)) = self.options.find(letter) else {
                        let hint = "Try \"postgres --help\" for more information.";
                        let told = format!("postgres: invalid option -- '{letter}'\n{hint}");
                        return Err(self.refuse(told, 1));
                    };
                    let value = match (takes, rest) {
                        (Takes::Nothing, _) => "on",
                        (_, "") => words.next().map_or("", String::as_str),
                        (_, rest) => rest,
                    };
                    format!("{first}={value}")
                }
                _ => {
                    let told = format!(
                        "postgres: invalid argument: \"{word}\"\nTry \"postgres --help\" for more \
                         information."
                    );
                    return Err(self.refuse(told, 1));
                }
            };
            self.set(&setting)?;
        }
        Ok(self.parsed)
    }

    /// `port=5433`
    fn set(&mut self, setting: &str) -> Result<(), Refusal> {
        let (name, value) = split(setting);
        let name = name.replace('-', "_").to_lowercase();
        let value = value.unwrap_or("");
        match self.options.find(&name) {
            Some((_, Takes::Number)) if !fits(Takes::Number, value) => {
                Err(self.fatal(&format!("invalid value for parameter \"{name}\": \"{value}\"")))
            }
            Some((_, Takes::Number)) if name == "port" && value.parse::<u16>().is_err() => {
                Err(self.fatal(&format!(
                    "{value} is outside the valid range for parameter \"port\" (1 .. 65535)"
                )))
            }
            Some(_) => {
                self.put(&name, value);
                Ok(())
            }
            // Settings of extensions have a dot in their names.
            None if name.contains('.') || self.options.is_of_family(&name) => Ok(()),
            None => Err(self.fatal(&format!("unrecognized configuration parameter \"{name}\""))),
        }
    }

    fn fatal(&self, what: &str) -> Refusal {
        self.refuse(format!("FATAL:  {what}"), 1)
    }

    /// Boost's program_options, as MongoDB runs them.
    fn boost(mut self, arguments: &[String]) -> Result<Parsed, Refusal> {
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            let Some(dashed) = word.strip_prefix('-').filter(|name| !name.is_empty()) else {
                let told = "too many positional options have been specified on the command line";
                return Err(self.unparsed(told));
            };
            let (name, given) = split(dashed.strip_prefix('-').unwrap_or(dashed));
            let Some((first, takes)) = self.options.find(name) else {
                if self.options.is_of_family(name) {
                    continue;
                }
                return Err(self.unparsed(&format!("unrecognised option '{word}'")));
            };
            let first = first.to_owned();
            if takes == Takes::Nothing && given.is_some() {
                let told = format!("option '--{first}' does not take any arguments");
                return Err(self.unparsed(&told));
            }
            let Some(value) = value_of(takes, given, &mut words) else {
                let told = format!("the required argument for option '--{first}' is missing");
                return Err(self.unparsed(&told));
            };
            if !fits(takes, &value) {
                let told = format!("the argument ('{value}') for option '--{first}' is invalid");
                return Err(self.unparsed(&told));
            }
            self.put(&first, &value);
        }
        Ok(self.parsed)
    }

    /// MongoDB ends with 2 where it cannot read its command line.
    fn unparsed(&self, what: &str) -> Refusal {
        let program = self.program;
        let told = format!(
            "Error parsing command line: {what}\ntry '{program} --help' for more information"
        );
        self.refuse(told, 2)
    }

    /// `getopt(3)`.
    fn getopt(mut self, arguments: &[String]) -> Result<Parsed, Refusal> {
        let program = self.program;
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            if let Some(long) = word.strip_prefix("--") {
                let (name, given) = split(long);
                let Some((first, _)) = self.options.find(name) else {
                    return Err(
                        self.refuse(format!("{program}: unrecognized option '--{name}'"), 1)
                    );
                };
                let first = first.to_owned();
                self.put(&first, given.unwrap_or("true"));
                continue;
            }
            let Some(letters) = word.strip_prefix('-').filter(|letters| !letters.is_empty()) else {
                self.parsed.operands.push(word.clone());
                continue;
            };
            for (at, letter) in letters.char_indices() {
                let Some((first, takes)) = self.options.find(&letter.to_string()) else {
                    return Err(self.refuse(format!("{program}: invalid option -- '{letter}'"), 1));
                };
                let first = first.to_owned();
                if takes == Takes::Nothing {
                    self.put(&first, "true");
                    continue;
                }
                let rest = &letters[at + letter.len_utf8()..];
                let value = if rest.is_empty() { words.next().cloned() } else { Some(rest.into()) };
                let Some(value) = value else {
                    let told = format!("{program}: option requires an argument -- '{letter}'");
                    return Err(self.refuse(told, 1));
                };
                self.put(&first, &value);
                break;
            }
        }
        Ok(self.parsed)
    }
}

/// `name=value`
fn split(word: &str) -> (&str, Option<&str>) {
    word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)))
}

/// A flag's value, as Go's flag packages take it: what stands behind `=`, or else the next word; a flag
/// that takes nothing is true. Nothing when a word is missing.
fn value_of<'a>(
    takes: Takes,
    given: Option<&str>,
    words: &mut impl Iterator<Item = &'a String>,
) -> Option<String> {
    match (takes, given) {
        (_, Some(value)) => Some(value.to_owned()),
        (Takes::Nothing, None) => Some("true".to_owned()),
        (_, None) => words.next().cloned(),
    }
}

fn fits(takes: Takes, value: &str) -> bool {
    const BOOLEANS: [&str; 11] =
        ["1", "t", "T", "true", "TRUE", "True", "0", "f", "F", "false", "False"];
    match takes {
        Takes::Text => true,
        Takes::Number => value.parse::<i64>().is_ok(),
        Takes::Nothing => BOOLEANS.contains(&value) || value == "FALSE",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(grammar: Grammar) -> Options {
        let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect();
        Options {
            grammar,
            texts: names(&["text|t", "data|D"]),
            numbers: names(&["port|p"]),
            switches: names(&["version"]),
            families: names(&["innodb", "log_"]),
            usage: String::new(),
        }
    }

    fn read(grammar: Grammar, line: &str) -> Result<Parsed, Refusal> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        parse(&options(grammar), "prog", &words)
    }

    fn refused(grammar: Grammar, line: &str) -> (String, i32) {
        let refusal = read(grammar, line).unwrap_err();
        (refusal.says[0].clone(), refusal.exit)
    }

    // Go's src/flag/flag.go
    #[test]
    fn go_takes_one_dash_or_two_and_stops_at_the_first_operand() {
        let parsed = read(Grammar::Go, "-text=a --port 80 -version rest -x").unwrap();
        assert_eq!((parsed.get("text"), parsed.get("port")), (Some("a"), Some("80")));
        assert_eq!(parsed.operands, ["rest", "-x"]);
        let said = |line| refused(Grammar::Go, line);
        assert_eq!(said("-txet=a"), ("flag provided but not defined: -txet".to_owned(), 2));
        assert_eq!(said("-text"), ("flag needs an argument: -text".to_owned(), 2));
        let wrong = "invalid value \"tcp://10.96.3.4:80\" for flag -port: parse error".to_owned();
        assert_eq!(said("-port=tcp://10.96.3.4:80"), (wrong, 2));
    }

    // spf13/pflag's errors.go
    #[test]
    fn pflag_names_the_flag_and_what_is_wrong_with_it() {
        let parsed = read(Grammar::Pflag, "-p81 --text a x").unwrap();
        assert_eq!((parsed.get("port"), parsed.get("text")), (Some("81"), Some("a")));
        assert_eq!(parsed.operands, ["x"]);
        let said = |line| refused(Grammar::Pflag, line).0;
        assert_eq!(said("--prot=1"), "Error: unknown flag: --prot");
        assert_eq!(said("-x"), "Error: unknown shorthand flag: 'x' in -x");
        assert!(said("--port=a").ends_with("strconv.ParseInt: parsing \"a\": invalid syntax"));
    }

    #[test]
    fn databases_know_their_own_variables() {
        let said = |line| refused(Grammar::Mysql, line).0;
        assert!(said("--prot=1").contains("unknown variable 'prot=1'."));
        assert!(said("--port=tcp://x").starts_with("prog: Unknown suffix 't' used"));
        assert_eq!(
            read(Grammar::Mysql, "--innodb_x=1 --port=3307").unwrap().get("port"),
            Some("3307")
        );
        let said = |line| refused(Grammar::Postgres, line).0;
        assert_eq!(said("-c prot=1"), "FATAL:  unrecognized configuration parameter \"prot\"");
        assert!(said("-p tcp://x").ends_with("invalid value for parameter \"port\": \"tcp://x\""));
        assert!(said("--port=70000").contains("outside the valid range"));
        assert!(read(Grammar::Postgres, "-c log_statement=all -c a.b=1 -D /x").is_ok());
    }

    #[test]
    fn getopt_takes_letters_together() {
        assert_eq!(read(Grammar::Getopt, "-p81").unwrap().get("port"), Some("81"));
        let said = |line| refused(Grammar::Getopt, line).0;
        assert_eq!(said("-z"), "prog: invalid option -- 'z'");
        assert_eq!(said("-p"), "prog: option requires an argument -- 'p'");
    }
    // boost/program_options/errors.hpp, mongo/util/options_parser/options_parser.cpp
    #[test]
    fn boost_wants_values_that_fit_and_no_operands() {
        let parsed = read(Grammar::Boost, "--port 81 --text=a --version").unwrap();
        assert_eq!((parsed.get("port"), parsed.get("text")), (Some("81"), Some("a")));
        let said = |line| {
            let (told, exit) = refused(Grammar::Boost, line);
            assert_eq!(exit, 2);
            told.lines().next().unwrap_or_default().replace("Error parsing command line: ", "")
        };
        assert_eq!(said("--nope"), "unrecognised option '--nope'");
        assert_eq!(said("--port=0x"), "the argument ('0x') for option '--port' is invalid");
        assert_eq!(said("--text"), "the required argument for option '--text' is missing");
    }
}
