//! Every option that the real tools have, as their own `--help` lists them: one that podhop does not
//! simulate is said to be left out, and only one that nobody has is unknown.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::options::Messages;
use crate::cluster::Flavour;

/// Tools, each with its options.
pub(in crate::shell) type Tools = BTreeMap<&'static str, Vec<&'static str>>;

/// Debian 12's tools.
static GNU: LazyLock<Tools> = LazyLock::new(|| tools(include_str!("gnu.txt")));

/// BusyBox 1.36.
static BUSYBOX: LazyLock<Tools> = LazyLock::new(|| tools(include_str!("busybox.txt")));

fn tools(text: &'static str) -> Tools {
    let tool = |line: &'static str| {
        let mut words = line.split(' ');
        (words.next().unwrap_or_default(), words.filter(|word| !word.is_empty()).collect())
    };
    text.lines().map(tool).collect()
}

/// Options that are not listed with each tool.
const COMMON: [&str; 2] = ["--help", "--version"];

/// The tools of a flavour, each with its options.
pub(in crate::shell) fn all(flavour: Flavour) -> &'static Tools {
    if flavour == Flavour::Gnu { &GNU } else { &BUSYBOX }
}

/// The options of a tool of the flavour that speaks so.
fn of(tool: &str, words: Messages) -> Option<&'static Vec<&'static str>> {
    all(if words == Messages::Gnu { Flavour::Gnu } else { Flavour::BusyBox }).get(tool)
}

/// The real option of a tool that a word is, or the only one that a long word begins.
pub(in crate::shell) fn real(tool: &str, words: Messages, option: &str) -> Option<&'static str> {
    let options = of(tool, words)?;
    // Every GNU tool has these.
    if let (Messages::Gnu, Some(own)) = (words, COMMON.iter().find(|one| **one == option)) {
        return Some(own);
    }
    if let Some(exact) = options.iter().find(|one| **one == option) {
        return Some(exact);
    }
    let mut near = options.iter().filter(|one| option.len() > 2 && one.starts_with(option));
    let first = near.next()?;
    near.next().is_none().then_some(first)
}

/// The real long options of a tool that a word begins, without their dashes.
pub(in crate::shell) fn begun(
    tool: &str,
    words: Messages,
    start: &str,
) -> impl Iterator<Item = &'static str> {
    let options = of(tool, words).into_iter().flatten();
    let long = options.filter_map(|one| one.strip_prefix("--"));
    long.filter(move |one| one.starts_with(start))
}

/// Whether a letter may be an option: BusyBox' applets have fewer than the tools that they stand for.
pub(in crate::shell) fn has(tool: &str, words: Messages, letter: char) -> bool {
    let listed = || BUSYBOX.get(tool).filter(|options| !options.is_empty());
    let is_it =
        |option: &&str| option.strip_prefix('-').is_some_and(|rest| rest.chars().eq([letter]));
    words == Messages::Gnu || listed().is_none_or(|options| options.iter().any(is_it))
}

/// BusyBox' applets that read long options, as they are built for its image (`getopt32long`).
const LONG: &[&str] = &[
    "gzip", "gunzip", "zcat", "bunzip2", "bzip2", "cpio", "tar", "chown", "chgrp", "cp", "date",
    "env", "expand", "unexpand", "install", "ls", "mkdir", "mktemp", "mv", "nl", "nproc", "od",
    "rmdir", "touch", "uname", "cmp", "diff", "patch", "sed", "grep", "egrep", "fgrep", "xargs",
    "bc", "ipcalc", "wget", "getopt", "flock", "unshare", "ip", "find", "apk",
];

/// Whether a tool reads long options: most of BusyBox' applets have letters alone.
pub(in crate::shell) fn has_long(tool: &str, words: Messages) -> bool {
    words == Messages::Gnu || LONG.contains(&tool) || !BUSYBOX.contains_key(tool)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_is_real_or_not() {
        assert_eq!(real("sort", Messages::Gnu, "--debug"), Some("--debug"));
        assert_eq!(real("cp", Messages::Gnu, "--sp"), Some("--sparse"));
        assert_eq!(real("cat", Messages::Gnu, "-q"), None);
        assert_eq!(real("cat", Messages::Musl, "-A"), Some("-A"));
    }
}
