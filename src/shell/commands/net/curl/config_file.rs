//! curl's configuration files: `~/.curlrc` and those of `-K` (`tool_parsecfg.c`).

use super::arguments::{Reader, Stop};
use super::data;

/// Reads `.curlrc` in the first of the folders where curl looks for it. That it is missing is no
/// error.
///
/// # Errors
/// A flag that ends the command.
pub fn home(reader: &mut Reader<'_, '_>) -> Result<(), Stop> {
    let variable = |name: &str| reader.io.environment.get(name).cloned();
    let folders = [
        variable("CURL_HOME").map(|home| format!("{home}/.curlrc")),
        variable("XDG_CONFIG_HOME").map(|home| format!("{home}/.curlrc")),
        variable("XDG_CONFIG_HOME").map(|home| format!("{home}/curlrc")),
        variable("HOME").map(|home| format!("{home}/.curlrc")),
        variable("HOME").map(|home| format!("{home}/.config/curlrc")),
    ];
    let found = folders.into_iter().flatten().find(|path| reader.io.is_file(path));
    match found {
        Some(path) => read(reader, &path).map(drop),
        None => Ok(()),
    }
}

/// Reads a file, `-` for standard input. Whether it could be read.
///
/// # Errors
/// A flag that ends the command: help, the version, or one that is not simulated.
pub fn read(reader: &mut Reader<'_, '_>, file: &str) -> Result<bool, Stop> {
    let Some(text) = data::file(reader.io, file) else { return Ok(false) };
    let text = String::from_utf8_lossy(&text).into_owned();
    let shown = if file == "-" { "<stdin>" } else { file };
    for (number, line) in text.lines().enumerate() {
        let place = format!("{shown}:{}: warning:", number + 1);
        let Some((option, value, spare)) = split(line) else { continue };
        if spare {
            reader.warn(&format!(
                "{place} '{option}' uses unquoted whitespace in the line that may cause side-effects!\n"
            ));
        }
        let word = if option.starts_with('-') { option.clone() } else { format!("--{option}") };
        match reader.word(&word, value.as_deref()) {
            Ok(used) => {
                if !used && value.is_some_and(|value| !value.is_empty()) {
                    reader.warn(&format!("{place} '{option}' had unsupported trailing garbage\n"));
                }
            }
            Err(Stop::Because(reason, _)) => {
                reader.warn(&format!("{place} '{option}' {reason}\n"));
            }
            Err(stop) => return Err(stop),
        }
    }
    Ok(true)
}

/// A line's option, its value, and whether there is more behind a blank.
fn split(line: &str) -> Option<(String, Option<String>, bool)> {
    let line = line.trim_start();
    if line.is_empty() || line.starts_with(['#', '/', '*']) {
        return None;
    }
    let dashed = line.starts_with('-');
    let separates = |c: char| c.is_whitespace() || !dashed && matches!(c, '=' | ':');
    let end = line.find(separates).unwrap_or(line.len());
    let (option, rest) = line.split_at(end);
    let rest = rest.trim_start_matches(separates);
    if let Some(quoted) = rest.strip_prefix('"') {
        return Some((option.to_owned(), Some(unquoted(quoted)), false));
    }
    let (value, more) = match rest.find(char::is_whitespace) {
        Some(end) => (&rest[..end], rest[end..].trim_start()),
        None => (rest, ""),
    };
    let value = Some(value.to_owned()).filter(|value| !value.is_empty());
    Some((option.to_owned(), value, !more.is_empty() && !more.starts_with('#')))
}

fn unquoted(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => return out,
            '\\' => match chars.next() {
                Some('t') => out.push('\t'),
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some('v') => out.push('\u{b}'),
                Some(other) => out.push(other),
                None => break,
            },
            c => out.push(c),
        }
    }
    // Without an end, the line's own newline belongs to it.
    out + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_an_option_and_a_value() {
        let value = |line| {
            split(line).map(|(option, value, spare)| (option, value.unwrap_or_default(), spare))
        };
        let expected =
            |option: &str, value: &str, spare| Some((option.to_owned(), value.to_owned(), spare));
        assert_eq!(value("url = \"http://a/ b\" # x"), expected("url", "http://a/ b", false));
        assert_eq!(value("-m: 2"), expected("-m:", "2", false));
        assert_eq!(value("  max-time:2 3"), expected("max-time", "2", true));
        assert_eq!(value("header \"a\\tb\\\"c\""), expected("header", "a\tb\"c", false));
        assert_eq!((split("# x"), split("  "), split("/ x")), (None, None, None));
    }
}
