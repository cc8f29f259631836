//! The table of programs: what each is called, how it is used, where it lies and what starts it.
//!
//! Dispatch, `help`, `COMMAND --help`, completion, `which` and the laptop's folders read this table.
//! What a container has is told by its image, whose names are looked up here too.

use super::files::archive::{foreign, gzip, tar};
use super::files::{
    copy, dd, disk, find as find_files, folders, install, ls, mktemp, names, nodes, pathchk,
    rights, rm, space, touch, truncate,
};
use super::plain::Work;
use super::system::{
    calendar, clock, date, expr, factor, getopt, help, identity, ipcalc, memory, processes, ps,
    repeat, run, sleep, small, sudo, top, xargs,
};
use super::text::{
    awk, base64, bc, cat, column, compare, csplit, cut, dc, diff, digest, dump, fmt, fold, grep,
    head, hexdump, join, perl, pr, returns, sed, shuffle, sort, split, tsort, uniq, wc,
};
use super::{
    Setting, absent, failed, jq, kubectl, minikube, net, packages, print, ssh, testing, versions,
};
use crate::cluster::{Cluster, Flavour, Place};
use crate::shell::{Tool, shells};

/// A program that podhop has.
pub(super) struct Program {
    /// What a user types.
    pub name: &'static str,
    /// How it is used, in one line; empty where nothing is said.
    pub usage: &'static str,
    /// Whether it answers `--help` itself.
    own_help: bool,
    /// Whether the laptop has it.
    pub on_laptop: bool,
    /// The folder that it lies in.
    pub folder: Folder,
    start: Start,
}

/// Which folder a program lies in. Debian has `/bin` and `/sbin` in `/usr`; BusyBox' images have not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Folder {
    /// `/usr/bin`
    UsrBin,
    /// `/bin`, which leads to `/usr/bin` with GNU's tools.
    Bin,
    /// `/sbin`, which is `/usr/sbin` with GNU's tools.
    Sbin,
    /// `/usr/local/bin`
    LocalBin,
}

impl Folder {
    /// Its path where the tools are of this flavour.
    pub fn path(self, flavour: Flavour) -> &'static str {
        match (self, flavour) {
            (Folder::LocalBin, _) => "/usr/local/bin",
            (Folder::UsrBin, _) | (Folder::Bin, Flavour::Gnu) => "/usr/bin",
            (Folder::Bin, Flavour::BusyBox) => "/bin",
            (Folder::Sbin, Flavour::Gnu) => "/usr/sbin",
            (Folder::Sbin, Flavour::BusyBox) => "/sbin",
        }
    }
}

/// What starts a program with its arguments, its name left out.
enum Start {
    /// Does all its work at once.
    Plain(Work),
    /// Needs its arguments alone.
    Alone(fn(&[String]) -> Box<dyn Tool>),
    /// Behaves as its flavour does.
    WithFlavour(fn(&[String], Flavour) -> Box<dyn Tool>),
    /// Behaves as its place does.
    Placed(fn(&[String], &Setting<'_>) -> Box<dyn Tool>),
    /// The same, and not simulated in every flavour.
    Perhaps(fn(&[String], &Setting<'_>) -> Option<Box<dyn Tool>>),
    /// Two programs of one name.
    Two { gnu: fn(&[String]) -> Box<dyn Tool>, busybox: fn(&[String]) -> Box<dyn Tool> },
}

const fn program(name: &'static str, start: Start) -> Program {
    Program { name, usage: "", own_help: false, on_laptop: true, folder: Folder::UsrBin, start }
}

const fn plain(name: &'static str, work: Work) -> Program {
    program(name, Start::Plain(work))
}

const fn alone(name: &'static str, start: fn(&[String]) -> Box<dyn Tool>) -> Program {
    program(name, Start::Alone(start))
}

const fn with_flavour(
    name: &'static str,
    start: fn(&[String], Flavour) -> Box<dyn Tool>,
) -> Program {
    program(name, Start::WithFlavour(start))
}

const fn placed(
    name: &'static str,
    start: fn(&[String], &Setting<'_>) -> Box<dyn Tool>,
) -> Program {
    program(name, Start::Placed(start))
}

const fn perhaps(
    name: &'static str,
    start: fn(&[String], &Setting<'_>) -> Option<Box<dyn Tool>>,
) -> Program {
    program(name, Start::Perhaps(start))
}

/// A shell of this name, where the place's tools have one.
fn shell(name: &str, arguments: &[String], setting: &Setting<'_>) -> Option<Box<dyn Tool>> {
    let Setting { place, flavour, environment, process, ignored, .. } = *setting;
    let start = shells::Start { place, flavour, environment, process, ignored };
    shells::shell(name, arguments, start)
}

/// A tool that BusyBox alone has here.
fn applet(work: Work, arguments: &[String], setting: &Setting<'_>) -> Option<Box<dyn Tool>> {
    (setting.flavour == Flavour::BusyBox).then(|| super::plain(work, arguments))
}

const fn flavoured(
    name: &'static str,
    gnu: fn(&[String]) -> Box<dyn Tool>,
    busybox: fn(&[String]) -> Box<dyn Tool>,
) -> Program {
    program(name, Start::Two { gnu, busybox })
}

impl Program {
    const fn used(self, usage: &'static str) -> Program {
        Program { usage, ..self }
    }

    const fn with_own_help(self) -> Program {
        Program { own_help: true, ..self }
    }

    const fn not_on_laptop(self) -> Program {
        Program { on_laptop: false, ..self }
    }

    const fn within(self, folder: Folder) -> Program {
        Program { folder, ..self }
    }

    /// Started with these arguments; `None` where podhop does not have it in this flavour.
    fn start(&self, arguments: &[String], setting: &Setting<'_>) -> Option<Box<dyn Tool>> {
        Some(match &self.start {
            Start::Plain(work) => super::plain(*work, arguments),
            Start::Alone(start) => start(arguments),
            Start::WithFlavour(start) => start(arguments, setting.flavour),
            Start::Placed(start) => start(arguments, setting),
            Start::Perhaps(start) => return start(arguments, setting),
            Start::Two { gnu, busybox } => match setting.flavour {
                Flavour::Gnu => gnu(arguments),
                Flavour::BusyBox => busybox(arguments),
            },
        })
    }
}

/// Every program, sorted by name.
static PROGRAMS: &[Program] = &[
    alone("[", |arguments| testing::test("[", arguments)),
    alone("apk", |arguments| packages::packages("apk", arguments)).used("apk update | apk add PACKAGE...").not_on_laptop(),
    alone("apt", |arguments| packages::packages("apt", arguments)).used("apt update | apt install [-y] PACKAGE...").not_on_laptop(),
    alone("apt-get", |arguments| packages::packages("apt-get", arguments)).used("apt-get update | apt-get install [-y] PACKAGE...").not_on_laptop(),
    plain("arch", identity::arch),
    plain("arp", net::kernel::arp).used("arp [-an] [-i DEVICE] [HOST]").within(Folder::Sbin).not_on_laptop(),
    perhaps("ash", |arguments, setting| shell("ash", arguments, setting)).within(Folder::Bin).not_on_laptop(),
    placed("awk", awk::awk).used("awk [-F SEPARATOR] [-v NAME=VALUE] 'PROGRAM' [FILE]..."),
    plain("b2sum", digest::b2sum).used("b2sum [-c] [-l BITS] [FILE]..."),
    plain("base32", base64::base32),
    plain("base64", base64::base64).used("base64 [-d] [-w COLUMNS] [FILE]"),
    plain("basename", names::basename).used("basename PATH [SUFFIX]"),
    plain("basenc", base64::basenc).used("basenc --base64|--base32|--base16 [-d] [-w COLUMNS] [FILE]"),
    perhaps("bash", |arguments, setting| shell("bash", arguments, setting)).within(Folder::Bin),
    alone("bc", bc::bc).used("bc [-lqsw] [FILE]...").with_own_help(),
    perhaps("bunzip2", |arguments, setting| applet(|arguments, io| foreign::unpack("bunzip2", arguments, io), arguments, setting)).not_on_laptop(),
    placed("busybox", run::busybox).used("busybox APPLET [ARGUMENT]...").not_on_laptop(),
    perhaps("bzcat", |arguments, setting| applet(|arguments, io| foreign::unpack("bzcat", arguments, io), arguments, setting)).not_on_laptop(),
    perhaps("bzip2", |arguments, setting| applet(|arguments, io| foreign::unpack("bzip2", arguments, io), arguments, setting)).not_on_laptop(),
    plain("cal", calendar::cal).used("cal [-jmy] [[MONTH] YEAR]").not_on_laptop(),
    placed("cat", cat::cat).used("cat [-nA] [FILE]...").within(Folder::Bin),
    plain("chgrp", rights::chgrp),
    plain("chmod", rights::chmod),
    plain("chown", rights::chown),
    plain("cksum", digest::cksum),
    plain("clear", help::clear),
    plain("cmp", compare::cmp).used("cmp [-bls] [-n BYTES] FILE1 [FILE2]"),
    plain("column", column::column).used("column [-t] [-s SEPARATORS] [FILE]..."),
    plain("comm", compare::comm).used("comm [-123] FILE1 FILE2"),
    plain("conntrack", net::kernel::conntrack).used("conntrack -L | -C | -D | -F [-p PROTOCOL] [-s ADDRESS] [-d ADDRESS] [--dport PORT]").not_on_laptop(),
    plain("cp", copy::cp).used("cp [-r] SOURCE... TARGET"),
    plain("crc32", digest::crc32).not_on_laptop(),
    plain("csplit", csplit::csplit).used("csplit [-f PREFIX] [-n DIGITS] [-ksz] FILE PATTERN..."),
    alone("curl", net::curl::start),
    placed("cut", cut::cut).used("cut -d DELIMITER -f FIELDS | -c CHARACTERS [FILE]..."),
    perhaps("dash", |arguments, setting| shell("dash", arguments, setting)).within(Folder::Bin).not_on_laptop(),
    plain("date", date::date).used("date [-u] [-d MOMENT] [+FORMAT]"),
    plain("dc", dc::dc).used("dc [-e EXPRESSION] [-f FILE] [FILE]...").not_on_laptop(),
    plain("dd", dd::dd).used("dd [if=FILE] [of=FILE] [bs=BYTES] [count=N] [skip=N] [seek=N] [conv=LIST]"),
    plain("df", space::df).used("df [-PkmhTai] [PATH]...").within(Folder::Bin),
    plain("diff", diff::diff).used("diff [-uq] OLD NEW"),
    alone("dig", net::bind::dig).used("dig [@SERVER] NAME [TYPE] [-x ADDRESS] [+short] [+search] [+noall +answer]"),
    plain("dir", ls::dir),
    plain("dirname", names::dirname).used("dirname PATH..."),
    plain("dos2unix", returns::dos2unix).used("dos2unix [-du] [FILE]...").not_on_laptop(),
    plain("du", disk::du).used("du [-achs] [-d DEPTH] [PATH]..."),
    plain("echo", print::echo_tool).used("echo [-ne] [TEXT]...").with_own_help().within(Folder::Bin),
    plain("edit", help::edit),
    placed("egrep", |arguments, setting| grep::grep("egrep", arguments, setting)),
    placed("env", run::env).used("env [-i] [-u NAME] [NAME=VALUE]... [COMMAND [ARGUMENT]...]"),
    plain("envsubst", small::envsubst).used("envsubst [-v] [NAMES]"),
    plain("expand", fold::expand).used("expand [-t TABS] [FILE]..."),
    plain("expr", expr::expr).used("expr EXPRESSION"),
    plain("factor", factor::factor),
    plain("false", |_, _| Some(1)),
    placed("fgrep", |arguments, setting| grep::grep("fgrep", arguments, setting)),
    placed("find", find_files::find).used("find [PATH]... [-name PATTERN] [-type f|d] [-size N] [-maxdepth N] [-exec COMMAND {} ;]"),
    plain("fmt", fmt::fmt).used("fmt [-cstu] [-w WIDTH] [FILE]..."),
    plain("fold", fold::fold).used("fold [-bs] [-w WIDTH] [FILE]..."),
    plain("free", memory::free).used("free [-bkmgh]"),
    placed("gawk", awk::awk).not_on_laptop(),
    alone("getent", net::getent::start).used("getent hosts | ahosts | ahostsv4 | ahostsv6 NAME..."),
    plain("getopt", getopt::getopt).used("getopt [-o LETTERS] [-l NAMES] [-n NAME] -- [ARGUMENT]..."),
    placed("grep", |arguments, setting| grep::grep("grep", arguments, setting)).used("grep [-EFPivcnoqwxrlLhHs] [-A N] [-B N] [-C N] [-m N] PATTERN [FILE]...").within(Folder::Bin),
    plain("groups", identity::groups),
    plain("gunzip", gzip::gunzip).used("gunzip [-cfkt] [FILE]..."),
    plain("gzip", gzip::gzip).used("gzip [-cdfkltv] [FILE]..."),
    plain("hd", hexdump::hd).not_on_laptop(),
    placed("head", head::head).used("head [-n LINES | -c BYTES] [FILE]..."),
    plain("help", help::help),
    plain("hexdump", hexdump::hexdump).used("hexdump [-bcCdovx] [-n LENGTH] [-s OFFSET] [FILE]..."),
    alone("host", net::bind::host).used("host [-t TYPE] NAME [SERVER]"),
    plain("hostid", small::hostid),
    plain("hostname", identity::hostname).used("hostname [-i]"),
    plain("id", identity::id),
    plain("ifconfig", net::kernel::ifconfig).used("ifconfig [-a] [DEVICE]").within(Folder::Sbin).not_on_laptop(),
    plain("install", install::install).used("install [-D] [-m MODE] SOURCE... TARGET | -d FOLDER..."),
    plain("ip", net::kernel::ip).used("ip [-br] [-4|-6] addr | link | route | rule | neigh [show] [dev DEVICE]").within(Folder::Sbin),
    plain("ip6tables", net::kernel::ip6tables).used("ip6tables [-t TABLE] -L [CHAIN] [-n] [-v] | -S [CHAIN]").within(Folder::Sbin).not_on_laptop(),
    plain("ip6tables-save", net::kernel::ip6tables_save).used("ip6tables-save [-t TABLE]").within(Folder::Sbin).not_on_laptop(),
    plain("ipaddr", |arguments, io| net::kernel::ip_object("address", arguments, io)).within(Folder::Sbin).not_on_laptop(),
    plain("ipcalc", ipcalc::ipcalc).used("ipcalc [-bmnp] ADDRESS[/PREFIX] [NETMASK]").not_on_laptop(),
    plain("iplink", |arguments, io| net::kernel::ip_object("link", arguments, io)).within(Folder::Sbin).not_on_laptop(),
    plain("ipneigh", |arguments, io| net::kernel::ip_object("neigh", arguments, io)).within(Folder::Sbin).not_on_laptop(),
    plain("iproute", |arguments, io| net::kernel::ip_object("route", arguments, io)).within(Folder::Sbin).not_on_laptop(),
    plain("iprule", |arguments, io| net::kernel::ip_object("rule", arguments, io)).within(Folder::Sbin).not_on_laptop(),
    plain("iptables", net::kernel::iptables).used("iptables [-t TABLE] -L [CHAIN] [-n] [-v] | -S [CHAIN]").within(Folder::Sbin).not_on_laptop(),
    plain("iptables-save", net::kernel::iptables_save).used("iptables-save [-t TABLE]").within(Folder::Sbin).not_on_laptop(),
    plain("iptunnel", |arguments, io| net::kernel::ip_object("tunnel", arguments, io)).within(Folder::Sbin).not_on_laptop(),
    plain("join", join::join).used("join [-t CHARACTER] [-1 FIELD] [-2 FIELD] [-a FILE] [-o LIST] FILE1 FILE2"),
    alone("jq", jq::jq).used("jq [-rcensSj] [--arg NAME VALUE] FILTER [FILE]...").with_own_help(),
    plain("kill", processes::kill).used("kill [-SIGNAL] PID..."),
    plain("killall", processes::killall).not_on_laptop(),
    placed("kubectl", kubectl_from).within(Folder::LocalBin),
    placed("less", cat::less).used("less [FILE]..."),
    plain("link", names::link),
    plain("ln", rights::ln),
    perhaps("logger", |arguments, setting| applet(small::logger, arguments, setting)).not_on_laptop(),
    plain("logname", identity::logname),
    plain("ls", ls::ls).used("ls [-laA1RhS] [PATH]...").within(Folder::Bin),
    perhaps("lzcat", |arguments, setting| applet(|arguments, io| foreign::unpack("lzcat", arguments, io), arguments, setting)).not_on_laptop(),
    perhaps("lzma", |arguments, setting| applet(|arguments, io| foreign::unpack("lzma", arguments, io), arguments, setting)).not_on_laptop(),
    placed("mawk", awk::awk).not_on_laptop(),
    plain("md5sum", digest::md5sum).used("md5sum [-c] [FILE]..."),
    alone("minikube", minikube::minikube).used("minikube start | status | ip | ssh | service | tunnel | node list|stop|start | profile list").with_own_help().within(Folder::LocalBin),
    plain("mkdir", folders::mkdir).used("mkdir [-p] FOLDER..."),
    plain("mkfifo", nodes::mkfifo),
    plain("mknod", nodes::mknod),
    plain("mktemp", mktemp::mktemp).used("mktemp [-du] [TEMPLATE]"),
    placed("more", cat::more),
    perhaps("mount", |arguments, setting| applet(space::mount, arguments, setting)).not_on_laptop(),
    plain("mountpoint", small::mountpoint),
    plain("mv", copy::mv).used("mv SOURCE... TARGET"),
    plain("nano", help::edit),
    with_flavour("nc", net::nc::start).used("nc [-zvun] [-w SECONDS] HOST PORT... | nc -l [-k] -p PORT"),
    with_flavour("nc.openbsd", net::nc::start).not_on_laptop(),
    with_flavour("netcat", net::nc::start),
    plain("netstat", net::kernel::netstat).used("netstat -ltn [-p]"),
    placed("nice", |arguments, setting| run::plain_run("nice", arguments, setting)),
    plain("nl", cat::nl).used("nl [FILE]..."),
    placed("nohup", |arguments, setting| run::plain_run("nohup", arguments, setting)),
    plain("nproc", identity::nproc),
    flavoured("nslookup", net::bind::nslookup, net::busybox_nslookup::start).used("nslookup [-type=TYPE] NAME [SERVER]"),
    plain("numfmt", shuffle::numfmt).used("numfmt [--to=UNIT] [--from=UNIT] [NUMBER]..."),
    plain("od", dump::od).used("od [-A RADIX] [-t TYPE] [-j SKIP] [-N COUNT] [-v] [FILE]..."),
    plain("paste", cut::paste).used("paste [-s] [-d DELIMITER] [FILE]..."),
    plain("pathchk", pathchk::pathchk),
    plain("perl", perl::perl).not_on_laptop(),
    plain("pgrep", processes::pgrep).not_on_laptop(),
    plain("pidof", processes::pidof).not_on_laptop(),
    with_flavour("ping", net::ping::start).used("ping [-c COUNT] [-i SECONDS] [-W SECONDS] [-w SECONDS] [-q] HOST").within(Folder::Bin),
    with_flavour("ping6", net::ping::ping6).not_on_laptop(),
    plain("pkill", processes::pkill).not_on_laptop(),
    plain("pr", pr::pr).used("pr [-admtT] [-COLUMNS] [+PAGE] [-h TITLE] [-l LINES] [-w WIDTH] [FILE]..."),
    plain("printenv", identity::printenv).used("printenv [NAME]..."),
    plain("printf", print::printf_tool).used("printf FORMAT [VALUE]...").with_own_help(),
    plain("ps", ps::ps).used("ps [aux | -ef]").within(Folder::Bin),
    plain("pwd", names::pwd),
    plain("readlink", names::readlink).used("readlink [-f] FILE..."),
    plain("realpath", names::realpath).used("realpath FILE..."),
    alone("redis-cli", net::redis_cli::start).not_on_laptop(),
    plain("rev", cat::rev),
    plain("rm", rm::rm).used("rm [-rf] PATH..."),
    plain("rmdir", folders::rmdir).used("rmdir [-p] FOLDER..."),
    plain("route", net::kernel::route).used("route [-n]").within(Folder::Sbin).not_on_laptop(),
    placed("sed", sed::sed).used("sed [-nEi] [-e] SCRIPT [FILE]...").within(Folder::Bin),
    placed("seq", repeat::seq).used("seq [-w] [-s SEPARATOR] [FIRST [STEP]] LAST"),
    placed("setsid", |arguments, setting| run::plain_run("setsid", arguments, setting)),
    perhaps("sh", |arguments, setting| shell("sh", arguments, setting)).within(Folder::Bin),
    plain("sha1sum", digest::sha1sum).used("sha1sum [-c] [FILE]..."),
    plain("sha224sum", digest::sha224sum),
    plain("sha256sum", digest::sha256sum).used("sha256sum [-c] [FILE]..."),
    plain("sha384sum", digest::sha384sum),
    plain("sha512sum", digest::sha512sum).used("sha512sum [-c] [FILE]..."),
    plain("shred", nodes::shred),
    plain("shuf", shuffle::shuf).used("shuf [-n COUNT] [-e | -i FIRST-LAST] [FILE]"),
    placed("sleep", sleep::sleep).used("sleep NUMBER[smhd]..."),
    placed("sort", sort::sort).used("sort [-nrufbVh] [-k KEY] [-t SEPARATOR] [FILE]..."),
    plain("split", split::split).used("split [-l LINES | -b BYTES] [FILE [PREFIX]]"),
    plain("ss", net::kernel::ss).used("ss -ltn [-p]"),
    alone("ssh", ssh::ssh).used("ssh NODE [COMMAND]"),
    plain("stat", names::stat).used("stat [-c FORMAT] FILE..."),
    placed("stdbuf", |arguments, setting| run::plain_run("stdbuf", arguments, setting)),
    plain("strings", fold::strings).used("strings [-n LENGTH] [FILE]..."),
    plain("stty", small::stty),
    placed("sudo", sudo::sudo).used("sudo [-EHis] [-u USER] [NAME=VALUE]... COMMAND [ARGUMENT]..."),
    plain("sum", digest::sum),
    plain("sync", small::sync),
    plain("sysctl", net::kernel::sysctl).used("sysctl [-n] -a | NAME...").not_on_laptop(),
    plain("tac", cat::tac).used("tac [FILE]..."),
    placed("tail", head::tail).used("tail [-f] [-n LINES | -c BYTES] [FILE]..."),
    plain("tar", tar::tar).used("tar c|x|t [-zvOk] [-f FILE] [-C FOLDER] [--exclude PATTERN] [PATH]..."),
    placed("tee", wc::tee).used("tee [-a] [FILE]..."),
    with_flavour("telnet", net::telnet::start).used("telnet HOST [PORT]"),
    alone("test", |arguments| testing::test("test", arguments)),
    perhaps("time", |arguments, setting| {
        (setting.flavour == Flavour::BusyBox).then(|| run::time(arguments, setting))
    }).not_on_laptop(),
    placed("timeout", clock::timeout).used("timeout DURATION COMMAND [ARGUMENT]..."),
    placed("top", top::top).used("top -b [-n COUNT] [-d SECONDS]").not_on_laptop(),
    plain("touch", touch::touch).used("touch FILE..."),
    placed("tr", cut::tr).used("tr [-cds] SET1 [SET2]"),
    with_flavour("traceroute", net::traceroute::start)
        .used("traceroute [-46ITn] [-f HOP] [-m HOPS] [-p PORT] [-q PROBES] [-w SECONDS] HOST [BYTES]"),
    plain("tree", names::tree),
    plain("true", |_, _| Some(0)),
    plain("truncate", truncate::truncate).used("truncate [-c] -s SIZE FILE..."),
    plain("tsort", tsort::tsort),
    plain("tty", identity::tty),
    plain("ttysize", identity::ttysize).not_on_laptop(),
    plain("uname", identity::uname).used("uname [-asnrvm]"),
    plain("unexpand", fold::unexpand).used("unexpand [-a] [-t TABS] [FILE]..."),
    plain("uniq", uniq::uniq).used("uniq [-cdiu] [FILE]"),
    plain("unix2dos", returns::unix2dos).used("unix2dos [-du] [FILE]...").not_on_laptop(),
    plain("unlink", names::unlink),
    perhaps("unlzma", |arguments, setting| applet(|arguments, io| foreign::unpack("unlzma", arguments, io), arguments, setting)).not_on_laptop(),
    perhaps("unxz", |arguments, setting| applet(|arguments, io| foreign::unpack("unxz", arguments, io), arguments, setting)).not_on_laptop(),
    perhaps("unzip", |arguments, setting| applet(foreign::unzip, arguments, setting)).not_on_laptop(),
    plain("uptime", identity::uptime),
    plain("users", identity::users),
    placed("usleep", sleep::usleep).used("usleep MICROSECONDS").not_on_laptop(),
    plain("vdir", ls::vdir),
    plain("vi", help::edit),
    plain("vim", help::edit).used("vim FILE"),
    perhaps("w", |arguments, setting| applet(small::w, arguments, setting)).not_on_laptop(),
    placed("watch", clock::watch).used("watch [-n SECONDS] [-t] COMMAND"),
    plain("wc", wc::wc).used("wc [-lwcm] [FILE]..."),
    flavoured("wget", net::gnu_wget::start, net::busybox_wget::start),
    plain("which", names::which).used("which NAME..."),
    plain("who", identity::who),
    plain("whoami", identity::whoami),
    placed("xargs", xargs::xargs).used("xargs [-n N] [-I PLACE] [-rt] [COMMAND [ARGUMENT]...]"),
    plain("xxd", hexdump::xxd).used("xxd [-bipru] [-c COLUMNS] [-g BYTES] [-l LENGTH] [-s OFFSET] [FILE]"),
    perhaps("xz", |arguments, setting| applet(|arguments, io| foreign::unpack("xz", arguments, io), arguments, setting)).not_on_laptop(),
    perhaps("xzcat", |arguments, setting| applet(|arguments, io| foreign::unpack("xzcat", arguments, io), arguments, setting)).not_on_laptop(),
    placed("yes", repeat::yes).used("yes [TEXT]"),
    plain("zcat", gzip::zcat).used("zcat [FILE]..."),
];

/// The program of this name.
pub(super) fn program_called(name: &str) -> Option<&'static Program> {
    PROGRAMS.binary_search_by(|program| program.name.cmp(name)).ok().map(|at| &PROGRAMS[at])
}

/// How a command is used.
pub(super) fn usage(name: &str) -> Option<&'static str> {
    program_called(name).map(|program| program.usage).filter(|usage| !usage.is_empty())
}

/// The commands that a place has and podhop knows.
pub(in crate::shell) fn installed(cluster: &Cluster, place: &Place) -> Vec<&'static str> {
    let names = PROGRAMS.iter().map(|program| program.name);
    names.filter(|name| *name != "[" && super::is_installed(cluster, place, name)).collect()
}

/// The command called `name`, with its arguments; `None` when podhop does not have it.
pub(in crate::shell) fn find(
    name: &str,
    arguments: &[String],
    setting: &Setting<'_>,
) -> Option<Box<dyn Tool>> {
    let Some(program) = program_called(name) else {
        return absent::misused(name, arguments, setting.words);
    };
    let asks_for_help = matches!(arguments, [only] if only == "--help");
    let asks_for_version = matches!(arguments, [only] if only == "--version");
    if asks_for_version
        && setting.flavour == Flavour::Gnu
        && let Some(line) = versions::first_line(name)
    {
        return Some(super::said(format!("{line}\n")));
    }
    // An applet answers on standard error.
    if asks_for_help && setting.flavour == Flavour::BusyBox && !program.own_help {
        return Some(failed(super::busybox_usage(name), 0));
    }
    if asks_for_help && !program.usage.is_empty() && !program.own_help {
        return Some(super::plain(help::help, &[name.to_owned()]));
    }
    program.start(arguments, setting)
}

/// kubectl, where the cluster's credentials are.
fn kubectl_from(arguments: &[String], setting: &Setting<'_>) -> Box<dyn Tool> {
    match setting.place {
        Place::Laptop => kubectl::start(arguments),
        _ => failed(
            "podhop: kubectl is on your laptop, which has the cluster's credentials; exit leads back",
            127,
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::commands::absent::is_real;

    #[test]
    fn programs_are_sorted_and_each_is_there_once() {
        assert!(PROGRAMS.windows(2).all(|pair| pair[0].name < pair[1].name));
    }

    #[test]
    fn a_usage_begins_with_the_name() {
        for program in PROGRAMS.iter().filter(|program| !program.usage.is_empty()) {
            assert!(program.usage.starts_with(&format!("{} ", program.name)), "{}", program.usage);
        }
    }

    #[test]
    fn what_the_laptop_has_is_not_said_to_be_absent() {
        let both = PROGRAMS.iter().filter(|program| program.on_laptop && is_real(program.name));
        assert_eq!(both.map(|program| program.name).collect::<Vec<_>>(), [""; 0]);
    }

    #[test]
    fn packages_bring_programs_that_there_are() {
        for tool in packages::brought() {
            assert!(program_called(tool).is_some(), "{tool}");
        }
    }
}
