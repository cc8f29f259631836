//! Ports that may be numbers or names.

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::names;
use super::report::{Json, Report};

/// A port's number or name.
pub(super) fn check(report: &mut Report, path: &str, port: &IntOrString) {
    match port {
        IntOrString::Int(number) => report.port(path, *number),
        IntOrString::String(name) => report.invalid_for(path, name, names::port_name(name)),
    }
}

/// A number that is not negative, or a percentage.
pub(super) fn check_amount(report: &mut Report, path: &str, amount: &IntOrString) {
    match amount {
        IntOrString::Int(number) => report.not_negative(path, Some(*number)),
        IntOrString::String(text) => report.invalid_for(path, text, names::percent(text)),
    }
}

/// A percentage that is no more than everything.
pub(super) fn at_most_all(report: &mut Report, path: &str, amount: &IntOrString) {
    if matches!(amount, IntOrString::String(_)) && size(amount) > 100 {
        report.invalid(path, Json(amount), "must not be greater than 100%");
    }
}

/// The number, or that of the percentage; 0 for what is neither.
pub(super) fn size(amount: &IntOrString) -> i64 {
    match amount {
        IntOrString::Int(number) => i64::from(*number),
        IntOrString::String(text) if names::percent(text).is_empty() => {
            text.trim_end_matches('%').parse().unwrap_or(i64::MAX)
        }
        IntOrString::String(text) => text.parse().unwrap_or(0),
    }
}
