//! Which directives httpd knows, which module brings each, where it may stand, how many arguments it takes,
//! and whether it is heeded here (`directives.txt`).

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Where a directive may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Places {
    /// In the main server alone.
    Main,
    Server,
    Directory,
    Anywhere,
}

/// What surrounds a directive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Around<'a> {
    Main,
    Host,
    /// A section of this name: `<Directory`.
    Section(&'a str),
}

/// How many arguments a directive takes.
#[derive(Debug, PartialEq, Eq)]
enum Arguments {
    /// Any of these counts, as digits.
    Counts(&'static str),
    AtLeast(usize),
    /// `On` or `Off`.
    Flag,
    /// What its own reader takes.
    Raw,
}

/// What a directive does here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    /// What it does in httpd.
    Acts,
    /// Nothing, and nothing of it could be seen here.
    Unseen,
    /// Nothing: it is not simulated.
    Missing,
}

/// A directive's row.
#[derive(Debug, PartialEq, Eq)]
pub struct Known {
    /// As httpd spells it.
    pub name: &'static str,
    /// The module that brings it, without `_module`; `core` is always there.
    pub module: &'static str,
    arguments: Arguments,
    places: Places,
    effect: Effect,
    about: &'static str,
}

/// By name, in small letters.
static KNOWN: LazyLock<BTreeMap<String, Known>> = LazyLock::new(|| {
    let rows = include_str!("directives.txt").lines().filter(|row| !row.starts_with('#'));
    rows.filter_map(Known::read).map(|known| (known.name.to_lowercase(), known)).collect()
});

impl Known {
    fn read(row: &'static str) -> Option<Known> {
        let mut columns = row.split('\t');
        let (name, module, counts) = (columns.next()?, columns.next()?, columns.next()?);
        let arguments = match counts.strip_suffix('+') {
            Some(fewest) => Arguments::AtLeast(fewest.parse().ok()?),
            None => match counts {
                "flag" => Arguments::Flag,
                "raw" => Arguments::Raw,
                counts => Arguments::Counts(counts),
            },
        };
        let places = match columns.next()? {
            "g" => Places::Main,
            "s" => Places::Server,
            "d" => Places::Directory,
            "sd" => Places::Anywhere,
            _ => return None,
        };
        let effect = match columns.next()? {
            "acts" => Effect::Acts,
            "unseen" => Effect::Unseen,
            "missing" => Effect::Missing,
            _ => return None,
        };
        Some(Known { name, module, arguments, places, effect, about: columns.next()? })
    }

    /// The directive of this name.
    pub fn find(name: &str) -> Option<&'static Known> {
        KNOWN.get(&name.to_lowercase())
    }

    /// Every module that brings a directive.
    pub fn is_module(name: &str) -> bool {
        KNOWN.values().any(|known| known.module == name)
    }

    /// Whether it asks for something that is not simulated.
    pub fn is_missing(&self) -> bool {
        self.effect == Effect::Missing
    }

    /// May it stand here (`ap_check_cmd_context`, `invoke_cmd` of server/config.c)?
    ///
    /// # Errors
    /// In httpd's words.
    pub fn check_place(&self, around: Around<'_>) -> Result<(), String> {
        let name = self.name;
        match (self.places, around) {
            (Places::Main, Around::Host) => {
                let close = if name.starts_with('<') { ">" } else { "" };
                Err(format!("{name}{close} cannot occur within <VirtualHost> section"))
            }
            (Places::Main | Places::Server, Around::Section(section)) => {
                Err(format!("{name} not allowed in {section}> context"))
            }
            (Places::Directory, Around::Main) => Err(format!("{name} not allowed here")),
            (Places::Directory, Around::Host) => {
                Err(format!("{name} not allowed in <VirtualHost> context"))
            }
            _ => Ok(()),
        }
    }

    /// Has it as many arguments as it takes (`invoke_cmd`)?
    ///
    /// # Errors
    /// In httpd's words.
    pub fn check_count(&self, words: &[String]) -> Result<(), String> {
        let takes = match &self.arguments {
            Arguments::Raw => return Ok(()),
            Arguments::Counts(counts) if counts.contains(&words.len().to_string()) => return Ok(()),
            Arguments::AtLeast(fewest) if words.len() >= *fewest => return Ok(()),
            Arguments::Flag => {
                let is_flag =
                    |word: &String| ["on", "off"].iter().any(|one| word.eq_ignore_ascii_case(one));
                // What follows is passed over.
                return match words {
                    [word, ..] if is_flag(word) => Ok(()),
                    _ => Err(format!("{} must be On or Off", self.name)),
                };
            }
            Arguments::AtLeast(1) => "requires at least one argument",
            Arguments::AtLeast(_) => "requires at least two arguments",
            Arguments::Counts("0") => return Err(format!("{} takes no arguments", self.name)),
            Arguments::Counts("1") => "takes one argument",
            Arguments::Counts("2") => "takes two arguments",
            Arguments::Counts("12") => "takes 1-2 arguments",
            Arguments::Counts("3") => "takes three arguments",
            Arguments::Counts("13") => "takes one or three arguments",
            Arguments::Counts("23") => "takes two or three arguments",
            Arguments::Counts(_) => "takes one, two or three arguments",
        };
        Err(format!("{} {takes}, {}", self.name, self.about))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_read() {
        let rows = include_str!("directives.txt").lines().filter(|row| !row.starts_with('#'));
        for row in rows {
            assert!(Known::read(row).is_some(), "{row}");
        }
    }

    // Recorded from apache2 2.4.71 -t.
    #[test]
    fn arguments_are_counted_and_places_are_looked_at() {
        let known = |name: &str| Known::find(name).expect(name);
        assert_eq!(
            known("documentroot").check_count(&[]).unwrap_err(),
            "DocumentRoot takes one argument, Root directory of the document tree"
        );
        let maybe = ["maybe".to_owned()];
        assert_eq!(
            known("KeepAlive").check_count(&maybe).unwrap_err(),
            "KeepAlive must be On or Off"
        );
        assert_eq!(
            known("Listen").check_place(Around::Host).unwrap_err(),
            "Listen cannot occur within <VirtualHost> section"
        );
        assert_eq!(
            known("Require").check_place(Around::Main).unwrap_err(),
            "Require not allowed here"
        );
        assert_eq!(
            known("DocumentRoot").check_place(Around::Section("<Directory")).unwrap_err(),
            "DocumentRoot not allowed in <Directory> context"
        );
    }
}
