//! How `wget` comes to a server: lookup, connection and further tries.

use std::net::IpAddr;
use std::time::Duration;

use super::arguments::Arguments;
use super::report::{self, Messages};
use super::request;
use super::{Download, FILE, GENERIC, NETWORK, Session, WgetState};
use crate::cluster::{DialFailure, HttpRequest, LookupFailure};
use crate::network::SocketAddr;
use crate::shell::Io;
use crate::shell::commands::net::curl::unescape;
use crate::shell::commands::net::fetch::{Failure, Fetch, FetchEvent, Limits};
use crate::shell::commands::net::url::Url;
use crate::shell::commands::trouble::{dial_trouble, name_trouble};

impl Session {
    /// Starts a try.
    pub(super) fn fetch(
        &mut self,
        arguments: &Arguments,
        words: Messages,
        io: &mut Io<'_>,
        mut download: Download,
    ) {
        download.tries += 1;
        let url = download.url.clone();
        if spared(arguments, words, io, &download) {
            return;
        }
        if arguments.output.is_none() && download.tries == 1 {
            let place = if arguments.trust_names { &download.url } else { &download.first };
            let path = request::path(arguments, place, None);
            let folder = arguments.folder.as_deref().unwrap_or("").trim_end_matches('/');
            words.named(io, path.strip_prefix(folder).unwrap_or(&path).trim_start_matches('/'));
        }
        if download.heads(arguments) {
            words.verbose(io, "Spider mode enabled. Check if remote file exists.\n");
        }
        let again = match download.tries {
            1 => String::new(),
            tries => format!("  (try:{tries:2})"),
        };
        let now = report::stamp(io.now());
        words.verbose(io, format!("--{now}--{again}  {}\n", request::shown_url(&url)));
        if url.scheme == "ftp" {
            // What a folder holds is listed first.
            let listing = Url { target: format!("{}.listing", url.target), ..url.clone() };
            let named = if url.target.ends_with('/') { &listing } else { &url };
            let file = words.quoted(&request::path(arguments, named, None));
            words.verbose(io, format!("           => {file}\n"));
        }
        if let Some(file) = arguments.authorities.as_ref().filter(|_| url.is_tls())
            && !io.is_file(file)
        {
            words.tell(io, format!("ERROR: Failed to open cert {file}: (-64).\n"));
        }
        self.dial(arguments, words, io, download);
    }

    /// Looks the host up, or goes to the address that it is known to have.
    pub(super) fn dial(
        &mut self,
        arguments: &Arguments,
        words: Messages,
        io: &mut Io<'_>,
        mut download: Download,
    ) {
        let url = download.url.clone();
        let proxy = request::proxy(arguments, io, &url).ok().flatten();
        if proxy.is_some() && url.is_tls() {
            words.tell(io, "podhop: not simulated here: wget's tunnel through a proxy\n");
            return self.fail(GENERIC);
        }
        let made = request::make(arguments, io, &download, proxy.is_some(), &self.jar);
        let request = match made {
            Ok(request) => request,
            Err((file, why)) => {
                let file = words.quoted(&file);
                words.tell(io, format!("BODY data file {file} missing: {why}\n"));
                return self.fail(FILE);
            }
        };
        let (host, port) = proxy.clone().unwrap_or((url.host.clone(), url.port));
        let limits = Limits {
            lookup: arguments.dns_timeout,
            dial: arguments.connect_timeout,
            answer: arguments.read_timeout,
            ..Limits::default()
        };
        let mut fetch = Fetch::new(url.clone(), request, limits, io.now())
            .via(proxy)
            .families(arguments.families);
        let open = self.open.take().filter(|(known, number, _)| *known == host && *number == port);
        if let Some((host, port, connection)) = open {
            let host = if connection.remote.ip().is_ipv6() { format!("[{host}]") } else { host };
            words.verbose(io, format!("Reusing existing connection to {host}:{port}.\n"));
            words.debug(io, format!("Reusing fd {}.\n", descriptor(arguments)));
            tell_request(words, io, fetch.request());
            if !url.is_tls() {
                words.verbose(io, "HTTP request sent, awaiting response... ");
            }
            (download.fresh, download.reused) = (true, true);
            download.connection = Some(connection.clone());
            fetch = fetch.over(connection);
        } else if let Some(addresses) = self.known.get(&host).filter(|_| !download.fresh) {
            let told = format!("Found {host} in host_name_addresses_map ({POINTER})\n");
            words.debug(io, told);
            fetch = fetch.pinned(addresses.iter().copied());
        } else if let Some(addresses) = self.resolved.get(&host) {
            download.fresh = true;
            fetch = fetch.pinned(addresses.iter().copied());
        } else {
            download.fresh = true;
            if host.parse::<IpAddr>().is_err() {
                let host = unescape(&host);
                words.verbose(io, format!("Resolving {host} ({host})... "));
            }
        }
        self.state = WgetState::Fetching(Box::new(download), Box::new(fetch));
    }

    pub(super) fn happened(
        &mut self,
        arguments: &Arguments,
        words: Messages,
        io: &mut Io<'_>,
        (mut download, fetch): (Box<Download>, Box<Fetch>),
        event: FetchEvent,
    ) {
        match event {
            FetchEvent::Wait(_) => {}
            FetchEvent::Resolved => {
                let addresses: Vec<String> =
                    fetch.addresses().iter().map(ToString::to_string).collect();
                let all = fetch.addresses().to_vec();
                self.resolved.insert(fetch.target().0.to_owned(), all);
                let shown = addresses.get(..3).unwrap_or(&addresses).join(", ");
                let more = if addresses.len() > 3 { ", ..." } else { "" };
                words.verbose(io, format!("{shown}{more}\n"));
                if fetch.target().0.parse::<IpAddr>().is_err() {
                    let all = addresses.join(" ");
                    words.debug(io, format!("Caching {} => {all}\n", fetch.target().0));
                }
            }
            FetchEvent::Trying(to) => {
                words.verbose(io, format!("Connecting to {}... ", shown(fetch.target().0, to)));
            }
            FetchEvent::NotThere(_, why) => {
                words.debug(io, format!("Closed fd {}\n", descriptor(arguments)));
                words.tell(io, format!("failed: {}.\n", dial_trouble(io, why)));
            }
            FetchEvent::Connected(connection) => {
                self.stands(fetch.target().0, connection.remote.ip());
                words.verbose(io, "connected.\n");
                words.debug(io, format!("Created socket {}.\n", descriptor(arguments)));
                release(words, io, fetch.target().0);
                tell_request(words, io, fetch.request());
                download.reused = false;
                let sent = match fetch.target().0 == download.url.host {
                    true => "HTTP request sent, awaiting response... ",
                    false => "Proxy request sent, awaiting response... ",
                };
                if !download.url.is_tls() {
                    words.verbose(io, sent);
                }
                download.connection = Some(connection);
            }
            FetchEvent::Replied(reply) => {
                return self.replied(arguments, words, io, *download, reply);
            }
            FetchEvent::Failed(failure) => {
                return self.failed(arguments, words, io, *download, &failure);
            }
        }
        self.state = WgetState::Fetching(download, fetch);
    }

    /// A host's address is good; those that were tried before it in vain are left out from now on.
    pub(super) fn stands(&mut self, host: &str, address: IpAddr) {
        let all = self.resolved.remove(host).or_else(|| self.known.remove(host));
        let mut all = all.unwrap_or_default();
        let at = all.iter().position(|one| *one == address).unwrap_or(all.len());
        all.drain(..at);
        let known = if all.is_empty() { vec![address] } else { all };
        self.known.insert(host.to_owned(), known);
    }

    pub(super) fn failed(
        &mut self,
        arguments: &Arguments,
        words: Messages,
        io: &mut Io<'_>,
        download: Download,
        failure: &Failure,
    ) {
        match failure {
            Failure::Name(_) | Failure::SlowName { .. } => {
                let why = match failure {
                    // A name is not called an address of another family, whatever the hosts file says.
                    Failure::Name(LookupFailure::OtherFamily)
                        if download.url.host.parse::<IpAddr>().is_err() =>
                    {
                        name_trouble(io, LookupFailure::NoAddress)
                    }
                    Failure::Name(why) => name_trouble(io, *why),
                    _ => "Connection timed out",
                };
                words.verbose(io, format!("failed: {why}.\n"));
                let proxy = request::proxy(arguments, io, &download.url).ok().flatten();
                let proxy = proxy.map(|(host, _)| host);
                let host = proxy.unwrap_or_else(|| download.url.host.clone());
                let host = words.quoted(&unescape(&host).to_lowercase());
                words.tell(io, format!("wget: unable to resolve host address {host}\n"));
                match arguments.retry_unknown {
                    true => self.again(arguments, words, io, download),
                    false => self.fail(NETWORK),
                }
            }
            Failure::Dial { why, .. } => {
                words.debug(io, format!("Closed fd {}\n", descriptor(arguments)));
                words.tell(io, format!("failed: {}.\n", dial_trouble(io, *why)));
                release(words, io, &download.url.host);
                match why {
                    _ if !download.fresh && download.url.address().is_none() => {
                        self.look_again(arguments, words, io, download);
                    }
                    DialFailure::Refused | DialFailure::Unreachable | DialFailure::NoNetwork
                        if !arguments.retry_refused =>
                    {
                        self.fail(NETWORK);
                    }
                    _ => self.again(arguments, words, io, download),
                }
            }
            Failure::SlowDial { .. } if !download.fresh && download.url.address().is_none() => {
                words.tell(io, "failed: Connection timed out.\n");
                self.look_again(arguments, words, io, download);
            }
            Failure::SlowDial { .. } => {
                words.tell(io, "failed: Connection timed out.\n");
                self.again(arguments, words, io, download);
            }
            Failure::SlowAnswer { .. } => {
                words.tell(io, "Read error (Connection timed out) in headers.\n");
                self.again(arguments, words, io, download);
            }
        }
    }

    /// An address that was kept from an earlier request does not answer: the name is looked up again
    /// (`connect_to_host` of `connect.c`).
    pub(super) fn look_again(
        &mut self,
        arguments: &Arguments,
        words: Messages,
        io: &mut Io<'_>,
        download: Download,
    ) {
        self.known.remove(&download.url.host);
        self.resolved.remove(&download.url.host);
        self.dial(arguments, words, io, Download { fresh: true, ..download });
    }

    /// Another try, or the end of it.
    pub(super) fn again(
        &mut self,
        arguments: &Arguments,
        words: Messages,
        io: &mut Io<'_>,
        download: Download,
    ) {
        if arguments.tries.is_some_and(|tries| download.tries >= tries) {
            words.verbose(io, "Giving up.\n\n");
            return self.fail(NETWORK);
        }
        words.verbose(io, "Retrying.\n\n");
        let pause = Duration::from_secs(u64::from(download.tries)).min(arguments.wait_retry);
        let download = Download { fresh: false, ..download };
        self.state = WgetState::Pause(io.now() + pause, Box::new(download));
    }
}

/// Where a list of addresses might lie in memory.
const POINTER: &str = "0x000055d0c0ffee00";

/// The number of a connection: behind that of a file that is written all the time.
pub(super) fn descriptor(arguments: &Arguments) -> u8 {
    3 + u8::from(arguments.output.as_ref().is_some_and(|file| file != "-"))
}

/// What `-d` says of addresses that are not needed any more: those of a name are kept for later.
fn release(words: Messages, io: &mut Io<'_>, host: &str) {
    match host.parse::<IpAddr>() {
        Ok(_) => words.debug(
            io,
            format!("Releasing {POINTER} (new refcount 0).\nDeleting unused {POINTER}.\n"),
        ),
        Err(_) => words.debug(io, format!("Releasing {POINTER} (new refcount 1).\n")),
    }
}

/// What `-d` says of a request.
fn tell_request(words: Messages, io: &mut Io<'_>, request: &HttpRequest) {
    let mut text = format!("{} {} HTTP/1.1\r\n", request.method, request.target);
    for (name, value) in &request.headers {
        text += &format!("{name}: {value}\r\n");
    }
    words.debug(io, format!("\n---request begin---\n{text}\r\n---request end---\n"));
    if !request.body.is_empty() {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        words.debug(io, format!("[BODY data: {body}]\n"));
    }
}

/// `site (site)|10.98.110.181|:80`, or `10.98.110.181:80`
fn shown(host: &str, to: SocketAddr) -> String {
    match host.parse::<IpAddr>() {
        Ok(_) => to.to_string(),
        Err(_) => format!("{host} ({host})|{}|:{}", to.ip(), to.port()),
    }
}

/// `-nc`: whether a file that is there spares the download.
fn spared(arguments: &Arguments, words: Messages, io: &mut Io<'_>, download: &Download) -> bool {
    if !arguments.no_clobber || arguments.output.is_some() || download.tries > 1 {
        return false;
    }
    let path = request::path(arguments, &download.url, None);
    let there = io.is_file(&path);
    if there {
        let named = words.quoted(&path);
        words.verbose(io, format!("File {named} already there; not retrieving.\n\n"));
    }
    there
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_a_name() {
        let to = "10.96.200.200:80".parse().unwrap();
        assert_eq!(shown("10.96.200.200", to), "10.96.200.200:80");
        assert_eq!(shown("site", to), "site (site)|10.96.200.200|:80");
    }
}
