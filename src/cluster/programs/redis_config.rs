//! redis-server's configuration: a file, and what the command line says after it.

use std::net::IpAddr;

use super::redis_options;

/// What is heeded of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RedisConfig {
    /// 0 is no TCP port at all.
    pub port: u16,
    /// The addresses that it listens on; all of them without any.
    pub addresses: Vec<IpAddr>,
    /// `requirepass`
    pub password: Option<String>,
}

impl Default for RedisConfig {
    fn default() -> RedisConfig {
        RedisConfig { port: 6379, addresses: Vec::new(), password: None }
    }
}

/// What the arguments make of a configuration file: lines, each word that follows a directive in
/// quotes.
pub(super) fn lines(arguments: &[String]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in arguments {
        match (word.strip_prefix("--"), lines.last_mut()) {
            (Some(name), _) => lines.push(name.to_owned()),
            (None, Some(line)) => *line += &format!(" \"{word}\""),
            (None, None) => lines.push(word.clone()),
        }
    }
    lines
}

/// Files that are included within one another, at most.
const DEEPEST: u32 = 16;

/// Reads a configuration; `open` gives the files that it includes, and tells of `dir` whether it is there.
///
/// # Errors
/// What redis-server says of it, line by line.
pub(super) fn read(
    text: &str,
    version: &str,
    open: &dyn Fn(&str) -> Entry,
) -> Result<RedisConfig, Vec<String>> {
    let mut config = RedisConfig::default();
    config.lines(text, version, open, 0)?;
    Ok(config)
}

/// What stands at a path.
pub(super) enum Entry {
    File(String),
    Folder,
    Nothing,
}

/// The words of a line, in quotes or bare (`sdssplitargs`); `None` where quotes are not closed, or are
/// followed by more.
fn words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        let mut word = String::new();
        if !matches!(first, '"' | '\'') {
            let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\''));
            let (bare, tail) = rest.split_at(end.unwrap_or(rest.len()));
            if tail.starts_with(['"', '\'']) {
                return None;
            }
            word.push_str(bare);
            rest = tail;
        } else {
            let mut chars = rest[1..].char_indices();
            let end = loop {
                let (at, c) = chars.next()?;
                match c {
                    '\\' if first == '"' => match chars.next()?.1 {
                        'n' => word.push('\n'),
                        'r' => word.push('\r'),
                        't' => word.push('\t'),
                        other => word.push(other),
                    },
                    c if c == first => break at + 2,
                    c => word.push(c),
                }
            };
            rest = &rest[end..];
            if !rest.is_empty() && !rest.starts_with(char::is_whitespace) {
                return None;
            }
        }
        words.push(word);
        rest = rest.trim_start();
    }
    Some(words)
}

impl RedisConfig {
    fn lines(
        &mut self,
        text: &str,
        version: &str,
        open: &dyn Fn(&str) -> Entry,
        depth: u32,
    ) -> Result<(), Vec<String>> {
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let told = |why: String| {
                vec![
                    String::new(),
                    format!("*** FATAL CONFIG FILE ERROR (Redis {version}) ***"),
                    format!("Reading the configuration file, at line {}", number + 1),
                    format!(">>> '{line}'"),
                    why,
                ]
            };
            let unbalanced = || told("Unbalanced quotes in configuration line".to_owned());
            let words = words(line).ok_or_else(unbalanced)?;
            let name = words[0].to_lowercase();
            redis_options::check(&name, &words[1..]).map_err(told)?;
            match (name.as_str(), &words[1..]) {
                ("include", [file, ..]) => match open(file) {
                    Entry::File(text) if depth < DEEPEST => {
                        self.lines(&text, version, open, depth + 1)?;
                    }
                    _ => return Err(vec![no_file(file)]),
                },
                ("dir", [folder]) if !matches!(open(folder), Entry::Folder) => {
                    return Err(told("No such file or directory".to_owned()));
                }
                (name, values) => self.take(name, values).map_err(told)?,
            }
        }
        Ok(())
    }

    /// Takes up what is heeded.
    fn take(&mut self, name: &str, values: &[String]) -> Result<(), String> {
        match (name, values) {
            ("port", [port]) => self.port = port.parse().unwrap_or(self.port),
            ("bind", addresses) => {
                // A dash says that the address may be missing.
                let plain = addresses.iter().map(|address| address.trim_start_matches('-'));
                self.addresses = plain.filter_map(|address| address.parse().ok()).collect();
            }
            ("requirepass", [password]) => {
                self.password = Some(password.clone()).filter(|text| !text.is_empty());
            }
            ("tls-port", [port]) if port != "0" => {
                return Err("podhop: TLS is not simulated here; leave tls-port out".to_owned());
            }
            _ => {}
        }
        Ok(())
    }
}

/// What redis-server says of a file that it cannot open.
pub(super) fn no_file(file: &str) -> String {
    format!("Fatal error, can't open config file '{file}': No such file or directory")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(arguments: &str) -> Result<RedisConfig, Vec<String>> {
        let words: Vec<String> = arguments.split(' ').map(str::to_owned).collect();
        read(&format!("\n{}", lines(&words).join("\n")), "7.4.2", &|_| Entry::Nothing)
    }

    #[test]
    fn arguments_are_lines_of_a_configuration() {
        let config = of("--port 6380 --bind 127.0.0.1 -::1 --appendonly yes").unwrap();
        assert_eq!(config.port, 6380);
        assert_eq!(config.addresses.len(), 2);
    }

    // redis src/config.c, loadServerConfigFromString
    #[test]
    fn what_is_wrong_is_shown_with_its_line() {
        let told = of("--port tcp://10.96.3.4:80").unwrap_err();
        assert_eq!(told[2], "Reading the configuration file, at line 2");
        assert_eq!(told[3], ">>> 'port \"tcp://10.96.3.4:80\"'");
        assert_eq!(told[4], "argument couldn't be parsed into an integer");
        let told = of("--appendonly yes --prot 6380").unwrap_err();
        assert_eq!(
            told[2..],
            [
                "Reading the configuration file, at line 3",
                ">>> 'prot \"6380\"'",
                "Bad directive or wrong number of arguments",
            ]
        );
    }

    // As redis-server 7.0.15 says.
    #[test]
    fn quotes_are_closed_and_included_files_are_read() {
        let open = |path: &str| match path {
            "/more.conf" => Entry::File("requirepass 'a b'\nport 7000".to_owned()),
            "/data" => Entry::Folder,
            _ => Entry::Nothing,
        };
        let told = |text: &str| read(text, "7.4.2", &open).map_err(|told| told.last().cloned());
        let config = told("include /more.conf\ndir /data").unwrap();
        assert_eq!((config.port, config.password.as_deref()), (7000, Some("a b")));
        let why = |text: &str| told(text).err().flatten().unwrap_or_default();
        assert_eq!(why("requirepass \"a"), "Unbalanced quotes in configuration line");
        assert_eq!(why("requirepass \"a\"b"), "Unbalanced quotes in configuration line");
        assert_eq!(why("dir /nope"), "No such file or directory");
        assert_eq!(
            why("include /nope"),
            "Fatal error, can't open config file '/nope': No such file or directory"
        );
    }
}
