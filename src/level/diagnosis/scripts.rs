//! Scripts that a shell could not read: the line that it says.

use super::{Diagnosis, Facts, is_manifest, locate};
use crate::cluster::Did;
use crate::diagnostic::{Location, Position};

/// A script whose lines end as Windows writes them: a shell takes the carriage return for part of a word.
pub(super) fn carriage_returns(facts: &Facts<'_>) -> Option<Diagnosis> {
    facts.case.run?.miss.as_ref()?;
    let scripts = facts
        .case
        .files
        .iter()
        .filter(|(file, _)| !is_manifest(file) && locate::mentions(&facts.case.goal.run, file));
    let (file, number) = scripts.into_iter().find_map(|(file, content)| {
        let text = String::from_utf8_lossy(content);
        let odd = |line: &str| line.ends_with('\r') && !line.trim_start().starts_with('#');
        let at = text.split('\n').position(odd)?;
        Some((file, u32::try_from(at + 1).ok()?))
    })?;
    let at = Location { file: file.as_str().into(), position: Position::new(number, 1) };
    Some(
        Diagnosis::new(
            "script-not-read",
            format!("lines of {file} end with a carriage return, as Windows writes them"),
        )
        .look([format!("cat -A {file}")])
        .fact("the shell takes the carriage return, which cat -A shows as ^M, for part of the line's last word")
        .fact(facts.quoted())
        .at(Some(at))
        .fix(format!("sed -i 's/\\r$//' {file}, and send again")),
    )
}

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
