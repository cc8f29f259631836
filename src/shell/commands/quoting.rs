//! Names as GNU tools write them where a name may have any letter in it (gnulib's `quotearg`).

/// How a name is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::shell) enum Quoting {
    /// As it is.
    Literal,
    /// As a shell reads it.
    Shell {
        /// Also where a shell needs no quotes.
        always: bool,
        /// Whether control characters are written as `$'\n'`.
        escapes: bool,
    },
    /// As a string of C.
    C {
        /// Also where nothing has to be escaped.
        always: bool,
    },
    /// As a string of C without its quotes; a space has a backslash.
    Escape,
}

impl Quoting {
    /// The words of `--quoting-style`.
    pub const NAMES: &'static [(&'static [&'static str], Quoting)] = &[
        (&["literal"], Quoting::Literal),
        (&["shell"], Quoting::Shell { always: false, escapes: false }),
        (&["shell-always"], Quoting::Shell { always: true, escapes: false }),
        (&["shell-escape"], Quoting::Shell { always: false, escapes: true }),
        (&["shell-escape-always"], Quoting::Shell { always: true, escapes: true }),
        (&["c"], Quoting::C { always: true }),
        (&["c-maybe"], Quoting::C { always: false }),
        (&["escape"], Quoting::Escape),
        // In the C locale these are single quotes and double ones.
        (&["locale"], Quoting::Shell { always: true, escapes: false }),
        (&["clocale"], Quoting::C { always: true }),
    ];

    /// Whether names are written as a shell reads them.
    pub fn is_shell(self) -> bool {
        matches!(self, Quoting::Shell { .. })
    }

    /// A name, written so.
    pub fn of(self, name: &str) -> String {
        match self {
            Quoting::Literal => name.to_owned(),
            Quoting::Escape => escaped(name, ' '),
            Quoting::C { always } => {
                let text = escaped(name, '"');
                if always || text != name { format!("\"{text}\"") } else { text }
            }
            Quoting::Shell { always, escapes } => shell(name, always, escapes),
        }
    }
}

/// With C's escapes, and a backslash before `also`.
fn escaped(name: &str, also: char) -> String {
    let mut out = String::new();
    for letter in name.chars() {
        match control(letter) {
            Some(escape) => out += &escape,
            None if letter == '\\' || letter == also => out.extend(['\\', letter]),
            None => out.push(letter),
        }
    }
    out
}

/// A control character as C writes it.
fn control(letter: char) -> Option<String> {
    Some(match letter {
        '\x07' => "\\a".to_owned(),
        '\x08' => "\\b".to_owned(),
        '\t' => "\\t".to_owned(),
        '\n' => "\\n".to_owned(),
        '\x0b' => "\\v".to_owned(),
        '\x0c' => "\\f".to_owned(),
        '\r' => "\\r".to_owned(),
        other if other.is_ascii_control() => format!("\\{:03o}", u32::from(other)),
        _ => return None,
    })
}

/// As a shell reads it: in double quotes where only single ones are in the way.
fn shell(name: &str, always: bool, escapes: bool) -> String {
    let special = |letter: char| " !\"$&'()*;<=>?[\\]^`|".contains(letter);
    let needs = name.is_empty()
        || name.starts_with(['#', '~'])
        || matches!(name, "{" | "}")
        || name.chars().any(|letter| special(letter) || letter.is_ascii_control());
    if !needs && !always {
        return name.to_owned();
    }
    let controls = escapes && name.chars().any(|letter| letter.is_ascii_control());
    if name.contains('\'') && !name.contains(['"', '$', '`', '\\', '!']) && !controls {
        return format!("\"{name}\"");
    }
    let mut out = "'".to_owned();
    let mut inside = false;
    for letter in name.chars() {
        match control(letter).filter(|_| escapes) {
            Some(escape) => {
                out += if inside { "" } else { "'$'" };
                out += &escape;
                inside = true;
                continue;
            }
            None if inside => out += "''",
            None => {}
        }
        inside = false;
        out += match letter {
            '\'' => "'\\''",
            _ => {
                out.push(letter);
                continue;
            }
        };
    }
    out.push('\'');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `ls` of coreutils 9.1 writes them.
    #[test]
    fn names_are_written_as_a_shell_reads_them() {
        let shell = |name| Quoting::Shell { always: false, escapes: true }.of(name);
        assert_eq!(shell("words"), "words");
        assert_eq!(shell("a b"), "'a b'");
        assert_eq!(shell("it's"), "\"it's\"");
        assert_eq!(shell("it's $5"), "'it'\\''s $5'");
        assert_eq!(shell("a\tb"), "'a'$'\\t''b'");
        assert_eq!(Quoting::Escape.of("a b\n"), "a\\ b\\n");
        assert_eq!(Quoting::C { always: true }.of("\"q\""), "\"\\\"q\\\"\"");
    }
}
