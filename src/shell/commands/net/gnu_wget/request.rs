//! What wget sends, and what it calls the file that comes (`http.c`, `url.c`).

use super::Download;
use super::arguments::Arguments;
use crate::cluster::HttpRequest;
use crate::shell::Io;
use crate::shell::commands::net::curl::{Jar, unescape};
use crate::shell::commands::net::kernel::devices;
use crate::shell::commands::net::url::{BadUrl, Url};
use crate::shell::commands::text::base64;
use crate::shell::commands::trouble::left_out;

/// Flags that do not go together.
///
/// # Errors
/// What wget says of them.
pub(super) fn check(arguments: &Arguments, io: &Io<'_>) -> Result<(), String> {
    if let Some(bind) = &arguments.bind {
        let own = bind.parse().is_ok_and(|own| devices(io).iter().any(|one| one.has(own)));
        if !own || bind.starts_with("127.") && !is_local(arguments) {
            return Err(left_out("wget", format!("--bind-address={bind}")));
        }
    }
    together(arguments).map_err(str::to_owned)
}

/// Whether all that is asked for is on this machine.
fn is_local(arguments: &Arguments) -> bool {
    let local = |url: &Url| url.host == "localhost" || url.host.starts_with("127.");
    arguments.urls.iter().all(|text| Url::parse(text).is_ok_and(|url| local(&url)))
}

fn together(arguments: &Arguments) -> Result<(), &'static str> {
    let post = arguments.post_data.is_some() || arguments.post_file.is_some();
    let body = arguments.body.is_some() || arguments.body_file.is_some();
    if arguments.post_data.is_some() && arguments.post_file.is_some() {
        return Err("You cannot specify both --post-data and --post-file.");
    }
    if arguments.newer && arguments.no_clobber {
        return Err("Can't timestamp and not clobber old files at the same time.");
    }
    if arguments.method.is_some() && post {
        return Err(
            "You cannot use --post-data or --post-file along with --method. --method expects data through --body-data and --body-file options",
        );
    }
    if arguments.method.is_none() && body {
        return Err(
            "You must specify a method through --method=HTTPMethod to use with --body-data or --body-file.",
        );
    }
    if arguments.body.is_some() && arguments.body_file.is_some() {
        return Err("You cannot specify both --body-data and --body-file.");
    }
    Ok(())
}

/// Whether a redirect of this status is followed without the method and the body of the request.
pub(super) fn loses_body(arguments: &Arguments, status: u16) -> bool {
    let posts = arguments.post_data.is_some() || arguments.post_file.is_some();
    let method = if posts { Some("POST") } else { arguments.method.as_deref() };
    match (status, method) {
        (307 | 308, _) | (_, None | Some("HEAD")) => false,
        (303, _) => true,
        (_, method) => method == Some("POST"),
    }
}

/// A URL as it is told: without a password.
pub(super) fn shown_url(url: &Url) -> String {
    let user = url.user.as_ref().map(|user| match user.split_once(':') {
        Some((name, _)) => format!("{name}:*password*"),
        None => user.clone(),
    });
    Url { user, ..url.clone() }.text()
}

/// `user:password` for a URL.
pub(super) fn user(arguments: &Arguments, url: &Url) -> Option<String> {
    let own = url.user.as_deref().map(unescape);
    let own = own.map(|user| if user.contains(':') { user } else { format!("{user}:") });
    own.or_else(|| Some(format!("{}:{}", arguments.user.as_ref()?, arguments.password.as_ref()?)))
}

/// The host and port of the proxy for a URL.
///
/// # Errors
/// What the proxy's URL is, and its scheme, which wget does not speak.
pub(super) fn proxy(
    arguments: &Arguments,
    io: &Io<'_>,
    url: &Url,
) -> Result<Option<(String, u16)>, (String, String)> {
    if !arguments.proxy {
        return Ok(None);
    }
    let variable = |name: &str| io.environment.get(name).filter(|value| !value.is_empty()).cloned();
    let spared = variable("no_proxy").unwrap_or_default();
    let host = url.host.to_ascii_lowercase();
    let named = spared.split(',').map(str::trim).filter(|word| !word.is_empty());
    if named.into_iter().any(|word| host == word || host.ends_with(word)) {
        return Ok(None);
    }
    let given = arguments.proxies.iter().rev().find(|(scheme, _)| *scheme == url.scheme);
    let text = given.map(|(_, text)| text.clone());
    let Some(text) = text.or_else(|| variable(&format!("{}_proxy", url.scheme))) else {
        return Ok(None);
    };
    match Url::parse(&text) {
        Ok(place) => Ok(Some((place.host, place.port))),
        Err(BadUrl::Scheme(scheme)) => Err((text, scheme)),
        Err(_) => Ok(None),
    }
}

/// What a request's head says beside its body's length and kind.
fn fields(
    arguments: &Arguments,
    io: &Io<'_>,
    download: &Download,
    proxied: bool,
    jar: &Jar,
) -> Vec<(String, String)> {
    let url = &download.url;
    let mut headers = vec![("Host".to_owned(), url.authority())];
    let mut put = |name: &str, value: &str| headers.push((name.to_owned(), value.to_owned()));
    if let Some(referer) = arguments.referer.as_ref().or(download.referer.as_ref()) {
        put("Referer", referer);
    }
    if arguments.no_cache {
        put("Cache-Control", "no-cache");
        put("Pragma", "no-cache");
    }
    // Only what has changed since the file was written is sent.
    let old = io.facts(&path(arguments, url, None), true).ok();
    if let Some(old) = old.filter(|_| arguments.newer && arguments.output.is_none()) {
        let since = old.changed.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        put("If-Modified-Since", &since);
    }
    let from = offset(arguments, io, url);
    if from > 0 {
        put("Range", &format!("bytes={from}-"));
    }
    if !arguments.agent.is_empty() {
        put("User-Agent", &arguments.agent);
    }
    put("Accept", "*/*");
    put("Accept-Encoding", arguments.compression.unwrap_or("identity"));
    if let Some(user) = user(arguments, url).filter(|_| arguments.login_at_once || download.login) {
        put("Authorization", &format!("Basic {}", base64::encode(user.as_bytes())));
    }
    if let (true, Some(user)) = (proxied, &arguments.proxy_user) {
        let password = arguments.proxy_password.as_deref().unwrap_or("");
        let user = format!("{user}:{password}");
        put("Proxy-Authorization", &format!("Basic {}", base64::encode(user.as_bytes())));
    }
    put("Connection", if arguments.keep_alive { "Keep-Alive" } else { "Close" });
    if proxied && arguments.keep_alive {
        put("Proxy-Connection", "Keep-Alive");
    }
    let cookies = jar.header(url).join("; ");
    if !cookies.is_empty() {
        put("Cookie", &cookies);
    }
    headers
}

/// The request of a download.
///
/// # Errors
/// The file of the body that cannot be read, and why.
pub(super) fn make(
    arguments: &Arguments,
    io: &Io<'_>,
    download: &Download,
    proxied: bool,
    jar: &Jar,
) -> Result<HttpRequest, (String, String)> {
    let url = &download.url;
    let post = arguments.post_data.as_ref().or(arguments.body.as_ref());
    let file = arguments.post_file.as_ref().or(arguments.body_file.as_ref());
    let body = match file {
        _ if download.bodiless => None,
        Some(file) => Some(io.read_file(file).map_err(|why| (file.clone(), why))?),
        None => post.map(|text| text.clone().into_bytes()),
    };
    let posts = arguments.post_data.is_some() || arguments.post_file.is_some();
    let method = match &arguments.method {
        _ if posts && !download.bodiless => "POST".to_owned(),
        Some(method) if !download.bodiless => method.clone(),
        _ if download.heads(arguments) => "HEAD".to_owned(),
        _ => "GET".to_owned(),
    };
    let mut headers = fields(arguments, io, download, proxied, jar);
    let mut put = |name: &str, value: &str| headers.push((name.to_owned(), value.to_owned()));
    if body.is_none() && matches!(method.as_str(), "POST" | "PUT") {
        put("Content-Length", "0");
    }
    if let Some(body) = &body {
        put("Content-Type", "application/x-www-form-urlencoded");
        put("Content-Length", &body.len().to_string());
    }
    for (name, value) in &arguments.headers {
        match headers.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some(known) => known.1.clone_from(value),
            None => headers.push((name.clone(), value.clone())),
        }
    }
    let target = url.target.replace(' ', "%20");
    let target = match proxied {
        true => format!("{}://{}{target}", url.scheme, url.authority()),
        false => target,
    };
    Ok(HttpRequest {
        version: Default::default(),
        method,
        target,
        headers,
        body: body.unwrap_or_default(),
    })
}

/// Where to begin: behind what is there already (`-c`), or where `--start-pos` says.
pub(super) fn offset(arguments: &Arguments, io: &Io<'_>, url: &Url) -> usize {
    match (arguments.start, arguments.resume) {
        (Some(start), _) => start,
        (None, false) => 0,
        (None, true) => {
            let file = arguments.output.clone().unwrap_or_else(|| path(arguments, url, None));
            io.read_file(&file).map_or(0, |content| content.len())
        }
    }
}

/// The name of a URL's file, with its folders.
pub(super) fn path(arguments: &Arguments, url: &Url, kind: Option<&str>) -> String {
    let plain = url.target.split('?').next().unwrap_or("");
    let mut name = match url.file_name() {
        "" => arguments.default_page.clone(),
        name => unescape(name),
    };
    if let Some((_, query)) = url.target.split_once('?') {
        name = format!("{name}?{query}");
    }
    let html = kind.is_some_and(|kind| kind.starts_with("text/html"));
    if arguments.adjust
        && html
        && !name.to_ascii_lowercase().ends_with(".html")
        && !name.ends_with(".htm")
    {
        name += ".html";
    }
    let mut folders: Vec<String> = Vec::new();
    folders.extend(arguments.folder.as_ref().map(|folder| folder.trim_end_matches('/').to_owned()));
    if arguments.has_folders() || arguments.protocol_folders {
        if arguments.protocol_folders {
            folders.push(url.scheme.clone());
        }
        if arguments.host_folders {
            let port = if url.explicit_port && url.port != 80 {
                format!(":{}", url.port)
            } else {
                String::new()
            };
            folders.push(format!("{}{port}", url.host));
        }
        let inner = plain.split('/').filter(|part| !part.is_empty());
        let inner: Vec<&str> = inner.collect();
        let inner =
            if plain.ends_with('/') { &inner[..] } else { &inner[..inner.len().saturating_sub(1)] };
        folders.extend(inner.iter().skip(arguments.cut_folders).map(|part| (*part).to_owned()));
    }
    folders.push(restricted(arguments, name));
    folders.join("/")
}

/// `--restrict-file-names`: a name that the system takes (`append_uri_pathel` of `url.c`).
fn restricted(arguments: &Arguments, name: String) -> String {
    let asked = |mode: &str| arguments.restricted.iter().any(|one| one == mode);
    let mut made = String::new();
    for letter in name.chars() {
        match letter {
            '?' if asked("windows") => made.push('@'),
            '\\' | '|' | ':' | '"' | '*' | '<' | '>' if asked("windows") => {
                made += &format!("%{:02X}", u32::from(letter));
            }
            letter if asked("ascii") && !letter.is_ascii() => {
                let mut bytes = [0; 4];
                let bytes = letter.encode_utf8(&mut bytes).bytes();
                made.extend(bytes.map(|byte| format!("%{byte:02X}")));
            }
            letter => made.push(letter),
        }
    }
    match (asked("lowercase"), asked("uppercase")) {
        (true, _) => made.to_lowercase(),
        (_, true) => made.to_uppercase(),
        _ => made,
    }
}
