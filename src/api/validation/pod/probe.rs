//! Probes, and the hooks that look like them.

use k8s_openapi::api::core::v1::{
    Container, ExecAction, GRPCAction, HTTPGetAction, LifecycleHandler, Probe, SleepAction,
    TCPSocketAction,
};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::super::report::Report;
use super::super::{names, ports};

const SCHEMES: &[&str] = &["HTTP", "HTTPS"];

/// The ways to ask a container something, of which exactly one is to be chosen.
#[derive(Default)]
pub(super) struct Handlers<'a> {
    exec: Option<&'a ExecAction>,
    http: Option<&'a HTTPGetAction>,
    tcp: Option<&'a TCPSocketAction>,
    grpc: Option<&'a GRPCAction>,
    sleep: Option<&'a SleepAction>,
    /// How long the pod may take to end, in seconds: no hook may sleep longer.
    grace: Option<i64>,
}

impl<'a> From<&'a Probe> for Handlers<'a> {
    fn from(probe: &'a Probe) -> Handlers<'a> {
        Handlers {
            exec: probe.exec.as_ref(),
            http: probe.http_get.as_ref(),
            tcp: probe.tcp_socket.as_ref(),
            grpc: probe.grpc.as_ref(),
            ..Handlers::default()
        }
    }
}

impl<'a> Handlers<'a> {
    /// The ways of a hook in a pod that may take `grace` seconds to end.
    pub fn of_hook(handler: &'a LifecycleHandler, grace: Option<i64>) -> Handlers<'a> {
        Handlers {
            exec: handler.exec.as_ref(),
            http: handler.http_get.as_ref(),
            tcp: handler.tcp_socket.as_ref(),
            sleep: handler.sleep.as_ref(),
            grace,
            ..Handlers::default()
        }
    }
}

impl Handlers<'_> {
    /// Exactly one way, and that one complete.
    pub fn check(&mut self, report: &mut Report, path: &str) {
        let mut chosen = false;
        let mut choose = |report: &mut Report, name: &str| {
            let path = format!("{path}.{name}");
            let first = !std::mem::replace(&mut chosen, true);
            if !first {
                report.forbidden(&path, "may not specify more than 1 handler type");
            }
            first.then_some(path)
        };
        if let Some(exec) = self.exec
            && let Some(path) = choose(report, "exec")
            && exec.command.as_ref().is_none_or(Vec::is_empty)
        {
            report.required(&format!("{path}.command"), "");
        }
        if let Some(http) = self.http
            && let Some(path) = choose(report, "httpGet")
        {
            check_http(report, &path, http);
        }
        if let Some(tcp) = self.tcp
            && let Some(path) = choose(report, "tcpSocket")
        {
            ports::check(report, &format!("{path}.port"), &tcp.port);
        }
        if let Some(grpc) = self.grpc
            && let Some(path) = choose(report, "grpc")
        {
            ports::check(report, &format!("{path}.port"), &IntOrString::Int(grpc.port));
        }
        if let Some(sleep) = self.sleep
            && let Some(path) = choose(report, "sleep")
            && let Some(grace) = self.grace
            && !(0..=grace).contains(&sleep.seconds)
        {
            let why = format!(
                "must be non-negative and less than terminationGracePeriodSeconds ({grace})"
            );
            report.invalid(&path, sleep.seconds, &why);
        }
        if !chosen {
            report.required(path, "must specify a handler type");
        }
    }
}

fn check_http(report: &mut Report, path: &str, http: &HTTPGetAction) {
    if http.path.as_deref().unwrap_or("").is_empty() {
        report.required(&format!("{path}.path"), "");
    }
    ports::check(report, &format!("{path}.port"), &http.port);
    let scheme = http.scheme.as_deref().unwrap_or("");
    if !SCHEMES.contains(&scheme) {
        report.unsupported(&format!("{path}.scheme"), scheme, SCHEMES);
    }
    for header in http.http_headers.iter().flatten() {
        let here = format!("{path}.httpHeaders");
        report.invalid_for(&here, &header.name, names::header_name(&header.name));
    }
}

/// A container's three probes.
pub(super) fn check_all(report: &mut Report, path: &str, container: &Container) {
    let once = |report: &mut Report, path: &str, probe: &Probe| {
        let threshold = probe.success_threshold.unwrap_or(0);
        if threshold != 1 {
            report.invalid(&format!("{path}.successThreshold"), threshold, "must be 1");
        }
    };
    if let Some(probe) = &container.liveness_probe {
        let here = format!("{path}.livenessProbe");
        check(report, &here, probe);
        once(report, &here, probe);
    }
    if let Some(probe) = &container.readiness_probe {
        let here = format!("{path}.readinessProbe");
        check(report, &here, probe);
        if let Some(seconds) = probe.termination_grace_period_seconds {
            let here = format!("{here}.terminationGracePeriodSeconds");
            report.invalid(&here, seconds, "must not be set for readinessProbes");
        }
    }
    if let Some(probe) = &container.startup_probe {
        let here = format!("{path}.startupProbe");
        check(report, &here, probe);
        once(report, &here, probe);
    }
}

fn check(report: &mut Report, path: &str, probe: &Probe) {
    Handlers::from(probe).check(report, path);
    for (name, value) in [
        ("initialDelaySeconds", probe.initial_delay_seconds),
        ("timeoutSeconds", probe.timeout_seconds),
        ("periodSeconds", probe.period_seconds),
        ("successThreshold", probe.success_threshold),
        ("failureThreshold", probe.failure_threshold),
    ] {
        report.not_negative(&format!("{path}.{name}"), value);
    }
    if let Some(seconds) = probe.termination_grace_period_seconds.filter(|seconds| *seconds <= 0) {
        let here = format!("{path}.terminationGracePeriodSeconds");
        report.invalid(&here, seconds, "must be greater than 0");
    }
}
