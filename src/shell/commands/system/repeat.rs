//! `yes` and `seq`.

use std::time::Duration;

use crate::shell::commands::failed;
use crate::shell::{Io, Step, Tool};

/// Lines that `yes` writes before it waits for its reader.
const BURST: usize = 2_000;

/// How long it then waits.
const PAUSE: Duration = Duration::from_millis(100);

#[derive(Clone)]
struct Yes(String);

impl Tool for Yes {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        for _ in 0..BURST {
            io.say(&self.0);
        }
        Step::Until(io.now() + PAUSE)
    }

    fn clone_box(&self) -> Box<dyn Tool> {
        Box::new(self.clone())
    }
}

pub(in crate::shell::commands) fn yes(arguments: &[String]) -> Box<dyn Tool> {
    let text = arguments.join(" ");
    Box::new(Yes(if text.is_empty() { "y".to_owned() } else { text }))
}

/// Numbers that `seq` prints at most.
const MOST: usize = 200_000;

pub(in crate::shell::commands) fn seq(arguments: &[String]) -> Box<dyn Tool> {
    let mut separator = "\n".to_owned();
    let mut equal = false;
    let mut numbers = Vec::new();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "-s" => separator = rest.next().cloned().unwrap_or_default(),
            "-w" => equal = true,
            text => match text.parse::<f64>() {
                Ok(number) if number.is_finite() => numbers.push((text.to_owned(), number)),
                _ => {
                    return failed(
                        format!(
                            "seq: invalid floating point argument: '{text}'\nTry 'seq --help' for more information."
                        ),
                        1,
                    );
                }
            },
        }
    }
    let one = ("1".to_owned(), 1.0);
    let (first, step, last) = match numbers.as_slice() {
        [] => return failed("seq: missing operand\nTry 'seq --help' for more information.", 1),
        [last] => (one.clone(), one, last.clone()),
        [first, last] => (first.clone(), one, last.clone()),
        [first, step, last, ..] => (first.clone(), step.clone(), last.clone()),
    };
    if step.1 == 0.0 {
        return failed(format!("seq: invalid Zero increment value: '{}'", step.0), 1);
    }
    let decimals = |text: &str| text.split_once('.').map_or(0, |(_, digits)| digits.len());
    let places = decimals(&first.0).max(decimals(&step.0));
    let mut shown = Vec::new();
    for index in 0..MOST {
        let number = first.1 + step.1 * index as f64;
        let beyond = if step.1 > 0.0 { number > last.1 + 1e-9 } else { number < last.1 - 1e-9 };
        if beyond {
            break;
        }
        shown.push(format!("{number:.places$}"));
    }
    if equal {
        let width = shown.iter().map(String::len).max().unwrap_or(0);
        shown.iter_mut().for_each(|text| *text = format!("{text:0>width$}"));
    }
    Box::new(Text(if shown.is_empty() { String::new() } else { shown.join(&separator) + "\n" }))
}

/// A command that prints a text.
#[derive(Clone)]
struct Text(String);

impl Tool for Text {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        io.stdout.extend_from_slice(self.0.as_bytes());
        Step::Exit(0)
    }

    fn clone_box(&self) -> Box<dyn Tool> {
        Box::new(self.clone())
    }
}
