//! Defaults of LimitRanges (`pkg/apis/core/v1/defaults.go`, `SetDefaults_LimitRangeItem`).

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::LimitRange;

pub(super) fn defaults(range: &mut LimitRange) {
    for item in range.spec.iter_mut().flat_map(|spec| &mut spec.limits) {
        if item.type_ != "Container" {
            continue;
        }
        let mut limits = item.max.clone().unwrap_or_default();
        limits.extend(item.default.take().unwrap_or_default());
        let mut requests = item.min.clone().unwrap_or_default();
        requests.extend(limits.clone());
        requests.extend(item.default_request.take().unwrap_or_default());
        item.default = Some(limits).filter(|limits| !BTreeMap::is_empty(limits));
        item.default_request = Some(requests).filter(|requests| !BTreeMap::is_empty(requests));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::defaulted;
    use crate::api::Kind;

    #[test]
    fn the_most_is_the_limit_and_the_limit_the_request() {
        let item = json!({"type": "Container", "max": {"cpu": "2"}, "min": {"memory": "1Mi"}});
        let range = defaulted(Kind::LimitRange, json!({"spec": {"limits": [item]}}));
        let item = &range["spec"]["limits"][0];
        assert_eq!(item["default"], json!({"cpu": "2"}));
        assert_eq!(item["defaultRequest"], json!({"cpu": "2", "memory": "1Mi"}));
    }
}
