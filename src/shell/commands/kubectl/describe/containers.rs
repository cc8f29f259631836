//! Containers: images, ports, states, probes, environment and mounts.

use k8s_openapi::api::core::v1::{
    Container, ContainerPort, ContainerState, ContainerStatus, HTTPGetAction, Probe,
    ResourceFieldSelector, ResourceRequirements, SeccompProfile,
};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::Value;

use super::page::{Page, date_or_zero, yes};
use crate::cluster::declared_resource;

/// Whose containers are described.
#[derive(Clone, Copy)]
pub(super) enum Owner<'a> {
    /// A pod's, as JSON, with what is known of them.
    Pod { pod: &'a Value, statuses: &'a [ContainerStatus] },
    /// A template's.
    Template,
}

impl Page {
    /// A section of containers.
    pub(super) fn containers(&mut self, title: &str, containers: &[Container], owner: Owner<'_>) {
        let indent = match owner {
            Owner::Pod { .. } => "",
            Owner::Template => "  ",
        };
        if containers.is_empty() {
            self.line(0, format!("{indent}{title}: <none>"));
            return;
        }
        self.line(0, format!("{indent}{title}:"));
        for container in containers {
            self.container(container, owner);
        }
    }

    fn container(&mut self, container: &Container, owner: Owner<'_>) {
        let (status, pod) = match owner {
            Owner::Pod { pod, statuses } => {
                (statuses.iter().find(|status| status.name == container.name), Some(pod))
            }
            Owner::Template => (None, None),
        };
        let space = if pod.is_none() { " " } else { "" };
        self.line(1, format!("{space}{}:", container.name));
        if let Some(status) = status {
            let id = status.container_id.as_deref().unwrap_or("");
            self.line(2, format!("Container ID:\t{id}"));
        }
        self.line(2, format!("Image:\t{}", container.image.as_deref().unwrap_or("")));
        if let Some(status) = status {
            self.line(2, format!("Image ID:\t{}", status.image_id));
        }
        let ports = container.ports.as_deref().unwrap_or_default();
        self.ports("Port", ports, |port| port.container_port);
        self.ports("Host Port", ports, |port| port.host_port.unwrap_or(0));
        let security = container.security_context.as_ref();
        if let Some(profile) = security.and_then(|security| security.seccomp_profile.as_ref()) {
            self.seccomp(profile, 2, 3);
        }
        self.words("Command", container.command.as_deref());
        self.words("Args", container.args.as_deref());
        if let Some(status) = status {
            self.state(status);
        }
        if let Some(resources) = &container.resources {
            self.resources(resources, 2);
        }
        self.probe("Liveness", container.liveness_probe.as_ref());
        self.probe("Readiness", container.readiness_probe.as_ref());
        self.probe("Startup", container.startup_probe.as_ref());
        self.environment_sources(container);
        self.environment(container, pod);
        self.mounts(container);
        self.devices(container);
    }

    /// A seccomp profile; the file of a local one at a level of its own.
    pub(super) fn seccomp(&mut self, profile: &SeccompProfile, level: usize, file_level: usize) {
        self.line(level, format!("SeccompProfile:\t{}", profile.type_));
        if profile.type_ == "Localhost" {
            let file = profile.localhost_profile.as_deref().unwrap_or("");
            self.line(file_level, format!("LocalhostProfile:\t{file}"));
        }
    }

    fn ports(
        &mut self,
        title: &str,
        ports: &[ContainerPort],
        number: impl Fn(&ContainerPort) -> i32,
    ) {
        let texts: Vec<String> = ports
            .iter()
            .map(|port| {
                let protocol = port.protocol.as_deref().unwrap_or("TCP");
                match port.name.as_deref() {
                    Some(name) if !name.is_empty() => {
                        format!("{}/{protocol} ({name})", number(port))
                    }
                    _ => format!("{}/{protocol}", number(port)),
                }
            })
            .collect();
        match texts.as_slice() {
            [] => self.line(2, format!("{title}:\t<none>")),
            [one] => self.line(2, format!("{title}:\t{one}")),
            many => self.line(2, format!("{title}s:\t{}", many.join(", "))),
        }
    }

    fn words(&mut self, title: &str, words: Option<&[String]>) {
        let words = words.unwrap_or_default();
        if !words.is_empty() {
            self.line(2, format!("{title}:"));
            for line in words.iter().flat_map(|word| word.split('\n')) {
                self.line(3, line);
            }
        }
    }

    fn state(&mut self, status: &ContainerStatus) {
        self.one_state("State", &status.state.clone().unwrap_or_default());
        if let Some(last) = status.last_state.as_ref().filter(|state| state.terminated.is_some()) {
            self.one_state("Last State", last);
        }
        self.line(2, format!("Ready:\t{}", yes(status.ready)));
        self.line(2, format!("Restart Count:\t{}", status.restart_count));
    }

    fn one_state(&mut self, title: &str, state: &ContainerState) {
        if let Some(running) = &state.running {
            self.line(2, format!("{title}:\tRunning"));
            self.line(3, format!("Started:\t{}", date_or_zero(running.started_at.as_ref())));
        } else if let Some(end) = &state.terminated {
            self.line(2, format!("{title}:\tTerminated"));
            if let Some(reason) = end.reason.as_deref().filter(|text| !text.is_empty()) {
                self.line(3, format!("Reason:\t{reason}"));
            }
            if let Some(message) = end.message.as_deref().filter(|text| !text.is_empty()) {
                self.line(3, format!("Message:\t{message}"));
            }
            self.line(3, format!("Exit Code:\t{}", end.exit_code));
            if let Some(signal) = end.signal.filter(|signal| *signal > 0) {
                self.line(3, format!("Signal:\t{signal}"));
            }
            self.line(3, format!("Started:\t{}", date_or_zero(end.started_at.as_ref())));
            self.line(3, format!("Finished:\t{}", date_or_zero(end.finished_at.as_ref())));
        } else {
            self.line(2, format!("{title}:\tWaiting"));
            let reason = state.waiting.as_ref().and_then(|waiting| waiting.reason.as_deref());
            if let Some(reason) = reason.filter(|text| !text.is_empty()) {
                self.line(3, format!("Reason:\t{reason}"));
            }
        }
    }

    /// What is asked for at least and at most.
    pub(super) fn resources(&mut self, resources: &ResourceRequirements, level: usize) {
        for (title, amounts) in [("Limits", &resources.limits), ("Requests", &resources.requests)] {
            let Some(amounts) = amounts.as_ref().filter(|map| !map.is_empty()) else { continue };
            self.line(level, format!("{title}:"));
            for (name, quantity) in amounts {
                self.line(level + 1, format!("{name}:\t{}", quantity.0));
            }
        }
    }

    fn probe(&mut self, title: &str, probe: Option<&Probe>) {
        if let Some(probe) = probe {
            self.line(2, format!("{title}:\t{}", probe_text(probe)));
        }
    }

    fn environment_sources(&mut self, container: &Container) {
        let sources = container.env_from.as_deref().unwrap_or_default();
        if sources.is_empty() {
            return;
        }
        self.line(2, "Environment Variables from:");
        for source in sources {
            let (name, kind, optional) = match (&source.config_map_ref, &source.secret_ref) {
                (Some(map), _) => (map.name.as_str(), "ConfigMap", map.optional),
                (None, Some(secret)) => (secret.name.as_str(), "Secret", secret.optional),
                (None, None) => ("", "", None),
            };
            let prefix = match source.prefix.as_deref() {
                Some(prefix) if !prefix.is_empty() => format!(" with prefix '{prefix}'"),
                _ => String::new(),
            };
            let optional = optional.unwrap_or(false);
            self.line(3, format!("{name}\t{kind}{prefix}\tOptional: {optional}"));
        }
    }

    fn environment(&mut self, container: &Container, pod: Option<&Value>) {
        let variables = container.env.as_deref().unwrap_or_default();
        if variables.is_empty() {
            self.line(2, "Environment:\t<none>");
            return;
        }
        self.line(2, "Environment:");
        for variable in variables {
            let name = &variable.name;
            let Some(from) = &variable.value_from else {
                let value = variable.value.as_deref().unwrap_or("");
                let mut lines = value.split('\n');
                self.line(3, format!("{name}:\t{}", lines.next().unwrap_or("")));
                for line in lines {
                    self.line(3, format!("\t{line}"));
                }
                continue;
            };
            if let Some(field) = &from.field_ref {
                let version = field.api_version.as_deref().unwrap_or("v1");
                let value = pod.map(|pod| field_value(pod, &field.field_path)).unwrap_or_default();
                self.line(3, format!("{name}:\t{value} ({version}:{})", field.field_path));
            } else if let Some(resource) = &from.resource_field_ref {
                let value = resource_value(container, resource);
                self.line(3, format!("{name}:\t{value} ({})", resource.resource));
            } else if let Some(key) = &from.secret_key_ref {
                let (optional, of) = (key.optional.unwrap_or(false), &key.name);
                let text = format!("<set to the key '{}' in secret '{of}'>", key.key);
                self.line(3, format!("{name}:\t{text}\tOptional: {optional}"));
            } else if let Some(key) = &from.config_map_key_ref {
                let (optional, of) = (key.optional.unwrap_or(false), &key.name);
                let text = format!("<set to the key '{}' of config map '{of}'>", key.key);
                self.line(3, format!("{name}:\t{text}\tOptional: {optional}"));
            }
        }
    }

    fn mounts(&mut self, container: &Container) {
        let mut mounts = container.volume_mounts.clone().unwrap_or_default();
        mounts.sort_by(|a, b| a.mount_path.cmp(&b.mount_path));
        if mounts.is_empty() {
            self.line(2, "Mounts:\t<none>");
            return;
        }
        self.line(2, "Mounts:");
        for mount in mounts {
            let mut flags = if mount.read_only == Some(true) { "ro" } else { "rw" }.to_owned();
            if let Some(path) = mount.sub_path.as_deref().filter(|path| !path.is_empty()) {
                flags += &format!(",path={path:?}");
            }
            self.line(3, format!("{} from {} ({flags})", mount.mount_path, mount.name));
        }
    }
}

impl Page {
    /// Block devices, by path.
    fn devices(&mut self, container: &Container) {
        let mut devices = container.volume_devices.clone().unwrap_or_default();
        devices.sort_by(|a, b| a.device_path.cmp(&b.device_path));
        if devices.is_empty() {
            return;
        }
        // kubectl says here of the mounts that there are none.
        let mounted = container.volume_mounts.as_ref().is_some_and(|mounts| !mounts.is_empty());
        self.line(2, if mounted { "Devices:" } else { "Devices:\t<none>" });
        for device in devices {
            self.line(3, format!("{} from {}", device.device_path, device.name));
        }
    }
}

/// What a `resourceFieldRef` finds in its container. Without a limit of processors or memory it is
/// what the node can give, which a container's text does not tell.
fn resource_value(container: &Container, field: &ResourceFieldSelector) -> String {
    let value = declared_resource(container, field).unwrap_or_default();
    match field.resource.as_str() {
        "limits.cpu" | "limits.memory" if value == "0" => "node allocatable".to_owned(),
        _ => value,
    }
}

/// `http-get http://:80/ delay=0s timeout=1s period=10s #success=1 #failure=3`
fn probe_text(probe: &Probe) -> String {
    let attributes = format!(
        "delay={}s timeout={}s period={}s #success={} #failure={}",
        probe.initial_delay_seconds.unwrap_or(0),
        probe.timeout_seconds.unwrap_or(0),
        probe.period_seconds.unwrap_or(0),
        probe.success_threshold.unwrap_or(0),
        probe.failure_threshold.unwrap_or(0)
    );
    if let Some(exec) = &probe.exec {
        let command = exec.command.as_deref().unwrap_or_default().join(" ");
        return format!("exec [{command}] {attributes}");
    }
    if let Some(get) = &probe.http_get {
        return format!("http-get {} {attributes}", url(get));
    }
    if let Some(socket) = &probe.tcp_socket {
        let host = socket.host.as_deref().unwrap_or("");
        return format!("tcp-socket {host}:{} {attributes}", port(&socket.port));
    }
    match &probe.grpc {
        Some(grpc) => {
            let service = grpc.service.as_deref().unwrap_or("");
            format!("grpc <pod>:{} {service} {attributes}", grpc.port)
        }
        None => format!("unknown {attributes}"),
    }
}

/// Where a probe asks, as Go writes a URL: what a path may not hold is escaped, a `?` too.
fn url(get: &HTTPGetAction) -> String {
    let scheme = get.scheme.as_deref().unwrap_or("HTTP").to_lowercase();
    let host = match get.host.as_deref().unwrap_or("") {
        host if host.contains(':') => format!("[{host}]"),
        host => host.to_owned(),
    };
    let mut path = String::new();
    for byte in get.path.as_deref().unwrap_or("").bytes() {
        match byte {
            byte if byte.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@".contains(&byte) => {
                path.push(char::from(byte));
            }
            byte => path.push_str(&format!("%{byte:02X}")),
        }
    }
    let slash = if path.is_empty() || path.starts_with('/') { "" } else { "/" };
    format!("{scheme}://{host}:{}{slash}{path}", port(&get.port))
}

/// A port's number or name.
pub(super) fn port(port: &IntOrString) -> String {
    match port {
        IntOrString::Int(number) => number.to_string(),
        IntOrString::String(name) => name.clone(),
    }
}

/// What kubectl finds of a `fieldRef` in a pod: its name and its namespace, for its own scheme knows no
/// other path (`EnvValueRetriever`, `DefaultMetaV1FieldSelectorConversion`).
fn field_value(pod: &Value, path: &str) -> String {
    let field = match path {
        "metadata.name" => &pod["metadata"]["name"],
        "metadata.namespace" => &pod["metadata"]["namespace"],
        _ => return String::new(),
    };
    field.as_str().unwrap_or("").to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    // `describe_test.go`, `TestDescribeContainers`; Go's `net/url`
    #[test]
    fn a_probe_is_told_as_a_url() {
        let told = |get| probe_text(&serde_json::from_value(json!({"httpGet": get})).unwrap());
        let end = "delay=0s timeout=0s period=0s #success=0 #failure=0";
        for (get, url) in [
            (json!({"host": "host", "port": 80, "path": "", "scheme": "HTTPS"}), "https://host:80"),
            (json!({"port": "mixed", "path": "/path"}), "http://:mixed/path"),
            (json!({"port": 80, "path": "healthz?full=true"}), "http://:80/healthz%3Ffull=true"),
            (json!({"host": "fd00::1", "port": 80, "path": "/a b"}), "http://[fd00::1]:80/a%20b"),
        ] {
            assert_eq!(told(get), format!("http-get {url} {end}"));
        }
    }
}
