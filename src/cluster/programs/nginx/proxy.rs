//! `proxy_pass`: nginx as a client of another server.

use std::net::IpAddr;
use std::time::Duration;

use super::config::{Proxy, Settings};
use super::request::{Outcome, RequestHandler, Try};
use super::values::host_and_port;
use super::variables;
use crate::cluster::programs::http;
use crate::cluster::{Context, DialFailure, HttpRequest, HttpResponse, Payload, Reply};
use crate::network::{Protocol, SocketAddr};

/// `proxy_connect_timeout` and `proxy_read_timeout`, unless the configuration says otherwise.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The status that a request is logged with whose client closed the connection before there was an answer
/// (`NGX_HTTP_CLIENT_CLOSED_REQUEST`).
pub const CLIENT_CLOSED: u16 = 499;

/// Headers that belong to one connection and are not passed on.
const OWN: [&str; 6] = ["host", "connection", "keep-alive", "te", "upgrade", "transfer-encoding"];

/// Asks the upstream, one address after the other (`proxy_next_upstream error timeout`).
///
/// # Errors
/// The status that nginx answers with, and how long it took to know.
pub fn pass(
    handler: &mut RequestHandler<'_>,
    proxy: &Proxy,
    settings: &Settings,
    location: Option<&str>,
    context: &mut Context<'_>,
) -> Result<Outcome, (u16, Duration)> {
    let authority = variables::fill(&proxy.authority, handler, settings, context.now());
    handler.proxy_host.clone_from(&authority);
    let targets = targets(handler, proxy, settings, &authority, context)?;
    let request = upstream_request(handler, proxy, settings, location, context);
    let scheme = if proxy.tls { "https" } else { "http" };
    let mut took = Duration::ZERO;
    let mut status = 502;
    // Round robin, as connections are counted.
    let first = handler.number as usize % targets.len().max(1);
    for index in 0..tries(proxy, settings, targets.len()) {
        let to = targets[(first + index) % targets.len()];
        let url = format!("{scheme}://{to}{}", request.target);
        let left = handler.ask.patience.map(|patience| patience.saturating_sub(took));
        let answer = ask(proxy, settings, to, &request, &authority, left, context);
        let time = answer.as_ref().map_or_else(|problem| problem.took, |(_, time)| *time);
        if let Some(left) = left.filter(|left| time > *left) {
            // Nobody waits any more, so nginx closes its own connection (`proxy_ignore_client_abort`).
            handler.tries.push(Try { to, status: None, length: 0, took: left });
            return Err((CLIENT_CLOSED, took + left));
        }
        took += time;
        handler.elapsed = took;
        match answer {
            Ok((response, time)) => {
                let (status, length) = (Some(response.status), response.body.len());
                handler.tries.push(Try { to, status, length, took: time });
                return Ok(outcome(response, took));
            }
            Err(problem) => {
                status = problem.status;
                handler.tries.push(Try { to, status: Some(status), length: 0, took: time });
                handler.write_error(context, &problem.text, Some(&url));
                // What may have changed something is not asked for twice.
                if problem.sent && ["POST", "LOCK", "PATCH"].contains(&&*request.method) {
                    break;
                }
            }
        }
    }
    Err((status, took.max(http::SERVICE_TIME)))
}

/// How often it tries: each address once, or as often as it may where each try is balanced anew.
fn tries(proxy: &Proxy, settings: &Settings, targets: usize) -> usize {
    match (settings.tries.unwrap_or(0) as usize, proxy.balanced) {
        (0, _) => targets,
        (limit, true) if targets > 0 => limit,
        (limit, _) => limit.min(targets),
    }
}

struct Problem {
    status: u16,
    text: String,
    took: Duration,
    /// Whether the request had been sent by then.
    sent: bool,
}

impl Problem {
    /// 502 Bad Gateway
    fn bad(text: &str, took: Duration, sent: bool) -> Problem {
        Problem { status: 502, text: text.to_owned(), took, sent }
    }

    /// 504 Gateway Timeout
    fn slow(during: &str, took: Duration, sent: bool) -> Problem {
        let text = format!("upstream timed out (110: Connection timed out) while {during}");
        Problem { status: 504, text, took, sent }
    }
}

fn no_connection(why: &str, took: Duration) -> Problem {
    Problem::bad(&format!("connect() failed ({why}) while connecting to upstream"), took, false)
}

fn ask(
    proxy: &Proxy,
    settings: &Settings,
    to: SocketAddr,
    request: &HttpRequest,
    authority: &str,
    left: Option<Duration>,
    context: &mut Context<'_>,
) -> Result<(HttpResponse, Duration), Problem> {
    let place = context.place.clone();
    let dial = context.cluster.dial(&place, Protocol::Tcp, to);
    let connect_limit = settings.connect_timeout.unwrap_or(TIMEOUT);
    let connection = dial.result.map_err(|failure| match failure {
        DialFailure::Silence => Problem::slow("connecting to upstream", connect_limit, false),
        DialFailure::Refused => no_connection("111: Connection refused", dial.took),
        DialFailure::Unreachable => no_connection("113: No route to host", dial.took),
        DialFailure::NoNetwork => no_connection("101: Network is unreachable", dial.took),
    })?;
    let payload = if proxy.tls {
        let server_name = authority.split(':').next().unwrap_or("").to_owned();
        Payload::Tls { server_name, request: request.clone() }
    } else {
        Payload::Http(request.clone())
    };
    let read_limit = settings.read_timeout.unwrap_or(TIMEOUT);
    let left = left.map_or(read_limit, |left| left.saturating_sub(dial.took).min(read_limit));
    let answer = context.cluster.ask_within(&connection, payload, Some(left));
    let took = dial.took + answer.took;
    if answer.took > read_limit {
        return Err(Problem::slow(
            "reading response header from upstream",
            dial.took + read_limit,
            true,
        ));
    }
    match answer.reply {
        Reply::Http(_) | Reply::Bytes(_) if proxy.tls => Err(Problem::bad(
            "SSL_do_handshake() failed (SSL: error:0A00010B:SSL routines::wrong version number) \
             while SSL handshaking to upstream",
            took,
            true,
        )),
        Reply::Http(response) | Reply::Tls { response, .. } => Ok((response, took)),
        Reply::Bytes(_) => Err(Problem::bad(
            "upstream sent no valid HTTP/1.0 header while reading response header from upstream",
            took,
            true,
        )),
        Reply::Closed => Err(Problem::bad(
            "upstream prematurely closed connection while reading response header from upstream",
            took,
            true,
        )),
        Reply::Reset => Err(Problem::bad(
            "recv() failed (104: Connection reset by peer) while reading response header from upstream",
            took,
            true,
        )),
        Reply::Silence => Err(Problem::slow(
            "reading response header from upstream",
            dial.took + read_limit,
            true,
        )),
    }
}

/// The addresses to ask: known since the start, or looked up now where the name has variables.
fn targets(
    handler: &RequestHandler<'_>,
    proxy: &Proxy,
    settings: &Settings,
    authority: &str,
    context: &mut Context<'_>,
) -> Result<Vec<SocketAddr>, (u16, Duration)> {
    if !proxy.authority.has_variables() {
        return Ok(proxy.targets.clone());
    }
    if let Some(known) = handler.config.upstreams.get(authority) {
        return Ok(known.clone());
    }
    let usual = if proxy.tls { 443 } else { 80 };
    let Some((host, port)) = host_and_port(authority, usual) else {
        return Err((500, http::SERVICE_TIME));
    };
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    if !settings.resolver {
        handler.write_error(context, &format!("no resolver defined to resolve {host}"), None);
        return Err((502, http::SERVICE_TIME));
    }
    // nginx's own resolver knows no search domains.
    let place = context.place.clone();
    let found = context.cluster.lookup(&place, &format!("{host}."));
    match found.result {
        Ok(addresses) => Ok(addresses.into_iter().map(|a| SocketAddr::new(a, port)).collect()),
        Err(_) => {
            let text = format!("{host} could not be resolved (3: Host not found)");
            handler.write_error(context, &text, None);
            Err((502, found.took))
        }
    }
}

/// What the upstream is asked: the path with the location's part replaced, if `proxy_pass` has one
/// of its own (TOPICS D43), and headers of nginx's.
fn upstream_request(
    handler: &RequestHandler<'_>,
    proxy: &Proxy,
    settings: &Settings,
    location: Option<&str>,
    context: &Context<'_>,
) -> HttpRequest {
    let now = context.now();
    let (path, query) = http::split_target(&handler.request.target);
    let target = match (&proxy.uri, location) {
        (None, _) => handler.request.target.clone(),
        (Some(uri), _) if proxy.authority.has_variables() => {
            variables::fill(uri, handler, settings, now)
        }
        (Some(uri), location) => {
            let uri = variables::fill(uri, handler, settings, now);
            let rest = path.strip_prefix(location.unwrap_or("")).unwrap_or("");
            let separator = if query.is_empty() { "" } else { "?" };
            format!("{uri}{rest}{separator}{query}")
        }
    };
    let declared: Vec<(String, String)> = settings
        .proxy_headers
        .iter()
        .map(|(name, value)| (name.clone(), variables::fill(value, handler, settings, now)))
        .collect();
    let says = |name: &str| declared.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
    let mut headers = Vec::new();
    if !says("Host") {
        headers.push(("Host".to_owned(), handler.proxy_host.clone()));
    }
    headers.extend(declared.iter().filter(|(_, value)| !value.is_empty()).cloned());
    if !says("Connection") {
        headers.push(("Connection".to_owned(), "close".to_owned()));
    }
    let passed = handler
        .request
        .headers
        .iter()
        .filter(|(name, _)| !OWN.contains(&name.to_lowercase().as_str()) && !says(name));
    headers.extend(passed.cloned());
    HttpRequest {
        version: Default::default(),
        method: handler.request.method.clone(),
        target,
        headers,
        body: handler.request.body.clone(),
    }
}

/// The upstream's response, without what nginx says itself.
fn outcome(response: HttpResponse, took: Duration) -> Outcome {
    let own = ["server", "date", "connection", "keep-alive"];
    let headers = response
        .headers
        .into_iter()
        .filter(|(name, _)| !own.contains(&name.to_lowercase().as_str()))
        .collect();
    let reason = Some(response.reason);
    Outcome { status: response.status, reason, headers, body: response.body, took }
}
