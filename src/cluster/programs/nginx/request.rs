//! A request on its way through nginx, and what is known of it by then.

use std::time::Duration;

use super::config::{Config, Server};
use super::limits::Buckets;
use super::{select, stamp};
use crate::clock::SimTime;
use crate::cluster::programs::http;
use crate::cluster::{Ask, Context, HttpRequest};
use crate::network::SocketAddr;

/// One try at an upstream, as the log tells it.
pub struct Try {
    pub to: SocketAddr,
    /// `None` where the client had closed its connection before anything was known.
    pub status: Option<u16>,
    /// The length of the response's body.
    pub length: usize,
    pub took: Duration,
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
    /// How long `limit_req` holds it back.
    pub held: Duration,
    /// How long nginx has been at it, as far as it has come.
    pub elapsed: Duration,
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
        buckets: &'a mut Buckets,
    ) -> Option<RequestHandler<'a>> {
        let host = http::header(&request, "Host").unwrap_or("");
        let server = select::server(config, ask.local, host)?;
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
            held: Duration::ZERO,
            elapsed: Duration::ZERO,
            ends: false,
        })
    }

    /// The first of the server's names, as logs have it.
    pub fn server_name(&self) -> &str {
        self.server.names.first().map(String::as_str).unwrap_or("")
    }

    /// An error goes to the log with what it was about.
    pub fn write_error(&self, context: &mut Context<'_>, what: &str, upstream: Option<&str>) {
        let host = http::header(&self.request, "Host").unwrap_or("");
        let upstream = upstream.map(|url| format!(", upstream: \"{url}\"")).unwrap_or_default();
        let now = self.reached(context);
        let stamp = stamp(now);
        let line = format!(
            "{stamp} [error] 29#29: *{} {what}, client: {}, server: {}, request: \"{} {} HTTP/1.1\"\
             {upstream}, host: \"{host}\"",
            self.number,
            self.ask.peer.ip(),
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
