//! `xargs`: words of standard input become arguments.

use std::collections::VecDeque;

use super::run::start;
use crate::shell::commands::options::Grammar;
use crate::shell::commands::{Setting, failed};
use crate::shell::machine::Machine;
use crate::shell::syntax::unescape;
use crate::shell::{Interrupted, Io, Stdin, Step, Tool};

/// `xargs`: words of standard input become arguments.
#[derive(Clone)]
struct Xargs {
    command: Vec<String>,
    /// `-n`: how many words a command gets.
    most: Option<usize>,
    /// `-I`: what a whole line is put in place of.
    place: Option<String>,
    separator: Option<char>,
    trace: bool,
    no_empty: bool,
    /// Commands that are still to be run; `None` before standard input has ended.
    queue: Option<VecDeque<Vec<String>>>,
    running: Option<Machine>,
    status: i32,
}

impl Xargs {
    fn plan(&self, text: &str) -> VecDeque<Vec<String>> {
        let words = match (self.separator, &self.place) {
            (Some(separator), _) => {
                let text = text.strip_suffix(separator).unwrap_or(text);
                text.split(separator).map(str::to_owned).collect()
            }
            (None, Some(_)) => {
                let lines = text.lines().map(|line| line.trim_start().to_owned());
                lines.filter(|line| !line.is_empty()).collect()
            }
            (None, None) => words(text),
        };
        if let Some(place) = &self.place {
            let filled = words.iter().map(|word| {
                self.command.iter().map(|part| part.replace(place.as_str(), word)).collect()
            });
            return filled.collect();
        }
        if words.is_empty() {
            let once = (!self.no_empty).then(|| self.command.clone());
            return once.into_iter().collect();
        }
        let groups = words.chunks(self.most.unwrap_or(usize::MAX).max(1));
        groups.map(|group| [self.command.as_slice(), group].concat()).collect()
    }
}

/// Words between blanks; quotes keep blanks, a backslash any character.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut current: Option<String> = None;
    let mut quote = None;
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(open), close) if open == close => quote = None,
            (Some(_), letter) => current.get_or_insert_default().push(letter),
            (None, '\'' | '"') => {
                quote = Some(letter);
                current.get_or_insert_default();
            }
            (None, '\\') => current.get_or_insert_default().extend(letters.next()),
            (None, letter) if letter.is_whitespace() => words.extend(current.take()),
            (None, letter) => current.get_or_insert_default().push(letter),
        }
    }
    words.extend(current);
    words
}

impl Tool for Xargs {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        if self.queue.is_none() {
            let Some(bytes) = io.read_all() else { return Step::Input };
            self.queue = Some(self.plan(&String::from_utf8_lossy(&bytes)));
        }
        loop {
            if let Some(machine) = &mut self.running {
                let mut nothing = Stdin::default();
                let step = {
                    let mut inner = io.at(io_place(io));
                    inner.stdin = &mut nothing;
                    machine.step(&mut inner)
                };
                match step {
                    Step::Exit(status) => {
                        self.running = None;
                        match status {
                            0 => {}
                            255 => return Step::Exit(124),
                            126 | 127 => return Step::Exit(status),
                            _ => self.status = 123,
                        }
                    }
                    wait => return wait,
                }
            }
            let next = self.queue.as_mut().and_then(VecDeque::pop_front);
            let Some(command) = next else { return Step::Exit(self.status) };
            if self.trace {
                io.complain(command.join(" "));
            }
            match start(io, &command, io.environment) {
                Ok(machine) => self.running = Some(machine),
                Err(why) => {
                    io.complain(format!("xargs: {why}"));
                    return Step::Exit(127);
                }
            }
        }
    }

    fn interrupt(&mut self, io: &mut Io<'_>) -> Interrupted {
        if let Some(machine) = &mut self.running {
            machine.interrupt(io);
        }
        Interrupted::Ended
    }

    fn clone_box(&self) -> Box<dyn Tool> {
        Box::new(self.clone())
    }
}

fn io_place<'a>(io: &Io<'a>) -> &'a crate::cluster::Place {
    io.place
}

pub(in crate::shell::commands) fn xargs(
    arguments: &[String],
    setting: &Setting<'_>,
) -> Box<dyn Tool> {
    const GRAMMAR: Grammar = Grammar {
        name: "xargs",
        short: "n:L:I:i0rtd:P:s:p",
        long: &[("no-run-if-empty", 'r'), ("null", '0'), ("max-args", 'n'), ("verbose", 't')],
        stops: true,
    };
    let options = match GRAMMAR.parse(arguments, setting.words) {
        Ok(options) => options,
        Err(message) => return failed(message, 1),
    };
    let count = options.value('n').or(options.value('L'));
    let most = match count.map(str::parse::<usize>) {
        None => None,
        Some(Ok(most)) if most > 0 => Some(most),
        Some(_) => {
            return failed(
                format!("xargs: invalid number \"{}\" for -n option", count.unwrap_or("")),
                1,
            );
        }
    };
    let command = match options.operands.is_empty() {
        true => vec!["echo".to_owned()],
        false => options.operands.clone(),
    };
    let separator = match (options.has('0'), options.value('d')) {
        (true, _) => Some('\0'),
        (false, Some(text)) => unescape(text).chars().next(),
        (false, None) => None,
    };
    Box::new(Xargs {
        command,
        most,
        place: options.value('I').map(str::to_owned).or(options.has('i').then(|| "{}".to_owned())),
        separator,
        trace: options.has('t'),
        // BusyBox and GNU both run once without words; -r says not to.
        no_empty: options.has('r'),
        queue: None,
        running: None,
        status: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xargs_reads_quoted_words() {
        assert_eq!(words("a 'b c'\n\"d\"e f\\ g"), ["a", "b c", "de", "f g"]);
    }
}
