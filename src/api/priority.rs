//! Priorities of pods: the classes that every cluster has, and what a class gives its pods
//! (`pkg/apis/scheduling/v1/helpers.go`, `plugin/pkg/admission/priority`).

use std::sync::Arc;

use k8s_openapi::api::core::v1::PodSpec;
use k8s_openapi::api::scheduling::v1::PriorityClass;

use super::{Pod, SharedSpec, Store};

/// The classes that every cluster has: name, value, what for.
pub(super) const SYSTEM_CLASSES: [(&str, i32, &str); 2] = [
    (
        "system-cluster-critical",
        2_000_000_000,
        "Used for system critical pods that must run in the cluster, but can be moved to another \
         node if necessary.",
    ),
    (
        "system-node-critical",
        2_000_001_000,
        "Used for system critical pods that must not be moved from their current node.",
    ),
];

/// Whom a pod may displace, where no class of priority says otherwise.
const PREEMPTION: &str = "PreemptLowerPriority";

/// The class that pods have that name none: of several the one with the lowest value.
fn default_class(store: &Store) -> Option<&PriorityClass> {
    let classes = store.list::<PriorityClass>(None).map(AsRef::as_ref);
    classes.filter(|class| class.global_default == Some(true)).min_by_key(|class| class.value)
}

/// Gives a new pod the priority of its class.
///
/// # Errors
/// Why the pod is forbidden.
pub(super) fn give(store: &Store, spec: &mut PodSpec) -> Result<(), String> {
    let named = spec.priority_class_name.clone().filter(|name| !name.is_empty());
    let class = match &named {
        None => default_class(store),
        Some(name) => match store.get::<PriorityClass>("", name) {
            Some(class) => Some(class.as_ref()),
            None => return Err(format!("no PriorityClass with name {name} was found")),
        },
    };
    let value = class.and_then(|class| class.value).unwrap_or(0);
    let policy = class.and_then(|class| class.preemption_policy.as_deref()).unwrap_or(PREEMPTION);
    if let (None, Some(class)) = (&named, class) {
        spec.priority_class_name.clone_from(&class.metadata.name);
    }
    if let Some(wanted) = spec.priority.filter(|wanted| *wanted != value) {
        return Err(format!(
            "the integer value of priority ({wanted}) must not be provided in pod spec; priority \
             admission controller computed {value} from the given PriorityClass name"
        ));
    }
    spec.priority = Some(value);
    if let Some(wanted) = spec.preemption_policy.as_deref().filter(|wanted| *wanted != policy) {
        return Err(format!(
            "the string value of PreemptionPolicy ({wanted}) must not be provided in pod spec; \
             priority admission controller computed {policy} from the given PriorityClass name"
        ));
    }
    spec.preemption_policy = Some(policy.to_owned());
    Ok(())
}

/// A changed pod that says nothing of its priority has the one that it had.
pub(super) fn keep(new: &mut Arc<Pod>, old: &Pod) {
    let Some(before) = &old.spec else { return };
    let lacks = |spec: &SharedSpec| {
        (spec.priority.is_none() && before.priority.is_some())
            || (spec.preemption_policy.is_none() && before.preemption_policy.is_some())
    };
    if !new.spec.as_ref().is_some_and(lacks) {
        return;
    }
    if let Some(spec) = &mut Arc::make_mut(new).spec {
        spec.priority = spec.priority.or(before.priority);
        if spec.preemption_policy.is_none() {
            spec.preemption_policy.clone_from(&before.preemption_policy);
        }
    }
}

/// Why a new or changed class is forbidden: there is one default.
pub(super) fn second_default(store: &Store, class: &PriorityClass) -> Option<String> {
    let name = class.metadata.name.as_deref();
    let default = default_class(store).filter(|_| class.global_default == Some(true))?;
    let other = default.metadata.name.as_deref().filter(|other| Some(*other) != name)?;
    Some(format!("PriorityClass {other} is already marked as default. Only one default can exist"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::api::{Kind, Object};

    fn given(classes: &[Value], spec: Value) -> Result<PodSpec, String> {
        let mut store = Store::default();
        for class in classes {
            store.put(Object::from_value(Kind::PriorityClass, class.clone()).unwrap());
        }
        let mut spec: PodSpec = serde_json::from_value(spec).unwrap();
        give(&store, &mut spec).map(|()| spec)
    }

    fn class(name: &str, value: i32, default: bool) -> Value {
        let metadata = json!({"name": name});
        json!({"metadata": metadata, "value": value, "globalDefault": default, "preemptionPolicy": "Never"})
    }

    #[test]
    fn a_pod_has_the_priority_of_its_class() {
        let spec = given(&[class("gold", 7, false)], json!({"priorityClassName": "gold"})).unwrap();
        assert_eq!(spec.priority, Some(7));
        assert_eq!(spec.preemption_policy.as_deref(), Some("Never"));
        let none = given(&[class("gold", 7, false)], json!({})).unwrap();
        assert_eq!((none.priority, none.priority_class_name), (Some(0), None));
    }

    #[test]
    fn a_pod_without_a_class_has_the_default_one() {
        let spec = given(&[class("base", 3, true)], json!({})).unwrap();
        assert_eq!((spec.priority, spec.priority_class_name.as_deref()), (Some(3), Some("base")));
    }

    #[test]
    fn an_unknown_priority_class_is_refused() {
        let refused = given(&[], json!({"priorityClassName": "gold"})).unwrap_err();
        assert_eq!(refused, "no PriorityClass with name gold was found");
    }

    // `plugin/pkg/admission/priority/admission.go`, `admitPod`: the priority itself comes first.
    #[test]
    fn a_preemption_policy_of_its_own_is_refused() {
        for policy in ["Never", "never", ""] {
            let why = format!(
                "the string value of PreemptionPolicy ({policy}) must not be provided in pod spec; \
                 priority admission controller computed PreemptLowerPriority from the given \
                 PriorityClass name"
            );
            assert_eq!(given(&[], json!({"preemptionPolicy": policy})), Err(why));
        }
        let own = json!({"preemptionPolicy": "PreemptLowerPriority", "priority": 0});
        assert!(given(&[], own).is_ok());
        let both = given(&[], json!({"preemptionPolicy": "Never", "priority": 7}));
        assert!(both.is_err_and(|why| why.contains("integer value")));
    }
}
