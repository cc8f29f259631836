//! Every way to fail, by what a player would have written, and what the game says of it.
//!
//! Each file of `tests/diagnoses/` is one case: a manifest, and comments that say who asks for what
//! (`# from`, `# run`), in which cluster (`# nodes`, `# cloud`, `# dual-stack`, `# ingress`, `# then`: a script, `# off`: a node), what was expected
//! (`# stdout`, `# served-by`, `# served-app`, `# spread`; success alone when nothing is said; `# traffic`: whose), and
//! what the game has to say: `# diagnosis`, the `# nearest` miss where there is one, `# at`, the player's
//! line, and words of the `# message`, of a `# fact`, of none (`# unsaid`), of the way out (`# fix`) and of where to `# look`. Every command that shows the evidence has to work. The pods `client` (curl), `box` (BusyBox) and `web` (nginx) are there already.
// Tests look at the real world: files, clocks, processes.
#![allow(clippy::disallowed_methods)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use podhop::level::incident::{Address, incident};
use podhop::level::{Attempt, Diagnosis, Level, Pack, explanations};
use podhop::shell::Files;

/// Who is there in every case.
const WORLD: &str = "apiVersion: v1
kind: Pod
metadata: {name: client, labels: {app: client}}
spec:
  nodeName: node-1
  containers: [{name: c, image: curlimages/curl, command: [sleep, infinity]}]
---
apiVersion: v1
kind: Pod
metadata: {name: box, labels: {app: box}}
spec:
  containers: [{name: c, image: busybox, command: [sleep, infinity]}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  nodeName: node-1
  containers: [{name: nginx, image: nginx, ports: [{name: http, containerPort: 80}]}]
";

/// What a case's comments say.
type Case = BTreeMap<String, String>;

#[test]
fn every_way_to_fail_is_named() {
    let mut wrong = String::new();
    for (name, text) in cases() {
        if let Err(difference) = tell(&text) {
            let _ = writeln!(wrong, "{name}: {difference}");
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn every_diagnosis_has_a_case() {
    let mut known: BTreeSet<String> =
        cases().into_iter().filter_map(|(_, text)| comments(&text).remove("diagnosis")).collect();
    let pack = Pack::embedded().expect("the campaign is well-formed");
    let mistakes = pack.levels.iter().flat_map(|level| &level.mistakes);
    known.extend(mistakes.map(|mistake| mistake.diagnosis.clone()));
    let all = explanations().iter().map(|explanation| explanation.code);
    let missing: Vec<&str> = all.filter(|code| !known.contains(*code)).collect();
    assert!(missing.is_empty(), "no case ends in {missing:?}");
}

#[test]
fn what_passes_by_itself_a_while_later_is_not_mended_by_applying_the_file_again() {
    // The level's own event has changed the Deployment since its file was applied; the pods that it makes
    // then are ready soon, with the file or without it.
    let pack = Pack::embedded().expect("the campaign is well-formed");
    let level = pack.level("rolling-update").expect("it is in the campaign");
    let mut attempt = Attempt::open(Arc::clone(level), 1);
    attempt.apply();
    let verdict = attempt.grade();
    let said = verdict.goals[0].diagnosis.as_ref().expect("riders find no pod");
    assert_eq!(said.code, "no-ready-endpoint");
    assert!(said.fix.contains("RollingUpdate"), "{said:#?}");
    assert!(!said.fix.contains("kubectl apply"), "{said:#?}");
}

#[test]
fn a_way_out_that_is_a_command_or_a_line_helps() {
    let mut wrong = String::new();
    for (name, text) in cases() {
        let case = comments(&text);
        let mut attempt = Attempt::open(level(&case, &text), 7);
        begin(&case, &mut attempt);
        wrong += &useless_ways_out(&name, &attempt);
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn a_levels_way_out_that_is_a_command_or_a_line_helps() {
    let pack = Pack::embedded().expect("the campaign is well-formed");
    let mut wrong = String::new();
    for level in &pack.levels {
        let opened = Attempt::open(Arc::clone(level), 1);
        let mut untouched = opened.clone();
        untouched.apply();
        wrong += &useless_ways_out(&level.name, &untouched);
        for mistake in &level.mistakes {
            let mut attempt = opened.clone();
            attempt.session_mut().files_mut().extend(mistake.answer.files.clone());
            attempt.apply();
            if let Some(script) = &mistake.answer.script {
                attempt.run_script(script);
            }
            let name = format!("{}/{}", level.name, mistake.answer.name);
            wrong += &useless_ways_out(&name, &attempt);
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
#[ignore = "minutes: a thousand incidents"]
fn the_ways_out_of_incidents_help() {
    let mut wrong = String::new();
    for (seed, difficulty) in (1..=5).flat_map(|level| (1..=200).map(move |seed| (seed, level))) {
        let address = Address::new(seed, Some(difficulty));
        let level = incident(address).expect("there is an incident for each seed");
        let mut attempt = Attempt::open(Arc::clone(&level), level.first_seed());
        attempt.apply();
        wrong += &useless_ways_out(&address.to_string(), &attempt);
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// What is left of the same cause once a way out was followed, for each goal that fails: where it is a
/// command, or says what is written into a line.
fn useless_ways_out(name: &str, attempt: &Attempt) -> String {
    let mut wrong = String::new();
    let mut sent = attempt.clone();
    let verdict = sent.grade();
    for (index, goal) in verdict.goals.iter().enumerate() {
        let Some(said) = &goal.diagnosis else { continue };
        let mut after = sent.clone();
        let heard = match command_of(&said.fix) {
            Some(command) => after.run_script(command).texts().1,
            None if rewrite(after.session_mut().files_mut(), said) => {
                after.apply();
                String::new()
            }
            None => continue,
        };
        let now = &after.grade_through(index).goals[index].diagnosis;
        if now.as_ref().is_some_and(|now| now.cause() == said.cause()) || !heard.is_empty() {
            let at = said.at.as_ref().map(ToString::to_string);
            let _ = writeln!(wrong, "{name}: {} {at:?} {}: {heard} {now:?}", said.code, said.fix);
        }
    }
    wrong
}

/// Writes into the player's line what the way out says: `write KEY: VALUE`, in the place of the key or of
/// another, or below its parent; or `write WORD instead of WORD`. Whether there was anything to write.
fn rewrite(files: &mut Files, said: &Diagnosis) -> bool {
    let (Some((_, words)), Some(at)) = (said.fix.split_once("write "), &said.at) else {
        return false;
    };
    if words.contains(" among the labels") {
        return false;
    }
    let Some(content) = files.get_mut(&*at.file) else { return false };
    let text = String::from_utf8_lossy(content).into_owned();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let number = at.position.line as usize - 1;
    let ends = [", ", " (", "; ", " in ", " beside "];
    let short = |words: &str| {
        let end = ends.iter().filter_map(|end| words.find(end)).min();
        words[..end.unwrap_or(words.len())].to_owned()
    };
    let changed = match words.split_once(" instead of ") {
        Some((written, instead)) => replaced(&lines[number], &short(written), &short(instead)),
        None => with_field(&lines[number], &short(words)),
    };
    let Some(changed) = changed else { return false };
    lines[number] = changed;
    *content = (lines.join("\n") + "\n").into_bytes();
    true
}

/// A line with one word, or the field of one name, in the place of another.
fn replaced(line: &str, written: &str, instead: &str) -> Option<String> {
    if let Some((key, _)) = written.split_once(": ")
        && !key.contains(' ')
    {
        let (before, _) = line.split_once(&format!("{instead}:"))?;
        return Some(format!("{before}{written}"));
    }
    (line.contains(instead) && !written.contains(' ')).then(|| line.replace(instead, written))
}

/// A line in which a field has another value, or the line of its parent with the field below it.
fn with_field(line: &str, written: &str) -> Option<String> {
    let (key, _) = written.split_once(": ").filter(|(key, _)| !key.contains(' '))?;
    let begin = line.len() - line.trim_start_matches([' ', '-']).len();
    let own = format!("{key}:");
    match line[begins(line, &own)?..].starts_with(&own) {
        true => {
            let found = begins(line, &own)?;
            let end = line[found..].find([',', '}', '#']).map_or(line.len(), |end| found + end);
            Some(format!("{}{written}{}", &line[..found], &line[end..]))
        }
        false => Some(format!("{line}\n{}{written}", " ".repeat(begin + 2))),
    }
}

/// Where a key stands in a line; the line's end where it is the parent's.
fn begins(line: &str, key: &str) -> Option<usize> {
    let parent = || line.trim_end().ends_with(':').then_some(line.len());
    line.find(key).or_else(parent)
}

/// The command that a way out is, if one command is all that it takes.
fn command_of(fix: &str) -> Option<&str> {
    let fix = fix.strip_suffix(", and send again").unwrap_or(fix);
    let (command, more) =
        ["; ", ": ", ", or "].iter().find_map(|end| fix.split_once(end)).unwrap_or((fix, ""));
    let one = command.starts_with("kubectl ") && !command.contains(", ");
    (one && !more.contains(", and ")).then_some(command)
}

/// Every case, by its file's name.
fn cases() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnoses");
    let mut cases: Vec<(String, String)> = fs::read_dir(folder)
        .expect("the cases' folder is readable")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .map(|path| {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            (name, fs::read_to_string(&path).expect("a case is text"))
        })
        .collect();
    cases.sort();
    cases
}

/// Plays a case to its end and compares what the game says.
fn tell(text: &str) -> Result<(), String> {
    let case = comments(text);
    let mut attempt = Attempt::open(level(&case, text), 7);
    begin(&case, &mut attempt);
    let verdict = attempt.grade();
    let Some(said) = verdict.goals[0].diagnosis.as_ref() else {
        return Err("the goal passes".to_owned());
    };
    every_look_works(&attempt, said)?;
    if said.evidence.is_empty() {
        return Err(format!("no facts: {said:#?}"));
    }
    for rung in [&said.message, &said.fix] {
        if rung.is_empty() || said.evidence.contains(rung) {
            return Err(format!("an empty or repeated rung: {said:#?}"));
        }
    }
    let at = said.at.as_ref().map(|at| at.position.line.to_string());
    let says = |part: &str, text: &str| case.get(part).is_none_or(|words| text.contains(&**words));
    let told = said.evidence.join("\n");
    let unsaid = case.get("unsaid").is_none_or(|words| !told.contains(&**words));
    let worded = says("message", &said.message) && says("fix", &said.fix) && says("fact", &told);
    let worded = worded && unsaid && says("look", &said.look.join("\n"));
    let near = case.get("nearest").map_or(said.nearest.is_none(), |wanted| {
        said.nearest.as_ref().is_some_and(|nearest| nearest.contains(wanted.as_str()))
    });
    if said.code == case["diagnosis"] && near && worded && at.as_ref() == case.get("at") {
        return Ok(());
    }
    Err(format!(
        "{} at {at:?}: {} {:?} {:#?} {}",
        said.code, said.message, said.nearest, said.evidence, said.fix
    ))
}

/// What happens before the goal's request.
fn begin(case: &Case, attempt: &mut Attempt) {
    if let Some(script) = case.get("then") {
        attempt.run_script(script);
    }
    if let Some(node) = case.get("off") {
        attempt.cluster_mut().set_node_up(node, false);
    }
}

/// Every command that shows the evidence runs in the player's terminal. Only those whose exit code is
/// an answer may fail: a difference, a refusal.
fn every_look_works(attempt: &Attempt, said: &Diagnosis) -> Result<(), String> {
    if said.look.is_empty() {
        return Err(format!("{} shows nowhere to look", said.code));
    }
    for command in &said.look {
        let finished = attempt.clone().run_script(command);
        let answers = ["kubectl diff ", "kubectl apply --dry-run=server "];
        let most = i32::from(answers.iter().any(|answer| command.starts_with(answer)));
        let silent = finished.stdout.is_empty() && finished.stderr.is_empty();
        if finished.exit > most || silent {
            let told = String::from_utf8_lossy(&finished.stderr).into_owned();
            return Err(format!("{command}: exit code {}: {told}", finished.exit));
        }
    }
    Ok(())
}

/// The case as a level of one goal; the file is the player's own.
fn level(case: &Case, text: &str) -> Arc<Level> {
    let number = |key: &str| case.get(key).map_or("1", String::as_str).to_owned();
    let spread = case.get("spread").map_or(String::new(), |spread| {
        format!("  repeat: {{times: 12, every: 1s, spread: {spread}}}\n")
    });
    let mut expect = vec![format!("exit: {}", case.get("exit").map_or("0", String::as_str))];
    expect.extend(case.get("stdout").map(|text| format!("stdout: {text:?}")));
    expect.extend(case.get("served-by").map(|pod| format!("servedByPod: {pod}")));
    expect.extend(case.get("served-app").map(|app| format!("servedBy: {{app: {app}}}")));
    expect.extend(case.get("via").map(|node| format!("viaNode: {node}")));
    let ingress = if case.contains_key("ingress") { ", ingress: nginx" } else { "" };
    let traffic = case.get("traffic").map_or(String::new(), |name| format!("  traffic: {name}\n"));
    let cloud = if case.contains_key("cloud") { ", loadBalancer: cloud" } else { "" };
    let families = match case.contains_key("dual-stack") {
        true => ", ipFamilies: dualStack",
        false => "",
    };
    let level = format!(
        "title: One\nchapter: a\nsituation: s\ndebrief: d\ncluster: {{nodes: {}{cloud}{families}{ingress}}}\ngoals:\n- say: g\n  from: {}\n  run: {:?}\n  expect: {{{}}}\n{spread}{traffic}",
        number("nodes"),
        case["from"],
        case["run"],
        expect.join(", "),
    );
    let files = [
        ("pack.yaml", "title: T\nchapters:\n- {name: a, title: A, levels: [one]}\n"),
        ("one/level.yaml", &level),
        ("one/world/world.yaml", WORLD),
        ("one/start/main.yaml", text),
    ];
    let files: Files =
        files.into_iter().map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec())).collect();
    let pack = Pack::from_files(&files).unwrap_or_else(|wrong| panic!("{wrong:?}"));
    pack.levels[0].clone()
}

/// `# key: value` at the beginning.
fn comments(text: &str) -> Case {
    let lines = text.lines().map_while(|line| line.strip_prefix("# "));
    let pairs = lines.filter_map(|line| line.split_once(": "));
    pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}
