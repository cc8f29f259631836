//! `python3 -m http.server`: the files of a folder. No other Python runs here.

use std::net::{IpAddr, Ipv4Addr};

use super::daemon::{Daemon, Service, Socket};
use super::http::{self, Incoming};
use super::says::Says;
use crate::cluster::{Answer, Ask, Context, HttpResponse, HttpVersion, Process, Reply, Signal};
use crate::network::{BindError, Protocol};

#[derive(Clone, Debug, PartialEq, Eq)]
struct HttpServer {
    address: IpAddr,
    port: u16,
    folder: String,
    /// Whether what it prints is seen at once: in a container Python keeps its standard output back.
    unbuffered: bool,
}

/// The program, where the arguments start this module; `directory` is where it runs.
pub(super) fn start(
    arguments: &[String],
    directory: &str,
    environment: &[(String, String)],
) -> Option<Box<dyn Process>> {
    let mut server = HttpServer {
        address: Ipv4Addr::UNSPECIFIED.into(),
        port: 8000,
        folder: directory.trim_end_matches('/').to_owned(),
        unbuffered: environment.iter().any(|(name, _)| name == "PYTHONUNBUFFERED"),
    };
    let mut words = arguments.iter().map(String::as_str);
    loop {
        match words.next()? {
            "-u" => server.unbuffered = true,
            "-m" => break,
            "-mhttp.server" => return server.with(words),
            _ => return None,
        }
    }
    match words.next()? {
        "http.server" => server.with(words),
        "pip" | "venv" | "flask" | "gunicorn" | "unittest" | "json.tool" | "timeit" => None,
        module => Some(Says::boxed(format!("/usr/local/bin/python3: No module named {module}"), 1)),
    }
}

const USAGE: &str = "usage: server.py [-h] [--cgi] [-b ADDRESS] [-d DIRECTORY] [-p VERSION] [port]";

impl HttpServer {
    fn with<'a>(mut self, words: impl Iterator<Item = &'a str>) -> Option<Box<dyn Process>> {
        let wrong = |why: String| Some(Says::boxed(format!("{USAGE}\nserver.py: error: {why}"), 2));
        let mut words = words.flat_map(|word| match word.split_once('=') {
            Some((name, value)) if name.starts_with("--") => vec![name, value],
            _ => vec![word],
        });
        let mut given = None;
        while let Some(word) = words.next() {
            match word {
                "-b" | "--bind" | "-d" | "--directory" | "-p" | "--protocol" => {
                    let Some(value) = words.next() else {
                        let names = match word {
                            "-b" | "--bind" => "-b/--bind",
                            "-d" | "--directory" => "-d/--directory",
                            _ => "-p/--protocol",
                        };
                        return wrong(format!("argument {names}: expected one argument"));
                    };
                    match word {
                        "-b" | "--bind" => match value.parse() {
                            Ok(address) => self.address = address,
                            Err(_) => {
                                let told = "socket.gaierror: [Errno -2] Name or service not known";
                                return Some(Says::boxed(told, 1));
                            }
                        },
                        "-d" | "--directory" => {
                            self.folder = value.trim_end_matches('/').to_owned();
                        }
                        _ => {}
                    }
                }
                "-h" | "--help" => return Some(Says::boxed(USAGE, 0)),
                "--cgi" => {
                    let told = "podhop: Python's CGI server is not simulated here; leave --cgi out";
                    return Some(Says::boxed(told, 1));
                }
                word if word.starts_with('-') => {
                    return wrong(format!("unrecognized arguments: {word}"));
                }
                port if given.is_none() => given = Some(port.to_owned()),
                more => return wrong(format!("unrecognized arguments: {more}")),
            }
        }
        match given.as_deref().map(str::parse::<i64>) {
            None => {}
            Some(Err(_)) => {
                let port = given.unwrap_or_default();
                return wrong(format!("argument port: invalid int value: '{port}'"));
            }
            Some(Ok(port)) => match u16::try_from(port) {
                Ok(port) => self.port = port,
                Err(_) => {
                    return Some(Says::boxed("OverflowError: bind(): port must be 0-65535.", 1));
                }
            },
        }
        Some(Daemon::boxed(self))
    }

    /// A page's type and text; folders without an index are listed.
    fn page(&self, path: &str, context: &Context<'_>) -> Option<(&'static str, Vec<u8>)> {
        let at = format!("{}{path}", self.folder);
        let read = |path: &str| context.cluster.read_file(&context.place, path);
        if !path.ends_with('/') {
            return read(&at).map(|body| (http::content_type(path), body));
        }
        if let Some(body) = read(&format!("{at}index.html")) {
            return Some(("text/html", body));
        }
        let folder = if at == "/" { "/" } else { at.trim_end_matches('/') };
        let is_folder = |path: &str| context.cluster.is_directory(&context.place, path);
        if !is_folder(folder) {
            return None;
        }
        let names = context.cluster.entries(&context.place, folder);
        let entries = names.iter().map(|name| format!("<li><a href=\"{name}\">{name}</a></li>\n"));
        let title = format!("Directory listing for {path}");
        let text = format!(
            "<!DOCTYPE HTML>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <title>{title}</title>\n</head>\n<body>\n<h1>{title}</h1>\n<hr>\n<ul>\n{}</ul>\n\
             <hr>\n</body>\n</html>\n",
            entries.collect::<String>()
        );
        Some(("text/html; charset=utf-8", text.into_bytes()))
    }
}

impl Service for HttpServer {
    fn name(&self) -> &'static str {
        "python3"
    }

    fn sockets(&self) -> Vec<Socket> {
        vec![Socket { protocol: Protocol::Tcp, address: self.address, port: self.port }]
    }

    fn announce(&mut self, context: &mut Context<'_>) {
        if self.unbuffered {
            let (address, port) = (self.address, self.port);
            context.say(format!(
                "Serving HTTP on {address} port {port} (http://{address}:{port}/) ..."
            ));
        }
    }

    fn failed_to_bind(&mut self, _: Socket, why: &BindError, context: &mut Context<'_>) -> i32 {
        context.say(format!("OSError: [Errno {}] {}", why.errno(), why.words()));
        1
    }

    /// Python does not handle SIGTERM: as the first process of a container it ignores it, and is
    /// killed when its time is over.
    fn heeds(&self, signal: Signal) -> bool {
        signal == Signal::Int
    }

    fn answer(&mut self, ask: &Ask, context: &mut Context<'_>) -> Answer {
        let request = match http::incoming(ask) {
            Incoming::Request(request) => request,
            Incoming::Nothing => return http::other(Reply::Silence),
            Incoming::Handshake | Incoming::Garbage => return http::bad_request(),
        };
        let path = http::decode(http::split_target(&request.target).0);
        let inside = !path.split('/').any(|part| part == "..");
        let found = match request.method.as_str() {
            "GET" | "HEAD" => {
                Some(&path).filter(|_| inside).and_then(|path| self.page(path, context)).ok_or(404)
            }
            _ => Err(501),
        };
        let stamp = context.now().timestamp().strftime("%d/%b/%Y %H:%M:%S").to_string();
        let client = format!("{} - - [{stamp}]", ask.peer.ip());
        let (status, kind, body) = match found {
            Ok((kind, body)) => (200, kind, body),
            Err(status) => {
                let message = match status {
                    404 => "File not found".to_owned(),
                    _ => format!("Unsupported method ('{}')", request.method),
                };
                context.say(format!("{client} code {status}, message {message}"));
                (status, "text/html;charset=utf-8", error_page(status, &message))
            }
        };
        context
            .say(format!("{client} \"{} {} HTTP/1.1\" {status} -", request.method, request.target));
        let (date, length) = (http::date(context.now()), body.len().to_string());
        let headers = [
            ("Server", "SimpleHTTP/0.6 Python/3.13.9"),
            ("Date", date.as_str()),
            ("Content-type", kind),
            ("Content-Length", length.as_str()),
        ];
        let response = http::response(&request, status, &headers, body);
        http::reply(ask, HttpResponse { version: HttpVersion::V1_0, ..response })
    }

    fn stop(&mut self, context: &mut Context<'_>) -> i32 {
        context.say("\nKeyboard interrupt received, exiting.");
        0
    }
}

fn error_page(status: u16, message: &str) -> Vec<u8> {
    let explained = match status {
        404 => "Nothing matches the given URI",
        _ => "Server does not support this operation",
    };
    format!(
        "<!DOCTYPE HTML>\n<html lang=\"en\">\n    <head>\n        <meta charset=\"utf-8\">\n        \
         <title>Error response</title>\n    </head>\n    <body>\n        <h1>Error response</h1>\n        \
         <p>Error code: {status}</p>\n        <p>Message: {message}.</p>\n        \
         <p>Error code explanation: {status} - {explained}.</p>\n    </body>\n</html>\n"
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts(text: &str) -> bool {
        let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
        start(&words, "/", &[]).is_some()
    }

    #[test]
    fn only_the_module_http_server_runs() {
        assert!(starts("-m http.server"));
        assert!(starts("-u -m http.server 8080 --bind 127.0.0.1 --directory /www"));
        assert!(!starts("-m pip"));
        assert!(!starts("app.py"));
    }
}
