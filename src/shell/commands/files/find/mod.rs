//! `find`: tests and actions, joined as GNU's and BusyBox' `find` join them.

mod expression;
mod holds;
mod print;
mod regex_type;
mod run;
mod walk;

use crate::cluster::Flavour;
use crate::shell::commands::Setting;
use crate::shell::{Io, Step, Tool};
use run::Find;
use walk::Range;

/// What a find was told, until its first step.
#[derive(Clone)]
struct Told {
    arguments: Vec<String>,
    gnu: bool,
    running: Option<Box<Find>>,
}

impl Tool for Told {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        if self.running.is_none() {
            match begin(&self.arguments, self.gnu, io) {
                Ok(find) => self.running = Some(Box::new(find)),
                Err(message) => {
                    io.write_error(message);
                    return Step::Exit(1);
                }
            }
        }
        self.running.as_mut().map_or(Step::Exit(1), |find| find.step(io))
    }

    fn inner(&mut self) -> Option<&mut dyn Tool> {
        self.running.as_deref_mut().map(|find| find as &mut dyn Tool)
    }
}

pub(in crate::shell::commands) fn find(
    arguments: &[String],
    setting: &Setting<'_>,
) -> Box<dyn Tool> {
    let gnu = setting.flavour == Flavour::Gnu;
    Box::new(Told { arguments: arguments.to_vec(), gnu, running: None })
}

/// The options before the paths: how many words they take, and whether links are followed. How
/// hard GNU's thinks (`-O`) and what it tells of its thoughts (`-D`) never shows here.
///
/// # Errors
/// A level that is none.
fn leading(arguments: &[String], gnu: bool, io: &mut Io<'_>) -> Result<(usize, bool), String> {
    const THOUGHTS: &[&str] =
        &["exec", "opt", "rates", "search", "stat", "time", "tree", "all", "help"];
    let (mut at, mut follow) = (0, false);
    while let Some(word) = arguments.get(at) {
        at += 1;
        match word.as_str() {
            // The last of -H, -L and -P counts.
            "-H" | "-P" => follow = false,
            "-L" => follow = true,
            "--" if gnu => break,
            "-D" if gnu => {
                let what = arguments.get(at).map_or("", String::as_str);
                at += 1;
                for one in what.split(',').filter(|one| !THOUGHTS.contains(one)) {
                    io.write_error(format!("find: Ignoring unrecognised debug flag '{one}'"));
                }
            }
            level if gnu && level.starts_with("-O") => {
                let digits = &level[2..];
                if digits.is_empty() || digits.parse::<u16>().is_err() {
                    return Err(match digits {
                        "" => {
                            "find: The -O option must be immediately followed by a decimal integer"
                                .to_owned()
                        }
                        _ => {
                            "find: Please specify a decimal number immediately after -O".to_owned()
                        }
                    });
                }
            }
            _ => {
                at -= 1;
                break;
            }
        }
    }
    Ok((at, follow))
}

/// Reads the command line.
///
/// # Errors
/// What is wrong with it.
fn begin(arguments: &[String], gnu: bool, io: &mut Io<'_>) -> Result<Find, String> {
    let (skipped, follow) = leading(arguments, gnu, io)?;
    let arguments = &arguments[skipped..];
    let begins = |argument: &String| {
        argument.len() > 1 && argument.starts_with('-') || argument == "!" || argument == "("
    };
    let tests = arguments.iter().position(begins).unwrap_or(arguments.len());
    let (roots, tests) = arguments.split_at(tests);
    let range = Range { least: 0, most: usize::MAX, deep: false, follow };
    let expression = expression::read(tests, gnu, range, io)?;
    let roots = if roots.is_empty() { vec![".".to_owned()] } else { roots.to_vec() };
    for warning in &expression.warnings {
        io.write_error(warning);
    }
    for file in &expression.written {
        io.write_file(file, b"").map_err(|why| format!("find: '{file}': {why}"))?;
    }
    Ok(Find::new(roots, expression, gnu))
}
