//! Descriptions of images: YAML, read strictly.
//!
//! A description has names, tags, what the image holds, and where some tags hold something else.
//! What it does not say comes from the system below it (`base`), which is described alike.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::account::{self, Account, Group};
use super::server::Server;
use super::tags::{Tags, Which};
use super::{Flavour, Image, Libc, Script, content};
use crate::diagnostic::{Diagnostic, Position};

/// A repository.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Description {
    /// Where it is, registry included; the first is its usual name.
    pub names: Vec<String>,
    pub tags: Tags,
    pub image: Contents,
    /// What some of its tags hold instead.
    #[serde(default)]
    pub variants: Vec<Variant>,
}

/// Tags that hold something else.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Variant {
    pub of: Which,
    pub image: Contents,
}

/// What an image holds, as far as it differs from what is below it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Contents {
    /// The file in `bases/` that it is built on.
    pub base: Option<String>,
    pub flavour: Option<Flavour>,
    pub libc: Option<Libc>,
    /// More tools than are below it, and those of them that it does not have.
    pub tools: Vec<String>,
    pub without: Vec<String>,
    /// Tools that are the full ones, where the others are BusyBox'.
    pub full: Vec<String>,
    pub versions: BTreeMap<String, String>,
    pub entrypoint: Option<Vec<String>>,
    pub command: Option<Vec<String>>,
    /// `NAME=value`
    pub environment: Vec<Variable>,
    pub directory: Option<String>,
    pub user: Option<String>,
    /// `NAME:ID:GROUP-ID:HOME[:WORDS[:SHELL]]`: `/etc/passwd` is made of them.
    pub users: Vec<Account>,
    /// `NAME:ID[:MEMBER,...]`: `/etc/group` is made of them.
    pub groups: Vec<Group>,
    pub directories: Vec<String>,
    /// Files by path, with their text, or the name of a file in `content/`.
    pub files: BTreeMap<String, String>,
    pub copies: BTreeMap<String, String>,
    pub script: Option<Script>,
    pub servers: Option<Vec<Server>>,
}

/// `NAME=value`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Variable(String, String);

impl TryFrom<String> for Variable {
    type Error = String;

    fn try_from(text: String) -> Result<Variable, String> {
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => {
                Ok(Variable(name.to_owned(), value.to_owned()))
            }
            _ => Err(format!("\"{text}\" is no variable: NAME=value")),
        }
    }
}

impl Contents {
    /// These contents on top of others.
    pub fn over(self, below: Contents) -> Contents {
        let environment = join_variables(below.environment, self.environment);
        let tools = join(below.tools, self.tools);
        Contents {
            base: self.base.or(below.base),
            flavour: self.flavour.or(below.flavour),
            libc: self.libc.or(below.libc),
            tools: tools.into_iter().filter(|tool| !self.without.contains(tool)).collect(),
            without: Vec::new(),
            full: join(below.full, self.full),
            versions: below.versions.into_iter().chain(self.versions).collect(),
            entrypoint: self.entrypoint.or(below.entrypoint),
            command: self.command.or(below.command),
            environment,
            directory: self.directory.or(below.directory),
            user: self.user.or(below.user),
            users: join_named(below.users, self.users, |account| &account.name),
            groups: join_named(below.groups, self.groups, |group| &group.name),
            directories: join(below.directories, self.directories),
            files: below.files.into_iter().chain(self.files).collect(),
            copies: below.copies.into_iter().chain(self.copies).collect(),
            script: self.script.or(below.script),
            servers: self.servers.or(below.servers),
        }
    }

    /// The image with these contents.
    pub fn image(self, name: &str) -> Image {
        let pair = |Variable(name, value)| (name, value);
        let mut files: BTreeMap<String, Arc<str>> =
            self.files.into_iter().map(|(path, text)| (path, text.into())).collect();
        for (path, file) in self.copies {
            if let Some(text) = content::file(&file) {
                files.insert(path, text.into());
            }
        }
        let flavour = self.flavour.unwrap_or(Flavour::BusyBox);
        // An image without a shell to log in to says so in each system's own way.
        let nologin = match (flavour, self.libc) {
            (Flavour::Gnu, _) => "/usr/sbin/nologin",
            (Flavour::BusyBox, Some(Libc::Musl)) => "/sbin/nologin",
            (Flavour::BusyBox, _) => "/bin/false",
        };
        if self.directories.iter().any(|folder| folder == "/bin") {
            let made = |path: &str, text: String, files: &mut BTreeMap<String, Arc<str>>| {
                files.entry(path.to_owned()).or_insert_with(|| text.into());
            };
            made("/etc/passwd", account::passwd(&self.users, nologin), &mut files);
            made("/etc/group", account::group(&self.groups), &mut files);
        }
        Image {
            name: name.to_owned(),
            entrypoint: self.entrypoint.unwrap_or_default(),
            command: self.command.unwrap_or_default(),
            tools: self.tools.into_iter().collect(),
            full: self.full.into_iter().collect(),
            versions: self.versions,
            flavour,
            libc: self.libc.unwrap_or(Libc::Glibc),
            environment: self.environment.into_iter().map(pair).collect(),
            directory: self.directory.unwrap_or_else(|| "/".to_owned()),
            user: self.user.unwrap_or_else(|| "root".to_owned()),
            accounts: self.users,
            groups: self.groups,
            files,
            directories: self.directories.into_iter().collect::<BTreeSet<String>>(),
            script: self.script,
            servers: self.servers.into_iter().flatten().map(Arc::new).collect(),
        }
    }
}

fn join<T>(below: Vec<T>, more: Vec<T>) -> Vec<T> {
    below.into_iter().chain(more).collect()
}

/// Of one name the upper one counts.
fn join_named<T>(mut below: Vec<T>, more: Vec<T>, name: impl Fn(&T) -> &String) -> Vec<T> {
    below.retain(|one| !more.iter().any(|other| name(other) == name(one)));
    join(below, more)
}

/// A variable that is there already has another value; its place stays.
fn join_variables(mut below: Vec<Variable>, more: Vec<Variable>) -> Vec<Variable> {
    for variable in more {
        match below.iter_mut().find(|known| known.0 == variable.0) {
            Some(known) => *known = variable,
            None => below.push(variable),
        }
    }
    below
}

/// Reads a file of descriptions.
///
/// # Errors
/// What is wrong with it, and where.
pub(super) fn read<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, Diagnostic> {
    serde_yaml::from_str(text).map_err(|error| {
        let message = error.to_string();
        let message = message.lines().next().unwrap_or("cannot be read");
        let told = Diagnostic::error(message.trim_start_matches("error: ")).in_file(file);
        match error.location() {
            Some(at) => told.at(Position::new(at.line() as u32, at.column() as u32)),
            None => told,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        let read: Result<Description, _> = read("web.yaml", text);
        format!("{:?}", read.unwrap_err())
    }

    #[test]
    fn what_a_description_does_not_know_is_refused_with_its_place() {
        let text =
            "names: [docker.io/library/web]\ntags: {newest: '1.2'}\nimage:\n  tool: [curl]\n";
        let told = refused(text);
        assert!(told.contains("tool") && told.contains("line: 4"), "{told}");
        let text = "names: [a]\ntags: {newest: new}\nimage: {}\n";
        assert!(refused(text).contains("is no version"));
        let text = "names: [a]\ntags: {}\nimage:\n  servers: [{program: x, says: ['${who}']}]\n";
        assert!(refused(text).contains("stands for nothing"));
    }

    #[test]
    fn what_is_above_replaces_or_adds() {
        let of = |text: &str| read::<Contents>("x.yaml", text).unwrap();
        let below = of("tools: [sh, vi]\nenvironment: [PATH=/bin, A=1]\ncommand: [sh]\n");
        let above = of("tools: [web]\nwithout: [vi]\nenvironment: [A=2]\nentrypoint: [/web]\n");
        let image = above.over(below).image("web");
        assert_eq!(image.tools().collect::<Vec<_>>(), ["sh", "web"]);
        assert_eq!(image.environment[1], ("A".to_owned(), "2".to_owned()));
        assert_eq!(
            (image.entrypoint, image.command),
            (vec!["/web".to_owned()], vec!["sh".to_owned()])
        );
    }
}
