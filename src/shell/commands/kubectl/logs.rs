//! `kubectl logs`

use std::sync::Arc;
use std::time::Duration;

use super::super::super::tool::{Io, Step};
use super::command::{self, Command};
use super::flags::{Flag, Takes, switch, text, typed};
use super::target::filter;
use super::{Call, DONE, Failure, Next, Outcome, Task, pods};
use crate::api::{Kind, Pod, Reason};
use crate::clock::SimTime;
use crate::cluster::LogLines;

pub(super) static COMMAND: Command = Command {
    name: "logs",
    aliases: &["log"],
    short: "Print the logs for a container in a pod",
    examples: "  # What the only container of a pod has written\n  kubectl logs web\n  \n  # Go on \
               printing what one of several writes\n  kubectl logs -f web -c sidecar\n  \n  # What a \
               container wrote before it was restarted\n  kubectl logs web --previous",
    usage: "[-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]",
    flags: &[FLAGS, command::SELECTOR],
    run,
    ..command::PLAIN
};

const FLAGS: &[Flag] = &[
    switch("follow", Some('f'), "Go on printing."),
    switch("previous", Some('p'), "The container before its last restart."),
    text("container", Some('c'), "The container."),
    switch("all-containers", None, "All containers of the pod."),
    switch("all-pods", None, "All pods of the object."),
    switch("timestamps", None, "Put the time before each line."),
    switch("prefix", None, "Put pod and container before each line."),
    switch("ignore-errors", None, "Go on when one container's log cannot be had."),
    switch("insecure-skip-tls-verify-backend", None, "Not used here."),
    typed("tail", Takes::Number, "-1", "Only so many lines from the end; -1: all."),
    typed("since", Takes::Duration, "0s", "Only what is newer than this."),
    text("since-time", None, "Only what is newer than this moment."),
    typed("limit-bytes", Takes::Number, "0", "Only so many bytes."),
    typed("max-log-requests", Takes::Number, "5", "How many logs to follow at once."),
    typed("pod-running-timeout", Takes::Duration, "20s", "How long to wait for a running pod."),
];

/// How often a followed log is looked at.
const PERIOD: Duration = Duration::from_millis(100);

const EXPECTED: &str = "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or \
                        TYPE/NAME is a required argument for the logs command";

fn run(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let selected = !call.arguments.text("selector").is_empty();
    match call.arguments.positional.len() {
        0 if !selected => return Err(call.usage(EXPECTED)),
        0..=2 => {}
        _ => return Err(call.usage(EXPECTED)),
    }
    let style = Style::of(&call, io)?;
    let mut sources = sources(&mut call, io)?;
    let follow = call.arguments.on("follow");
    let most = call.arguments.number("max-log-requests").unwrap_or(5);
    if follow && sources.len() > 1 && i64::try_from(sources.len()).is_ok_and(|many| many > most) {
        return Err(Failure::message(format!(
            "you are attempting to follow {} log streams, but maximum allowed concurrency is \
             {most}, use --max-log-requests to increase the limit",
            sources.len()
        )));
    }
    for source in &mut sources {
        match source.print(io, &style) {
            Err(_) if follow && source.may_still_start(io) => {}
            // The first whose log can't be had ends it (`sequentialConsumeRequest`).
            Err(failure) if !call.arguments.on("ignore-errors") => return Err(failure),
            Err(failure) => {
                let why = match failure {
                    Failure::Server { status, .. } => status.message.clone(),
                    other => other.text(),
                };
                io.say(format!("{}error: {why}", style.prefix_of(source)));
            }
            Ok(()) => {}
        }
    }
    if !follow {
        return DONE;
    }
    Ok(Next::Wait(Box::new(Follow { sources, style })))
}

/// What is looked at once the pods are found (`LogsOptions.Validate`).
fn check(call: &Call, container: &str) -> Result<(), Failure> {
    let arguments = &call.arguments;
    let (since, given) = (arguments.duration("since"), arguments.text("since-time"));
    let negative = arguments.text("since").starts_with('-');
    let text = match () {
        () if !given.is_empty() && since.is_some_and(|since| !since.is_zero()) => {
            "at most one of `sinceTime` or `sinceSeconds` may be specified"
        }
        () if arguments.on("all-containers") && !container.is_empty() => {
            return Err(Failure::message(format!(
                "--all-containers=true should not be specified with container name {container}"
            )));
        }
        () if arguments.given("container") && arguments.positional.len() == 2 => {
            "only one of -c or an inline [CONTAINER] arg is allowed"
        }
        () if arguments.number("limit-bytes").is_some_and(|bytes| bytes < 0) => {
            "--limit-bytes must be greater than 0"
        }
        () if negative => "--since must be greater than 0",
        () if arguments.number("tail").is_some_and(|lines| lines < -1) => {
            "--tail must be greater than or equal to -1"
        }
        () => return Ok(()),
    };
    Err(Failure::message(text))
}

/// The containers whose logs are meant.
fn sources(call: &mut Call, io: &mut Io<'_>) -> Result<Vec<Source>, Failure> {
    let words = call.arguments.positional.clone();
    let inline = words.get(1).cloned();
    let container = inline.unwrap_or_else(|| call.arguments.text("container").to_owned());
    let selected = !call.arguments.text("selector").is_empty();
    let pods = match words.first() {
        Some(_) if selected => {
            let text = "only a selector (-l) or a POD name is allowed";
            return Err(call.usage(text));
        }
        None => {
            let filter = filter(call, Kind::Pod)?;
            let (objects, _) = call.client.list(io, Kind::Pod, &filter)?;
            let pods: Vec<Pod> = objects
                .iter()
                .filter_map(|o| o.as_kind::<Pod>())
                .map(|p| p.as_ref().clone())
                .collect();
            if pods.is_empty() {
                io.write_error(format!(
                    "No resources found in {} namespace.",
                    call.client.namespace
                ));
            }
            pods
        }
        Some(word) => {
            let (kind, name) = super::target::single(std::slice::from_ref(word), Kind::Pod)?;
            let there = call.client.get(io, kind, &name);
            there.map_err(|failure| not_there(call, failure.into()))?;
            check(call, &container)?;
            named(call, io, word)?
        }
    };
    check(call, &container)?;
    let mut sources = Vec::new();
    for pod in pods {
        if call.arguments.on("all-containers") {
            let mut names = pods::containers(&pod);
            names.sort_by_key(|(_, mark)| mark.is_empty());
            sources.extend(names.into_iter().map(|(name, _)| Source::new(&pod, name)));
        } else {
            let all_pods = call.arguments.on("all-pods");
            let name = pods::container(io, &pod, &container, all_pods)?;
            sources.push(Source::new(&pod, name));
        }
    }
    Ok(sources)
}

fn named(call: &mut Call, io: &mut Io<'_>, word: &str) -> Result<Vec<Pod>, Failure> {
    if call.arguments.on("all-pods") && word.contains('/') {
        let (kind, name) = super::target::single(&[word.to_owned()], Kind::Pod)?;
        let object = call.client.get(io, kind, &name);
        let object = object.map_err(|failure| not_there(call, failure.into()))?;
        return pods::of_object(&mut call.client, io, &object, pods::READING);
    }
    let found = pods::find(&mut call.client, io, word, pods::READING);
    let (pod, count) = found.map_err(|failure| not_there(call, failure))?;
    if count > 1 {
        io.write_error(format!("Found {count} pods, using pod/{}", pod.name()));
    }
    Ok(vec![pod])
}

/// What `logs` says of what is not there.
fn not_there(call: &Call, failure: Failure) -> Failure {
    match failure {
        Failure::Server { status, .. } if status.reason == Reason::NotFound => {
            Failure::message(format!(
                "error from server (NotFound): {} in namespace \"{}\"",
                status.message, call.client.namespace
            ))
        }
        other => other,
    }
}

/// How lines are chosen and shown.
#[derive(Clone, Debug)]
struct Style {
    previous: bool,
    timestamps: bool,
    prefix: bool,
    since: Option<SimTime>,
    tail: Option<usize>,
    limit: Option<usize>,
}

impl Style {
    fn of(call: &Call, io: &Io<'_>) -> Result<Style, Failure> {
        let arguments = &call.arguments;
        let since = match (arguments.duration("since"), arguments.get("since-time")) {
            (Some(length), None) if !length.is_zero() => {
                let micros = u64::try_from(length.as_micros()).unwrap_or(u64::MAX);
                Some(SimTime::from_micros(io.now().as_micros().saturating_sub(micros)))
            }
            (_, Some(time)) => {
                let wrong = |_| {
                    Failure::message(format!(
                        "parsing time \"{time}\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"{time}\" as \"2006\""
                    ))
                };
                Some(SimTime::from_timestamp(time.parse().map_err(wrong)?))
            }
            _ => None,
        };
        let tail = match arguments.number("tail").unwrap_or(-1) {
            ..0 if !arguments.text("selector").is_empty() => Some(10),
            ..0 => None,
            lines => usize::try_from(lines).ok(),
        };
        let limit = arguments.number("limit-bytes").filter(|bytes| *bytes > 0);
        Ok(Style {
            previous: arguments.on("previous"),
            timestamps: arguments.on("timestamps"),
            prefix: arguments.on("prefix") || arguments.on("all-pods"),
            since,
            tail,
            limit: limit.and_then(|bytes| usize::try_from(bytes).ok()),
        })
    }

    /// `[pod/web/nginx] ` with `--prefix`.
    fn prefix_of(&self, source: &Source) -> String {
        match self.prefix {
            true => format!("[pod/{}/{}] ", source.pod.name(), source.container),
            false => String::new(),
        }
    }

    fn line(&self, source: &Source, at: SimTime, line: &str) -> String {
        let mut text = self.prefix_of(source);
        if self.timestamps {
            text += &format!("{} ", at.timestamp().strftime("%Y-%m-%dT%H:%M:%S.%9fZ"));
        }
        text + line + "\n"
    }
}

/// The number of the line that comes next.
fn after(lines: &LogLines) -> u64 {
    lines.last().map_or(0, |(number, _)| number + 1)
}

/// One container's log.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pod: Pod,
    container: String,
    /// The number of the first line that has not been seen.
    seen: u64,
    /// How many bytes were to be printed so far.
    printed: usize,
    /// Which run of the container they are of.
    restarts: i32,
}

impl Source {
    /// The log of a pod's container, from its beginning.
    pub fn new(pod: &Pod, container: String) -> Source {
        let restarts = pods::status(pod, &container).map_or(0, |status| status.restart_count);
        Source { pod: pod.clone(), container, seen: 0, printed: 0, restarts }
    }

    fn read<'i>(&self, io: &'i Io<'_>, previous: bool) -> Result<&'i LogLines, Failure> {
        let (namespace, name) = (self.pod.namespace(), self.pod.name());
        let lines = io.cluster.logs(namespace, name, &self.container, previous);
        lines.map_err(pods::bad_request)
    }

    /// Prints what there is.
    fn print(&mut self, io: &mut Io<'_>, style: &Style) -> Result<(), Failure> {
        let lines = self.read(io, style.previous)?;
        let seen = after(lines);
        let fitting: Vec<&(SimTime, Arc<str>)> =
            lines.values().filter(|(at, _)| style.since.is_none_or(|since| *at >= since)).collect();
        let skip = style.tail.map_or(0, |tail| fitting.len().saturating_sub(tail));
        let text: String =
            fitting[skip..].iter().map(|(at, line)| style.line(self, *at, line)).collect();
        self.seen = seen;
        self.put(io, style, text);
        Ok(())
    }

    /// Prints as much of a text as `--limit-bytes` leaves.
    fn put(&mut self, io: &mut Io<'_>, style: &Style, text: String) {
        let mut end = text.len();
        if let Some(limit) = style.limit {
            end = end.min(limit.saturating_sub(self.printed));
            while !text.is_char_boundary(end) {
                end -= 1;
            }
        }
        self.printed += text.len();
        io.stdout.extend_from_slice(&text.as_bytes()[..end]);
    }

    /// Whether `--limit-bytes` leaves nothing any more, which ends a log that is followed.
    fn is_full(&self, style: &Style) -> bool {
        style.limit.is_some_and(|limit| self.printed >= limit)
    }

    /// Prints what is new; says whether more can come.
    fn go_on(&mut self, io: &mut Io<'_>, style: &Style) -> bool {
        let Some(pod) = pods::current(io, &self.pod) else {
            self.rest(io, style, false);
            return false;
        };
        let status = pods::status(&pod, &self.container).cloned();
        let restarted = status.as_ref().is_some_and(|s| s.restart_count > self.restarts);
        self.rest(io, style, restarted);
        let over = status.and_then(|status| status.state).is_some_and(|s| s.terminated.is_some());
        !(restarted || over || self.is_full(style))
    }

    fn rest(&mut self, io: &mut Io<'_>, style: &Style, previous: bool) {
        let Ok(lines) = self.read(io, previous) else { return };
        let new: Vec<_> =
            lines.iter().rev().take_while(|(number, _)| **number >= self.seen).collect();
        let new = new.into_iter().rev();
        let text: String = new.map(|(_, (at, line))| style.line(self, *at, line)).collect();
        self.seen = self.seen.max(after(lines));
        self.put(io, style, text);
    }

    /// Whether the container has not started yet.
    fn may_still_start(&self, io: &Io<'_>) -> bool {
        let Some(pod) = pods::current(io, &self.pod) else { return false };
        let state = pods::status(&pod, &self.container).and_then(|status| status.state.clone());
        let waiting = state.and_then(|state| state.waiting).and_then(|waiting| waiting.reason);
        matches!(waiting.as_deref(), Some("PodInitializing"))
    }
}

/// Logs as they are written, for commands that show them as a container's output.
#[derive(Clone)]
pub(super) struct Output {
    source: Source,
    style: Style,
}

impl Output {
    /// Everything that a container writes.
    pub fn of(pod: &Pod, container: &str) -> Output {
        let style = Style {
            previous: false,
            timestamps: false,
            prefix: false,
            since: None,
            tail: None,
            limit: None,
        };
        Output { source: Source::new(pod, container.to_owned()), style }
    }

    /// Everything that a container writes from here on.
    pub fn from_now(io: &Io<'_>, pod: &Pod, container: &str) -> Output {
        let mut output = Output::of(pod, container);
        output.source.seen = output.source.read(io, false).map_or(0, after);
        output
    }

    /// Prints what is new.
    pub fn print(&mut self, io: &mut Io<'_>) {
        self.source.rest(io, &self.style, false);
    }
}

/// `-f`
#[derive(Clone)]
struct Follow {
    sources: Vec<Source>,
    style: Style,
}

impl Task for Follow {
    fn step(&mut self, io: &mut Io<'_>) -> Result<Step, Failure> {
        let style = self.style.clone();
        self.sources.retain_mut(|source| {
            !source.is_full(&style) && (source.go_on(io, &style) || source.may_still_start(io))
        });
        if self.sources.is_empty() {
            return Ok(Step::Exit(0));
        }
        Ok(Step::Until(io.now() + PERIOD))
    }
}
