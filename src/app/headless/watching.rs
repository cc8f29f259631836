//! Commands that look at a folder, and do their work again whenever a file in it has changed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::{Ended, FAILURE, Output, Usage, level, lint, read_files};
use crate::app::cli::{LintArgs, WatchArgs};
use crate::level::lint::{Played, play};
use crate::level::{Diagnosis, Level, Pack, Solution, Verdict};
use crate::shell::Files;

/// How often the folder is looked at.
const EVERY: Duration = Duration::from_millis(200);

/// Calls `work` with the folder's files now and whenever they have changed, until it wants no more.
pub fn at_every_change(folder: &Path, mut work: impl FnMut(Result<Files, Usage>) -> bool) {
    let mut last: Option<Files> = None;
    let mut failed = false;
    loop {
        match read_files(folder) {
            Ok(files) if last.as_ref() != Some(&files) => {
                last = Some(files.clone());
                failed = false;
                if !work(Ok(files)) {
                    return;
                }
            }
            Ok(_) => {}
            // An editor may be in the middle of replacing a file.
            Err(_) if !failed => failed = true,
            Err(usage) if last.take().is_some() => {
                if !work(Err(usage)) {
                    return;
                }
            }
            Err(_) => {}
        }
        thread::sleep(EVERY);
    }
}

/// `podhop lint DIR --watch`
pub fn lint_at_every_change(arguments: &LintArgs, folder: Option<&Path>) -> Ended {
    let Some(folder) = folder else {
        return Err(Usage("--watch looks at a pack's folder: podhop lint DIR --watch".to_owned()));
    };
    let mut out = Output::new();
    at_every_change(folder, |_| {
        if let Err(usage) = lint::once(arguments, Some(folder)) {
            usage.report();
        }
        out.line("watching for changes; Ctrl-C ends it");
        !out.is_closed()
    });
    Ok(ExitCode::SUCCESS)
}

/// The script that a watched folder may hold, typed once its manifests are applied.
const SCRIPT: &str = "solve.sh";

/// The steps of the ladder that a failure is told in.
const STEPS: usize = 5;

/// `podhop watch LEVEL`: writes the level's files into a folder, and checks the level whenever one of
/// them is saved.
pub fn watch(arguments: &WatchArgs, pack: &Pack) -> Ended {
    let level = level(pack, &arguments.level)?;
    super::check::asks_for_something(&level)?;
    let folder = arguments.dir.clone().unwrap_or_else(|| PathBuf::from(&level.name));
    super::files::is_folder(&folder)?;
    let mut out = Output::new();
    let written = write_files(&level, &folder)?;
    out.line(&level.title);
    out.line(&level.situation);
    out.line(format!(
        "Your files are in {}: {}. Save one, and the level is checked. Commands for the laptop go into \
         {SCRIPT}. Ctrl-C ends it.",
        folder.display(),
        written.join(", ")
    ));
    let mut watched = Watched { level, causes: Vec::new(), step: 1 };
    if arguments.everything {
        watched.step = STEPS;
    }
    if arguments.once {
        let solved = watched.check(read_files(&folder)?, arguments, &mut out);
        return Ok(if solved { ExitCode::SUCCESS } else { ExitCode::from(FAILURE) });
    }
    at_every_change(&folder, |files| {
        match files {
            Ok(files) => {
                watched.check(files, arguments, &mut out);
            }
            Err(usage) => {
                usage.report();
            }
        }
        !out.is_closed()
    });
    Ok(ExitCode::SUCCESS)
}

/// Writes the level's files, but those that are there already; their names.
fn write_files(level: &Level, folder: &Path) -> Result<Vec<String>, Usage> {
    let fails = |error: std::io::Error| Usage::cannot("write to", folder, &error);
    fs::create_dir_all(folder).map_err(fails)?;
    for (name, content) in &level.start {
        let path = folder.join(name);
        if !path.exists() {
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent).map_err(fails)?;
            }
            fs::write(path, content).map_err(fails)?;
        }
    }
    Ok(level.start.keys().cloned().collect())
}

/// A level that is watched, and how far its failures were told.
struct Watched {
    level: Arc<Level>,
    /// Why the goals failed the last time.
    causes: Vec<crate::level::diagnosis::Cause>,
    /// How many steps of the ladder are told.
    step: usize,
}

impl Watched {
    fn seed(&self, arguments: &WatchArgs) -> u64 {
        arguments.seed.unwrap_or(self.level.first_seed())
    }

    /// Plays the level with these files on a fresh cluster, and tells how the goals stand; whether they
    /// all pass.
    fn check(&mut self, mut files: Files, arguments: &WatchArgs, out: &mut Output) -> bool {
        for name in self.level.locked.iter().filter(|name| self.level.start.contains_key(*name)) {
            files.insert(name.clone(), self.level.start[name].clone());
        }
        let script = files.remove(SCRIPT).map(|text| String::from_utf8_lossy(&text).into_owned());
        let answer = Solution { name: "watched".to_owned(), files, script };
        let played = play(&self.level, Some(&answer), self.seed(arguments));
        self.climb(&played.verdict, arguments);
        self.tell(&played, out);
        played.verdict.solved
    }

    /// A step more where the causes are the same as before; the first where they are new.
    fn climb(&mut self, verdict: &Verdict, arguments: &WatchArgs) {
        let causes = verdict.goals.iter().filter_map(|goal| goal.diagnosis.as_ref());
        let causes: Vec<_> = causes.map(Diagnosis::cause).collect();
        if !arguments.everything {
            self.step = if causes == self.causes { (self.step + 1).min(STEPS) } else { 1 };
        }
        self.causes = causes;
    }

    fn tell(&self, played: &Played, out: &mut Output) {
        for file in &played.applied.files {
            file.diagnostics.iter().for_each(|one| out.line(format!("  {one}")));
            file.replaced
                .iter()
                .for_each(|one| out.line(format!("  {one} is replaced by a new one")));
        }
        let script = played.script.as_ref().map(crate::shell::Finished::texts).unwrap_or_default();
        (script.0 + &script.1).lines().for_each(|line| out.line(format!("  | {line}")));
        for (index, goal) in played.verdict.goals.iter().enumerate() {
            let sign = if goal.passed { '✓' } else { '✗' };
            out.line(format!("  {sign} {} ({} of {})", goal.say, goal.succeeded, goal.of));
            let Some(diagnosis) = &goal.diagnosis else { continue };
            match played.verdict.told_before(index) {
                Some(number) => out.line(format!("      for the same reason as goal {number}")),
                None => self.tell_why(&goal.printed, diagnosis, out),
            }
        }
        match played.verdict.solved {
            true => out.line(format!("solved. {}", self.level.debrief)),
            false if self.step < STEPS => {
                out.line("not solved; the next save that fails so says more")
            }
            false => out.line("not solved"),
        }
    }

    /// The ladder: what the client printed, where to look, the facts, the line, the way out.
    fn tell_why(&self, printed: &str, diagnosis: &Diagnosis, out: &mut Output) {
        let mut steps: [Vec<String>; STEPS] = Default::default();
        steps[0].push(format!("it printed: {printed}"));
        steps[1].extend(diagnosis.look.iter().map(|command| format!("look: {command}")));
        steps[2].push(diagnosis.message.clone());
        steps[2].extend(diagnosis.evidence.iter().map(|fact| format!("- {fact}")));
        steps[3].extend(diagnosis.at.as_ref().map(|at| format!("at {at}")));
        steps[3].extend(diagnosis.nearest.iter().map(|near| format!("- {near}")));
        steps[4].push(format!("way out: {}", diagnosis.fix));
        for line in steps.iter().take(self.step).flatten() {
            out.line(format!("      {line}"));
        }
    }
}
