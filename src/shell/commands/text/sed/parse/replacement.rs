//! The text that `s` puts in: groups, and letters that are raised and lowered.

/// A piece of a replacement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::shell::commands::text::sed) enum Piece {
    Text(String),
    Group(usize),
    Case(Case),
}

/// How letters are written from here on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::shell::commands::text::sed) enum Case {
    /// `\U`, `\L`, `\E`
    Upper,
    Lower,
    End,
    /// `\u`, `\l`: the next letter alone.
    UpperNext,
    LowerNext,
}

/// The highest group that is named.
pub(super) fn highest(pieces: &[Piece]) -> Option<usize> {
    pieces
        .iter()
        .filter_map(|piece| match piece {
            Piece::Group(group) => Some(*group),
            _ => None,
        })
        .max()
}

pub(in crate::shell::commands::text::sed) fn pieces(
    text: &str,
    gnu: bool,
    cases: bool,
) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let text = escapes(text, false, gnu);
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        let piece = match letter {
            '&' => Piece::Group(0),
            '\\' => match letters.next() {
                Some(digit @ '0'..='9') => Piece::Group(digit as usize - '0' as usize),
                Some(next @ ('U' | 'L' | 'E' | 'u' | 'l')) if cases => Piece::Case(match next {
                    'U' => Case::Upper,
                    'L' => Case::Lower,
                    'E' => Case::End,
                    'u' => Case::UpperNext,
                    _ => Case::LowerNext,
                }),
                Some('n') => {
                    plain.push('\n');
                    continue;
                }
                Some(other) => {
                    plain.push(other);
                    continue;
                }
                None => continue,
            },
            other => {
                plain.push(other);
                continue;
            }
        };
        if !plain.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut plain)));
        }
        pieces.push(piece);
    }
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    pieces
}

/// Puts letters in place of `\t`, `\x41`, `\o101`, `\d065`, `\cA`; everything else stays.
pub(super) fn escapes(text: &str, pattern: bool, gnu: bool) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut out = String::new();
    let mut at = 0;
    while at < letters.len() {
        if letters[at] != '\\' || at + 1 == letters.len() {
            out.push(letters[at]);
            at += 1;
            continue;
        }
        let number = |radix: u32, most: usize| {
            let digits: String = letters[at + 2..]
                .iter()
                .take(most)
                .take_while(|letter| letter.is_digit(radix))
                .collect();
            let value = u32::from_str_radix(&digits, radix).ok().and_then(char::from_u32);
            value.map(|value| (value, digits.len()))
        };
        let made = match letters[at + 1] {
            'a' => Some(('\u{7}', 0)),
            'f' => Some(('\u{c}', 0)),
            'r' => Some(('\r', 0)),
            't' => Some(('\t', 0)),
            'v' => Some(('\u{b}', 0)),
            'x' if gnu => number(16, 2),
            'o' if gnu => number(8, 3),
            'd' if gnu => number(10, 3),
            'c' if gnu => letters.get(at + 2).map(|letter| {
                let code = (letter.to_ascii_uppercase() as u8) ^ 0x40;
                (char::from(code), 1)
            }),
            _ => None,
        };
        match made {
            Some((letter, digits)) => {
                // A letter that was made so means itself.
                let special = match pattern {
                    true => "*.[]\\^$/+?(){}|".contains(letter),
                    false => "&\\".contains(letter),
                };
                if special {
                    out.push('\\');
                }
                out.push(letter);
                at += 2 + digits;
            }
            None => {
                out.extend([letters[at], letters[at + 1]]);
                at += 2;
            }
        }
    }
    out
}
