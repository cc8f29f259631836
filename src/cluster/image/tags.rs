//! Which tags a repository has, and which of them hold something else.

use serde::Deserialize;

/// Which tags exist: words, and versions up to the newest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Tags {
    words: Vec<String>,
    newest: Version,
    /// Whether every tag exists: a repository whose tags are dates or digests.
    any: bool,
}

/// `1.29`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Version(u32, u32);

impl TryFrom<String> for Version {
    type Error = String;

    fn try_from(text: String) -> Result<Version, String> {
        match Version::of(&text) {
            Some((version, Some(_))) => Ok(version),
            _ => Err(format!("\"{text}\" is no version: MAJOR.MINOR")),
        }
    }
}

impl Version {
    /// The version that a tag begins with (`1`, `1.27.5-alpine`, `v1.13`), and its second number if
    /// it has one.
    fn of(tag: &str) -> Option<(Version, Option<u32>)> {
        let first = tag.split('-').next().unwrap_or(tag);
        let mut numbers = first.strip_prefix('v').unwrap_or(first).split('.').map(str::parse);
        let major: u32 = numbers.next()?.ok()?;
        let minor = numbers.next().transpose().ok()?;
        let rest: Result<Vec<u32>, _> = numbers.collect();
        rest.ok().map(|_| (Version(major, minor.unwrap_or(0)), minor))
    }
}

impl Tags {
    /// Whether the repository has this tag.
    pub fn contain(&self, tag: &str) -> bool {
        let first = tag.split('-').next().unwrap_or(tag);
        let word = |known: &String| known == tag || known == first;
        self.any || self.words.iter().any(word) || self.has_version(tag)
    }

    /// The newest version: `1.29`.
    pub fn newest(&self) -> String {
        format!("{}.{}", self.newest.0, self.newest.1)
    }

    fn has_version(&self, tag: &str) -> bool {
        Version::of(tag).is_some_and(|(version, minor)| match minor {
            Some(_) => version <= self.newest,
            None => version.0 <= self.newest.0,
        })
    }
}

/// Which tags a variant of an image is for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Which {
    /// Parts of a tag, or beginnings of them: `alpine` is in `1.27-alpine3.21`, `12` in `12.5`.
    tags: Vec<String>,
    /// Versions before this one.
    before: Option<Version>,
}

impl Which {
    /// Whether a tag is one of them.
    pub fn picks(&self, tag: &str) -> bool {
        let older = self.before.is_some_and(|before| {
            let version = Version::of(tag);
            version.is_some_and(|(version, minor)| minor.is_some() && version < before)
        });
        older || tag.split('-').any(|part| self.tags.iter().any(|wanted| begins(part, wanted)))
    }
}

/// A number is not the beginning of a longer one.
fn begins(part: &str, wanted: &str) -> bool {
    let Some(rest) = part.strip_prefix(wanted) else { return false };
    let number = wanted.ends_with(|c: char| c.is_ascii_digit());
    rest.is_empty() || !number || rest.starts_with('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_up_to_the_newest_exist() {
        let tags = Tags {
            words: vec!["latest".to_owned(), "alpine".to_owned()],
            newest: Version(1, 29),
            any: false,
        };
        for tag in ["latest", "1", "1.27", "v1.13.1", "1.27.5-alpine", "alpine3.21-slim"] {
            assert_eq!(tags.contain(tag), tag != "alpine3.21-slim", "{tag}");
        }
        for tag in ["1.30", "2", "nope", "1.x", ""] {
            assert!(!tags.contain(tag), "{tag}");
        }
    }

    #[test]
    fn a_variant_is_for_parts_of_tags_and_for_older_versions() {
        let which = |tags: &[&str], before| Which {
            tags: tags.iter().map(|t| (*t).to_owned()).collect(),
            before,
        };
        assert!(which(&["alpine"], None).picks("1.27-alpine3.21"));
        assert!(which(&["12"], None).picks("12.5") && !which(&["12"], None).picks("120"));
        let old = which(&[], Some(Version(1, 29)));
        assert!(old.picks("1.28") && old.picks("1.28.4-glibc"));
        assert!(!old.picks("1.29") && !old.picks("1") && !old.picks("latest"));
    }
}
