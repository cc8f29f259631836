//! The API server's own error object (`metav1.Status`), and how kubectl words it.

use std::fmt;

use super::Kind;

/// Why a request failed: the machine-readable part. Names are the API's (`metav1.StatusReason`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    NotFound,
    AlreadyExists,
    Conflict,
    Invalid,
    BadRequest,
    Forbidden,
    MethodNotAllowed,
    TooManyRequests,
    RequestEntityTooLarge,
    InternalError,
    Expired,
    /// No reason that the API has a name for: kubectl prints none.
    Unknown,
}

/// One field's fault: `<path>: <message>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The field's path, for example `spec.ports[0].port`.
    pub field: String,
    /// `Invalid value: 0: must be between 1 and 65535, inclusive`
    pub message: String,
    /// What the field would take, where that can be told in short.
    pub wants: Wants,
}

impl Cause {
    /// A fault of which no more is known than its message.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Cause {
        Cause { field: field.into(), message: message.into(), wants: Wants::Other }
    }
}

/// What a field would take in place of what it refuses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Wants {
    /// What the message says.
    #[default]
    Other,
    /// One of these words.
    OneOf(Vec<String>),
    /// A name as DNS has it (RFC 1123).
    Name,
}

/// A failed request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Why, for programs.
    pub reason: Reason,
    /// Why, for people: the API server's `message`.
    pub message: String,
    /// The kind's name that the message is about (`Service`), where there is one.
    pub kind: String,
    /// The object's name, where there is one.
    pub name: String,
    /// The fields at fault, in the server's order.
    pub causes: Vec<Cause>,
    /// `Warning:` headers: a refusal has them as an answer does.
    pub warnings: Box<[String]>,
}

impl Status {
    /// The same, with what the server remarked on before it refused.
    #[must_use]
    pub fn with(self, remarks: &[String]) -> Status {
        let warnings = remarks.iter().cloned().chain(self.warnings).collect();
        Status { warnings, ..self }
    }

    /// A failure with a reason and a message, about nothing in particular.
    pub fn new(reason: Reason, message: impl Into<String>) -> Status {
        Status {
            reason,
            message: message.into(),
            kind: String::new(),
            name: String::new(),
            causes: Vec::new(),
            warnings: Box::default(),
        }
    }

    /// `pods "x" not found`
    pub fn not_found(resource: &str, name: &str) -> Status {
        let mut status = Status::new(Reason::NotFound, format!("{resource} \"{name}\" not found"));
        status.name = name.to_owned();
        status
    }

    /// `services "x" already exists`
    pub fn already_exists(resource: &str, name: &str) -> Status {
        let mut status =
            Status::new(Reason::AlreadyExists, format!("{resource} \"{name}\" already exists"));
        status.name = name.to_owned();
        status
    }

    /// `Deployment.apps "x" is invalid: …`, with every fault in the server's layout: one fault on the
    /// same line, several between brackets in the message and a bullet each when kubectl prints them.
    pub fn invalid(kind: &str, name: &str, causes: Vec<Cause>) -> Status {
        // What is at fault in two ways of looking at it is told once (`ErrorList.ToAggregate`).
        let mut faults: Vec<String> = Vec::new();
        for fault in causes.iter().map(ToString::to_string) {
            if !faults.contains(&fault) {
                faults.push(fault);
            }
        }
        let list = match faults.as_slice() {
            [one] => one.clone(),
            many => format!("[{}]", many.join(", ")),
        };
        Status {
            reason: Reason::Invalid,
            message: format!("{kind}{} \"{name}\" is invalid: {list}", dot_group(kind)),
            kind: kind.to_owned(),
            name: name.to_owned(),
            causes,
            warnings: Box::default(),
        }
    }

    /// The HTTP status code.
    pub fn code(&self) -> u16 {
        match self.reason {
            Reason::NotFound => 404,
            Reason::AlreadyExists | Reason::Conflict => 409,
            Reason::Invalid => 422,
            Reason::BadRequest => 400,
            Reason::Forbidden => 403,
            Reason::MethodNotAllowed => 405,
            Reason::TooManyRequests => 429,
            Reason::RequestEntityTooLarge => 413,
            Reason::InternalError | Reason::Unknown => 500,
            Reason::Expired => 410,
        }
    }
}

/// `.apps` of `Deployment`; nothing for kinds of the core group, and for words that are no kind.
fn dot_group(kind: &str) -> String {
    let info = Kind::all().map(Kind::info).find(|info| info.name == kind);
    let group = info.map(|info| info.group).filter(|group| !group.is_empty());
    group.map(|group| format!(".{group}")).unwrap_or_default()
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

/// The server's message.
impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Status {}
