//! traceroute: the machines on the way, from the hops of a packet that is sent there.

use std::net::IpAddr;
use std::time::Duration;

use crate::clock::SimTime;
use crate::cluster::Flavour;
use crate::network::{Family, HopVerdict, Outcome, Party, Protocol, SocketAddr, Stage, Trace};
use crate::shell::commands::net::families::{Families, look_up};
use crate::shell::{Io, Step, Tool};

/// How many hops it tries.
const HOPS: usize = 30;

/// How long it waits for a hop that does not answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// A running traceroute.
#[derive(Clone, Debug)]
struct Traceroute {
    arguments: Vec<String>,
    flavour: Flavour,
    /// Lines that are still to come: when, and what.
    lines: Option<Vec<(SimTime, String)>>,
    code: i32,
}

/// traceroute with these arguments.
pub(in crate::shell::commands) fn traceroute(
    arguments: &[String],
    flavour: Flavour,
) -> Box<dyn Tool> {
    Box::new(Traceroute { arguments: arguments.to_vec(), flavour, lines: None, code: 0 })
}

impl Tool for Traceroute {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        if self.lines.is_none() {
            self.lines = Some(self.explore(io));
        }
        let Some(lines) = &mut self.lines else { return Step::Exit(1) };
        while let Some((at, line)) = lines.first() {
            if *at > io.now() {
                return Step::Until(*at);
            }
            match self.code {
                0 => io.say(line),
                _ => io.write_error(line),
            }
            lines.remove(0);
        }
        Step::Exit(self.code)
    }

    fn clone_box(&self) -> Box<dyn Tool> {
        Box::new(self.clone())
    }
}

impl Traceroute {
    fn explore(&mut self, io: &mut Io<'_>) -> Vec<(SimTime, String)> {
        let mut words = self.arguments.iter();
        let (mut host, mut most, mut patience) = (None, HOPS, PATIENCE);
        let mut numeric = false;
        let mut families = Families::usual(self.flavour);
        while let Some(word) = words.next() {
            match word.as_str() {
                "-m" => {
                    most = words
                        .next()
                        .and_then(|text| text.parse().ok())
                        .unwrap_or(HOPS)
                        .clamp(1, 255)
                }
                "-w" => {
                    let seconds = words.next().and_then(|text| text.parse().ok()).unwrap_or(5);
                    patience = Duration::from_secs(seconds);
                }
                "-q" | "-f" | "-p" | "-i" | "-s" => drop(words.next()),
                "-4" => families = Families::Only(Family::V4),
                "-6" => families = Families::Only(Family::V6),
                option if option.starts_with('-') => numeric |= option.contains('n'),
                name => host = host.or(Some(name.to_owned())),
            }
        }
        let now = io.now();
        let Some(host) = host else {
            self.code = 1;
            return vec![(
                now,
                "Usage: traceroute [-n] [-m max_ttl] [-w waittime] host".to_owned(),
            )];
        };
        let lookup = look_up(io, &host, families);
        let begun = now + lookup.took;
        let Some(address) = lookup.result.ok().and_then(|found| found.first().copied()) else {
            self.code = if self.flavour == Flavour::BusyBox { 1 } else { 2 };
            let told = match self.flavour {
                Flavour::BusyBox => format!("traceroute: bad address '{host}'"),
                Flavour::Gnu => format!(
                    "{host}: Name or service not known\nCannot handle \"host\" cmdline arg `{host}' on position 1 (argc 1)"
                ),
            };
            return vec![(begun, told)];
        };
        let size = if self.flavour == Flavour::BusyBox { 46 } else { 60 };
        let mut lines = vec![(
            begun,
            format!("traceroute to {host} ({address}), {most} hops max, {size} byte packets"),
        )];
        let dial = io.cluster.dial(io.place, Protocol::Icmp, SocketAddr::new(address, 0));
        let trace = io.cluster.trace(dial.trace).cloned();
        let mut hops = trace.as_ref().map_or_else(Vec::new, |trace| on_the_way(io, trace));
        let arrives = trace.is_some_and(|trace| matches!(trace.outcome, Outcome::Delivered { .. }));
        if arrives {
            hops.push(address);
        }
        let mut at = begun;
        for number in 0..most {
            let line = match hops.get(number) {
                Some(hop) => {
                    at += Duration::from_micros(150);
                    let base = 20 + 25 * number as u32;
                    let times = [base + 31, base + 9, base + 6];
                    let times = times.map(|micros| format!("  0.{micros:03} ms")).join("");
                    match numeric {
                        true => format!("{:>2}  {hop}{times}", number + 1),
                        false => format!("{:>2}  {hop} ({hop}){times}", number + 1),
                    }
                }
                None if arrives => break,
                None => {
                    at += patience;
                    format!("{:>2}  * * *", number + 1)
                }
            };
            lines.push((at, line));
        }
        lines
    }
}

/// The machines that forward a packet, by the address that they answer from.
fn on_the_way(io: &Io<'_>, trace: &Trace) -> Vec<IpAddr> {
    let network = io.cluster.network();
    let family = Family::of(trace.flow.destination.ip());
    let mut found: Vec<IpAddr> = Vec::new();
    for hop in &trace.hops {
        if hop.stage != Stage::Route || hop.verdict != HopVerdict::Pass || hop.place == trace.from {
            continue;
        }
        let address = match &hop.place {
            // A node answers a pod from its address in the pods' subnet.
            Party::Node(name) if found.is_empty() && matches!(trace.from, Party::Pod { .. }) => {
                network.node(name).and_then(|node| node.gateway(family))
            }
            Party::Node(name) => network
                .node(name)
                .and_then(|node| node.addresses().find(|own| Family::of(*own) == family)),
            Party::Laptop => {
                network.netns(network.laptop()).and_then(|netns| netns.address_of(family))
            }
            Party::Pod { .. } | Party::Outside(_) => None,
        };
        let arrived = matches!(&trace.outcome, Outcome::Delivered { to, .. } if *to == hop.place);
        found.extend(address.filter(|address| !arrived && !found.contains(address)));
    }
    found
}
