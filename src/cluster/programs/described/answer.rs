//! What a described server answers to a request.

use std::time::Duration;

use super::{Described, Facts, spoken, words};
use crate::cluster::image::server::{Call, Language, Route, Speaks};
use crate::cluster::image::text::Text;
use crate::cluster::programs::http::{self, Incoming};
use crate::cluster::programs::protocols;
use crate::cluster::{
    Answer, Ask, Certificate, Context, HttpRequest, HttpResponse, Issuer, Payload, Reply,
};

/// gRPC's codes UNIMPLEMENTED and INTERNAL.
const UNIMPLEMENTED: u16 = 12;
const INTERNAL: u16 = 13;

/// Answers a client.
pub(super) fn answer(server: &Described, ask: &Ask, context: &mut Context<'_>) -> Answer {
    let facts = Facts::of(context, None);
    let (speaks, version) = spoken(&server.ports(&facts), ask);
    match speaks {
        Speaks::Http => match http::incoming(ask) {
            Incoming::Request(request) => plain(server, ask, &request, context),
            Incoming::Nothing => http::other(Reply::Silence),
            Incoming::Handshake | Incoming::Garbage => http::bad_request(),
        },
        Speaks::Https => match &ask.payload {
            Payload::Tls { request, server_name } => {
                let (response, took) = respond(server, ask, request, context);
                let certificate = Certificate::new([server_name.clone()], Issuer::Itself);
                let reply = Reply::Tls { certificate, response };
                Answer { reply, took }
            }
            Payload::Nothing => http::other(Reply::Silence),
            _ => http::other(Reply::Http(HttpResponse::no_tls())),
        },
        Speaks::Grpc => match &ask.payload {
            Payload::Http(request) if protocols::is_grpc(request) => {
                call(server, ask, request, context)
            }
            _ => words(speaks, version, ask),
        },
        _ => words(speaks, version, ask),
    }
}

fn plain(
    server: &Described,
    ask: &Ask,
    request: &HttpRequest,
    context: &mut Context<'_>,
) -> Answer {
    let (response, took) = respond(server, ask, request, context);
    let answer = http::reply(ask, response);
    Answer { took: answer.took + took, ..answer }
}

/// The route that a request takes.
fn route<'a>(
    server: &'a Described,
    request: &HttpRequest,
    facts: &Facts<'_>,
    ask: &Ask,
) -> Option<&'a Route> {
    let path = http::split_target(&request.target).0;
    server.server.routes.iter().find(|route| {
        let fits = match route.path.strip_suffix('*') {
            Some(beginning) => path.starts_with(beginning),
            None => path == route.path,
        };
        let method = route.method.as_ref().is_none_or(|method| *method == request.method);
        let port = route
            .port
            .as_ref()
            .is_none_or(|port| server.render(port, facts).parse() == Ok(ask.local.port()));
        fits && method && port
    })
}

/// What comes of a route's calls: the first that fails, and how long they took.
fn calls<'a>(
    server: &Described,
    route: &'a Route,
    facts: &Facts<'_>,
    context: &mut Context<'_>,
) -> (Option<(&'a Call, String)>, Duration) {
    let mut took = Duration::ZERO;
    for call in &route.calls {
        let (result, waited) = server.call(call, facts, context);
        took += waited;
        if let Err(problem) = result {
            if call.fails.ignored {
                let facts = server.failed(call, problem, facts);
                server.say(&call.fails.says, &facts, context);
                continue;
            }
            return (Some((call, problem)), took);
        }
    }
    (None, took)
}

fn respond(
    server: &Described,
    ask: &Ask,
    request: &HttpRequest,
    context: &mut Context<'_>,
) -> (HttpResponse, Duration) {
    let facts = Facts::of(context, Some((ask, request)));
    let language = server.server.language;
    let Some(route) = route(server, request, &facts, ask) else {
        let body = not_found(request, language);
        return (response(server, request, &facts, 404, None, &[], body, context), Duration::ZERO);
    };
    let (failed, took) = calls(server, route, &facts, context);
    let (status, kind, headers, body) = match failed {
        None => (route.status, &route.kind, &route.headers[..], server.render(&route.body, &facts)),
        Some((call, problem)) => {
            let facts = server.failed(call, problem, &facts);
            server.say(&call.fails.says, &facts, context);
            let status = call.fails.status.unwrap_or(500);
            (status, &call.fails.kind, &[][..], server.render(&call.fails.body, &facts))
        }
    };
    server.say(&route.logs, &facts, context);
    (response(server, request, &facts, status, kind.as_deref(), headers, body, context), took)
}

#[expect(clippy::too_many_arguments, reason = "the parts of a response")]
fn response(
    server: &Described,
    request: &HttpRequest,
    facts: &Facts<'_>,
    status: u16,
    kind: Option<&str>,
    headers: &[Text],
    body: String,
    context: &Context<'_>,
) -> HttpResponse {
    let (date, length) = (http::date(context.now()), body.len().to_string());
    let kind = kind.unwrap_or("text/plain; charset=utf-8");
    let own: Vec<String> = headers.iter().map(|header| server.render(header, facts)).collect();
    let own = own.iter().filter_map(|header| header.split_once(": "));
    let mut all: Vec<(&str, &str)> = own.collect();
    all.extend([("Content-Type", kind), ("Date", &date), ("Content-Length", &length)]);
    http::response(request, status, &all, body)
}

/// What a framework says to a path that it does not know.
fn not_found(request: &HttpRequest, language: Language) -> String {
    let (method, path) = (&request.method, http::split_target(&request.target).0);
    match language {
        Language::Node => format!("Cannot {method} {path}\n"),
        Language::Java => format!("{{\"status\":404,\"error\":\"Not Found\",\"path\":\"{path}\"}}"),
        Language::Dotnet => String::new(),
        Language::Python => "Not Found".to_owned(),
        _ => "404 page not found\n".to_owned(),
    }
}

/// A call of gRPC.
fn call(server: &Described, ask: &Ask, request: &HttpRequest, context: &mut Context<'_>) -> Answer {
    let facts = Facts::of(context, Some((ask, request)));
    let (code, message, took) = match route(server, request, &facts, ask) {
        None => {
            let service = request.target.trim_start_matches('/').split('/').next().unwrap_or("");
            (UNIMPLEMENTED, format!("unknown service {service}"), Duration::ZERO)
        }
        Some(route) => {
            let (failed, took) = calls(server, route, &facts, context);
            match failed {
                None => {
                    server.say(&route.logs, &facts, context);
                    (0, String::new(), took)
                }
                Some((call, problem)) => {
                    let facts = server.failed(call, problem, &facts);
                    server.say(&call.fails.says, &facts, context);
                    let message = server.render(&call.fails.body, &facts);
                    (call.fails.status.unwrap_or(INTERNAL), message, took)
                }
            }
        }
    };
    let code = code.to_string();
    let headers =
        [("Content-Type", protocols::GRPC), ("grpc-status", &code), ("grpc-message", &message)];
    let answer = http::reply(ask, http::response(request, 200, &headers, Vec::new()));
    Answer { took: answer.took + took, ..answer }
}
