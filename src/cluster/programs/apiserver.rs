//! The API server's own door, as pods see it at `https://kubernetes`: who comes without a name is
//! told the version and the health, and nothing else.

use serde_json::json;

use super::daemon::{Daemon, Service, Socket, go_bind_error};
use super::http;
use crate::cluster::{
    Answer, Ask, Context, HttpRequest, HttpResponse, Issuer, Payload, Process, Reply,
};

const PORT: u16 = 8443;

#[derive(Clone)]
struct ApiDoor;

/// The process that listens on the first node.
pub(in crate::cluster) fn start() -> Box<dyn Process> {
    Daemon::boxed(ApiDoor)
}

impl Service for ApiDoor {
    fn name(&self) -> &'static str {
        "kube-apiserver"
    }

    fn sockets(&self) -> Vec<Socket> {
        vec![Socket::tcp(PORT)]
    }

    fn taken(&mut self, socket: Socket, context: &mut Context<'_>) -> i32 {
        context.say(go_bind_error(socket));
        1
    }

    fn answer(&mut self, ask: &Ask, context: &mut Context<'_>) -> Answer {
        let reply = match &ask.payload {
            Payload::Nothing => Reply::Silence,
            Payload::Tls { request, .. } => Reply::Tls {
                names: ["kubernetes", "kubernetes.default", "kubernetes.default.svc", "localhost"]
                    .map(str::to_owned)
                    .to_vec(),
                issuer: Issuer::Cluster,
                response: page(request, context),
            },
            Payload::Http(_) | Payload::Bytes(_) => Reply::Bytes(
                b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"
                    .to_vec(),
            ),
        };
        http::other(reply)
    }
}

fn page(request: &HttpRequest, context: &Context<'_>) -> HttpResponse {
    let path = http::split_target(&request.target).0;
    let (status, kind, body) = match path {
        "/healthz" | "/livez" | "/readyz" => (200, "text/plain; charset=utf-8", "ok".to_owned()),
        "/version" => (200, "application/json", version()),
        path => (403, "application/json", forbidden(request, path)),
    };
    let (date, length) = (http::date(context.now()), body.len().to_string());
    let headers = [
        ("Audit-Id", "00000000-0000-4000-8000-000000000000"),
        ("Cache-Control", "no-cache, private"),
        ("Content-Type", kind),
        ("X-Content-Type-Options", "nosniff"),
        ("Date", date.as_str()),
        ("Content-Length", length.as_str()),
    ];
    http::response(request, status, &headers, body)
}

fn version() -> String {
    let version = json!({
        "major": "1", "minor": "36", "gitVersion": "v1.36.3", "gitTreeState": "clean",
        "goVersion": "go1.26.0", "compiler": "gc", "platform": "linux/amd64",
    });
    serde_json::to_string_pretty(&version).unwrap_or_default()
}

fn forbidden(request: &HttpRequest, path: &str) -> String {
    let verb = match request.method.as_str() {
        "GET" | "HEAD" => "get",
        "POST" => "post",
        "PUT" => "put",
        "DELETE" => "delete",
        _ => "patch",
    };
    let message = format!("forbidden: User \"system:anonymous\" cannot {verb} path \"{path}\"");
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": "Forbidden", "details": {}, "code": 403,
    });
    serde_json::to_string_pretty(&status).unwrap_or_default()
}
