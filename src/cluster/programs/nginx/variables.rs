//! nginx's variables, as far as they are known of a request.

use sha2::{Digest, Sha256};

use super::config::Settings;
use super::handle::RequestHandler;
use super::proxy::Try;
use super::template::Template;
use crate::clock::SimTime;
use crate::cluster::HttpRequest;
use crate::cluster::programs::http;

/// What a log's template says for this request: an empty variable shows as a dash.
pub fn fill_log(
    template: &Template,
    handler: &RequestHandler<'_>,
    settings: &Settings,
    now: SimTime,
) -> String {
    template.fill(|name, out| {
        let before = out.len();
        write(name, handler, settings, now, out, 0);
        if out.len() == before {
            out.push('-');
        }
    })
}

/// What a template says for this request.
pub fn fill(
    template: &Template,
    handler: &RequestHandler<'_>,
    settings: &Settings,
    now: SimTime,
) -> String {
    template.fill(|name, out| write(name, handler, settings, now, out, 0))
}

fn write(
    name: &str,
    handler: &RequestHandler<'_>,
    settings: &Settings,
    now: SimTime,
    out: &mut String,
    depth: u32,
) {
    let request = &handler.request;
    let (path, query) = http::split_target(&request.target);
    let header = |name: &str| http::header(request, name).unwrap_or("");
    let host = header("Host");
    let bare_host = host.split(':').next().unwrap_or("");
    if let Some(value) = own(name, handler, settings, now, depth) {
        out.push_str(&value);
        return;
    }
    match name {
        "remote_addr" | "binary_remote_addr" => out.push_str(&handler.ask.peer.ip().to_string()),
        "remote_port" => out.push_str(&handler.ask.peer.port().to_string()),
        "server_addr" => out.push_str(&handler.ask.local.ip().to_string()),
        "server_port" => out.push_str(&handler.ask.local.port().to_string()),
        "host" if bare_host.is_empty() => out.push_str(handler.server_name()),
        "host" => out.push_str(bare_host),
        "server_name" => out.push_str(handler.server_name()),
        "hostname" => out.push_str(handler.hostname),
        "scheme" => out.push_str("http"),
        "request_method" => out.push_str(&request.method),
        "request_uri" => out.push_str(&request.target),
        // Not nginx's own: where ingress-nginx's code sends plain requests.
        "request_uri_without_slash" => {
            out.push_str(request.target.strip_suffix('/').unwrap_or(&request.target));
        }
        "request" => {
            out.push_str(&format!("{} {} {}", request.method, request.target, request.version))
        }
        "uri" | "document_uri" => out.push_str(&http::normal(path)),
        "args" | "query_string" => out.push_str(query),
        "content_type" | "content_length" => out.push_str(header(&name.replace('_', "-"))),
        "is_args" => out.push_str(if query.is_empty() { "" } else { "?" }),
        "server_protocol" => out.push_str(&request.version.to_string()),
        "status" => out.push_str(&handler.status.to_string()),
        "body_bytes_sent" | "bytes_sent" => out.push_str(&handler.sent.to_string()),
        "request_time" => out.push_str("0.001"),
        "time_local" => out.push_str(&http::log_date(now)),
        "time_iso8601" => {
            out.push_str(&now.timestamp().strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string());
        }
        "msec" => {
            let millis = now.timestamp().as_millisecond();
            out.push_str(&format!("{}.{:03}", millis / 1000, millis % 1000));
        }
        "nginx_version" => out.push_str(super::VERSION),
        "pid" => out.push_str("29"),
        "connection" => out.push_str(&handler.number.to_string()),
        "proxy_host" => out.push_str(&handler.proxy_host),
        "proxy_add_x_forwarded_for" => {
            let before = header("X-Forwarded-For");
            let separator = if before.is_empty() { "" } else { ", " };
            out.push_str(&format!("{before}{separator}{}", handler.ask.peer.ip()));
        }
        "upstream_addr" => out.push_str(&each_try(handler, |one| one.to.to_string())),
        "upstream_response_length" => {
            out.push_str(&each_try(handler, |one| one.length.to_string()));
        }
        "upstream_response_time" => {
            out.push_str(&each_try(handler, |one| format!("{:.3}", one.took.as_secs_f64())));
        }
        "upstream_status" => out.push_str(&each_try(handler, |one| one.status.to_string())),
        "request_length" => out.push_str(&request_length(request).to_string()),
        "request_id" => out.push_str(&request_id(handler)),
        _ => match name.split_once('_') {
            Some(("http", rest)) => out.push_str(header(&rest.replace('_', "-"))),
            Some(("arg", rest)) => {
                let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
                let found = pairs.filter(|(key, _)| *key == rest).map(|(_, value)| value).next();
                out.push_str(found.unwrap_or(""));
            }
            _ => {}
        },
    }
}

/// A variable that `set` made.
fn own(
    name: &str,
    handler: &RequestHandler<'_>,
    settings: &Settings,
    now: SimTime,
    depth: u32,
) -> Option<String> {
    let (_, template) = settings.variables.iter().rev().find(|(known, _)| known == name)?;
    // `set $a $a` would go round for ever.
    let deeper = depth + 1;
    (deeper < 8)
        .then(|| template.fill(|inner, out| write(inner, handler, settings, now, out, deeper)))
}

/// What there is to say of each try at an upstream.
fn each_try(handler: &RequestHandler<'_>, say: impl Fn(&Try) -> String) -> String {
    match handler.tries.is_empty() {
        true => "-".to_owned(),
        false => handler.tries.iter().map(say).collect::<Vec<_>>().join(", "),
    }
}

/// The bytes of a request: its line, its headers, its body.
fn request_length(request: &HttpRequest) -> usize {
    let line = request.method.len() + request.target.len() + " HTTP/1.1".len() + 1;
    let headers = request.headers.iter().map(|(name, value)| name.len() + value.len() + 4);
    line + 2 + headers.sum::<usize>() + 2 + request.body.len()
}

/// Thirty-two hexadecimal digits that no other request has.
fn request_id(handler: &RequestHandler<'_>) -> String {
    let digest = Sha256::digest(format!("{}/{}", handler.hostname, handler.number));
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
