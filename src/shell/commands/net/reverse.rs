//! The name of an address: `/etc/hosts`, then a PTR question.

use std::net::IpAddr;
use std::time::Duration;

use crate::cluster::{Cluster, Place};
use crate::network::{DnsData, DnsType, Protocol, Question};

/// `10.0.96.10.in-addr.arpa`, or all digits of an IPv6 address backwards below `ip6.arpa`.
pub(super) fn arpa(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        IpAddr::V6(address) => {
            let digits: Vec<String> =
                format!("{:032x}", address.to_bits()).chars().rev().map(String::from).collect();
            format!("{}.ip6.arpa", digits.join("."))
        }
    }
}

/// The name of an address, if it has one, and how long it takes to find that out.
pub(super) fn name_of(
    cluster: &mut Cluster,
    place: &Place,
    address: IpAddr,
) -> (Option<String>, Duration) {
    let hosts = cluster.read_file(place, "/etc/hosts").unwrap_or_default();
    if let Some(name) = in_hosts(&String::from_utf8_lossy(&hosts), &address.to_string()) {
        return (Some(name), Duration::ZERO);
    }
    let Some(server) = cluster.resolv_conf(place).nameservers.first().copied() else {
        return (None, Duration::ZERO);
    };
    let name = format!("{}.", arpa(address));
    let question = Question { name: &name, kind: DnsType::Ptr };
    let query = cluster.query(place, Protocol::Udp, server, question);
    let found = query.result.ok().and_then(|answer| {
        answer.records.into_iter().find_map(|record| match record.data {
            DnsData::Ptr(name) => Some(name.trim_end_matches('.').to_owned()),
            _ => None,
        })
    });
    (found, query.took)
}

/// The first name on an address's line of a hosts file.
pub(super) fn in_hosts(text: &str, address: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let mut words = line.split('#').next().unwrap_or("").split_whitespace();
        (words.next()? == address).then(|| words.next().map(str::to_owned))?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_written_backwards() {
        assert_eq!(arpa([10, 96, 0, 10].into()), "10.0.96.10.in-addr.arpa");
        let v6: IpAddr = "fd00::a".parse().unwrap();
        let zeros = "0.".repeat(27);
        assert_eq!(arpa(v6), format!("a.{zeros}0.0.d.f.ip6.arpa"));
    }

    // Recording 30: `ping -c 1 client` tells the pod's own name.
    #[test]
    fn the_hosts_file_goes_first() {
        let text = "127.0.0.1\tlocalhost\n::1\tlocalhost\n10.244.1.16\tclient\n";
        assert_eq!(in_hosts(text, "10.244.1.16").as_deref(), Some("client"));
        assert_eq!(in_hosts(text, "10.244.1.1"), None);
    }
}
