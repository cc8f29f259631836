//! `kubectl rollout status`: says at every change how far a rollout has come.

use std::time::Duration;

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, StatefulSet};

use super::super::super::super::tool::{Io, Step};
use super::super::client::Client;
use super::super::command::{self, Command};
use super::super::flags::{Flag, Takes, typed};
use super::super::{Call, Failure, Next, Outcome, Task};
use super::{REVISION, nothing_found, objects};
use crate::api::{Action, Object};
use crate::clock::SimTime;
use crate::cluster::{Did, ObjectName};

pub(super) static COMMAND: Command = Command {
    name: "status",
    short: "Show the status of the rollout",
    usage: "(TYPE NAME | TYPE/NAME) [flags]",
    flags: &[FLAGS, command::FILENAME, command::SELECTOR],
    run,
    ..command::PLAIN
};

const FLAGS: &[Flag] = &[
    Flag {
        long: "watch",
        short: Some('w'),
        takes: Takes::Switch,
        default: "true",
        help: "Wait until the rollout is done.",
    },
    typed("revision", Takes::Number, "0", "The revision that is waited for."),
    typed("timeout", Takes::Duration, "0s", "How long to wait; 0: as long as it takes."),
];

/// How often it is looked for changes.
const PERIOD: Duration = Duration::from_millis(50);

fn run(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let revision = call.arguments.number("revision").unwrap_or(0);
    if revision < 0 {
        return Err(Failure::message(format!("revision must be a positive integer: {revision}")));
    }
    let (objects, failures) = objects(&mut call, io)?;
    if objects.is_empty() && failures.is_empty() {
        nothing_found(&call, io);
    }
    let watch = !call.arguments.given("watch") || call.arguments.on("watch");
    let timeout = call.arguments.duration("timeout").filter(|timeout| !timeout.is_zero());
    let mut queue = objects;
    queue.reverse();
    Ok(Next::Wait(Box::new(Watch {
        queue,
        current: None,
        begun: false,
        watch,
        revision,
        timeout,
        until: None,
        since: io.cluster.objects().revision(),
        client: call.client,
        failures,
    })))
}

/// Rollouts that are watched, one after the other.
#[derive(Clone)]
struct Watch {
    /// What comes later, last first.
    queue: Vec<Object>,
    /// The object of the moment.
    current: Option<Object>,
    /// Whether it has been looked at.
    begun: bool,
    watch: bool,
    revision: i64,
    /// How long each may take.
    timeout: Option<Duration>,
    until: Option<SimTime>,
    since: u64,
    client: Client,
    /// What was not found or failed, which is told at the end.
    failures: Vec<Failure>,
}

impl Task for Watch {
    fn step(&mut self, io: &mut Io<'_>) -> Result<Step, Failure> {
        loop {
            // One that fails keeps nobody from looking at the next.
            let done = self.advance(io).unwrap_or_else(|failure| {
                self.failures.push(failure);
                true
            });
            if !done {
                return Ok(Step::Until(io.now() + PERIOD));
            }
            self.current = self.queue.pop();
            if self.current.is_none() {
                let failures = std::mem::take(&mut self.failures);
                return Failure::of(failures).map_or(Ok(Step::Exit(0)), Err);
            }
            self.begun = false;
        }
    }
}

/// Notes that a rollout was not done, for whoever asks why.
fn unfinished(io: &mut Io<'_>, object: &Object) {
    let (namespace, name) = (object.namespace().to_owned(), object.name().to_owned());
    let object = ObjectName { kind: object.kind(), namespace, name };
    io.cluster.note(io.place, Did::RolloutUnfinished { object });
}

impl Watch {
    /// Looks at the object of the moment, and says whether its turn is over.
    fn advance(&mut self, io: &mut Io<'_>) -> Result<bool, Failure> {
        let Some(object) = self.current.clone() else { return Ok(true) };
        let namespace = object.namespace().to_owned();
        if !self.begun {
            self.begun = true;
            self.since = io.cluster.objects().revision();
            self.until = self.timeout.map(|timeout| io.now() + timeout);
            let fresh = self.client.get_in(io, object.kind(), namespace, object.name())?;
            return self.tell(io, &fresh);
        }
        let (changes, revision) =
            self.client.changes(io, object.kind(), Some(namespace), self.since)?;
        self.since = revision.max(self.since);
        let same = |other: &Object| other.metadata().uid == object.metadata().uid;
        for change in changes.iter().filter(|change| same(&change.object)) {
            if change.action == Action::Deleted {
                return Err(Failure::message("object has been deleted"));
            }
            let told = self.tell(io, &change.object);
            if told.is_err() {
                unfinished(io, &object);
            }
            if told? {
                return Ok(true);
            }
        }
        if self.until.is_some_and(|until| io.now() >= until) {
            unfinished(io, &object);
            return Err(Failure::message("timed out waiting for the condition"));
        }
        Ok(false)
    }

    /// Says how far an object has come, and whether that is the end of it.
    fn tell(&self, io: &mut Io<'_>, object: &Object) -> Result<bool, Failure> {
        let (text, done) = match object {
            Object::Deployment(it) => deployment(it, self.revision)?,
            Object::DaemonSet(it) => daemon_set(it)?,
            Object::StatefulSet(it) => stateful_set(it)?,
            other => {
                let info = other.kind().info();
                let dot = if info.group.is_empty() { "" } else { "." };
                let kind = format!("{}{dot}{}", info.name, info.group);
                let text = format!("no status viewer has been implemented for {kind}");
                return Err(Failure::message(text));
            }
        };
        io.say(text);
        Ok(done || !self.watch)
    }
}

fn deployment(deployment: &Deployment, revision: i64) -> Result<(String, bool), Failure> {
    let name = deployment.metadata.name.as_deref().unwrap_or("");
    let status = deployment.status.clone().unwrap_or_default();
    if revision > 0 {
        let annotations = deployment.metadata.annotations.as_ref();
        let running = annotations.and_then(|a| a.get(REVISION)?.parse::<i64>().ok()).unwrap_or(0);
        if running != revision {
            return Err(Failure::message(format!(
                "desired revision ({revision}) is different from the running revision ({running})"
            )));
        }
    }
    if deployment.metadata.generation > status.observed_generation {
        return Ok(("Waiting for deployment spec update to be observed...".to_owned(), false));
    }
    let mut conditions = status.conditions.iter().flatten();
    let late = conditions.any(|condition| {
        condition.type_ == "Progressing"
            && condition.reason.as_deref() == Some("ProgressDeadlineExceeded")
    });
    if late {
        let text = format!("deployment \"{name}\" exceeded its progress deadline");
        return Err(Failure::message(text));
    }
    let desired = deployment.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(0);
    let updated = status.updated_replicas.unwrap_or(0);
    let total = status.replicas.unwrap_or(0);
    let available = status.available_replicas.unwrap_or(0);
    let waiting = |what: String| {
        Ok((format!("Waiting for deployment \"{name}\" rollout to finish: {what}..."), false))
    };
    if updated < desired {
        return waiting(format!("{updated} out of {desired} new replicas have been updated"));
    }
    if total > updated {
        return waiting(format!("{} old replicas are pending termination", total - updated));
    }
    if available < updated {
        return waiting(format!("{available} of {updated} updated replicas are available"));
    }
    Ok((format!("deployment \"{name}\" successfully rolled out"), true))
}

fn needs_rolling_update(strategy: Option<&str>) -> Result<(), Failure> {
    match strategy {
        Some("RollingUpdate") | None => Ok(()),
        Some(_) => Err(Failure::message(
            "rollout status is only available for RollingUpdate strategy type",
        )),
    }
}

fn daemon_set(set: &DaemonSet) -> Result<(String, bool), Failure> {
    let name = set.metadata.name.as_deref().unwrap_or("");
    let spec = set.spec.clone().unwrap_or_default();
    let status = set.status.clone().unwrap_or_default();
    needs_rolling_update(spec.update_strategy.and_then(|strategy| strategy.type_).as_deref())?;
    if set.metadata.generation > status.observed_generation {
        return Ok(("Waiting for daemon set spec update to be observed...".to_owned(), false));
    }
    let desired = status.desired_number_scheduled;
    let updated = status.updated_number_scheduled.unwrap_or(0);
    let available = status.number_available.unwrap_or(0);
    let waiting = |what: String| {
        Ok((format!("Waiting for daemon set \"{name}\" rollout to finish: {what}..."), false))
    };
    if updated < desired {
        return waiting(format!("{updated} out of {desired} new pods have been updated"));
    }
    if available < desired {
        return waiting(format!("{available} of {desired} updated pods are available"));
    }
    Ok((format!("daemon set \"{name}\" successfully rolled out"), true))
}

fn stateful_set(set: &StatefulSet) -> Result<(String, bool), Failure> {
    let spec = set.spec.clone().unwrap_or_default();
    let status = set.status.clone().unwrap_or_default();
    let strategy = spec.update_strategy.clone().unwrap_or_default();
    needs_rolling_update(strategy.type_.as_deref())?;
    if set.metadata.generation > status.observed_generation {
        return Ok(("Waiting for statefulset spec update to be observed...".to_owned(), false));
    }
    let desired = spec.replicas.unwrap_or(0);
    let ready = status.ready_replicas.unwrap_or(0);
    if ready < desired {
        return Ok((format!("Waiting for {} pods to be ready...", desired - ready), false));
    }
    let updated = status.updated_replicas.unwrap_or(0);
    if let Some(partition) = strategy.rolling_update.and_then(|rolling| rolling.partition) {
        let wanted = desired - partition;
        if updated < wanted {
            let text = format!(
                "Waiting for partitioned roll out to finish: {updated} out of {wanted} new pods \
                 have been updated..."
            );
            return Ok((text, false));
        }
        let text =
            format!("partitioned roll out complete: {updated} new pods have been updated...");
        return Ok((text, true));
    }
    let update = status.update_revision.unwrap_or_default();
    let current = status.current_revision.unwrap_or_default();
    if update != current {
        let text = format!(
            "waiting for statefulset rolling update to complete {updated} pods at revision \
             {update}..."
        );
        return Ok((text, false));
    }
    let at = status.current_replicas.unwrap_or(0);
    let text = format!("statefulset rolling update complete {at} pods at revision {current}...");
    Ok((text, true))
}
