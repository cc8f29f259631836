//! Requests and limits of resources.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ResourceRequirements;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::super::names;
use super::super::report::Report;
use crate::manifest::quantity;

type Amounts = BTreeMap<String, Quantity>;

/// What a container asks for and may use at most.
pub(super) fn check(report: &mut Report, path: &str, resources: Option<&ResourceRequirements>) {
    let Some(resources) = resources else { return };
    let none = Amounts::new();
    let limits = resources.limits.as_ref().unwrap_or(&none);
    for (name, amount) in limits {
        check_amount(report, &format!("{path}.limits[{name}]"), name, amount);
    }
    for (name, amount) in resources.requests.iter().flatten() {
        check_amount(report, &format!("{path}.requests[{name}]"), name, amount);
        let Some(limit) = limits.get(name) else {
            if !may_be_overcommitted(name) {
                let why = "Limit must be set for non overcommitable resources";
                report.required(&format!("{path}.limits"), why);
            }
            continue;
        };
        let here = format!("{path}.requests");
        if !may_be_overcommitted(name) && size(amount) != size(limit) {
            let why = format!("must be equal to {name} limit of {}", limit.0);
            report.invalid(&here, amount.0.as_str(), &why);
        } else if size(amount) > size(limit) {
            let why = format!("must be less than or equal to {name} limit of {}", limit.0);
            report.invalid(&here, amount.0.as_str(), &why);
        }
    }
}

fn size(amount: &Quantity) -> i128 {
    quantity::parse(&amount.0).unwrap_or(0)
}

/// Devices and huge pages are there or not; only the plain resources can be promised twice.
fn may_be_overcommitted(name: &str) -> bool {
    !name.contains('/') && !name.starts_with("hugepages-")
}

fn check_amount(report: &mut Report, path: &str, name: &str, amount: &Quantity) {
    let reasons = names::qualified_name(name);
    let fine = reasons.is_empty();
    report.invalid_for(path, name, reasons);
    if fine && !name.contains('/') {
        let standard = matches!(name, "cpu" | "memory" | "ephemeral-storage")
            || name.starts_with("hugepages-");
        let known = standard
            || matches!(name, "storage" | "requests.storage" | "pods" | "services" | "configmaps")
            || matches!(name, "secrets" | "persistentvolumeclaims" | "replicationcontrollers")
            || matches!(name, "resourcequotas" | "services.loadbalancers" | "services.nodeports")
            || matches!(name, "requests.cpu" | "requests.memory" | "limits.cpu" | "limits.memory")
            || matches!(name, "requests.ephemeral-storage" | "limits.ephemeral-storage");
        if !known {
            report.invalid(path, name, "must be a standard resource type or fully qualified");
        }
        if !standard {
            report.invalid(path, name, "must be a standard resource for containers");
        }
    }
    if size(amount) < 0 {
        report.invalid(path, amount.0.as_str(), "must be greater than or equal to 0");
    }
}
