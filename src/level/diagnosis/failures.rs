//! Commands of the player's scripts that failed by themselves: a wrong option, a file that is not there, a word
//! that a tool cannot read.
//!
//! What such a command says is quoted, and never read: that it failed, in which line and with which exit code
//! its shell has noted.

use super::containers::behind_c;
use super::{Diagnosis, Facts, look};
use crate::api::Pod;
use crate::cluster::{Deed, Did, Ending, Fetched, Place};
use crate::diagnostic::{Location, Position};
use crate::level::probe::Miss;
use crate::network::Outcome;

/// The last that the goal's command, or the container that it is about, did was to run a command that failed.
pub(super) fn diagnose(facts: &Facts<'_>) -> Option<Diagnosis> {
    let run = facts.case.run?;
    let miss = run.miss.as_ref()?;
    let deed = run.deeds.iter().rev().find(|deed| tells(&deed.did))?;
    let Did::CommandFailed(failed) = &deed.did else { return None };
    // What was answered before is no fault of the answer's, if the script itself ends badly.
    let answered = facts.connection.is_none_or(|trace| {
        matches!(trace.outcome, Outcome::Delivered { .. }) && matches!(miss, Miss::Exit { .. })
    }) && facts
        .fetched
        .is_none_or(|one| matches!(one.ending, Ending::Response { status } if status < 400));
    if !answered || facts.unresolved.is_some() {
        return None;
    }
    let line = Line::of(facts, &deed.place, failed.script.as_deref(), failed.line)?;
    let said = line.failed(facts, &failed.program, "", &failed.said);
    let ends = matches!(miss, Miss::Exit { received, .. } if *received == failed.exit);
    let ends = ends && line.is_script;
    Some(
        said.facts(
            ends.then(|| format!("that is the exit code of the script, too: {}", failed.exit)),
        ),
    )
}

/// Whether a deed says how something ended.
fn tells(did: &Did) -> bool {
    matches!(
        did,
        Did::CommandFailed(_)
            | Did::Fetched(_)
            | Did::NotResolved { .. }
            | Did::Missing { .. }
            | Did::ProgramMissing { .. }
            | Did::NotUnderstood { .. }
            | Did::NoContainer { .. }
            | Did::RolloutUnfinished { .. }
            | Did::ContainerDown
    )
}

impl Facts<'_> {
    /// The request at fault, where the URL that its client was given lacks its host, or has a colon and no
    /// port behind it (wget reads that one as a URL of FTP).
    pub(super) fn half_a_url(&self) -> Option<&Fetched> {
        self.fetched.filter(|fetched| {
            let (scheme, rest) =
                fetched.url.split_once("://").unwrap_or(("http", fetched.url.as_str()));
            let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
            if matches!(authority, "http:" | "https:") {
                return false;
            }
            let ftp = scheme == "ftp" && self.locator.mention(["ftp://"]).is_none();
            ftp || authority.is_empty() || authority.starts_with(':') || authority.ends_with(':')
        })
    }
}

/// A part of the URL was to come from a command of the player's, and that gave none.
pub(super) fn without_a_part(facts: &Facts<'_>) -> Option<Diagnosis> {
    let fetched = facts.half_a_url()?;
    let run = facts.case.run?;
    run.miss.as_ref()?;
    let at = run
        .deeds
        .iter()
        .rposition(|deed| matches!(&deed.did, Did::Fetched(one) if one == fetched))?;
    let before = run.deeds[..at].iter().rev();
    let mut before = before.take_while(|deed| !matches!(deed.did, Did::Fetched(_)));
    let mut silent: Option<&Deed> = None;
    let given = format!("the client was given {}", fetched.url);
    let lacks = ", so the address is not whole";
    let told = before.find_map(|deed| match &deed.did {
        Did::NothingPrinted { .. } | Did::Missing { .. } => Some(None),
        // kubectl found no pod, whose address was to be printed.
        Did::Sought(sought) if sought.found.is_empty() => Some(None),
        Did::CommandFailed(failed) => {
            let line = Line::of(facts, &deed.place, failed.script.as_deref(), failed.line);
            Some(line.map(|line| line.failed(facts, &failed.program, lacks, &failed.said)))
        }
        Did::NotUnderstood { command, why } => Some(silent.and_then(|nothing| {
            Some(Line::of_nothing(facts, nothing)?.failed(facts, command, lacks, why))
        })),
        Did::ProgramMissing { program } => Some(silent.and_then(|nothing| {
            Some(Line::of_nothing(facts, nothing)?.missing(facts, program, &deed.place))
        })),
        Did::NothingSubstituted { .. } => {
            silent = silent.or(Some(deed));
            None
        }
        _ => None,
    });
    let said = match (told, silent) {
        (Some(told), _) => told,
        (None, Some(nothing)) => Line::of_nothing(facts, nothing).map(|line| line.nothing(facts)),
        (None, None) => None,
    };
    Some(said?.fact(given))
}

/// Where the player's script ended badly, where nothing else tells why the goal's command did.
pub(super) fn ended(facts: &Facts<'_>, said: Diagnosis) -> Option<Diagnosis> {
    let run = facts.case.run?;
    let Some(Miss::Exit { received, .. }) = run.miss.as_ref() else { return None };
    let (place, script, line) = run.deeds.iter().rev().find_map(|deed| match &deed.did {
        Did::ScriptEnded { script, line, exit } if exit == received => {
            Some((&deed.place, script, *line))
        }
        _ => None,
    })?;
    let line = Line::of(facts, place, Some(script), line)?;
    let shown = line.shown();
    Some(
        said.look([line.look()])
            .fact(format!("the script ends there, at {shown}, with exit code {received}"))
            .facts(line.text(facts))
            .at(line.at)
            .fix(format!("see why {shown} fails, mend it, and send again")),
    )
}

/// A line of the player's, in a script of theirs or in a container's command.
struct Line<'a> {
    place: &'a Place,
    /// Whether it is one of a script that is a file.
    is_script: bool,
    number: u32,
    /// Where it stands; none where the player has not written it into a file.
    at: Option<Location>,
}

impl<'a> Line<'a> {
    fn of(
        facts: &Facts<'_>,
        place: &'a Place,
        script: Option<&str>,
        number: u32,
    ) -> Option<Line<'a>> {
        if let Some(script) = script {
            let name = script.trim_start_matches("./");
            let file = facts.case.files.keys().find(|file| *file == name)?;
            let at = Location { file: file.as_str().into(), position: Position::new(number, 1) };
            return Some(Line { place, is_script: true, number, at: Some(at) });
        }
        let Place::Container { namespace, pod, container } = place else { return None };
        // What the goal itself says in a container is no line of the player's.
        facts.case.goal.traffic.as_ref()?;
        let pod = facts.case.cluster.objects().get::<Pod>(namespace, pod)?;
        let at = behind_c(facts, pod, container, number).and_then(|(_, at)| at).or_else(|| {
            let name = pod.metadata.name.as_deref()?;
            let source = facts.pod_source(namespace, name)?;
            let specs = source.pod()?.pointer("/spec/containers")?.as_array()?;
            let index =
                specs.iter().position(|spec| spec["name"].as_str() == Some(&**container))?;
            let field =
                ["args", "command"].into_iter().find(|one| !specs[index][*one].is_null())?;
            source.line(&format!("spec.containers[{index}].{field}"))
        })?;
        Some(Line { place, is_script: false, number, at: Some(at) })
    }

    fn of_nothing(facts: &Facts<'_>, deed: &'a Deed) -> Option<Line<'a>> {
        match &deed.did {
            Did::NothingSubstituted { script, line } => {
                Line::of(facts, &deed.place, script.as_deref(), *line)
            }
            _ => None,
        }
    }

    /// `line 2 of visit.sh`, `container sidecar (multi.yaml:14)`
    fn shown(&self) -> String {
        match (&self.at, self.place) {
            (Some(at), Place::Container { container, .. }) if !self.is_script => {
                format!("container {container} ({at})")
            }
            (Some(at), _) => format!("line {} of {}", self.number, at.file),
            (None, _) => format!("line {}", self.number),
        }
    }

    fn text(&self, facts: &Facts<'_>) -> Option<String> {
        facts.locator.told(self.at.as_ref()?)
    }

    fn look(&self) -> String {
        match (&self.at, self.place) {
            (Some(at), _) if self.is_script => format!("cat -n {}", at.file),
            (_, Place::Container { namespace, pod, container }) => {
                look::log(namespace, pod, container)
            }
            _ => look::pods(""),
        }
    }

    fn fix(&self) -> String {
        let at = self.at.as_ref().map_or_else(|| self.shown(), ToString::to_string);
        match self.is_script {
            true => format!("mend {}, and send again", self.shown()),
            false => format!("mend {at}, apply, and send again"),
        }
    }

    /// A command of this line failed, with this consequence.
    fn failed(&self, facts: &Facts<'_>, program: &str, so: &str, words: &str) -> Diagnosis {
        let message = format!("{program} fails in {}{so}", self.shown());
        let said = Diagnosis::new("command-failed", message)
            .look([self.look()])
            .fact(format!("it says: {words}"))
            .facts(self.text(facts));
        let unset = self.unset(facts);
        said.facts(unset).at(self.at.clone()).fix(self.fix())
    }

    /// A variable that is unset or empty where the line uses it.
    fn unset(&self, facts: &Facts<'_>) -> Option<String> {
        let text = facts.locator.line(self.at.as_ref()?)?;
        let deeds = facts.case.run?.deeds.iter().rev();
        let mut names = deeds.filter_map(|deed| match &deed.did {
            Did::VariableUnset { name } => Some(name),
            _ => None,
        });
        let uses = |name: &str| {
            super::mentions(text, &format!("${name}")) || text.contains(&format!("${{{name}}}"))
        };
        let name = names.find(|name| uses(name))?;
        Some(format!("variable {name} is unset or empty there"))
    }

    /// A program that this line runs in `$( … )` is not there.
    fn missing(&self, facts: &Facts<'_>, program: &str, place: &Place) -> Diagnosis {
        let message = format!(
            "{} runs a program {program}, and there is none, so the address is not whole",
            self.shown()
        );
        let environment = facts.case.cluster.environment(place);
        let variable = environment.iter().any(|(name, _)| name == program);
        let said = Diagnosis::new("command-failed", message)
            .look([self.look()])
            .facts(self.text(facts))
            .at(self.at.clone());
        match variable {
            true => said
                .fact(format!("to a shell $({program}) is what a program prints, and ${program} is the variable"))
                .nearest(Some(format!("${program}")))
                .fix(match self.is_script {
                    true => format!("write ${program}, and send again"),
                    false => format!("write ${program}, apply, and send again"),
                }),
            false => said.fix(self.fix()),
        }
    }

    /// The commands in a `$( … )` of this line have printed nothing, and none of them says why.
    fn nothing(&self, facts: &Facts<'_>) -> Diagnosis {
        let message = format!(
            "the commands in $( … ) of {} print nothing, so the address is not whole",
            self.shown()
        );
        Diagnosis::new("command-failed", message)
            .look([self.look()])
            .facts(self.text(facts))
            .at(self.at.clone())
            .fix(format!("run the commands by themselves, part by part, and see which prints nothing; then {}", self.fix()))
    }
}
