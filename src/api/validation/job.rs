//! Jobs and CronJobs.

use k8s_openapi::api::batch::v1::{CronJob, CronJobSpec, Job, JobSpec};

use super::report::{Json, Report, Shown};
use super::{labels, metadata, names, pod};
use crate::api::selector::LabelSelector;

const MODES: &[&str] = &["NonIndexed", "Indexed"];
const CONCURRENCY: &[&str] = &["Allow", "Forbid", "Replace"];

/// The longest name of a CronJob: its Jobs' names have eleven characters more.
const MAX_CRON_JOB_NAME: usize = 52;

/// A new Job.
pub(super) fn create(report: &mut Report, job: &Job) {
    metadata::create(report, &job.metadata, true, names::dns_subdomain);
    let spec = job.spec.clone().unwrap_or_default();
    check_spec(report, "spec", &spec);
    match &spec.selector {
        None => report.required("spec.selector", ""),
        Some(selector) => {
            labels::check_selector(report, "spec.selector", selector);
            let labels = spec.template.metadata.as_ref().and_then(|meta| meta.labels.as_ref());
            if !LabelSelector::of(selector).matches(labels) {
                let why = "`selector` does not match template `labels`";
                report.invalid("spec.template.metadata.labels", Json(labels), why);
            }
        }
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
    check_spec(report, "spec", &spec);
    let indexed = spec.completion_mode.as_deref() == Some("Indexed");
    if !indexed {
        report.unchanged("spec.completions", &spec.completions, &before.completions);
    }
    report.unchanged("spec.selector", &spec.selector, &before.selector);
    if spec.template != before.template {
        let template = Raw(pod::internal_template(&spec.template));
        report.invalid("spec.template", template, "field is immutable");
    }
    report.unchanged("spec.completionMode", &spec.completion_mode, &before.completion_mode);
    report.unchanged("spec.podFailurePolicy", &spec.pod_failure_policy, &before.pod_failure_policy);
    let (limit, old_limit) = (spec.backoff_limit_per_index, before.backoff_limit_per_index);
    report.unchanged("spec.backoffLimitPerIndex", &limit, &old_limit);
}

fn check_spec(report: &mut Report, path: &str, spec: &JobSpec) {
    let at = |field: &str| format!("{path}.{field}");
    report.not_negative(&at("parallelism"), spec.parallelism);
    report.not_negative(&at("completions"), spec.completions);
    report.not_negative(&at("activeDeadlineSeconds"), spec.active_deadline_seconds);
    report.not_negative(&at("backoffLimit"), spec.backoff_limit);
    report.not_negative(&at("ttlSecondsAfterFinished"), spec.ttl_seconds_after_finished);
    if let Some(mode) = spec.completion_mode.as_deref() {
        if !MODES.contains(&mode) {
            report.unsupported(&at("completionMode"), mode, MODES);
        }
        if mode == "Indexed" && spec.completions.is_none() {
            let why = "when completion mode is Indexed";
            report.required(&at("completions"), why);
        }
    }
    pod::check_template(report, &at("template"), &spec.template);
    let policy = spec.template.spec.as_ref().and_then(|spec| spec.restart_policy.as_deref());
    if !matches!(policy, Some("OnFailure" | "Never")) {
        let why = "valid values: \"OnFailure\", \"Never\"";
        report.required(&at("template.spec.restartPolicy"), why);
    }
}

/// A new or changed CronJob.
pub(super) fn check_cron_job(report: &mut Report, job: &CronJob, old: Option<&CronJob>) {
    match old {
        None => metadata::create(report, &job.metadata, true, names::dns_subdomain),
        Some(old) => metadata::update(report, &job.metadata, &old.metadata),
    }
    check_cron_spec(report, &job.spec);
    let name = job.metadata.name.as_deref().unwrap_or("");
    if old.is_none() && name.len() > MAX_CRON_JOB_NAME {
        let why = format!("must be no more than {MAX_CRON_JOB_NAME} characters");
        report.invalid("metadata.name", name, &why);
    }
}

fn check_cron_spec(report: &mut Report, spec: &CronJobSpec) {
    match spec.schedule.as_str() {
        "" => report.required("spec.schedule", ""),
        schedule => {
            if let Some(why) = schedule_fault(schedule) {
                report.invalid("spec.schedule", schedule, &why);
            }
        }
    }
    report.not_negative("spec.startingDeadlineSeconds", spec.starting_deadline_seconds);
    let policy = spec.concurrency_policy.as_deref();
    report.one_of("spec.concurrencyPolicy", policy, CONCURRENCY);
    let job = spec.job_template.spec.clone().unwrap_or_default();
    check_spec(report, "spec.jobTemplate.spec", &job);
    report.not_negative("spec.successfulJobsHistoryLimit", spec.successful_jobs_history_limit);
    report.not_negative("spec.failedJobsHistoryLimit", spec.failed_jobs_history_limit);
}

/// What is wrong with a schedule, in the words of the library that the server uses.
fn schedule_fault(schedule: &str) -> Option<String> {
    if let Some(word) = schedule.strip_prefix('@') {
        let known = ["yearly", "annually", "monthly", "weekly", "daily", "midnight", "hourly"];
        let every = word.strip_prefix("every ").is_some_and(|text| !text.trim().is_empty());
        let fine = known.contains(&word) || every;
        return (!fine).then(|| format!("unrecognized descriptor: {schedule}"));
    }
    let fields: Vec<&str> = schedule.split_whitespace().collect();
    if fields.len() != 5 {
        let found = fields.len();
        let quoted: Vec<String> = fields.iter().map(|field| (*field).to_owned()).collect();
        return Some(format!("expected exactly 5 fields, found {found}: [{}]", quoted.join(" ")));
    }
    let bounds = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 6)];
    fields.iter().zip(bounds).find_map(|(field, bounds)| field_fault(field, bounds))
}

fn field_fault(field: &str, (least, most): (u32, u32)) -> Option<String> {
    field.split(',').find_map(|part| {
        let (range, step) = part.split_once('/').unwrap_or((part, "1"));
        if step.parse::<u32>().is_err() {
            return Some(format!(
                "failed to parse int from {step}: strconv.Atoi: parsing \"{step}\": invalid syntax"
            ));
        }
        if matches!(range, "*" | "?") {
            return None;
        }
        let (low, high) = range.split_once('-').unwrap_or((range, range));
        let mut ends = Vec::new();
        for end in [low, high] {
            match number(end) {
                Some(number) => ends.push(number),
                None => {
                    return Some(format!(
                        "failed to parse int from {end}: strconv.Atoi: parsing \"{end}\": invalid \
                         syntax"
                    ));
                }
            }
        }
        let (low, high) = (ends[0], ends[1]);
        if low < least {
            return Some(format!("beginning of range ({low}) below minimum ({least}): {part}"));
        }
        if high > most {
            return Some(format!("end of range ({high}) above maximum ({most}): {part}"));
        }
        let backwards = format!("beginning of range ({low}) beyond end of range ({high}): {part}");
        (low > high).then_some(backwards)
    })
}

/// A number, or the name of a month or weekday.
fn number(text: &str) -> Option<u32> {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
    let lower = text.to_lowercase();
    let place = |names: &[&str]| names.iter().position(|name| *name == lower);
    let named = place(&MONTHS).map(|at| at as u32 + 1).or(place(&DAYS).map(|at| at as u32));
    text.parse().ok().or(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_are_read_as_cron_reads_them() {
        for fine in ["*/5 * * * *", "0 3 * * mon-fri", "@hourly", "0,30 1-5/2 * jan ?"] {
            assert_eq!(schedule_fault(fine), None, "{fine}");
        }
        let fault = |schedule: &str| schedule_fault(schedule).unwrap_or_default();
        assert_eq!(fault("* * *"), "expected exactly 5 fields, found 3: [* * *]");
        assert_eq!(fault("60 * * * *"), "end of range (60) above maximum (59): 60");
        assert_eq!(fault("@often"), "unrecognized descriptor: @often");
    }
}
