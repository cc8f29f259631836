//! `fmt`: paragraphs filled anew, at the breaks that cost least (`fmt.c` of GNU coreutils).

use super::lines::whole;
use crate::shell::Io;
use crate::shell::commands::options::{Grammar, Options};
use crate::shell::commands::trouble::left_out;

/// How wide a line may be unless it is said.
const WIDTH: usize = 75;

/// By how many percent of the width a line may be shorter without cost.
const LEEWAY: usize = 7;

/// Words that are looked at together: a longer paragraph is filled in pieces.
const WORDS: usize = 1_000;

/// A word of a paragraph, and what is behind it.
struct Word {
    text: String,
    /// Columns behind it, if it does not end a line.
    space: usize,
    /// Begins with an opening bracket or quote.
    opens: bool,
    /// Ends with a full stop or its like.
    stops: bool,
    /// Ends with any punctuation.
    punctuation: bool,
    /// Ends a sentence.
    last: bool,
}

/// How lines are filled.
#[derive(Clone, Copy)]
struct Fill {
    most: usize,
    goal: usize,
    /// `-s`: long lines are split, and none are joined.
    splits: bool,
    /// `-u`: one space between words, two behind sentences.
    uniform: bool,
    /// `-c`: the second line's indent is that of all behind it.
    crown: bool,
    /// `-t`: likewise, where it differs from the first's.
    tagged: bool,
}

impl Fill {
    fn read(options: &Options) -> Result<Fill, String> {
        let width = |letter: char, most: usize| match options.value(letter) {
            None => Ok(None),
            Some(text) => match text.parse::<usize>() {
                Ok(width) if width <= most => Ok(Some(width)),
                Ok(_) => {
                    Err(format!("fmt: invalid width: '{text}': Numerical result out of range"))
                }
                Err(_) => Err(format!("fmt: invalid width: '{text}'")),
            },
        };
        let most = width('w', 2_500)?;
        let goal = width('g', most.unwrap_or(WIDTH))?;
        let most = most.or(goal.map(|goal| goal + 10)).unwrap_or(WIDTH);
        Ok(Fill {
            most,
            goal: goal.unwrap_or(most * (2 * (100 - LEEWAY) + 1) / 200),
            splits: options.has('s'),
            uniform: options.has('u'),
            crown: options.has('c'),
            tagged: options.has('t'),
        })
    }

    /// The words of a line.
    fn words(self, line: &str) -> Vec<Word> {
        let mut all = Vec::new();
        let mut rest = line.trim_start_matches([' ', '\t']);
        while !rest.is_empty() {
            let end = rest.find([' ', '\t']).unwrap_or(rest.len());
            let (text, behind) = rest.split_at(end);
            rest = behind.trim_start_matches([' ', '\t']);
            let gap = behind.len() - rest.len();
            let closed = text.trim_end_matches([')', ']', '\'', '"']);
            let stops = closed.ends_with(['.', '?', '!']);
            let last = stops && (rest.is_empty() || gap > 1);
            let usual = if last { 2 } else { 1 };
            all.push(Word {
                space: if rest.is_empty() || self.uniform { usual } else { gap },
                opens: text.starts_with(['(', '[', '\'', '`', '"']),
                punctuation: text.ends_with(|letter: char| letter.is_ascii_punctuation()),
                stops,
                last,
                text: text.to_owned(),
            });
        }
        all
    }

    /// The indent of the lines behind a paragraph's first one; `next` is that of the line behind it.
    fn other_indent(self, first: usize, next: Option<usize>, before: usize) -> usize {
        match (self.splits, self.crown, self.tagged) {
            (true, ..) => first,
            (_, true, _) => next.unwrap_or(first),
            (.., true) => match next {
                Some(next) if next != first => next,
                _ if before != first => before,
                _ => {
                    if first == 0 {
                        3
                    } else {
                        0
                    }
                }
            },
            _ => first,
        }
    }
}

fn square(value: i64) -> i64 {
    value * value
}

/// What it costs to begin a line with a word.
fn base_cost(words: &[Word], at: usize) -> i64 {
    let mut cost = square(70);
    if at > 0 {
        let before = &words[at - 1];
        match () {
            () if before.stops && before.last => cost -= square(50),
            () if before.stops => cost += square(600),
            () if before.punctuation => cost -= square(40),
            () if at > 1 && words[at - 2].last => {
                cost += square(200) / (before.text.chars().count() as i64 + 2);
            }
            () => {}
        }
    }
    if words[at].opens {
        cost -= square(40);
    } else if words[at].last {
        cost += square(150) / (words[at].text.chars().count() as i64 + 2);
    }
    cost
}

/// Where a paragraph's lines begin, so that they cost least; `indents` are the first line's and the others'.
fn breaks(words: &[Word], indents: (usize, usize), fill: Fill) -> Vec<usize> {
    let count = words.len();
    let length = |at: usize| words[at].text.chars().count();
    let (mut best, mut next, mut lengths) =
        (vec![0_i64; count + 1], vec![count; count + 1], vec![0; count + 1]);
    for start in (0..count).rev() {
        let mut least = i64::MAX;
        let mut width = length(start) + if start == 0 { indents.0 } else { indents.1 };
        let mut at = start;
        loop {
            at += 1;
            let mut cost = best[at];
            if at < count {
                let short = fill.goal as i64 - width as i64;
                cost += square(short * 10);
                if next[at] != count {
                    cost += square((width as i64 - lengths[at] as i64) * 10) / 2;
                }
            }
            if cost < least {
                (least, next[start], lengths[start]) = (cost, at, width);
            }
            if at == count {
                break;
            }
            width += words[at - 1].space + length(at);
            if width >= fill.most {
                break;
            }
        }
        best[start] = least.saturating_add(base_cost(words, start));
    }
    let mut starts = vec![0];
    while next[starts[starts.len() - 1]] < count {
        starts.push(next[starts[starts.len() - 1]]);
    }
    starts
}

/// Writes a paragraph.
fn write(io: &mut Io<'_>, words: &[Word], indents: (usize, usize), tabs: bool, fill: Fill) {
    let mut indents = indents;
    for words in words.chunks(WORDS) {
        let mut starts = breaks(words, indents, fill);
        starts.push(words.len());
        for pair in starts.windows(2) {
            let mut line = blanks(indents.0, tabs);
            for (at, word) in words[pair[0]..pair[1]].iter().enumerate() {
                line += &word.text;
                if pair[0] + at + 1 < pair[1] {
                    line += &" ".repeat(word.space);
                }
            }
            io.say(line);
            indents.0 = indents.1;
        }
    }
}

/// So many columns from the left, in tabulators where the input had some.
fn blanks(columns: usize, tabs: bool) -> String {
    match tabs {
        true => format!("{}{}", "\t".repeat(columns / 8), " ".repeat(columns % 8)),
        false => " ".repeat(columns),
    }
}

/// The column at which a line's first word stands; `None` where there is no word.
fn indent(line: &str) -> Option<usize> {
    let mut column = 0;
    for letter in line.chars() {
        match letter {
            ' ' => column += 1,
            '\t' => column = column / 8 * 8 + 8,
            _ => return Some(column),
        }
    }
    None
}

fn filled(io: &mut Io<'_>, text: &str, fill: Fill) {
    let tabs = text.contains('\t');
    let lines: Vec<&str> = text.lines().collect();
    let (mut at, mut before) = (0, 0);
    while at < lines.len() {
        let Some(first) = indent(lines[at]) else {
            io.say("");
            at += 1;
            continue;
        };
        let mut words = fill.words(lines[at]);
        at += 1;
        let next = lines.get(at).and_then(|line| indent(line));
        let other = fill.other_indent(first, next, before);
        let joins = !fill.splits && (!fill.tagged || next.is_some_and(|next| next != first));
        while joins && lines.get(at).and_then(|line| indent(line)) == Some(other) {
            words.extend(fill.words(lines[at]));
            at += 1;
        }
        before = other;
        // A paragraph ends with a sentence, whatever its last word looks like.
        if let Some(last) = words.last_mut() {
            (last.stops, last.last) = (true, true);
        }
        write(io, &words, (first, other), tabs, fill);
    }
}

/// `-20` as the first argument stands for `-w 20`.
fn modern(arguments: &[String]) -> Vec<String> {
    let mut all = arguments.to_vec();
    let digits = |text: &str| text.starts_with(|first: char| first.is_ascii_digit());
    if let Some(width) = arguments.first().and_then(|first| first.strip_prefix('-'))
        && digits(width)
    {
        all[0] = format!("-w{width}");
    }
    all
}

pub(in crate::shell::commands) fn fmt(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const GRAMMAR: Grammar = Grammar {
        name: "fmt",
        short: "ctsuw:g:p:",
        long: &[
            ("crown-margin", 'c'),
            ("tagged-paragraph", 't'),
            ("split-only", 's'),
            ("uniform-spacing", 'u'),
            ("width", 'w'),
            ("goal", 'g'),
            ("prefix", 'p'),
        ],
        stops: false,
    };
    let Some(options) = GRAMMAR.read(&modern(arguments), io) else { return Some(1) };
    let fill = match Fill::read(&options) {
        Ok(fill) if !options.has('p') => fill,
        Ok(_) => {
            io.write_error(left_out("fmt", "--prefix"));
            return Some(1);
        }
        Err(why) => {
            io.write_error(why);
            return Some(1);
        }
    };
    let (texts, failed) = whole(io, "fmt", &options.operands)?;
    texts.iter().for_each(|(_, text)| filled(io, text, fill));
    Some(i32::from(failed))
}
