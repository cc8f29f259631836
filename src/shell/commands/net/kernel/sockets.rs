//! ss and netstat: who listens.

use std::net::IpAddr;

use super::netns;
use crate::cluster::Flavour;
use crate::network::{Family, Protocol};
use crate::shell::Io;
use crate::shell::commands::options::Messages;
use crate::shell::commands::system::processes::pid;
use crate::shell::commands::trouble::left_out;
use crate::shell::commands::{client_flavour, real_options, words};

/// A listening socket, ready to be printed.
struct Socket {
    protocol: Protocol,
    address: IpAddr,
    port: u16,
    /// Whether it hears IPv6 alone.
    v6_only: bool,
    process: String,
    pid: u32,
}

impl Socket {
    /// Its own end, and the one that a client would have, as ss writes them: a socket of both
    /// families is `*`.
    fn ends(&self) -> (String, &'static str) {
        let port = self.port;
        match self.address {
            IpAddr::V4(address) => (format!("{address}:{port}"), "0.0.0.0:*"),
            IpAddr::V6(address) if address.is_unspecified() && !self.v6_only => {
                (format!("*:{port}"), "*:*")
            }
            IpAddr::V6(address) => (format!("[{address}]:{port}"), "[::]:*"),
        }
    }
}

/// What is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Wanted {
    tcp: bool,
    udp: bool,
    listening: bool,
    all: bool,
    processes: bool,
    no_header: bool,
    /// `-4` or `-6`.
    family: Option<Family>,
}

impl Wanted {
    /// `unseen` are letters that change nothing of what is shown of listeners.
    fn parse(
        tool: &str,
        words: Messages,
        arguments: &[String],
        unseen: &str,
    ) -> Result<Wanted, String> {
        let left = |option: String| {
            let real = real_options::real(tool, words, &option).is_some();
            real.then(|| left_out(tool, option))
        };
        let mut wanted = Wanted::default();
        for word in arguments {
            match word.as_str() {
                "--tcp" => wanted.tcp = true,
                "--udp" => wanted.udp = true,
                "--listening" => wanted.listening = true,
                "--all" => wanted.all = true,
                "--processes" | "--program" | "--programs" => wanted.processes = true,
                "--numeric" => {}
                "--no-header" => wanted.no_header = true,
                "--ipv4" => wanted.family = Some(Family::V4),
                "--ipv6" => wanted.family = Some(Family::V6),
                long if long.starts_with("--") => {
                    let unknown = || format!("{tool}: unrecognized option '{long}'");
                    return Err(left(long.to_owned()).unwrap_or_else(unknown));
                }
                group if group.starts_with('-') => {
                    for letter in group.chars().skip(1) {
                        match letter {
                            't' => wanted.tcp = true,
                            'u' => wanted.udp = true,
                            'l' => wanted.listening = true,
                            'a' => wanted.all = true,
                            'p' => wanted.processes = true,
                            'H' => wanted.no_header = true,
                            '4' => wanted.family = Some(Family::V4),
                            '6' => wanted.family = Some(Family::V6),
                            known if unseen.contains(known) => {}
                            other => {
                                let unknown = || match words {
                                    Messages::Musl => {
                                        format!("{tool}: unrecognized option: {other}")
                                    }
                                    _ => format!("{tool}: invalid option -- '{other}'"),
                                };
                                return Err(left(format!("-{other}")).unwrap_or_else(unknown));
                            }
                        }
                    }
                }
                // Filters (`sport = :80`) are left out.
                _ => {}
            }
        }
        if !wanted.tcp && !wanted.udp {
            (wanted.tcp, wanted.udp) = (true, true);
        }
        Ok(wanted)
    }

    /// The sockets that are asked for. Only listeners are known here: without `-l` or `-a` there
    /// are none to be shown.
    fn sockets(self, io: &Io<'_>) -> Vec<Socket> {
        let listeners = netns(io).map(|netns| &netns.listeners);
        let all =
            listeners.into_iter().flatten().map(|((protocol, address, port), listener)| Socket {
                protocol: *protocol,
                address: *address,
                port: *port,
                v6_only: listener.v6_only,
                process: listener.name.to_string(),
                pid: pid(io, &listener.name),
            });
        let shown = self.listening || self.all;
        let of_family =
            |socket: &Socket| self.family.is_none_or(|family| Family::of(socket.address) == family);
        all.filter(of_family)
            .filter(|socket| match socket.protocol {
                Protocol::Tcp => shown && self.tcp,
                Protocol::Udp => shown && self.udp,
                Protocol::Sctp | Protocol::Icmp => false,
            })
            .collect()
    }
}

/// ss
pub(in crate::shell::commands) fn ss(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let wanted = match Wanted::parse("ss", Messages::Gnu, arguments, "nO") {
        Ok(wanted) => wanted,
        Err(why) => {
            if why.starts_with("podhop") {
                io.write_error(why);
                return Some(1);
            }
            io.write_error(format!("{why}\nUsage: ss [ OPTIONS ]\n       ss [ OPTIONS ] [ FILTER ]\n   -t, --tcp            display only TCP sockets\n   -u, --udp            display only UDP sockets\n   -l, --listening      display listening sockets\n   -n, --numeric        don't resolve service names\n   -p, --processes      show process using socket"));
            return Some(255);
        }
    };
    let mut rows = Vec::new();
    if !wanted.no_header {
        rows.push(
            ["State", "Recv-Q", "Send-Q", "Local Address:Port", "Peer Address:Port", "Process"]
                .map(str::to_owned),
        );
    }
    for (index, socket) in wanted.sockets(io).into_iter().enumerate() {
        let udp = socket.protocol == Protocol::Udp;
        let process = match wanted.processes {
            true => {
                format!("users:((\"{}\",pid={},fd={}))", socket.process, socket.pid, 5 + index)
            }
            false => String::new(),
        };
        let (own, peer) = socket.ends();
        rows.push([
            if udp { "UNCONN" } else { "LISTEN" }.to_owned(),
            "0".to_owned(),
            backlog(&socket).to_owned(),
            own,
            peer.to_owned(),
            process,
        ]);
    }
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..6).map(width).collect();
    let lines: Vec<String> = rows.iter().map(|row| line(row, &widths)).collect();
    for line in lines {
        io.say(line);
    }
    Some(0)
}

/// Addresses stand right of their columns' width, the rest left, as in ss.
fn line(row: &[String; 6], widths: &[usize]) -> String {
    let [state, received, sent, local, peer, process] = row;
    format!(
        "{state:<0$} {received:<1$} {sent:<2$} {local:>3$} {peer:>4$} {process}",
        widths[0], widths[1], widths[2], widths[3], widths[4]
    )
}

/// How many connections may wait: nginx asks for 511.
fn backlog(socket: &Socket) -> &'static str {
    match (socket.protocol, socket.process.as_str()) {
        (Protocol::Udp, _) => "0",
        (_, "nginx" | "redis-server" | "httpd") => "511",
        _ => "4096",
    }
}

/// netstat
pub(in crate::shell::commands) fn netstat(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    if arguments
        .iter()
        .any(|word| word.starts_with('-') && !word.starts_with("--") && word.contains('r'))
    {
        io.write_error("podhop: netstat -r is not simulated here; ip route shows the routes");
        return Some(1);
    }
    let flavour = client_flavour(io.cluster, io.place, "netstat");
    let words = match flavour {
        Flavour::BusyBox => words(io.cluster, io.place),
        Flavour::Gnu => Messages::Gnu,
    };
    let wanted = match Wanted::parse("netstat", words, arguments, "nW") {
        Ok(wanted) => wanted,
        Err(why) => {
            let usage = "\nusage: netstat [-tulnap]";
            io.write_error(format!("{why}{}", if why.starts_with("podhop") { "" } else { usage }));
            return Some(1);
        }
    };
    let what = match (wanted.listening, wanted.all) {
        (true, _) => "only servers",
        (_, true) => "servers and established",
        _ => "w/o servers",
    };
    io.say(format!("Active Internet connections ({what})"));
    let program = if wanted.processes { "PID/Program name    " } else { "" };
    io.say(format!(
        "Proto Recv-Q Send-Q Local Address           Foreign Address         State       {program}"
    ));
    for socket in wanted.sockets(io) {
        let (protocol, state) = match socket.protocol {
            Protocol::Udp => ("udp", ""),
            _ => ("tcp", "LISTEN"),
        };
        let (family, peer) = match (socket.address, flavour) {
            (IpAddr::V4(_), _) => ("", "0.0.0.0:*"),
            (IpAddr::V6(_), Flavour::Gnu) => ("6", ":::*"),
            (IpAddr::V6(_), Flavour::BusyBox) => ("", ":::*"),
        };
        let protocol = format!("{protocol}{family}");
        let local = format!("{}:{}", socket.address, socket.port);
        let program = if wanted.processes {
            format!("{}/{}", socket.pid, socket.process)
        } else {
            String::new()
        };
        io.say(format!(
            "{protocol:<5} {:>6} {:>6} {local:<23} {:<23} {state:<11} {program}",
            0, 0, peer
        ));
    }
    Some(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_choose_sockets() {
        let words = ["-ltnp".to_owned()];
        let parse = |words: &[String]| Wanted::parse("ss", Messages::Gnu, words, "n");
        let wanted = parse(&words).unwrap();
        assert!(wanted.tcp && !wanted.udp && wanted.listening && wanted.processes);
        assert_eq!(parse(&["-Y".to_owned()]).unwrap_err(), "ss: invalid option -- 'Y'");
        assert_eq!(parse(&["-m".to_owned()]).unwrap_err(), "podhop: not simulated here: ss -m");
    }
}
