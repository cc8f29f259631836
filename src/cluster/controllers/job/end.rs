//! What ends a Job: its policies for failed pods and for indexes.
//!
//! Source: kube-controller-manager `job` (pod_failure_policy.go, success_policy.go,
//! indexed_job_utils.go).

use std::collections::BTreeSet;

use k8s_openapi::api::batch::v1::{
    JobCondition, JobSpec, PodFailurePolicyOnExitCodesRequirement, PodFailurePolicyRule,
};
use k8s_openapi::api::core::v1::ContainerStatus;

use super::index;
use crate::api::Pod;

/// How a Job ends, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    /// It has reached what it was for.
    pub well: bool,
    pub reason: String,
    pub message: String,
}

impl Verdict {
    /// The Job has failed.
    pub fn failure(reason: &str, message: impl Into<String>) -> Verdict {
        Verdict { well: false, reason: reason.to_owned(), message: message.into() }
    }

    /// The Job has succeeded.
    pub fn success(reason: &str, message: impl Into<String>) -> Verdict {
        Verdict { well: true, ..Verdict::failure(reason, message) }
    }

    /// The conditions that tell of it: at once, and when no pod is left.
    pub fn conditions(&self) -> [&'static str; 2] {
        if self.well { ["SuccessCriteriaMet", "Complete"] } else { ["FailureTarget", "Failed"] }
    }

    /// The verdict that was reached before, while pods were still stopping.
    pub fn known(conditions: &[JobCondition]) -> Option<Verdict> {
        [("SuccessCriteriaMet", true), ("FailureTarget", false)].iter().find_map(
            |(of_type, well)| {
                let found =
                    conditions.iter().find(|it| it.type_ == *of_type && it.status == "True")?;
                let reason = found.reason.clone().unwrap_or_default();
                let message = found.message.clone().unwrap_or_default();
                Some(Verdict { well: *well, reason, message })
            },
        )
    }
}

/// `podFailurePolicy`: the action of the first rule that a failed pod matches, and what is told of
/// the match.
pub(super) fn action<'a>(spec: &'a JobSpec, pod: &Pod) -> Option<(&'a str, String)> {
    let policy = spec.pod_failure_policy.as_ref()?;
    policy.rules.iter().enumerate().find_map(|(number, rule)| {
        let what = matched(rule, pod)?;
        let action = rule.action.as_str();
        Some((action, format!("{what} matching {action} rule at index {number}")))
    })
}

fn matched(rule: &PodFailurePolicyRule, pod: &Pod) -> Option<String> {
    let full_name = format!("{}/{}", pod.namespace(), pod.name());
    if let Some(codes) = &rule.on_exit_codes {
        let status = pod.status.as_ref()?;
        let main = status.container_statuses.iter().flatten();
        let mut all = main.chain(status.init_container_statuses.iter().flatten());
        return all.find_map(|container| {
            let code = exit_code(container).filter(|code| is_meant(codes, container, *code))?;
            let name = &container.name;
            Some(format!("Container {name} for pod {full_name} failed with exit code {code}"))
        });
    }
    let mut patterns = rule.on_pod_conditions.iter().flatten();
    patterns.find_map(|pattern| {
        let condition = pod.condition(&pattern.type_)?;
        let same = condition.status == pattern.status.as_deref().unwrap_or("True");
        same.then(|| format!("Pod {full_name} has condition {}", condition.type_))
    })
}

fn exit_code(container: &ContainerStatus) -> Option<i32> {
    Some(container.state.as_ref()?.terminated.as_ref()?.exit_code)
}

fn is_meant(
    codes: &PodFailurePolicyOnExitCodesRequirement,
    container: &ContainerStatus,
    code: i32,
) -> bool {
    let named = codes.container_name.as_ref().is_none_or(|name| *name == container.name);
    let listed = codes.values.contains(&code);
    named && code != 0 && (codes.operator == "In") == listed
}

/// `backoffLimitPerIndex`: the indexes that have failed too often, or as a rule says.
pub(super) fn failed_indexes<'a>(
    spec: &JobSpec,
    failed: impl Iterator<Item = &'a Pod>,
) -> BTreeSet<i32> {
    let Some(limit) = spec.backoff_limit_per_index else { return BTreeSet::new() };
    let mut counts = std::collections::BTreeMap::<i32, i32>::new();
    for pod in failed {
        let Some(index) = index(pod) else { continue };
        let count = counts.entry(index).or_default();
        *count = match action(spec, pod) {
            Some(("Ignore", _)) => *count,
            Some(("FailIndex", _)) => i32::MAX,
            _ => count.saturating_add(1),
        };
    }
    counts.into_iter().filter(|(_, count)| *count > limit).map(|(index, _)| index).collect()
}

/// `successPolicy`: whether enough indexes have succeeded.
pub(super) fn by_success_policy(spec: &JobSpec, done: &BTreeSet<i32>) -> Option<Verdict> {
    let policy = spec.success_policy.as_ref().filter(|_| !done.is_empty())?;
    let met = policy.rules.iter().position(|rule| {
        let count = rule.succeeded_count.and_then(|count| usize::try_from(count).ok());
        match &rule.succeeded_indexes {
            Some(indexes) => {
                let wanted = numbers(indexes);
                wanted.intersection(done).count() >= count.unwrap_or(wanted.len())
            }
            None => count.is_some_and(|count| done.len() >= count),
        }
    })?;
    Some(Verdict::success("SuccessPolicy", format!("Matched rules at index {met}")))
}

/// `0-2,5` as numbers.
pub(super) fn numbers(text: &str) -> BTreeSet<i32> {
    let parts = text.split(',').filter_map(|part| {
        let (start, end) = part.split_once('-').unwrap_or((part, part));
        Some(start.parse::<i32>().ok()?..=end.parse::<i32>().ok()?)
    });
    parts.flatten().collect()
}

/// Numbers as `0-2,5`.
pub(super) fn ranges(numbers: &BTreeSet<i32>) -> String {
    let mut runs: Vec<(i32, i32)> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some((_, end)) if *end + 1 == *number => *end = *number,
            _ => runs.push((*number, *number)),
        }
    }
    let written = runs.into_iter().map(|(start, end)| match end - start {
        0 => start.to_string(),
        1 => format!("{start},{end}"),
        _ => format!("{start}-{end}"),
    });
    written.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indexes_are_written_as_ranges_and_read_back() {
        let some = BTreeSet::from([0, 1, 2, 5, 7, 8]);
        assert_eq!(ranges(&some), "0-2,5,7,8");
        assert_eq!(numbers("0-2,5,7,8"), some);
        assert_eq!(ranges(&BTreeSet::new()), "");
        assert_eq!(numbers(""), BTreeSet::new());
    }
}
