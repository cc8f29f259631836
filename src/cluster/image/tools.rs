//! Which command-line tools come with which base.

/// What every shell can do by itself or with coreutils, in Debian's and BusyBox' images alike.
const COMMON: &[&str] = &[
    "[",
    "awk",
    "base64",
    "basename",
    "cat",
    "chmod",
    "chown",
    "cp",
    "cut",
    "date",
    "dd",
    "df",
    "dirname",
    "du",
    "echo",
    "env",
    "expr",
    "false",
    "find",
    "grep",
    "egrep",
    "fgrep",
    "gzip",
    "head",
    "hostname",
    "id",
    "kill",
    "ln",
    "ls",
    "md5sum",
    "mkdir",
    "mktemp",
    "mv",
    "nohup",
    "od",
    "printenv",
    "printf",
    "pwd",
    "readlink",
    "realpath",
    "rm",
    "rmdir",
    "sed",
    "seq",
    "sh",
    "sha256sum",
    "sleep",
    "sort",
    "stat",
    "sync",
    "tail",
    "tar",
    "tee",
    "test",
    "timeout",
    "touch",
    "tr",
    "true",
    "tty",
    "uname",
    "uniq",
    "wc",
    "which",
    "whoami",
    "xargs",
    "yes",
];

const DEBIAN: &[&str] = &["apt", "apt-get", "bash", "dpkg", "getent", "nproc", "perl", "tac"];

const BUSYBOX: &[&str] = &[
    "arp",
    "ash",
    "clear",
    "free",
    "hexdump",
    "httpd",
    "ifconfig",
    "ip",
    "ipcalc",
    "less",
    "more",
    "nc",
    "netstat",
    "nslookup",
    "pidof",
    "ping",
    "ping6",
    "ps",
    "rev",
    "route",
    "telnet",
    "top",
    "traceroute",
    "uptime",
    "usleep",
    "vi",
    "watch",
    "wget",
];

/// Debian's or Ubuntu's bare image.
pub(super) fn debian(more: &[&'static str]) -> Vec<&'static str> {
    join(&[COMMON, DEBIAN, more])
}

/// BusyBox: every applet is there.
pub(super) fn busybox(more: &[&'static str]) -> Vec<&'static str> {
    join(&[COMMON, BUSYBOX, more])
}

/// Alpine: BusyBox without its servers and telnet, and apk.
pub(super) fn alpine(more: &[&'static str]) -> Vec<&'static str> {
    let mut tools = join(&[COMMON, BUSYBOX, &["apk", "getent"], more]);
    tools.retain(|tool| !matches!(*tool, "httpd" | "telnet") || more.contains(tool));
    tools
}

/// The network tools that an administrator has at hand.
pub(super) const NETWORK: &[&str] = &[
    "arp",
    "conntrack",
    "curl",
    "dig",
    "host",
    "ifconfig",
    "ip",
    "ip6tables",
    "ip6tables-save",
    "iptables",
    "iptables-save",
    "jq",
    "nc",
    "netstat",
    "nslookup",
    "openssl",
    "ping",
    "ps",
    "route",
    "ss",
    "tcpdump",
    "telnet",
    "traceroute",
    "wget",
];

fn join(lists: &[&[&'static str]]) -> Vec<&'static str> {
    let mut tools: Vec<&'static str> = lists.iter().flat_map(|list| list.iter().copied()).collect();
    tools.sort_unstable();
    tools.dedup();
    tools
}
