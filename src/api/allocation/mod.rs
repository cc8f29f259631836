//! Cluster IPs and node ports: who gets which, and what happens when a Service changes its type.
//!
//! What is taken is kept as an index beside the store, updated after each write of a Service. A
//! request chooses from it and changes only the Service in its hands, so a request that fails
//! later, or a dry run, has nothing to give back. Facts: Kubernetes'
//! `pkg/registry/core/service/storage/{alloc,storage}.go`; R4.4, R4.5, R7.1, R13.1.

mod addresses;
mod change;
mod families;
mod ports;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{Service, ServiceSpec};

use self::addresses::Chances;
pub(super) use self::addresses::cidrs;
pub use self::ports::NODE_PORTS;
use super::{Cause, Status, validation};
use crate::random::Stream;

/// What Services hold, and the chance by which the next one is chosen.
#[derive(Clone, Debug)]
pub(super) struct Allocator {
    taken: Arc<Taken>,
    addresses: Chances,
    ports: Stream,
    /// Whether Services may have IPv6 addresses too.
    dual_stack: bool,
}

/// What Services hold.
#[derive(Clone, Debug, Default)]
struct Taken {
    addresses: BTreeSet<IpAddr>,
    ports: BTreeSet<u16>,
}

impl Allocator {
    /// Nothing is taken yet.
    pub(super) fn new(seed: u64) -> Allocator {
        Allocator {
            taken: Arc::default(),
            addresses: Chances::new(seed),
            ports: Stream::new(seed, "node-ports"),
            dual_stack: false,
        }
    }

    /// Gives IPv6 addresses too from now on, to Services that want them.
    pub(super) fn become_dual_stack(&mut self) {
        self.dual_stack = true;
    }

    /// Gives a new Service its families, addresses and ports.
    pub(super) fn create(&mut self, service: &mut Service) -> Result<(), Status> {
        let name = service.metadata.name.clone().unwrap_or_default();
        let Some(spec) = &mut service.spec else { return Ok(()) };
        let invalid = |cause: Cause| Status::invalid("Service", &name, vec![cause]);
        change::synchronise(spec, None);
        let faults = validation::service_addresses(spec);
        if !faults.is_empty() {
            return Err(Status::invalid("Service", &name, faults));
        }
        families::fill_in(spec, None, families::configured(self.dual_stack))
            .map_err(|faults| Status::invalid("Service", &name, faults))?;
        if change::needs_cluster_ip(spec) {
            addresses::allocate(&mut self.addresses, &self.taken.addresses, spec, 0)
                .map_err(invalid)?;
        }
        if change::needs_node_ports(spec) {
            ports::allocate(&mut self.ports, &self.taken.ports, spec).map_err(invalid)?;
        }
        ports::allocate_health_check(&mut self.ports, &self.taken.ports, spec)
    }

    /// Keeps what a changed Service leaves out, gives it what it newly needs, and wipes what its
    /// new type has no use for.
    pub(super) fn update(&mut self, service: &mut Service, old: &Service) -> Result<(), Status> {
        let name = service.metadata.name.clone().unwrap_or_default();
        let (Some(spec), Some(old)) = (&mut service.spec, &old.spec) else { return Ok(()) };
        let invalid = |cause: Cause| Status::invalid("Service", &name, vec![cause]);
        change::keep_allocated(spec, old);
        change::synchronise(spec, Some(old));
        let faults = validation::service_addresses(spec);
        if !faults.is_empty() {
            return Err(Status::invalid("Service", &name, faults));
        }
        families::fill_in(spec, Some(old), families::configured(self.dual_stack))
            .map_err(|faults| Status::invalid("Service", &name, faults))?;
        let fresh = change::needs_cluster_ip(spec) && !change::needs_cluster_ip(old);
        if fresh || families::is_upgraded(spec, old) {
            let kept = usize::from(!fresh);
            addresses::allocate(&mut self.addresses, &self.taken.addresses, spec, kept)
                .map_err(invalid)?;
        }
        if change::needs_node_ports(spec) {
            ports::reallocate(&mut self.ports, &self.taken.ports, spec, old).map_err(invalid)?;
        }
        if spec.health_check_node_port != old.health_check_node_port
            || old.health_check_node_port.is_none()
        {
            ports::allocate_health_check(&mut self.ports, &self.taken.ports, spec)?;
        }
        change::wipe_unused(spec, old);
        Ok(())
    }

    /// Takes note that `old` was replaced by `new` in the store: either may be missing.
    pub(super) fn stored(&mut self, old: Option<&Service>, new: Option<&Service>) {
        let old = old.and_then(|service| service.spec.as_ref());
        let new = new.and_then(|service| service.spec.as_ref());
        if holdings(old) == holdings(new) {
            return;
        }
        let taken = Arc::make_mut(&mut self.taken);
        let (addresses, ports) = holdings(old);
        for address in addresses {
            taken.addresses.remove(&address);
        }
        for port in ports {
            taken.ports.remove(&port);
        }
        let (addresses, ports) = holdings(new);
        taken.addresses.extend(addresses);
        taken.ports.extend(ports);
    }
}

/// The cluster IPs and node ports that a Service holds.
fn holdings(spec: Option<&ServiceSpec>) -> (Vec<IpAddr>, BTreeSet<u16>) {
    let Some(spec) = spec else { return Default::default() };
    let addresses = spec.cluster_ips.iter().flatten().filter_map(|ip| ip.parse().ok()).collect();
    let ports = spec.ports.iter().flatten().filter_map(|port| port.node_port);
    let numbers = ports.chain(spec.health_check_node_port);
    (addresses, numbers.filter_map(|number| u16::try_from(number).ok()).collect())
}
