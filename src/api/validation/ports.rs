//! Ports that may be numbers or names.

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::names;
use super::report::Report;

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
