//! What most servers have in common: they open their sockets, answer until SIGTERM, and go.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::clock::SimTime;
use crate::cluster::{Answer, Ask, Context, Poll, Process, Signal};
use crate::network::Protocol;

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
    fn name(&self) -> &'static str;

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

    /// Says that a socket is taken (R1.3), and with which code it exits.
    fn taken(&mut self, socket: Socket, context: &mut Context<'_>) -> i32;

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
            if context
                .bind(socket.protocol, socket.address, socket.port, self.service.name())
                .is_err()
            {
                return Err(self.service.taken(socket, context));
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

    fn serve(&mut self, ask: &Ask, context: &mut Context<'_>) -> Answer {
        self.service.answer(ask, context)
    }

    fn clone_box(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }
}

/// How a Go program says that a port is taken (R1.3).
pub fn go_bind_error(socket: Socket) -> String {
    format!("listen tcp :{}: bind: address already in use", socket.port)
}
