//! The roles that every cluster has, as far as people bind them, and the groups to which some are bound
//! from the beginning (`plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go`).

use k8s_openapi::api::rbac::v1::PolicyRule;

/// (group, cluster role)
pub(super) const BOUND: &[(&str, &str)] = &[
    ("system:masters", "cluster-admin"),
    ("system:authenticated", "system:basic-user"),
    ("system:authenticated", "system:discovery"),
    ("system:authenticated", "system:public-info-viewer"),
    ("system:unauthenticated", "system:public-info-viewer"),
];

const READ: &[&str] = &["get", "list", "watch"];
const WRITE: &[&str] = &["create", "delete", "deletecollection", "patch", "update"];

/// (verbs, API groups, resources)
type Line = (&'static [&'static str], &'static [&'static str], &'static [&'static str]);

const VIEW: &[Line] = &[
    (
        READ,
        &[""],
        &[
            "pods",
            "replicationcontrollers",
            "replicationcontrollers/scale",
            "serviceaccounts",
            "services",
            "services/status",
            "endpoints",
            "persistentvolumeclaims",
            "persistentvolumeclaims/status",
            "configmaps",
            "limitranges",
            "resourcequotas",
            "bindings",
            "events",
            "pods/status",
            "resourcequotas/status",
            "namespaces/status",
            "replicationcontrollers/status",
            "pods/log",
            "namespaces",
        ],
    ),
    (READ, &["discovery.k8s.io"], &["endpointslices"]),
    (
        READ,
        &["apps"],
        &[
            "controllerrevisions",
            "statefulsets",
            "statefulsets/status",
            "statefulsets/scale",
            "daemonsets",
            "daemonsets/status",
            "deployments",
            "deployments/status",
            "deployments/scale",
            "replicasets",
            "replicasets/status",
            "replicasets/scale",
        ],
    ),
    (READ, &["autoscaling"], &["horizontalpodautoscalers", "horizontalpodautoscalers/status"]),
    (READ, &["batch"], &["jobs", "cronjobs", "cronjobs/status", "jobs/status"]),
    (READ, &["policy"], &["poddisruptionbudgets", "poddisruptionbudgets/status"]),
    (READ, &["networking.k8s.io"], &["networkpolicies", "ingresses", "ingresses/status"]),
];

const EDIT: &[Line] = &[
    (
        READ,
        &[""],
        &[
            "pods/attach",
            "pods/proxy",
            "pods/exec",
            "pods/portforward",
            "secrets",
            "services/proxy",
        ],
    ),
    (&["impersonate"], &[""], &["serviceaccounts"]),
    (
        WRITE,
        &[""],
        &[
            "pods",
            "pods/attach",
            "pods/proxy",
            "pods/exec",
            "pods/portforward",
            "replicationcontrollers",
            "replicationcontrollers/scale",
            "serviceaccounts",
            "services",
            "services/proxy",
            "persistentvolumeclaims",
            "configmaps",
            "secrets",
            "events",
        ],
    ),
    (&["create"], &[""], &["pods/eviction", "serviceaccounts/token"]),
    (
        WRITE,
        &["apps"],
        &[
            "statefulsets",
            "statefulsets/scale",
            "daemonsets",
            "deployments",
            "deployments/scale",
            "deployments/rollback",
            "replicasets",
            "replicasets/scale",
        ],
    ),
    (WRITE, &["autoscaling"], &["horizontalpodautoscalers"]),
    (WRITE, &["batch"], &["jobs", "cronjobs"]),
    (WRITE, &["policy"], &["poddisruptionbudgets"]),
    (WRITE, &["networking.k8s.io"], &["networkpolicies", "ingresses"]),
    (READ, &["coordination.k8s.io"], &["leases"]),
    (WRITE, &["coordination.k8s.io"], &["leases"]),
];

const ADMIN: &[Line] = &[
    (&["create"], &["authorization.k8s.io"], &["localsubjectaccessreviews"]),
    (READ, &["rbac.authorization.k8s.io"], &["roles", "rolebindings"]),
    (WRITE, &["rbac.authorization.k8s.io"], &["roles", "rolebindings"]),
];

const BASIC: &[Line] = &[
    (
        &["create"],
        &["authorization.k8s.io"],
        &["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
    ),
    (&["create"], &["authentication.k8s.io"], &["selfsubjectreviews"]),
];

const DISCOVERY: &[&str] = &[
    "/api",
    "/api/*",
    "/apis",
    "/apis/*",
    "/healthz",
    "/livez",
    "/openapi",
    "/openapi/*",
    "/readyz",
    "/version",
    "/version/",
];

const PUBLIC: &[&str] = &["/healthz", "/livez", "/readyz", "/version", "/version/"];

/// The rules of a cluster role that every cluster has.
pub(super) fn rules(role: &str) -> Option<Vec<PolicyRule>> {
    let lines: &[&[Line]] = match role {
        "cluster-admin" => {
            return Some(vec![rule((&["*"], &["*"], &["*"])), paths(&["*"], &["*"])]);
        }
        "system:discovery" => return Some(vec![paths(&["get"], DISCOVERY)]),
        "system:public-info-viewer" => return Some(vec![paths(&["get"], PUBLIC)]),
        "system:basic-user" => &[BASIC],
        "view" => &[VIEW],
        "edit" => &[VIEW, EDIT],
        "admin" => &[VIEW, EDIT, ADMIN],
        _ => return None,
    };
    Some(lines.iter().flat_map(|lines| lines.iter().map(|line| rule(*line))).collect())
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn rule((verbs, groups, resources): Line) -> PolicyRule {
    PolicyRule {
        verbs: owned(verbs),
        api_groups: Some(owned(groups)),
        resources: Some(owned(resources)),
        ..PolicyRule::default()
    }
}

fn paths(verbs: &[&str], urls: &[&str]) -> PolicyRule {
    PolicyRule {
        verbs: owned(verbs),
        non_resource_urls: Some(owned(urls)),
        ..PolicyRule::default()
    }
}
