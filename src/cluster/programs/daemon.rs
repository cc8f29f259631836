//! What most servers have in common: they open their sockets, answer until SIGTERM, and go.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::clock::SimTime;
use crate::cluster::{Answer, Ask, Context, Poll, Process, Signal};
use crate::network::{BindError, Protocol};

/// A socket to listen on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Socket {
    pub protocol: Protocol,
    pub address: IpAddr,
    pub port: u16,
}

impl Socket {
    /// TCP on every address of both families, as most servers listen.
    pub fn tcp(port: u16) -> Socket {
        Socket { protocol: Protocol::Tcp, address: Ipv6Addr::UNSPECIFIED.into(), port }
    }

    /// TCP on every IPv4 address.
    pub fn tcp_v4(port: u16) -> Socket {
        Socket { address: Ipv4Addr::UNSPECIFIED.into(), ..Socket::tcp(port) }
    }

    /// UDP on every address of both families.
    pub fn udp(port: u16) -> Socket {
        Socket { protocol: Protocol::Udp, ..Socket::tcp(port) }
    }
}

/// What makes a server that server.
pub trait Service: Clone + Send + Sync + 'static {
    /// The process's name, as `ss` shows it.
    fn name(&self) -> &str;

    /// Does what has to be done before it prepares, and says until when that takes; it is asked
    /// again then.
    fn begins(&mut self, context: &mut Context<'_>) -> Option<SimTime> {
        let _ = context;
        None
    }

    /// Looks at its surroundings before anything else.
    ///
    /// # Errors
    /// The exit code, after it has said why it cannot run.
    fn prepare(&mut self, context: &mut Context<'_>) -> Result<(), i32> {
        let _ = context;
        Ok(())
    }

    /// What it listens on.
    fn sockets(&self) -> Vec<Socket>;

    /// Says that it runs.
    fn announce(&mut self, context: &mut Context<'_>) {
        let _ = context;
    }

    /// Says why it cannot have a socket (R1.3), and with which code it exits.
    fn failed_to_bind(&mut self, socket: Socket, why: &BindError, context: &mut Context<'_>)
    -> i32;

    /// Whether it has a handler for a signal; one that it has is its end.
    fn heeds(&self, signal: Signal) -> bool {
        matches!(signal, Signal::Term | Signal::Int)
    }

    /// Does what it does from time to time, and says when that is to be again.
    fn tick(&mut self, context: &mut Context<'_>) -> Option<SimTime> {
        let _ = context;
        None
    }

    /// The exit code of a server that has decided to end.
    fn ends(&self) -> Option<i32> {
        None
    }

    /// As [`Process::has_workers`].
    fn has_workers(&self) -> bool {
        false
    }

    /// Answers a client.
    fn answer(&mut self, ask: &Ask, context: &mut Context<'_>) -> Answer;

    /// Says farewell on SIGTERM, and with which code it exits.
    fn stop(&mut self, context: &mut Context<'_>) -> i32 {
        let _ = context;
        0
    }
}

/// A running server.
#[derive(Clone)]
pub struct Daemon<S> {
    service: S,
    listening: bool,
    stopping: bool,
}

impl<S: Service> Daemon<S> {
    /// The server as a process.
    pub fn boxed(service: S) -> Box<dyn Process> {
        Box::new(Daemon { service, listening: false, stopping: false })
    }

    fn listen(&mut self, context: &mut Context<'_>) -> Result<(), i32> {
        self.service.prepare(context)?;
        for socket in self.service.sockets() {
            let name = self.service.name();
            if let Err(why) = context.bind(socket.protocol, socket.address, socket.port, name) {
                return Err(self.service.failed_to_bind(socket, &why, context));
            }
        }
        self.service.announce(context);
        Ok(())
    }
}

impl<S: Service> Process for Daemon<S> {
    fn step(&mut self, context: &mut Context<'_>) -> Poll {
        if self.stopping {
            return Poll::Exit(self.service.stop(context));
        }
        if let Some(code) = self.service.ends() {
            return Poll::Exit(code);
        }
        if !self.listening {
            let begins = self.service.begins(context);
            if let Some(code) = self.service.ends() {
                return Poll::Exit(code);
            }
            if let Some(at) = begins {
                return Poll::Until(at);
            }
            if let Err(code) = self.listen(context) {
                return Poll::Exit(code);
            }
            self.listening = true;
        }
        self.service.tick(context).map_or(Poll::Idle, Poll::Until)
    }

    fn signal(&mut self, signal: Signal, _: &mut Context<'_>) -> bool {
        self.stopping |= self.service.heeds(signal);
        self.stopping
    }

    fn has_workers(&self) -> bool {
        self.service.has_workers()
    }

    fn serve(&mut self, ask: &Ask, context: &mut Context<'_>) -> Answer {
        self.service.answer(ask, context)
    }
}

/// How a Go program says why it cannot have a port (R1.3).
pub fn go_bind_error(socket: Socket, why: &BindError) -> String {
    format!("listen tcp {}: bind: {}", go_socket(socket), why.words().to_lowercase())
}

/// A socket as Go's `net.OpError` names it: the address that it was given, none for every one.
fn go_socket(socket: Socket) -> String {
    match socket.address {
        IpAddr::V6(address) if address.is_unspecified() => format!(":{}", socket.port),
        address => SocketAddr::new(address, socket.port).to_string(),
    }
}

/// The address that a Go program listens on, as `net.Listen` reads it: `:8080`, `localhost:http`. A
/// host is looked up by `find`.
///
/// # Errors
/// Go's words.
pub fn go_address(text: &str, find: impl FnOnce(&str) -> Option<IpAddr>) -> Result<Socket, String> {
    let wrong = |why: &str| Err(format!("listen tcp: address {text}: {why}"));
    let Some((host, port)) = text.rsplit_once(':') else {
        return wrong("missing port in address");
    };
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    if bare.is_none() && host.contains(':') {
        return wrong("too many colons in address");
    }
    let number = match (port, port.parse::<u32>()) {
        (_, Ok(number)) => match u16::try_from(number) {
            Ok(number) => number,
            Err(_) => return Err(format!("listen tcp: address {port}: invalid port")),
        },
        ("", _) => 0,
        ("http", _) => 80,
        ("https", _) => 443,
        _ => return Err(format!("listen tcp: lookup tcp/{port}: unknown port")),
    };
    let address = match bare.unwrap_or(host) {
        "" => Ipv6Addr::UNSPECIFIED.into(),
        "localhost" => Ipv4Addr::LOCALHOST.into(),
        host => match host.parse().ok().or_else(|| find(host)) {
            Some(address) => address,
            None => return Err(format!("listen tcp: lookup {host}: no such host")),
        },
    };
    Ok(Socket { protocol: Protocol::Tcp, address, port: number })
}

#[cfg(test)]
mod tests {
    use super::*;

    // Go's net.SplitHostPort and LookupPort
    #[test]
    fn go_reads_addresses_strictly() {
        let none = |_: &str| None;
        assert_eq!(go_address(":8080", none).unwrap(), Socket::tcp(8080));
        assert_eq!(go_address("127.0.0.1:http", none).unwrap().port, 80);
        let own = IpAddr::from([10, 244, 1, 4]);
        let found = go_address("clinic:8080", |host| (host == "clinic").then_some(own));
        assert_eq!(found.unwrap(), Socket { address: own, ..Socket::tcp(8080) });
        let wrong = |text: &str| go_address(text, none).unwrap_err();
        assert_eq!(wrong("8080"), "listen tcp: address 8080: missing port in address");
        let many = "listen tcp: address :tcp://10.96.3.4:80: too many colons in address";
        assert_eq!(wrong(":tcp://10.96.3.4:80"), many);
        assert_eq!(wrong(":70000"), "listen tcp: address 70000: invalid port");
        assert_eq!(wrong(":web"), "listen tcp: lookup tcp/web: unknown port");
        assert_eq!(wrong("x:80"), "listen tcp: lookup x: no such host");
    }

    // Go's net.OpError
    #[test]
    fn go_names_the_address_that_it_was_given() {
        let at = |address: IpAddr| Socket { address, ..Socket::tcp(80) };
        let told = |address| go_bind_error(at(address), &BindError::NotAvailable);
        let six = "listen tcp [::1]:80: bind: cannot assign requested address";
        assert_eq!(told(Ipv6Addr::LOCALHOST.into()), six);
        let taken = BindError::InUse { by: "nginx".into() };
        let all = "listen tcp :80: bind: address already in use";
        assert_eq!(go_bind_error(Socket::tcp(80), &taken), all);
    }
}
