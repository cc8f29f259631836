//! What CoreDNS knows of a Service.

use std::net::IpAddr;
use std::sync::Arc;

use crate::network::Protocol;

/// What CoreDNS knows of one Service (R8.3 to R8.6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsService {
    /// The Service's namespace.
    pub namespace: Arc<str>,
    /// The Service's name.
    pub name: Arc<str>,
    /// What its name means.
    pub target: DnsTarget,
    /// Every port, for SRV: (name, protocol, port). A port without a name has an empty one.
    pub ports: Vec<(Arc<str>, Protocol, u16)>,
    /// The ready endpoints: each has a name of its own below the Service's, headless or not.
    pub endpoints: Vec<DnsEndpoint>,
}

/// What a Service's name means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DnsTarget {
    /// The cluster IPs, one of each of its families, with or without endpoints.
    ClusterIps(Vec<IpAddr>),
    /// Its endpoints, one by one.
    Headless,
    /// Another name (ExternalName).
    Alias(Arc<str>),
}

impl DnsTarget {
    /// The cluster IPs, where it has any.
    pub fn cluster_ips(&self) -> &[IpAddr] {
        match self {
            DnsTarget::ClusterIps(addresses) => addresses,
            DnsTarget::Headless | DnsTarget::Alias(_) => &[],
        }
    }
}

/// An endpoint that has a name under its Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsEndpoint {
    /// Its address.
    pub address: IpAddr,
    /// Its host name (R5.4), or else its address with dashes (R8.4).
    pub hostname: Arc<str>,
    /// The ports of this endpoint: (name, protocol, port). A port without a name has an empty one.
    pub ports: Vec<(Arc<str>, Protocol, u16)>,
}
