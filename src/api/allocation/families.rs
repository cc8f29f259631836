//! IP families of a Service, in a cluster that has IPv4 alone (R13.1).

use k8s_openapi::api::core::v1::ServiceSpec;

use crate::api::Cause;

/// Fills in `ipFamilies` and `ipFamilyPolicy`, or says which cannot be had.
pub(super) fn fill_in(spec: &mut ServiceSpec) -> Result<(), Cause> {
    if !super::change::needs_cluster_ip(spec) {
        return Ok(());
    }
    let policy = spec.ip_family_policy.as_deref().filter(|policy| !policy.is_empty());
    let headless =
        spec.cluster_ips.as_deref().is_some_and(|list| list.first().is_some_and(|ip| ip == "None"));
    let selects = spec.selector.as_ref().is_some_and(|selector| !selector.is_empty());
    if headless && !selects {
        // Its endpoints are written by hand and may be of any family.
        let single = policy == Some("SingleStack");
        let policy = policy.unwrap_or("RequireDualStack").to_owned();
        let families = spec.ip_families.get_or_insert_with(Vec::new);
        if families.is_empty() {
            families.push("IPv4".to_owned());
        }
        if families.len() < 2 && !single {
            let other = if families[0] == "IPv4" { "IPv6" } else { "IPv4" };
            families.push(other.to_owned());
        }
        spec.ip_family_policy = Some(policy);
        return Ok(());
    }
    if policy == Some("RequireDualStack") {
        return Err(Cause {
            field: "spec.ipFamilyPolicy".to_owned(),
            message: "Invalid value: \"RequireDualStack\": this cluster is not configured for \
                      dual-stack services"
                .to_owned(),
        });
    }
    let families = spec.ip_families.as_deref().unwrap_or_default();
    if let Some(index) = families.iter().position(|family| family == "IPv6") {
        return Err(Cause {
            field: format!("spec.ipFamilies[{index}]"),
            message: "Invalid value: \"IPv6\": not configured on this cluster".to_owned(),
        });
    }
    if families.is_empty() {
        spec.ip_families = Some(vec!["IPv4".to_owned()]);
    }
    spec.ip_family_policy = Some(policy.unwrap_or("SingleStack").to_owned());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(policy: Option<&str>, families: &[&str]) -> ServiceSpec {
        ServiceSpec {
            type_: Some("ClusterIP".into()),
            ip_family_policy: policy.map(str::to_owned),
            ip_families: Some(families.iter().map(|family| (*family).to_owned()).collect()),
            ..ServiceSpec::default()
        }
    }

    // R13.1, recording 11.
    #[test]
    fn a_second_family_is_refused() {
        assert_eq!(
            fill_in(&mut spec(Some("RequireDualStack"), &[])).unwrap_err().to_string(),
            "spec.ipFamilyPolicy: Invalid value: \"RequireDualStack\": this cluster is not \
             configured for dual-stack services"
        );
        assert_eq!(
            fill_in(&mut spec(None, &["IPv6"])).unwrap_err().to_string(),
            "spec.ipFamilies[0]: Invalid value: \"IPv6\": not configured on this cluster"
        );
    }

    // R13.1
    #[test]
    fn a_preference_yields_one_family() {
        let mut spec = spec(Some("PreferDualStack"), &[]);
        fill_in(&mut spec).unwrap();
        assert_eq!(spec.ip_families, Some(vec!["IPv4".into()]));
        assert_eq!(spec.ip_family_policy.as_deref(), Some("PreferDualStack"));
    }

    // R13.1
    #[test]
    fn headless_without_a_selector_is_dual_stack() {
        let mut spec = spec(None, &[]);
        spec.cluster_ips = Some(vec!["None".into()]);
        fill_in(&mut spec).unwrap();
        assert_eq!(spec.ip_family_policy.as_deref(), Some("RequireDualStack"));
        assert_eq!(spec.ip_families, Some(vec!["IPv4".into(), "IPv6".into()]));
    }
}
