//! How large a request may be: its line, its headers, its body; and how nginx writes sizes and times.

use std::time::Duration;

use super::tokens::{Fault, Spot};
use crate::cluster::HttpRequest;

/// `client_max_body_size`, where it is left out. In bytes.
pub const LARGEST_BODY: u64 = 1 << 20;

/// What a request's line and headers are read into, in bytes: `client_header_buffer_size`, and then
/// the number and the size of `large_client_header_buffers`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeaderBuffers {
    pub first: u64,
    pub count: u64,
    pub size: u64,
}

impl Default for HeaderBuffers {
    fn default() -> Self {
        HeaderBuffers { first: 1 << 10, count: 4, size: 8 << 10 }
    }
}

/// The status, inside nginx, of a request whose headers do not fit: its client is told 400.
pub const HEADERS_TOO_LARGE: u16 = 494;

impl HeaderBuffers {
    /// The status for a request whose line or headers do not fit. A line is never split: one that does
    /// not fit where the last one ended begins the next buffer
    /// (`ngx_http_alloc_large_header_buffer` of ngx_http_request.c).
    pub fn refusal(&self, request: &HttpRequest) -> Option<u16> {
        let HttpRequest { method, target, version, headers, .. } = request;
        let line = format!("{method} {target} {version}\r\n").len() as u64;
        let headers = headers.iter().map(|(name, value)| (name.len() + value.len() + 4) as u64);
        let (mut free, mut left) = (self.first, self.count);
        for (length, status) in std::iter::once((line, 414))
            .chain(headers.chain([2]).map(|length| (length, HEADERS_TOO_LARGE)))
        {
            if length > free {
                if length > self.size || left == 0 {
                    return Some(status);
                }
                (free, left) = (self.size, left - 1);
            }
            free -= length;
        }
        None
    }
}

/// `512`, `8k`, `1m`, and where it may be that large, `2g`: a number of bytes.
///
/// # Errors
/// In nginx's words.
pub fn bytes(text: &str, units: &str, name: &str, spot: &Spot) -> Result<u64, Fault> {
    let invalid = || spot.fault(format!("\"{name}\" directive invalid value"));
    read(text, units).ok_or_else(invalid)
}

/// As [`bytes`], but nothing for what is no number of bytes.
pub fn read(text: &str, units: &str) -> Option<u64> {
    let unit = text.chars().last()?.to_ascii_lowercase();
    let (number, shift) = match (unit, units.contains(unit)) {
        ('k', true) => (&text[..text.len() - 1], 10),
        ('m', true) => (&text[..text.len() - 1], 20),
        ('g', true) => (&text[..text.len() - 1], 30),
        _ => (text, 0),
    };
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let number: u64 = number.parse().ok().filter(|_| is_number)?;
    number.checked_mul(1 << shift)
}

/// `60s`, `500ms`, `2m`, `60`
///
/// # Errors
/// In nginx's words.
pub fn time(text: &str, directive: &str, spot: &Spot) -> Result<Duration, Fault> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: Option<u64> = digits.parse().ok();
    let unit = &text[digits.len()..];
    match (number, unit) {
        (Some(number), "ms") => Ok(Duration::from_millis(number)),
        (Some(number), "s" | "") => Ok(Duration::from_secs(number)),
        (Some(number), "m") => Ok(Duration::from_secs(number.saturating_mul(60))),
        (Some(number), "h") => Ok(Duration::from_secs(number.saturating_mul(3600))),
        _ => Err(spot.fault(format!("\"{directive}\" directive invalid value"))),
    }
}
