//! Apache httpd, with the files below its document root.

use std::net::{IpAddr, Ipv4Addr};

use super::daemon::{Daemon, Service, Socket};
use super::http::{self, Incoming};
use super::says::Says;
use crate::cluster::{Answer, Ask, Context, Did, HttpRequest, Poll, Process, Reply, Signal};
use crate::network::{BindError, SocketAddr};

/// The configuration of the image, where nobody has put another in its place: its file has these
/// lines, as far as they matter here.
const PACKAGED: &str = "Listen 80\nDocumentRoot \"/usr/local/apache2/htdocs\"\n";

/// The server's root in the image.
const ROOT: &str = "/usr/local/apache2";

const FILE: &str = "/usr/local/apache2/conf/httpd.conf";

const USAGE: &str = "Usage: httpd [-D name] [-d directory] [-f file]
             [-C \"directive\"] [-c \"directive\"]
             [-k start|restart|graceful|graceful-stop|stop]
             [-v] [-V] [-h] [-l] [-L] [-t] [-T] [-S] [-X]";

/// Directives that change nothing here; those of other modules stand in sections, which are skipped.
const OTHERS: &[&str] = &[
    "addtype",
    "addhandler",
    "addencoding",
    "addoutputfilter",
    "allowoverride",
    "customlog",
    "directoryindex",
    "enablesendfile",
    "enablemmap",
    "errordocument",
    "errorlog",
    "group",
    "hostnamelookups",
    "include",
    "includeoptional",
    "keepalive",
    "keepalivetimeout",
    "loadmodule",
    "logformat",
    "loglevel",
    "maxkeepaliverequests",
    "mutex",
    "options",
    "protocols",
    "require",
    "requestheader",
    "serveradmin",
    "serverroot",
    "serversignature",
    "servertokens",
    "setenv",
    "setenvif",
    "timeout",
    "traceenable",
    "typesconfig",
    "usecanonicalname",
    "user",
];

/// What is heeded of a configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Config {
    listens: Vec<Socket>,
    root: String,
    /// `PidFile`, below the server's root where it begins with no slash.
    number: Option<String>,
    named: bool,
}

/// httpd that leaves its work to a child in the background: the first process ends.
#[derive(Clone)]
struct ToBackground(Httpd);

impl Process for ToBackground {
    fn step(&mut self, context: &mut Context<'_>) -> Poll {
        if let Err(code) = self.0.prepare(context) {
            return Poll::Exit(code);
        }
        if !self.0.config.named {
            warn_of_name(context);
        }
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
    file: String,
    /// `-C`, read before the file, and `-c`, read after it.
    before: String,
    after: String,
    line: String,
    config: Config,
}

/// The program: `httpd-foreground`, or `httpd -DFOREGROUND` and what means the same. BusyBox' httpd
/// is not this one.
pub(super) fn start(name: &str, arguments: &[String]) -> Option<Box<dyn Process>> {
    let mut httpd = Httpd {
        file: FILE.to_owned(),
        before: String::new(),
        after: String::new(),
        line: "httpd".to_owned(),
        config: Config::default(),
    };
    let mut foreground = name == "httpd-foreground";
    if foreground {
        httpd.line += " -D FOREGROUND";
    }
    let mut order: Option<String> = None;
    let of_script = (name == "apachectl").then(|| of_apachectl(arguments)).flatten();
    let mut words = of_script.as_deref().unwrap_or(arguments).iter();
    while let Some(word) = words.next() {
        let Some(letter) = word.strip_prefix('-').and_then(|rest| rest.chars().next()) else {
            return Some(Says::boxed(USAGE, 1));
        };
        let rest = &word[1 + letter.len_utf8()..];
        match letter {
            'D' | 'd' | 'f' | 'C' | 'c' | 'k' | 'e' | 'E' => {
                let value = if rest.is_empty() { words.next().cloned() } else { Some(rest.into()) };
                let Some(value) = value else {
                    let told = format!("httpd: option requires an argument -- {letter}");
                    return Some(Says::boxed(format!("{told}\n{USAGE}"), 1));
                };
                httpd.line += &format!(" -{letter} {value}");
                match letter {
                    'D' => foreground |= value == "FOREGROUND",
                    'k' => order = Some(value),
                    'f' => httpd.file = value,
                    'C' => httpd.before += &format!("{value}\n"),
                    'c' => httpd.after += &format!("{value}\n"),
                    _ => {}
                }
            }
            'X' => {
                httpd.line += " -X";
                foreground = true;
            }
            'v' => return Some(Says::boxed("Server version: Apache/2.4.63 (Unix)", 0)),
            't' => return Some(Says::boxed("Syntax OK", 0)),
            'h' => return Some(Says::boxed(USAGE, 0)),
            'V' | 'l' | 'L' | 'T' | 'S' => {
                let told = format!("podhop: httpd -{letter} is not simulated here; leave it out");
                return Some(Says::boxed(told, 1));
            }
            other => {
                return Some(Says::boxed(format!("httpd: illegal option -- {other}\n{USAGE}"), 1));
            }
        }
    }
    match (foreground, order.as_deref()) {
        (true, None | Some("start")) => Some(Daemon::boxed(httpd)),
        (false, None | Some("start")) => Some(Box::new(ToBackground(httpd))),
        // No server of that number runs beside a container's first process.
        (_, Some("stop" | "graceful-stop")) => {
            Some(Says::boxed("httpd (no pid file) not running", 0))
        }
        (_, Some("restart" | "graceful")) => {
            let told =
                format!("podhop: httpd -k {} is not simulated here", order.unwrap_or_default());
            Some(Says::boxed(told, 1))
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

impl Config {
    /// Where it writes its number.
    fn number_file(&self) -> String {
        let number = self.number.as_deref().unwrap_or("logs/httpd.pid");
        match number.starts_with('/') {
            true => number.to_owned(),
            false => format!("{ROOT}/{number}"),
        }
    }

    /// Reads directives; sections are left out, as none of them opens a port.
    ///
    /// # Errors
    /// Apache's words, with the line.
    fn read(&mut self, text: &str, file: &str) -> Result<(), String> {
        let mut depth = 0_u32;
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.starts_with('<') {
                depth = if line.starts_with("</") { depth.saturating_sub(1) } else { depth + 1 };
                continue;
            }
            if depth > 0 || line.is_empty() || line.starts_with('#') {
                continue;
            }
            self.directive(line).map_err(|why| {
                format!("AH00526: Syntax error on line {} of {file}:\n{why}", number + 1)
            })?;
        }
        Ok(())
    }

    fn directive(&mut self, line: &str) -> Result<(), String> {
        let mut words = line.split_whitespace().map(|word| word.trim_matches('"'));
        let name = words.next().unwrap_or("");
        let value = words.next();
        match (name.to_lowercase().as_str(), value) {
            ("listen", Some(value)) => self.listens.push(listen(value)?),
            ("listen", None) => {
                return Err("Listen requires 1 or 2 arguments.".to_owned());
            }
            ("documentroot", Some(value)) => self.root = value.trim_end_matches('/').to_owned(),
            ("pidfile", Some(value)) => self.number = Some(value.to_owned()),
            ("servername", Some(_)) => self.named = true,
            (other, _) if OTHERS.contains(&other) => {}
            (other, _) if other.starts_with("proxy") || other.starts_with("rewrite") => {
                return Err(format!(
                    "podhop: Apache's {name} is not simulated here; nginx has its like"
                ));
            }
            _ => {
                return Err(format!(
                    "Invalid command '{name}', perhaps misspelled or defined by a module not included \
                     in the server configuration"
                ));
            }
        }
        Ok(())
    }
}

/// `80`, `127.0.0.1:8080`, `[::]:80`
fn listen(value: &str) -> Result<Socket, String> {
    let (host, port) = value.rsplit_once(':').unwrap_or(("", value));
    let host = host.trim_matches(['[', ']']);
    let address = match host {
        "" | "*" => Some(Socket::tcp(0).address),
        host => host.parse().ok(),
    };
    let (Some(address), Ok(port @ 1..)) = (address, port.parse::<u16>()) else {
        return Err(match port.parse::<u64>() {
            Ok(_) if address.is_some() => "Invalid address or port".to_owned(),
            _ => format!("Port must be specified: {value}"),
        });
    };
    Ok(Socket { address, ..Socket::tcp(port) })
}

impl Httpd {
    /// It ends, as it can't write its number (`readOnlyRootFilesystem`).
    fn no_number(&self, number: &str, why: &str, context: &mut Context<'_>) {
        if !self.config.named {
            warn_of_name(context);
        }
        let error = if why.starts_with("Read-only") { 30 } else { 13 };
        context.note(Did::NotWritable { file: number.to_owned() });
        let stamp = format!("[{}] [core:error] [pid 1:tid 1]", stamp(context));
        context.say(format!("{stamp} ({error}){why}: AH00099: could not create {number}"));
        context.say(format!("{stamp} AH00100: httpd: could not log pid to file {number}"));
    }

    fn load(&self, context: &Context<'_>) -> Result<Config, String> {
        let mut config = Config::default();
        config.read(&self.before, "-C/-c directives")?;
        let own = context.cluster.read_file(&context.place, &self.file);
        match own {
            Some(bytes) => config.read(&String::from_utf8_lossy(&bytes), &self.file)?,
            None if self.file == FILE => config.read(PACKAGED, FILE)?,
            None => {
                let file = &self.file;
                return Err(format!(
                    "httpd: Could not open configuration file {file}: No such file or directory"
                ));
            }
        }
        config.read(&self.after, "-C/-c directives")?;
        Ok(config)
    }
}

impl Service for Httpd {
    fn name(&self) -> &str {
        "httpd"
    }

    fn prepare(&mut self, context: &mut Context<'_>) -> Result<(), i32> {
        match self.load(context) {
            Ok(config) => self.config = config,
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
        let number = self.config.number_file();
        match context.cluster.may_write(&context.place, &number) {
            Ok(()) => Ok(()),
            Err(why) => {
                self.no_number(&number, &why, context);
                Err(1)
            }
        }
    }

    fn sockets(&self) -> Vec<Socket> {
        let mut sockets = self.config.listens.clone();
        sockets.dedup();
        sockets
    }

    fn announce(&mut self, context: &mut Context<'_>) {
        if !self.config.named {
            warn_of_name(context);
        }
        context.write_number(&self.config.number_file());
        let stamp = stamp(context);
        context.say(format!(
            "[{stamp}] [mpm_event:notice] [pid 1:tid 1] AH00489: Apache/2.4.63 (Unix) configured -- \
             resuming normal operations"
        ));
        context.say(format!(
            "[{stamp}] [core:notice] [pid 1:tid 1] AH00094: Command line: '{}'",
            self.line
        ));
    }

    fn failed_to_bind(
        &mut self,
        socket: Socket,
        why: &BindError,
        context: &mut Context<'_>,
    ) -> i32 {
        if !self.config.named {
            warn_of_name(context);
        }
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

    fn answer(&mut self, ask: &Ask, context: &mut Context<'_>) -> Answer {
        let request = match http::incoming(ask) {
            Incoming::Request(request) => request,
            Incoming::Nothing => return http::other(Reply::Silence),
            Incoming::Handshake | Incoming::Garbage => return bad_request(ask, context),
        };
        let (status, kind, body) = page(&self.config.root, &request, context);
        let size = body.len();
        let length = size.to_string();
        let date = http::date(context.now());
        let mut headers = vec![("Date", date.as_str()), ("Server", "Apache/2.4.63 (Unix)")];
        if status == 200 {
            headers.push(("Last-Modified", "Mon, 11 Jun 2007 18:53:14 GMT"));
            headers.push(("ETag", "\"2d-432a5e4a73a80\""));
            headers.push(("Accept-Ranges", "bytes"));
        }
        headers.push(("Content-Length", &length));
        headers.push(("Content-Type", kind));
        let response = http::response(&request, status, &headers, body);
        log(ask, context, &format!("{} {} HTTP/1.1", request.method, request.target), status, size);
        http::reply(ask, response)
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

/// Status, content type and body.
fn page(root: &str, request: &HttpRequest, context: &Context<'_>) -> (u16, &'static str, Vec<u8>) {
    const HTML: &str = "text/html; charset=iso-8859-1";
    if !matches!(request.method.as_str(), "GET" | "HEAD" | "POST" | "OPTIONS") {
        let text = format!("The requested method {} is not allowed for this URL.", request.method);
        return (405, HTML, error_page("405 Method Not Allowed", "Method Not Allowed", &text));
    }
    let path = http::decode(http::split_target(&request.target).0);
    let folder = if path.ends_with('/') { "index.html" } else { "" };
    let file = format!("{root}{path}{folder}");
    match context.cluster.read_file(&context.place, &file) {
        Some(body) => (200, content_type(&file), body),
        None => {
            let text = "The requested URL was not found on this server.";
            (404, HTML, error_page("404 Not Found", "Not Found", text))
        }
    }
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html" | "htm") => "text/html",
        Some("css") => "text/css",
        Some("js") => "text/javascript",
        Some("json") => "application/json",
        Some("png") => "image/png",
        _ => "text/plain",
    }
}

fn error_page(title: &str, heading: &str, text: &str) -> Vec<u8> {
    format!(
        "<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n<html><head>\n\
         <title>{title}</title>\n</head><body>\n<h1>{heading}</h1>\n<p>{text}</p>\n</body></html>\n"
    )
    .into_bytes()
}

fn bad_request(ask: &Ask, context: &mut Context<'_>) -> Answer {
    let request = HttpRequest::get("/", Vec::new());
    let text = "Your browser sent a request that this server could not understand.";
    let body = error_page("400 Bad Request", "Bad Request", text);
    log(ask, context, "-", 400, body.len());
    let headers = [("Connection", "close"), ("Content-Type", "text/html; charset=iso-8859-1")];
    http::reply(ask, http::response(&request, 400, &headers, body))
}

fn log(ask: &Ask, context: &mut Context<'_>, request: &str, status: u16, size: usize) {
    let date = http::log_date(context.now());
    context.say(format!("{} - - [{date}] \"{request}\" {status} {size}", ask.peer.ip()));
}

fn warn_of_name(context: &mut Context<'_>) {
    let address = context.address();
    let line = format!(
        "AH00558: httpd: Could not reliably determine the server's fully qualified domain name, \
         using {address}. Set the 'ServerName' directive globally to suppress this message"
    );
    context.say(&line);
    context.say(&line);
}

/// `Mon Jan 05 09:00:00.000000 2026`
fn stamp(context: &Context<'_>) -> String {
    context.now().timestamp().strftime("%a %b %d %H:%M:%S%.6f %Y").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config, String> {
        let mut config = Config::default();
        config.read(text, "httpd.conf").map(|()| config)
    }

    #[test]
    fn a_directive_more_is_a_port_more() {
        let config =
            read("Listen 80\nListen 127.0.0.1:8080\n<Directory />\nFoo bar\n</Directory>\n");
        let ports: Vec<u16> = config.unwrap().listens.iter().map(|socket| socket.port).collect();
        assert_eq!(ports, [80, 8080]);
    }

    // Apache's server/config.c and server/listen.c
    #[test]
    fn a_wrong_directive_is_told_with_its_line() {
        let told = read("Listen 80\nLisen 8080\n").unwrap_err();
        assert!(told.starts_with(
            "AH00526: Syntax error on line 2 of httpd.conf:\nInvalid command 'Lisen'"
        ));
        assert!(read("Listen tcp://10.96.3.4:80").is_err());
        assert!(read("Listen 70000").unwrap_err().ends_with("Invalid address or port"));
    }
}
