//! `minikube tunnel`: as long as it runs, the laptop reaches cluster IPs, and LoadBalancer
//! Services have theirs as external address (R7.4).

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::Service;
use serde_json::{Value, json};

use crate::api::{Kind, Patch, Request, Subresource, WriteOptions};
use crate::shell::{Interrupted, Io, Step, Tool};

/// How often it looks for new Services.
const LOOK: Duration = Duration::from_secs(1);

/// A tunnel, with the Services that it has given an address: (namespace, name).
#[derive(Clone, Default)]
pub(super) struct Tunnel {
    given: Vec<(String, String)>,
}

/// The cluster IP of a LoadBalancer Service that has no external address yet.
fn wanted_address(service: &Service) -> Option<&str> {
    let spec = service.spec.as_ref()?;
    let balancer = service.status.as_ref().and_then(|status| status.load_balancer.as_ref());
    let ingress = balancer.and_then(|balancer| balancer.ingress.as_deref()).unwrap_or_default();
    let waits = spec.type_.as_deref() == Some("LoadBalancer") && ingress.is_empty();
    spec.cluster_ip.as_deref().filter(|_| waits)
}

fn set_ingress(io: &mut Io<'_>, namespace: &str, name: &str, ingress: Value) {
    // A Service that is gone by now needs no address.
    let _ = io.cluster.handle(Request::Patch {
        kind: Kind::Service,
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        patch: Patch::Merge(json!({"status": {"loadBalancer": {"ingress": ingress}}})),
        // The address is part of the status, which a client's ordinary patch leaves alone.
        options: WriteOptions { subresource: Subresource::Status, ..WriteOptions::default() },
    });
}

impl Tool for Tunnel {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        io.cluster.set_tunnel(true);
        let services: Vec<Arc<Service>> = io.cluster.objects().list(None).cloned().collect();
        for service in services {
            let Some(address) = wanted_address(&service) else { continue };
            let namespace = service.metadata.namespace.clone().unwrap_or_default();
            let name = service.metadata.name.clone().unwrap_or_default();
            set_ingress(io, &namespace, &name, json!([{"ip": address}]));
            io.say(format!("🏃  Starting tunnel for service {name}."));
            self.given.push((namespace, name));
        }
        Step::Until(io.now() + LOOK)
    }

    fn interrupt(&mut self, io: &mut Io<'_>) -> Interrupted {
        io.cluster.set_tunnel(false);
        for (namespace, name) in std::mem::take(&mut self.given) {
            set_ingress(io, &namespace, &name, Value::Null);
            io.say(format!("✋  Stopped tunnel for service {name}."));
        }
        Interrupted::Ended
    }

    fn terminate(&mut self, io: &mut Io<'_>) {
        self.interrupt(io);
    }
}
