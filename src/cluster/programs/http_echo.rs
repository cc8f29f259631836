//! `hashicorp/http-echo`: one text for everybody.

use super::daemon::{Daemon, Service, Socket, go_address, go_bind_error};
use super::http::{self, Incoming};
use super::options::{self, Refusal};
use crate::cluster::image::server::{Grammar, Options};
use crate::cluster::{Answer, Ask, Context, Did, Image, Process, Reply};
use crate::network::BindError;

const USAGE: &str = "Usage of /http-echo:
  -listen string
    \taddress and port to listen (default \":5678\")
  -status-code int
    \thttp response code, e.g.: 200 (default 200)
  -text string
    \ttext to put on the webpage
  -version
    \tdisplay version information";

#[derive(Clone)]
struct HttpEcho {
    text: String,
    listen: String,
    socket: Option<Socket>,
    status: u16,
    version: String,
    problem: Option<Refusal>,
}

/// The program: `-text` (or `ECHO_TEXT`), `-listen`, `-status-code`, `-version`.
pub(super) fn start(
    arguments: &[String],
    image: &Image,
    environment: &[(String, String)],
) -> Box<dyn Process> {
    let version = image.version("http-echo").unwrap_or("1.0.0").to_owned();
    let mut echo = HttpEcho {
        text: String::new(),
        listen: ":5678".to_owned(),
        socket: None,
        status: 200,
        version,
        problem: None,
    };
    echo.problem = echo.read(arguments, environment).err();
    Daemon::boxed(echo)
}

impl HttpEcho {
    fn read(
        &mut self,
        arguments: &[String],
        environment: &[(String, String)],
    ) -> Result<(), Refusal> {
        let known = Options {
            grammar: Grammar::Go,
            texts: vec!["listen".to_owned(), "text".to_owned()],
            numbers: vec!["status-code".to_owned()],
            switches: vec!["version".to_owned()],
            families: Vec::new(),
            usage: USAGE.to_owned(),
        };
        let ends = |what: &str, exit| Refusal { says: vec![what.to_owned()], exit, word: None };
        let parsed = options::parse(&known, "/http-echo", arguments)?;
        if parsed.get("version") == Some("true") {
            return Err(ends(&format!("http-echo v{}", self.version), 0));
        }
        let old = self.version.starts_with("0.");
        let variable = environment.iter().find(|(name, _)| name == "ECHO_TEXT" && !old);
        let text = parsed.get("text").filter(|text| !text.is_empty());
        match text.or(variable.map(|(_, value)| value.as_str())).unwrap_or("") {
            "" if old => return Err(ends("Missing -text option!", 127)),
            "" => return Err(ends("Missing -text option or ECHO_TEXT env var!", 127)),
            text => self.text = text.to_owned(),
        }
        if !parsed.operands.is_empty() {
            return Err(ends("Too many arguments!", 127));
        }
        self.listen = parsed.get("listen").unwrap_or(":5678").to_owned();
        self.status = parsed.get("status-code").and_then(|code| code.parse().ok()).unwrap_or(200);
        Ok(())
    }

    fn failed(&self, why: &str, context: &mut Context<'_>) -> i32 {
        let stamp = stamp(context);
        context.say(format!("{stamp} [ERR] server exited with: {why}"));
        1
    }
}

impl Service for HttpEcho {
    fn name(&self) -> &str {
        "http-echo"
    }

    fn prepare(&mut self, context: &mut Context<'_>) -> Result<(), i32> {
        if let Some(problem) = &self.problem {
            return Err(problem.tell(context));
        }
        let stamp = stamp(context);
        context.say(format!("{stamp} [INFO] server is listening on {}", self.listen));
        match go_address(&self.listen, |host| context.address_of(host)) {
            Ok(socket) => {
                self.socket = Some(socket);
                Ok(())
            }
            Err(why) => {
                context.note(Did::ArgumentRefused { argument: self.listen.clone() });
                Err(self.failed(&why, context))
            }
        }
    }

    fn sockets(&self) -> Vec<Socket> {
        self.socket.into_iter().collect()
    }

    fn failed_to_bind(
        &mut self,
        socket: Socket,
        why: &BindError,
        context: &mut Context<'_>,
    ) -> i32 {
        self.failed(&go_bind_error(socket, why), context)
    }

    fn stop(&mut self, context: &mut Context<'_>) -> i32 {
        let stamp = stamp(context);
        context.say(format!("{stamp} [INFO] received interrupt, shutting down..."));
        2
    }

    fn answer(&mut self, ask: &Ask, context: &mut Context<'_>) -> Answer {
        let request = match http::incoming(ask) {
            Incoming::Request(request) => request,
            Incoming::Nothing => return http::other(Reply::Silence),
            Incoming::Handshake | Incoming::Garbage => return http::bad_request(),
        };
        let path = http::split_target(&request.target).0;
        let healthy = path == "/health";
        let body = match healthy {
            true => "{\"status\":\"ok\"}\n".to_owned(),
            false => format!("{}\n", self.text),
        };
        let (date, length) = (http::date(context.now()), body.len().to_string());
        let headers = [
            ("X-App-Name", "http-echo"),
            ("X-App-Version", self.version.as_str()),
            ("Date", date.as_str()),
            ("Content-Length", length.as_str()),
            ("Content-Type", "text/plain; charset=utf-8"),
        ];
        let status = if healthy { 200 } else { self.status };
        if !healthy {
            let agent = http::header(&request, "User-Agent").unwrap_or("").to_owned();
            let host = http::header(&request, "Host").unwrap_or("").to_owned();
            let stamp = stamp(context);
            context.say(format!(
                "{stamp} {host} {} \"{} {path} HTTP/1.1\" {status} {length} \"{agent}\" 12.5µs",
                ask.peer, request.method,
            ));
        }
        http::reply(ask, http::response(&request, status, &headers, body))
    }
}

fn stamp(context: &Context<'_>) -> String {
    context.now().timestamp().strftime("%Y/%m/%d %H:%M:%S").to_string()
}
