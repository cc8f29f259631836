//! How a transfer comes to a server: connections that are kept, limits to lookups and dials, certificates.

use std::net::IpAddr;

use super::super::report::{self, Arrival, Version};
use super::super::route::Proxy;
use super::{Desk, Progress, Transfer, TransferState, Trouble};
use crate::cluster::{Certificate, Connection, DialFailure, Ending, HttpResponse, Issuer};
use crate::network::{Family, SocketAddr};
use crate::shell::Io;
use crate::shell::commands::net::families::Families;
use crate::shell::commands::net::fetch::{Failure, note};
use crate::shell::commands::net::kernel::devices;
use crate::shell::commands::net::raw_session::RawSession;
impl Transfer {
    /// Goes over a connection that is open already, if it leads there and still stands.
    pub(super) fn reuse(&mut self, desk: &mut Desk<'_>, io: &mut Io<'_>) {
        let key = self.key();
        let tunnel = self.route.proxy.as_ref().is_some_and(|proxy| proxy.tunnel);
        let found = desk.shared.kept.iter().position(|(known, ..)| *known == key && !tunnel);
        let Some(found) = found else { return };
        let (_, connection, number) = desk.shared.kept.remove(found);
        if !io.cluster.stands(&connection) {
            desk.words().note(io, &format!("Connection {number} seems to be dead"));
            desk.words().closing(io, number);
            return;
        }
        let host = self.shown_host(desk);
        desk.words().reused(io, &host, number);
        self.number = number;
        (self.resolved, self.connected) = (Some(io.now()), Some(io.now()));
        self.connection = Some(connection.clone());
        if !self.url.is_tls() {
            self.send(desk, io);
        }
        self.fetch = self.fetch.clone().over(connection);
    }

    pub(super) fn digest(&self, desk: &Desk<'_>) -> bool {
        desk.operation.digest
    }

    /// Tells what is sent.
    pub(super) fn send(&mut self, desk: &Desk<'_>, io: &mut Io<'_>) {
        let request = self.fetch.request();
        let words = desk.words();
        let proxied = self.route.proxy.as_ref().and_then(|proxy| proxy.user.clone());
        if let Some(user) = proxied {
            words.note(io, &format!("Proxy auth using Basic with user '{user}'"));
        }
        if let Some(user) = self.user.as_ref().filter(|_| request.method != "CONNECT") {
            let how = if self.digest(desk) { "Digest" } else { "Basic" };
            words.note(io, &format!("Server auth using {how} with user '{user}'"));
        }
        words.sent(io, request);
        let head: usize =
            request.headers.iter().map(|(key, value)| key.len() + value.len() + 4).sum();
        let bytes = request.method.len() + request.target.len() + 12 + head + 2;
        let body = request.body.len();
        self.request_bytes += bytes + body;
        // Who waits for the server's leave has its last word before the body would go.
        if self.waits() {
            return;
        }
        words.bytes(io, '}', &request.body, io.terminal);
        let long = self.job.upload.is_some() || !desk.operation.form.is_empty();
        if body > 0 && long {
            words.note(io, "We are completely uploaded and fine");
        }
    }

    /// Whether the body waits for the server's leave.
    pub(super) fn waits(&self) -> bool {
        let headers = &self.fetch.request().headers;
        headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("expect"))
    }

    /// Whether the URL's host is an address of the family that is not wanted.
    pub(super) fn other_family(&self, desk: &Desk<'_>) -> bool {
        let address = self.url.host.trim_matches(['[', ']']).parse::<IpAddr>();
        match (address, desk.operation.families) {
            (Ok(address), Families::Only(family)) => Family::of(address) != family,
            _ => false,
        }
    }

    /// `--interface`, `--local-port`: where the connection comes from (`connect.c`, `bindlocal`).
    pub(super) fn bind(
        &self,
        desk: &Desk<'_>,
        io: &mut Io<'_>,
        to: SocketAddr,
    ) -> Result<(), Trouble> {
        let operation = desk.operation;
        if let Some(name) = &operation.interface {
            let name = name.trim_start_matches("if!").trim_start_matches("host!");
            let devices = devices(io);
            let told = match (name.parse::<IpAddr>(), devices.iter().any(|one| one.name == name)) {
                (_, true) => String::new(),
                (Ok(own), _) if devices.iter().any(|one| one.has(own)) => {
                    let family = if own.is_ipv4() { 2 } else { 10 };
                    let named = format!(
                        "Name '{name}' family {family} resolved to '{own}' family {family}"
                    );
                    desk.words().note(io, &named);
                    String::new()
                }
                (Ok(_), _) => {
                    "bind failed with errno 99: Cannot assign requested address".to_owned()
                }
                (Err(_), _) => format!("Couldn't bind to '{name}'"),
            };
            if !told.is_empty() {
                desk.words().note(io, &told);
                return Err((45, told, false));
            }
            let loopback =
                name == "lo" || name.parse::<IpAddr>().is_ok_and(|own| own.is_loopback());
            if loopback && !to.ip().is_loopback() {
                let told = format!(
                    "podhop: not simulated here: curl --interface {name} to another machine"
                );
                return Err((45, told, false));
            }
        }
        let named = operation.interface.as_ref().is_some_and(|name| name.parse::<IpAddr>().is_ok());
        if named || operation.local_port.is_some() {
            let port = operation.local_port.unwrap_or(0);
            desk.words().note(io, &format!("Local port: {port}"));
        }
        Ok(())
    }

    pub(super) fn failed(
        &mut self,
        desk: &mut Desk<'_>,
        io: &mut Io<'_>,
        failure: &Failure,
    ) -> Trouble {
        let target = self.fetch.target();
        let target = (target.0.to_owned(), target.1);
        let proxy = self.route.proxy.is_some();
        let words = desk.words();
        let (mut code, mut told) = words.failure(io, (&target.0, target.1), proxy, failure);
        let (slowest, time) = desk.operation.slowest;
        let slow = matches!(failure, Failure::SlowAnswer { .. }) && slowest > 0;
        let total = desk.operation.total.is_some_and(|limit| self.begun + limit <= io.now());
        if slow && !total {
            code = 28;
            told = format!(
                "Operation too slow. Less than {slowest} bytes/sec transferred the last {time} seconds"
            );
        }
        words.note(io, &told);
        self.meter_midway(desk, io, failure);
        if self.connection.is_none() {
            self.number = desk.shared.next;
            desk.shared.next += 1;
        }
        desk.words().closing(io, self.number);
        let refused = matches!(failure, Failure::Dial { why: DialFailure::Refused, .. });
        (code, told, refused)
    }

    pub(super) fn stands(
        &mut self,
        desk: &mut Desk<'_>,
        io: &mut Io<'_>,
        connection: Connection,
    ) -> Result<Option<Progress>, Trouble> {
        self.connected = Some(io.now());
        self.connects += 1;
        self.number = desk.shared.next;
        desk.shared.next += 1;
        let host = self.shown_host(desk);
        desk.words().connected(io, &host, connection.remote, self.number);
        self.connection = Some(connection.clone());
        if let Some(told) = self.route.proxy.as_ref().and_then(Proxy::no_socks) {
            return Err((97, told.to_owned(), false));
        }
        match self.url.scheme.as_str() {
            "telnet" => {
                self.state =
                    TransferState::Talking(Box::new(RawSession::new(connection, None, None)))
            }
            _ if self.route.proxy.as_ref().is_some_and(|proxy| proxy.tunnel) => {
                let place = format!("{}:{}", self.url.host, self.url.port);
                if desk.version == Version::V7_88 {
                    desk.words().note(io, "allocate connect buffer");
                    desk.words().note(io, &format!("Establish HTTP proxy tunnel to {place}"));
                } else {
                    desk.words().note(io, "CONNECT tunnel: HTTP/1.1 negotiated");
                    desk.words().note(io, "allocate connect buffer");
                    desk.words().note(io, &format!("Establish HTTP proxy tunnel to {place}"));
                }
                self.send(desk, io);
            }
            "http" => self.send(desk, io),
            "https" if self.route.proxy.is_none() => {
                let operation = desk.operation;
                let holds_none = |file: &&String| {
                    let text = io.read_file(file).unwrap_or_default();
                    !String::from_utf8_lossy(&text).contains("-----BEGIN ")
                };
                if let Some(file) = operation.cacert.as_ref().filter(holds_none) {
                    return Err((77, desk.version.no_authorities(file), false));
                }
                desk.words().hello(io, operation.insecure, operation.cacert.as_deref());
            }
            "https" => {}
            scheme => return Err((1, format!("not simulated here: {scheme}://"), false)),
        }
        Ok(None)
    }

    /// What a server that is no proxy says to CONNECT.
    pub(super) fn no_tunnel(
        &mut self,
        desk: &Desk<'_>,
        io: &mut Io<'_>,
        response: HttpResponse,
    ) -> (i32, String) {
        desk.words().received(io, &response, Arrival::WHOLE);
        self.tunnel = response.status;
        if (200..300).contains(&response.status) {
            return (35, desk.version.wrong_version());
        }
        if desk.operation.include && !desk.operation.hide_connect {
            self.job.sink.print(io, report::head(&response).as_bytes());
        }
        (56, format!("CONNECT tunnel failed, response {}", response.status))
    }

    /// Whether the server's certificate is good enough.
    pub(super) fn verified(
        &mut self,
        desk: &mut Desk<'_>,
        io: &mut Io<'_>,
        shown: &Certificate,
    ) -> Result<(), (i32, String)> {
        let operation = desk.operation;
        let trusted = match &operation.cacert {
            None => shown.issuer == Issuer::Public,
            Some(file) => {
                let text =
                    io.read_file(file).map_err(|_| (77, desk.version.no_authorities(file)))?;
                shown.is_trusted_by(&String::from_utf8_lossy(&text))
            }
        };
        let problem = report::certificate_problem(shown, trusted, &self.url.host);
        if let Some(problem) = problem.filter(|_| !operation.insecure) {
            note(io, &self.url, Ending::Certificate(shown.clone()));
            return Err((60, format!("{problem}\n{}", report::NOT_VERIFIED)));
        }
        self.secured = Some(io.now());
        desk.words().handshake(io, shown, trusted);
        self.send(desk, io);
        Ok(())
    }
}

/// Why the certificate that `-E` names cannot be shown to a server, and the exit code: it is read
/// before anything is said over TLS (`cert_stuff` of `vtls/openssl.c`).
pub(super) fn own_certificate(desk: &Desk<'_>, io: &Io<'_>) -> Option<(i32, String)> {
    let named = desk.operation.cert.as_deref()?;
    let file = named.split(':').next().unwrap_or(named);
    let why = match io.read_file(file) {
        Err(_) => "error:80000002:system library::No such file or directory",
        Ok(text) if !String::from_utf8_lossy(&text).contains("-----BEGIN CERTIFICATE-----") => {
            "error:0480006C:PEM routines::no start line"
        }
        Ok(_) => return Some((2, "not simulated here: curl --cert".to_owned())),
    };
    Some((
        58,
        format!(
            "could not load PEM client certificate from {file}, OpenSSL error {why}, (no key found, wrong pass phrase, or wrong file format?)"
        ),
    ))
}
