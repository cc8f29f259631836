//! `echoserver:1.10`: tells a client what it asked and where it seems to come from (NETWORKING §15).

use super::daemon::{Daemon, Service, Socket};
use super::http::{self, Incoming};
use crate::cluster::{Answer, Ask, Context, HttpRequest, Process, Reply};
use crate::network::BindError;

const PORT: u16 = 8080;

#[derive(Clone)]
struct EchoServer;

/// The program.
pub(super) fn start() -> Box<dyn Process> {
    Daemon::boxed(EchoServer)
}

impl Service for EchoServer {
    fn name(&self) -> &'static str {
        "nginx"
    }

    fn sockets(&self) -> Vec<Socket> {
        vec![Socket::tcp_v4(PORT), Socket::tcp_v4(8443)]
    }

    fn announce(&mut self, context: &mut Context<'_>) {
        context.say("Generating self-signed cert");
        context.say("Starting nginx");
    }

    fn failed_to_bind(
        &mut self,
        socket: Socket,
        why: &BindError,
        context: &mut Context<'_>,
    ) -> i32 {
        context.say("Generating self-signed cert");
        context.say("Starting nginx");
        context.say(format!(
            "nginx: [emerg] bind() to 0.0.0.0:{} failed ({}: {})",
            socket.port,
            why.errno(),
            why.words()
        ));
        context.say("nginx: [emerg] still could not bind()");
        1
    }

    fn answer(&mut self, ask: &Ask, context: &mut Context<'_>) -> Answer {
        let request = match http::incoming(ask) {
            Incoming::Request(request) => request,
            Incoming::Nothing => return http::other(Reply::Silence),
            Incoming::Handshake | Incoming::Garbage => return http::bad_request(),
        };
        let date = http::date(context.now());
        let headers = [
            ("Date", date.as_str()),
            ("Content-Type", "text/plain"),
            ("Transfer-Encoding", "chunked"),
            ("Connection", "keep-alive"),
            ("Server", "echoserver"),
        ];
        let body = body(&request, ask, &context.hostname());
        let size = body.len();
        let stamp = http::log_date(context.now());
        let agent = http::header(&request, "User-Agent").unwrap_or("-").to_owned();
        context.say(format!(
            "{} - - [{stamp}] \"{} {} HTTP/1.1\" 200 {size} \"-\" \"{agent}\"",
            ask.peer.ip(),
            request.method,
            request.target,
        ));
        http::reply(ask, http::response(&request, 200, &headers, body))
    }
}

fn body(request: &HttpRequest, ask: &Ask, hostname: &str) -> String {
    let (path, query) = http::split_target(&request.target);
    let host = http::header(request, "Host").unwrap_or("");
    let name = host.split(':').next().unwrap_or(host);
    let mut headers: Vec<String> = request
        .headers
        .iter()
        .map(|(name, value)| format!("\t{}={value}\n", name.to_lowercase()))
        .collect();
    headers.sort();
    let sent = match request.body.as_slice() {
        [] => "\t-no body in request-".to_owned(),
        bytes => String::from_utf8_lossy(bytes).into_owned(),
    };
    format!(
        "\n\nHostname: {hostname}\n\n\
         Pod Information:\n\t-no pod information available-\n\n\
         Server values:\n\tserver_version=nginx: 1.13.3 - lua: 10008\n\n\
         Request Information:\n\tclient_address={}\n\tmethod={}\n\treal path={path}\n\
         \tquery={query}\n\trequest_version=1.1\n\trequest_scheme=http\n\
         \trequest_uri=http://{name}:{PORT}{}\n\n\
         Request Headers:\n{}\nRequest Body:\n{sent}\n\n",
        ask.peer.ip(),
        request.method,
        request.target,
        headers.concat(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Payload;

    // NETWORKING §15
    #[test]
    fn it_tells_what_it_was_asked() {
        let request = HttpRequest::get(
            "/",
            vec![
                ("Host".into(), "192.168.49.2:31234".into()),
                ("User-Agent".into(), "curl/8.5.0".into()),
                ("Accept".into(), "*/*".into()),
            ],
        );
        let ask = Ask {
            local: "10.244.1.2:8080".parse().unwrap(),
            peer: "10.244.0.1:40000".parse().unwrap(),
            payload: Payload::Http(request.clone()),
            patience: None,
        };
        let text = body(&request, &ask, "echoserver-x");
        assert!(text.starts_with("\n\nHostname: echoserver-x\n\nPod Information:\n"));
        assert!(
            text.contains("\tclient_address=10.244.0.1\n\tmethod=GET\n\treal path=/\n\tquery=\n")
        );
        assert!(text.contains("\trequest_uri=http://192.168.49.2:8080/\n"));
        assert!(
            text.contains("\taccept=*/*\n\thost=192.168.49.2:31234\n\tuser-agent=curl/8.5.0\n")
        );
        assert!(text.ends_with("Request Body:\n\t-no body in request-\n\n"));
    }
}
