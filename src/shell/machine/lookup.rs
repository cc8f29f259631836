//! Which program a name stands for, at a place.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Dialect, Io, Machine, files_view};
use crate::cluster::{Flavour, Place, Process};
use crate::shell::commands::{self, Messages, Setting};
use crate::shell::foreground::run_in_foreground;
use crate::shell::{Tool, files, shells};

/// What a name stands for.
pub(super) enum Found {
    /// This command.
    Tool(Box<dyn Tool>),
    /// This server of the container's image.
    Server(Box<dyn Process>),
    /// Nothing that could run: the message and the exit code.
    Failed { message: String, status: i32 },
}

/// What a shell says of a file that may not be run.
fn forbidden(machine: &Machine, name: &str, path: &str) -> String {
    let state = &machine.state;
    let named = if state.dialect == Dialect::Bash { path } else { name };
    format!("{}{named}: Permission denied", state.prefix())
}

/// Finds the program called `name` and gives it its arguments.
pub(super) fn find(
    machine: &Machine,
    io: &Io<'_>,
    name: &str,
    arguments: &[String],
    environment: &BTreeMap<String, String>,
) -> Found {
    let state = &machine.state;
    let fail = |message: String, status: i32| Found::Failed { message, status };
    let plain = match name.rsplit_once('/') {
        None if let Some(told) = gone(machine, io, name) => return fail(told, 127),
        None => match on_path(machine, io, name, environment.get("PATH")) {
            OnPath::System => name,
            OnPath::File(path) => return script(machine, io, &path, arguments, environment),
            OnPath::Forbidden(path) => return fail(forbidden(machine, name, &path), 126),
            OnPath::Nowhere => return fail(state.not_found(name), 127),
        },
        Some((folder, plain)) if is_system(folder) => plain,
        // Images of one program have it in their root: `/agnhost`.
        Some(("", plain)) if commands::is_installed(io.cluster, &machine.state.place, plain) => {
            plain
        }
        Some(_) => return script(machine, io, name, arguments, environment),
    };
    if let ("help", Some(topic), Dialect::Bash) = (name, arguments.first(), state.dialect)
        && commands::usage(topic) == topic
    {
        let hint = format!("Try `help help' or `man -k {topic}' or `info {topic}'.");
        let told = format!("{}no help topics match `{topic}'.  {hint}", state.builtin("help"));
        return fail(told, 1);
    }
    if name == "compopt" && state.dialect == Dialect::Bash {
        return fail(format!("podhop: {name} is not simulated here"), 1);
    }
    if let Some(process) = server(machine, io, name, arguments, environment) {
        return match state.process {
            Some(_) => Found::Server(process),
            None => Found::Tool(run_in_foreground(process)),
        };
    }
    if !commands::is_installed(io.cluster, &state.place, plain) {
        return match commands::written(io.cluster, &state.place, plain) {
            Some(path) if files_view(io, &state.place).is_executable(&path) => {
                script(machine, io, &path, arguments, environment)
            }
            Some(path) => fail(forbidden(machine, name, &path), 126),
            None if is_left_out(io, &state.place, plain) => {
                let words = commands::words(io.cluster, &state.place);
                commands::misused(plain, arguments, words)
                    .map_or_else(|| fail(commands::not_simulated(plain), 127), Found::Tool)
            }
            None => fail(state.not_found(name), 127),
        };
    }
    let flavour = commands::client_flavour(io.cluster, &state.place, plain);
    let words = match flavour {
        Flavour::Gnu => Messages::Gnu,
        Flavour::BusyBox => commands::words(io.cluster, &state.place),
    };
    let ignored = &state.ignored_signals();
    let (place, process) = (&state.place, state.process);
    let setting = Setting { place, flavour, words, environment, process, ignored };
    match commands::find(plain, arguments, &setting) {
        Some(tool) => Found::Tool(tool),
        None => fail(commands::not_simulated(plain), 127),
    }
}

/// What bash says of a program that it does not look for: it is not where bash remembers it, or there is no
/// PATH, of which bash has one of its own where none is in the environment.
fn gone(machine: &Machine, io: &Io<'_>, name: &str) -> Option<String> {
    let state = &machine.state;
    let told = |path: &str| format!("{}{path}: No such file or directory", state.prefix());
    if state.dialect == Dialect::Bash && state.get("PATH").is_none() {
        return Some(told(name));
    }
    let (path, _) = state.hashed.get(name)?;
    let installed = |(folder, plain): (&str, &str)| {
        is_system(folder) && commands::is_installed(io.cluster, &state.place, plain)
    };
    let there =
        path.rsplit_once('/').is_some_and(installed) || files_view(io, &state.place).is_file(path);
    (!there).then(|| told(path))
}

/// Where a name without a slash leads, by the folders of `PATH`.
pub(super) enum OnPath {
    /// To the system's folders.
    System,
    /// To this file of somebody's own.
    File(String),
    /// To this file, which may not be run.
    Forbidden(String),
    /// Nowhere: the system's folders are not looked through.
    Nowhere,
}

/// Looks through the folders of `PATH`; without one, the system's are looked through.
pub(super) fn on_path(machine: &Machine, io: &Io<'_>, name: &str, path: Option<&String>) -> OnPath {
    let Some(path) = path else { return OnPath::System };
    let state = &machine.state;
    let view = files_view(io, &state.place);
    let is_there = |folder: &str| folder.len() > 1 && view.is_directory(folder);
    let mut forbidden = None;
    let mut system = false;
    for folder in path.split(':') {
        if is_system(folder) {
            system = true;
            if commands::is_installed(io.cluster, &state.place, name) {
                return OnPath::System;
            }
            continue;
        }
        let folder = if folder.is_empty() { "." } else { folder.trim_end_matches('/') };
        let file = format!("{folder}/{name}");
        let full = files::absolute(&state.place, &state.directory, &file);
        match view.is_file(&full) {
            true if view.is_executable(&full) => return OnPath::File(file),
            true => {
                forbidden.get_or_insert(file);
            }
            false => {}
        }
    }
    match (forbidden, system) {
        (Some(file), _) => OnPath::Forbidden(file),
        (None, true) => OnPath::System,
        // An image's own folder holds its programs.
        (None, false) => match state.place {
            Place::Container { .. } if path.split(':').any(is_there) => OnPath::System,
            _ => OnPath::Nowhere,
        },
    }
}

/// The server that the arguments start, in a container whose image has one.
fn server(
    machine: &Machine,
    io: &Io<'_>,
    name: &str,
    arguments: &[String],
    environment: &BTreeMap<String, String>,
) -> Option<Box<dyn Process>> {
    let place = &machine.state.place;
    if !matches!(place, Place::Container { .. }) {
        return None;
    }
    let mut all = vec![name.to_owned()];
    all.extend_from_slice(arguments);
    let environment =
        || environment.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    io.cluster.server(&all, &environment, place)
}

fn is_system(folder: &str) -> bool {
    matches!(folder, "/bin" | "/usr/bin" | "/usr/local/bin" | "/sbin" | "/usr/sbin")
}

/// A script of the user's own: `./check.sh`.
fn script(
    machine: &Machine,
    io: &Io<'_>,
    name: &str,
    arguments: &[String],
    environment: &BTreeMap<String, String>,
) -> Found {
    let state = &machine.state;
    let fail = |message: String, status: i32| Found::Failed { message, status };
    let view = files_view(io, &state.place);
    let path = files::absolute(&state.place, &state.directory, name);
    let text = match view.read(&path) {
        Ok(_) if !view.is_executable(&path) => {
            return fail(format!("{}{name}: Permission denied", state.prefix()), 126);
        }
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(why) if why == "Is a directory" => {
            let why =
                if state.dialect == Dialect::Bash { why.as_str() } else { "Permission denied" };
            return fail(format!("{}{name}: {why}", state.prefix()), 126);
        }
        Err(_) => return fail(state.not_found(name), 127),
    };
    let interpreter = text.lines().next().and_then(interpreter);
    let flavour = io.cluster.flavour(&state.place);
    let dialect = match interpreter {
        None => state.dialect,
        Some(program) if is_left_out(io, &state.place, program) => {
            return fail(commands::not_simulated(program), 126);
        }
        Some(program) if !commands::is_installed(io.cluster, &state.place, program) => {
            return fail(
                match state.dialect {
                    Dialect::Bash => {
                        format!("{}{name}: cannot execute: required file not found", state.prefix())
                    }
                    _ => state.not_found(name),
                },
                127,
            );
        }
        Some(program) => match Dialect::of_program(program, flavour) {
            Some(dialect) => dialect,
            None => {
                let told = format!("podhop: not simulated here: scripts of {program}");
                return fail(told, 126);
            }
        },
    };
    let mut inner = Machine::new(
        state.place.clone(),
        dialect,
        environment.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
    );
    inner.state.name = name.to_owned();
    inner.state.from_file = true;
    inner.state.positional = Arc::new(arguments.to_vec());
    if let Some(letters) = text.lines().next().and_then(interpreter_option)
        && inner.state.options.set_letters(letters).is_some()
    {
        return fail(format!("podhop: not simulated here: {program} {letters}", program = name), 2);
    }
    inner.state.directory.clone_from(&state.directory);
    inner.state.process = state.process;
    inner.shells = machine.shells / 2;
    inner.run_text(&text);
    Found::Tool(shells::script(inner))
}

/// Whether a program is one of those that the laptop would have, and podhop has not.
fn is_left_out(io: &Io<'_>, place: &Place, name: &str) -> bool {
    let of_system = || io.cluster.image(place).is_some_and(|image| image.holds(name));
    *place == Place::Laptop
        && !commands::is_installed(io.cluster, place, name)
        && (commands::is_real(name) || of_system())
}

/// The program that a script's first line names (`#!/bin/sh`, `#!/usr/bin/env bash`).
fn interpreter(first: &str) -> Option<&str> {
    let mut words = first.strip_prefix("#!")?.split_whitespace();
    let base = |path: &'_ str| -> usize { path.rfind('/').map_or(0, |at| at + 1) };
    let program = words.next()?;
    let program = &program[base(program)..];
    match program {
        "env" => words.find(|word| !word.starts_with('-') && !word.contains('=')),
        program => Some(program),
    }
}

/// The one option that the kernel passes on from a script's first line: `#!/bin/bash -eu`.
fn interpreter_option(first: &str) -> Option<&str> {
    let (_, rest) = first.strip_prefix("#!")?.trim().split_once([' ', '\t'])?;
    Some(rest.trim()).filter(|rest| rest.starts_with('-') && !rest.contains(' ') && *rest != "-")
}
