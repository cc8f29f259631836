//! An answer's files in the place of the level's own.

use std::collections::BTreeSet;

use super::apply::is_manifest;
use super::source::sources;
use crate::manifest;
use crate::shell::Files;

/// An object, as its manifest calls it: kind, namespace, name.
type Object = (String, String, String);

/// The level's files with an answer's in their place: one of the same name replaces a file, and so do
/// files of other names that together describe every object of it. Otherwise the level's own, wrong
/// description would be applied beside the answer's.
pub fn with_answer(files: &Files, answer: &Files) -> Files {
    let answered = answered(answer);
    let kept = files.iter().filter(|(name, content)| {
        let described = described(name, content);
        described.is_empty() || !described.is_subset(&answered)
    });
    kept.chain(answer).map(|(name, content)| (name.clone(), content.clone())).collect()
}

/// A file of the level that describes objects of the answer together with others, so that the answer
/// neither replaces it nor leaves it alone: its name, and what it describes besides (`Service web`).
pub fn half_replaced(files: &Files, answer: &Files) -> Option<(String, String)> {
    let answered = answered(answer);
    files.iter().filter(|(name, _)| !answer.contains_key(*name)).find_map(|(name, content)| {
        let described = described(name, content);
        let besides = described.difference(&answered).next()?;
        let shares = !described.is_disjoint(&answered);
        shares.then(|| (name.clone(), format!("{} {}", besides.0, besides.2)))
    })
}

fn answered(answer: &Files) -> BTreeSet<Object> {
    answer.iter().flat_map(|(name, content)| described(name, content)).collect()
}

fn described(file: &str, content: &[u8]) -> BTreeSet<Object> {
    if !is_manifest(file) {
        return BTreeSet::new();
    }
    let (documents, _) = manifest::parse(file, &String::from_utf8_lossy(content));
    let all = sources(&documents);
    all.iter()
        .map(|source| {
            let kind = source.text("/kind").unwrap_or_default();
            (kind.to_owned(), source.namespace().to_owned(), source.name().to_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(all: &[(&str, &str)]) -> Files {
        all.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect()
    }

    const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n";
    const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n";

    #[test]
    fn a_file_of_another_name_replaces_what_it_describes() {
        let own = files(&[("a.yaml", SERVICE), ("b.yaml", POD)]);
        let all = with_answer(&own, &files(&[("z.yaml", SERVICE)]));
        assert_eq!(all.keys().collect::<Vec<_>>(), ["b.yaml", "z.yaml"]);
    }

    #[test]
    fn a_file_that_is_replaced_by_half_is_named() {
        let own = files(&[("a.yaml", &format!("{SERVICE}---\n{POD}"))]);
        let answer = files(&[("z.yaml", SERVICE)]);
        let besides = half_replaced(&own, &answer);
        assert_eq!(besides, Some(("a.yaml".to_owned(), "Pod web".to_owned())));
        assert_eq!(half_replaced(&own, &files(&[("a.yaml", SERVICE)])), None);
    }
}
