//! A request on its way through nginx, and what is known of it by then.

use std::fmt::Display;
use std::net::IpAddr;
use std::time::Duration;

use super::config::{Config, Server};
use super::expression::Captured;
use super::limits::Buckets;
use super::upstream::Standings;
use super::{select, stamp};
use crate::clock::SimTime;
use crate::cluster::programs::http;
use crate::cluster::{Ask, Context, HttpRequest};

/// One try at an upstream, as the log tells it.
pub struct Try {
    /// The server's address, or the group's name where every server was left out.
    pub to: String,
    /// `None` where the client had closed its connection before anything was known.
    pub status: Option<u16>,
    /// The length of the response's body.
    pub length: usize,
    pub took: Duration,
}

/// The status that a request is logged with whose client closed the connection before there was an answer
/// (`NGX_HTTP_CLIENT_CLOSED_REQUEST`).
pub const CLIENT_CLOSED: u16 = 499;

/// How grave a line of the error log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Error,
    Warn,
}

/// One request on its way through nginx.
pub struct RequestHandler<'a> {
    pub config: &'a Config,
    pub server: &'a Server,
    pub ask: &'a Ask,
    pub request: HttpRequest,
    pub number: u64,
    pub hostname: &'a str,
    pub proxy_host: String,
    /// The upstreams that were asked.
    pub tries: Vec<Try>,
    pub status: u16,
    pub sent: usize,
    pub buckets: &'a mut Buckets,
    pub standings: &'a mut Standings,
    /// How long `limit_req` holds it back.
    pub held: Duration,
    /// How long nginx has been at it, as far as it has come.
    pub elapsed: Duration,
    /// Who asks: the connection's other end, or who that says it is (`set_real_ip_from`).
    pub client: IpAddr,
    pub captured: Captured,
    /// Whether an error has come up after which the connection ends.
    pub ends: bool,
}

/// What a location makes of a request.
pub struct Outcome {
    pub status: u16,
    /// The status line's words, where an upstream chose them.
    pub reason: Option<String>,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub took: Duration,
}

impl<'a> RequestHandler<'a> {
    /// A request that has just come in.
    pub fn new(
        config: &'a Config,
        ask: &'a Ask,
        request: HttpRequest,
        number: u64,
        hostname: &'a str,
        (buckets, standings): (&'a mut Buckets, &'a mut Standings),
    ) -> Option<RequestHandler<'a>> {
        let host = http::header(&request, "Host").unwrap_or("");
        let server = select::server(config, ask.local, host)?;
        let client = server.settings.real_ip.client(ask.peer.ip(), &request);
        let mut captured = Captured::default();
        select::captured(server, host, &mut captured);
        Some(RequestHandler {
            config,
            server,
            ask,
            request,
            number,
            hostname,
            proxy_host: String::new(),
            tries: Vec::new(),
            status: 0,
            sent: 0,
            buckets,
            standings,
            held: Duration::ZERO,
            elapsed: Duration::ZERO,
            client,
            captured,
            ends: false,
        })
    }

    /// The first of the server's names, as logs have it.
    pub fn server_name(&self) -> &str {
        self.server.names.first().map_or("", |name| &name.text)
    }

    /// An upstream was asked, and answered this, or nothing.
    pub fn tried(&mut self, to: impl Display, status: Option<u16>, length: usize, took: Duration) {
        self.elapsed += took;
        self.tries.push(Try { to: to.to_string(), status, length, took });
    }

    /// An error goes to the log with what it was about.
    pub fn write_error(&self, context: &mut Context<'_>, what: &str, upstream: Option<&str>) {
        self.write(context, Level::Error, what, upstream);
    }

    /// A line goes to the error log with what it was about.
    pub fn write(
        &self,
        context: &mut Context<'_>,
        level: Level,
        what: &str,
        upstream: Option<&str>,
    ) {
        let level = match level {
            Level::Error => "error",
            Level::Warn => "warn",
        };
        let host = http::header(&self.request, "Host").unwrap_or("");
        let upstream = upstream.map(|url| format!(", upstream: \"{url}\"")).unwrap_or_default();
        let now = self.reached(context);
        let stamp = stamp(now);
        let line = format!(
            "{stamp} [{level}] 29#29: *{} {what}, client: {}, server: {}, request: \"{} {} HTTP/1.1\"\
             {upstream}, host: \"{host}\"",
            self.number,
            self.client,
            self.server_name(),
            self.request.method,
            self.request.target,
        );
        context.say_at(now, line);
    }

    /// The moment that it has come to.
    pub fn reached(&self, context: &Context<'_>) -> SimTime {
        context.now() + self.elapsed
    }
}
