//! Parts of files, and files that the client has already (`ngx_http_range_filter_module`,
//! `ngx_http_not_modified_filter_module`).

use super::request::Outcome;
use crate::cluster::HttpRequest;
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
        && !matches(wanted, tag)
    {
        return Ok(Outcome { status: 412, ..outcome });
    }
    let since = field("If-Modified-Since").map(|moment| moment == changed);
    let known = field("If-None-Match").map(|wanted| matches(wanted, tag));
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

/// Whether a list of entity tags has this one.
fn matches(list: &str, tag: &str) -> bool {
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    list.trim() == "*" || list.split(',').any(|one| bare(one) == bare(tag))
}

fn not_modified(mut outcome: Outcome) -> Outcome {
    outcome.headers.retain(|(name, _)| name != "Content-Type" && name != "Accept-Ranges");
    Outcome { status: 304, body: Vec::new(), ..outcome }
}

/// The first and last byte of a range: `0-9`, `5-`, `-5`; none when it lies outside.
fn bounds(range: &str, length: usize) -> Option<Option<(usize, usize)>> {
    let (first, last) = range.trim().split_once('-')?;
    let (first, last) = match (first, last) {
        ("", "") => return None,
        ("", count) => (length.saturating_sub(count.parse().ok()?), length.wrapping_sub(1)),
        (first, "") => (first.parse().ok()?, length.wrapping_sub(1)),
        (first, last) => {
            let (first, last) = (first.parse::<usize>().ok()?, last.parse::<usize>().ok()?);
            if first > last {
                return None;
            }
            (first, last)
        }
    };
    Some((first < length).then(|| (first, last.min(length - 1))))
}

fn part(ranges: &str, mut outcome: Outcome) -> Result<Outcome, usize> {
    let length = outcome.body.len();
    let mut found = Vec::new();
    for range in ranges.split(',') {
        match bounds(range, length) {
            // A range that is none counts as if nothing had been said.
            None => return Err(length),
            Some(bounds) => found.extend(bounds),
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
fn several(ranges: &[(usize, usize)], mut outcome: Outcome) -> Outcome {
    const BOUNDARY: &str = "00000000000000000001";
    let length = outcome.body.len();
    let kind = outcome.headers.iter().find(|(name, _)| name == "Content-Type");
    let kind = kind.map_or_else(String::new, |(_, kind)| kind.clone());
    let mut body = Vec::new();
    for (first, last) in ranges {
        let head = format!(
            "\r\n--{BOUNDARY}\r\nContent-Type: {kind}\r\nContent-Range: bytes {first}-{last}/{length}\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(&outcome.body[*first..=*last]);
    }
    body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    outcome.headers.retain(|(name, _)| name != "Accept-Ranges" && name != "Content-Type");
    let told = format!("multipart/byteranges; boundary={BOUNDARY}");
    outcome.headers.push(("Content-Type".to_owned(), told));
    Outcome { status: 206, body, ..outcome }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As nginx 1.22 answers them for a file of 34 bytes.
    #[test]
    fn ranges_end_where_the_file_ends() {
        assert_eq!(bounds("0-9", 34), Some(Some((0, 9))));
        assert_eq!(bounds("-5", 34), Some(Some((29, 33))));
        assert_eq!(bounds("11-", 34), Some(Some((11, 33))));
        assert_eq!(bounds("30-99", 34), Some(Some((30, 33))));
        assert_eq!(bounds("1000-", 34), Some(None));
        assert_eq!(bounds("x", 34), None);
    }

    #[test]
    fn a_tag_is_known_by_itself_or_by_a_star() {
        assert!(matches("\"a\", W/\"b\"", "\"b\""));
        assert!(matches("*", "\"b\""));
        assert!(!matches("\"a\"", "\"b\""));
    }
}
