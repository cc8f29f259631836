//! Parameters: values, special ones included, and what `${…}` does to them.

use std::collections::BTreeSet;

use super::builtins::{declaration, options};
use super::expand::{Expanded, Expander, FIELD, LONGEST, Stop, spelled};
use super::fields::Fields;
use super::quoted::escaped;
use super::state::{assign, is_bash_own, target};
use crate::clock::SimTime;
use crate::random::Stream;
use crate::shell::files::absolute;
use crate::shell::pattern::Pattern;
use crate::shell::syntax::{
    Casing, Dialect, Index, Operation, Parameter, Part, Word, command_text, in_single_quotes,
};

/// A parameter's name with its index, as bash names it in complaints.
fn shown(parameter: &Parameter) -> String {
    let index = match &parameter.index {
        None => return parameter.name.clone(),
        Some(Index::All) => "@".to_owned(),
        Some(Index::Joined) => "*".to_owned(),
        Some(Index::At(index)) => spelled(index),
    };
    format!("{}[{index}]", parameter.name)
}

impl Expander<'_> {
    pub(super) fn parameter(
        &mut self,
        parameter: &Parameter,
        fields: &mut Fields,
        whole: bool,
    ) -> Expanded<()> {
        if let Some(list) = self.list(parameter)? {
            if whole {
                let joint = if list.joined { self.joint() } else { " ".to_owned() };
                self.add(&list.values.join(&joint), fields, true);
                return Ok(());
            }
            for (index, value) in list.values.iter().enumerate() {
                if index > 0 {
                    fields.finish();
                }
                self.add(value, fields, false);
            }
            return Ok(());
        }
        // The word of `${x:-word}` keeps its own quotes.
        let subject = self.subject(parameter)?;
        if let Some(word) = replacement(parameter, subject.as_deref()) {
            let word = word.clone();
            return match whole {
                true => self.parts(&word.parts, fields, true),
                false => self.split_parts(&word.parts, fields),
            };
        }
        if let Some(value) = self.operate_on(parameter, subject)? {
            self.add(&value, fields, whole);
        }
        Ok(())
    }

    /// A parameter's value, which is known, after its operation: a subscript that counts is worked out once.
    /// `None` when it is unset.
    pub(super) fn operate_on(
        &mut self,
        parameter: &Parameter,
        subject: Option<String>,
    ) -> Expanded<Option<String>> {
        let name = &parameter.name;
        let value = subject;
        let missing = |colon: bool| match &value {
            None => true,
            Some(value) => colon && value.is_empty(),
        };
        let result = match &parameter.operation {
            Operation::Default { .. } => value,
            Operation::Alternative { .. } => None,
            Operation::Assign { colon, .. } if missing(*colon) && !is_variable(name) => {
                return Err(Stop::Error(match self.state.dialect {
                    Dialect::Bash => format!("${name}: cannot assign in this way"),
                    _ => format!("{name}: bad variable name"),
                }));
            }
            Operation::Assign { colon, word } if missing(*colon) => {
                let text = self.text(word)?;
                self.write(name, text.clone())?;
                Some(text)
            }
            Operation::Assign { .. } => value,
            Operation::Require { colon, word } if missing(*colon) => {
                let text = self.text(word)?;
                let bash = self.state.dialect == Dialect::Bash;
                let text = match text.as_str() {
                    "" if *colon && bash => "parameter null or not set".to_owned(),
                    "" if *colon => "parameter not set or null".to_owned(),
                    "" => "parameter not set".to_owned(),
                    _ => text,
                };
                let name = match self.state.dialect {
                    Dialect::Bash => shown(parameter),
                    _ => name.clone(),
                };
                return Err(Stop::Unset(format!("{name}: {text}")));
            }
            Operation::Require { .. } => value,
            Operation::Bad(text) => {
                return Err(Stop::Error(match self.state.dialect {
                    Dialect::Bash => format!("{text}: bad substitution"),
                    Dialect::Dash => "Bad substitution".to_owned(),
                    Dialect::Ash => "syntax error: bad substitution".to_owned(),
                }));
            }
            _ => self.plain_operation(parameter, value)?,
        };
        Ok(result)
    }

    /// An operation that an unset parameter has nothing for.
    fn plain_operation(
        &mut self,
        parameter: &Parameter,
        value: Option<String>,
    ) -> Expanded<Option<String>> {
        let Parameter { name, operation, .. } = parameter;
        let many = matches!(parameter.index, Some(Index::All | Index::Joined));
        let unset = value.is_none() && !many && !matches!(name.as_str(), "@" | "*");
        if unset && self.state.options.no_unset {
            let special = !parameter.braced && !is_variable(name);
            return Err(Stop::Unset(match (self.state.dialect, &parameter.index) {
                (Dialect::Bash, _) if special => format!("${name}: unbound variable"),
                (Dialect::Bash, _) => format!("{}: unbound variable", shown(parameter)),
                _ => format!("{name}: parameter not set"),
            }));
        }
        // bash counts no elements of what is no array.
        if many
            && *operation == Operation::Length
            && self.state.options.no_unset
            && !self.variables.contains_key(target(&self.variables, name))
            && self.pairs(name).is_empty()
        {
            return Err(Stop::Error(format!("{name}: unbound variable")));
        }
        let nothing = value.as_deref().unwrap_or_default().is_empty();
        let argument = name.bytes().all(|byte| byte.is_ascii_digit()) && name != "0";
        if nothing && *operation == Operation::Value && (is_variable(name) || argument) {
            self.unset.push(name.clone());
        }
        let one = value.clone().filter(|_| matches!(parameter.index, Some(Index::At(_))));
        Ok(match (operation, value) {
            (Operation::Length, value) => Some(self.length(parameter, value)),
            (Operation::Show(letter @ ('A' | 'a')), _) => {
                self.attributes(name, *letter, one.as_deref())
            }
            (_, None) => None,
            (operation, Some(value)) => Some(self.transform(operation, value)?),
        })
    }

    pub(super) fn length(&self, parameter: &Parameter, value: Option<String>) -> String {
        match (&parameter.index, parameter.name.as_str()) {
            (Some(Index::All | Index::Joined), name) => self.pairs(name).len().to_string(),
            (None, "@" | "*") => self.state.positional.len().to_string(),
            _ => value.unwrap_or_default().chars().count().to_string(),
        }
    }

    /// `${NAME@A}`: what would declare it so; `${NAME@a}`: the letters of `declare`. An array's `element`
    /// is declared by itself.
    pub(super) fn attributes(
        &self,
        name: &str,
        letter: char,
        element: Option<&str>,
    ) -> Option<String> {
        let variable = self.variables.get(target(&self.variables, name))?;
        let declared = declaration(name, variable);
        let (flags, value) = declared.strip_prefix("declare -")?.split_once(' ')?;
        let text = element.map(str::to_owned).or_else(|| variable.text().map(str::to_owned));
        Some(match (letter, flags, text) {
            ('a', "-", _) => String::new(),
            ('a', flags, _) => flags.to_owned(),
            ('D', _, _) => format!("declare -{flags} {value}"),
            (_, "-", Some(text)) => format!("{name}={}", show('Q', &text)),
            (_, flags, Some(text)) => format!("declare -{flags} {name}={}", show('Q', &text)),
            (_, "-", None) => return None,
            (_, flags, None) => format!("declare -{flags} {name}"),
        })
    }

    /// Whether patterns may have groups.
    pub(super) fn groups(&self) -> bool {
        self.state.dialect == Dialect::Bash && self.state.shopt("extglob")
    }

    pub(super) fn transform(&mut self, operation: &Operation, value: String) -> Expanded<String> {
        self.made += value.len() + FIELD;
        Ok(match operation {
            Operation::TrimStart { longest, pattern } => {
                let pattern = Pattern::by(&self.pattern(pattern)?, self.groups());
                let end = pattern.prefix(&value, *longest, &mut self.left);
                let end = self.looked(end)?.unwrap_or(0);
                value[end..].to_owned()
            }
            Operation::TrimEnd { longest, pattern } => {
                let pattern = Pattern::by(&self.pattern(pattern)?, self.groups());
                let start = pattern.suffix(&value, *longest, &mut self.left);
                let start = self.looked(start)?.unwrap_or(value.len());
                value[..start].to_owned()
            }
            Operation::Replace { all, pattern, text } => {
                let pattern = self.pattern(pattern)?;
                let text = self.pieces(text)?;
                let groups = self.groups();
                let replaced = replace(
                    &value,
                    &pattern,
                    &text,
                    (*all, self.state.dialect == Dialect::Bash, groups),
                    &mut self.left,
                );
                match self.looked(replaced)? {
                    text if text.len() > LONGEST => {
                        return Err(Stop::Error("xrealloc: cannot allocate memory".to_owned()));
                    }
                    text => text,
                }
            }
            Operation::Slice { offset, length } => {
                let offset = self.arithmetic(offset)?;
                let length = match length {
                    Some(length) => Some(self.arithmetic(length)?),
                    None => None,
                };
                match slice(&value, offset, length) {
                    Some(part) => part,
                    None => {
                        let length = length.unwrap_or(0);
                        return Err(Stop::Error(format!("{length}: substring expression < 0")));
                    }
                }
            }
            Operation::Show(letter) => show(*letter, &value),
            Operation::Case { to, all, pattern } => {
                let pattern = match pattern {
                    Some(pattern) => Some(Pattern::by(&self.pattern(pattern)?, self.groups())),
                    None => None,
                };
                let cased = in_case(&value, (*to, *all), pattern.as_ref(), &mut self.left);
                self.looked(cased)?
            }
            _ => value,
        })
    }

    /// A parameter's value, special ones included. Reading `$RANDOM` draws.
    pub(super) fn value(&mut self, name: &str) -> Option<String> {
        if name == "RANDOM" && !self.variables.contains_key("RANDOM") {
            self.draws += 1;
            return Some(Stream::new(self.draws, "RANDOM").below(32_768).to_string());
        }
        self.read(name)
    }

    pub(super) fn read(&self, name: &str) -> Option<String> {
        let state = self.state;
        let name = target(&self.variables, name);
        if let Some((array, key)) = name.split_once('[') {
            return self.element(array, key.trim_end_matches(']'));
        }
        if name == "SECONDS" && state.dialect == Dialect::Bash {
            return Some(self.seconds().to_string());
        }
        if let Some(variable) = self.variables.get(name) {
            return variable.text().map(str::to_owned);
        }
        Some(match name {
            "?" => state.status.to_string(),
            "#" => state.positional.len().to_string(),
            "@" | "*" if state.positional.is_empty() => return None,
            "@" => state.positional.join(" "),
            "*" => state.positional.join(&self.joint()),
            "$" => state.pid.to_string(),
            "!" => state.last_job?.to_string(),
            "-" => options::letters(
                state.options,
                state.dialect,
                state.interactive,
                state.command_string,
            ),
            "0" => state.name.clone(),
            "FUNCNAME" if state.dialect == Dialect::Ash => state.calls.first()?.clone(),
            "PWD" => absolute(&state.place, &state.directory, ""),
            // dash has no such variable; BusyBox counts from 0.
            "LINENO" if state.dialect == Dialect::Dash => return None,
            "LINENO" if state.dialect == Dialect::Ash => state.ash_line().to_string(),
            "LINENO" => state.line.to_string(),
            "OPTIND" => "1".to_owned(),
            "PS1" if state.dialect == Dialect::Ash => "\\w \\$ ".to_owned(),
            "PS2" if state.dialect != Dialect::Bash => "> ".to_owned(),
            "PS4" if state.dialect != Dialect::Bash => "+ ".to_owned(),
            "PPID" => state.pid.saturating_sub(1).to_string(),
            name if state.dialect == Dialect::Bash && self.bash_own(name).is_some() => {
                return self.bash_own(name);
            }
            _ => {
                let index: usize = name.parse().ok()?;
                return state.positional.get(index.checked_sub(1)?).cloned();
            }
        })
    }

    /// `$SECONDS`: since the shell began, or since it was set, and what it was set to. What the variable
    /// holds is the difference to the cluster's time.
    fn seconds(&self) -> i64 {
        let whole = |at: SimTime| i64::try_from(at.as_millis() / 1000).unwrap_or(0);
        let now = self.view.cluster.now();
        let began = || -whole(self.state.began.unwrap_or(now));
        let set = self.variables.get("SECONDS").and_then(|set| set.text()?.parse().ok());
        whole(now) + set.unwrap_or_else(began)
    }

    /// The names of variables that begin so, bash's own included.
    pub(super) fn names_from(&self, prefix: &str) -> Vec<String> {
        let own = BASH_OWN.iter().copied().filter(|_| self.state.dialect == Dialect::Bash);
        let own = own.filter(|name| self.read(name).is_some());
        let known = self.variables.iter().map(|(name, _)| name).chain(own);
        let known = known.filter(|name| name.starts_with(prefix)).map(str::to_owned);
        known.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Variables that bash keeps by itself.
    fn bash_own(&self, name: &str) -> Option<String> {
        let state = self.state;
        Some(match name {
            "BASH_VERSION" => "5.2.15(1)-release".to_owned(),
            "BASH" => "/usr/bin/bash".to_owned(),
            "BASHPID" => state.own_pid.to_string(),
            "BASH_SUBSHELL" => state.depth.to_string(),
            "UID" | "EUID" => self.view.cluster.identity(&state.place).user.0.to_string(),
            "HOSTNAME" => self.view.cluster.host_name(&state.place),
            "HOSTTYPE" => "x86_64".to_owned(),
            "MACHTYPE" => "x86_64-pc-linux-gnu".to_owned(),
            "OSTYPE" => "linux-gnu".to_owned(),
            "PS4" => "+ ".to_owned(),
            "EPOCHSECONDS" => self.view.cluster.now().timestamp().as_second().to_string(),
            "EPOCHREALTIME" => {
                let now = self.view.cluster.now().timestamp();
                format!("{}.{:06}", now.as_second(), now.subsec_microsecond())
            }
            "_" => state.last_word.to_string(),
            "BASH_COMMAND" => command_text(&state.command),
            "SHELLOPTS" => options::names(state.options),
            "BASHOPTS" => options::shopt_names(state),
            "PIPESTATUS" => state.pipe_status.first()?.to_string(),
            "FUNCNAME" => state.calls.first()?.clone(),
            _ => return None,
        })
    }

    /// The word of `${x:-word}` without quotes: its bare text is split, too.
    fn split_parts(&mut self, parts: &[Part], fields: &mut Fields) -> Expanded<()> {
        for (index, part) in parts.iter().enumerate() {
            match part {
                Part::Bare(text) if !(index == 0 && text.starts_with('~')) => {
                    self.add(text, fields, false);
                }
                part => self.parts(std::slice::from_ref(part), fields, false)?,
            }
        }
        Ok(())
    }

    pub(super) fn write(&mut self, name: &str, value: String) -> Expanded<()> {
        if self.state.dialect == Dialect::Bash && is_bash_own(name) {
            return Err(Stop::Error(self.state.read_only(name)));
        }
        if value.len() > LONGEST {
            return Err(Stop::Error("xrealloc: cannot allocate memory".to_owned()));
        }
        let value = match name == "SECONDS" && self.state.dialect == Dialect::Bash {
            true => {
                let (now, before) = (self.seconds(), self.variables.get(name));
                let held = before.and_then(|held| held.text()?.parse::<i64>().ok());
                let began = self.state.began.map_or(0, |began| began.as_millis() / 1000);
                let base = held.unwrap_or_else(|| -i64::try_from(began).unwrap_or(0));
                (value.trim().parse::<i64>().unwrap_or(0) - now + base).to_string()
            }
            false => value,
        };
        let value = self.worked_out(name, "", value)?;
        assign(&mut self.variables, name, value)
            .map_err(|_| Stop::Error(self.state.read_only(name)))?;
        if self.state.options.all_export
            && let Some(variable) = self.variables.get_mut(name)
        {
            variable.exported = true;
        }
        Ok(())
    }
}

/// Variables that bash keeps by itself, as far as they can be read here.
const BASH_OWN: [&str; 24] = [
    "BASH",
    "BASHOPTS",
    "BASHPID",
    "BASH_COMMAND",
    "BASH_SUBSHELL",
    "BASH_VERSION",
    "EPOCHREALTIME",
    "EPOCHSECONDS",
    "EUID",
    "FUNCNAME",
    "HOSTNAME",
    "HOSTTYPE",
    "LINENO",
    "MACHTYPE",
    "OPTIND",
    "OSTYPE",
    "PIPESTATUS",
    "PPID",
    "PS4",
    "PWD",
    "RANDOM",
    "SECONDS",
    "SHELLOPTS",
    "UID",
];

/// Whether it is a variable's name: not `$1`, `$?` and their kin.
fn is_variable(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
}

/// The word that stands for a parameter with this value, when it does.
pub(super) fn replacement<'w>(parameter: &'w Parameter, value: Option<&str>) -> Option<&'w Word> {
    let missing = |colon: bool| match value {
        None => true,
        Some(value) => colon && value.is_empty(),
    };
    match &parameter.operation {
        Operation::Default { colon, word } if missing(*colon) => Some(word),
        Operation::Alternative { colon, word } if !missing(*colon) => Some(word),
        _ => None,
    }
}

/// What stands in the place of what was found: texts, and between them what was found.
pub(super) type Pieces = Vec<String>;

/// `${x/a/b}` and its like; `None` when it takes more steps than are `left`. A text that becomes too
/// long is not put together to its end.
fn replace(
    value: &str,
    pattern: &str,
    pieces: &Pieces,
    (all, bash, groups): (bool, bool, bool),
    left: &mut u64,
) -> Option<String> {
    let put = |found: &str| pieces.join(found);
    let (at_start, at_end) = (pattern.starts_with('#'), pattern.starts_with('%'));
    if (at_start || at_end) && !all && bash {
        let pattern = Pattern::by(&pattern[1..], groups);
        return Some(match at_start {
            true => match pattern.prefix(value, true, left)? {
                Some(end) => format!("{}{}", put(&value[..end]), &value[end..]),
                None => value.to_owned(),
            },
            false => match pattern.suffix(value, true, left)? {
                Some(start) => format!("{}{}", &value[..start], put(&value[start..])),
                None => value.to_owned(),
            },
        });
    }
    let pattern = Pattern::by(pattern, groups);
    let mut out = String::new();
    let mut rest = value;
    while let Some(letter) = rest.chars().next().filter(|_| out.len() <= LONGEST) {
        let (found, ended) = pattern.begin(rest, true, left)?;
        match found.filter(|end| *end > 0) {
            // What a `*` was followed to the end for is nowhere behind either.
            None if ended => break,
            Some(end) => {
                out += &put(&rest[..end]);
                rest = &rest[end..];
                if !all {
                    break;
                }
            }
            None => {
                out.push(letter);
                rest = &rest[letter.len_utf8()..];
            }
        }
    }
    Some(out + rest)
}

/// `${x^^pattern}` and its like: the letters that fit in upper or lower case, all of them or the first;
/// `None` when it takes more steps than are `left`.
fn in_case(
    value: &str,
    (to, all): (Casing, bool),
    pattern: Option<&Pattern>,
    left: &mut u64,
) -> Option<String> {
    if value.is_ascii() && all && pattern.is_none() && to != Casing::Other {
        return Some(match to {
            Casing::Upper => value.to_ascii_uppercase(),
            _ => value.to_ascii_lowercase(),
        });
    }
    let mut out = String::with_capacity(value.len());
    for (index, letter) in value.chars().enumerate() {
        let wanted = match pattern {
            _ if !all && index > 0 => false,
            Some(pattern) => pattern.matches_within(letter.encode_utf8(&mut [0; 4]), left)?,
            None => true,
        };
        match to {
            _ if !wanted => out.push(letter),
            Casing::Upper => out.extend(letter.to_uppercase()),
            Casing::Other if letter.is_lowercase() => out.extend(letter.to_uppercase()),
            Casing::Lower | Casing::Other => out.extend(letter.to_lowercase()),
        }
    }
    Some(out)
}

/// `${x@Q}`, `${x@U}` and their like.
pub(super) fn show(letter: char, value: &str) -> String {
    let first = |upper: bool| {
        let mut letters = value.chars();
        match letters.next() {
            Some(first) if upper => first.to_uppercase().chain(letters).collect(),
            _ => value.to_owned(),
        }
    };
    match letter {
        'U' => value.to_uppercase(),
        'L' => value.to_lowercase(),
        'u' => first(true),
        'E' => crate::shell::syntax::unescape(value),
        'Q' | 'K' | 'k' if value.chars().any(char::is_control) => escaped(value),
        'Q' | 'K' | 'k' => in_single_quotes(value),
        _ => value.to_owned(),
    }
}

/// A part of a text; `None` where it would end before it begins.
fn slice(value: &str, offset: i64, length: Option<i64>) -> Option<String> {
    let letters: Vec<char> = value.chars().collect();
    let size = letters.len() as i64;
    let start = if offset < 0 { size.saturating_add(offset) } else { offset };
    if !(0..=size).contains(&start) {
        return Some(String::new());
    }
    let end = match length {
        None => size,
        Some(length) if length < 0 => size.saturating_add(length),
        Some(length) => start.saturating_add(length).min(size),
    };
    (end >= start).then(|| letters[start as usize..end as usize].iter().collect())
}
