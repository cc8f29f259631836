//! Help: kubectl's own page, and one for each command made of its table.

use super::super::super::tool::Io;
use super::catalog::{self, Command, GLOBAL};
use super::flags::Flag;
use super::{Call, DONE, Failure, Next, Outcome};

const FOOTER: &str =
    "Use \"kubectl options\" for a list of global command-line options (applies to all commands).";

/// `kubectl`, `kubectl --help`, `kubectl options`
pub(super) fn of_kubectl(words: &[String], io: &mut Io<'_>) -> Outcome {
    let is_options = words.first().is_some_and(|word| word == "options");
    if let Some(flag) = words.iter().find(|word| is_options && word.starts_with('-'))
        && let Err(message) = super::flags::parse(GLOBAL, std::slice::from_ref(flag))
    {
        let text = format!("{message}\nRun 'kubectl options' without flags.");
        return Err(Failure::message(text));
    }
    if is_options {
        io.say("The following options can be passed to any command:\n");
        let text = flags(&[GLOBAL]);
        io.say(text.trim_end());
        return DONE;
    }
    let own = words.iter().find(|word| !["-h", "--help"].contains(&word.as_str()));
    if let Some(word) = own {
        let parsed = super::flags::parse(GLOBAL, words);
        if let Err(message) = parsed {
            return Err(super::flags::failure("kubectl", &message));
        }
        let _ = word;
    }
    io.say(format!(
        "kubectl controls the Kubernetes cluster manager.\n\n Find more information at: \
         https://kubernetes.io/docs/reference/kubectl/\n\n{}",
        kubectl_page()
    ));
    DONE
}

/// The commands by group, and where to read on.
fn kubectl_page() -> String {
    let mut page = String::new();
    for (title, commands) in catalog::GROUPS {
        page += title;
        page.push('\n');
        for command in *commands {
            page += &format!("  {:<15} {}\n", command.name, command.short);
        }
        page.push('\n');
    }
    page += "Usage:\n  kubectl [flags] [options]\n\nUse \"kubectl <command> --help\" for more \
             information about a given command.\n";
    page += FOOTER;
    page
}

/// `kubectl help get`
pub(super) fn of_words(words: &[String], io: &mut Io<'_>) -> Outcome {
    let mut path = "kubectl".to_owned();
    let mut command: Option<&'static Command> = None;
    for word in words {
        let next = match command {
            None => catalog::commands().find(|command| command.name == word),
            Some(parent) => parent
                .children
                .iter()
                .find(|child| child.name == word || child.aliases.contains(&word.as_str()))
                .copied(),
        };
        // Words behind a command are arguments of its own.
        let Some(next) = next else { break };
        path = format!("{path} {}", next.name);
        command = Some(next);
    }
    match command {
        Some(command) => of_command(&path, command, io),
        None if !words.is_empty() => {
            let topics: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
            io.write_error(format!(
                "Unknown help topic [{}]\n\n\n{}",
                topics.join(" "),
                kubectl_page()
            ));
            DONE
        }
        None => of_kubectl(&[], io),
    }
}

/// A command's page: what it does, examples, its subcommands or flags, its usage.
pub(super) fn of_command(path: &str, command: &Command, io: &mut Io<'_>) -> Outcome {
    io.say(page(path, command));
    DONE
}

/// The text of a command's page.
fn page(path: &str, command: &Command) -> String {
    let long = if command.long.is_empty() { command.short } else { command.long };
    let dot = if long.ends_with('.') || !command.long.is_empty() { "" } else { "." };
    let mut page = format!("{long}{dot}\n\n");
    if !command.examples.is_empty() {
        page += &format!("Examples:\n{}\n\n", command.examples);
    }
    if !command.children.is_empty() {
        if !command.aliases.is_empty() {
            page += &format!("Aliases:\n{}, {}\n\n", command.name, command.aliases.join(", "));
        }
        page += "Available Commands:\n";
        let mut children = command.children.to_vec();
        children.sort_by_key(|child| child.name);
        let width = children.iter().map(|child| child.name.len()).max().unwrap_or(0).max(11);
        for child in children {
            page += &format!("  {:<width$}   {}\n", child.name, child.short);
        }
        page.push('\n');
    }
    let options = flags(command.flags);
    if !options.is_empty() {
        page += &format!("Options:\n{options}");
    }
    page += &format!("Usage:\n  {path} {} [options]\n\n", command.usage);
    if !command.children.is_empty() {
        page += &format!(
            "Use \"{path} <command> --help\" for more information about a given command.\n"
        );
    }
    page += FOOTER;
    page
}

/// What a command does that only has subcommands: its page, or a complaint about an unknown one.
/// Most groups print their page as an error; some, as kubectl happens to have it, do not.
pub(super) fn of_group(call: Call, io: &mut Io<'_>) -> Outcome {
    let words = &call.arguments.positional;
    if !words.is_empty() && call.command.name != "certificate" {
        return Err(call.usage(format!("unknown command \"{}\"", words.join(" "))));
    }
    let page = page(&call.path, call.command);
    match call.command.name {
        "rollout" | "certificate" => io.say(page),
        _ => io.write_error(page),
    }
    Ok(Next::Exit(i32::from(call.command.name != "certificate")))
}

/// `    -o, --output='':` and what it does, below; sorted by name.
fn flags(groups: &[&[Flag]]) -> String {
    let mut all: Vec<&Flag> = groups.iter().flat_map(|group| group.iter()).collect();
    all.sort_by_key(|flag| flag.long);
    all.iter()
        .map(|flag| {
            let letter =
                flag.short.map_or_else(|| "    ".to_owned(), |short| format!("-{short}, "));
            format!("    {letter}--{}={}:\n        {}\n\n", flag.long, flag.default, flag.help)
        })
        .collect()
}
