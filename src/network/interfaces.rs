//! Devices, addresses and routes of a network namespace, as `ip` shows them. They are what the
//! packet's walk goes by: a pod has one device and one way out, a node a device for each pod.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::topology::{LAPTOP, LAPTOP_OUTSIDE, NODE_RANGE, Node, Space};
use super::{NetnsId, Network, Party};

/// A network device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// Its number in its namespace.
    pub index: u32,
    /// `lo`, `eth0`, `veth9542bf53`
    pub name: String,
    /// The number of the device at the other end of a virtual cable.
    pub peer: Option<u32>,
    /// Its hardware address; the loopback device has none.
    pub hardware: Option<[u8; 6]>,
    /// Its IPv4 addresses with prefix lengths.
    pub addresses: Vec<(Ipv4Addr, u8)>,
}

/// A route of the main table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Where it leads: network and prefix length; `None` is the default route.
    pub to: Option<(Ipv4Addr, u8)>,
    /// The next router, where the destination is not on the device's own network.
    pub via: Option<Ipv4Addr>,
    /// The device's name.
    pub device: String,
    /// The address that packets get, where the kernel made the route for a device's address.
    pub source: Option<Ipv4Addr>,
}

impl Network {
    /// The devices of a namespace, by number.
    pub fn interfaces(&self, id: NetnsId) -> Vec<Interface> {
        let Some(space) = self.topology.space(id) else { return Vec::new() };
        let mut all = vec![loopback()];
        let node = space.node.and_then(|node| self.topology.node(node));
        match (&space.netns.party, node) {
            (Party::Node(_), Some(node)) => {
                all.push(Interface { peer: Some(4), ..wired(node.entry.address, 24) });
                all.extend(self.pods(node).map(|(_, pod)| cable(node, pod)));
            }
            (Party::Pod { .. }, Some(_)) => {
                let address = space.netns.address;
                all.push(Interface { peer: Some(cable_index(address)), ..wired(address, 32) });
            }
            (Party::Laptop, _) => {
                all.push(wired(LAPTOP, 24));
                let mut outer = wired(LAPTOP_OUTSIDE, 24);
                (outer.index, outer.name) = (3, "eth1".to_owned());
                all.push(outer);
            }
            _ => all.push(wired(space.netns.address, 24)),
        }
        all
    }

    /// The routes of a namespace, in the kernel's order.
    pub fn routes(&self, id: NetnsId) -> Vec<Route> {
        let Some(space) = self.topology.space(id) else { return Vec::new() };
        let node = space.node.and_then(|node| self.topology.node(node));
        match (&space.netns.party, node) {
            (Party::Node(_), Some(node)) => self.node_routes(node),
            (Party::Pod { .. }, Some(node)) => vec![
                Route::new(None, "eth0").via(node.gateway),
                Route::new(Some((node.gateway, 32)), "eth0"),
            ],
            (Party::Laptop, _) => {
                let outside = Ipv4Addr::new(203, 0, 113, 0);
                vec![
                    Route::new(Some(NODE_RANGE), "eth0").from(LAPTOP),
                    Route::new(Some((outside, 24)), "eth1").from(LAPTOP_OUTSIDE),
                ]
            }
            _ => vec![Route::new(None, "eth0").via(LAPTOP_OUTSIDE)],
        }
    }

    fn node_routes(&self, node: &Node) -> Vec<Route> {
        let pods = self
            .pods(node)
            .map(|(_, pod)| Route::new(Some((pod.netns.address, 32)), &cable(node, pod).name));
        let others = self.topology.nodes().filter(|other| other.entry.name != node.entry.name);
        let others = others.map(|other| {
            Route::new(Some((other.entry.pod_subnet, 24)), "eth0").via(other.entry.address)
        });
        let mut inner: Vec<Route> = pods.chain(others).collect();
        inner.push(Route::new(Some(NODE_RANGE), "eth0").from(node.entry.address));
        inner.sort_by_key(|route| route.to);
        inner.insert(0, Route::new(None, "eth0").via(LAPTOP));
        inner
    }

    fn pods<'a>(&'a self, node: &'a Node) -> impl Iterator<Item = (NetnsId, &'a Space)> {
        node.pods().filter_map(|id| Some((id, self.topology.space(id)?)))
    }
}

impl Interface {
    /// The address that IPv6 gives every device by itself, from its hardware address.
    pub fn link_local(&self) -> Option<Ipv6Addr> {
        let [a, b, c, d, e, f] = self.hardware?;
        let pair = |high: u8, low: u8| u16::from_be_bytes([high, low]);
        let (first, second) = (pair(a ^ 2, b), pair(c, 0xff));
        Some(Ipv6Addr::new(0xfe80, 0, 0, 0, first, second, pair(0xfe, d), pair(e, f)))
    }

    /// The name with the number of the other end: `eth0@if8`.
    pub fn full_name(&self) -> String {
        match self.peer {
            Some(peer) => format!("{}@if{peer}", self.name),
            None => self.name.clone(),
        }
    }
}

impl Route {
    fn new(to: Option<(Ipv4Addr, u8)>, device: &str) -> Route {
        Route { to, via: None, device: device.to_owned(), source: None }
    }

    fn via(self, router: Ipv4Addr) -> Route {
        Route { via: Some(router), ..self }
    }

    fn from(self, source: Ipv4Addr) -> Route {
        Route { source: Some(source), ..self }
    }
}

/// A line of `ip route`, which ends with a space.
impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to {
            None => f.write_str("default ")?,
            Some((address, 32)) => write!(f, "{address} ")?,
            Some((network, length)) => write!(f, "{network}/{length} ")?,
        }
        if let Some(router) = self.via {
            write!(f, "via {router} ")?;
        }
        write!(f, "dev {} ", self.device)?;
        match (self.source, self.via) {
            (Some(source), _) => write!(f, "proto kernel scope link src {source} "),
            (None, None) => f.write_str("scope link "),
            (None, Some(_)) => Ok(()),
        }
    }
}

/// The lines of `ip addr`, as iproute2 prints them.
impl fmt::Display for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(hardware) = self.hardware else { return f.write_str(LOOPBACK) };
        let (index, name) = (self.index, self.full_name());
        writeln!(
            f,
            "{index}: {name}: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default qlen 1000"
        )?;
        write!(f, "    link/ether {} brd ff:ff:ff:ff:ff:ff", Hardware(hardware))?;
        writeln!(f, "{}", if self.peer.is_some() { " link-netnsid 0" } else { "" })?;
        for (address, length) in &self.addresses {
            writeln!(f, "    inet {address}/{length} scope global {}", self.name)?;
            writeln!(f, "       valid_lft forever preferred_lft forever")?;
        }
        if let Some(address) = self.link_local() {
            writeln!(f, "    inet6 {address}/64 scope link ")?;
        }
        f.write_str("       valid_lft forever preferred_lft forever")
    }
}

const LOOPBACK: &str = "\
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
    inet 127.0.0.1/8 scope host lo
       valid_lft forever preferred_lft forever
    inet6 ::1/128 scope host 
       valid_lft forever preferred_lft forever";

/// A hardware address: `c6:79:7c:bd:8a:c9`.
struct Hardware([u8; 6]);

impl fmt::Display for Hardware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let octets = self.0.map(|octet| format!("{octet:02x}"));
        f.write_str(&octets.join(":"))
    }
}

fn loopback() -> Interface {
    Interface {
        index: 1,
        name: "lo".to_owned(),
        peer: None,
        hardware: None,
        addresses: vec![(Ipv4Addr::LOCALHOST, 8)],
    }
}

/// `eth0` of a machine or a pod.
fn wired(address: Ipv4Addr, length: u8) -> Interface {
    Interface {
        index: 2,
        name: "eth0".to_owned(),
        peer: None,
        hardware: Some(hardware(address, 0)),
        addresses: vec![(address, length)],
    }
}

/// The node's end of a pod's cable. All of them have the gateway's address.
fn cable(node: &Node, pod: &Space) -> Interface {
    let address = pod.netns.address;
    let [.., c, d, e, f] = hardware(address, 1);
    Interface {
        index: cable_index(address),
        name: format!("veth{c:02x}{d:02x}{e:02x}{f:02x}"),
        peer: Some(2),
        hardware: Some(hardware(address, 2)),
        addresses: vec![(node.gateway, 32)],
    }
}

fn cable_index(pod: Ipv4Addr) -> u32 {
    3 + u32::from(pod.octets()[3])
}

/// A hardware address of the kind that the kernel makes up: local, for one device, and here always
/// the same for the same device.
fn hardware(address: Ipv4Addr, device: u64) -> [u8; 6] {
    let mixed = (u64::from(address.to_bits()) << 2 | device).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let [a, b, c, d, e, f, ..] = mixed.to_be_bytes();
    [(a & 0xfc) | 2, b, c, d, e, f]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::fixture::Fixture;

    fn routes(f: &Fixture, id: NetnsId) -> Vec<String> {
        f.network.routes(id).iter().map(Route::to_string).collect()
    }

    // Recordings 20 and 31.
    #[test]
    fn routes_are_printed_as_recorded() {
        let f = Fixture::new();
        assert_eq!(
            routes(&f, f.client),
            ["default via 10.244.1.1 dev eth0 ", "10.244.1.1 dev eth0 scope link "]
        );
        let node = routes(&f, f.node(1));
        assert_eq!(node[0], "default via 192.168.49.1 dev eth0 ");
        assert!(node[1].starts_with("10.244.1.2 dev veth") && node[1].ends_with(" scope link "));
        assert_eq!(
            node[3..],
            [
                "10.244.2.0/24 via 192.168.49.3 dev eth0 ",
                "10.244.3.0/24 via 192.168.49.4 dev eth0 ",
                "192.168.49.0/24 dev eth0 proto kernel scope link src 192.168.49.2 ",
            ]
        );
    }

    #[test]
    fn every_pod_has_a_cable_to_its_node() {
        let f = Fixture::new();
        let pod = &f.network.interfaces(f.client)[1];
        let ends = f.network.interfaces(f.node(1));
        let other = ends.iter().find(|end| Some(end.index) == pod.peer).unwrap();
        assert_eq!((other.peer, other.addresses[0].0), (Some(pod.index), [10, 244, 1, 1].into()));
        assert!(pod.to_string().contains("    inet 10.244.1.3/32 scope global eth0\n"));
    }

    #[test]
    fn a_link_local_address_comes_of_the_hardware_address() {
        // Recording 31.
        let hardware = Some([0xc6, 0x79, 0x7c, 0xbd, 0x8a, 0xc9]);
        let device = Interface { hardware, ..wired([10, 244, 1, 7].into(), 32) };
        assert_eq!(device.link_local().unwrap().to_string(), "fe80::c479:7cff:febd:8ac9");
    }
}
