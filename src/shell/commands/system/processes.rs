//! `pidof`, `kill` and their kin: what runs in a container, as far as anybody can see it.

use crate::api::Pod;
use crate::cluster::Place;
use crate::shell::Io;
use crate::shell::commands::{self, options::Grammar};
use crate::shell::signals::{SIGNALS, signal_name, signal_number};

/// A process: its number, user and command line.
pub(super) struct Process {
    pub(super) pid: u32,
    pub(super) user: String,
    pub(super) command: String,
}

/// The processes at a place: the container's first one, this shell and this command.
pub(super) fn processes(io: &Io<'_>, own: &str) -> Vec<Process> {
    let user = io.cluster.identity(io.place).name();
    let process =
        |pid, command: &str| Process { pid, user: user.clone(), command: command.to_owned() };
    match io.place {
        Place::Laptop => vec![process(4242, "-bash"), process(4271, own)],
        Place::Node(_) => {
            let mut all = vec![
                process(1, "/sbin/init"),
                process(560, "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups"),
                process(812, "/usr/bin/containerd"),
                process(934, "/var/lib/minikube/binaries/v1.36.3/kubelet"),
                process(1021, "/usr/local/bin/kube-proxy --config=/var/lib/kube-proxy/config.conf"),
                process(4242, "-bash"),
                process(4271, own),
            ];
            if listens(io, "kube-apiserver") {
                all.insert(5, process(1217, "kube-apiserver --secure-port=8443"));
            }
            all
        }
        Place::Container { .. } => {
            vec![process(1, &first_command(io)), process(30, "sh"), process(36, own)]
        }
    }
}

/// Whether a program has a socket at the place.
fn listens(io: &Io<'_>, program: &str) -> bool {
    let netns = io.cluster.netns_of(io.place);
    let netns = netns.and_then(|from| io.cluster.network().netns(from.netns));
    netns.is_some_and(|netns| netns.listeners.iter().any(|(_, known)| &*known.name == program))
}

/// The number of the process that runs a program; a container's servers belong to its first.
pub(in crate::shell::commands) fn pid(io: &Io<'_>, program: &str) -> u32 {
    let runs = |command: &str| {
        let file = command.split(' ').next().unwrap_or_default().trim_end_matches(':');
        file.rsplit('/').next() == Some(program)
    };
    let found = processes(io, "").into_iter().find(|process| runs(&process.command));
    found.map_or(1, |process| process.pid)
}

/// What the container runs: its command and arguments over the image's.
fn first_command(io: &Io<'_>) -> String {
    let Place::Container { namespace, pod, container } = io.place else { return String::new() };
    let image = io.cluster.image(io.place);
    let object = io.cluster.objects().get::<Pod>(namespace, pod);
    let spec = object.and_then(|pod| pod.spec.as_ref());
    let spec = spec.and_then(|spec| spec.containers.iter().find(|found| found.name == **container));
    let given = |list: Option<&Vec<String>>| list.cloned().filter(|list| !list.is_empty());
    let command = given(spec.and_then(|spec| spec.command.as_ref()));
    let arguments = given(spec.and_then(|spec| spec.args.as_ref()));
    let image_of = |entry: bool| {
        image.map_or_else(Vec::new, |image| match entry {
            true => image.entrypoint.clone(),
            false => image.command.clone(),
        })
    };
    let words = match (command, arguments) {
        (Some(command), arguments) => [command, arguments.unwrap_or_default()].concat(),
        (None, Some(arguments)) => [image_of(true), arguments].concat(),
        (None, None) => [image_of(true), image_of(false)].concat(),
    };
    words.join(" ")
}

pub(in crate::shell::commands) fn pidof(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let found: Vec<String> = processes(io, "pidof")
        .iter()
        .filter(|process| {
            let name = process.command.split(' ').next().unwrap_or("");
            let name = name.rsplit('/').next().unwrap_or(name);
            arguments.iter().any(|wanted| wanted == name)
        })
        .map(|process| process.pid.to_string())
        .collect();
    match found.is_empty() {
        true => Some(1),
        false => {
            io.say(found.join(" "));
            Some(0)
        }
    }
}

/// `pgrep`, `pkill`, `killall`: processes by their names. What runs beside the shell is not ended here.
pub(in crate::shell::commands) fn pgrep(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    by_name("pgrep", arguments, io)
}

pub(in crate::shell::commands) fn pkill(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    by_name("pkill", arguments, io)
}

pub(in crate::shell::commands) fn killall(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    by_name("killall", arguments, io)
}

fn by_name(tool: &'static str, arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let (options, names): (Vec<&String>, Vec<&String>) =
        arguments.iter().partition(|word| word.starts_with('-'));
    let signal = |word: &str| crate::shell::signals::signal_number(&word[1..]).is_some();
    let known = |word: &str| match tool {
        "pgrep" => matches!(word, "-f" | "-l" | "-a" | "-x" | "-o" | "-n"),
        "pkill" => matches!(word, "-f" | "-x") || signal(word),
        _ => matches!(word, "-q") || signal(word),
    };
    if let Some(other) = options.iter().find(|word| !known(word)) {
        io.write_error(commands::trouble::left_out(tool, other));
        return Some(2);
    }
    if names.is_empty() {
        io.write_error(match tool {
            "killall" => "killall: you need to specify whom to kill".to_owned(),
            tool => commands::busybox_usage(tool),
        });
        return Some(1);
    }
    let has = |word: &str| options.iter().any(|option| *option == word);
    let mut status = 0;
    for name in names {
        let found: Vec<Process> = processes(io, tool)
            .into_iter()
            .filter(|process| {
                let own = process.command.split(' ').next().unwrap_or("");
                let own = own.rsplit('/').next().unwrap_or(own).trim_start_matches('-');
                match tool {
                    _ if process.command == tool => false,
                    "killall" => own == *name,
                    _ if has("-f") => process.command.contains(name.as_str()),
                    _ if has("-x") => own == *name,
                    _ => own.contains(name.as_str()),
                }
            })
            .collect();
        match (tool, found.is_empty()) {
            ("killall", true) => {
                status = 1;
                if !has("-q") {
                    io.write_error(format!("killall: {name}: no process killed"));
                }
            }
            (_, true) => status = 1,
            ("pgrep", false) => {
                for process in found {
                    let own = process.command.split(' ').next().unwrap_or("");
                    io.say(match (has("-a"), has("-l")) {
                        (true, _) => format!("{} {}", process.pid, process.command),
                        (_, true) => format!("{} {own}", process.pid),
                        _ => process.pid.to_string(),
                    });
                }
            }
            _ => {
                io.write_error(commands::trouble::left_out(tool, name));
                status = 1;
            }
        }
    }
    Some(status)
}

/// `kill` of what is not the shell's own background command.
/// Whether there is a process of this number.
pub(in crate::shell) fn is_running(io: &Io<'_>, pid: &str) -> bool {
    pid.parse::<u32>().is_ok_and(|pid| processes(io, "kill").iter().any(|one| one.pid == pid))
}

/// `kill -l`: all signals, or the name of a number and the number of a name.
fn kill_list(io: &mut Io<'_>, wanted: Option<&str>) {
    let Some(wanted) = wanted else {
        let (first, second) = SIGNALS.split_at(16);
        let second = second.join(" ").replace("IO", "POLL");
        return io.say(format!("{}\n{second}", first.join(" ")));
    };
    let number = signal_number(wanted).filter(|number| *number > 0);
    match (number, wanted.parse::<i32>()) {
        (Some(number), Ok(_)) => io.say(signal_name(number)),
        (Some(number), Err(_)) => io.say(number.to_string()),
        (None, _) => io.write_error(format!("kill: unknown signal name {wanted}")),
    }
}

pub(in crate::shell::commands) fn kill(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let grammar = Grammar::short("kill", "s:l");
    let plain: Vec<String> = arguments
        .iter()
        .enumerate()
        .filter(|(index, argument)| {
            *index > 0 || !argument.starts_with('-') || matches!(argument.as_str(), "-s" | "-l")
        })
        .map(|(_, argument)| argument.clone())
        .collect();
    let Some(options) = grammar.read(&plain, io) else { return Some(1) };
    if options.has('l') {
        kill_list(io, options.operands.first().map(String::as_str));
        return Some(0);
    }
    let mut status = 0;
    for target in &options.operands {
        let known = target
            .parse::<u32>()
            .ok()
            .filter(|pid| processes(io, "kill").iter().any(|process| process.pid == *pid));
        match known {
            Some(1) if matches!(io.place, Place::Container { .. }) => {
                io.write_error(
                    "podhop: killing a container's first process is not simulated here; kubectl delete pod ends the pod",
                );
                status = 1;
            }
            _ => {
                io.write_error(format!("sh: kill: ({target}) - No such process"));
                status = 1;
            }
        }
    }
    Some(status)
}
