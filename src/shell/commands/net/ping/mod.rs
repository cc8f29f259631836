//! ping: iputils' and BusyBox's (recording 31). It goes on until it is interrupted or has sent as
//! many packets as it was told.

mod arguments;

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use arguments::{Args, Refusal};

use super::families::{Families, look_up};
use super::kernel::devices;
use super::reverse;
use crate::clock::SimTime;
use crate::cluster::{DialFailure, Flavour, Place};
use crate::network::{Family, Protocol, Range, SocketAddr};
use crate::shell::commands::trouble::{left_out, name_trouble};
use crate::shell::{Interrupted, Io, Step, Tool};

/// How long it waits for the last answers.
const LINGER: Duration = Duration::from_secs(10);

/// A running ping.
#[derive(Clone, Debug)]
struct Ping {
    arguments: Vec<String>,
    flavour: Flavour,
    state: PingState,
}

#[derive(Clone, Debug)]
enum PingState {
    Start,
    /// A name is being looked up; what comes of it at that moment.
    Resolving(SimTime, Result<Box<Run>, String>),
    Running(Box<Run>),
}

/// Packets on their way and back.
#[derive(Clone, Debug)]
struct Run {
    flavour: Flavour,
    args: Args,
    address: IpAddr,
    /// What the first line calls it, and what it is called in answers.
    title: String,
    name: Option<String>,
    begun: SimTime,
    next: SimTime,
    last: SimTime,
    sent: u32,
    errors: u32,
    /// Answers that are still to come: when, which one, and what.
    coming: Vec<(SimTime, u32, Echo)>,
    times: Vec<Duration>,
}

/// What comes back.
#[derive(Clone, Debug)]
enum Echo {
    Reply {
        ttl: u8,
        took: Duration,
    },
    /// Somebody says that there is no way.
    NoWay {
        from: IpAddr,
        why: &'static str,
    },
}

/// ping with these arguments.
pub(in crate::shell::commands) fn start(arguments: &[String], flavour: Flavour) -> Box<dyn Tool> {
    Box::new(Ping { arguments: arguments.to_vec(), flavour, state: PingState::Start })
}

/// `ping6`: ping over IPv6.
pub(in crate::shell::commands) fn ping6(arguments: &[String], flavour: Flavour) -> Box<dyn Tool> {
    start(&[&["-6".to_owned()], arguments].concat(), flavour)
}

impl Tool for Ping {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        loop {
            match std::mem::replace(&mut self.state, PingState::Start) {
                PingState::Start => match self.begin(io) {
                    Ok(state) => self.state = state,
                    Err(Refusal { told, code, is_output }) => {
                        if is_output {
                            io.say(told);
                        } else {
                            io.write_error(told);
                        }
                        return Step::Exit(code);
                    }
                },
                PingState::Resolving(until, found) if until > io.now() => {
                    self.state = PingState::Resolving(until, found);
                    return Step::Until(until);
                }
                PingState::Resolving(_, Ok(mut run)) => {
                    run.begin(io);
                    self.state = PingState::Running(run);
                }
                PingState::Resolving(_, Err(told)) => {
                    io.write_error(told);
                    return Step::Exit(if self.flavour == Flavour::BusyBox { 1 } else { 2 });
                }
                PingState::Running(mut run) => {
                    let step = run.go_on(io);
                    self.state = PingState::Running(run);
                    return step;
                }
            }
        }
    }

    fn interrupt(&mut self, io: &mut Io<'_>) -> Interrupted {
        if let PingState::Running(run) = &self.state {
            run.statistics(io);
        }
        Interrupted::Ended
    }
}

impl Ping {
    fn begin(&self, io: &mut Io<'_>) -> Result<PingState, Refusal> {
        let busybox = self.flavour == Flavour::BusyBox;
        let args = Args::parse(&self.arguments, self.flavour, io)?;
        let host = args.host.clone().unwrap_or_default();
        let literal: Option<IpAddr> = host.parse().ok();
        let families = match args.families {
            Families::Any => Families::usual(self.flavour),
            asked => asked,
        };
        let lookup = look_up(io, &host, families);
        let mut took = lookup.took;
        let found = match lookup.result.map(|addresses| addresses.first().copied()) {
            Ok(Some(address)) if !has_way(io, address) => Err(match busybox {
                true => "ping: sendto: Network is unreachable".to_owned(),
                false => "ping: connect: Network is unreachable".to_owned(),
            }),
            Ok(Some(address)) => {
                let title = if busybox || literal.is_some() { host } else { lookup.canonical };
                let mut name = None;
                if literal.is_none() && !args.numeric && !busybox {
                    // The answers' names are those that their addresses have.
                    let (found, more) = reverse::name_of(io.cluster, io.place, address);
                    took += more;
                    name = found;
                }
                let now = io.now();
                Ok(Box::new(Run {
                    flavour: self.flavour,
                    args,
                    address,
                    title,
                    name,
                    begun: now,
                    next: now,
                    last: now,
                    sent: 0,
                    errors: 0,
                    coming: Vec::new(),
                    times: Vec::new(),
                }))
            }
            Err(_) if busybox => Err(format!("ping: bad address '{host}'")),
            _ if host.is_empty() => Err("ping: : Name or service not known".to_owned()),
            Ok(None) => Err(format!("ping: {host}: No address associated with hostname")),
            Err(why) => Err(format!("ping: {host}: {}", name_trouble(io, why))),
        };
        Ok(PingState::Resolving(io.now() + took, found))
    }
}

/// Whether the place has an address of the same family to send from.
fn has_way(io: &Io<'_>, to: IpAddr) -> bool {
    let network = io.cluster.network();
    let netns = io.cluster.netns_of(io.place).and_then(|from| network.netns(from.netns));
    to.is_loopback() || netns.is_none_or(|netns| netns.address_of(Family::of(to)).is_some())
}

impl Run {
    fn host(&self) -> &str {
        self.args.host.as_deref().unwrap_or_default()
    }

    /// `-I`: where the packets come from, as the first line says it.
    fn source(&self, io: &Io<'_>) -> String {
        let Some(from) = &self.args.from else { return String::new() };
        let device = from.parse::<IpAddr>().is_err().then_some(from.as_str());
        let own = match (from.parse::<IpAddr>(), device.is_some()) {
            (Ok(own), _) => Some(own),
            (Err(_), _) => {
                devices(io).into_iter().filter(|one| one.name == *from).find_map(|one| {
                    let of_family =
                        |(own, _): &&Range| Family::of(*own) == Family::of(self.address);
                    one.addresses.iter().find(of_family).map(|(own, _)| *own)
                })
            }
        };
        let own = own.map_or(String::new(), |own| own.to_string());
        match self.flavour {
            Flavour::BusyBox if device.is_some() => String::new(),
            Flavour::BusyBox => format!(" from {own}"),
            Flavour::Gnu => format!(" from {own} {}:", device.unwrap_or_default()),
        }
    }

    fn begin(&mut self, io: &mut Io<'_>) {
        self.begun = io.now();
        (self.next, self.last) = (self.begun, self.begun);
        if let Some(pattern) = &self.args.pattern {
            io.say(format!("PATTERN: 0x{pattern}"));
        }
        let (title, address) = (&self.title, self.address);
        let size = self.args.size.unwrap_or(56);
        let from = self.source(io);
        io.say(match self.flavour {
            Flavour::BusyBox => format!("PING {title} ({address}){from}: {size} data bytes"),
            Flavour::Gnu if address.is_ipv6() => {
                format!("PING {}({}){from} {size} data bytes", self.host(), self.sender())
            }
            Flavour::Gnu => {
                format!("PING {title} ({address}){from} {size}({}) bytes of data.", size + 28)
            }
        });
    }

    fn go_on(&mut self, io: &mut Io<'_>) -> Step {
        loop {
            let now = io.now();
            while let Some(due) = self.coming.iter().position(|(at, ..)| *at <= now) {
                let (_, number, echo) = self.coming.remove(due);
                self.receive(io, number, &echo);
            }
            if let Some(code) = self.code_if_over(now) {
                self.statistics(io);
                return Step::Exit(code);
            }
            if self.may_send() && self.next <= now {
                self.send(io);
                continue;
            }
            return Step::Until(self.wakes(now));
        }
    }

    fn may_send(&self) -> bool {
        self.args.count.is_none_or(|count| self.sent < count)
    }

    fn linger(&self) -> Duration {
        self.args.wait.unwrap_or(LINGER)
    }

    fn deadline(&self) -> Option<SimTime> {
        self.args.deadline.map(|limit| self.begun + limit)
    }

    /// The next moment at which something happens.
    fn wakes(&self, now: SimTime) -> SimTime {
        let next = if self.may_send() { self.next } else { self.last + self.linger() };
        let coming = self.coming.iter().map(|(at, ..)| *at).min();
        [Some(next), coming, self.deadline()]
            .into_iter()
            .flatten()
            .filter(|at| *at > now)
            .min()
            .unwrap_or(next)
    }

    fn send(&mut self, io: &mut Io<'_>) {
        let now = io.now();
        let number = self.sent;
        let dial = io.cluster.dial(io.place, Protocol::Icmp, SocketAddr::new(self.address, 0));
        let came = now + dial.took;
        let trace = io.cluster.trace(dial.trace);
        let ttl = trace.map_or(64, |trace| trace.reply_ttl());
        match dial.result {
            Ok(_) if self.args.ttl.is_some_and(|own| own <= 64_u8.saturating_sub(ttl)) => {
                // Who throws it away on its way would have to say so.
                io.write_error(left_out("ping", "-t with fewer routers than there are"));
            }
            Ok(_) => self.coming.push((came, number, Echo::Reply { ttl, took: dial.took })),
            Err(DialFailure::Silence) => {}
            Err(why) => {
                let why = match why {
                    DialFailure::Refused => "Destination Port Unreachable",
                    _ if self.address.is_ipv6() => "Destination unreachable: Address unreachable",
                    _ => "Destination Host Unreachable",
                };
                let from = complainer(io, Family::of(self.address));
                self.coming.push((came, number, Echo::NoWay { from, why }));
            }
        }
        self.sent += 1;
        self.last = now;
        let interval = self.args.interval.unwrap_or(Duration::from_secs(1));
        // Timers are a little late; iputils shows it in its statistics.
        let late = Duration::from_micros(dial.took.as_micros() as u64 % 97 * 200);
        self.next = now + interval + late;
    }

    fn receive(&mut self, io: &mut Io<'_>, number: u32, echo: &Echo) {
        match (echo, self.flavour) {
            (Echo::Reply { ttl, took }, flavour) => {
                self.times.push(*took);
                if self.args.quiet {
                    return;
                }
                let size = self.args.size.unwrap_or(56) + 8;
                let moment = match self.args.moments {
                    true => {
                        let at = io.now().timestamp();
                        format!("[{}.{:06}] ", at.as_second(), at.subsec_microsecond())
                    }
                    false => String::new(),
                };
                io.say(match flavour {
                    Flavour::BusyBox => format!(
                        "{size} bytes from {}: seq={number} ttl={ttl} time={} ms",
                        self.address,
                        millis(*took)
                    ),
                    Flavour::Gnu => format!(
                        "{moment}{size} bytes from {}: icmp_seq={} ttl={ttl} time={} ms",
                        self.sender(),
                        number + 1,
                        short_millis(*took)
                    ),
                });
            }
            // BusyBox says nothing of other packets.
            (Echo::NoWay { .. }, Flavour::BusyBox) => {}
            (Echo::NoWay { from, why }, Flavour::Gnu) => {
                self.errors += 1;
                if !self.args.quiet {
                    io.say(format!("From {from} icmp_seq={} {why}", number + 1));
                }
            }
        }
    }

    fn sender(&self) -> String {
        match &self.name {
            Some(name) => format!("{name} ({})", self.address),
            None if self.host().parse::<IpAddr>().is_ok() => self.address.to_string(),
            // A name whose address has none.
            None => format!("{0} ({0})", self.address),
        }
    }

    /// The exit code, if it is over.
    fn code_if_over(&self, now: SimTime) -> Option<i32> {
        let received = self.times.len() as u32;
        let settled = self.coming.is_empty() && received + self.errors >= self.sent;
        let all = !self.may_send() && (settled || now >= self.last + self.linger());
        let late = self.deadline().is_some_and(|deadline| now >= deadline);
        if !all && !late {
            return None;
        }
        let missing = late && self.args.count.is_some_and(|count| received < count);
        Some(i32::from(received == 0 || missing))
    }

    fn statistics(&self, io: &mut Io<'_>) {
        let received = self.times.len() as u32;
        let lost = (self.sent - received.min(self.sent)) * 100 / self.sent.max(1);
        let title = if self.address.is_ipv6() { self.host() } else { &self.title };
        io.say(format!("\n--- {title} ping statistics ---"));
        let sent = self.sent;
        match self.flavour {
            Flavour::BusyBox => {
                io.say(format!(
                    "{sent} packets transmitted, {received} packets received, {lost}% packet loss"
                ));
            }
            Flavour::Gnu => {
                let errors = match self.errors {
                    0 => String::new(),
                    errors => format!(" +{errors} errors,"),
                };
                let time = self.last.since(self.begun).as_millis();
                io.say(format!("{sent} packets transmitted, {received} received,{errors} {lost}% packet loss, time {time}ms"));
            }
        }
        self.round_trips(io);
    }

    fn round_trips(&self, io: &mut Io<'_>) {
        let (Some(least), Some(most)) = (self.times.iter().min(), self.times.iter().max()) else {
            if self.flavour == Flavour::Gnu {
                io.say("");
            }
            return;
        };
        let count = self.times.len() as u32;
        let average = self.times.iter().sum::<Duration>() / count;
        let (least, average_text, most) = (millis(*least), millis(average), millis(*most));
        io.say(match self.flavour {
            Flavour::BusyBox => {
                format!("round-trip min/avg/max = {least}/{average_text}/{most} ms")
            }
            Flavour::Gnu => {
                let squares: f64 = self
                    .times
                    .iter()
                    .map(|time| (time.as_secs_f64() - average.as_secs_f64()).powi(2))
                    .sum();
                let deviation = (squares / f64::from(count)).sqrt() * 1e3;
                format!("rtt min/avg/max/mdev = {least}/{average_text}/{most}/{deviation:.3} ms")
            }
        });
    }
}

/// Who says that a machine is not there: the last one that could have reached it.
fn complainer(io: &Io<'_>, family: Family) -> IpAddr {
    let network = io.cluster.network();
    let netns = io.cluster.netns_of(io.place).and_then(|from| network.netns(from.netns));
    let node = netns.and_then(|netns| netns.node.as_deref()).and_then(|name| network.node(name));
    let node = node.filter(|_| matches!(io.place, Place::Container { .. } | Place::Node(_)));
    let of_node = node.and_then(|node| node.addresses().find(|one| Family::of(*one) == family));
    of_node
        .or_else(|| netns.and_then(|netns| netns.address_of(family)))
        .unwrap_or(Ipv4Addr::LOCALHOST.into())
}

/// `0.106`
fn millis(time: Duration) -> String {
    let micros = time.as_micros();
    format!("{}.{:03}", micros / 1000, micros % 1000)
}

/// As iputils prints the time of one packet: three digits.
fn short_millis(time: Duration) -> String {
    let millis = time.as_secs_f64() * 1e3;
    let digits = if millis >= 99.95 {
        0
    } else if millis >= 9.995 {
        1
    } else if millis >= 0.9995 {
        2
    } else {
        3
    };
    format!("{millis:.digits$}")
}

/// What `-V` says.
const VERSION: &str = "ping from iputils 20221126\nlibcap: yes, IDN: yes, NLS: no, error.h: yes, getrandom(): yes, __fpending(): yes";

const USAGE: &str = "Usage
  ping [options] <destination>

Options:
  <destination>      DNS name or IP address
  -c <count>         stop after <count> replies
  -i <interval>      seconds between sending each packet
  -n                 no reverse DNS name resolution
  -q                 quiet output
  -s <size>          use <size> as number of data bytes to be sent
  -w <deadline>      reply wait <deadline> in seconds
  -W <timeout>       time to wait for response";

const BUSYBOX_USAGE: &str = "BusyBox v1.37.0 multi-call binary.

Usage: ping [OPTIONS] HOST

Send ICMP ECHO_REQUESTs to HOST

\t-c CNT\t\tSend only CNT pings
\t-s SIZE\t\tSend SIZE data bytes in packets (default 56)
\t-i SECS\t\tInterval
\t-W SEC\t\tSeconds to wait for the first response (default 10)
\t\t\t(after all -c CNT packets are sent)
\t-w SEC\t\tSeconds until ping exits (default:infinite)
\t-q\t\tQuiet, only display output at start/finish";

#[cfg(test)]
mod tests {
    use super::*;

    // Recording 31: `time=0.111 ms`, `time=1.02 ms`
    #[test]
    fn times_have_three_digits() {
        assert_eq!(short_millis(Duration::from_micros(111)), "0.111");
        assert_eq!(short_millis(Duration::from_micros(1_021)), "1.02");
        assert_eq!(short_millis(Duration::from_micros(23_456)), "23.5");
        assert_eq!(millis(Duration::from_micros(1_021)), "1.021");
    }
}
