//! CoreDNS: the cluster's name servers.
//!
//! This file is the process: its sockets, its Corefile (`corefile`, read into `settings`) and its
//! health pages. `exchange` carries a question to it, `server` decides what the answer is, `zone` is
//! what the kubernetes plugin knows of Services (`service`), `health` how long `forward` tries, and
//! `log` what is written down of a question.

mod corefile;
mod exchange;
mod health;
mod log;
#[cfg(test)]
mod recorded;
mod server;
mod service;
mod settings;
mod zone;

pub(in crate::cluster) use exchange::Exchange;
pub(in crate::cluster) use server::NameServers;
pub(in crate::cluster) use service::{DnsEndpoint, DnsService, DnsTarget};

use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha512};

use corefile::Page;
use settings::NameServerSettings;

use super::daemon::{Daemon, Service, Socket};
use super::http::{self, Incoming};
use crate::clock::SimTime;
use crate::cluster::system::COREFILE;
use crate::cluster::{Answer, Ask, Context, Process, Reply};
use crate::network::{BindError, Protocol};

/// How often `reload` looks whether the Corefile has changed, and by how much that may differ.
const LOOK: Duration = Duration::from_secs(30);
const JITTER: u64 = 15_000;

/// CoreDNS with a Corefile.
#[derive(Clone)]
struct CoreDns {
    /// Where its Corefile is.
    path: String,
    text: String,
    /// What the text opens.
    opens: Arc<Opens>,
    /// When it looks for another one; never without `reload`.
    looks: Option<SimTime>,
}

/// The program: `coredns -conf FILE`.
pub(super) fn start(arguments: &[String]) -> Box<dyn Process> {
    let mut words = arguments.iter().skip_while(|word| *word != "-conf");
    let path = words.nth(1).cloned().unwrap_or_else(|| "Corefile".to_owned());
    let opens = Arc::new(Opens::of(COREFILE));
    Daemon::boxed(CoreDns { path, text: COREFILE.to_owned(), opens, looks: None })
}

/// The ports and pages that a Corefile asks for.
struct Opens {
    /// The ports at which names are asked for: those of its server blocks, and 53 without a Corefile.
    ports: Vec<u16>,
    pages: Vec<(Page, Socket)>,
}

impl Opens {
    fn of(text: &str) -> Opens {
        let pages = corefile::pages(text);
        let page = |port: &u16| pages.iter().any(|(_, socket)| socket.port == *port);
        let mut ports = corefile::ports(text);
        ports.retain(|port| !page(port));
        if text.trim().is_empty() {
            ports.push(53);
        }
        Opens { ports, pages }
    }
}

impl CoreDns {
    /// The Corefile as it is now.
    fn read(&self, context: &Context<'_>) -> Option<String> {
        let bytes = context.cluster.read_file(&context.place, &self.path)?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// What a Corefile says.
    fn settings(&self, text: &str, context: &Context<'_>) -> Result<NameServerSettings, String> {
        let conf = context.cluster.resolv_conf(&context.place);
        corefile::parse(&self.path, text, &conf.nameservers)
    }

    /// Goes by this Corefile from now on.
    fn use_it(&mut self, text: String, settings: NameServerSettings, context: &mut Context<'_>) {
        let reloads = text.lines().any(|line| line.split_whitespace().next() == Some("reload"));
        self.opens = Arc::new(Opens::of(&text));
        self.text = text;
        self.looks = reloads.then(|| context.now() + self.pause(context));
        if let Some(sender) = context.cluster.netns_of(&context.place) {
            context.cluster.name_servers.configure(sender.netns, Arc::new(settings));
        }
    }

    /// Closes every socket, and opens those that its plugins ask for now.
    fn open_anew(&self, context: &mut Context<'_>) {
        let Some(sender) = context.cluster.netns_of(&context.place) else { return };
        context.cluster.network.close(sender.netns, context.process);
        for Socket { protocol, address, port } in self.sockets() {
            if let Err(why) = context.bind(protocol, address, port, self.name()) {
                let told = why.words().to_lowercase();
                context.say(format!("[ERROR] Restart failed: listen :{port}: bind: {told}"));
            }
        }
    }

    fn pause(&self, context: &Context<'_>) -> Duration {
        let spread = context.process.0.wrapping_mul(7_919) % JITTER;
        LOOK + Duration::from_millis(spread)
    }

    fn running(&self) -> String {
        let digest = Sha512::digest(self.text.as_bytes());
        let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("[INFO] plugin/reload: Running configuration SHA512 = {digits}")
    }
}

impl Service for CoreDns {
    fn name(&self) -> &'static str {
        "coredns"
    }

    fn prepare(&mut self, context: &mut Context<'_>) -> Result<(), i32> {
        let Some(text) = self.read(context) else { return Ok(()) };
        match self.settings(&text, context) {
            Ok(settings) => {
                self.use_it(text, settings, context);
                Ok(())
            }
            Err(why) => {
                context.say(why);
                Err(1)
            }
        }
    }

    fn sockets(&self) -> Vec<Socket> {
        let pages = self.opens.pages.iter().map(|(_, socket)| *socket);
        let ports = self.opens.ports.iter();
        ports.flat_map(|port| [Socket::udp(*port), Socket::tcp(*port)]).chain(pages).collect()
    }

    fn announce(&mut self, context: &mut Context<'_>) {
        for port in &self.opens.ports {
            context.say(format!(".:{port}"));
        }
        if self.looks.is_some() {
            context.say(self.running());
        }
        context.say("CoreDNS-1.13.1");
        context.say("linux/amd64, go1.25.2, 1db4568");
    }

    fn failed_to_bind(
        &mut self,
        socket: Socket,
        why: &BindError,
        context: &mut Context<'_>,
    ) -> i32 {
        let kind = if socket.protocol == Protocol::Udp { "udp" } else { "tcp" };
        let told = why.words().to_lowercase();
        context.say(format!("Listen: listen {kind} :{}: bind: {told}", socket.port));
        1
    }

    /// `reload`: a Corefile that changed is read; one that is wrong changes nothing.
    fn tick(&mut self, context: &mut Context<'_>) -> Option<SimTime> {
        let at = self.looks?;
        if at > context.now() {
            return Some(at);
        }
        self.looks = Some(context.now() + self.pause(context));
        if let Some(text) = self.read(context).filter(|text| *text != self.text) {
            context.say("[INFO] Reloading");
            match self.settings(&text, context) {
                Ok(settings) => {
                    self.use_it(text, settings, context);
                    self.open_anew(context);
                    context.say(self.running());
                    context.say("[INFO] Reloading complete");
                }
                Err(why) => {
                    context.say(format!("[ERROR] Restart failed: {why}"));
                    context.say(format!(
                        "[ERROR] plugin/reload: Corefile changed but reload failed: {why}"
                    ));
                }
            }
        }
        self.looks
    }

    fn answer(&mut self, ask: &Ask, _: &mut Context<'_>) -> Answer {
        // A datagram that is no question is dropped; behind a TCP connection's first two bytes, the
        // length, it waits for the rest.
        if self.opens.ports.contains(&ask.local.port()) {
            return http::other(Reply::Silence);
        }
        let request = match http::incoming(ask) {
            Incoming::Request(request) => request,
            Incoming::Nothing => return http::other(Reply::Silence),
            Incoming::Handshake | Incoming::Garbage => return http::bad_request(),
        };
        let port = ask.local.port();
        let mut pages = self.opens.pages.iter();
        let page = pages.find(|(_, socket)| socket.port == port).map(|(page, _)| *page);
        let body: &str = match (page, http::split_target(&request.target).0) {
            (Some(Page::Health), "/health") | (Some(Page::Ready), "/ready") => "OK",
            (Some(Page::Metrics), "/metrics") => {
                "# HELP coredns_build_info A metric with a constant '1' value.\n\
                                   # TYPE coredns_build_info gauge\ncoredns_build_info 1\n"
            }
            (None, _) => return http::other(Reply::Closed),
            _ => {
                let plain = [("Content-Type", "text/plain; charset=utf-8")];
                return http::reply(
                    ask,
                    http::response(&request, 404, &plain, "404 page not found\n"),
                );
            }
        };
        let plain = [("Content-Type", "text/plain; charset=utf-8")];
        http::reply(ask, http::response(&request, 200, &plain, body))
    }

    fn stop(&mut self, context: &mut Context<'_>) -> i32 {
        context.say("[INFO] SIGTERM: Shutting down servers then terminating");
        context.say("[INFO] plugin/health: Going into lameduck mode for 5s");
        0
    }
}
