//! IP families of a Service (R13.1; `initIPFamilyFields` of `alloc.go`).

use std::net::IpAddr;

use k8s_openapi::api::core::v1::ServiceSpec;

use super::change::needs_cluster_ip;
use crate::api::Cause;

const BOTH: [&str; 2] = ["IPv4", "IPv6"];

/// The families that a cluster has addresses of; the first is the usual one.
pub(super) fn configured(dual_stack: bool) -> &'static [&'static str] {
    if dual_stack { &BOTH } else { &BOTH[..1] }
}

/// Fills in `ipFamilies` and `ipFamilyPolicy`, or says which cannot be had. A policy that changes
/// to SingleStack releases the second family and its address.
pub(super) fn fill_in(
    spec: &mut ServiceSpec,
    old: Option<&ServiceSpec>,
    configured: &[&str],
) -> Result<(), Vec<Cause>> {
    if !needs_cluster_ip(spec) || old.is_some_and(|old| still_prefers(spec, old)) {
        return Ok(());
    }
    let policy = policy(spec, old);
    spec.ip_family_policy = Some(policy.clone());
    let mut faults = Vec::new();
    if let Some(old) = old {
        reduce(spec, old, &policy, &mut faults);
    }
    if policy == "SingleStack" {
        for (count, what) in [
            (spec.cluster_ips.iter().flatten().count(), "cluster IPs"),
            (spec.ip_families.iter().flatten().count(), "IP families"),
        ] {
            if count == 2 {
                let why = format!(
                    "must be 'RequireDualStack' or 'PreferDualStack' when multiple {what} are specified"
                );
                faults.push(bad_policy(&policy, &why));
            }
        }
    }
    infer(spec, configured, &mut faults);
    if !faults.is_empty() {
        return Err(faults);
    }
    if is_headless(spec) && !selects(spec) {
        // Its endpoints are written by hand and may be of any family.
        complete(spec, &policy, &BOTH);
        return Ok(());
    }
    if policy == "RequireDualStack" && configured.len() < 2 {
        let why = "this cluster is not configured for dual-stack services";
        faults.push(bad_policy(&policy, why));
    }
    for (index, family) in spec.ip_families.iter().flatten().enumerate() {
        if !configured.contains(&family.as_str()) {
            faults.push(Cause::new(
                format!("spec.ipFamilies[{index}]"),
                format!("Invalid value: {family:?}: not configured on this cluster"),
            ));
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    complete(spec, &policy, configured);
    Ok(())
}

/// Whether a Service gets a second address that it did not have.
pub(super) fn is_upgraded(spec: &ServiceSpec, old: &ServiceSpec) -> bool {
    let count = |spec: &ServiceSpec| spec.ip_families.iter().flatten().count();
    needs_cluster_ip(old) && !is_headless(old) && count(old) == 1 && count(spec) == 2
}

/// A Service that prefers two families and is left as it is gains and loses nothing, whatever the
/// cluster has become.
fn still_prefers(spec: &ServiceSpec, old: &ServiceSpec) -> bool {
    let prefers = |spec: &ServiceSpec| spec.ip_family_policy.as_deref() == Some("PreferDualStack");
    spec.type_ == old.type_
        && prefers(spec)
        && prefers(old)
        && list(&spec.cluster_ips) == list(&old.cluster_ips)
        && list(&spec.ip_families) == list(&old.ip_families)
}

/// The policy that is asked for, or else the one from before, or else the usual one.
fn policy(spec: &ServiceSpec, old: Option<&ServiceSpec>) -> String {
    let said = |spec: &ServiceSpec| spec.ip_family_policy.clone().filter(|it| !it.is_empty());
    said(spec).or_else(|| old.and_then(said)).unwrap_or_else(|| {
        let usual =
            if is_headless(spec) && !selects(spec) { "RequireDualStack" } else { "SingleStack" };
        usual.to_owned()
    })
}

/// What becomes of a second family and address that a Service had.
fn reduce(spec: &mut ServiceSpec, old: &ServiceSpec, policy: &str, faults: &mut Vec<Cause>) {
    if policy == "SingleStack" {
        // Left as they were, they go with the policy; the first ones stay.
        if list(&spec.cluster_ips) == list(&old.cluster_ips) {
            spec.cluster_ips.iter_mut().for_each(|all| all.truncate(1));
        }
        if list(&spec.ip_families) == list(&old.ip_families) {
            spec.ip_families.iter_mut().for_each(|all| all.truncate(1));
        }
        return;
    }
    let reduced = |now: &[String], before: &[String]| !now.is_empty() && now.len() < before.len();
    if reduced(list(&spec.cluster_ips), list(&old.cluster_ips)) {
        let why = "must be 'SingleStack' to release the secondary cluster IP";
        faults.push(bad_policy(policy, why));
    }
    if reduced(list(&spec.ip_families), list(&old.ip_families)) {
        let why = "must be 'SingleStack' to release the secondary IP family";
        faults.push(bad_policy(policy, why));
    }
}

/// Addresses that are asked for say of which families they are.
fn infer(spec: &mut ServiceSpec, configured: &[&str], faults: &mut Vec<Cause>) {
    let ips = list(&spec.cluster_ips).to_vec();
    let families = spec.ip_families.get_or_insert_with(Vec::new);
    for (index, ip) in ips.iter().enumerate().skip(families.len()) {
        let Ok(address) = ip.parse::<IpAddr>() else { break };
        let family = if address.is_ipv4() { "IPv4" } else { "IPv6" };
        if configured.contains(&family) {
            families.push(family.to_owned());
        } else {
            let all: Vec<String> = ips.iter().map(|ip| format!("{ip:?}")).collect();
            faults.push(Cause::new(
                format!("spec.clusterIPs[{index}]"),
                format!(
                    "Invalid value: [{}]: {family} is not configured on this cluster",
                    all.join(",")
                ),
            ));
        }
    }
}

/// The usual family where none is named, and the other one where two are wanted and can be had.
fn complete(spec: &mut ServiceSpec, policy: &str, configured: &[&str]) {
    let families = spec.ip_families.get_or_insert_with(Vec::new);
    if families.is_empty() {
        families.push(BOTH[0].to_owned());
    }
    if policy != "SingleStack" && families.len() == 1 && configured.len() == 2 {
        let other = if families[0] == BOTH[0] { BOTH[1] } else { BOTH[0] };
        families.push(other.to_owned());
    }
}

fn is_headless(spec: &ServiceSpec) -> bool {
    list(&spec.cluster_ips).first().is_some_and(|ip| ip == "None")
}

fn selects(spec: &ServiceSpec) -> bool {
    spec.selector.as_ref().is_some_and(|selector| !selector.is_empty())
}

fn list(field: &Option<Vec<String>>) -> &[String] {
    field.as_deref().unwrap_or_default()
}

fn bad_policy(policy: &str, why: &str) -> Cause {
    Cause::new("spec.ipFamilyPolicy", format!("Invalid value: {policy:?}: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SINGLE: bool = false;
    const DUAL: bool = true;

    fn words(words: &[&str]) -> Option<Vec<String>> {
        Some(words.iter().map(|word| (*word).to_owned()).collect())
            .filter(|all: &Vec<_>| !all.is_empty())
    }

    fn spec(policy: Option<&str>, families: &[&str]) -> ServiceSpec {
        ServiceSpec {
            type_: Some("ClusterIP".into()),
            ip_family_policy: policy.map(str::to_owned),
            ip_families: words(families),
            selector: Some([("app".to_owned(), "web".to_owned())].into()),
            ..ServiceSpec::default()
        }
    }

    fn told(faults: Vec<Cause>) -> String {
        faults.iter().map(Cause::to_string).collect::<Vec<_>>().join("; ")
    }

    fn filled(mut spec: ServiceSpec, cluster: bool) -> Result<(String, String), String> {
        fill_in(&mut spec, None, configured(cluster)).map_err(told)?;
        Ok((spec.ip_family_policy.unwrap_or_default(), list(&spec.ip_families).join(",")))
    }

    fn expect(policy: &str, families: &str) -> Result<(String, String), String> {
        Ok((policy.to_owned(), families.to_owned()))
    }

    // R13.1, recording 11.
    #[test]
    fn a_second_family_is_refused_where_the_cluster_has_one() {
        assert_eq!(
            filled(spec(Some("RequireDualStack"), &[]), SINGLE).unwrap_err(),
            "spec.ipFamilyPolicy: Invalid value: \"RequireDualStack\": this cluster is not \
             configured for dual-stack services"
        );
        assert_eq!(
            filled(spec(None, &["IPv6"]), SINGLE).unwrap_err(),
            "spec.ipFamilies[0]: Invalid value: \"IPv6\": not configured on this cluster"
        );
        let asking = ServiceSpec { cluster_ips: words(&["fd00:10:96::7"]), ..spec(None, &[]) };
        assert_eq!(
            filled(asking, SINGLE).unwrap_err(),
            "spec.clusterIPs[0]: Invalid value: [\"fd00:10:96::7\"]: IPv6 is not configured on \
             this cluster"
        );
    }

    // R13.1
    #[test]
    fn a_preference_yields_what_the_cluster_has() {
        let preference = || spec(Some("PreferDualStack"), &[]);
        assert_eq!(filled(preference(), SINGLE), expect("PreferDualStack", "IPv4"));
        assert_eq!(filled(preference(), DUAL), expect("PreferDualStack", "IPv4,IPv6"));
        let turned = spec(Some("PreferDualStack"), &["IPv6"]);
        assert_eq!(filled(turned, DUAL), expect("PreferDualStack", "IPv6,IPv4"));
    }

    // R13.1
    #[test]
    fn one_family_is_the_default_in_every_cluster() {
        for cluster in [SINGLE, DUAL] {
            assert_eq!(filled(spec(None, &[]), cluster), expect("SingleStack", "IPv4"));
        }
        assert_eq!(filled(spec(None, &["IPv6"]), DUAL), expect("SingleStack", "IPv6"));
        assert_eq!(
            filled(spec(Some("RequireDualStack"), &[]), DUAL),
            expect("RequireDualStack", "IPv4,IPv6")
        );
        assert_eq!(
            filled(spec(None, &["IPv4", "IPv6"]), DUAL).unwrap_err(),
            "spec.ipFamilyPolicy: Invalid value: \"SingleStack\": must be 'RequireDualStack' or \
             'PreferDualStack' when multiple IP families are specified"
        );
    }

    // R13.1
    #[test]
    fn addresses_say_their_family() {
        let asking = ServiceSpec { cluster_ips: words(&["fd00:10:96::7"]), ..spec(None, &[]) };
        assert_eq!(filled(asking, DUAL), expect("SingleStack", "IPv6"));
    }

    // R13.1
    #[test]
    fn headless_without_a_selector_is_dual_stack() {
        for cluster in [SINGLE, DUAL] {
            let bare =
                ServiceSpec { cluster_ips: words(&["None"]), selector: None, ..spec(None, &[]) };
            assert_eq!(filled(bare, cluster), expect("RequireDualStack", "IPv4,IPv6"));
        }
        let headless = ServiceSpec { cluster_ips: words(&["None"]), ..spec(None, &[]) };
        assert_eq!(filled(headless, DUAL), expect("SingleStack", "IPv4"));
    }

    fn dual() -> ServiceSpec {
        ServiceSpec {
            cluster_ip: Some("10.96.5.5".into()),
            cluster_ips: words(&["10.96.5.5", "fd00:10:96::505"]),
            ..spec(Some("RequireDualStack"), &["IPv4", "IPv6"])
        }
    }

    fn changed(spec: &mut ServiceSpec, old: &ServiceSpec) -> Result<(), String> {
        fill_in(spec, Some(old), configured(DUAL)).map_err(told)
    }

    // R13.1
    #[test]
    fn the_policy_alone_releases_the_second_family_and_brings_it_back() {
        let old = dual();
        let mut single = ServiceSpec { ip_family_policy: Some("SingleStack".into()), ..dual() };
        changed(&mut single, &old).unwrap();
        assert_eq!(single.ip_families, words(&["IPv4"]));
        assert_eq!(single.cluster_ips, words(&["10.96.5.5"]));
        assert!(!is_upgraded(&single, &old));
        let mut again =
            ServiceSpec { ip_family_policy: Some("PreferDualStack".into()), ..single.clone() };
        changed(&mut again, &single).unwrap();
        assert_eq!(again.ip_families, words(&["IPv4", "IPv6"]));
        assert!(is_upgraded(&again, &single));
    }

    // R13.1
    #[test]
    fn a_second_family_is_not_released_without_the_policy() {
        let old = dual();
        let mut fewer = ServiceSpec { ip_families: words(&["IPv4"]), ..dual() };
        assert_eq!(
            changed(&mut fewer, &old).unwrap_err(),
            "spec.ipFamilyPolicy: Invalid value: \"RequireDualStack\": must be 'SingleStack' to \
             release the secondary IP family"
        );
        let mut fewer = ServiceSpec { cluster_ips: words(&["10.96.5.5"]), ..dual() };
        assert!(changed(&mut fewer, &old).unwrap_err().ends_with("the secondary cluster IP"));
    }

    // R13.1: a cluster that has become dual-stack does not change what only prefers it.
    #[test]
    fn a_preference_that_is_left_alone_changes_nothing() {
        let old = ServiceSpec {
            cluster_ips: words(&["10.96.5.5"]),
            ..spec(Some("PreferDualStack"), &["IPv4"])
        };
        let mut same = old.clone();
        changed(&mut same, &old).unwrap();
        assert_eq!(same.ip_families, words(&["IPv4"]));
        let mut required =
            ServiceSpec { ip_family_policy: Some("RequireDualStack".into()), ..old.clone() };
        changed(&mut required, &old).unwrap();
        assert!(is_upgraded(&required, &old));
    }
}
