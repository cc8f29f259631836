//! Routes and neighbours as ip shows them.

use std::net::IpAddr;

use k8s_openapi::api::core::v1::Node;

use super::ip::{Style, Trouble, incomplete, invalid, prefix};
use super::json::Json;
use crate::network::{Family, Interface, Party, Range, Route, within};
use crate::shell::Io;
use crate::shell::commands::trouble::left_out;

/// What `ip route show` chooses routes by; what is chosen by is not said again of each.
#[derive(Clone, Debug, Default)]
pub(super) struct RouteFilter {
    pub device: Option<String>,
    via: Option<IpAddr>,
    to: Option<(Relation, Option<Range>)>,
    /// `kernel` or another.
    protocol: Option<String>,
    scope: Option<String>,
    nothing: bool,
}

/// How a route's target stands to the one that is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    Exact,
    /// `match`: it holds the given one.
    Holds,
    /// `root`: it is in the given one.
    Within,
}

impl RouteFilter {
    /// The words behind `ip route show`.
    pub fn parse(words: &[&str]) -> Result<RouteFilter, Trouble> {
        let mut filter = RouteFilter::default();
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            let mut value = || rest.next().copied().ok_or_else(incomplete);
            match *word {
                "dev" | "oif" => filter.device = Some(value()?.to_owned()),
                "table" => match value()? {
                    "main" | "254" | "all" => {}
                    "default" | "253" => filter.nothing = true,
                    other if other == "local" || other.parse::<u32>().is_ok() => {
                        return Err((1, left_out("ip", format!("route show table {other}"))));
                    }
                    other => return Err(invalid(other, "table id value is invalid")),
                },
                "via" => {
                    let (text, wrong) = value().map(|text| (text, text))?;
                    let told = format!("Error: inet prefix is expected rather than \"{wrong}\".");
                    filter.via = Some(text.parse().map_err(|_| (1, told))?);
                }
                "proto" | "protocol" => filter.protocol = Some(value()?.to_owned()),
                "scope" => filter.scope = Some(value()?.to_owned()),
                "match" => filter.to = Some((Relation::Holds, prefix(value()?)?)),
                "root" => filter.to = Some((Relation::Within, prefix(value()?)?)),
                "exact" | "to" => filter.to = Some((Relation::Exact, prefix(value()?)?)),
                "type" | "src" | "from" | "realm" | "cache" | "tos" | "metric" | "vrf" => {
                    return Err((1, left_out("ip", format!("route show {word}"))));
                }
                text => filter.to = Some((Relation::Exact, prefix(text)?)),
            }
        }
        Ok(filter)
    }

    fn admits(&self, route: &Route) -> bool {
        let to = |to: &(Relation, Option<Range>)| match (to, route.to) {
            ((Relation::Exact, wanted), to) => *wanted == to,
            (_, None) => to.0 == Relation::Holds,
            ((_, None), Some(_)) => true,
            ((Relation::Holds, Some(wanted)), Some(own)) => {
                own.1 <= wanted.1 && within(wanted.0, own)
            }
            ((Relation::Within, Some(wanted)), Some(own)) => {
                wanted.1 <= own.1 && within(own.0, *wanted)
            }
        };
        let kernel = route.source.is_some();
        let protocol = if kernel { "kernel" } else { "boot" };
        let scope = if route.via.is_some() { "global" } else { "link" };
        !self.nothing
            && self.device.as_ref().is_none_or(|device| route.device == *device)
            && self.via.is_none_or(|via| route.via == Some(via))
            && self.to.as_ref().is_none_or(to)
            && self.protocol.as_ref().is_none_or(|wanted| wanted == protocol)
            && self.scope.as_ref().is_none_or(|wanted| wanted == scope)
    }

    /// A route's line without what the filter says.
    fn line(&self, route: &Route) -> String {
        let mut line = route.to_string();
        let said = [
            self.via.map(|via| format!("via {via} ")),
            self.device.as_ref().map(|device| format!("dev {device} ")),
            self.protocol.as_ref().map(|protocol| format!("proto {protocol} ")),
            self.scope.as_ref().map(|scope| format!("scope {scope} ")),
        ];
        for words in said.into_iter().flatten() {
            line = line.replacen(&words, "", 1);
        }
        line
    }
}

/// The routes of the place's network namespace.
pub(super) fn routes(io: &Io<'_>, family: Family) -> Vec<Route> {
    let Some(from) = io.cluster.netns_of(io.place) else { return Vec::new() };
    match family {
        Family::V4 => io.cluster.network().routes(from.netns),
        Family::V6 => io.cluster.network().routes_v6(from.netns),
    }
}

/// `ip route show`
pub(super) fn show(io: &Io<'_>, style: &Style, filter: &RouteFilter) -> Vec<String> {
    let mut routes = routes(io, style.family.unwrap_or(Family::V4));
    routes.retain(|route| filter.admits(route));
    if style.json {
        let all = routes.iter().map(json).collect();
        return vec![Json::List(all).text(style.pretty)];
    }
    routes.iter().map(|route| filter.line(route)).collect()
}

fn json(route: &Route) -> Json {
    let to = match route.to {
        None => "default".to_owned(),
        Some((address, length)) if length == Family::of(address).bits() => address.to_string(),
        Some((network, length)) => format!("{network}/{length}"),
    };
    let mut members = vec![("dst", Json::Text(to))];
    if let Some(via) = route.via {
        members.push(("gateway", Json::of(via)));
    }
    members.push(("dev", Json::of(&route.device)));
    if let Some(source) = route.source {
        members.push(("protocol", Json::of("kernel")));
        members.push(("scope", Json::of("link")));
        members.push(("prefsrc", Json::of(source)));
    } else if route.via.is_none() {
        members.push(("scope", Json::of("link")));
    }
    members.push(("flags", Json::List(Vec::new())));
    Json::Object(members)
}

/// `ip route get`
pub(super) fn get(io: &Io<'_>, style: &Style, words: &[&str]) -> Result<Vec<String>, Trouble> {
    let mut target = None;
    let mut from = None;
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        match *word {
            "to" => target = Some(prefix(rest.next().ok_or_else(incomplete)?)?),
            "from" => {
                let text = rest.next().ok_or_else(incomplete)?;
                let told = format!("Error: inet prefix is expected rather than \"{text}\".");
                from = Some(text.parse::<IpAddr>().map_err(|_| (1, told))?);
            }
            "oif" | "dev" | "iif" | "mark" | "tos" | "vrf" | "ipproto" | "sport" | "dport"
            | "uid" => {
                return Err((1, left_out("ip", format!("route get {word}"))));
            }
            text => target = Some(prefix(text)?),
        }
    }
    let Some(Some((to, _))) = target else {
        return Err((1, "need at least a destination address".to_owned()));
    };
    let found = way(io, to)?;
    if style.json {
        let mut members = vec![];
        if found.local {
            members.push(("type", Json::of("local")));
        }
        members.push(("dst", Json::of(to)));
        if let Some(via) = found.via {
            members.push(("gateway", Json::of(via)));
        }
        members.push(("dev", Json::of(&found.device)));
        if let Some(source) = found.source {
            members.push(("prefsrc", Json::of(source)));
        }
        let cache = if found.local { vec![Json::of("local")] } else { Vec::new() };
        members.push(("flags", Json::List(Vec::new())));
        members.push(("uid", Json::Number(0)));
        members.push(("cache", Json::List(cache)));
        return Ok(vec![Json::List(vec![Json::Object(members)]).text(style.pretty)]);
    }
    let joint = if style.oneline { "\\" } else { "\n" };
    Ok(vec![found.line(to, from, joint)])
}

/// The way to an address.
pub(super) struct Way {
    pub local: bool,
    pub via: Option<IpAddr>,
    pub device: String,
    pub source: Option<IpAddr>,
    /// Whether the kernel made the route by itself.
    pub kernel: bool,
}

impl Way {
    fn line(&self, to: IpAddr, from: Option<IpAddr>, joint: &str) -> String {
        let via = self.via.map_or(String::new(), |via| format!(" via {via}"));
        let source = self.source.map_or(String::new(), |source| format!(" src {source}"));
        let device = &self.device;
        if to.is_ipv6() {
            let from = from.map_or("::".to_owned(), |from| from.to_string());
            if self.local {
                return format!(
                    "local {to} from {from} dev lo table local proto kernel{source} metric 0 pref medium"
                );
            }
            let metric = if self.kernel { 256 } else { 1024 };
            return format!(
                "{to} from {from}{via} dev {device}{source} metric {metric} pref medium"
            );
        }
        // Who says where a packet comes from is not told of it.
        let (from, source) = match from {
            Some(from) => (format!(" from {from}"), String::new()),
            None => (String::new(), source),
        };
        let (kind, flags) = if self.local { ("local ", "<local> ") } else { ("", "") };
        format!("{kind}{to}{from}{via} dev {device}{source} uid 0 {joint}    cache {flags}")
    }
}

/// How the place's kernel sends to an address.
pub(super) fn way(io: &Io<'_>, to: IpAddr) -> Result<Way, Trouble> {
    let own = super::devices(io);
    if to.is_loopback() || own.iter().any(|device| device.has(to)) {
        let lo = "lo".to_owned();
        let source = match to {
            IpAddr::V4(to) if to.is_loopback() => std::net::Ipv4Addr::LOCALHOST.into(),
            to => to,
        };
        return Ok(Way { local: true, via: None, device: lo, source: Some(source), kernel: true });
    }
    let family = Family::of(to);
    let routes = routes(io, family);
    let leads = routes.iter().filter(|route| route.leads_to(to));
    let Some(best) = leads.max_by_key(|route| route.to.map(|to| to.1)) else {
        return Err((2, "RTNETLINK answers: Network is unreachable".to_owned()));
    };
    let device = own.iter().find(|device| device.name == best.device);
    let of_family = |own: &&Range| Family::of(own.0) == family;
    let source = device.and_then(|device| device.addresses.iter().find(of_family));
    Ok(Way {
        local: false,
        via: best.via,
        device: best.device.clone(),
        source: source.map(|(source, _)| *source),
        kernel: best.source.is_some(),
    })
}

/// The routers that the namespace hands its packets to, with their hardware addresses.
pub(super) fn neighbours(
    io: &Io<'_>,
    style: &Style,
    device: Option<&str>,
    to: Option<Range>,
) -> Vec<String> {
    let families = match style.family {
        Some(family) => vec![family],
        None => vec![Family::V4, Family::V6],
    };
    let all = families.into_iter().flat_map(|family| known_routers(io, family));
    let all = all.filter(|(address, own, _)| {
        device.is_none_or(|device| device == own) && to.is_none_or(|to| within(*address, to))
    });
    if style.json {
        let members = |(address, own, hardware): (IpAddr, String, [u8; 6])| {
            let mut members = vec![("dst", Json::of(address)), ("dev", Json::of(own))];
            members.retain(|(name, _)| *name != "dev" || device.is_none());
            members.push(("lladdr", Json::of(written(hardware))));
            members.push(("state", Json::List(vec![Json::of("REACHABLE")])));
            Json::Object(members)
        };
        return vec![Json::List(all.map(members).collect()).text(style.pretty)];
    }
    let line = |(address, own, hardware): (IpAddr, String, [u8; 6])| {
        let hardware = written(hardware);
        let own = if device.is_some() { String::new() } else { format!("dev {own} ") };
        match style.brief {
            true => {
                format!("{address:<39} {:<16} {hardware} ", own.trim_start_matches("dev ").trim())
            }
            false => format!("{address} {own}lladdr {hardware} REACHABLE "),
        }
    };
    all.map(line).collect()
}

/// A router's address, the device that leads to it, and its hardware address.
pub(super) fn known_routers(io: &Io<'_>, family: Family) -> Vec<(IpAddr, String, [u8; 6])> {
    let network = io.cluster.network();
    let Some(from) = io.cluster.netns_of(io.place) else { return Vec::new() };
    let Some(netns) = network.netns(from.netns) else { return Vec::new() };
    let routes = routes(io, family);
    let gateways = routes.iter().filter_map(|route| Some((route.via?, route.device.as_str())));
    let lines = gateways.filter_map(|(address, device)| {
        let hardware = match (&netns.party, netns.node.as_deref()) {
            // A pod's router is the other end of its cable.
            (Party::Pod { .. }, Some(node)) => {
                let peer = network.interfaces(from.netns).iter().find_map(|device| device.peer);
                let ends = network.interfaces(network.node(node)?.netns);
                ends.into_iter().find(|end| Some(end.index) == peer)?.hardware?
            }
            _ => hardware_at(io, address)?,
        };
        Some((address, device.to_owned(), hardware))
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

/// `c6:79:7c:bd:8a:c9`
pub(super) fn written(hardware: [u8; 6]) -> String {
    hardware.map(|byte| format!("{byte:02x}")).join(":")
}
