//! `help`, `clear`, the editors: what the game does for the player.

use crate::cluster::Place;
use crate::shell::commands::{is_gnu, registry};
use crate::shell::{Io, UiRequest};

pub(in crate::shell::commands) fn clear(_: &[String], io: &mut Io<'_>) -> Option<i32> {
    // What is no terminal gets the letters.
    if !io.terminal && !is_gnu(io) {
        io.stdout.extend_from_slice(b"\x1b[H\x1b[J");
        return Some(0);
    }
    io.ui_requests.push(UiRequest::ClearScreen);
    Some(0)
}

/// `vim FILE` and its kin open the game's editor.
pub(in crate::shell::commands) fn edit(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let Some(file) = arguments.iter().find(|argument| !argument.starts_with(['-', '+'])) else {
        io.write_error("podhop: name a file: vim FILE");
        return Some(1);
    };
    if *io.place != Place::Laptop {
        io.write_error(
            "podhop: the editor works on the laptop's files; here, cat > FILE <<EOF or sed -i change one",
        );
        return Some(1);
    }
    let path = io.absolute(file);
    let home = format!("{}/", crate::shell::files::HOME);
    match path.strip_prefix(&home) {
        Some(name) => {
            io.ui_requests.push(UiRequest::Edit(name.to_owned()));
            Some(0)
        }
        None => {
            io.write_error(format!(
                "podhop: the editor works on files of the working folder, not {file}"
            ));
            Some(1)
        }
    }
}

/// `less` and `more`: print, as the terminal scrolls by itself.
pub(in crate::shell::commands) fn help(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    if let Some(name) = arguments.first() {
        return Some(match registry::usage(name) {
            Some(usage) => {
                io.say(format!("Usage: {usage}"));
                0
            }
            None => {
                io.write_error(format!("bash: help: no help topics match `{name}'.  Try `help help' or `man -k {name}' or `info {name}'."));
                1
            }
        });
    }
    io.say(match io.place {
        Place::Laptop => {
            "This is your laptop: outside the cluster, with kubectl set up for it (k for short)."
        }
        Place::Node(_) => "This is a node of the cluster.",
        Place::Container { .. } => "This is inside a container.",
    });
    io.say("It is a shell: pipes, loops, variables, $( ), redirections and scripts work.");
    io.say("\nCommands here:");
    let names = registry::installed(io.cluster, io.place);
    let mut line = String::new();
    for name in names {
        if line.len() + name.len() > 76 {
            io.say(format!("  {}", line.trim_end()));
            line.clear();
        }
        line += name;
        line.push(' ');
    }
    io.say(format!("  {}", line.trim_end()));
    if *io.place == Place::Laptop {
        io.say("\nInto a container:  kubectl exec -it POD -- sh");
        io.say("Onto a node:       minikube ssh -n NODE");
        io.say("One command's use: help COMMAND, or COMMAND --help");
    } else {
        io.say("\nexit, or Ctrl-D, leads back.");
    }
    Some(0)
}
