//! The command line that other programs and impatient people rely on: contracts, exit codes, and
//! what bad input is told.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The answer to the first level, and one that is no better than the question.
const MENDED: &str = "apiVersion: v1
kind: Pod
metadata: {name: multi}
spec:
  containers:
  - {name: nginx, image: nginx}
  - name: sidecar
    image: curlimages/curl
    args: [/bin/sh, -c, while true; do curl -sS http://localhost; sleep 5; done]
";

fn podhop(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_podhop"));
    command.args(words).current_dir(folder).env("PODHOP_HOME", folder.join("home"));
    command.stdin(Stdio::null());
    command
}

fn run(folder: &Path, words: &[&str]) -> Output {
    podhop(folder, words).output().expect("podhop runs")
}

fn typed(folder: &Path, words: &[&str], input: &str) -> Output {
    let mut command = podhop(folder, words);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("podhop runs");
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("it reads");
    child.wait_with_output().expect("it ends")
}

fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, content) in files {
        fs::write(folder.path().join(name), content).expect("written");
    }
    folder
}

fn objects(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).expect("text");
    text.lines().map(|line| serde_json::from_str(line).expect("an object a line")).collect()
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn check_prints_one_object_a_level_and_exits_by_the_verdict() {
    let home = folder(&[("multi.yaml", MENDED.as_bytes())]);
    let words = ["check", "localhost-sidecar", "--json", "--seed", "3"];
    let unsolved = run(home.path(), &[&words[..], &["--script", "/dev/null"]].concat());
    assert_eq!(unsolved.status.code(), Some(1));
    let verdict = &objects(&unsolved)[0];
    assert_eq!((&verdict["solved"], &verdict["seed"]), (&Value::Bool(false), &3.into()));
    let goal = &verdict["goals"][0];
    assert_eq!(goal["diagnosis"]["code"], "container-name-is-no-host");
    assert_eq!(goal["diagnosis"]["at"], "multi.yaml:14");
    assert_eq!((&goal["succeeded"], &goal["of"]), (&0.into(), &2.into()));

    let solved = run(home.path(), &[&words[..], &["--manifests", "multi.yaml"]].concat());
    assert_eq!(solved.status.code(), Some(0), "{}", errors(&solved));
    let verdict = &objects(&solved)[0];
    assert_eq!(
        (&verdict["solved"], &verdict["goals"][0]["diagnosis"]),
        (&true.into(), &Value::Null)
    );
}

#[test]
fn without_an_answer_every_level_is_checked_as_it_starts() {
    let home = folder(&[]);
    let all = run(home.path(), &["check", "--json"]);
    assert_eq!(all.status.code(), Some(1));
    let pack = podhop::level::Pack::embedded().expect("the campaign is sound");
    assert_eq!(objects(&all).len(), pack.levels.len());
    assert!(objects(&all).iter().all(|verdict| verdict["solved"] == false));
}

#[test]
fn shell_answers_each_command_with_an_object() {
    let home = folder(&[("note.txt", b"from the disk\n")]);
    let script =
        "cat note.txt\nfor i in 1 2; do\n  echo $i\ndone\ncat <<END | wc -l\na\nb\nEND\nnosuch\n";
    let told = typed(home.path(), &["shell", "--json", "--dir", "."], script);
    let answers = objects(&told);
    let printed: Vec<&Value> = answers.iter().map(|answer| &answer["stdout"]).collect();
    assert_eq!(printed, ["from the disk\n", "1\n2\n", "2\n", ""]);
    assert_eq!(answers[1]["command"], "for i in 1 2; do\n  echo $i\ndone");
    assert_eq!(
        (&answers[3]["exit"], &answers[3]["stderr"]),
        (&127.into(), &"bash: nosuch: command not found\n".into())
    );
    assert!(answers.iter().all(|answer| answer["at"].is_u64()), "{answers:?}");
}

#[test]
fn a_script_s_commands_read_nothing_of_the_script() {
    let home = folder(&[]);
    let script = "cat\nread x\necho \"after [$x]\"\necho given | cat\n";
    let told = typed(home.path(), &["shell", "--json", "--nodes", "1"], script);
    let answers = objects(&told);
    let printed: Vec<&Value> = answers.iter().map(|answer| &answer["stdout"]).collect();
    assert_eq!(printed, ["", "", "after []\n", "given\n"]);
}

#[test]
fn a_pack_that_a_command_has_no_use_for_is_refused() {
    let home = folder(&[]);
    for words in [
        &["lint", ".", "--levels", "other"][..],
        &["lint", "--schema", "--levels", "other"],
        &["explain", "--levels", "other"],
        &["shell", "--levels", "other"],
        &["completions", "bash", "--levels", "other"],
    ] {
        let told = run(home.path(), words);
        assert_eq!(told.status.code(), Some(2), "{words:?}");
        assert!(errors(&told).contains("--levels has nothing to do here"), "{}", errors(&told));
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_plain_file_or_lies_outside_a_pack_is_refused_at_once() {
    let home = folder(&[("secret", b"not the pack's")]);
    let fifo = home.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().expect("mkfifo runs").success());
    for file in ["/dev/zero", "fifo"] {
        let told = run(home.path(), &["check", "clusterip", "--manifests", file]);
        assert_eq!(told.status.code(), Some(2));
        assert!(errors(&told).contains("is not a plain file"), "{}", errors(&told));
    }
    let pack = home.path().join("pack");
    fs::create_dir(&pack).expect("made");
    fs::write(pack.join("pack.yaml"), "title: t\nchapters: []\n").expect("written");
    std::os::unix::fs::symlink("../secret", pack.join("note.txt")).expect("a link");
    let told = run(home.path(), &["lint", "pack"]);
    assert!(errors(&told).contains("leads out of the folder"), "{}", errors(&told));
    for (to, why) in [(".", "leads to a folder"), ("note.txt", "leads nowhere")] {
        fs::remove_file(pack.join("note.txt")).expect("a link");
        std::os::unix::fs::symlink(to, pack.join("note.txt")).expect("a link");
        let told = run(home.path(), &["lint", "pack"]);
        assert!(errors(&told).contains(why), "{}", errors(&told));
    }
    fs::remove_file(pack.join("pack.yaml")).expect("a file");
    fs::create_dir(pack.join("pack.yaml")).expect("made");
    let told = run(home.path(), &["lint", "pack"]);
    assert_eq!(told.status.code(), Some(2), "{}", errors(&told));
}

#[test]
fn a_session_that_is_damaged_or_that_leaps_is_refused() {
    let home = folder(&[]);
    fs::create_dir(home.path().join("home")).expect("made");
    fs::write(home.path().join("home/session.jsonl"), "{\"session\": {}}\n[null]\n")
        .expect("written");
    let told = run(home.path(), &["bug", "new.jsonl"]);
    assert_eq!(told.status.code(), Some(1));
    assert!(errors(&told).contains("is damaged"), "{}", errors(&told));
    assert!(!home.path().join("new.jsonl").exists());
    let lines = "{\"session\": {\"level\": \"hello\", \"seed\": 1}}\n{\"repeat\": {\"atMicros\": 18446744073709551615}}\n";
    let told = typed(home.path(), &["shell", "--json"], lines);
    let told = String::from_utf8_lossy(&told.stdout);
    assert!(told.contains("a moment within a day"), "{told}");
}

#[test]
fn a_damaged_save_is_named_by_every_command_that_meets_it() {
    let home = folder(&[]);
    fs::create_dir(home.path().join("home")).expect("made");
    fs::write(home.path().join("home/save.json"), "{").expect("written");
    let told = run(home.path(), &["levels"]);
    assert!(errors(&told).contains("damaged-1"), "{}", errors(&told));
}

#[test]
fn a_program_can_talk_to_the_shell_line_by_line() {
    let home = folder(&[]);
    let mut command = podhop(home.path(), &["shell", "--json", "--nodes", "2"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it runs");
    let mut input = child.stdin.take().expect("a pipe");
    let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
    for (line, answer) in
        [("kubectl get nodes -o name", "node/node-1\nnode/node-2\n"), ("echo $?", "0\n")]
    {
        writeln!(input, "{line}").expect("it reads");
        let mut told = String::new();
        output.read_line(&mut told).expect("it answers before the next line");
        let told: Value = serde_json::from_str(&told).expect("an object");
        assert_eq!(told["stdout"], answer);
    }
    drop(input);
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn a_script_s_exit_trap_runs_when_it_is_over() {
    let script = b"trap 'echo cleaned up' EXIT\necho working\n";
    let home = folder(&[("solve.sh", script)]);
    let told = run(home.path(), &["check", "localhost-sidecar", "--script", "solve.sh"]);
    let text = String::from_utf8_lossy(&told.stdout).into_owned();
    let (before, after) = text.split_once("working\n").expect("the script speaks");
    assert!(!before.contains("cleaned up") && after.contains("cleaned up\n"), "{text}");
}

#[test]
fn a_script_leaves_the_player_s_folder_as_it_was() {
    let home = folder(&[("note.txt", b"as it was\n")]);
    typed(home.path(), &["shell", "--dir", "."], "echo changed > note.txt\nrm note.txt\n");
    let note = fs::read_to_string(home.path().join("note.txt")).expect("it is still there");
    assert_eq!(note, "as it was\n");
}

#[test]
fn bad_manifests_are_refused_with_their_line() {
    let bomb = (1..10).fold("a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned(), |text, depth| {
        let aliases = vec![format!("*a{}", depth - 1); 9].join(", ");
        text + &format!("a{depth}: &a{depth} [{aliases}]\n")
    });
    let misspelt = MENDED.replace("image: curlimages", "imagee: curlimages");
    let cases: [(&str, &[u8], &str, &str); 6] = [
        (
            "tabs.yaml",
            b"apiVersion: v1\nkind: Pod\nmetadata:\n\tname: x\n",
            "tabs.yaml:4",
            "a tab stands at the beginning of the line: YAML indents by spaces alone",
        ),
        ("misspelt.yaml", misspelt.as_bytes(), "misspelt.yaml:8", "did you mean \"image\"?"),
        (
            "type.yaml",
            b"apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec:\n  ports: 80\n",
            "type.yaml:5",
            "ports: this must be a list",
        ),
        ("bomb.yaml", bomb.as_bytes(), "bomb.yaml:", "excessive aliasing"),
        ("binary.yaml", &[0, 1, 2, 27, 255], "binary.yaml:1", "control characters are not allowed"),
        ("deep.yaml", &[b'['; 100_000], "deep.yaml:1", "more than 100 deep"),
    ];
    for (name, content, place, reason) in cases {
        let home = folder(&[(name, content)]);
        let told = run(home.path(), &["check", "localhost-sidecar", "--manifests", name]);
        let text = String::from_utf8_lossy(&told.stdout);
        assert_eq!(told.status.code(), Some(1), "{name}: {}", errors(&told));
        assert!(text.contains(place) && text.contains(reason), "{name}: {text}");
        assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{name}: {text:?}");
    }
}

#[test]
fn trace_shows_the_way_of_every_packet() {
    let home = folder(&[]);
    let words = ["trace", "clusterip", "--from", "deploy/frontend"];
    let curl = ["--", "curl", "-sS", "http://backend"];
    let told = run(home.path(), &[&words[..], &curl[..]].concat());
    let text = String::from_utf8_lossy(&told.stdout);
    assert_eq!(told.status.code(), Some(1));
    assert!(text.contains("service backend has no endpoints"), "{text}");

    let told = run(home.path(), &[&words[..], &["--json"], &curl[..]].concat());
    let told = &objects(&told)[0];
    assert_eq!((&told["exit"], &told["from"]), (&7.into(), &"deploy/frontend".into()));
    let traces = told["traces"].as_array().expect("a list");
    assert!(
        traces.iter().any(|trace| trace["dns"]["name"] == "backend.default.svc.cluster.local."),
        "{told}"
    );
    assert_eq!(traces.last().expect("a packet")["outcome"]["kind"], "refused");
}

/// A proxy behind a node port, and what it passes requests on to.
const PROXY: &str = "apiVersion: v1
kind: ConfigMap
metadata: {name: proxy}
data: {default.conf: 'server { listen 80; location / { proxy_pass http://web; } }'}
---
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec: {containers: [{name: c, image: nginx}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: proxy, labels: {app: proxy}}
spec:
  containers: [{name: c, image: nginx, volumeMounts: [{name: v, mountPath: /etc/nginx/conf.d}]}]
  volumes: [{name: v, configMap: {name: proxy}}]
---
apiVersion: v1
kind: Service
metadata: {name: proxy}
spec: {type: NodePort, selector: {app: proxy}, ports: [{port: 80, nodePort: 30090}]}
";

#[test]
fn trace_tells_what_a_proxy_sends_on() {
    let home = folder(&[("proxy.yaml", PROXY.as_bytes())]);
    let words = ["trace", "clusterip", "--manifests", "proxy.yaml", "--json", "--"];
    let told =
        run(home.path(), &[&words[..], &["curl", "-s", "http://192.168.49.2:30090"]].concat());
    let told = &objects(&told)[0];
    let ways: Vec<_> = told["traces"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|trace| (trace["from"].as_str(), trace["outcome"]["to"].as_str()))
        .collect();
    let expected =
        [(Some("laptop"), Some("default/proxy")), (Some("default/proxy"), Some("default/web"))];
    assert_eq!(ways, expected, "{told}");
}

/// A Service with a pod that is not ready, and a policy that lets clients in.
const WALLED: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: nginx, image: nginx}]}
---
apiVersion: v1
kind: Pod
metadata: {name: sick, labels: {app: web}}
spec:
  containers: [{name: nginx, image: nginx, readinessProbe: {httpGet: {port: 81}}}]
---
apiVersion: v1
kind: Pod
metadata: {name: client, labels: {app: client}}
spec:
  containers: [{name: c, image: curlimages/curl, command: [sleep, infinity]}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: NodePort, selector: {app: web}, ports: [{port: 80, nodePort: 30080}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: door}
spec:
  podSelector: {matchLabels: {app: web}}
  ingress: [{from: [{podSelector: {matchLabels: {app: client}}}]}]
";

// R6.1, R6.2, R6.6, R6.10, R11.2
#[test]
fn trace_tells_rules_endpoints_policies_and_the_way_back() {
    let home = folder(&[("walled.yaml", WALLED.as_bytes())]);
    let words = ["trace", "clusterip", "--manifests", "walled.yaml"];
    let asked = ["--from", "pod/client", "--", "curl", "-s", "http://web"];
    let told = run(home.path(), &[&words[..], &asked[..]].concat());
    let text = String::from_utf8_lossy(&told.stdout);
    for part in [
        "A web.default.svc.cluster.local.",
        "it says: NOERROR web.default.svc.cluster.local. A 10.",
        "by KUBE-SERVICES → KUBE-SVC-LOLE4ISW44XBNF3G → KUBE-SEP-",
        "could have been chosen: web-",
        "not ready: sick (10.244.",
        "DNAT 10.",
        "network policy door lets it in from 10.244.",
        "through node-",
    ] {
        assert!(text.contains(part), "no {part:?} in\n{text}");
    }

    let asked = ["--json", "--", "curl", "-s", "-m", "2", "http://192.168.49.2:30080"];
    let told = run(home.path(), &[&words[..], &asked[..]].concat());
    let told = &objects(&told)[0]["traces"][0];
    assert_eq!(told["outcome"]["kind"], "silence", "{told}");
    let hops = told["hops"].as_array().expect("a list");
    let last = hops.last().expect("a hop");
    assert_eq!(
        (&last["stage"], &last["policies"][0]),
        (&"policy-ingress".into(), &"default/door".into())
    );
    let rules = hops.iter().find(|hop| hop["stage"] == "service-proxy").expect("kube-proxy's hop");
    assert_eq!(rules["chains"][1], "KUBE-NODEPORTS");
    let fates: Vec<&Value> =
        rules["endpoints"].as_array().expect("a list").iter().map(|one| &one["fate"]).collect();
    assert_eq!(fates, ["chosen", "possible", "not-ready"]);
}

#[test]
fn wrong_usage_exits_with_2_and_says_what_to_do() {
    let home = folder(&[("huge.yaml", &vec![b'#'; 11 << 20])]);
    fs::create_dir(home.path().join("empty")).expect("a folder");
    let cases: [(&[&str], &str); 16] = [
        (&["check", "clusterp"], "clusterip"),
        (&["play", "nosuch"], "there is no level \"nosuch\""),
        (&["check", "--manifests", "missing.yaml"], "cannot read missing.yaml"),
        (&["check", "clusterip", "--manifests", "empty"], "empty holds no manifest"),
        (&["check", "clusterip", "--manifests", "huge.yaml"], "huge.yaml is longer than 10 MiB"),
        (&["--levels", "empty", "levels"], "empty has no pack.yaml"),
        (&["explain", "no-ready-endpoints"], "did you mean no-ready-endpoint?"),
        (&["check", "--seed", "x"], "invalid value 'x'"),
        (&["play"], "with --plain plays in lines of text"),
        (&["check", "--seed", "-1", "clusterip"], "a whole number from 0 to 18446744073709551615"),
        (&["incident", "--difficulty", "6"], "a whole number from 1 to 5 belongs here"),
        (&["check", "--seeds", "1,1", "clusterip"], "seed 1 is there twice"),
        (&["check", "sandbox"], "sandbox has no goals to check; podhop shell sandbox"),
        (&["watch", "sandbox", "--once"], "sandbox has no goals to check"),
        (&["shell", "--dir", "huge.yaml"], "huge.yaml is a file; name a folder"),
        (&["sandbox", "--sample", "--nodes", "1", "--plain"], "--sample needs two nodes or more"),
    ];
    for (words, text) in cases {
        let told = run(home.path(), words);
        assert_eq!(told.status.code(), Some(2), "{words:?}: {}", errors(&told));
        assert!(errors(&told).contains(text), "{words:?}: {}", errors(&told));
        assert!(!errors(&told).contains("os error"), "{}", errors(&told));
        assert!(told.stdout.is_empty(), "{words:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_ends_podhop_quietly() {
    let home = folder(&[]);
    let mut command = podhop(home.path(), &["explain", "slow-answer"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    drop(child.stdout.take());
    let told = child.wait_with_output().expect("it ends");
    assert_eq!(errors(&told), "");
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_is_lost_is_an_error() {
    let home = folder(&[]);
    for words in [&["explain", "slow-answer"][..], &["levels", "--json"], &["--version"]] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("it is there");
        let told = podhop(home.path(), words).stdout(full).output().expect("podhop runs");
        assert_eq!(told.status.code(), Some(2), "{words:?}");
        let said = errors(&told);
        assert_eq!(said, "podhop: cannot write: no space left on device\n", "{words:?}");
    }
}
