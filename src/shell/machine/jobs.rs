//! Background commands: they go on whenever the shell does, and while it waits at its prompt.

use std::sync::Arc;

use super::frame::{Feed, Job, Target};
use super::{Io, Machine, Order, Stdin, Step};
use crate::clock::SimTime;
use crate::shell::syntax::{Dialect, List};

impl Machine {
    /// Goes on with background commands; when the next of them is due.
    pub fn step_jobs(&mut self, io: &mut Io<'_>) -> Option<SimTime> {
        let mut wake: Option<SimTime> = None;
        for mut job in std::mem::take(&mut self.jobs) {
            if job.status.is_none() {
                match self.step_job(io, &mut job) {
                    Step::Exit(status) => job.status = Some(status),
                    Step::Until(at) => wake = Some(wake.map_or(at, |wake| wake.min(at))),
                    Step::Input => {}
                }
            }
            self.jobs.push(job);
        }
        wake
    }

    pub(super) fn step_job(&mut self, io: &mut Io<'_>, job: &mut Job) -> Step {
        self.feed(io, job);
        let (mut output, mut errors, mut order) = (Vec::new(), Vec::new(), Order::default());
        let step = job.machine.step(&mut Io {
            cluster: io.cluster,
            place: &self.state.place,
            stdin: &mut job.stdin,
            stdout: &mut output,
            stderr: &mut errors,
            terminal: io.terminal,
            environment: io.environment,
            directory: &self.state.directory,
            umask: self.state.umask,
            files: io.files,
            ui_requests: io.ui_requests,
            prompt: io.prompt,
            order: &mut order,
            budget: io.budget,
        });
        let own = std::mem::replace(&mut self.descriptors, job.descriptors.clone());
        self.deliver(io, &output, &errors, &order);
        self.take_over(io, &mut job.machine);
        self.descriptors = own;
        step
    }

    /// What was written to the file of a `>( … )` since, and whether more may come.
    fn feed(&self, io: &Io<'_>, job: &mut Job) {
        let Some(feed) = &mut job.feed else { return };
        let written = self.files_of(io).read(&feed.path).unwrap_or_default();
        job.stdin.bytes.extend(written.iter().skip(feed.taken));
        feed.taken = feed.taken.max(written.len());
    }

    /// Begins the commands of a `>( … )`, which read what is written to `path`.
    pub(super) fn start_consumer(&mut self, io: &mut Io<'_>, path: &str, list: Arc<List>) {
        let (status, shown) = (self.state.status, std::mem::take(&mut self.state.interactive));
        self.start_job(io, list, String::new());
        (self.state.status, self.state.interactive) = (status, shown);
        if let Some(job) = self.jobs.last_mut() {
            job.feed = Some(Feed { path: path.to_owned(), taken: 0 });
            (job.stdin.piped, job.adopted) = (true, true);
        }
    }

    /// Nothing more is written to the file of a `>( … )`, or to any; a descriptor that leads there keeps it open.
    pub(super) fn end_feeds(&mut self, io: &mut Io<'_>, path: Option<&str>) {
        let held = |path: &str| {
            let others = self.descriptors.others.values();
            others
                .chain([&self.descriptors.output, &self.descriptors.error])
                .any(|target| matches!(target, Target::File(file) if **file == *path))
        };
        if path.is_some_and(held) || self.jobs.iter().all(|job| job.feed.is_none()) {
            return;
        }
        let mut jobs = std::mem::take(&mut self.jobs);
        for job in &mut jobs {
            self.feed(io, job);
            if job.feed.as_ref().is_some_and(|feed| path.is_none_or(|path| feed.path == path)) {
                (job.stdin.piped, job.feed) = (false, None);
            }
        }
        self.jobs = jobs;
        self.step_jobs(io);
    }

    pub(super) fn start_job(&mut self, io: &mut Io<'_>, list: Arc<List>, text: String) {
        let Some(mut machine) = self.children(io, 3) else { return self.no_more_shells(io) };
        machine.push_list(list);
        // bash can tell of those that have ended, as long as nobody asks for all.
        let over = self.jobs.iter().filter_map(|job| Some((job.pid, job.status?)));
        self.ended.extend(over);
        let place = self.free_place();
        if self.jobs.len() >= 32 {
            return self.no_more_shells(io);
        }
        let pid = machine.state.own_pid;
        self.state.last_job = Some(pid);
        self.state.status = 0;
        let number = self.jobs.iter().filter(|job| !job.adopted).map(|job| job.number).max();
        let number = place.unwrap_or(number.unwrap_or(0) + 1);
        if self.state.interactive && io.terminal {
            self.write_error(io, &format!("[{number}] {pid}"));
        }
        let descriptors = self.descriptors.clone();
        let (stdin, status, adopted, feed) = (Stdin::default(), None, false, None);
        let waited = false;
        self.jobs.push(Job {
            pid,
            number,
            text,
            machine,
            stdin,
            descriptors,
            status,
            waited,
            adopted,
            feed,
        });
    }

    /// Forgets what has ended: bash all of it, the almquist shells the first that was waited for, whose
    /// number the next one takes.
    fn free_place(&mut self) -> Option<usize> {
        if self.state.dialect == Dialect::Bash {
            self.jobs.retain(|job| job.status.is_none());
            return None;
        }
        let over = self.jobs.iter().filter(|job| job.status.is_some() && job.waited);
        let number = over.map(|job| job.number).min()?;
        self.jobs.retain(|job| job.number != number || job.adopted);
        Some(number)
    }

    /// What a subshell has left in the background goes on after it.
    pub(super) fn adopt(&mut self, child: &mut Machine) {
        let running = std::mem::take(&mut child.jobs);
        for mut job in running.into_iter().filter(|job| job.status.is_none()) {
            // The subshell's own output is what this shell's was.
            for target in [&mut job.descriptors.output, &mut job.descriptors.error] {
                match target {
                    Target::Output => *target = self.descriptors.output.clone(),
                    Target::Error => *target = self.descriptors.error.clone(),
                    _ => {}
                }
            }
            job.adopted = true;
            self.jobs.push(job);
        }
    }

    pub(super) fn running_jobs(&self) -> usize {
        self.jobs.iter().filter(|job| job.status.is_none()).count()
    }
}
