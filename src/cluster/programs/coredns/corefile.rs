//! The Corefile: read line by line as CoreDNS reads it, with its complaints.

use std::net::IpAddr;

use regex::Regex;

use super::super::daemon::{Socket, go_address};
use super::settings::{
    Cache, Forward, Hosts, Kubernetes, NamePattern, NameServerSettings, Rewrite, ServerBlock,
    Template,
};
use crate::network::{DnsCode, DnsType};

/// Plugins that decide nothing about answers here, or whose effect is there anyway.
const WITHOUT_EFFECT: &[&str] = &[
    "any",
    "bind",
    "bufsize",
    "cancel",
    "debug",
    "dnstap",
    "health",
    "local",
    "loop",
    "metadata",
    "minimal",
    "nsid",
    "pprof",
    "prometheus",
    "ready",
    "reload",
    "root",
    "tls",
    "trace",
];

/// Plugins of the real program that are not simulated.
const OTHERS: &[&str] = &[
    "acl",
    "auto",
    "autopath",
    "azure",
    "chaos",
    "clouddns",
    "dns64",
    "dnssec",
    "erratic",
    "etcd",
    "file",
    "geoip",
    "grpc",
    "header",
    "import",
    "k8s_external",
    "nomad",
    "route53",
    "secondary",
    "sign",
    "transfer",
    "tsig",
    "view",
    "whoami",
];

/// A line of a Corefile: its words, and the lines of its block.
#[derive(Debug)]
struct Line {
    number: usize,
    words: Vec<String>,
    block: Vec<Line>,
}

/// Reads a Corefile. `resolvers` are the servers of `/etc/resolv.conf`.
///
/// # Errors
/// In CoreDNS's words.
pub(super) fn parse(
    path: &str,
    text: &str,
    resolvers: &[IpAddr],
) -> Result<NameServerSettings, String> {
    let mut lines = text.lines().enumerate().map(|(at, line)| (at + 1, words(line)));
    let mut blocks = Vec::new();
    while let Some(line) = block(&mut lines, 0).map_err(|why| format!("{path}:{why}"))?.pop() {
        let reader = Reader { path, resolvers };
        blocks.extend(reader.server(&line)?);
    }
    Ok(NameServerSettings { blocks })
}

/// What a plugin serves over HTTP, beside the names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Page {
    /// `health`: `/health`
    Health,
    /// `ready`: `/ready`
    Ready,
    /// `prometheus`: `/metrics`
    Metrics,
}

/// The pages of a Corefile, each with the socket that its plugin opens: nobody listens for a plugin
/// that is not there. A Corefile that cannot be read has none.
pub(super) fn pages(text: &str) -> Vec<(Page, Socket)> {
    let mut lines = text.lines().enumerate().map(|(at, line)| (at + 1, words(line)));
    let mut all: Vec<(Page, Socket)> = Vec::new();
    while let Some(server) = block(&mut lines, 0).ok().and_then(|mut found| found.pop()) {
        for line in &server.block {
            let (page, usual) = match line.words[0].as_str() {
                "health" => (Page::Health, ":8080"),
                "ready" => (Page::Ready, ":8181"),
                "prometheus" => (Page::Metrics, "localhost:9153"),
                _ => continue,
            };
            let address = line.words.get(1).map_or(usual, String::as_str);
            let socket = go_address(address, |_| None);
            // Several server blocks may share a page.
            if let Ok(socket) = socket
                && !all.iter().any(|(_, known)| *known == socket)
            {
                all.push((page, socket));
            }
        }
    }
    all
}

/// The ports of a Corefile's server blocks, each once: 53 where a block names none. A Corefile that cannot be
/// read has none.
pub(super) fn ports(text: &str) -> Vec<u16> {
    let mut lines = text.lines().enumerate().map(|(at, line)| (at + 1, words(line)));
    let mut all = Vec::new();
    while let Some(server) = block(&mut lines, 0).ok().and_then(|mut found| found.pop()) {
        let keys = server.words.iter().flat_map(|word| word.split(','));
        for key in keys.filter(|key| !key.is_empty()) {
            let key = key.strip_prefix("dns://").unwrap_or(key);
            let port = key.rsplit_once(':').map_or(Ok(53), |(_, port)| port.parse());
            all.extend(port.ok().filter(|port| !all.contains(port)));
        }
    }
    all
}

/// The words of a line; a comment ends it.
fn words(line: &str) -> Vec<String> {
    let (mut all, mut word, mut quoted, mut begun) = (Vec::new(), String::new(), false, false);
    for letter in line.chars() {
        match letter {
            '"' => (quoted, begun) = (!quoted, true),
            '#' if !quoted && !begun => break,
            letter if letter.is_whitespace() && !quoted => {
                if begun {
                    all.push(std::mem::take(&mut word));
                }
                begun = false;
            }
            letter => {
                word.push(letter);
                begun = true;
            }
        }
    }
    if begun {
        all.push(word);
    }
    all
}

/// Blocks within one another.
const DEEPEST: u32 = 10;

/// The lines up to the closing brace; at the top, one server block at a time.
fn block(
    lines: &mut impl Iterator<Item = (usize, Vec<String>)>,
    depth: u32,
) -> Result<Vec<Line>, String> {
    let top = depth == 0;
    let mut found = Vec::new();
    let mut last = 0;
    let mut keys: Vec<String> = Vec::new();
    while let Some((number, mut words)) = lines.next() {
        last = number;
        match words.last().map(String::as_str) {
            None => continue,
            Some("}") if words.len() == 1 && !top => return Ok(found),
            Some("}") => {
                return Err(format!("{number} - Error during parsing: Unexpected '}}'"));
            }
            Some("{") if depth > DEEPEST => {
                return Err(format!(
                    "{number} - Error during parsing: not simulated here: more than {DEEPEST} blocks \
                     within one another"
                ));
            }
            Some("{") => {
                words.pop();
                keys.append(&mut words);
                let words = std::mem::take(&mut keys);
                found.push(Line { number, words, block: block(lines, depth + 1)? });
            }
            // Keys of a server block may stand on several lines.
            Some(_) if top => {
                keys.append(&mut words);
                continue;
            }
            Some(_) => found.push(Line { number, words, block: Vec::new() }),
        }
        if top {
            return Ok(found);
        }
    }
    match top && keys.is_empty() {
        true => Ok(found),
        false => Err(format!("{last} - Error during parsing: Unexpected EOF")),
    }
}

/// `Example.com` to `example.com.`
fn zone(name: &str) -> String {
    let lower = name.trim_end_matches('.').to_lowercase();
    format!("{lower}.")
}

fn zones(words: &[String]) -> Vec<String> {
    words.iter().map(|word| zone(word)).collect()
}

struct Reader<'a> {
    path: &'a str,
    resolvers: &'a [IpAddr],
}

impl Reader<'_> {
    fn fault(&self, line: &Line, why: impl AsRef<str>) -> String {
        format!("{}:{} - Error during parsing: {}", self.path, line.number, why.as_ref())
    }

    fn wrong(&self, line: &Line) -> String {
        let last = line.words.last().map_or("", String::as_str);
        self.fault(line, format!("Wrong argument count or unexpected line ending after '{last}'"))
    }

    /// A server block; nothing when it is for another port than DNS's.
    fn server(&self, line: &Line) -> Result<Option<ServerBlock>, String> {
        let mut block = ServerBlock::default();
        let keys = line.words.iter().flat_map(|word| word.split(','));
        for key in keys.filter(|key| !key.is_empty()) {
            let key = key.strip_prefix("dns://").unwrap_or(key);
            let (name, port) = match key.rsplit_once(':') {
                Some((name, port)) => (name, port),
                None => (key, "53"),
            };
            if port == "53" {
                block.zones.push(zone(name));
            }
        }
        for line in &line.block {
            self.plugin(line, &mut block)?;
        }
        Ok(Some(block).filter(|block| !block.zones.is_empty()))
    }

    fn plugin(&self, line: &Line, block: &mut ServerBlock) -> Result<(), String> {
        match line.words[0].as_str() {
            "log" => block.log = true,
            "errors" => block.errors = true,
            "loadbalance" => block.loadbalance = true,
            "cache" => block.cache = Some(self.cache(line)?),
            "rewrite" => block.rewrites.extend(self.rewrite(line)?),
            "template" => block.templates.push(self.template(line, &block.zones)?),
            "hosts" => block.hosts = Some(self.hosts(line)?),
            "kubernetes" => block.kubernetes = Some(self.kubernetes(line, &block.zones)?),
            "forward" => block.forwards.push(self.forward(line)?),
            name if WITHOUT_EFFECT.contains(&name) => {}
            name if OTHERS.contains(&name) => {
                return Err(self.fault(
                    line,
                    format!(
                        "podhop: plugin {name} is not simulated here; hosts, rewrite, template and \
                         forward are"
                    ),
                ));
            }
            name => return Err(self.fault(line, format!("Unknown directive '{name}'"))),
        }
        Ok(())
    }

    fn cache(&self, line: &Line) -> Result<Cache, String> {
        let mut cache = Cache { success: 3600, denial: 1800, ..Cache::default() };
        if let Some(limit) = line.words.get(1).and_then(|word| word.parse().ok()) {
            (cache.success, cache.denial) = (limit, limit);
        }
        for inner in &line.block {
            let kind = inner.words.get(1).map(String::as_str);
            match (inner.words[0].as_str(), kind) {
                ("disable", Some("success")) => cache.no_success = all(&inner.words[2..]),
                ("disable", Some("denial")) => cache.no_denial = all(&inner.words[2..]),
                (which @ ("success" | "denial"), Some(_)) => {
                    let ttl = inner.words.get(2).and_then(|word| word.parse().ok());
                    let place =
                        if which == "success" { &mut cache.success } else { &mut cache.denial };
                    *place = ttl.unwrap_or(*place);
                }
                ("prefetch" | "serve_stale" | "servfail" | "keepttl", _) => {}
                _ => return Err(self.wrong(inner)),
            }
        }
        Ok(cache)
    }

    /// `rewrite [continue|stop] name [exact|prefix|…] FROM TO [answer auto]`
    fn rewrite(&self, line: &Line) -> Result<Option<Rewrite>, String> {
        let mut words: Vec<&str> = line.words[1..].iter().map(String::as_str).collect();
        words.retain(|word| !matches!(*word, "continue" | "stop"));
        let Some((field, rest)) = words.split_first() else { return Err(self.wrong(line)) };
        let rest = match *field {
            "name" => rest,
            "type" | "class" | "edns0" | "ttl" | "cname" | "rcode" => {
                return Err(self.fault(
                    line,
                    format!("podhop: rewrite {field} is not simulated here; rewrite name is"),
                ));
            }
            // Without a field it is a name.
            _ => &words[..],
        };
        let kinds = ["exact", "prefix", "suffix", "substring", "regex"];
        let (kind, rest) = match rest.split_first() {
            Some((kind, rest)) if kinds.contains(kind) && rest.len() > 1 => (*kind, rest),
            _ => ("exact", rest),
        };
        let [from, to, options @ ..] = rest else { return Err(self.wrong(line)) };
        let lower = from.to_lowercase();
        let end = |text: &str| format!("{}.", text.trim_end_matches('.'));
        let (pattern, to) = match kind {
            "prefix" => (NamePattern::Prefix(lower), (*to).to_owned()),
            "suffix" => (NamePattern::Suffix(end(&lower)), end(to)),
            "substring" => (NamePattern::Substring(lower), (*to).to_owned()),
            "regex" => {
                let pattern = Regex::new(from).map_err(|_| {
                    self.fault(line, format!("invalid regex pattern in a name rule: {from}"))
                })?;
                (NamePattern::Expression(pattern), end(to))
            }
            _ => (NamePattern::Exact(end(&lower)), end(to)),
        };
        let answer = matches!(options, ["answer", "auto", ..]);
        Ok(Some(Rewrite { pattern, to, answer }))
    }

    /// `template CLASS TYPE [ZONE…] { … }`
    fn template(&self, line: &Line, outer: &[String]) -> Result<Template, String> {
        let [_, _, kind, of @ ..] = line.words.as_slice() else { return Err(self.wrong(line)) };
        let kind = match kind.to_uppercase().as_str() {
            "ANY" => None,
            "A" => Some(DnsType::A),
            "AAAA" => Some(DnsType::Aaaa),
            "CNAME" => Some(DnsType::Cname),
            "TXT" => Some(DnsType::Txt),
            "PTR" => Some(DnsType::Ptr),
            "SRV" => Some(DnsType::Srv),
            "MX" => Some(DnsType::Mx),
            other => return Err(self.fault(line, format!("invalid RR class {other}"))),
        };
        let mut template = Template {
            kind,
            zones: if of.is_empty() { outer.to_vec() } else { zones(of) },
            matches: Vec::new(),
            code: DnsCode::NoError,
            answers: Vec::new(),
            fallthrough: false,
        };
        for inner in &line.block {
            let value = inner.words[1..].join(" ");
            match inner.words[0].as_str() {
                "match" => {
                    let pattern = Regex::new(&value).map_err(|_| {
                        self.fault(inner, format!("could not parse regex: {value}"))
                    })?;
                    template.matches.push(pattern);
                }
                "answer" => template.answers.push(value),
                "rcode" => {
                    template.code = match value.as_str() {
                        "NOERROR" => DnsCode::NoError,
                        "NXDOMAIN" => DnsCode::NxDomain,
                        "SERVFAIL" => DnsCode::ServFail,
                        "REFUSED" => DnsCode::Refused,
                        _ => return Err(self.fault(inner, format!("unknown rcode {value}"))),
                    };
                }
                "fallthrough" => template.fallthrough = true,
                "additional" | "authority" | "upstream" | "ederror" => {}
                _ => return Err(self.wrong(inner)),
            }
        }
        Ok(template)
    }

    fn hosts(&self, line: &Line) -> Result<Hosts, String> {
        let mut hosts = Hosts { ttl: 3600, ..Hosts::default() };
        for inner in &line.block {
            match (inner.words[0].as_str(), inner.words.get(1)) {
                ("fallthrough", _) => hosts.fallthrough = Some(zones(&inner.words[1..])),
                ("ttl", Some(ttl)) => {
                    hosts.ttl = ttl.parse().map_err(|_| self.wrong(inner))?;
                }
                ("reload" | "no_reverse", _) => {}
                (address, Some(_)) => {
                    let address = address
                        .parse()
                        .map_err(|_| self.fault(inner, format!("unknown property '{address}'")))?;
                    hosts.entries.push((address, zones(&inner.words[1..])));
                }
                (name, None) => {
                    return Err(self.fault(inner, format!("unknown property '{name}'")));
                }
            }
        }
        Ok(hosts)
    }

    fn kubernetes(&self, line: &Line, outer: &[String]) -> Result<Kubernetes, String> {
        let own = zones(&line.words[1..]);
        let mut kubernetes = Kubernetes {
            zones: if own.is_empty() { outer.to_vec() } else { own },
            ttl: 5,
            fallthrough: None,
        };
        for inner in &line.block {
            match (inner.words[0].as_str(), inner.words.get(1)) {
                ("fallthrough", _) => kubernetes.fallthrough = Some(zones(&inner.words[1..])),
                ("ttl", Some(ttl)) => {
                    kubernetes.ttl = ttl.parse().map_err(|_| self.wrong(inner))?;
                }
                ("pods" | "endpoint" | "tls" | "kubeconfig" | "namespaces" | "labels", _)
                | ("endpoint_pod_names" | "noendpoints" | "ignore", _)
                | ("namespace_labels" | "upstream" | "transfer", _) => {}
                (name, _) => {
                    return Err(self.fault(inner, format!("unknown property '{name}'")));
                }
            }
        }
        Ok(kubernetes)
    }

    fn forward(&self, line: &Line) -> Result<Forward, String> {
        let [_, from, to, ..] = line.words.as_slice() else { return Err(self.wrong(line)) };
        let to = match to.as_str() {
            path if path.starts_with('/') => self.resolvers.first().copied(),
            address => {
                let address = address.strip_prefix("dns://").unwrap_or(address);
                let bare = address.rsplit_once(':').map_or(address, |(bare, _)| bare);
                address.parse().ok().or_else(|| bare.parse().ok())
            }
        };
        let Some(to) = to else {
            let told = format!("not an IP address or file: \"{}\"", line.words[2]);
            return Err(format!("plugin/forward: {told}"));
        };
        let mut forward = Forward { from: zone(from), to, except: Vec::new() };
        for inner in &line.block {
            match inner.words[0].as_str() {
                "except" => forward.except = zones(&inner.words[1..]),
                "max_concurrent" | "force_tcp" | "prefer_udp" | "expire" | "max_fails" | "tls"
                | "tls_servername" | "policy" | "health_check" | "next" | "failover" => {}
                name => return Err(self.fault(inner, format!("unknown property '{name}'"))),
            }
        }
        Ok(forward)
    }
}

/// Zones that are named, or all.
fn all(words: &[String]) -> Vec<String> {
    if words.is_empty() { vec![".".to_owned()] } else { zones(words) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<NameServerSettings, String> {
        parse("/etc/coredns/Corefile", text, &["203.0.113.53".parse().unwrap()])
    }

    #[test]
    fn blocks_zones_and_plugins_are_read() {
        let text = "# two blocks\n.:53 {\n  errors\n  log\n  kubernetes cluster.local in-addr.arpa {\n    ttl 30\n  }\n  hosts {\n    10.0.0.1 db.corp db\n    fallthrough\n  }\n  rewrite name suffix .example .svc.cluster.local answer auto\n  forward . /etc/resolv.conf {\n    max_concurrent 1000\n  }\n  cache 30\n}\ncorp.example:53,\nother.example {\n  forward . 10.0.0.53:5353\n}\n:9153 {\n  prometheus\n}\n";
        let settings = read(text).unwrap();
        let zones: Vec<_> = settings.blocks.iter().map(|block| block.zones.join(" ")).collect();
        assert_eq!(zones, [".", "corp.example. other.example."]);
        let first = &settings.blocks[0];
        assert!(first.log && first.errors && !first.loadbalance);
        assert_eq!(first.kubernetes.as_ref().unwrap().ttl, 30);
        assert_eq!(first.hosts.as_ref().unwrap().entries[0].1, ["db.corp.", "db."]);
        assert!(first.rewrites[0].answer);
        assert_eq!(first.forwards[0].to.to_string(), "203.0.113.53");
        assert_eq!(settings.blocks[1].forwards[0].to.to_string(), "10.0.0.53");
    }

    #[test]
    fn pages_are_those_of_the_plugins_that_are_there() {
        let all = pages(".:53 {\n health {\n lameduck 5s\n }\n ready\n prometheus :9153\n}\n");
        let tcp = Socket::tcp;
        let expected =
            [(Page::Health, tcp(8080)), (Page::Ready, tcp(8181)), (Page::Metrics, tcp(9153))];
        assert_eq!(all, expected);
        assert_eq!(pages(".:53 {\n errors\n ready :8282\n}\n"), [(Page::Ready, tcp(8282))]);
        let own = pages(".:53 {\n prometheus\n}\n");
        assert!(own[0].1.address.is_loopback());
    }

    #[test]
    fn faults_are_told_with_their_line() {
        let at = "/etc/coredns/Corefile";
        let told = |text: &str| read(text).unwrap_err();
        assert_eq!(
            told(".:53 {\n  errors\n  hostz\n}"),
            format!("{at}:3 - Error during parsing: Unknown directive 'hostz'")
        );
        assert_eq!(
            told(".:53 {\n  errors\n"),
            format!("{at}:2 - Error during parsing: Unexpected EOF")
        );
        assert_eq!(
            told(". {\n forward . web\n}"),
            "plugin/forward: not an IP address or file: \"web\""
        );
        assert!(
            told(". {\n kubernetes {\n  nonsense\n }\n}").contains("unknown property 'nonsense'")
        );
        assert!(told(". {\n file db.example\n}").contains("podhop: plugin file is not simulated"));
        assert!(told("}").contains("Unexpected '}'"));
        assert!(told(". {\n rewrite\n}").contains("Wrong argument count"));
    }
}
