//! `kubectl wait`

use std::time::Duration;

use serde_json::Value;

use super::super::super::tool::{Io, Step};
use super::catalog::{self, Command};
use super::delete::WaitGone;
use super::flags::{Flag, Takes, text, typed};
use super::jsonpath::{self, Template};
use super::output::name;
use super::target::{Rules, Target};
use super::{Call, DONE, Failure, Next, Outcome, Task};
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
        catalog::FILENAME,
        catalog::SELECTOR,
        catalog::FIELD_SELECTOR,
        catalog::ALL_NAMESPACES,
        catalog::ALL,
    ],
    run,
    ..catalog::PLAIN
};

const FLAGS: &[Flag] = &[
    text("for", None, "What is waited for: condition=NAME, delete, create or jsonpath=PATH=VALUE."),
    text("output", Some('o'), "Output format: name."),
    typed("timeout", Takes::Duration, "30s", "How long to wait."),
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

fn run(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let goal = Goal::parse(call.arguments.text("for"))?;
    let words = call.arguments.positional.clone();
    let target = Target::of(&call, io, &words, Rules::default())?;
    let timeout = call.arguments.duration("timeout").unwrap_or(Duration::from_secs(30));
    let until = io.now() + timeout;
    if goal == Goal::Create {
        return create(target, until);
    }
    let found = target.find(&mut call, io)?;
    let mut failures = found.failures;
    if goal == Goal::Delete {
        let not_found = |failure: &Failure| matches!(failure, Failure::Server { status, .. } if status.reason == Reason::NotFound);
        failures.retain(|failure| !not_found(failure));
        if found.objects.is_empty() && failures.is_empty() {
            return DONE;
        }
    }
    if let Some(failure) = Failure::of(failures) {
        return Err(failure);
    }
    if found.objects.is_empty() {
        return Err(Failure::message("no matching resources found"));
    }
    Ok(Next::Wait(Box::new(Waiting { objects: found.objects, goal, until, late: Vec::new() })))
}

fn create(target: Target, until: SimTime) -> Outcome {
    let Target::Names(names) = target else {
        let text = "resource name must be provided with --for=create";
        return Err(Failure::message(text));
    };
    Ok(Next::Wait(Box::new(Coming { names, until })))
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
            let rest = rest.trim_matches('\'');
            let end = rest.rfind('}').map_or(rest.len(), |at| at + 1);
            let (path, value) = rest.split_at(end);
            let template = Template::relaxed(path.trim_matches('\'')).map_err(Failure::message)?;
            let value = value.trim_start_matches('\'').strip_prefix('=');
            let value = value.map(|value| value.trim_matches('\'').to_owned());
            return Ok(Goal::Path { path: template, value });
        }
        Err(Failure::message(format!("unrecognized condition: \"{text}\"")))
    }

    /// Whether an object, as it is stored now, is what was waited for.
    fn is_met(&self, stored: Option<&Object>) -> Result<bool, Failure> {
        let Some(object) = stored else { return Ok(*self == Goal::Delete) };
        let value = object.to_value();
        match self {
            Goal::Delete | Goal::Create => Ok(*self == Goal::Create),
            Goal::Condition { name, value: wanted } => {
                let conditions = value["status"]["conditions"].as_array();
                let found = conditions.into_iter().flatten().find(|condition| {
                    condition["type"].as_str().is_some_and(|t| t.eq_ignore_ascii_case(name))
                });
                let status = found.and_then(|condition| condition["status"].as_str());
                Ok(status.is_some_and(|status| status.eq_ignore_ascii_case(wanted)))
            }
            Goal::Path { path, value: wanted } => {
                let found = path.find(&value).map_err(Failure::message)?;
                Ok(match wanted {
                    None => found.iter().any(|value| !value.is_null()),
                    Some(wanted) => {
                        found.iter().any(|value: &Value| jsonpath::text(value) == *wanted)
                    }
                })
            }
        }
    }
}

/// Objects that are waited for, one after the other.
#[derive(Clone)]
struct Waiting {
    objects: Vec<Object>,
    goal: Goal,
    until: SimTime,
    /// The objects that did not make it.
    late: Vec<Object>,
}

impl Task for Waiting {
    fn step(&mut self, io: &mut Io<'_>) -> Result<Step, Failure> {
        while let Some(object) = self.objects.first().cloned() {
            let (kind, namespace) = (object.kind(), object.namespace());
            let stored = io.cluster.objects().object(kind, namespace, object.name()).cloned();
            let alone = WaitGone { leaving: vec![object.clone()], until: None };
            let same = alone.first_left(io).is_some();
            if self.goal.is_met(stored.as_ref().filter(|_| same))? {
                io.say(format!("{} condition met", name(&object)));
                self.objects.remove(0);
                continue;
            }
            if !same {
                let resource = kind.resource();
                return Err(crate::api::Status::not_found(&resource, object.name()).into());
            }
            if io.now() >= self.until {
                self.late.push(self.objects.remove(0));
                continue;
            }
            return Ok(Step::Until((io.now() + PERIOD).min(self.until)));
        }
        let late = self.late.iter().map(|object| {
            let kind = object.kind().info().plural;
            let text = format!("timed out waiting for the condition on {kind}/{}", object.name());
            Failure::message(text)
        });
        Failure::of(late.collect()).map_or(Ok(Step::Exit(0)), Err)
    }
}

/// Objects that do not exist yet.
#[derive(Clone)]
struct Coming {
    names: Vec<(crate::api::Kind, String)>,
    until: SimTime,
}

impl Task for Coming {
    fn step(&mut self, io: &mut Io<'_>) -> Result<Step, Failure> {
        while let Some((kind, wanted)) = self.names.first().cloned() {
            let stored = {
                let mut objects = io.cluster.objects().objects(kind, None);
                objects.find(|object| object.name() == wanted).cloned()
            };
            let Some(object) = stored else {
                if io.now() >= self.until {
                    let text = format!(
                        "timed out waiting for the condition on {}/{wanted}",
                        kind.info().plural
                    );
                    return Err(Failure::message(text));
                }
                return Ok(Step::Until((io.now() + PERIOD).min(self.until)));
            };
            io.say(format!("{} condition met", name(&object)));
            self.names.remove(0);
        }
        Ok(Step::Exit(0))
    }
}

#[cfg(test)]
mod tests {
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
}
