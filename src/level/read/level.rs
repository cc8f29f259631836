//! One level's files become a [`Level`].

use std::collections::BTreeMap;
use std::time::Duration;

use super::bounds::{self, Bounds};
use super::schema::{
    ClaimFile, CoachFile, EventFile, FamiliesFile, GoalFile, HintFile, IngressFile, LevelFile,
    MistakeFile, MomentFile, ProviderFile, RepeatFile,
};
use super::{Folder, asks, typed};
use crate::api::{Kind, LabelSelector, validation};
use crate::diagnostic::Diagnostic;
use crate::level::PlaceName;
use crate::level::format::{
    Changes, Claim, Coach, Event, Expect, Goal, Hint, Level, Mistake, Moment, Repeat, Solution,
    When, Which,
};
use crate::manifest;
use crate::shell::Files;

/// Reads the level in the folder `name`, which `pack.yaml` lists in `chapter`.
pub(super) fn level(
    files: &Files,
    (chapter, name): (&str, &str),
    number: u32,
    errors: &mut Vec<Diagnostic>,
) -> Option<Level> {
    let path = format!("{name}/level.yaml");
    let (file, source) = typed::<LevelFile>(files, &path, errors)?;
    let folder = Folder { files, path: format!("{name}/") };
    let mistakes = mistakes(&folder, file.goals.len(), errors);
    let solutions = folder.subfolders("solutions/");
    let solutions: Vec<Solution> =
        solutions.into_iter().map(|(name, files)| answer(name, files)).collect();
    folder.stray_files(errors);
    let mut bounds = Bounds { source: &source, errors };
    whole(&file, chapter, &mut bounds);
    let nodes = bounds.number("cluster.nodes", file.cluster.nodes, bounds::NODES);
    let goals = goals(file.goals, &mut bounds);
    let events = events(file.events, &goals, &mut bounds);
    let claims = claims(file.claims, &mut bounds);
    let hints = hints(file.hints, goals.len(), &mut bounds);
    let question = file
        .question
        .map(|file| asks::question(file, goals.len(), (&solutions, &mistakes), &mut bounds));
    let difficulty =
        file.difficulty.map(|value| bounds.number("difficulty", value, bounds::DIFFICULTY));
    spare(&file.spare, &solutions, &mut bounds);
    names(&file.refused, &file.locked, &folder, &mut bounds);
    worked(&hints, &solutions, &mut bounds);
    starts(&folder, &solutions, &mut bounds);
    Some(Level {
        name: name.to_owned(),
        number,
        title: file.title.trim().to_owned(),
        chapter: file.chapter,
        teaches: file.teaches,
        difficulty: difficulty.map(|value| value as u8),
        myth: file.myth,
        situation: file.situation.trim().to_owned(),
        nodes,
        zones: file.cluster.zones,
        dual_stack: file.cluster.ip_families == Some(FamiliesFile::DualStack),
        ingress: file.cluster.ingress == Some(IngressFile::Nginx),
        cloud: file.cluster.load_balancer == Some(ProviderFile::Cloud),
        locked: file.locked,
        opening: file.opening,
        claims,
        refused: file.refused,
        allows: file.allows,
        goals,
        events,
        hints,
        coach: file.coach.into_iter().map(coach).collect(),
        question,
        spare: file.spare,
        debrief: file.debrief.trim().to_owned(),
        real: file.real,
        par_edits: file.par.edits.and_then(|edits| u32::try_from(edits).ok()),
        incident: None,
        world: folder.below("world/"),
        start: folder.below("start/"),
        solutions,
        mistakes,
        source,
    })
}

/// What can be said of the file as a whole: its chapter, its zones, how long its lists are.
fn whole(file: &LevelFile, chapter: &str, bounds: &mut Bounds<'_>) {
    if file.chapter != chapter {
        let message = format!("expected chapter {chapter}, received {:?}", file.chapter);
        bounds.error("chapter", message, "name the chapter that pack.yaml lists the level in");
    }
    bounds.length("cluster.zones", file.cluster.zones.len(), bounds::ZONES);
    for (index, zone) in file.cluster.zones.iter().enumerate() {
        if zone.is_empty() || !validation::names::label_value(zone).is_empty() {
            let message = format!("{zone:?} is no name of a zone");
            bounds.error(&format!("cluster.zones[{index}]"), message, "for example: zone-a");
        }
    }
    let lists = [
        ("goals", file.goals.len()),
        ("events", file.events.len()),
        ("claims", file.claims.len()),
        ("hints", file.hints.len()),
        ("coach", file.coach.len()),
    ];
    for (name, length) in lists {
        bounds.length(name, length, bounds::ENTRIES);
    }
}

fn mistakes(folder: &Folder<'_>, goals: usize, errors: &mut Vec<Diagnostic>) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    for (name, mut files) in folder.subfolders("mistakes/") {
        let expect = format!("{}mistakes/{name}/expect.yaml", folder.path);
        files.remove("expect.yaml");
        let Some((expected, source)) = typed::<MistakeFile>(folder.files, &expect, errors) else {
            continue;
        };
        let mut bounds = Bounds { source: &source, errors };
        let goal = asks::goal(expected.goal, goals, "goal", &mut bounds);
        if files.is_empty() {
            let message = "this mistake has neither a file nor solve.sh".to_owned();
            bounds.error("", message, "add the files as a player would have them");
        }
        if let Some(at) = &expected.at {
            points(at, &files, folder, &mut bounds);
        }
        mistakes.push(Mistake {
            answer: answer(name, files),
            goal: goal as u32 + 1,
            diagnosis: expected.diagnosis,
            at: expected.at,
            source,
        });
    }
    mistakes
}

/// The line that a mistake's diagnosis is at is one of its own files or of the level's.
fn points(at: &str, files: &Files, folder: &Folder<'_>, bounds: &mut Bounds<'_>) {
    let Some((file, line)) = at.rsplit_once(':') else { return };
    let start = folder.below("start/");
    let Some(content) = files.get(file).or_else(|| start.get(file)) else {
        let names = files.keys().chain(start.keys()).map(String::as_str);
        let help = match crate::diagnostic::nearest(file, names) {
            Some(near) => format!("did you mean {near}?"),
            None => "name a file of the mistake or of start/, without its folder".to_owned(),
        };
        return bounds.error("at", format!("there is no file {file}"), help);
    };
    let lines = String::from_utf8_lossy(content).lines().count();
    if line.parse::<usize>().is_ok_and(|line| line > lines) {
        bounds.error("at", format!("{file} has no line {line}"), format!("it has {lines} lines"));
    }
}

/// Files that the level names have to exist.
fn names(refused: &[String], locked: &[String], folder: &Folder<'_>, bounds: &mut Bounds<'_>) {
    for (index, file) in refused.iter().enumerate() {
        if !folder.files.contains_key(&format!("{}{file}", folder.path)) {
            let help = "name a manifest as start/NAME or world/NAME";
            bounds.error(&format!("refused[{index}]"), format!("there is no file {file}"), help);
        }
    }
    for (index, file) in locked.iter().enumerate() {
        if !folder.files.contains_key(&format!("{}start/{file}", folder.path)) {
            let message = format!("there is no file start/{file}");
            bounds.error(&format!("locked[{index}]"), message, "name a file of start/");
        }
    }
}

/// Worked examples are solutions that exist, and a hint says something.
fn worked(hints: &[Hint], solutions: &[Solution], bounds: &mut Bounds<'_>) {
    for (index, hint) in hints.iter().enumerate() {
        let path = format!("hints[{index}]");
        let Some(name) = &hint.worked else {
            if hint.say.trim().is_empty() {
                let help = "give it a text with say, or a solution with worked";
                bounds.error(&path, "the hint has no text".to_owned(), help);
            }
            continue;
        };
        if !solutions.iter().any(|solution| solution.name == *name) {
            let names = solutions.iter().map(|solution| solution.name.as_str());
            let help = match crate::diagnostic::nearest(name, names) {
                Some(near) => format!("did you mean solutions/{near}?"),
                None => "name one of the folders of solutions/".to_owned(),
            };
            bounds.error(&format!("{path}.worked"), format!("there is no solution {name}"), help);
        }
    }
}

/// Whoever edits files has files to begin with.
fn starts(folder: &Folder<'_>, solutions: &[Solution], bounds: &mut Bounds<'_>) {
    let edits = solutions.iter().find(|solution| !solution.files.is_empty());
    if let Some(solution) = edits.filter(|_| folder.below("start/").is_empty()) {
        let message = format!("solution {} has files, and there is no start/", solution.name);
        let help = "add start/ with the files that the player edits; a level that is played in the \
                    terminal alone has solutions of solve.sh alone";
        bounds.error("", message, help);
    }
}

fn goals(files: Vec<GoalFile>, bounds: &mut Bounds<'_>) -> Vec<Goal> {
    let mut goals = Vec::new();
    for (index, file) in files.into_iter().enumerate() {
        goals.push(goal(file, &format!("goals[{index}]"), bounds));
    }
    let requests = goals.iter().map(|goal: &Goal| u64::from(goal.repeat.at_most)).sum();
    if !goals.is_empty() {
        bounds.number("goals", requests, bounds::REQUESTS);
    }
    goals
}

fn goal(file: GoalFile, path: &str, bounds: &mut Bounds<'_>) -> Goal {
    place(&file.from, &format!("{path}.from"), bounds);
    command(&file.run, &format!("{path}.run"), bounds);
    if let Some(traffic) = &file.traffic {
        place(traffic, &format!("{path}.traffic"), bounds);
    }
    let after = bounds.time(&format!("{path}.after"), file.after.0, Duration::ZERO, 1);
    let repeat = repeat(&file.repeat, &format!("{path}.repeat"), bounds);
    bounds.time(&format!("{path}.repeat"), after, repeat.every, repeat.at_most);
    let predict = asks::predict(file.predict, repeat.at_most, &format!("{path}.predict"), bounds);
    Goal {
        say: file.say,
        from: file.from,
        run: file.run,
        expect: asks::expect(file.expect, &format!("{path}.expect"), bounds),
        repeat,
        after,
        holds: file.holds,
        traffic: file.traffic,
        predict,
    }
}

fn repeat(file: &RepeatFile, path: &str, bounds: &mut Bounds<'_>) -> Repeat {
    let times = bounds.number(&format!("{path}.times"), file.times, bounds::REQUESTS);
    let at_most = file.at_most.unwrap_or(file.times).max(file.times);
    let at_most = match file.at_most {
        Some(_) => bounds.number(&format!("{path}.atMost"), at_most, bounds::REQUESTS),
        None => times,
    };
    let succeed = file.succeed.unwrap_or(u64::from(times));
    let succeed = bounds.number(&format!("{path}.succeed"), succeed, bounds::REQUESTS);
    if succeed > times {
        let message = format!("{succeed} of {times} requests can't succeed");
        let help = format!("give a number from 1 to {times}, or more times");
        bounds.error(&format!("{path}.succeed"), message, help);
    }
    let succeed = succeed.min(times);
    let spread = bounds.number(&format!("{path}.spread"), file.spread, bounds::SPREAD);
    if file.at_most.is_some() && spread == 0 {
        let help = "say with spread how many pods have to serve, or leave atMost out";
        bounds.error(
            &format!("{path}.atMost"),
            "atMost without spread says nothing".to_owned(),
            help,
        );
    }
    if file.times > 0 && spread > at_most {
        let message = format!("{at_most} requests can't be served by {spread} pods");
        bounds.error(&format!("{path}.spread"), message, "give more times, or atMost");
    }
    Repeat { times, every: file.every.0, succeed, spread, at_most }
}

/// A command that no shell can read is the level's fault.
pub(super) fn command(run: &str, path: &str, bounds: &mut Bounds<'_>) {
    if let Some(error) = crate::shell::syntax_error(run) {
        bounds.error(path, format!("this is no command: {error}"), "close its quotes and brackets");
    }
}

pub(super) fn place(from: &str, path: &str, bounds: &mut Bounds<'_>) {
    if let Err(expected) = PlaceName::parse(from) {
        bounds.error(path, expected, "for example: pod/client");
    }
}

fn claims(files: Vec<ClaimFile>, bounds: &mut Bounds<'_>) -> Vec<Claim> {
    let mut claims = Vec::new();
    for (index, file) in files.into_iter().enumerate() {
        let path = format!("claims[{index}]");
        place(&file.from, &format!("{path}.from"), bounds);
        command(&file.run, &format!("{path}.run"), bounds);
        let about = file.expect.object.is_some();
        let before = bounds.errors.len();
        let expect = asks::expect(file.expect, &format!("{path}.expect"), bounds);
        let unread = bounds.errors.len() > before;
        if expect == Expect::default() && !unread {
            let help = "say the exit code, or the text that it prints";
            bounds.error(&path, "this claim expects nothing".to_owned(), help);
        }
        if file.run.trim().is_empty() && !about {
            let help = "say with run which command shows it, or with object which field";
            bounds.error(&path, "this claim runs nothing".to_owned(), help);
        }
        claims.push(Claim { from: file.from, run: file.run, expect });
    }
    claims
}

fn events(files: Vec<EventFile>, goals: &[Goal], bounds: &mut Bounds<'_>) -> Vec<Event> {
    let mut events = Vec::new();
    for (index, file) in files.into_iter().enumerate() {
        let path = format!("events[{index}]");
        command(&file.run, &format!("{path}.run"), bounds);
        let Some(when) = when(&file, &path, goals, bounds) else { continue };
        let changes = file.changes.and_then(|text| match changes(&text) {
            Ok(changes) => Some(changes),
            Err(message) => {
                let help = "for example: pods app=backend";
                bounds.error(&format!("{path}.changes"), message, help);
                None
            }
        });
        events.push(Event { when, run: file.run, exit: file.exit, changes, say: file.say });
    }
    let occurrences = events.iter().map(|event: &Event| event.when.times() as u64).sum();
    if !events.is_empty() {
        bounds.number("events", occurrences, bounds::OCCURRENCES);
    }
    events
}

fn when(file: &EventFile, path: &str, goals: &[Goal], bounds: &mut Bounds<'_>) -> Option<When> {
    let Some(during) = file.during else {
        let Some(after) = file.after else {
            let help = "say `after` for an event on the clock, `during` for one between requests";
            bounds.error(path, "it is not said when this event happens".to_owned(), help);
            return None;
        };
        if !file.requests.is_empty() {
            let message = "requests without during says nothing".to_owned();
            bounds.error(&format!("{path}.requests"), message, "name the goal with during");
        }
        let times =
            bounds.number(&format!("{path}.times"), file.times.unwrap_or(1), bounds::OCCURRENCES);
        let every = file.every.map_or(Duration::from_secs(1), |every| every.0);
        let after = bounds.time(&format!("{path}.after"), after.0, every, times);
        return Some(When::Clock { after, every, times });
    };
    if file.after.is_some() || file.every.is_some() || file.times.is_some() {
        let message = "an event is on the clock or between requests, not both".to_owned();
        bounds.error(path, message, "leave out after, every and times, or during");
    }
    let goal = usize::try_from(during).unwrap_or(usize::MAX).wrapping_sub(1);
    let Some(times) = goals.get(goal).map(|goal| u64::from(goal.repeat.times)) else {
        let help = format!("the level has goals 1 to {}", goals.len());
        bounds.error(&format!("{path}.during"), format!("there is no goal {during}"), help);
        return None;
    };
    let before_another = |request: &u64| (0..times).contains(request);
    if file.requests.is_empty() || !file.requests.iter().all(before_another) {
        let message = format!("goal {during} makes {times} requests; between which of them?");
        let last = times.saturating_sub(1);
        let help = format!("requests lists numbers from 0, before the first, to {last}");
        bounds.error(&format!("{path}.requests"), message, help);
        return None;
    }
    let requests = file.requests.iter().filter_map(|request| u32::try_from(*request).ok());
    Some(When::During { goal, requests: requests.collect() })
}

/// Reads `pods app=backend`, `service web` or `endpointslices`.
fn changes(text: &str) -> Result<Changes, String> {
    let (kind, which) = text.trim().split_once(char::is_whitespace).unwrap_or((text.trim(), ""));
    let kind = Kind::from_word(kind).ok_or_else(|| format!("there is no kind {kind:?}"))?;
    let which = match which.trim() {
        "" => Which::All,
        name if !name.contains(['=', '!', ',', ' ']) => Which::Named(name.to_owned()),
        labels => Which::Labelled(LabelSelector::parse(labels)?),
    };
    Ok(Changes { kind, which })
}

fn coach(file: CoachFile) -> Coach {
    let until = match file.until {
        MomentFile::Sent => Moment::Sent,
        MomentFile::Asked => Moment::Asked,
        MomentFile::Edited => Moment::Edited,
        MomentFile::Applied => Moment::Applied,
        MomentFile::Won => Moment::Won,
    };
    Coach { until, key: file.key, say: file.say.trim().to_owned() }
}

fn hints(files: Vec<HintFile>, goals: usize, bounds: &mut Bounds<'_>) -> Vec<Hint> {
    let read = files.into_iter().enumerate().map(|(index, file)| {
        let path = format!("hints[{index}]");
        let goal =
            file.goal.map(|number| asks::goal(number, goals, &format!("{path}.goal"), bounds));
        let after = file
            .after
            .map(|after| bounds.time(&format!("{path}.after"), after.0, Duration::ZERO, 1));
        let worked = file.worked.map(|path| path.trim_start_matches("solutions/").to_owned());
        Hint { when: file.when, goal, after, say: file.say.unwrap_or_default(), worked }
    });
    read.collect()
}

/// Spare lines are lines of a solution's files, and each has a reason.
fn spare(
    spare: &BTreeMap<String, BTreeMap<String, String>>,
    solutions: &[Solution],
    bounds: &mut Bounds<'_>,
) {
    for (file, lines) in spare {
        let path = manifest::field("spare", file);
        let texts: Vec<String> = solutions
            .iter()
            .filter_map(|solution| solution.files.get(file))
            .map(|content| String::from_utf8_lossy(content).into_owned())
            .collect();
        if texts.is_empty() {
            let last = file.rsplit('/').next().unwrap_or(file);
            let known = solutions.iter().any(|solution| solution.files.contains_key(last));
            let help = match known {
                true => format!("leave the folder out: {last}"),
                false => "name a file of one of the solutions".to_owned(),
            };
            bounds.error(&path, format!("no solution's folder holds a file {file}"), help);
            continue;
        }
        for (line, reason) in lines {
            let path = manifest::field(&path, line);
            let stands = |text: &String| text.lines().any(|other| other.trim() == line.trim());
            if !texts.iter().any(stands) {
                let help = "write the line as it stands there, without its indentation";
                bounds.error(&path, format!("no solution's {file} has the line {line:?}"), help);
            } else if reason.trim().is_empty() {
                let help = "say why the level is solved without it";
                bounds.error(
                    &path,
                    "it is not said why this line does not matter".to_owned(),
                    help,
                );
            }
        }
    }
}

fn answer(name: String, mut files: Files) -> Solution {
    let script = files.remove("solve.sh").map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    Solution { name, files, script }
}
