//! nginx: reads its configuration from the container's files, listens, and serves pages, answers or
//! other servers' responses (NETWORKING §15, TOPICS D43).
//!
//! Not simulated: what `directives.txt` calls missing (caches, FastCGI, streams); the log names it.

mod conditions;
mod config;
mod directives;
mod exception;
mod expression;
mod handle;
pub(super) mod ingress;
mod limits;
mod map;
mod names;
mod nest;
mod partial;
mod proxy;
mod reader;
mod real_ip;
mod redirect;
mod reload;
mod request;
mod rights;
mod select;
mod sizes;
mod slot;
mod template;
mod tokens;
mod upstream;
mod values;
mod variables;

use std::net::IpAddr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use super::http::{self, Incoming};
use super::says::Says;
use crate::clock::SimTime;
use crate::cluster::image;
use crate::cluster::{
    Answer, Ask, Cluster, Context, Did, HttpRequest, HttpResponse, Payload, Place, Poll, Process,
    Reply, Signal,
};
use crate::network::{BindError, Protocol, SocketAddr};
use config::{Config, ConfigEnv, Listen};
use tokens::COMMAND_LINE;

/// `Server: nginx/1.27.5`
const VERSION: &str = "1.27.5";

const MAIN_FILE: &str = "/etc/nginx/nginx.conf";

/// How often nginx tries to bind taken addresses, and how long it waits in between (R1.3).
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(500);

#[derive(Clone)]
struct Nginx {
    /// It was started by the image's entrypoint script, which has something to say.
    by_script: bool,
    /// `-c FILE`, `-g DIRECTIVES`
    file: String,
    globals: String,
    /// `-t`, `-v`: say something and end.
    only: Option<Only>,
    config: Option<Arc<Config>>,
    bound: Vec<Listen>,
    tries: u32,
    ready: bool,
    stopping: bool,
    /// It was told to read its configuration again.
    reloading: bool,
    /// Counts connections, as error logs do.
    connections: u64,
    hostname: String,
    buckets: limits::Buckets,
    standings: upstream::Standings,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Only {
    /// `-t`
    Test,
    /// `-T`: the configuration itself as well.
    Dump,
    /// `-v`
    Version,
    /// `-V`: how it was built as well.
    Build,
    /// `-s`: a signal for the one that runs.
    Signal(Signal),
}

/// The server that the image brings along.
const DEFAULT_FILE: &str = "/etc/nginx/conf.d/default.conf";

const USAGE: &str = "Usage: nginx [-?hvVtTq] [-s signal] [-p prefix]
             [-e filename] [-c filename] [-g directives]";

/// The program; `None` where an option lacks its value.
pub(super) fn start(arguments: &[String], by_script: bool) -> Option<Box<dyn Process>> {
    let mut nginx = Nginx { by_script, ..Nginx::new() };
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-g" => nginx.globals = words.next()?.clone(),
            "-c" => nginx.file = words.next()?.clone(),
            "-t" => nginx.only = Some(Only::Test),
            "-T" => nginx.only = Some(Only::Dump),
            "-v" => nginx.only = Some(Only::Version),
            "-V" => nginx.only = Some(Only::Build),
            "-s" => match words.next()?.as_str() {
                "reload" => nginx.only = Some(Only::Signal(Signal::Hup)),
                "stop" | "quit" => nginx.only = Some(Only::Signal(Signal::Term)),
                other => {
                    return Some(Says::boxed(format!("nginx: invalid option: \"-s {other}\""), 1));
                }
            },
            "-q" => {}
            "-e" | "-p" => drop(words.next()),
            "-h" | "-?" => return Some(Says::boxed(USAGE, 0)),
            option => {
                let letter = option.trim_start_matches('-');
                return Some(Says::boxed(format!("nginx: invalid option: \"{letter}\""), 1));
            }
        }
    }
    Some(Box::new(nginx))
}

impl Process for Nginx {
    fn step(&mut self, context: &mut Context<'_>) -> Poll {
        if self.stopping {
            let stamp = stamp(context.now());
            context
                .say(format_args!("{stamp} [notice] 1#1: signal 15 (SIGTERM) received, exiting"));
            context.say(format_args!("{stamp} [notice] 1#1: exit"));
            return Poll::Exit(0);
        }
        if self.ready {
            if std::mem::take(&mut self.reloading) {
                self.reload(context);
            }
            return Poll::Idle;
        }
        if self.config.is_none() {
            let read = self.read_config(context);
            if let Err(code) = read.and_then(|()| rights::check(&self.file, context)) {
                return Poll::Exit(code);
            }
        }
        self.listen(context)
    }

    fn signal(&mut self, signal: Signal, _: &mut Context<'_>) -> bool {
        match signal {
            Signal::Term | Signal::Int => self.stopping = true,
            Signal::Hup => self.reloading = true,
        }
        true
    }

    fn has_workers(&self) -> bool {
        self.config.as_ref().is_some_and(|config| config.passes_on)
    }

    fn serve(&mut self, ask: &Ask, context: &mut Context<'_>) -> Answer {
        // Requests that were sent together are answered one after the other, until one ends the connection.
        let mut all = Answer { reply: Reply::Bytes(Vec::new()), took: Duration::ZERO };
        for piece in pieces(ask) {
            let answer = self.serve_one(&piece, context);
            all.took += answer.took;
            match (&mut all.reply, answer.reply) {
                (Reply::Bytes(bytes), Reply::Bytes(more)) => {
                    let ends = http::header_of(&more, "connection") == Some("close");
                    bytes.extend(more);
                    if ends {
                        break;
                    }
                }
                (Reply::Bytes(bytes), other) if bytes.is_empty() => {
                    return Answer { reply: other, took: all.took };
                }
                _ => break,
            }
        }
        all
    }
}

/// What was asked, request by request: bytes may hold several. Empty lines before one are passed over.
fn pieces(ask: &Ask) -> Vec<Ask> {
    let Payload::Bytes(bytes) = &ask.payload else { return vec![ask.clone()] };
    let blank = bytes.iter().take_while(|byte| b"\r\n".contains(byte)).count();
    if blank == bytes.len() {
        return vec![ask.clone()];
    }
    let with = |bytes: &[u8]| Ask { payload: Payload::Bytes(bytes.to_vec()), ..ask.clone() };
    let mut rest = &bytes[blank..];
    let mut all = Vec::new();
    while let Some(length) = http::length(rest).filter(|length| *length < rest.len()) {
        all.push(with(&rest[..length]));
        rest = &rest[length..];
    }
    all.push(with(rest));
    all
}

impl Nginx {
    fn serve_one(&mut self, ask: &Ask, context: &mut Context<'_>) -> Answer {
        self.connections += 1;
        let Some(config) = self.config.clone() else { return http::other(Reply::Reset) };
        let tls = select::is_tls(&config, ask.local);
        let request = match (&ask.payload, tls) {
            (Payload::Tls { request, .. }, true) => request.clone(),
            (Payload::Nothing, _) => return http::other(Reply::Silence),
            // Empty lines before a request are passed over, and the request is waited for.
            (Payload::Bytes(bytes), _) if bytes.iter().all(|byte| b"\r\n".contains(byte)) => {
                return http::other(Reply::Silence);
            }
            _ => match http::incoming(ask) {
                Incoming::Request(request)
                    if !tls && is_sound(&request) && !lacks_host(ask, &request) =>
                {
                    request
                }
                Incoming::Nothing => return http::other(Reply::Silence),
                Incoming::Request(_) if !tls => return bad_request(&config, ask, context, None),
                Incoming::Request(_) => {
                    return bad_request(&config, ask, context, Some(PLAIN_TO_TLS));
                }
                Incoming::Handshake | Incoming::Garbage => {
                    match old_request(ask).filter(|_| !tls) {
                        Some(request) => request,
                        None => return bad_request(&config, ask, context, None),
                    }
                }
            },
        };
        let number = self.connections;
        let known = (&mut self.buckets, &mut self.standings);
        let handler =
            request::RequestHandler::new(&config, ask, request, number, &self.hostname, known);
        let Some(mut handler) = handler else { return http::other(Reply::Reset) };
        let (response, took) = handler.answer(context);
        if handler.is_abandoned() {
            return Answer { reply: Reply::Silence, took };
        }
        if handler.closes() {
            return Answer { reply: Reply::Closed, took };
        }
        if tls {
            // Without one (`ssl_reject_handshake`) nothing is said over TLS.
            let Some(certificate) = handler.server.certificate.clone() else {
                return http::other(Reply::Reset);
            };
            return Answer { reply: Reply::Tls { certificate, response }, took };
        }
        Answer { took, ..http::reply(ask, response) }
    }
}

const PLAIN_TO_TLS: &str = "The plain HTTP request was sent to HTTPS port";

impl Nginx {
    /// As it is before it has read anything.
    fn new() -> Nginx {
        Nginx {
            by_script: false,
            file: MAIN_FILE.to_owned(),
            globals: String::new(),
            only: None,
            config: None,
            bound: Vec::new(),
            tries: 0,
            ready: false,
            stopping: false,
            reloading: false,
            connections: 0,
            hostname: String::new(),
            buckets: limits::Buckets::default(),
            standings: upstream::Standings::default(),
        }
    }

    fn read_config(&mut self, context: &mut Context<'_>) -> Result<(), i32> {
        if let Some(only @ (Only::Version | Only::Build)) = self.only {
            context.say(format!("nginx version: nginx/{VERSION}"));
            if only == Only::Build {
                context.say("built by gcc 12.2.0 (Debian 12.2.0-14) \nbuilt with OpenSSL 3.0.15 3 Sep 2024\nTLS SNI support enabled");
            }
            return Err(0);
        }
        if self.by_script {
            tell_entrypoint(context);
        }
        let place = context.place.clone();
        if self.only.is_none() && self.is_plain(context) {
            self.config = Some(PACKAGED.clone());
            return Ok(());
        }
        let mut around = Container { cluster: context.cluster, place };
        let loaded = reader::load(&self.file, &self.globals, &mut around);
        loaded.iter().for_each(|config| tell_missed(config, context));
        match (loaded, self.only) {
            (Err(fault), only) => {
                emerg(context, &fault.to_string());
                if let Some(at) = fault.at.as_ref().filter(|at| &*at.file != COMMAND_LINE) {
                    context.note(Did::ConfigRefused {
                        file: at.file.clone(),
                        line: at.line,
                        why: fault.message.clone(),
                    });
                }
                if matches!(only, Some(Only::Test | Only::Dump)) {
                    context.say(format!("nginx: configuration file {} test failed", self.file));
                }
                Err(1)
            }
            (Ok(_), Some(Only::Signal(signal))) => Err(reload::pass_on(signal, context)),
            (Ok(_), Some(only)) => {
                context.say(format!("nginx: the configuration file {} syntax is ok", self.file));
                context.say(format!("nginx: configuration file {} test is successful", self.file));
                if only == Only::Dump {
                    reload::dump(&self.file, context);
                }
                Err(0)
            }
            (Ok(config), None) => {
                self.config = Some(Arc::new(config));
                Ok(())
            }
        }
    }

    /// Whether everything is as the image brings it along, in the foreground.
    fn is_plain(&self, context: &Context<'_>) -> bool {
        self.file == MAIN_FILE
            && self.globals == "daemon off;"
            && context.cluster.is_untouched(&context.place, "/etc/nginx")
            && [MAIN_FILE, DEFAULT_FILE].iter().all(|file| {
                let own = context.cluster.packaged_file(&context.place, file);
                own == image::nginx_file(file)
            })
    }

    /// Opens the sockets; those that are taken are tried again.
    fn listen(&mut self, context: &mut Context<'_>) -> Poll {
        let Some(config) = self.config.clone() else { return Poll::Exit(1) };
        let mut failed = false;
        for listen in select::sockets(&config) {
            if self.bound.iter().any(|b| (b.address, b.port) == (listen.address, listen.port)) {
                continue;
            }
            let bound = match listen.v6_only {
                true => context.bind_v6_only(Protocol::Tcp, listen.port, "nginx"),
                false => context.bind(Protocol::Tcp, listen.address, listen.port, "nginx"),
            };
            match bound {
                Ok(()) => self.bound.push(listen),
                Err(why) => {
                    failed = true;
                    let at = SocketAddr::new(listen.address, listen.port);
                    let (errno, words) = (why.errno(), why.words());
                    emerg(context, &format!("bind() to {at} failed ({errno}: {words})"));
                    // It tries again where a port is taken alone.
                    if !matches!(why, BindError::InUse { .. }) {
                        return Poll::Exit(1);
                    }
                }
            }
        }
        if !failed {
            return self.run(&config, context);
        }
        self.tries += 1;
        if self.tries < TRIES {
            return Poll::Until(context.now() + PAUSE);
        }
        emerg(context, "still could not bind()");
        Poll::Exit(1)
    }

    fn run(&mut self, config: &Config, context: &mut Context<'_>) -> Poll {
        self.ready = true;
        rights::write_number(&self.file, context);
        self.hostname = context.hostname();
        let stamp = stamp(context.now());
        for text in [
            "using the \"epoll\" event method",
            "nginx/1.27.5",
            "built by gcc 12.2.0 (Debian 12.2.0-14)",
            "OS: Linux 6.1.0-40-amd64",
            "start worker processes",
            "start worker process 29",
            "start worker process 30",
        ] {
            context.say(format_args!("{stamp} [notice] 1#1: {text}"));
        }
        if config.foreground {
            return Poll::Idle;
        }
        // The first process ends, and the container with it.
        context.note(Did::Daemonized { foreground: "nginx -g \"daemon off;\"" });
        Poll::Exit(0)
    }
}

/// What the configuration asks for and what is not simulated goes to the log.
fn tell_missed(config: &Config, context: &mut Context<'_>) {
    config.missed.iter().for_each(|sentence| context.say(format_args!("podhop: {sentence}")));
}

/// The image's own configuration, read once for the thousands of pods that have it.
static PACKAGED: LazyLock<Arc<Config>> = LazyLock::new(|| {
    Arc::new(reader::load(MAIN_FILE, "daemon off;", &mut Package).unwrap_or_default())
});

/// The files of the image alone.
struct Package;

impl ConfigEnv for Package {
    fn read(&self, path: &str) -> Option<String> {
        image::nginx_file(path).map(str::to_owned)
    }

    fn glob(&self, _: &str) -> Vec<String> {
        vec![DEFAULT_FILE.to_owned()]
    }

    fn resolve(&mut self, _: &str) -> Vec<IpAddr> {
        Vec::new()
    }
}

/// What the configuration reader sees of its container.
struct Container<'a> {
    cluster: &'a mut Cluster,
    place: Place,
}

impl ConfigEnv for Container<'_> {
    fn read(&self, path: &str) -> Option<String> {
        let bytes = self.cluster.read_file(&self.place, path)?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn glob(&self, pattern: &str) -> Vec<String> {
        self.cluster.glob(&self.place, pattern)
    }

    fn resolve(&mut self, host: &str) -> Vec<IpAddr> {
        self.cluster.lookup(&self.place, host).result.unwrap_or_default()
    }
}

/// What the image's entrypoint script says before it starts nginx.
fn tell_entrypoint(context: &mut Context<'_>) {
    const SCRIPT: &str = "/docker-entrypoint.sh";
    const FOLDER: &str = "/docker-entrypoint.d";
    context.say(format_args!(
        "{SCRIPT}: {FOLDER}/ is not empty, will attempt to perform configuration"
    ));
    context.say(format_args!("{SCRIPT}: Looking for shell scripts in {FOLDER}/"));
    context.say(format_args!("{SCRIPT}: Launching {FOLDER}/{IPV6}"));
    listen_on_ipv6(context);
    context.say(format_args!("{SCRIPT}: Sourcing {FOLDER}/15-local-resolvers.envsh"));
    context.say(format_args!("{SCRIPT}: Launching {FOLDER}/20-envsubst-on-templates.sh"));
    context.say(format_args!("{SCRIPT}: Launching {FOLDER}/30-tune-worker-processes.sh"));
    context.say(format_args!("{SCRIPT}: Configuration complete; ready for start up"));
}

const IPV6: &str = "10-listen-on-ipv6-by-default.sh";

/// The script that adds an IPv6 socket to the packaged server, and leaves anybody else's alone.
fn listen_on_ipv6(context: &mut Context<'_>) {
    const FILE: &str = DEFAULT_FILE;
    let place = context.place.clone();
    let Some(text) = context.cluster.read_file(&place, FILE) else {
        context.say(format_args!("{IPV6}: info: {FILE} is not a file or does not exist"));
        return;
    };
    if context.cluster.may_write(&place, FILE).is_err() {
        context.say(format_args!("{IPV6}: info: can not modify {FILE} (read-only file system?)"));
        return;
    }
    context.say(format_args!("{IPV6}: info: Getting the checksum of {FILE}"));
    // podhop's packaged file has the line from the beginning.
    if context.cluster.packaged_file(&place, FILE).is_some_and(|own| own.as_bytes() == text) {
        context.say(format_args!("{IPV6}: info: Enabled listen on IPv6 in {FILE}"));
    } else {
        context.say(format_args!("{IPV6}: info: {FILE} differs from the packaged version"));
    }
}

/// An error that ends nginx: it goes to the error log and to standard error.
fn emerg(context: &mut Context<'_>, message: &str) {
    let stamp = stamp(context.now());
    context.say(format_args!("{stamp} [emerg] 1#1: {message}"));
    context.say(format_args!("nginx: [emerg] {message}"));
}

/// Whether nginx takes the request's line: a method is of capital letters (and `_`, `-`), a target
/// begins with a slash or has a scheme, and has no blanks (`ngx_http_parse_request_line`).
fn is_sound(request: &HttpRequest) -> bool {
    let method = |letter: char| letter.is_ascii_uppercase() || matches!(letter, '_' | '-');
    request.method.chars().all(method)
        && (request.target.starts_with('/') || request.target.contains("://"))
        && !request.target.contains(' ')
        && is_inside(&request.target)
        && request.headers.iter().all(|(name, _)| !name.contains([' ', '\t']))
}

/// Whether a target's escapes are whole, and its dots do not lead out of the root (`ngx_http_parse_complex_uri`).
fn is_inside(target: &str) -> bool {
    let path = target.split(['?', '#']).next().unwrap_or("");
    let path = path
        .split_once("://")
        .map_or(path, |(_, rest)| rest.find('/').map_or("/", |at| &rest[at..]));
    let mut bytes = path.bytes();
    let mut plain = Vec::new();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            plain.push(byte);
            continue;
        }
        let mut digit = || bytes.next().and_then(|byte| char::from(byte).to_digit(16));
        let (Some(high), Some(low)) = (digit(), digit()) else { return false };
        plain.push((high * 16 + low) as u8);
    }
    let mut depth = 0_i32;
    let parts: Vec<&[u8]> = plain.split(|byte| *byte == b'/').collect();
    parts.iter().all(|part| {
        depth += match *part {
            b"" | b"." => 0,
            b".." => -1,
            _ => 1,
        };
        depth >= 0
    })
}

/// Whether a request that somebody typed names no host, as HTTP/1.1 wants it
/// (`ngx_http_process_request_header`), or whether any names one of no letters.
fn lacks_host(ask: &Ask, request: &HttpRequest) -> bool {
    http::header(request, "Host").is_some_and(str::is_empty)
        || matches!(ask.payload, Payload::Bytes(_))
            && request.version == crate::cluster::HttpVersion::V1_1
            && http::header(request, "Host").is_none()
}

/// A request of HTTP/0.9, which nginx still answers.
fn old_request(ask: &Ask) -> Option<HttpRequest> {
    match &ask.payload {
        Payload::Bytes(bytes) => http::old_request(bytes),
        _ => None,
    }
}

/// A request that is none.
fn bad_request(
    config: &Config,
    ask: &Ask,
    context: &mut Context<'_>,
    more: Option<&str>,
) -> Answer {
    let server = select::server(config, ask.local, "");
    let hide_version = server.is_some_and(|server| server.settings.hide_version);
    let body = handle::error_body("400 Bad Request", more, hide_version);
    let date = http::log_date(context.now());
    let size = body.len();
    context.say(format_args!(
        "{} - - [{date}] \"\\x16\\x03\\x01\" 400 {size} \"-\" \"-\" \"-\"",
        ask.peer.ip()
    ));
    let request = HttpRequest::get("/", Vec::new());
    let length = size.to_string();
    let version = if hide_version { String::new() } else { format!("/{VERSION}") };
    let (server, date) = (format!("nginx{version}"), http::date(context.now()));
    let headers = [
        ("Server", server.as_str()),
        ("Date", date.as_str()),
        ("Content-Type", "text/html"),
        ("Content-Length", length.as_str()),
        ("Connection", "close"),
    ];
    let response: HttpResponse = http::response(&request, 400, &headers, body);
    http::reply(ask, response)
}

/// `2026/01/05 09:00:00`
fn stamp(now: SimTime) -> String {
    now.timestamp().strftime("%Y/%m/%d %H:%M:%S").to_string()
}
