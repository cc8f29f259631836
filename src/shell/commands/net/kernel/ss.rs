//! ss: sockets by iproute2's options, filters and columns (`misc/ss.c`).

use super::sockets::{Socket, listeners};
use super::ss_filter::Filter;
use crate::network::{Family, Protocol};
use crate::shell::Io;
use crate::shell::commands::net::services::service;
use crate::shell::commands::options::{Grammar, Messages};
use crate::shell::commands::trouble::left_out;

const GRAMMAR: Grammar = Grammar {
    name: "ss",
    short: "dhaletuwxnro460spTbEf:MmiA:D:F:VzZN:KHSO",
    long: &[
        ("numeric", 'n'),
        ("resolve", 'r'),
        ("options", 'o'),
        ("extended", 'e'),
        ("memory", 'm'),
        ("info", 'i'),
        ("processes", 'p'),
        ("threads", 'T'),
        ("bpf", 'b'),
        ("events", 'E'),
        ("dccp", 'd'),
        ("tcp", 't'),
        ("sctp", 'S'),
        ("udp", 'u'),
        ("raw", 'w'),
        ("unix", 'x'),
        ("all", 'a'),
        ("listening", 'l'),
        ("ipv4", '4'),
        ("ipv6", '6'),
        ("packet", '0'),
        ("family", 'f'),
        ("socket", 'A'),
        ("query", 'A'),
        ("summary", 's'),
        ("diag", 'D'),
        ("filter", 'F'),
        ("version", 'V'),
        ("help", 'h'),
        ("context", 'Z'),
        ("contexts", 'z'),
        ("net", 'N'),
        ("kill", 'K'),
        ("no-header", 'H'),
        ("oneline", 'O'),
        ("mptcp", 'M'),
    ],
    stops: false,
};

/// Letters of what is not known of a socket here, or not done to it.
const LEFT_OUT: &[(char, &str)] =
    &[('s', "-s"), ('E', "-E"), ('K', "-K"), ('D', "-D"), ('x', "-x"), ('M', "-M"), ('b', "-b")];

/// Letters that show of each socket what is not known here.
const DETAILS: &[(char, &str)] = &[('e', "-e"), ('m', "-m"), ('i', "-i")];

/// Why nothing is shown: the exit code and the words.
type Trouble = (i32, String);

/// States of a socket by the kernel's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct States(u16);

impl States {
    const ESTABLISHED: States = States(1 << 1);
    const CLOSE: States = States(1 << 7);
    const LISTEN: States = States(1 << 10);
    const ALL: States = States((1 << 12) - 1);
    /// Those that come and go: not yet accepted, or over.
    const BUCKET: States = States(1 << 3 | 1 << 6);
    /// What is shown of connections unless states are named.
    const CONNECTIONS: States =
        States(Self::ALL.0 & !(Self::LISTEN.0 | Self::CLOSE.0 | Self::BUCKET.0));

    /// By the names of `state` and `exclude`.
    fn named(name: &str) -> Result<States, Trouble> {
        const NAMES: [&str; 12] = [
            "unknown",
            "established",
            "syn-sent",
            "syn-recv",
            "fin-wait-1",
            "fin-wait-2",
            "time-wait",
            "unconnected",
            "close-wait",
            "last-ack",
            "listening",
            "closing",
        ];
        let connected = Self::ALL.0 & !(Self::CLOSE.0 | Self::LISTEN.0);
        Ok(match name.to_ascii_lowercase().as_str() {
            "close" | "closed" => Self::CLOSE,
            "syn-rcv" => States(1 << 3),
            "established" => Self::ESTABLISHED,
            "all" => Self::ALL,
            "connected" => States(connected),
            "synchronized" => States(connected & !(1 << 2)),
            "bucket" => Self::BUCKET,
            "big" => States(Self::ALL.0 & !Self::BUCKET.0),
            name => match NAMES.iter().position(|known| *known == name) {
                Some(at) => States(1 << at),
                None => return Err((255, format!("ss: wrong state name: {name}"))),
            },
        })
    }

    fn has(self, other: States) -> bool {
        self.0 & other.0 != 0
    }

    fn several(self) -> bool {
        self.0.count_ones() > 1
    }
}

/// Tables of sockets: TCP, UDP, and all that hold none here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tables {
    tcp: bool,
    udp: bool,
    others: u32,
}

impl Tables {
    /// By a name of `-A`.
    fn add(&mut self, name: &str) -> bool {
        match name {
            "tcp" => self.tcp = true,
            "udp" => self.udp = true,
            "all" => *self = Tables { tcp: true, udp: true, others: 12 },
            "inet" => *self = Tables { tcp: true, udp: true, others: self.others + 4 },
            "mptcp" | "sctp" | "dccp" | "raw" | "tipc" | "xdp" | "vsock_stream" | "vsock_dgram"
            | "packet_raw" | "packet_dgram" | "p_raw" | "p_dgr" => {
                self.others += 1;
            }
            "packet" | "vsock" => self.others += 2,
            _ => return false,
        }
        true
    }

    fn count(self) -> u32 {
        u32::from(self.tcp) + u32::from(self.udp) + self.others
    }
}

/// What is asked for.
#[derive(Debug)]
struct Wanted {
    tables: Tables,
    states: States,
    family: Option<Family>,
    processes: bool,
    numeric: bool,
    header: bool,
    filter: Filter,
    /// The first option that would show what is not known of a socket.
    detail: Option<&'static str>,
}

fn usage(message: &str) -> Trouble {
    let help = super::super::super::usage("ss");
    (255, format!("{message}\nUsage: {help}").trim_start().to_owned())
}

impl Wanted {
    fn parse(arguments: &[String], io: &Io<'_>) -> Result<Wanted, Trouble> {
        let options = GRAMMAR.parse(arguments, Messages::Gnu).map_err(|misuse| {
            match misuse.is_left_out() {
                true => (1, misuse.into()),
                false => usage(misuse.message()),
            }
        })?;
        if let Some(option) = options.not_simulated(LEFT_OUT) {
            return Err((1, left_out("ss", option)));
        }
        let mut wanted = Wanted {
            tables: Tables::default(),
            states: States(0),
            family: None,
            processes: options.has('p') || options.has('T'),
            numeric: options.has('n'),
            header: !options.has('H'),
            filter: Filter::Everything,
            detail: options.not_simulated(DETAILS),
        };
        for (letter, value) in options.in_order() {
            wanted.option(letter, value, io)?;
        }
        let words = wanted.state_words(&options.operands)?;
        wanted.defaults();
        wanted.filter = Filter::parse(words).map_err(|why| match why.starts_with("ss: ") {
            true => usage(&why),
            false => (1, why),
        })?;
        Ok(wanted)
    }

    fn option(&mut self, letter: char, value: &str, io: &Io<'_>) -> Result<(), Trouble> {
        match letter {
            't' => self.tables.tcp = true,
            'u' => self.tables.udp = true,
            'w' | 'd' | 'S' => self.tables.others += 1,
            '0' => self.tables.others += 2,
            'l' => self.states = States(States::LISTEN.0 | States::CLOSE.0),
            'a' => self.states = States::ALL,
            '4' => self.family = Some(Family::V4),
            '6' => self.family = Some(Family::V6),
            'f' => match value {
                "inet" => self.family = Some(Family::V4),
                "inet6" => self.family = Some(Family::V6),
                "unix" | "link" | "netlink" | "tipc" | "vsock" | "xdp" => {
                    return Err((1, left_out("ss", format!("-f {value}"))));
                }
                "help" => return Err(usage("")),
                _ => return Err(usage(&format!("ss: \"{value}\" is invalid family"))),
            },
            'A' => {
                for name in value.split(',') {
                    let unix = name.starts_with("unix") || name.starts_with("u_");
                    if unix || name == "netlink" {
                        return Err((1, left_out("ss", format!("-A {name}"))));
                    }
                    if !self.tables.add(name) {
                        return Err(usage(&format!("ss: \"{name}\" is illegal socket table id")));
                    }
                }
            }
            'z' | 'Z' => return Err((1, "ss: SELinux is not enabled.".to_owned())),
            'N' => {
                let why = "No such file or directory";
                return Err((255, format!("Cannot open network namespace \"{value}\": {why}")));
            }
            'F' if !io.is_file(value) => {
                return Err((255, "fopen filter file: No such file or directory".to_owned()));
            }
            'F' => return Err((1, left_out("ss", "-F"))),
            _ => {}
        }
        Ok(())
    }

    /// `state NAME` and `exclude NAME` before the filter; what follows them is the filter.
    fn state_words<'a>(&mut self, words: &'a [String]) -> Result<&'a [String], Trouble> {
        let mut rest = words;
        let mut named: Option<States> = None;
        while let [word, more @ ..] = rest {
            let excludes = matches!(word.as_str(), "exclude" | "excl");
            if word != "state" && !excludes {
                break;
            }
            let Some((name, more)) = more.split_first() else {
                let told = "Command line is not complete. Try option \"help\"";
                return Err((255, told.to_owned()));
            };
            let states = States::named(name)?;
            named = Some(match (excludes, named) {
                (true, before) => States(before.unwrap_or(States::ALL).0 & !states.0),
                (false, before) => States(before.unwrap_or(States(0)).0 | states.0),
            });
            rest = more;
        }
        self.states = named.unwrap_or(self.states);
        Ok(rest)
    }

    /// What is shown where nothing is said of it.
    fn defaults(&mut self) {
        if self.tables.count() == 0 {
            self.tables = Tables { tcp: true, udp: true, others: 12 };
        }
        if self.states.0 == 0 {
            let connections = self.tables.tcp || self.tables.others > 2;
            self.states = if connections { States::CONNECTIONS } else { States::ESTABLISHED };
        }
    }

    /// The sockets that are asked for: only listeners are known here.
    fn sockets(&self, io: &Io<'_>) -> Vec<Socket> {
        let mut all = listeners(io);
        // UDP's table is read first.
        all.sort_by_key(|socket| socket.protocol == Protocol::Tcp);
        all.retain(|socket| {
            let (asked, state) = match socket.protocol {
                Protocol::Tcp => (self.tables.tcp, States::LISTEN),
                Protocol::Udp => (self.tables.udp, States::CLOSE),
                Protocol::Sctp | Protocol::Icmp => (false, States::LISTEN),
            };
            let family = Family::of(socket.address);
            asked
                && self.states.has(state)
                && self.family.is_none_or(|wanted| wanted == family)
                && self.filter.admits(socket.address, socket.port)
        });
        all
    }
}

/// ss
pub(in crate::shell::commands) fn ss(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    if arguments.iter().any(|word| word == "-V" || word == "--version") {
        io.say("ss utility, iproute2-6.1.0");
        return Some(0);
    }
    let wanted = match Wanted::parse(arguments, io) {
        Ok(wanted) => wanted,
        Err((code, why)) => {
            io.write_error(why);
            return Some(code);
        }
    };
    let sockets = wanted.sockets(io);
    if let Some(option) = wanted.detail.filter(|_| !sockets.is_empty()) {
        io.write_error(left_out("ss", option));
        return Some(1);
    }
    let named = !wanted.numeric && io.is_file("/etc/services");
    let mut rows: Vec<Row> = sockets
        .iter()
        .enumerate()
        .map(|(index, socket)| row(socket, 5 + index, wanted.processes, named))
        .collect();
    if wanted.header {
        rows.insert(0, HEADER.map(str::to_owned));
    }
    let shown = |column: usize| match column {
        0 => wanted.tables.count() > 1,
        1 => wanted.states.several(),
        _ => true,
    };
    for line in lines(&rows, &shown) {
        io.say(line);
    }
    Some(0)
}

/// A line's fields: addresses and ports have columns of their own.
type Row = [String; 9];

const HEADER: [&str; 9] = [
    "Netid",
    "State",
    "Recv-Q",
    "Send-Q",
    "Local Address:",
    "Port",
    "Peer Address:",
    "Port",
    "Process",
];

/// What stands before a field, unless it is the line's first.
const BEFORE: [&str; 9] = ["", " ", " ", " ", " ", "", " ", "", ""];

fn row(socket: &Socket, file: usize, processes: bool, named: bool) -> Row {
    let udp = socket.protocol == Protocol::Udp;
    let (own, peer) = socket.ends();
    let port = service(socket.protocol, socket.port).filter(|_| named);
    let port = port.map_or_else(|| socket.port.to_string(), str::to_owned);
    let process = match processes {
        true => format!(" users:((\"{}\",pid={},fd={file}))", socket.process, socket.pid),
        false => String::new(),
    };
    [
        if udp { "udp" } else { "tcp" }.to_owned(),
        if udp { "UNCONN" } else { "LISTEN" }.to_owned(),
        "0".to_owned(),
        socket.backlog().to_owned(),
        format!("{own}:"),
        port,
        format!("{peer}:"),
        "*".to_owned(),
        process,
    ]
}

/// Lines as ss writes them to a pipe. Addresses stand right of their columns' width, all else left; what
/// the very last line says of its process is not counted when widths are made.
fn lines(rows: &[Row], shown: &dyn Fn(usize) -> bool) -> Vec<String> {
    let columns: Vec<usize> = (0..9).filter(|column| shown(*column)).collect();
    let width = |column: usize| {
        let counted = if column == 8 { rows.len().saturating_sub(1) } else { rows.len() };
        rows[..counted].iter().map(|row| row[column].len()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..9).map(width).collect();
    let line = |row: &Row| {
        let mut line = String::new();
        for column in &columns {
            let before = if line.is_empty() { "" } else { BEFORE[*column] };
            let (field, width) = (&row[*column], widths[*column]);
            line += before;
            line += &match *column {
                4 | 6 => format!("{field:>width$}"),
                _ => format!("{field:<width$}"),
            };
        }
        line
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn states(words: &[&str]) -> Result<States, Trouble> {
        let mut wanted = Wanted {
            tables: Tables::default(),
            states: States(0),
            family: None,
            processes: false,
            numeric: true,
            header: true,
            filter: Filter::Everything,
            detail: None,
        };
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        wanted.state_words(&words).map(|_| ())?;
        Ok(wanted.states)
    }

    #[test]
    fn states_are_named_and_excluded() {
        assert_eq!(states(&["state", "listening"]).unwrap(), States::LISTEN);
        assert!(!states(&["exclude", "listening"]).unwrap().has(States::LISTEN));
        assert_eq!(states(&["state", "x"]).unwrap_err().1, "ss: wrong state name: x");
        assert_eq!(states(&["state"]).unwrap_err().0, 255);
    }

    #[test]
    fn columns_are_as_wide_as_what_they_hold() {
        let header = HEADER.map(str::to_owned);
        let row = ["tcp", "LISTEN", "0", "1", "0.0.0.0:", "9000", "0.0.0.0:", "*", ""];
        let all = [header, row.map(str::to_owned)];
        assert_eq!(
            lines(&all, &|column| column > 0),
            [
                "State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess",
                "LISTEN 0      1            0.0.0.0:9000      0.0.0.0:*          "
            ]
        );
    }
}
