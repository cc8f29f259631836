//! `hostname`, `whoami`, `id`, `groups`, `logname`, `users`, `arch`, `uname`, `uptime`, `nproc`, `tty`, `env`'s listing.

use crate::api::Pod;
use crate::cluster::{Flavour, Identity, Place};
use crate::shell::Io;
use crate::shell::commands;
use crate::shell::commands::options::{Grammar, Messages, Options};
use crate::shell::commands::text::bytes::extra_operand;

use crate::shell::hashed::in_order;

/// The kernel that every node runs.
const KERNEL: &str = "6.1.0-40-amd64";

pub(in crate::shell::commands) fn hostname(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const GRAMMAR: Grammar = Grammar {
        name: "hostname",
        short: "sfdiIF:V",
        long: &[
            ("file", 'F'),
            ("version", 'V'),
            ("short", 's'),
            ("fqdn", 'f'),
            ("long", 'f'),
            ("domain", 'd'),
            ("ip-address", 'i'),
            ("all-ip-addresses", 'I'),
        ],
        stops: false,
    };
    let messages = commands::words(io.cluster, io.place);
    let options = match GRAMMAR.parse(arguments, messages) {
        Ok(options) => options,
        // The tool of Debian's package says how it is used, and has a code of its own.
        Err(misuse) if messages == Messages::Gnu && !misuse.is_left_out() => {
            let usage = commands::usage("hostname");
            io.write_error(format!("{}\nUsage: {usage}", misuse.message()));
            return Some(255);
        }
        Err(misuse) => {
            io.write_error(misuse);
            return Some(1);
        }
    };
    if options.has('V') {
        io.say(commands::versions::first_line("hostname").unwrap_or_default());
        return Some(0);
    }
    if let Some(file) = options.value('F').filter(|file| !io.is_file(file)) {
        io.write_error(match messages {
            Messages::Gnu => "hostname: No such file or directory".to_owned(),
            _ => format!("hostname: can't open '{file}': No such file or directory"),
        });
        return Some(1);
    }
    let name = io.cluster.host_name(io.place);
    if options.has('F') || !options.operands.is_empty() {
        // A container's root may not either (`CAP_SYS_ADMIN`).
        io.write_error(match messages {
            Messages::Gnu => "hostname: you must be root to change the host name",
            _ => "hostname: sethostname: Operation not permitted",
        });
        return Some(1);
    }
    let given = options.in_order().last().map(|(letter, _)| letter);
    match given {
        None => io.say(name),
        Some('s') => io.say(name.split('.').next().unwrap_or(&name)),
        Some('f') => io.say(full_name(io, &name)),
        Some('d') => {
            io.say(full_name(io, &name).split_once('.').map_or("", |(_, domain)| domain));
        }
        Some(_) => {
            let address = address(io).unwrap_or_else(|| "127.0.0.1".to_owned());
            io.say(address);
        }
    }
    Some(0)
}

/// The name with its domain: the first of the names that stand with it in `/etc/hosts`, where the
/// kubelet writes it for pods with a subdomain.
fn full_name(io: &Io<'_>, name: &str) -> String {
    let hosts = io.cluster.read_file(io.place, "/etc/hosts").unwrap_or_default();
    let hosts = String::from_utf8_lossy(&hosts);
    let mut lines = hosts.lines().filter(|line| !line.starts_with('#')).map(str::split_whitespace);
    let found = lines.find_map(|mut words| {
        let first = words.nth(1)?;
        (first == name || words.any(|word| word == name)).then(|| first.to_owned())
    });
    found.unwrap_or_else(|| name.to_owned())
}

/// The address of a pod or node.
fn address(io: &Io<'_>) -> Option<String> {
    match io.place {
        Place::Laptop => Some("192.168.49.1".to_owned()),
        Place::Node(name) => {
            let node = io.cluster.objects().get::<k8s_openapi::api::core::v1::Node>("", name)?;
            let addresses = node.status.as_ref()?.addresses.as_ref()?;
            addresses
                .iter()
                .find(|address| address.type_ == "InternalIP")
                .map(|found| found.address.clone())
        }
        Place::Container { namespace, pod, .. } => {
            io.cluster.objects().get::<Pod>(namespace, pod)?.status.as_ref()?.pod_ip.clone()
        }
    }
}

pub(in crate::shell::commands) fn whoami(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let Some(options) = Grammar::short("whoami", "").read(arguments, io) else { return Some(1) };
    if let Some(extra) = options.operands.first() {
        return Some(extra_operand(io, "whoami", extra));
    }
    let (number, name) = io.cluster.identity(io.place).user;
    match (name, io.cluster.flavour(io.place)) {
        (Some(name), _) => {
            io.say(name);
            return Some(0);
        }
        (None, Flavour::Gnu) => {
            io.write_error(format!("whoami: cannot find name for user ID {number}"));
        }
        (None, Flavour::BusyBox) => io.write_error(format!("whoami: unknown uid {number}")),
    }
    Some(1)
}

/// The lines of a file as their parts between colons.
fn table(io: &Io<'_>, file: &str) -> Vec<Vec<String>> {
    let text = io.read_file(file).unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    text.lines().map(|line| line.split(':').map(str::to_owned).collect()).collect()
}

/// Who a user is by `/etc/passwd` and `/etc/group`, told by name or number.
fn user(io: &Io<'_>, who: &str) -> Option<Identity> {
    let own = io.cluster.identity(io.place);
    if own.user.1.as_deref() == Some(who) {
        return Some(own);
    }
    let parts = table(io, "/etc/passwd").into_iter().find(|parts| {
        parts.first().is_some_and(|name| name == who) || parts.get(2).is_some_and(|id| id == who)
    })?;
    let number = |at: usize| parts.get(at)?.parse::<u32>().ok();
    let (id, group) = (number(2)?, number(3)?);
    let name = parts.first().cloned();
    let groups = table(io, "/etc/group").into_iter().filter_map(|line| {
        let number = line.get(2)?.parse::<u32>().ok()?;
        let mut members = line.get(3)?.split(',');
        let counts = number == group || members.any(|member| Some(member) == name.as_deref());
        counts.then(|| (number, line.first().cloned()))
    });
    let groups: Vec<(u32, Option<String>)> = groups.collect();
    let own = groups.iter().find(|(number, _)| *number == group).cloned().unwrap_or((group, None));
    let home = parts.get(5).cloned().unwrap_or_default();
    Some(Identity { user: (id, name), group: own, groups, home })
}

fn no_user(io: &mut Io<'_>, tool: &str, who: &str) -> i32 {
    io.write_error(match io.cluster.flavour(io.place) {
        Flavour::Gnu => format!("{tool}: '{who}': no such user"),
        Flavour::BusyBox => format!("{tool}: unknown user {who}"),
    });
    1
}

/// The groups' names, or their numbers where they have none.
fn group_names(identity: &Identity) -> String {
    let (own, mut groups) = (identity.group.0, identity.groups.clone());
    groups.sort_by_key(|(number, _)| *number != own);
    let name = |(number, name): &(u32, Option<String>)| name.clone().unwrap_or(number.to_string());
    groups.iter().map(name).collect::<Vec<_>>().join(" ")
}

pub(in crate::shell::commands) fn groups(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let Some(options) = Grammar::short("groups", "").read(arguments, io) else { return Some(1) };
    if options.operands.is_empty() {
        let own = io.cluster.identity(io.place);
        io.say(group_names(&own));
    }
    let mut status = 0;
    for who in &options.operands {
        match user(io, who) {
            Some(identity) if commands::is_gnu(io) => {
                io.say(format!("{who} : {}", group_names(&identity)));
            }
            Some(identity) => io.say(group_names(&identity)),
            None => status = no_user(io, "groups", who),
        }
    }
    Some(status)
}

/// Nobody has logged in: there is no terminal that the system keeps a list of.
pub(in crate::shell::commands) fn logname(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let Some(options) = Grammar::short("logname", "").read(arguments, io) else { return Some(1) };
    if let Some(extra) = options.operands.first() {
        return Some(extra_operand(io, "logname", extra));
    }
    io.write_error(match io.cluster.flavour(io.place) {
        Flavour::Gnu => "logname: no login name",
        Flavour::BusyBox => "logname: getlogin: No such device or address",
    });
    Some(1)
}

/// `users` and `who`: nobody has logged in.
pub(in crate::shell::commands) fn users(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    Some(i32::from(Grammar::short("users", "").read(arguments, io).is_none()))
}

/// `who`: nobody is logged in, whatever is asked about them.
pub(in crate::shell::commands) fn who(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let wrong = !commands::is_gnu(io) && Grammar::short("who", "aH").read(arguments, io).is_none();
    Some(i32::from(wrong))
}

pub(in crate::shell::commands) fn arch(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let Some(options) = Grammar::short("arch", "").read(arguments, io) else { return Some(1) };
    let gnu = commands::is_gnu(io);
    if let Some(extra) = options.operands.first().filter(|_| gnu) {
        return Some(extra_operand(io, "arch", extra));
    }
    io.say("x86_64");
    Some(0)
}

/// `id [-u|-g|-G] [-n] [USER]...`
pub(in crate::shell::commands) fn id(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const GRAMMAR: Grammar = Grammar {
        name: "id",
        short: "ugGnrzZ",
        long: &[
            ("user", 'u'),
            ("group", 'g'),
            ("groups", 'G'),
            ("name", 'n'),
            ("real", 'r'),
            ("zero", 'z'),
        ],
        stops: false,
    };
    let Some(options) = GRAMMAR.read(arguments, io) else { return Some(1) };
    if options.has('Z') {
        io.write_error(match commands::is_gnu(io) {
            true => "id: --context (-Z) works only on an SELinux-enabled kernel",
            false => "id: can't get process context",
        });
        return Some(1);
    }
    let chosen = ['u', 'g', 'G'].iter().filter(|letter| options.has(**letter)).count();
    if chosen > 1 && commands::is_gnu(io) {
        io.write_error("id: cannot print \"only\" of more than one choice");
        return Some(1);
    }
    if options.operands.is_empty() {
        let own = io.cluster.identity(io.place);
        return Some(told(io, &options, &own));
    }
    let mut status = 0;
    for who in &options.operands {
        match user(io, who) {
            Some(identity) => status = status.max(told(io, &options, &identity)),
            None => status = no_user(io, "id", who),
        }
    }
    Some(status)
}

/// What `id` tells of somebody.
fn told(io: &mut Io<'_>, options: &Options, identity: &Identity) -> i32 {
    let flavour = io.cluster.flavour(io.place);
    let own = identity.group.0;
    let mut groups = identity.groups.clone();
    if flavour == Flavour::Gnu {
        // GNU's puts the primary one first.
        groups.sort_by_key(|(id, _)| *id != own);
    }
    let wanted: Option<Vec<(u32, Option<String>)>> = match () {
        () if options.has('u') => Some(vec![identity.user.clone()]),
        () if options.has('g') => Some(vec![identity.group.clone()]),
        () if options.has('G') => Some(groups.clone()),
        () => None,
    };
    let zero = options.has('z');
    let Some(wanted) = wanted else {
        if zero && flavour == Flavour::Gnu {
            io.write_error("id: option --zero not permitted in default format");
            return 1;
        }
        if options.has('n') || options.has('r') {
            io.write_error("id: cannot print only names or real IDs in default format");
            return 1;
        }
        let all: Vec<String> = groups.iter().map(full).collect();
        let (user, group) = (full(&identity.user), full(&identity.group));
        io.say(format!("uid={user} gid={group} groups={}", all.join(",")));
        return 0;
    };
    let shown = |(number, name): &(u32, Option<String>)| match name {
        Some(name) if options.has('n') => name.clone(),
        _ => number.to_string(),
    };
    let words: Vec<String> = wanted.iter().map(shown).collect();
    match zero {
        true => io.stdout.extend(words.iter().flat_map(|word| word.bytes().chain([0]))),
        false => io.say(words.join(" ")),
    }
    0
}

/// `0(root)`; a number without a name alone.
fn full((number, name): &(u32, Option<String>)) -> String {
    name.as_ref().map_or_else(|| number.to_string(), |name| format!("{number}({name})"))
}

pub(in crate::shell::commands) fn uname(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const GRAMMAR: Grammar = Grammar {
        name: "uname",
        short: "asnrvmpio",
        long: &[
            ("all", 'a'),
            ("kernel-name", 's'),
            ("sysname", 's'),
            ("nodename", 'n'),
            ("kernel-release", 'r'),
            ("release", 'r'),
            ("kernel-version", 'v'),
            ("machine", 'm'),
            ("processor", 'p'),
            ("hardware-platform", 'i'),
            ("operating-system", 'o'),
        ],
        stops: false,
    };
    let Some(options) = GRAMMAR.read(arguments, io) else { return Some(1) };
    if let Some(extra) = options.operands.first() {
        return Some(extra_operand(io, "uname", extra));
    }
    let host = io.cluster.host_name(io.place);
    let version = "#1 SMP PREEMPT_DYNAMIC Debian 6.1.153-1 (2025-09-20)";
    let given: String = options.in_order().map(|(letter, _)| letter).collect();
    let letters = if given.is_empty() { "s".to_owned() } else { given };
    let mut parts = Vec::new();
    let all = letters.contains('a');
    // Debian's knows neither the processor nor the platform, and leaves them out of `-a`.
    for (letter, text) in [
        ('s', "Linux"),
        ('n', &host),
        ('r', KERNEL),
        ('v', version),
        ('m', "x86_64"),
        ('p', "unknown"),
        ('i', "unknown"),
        ('o', "GNU/Linux"),
    ] {
        if all && text != "unknown" || letters.contains(letter) {
            parts.push(text);
        }
    }
    io.say(parts.join(" "));
    Some(0)
}

pub(in crate::shell::commands) fn uptime(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let Some(options) = Grammar::short("uptime", "ps").read(arguments, io) else { return Some(1) };
    if !options.operands.is_empty() && commands::is_gnu(io) {
        io.write_error("\nUsage:\n uptime [options]");
        return Some(1);
    }
    if options.has('p') {
        let minutes = io.now().as_millis() / 60_000;
        let counted = |count: u64, what: &str| match count {
            1 => format!("1 {what}"),
            count => format!("{count} {what}s"),
        };
        let mut parts = vec![counted(minutes % 60, "minute")];
        if minutes >= 60 {
            parts.insert(0, counted(minutes / 60, "hour"));
        }
        io.say(format!("up {}", parts.join(", ")));
        return Some(0);
    }
    if options.has('s') {
        let began = io.cluster.first_moment();
        io.say(began.strftime("%Y-%m-%d %H:%M:%S").to_string());
        return Some(0);
    }
    let now = super::date::format(io.now(), "%H:%M:%S");
    let minutes = io.now().as_millis() / 60_000;
    let up = match minutes {
        0..60 => format!("{minutes} min"),
        _ => format!("{:2}:{:02}", minutes / 60, minutes % 60),
    };
    let load = super::top::LOAD.join(", ");
    io.say(format!(" {now} up {up},  1 user,  load average: {load}"));
    Some(0)
}

/// `ttysize` of BusyBox: the columns and lines of a terminal, or what it takes them for.
pub(in crate::shell::commands) fn ttysize(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let asked =
        |letter| arguments.is_empty() || arguments.iter().any(|word| word.starts_with(letter));
    let sizes = [('w', "80"), ('h', "24")].into_iter().filter(|(letter, _)| asked(*letter));
    io.say(sizes.map(|(_, size)| size).collect::<Vec<_>>().join(" "));
    Some(0)
}

pub(in crate::shell::commands) fn nproc(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const GRAMMAR: Grammar = Grammar {
        name: "nproc",
        short: "\u{100}\u{101}:",
        long: &[("all", '\u{100}'), ("ignore", '\u{101}')],
        stops: false,
    };
    let Some(options) = GRAMMAR.read(arguments, io) else { return Some(1) };
    let ignored = options.value('\u{101}').unwrap_or("0");
    let Ok(ignored) = ignored.parse::<usize>() else {
        io.write_error(format!("nproc: invalid number: '{ignored}'"));
        return Some(1);
    };
    let gnu = commands::is_gnu(io);
    if let Some(extra) = options.operands.first().filter(|_| gnu) {
        return Some(extra_operand(io, "nproc", extra));
    }
    io.say(2_usize.saturating_sub(ignored).max(1).to_string());
    Some(0)
}

pub(in crate::shell::commands) fn tty(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let Some(options) = Grammar::short("tty", "s").read(arguments, io) else { return Some(2) };
    match io.stdin.terminal {
        _ if options.has('s') => {}
        true => io.say("/dev/pts/0"),
        false => io.say("not a tty"),
    }
    Some(i32::from(!io.stdin.terminal))
}

pub(in crate::shell::commands) fn printenv(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const GRAMMAR: Grammar =
        Grammar { name: "printenv", short: "0", long: &[("null", '0')], stops: true };
    let Some(options) = GRAMMAR.read(arguments, io) else { return Some(2) };
    let end = if options.has('0') { '\0' } else { '\n' };
    if options.operands.is_empty() {
        for (name, value) in in_order(io.environment, io.place) {
            io.stdout.extend(format!("{name}={value}{end}").into_bytes());
        }
        return Some(0);
    }
    let mut status = 0;
    for name in &options.operands {
        match io.environment.get(name).cloned() {
            Some(value) => io.stdout.extend(format!("{value}{end}").into_bytes()),
            None => status = 1,
        }
    }
    Some(status)
}
