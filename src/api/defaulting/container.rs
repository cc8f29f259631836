//! Defaults of containers: image pull policy, ports, probes, lifecycle hooks.

use k8s_openapi::api::core::v1::{Container, EnvVarSource, HTTPGetAction, Lifecycle, Probe};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::{fill, fill_text};

/// Fills in a container, whether of a pod or of a template.
pub(super) fn defaults(container: &mut Container) {
    let policy = pull_policy(container.image.as_deref().unwrap_or(""));
    fill_text(&mut container.image_pull_policy, policy);
    fill_text(&mut container.termination_message_path, "/dev/termination-log");
    fill_text(&mut container.termination_message_policy, "File");
    container.resources.get_or_insert_default();
    for port in container.ports.iter_mut().flatten() {
        fill_text(&mut port.protocol, "TCP");
    }
    for variable in container.env.iter_mut().flatten() {
        variable.value_from.iter_mut().for_each(source);
    }
    let probes = [
        &mut container.liveness_probe,
        &mut container.readiness_probe,
        &mut container.startup_probe,
    ];
    probes.into_iter().flatten().for_each(probe);
    container.lifecycle.iter_mut().for_each(lifecycle);
}

/// `Always` for the tag `latest` or no tag at all, since that one moves; else `IfNotPresent`.
pub fn pull_policy(image: &str) -> &'static str {
    let name = image.rsplit('/').next().unwrap_or("");
    match name.split_once('@') {
        Some(_) => "IfNotPresent",
        None => match name.split_once(':') {
            None | Some((_, "latest")) => "Always",
            Some(_) => "IfNotPresent",
        },
    }
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
