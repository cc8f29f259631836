//! Who runs what, and which ports are for whom.

use super::{Cluster, Place, image};
use crate::cluster::Identity;
use crate::network::{NetnsId, Party};

/// Somebody else than a machine's usual user, for as long as a command of `sudo` runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherUser {
    place: Place,
    identity: Identity,
}

impl Cluster {
    /// Who the processes at a place are.
    pub fn identity(&self, place: &Place) -> Identity {
        match (&self.other_user, place) {
            (Some(other), place) if other.place == *place => other.identity.clone(),
            (_, Place::Container { .. }) => self.kubelets.identity(place),
            (_, Place::Laptop) => Identity::of("player", image::laptop()),
            (_, Place::Node(_)) => Identity::of_machine("root", 0, "/root"),
        }
    }

    /// Lets what is run at a place from now on be somebody else's; `None` ends that. Gives what was in
    /// force before.
    pub fn become_user(&mut self, other: Option<OtherUser>) -> Option<OtherUser> {
        std::mem::replace(&mut self.other_user, other)
    }

    /// The user of a name or number at a place; `None` if its accounts have no such name.
    pub fn other_user(&self, place: &Place, name: &str) -> Option<OtherUser> {
        let usual = self.identity(place);
        let identity = match usual.name() == name {
            true => usual,
            false => Identity::of(name, self.image(place)?),
        };
        let is_known = name.parse::<u32>().is_ok() || identity.name() == name;
        is_known.then(|| OtherUser { place: place.clone(), identity })
    }

    /// Whether the kernel lets a process at a place have a port: in a pod's own network namespace every one
    /// (containerd 2 sets `net.ipv4.ip_unprivileged_port_start` to 0 there), on a machine's own those
    /// below 1024 are root's.
    pub(in crate::cluster) fn may_bind(&self, place: &Place, port: u16) -> bool {
        let shared = || {
            let own = |netns| {
                matches!(place, Place::Container { .. }) && self.guest(place, netns).is_none()
            };
            self.netns_of(place).is_some_and(|sender| !own(sender.netns))
        };
        let root =
            || self.identity(place).is_root() && self.has_capability(place, "NET_BIND_SERVICE");
        port >= 1024 || !shared() || root()
    }

    /// The pod that a place is in, where the network namespace is not its own.
    pub(in crate::cluster) fn guest(&self, place: &Place, netns: NetnsId) -> Option<Party> {
        let Place::Container { namespace, pod, .. } = place else { return None };
        let pod = Party::Pod { namespace: namespace.clone(), name: pod.clone() };
        let whose = self.network.netns(netns).map(|netns| &netns.party);
        (whose != Some(&pod)).then_some(pod)
    }
}

impl OtherUser {
    /// Who it is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }
}
