//! What fills the gaps in a description's texts.

use crate::clock::SimTime;
use crate::cluster::image::text::{Fact, Name};
use crate::cluster::programs::http;
use crate::cluster::programs::options::Parsed;
use crate::cluster::{Ask, Context, HttpRequest};

/// What a program knows when it says something.
#[derive(Clone, Default)]
pub(super) struct Facts<'a> {
    pub hostname: String,
    pub address: String,
    pub now: Option<SimTime>,
    /// The request that is answered.
    pub asked: Option<(&'a Ask, &'a HttpRequest)>,
    /// What went wrong with a call, and whom it was for.
    pub problem: Option<String>,
    pub to: Option<String>,
    /// The variable that is not there.
    pub missing: Option<String>,
}

impl<'a> Facts<'a> {
    /// The facts of a moment, and of a request.
    pub fn of(context: &Context<'_>, asked: Option<(&'a Ask, &'a HttpRequest)>) -> Facts<'a> {
        Facts {
            hostname: context.hostname(),
            address: context.address().to_string(),
            now: Some(context.now()),
            asked,
            problem: None,
            to: None,
            missing: None,
        }
    }

    /// What stands for a name.
    pub fn fill(
        &self,
        name: &Name,
        environment: &[(String, String)],
        options: &Parsed,
    ) -> Option<String> {
        let fact = match name {
            Name::Variable(name) => {
                let found = environment.iter().find(|(known, _)| known == name);
                return found.map(|(_, value)| value.clone());
            }
            Name::Fact(fact) => fact,
        };
        let date = |format: &str| Some(self.now?.timestamp().strftime(format).to_string());
        match fact {
            Fact::Hostname => Some(self.hostname.clone()),
            Fact::Address => Some(self.address.clone()),
            Fact::Problem => self.problem.clone(),
            Fact::To => self.to.clone(),
            Fact::Missing => self.missing.clone(),
            Fact::Flag(name) => options.get(name).map(str::to_owned),
            Fact::GoDate => date("%Y/%m/%d %H:%M:%S"),
            Fact::IsoDate => date("%Y-%m-%dT%H:%M:%S%.3fZ"),
            Fact::PlainDate => date("%Y-%m-%d %H:%M:%S"),
            Fact::LogDate => self.now.map(http::log_date),
            _ => self.of_request(fact),
        }
    }

    fn of_request(&self, fact: &Fact) -> Option<String> {
        let (ask, request) = self.asked?;
        let (path, query) = http::split_target(&request.target);
        Some(match fact {
            Fact::Port => ask.local.port().to_string(),
            Fact::Peer => ask.peer.to_string(),
            Fact::PeerAddress => ask.peer.ip().to_string(),
            Fact::Method => request.method.clone(),
            Fact::Target => request.target.clone(),
            Fact::Path => path.to_owned(),
            Fact::Host => http::header(request, "Host")?.to_owned(),
            Fact::Headers => {
                let mut lines: Vec<String> = request
                    .headers
                    .iter()
                    .filter(|(name, _)| !name.eq_ignore_ascii_case("host"))
                    .map(|(name, value)| format!("{}: {value}\n", http::canonical(name)))
                    .collect();
                lines.sort();
                lines.concat()
            }
            Fact::Header(name) => http::header(request, name)?.to_owned(),
            Fact::Query(name) => {
                let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
                http::decode(pairs.find(|(known, _)| known == name)?.1)
            }
            _ => return None,
        })
    }
}
