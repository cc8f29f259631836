//! A command's help page.

use super::super::super::tool::Io;
use super::command::Command;
use super::flags::Flag;
use super::{Call, DONE, Next, Outcome};

pub(super) const FOOTER: &str =
    "Use \"kubectl options\" for a list of global command-line options (applies to all commands).";

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
    if !command.aliases.is_empty() {
        page += &format!("Aliases:\n{}, {}\n\n", command.name, command.aliases.join(", "));
    }
    if !command.examples.is_empty() {
        page += &format!("Examples:\n{}\n\n", command.examples);
    }
    if !command.children.is_empty() {
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

/// What is taken for old times' sake, and shown on no page.
const DEPRECATED: &[&str] = &["record", "cpu-percent"];

/// `    -o, --output='':` and what it does, below; sorted by name.
pub(super) fn flags(groups: &[&[Flag]]) -> String {
    let all = groups.iter().flat_map(|group| group.iter());
    let mut all: Vec<&Flag> = all.filter(|flag| !DEPRECATED.contains(&flag.long)).collect();
    all.sort_by_key(|flag| flag.long);
    all.iter()
        .map(|flag| {
            let letter = flag.short.map_or_else(String::new, |short| format!("-{short}, "));
            format!("    {letter}--{}={}:\n\t{}\n\n", flag.long, flag.default, flag.help)
        })
        .collect()
}
