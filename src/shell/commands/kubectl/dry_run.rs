//! `--dry-run`, and the lines that tell of changes.

use super::super::super::tool::Io;
use super::output::Output;
use super::{Call, Failure};
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
                io.complain(
                    "Warning: --dry-run is deprecated and can be replaced with --dry-run=client.",
                );
                Ok(DryRun::Client)
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
}

impl Report {
    /// What the command line asks for.
    ///
    /// # Errors
    /// kubectl's words for wrong values.
    pub fn of(call: &Call, io: &mut Io<'_>) -> Result<Report, Failure> {
        Ok(Report { dry_run: DryRun::of(call, io)?, output: Output::of_write(call)? })
    }

    /// Tells that an object was `created`, `labeled`, ….
    ///
    /// # Errors
    /// When a template of `-o` does not fit the object.
    pub fn tell(&self, io: &mut Io<'_>, object: &Object, what: &str) -> Result<(), Failure> {
        match &self.output {
            None => {
                let name = super::output::name(object);
                io.say(format!("{name} {what}{}", self.dry_run.suffix()));
            }
            Some(output) => {
                let text = output.print(std::slice::from_ref(object), true)?;
                io.stdout.extend_from_slice(text.as_bytes());
            }
        }
        Ok(())
    }
}
