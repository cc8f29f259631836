//! What a curl was asked to do: its command line and its configuration files, read as
//! `tool_getparam.c` of 7.88 reads them.

use std::time::Duration;

use super::config_file;
use super::data;
use super::flags::{self, Flag, Here, Takes};
use super::form::Part;
use super::global::{Global, Trace};
use super::report::Messages;
use crate::clock::SimTime;
use crate::network::Family;
use crate::shell::Io;
use crate::shell::commands::moment::Moment;
use crate::shell::commands::net::families::Families;
use crate::shell::commands::system::date::parse_date;

/// What stands at the head of a file of `--hsts`, and of one of `--alt-svc`.
const HSTS: &str = "# Your HSTS cache. https://curl.se/docs/hsts.html";
const ALT_SVC: &str = "# Your alt-svc cache. https://curl.se/docs/alt-svc.html";

/// How many transfers `-Z` runs at once.
const PARALLEL: usize = 50;

/// A URL, where its output goes and what is sent there.
#[derive(Clone, Debug, Default)]
pub struct Node {
    pub url: Option<String>,
    /// Whether an `-o` or `-O` belongs to it.
    placed: bool,
    pub output: Option<String>,
    /// `-O`
    pub remote_name: bool,
    /// The file of `-T`, which is empty for none.
    pub upload: Option<String>,
}

/// What is asked between two `--next`.
#[derive(Clone, Debug, Default)]
pub struct Operation {
    pub nodes: Vec<Node>,
    pub all_remote: bool,
    pub output_dir: Option<String>,
    pub create_dirs: bool,
    pub clobber: Option<bool>,
    pub remove_on_error: bool,
    pub header_name: bool,
    pub include: bool,
    pub dump_header: Option<String>,
    pub write_out: Option<String>,
    pub method: Option<String>,
    pub head: bool,
    pub get: bool,
    pub data: Option<Vec<u8>>,
    pub json: bool,
    pub form: Vec<Part>,
    pub form_escape: bool,
    pub query: Option<String>,
    pub request_target: Option<String>,
    pub headers: Vec<String>,
    pub proxy_headers: Vec<String>,
    pub agent: Option<String>,
    pub referer: Option<String>,
    pub auto_referer: bool,
    pub user: Option<String>,
    pub bearer: Option<String>,
    pub netrc: Option<Netrc>,
    pub netrc_file: Option<String>,
    pub cookies: Vec<String>,
    pub cookie_files: Vec<String>,
    pub cookie_jar: Option<String>,
    pub new_session: bool,
    pub range: Option<String>,
    /// `-C`: the offset, or `None` for the file's own size.
    pub resume: Option<Option<u64>>,
    pub etag_save: Option<String>,
    pub etag_compare: Option<String>,
    pub compressed: bool,
    pub transfer_encoding: bool,
    pub upgrade: bool,
    pub http09: bool,
    pub fail: bool,
    pub fail_with_body: bool,
    pub follow: bool,
    pub trusted: bool,
    pub max_redirects: Option<i64>,
    pub keep_post: [bool; 3],
    pub insecure: bool,
    pub cacert: Option<String>,
    pub families: Families,
    pub globoff: bool,
    pub path_as_is: bool,
    pub no_user_in_url: bool,
    pub protocols: Option<Vec<String>>,
    pub redirect_protocols: Option<Vec<String>>,
    pub default_protocol: Option<String>,
    pub total: Option<Duration>,
    pub connect: Option<Duration>,
    pub impatience: Option<Duration>,
    /// Bytes a second, and seconds.
    pub slowest: (u64, u64),
    pub max_filesize: Option<u64>,
    pub retries: u64,
    pub retry_refused: bool,
    pub retry_all: bool,
    pub retry_delay: Option<Duration>,
    pub retry_max: Option<Duration>,
    /// `--limit-rate`: bytes a second
    pub rate: Option<u64>,
    /// `--interface`: a device, or an own address
    pub interface: Option<String>,
    /// `--local-port`: the first of the ports that may be used
    pub local_port: Option<u16>,
    pub http10: bool,
    /// `--digest`: who is there is told only to a server that asks for it in that way.
    pub digest: bool,
    /// `--anyauth`: who is there is told only to a server that asks.
    pub any_auth: bool,
    /// `-E`: the own certificate, perhaps with a colon and its password.
    pub cert: Option<String>,
    /// The first flag that would change what is said over TLS.
    pub of_tls: Option<&'static str>,
    /// `--hsts`, `--alt-svc`: files of what servers told of themselves over TLS, with what begins them.
    pub told_over_tls: Vec<(String, &'static str)>,
    /// `-z`: the moment, and whether what is older than that is wanted
    pub time: Option<(Moment, bool)>,
    pub resolve: Vec<String>,
    pub connect_to: Vec<String>,
    pub unix_socket: Option<String>,
    pub proxy: Option<String>,
    pub proxy_user: Option<String>,
    pub no_proxy: Option<String>,
    pub tunnel: bool,
    pub hide_connect: bool,
}

/// Whether a `.netrc` has to, or may, name the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Netrc {
    Required,
    Optional,
}

/// A command line that was read.
#[derive(Clone, Debug)]
pub struct Command {
    pub global: Global,
    pub operations: Vec<Operation>,
}

/// Why a command line is no command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// `option X: REASON`, and the exit code.
    Because(String, i32),
    /// `--help`, with the category that was asked for.
    Help(Option<String>),
    Version,
    /// The flag is not simulated.
    NotHere(&'static str),
}

/// Reads a command line.
pub struct Reader<'r, 'io> {
    pub io: &'r mut Io<'io>,
    pub global: Global,
    pub operations: Vec<Operation>,
}

/// What a flag leads to.
type Read = Result<(), Stop>;

fn because(reason: &str) -> Stop {
    Stop::Because(reason.to_owned(), 2)
}

pub fn bad_use() -> Stop {
    because("is badly used here")
}

/// Reads the home's configuration file and the command line.
///
/// # Errors
/// What ends it before any transfer.
pub fn read(words: &[String], io: &mut Io<'_>) -> Result<Command, Stop> {
    let global = Global::default();
    let mut reader = Reader { io, global, operations: vec![Operation::default()] };
    let first = words.first().map_or("", String::as_str);
    if !first.starts_with("-q") && !first.eq_ignore_ascii_case("--disable") {
        config_file::home(&mut reader)?;
    }
    reader.command_line(words)?;
    for operation in &reader.operations {
        if operation.header_name && operation.include {
            return Err(because("showing headers and --remote-header-name cannot be combined"));
        }
    }
    let Reader { mut global, operations, .. } = reader;
    global.parallel = global.parallel.map(|_| global.parallel_max.unwrap_or(PARALLEL));
    Ok(Command { global, operations })
}

impl Reader<'_, '_> {
    fn command_line(&mut self, words: &[String]) -> Read {
        let mut rest = words.iter();
        let mut flags = true;
        while let Some(word) = rest.next() {
            if !flags || !word.starts_with('-') {
                self.url(word);
                continue;
            }
            if word == "--" {
                flags = false;
                continue;
            }
            let next = rest.as_slice().first().map(String::as_str);
            match self.word(word, next) {
                Ok(true) => {
                    rest.next();
                }
                Ok(false) => {}
                Err(Stop::Because(reason, code)) => {
                    return Err(Stop::Because(format!("option {word}: {reason}"), code));
                }
                Err(stop) => return Err(stop),
            }
        }
        Ok(())
    }

    /// The operation that is being described.
    pub fn operation(&mut self) -> &mut Operation {
        if self.operations.is_empty() {
            self.operations.push(Operation::default());
        }
        let last = self.operations.len() - 1;
        &mut self.operations[last]
    }

    pub fn warn(&mut self, text: &str) {
        let version = super::report::Version::of(self.io);
        Messages { global: &self.global, version }.warn(self.io, text);
    }

    fn url(&mut self, url: &str) {
        let node = self.node(|node| node.url.is_some());
        node.url = Some(url.to_owned());
    }

    /// The first URL's place that has none of these yet.
    fn node(&mut self, taken: impl Fn(&Node) -> bool) -> &mut Node {
        let operation = self.operation();
        let at = operation.nodes.iter().position(|node| !taken(node));
        let at = at.unwrap_or_else(|| {
            let remote_name = operation.all_remote;
            operation.nodes.push(Node { remote_name, ..Node::default() });
            operation.nodes.len() - 1
        });
        &mut operation.nodes[at]
    }

    /// Reads one word, which may be several short flags. Whether it took the next word for a value.
    pub fn word(&mut self, word: &str, next: Option<&str>) -> Result<bool, Stop> {
        let short = word.strip_prefix('-').filter(|rest| !rest.starts_with('-'));
        let Some(letters) = short else {
            let (flag, on) = flags::long(word.trim_start_matches("--")).map_err(because)?;
            return self.flag(flag, on, true, None, next);
        };
        for (at, letter) in letters.char_indices() {
            let flag = flags::short(letter).ok_or_else(|| because("is unknown"))?;
            let glued = &letters[at + letter.len_utf8()..];
            let glued = Some(glued).filter(|text| !text.is_empty());
            let used = self.flag(flag, true, false, glued, next)?;
            if used || matches!(flag.takes, Takes::Text | Takes::File) {
                return Ok(used);
            }
        }
        Ok(false)
    }

    fn flag(
        &mut self,
        flag: &'static Flag,
        on: bool,
        long: bool,
        glued: Option<&str>,
        next: Option<&str>,
    ) -> Result<bool, Stop> {
        if flag.takes == Takes::Nothing || flag.takes == Takes::Toggle {
            self.toggle(flag, on, long, next)?;
            return Ok(false);
        }
        let value = glued.or(next).ok_or_else(|| because("requires parameter"))?;
        if flag.takes == Takes::File && value.len() > 1 && value.starts_with('-') {
            self.warn(&format!("The file name argument '{value}' looks like a flag.\n"));
        }
        match flag.here {
            Here::NotSimulated => return Err(Stop::NotHere(flag.name)),
            Here::NotBuiltIn => {
                return Err(because("the installed libcurl version doesn't support this"));
            }
            Here::Heeded => self.value(flag.name, value)?,
            Here::Unseen => self.unseen(flag.name, value)?,
            Here::OfTls => {
                const VERSIONS: [&str; 5] = ["default", "1.0", "1.1", "1.2", "1.3"];
                if flag.name == "tls-max" && !VERSIONS.contains(&value) {
                    return Err(bad_use());
                }
                self.operation().of_tls.get_or_insert(flag.name);
            }
        }
        Ok(glued.is_none())
    }

    fn toggle(&mut self, flag: &Flag, on: bool, long: bool, next: Option<&str>) -> Read {
        match flag.here {
            Here::OfTls if on => {
                self.operation().of_tls.get_or_insert(flag.name);
            }
            Here::OfTls => {}
            Here::NotSimulated if on => return Err(Stop::NotHere(flag.name)),
            Here::NotBuiltIn => {
                return Err(because("the installed libcurl version doesn't support this"));
            }
            _ => {}
        }
        match flag.name {
            "help" if on => return Err(Stop::Help(next.map(str::to_owned))),
            "version" if on => return Err(Stop::Version),
            "next" => {
                if self.operation().nodes.first().is_some_and(|node| node.url.is_some()) {
                    self.operations.push(Operation::default());
                }
            }
            "metalink" => {
                self.write_error("--metalink is disabled");
                return Err(bad_use());
            }
            "npn" => self.warn("--npn is no longer supported\n"),
            "sslv2" => self.warn("Ignores instruction to use SSLv2\n"),
            "sslv3" => self.warn("Ignores instruction to use SSLv3\n"),
            "test-event" => self.warn("--test-event is ignored unless a debug build!\n"),
            "ssl" | "ftp-ssl" if on => {
                self.warn("--ssl is an insecure option, consider --ssl-reqd instead\n");
            }
            name => {
                let _ = long;
                if !self.global_toggle(name, on) {
                    return self.operation_toggle(name, on);
                }
            }
        }
        Ok(())
    }

    /// An error of curl's own, which `--silent` hides.
    pub fn write_error(&mut self, text: &str) {
        let version = super::report::Version::of(self.io);
        let words = Messages { global: &self.global, version };
        if !self.global.silent {
            words.tell(self.io, &format!("curl: {text}\n"));
        }
    }

    fn global_toggle(&mut self, name: &str, on: bool) -> bool {
        let global = &mut self.global;
        match name {
            "silent" => global.silent = on,
            "show-error" => global.show_error = on,
            "verbose" => global.verbose = on,
            "trace-time" => global.trace_time = on,
            "fail-early" => global.fail_early = on,
            "parallel" => global.parallel = on.then_some(PARALLEL),
            "progress-meter" => global.no_meter = !on,
            "progress-bar" => global.bar = on,
            _ => return false,
        }
        true
    }

    fn operation_toggle(&mut self, name: &str, on: bool) -> Read {
        let operation = self.operation();
        match name {
            "include" => operation.include = on,
            "head" => {
                (operation.head, operation.include) = (on, on);
                if on && !operation.form.is_empty() {
                    return self
                        .two_methods("HEAD (-I, --head)", "multipart formpost (-F, --form)");
                }
            }
            "get" => operation.get = on,
            "fail" => operation.fail = on,
            "fail-with-body" => operation.fail_with_body = on,
            "location" => operation.follow = on,
            "location-trusted" => (operation.follow, operation.trusted) = (on, on),
            "insecure" => operation.insecure = on,
            "ipv4" => operation.families = Families::Only(Family::V4),
            "ipv6" => operation.families = Families::Only(Family::V6),
            "remote-name" => {
                let node = self.node(|node| node.placed);
                (node.placed, node.remote_name, node.output) = (true, on, None);
            }
            "remote-name-all" => operation.all_remote = on,
            "remote-header-name" => operation.header_name = on,
            "create-dirs" => operation.create_dirs = on,
            "clobber" => operation.clobber = Some(on),
            "remove-on-error" => operation.remove_on_error = on,
            "globoff" => operation.globoff = on,
            "path-as-is" => operation.path_as_is = on,
            "disallow-username-in-url" => operation.no_user_in_url = on,
            "compressed" => operation.compressed = on,
            "tr-encoding" => operation.transfer_encoding = on,
            "http2" => operation.upgrade = true,
            "http0.9" => operation.http09 = on,
            "http1.0" | "http1.1" => operation.http10 = name == "http1.0",
            "digest" => (operation.digest, operation.any_auth) = (on, false),
            "anyauth" => operation.any_auth = on,
            "basic" => (operation.digest, operation.any_auth) = (operation.digest && !on, false),
            "netrc" => operation.netrc = on.then_some(Netrc::Required),
            "netrc-optional" => operation.netrc = on.then_some(Netrc::Optional),
            "junk-session-cookies" => operation.new_session = on,
            "retry-connrefused" => operation.retry_refused = on,
            "retry-all-errors" => operation.retry_all = on,
            "post301" => operation.keep_post[0] = on,
            "post302" => operation.keep_post[1] = on,
            "post303" => operation.keep_post[2] = on,
            "proxytunnel" => operation.tunnel = on,
            "suppress-connect-headers" => operation.hide_connect = on,
            "form-escape" => operation.form_escape = on,
            _ => {}
        }
        if matches!(name, "fail" | "fail-with-body") {
            let operation = self.operation();
            if operation.fail && operation.fail_with_body {
                self.write_error("You must select either --fail or --fail-with-body, not both.");
                return Err(bad_use());
            }
        }
        Ok(())
    }

    fn two_methods(&mut self, asked: &str, before: &str) -> Read {
        self.warn(&format!(
            "You can only select one HTTP request method! You asked for both {asked} and {before}.\n"
        ));
        Err(bad_use())
    }

    /// A value that changes nothing is read all the same: it may be wrong.
    fn unseen(&mut self, name: &str, value: &str) -> Read {
        match name {
            "keepalive-time" | "tftp-blksize" => number(value).map(drop),
            "expect100-timeout" => seconds(value).map(drop),
            "create-file-mode" => match u32::from_str_radix(value, 8) {
                Ok(mode) if mode <= 0o777 => Ok(()),
                Ok(_) => Err(because("too large number")),
                Err(_) => Err(because("expected a proper numerical parameter")),
            },
            "delegation"
                if !["none", "policy", "always"]
                    .iter()
                    .any(|known| known.eq_ignore_ascii_case(value)) =>
            {
                self.warn(&format!("unrecognized delegation method '{value}', using none\n"));
                Ok(())
            }
            "hostpubmd5" if value.len() != 32 => Err(bad_use()),
            _ => Ok(()),
        }
    }

    fn value(&mut self, name: &str, value: &str) -> Read {
        match name {
            "url" => self.url(value),
            "output" if value.is_empty() => {
                self.warn("output file name has no length\n");
                return Err(bad_use());
            }
            "output" => {
                let node = self.node(|node| node.placed);
                (node.placed, node.remote_name) = (true, false);
                node.output = Some(value.to_owned());
            }
            "upload-file" => {
                let node = self.node(|node| node.upload.is_some());
                node.upload = Some(value.to_owned());
            }
            "config" => return self.config(value),
            "stderr" => {
                if value != "-" && self.io.write_file(value, b"").is_err() {
                    self.warn(&format!("Failed to open {value}!\n"));
                } else {
                    self.global.errors = Some(value.to_owned());
                }
            }
            "trace" | "trace-ascii" => {
                let ascii = name == "trace-ascii";
                if !matches!(value, "-" | "%") && self.io.write_file(value, b"").is_err() {
                    self.warn("Failed to create/open output\n");
                } else {
                    self.global.trace = Some(Trace { file: value.to_owned(), ascii });
                    self.global.verbose = true;
                }
            }
            "parallel-max" => {
                let most = number(value)? as usize;
                self.global.parallel_max = Some(if most == 0 { PARALLEL } else { most.min(300) });
            }
            "rate" => self.global.gap = Some(self.rate(value)?),
            "data" | "data-ascii" | "data-raw" | "data-binary" | "data-urlencode" | "json"
            | "url-query" => return data::add(self, name, value),
            "form" | "form-string" => return self.form(name, value),
            "header" | "proxy-header" => self.header(name, value),
            "write-out" => self.write_out(value),
            "time-cond" => self.time_condition(value),
            "range" => self.range(value)?,
            name if self.limit(name, value)? => {}
            name => self.text(name, value)?,
        }
        Ok(())
    }

    fn config(&mut self, file: &str) -> Read {
        if config_file::read(self, file)? {
            return Ok(());
        }
        self.write_error(&format!("cannot read config from '{file}'"));
        Err(Stop::Because("error encountered when reading a file".to_owned(), 26))
    }

    fn form(&mut self, name: &str, value: &str) -> Read {
        let parts = Part::parse(self, value, name == "form-string")?;
        if self.operation().head {
            return self.two_methods("multipart formpost (-F, --form)", "HEAD (-I, --head)");
        }
        self.operation().form.extend(parts);
        Ok(())
    }

    fn header(&mut self, name: &str, value: &str) {
        let mut lines = vec![value.to_owned()];
        if let Some(file) = value.strip_prefix('@') {
            match data::file(self.io, file) {
                Some(text) => {
                    let text = String::from_utf8_lossy(&text).into_owned();
                    let filled = |line: &&str| !line.is_empty();
                    lines = text.split(['\r', '\n']).filter(filled).map(str::to_owned).collect();
                }
                None => return self.warn(&format!("Failed to open {file}!\n")),
            }
        }
        let operation = self.operation();
        match name {
            "proxy-header" => operation.proxy_headers.extend(lines),
            _ => operation.headers.extend(lines),
        }
    }

    fn write_out(&mut self, value: &str) {
        let Some(file) = value.strip_prefix('@') else {
            self.operation().write_out = Some(value.to_owned());
            return;
        };
        let text = data::file(self.io, file);
        if text.is_none() {
            let file = if file == "-" { "<stdin>" } else { file };
            self.warn(&format!("Failed to read {file}"));
        }
        let text = text.map(|text| String::from_utf8_lossy(&text).replace(['\r', '\n'], ""));
        self.operation().write_out = text;
    }

    /// `-z`: a date, or a file for when it was changed; `-` in front for what is older, too.
    fn time_condition(&mut self, value: &str) {
        let older = value.starts_with('-');
        let text = value.strip_prefix(['-', '+', '=']).unwrap_or(value);
        let mut moment = parse_date(self.io, text).filter(|_| is_curls_date(text));
        if moment.is_none() && (self.io.is_file(text) || self.io.is_directory(text)) {
            // When a file was changed is not kept here: all are as old as the system.
            moment = Some(Moment::at(SimTime::START.timestamp().as_second(), 0));
        }
        if moment.is_none() {
            self.warn(
                "Illegal date format for -z, --time-cond (and not a file name). Disabling time condition. See curl_getdate(3) for valid date syntax.\n",
            );
        }
        self.operation().time = moment.map(|moment| (moment, older));
    }

    fn range(&mut self, value: &str) -> Read {
        if value.starts_with(|c: char| c.is_ascii_digit()) && !value.contains('-') {
            let digits = value.chars().take_while(char::is_ascii_digit).collect::<String>();
            self.warn(
                "A specified range MUST include at least one dash (-). Appending one for you!\n",
            );
            self.operation().range = Some(format!("{digits}-"));
            return Ok(());
        }
        if value.contains(|c: char| !c.is_ascii_digit() && c != '-' && c != ',') {
            self.warn("Invalid character is found in given range. A specified range MUST have only digits in 'start'-'stop'. The server's response to this request is uncertain.\n");
        }
        self.operation().range = Some(value.to_owned());
        Ok(())
    }

    fn rate(&mut self, value: &str) -> Result<Duration, Stop> {
        let (count, unit) = value.split_once('/').unwrap_or((value, "h"));
        let count = number(count)?;
        if count == 0 {
            return Err(bad_use());
        }
        let seconds = match unit.chars().next() {
            Some('s') => 1,
            Some('m') => 60,
            Some('h') => 3600,
            Some('d') => 86_400,
            _ => {
                self.write_error("unsupported --rate unit");
                return Err(bad_use());
            }
        };
        Ok(Duration::from_millis(seconds * 1000 / count))
    }

    fn size(&mut self, value: &str, which: &str) -> Result<u64, Stop> {
        let digits = value.chars().take_while(char::is_ascii_digit).count();
        let Ok(count) = value[..digits].parse::<u64>() else {
            self.warn(&format!("invalid number specified for {which}\n"));
            return Err(bad_use());
        };
        let shift = match &value[digits..] {
            "" | "b" | "B" => 0,
            "k" | "K" => 10,
            "m" | "M" => 20,
            "g" | "G" => 30,
            _ => {
                self.warn(&format!("unsupported {which} unit. Use G, M, K or B!\n"));
                return Err(bad_use());
            }
        };
        count.checked_mul(1 << shift).ok_or_else(|| because("too large number"))
    }

    /// Limits and counts. Whether it is one.
    fn limit(&mut self, name: &str, value: &str) -> Result<bool, Stop> {
        match name {
            "max-time" => self.operation().total = limit(seconds(value)?),
            "connect-timeout" => self.operation().connect = limit(seconds(value)?),
            "happy-eyeballs-timeout-ms" => {
                self.operation().impatience = Some(Duration::from_millis(number(value)?));
            }
            "limit-rate" => {
                let rate = self.size(value, "rate")?;
                self.operation().rate = Some(rate).filter(|rate| *rate > 0);
            }
            "local-port" => {
                let (first, last) = value.split_once('-').unwrap_or((value, value));
                let (first, last) = (first.trim().parse::<u16>(), last.trim().parse::<u16>());
                match (first, last) {
                    (Ok(first), Ok(last)) if first <= last => {
                        self.operation().local_port = Some(first);
                    }
                    _ => return Err(bad_use()),
                }
            }
            "max-redirs" => {
                let most = integer(value)?;
                if most < -1 {
                    return Err(because("expected a proper numerical parameter"));
                }
                self.operation().max_redirects = Some(most);
            }
            "max-filesize" => {
                let most = self.size(value, name)?;
                self.operation().max_filesize = Some(most).filter(|most| *most > 0);
            }
            "retry" => self.operation().retries = number(value)?,
            "retry-delay" => {
                self.operation().retry_delay = limit(Duration::from_secs(short_number(value)?));
            }
            "retry-max-time" => {
                self.operation().retry_max = limit(Duration::from_secs(short_number(value)?));
            }
            "speed-limit" => {
                let slowest = number(value)?;
                let (_, time) = self.operation().slowest;
                self.operation().slowest = (slowest, if time == 0 { 30 } else { time });
            }
            "speed-time" => {
                let time = number(value)?;
                let (slowest, _) = self.operation().slowest;
                self.operation().slowest = (slowest.max(1), time);
            }
            "continue-at" => {
                let offset = match value {
                    "-" => None,
                    value => Some(number(value)?),
                };
                self.operation().resume = Some(offset);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// `--hsts` and `--alt-svc`: a file of what servers told of themselves over TLS, which nobody does here.
    fn told_over_tls(&mut self, name: &str, file: &str) -> Read {
        let (name, head) = if name == "hsts" { ("hsts", HSTS) } else { ("alt-svc", ALT_SVC) };
        if knows_servers(self.io, file) {
            return Err(Stop::NotHere(name));
        }
        let operation = self.operation();
        operation.of_tls.get_or_insert(name);
        operation.told_over_tls.push((file.to_owned(), head));
        Ok(())
    }

    fn text(&mut self, name: &str, value: &str) -> Read {
        if matches!(name, "proto" | "proto-redir") {
            let list = self.protocols(value)?;
            let operation = self.operation();
            match name {
                "proto" => operation.protocols = Some(list),
                _ => operation.redirect_protocols = Some(list),
            }
            return Ok(());
        }
        if matches!(name, "hsts" | "alt-svc") {
            return self.told_over_tls(name, value);
        }
        let operation = self.operation();
        let text = value.to_owned();
        match name {
            "user-agent" => operation.agent = Some(text),
            "referer" => {
                let (referer, auto) = match value.split_once(";auto") {
                    Some((referer, _)) => (referer, true),
                    None => (value, false),
                };
                operation.auto_referer = auto;
                operation.referer = Some(referer.to_owned()).filter(|text| !text.is_empty());
            }
            "user" => operation.user = Some(text),
            "interface" => operation.interface = Some(text),
            "oauth2-bearer" => operation.bearer = Some(text),
            "netrc-file" => operation.netrc_file = Some(text),
            "cookie" => match (value.strip_prefix('@'), value.contains('=')) {
                (None, true) => operation.cookies.push(text),
                (file, _) => operation.cookie_files.push(file.unwrap_or(value).to_owned()),
            },
            "cookie-jar" => operation.cookie_jar = Some(text),
            "request" => operation.method = Some(text),
            "request-target" => operation.request_target = Some(text),
            "dump-header" => operation.dump_header = Some(text),
            "output-dir" => operation.output_dir = Some(text),
            "etag-save" => operation.etag_save = Some(text),
            "etag-compare" => operation.etag_compare = Some(text),
            "cacert" => operation.cacert = Some(text),
            "cert" => operation.cert = Some(text),
            "socks4" | "socks4a" | "socks5" => operation.proxy = Some(format!("{name}://{text}")),
            "socks5-hostname" => operation.proxy = Some(format!("socks5h://{text}")),
            "resolve" => operation.resolve.push(text),
            "connect-to" => operation.connect_to.push(text),
            "unix-socket" | "abstract-unix-socket" => operation.unix_socket = Some(text),
            "proxy" | "proxy1.0" => operation.proxy = Some(text),
            "proxy-user" => operation.proxy_user = Some(text),
            "noproxy" => operation.no_proxy = Some(text),
            "proto-default" => match super::SCHEMES.iter().any(|(known, _)| *known == value) {
                true => operation.default_protocol = Some(text),
                false => {
                    let reason = "a specified protocol is unsupported by libcurl";
                    return Err(Stop::Because(reason.to_owned(), 1));
                }
            },
            _ => {}
        }
        Ok(())
    }

    /// `=https`, `-http`, `+ftp`, `all`: the schemes that are left.
    fn protocols(&mut self, value: &str) -> Result<Vec<String>, Stop> {
        let all = || super::SCHEMES.iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>();
        let mut allowed = all();
        for token in value.split(',').filter(|token| !token.is_empty()) {
            let name = token.trim_start_matches(['=', '-', '+']);
            let named: Vec<String> = match name {
                "all" => all(),
                name => vec![name.to_ascii_lowercase()],
            };
            if named.iter().any(|name| !super::SCHEMES.iter().any(|(known, _)| known == name)) {
                self.warn(&format!("unrecognized protocol '{name}'\n"));
                if token.starts_with('=') {
                    allowed.clear();
                }
                continue;
            }
            match token.as_bytes()[0] {
                b'=' => allowed = named,
                b'-' => allowed.retain(|name| !named.contains(name)),
                _ => allowed.extend(named),
            }
        }
        Ok(allowed)
    }
}

/// A limit; zero is none.
fn limit(time: Duration) -> Option<Duration> {
    Some(time).filter(|time| !time.is_zero())
}

fn integer(text: &str) -> Result<i64, Stop> {
    let plain = text.strip_prefix(['+', '-']).unwrap_or(text);
    let digits = !plain.is_empty() && plain.bytes().all(|byte| byte.is_ascii_digit());
    if !digits {
        return Err(because("expected a proper numerical parameter"));
    }
    text.trim_start_matches('+').parse().map_err(|_| because("too large number"))
}

pub(super) fn number(text: &str) -> Result<u64, Stop> {
    let number = integer(text)?;
    u64::try_from(number).map_err(|_| because("expected a positive numerical parameter"))
}

/// A number of seconds that is kept in milliseconds.
fn short_number(text: &str) -> Result<u64, Stop> {
    let number = number(text)?;
    if number > u64::MAX / 2000 {
        return Err(because("too large number"));
    }
    Ok(number)
}

fn seconds(text: &str) -> Result<Duration, Stop> {
    let seconds: f64 = match text.parse() {
        Ok(seconds) => seconds,
        Err(_) => return Err(because("expected a proper numerical parameter")),
    };
    if seconds > 9e15 {
        return Err(because("too large number"));
    }
    if seconds < 0.0 {
        return Err(because("expected a positive numerical parameter"));
    }
    // As milliseconds; a year is as good as for ever.
    Ok(Duration::from_millis((seconds * 1000.0).min(4e10) as u64))
}
/// Whether curl reads a text as a date: a month is a name, or among eight digits (`curl_getdate`).
fn is_curls_date(text: &str) -> bool {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let mut words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
    words.any(|word| {
        let name = word.to_ascii_lowercase();
        MONTHS.iter().any(|month| name.starts_with(month))
            || word.len() == 8 && word.chars().all(|digit| digit.is_ascii_digit())
    })
}

/// Whether a file of `--hsts` or `--alt-svc` tells of a server.
fn knows_servers(io: &Io<'_>, file: &str) -> bool {
    let text = io.read_file(file).unwrap_or_default();
    String::from_utf8_lossy(&text).lines().any(|line| !line.is_empty() && !line.starts_with('#'))
}
