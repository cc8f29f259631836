//! Defaults of containers: image pull policy, ports, probes, lifecycle hooks.

use k8s_openapi::api::core::v1::{
    Container, EnvVarSource, EphemeralContainer, HTTPGetAction, Lifecycle, Probe,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::{fill, fill_text};

/// Fills in what a container and an ephemeral one both have; they are two types without a common part.
macro_rules! fill_common {
    ($container:ident) => {
        let policy = pull_policy($container.image.as_deref().unwrap_or(""));
        fill_text(&mut $container.image_pull_policy, policy);
        fill_text(&mut $container.termination_message_path, "/dev/termination-log");
        fill_text(&mut $container.termination_message_policy, "File");
        $container.resources.get_or_insert_default();
        for port in $container.ports.iter_mut().flatten() {
            fill_text(&mut port.protocol, "TCP");
        }
        for variable in $container.env.iter_mut().flatten() {
            variable.value_from.iter_mut().for_each(source);
        }
    };
}

/// Fills in a container, whether of a pod or of a template.
pub(super) fn defaults(container: &mut Container) {
    fill_common!(container);
    let probes = [
        &mut container.liveness_probe,
        &mut container.readiness_probe,
        &mut container.startup_probe,
    ];
    probes.into_iter().flatten().for_each(probe);
    container.lifecycle.iter_mut().for_each(lifecycle);
}

/// Fills in an ephemeral container; what it may not have anyway is left as it is.
pub(super) fn ephemeral_defaults(container: &mut EphemeralContainer) {
    fill_common!(container);
}

/// `Always` for the tag `latest` or no tag at all, since that one moves; else `IfNotPresent`, also
/// for what is no reference of an image.
pub fn pull_policy(image: &str) -> &'static str {
    let (name, digest) = match image.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (image, None),
    };
    let last = name.rfind('/').map_or(0, |slash| slash + 1);
    let (path, tag) = match name[last..].split_once(':') {
        Some((_, tag)) => (&name[..name.len() - tag.len() - 1], Some(tag)),
        None => (name, None),
    };
    let good = is_repository(path) && tag.is_none_or(is_tag) && digest.is_none_or(is_digest);
    match (digest, tag) {
        (None, None | Some("latest")) if good => "Always",
        _ => "IfNotPresent",
    }
}

/// `docker.io/library/nginx`, with or without the host.
fn is_repository(name: &str) -> bool {
    let path = match name.split_once('/') {
        Some((host, path))
            if host.contains(['.', ':']) || host == "localhost" || host.contains(is_upper) =>
        {
            if !is_host(host) {
                return false;
            }
            path
        }
        _ => name,
    };
    path.split('/').all(is_component)
}

fn is_upper(c: char) -> bool {
    c.is_ascii_uppercase()
}

fn is_host(host: &str) -> bool {
    let (name, port) = host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port)));
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    name.split('.').all(label)
        && port.is_none_or(|port| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()))
}

/// Lower-case words between single `.`, one or two `_`, or any number of `-`.
fn is_component(text: &str) -> bool {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if !text.starts_with(word) || !text.ends_with(word) {
        return false;
    }
    text.split(word)
        .all(|gap| matches!(gap, "" | "." | "_" | "__") || gap.bytes().all(|b| b == b'-'))
}

fn is_tag(tag: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    tag.len() <= 128
        && tag.starts_with(word)
        && tag.chars().all(|c| word(c) || c == '.' || c == '-')
}

/// `sha256:` and what it came to.
fn is_digest(digest: &str) -> bool {
    digest.split_once(':').is_some_and(|(algorithm, sum)| {
        !algorithm.is_empty() && sum.len() >= 32 && sum.bytes().all(|b| b.is_ascii_hexdigit())
    })
}

fn source(source: &mut EnvVarSource) {
    if let Some(field) = &mut source.field_ref {
        fill_text(&mut field.api_version, "v1");
    }
    if let Some(resource) = &mut source.resource_field_ref {
        fill(&mut resource.divisor, Quantity("0".to_owned()));
    }
}

/// R3.8: period 10, timeout 1, success 1, failure 3.
fn probe(probe: &mut Probe) {
    let positive = |slot: &mut Option<i32>, default| {
        if slot.is_none_or(|value| value == 0) {
            *slot = Some(default);
        }
    };
    positive(&mut probe.timeout_seconds, 1);
    positive(&mut probe.period_seconds, 10);
    positive(&mut probe.success_threshold, 1);
    positive(&mut probe.failure_threshold, 3);
    probe.http_get.iter_mut().for_each(http_get);
    if let Some(grpc) = &mut probe.grpc {
        fill(&mut grpc.service, String::new());
    }
}

fn http_get(action: &mut HTTPGetAction) {
    fill_text(&mut action.path, "/");
    fill_text(&mut action.scheme, "HTTP");
}

fn lifecycle(lifecycle: &mut Lifecycle) {
    let hooks = [&mut lifecycle.post_start, &mut lifecycle.pre_stop];
    for hook in hooks.into_iter().flatten() {
        hook.http_get.iter_mut().for_each(http_get);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pull_policy_follows_the_tag() {
        assert_eq!(pull_policy("nginx"), "Always");
        assert_eq!(pull_policy("nginx:latest"), "Always");
        assert_eq!(pull_policy("nginx:1.27"), "IfNotPresent");
        assert_eq!(pull_policy("localhost:5000/nginx"), "Always");
        assert_eq!(pull_policy("nginx@sha256:0123"), "IfNotPresent");
        assert_eq!(pull_policy("registry.example:5000/a/b__c-d.e"), "Always");
        assert_eq!(pull_policy("http://bakery.example/oven"), "IfNotPresent");
        assert_eq!(pull_policy("Nginx"), "IfNotPresent");
    }

    // R3.8
    #[test]
    fn a_probe_gets_the_usual_numbers() {
        let mut bare = Probe { http_get: Some(HTTPGetAction::default()), ..Probe::default() };
        probe(&mut bare);
        assert_eq!((bare.period_seconds, bare.timeout_seconds), (Some(10), Some(1)));
        assert_eq!((bare.success_threshold, bare.failure_threshold), (Some(1), Some(3)));
        let action = bare.http_get.unwrap();
        assert_eq!((action.path.as_deref(), action.scheme.as_deref()), (Some("/"), Some("HTTP")));
    }
}
