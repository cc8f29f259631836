//! ip: devices, addresses, routes and neighbours of a network namespace (recording 31).

use std::net::IpAddr;

use k8s_openapi::api::core::v1::Node;

use crate::cluster::Flavour;
use crate::network::{Family, Interface, NetnsId, Party, Range, Route};
use crate::shell::Io;
use crate::shell::commands::client_flavour;

/// Options that change nothing here, or what `Detail` holds.
const OPTIONS: &[&str] = &["-br", "-brief", "-4", "-6", "-c", "-color", "-o", "-d", "-s", "-h"];

/// How much is told of a device.
#[derive(Clone, Copy, Debug)]
struct Detail {
    brief: bool,
    /// Without addresses: `ip link`.
    links: bool,
    /// `-4` or `-6`: of one family alone.
    family: Option<Family>,
    flavour: Flavour,
}

/// ip
pub(in crate::shell::commands) fn ip(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let is_option = |word: &&String| word.starts_with('-');
    let options: Vec<&String> = arguments.iter().take_while(is_option).collect();
    if let Some(option) = options.iter().find(|option| !OPTIONS.contains(&option.as_str())) {
        io.write_error(format!("Option \"{option}\" is unknown, try \"ip -help\"."));
        return Some(255);
    }
    let brief = options.iter().any(|option| option.starts_with("-br"));
    let says = |flag: &str| options.iter().any(|option| option.as_str() == flag);
    let family = match (says("-4"), says("-6")) {
        (_, true) => Some(Family::V6),
        (true, _) => Some(Family::V4),
        _ => None,
    };
    let words: Vec<&str> = arguments[options.len()..].iter().map(String::as_str).collect();
    let Some((object, rest)) = words.split_first() else {
        io.write_error("Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }\nwhere  OBJECT := { address | link | neighbour | route | rule }");
        return Some(255);
    };
    let shows = |word: &str| "show".starts_with(word) || "list".starts_with(word) || word == "ls";
    let mut rest = rest.to_vec();
    rest.retain(|word| !shows(word) && *word != "dev");
    let known = ["address", "link", "route", "rule", "neighbour", "neighbor"];
    let Some(object) = known.into_iter().find(|name| name.starts_with(object)) else {
        io.write_error(format!("Object \"{object}\" is unknown, try \"ip help\"."));
        return Some(1);
    };
    if let Some(verb) =
        rest.first().filter(|verb| matches!(**verb, "add" | "del" | "flush" | "set"))
    {
        io.write_error(format!(
            "podhop: ip {object} {verb} is not simulated here; ip {object} shows"
        ));
        return Some(1);
    }
    let Some(id) = io.cluster.netns_of(io.place).map(|from| from.netns) else { return Some(1) };
    let flavour = client_flavour(io.cluster, io.place, "ip");
    match object {
        "address" => devices(io, id, &rest, Detail { brief, links: false, family, flavour }),
        "link" => devices(io, id, &rest, Detail { brief, links: true, family: None, flavour }),
        "route" if rest.first() == Some(&"get") => route_get(io, id, rest.get(1).copied()),
        "route" => {
            for route in routes(io, id, family.unwrap_or(Family::V4)) {
                io.say(route.to_string());
            }
            Some(0)
        }
        "rule" => {
            io.say("0:\tfrom all lookup local");
            io.say("32766:\tfrom all lookup main");
            io.say("32767:\tfrom all lookup default");
            Some(0)
        }
        _ => {
            for family in [Family::V4, Family::V6] {
                for line in neighbours(io, id, family) {
                    io.say(line);
                }
            }
            Some(0)
        }
    }
}

fn devices(io: &mut Io<'_>, id: NetnsId, wanted: &[&str], detail: Detail) -> Option<i32> {
    let mut devices = io.cluster.network().interfaces(id);
    if let Some(name) = wanted.first() {
        devices.retain(|device| device.name == *name);
        if devices.is_empty() {
            io.write_error(match detail.flavour {
                Flavour::BusyBox => format!("ip: can't find device '{name}'"),
                Flavour::Gnu => format!("Device \"{name}\" does not exist."),
            });
            return Some(1);
        }
    }
    for device in devices {
        io.say(if detail.brief { brief(&device, detail) } else { full(&device, detail) });
    }
    Some(0)
}

/// A device on one line.
fn brief(device: &Interface, detail: Detail) -> String {
    let state = if device.hardware.is_some() { "UP" } else { "UNKNOWN" };
    let words = match (detail.links, device.hardware) {
        (true, Some(hardware)) => {
            format!("{} <BROADCAST,MULTICAST,UP,LOWER_UP> ", written(hardware))
        }
        (true, None) => "00:00:00:00:00:00 <LOOPBACK,UP,LOWER_UP> ".to_owned(),
        (false, _) => {
            let local =
                device.link_local().map_or("::1/128 ".to_owned(), |own| format!("{own}/64 "));
            let wanted = |family| detail.family.is_none_or(|wanted| wanted == family);
            let own = device.addresses.iter().filter(|(address, _)| wanted(Family::of(*address)));
            let own = own.map(|(address, length)| format!("{address}/{length} "));
            own.chain(Some(local).filter(|_| wanted(Family::V6))).collect()
        }
    };
    format!("{:<16} {state:<14} {words}", device.full_name())
}

/// A device as iproute2 describes it; BusyBox leaves some words out.
fn full(device: &Interface, detail: Detail) -> String {
    let mut text = device.to_string();
    if detail.links {
        text = text.lines().take(2).collect::<Vec<_>>().join("\n");
    }
    if let Some(family) = detail.family {
        text = of_family(&text, family);
    }
    if detail.flavour == Flavour::Gnu {
        return text;
    }
    if device.peer.is_some() {
        text = text.replacen("LOWER_UP>", "LOWER_UP,M-DOWN>", 1);
    }
    for words in [" state UP group default", " state UNKNOWN group default", " link-netnsid 0"] {
        text = text.replacen(words, "", 1);
    }
    text
}

/// The device's line and its addresses of one family, each with the line of its lifetime.
fn of_family(text: &str, family: Family) -> String {
    let word = if family == Family::V4 { "inet " } else { "inet6 " };
    let lines: Vec<&str> = text.lines().collect();
    let (first, rest) = lines.split_first().map_or(("", &[][..]), |(first, rest)| (*first, rest));
    let kept = rest.iter().enumerate().filter(|(index, line)| {
        let about = if line.contains("valid_lft") { rest[index.saturating_sub(1)] } else { line };
        about.trim_start().starts_with(word)
    });
    let kept: Vec<&str> = [first].into_iter().chain(kept.map(|(_, line)| *line)).collect();
    kept.join("\n")
}

fn routes(io: &Io<'_>, id: NetnsId, family: Family) -> Vec<Route> {
    match family {
        Family::V4 => io.cluster.network().routes(id),
        Family::V6 => io.cluster.network().routes_v6(id),
    }
}

fn route_get(io: &mut Io<'_>, id: NetnsId, to: Option<&str>) -> Option<i32> {
    let Some(to) = to.and_then(|text| text.parse::<IpAddr>().ok()) else {
        io.write_error("Error: any valid prefix is expected.");
        return Some(1);
    };
    let network = io.cluster.network();
    let own = network.interfaces(id);
    let is_own = own.iter().flat_map(|device| &device.addresses).any(|(own, _)| *own == to);
    let line = if to.is_loopback() || is_own {
        format!("local {to} dev lo src {to} uid 0 ")
    } else {
        let family = Family::of(to);
        let routes = routes(io, id, family);
        let Some(best) = routes
            .iter()
            .filter(|route| route.leads_to(to))
            .max_by_key(|route| route.to.map(|to| to.1))
        else {
            io.write_error("RTNETLINK answers: Network is unreachable");
            return Some(2);
        };
        let via = best.via.map_or(String::new(), |via| format!(" via {via}"));
        let device = own.iter().find(|device| device.name == best.device);
        let of_family = |own: &&Range| Family::of(own.0) == family;
        let source = device.and_then(|device| device.addresses.iter().find(of_family));
        let source = source.map_or(String::new(), |(source, _)| format!(" src {source}"));
        if family == Family::V6 {
            let metric = if best.source.is_some() { 256 } else { 1024 };
            let device = &best.device;
            let line =
                format!("{to} from ::{via} dev {device}{source} metric {metric} pref medium");
            io.say(line);
            return Some(0);
        }
        format!("{to}{via} dev {}{source} uid 0 ", best.device)
    };
    io.say(format!("{line}\n    cache "));
    Some(0)
}

/// The routers that the namespace hands its packets to, with their hardware addresses.
fn neighbours(io: &Io<'_>, id: NetnsId, family: Family) -> Vec<String> {
    let network = io.cluster.network();
    let Some(netns) = network.netns(id) else { return Vec::new() };
    let routes = routes(io, id, family);
    let gateways = routes.iter().filter_map(|route| Some((route.via?, route.device.as_str())));
    let lines = gateways.filter_map(|(address, device)| {
        let hardware = match (&netns.party, netns.node.as_deref()) {
            // A pod's router is the other end of its cable.
            (Party::Pod { .. }, Some(node)) => {
                let peer = network.interfaces(id).iter().find_map(|device| device.peer);
                let ends = network.interfaces(network.node(node)?.netns);
                ends.into_iter().find(|end| Some(end.index) == peer)?.hardware?
            }
            _ => hardware_at(io, address)?,
        };
        Some(format!("{address} dev {device} lladdr {} REACHABLE ", written(hardware)))
    });
    lines.collect()
}

/// The hardware address of a machine on the nodes' network.
fn hardware_at(io: &Io<'_>, address: IpAddr) -> Option<[u8; 6]> {
    let network = io.cluster.network();
    let nodes =
        io.cluster.objects().list::<Node>(None).filter_map(|node| {
            network.node(node.metadata.name.as_deref()?).map(|entry| entry.netns)
        });
    nodes.chain([network.laptop()]).find_map(|id| {
        let devices = network.interfaces(id);
        let at = |device: &Interface| device.addresses.iter().any(|(own, _)| *own == address);
        devices.into_iter().find(at)?.hardware
    })
}

fn written(hardware: [u8; 6]) -> String {
    hardware.map(|byte| format!("{byte:02x}")).join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    // Recording 31, "addresses and routes inside a Pod"
    #[test]
    fn a_pods_device_is_worded_as_recorded() {
        let device = Interface {
            index: 2,
            name: "eth0".to_owned(),
            peer: Some(9),
            hardware: Some([0xd6, 0x27, 0xc7, 0x3b, 0xe8, 0x8b]),
            addresses: vec![([10, 244, 1, 8].into(), 32)],
        };
        let detail = Detail { brief: false, links: false, family: None, flavour: Flavour::BusyBox };
        assert_eq!(
            full(&device, detail),
            "2: eth0@if9: <BROADCAST,MULTICAST,UP,LOWER_UP,M-DOWN> mtu 1500 qdisc noqueue qlen 1000\n    link/ether d6:27:c7:3b:e8:8b brd ff:ff:ff:ff:ff:ff\n    inet 10.244.1.8/32 scope global eth0\n       valid_lft forever preferred_lft forever\n    inet6 fe80::d427:c7ff:fe3b:e88b/64 scope link \n       valid_lft forever preferred_lft forever"
        );
        assert_eq!(
            brief(&device, detail),
            "eth0@if9         UP             10.244.1.8/32 fe80::d427:c7ff:fe3b:e88b/64 "
        );
    }
}
