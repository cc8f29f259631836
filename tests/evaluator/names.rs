//! What a name stands for, by the objects alone (R8).

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddrV4};

use k8s_openapi::api::core::v1::Service;
use podhop::api::Pod;
use podhop::network::Protocol;

use super::simple::{EXAMPLE_COM, End, From, Objects, on_host};

/// The Service of CoreDNS (R4.4).
const CLUSTER_DNS: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(10, 96, 0, 10), 53);

/// What a client learns of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    Addresses(BTreeSet<IpAddr>),
    /// There is no such name, or nothing behind it.
    Nothing,
    /// Nobody could be asked.
    NoServer,
}

impl Objects {
    /// What somebody learns of a name; `None` where chance decides whether the question arrives.
    /// `pod` is the pod whose `resolv.conf` counts.
    pub fn look_up(&self, from: From<'_>, pod: Option<&Pod>, name: &str) -> Option<Known> {
        let Some(pod) = pod.filter(|pod| asks_cluster(pod)) else {
            return Some(if name == "example.com" { found([EXAMPLE_COM]) } else { Known::Nothing });
        };
        let ends = self.ends(from, Protocol::Udp, CLUSTER_DNS);
        let arrives = |end: &End| matches!(end, End::Answered { .. });
        if !ends.iter().any(arrives) {
            return Some(Known::NoServer);
        }
        if !ends.iter().all(arrives) {
            return None;
        }
        // R8.1, R8.2: the names of these tests have fewer than five dots.
        let namespace = pod.metadata.namespace.as_deref().unwrap_or_default();
        let searched = [format!(".{namespace}.svc.cluster.local"), ".svc.cluster.local".into()];
        let full = searched.iter().map(|domain| format!("{name}{domain}"));
        let answer = full.chain([name.to_owned()]).find_map(|name| self.addresses(&name, 0));
        Some(answer.map_or(Known::Nothing, found))
    }

    /// The addresses of a full name (R8.3, R8.4).
    fn addresses(&self, name: &str, aliases: u32) -> Option<Vec<Ipv4Addr>> {
        if name == "example.com" {
            return Some(vec![EXAMPLE_COM]);
        }
        let labels: Vec<&str> = name.strip_suffix(".svc.cluster.local")?.split('.').collect();
        let (host, service, namespace) = match labels[..] {
            [service, namespace] => (None, service, namespace),
            [host, service, namespace] => (Some(host), service, namespace),
            _ => return None,
        };
        let service = self.service(namespace, service)?;
        let spec = service.spec.as_ref()?;
        if spec.type_.as_deref() == Some("ExternalName") {
            let target = spec.external_name.as_deref().filter(|_| host.is_none() && aliases < 8)?;
            return self.addresses(target, aliases + 1);
        }
        let cluster_ip = spec.cluster_ip.as_deref().and_then(|address| address.parse().ok());
        let addresses: Vec<Ipv4Addr> = match (cluster_ip, host) {
            (Some(address), None) => vec![address],
            (None, None) => {
                self.headless(service).into_iter().map(|(address, _)| address).collect()
            }
            (_, Some(host)) => {
                let endpoints = self.headless(service).into_iter();
                let named = endpoints.filter(|(_, known)| known.as_deref() == Some(host));
                named.map(|(address, _)| address).collect()
            }
        };
        Some(addresses).filter(|addresses| !addresses.is_empty())
    }

    fn service(&self, namespace: &str, name: &str) -> Option<&Service> {
        let same = |service: &&std::sync::Arc<Service>| {
            service.metadata.name.as_deref() == Some(name)
                && service.metadata.namespace.as_deref() == Some(namespace)
        };
        self.services.iter().find(same).map(AsRef::as_ref)
    }
}

/// Whether a pod asks the cluster's DNS, and not its node's.
fn asks_cluster(pod: &Pod) -> bool {
    let policy = pod.spec.as_ref().and_then(|spec| spec.dns_policy.as_deref());
    match policy {
        Some("ClusterFirstWithHostNet") => true,
        Some("ClusterFirst") | None => !on_host(pod),
        _ => false,
    }
}

fn found(addresses: impl IntoIterator<Item = Ipv4Addr>) -> Known {
    Known::Addresses(addresses.into_iter().map(IpAddr::V4).collect())
}
