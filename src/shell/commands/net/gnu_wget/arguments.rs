//! wget's command line.

use std::time::Duration;

use crate::network::Family;
use crate::shell::commands::net::families::Families;

/// What a wget was asked to do.
#[derive(Clone, Debug)]
pub(super) struct Arguments {
    pub urls: Vec<String>,
    pub volume: Volume,
    pub show_headers: bool,
    pub spider: bool,
    pub insecure: bool,
    pub output: Option<String>,
    pub folder: Option<String>,
    pub timeout: Option<Duration>,
    /// How long an answer may take; 900 s unless told otherwise.
    pub read_timeout: Duration,
    /// How often it tries; `None` is for ever.
    pub tries: Option<u32>,
    pub retry_refused: bool,
    pub max_redirects: u32,
    pub method: Option<String>,
    pub body: Option<String>,
    pub headers: Vec<(String, String)>,
    pub agent: String,
    pub families: Families,
}

/// How much it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Volume {
    /// `-q`
    Quiet,
    /// `-nv`
    Terse,
    Verbose,
}

impl Default for Arguments {
    fn default() -> Arguments {
        Arguments {
            urls: Vec::new(),
            volume: Volume::Verbose,
            show_headers: false,
            spider: false,
            insecure: false,
            output: None,
            folder: None,
            timeout: None,
            read_timeout: Duration::from_secs(900),
            tries: Some(20),
            retry_refused: false,
            max_redirects: 20,
            method: None,
            body: None,
            headers: Vec::new(),
            agent: "Wget/1.21.3".to_owned(),
            families: Families::Any,
        }
    }
}

/// Long options without a value that change nothing here.
const IGNORED: &[&str] = &[
    "continue",
    "no-cache",
    "no-hsts",
    "no-proxy",
    "no-dns-cache",
    "timestamping",
    "no-clobber",
    "no-check-cert",
    "show-progress",
    "no-http-keep-alive",
];

impl Arguments {
    /// Reads a command line.
    ///
    /// # Errors
    /// What getopt says of it.
    pub fn parse(words: &[String]) -> Result<Arguments, String> {
        let mut arguments = Arguments::default();
        let mut words = words.iter().map(String::as_str);
        while let Some(word) = words.next() {
            if word == "--" {
                arguments.urls.extend(words.by_ref().map(str::to_owned));
            } else if let Some(long) = word.strip_prefix("--") {
                arguments.long(long, &mut words)?;
            } else if word.len() > 1 && word.starts_with('-') {
                arguments.shorts(&word[1..], &mut words)?;
            } else {
                arguments.urls.push(word.to_owned());
            }
        }
        Ok(arguments)
    }

    fn long<'w>(
        &mut self,
        text: &str,
        words: &mut impl Iterator<Item = &'w str>,
    ) -> Result<(), String> {
        let (name, inline) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (text, None),
        };
        match name {
            "inet4-only" => self.families = Families::Only(Family::V4),
            "inet6-only" => self.families = Families::Only(Family::V6),
            "spider" => self.spider = true,
            "quiet" => self.volume = Volume::Quiet,
            "no-verbose" => self.volume = Volume::Terse,
            "verbose" => self.volume = Volume::Verbose,
            "server-response" => self.show_headers = true,
            "no-check-certificate" => self.insecure = true,
            "retry-connrefused" => self.retry_refused = true,
            "timeout" | "connect-timeout" | "read-timeout" | "dns-timeout" | "tries" | "header"
            | "output-document" | "directory-prefix" | "user-agent" | "post-data" | "body-data"
            | "method" | "max-redirect" | "waitretry" | "progress" => {
                let value = inline
                    .or_else(|| words.next())
                    .ok_or_else(|| format!("option '--{name}' requires an argument"))?;
                self.option(name, value)?;
            }
            known if IGNORED.contains(&known) => {}
            _ => return Err(format!("unrecognized option '--{name}'")),
        }
        Ok(())
    }

    fn shorts<'w>(
        &mut self,
        group: &str,
        words: &mut impl Iterator<Item = &'w str>,
    ) -> Result<(), String> {
        for (at, letter) in group.char_indices() {
            let rest = &group[at + letter.len_utf8()..];
            let name = match letter {
                'q' => {
                    self.volume = Volume::Quiet;
                    continue;
                }
                'v' => {
                    self.volume = Volume::Verbose;
                    continue;
                }
                'S' => {
                    self.show_headers = true;
                    continue;
                }
                '4' | '6' => {
                    self.families = Families::option(letter).unwrap_or_default();
                    continue;
                }
                'c' | 'N' => continue,
                // `-nv`, `-nc`, `-nd`: the letter belongs to it.
                'n' => {
                    match rest {
                        "v" => self.volume = Volume::Terse,
                        "c" | "d" | "H" | "p" => {}
                        _ => return Err(format!("invalid option -- '{letter}{rest}'")),
                    }
                    return Ok(());
                }
                'O' => "output-document",
                'P' => "directory-prefix",
                'T' => "timeout",
                't' => "tries",
                'U' => "user-agent",
                'e' | 'o' | 'a' | 'w' => "ignored",
                other => return Err(format!("invalid option -- '{other}'")),
            };
            let value = match rest {
                "" => words
                    .next()
                    .ok_or_else(|| format!("option requires an argument -- '{letter}'"))?,
                rest => rest,
            };
            return self.option(name, value);
        }
        Ok(())
    }

    fn option(&mut self, name: &str, value: &str) -> Result<(), String> {
        let invalid = |option: &str| format!("{option}: Invalid number '{value}'.");
        match name {
            "timeout" | "connect-timeout" | "dns-timeout" | "read-timeout" => {
                let seconds: f64 = value.parse().map_err(|_| invalid(name))?;
                let limit =
                    Duration::try_from_secs_f64(seconds).ok().filter(|limit| !limit.is_zero());
                if name != "read-timeout" {
                    self.timeout = limit;
                }
                if matches!(name, "timeout" | "read-timeout") {
                    self.read_timeout = limit.unwrap_or(Duration::from_secs(86_400));
                }
            }
            "tries" => {
                let tries = if value == "inf" { Ok(0) } else { value.parse() };
                self.tries = tries
                    .map(|tries| Some(tries).filter(|tries| *tries > 0))
                    .map_err(|_| invalid(name))?;
            }
            "max-redirect" => self.max_redirects = value.parse().map_err(|_| invalid(name))?,
            "header" => {
                let (key, value) = value.split_once(':').unwrap_or((value, ""));
                self.headers.push((key.to_owned(), value.trim().to_owned()));
            }
            "output-document" => self.output = Some(value.to_owned()),
            "directory-prefix" => self.folder = Some(value.to_owned()),
            "user-agent" => self.agent = value.to_owned(),
            "post-data" => {
                self.body = Some(value.to_owned());
                self.method.get_or_insert_with(|| "POST".to_owned());
            }
            "body-data" => self.body = Some(value.to_owned()),
            "method" => self.method = Some(value.to_uppercase()),
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Arguments, String> {
        Arguments::parse(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn letters_may_be_glued_and_values_too() {
        let arguments = parse(&["-qO-", "-T2", "-t", "1", "http://site"]).unwrap();
        assert_eq!(arguments.volume, Volume::Quiet);
        assert_eq!(arguments.output.as_deref(), Some("-"));
        assert_eq!(arguments.timeout, Some(Duration::from_secs(2)));
        assert_eq!((arguments.tries, arguments.urls.len()), (Some(1), 1));
        assert_eq!(parse(&["-nv", "x"]).unwrap().volume, Volume::Terse);
    }

    #[test]
    fn zero_tries_and_no_time_limit_are_for_ever() {
        let arguments = parse(&["--tries=0", "--timeout", "0", "x"]).unwrap();
        assert_eq!((arguments.tries, arguments.timeout), (None, None));
    }

    #[test]
    fn unknown_options_are_named() {
        assert_eq!(parse(&["-Z"]).unwrap_err(), "invalid option -- 'Z'");
        assert_eq!(parse(&["--nope"]).unwrap_err(), "unrecognized option '--nope'");
    }
}
