//! What may be said of the whole server and of parts of it; what is nearer wins.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::cluster::programs::access::Access;
use crate::cluster::programs::http;

/// What holds for a request.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// `DirectoryIndex`
    pub index: Option<Vec<String>>,
    /// `ErrorDocument`, by status.
    pub documents: BTreeMap<u16, String>,
    pub headers: Vec<HeaderChange>,
    /// `RequestHeader`: for those whom a proxy asks.
    pub request_headers: Vec<HeaderChange>,
    /// `AddType`: by the ending of a file's name.
    pub types: BTreeMap<String, String>,
    /// `Options Indexes`
    pub listing: Option<bool>,
    /// `DirectorySlash`
    pub slash: Option<bool>,
    /// `Require`: who may ask is anybody for whom one of them holds.
    pub requires: Option<Vec<Require>>,
    pub aliases: Vec<(String, String)>,
    pub redirects: Vec<Redirect>,
    pub proxies: Vec<ProxyPass>,
    /// `ProxyPassReverse`: a path here, and what it is called there.
    pub reverses: Vec<(String, String)>,
    /// `ProxyPreserveHost`
    pub keeps_host: Option<bool>,
    pub signature: Option<bool>,
    pub admin: Option<String>,
}

/// A `Redirect`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    pub path: String,
    pub status: u16,
    pub to: Option<String>,
}

/// A `ProxyPass`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyPass {
    pub path: String,
    /// Whom it asks; nobody for `!`.
    pub to: Option<String>,
    /// `timeout=`, in seconds.
    pub timeout: Option<u64>,
}

/// A `Header`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderChange {
    /// `always`: errors have it too.
    pub always: bool,
    pub action: HeaderAction,
    pub name: String,
    pub value: String,
}

impl HeaderChange {
    /// Changes the headers of a request or of a response.
    pub fn apply(&self, headers: &mut Vec<(String, String)>) {
        let has = |(known, _): &(String, String)| known.eq_ignore_ascii_case(&self.name);
        let is_there = headers.iter().any(has);
        if matches!(self.action, HeaderAction::Unset | HeaderAction::Set) {
            headers.retain(|header| !has(header));
        }
        match self.action {
            HeaderAction::Unset => {}
            HeaderAction::SetIfEmpty if is_there => {}
            HeaderAction::Append if is_there => {
                for header in headers.iter_mut().filter(|header| has(header)) {
                    header.1 += &format!(", {}", self.value);
                }
            }
            _ => headers.push((self.name.clone(), self.value.clone())),
        }
    }
}

/// What a `Header` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderAction {
    Set,
    SetIfEmpty,
    Add,
    Append,
    Unset,
}

/// A `Require`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Require {
    All {
        granted: bool,
    },
    Addresses(Vec<Access>),
    /// `local`: from the pod itself.
    Local,
    Methods(Vec<String>),
}

impl Require {
    /// Whether it holds for a client.
    pub fn holds(&self, client: IpAddr, method: &str, own: bool) -> bool {
        match self {
            Require::All { granted } => *granted,
            Require::Addresses(all) => all.iter().any(|one| one.fits(client)),
            Require::Local => own || client.is_loopback(),
            Require::Methods(all) => all.iter().any(|one| one == method),
        }
    }

    fn read(words: &[String]) -> Result<Require, String> {
        let (Some(kind), rest) = (words.first(), &words[1.min(words.len())..]) else {
            return Err("Unknown Authz provider: ".to_owned());
        };
        match (kind.as_str(), rest) {
            ("all", [one]) if one == "granted" => Ok(Require::All { granted: true }),
            ("all", [one]) if one == "denied" => Ok(Require::All { granted: false }),
            ("all", _) => {
                Err("Argument for 'Require all' must be 'granted' or 'denied'".to_owned())
            }
            ("local", _) => Ok(Require::Local),
            ("method", methods) => Ok(Require::Methods(methods.to_vec())),
            ("ip", []) => Err("'require ip' requires an argument".to_owned()),
            ("ip", ranges) => {
                let read = |word: &String| {
                    Access::read(true, &range(word))
                        .ok_or_else(|| format!("ip address '{word}' appears to be invalid"))
                };
                Ok(Require::Addresses(ranges.iter().map(read).collect::<Result<_, _>>()?))
            }
            (
                "host" | "forward-dns" | "env" | "expr" | "user" | "valid-user" | "group" | "not",
                _,
            ) => Err(format!("podhop: 'Require {kind}' is not simulated here")),
            (kind, _) => Err(format!("Unknown Authz provider: {kind}")),
        }
    }
}

/// `LogLevel warn ssl:debug`
fn log_level(words: &[String]) -> Result<(), String> {
    const LEVELS: [&str; 8] =
        ["emerg", "alert", "crit", "error", "warn", "notice", "info", "debug"];
    let is_level = |word: &String| {
        let level = word.rsplit(':').next().unwrap_or("").to_lowercase();
        LEVELS.contains(&level.as_str())
            || level.strip_prefix("trace").is_some_and(|number| matches!(number.parse(), Ok(1..=8)))
    };
    match words.iter().all(is_level) {
        true => Ok(()),
        false => Err("Log level keyword must be one of emerg/alert/crit/error/warn/notice/info/debug/trace1/.../trace8".to_owned()),
    }
}

/// `10.1` stands for `10.1.0.0/16`.
fn range(word: &str) -> String {
    let parts: Vec<&str> = word.trim_end_matches('.').split('.').collect();
    if word.contains(['/', ':']) || parts.len() > 3 {
        return word.to_owned();
    }
    let rest = [".0", ".0", ".0"][parts.len() - 1..].concat();
    format!("{}{rest}/{}", parts.join("."), parts.len() * 8)
}

impl Settings {
    /// Reads a directive; `location` is the path of the `<Location>` around it. Gives what of it is not
    /// simulated.
    ///
    /// # Errors
    /// In httpd's words.
    pub fn read(
        &mut self,
        name: &str,
        words: &[String],
        location: Option<&str>,
    ) -> Result<Option<String>, String> {
        let first = words.first().map_or("", String::as_str);
        let on = first.eq_ignore_ascii_case("on");
        match name {
            "DirectoryIndex" => self.index = Some(words.to_vec()),
            "DirectorySlash" => self.slash = Some(on),
            "ServerSignature" => {
                let lower = first.to_lowercase();
                if !["on", "off", "email"].contains(&lower.as_str()) {
                    return Err("ServerSignature: use one of: off | on | email".to_owned());
                }
                self.signature = Some(lower != "off");
            }
            "LogLevel" => log_level(words)?,
            "ServerAdmin" => self.admin = Some(first.to_owned()),
            "Options" => self.options(words)?,
            "AddType" => {
                for ending in &words[1..] {
                    self.types
                        .insert(ending.trim_start_matches('.').to_lowercase(), first.to_owned());
                }
            }
            "ErrorDocument" => {
                let status = first.parse().ok().filter(|status| !http::reason(*status).is_empty());
                let unknown = || format!("Unsupported HTTP response code {first}");
                self.documents.insert(status.ok_or_else(unknown)?, words[1].clone());
            }
            "Require" => {
                self.requires.get_or_insert_default().push(Require::read(words)?);
            }
            "Alias" | "ScriptAlias" => self.aliases.push(alias(name, words, location)?),
            "Redirect" => self.redirects.push(redirect(words, location)?),
            "RedirectPermanent" | "RedirectTemp" => {
                let status = if name == "RedirectPermanent" { "permanent" } else { "temp" };
                let words = [&[status.to_owned()], words].concat();
                self.redirects.push(redirect(&words, location)?);
            }
            "Header" | "RequestHeader" => return self.header(name, words),
            "ProxyPass" => self.proxies.push(proxy(words, location)?),
            "ProxyPassReverse" => {
                let (path, url) = match (words, location) {
                    ([path, url, ..], _) => (path.clone(), url.clone()),
                    ([url], Some(path)) => (path.to_owned(), url.clone()),
                    _ => {
                        return Err("ProxyPassReverse needs a path when not defined in a location"
                            .to_owned());
                    }
                };
                self.reverses.push((path, url));
            }
            "ProxyPreserveHost" => self.keeps_host = Some(on),
            _ => {}
        }
        Ok(None)
    }

    fn options(&mut self, words: &[String]) -> Result<(), String> {
        const KNOWN: [&str; 9] = [
            "indexes",
            "includes",
            "includesnoexec",
            "followsymlinks",
            "symlinksifownermatch",
            "execcgi",
            "multiviews",
            "none",
            "all",
        ];
        let signed = |word: &&String| word.starts_with(['+', '-']);
        let count = words.iter().filter(signed).count();
        if count > 0 && count < words.len() {
            return Err("Either all Options must start with + or -, or no Option may.".to_owned());
        }
        if count == 0 {
            self.listing = Some(false);
        }
        for word in words {
            let option = word.trim_start_matches(['+', '-']).to_lowercase();
            match option.as_str() {
                "indexes" => self.listing = Some(!word.starts_with('-')),
                "all" => self.listing = Some(true),
                option if KNOWN.contains(&option) => {}
                _ => return Err(format!("Illegal option {word}")),
            }
        }
        Ok(())
    }

    fn header(&mut self, directive: &str, words: &[String]) -> Result<Option<String>, String> {
        let (condition, words) = match words.split_first() {
            Some((first, rest)) if first == "always" || first == "onsuccess" => {
                (first.as_str(), rest)
            }
            _ => ("", words),
        };
        let action = match words.first().map_or("", String::as_str) {
            "set" => HeaderAction::Set,
            "setifempty" => HeaderAction::SetIfEmpty,
            "add" => HeaderAction::Add,
            "append" | "merge" => HeaderAction::Append,
            "unset" => HeaderAction::Unset,
            word @ ("echo" | "note" | "edit" | "edit*") => return Ok(Some(format!("{directive} {word}"))),
            _ => return Err("first argument must be 'add', 'set', 'setifempty', 'append', 'merge', 'unset', 'echo', 'note', 'edit', or 'edit*'.".to_owned()),
        };
        let value = match (action, words.len()) {
            (HeaderAction::Unset, 1) => return Ok(None),
            (HeaderAction::Unset, _) => String::new(),
            (_, 0..3) => return Err(format!("{directive} requires three arguments")),
            (_, 3) => words[2].clone(),
            _ if words[3] == "early" => words[2].clone(),
            _ => return Ok(Some(format!("{} of {directive}", words[3]))),
        };
        let name = words[1].trim_end_matches(':').to_owned();
        let change = HeaderChange { always: condition == "always", action, name, value };
        match directive {
            "Header" => self.headers.push(change),
            _ => self.request_headers.push(change),
        }
        Ok(None)
    }

    /// Takes over what is nearer to a request.
    pub fn merge(&mut self, nearer: &Settings) {
        fn over<T: Clone>(mine: &mut Option<T>, nearer: &Option<T>) {
            if nearer.is_some() {
                mine.clone_from(nearer);
            }
        }
        over(&mut self.index, &nearer.index);
        over(&mut self.listing, &nearer.listing);
        over(&mut self.slash, &nearer.slash);
        over(&mut self.requires, &nearer.requires);
        over(&mut self.keeps_host, &nearer.keeps_host);
        over(&mut self.signature, &nearer.signature);
        over(&mut self.admin, &nearer.admin);
        self.documents.extend(nearer.documents.clone());
        self.types.extend(nearer.types.clone());
        self.headers.extend(nearer.headers.clone());
        self.request_headers.extend(nearer.request_headers.clone());
        // The first that fits wins, and what is nearer comes first.
        self.aliases.splice(0..0, nearer.aliases.clone());
        self.redirects.splice(0..0, nearer.redirects.clone());
        self.proxies.splice(0..0, nearer.proxies.clone());
        self.reverses.splice(0..0, nearer.reverses.clone());
    }
}

fn alias(name: &str, words: &[String], location: Option<&str>) -> Result<(String, String), String> {
    match (words, location) {
        ([path, file], None) => Ok((path.clone(), file.clone())),
        ([file], Some(path)) => Ok((path.to_owned(), file.clone())),
        (_, None) => Err(format!("{name} must have two arguments when used globally")),
        (_, Some(_)) => Err(format!("{name} takes one argument in a location")),
    }
}

/// `[PATH] URL [KEY=VALUE …]` (`add_pass` of mod_proxy.c)
fn proxy(words: &[String], location: Option<&str>) -> Result<ProxyPass, String> {
    let (path, rest) = match (location, words.split_first()) {
        (Some(path), _) => (path.to_owned(), words),
        (None, Some((path, rest))) => (path.clone(), rest),
        (None, None) => (String::new(), words),
    };
    let Some((to, parameters)) = rest.split_first() else {
        return Err(
            "ProxyPass|ProxyPassMatch needs a path when not defined in a location".to_owned()
        );
    };
    let known = ["http://", "https://"].iter().any(|scheme| to.starts_with(scheme));
    if to != "!" && !known {
        return match to.contains("://") {
            true => Err(format!("podhop: ProxyPass to {to} is not simulated here")),
            false => Err(format!("ProxyPass URL must be absolute!: {to}")),
        };
    }
    let mut timeout = None;
    for word in parameters.iter().filter(|word| *word != "nocanon") {
        match word.split_once('=') {
            Some(("timeout", seconds)) => timeout = seconds.parse().ok(),
            Some(_) => {}
            None => return Err("Invalid ProxyPass|ProxyPassMatch parameter. Parameter must be in the form 'key=value'.".to_owned()),
        }
    }
    Ok(ProxyPass { path, to: Some(to.clone()).filter(|to| to != "!"), timeout })
}

/// `[STATUS] PATH URL` (`add_redirect_internal` of mod_alias.c)
fn redirect(words: &[String], location: Option<&str>) -> Result<Redirect, String> {
    let status = |word: &str| match word.to_lowercase().as_str() {
        "permanent" => Some(301),
        "temp" => Some(302),
        "seeother" => Some(303),
        "gone" => Some(410),
        word => word.parse::<u16>().ok().filter(|_| word.starts_with(|c: char| c.is_ascii_digit())),
    };
    let (status, words) = match words.split_first() {
        Some((first, rest)) if status(first).is_some() => (status(first).unwrap_or(302), rest),
        _ => (302, words),
    };
    let (path, to) = match (words, location) {
        ([path, to], _) => (path.clone(), Some(to.clone())),
        ([path], None) if path.starts_with('/') => (path.clone(), None),
        ([to], Some(path)) => (path.to_owned(), Some(to.clone())),
        ([], Some(path)) => (path.to_owned(), None),
        _ => return Err("URL to redirect to is missing".to_owned()),
    };
    let is_url = |to: &String| to.starts_with('/') || to.contains("://");
    match (&to, (300..400).contains(&status)) {
        (None, true) => Err("URL to redirect to is missing".to_owned()),
        (Some(_), false) => Err("Redirect URL not valid for this status".to_owned()),
        (Some(to), true) if !is_url(to) => Err("Redirect to non-URL".to_owned()),
        _ => Ok(Redirect { path, status, to }),
    }
}
