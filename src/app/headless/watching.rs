//! Commands that look at a folder, and do their work again whenever a file in it has changed.

use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use super::{Ended, Output, Usage, lint, read_files};
use crate::app::cli::LintArgs;
use crate::shell::Files;

/// How often the folder is looked at.
const EVERY: Duration = Duration::from_millis(200);

/// Calls `work` with the folder's files now and whenever they have changed, until it wants no more.
pub fn at_every_change(
    folder: &Path,
    mut work: impl FnMut(Result<Files, Usage>) -> bool,
) {
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
