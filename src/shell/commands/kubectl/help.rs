//! Help: kubectl's own page, and one for each command made of its table.

use super::super::super::tool::Io;
use super::catalog;
use super::command::{Command, GLOBAL};
use super::pages::{FOOTER, flags, of_command};
use super::{DONE, Failure, Outcome};

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
