//! Base64 as Go's standard library checks it, of which only the first wrong byte is ever told.

/// The byte at which `text` stops being base64 with padding; nothing where it never does. Line
/// breaks count for nothing.
pub(super) fn broken_at(text: &str) -> Option<usize> {
    let bytes: Vec<(usize, u8)> =
        text.bytes().enumerate().filter(|(_, b)| !matches!(b, b'\r' | b'\n')).collect();
    bytes.chunks(4).enumerate().find_map(|(group, chunk)| {
        let last = (group + 1) * 4 >= bytes.len();
        broken_in(chunk, last, text.len())
    })
}

/// The same of one group of four.
fn broken_in(chunk: &[(usize, u8)], last: bool, len: usize) -> Option<usize> {
    let is_digit = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    let digits = chunk.iter().take_while(|(_, b)| is_digit(*b)).count();
    let padding = chunk[digits..].iter().take_while(|(_, b)| *b == b'=').count();
    if digits == 4 || (last && digits >= 2 && digits + padding == 4) {
        return None;
    }
    // Where the text just ends, Go names the first byte of the group that is not complete.
    let wrong = match chunk.get(digits) {
        None => chunk.first(),
        Some((_, b'=')) if digits >= 2 => chunk.get(digits + 1),
        found => found,
    };
    Some(wrong.map_or(len, |(at, _)| *at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_groups_and_padding_are_base64() {
        for text in ["", "aGVsbG8=", "aGVsbG8h", "aGk=", "aA==", "aGVs\nbG8h"] {
            assert_eq!(broken_at(text), None, "{text}");
        }
    }

    #[test]
    fn the_first_wrong_byte_is_told() {
        for (text, at) in [("hello!", 5), ("a", 0), ("aGVsb", 4), ("aGk=x", 3), ("=aGk", 0)] {
            assert_eq!(broken_at(text), Some(at), "{text}");
        }
    }
}
