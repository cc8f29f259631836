//! How strategic merge patches treat each field of Kubernetes' types: the `patchStrategy` and
//! `patchMergeKey` tags of its Go source.

use crate::api::Kind;
use crate::manifest::Schema;
use crate::manifest::schema::Struct;

/// What becomes of a field that both sides have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Strategy {
    /// A list merges item by item, by this field of its items; by value when it is empty. Lists
    /// without one are replaced.
    pub(super) merge_key: Option<&'static str>,
    /// Fields that a patch does not name are dropped: the object is one of several shapes.
    pub(super) retain_keys: bool,
    /// The whole object is replaced.
    pub(super) replace: bool,
}

/// A place in a kind's schema.
#[derive(Clone, Copy)]
pub(super) struct Place {
    schema: Option<&'static Schema>,
    at: Option<&'static Struct>,
}

impl Place {
    /// The kind's own fields.
    pub(super) fn root(kind: Kind) -> Place {
        let info = kind.info();
        let schema = Schema::of(&info.api_version(), info.name);
        Place { schema, at: schema.map(Schema::root) }
    }

    /// How the field `name` is treated, and the place of the fields below it.
    pub(super) fn field(self, name: &str) -> (Strategy, Place) {
        let below = self.at.and_then(|at| at.fields.get(name));
        let next = below.and_then(|field| self.schema?.object(&field.holds));
        let strategy = self.at.map_or_else(Strategy::default, |at| strategy(at.name, name));
        (strategy, Place { at: next, ..self })
    }
}

fn strategy(parent: &str, field: &str) -> Strategy {
    let row = LISTS.iter().find(|row| row.0 == parent && row.1.contains(&field));
    Strategy {
        merge_key: row.map(|row| row.2),
        retain_keys: matches!(
            (parent, field),
            ("PodSpec", "volumes" | "resourceClaims") | ("DeploymentSpec", "strategy")
        ),
        replace: (parent, field) == ("PodDisruptionBudgetSpec", "selector"),
    }
}

/// Type, fields, merge key.
const LISTS: [(&str, &[&str], &str); 29] = [
    ("MutatingWebhookConfiguration", &["webhooks"], "name"),
    ("ValidatingWebhookConfiguration", &["webhooks"], "name"),
    ("ValidatingAdmissionPolicySpec", &["matchConditions", "variables"], "name"),
    ("ObjectMeta", &["ownerReferences"], "uid"),
    ("ObjectMeta", &["finalizers"], ""),
    (
        "PodSpec",
        &[
            "volumes",
            "initContainers",
            "containers",
            "ephemeralContainers",
            "imagePullSecrets",
            "schedulingGates",
            "resourceClaims",
        ],
        "name",
    ),
    ("PodSpec", &["hostAliases"], "ip"),
    ("PodSpec", &["topologySpreadConstraints"], "topologyKey"),
    ("Container", &["env"], "name"),
    ("Container", &["ports"], "containerPort"),
    ("Container", &["volumeMounts"], "mountPath"),
    ("Container", &["volumeDevices"], "devicePath"),
    ("EphemeralContainer", &["env"], "name"),
    ("EphemeralContainer", &["ports"], "containerPort"),
    ("EphemeralContainer", &["volumeMounts"], "mountPath"),
    ("EphemeralContainer", &["volumeDevices"], "devicePath"),
    ("PodStatus", &["podIPs", "hostIPs"], "ip"),
    ("PodStatus", &["resourceClaimStatuses"], "name"),
    ("ServiceSpec", &["ports"], "port"),
    ("ServiceAccount", &["secrets"], "name"),
    ("NodeSpec", &["podCIDRs"], ""),
    ("NodeStatus", &["addresses", "conditions"], "type"),
    ("PodStatus", &["conditions"], "type"),
    ("ServiceStatus", &["conditions"], "type"),
    ("DeploymentStatus", &["conditions"], "type"),
    ("ReplicaSetStatus", &["conditions"], "type"),
    ("StatefulSetStatus", &["conditions"], "type"),
    ("DaemonSetStatus", &["conditions"], "type"),
    ("JobStatus", &["conditions"], "type"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_containers_ports_merge_by_their_number() {
        let (_, spec) = Place::root(Kind::Deployment).field("spec");
        let (_, template) = spec.field("template");
        let (_, pod) = template.field("spec");
        let (strategy, container) = pod.field("containers");
        assert_eq!(strategy.merge_key, Some("name"));
        assert_eq!(container.field("ports").0.merge_key, Some("containerPort"));
        assert_eq!(container.field("args").0.merge_key, None);
        assert!(spec.field("strategy").0.retain_keys);
    }

    /// Whether a type that can be reached from `at` has a field.
    fn has(
        schema: &Schema,
        at: &'static Struct,
        wanted: (&str, &str),
        seen: &mut Vec<&'static str>,
    ) -> bool {
        if seen.contains(&at.name) {
            return false;
        }
        seen.push(at.name);
        let here = at.name == wanted.0 && at.fields.contains_key(wanted.1);
        let below = at.fields.values().filter_map(|field| schema.object(&field.holds));
        here || below.into_iter().any(|next| has(schema, next, wanted, seen))
    }

    #[test]
    fn every_field_of_the_table_exists() {
        let known = |parent, field| {
            Kind::all().any(|kind| {
                let info = kind.info();
                Schema::of(&info.api_version(), info.name).is_some_and(|schema| {
                    has(schema, schema.root(), (parent, field), &mut Vec::new())
                })
            })
        };
        for (parent, fields, _) in LISTS {
            for field in fields {
                assert!(known(parent, field), "{parent}.{field}");
            }
        }
    }
}
