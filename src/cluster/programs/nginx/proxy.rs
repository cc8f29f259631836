//! `proxy_pass`: nginx as a client of another server.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::config::{Proxy, Settings};
use super::redirect::Redirect;
use super::request::{CLIENT_CLOSED, Level, Outcome, RequestHandler};
use super::template::Template;
use super::upstream::{Choice, Failure, Group, Standings};
use super::values::host_and_port;
use super::variables;
use crate::clock::SimTime;
use crate::cluster::programs::http;
use crate::cluster::{Context, DialFailure, HttpRequest, HttpResponse, Payload, Reply};
use crate::network::{Protocol, SocketAddr};

/// `proxy_connect_timeout` and `proxy_read_timeout`, unless the configuration says otherwise.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Headers that belong to one connection and are not passed on.
const OWN: [&str; 6] = ["host", "connection", "keep-alive", "te", "upgrade", "transfer-encoding"];

/// Asks the upstream, one server after the other (`proxy_next_upstream`).
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
    let group = group(handler, proxy, settings, &authority, context)?;
    let request = upstream_request(handler, proxy, settings, location, context);
    // Of a group that was made for this request alone nothing is known, before or after.
    let is_kept =
        !proxy.authority.has_variables() || handler.config.upstreams.contains_key(&authority);
    let mut standings = match is_kept {
        true => std::mem::take(handler.standings),
        false => Standings::default(),
    };
    let mut choice = Choice::new(&group, settings.tries.unwrap_or(0), &mut standings);
    let passing = Passing { proxy, settings, authority, request };
    let result = loop {
        let Some(chosen) = choice.next(handler.client, handler.reached(context)) else {
            break Err(passing.nobody(&group.name, handler, context));
        };
        if let Some(result) = passing.attempt(chosen, &mut choice, handler, context) {
            break result;
        }
    };
    if is_kept {
        *handler.standings = standings;
    }
    result
        .map(|response| {
            let mut outcome = outcome(response, handler.elapsed);
            outcome.headers.retain(|(name, _)| {
                !settings.hidden.iter().any(|hidden| hidden.eq_ignore_ascii_case(name))
            });
            redirect(&mut outcome, handler, (proxy, location), settings, context.now());
            outcome
        })
        .map_err(|status| (status, handler.elapsed.max(http::SERVICE_TIME)))
}

/// A request that is passed on.
struct Passing<'a> {
    proxy: &'a Proxy,
    settings: &'a Settings,
    authority: String,
    request: HttpRequest,
}

impl Passing<'_> {
    /// The URL that is asked of a server, as logs have it.
    fn url(&self, server: &str) -> String {
        let scheme = if self.proxy.tls { "https" } else { "http" };
        format!("{scheme}://{server}{}", self.request.target)
    }

    /// Every server of the group is left out: the status.
    fn nobody(
        &self,
        group: &str,
        handler: &mut RequestHandler<'_>,
        context: &mut Context<'_>,
    ) -> u16 {
        let what = "no live upstreams while connecting to upstream";
        handler.write_error(context, what, Some(&self.url(group)));
        handler.tried(group, Some(502), 0, Duration::ZERO);
        502
    }

    /// Asks one server: the response or the status in its place; `None` where the next one is to be asked.
    fn attempt(
        &self,
        (index, to): (usize, SocketAddr),
        choice: &mut Choice<'_>,
        handler: &mut RequestHandler<'_>,
        context: &mut Context<'_>,
    ) -> Option<Result<HttpResponse, u16>> {
        let next = self.settings.next_upstream.clone().unwrap_or_default();
        let left = handler.ask.patience.map(|patience| patience.saturating_sub(handler.elapsed));
        let answer = ask(self, to, left, context);
        let took = answer.as_ref().map_or_else(|problem| problem.took, |(_, time)| *time);
        if let Some(left) = left.filter(|left| took > *left) {
            // Nobody waits any more, so nginx closes its own connection (`proxy_ignore_client_abort`).
            handler.tried(to, None, 0, left);
            return Some(Err(CLIENT_CLOSED));
        }
        let (problem, response) = match answer {
            Ok((response, _)) => {
                handler.tried(to, Some(response.status), response.body.len(), took);
                if !(choice.has_tries() && next.takes(Failure::Status(response.status))) {
                    choice.worked(index);
                    return Some(Ok(response));
                }
                (Problem::unwanted(response.status, took), Some(response))
            }
            Err(problem) => {
                handler.tried(to, Some(problem.status), 0, took);
                (problem, None)
            }
        };
        self.tell(&problem, to, choice.failed(index, handler.reached(context)), handler, context);
        let changes = ["POST", "LOCK", "PATCH"].contains(&&*self.request.method);
        // What may have changed something is not asked for twice.
        let is_final = problem.sent && changes && !next.repeats;
        match choice.has_tries() && !is_final && next.takes(problem.kind) {
            true => None,
            false => Some(response.ok_or(problem.status)),
        }
    }

    /// What the log says of a server that failed, and that may be left out from now on.
    fn tell(
        &self,
        problem: &Problem,
        to: SocketAddr,
        left_out: bool,
        handler: &RequestHandler<'_>,
        context: &mut Context<'_>,
    ) {
        let url = self.url(&to.to_string());
        let mut lines = Vec::new();
        if !problem.text.is_empty() {
            lines.push((Level::Error, format!("{} while {}", problem.text, problem.during)));
        }
        if left_out {
            let what = format!("upstream server temporarily disabled while {}", problem.during);
            lines.push((Level::Warn, what));
        }
        if problem.kind == Failure::Timeout {
            lines.reverse();
        }
        for (level, what) in lines {
            handler.write(context, level, &what, Some(&url));
        }
    }
}

struct Problem {
    kind: Failure,
    status: u16,
    /// What the log says; nothing of a response that came whole.
    text: String,
    /// What nginx was about.
    during: &'static str,
    took: Duration,
    /// Whether the request had been sent by then.
    sent: bool,
}

/// nginx waits for the response.
const READING: &str = "reading response header from upstream";

/// nginx waits for the connection.
const CONNECTING: &str = "connecting to upstream";

impl Problem {
    /// 502 Bad Gateway, before or after the request was sent.
    fn bad(text: &str, during: &'static str, took: Duration) -> Problem {
        let (text, sent) = (text.to_owned(), during != CONNECTING);
        Problem { kind: Failure::Error, status: 502, text, during, took, sent }
    }

    /// 504 Gateway Timeout
    fn slow(during: &'static str, took: Duration) -> Problem {
        let text = "upstream timed out (110: Connection timed out)".to_owned();
        let sent = during != CONNECTING;
        Problem { kind: Failure::Timeout, status: 504, text, during, took, sent }
    }

    /// A response after which the next server is asked.
    fn unwanted(status: u16, took: Duration) -> Problem {
        let (kind, text, during) = (Failure::Status(status), String::new(), READING);
        Problem { kind, status, text, during, took, sent: true }
    }
}

fn no_connection(why: &str, took: Duration) -> Problem {
    Problem::bad(&format!("connect() failed ({why})"), CONNECTING, took)
}

fn ask(
    passing: &Passing<'_>,
    to: SocketAddr,
    left: Option<Duration>,
    context: &mut Context<'_>,
) -> Result<(HttpResponse, Duration), Problem> {
    let Passing { proxy, settings, authority, request } = passing;
    let place = context.place.clone();
    let dial = context.cluster.dial(&place, Protocol::Tcp, to);
    let connect_limit = settings.connect_timeout.unwrap_or(TIMEOUT);
    let connection = dial.result.map_err(|failure| match failure {
        DialFailure::Silence => Problem::slow(CONNECTING, connect_limit),
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
        return Err(Problem::slow(READING, dial.took + read_limit));
    }
    match answer.reply {
        Reply::Http(_) | Reply::Bytes(_) if proxy.tls => Err(Problem::bad(
            "SSL_do_handshake() failed (SSL: error:0A00010B:SSL routines::wrong version number)",
            "SSL handshaking to upstream",
            took,
        )),
        Reply::Http(response) | Reply::Tls { response, .. } => Ok((response, took)),
        Reply::Bytes(_) => {
            let text = "upstream sent no valid HTTP/1.0 header";
            Err(Problem { kind: Failure::InvalidHeader, ..Problem::bad(text, READING, took) })
        }
        Reply::Closed => Err(Problem::bad("upstream prematurely closed connection", READING, took)),
        Reply::Reset => {
            Err(Problem::bad("recv() failed (104: Connection reset by peer)", READING, took))
        }
        Reply::Silence => Err(Problem::slow(READING, dial.took + read_limit)),
    }
}

/// The servers to ask: known since the start, or looked up now where the name has variables.
fn group(
    handler: &mut RequestHandler<'_>,
    proxy: &Proxy,
    settings: &Settings,
    authority: &str,
    context: &mut Context<'_>,
) -> Result<Arc<Group>, (u16, Duration)> {
    if !proxy.authority.has_variables() {
        return Ok(Arc::clone(&proxy.group));
    }
    if let Some(known) = handler.config.upstreams.get(authority) {
        return Ok(Arc::clone(known));
    }
    let usual = if proxy.tls { 443 } else { 80 };
    let Some((host, port)) = host_and_port(authority, usual) else {
        return Err((500, http::SERVICE_TIME));
    };
    let of = |addresses: Vec<IpAddr>| {
        let addresses = addresses.into_iter().map(|address| SocketAddr::new(address, port));
        Arc::new(Group::of(authority, addresses.collect()))
    };
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(of(vec![address]));
    }
    if !settings.resolver {
        handler.write_error(context, &format!("no resolver defined to resolve {host}"), None);
        return Err((502, http::SERVICE_TIME));
    }
    // nginx's own resolver knows no search domains.
    let place = context.place.clone();
    let found = context.cluster.lookup(&place, &format!("{host}."));
    match found.result {
        Ok(addresses) => {
            handler.elapsed = found.took;
            Ok(of(addresses))
        }
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
        // A URL with variables is taken as it is.
        (Some(uri), _) if !proxy.replaces_part() => variables::fill(uri, handler, settings, now),
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

/// Where the upstream sends the client, in the client's own terms.
fn redirect(
    outcome: &mut Outcome,
    handler: &RequestHandler<'_>,
    (proxy, location): (&Proxy, Option<&str>),
    settings: &Settings,
    now: SimTime,
) {
    let default = [Redirect::Default];
    let rules = settings.redirects.as_deref().unwrap_or(&default);
    let fill = |template: &Template| variables::fill(template, handler, settings, now);
    let scheme = if proxy.tls { "https" } else { "http" };
    let there = |uri: &str| format!("{scheme}://{}{uri}", fill(&proxy.authority));
    // Where the URL has variables, nobody knows what was put in place of what.
    let usual = match &proxy.uri {
        _ if proxy.authority.has_variables() => None,
        None => Some((there("/"), "/".to_owned())),
        Some(_) if !proxy.replaces_part() => None,
        Some(uri) => location.map(|location| (there(&fill(uri)), location.to_owned())),
    };
    for (_, target) in
        outcome.headers.iter_mut().filter(|(name, _)| name.eq_ignore_ascii_case("location"))
    {
        let found = rules.iter().find_map(|rule| rule.apply(target, usual.as_ref(), fill));
        if let Some(found) = found {
            *target = handler.absolute(&found);
        }
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
