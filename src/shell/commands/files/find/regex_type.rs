//! What `find -regex` takes for an expression.

use crate::shell::commands::text::regex::{Regex, Syntax, compile};

/// The syntax of `-regex`, as `-regextype` names it.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum RegexType {
    /// Emacs': repetition is written as in extended expressions, all else as in basic ones.
    Emacs,
    Posix(Syntax),
}

impl RegexType {
    pub(super) const NAMES: [(&str, RegexType); 13] = [
        ("findutils-default", RegexType::Emacs),
        ("ed", RegexType::Posix(Syntax::Basic)),
        ("emacs", RegexType::Emacs),
        ("gnu-awk", RegexType::Posix(Syntax::Extended)),
        ("grep", RegexType::Posix(Syntax::Basic)),
        ("posix-awk", RegexType::Posix(Syntax::Extended)),
        ("awk", RegexType::Posix(Syntax::Extended)),
        ("posix-basic", RegexType::Posix(Syntax::Basic)),
        ("posix-egrep", RegexType::Posix(Syntax::Extended)),
        ("egrep", RegexType::Posix(Syntax::Extended)),
        ("posix-extended", RegexType::Posix(Syntax::Extended)),
        ("posix-minimal-basic", RegexType::Posix(Syntax::Basic)),
        ("sed", RegexType::Posix(Syntax::Basic)),
    ];

    /// An expression that fits whole paths only.
    pub(super) fn compile(self, text: &str, fold: bool) -> Result<Regex, String> {
        match self {
            RegexType::Posix(Syntax::Extended) => {
                compile(&format!("^({text})$"), Syntax::Extended, fold)
            }
            RegexType::Posix(syntax) => compile(&format!("^\\({text}\\)$"), syntax, fold),
            RegexType::Emacs => {
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
