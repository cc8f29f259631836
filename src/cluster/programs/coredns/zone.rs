//! The cluster's own zone, `cluster.local`, and the reverse zone of its addresses.
//!
//! It answers as CoreDNS' kubernetes plugin does with `pods insecure` and a TTL of 30 seconds
//! (recording 30): what exists without such a record is NODATA, what does not exist is NXDOMAIN.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use super::service::{DnsEndpoint, DnsService, DnsTarget};
use crate::network::{DnsAnswer, DnsCode, DnsData, DnsRecord, DnsType, Protocol, absolute};

/// The cluster domain, with a final dot.
const DOMAIN: &str = "cluster.local.";

/// Seconds that records of the zone may be kept.
pub(super) const TTL: u32 = 30;

/// The version of the DNS specification that CoreDNS follows.
const VERSION: &str = "1.1.0";

/// What CoreDNS knows of the cluster.
#[derive(Clone, Debug, Default)]
pub(in crate::cluster) struct Zone {
    namespaces: Arc<BTreeSet<Arc<str>>>,
    services: Arc<BTreeMap<Arc<str>, BTreeMap<Arc<str>, Arc<DnsService>>>>,
    /// Services (namespace and name) by address: their cluster IP, and endpoints. Almost always
    /// one or two, in order.
    reverse: Arc<BTreeMap<IpAddr, Vec<(Arc<str>, Arc<str>)>>>,
}

/// What the zone answers to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ZoneAnswer {
    /// An answer of its own. An alias may still have to be followed.
    Answer(DnsAnswer),
    /// The name is another one's, and the zone can't follow it: the CNAMEs so far and the name.
    Elsewhere(Vec<DnsRecord>, String),
    /// Not a name of this zone.
    NotMine,
}

/// A name below the zone, taken apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Request<'a> {
    namespace: &'a str,
    service: &'a str,
    endpoint: &'a str,
    port: &'a str,
    protocol: &'a str,
}

/// One record of the kubernetes plugin: where a name leads, and by which port.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Target {
    host: Host,
    port: u16,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    /// An address, and the name that an SRV record gives it.
    Address(IpAddr, String),
    /// Another name.
    Alias(Arc<str>),
}

/// The name does not exist.
struct NoSuchName;

impl Zone {
    /// Replaces what is known of one Service; `None` removes it.
    pub fn set(&mut self, namespace: &str, name: &str, service: Option<DnsService>) {
        let services = Arc::make_mut(&mut self.services);
        let reverse = Arc::make_mut(&mut self.reverse);
        let old = services.get_mut(namespace).and_then(|services| services.remove(name));
        for address in old.iter().flat_map(|service| addresses(service)) {
            if let Some(names) = reverse.get_mut(&address) {
                names.retain(|(space, service)| (&**space, &**service) != (namespace, name));
                if names.is_empty() {
                    reverse.remove(&address);
                }
            }
        }
        let Some(service) = service else { return };
        let key = (service.namespace.clone(), service.name.clone());
        for address in addresses(&service) {
            let names = reverse.entry(address).or_default();
            if let Err(place) = names.binary_search(&key) {
                names.reserve_exact(1);
                names.insert(place, key.clone());
            }
        }
        services.entry(key.0).or_default().insert(key.1, Arc::new(service));
    }

    /// Replaces the list of namespaces.
    pub fn set_namespaces(&mut self, names: Vec<Arc<str>>) {
        self.namespaces = Arc::new(names.into_iter().collect());
    }

    /// Answers a question; `name` ends with a dot, and the answer repeats it as it was asked.
    pub(super) fn answer(&self, name: &str, kind: DnsType, serial: u64) -> ZoneAnswer {
        let lower = name.to_ascii_lowercase();
        if let Some(address) = reverse_address(&lower) {
            return self.pointer(name, kind, address, serial);
        }
        match relative(&lower) {
            Some(below) => self.below(name, below, kind, serial),
            None => ZoneAnswer::NotMine,
        }
    }

    fn below(&self, name: &str, below: &str, kind: DnsType, serial: u64) -> ZoneAnswer {
        let record = |data| DnsRecord { name: name.to_owned(), ttl: TTL, data };
        match (below, kind) {
            ("", DnsType::Soa) => return answer(vec![record(soa(serial).data)]),
            ("", DnsType::Ns) => {
                return answer(self.name_server().map(record).into_iter().collect());
            }
            // The plugin looks at a name only for other types.
            (_, DnsType::Soa) | ("", _) | ("svc", _) | ("pod", _) => return self.no_data(serial),
            ("dns-version", DnsType::Txt) => {
                return answer(vec![record(DnsData::Txt(VERSION.to_owned()))]);
            }
            ("ns.dns", _) => {
                let all = self.dns_addresses().iter().map(|it| record(DnsData::of_address(*it)));
                return self
                    .found(all.filter(|record| record.data.kind() == kind).collect(), serial);
            }
            _ => {}
        }
        let Ok(targets) = self.targets(below) else { return self.no_name(serial) };
        let records = match kind {
            DnsType::A | DnsType::Aaaa | DnsType::Cname => {
                return self.chase(name, targets, kind, serial);
            }
            DnsType::Srv => return self.services(name, &targets, serial),
            _ => Vec::new(),
        };
        self.found(records, serial)
    }

    /// A, AAAA and CNAME records; an alias is followed as far as this zone reaches.
    fn chase(&self, name: &str, targets: Vec<Target>, kind: DnsType, serial: u64) -> ZoneAnswer {
        let mut records = Vec::new();
        let mut name = name.to_owned();
        let mut targets = targets;
        // CoreDNS gives up after as many.
        for _ in 0..8 {
            let Some(alias) = targets.iter().find_map(Target::alias) else {
                let mut addresses: Vec<DnsData> = Vec::new();
                for data in targets.iter().filter_map(Target::address).map(DnsData::of_address) {
                    if data.kind() == kind && !addresses.contains(&data) {
                        addresses.push(data);
                    }
                }
                let found = addresses.into_iter().map(|data| DnsRecord {
                    name: name.clone(),
                    ttl: TTL,
                    data,
                });
                let chased = !records.is_empty();
                records.extend(found);
                // An alias whose target has no address is no answer at all.
                if chased && records.iter().all(|record| record.data.kind() == DnsType::Cname) {
                    records.clear();
                }
                return self.found(records, serial);
            };
            let target = absolute(&alias);
            records.push(DnsRecord { name, ttl: TTL, data: DnsData::Cname(target.clone()) });
            if kind == DnsType::Cname {
                return self.found(records, serial);
            }
            let lower = target.to_ascii_lowercase();
            let Some(below) = relative(&lower) else {
                return ZoneAnswer::Elsewhere(records, target);
            };
            let Ok(next) = self.targets(below) else { return self.no_data(serial) };
            (name, targets) = (target, next);
        }
        self.no_data(serial)
    }

    /// SRV records, and the addresses of their targets.
    fn services(&self, name: &str, targets: &[Target], serial: u64) -> ZoneAnswer {
        let hosts: Vec<(IpAddr, &str, u16)> = targets
            .iter()
            .filter_map(|target| match &target.host {
                Host::Address(address, host) => Some((*address, host.as_str(), target.port)),
                Host::Alias(_) => None,
            })
            .collect();
        let weight = (100 / hosts.len().max(1)).max(1) as u16;
        let mut found = DnsAnswer::new(DnsCode::NoError);
        for (address, host, port) in hosts {
            let data = DnsData::Srv { priority: 0, weight, port, target: host.to_owned() };
            found.records.push(DnsRecord { name: name.to_owned(), ttl: TTL, data });
            let data = DnsData::of_address(address);
            let glue = DnsRecord { name: host.to_owned(), ttl: TTL, data };
            if !found.additional.contains(&glue) {
                found.additional.push(glue);
            }
        }
        if found.records.is_empty() { self.no_data(serial) } else { ZoneAnswer::Answer(found) }
    }

    /// The name of an address: a Service's, or an endpoint's.
    fn pointer(&self, name: &str, kind: DnsType, address: IpAddr, serial: u64) -> ZoneAnswer {
        let Some(owners) = self.reverse.get(&address) else { return ZoneAnswer::NotMine };
        let owners = owners.iter().filter_map(|(namespace, name)| self.service(namespace, name));
        let mut names: Vec<String> = Vec::new();
        for service in owners {
            if service.target.cluster_ips().contains(&address) {
                names = vec![full_name(service)];
                break;
            }
            let endpoints = service.endpoints.iter().filter(|it| it.address == address);
            names.extend(endpoints.map(|it| endpoint_name(service, it)));
        }
        if kind != DnsType::Ptr {
            return self.no_data(serial);
        }
        let records = names.into_iter().map(|target| DnsRecord {
            name: name.to_owned(),
            ttl: TTL,
            data: DnsData::Ptr(target),
        });
        answer(records.collect())
    }

    /// Everything that a name below the zone leads to. None: the name exists, without a record.
    fn targets(&self, below: &str) -> Result<Vec<Target>, NoSuchName> {
        let (kind, request) = Request::parse(below).ok_or(NoSuchName)?;
        if !self.namespaces.contains(request.namespace) {
            return Err(NoSuchName);
        }
        if request.service.is_empty() {
            return Ok(Vec::new());
        }
        match kind {
            "pod" => {
                let address = dashed(request.service).ok_or(NoSuchName)?;
                let host = Host::Address(address, format!("{below}.{DOMAIN}"));
                Ok(vec![Target { host, port: 0 }])
            }
            _ => self.service_targets(&request),
        }
    }

    fn service_targets(&self, request: &Request<'_>) -> Result<Vec<Target>, NoSuchName> {
        let service = self.service(request.namespace, request.service).ok_or(NoSuchName)?;
        let targets: Vec<Target> = match &service.target {
            DnsTarget::Alias(_) if request.is_special() => Vec::new(),
            // An IP address is no name that a CNAME could lead to.
            DnsTarget::Alias(name) if name.parse::<IpAddr>().is_ok() => Vec::new(),
            DnsTarget::Alias(name) => vec![Target { host: Host::Alias(name.clone()), port: 0 }],
            DnsTarget::ClusterIps(addresses) if request.endpoint.is_empty() => {
                let ports = service.ports.iter().filter(|port| request.wants(port));
                let at = |port: u16| {
                    addresses.iter().map(move |address| Target {
                        host: Host::Address(*address, full_name(service)),
                        port,
                    })
                };
                ports.flat_map(|port| at(port.2)).collect()
            }
            _ => endpoint_targets(service, request),
        };
        if targets.is_empty() { Err(NoSuchName) } else { Ok(targets) }
    }

    fn service(&self, namespace: &str, name: &str) -> Option<&DnsService> {
        self.services.get(namespace)?.get(name).map(Arc::as_ref)
    }

    fn dns_addresses(&self) -> &[IpAddr] {
        let dns = self.service("kube-system", "kube-dns");
        dns.map_or(&[], |dns| dns.target.cluster_ips())
    }

    fn name_server(&self) -> Option<DnsData> {
        self.service("kube-system", "kube-dns").map(|dns| DnsData::Ns(full_name(dns)))
    }

    fn found(&self, records: Vec<DnsRecord>, serial: u64) -> ZoneAnswer {
        if records.is_empty() { self.no_data(serial) } else { answer(records) }
    }

    fn no_data(&self, serial: u64) -> ZoneAnswer {
        let authority = vec![soa(serial)];
        ZoneAnswer::Answer(DnsAnswer { authority, ..DnsAnswer::new(DnsCode::NoError) })
    }

    fn no_name(&self, serial: u64) -> ZoneAnswer {
        let authority = vec![soa(serial)];
        ZoneAnswer::Answer(DnsAnswer { authority, ..DnsAnswer::new(DnsCode::NxDomain) })
    }
}

impl<'a> Request<'a> {
    /// `svc` or `pod`, and the labels in front of it; `None` for what can't be a name here.
    fn parse(below: &'a str) -> Option<(&'a str, Request<'a>)> {
        let mut labels = below.rsplit('.');
        let kind = labels.next().filter(|kind| matches!(*kind, "svc" | "pod"))?;
        let namespace = labels.next().unwrap_or_default();
        let service = labels.next().unwrap_or_default();
        let rest: Vec<&str> = labels.collect();
        let bare = |label: &'a str| label.strip_prefix('_').unwrap_or(label);
        let request = Request { namespace, service, ..Request::default() };
        match rest[..] {
            [] => Some((kind, request)),
            [endpoint] => Some((kind, Request { endpoint, ..request })),
            [protocol, port] => {
                Some((kind, Request { port: bare(port), protocol: bare(protocol), ..request }))
            }
            _ => None,
        }
    }

    fn is_special(&self) -> bool {
        !(self.endpoint.is_empty() && self.port.is_empty() && self.protocol.is_empty())
    }

    fn wants(&self, (name, protocol, _): &(Arc<str>, Protocol, u16)) -> bool {
        self.protocol.is_empty() && self.port.is_empty()
            || &**name == self.port && protocol.to_string().eq_ignore_ascii_case(self.protocol)
    }
}

impl Target {
    fn alias(&self) -> Option<Arc<str>> {
        match &self.host {
            Host::Alias(name) => Some(name.clone()),
            Host::Address(..) => None,
        }
    }

    fn address(&self) -> Option<IpAddr> {
        match &self.host {
            Host::Address(address, _) => Some(*address),
            Host::Alias(_) => None,
        }
    }
}

fn endpoint_targets(service: &DnsService, request: &Request<'_>) -> Vec<Target> {
    let chosen = |endpoint: &&DnsEndpoint| {
        request.endpoint.is_empty() || &*endpoint.hostname == request.endpoint
    };
    let mut targets = Vec::new();
    for endpoint in service.endpoints.iter().filter(chosen) {
        let host = Host::Address(endpoint.address, endpoint_name(service, endpoint));
        if endpoint.ports.is_empty() && request.port.is_empty() {
            targets.push(Target { host, port: 0 });
            continue;
        }
        let ports = endpoint.ports.iter().filter(|port| request.wants(port));
        targets.extend(ports.map(|port| Target { host: host.clone(), port: port.2 }));
    }
    targets
}

fn answer(records: Vec<DnsRecord>) -> ZoneAnswer {
    ZoneAnswer::Answer(DnsAnswer { records, ..DnsAnswer::new(DnsCode::NoError) })
}

fn addresses(service: &DnsService) -> impl Iterator<Item = IpAddr> + '_ {
    let own = service.target.cluster_ips().iter().copied();
    own.chain(service.endpoints.iter().map(|endpoint| endpoint.address))
}

fn full_name(service: &DnsService) -> String {
    format!("{}.{}.svc.{DOMAIN}", service.name, service.namespace)
}

fn endpoint_name(service: &DnsService, endpoint: &DnsEndpoint) -> String {
    format!("{}.{}", endpoint.hostname, full_name(service))
}

fn soa(serial: u64) -> DnsRecord {
    let data = DnsData::Soa {
        server: format!("ns.dns.{DOMAIN}"),
        mailbox: format!("hostmaster.{DOMAIN}"),
        serial,
        refresh: 7200,
        retry: 1800,
        expire: 86_400,
        minimum: TTL,
    };
    DnsRecord { name: DOMAIN.to_owned(), ttl: TTL, data }
}

/// The labels in front of the zone: `web.default.svc` of `web.default.svc.cluster.local.`
fn relative(name: &str) -> Option<&str> {
    if name == DOMAIN {
        return Some("");
    }
    name.strip_suffix(DOMAIN)?.strip_suffix('.')
}

/// 10.96.0.10 of `10.0.96.10.in-addr.arpa.`; IPv6 addresses have a label for each of their 32
/// hexadecimal digits, the last one first, below `ip6.arpa.`
fn reverse_address(name: &str) -> Option<IpAddr> {
    if let Some(digits) = name.strip_suffix(".ip6.arpa.") {
        let digits: Vec<&str> = digits.split('.').collect();
        if digits.len() != 32 || digits.iter().any(|digit| digit.len() != 1) {
            return None;
        }
        let number: String = digits.into_iter().rev().collect();
        let bits = u128::from_str_radix(&number, 16).ok()?;
        return Some(Ipv6Addr::from_bits(bits).into());
    }
    let address: Ipv4Addr = name.strip_suffix(".in-addr.arpa.")?.parse().ok()?;
    let [a, b, c, d] = address.octets();
    Some(Ipv4Addr::new(d, c, b, a).into())
}

/// 10.244.1.18 of `10-244-1-18`, fd00::2 of `fd00--2`: CoreDNS takes three single dashes for an
/// IPv4 address.
fn dashed(label: &str) -> Option<IpAddr> {
    if label.contains('.') {
        return None;
    }
    let is_v4 = label.matches('-').count() == 3 && !label.contains("--");
    label.replace('-', if is_v4 { "." } else { ":" }).parse().ok()
}
