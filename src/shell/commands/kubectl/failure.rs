//! Failures, in the words of kubectl's own error handler.

use crate::api::{Reason, Status};

/// Why a command failed.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Failure {
    /// kubectl's own complaint: `error: …`.
    Message(String),
    /// What podhop does not do.
    Beyond(String),
    /// A complaint that is complete as it stands.
    Verbatim(String),
    /// The API server's answer. `doing` says at what, for messages that name a file: `error when
    /// creating "web.yaml": `.
    Server { status: Box<Status>, doing: String },
    /// Several failures of one command, a line each.
    Several(Vec<Failure>),
    /// A complaint, and what stands on standard output before it.
    Printed { output: String, text: String },
    /// A program that was waited for ended so.
    Exited { text: String, code: i32 },
}

impl Failure {
    /// `error: …`
    pub fn message(text: impl Into<String>) -> Failure {
        Failure::Message(text.into())
    }

    /// The same complaint with words before it; what isn't kubectl's own stays as it is.
    pub fn behind(self, words: &str) -> Failure {
        match self {
            Failure::Message(text) => Failure::Message(format!("{words}{text}")),
            other => other,
        }
    }

    /// A complaint about how `path` (`kubectl apply`) was called.
    pub fn usage(path: &str, text: impl AsRef<str>) -> Failure {
        Failure::Message(format!("{}\nSee '{path} -h' for help and examples", text.as_ref()))
    }

    /// What podhop does not do, with what to do instead.
    pub fn not_simulated(what: &str, instead: &str) -> Failure {
        Failure::Beyond(format!("not simulated here: {what}; {instead}"))
    }

    /// The server's answer to an attempt at something (`creating`) with an object of `file`.
    pub fn at_file(status: Status, verb: &str, file: &str) -> Failure {
        let doing =
            if file.is_empty() { String::new() } else { format!("error when {verb} \"{file}\": ") };
        Failure::Server { status: Box::new(status), doing }
    }

    /// The same with what was being done before it: `doing: …`.
    pub fn within(self, doing: &str) -> Failure {
        match self {
            Failure::Message(text) => Failure::Message(format!("{doing}: {text}")),
            other => other,
        }
    }

    /// The same without a word before it: what the mapper of resources finds missing, where nobody
    /// puts it in words of their own (`checkErr`, `NoResourceMatchError`).
    pub fn bare(self) -> Failure {
        match self {
            Failure::Message(text) => Failure::Verbatim(text),
            other => other,
        }
    }

    /// One failure, or several as one; `None` when there are none.
    pub fn of(mut failures: Vec<Failure>) -> Option<Failure> {
        match failures.len() {
            0 => None,
            1 => failures.pop(),
            _ => Some(Failure::Several(failures)),
        }
    }

    /// What the failure leaves on standard output.
    pub fn output(&self) -> &str {
        match self {
            Failure::Printed { output, .. } => output,
            _ => "",
        }
    }

    /// The exit code.
    pub fn exit(&self) -> i32 {
        match self {
            Failure::Exited { code, .. } => *code,
            _ => 1,
        }
    }

    /// What stands on standard error, without a last newline; nothing when it has been told.
    pub fn text(&self) -> String {
        match self {
            // A last newline is not doubled, except among several (`checkErr`, `MultipleErrors`).
            Failure::Message(text) => {
                let text = text.strip_suffix('\n').unwrap_or(text);
                let prefix = if text.starts_with("error: ") { "" } else { "error: " };
                format!("{prefix}{text}")
            }
            Failure::Beyond(text) => format!("error: {text}"),
            Failure::Verbatim(text)
            | Failure::Exited { text, .. }
            | Failure::Printed { text, .. } => text.clone(),
            Failure::Server { status, .. } if status.reason == Reason::Invalid => invalid(status),
            Failure::Server { .. } => {
                let line = self.line();
                line.strip_suffix('\n').map(str::to_owned).unwrap_or(line)
            }
            Failure::Several(failures) => {
                failures.iter().map(Failure::line).collect::<Vec<_>>().join("\n")
            }
        }
    }

    /// As one of several.
    fn line(&self) -> String {
        match self {
            Failure::Server { status, doing } if status.reason == Reason::Unknown => {
                format!("Error from server: {doing}{}", status.message)
            }
            Failure::Server { status, doing } => {
                format!("Error from server ({:?}): {doing}{}", status.reason, status.message)
            }
            Failure::Message(text) | Failure::Beyond(text) | Failure::Verbatim(text) => {
                text.clone()
            }
            several => several.text(),
        }
    }
}

impl From<Status> for Failure {
    fn from(status: Status) -> Failure {
        Failure::Server { status: Box::new(status), doing: String::new() }
    }
}

/// `The Service "web" is invalid: …`, with one fault on the line or a bullet for each.
fn invalid(status: &Status) -> String {
    let subject = if status.kind.is_empty() && status.name.is_empty() {
        "The request is invalid".to_owned()
    } else {
        format!("The {} \"{}\" is invalid", status.kind, status.name)
    };
    let mut faults: Vec<String> = Vec::new();
    for cause in &status.causes {
        let fault = cause.to_string();
        if !faults.contains(&fault) {
            faults.push(fault);
        }
    }
    match faults.as_slice() {
        [] => format!("{subject}: {}", status.message),
        [one] => format!("{subject}: {one}"),
        many => {
            let bullets: Vec<String> = many.iter().map(|fault| format!("* {fault}")).collect();
            format!("{subject}: \n{}", bullets.join("\n"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Cause;

    fn cause(field: &str) -> Cause {
        Cause::new(field, "Required value")
    }

    #[test]
    fn one_fault_stands_on_the_line_and_several_get_bullets() {
        let one: Failure = Status::invalid("Service", "web", vec![cause("a")]).into();
        assert_eq!(one.text(), "The Service \"web\" is invalid: a: Required value");
        let two: Failure = Status::invalid("Service", "web", vec![cause("a"), cause("b")]).into();
        assert_eq!(
            two.text(),
            "The Service \"web\" is invalid: \n* a: Required value\n* b: Required value"
        );
    }

    #[test]
    fn several_failures_are_a_line_each() {
        let failures = vec![
            Status::not_found("pods", "a").into(),
            Failure::at_file(Status::not_found("pods", "b"), "creating", "b.yaml"),
        ];
        assert_eq!(
            Failure::of(failures).expect("failures").text(),
            "Error from server (NotFound): pods \"a\" not found\nError from server (NotFound): \
             error when creating \"b.yaml\": pods \"b\" not found"
        );
    }
}
