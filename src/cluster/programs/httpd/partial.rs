//! Files that the client has already, and parts of files (`ap_meets_conditions` of http_protocol.c,
//! `ap_set_byterange` of byterange_filter.c).

use k8s_openapi::jiff::civil::DateTime;
use k8s_openapi::jiff::tz::TimeZone;

use super::serve::Page;
use crate::clock::SimTime;
use crate::cluster::HttpRequest;
use crate::cluster::programs::byte_ranges::{BOUNDARY, Bounds, Range, has_tag, multipart};
use crate::cluster::programs::http;

/// What a request that arrives at this moment makes of a file that is there.
pub fn apply(request: &HttpRequest, page: Page, now: SimTime) -> Page {
    let field = |name: &str| http::header(request, name);
    match known(request, &page, now) {
        Known::Refused => return Page { status: 412, body: Vec::new(), ..page },
        Known::Same => return Page { status: 304, kind: None, body: Vec::new(), ..page },
        Known::No => {}
    }
    let changed = field("If-Range").is_some_and(|wanted| {
        ["ETag", "Last-Modified"].iter().all(|name| page.header(name) != Some(wanted))
    });
    let ranges = field("Range").filter(|_| !changed).and_then(|all| all.strip_prefix("bytes="));
    match ranges.map(|ranges| parts(ranges, page.body.len())) {
        None | Some(None) => page,
        Some(Some(parts)) => cut(page, &parts),
    }
}

/// How a file stands to what the client says of the one that it has.
enum Known {
    No,
    /// It is the same: 304.
    Same,
    /// It is another than the client asks for: 412.
    Refused,
}

fn known(request: &HttpRequest, page: &Page, now: SimTime) -> Known {
    let field = |name: &str| http::header(request, name);
    let tag = page.header("ETag").unwrap_or("");
    let changed = page.header("Last-Modified").and_then(moment);
    let is_get = matches!(request.method.as_str(), "GET" | "HEAD");
    if field("If-Match").is_some_and(|wanted| !has_tag(wanted, tag)) {
        return Known::Refused;
    }
    let unchanged_since = field("If-Unmodified-Since").and_then(moment);
    if unchanged_since.is_some_and(|since| changed > Some(since)) {
        return Known::Refused;
    }
    let same = field("If-None-Match").map(|wanted| has_tag(wanted, tag));
    if same == Some(true) && !is_get {
        return Known::Refused;
    }
    // A moment that is yet to come counts as none.
    let past = |at: i64| at <= now.timestamp().as_second();
    let since = field("If-Modified-Since")
        .map(|at| moment(at).is_some_and(|at| past(at) && Some(at) >= changed));
    // Each of those that are asked has to find it unchanged.
    let asked = [unchanged_since.map(|_| false), same, since];
    let all = asked.iter().flatten().all(|found| *found) && asked.iter().any(Option::is_some);
    if all && is_get && field("If-Range").is_none() { Known::Same } else { Known::No }
}

/// `Mon, 11 Jun 2007 18:53:14 GMT`, in seconds.
fn moment(text: &str) -> Option<i64> {
    let at = DateTime::strptime("%a, %d %b %Y %H:%M:%S GMT", text).ok()?;
    Some(at.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second())
}

/// The parts that are asked for, with those that touch made one; nothing where the whole file is sent, and no
/// part where there is none.
fn parts(ranges: &str, length: usize) -> Option<Vec<Bounds>> {
    let mut parts: Vec<Bounds> = Vec::new();
    for range in ranges.split(',') {
        match Range::read(range, length) {
            Range::Malformed => return None,
            Range::Outside if range.trim() == "-0" => return None,
            Range::Outside => {}
            // Whoever asks for everything needs no other part.
            Range::Part(_) if range.trim() == "0-" => {
                parts = vec![(0, length - 1)];
                break;
            }
            Range::Part((first, last)) => match parts.last_mut() {
                Some(before) if first <= before.1 + 1 && last + 1 >= before.0 => {
                    *before = (before.0.min(first), before.1.max(last));
                }
                _ => parts.push((first, last)),
            },
        }
    }
    let asked: usize = parts.iter().map(|(first, last)| last - first + 1).sum();
    (asked <= length).then_some(parts)
}

fn cut(mut page: Page, parts: &[Bounds]) -> Page {
    match parts {
        [] => Page::error(416),
        [(first, last)] => {
            let told = format!("bytes {first}-{last}/{}", page.body.len());
            page.headers.push(("Content-Range".to_owned(), told));
            Page { status: 206, body: page.body[*first..=*last].to_vec(), ..page }
        }
        parts => {
            let kind = page.kind.as_deref().unwrap_or("");
            let body = multipart(&page.body, parts, kind, ["Content-type", "Content-range"]);
            let kind = Some(format!("multipart/byteranges; boundary={BOUNDARY}"));
            Page { status: 206, kind, body, ..page }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As httpd 2.4.71 cuts a file of 45 bytes.
    #[test]
    fn parts_that_touch_are_sent_as_one() {
        assert_eq!(parts("0-3,2-9", 45), Some(vec![(0, 9)]));
        assert_eq!(parts("0-3,6-8", 45), Some(vec![(0, 3), (6, 8)]));
        assert_eq!(parts("5-6,0-", 45), Some(vec![(0, 44)]));
        assert_eq!(parts("9999-", 45), Some(vec![]));
        assert_eq!(parts("5-4", 45), None);
        assert_eq!(parts("-0", 45), None);
    }
}
