//! Base64 as Go's standard library checks it, of which only the first wrong byte is ever told.

/// The byte at which `text` stops being base64 with padding; nothing where it never does. Line
/// breaks count for nothing.
pub fn broken_at(text: &str) -> Option<usize> {
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

/// The bytes that `text` stands for; nothing where it is no base64.
pub fn from_base64(text: &str) -> Option<Vec<u8>> {
    if broken_at(text).is_some() {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut held, mut bits) = (0_u32, 0);
    for digit in text.bytes() {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => continue,
        };
        held = (held << 6 | u32::from(value)) & 0xffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
        }
    }
    Some(bytes)
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
