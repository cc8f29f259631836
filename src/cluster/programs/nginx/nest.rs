//! What a block of the configuration collects, and what may not come up in it again.

use std::collections::BTreeSet;

use super::config::{Listen, Location, Pattern, ServerName};
use super::tokens::{Fault, Spot};
use super::upstream::Group;
use super::values;
use crate::network::SocketAddr;

/// What a block collects beside settings.
#[derive(Default)]
pub(super) struct Nest {
    pub listens: Vec<Listen>,
    pub names: Vec<ServerName>,
    pub locations: Vec<Location>,
    pub group: Group,
    /// Where it first says `listen … ssl`.
    pub tls: Option<Spot>,
    /// The location that it is the block of.
    pub within: Option<Pattern>,
    /// Directives that it has had and may not have again.
    pub once: BTreeSet<&'static str>,
}

impl Nest {
    /// A directive comes up that the block may have once; `root` and `alias` are one in this.
    ///
    /// # Errors
    /// In nginx's words.
    pub fn take_once(&mut self, name: &'static str, spot: &Spot) -> Result<(), Fault> {
        let other = match name {
            "root" => "alias",
            "alias" => "root",
            _ => "",
        };
        if self.once.contains(other) {
            return Err(spot.fault(format!(
                "\"{name}\" directive is duplicate, \"{other}\" directive was specified earlier"
            )));
        }
        match self.once.insert(name) {
            true => Ok(()),
            false => Err(spot.fault(format!("\"{name}\" directive is duplicate"))),
        }
    }

    /// A `listen` comes up.
    ///
    /// # Errors
    /// In nginx's words.
    pub fn listen(&mut self, words: &[String], spot: &Spot) -> Result<(), Fault> {
        let listen = values::listen(words, spot)?;
        if listen.as_ref().is_some_and(|listen| listen.tls) {
            self.tls.get_or_insert_with(|| spot.clone());
        }
        let same = |one: &Listen| self.listens.iter().any(|other| other.is_same(one));
        if let Some(one) = listen.as_ref().filter(|one| same(one)) {
            let at = SocketAddr::new(one.address, one.port);
            return Err(spot.fault(format!("a duplicate listen {at}")));
        }
        self.listens.extend(listen);
        Ok(())
    }

    /// Whether a location may stand in the block, and has not come up before.
    ///
    /// # Errors
    /// In nginx's words.
    pub fn check_location(&self, pattern: &Pattern, spot: &Spot) -> Result<(), Fault> {
        let name = pattern.name();
        let fault = match (&self.within, pattern) {
            (Some(Pattern::Exact(outer)), _) => {
                format!("location \"{name}\" cannot be inside the exact location \"{outer}\"")
            }
            (Some(Pattern::Named(outer)), _) => {
                format!("location \"{name}\" cannot be inside the named location \"{outer}\"")
            }
            (Some(_), Pattern::Named(_)) => {
                format!("named location \"{name}\" can be on the server level only")
            }
            (Some(outer), Pattern::Exact(_) | Pattern::Prefix { .. })
                if !name.starts_with(outer.name()) =>
            {
                format!("location \"{name}\" is outside location \"{}\"", outer.name())
            }
            _ if self.locations.iter().any(|other| other.pattern.is_same(pattern)) => {
                format!("duplicate location \"{name}\"")
            }
            _ => return Ok(()),
        };
        Err(spot.fault(fault))
    }
}
