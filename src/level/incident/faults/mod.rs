//! The kinds of fault that can be put into a business, each with what takes it away again.
//!
//! A fault is what people do: a change of a file that is applied, or commands that are typed. It never
//! touches the network or a pod in ways that no player could.

mod doors;
mod names;
mod nodes;
mod pods;
mod services;
mod walls;

use super::business::{App, Business};
use crate::api::Kind as ObjectKind;
use crate::cluster::ObjectName;
use crate::random::Stream;

/// A change of one of the player's files: a text that stands in it once, and what takes its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edit {
    pub file: String,
    pub old: String,
    pub new: String,
}

/// A fault in a certain business.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    /// Which kind it is.
    pub kind: &'static Kind,
    /// The part of the business that it is in: two faults at once are in two parts.
    pub part: String,
    /// What is at fault.
    pub objects: Vec<ObjectName>,
    /// What was changed in the files.
    pub edits: Vec<Edit>,
    /// What was typed on the laptop after the files were applied.
    pub script: String,
    /// What has to be typed once the files are as they were.
    pub inverse: String,
    /// What is wrong, in one sentence.
    pub says: String,
}

/// A kind of fault.
#[derive(Debug)]
pub(super) struct Kind {
    /// Its stable name: `wrong-selector`.
    pub name: &'static str,
    /// The lowest difficulty that it may come with.
    pub tier: u8,
    /// How such a fault is found, in one sentence.
    pub lesson: &'static str,
    /// Puts it into a business that has what it takes.
    make: fn(&mut Draw<'_>) -> Option<Made>,
}

/// What is drawn of a fault, before it is known as one of its kind.
#[derive(Debug, Default)]
struct Made {
    part: String,
    objects: Vec<ObjectName>,
    edits: Vec<Edit>,
    script: String,
    inverse: String,
    says: String,
}

/// A business, and chance.
pub(super) struct Draw<'a> {
    pub business: &'a Business,
    pub chance: &'a mut Stream,
}

impl Kind {
    /// Every kind of fault.
    pub fn all() -> impl Iterator<Item = &'static Kind> {
        let families: [&'static [Kind]; 6] = [
            &services::KINDS,
            &pods::KINDS,
            &names::KINDS,
            &walls::KINDS,
            &doors::KINDS,
            &nodes::KINDS,
        ];
        families.into_iter().flatten()
    }

    /// A fault of this kind in the business, where it has what that takes.
    pub fn draw(&'static self, draw: &mut Draw<'_>) -> Option<Fault> {
        let Made { part, objects, edits, script, inverse, says } = (self.make)(draw)?;
        Some(Fault { kind: self, part, objects, edits, script, inverse, says })
    }
}

impl<'a> Draw<'a> {
    /// One of the applications that fit.
    fn app(&mut self, fits: impl Fn(&App) -> bool) -> Option<&'a App> {
        let fitting: Vec<&'a App> = self.business.apps.iter().filter(|app| fits(app)).collect();
        self.chance.pick(&fitting).copied()
    }

    /// A word as it is misspelt: one letter left out, two changed about, or one doubled. It is none
    /// of the business's own names.
    fn misspelt(&mut self, word: &str) -> String {
        let letters: Vec<char> = word.chars().collect();
        let mut found: Vec<String> = Vec::new();
        for at in 1..letters.len() {
            let mut fewer = letters.clone();
            fewer.remove(at);
            let mut more = letters.clone();
            more.insert(at, letters[at]);
            let mut turned = letters.clone();
            turned.swap(at - 1, at);
            found.extend([fewer, more, turned].map(String::from_iter));
        }
        let own = |text: &String| self.business.apps.iter().any(|app| app.name == text);
        let plain = |text: &String| {
            text.starts_with(char::is_alphabetic) && text.ends_with(char::is_alphanumeric)
        };
        found.retain(|text| text != word && !own(text) && plain(text));
        self.chance.pick(&found).cloned().unwrap_or_else(|| format!("{word}x"))
    }
}

/// An object's name.
fn object(kind: ObjectKind, namespace: &str, name: &str) -> ObjectName {
    let namespace = if kind.info().namespaced { namespace } else { "" };
    ObjectName { kind, namespace: namespace.to_owned(), name: name.to_owned() }
}

/// The change of a text in a file.
fn edit(file: impl Into<String>, old: impl Into<String>, new: impl Into<String>) -> Edit {
    Edit { file: file.into(), old: old.into(), new: new.into() }
}

/// The application's Service.
fn service_of(app: &App) -> ObjectName {
    object(ObjectKind::Service, app.namespace, app.name)
}

/// The application's Deployment.
fn deployment_of(app: &App) -> ObjectName {
    object(ObjectKind::Deployment, app.namespace, app.name)
}

/// Makes nginx before the applications read its configuration, and the names in it, again.
const RESTART_FRONT: &str = "kubectl rollout restart deployment front\n";

/// The same, where there is a front that leads to this application.
fn restart_front(business: &Business, app: &App) -> String {
    match business.is_shown(app) {
        true => RESTART_FRONT.to_owned(),
        false => String::new(),
    }
}
