//! A question's way to a name server, the questions that this one asks in turn, and the answer.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::health::{Failed, upstream_answer};
use super::log::{error_line, log_line};
use super::server::{NameServers, Step};
use crate::clock::SimTime;
use crate::network::{
    DnsAnswer, DnsExchange, DnsType, Listener, NetnsId, Network, Protocol, Question, Sender, Trace,
    outside_answer,
};

/// How many name servers may ask each other in a row: `loop` would have found more to be one.
const CHAIN: u32 = 8;

/// What a question needs: the way, and whoever is at its end.
pub(in crate::cluster) struct Exchange<'a> {
    pub network: &'a mut Network,
    pub servers: &'a mut NameServers,
}

impl Exchange<'_> {
    /// Sends a question to whoever has port 53 at `server`. The answer is in the trace; there is
    /// none where the packet did not arrive, or arrived at somebody who is no name server.
    pub fn ask(
        &mut self,
        now: SimTime,
        from: &Sender,
        protocol: Protocol,
        server: IpAddr,
        question: Question<'_>,
    ) -> Arc<Trace> {
        let (mut trace, listener) = self.network.send_question(now, from, protocol, server);
        trace.dns = Some(self.answer(&trace, listener.as_ref(), question));
        self.network.keep(trace)
    }

    /// Sends a question for A and one for AAAA records over one socket, as C libraries do: both are
    /// one connection, and go to the same name server.
    pub fn ask_for_addresses(
        &mut self,
        now: SimTime,
        from: &Sender,
        server: IpAddr,
        name: &str,
    ) -> [Arc<Trace>; 2] {
        let (mut first, listener) = self.network.send_question(now, from, Protocol::Udp, server);
        let mut second = self.network.send_again(&first);
        for (trace, kind) in [(&mut first, DnsType::A), (&mut second, DnsType::Aaaa)] {
            trace.dns = Some(self.answer(trace, listener.as_ref(), Question { name, kind }));
        }
        [self.network.keep(first), self.network.keep(second)]
    }

    /// A question that arrived at a socket, and the answer if a name server has it.
    fn answer(
        &mut self,
        packet: &Trace,
        listener: Option<&(NetnsId, Listener)>,
        question: Question<'_>,
    ) -> DnsExchange {
        let mut took = Duration::ZERO;
        let answer = listener.and_then(|(netns, listener)| match &*listener.name {
            "coredns" => {
                let (answer, waited) = self.coredns(packet.at, *netns, listener, question);
                took = waited;
                let block = self.servers.block(*netns, question.name);
                if block.is_some_and(|block| block.log) {
                    let line = log_line(packet, question, &answer);
                    self.servers.log.push((listener.process, line));
                }
                Some(answer)
            }
            "resolver" => Some(outside_answer(question.name, question.kind)),
            _ => None,
        });
        DnsExchange { name: question.name.into(), kind: question.kind, answer, took }
    }

    /// What a CoreDNS pod answers, from its zone, its cache, or by asking the resolver outside, and
    /// how long it waits for somebody who does not answer.
    fn coredns(
        &mut self,
        now: SimTime,
        server: NetnsId,
        listener: &Listener,
        question: Question<'_>,
    ) -> (DnsAnswer, Duration) {
        let forwarding = match self.servers.ask(now, server, question.name, question.kind) {
            Step::Answer(answer) => return (answer, Duration::ZERO),
            Step::Forward(forwarding) => *forwarding,
        };
        let process = Some(listener.process);
        let from = Sender { netns: server, container: listener.container.clone(), process };
        let name = forwarding.name.clone();
        let forward = Question { name: &name, ..question };
        let mut answer = Err(Failed::InSilence);
        if self.servers.asking < CHAIN {
            self.servers.asking += 1;
            let trace = self.ask(now, &from, Protocol::Udp, forwarding.to, forward);
            self.servers.asking -= 1;
            answer = upstream_answer(&trace);
            let block = self.servers.block(server, question.name);
            if answer.is_err() && block.is_some_and(|block| block.errors) {
                self.servers.log.push((listener.process, error_line(&trace, question)));
            }
        }
        self.servers.forwarded(now, server, question.kind, forwarding, answer)
    }
}
