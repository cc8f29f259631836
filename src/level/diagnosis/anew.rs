//! A container that complains of what is mended since: what becomes of it where it is started anew.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::ContainerStatus;

use super::containers::{full_name, place_of, since_last_start};
use super::{Case, Facts, look, owners, trial};
use crate::api::{Kind, Pod};
use crate::cluster::{Cluster, Did, Place};

/// Why what a container said last may be older than what was mended since.
pub(super) const THE_KUBELET_WAITS: &str =
    "after a failure the kubelet waits longer and longer before it starts a container again";

/// That what stopped the container when it ran last stops it no more, and the way out.
pub(super) fn mended_since(
    facts: &Facts<'_>,
    pod: &Pod,
    container: &ContainerStatus,
) -> Option<(&'static str, String)> {
    let anew = started_anew(facts, pod)?;
    if anew.pods.iter().any(runs) {
        return Some((
            "that was before its last start: started anew as everything stands now, it runs",
            format!("{}, and send again", anew.command),
        ));
    }
    reads_otherwise(facts, pod, container, &anew).then(|| {
        (
            "that was before its configuration changed: started anew, it does not stop there any more",
            format!("{}, and send again: its log then says what stops it now", anew.command),
        )
    })
}

/// What becomes of a pod that is made anew as everything stands now: tried in a copy.
struct Anew {
    /// The command that makes it anew.
    command: String,
    /// The cluster a while after it.
    copy: Cluster,
    /// The pods that it has made.
    pods: Vec<Arc<Pod>>,
}

/// Makes the pod anew in a copy, where a controller that has rollouts has made it.
fn started_anew(facts: &Facts<'_>, pod: &Pod) -> Option<Anew> {
    let (namespace, _) = full_name(pod);
    let (kind, maker) = owners::maker(facts, pod);
    if !matches!(kind, Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet) {
        return None;
    }
    let place = look::in_namespace(namespace);
    let command = format!("kubectl rollout restart {} {maker}{place}", kind.info().singular);
    let mut copy = trial::changed(facts, &command)?;
    // A server whose names nobody answers gives up later.
    trial::wait(&mut copy, Duration::from_secs(60));
    let old = |new: &Pod| {
        let name = full_name(new).1;
        let old = facts.case.cluster.objects().get::<Pod>(namespace, name);
        old.is_some_and(|old| old.metadata.uid == new.metadata.uid)
    };
    let made = |new: &Pod| {
        let served = BTreeSet::new();
        let case = Case { run: None, served, cluster: &copy, ..facts.case.clone() };
        owners::maker(&Facts::bare(&case), new) == (kind, maker.clone())
    };
    let pods = copy.objects().list::<Pod>(Some(namespace));
    let pods = pods.filter(|new| !old(new) && made(new)).cloned().collect();
    Some(Anew { command, copy, pods })
}

/// Whether every container of the pod has run since its first start.
fn runs(pod: &Arc<Pod>) -> bool {
    let mut containers = pod.status.iter().flat_map(|one| one.container_statuses.iter().flatten());
    pod.is_running()
        && containers.all(|one| {
            one.restart_count == 0
                && one.state.as_ref().is_some_and(|state| state.running.is_some())
        })
}

/// Whether the container's server stopped at a line of its configuration when it ran last, and does not stop
/// there where it is started anew.
fn reads_otherwise(facts: &Facts<'_>, pod: &Pod, container: &ContainerStatus, anew: &Anew) -> bool {
    fn refused(did: &Did) -> Option<(&Arc<str>, u32, &String)> {
        match did {
            Did::ConfigRefused { file, line, why } => Some((file, *line, why)),
            _ => None,
        }
    }
    let Some(last) = since_last_start(facts, pod, container, refused) else { return false };
    let begun = |new: &&Arc<Pod>| {
        let statuses = new.status.iter().flat_map(|one| one.container_statuses.iter().flatten());
        let mut own = statuses.filter(|one| one.name == container.name);
        own.any(|one| {
            one.state.as_ref().is_some_and(|state| state.waiting.is_none())
                || one.last_state.as_ref().is_some_and(|state| state.terminated.is_some())
        })
    };
    let begun = anew.pods.iter().filter(begun);
    let places: Vec<Place> = begun.map(|new| place_of(new, &container.name)).collect();
    let again = anew.copy.deeds().any(|deed| {
        places.contains(&deed.place) && refused(&deed.did).is_some_and(|now| now == last)
    });
    !places.is_empty() && !again
}
