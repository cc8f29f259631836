//! Ports of the laptop that lead into pods: what `kubectl port-forward` opens.
//!
//! A connection to such a port is made again inside the pod's network namespace, to its localhost
//! (R1.4): no Service, no NetworkPolicy and no node is on the way.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use super::{Answer, Ask, Cluster, Place, Reply};
use crate::network::{BindError, Listener, ProcessId, Protocol, SocketAddr};

/// Every open port, by the process that listens on it.
pub(super) type Forwards = BTreeMap<ProcessId, Forward>;

/// An open port.
#[derive(Clone, Debug)]
pub(super) struct Forward {
    place: Place,
    port: u16,
    connections: Vec<Forwarded>,
}

/// What became of a connection to a forwarded port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forwarded {
    /// Somebody in the pod took it.
    Handled,
    /// Nobody listens on the pod's localhost.
    Refused,
}

impl Cluster {
    /// Opens `local` on the laptop's localhost, by both of its addresses; it leads to `port` on the
    /// localhost at `place`.
    ///
    /// # Errors
    /// When the laptop's port is taken, or not for who asks.
    pub fn open_forward(
        &mut self,
        local: u16,
        place: &Place,
        port: u16,
    ) -> Result<ProcessId, BindError> {
        let process = self.new_process();
        let listener = Listener {
            process,
            name: "kubectl".into(),
            container: None,
            owner: None,
            v6_only: false,
        };
        if !self.may_bind(&Place::Laptop, local) {
            return Err(BindError::Denied);
        }
        let laptop = self.network.laptop();
        let both: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        for address in both {
            self.network.bind(laptop, Protocol::Tcp, address, local, listener.clone())?;
        }
        let forward = Forward { place: place.clone(), port, connections: Vec::new() };
        self.forwards.insert(process, forward);
        Ok(process)
    }

    /// Closes a forwarded port.
    pub fn close_forward(&mut self, process: ProcessId) {
        if self.forwards.remove(&process).is_some() {
            let laptop = self.network.laptop();
            self.network.close(laptop, process);
        }
    }

    /// Takes what became of the connections to a forwarded port since the last call.
    pub fn take_forwarded(&mut self, process: ProcessId) -> Vec<Forwarded> {
        let forward = self.forwards.get_mut(&process);
        forward.map(|forward| std::mem::take(&mut forward.connections)).unwrap_or_default()
    }

    /// Carries a request into the pod; `None` when the process forwards nothing.
    pub(super) fn forward(&mut self, process: ProcessId, ask: &Ask) -> Option<Answer> {
        let Forward { place, port, .. } = self.forwards.get(&process)?.clone();
        let to = SocketAddr::new(Ipv4Addr::LOCALHOST, port);
        let dial = self.dial(&place, Protocol::Tcp, to);
        let (answer, happened) = match dial.result {
            Ok(connection) => {
                let answer = self.ask_within(&connection, ask.payload.clone(), ask.patience);
                (Answer { took: answer.took + dial.took, ..answer }, Forwarded::Handled)
            }
            Err(_) => {
                let answer = Answer { reply: Reply::Closed, took: Duration::ZERO };
                (answer, Forwarded::Refused)
            }
        };
        if let Some(forward) = self.forwards.get_mut(&process) {
            forward.connections.push(happened);
        }
        Some(answer)
    }
}
