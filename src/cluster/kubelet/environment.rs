//! What a container finds in its environment (R10): `env`, `envFrom` and the Services around it.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{
    ConfigMap, Container, EnvFromSource, EnvVarSource, Secret, Service, ServicePort,
};

use super::downward;
use super::expand::{LONGEST, expand};
use crate::api::{Pod, Store, join_host_port};

/// The variables that Services put into every container of a namespace, sorted by Service.
pub type Links = Vec<(String, String)>;

/// The links of each namespace, made once until a Service changes. Thousands of pods share them.
#[derive(Clone, Debug, Default)]
pub struct LinkCache {
    of: BTreeMap<(String, bool), Arc<Links>>,
}

impl LinkCache {
    /// A Service of this namespace has changed.
    pub fn forget(&mut self, namespace: &str) {
        if namespace == "default" {
            self.of.clear();
        }
        self.of.retain(|(of, _), _| of != namespace);
    }

    /// The links for a container that starts now; without `all`, only those of the API server
    /// (`enableServiceLinks: false`).
    pub fn get(&mut self, store: &Store, namespace: &str, all: bool) -> Arc<Links> {
        let key = (namespace.to_owned(), all);
        self.of.entry(key).or_insert_with(|| Arc::new(links(store, namespace, all))).clone()
    }
}

/// R10.1
fn links(store: &Store, namespace: &str, all: bool) -> Links {
    let kubernetes = store.get::<Service>("default", "kubernetes");
    let others = store.list::<Service>(Some(namespace)).filter(|service| {
        let name = service.metadata.name.as_deref();
        all && !(namespace == "default" && name == Some("kubernetes"))
    });
    let mut links = Links::new();
    for service in kubernetes.into_iter().chain(others) {
        link(service, &mut links);
    }
    links
}

/// R10.2
fn link(service: &Service, links: &mut Links) {
    let Some(spec) = &service.spec else { return };
    let address = match spec.cluster_ip.as_deref() {
        None | Some("" | "None") => return,
        Some(address) => address,
    };
    let ports = spec.ports.as_deref().unwrap_or_default();
    let Some(first) = ports.first() else { return };
    let prefix = variable_name(service.metadata.name.as_deref().unwrap_or(""));
    let mut put = |suffix: &str, value: String| links.push((format!("{prefix}_{suffix}"), value));
    put("SERVICE_HOST", address.to_owned());
    put("SERVICE_PORT", first.port.to_string());
    for port in ports {
        if let Some(name) = port.name.as_deref().filter(|name| !name.is_empty()) {
            put(&format!("SERVICE_PORT_{}", variable_name(name)), port.port.to_string());
        }
    }
    put("PORT", url(address, first));
    for port in ports {
        let protocol = protocol(port);
        let stem = format!("PORT_{}_{}", port.port, protocol.to_uppercase());
        put(&stem, url(address, port));
        put(&format!("{stem}_PROTO"), protocol);
        put(&format!("{stem}_PORT"), port.port.to_string());
        put(&format!("{stem}_ADDR"), address.to_owned());
    }
}

fn protocol(port: &ServicePort) -> String {
    port.protocol.as_deref().unwrap_or("TCP").to_lowercase()
}

fn url(address: &str, port: &ServicePort) -> String {
    format!("{}://{}", protocol(port), join_host_port(address, port.port))
}

fn variable_name(name: &str) -> String {
    let upper = name.to_uppercase().replace(['-', '.'], "_");
    if upper.starts_with(|c: char| c.is_ascii_digit()) { format!("_{upper}") } else { upper }
}

/// The variables that the container's own specification asks for, in order, later ones replacing
/// earlier ones of the same name.
///
/// # Errors
/// The kubelet's words when something that is not optional is missing
/// (`CreateContainerConfigError`).
pub fn variables(
    store: &Store,
    pod: &Pod,
    container: &Container,
    links: &Links,
) -> Result<Vec<(String, String)>, String> {
    let mut found: Vec<(String, String)> = Vec::new();
    for source in container.env_from.iter().flatten() {
        for (name, value) in from_source(store, pod, source)? {
            set(&mut found, name, value);
        }
    }
    let mut size = 0;
    for variable in container.env.iter().flatten() {
        let value = match &variable.value_from {
            Some(source) => match from_reference(store, pod, container, source)? {
                Some(value) => value,
                None => continue,
            },
            None => {
                let text = variable.value.as_deref().unwrap_or("");
                expand(text, |name| lookup(&found, links, name))
            }
        };
        size += value.len();
        set(&mut found, variable.name.clone(), value);
        if size > LONGEST {
            return Err(format!(
                "rpc error: code = ResourceExhausted desc = trying to send message larger than max \
                 ({size} vs. {LONGEST})"
            ));
        }
    }
    Ok(found)
}

/// What `$(name)` means in the container's command and arguments.
pub fn lookup(own: &[(String, String)], links: &Links, name: &str) -> Option<String> {
    let find = |list: &[(String, String)]| {
        list.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    };
    find(own).or_else(|| find(links))
}

fn set(found: &mut Vec<(String, String)>, name: String, value: String) {
    found.retain(|(known, _)| *known != name);
    found.push((name, value));
}

fn namespace(pod: &Pod) -> &str {
    pod.metadata.namespace.as_deref().unwrap_or("")
}

fn from_source(
    store: &Store,
    pod: &Pod,
    source: &EnvFromSource,
) -> Result<Vec<(String, String)>, String> {
    let prefix = source.prefix.as_deref().unwrap_or("");
    let pairs = if let Some(reference) = &source.config_map_ref {
        match store.get::<ConfigMap>(namespace(pod), &reference.name) {
            Some(map) => map.data.clone().unwrap_or_default(),
            None if reference.optional == Some(true) => BTreeMap::new(),
            None => return Err(format!("configmap \"{}\" not found", reference.name)),
        }
    } else if let Some(reference) = &source.secret_ref {
        match store.get::<Secret>(namespace(pod), &reference.name) {
            Some(secret) => texts(secret),
            None if reference.optional == Some(true) => BTreeMap::new(),
            None => return Err(format!("secret \"{}\" not found", reference.name)),
        }
    } else {
        BTreeMap::new()
    };
    Ok(pairs.into_iter().map(|(name, value)| (format!("{prefix}{name}"), value)).collect())
}

fn from_reference(
    store: &Store,
    pod: &Pod,
    container: &Container,
    source: &EnvVarSource,
) -> Result<Option<String>, String> {
    let place = namespace(pod);
    if let Some(field) = &source.field_ref {
        return Ok(downward::field(pod, &field.field_path));
    }
    if let Some(field) = &source.resource_field_ref {
        return Ok(downward::resource(container, field));
    }
    if let Some(reference) = &source.config_map_key_ref {
        let optional = reference.optional == Some(true);
        let Some(map) = store.get::<ConfigMap>(place, &reference.name) else {
            return missing(optional, || format!("configmap \"{}\" not found", reference.name));
        };
        let value = map.data.as_ref().and_then(|data| data.get(&reference.key)).cloned();
        return found(value, optional, || {
            format!("couldn't find key {} in ConfigMap {place}/{}", reference.key, reference.name)
        });
    }
    if let Some(reference) = &source.secret_key_ref {
        let optional = reference.optional == Some(true);
        let Some(secret) = store.get::<Secret>(place, &reference.name) else {
            return missing(optional, || format!("secret \"{}\" not found", reference.name));
        };
        let value = texts(secret).remove(&reference.key);
        return found(value, optional, || {
            format!("couldn't find key {} in Secret {place}/{}", reference.key, reference.name)
        });
    }
    Ok(None)
}

fn missing(optional: bool, message: impl Fn() -> String) -> Result<Option<String>, String> {
    if optional { Ok(None) } else { Err(message()) }
}

fn found(
    value: Option<String>,
    optional: bool,
    message: impl Fn() -> String,
) -> Result<Option<String>, String> {
    match value {
        Some(value) => Ok(Some(value)),
        None => missing(optional, message),
    }
}

/// A Secret's data as text.
fn texts(secret: &Secret) -> BTreeMap<String, String> {
    let data = secret.data.iter().flatten();
    data.map(|(name, bytes)| (name.clone(), String::from_utf8_lossy(&bytes.0).into_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    // R10.2
    #[test]
    fn a_service_is_seven_variables_and_one_for_each_port_name() {
        let service: Service = serde_json::from_value(json!({
            "metadata": { "name": "redis-primary" },
            "spec": { "clusterIP": "10.0.0.11", "ports": [{ "name": "tls-a", "port": 6379 }] },
        }))
        .unwrap();
        let mut links = Links::new();
        link(&service, &mut links);
        let shown: Vec<String> =
            links.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(
            shown,
            [
                "REDIS_PRIMARY_SERVICE_HOST=10.0.0.11",
                "REDIS_PRIMARY_SERVICE_PORT=6379",
                "REDIS_PRIMARY_SERVICE_PORT_TLS_A=6379",
                "REDIS_PRIMARY_PORT=tcp://10.0.0.11:6379",
                "REDIS_PRIMARY_PORT_6379_TCP=tcp://10.0.0.11:6379",
                "REDIS_PRIMARY_PORT_6379_TCP_PROTO=tcp",
                "REDIS_PRIMARY_PORT_6379_TCP_PORT=6379",
                "REDIS_PRIMARY_PORT_6379_TCP_ADDR=10.0.0.11",
            ]
        );
    }

    // R10.1
    #[test]
    fn headless_services_leave_no_variables() {
        let service: Service = serde_json::from_value(json!({
            "metadata": { "name": "db" }, "spec": { "clusterIP": "None", "ports": [{ "port": 1 }] },
        }))
        .unwrap();
        let mut links = Links::new();
        link(&service, &mut links);
        assert_eq!(links, []);
    }

    #[test]
    fn values_may_use_what_stands_before_them() {
        let container: Container = serde_json::from_value(json!({
            "name": "c",
            "env": [
                { "name": "A", "value": "1" },
                { "name": "B", "value": "$(A)-$(WEB_SERVICE_HOST)-$(C)" },
                { "name": "C", "value": "3" },
            ],
        }))
        .unwrap();
        let links = vec![("WEB_SERVICE_HOST".to_owned(), "10.96.0.7".to_owned())];
        let found = variables(&Store::default(), &Pod::default(), &container, &links).unwrap();
        assert_eq!(found[1].1, "1-10.96.0.7-$(C)");
    }

    #[test]
    fn a_missing_configmap_is_named_as_the_kubelet_names_it() {
        let container: Container = serde_json::from_value(json!({
            "name": "c",
            "env": [{ "name": "A", "valueFrom": { "configMapKeyRef": { "name": "x", "key": "k" } } }],
        }))
        .unwrap();
        let error = variables(&Store::default(), &Pod::default(), &container, &Links::new());
        assert_eq!(error, Err("configmap \"x\" not found".to_owned()));
    }
}
