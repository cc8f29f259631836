//! The cloud's part of a LoadBalancer Service: it assigns an address after a while (R7.4).
//!
//! Only a cluster that is declared to run in a cloud has this controller; elsewhere EXTERNAL-IP
//! stays `<pending>`.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::time::Duration;

use k8s_openapi::api::core::v1::{LoadBalancerIngress, LoadBalancerStatus, Service};

use super::queue::Actor;
use super::{Client, Key};

const COMPONENT: &str = "service-controller";
/// How long the cloud takes.
const WAIT: Duration = Duration::from_secs(3);
/// The first address that the cloud gives out.
const FIRST: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 10);

/// The cloud that the cluster runs in.
#[derive(Clone, Debug, Default)]
pub(super) struct Cloud {
    /// Services that were told that their balancer is being made.
    asked: BTreeSet<Key>,
}

impl Cloud {
    /// Gives a Service that asks for it a load balancer, and takes it from one that does not any
    /// longer.
    pub(super) fn reconcile(&mut self, client: &mut Client<'_>, key: &Key) {
        let Some(service) = client.get::<Service>(key) else {
            self.asked.remove(key);
            return;
        };
        let wanted = service.spec.as_ref().and_then(|spec| spec.type_.as_deref());
        let wanted = wanted == Some("LoadBalancer");
        let has = address(&service).is_some();
        match (wanted, has) {
            (true, false) if self.asked.insert(key.clone()) => {
                let message = "Ensuring load balancer".to_owned();
                client.normal(service.as_ref(), COMPONENT, "EnsuringLoadBalancer", message);
                client.remind(WAIT, Actor::LoadBalancer, key);
            }
            (true, false) => assign(client, &service),
            (false, true) => {
                let mut service = Service::clone(&service);
                service.status.get_or_insert_default().load_balancer =
                    Some(LoadBalancerStatus::default());
                client.update(service);
                self.asked.remove(key);
            }
            _ => {}
        }
    }
}

fn address(service: &Service) -> Option<Ipv4Addr> {
    let ingress = service.status.as_ref()?.load_balancer.as_ref()?.ingress.as_ref()?;
    ingress.first()?.ip.as_deref()?.parse().ok()
}

/// Gives the Service the address that it asks for, or the first that is free.
fn assign(client: &mut Client<'_>, service: &Service) {
    let taken: BTreeSet<Ipv4Addr> =
        client.api.store().list::<Service>(None).filter_map(|other| address(other)).collect();
    let wish = service.spec.as_ref().and_then(|spec| spec.load_balancer_ip.as_deref());
    let wish = wish.and_then(|wish| wish.parse::<Ipv4Addr>().ok());
    let mut range = (FIRST.to_bits()..).map(Ipv4Addr::from_bits);
    let free = range.find(|address| !taken.contains(address));
    let Some(chosen) = wish.or(free) else { return };
    let mut service = service.clone();
    service.status.get_or_insert_default().load_balancer = Some(LoadBalancerStatus {
        ingress: Some(vec![LoadBalancerIngress {
            ip: Some(chosen.to_string()),
            ip_mode: Some("VIP".to_owned()),
            ..LoadBalancerIngress::default()
        }]),
    });
    if let Some(service) = client.update(service) {
        let message = "Ensured load balancer".to_owned();
        client.normal(service.as_ref(), COMPONENT, "EnsuredLoadBalancer", message);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::world::{World, service};
    use super::*;
    use crate::api::Kind;

    fn world(cloud: bool) -> World {
        let mut world = World::new(1);
        if cloud {
            world.controllers.join_cloud();
        }
        let mut lb = service("lb", "web", json!(80));
        lb["spec"]["type"] = json!("LoadBalancer");
        world.create(lb);
        world
    }

    // R7.4
    #[test]
    fn without_a_cloud_the_address_stays_pending() {
        let mut world = world(false);
        world.run(WAIT * 10);
        assert!(world.get(Kind::Service, "lb")["status"]["loadBalancer"]["ingress"].is_null());
    }

    // R7.4
    #[test]
    fn a_cloud_assigns_an_address_after_a_while() {
        let mut world = world(true);
        world.settle();
        assert!(world.get(Kind::Service, "lb")["status"]["loadBalancer"]["ingress"].is_null());
        world.run(WAIT * 2);
        let ingress = world.get(Kind::Service, "lb")["status"]["loadBalancer"]["ingress"].clone();
        assert_eq!(ingress, json!([{ "ip": "203.0.113.10", "ipMode": "VIP" }]));
        world.patch(Kind::Service, "lb", json!({ "spec": { "type": "ClusterIP" } }));
        world.settle();
        assert!(world.get(Kind::Service, "lb")["status"]["loadBalancer"]["ingress"].is_null());
    }
}
