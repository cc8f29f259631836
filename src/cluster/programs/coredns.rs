//! CoreDNS: the sockets that the cluster's names are asked at, and its health pages. What it answers
//! to a question is the network's ([`Network::answer`](crate::network::Network::answer)).

use super::daemon::{Daemon, Service, Socket};
use super::http::{self, Incoming};
use crate::cluster::{Answer, Ask, Context, Process, Reply};

/// CoreDNS with kubeadm's Corefile.
#[derive(Clone)]
struct CoreDns;

/// The program.
pub(super) fn start() -> Box<dyn Process> {
    Daemon::boxed(CoreDns)
}

impl Service for CoreDns {
    fn name(&self) -> &'static str {
        "coredns"
    }

    fn sockets(&self) -> Vec<Socket> {
        vec![
            Socket::udp(53),
            Socket::tcp(53),
            Socket::tcp(8080),
            Socket::tcp(8181),
            Socket::tcp(9153),
        ]
    }

    fn announce(&mut self, context: &mut Context<'_>) {
        context.say(".:53");
        context.say("[INFO] plugin/reload: Running configuration SHA512 = 1b226df79860026c6a52e67daa10d7f0d57ec5b023288ec00c5e05f93523c894564e15b91770d3a07ae1cfbe861d15b37d4a0027e69c546ab112970993a3b03b");
        context.say("CoreDNS-1.13.1");
        context.say("linux/amd64, go1.25.2, 1db4568");
    }

    fn taken(&mut self, socket: Socket, context: &mut Context<'_>) -> i32 {
        let kind = if socket.protocol == crate::network::Protocol::Udp { "udp" } else { "tcp" };
        context
            .say(format!("Listen: listen {kind} :{}: bind: address already in use", socket.port));
        1
    }

    fn answer(&mut self, ask: &Ask, _: &mut Context<'_>) -> Answer {
        let request = match http::incoming(ask) {
            Incoming::Request(request) => request,
            Incoming::Nothing => return http::other(Reply::Silence),
            Incoming::Handshake | Incoming::Garbage => return http::bad_request(),
        };
        let body: &str = match (ask.local.port(), http::split_target(&request.target).0) {
            (8080, "/health") | (8181, "/ready") => "OK",
            (9153, "/metrics") => {
                "# HELP coredns_build_info A metric with a constant '1' value.\n\
                                   # TYPE coredns_build_info gauge\ncoredns_build_info 1\n"
            }
            (53, _) => return http::other(Reply::Closed),
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
