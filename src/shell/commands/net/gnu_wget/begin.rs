//! What `wget` looks at before its first URL.

use std::collections::{BTreeMap, VecDeque};

use super::arguments::{Arguments, Asks};
use super::report::{self, Messages};
use super::request;
use super::tree::{Tree, links};
use super::{GENERIC, Session, USAGE, WgetState, read_url, usage};
use crate::shell::Io;
use crate::shell::commands::net::curl::Jar;
use crate::shell::commands::trouble::left_out;

impl Session {
    /// What is looked at before the first URL; an exit code ends it.
    pub(super) fn begin_all(
        arguments: &Arguments,
        words: Messages,
        io: &mut Io<'_>,
    ) -> Result<Session, i32> {
        if let Some(about) = arguments.about {
            io.say(if about == "help" { report::help() } else { report::VERSION.to_owned() });
            return Err(0);
        }
        io.put_error(arguments.told.concat().as_bytes());
        excludes(arguments, io)?;
        secrets(arguments, words, io)?;
        if let Some(file) = arguments.output.as_ref().filter(|file| io.is_file(file))
            && arguments.no_clobber
        {
            let file = words.quoted(file);
            words.tell(io, format!("File {file} already there; not retrieving.\n"));
            return Err(GENERIC);
        }
        if arguments.newer && arguments.output.is_some() {
            words.tell(io, "WARNING: timestamping does nothing in combination with -O. See the manual\nfor details.\n\n");
        }
        if let Err(told) = request::check(arguments, io) {
            io.write_error(told);
            return Err(GENERIC);
        }
        if let Some((file, continued)) = &arguments.log {
            let kept = if *continued { io.read_file(file).unwrap_or_default() } else { Vec::new() };
            if let Err(why) = io.write_file(file, &kept) {
                io.write_error(format!("{file}: {why}"));
                return Err(GENERIC);
            }
        }
        let home = io.environment.get("HOME").cloned().unwrap_or_default();
        words.debug(io, "DEBUG output created by Wget 1.21.3 on linux-gnu.\n\n");
        words.debug(io, format!("Reading HSTS entries from {home}/.wget-hsts\n"));
        let (waiting, exit) = urls(arguments, words, io)?;
        open_output(arguments, io)?;
        Ok(Session {
            begun: io.now(),
            many: waiting.len() > 1
                || arguments.list.is_some()
                || arguments.recursive
                || arguments.requisites,
            waiting,
            tree: Tree::default(),
            state: WgetState::Next,
            known: BTreeMap::new(),
            resolved: BTreeMap::new(),
            jar: kept_cookies(arguments, io),
            open: None,
            files: 0,
            bytes: 0,
            rest: None,
            written: false,
            exit,
        })
    }
}

/// Begins the file of `-O`: an exit code ends it.
fn open_output(arguments: &Arguments, io: &mut Io<'_>) -> Result<(), i32> {
    let file = arguments.output.as_ref().filter(|file| *file != "-" && *file != "/dev/null");
    let Some(file) = file.filter(|_| !arguments.spider) else { return Ok(()) };
    let kept = if arguments.resume { io.read_file(file).unwrap_or_default() } else { Vec::new() };
    io.write_file(file, &kept).map_err(|why| {
        // Not even `-q` hides it.
        io.write_error(format!("{file}: {why}"));
        GENERIC
    })
}

/// Options that exclude each other: an exit code ends it.
fn excludes(arguments: &Arguments, io: &mut Io<'_>) -> Result<(), i32> {
    let what = match () {
        () if arguments.families_named == [true, true] => {
            "Cannot specify both --inet4-only and --inet6-only."
        }
        () if arguments.quiet && arguments.verbose == Some(true) => {
            "Can't be verbose and quiet at the same time."
        }
        () => return Ok(()),
    };
    io.write_error(format!("{what}\nUsage: wget [OPTION]... [URL]..."));
    Err(GENERIC)
}

/// The URLs of the command line, and those of the list that it names, with the exit code so far: another
/// one ends it.
fn urls(
    arguments: &Arguments,
    words: Messages,
    io: &mut Io<'_>,
) -> Result<(VecDeque<String>, i32), i32> {
    let mut waiting: VecDeque<String> = arguments.urls.iter().cloned().collect();
    let Some(list) = &arguments.list else {
        if waiting.is_empty() {
            usage(io, "missing URL");
            return Err(GENERIC);
        }
        return Ok((waiting, 0));
    };
    let text = match list.as_str() {
        "-" => Ok(io.read_all().unwrap_or_default()),
        list => io.read_file(list),
    };
    if let Err(why) = &text {
        words.tell(io, format!("{list}: {why}\n"));
    }
    let text = String::from_utf8_lossy(&text.unwrap_or_default()).into_owned();
    let mut refused = false;
    let lines: Vec<String> = match arguments.list_is_page {
        true => links(&text).into_iter().map(|link| link.target).collect(),
        false => text.lines().map(|line| line.trim().to_owned()).collect(),
    };
    for line in lines.into_iter().filter(|line| !line.is_empty()) {
        match read_url(arguments, words, &line) {
            Ok(_) => waiting.push_back(line),
            Err(told) => {
                refused = true;
                words.tell(io, format!("{list}: Invalid URL {told}\n"));
            }
        }
    }
    if waiting.is_empty() {
        words.tell(io, format!("No URLs found in {list}.\n"));
    }
    Ok((waiting, if refused { GENERIC } else { 0 }))
}

/// Passwords that somebody is asked for, and own certificates: an exit code ends it.
fn secrets(arguments: &Arguments, words: Messages, io: &mut Io<'_>) -> Result<(), i32> {
    // What cannot be read is not shown to any server.
    let named = arguments.own_files.iter().find(|(_, file)| io.is_file(file));
    if let Some((flag, _)) = named {
        io.write_error(left_out("wget", format!("--{flag}")));
        return Err(USAGE);
    }
    match &arguments.asks {
        None => Ok(()),
        Some(Asks::Program(program)) if !io.is_file(program) => {
            io.write_error(format!("Error spawning {program}: 2"));
            Err(GENERIC)
        }
        Some(Asks::Terminal) if !io.stdin.terminal => {
            if arguments.user.is_none() {
                io.write_error("WARNING: No username set with --ask-password. This is usually not what you want.");
            }
            let user = arguments
                .user
                .as_ref()
                .map_or(String::new(), |user| format!(" for user {}", words.quoted(user)));
            io.put_error(format!("Password{user}: ").as_bytes());
            Err(GENERIC)
        }
        Some(asks) => {
            let flag = if *asks == Asks::Terminal { "--ask-password" } else { "--use-askpass" };
            io.write_error(left_out("wget", flag));
            Err(USAGE)
        }
    }
}

/// The cookies that are there from the beginning.
fn kept_cookies(arguments: &Arguments, io: &Io<'_>) -> Jar {
    let mut jar = Jar::default();
    jar.active = arguments.cookies;
    if let Some(file) = arguments.load_cookies.as_ref().filter(|_| arguments.cookies) {
        let text = io.read_file(file).unwrap_or_default();
        jar.read(&String::from_utf8_lossy(&text), false);
    }
    jar
}
