//! Every field of Pods, Services, Ingresses and NetworkPolicies is acted upon, or known to have no
//! effect here, which `kubectl explain` and the editor then say.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use podhop::manifest::Schema;
use podhop::manifest::schema::{IDLE, Struct};
use regex::Regex;

const KINDS: [(&str, &str); 4] = [
    ("v1", "Pod"),
    ("v1", "Service"),
    ("networking.k8s.io/v1", "Ingress"),
    ("networking.k8s.io/v1", "NetworkPolicy"),
];

/// Struct, fields, and the file below `src/` that acts upon them.
const ACTS: &[(&str, &[&str], &str)] = &[
    ("ClientIPConfig", &["timeoutSeconds"], "cluster/compile/service.rs"),
    ("ConfigMapEnvSource", &["name", "optional"], "cluster/kubelet/environment.rs"),
    ("ConfigMapKeySelector", &["key", "name", "optional"], "cluster/kubelet/environment.rs"),
    ("ConfigMapProjection", &["name", "optional"], "cluster/kubelet/volume.rs"),
    ("ConfigMapVolumeSource", &["name", "optional"], "cluster/kubelet/volume.rs"),
    (
        "Container",
        &["args", "command", "image", "name", "restartPolicy"],
        "cluster/kubelet/start.rs",
    ),
    ("Container", &["imagePullPolicy"], "cluster/kubelet/pull.rs"),
    ("ContainerRestartRule", &["action"], "cluster/kubelet/restart.rs"),
    ("ContainerRestartRuleOnExitCodes", &["operator", "values"], "cluster/kubelet/restart.rs"),
    ("Capabilities", &["add", "drop"], "cluster/kubelet/identity.rs"),
    ("Container", &["stdin"], "shell/programs.rs"),
    ("Container", &["workingDir"], "cluster/kubelet/start.rs"),
    (
        "EphemeralContainer",
        &[
            "args",
            "command",
            "image",
            "imagePullPolicy",
            "name",
            "stdin",
            "terminationMessagePath",
            "terminationMessagePolicy",
            "workingDir",
        ],
        "api/pod.rs",
    ),
    (
        "Container",
        &["terminationMessagePath", "terminationMessagePolicy"],
        "cluster/kubelet/back_off.rs",
    ),
    ("ContainerPort", &["containerPort", "name"], "cluster/controllers/endpoints/mod.rs"),
    ("ContainerPort", &["hostIP", "hostPort", "protocol"], "cluster/kubelet/sandbox.rs"),
    ("DownwardAPIVolumeFile", &["path"], "cluster/kubelet/volume.rs"),
    ("EnvFromSource", &["prefix"], "cluster/kubelet/environment.rs"),
    ("EnvVar", &["name", "value"], "cluster/kubelet/environment.rs"),
    ("ExecAction", &["command"], "cluster/kubelet/probe.rs"),
    ("GRPCAction", &["port"], "cluster/kubelet/question.rs"),
    ("HTTPGetAction", &["host", "path", "port", "scheme"], "cluster/kubelet/question.rs"),
    ("HTTPHeader", &["name", "value"], "cluster/kubelet/question.rs"),
    ("HTTPIngressPath", &["path", "pathType"], "cluster/programs/nginx/ingress/routes.rs"),
    ("HostAlias", &["hostnames", "ip"], "cluster/kubelet/etc.rs"),
    ("IPBlock", &["cidr", "except"], "cluster/compile/policy.rs"),
    ("IngressRule", &["host"], "cluster/programs/nginx/ingress/routes.rs"),
    ("IngressServiceBackend", &["name"], "cluster/programs/nginx/ingress/routes.rs"),
    ("IngressSpec", &["ingressClassName"], "cluster/programs/nginx/ingress/classes.rs"),
    ("IngressTLS", &["hosts", "secretName"], "cluster/programs/nginx/ingress/routes.rs"),
    ("KeyToPath", &["key", "path"], "cluster/kubelet/volume.rs"),
    ("LabelSelector", &["matchLabels"], "api/selector/mod.rs"),
    ("LabelSelectorRequirement", &["key", "operator", "values"], "api/selector/mod.rs"),
    ("NetworkPolicyPort", &["endPort", "port", "protocol"], "cluster/compile/policy.rs"),
    ("NetworkPolicySpec", &["policyTypes"], "cluster/compile/policy.rs"),
    (
        "NodeSelectorRequirement",
        &["key", "operator", "values"],
        "cluster/controllers/scheduler/affinity.rs",
    ),
    ("ObjectFieldSelector", &["fieldPath"], "cluster/kubelet/environment.rs"),
    ("ObjectMeta", &["annotations"], "cluster/controllers/deployment/revision.rs"),
    (
        "ObjectMeta",
        &["finalizers", "generateName", "name", "namespace", "resourceVersion"],
        "api/write.rs",
    ),
    ("ObjectMeta", &["labels"], "cluster/compile/policy.rs"),
    (
        "OwnerReference",
        &["apiVersion", "blockOwnerDeletion", "kind", "name", "uid"],
        "cluster/controllers/garbage.rs",
    ),
    ("OwnerReference", &["controller"], "cluster/controllers/owner.rs"),
    (
        "PodAffinityTerm",
        &["namespaces", "topologyKey"],
        "cluster/controllers/scheduler/topology.rs",
    ),
    ("PodDNSConfig", &["nameservers", "searches"], "cluster/kubelet/etc.rs"),
    ("PodDNSConfigOption", &["name", "value"], "cluster/kubelet/etc.rs"),
    ("PodReadinessGate", &["conditionType"], "cluster/kubelet/status.rs"),
    (
        "PodSecurityContext",
        &["fsGroup", "runAsGroup", "runAsNonRoot", "runAsUser", "supplementalGroups"],
        "cluster/kubelet/identity.rs",
    ),
    ("PodSchedulingGate", &["name"], "cluster/controllers/scheduler/mod.rs"),
    (
        "PodSpec",
        &["activeDeadlineSeconds", "terminationGracePeriodSeconds"],
        "cluster/kubelet/worker.rs",
    ),
    (
        "PodSpec",
        &["automountServiceAccountToken", "overhead", "runtimeClassName", "serviceAccount"],
        "api/admission/pod.rs",
    ),
    ("PodSpec", &["dnsPolicy", "hostnameOverride", "setHostnameAsFQDN"], "cluster/kubelet/etc.rs"),
    ("PodSpec", &["enableServiceLinks", "restartPolicy"], "cluster/kubelet/start.rs"),
    ("PodSpec", &["hostNetwork"], "cluster/kubelet/sandbox.rs"),
    ("PodSpec", &["hostname", "subdomain"], "cluster/controllers/endpoints/mod.rs"),
    ("PodSpec", &["nodeName"], "cluster/controllers/endpoints/slice.rs"),
    ("PodSpec", &["nodeSelector"], "cluster/controllers/scheduler/affinity.rs"),
    ("PodSpec", &["schedulerName"], "cluster/controllers/scheduler/mod.rs"),
    ("PodSpec", &["serviceAccountName"], "cluster/kubelet/downward.rs"),
    ("PreferredSchedulingTerm", &["weight"], "cluster/controllers/scheduler/score.rs"),
    (
        "Probe",
        &[
            "failureThreshold",
            "initialDelaySeconds",
            "successThreshold",
            "terminationGracePeriodSeconds",
        ],
        "cluster/kubelet/probe.rs",
    ),
    ("Probe", &["periodSeconds", "timeoutSeconds"], "cluster/kubelet/prober.rs"),
    ("ResourceFieldSelector", &["divisor", "resource"], "cluster/kubelet/downward.rs"),
    ("ResourceRequirements", &["limits"], "cluster/kubelet/downward.rs"),
    ("ResourceRequirements", &["requests"], "cluster/controllers/scheduler/node_cache.rs"),
    ("SecretEnvSource", &["name", "optional"], "cluster/kubelet/environment.rs"),
    ("SecretKeySelector", &["key", "name", "optional"], "cluster/kubelet/environment.rs"),
    ("SecretProjection", &["name", "optional"], "cluster/kubelet/volume.rs"),
    ("SecretVolumeSource", &["optional", "secretName"], "cluster/kubelet/volume.rs"),
    (
        "SecurityContext",
        &["privileged", "runAsGroup", "runAsNonRoot", "runAsUser"],
        "cluster/kubelet/identity.rs",
    ),
    ("SecurityContext", &["readOnlyRootFilesystem"], "cluster/kubelet/places.rs"),
    ("ServiceAccountTokenProjection", &["path"], "cluster/kubelet/volume.rs"),
    ("ServiceBackendPort", &["name", "number"], "cluster/programs/nginx/ingress/routes.rs"),
    ("ServicePort", &["appProtocol", "name"], "cluster/controllers/endpoints/slice.rs"),
    ("ServicePort", &["nodePort", "port", "protocol"], "cluster/compile/service.rs"),
    ("ServicePort", &["targetPort"], "cluster/controllers/endpoints/mod.rs"),
    ("ServiceSpec", &["allocateLoadBalancerNodePorts"], "api/allocation/ports.rs"),
    (
        "ServiceSpec",
        &[
            "clusterIP",
            "clusterIPs",
            "externalIPs",
            "externalTrafficPolicy",
            "healthCheckNodePort",
            "internalTrafficPolicy",
            "loadBalancerSourceRanges",
            "sessionAffinity",
            "type",
        ],
        "cluster/compile/service.rs",
    ),
    ("ServiceSpec", &["externalName"], "cluster/compile/dns.rs"),
    (
        "ServiceSpec",
        &["ipFamilies", "publishNotReadyAddresses", "selector"],
        "cluster/controllers/endpoints/mod.rs",
    ),
    ("ServiceSpec", &["ipFamilyPolicy"], "api/allocation/families.rs"),
    (
        "ServiceSpec",
        &["loadBalancerClass", "loadBalancerIP"],
        "cluster/controllers/load_balancer.rs",
    ),
    ("ServiceSpec", &["trafficDistribution"], "cluster/controllers/endpoints/slice.rs"),
    ("SleepAction", &["seconds"], "cluster/kubelet/hooks.rs"),
    ("TCPSocketAction", &["host", "port"], "cluster/kubelet/question.rs"),
    (
        "Toleration",
        &["effect", "key", "operator", "value"],
        "cluster/controllers/scheduler/filter.rs",
    ),
    ("Toleration", &["tolerationSeconds"], "cluster/controllers/node_lifecycle.rs"),
    (
        "TopologySpreadConstraint",
        &["maxSkew", "topologyKey", "whenUnsatisfiable"],
        "cluster/controllers/scheduler/topology.rs",
    ),
    ("Volume", &["name"], "cluster/kubelet/start.rs"),
    ("VolumeMount", &["mountPath"], "api/pod.rs"),
    ("VolumeMount", &["name", "readOnly", "subPath"], "cluster/files.rs"),
    ("WeightedPodAffinityTerm", &["weight"], "cluster/controllers/scheduler/score.rs"),
];

/// Fields whose name in Rust is no matter of letters alone.
const NAMES: &[(&str, &str)] = &[
    ("type", "type_"),
    ("externalIPs", "external_ips"),
    ("clusterIPs", "cluster_ips"),
    ("setHostnameAsFQDN", "set_hostname_as_fqdn"),
];

/// Structs and their fields.
type Found = BTreeMap<String, BTreeSet<String>>;

#[derive(Default)]
struct Walk {
    seen: BTreeSet<String>,
    /// Fields that hold no struct, and have an effect.
    leaves: Found,
    idle: Found,
}

impl Walk {
    fn below(&mut self, schema: &Schema, at: &Struct, is_kind: bool) {
        if !self.seen.insert(at.name.to_owned()) {
            return;
        }
        for field in at.fields.values() {
            if is_kind && ["apiVersion", "kind", "status"].contains(&field.name) {
                continue;
            }
            let inner = schema.object(&field.holds).filter(|inner| !inner.fields.is_empty());
            let list = match (field.idle, inner) {
                (Some(_), _) => &mut self.idle,
                (None, Some(inner)) => {
                    self.below(schema, inner, false);
                    continue;
                }
                (None, None) => &mut self.leaves,
            };
            list.entry(at.name.to_owned()).or_default().insert(field.name.to_owned());
        }
    }
}

fn walk() -> Walk {
    let mut walk = Walk::default();
    for (version, kind) in KINDS {
        let schema = Schema::of(version, kind).expect("a schema");
        walk.below(schema, schema.root(), true);
    }
    walk
}

fn table<T>(rows: &[(&str, &[&str], T)]) -> Found {
    let mut found = Found::new();
    for (object, fields, _) in rows {
        let names = fields.iter().map(|field| (*field).to_owned());
        found.entry((*object).to_owned()).or_default().extend(names);
    }
    found
}

/// What stands in one of the two alone.
fn differences(a: &Found, b: &Found) -> Vec<String> {
    let flat = |found: &Found| -> BTreeSet<String> {
        let rows = found.iter();
        rows.flat_map(|(object, fields)| fields.iter().map(move |f| format!("{object}.{f}")))
            .collect()
    };
    flat(a).symmetric_difference(&flat(b)).cloned().collect()
}

#[test]
fn every_field_acts_or_is_known_to_have_no_effect() {
    let walk = walk();
    let odd = differences(&walk.leaves, &table(ACTS));
    assert!(odd.is_empty(), "in ACTS or in the schema, but not in both: {}", odd.join(", "));
    let odd = differences(&walk.idle, &table(IDLE));
    assert!(odd.is_empty(), "in IDLE, but not reached: {}", odd.join(", "));
}

#[test]
fn what_acts_upon_a_field_reads_it() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut missing = Vec::new();
    for (object, fields, file) in ACTS {
        let text = fs::read_to_string(source.join(file)).unwrap_or_default();
        let code = text.split("mod tests {").next().unwrap_or_default();
        for field in *fields {
            let name = Regex::new(&format!(r"\b{}\b", in_rust(field))).expect("a pattern");
            if !name.is_match(code) {
                missing.push(format!("{object}.{field} in {file}"));
            }
        }
    }
    assert!(missing.is_empty(), "not read there: {}", missing.join(", "));
}

/// `hostIP` as `host_ip`.
fn in_rust(field: &str) -> String {
    if let Some((_, name)) = NAMES.iter().find(|(known, _)| *known == field) {
        return (*name).to_owned();
    }
    let mut name = String::new();
    let mut before = false;
    for c in field.chars() {
        if c.is_ascii_uppercase() && before {
            name.push('_');
        }
        before = c.is_ascii_lowercase() || c.is_ascii_digit();
        name.push(c.to_ascii_lowercase());
    }
    name
}
