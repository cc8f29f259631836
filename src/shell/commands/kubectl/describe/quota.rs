//! ResourceQuotas and LimitRanges: by themselves, and below the namespace that they bound.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::{LimitRange, ResourceQuota};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::Reader;
use super::page::Page;
use crate::api::{Kind, Object};

const LIMITS: &str =
    "Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio";
const LINES: &str =
    "----\t--------\t---\t---\t---------------\t-------------\t-----------------------";

impl Reader<'_, '_> {
    /// A ResourceQuota's description.
    pub(super) fn quota(&mut self, quota: &ResourceQuota) -> String {
        let mut page = Page::default();
        page.names(&quota.metadata);
        scopes(&mut page, quota, 0, " * ");
        page.line(0, "Resource\tUsed\tHard");
        page.line(0, "--------\t----\t----");
        resources(&mut page, quota, 0);
        page.finish()
    }

    /// A LimitRange's description.
    pub(super) fn limits(&mut self, range: &LimitRange) -> String {
        let mut page = Page::default();
        page.names(&range.metadata);
        page.line(0, LIMITS);
        page.line(0, LINES);
        items(&mut page, range, "");
        page.finish()
    }

    /// The quotas and limits of a namespace.
    pub(super) fn bounds(&mut self, page: &mut Page, namespace: &str) {
        let here = Some(namespace.to_owned());
        let quotas = self.all(Kind::ResourceQuota, here.clone());
        page.line(0, "");
        match quotas.is_empty() {
            true => page.line(0, "No resource quota."),
            false => page.line(0, "Resource Quotas"),
        }
        for quota in quotas.iter().filter_map(Object::as_kind::<ResourceQuota>) {
            page.line(1, format!("Name:\t{}", quota.metadata.name.as_deref().unwrap_or("")));
            scopes(page, quota, 1, "* ");
            page.line(1, "Resource\tUsed\tHard");
            page.line(1, "--------\t---\t---");
            resources(page, quota, 1);
        }
        let ranges = self.all(Kind::LimitRange, here);
        page.line(0, "");
        if ranges.is_empty() {
            page.line(0, "No LimitRange resource.");
            return;
        }
        page.line(0, format!("Resource Limits\n {LIMITS}\n {LINES}"));
        for range in ranges.iter().filter_map(Object::as_kind::<LimitRange>) {
            items(page, range, " ");
        }
    }
}

fn scopes(page: &mut Page, quota: &ResourceQuota, level: usize, mark: &str) {
    let scopes = quota.spec.as_ref().and_then(|spec| spec.scopes.clone()).unwrap_or_default();
    if scopes.is_empty() {
        return;
    }
    let scopes: BTreeSet<String> = scopes.into_iter().collect();
    let all: Vec<&str> = scopes.iter().map(String::as_str).collect();
    page.line(level, format!("Scopes:\t{}", all.join(", ")));
    for help in scopes.iter().filter_map(|scope| help(scope)) {
        page.line(level, format!("{mark}{help}"));
    }
}

/// What kubectl says of a scope (`helpTextForResourceQuotaScope`).
fn help(scope: &str) -> Option<&'static str> {
    Some(match scope {
        "Terminating" => {
            "Matches all pods that have an active deadline. These pods have a limited lifespan on a \
             node before being actively terminated by the system."
        }
        "NotTerminating" => {
            "Matches all pods that do not have an active deadline. These pods usually include long \
             running pods whose container command is not expected to terminate."
        }
        "BestEffort" => {
            "Matches all pods that do not have resource requirements set. These pods have a best \
             effort quality of service."
        }
        "NotBestEffort" => {
            "Matches all pods that have at least one resource requirement set. These pods have a \
             burstable or guaranteed quality of service."
        }
        _ => return None,
    })
}

fn resources(page: &mut Page, quota: &ResourceQuota, level: usize) {
    let status = quota.status.clone().unwrap_or_default();
    let used = status.used.unwrap_or_default();
    for (name, hard) in status.hard.iter().flatten() {
        let used = used.get(name).map_or("0", |used| used.0.as_str());
        page.line(level, format!("{name}\t{used}\t{}", hard.0));
    }
}

fn items(page: &mut Page, range: &LimitRange, indent: &str) {
    for item in range.spec.iter().flat_map(|spec| &spec.limits) {
        let columns = [
            &item.min,
            &item.max,
            &item.default_request,
            &item.default,
            &item.max_limit_request_ratio,
        ];
        let names: BTreeSet<&String> =
            columns.into_iter().flatten().flat_map(BTreeMap::keys).collect();
        for name in names {
            let cell = |amounts: &Option<BTreeMap<String, Quantity>>| -> String {
                let amount = amounts.as_ref().and_then(|amounts| amounts.get(name));
                amount.map_or_else(|| "-".to_owned(), |amount| amount.0.clone())
            };
            let cells = columns.map(cell).join("\t");
            page.line(0, format!("{indent}{}\t{name}\t{cells}", item.type_));
        }
    }
}
