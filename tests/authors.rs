//! What authors rely on: broken level files are told where, what and what to do; a new pack is proved as
//! it stands; the page for authors lists what there is.
// Tests look at the real world: files, clocks, processes.
#![allow(clippy::disallowed_methods)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use podhop::level::lint::Cheat;
use podhop::level::{FormatFile, Pack};
use podhop::shell::Files;
use serde_json::Value;

fn podhop(folder: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_podhop"));
    command.args(words).current_dir(folder).env("PODHOP_HOME", folder.join("home"));
    command.stdin(Stdio::null()).output().expect("podhop runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_new_pack_is_proved_as_it_stands() {
    let place = tempfile::tempdir().expect("a temporary folder");
    let made = podhop(place.path(), &["new", "mine"]);
    assert_eq!(made.status.code(), Some(0), "{}", text(&made.stderr));
    let proved = podhop(place.path(), &["lint", "mine", "--seeds", "1,2"]);
    assert_eq!(proved.status.code(), Some(0), "{}", text(&proved.stdout));
    let again = podhop(place.path(), &["new", "mine"]);
    assert_eq!(again.status.code(), Some(2));
    assert!(text(&again.stderr).contains("mine is there already"), "{}", text(&again.stderr));
}

#[test]
fn a_level_is_played_in_ones_own_editor() {
    let place = tempfile::tempdir().expect("a temporary folder");
    let words = ["watch", "localhost-sidecar", "--dir", "work", "--once"];
    let first = podhop(place.path(), &words);
    assert_eq!(first.status.code(), Some(1));
    let said = text(&first.stdout);
    assert!(said.contains("it printed: curl: (6)") && !said.contains("way out"), "{said}");
    let file = place.path().join("work/multi.yaml");
    let mended = fs::read_to_string(&file).expect("it is there").replace("//nginx", "//localhost");
    fs::write(&file, mended).expect("written");
    let second = podhop(place.path(), &words);
    assert_eq!(second.status.code(), Some(0), "{}", text(&second.stdout));
    // What was saved stays.
    assert!(fs::read_to_string(&file).expect("it is there").contains("//localhost"));
    let all = podhop(place.path(), &["watch", "clusterip", "--once", "--everything"]);
    assert!(text(&all.stdout).contains("way out: "), "{}", text(&all.stdout));
}

#[test]
fn the_page_for_authors_lists_what_there_is() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/levels.md");
    let page = fs::read_to_string(page).expect("the page");
    for image in podhop::cluster::images() {
        assert!(page.contains(&format!("- `{image}`\n")), "the page lacks the image {image}");
    }
    let listed = page.lines().filter_map(|line| line.strip_prefix("- `")?.strip_suffix('`'));
    for image in listed {
        assert!(podhop::cluster::images().any(|known| known == image), "there is no image {image}");
    }
    let level = Pack::json_schema(FormatFile::Level);
    for schema in [level, &level["$defs"]["ExpectFile"], &level["$defs"]["EventFile"]] {
        for (key, _) in schema["properties"].as_object().expect("keys") {
            assert!(page.contains(&format!("`{key}`")), "the page lacks the key {key}");
        }
    }
    for cheat in Cheat::ALL {
        assert!(page.contains(&format!("`{}`", cheat.name())), "the page lacks {}", cheat.name());
    }
    for place in ["laptop", "node/", "pod/", "deploy/", "rs/", "sts/", "ds/"] {
        assert!(page.contains(&format!("`{place}")), "the page lacks {place}");
    }
}

/// Every default of a schema is of its type.
fn defaults_fit(schema: &Value) {
    if let (Some(default), Some(kind)) = (schema.get("default"), schema["type"].as_str()) {
        let right = match kind {
            "string" => default.is_string(),
            "integer" => default.is_u64() || default.is_i64(),
            "boolean" => default.is_boolean(),
            "array" => default.is_array(),
            "object" => default.is_object(),
            other => panic!("a default of type {other}"),
        };
        assert!(right, "{schema:#}");
    }
    match schema {
        Value::Object(fields) => fields.values().for_each(defaults_fit),
        Value::Array(items) => items.iter().for_each(defaults_fit),
        _ => {}
    }
}

#[test]
fn schemas_have_defaults_patterns_and_codes() {
    for file in [FormatFile::Pack, FormatFile::Level, FormatFile::Expect] {
        let schema = Pack::json_schema(file);
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        defaults_fit(schema);
    }
    let level = Pack::json_schema(FormatFile::Level);
    let after = &level["$defs"]["GoalFile"]["properties"]["after"];
    assert_eq!(
        (&after["pattern"], &after["default"]),
        (&"^[0-9]{1,9}(ms|s|m|h)$".into(), &"0s".into())
    );
    let codes = &Pack::json_schema(FormatFile::Expect)["properties"]["diagnosis"]["enum"];
    assert!(
        codes.as_array().is_some_and(|codes| codes.contains(&"service-selects-nothing".into()))
    );
}

#[rustfmt::skip]
const BASE: &[(&str, &str)] = &[
    ("pack.yaml", "title: T\nchapters:\n- {name: a, title: A, levels: [shop]}\n"),
    ("shop/level.yaml", "title: A shop\nchapter: a\nsituation: The client calls http://shop, and is refused.\ncluster: {nodes: 2}\nclaims:\n- {from: pod/client, run: \"curl -sS -m 2 http://shop\", expect: {exit: 7}}\ngoals:\n- say: the client gets \"It works!\" from http://shop\n  from: pod/client\n  run: curl -sS -m 2 http://shop\n  expect: {exit: 0, page: \"It works!\"}\n  repeat: {times: 9, every: 5s}\nevents:\n- during: 1\n  requests: [2, 5]\n  run: kubectl delete --wait=false pod x\n  changes: pods app=shop\nhints:\n- say: Compare the selector with the pods' labels.\n- worked: solutions/service\ndebrief: A Service finds its pods by their labels.\n"),
    ("shop/start/shop.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: shop}\nspec:\n  selector: {app: shop}\n  ports: [{port: 80}]\n"),
    ("shop/solutions/service/shop.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: shop}\nspec:\n  selector: {app: shop}\n  ports: [{port: 80}]\n"),
    ("shop/solutions/typed/solve.sh", "kubectl set selector service shop app=shop\n"),
    ("shop/mistakes/a/shop.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: shop}\nspec:\n  selector: {app: shop}\n  ports: [{port: 80}]\n"),
    ("shop/mistakes/a/expect.yaml", "{goal: 1, diagnosis: service-selects-nothing, at: \"shop.yaml:5\"}\n"),
];

/// What is broken: a name for it, the file, what is replaced in it (the whole file where nothing is named),
/// by what (the file goes where nothing is named), and what is said first.
type Case =
    (&'static str, &'static str, Option<&'static [u8]>, Option<&'static [u8]>, &'static str);

#[rustfmt::skip]
const BROKEN: &[Case] = &[
    ("unknown key", "shop/level.yaml", Some(b"hints:"), Some(b"hintz:"), "shop/level.yaml:18:1: unknown key \"hintz\" (did you mean \"hints\"?)"),
    ("unknown key far", "shop/level.yaml", Some(b"title: A shop\n"), Some(b"title: A shop\nmood: happy\n"), "shop/level.yaml:2:1: unknown key \"mood\" (the file knows the keys allows, "),
    ("key of another place", "shop/level.yaml", Some(b"title: A shop\n"), Some(b"title: A shop\nstdout: x\n"), "shop/level.yaml:2:1: unknown key \"stdout\" (stdout belongs below expect)"),
    ("key in wrong case", "shop/level.yaml", Some(b"debrief:"), Some(b"Debrief:"), "shop/level.yaml:21:1: unknown key \"Debrief\" (did you mean \"debrief\"?)"),
    ("snake case", "shop/level.yaml", Some(b"page:"), Some(b"served_by:"), "shop/level.yaml:11:21: unknown key \"served_by\" (did you mean \"servedBy\"?)"),
    ("unknown key in goal", "shop/level.yaml", Some(b"  run: curl"), Some(b"  command: curl"), "shop/level.yaml:10:3: unknown key \"command\" (goals knows the keys after, expect, from, holds, predict, repeat, run, say, traffic)"),
    ("unknown key in expect", "shop/level.yaml", Some(b"page: "), Some(b"pagee: "), "shop/level.yaml:11:21: unknown key \"pagee\" (did you mean \"page\"?)"),
    ("unknown key in repeat", "shop/level.yaml", Some(b"every: 5s"), Some(b"evry: 5s"), "shop/level.yaml:12:22: unknown key \"evry\" (did you mean \"every\"?)"),
    ("unknown key in cluster", "shop/level.yaml", Some(b"nodes: 2"), Some(b"node: 2"), "shop/level.yaml:4:11: unknown key \"node\" (did you mean \"nodes\"?)"),
    ("unknown key in event", "shop/level.yaml", Some(b"  changes:"), Some(b"  change:"), "shop/level.yaml:17:3: unknown key \"change\" (did you mean \"changes\"?)"),
    ("unknown key in hint", "shop/level.yaml", Some(b"- say: Compare"), Some(b"- text: Compare"), "shop/level.yaml:19:3: unknown key \"text\" (hints knows the keys after, goal, say, when, worked)"),
    ("title a list", "shop/level.yaml", Some(b"title: A shop"), Some(b"title: [A, shop]"), "shop/level.yaml:1:1: title is a list, where a text belongs (write a text)"),
    ("title a number", "shop/level.yaml", Some(b"title: A shop"), Some(b"title: 12"), "shop/level.yaml:1:1: title is a number, where a text belongs (put it into quotes: \"12\")"),
    ("title true", "shop/level.yaml", Some(b"title: A shop"), Some(b"title: yes"), "shop/level.yaml:1:1: title is true or false, where a text belongs (put it into quotes: yes, no, on, off, true and false are no texts without)"),
    ("title empty", "shop/level.yaml", Some(b"title: A shop"), Some(b"title: ''"), "shop/level.yaml:1:1: title is empty (write it: The level's title, a line of at most 100 characters)"),
    ("title blank", "shop/level.yaml", Some(b"title: A shop"), Some(b"title: '  '"), "shop/level.yaml:1:1: title is empty (write it: The level's title, a line of at most 100 characters)"),
    ("title null", "shop/level.yaml", Some(b"title: A shop"), Some(b"title:"), "shop/level.yaml:1:1: title is empty, where a text belongs (write a text)"),
    ("title missing", "shop/level.yaml", Some(b"title: A shop\n"), Some(b""), "shop/level.yaml:1:1: title is missing (add title: The level's title, a line of at most 100 characters)"),
    ("debrief missing", "shop/level.yaml", Some(b"debrief: A Service finds its pods by their labels.\n"), Some(b""), "shop/level.yaml:1:1: debrief is missing (add debrief: What to keep. At most 120 words)"),
    ("goals missing say", "shop/level.yaml", Some(b"- say: the client gets \"It works!\" from http://shop\n  from"), Some(b"- from"), "shop/level.yaml:8:3: say is missing in goals (add say: The goal in the player's words)"),
    ("goals a map", "shop/level.yaml", Some(b"goals:\n- say: the"), Some(b"goals:\n  say: the"), "shop/level.yaml:7:1: goals is a group of keys, where a list belongs (write a list: each entry on a line of its own, after a hyphen)"),
    ("goals empty", "shop/level.yaml", None, Some(b"title: A shop\nchapter: a\nsituation: The client calls http://shop, and is refused.\ncluster: {nodes: 2}\nclaims:\n- {from: pod/client, run: \"curl -sS -m 2 http://shop\", expect: {exit: 7}}\ngoals: []\ndebrief: d\n"), "shop/level.yaml:7:1: goals is an empty list (add an entry: What has to work)"),
    ("goals text", "shop/level.yaml", None, Some(b"title: A shop\nchapter: a\nsituation: The client calls http://shop, and is refused.\ncluster: {nodes: 2}\nclaims:\n- {from: pod/client, run: \"curl -sS -m 2 http://shop\", expect: {exit: 7}}\ngoals: it works\ndebrief: d\n"), "shop/level.yaml:7:1: goals is a text, where a list belongs (write a list: each entry on a line of its own, after a hyphen)"),
    ("say empty", "shop/level.yaml", Some(b"say: the client gets \"It works!\" from http://shop"), Some(b"say: ''"), "shop/level.yaml:8:3: say is empty (write it: The goal in the player's words)"),
    ("run empty", "shop/level.yaml", Some(b"run: curl -sS -m 2 http://shop\n  expect"), Some(b"run: ''\n  expect"), "shop/level.yaml:10:3: run is empty (write it: The request: a shell command)"),
    ("times text", "shop/level.yaml", Some(b"times: 9"), Some(b"times: many"), "shop/level.yaml:12:12: times is a text, where a whole number belongs (write a whole number, without quotes: 3)"),
    ("times quoted", "shop/level.yaml", Some(b"times: 9"), Some(b"times: '9'"), "shop/level.yaml:12:12: times is a text, where a whole number belongs (write a whole number, without quotes: 3)"),
    ("times zero", "shop/level.yaml", Some(b"times: 9"), Some(b"times: 0"), "shop/level.yaml:12:12: 0 is out of the bound of requests of goals: 1 to 1000 (give a number from 1 to 1000)"),
    ("times negative", "shop/level.yaml", Some(b"times: 9"), Some(b"times: -1"), "shop/level.yaml:12:12: times cannot be -1 (give a number of 0 or more)"),
    ("times fraction", "shop/level.yaml", Some(b"times: 9"), Some(b"times: 1.5"), "shop/level.yaml:12:12: times is a number with a fraction, where a whole number belongs (write a whole number, without quotes: 3)"),
    ("times huge", "shop/level.yaml", Some(b"times: 9"), Some(b"times: 99999999999999999999"), "shop/level.yaml:12:12: times is too large a number, where a whole number belongs (write a whole number, without quotes: 3)"),
    ("times million", "shop/level.yaml", Some(b"times: 9"), Some(b"times: 1000000"), "shop/level.yaml:12:12: 1000000 is out of the bound of requests of goals: 1 to 1000 (give a number from 1 to 1000)"),
    ("succeed over", "shop/level.yaml", Some(b"times: 9"), Some(b"succeed: 10, times: 9"), "shop/level.yaml:12:12: 10 of 9 requests can't succeed (give a number from 1 to 9, or more times)"),
    ("spread over", "shop/level.yaml", Some(b"times: 9"), Some(b"spread: 10, times: 9"), "shop/level.yaml:12:12: 9 requests can't be served by 10 pods (give more times, or atMost)"),
    ("every no unit", "shop/level.yaml", Some(b"every: 5s"), Some(b"every: 5"), "shop/level.yaml:12:22: every is a number, where a text belongs (for example: 20s)"),
    ("every no unit quoted", "shop/level.yaml", Some(b"every: 5s"), Some(b"every: '5'"), "shop/level.yaml:12:22: every cannot be \"5\" (for example: 20s)"),
    ("every odd unit", "shop/level.yaml", Some(b"every: 5s"), Some(b"every: 5sec"), "shop/level.yaml:12:22: every cannot be \"5sec\" (for example: 20s)"),
    ("after two units", "shop/level.yaml", Some(b"  repeat:"), Some(b"  after: 1m30s\n  repeat:"), "shop/level.yaml:12:3: after cannot be \"1m30s\" (for example: 20s)"),
    ("nodes 0", "shop/level.yaml", Some(b"nodes: 2"), Some(b"nodes: 0"), "shop/level.yaml:4:11: 0 is out of the bound of nodes of the cluster: 1 to 100 (give a number from 1 to 100)"),
    ("nodes 100000", "shop/level.yaml", Some(b"nodes: 2"), Some(b"nodes: 100000"), "shop/level.yaml:4:11: 100000 is out of the bound of nodes of the cluster: 1 to 100 (give a number from 1 to 100)"),
    ("nodes text", "shop/level.yaml", Some(b"nodes: 2"), Some(b"nodes: two"), "shop/level.yaml:4:11: nodes is a text, where a whole number belongs (write a whole number, without quotes: 3)"),
    ("balancer", "shop/level.yaml", Some(b"nodes: 2"), Some(b"nodes: 2, loadBalancer: clouds"), "shop/level.yaml:4:21: loadBalancer cannot be \"clouds\" (did you mean \"cloud\"?)"),
    ("ingress", "shop/level.yaml", Some(b"nodes: 2"), Some(b"nodes: 2, ingress: traefik"), "shop/level.yaml:4:21: ingress cannot be \"traefik\" (write nginx)"),
    ("families", "shop/level.yaml", Some(b"nodes: 2"), Some(b"nodes: 2, ipFamilies: [IPv4]"), "shop/level.yaml:4:21: ipFamilies is a list, where a text belongs (write dualStack)"),
    ("zones text", "shop/level.yaml", Some(b"nodes: 2"), Some(b"nodes: 2, zones: a"), "shop/level.yaml:4:21: zones is a text, where a list belongs (write a list: each entry on a line of its own, after a hyphen)"),
    ("zone name", "shop/level.yaml", Some(b"nodes: 2"), Some(b"nodes: 2, zones: ['a b']"), "shop/level.yaml:4:29: \"a b\" is no name of a zone (for example: zone-a)"),
    ("exit text", "shop/level.yaml", Some(b"exit: 0"), Some(b"exit: zero"), "shop/level.yaml:11:12: exit is a text, where a whole number belongs (write a whole number, without quotes: 3)"),
    ("exit 300", "shop/level.yaml", Some(b"exit: 0"), Some(b"exit: 300"), "shop/level.yaml:11:12: exit cannot be 300 (give a number from 0 to 255)"),
    ("exit -1", "shop/level.yaml", Some(b"exit: 0"), Some(b"exit: -1"), "shop/level.yaml:11:12: exit cannot be -1 (give a number from 0 to 255)"),
    ("holds text", "shop/level.yaml", Some(b"  repeat:"), Some(b"  holds: often\n  repeat:"), "shop/level.yaml:12:3: holds is a text, where true or false belongs (write true or false)"),
    ("from nonsense", "shop/level.yaml", Some(b"  from: pod/client"), Some(b"  from: client"), "shop/level.yaml:9:3: expected laptop, node/NAME, pod/NAME or deploy/NAME (with -c CONTAINER, -n NAMESPACE), received \"client\" (for example: pod/client)"),
    ("from empty", "shop/level.yaml", Some(b"  from: pod/client"), Some(b"  from: ''"), "shop/level.yaml:9:3: expected laptop, node/NAME, pod/NAME or deploy/NAME (with -c CONTAINER, -n NAMESPACE), received \"\" (for example: pod/client)"),
    ("from flag", "shop/level.yaml", Some(b"  from: pod/client"), Some(b"  from: pod/client -x a"), "shop/level.yaml:9:3: expected laptop, node/NAME, pod/NAME or deploy/NAME (with -c CONTAINER, -n NAMESPACE), received \"pod/client -x a\" (for example: pod/client)"),
    ("traffic", "shop/level.yaml", Some(b"  repeat:"), Some(b"  traffic: everywhere\n  repeat:"), "shop/level.yaml:12:3: expected laptop, node/NAME, pod/NAME or deploy/NAME (with -c CONTAINER, -n NAMESPACE), received \"everywhere\" (for example: pod/client)"),
    ("servedBy text", "shop/level.yaml", Some(b"page: \"It works!\""), Some(b"servedBy: app=shop"), "shop/level.yaml:11:21: servedBy is a text, where a group of keys belongs (write its keys below it, indented, each with a value)"),
    ("matches", "shop/level.yaml", Some(b"page: \"It works!\""), Some(b"matches: '('"), "shop/level.yaml:11:21: matches is no pattern: unclosed group (write a regular expression, for example ^10\\.244\\.)"),
    ("object kind", "shop/level.yaml", Some(b"page: \"It works!\""), Some(b"object: {kind: servce, name: a, path: b, equals: c}"), "shop/level.yaml:11:30: there is no kind \"servce\" (for example: service)"),
    ("object without path", "shop/level.yaml", Some(b"page: \"It works!\""), Some(b"object: {kind: service, name: a, equals: c}"), "shop/level.yaml:11:21: path is missing in object (add path: The field, as `kubectl get -o jsonpath` takes it: `{.spec.type}`)"),
    ("during missing goal", "shop/level.yaml", Some(b"during: 1"), Some(b"during: 4"), "shop/level.yaml:14:3: there is no goal 4 (the level has goals 1 to 1)"),
    ("requests too many", "shop/level.yaml", Some(b"[2, 5]"), Some(b"[2, 9]"), "shop/level.yaml:15:3: goal 1 makes 9 requests; between which of them? (requests lists numbers from 0, before the first, to 8)"),
    ("requests none", "shop/level.yaml", Some(b"  requests: [2, 5]\n"), Some(b""), "shop/level.yaml:14:3: goal 1 makes 9 requests; between which of them? (requests lists numbers from 0, before the first, to 8)"),
    ("both clocks", "shop/level.yaml", Some(b"during: 1"), Some(b"during: 1\n  after: 5s"), "shop/level.yaml:14:3: an event is on the clock or between requests, not both (leave out after, every and times, or during)"),
    ("no when", "shop/level.yaml", Some(b"- during: 1\n  requests: [2, 5]\n  run"), Some(b"- run"), "shop/level.yaml:14:3: it is not said when this event happens (say `after` for an event on the clock, `during` for one between requests)"),
    ("event 2h", "shop/level.yaml", Some(b"during: 1\n  requests: [2, 5]"), Some(b"after: 2h"), "shop/level.yaml:14:3: it spans 7200 s, out of the bound of simulated time: 3600 s (let it end within 3600 s of the first apply)"),
    ("changes kind", "shop/level.yaml", Some(b"pods app=shop"), Some(b"podz app=shop"), "shop/level.yaml:17:3: there is no kind \"podz\" (for example: pods app=backend)"),
    ("hint code", "shop/level.yaml", Some(b"- say: Compare"), Some(b"- when: service-select-nothing\n  say: Compare"), "shop/level.yaml:19:3: when cannot be \"service-select-nothing\" (did you mean \"service-selects-nothing\"?)"),
    ("hint code far", "shop/level.yaml", Some(b"- say: Compare"), Some(b"- when: bananas\n  say: Compare"), "shop/level.yaml:19:3: when cannot be \"bananas\" (there are "),
    ("hint empty", "shop/level.yaml", Some(b"- worked: solutions/service"), Some(b"- {}"), "shop/level.yaml:20:3: the hint has no text (give it a text with say, or a solution with worked)"),
    ("hint worked dangling", "shop/level.yaml", Some(b"solutions/service"), Some(b"solutions/servic"), "shop/level.yaml:20:3: there is no solution servic (did you mean solutions/service?)"),
    ("hint goal", "shop/level.yaml", Some(b"- worked:"), Some(b"- goal: 3\n  worked:"), "shop/level.yaml:20:3: there is no goal 3 (the level has goals 1 to 1)"),
    ("allows unknown", "shop/level.yaml", Some(b"debrief:"), Some(b"allows: {relabeling: x}\ndebrief:"), "shop/level.yaml:21:10: unknown key \"relabeling\" (did you mean \"relabelling\"?)"),
    ("allows empty", "shop/level.yaml", Some(b"debrief:"), Some(b"allows: {echo: ''}\ndebrief:"), "shop/level.yaml:21:10: echo is empty (write a text there)"),
    ("locked dangling", "shop/level.yaml", Some(b"debrief:"), Some(b"locked: [client.yaml]\ndebrief:"), "shop/level.yaml:21:10: there is no file start/client.yaml (name a file of start/)"),
    ("locked twice", "shop/level.yaml", Some(b"debrief:"), Some(b"locked: [shop.yaml, shop.yaml]\ndebrief:"), "shop/level.yaml:21:21: locked names shop.yaml twice (name it once)"),
    ("refused dangling", "shop/level.yaml", Some(b"debrief:"), Some(b"refused: [start/none.yaml]\ndebrief:"), "shop/level.yaml:21:11: there is no file start/none.yaml (name a manifest as start/NAME or world/NAME)"),
    ("teaches twice", "shop/level.yaml", Some(b"debrief:"), Some(b"teaches: [Service, Service]\ndebrief:"), "shop/level.yaml:21:20: teaches names Service twice (name it once)"),
    ("key twice", "shop/level.yaml", Some(b"debrief:"), Some(b"title: B\ndebrief:"), "shop/level.yaml:21:1: the key \"title\" is given twice (line 1 gives it first; keep one of them)"),
    ("key twice deep", "shop/level.yaml", Some(b"exit: 0,"), Some(b"exit: 0, exit: 1,"), "shop/level.yaml:11:21: the key \"goals[0].expect.exit\" is given twice (line 11 gives it first; keep one of them)"),
    ("tab", "shop/level.yaml", Some(b"cluster: {nodes: 2}"), Some(b"cluster:\n\tnodes: 2"), "shop/level.yaml:5:1: this is no YAML: found character that cannot start any token (look at the indentation, quotes and colons of this line and the one above)"),
    ("unclosed quote", "shop/level.yaml", Some(b"title: A shop"), Some(b"title: \"A shop"), "shop/level.yaml:6:28: this is no YAML: did not find expected key (look at the indentation, quotes and colons of this line and the one above)"),
    ("unclosed bracket", "shop/level.yaml", Some(b"{nodes: 2}"), Some(b"{nodes: 2"), "shop/level.yaml:5:7: this is no YAML: did not find expected ',' or '}' (look at the indentation, quotes and colons of this line and the one above)"),
    ("colon in text", "shop/level.yaml", Some(b"say: Compare the"), Some(b"say: Compare: the"), "shop/level.yaml:19:15: this is no YAML: mapping values are not allowed in this context (look at the indentation, quotes and colons of this line and the one above)"),
    ("bad indent", "shop/level.yaml", Some(b"  from: pod/client"), Some(b" from: pod/client"), "shop/level.yaml:9:2: this is no YAML: did not find expected key (look at the indentation, quotes and colons of this line and the one above)"),
    ("empty file", "shop/level.yaml", None, Some(b""), "shop/level.yaml:1:1: the file says nothing (podhop lint --schema prints its keys; podhop new makes a pack to begin with)"),
    ("comment only", "shop/level.yaml", None, Some(b"# nothing\n"), "shop/level.yaml:1:1: the file says nothing (podhop lint --schema prints its keys; podhop new makes a pack to begin with)"),
    ("list file", "shop/level.yaml", None, Some(b"- a\n"), "shop/level.yaml:1:1: the file is a list, where a group of keys belongs (write its keys below it, indented, each with a value)"),
    ("text file", "shop/level.yaml", None, Some(b"hello\n"), "shop/level.yaml:1:1: the file is a text, where a group of keys belongs (write its keys below it, indented, each with a value)"),
    ("two documents", "shop/level.yaml", None, Some(b"title: A shop\nchapter: a\nsituation: The client calls http://shop, and is refused.\ncluster: {nodes: 2}\nclaims:\n- {from: pod/client, run: \"curl -sS -m 2 http://shop\", expect: {exit: 7}}\ngoals:\n- say: the client gets \"It works!\" from http://shop\n  from: pod/client\n  run: curl -sS -m 2 http://shop\n  expect: {exit: 0, page: \"It works!\"}\n  repeat: {times: 9, every: 5s}\nevents:\n- during: 1\n  requests: [2, 5]\n  run: kubectl delete --wait=false pod x\n  changes: pods app=shop\nhints:\n- say: Compare the selector with the pods' labels.\n- worked: solutions/service\ndebrief: A Service finds its pods by their labels.\n---\ntitle: A shop\nchapter: a\nsituation: The client calls http://shop, and is refused.\ncluster: {nodes: 2}\nclaims:\n- {from: pod/client, run: \"curl -sS -m 2 http://shop\", expect: {exit: 7}}\ngoals:\n- say: the client gets \"It works!\" from http://shop\n  from: pod/client\n  run: curl -sS -m 2 http://shop\n  expect: {exit: 0, page: \"It works!\"}\n  repeat: {times: 9, every: 5s}\nevents:\n- during: 1\n  requests: [2, 5]\n  run: kubectl delete --wait=false pod x\n  changes: pods app=shop\nhints:\n- say: Compare the selector with the pods' labels.\n- worked: solutions/service\ndebrief: A Service finds its pods by their labels.\n"), "shop/level.yaml:23:1: a second document begins here (keep one; take the line --- away)"),
    ("not utf-8", "shop/level.yaml", None, Some(b"title: \xff\xfe\n"), "shop/level.yaml:1:1: this is not text in UTF-8 (save the file as UTF-8)"),
    ("nul", "shop/level.yaml", None, Some(b"title: a\x00b\n"), "shop/level.yaml:1:9: this is no YAML: control characters are not allowed (look at the indentation, quotes and colons of this line and the one above)"),
    ("alias unknown", "shop/level.yaml", Some(b"title: A shop"), Some(b"title: *t"), "shop/level.yaml:1:8: this is no YAML: unknown anchor 't' referenced (look at the indentation, quotes and colons of this line and the one above)"),
    ("chapter other", "shop/level.yaml", Some(b"chapter: a"), Some(b"chapter: b"), "shop/level.yaml:2:1: expected chapter a, received \"b\" (name the chapter that pack.yaml lists the level in)"),
    ("difficulty", "shop/level.yaml", Some(b"chapter: a"), Some(b"chapter: a\ndifficulty: 9"), "shop/level.yaml:3:1: 9 is out of the bound of the level's difficulty: 1 to 5 (give a number from 1 to 5)"),
    ("difficulty text", "shop/level.yaml", Some(b"chapter: a"), Some(b"chapter: a\ndifficulty: hard"), "shop/level.yaml:3:1: difficulty is a text, where a whole number belongs (write a whole number, without quotes: 3)"),
    ("question no choices", "shop/level.yaml", Some(b"debrief:"), Some(b"question: {ask: a}\ndebrief:"), "shop/level.yaml:21:1: choices is missing in question (add choices: Two to five choices: one of them fits what comes back, the same on every seed)"),
    ("question answer", "shop/level.yaml", Some(b"debrief:"), Some(b"question: {ask: a, answer: mistakes/b, choices: [{say: a, expect: {exit: 0}}, {say: b, expect: {exit: 1}}]}\ndebrief:"), "shop/level.yaml:21:20: there is no folder \"mistakes/b\" (name a folder of this level: mistakes/NAME or solutions/NAME)"),
    ("predict one choice", "shop/level.yaml", Some(b"  repeat:"), Some(b"  predict: {choices: [{say: a, expect: {exit: 0}}]}\n  repeat:"), "shop/level.yaml:12:13: a question has 2 to 5 choices, this one 1 (give 2 to 5 choices)"),
    ("predict word", "shop/level.yaml", Some(b"  repeat:"), Some(b"  predict: never\n  repeat:"), "shop/level.yaml:12:3: predict cannot be \"never\" (write none)"),
    ("choice twice", "shop/level.yaml", Some(b"  repeat:"), Some(b"  predict: {choices: [{say: a, expect: {exit: 0}}, {say: a, expect: {exit: 1}}]}\n  repeat:"), "shop/level.yaml:12:53: the choice \"a\" is there twice (give each choice words of its own)"),
    ("choice empty", "shop/level.yaml", Some(b"  repeat:"), Some(b"  predict: {choices: [{say: a, expect: {}}, {say: b, expect: {exit: 1}}]}\n  repeat:"), "shop/level.yaml:12:23: this choice fits whatever comes back (say the exit code, or the text that is printed)"),
    ("choice no", "shop/level.yaml", Some(b"  repeat:"), Some(b"  predict: {choices: [{say: no, expect: {exit: 0}}, {say: b, expect: {exit: 1}}]}\n  repeat:"), "shop/level.yaml:12:24: say is true or false, where a text belongs (put it into quotes: yes, no, on, off, true and false are no texts without)"),
    ("spare file", "shop/level.yaml", Some(b"debrief:"), Some(b"spare: {web.yaml: {a: b}}\ndebrief:"), "shop/level.yaml:21:9: no solution's folder holds a file web.yaml (name a file of one of the solutions)"),
    ("spare line", "shop/level.yaml", Some(b"debrief:"), Some(b"spare: {shop.yaml: {a: b}}\ndebrief:"), "shop/level.yaml:21:21: no solution's shop.yaml has the line \"a\" (write the line as it stands there, without its indentation)"),
    ("claim nothing", "shop/level.yaml", Some(b"expect: {exit: 7}"), Some(b"expect: {}"), "shop/level.yaml:6:3: this claim expects nothing (say the exit code, or the text that it prints)"),
    ("claim no expect", "shop/level.yaml", Some(b", expect: {exit: 7}"), Some(b""), "shop/level.yaml:6:3: expect is missing in claims (add expect: What it has to answer)"),
    ("pack no title", "pack.yaml", Some(b"title: T\n"), Some(b""), "pack.yaml:1:1: title is missing (add title: The campaign's title, a line of at most 100 characters)"),
    ("pack chapters map", "pack.yaml", None, Some(b"title: T\nchapters: {a: [shop]}\n"), "pack.yaml:2:1: chapters is a group of keys, where a list belongs (write a list: each entry on a line of its own, after a hyphen)"),
    ("pack chapter no levels", "pack.yaml", Some(b"levels: [shop]"), Some(b"levels: []"), "pack.yaml:3:23: levels is an empty list (add an entry: Its levels' folders, in order)"),
    ("pack level dangling", "pack.yaml", Some(b"[shop]"), Some(b"[shop, shpo]"), "pack.yaml:3:38: there is no shpo/level.yaml (did you mean shop?)"),
    ("pack level number", "pack.yaml", Some(b"[shop]"), Some(b"[shop, '1']"), "pack.yaml:3:38: level \"1\" could not be told from the number of a level (give its folder a name with a letter)"),
    ("pack level twice", "pack.yaml", Some(b"[shop]"), Some(b"[shop, shop]"), "pack.yaml:3:38: level shop is there twice (name it once, or give the second a folder of its own)"),
    ("pack level path", "pack.yaml", Some(b"[shop]"), Some(b"[shop, ../x]"), "pack.yaml:3:38: \"../x\" is no name of a level (use letters, digits and hyphens, 63 at most, and no hyphen first)"),
    ("pack chapter twice", "pack.yaml", Some(b"levels: [shop]}"), Some(b"levels: [shop]}\n- {name: a, title: B, levels: [shop]}"), "pack.yaml:4:4: chapter a is there twice (give one of them another name)"),
    ("pack chapter title empty", "pack.yaml", Some(b"title: A"), Some(b"title: ''"), "pack.yaml:3:13: title is empty (write it: Its title, a line of at most 100 characters)"),
    ("pack unknown key", "pack.yaml", Some(b"title: T"), Some(b"titel: T"), "pack.yaml:1:1: unknown key \"titel\" (did you mean \"title\"?)"),
    ("pack language list", "pack.yaml", Some(b"title: T"), Some(b"title: T\nlanguage: [en]"), "pack.yaml:2:1: language is a list, where a text belongs (write a text)"),
    ("pack empty", "pack.yaml", None, Some(b""), "pack.yaml:1:1: the file says nothing (podhop lint --schema prints its keys; podhop new makes a pack to begin with)"),
    ("expect missing", "shop/mistakes/a/expect.yaml", None, None, "shop/mistakes/a/expect.yaml:1:1: shop/mistakes/a has no such file (add the file, or take away what asks for it)"),
    ("expect goal 0", "shop/mistakes/a/expect.yaml", Some(b"goal: 1"), Some(b"goal: 0"), "shop/mistakes/a/expect.yaml:1:2: there is no goal 0 (the level has goals 1 to 1)"),
    ("expect goal 2", "shop/mistakes/a/expect.yaml", Some(b"goal: 1"), Some(b"goal: 2"), "shop/mistakes/a/expect.yaml:1:2: there is no goal 2 (the level has goals 1 to 1)"),
    ("expect goal text", "shop/mistakes/a/expect.yaml", Some(b"goal: 1"), Some(b"goal: one"), "shop/mistakes/a/expect.yaml:1:2: goal is a text, where a whole number belongs (write a whole number, without quotes: 3)"),
    ("expect code", "shop/mistakes/a/expect.yaml", Some(b"service-selects-nothing"), Some(b"service-selects-nothin"), "shop/mistakes/a/expect.yaml:1:11: diagnosis cannot be \"service-selects-nothin\" (did you mean \"service-selects-nothing\"?)"),
    ("expect at", "shop/mistakes/a/expect.yaml", Some(b"shop.yaml:5"), Some(b"shop.yaml"), "shop/mistakes/a/expect.yaml:1:47: at cannot be \"shop.yaml\" (for example: service.yaml:7)"),
    ("expect unknown", "shop/mistakes/a/expect.yaml", Some(b"at:"), Some(b"line:"), "shop/mistakes/a/expect.yaml:1:47: unknown key \"line\" (the file knows the keys at, diagnosis, goal)"),
    ("mistake empty", "shop/mistakes/a/shop.yaml", None, None, "shop/mistakes/a/expect.yaml:1:1: this mistake has neither a file nor solve.sh (add the files as a player would have them)"),
    ("start missing", "shop/start/shop.yaml", None, None, "shop/level.yaml:1:1: solution service has files, and there is no start/ (add start/ with the files that the player edits; a level that is played in the terminal alone has solutions of solve.sh alone)"),
    ("stray solution", "shop/solutions/shop.yaml", None, Some(b"x"), "shop/solutions/shop.yaml:1:1: stray file: a level has level.yaml, world, start, solutions/NAME and mistakes/NAME ("),
    ("manifest not utf-8", "shop/start/shop.yaml", Some(b"app: shop"), Some(b"app: sh\xe9p"), "shop/start/shop.yaml:5:1: this is not text in UTF-8 (save the file as UTF-8)"),
    ("run no command", "shop/level.yaml", Some(b"run: curl -sS -m 2 http://shop\n  expect"), Some(b"run: curl \"http://shop\n  expect"), "shop/level.yaml:10:3: this is no command: "),
    ("event no command", "shop/level.yaml", Some(b"run: kubectl delete --wait=false"), Some(b"run: (kubectl delete"), "shop/level.yaml:16:3: this is no command: "),
    ("image misspelt", "shop/level.yaml", Some(b"page: \"It works!\""), Some(b"servedByImage: htpd"), "shop/level.yaml:11:21: no server tells that its image is \"htpd\" (did you mean httpd?)"),
    ("image with tag", "shop/level.yaml", Some(b"page: \"It works!\""), Some(b"servedByImage: httpd:2.4"), "shop/level.yaml:11:21: no server tells that its image is \"httpd:2.4\" (write it without registry and tag: httpd)"),
    ("page empty", "shop/level.yaml", Some(b"page: \"It works!\""), Some(b"page: ''"), "shop/level.yaml:11:21: page is empty (write it: "),
    ("hint a text", "shop/level.yaml", Some(b"- say: Compare"), Some(b"- Compare"), "shop/level.yaml:19:3: entry 1 of hints is a text, where a group of keys belongs ("),
    ("requests twice", "shop/level.yaml", Some(b"requests: [2, 5]"), Some(b"requests: [2, 2]"), "shop/level.yaml:15:17: requests names 2 twice (name it once)"),
    ("spare with folder", "shop/level.yaml", Some(b"debrief:"), Some(b"spare: {solutions/service/shop.yaml: {a: b}}\ndebrief:"), "shop/level.yaml:21:9: no solution's folder holds a file solutions/service/shop.yaml (leave the folder out: shop.yaml)"),
    ("expect no file", "shop/mistakes/a/expect.yaml", Some(b"shop.yaml:5"), Some(b"shop.yml:5"), "shop/mistakes/a/expect.yaml:1:47: there is no file shop.yml (did you mean shop.yaml?)"),
    ("expect no line", "shop/mistakes/a/expect.yaml", Some(b"shop.yaml:5"), Some(b"shop.yaml:60"), "shop/mistakes/a/expect.yaml:1:47: shop.yaml has no line 60 (it has 6 lines)"),
    ("sandbox", "pack.yaml", Some(b"[shop]"), Some(b"[shop, sandbox]"), "pack.yaml:3:38: level \"sandbox\" could not be told from podhop's own sandbox (give its folder another name)"),
    ("stray file", "shop/notes.txt", None, Some(b"x"), "shop/notes.txt:1:1: stray file: a level has level.yaml, world, start, solutions/NAME and mistakes/NAME (remove it, or move it into one of these)"),
    ("stray folder", "other/level.yaml", None, Some(b"title: A shop\nchapter: a\nsituation: The client calls http://shop, and is refused.\ncluster: {nodes: 2}\nclaims:\n- {from: pod/client, run: \"curl -sS -m 2 http://shop\", expect: {exit: 7}}\ngoals:\n- say: the client gets \"It works!\" from http://shop\n  from: pod/client\n  run: curl -sS -m 2 http://shop\n  expect: {exit: 0, page: \"It works!\"}\n  repeat: {times: 9, every: 5s}\nevents:\n- during: 1\n  requests: [2, 5]\n  run: kubectl delete --wait=false pod x\n  changes: pods app=shop\nhints:\n- say: Compare the selector with the pods' labels.\n- worked: solutions/service\ndebrief: A Service finds its pods by their labels.\n"), "pack.yaml:1:1: other is in no chapter (add it to a chapter's `levels`, or remove the folder)"),
];

/// Words of podhop's own making that no author knows.
const FOREIGN: [&str; 12] = [
    "invalid type",
    "u32",
    "u64",
    "i32",
    "Some(",
    "None",
    "Option",
    "enum",
    "variant",
    "struct",
    "serde",
    "DuplicateKeyPolicy",
];

#[test]
fn broken_files_are_told_where_what_and_what_next() {
    assert!(BROKEN.len() >= 97, "{}", BROKEN.len());
    let mut wrong = Vec::new();
    for (name, file, from, to, expected) in BROKEN {
        let mut files: Files = BASE
            .iter()
            .map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()))
            .collect();
        match (from, to) {
            (Some(from), Some(to)) => {
                let old = files.remove(*file).expect("a file of the sound pack");
                let at =
                    old.windows(from.len()).position(|part| part == *from).expect("it is there");
                let new = [&old[..at], to, &old[at + from.len()..]].concat();
                files.insert((*file).to_owned(), new);
            }
            (None, Some(to)) => {
                files.insert((*file).to_owned(), to.to_vec());
            }
            (_, None) => {
                files.remove(*file);
            }
        }
        let errors = Pack::from_files(&files).expect_err(name);
        let said: Vec<String> = errors.iter().map(ToString::to_string).collect();
        if !said[0].starts_with(expected) {
            wrong.push(format!("{name}: {:?} instead of {expected:?}", said[0]));
        }
        for (error, said) in errors.iter().zip(&said) {
            let placed = error.position.is_some() && error.file.is_some();
            let foreign = FOREIGN.iter().find(|word| error.message.contains(**word));
            let doubled = error.message.contains(" column ")
                || error.message.contains("line 1")
                || error.message.starts_with("line ");
            if !placed
                || error.help.is_none()
                || foreign.is_some()
                || doubled
                || said.contains('\n')
            {
                wrong.push(format!("{name}: {said}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
