//! What a kernel tells of its network: addresses, routes, sockets, packet filter, connections.

mod addresses;
mod busybox_ip;
mod connections;
mod filter;
mod ifconfig;
mod ip;
mod json;
mod routes;
mod sockets;
mod ss;
mod ss_filter;
mod sysctl;

pub(in crate::shell::commands) use connections::conntrack;
pub(in crate::shell::commands) use filter::{ip6tables, ip6tables_save, iptables, iptables_save};
pub(in crate::shell::commands) use ifconfig::{arp, ifconfig};
pub(in crate::shell::commands) use ip::{ip, ip_object};
pub(in crate::shell::commands) use sockets::{netstat, route};
pub(in crate::shell::commands) use ss::ss;
pub(in crate::shell::commands) use sysctl::sysctl;

use crate::cluster::Place;
use crate::network::{Interface, Netns};
use crate::shell::Io;

/// The devices of the place.
pub(super) fn devices(io: &Io<'_>) -> Vec<Interface> {
    let from = io.cluster.netns_of(io.place);
    from.map(|from| io.cluster.network().interfaces(from.netns)).unwrap_or_default()
}

/// The network namespace of the place.
fn netns<'a>(io: &'a Io<'_>) -> Option<&'a Netns> {
    let from = io.cluster.netns_of(io.place)?;
    io.cluster.network().netns(from.netns)
}

/// The node whose own network namespace the place is in.
fn node_name(io: &Io<'_>) -> Option<String> {
    match &netns(io)?.party {
        crate::network::Party::Node(name) => Some(name.to_string()),
        _ => None,
    }
}

/// Whether the place's root lacks NET_ADMIN, without which nothing of the network can be changed.
fn may_not_change(io: &Io<'_>) -> bool {
    matches!(io.place, Place::Container { .. }) && !io.cluster.has_capability(io.place, "NET_ADMIN")
}
