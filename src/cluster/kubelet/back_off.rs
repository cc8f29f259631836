//! What follows a container's end: another start, at once or after a while (R3.6).

use std::time::Duration;

use super::container::{State, Terminated};
use super::worker::{Host, Worker};
use crate::clock::SimTime;

/// How long the kubelet shows the end itself before it tells of a crash loop.
pub(super) const NOTICE: Duration = Duration::from_secs(1);

/// The container's process has ended.
pub(super) fn ended(worker: &mut Worker, index: usize, now: SimTime, exit: i32) {
    if worker.post_start == Some(index) {
        worker.post_start = None;
    }
    let policy = worker.restart_policy().to_owned();
    let ends = worker.deletion.is_some() || worker.ending;
    let changed = is_changed(worker, index);
    let message = last_words(worker, index, exit);
    let container = &mut worker.containers[index];
    let ran = container.running_since().map(|since| now.since(since)).unwrap_or_default();
    container.end(now, exit, message);
    worker.stale = true;
    if ends || !container.restarts_after(exit, &policy) {
        return;
    }
    // A container whose image was changed is not at fault.
    let wait = if changed { Duration::ZERO } else { container.crashes.crash(ran) };
    container.put_off(now, wait, NOTICE);
}

/// What the container left in its termination message file, or else, where its policy says so, the
/// end of its log.
fn last_words(worker: &Worker, index: usize, exit: i32) -> String {
    const LONGEST: usize = 4096;
    const LINES: usize = 80;
    let Some(spec) = worker.spec_of(index) else { return String::new() };
    let container = &worker.containers[index];
    let path = spec.termination_message_path.as_deref().unwrap_or("/dev/termination-log");
    if let Some(Some(file)) = container.files.get(path) {
        return String::from_utf8_lossy(&file[..file.len().min(LONGEST)]).into_owned();
    }
    let from_log = spec.termination_message_policy.as_deref() == Some("FallbackToLogsOnError");
    if !from_log || exit == 0 {
        return String::new();
    }
    let lines = container.log.lines();
    let last = lines.values().skip(lines.len().saturating_sub(LINES));
    last.map(|(_, line)| format!("{line}\n")).collect()
}

/// Whether the container has another image than the specification says.
pub(super) fn is_changed(worker: &Worker, index: usize) -> bool {
    let wanted = worker.spec_of(index).and_then(|spec| spec.image.as_deref());
    wanted.is_some_and(|wanted| wanted != worker.containers[index].image_reference)
}

/// Tells that the next start, or the next pull, is put off.
pub(super) fn tell_back_off(worker: &mut Worker, index: usize, host: &mut Host<'_>) {
    let container = &mut worker.containers[index];
    container.back_off_told_at = None;
    match container.state.clone() {
        State::Terminated(end) => tell_crash_loop(worker, index, end, host),
        State::Waiting { reason: "ErrImagePull", message } => {
            tell_pull_back_off(worker, index, &message, host);
        }
        _ => {}
    }
}

fn tell_crash_loop(worker: &mut Worker, index: usize, end: Terminated, host: &mut Host<'_>) {
    let full_name = worker.full_name();
    let container = &mut worker.containers[index];
    let wait = go_duration(container.not_before.since(end.finished));
    let name = container.name.clone();
    let message = format!("back-off {wait} restarting failed container={name} pod={full_name}");
    container.last = Some(end);
    container.wait("CrashLoopBackOff", message);
    worker.stale = true;
    let told = format!("Back-off restarting failed container {name} in pod {full_name}");
    worker.tell_of(host, index, true, "BackOff", &told);
}

fn tell_pull_back_off(worker: &mut Worker, index: usize, error: &str, host: &mut Host<'_>) {
    let container = &mut worker.containers[index];
    let told = format!("Back-off pulling image \"{}\"", container.image_reference);
    container.wait("ImagePullBackOff", format!("{told}: ErrImagePull: {error}"));
    worker.stale = true;
    worker.tell_of(host, index, false, "BackOff", &told);
    worker.tell_of(host, index, true, "Failed", "Error: ImagePullBackOff");
}

/// A duration of whole seconds as Go prints it: `10s`, `1m20s`, `5m0s`.
pub fn go_duration(duration: Duration) -> String {
    match duration.as_secs() {
        seconds @ 0..60 => format!("{seconds}s"),
        seconds => format!("{}m{}s", seconds / 60, seconds % 60),
    }
}
