//! What `podhop lint` says of faulty levels: each fault in a small pack of its own, with file, line
//! and next step.

use std::sync::Arc;

use podhop::level::lint::{Prover, Seeds};
use podhop::level::{Attempt, Pack};
use podhop::shell::Files;

const PACK: &str = "title: T\nchapters:\n- {name: a, title: A, levels: [shop]}\n";

/// A sound level: a Service whose selector is misspelt.
const LEVEL: &str = r#"title: A shop
chapter: a
situation: The client calls http://shop, and is refused.
cluster: {nodes: 2}
claims:
- {from: pod/client, run: "curl -sS -m 2 http://shop", expect: {exit: 7}}
opening: |
  kubectl label pod client opened=yes
goals:
- say: the client gets "It works!" from http://shop, also while a pod is replaced
  from: pod/client
  run: curl -sS -m 2 http://shop
  expect: {exit: 0, page: "It works!", servedBy: {app: shop}, servedByImage: httpd}
  repeat: {times: 9, every: 5s}
events:
- during: 1
  requests: [2, 5]
  run: kubectl delete --wait=false $(kubectl get pods -l app=shop --sort-by=.metadata.creationTimestamp -o name | head -1)
  changes: pods app=shop
hints:
- say: Compare the selector with the pods' labels.
debrief: A Service finds its pods by their labels.
allows: {scaling-down: the goal counts no pods}
"#;

const SHOP: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec: {containers: [{name: httpd, image: httpd}]}
---
apiVersion: v1
kind: Pod
metadata: {name: client}
spec: {containers: [{name: c, image: curlimages/curl, command: [sleep, infinity]}]}
";

fn service(selector: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: shop}}\nspec:\n  selector:\n    app: {selector}\n  ports:\n  - port: 80\n"
    )
}

/// The sound pack.
fn sound() -> Files {
    let text = |text: &str| text.as_bytes().to_vec();
    let expect = "{goal: 1, diagnosis: service-selects-nothing, at: \"shop.yaml:6\"}\n";
    Files::from([
        ("pack.yaml".to_owned(), text(PACK)),
        ("shop/level.yaml".to_owned(), text(LEVEL)),
        ("shop/world/pods.yaml".to_owned(), text(SHOP)),
        ("shop/start/shop.yaml".to_owned(), text(&service("shpo"))),
        ("shop/solutions/service/shop.yaml".to_owned(), text(&service("shop"))),
        (
            "shop/solutions/typed/solve.sh".to_owned(),
            text("kubectl set selector service shop app=shop\n"),
        ),
        ("shop/mistakes/a/shop.yaml".to_owned(), text(&service("shops"))),
        ("shop/mistakes/a/expect.yaml".to_owned(), text(expect)),
        ("shop/mistakes/b/shop.yaml".to_owned(), text(&service("Shop"))),
        ("shop/mistakes/b/expect.yaml".to_owned(), text(expect)),
        ("shop/mistakes/c/shop.yaml".to_owned(), text(&service("shop2"))),
        ("shop/mistakes/c/expect.yaml".to_owned(), text(expect)),
    ])
}

/// The sound pack with `from` replaced by `to` in one file.
fn with(file: &str, from: &str, to: &str) -> Files {
    let mut files = sound();
    let content = files.get_mut(file).expect("the file is there");
    let text = String::from_utf8_lossy(content).into_owned();
    assert!(text.contains(from), "{file} has no {from:?}");
    *content = text.replacen(from, to, 1).into_bytes();
    files
}

/// Everything that lint says of a pack, a line each.
fn said(files: &Files) -> Vec<String> {
    let pack = match Pack::from_files(files) {
        Ok(pack) => pack,
        Err(errors) => return errors.iter().map(ToString::to_string).collect(),
    };
    let mut said = Vec::new();
    for level in &pack.levels {
        let proofs = Prover::new(Arc::clone(level)).prove_all(&Seeds::all(&[1]));
        said.extend(proofs.into_iter().filter_map(|proof| proof.failure));
    }
    said.iter().map(ToString::to_string).collect()
}

/// That lint says something that begins with `expected` and gives a next step in brackets.
fn says(files: &Files, expected: &str) {
    let said = said(files);
    let found = said.iter().find(|line| line.starts_with(expected));
    let found = found.unwrap_or_else(|| panic!("expected {expected:?} among {said:#?}"));
    assert!(found.ends_with(')') && found.contains(" ("), "no next step: {found}");
}

const YAML: &str = "shop/level.yaml";

#[test]
fn a_sound_level_is_proved() {
    assert_eq!(said(&sound()), [""; 0]);
}

#[test]
fn an_event_that_fails_is_an_error() {
    let files = with(YAML, "kubectl delete --wait=false", "kubectl delete pod --wait=false");
    says(
        &files,
        "shop/level.yaml:18:3: seed 1: the event fails: the command ends with exit code 1: ",
    );
    let files = with(
        YAML,
        "run: kubectl delete --wait=false",
        "exit: 1\n  run: kubectl delete --wait=false",
    );
    says(
        &files,
        "shop/level.yaml:19:3: seed 1: the event fails: the command ends with exit code 0",
    );
}

#[test]
fn an_event_that_waits_is_an_error() {
    let files = with(YAML, "kubectl delete --wait=false", "kubectl delete --grace-period=20");
    let waits = with(YAML, "run: kubectl delete --wait=false", "run: sleep 5; echo");
    says(&waits, "shop/level.yaml:18:3: seed 1: the event's command still waits after a moment");
    assert!(!said(&files).is_empty());
}

#[test]
fn an_event_without_effect_is_an_error() {
    let files = with(YAML, "changes: pods app=shop", "changes: services");
    says(&files, "shop/level.yaml:19:3: seed 1: the event changes nothing of what it names");
}

#[test]
fn an_event_that_never_happens_is_an_error() {
    let files = with(YAML, "during: 1\n  requests: [2, 5]", "after: 55m");
    says(&files, "shop/level.yaml:16:3: seed 1: the event happens 0 of 1 times");
}

#[test]
fn a_goal_that_passes_untouched_is_an_error_unless_it_is_said_to_hold() {
    let goal = "- say: the client runs\n  from: laptop\n  run: kubectl get pod client\n  expect: {exit: 0}\nevents:\n";
    let files = with(YAML, "events:\n", goal);
    says(&files, "shop/level.yaml:15:3: seed 1: the goal passes untouched");
    let files = with(YAML, "  repeat: {times: 9", "  holds: true\n  repeat: {times: 9");
    says(&files, "shop/level.yaml:14:3: seed 1: the goal is said to hold, and fails untouched");
}

#[test]
fn a_false_claim_is_an_error() {
    let files = with(YAML, "expect: {exit: 7}", "expect: {exit: 28}");
    says(
        &files,
        "shop/level.yaml:6:3: seed 1: the claim is false at the start: it ends with exit code 7, not 28",
    );
}

#[test]
fn a_refused_manifest_is_an_error_unless_it_is_the_fault() {
    let files = with("shop/world/pods.yaml", "replicas: 2", "replicas: -2");
    says(&files, "shop/world/pods.yaml:5:3: seed 1: it is refused: ");
    let files = with(YAML, "goals:\n", "refused: [world/pods.yaml]\ngoals:\n");
    says(
        &files,
        "shop/level.yaml:9:11: seed 1: world/pods.yaml is said to be refused, and is accepted",
    );
    let files = with(YAML, "goals:\n", "refused: [world/none.yaml]\ngoals:\n");
    says(&files, "shop/level.yaml:9:11: there is no file world/none.yaml");
}

#[test]
fn an_opening_that_fails_is_an_error_on_its_line() {
    let files = with(YAML, "opened=yes\n", "opened=yes\n  kubectl get pod nobody\n  true\n");
    says(
        &files,
        "shop/level.yaml:9:1: seed 1: the command ends with exit code 1: Error from server (NotFound)",
    );
    // A command that may fail says so.
    let files = with(YAML, "opened=yes\n", "opened=yes\n  kubectl get pod nobody || true\n");
    assert_eq!(said(&files), [""; 0]);
}

#[test]
fn a_solution_whose_command_fails_is_an_error_on_its_line() {
    let files =
        with("shop/solutions/typed/solve.sh", "kubectl set", "kubectl get pod nobody\nkubectl set");
    says(&files, "shop/solutions/typed/solve.sh:1:1: seed 1: the command ends with exit code 1: ");
}

#[test]
fn a_cheat_that_wins_is_an_error_unless_the_words_allow_it() {
    let files = with(YAML, ", servedByImage: httpd", "");
    says(
        &files,
        "shop/level.yaml:9:1: seed 1: the cheat imitator wins: other pods with the servers' labels",
    );
    let files = with(YAML, "during: 1\n  requests: [2, 5]", "after: 1s\n  times: 2");
    says(
        &files,
        "shop/level.yaml:9:1: seed 1: the cheat written-address wins: the endpoints of now",
    );
    let files = with(YAML, "allows: {", "allows: {imitator: whoever, ");
    says(&files, "shop/level.yaml:23:10: the cheat imitator is allowed, and does not win");
    let files = with(YAML, "allows: {", "allows: {bribery: whoever, ");
    says(&files, "shop/level.yaml:23:10: unknown key \"bribery\"");
}

#[test]
fn a_goal_that_is_never_failed_alone_is_an_error() {
    let goal = "- say: the client can look shop up\n  from: pod/client\n  run: curl -sS http://shop\n  expect: {exit: 0}\nevents:\n";
    let files = with(YAML, "events:\n", goal);
    says(&files, "shop/level.yaml:15:3: no mistake and no cheat fails goal 2 alone");
}

#[test]
fn what_knows_no_bound_is_refused_when_the_pack_is_read() {
    let cases = [
        (
            "nodes: 2",
            "nodes: 4294967295",
            "shop/level.yaml:4:11: 4294967295 is out of the bound of nodes of the cluster: 1 to 100",
        ),
        (
            "nodes: 2",
            "nodes: 0",
            "shop/level.yaml:4:11: 0 is out of the bound of nodes of the cluster",
        ),
        (
            "times: 9",
            "times: 4294967296",
            "shop/level.yaml:14:12: 4294967296 is out of the bound of requests of goals: 1 to 1000",
        ),
        ("every: 5s", "every: 9000h", "shop/level.yaml:14:3: it spans "),
        (
            "during: 1\n  requests: [2, 5]",
            "after: 1s\n  times: 4294967295",
            "shop/level.yaml:17:3: 4294967295 is out of the bound of occurrences of events",
        ),
        (
            "during: 1\n  requests: [2, 5]",
            "after: 90m",
            "shop/level.yaml:16:3: it spans 5400 s, out of the bound of simulated time: 3600 s",
        ),
        (
            "requests: [2, 5]",
            "requests: [9]",
            "shop/level.yaml:17:3: goal 1 makes 9 requests; between which of them?",
        ),
        ("during: 1", "during: 3", "shop/level.yaml:16:3: there is no goal 3"),
        ("changes: pods", "changes: podz", "shop/level.yaml:19:3: there is no kind \"podz\""),
        (
            "from: pod/client\n",
            "from: somewhere\n",
            "shop/level.yaml:11:3: expected laptop, node/NAME",
        ),
        (
            "repeat: {times: 9,",
            "repeat: {times: 9, spread: 10,",
            "shop/level.yaml:14:22: 9 requests can't be served by 10 pods",
        ),
        ("hints:", "hintz:", "shop/level.yaml:20:1: "),
    ];
    for (from, to, expected) in cases {
        says(&with(YAML, from, to), expected);
    }
}

#[test]
fn an_opening_that_never_ends_is_stopped() {
    let files = with(YAML, "opened=yes\n", "opened=yes\n  sleep 1d\n");
    says(&files, "shop/level.yaml:9:1: seed 1: the command ends with exit code 130");
}

#[test]
fn a_request_that_never_ends_is_the_last_thing_tried() {
    let request = "run: curl -sS -m 2 http://shop\n  expect: {exit: 0";
    let endless = request.replace("curl -sS -m 2 http://shop", "while :; do :; done");
    let said = said(&with("shop/level.yaml", request, &endless));
    let [.., last] = said.as_slice() else { panic!("lint says nothing") };
    assert!(last.contains("takes all that one command may take"), "{said:?}");
    assert!(last.contains("the proofs after this one were not tried"), "{said:?}");
}

#[test]
fn levels_are_told_apart_by_name_and_number() {
    let twice = with("pack.yaml", "[shop]", "[shop, shop]");
    says(&twice, "pack.yaml:3:38: level shop is there twice");
    let number = with("pack.yaml", "[shop]", "[shop, '1']");
    says(&number, "pack.yaml:3:38: level \"1\" could not be told from the number of a level");
    let chapter = with(
        "pack.yaml",
        "levels: [shop]}",
        "levels: [shop]}\n- {name: a, title: B, levels: [shop]}",
    );
    says(&chapter, "pack.yaml:4:4: chapter a is there twice");
    let up = with("pack.yaml", "[shop]", "[shop, ../shop]");
    says(&up, "pack.yaml:3:38: \"../shop\" is no name of a level");
}

#[test]
fn a_file_without_measure_is_refused() {
    let mut files = sound();
    files.insert("shop/start/long.yaml".to_owned(), vec![b'#'; (1 << 20) + 1]);
    says(&files, "shop/start/long.yaml: 1048577 is out of the bound of bytes of a file: 1048576");
}

/// The sound pack with more at the end of its level.yaml.
fn and(more: &str) -> Files {
    with(YAML, "debrief:", &format!("{more}\ndebrief:"))
}

#[test]
fn a_prediction_has_one_right_choice() {
    let own = |choices: &str| {
        with(
            YAML,
            "  repeat: {times: 9",
            &format!("  predict: {{choices: [{choices}]}}\n  repeat: {{times: 9"),
        )
    };
    let refused = "{say: refused, expect: {exit: 7}}";
    let page = "{say: a page, expect: {exit: 0}}";
    assert_eq!(said(&own(&format!("{refused}, {page}"))), [""; 0]);
    let none = own(&format!("{page}, {{say: silence, expect: {{exit: 28}}}}"));
    says(&none, "shop/level.yaml:14:13: seed 1: no choice fits what comes back");
    let both =
        own(&format!("{refused}, {{say: denied, expect: {{stderr: \"Failed to connect\"}}}}"));
    says(
        &both,
        "shop/level.yaml:14:13: seed 1: 2 choices fit what comes back: \"refused\" and \"denied\"",
    );
    says(&own(refused), "shop/level.yaml:14:13: a question has 2 to 5 choices, this one 1");
    let any = own(&format!("{refused}, {{say: whatever, expect: {{}}}}"));
    says(&any, "shop/level.yaml:14:");
    let nothing = with(YAML, "  repeat: {times: 9", "  predict: none\n  repeat: {times: 9");
    assert_eq!(said(&nothing), [""; 0]);
}

/// The untouched level with another event, after all requests.
fn sent(requests: &str, predict: &str) -> Attempt {
    let event = "kubectl set selector service shop app=shop\n";
    let mut files =
        with(YAML, "requests: [2, 5]\n  run: kubectl delete", "requests: [2]\n  run: echo");
    let yaml = String::from_utf8_lossy(&files[YAML]).into_owned();
    let begin = yaml.find("events:").expect("it has events");
    let end = yaml.find("hints:").expect("it has hints");
    let events = format!("events:\n- during: 1\n  requests: {requests}\n  run: {event}");
    let yaml = format!("{}{events}{}", &yaml[..begin], &yaml[end..]).replace(
        "repeat: {times: 9, every: 5s}",
        &format!("repeat: {{times: 3, every: 5s, succeed: 2}}\n  predict: {predict}"),
    );
    files.insert(YAML.to_owned(), yaml.into_bytes());
    let pack = Pack::from_files(&files).unwrap_or_else(|errors| panic!("{errors:?}"));
    let mut attempt = Attempt::open(Arc::clone(&pack.levels[0]), 1);
    attempt.grade();
    attempt
}

#[test]
fn an_event_may_come_before_the_first_request() {
    let before = sent("[0]", "none");
    assert_eq!((before.goals()[0].succeeded, before.goals()[0].tried), (3, 3));
    let after = sent("[1]", "none");
    assert_eq!((after.goals()[0].succeeded, after.goals()[0].tried), (2, 3));
}

#[test]
fn a_prediction_may_be_of_a_later_request() {
    let choices = "choices: [{say: refused, expect: {exit: 7}}, {say: a page, expect: {exit: 0}}]";
    let first = sent("[1]", &format!("{{{choices}}}"));
    assert_eq!(first.goals()[0].fits, Some(vec![0]));
    let second = sent("[1]", &format!("{{request: 2, {choices}}}"));
    assert_eq!(second.goals()[0].fits, Some(vec![1]));
    let beyond = with(
        YAML,
        "  repeat: {times: 9",
        &format!("  predict: {{request: 10, {choices}}}\n  repeat: {{times: 9"),
    );
    says(&beyond, "shop/level.yaml:14:13: the goal makes 9 requests; which of them?");
}

#[test]
fn a_question_has_one_right_choice_on_every_seed() {
    let choices = "choices: [{say: refused, expect: {exit: 7}}, {say: unknown, expect: {exit: 6}}, {say: a page, expect: {exit: 0}}]";
    let asks = |more: &str| and(&format!("question: {{ask: And now?, {more}, {choices}}}"));
    assert_eq!(said(&asks("answer: mistakes/a")), [""; 0]);
    assert_eq!(said(&asks("answer: solutions/typed, run: kubectl delete service shop")), [""; 0]);
    assert_eq!(said(&asks("send: {from: laptop, run: curl -sS -m 2 http://shop}")), [""; 0]);
    says(&asks("answer: mistakes/z"), "shop/level.yaml:22:27: there is no folder \"mistakes/z\"");
    says(&asks("goal: 2"), "shop/level.yaml:22:27: there is no goal 2");
    let silent = asks("send: {from: pod/client, run: curl -sS -m 2 http://10.244.9.9}");
    says(&silent, "shop/level.yaml:22:");
}

#[test]
fn claims_may_be_of_patterns_absence_errors_time_and_fields() {
    let claims = |expect: &str| with(YAML, "expect: {exit: 7}", &format!("expect: {expect}"));
    for holds in [
        "{stderr: Failed to connect}",
        "{absent: It works}",
        "{matches: \"^$\"}",
        "{within: 2s}",
        "{object: {kind: service, name: shop, path: \"{.spec.type}\", equals: ClusterIP}}",
    ] {
        assert_eq!(said(&claims(holds)), [""; 0], "{holds}");
    }
    for (wrong, why) in [
        ("{stderr: Could not resolve}", "it does not print \"Could not resolve\" as an error"),
        ("{absent: \"\"}", "it prints \"\""),
        ("{matches: \"^works\"}", "it prints nothing that matches \"^works\""),
        ("{within: 0ms}", "it takes "),
        (
            "{object: {kind: svc, name: shop, path: \"{.spec.type}\", equals: NodePort}}",
            "{.spec.type} of services shop is \"ClusterIP\", not \"NodePort\"",
        ),
    ] {
        let start = format!("shop/level.yaml:6:3: seed 1: the claim is false at the start: {why}");
        says(&claims(wrong), &start);
    }
    says(&claims("{matches: \"(\"}"), "shop/level.yaml:6:");
    says(&claims("{object: {kind: servic, name: s, path: p, equals: e}}"), "shop/level.yaml:6:");
}

#[test]
fn spare_lines_and_hints_name_what_exists() {
    let spare = |line: &str| and(&format!("spare: {{shop.yaml: {{\"{line}\": not needed}}}}"));
    says(&spare("- port: 81"), "shop/level.yaml:22:");
    says(&spare("- port: 80"), "shop/level.yaml:22:21: without this line a goal fails");
    let hint = |more: &str| with(YAML, "- say: Compare", &format!("- {more}\n- say: Compare"));
    assert_eq!(said(&hint("{goal: 1, after: 2m, say: Look.}")), [""; 0]);
    says(&hint("{goal: 2, say: Look.}"), "shop/level.yaml:21:");
    says(
        &and("difficulty: 6"),
        "shop/level.yaml:22:1: 6 is out of the bound of the level's difficulty: 1 to 5",
    );
}

#[test]
fn a_level_in_another_namespace_is_cheated_as_one_in_default() {
    let mut files = with(YAML, "allows: {scaling-down: the goal counts no pods}\n", "");
    for (name, content) in &mut files {
        let text = String::from_utf8_lossy(content).into_owned();
        let text = match name.ends_with(".yaml") && !name.ends_with("expect.yaml") {
            true => text.replace("metadata: {name: ", "metadata: {namespace: store, name: "),
            false => text,
        };
        let text = text.replace("pod/client", "pod/client -n store");
        let text = text.replace("service shop", "service shop -n store");
        let text = text.replace("label pod client", "label pod client -n store");
        let text = text.replace("get pods -l", "get pods -n store -l");
        *content = text.replace("delete --wait", "delete -n store --wait").into_bytes();
    }
    let space = b"apiVersion: v1\nkind: Namespace\nmetadata: {name: store}\n".to_vec();
    files.insert("shop/world/a.yaml".to_owned(), space);
    says(&files, "shop/level.yaml:9:1: seed 1: the cheat scaling-down wins: one pod is left");
}

#[test]
fn an_event_that_changes_nothing_is_an_error_though_it_names_nothing() {
    let from = "kubectl delete --wait=false $(kubectl get pods -l app=shop --sort-by=.metadata.creationTimestamp -o name | head -1)\n  changes: pods app=shop";
    let files = with(YAML, from, "kubectl get pods\n  say: a pod is replaced");
    says(&files, "shop/level.yaml:18:3: seed 1: the event changes nothing (");
}

#[test]
fn an_object_that_nothing_needs_is_an_error() {
    let mut files = sound();
    let extra =
        b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra}\ndata: {a: b}\n".to_vec();
    files.insert("shop/solutions/service/extra.yaml".to_owned(), extra);
    says(
        &files,
        "shop/solutions/service/extra.yaml:2:1: seed 1: without this object every goal still passes",
    );
}

#[test]
fn answers_differ_from_one_another_and_from_the_start() {
    let twin = with("shop/mistakes/b/shop.yaml", "Shop", "shops");
    says(&twin, "shop/mistakes/b/shop.yaml:1:1: mistakes a and b are the same answer");
    let start = with("shop/mistakes/b/shop.yaml", "Shop", "shpo");
    says(&start, "shop/mistakes/b/shop.yaml:1:1: mistake b is what the player begins with");
}

#[test]
fn a_goal_that_waiting_alone_wins_is_an_error() {
    let mut files = with(YAML, "repeat: {times: 9, every: 5s}", "repeat: {times: 1}");
    let level = String::from_utf8_lossy(&files[YAML]).into_owned();
    let (before, rest) = level.split_once("events:\n").expect("events");
    let after = rest.split_once("hints:\n").expect("hints").1;
    files.insert(YAML.to_owned(), format!("{before}hints:\n{after}").into_bytes());
    let start = "shop/start/shop.yaml".to_owned();
    files.insert(start, service("shop").into_bytes());
    let late = "image: httpd, command: [sh, -c, sleep 90; exec httpd-foreground]";
    let world = files.get_mut("shop/world/pods.yaml").expect("it is there");
    *world = String::from_utf8_lossy(world).replace("image: httpd", late).into_bytes();
    let script = "shop/solutions/typed/solve.sh".to_owned();
    files.insert(script, b"sleep 120\n".to_vec());
    says(&files, "shop/level.yaml:9:1: seed 1: the cheat waiting wins: the untouched files, ");
}

#[test]
fn the_fault_is_given_away_by_words_of_comments_alone() {
    let start = "shop/start/shop.yaml";
    let level = with(
        start,
        "metadata: {name: shop}",
        "metadata: {name: shop, labels: {level: DEBUG, state: unbroken}}",
    );
    assert!(!said(&level).iter().any(|line| line.contains("gives the fault away")));
    let told = with(start, "    app: shpo", "    app: shpo # TODO: mend it");
    says(&told, "shop/start/shop.yaml:6:1: TODO gives the fault away");
}

#[test]
fn a_refused_manifest_of_a_solution_is_an_error() {
    let mut files = sound();
    let extra = b"apiVersion: v1\nkind: Servise\nmetadata: {name: extra}\n".to_vec();
    files.insert("shop/solutions/service/extra.yaml".to_owned(), extra);
    says(&files, "shop/solutions/service/extra.yaml:");
    assert!(said(&files).iter().any(|line| line.contains("it is refused: ")));
}

#[test]
fn a_wrong_expectation_is_told_at_its_own_line() {
    let expect = "{goal: 1, diagnosis: service-selects-nothing, at: \"shop.yaml:6\"}\n";
    let lines = "goal: 1\ndiagnosis: service-selects-nothing\nat: shop.yaml:7\n";
    let files = with("shop/mistakes/a/expect.yaml", expect, lines);
    says(&files, "shop/mistakes/a/expect.yaml:3:1: seed 1: expected service-selects-nothing at ");
}
