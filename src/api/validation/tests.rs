//! The recorded verdicts of a real API server, given again.

use serde_json::{Value, json};

use crate::api::{ApiServer, Kind, Object, Patch, Reason, Request, Status, WriteOptions};
use crate::clock::SimTime;
use crate::manifest::parse;
use crate::recordings::{Recorded, golden, verdicts};

/// Recorded verdicts that this file does not judge: kubectl's own, and those about what happened
/// before in the recording.
const ELSEWHERE: &[&str] = &[
    "error: ",
    "Error from server (NotFound): error when creating",
    "Error from server (Forbidden): error when creating",
];

/// Files that change an object made by another file before.
const CHANGES: &[&str] =
    &["selchg.yaml", "podchg.yaml", "podchg2.yaml", "podchg3.yaml", "cipchg.yaml", "cipnone.yaml"];

fn documents(text: &str) -> Vec<Value> {
    parse("manifest.yaml", text).0.into_iter().map(|document| document.value).collect()
}

fn create(server: &mut ApiServer, value: &Value) -> Result<Object, Status> {
    let text = |name: &str| value[name].as_str().unwrap_or("").to_owned();
    let kind = Kind::from_manifest(&text("apiVersion"), &text("kind"))
        .or_else(|| Kind::from_word(&text("kind")))
        .expect("a known kind");
    let namespace = value["metadata"]["namespace"].as_str().unwrap_or("default").to_owned();
    let object = value.clone();
    let options = WriteOptions::default();
    let response =
        server.handle(SimTime::START, Request::Create { kind, namespace, object, options })?;
    Ok(response.into_object().expect("an object"))
}

/// A verdict as kubectl prints it.
fn told(file: &str, result: &Result<Object, Status>) -> String {
    match result {
        Ok(object) => format!("{}/{} created", object.kind().prefix(), object.name()),
        Err(status) if status.reason == Reason::Invalid => {
            let head = format!("The {} \"{}\" is invalid: ", status.kind, status.name);
            match status.causes.as_slice() {
                [one] => format!("{head}{one}"),
                many => many.iter().fold(head, |text, cause| format!("{text}\n* {cause}")),
            }
        }
        Err(status) => {
            let reason = format!("{:?}", status.reason);
            format!(
                "Error from server ({reason}): error when creating \"{file}\": {}",
                status.message
            )
        }
    }
}

fn replay(recording: &str, at_least: usize) {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for Recorded { file, text, verdict } in verdicts(recording) {
        let skipped = CHANGES.contains(&file.as_str())
            || ELSEWHERE.iter().any(|start| verdict.starts_with(start))
            || verdict.contains("already allocated");
        if skipped {
            continue;
        }
        let verdict: Vec<&str> =
            verdict.lines().filter(|line| !line.starts_with("Warning: ")).collect();
        let mut server = ApiServer::new(7);
        let now: Vec<String> =
            documents(&text).iter().map(|value| told(&file, &create(&mut server, value))).collect();
        seen += 1;
        if now.join("\n") != verdict.join("\n") {
            wrong.push(format!(
                "{file}:\n  {}\n  instead of\n  {}",
                now.join("\n"),
                verdict.join("\n")
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {seen}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(seen >= at_least, "{seen}");
}

#[test]
fn the_recorded_verdicts_on_structure_are_given() {
    replay("10-err-structure.txt", 30);
}

#[test]
fn the_recorded_verdicts_on_services_are_given() {
    replay("11-err-service.txt", 60);
}

#[test]
fn the_recorded_verdicts_on_workloads_are_given() {
    replay("12-err-workloads.txt", 60);
}

#[test]
fn the_recorded_verdicts_on_networking_are_given() {
    replay("13-err-net.txt", 25);
}

/// Changes an object by a strategic merge patch, as `kubectl apply` does.
fn change(server: &mut ApiServer, kind: Kind, name: &str, change: Value) -> String {
    let result = server.handle(
        SimTime::START,
        Request::Patch {
            kind,
            namespace: "default".to_owned(),
            name: name.to_owned(),
            patch: Patch::Strategic(change),
            options: WriteOptions::default(),
        },
    );
    told("", &result.map(|response| response.into_object().expect("an object")))
}

/// What a recording says of a file, with generated names alike.
fn recorded(recording: &str, file: &str) -> String {
    let mut all = verdicts(recording).into_iter();
    alike(&all.find(|verdict| verdict.file == file).expect("it is in there").verdict)
}

fn alike(text: &str) -> String {
    const PREFIX: &str = "kube-api-access-";
    let mut parts = text.split(PREFIX);
    let first = parts.next().unwrap_or("").to_owned();
    parts.fold(first, |text, part| format!("{text}{PREFIX}xxxxx{}", &part[5..]))
}

fn server_with(file: &str) -> ApiServer {
    let mut server = ApiServer::new(7);
    let [value] = documents(&golden(&format!("yaml/{file}"))).try_into().expect("one document");
    create(&mut server, &value).expect("it is valid");
    server
}

#[test]
fn a_pods_container_cannot_be_renamed() {
    let mut server = server_with("pod.yaml");
    let patch = json!({"spec": {
        "$setElementOrder/containers": [{"name": "cc"}],
        "containers": [{"name": "cc", "image": "nginx:1.27"}, {"$patch": "delete", "name": "c"}],
    }});
    let told = change(&mut server, Kind::Pod, "p", patch);
    assert_eq!(alike(told.trim()), recorded("12-err-workloads.txt", "podchg.yaml"));
}

#[test]
fn a_pods_ports_cannot_be_changed() {
    let mut server = server_with("pod.yaml");
    let patch = json!({"spec": {"containers": [{"name": "c", "ports": [{"containerPort": 80}]}]}});
    let told = change(&mut server, Kind::Pod, "p", patch);
    assert_eq!(alike(told.trim()), recorded("12-err-workloads.txt", "podchg2.yaml"));
}

#[test]
fn a_pods_image_can_be_changed() {
    let mut server = server_with("pod.yaml");
    let patch = json!({"spec": {"containers": [{"name": "c", "image": "nginx:1.28"}]}});
    assert_eq!(change(&mut server, Kind::Pod, "p", patch), "pod/p created");
}

#[test]
fn a_deployments_selector_stays() {
    let mut server = server_with("deploy.yaml");
    let patch = json!({"spec": {
        "selector": {"matchLabels": {"app": "web2"}},
        "template": {"metadata": {"labels": {"app": "web2"}}},
    }});
    let told = change(&mut server, Kind::Deployment, "web", patch);
    assert_eq!(told, recorded("12-err-workloads.txt", "selchg.yaml"));
}

#[test]
fn a_services_address_stays() {
    let mut server = server_with("cip.yaml");
    let patch = |ip: &str| json!({"spec": {"clusterIP": ip}});
    let told = change(&mut server, Kind::Service, "web", patch("10.97.0.11"));
    assert_eq!(told, recorded("11-err-service.txt", "cipchg.yaml"));
    let told = change(&mut server, Kind::Service, "web", patch("None"));
    assert_eq!(told, recorded("11-err-service.txt", "cipnone.yaml"));
}

#[test]
fn a_stateful_set_changes_only_in_part() {
    let mut server = server_with("stsno.yaml");
    let told = change(&mut server, Kind::StatefulSet, "sts", json!({"spec": {"replicas": 5}}));
    assert_eq!(told, "statefulset.apps/sts created");
    let told = change(&mut server, Kind::StatefulSet, "sts", json!({"spec": {"serviceName": "x"}}));
    assert!(told.starts_with(
        "The StatefulSet \"sts\" is invalid: spec: Forbidden: updates to statefulset spec for fields other than"
    ));
}

/// What is said of one manifest.
fn judge(yaml: &str) -> String {
    let [value] = documents(yaml).try_into().expect("one document");
    told("f.yaml", &create(&mut ApiServer::new(7), &value))
}

fn deployment(spec: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  selector: \
         {{matchLabels: {{app: web}}}}\n  template:\n    metadata: {{labels: {{app: web}}}}\n    \
         spec: {{containers: [{{name: c, image: i}}]}}\n{spec}"
    )
}

#[test]
fn a_rollout_must_be_able_to_move() {
    assert_eq!(
        judge(&deployment("  strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 0}}\n")),
        "The Deployment \"web\" is invalid: spec.strategy.rollingUpdate.maxUnavailable: Invalid \
         value: 0: may not be 0 when `maxSurge` is 0"
    );
    assert_eq!(
        judge(&deployment("  strategy: {type: Recreate, rollingUpdate: {maxSurge: 1}}\n")),
        "The Deployment \"web\" is invalid: spec.strategy.rollingUpdate: Forbidden: may not be \
         specified when strategy `type` is 'Recreate'"
    );
    assert_eq!(
        judge(&deployment("  strategy: {type: Rolling}\n")),
        "The Deployment \"web\" is invalid: spec.strategy: Unsupported value: \
         {\"Type\":\"Rolling\",\"RollingUpdate\":null}: supported values: \"Recreate\", \
         \"RollingUpdate\""
    );
}

#[test]
fn a_jobs_pods_must_be_allowed_to_end() {
    let job = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: j}\nspec:\n  template:\n    spec: \
               {containers: [{name: c, image: i}]}\n";
    let why = "spec.template.spec.restartPolicy: Required value: valid values: \"OnFailure\", \
               \"Never\"";
    assert!(judge(job).contains(why), "{}", judge(job));
}

/// A limit is a request as well, so each is refused for itself.
#[test]
fn unknown_resources_are_refused_twice() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - {name: c, \
               image: i, resources: {limits: {gpu: 1}}}\n";
    let expected: String = ["limits", "limits", "requests", "requests"]
        .into_iter()
        .zip(["standard resource type or fully qualified", "standard resource for containers"].into_iter().cycle())
        .map(|(list, why)| {
            format!(
                "\n* spec.containers[0].resources.{list}[gpu]: Invalid value: \"gpu\": must be a {why}"
            )
        })
        .collect();
    assert_eq!(judge(pod), format!("The Pod \"p\" is invalid: {expected}"));
}

#[test]
fn keys_of_config_maps_and_secrets_are_checked() {
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata: {'a b': c}\n";
    assert!(judge(map).starts_with(
        "The ConfigMap \"m\" is invalid: data[a b]: Invalid value: \"a b\": a valid config key"
    ));
    let tls = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ntype: kubernetes.io/tls\n";
    assert_eq!(
        judge(tls),
        "The Secret \"s\" is invalid: \n* data[tls.crt]: Required value\n* data[tls.key]: \
         Required value"
    );
}
