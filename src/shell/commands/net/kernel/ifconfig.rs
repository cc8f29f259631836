//! `ifconfig` and `arp`, BusyBox' and net-tools': the older words for devices and neighbours. Packets are not
//! counted here, so the lines of counters are left out, as they are where the kernel has none.

use std::net::{IpAddr, Ipv4Addr};

use super::routes;
use crate::cluster::Flavour;
use crate::network::{Address, Interface, netmask};
use crate::shell::Io;
use crate::shell::commands::options::{Grammar, Messages, Options};
use crate::shell::commands::trouble::left_out;
use crate::shell::commands::{busybox_usage, client_flavour, words};

/// Words of `ifconfig DEVICE` that take a value, each with the call that sets it.
const SETTINGS: &[(&str, &str)] = &[
    ("metric", "SIFMETRIC"),
    ("mtu", "SIFMTU"),
    ("txqueuelen", "SIFTXQLEN"),
    ("dstaddr", "SIFDSTADDR"),
    ("netmask", "SIFNETMASK"),
    ("broadcast", "SIFBRDADDR"),
    ("hw", "SIFHWADDR"),
    ("pointopoint", "SIFDSTADDR"),
    ("add", "SIFADDR"),
    ("del", "DIFADDR"),
];

/// Words that set or clear a flag of the device.
const FLAGS: &[&str] =
    &["arp", "trailers", "promisc", "multicast", "allmulti", "dynamic", "up", "down"];

/// `ifconfig [-a] [DEVICE [WORD]...]`
pub(in crate::shell::commands) fn ifconfig(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let flavour = client_flavour(io.cluster, io.place, "ifconfig");
    let rest = arguments.strip_prefix(&["-a".to_owned()]).unwrap_or(arguments);
    let mut devices = super::devices(io);
    devices.sort_by(|one, other| one.name.cmp(&other.name));
    let told = match rest {
        [] => Ok(devices),
        [option] if flavour == Flavour::Gnu && option.starts_with('-') => {
            Err(match option.as_str() {
                "-s" | "-v" => left_out("ifconfig", option),
                _ => format!(
                    "ifconfig: option `{option}' not recognised.\nifconfig: `--help' gives usage information."
                ),
            })
        }
        [name] => {
            devices.retain(|device| device.name == *name);
            let tool = if flavour == Flavour::Gnu { "" } else { "ifconfig: " };
            let why = "error fetching interface information: Device not found";
            if devices.is_empty() { Err(format!("{tool}{name}: {why}")) } else { Ok(devices) }
        }
        [name, changes @ ..] => Err(change(io, flavour, &devices, name, changes)),
    };
    match told {
        Err(why) => {
            io.write_error(why);
            Some(1)
        }
        Ok(devices) => {
            for device in devices {
                io.say(block(&device, flavour) + "\n");
            }
            Some(0)
        }
    }
}

/// What is said of the first change that is asked for: only root with NET_ADMIN may make one, and none is made here.
fn change(
    io: &Io<'_>,
    flavour: Flavour,
    devices: &[Interface],
    name: &str,
    words: &[String],
) -> String {
    let tool = if flavour == Flavour::Gnu { "" } else { "ifconfig: " };
    let word = words[0].as_str();
    let bare = word.strip_prefix('-').unwrap_or(word);
    let setting = SETTINGS.iter().find(|(known, _)| *known == bare);
    let call = match setting {
        Some(_) if words.len() < 2 => return busybox_usage("ifconfig"),
        Some(_) if bare != word && !matches!(bare, "broadcast" | "pointopoint") => {
            return format!("{tool}bad: '{word}'");
        }
        Some((_, call)) => *call,
        None if !FLAGS.contains(&bare) => {
            let address = word.split('/').next().unwrap_or_default();
            if word != "default" && address.parse::<IpAddr>().is_err() {
                return format!("{tool}bad address '{word}'");
            }
            if words.len() > 1 && words.last().is_some_and(|last| is_setting(last)) {
                return busybox_usage("ifconfig");
            }
            "SIFADDR"
        }
        None if devices.iter().all(|device| device.name != name) => {
            return format!("{tool}SIOCGIFFLAGS: No such device");
        }
        None => "SIFFLAGS",
    };
    if super::may_not_change(io) {
        return format!("{tool}SIOC{call}: Operation not permitted");
    }
    left_out("ifconfig", format!("{name} {word}"))
}

fn is_setting(word: &str) -> bool {
    SETTINGS.iter().any(|(known, _)| *known == word)
}

/// A device as it is shown, an empty line behind it left out.
fn block(device: &Interface, flavour: Flavour) -> String {
    let hardware = device.hardware.map(routes::written);
    let (mtu, name) = (device.mtu(), &device.name);
    let of_name = |scope: &str, names: [&'static str; 3]| match scope {
        "host" => names[0],
        "link" => names[1],
        _ => names[2],
    };
    let mut lines = vec![match (&hardware, flavour) {
        (Some(_), Flavour::Gnu) => {
            format!("{name}: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu {mtu}")
        }
        (None, Flavour::Gnu) => format!("{name}: flags=73<UP,LOOPBACK,RUNNING>  mtu {mtu}"),
        (Some(hardware), Flavour::BusyBox) => {
            format!("{name:<9} Link encap:Ethernet  HWaddr {}  ", hardware.to_uppercase())
        }
        (None, Flavour::BusyBox) => format!("{name:<9} Link encap:Local Loopback  "),
    }];
    for Address { range: (address, length), scope } in device.all_addresses() {
        let mask = netmask(length);
        let wired = hardware.is_some();
        lines.push(match (address, flavour) {
            (IpAddr::V4(_), Flavour::Gnu) => {
                let broadcast = if wired { "  broadcast 0.0.0.0" } else { "" };
                format!("        inet {address}  netmask {mask}{broadcast}")
            }
            (IpAddr::V4(_), Flavour::BusyBox) => {
                let broadcast = if wired { " Bcast:0.0.0.0 " } else { "" };
                format!("          inet addr:{address} {broadcast} Mask:{mask}")
            }
            (IpAddr::V6(_), Flavour::Gnu) => {
                let scope = of_name(scope, ["0x10<host>", "0x20<link>", "0x0<global>"]);
                format!("        inet6 {address}  prefixlen {length}  scopeid {scope}")
            }
            (IpAddr::V6(_), Flavour::BusyBox) => {
                let scope = of_name(scope, ["Host", "Link", "Global"]);
                format!("          inet6 addr: {address}/{length} Scope:{scope}")
            }
        });
    }
    let flags = if hardware.is_some() { "BROADCAST RUNNING MULTICAST" } else { "LOOPBACK RUNNING" };
    lines.push(match (&hardware, flavour) {
        (_, Flavour::BusyBox) => format!("          UP {flags}  MTU:{mtu}  Metric:1"),
        (Some(hardware), _) => format!("        ether {hardware}  txqueuelen 1000  (Ethernet)"),
        (None, _) => "        loop  txqueuelen 1000  (Local Loopback)".to_owned(),
    });
    lines.join("\n")
}

/// `arp`: the neighbours that the kernel knows, of IPv4 alone.
pub(in crate::shell::commands) fn arp(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let gnu = client_flavour(io.cluster, io.place, "arp") == Flavour::Gnu;
    let messages = if gnu { Messages::Gnu } else { words(io.cluster, io.place) };
    let grammar = Grammar::short("arp", "A:p:H:t:i:adnDsve");
    let told = match grammar.parse(arguments, messages) {
        Err(misuse) if gnu => Err((255, format!("{}\nUsage: arp", misuse.message()))),
        Err(misuse) => Err((1, misuse.into())),
        Ok(options) if options.has('d') || options.has('s') => {
            Err((if gnu { 255 } else { 1 }, changed(&options, gnu, super::may_not_change(io))))
        }
        Ok(options) => match options.value('A').or(options.value('p')) {
            None | Some("inet") => Ok(options),
            Some("inet6") => Err((1, "arp: inet6: kernel only supports 'inet'".to_owned())),
            Some(other) => Err((1, format!("arp: {other}: unknown address family"))),
        },
    };
    let options = match told {
        Ok(options) => options,
        Err((code, why)) => {
            io.write_error(why);
            return Some(code);
        }
    };
    let host = options.operands.first();
    if let Some(name) = host.filter(|name| name.parse::<Ipv4Addr>().is_err()) {
        let tool = if gnu { "" } else { "arp: " };
        io.write_error(format!("{tool}{name}: Unknown host"));
        return Some(if gnu { 255 } else { 1 });
    }
    let known = routes::known_routers(io, crate::network::Family::V4);
    let shown: Vec<_> = known
        .iter()
        .filter(|(address, device, _)| {
            host.is_none_or(|host| address.to_string() == *host)
                && options.value('i').is_none_or(|wanted| wanted == device)
        })
        .collect();
    if shown.is_empty() && (host.is_some() || options.has('i')) {
        io.say(match (gnu, host) {
            (true, Some(host)) => format!("{host} ({host}) -- no entry"),
            (true, None) => format!("arp: in {} entries no match found.", known.len()),
            (false, _) => format!("No match found in {} entries", known.len()),
        });
        return Some(0);
    }
    let table = gnu && !options.has('a');
    if table && !shown.is_empty() {
        io.say("Address                  HWtype  HWaddress           Flags Mask            Iface");
    }
    for (address, device, hardware) in shown {
        let hardware = routes::written(*hardware);
        let gap = if gnu { "" } else { " " };
        io.say(match table {
            true => format!(
                "{:<25}ether   {hardware:<20}C                     {device}",
                address.to_string()
            ),
            false => format!("? ({address}) at {hardware} [ether] {gap}on {device}"),
        });
    }
    Some(0)
}

/// What is said of an entry that is to be taken away (`-d`) or set (`-s`).
fn changed(options: &Options, gnu: bool, may_not: bool) -> String {
    let tool = if gnu { "" } else { "arp: " };
    let letter = if options.has('s') { 's' } else { 'd' };
    match (options.operands.as_slice(), letter) {
        ([], _) => "arp: need host name".to_owned(),
        ([_], 's') => "arp: need hardware address".to_owned(),
        ([_, hardware, ..], 's') if hardware.split(':').count() != 6 => {
            "arp: invalid hardware address".to_owned()
        }
        _ if !may_not => left_out("arp", format!("-{letter}")),
        (_, 's') => format!("{tool}SIOCSARP: Operation not permitted"),
        _ if gnu => "SIOCDARP(dontpub): Operation not permitted".to_owned(),
        _ => "arp: SIOCDARP(priv): Operation not permitted".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_worded_as_each_program_does() {
        let lo = Interface {
            index: 1,
            name: "lo".to_owned(),
            peer: None,
            hardware: None,
            addresses: vec![(Ipv4Addr::LOCALHOST.into(), 8)],
        };
        assert_eq!(
            block(&lo, Flavour::BusyBox),
            "lo        Link encap:Local Loopback  \n          inet addr:127.0.0.1  Mask:255.0.0.0\n          inet6 addr: ::1/128 Scope:Host\n          UP LOOPBACK RUNNING  MTU:65536  Metric:1"
        );
        assert!(
            block(&lo, Flavour::Gnu).starts_with("lo: flags=73<UP,LOOPBACK,RUNNING>  mtu 65536\n")
        );
    }
}
