//! Flags: what a command takes, how a command line is read, and what is said of wrong ones.
//!
//! The habits are those of the Go library that kubectl uses: `--name=value`, `--name value`,
//! `-oyaml`, `-o=yaml`, `-o yaml`, grouped shorthands, flags between arguments, and `--`.

use std::collections::BTreeMap;

use super::Failure;

/// What a flag takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::shell::commands) enum Takes {
    /// Nothing, or `=true` and `=false`.
    Switch,
    /// A text.
    Text,
    /// A list: several times, or with commas.
    List,
    /// Texts: several times, commas are part of them.
    Texts,
    /// Pairs `key=value`: several times, or with commas (component-base, `MapStringString`).
    Pairs,
    /// The same of another library, for which commas belong to the value of a single pair (pflag,
    /// `StringToString`).
    Map,
    /// A whole number.
    Number,
    /// A whole number of 32 bits.
    Small,
    /// A length of time: `30s`, `1m30s`.
    Duration,
    /// A text after `=`; without one, this text.
    Optional(&'static str),
}

/// A flag.
#[derive(Clone, Copy, Debug)]
pub(in crate::shell::commands) struct Flag {
    /// Its name, without dashes.
    pub long: &'static str,
    /// Its letter.
    pub short: Option<char>,
    /// What it takes.
    pub takes: Takes,
    /// Its value when it is not given, as help shows it.
    pub default: &'static str,
    /// What it does.
    pub help: &'static str,
}

/// A switch, off by default.
pub(in crate::shell::commands) const fn switch(
    long: &'static str,
    short: Option<char>,
    help: &'static str,
) -> Flag {
    Flag { long, short, takes: Takes::Switch, default: "false", help }
}

/// A flag with a text, empty by default.
pub(in crate::shell::commands) const fn text(
    long: &'static str,
    short: Option<char>,
    help: &'static str,
) -> Flag {
    Flag { long, short, takes: Takes::Text, default: "''", help }
}

/// A flag with a value of some type, and the default that help shows.
pub(super) const fn typed(
    long: &'static str,
    takes: Takes,
    default: &'static str,
    help: &'static str,
) -> Flag {
    Flag { long, short: None, takes, default, help }
}

/// A command line, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::shell::commands) struct Arguments {
    values: BTreeMap<&'static str, Vec<String>>,
    /// Every flag and its value, as they were given.
    pub order: Vec<(&'static str, String)>,
    /// The arguments that are not flags.
    pub positional: Vec<String>,
    /// How many of them stand before `--`, if there is one.
    pub dash: Option<usize>,
}

impl Arguments {
    /// A flag's last value.
    pub fn get(&self, flag: &str) -> Option<&str> {
        self.values.get(flag)?.last().map(String::as_str)
    }

    /// A flag's last value, or nothing.
    pub fn text(&self, flag: &str) -> &str {
        self.get(flag).unwrap_or("")
    }

    /// Every value of a flag, in order.
    pub fn all(&self, flag: &str) -> &[String] {
        self.values.get(flag).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether a switch is on.
    pub fn on(&self, flag: &str) -> bool {
        self.get(flag).and_then(truth).unwrap_or(false)
    }

    /// Whether objects are named by files or a kustomization (`IsFilenameSliceEmpty`).
    pub fn names_files(&self) -> bool {
        !self.all("filename").is_empty() || !self.text("kustomize").is_empty()
    }

    /// Whether a flag was given.
    pub fn given(&self, flag: &str) -> bool {
        self.values.contains_key(flag)
    }

    /// A number.
    pub fn number(&self, flag: &str) -> Option<i64> {
        integer(self.get(flag)?)
    }

    /// A length of time.
    pub fn duration(&self, flag: &str) -> Option<std::time::Duration> {
        self.get(flag).and_then(duration)
    }

    /// The arguments before `--`.
    pub fn before_dash(&self) -> &[String] {
        &self.positional[..self.dash.unwrap_or(self.positional.len())]
    }

    /// The arguments after `--`.
    pub fn after_dash(&self) -> &[String] {
        &self.positional[self.dash.unwrap_or(self.positional.len())..]
    }
}

/// Reads `words` by a table of flags.
///
/// # Errors
/// The message that comes before the hint at the command's help.
pub(in crate::shell::commands) fn parse(
    flags: &[Flag],
    words: &[String],
) -> Result<Arguments, String> {
    let mut arguments = Arguments::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word == "--" {
            arguments.dash = Some(arguments.positional.len());
            arguments.positional.extend(words.by_ref().cloned());
        } else if let Some(rest) = word.strip_prefix("--") {
            long(flags, rest, &mut words, &mut arguments)?;
        } else if word.len() > 1 && word.starts_with('-') {
            shorts(flags, &word[1..], &mut words, &mut arguments)?;
        } else {
            arguments.positional.push(word.clone());
        }
    }
    Ok(arguments)
}

type Words<'a> = std::slice::Iter<'a, String>;

fn long(
    flags: &[Flag],
    rest: &str,
    words: &mut Words<'_>,
    arguments: &mut Arguments,
) -> Result<(), String> {
    let (name, value) = match rest.split_once('=') {
        Some((name, value)) => (name, Some(value.to_owned())),
        None => (rest, None),
    };
    if name.is_empty() || name.starts_with('-') || rest.starts_with('=') {
        return Err(format!("bad flag syntax: --{rest}"));
    }
    let flag = flags.iter().find(|flag| flag.long == name);
    let flag = match flag {
        Some(flag) => flag,
        None if name == "help" => &HELP,
        None => return Err(format!("unknown flag: --{name}")),
    };
    let value = match (value, bare(flag)) {
        (Some(value), _) => value,
        (None, Some(bare)) => bare.to_owned(),
        (None, None) => {
            words.next().cloned().ok_or_else(|| format!("flag needs an argument: --{name}"))?
        }
    };
    set(arguments, flag, value)
}

fn shorts(
    flags: &[Flag],
    group: &str,
    words: &mut Words<'_>,
    arguments: &mut Arguments,
) -> Result<(), String> {
    for (at, letter) in group.char_indices() {
        let rest = &group[at + letter.len_utf8()..];
        let own = flags.iter().find(|flag| flag.short == Some(letter));
        let Some(flag) = own.or(Some(&HELP).filter(|_| letter == 'h')) else {
            let group = &group[at..];
            return Err(format!("unknown shorthand flag: {} in -{group}", quoted(letter)));
        };
        if let Some(value) = rest.strip_prefix('=') {
            return set(arguments, flag, value.to_owned());
        }
        if let Some(bare) = bare(flag) {
            set(arguments, flag, bare.to_owned())?;
            continue;
        }
        let value = if rest.is_empty() {
            words.next().cloned().ok_or_else(|| {
                let group = &group[at..];
                format!("flag needs an argument: {} in -{group}", quoted(letter))
            })?
        } else {
            rest.to_owned()
        };
        return set(arguments, flag, value);
    }
    Ok(())
}

/// The flag that every command takes, and no list names.
const HELP: Flag = switch("help", Some('h'), "Help for the command.");

fn quoted(letter: char) -> String {
    format!("'{letter}'")
}

/// What a flag means without a value, if it may stand without one.
fn bare(flag: &Flag) -> Option<&'static str> {
    match flag.takes {
        Takes::Switch => Some("true"),
        Takes::Optional(text) => Some(text),
        _ => None,
    }
}

fn set(arguments: &mut Arguments, flag: &Flag, value: String) -> Result<(), String> {
    if let Some(fault) = fault(flag.takes, &value) {
        let name = match flag.short {
            Some(letter) => format!("-{letter}, --{}", flag.long),
            None => format!("--{}", flag.long),
        };
        return Err(format!("invalid argument \"{value}\" for \"{name}\" flag: {fault}"));
    }
    arguments.order.push((flag.long, value.clone()));
    let values = arguments.values.entry(flag.long).or_default();
    match flag.takes {
        Takes::List if value.is_empty() => {}
        Takes::List => values.extend(value.split(',').map(str::to_owned)),
        _ => values.push(value),
    }
    Ok(())
}

/// Why `value` is not what a flag takes, in the words of Go's parsers.
fn fault(takes: Takes, value: &str) -> Option<String> {
    match takes {
        Takes::Switch if truth(value).is_none() => {
            Some(format!("strconv.ParseBool: parsing \"{value}\": invalid syntax"))
        }
        Takes::Number => number_fault(value, i64::MIN, i64::MAX),
        Takes::Small => number_fault(value, i64::from(i32::MIN), i64::from(i32::MAX)),
        Takes::Duration if duration(value).is_none() => {
            Some(format!("time: {} \"{value}\"", duration_fault(value)))
        }
        Takes::Pairs if value.split(',').any(|pair| !pair.contains('=')) => {
            Some("malformed pair, expect string=string".to_owned())
        }
        Takes::Map => map_items(value)
            .find(|pair| !pair.contains('='))
            .map(|pair| format!("{pair} must be formatted as key=value")),
        _ => None,
    }
}

/// The pairs of a flag that takes a map: commas part them only where several have a `=`.
pub(super) fn map_items(value: &str) -> impl Iterator<Item = &str> {
    let several = value.matches('=').count() > 1;
    value.split(move |c| several && c == ',')
}

/// What Go says of a length of time that is none, before the text (`time.ParseDuration`).
fn duration_fault(value: &str) -> String {
    let mut rest = value.strip_prefix(['-', '+']).unwrap_or(value);
    while rest.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        let number = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let unit: String =
            number.chars().take_while(|c| !c.is_ascii_digit() && *c != '.').collect();
        match unit.as_str() {
            "" => return "missing unit in duration".to_owned(),
            "ns" | "us" | "µs" | "ms" | "s" | "m" | "h" => rest = &number[unit.len()..],
            unit => return format!("unknown unit \"{unit}\" in duration"),
        }
    }
    "invalid duration".to_owned()
}

/// Reads a whole number as Go does where the text says its base: `12`, `0x1f`, `0b11`, `017`.
fn integer(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix(['-', '+']) {
        Some(digits) => (&text[..1], digits),
        None => ("", text),
    };
    let lower = digits.to_ascii_lowercase();
    let (base, digits) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', _, ..] => (8, &lower[1..]),
        _ => (10, lower.as_str()),
    };
    if digits.starts_with(['-', '+']) {
        return None;
    }
    i64::from_str_radix(&format!("{sign}{digits}"), base).ok()
}

/// Why `value` is no number between these.
fn number_fault(value: &str, least: i64, most: i64) -> Option<String> {
    let digits = value.strip_prefix(['-', '+']).unwrap_or(value);
    let why = match integer(value) {
        Some(number) if (least..=most).contains(&number) => return None,
        None if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            "invalid syntax"
        }
        _ => "value out of range",
    };
    Some(format!("strconv.ParseInt: parsing \"{value}\": {why}"))
}

/// Go's spellings of true and false.
pub(super) fn truth(value: &str) -> Option<bool> {
    match value {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// Reads `1h2m3.5s`; a plain `0` is allowed, other plain numbers are not. Negative lengths, which
/// mean "without end" to some commands, become the longest one.
pub(super) fn duration(text: &str) -> Option<std::time::Duration> {
    let longest = std::time::Duration::from_secs(7 * 24 * 3600);
    if let Some(rest) = text.strip_prefix('-') {
        return duration(rest).map(|_| longest);
    }
    if text == "0" {
        return Some(std::time::Duration::ZERO);
    }
    let mut rest = text;
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let units = [("ms", 0.001), ("us", 0.000_001), ("h", 3600.0), ("m", 60.0), ("s", 1.0)];
        let (unit, factor) = units.iter().find(|(unit, _)| rest.starts_with(unit))?;
        seconds += number * factor;
        rest = &rest[unit.len()..];
    }
    let sensible = !text.is_empty() && seconds.is_finite() && seconds < longest.as_secs_f64();
    sensible.then(|| std::time::Duration::from_secs_f64(seconds))
}

/// `error: <message>` and where to read on.
pub(super) fn failure(path: &str, message: &str) -> Failure {
    Failure::Message(format!("{message}\nSee '{path} --help' for usage."))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLAGS: &[Flag] = &[
        text("output", Some('o'), ""),
        switch("watch", Some('w'), ""),
        switch("all-namespaces", Some('A'), ""),
        typed("replicas", Takes::Number, "1", ""),
        Flag { long: "filename", short: Some('f'), takes: Takes::List, default: "[]", help: "" },
        typed("dry-run", Takes::Optional("unchanged"), "'none'", ""),
    ];

    fn read(line: &str) -> Result<Arguments, String> {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        parse(FLAGS, &words)
    }

    #[test]
    fn a_value_may_follow_in_four_ways() {
        for line in ["-o yaml", "-oyaml", "-o=yaml", "--output=yaml", "--output yaml"] {
            assert_eq!(read(line).expect(line).text("output"), "yaml", "{line}");
        }
    }

    #[test]
    fn letters_are_grouped_and_flags_stand_anywhere() {
        let arguments = read("pods -Awo wide x").expect("arguments");
        assert!(arguments.on("watch") && arguments.on("all-namespaces"));
        assert_eq!(arguments.text("output"), "wide");
        assert_eq!(arguments.positional, ["pods", "x"]);
    }

    #[test]
    fn after_a_double_dash_nothing_is_a_flag() {
        let arguments = read("p -- ls -o").expect("arguments");
        assert_eq!(arguments.before_dash(), ["p"]);
        assert_eq!(arguments.after_dash(), ["ls", "-o"]);
    }

    #[test]
    fn lists_split_at_commas() {
        assert_eq!(read("-f a,b -f c").expect("arguments").all("filename"), ["a", "b", "c"]);
    }

    #[test]
    fn an_optional_value_needs_its_equals_sign() {
        let arguments = read("--dry-run client").expect("arguments");
        assert_eq!(arguments.text("dry-run"), "unchanged");
        assert_eq!(arguments.positional, ["client"]);
    }

    #[test]
    fn wrong_flags_are_told_in_gos_words() {
        let error = |line: &str| read(line).expect_err(line);
        assert_eq!(error("--foo"), "unknown flag: --foo");
        assert_eq!(error("-xw"), "unknown shorthand flag: 'x' in -xw");
        assert_eq!(error("-f"), "flag needs an argument: 'f' in -f");
        assert_eq!(error("--output"), "flag needs an argument: --output");
        assert_eq!(
            error("--replicas=a"),
            "invalid argument \"a\" for \"--replicas\" flag: strconv.ParseInt: parsing \"a\": \
             invalid syntax"
        );
    }

    #[test]
    fn durations_have_units() {
        assert_eq!(duration("1m30s"), Some(std::time::Duration::from_secs(90)));
        assert_eq!(duration("0"), Some(std::time::Duration::ZERO));
        assert_eq!(duration("5"), None);
        assert_eq!(duration("x"), None);
    }
}
