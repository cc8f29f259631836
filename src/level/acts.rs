//! What a level does by itself: the manifests and scripts that make its world, its opening, its
//! events. Each leaves an [`Act`], so that whoever proves the level sees what failed or did nothing.

use std::time::Duration;

use serde_json::Value;

use super::apply::is_manifest;
use super::format::{Changes, Event, Which};
use crate::api::{Kind, Object};
use crate::clock::SimTime;
use crate::cluster::{Cluster, Place};
use crate::shell::{self, Files, Finished, Session, Typed};

/// Time that one `kubectl apply` of the level's may take.
const APPLY_LIMIT: Duration = Duration::from_secs(120);

/// Time that a script of the level, or of an answer, may take.
pub(super) const SCRIPT_LIMIT: Duration = Duration::from_secs(600);

/// Time that an event is given: it is a command of somebody else, whose waiting must not hold up the
/// player. Writing takes kubectl some milliseconds.
const EVENT_LIMIT: Duration = Duration::from_secs(1);

/// What makes a shell stop at the first command that fails, and what takes it back.
pub(super) const STRICT: &str = "set -e";
pub(super) const LENIENT: &str = "set +e";

/// Something that the level did, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// What did it.
    pub by: Actor,
    /// The line of the script, from 1.
    pub line: u32,
    /// The exit code.
    pub exit: i32,
    /// What was said about a failure.
    pub said: String,
    /// Whether it used up what one command may take, and was ended.
    pub exhausted: bool,
    /// Whether what an event names has changed; where it names nothing, whether anything has that was
    /// there to change. `None` for what is no event.
    pub changed: Option<bool>,
}

/// The part of a level that does something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A manifest that is applied: `world/pods.yaml`, `start/web.yaml`.
    Manifest(String),
    /// A script of the world: `world/later.sh`.
    Script(String),
    /// The opening.
    Opening,
    /// An event, counted from 0.
    Event(usize),
    /// An answer's `solve.sh`.
    Answer,
}

impl Act {
    /// What became of a command.
    pub(super) fn of(by: Actor, line: u32, finished: &Finished) -> Act {
        let said = match finished.exit {
            0 => String::new(),
            _ => last_line(finished),
        };
        let exhausted = finished.exhausted;
        Act { by, line, exit: finished.exit, said, exhausted, changed: None }
    }
}

impl Event {
    /// Whether it did what the level says that it does.
    pub(super) fn is_done(&self, act: &Act) -> bool {
        act.exit == self.exit && (act.changed != Some(false) || self.changes.is_none())
    }
}

/// The last thing that a command printed, standard error first.
fn last_line(finished: &Finished) -> String {
    let text = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        text.lines().rev().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned)
    };
    text(&finished.stderr).or_else(|| text(&finished.stdout)).unwrap_or_default()
}

/// Applies the manifests of a folder (`world`, `start`), in the order of their names.
pub(super) fn manifests(cluster: &mut Cluster, folder: &str, files: &Files) -> Vec<Act> {
    // A file of the world is none of the player's, though it may be called as one.
    let whole = |file: &str| match folder {
        "start" => file.to_owned(),
        _ => format!("{folder}/{file}"),
    };
    let named: Files = files.iter().map(|(file, content)| (whole(file), content.clone())).collect();
    let manifests = files.keys().filter(|file| is_manifest(file));
    manifests
        .map(|file| {
            let command = format!("kubectl apply -f '{}'", whole(file));
            let finished = shell::run_at(cluster, &Place::Laptop, &named, &command, APPLY_LIMIT);
            let mut act = Act::of(Actor::Manifest(format!("{folder}/{file}")), 1, &finished);
            if act.exit != 0 {
                act.said = finished.texts().1.split_whitespace().collect::<Vec<_>>().join(" ");
            }
            act
        })
        .collect()
}

/// Runs the world's scripts, in the order of their names.
pub(super) fn scripts(cluster: &mut Cluster, files: &Files) -> Vec<Act> {
    let mut acts = Vec::new();
    for (file, content) in files.iter().filter(|(name, _)| name.ends_with(".sh")) {
        let mut session = Session::new(files.clone());
        let by = Actor::Script(format!("world/{file}"));
        acts.extend(script(cluster, &mut session, &by, &String::from_utf8_lossy(content)));
    }
    acts
}

/// Runs a script command by command, up to the first that fails.
pub(super) fn script(
    cluster: &mut Cluster,
    session: &mut Session,
    by: &Actor,
    text: &str,
) -> Vec<Act> {
    let deadline = cluster.now() + SCRIPT_LIMIT;
    session.run(cluster, STRICT, SCRIPT_LIMIT);
    let mut acts = Vec::new();
    for (line, command) in commands(text) {
        let left = deadline.since(cluster.now());
        let finished = session.run(cluster, &command, left);
        session.take_output();
        acts.push(Act::of(by.clone(), line, &finished));
        if finished.exit != 0 {
            break;
        }
    }
    session.run(cluster, LENIENT, SCRIPT_LIMIT);
    acts
}

/// Runs an event, for a moment.
pub(super) fn event(cluster: &mut Cluster, index: usize, event: &Event) -> Act {
    let before = Snapshot::of(cluster, event.changes.as_ref());
    let command = format!("{STRICT}\n{}", event.run);
    let finished = shell::run_at(cluster, &Place::Laptop, &Files::new(), &command, EVENT_LIMIT);
    let mut act = Act::of(Actor::Event(index), 1, &finished);
    let after = Snapshot::of(cluster, event.changes.as_ref());
    act.changed = Some(match event.changes {
        Some(_) => !before.is_same(&after, |_, _| false),
        None => !before.is_same(&after, |one, other| described(one) == described(other)),
    });
    act
}

/// The commands of a script as a terminal takes them, each with the line (from 1) it begins on.
pub(super) fn commands(script: &str) -> Vec<(u32, String)> {
    let mut commands = Vec::new();
    let mut terminal = Session::new(Files::new());
    let (mut begun, mut text) = (1, String::new());
    for (line, content) in (1..).zip(script.lines()) {
        if text.is_empty() {
            begun = line;
        }
        text.push_str(content);
        text.push('\n');
        if terminal.type_line(content) == Typed::Incomplete {
            continue;
        }
        terminal = Session::new(Files::new());
        let command = std::mem::take(&mut text);
        if !command.trim().is_empty() && !command.trim_start().starts_with('#') {
            commands.push((begun, command));
        }
    }
    if !text.is_empty() {
        commands.push((begun, text));
    }
    commands
}

/// Objects as they stand, and which machines are on.
struct Snapshot {
    objects: Vec<Object>,
    on: Vec<bool>,
}

impl Snapshot {
    /// What an event may change: what it names, or else every object, and the machines' power.
    fn of(cluster: &Cluster, changes: Option<&Changes>) -> Snapshot {
        let all = cluster.objects();
        let Some(changes) = changes else {
            let kinds = Kind::all().filter(|kind| *kind != Kind::Event);
            let objects = kinds.flat_map(|kind| all.objects(kind, None).cloned()).collect();
            let nodes = all.objects(Kind::Node, None);
            return Snapshot {
                objects,
                on: nodes.map(|node| cluster.is_node_up(node.name())).collect(),
            };
        };
        let objects = all.objects(changes.kind, None).filter(|object| match &changes.which {
            Which::All => true,
            Which::Named(name) => object.name() == name,
            Which::Labelled(selector) => selector.matches(object.metadata().labels.as_ref()),
        });
        Snapshot { objects: objects.cloned().collect(), on: Vec::new() }
    }

    /// Whether the same objects stand here and there, each in the same version or else `alike`.
    fn is_same(&self, other: &Snapshot, alike: impl Fn(&Object, &Object) -> bool) -> bool {
        let version = |object: &Object| object.metadata().resource_version.clone();
        let mut pairs = self.objects.iter().zip(&other.objects);
        self.on == other.on
            && self.objects.len() == other.objects.len()
            && pairs.all(|(one, other)| version(one) == version(other) || alike(one, other))
    }
}

/// An object without its status and its version.
fn described(object: &Object) -> Value {
    let mut value = object.to_value();
    if let Some(fields) = value.as_object_mut() {
        fields.remove("status");
        fields.get_mut("metadata").map(|metadata| metadata["resourceVersion"].take());
    }
    value
}

/// When an event on the clock happens, given the moment of the first apply.
pub(super) fn moments(events: &[Event], started: SimTime) -> Vec<(SimTime, usize)> {
    let mut moments = Vec::new();
    for (index, event) in events.iter().enumerate() {
        if let super::format::When::Clock { after, every, times } = event.when {
            moments.extend((0..times).map(|n| (started + after + every * n, index)));
        }
    }
    moments.sort();
    moments
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Config;
    use crate::level::format::When;

    #[test]
    fn a_script_is_taken_apart_as_a_terminal_takes_it() {
        let script =
            "# first\necho a\nfor i in 1 2; do\n  echo $i\ndone\n\ncat <<E\nx\nE\necho 'b\nc'\n";
        let lines: Vec<u32> = commands(script).into_iter().map(|(line, _)| line).collect();
        assert_eq!(lines, [2, 3, 7, 10]);
    }

    #[test]
    fn an_event_that_does_not_wait_ends_by_itself() {
        let config = Config { nodes: 1, seed: 1, dns: true, dual_stack: false };
        let mut cluster = Cluster::new(&config, shell::programs());
        let mut event = Event {
            when: When::Clock { after: Duration::ZERO, every: Duration::ZERO, times: 1 },
            run: "kubectl run web --image=nginx | head -1".to_owned(),
            exit: 0,
            changes: Some(Changes { kind: Kind::Pod, which: Which::Named("web".to_owned()) }),
            say: None,
        };
        let act = super::event(&mut cluster, 0, &event);
        assert_eq!((act.exit, act.changed, act.said.as_str()), (0, Some(true), ""));
        event.run = "kubectl delete pod web --grace-period=1 --wait=false".to_owned();
        let act = super::event(&mut cluster, 0, &event);
        assert_eq!((act.exit, act.changed, act.said.as_str()), (0, Some(true), ""));
        event.run = "sleep 60; true".to_owned();
        assert_eq!(super::event(&mut cluster, 0, &event).exit, 130);
    }

    #[test]
    fn what_never_ends_is_a_command_all_the_same() {
        assert_eq!(commands("echo 'a\nb"), [(1, "echo 'a\nb\n".to_owned())]);
    }
}
