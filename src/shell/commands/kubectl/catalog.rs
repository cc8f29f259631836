//! The subcommands as a table, and how a command line finds its subcommand.

use super::super::super::tool::Io;
use super::client::Client;
use super::command::{Command, FILENAME, GLOBAL, PLAIN, SELECTOR, WRITE};
use super::config::{Config, Context};
use super::flags::{self, Flag, Takes};
use super::{Call, Failure, Outcome, help, pages};
use crate::api::rights::User;
use crate::cluster::Did;

static COMPLETION: Command = Command {
    name: "completion",
    short: "Output shell completion code for the specified shell (bash, zsh, fish, or powershell)",
    usage: "SHELL",
    run: completion,
    ..PLAIN
};

/// The checks are kubectl's; the code is of no use where the Tab key completes without it.
fn completion(call: Call, _: &mut Io<'_>) -> Outcome {
    match call.arguments.positional.as_slice() {
        [] => Err(call.usage("Shell not specified.")),
        [shell] if ["bash", "zsh", "fish", "powershell"].contains(&shell.as_str()) => {
            let instead = "the Tab key completes here without it";
            Err(Failure::not_simulated(&call.path, instead))
        }
        [shell] => Err(call.usage(format!("Unsupported shell type \"{shell}\"."))),
        _ => Err(call.usage("Too many arguments. Expected only the shell type.")),
    }
}

/// The groups of kubectl's own help page, in its order.
pub(super) static GROUPS: &[(&str, &[&Command])] = &[
    (
        "Basic Commands (Beginner):",
        &[
            &super::create::COMMAND,
            &super::expose::COMMAND,
            &super::run::COMMAND,
            &super::set::COMMAND,
        ],
    ),
    (
        "Basic Commands (Intermediate):",
        &[
            &super::explain::COMMAND,
            &super::get::COMMAND,
            &super::edit::COMMAND,
            &super::delete::COMMAND,
        ],
    ),
    (
        "Deploy Commands:",
        &[&super::rollout::COMMAND, &super::scale::COMMAND, &super::autoscale::COMMAND],
    ),
    (
        "Cluster Management Commands:",
        &[
            &super::refused::CERTIFICATE,
            &super::about::CLUSTER_INFO,
            &super::about::TOP,
            &super::nodes::CORDON,
            &super::nodes::UNCORDON,
            &super::drain::COMMAND,
            &super::nodes::TAINT,
        ],
    ),
    (
        "Troubleshooting and Debugging Commands:",
        &[
            &super::describe::COMMAND,
            &super::logs::COMMAND,
            &super::attach::COMMAND,
            &super::exec::COMMAND,
            &super::port_forward::COMMAND,
            &super::refused::PROXY,
            &super::cp::COMMAND,
            &super::about::AUTH,
            &super::debug::COMMAND,
            &super::events::COMMAND,
        ],
    ),
    (
        "Advanced Commands:",
        &[
            &super::diff::COMMAND,
            &super::apply::COMMAND,
            &super::patch::COMMAND,
            &super::replace::COMMAND,
            &super::wait::COMMAND,
            &super::kustomize::COMMAND,
        ],
    ),
    ("Settings Commands:", &[&super::label::LABEL, &super::label::ANNOTATE, &COMPLETION]),
    ("Subcommands provided by plugins:", &[]),
    (
        "Other Commands:",
        &[
            &super::about::API_RESOURCES,
            &super::about::API_VERSIONS,
            &super::contexts::COMMAND,
            &super::refused::KUBERC,
            &super::refused::PLUGIN,
            &super::about::VERSION_COMMAND,
        ],
    ),
];

/// Every subcommand, in the order of the help page.
pub(super) fn commands() -> impl Iterator<Item = &'static Command> {
    GROUPS.iter().flat_map(|(_, commands)| commands.iter().copied())
}

/// Whether every flag is given without which a command does nothing.
///
/// # Errors
/// Those that are not.
fn require(command: &Command, arguments: &flags::Arguments) -> Result<(), Failure> {
    let missing = command.required.iter().filter(|flag| !arguments.given(flag));
    let missing: Vec<String> = missing.map(|flag| format!("\"{flag}\"")).collect();
    match missing.is_empty() {
        true => Ok(()),
        false => Err(Failure::message(format!("required flag(s) {} not set", missing.join(", ")))),
    }
}

/// Reads a command line and runs its subcommand.
///
/// # Errors
/// What the command failed of.
pub(super) fn run(words: &[String], io: &mut Io<'_>) -> Outcome {
    let (path, command, rest) = find(words)?;
    if command.is_none() && rest.first().is_some_and(|word| word == "help") {
        return help::of_words(&rest[1..], io);
    }
    let Some(command) = command else { return help::of_kubectl(&rest, io) };
    let flags: Vec<Flag> =
        command.flags.iter().chain([&GLOBAL]).flat_map(|group| group.iter().copied()).collect();
    let arguments = flags::parse(&flags, &rest).map_err(|message| {
        let did = Did::NotUnderstood { command: path.clone(), why: message.clone() };
        io.cluster.note(io.place, did);
        match command.name {
            // Its exit code 1 means that there is a difference.
            "diff" => Failure::Exited { text: Failure::usage(&path, message).text(), code: 2 },
            _ => flags::failure(&path, &message),
        }
    })?;
    if arguments.on("help") {
        return pages::of_command(&path, command, io);
    }
    if arguments.given("record") {
        io.write_error("Flag --record has been deprecated, --record will be removed in the future");
    }
    require(command, &arguments)?;
    if !command.flags.iter().copied().flatten().any(|flag| flag.long == "profile") {
        profile(&arguments)?;
    }
    let config = Config::load(&arguments, io)?;
    // `kubectl config` changes the file, whatever context it is asked to work in.
    let edits = path.starts_with("kubectl config ") || path == "kubectl config";
    if !edits && !config.is_there {
        return nowhere(&arguments, &config, io);
    }
    let context = match edits {
        true => config.context("").unwrap_or_default(),
        false => context(&config, &arguments, &path, command)?,
    };
    timeout(&arguments)?;
    unheeded(&arguments, (&path, command), edits, &context.user)?;
    if !edits && arguments.given("server") && arguments.text("server") != super::server::SERVER {
        return super::config::refused_server(arguments.text("server"), io);
    }
    let given = arguments.given("namespace") && !arguments.text("namespace").is_empty();
    let namespace = if given { arguments.text("namespace").to_owned() } else { context.namespace };
    let mut client = Client::new(namespace, given).having_discovered(io);
    if !arguments.text("as").is_empty() {
        let user = User::acting(arguments.text("as"), arguments.all("as-group"));
        client = client.acting_as(user);
    }
    (command.run)(Call { command, path, arguments, client }, io)
}

/// The context that a command works in.
///
/// # Errors
/// What the kubeconfig lacks of what the flags ask for.
fn context(
    config: &Config,
    arguments: &flags::Arguments,
    path: &str,
    command: &Command,
) -> Result<Context, Failure> {
    let server_first = asks_for_the_server_first(path);
    let wanted = arguments.text("context");
    let context = config.context(wanted).map_err(|failure| match server_first {
        true if !wanted.is_empty() => Failure::Verbatim(format!(
            "Error in configuration: context was not found for specified context: {wanted}"
        )),
        _ => failure,
    })?;
    for (flag, list, what) in [("cluster", "clusters", "cluster"), ("user", "users", "auth info")] {
        let name = arguments.text(flag);
        // Some commands have a --user of their own: whom a role is bound to.
        let own = command.flags.iter().any(|group| group.iter().any(|own| own.long == flag));
        if !own && !name.is_empty() && !config.has(list, name) {
            return Err(Failure::message(match flag {
                "cluster" if server_first => format!("no server found for cluster \"{name}\""),
                _ => format!("{what} \"{name}\" does not exist"),
            }));
        }
    }
    Ok(context)
}

/// Whether a command asks for the server before it asks for a namespace, and so says otherwise what the
/// kubeconfig lacks (`clientcmd`, `ConfirmUsable`); as kubectl 1.36.3 does, command by command.
fn asks_for_the_server_first(path: &str) -> bool {
    const SUCH: &[&str] = &[
        "annotate",
        "attach",
        "cp",
        "debug",
        "delete",
        "describe",
        "edit",
        "events",
        "exec",
        "get",
        "label",
        "logs",
        "patch",
        "port-forward",
        "rollout",
        "scale",
        "set",
        "taint",
        "top",
    ];
    path.split(' ').nth(1).is_some_and(|command| SUCH.contains(&command))
}

/// The commands that ask the server for objects alone, so that whom they act as can be held against
/// roles and bindings.
const ACTS: &[&str] = &[
    "annotate", "apply", "auth", "create", "delete", "describe", "get", "label", "patch",
    "replace", "scale",
];

/// Flags that make somebody else of kubectl or change how it speaks. What stays with the client does
/// not need them.
fn unheeded(
    arguments: &flags::Arguments,
    (path, command): (&str, &Command),
    edits: bool,
    user: &str,
) -> Result<(), Failure> {
    let stays = edits
        || arguments.on("local")
        || arguments.text("dry-run") == "client"
        || arguments.on("client");
    let acting = ["as-group", "as-uid", "as-user-extra"].iter().any(|flag| arguments.given(flag));
    if acting && !stays && arguments.text("as").is_empty() {
        return Err(Failure::message(format!(
            "requesting uid, groups or user-extra for {user} without impersonating a user"
        )));
    }
    let own = |flag: &str| command.flags.iter().any(|group| group.iter().any(|f| f.long == flag));
    let acts = path.split(' ').nth(1).is_some_and(|verb| ACTS.contains(&verb))
        && !arguments.text("as").is_empty()
        && command.name != "token";
    let heeded = |flag: &str| acts && ["as", "as-group"].contains(&flag);
    let given = UNHEEDED.iter().find(|flag| arguments.given(flag) && !own(flag) && !heeded(flag));
    let logs = arguments.number("v").is_some_and(|level| level > 5);
    match given {
        Some(flag) if !stays => {
            let instead = match *flag {
                "as" | "as-group" => "it works with get, describe, create, apply and auth can-i",
                _ => "podhop has one user; leave it out",
            };
            Err(Failure::not_simulated(&format!("--{flag}"), instead))
        }
        None if !stays && arguments.given("field-manager") => {
            let instead = "objects have no managed fields here; leave it out";
            Err(Failure::not_simulated("--field-manager", instead))
        }
        None if logs && !stays => {
            Err(Failure::not_simulated("--v of 6 and more (requests in the log)", "leave it out"))
        }
        _ => Ok(()),
    }
}

/// The flags of all commands that nothing here comes of.
const UNHEEDED: &[&str] = &[
    "as",
    "as-group",
    "as-uid",
    "as-user-extra",
    "username",
    "password",
    "token",
    "client-certificate",
    "client-key",
    "certificate-authority",
    "tls-server-name",
    "kuberc",
    "profile",
    "profile-output",
    "vmodule",
    "warnings-as-errors",
];

/// What comes of a command without a kubeconfig: a file that was asked for is missed, and without one
/// kubectl asks the port on which API servers listened once.
fn nowhere(arguments: &flags::Arguments, config: &Config, io: &mut Io<'_>) -> Outcome {
    if !arguments.text("kubeconfig").is_empty() {
        let text = format!("stat {}: no such file or directory", config.path);
        return Err(Failure::message(text));
    }
    super::config::refused_server("localhost:8080", io)
}

/// Checks `--profile`: what Go can record of a program (`cmd/profiling.go`).
fn profile(arguments: &flags::Arguments) -> Result<(), Failure> {
    const KNOWN: &[&str] =
        &["none", "cpu", "heap", "allocs", "goroutine", "threadcreate", "block", "mutex", "trace"];
    match arguments.get("profile") {
        Some(name) if !KNOWN.contains(&name) => {
            Err(Failure::message(format!("unknown profile '{name}'")))
        }
        _ => Ok(()),
    }
}

/// Checks `--request-timeout`: a length of time, or a number of seconds.
fn timeout(arguments: &flags::Arguments) -> Result<(), Failure> {
    let text = arguments.get("request-timeout").unwrap_or("0");
    if text.parse::<u32>().is_ok() || flags::duration(text).is_some() {
        return Ok(());
    }
    Err(Failure::message(
        "Invalid timeout value. Timeout must be a single integer in seconds, or an integer followed \
         by a corresponding time unit (e.g. 1s | 2m | 3h)",
    ))
}

/// A command line's subcommand: as it was called, which it is, and the other words.
type Called = (String, Option<&'static Command>, Vec<String>);

/// Finds the subcommand. Flags may stand before it.
fn find(words: &[String]) -> Result<Called, Failure> {
    let mut path = "kubectl".to_owned();
    let mut command: Option<&'static Command> = None;
    let mut rest: Vec<String> = words.to_vec();
    while let Some(at) = first_word(&rest) {
        let word = rest[at].clone();
        let next = match command {
            // It stands on no page: hidden, as long as it has no commands.
            None if word == "alpha" => Some(&super::refused::ALPHA),
            None => commands().find(|command| command.name == word),
            Some(parent) => parent
                .children
                .iter()
                .find(|child| child.name == word || child.aliases.contains(&word.as_str()))
                .copied(),
        };
        match next {
            Some(next) => {
                rest.remove(at);
                path = format!("{path} {}", next.name);
                command = Some(next);
            }
            None if command.is_none() && !["help", "options"].contains(&word.as_str()) => {
                return Err(unknown(&word));
            }
            None => break,
        }
    }
    Ok((path, command, rest))
}

/// Where the first word that is no flag and no flag's value stands.
fn first_word(words: &[String]) -> Option<usize> {
    let mut index = 0;
    while index < words.len() {
        let word = words[index].as_str();
        if word == "--" {
            return None;
        }
        if !word.starts_with('-') || word == "-" {
            return Some(index);
        }
        let takes_value = if let Some(name) = word.strip_prefix("--") {
            !name.contains('=') && takes_a_word(|flag| flag.long == name)
        } else {
            word.len() == 2 && takes_a_word(|flag| word[1..].chars().next() == flag.short)
        };
        index += if takes_value { 2 } else { 1 };
    }
    None
}

/// Whether some flag that stands before a subcommand takes the word behind it.
fn takes_a_word(is_it: impl Fn(&Flag) -> bool) -> bool {
    let common = [GLOBAL, WRITE, SELECTOR, FILENAME];
    let flag = common.iter().flat_map(|group| group.iter()).find(|flag| is_it(flag));
    flag.is_some_and(|flag| !matches!(flag.takes, Takes::Switch | Takes::Optional(_)))
}

/// `unknown command "gt" for "kubectl"`, with what is two letters away or begins so.
fn unknown(word: &str) -> Failure {
    let lower = word.to_lowercase();
    let near: Vec<String> = commands()
        .filter(|command| command.name.starts_with(&lower) || edits(&lower, command.name) <= 2)
        .map(|command| format!("\t{}\n", command.name))
        .collect();
    let text = format!("unknown command \"{word}\" for \"kubectl\"");
    if near.is_empty() {
        return Failure::message(text);
    }
    Failure::message(format!("{text}\n\nDid you mean this?\n{}", near.concat().trim_end()))
}

/// Insertions, deletions and substitutions between two words.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let substitution = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = substitution.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn flags_may_stand_before_the_subcommand() {
        let (path, command, rest) =
            find(&words("-n kube-system -o yaml get pods -A")).expect("get");
        assert_eq!(path, "kubectl get");
        assert_eq!(command.map(|command| command.name), Some("get"));
        assert_eq!(rest, words("-n kube-system -o yaml pods -A"));
    }

    #[test]
    fn a_slip_of_the_pen_gets_suggestions() {
        assert_eq!(edits("gt", "set"), 2);
        let text = unknown("gt").text();
        assert!(text.starts_with(
            "error: unknown command \"gt\" for \"kubectl\"\n\nDid you mean this?\n\t"
        ));
        assert!(text.contains("\tget"));
        assert!(!unknown("frobnicate").text().contains("Did you mean"));
    }

    #[test]
    fn what_changes_who_asks_is_refused_by_its_name() {
        let (said, exit) = crate::shell::tests::complaint("kubectl logs x --as=bob");
        assert!(said.starts_with("error: not simulated here: --as; ") && exit == 1, "{said}");
        let stays = "kubectl create cm a --as=bob --dry-run=client -o name";
        assert_eq!(crate::shell::tests::output(stays), "configmap/a\n");
    }

    #[test]
    fn no_command_has_a_flag_twice() {
        fn check(command: &Command) {
            let flags: Vec<&Flag> =
                command.flags.iter().chain([&GLOBAL]).flat_map(|group| group.iter()).collect();
            for (index, flag) in flags.iter().enumerate() {
                let again = |other: &&&Flag| {
                    other.long == flag.long || (flag.short.is_some() && other.short == flag.short)
                };
                let twice = flags[index + 1..].iter().find(again);
                assert!(
                    // Its own flag hides the global one.
                    twice.is_none() || ["profile", "user", "kuberc", "server"].contains(&flag.long),
                    "{} has --{} and --{}",
                    command.name,
                    flag.long,
                    twice.map_or("", |flag| flag.long)
                );
            }
            for child in command.children {
                check(child);
            }
        }
        commands().for_each(check);
    }
}
