//! The cheat of the imitator: somebody else says the servers' words.

use std::sync::Arc;

use k8s_openapi::api::core::v1::Service;
use serde_json::{Value, json};

use super::cheats::{Tried, rest};
use super::{Prover, apply, words};
use crate::api::{LabelSelector, Labels, Pod};
use crate::cluster::{Cluster, Place};
use crate::level::PlaceName;
use crate::level::attempt::Attempt;
use crate::level::format::Goal;
use crate::level::probe;
use crate::network::{Party, TraceId};

/// Who serves a goal in a solution.
struct Server {
    pod: Party,
    port: u16,
    /// Whether it is a container beside the client.
    beside: bool,
}

/// Other pods wear the servers' labels and say their words, in their place; or another container
/// does, where the server is one.
pub(super) fn tries(prover: &mut Prover, seed: u64) -> Vec<Tried> {
    let level = prover.level.clone();
    let Some(solution) = level.solutions.first() else { return Vec::new() };
    let attempt = prover.solved(seed, solution);
    let mut graded = attempt.clone();
    let verdict = graded.grade();
    let goals = level.goals.iter().zip(&verdict.goals);
    let servers: Vec<(&Goal, Server)> = goals
        .filter(|(goal, _)| goal.expect.wants_server())
        .filter_map(|(goal, state)| Some((goal, server(graded.cluster(), goal, &state.traces)?)))
        .collect();
    let mut tries = Vec::new();
    for (goal, _) in servers.iter().filter(|(_, server)| server.beside) {
        if let Some(answer) = words::with_parrot(&level, solution, &says(goal)) {
            let mut attempt = prover.open(seed);
            apply(&mut attempt, Some(&answer));
            tries.push(Tried::new("a container beside the client says the words", attempt));
        }
    }
    let apart: Vec<_> = servers.iter().filter(|(_, server)| !server.beside).collect();
    if !apart.is_empty() {
        let mut attempt = attempt;
        let mut any = false;
        for (index, (goal, server)) in apart.iter().enumerate() {
            any |= replace(&mut attempt, index, goal, server);
        }
        if any {
            rest(&mut attempt);
            tries.push(Tried::new("other pods with the servers' labels say the words", attempt));
        }
    }
    tries
}

/// What the goal wants to hear.
fn says(goal: &Goal) -> String {
    let text = goal.expect.page.clone().or_else(|| goal.expect.stdout.clone());
    text.unwrap_or_else(|| "imitated".to_owned())
}

fn server(cluster: &Cluster, goal: &Goal, traces: &[TraceId]) -> Option<Server> {
    let (to, port) = probe::last_server(cluster, traces)?;
    let asker = goal.traffic.as_deref().unwrap_or(&goal.from);
    let asker = PlaceName::parse(asker).ok().and_then(|name| name.find(cluster).ok());
    let beside = matches!((&asker, &to), (Some(Place::Container { pod, .. }), Party::Pod { name, .. })
        if pod == name);
    Some(Server { pod: to, port, beside })
}

/// Makes imitators of a server, and leads its Services and its address in the player's files to them;
/// whether there was one.
fn replace(attempt: &mut Attempt, index: usize, goal: &Goal, server: &Server) -> bool {
    let Some(pod) = now(attempt, goal, server) else { return false };
    let mark = format!("imitator-{index}");
    let mut labels: Labels = goal.expect.served_by.clone();
    labels.insert("imitates".to_owned(), index.to_string());
    let Party::Pod { namespace, .. } = &server.pod else { return false };
    let manifest = deployment((namespace, &mark), &labels, &says(goal), server.port);
    attempt.run_script(&format!("cat <<'EOF' | kubectl apply -f -\n{manifest}\nEOF"));
    rest(attempt);
    let patch =
        json!([{"op": "add", "path": "/spec/selector/imitates", "value": index.to_string()}]);
    let services: Vec<String> = services_of(attempt, &pod)
        .into_iter()
        .map(|service| {
            format!("kubectl patch service {service} -n {namespace} --type=json -p '{patch}'")
        })
        .collect();
    attempt.run_script(&services.join("\n"));
    let address = |pod: &Pod| pod.status.as_ref().and_then(|status| status.pod_ip.clone());
    let imitator = {
        let wanted = Labels::from([("imitates".to_owned(), index.to_string())]);
        let selector = LabelSelector::equalities(&wanted);
        let mut pods = attempt.cluster().objects().list::<Pod>(Some(namespace));
        let imitator = pods.find(|pod| selector.matches(pod.metadata.labels.as_ref()));
        imitator.and_then(|pod| address(pod))
    };
    if let (Some(old), Some(new)) = (address(&pod), imitator) {
        words::rewrite(attempt, |text| text.replace(&format!(": {old}\n"), &format!(": {new}\n")));
    }
    true
}

/// The server before the events: itself, or another pod with the labels that are wanted.
fn now(attempt: &Attempt, goal: &Goal, server: &Server) -> Option<Arc<Pod>> {
    let Party::Pod { namespace, name } = &server.pod else { return None };
    let objects = attempt.cluster().objects();
    let wanted = &goal.expect.served_by;
    let mut alike = objects.list::<Pod>(Some(namespace)).filter(|pod| {
        let labels = pod.metadata.labels.as_ref();
        !wanted.is_empty() && LabelSelector::equalities(wanted).matches(labels)
    });
    objects.get::<Pod>(namespace, name).or_else(|| alike.next()).cloned()
}

fn deployment((namespace, name): (&str, &str), labels: &Labels, says: &str, port: u16) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "replicas": 3,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{
                    "name": "imitator", "image": "hashicorp/http-echo",
                    "args": [format!("-text={says}"), format!("-listen=:{port}")],
                }]},
            },
        },
    })
}

/// The Services that select a pod.
fn services_of(attempt: &Attempt, pod: &Pod) -> Vec<String> {
    let services = attempt.cluster().objects().list::<Service>(Some(pod.namespace()));
    let ours = services.filter(|service| {
        let selector = service.spec.as_ref().and_then(|spec| spec.selector.as_ref());
        selector.is_some_and(|selector| {
            LabelSelector::equalities(selector).matches(pod.metadata.labels.as_ref())
        })
    });
    ours.filter_map(|service| service.metadata.name.clone()).collect()
}
