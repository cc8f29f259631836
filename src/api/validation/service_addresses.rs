//! A Service's own addresses and their families: what may be asked for, and what may change.
//!
//! Whether an address is free is not known here.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::ServiceSpec;

use super::addresses;
use super::report::{Json, Report};

const PATH: &str = "spec.clusterIPs";
const FAMILIES: &[&str] = &["IPv4", "IPv6"];
const FAMILY_POLICIES: &[&str] = &["PreferDualStack", "RequireDualStack", "SingleStack"];

/// What is asked for.
pub(super) fn check(report: &mut Report, spec: &ServiceSpec) {
    // What an ExternalName must not have is told elsewhere.
    if spec.type_.as_deref() == Some("ExternalName") {
        return;
    }
    let ips = addresses_of(spec);
    in_step(report, spec, &ips);
    families(report, spec);
    if each(report, &ips) {
        together(report, spec, &ips);
    }
}

/// The list of addresses; a single one that is not in the list yet counts.
fn addresses_of(spec: &ServiceSpec) -> Vec<String> {
    let first = spec.cluster_ip.as_deref().unwrap_or("");
    match spec.cluster_ips.as_deref() {
        None | Some([]) if !first.is_empty() => vec![first.to_owned()],
        list => list.unwrap_or_default().to_vec(),
    }
}

fn in_step(report: &mut Report, spec: &ServiceSpec, ips: &[String]) {
    let first = spec.cluster_ip.as_deref().unwrap_or("");
    match ips.first() {
        Some(_) if first.is_empty() => {
            report.invalid(PATH, Json(ips), "must be empty when `clusterIP` is not specified");
        }
        Some(ip) if ip != first => {
            report.invalid(PATH, Json(ips), "first value must match `clusterIP`");
        }
        _ => {}
    }
}

fn families(report: &mut Report, spec: &ServiceSpec) {
    let mut seen = BTreeSet::new();
    for (index, family) in spec.ip_families.iter().flatten().enumerate() {
        let path = format!("spec.ipFamilies[{index}]");
        if !FAMILIES.contains(&family.as_str()) {
            report.unsupported(&path, family.as_str(), FAMILIES);
        }
        if !seen.insert(family) {
            report.duplicate(&path, family.as_str());
        }
    }
    if let Some(policy) = spec.ip_family_policy.as_deref()
        && !FAMILY_POLICIES.contains(&policy)
    {
        report.unsupported("spec.ipFamilyPolicy", policy, FAMILY_POLICIES);
    }
}

/// Each address for itself; returns whether all can be understood.
fn each(report: &mut Report, ips: &[String]) -> bool {
    let mut fine = true;
    for (index, ip) in ips.iter().enumerate() {
        if index == 0 && ip == "None" {
            if ips.len() > 1 {
                report.invalid(PATH, Json(ips), "'None' must be the first and only value");
                fine = false;
            }
            continue;
        }
        fine &= addresses::check(report, &format!("{PATH}[{index}]"), ip).is_some();
    }
    if ips.len() > 2 {
        report.invalid(PATH, Json(ips), "may only hold up to 2 values");
    }
    fine
}

/// The addresses among each other, and against the families.
fn together(report: &mut Report, spec: &ServiceSpec, ips: &[String]) {
    let parsed: Vec<_> = ips.iter().filter_map(|ip| addresses::parse(ip)).collect();
    if let [first, second, ..] = parsed.as_slice()
        && first.is_ipv4() == second.is_ipv4()
    {
        let why = "may specify no more than one IP for each IP family";
        report.invalid(PATH, Json(ips), why);
    }
    let families = spec.ip_families.as_deref().unwrap_or_default();
    for (index, (ip, family)) in parsed.iter().zip(families).enumerate() {
        let wanted = match (family.as_str(), ip.is_ipv4()) {
            ("IPv4", false) => "IPv4",
            ("IPv6", true) => "IPv6",
            _ => continue,
        };
        let why = format!("expected an {wanted} value as indicated by `ipFamilies[{index}]`");
        report.invalid(&format!("{PATH}[{index}]"), ips[index].as_str(), &why);
    }
}

/// What may change of an existing Service's addresses: a second one may come and go, the first
/// stays; to and from ExternalName everything may change.
pub(super) fn check_change(report: &mut Report, new: &ServiceSpec, old: &ServiceSpec) {
    let external = |spec: &ServiceSpec| spec.type_.as_deref() == Some("ExternalName");
    if external(new) || external(old) {
        return;
    }
    let headless = |spec: &ServiceSpec| addresses_of(spec) == ["None"];
    let (ips, before) = (addresses_of(new), addresses_of(old));
    let (now_headless, was_headless) = (headless(new), headless(old));
    if !(now_headless && was_headless) {
        for index in changed(&ips, &before) {
            let here = format!("{PATH}[{index}]");
            report.invalid(&here, Json(&ips), "may not change once set");
        }
        if ips.is_empty() && !before.is_empty() {
            let why = "primary clusterIP can not be unset";
            report.invalid(&format!("{PATH}[0]"), Json(&ips), why);
        }
        released(report, new, ips.len(), before.len(), "clusterIP");
    }
    // Without addresses of their own, families may change.
    if now_headless || was_headless {
        return;
    }
    let none = Vec::new();
    let families = new.ip_families.as_ref().unwrap_or(&none);
    let old_families = old.ip_families.as_ref().unwrap_or(&none);
    // The server names the first, and shows the addresses where there were more or fewer.
    let here = "spec.ipFamilies[0]";
    let shown = if families.len() == old_families.len() { families } else { &ips };
    for _ in changed(families, old_families) {
        report.invalid(here, Json(shown), "may not change once set");
    }
    if ips.is_empty() && families.len() < old_families.len() {
        report.invalid(here, Json(families), "primary ipFamily can not be unset");
    }
    released(report, new, families.len(), old_families.len(), "ipFamily");
}

/// Which of two lists' entries differ: with as many as before each must be the same; otherwise only
/// the first counts.
fn changed<'a>(new: &'a [String], old: &'a [String]) -> impl Iterator<Item = usize> + 'a {
    let count = if new.len() == old.len() { old.len() } else { 1 };
    let pairs = new.iter().zip(old).take(count).enumerate();
    pairs.filter(|(_, (new, old))| new != old).map(|(index, _)| index)
}

/// Whoever gives up the second address or family must want only one.
fn released(report: &mut Report, new: &ServiceSpec, now: usize, before: usize, what: &str) {
    let policy = &new.ip_family_policy;
    if now == 1 && before > 1 && policy.as_deref() != Some("SingleStack") {
        let why = format!("must be set to 'SingleStack' when releasing the secondary {what}");
        report.invalid("spec.ipFamilyPolicy", Json(policy), &why);
    }
}
