//! Every diagnosis by its stable name, with what it means and what to do: `podhop explain CODE`.

use std::fmt;

use super::explanations::EXPLANATIONS;
use crate::diagnostic::nearest;

/// A diagnosis's stable name: `service-selects-nothing`.
pub type Code = &'static str;

/// The long form of a diagnosis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Its stable name.
    pub code: Code,
    /// What it is, in a few words.
    pub title: &'static str,
    /// What happens, and why.
    pub means: &'static str,
    /// How it looks.
    pub example: &'static str,
    /// What to do.
    pub fix: &'static str,
}

/// The explanation of a code.
pub fn explain(code: &str) -> Option<&'static Explanation> {
    EXPLANATIONS.iter().find(|explanation| explanation.code == code)
}

/// The codes nearest to a word that is none: those that are spelt like it, and those that share a word
/// with it. At most five.
pub fn near_codes(word: &str) -> Vec<Code> {
    let codes = || EXPLANATIONS.iter().map(|explanation| explanation.code);
    let word = word.to_lowercase().replace(['_', ' '], "-");
    let parts: Vec<&str> = word.split('-').filter(|part| part.len() > 2).collect();
    let shared = |code: &str| {
        let alike =
            |own: &str| parts.iter().any(|part| *part == own || nearest(part, [own]).is_some());
        code.split('-').filter(|own| own.len() > 2 && alike(own)).count()
    };
    let mut found: Vec<(usize, Code)> = codes().map(|code| (shared(code), code)).collect();
    found.retain(|(shared, _)| *shared > 0);
    found.sort_by_key(|(shared, _)| std::cmp::Reverse(*shared));
    let best = found.first().map_or(0, |(shared, _)| *shared);
    let mut all: Vec<Code> = codes().filter(|code| *code == word).collect();
    all.extend(nearest(&word, codes()));
    all.extend(found.into_iter().filter(|(shared, _)| *shared == best).map(|(_, code)| code));
    let mut once: Vec<Code> = Vec::new();
    for code in all {
        if !once.contains(&code) {
            once.push(code);
        }
    }
    once.truncate(5);
    once
}

/// Every explanation, in the order of the codes.
pub fn explanations() -> &'static [Explanation] {
    EXPLANATIONS
}

/// As the command line prints it.
impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}\n", self.code, self.title)?;
        writeln!(f, "{}\n", self.means)?;
        writeln!(f, "How it looks\n")?;
        for line in self.example.lines() {
            writeln!(f, "    {line}")?;
        }
        writeln!(f, "\nWhat to do\n")?;
        writeln!(f, "{}", self.fix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_and_complete() {
        assert!(EXPLANATIONS.windows(2).all(|pair| pair[0].code < pair[1].code));
        for explanation in EXPLANATIONS {
            let texts =
                [explanation.title, explanation.means, explanation.example, explanation.fix];
            assert!(texts.iter().all(|text| !text.trim().is_empty()), "{}", explanation.code);
        }
    }
}
