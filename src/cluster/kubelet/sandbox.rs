//! A pod's sandbox: its network namespace, its address, its volumes.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use super::events::Told;
use super::pull;
use super::volume::{Volume, Volumes};
use super::worker::{Host, Sandbox, Worker};
use crate::api::SharedSpec;
use crate::network::{NetnsId, Party, Protocol};

/// How often a volume that cannot be mounted is tried again, at first.
const MOUNT_RETRY: Duration = Duration::from_secs(2);

impl Worker {
    /// Builds the sandbox, or notes why it cannot be built yet.
    pub(super) fn set_up_sandbox(&mut self, host: &mut Host<'_>) {
        let volumes = match self.mount(host) {
            Ok(volumes) => volumes,
            Err((volume, error)) => return self.mount_failed(host, &volume, &error),
        };
        self.mount_retry = None;
        pull::look_for_secrets(self, host);
        let spec = self.pod.spec.as_ref();
        let on_host = spec.is_some_and(|spec| spec.host_network == Some(true));
        let Some(node) = host.network.node(&self.node) else { return };
        let (netns, address) = if on_host {
            (node.netns, node.address)
        } else {
            let Some(address) = host.network.allocate_pod_address(&self.node) else {
                return self.no_address(host);
            };
            let party = Party::Pod { namespace: self.namespace.clone(), name: self.name.clone() };
            let netns = host.network.add_pod(party, address, &self.node);
            self.open_host_ports(netns, host);
            (netns, address)
        };
        let address_v6 = host.network.netns(netns).and_then(|netns| netns.address_v6);
        let (etc, tables) = (BTreeMap::new(), BTreeMap::new());
        self.sandbox = Some(Sandbox { netns, address, address_v6, on_host, volumes, tables, etc });
        self.stale = true;
    }

    /// Gives the address back. Whoever sends to it from now on gets no answer.
    pub(super) fn tear_down_sandbox(&mut self, host: &mut Host<'_>) {
        if let Some(sandbox) = self.sandbox.take()
            && !sandbox.on_host
        {
            host.network.remove_pod(sandbox.netns);
            host.name_servers.forget(sandbox.netns);
        }
    }

    /// Mounts ConfigMaps and Secrets anew, as they are now. What is missing stays as it was.
    pub(super) fn refresh_volumes(&mut self, host: &Host<'_>) {
        self.volumes_stale_at = None;
        let pod = self.pod.clone();
        let specs = pod.spec.iter().flat_map(SharedSpec::used_volumes);
        let Some(sandbox) = &mut self.sandbox else { return };
        for (name, spec) in specs {
            let fresh = Volume::mount(host.api.store(), &self.namespace, spec);
            if let (Ok(fresh @ Volume::Provided(_)), Some(old)) =
                (fresh, sandbox.volumes.get_mut(name))
            {
                *old = fresh;
            }
        }
    }

    /// `hostPort`: ports of the node that lead to the pod's.
    fn open_host_ports(&self, netns: NetnsId, host: &mut Host<'_>) {
        let containers = self.pod.spec.iter().flat_map(|spec| &spec.containers);
        for port in containers.flat_map(|container| container.ports.iter().flatten()) {
            let number = |port: i32| u16::try_from(port).ok().filter(|port| *port != 0);
            let (Some(outer), Some(inner)) =
                (port.host_port.and_then(number), number(port.container_port))
            else {
                continue;
            };
            let protocol = match port.protocol.as_deref() {
                Some("UDP") => Protocol::Udp,
                Some("SCTP") => Protocol::Sctp,
                _ => Protocol::Tcp,
            };
            let address = port.host_ip.as_deref().and_then(|address| address.parse().ok());
            let address = address.filter(|address: &IpAddr| !address.is_unspecified());
            host.network.set_host_port(netns, protocol, (address, outer), inner);
        }
    }

    fn mount(&self, host: &mut Host<'_>) -> Result<Volumes, (String, String)> {
        let specs = self.pod.spec.iter().flat_map(SharedSpec::used_volumes);
        specs
            .map(|(name, spec)| {
                let mut volume = Volume::mount(host.api.store(), &self.namespace, spec)
                    .map_err(|error| (name.to_owned(), error))?;
                volume.share(host.sources);
                Ok((name.to_owned(), volume))
            })
            .collect()
    }

    fn mount_failed(&mut self, host: &mut Host<'_>, volume: &str, error: &str) {
        let message = format!("MountVolume.SetUp failed for volume \"{volume}\" : {error}");
        self.tell(
            host,
            Told { warning: true, reason: "FailedMount", message: &message, field: "" },
        );
        let wait = MOUNT_RETRY * (1 << self.mount_failures.min(5));
        self.mount_failures += 1;
        self.mount_retry = Some(host.now + wait);
    }

    fn no_address(&mut self, host: &mut Host<'_>) {
        let message = format!(
            "Failed to create pod sandbox: plugin type=\"host-local\" failed (add): failed to \
             allocate for range 0: no IP addresses available in range set of node {}",
            self.node
        );
        let told =
            Told { warning: true, reason: "FailedCreatePodSandBox", message: &message, field: "" };
        self.tell(host, told);
        self.mount_retry = Some(host.now + MOUNT_RETRY * 8);
    }
}
