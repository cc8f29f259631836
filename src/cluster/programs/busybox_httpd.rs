//! BusyBox' httpd: files below a folder, and nothing more.

use std::net::{IpAddr, Ipv4Addr};

use super::daemon::{Daemon, Service, Socket};
use super::http::{self, Incoming};
use crate::cluster::{Answer, Ask, Context, Process, Reply, Signal};
use crate::network::{BindError, Protocol};

/// What it was started with: `httpd [-fv] [-p [IP:]PORT] [-h HOME]`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Httpd {
    address: IpAddr,
    port: u16,
    home: String,
    verbose: usize,
    /// Why it does not run.
    refusal: Option<String>,
}

/// The program.
pub(super) fn start(arguments: &[String]) -> Box<dyn Process> {
    Daemon::boxed(Httpd::parse(arguments))
}

impl Httpd {
    fn parse(arguments: &[String]) -> Httpd {
        let mut httpd = Httpd {
            address: Ipv4Addr::UNSPECIFIED.into(),
            port: 80,
            home: String::new(),
            verbose: 0,
            refusal: None,
        };
        let mut foreground = false;
        let mut words = arguments.iter().map(String::as_str);
        while let Some(word) = words.next() {
            let Some(group) = word.strip_prefix('-') else { continue };
            for (at, letter) in group.char_indices() {
                match letter {
                    'f' => foreground = true,
                    'v' => httpd.verbose += 1,
                    'i' => httpd.refuse("inetd's manner (-i) is not simulated here"),
                    'p' | 'h' | 'c' | 'u' | 'r' | 'e' | 'd' | 'm' => {
                        let rest = &group[at + 1..];
                        let value = if rest.is_empty() { words.next() } else { Some(rest) };
                        httpd.option(letter, value.unwrap_or(""));
                        break;
                    }
                    other => httpd.refusal = Some(format!("httpd: invalid option -- '{other}'")),
                }
            }
        }
        if !foreground {
            httpd.refuse("a server that leaves for the background is not simulated here; add -f, and & if the script goes on");
        }
        httpd
    }

    fn refuse(&mut self, why: &str) {
        self.refusal.get_or_insert_with(|| format!("podhop: httpd: {why}"));
    }

    fn option(&mut self, letter: char, value: &str) {
        match letter {
            'p' => self.listen(value),
            'h' => self.home = value.trim_end_matches('/').to_owned(),
            _ => {}
        }
    }

    /// `PORT`, or `HOST:PORT` as `str2sockaddr` reads it: more than one colon is no port.
    fn listen(&mut self, value: &str) {
        if let Ok(port @ 1..) = value.parse::<u16>() {
            self.port = port;
            return;
        }
        let (host, port) = match value.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') => match port.parse() {
                Ok(port) => (host, port),
                Err(_) => {
                    self.refusal = Some(format!("httpd: bad port spec '{value}'"));
                    return;
                }
            },
            _ => (value, 80),
        };
        let known = match host {
            "localhost" => Some(Ipv4Addr::LOCALHOST.into()),
            host => host.trim_matches(['[', ']']).parse().ok(),
        };
        match known {
            Some(address) => (self.address, self.port) = (address, port),
            None => self.refusal = Some(format!("httpd: bad address '{value}'")),
        }
    }

    fn page(&self, target: &str, context: &Context<'_>) -> Option<(&'static str, Vec<u8>)> {
        let path = http::decode(http::split_target(target).0);
        if path.split('/').any(|part| part == "..") {
            return None;
        }
        let index = if path.ends_with('/') { "index.html" } else { "" };
        let file = format!("{}{path}{index}", self.home);
        let body = context.cluster.read_file(&context.place, &file)?;
        Some((http::content_type(&file), body))
    }

    fn note(&self, ask: &Ask, context: &mut Context<'_>, level: usize, what: &str) {
        if self.verbose >= level {
            context.say(format!("{}: {what}", ask.peer));
        }
    }
}

impl Service for Httpd {
    fn name(&self) -> &'static str {
        "httpd"
    }

    fn prepare(&mut self, context: &mut Context<'_>) -> Result<(), i32> {
        match &self.refusal {
            Some(why) => {
                context.say(why);
                Err(1)
            }
            None => Ok(()),
        }
    }

    fn sockets(&self) -> Vec<Socket> {
        vec![Socket { protocol: Protocol::Tcp, address: self.address, port: self.port }]
    }

    fn failed_to_bind(&mut self, _: Socket, why: &BindError, context: &mut Context<'_>) -> i32 {
        context.say(format!("httpd: bind: {}", why.words()));
        1
    }

    /// It has no handler for SIGTERM, so that the first process of a container ignores it.
    fn heeds(&self, signal: Signal) -> bool {
        let _ = signal;
        false
    }

    fn answer(&mut self, ask: &Ask, context: &mut Context<'_>) -> Answer {
        let request = match http::incoming(ask) {
            Incoming::Request(request) => request,
            Incoming::Nothing => return http::other(Reply::Silence),
            Incoming::Handshake | Incoming::Garbage => return http::other(Reply::Closed),
        };
        self.note(ask, context, 2, &format!("url:{}", request.target));
        let found = match request.method.as_str() {
            "GET" | "HEAD" => self.page(&request.target, context).ok_or(404),
            _ => Err(501),
        };
        let date = http::date(context.now());
        let plain = [("Date", date.as_str()), ("Connection", "close")];
        let response = match found {
            Ok((kind, body)) => {
                let length = body.len().to_string();
                let headers = [
                    plain[0],
                    plain[1],
                    ("Content-type", kind),
                    ("Accept-Ranges", "bytes"),
                    ("Content-Length", length.as_str()),
                ];
                http::response(&request, 200, &headers, body)
            }
            Err(status) => {
                let headers = [plain[0], plain[1], ("Content-type", "text/html")];
                http::response(&request, status, &headers, error_page(status))
            }
        };
        self.note(ask, context, 1, &format!("response:{}", response.status));
        http::reply(ask, response)
    }
}

fn error_page(status: u16) -> String {
    let why = match status {
        404 => "The requested URL was not found",
        _ => "The requested method is not recognized",
    };
    let title = format!("{status} {}", http::reason(status));
    format!(
        "<HTML><HEAD><TITLE>{title}</TITLE></HEAD>\n<BODY><H1>{title}</H1>\n{why}\n</BODY></HTML>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_come_as_busybox_takes_them() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let httpd = Httpd::parse(&words("-f -v -p 127.0.0.1:8080 -h /www/"));
        assert_eq!((httpd.address, httpd.port), (Ipv4Addr::LOCALHOST.into(), 8080));
        assert_eq!((httpd.home.as_str(), httpd.verbose, &httpd.refusal), ("/www", 1, &None));
        assert_eq!(Httpd::parse(&words("-fvp81")).port, 81);
        let wrong = |text: &str| Httpd::parse(&words(text)).refusal.unwrap();
        assert_eq!(wrong("-f -p tcp://10.96.3.4:80"), "httpd: bad address 'tcp://10.96.3.4:80'");
        assert_eq!(wrong("-f -p 0.0.0.0:http"), "httpd: bad port spec '0.0.0.0:http'");
        assert_eq!(wrong("-f -p eighty"), "httpd: bad address 'eighty'");
        assert!(Httpd::parse(&words("-p 81")).refusal.unwrap().contains("add -f"));
    }
}
