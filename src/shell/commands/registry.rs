//! Which name is which command, how it is used, and who has it.

use super::files::{change, find as find_files, ls, names};
use super::system::{clock, date, expr, help, identity, processes, repeat, run, sleep, xargs};
use super::text::{awk, base64, cat, cut, diff, grep, head, sed, sort, uniq, wc};
use super::{Setting, failed, jq, kubectl, minikube, net, packages, plain, print, ssh, testing};
use crate::cluster::{Cluster, Place};
use crate::shell::{Tool, programs};

/// What the laptop has.
pub(in crate::shell) const LAPTOP: &[&str] = &[
    "awk",
    "base64",
    "basename",
    "bash",
    "cat",
    "clear",
    "column",
    "cp",
    "curl",
    "cut",
    "date",
    "diff",
    "dig",
    "dirname",
    "echo",
    "edit",
    "egrep",
    "env",
    "expr",
    "false",
    "fgrep",
    "find",
    "getent",
    "grep",
    "head",
    "help",
    "history",
    "host",
    "hostname",
    "id",
    "ip",
    "jq",
    "kill",
    "kubectl",
    "less",
    "ls",
    "minikube",
    "mkdir",
    "mktemp",
    "more",
    "mv",
    "nano",
    "nc",
    "netstat",
    "nl",
    "nohup",
    "nproc",
    "nslookup",
    "paste",
    "ping",
    "printenv",
    "printf",
    "ps",
    "realpath",
    "rev",
    "rm",
    "rmdir",
    "sed",
    "seq",
    "sh",
    "sha256sum",
    "sleep",
    "sort",
    "ss",
    "ssh",
    "stat",
    "sudo",
    "tac",
    "tail",
    "tee",
    "telnet",
    "test",
    "timeout",
    "touch",
    "tr",
    "traceroute",
    "true",
    "tty",
    "uname",
    "uniq",
    "uptime",
    "vi",
    "vim",
    "watch",
    "wc",
    "wget",
    "which",
    "whoami",
    "xargs",
    "yes",
    "[",
];

/// What only other places have.
const ELSEWHERE: &[&str] = &[
    "apk",
    "apt",
    "apt-get",
    "conntrack",
    "ip6tables",
    "ip6tables-save",
    "iptables",
    "iptables-save",
    "pidof",
    "ping6",
    "redis-cli",
    "sysctl",
];

/// How commands are used, sorted by name.
const USAGE: &[(&str, &str)] = &[
    ("apk", "apk update | apk add PACKAGE..."),
    ("apt", "apt update | apt install [-y] PACKAGE..."),
    ("apt-get", "apt-get update | apt-get install [-y] PACKAGE..."),
    ("awk", "awk [-F SEPARATOR] [-v NAME=VALUE] 'PROGRAM' [FILE]..."),
    ("base64", "base64 [-d] [-w COLUMNS] [FILE]"),
    ("basename", "basename PATH [SUFFIX]"),
    ("cat", "cat [-nA] [FILE]..."),
    ("column", "column [-t] [-s SEPARATORS] [FILE]..."),
    (
        "conntrack",
        "conntrack -L | -C | -D | -F [-p PROTOCOL] [-s ADDRESS] [-d ADDRESS] [--dport PORT]",
    ),
    ("cp", "cp [-r] SOURCE... TARGET"),
    ("cut", "cut -d DELIMITER -f FIELDS | -c CHARACTERS [FILE]..."),
    ("date", "date [-u] [-d MOMENT] [+FORMAT]"),
    ("diff", "diff [-uq] OLD NEW"),
    ("dig", "dig [@SERVER] NAME [TYPE] [-x ADDRESS] [+short] [+search] [+noall +answer]"),
    ("dirname", "dirname PATH..."),
    ("echo", "echo [-ne] [TEXT]..."),
    ("env", "env [-i] [-u NAME] [NAME=VALUE]... [COMMAND [ARGUMENT]...]"),
    ("expr", "expr EXPRESSION"),
    (
        "find",
        "find [PATH]... [-name PATTERN] [-type f|d] [-size N] [-maxdepth N] [-exec COMMAND {} ;]",
    ),
    ("getent", "getent hosts | ahosts | ahostsv4 | ahostsv6 NAME..."),
    ("grep", "grep [-EFPivcnoqwxrlLhHs] [-A N] [-B N] [-C N] [-m N] PATTERN [FILE]..."),
    ("head", "head [-n LINES | -c BYTES] [FILE]..."),
    ("host", "host [-t TYPE] NAME [SERVER]"),
    ("hostname", "hostname [-i]"),
    ("ip", "ip [-br] [-4|-6] addr | link | route | rule | neigh [show] [dev DEVICE]"),
    ("ip6tables", "ip6tables [-t TABLE] -L [CHAIN] [-n] [-v] | -S [CHAIN]"),
    ("ip6tables-save", "ip6tables-save [-t TABLE]"),
    ("iptables", "iptables [-t TABLE] -L [CHAIN] [-n] [-v] | -S [CHAIN]"),
    ("iptables-save", "iptables-save [-t TABLE]"),
    ("jq", "jq [-rcensSj] [--arg NAME VALUE] FILTER [FILE]..."),
    ("kill", "kill [-SIGNAL] PID..."),
    ("less", "less [FILE]..."),
    ("ls", "ls [-laA1RhS] [PATH]..."),
    (
        "minikube",
        "minikube start | status | ip | ssh | service | tunnel | node list|stop|start | profile list",
    ),
    ("mkdir", "mkdir [-p] FOLDER..."),
    ("mv", "mv SOURCE... TARGET"),
    ("nc", "nc [-zvun] [-w SECONDS] HOST PORT... | nc -l [-k] -p PORT"),
    ("netstat", "netstat -ltn [-p]"),
    ("nl", "nl [FILE]..."),
    ("nslookup", "nslookup [-type=TYPE] NAME [SERVER]"),
    ("paste", "paste [-s] [-d DELIMITER] [FILE]..."),
    ("ping", "ping [-c COUNT] [-i SECONDS] [-W SECONDS] [-w SECONDS] [-q] HOST"),
    ("printenv", "printenv [NAME]..."),
    ("printf", "printf FORMAT [VALUE]..."),
    ("ps", "ps [aux | -ef]"),
    ("rm", "rm [-rf] PATH..."),
    ("sed", "sed [-nEi] [-e] SCRIPT [FILE]..."),
    ("seq", "seq [-w] [-s SEPARATOR] [FIRST [STEP]] LAST"),
    ("sleep", "sleep NUMBER[smhd]..."),
    ("sort", "sort [-nrufbVh] [-k KEY] [-t SEPARATOR] [FILE]..."),
    ("ss", "ss -ltn [-p]"),
    ("ssh", "ssh NODE [COMMAND]"),
    ("sysctl", "sysctl [-n] -a | NAME..."),
    ("tail", "tail [-f] [-n LINES | -c BYTES] [FILE]..."),
    ("tee", "tee [-a] [FILE]..."),
    ("telnet", "telnet HOST [PORT]"),
    ("timeout", "timeout DURATION COMMAND [ARGUMENT]..."),
    ("touch", "touch FILE..."),
    ("tr", "tr [-cds] SET1 [SET2]"),
    ("traceroute", "traceroute [-m HOPS] [-w SECONDS] HOST"),
    ("uname", "uname [-asnrvm]"),
    ("uniq", "uniq [-cdiu] [FILE]"),
    ("vim", "vim FILE"),
    ("watch", "watch [-n SECONDS] [-t] COMMAND"),
    ("wc", "wc [-lwcm] [FILE]..."),
    ("which", "which NAME..."),
    ("xargs", "xargs [-n N] [-I PLACE] [-rt] [COMMAND [ARGUMENT]...]"),
    ("yes", "yes [TEXT]"),
];

/// How a command is used.
pub(super) fn usage(name: &str) -> Option<&'static str> {
    USAGE.iter().find(|(known, _)| *known == name).map(|(_, usage)| *usage)
}

/// The commands that a place has and podhop knows.
pub(in crate::shell) fn installed(cluster: &Cluster, place: &Place) -> Vec<&'static str> {
    let known = LAPTOP.iter().chain(ELSEWHERE).copied();
    let mut names: Vec<&str> =
        known.filter(|name| *name != "[" && super::is_installed(cluster, place, name)).collect();
    names.sort_unstable();
    names
}

/// The command called `name`, with its arguments; `None` when podhop does not have it.
pub(in crate::shell) fn find(
    name: &str,
    arguments: &[String],
    setting: &Setting<'_>,
) -> Option<Box<dyn Tool>> {
    if let ([only], Some(usage)) = (arguments, usage(name))
        && only == "--help"
        && !matches!(name, "minikube" | "jq" | "echo" | "printf")
    {
        return Some(plain(help::help, &[name.to_owned()])).filter(|_| !usage.is_empty());
    }
    if let Some(shell) = programs::shell(name, arguments, setting) {
        return Some(shell);
    }
    if let Some(client) = net::start(name, arguments, setting.flavour) {
        return Some(client);
    }
    text(name, arguments, setting)
        .or_else(|| file(name, arguments, setting))
        .or_else(|| system(name, arguments, setting))
}

fn text(name: &str, arguments: &[String], setting: &Setting<'_>) -> Option<Box<dyn Tool>> {
    Some(match name {
        "awk" | "gawk" | "mawk" => awk::awk(arguments, setting),
        "base64" => plain(base64::base64, arguments),
        "cat" => cat::cat(arguments, setting),
        "column" => plain(cut::column, arguments),
        "cut" => cut::cut(arguments, setting),
        "diff" => plain(diff::diff, arguments),
        "echo" => plain(print::echo_tool, arguments),
        "egrep" | "fgrep" | "grep" => grep::grep(name, arguments, setting),
        "head" => head::head(arguments, setting),
        "jq" => jq::jq(arguments),
        "less" | "more" => cat::pager(arguments, setting),
        "nl" => plain(cat::nl, arguments),
        "paste" => plain(cut::paste, arguments),
        "printf" => plain(print::printf_tool, arguments),
        "rev" => plain(cat::rev, arguments),
        "sed" => sed::sed(arguments, setting),
        "sha256sum" => plain(wc::sha256sum, arguments),
        "sort" => sort::sort(arguments, setting),
        "tac" => plain(cat::tac, arguments),
        "tail" => head::tail(arguments, setting),
        "tee" => wc::tee(arguments, setting),
        "tr" => cut::tr(arguments, setting),
        "uniq" => plain(uniq::uniq, arguments),
        "wc" => plain(wc::wc, arguments),
        _ => return None,
    })
}

fn file(name: &str, arguments: &[String], setting: &Setting<'_>) -> Option<Box<dyn Tool>> {
    Some(match name {
        "basename" => plain(names::basename, arguments),
        "cp" => plain(change::cp, arguments),
        "dirname" => plain(names::dirname, arguments),
        "edit" | "vi" | "vim" | "nano" => plain(help::edit, arguments),
        "find" => find_files::find(arguments, setting),
        "ls" => plain(ls::ls, arguments),
        "mkdir" => plain(change::mkdir, arguments),
        "mktemp" => plain(change::mktemp, arguments),
        "mv" => plain(change::mv, arguments),
        "pwd" => plain(names::realpath, &[".".to_owned()]),
        "realpath" | "readlink" => plain(names::realpath, arguments),
        "rm" => plain(change::rm, arguments),
        "rmdir" => plain(change::rmdir, arguments),
        "stat" => plain(names::stat, arguments),
        "touch" => plain(change::touch, arguments),
        "which" => plain(names::which, arguments),
        _ => return None,
    })
}

fn system(name: &str, arguments: &[String], setting: &Setting<'_>) -> Option<Box<dyn Tool>> {
    Some(match name {
        "apt" | "apt-get" | "apk" => packages::packages(name, arguments),
        "clear" => plain(help::clear, arguments),
        "date" => plain(date::date, arguments),
        "env" => run::env(arguments, setting),
        "expr" => plain(expr::expr, arguments),
        "false" => plain(|_, _| Some(1), arguments),
        "help" => plain(help::help, arguments),
        "history" => plain(help::history, arguments),
        "hostname" => plain(identity::hostname, arguments),
        "id" => plain(identity::id, arguments),
        "kill" => plain(processes::kill, arguments),
        "kubectl" if *setting.place == Place::Laptop => kubectl::start(arguments),
        "kubectl" => failed(
            "podhop: kubectl is on your laptop, which has the cluster's credentials; exit leads back",
            127,
        ),
        "minikube" => minikube::minikube(arguments),
        "nice" => run::plain_run("nice", arguments, setting),
        "nohup" => run::plain_run("nohup", arguments, setting),
        "nproc" => plain(identity::nproc, arguments),
        "pidof" => plain(processes::pidof, arguments),
        "printenv" => plain(identity::printenv, arguments),
        "ps" => plain(processes::ps, arguments),
        "seq" => repeat::seq(arguments, setting),
        "sleep" => sleep::sleep(arguments, setting),
        "ssh" => ssh::ssh(arguments),
        "sudo" => run::plain_run("sudo", arguments, setting),
        "sync" | "true" => plain(|_, _| Some(0), arguments),
        "test" | "[" => testing::test(name, arguments),
        "timeout" => clock::timeout(arguments, setting),
        "tty" => plain(identity::tty, arguments),
        "uname" => plain(identity::uname, arguments),
        "uptime" => plain(identity::uptime, arguments),
        "watch" => clock::watch(arguments, setting),
        "whoami" => plain(identity::whoami, arguments),
        "xargs" => xargs::xargs(arguments, setting),
        "yes" => repeat::yes(arguments),
        _ => return None,
    })
}
