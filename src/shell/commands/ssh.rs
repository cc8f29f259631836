//! `ssh`: onto a node.

use k8s_openapi::api::core::v1::Node;

use super::options::{Grammar, Messages};
use super::trouble::dial_trouble;
use crate::cluster::{Cluster, Flavour, Place};
use crate::network::{Protocol, SocketAddr};
use crate::shell::{Io, Step, Tool, exec, interactive};

/// The node that a name or address stands for.
pub(super) fn node(cluster: &Cluster, name: &str) -> Option<Place> {
    let nodes = cluster.objects().list::<Node>(None);
    let mut found = nodes.filter(|node| {
        let addresses = node.status.as_ref().and_then(|status| status.addresses.as_ref());
        node.metadata.name.as_deref() == Some(name)
            || addresses.into_iter().flatten().any(|address| address.address == name)
    });
    found.next()?.metadata.name.as_deref().map(|name| Place::Node(name.into()))
}

/// A shell, or a command, on a node.
#[derive(Clone)]
struct Ssh {
    arguments: Vec<String>,
    inner: Option<Box<dyn Tool>>,
    goodbye: Option<String>,
}

/// OpenSSH's options that podhop heeds, and those that change nothing here: whose key, which cipher, how much
/// is logged, whether there is a terminal.
const GRAMMAR: Grammar =
    Grammar { name: "ssh", short: "46aCKknqTtxyc:E:e:F:i:l:m:o:p:", long: &[], stops: true };

/// The port that a node's sshd listens on.
const PORT: u16 = 22;

impl Ssh {
    fn begin(&mut self, io: &mut Io<'_>) -> Result<Box<dyn Tool>, i32> {
        let options = GRAMMAR.parse(&self.arguments, Messages::Gnu).map_err(|told| {
            io.write_error(told);
            255
        })?;
        let Some((host, command)) = options.operands.split_first() else {
            io.write_error("usage: ssh [user@]NODE [command]");
            return Err(255);
        };
        let name = host.rsplit_once('@').map_or(host.as_str(), |(_, name)| name);
        let Some(place) = node(io.cluster, name) else {
            io.write_error(format!(
                "ssh: Could not resolve hostname {name}: Name or service not known"
            ));
            return Err(255);
        };
        if let Some(port) = options.value('p')
            && let Err(told) = knock(io, name, &place, port)
        {
            io.write_error(told);
            return Err(255);
        }
        if command.is_empty() {
            self.goodbye = Some(format!("Connection to {name} closed."));
            return Ok(interactive(place, Flavour::Gnu, true));
        }
        Ok(on_node(io, &place, command))
    }
}

/// Whether a node's sshd is at a port; what ssh says if it is not.
fn knock(io: &mut Io<'_>, name: &str, place: &Place, port: &str) -> Result<(), String> {
    let Ok(number @ 1..) = port.parse::<u16>() else {
        return Err(format!("Bad port '{port}'"));
    };
    let Place::Node(node) = place else { return Ok(()) };
    if number == PORT {
        return Ok(());
    }
    let address = io.cluster.network().node(node).and_then(|node| node.addresses().next());
    let Some(address) = address else { return Ok(()) };
    let dial = io.cluster.dial(io.place, Protocol::Tcp, SocketAddr::new(address, number));
    Err(match dial.result {
        Err(why) => {
            format!("ssh: connect to host {name} port {number}: {}", dial_trouble(io, why))
        }
        // Somebody listens who does not speak ssh.
        Ok(_) => format!(
            "kex_exchange_identification: Connection closed by remote host\nConnection closed by {address} port {number}"
        ),
    })
}

/// A command line on a node, as its shell reads it.
pub(super) fn on_node(io: &Io<'_>, place: &Place, command: &[String]) -> Box<dyn Tool> {
    let words = ["bash".to_owned(), "-c".to_owned(), command.join(" ")];
    exec(io.cluster, place, &words, false)
        .unwrap_or_else(|| super::failed("ssh: the node has no shell", 127))
}

impl Tool for Ssh {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        if self.inner.is_none() {
            match self.begin(io) {
                Ok(inner) => self.inner = Some(inner),
                Err(status) => return Step::Exit(status),
            }
        }
        let step = self.inner.as_mut().map_or(Step::Exit(255), |inner| inner.step(io));
        if let (Step::Exit(_), Some(goodbye)) =
            (step, self.goodbye.take_if(|_| matches!(step, Step::Exit(_))))
        {
            io.write_error(goodbye);
        }
        step
    }

    fn inner(&mut self) -> Option<&mut dyn Tool> {
        Some(&mut **self.inner.as_mut()?)
    }
}

pub(super) fn ssh(arguments: &[String]) -> Box<dyn Tool> {
    Box::new(Ssh { arguments: arguments.to_vec(), inner: None, goodbye: None })
}
