//! Scripts that a shell could not read: the line that it says.

use super::{Diagnosis, Facts};
use crate::cluster::Did;
use crate::diagnostic::{Location, Position};

/// The goal's command ended where a shell could not read or expand a line of a script.
pub(super) fn diagnose(facts: &Facts<'_>) -> Option<Diagnosis> {
    let run = facts.case.run?;
    run.miss.as_ref()?;
    // A request that came after it tells more.
    let last = run.deeds.iter().rev().find_map(|deed| match &deed.did {
        Did::ScriptStopped { script: Some(script), line, why } => Some(Some((script, *line, why))),
        Did::Fetched(_) => Some(None),
        _ => None,
    });
    let (script, line, why) = last.flatten()?;
    let name = script.trim_start_matches("./");
    let file = facts.case.files.keys().find(|file| *file == name)?;
    let at = Location { file: file.as_str().into(), position: Position::new(line, 1) };
    let text =
        facts.locator.line(&at).map(|text| format!("line {line} of {file}: {}", text.trim()));
    Some(
        Diagnosis::new(
            "script-not-read",
            format!("the shell stops at line {line} of {file}: {why}"),
        )
        .look([format!("cat -n {file}")])
        .facts(text)
        .fact("a shell that cannot read a command ends its script there, and nothing is sent")
        .at(Some(at))
        .fix(format!(
            "mend line {line} of {file}, or the quotes and brackets before it, and send again"
        )),
    )
}
