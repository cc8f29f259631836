//! Prints the table of the API's object types that podhop reads: kinds, types, and the fields of each
//! type with what they hold. Its source are the types that podhop is built with.

use k8s_openapi::api::{
    admissionregistration::v1 as admission, apps::v1 as apps, autoscaling::v2 as autoscaling,
    batch::v1 as batch, core::v1 as core, discovery::v1 as discovery, networking::v1 as networking,
    node::v1 as node, policy::v1 as policy, rbac::v1 as rbac, scheduling::v1 as scheduling,
    storage::v1 as storage,
};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1 as extensions;
use k8s_openapi::kube_aggregator::pkg::apis::apiregistration::v1 as aggregation;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value};

const HEAD: &str = "\
# The API's object types, as k8s-openapi 0.29 has them for Kubernetes 1.36. Written by a program:
#   cargo run --manifest-path tests/schema/Cargo.toml > src/manifest/schema/definitions.txt
# kind, apiVersion, kind, its type / type, its name, what it is for /
# field, its name, required or optional, what it holds, what it is for";

const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

fn main() {
    println!("{HEAD}");
    let mut generator = SchemaGenerator::default();
    macro_rules! kinds {
        ($($version:literal: $module:ident { $($kind:ident),* })*) => {
            $($(
                generator.subschema_for::<$module::$kind>();
                let name = <$module::$kind>::schema_name();
                println!("kind\t{}\t{}\t{name}", $version, stringify!($kind));
            )*)*
        };
    }
    kinds! {
        "v1": core {
            Namespace, Node, Pod, ReplicationController, Service, ConfigMap, Secret, ServiceAccount,
            Endpoints, Event, PersistentVolumeClaim, LimitRange, ResourceQuota, PersistentVolume
        }
        "admissionregistration.k8s.io/v1": admission {
            MutatingWebhookConfiguration, ValidatingAdmissionPolicy,
            ValidatingAdmissionPolicyBinding, ValidatingWebhookConfiguration
        }
        "apiextensions.k8s.io/v1": extensions { CustomResourceDefinition }
        "apiregistration.k8s.io/v1": aggregation { APIService }
        "apps/v1": apps { DaemonSet, Deployment, ReplicaSet, StatefulSet, ControllerRevision }
        "autoscaling/v2": autoscaling { HorizontalPodAutoscaler }
        "batch/v1": batch { Job, CronJob }
        "discovery.k8s.io/v1": discovery { EndpointSlice }
        "networking.k8s.io/v1": networking {
            Ingress, IngressClass, NetworkPolicy, ServiceCIDR, IPAddress
        }
        "policy/v1": policy { PodDisruptionBudget }
        "rbac.authorization.k8s.io/v1": rbac { Role, RoleBinding, ClusterRole, ClusterRoleBinding }
        "scheduling.k8s.io/v1": scheduling { PriorityClass }
        "node.k8s.io/v1": node { RuntimeClass }
        "storage.k8s.io/v1": storage { CSIDriver, StorageClass, VolumeAttachment }
    }
    for (name, schema) in generator.take_definitions(false) {
        if schema["properties"].is_object() || schema["type"] == "object" {
            print_type(&name, &schema);
        }
    }
}

fn print_type(name: &str, schema: &Value) {
    println!("type\t{name}\t{}", doc(schema));
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (key, property) in schema["properties"].as_object().into_iter().flat_map(Map::iter) {
        let holds = holds(property);
        // Every object of these types has metadata; the API demands that of an Event alone.
        let is_given = holds == OBJECT_META && name != "io.k8s.api.core.v1.Event";
        let is_required = required.contains(&key.as_str()) && !is_given;
        let asked = if is_required { "required" } else { "optional" };
        println!("field\t{key}\t{asked}\t{holds}\t{}", doc(property));
    }
}

fn doc(schema: &Value) -> String {
    let text = schema["description"].as_str().unwrap_or("");
    text.replace('\\', "\\\\").replace('\n', "\\n").replace('\t', "\\t")
}

fn holds(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        return named(reference.rsplit('/').next().unwrap_or_default()).to_owned();
    }
    let word = match (schema["type"].as_str(), schema["format"].as_str()) {
        (Some("string"), Some("byte")) => "bytes",
        (Some("string"), _) => "string",
        (Some("integer"), Some("int64")) => "int64",
        (Some("integer"), _) => "int32",
        (Some("number"), _) => "float",
        (Some("boolean"), _) => "bool",
        (Some("array"), _) => return format!("[]{}", holds(&schema["items"])),
        (Some("object"), _) => match schema.get("additionalProperties") {
            Some(values) => return format!("map:{}", holds(values)),
            None => "any",
        },
        _ => "any",
    };
    word.to_owned()
}

fn named(definition: &str) -> &str {
    match definition {
        "io.k8s.apimachinery.pkg.util.intstr.IntOrString" => "int-or-string",
        "io.k8s.apimachinery.pkg.api.resource.Quantity" => "quantity",
        "io.k8s.apimachinery.pkg.apis.meta.v1.Time" => "time",
        "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime" => "microtime",
        "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1"
        | "io.k8s.apimachinery.pkg.runtime.RawExtension" => "any",
        // What stands there may be of several types.
        other if other.ends_with(".v1.JSON") || other.contains(".JSONSchemaPropsOr") => "any",
        other => other,
    }
}
