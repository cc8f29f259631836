//! Parts of files and the validators that requests name them by (RFC 9110, sections 8.8 and 14), as nginx and
//! Apache's httpd share them.

/// The first and the last byte of a part.
pub type Bounds = (usize, usize);

/// What separates the parts of a body; the servers take a random one.
pub const BOUNDARY: &str = "00000000000000000001";

/// A range: `0-9`, `5-`, `-5`, cut where the file ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    Part(Bounds),
    /// It begins behind the end.
    Outside,
    /// It is no range.
    Malformed,
}

impl Range {
    /// Reads a range of a file of this length.
    pub fn read(text: &str, length: usize) -> Range {
        Range::bounds(text, length).unwrap_or(Range::Malformed)
    }

    fn bounds(text: &str, length: usize) -> Option<Range> {
        let number = |text: &str| text.parse::<usize>().ok();
        let (first, last) = match text.trim().split_once('-')? {
            ("", count) => (length.saturating_sub(number(count)?), usize::MAX),
            (first, "") => (number(first)?, usize::MAX),
            (first, last) => (number(first)?, number(last)?),
        };
        let ends = |last: usize| last.min(length.saturating_sub(1));
        match first {
            first if first > last => None,
            first if first >= length => Some(Range::Outside),
            first => Some(Range::Part((first, ends(last)))),
        }
    }
}

/// The content of several parts, each with its own head: these names for the type and the range.
pub fn multipart(body: &[u8], parts: &[Bounds], kind: &str, names: [&str; 2]) -> Vec<u8> {
    let [of_type, of_range] = names;
    let mut whole = Vec::new();
    for (first, last) in parts {
        let length = body.len();
        let head = format!(
            "\r\n--{BOUNDARY}\r\n{of_type}: {kind}\r\n{of_range}: bytes {first}-{last}/{length}\r\n\r\n"
        );
        whole.extend_from_slice(head.as_bytes());
        whole.extend_from_slice(&body[*first..=*last]);
    }
    whole.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    whole
}

/// Whether a list of entity tags has this one, weak or strong.
pub fn has_tag(list: &str, tag: &str) -> bool {
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    list.trim() == "*" || list.split(',').any(|one| bare(one) == bare(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As nginx 1.22 answers them for a file of 34 bytes.
    #[test]
    fn ranges_end_where_the_file_ends() {
        assert_eq!(Range::read("0-9", 34), Range::Part((0, 9)));
        assert_eq!(Range::read("-5", 34), Range::Part((29, 33)));
        assert_eq!(Range::read("11-", 34), Range::Part((11, 33)));
        assert_eq!(Range::read("30-99", 34), Range::Part((30, 33)));
        assert_eq!(Range::read("1000-", 34), Range::Outside);
        assert_eq!(Range::read("x", 34), Range::Malformed);
        assert_eq!(Range::read("5-4", 34), Range::Malformed);
    }

    #[test]
    fn a_tag_is_known_by_itself_or_by_a_star() {
        assert!(has_tag("\"a\", W/\"b\"", "\"b\""));
        assert!(has_tag("*", "\"b\""));
        assert!(!has_tag("\"a\"", "\"b\""));
    }
}
