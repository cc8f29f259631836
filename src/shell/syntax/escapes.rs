//! C's escapes (`$'…'`, `printf`, `echo -e`), and single quotes.

/// A text in single quotes, as a shell reads it back.
pub fn in_single_quotes(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// The text that C's escapes in `text` stand for.
pub fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text.chars().peekable();
    while let Some(next) = rest.next() {
        if next != '\\' {
            out.push(next);
            continue;
        }
        match rest.next() {
            None => out.push('\\'),
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('a') => out.push('\u{7}'),
            Some('b') => out.push('\u{8}'),
            Some('e' | 'E') => out.push('\u{1b}'),
            Some('f') => out.push('\u{c}'),
            Some('v') => out.push('\u{b}'),
            Some('x') => out.push(number(&mut rest, 16, 2, 0)),
            Some('u') => out.push(number(&mut rest, 16, 4, 0)),
            Some('U') => out.push(number(&mut rest, 16, 8, 0)),
            // What Ctrl and the letter make.
            Some('c') => match rest.next() {
                Some('?') => out.push('\u{7f}'),
                Some(letter) if letter.is_ascii() => out.push((letter as u8 & 0x1f) as char),
                other => out.extend(['\\', 'c'].into_iter().chain(other)),
            },
            Some(digit @ '0'..='7') => {
                out.push(number(&mut rest, 8, 2, digit.to_digit(8).unwrap_or(0)));
            }
            Some(other @ ('\\' | '\'' | '"' | '?')) => out.push(other),
            Some(other) => out.extend(['\\', other]),
        }
    }
    out
}

/// The character whose number `first` and at most `most` further digits spell.
fn number(
    rest: &mut std::iter::Peekable<std::str::Chars<'_>>,
    radix: u32,
    most: usize,
    first: u32,
) -> char {
    let mut value = first;
    for _ in 0..most {
        let Some(digit) = rest.peek().and_then(|next| next.to_digit(radix)) else { break };
        value = value * radix + digit;
        rest.next();
    }
    char::from_u32(value).unwrap_or('\u{fffd}')
}
