//! `kubectl wait`

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::Value;

use super::super::super::tool::{Io, Step};
use super::command::{self, Command};
use super::delete::WaitGone;
use super::dry_run::{DryRun, Report};
use super::flags::{Flag, Takes, switch, typed};
use super::jsonpath::{self, Template};
use super::output::Output;
use super::target::{Rules, Target};
use super::{Call, Failure, Next, Outcome, Task};
use crate::api::{Object, Reason};
use crate::clock::SimTime;

pub(super) static COMMAND: Command = Command {
    name: "wait",
    short: "Wait for a specific condition on one or many resources",
    examples: "  # Until a pod is ready\n  kubectl wait --for=condition=Ready pod/web\n  \n  # Until it \
               runs\n  kubectl wait --for=jsonpath='{.status.phase}'=Running pod/web\n  \n  # Until it \
               is gone\n  kubectl wait --for=delete pod/web --timeout=60s",
    usage: "([-f FILENAME] | resource.group/resource.name | resource.group [(-l label | --all)]) \
            [--for=create|--for=delete|--for condition=available|--for=jsonpath='{}'[=value]]",
    flags: &[
        FLAGS,
        &[command::FILE, Flag { default: "true", ..command::RECURSIVE }],
        command::SELECTOR,
        command::FIELD_SELECTOR,
        command::ALL_NAMESPACES,
        command::ALL,
        command::PRINT,
    ],
    run,
    ..command::PLAIN
};

const FLAGS: &[Flag] = &[
    typed(
        "for",
        Takes::Texts,
        "[]",
        "What is waited for: condition=NAME[=VALUE], delete, create or jsonpath=PATH[=VALUE].",
    ),
    switch("local", None, "Take the objects from -f alone."),
    typed("timeout", Takes::Duration, "30s", "How long to wait; 0: look once."),
];

/// How often the objects are looked at.
const PERIOD: Duration = Duration::from_millis(100);

/// What is waited for.
#[derive(Clone, Debug, PartialEq)]
enum Goal {
    Condition { name: String, value: String },
    Path { path: Template, value: Option<String> },
    Delete,
    Create,
}

fn run(call: Call, io: &mut Io<'_>) -> Outcome {
    let report = Report::new(DryRun::No, Output::of_write(&call, io)?);
    let goals = goals(call.arguments.all("for"))?;
    let words = call.arguments.positional.clone();
    if call.arguments.on("local") && !words.is_empty() {
        return Err(Failure::message(
            "you must specify resources by --filename when --local is set.\nExample resource \
             specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'",
        ));
    }
    let target = Target::of(&call, io, &words, Rules { names_required: true })?;
    let timeout = call.arguments.duration("timeout").unwrap_or(Duration::from_secs(30));
    let until = io.now() + timeout;
    let once = timeout.is_zero();
    let stage = match goals.contains(&Goal::Create) {
        true => Stage::Coming,
        false => Stage::Finding,
    };
    Ok(Next::Wait(Box::new(Wait { call, target, goals, report, until, once, stage })))
}

fn goals(texts: &[String]) -> Result<Vec<Goal>, Failure> {
    let goals = texts.iter().map(|text| Goal::parse(text)).collect::<Result<Vec<_>, _>>()?;
    match goals.is_empty() {
        true => Err(Failure::message("unrecognized condition: []")),
        false => Ok(goals),
    }
}

impl Goal {
    fn parse(text: &str) -> Result<Goal, Failure> {
        let lower = text.to_lowercase();
        if lower == "delete" {
            return Ok(Goal::Delete);
        }
        if lower == "create" {
            return Ok(Goal::Create);
        }
        if let Some(rest) = text.strip_prefix("condition=") {
            let (name, value) = rest.split_once('=').unwrap_or((rest, "true"));
            return Ok(Goal::Condition { name: name.to_owned(), value: value.to_owned() });
        }
        if let Some(rest) = text.strip_prefix("jsonpath=") {
            return Goal::path(rest);
        }
        Err(Failure::message(format!("unrecognized condition: {text:?}")))
    }

    /// `{.status.phase}=Running`; the value may be missing.
    fn path(text: &str) -> Result<Goal, Failure> {
        let (path, value) = match split_at_equals(text).as_slice() {
            [path] => (path.clone(), None),
            [path, value] => (path.clone(), Some(value.trim_matches(['\'', '"']).to_owned())),
            _ => {
                return Err(Failure::message(
                    "jsonpath wait format must be --for=jsonpath='{.status.readyReplicas}'=3 or \
                     --for=jsonpath='{.status.readyReplicas}'",
                ));
            }
        };
        let path = Template::relaxed(&path).map_err(Failure::message)?;
        if value.as_ref().is_some_and(String::is_empty) {
            return Err(Failure::message(
                "jsonpath wait has to have a value after equal sign, like \
                 --for=jsonpath='{.status.readyReplicas}'=3",
            ));
        }
        if split_at_equals(text).first().is_some_and(String::is_empty) {
            return Err(Failure::message("jsonpath expression cannot be empty"));
        }
        Ok(Goal::Path { path, value })
    }

    /// Whether an object is as it is waited for.
    fn is_met(&self, object: &Object) -> Result<bool, Failure> {
        let value = object.to_value();
        match self {
            Goal::Create => Ok(true),
            Goal::Delete => Ok(false),
            Goal::Condition { name, value: wanted } => Ok(has_condition(&value, name, wanted)),
            Goal::Path { path, value: wanted } => {
                let found = path.find(&value).map_err(Failure::message)?;
                match (found.as_slice(), wanted) {
                    ([], _) => Ok(false),
                    ([_, _, ..], _) => Err(Failure::message(
                        "given jsonpath expression matches more than one value",
                    )),
                    ([_], None) => Ok(true),
                    ([Value::Object(_) | Value::Array(_)], Some(_)) => Err(Failure::message(
                        "jsonpath leads to a nested object or list which is not supported",
                    )),
                    ([one], Some(wanted)) => Ok(jsonpath::text(one).trim() == wanted.trim()),
                }
            }
        }
    }
}

/// Whether an object has a condition, told of what it is now: one that was observed of an earlier
/// generation does not count.
fn has_condition(object: &Value, name: &str, wanted: &str) -> bool {
    let conditions = object["status"]["conditions"].as_array();
    let found = conditions.into_iter().flatten().find(|condition| {
        condition["type"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(name))
    });
    let Some(condition) = found else { return false };
    let observed = condition["observedGeneration"]
        .as_i64()
        .or_else(|| object["status"]["observedGeneration"].as_i64());
    let stale = object["metadata"]["generation"]
        .as_i64()
        .zip(observed)
        .is_some_and(|(generation, observed)| observed < generation);
    let status = condition["status"].as_str().unwrap_or("");
    !stale && status.eq_ignore_ascii_case(wanted)
}

/// The parts between single `=`; `==` belongs to a filter.
fn split_at_equals(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let last = parts.len() - 1;
        if c != '=' {
            parts[last].push(c);
        } else if rest.next_if_eq(&'=').is_some() {
            parts[last].push_str("==");
        } else {
            parts.push(String::new());
        }
    }
    parts
}

/// How far a wait has come.
#[derive(Clone)]
enum Stage {
    /// The objects have to be created first.
    Coming,
    /// They are to be looked up.
    Finding,
    /// They are waited for, one after the other.
    Watching { left: VecDeque<Object>, goal: usize, failures: Vec<Failure> },
}

/// A running wait.
#[derive(Clone)]
struct Wait {
    call: Call,
    target: Target,
    goals: Vec<Goal>,
    report: Report,
    until: SimTime,
    /// `--timeout=0`: look, and do not wait.
    once: bool,
    stage: Stage,
}

impl Task for Wait {
    fn step(&mut self, io: &mut Io<'_>) -> Result<Step, Failure> {
        if matches!(self.stage, Stage::Coming) {
            let found = self.target.find(&mut self.call, io)?;
            let missing = matches!(found.failures.as_slice(), [one] if is_not_found(one));
            if missing || (found.objects.is_empty() && found.failures.is_empty()) {
                if io.now() >= self.until {
                    return Err(Failure::message("timed out waiting for the condition"));
                }
                return Ok(Step::Until((io.now() + PERIOD).min(self.until)));
            }
            if let Some(failure) = Failure::of(found.failures) {
                return Err(failure);
            }
            self.stage = Stage::Finding;
        }
        if matches!(self.stage, Stage::Finding) {
            let found = self.target.find(&mut self.call, io)?;
            let mut failures = found.failures;
            let for_delete = self.goals.contains(&Goal::Delete);
            if for_delete {
                failures.retain(|failure| !is_not_found(failure));
            }
            if found.objects.is_empty() && failures.is_empty() && !for_delete {
                return Err(Failure::message("no matching resources found"));
            }
            self.stage = Stage::Watching { left: found.objects.into(), goal: 0, failures };
        }
        self.watch(io)
    }
}

impl Wait {
    fn watch(&mut self, io: &mut Io<'_>) -> Result<Step, Failure> {
        let Stage::Watching { left, goal, failures } = &mut self.stage else {
            return Ok(Step::Exit(0));
        };
        while let Some(object) = left.front() {
            let Some(wanted) = self.goals.get(*goal) else {
                left.pop_front();
                *goal = 0;
                continue;
            };
            match met(io, object, wanted) {
                Ok(Some(object)) => {
                    self.report.tell(io, &object, "condition met")?;
                    *goal += 1;
                }
                Ok(None) if !self.once && io.now() < self.until => {
                    return Ok(Step::Until((io.now() + PERIOD).min(self.until)));
                }
                Ok(None) if !self.once => {
                    // All share the time: once it is over, nobody looks at the others.
                    failures.extend(left.drain(..).map(|object| late(&object, false)));
                }
                other => {
                    failures.push(other.err().unwrap_or_else(|| late(object, true)));
                    left.pop_front();
                    *goal = 0;
                }
            }
        }
        Failure::of(std::mem::take(failures)).map_or(Ok(Step::Exit(0)), Err)
    }
}

/// The object that meets a goal, if it does so now. Whatever has the name of the object counts for
/// conditions; for its deletion, only the object itself.
fn met(io: &Io<'_>, object: &Object, goal: &Goal) -> Result<Option<Object>, Failure> {
    let (kind, namespace) = (object.kind(), object.namespace());
    if *goal == Goal::Delete {
        let alone = WaitGone { leaving: vec![object.clone()], until: None };
        return Ok(alone.first_left(io).is_none().then(|| object.clone()));
    }
    let Some(stored) = io.cluster.objects().object(kind, namespace, object.name()) else {
        return Ok(None);
    };
    Ok(goal.is_met(stored)?.then(|| stored.clone()))
}

fn late(object: &Object, once: bool) -> Failure {
    let name = object.name();
    let kind = object.kind().info().plural;
    Failure::message(match once {
        true => format!("condition not met for {kind}/{name}"),
        false => format!("timed out waiting for the condition on {kind}/{name}"),
    })
}

fn is_not_found(failure: &Failure) -> bool {
    matches!(failure, Failure::Server { status, .. } if status.reason == Reason::NotFound)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_may_have_a_value() {
        let goal = Goal::parse("jsonpath={.status.phase}=Running").expect("a goal");
        assert!(matches!(goal, Goal::Path { value: Some(value), .. } if value == "Running"));
        assert!(matches!(
            Goal::parse("jsonpath={.status.podIP}").expect("a goal"),
            Goal::Path { value: None, .. }
        ));
        assert!(Goal::parse("nonsense").is_err());
    }

    // kubectl's `splitJSONPathInput`.
    #[test]
    fn a_doubled_equals_sign_belongs_to_the_path() {
        assert_eq!(split_at_equals("{.a[?(@.b==1)]}=c"), ["{.a[?(@.b==1)]}", "c"]);
        assert_eq!(split_at_equals("a=b=c").len(), 3);
    }

    // kubectl's `checkCondition`.
    #[test]
    fn a_condition_of_an_earlier_generation_does_not_count() {
        let conditions = json!([{"type": "Available", "status": "True"}]);
        let object = |observed: i64| {
            json!({"metadata": {"generation": 2},
                   "status": {"observedGeneration": observed, "conditions": conditions}})
        };
        assert!(!has_condition(&object(1), "available", "true"));
        assert!(has_condition(&object(2), "available", "true"));
    }
}
