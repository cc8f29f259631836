//! What programs read: the objects that podhop prints fit the schemas of `docs/schemas/`, and the example
//! solvers solve the first levels by them alone.
// Tests look at the real world: files, clocks, processes.
#![allow(clippy::disallowed_methods)]

#[allow(dead_code)]
#[path = "../examples/solver.rs"]
mod solver;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const PODHOP: &str = env!("CARGO_BIN_EXE_podhop");

/// The levels that the campaign began with.
const LEVELS: [&str; 6] =
    ["localhost-sidecar", "pod-ip-curl", "pod-churn", "clusterip", "nodeport", "headless"];

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn podhop(words: &[&str], input: &str) -> Output {
    let home = tempfile::tempdir().expect("a temporary folder");
    let mut child = Command::new(PODHOP)
        .args(words)
        .current_dir(repository())
        .env("PODHOP_HOME", home.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("podhop runs");
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("it reads");
    child.wait_with_output().expect("it ends")
}

fn objects(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).expect("text");
    text.lines().map(|line| serde_json::from_str(line).expect("an object a line")).collect()
}

fn schema(name: &str) -> Value {
    let text = fs::read_to_string(repository().join(format!("docs/schemas/{name}.json")));
    serde_json::from_str(&text.expect("a schema")).expect("JSON")
}

/// Whether a value fits a schema, as far as the schemas of `docs/schemas/` go.
fn fits(schema: &Value, value: &Value) -> Result<(), String> {
    if let Some(all) = schema["anyOf"].as_array() {
        let tries: Vec<_> = all.iter().map(|one| fits(one, value)).collect();
        return match tries.iter().any(Result::is_ok) {
            true => Ok(()),
            false => Err(format!("{value} fits none: {tries:?}")),
        };
    }
    if schema.get("const").is_some_and(|expected| expected != value) {
        return Err(format!("{value} is not {}", schema["const"]));
    }
    let right = match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some("null") => value.is_null(),
        Some(other) => return Err(format!("the schema has the type {other}")),
        None => true,
    };
    if !right {
        return Err(format!("{value} is no {}", schema["type"]));
    }
    let least = schema["minimum"].as_f64().unwrap_or(f64::MIN);
    if value.as_f64().is_some_and(|number| number < least) {
        return Err(format!("{value} is less than {least}"));
    }
    if let (Some(pattern), Some(text)) = (schema["pattern"].as_str(), value.as_str())
        && !regex::Regex::new(pattern).expect("a pattern").is_match(text)
    {
        return Err(format!("{text} does not match {pattern}"));
    }
    for item in value.as_array().into_iter().flatten() {
        fits(&schema["items"], item)?;
    }
    let Some(fields) = value.as_object() else { return Ok(()) };
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !fields.contains_key(name) {
            return Err(format!("{name} is missing in {value}"));
        }
    }
    for (name, value) in fields {
        match (schema["properties"].get(name), &schema["additionalProperties"]) {
            (Some(schema), _) => fits(schema, value).map_err(|why| format!("{name}: {why}"))?,
            (None, Value::Bool(false)) => return Err(format!("the schema has no {name}")),
            (None, Value::Object(_)) => fits(&schema["additionalProperties"], value)?,
            (None, _) => {}
        }
    }
    Ok(())
}

fn all_fit(name: &str, output: &Output) -> Vec<Value> {
    let schema = schema(name);
    let all = objects(output);
    assert!(!all.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    for object in &all {
        if let Err(why) = fits(&schema, object) {
            panic!("{name}.json: {why}\n{object:#}");
        }
    }
    all
}

#[test]
fn levels_are_listed_with_all_that_a_program_needs() {
    let all = all_fit("level", &podhop(&["levels", "--json"], ""));
    let named = all.iter().find(|level| level["level"] == "clusterip").expect("it is there");
    assert_eq!(named["goals"][0]["from"], "deploy/frontend");
    assert_eq!(named["goals"][1]["repeat"]["times"], 10);
    assert_eq!(named["files"][0]["name"], "backend.yaml");
    assert!(named["codes"].as_array().is_some_and(|codes| codes.len() > 2));
    assert!(named.get("hints").is_none());
    let all = all_fit("level", &podhop(&["levels", "--json", "--hints"], ""));
    let named = all.iter().find(|level| level["level"] == "clusterip").expect("it is there");
    assert!(named["hints"].as_array().is_some_and(|hints| hints.len() > 3));
}

#[test]
fn verdicts_have_scores_and_times_on_every_seed() {
    let words = ["check", "localhost-sidecar", "--solution", "--seeds", "1..3", "--json"];
    let all = all_fit("verdict", &podhop(&words, ""));
    let seeds: Vec<_> = all.iter().map(|verdict| verdict["seed"].clone()).collect();
    assert_eq!(seeds, [1, 2, 3]);
    for verdict in &all {
        assert_eq!((&verdict["solved"], &verdict["score"]["goals"]), (&true.into(), &1.into()));
        assert_eq!(verdict["score"]["edits"], verdict["score"]["par"], "{verdict}");
        assert!(verdict["simulatedMs"].as_u64().is_some_and(|time| time > 1_000));
    }
}

#[test]
fn help_is_left_out_where_it_is_not_wanted() {
    let told = all_fit("verdict", &podhop(&["check", "clusterip", "--json"], ""));
    assert_eq!(told[0]["goals"][0]["diagnosis"]["code"], "service-selects-nothing");
    let output = podhop(&["check", "clusterip", "--json", "--no-help"], "");
    assert_eq!(output.status.code(), Some(1));
    let untold = all_fit("verdict", &output);
    assert!(untold[0]["goals"][0].get("diagnosis").is_none());
    assert!(
        untold[0]["goals"][0]["printed"].as_str().is_some_and(|text| text.contains("curl: (7)"))
    );
    let text = podhop(&["check", "clusterip", "--no-help"], "");
    assert!(!String::from_utf8_lossy(&text.stdout).contains("way out"));
}

#[test]
fn an_episode_is_played_by_requests() {
    let input = concat!(
        "{\"files\": {}}\n",
        "kubectl get service backend -o name\n",
        "{\"grade\": {\"help\": false}}\n",
        "{\"reset\": {\"seed\": 7}}\n",
        "{\"trace\": {\"from\": \"deploy/frontend\", \"run\": \"curl -sS -m 2 http://backend\"}}\n",
        "{\"run\": \"kubectl delete service backend\\nkubectl expose deployment backend --port=80\"}\n",
        "{\"advance\": \"20s\"}\n",
        "{\"grade\": {}}\n",
        "{\"files\": {\"note.txt\": \"x\"}}\n",
        "{\"apply\": {}}\n",
    );
    let all = all_fit("answer", &podhop(&["shell", "clusterip", "--json"], input));
    assert_eq!(all[1]["stdout"], "service/backend\n");
    assert_eq!((&all[2]["done"], &all[2]["reward"]), (&false.into(), &0.0.into()));
    assert_eq!(all[3]["seed"], 7);
    let hops = all[4]["traces"].as_array().expect("traces").iter().rev();
    let hop = hops.flat_map(|trace| trace["hops"].as_array().expect("hops")).next();
    assert_eq!(hop.expect("a hop")["stage"], "send");
    assert_eq!(
        (&all[all.len() - 3]["done"], &all[all.len() - 3]["reward"]),
        (&true.into(), &1.0.into())
    );
    assert_eq!(all[all.len() - 2]["files"]["note.txt"], "x");
    assert!(all[all.len() - 1]["applied"].as_array().is_some_and(|files| !files.is_empty()));
}

#[test]
fn an_incident_is_played_by_a_program_and_its_cause_is_scored_apart() {
    let level =
        &all_fit("level", &podhop(&["incident", "--seed", "7", "--difficulty", "1", "--json"], ""))
            [0];
    let name = level["level"].as_str().expect("its address");
    assert_eq!(name, "incident:7:1");
    let untouched = &all_fit("verdict", &podhop(&["check", name, "--json"], ""))[0];
    assert_eq!((&untouched["solved"], &untouched["causes"]["named"]), (&false.into(), &0.into()));
    assert!(untouched["causes"].get("faults").is_none(), "what is wrong is told once it is mended");
    let words = ["check", name, "--json", "--solution"];
    let mended = &all_fit("verdict", &podhop(&words, ""))[0];
    let fault = &mended["causes"]["faults"][0];
    assert_eq!((&mended["solved"], &fault["named"]), (&true.into(), &false.into()));
    for cause in [&fault["objects"][0], &fault["lines"][0], &fault["codes"][0]] {
        let cause = cause.as_str().expect("a place");
        let words = ["check", name, "--json", "--cause", cause, "--cause", "service/nobody"];
        let told = &all_fit("verdict", &podhop(&words, ""))[0]["causes"];
        assert_eq!(
            (&told["named"], &told["answers"][1]["right"]),
            (&1.into(), &false.into()),
            "{cause}"
        );
    }
    let input = "{\"cause\": \"service/nobody\"}\n{\"cause\": \"moon\"}\n{\"grade\": {}}\n";
    let all = all_fit("answer", &podhop(&["shell", name, "--json"], input));
    assert_eq!(all[1]["error"]["code"], "wrong-argument");
    assert_eq!(all[2]["verdict"]["causes"]["answers"][0]["said"], "service/nobody");
}

#[test]
fn a_session_that_was_written_down_is_done_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |words: &[&str], input: &str| {
        let mut child = Command::new(PODHOP)
            .args(words)
            .current_dir(folder.path())
            .env("PODHOP_HOME", folder.path().join("home"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("podhop runs");
        child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("it reads");
        child.wait_with_output().expect("it ends")
    };
    assert_eq!(run(&["bug"], "").status.code(), Some(1), "nothing was played yet");
    let typed = "set backend.yaml spec.selector.app=backend\napply\nkubectl get endpoints backend\nwait 3\nquit\n";
    run(&["play", "clusterip", "--seed", "7", "--plain"], typed);
    assert!(run(&["bug", "one.jsonl"], "").status.success());
    assert_eq!(run(&["bug", "one.jsonl"], "").status.code(), Some(2), "no file is written over");
    let text = fs::read_to_string(folder.path().join("one.jsonl")).expect("a transcript");
    let home = folder.path().to_string_lossy();
    assert!(!text.contains(&*home), "nothing of the machine: {text}");
    let all = all_fit("answer", &run(&["shell", "--json"], &text));
    assert_eq!((&all[0]["level"], &all[0]["seed"]), (&"clusterip".into(), &7.into()));
    let printed: String = all.iter().filter_map(|one| one["stdout"].as_str()).collect();
    assert!(printed.contains("backend"), "{all:?}");
    let again = run(&["shell", "--json"], &text);
    assert_eq!(again.stdout, run(&["shell", "--json"], &text).stdout);
}

#[test]
fn a_sandbox_asks_for_nothing() {
    let said = podhop(&["sandbox", "--plain"], "go\nkubectl get pods\nquit\n");
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(said.contains("A sandbox has no goals"), "{said}");
    assert!(said.contains("client"), "{said}");
    let pods = podhop(&["shell", "sandbox:sample:3", "--json"], "kubectl get nodes -o name\n");
    let nodes = objects(&pods)[0]["stdout"].as_str().expect("text").lines().count();
    assert_eq!(nodes, 3);
    assert_eq!(podhop(&["shell", "sandbox:moon"], "").status.code(), Some(2));
}

#[test]
fn errors_are_objects() {
    let input = concat!(
        "{\"grad\": {}}\n",
        "{\"advance\": 20}\n",
        "{\"advance\": \"99h\"}\n",
        "{\"grade\": {}, \"reset\": {}}\n",
        "{\"trace\": {\"run\": \"true\", \"form\": \"laptop\"}}\n",
        "{\"trace\": {\"run\": \"true\", \"from\": \"pod/nobody\"}}\n",
        "{\"files\": {\"a\": 1}}\n",
        "{\"grade\": {}}\n",
        "{\"apply\": {}}\n",
        "{ echo a group is no request; }\n",
    );
    let all = all_fit("answer", &podhop(&["shell", "--json", "--nodes", "1"], input));
    let codes: Vec<&str> = all.iter().filter_map(|one| one["error"]["code"].as_str()).collect();
    let (unknown, wrong, none) = ("unknown-request", "wrong-argument", "no-level");
    assert_eq!(codes, [unknown, wrong, wrong, unknown, wrong, wrong, wrong, none, none]);
    assert_eq!(all[9]["stdout"], "a group is no request\n");
    let output = podhop(&["check", "clusterpi", "--json"], "");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(all_fit("answer", &output)[0]["error"]["code"], "usage");
}

#[test]
fn whatever_is_wrong_with_the_line_is_an_object() {
    for words in [
        &["check", "--json", "--seed", "abc", "hello"][..],
        &["check", "hello", "--json", "--bogus"],
        &["trace", "hello", "--json"],
        &["lint", "--json", "--seeds", "x"],
        &["levels", "--json", "extra"],
        &["incident", "--json", "--difficulty", "6"],
        &["check", "--json", "sandbox"],
    ] {
        let output = podhop(words, "");
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        let error = &all_fit("answer", &output)[0]["error"];
        assert_eq!(error["code"], "usage", "{words:?}");
        assert!(!error["message"].as_str().expect("text").contains("Usage:"), "{error}");
    }
}

#[test]
fn every_request_has_an_answer_and_takes_what_is_said() {
    let input = concat!(
        "{\"run\": \"\"}\n",
        "{\"run\": \"# nothing\"}\n",
        "{\"grade\": {}}x\n",
        "{grade: {}}\n",
        "{ \"grade\": {}\n",
        "{\"grade\": {\"help\": \"no\"}}\n",
        "{\"trace\": {\"from\": 3, \"run\": \"true\"}}\n",
        "{\"files\": {\"../x\": \"y\"}}\n",
        "{\"files\": {\"\": \"y\"}}\n",
        "{\"repeat\": {\"atMicros\": 5, \"typed\": \"true\"}}\n",
        "{\"repeat\": {\"atMicros\": 999999999, \"sent\": 99}}\n",
        "{\"session\": {\"level\": \"clusterip\", \"seed\": 7}}\n",
        "{\"session\": {\"level\": \"sandbox\"}}\n",
        "{\"grade\": {}}\n",
    );
    let all = all_fit("answer", &podhop(&["shell", "clusterip", "--json"], input));
    let (json, wrong) = (Some("not-json"), Some("wrong-argument"));
    let codes: Vec<Option<&str>> = all.iter().map(|one| one["error"]["code"].as_str()).collect();
    let expected = [
        None,
        None,
        json,
        json,
        json,
        wrong,
        wrong,
        wrong,
        wrong,
        wrong,
        wrong,
        None,
        None,
        Some("no-goals"),
    ];
    assert_eq!(codes, expected, "{all:#?}");
    assert_eq!((&all[0]["stdout"], &all[0]["command"]), (&"".into(), &"".into()));
    assert_eq!(all[11]["sameVersion"], Value::Null);
}

#[test]
fn a_pack_that_cannot_be_read_is_no_failing_proof() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("pack.yaml"), "titel: T\n").expect("written");
    let output = podhop(&["lint", &folder.path().to_string_lossy(), "--json"], "");
    assert_eq!(output.status.code(), Some(2));
    let all = all_fit("proof", &output);
    let last = all.last().expect("a sum");
    assert_eq!((&last["levels"], &last["failed"]), (&0.into(), &(all.len() - 1).into()));
}

#[test]
fn proofs_are_objects_too() {
    let words = ["lint", "--level", "localhost-sidecar", "--seeds", "1", "--json"];
    let all = all_fit("proof", &podhop(&words, ""));
    assert!(all.iter().any(|proof| proof["statement"] == "untouched it is unsolved"));
    assert_eq!(all.last().expect("a sum")["levels"], 1);
}

#[test]
fn the_page_for_programs_names_every_schema_and_request() {
    let page = fs::read_to_string(repository().join("docs/programs.md")).expect("the page");
    for name in ["level", "verdict", "answer", "proof"] {
        assert!(page.contains(&format!("`{name}.json`")), "{name}");
    }
    for request in [
        "run", "files", "apply", "advance", "trace", "cause", "grade", "reset", "session", "repeat",
    ] {
        assert!(page.contains(&format!("`{{\"{request}\": ")), "{request}");
    }
}

#[test]
fn the_solver_in_rust_solves_the_first_levels() {
    for level in LEVELS {
        for seed in [1, 2] {
            let rounds = solver::solve(PODHOP, level, seed).expect("podhop answers");
            assert!(rounds.is_some_and(|rounds| rounds > 1), "{level}, seed {seed}: {rounds:?}");
        }
    }
}

#[test]
fn the_solver_in_python_solves_the_first_levels() {
    let script = repository().join("examples/solver.py");
    let Ok(told) = Command::new("python3").arg(script).arg(PODHOP).args(LEVELS).output() else {
        // Without Python there is nothing to try.
        return;
    };
    let said = String::from_utf8_lossy(&told.stdout);
    let errors = String::from_utf8_lossy(&told.stderr);
    assert!(told.status.success(), "{said}{errors}");
    assert_eq!(said.matches("solved in round").count(), LEVELS.len(), "{said}");
}
