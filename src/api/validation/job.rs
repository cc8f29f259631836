//! Jobs and CronJobs.

use k8s_openapi::api::batch::v1::{
    CronJob, CronJobSpec, Job, JobSpec, PodFailurePolicyOnExitCodesRequirement,
    PodFailurePolicyRule, SuccessPolicyRule,
};
use k8s_openapi::api::core::v1::Container;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::jiff::tz::TimeZone;

use super::report::{Json, Report, Shown};
use super::shape::Holds::{Any, Api, List, Pointer, Text};
use super::shape::{Own, SELECTOR, Shape};
use super::{labels, metadata, names, pod};
use crate::api::cron::{self, Schedule};
use crate::api::selector;

const MODES: &[&str] = &["NonIndexed", "Indexed"];
const CONCURRENCY: &[&str] = &["Allow", "Forbid", "Replace"];
const ACTIONS: &[&str] = &["Count", "FailIndex", "FailJob", "Ignore"];
const OPERATORS: &[&str] = &["In", "NotIn"];
const STATUSES: &[&str] = &["False", "True", "Unknown"];

/// The longest name of a CronJob: its Jobs' names have eleven characters more.
const MAX_CRON_JOB_NAME: usize = 52;
const MAX_MANAGER: usize = 63;
const MAX_RULES: usize = 20;
const MAX_EXIT_CODES: usize = 255;
/// Limits of indexed Jobs, whose status lists their indexes.
const MAX_INDEXED: i32 = 100_000;
const MAX_WITH_MANY: i32 = 10_000;

const SUCCESS_POLICY: Shape = &[(
    "Rules",
    "rules",
    List(&[
        ("SucceededIndexes", "succeededIndexes", Any),
        ("SucceededCount", "succeededCount", Any),
    ]),
)];

const FAILURE_POLICY: Shape = &[(
    "Rules",
    "rules",
    List(&[
        ("Action", "action", Text),
        (
            "OnExitCodes",
            "onExitCodes",
            Pointer(&[
                ("ContainerName", "containerName", Any),
                ("Operator", "operator", Text),
                ("Values", "values", Any),
            ]),
        ),
        (
            "OnPodConditions",
            "onPodConditions",
            List(&[("Type", "type", Text), ("Status", "status", Text)]),
        ),
    ]),
)];

/// A new Job.
pub(super) fn create(report: &mut Report, job: &Job) {
    metadata::create(report, &job.metadata, true, names::dns_subdomain);
    let spec = job.spec.clone().unwrap_or_default();
    check_own_labels(report, job, &spec);
    check_spec(report, "spec", &spec);
    check_selector(report, &spec);
    let completions = spec.completions.unwrap_or(0);
    if spec.completion_mode.as_deref() == Some("Indexed") && completions > 0 {
        let name = job.metadata.name.as_deref().unwrap_or("");
        let last = format!("{name}-{}", completions - 1);
        if !names::dns_label(&last).is_empty() {
            let why = format!("will not able to create pod with invalid DNS label: {last}");
            report.invalid("metadata.name", name, &why);
        }
    }
}

/// Whether a selector that the server chose selects this Job's pods and no others.
fn check_own_labels(report: &mut Report, job: &Job, spec: &JobSpec) {
    let Some(chosen) = spec.selector.as_ref().filter(|_| spec.manual_selector != Some(true)) else {
        return;
    };
    let uid = job.metadata.uid.clone().unwrap_or_default();
    let name = job.metadata.name.clone().unwrap_or_default();
    let labels = spec.template.metadata.as_ref().and_then(|meta| meta.labels.as_ref());
    let mut expected = std::collections::BTreeMap::new();
    for prefix in ["", "batch.kubernetes.io/"] {
        for (key, value) in [("controller-uid", &uid), ("job-name", &name)] {
            let key = format!("{prefix}{key}");
            let here = format!("spec.template.metadata.labels[{key}]");
            let why = format!("must be '{value}'");
            match labels.and_then(|labels| labels.get(&key)) {
                None => report.required(&here, &why),
                Some(given) if given != value => report.invalid(&here, Json(labels), &why),
                Some(_) => {}
            }
            expected.insert(key, value.clone());
        }
    }
    if !selector::LabelSelector::of(chosen).matches(Some(&expected)) {
        let shown = Own(Api(SELECTOR), chosen);
        report.invalid("spec.selector", shown, "`selector` not auto-generated");
    }
}

fn check_selector(report: &mut Report, spec: &JobSpec) {
    let usable = match &spec.selector {
        None => {
            report.required("spec.selector", "");
            true
        }
        Some(selector) => labels::check_selector(report, "spec.selector", selector),
    };
    let labels = spec.template.metadata.as_ref().and_then(|meta| meta.labels.as_ref());
    let selects = |selector: &LabelSelector| selector::LabelSelector::of(selector).matches(labels);
    if usable && !spec.selector.as_ref().is_some_and(selects) {
        let why = "`selector` does not match template `labels`";
        report.invalid("spec.template.metadata.labels", Json(labels), why);
    }
}

/// Text that is JSON already.
struct Raw(String);

impl Shown for Raw {
    fn shown(&self) -> String {
        self.0.clone()
    }
}

/// A changed Job.
pub(super) fn update(report: &mut Report, new: &Job, old: &Job) {
    metadata::update(report, &new.metadata, &old.metadata);
    let (spec, before) =
        (new.spec.clone().unwrap_or_default(), old.spec.clone().unwrap_or_default());
    check_own_labels(report, new, &spec);
    check_spec(report, "spec", &spec);
    check_selector(report, &spec);
    check_completions(report, &spec, &before);
    if spec.selector != before.selector {
        let shown = Own(Api(SELECTOR), &spec.selector);
        report.invalid("spec.selector", shown, "field is immutable");
    }
    check_template(report, &spec, &before, old);
    report.unchanged("spec.completionMode", &spec.completion_mode, &before.completion_mode);
    if spec.pod_failure_policy != before.pod_failure_policy {
        let shown = Own(Pointer(FAILURE_POLICY), &spec.pod_failure_policy);
        report.invalid("spec.podFailurePolicy", shown, "field is immutable");
    }
    let (limit, old_limit) = (spec.backoff_limit_per_index, before.backoff_limit_per_index);
    report.unchanged("spec.backoffLimitPerIndex", &limit, &old_limit);
    report.unchanged("spec.managedBy", &spec.managed_by, &before.managed_by);
    if spec.success_policy != before.success_policy {
        let shown = Own(Pointer(SUCCESS_POLICY), &spec.success_policy);
        report.invalid("spec.successPolicy", shown, "field is immutable");
    }
}

/// An indexed Job may grow or shrink together with its parallelism.
fn check_completions(report: &mut Report, spec: &JobSpec, before: &JobSpec) {
    if spec.completions == before.completions {
        return;
    }
    let path = "spec.completions";
    if spec.completion_mode.as_deref() != Some("Indexed") {
        report.invalid(path, Json(spec.completions), "field is immutable");
        return;
    }
    let together = before.completions.is_some()
        && spec.completions.is_some()
        && spec.parallelism == spec.completions;
    if !together {
        let why = "can only be modified in tandem with spec.parallelism";
        report.invalid(path, Json(spec.completions), why);
    }
}

/// A Job's pods stay as they are; of one that is suspended and never began, where they may run
/// and what they ask for can still change.
fn check_template(report: &mut Report, spec: &JobSpec, before: &JobSpec, old: &Job) {
    let mut then = before.template.clone();
    let idle = before.suspend == Some(true) && never_runs(old);
    if idle {
        let (now, into) =
            (spec.template.spec.clone().unwrap_or_default(), then.spec.get_or_insert_default());
        let node = now.affinity.as_ref().and_then(|affinity| affinity.node_affinity.clone());
        if now.affinity.is_some() || into.affinity.is_some() {
            into.affinity.get_or_insert_default().node_affinity = node;
            if now.affinity.is_none() && into.affinity == Some(Default::default()) {
                into.affinity = None;
            }
        }
        into.node_selector = now.node_selector;
        into.tolerations = now.tolerations;
        into.scheduling_gates = now.scheduling_gates;
        let meta = spec.template.metadata.clone().unwrap_or_default();
        let kept = then.metadata.get_or_insert_default();
        kept.annotations = meta.annotations;
        kept.labels = meta.labels;
        let now = spec.template.spec.clone().unwrap_or_default();
        let mut then = then.spec.unwrap_or_default();
        take_amounts(&mut then.containers, &now.containers);
        let mut first = then.init_containers.take().unwrap_or_default();
        take_amounts(&mut first, now.init_containers.as_deref().unwrap_or_default());
        then.init_containers = (!first.is_empty()).then_some(first);
        if now != then {
            let shown = Raw(pod::internal_spec(&now));
            report.invalid("spec.template.spec", shown, "field is immutable");
        }
    } else if spec.template != then {
        let template = Raw(pod::internal_template(&spec.template));
        report.invalid("spec.template", template, "field is immutable");
    }
}

/// Whether a suspended Job has no pods (`shouldAllowMutablePodTemplate`).
fn never_runs(job: &Job) -> bool {
    let status = job.status.clone().unwrap_or_default();
    let mut conditions = status.conditions.iter().flatten();
    let suspended = conditions.any(|one| one.type_ == "Suspended" && one.status == "True");
    (status.start_time.is_none() || suspended) && status.active.unwrap_or(0) == 0
}

/// Lets the containers of the same names ask for what others ask for.
fn take_amounts(containers: &mut [Container], of: &[Container]) {
    if containers.len() != of.len() {
        return;
    }
    for (container, other) in containers.iter_mut().zip(of) {
        if container.name == other.name {
            container.resources.clone_from(&other.resources);
        }
    }
}

fn check_spec(report: &mut Report, path: &str, spec: &JobSpec) {
    let at = |field: &str| format!("{path}.{field}");
    report.not_negative(&at("parallelism"), spec.parallelism);
    report.not_negative(&at("completions"), spec.completions);
    report.not_negative(&at("activeDeadlineSeconds"), spec.active_deadline_seconds);
    report.not_negative(&at("backoffLimit"), spec.backoff_limit);
    report.not_negative(&at("ttlSecondsAfterFinished"), spec.ttl_seconds_after_finished);
    report.not_negative(&at("backoffLimitPerIndex"), spec.backoff_limit_per_index);
    report.not_negative(&at("maxFailedIndexes"), spec.max_failed_indexes);
    if spec.max_failed_indexes.is_some() && spec.backoff_limit_per_index.is_none() {
        let why = "when maxFailedIndexes is specified";
        report.required(&at("backoffLimitPerIndex"), why);
    }
    if let Some(manager) = spec.managed_by.as_deref() {
        let here = at("managedBy");
        if manager.is_empty() {
            report.required(&here, "");
        } else {
            for (part, why) in names::domain_prefixed_path(manager) {
                report.invalid(&here, part, &why);
            }
        }
        if manager.len() > MAX_MANAGER {
            report.too_long(&here, MAX_MANAGER);
        }
    }
    check_mode(report, path, spec);
    check_failures(report, &at("podFailurePolicy"), spec);
    check_success(report, &at("successPolicy"), spec);
    let known: &[&str] = match &spec.pod_failure_policy {
        Some(_) => &["Failed"],
        None => &["Failed", "TerminatingOrFailed"],
    };
    let policy = spec.pod_replacement_policy.as_deref();
    report.one_of_if_given(&at("podReplacementPolicy"), policy, known);
    pod::check_template(report, &at("template"), &spec.template);
    check_restarts(report, &at("template.spec.restartPolicy"), spec);
}

fn check_restarts(report: &mut Report, path: &str, spec: &JobSpec) {
    let policy = spec.template.spec.as_ref().and_then(|spec| spec.restart_policy.as_deref());
    match policy.unwrap_or("") {
        "" | "Always" => {
            report.required(path, "valid values: \"OnFailure\", \"Never\"");
        }
        "OnFailure" if spec.pod_failure_policy.is_some() => {
            let why = "only \"Never\" is supported when podFailurePolicy is specified";
            report.invalid(path, "OnFailure", why);
        }
        other => report.one_of_if_given(path, Some(other), &["OnFailure", "Never"]),
    }
}

/// Whether pods have indexes, and what only they may have then.
fn check_mode(report: &mut Report, path: &str, spec: &JobSpec) {
    let at = |field: &str| format!("{path}.{field}");
    let mode = spec.completion_mode.as_deref();
    report.one_of_if_given(&at("completionMode"), mode, MODES);
    if mode == Some("Indexed") {
        check_indexed(report, path, spec);
    }
    if matches!(mode, None | Some("NonIndexed")) {
        let why = "requires indexed completion mode";
        if let Some(limit) = spec.backoff_limit_per_index {
            report.invalid(&at("backoffLimitPerIndex"), limit, why);
        }
        if let Some(most) = spec.max_failed_indexes {
            report.invalid(&at("maxFailedIndexes"), most, why);
        }
    }
}

fn check_indexed(report: &mut Report, path: &str, spec: &JobSpec) {
    let at = |field: &str| format!("{path}.{field}");
    if spec.completions.is_none() {
        report.required(&at("completions"), "when completion mode is Indexed");
    }
    if let Some(number) = spec.parallelism.filter(|number| *number > MAX_INDEXED) {
        let why =
            format!("must be less than or equal to {MAX_INDEXED} when completion mode is Indexed");
        report.invalid(&at("parallelism"), number, &why);
    }
    if let Some(most) = spec.max_failed_indexes {
        if spec.completions.is_some_and(|completions| most > completions) {
            let why = "must be less than or equal to completions";
            report.invalid(&at("maxFailedIndexes"), most, why);
        }
        if most > MAX_INDEXED {
            let why = format!("must be less than or equal to {MAX_INDEXED}");
            report.invalid(&at("maxFailedIndexes"), most, &why);
        }
    }
    let many = spec.completions.is_some_and(|completions| completions > MAX_INDEXED);
    if !many || spec.backoff_limit_per_index.is_none() {
        return;
    }
    if spec.max_failed_indexes.is_none() {
        let why = format!("must be specified when completions is above {MAX_INDEXED}");
        report.required(&at("maxFailedIndexes"), &why);
    }
    let why = format!(
        "must be less than or equal to {MAX_WITH_MANY} when completions are above {MAX_INDEXED} \
         and used with backoff limit per index"
    );
    for (field, number) in
        [("parallelism", spec.parallelism), ("maxFailedIndexes", spec.max_failed_indexes)]
    {
        if let Some(number) = number.filter(|number| *number > MAX_WITH_MANY) {
            report.invalid(&at(field), number, &why);
        }
    }
}

/// `valid values: ["Count" "FailJob"]`, as Go prints a list of quoted texts.
fn valid_values(values: &[&str]) -> String {
    let quoted: Vec<String> = values.iter().map(|value| format!("{value:?}")).collect();
    format!("valid values: [{}]", quoted.join(" "))
}

/// What becomes of the Job when its pods fail.
fn check_failures(report: &mut Report, path: &str, spec: &JobSpec) {
    let Some(policy) = &spec.pod_failure_policy else { return };
    let path = format!("{path}.rules");
    if policy.rules.len() > MAX_RULES {
        report.too_many(&path, policy.rules.len(), MAX_RULES);
    }
    for (index, rule) in policy.rules.iter().enumerate() {
        check_failure(report, &format!("{path}[{index}]"), rule, spec);
    }
}

fn check_failure(report: &mut Report, path: &str, rule: &PodFailurePolicyRule, spec: &JobSpec) {
    let here = format!("{path}.action");
    match rule.action.as_str() {
        "" => report.required(&here, &valid_values(ACTIONS)),
        "FailIndex" if spec.backoff_limit_per_index.is_none() => {
            report.invalid(&here, "FailIndex", "requires the backoffLimitPerIndex to be set");
        }
        action => report.one_of_if_given(&here, Some(action), ACTIONS),
    }
    if let Some(codes) = &rule.on_exit_codes {
        check_exit_codes(report, &format!("{path}.onExitCodes"), codes, spec);
    }
    let conditions = rule.on_pod_conditions.as_deref().unwrap_or_default();
    let at_conditions = format!("{path}.onPodConditions");
    if conditions.len() > MAX_RULES {
        report.too_many(&at_conditions, conditions.len(), MAX_RULES);
    }
    for (index, condition) in conditions.iter().enumerate() {
        let here = format!("{at_conditions}[{index}]");
        let kind = &condition.type_;
        report.invalid_for(&format!("{here}.type"), kind, names::qualified_name(kind));
        let here = format!("{here}.status");
        match condition.status.as_deref().unwrap_or("") {
            "" => report.required(&here, &valid_values(STATUSES)),
            status => report.one_of_if_given(&here, Some(status), STATUSES),
        }
    }
    match (&rule.on_exit_codes, conditions.is_empty()) {
        (Some(_), false) => {
            let why = "specifying both OnExitCodes and OnPodConditions is not supported";
            report.contradictory(path, why);
        }
        (None, true) => {
            let why = "specifying one of OnExitCodes and OnPodConditions is required";
            report.contradictory(path, why);
        }
        _ => {}
    }
}

fn check_exit_codes(
    report: &mut Report,
    path: &str,
    codes: &PodFailurePolicyOnExitCodesRequirement,
    spec: &JobSpec,
) {
    let here = format!("{path}.operator");
    match codes.operator.as_str() {
        "" => report.required(&here, &valid_values(OPERATORS)),
        operator => report.one_of_if_given(&here, Some(operator), OPERATORS),
    }
    if let Some(name) = &codes.container_name {
        let pod = spec.template.spec.clone().unwrap_or_default();
        let mut all = pod.containers.iter().chain(pod.init_containers.iter().flatten());
        if !all.any(|container| container.name == *name) {
            let why = "must be one of the container or initContainer names in the pod template";
            report.invalid(&format!("{path}.containerName"), name.as_str(), why);
        }
    }
    let path = format!("{path}.values");
    let values = &codes.values;
    if values.is_empty() {
        report.invalid(&path, Json(None::<i32>), "at least one value is required");
    } else if values.len() > MAX_EXIT_CODES {
        report.too_many(&path, values.len(), MAX_EXIT_CODES);
    }
    for (index, value) in values.iter().enumerate() {
        let here = format!("{path}[{index}]");
        if codes.operator == "In" && *value == 0 {
            report.invalid(&here, *value, "must not be 0 for the In operator");
        }
        if values[..index].contains(value) {
            report.duplicate(&here, *value);
        }
    }
    if !values.is_sorted() {
        report.invalid(&path, Json(values), "must be ordered");
    }
}

/// When enough of an indexed Job has succeeded.
fn check_success(report: &mut Report, path: &str, spec: &JobSpec) {
    let Some(policy) = &spec.success_policy else { return };
    if spec.completion_mode.as_deref() != Some("Indexed") {
        let shown = Own(Pointer(SUCCESS_POLICY), policy);
        report.invalid(path, shown, "requires indexed completion mode");
        return;
    }
    let path = format!("{path}.rules");
    if policy.rules.is_empty() {
        let why = "at least one rules must be specified when the successPolicy is specified";
        report.required(&path, why);
    }
    if policy.rules.len() > MAX_RULES {
        report.too_many(&path, policy.rules.len(), MAX_RULES);
    }
    for (index, rule) in policy.rules.iter().enumerate() {
        check_enough(report, &format!("{path}[{index}]"), rule, spec.completions.unwrap_or(0));
    }
}

fn check_enough(report: &mut Report, path: &str, rule: &SuccessPolicyRule, completions: i32) {
    if rule.succeeded_count.is_none() && rule.succeeded_indexes.is_none() {
        let why = "at least one of succeededCount or succeededIndexes must be specified";
        report.required(path, why);
    }
    let mut total = 0;
    if let Some(text) = rule.succeeded_indexes.as_deref() {
        match indexes(text, completions) {
            Ok(count) => total = count,
            Err(why) => {
                let why = format!("error parsing succeededIndexes: {why}");
                report.invalid(&format!("{path}.succeededIndexes"), text, &why);
            }
        }
    }
    let Some(count) = rule.succeeded_count else { return };
    let here = format!("{path}.succeededCount");
    report.not_negative(&here, Some(count));
    if count > completions {
        let why = format!(
            "must be less than or equal to {completions} (the number of specified completions)"
        );
        report.invalid(&here, count, &why);
    }
    if rule.succeeded_indexes.is_some() && count > total {
        let why = format!(
            "must be less than or equal to {total} (the number of indexes in the specified \
             succeededIndexes field)"
        );
        report.invalid(&here, count, &why);
    }
}

/// How many indexes `1,3-5` names; each must be larger than the one before it
/// (`validateIndexesFormat`).
pub(super) fn indexes(text: &str, completions: i32) -> Result<i32, String> {
    let mut total = 0;
    let mut last: Option<i32> = None;
    if text.is_empty() {
        return Ok(0);
    }
    for part in text.split(',') {
        let (first, end) = interval(part, completions)?;
        if let Some(last) = last.filter(|last| *last >= first) {
            return Err(format!("non-increasing order, previous: {last}, current: {first}"));
        }
        total += end - first + 1;
        last = Some(end);
    }
    Ok(total)
}

/// The first and the last index of `3-5`, or `3` twice (`parseIndexInterval`).
pub(super) fn interval(part: &str, completions: i32) -> Result<(i32, i32), String> {
    let ends: Vec<&str> = part.split('-').collect();
    if ends.len() > 2 {
        return Err(format!(
            "the fragment {part:?} violates the requirement that an index interval can have \
             at most two parts separated by '-'"
        ));
    }
    let index = |text: &str| {
        let number: i64 = text
            .parse()
            .map_err(|_| format!("cannot convert string to integer for index: {text:?}"))?;
        let small = i32::try_from(number).ok().filter(|number| *number < completions);
        small.ok_or_else(|| format!("too large index: {text:?}"))
    };
    let first = index(ends[0])?;
    let Some(end) = ends.get(1) else { return Ok((first, first)) };
    let end = index(end)?;
    if first >= end {
        return Err(format!("non-increasing order, previous: {first}, current: {end}"));
    }
    Ok((first, end))
}

/// A new or changed CronJob.
pub(super) fn check_cron_job(report: &mut Report, job: &CronJob, old: Option<&CronJob>) {
    match old {
        None => metadata::create(report, &job.metadata, true, names::dns_subdomain),
        Some(old) => metadata::update(report, &job.metadata, &old.metadata),
    }
    check_cron_spec(report, &job.spec, old.map(|old| &old.spec));
    let name = job.metadata.name.as_deref().unwrap_or("");
    if old.is_none() && name.len() > MAX_CRON_JOB_NAME {
        let why = format!("must be no more than {MAX_CRON_JOB_NAME} characters");
        report.invalid("metadata.name", name, &why);
    }
}

fn check_cron_spec(report: &mut Report, spec: &CronJobSpec, old: Option<&CronJobSpec>) {
    check_schedule(report, spec, old);
    report.not_negative("spec.startingDeadlineSeconds", spec.starting_deadline_seconds);
    if old.is_none_or(|old| old.time_zone != spec.time_zone) {
        check_time_zone(report, "spec.timeZone", spec.time_zone.as_deref());
    }
    let policy = spec.concurrency_policy.as_deref();
    report.one_of("spec.concurrencyPolicy", policy, CONCURRENCY);
    let path = "spec.jobTemplate.spec";
    let job = spec.job_template.spec.clone().unwrap_or_default();
    check_spec(report, path, &job);
    if let Some(selector) = &job.selector {
        let shown = Own(Api(SELECTOR), selector);
        report.invalid(&format!("{path}.selector"), shown, "`selector` will be auto-generated");
    }
    if job.manual_selector == Some(true) {
        let here = format!("{path}.manualSelector");
        report.unsupported(&here, Json(true), &["nil", "false"]);
    }
    report.not_negative("spec.successfulJobsHistoryLimit", spec.successful_jobs_history_limit);
    report.not_negative("spec.failedJobsHistoryLimit", spec.failed_jobs_history_limit);
}

fn check_schedule(report: &mut Report, spec: &CronJobSpec, old: Option<&CronJobSpec>) {
    let path = "spec.schedule";
    let schedule = spec.schedule.as_str();
    if schedule.is_empty() {
        report.required(path, "");
        return;
    }
    if let Err(why) = Schedule::parse(schedule, &TimeZone::UTC) {
        report.invalid(path, schedule, &why);
    }
    let had_one = old.is_some_and(|old| old.schedule.contains("TZ"));
    if schedule.contains("TZ") && !had_one {
        let why = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead";
        report.invalid(path, schedule, why);
    } else if schedule.contains("TZ") && spec.time_zone.is_some() {
        let why = "cannot use both timeZone field and TZ or CRON_TZ in schedule";
        report.invalid(path, schedule, why);
    }
}

fn check_time_zone(report: &mut Report, path: &str, zone: Option<&str>) {
    let Some(zone) = zone else { return };
    if zone.is_empty() {
        report.invalid(path, zone, "timeZone must be nil or non-empty string");
        return;
    }
    let known = |b: u8| b.is_ascii_alphanumeric() || b".-_+".contains(&b);
    let odd = zone.split('/').any(|part| {
        matches!(part, "." | "..")
            || part.starts_with('-')
            || !(1..=14).contains(&part.len())
            || !part.bytes().all(known)
    });
    if odd {
        report.invalid(path, zone, &format!("unknown time zone {zone}"));
        return;
    }
    if zone.eq_ignore_ascii_case("local") {
        let why = "timeZone must be an explicit time zone as defined in \
                   https://www.iana.org/time-zones";
        report.invalid(path, zone, why);
    }
    // The library knows its own machine's zone by this name.
    if zone != "Local"
        && let Err(why) = cron::time_zone(zone)
    {
        report.invalid(path, zone, &why);
    }
}
