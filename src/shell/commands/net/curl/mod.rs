//! curl, in its own words: 7.88 where Debian 12 has it, 8.5 elsewhere.

mod arguments;
mod config_file;
mod cookies;
mod data;
mod flags;
mod form;
mod glob;
mod global;
mod output;
mod report;
mod request;
mod route;
#[cfg(test)]
mod tests;
mod transfer;
mod write_out;

use std::collections::VecDeque;

use arguments::{Command, Node, Operation, Stop};
use global::Global;
use output::Sink;
use report::{Messages, Sums, Version};
use transfer::{Desk, Job, Progress, Shared, Transfer};

pub(super) use cookies::Jar;
pub(super) use data::unescape;
pub(super) use output::disposed_name;

use super::fetch::note_bad_url;
use super::url::{BadUrl, Url};
use crate::clock::SimTime;
use crate::network::aton;
use crate::shell::{Io, Read, Step, Tool};

/// What can't be in the name of a host (curl lib/urlapi.c, hostname_check).
const NO_HOST: &[char] = &[
    '!', '@', '{', '}', '[', ']', '\\', '$', '\'', '"', '^', '`', '*', '<', '>', '=', ';', ',',
    '+', '&', '(', ')',
];

/// What curl speaks, each with its usual port.
const SCHEMES: &[(&str, u16)] = &[
    ("http", 80),
    ("https", 443),
    ("dict", 2628),
    ("file", 0),
    ("ftp", 21),
    ("ftps", 990),
    ("gopher", 70),
    ("gophers", 70),
    ("imap", 143),
    ("imaps", 993),
    ("ldap", 389),
    ("ldaps", 636),
    ("mqtt", 1883),
    ("pop3", 110),
    ("pop3s", 995),
    ("rtmp", 1935),
    ("rtsp", 554),
    ("scp", 22),
    ("sftp", 22),
    ("smb", 445),
    ("smbs", 445),
    ("smtp", 25),
    ("smtps", 465),
    ("telnet", 23),
    ("tftp", 69),
];

const HINT: &str = "curl: try 'curl --help' or 'curl --manual' for more information\n";

/// A running curl.
#[derive(Clone, Debug)]
struct Curl {
    words: Vec<String>,
    command: Option<Command>,
    /// The operation and the URLs of it that are not expanded yet.
    operation: usize,
    nodes: VecDeque<Node>,
    /// URLs to come.
    waiting: VecDeque<Wanted>,
    running: Vec<Transfer>,
    shared: Shared,
    number: usize,
    /// `-Z`: when it began, and what it has come to.
    sums: Option<(SimTime, Sums)>,
    /// When the last transfer began (`--rate`).
    last_begun: Option<SimTime>,
    exit: i32,
}

/// A URL to come.
#[derive(Clone, Debug)]
struct Wanted {
    url: String,
    output: Option<String>,
    remote_name: bool,
    upload: Option<String>,
}

/// curl with these arguments.
pub(in crate::shell::commands) fn start(arguments: &[String]) -> Box<dyn Tool> {
    Box::new(Curl {
        words: arguments.to_vec(),
        command: None,
        operation: 0,
        nodes: VecDeque::new(),
        waiting: VecDeque::new(),
        running: Vec::new(),
        shared: Shared::default(),
        number: 0,
        sums: None,
        last_begun: None,
        exit: 0,
    })
}

impl Tool for Curl {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        if self.command.is_none() {
            if data::reads_input(&self.words) && !io.stdin.ended() {
                return Step::Input;
            }
            if let Some(exit) = self.begin(io) {
                return Step::Exit(exit);
            }
        }
        if !self.knows_passwords(io) {
            return Step::Input;
        }
        let Some(command) = self.command.clone() else { return Step::Exit(2) };
        loop {
            if let Some(step) = self.fill(&command, io) {
                return step;
            }
            self.parallel_meter(&command, io);
            if self.running.is_empty() {
                self.finish(&command, io);
                return Step::Exit(self.exit);
            }
            if let Some(wait) = self.go_on(&command, io) {
                return wait;
            }
        }
    }
}

impl Curl {
    /// Reads the command line; an exit code ends it.
    fn begin(&mut self, io: &mut Io<'_>) -> Option<i32> {
        let version = Version::of(io);
        let global = Global::default();
        let words = Messages { global: &global, version };
        if self.words.is_empty() && io.environment.get("HOME").is_none() {
            words.tell(io, HINT);
            return Some(2);
        }
        match arguments::read(&self.words, io) {
            Ok(command) => {
                if self.words.is_empty() && command.operations[0].nodes.is_empty() {
                    words.tell(io, HINT);
                    return Some(2);
                }
                self.command = Some(command);
                None
            }
            Err(Stop::Because(reason, code)) => {
                words.tell(io, &format!("curl: {reason}\n{HINT}"));
                Some(code)
            }
            Err(Stop::NotHere(flag)) => {
                words.tell(io, &format!("podhop: not simulated here: curl --{flag}\n"));
                Some(2)
            }
            Err(Stop::Version) => {
                io.say(version.banner());
                Some(0)
            }
            Err(Stop::Help(category)) => {
                match category.as_deref() {
                    Some("all") => io.say(report::help_all()),
                    _ => io.say(report::HELP),
                }
                Some(0)
            }
        }
    }

    /// Asks for the passwords of users without one (`checkpasswd`); whether it has them.
    fn knows_passwords(&mut self, io: &mut Io<'_>) -> bool {
        for operation in self.command.iter_mut().flat_map(|command| &mut command.operations) {
            let asks = operation.bearer.is_none();
            let users = [("host", &mut operation.user), ("proxy", &mut operation.proxy_user)];
            for (kind, user) in users {
                let Some(user) = user.as_mut().filter(|user| asks && !user.contains(':')) else {
                    continue;
                };
                let prompt = format!("Enter {kind} password for user '{user}':");
                let password = match io.read_line() {
                    Read::Wait => {
                        *io.prompt = prompt;
                        return false;
                    }
                    Read::Line(line) => line,
                    Read::End => String::new(),
                };
                if !io.stdin.terminal {
                    io.write_error(prompt);
                }
                *user = format!("{user}:{password}");
            }
        }
        true
    }

    /// Starts transfers while there is room; a step where it has to wait or end.
    fn fill(&mut self, command: &Command, io: &mut Io<'_>) -> Option<Step> {
        let room = command.global.parallel.unwrap_or(1);
        while self.running.len() < room {
            if command.global.fail_early && self.exit != 0 {
                self.waiting.clear();
                self.nodes.clear();
                self.operation = command.operations.len();
            }
            if let (Some(gap), Some(begun)) = (command.global.gap, self.last_begun)
                && begun + gap > io.now()
                && !(self.waiting.is_empty() && self.nodes.is_empty())
            {
                return Some(Step::Until(begun + gap));
            }
            match self.next(command, io) {
                Ok(None) => return None,
                Ok(Some(transfer)) => self.running.push(transfer),
                Err(Some(code)) => self.exit = code,
                Err(None) => {}
            }
        }
        None
    }

    /// The next transfer, or the exit code of one that cannot begin.
    fn next(
        &mut self,
        command: &Command,
        io: &mut Io<'_>,
    ) -> Result<Option<Transfer>, Option<i32>> {
        let Some(wanted) = self.waiting.pop_front() else {
            return self.expand(command, io);
        };
        let at = self.operation - 1;
        let operation = &command.operations[at];
        let version = Version::of(io);
        let words = Messages { global: &command.global, version };
        let job = prepare(at, operation, &words, io, &wanted, self.number)?;
        self.number += 1;
        self.last_begun = Some(io.now());
        let Some(job) = job else { return Err(None) };
        let shared = &mut self.shared;
        let mut desk = Desk { global: &command.global, operation, version, shared };
        Transfer::begin(job, &mut desk, io).map(Some).map_err(Some)
    }

    /// Takes the next URL of the command line apart. There is nothing to be started yet.
    fn expand(
        &mut self,
        command: &Command,
        io: &mut Io<'_>,
    ) -> Result<Option<Transfer>, Option<i32>> {
        let words = Messages { global: &command.global, version: Version::of(io) };
        let Some(node) = self.nodes.pop_front() else {
            let Some(operation) = command.operations.get(self.operation) else { return Ok(None) };
            self.operation += 1;
            let opened = open_operation(operation, &words, io, &mut self.shared);
            if let Err(code) = opened {
                self.operation = command.operations.len();
                return Err(Some(code));
            }
            self.nodes = operation.nodes.iter().cloned().collect();
            return Err(None);
        };
        let operation = &command.operations[self.operation - 1];
        let Some(url) = node.url else {
            words.warn(io, "Got more output options than URLs\n");
            return Err(None);
        };
        let globbed = |text: &str| match operation.globoff {
            true => Ok(vec![glob::Meant { url: text.to_owned(), choices: Vec::new() }]),
            false => glob::expand(text),
        };
        let uploads = match &node.upload {
            Some(files) => {
                globbed(files).map(|all| all.into_iter().map(|it| Some(it.url)).collect())
            }
            None => Ok(vec![None]),
        };
        let (urls, uploads): (_, Vec<Option<String>>) = match (globbed(&url), uploads) {
            (Ok(urls), Ok(uploads)) => (urls, uploads),
            (Err(told), _) | (_, Err(told)) => {
                note_bad_url(io, &url);
                self.nodes.clear();
                self.operation = command.operations.len();
                return Err(Some(words.fail(io, 3, &told)));
            }
        };
        for upload in uploads {
            for meant in &urls {
                let output = node.output.as_ref().map(|name| glob::named(name, &meant.choices));
                let remote_name = node.remote_name;
                let upload = upload.clone().filter(|file| !file.is_empty());
                let url = meant.url.clone();
                self.waiting.push_back(Wanted { url, output, remote_name, upload });
            }
        }
        Err(None)
    }

    /// `-Z`: the meter's heading and first line, and at the end its last one.
    fn parallel_meter(&mut self, command: &Command, io: &mut Io<'_>) {
        let (global, version) = (&command.global, Version::of(io));
        // 7.88 shows it even where it is to be silent.
        let hidden = global.no_meter || global.silent && version == Version::V8_5;
        if global.parallel.is_none() || hidden {
            return;
        }
        let (words, live) = (Messages { global, version }, self.running.len());
        match self.sums {
            None if live == 0 => {}
            None => {
                let sums = Sums { transfers: live, ..Sums::default() };
                self.sums = Some((io.now(), sums));
                words.tell(io, report::PARALLEL_HEAD);
                words.tell(io, &sums.line(live, None));
            }
            Some((begun, mut sums)) if live == 0 => {
                sums.transfers = self.number;
                words.tell(io, &sums.line(0, Some(io.now() - begun)));
            }
            Some(_) => {}
        }
    }

    /// Goes on with every transfer; a wait when none of them can.
    fn go_on(&mut self, command: &Command, io: &mut Io<'_>) -> Option<Step> {
        let version = Version::of(io);
        let mut wait: Option<Step> = None;
        let mut left = Vec::new();
        let mut ended = false;
        for mut transfer in std::mem::take(&mut self.running) {
            let operation = &command.operations[transfer.job.operation];
            let shared = &mut self.shared;
            let mut desk = Desk { global: &command.global, operation, version, shared };
            match transfer.step(&mut desk, io) {
                Progress::Over(code) => {
                    ended = true;
                    if let Some((_, sums)) = &mut self.sums {
                        let (received, sent) = transfer.moved();
                        sums.received += received;
                        sums.sent += sent;
                    }
                    // Side by side, the first failure counts; one after the other, the last result.
                    if command.global.parallel.is_none() || self.exit == 0 {
                        self.exit = code;
                    }
                }
                Progress::Wait(step) => {
                    wait = Some(match (wait, step) {
                        (Some(Step::Until(one)), Step::Until(other)) => Step::Until(one.min(other)),
                        (None, step) => step,
                        (Some(known), _) => known,
                    });
                    left.push(transfer);
                }
            }
        }
        self.running = left;
        wait.filter(|_| !ended)
    }

    /// `-c`, `--hsts` and `--alt-svc`
    fn finish(&self, command: &Command, io: &mut Io<'_>) {
        for operation in &command.operations {
            for (file, head) in &operation.told_over_tls {
                let text = format!(
                    "{head}\n# This file was generated by libcurl! Edit at your own risk.\n"
                );
                let _ = io.write_file(file, text.as_bytes());
            }
            if let Some(file) = &operation.cookie_jar {
                let text = self.shared.jar.file();
                let written = match file.as_str() {
                    "-" => {
                        io.stdout.extend_from_slice(text.as_bytes());
                        Ok(())
                    }
                    file => io.write_file(file, text.as_bytes()),
                };
                if written.is_err() && command.global.verbose {
                    let words = Messages { global: &command.global, version: Version::of(io) };
                    words.note(io, &format!("WARNING: failed to save cookies in {file}: Failed to open/read local data from file/application"));
                }
            }
        }
    }
}

/// Looks whether one HTTP method is asked for, and says of `-X` what is to be said.
///
/// # Errors
/// The exit code, where two are asked for; it is said.
fn one_method(operation: &Operation, words: &Messages<'_>, io: &mut Io<'_>) -> Result<(), i32> {
    let upload = operation.nodes.iter().any(|node| node.upload.is_some());
    let posts = operation.data.is_some() && !operation.get;
    let ways = [
        (upload, "PUT (-T, --upload-file)"),
        (posts, "POST (-d, --data)"),
        (operation.head, "HEAD (-I, --head)"),
        (!operation.form.is_empty(), "multipart formpost (-F, --form)"),
    ];
    let ways: Vec<&str> = ways.iter().filter(|(asked, _)| *asked).map(|(_, way)| *way).collect();
    if let [first, second, ..] = ways.as_slice() {
        words.warn(io, &format!("You can only select one HTTP request method! You asked for both {first} and {second}.\n"));
        return Err(2);
    }
    let usual = match () {
        () if upload => "PUT",
        () if operation.head => "HEAD",
        () if posts || !operation.form.is_empty() => "POST",
        () => "GET",
    };
    match &operation.method {
        Some(method)
            if method.eq_ignore_ascii_case(usual)
                && words.global.verbose
                && !words.global.silent =>
        {
            words.tell(io, &format!("Note: Unnecessary use of -X or --request, {usual} is already inferred.\n"));
        }
        Some(method) if method.eq_ignore_ascii_case(usual) => {}
        Some(method) if method.eq_ignore_ascii_case("head") => words.warn(io, "Setting custom HTTP method to HEAD with -X/--request may not work the way you want. Consider using -I/--head instead.\n"),
        _ => {}
    }
    Ok(())
}

/// What is said and read before an operation's first URL.
fn open_operation(
    operation: &Operation,
    words: &Messages<'_>,
    io: &mut Io<'_>,
    shared: &mut Shared,
) -> Result<(), i32> {
    if operation.nodes.first().is_none_or(|node| node.url.is_none()) {
        match words.version {
            Version::V7_88 => words.tell(io, &format!("curl: no URL specified!\n{HINT}")),
            Version::V8_5 => words.tell(io, &format!("curl: (2) no URL specified\n{HINT}")),
        }
        return Err(2);
    }
    one_method(operation, words, io)?;
    if operation.form.iter().any(|part| part.missing().is_some()) {
        return Err(words.fail(io, 26, "Failed to open/read local data from file/application"));
    }
    // Nobody knows the tag yet, where it is not to be kept in that file either.
    if let Some(file) = operation.etag_compare.as_ref().filter(|file| !io.is_file(file))
        && operation.etag_save.is_none()
    {
        if !words.global.silent {
            words.tell(io, &format!("curl: Failed to open {file}\n"));
        }
        return Err(26);
    }
    if let Some(file) = operation.dump_header.as_ref().filter(|file| *file != "-")
        && io.write_file(file, b"").is_err()
    {
        words.warn(io, &format!("Failed to open {file}\n"));
        return Err(words.fail(io, 23, "Failed writing received data to disk/application"));
    }
    shared.jar.active |= operation.cookie_jar.is_some();
    for file in &operation.cookie_files {
        shared.jar.active = true;
        if let Some(text) = data::file(io, file) {
            shared.jar.read(&String::from_utf8_lossy(&text), operation.new_session);
        } else if !file.is_empty() {
            words.note(io, &format!("WARNING: failed to open cookie file \"{file}\""));
        }
    }
    Ok(())
}

/// The file that a URL's output goes to; `None` for standard output.
///
/// # Errors
/// The exit code, where the URL names no file; it is said.
fn destination(
    operation: &Operation,
    words: &Messages<'_>,
    io: &mut Io<'_>,
    wanted: &Wanted,
    url: &Url,
) -> Result<Option<String>, i32> {
    let mut file = wanted.output.clone().filter(|file| file != "-");
    if wanted.remote_name {
        if url.file_name().is_empty() {
            if !words.global.silent {
                words.tell(io, "curl: Remote file name has no length!\n");
            }
            let told = "Failed writing received data to disk/application";
            return Err(words.fail(io, 23, told));
        }
        file = Some(url.file_name().to_owned());
    }
    if let (Some(folder), Some(name)) = (&operation.output_dir, &file) {
        file = Some(format!("{folder}/{name}"));
    }
    if let (true, Some((folder, _))) =
        (operation.create_dirs, file.as_ref().and_then(|file| file.rsplit_once('/')))
        && !folder.is_empty()
        && !io.is_directory(folder)
    {
        // A folder that cannot be made is told when the file is opened.
        let _ = io.make_directory(folder);
    }
    Ok(file)
}

/// Reads the URL and decides where its output goes; none for a URL that needs no connection.
fn prepare(
    at: usize,
    operation: &Operation,
    words: &Messages<'_>,
    io: &mut Io<'_>,
    wanted: &Wanted,
    number: usize,
) -> Result<Option<Job>, Option<i32>> {
    let url = match parse(operation, words, io, wanted) {
        Ok(url) => url,
        Err(code) => {
            let code = code.unwrap_or(3);
            note_bad_url(io, &wanted.url);
            if let Some(format) = &operation.write_out {
                write_out::write_failed(io, format, code, &wanted.url, number);
            }
            return Err(Some(code));
        }
    };
    let file = destination(operation, words, io, wanted, &url).map_err(Some)?;
    let kept = match (operation.resume, &file) {
        (Some(None), Some(file)) => io.read_file(file).unwrap_or_default(),
        (Some(Some(_)), Some(file)) => io.read_file(file).unwrap_or_default(),
        _ => Vec::new(),
    };
    let resume = operation.resume.map(|offset| offset.unwrap_or(kept.len() as u64));
    let resume = resume.filter(|offset| *offset > 0);
    let chunked = matches!(wanted.upload.as_deref(), Some("-" | "."));
    let upload = match &wanted.upload {
        None => None,
        Some(name) if name == "." => Some(io.read_all().unwrap_or_default()),
        Some(name) => match data::file(io, name) {
            Some(bytes) => Some(bytes),
            None => {
                // That a file is missing is said even of a silent one.
                words.tell(io, &format!("curl: Can't open '{name}'!\n{HINT}"));
                let told = "Failed to open/read local data from file/application";
                return Err(Some(words.fail(io, 26, told)));
            }
        },
    };
    let mut sink = Sink::new(file, kept);
    // The meter would stand in the way of a page on the terminal.
    let global = words.global;
    let meter = !global.silent
        && !global.no_meter
        && global.parallel.is_none()
        && (!sink.is_stdout() || !io.terminal);
    if url.scheme == "file" {
        let meter = meter && !global.bar;
        return local(operation, words, io, &url, &mut sink, meter).map(|()| None);
    }
    let input = wanted.url.clone();
    Ok(Some(Job { operation: at, input, url, number, sink, upload, chunked, resume, meter }))
}

fn parse(
    operation: &Operation,
    words: &Messages<'_>,
    io: &mut Io<'_>,
    wanted: &Wanted,
) -> Result<Url, Option<i32>> {
    let text = match &operation.default_protocol {
        Some(scheme) if !wanted.url.contains("://") => format!("{scheme}://{}", wanted.url),
        _ => wanted.url.clone(),
    };
    let disabled =
        |scheme: &str| format!("Protocol \"{scheme}\" not supported or disabled in libcurl");
    if let Some(path) = text.strip_prefix("file://") {
        // A host may be named, if it is this one.
        let own = path.strip_prefix("localhost/").or(path.strip_prefix("127.0.0.1/"));
        if own.is_none() && !path.starts_with('/') {
            let told = "URL using bad/illegal format or missing URL";
            return Err(Some(words.fail(io, 3, told)));
        }
        let path = own.unwrap_or(path);
        let text = format!("file://localhost/{}", path.trim_start_matches('/'));
        return Url::parse_among(&text, SCHEMES).map_err(|_| Some(3));
    }
    let parsed = Url::parse_among(&text, SCHEMES);
    let parsed = parsed.and_then(|url| {
        match url.host.contains(NO_HOST) || url.user.as_ref().is_some_and(|user| user.contains('@'))
        {
            true => Err(BadUrl::Malformed),
            false => Ok(url),
        }
    });
    let mut url = match parsed {
        Ok(url) => url,
        Err(BadUrl::Scheme(scheme)) => return Err(Some(words.fail(io, 1, &disabled(&scheme)))),
        Err(why) => {
            let told = match words.version {
                Version::V7_88 => "URL using bad/illegal format or missing URL".to_owned(),
                Version::V8_5 => report::rejected(&text, &why),
            };
            return Err(Some(words.fail(io, 3, &told)));
        }
    };
    if operation.protocols.as_ref().is_some_and(|list| !list.contains(&url.scheme)) {
        return Err(Some(words.fail(io, 1, &disabled(&url.scheme))));
    }
    if operation.no_user_in_url && url.user.is_some() {
        let told = match words.version {
            Version::V7_88 => "Login denied",
            Version::V8_5 => "URL rejected: Credentials was passed in the URL when prohibited",
        };
        return Err(Some(words.fail(io, 67, told)));
    }
    // An address is told and sent as four decimal numbers, however it was written.
    if let Some(address) = aton(&url.host) {
        url.host = address.to_string();
    }
    if !operation.path_as_is {
        url.remove_dots();
    }
    // What is sent to a folder is called as it is here.
    if let Some(file) = wanted.upload.as_ref().filter(|_| url.file_name().is_empty()) {
        let name = file.rsplit('/').next().unwrap_or(file);
        if !matches!(name, "-" | ".") {
            url.target += &data::escape(name.as_bytes(), false);
        }
    }
    Ok(url)
}

/// `file://`
fn local(
    operation: &Operation,
    words: &Messages<'_>,
    io: &mut Io<'_>,
    url: &Url,
    sink: &mut Sink,
    meter: bool,
) -> Result<(), Option<i32>> {
    let Ok(mut bytes) = io.read_file(&url.target) else {
        return Err(Some(words.fail(io, 37, &format!("Couldn't open file {}", url.target))));
    };
    if meter {
        words.tell(io, report::METER_HEAD);
    }
    let size = bytes.len();
    if operation.head {
        // When a file was changed is not kept here: all are as old as the system.
        let changed =
            crate::clock::SimTime::START.timestamp().strftime("%a, %d %b %Y %H:%M:%S GMT");
        let head = format!(
            "Content-Length: {size}\r\nAccept-ranges: bytes\r\nLast-Modified: {changed}\r\n"
        );
        bytes = head.into_bytes();
    }
    if meter {
        let received = if operation.head { 0 } else { size };
        words.tell(io, &report::meter_line(received));
    }
    sink.write(operation, io, &bytes).map_err(|_| Some(23))
}
