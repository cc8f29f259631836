//! wget's command line.

use std::collections::BTreeMap;
use std::time::Duration;

use super::flags::{self, Flag, Here, Takes};
use super::report::Dots;
use crate::network::Family;
use crate::shell::commands::net::families::Families;

/// What a wget was asked to do.
#[derive(Clone, Debug)]
pub(super) struct Arguments {
    pub urls: Vec<String>,
    /// `-i`
    pub list: Option<String>,
    /// `-F`: the list is a page
    pub list_is_page: bool,
    /// `--ignore-length`: what the server tells of the length is not believed
    pub ignore_length: bool,
    /// `-o` and `-a`: the file for what is said, and whether it is continued.
    pub log: Option<(String, bool)>,
    /// Goes on behind the prompt; what it says goes to a file.
    pub background: bool,
    /// `-d`: whether it tells what it does, and which settings have been made since it was asked to.
    pub debug: bool,
    pub told: Vec<String>,
    pub quiet: bool,
    /// `-v` and `-nv`
    pub verbose: Option<bool>,
    /// `--progress=dot`
    pub dots: Option<Dots>,
    pub show_progress: bool,
    /// `--load-cookies`, `--save-cookies`
    pub load_cookies: Option<String>,
    pub save_cookies: Option<String>,
    pub keep_session: bool,
    pub cookies: bool,
    /// `--start-pos`
    pub start: Option<usize>,
    pub show_headers: bool,
    pub save_headers: bool,
    pub spider: bool,
    pub insecure: bool,
    pub authorities: Option<String>,
    pub https_only: bool,
    pub output: Option<String>,
    pub folder: Option<String>,
    pub force_folders: bool,
    pub host_folders: bool,
    pub protocol_folders: bool,
    pub cut_folders: usize,
    pub default_page: String,
    pub adjust: bool,
    pub no_clobber: bool,
    /// `-r`, `-p`: what pages lead to is fetched too, or what they show
    pub recursive: bool,
    pub requisites: bool,
    /// `-l`; 0 is without a limit
    level: u32,
    /// `-A`, `-R`: ends of names, or patterns
    pub accept: Vec<String>,
    pub reject: Vec<String>,
    /// `-I`, `-X`: folders that links may lead into, or may not; names or patterns
    pub folders: Vec<String>,
    pub no_folders: Vec<String>,
    /// `-D`
    pub domains: Vec<String>,
    /// `-H`
    pub spans: bool,
    /// `-L`
    pub relative: bool,
    /// `-np`
    pub no_parent: bool,
    /// `-nd`
    flat: bool,
    /// `-e robots=off` takes it away.
    pub robots: bool,
    /// Flags that change which pages are fetched, and are not simulated.
    choosy: Option<&'static str>,
    /// `--ask-password`, `--use-askpass`
    pub asks: Option<Asks>,
    /// `--certificate`, `--private-key`: files
    pub own_files: Vec<(&'static str, String)>,
    /// `-N`: only what is newer than the file that is there
    pub newer: bool,
    /// `--no-use-server-timestamps` takes it away.
    pub server_times: bool,
    /// `--restrict-file-names`
    pub restricted: Vec<String>,
    pub resume: bool,
    /// `--content-disposition`
    pub told_name: bool,
    pub delete_after: bool,
    /// `--backups`: how many old files are kept, as `FILE.1` and so on
    pub backups: Option<u32>,
    /// `-B`
    pub base: Option<String>,
    pub bind: Option<String>,
    /// `--limit-rate`: bytes a second
    pub rate: usize,
    pub trust_names: bool,
    pub dns_timeout: Option<Duration>,
    pub connect_timeout: Option<Duration>,
    /// How long an answer may take; 900 s unless told otherwise.
    pub read_timeout: Option<Duration>,
    /// Between two URLs, and at most between two tries.
    pub wait: Duration,
    pub wait_retry: Duration,
    /// How often it tries; `None` is for ever.
    pub tries: Option<u32>,
    pub retry_refused: bool,
    /// `--retry-on-host-error`: a name that is not found is looked up again.
    pub retry_unknown: bool,
    pub retry_statuses: Vec<u16>,
    pub content_on_error: bool,
    pub max_redirects: u32,
    pub quota: usize,
    pub method: Option<String>,
    pub body: Option<String>,
    pub body_file: Option<String>,
    pub post_data: Option<String>,
    pub post_file: Option<String>,
    pub headers: Vec<(String, String)>,
    pub agent: String,
    pub referer: Option<String>,
    pub user: Option<String>,
    pub password: Option<String>,
    pub login_at_once: bool,
    pub no_cache: bool,
    pub compression: Option<&'static str>,
    pub keep_alive: bool,
    pub proxy: bool,
    /// Proxies that `-e` names: scheme and URL.
    pub proxies: Vec<(String, String)>,
    pub proxy_user: Option<String>,
    pub proxy_password: Option<String>,
    pub families: Families,
    pub families_named: [bool; 2],
    /// `--help` or `--version`
    pub about: Option<&'static str>,
}

/// Who tells the password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asks {
    /// Whoever sits at the terminal.
    Terminal,
    /// A program.
    Program(String),
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

/// Why a command line is no command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// What getopt says; usage follows.
    Usage(String),
    /// `-nx`, which exits with 1.
    Illegal(String),
    /// `--FLAG: Invalid WHAT ‘VALUE’`, with the rest behind the value.
    Invalid {
        flag: String,
        what: &'static str,
        value: String,
        rest: &'static str,
    },
    /// `--FLAG: Negative time period ‘VALUE’`
    Negative {
        flag: String,
        value: String,
    },
    /// The file of settings that the command line names is not there.
    Settings(String),
    /// A line of a file of settings.
    Setting {
        command: String,
        file: String,
        line: usize,
    },
    NotHere(&'static str),
}

impl Default for Arguments {
    fn default() -> Arguments {
        Arguments {
            urls: Vec::new(),
            list: None,
            log: None,
            background: false,
            debug: false,
            told: Vec::new(),
            quiet: false,
            verbose: None,
            dots: None,
            show_progress: false,
            load_cookies: None,
            save_cookies: None,
            keep_session: false,
            cookies: true,
            start: None,
            show_headers: false,
            save_headers: false,
            spider: false,
            insecure: false,
            authorities: None,
            https_only: false,
            output: None,
            folder: None,
            force_folders: false,
            host_folders: true,
            protocol_folders: false,
            cut_folders: 0,
            default_page: "index.html".to_owned(),
            adjust: false,
            no_clobber: false,
            recursive: false,
            requisites: false,
            level: 5,
            accept: Vec::new(),
            reject: Vec::new(),
            folders: Vec::new(),
            no_folders: Vec::new(),
            domains: Vec::new(),
            spans: false,
            relative: false,
            no_parent: false,
            flat: false,
            robots: true,
            choosy: None,
            list_is_page: false,
            ignore_length: false,
            asks: None,
            own_files: Vec::new(),
            newer: false,
            server_times: true,
            restricted: Vec::new(),
            resume: false,
            told_name: false,
            delete_after: false,
            backups: None,
            base: None,
            bind: None,
            rate: 0,
            trust_names: false,
            dns_timeout: None,
            connect_timeout: None,
            read_timeout: Some(Duration::from_secs(900)),
            wait: Duration::ZERO,
            wait_retry: Duration::from_secs(10),
            tries: Some(20),
            retry_refused: false,
            retry_unknown: false,
            retry_statuses: Vec::new(),
            content_on_error: false,
            max_redirects: 20,
            quota: 0,
            method: None,
            body: None,
            body_file: None,
            post_data: None,
            post_file: None,
            headers: Vec::new(),
            agent: "Wget/1.21.3".to_owned(),
            referer: None,
            user: None,
            password: None,
            login_at_once: false,
            no_cache: false,
            compression: None,
            keep_alive: true,
            proxy: true,
            proxies: Vec::new(),
            proxy_user: None,
            proxy_password: None,
            families: Families::Any,
            families_named: [false; 2],
            about: None,
        }
    }
}

/// A list of folders, each without its first slash.
fn folders(value: &str) -> Vec<String> {
    let bare = |one: &str| one.strip_prefix('/').unwrap_or(one).to_owned();
    value.split(',').map(bare).filter(|one| !one.is_empty()).collect()
}

/// The words of `--restrict-file-names`.
///
/// # Errors
/// A word that is none of them.
fn restrictions(name: &str, value: &str) -> Result<Vec<String>, Wrong> {
    let known = ["unix", "vms", "windows", "lowercase", "uppercase", "nocontrol", "ascii"];
    if value.split(',').any(|word| !known.contains(&word)) {
        let rest = ",\n    use [unix|vms|windows],[lowercase|uppercase],[nocontrol],[ascii].";
        return Err(invalid(name, "restriction", value, rest));
    }
    Ok(value.split(',').map(str::to_owned).collect())
}

impl Arguments {
    /// Reads a file of settings (`.wgetrc`): a command a line, `#` before what is only said.
    ///
    /// # Errors
    /// The first line that is no command.
    pub fn settings(text: &str, file: &str) -> Result<Arguments, Wrong> {
        let mut arguments = Arguments::default();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match arguments.execute(line) {
                Err(Wrong::Invalid { flag, .. }) if flag.is_empty() => {
                    let command = line.split('=').next().unwrap_or(line).trim().to_owned();
                    let (file, line) = (file.to_owned(), number + 1);
                    return Err(Wrong::Setting { command, file, line });
                }
                other => other?,
            }
        }
        Ok(arguments)
    }

    /// The file of settings that a command line names (`--config`); none with `--no-config`.
    pub fn settings_file(
        words: &[String],
        environment: &BTreeMap<String, String>,
    ) -> Option<String> {
        let words: Vec<&str> =
            words.iter().map(String::as_str).take_while(|word| *word != "--").collect();
        if words.contains(&"--no-config") {
            return None;
        }
        let glued = words.iter().find_map(|word| word.strip_prefix("--config="));
        let apart = words.windows(2).find(|pair| pair[0] == "--config").map(|pair| pair[1]);
        let usual = || {
            let named = environment.get("WGETRC").cloned();
            named.or_else(|| Some(format!("{}/.wgetrc", environment.get("HOME")?)))
        };
        glued.or(apart).map(str::to_owned).or_else(usual)
    }

    /// Reads a command line.
    ///
    /// # Errors
    /// What is wrong with it.
    #[cfg(test)]
    pub fn parse(words: &[String]) -> Result<Arguments, Wrong> {
        Arguments::default().with(words)
    }

    /// Reads a command line after the settings.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn with(mut self, words: &[String]) -> Result<Arguments, Wrong> {
        let arguments = &mut self;
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
        // A post is a method and a body, once all is read.
        if let Some(text) = self.post_data.clone() {
            self.tell("method", "method", "POST");
            self.tell("body-data", "bodydata", &text);
        } else if let Some(file) = self.post_file.clone() {
            self.tell("method", "method", "POST");
            self.tell("body-file", "bodyfile", &file);
        }
        match (self.choosy, self.recursive || self.requisites) {
            (Some(flag), true) => Err(Wrong::NotHere(flag)),
            _ => Ok(self),
        }
    }

    /// How many links are followed one after the other; `None` for all. `-p` alone follows none.
    pub fn level(&self) -> Option<u32> {
        match self.recursive {
            false => Some(0),
            true => Some(self.level).filter(|level| *level > 0),
        }
    }

    /// Whether there are folders as the URL has them.
    pub fn has_folders(&self) -> bool {
        !self.flat && (self.force_folders || self.recursive || self.requisites)
    }

    /// How loud it is.
    pub fn volume(&self) -> Volume {
        match (self.quiet, self.verbose) {
            (true, _) => Volume::Quiet,
            (false, Some(false)) => Volume::Terse,
            _ => Volume::Verbose,
        }
    }

    fn long<'w>(
        &mut self,
        text: &str,
        words: &mut impl Iterator<Item = &'w str>,
    ) -> Result<(), Wrong> {
        let (name, inline) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (text, None),
        };
        if name == "no" && inline.is_none() {
            let value = words.next();
            let value = value.ok_or(Wrong::Usage("option '--no' requires an argument".into()))?;
            return self.negated(value);
        }
        let (flag, on) = flags::long(name).map_err(|told| {
            Wrong::Usage(told.replacen(&format!("'--{name}'"), &format!("'--{text}'"), 1))
        })?;
        match flag.takes {
            Takes::Nothing if inline.is_some() => {
                Err(Wrong::Usage(format!("option '--{}' doesn't allow an argument", flag.name)))
            }
            // The other side of a switch takes no value.
            Takes::Switch if inline.is_some() && name.starts_with("no-") => {
                Err(Wrong::Usage(format!("option '--{name}' doesn't allow an argument")))
            }
            Takes::Nothing => self.switch(flag, true),
            Takes::Switch => {
                let given = match inline.map(str::to_ascii_lowercase).as_deref() {
                    None | Some("on" | "yes" | "1") => true,
                    Some("off" | "no" | "0") => false,
                    Some(_) => {
                        let value = inline.unwrap_or("").to_owned();
                        let rest = "; use `on' or `off'.";
                        return Err(invalid(name, "boolean", &value, rest));
                    }
                };
                self.switch(flag, on == given)
            }
            Takes::Value => {
                let value = inline.or_else(|| words.next()).ok_or_else(|| {
                    Wrong::Usage(format!("option '--{}' requires an argument", flag.name))
                })?;
                self.value(flag, value)
            }
        }
    }

    /// `--no X`, which is `-nX`: letters.
    fn negated(&mut self, letters: &str) -> Result<(), Wrong> {
        for letter in letters.chars() {
            let short = format!("n{letter}");
            match flags::FLAGS.iter().find(|flag| flag.short == short) {
                Some(flag) => {
                    // All of them are the one option `--no`.
                    let (command, value) = match letter {
                        'v' => ("verbose", "0"),
                        'H' => ("addhostdir", "0"),
                        'd' => ("dirstruct", "0"),
                        'c' => ("noclobber", "1"),
                        _ => ("noparent", "1"),
                    };
                    self.tell("no", command, value);
                    let told = self.told.len();
                    self.switch(flag, true)?;
                    self.told.truncate(told);
                }
                None => return Err(Wrong::Illegal(format!("illegal option -- `-n{letter}'"))),
            }
        }
        Ok(())
    }

    fn shorts<'w>(
        &mut self,
        group: &str,
        words: &mut impl Iterator<Item = &'w str>,
    ) -> Result<(), Wrong> {
        for (at, letter) in group.char_indices() {
            let rest = &group[at + letter.len_utf8()..];
            let mut value = |letter: char| {
                let next = if rest.is_empty() { words.next() } else { Some(rest) };
                next.ok_or_else(|| {
                    Wrong::Usage(format!("option requires an argument -- '{letter}'"))
                })
            };
            // `-nv`, `-nc`, `-nd`: the letters belong to it.
            if letter == 'n' {
                let letters = value('n')?.to_owned();
                return self.negated(&letters);
            }
            let flag = flags::short(letter)
                .ok_or_else(|| Wrong::Usage(format!("invalid option -- '{letter}'")))?;
            if flag.takes == Takes::Value {
                let value = value(letter)?.to_owned();
                return self.value(flag, &value);
            }
            self.switch(flag, true)?;
        }
        Ok(())
    }

    /// `-d` tells of a setting, by the name of its command in a wgetrc.
    fn tell(&mut self, name: &str, command: &str, value: &str) {
        if self.debug {
            let command: String = command.chars().filter(|letter| *letter != '-').collect();
            self.told.push(format!("Setting --{name} ({command}) to {value}\n"));
        }
    }

    fn switch(&mut self, flag: &'static Flag, on: bool) -> Result<(), Wrong> {
        if flag.here == Here::NotSimulated && on {
            return Err(Wrong::NotHere(flag.name));
        }
        // Most names that begin with `no-` are the other side of a switch.
        let other =
            flag.name.strip_prefix("no-").filter(|name| !matches!(*name, "clobber" | "parent"));
        let name = other.unwrap_or(flag.name);
        let command = if name == "proxy" { "use-proxy" } else { name };
        self.tell(name, command, if on == other.is_none() { "1" } else { "0" });
        match flag.name {
            "debug" => self.debug = on,
            "force-html" => self.list_is_page = on,
            "ignore-length" => self.ignore_length = on,
            "version" | "help" => self.about = Some(flag.name),
            "background" => self.background = on,
            "quiet" => self.quiet = on,
            "verbose" => self.verbose = Some(on),
            "no-verbose" => self.verbose = Some(!on),
            "retry-connrefused" => self.retry_refused = on,
            "retry-on-host-error" => self.retry_unknown = on,
            "no-clobber" => self.no_clobber = on,
            "timestamping" => self.newer = on,
            "recursive" => self.recursive = on,
            "page-requisites" => self.requisites = on,
            "mirror" if on => (self.recursive, self.newer, self.level) = (true, true, 0),
            "span-hosts" => self.spans = on,
            "relative" => self.relative = on,
            "no-parent" => self.no_parent = on,
            "no-directories" => self.flat = on,
            "ask-password" => self.asks = on.then_some(Asks::Terminal),
            "no-use-server-timestamps" => self.server_times = !on,
            "continue" => self.resume = on,
            "content-disposition" => self.told_name = on,
            "delete-after" => self.delete_after = on,
            "server-response" => self.show_headers = on,
            "save-headers" => self.save_headers = on,
            "spider" => self.spider = on,
            "no-proxy" => self.proxy = !on,
            "inet4-only" => self.family(Family::V4, on),
            "inet6-only" => self.family(Family::V6, on),
            "force-directories" => self.force_folders = on,
            "no-host-directories" => self.host_folders = !on,
            "protocol-directories" => self.protocol_folders = on,
            "adjust-extension" | "html-extension" => self.adjust = on,
            "no-cache" => self.no_cache = on,
            "no-http-keep-alive" => self.keep_alive = !on,
            "no-cookies" => self.cookies = !on,
            "keep-session-cookies" => self.keep_session = on,
            "show-progress" => self.show_progress = on,
            "content-on-error" => self.content_on_error = on,
            "auth-no-challenge" => self.login_at_once = on,
            "https-only" => self.https_only = on,
            "no-check-certificate" => self.insecure = on,
            "trust-server-names" => self.trust_names = on,
            _ => {}
        }
        Ok(())
    }

    fn family(&mut self, family: Family, on: bool) {
        self.families_named[usize::from(family == Family::V6)] = on;
        self.families = if on { Families::Only(family) } else { Families::Any };
    }

    fn value(&mut self, flag: &'static Flag, value: &str) -> Result<(), Wrong> {
        if flag.here == Here::NotSimulated {
            return Err(Wrong::NotHere(flag.name));
        }
        let command = match flag.name {
            "output-file" => "logfile",
            "directory-prefix" => "dirprefix",
            "input-file" => "input",
            "level" => "reclevel",
            name => name,
        };
        self.tell(flag.name, command, value);
        let text = || value.to_owned();
        match flag.name {
            "execute" => return self.execute(value),
            "output-file" => self.log = Some((text(), false)),
            "append-output" => self.log = Some((text(), true)),
            "input-file" => self.list = Some(text()),
            "base" => self.base = Some(text()),
            "bind-address" => self.bind = Some(text()),
            "output-document" => self.output = Some(text()),
            "directory-prefix" => self.folder = Some(text()),
            "default-page" => self.default_page = text(),
            "user-agent" if value.contains('\n') => {
                return Err(invalid(flag.name, "value", value, "."));
            }
            "user-agent" => self.agent = text(),
            "referer" => self.referer = Some(text()),
            "user" | "http-user" => self.user = Some(text()),
            "password" | "http-password" | "http-passwd" => self.password = Some(text()),
            "proxy-user" => self.proxy_user = Some(text()),
            "proxy-password" | "proxy-passwd" => self.proxy_password = Some(text()),
            "post-data" => self.post_data = Some(text()),
            "post-file" => self.post_file = Some(text()),
            "body-data" => self.body = Some(text()),
            "body-file" => self.body_file = Some(text()),
            "accept" => self.accept.extend(value.split(',').map(str::to_owned)),
            "reject" => self.reject.extend(value.split(',').map(str::to_owned)),
            "domains" => self.domains.extend(value.split(',').map(str::to_owned)),
            "accept-regex" | "reject-regex" | "exclude-domains" | "follow-tags" | "ignore-tags"
            | "rejected-log" => self.choosy = Some(flag.name),
            "include-directories" => self.folders = folders(value),
            "exclude-directories" => self.no_folders = folders(value),
            "use-askpass" => self.asks = Some(Asks::Program(text())),
            "certificate" | "private-key" => self.own_files.push((flag.name, text())),
            "load-cookies" => self.load_cookies = Some(text()),
            "save-cookies" => self.save_cookies = Some(text()),
            "method" => {
                self.method = Some(value.to_ascii_uppercase());
                // To ask for a head alone is to look whether it is there.
                self.spider |= self.method.as_deref() == Some("HEAD");
            }
            "ca-certificate" => self.authorities = Some(text()),
            "header" if value.is_empty() => self.headers.clear(),
            "header" => match value.split_once(':') {
                Some((key, content)) if !key.is_empty() && !key.contains(char::is_whitespace) => {
                    self.headers.push((key.to_owned(), content.trim().to_owned()));
                }
                _ => return Err(invalid(flag.name, "header", value, ".")),
            },
            _ => return self.checked(flag.name, value),
        }
        Ok(())
    }

    /// Values of a form that is checked.
    fn checked(&mut self, name: &str, value: &str) -> Result<(), Wrong> {
        let one_of = |known: &[&str]| match known.contains(&value) {
            true => Ok(()),
            false => Err(invalid(name, "value", value, ".")),
        };
        match name {
            "timeout" => {
                let time = time(name, value)?;
                (self.dns_timeout, self.connect_timeout, self.read_timeout) = (time, time, time);
            }
            "dns-timeout" => self.dns_timeout = time(name, value)?,
            "connect-timeout" => self.connect_timeout = time(name, value)?,
            "read-timeout" => self.read_timeout = time(name, value)?,
            "wait" => self.wait = time(name, value)?.unwrap_or_default(),
            "waitretry" => self.wait_retry = time(name, value)?.unwrap_or_default(),
            "tries" => {
                let tries = if value == "inf" { 0 } else { number(name, value)? };
                self.tries = Some(tries).filter(|tries| *tries > 0);
            }
            "start-pos" => self.start = Some(bytes(name, value)?),
            "max-redirect" => self.max_redirects = number(name, value)?,
            "cut-dirs" => self.cut_folders = number(name, value)? as usize,
            "level" if value == "inf" => self.level = 0,
            "level" => self.level = number(name, value)?,
            "quota" => self.quota = bytes(name, value)?,
            "limit-rate" => self.rate = bytes(name, value)?,
            "backups" => self.backups = Some(number(name, value)?),
            "retry-on-http-error" => {
                self.retry_statuses = value.split(',').filter_map(|one| one.parse().ok()).collect();
            }
            "compression" => {
                one_of(&["auto", "gzip", "none"])?;
                self.compression = Some("gzip").filter(|_| value != "none");
            }
            "progress" => match value.split(':').next() {
                Some("dot") => {
                    self.dots = Some(Dots::style(value.split(':').nth(1).unwrap_or("default")));
                }
                Some("bar") => self.dots = None,
                _ => return Err(invalid(name, "progress type", value, ".")),
            },
            "prefer-family" => {
                one_of(&["IPv4", "IPv6", "none"])?;
                self.families = match value {
                    "IPv4" => Families::First(Family::V4),
                    "IPv6" => Families::First(Family::V6),
                    _ => Families::Any,
                };
            }
            "report-speed" => one_of(&["bits"])?,
            "regex-type" => one_of(&["posix", "pcre"])?,
            "certificate-type" | "private-key-type" => one_of(&["PEM", "DER", "ASN1"])?,
            "secure-protocol" => one_of(&[
                "auto", "SSLv2", "SSLv3", "TLSv1", "TLSv1_1", "TLSv1_2", "TLSv1_3", "PFS",
            ])?,
            "restrict-file-names" => self.restricted = restrictions(name, value)?,
            _ => {}
        }
        Ok(())
    }

    /// `-e`: a line of a wgetrc, whose commands are the flags' names and some more.
    fn execute(&mut self, line: &str) -> Result<(), Wrong> {
        let wrong = || Wrong::Invalid {
            flag: String::new(),
            what: "--execute command",
            value: line.to_owned(),
            rest: "",
        };
        let (command, value) = line.split_once('=').ok_or_else(wrong)?;
        let bare = |text: &str| {
            text.chars()
                .filter(|c| !matches!(c, '-' | '_' | ' '))
                .collect::<String>()
                .to_lowercase()
        };
        let (command, value) = (bare(command.trim()), value.trim());
        let on = !matches!(value.to_ascii_lowercase().as_str(), "off" | "no" | "0");
        match command.as_str() {
            "robots" | "dotstyle" | "passiveftp" | "checkcertificate" | "cache" | "useproxy"
            | "httpkeepalive" | "verbose" | "quiet" => match command.as_str() {
                "robots" => self.robots = on,
                "checkcertificate" => self.insecure = !on,
                "cache" => self.no_cache = !on,
                "useproxy" => self.proxy = on,
                "httpkeepalive" => self.keep_alive = on,
                "verbose" => self.verbose = Some(on),
                "quiet" => self.quiet = on,
                _ => {}
            },
            "httpproxy" | "httpsproxy" => {
                let scheme = command.trim_end_matches("proxy").to_owned();
                self.proxies.push((scheme, value.to_owned()));
            }
            command => {
                let flag = flags::FLAGS.iter().find(|flag| bare(flag.name) == command);
                match flag.ok_or_else(wrong)? {
                    flag if flag.takes == Takes::Value => self.value(flag, value)?,
                    flag => self.switch(flag, on)?,
                }
            }
        }
        Ok(())
    }
}

fn invalid(flag: &str, what: &'static str, value: &str, rest: &'static str) -> Wrong {
    Wrong::Invalid { flag: format!("--{flag}: "), what, value: value.to_owned(), rest }
}

/// A count: what begins with no digit is 0, and a negative one is refused.
fn number(name: &str, value: &str) -> Result<u32, Wrong> {
    if value.starts_with('-') {
        return Err(invalid(name, "number", value, "."));
    }
    let digits: String = value.chars().take_while(char::is_ascii_digit).collect();
    Ok(digits.parse().unwrap_or(0))
}

/// Seconds, or minutes, hours, days, weeks; 0 is for ever.
fn time(name: &str, value: &str) -> Result<Option<Duration>, Wrong> {
    let wrong = || invalid(name, "time period", value, "");
    let unit = value.chars().last().unwrap_or_default().to_ascii_lowercase();
    let (digits, factor) = match unit {
        's' => (value.len() - 1, 1.0),
        'm' => (value.len() - 1, 60.0),
        'h' => (value.len() - 1, 3600.0),
        'd' => (value.len() - 1, 86_400.0),
        'w' => (value.len() - 1, 604_800.0),
        _ => (value.len(), 1.0),
    };
    let digits = value.get(..digits).unwrap_or("");
    let seconds: f64 = digits.parse().map_err(|_| wrong())?;
    if seconds < 0.0 {
        return Err(Wrong::Negative { flag: name.to_owned(), value: value.to_owned() });
    }
    let time = Duration::try_from_secs_f64(seconds * factor).map_err(|_| wrong())?;
    Ok(Some(time.min(Duration::from_secs(1 << 31))).filter(|time| !time.is_zero()))
}

fn bytes(name: &str, value: &str) -> Result<usize, Wrong> {
    let wrong = || invalid(name, "byte value", value, "");
    let unit = value.chars().last().unwrap_or('0').to_ascii_lowercase();
    let shift = match unit {
        'k' => 10,
        'm' => 20,
        'g' => 30,
        _ => 0,
    };
    let digits = if shift == 0 { value } else { &value[..value.len() - 1] };
    let count: f64 = if value == "inf" { 0.0 } else { digits.parse().map_err(|_| wrong())? };
    Ok((count * f64::from(1 << shift)) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Arguments, Wrong> {
        Arguments::parse(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn letters_may_be_glued_and_values_too() {
        let arguments = parse(&["-qO-", "-T2", "-t", "1", "http://site"]).unwrap();
        assert_eq!(arguments.volume(), Volume::Quiet);
        assert_eq!(arguments.output.as_deref(), Some("-"));
        assert_eq!(arguments.connect_timeout, Some(Duration::from_secs(2)));
        assert_eq!((arguments.tries, arguments.urls.len()), (Some(1), 1));
        assert_eq!(parse(&["-nv", "x"]).unwrap().volume(), Volume::Terse);
    }

    #[test]
    fn zero_tries_and_no_time_limit_are_for_ever() {
        let arguments = parse(&["--tries=0", "--timeout", "0", "x"]).unwrap();
        assert_eq!((arguments.tries, arguments.connect_timeout), (None, None));
        assert_eq!(parse(&["--timeout=1.5m"]).unwrap().read_timeout, Some(Duration::from_secs(90)));
    }

    // Played in wget 1.21.3.
    #[test]
    fn mistakes_are_told_as_getopt_and_wget_do() {
        let usage = |words: &[&str]| match parse(words).unwrap_err() {
            Wrong::Usage(told) | Wrong::Illegal(told) => told,
            other => format!("{other:?}"),
        };
        assert_eq!(usage(&["-Z"]), "invalid option -- 'Z'");
        assert_eq!(usage(&["--nope"]), "unrecognized option '--nope'");
        assert_eq!(
            usage(&["--output"]),
            "option '--output' is ambiguous; possibilities: '--output-document' '--output-file'"
        );
        assert_eq!(usage(&["-nx"]), "illegal option -- `-nx'");
        assert_eq!(parse(&["--tries=-1"]).unwrap_err(), invalid("tries", "number", "-1", "."));
        assert_eq!(
            parse(&["-T", "abc"]).unwrap_err(),
            invalid("timeout", "time period", "abc", "")
        );
        assert_eq!(parse(&["-k", "x"]).unwrap_err(), Wrong::NotHere("convert-links"));
        assert_eq!(
            parse(&["-r", "--follow-tags", "a", "x"]).unwrap_err(),
            Wrong::NotHere("follow-tags")
        );
        assert_eq!(parse(&["-m", "x"]).unwrap().level(), None);
    }

    #[test]
    fn lines_of_a_wgetrc_are_flags_by_their_names() {
        let arguments = parse(&["-e", "timeout = 3", "-e", "http_proxy=p:1", "-e", "robots=off"]);
        let arguments = arguments.unwrap();
        assert_eq!(arguments.read_timeout, Some(Duration::from_secs(3)));
        assert_eq!(arguments.proxies, [("http".to_owned(), "p:1".to_owned())]);
        assert!(parse(&["-e", "nope=1"]).is_err());
    }

    /// Every flag that the real one lists is known, by each of its names.
    #[test]
    fn no_real_flag_is_unknown() {
        let real = include_str!("../../../../../tests/real_flags/wget-1.21.3.txt");
        for name in real.split_whitespace() {
            match name.strip_prefix("--") {
                Some(long) => assert!(flags::long(long).is_ok(), "{name}"),
                None => assert!(
                    flags::FLAGS.iter().any(|flag| format!("-{}", flag.short) == name),
                    "{name}"
                ),
            }
        }
    }
}
