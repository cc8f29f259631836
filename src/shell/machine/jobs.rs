//! Background commands: they go on whenever the shell does.

use std::sync::Arc;

use super::frame::{Job, Target};
use super::{Io, Machine, Order, Stdin, Step};
use crate::clock::SimTime;
use crate::shell::syntax::List;

impl Machine {
    /// Goes on with background commands; when the next of them is due.
    pub(super) fn step_jobs(&mut self, io: &mut Io<'_>) -> Option<SimTime> {
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
            files: io.files,
            ui_requests: io.ui_requests,
            prompt: io.prompt,
            order: &mut order,
            budget: io.budget,
        });
        let own = std::mem::replace(&mut self.descriptors, job.descriptors.clone());
        self.deliver(io, &output, &errors, &order);
        self.descriptors = own;
        step
    }

    pub(super) fn start_job(&mut self, io: &mut Io<'_>, list: List) {
        let Some(mut machine) = self.children(3) else { return self.no_more_shells(io) };
        machine.push_list(Arc::new(list));
        self.jobs.retain(|job| job.status.is_none());
        if self.jobs.len() >= 32 {
            return self.no_more_shells(io);
        }
        let last = self.state.last_job.unwrap_or(self.state.pid);
        let pid = last + 1;
        self.state.last_job = Some(pid);
        self.state.status = 0;
        if self.state.interactive && io.terminal {
            let number = self.jobs.len() + 1;
            self.write_error(io, &format!("[{number}] {pid}"));
        }
        let descriptors = self.descriptors.clone();
        let (stdin, status, adopted) = (Stdin::default(), None, false);
        self.jobs.push(Job { pid, machine, stdin, descriptors, status, adopted });
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
