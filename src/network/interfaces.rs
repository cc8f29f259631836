//! Devices, addresses and routes of a network namespace, as `ip` shows them. They are what the
//! packet's walk goes by: a pod has one device and one way out, a node a device for each pod.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::address::within;
use super::topology::{LAPTOP, LAPTOP_OUTSIDE, LAPTOP_V6, Node, Space, node_range};
use super::{Family, Netns, NetnsId, Network, Party, Range};

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
    /// Its addresses with prefix lengths, those of IPv4 first. The link-local one is not among them.
    pub addresses: Vec<Range>,
}

/// A route of the main table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Where it leads: network and prefix length; `None` is the default route.
    pub to: Option<Range>,
    /// The next router, where the destination is not on the device's own network.
    pub via: Option<IpAddr>,
    /// The device's name.
    pub device: String,
    /// The address that packets get, where the kernel made the route for a device's address.
    pub source: Option<IpAddr>,
}

impl Network {
    /// The devices of a namespace, by number.
    pub fn interfaces(&self, id: NetnsId) -> Vec<Interface> {
        let Some(space) = self.topology.space(id) else { return Vec::new() };
        let mut all = vec![loopback()];
        let node = space.node.and_then(|node| self.topology.node(node));
        match (&space.netns.party, node) {
            (Party::Node(_), Some(node)) => {
                all.push(Interface { peer: Some(4), ..wired(&space.netns, [24, 64]) });
                all.extend(self.pods(node).map(|(_, pod)| cable(node, pod)));
            }
            (Party::Pod { .. }, Some(_)) => {
                let peer = Some(cable_index(space.netns.address));
                all.push(Interface { peer, ..wired(&space.netns, [32, 128]) });
            }
            (Party::Laptop, _) => {
                all.push(wired(&space.netns, [24, 64]));
                all.push(Interface {
                    index: 3,
                    name: "eth1".to_owned(),
                    peer: None,
                    hardware: Some(hardware(LAPTOP_OUTSIDE, 0)),
                    addresses: vec![(LAPTOP_OUTSIDE.into(), 24)],
                });
            }
            _ => all.push(wired(&space.netns, [24, 64])),
        }
        all
    }

    /// The IPv4 routes of a namespace, in the kernel's order.
    pub fn routes(&self, id: NetnsId) -> Vec<Route> {
        let Some(space) = self.topology.space(id) else { return Vec::new() };
        let node = space.node.and_then(|node| self.topology.node(node));
        match (&space.netns.party, node) {
            (Party::Node(_), Some(node)) => self.node_routes(node),
            (Party::Pod { .. }, Some(node)) => {
                let gateway = node.gateway(Family::V4);
                vec![Route::new(None, "eth0").via(gateway), Route::new(Some((gateway, 32)), "eth0")]
            }
            (Party::Laptop, _) => {
                let outside = Ipv4Addr::new(203, 0, 113, 0).into();
                vec![
                    Route::new(Some(node_range(Family::V4)), "eth0").from(LAPTOP.into()),
                    Route::new(Some((outside, 24)), "eth1").from(LAPTOP_OUTSIDE.into()),
                ]
            }
            _ => vec![Route::new(None, "eth0").via(LAPTOP_OUTSIDE.into())],
        }
    }

    /// The IPv6 routes of a namespace, in the kernel's order. Every device has the one of its
    /// link-local address.
    pub fn routes_v6(&self, id: NetnsId) -> Vec<Route> {
        let Some(space) = self.topology.space(id) else { return Vec::new() };
        let node = space.node.and_then(|node| self.topology.node(node));
        let mut routes = match (&space.netns.party, node, space.netns.address_v6) {
            (Party::Node(_), Some(node), Some(_)) => self.node_routes_v6(node),
            (Party::Pod { .. }, Some(node), Some(own)) => {
                let gateway = node.gateway(Family::V6);
                vec![
                    Route::new(Some((gateway, 128)), "eth0"),
                    Route::new(Some((own.into(), 128)), "eth0").from(own.into()),
                    Route::new(None, "eth0").via(gateway),
                ]
            }
            (_, _, Some(own)) => {
                vec![Route::new(Some(node_range(Family::V6)), "eth0").from(own.into())]
            }
            (_, _, None) => Vec::new(),
        };
        let local = (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0).into(), 64);
        let devices = self.interfaces(id).into_iter().skip(1);
        let links = devices.map(|device| Route {
            source: device.link_local().map(IpAddr::V6),
            ..Route::new(Some(local), &device.name)
        });
        let place = routes.iter().position(|route| route.to.is_none()).unwrap_or(routes.len());
        routes.splice(place..place, links);
        routes
    }

    fn node_routes(&self, node: &Node) -> Vec<Route> {
        let mut inner = self.inner_routes(node, Family::V4);
        inner.insert(0, Route::new(None, "eth0").via(LAPTOP.into()));
        inner
    }

    fn node_routes_v6(&self, node: &Node) -> Vec<Route> {
        let mut inner = self.inner_routes(node, Family::V6);
        inner.push(Route::new(None, "eth0").via(LAPTOP_V6.into()));
        inner
    }

    /// To a node's own pods, to the pods of others, and to the nodes' network.
    fn inner_routes(&self, node: &Node, family: Family) -> Vec<Route> {
        let pods = self.pods(node).filter_map(|(_, pod)| {
            let address = pod.netns.address_of(family)?;
            Some(Route::new(Some((address, family.bits())), &cable(node, pod).name))
        });
        let others = self.topology.nodes().filter(|other| other.entry.name != node.entry.name);
        let others = others.filter_map(|other| {
            let subnet = match family {
                Family::V4 => (other.entry.pod_subnet.into(), 24),
                Family::V6 => (other.entry.second?.pod_subnet.into(), 64),
            };
            Some(Route::new(Some(subnet), "eth0").via(other.address(family)))
        });
        let mut inner: Vec<Route> = pods.chain(others).collect();
        inner.push(Route::new(Some(node_range(family)), "eth0").from(node.address(family)));
        inner.sort_by_key(|route| route.to);
        inner
    }

    fn pods<'a>(&'a self, node: &'a Node) -> impl Iterator<Item = (NetnsId, &'a Space)> {
        node.pods().filter_map(|id| Some((id, self.topology.space(id)?)))
    }
}

/// An address of a device, with the prefix length of its network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// The address and the length.
    pub range: Range,
    /// How far it is known: `global`, `link` or `host`.
    pub scope: &'static str,
}

impl Address {
    /// Its two lines in `ip addr` of a device: the address, and how long it holds.
    pub fn lines(&self, device: &Interface) -> [String; 2] {
        let (address, length) = self.range;
        let scope = self.scope;
        let line = match address {
            IpAddr::V4(_) => format!("    inet {address}/{length} scope {scope} {}", device.name),
            IpAddr::V6(_) => format!("    inet6 {address}/{length} scope {scope} "),
        };
        [line, "       valid_lft forever preferred_lft forever".to_owned()]
    }
}

impl Interface {
    /// Its addresses: those that it was given, and the one that it gave itself for IPv6.
    pub fn all_addresses(&self) -> Vec<Address> {
        let scope = if self.hardware.is_some() { "global" } else { "host" };
        let given = self.addresses.iter().map(|range| Address { range: *range, scope });
        let own = match self.link_local() {
            Some(own) => Address { range: (own.into(), 64), scope: "link" },
            None => Address { range: (Ipv6Addr::LOCALHOST.into(), 128), scope: "host" },
        };
        given.chain([own]).collect()
    }

    /// How long its packets may be, in bytes.
    pub fn mtu(&self) -> u32 {
        if self.hardware.is_some() { 1500 } else { 65_536 }
    }

    /// The two lines of `ip addr` before its addresses: the device, and its hardware.
    pub fn head(&self) -> [String; 2] {
        let (index, name, mtu) = (self.index, self.full_name(), self.mtu());
        let netns = if self.peer.is_some() { " link-netnsid 0" } else { "" };
        match self.hardware {
            Some(hardware) => [
                format!(
                    "{index}: {name}: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu {mtu} qdisc noqueue state UP group default qlen 1000"
                ),
                format!("    link/ether {} brd ff:ff:ff:ff:ff:ff{netns}", Hardware(hardware)),
            ],
            None => [
                format!(
                    "{index}: {name}: <LOOPBACK,UP,LOWER_UP> mtu {mtu} qdisc noqueue state UNKNOWN group default qlen 1000"
                ),
                "    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00".to_owned(),
            ],
        }
    }

    /// The address that IPv6 gives every device by itself, from its hardware address.
    pub fn link_local(&self) -> Option<Ipv6Addr> {
        let [a, b, c, d, e, f] = self.hardware?;
        let pair = |high: u8, low: u8| u16::from_be_bytes([high, low]);
        let (first, second) = (pair(a ^ 2, b), pair(c, 0xff));
        Some(Ipv6Addr::new(0xfe80, 0, 0, 0, first, second, pair(0xfe, d), pair(e, f)))
    }

    /// Whether the device has this address; all of 127.0.0.0/8 is the loopback device's.
    pub fn has(&self, address: IpAddr) -> bool {
        let loopback = self.name == "lo" && address.is_loopback();
        loopback || self.addresses.iter().any(|(own, _)| *own == address)
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
    /// Whether it leads to an address. A default route leads to every one of its family.
    pub fn leads_to(&self, address: IpAddr) -> bool {
        match self.to {
            Some(range) => within(address, range),
            None => self.is_v6() == address.is_ipv6(),
        }
    }

    fn is_v6(&self) -> bool {
        let network = self.to.map(|(network, _)| network);
        network.or(self.via).is_some_and(|address| address.is_ipv6())
    }

    fn new(to: Option<Range>, device: &str) -> Route {
        Route { to, via: None, device: device.to_owned(), source: None }
    }

    fn via(self, router: IpAddr) -> Route {
        Route { via: Some(router), ..self }
    }

    fn from(self, source: IpAddr) -> Route {
        Route { source: Some(source), ..self }
    }
}

/// A line of `ip route`, which ends with a space, or of `ip -6 route`, which does not.
impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to {
            None => f.write_str("default ")?,
            Some((address, length)) if length == Family::of(address).bits() => {
                write!(f, "{address} ")?;
            }
            Some((network, length)) => write!(f, "{network}/{length} ")?,
        }
        if let Some(router) = self.via {
            write!(f, "via {router} ")?;
        }
        write!(f, "dev {} ", self.device)?;
        if self.is_v6() {
            let kernel = self.source.is_some();
            return f.write_str(match kernel {
                true => "proto kernel metric 256 pref medium",
                false => "metric 1024 pref medium",
            });
        }
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
        f.write_str(&self.head().join("\n"))?;
        for address in self.all_addresses() {
            write!(f, "\n{}", address.lines(self).join("\n"))?;
        }
        Ok(())
    }
}

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
        addresses: vec![(Ipv4Addr::LOCALHOST.into(), 8)],
    }
}

/// `eth0` of a machine or a pod; its networks' prefix lengths are of IPv4 and of IPv6.
fn wired(netns: &Netns, lengths: [u8; 2]) -> Interface {
    let addresses = [Family::V4, Family::V6].into_iter().zip(lengths);
    Interface {
        index: 2,
        name: "eth0".to_owned(),
        peer: None,
        hardware: Some(hardware(netns.address, 0)),
        addresses: addresses
            .filter_map(|(family, length)| Some((netns.address_of(family)?, length)))
            .collect(),
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
        addresses: [Family::V4, Family::V6]
            .into_iter()
            .filter(|family| pod.netns.address_of(*family).is_some())
            .map(|family| (node.gateway(family), family.bits()))
            .collect(),
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
        let device = Interface { hardware, ..loopback() };
        assert_eq!(device.link_local().unwrap().to_string(), "fe80::c479:7cff:febd:8ac9");
    }
}
