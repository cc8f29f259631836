//! Requests of `podhop shell --json` beside commands: objects with one key, so that a program plays an
//! episode: reset, step, observe, grade.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::objects::{self, Help};
use super::shell::Desk;
use super::trace::traced;
use crate::app::transcript;
use crate::diagnostic::nearest;
use crate::level::{Attempt, Entry, parse_duration};

/// The longest that a request lets pass.
const ADVANCE: Duration = Duration::from_secs(24 * 3600);

/// The requests that there are.
const REQUESTS: [&str; 10] =
    ["run", "files", "apply", "advance", "trace", "cause", "grade", "reset", "session", "repeat"];

/// A request: an object with one key.
pub struct Request {
    name: String,
    arguments: Value,
}

/// What a line is, that a program sent.
pub enum Sent {
    /// A command, or a part of one.
    Line,
    /// A request.
    Request(Request),
    /// A command that came as an object: `{"run": "kubectl get pods"}`.
    Command(String),
    /// An object that is no request.
    Wrong(Value),
}

/// Reads a line. What is no JSON object is a command: `{ echo a; }`.
pub fn read(line: &str) -> Sent {
    if !line.trim_start().starts_with('{') {
        return Sent::Line;
    }
    let mut fields = match serde_json::from_str::<Value>(line) {
        Ok(Value::Object(fields)) => fields,
        Err(error) if is_meant_as_json(line.trim_start()) => {
            let message = format!("this is no JSON at column {}", error.column());
            return Sent::Wrong(objects::error("not-json", &message));
        }
        _ => return Sent::Line,
    };
    let names: Vec<String> = fields.keys().cloned().collect();
    let [name] = names.as_slice() else {
        return Sent::Wrong(wrong("a request has one key", None));
    };
    if !REQUESTS.contains(&name.as_str()) {
        let near = nearest(name, REQUESTS).map(|near| format!("did you mean {near:?}?"));
        return Sent::Wrong(wrong(&format!("there is no request {name:?}"), near));
    }
    let arguments = fields.remove(name).unwrap_or_default();
    match (name.as_str(), &arguments) {
        ("run", Value::String(command)) => Sent::Command(command.clone()),
        ("run", _) => Sent::Wrong(expected("run", "a text, the command")),
        _ => Sent::Request(Request { name: name.clone(), arguments }),
    }
}

/// Whether a text that begins with a brace looks like an object with a key rather than like a group of
/// commands (`{ echo a; }`) or a list of words (`{a,b}`).
fn is_meant_as_json(text: &str) -> bool {
    let inside = &text[1..];
    let quoted =
        inside.trim_start().strip_prefix(['"', '\'']).and_then(|rest| rest.split_once(['"', '\'']));
    match quoted {
        Some((_, rest)) => rest.trim_start().starts_with(':'),
        None => !inside.starts_with(char::is_whitespace) && inside.contains(':'),
    }
}

fn wrong(message: &str, help: Option<String>) -> Value {
    let help = help.unwrap_or_else(|| format!("the requests are {}", REQUESTS.join(", ")));
    objects::error("unknown-request", &format!("{message}; {help}"))
}

fn expected(request: &str, what: &str) -> Value {
    objects::error("wrong-argument", &format!("{request} takes {what}"))
}

/// The seed among a request's arguments, if there is one.
fn whole_seed(request: &str, fields: &Map<String, Value>) -> Result<Option<u64>, Value> {
    let seed = fields.get("seed").map(|seed| seed.as_u64().ok_or(seed));
    seed.transpose().map_err(|_| expected(request, "a seed: a whole number"))
}

impl Request {
    /// Carries it out.
    pub fn answer(&self, desk: &mut Desk<'_>) -> Value {
        let answer = match self.name.as_str() {
            "files" => self.files(desk),
            "apply" => self.apply(desk),
            "advance" => self.advance(desk),
            "trace" => self.trace(desk),
            "cause" => self.cause(desk),
            "grade" => self.grade(desk),
            "session" => self.session(desk),
            "repeat" => self.repeat(desk),
            _ => self.reset(desk),
        };
        match answer {
            Ok(mut value) => {
                value["request"] = self.name.as_str().into();
                value["at"] = desk.cluster().now().as_millis().into();
                value
            }
            Err(error) => error,
        }
    }

    /// The arguments as an object; nothing stands for an empty one.
    fn object(&self, what: &str) -> Result<Map<String, Value>, Value> {
        match &self.arguments {
            Value::Object(fields) => Ok(fields.clone()),
            Value::Null => Ok(Map::new()),
            _ => Err(expected(&self.name, what)),
        }
    }

    /// No other arguments than these.
    fn only(&self, known: &[&str]) -> Result<Map<String, Value>, Value> {
        let fields = self.object("an object")?;
        match fields.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => {
                let takes = match known {
                    [] => "takes no arguments".to_owned(),
                    known => format!("takes {}", known.join(", ")),
                };
                let message = format!("{} {takes}, not {name:?}", self.name);
                Err(objects::error("wrong-argument", &message))
            }
            None => Ok(fields),
        }
    }

    /// The level's attempt.
    fn attempt<'d>(&self, desk: &'d mut Desk<'_>) -> Result<&'d mut Attempt, Value> {
        let message = format!("{} asks for a level: podhop shell LEVEL --json", self.name);
        desk.attempt_mut().ok_or_else(|| objects::error("no-level", &message))
    }

    fn files(&self, desk: &mut Desk<'_>) -> Result<Value, Value> {
        let fields = self.object("an object: a file's name, and its content or null")?;
        for (name, content) in &fields {
            let locked = desk.attempt_mut().is_some_and(|attempt| attempt.is_locked(name));
            if locked {
                let message = format!("{name} can be read, but not changed");
                return Err(objects::error("locked-file", &message));
            }
            if name.split('/').any(|part| matches!(part, "" | "." | "..")) {
                let message = format!(
                    "{name:?} is no file of the working folder; files takes names like \"a.yaml\""
                );
                return Err(objects::error("wrong-argument", &message));
            }
            if !matches!(content, Value::String(_) | Value::Null) {
                return Err(expected("files", "texts, or null for a file that goes"));
            }
        }
        let files = desk.session_mut().files_mut();
        for (name, content) in fields {
            match content {
                Value::String(text) => {
                    files.insert(name, text.into_bytes());
                }
                _ => {
                    files.remove(&name);
                }
            }
        }
        Ok(json!({"files": objects::files(desk.session().files())}))
    }

    fn apply(&self, desk: &mut Desk<'_>) -> Result<Value, Value> {
        self.only(&[])?;
        let applied = self.attempt(desk)?.apply();
        Ok(json!({"applied": objects::applied(&applied)}))
    }

    fn advance(&self, desk: &mut Desk<'_>) -> Result<Value, Value> {
        let time = self.arguments.as_str().and_then(parse_duration);
        let Some(time) = time.filter(|time| *time <= ADVANCE) else {
            return Err(expected("advance", "a time of a day at most: \"250ms\", \"20s\", \"2m\""));
        };
        let until = desk.cluster().now() + time;
        Ok(json!({"happened": desk.advance_to(until)}))
    }

    fn trace(&self, desk: &mut Desk<'_>) -> Result<Value, Value> {
        let fields = self.only(&["from", "run"])?;
        let text = |name: &str| fields.get(name).and_then(Value::as_str);
        if fields.contains_key("from") && text("from").is_none() {
            return Err(expected("trace's from", "a text, the place: \"pod/client\""));
        }
        let Some(run) = text("run") else {
            return Err(expected(
                "trace",
                "{\"from\": \"pod/client\", \"run\": \"curl http://web\"}",
            ));
        };
        let files = desk.session().files().clone();
        traced(desk.cluster(), text("from").unwrap_or("laptop"), run, &files)
            .map_err(|usage| objects::error("wrong-argument", &usage.0))
    }

    /// Sends the goals' requests; the reward is the share of goals that pass.
    fn grade(&self, desk: &mut Desk<'_>) -> Result<Value, Value> {
        let fields = self.only(&["help"])?;
        let help = match fields.get("help") {
            None | Some(Value::Bool(true)) => Help::All,
            Some(Value::Bool(false)) => Help::None,
            Some(_) => return Err(expected("grade's help", "true or false")),
        };
        let attempt = self.attempt(desk)?;
        if attempt.level().goals.is_empty() {
            return Err(objects::error("no-goals", "a sandbox has no goals, so nothing is graded"));
        }
        let verdict = attempt.grade();
        let passed = verdict.goals.iter().filter(|goal| goal.passed).count();
        let reward = passed as f64 / verdict.goals.len().max(1) as f64;
        let score = objects::score(&attempt.level().clone(), &verdict, &attempt.files().clone());
        Ok(json!({
            "verdict": objects::verdict(&verdict, help),
            "score": score,
            "reward": reward,
            "done": verdict.solved,
        }))
    }

    /// Says where an incident's cause is; whether it is there, the verdict counts.
    fn cause(&self, desk: &mut Desk<'_>) -> Result<Value, Value> {
        let Some(said) = self.arguments.as_str() else {
            return Err(expected("cause", "an object, a line or a code: \"service/web\""));
        };
        let attempt = self.attempt(desk)?;
        attempt.name_cause(said).map_err(|why| objects::error("wrong-argument", &why))?;
        Ok(json!({"cause": said}))
    }

    /// The first line of a session that was written down: its level is opened on its seed.
    fn session(&self, desk: &mut Desk<'_>) -> Result<Value, Value> {
        let fields = self.only(&["podhop", "level", "seed", "whole"])?;
        let Some(name) = fields.get("level").and_then(Value::as_str) else {
            return Err(expected("session", "{\"podhop\": VERSION, \"level\": NAME, \"seed\": N}"));
        };
        let seed = whole_seed("session", &fields)?;
        let attempt = desk.turn_to(name, seed);
        let attempt = attempt.map_err(|usage| objects::error("wrong-argument", &usage.0))?;
        let (level, seed) = (attempt.level().name.clone(), attempt.seed());
        let same = fields.get("podhop").map(|version| version == env!("CARGO_PKG_VERSION"));
        Ok(json!({"level": level, "seed": seed, "sameVersion": same}))
    }

    /// A line of a session that was written down: the same is done at the same moment.
    fn repeat(&self, desk: &mut Desk<'_>) -> Result<Value, Value> {
        let fields = self.object("an object")?;
        let (at, did) = transcript::read(&fields).map_err(|what| expected("repeat", &what))?;
        let attempt = self.attempt(desk)?;
        let now = attempt.cluster().now();
        if at < now {
            let message = format!("{} has passed: it is {} now", at.as_micros(), now.as_micros());
            return Err(objects::error("wrong-argument", &message));
        }
        if at.since(now) > ADVANCE {
            return Err(expected("repeat", "a moment within a day of the one before"));
        }
        match did {
            Some(did) => attempt.repeat(&Entry { at, did }),
            None => attempt.repeat_until(at),
        }
        let chunks = attempt.session_mut().take_output();
        let stream = |error: bool| {
            let parts = chunks.iter().filter(|chunk| chunk.error == error);
            let bytes: Vec<u8> = parts.flat_map(|chunk| chunk.bytes.iter().copied()).collect();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let passed: Vec<bool> = attempt.goals().iter().map(|goal| goal.passed).collect();
        Ok(json!({"stdout": stream(false), "stderr": stream(true), "passed": passed}))
    }

    /// Everything from the start, on the same seed or another.
    fn reset(&self, desk: &mut Desk<'_>) -> Result<Value, Value> {
        let fields = self.only(&["seed"])?;
        let seed = whole_seed("reset", &fields)?;
        desk.reset(seed);
        let level = desk.attempt_mut().map(|attempt| objects::level(attempt.level(), false, false));
        Ok(json!({
            "seed": desk.seed(),
            "level": level,
            "files": objects::files(desk.session().files()),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_of_commands_is_no_request() {
        assert!(matches!(read("{ echo a; }"), Sent::Line));
        assert!(matches!(read("kubectl get pods"), Sent::Line));
        assert!(matches!(read("{\"grade\": {}}"), Sent::Request(_)));
        assert!(matches!(read("{echo,a:b}"), Sent::Wrong(_)));
        assert!(matches!(read("{echo,a}"), Sent::Line));
        assert!(matches!(read("{ \"echo\" a; }"), Sent::Line));
        assert!(matches!(read("{\"run\": \"ls\"}"), Sent::Command(_)));
    }

    #[test]
    fn an_unknown_request_names_the_nearest() {
        let Sent::Wrong(error) = read("{\"grad\": {}}") else { panic!("it is no request") };
        let message = "there is no request \"grad\"; did you mean \"grade\"?";
        assert_eq!(error["error"]["message"], message);
    }
}
