//! curl's command line.

use std::net::IpAddr;
use std::time::Duration;

use crate::network::Family;
use crate::shell::commands::net::families::Families;

/// What a curl was asked to do.
#[derive(Clone, Debug, Default)]
pub struct Arguments {
    pub urls: Vec<String>,
    pub silent: bool,
    pub show_error: bool,
    pub verbose: bool,
    pub include: bool,
    pub head: bool,
    pub follow: bool,
    pub max_redirects: Option<u32>,
    pub fail: bool,
    /// `--fail-early`: the first URL that fails is the last.
    pub fail_early: bool,
    pub insecure: bool,
    pub families: Families,
    pub http09: bool,
    pub total: Option<Duration>,
    pub connect: Option<Duration>,
    pub outputs: Vec<String>,
    pub remote_name: bool,
    pub write_out: Option<String>,
    pub headers: Vec<String>,
    pub method: Option<String>,
    pub data: Option<String>,
    pub get: bool,
    pub agent: Option<String>,
    pub retries: u32,
    pub retry_refused: bool,
    pub retry_delay: Option<Duration>,
    /// (host, port, address) of `--resolve`
    pub resolve: Vec<(String, u16, IpAddr)>,
    pub no_meter: bool,
    /// `--help` or `--version`
    pub about: Option<&'static str>,
}

/// Flags without a value: (short, long).
const SWITCHES: &[(char, &str)] = &[
    ('s', "silent"),
    ('S', "show-error"),
    ('v', "verbose"),
    ('i', "include"),
    ('I', "head"),
    ('L', "location"),
    ('f', "fail"),
    ('k', "insecure"),
    ('O', "remote-name"),
    ('G', "get"),
    ('h', "help"),
    ('V', "version"),
    ('N', "no-buffer"),
    ('4', "ipv4"),
    ('6', "ipv6"),
    ('g', "globoff"),
    ('#', "progress-bar"),
    ('\0', "compressed"),
    ('\0', "retry-connrefused"),
    ('\0', "http0.9"),
    ('\0', "http1.1"),
    ('\0', "http2"),
    ('\0', "no-progress-meter"),
    ('\0', "fail-with-body"),
    ('\0', "fail-early"),
    ('\0', "no-keepalive"),
    ('\0', "tcp-nodelay"),
    ('q', "disable"),
];

/// Flags with a value: (short, long).
const OPTIONS: &[(char, &str)] = &[
    ('m', "max-time"),
    ('\0', "connect-timeout"),
    ('o', "output"),
    ('w', "write-out"),
    ('H', "header"),
    ('X', "request"),
    ('d', "data"),
    ('\0', "data-raw"),
    ('A', "user-agent"),
    ('u', "user"),
    ('\0', "retry"),
    ('\0', "retry-delay"),
    ('\0', "retry-max-time"),
    ('\0', "resolve"),
    ('\0', "max-redirs"),
    ('e', "referer"),
    ('b', "cookie"),
    ('c', "cookie-jar"),
    ('\0', "cacert"),
    ('x', "proxy"),
    ('\0', "noproxy"),
    ('\0', "url"),
    ('\0', "interface"),
    ('F', "form"),
    ('T', "upload-file"),
    ('r', "range"),
];

impl Arguments {
    /// Reads the command line.
    ///
    /// # Errors
    /// curl's words, without `curl: ` and the line that points to its help.
    pub fn parse(words: &[String]) -> Result<Arguments, String> {
        let mut arguments = Arguments::default();
        let mut words = words.iter().map(String::as_str);
        let mut flags = true;
        while let Some(word) = words.next() {
            if !flags || !word.starts_with('-') || word == "-" {
                arguments.urls.push(word.to_owned());
            } else if word == "--" {
                flags = false;
            } else if let Some(long) = word.strip_prefix("--") {
                arguments.long(long, &mut words)?;
            } else {
                arguments.shorts(&word[1..], &mut words)?;
            }
        }
        Ok(arguments)
    }

    fn long<'w>(
        &mut self,
        word: &str,
        words: &mut impl Iterator<Item = &'w str>,
    ) -> Result<(), String> {
        let known = |name: &&str| *name == word;
        if let Some(name) = SWITCHES.iter().map(|(_, name)| *name).find(known) {
            self.switch(name);
            return Ok(());
        }
        match OPTIONS.iter().map(|(_, name)| *name).find(known) {
            Some(name) => {
                let shown = format!("--{name}");
                let value = words.next().ok_or(format!("option {shown}: requires parameter"))?;
                self.option(name, &shown, value)
            }
            None => Err(format!("option --{word}: is unknown")),
        }
    }

    fn shorts<'w>(
        &mut self,
        group: &str,
        words: &mut impl Iterator<Item = &'w str>,
    ) -> Result<(), String> {
        for (at, letter) in group.char_indices() {
            let is = |(short, _): &&(char, &str)| *short == letter;
            if let Some((_, name)) = SWITCHES.iter().find(is) {
                self.switch(name);
                continue;
            }
            let Some((_, name)) = OPTIONS.iter().find(is) else {
                return Err(format!("option -{group}: is unknown"));
            };
            let rest = &group[at + letter.len_utf8()..];
            let shown = format!("-{letter}");
            let value = match rest {
                "" => words.next().ok_or(format!("option {shown}: requires parameter"))?,
                rest => rest,
            };
            return self.option(name, &shown, value);
        }
        Ok(())
    }

    fn switch(&mut self, name: &str) {
        match name {
            "silent" => self.silent = true,
            "show-error" => self.show_error = true,
            "verbose" => self.verbose = true,
            "include" => self.include = true,
            "head" => self.head = true,
            "location" => self.follow = true,
            "fail" | "fail-with-body" => self.fail = true,
            "fail-early" => self.fail_early = true,
            "insecure" => self.insecure = true,
            "ipv6" => self.families = Families::Only(Family::V6),
            "ipv4" => self.families = Families::Only(Family::V4),
            "remote-name" => self.remote_name = true,
            "get" => self.get = true,
            "retry-connrefused" => self.retry_refused = true,
            "http0.9" => self.http09 = true,
            "no-progress-meter" => self.no_meter = true,
            "help" => self.about = Some("help"),
            "version" => self.about = Some("version"),
            // The others change nothing here: there is one protocol version, and no buffering.
            _ => {}
        }
    }

    fn option(&mut self, name: &str, shown: &str, value: &str) -> Result<(), String> {
        let number = || format!("option {shown}: expected a proper numerical parameter");
        match name {
            "max-time" => self.total = Some(seconds(value).ok_or_else(number)?),
            "connect-timeout" => self.connect = Some(seconds(value).ok_or_else(number)?),
            "retry-delay" => self.retry_delay = Some(seconds(value).ok_or_else(number)?),
            "retry" => self.retries = value.parse().map_err(|_| number())?,
            "max-redirs" => self.max_redirects = Some(value.parse().map_err(|_| number())?),
            "output" => self.outputs.push(value.to_owned()),
            "write-out" => self.write_out = Some(value.to_owned()),
            "header" => self.headers.push(value.to_owned()),
            "referer" => self.headers.push(format!("Referer: {value}")),
            "cookie" => self.headers.push(format!("Cookie: {value}")),
            "user" => {
                self.headers.push(format!("Authorization: Basic {}", base64(value.as_bytes())))
            }
            "request" => self.method = Some(value.to_owned()),
            "data" | "data-raw" => {
                let data = self.data.get_or_insert_default();
                if !data.is_empty() {
                    data.push('&');
                }
                data.push_str(value);
            }
            "user-agent" => self.agent = Some(value.to_owned()),
            "url" => self.urls.push(value.to_owned()),
            "resolve" => {
                let parts: Vec<&str> = value.splitn(3, ':').collect();
                let entry = match parts.as_slice() {
                    [host, port, address] => port
                        .parse()
                        .ok()
                        .zip(address.trim_matches(['[', ']']).parse().ok())
                        .map(|(port, address)| ((*host).to_owned(), port, address)),
                    _ => None,
                };
                self.resolve.push(entry.ok_or(format!("option {shown}: bad entry {value}"))?);
            }
            "form" | "upload-file" | "range" | "cacert" | "proxy" => {
                return Err(format!("option {shown} is not simulated here"));
            }
            _ => {}
        }
        Ok(())
    }
}

fn seconds(text: &str) -> Option<Duration> {
    let seconds: f64 = text.parse().ok()?;
    (seconds.is_finite() && (0.0..1e9).contains(&seconds))
        .then(|| Duration::from_millis((seconds * 1000.0).round() as u64))
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let mut bits = [0_u8; 3];
        bits[..chunk.len()].copy_from_slice(chunk);
        let group = u32::from_be_bytes([0, bits[0], bits[1], bits[2]]);
        for place in 0..4 {
            let sextet = (group >> (18 - 6 * place)) & 63;
            let used = place <= chunk.len();
            text.push(if used { char::from(ALPHABET[sextet as usize]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, String> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Arguments::parse(&words)
    }

    #[test]
    fn short_flags_group_and_take_values() {
        let arguments = parse("-fsSL -m2 -o page http://site").unwrap();
        assert!(arguments.fail && arguments.silent && arguments.show_error && arguments.follow);
        assert_eq!(arguments.total, Some(Duration::from_secs(2)));
        assert_eq!(arguments.outputs, ["page"]);
    }

    #[test]
    fn mistakes_are_told_in_curls_words() {
        assert_eq!(parse("--nosuch x").unwrap_err(), "option --nosuch: is unknown");
        assert_eq!(
            parse("-m http://site").unwrap_err(),
            "option -m: expected a proper numerical parameter"
        );
    }

    #[test]
    fn credentials_are_base64() {
        assert_eq!(base64(b"a:b"), "YTpi");
        assert_eq!(base64(b"user:pass"), "dXNlcjpwYXNz");
        assert_eq!(base64(b"ab"), "YWI=");
    }
}
