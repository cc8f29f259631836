//! What a CoreDNS does with which names: its Corefile, read and checked, as far as it decides about
//! answers.

use std::net::IpAddr;

use regex::Regex;

use crate::network::{DnsAnswer, DnsCode, DnsData, DnsRecord, DnsType, absolute};

/// A whole Corefile.
#[derive(Clone, Debug)]
pub struct NameServerSettings {
    /// The server blocks of port 53.
    pub blocks: Vec<ServerBlock>,
}

/// A server block: what becomes of the names of some zones. Its plugins take turns in the order in
/// which CoreDNS is built, whatever the order of lines: cache, rewrite, template, hosts, kubernetes,
/// forward.
#[derive(Clone, Debug, Default)]
pub struct ServerBlock {
    /// In small letters, with a final dot.
    pub zones: Vec<String>,
    /// Whether queries are logged.
    pub log: bool,
    /// Whether failures are logged.
    pub errors: bool,
    /// Whether addresses come in any order.
    pub loadbalance: bool,
    pub cache: Option<Cache>,
    pub rewrites: Vec<Rewrite>,
    pub templates: Vec<Template>,
    pub hosts: Option<Hosts>,
    pub kubernetes: Option<Kubernetes>,
    pub forwards: Vec<Forward>,
}

/// `cache 30 { disable success cluster.local }`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cache {
    /// The longest time in seconds for answers.
    pub success: u32,
    /// The same for names that do not exist.
    pub denial: u32,
    /// Zones whose answers are not kept.
    pub no_success: Vec<String>,
    /// Zones whose denials are not kept.
    pub no_denial: Vec<String>,
}

/// `rewrite name`
#[derive(Clone, Debug)]
pub struct Rewrite {
    pub pattern: NamePattern,
    /// The new name, part or, for expressions, the replacement.
    pub to: String,
    /// `answer auto`: the answer shows the name that was asked for.
    pub answer: bool,
}

/// Which names a rewrite is about.
#[derive(Clone, Debug)]
pub enum NamePattern {
    Exact(String),
    Prefix(String),
    Suffix(String),
    Substring(String),
    Expression(Regex),
}

/// `template IN A example.com { … }`
#[derive(Clone, Debug)]
pub struct Template {
    /// Nothing for ANY.
    pub kind: Option<DnsType>,
    pub zones: Vec<String>,
    /// Any name where there is none.
    pub matches: Vec<Regex>,
    pub code: DnsCode,
    /// Records as a zone file has them, with `{{ .Name }}`.
    pub answers: Vec<String>,
    pub fallthrough: bool,
}

/// `hosts { … }`
#[derive(Clone, Debug, Default)]
pub struct Hosts {
    /// Names in small letters, with a final dot.
    pub entries: Vec<(IpAddr, Vec<String>)>,
    pub ttl: u32,
    /// Names that are not there are the next plugin's; of all zones where the list is empty.
    pub fallthrough: Option<Vec<String>>,
}

/// `kubernetes cluster.local in-addr.arpa ip6.arpa`
#[derive(Clone, Debug)]
pub struct Kubernetes {
    pub zones: Vec<String>,
    pub ttl: u32,
    /// Names of its zones that do not exist are the next plugin's.
    pub fallthrough: Option<Vec<String>>,
}

/// `forward . 203.0.113.53`
#[derive(Clone, Debug)]
pub struct Forward {
    pub from: String,
    pub to: IpAddr,
    pub except: Vec<String>,
}

/// Whether a name (with a final dot) is in one of these zones.
pub fn is_in(name: &str, zones: &[String]) -> bool {
    zones.iter().any(|zone| reach(name, zone).is_some())
}

/// How much of a name a zone covers; nothing when it is not the name's.
fn reach(name: &str, zone: &str) -> Option<usize> {
    let before = name.len().checked_sub(zone.len());
    let inside = zone == "."
        || before.is_some_and(|before| {
            let (front, end) = name.as_bytes().split_at(before);
            end.eq_ignore_ascii_case(zone.as_bytes()) && matches!(front.last(), None | Some(b'.'))
        });
    inside.then(|| zone.trim_start_matches('.').len())
}

impl NameServerSettings {
    /// The block whose zone covers most of a name.
    pub fn block(&self, name: &str) -> Option<&ServerBlock> {
        let best = |block: &ServerBlock| block.zones.iter().filter_map(|z| reach(name, z)).max();
        let found = self.blocks.iter().filter_map(|block| Some((best(block)?, block)));
        // The first of equals.
        found.rev().max_by_key(|(reach, _)| *reach).map(|(_, block)| block)
    }
}

impl ServerBlock {
    /// The name that is asked in a name's place, if any, and whether the answer hides that.
    pub fn rewrite(&self, name: &str) -> Option<(String, bool)> {
        self.rewrites.iter().find_map(|rewrite| Some((rewrite.apply(name)?, rewrite.answer)))
    }

    /// What templates and hosts say to a question; nothing when it is for others to answer.
    pub fn configured_answer(&self, name: &str, kind: DnsType) -> Option<DnsAnswer> {
        let template = self.templates.iter().find_map(|template| template.answer(name, kind));
        template.or_else(|| self.hosts.as_ref()?.answer(name, kind))
    }

    /// Where a name is asked for outside.
    pub fn forward(&self, name: &str) -> Option<&Forward> {
        self.forwards
            .iter()
            .find(|forward| reach(name, &forward.from).is_some() && !is_in(name, &forward.except))
    }
}

impl Cache {
    /// How long an answer to a question may be kept; nothing for one that may not.
    pub fn limit(&self, name: &str, code: DnsCode) -> Option<u32> {
        let (limit, never) = match code {
            DnsCode::NoError => (self.success, &self.no_success),
            DnsCode::NxDomain => (self.denial, &self.no_denial),
            // Failures are kept for five seconds.
            DnsCode::ServFail | DnsCode::Refused => (5, &self.no_denial),
        };
        (!is_in(name, never)).then_some(limit)
    }
}

impl Rewrite {
    fn apply(&self, name: &str) -> Option<String> {
        let lower = name.to_ascii_lowercase();
        match &self.pattern {
            NamePattern::Exact(from) => (lower == *from).then(|| self.to.clone()),
            NamePattern::Prefix(from) => {
                lower.strip_prefix(from.as_str()).map(|rest| format!("{}{rest}", self.to))
            }
            NamePattern::Suffix(from) => {
                lower.strip_suffix(from.as_str()).map(|rest| format!("{rest}{}", self.to))
            }
            NamePattern::Substring(from) => {
                lower.contains(from.as_str()).then(|| lower.replace(from.as_str(), &self.to))
            }
            NamePattern::Expression(pattern) => {
                let found = pattern.captures(&lower)?;
                let mut new = self.to.clone();
                for group in (0..found.len()).rev() {
                    let text = found.get(group).map_or("", |text| text.as_str());
                    new = new.replace(&format!("{{{group}}}"), text);
                }
                Some(new)
            }
        }
    }
}

impl Template {
    fn answer(&self, name: &str, kind: DnsType) -> Option<DnsAnswer> {
        if self.kind.is_some_and(|wanted| wanted != kind) || !is_in(name, &self.zones) {
            return None;
        }
        let lower = name.to_ascii_lowercase();
        let found = self.matches.iter().find_map(|pattern| pattern.captures(&lower));
        if found.is_none() && !self.matches.is_empty() {
            // Another template, or another plugin, may know.
            return (!self.fallthrough).then(|| DnsAnswer::new(DnsCode::NxDomain));
        }
        let mut answer = DnsAnswer::new(self.code);
        for line in &self.answers {
            let mut text = line.replace("{{ .Name }}", name).replace("{{.Name}}", name);
            for group in 0..found.as_ref().map_or(0, |found| found.len()) {
                let value = found.as_ref().and_then(|found| found.get(group));
                let value = value.map_or("", |value| value.as_str());
                for form in [
                    format!("{{{{ index .Match {group} }}}}"),
                    format!("{{{{index .Match {group}}}}}"),
                ] {
                    text = text.replace(&form, value);
                }
            }
            answer.records.extend(record(&text));
        }
        Some(answer)
    }
}

/// A record as a zone file has it: `web.example. 60 IN A 10.0.0.1`.
pub fn record(text: &str) -> Option<DnsRecord> {
    let mut words = text.split_whitespace().peekable();
    let name = absolute(words.next()?);
    let ttl = words.peek().and_then(|word| word.parse().ok());
    if ttl.is_some() {
        words.next();
    }
    if words.peek().is_some_and(|word| word.eq_ignore_ascii_case("IN")) {
        words.next();
    }
    let kind = words.next()?.to_ascii_uppercase();
    let rest: Vec<&str> = words.collect();
    let first = *rest.first()?;
    let data = match kind.as_str() {
        "A" => DnsData::of_address(IpAddr::V4(first.parse().ok()?)),
        "AAAA" => DnsData::of_address(IpAddr::V6(first.parse().ok()?)),
        "CNAME" => DnsData::Cname(absolute(first)),
        "PTR" => DnsData::Ptr(absolute(first)),
        "TXT" => DnsData::Txt(rest.join(" ").trim_matches('"').to_owned()),
        _ => return None,
    };
    Some(DnsRecord { name, ttl: ttl.unwrap_or(3600), data })
}

impl Hosts {
    fn answer(&self, name: &str, kind: DnsType) -> Option<DnsAnswer> {
        let lower = name.to_ascii_lowercase();
        let ours = self.entries.iter().filter(|(_, names)| names.contains(&lower));
        let all: Vec<DnsData> = ours.map(|(address, _)| DnsData::of_address(*address)).collect();
        if all.is_empty() {
            let next = self.fallthrough.as_ref();
            let falls = next.is_some_and(|zones| zones.is_empty() || is_in(name, zones));
            // It has no SOA to deny a name with.
            return (!falls).then(|| DnsAnswer::new(DnsCode::ServFail));
        }
        let mut answer = DnsAnswer::new(DnsCode::NoError);
        for data in all.into_iter().filter(|data| data.kind() == kind) {
            answer.records.push(DnsRecord { name: name.to_owned(), ttl: self.ttl, data });
        }
        Some(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn the_block_with_the_longest_zone_is_asked() {
        let block = |zone: &str| ServerBlock { zones: names(&[zone]), ..ServerBlock::default() };
        let settings = NameServerSettings {
            blocks: vec![block("."), block("corp.example."), block("example.")],
        };
        let zone = |name: &str| settings.block(name).unwrap().zones[0].clone();
        assert_eq!(zone("db.corp.example."), "corp.example.");
        assert_eq!(zone("CORP.example."), "corp.example.");
        assert_eq!(zone("notcorp.example."), "example.");
        assert_eq!(zone("web.default.svc.cluster.local."), ".");
        assert!(NameServerSettings { blocks: vec![block("a.")] }.block("b.").is_none());
    }

    #[test]
    fn names_are_rewritten_whole_or_in_part() {
        let rewrite = |pattern, to: &str, name: &str| {
            Rewrite { pattern, to: to.to_owned(), answer: false }.apply(name)
        };
        let exact = NamePattern::Exact("old.shop.".into());
        assert_eq!(rewrite(exact.clone(), "web.", "OLD.shop."), Some("web.".into()));
        assert_eq!(rewrite(exact, "web.", "old.shop.x."), None);
        let suffix = NamePattern::Suffix(".example.".into());
        assert_eq!(rewrite(suffix, ".svc.", "web.example."), Some("web.svc.".into()));
        let expression = NamePattern::Expression(Regex::new(r"(.*)\.(.*)\.corp\.").unwrap());
        assert_eq!(
            rewrite(expression, "{1}.{2}.svc.cluster.local.", "web.shop.corp."),
            Some("web.shop.svc.cluster.local.".into())
        );
    }

    #[test]
    fn hosts_without_fallthrough_fail_for_names_that_they_do_not_have() {
        let mut hosts = Hosts {
            entries: vec![("10.0.0.1".parse().unwrap(), names(&["db.corp."]))],
            ttl: 3600,
            fallthrough: None,
        };
        assert_eq!(hosts.answer("DB.corp.", DnsType::A).unwrap().records.len(), 1);
        assert_eq!(hosts.answer("db.corp.", DnsType::Aaaa).unwrap().code, DnsCode::NoError);
        assert_eq!(hosts.answer("x.corp.", DnsType::A).unwrap().code, DnsCode::ServFail);
        hosts.fallthrough = Some(Vec::new());
        assert_eq!(hosts.answer("x.corp.", DnsType::A), None);
    }

    #[test]
    fn templates_make_records_of_what_they_match() {
        let template = Template {
            kind: Some(DnsType::A),
            zones: names(&["nip.io."]),
            matches: vec![Regex::new(r"(\d+)-(\d+)-(\d+)-(\d+)\.nip\.io\.").unwrap()],
            code: DnsCode::NoError,
            answers: names(&[
                "{{ .Name }} 60 IN A {{ index .Match 1 }}.{{ index .Match 2 }}.{{ index .Match 3 }}.{{ index .Match 4 }}",
            ]),
            fallthrough: false,
        };
        let answer = template.answer("10-0-0-7.nip.io.", DnsType::A).unwrap();
        assert_eq!(answer.records[0].data.to_string(), "10.0.0.7");
        assert_eq!(answer.records[0].ttl, 60);
        assert_eq!(template.answer("10-0-0-7.nip.io.", DnsType::Aaaa), None);
        assert_eq!(record("web. A not-an-address"), None);
    }
}
