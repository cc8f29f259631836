//! nginx's variables, as far as they are known of a request.

use sha2::{Digest, Sha256};

use super::config::Settings;
use super::expression::Captured;
use super::request::{RequestHandler, Try};
use super::template::Template;
use crate::clock::SimTime;
use crate::cluster::HttpRequest;
use crate::cluster::programs::http;
use crate::manifest::from_base64;

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
    let value = own(name, handler, settings, now, depth)
        .or_else(|| handler.captured.get(name).map(str::to_owned))
        .or_else(|| mapped(name, handler, settings, now, depth))
        .or_else(|| of_request(name, handler))
        .or_else(|| of_connection(name, handler))
        .or_else(|| of_answer(name, handler, now));
    out.push_str(&value.unwrap_or_default());
}

/// What the client has sent.
fn of_request(name: &str, handler: &RequestHandler<'_>) -> Option<String> {
    let request = &handler.request;
    // What stands behind `#` is for the client alone.
    let (path, query) = http::split_target(request.target.split('#').next().unwrap_or(""));
    let header = |name: &str| http::header(request, name).unwrap_or("").to_owned();
    let host = header("Host");
    Some(match name {
        "host" => match host.split(':').next().unwrap_or("") {
            "" => handler.server_name().to_owned(),
            bare => bare.to_owned(),
        },
        "remote_user" => user(request).unwrap_or_default(),
        "request_method" => request.method.clone(),
        "request_uri" => request.target.clone(),
        // Not nginx's own: where ingress-nginx's code sends plain requests.
        "request_uri_without_slash" => {
            request.target.strip_suffix('/').unwrap_or(&request.target).to_owned()
        }
        "request" => format!("{} {} {}", request.method, request.target, request.version),
        "uri" | "document_uri" => http::normal(path),
        "args" | "query_string" => query.to_owned(),
        "is_args" => if query.is_empty() { "" } else { "?" }.to_owned(),
        "content_type" | "content_length" => header(&name.replace('_', "-")),
        "server_protocol" => request.version.to_string(),
        "request_length" => request_length(request).to_string(),
        "proxy_add_x_forwarded_for" => {
            let before = header("X-Forwarded-For");
            let separator = if before.is_empty() { "" } else { ", " };
            format!("{before}{separator}{}", handler.client)
        }
        _ => match name.split_once('_')? {
            ("http", rest) => header(&rest.replace('_', "-")),
            ("cookie", rest) => {
                let cookies = header("Cookie");
                let mut pairs = cookies.split(';').filter_map(|pair| pair.trim().split_once('='));
                pairs.find(|(key, _)| *key == rest).map_or("", |(_, value)| value).to_owned()
            }
            ("arg", rest) => {
                let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
                pairs.find(|(key, _)| *key == rest).map_or("", |(_, value)| value).to_owned()
            }
            _ => return None,
        },
    })
}

/// Whom the client says it is, with a password that nobody has checked yet (`Authorization: Basic`).
pub fn user(request: &HttpRequest) -> Option<String> {
    let text = http::header(request, "Authorization")?.strip_prefix("Basic ")?;
    let text = String::from_utf8(from_base64(text.trim())?).ok()?;
    Some(text.split_once(':')?.0.to_owned()).filter(|user| !user.is_empty())
}

/// Who has sent it, and to whom.
fn of_connection(name: &str, handler: &RequestHandler<'_>) -> Option<String> {
    let (client, server) = (handler.ask.peer, handler.ask.local);
    Some(match name {
        "remote_addr" | "binary_remote_addr" => handler.client.to_string(),
        "realip_remote_addr" => client.ip().to_string(),
        "realip_remote_port" => client.port().to_string(),
        "remote_port" => client.port().to_string(),
        "server_addr" => server.ip().to_string(),
        "server_port" => server.port().to_string(),
        "server_name" => handler.server_name().to_owned(),
        "hostname" => handler.hostname.to_string(),
        "scheme" => "http".to_owned(),
        "connection" => handler.number.to_string(),
        "nginx_version" => super::VERSION.to_owned(),
        "pid" => "29".to_owned(),
        _ => return None,
    })
}

/// What nginx and its upstreams have answered, and when.
fn of_answer(name: &str, handler: &RequestHandler<'_>, now: SimTime) -> Option<String> {
    Some(match name {
        "status" => handler.status.to_string(),
        "body_bytes_sent" | "bytes_sent" => handler.sent.to_string(),
        "request_time" => format!("{:.3}", handler.elapsed.as_secs_f64()),
        "time_local" => http::log_date(now),
        "time_iso8601" => now.timestamp().strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string(),
        "msec" => {
            let millis = now.timestamp().as_millisecond();
            format!("{}.{:03}", millis / 1000, millis % 1000)
        }
        "request_id" => request_id(handler),
        "proxy_host" => handler.proxy_host.clone(),
        "upstream_addr" => each_try(handler, |one| one.to.clone()),
        "upstream_response_length" => each_try(handler, |one| one.length.to_string()),
        "upstream_response_time" => {
            each_try(handler, |one| format!("{:.3}", one.took.as_secs_f64()))
        }
        "upstream_status" => {
            each_try(handler, |one| one.status.map_or("-".to_owned(), |status| status.to_string()))
        }
        _ => return None,
    })
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

/// A variable that follows another one.
fn mapped(
    name: &str,
    handler: &RequestHandler<'_>,
    settings: &Settings,
    now: SimTime,
    depth: u32,
) -> Option<String> {
    let map = handler.config.maps.get(name)?;
    // Maps that lead to one another would go round for ever.
    let deeper = depth + 1;
    if deeper >= 8 {
        return None;
    }
    let fill = |template: &Template, captured: Option<&Captured>| {
        template.fill(|inner, out| match captured.and_then(|captured| captured.get(inner)) {
            Some(value) => out.push_str(value),
            None => write(inner, handler, settings, now, out, deeper),
        })
    };
    let (value, captured) = map.value(&fill(&map.source, None));
    Some(value.map(|value| fill(value, Some(&captured))).unwrap_or_default())
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
