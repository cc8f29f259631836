//! Devices and their addresses as ip shows them (recording 31).

use super::json::Json;
use super::routes::written;
use crate::network::{Address, Family, Interface, Range, within};

/// How much is told of a device.
#[derive(Clone, Debug, Default)]
pub(super) struct Detail {
    /// Without addresses: `ip link`.
    pub links: bool,
    /// `-4` or `-6`: of one family alone.
    pub family: Option<Family>,
    /// `global`, `link` or `host`.
    pub scope: Option<String>,
    /// `to PREFIX`: what the addresses are in.
    pub to: Option<Range>,
}

impl Detail {
    /// Whether devices without such an address are left out.
    fn chooses(&self) -> bool {
        self.family.is_some() || self.scope.is_some() || self.to.is_some()
    }

    fn admits(&self, address: &Address) -> bool {
        self.family.is_none_or(|wanted| wanted == Family::of(address.range.0))
            && self.scope.as_ref().is_none_or(|wanted| wanted == address.scope)
            && self.to.is_none_or(|to| within(address.range.0, to))
    }
}

/// The addresses of a device that are asked for.
fn addresses(device: &Interface, detail: &Detail) -> Vec<Address> {
    let all = device.all_addresses().into_iter();
    all.filter(|address| detail.admits(address)).collect()
}

/// A device on one line; none where an address is asked for that it does not have.
pub(super) fn brief(device: &Interface, detail: &Detail) -> Option<String> {
    let state = if device.hardware.is_some() { "UP" } else { "UNKNOWN" };
    let words = match (detail.links, device.hardware) {
        (true, Some(hardware)) => {
            format!("{} <BROADCAST,MULTICAST,UP,LOWER_UP> ", written(hardware))
        }
        (true, None) => "00:00:00:00:00:00 <LOOPBACK,UP,LOWER_UP> ".to_owned(),
        (false, _) => addresses(device, detail)
            .iter()
            .map(|Address { range: (address, length), .. }| format!("{address}/{length} "))
            .collect(),
    };
    let nothing = words.is_empty() && detail.chooses();
    (!nothing).then(|| format!("{:<16} {state:<14} {words}", device.full_name()))
}

/// A device as iproute2 describes it.
pub(super) fn full(device: &Interface, detail: &Detail) -> Option<String> {
    let mut lines = device.head().to_vec();
    if detail.links {
        let words = " mode DEFAULT group default";
        return Some(lines.join("\n").replacen(" group default", words, 1));
    }
    let wanted = addresses(device, detail);
    if wanted.is_empty() && detail.chooses() {
        return None;
    }
    if detail.family.is_some() {
        lines.truncate(1);
    }
    lines.extend(wanted.iter().flat_map(|address| address.lines(device)));
    Some(lines.join("\n"))
}

/// `-o`: a line for the device, or for each of its addresses.
pub(super) fn oneline(device: &Interface, detail: &Detail) -> Vec<String> {
    if detail.links {
        return full(device, detail).map(|text| text.replace('\n', "\\")).into_iter().collect();
    }
    let line = |address: &Address| {
        let [address, lifetime] = address.lines(device);
        format!("{}: {}{address}\\{lifetime}", device.index, device.name)
    };
    addresses(device, detail).iter().map(line).collect()
}

/// `-j`: the devices as a list.
pub(super) fn json(devices: &[Interface], detail: &Detail) -> Json {
    let all = devices.iter().filter(|device| {
        detail.links || !detail.chooses() || !addresses(device, detail).is_empty()
    });
    Json::List(all.map(|device| object(device, detail)).collect())
}

fn object(device: &Interface, detail: &Detail) -> Json {
    let wired = device.hardware.is_some();
    let mut members = vec![("ifindex", Json::Number(device.index.into()))];
    if let Some(peer) = device.peer {
        members.push(("link_index", Json::Number(peer.into())));
    }
    let flags: &[&str] = match wired {
        true => &["BROADCAST", "MULTICAST", "UP", "LOWER_UP"],
        false => &["LOOPBACK", "UP", "LOWER_UP"],
    };
    members.extend([
        ("ifname", Json::of(&device.name)),
        ("flags", Json::List(flags.iter().map(Json::of).collect())),
        ("mtu", Json::Number(device.mtu().into())),
        ("qdisc", Json::of("noqueue")),
        ("operstate", Json::of(if wired { "UP" } else { "UNKNOWN" })),
    ]);
    if detail.links {
        members.push(("linkmode", Json::of("DEFAULT")));
    }
    members.extend([("group", Json::of("default")), ("txqlen", Json::Number(1000))]);
    if detail.family.is_none() {
        let hardware = device.hardware.map_or("00:00:00:00:00:00".to_owned(), written);
        members.extend([
            ("link_type", Json::of(if wired { "ether" } else { "loopback" })),
            ("address", Json::Text(hardware)),
            ("broadcast", Json::of(if wired { "ff:ff:ff:ff:ff:ff" } else { "00:00:00:00:00:00" })),
        ]);
        if device.peer.is_some() {
            members.push(("link_netnsid", Json::Number(0)));
        }
    }
    if !detail.links {
        let all = addresses(device, detail);
        let all = all.iter().map(|address| address_object(address, device)).collect();
        members.push(("addr_info", Json::List(all)));
    }
    Json::Object(members)
}

fn address_object(
    Address { range: (address, length), scope }: &Address,
    device: &Interface,
) -> Json {
    let family = if address.is_ipv4() { "inet" } else { "inet6" };
    let mut members = vec![
        ("family", Json::of(family)),
        ("local", Json::of(address)),
        ("prefixlen", Json::Number((*length).into())),
        ("scope", Json::of(scope)),
    ];
    if address.is_ipv4() {
        members.push(("label", Json::of(&device.name)));
    }
    members.push(("valid_life_time", Json::Number(u32::MAX.into())));
    members.push(("preferred_life_time", Json::Number(u32::MAX.into())));
    Json::Object(members)
}

/// `ip -j rule`: which table is looked into, by priority.
pub(super) fn rules_json(rules: &[(u32, &'static str)]) -> Json {
    let rule = |(priority, table): &(u32, &'static str)| {
        Json::Object(vec![
            ("priority", Json::Number((*priority).into())),
            ("src", Json::of("all")),
            ("table", Json::of(table)),
        ])
    };
    Json::List(rules.iter().map(rule).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn eth0() -> Interface {
        Interface {
            index: 2,
            name: "eth0".to_owned(),
            peer: Some(9),
            hardware: Some([0xd6, 0x27, 0xc7, 0x3b, 0xe8, 0x8b]),
            addresses: vec![([10, 244, 1, 8].into(), 32)],
        }
    }

    // Recording 31, "addresses and routes inside a Pod"
    #[test]
    fn a_pods_device_is_worded_as_recorded() {
        assert_eq!(
            brief(&eth0(), &Detail::default()).unwrap(),
            "eth0@if9         UP             10.244.1.8/32 fe80::d427:c7ff:fe3b:e88b/64 "
        );
        let own = Detail { family: Some(Family::V4), ..Detail::default() };
        assert_eq!(
            full(&eth0(), &own).unwrap(),
            "2: eth0@if9: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default qlen 1000\n    inet 10.244.1.8/32 scope global eth0\n       valid_lft forever preferred_lft forever"
        );
        assert_eq!(
            oneline(&eth0(), &own),
            [
                "2: eth0    inet 10.244.1.8/32 scope global eth0\\       valid_lft forever preferred_lft forever"
            ]
        );
    }
}
