//! Apache httpd, with the files below its document root.

use super::daemon::{Daemon, Service, Socket};
use super::http::{self, Incoming};
use crate::cluster::{Answer, Ask, Context, HttpRequest, Image, Process, Reply};

const ROOT: &str = "/usr/local/apache2/htdocs";

/// httpd in the foreground.
#[derive(Clone)]
struct Httpd;

/// The program: `httpd-foreground`, or `httpd -DFOREGROUND` and what means the same. BusyBox' httpd
/// is not this one.
pub(super) fn start(name: &str, arguments: &[String], image: &Image) -> Option<Box<dyn Process>> {
    let foreground = name == "httpd-foreground"
        || arguments.iter().any(|word| word == "-DFOREGROUND" || word == "FOREGROUND");
    (image.name == "httpd" && foreground).then(|| Daemon::boxed(Httpd))
}

impl Service for Httpd {
    fn name(&self) -> &'static str {
        "httpd"
    }

    fn sockets(&self) -> Vec<Socket> {
        vec![Socket::tcp(80)]
    }

    fn announce(&mut self, context: &mut Context<'_>) {
        warn_of_name(context);
        let stamp = stamp(context);
        context.say(format!(
            "[{stamp}] [mpm_event:notice] [pid 1:tid 1] AH00489: Apache/2.4.63 (Unix) configured -- \
             resuming normal operations"
        ));
        context.say(format!(
            "[{stamp}] [core:notice] [pid 1:tid 1] AH00094: Command line: 'httpd -D FOREGROUND'"
        ));
    }

    fn taken(&mut self, socket: Socket, context: &mut Context<'_>) -> i32 {
        warn_of_name(context);
        context.say(format!(
            "(98)Address already in use: AH00072: make_sock: could not bind to address 0.0.0.0:{}",
            socket.port
        ));
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
        let (status, kind, body) = page(&request, context);
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
fn page(request: &HttpRequest, context: &Context<'_>) -> (u16, &'static str, Vec<u8>) {
    const HTML: &str = "text/html; charset=iso-8859-1";
    if !matches!(request.method.as_str(), "GET" | "HEAD" | "POST" | "OPTIONS") {
        let text = format!("The requested method {} is not allowed for this URL.", request.method);
        return (405, HTML, error_page("405 Method Not Allowed", "Method Not Allowed", &text));
    }
    let path = http::decode(http::split_target(&request.target).0);
    let folder = if path.ends_with('/') { "index.html" } else { "" };
    let file = format!("{ROOT}{path}{folder}");
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
    let request = HttpRequest {
        method: "GET".to_owned(),
        target: "/".to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
    };
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
