//! `kubectl edit`: the object's manifest in the editor; what is saved is applied.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::super::super::UiRequest;
use super::super::super::tool::{Interrupted, Io, Step, Tool};
use super::client::Client;
use super::command::{self, Command};
use super::dry_run::{DryRun, Report};
use super::flags::{Flag, Takes, switch, text, typed};
use super::output::Output;
use super::sources::unfit;
use super::target::{Rules, Target};
use super::{Call, Failure, Next, Outcome, Task};
use crate::api::patch::three_way;
use crate::api::{Object, Patch, Reason, Status, WriteOptions};
use crate::manifest;

pub(super) static COMMAND: Command = Command {
    name: "edit",
    short: "Edit a resource on the server",
    usage: "(RESOURCE/NAME | -f FILENAME)",
    flags: &[FLAGS, command::FILENAME, command::PRINT],
    run,
    ..command::PLAIN
};

const FLAGS: &[Flag] = &[
    text("field-manager", None, "The name that owns the fields."),
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
    let report = Report::new(DryRun::No, Output::of_write(&call, io)?);
    for flag in ["windows-line-endings", "output-patch", "save-config"] {
        if call.arguments.on(flag) {
            return Err(Failure::not_simulated(&format!("edit --{flag}"), "use edit without it"));
        }
    }
    let subresource = super::patch::subresource(&call)?;
    let validation = super::dry_run::field_validation(&call)?;
    let words = call.arguments.positional.clone();
    if words.is_empty() && !call.arguments.given("filename") && !call.arguments.given("kustomize") {
        return Err(Failure::message(super::target::NOTHING_NAMED));
    }
    let target = Target::of(&call, io, &words, Rules { names_required: false })?;
    let found = target.find(&mut call, io)?;
    if let Some(failure) = Failure::of(found.failures) {
        return Err(failure);
    }
    let object = match found.objects.as_slice() {
        [] => return Err(Failure::message("edit cancelled, no objects found")),
        [object] => object.clone(),
        _ => {
            let what = "editing several objects at once";
            return Err(Failure::not_simulated(what, "edit one after the other"));
        }
    };
    let editor = Editor::of(io.environment);
    if editor.is_none() && !io.stdin.terminal {
        let instead =
            "set EDITOR, or use 'kubectl get -o yaml > FILE', change the file, and apply it";
        return Err(Failure::not_simulated("kubectl edit without a terminal", instead));
    }
    let file = format!("kubectl-edit-{}-{}.yaml", object.kind().info().singular, object.name());
    let text = format!("{HEADER}{}", manifest::to_yaml(&object.to_value()));
    io.files.insert(file.clone(), text.clone().into_bytes());
    let options = WriteOptions { validation, subresource, ..WriteOptions::default() };
    let running = match &editor {
        Some(editor) => Some(editor.start(io, &file)?),
        None => {
            io.ui_requests.push(UiRequest::Edit(file.clone()));
            None
        }
    };
    let original = text.clone();
    let client = call.client;
    Ok(Next::Wait(Box::new(Edit {
        object,
        file,
        text,
        original,
        client,
        options,
        report,
        editor,
        running,
        refused: false,
    })))
}

/// The program that `KUBE_EDITOR` or `EDITOR` names.
#[derive(Clone)]
struct Editor {
    name: String,
}

impl Editor {
    fn of(environment: &BTreeMap<String, String>) -> Option<Editor> {
        let named = ["KUBE_EDITOR", "EDITOR"].into_iter().filter_map(|name| environment.get(name));
        let mut named = named.filter(|name| !name.is_empty());
        // Editors that draw on the terminal are the game's own editor here.
        let draws = |name: &str| {
            let program = name.split(' ').next().unwrap_or(name);
            let program = program.rsplit('/').next().unwrap_or(program);
            ["vi", "vim", "nvim", "nano", "emacs", "code"].contains(&program)
        };
        named.next().filter(|name| !draws(name)).map(|name| Editor { name: name.clone() })
    }

    /// Starts it with the file as its last argument: by a shell when its name holds quotes, as
    /// `kubectl/pkg/cmd/util/editor` does.
    fn start(&self, io: &mut Io<'_>, file: &str) -> Result<Box<dyn Tool>, Failure> {
        // Files lie in the player's home, wherever the editor begins.
        let file = &crate::shell::files::absolute(io.place, "", file);
        let words: Vec<String> = match self.name.contains(['"', '\'', '\\']) {
            true => ["sh", "-c", &format!("{} '{file}'", self.name)].map(str::to_owned).to_vec(),
            false => {
                let words = self.name.split(' ').filter(|word| !word.is_empty());
                words.map(str::to_owned).chain([file.to_owned()]).collect()
            }
        };
        let tool = crate::shell::exec(io.cluster, io.place, &words, io.terminal);
        tool.ok_or_else(|| Failure::message(format!("unable to launch the editor {:?}", self.name)))
    }
}

/// An object whose manifest lies in the editor.
#[derive(Clone)]
struct Edit {
    object: Object,
    file: String,
    /// What the file held when it was looked at last.
    text: String,
    /// What it held at first.
    original: String,
    client: Client,
    options: WriteOptions,
    report: Report,
    /// The player's own editor.
    editor: Option<Editor>,
    /// It, while it runs.
    running: Option<Box<dyn Tool>>,
    /// Whether the server has refused what was saved.
    refused: bool,
}

impl Task for Edit {
    fn step(&mut self, io: &mut Io<'_>) -> Result<Step, Failure> {
        if let Some(running) = &mut self.running {
            match running.step(io) {
                Step::Exit(0) => self.running = None,
                Step::Exit(_) => {
                    io.files.remove(&self.file);
                    let name = self.editor.as_ref().map_or("", |editor| editor.name.as_str());
                    let text = format!("there was a problem with the editor {name:?}");
                    return Err(Failure::message(text));
                }
                waiting => return Ok(waiting),
            }
        }
        let Some(bytes) = io.files.get(&self.file) else {
            io.write_error("Edit cancelled, no changes made.");
            return Ok(Step::Exit(0));
        };
        let text = String::from_utf8_lossy(bytes).into_owned();
        let own = self.editor.is_some();
        if text == self.text && !own {
            return Ok(Step::Until(io.now() + PERIOD));
        }
        if self.refused && own && without_comments(&text) == without_comments(&self.text) {
            return Err(self.kept(io, "Edit cancelled, no valid changes were saved."));
        }
        if without_comments(&text) == without_comments(&self.original) && own {
            return Ok(self.cancel(io, "Edit cancelled, no changes made."));
        }
        // The game's editor is left by an empty file; kubectl opens a program again (`ValidateBytes`).
        if without_comments(&text).trim().is_empty() && !own {
            return Ok(self.cancel(io, "Edit cancelled, saved file was empty."));
        }
        match self.save(io, &text)? {
            Saved::Done(object, how) => {
                io.files.remove(&self.file);
                self.report.tell(io, &object, how)?;
                Ok(Step::Exit(0))
            }
            Saved::Refused(reason) => {
                self.text = format!("{HEADER}{reason}{}", without_comments(&text));
                io.files.insert(self.file.clone(), self.text.clone().into_bytes());
                self.refused = true;
                match &self.editor {
                    Some(editor) => self.running = Some(editor.start(io, &self.file)?),
                    None => io.ui_requests.push(UiRequest::Edit(self.file.clone())),
                }
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

/// A file without the lines that begin with `#`.
fn without_comments(text: &str) -> String {
    let kept = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    kept.map(|line| format!("{line}\n")).collect()
}

impl Edit {
    fn cancel(&self, io: &mut Io<'_>, why: &str) -> Step {
        io.files.remove(&self.file);
        io.write_error(why);
        Step::Exit(0)
    }

    /// A failure after which the file stays where it is.
    fn kept(&self, io: &mut Io<'_>, why: &str) -> Failure {
        io.write_error(format!("A copy of your changes has been stored to {:?}", self.file));
        Failure::message(why)
    }

    /// Sends what has changed, as a patch (`visitToPatch`).
    fn save(&mut self, io: &mut Io<'_>, text: &str) -> Result<Saved, Failure> {
        let value = match read(&self.file, text) {
            Ok(value) => value,
            Err(why) => {
                let what = "Invalid value: \"The edited file failed validation\"";
                return Ok(self.again(io, &format!("# * <nil>: {what}: {why}\n")));
            }
        };
        let kind = self.object.kind();
        let same = |path: &str, wanted: &str| value.pointer(path).is_some_and(|v| v == wanted);
        let unchanged = same("/apiVersion", &kind.info().api_version())
            && same("/kind", kind.info().name)
            && same("/metadata/name", self.object.name());
        if !unchanged {
            return Err(self.kept(io, "At least one of apiVersion, kind and name was changed"));
        }
        let current = self.object.to_value();
        if value == current {
            return Ok(Saved::Done(self.object.clone(), "skipped"));
        }
        let patch = three_way(kind, &current, &value, &current)
            .map_err(|why| self.kept(io, &why))
            .map(Patch::Strategic)?;
        match self.client.patch(io, &self.object, patch, self.options) {
            Ok(object) => Ok(Saved::Done(object, "edited")),
            Err(status) => self.refused(io, &status),
        }
    }

    /// Opens the editor again; `causes` are lines that say why.
    fn again(&self, io: &mut Io<'_>, causes: &str) -> Saved {
        let name = self.name();
        io.write_error(format!("error: {name} is invalid"));
        let colon = if causes.is_empty() { "" } else { ":" };
        Saved::Refused(format!("# {name} was not valid{colon}\n{causes}#\n"))
    }

    /// `services "web"`
    fn name(&self) -> String {
        format!("{} {:?}", self.object.kind().resource(), self.object.name())
    }

    /// What follows when the server does not take the change: another try where fields are at fault,
    /// otherwise the end (`addError`).
    fn refused(&self, io: &mut Io<'_>, status: &Status) -> Result<Saved, Failure> {
        let name = self.name();
        match status.reason {
            Reason::Invalid => {
                let causes = status.causes.iter();
                let causes =
                    causes.map(|cause| format!("# * {}: {}\n", cause.field, cause.message));
                Ok(self.again(io, &causes.collect::<String>()))
            }
            Reason::NotFound => Err(Failure::Verbatim(format!(
                "error: {name} could not be found on the server\nThe edits you made on deleted \
                 resources have been saved to {:?}",
                self.file
            ))),
            _ => Err(Failure::Verbatim(format!(
                "error: {name} could not be patched: {}\nYou can run `kubectl replace -f {}` to try \
                 this update again.",
                status.message, self.file
            ))),
        }
    }
}

/// The object that a file holds, or what is wrong with the file before the server is asked.
fn read(file: &str, text: &str) -> Result<Value, String> {
    let (documents, faults) = manifest::parse(file, text);
    if let Some(fault) = faults.first() {
        return Err(fault.message.clone());
    }
    let value = documents.into_iter().next().map_or(Value::Null, |document| document.value);
    unfit(&value).map_or(Ok(value), Err)
}

/// What came of a file that was saved.
enum Saved {
    /// The object as it is now, and what has been done to it.
    Done(Object, &'static str),
    /// The editor opens again, with the reason as a remark in the file.
    Refused(String),
}
