//! ip: devices, addresses, routes and neighbours of a network namespace (recording 31).

use std::net::Ipv4Addr;

use k8s_openapi::api::core::v1::{Node, Pod};

use super::netns;
use crate::cluster::Flavour;
use crate::network::Party;
use crate::shell::Io;
use crate::shell::commands::flavour;

/// The laptop's address on the outside, and its device on the nodes' network.
const OUTSIDE: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 1);

/// A network device.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Device {
    name: String,
    /// What its other end is called, for a pair.
    peer: Option<u32>,
    address: Ipv4Addr,
    length: u8,
}

/// ip
pub(in crate::shell::commands::net) fn ip(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let brief = arguments.iter().any(|word| matches!(word.as_str(), "-br" | "-brief"));
    let known = ["-br", "-brief", "-4", "-c", "-color", "-o", "-d", "-s"];
    if let Some(option) = arguments
        .iter()
        .take_while(|word| word.starts_with('-'))
        .find(|word| !known.contains(&word.as_str()))
    {
        io.complain(format!("Option \"{option}\" is unknown, try \"ip -help\"."));
        return Some(255);
    }
    let short = arguments.iter().any(|word| word == "-4");
    let words: Vec<&str> =
        arguments.iter().map(String::as_str).skip_while(|word| word.starts_with('-')).collect();
    let Some((object, rest)) = words.split_first() else {
        io.complain("Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }\nwhere  OBJECT := { address | link | neighbour | route }");
        return Some(255);
    };
    let shows = |word: &&str| "show".starts_with(word) || "list".starts_with(word) || *word == "ls";
    let rest: Vec<&str> =
        rest.iter().copied().filter(|word| !shows(word) && *word != "dev").collect();
    let names = ["address", "link", "route", "neighbour", "neighbor"];
    match names.into_iter().find(|name| name.starts_with(object)) {
        Some("address") => addresses(io, &rest, Detail { brief, links: false, v4: short }),
        Some("link") => addresses(io, &rest, Detail { brief, links: true, v4: short }),
        Some("route") if rest.first() == Some(&"get") => route_get(io, rest.get(1).copied()),
        Some("route") => {
            for line in routes(io) {
                io.say(line);
            }
            Some(0)
        }
        Some(_) => {
            for line in neighbours(io) {
                io.say(line);
            }
            Some(0)
        }
        None => {
            io.complain(format!("Object \"{object}\" is unknown, try \"ip help\"."));
            Some(1)
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Detail {
    brief: bool,
    links: bool,
    v4: bool,
}

fn addresses(io: &mut Io<'_>, wanted: &[&str], detail: Detail) -> Option<i32> {
    let devices = devices(io);
    if let Some(name) =
        wanted.first().filter(|name| devices.iter().all(|device| device.name != **name))
    {
        io.complain(format!("Device \"{name}\" does not exist."));
        return Some(1);
    }
    let flavour = flavour(io.cluster, io.place);
    for (index, device) in devices.iter().enumerate() {
        if wanted.first().is_some_and(|name| device.name != **name) {
            continue;
        }
        io.say(if detail.brief {
            brief(device, detail)
        } else {
            full(device, index + 1, flavour, detail)
        });
    }
    Some(0)
}

/// The devices of the place's network namespace.
fn devices(io: &Io<'_>) -> Vec<Device> {
    let device =
        |name: &str, address, length| Device { name: name.to_owned(), peer: None, address, length };
    let mut devices = vec![device("lo", Ipv4Addr::LOCALHOST, 8)];
    let Some(netns) = netns(io) else { return devices };
    let octet = u32::from(netns.address.octets()[3]);
    match &netns.party {
        Party::Pod { .. } => {
            devices.push(Device { peer: Some(octet + 1), ..device("eth0", netns.address, 32) });
        }
        Party::Laptop => {
            devices.push(device("eth0", OUTSIDE, 24));
            devices.push(device("br0", netns.address, 24));
        }
        Party::Node(name) => {
            devices.push(device("eth0", netns.address, 24));
            let gateway = io.cluster.network().node(name).map(|node| gateway(node.pod_subnet));
            for pod in pods(io, name) {
                let name = veth(pod);
                devices.extend(gateway.map(|gateway| Device {
                    name,
                    peer: Some(2),
                    ..device("", gateway, 32)
                }));
            }
        }
        Party::Outside(_) => devices.push(device("eth0", netns.address, 24)),
    }
    devices
}

/// The addresses of a node's pods that have a network of their own.
fn pods(io: &Io<'_>, node: &str) -> Vec<Ipv4Addr> {
    let here = io.cluster.objects().list::<Pod>(None).filter_map(|pod| {
        let spec = pod.spec.as_ref()?;
        let own = spec.host_network != Some(true) && spec.node_name.as_deref() == Some(node);
        let status = pod.status.as_ref().filter(|_| own)?;
        let over = matches!(status.phase.as_deref(), Some("Succeeded" | "Failed"));
        status.pod_ip.as_ref().filter(|_| !over)?.parse().ok()
    });
    let mut addresses: Vec<Ipv4Addr> = here.collect();
    addresses.sort_unstable();
    addresses
}

/// The node's device of a pod.
fn veth(pod: Ipv4Addr) -> String {
    format!("veth{:08x}", pod.to_bits().wrapping_mul(0x9e37_79b9))
}

fn gateway(subnet: Ipv4Addr) -> Ipv4Addr {
    let [a, b, c, _] = subnet.octets();
    Ipv4Addr::new(a, b, c, 1)
}

/// A hardware address that belongs to an address: locally administered.
fn hardware(device: &Device) -> [u8; 6] {
    let salt = device.name.bytes().fold(7u64, |sum, byte| sum.wrapping_mul(31) + u64::from(byte));
    let mixed =
        (u64::from(device.address.to_bits()) ^ salt << 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let bytes = mixed.to_be_bytes();
    [bytes[0] & 0xfc | 2, bytes[1], bytes[2], bytes[3], bytes[4], bytes[5]]
}

fn written(hardware: [u8; 6]) -> String {
    hardware.map(|byte| format!("{byte:02x}")).join(":")
}

/// The link-local IPv6 address of a device.
fn link_local(device: &Device) -> String {
    let [a, b, c, d, e, f] = hardware(device);
    let word = |high: u8, low: u8| u16::from_be_bytes([high, low]);
    let address = std::net::Ipv6Addr::new(
        0xfe80,
        0,
        0,
        0,
        word(a ^ 2, b),
        word(c, 0xff),
        word(0xfe, d),
        word(e, f),
    );
    format!("{address}/64")
}

fn brief(device: &Device, detail: Detail) -> String {
    let loopback = device.name == "lo";
    let name = device.peer.map_or(device.name.clone(), |peer| format!("{}@if{peer}", device.name));
    let state = if loopback { "UNKNOWN" } else { "UP" };
    if detail.links {
        let (hardware, flags) = match loopback {
            true => ("00:00:00:00:00:00".to_owned(), "<LOOPBACK,UP,LOWER_UP>"),
            false => (written(hardware(device)), "<BROADCAST,MULTICAST,UP,LOWER_UP>"),
        };
        return format!("{name:<16} {state:<14} {hardware} {flags} ");
    }
    let v6 = if loopback { "::1/128".to_owned() } else { link_local(device) };
    let v6 = if detail.v4 { String::new() } else { format!("{v6} ") };
    format!("{name:<16} {state:<14} {}/{} {v6}", device.address, device.length)
}

fn full(device: &Device, index: usize, flavour: Flavour, detail: Detail) -> String {
    let loopback = device.name == "lo";
    let (gnu, busybox) = (flavour == Flavour::Gnu, flavour == Flavour::BusyBox);
    let name = device.peer.map_or(device.name.clone(), |peer| format!("{}@if{peer}", device.name));
    let down = if busybox && device.peer.is_some() { ",M-DOWN" } else { "" };
    let (flags, mtu, state) = match loopback {
        true => ("LOOPBACK,UP,LOWER_UP".to_owned(), 65_536, "UNKNOWN"),
        false => (format!("BROADCAST,MULTICAST,UP,LOWER_UP{down}"), 1500, "UP"),
    };
    let state = if gnu { format!(" state {state} group default") } else { String::new() };
    let mut text = format!("{index}: {name}: <{flags}> mtu {mtu} qdisc noqueue{state} qlen 1000");
    text += &match loopback {
        true => "\n    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00".to_owned(),
        false => format!("\n    link/ether {} brd ff:ff:ff:ff:ff:ff", written(hardware(device))),
    };
    if gnu && device.peer.is_some() {
        text += " link-netnsid 0";
    }
    if detail.links {
        return text;
    }
    let broadcast = match device.length {
        24 => format!(" brd {}", Ipv4Addr::from_bits(device.address.to_bits() | 0xff)),
        _ => String::new(),
    };
    let scope = if loopback { "host lo".to_owned() } else { format!("global {}", device.name) };
    let forever = "\n       valid_lft forever preferred_lft forever";
    text += &format!(
        "\n    inet {}/{}{broadcast} scope {scope}{forever}",
        device.address, device.length
    );
    if !detail.v4 {
        let (v6, scope) = match loopback {
            true => ("::1/128".to_owned(), "host"),
            false => (link_local(device), "link"),
        };
        text += &format!("\n    inet6 {v6} scope {scope} {forever}");
    }
    text
}

/// The routes of the place's network namespace.
fn routes(io: &Io<'_>) -> Vec<String> {
    let Some(netns) = netns(io) else { return Vec::new() };
    let address = netns.address;
    match &netns.party {
        Party::Pod { .. } => {
            let gateway = gateway(address);
            vec![
                format!("default via {gateway} dev eth0 "),
                format!("{gateway} dev eth0 scope link "),
            ]
        }
        Party::Laptop => vec![
            "default via 203.0.113.254 dev eth0 ".to_owned(),
            format!("192.168.49.0/24 dev br0 proto kernel scope link src {address} "),
            format!("203.0.113.0/24 dev eth0 proto kernel scope link src {OUTSIDE} "),
        ],
        Party::Node(name) => {
            let mut lines = vec!["default via 192.168.49.1 dev eth0 ".to_owned()];
            for pod in pods(io, name) {
                lines.push(format!("{pod} dev {} scope host ", veth(pod)));
            }
            for other in others(io, name) {
                let (subnet, via) = other;
                lines.push(format!("{subnet}/24 via {via} dev eth0 "));
            }
            lines.push(format!("192.168.49.0/24 dev eth0 proto kernel scope link src {address} "));
            lines
        }
        Party::Outside(_) => Vec::new(),
    }
}

/// The pods' subnets and addresses of the other nodes.
fn others(io: &Io<'_>, name: &str) -> Vec<(Ipv4Addr, Ipv4Addr)> {
    let network = io.cluster.network();
    let nodes = io.cluster.objects().list::<Node>(None).filter_map(|node| {
        let other = node.metadata.name.as_deref().filter(|other| *other != name)?;
        network.node(other).map(|entry| (entry.pod_subnet, entry.address))
    });
    let mut all: Vec<(Ipv4Addr, Ipv4Addr)> = nodes.collect();
    all.sort_unstable();
    all
}

fn route_get(io: &mut Io<'_>, to: Option<&str>) -> Option<i32> {
    let Some(to) = to.and_then(|text| text.parse::<Ipv4Addr>().ok()) else {
        io.complain("Error: any valid prefix is expected rather than \"\".");
        return Some(1);
    };
    let Some(netns) = netns(io) else { return Some(2) };
    let source = netns.address;
    let line = if to.is_loopback() || to == source {
        format!("local {to} dev lo src {to} uid 0 ")
    } else {
        let best = routes(io).into_iter().filter_map(|line| Some((covers(&line, to)?, line))).max();
        match best {
            Some((_, line)) => {
                let mut words = line.split_whitespace().skip_while(|word| *word != "via").skip(1);
                let via = words.next().map_or(String::new(), |via| format!(" via {via}"));
                let device = line
                    .split_once(" dev ")
                    .map_or("eth0", |(_, rest)| rest.split(' ').next().unwrap_or("eth0"));
                format!("{to}{via} dev {device} src {source} uid 0 ")
            }
            None => {
                io.complain("RTNETLINK answers: Network is unreachable");
                return Some(2);
            }
        }
    };
    io.say(format!("{line}\n    cache "));
    Some(0)
}

/// How many bits of an address a route's line decides, if it covers the address.
fn covers(line: &str, to: Ipv4Addr) -> Option<u32> {
    let target = line.split(' ').next()?;
    if target == "default" {
        return Some(0);
    }
    let (network, length) = target.split_once('/').unwrap_or((target, "32"));
    let (network, length): (Ipv4Addr, u32) = (network.parse().ok()?, length.parse().ok()?);
    let mask = u32::MAX.checked_shl(32 - length.min(32)).unwrap_or(0);
    (network.to_bits() & mask == to.to_bits() & mask).then_some(length)
}

/// Who is known on the wire: the machines that the namespace hands its packets to.
fn neighbours(io: &Io<'_>) -> Vec<String> {
    let Some(netns) = netns(io) else { return Vec::new() };
    let line = |address: Ipv4Addr, name: &str, device: &str| {
        let other = Device { name: name.to_owned(), peer: None, address, length: 32 };
        format!("{address} dev {device} lladdr {} REACHABLE ", written(hardware(&other)))
    };
    match &netns.party {
        Party::Pod { .. } => vec![line(gateway(netns.address), &veth(netns.address), "eth0")],
        Party::Node(name) => {
            let mut lines: Vec<String> =
                pods(io, name).into_iter().map(|pod| line(pod, "eth0", &veth(pod))).collect();
            lines.extend(others(io, name).into_iter().map(|(_, via)| line(via, "eth0", "eth0")));
            lines
        }
        Party::Laptop => {
            others(io, "").into_iter().map(|(_, via)| line(via, "eth0", "br0")).collect()
        }
        Party::Outside(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Recording 31, "addresses and routes inside a Pod"
    #[test]
    fn a_pods_device_is_worded_as_recorded() {
        let address = Ipv4Addr::new(10, 244, 1, 7);
        let device = Device { name: "eth0".to_owned(), peer: Some(8), address, length: 32 };
        let detail = Detail { brief: false, links: false, v4: false };
        let text = full(&device, 2, Flavour::Gnu, detail);
        assert!(text.starts_with("2: eth0@if8: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default qlen 1000\n    link/ether "));
        assert!(text.contains(" brd ff:ff:ff:ff:ff:ff link-netnsid 0\n    inet 10.244.1.7/32 scope global eth0\n       valid_lft forever preferred_lft forever\n    inet6 fe80::"));
        let text = full(&device, 2, Flavour::BusyBox, detail);
        assert!(text.starts_with("2: eth0@if8: <BROADCAST,MULTICAST,UP,LOWER_UP,M-DOWN> mtu 1500 qdisc noqueue qlen 1000\n"));
        assert!(
            brief(&device, detail)
                .starts_with("eth0@if8         UP             10.244.1.7/32 fe80::")
        );
    }

    #[test]
    fn the_longest_prefix_decides() {
        let to = Ipv4Addr::new(10, 244, 2, 9);
        assert_eq!(covers("10.244.2.0/24 via 192.168.49.3 dev eth0 ", to), Some(24));
        assert_eq!(covers("default via 192.168.49.1 dev eth0 ", to), Some(0));
        assert_eq!(covers("10.244.1.0/24 via 192.168.49.2 dev eth0 ", to), None);
    }
}
