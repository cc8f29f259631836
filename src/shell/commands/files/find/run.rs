//! A run of `find`: each file is tried, and what the expression says is done.

use std::collections::VecDeque;

use super::super::folders::remove_empty;
use super::super::messages::agreed;
use super::expression::{Expression, Manner, Test};
use super::holds::fits;
use super::print::{listed, printed};
use super::walk::{Found, Range, walk};
use crate::shell::commands::system::run::start;
use crate::shell::machine::Machine;
use crate::shell::{Interrupted, Io, Stdin, Step, Tool};

/// A `find` that runs.
#[derive(Clone)]
pub(super) struct Find {
    test: Test,
    acts: bool,
    range: Range,
    queue: VecDeque<Found>,
    roots: VecDeque<String>,
    /// Below this folder nothing more is looked at.
    pruned: Option<String>,
    /// The folder that is gone into next.
    entered: Option<String>,
    /// What the commands of the current file have come to.
    answers: Vec<i32>,
    /// Names for the commands that get many.
    many: Vec<Vec<String>>,
    commands: Vec<Vec<String>>,
    running: Option<Machine>,
    flushing: Option<usize>,
    status: i32,
    gnu: bool,
    over: bool,
}

/// What a test comes to: it holds or not, or a command has to run first.
enum Came {
    Holds(bool),
    /// The words, and the folder in which they are run.
    Run(Vec<String>, Option<String>),
    /// Somebody has to answer first.
    Wait,
    Over,
}

impl Find {
    /// A find that has not begun.
    pub(super) fn new(roots: Vec<String>, expression: Expression, gnu: bool) -> Find {
        let Expression { test, acts, range, many, .. } = expression;
        Find {
            test,
            acts,
            range,
            queue: VecDeque::new(),
            roots: roots.into(),
            pruned: None,
            entered: None,
            answers: Vec::new(),
            many: vec![Vec::new(); many],
            commands: vec![Vec::new(); many],
            running: None,
            flushing: None,
            status: 0,
            gnu,
            over: false,
        }
    }

    /// Tries a test on a file; `at` counts the commands that were asked for.
    fn holds(&mut self, test: &Test, one: &Found, at: &mut usize, io: &mut Io<'_>) -> Came {
        if let Some(holds) = fits(test, one, io) {
            return Came::Holds(holds);
        }
        // What a file's commands come to is asked again: everything else is done the first time only.
        let now = *at == self.answers.len();
        match test {
            Test::Quit => Came::Over,
            Test::Run(words, Some(number), _) => {
                if now {
                    self.many[*number].push(one.path.clone());
                }
                self.commands[*number].clone_from(words);
                Came::Holds(true)
            }
            Test::Run(words, None, manner) => {
                *at += 1;
                match self.answers.get(*at - 1) {
                    Some(status) => Came::Holds(*status == 0),
                    None => self.wants(words, *manner, one, io),
                }
            }
            Test::Not(inner) => match self.holds(inner, one, at, io) {
                Came::Holds(holds) => Came::Holds(!holds),
                other => other,
            },
            Test::And(all) | Test::Or(all) => {
                let stops = matches!(test, Test::Or(_));
                for inner in all {
                    match self.holds(inner, one, at, io) {
                        Came::Holds(holds) if holds == stops => return Came::Holds(stops),
                        Came::Holds(_) => {}
                        other => return other,
                    }
                }
                Came::Holds(!stops)
            }
            Test::List(all) => {
                let mut last = true;
                for inner in all {
                    match self.holds(inner, one, at, io) {
                        Came::Holds(holds) => last = holds,
                        other => return other,
                    }
                }
                Came::Holds(last)
            }
            acting => Came::Holds(!now || self.act(acting, one, io)),
        }
    }

    /// A command has to run for a file, unless somebody says no.
    fn wants(&mut self, words: &[String], manner: Manner, one: &Found, io: &mut Io<'_>) -> Came {
        let inner = format!("./{}", one.name());
        let path = if manner.inside { &inner } else { &one.path };
        let filled: Vec<String> = words.iter().map(|word| word.replace("{}", path)).collect();
        if manner.asks {
            if !io.stdin.ended() {
                return Came::Wait;
            }
            if !agreed(io, &format!("< {} ... {} > ? ", filled[0], one.path)) {
                self.answers.push(1);
                return Came::Holds(false);
            }
        }
        let above = one.path.trim_end_matches('/').rsplit_once('/');
        let folder = above.map_or(".", |(folder, _)| folder).to_owned();
        Came::Run(filled, manner.inside.then_some(folder))
    }

    /// Does what an action says; whether it succeeded.
    fn act(&mut self, test: &Test, one: &Found, io: &mut Io<'_>) -> bool {
        match test {
            Test::Write(file, _) | Test::WriteFormat(file, _) => {
                let text = match test {
                    Test::WriteFormat(_, format) => printed(format, one, io),
                    Test::Write(_, end) => format!("{}{end}", one.path),
                    _ => String::new(),
                };
                let mut content = io.read_file(file).unwrap_or_default();
                content.extend(text.bytes());
                if let Err(why) = io.write_file(file, &content) {
                    io.write_error(format!("find: failed to write to '{file}': {why}"));
                    self.status = 1;
                }
            }
            Test::Details => {
                let text = listed(one, io);
                io.stdout.extend_from_slice(text.as_bytes());
            }
            Test::Prune => {
                self.entered = None;
                self.pruned = Some(format!("{}/", one.path.trim_end_matches('/')));
            }
            Test::Print(end) => {
                io.stdout.extend_from_slice(one.path.as_bytes());
                io.stdout.extend(end.to_string().bytes());
            }
            Test::Printf(format) => {
                let text = printed(format, one, io);
                io.stdout.extend_from_slice(text.as_bytes());
            }
            Test::Delete => return self.delete(one, io),
            _ => {}
        }
        true
    }

    fn delete(&mut self, one: &Found, io: &mut Io<'_>) -> bool {
        let done = match one.folder {
            true if one.path == "." => Ok(()),
            true => remove_empty(io, &one.path),
            false => io.remove_file(&one.path),
        };
        if let Err(why) = done {
            io.write_error(format!("find: cannot delete '{}': {why}", one.path));
            self.status = 1;
            return false;
        }
        true
    }

    /// The next file; `None` when there are no more.
    fn next(&mut self, io: &mut Io<'_>) -> Option<Found> {
        // A folder that a command took away cannot be gone into.
        if let Some(folder) = self.entered.take().filter(|path| io.facts(path, false).is_err()) {
            self.pruned = Some(format!("{}/", folder.trim_end_matches('/')));
            if self.gnu {
                io.write_error(format!("find: '{folder}': No such file or directory"));
                self.status = 1;
            }
        }
        loop {
            if let Some(one) = self.queue.pop_front() {
                let below = self
                    .pruned
                    .as_ref()
                    .is_some_and(|folder| one.path.starts_with(folder.as_str()));
                if below && !self.range.deep
                    || one.depth < self.range.least
                    || one.depth > self.range.most
                {
                    continue;
                }
                if let Err(why) = io.facts(&one.path, one.follow)
                    && why.starts_with("Too many")
                {
                    io.write_error(format!("find: '{}': {why}", one.path));
                    self.status = 1;
                    continue;
                }
                let enters = one.folder && !self.range.deep && one.depth < self.range.most;
                self.entered = enters.then(|| one.path.clone());
                return Some(one);
            }
            let root = self.roots.pop_front()?;
            if let Err(why) = io.facts(&root, false) {
                io.write_error(match self.gnu {
                    true => format!("find: '{root}': {why}"),
                    false => format!("find: {root}: {why}"),
                });
                self.status = 1;
                continue;
            }
            self.pruned = None;
            self.queue = walk(io, &root, self.range).into();
        }
    }

    /// Goes on with the command that runs; `Some` when it waits.
    fn step_command(&mut self, io: &mut Io<'_>) -> Option<Step> {
        let machine = self.running.as_mut()?;
        let mut nothing = Stdin::default();
        let step = {
            let mut inner = io.at(io.place);
            inner.stdin = &mut nothing;
            machine.step(&mut inner)
        };
        let Step::Exit(status) = step else { return Some(step) };
        self.running = None;
        match self.flushing {
            Some(_) if status != 0 => self.status = 1,
            Some(_) => {}
            None => self.answers.push(status),
        }
        None
    }

    fn run(&mut self, words: &[String], folder: Option<String>, io: &mut Io<'_>) {
        let folder = folder.map(|folder| io.absolute(&folder));
        let mut inner = io.at(io.place);
        inner.directory = folder.as_deref().unwrap_or(inner.directory);
        match start(&inner, words, inner.environment) {
            Ok(machine) => self.running = Some(machine),
            Err(refused) => {
                io.write_error(format!("find: '{}': {}", refused.name, refused.why));
                self.answers.push(refused.exit());
            }
        }
    }
}

impl Tool for Find {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        loop {
            if let Some(step) = self.step_command(io) {
                return step;
            }
            if let Some(number) = self.flushing {
                if number >= self.many.len() {
                    return Step::Exit(self.status);
                }
                self.flushing = Some(number + 1);
                let names = std::mem::take(&mut self.many[number]);
                if !names.is_empty() {
                    let words = [self.commands[number].as_slice(), &names].concat();
                    self.run(&words, None, io);
                }
                continue;
            }
            let next = if self.over { None } else { self.next(io) };
            let Some(one) = next else {
                self.flushing = Some(0);
                continue;
            };
            let test = self.test.clone();
            match self.holds(&test, &one, &mut 0, io) {
                Came::Run(words, folder) => {
                    self.queue.push_front(one);
                    self.entered = None;
                    self.run(&words, folder, io);
                    continue;
                }
                Came::Wait => {
                    self.queue.push_front(one);
                    self.entered = None;
                    return Step::Input;
                }
                Came::Over => self.over = true,
                Came::Holds(true) if !self.acts => io.say(&one.path),
                Came::Holds(_) => {}
            }
            self.answers.clear();
        }
    }

    fn interrupt(&mut self, io: &mut Io<'_>) -> Interrupted {
        if let Some(machine) = &mut self.running {
            machine.interrupt(io);
        }
        Interrupted::Ended
    }
}
