//! `-r` and `-p`: pages that lead to further ones (`recur.c`, `html-url.c`, `res.c`).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::arguments::Arguments;
use crate::cluster::HttpResponse;
use crate::shell::commands::net::url::Url;
use crate::shell::pattern::Pattern;

/// More pages than any server here has; a server that makes links for ever is left then.
const MOST: usize = 1_000;

/// A URL that a page led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Leaf {
    pub url: Url,
    /// How many links lead there from the first page.
    pub depth: u32,
    /// The page.
    pub referer: Option<String>,
    /// Whether it says what a robot may fetch.
    pub robots: bool,
}

/// What is known of the pages below the first one.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    waiting: VecDeque<Leaf>,
    seen: BTreeSet<String>,
    start: Option<Url>,
    /// Paths that each server keeps robots from.
    barred: BTreeMap<String, Vec<String>>,
}

impl Tree {
    /// The tree below a URL of the command line.
    pub fn begin(url: &Url) -> Tree {
        Tree { start: Some(url.clone()), seen: BTreeSet::from([url.text()]), ..Tree::default() }
    }

    /// What is fetched next: before the first page of a server, what it says to robots.
    pub fn next(&mut self, arguments: &Arguments) -> Option<Leaf> {
        loop {
            let leaf = self.waiting.pop_front()?;
            if arguments.robots && !self.barred.contains_key(&leaf.url.authority()) {
                self.barred.insert(leaf.url.authority(), Vec::new());
                let url = Url { target: "/robots.txt".to_owned(), ..leaf.url.clone() };
                self.waiting.push_front(leaf);
                return Some(Leaf { url, depth: 0, referer: None, robots: true });
            }
            let barred = self.barred.get(&leaf.url.authority());
            let barred = barred.into_iter().flatten();
            if !barred.into_iter().any(|path| leaf.url.target.starts_with(path.as_str())) {
                return Some(leaf);
            }
        }
    }

    /// A server's `robots.txt`: the paths that everybody, or wget, is kept from.
    pub fn bar(&mut self, url: &Url, text: &str) {
        let (mut ours, mut named, mut paths) = (false, false, Vec::new());
        for line in text.lines() {
            let line = line.split('#').next().unwrap_or("");
            let Some((field, value)) = line.split_once(':') else { continue };
            let value = value.trim();
            match field.trim().to_ascii_lowercase().as_str() {
                "user-agent" => {
                    let fits = value == "*" || value.eq_ignore_ascii_case("wget");
                    ours = fits || named && ours;
                    named = true;
                }
                "disallow" if ours && !value.is_empty() => paths.push(value.to_owned()),
                _ => named = false,
            }
        }
        self.barred.insert(url.authority(), paths);
    }

    /// Puts down what a page leads to.
    pub fn grow(&mut self, arguments: &Arguments, page: &Url, depth: u32, response: &HttpResponse) {
        let kind = response.header("content-type").unwrap_or("");
        let html = kind.starts_with("text/html") || kind.starts_with("application/xhtml+xml");
        let deepest = arguments.level().is_some_and(|level| depth >= level);
        if !html || deepest && !arguments.requisites {
            return;
        }
        let text = String::from_utf8_lossy(&response.body);
        for link in links(&text) {
            let Ok(mut url) = page.join(&link.target) else { continue };
            url.remove_dots();
            if deepest && !link.inline || self.seen.len() >= MOST {
                continue;
            }
            let fits = self.fits(arguments, &url, depth, &link);
            if fits && self.seen.insert(url.text()) {
                let referer = Some(page.text());
                self.waiting.push_back(Leaf { url, depth: depth + 1, referer, robots: false });
            }
        }
    }

    /// Whether a link is followed (`download_child`).
    fn fits(&self, arguments: &Arguments, url: &Url, depth: u32, link: &Link) -> bool {
        let Some(start) = &self.start else { return false };
        let own = url.host.eq_ignore_ascii_case(&start.host);
        let domain = |host: &String| url.host.ends_with(host.as_str());
        let listed = arguments.domains.is_empty() || arguments.domains.iter().any(domain);
        let whole = link.target.contains("://");
        let folder = start.target.rfind('/').map_or("/", |end| &start.target[..=end]);
        let above = own && !url.target.starts_with(folder);
        let name = url.file_name();
        let page = [".htm", ".html"].iter().any(|end| name.to_ascii_lowercase().ends_with(end))
            && (arguments.level().is_none_or(|level| depth + 1 < level) || arguments.requisites);
        matches!(url.scheme.as_str(), "http" | "https")
            && (own || arguments.spans)
            && listed
            && !(arguments.relative && whole)
            && !(arguments.no_parent && above && !(arguments.requisites && link.inline))
            && allowed(arguments, url)
            && (name.is_empty() || page || acceptable(arguments, name))
    }
}

/// Whether `-I` and `-X` let links lead into the folder of a URL (`accdir` of `utils.c`).
fn allowed(arguments: &Arguments, url: &Url) -> bool {
    let path = url.target.split('?').next().unwrap_or("").trim_start_matches('/');
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let within = |one: &String| match one.contains(['*', '?', '[', ']']) {
        true => Pattern::new(one).matches(folder),
        false => {
            let one = one.trim_end_matches('/');
            folder.strip_prefix(one).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        }
    };
    let (only, not) = (&arguments.folders, &arguments.no_folders);
    (only.is_empty() || only.iter().any(within)) && !not.iter().any(within)
}

/// Whether `-A` and `-R` let a file of this name be kept.
pub(super) fn acceptable(arguments: &Arguments, file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or(file);
    let among = |list: &[String]| {
        list.iter().any(|one| match one.contains(['*', '?', '[', ']']) {
            true => Pattern::new(one).matches(name),
            false => name.ends_with(one.as_str()),
        })
    };
    (arguments.accept.is_empty() || among(&arguments.accept)) && !among(&arguments.reject)
}

/// A link of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub target: String,
    /// Whether the page shows what is there itself: pictures, styles, scripts.
    inline: bool,
}

/// The links of a page, in order.
pub(super) fn links(text: &str) -> Vec<Link> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find('<') {
        rest = &rest[open + 1..];
        if let Some(comment) = rest.strip_prefix("!--") {
            rest = comment.find("-->").map_or("", |end| &comment[end + 3..]);
            continue;
        }
        let end = rest.find('>').unwrap_or(rest.len());
        let tag = &rest[..end];
        rest = &rest[end..];
        let name = tag.split(|c: char| c.is_whitespace() || c == '/').next().unwrap_or("");
        let name = name.to_ascii_lowercase();
        let (attribute, inline) = match name.as_str() {
            "a" | "area" => ("href", false),
            "link" => {
                let kind = attribute_of(tag, "rel").unwrap_or_default().to_ascii_lowercase();
                ("href", kind.contains("stylesheet") || kind.contains("icon"))
            }
            "img" | "script" | "iframe" | "frame" | "embed" | "input" | "audio" | "video"
            | "source" => ("src", true),
            _ => continue,
        };
        if let Some(target) = attribute_of(tag, attribute) {
            let target = target.split('#').next().unwrap_or("").trim().replace("&amp;", "&");
            if !target.is_empty() {
                found.push(Link { target, inline });
            }
        }
    }
    found
}

/// The value of a tag's attribute, with or without quotes.
fn attribute_of(tag: &str, name: &str) -> Option<String> {
    let lower = tag.to_ascii_lowercase();
    let mut from = 0;
    while let Some(at) = lower[from..].find(name).map(|at| from + at) {
        from = at + name.len();
        let apart = lower[..at].ends_with(|c: char| c.is_whitespace() || matches!(c, '"' | '\''));
        let Some(value) = tag[from..].trim_start().strip_prefix('=').filter(|_| apart) else {
            continue;
        };
        let value = value.trim_start();
        let quote = value.chars().next().filter(|first| matches!(first, '"' | '\''));
        return Some(match quote {
            Some(quote) => value[1..].split(quote).next().unwrap_or("").to_owned(),
            None => value.split_whitespace().next().unwrap_or("").to_owned(),
        });
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_in_tags_and_not_in_comments() {
        let text = "<a href=\"x.html\">x</a><!-- <a href=no> --><IMG SRC=i.png><link rel=stylesheet href='s.css'><a name=y>";
        let found = links(text);
        let targets: Vec<(&str, bool)> =
            found.iter().map(|link| (link.target.as_str(), link.inline)).collect();
        assert_eq!(targets, [("x.html", false), ("i.png", true), ("s.css", true)]);
    }

    #[test]
    fn robots_are_kept_from_what_is_barred_for_everybody_or_wget() {
        let url = Url::parse("http://web/").unwrap();
        let mut tree = Tree::begin(&url);
        tree.bar(
            &url,
            "User-agent: other\nDisallow: /a\n\nUser-agent: *\nDisallow: /b # no\nDisallow:\n",
        );
        assert_eq!(tree.barred["web"], ["/b"]);
    }
}
