//! Parts of files, and files that the client has already (`ngx_http_range_filter_module`,
//! `ngx_http_not_modified_filter_module`).

use super::request::Outcome;
use crate::cluster::HttpRequest;
use crate::cluster::programs::byte_ranges::{BOUNDARY, Bounds, Range, has_tag, multipart};
use crate::cluster::programs::http;

/// What a file's response becomes, by what the request says of ranges and of what it knows.
///
/// # Errors
/// The length of the file, when no part of it was asked for: 416.
pub fn apply(request: &HttpRequest, outcome: Outcome) -> Result<Outcome, usize> {
    let field = |name: &str| http::header(request, name);
    let of = |name: &str| {
        let mut headers = outcome.headers.iter();
        headers.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    };
    let (tag, changed) = (of("ETag").unwrap_or(""), of("Last-Modified").unwrap_or(""));
    if let Some(wanted) = field("If-Match")
        && !has_tag(wanted, tag)
    {
        return Ok(Outcome { status: 412, ..outcome });
    }
    let since = field("If-Modified-Since").map(|moment| moment == changed);
    let known = field("If-None-Match").map(|wanted| has_tag(wanted, tag));
    let unchanged =
        (since.is_some() || known.is_some()) && since.unwrap_or(true) && known.unwrap_or(true);
    if unchanged {
        return Ok(not_modified(outcome));
    }
    let whole = field("If-Range").is_some_and(|wanted| wanted != tag && wanted != changed);
    match field("Range").and_then(|range| range.strip_prefix("bytes=")).filter(|_| !whole) {
        Some(ranges) => part(ranges, outcome),
        None => Ok(outcome),
    }
}

fn not_modified(mut outcome: Outcome) -> Outcome {
    outcome.headers.retain(|(name, _)| name != "Content-Type" && name != "Accept-Ranges");
    Outcome { status: 304, body: Vec::new(), ..outcome }
}

fn part(ranges: &str, mut outcome: Outcome) -> Result<Outcome, usize> {
    let length = outcome.body.len();
    let mut found = Vec::new();
    for range in ranges.split(',') {
        match Range::read(range, length) {
            Range::Malformed => return Err(length),
            Range::Outside => {}
            Range::Part(bounds) => found.push(bounds),
        }
    }
    let asked: usize = found.iter().map(|(first, last)| last - first + 1).sum();
    match found.as_slice() {
        [] => Err(length),
        // Who asks for more than there is gets it once.
        _ if asked > length => Ok(outcome),
        [(first, last)] => {
            outcome.body = outcome.body[*first..=*last].to_vec();
            outcome.headers.retain(|(name, _)| name != "Accept-Ranges");
            let told = format!("bytes {first}-{last}/{length}");
            outcome.headers.push(("Content-Range".to_owned(), told));
            Ok(Outcome { status: 206, ..outcome })
        }
        all => Ok(several(all, outcome)),
    }
}

/// Several parts, each with its own head.
fn several(parts: &[Bounds], mut outcome: Outcome) -> Outcome {
    let kind = outcome.headers.iter().find(|(name, _)| name == "Content-Type");
    let kind = kind.map_or("", |(_, kind)| kind);
    let body = multipart(&outcome.body, parts, kind, ["Content-Type", "Content-Range"]);
    outcome.headers.retain(|(name, _)| name != "Accept-Ranges" && name != "Content-Type");
    let told = format!("multipart/byteranges; boundary={BOUNDARY}");
    outcome.headers.push(("Content-Type".to_owned(), told));
    Outcome { status: 206, body, ..outcome }
}
