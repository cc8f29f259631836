//! Every flag of GNU wget 1.21.3, and what becomes of it here.

/// What a flag takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    Nothing,
    /// Perhaps `=on` or `=off`; `--no-` in front of it turns it round.
    Switch,
    Value,
}

/// What becomes of a flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Here {
    /// It does what it does.
    Heeded,
    /// It changes nothing that can be seen in a cluster of HTTP servers.
    Unseen,
    /// It would change what happens, and is refused by name.
    NotSimulated,
}

/// A flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Flag {
    /// Its short form: a letter, or two for those that begin with `n`.
    pub short: &'static str,
    /// Its long form, as `--help` lists it: some with `no-` in front.
    pub name: &'static str,
    pub takes: Takes,
    pub here: Here,
}

const fn flag(short: &'static str, name: &'static str, takes: Takes, here: Here) -> Flag {
    Flag { short, name, takes, here }
}

/// All of them, in the order of `--help`.
#[rustfmt::skip]
pub(super) const FLAGS: &[Flag] = &[
    flag("V", "version", Takes::Nothing, Here::Heeded),
    flag("h", "help", Takes::Nothing, Here::Heeded),
    flag("b", "background", Takes::Switch, Here::Heeded),
    flag("e", "execute", Takes::Value, Here::Heeded),
    flag("o", "output-file", Takes::Value, Here::Heeded),
    flag("a", "append-output", Takes::Value, Here::Heeded),
    flag("d", "debug", Takes::Switch, Here::Heeded),
    flag("q", "quiet", Takes::Switch, Here::Heeded),
    flag("v", "verbose", Takes::Switch, Here::Heeded),
    flag("nv", "no-verbose", Takes::Switch, Here::Heeded),
    flag("", "report-speed", Takes::Value, Here::Unseen),
    flag("i", "input-file", Takes::Value, Here::Heeded),
    flag("F", "force-html", Takes::Switch, Here::Heeded),
    flag("B", "base", Takes::Value, Here::Heeded),
    flag("", "config", Takes::Value, Here::Heeded),
    flag("", "no-config", Takes::Switch, Here::Heeded),
    flag("", "rejected-log", Takes::Value, Here::Heeded),
    flag("t", "tries", Takes::Value, Here::Heeded),
    flag("", "retry-connrefused", Takes::Switch, Here::Heeded),
    flag("", "retry-on-host-error", Takes::Switch, Here::Heeded),
    flag("", "retry-on-http-error", Takes::Value, Here::Heeded),
    flag("O", "output-document", Takes::Value, Here::Heeded),
    flag("nc", "no-clobber", Takes::Switch, Here::Heeded),
    flag("", "no-netrc", Takes::Switch, Here::Unseen),
    flag("c", "continue", Takes::Switch, Here::Heeded),
    flag("", "start-pos", Takes::Value, Here::Heeded),
    flag("", "progress", Takes::Value, Here::Heeded),
    flag("", "show-progress", Takes::Switch, Here::Heeded),
    flag("N", "timestamping", Takes::Switch, Here::Heeded),
    flag("", "no-if-modified-since", Takes::Switch, Here::Unseen),
    flag("", "no-use-server-timestamps", Takes::Switch, Here::Heeded),
    flag("S", "server-response", Takes::Switch, Here::Heeded),
    flag("", "spider", Takes::Switch, Here::Heeded),
    flag("T", "timeout", Takes::Value, Here::Heeded),
    flag("", "dns-timeout", Takes::Value, Here::Heeded),
    flag("", "connect-timeout", Takes::Value, Here::Heeded),
    flag("", "read-timeout", Takes::Value, Here::Heeded),
    flag("w", "wait", Takes::Value, Here::Heeded),
    flag("", "waitretry", Takes::Value, Here::Heeded),
    flag("", "random-wait", Takes::Switch, Here::Unseen),
    flag("", "no-proxy", Takes::Switch, Here::Heeded),
    flag("Q", "quota", Takes::Value, Here::Heeded),
    flag("", "bind-address", Takes::Value, Here::Heeded),
    flag("", "limit-rate", Takes::Value, Here::Heeded),
    flag("", "no-dns-cache", Takes::Switch, Here::Unseen),
    flag("", "restrict-file-names", Takes::Value, Here::Heeded),
    flag("", "ignore-case", Takes::Switch, Here::Unseen),
    flag("4", "inet4-only", Takes::Switch, Here::Heeded),
    flag("6", "inet6-only", Takes::Switch, Here::Heeded),
    flag("", "prefer-family", Takes::Value, Here::Heeded),
    flag("", "user", Takes::Value, Here::Heeded),
    flag("", "password", Takes::Value, Here::Heeded),
    flag("", "ask-password", Takes::Switch, Here::Heeded),
    flag("", "use-askpass", Takes::Value, Here::Heeded),
    flag("", "no-iri", Takes::Switch, Here::Unseen),
    flag("", "local-encoding", Takes::Value, Here::Unseen),
    flag("", "remote-encoding", Takes::Value, Here::Unseen),
    flag("", "unlink", Takes::Switch, Here::Unseen),
    flag("", "xattr", Takes::Switch, Here::Unseen),
    flag("nd", "no-directories", Takes::Switch, Here::Heeded),
    flag("x", "force-directories", Takes::Switch, Here::Heeded),
    flag("nH", "no-host-directories", Takes::Switch, Here::Heeded),
    flag("", "protocol-directories", Takes::Switch, Here::Heeded),
    flag("P", "directory-prefix", Takes::Value, Here::Heeded),
    flag("", "cut-dirs", Takes::Value, Here::Heeded),
    flag("", "http-user", Takes::Value, Here::Heeded),
    flag("", "http-password", Takes::Value, Here::Heeded),
    flag("", "no-cache", Takes::Switch, Here::Heeded),
    flag("", "default-page", Takes::Value, Here::Heeded),
    flag("E", "adjust-extension", Takes::Switch, Here::Heeded),
    flag("", "ignore-length", Takes::Switch, Here::Heeded),
    flag("", "header", Takes::Value, Here::Heeded),
    flag("", "compression", Takes::Value, Here::Heeded),
    flag("", "max-redirect", Takes::Value, Here::Heeded),
    flag("", "proxy-user", Takes::Value, Here::Heeded),
    flag("", "proxy-password", Takes::Value, Here::Heeded),
    flag("", "referer", Takes::Value, Here::Heeded),
    flag("", "save-headers", Takes::Switch, Here::Heeded),
    flag("U", "user-agent", Takes::Value, Here::Heeded),
    flag("", "no-http-keep-alive", Takes::Switch, Here::Heeded),
    flag("", "no-cookies", Takes::Switch, Here::Heeded),
    flag("", "load-cookies", Takes::Value, Here::Heeded),
    flag("", "save-cookies", Takes::Value, Here::Heeded),
    flag("", "keep-session-cookies", Takes::Switch, Here::Heeded),
    flag("", "post-data", Takes::Value, Here::Heeded),
    flag("", "post-file", Takes::Value, Here::Heeded),
    flag("", "method", Takes::Value, Here::Heeded),
    flag("", "body-data", Takes::Value, Here::Heeded),
    flag("", "body-file", Takes::Value, Here::Heeded),
    flag("", "content-disposition", Takes::Switch, Here::Heeded),
    flag("", "content-on-error", Takes::Switch, Here::Heeded),
    flag("", "auth-no-challenge", Takes::Switch, Here::Heeded),
    flag("", "secure-protocol", Takes::Value, Here::Unseen),
    flag("", "https-only", Takes::Switch, Here::Heeded),
    flag("", "no-check-certificate", Takes::Switch, Here::Heeded),
    flag("", "certificate", Takes::Value, Here::Heeded),
    flag("", "certificate-type", Takes::Value, Here::Unseen),
    flag("", "private-key", Takes::Value, Here::Heeded),
    flag("", "private-key-type", Takes::Value, Here::Unseen),
    flag("", "ca-certificate", Takes::Value, Here::Heeded),
    flag("", "ca-directory", Takes::Value, Here::NotSimulated),
    flag("", "crl-file", Takes::Value, Here::NotSimulated),
    flag("", "pinnedpubkey", Takes::Value, Here::NotSimulated),
    flag("", "ciphers", Takes::Value, Here::Unseen),
    flag("", "no-hsts", Takes::Switch, Here::Unseen),
    flag("", "hsts-file", Takes::Value, Here::Unseen),
    flag("", "egd-file", Takes::Value, Here::Unseen),
    flag("", "random-file", Takes::Value, Here::Unseen),
    flag("", "ftp-user", Takes::Value, Here::Unseen),
    flag("", "ftp-password", Takes::Value, Here::Unseen),
    flag("", "no-remove-listing", Takes::Switch, Here::Unseen),
    flag("", "no-glob", Takes::Switch, Here::Unseen),
    flag("", "no-passive-ftp", Takes::Switch, Here::Unseen),
    flag("", "preserve-permissions", Takes::Switch, Here::Unseen),
    flag("", "retr-symlinks", Takes::Switch, Here::Unseen),
    flag("", "ftps-implicit", Takes::Switch, Here::Unseen),
    flag("", "ftps-resume-ssl", Takes::Switch, Here::Unseen),
    flag("", "ftps-clear-data-connection", Takes::Switch, Here::Unseen),
    flag("", "ftps-fallback-to-ftp", Takes::Switch, Here::Unseen),
    flag("", "warc-file", Takes::Value, Here::NotSimulated),
    flag("", "warc-header", Takes::Value, Here::NotSimulated),
    flag("", "warc-max-size", Takes::Value, Here::NotSimulated),
    flag("", "warc-cdx", Takes::Switch, Here::NotSimulated),
    flag("", "warc-dedup", Takes::Value, Here::NotSimulated),
    flag("", "no-warc-compression", Takes::Switch, Here::Unseen),
    flag("", "no-warc-digests", Takes::Switch, Here::Unseen),
    flag("", "no-warc-keep-log", Takes::Switch, Here::Unseen),
    flag("", "warc-tempdir", Takes::Value, Here::NotSimulated),
    flag("r", "recursive", Takes::Switch, Here::Heeded),
    flag("l", "level", Takes::Value, Here::Heeded),
    flag("", "delete-after", Takes::Switch, Here::Heeded),
    flag("k", "convert-links", Takes::Switch, Here::NotSimulated),
    flag("", "convert-file-only", Takes::Switch, Here::NotSimulated),
    flag("", "backups", Takes::Value, Here::Heeded),
    flag("K", "backup-converted", Takes::Switch, Here::NotSimulated),
    flag("m", "mirror", Takes::Switch, Here::Heeded),
    flag("p", "page-requisites", Takes::Switch, Here::Heeded),
    flag("", "strict-comments", Takes::Switch, Here::Unseen),
    flag("A", "accept", Takes::Value, Here::Heeded),
    flag("R", "reject", Takes::Value, Here::Heeded),
    flag("", "accept-regex", Takes::Value, Here::Heeded),
    flag("", "reject-regex", Takes::Value, Here::Heeded),
    flag("", "regex-type", Takes::Value, Here::Unseen),
    flag("D", "domains", Takes::Value, Here::Heeded),
    flag("", "exclude-domains", Takes::Value, Here::Heeded),
    flag("", "follow-ftp", Takes::Switch, Here::Unseen),
    flag("", "follow-tags", Takes::Value, Here::Heeded),
    flag("", "ignore-tags", Takes::Value, Here::Heeded),
    flag("H", "span-hosts", Takes::Switch, Here::Heeded),
    flag("L", "relative", Takes::Switch, Here::Heeded),
    flag("I", "include-directories", Takes::Value, Here::Heeded),
    flag("", "trust-server-names", Takes::Switch, Here::Heeded),
    flag("X", "exclude-directories", Takes::Value, Here::Heeded),
    flag("np", "no-parent", Takes::Switch, Here::Heeded),
];

/// Those that `--help` does not list: older names.
const HIDDEN: &[Flag] = &[
    flag("", "http-passwd", Takes::Value, Here::Heeded),
    flag("", "proxy-passwd", Takes::Value, Here::Heeded),
    flag("", "html-extension", Takes::Switch, Here::Heeded),
];

/// What a word behind two dashes means: the flag, and whether it is switched as `--help` lists it.
///
/// # Errors
/// What getopt says of it.
pub(super) fn long(word: &str) -> Result<(&'static Flag, bool), String> {
    let mut found: Vec<(&'static str, &'static Flag, bool)> = Vec::new();
    let mut spellings: Vec<(String, &'static Flag, bool)> = Vec::new();
    for flag in FLAGS.iter().chain(HIDDEN) {
        let bare = flag.name.strip_prefix("no-").unwrap_or(flag.name);
        spellings.push((flag.name.to_owned(), flag, true));
        if flag.takes == Takes::Switch && flag.name != "no" && !bare.is_empty() {
            let other = if bare == flag.name { format!("no-{bare}") } else { bare.to_owned() };
            if !FLAGS.iter().any(|known| known.name == other) {
                spellings.push((other, flag, false));
            }
        }
    }
    if let Some((_, flag, on)) = spellings.iter().find(|(name, ..)| name == word) {
        return Ok((flag, *on));
    }
    spellings.retain(|(name, ..)| name.starts_with(word));
    spellings.sort_by(|one, other| one.0.cmp(&other.0));
    found.extend(spellings.iter().map(|(_, flag, on)| (flag.name, *flag, *on)));
    match found.as_slice() {
        [] => Err(format!("unrecognized option '--{word}'")),
        [(_, flag, on)] => Ok((flag, *on)),
        _ => {
            let all: Vec<String> =
                spellings.iter().map(|(name, ..)| format!("'--{name}'")).collect();
            Err(format!("option '--{word}' is ambiguous; possibilities: {}", all.join(" ")))
        }
    }
}

/// The flag of a letter.
pub(super) fn short(letter: char) -> Option<&'static Flag> {
    let mut text = [0; 4];
    let text = letter.encode_utf8(&mut text);
    FLAGS.iter().find(|flag| flag.short == text)
}
