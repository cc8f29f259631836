//! What a ResourceQuota counts: how much of each resource the objects of a namespace use.
//!
//! Facts: Kubernetes' `pkg/quota/v1/evaluator/core` (what a pod, a Service, a claim uses) and
//! `plugin/resourcequota` (what is refused). The server counts the objects as they are stored, so
//! nothing can be counted twice.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::{PersistentVolumeClaim, ResourceQuota, Service};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::demand::Amount;
use super::{Kind, Object, Pod, Store, demand, quantity};
use crate::manifest::quantity as amount;

/// One piece, in the billionths in which amounts are counted.
const PIECE: i128 = 1_000_000_000;

/// Amounts by resource, in billionths.
pub(super) type Amounts = BTreeMap<String, i128>;

/// The resources of which a quota wants each container to say how much it needs.
const SAID: [&str; 6] =
    ["cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"];

/// What the objects of a quota's namespace use of what it bounds, as its status tells it.
pub fn used(store: &Store, quota: &ResourceQuota) -> BTreeMap<String, Quantity> {
    let sums = sums(store, quota);
    let hard = quota.spec.iter().flat_map(|spec| spec.hard.iter().flatten());
    hard.map(|(name, hard)| {
        let used = sums.get(name).copied().unwrap_or(0);
        (name.clone(), Quantity(text(used, &hard.0)))
    })
    .collect()
}

fn sums(store: &Store, quota: &ResourceQuota) -> Amounts {
    let namespace = quota.metadata.namespace.as_deref();
    let mut sums = Amounts::new();
    for kind in Kind::all().filter(|kind| kind.info().namespaced) {
        for object in store.objects(kind, namespace).filter(|object| is_bound(quota, object)) {
            for (name, size) in of(object) {
                *sums.entry(name).or_default() += size;
            }
        }
    }
    sums
}

/// What refuses a new or changed object: the first quota of its namespace that it would exceed, or
/// that wants to know more of it.
pub(super) fn refusal(store: &Store, object: &Object) -> Option<String> {
    let namespace = object.namespace();
    let old = store.object(object.kind(), namespace, object.name());
    let (new, before) = (of(object), old.map(of).unwrap_or_default());
    let grows = |name: &String| new.get(name).unwrap_or(&0) - before.get(name).unwrap_or(&0);
    for quota in store.list::<ResourceQuota>(Some(namespace)) {
        let name = quota.metadata.name.as_deref().unwrap_or("");
        let hard = quota.spec.as_ref().and_then(|spec| spec.hard.clone()).unwrap_or_default();
        if !is_bound(quota, object) {
            continue;
        }
        if let (Object::Pod(pod), None) = (object, old)
            && let Some(missing) = unsaid(pod, &hard)
        {
            return Some(format!("failed quota: {name}: must specify {missing}"));
        }
        let sums = sums(store, quota);
        let used = |resource: &String| sums.get(resource).copied().unwrap_or(0);
        let exceeded: Vec<(&String, &Quantity)> = hard
            .iter()
            .filter(|(resource, most)| {
                grows(resource) > 0
                    && used(resource) + grows(resource) > amount::parse(&most.0).unwrap_or(0)
            })
            .collect();
        if exceeded.is_empty() {
            continue;
        }
        let list = |size: &dyn Fn(&String) -> i128| {
            let all = exceeded.iter();
            let all =
                all.map(|(resource, most)| format!("{resource}={}", text(size(resource), &most.0)));
            all.collect::<Vec<_>>().join(",")
        };
        let limited: Vec<String> =
            exceeded.iter().map(|(resource, most)| format!("{resource}={}", most.0)).collect();
        return Some(format!(
            "exceeded quota: {name}, requested: {}, used: {}, limited: {}",
            list(&grows),
            list(&used),
            limited.join(",")
        ));
    }
    None
}

/// The amounts that a quota bounds and that containers of a pod do not tell.
fn unsaid(pod: &Pod, hard: &BTreeMap<String, Quantity>) -> Option<String> {
    let spec = pod.spec.as_ref()?;
    let mut missing: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for container in spec.init_containers.iter().flatten().chain(&spec.containers) {
        let resources = container.resources.clone().unwrap_or_default();
        for name in SAID.iter().filter(|name| hard.contains_key(**name)) {
            let (list, bare) = match name.strip_prefix("limits.") {
                Some(bare) => (&resources.limits, bare),
                None => (&resources.requests, name.strip_prefix("requests.").unwrap_or(name)),
            };
            if list.as_ref().is_none_or(|list| !list.contains_key(bare)) {
                missing.entry(name).or_default().insert(&container.name);
            }
        }
    }
    let all = missing.iter();
    let list = |of: &BTreeSet<&str>| of.iter().copied().collect::<Vec<_>>().join(",");
    let all: Vec<String> = all.map(|(name, of)| format!("{name} for: {}", list(of))).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

/// Whether an object falls under a quota's scopes. Only pods have any.
fn is_bound(quota: &ResourceQuota, object: &Object) -> bool {
    let spec = quota.spec.clone().unwrap_or_default();
    let scopes = spec.scopes.unwrap_or_default();
    let selected = spec.scope_selector.and_then(|selector| selector.match_expressions);
    let Object::Pod(pod) = object else {
        return scopes.is_empty() && selected.is_none_or(|all| all.is_empty());
    };
    let class = pod.spec.as_ref().and_then(|spec| spec.priority_class_name.clone());
    scopes.iter().all(|scope| is_in_scope(pod, scope))
        && selected.iter().flatten().all(|requirement| {
            let values = requirement.values.as_deref().unwrap_or_default();
            let named = class.as_ref().is_some_and(|class| values.contains(class));
            match (requirement.operator.as_str(), requirement.scope_name.as_str()) {
                ("In", "PriorityClass") => named,
                ("NotIn", "PriorityClass") => !named,
                ("DoesNotExist", scope) => !is_in_scope(pod, scope),
                (_, scope) => is_in_scope(pod, scope),
            }
        })
}

fn is_in_scope(pod: &Pod, scope: &str) -> bool {
    let Some(spec) = &pod.spec else { return false };
    let ends = spec.active_deadline_seconds.is_some_and(|seconds| seconds >= 0);
    let best_effort = || super::quality_of_service(spec) == "BestEffort";
    match scope {
        "Terminating" => ends,
        "NotTerminating" => !ends,
        "BestEffort" => best_effort(),
        "NotBestEffort" => !best_effort(),
        "PriorityClass" => spec.priority_class_name.as_ref().is_some_and(|name| !name.is_empty()),
        _ => false,
    }
}

/// What one object uses.
fn of(object: &Object) -> Amounts {
    let info = object.kind().info();
    let mut used = Amounts::from([(format!("count/{}", object.kind().resource()), PIECE)]);
    match object {
        Object::Pod(pod) => of_pod(pod, &mut used),
        Object::Service(service) => of_service(service, &mut used),
        Object::PersistentVolumeClaim(claim) => of_claim(claim, &mut used),
        Object::ConfigMap(_)
        | Object::Secret(_)
        | Object::ReplicationController(_)
        | Object::ResourceQuota(_) => {
            used.insert(info.plural.to_owned(), PIECE);
        }
        _ => {}
    }
    used
}

/// A pod that has ended uses nothing but its place among the objects.
fn of_pod(pod: &Pod, used: &mut Amounts) {
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    let Some(spec) = pod.spec.as_ref().filter(|_| !matches!(phase, Some("Succeeded" | "Failed")))
    else {
        return;
    };
    used.insert("pods".to_owned(), PIECE);
    for (name, Amount { size, .. }) in demand::requests(spec) {
        if matches!(name, "cpu" | "memory" | "ephemeral-storage") {
            used.insert(name.to_owned(), size);
        }
        used.insert(format!("requests.{name}"), size);
    }
    for (name, Amount { size, .. }) in demand::limits(spec) {
        used.insert(format!("limits.{name}"), size);
    }
}

fn of_service(service: &Service, used: &mut Amounts) {
    let spec = service.spec.clone().unwrap_or_default();
    used.insert("services".to_owned(), PIECE);
    let kind = spec.type_.as_deref().unwrap_or("");
    let ports = spec.ports.as_ref().map_or(0, Vec::len) as i128;
    if kind == "LoadBalancer" {
        used.insert("services.loadbalancers".to_owned(), PIECE);
    }
    if kind == "NodePort"
        || (kind == "LoadBalancer" && spec.allocate_load_balancer_node_ports != Some(false))
    {
        used.insert("services.nodeports".to_owned(), ports * PIECE);
    }
}

fn of_claim(claim: &PersistentVolumeClaim, used: &mut Amounts) {
    let spec = claim.spec.clone().unwrap_or_default();
    let requests = spec.resources.and_then(|resources| resources.requests).unwrap_or_default();
    let size = requests.get("storage").map_or(0, |size| amount::parse(&size.0).unwrap_or(0));
    used.insert("persistentvolumeclaims".to_owned(), PIECE);
    used.insert("requests.storage".to_owned(), size);
    if let Some(class) = spec.storage_class_name {
        let of_class = format!("{class}.storageclass.storage.k8s.io");
        used.insert(format!("{of_class}/persistentvolumeclaims"), PIECE);
        used.insert(format!("{of_class}/requests.storage"), size);
    }
}

/// An amount written like another one: in powers of 1024 where that is.
fn text(size: i128, like: &str) -> String {
    let whole = size / PIECE;
    match like.ends_with('i') && size % PIECE == 0 && whole % 1024 == 0 {
        true => quantity::canonical(&format!("{}Ki", whole / 1024)),
        false => quantity::canonical(&format!("{size}n")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::api::{ApiServer, FieldValidation, Request, WriteOptions};
    use crate::clock::SimTime;

    fn create(server: &mut ApiServer, kind: Kind, object: Value) -> Result<(), String> {
        let request = Request::Create {
            kind,
            namespace: "default".to_owned(),
            object,
            options: WriteOptions {
                validation: FieldValidation::Strict,
                ..WriteOptions::default()
            },
        };
        server.handle(SimTime::START, request).map(drop).map_err(|status| status.message)
    }

    fn quota(hard: Value) -> Value {
        json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q"},
               "spec": {"hard": hard}})
    }

    fn pod(name: &str, resources: Value) -> Value {
        let container = json!({"name": "c", "image": "a", "resources": resources});
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
               "spec": {"containers": [container]}})
    }

    // `plugin/resourcequota/controller.go`, `checkQuotas`
    #[test]
    fn one_pod_too_many_is_refused() {
        let mut server = ApiServer::new(1);
        create(&mut server, Kind::ResourceQuota, quota(json!({"pods": 1}))).unwrap();
        create(&mut server, Kind::Pod, pod("a", json!({}))).unwrap();
        assert_eq!(
            create(&mut server, Kind::Pod, pod("b", json!({}))).unwrap_err(),
            "pods \"b\" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: \
             pods=1"
        );
    }

    // `evaluator/core/pods.go`, `Constraints`
    #[test]
    fn a_container_says_how_much_it_needs_of_what_is_bounded() {
        let mut server = ApiServer::new(1);
        let hard = json!({"requests.cpu": "1", "limits.memory": "1Gi"});
        create(&mut server, Kind::ResourceQuota, quota(hard)).unwrap();
        assert_eq!(
            create(&mut server, Kind::Pod, pod("a", json!({}))).unwrap_err(),
            "pods \"a\" is forbidden: failed quota: q: must specify limits.memory for: c; \
             requests.cpu for: c"
        );
        let wants = json!({"requests": {"cpu": "2"}, "limits": {"memory": "512Mi"}});
        assert_eq!(
            create(&mut server, Kind::Pod, pod("a", wants)).unwrap_err(),
            "pods \"a\" is forbidden: exceeded quota: q, requested: requests.cpu=2, used: \
             requests.cpu=0, limited: requests.cpu=1"
        );
        let wants = json!({"requests": {"cpu": "1"}, "limits": {"memory": "512Mi"}});
        create(&mut server, Kind::Pod, pod("a", wants)).unwrap();
        let quota = server.store().get::<ResourceQuota>("default", "q").unwrap();
        let used = super::used(server.store(), quota);
        assert_eq!(
            (used["requests.cpu"].0.as_str(), used["limits.memory"].0.as_str()),
            ("1", "512Mi")
        );
    }

    #[test]
    fn services_are_counted_by_what_they_take() {
        let mut server = ApiServer::new(1);
        create(&mut server, Kind::ResourceQuota, quota(json!({"services.nodeports": 1}))).unwrap();
        let service = |name: &str, kind: &str| {
            json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
                   "spec": {"type": kind, "ports": [{"port": 80}]}})
        };
        create(&mut server, Kind::Service, service("a", "NodePort")).unwrap();
        create(&mut server, Kind::Service, service("b", "ClusterIP")).unwrap();
        let refused = create(&mut server, Kind::Service, service("c", "LoadBalancer")).unwrap_err();
        assert!(
            refused.contains("exceeded quota: q, requested: services.nodeports=1"),
            "{refused}"
        );
    }
}
