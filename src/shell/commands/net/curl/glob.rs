//! `{a,b}` and `[1-3]` in URLs (`tool_urlglob.c`).

/// A URL's parts: those that vary, and the text between them.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Choices(Vec<String>),
}

/// How many URLs one pattern may stand for here.
const MOST: usize = 10_000;

/// A URL that a pattern stands for, and what `#1`, `#2` … in a file's name mean for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meant {
    pub url: String,
    pub choices: Vec<String>,
}

/// The URLs that a pattern stands for, the last part varying first.
///
/// # Errors
/// curl's words about a malformed one.
pub fn expand(pattern: &str) -> Result<Vec<Meant>, String> {
    let pieces = parse(pattern)?;
    let mut all = vec![Meant { url: String::new(), choices: Vec::new() }];
    for piece in &pieces {
        match piece {
            Piece::Text(text) => all.iter_mut().for_each(|meant| meant.url.push_str(text)),
            Piece::Choices(choices) if all.len() * choices.len() > MOST => {
                return Err(format!("not simulated here: more than {MOST} URLs of one pattern"));
            }
            Piece::Choices(choices) => {
                let with = |meant: &Meant, choice: &String| {
                    let mut meant = meant.clone();
                    meant.url.push_str(choice);
                    meant.choices.push(choice.clone());
                    meant
                };
                all = all
                    .iter()
                    .flat_map(|meant| choices.iter().map(move |choice| with(meant, choice)))
                    .collect();
            }
        }
    }
    Ok(all)
}

/// A file's name, with `#1` and its kin replaced.
pub fn named(name: &str, choices: &[String]) -> String {
    let mut out = String::new();
    let mut rest = name;
    while let Some(at) = rest.find('#') {
        let digits = rest[at + 1..].bytes().take_while(u8::is_ascii_digit).count();
        let number = rest[at + 1..at + 1 + digits].parse::<usize>().ok();
        match number.and_then(|number| choices.get(number.checked_sub(1)?)) {
            Some(choice) => {
                out.push_str(&rest[..at]);
                out.push_str(choice);
                rest = &rest[at + 1 + digits..];
            }
            None => {
                out.push_str(&rest[..=at]);
                rest = &rest[at + 1..];
            }
        }
    }
    out + rest
}

fn parse(pattern: &str) -> Result<Vec<Piece>, String> {
    let wrong =
        |why: &str, at: usize| format!("{why} in URL position {at}:\n{pattern}\n{:>at$}", "^");
    let bytes: Vec<char> = pattern.chars().collect();
    let (mut pieces, mut text, mut at) = (Vec::new(), String::new(), 0);
    // Positions are counted as curl counts them, from 1 and in the rest behind a pattern.
    while at < bytes.len() {
        match bytes[at] {
            '[' if bytes.get(at + 1) == Some(&']') => {
                text.push_str("[]");
                at += 2;
            }
            '[' if literal(&bytes[at..]).is_some() => {
                let end = at + literal(&bytes[at..]).unwrap_or(1);
                text.extend(&bytes[at..end]);
                at = end;
            }
            '}' | ']' => return Err(wrong("unmatched close brace/bracket", at + 1)),
            '\\' if matches!(bytes.get(at + 1), Some('{' | '[' | '}' | ']')) => {
                text.push(bytes[at + 1]);
                at += 2;
            }
            open @ ('{' | '[') => {
                pieces.push(Piece::Text(std::mem::take(&mut text)));
                let parsed = if open == '{' { set(&bytes, at + 1) } else { range(&bytes, at + 1) };
                let (choices, end) = parsed.map_err(|(why, at)| wrong(why, at))?;
                pieces.push(Piece::Choices(choices));
                at = end;
            }
            c => {
                text.push(c);
                at += 1;
            }
        }
    }
    pieces.push(Piece::Text(text));
    Ok(pieces)
}

/// The length of an IPv6 address in brackets.
fn literal(rest: &[char]) -> Option<usize> {
    let end = rest.iter().position(|c| *c == ']')?;
    let inner: String = rest[1..end].iter().collect();
    let address = inner.split('%').next().unwrap_or("");
    address.parse::<std::net::Ipv6Addr>().ok().map(|_| end + 1)
}

/// What is wrong, and at which position.
type Wrong = (&'static str, usize);

fn set(bytes: &[char], begin: usize) -> Result<(Vec<String>, usize), Wrong> {
    let (mut choices, mut word, mut at) = (Vec::new(), String::new(), begin);
    loop {
        match bytes.get(at) {
            None => return Err(("unmatched brace", begin)),
            Some('{' | '[') => return Err(("nested brace", at + 1)),
            Some(']') => return Err(("unexpected close bracket", at + 1)),
            Some('}') if at == begin => return Err(("empty string within braces", at + 1)),
            Some('}') => {
                choices.push(word);
                return Ok((choices, at + 1));
            }
            Some(',') => choices.push(std::mem::take(&mut word)),
            Some('\\') if at + 1 < bytes.len() => {
                at += 1;
                word.push(bytes[at]);
            }
            Some(c) => word.push(*c),
        }
        at += 1;
    }
}

fn range(bytes: &[char], begin: usize) -> Result<(Vec<String>, usize), Wrong> {
    let inner: String = bytes[begin..].iter().take_while(|c| **c != ']').collect();
    let closed = begin + inner.chars().count() < bytes.len();
    let end = begin + inner.chars().count() + 1;
    let first = inner.chars().next().or_else(|| bytes.get(begin).copied());
    if !first.is_some_and(|c| c.is_ascii_alphanumeric()) {
        return Err(("bad range specification", begin + 1));
    }
    let wrong = ("bad range", begin + 1 + consumed(&inner, closed));
    let (ends, step) = match inner.split_once(':') {
        Some((ends, step)) => (ends, step.parse::<u64>().map_err(|_| wrong)?),
        None => (inner.as_str(), 1),
    };
    let (low, high) = ends.split_once('-').filter(|_| closed).ok_or(wrong)?;
    let letters = low.starts_with(|c: char| c.is_ascii_alphabetic());
    let (from, to, width) = if letters {
        let one = |text: &str| {
            let mut chars = text.chars();
            chars.next().filter(|_| chars.next().is_none()).map(|c| c as u64)
        };
        (one(low).ok_or(wrong)?, one(high).ok_or(wrong)?, 0)
    } else {
        let width = if low.starts_with('0') { low.len() } else { 0 };
        let number = |text: &str| text.trim_start().parse::<u64>().map_err(|_| wrong);
        (number(low)?, number(high)?, width)
    };
    let fits = if from == to { step == 1 } else { from < to && step > 0 && step <= to - from };
    if !fits || letters && to - from > 25 {
        return Err(wrong);
    }
    let count = (to - from) / step + 1;
    if count > MOST as u64 {
        return Err(("range overflow", begin + 1));
    }
    let written = |value: u64| match letters {
        true => char::from_u32(value as u32).unwrap_or(' ').to_string(),
        false => format!("{value:0width$}"),
    };
    Ok(((0..count).map(|nth| written(from + nth * step)).collect(), end))
}

/// How much of a wrong range curl has read when it sees so: its message points there.
fn consumed(inner: &str, closed: bool) -> usize {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let first = digits(inner);
    if first == 0 {
        return if closed && inner.len() == 3 && inner[1..].starts_with('-') { 4 } else { 0 };
    }
    let Some(rest) = inner[first..].strip_prefix('-') else { return 0 };
    let second = digits(rest);
    match rest[second..].strip_prefix(':') {
        _ if second == 0 => first + 1,
        Some(step) if closed && digits(step) == step.len() => inner.len() + 1,
        Some(_) => first + 1 + second + 1,
        None if closed && second == rest.len() => inner.len() + 1,
        None => first + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(pattern: &str) -> Vec<String> {
        expand(pattern).unwrap().into_iter().map(|meant| meant.url).collect()
    }

    #[test]
    fn sets_and_ranges_stand_for_many_urls() {
        assert_eq!(
            urls("http://{a,b}/[1-2]"),
            ["http://a/1", "http://a/2", "http://b/1", "http://b/2"]
        );
        assert_eq!(urls("x[08-10]"), ["x08", "x09", "x10"]);
        assert_eq!(urls("x[a-e:2]"), ["xa", "xc", "xe"]);
        assert_eq!(urls("http://[::1]:8080/"), ["http://[::1]:8080/"]);
        let meant = expand("http://{a,b}/[1-2]").unwrap();
        assert_eq!(named("#1_#2#3", &meant[3].choices), "b_2#3");
    }

    // What curl 7.88.1 says.
    #[test]
    fn a_malformed_pattern_is_told_with_its_place() {
        let told = |pattern: &str| expand(pattern).unwrap_err();
        assert_eq!(told("http://a{b"), "unmatched brace in URL position 9:\nhttp://a{b\n        ^");
        assert!(told("http://a}b").starts_with("unmatched close brace/bracket in URL position 9:"));
        assert!(told("http://a[3-1]").starts_with("bad range in URL position "));
    }
}
