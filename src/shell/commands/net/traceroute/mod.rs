//! traceroute: the machines on the way, from the hops of a packet that is sent there.

mod arguments;

use std::net::IpAddr;
use std::time::Duration;

use super::families::look_up;
use super::reverse;
use crate::clock::SimTime;
use crate::cluster::Flavour;
use crate::network::{Family, Outcome, Party, SocketAddr, Stage, Trace};
use crate::shell::commands;
use crate::shell::{Io, Step, Tool};
use arguments::{Args, Refusal};

/// How many probes the real traceroute has under way at a time.
const AT_ONCE: u32 = 16;

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
pub(in crate::shell::commands) fn start(arguments: &[String], flavour: Flavour) -> Box<dyn Tool> {
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
}

impl Traceroute {
    fn explore(&mut self, io: &mut Io<'_>) -> Vec<(SimTime, String)> {
        let args = match self.flavour {
            Flavour::Gnu => Args::real(&self.arguments),
            Flavour::BusyBox => {
                Args::busybox(&self.arguments, commands::words(io.cluster, io.place))
            }
        };
        let found = args.and_then(|args| self.address(io, &args).map(|found| (args, found)));
        match found {
            Ok((args, (address, from))) => self.probe(io, &args, address, from),
            Err((told, code)) => {
                self.code = code;
                vec![(io.now(), told)]
            }
        }
    }

    /// The address of its host, and when it is known.
    fn address(&self, io: &mut Io<'_>, args: &Args) -> Result<(IpAddr, SimTime), Refusal> {
        let host = &args.host;
        let lookup = look_up(io, host, args.families);
        let why = match lookup.result {
            Ok(found) => match found.first() {
                Some(address) => return Ok((*address, io.now() + lookup.took)),
                None => crate::cluster::LookupFailure::NoAddress,
            },
            Err(why) => why,
        };
        Err(match self.flavour {
            Flavour::BusyBox => (format!("traceroute: bad address '{host}'"), 1),
            Flavour::Gnu => {
                let why = commands::trouble::name_trouble(io, why);
                let at = self.arguments.iter().position(|word| word == host).unwrap_or(0) + 1;
                let which = format!("\"host\" cmdline arg `{host}' on position 1 (argc {at})");
                (format!("{host}: {why}\nCannot handle {which}"), 2)
            }
        })
    }

    /// Its lines: the head, then one a hop.
    fn probe(
        &self,
        io: &mut Io<'_>,
        args: &Args,
        address: IpAddr,
        begun: SimTime,
    ) -> Vec<(SimTime, String)> {
        let size = match (args.bytes, self.flavour) {
            (Some(bytes), Flavour::Gnu) => bytes.max(28),
            (Some(bytes), Flavour::BusyBox) => bytes,
            (None, Flavour::BusyBox) => 46,
            (None, Flavour::Gnu) if address.is_ipv6() => 80,
            (None, Flavour::Gnu) => 60,
        };
        let Args { host, most, .. } = args;
        let head =
            format!("traceroute to {host} ({address}), {most} hops max, {size} byte packets");
        let mut lines = vec![(begun, head)];
        let (mut at, mut silent) = (begun, 0);
        for number in args.first..=args.most {
            // The way is asked anew for each hop: who counts ports up asks another one each time.
            let sent = (number - args.first) * args.probes;
            let port = if args.counts_up { args.port.wrapping_add(sent as u16) } else { args.port };
            let way = way(io, args, SocketAddr::new(address, port));
            match way.hops.get(number as usize - 1) {
                Some(hop) => {
                    let is_last = way.hops.len() == number as usize;
                    let mark = if way.no_way && is_last { " !H" } else { "" };
                    lines.push(self.answer(io, args, (*hop, mark), number, &mut at));
                }
                None if way.ends => break,
                None => {
                    silent += args.probes;
                    let stars = " *".repeat(args.probes as usize);
                    lines.push((at + self.waited(args, silent), format!("{number:>2} {stars}")));
                }
            }
            if way.ends && way.hops.len() <= number as usize {
                break;
            }
        }
        lines
    }

    /// How long it has waited for answers when so many probes have got none: BusyBox' sends one after the
    /// other, the real one several at once.
    fn waited(&self, args: &Args, silent: u32) -> Duration {
        match self.flavour {
            Flavour::BusyBox => args.patience * silent,
            Flavour::Gnu => args.patience * silent.div_ceil(AT_ONCE),
        }
    }

    /// The line of a hop that answers, with what it says beside.
    fn answer(
        &self,
        io: &mut Io<'_>,
        args: &Args,
        (hop, mark): (IpAddr, &str),
        number: u32,
        at: &mut SimTime,
    ) -> (SimTime, String) {
        let base = 20 + 25 * (number - 1);
        let times = (0..args.probes).map(|probe| match probe {
            0 => base + 31,
            1 => base + 9,
            _ => base + 6,
        });
        let ttl = match args.shows_ttl {
            true => format!(" ({})", 65 - number.min(64)),
            false => String::new(),
        };
        let times: String = times.map(|micros| format!("  0.{micros:03} ms{ttl}{mark}")).collect();
        *at += Duration::from_micros(150);
        let who = match args.numeric {
            true => hop.to_string(),
            false => {
                let (name, took) = reverse::name_of(io.cluster, io.place, hop);
                *at += took;
                format!("{} ({hop})", name.unwrap_or_else(|| hop.to_string()))
            }
        };
        (*at, format!("{number:>2}  {who}{times}"))
    }
}

/// What probes come to.
struct Way {
    /// Who answers them, by its number on the way.
    hops: Vec<IpAddr>,
    /// Whether the last of them answers every later probe too.
    ends: bool,
    /// Whether it does so with the news that there is no way on (`!H`).
    no_way: bool,
}

/// Sends a probe, and looks who is on its way.
fn way(io: &mut Io<'_>, args: &Args, to: SocketAddr) -> Way {
    let dial = io.cluster.dial(io.place, args.protocol, to);
    let Some(trace) = io.cluster.trace(dial.trace).cloned() else {
        return Way { hops: Vec::new(), ends: false, no_way: false };
    };
    let last = trace.hops.last().map(|hop| &hop.place);
    // A node's rules may refuse in the place of whom was asked.
    let stands_in = matches!(last, Some(Party::Node(name)) if !has_address(io, name, to.ip()));
    let (no_way, asked) = match &trace.outcome {
        Outcome::Delivered { to, .. } => (false, Some(to)),
        Outcome::Refused if !stands_in => (false, last),
        Outcome::Refused | Outcome::Silence => (false, None),
        Outcome::Unreachable => (true, None),
    };
    let mut hops = on_the_way(io, &trace, asked);
    let refuser = || last.and_then(|place| answering(io, &trace, place, hops.len() < 2));
    let end = match &trace.outcome {
        Outcome::Silence => None,
        _ if asked.is_some() => Some(to.ip()),
        _ => refuser(),
    };
    if let Some(end) = end.filter(|end| !no_way || hops.last() != Some(end)) {
        hops.push(end);
    }
    Way { hops, ends: end.is_some(), no_way }
}

/// Whether an address is a node's own.
fn has_address(io: &Io<'_>, node: &str, address: IpAddr) -> bool {
    let node = io.cluster.network().node(node);
    node.is_some_and(|node| node.addresses().any(|own| own == address))
}

/// The machines that forward a packet, by the address that they answer from, up to whom was asked. One that
/// has no way on for it has counted it before.
fn on_the_way(io: &Io<'_>, trace: &Trace, asked: Option<&Party>) -> Vec<IpAddr> {
    let mut found: Vec<IpAddr> = Vec::new();
    for hop in trace.hops.iter().filter(|hop| hop.stage == Stage::Route) {
        if hop.place == trace.from || Some(&hop.place) == asked {
            continue;
        }
        let address = answering(io, trace, &hop.place, found.is_empty());
        found.extend(address.filter(|address| !found.contains(address)));
    }
    found
}

/// The address from which a machine on the way answers; a node answers a pod of its own from its address
/// in the pods' subnet.
fn answering(io: &Io<'_>, trace: &Trace, place: &Party, is_first: bool) -> Option<IpAddr> {
    let network = io.cluster.network();
    let family = Family::of(trace.flow.destination.ip());
    match place {
        Party::Node(name) if is_first && matches!(trace.from, Party::Pod { .. }) => {
            network.node(name).and_then(|node| node.gateway(family))
        }
        Party::Node(name) => network
            .node(name)
            .and_then(|node| node.addresses().find(|own| Family::of(*own) == family)),
        Party::Laptop => network.netns(network.laptop()).and_then(|netns| netns.address_of(family)),
        Party::Pod { .. } | Party::Outside(_) => None,
    }
}
