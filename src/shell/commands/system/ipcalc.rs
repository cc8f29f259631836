//! `ipcalc` of BusyBox: the network of an IPv4 address.

use std::net::Ipv4Addr;

use crate::shell::Io;
use crate::shell::commands::busybox_usage;
use crate::shell::commands::options::{Grammar, Options};
use crate::shell::commands::trouble::left_out;

/// The mask of a prefix.
fn mask(bits: u32) -> u32 {
    u32::MAX.checked_shl(32 - bits).unwrap_or(0)
}

/// The mask that an address had before networks had prefixes: by its class.
fn of_class(address: u32) -> u32 {
    match address >> 30 {
        0 | 1 => mask(8),
        2 => mask(16),
        _ => mask(24),
    }
}

/// The address and the mask of the command line.
fn read(options: &Options) -> Result<(u32, u32), String> {
    let address = |text: &str, what: &str| {
        text.parse::<Ipv4Addr>().map(u32::from).map_err(|_| format!("ipcalc: bad {what}: {text}"))
    };
    let (first, more) = match options.operands.as_slice() {
        [first] => (first, None),
        [first, mask] => (first, Some(mask)),
        _ => return Err(busybox_usage("ipcalc")),
    };
    if let Some((text, prefix)) = first.split_once('/') {
        let bits = match prefix.parse::<u32>() {
            Ok(bits) if bits <= 32 => bits,
            Ok(bits) => return Err(format!("ipcalc: number {bits} is not in 0..32 range")),
            Err(_) => return Err(format!("ipcalc: invalid number '{prefix}'")),
        };
        // A prefix and a mask are one too many.
        return match more {
            Some(_) => Err(busybox_usage("ipcalc")),
            None => Ok((address(text, "IP address")?, mask(bits))),
        };
    }
    if !options.in_order().any(|(letter, _)| "mbnph".contains(letter)) {
        return Err(busybox_usage("ipcalc"));
    }
    let own = address(first, "IP address")?;
    Ok((own, more.map_or(Ok(of_class(own)), |text| address(text, "netmask"))?))
}

pub(in crate::shell::commands) fn ipcalc(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let grammar = Grammar {
        name: "ipcalc",
        short: "mbnphs",
        long: &[
            ("netmask", 'm'),
            ("broadcast", 'b'),
            ("network", 'n'),
            ("prefix", 'p'),
            ("hostname", 'h'),
            ("silent", 's'),
        ],
        stops: false,
    };
    let Some(options) = grammar.read(arguments, io) else { return Some(1) };
    let (address, mask) = match read(&options) {
        Ok(read) => read,
        Err(why) => {
            if !options.has('s') || why.starts_with("BusyBox") {
                io.write_error(why);
            }
            return Some(1);
        }
    };
    if !options.in_order().any(|(letter, _)| "mbnph".contains(letter)) {
        io.write_error(busybox_usage("ipcalc"));
        return Some(1);
    }
    if options.has('h') {
        io.write_error(left_out("ipcalc", "-h"));
        return Some(1);
    }
    let network = address & mask;
    let lines = [
        ('m', "NETMASK", Ipv4Addr::from(mask).to_string()),
        ('b', "BROADCAST", Ipv4Addr::from(network | !mask).to_string()),
        ('n', "NETWORK", Ipv4Addr::from(network).to_string()),
        // BusyBox counts the bits, wherever they are.
        ('p', "PREFIX", mask.count_ones().to_string()),
    ];
    for (letter, name, value) in lines {
        if options.has(letter) {
            io.say(format!("{name}={value}"));
        }
    }
    Some(0)
}
