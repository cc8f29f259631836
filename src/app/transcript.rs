//! A session as lines of JSON that `podhop shell --json` carries out: which level on which seed, and what
//! was done at which moment of the cluster's time. Nothing of the machine is in it.

use serde_json::{Map, Value, json};

use crate::clock::SimTime;
use crate::game::Deeds;
use crate::level::{Did, Entry};

/// The session as lines.
pub fn text(deeds: &Deeds) -> String {
    let head = json!({"session": {
        "podhop": env!("CARGO_PKG_VERSION"),
        "level": deeds.level,
        "seed": deeds.seed,
        "whole": !deeds.journal.is_cut(),
    }});
    let mut lines = vec![head];
    lines.extend(deeds.journal.entries().map(|entry| json!({"repeat": to_json(entry)})));
    lines.push(json!({"repeat": {"atMicros": deeds.until.as_micros()}}));
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn to_json(entry: &Entry) -> Value {
    let mut value = json!({"atMicros": entry.at.as_micros()});
    let (key, what) = match &entry.did {
        Did::Typed(line) => ("typed", line.as_str().into()),
        Did::EndedInput => ("endedInput", true.into()),
        Did::Interrupted => ("interrupted", true.into()),
        Did::Edited { file, text } => ("edited", json!({"file": file, "text": &**text})),
        Did::Applied => ("applied", true.into()),
        Did::Sent => ("sent", true.into()),
        Did::Named(said) => ("named", said.as_str().into()),
    };
    value[key] = what;
    value
}

/// What a line asks to be repeated: when, and what, if anything.
///
/// # Errors
/// What is expected in its place.
pub fn read(fields: &Map<String, Value>) -> Result<(SimTime, Option<Did>), String> {
    const KEYS: &str = "typed, endedInput, interrupted, edited, applied, sent, named";
    let at = fields.get("atMicros").and_then(Value::as_u64);
    let at = at.ok_or("atMicros, the cluster's time in microseconds")?;
    let mut others = fields.iter().filter(|(key, _)| *key != "atMicros");
    let did = match (others.next(), others.next()) {
        (None, _) => None,
        (Some((key, value)), None) => Some(deed(key, value).ok_or(format!("one of {KEYS}"))?),
        (Some(_), Some(_)) => return Err(format!("one alone of {KEYS}")),
    };
    Ok((SimTime::from_micros(at), did))
}

fn deed(key: &str, value: &Value) -> Option<Did> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let done = |did: Did| (*value == Value::Bool(true)).then_some(did);
    Some(match key {
        "typed" => Did::Typed(text(value)?),
        "named" => Did::Named(text(value)?),
        "edited" => {
            Did::Edited { file: text(&value["file"])?, text: value["text"].as_str()?.into() }
        }
        "endedInput" => done(Did::EndedInput)?,
        "interrupted" => done(Did::Interrupted)?,
        "applied" => done(Did::Applied)?,
        "sent" => done(Did::Sent)?,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let all = [
            Did::Typed("kubectl get pods".to_owned()),
            Did::EndedInput,
            Did::Interrupted,
            Did::Edited { file: "web.yaml".to_owned(), text: "a: \"b\"\n".into() },
            Did::Applied,
            Did::Sent,
            Did::Named("service/web".to_owned()),
        ];
        for did in all {
            let entry = Entry { at: SimTime::from_micros(1_234_567), did: did.clone() };
            let Value::Object(fields) = to_json(&entry) else { panic!("an object") };
            assert_eq!(read(&fields), Ok((entry.at, Some(did))));
        }
    }
}
