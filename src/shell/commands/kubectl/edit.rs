//! `kubectl edit`: the object's manifest in the editor; what is saved is applied.

use std::time::Duration;

use serde_json::Value;

use super::super::super::Wish;
use super::super::super::tool::{Interrupted, Io, Step};
use super::catalog::{self, Command};
use super::client::Client;
use super::flags::{Flag, Takes, switch, text, typed};
use super::target::{Rules, Target};
use super::{Call, DONE, Failure, Next, Outcome, Task};
use crate::api::{FieldValidation, Object, WriteOptions};
use crate::manifest;

pub(super) static COMMAND: Command = Command {
    name: "edit",
    short: "Edit a resource on the server",
    usage: "(RESOURCE/NAME | -f FILENAME)",
    flags: &[FLAGS, catalog::FILENAME],
    run,
    ..catalog::PLAIN
};

const FLAGS: &[Flag] = &[
    text("output", Some('o'), "Output format: json, yaml or name."),
    switch("output-patch", None, "Show the patch."),
    switch("save-config", None, "Keep the manifest in an annotation, for a later apply."),
    switch("windows-line-endings", None, "Not used here."),
    typed("validate", Takes::Optional("strict"), "'strict'", "What to do with unknown fields."),
    text("subresource", None, "The part of the object: status or scale."),
];

/// How often it is looked whether the file was saved.
const PERIOD: Duration = Duration::from_millis(200);

const HEADER: &str = "# Please edit the object below. Lines beginning with a '#' will be ignored,\n\
    # and an empty file will abort the edit. If an error occurs while saving this file will be\n\
    # reopened with the relevant failures.\n#\n";

fn run(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let words = call.arguments.positional.clone();
    let target = Target::of(&call, io, &words, Rules { names_required: false })?;
    let found = target.find(&mut call, io)?;
    if let Some(failure) = Failure::of(found.failures) {
        return Err(failure);
    }
    let Some(object) = found.objects.into_iter().next() else { return DONE };
    if !io.stdin.terminal {
        let instead = "use 'kubectl get -o yaml > FILE', change the file, and apply it";
        return Err(Failure::not_simulated("kubectl edit without a terminal", instead));
    }
    let file = format!("kubectl-edit-{}-{}.yaml", object.kind().info().singular, object.name());
    let text = format!("{HEADER}{}", manifest::to_yaml(&object.to_value()));
    io.files.insert(file.clone(), text.clone().into_bytes());
    io.wishes.push(Wish::Edit(file.clone()));
    Ok(Next::Wait(Box::new(Edit { object, file, text, client: call.client })))
}

/// An object whose manifest lies in the editor.
#[derive(Clone)]
struct Edit {
    object: Object,
    file: String,
    /// What the file held when it was looked at last.
    text: String,
    client: Client,
}

impl Task for Edit {
    fn step(&mut self, io: &mut Io<'_>) -> Result<Step, Failure> {
        let Some(bytes) = io.files.get(&self.file) else {
            io.say("Edit cancelled, no changes made.");
            return Ok(Step::Exit(0));
        };
        let text = String::from_utf8_lossy(bytes).into_owned();
        if text == self.text {
            return Ok(Step::Until(io.now() + PERIOD));
        }
        if text.trim().is_empty() {
            io.files.remove(&self.file);
            io.complain("Edit cancelled, saved file was empty.");
            return Ok(Step::Exit(1));
        }
        match self.save(io, &text) {
            Ok(()) => {
                io.files.remove(&self.file);
                io.say(format!("{} edited", super::output::name(&self.object)));
                Ok(Step::Exit(0))
            }
            Err(failure) => {
                io.complain(crate::diagnostic::printable(&failure.text()));
                self.text = text;
                io.wishes.push(Wish::Edit(self.file.clone()));
                Ok(Step::Until(io.now() + PERIOD))
            }
        }
    }

    fn interrupt(&mut self, io: &mut Io<'_>) -> Interrupted {
        io.files.remove(&self.file);
        io.say("Edit cancelled, no changes made.");
        Interrupted::Ended
    }
}

impl Edit {
    fn save(&mut self, io: &mut Io<'_>, text: &str) -> Result<(), Failure> {
        let (documents, diagnostics) = manifest::parse(&self.file, text);
        if let Some(fault) = diagnostics.first() {
            return Err(Failure::message(format!(
                "The edited file had a syntax error: {}",
                fault.message
            )));
        }
        let value = documents.into_iter().next().map_or(Value::Null, |document| document.value);
        let options =
            WriteOptions { validation: FieldValidation::Strict, ..WriteOptions::default() };
        self.client.update(io, self.object.kind(), value, options)?;
        Ok(())
    }
}
