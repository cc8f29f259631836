//! nc: OpenBSD's (Debian, Ubuntu) and BusyBox's (recording 31).

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use super::families::{Families, look_up};
use super::kernel::devices;
use super::listen::{Wanted, listener};
use super::raw_session::{RawSession, Turn};
use super::services::{port_of, service};
use crate::clock::SimTime;
use crate::cluster::{Cluster, Connection, DialFailure, Flavour, LookupFailure};
use crate::network::{Family, Protocol, SocketAddr};
use crate::shell::commands::options::Messages;
use crate::shell::commands::trouble::{dial_trouble, left_out, name_trouble};
use crate::shell::commands::words;
use crate::shell::foreground::run_in_foreground;
use crate::shell::{Interrupted, Io, Step, Tool};

/// What BusyBox listens on when no port is given: the kernel chooses.
const ANY_PORT: u16 = 38_465;

/// A running nc.
#[derive(Clone)]
struct Nc {
    arguments: Vec<String>,
    flavour: Flavour,
    state: NcState,
}

#[derive(Clone)]
enum NcState {
    Start,
    Resolving { until: SimTime, args: Box<Args>, found: Result<Vec<IpAddr>, LookupFailure> },
    Listening(Box<dyn Tool>),
    Ports(Box<Ports>),
    Talking(Box<RawSession>, Box<Ports>),
}

/// What nc was asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Args {
    scan: bool,
    verbose: u32,
    udp: bool,
    numeric: bool,
    listen: bool,
    /// `-k`
    keeps: bool,
    families: Families,
    wait: Option<Duration>,
    /// `-q`, `-N`: how long after the end of input it leaves.
    quits: Option<Duration>,
    /// `-C`: lines end as network protocols want it.
    crlf: bool,
    /// `-d`: nothing is read.
    deaf: bool,
    /// `-i`
    interval: bool,
    /// `-r`: ports in no order
    shuffled: bool,
    /// `-W`: how many times it hears something before it leaves
    hears: Option<u32>,
    /// `-U`
    unix: bool,
    /// `-p`
    local: Option<u16>,
    /// `-s`
    source: Option<IpAddr>,
    /// `-e`: the program that talks instead of a person.
    program: Vec<String>,
    host: String,
    ports: VecDeque<u16>,
    flavour: Flavour,
}

/// The ports that are left to be tried.
#[derive(Clone, Debug)]
struct Ports {
    args: Args,
    /// The host's, and which of them has its turn.
    addresses: Vec<IpAddr>,
    turn: usize,
    dialling: Option<(SimTime, u16, Result<Connection, Trouble>)>,
    exit: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    Dial(DialFailure),
    /// `-w` was over.
    Slow,
}

/// nc with these arguments.
pub(in crate::shell::commands) fn start(arguments: &[String], flavour: Flavour) -> Box<dyn Tool> {
    Box::new(Nc { arguments: arguments.to_vec(), flavour, state: NcState::Start })
}

impl Tool for Nc {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        loop {
            match std::mem::replace(&mut self.state, NcState::Start) {
                NcState::Start => match self.begin(io) {
                    Ok(state) => self.state = state,
                    Err((told, code)) => {
                        io.write_error(told);
                        return Step::Exit(code);
                    }
                },
                NcState::Resolving { until, args, found } if until > io.now() => {
                    self.state = NcState::Resolving { until, args, found };
                    return Step::Until(until);
                }
                NcState::Resolving { args, found, .. } => match found {
                    Ok(addresses) if !addresses.is_empty() => {
                        let args = *args;
                        let ports = Ports { args, addresses, turn: 0, dialling: None, exit: 1 };
                        self.state = NcState::Ports(Box::new(ports));
                    }
                    Ok(_) => return self.no_name(io, &args, LookupFailure::NoAddress),
                    Err(why) => return self.no_name(io, &args, why),
                },
                NcState::Listening(mut tool) => {
                    let step = tool.step(io);
                    self.state = NcState::Listening(tool);
                    return step;
                }
                NcState::Ports(ports) => {
                    if let Some(step) = self.ports(io, ports) {
                        return step;
                    }
                }
                NcState::Talking(mut session, ports) => match session.step(io) {
                    Turn::Wait(step) => {
                        self.state = NcState::Talking(session, ports);
                        return step;
                    }
                    Turn::Reset => return Step::Exit(1),
                    Turn::Closed | Turn::Left => {
                        session.hang_up(io);
                        return Step::Exit(0);
                    }
                },
            }
        }
    }

    fn is_ready(&self, cluster: &Cluster) -> bool {
        matches!(&self.state, NcState::Listening(tool) if tool.is_ready(cluster))
    }

    fn interrupt(&mut self, io: &mut Io<'_>) -> Interrupted {
        match &mut self.state {
            NcState::Listening(tool) => return tool.interrupt(io),
            NcState::Talking(session, _) => session.hang_up(io),
            _ => {}
        }
        Interrupted::Ended
    }

    fn terminate(&mut self, io: &mut Io<'_>) {
        self.interrupt(io);
    }
}

impl Args {
    fn new(flavour: Flavour) -> Args {
        Args {
            scan: false,
            verbose: 0,
            udp: false,
            numeric: false,
            listen: false,
            keeps: false,
            families: Families::usual(flavour),
            wait: None,
            quits: None,
            crlf: false,
            deaf: false,
            interval: false,
            shuffled: false,
            hears: None,
            unix: false,
            local: None,
            source: None,
            program: Vec::new(),
            host: String::new(),
            ports: VecDeque::new(),
            flavour,
        }
    }

    fn parse(arguments: &[String], flavour: Flavour, words: Messages) -> Result<Args, String> {
        let unknown = |letter| told(letter, "invalid option", "unrecognized option", words);
        let missing = |letter| {
            told(letter, "option requires an argument", "option requires an argument", words)
        };
        let mut args = Args::new(flavour);
        let mut rest = arguments.iter().map(String::as_str);
        let mut operands = Vec::new();
        while let Some(word) = rest.next() {
            if word == "--" {
                operands.extend(rest);
                break;
            }
            let Some(group) = word.strip_prefix('-').filter(|group| !group.is_empty()) else {
                operands.push(word);
                continue;
            };
            for (at, letter) in group.char_indices() {
                match letter {
                    'z' => args.scan = true,
                    'v' => args.verbose += 1,
                    'u' => args.udp = true,
                    'n' => args.numeric = true,
                    'l' => args.listen = true,
                    'k' => args.keeps = true,
                    'b' if flavour == Flavour::BusyBox => {}
                    // All words after it are the program's.
                    'e' if flavour == Flavour::BusyBox => {
                        args.program = rest.map(str::to_owned).collect();
                        args.operands(&operands)?;
                        return Ok(args);
                    }
                    letter if valued(flavour).contains(letter) => {
                        let glued = &group[at + letter.len_utf8()..];
                        let value = if glued.is_empty() { rest.next() } else { Some(glued) };
                        let value = value.ok_or_else(|| missing(letter))?;
                        args.option(letter, value)?;
                        break;
                    }
                    letter if flavour == Flavour::Gnu => args.openbsd(letter)?,
                    other => return Err(unknown(other)),
                }
            }
        }
        if flavour == Flavour::Gnu {
            args.agree(operands.is_empty())?;
        }
        args.operands(&operands)?;
        Ok(args)
    }

    fn protocol(&self) -> Protocol {
        if self.udp { Protocol::Udp } else { Protocol::Tcp }
    }

    /// The conversation over a connection.
    fn session(&self, connection: Connection) -> RawSession {
        let mut session = RawSession::new(connection, self.wait, self.quits);
        session.crlf = self.crlf;
        session.hears = self.hears;
        if self.deaf {
            session = session.deaf();
        }
        match self.flavour {
            Flavour::BusyBox => session.half_closing(),
            Flavour::Gnu => session,
        }
    }

    /// A letter that only OpenBSD's nc has.
    fn openbsd(&mut self, letter: char) -> Result<(), String> {
        match letter {
            'N' => self.quits = Some(Duration::ZERO),
            '4' | '6' => self.families = Families::option(letter).unwrap_or_default(),
            'C' => self.crlf = true,
            'd' => self.deaf = true,
            'U' => self.unix = true,
            // Debugging, broadcasts and telnet's negotiation: nothing of it shows here.
            'b' | 'D' | 't' => {}
            'S' => return Err("nc: Unable to read TCP MD5SIG password".to_owned()),
            'r' => self.shuffled = true,
            'F' | 'Z' => return Err(left_out("nc", format!("-{letter}"))),
            'h' => {
                let usage = usage(Flavour::Gnu);
                return Err(format!("OpenBSD netcat (Debian patchlevel 1.219-1)\n{usage}"));
            }
            other => {
                return Err(told(other, "invalid option", "", Messages::Gnu));
            }
        }
        Ok(())
    }

    /// What does not go together (`nc.c`, `main`).
    fn agree(&self, alone: bool) -> Result<(), String> {
        if self.listen && self.source.is_some() && self.local.is_none() {
            return Err(usage(Flavour::Gnu).to_owned());
        }
        if self.listen && self.scan {
            return Err("nc: cannot use -z and -l".to_owned());
        }
        if self.keeps && !self.listen {
            return Err("nc: must use -l with -k".to_owned());
        }
        if self.interval && !self.scan {
            return Err(left_out("nc", "-i"));
        }
        if self.unix && self.listen {
            return Err(left_out("nc", "-U"));
        }
        match self.listen && alone && self.local.is_none() {
            true => Err("nc: missing port number".to_owned()),
            false => Ok(()),
        }
    }

    fn option(&mut self, letter: char, value: &str) -> Result<(), String> {
        let most = i64::from(i32::MAX);
        match letter {
            'p' if self.flavour == Flavour::BusyBox => {
                let port = own_port(value, self.protocol());
                self.local = Some(port.map_err(|_| format!("nc: bad port '{value}'"))?);
            }
            'w' if self.flavour == Flavour::BusyBox && value.parse::<u32>().is_err() => {
                return Err(format!("nc: invalid number '{value}'"));
            }
            'p' => self.local = Some(own_port(value, self.protocol())?),
            's' => {
                let source = value.parse();
                let why = "nc: getaddrinfo: Name or service not known";
                self.source = Some(source.map_err(|_| why.to_owned())?);
            }
            'w' => {
                let seconds = number("timeout", value, 0, most / 1000)?;
                self.wait = Some(Duration::from_secs(seconds.unsigned_abs()));
            }
            'q' => {
                let seconds = number("quit timer", value, -most, most)?;
                self.quits = u64::try_from(seconds).ok().map(Duration::from_secs);
            }
            'i' => self.interval = number("interval", value, 0, i64::from(u32::MAX))? > 0,
            // How far packets go, and how large the kernel's buffers are, never shows here.
            'M' => drop(number("ttl is", value, 0, 255)?),
            'm' => drop(number("minttl is", value, 0, 255)?),
            'I' => drop(number("TCP receive window", value, 1, 1 << 30)?),
            'O' => drop(number("TCP send window", value, 1, 1 << 30)?),
            'T' if !is_service_type(value) => return Err(format!("nc: illegal tos value {value}")),
            'X' if !matches!(value, "connect" | "4" | "5") => {
                return Err("nc: unsupported proxy protocol".to_owned());
            }
            'V' => return Err("nc: no alternate routing table support available".to_owned()),
            'W' => {
                let most = number("receive limit", value, 1, most)?;
                self.hears = u32::try_from(most).ok();
            }
            'x' | 'X' | 'P' => return Err(left_out("nc", format!("-{letter}"))),
            _ => {}
        }
        Ok(())
    }

    fn operands(&mut self, operands: &[&str]) -> Result<(), String> {
        match operands {
            // BusyBox' listens where -p says, or anywhere.
            _ if self.listen && self.flavour == Flavour::BusyBox => Ok(()),
            [port] if self.listen && self.local.is_none() => {
                self.local = Some(own_port(port, self.protocol())?);
                Ok(())
            }
            [host, port] if self.listen && self.local.is_none() => {
                self.host = (*host).to_owned();
                self.local = Some(own_port(port, self.protocol())?);
                Ok(())
            }
            [] if self.listen => Ok(()),
            _ if self.listen => Err(usage(self.flavour).to_owned()),
            [] => Ok(()),
            [path] if self.unix => {
                self.host = (*path).to_owned();
                Ok(())
            }
            // BusyBox dials one port.
            [_, _, _, ..] if self.flavour == Flavour::BusyBox => {
                Err(usage(self.flavour).to_owned())
            }
            [host, ports @ ..] => {
                self.host = (*host).to_owned();
                for text in ports {
                    let found = port_range(text, self.protocol());
                    self.ports.extend(match self.flavour {
                        // One port, by its number or its name.
                        Flavour::BusyBox if found.is_err() || text.contains('-') => {
                            return Err(format!("nc: bad port '{text}'"));
                        }
                        _ => found?,
                    });
                }
                if self.ports.is_empty() {
                    return Err(match self.flavour {
                        Flavour::BusyBox => usage(self.flavour).to_owned(),
                        Flavour::Gnu => "nc: missing port number".to_owned(),
                    });
                }
                if self.shuffled {
                    // Whatever the order is, it is not the counted one.
                    let middle = self.ports.len() / 2;
                    self.ports.rotate_left(middle);
                }
                Ok(())
            }
        }
    }
}

impl Nc {
    fn begin(&self, io: &mut Io<'_>) -> Result<NcState, (String, i32)> {
        let args = Args::parse(&self.arguments, self.flavour, words(io.cluster, io.place))
            .map_err(|told| (told, 1))?;
        if args.listen {
            return self.listen(io, args);
        }
        if args.unix && !args.host.is_empty() {
            // Nobody listens at a path here.
            let why = match io.read_file(&args.host) {
                Ok(_) => "Connection refused",
                Err(_) => "No such file or directory",
            };
            return Err((format!("nc: {}: {why}", args.host), 1));
        }
        let foreign = |own: &IpAddr| !devices(io).iter().any(|one| one.has(*own));
        if args.source.as_ref().is_some_and(foreign) {
            let failed = if self.flavour == Flavour::Gnu { "bind failed" } else { "bind" };
            return Err((format!("nc: {failed}: Cannot assign requested address"), 1));
        }
        if args.host.is_empty() && args.ports.is_empty() {
            return Err((usage(self.flavour).to_owned(), 1));
        }
        if (args.numeric || args.host.is_empty()) && args.host.parse::<IpAddr>().is_err() {
            let port = args.ports.front().copied().unwrap_or(0);
            let told = format!(
                "nc: getaddrinfo for host \"{}\" port {port}: Name or service not known",
                args.host
            );
            return Err((told, 1));
        }
        let lookup = look_up(io, &args.host, args.families);
        let until = io.now() + lookup.took;
        Ok(NcState::Resolving { until, args: Box::new(args), found: lookup.result })
    }

    /// Opens the port that was asked for; a listener without one gets any.
    fn listen(&self, io: &mut Io<'_>, args: Args) -> Result<NcState, (String, i32)> {
        let Some(port) = args.local.or((self.flavour == Flavour::BusyBox).then_some(ANY_PORT))
        else {
            return Err((usage(self.flavour).to_owned(), 1));
        };
        let any = match args.families {
            Families::Only(Family::V6) => Ipv6Addr::UNSPECIFIED.into(),
            _ => Ipv4Addr::UNSPECIFIED.into(),
        };
        let address = match args.host.is_empty() {
            true => args.source.unwrap_or(any),
            false => own_address(io, &args).map_err(|told| (told, 1))?,
        };
        let wanted = Wanted {
            flavour: self.flavour,
            protocol: args.protocol(),
            address,
            port,
            keeps: args.keeps,
            verbose: args.verbose > 0,
            numeric: args.numeric,
            program: args.program,
        };
        Ok(NcState::Listening(run_in_foreground(listener(wanted, io.stdin))))
    }

    fn no_name(&self, io: &mut Io<'_>, args: &Args, why: LookupFailure) -> Step {
        let host = &args.host;
        io.write_error(match self.flavour {
            Flavour::BusyBox => format!("nc: bad address '{host}'"),
            Flavour::Gnu => {
                let port = args.ports.front().copied().unwrap_or(0);
                format!(
                    "nc: getaddrinfo for host \"{host}\" port {port}: {}",
                    name_trouble(io, why)
                )
            }
        });
        Step::Exit(1)
    }

    /// Goes on to the next port, or to talking.
    fn ports(&mut self, io: &mut Io<'_>, mut ports: Box<Ports>) -> Option<Step> {
        let Some((until, port, result)) = ports.dialling.take() else {
            let Some(port) = ports.args.ports.pop_front() else {
                return Some(Step::Exit(ports.exit));
            };
            ports.turn = 0;
            if ports.is_of_other_family() && self.flavour == Flavour::Gnu {
                io.write_error("nc: getaddrinfo: Address family for hostname not supported");
                return Some(Step::Exit(1));
            }
            ports.dial(io, port);
            self.state = NcState::Ports(ports);
            return None;
        };
        if until > io.now() {
            ports.dialling = Some((until, port, result));
            self.state = NcState::Ports(ports);
            return Some(Step::Until(until));
        }
        match result {
            Ok(connection) => {
                ports.exit = 0;
                ports.tell_open(io, self.flavour, port);
                if ports.args.scan {
                    io.cluster.hang_up(&connection);
                } else {
                    let session = ports.args.session(connection);
                    self.state = NcState::Talking(Box::new(session), ports);
                    return None;
                }
            }
            // The refusal of this very machine comes between the datagrams that a scan sends.
            Err(Trouble::Dial(DialFailure::Refused))
                if ports.args.udp && ports.address().is_loopback() && ports.args.verbose > 0 => {}
            // A datagram that nobody takes looks like one that was taken (recording 31).
            Err(_) if ports.args.udp => {
                ports.exit = 0;
                ports.tell_open(io, self.flavour, port);
                if !ports.args.scan {
                    return Some(Step::Exit(0));
                }
            }
            Err(why) => {
                ports.tell_closed(io, self.flavour, port, why);
                if ports.turn + 1 < ports.addresses.len() {
                    ports.turn += 1;
                    ports.dial(io, port);
                }
            }
        }
        self.state = NcState::Ports(ports);
        None
    }
}

impl Ports {
    fn address(&self) -> IpAddr {
        self.addresses[self.turn]
    }

    /// Whether the own address that was asked for (`-s`) is of the other family.
    fn is_of_other_family(&self) -> bool {
        self.args.source.is_some_and(|source| source.is_ipv6() != self.address().is_ipv6())
    }

    fn dial(&mut self, io: &mut Io<'_>, port: u16) {
        let protocol = self.args.protocol();
        let dial = io.cluster.dial(io.place, protocol, SocketAddr::new(self.address(), port));
        let mut took = dial.took;
        let mut result = dial.result.map_err(Trouble::Dial);
        // What is on this very machine is connected before `-w` is looked at.
        let own = self.address();
        let at_once = own.is_loopback() || devices(io).iter().any(|one| one.has(own));
        if self.args.udp && result.is_err() {
            // Nothing comes back of a datagram: it waits a second for a complaint.
            took = self.args.wait.unwrap_or(Duration::from_secs(1));
        } else if let Some(limit) = self.args.wait.filter(|limit| *limit < took && !at_once) {
            (took, result) = (limit, Err(Trouble::Slow));
        }
        self.dialling = Some((io.now() + took, port, result));
    }

    /// `site (10.98.110.181)`, or the address alone.
    fn who(&self) -> String {
        match self.args.host.parse::<IpAddr>() {
            Ok(address) => address.to_string(),
            Err(_) => format!("{} ({})", self.args.host, self.address()),
        }
    }

    fn tell_open(&self, io: &mut Io<'_>, flavour: Flavour, port: u16) {
        if self.args.verbose == 0 {
            return;
        }
        io.write_error(match flavour {
            Flavour::BusyBox => format!("{} ({}:{port}) open", self.args.host, self.address()),
            Flavour::Gnu => {
                let protocol = if self.args.udp { "udp" } else { "tcp" };
                let known = service(self.args.protocol(), port).filter(|_| !self.args.numeric);
                let service = known.unwrap_or("*");
                let who = self.who();
                format!("Connection to {who} {port} port [{protocol}/{service}] succeeded!")
            }
        });
    }

    fn tell_closed(&self, io: &mut Io<'_>, flavour: Flavour, port: u16, why: Trouble) {
        let refused = why == Trouble::Dial(DialFailure::Refused);
        let reason = match why {
            Trouble::Dial(why) => dial_trouble(io, why),
            Trouble::Slow => dial_trouble(io, DialFailure::Silence),
        };
        match flavour {
            // One -v is silent about refusals.
            Flavour::BusyBox if self.args.verbose > 1 || self.args.verbose == 1 && !refused => {
                io.write_error(format!(
                    "nc: {} ({}:{port}): {reason}",
                    self.args.host,
                    self.address()
                ));
            }
            Flavour::Gnu if self.args.verbose > 0 => {
                let what = match why {
                    Trouble::Slow => "timed out: Operation now in progress".to_owned(),
                    Trouble::Dial(_) => format!("failed: {reason}"),
                };
                io.write_error(format!("nc: connect to {} port {port} (tcp) {what}", self.who()));
            }
            _ => {}
        }
    }
}

/// The address that a listener's operand means.
fn own_address(io: &mut Io<'_>, args: &Args) -> Result<IpAddr, String> {
    let nobody = || "nc: getaddrinfo: Name or service not known".to_owned();
    if let Ok(address) = args.host.parse() {
        return Ok(address);
    }
    let found = match args.numeric {
        true => None,
        false => look_up(io, &args.host, args.families).result.ok(),
    };
    found.and_then(|all| all.first().copied()).ok_or_else(nobody)
}

/// `80`, `http`, `79-81`
fn port_range(text: &str, protocol: Protocol) -> Result<Vec<u16>, String> {
    if let Some(port) = port_of(protocol, text) {
        return Ok(vec![port]);
    }
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (port_number(first)?, port_number(last)?);
    Ok((first.min(last)..=first.max(last)).collect())
}

fn port_number(text: &str) -> Result<u16, String> {
    match text.parse::<i64>() {
        Ok(number) if number > 65_535 => Err(format!("nc: port number too large: {text}")),
        Ok(number) if number < 1 => Err(format!("nc: port number too small: {text}")),
        Ok(number) => Ok(u16::try_from(number).unwrap_or(u16::MAX)),
        Err(_) => Err(format!("nc: port number invalid: {text}")),
    }
}

/// A port that it listens on or comes from: `getaddrinfo` reads it.
fn own_port(text: &str, protocol: Protocol) -> Result<u16, String> {
    match text.parse::<u16>() {
        Ok(port) => Ok(port),
        // `getaddrinfo` takes the last sixteen bits of what is larger.
        Err(_) if text.parse::<u32>().is_ok() => {
            Ok((text.parse::<u32>().unwrap_or(0) & 0xffff) as u16)
        }
        Err(_) if text.parse::<i64>().is_ok() => port_number(text),
        Err(_) => port_of(protocol, text)
            .ok_or_else(|| "nc: getaddrinfo: Servname not supported for ai_socktype".to_owned()),
    }
}

/// A number between bounds, in the words of `strtonum`.
fn number(what: &str, text: &str, least: i64, most: i64) -> Result<i64, String> {
    let why = match text.parse::<i128>() {
        Ok(number) if number < least.into() => "too small",
        Ok(number) if number > most.into() => "too large",
        Ok(number) => return Ok(i64::try_from(number).unwrap_or(most)),
        Err(_) => "invalid",
    };
    // Some of its sentences name the number, and some do not.
    let number = if what.ends_with("is") { String::new() } else { format!(": {text}") };
    Err(format!("nc: {what} {why}{number}"))
}

/// Names and numbers that `-T` takes.
fn is_service_type(text: &str) -> bool {
    const NAMED: &[&str] = &[
        "critical",
        "ef",
        "inetcontrol",
        "lowcost",
        "lowdelay",
        "netcontrol",
        "reliability",
        "throughput",
    ];
    let class = |prefix: &str, length| {
        text.strip_prefix(prefix).is_some_and(|rest| {
            rest.len() == length && rest.bytes().all(|one| one.is_ascii_digit())
        })
    };
    let hexadecimal =
        text.strip_prefix("0x").is_some_and(|rest| u8::from_str_radix(rest, 16).is_ok());
    NAMED.contains(&text)
        || class("af", 2)
        || class("cs", 1)
        || hexadecimal
        || text.parse::<u8>().is_ok()
}

/// The letters that take a value.
fn valued(flavour: Flavour) -> &'static str {
    match flavour {
        Flavour::Gnu => "IiMmOPpqsTVWwXx",
        Flavour::BusyBox => "wpiso",
    }
}

/// What is said of a letter, in the words of the C library's getopt, and how nc is used.
fn told(letter: char, glibc: &str, musl: &str, words: Messages) -> String {
    match words {
        Messages::Gnu => format!("nc: {glibc} -- '{letter}'\n{}", usage(Flavour::Gnu)),
        Messages::BusyBox => format!("nc: {glibc} -- '{letter}'\n{}", usage(Flavour::BusyBox)),
        Messages::Musl => format!("nc: {musl}: {letter}\n{}", usage(Flavour::BusyBox)),
    }
}

fn usage(flavour: Flavour) -> &'static str {
    match flavour {
        Flavour::BusyBox => {
            "BusyBox v1.37.0 multi-call binary.

Usage: nc [OPTIONS] HOST PORT  - connect
nc [OPTIONS] -l -p PORT [HOST] [PORT]  - listen"
        }
        Flavour::Gnu => {
            "usage: nc [-46CDdFhklNnrStUuvZz] [-I length] [-i interval] [-M ttl]
\t  [-m minttl] [-O length] [-P proxy_username] [-p source_port]
\t  [-q seconds] [-s sourceaddr] [-T keyword] [-V rtable] [-W recvlimit]
\t  [-w timeout] [-X proxy_protocol] [-x proxy_address[:port]]
\t  [destination] [port]"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Args, String> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        Args::parse(&words, Flavour::Gnu, Messages::Gnu)
    }

    // Recording 31, nc (netcat-openbsd)
    #[test]
    fn ports_are_numbers_names_and_ranges() {
        assert_eq!(parse(&["-zv", "site", "79-81"]).unwrap().ports, [79, 80, 81]);
        assert_eq!(parse(&["-zv", "site", "http"]).unwrap().ports, [80]);
        assert_eq!(parse(&["-zv", "site"]).unwrap_err(), "nc: missing port number");
        assert_eq!(
            parse(&["-zv", "site", "70000"]).unwrap_err(),
            "nc: port number too large: 70000"
        );
    }

    #[test]
    fn letters_come_in_groups() {
        let args = parse(&["-zvu", "-w2", "odd", "9005"]).unwrap();
        assert!(args.scan && args.udp && args.verbose == 1);
        assert_eq!(args.wait, Some(Duration::from_secs(2)));
        assert!(parse(&["-Y", "x", "1"]).unwrap_err().starts_with("nc: invalid option -- 'Y'"));
    }
}
