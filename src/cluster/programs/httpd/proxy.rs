//! `ProxyPass`: httpd as a client of another server (mod_proxy and mod_proxy_http).

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use super::serve::{Page, RequestHandler};
use super::settings::{ProxyPass, Settings};
use crate::clock::SimTime;
use crate::cluster::programs::http;
use crate::cluster::{Connection, Context, DialFailure, HttpRequest, HttpResponse, Payload, Reply};
use crate::network::{Protocol, SocketAddr};

/// `ProxyTimeout`, which is `Timeout` unless something else is said.
const TIMEOUT: Duration = Duration::from_secs(60);

/// How long a server that could not be reached is left alone (`retry`).
const RETRY: Duration = Duration::from_secs(60);

/// Headers that belong to one connection and are not passed on.
const OWN: [&str; 6] =
    ["connection", "keep-alive", "te", "upgrade", "transfer-encoding", "proxy-authorization"];

/// What httpd knows of the servers that it asks, by scheme, host and port.
#[derive(Clone, Debug, Default)]
pub struct Workers(BTreeMap<String, Worker>);

#[derive(Clone, Debug, Default)]
struct Worker {
    /// Looked up once, and kept.
    address: Option<IpAddr>,
    failed: Option<SimTime>,
}

/// What became of a request that is passed on, and how long it took.
type Passed = (Result<HttpResponse, u16>, Duration);

/// Asks the server of a `ProxyPass`.
pub fn pass(
    handler: &mut RequestHandler<'_>,
    proxy: (&ProxyPass, &str),
    settings: &Settings,
    workers: &mut Workers,
    context: &mut Context<'_>,
) -> Page {
    let (result, took) = ask(handler, proxy, settings, workers, context);
    match result {
        Ok(mut response) => {
            reverse(&mut response, settings, handler);
            Page::passed(response, took)
        }
        Err(status) => Page::failed(status, took),
    }
}

fn ask(
    handler: &mut RequestHandler<'_>,
    (proxy, to): (&ProxyPass, &str),
    settings: &Settings,
    workers: &mut Workers,
    context: &mut Context<'_>,
) -> Passed {
    if !handler.config.modules.contains("proxy_http") {
        let what = format!(
            "AH01144: No protocol handler was valid for the URL {} (scheme 'http'). If you are using a DSO \
             version of mod_proxy, make sure the proxy submodules are included in the configuration using \
             LoadModule.",
            handler.path
        );
        handler.write_error(context, "proxy:warn", &what);
        return (Err(500), http::SERVICE_TIME);
    }
    let backend = Backend::read(to);
    let limit = proxy.timeout.map_or(TIMEOUT, Duration::from_secs);
    let connection = match connect(handler, &backend, limit, workers, context) {
        Ok(connection) => connection,
        Err((status, took)) => return (Err(status), took),
    };
    let request = passed_on(handler, (proxy, backend.path), backend.authority, settings);
    let payload = match backend.tls {
        true => Payload::Tls { server_name: backend.host.to_owned(), request },
        false => Payload::Http(request),
    };
    let answer = context.cluster.ask_within(&connection.0, payload, Some(limit));
    let took = connection.1 + answer.took;
    let from =
        format!("error reading status line from remote server {}:{}", backend.host, backend.port);
    let slow = answer.took > limit;
    match answer.reply {
        Reply::Http(response) | Reply::Tls { response, .. } if !slow => (Ok(response), took),
        Reply::Silence | Reply::Http(_) | Reply::Tls { .. } => {
            let what = format!("(70007)The timeout specified has expired: AH01102: {from}");
            handler.write_error(context, "proxy_http:error", &what);
            (Err(504), connection.1 + limit)
        }
        Reply::Bytes(_) | Reply::Closed | Reply::Reset => {
            let what = format!(
                "(20014)Internal error (specific information not available): AH01102: {from}"
            );
            handler.write_error(context, "proxy_http:error", &what);
            let what =
                format!("AH00898: Error reading from remote server returned by {}", handler.path);
            handler.write_error(context, "proxy:error", &what);
            (Err(502), took)
        }
    }
}

/// The server that a URL names.
struct Backend<'a> {
    tls: bool,
    authority: &'a str,
    host: &'a str,
    port: u16,
    path: &'a str,
}

impl<'a> Backend<'a> {
    fn read(url: &'a str) -> Backend<'a> {
        let (tls, rest) = match url.strip_prefix("https://") {
            Some(rest) => (true, rest),
            None => (false, url.trim_start_matches("http://")),
        };
        let usual = if tls { 443 } else { 80 };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().unwrap_or(usual)),
            None => (authority, usual),
        };
        Backend { tls, authority, host, port, path }
    }
}

/// Connects to a server that has not just failed.
///
/// # Errors
/// The status, and after how long.
fn connect(
    handler: &RequestHandler<'_>,
    backend: &Backend<'_>,
    limit: Duration,
    workers: &mut Workers,
    context: &mut Context<'_>,
) -> Result<(Connection, Duration), (u16, Duration)> {
    let Backend { host, port, .. } = backend;
    let worker = workers.0.entry(format!("{}{}", backend.tls, backend.authority)).or_default();
    if worker.failed.is_some_and(|at| context.now() < at + RETRY) {
        let what = format!("AH00940: HTTP: disabled connection for ({host})");
        handler.write_error(context, "proxy:error", &what);
        return Err((503, http::SERVICE_TIME));
    }
    let known = worker.address.or_else(|| host.parse().ok());
    let Some(address) = known.or_else(|| context.address_of(host)) else {
        let what = format!("AH00898: DNS lookup failure for: {host} returned by {}", handler.path);
        handler.write_error(context, "proxy:error", &what);
        return Err((502, http::SERVICE_TIME));
    };
    worker.address = Some(address);
    let (at, place) = (SocketAddr::new(address, *port), context.place.clone());
    let dial = context.cluster.dial(&place, Protocol::Tcp, at);
    let failure = match dial.result {
        Ok(connection) => {
            worker.failed = None;
            return Ok((connection, dial.took));
        }
        Err(failure) => failure,
    };
    let (code, why) = match failure {
        DialFailure::Silence => (110, "Connection timed out"),
        DialFailure::Refused => (111, "Connection refused"),
        DialFailure::Unreachable => (113, "No route to host"),
        DialFailure::NoNetwork => (101, "Network is unreachable"),
    };
    let took = if failure == DialFailure::Silence { limit } else { dial.took };
    worker.failed = Some(context.now() + took);
    let what =
        format!("({code}){why}: AH00957: http: attempt to connect to {at} ({host}:{port}) failed");
    handler.write_error(context, "proxy:error", &what);
    let what = format!("AH01114: HTTP: failed to make connection to backend: {host}");
    handler.write_error(context, "proxy_http:error", &what);
    Err((503, took))
}

/// What the other server is asked.
fn passed_on(
    handler: &RequestHandler<'_>,
    (proxy, base): (&ProxyPass, &str),
    authority: &str,
    settings: &Settings,
) -> HttpRequest {
    let rest = handler.request.target.strip_prefix(&proxy.path).unwrap_or("");
    let target = format!("{base}{rest}");
    let target = if target.starts_with('/') { target } else { format!("/{target}") };
    let own = http::header(handler.request, "Host").unwrap_or("").to_owned();
    let host = if settings.keeps_host == Some(true) { own.clone() } else { authority.to_owned() };
    let client = handler.ask.peer.ip().to_string();
    let before = http::header(handler.request, "X-Forwarded-For");
    let forwarded = before.map_or(client.clone(), |before| format!("{before}, {client}"));
    let told = [
        ("Host", host),
        ("X-Forwarded-For", forwarded),
        ("X-Forwarded-Host", own),
        ("X-Forwarded-Server", handler.name().to_owned()),
    ];
    let passes = |name: &str| {
        !OWN.iter().any(|own| own.eq_ignore_ascii_case(name))
            && !told.iter().any(|(own, _)| own.eq_ignore_ascii_case(name))
    };
    let mut headers: Vec<(String, String)> =
        told.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    headers.extend(handler.request.headers.iter().filter(|(name, _)| passes(name)).cloned());
    settings.request_headers.iter().for_each(|change| change.apply(&mut headers));
    HttpRequest { target, headers, ..handler.request.clone() }
}

/// `ProxyPassReverse`: what the other server calls its own in a redirect is called as it is here.
fn reverse(response: &mut HttpResponse, settings: &Settings, handler: &RequestHandler<'_>) {
    let host = http::header(handler.request, "Host").unwrap_or("").to_owned();
    for (name, value) in &mut response.headers {
        let moved = ["location", "content-location", "uri"];
        if !moved.iter().any(|known| name.eq_ignore_ascii_case(known)) {
            continue;
        }
        let found = settings.reverses.iter().find_map(|(path, url)| {
            value.strip_prefix(url.as_str()).map(|rest| format!("http://{host}{path}{rest}"))
        });
        if let Some(found) = found {
            *value = found;
        }
    }
}
