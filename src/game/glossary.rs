//! What words mean: `K` on a word, `:glossary WORD`.

use std::sync::OnceLock;

use serde::Deserialize;

use crate::level::explanations;

/// A term of the glossary.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// The word.
    pub name: String,
    /// Other words for it, and its other forms.
    #[serde(default)]
    pub also: Vec<String>,
    /// What it means, in a sentence or two.
    pub means: String,
    /// Terms that are worth reading next.
    #[serde(default)]
    pub see: Vec<String>,
}

/// Every term, by name.
pub fn glossary() -> &'static [Term] {
    static TERMS: OnceLock<Vec<Term>> = OnceLock::new();
    TERMS.get_or_init(|| {
        // A test reads it, so that a released binary has every term.
        let mut terms: Vec<Term> =
            serde_yaml::from_str(include_str!("glossary.yaml")).unwrap_or_default();
        terms.sort_by_key(|term| term.name.to_lowercase());
        terms
    })
}

/// The term that a word, a phrase or a diagnosis's code leads to: itself, one of its other forms, or
/// the longest term that the phrase contains.
pub fn find(words: &str) -> Option<Term> {
    let words = clean(words);
    if words.is_empty() {
        return None;
    }
    let named = |term: &&Term, text: &str| forms(term).any(|form| form == text);
    if let Some(term) = glossary().iter().find(|term| named(term, &words)) {
        return Some(term.clone());
    }
    if let Some(code) = explanations().iter().find(|one| one.code == words) {
        return Some(Term {
            name: code.title.to_owned(),
            also: Vec::new(),
            means: format!("{}\n\n{}", code.means, code.fix),
            see: Vec::new(),
        });
    }
    let parts: Vec<&str> = words.split_whitespace().collect();
    for length in (1..parts.len()).rev() {
        for start in 0..=parts.len() - length {
            let part = parts[start..start + length].join(" ");
            if let Some(term) = glossary().iter().find(|term| named(term, &part)) {
                return Some(term.clone());
            }
        }
    }
    None
}

/// The first term that a text uses, by its place in the glossary.
pub fn first_in(text: &str) -> Option<usize> {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '-');
    words.filter(|word| word.len() > 2).find_map(|word| {
        let word = clean(word);
        glossary().iter().position(|term| forms(term).any(|form| form == word))
    })
}

fn forms(term: &Term) -> impl Iterator<Item = String> {
    std::iter::once(&term.name).chain(&term.also).map(|form| form.to_lowercase())
}

/// A word as it may stand in a manifest or a sentence: `selector:`, `“pods”`.
fn clean(words: &str) -> String {
    let outside = |c: char| !c.is_alphanumeric();
    words.trim_matches(outside).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::Pack;

    #[test]
    fn every_word_that_a_level_teaches_is_found() {
        let pack = Pack::embedded().expect("the campaign is sound");
        let words = pack.levels.iter().flat_map(|level| level.teaches.iter());
        let missing: Vec<&String> = words.filter(|word| find(word).is_none()).collect();
        assert!(missing.is_empty(), "src/game/glossary.yaml lacks {missing:?}");
    }

    #[test]
    fn every_diagnosis_is_found_by_its_code() {
        for one in explanations() {
            assert!(find(one.code).is_some(), "{}", one.code);
        }
    }

    #[test]
    fn every_term_that_is_referred_to_is_there_and_no_form_stands_twice() {
        let mut seen = std::collections::BTreeSet::new();
        assert!(!glossary().is_empty());
        for term in glossary() {
            for see in &term.see {
                assert!(find(see).is_some(), "{} refers to {see}", term.name);
            }
            for form in forms(term) {
                assert!(seen.insert(form.clone()), "{form} stands twice");
            }
        }
    }

    #[test]
    fn a_word_is_found_as_it_stands_in_a_manifest() {
        assert_eq!(find("  selector:").map(|term| term.name), Some("selector".to_owned()));
        assert_eq!(find("“Pods”,").map(|term| term.name), Some("pod".to_owned()));
        assert_eq!(
            find("several Deployments behind one thing").map(|term| term.name),
            Some("Deployment".to_owned())
        );
        assert_eq!(find("qwertz"), None);
    }
}
