//! YAML's colours, line by line: keys, strings, numbers, comments.

/// What a piece of a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    /// Blanks and plain text.
    Plain,
    /// A key, without its colon.
    Key,
    /// `:`, `-`, brackets and the like.
    Mark,
    /// Text, quoted or not.
    String,
    /// A number, true, false, null.
    Number,
    /// A comment.
    Comment,
}

/// A line cut into pieces: (what, how many characters), in order and without gaps. Block scalars are
/// taken line by line, which colours them well enough.
pub fn tokens(line: &str) -> Vec<(Token, usize)> {
    let characters: Vec<char> = line.chars().collect();
    let mut out = Vec::new();
    let mut at = 0;
    let blanks = characters.iter().take_while(|c| c.is_whitespace()).count();
    push(&mut out, Token::Plain, blanks);
    at += blanks;
    while characters.get(at) == Some(&'-') && is_blank(characters.get(at + 1)) {
        let blanks = characters[at + 1..].iter().take_while(|c| **c == ' ').count();
        push(&mut out, Token::Mark, 1);
        push(&mut out, Token::Plain, blanks);
        at += 1 + blanks;
    }
    if line.trim_end() == "---" || line.trim_end() == "..." {
        return vec![(Token::Mark, characters.len())];
    }
    if let Some(length) = key_length(&characters[at..]) {
        push(&mut out, Token::Key, length);
        push(&mut out, Token::Mark, 1);
        at += length + 1;
    }
    values(&characters[at..], &mut out);
    out
}

/// How long the key is that begins here, if a colon follows it.
fn key_length(rest: &[char]) -> Option<usize> {
    let mut quote = None;
    for (at, c) in rest.iter().enumerate() {
        match (quote, c) {
            (Some(open), c) if open == *c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') if at == 0 => quote = Some(*c),
            (None, '#' | '{' | '[' | ',') => return None,
            (None, ':') if is_blank(rest.get(at + 1)) && at > 0 => return Some(at),
            (None, _) => {}
        }
    }
    None
}

/// What follows a key, or stands alone.
fn values(rest: &[char], out: &mut Vec<(Token, usize)>) {
    let mut at = 0;
    while at < rest.len() {
        let c = rest[at];
        let comment = c == '#' && (at == 0 || rest[at - 1].is_whitespace());
        if comment {
            push(out, Token::Comment, rest.len() - at);
            return;
        }
        let (token, length) = match c {
            c if c.is_whitespace() => (Token::Plain, 1),
            '{' | '}' | '[' | ']' | ',' => (Token::Mark, 1),
            '|' | '>' | '&' | '*' | '!' if at == 0 || rest[at - 1] == ' ' => (Token::Mark, 1),
            '"' | '\'' => (Token::String, quoted(&rest[at..])),
            _ => scalar(&rest[at..]),
        };
        push(out, token, length);
        at += length;
    }
}

fn quoted(rest: &[char]) -> usize {
    let mut escaped = false;
    for (at, c) in rest.iter().enumerate().skip(1) {
        match c {
            '\\' if rest[0] == '"' && !escaped => escaped = true,
            c if *c == rest[0] && !escaped => return at + 1,
            _ => escaped = false,
        }
    }
    rest.len()
}

fn scalar(rest: &[char]) -> (Token, usize) {
    let flow_end = |at: usize| matches!(rest[at], ',' | ']' | '}');
    let comment = |at: usize| rest[at] == '#' && rest[at - 1].is_whitespace();
    let end = (1..rest.len()).find(|&at| flow_end(at) || comment(at)).unwrap_or(rest.len());
    let text: String = rest[..end].iter().collect();
    let trimmed = text.trim_end();
    let length = trimmed.chars().count().max(1);
    // A key of a flow mapping: `{app: web}`.
    if let Some(colon) = trimmed.find(": ") {
        return (Token::Key, trimmed[..colon].chars().count().max(1));
    }
    let word = matches!(trimmed, "true" | "false" | "null" | "~" | "yes" | "no" | "on" | "off");
    let number =
        trimmed.parse::<f64>().is_ok() && trimmed.starts_with(|c: char| !c.is_alphabetic());
    (if word || number { Token::Number } else { Token::String }, length)
}

fn push(out: &mut Vec<(Token, usize)>, token: Token, length: usize) {
    match out.last_mut() {
        Some((last, count)) if *last == token => *count += length,
        _ if length > 0 => out.push((token, length)),
        _ => {}
    }
}

fn is_blank(c: Option<&char>) -> bool {
    c.is_none_or(|c| c.is_whitespace())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Token::{Comment, Key, Mark, Number, Plain, String as Text};
    use super::*;

    #[test]
    fn a_list_item_with_a_key_a_number_and_a_comment() {
        let expected = [
            (Plain, 2),
            (Mark, 1),
            (Plain, 1),
            (Key, 4),
            (Mark, 1),
            (Plain, 1),
            (Number, 2),
            (Plain, 1),
            (Comment, 3),
        ];
        assert_eq!(tokens("  - port: 80 # x"), expected);
    }

    #[test]
    fn addresses_and_images_are_text() {
        assert_eq!(tokens("image: nginx:1.27").last(), Some(&(Text, 10)));
        assert_eq!(tokens("- http://backend").last(), Some(&(Text, 14)));
    }

    #[test]
    fn a_hash_inside_quotes_is_no_comment() {
        assert_eq!(tokens("a: \"x # y\"").last(), Some(&(Text, 7)));
    }

    proptest! {
        #[test]
        fn every_character_belongs_to_one_token(line in "[^\\n]{0,60}") {
            let count: usize = tokens(&line).iter().map(|(_, length)| length).sum();
            prop_assert_eq!(count, line.chars().count());
        }
    }
}
