//! Questions about containers from outside: logs, images, environments, files, addresses.

use super::container::{Container, State};
use super::worker::Worker;
use super::{Kubelets, LogLines, Volume, etc, exec, identity};
use crate::cluster::{Identity, Image, Place};
use crate::network::{NetnsId, ProcessId, ResolvConf};

impl Kubelets {
    /// See [`Cluster::logs`].
    pub fn logs(
        &self,
        namespace: &str,
        pod: &str,
        container: &str,
        previous: bool,
    ) -> Result<&LogLines, String> {
        let waiting = |reason: &str| {
            format!("container \"{container}\" in pod \"{pod}\" is waiting to start: {reason}")
        };
        let Some(worker) = self.find(namespace, pod) else {
            return Err(waiting("ContainerCreating"));
        };
        let Some(found) = worker.containers.iter().find(|known| *known.name == *container) else {
            return Err(format!("container {container} is not valid for pod {pod}"));
        };
        if previous {
            let log = found.previous_log.as_ref().map(|log| log.lines());
            return log.ok_or_else(|| {
                format!("previous terminated container \"{container}\" in pod \"{pod}\" not found")
            });
        }
        match &found.state {
            State::Waiting { reason, .. } if found.id.is_empty() => Err(match *reason {
                "ErrImagePull" | "ImagePullBackOff" => waiting("trying and failing to pull image"),
                reason => waiting(reason),
            }),
            _ => Ok(found.log.lines()),
        }
    }

    /// Bytes of the files that were written in containers and their volumes.
    pub fn written_bytes(&self) -> usize {
        let files = |worker: &Worker| -> usize {
            let own = worker.containers.iter().flat_map(|container| container.files.values());
            let own: usize = own.flatten().map(|content| content.len()).sum();
            let volumes = worker.sandbox.iter().flat_map(|sandbox| sandbox.volumes.all());
            own + volumes.map(Volume::written_bytes).sum::<usize>()
        };
        self.workers.values().map(|worker| files(worker.as_ref())).sum()
    }

    /// Who a container's processes are.
    pub fn identity(&self, place: &Place) -> Identity {
        let found = self.container(place).and_then(|(worker, found)| {
            let index = worker.containers.iter().position(|known| known.name == found.name)?;
            Some(identity::of(worker, index))
        });
        found.unwrap_or_else(|| Identity::of_machine("root", 0, "/root"))
    }

    /// Whether a container's own file system may not be written to (`readOnlyRootFilesystem`).
    pub fn has_locked_root(&self, place: &Place) -> bool {
        let found = self.container(place).and_then(|(worker, found)| {
            let index = worker.containers.iter().position(|known| known.name == found.name)?;
            worker.spec_of(index)?.security_context.as_ref()?.read_only_root_filesystem
        });
        found == Some(true)
    }

    /// Whether root's processes in a container have a capability.
    pub fn has_capability(&self, place: &Place, name: &str) -> bool {
        let found = self.container(place).and_then(|(worker, found)| {
            let index = worker.containers.iter().position(|known| known.name == found.name)?;
            Some(identity::has_capability(worker.spec_of(index)?, name))
        });
        found.unwrap_or(true)
    }

    /// A container's image.
    pub fn image(&self, place: &Place) -> Option<&Image> {
        self.container(place)?.1.image.as_deref()
    }

    /// See [`Cluster::environment`].
    pub fn environment(&self, place: &Place) -> Vec<(String, String)> {
        let Some((worker, found)) = self.container(place) else { return Vec::new() };
        let index = worker.containers.iter().position(|known| known.name == found.name);
        index.map(|index| exec::environment(worker, index)).unwrap_or_default()
    }

    /// See [`Cluster::resolv_conf`].
    pub fn resolv_conf(&self, place: &Place) -> ResolvConf {
        match self.container(place) {
            Some((worker, _)) => {
                let sandbox = worker.sandbox.as_ref();
                match sandbox.and_then(|sandbox| sandbox.etc.get(etc::RESOLV_CONF)) {
                    Some(written) => etc::parse_resolv_conf(&String::from_utf8_lossy(written)),
                    None => etc::resolver(&worker.pod),
                }
            }
            None => etc::machine_resolver(),
        }
    }

    /// The network namespace of a container's pod.
    pub fn netns(&self, place: &Place) -> Option<NetnsId> {
        Some(self.container(place)?.0.sandbox.as_ref()?.netns)
    }

    /// A running container's first process.
    pub fn first_process(&self, place: &Place) -> Option<ProcessId> {
        self.container(place)?.1.process
    }

    /// The network namespace of a pod that has one of its own.
    pub fn netns_of_pod(&self, namespace: &str, pod: &str) -> Option<NetnsId> {
        let sandbox = self.find(namespace, pod)?.sandbox.as_ref()?;
        (!sandbox.on_host).then_some(sandbox.netns)
    }

    /// A file that the kubelet itself provides in every container.
    pub fn provided_file(&self, place: &Place, path: &str) -> Option<Vec<u8>> {
        let (worker, _) = self.container(place)?;
        let sandbox = worker.sandbox.as_ref()?;
        if let Some(written) = sandbox.etc.get(path) {
            return Some(written.to_vec());
        }
        let text = match path {
            etc::HOSTS => etc::hosts(&worker.pod, sandbox.addresses()),
            "/etc/hostname" => format!("{}\n", etc::hostname(&worker.pod)),
            etc::RESOLV_CONF => etc::resolv_conf(&worker.pod),
            _ => return None,
        };
        Some(text.into_bytes())
    }

    /// The container at a place, and its pod.
    pub fn container(&self, place: &Place) -> Option<(&Worker, &Container)> {
        let Place::Container { namespace, pod, container } = place else { return None };
        let worker = self.find(namespace, pod)?;
        let found = worker.containers.iter().find(|known| known.name == *container)?;
        Some((worker, found))
    }

    /// The container at a place, and its pod, to change.
    pub fn worker_at(&mut self, place: &Place) -> Option<(&mut Worker, usize)> {
        let Place::Container { namespace, pod, container } = place else { return None };
        let worker = self.worker_mut(self.key(namespace, pod)?)?;
        let index = worker.containers.iter().position(|known| known.name == *container)?;
        Some((worker, index))
    }
}
