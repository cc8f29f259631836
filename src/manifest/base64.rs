//! Base64 as Go's standard library checks it, of which only the first wrong byte is ever told.

/// The byte at which `text` stops being base64 with padding; nothing where it never does. Line
/// breaks count for nothing.
pub(super) fn broken_at(text: &str) -> Option<usize> {
    let bytes: Vec<(usize, u8)> =
        text.bytes().enumerate().filter(|(_, b)| !matches!(b, b'\r' | b'\n')).collect();
    let is_digit = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    let place = |index: usize| bytes.get(index).map(|(at, _)| *at);
    let digits = bytes.iter().take_while(|(_, b)| is_digit(*b)).count();
    let whole = digits - digits % 4;
    let is_padding = |index: usize| bytes.get(index).is_some_and(|(_, b)| *b == b'=');
    match (digits % 4, is_padding(digits), is_padding(digits + 1)) {
        // Where the text just ends, Go names the first byte of the group that is not complete.
        (_, false, _) if digits == bytes.len() => place(whole).filter(|_| digits > whole),
        (2, true, true) => place(digits + 2),
        (2, true, false) if digits + 1 == bytes.len() => Some(text.len()),
        (3, true, _) => place(digits + 1),
        _ => place(digits),
    }
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
        for (text, at) in [
            ("hello!", 5),
            ("a", 0),
            ("aGVsb", 4),
            ("aGk=x", 4),
            ("aA=x", 2),
            ("aA=", 3),
            ("=aGk", 0),
        ] {
            assert_eq!(broken_at(text), Some(at), "{text}");
        }
    }
}
