//! The cloud's part of a LoadBalancer Service: it assigns an address after a while (R7.4).
//!
//! Only a cluster that is declared to run in a cloud has this controller; elsewhere EXTERNAL-IP
//! stays `<pending>`. Source: `k8s.io/cloud-provider/controllers/service`. Which nodes the balancer
//! leads to is decided where packets go, by the nodes' health.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::{LoadBalancerIngress, LoadBalancerStatus, Service, ServiceSpec};

use super::queue::Actor;
use super::{Client, Key};
use crate::clock::SimTime;

const COMPONENT: &str = "service-controller";
/// Keeps a Service until the cloud has taken its load balancer down.
const FINALIZER: &str = "service.kubernetes.io/load-balancer-cleanup";
/// How long the cloud takes.
const WAIT: Duration = Duration::from_secs(3);
/// How long the controller waits before it tries again what the cloud could not do.
const RETRY: Duration = Duration::from_secs(30);
/// The addresses that the cloud gives out: its part of 203.0.113.0/24, where no host is, and of a
/// network that is there for documentation (RFC 3849).
const V4: RangeInclusive<IpAddr> =
    IpAddr::V4(Ipv4Addr::new(203, 0, 113, 100))..=IpAddr::V4(Ipv4Addr::new(203, 0, 113, 199));
const V6: RangeInclusive<IpAddr> = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x100))
    ..=IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x163));

/// The cloud that the cluster runs in.
#[derive(Clone, Debug, Default)]
pub(super) struct Cloud {
    /// Every Service as it was when the controller last looked.
    seen: BTreeMap<Key, Arc<Service>>,
    /// Load balancers that the cloud is at work on, and when it will be done.
    building: BTreeMap<Key, SimTime>,
}

impl Cloud {
    /// Gives a Service that asks for it a load balancer, and takes it from one that does not any
    /// longer.
    pub(super) fn reconcile(&mut self, client: &mut Client<'_>, key: &Key) {
        let Some(service) = client.get::<Service>(key) else {
            self.seen.remove(key);
            self.building.remove(key);
            return;
        };
        let old = self.seen.insert(key.clone(), service.clone());
        if !wants(&service) || service.metadata.deletion_timestamp.is_some() {
            // The API server takes the addresses out of a Service that changes its type.
            let had = |service: &Arc<Service>| !addresses(service).is_empty();
            let stood = old.as_ref().is_some_and(had) || had(&service);
            if let Some(old) = old.filter(|old| wants(old) && !wants(&service)) {
                tell_difference(client, &old, &service);
            }
            self.building.remove(key);
            release(client, &service, stood);
            return;
        }
        let is_news = match &old {
            Some(old) => tell_difference(client, old, &service),
            None => true,
        };
        if is_news {
            tell(client, &service, "EnsuringLoadBalancer", "Ensuring load balancer");
            hold(client, &service);
            self.build(client, key, WAIT);
        } else if self.building.get(key).is_some_and(|done| *done <= client.now) {
            self.building.remove(key);
            if let Err(problem) = assign(client, &service) {
                let message = format!(
                    "Error syncing load balancer: failed to ensure load balancer: {problem}"
                );
                client.warning(service.as_ref(), COMPONENT, "SyncLoadBalancerFailed", message);
                self.build(client, key, RETRY);
            }
        }
    }

    fn build(&mut self, client: &mut Client<'_>, key: &Key, takes: Duration) {
        self.building.insert(key.clone(), client.now + takes);
        client.remind(takes, Actor::LoadBalancer, key);
    }
}

/// Whether this cloud is asked: a class names somebody else.
fn wants(service: &Service) -> bool {
    let spec = service.spec.as_ref();
    spec.is_some_and(|spec| {
        spec.type_.as_deref() == Some("LoadBalancer") && spec.load_balancer_class.is_none()
    })
}

/// Whether the balancer has to change; what an event tells of it is told.
fn tell_difference(client: &mut Client<'_>, old: &Service, new: &Service) -> bool {
    let empty = ServiceSpec::default();
    let (before, after) =
        (old.spec.as_ref().unwrap_or(&empty), new.spec.as_ref().unwrap_or(&empty));
    let told = [
        ("Type", text(&before.type_), text(&after.type_)),
        (
            "LoadBalancerSourceRanges",
            list(&before.load_balancer_source_ranges),
            list(&after.load_balancer_source_ranges),
        ),
        ("LoadbalancerIP", text(&before.load_balancer_ip), text(&after.load_balancer_ip)),
        (
            "ExternalTrafficPolicy",
            text(&before.external_traffic_policy),
            text(&after.external_traffic_policy),
        ),
    ];
    if let Some((reason, old, now)) = told.into_iter().find(|(_, old, now)| old != now) {
        client.normal(new, COMPONENT, reason, format!("{old} -> {now}"));
        return true;
    }
    wants(old) != wants(new)
        || before.ports != after.ports
        || before.session_affinity != after.session_affinity
        || before.health_check_node_port != after.health_check_node_port
        || old.metadata.annotations != new.metadata.annotations
        || old.metadata.uid != new.metadata.uid
}

fn text(field: &Option<String>) -> String {
    field.clone().unwrap_or_default()
}

/// A list as Go prints it: `[10.0.0.0/8 192.168.0.0/16]`.
fn list(field: &Option<Vec<String>>) -> String {
    format!("[{}]", field.as_deref().unwrap_or_default().join(" "))
}

fn tell(client: &mut Client<'_>, service: &Service, reason: &str, message: &str) {
    client.normal(service, COMPONENT, reason, message.to_owned());
}

/// From here on the Service stays until its balancer is gone.
fn hold(client: &mut Client<'_>, service: &Service) {
    if is_held(service) {
        return;
    }
    let mut service = service.clone();
    service.metadata.finalizers.get_or_insert_default().push(FINALIZER.to_owned());
    client.update(service);
}

fn is_held(service: &Service) -> bool {
    service.metadata.finalizers.iter().flatten().any(|finalizer| finalizer == FINALIZER)
}

/// Takes the balancer down, if one stood, and lets the Service go.
fn release(client: &mut Client<'_>, service: &Service, stood: bool) {
    if !is_held(service) {
        return;
    }
    if stood {
        tell(client, service, "DeletingLoadBalancer", "Deleting load balancer");
    }
    let mut free = service.clone();
    free.status.get_or_insert_default().load_balancer = Some(LoadBalancerStatus::default());
    let finalizers = free.metadata.finalizers.take().unwrap_or_default();
    let others: Vec<String> = finalizers.into_iter().filter(|name| name != FINALIZER).collect();
    free.metadata.finalizers = Some(others).filter(|others| !others.is_empty());
    client.update(free);
    tell(client, service, "DeletedLoadBalancer", "Deleted load balancer");
}

fn addresses(service: &Service) -> Vec<IpAddr> {
    let balancer = service.status.as_ref().and_then(|status| status.load_balancer.as_ref());
    let ingress = balancer.and_then(|balancer| balancer.ingress.as_ref()).into_iter().flatten();
    ingress.filter_map(|ingress| ingress.ip.as_deref()?.parse().ok()).collect()
}

/// Gives the Service an address of each of its families: the one that it asks for, or the one it
/// has, or the first that is free.
///
/// # Errors
/// When the cloud has no such address, in its words.
fn assign(client: &mut Client<'_>, service: &Service) -> Result<(), String> {
    let others = client.api.store().list::<Service>(None);
    let taken: BTreeSet<IpAddr> = others
        .filter(|other| other.metadata.uid != service.metadata.uid)
        .flat_map(|other| addresses(other))
        .collect();
    let families = service.spec.as_ref().and_then(|spec| spec.ip_families.clone());
    let ranges = families.unwrap_or_else(|| vec!["IPv4".to_owned()]).into_iter();
    let chosen: Vec<LoadBalancerIngress> = ranges
        .map(|family| choose(service, &taken, if family == "IPv6" { V6 } else { V4 }))
        .map(|address| {
            address.map(|address| LoadBalancerIngress {
                ip: Some(address.to_string()),
                ip_mode: Some("VIP".to_owned()),
                ..LoadBalancerIngress::default()
            })
        })
        .collect::<Result<_, String>>()?;
    let mut balanced = service.clone();
    balanced.status.get_or_insert_default().load_balancer =
        Some(LoadBalancerStatus { ingress: Some(chosen) });
    tell(client, service, "EnsuredLoadBalancer", "Ensured load balancer");
    client.update(balanced);
    Ok(())
}

/// A Service's address of one range.
fn choose(
    service: &Service,
    taken: &BTreeSet<IpAddr>,
    range: RangeInclusive<IpAddr>,
) -> Result<IpAddr, String> {
    let (first, last) = (*range.start(), *range.end());
    let wish = service.spec.as_ref().and_then(|spec| spec.load_balancer_ip.as_deref());
    // One wish there is, of one family.
    let wish = wish.filter(|wish| !wish.is_empty() && wish.contains(':') == first.is_ipv6());
    if let Some(wish) = wish {
        let address: Option<IpAddr> = wish.parse().ok();
        let free = address.filter(|address| range.contains(address) && !taken.contains(address));
        return free
            .ok_or_else(|| format!("address {wish} is taken, or none of {first} to {last}"));
    }
    let kept = addresses(service).into_iter().find(|address| range.contains(address));
    let free =
        || addresses_from(first).take_while(|it| range.contains(it)).find(|it| !taken.contains(it));
    kept.or_else(free).ok_or_else(|| format!("no address of {first} to {last} is free"))
}

/// An address and those behind it.
fn addresses_from(first: IpAddr) -> impl Iterator<Item = IpAddr> {
    (0..=u32::from(u16::MAX)).map(move |offset| match first {
        IpAddr::V4(first) => Ipv4Addr::from_bits(first.to_bits().wrapping_add(offset)).into(),
        IpAddr::V6(first) => {
            Ipv6Addr::from_bits(first.to_bits().wrapping_add(u128::from(offset))).into()
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::world::{World, service};
    use super::*;
    use crate::api::Kind;

    fn world(cloud: bool, change: serde_json::Value) -> World {
        let mut world = World::new(1);
        if cloud {
            world.controllers.join_cloud();
        }
        let mut lb = service("lb", "web", json!(80));
        lb["spec"]["type"] = json!("LoadBalancer");
        for (key, value) in change.as_object().unwrap() {
            lb["spec"][key] = value.clone();
        }
        world.create(lb);
        world
    }

    fn ingress(world: &World) -> serde_json::Value {
        world.get(Kind::Service, "lb")["status"]["loadBalancer"]["ingress"].clone()
    }

    fn reasons(world: &World) -> Vec<String> {
        world
            .told("lb")
            .into_iter()
            .map(|(reason, message, _)| format!("{reason}: {message}"))
            .collect()
    }

    // R7.4
    #[test]
    fn without_a_cloud_the_address_stays_pending() {
        let mut world = world(false, json!({}));
        world.run(WAIT * 10);
        assert!(ingress(&world).is_null());
    }

    // R7.4
    #[test]
    fn a_cloud_assigns_an_address_after_a_while() {
        let mut world = world(true, json!({}));
        world.settle();
        assert!(ingress(&world).is_null());
        world.run(WAIT * 2);
        assert_eq!(ingress(&world), json!([{ "ip": "203.0.113.100", "ipMode": "VIP" }]));
        world.patch(Kind::Service, "lb", json!({ "spec": { "type": "ClusterIP" } }));
        world.settle();
        assert!(ingress(&world).is_null());
        let told = reasons(&world);
        for expected in [
            "EnsuringLoadBalancer: Ensuring load balancer",
            "EnsuredLoadBalancer: Ensured load balancer",
            "Type: LoadBalancer -> ClusterIP",
            "DeletingLoadBalancer: Deleting load balancer",
            "DeletedLoadBalancer: Deleted load balancer",
        ] {
            assert!(told.iter().any(|line| line == expected), "{expected}: {told:?}");
        }
    }

    // R7.4
    #[test]
    fn a_class_is_somebody_elses_concern() {
        let mut world = world(true, json!({ "loadBalancerClass": "example.com/internal" }));
        world.run(WAIT * 10);
        assert!(ingress(&world).is_null());
        assert_eq!(reasons(&world), [""; 0]);
    }

    // R7.4
    #[test]
    fn a_deleted_service_waits_until_its_balancer_is_gone() {
        let mut world = world(true, json!({}));
        world.run(WAIT * 2);
        assert_eq!(world.get(Kind::Service, "lb")["metadata"]["finalizers"], json!([FINALIZER]));
        world.delete(Kind::Service, "lb");
        world.settle();
        assert!(world.api.store().get::<Service>("default", "lb").is_none());
        assert!(reasons(&world).contains(&"DeletedLoadBalancer: Deleted load balancer".to_owned()));
    }

    // R7.4
    #[test]
    fn an_address_that_is_taken_is_not_given_twice() {
        let mut world = world(true, json!({ "loadBalancerIP": "203.0.113.150" }));
        let mut second = service("second", "web", json!(80));
        second["spec"]["type"] = json!("LoadBalancer");
        second["spec"]["loadBalancerIP"] = json!("203.0.113.150");
        world.run(WAIT * 2);
        world.create(second);
        world.run(WAIT * 2);
        assert_eq!(ingress(&world)[0]["ip"], "203.0.113.150");
        let second = world.get(Kind::Service, "second");
        assert!(second["status"]["loadBalancer"]["ingress"].is_null());
        assert_eq!(world.told("second").last().unwrap().0, "SyncLoadBalancerFailed");
    }

    // R7.4
    #[test]
    fn a_change_of_the_ranges_is_told_and_keeps_the_address() {
        let mut world = world(true, json!({}));
        world.run(WAIT * 2);
        let ranges =
            json!({ "spec": { "loadBalancerSourceRanges": ["10.0.0.0/8", "192.168.0.0/16"] } });
        world.patch(Kind::Service, "lb", ranges);
        world.run(WAIT * 2);
        assert_eq!(ingress(&world)[0]["ip"], "203.0.113.100");
        let told = reasons(&world);
        let expected = "LoadBalancerSourceRanges: [] -> [10.0.0.0/8 192.168.0.0/16]";
        assert!(told.iter().any(|line| line == expected), "{told:?}");
    }
}
