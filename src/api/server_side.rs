//! Server-side apply: a client sends the whole of what it wants, and the server works out what that
//! changes.
//!
//! The real server keeps for every field who wrote it last (`metadata.managedFields`). This one keeps
//! what was last applied to each object: enough to merge and to remove, and to see that a field has
//! been changed by somebody since, but not by whom.

use serde_json::Value;

use super::patch::{self, last_applied, three_way};
use super::write::Target;
use super::{Answer, ApiServer, Cause, Reason, Response, Status, WriteOptions, decode, warnings};
use crate::clock::SimTime;

impl ApiServer {
    /// Merges what a client wants into an object, or makes it.
    pub(super) fn apply_sent(
        &mut self,
        now: SimTime,
        target: &Target<'_>,
        wish: Value,
        force: bool,
        options: WriteOptions,
    ) -> Answer {
        self.must_be_known(target, &wish)?;
        let Ok(old) = self.stored(target) else {
            let answer = self.create_sent(now, target, wish.clone(), options)?;
            self.remember(&answer, wish);
            return Ok(answer);
        };
        let live = old.to_value();
        let uid = old.metadata().uid.clone().unwrap_or_default();
        let annotated = || last_applied(&live);
        let before = self.wishes.get(&uid).cloned().or_else(annotated).unwrap_or(Value::Null);
        let change = three_way(target.kind, &before, &wish, &live)
            .map_err(|why| unmergeable(target, &why))?;
        if !force {
            let mut taken = Vec::new();
            conflicts(&change, &before, &live, "", &mut taken);
            if !taken.is_empty() {
                let mut status = Status::new(Reason::Conflict, "Apply failed with conflicts");
                status.causes = taken;
                return Err(status);
            }
        }
        let patched = patch::apply(target.kind, &live, super::Patch::Strategic(change))?;
        let (object, mut notes) = decode::patched(target.kind, patched, options.validation)?;
        let stored = self.exchange(object, &old, options.subresource)?;
        notes.extend(warnings::update(&stored, &old));
        let answer = Response { warnings: notes, ..Response::object(stored) };
        self.remember(&answer, wish);
        Ok(answer)
    }

    /// Keeps what was applied to an object.
    fn remember(&mut self, answer: &Response, wish: Value) {
        if let super::Body::Object(object) = &answer.body
            && let Some(uid) = object.metadata().uid.clone()
        {
            self.wishes.insert(uid, wish);
        }
    }

    /// That the schema has every field of a wish: others cannot be merged.
    fn must_be_known(&self, target: &Target<'_>, wish: &Value) -> Result<(), Status> {
        match decode::unknown_field(target.kind, wish) {
            Some(field) => {
                Err(unmergeable(target, &format!(".{field}: field not declared in schema")))
            }
            None => Ok(()),
        }
    }
}

/// A wish that cannot be merged.
fn unmergeable(target: &Target<'_>, why: &str) -> Status {
    let info = target.kind.info();
    let message = format!(
        "failed to create typed patch object ({}/{}; {}/{}, Kind={}): {why}",
        target.namespace, target.name, info.group, info.version, info.name
    );
    Status::new(Reason::Unknown, message)
}

/// The fields that a change would set and that have been set to something else since `before` was
/// applied.
fn conflicts(change: &Value, before: &Value, live: &Value, path: &str, found: &mut Vec<Cause>) {
    match (change, live) {
        (Value::Object(fields), Value::Object(_)) => {
            for (name, value) in fields.iter().filter(|(name, _)| !name.starts_with('$')) {
                let path = format!("{path}.{name}");
                conflicts(value, &before[name.as_str()], &live[name.as_str()], &path, found);
            }
        }
        // Items are merged by their keys, and what is null is removed.
        (Value::Object(_) | Value::Array(_) | Value::Null, _) | (_, Value::Null) => {}
        (value, live) if value != live && !before.is_null() && before != live => {
            let message = "changed by somebody else".to_owned();
            found.push(Cause::new(path, message));
        }
        _ => {}
    }
}
