//! `--dry-run`, and the lines that tell of changes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use super::super::super::tool::Io;
use super::output::{Output, template_failure};
use super::words::log_line;
use super::{Call, Failure, go_types};
use crate::api::{FieldValidation, Object, WriteOptions};

use super::sources::{Validate, validation};

/// How seriously a change is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DryRun {
    /// It is carried out.
    No,
    /// It is only shown.
    Client,
    /// The server checks it, and stores nothing.
    Server,
}

/// What kubectl's log says of a `--dry-run` as it was once (`GetDryRunStrategy`).
fn warn(io: &mut Io<'_>, line: u32, flag: &str, instead: &str) {
    let boolean = if flag.contains('=') { " (boolean value)" } else { "" };
    let text =
        format!("{flag} is deprecated{boolean} and can be replaced with --dry-run={instead}.");
    io.write_error(log_line(io, 'W', &format!("helpers.go:{line}"), &text));
}

impl DryRun {
    /// What `--dry-run` asks for.
    ///
    /// # Errors
    /// kubectl's words for another value.
    pub fn of(call: &Call, io: &mut Io<'_>) -> Result<DryRun, Failure> {
        match call.arguments.get("dry-run").unwrap_or("none") {
            "none" => Ok(DryRun::No),
            "client" => Ok(DryRun::Client),
            "server" => Ok(DryRun::Server),
            "unchanged" => {
                warn(io, 719, "--dry-run", "client");
                Ok(DryRun::Client)
            }
            // `strconv.ParseBool`
            old @ ("1" | "t" | "T" | "true" | "TRUE" | "True") => {
                warn(io, 733, &format!("--dry-run={old}"), "client");
                Ok(DryRun::Client)
            }
            old @ ("0" | "f" | "F" | "false" | "FALSE" | "False") => {
                warn(io, 736, &format!("--dry-run={old}"), "none");
                Ok(DryRun::No)
            }
            other => Err(Failure::message(format!(
                "Invalid dry-run value ({other}). Must be \"none\", \"server\", or \"client\"."
            ))),
        }
    }

    /// What stands behind a line about a change.
    pub fn suffix(self) -> &'static str {
        match self {
            DryRun::No => "",
            DryRun::Client => " (dry run)",
            DryRun::Server => " (server dry run)",
        }
    }

    /// How to ask the server.
    pub fn options(self, validation: FieldValidation) -> WriteOptions {
        WriteOptions { dry_run: self == DryRun::Server, validation, ..WriteOptions::default() }
    }
}

/// How the server shall meet unknown fields, by `--validate`.
///
/// # Errors
/// kubectl's words for another value.
pub(super) fn field_validation(call: &Call) -> Result<FieldValidation, Failure> {
    Ok(match validation(call)? {
        Validate::Strict => FieldValidation::Strict,
        Validate::Warn => FieldValidation::Warn,
        Validate::Ignore => FieldValidation::Ignore,
    })
}

/// How a command tells of the objects that it changed: a line each, or `-o`.
#[derive(Clone, Debug)]
pub(super) struct Report {
    /// `--dry-run`
    pub dry_run: DryRun,
    /// `-o`
    pub output: Option<Output>,
    /// Whether a line says that the run was dry.
    admits: bool,
    /// Whether an object has been printed.
    printed: Arc<AtomicBool>,
}

impl Report {
    /// A report of changes that are meant so, in this form.
    pub fn new(dry_run: DryRun, output: Option<Output>) -> Report {
        Report { dry_run, output, admits: true, printed: Arc::default() }
    }

    /// The same report, whose lines do not say that the run was dry: `patch` and `taint` put the word
    /// for what they did over it (`NamePrintFlags.Operation`).
    pub fn silent_of_dry_runs(self) -> Report {
        Report { admits: false, ..self }
    }

    fn suffix(&self) -> &'static str {
        if self.admits { self.dry_run.suffix() } else { "" }
    }

    /// The same report, in which nothing has been printed: `kubectl label` makes its printer anew for
    /// each object, so that no line parts two of them in YAML.
    pub fn anew(&self) -> Report {
        Report::new(self.dry_run, self.output.clone())
    }

    /// What the command line asks for.
    ///
    /// # Errors
    /// kubectl's words for wrong values.
    pub fn of(call: &Call, io: &mut Io<'_>) -> Result<Report, Failure> {
        Ok(Report::new(DryRun::of(call, io)?, Output::of_write(call, io)?))
    }

    /// Tells of an object that the command changed itself: `title` is its kind and name; with a
    /// type, JSON has the order of Go's type.
    ///
    /// # Errors
    /// When a template of `-o` does not fit the object.
    pub fn tell_value(
        &self,
        io: &mut Io<'_>,
        type_name: Option<&str>,
        title: &str,
        value: &Value,
        what: &str,
    ) -> Result<(), Failure> {
        match (&self.output, type_name) {
            (None, _) => io.say(format!("{title} {what}{}", self.suffix())),
            (Some(Output::Name), _) => io.say(title),
            (Some(Output::Json), Some(type_name)) => {
                let text = go_types::json_pretty(type_name, value);
                io.stdout.extend_from_slice(text.as_bytes());
            }
            (Some(Output::Go(template)), Some(type_name)) => {
                let raw = go_types::json_line(type_name, value);
                let text = template.print_raw(value, &raw).map_err(template_failure)?;
                io.stdout.extend_from_slice(text.as_bytes());
            }
            (Some(Output::Kyaml), _) => {
                let text = super::kyaml::print(go_types::shape(type_name), value);
                io.stdout.extend_from_slice(text.as_bytes());
            }
            (Some(output), _) => {
                self.part(io);
                let text = output.print_value(value)?;
                io.stdout.extend_from_slice(text.as_bytes());
            }
        }
        Ok(())
    }

    /// What stands between two objects in YAML.
    fn part(&self, io: &mut Io<'_>) {
        if self.output == Some(Output::Yaml) && self.printed.swap(true, Ordering::Relaxed) {
            io.say("---");
        }
    }

    /// Tells that an object was `created`, `labeled`, ….
    ///
    /// # Errors
    /// When a template of `-o` does not fit the object.
    pub fn tell(&self, io: &mut Io<'_>, object: &Object, what: &str) -> Result<(), Failure> {
        match &self.output {
            None => {
                let name = super::output::name(object);
                io.say(format!("{name} {what}{}", self.suffix()));
            }
            Some(output) => {
                self.part(io);
                let text = output.print(std::slice::from_ref(object), true)?;
                io.stdout.extend_from_slice(text.as_bytes());
            }
        }
        Ok(())
    }

    /// The same of a manifest that is only shown: `-o` prints what is written there and no more.
    ///
    /// # Errors
    /// When a template of `-o` does not fit the object.
    pub fn tell_written(
        &self,
        io: &mut Io<'_>,
        object: &Object,
        written: &Value,
        what: &str,
    ) -> Result<(), Failure> {
        match &self.output {
            None | Some(Output::Name | Output::CustomColumns(_)) => self.tell(io, object, what),
            Some(output) => {
                self.part(io);
                let text = output.print_value(written)?;
                io.stdout.extend_from_slice(text.as_bytes());
                Ok(())
            }
        }
    }
}
