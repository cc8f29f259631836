//! Whose a container's process is, and what for.

/// A pod's number, in the order in which kubelets heard of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::cluster) struct PodKey(pub(super) u64);

/// Whose process it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cluster) struct Owner {
    pub pod: PodKey,
    /// Its index among the pod's containers.
    pub container: usize,
    pub purpose: Purpose,
}

/// What a process in a container is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cluster) enum Purpose {
    /// The container's own program.
    Main,
    Probe(Probed),
    PostStart,
    PreStop,
}

/// What a probe decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Probed {
    Startup,
    Liveness,
    Readiness,
}
