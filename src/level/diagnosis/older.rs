//! Containers that still have what a ConfigMap said before it was changed.
//!
//! Variables are set when a container starts, and a server reads its files then. The files of a volume follow
//! a change a minute later (kubernetes pkg/kubelet/configmap, the kubelet's sync period); one that is mounted
//! by `subPath` never does. Whether a container that starts anew makes the goal pass is tried in a copy.

use std::time::Duration;

use k8s_openapi::api::core::v1::{ConfigMap, Container};

use super::containers::{full_name, place_of};
use super::trial::{self, Tried};
use super::{Diagnosis, Facts, locate, look, mounts, owners};
use crate::api::{Kind, Pod};
use crate::clock::SimTime;
use crate::cluster::{ApplyOutcome, Did};
use crate::manifest;
use crate::shell::quoted;

/// How many pods are tried at most.
const MOST_TRIED: usize = 3;

/// In this time the files of a volume follow their ConfigMap.
const VOLUMES_FOLLOW: Duration = Duration::from_secs(150);

/// What a container has of a ConfigMap that says something else now.
struct Older<'a> {
    pod: &'a Pod,
    container: &'a str,
    map: &'a str,
    key: &'a str,
    what: What,
}

/// What it is that the container has.
enum What {
    /// A variable, by its name.
    Variable(String),
    /// A file, by its path, which does not say yet what the key says.
    File(String),
    /// A file that was changed after the container had started.
    ReadAtStart(String),
}

/// A fault that is gone once the container has what its ConfigMap says by now.
pub(super) fn instead(facts: &Facts<'_>, said: Diagnosis) -> Diagnosis {
    if said.is_of_an_unsent_file() {
        return said;
    }
    let mut found = older(facts);
    found.truncate(MOST_TRIED);
    found.iter().find_map(|one| one.mends(facts, &said)).unwrap_or(said)
}

/// Everything that running containers have of ConfigMaps as they were before: one a pod.
fn older<'a>(facts: &Facts<'a>) -> Vec<Older<'a>> {
    let objects = facts.case.cluster.objects();
    let pods = objects.list::<Pod>(None).filter(|pod| pod.is_running());
    let found = pods.filter_map(|pod| {
        let spec = pod.spec.as_ref()?;
        // What a node that is down holds is no matter of ConfigMaps.
        facts.case.cluster.is_node_up(spec.node_name.as_deref()?).then_some(())?;
        spec.containers.iter().find_map(|container| {
            of_environment(facts, pod, container).or_else(|| of_files(facts, pod, container))
        })
    });
    found.collect()
}

/// A ConfigMap of the pod's namespace.
fn map<'a>(facts: &Facts<'a>, pod: &Pod, name: &str) -> Option<&'a ConfigMap> {
    let (namespace, _) = full_name(pod);
    facts.case.cluster.objects().get::<ConfigMap>(namespace, name).map(AsRef::as_ref)
}

/// A variable of the container's whose key has another value now.
fn of_environment<'a>(
    facts: &Facts<'a>,
    pod: &'a Pod,
    container: &'a Container,
) -> Option<Older<'a>> {
    let own = facts.case.cluster.environment(&place_of(pod, &container.name));
    let differs =
        |name: &str, value: &str| own.iter().any(|(one, has)| one == name && has != value);
    let found = |map: &'a str, key: &'a str, variable: String| Older {
        pod,
        container: &container.name,
        map,
        key,
        what: What::Variable(variable),
    };
    let mut single = container.env.iter().flatten().filter_map(|one| {
        let source = one.value_from.as_ref()?.config_map_key_ref.as_ref()?;
        let value = map(facts, pod, &source.name)?.data.as_ref()?.get(&source.key)?;
        differs(&one.name, value).then(|| found(&source.name, &source.key, one.name.clone()))
    });
    if let Some(one) = single.next() {
        return Some(one);
    }
    let listed = |name: &str| container.env.iter().flatten().any(|one| one.name == name);
    container.env_from.iter().flatten().find_map(|from| {
        let (prefix, source) =
            (from.prefix.as_deref().unwrap_or(""), from.config_map_ref.as_ref()?);
        let data = map(facts, pod, &source.name)?.data.as_ref()?;
        let (key, variable) = data.iter().find_map(|(key, value)| {
            let variable = format!("{prefix}{key}");
            (!listed(&variable) && differs(&variable, value)).then_some((key, variable))
        })?;
        Some(found(&source.name, key, variable))
    })
}

/// A file of the container's that does not say what its key says now, or did not when the container started.
fn of_files<'a>(facts: &Facts<'a>, pod: &'a Pod, container: &'a Container) -> Option<Older<'a>> {
    let place = place_of(pod, &container.name);
    mounts::of(pod, container).find_map(|mounted| {
        let source = mounted.map;
        let data = map(facts, pod, &source.name)?.data.as_ref()?;
        let changed = changed_since_start(facts, pod, container, &source.name);
        data.iter().find_map(|(key, value)| {
            let file = mounted.file(key)?;
            let has = facts.case.cluster.read_file(&place, &file)?;
            let what = match (has == value.as_bytes(), changed) {
                (false, _) => What::File(file),
                (true, true) => What::ReadAtStart(file),
                (true, false) => return None,
            };
            Some(Older { pod, container: &container.name, map: &source.name, key, what })
        })
    })
}

/// Whether kubectl has brought another version of the ConfigMap since the container started.
fn changed_since_start(facts: &Facts<'_>, pod: &Pod, container: &Container, map: &str) -> bool {
    let statuses = pod.status.iter().flat_map(|status| status.container_statuses.iter().flatten());
    let mut started =
        statuses.filter(|status| status.name == container.name).filter_map(|status| {
            let running = status.state.as_ref()?.running.as_ref()?;
            Some(SimTime::from_timestamp(running.started_at.as_ref()?.0))
        });
    let Some(started) = started.next() else { return false };
    let mut deeds = facts.case.cluster.deeds().rev();
    deeds.any(|deed| match &deed.did {
        Did::Applied(applied) => {
            deed.at > started
                && applied.outcome == ApplyOutcome::Configured
                && applied.object.kind == Kind::ConfigMap
                && applied.object.name == map
                && Some(&applied.object.namespace) == pod.metadata.namespace.as_ref()
        }
        _ => false,
    })
}

impl Older<'_> {
    /// Whether the goal passes in the same time though the container keeps what it has: then it waits for
    /// something else, such as another container that is about to start again.
    fn passes_without(&self, facts: &Facts<'_>) -> bool {
        let What::File(file) = &self.what else { return trial::passes_later(facts) };
        let (namespace, _) = full_name(self.pod);
        let has = facts.case.cluster.read_file(&place_of(self.pod, self.container), file);
        let has = String::from_utf8_lossy(&has.unwrap_or_default()).into_owned();
        let patch = serde_json::json!({"data": {self.key: has}}).to_string();
        let back = format!(
            "kubectl patch configmap {} -n {namespace} --type=merge -p {}",
            self.map,
            quoted(&patch)
        );
        trial::passes_in_after(facts, VOLUMES_FOLLOW, &back)
    }

    /// What is said where a container that starts anew makes the goal pass.
    fn mends(&self, facts: &Facts<'_>, said: &Diagnosis) -> Option<Diagnosis> {
        let anew = owners::made_anew(facts, self.pod);
        let waits = matches!(self.what, What::File(_)) && trial::passes_in(facts, VOLUMES_FOLLOW);
        let passes = waits || trial::after(facts, &anew) == Tried::Passes;
        (passes && !self.passes_without(facts)).then_some(())?;
        let (namespace, name) = full_name(self.pod);
        let source = facts.locator.source("ConfigMap", namespace, self.map);
        let at = source.and_then(|source| locate::at(&source, &manifest::field("data", self.key)));
        let (key, map) = (self.key, self.map);
        let (has, why) = match &self.what {
            What::Variable(name) => (
                format!("{name} as key {key} of ConfigMap {map} was before"),
                "variables are set when a container starts",
            ),
            What::File(file) => (
                format!("{file} as key {key} of ConfigMap {map} was before"),
                "the files of a volume follow a change within a minute or two, and those that are mounted by subPath never do",
            ),
            What::ReadAtStart(file) => (
                format!("read {file} before key {key} of ConfigMap {map} was changed"),
                "most servers read their configuration when they start, and then no more",
            ),
        };
        let verb = if matches!(self.what, What::ReadAtStart(_)) { "has" } else { "still has" };
        let place = look::in_namespace(namespace);
        Some(
            Diagnosis::new(
                "configuration-not-taken-up",
                format!("container {} of pod {name} {verb} {has}", self.container),
            )
            .look([format!("kubectl get configmap {map}{place} -o yaml")])
            .look([look::yaml("pod", namespace, name)])
            .fact(said.message.clone())
            .fact(why)
            .at(at)
            .fix(match waits {
                true => format!("wait two minutes, or {anew}; then send again"),
                false => format!("{anew}, and send again"),
            }),
        )
    }
}
