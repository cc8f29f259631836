//! Apache httpd: its configuration, its virtual hosts, files, redirects and proxies.
//!
//! Not simulated: what `directives.txt` calls missing (rewrite rules, TLS, users); the log names it. `.htaccess`
//! files are not read, as the image's own configuration forbids them.

mod config;
mod directives;
mod log;
mod pages;
mod partial;
mod proxy;
mod serve;
mod settings;
mod tree;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use super::daemon::{Daemon, Service, Socket};
use super::http::{self, Incoming};
use super::says::Says;
use crate::cluster::{Answer, Ask, Context, Did, HttpRequest, Poll, Process, Reply, Signal};
use crate::network::{BindError, SocketAddr};
use config::Config;
use proxy::Workers;
use serve::RequestHandler;
use tree::Files;

/// The server's root in the image, and the main file below it.
const ROOT: &str = "/usr/local/apache2";
const FILE: &str = "conf/httpd.conf";

const USAGE: &str = "Usage: httpd [-D name] [-d directory] [-f file]
             [-C \"directive\"] [-c \"directive\"]
             [-k start|restart|graceful|graceful-stop|stop]
             [-v] [-V] [-h] [-l] [-L] [-t] [-T] [-S] [-X]";

/// httpd that leaves its work to a child in the background: the first process ends.
#[derive(Clone)]
struct ToBackground(Httpd);

impl Process for ToBackground {
    fn step(&mut self, context: &mut Context<'_>) -> Poll {
        if let Err(code) = self.0.prepare(context) {
            return Poll::Exit(code);
        }
        self.0.warn_of_name(context);
        context.note(Did::Daemonized { foreground: "httpd -D FOREGROUND" });
        Poll::Exit(0)
    }

    fn signal(&mut self, _: Signal, _: &mut Context<'_>) -> bool {
        false
    }

    fn serve(&mut self, _: &Ask, _: &mut Context<'_>) -> Answer {
        http::other(Reply::Closed)
    }
}

/// httpd in the foreground.
#[derive(Clone)]
struct Httpd {
    /// `-d` and `-f`
    root: String,
    file: String,
    /// `-C`, read before the file, and `-c`, read after it.
    before: String,
    after: String,
    /// `-D`
    defines: Vec<String>,
    line: String,
    config: Arc<Config>,
    workers: Workers,
}

/// httpd that is asked something about its configuration, and ends.
#[derive(Clone)]
struct ConfigCheck {
    httpd: Httpd,
    letter: char,
}

impl Process for ConfigCheck {
    fn step(&mut self, context: &mut Context<'_>) -> Poll {
        let told = self.httpd.load(context).map(|config| {
            self.httpd.config = Arc::new(config);
            self.httpd.warn_of_name(context);
            match self.letter {
                'S' => context.say(hosts(&self.httpd.config)),
                _ => context.write_error("Syntax OK"),
            }
        });
        Poll::Exit(match told {
            Ok(()) => 0,
            Err(why) => {
                context.write_error(why);
                1
            }
        })
    }

    fn signal(&mut self, _: Signal, _: &mut Context<'_>) -> bool {
        false
    }

    fn serve(&mut self, _: &Ask, _: &mut Context<'_>) -> Answer {
        http::other(Reply::Closed)
    }
}

/// The files of the process's container.
struct Container<'a, 'b>(&'a Context<'b>);

impl Files for Container<'_, '_> {
    fn read(&self, path: &str) -> Option<String> {
        let bytes = self.0.cluster.read_file(&self.0.place, path)?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn glob(&self, pattern: &str) -> Vec<String> {
        self.0.cluster.glob(&self.0.place, pattern)
    }

    fn is_directory(&self, path: &str) -> bool {
        self.0.cluster.is_directory(&self.0.place, path)
    }

    fn variable(&self, name: &str) -> Option<String> {
        let all = self.0.cluster.environment(&self.0.place);
        all.into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }
}

/// What the command line asks for beside the configuration.
#[derive(Default)]
struct CommandLine {
    foreground: bool,
    /// `-k`
    order: Option<String>,
    /// `-t` or `-S`
    look: Option<char>,
}

/// The program: `httpd-foreground`, or `httpd -DFOREGROUND` and what means the same. BusyBox' httpd
/// is not this one.
pub(super) fn start(name: &str, arguments: &[String]) -> Option<Box<dyn Process>> {
    let mut httpd = Httpd {
        root: ROOT.to_owned(),
        file: FILE.to_owned(),
        before: String::new(),
        after: String::new(),
        defines: Vec::new(),
        line: "httpd".to_owned(),
        config: Arc::default(),
        workers: Workers::default(),
    };
    let mut said = CommandLine { foreground: name == "httpd-foreground", ..CommandLine::default() };
    if said.foreground {
        httpd.line += " -D FOREGROUND";
    }
    let of_script = (name == "apachectl").then(|| of_apachectl(arguments)).flatten();
    if let Err((told, code)) = httpd.options(of_script.as_deref().unwrap_or(arguments), &mut said) {
        return Some(Says::boxed(told, code));
    }
    if let Some(letter) = said.look {
        return Some(Box::new(ConfigCheck { httpd, letter }));
    }
    match (said.foreground, said.order.as_deref()) {
        (true, None | Some("start")) => Some(Daemon::boxed(httpd)),
        (false, None | Some("start")) => Some(Box::new(ToBackground(httpd))),
        // No server of that number runs beside a container's first process.
        (_, Some("stop" | "graceful-stop")) => {
            Some(Says::boxed("httpd (no pid file) not running", 0))
        }
        (_, Some(order @ ("restart" | "graceful"))) => {
            Some(Says::boxed(format!("podhop: httpd -k {order} is not simulated here"), 1))
        }
        (_, Some(_)) => Some(Says::boxed(USAGE, 1)),
    }
}

/// `apachectl start` gives httpd an option; `apachectl -X` passes its words on.
fn of_apachectl(arguments: &[String]) -> Option<Vec<String>> {
    let first = arguments.first().filter(|word| !word.starts_with('-'))?;
    let own = match first.as_str() {
        "configtest" => vec!["-t".to_owned()],
        word => vec!["-k".to_owned(), word.to_owned()],
    };
    Some([own, arguments[1..].to_vec()].concat())
}

impl Httpd {
    /// Reads the command line.
    ///
    /// # Errors
    /// What is said in place of serving, and the exit code.
    fn options(&mut self, words: &[String], said: &mut CommandLine) -> Result<(), (String, i32)> {
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let letter = word.strip_prefix('-').and_then(|rest| rest.chars().next());
            let letter = letter.ok_or_else(|| (USAGE.to_owned(), 1))?;
            let rest = &word[1 + letter.len_utf8()..];
            match letter {
                'D' | 'd' | 'f' | 'C' | 'c' | 'k' | 'e' | 'E' => {
                    let value = match rest {
                        "" => words.next().cloned(),
                        rest => Some(rest.to_owned()),
                    };
                    let missing = || {
                        let told = format!("httpd: option requires an argument -- {letter}");
                        (format!("{told}\n{USAGE}"), 1)
                    };
                    self.option(letter, value.ok_or_else(missing)?, said);
                }
                'X' => {
                    self.line += " -X";
                    said.foreground = true;
                }
                'v' => return Err(("Server version: Apache/2.4.63 (Unix)".to_owned(), 0)),
                't' if said.look.is_none() => said.look = Some(letter),
                't' => {}
                'S' => said.look = Some(letter),
                'l' => {
                    let told = "Compiled in modules:\n  core.c\n  mod_so.c\n  http_core.c";
                    return Err((told.to_owned(), 0));
                }
                'h' => return Err((USAGE.to_owned(), 0)),
                'V' | 'L' | 'T' => {
                    let told =
                        format!("podhop: httpd -{letter} is not simulated here; leave it out");
                    return Err((told, 1));
                }
                other => return Err((format!("httpd: illegal option -- {other}\n{USAGE}"), 1)),
            }
        }
        Ok(())
    }

    /// An option with a value.
    fn option(&mut self, letter: char, value: String, said: &mut CommandLine) {
        self.line += &format!(" -{letter} {value}");
        match letter {
            'D' => {
                said.foreground |= value == "FOREGROUND";
                self.defines.push(value);
            }
            'd' => self.root = value,
            'k' => said.order = Some(value),
            'f' => self.file = value,
            'C' => self.before += &format!("{value}\n"),
            'c' => self.after += &format!("{value}\n"),
            _ => {}
        }
    }

    /// It ends, as it can't write its number (`readOnlyRootFilesystem`).
    fn no_number(&self, number: &str, why: &str, context: &mut Context<'_>) {
        self.warn_of_name(context);
        let error = if why.starts_with("Read-only") { 30 } else { 13 };
        context.note(Did::NotWritable { file: number.to_owned() });
        let stamp = format!("[{}] [core:error] [pid 1:tid 1]", stamp(context));
        context.say(format!("{stamp} ({error}){why}: AH00099: could not create {number}"));
        context.say(format!("{stamp} AH00100: httpd: could not log pid to file {number}"));
    }

    fn load(&self, context: &Context<'_>) -> Result<Config, String> {
        let texts = [self.before.as_str(), self.after.as_str()];
        config::load(&Container(context), (&self.root, &self.file), texts, &self.defines)
    }

    /// Where it writes its number.
    fn number_file(&self) -> String {
        let own = self.config.number.clone();
        own.unwrap_or_else(|| format!("{}/logs/httpd.pid", self.config.server_root))
    }

    /// Reads `TypesConfig`, where the module that wants it is there. Says so if it can't.
    fn read_types(&mut self, context: &mut Context<'_>) -> bool {
        if !self.config.modules.contains("mime") {
            return true;
        }
        let own = self.config.types_file.clone();
        let file = own.unwrap_or_else(|| format!("{}/conf/mime.types", self.config.server_root));
        match context.cluster.read_file(&context.place, &file) {
            Some(text) => {
                Arc::make_mut(&mut self.config).types = types(&String::from_utf8_lossy(&text));
                true
            }
            None => {
                let stamp = stamp(context);
                context.write_error(format!(
                    "[{stamp}] [mime:error] [pid 1:tid 1] (2)No such file or directory: AH01597: could not open \
                     mime types config file {file}."
                ));
                context.write_error("AH00016: Configuration Failed");
                false
            }
        }
    }

    fn warn_of_name(&self, context: &mut Context<'_>) {
        if self.config.hosts.first().is_some_and(|main| main.name.is_some()) {
            return;
        }
        let address = context.address();
        let line = format!(
            "AH00558: httpd: Could not reliably determine the server's fully qualified domain name, \
             using {address}. Set the 'ServerName' directive globally to suppress this message"
        );
        context.say(&line);
        context.say(&line);
    }
}

impl Service for Httpd {
    fn name(&self) -> &str {
        "httpd"
    }

    fn prepare(&mut self, context: &mut Context<'_>) -> Result<(), i32> {
        match self.load(context) {
            Ok(config) => self.config = Arc::new(config),
            Err(why) => {
                context.say(why);
                return Err(1);
            }
        }
        if self.config.listens.is_empty() {
            context.say("no listening sockets available, shutting down");
            context.say("AH00015: Unable to open logs");
            return Err(1);
        }
        if !self.read_types(context) {
            return Err(1);
        }
        let number = self.number_file();
        match context.cluster.may_write(&context.place, &number) {
            Ok(()) => Ok(()),
            Err(why) => {
                self.no_number(&number, &why, context);
                Err(1)
            }
        }
    }

    fn sockets(&self) -> Vec<Socket> {
        self.config.listens.clone()
    }

    fn announce(&mut self, context: &mut Context<'_>) {
        self.warn_of_name(context);
        context.write_number(&self.number_file());
        let stamp = stamp(context);
        context.say(format!(
            "[{stamp}] [mpm_event:notice] [pid 1:tid 1] AH00489: {} configured -- resuming normal operations",
            version(&self.config.tokens)
        ));
        context.say(format!(
            "[{stamp}] [core:notice] [pid 1:tid 1] AH00094: Command line: '{}'",
            self.line
        ));
        for what in &self.config.missed {
            context.say(format!("podhop: {what}"));
        }
    }

    fn failed_to_bind(
        &mut self,
        socket: Socket,
        why: &BindError,
        context: &mut Context<'_>,
    ) -> i32 {
        self.warn_of_name(context);
        let address = match socket.address {
            IpAddr::V6(address) if address.is_unspecified() => Ipv4Addr::UNSPECIFIED.into(),
            address => address,
        };
        // A port that it may not have is tried for each family.
        let both =
            (address != socket.address && *why == BindError::Denied).then_some(socket.address);
        for address in both.into_iter().chain([address]) {
            context.say(format!(
                "({}){}: AH00072: make_sock: could not bind to address {}",
                why.errno(),
                why.words(),
                SocketAddr::new(address, socket.port)
            ));
        }
        context.say("no listening sockets available, shutting down");
        context.say("AH00015: Unable to open logs");
        1
    }

    fn has_workers(&self) -> bool {
        self.config.passes_on
    }

    fn answer(&mut self, ask: &Ask, context: &mut Context<'_>) -> Answer {
        let request = match http::incoming(ask) {
            Incoming::Request(request) => request,
            Incoming::Nothing => return http::other(Reply::Silence),
            Incoming::Handshake | Incoming::Garbage => return bad_request(ask, context),
        };
        let name = http::header(&request, "Host").unwrap_or("").to_owned();
        let path = http::normal(http::split_target(&request.target).0);
        let config = Arc::clone(&self.config);
        let host = serve::host(&config, ask.local, &name);
        let mut handler = RequestHandler { config: &config, ask, request: &request, host, path };
        let (page, settings) = handler.answer(&mut self.workers, context);
        let page = handler.with_document(page, &settings, context);
        let took = page.took;
        let response = handler.finish(page, &settings, context);
        log::access(&handler, &response, took.as_micros(), context);
        Answer { took, ..http::reply(ask, response) }
    }

    fn stop(&mut self, context: &mut Context<'_>) -> i32 {
        let stamp = stamp(context);
        context.say(format!(
            "[{stamp}] [mpm_event:notice] [pid 1:tid 1] AH00492: caught SIGWINCH, shutting down \
             gracefully"
        ));
        0
    }
}

fn bad_request(ask: &Ask, context: &mut Context<'_>) -> Answer {
    let response = serve::bad_request(&HttpRequest::get("/", Vec::new()));
    let (date, size) = (http::log_date(context.now()), response.body.len());
    context.say(format!("{} - - [{date}] \"-\" 400 {size}", ask.peer.ip()));
    http::reply(ask, response)
}

/// Types by the endings of files' names: `text/html html htm`.
fn types(text: &str) -> BTreeMap<String, String> {
    let mut types = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split_whitespace();
        let Some(kind) = words.next() else { continue };
        types.extend(words.map(|ending| (ending.to_owned(), kind.to_owned())));
    }
    types
}

/// What the server calls itself, by its `ServerTokens`.
fn version(tokens: &str) -> String {
    match tokens {
        "prod" | "productonly" => "Apache",
        "major" => "Apache/2",
        "minor" => "Apache/2.4",
        "min" | "minimal" => "Apache/2.4.63",
        _ => "Apache/2.4.63 (Unix)",
    }
    .to_owned()
}

/// The virtual hosts, as `-S` shows them.
fn hosts(config: &Config) -> String {
    let mut text = "VirtualHost configuration:".to_owned();
    let mut seen: Vec<String> = Vec::new();
    let address = |host: &config::Host| {
        host.addresses.first().map_or(String::new(), |(address, port)| {
            let address = address.map_or("*".to_owned(), |address| address.to_string());
            let port = port.map_or("*".to_owned(), |port| port.to_string());
            format!("{address}:{port}")
        })
    };
    for host in &config.hosts[1..] {
        let at = address(host);
        if seen.contains(&at) {
            continue;
        }
        let same: Vec<_> = config.hosts[1..].iter().filter(|one| address(one) == at).collect();
        let shown = |host: &config::Host| {
            let name = host.name.clone().or_else(|| config.hosts[0].name.clone());
            let spot = &host.spot;
            format!(
                "{} ({}:{})",
                name.unwrap_or_else(|| "localhost".to_owned()),
                spot.file,
                spot.line
            )
        };
        if let [only] = same.as_slice() {
            text += &format!("\n{at:<22} {}", shown(only));
        } else {
            text += &format!("\n{at:<22} is a NameVirtualHost");
            text += &format!("\n         default server {}", shown(same[0]));
            let port = same[0].addresses.first().and_then(|(_, port)| *port);
            let port = port.map_or("*".to_owned(), |port| port.to_string());
            for host in same {
                text += &format!("\n         port {port} namevhost {}", shown(host));
                for alias in &host.aliases {
                    text += &format!("\n                 alias {alias}");
                }
            }
        }
        seen.push(at);
    }
    let root = config.hosts[0].root.as_deref().unwrap_or("/usr/local/apache2/htdocs");
    text + &format!("\nServerRoot: \"{}\"\nMain DocumentRoot: \"{root}\"", config.server_root)
}

/// `Mon Jan 05 09:00:00.000000 2026`
fn stamp(context: &Context<'_>) -> String {
    context.now().timestamp().strftime("%a %b %d %H:%M:%S%.6f %Y").to_string()
}
