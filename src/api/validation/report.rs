//! Faults as they are gathered, in the API server's layout of one.

use serde::Serialize;

use crate::api::{Cause, Wants};
use crate::manifest::go_json;

/// The faults found so far, in order.
#[derive(Debug, Default)]
pub(super) struct Report {
    causes: Vec<Cause>,
}

/// A value as it is shown behind `Invalid value:`.
pub(super) trait Shown {
    fn shown(&self) -> String;
}

/// A value that is shown as JSON.
#[derive(Clone, Serialize)]
#[serde(transparent)]
pub(super) struct Json<T>(pub T);

impl Report {
    /// What was found.
    pub fn into_causes(self) -> Vec<Cause> {
        self.causes
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.causes.is_empty()
    }

    /// How many faults were found.
    pub fn len(&self) -> usize {
        self.causes.len()
    }

    /// `<path>: <kind><detail>`
    fn push(&mut self, path: &str, kind: &str, detail: &str) {
        let message = if detail.is_empty() { kind.to_owned() } else { format!("{kind}: {detail}") };
        self.causes.push(Cause::new(path, message));
    }

    /// What the field of the newest fault would take.
    fn wants(&mut self, wants: Wants) {
        if let Some(cause) = self.causes.last_mut() {
            cause.wants = wants;
        }
    }

    /// `Invalid value: 0: must be between 1 and 65535, inclusive`
    pub fn invalid(&mut self, path: &str, value: impl Shown, why: &str) {
        let shown = value.shown();
        let detail = if why.is_empty() { shown } else { format!("{shown}: {why}") };
        self.push(path, "Invalid value", &detail);
    }

    /// One [`Report::invalid`] for each reason.
    pub fn invalid_for(&mut self, path: &str, value: &str, reasons: Vec<String>) {
        for why in reasons {
            self.invalid(path, value, &why);
        }
    }

    /// One [`Report::invalid`] for each reason why a text is no name of DNS.
    pub fn invalid_name(&mut self, path: &str, value: &str, reasons: Vec<String>) {
        for why in reasons {
            self.invalid(path, value, &why);
            self.wants(Wants::Name);
        }
    }

    /// `Required value`, perhaps with a reason.
    pub fn required(&mut self, path: &str, why: &str) {
        self.push(path, "Required value", why);
    }

    /// `Forbidden: …`
    pub fn forbidden(&mut self, path: &str, why: &str) {
        self.push(path, "Forbidden", why);
    }

    /// `Duplicate value: "http"`
    pub fn duplicate(&mut self, path: &str, value: impl Shown) {
        self.push(path, "Duplicate value", &value.shown());
    }

    /// `Duplicate value: {…}: taints must be unique by key and effect pair`
    pub fn duplicate_because(&mut self, path: &str, value: impl Shown, why: &str) {
        self.push(path, "Duplicate value", &format!("{}: {why}", value.shown()));
    }

    /// `Not found: "data"`
    pub fn not_found(&mut self, path: &str, value: &str) {
        self.push(path, "Not found", &value.shown());
    }

    /// `Not found: "gpu": must be one of …`
    pub fn not_found_among(&mut self, path: &str, value: &str, why: &str) {
        self.push(path, "Not found", &format!("{}: {why}", value.shown()));
    }

    /// `Invalid value: specifying both …`, of a value that is not shown.
    pub fn contradictory(&mut self, path: &str, why: &str) {
        self.push(path, "Invalid value", why);
    }

    /// `Too many: 101: must have at most 100 items`
    pub fn too_many(&mut self, path: &str, count: usize, most: usize) {
        let items = if most == 1 { "item" } else { "items" };
        self.push(path, "Too many", &format!("{count}: must have at most {most} {items}"));
    }

    /// `Too long: may not be more than 262144 bytes`
    pub fn too_long(&mut self, path: &str, most: usize) {
        self.push(path, "Too long", &format!("may not be more than {most} bytes"));
    }

    /// `Unsupported value: "tcp": supported values: "SCTP", "TCP", "UDP"`
    pub fn unsupported(&mut self, path: &str, value: impl Shown, supported: &[&str]) {
        let words: Vec<String> = supported.iter().map(|value| value.shown()).collect();
        let detail = format!("{}: supported values: {}", value.shown(), words.join(", "));
        self.push(path, "Unsupported value", &detail);
        self.wants(Wants::OneOf(supported.iter().map(|value| (*value).to_owned()).collect()));
    }

    /// A text that is one of a few, where it is given.
    pub fn one_of_if_given(&mut self, path: &str, value: Option<&str>, supported: &[&str]) {
        if let Some(value) = value.filter(|value| !supported.contains(value)) {
            self.unsupported(path, value, supported);
        }
    }

    /// A text that must be one of a few.
    pub fn one_of(&mut self, path: &str, value: Option<&str>, supported: &[&str]) {
        match value {
            None | Some("") => self.required(path, ""),
            Some(value) if !supported.contains(&value) => self.unsupported(path, value, supported),
            Some(_) => {}
        }
    }

    /// A number that must not be negative, where it is given.
    pub fn not_negative(&mut self, path: &str, value: Option<impl Into<i64>>) {
        if let Some(value) = value.map(Into::into)
            && value < 0
        {
            self.invalid(path, value, "must be greater than or equal to 0");
        }
    }

    /// A port's number.
    pub fn port(&mut self, path: &str, value: i32) {
        if !(1..=65535).contains(&value) {
            self.invalid(path, value, "must be between 1 and 65535, inclusive");
        }
    }

    /// A value that may not change.
    pub fn unchanged<T: PartialEq + Serialize>(&mut self, path: &str, new: &T, old: &T) {
        if new != old {
            self.invalid(path, Json(new), "field is immutable");
        }
    }
}

impl Shown for str {
    fn shown(&self) -> String {
        quoted(self)
    }
}

impl Shown for &str {
    fn shown(&self) -> String {
        quoted(self)
    }
}

impl Shown for i32 {
    fn shown(&self) -> String {
        self.to_string()
    }
}

impl Shown for i64 {
    fn shown(&self) -> String {
        self.to_string()
    }
}

impl<T: Serialize> Shown for Json<T> {
    fn shown(&self) -> String {
        go_json(&serde_json::to_value(&self.0).unwrap_or_default())
    }
}

/// A text as Go's `%q` writes it: what is not printable is escaped.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            c if is_graphic(c) => out.push(c),
            c if (c as u32) < 0x80 => out.push_str(&format!("\\x{:02x}", c as u32)),
            c if (c as u32) <= 0xffff => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push_str(&format!("\\U{:08x}", c as u32)),
        }
    }
    out.push('"');
    out
}

/// What Go calls printable: letters, marks, numbers, punctuation, symbols, and the plain space.
fn is_graphic(c: char) -> bool {
    let invisible = matches!(
        c,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e000}'..='\u{f8ff}'
    );
    c == ' ' || (!c.is_control() && !c.is_whitespace() && !invisible)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_quoted_as_go_quotes_them() {
        assert_eq!("\u{a0}app".shown(), r#""\u00a0app""#);
        assert_eq!("“web”".shown(), r#""“web”""#);
        assert_eq!("a\u{1b}\"\\\n".shown(), r#""a\x1b\"\\\n""#);
    }

    #[test]
    fn details_follow_the_kind_of_fault() {
        let mut report = Report::default();
        report.required("spec.ports", "");
        report.one_of("p", Some("tcp"), &["SCTP", "TCP"]);
        report.not_negative("r", Some(-1));
        let told: Vec<String> = report.into_causes().iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "spec.ports: Required value",
                "p: Unsupported value: \"tcp\": supported values: \"SCTP\", \"TCP\"",
                "r: Invalid value: -1: must be greater than or equal to 0",
            ]
        );
    }
}
