//! `-w`: what can be told of a transfer that is over.

use std::fmt::Write as _;

use crate::clock::SimTime;
use crate::cluster::HttpResponse;
use crate::network::SocketAddr;
use crate::shell::Io;
use crate::shell::commands::net::url::Url;

/// What is known of a transfer.
pub struct Facts<'a> {
    /// The last response that came.
    pub response: Option<&'a HttpResponse>,
    /// Whether its body was taken.
    pub received: usize,
    pub sent: usize,
    pub exit: i32,
    pub told: &'a str,
    pub input: &'a str,
    pub url: &'a Url,
    /// The URL as it was given, whose fragment counts until a redirect.
    pub fragment: Option<&'a String>,
    pub number: usize,
    pub file: Option<&'a str>,
    pub method: &'a str,
    pub referer: Option<&'a str>,
    pub redirects: u32,
    pub connects: u32,
    pub header_bytes: usize,
    pub request_bytes: usize,
    /// The status of the answer to a CONNECT.
    pub tunnel: u16,
    pub local: Option<SocketAddr>,
    pub remote: Option<SocketAddr>,
    pub begun: SimTime,
    pub redirected: Option<SimTime>,
    pub resolved: Option<SimTime>,
    pub connected: Option<SimTime>,
    pub secured: Option<SimTime>,
    pub answered: Option<SimTime>,
    /// What `--version` says of the library.
    pub library: String,
}

/// Every variable that has a value, as `%{json}` lists them.
const NAMES: &[&str] = &[
    "certs",
    "content_type",
    "errormsg",
    "exitcode",
    "filename_effective",
    "ftp_entry_path",
    "http_code",
    "http_connect",
    "http_version",
    "local_ip",
    "local_port",
    "method",
    "num_certs",
    "num_connects",
    "num_headers",
    "num_redirects",
    "proxy_ssl_verify_result",
    "redirect_url",
    "referer",
    "remote_ip",
    "remote_port",
    "response_code",
    "scheme",
    "size_download",
    "size_header",
    "size_request",
    "size_upload",
    "speed_download",
    "speed_upload",
    "ssl_verify_result",
    "time_appconnect",
    "time_connect",
    "time_namelookup",
    "time_pretransfer",
    "time_redirect",
    "time_starttransfer",
    "time_total",
    "url",
    "url_effective",
    "urlnum",
];

/// A variable's value.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    Text(String),
    /// Numbers and times.
    Number(String),
    Null,
}

/// Writes what the format says.
pub fn write(io: &mut Io<'_>, format: &str, facts: &Facts<'_>) {
    let now = io.now();
    let mut errors = false;
    let mut rest = format;
    let put = |io: &mut Io<'_>, errors: bool, text: &str| match errors {
        true => io.put_error(text.as_bytes()),
        false => io.stdout.extend_from_slice(text.as_bytes()),
    };
    while let Some(at) = rest.find(['%', '\\']) {
        put(io, errors, &rest[..at]);
        rest = &rest[at..];
        if let Some((name, behind)) = enclosed(rest, "%{") {
            rest = behind;
            match name.to_ascii_lowercase().as_str() {
                "onerror" if facts.exit == 0 => return,
                "onerror" => {}
                "stdout" => errors = false,
                "stderr" => errors = true,
                "json" => put(io, errors, &json(facts, now)),
                "header_json" => put(io, errors, &header_json(facts)),
                known if NAMES.contains(&known) => put(io, errors, &plain(known, facts, now)),
                _ => io.write_error(format!("curl: unknown --write-out variable: '{name}'")),
            }
            continue;
        }
        if let Some((name, behind)) = enclosed(rest, "%header{") {
            rest = behind;
            let value = facts.response.and_then(|response| response.header(name));
            put(io, errors, value.unwrap_or(""));
            continue;
        }
        let second = rest[1..].chars().next();
        let length = 1 + second.map_or(0, char::len_utf8);
        let said = match second {
            Some('n') if rest.starts_with('\\') => "\n",
            Some('t') if rest.starts_with('\\') => "\t",
            Some('r') if rest.starts_with('\\') => "\r",
            Some('%') if rest.starts_with('%') => "%",
            Some('{') if rest.starts_with('%') => "%{",
            _ => &rest[..length],
        };
        put(io, errors, said);
        rest = &rest[length..];
    }
    put(io, errors, rest);
}

/// Writes what the format says of a text that is no URL.
pub fn write_failed(io: &mut Io<'_>, format: &str, exit: i32, input: &str, number: usize) {
    let rest = input.split_once("://").map_or("", |(_, rest)| rest);
    let target = if exit == 1 && !rest.contains('/') { "/" } else { "" };
    let url = Url {
        scheme: String::new(),
        host: String::new(),
        port: 0,
        explicit_port: false,
        empty_port: false,
        target: String::new(),
        user: None,
    };
    let now = io.now();
    let facts = Facts {
        response: None,
        received: 0,
        sent: 0,
        exit,
        told: "",
        input,
        url: &url,
        fragment: None,
        number,
        file: None,
        method: "GET",
        referer: None,
        redirects: 0,
        connects: 0,
        header_bytes: 0,
        request_bytes: 0,
        tunnel: 0,
        local: None,
        remote: None,
        begun: now,
        redirected: None,
        resolved: None,
        connected: None,
        secured: None,
        answered: None,
        library: String::new(),
    };
    let format = format.replace("%{url_effective}", &format!("{input}{target}"));
    write(io, &format, &facts);
}

fn enclosed<'a>(text: &'a str, open: &str) -> Option<(&'a str, &'a str)> {
    text.strip_prefix(open)?.split_once('}')
}

fn plain(name: &str, facts: &Facts<'_>, now: SimTime) -> String {
    match (name, value(name, facts, now)) {
        ("http_code" | "response_code" | "http_connect", Value::Number(code)) => {
            format!("{code:0>3}")
        }
        (_, Value::Text(text) | Value::Number(text)) => text,
        (_, Value::Null) => String::new(),
    }
}

fn value(name: &str, facts: &Facts<'_>, now: SimTime) -> Value {
    let text = |text: &str| Value::Text(text.to_owned());
    let optional = |text: Option<String>| text.map_or(Value::Null, Value::Text);
    let number = |number: u64| Value::Number(number.to_string());
    let response = facts.response;
    match name {
        "certs" => text(""),
        "content_type" => optional(header(response, "content-type")),
        "errormsg" if facts.exit == 0 => Value::Null,
        "errormsg" => text(facts.told.lines().next().unwrap_or("")),
        "exitcode" => Value::Number(facts.exit.to_string()),
        "filename_effective" => optional(facts.file.map(str::to_owned)),
        "ftp_entry_path" => Value::Null,
        "http_code" | "response_code" => number(response.map_or(0, |it| it.status.into())),
        "http_connect" => number(facts.tunnel.into()),
        "http_version" => text(response.map_or("0", |it| match it.version {
            crate::cluster::HttpVersion::V0_9 => "0.9",
            crate::cluster::HttpVersion::V1_0 => "1",
            crate::cluster::HttpVersion::V1_1 => "1.1",
        })),
        "local_ip" => text(&facts.local.map_or(String::new(), |at| at.ip().to_string())),
        "local_port" => number(facts.local.map_or(0, |at| at.port().into())),
        "remote_ip" => text(&facts.remote.map_or(String::new(), |at| at.ip().to_string())),
        "remote_port" => number(facts.remote.map_or(0, |at| at.port().into())),
        "method" => text(facts.method),
        "num_connects" => number(facts.connects.into()),
        "num_headers" => number(response.map_or(0, |it| it.headers.len() as u64)),
        "num_redirects" => number(facts.redirects.into()),
        "redirect_url" => {
            let location = header(response, "location");
            let status = response.map_or(0, |it| it.status);
            let url = location.filter(|_| (300..400).contains(&status));
            optional(url.and_then(|url| facts.url.join(&url).ok()).map(|url| url.text()))
        }
        "referer" => optional(facts.referer.map(str::to_owned)),
        "scheme" if facts.remote.is_none() => Value::Null,
        "scheme" => text(&facts.url.scheme.to_ascii_uppercase()),
        "size_download" => number(facts.received as u64),
        "size_upload" => number(facts.sent as u64),
        "size_header" => number(facts.header_bytes as u64),
        "size_request" => number(facts.request_bytes as u64),
        "url" => text(facts.input),
        "url_effective" => {
            let fragment = facts.fragment.and_then(|input| input.find('#').map(|at| &input[at..]));
            Value::Text(facts.url.text() + fragment.unwrap_or(""))
        }
        "urlnum" => number(facts.number as u64),
        name if name.starts_with("time_") || name.starts_with("speed_") => {
            measured(name, facts, now)
        }
        _ => number(0),
    }
}

fn header(response: Option<&HttpResponse>, name: &str) -> Option<String> {
    response?.header(name).map(str::to_owned)
}

/// Times and rates.
fn measured(name: &str, facts: &Facts<'_>, now: SimTime) -> Value {
    let since = |at: Option<SimTime>| {
        Value::Number(format!("{:.6}", at.unwrap_or(facts.begun).since(facts.begun).as_secs_f64()))
    };
    let rate = |bytes: usize| {
        let micros = now.since(facts.begun).as_micros().max(1);
        Value::Number((bytes as u128 * 1_000_000 / micros).to_string())
    };
    match name {
        "time_namelookup" => since(facts.resolved.or(facts.connected)),
        "time_connect" => since(facts.connected),
        "time_appconnect" => since(facts.secured),
        "time_pretransfer" => since(facts.secured.or(facts.connected)),
        "time_starttransfer" => since(facts.answered),
        "time_redirect" => since(facts.redirected),
        "speed_download" => rate(facts.received),
        "speed_upload" => rate(facts.sent),
        _ => since(Some(now)),
    }
}

fn json(facts: &Facts<'_>, now: SimTime) -> String {
    let mut text = "{".to_owned();
    for name in NAMES {
        let shown = match value(name, facts, now) {
            Value::Text(text) => quoted(&text),
            Value::Number(number) => number,
            Value::Null => "null".to_owned(),
        };
        let _ = write!(text, "\"{name}\":{shown},");
    }
    text + &format!("\"curl_version\":{}}}", quoted(&facts.library))
}

fn header_json(facts: &Facts<'_>) -> String {
    let headers = facts.response.map_or(&[][..], |response| &response.headers);
    let mut names: Vec<String> = Vec::new();
    for (name, _) in headers {
        let name = name.to_ascii_lowercase();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let lines: Vec<String> = names
        .iter()
        .map(|name| {
            let values: Vec<String> = headers
                .iter()
                .filter(|(known, _)| known.eq_ignore_ascii_case(name))
                .map(|(_, value)| quoted(value))
                .collect();
            format!("{}:[{}]", quoted(name), values.join(","))
        })
        .collect();
    format!("{{{}\n}}", lines.join(",\n"))
}

fn quoted(text: &str) -> String {
    let mut out = "\"".to_owned();
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out + "\""
}
