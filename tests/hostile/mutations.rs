//! Every place of a file takes in turn what does not belong there: nothing, numbers beyond every
//! type, empty lists and maps, lists of nothing, texts. The answer is a pack or errors with their
//! places, and never a panic.

use std::num::NonZero;
use std::thread;
use std::time::Duration;

use podhop::cluster::{Cluster, Config, Place};
use podhop::game::Save;
use podhop::level::Pack;
use podhop::manifest;
use podhop::shell::{self, Files};
use serde_json::{Value, json};

/// What takes the place of something.
fn strangers() -> Vec<Value> {
    vec![
        json!(null),
        json!([null]),
        json!([]),
        json!({}),
        json!([{}]),
        json!({"": null}),
        json!(-1),
        json!(0),
        json!(1.5),
        json!(2_147_483_647),
        json!(u64::MAX),
        json!(1e300),
        json!(true),
        json!(""),
        json!("99999999999999999999h"),
        json!("\u{202e}\u{9b}\u{0}"),
        json!(["x", "x"]),
    ]
}

/// Numbers at the ends of what fields can hold.
fn extremes() -> Vec<Value> {
    vec![json!(i32::MAX), json!(i32::MAX - 1), json!(1 << 30), json!(-1), json!(0), json!("100%")]
}

/// The place of everything in a value.
fn places(value: &Value, at: String, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let name = name.replace('~', "~0").replace('/', "~1");
                places(field, format!("{at}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                places(item, format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
    found.push(at);
}

/// The value with each of `strangers` in each of its places; one of `every` is taken.
fn mutations(value: &Value, strangers: &[Value], every: usize) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    places(value, String::new(), &mut all);
    let both = all.iter().flat_map(|at| strangers.iter().map(move |stranger| (at, stranger)));
    let taken = both.enumerate().filter(|(index, _)| index % every == 0);
    let changed = taken.map(|(_, (at, stranger))| {
        let mut changed = value.clone();
        *changed.pointer_mut(at).expect("a place that was found") = stranger.clone();
        (format!("{at}: {stranger}"), changed)
    });
    changed.collect()
}

fn value_of(file: &str, bytes: &[u8]) -> Value {
    let text = std::str::from_utf8(bytes).expect("shipped files are UTF-8");
    manifest::parse_yaml(file, text).0.first().expect("a document").value.clone()
}

/// The files of one shipped level, in a pack of its own.
fn pack_of(level: &str) -> Files {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("levels").join(level);
    let mut files = Files::new();
    let mut folders = vec![folder.clone()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let below = path.strip_prefix(&folder).expect("below it").display();
            files.insert(format!("{level}/{below}"), std::fs::read(&path).expect("a file"));
        }
    }
    let chapter = value_of("level.yaml", &files[&format!("{level}/level.yaml")])["chapter"].clone();
    let pack = json!({"title": "One", "chapters": [
        {"name": chapter, "title": "One", "levels": [level]}
    ]});
    files.insert("pack.yaml".to_owned(), pack.to_string().into_bytes());
    files
}

fn holds_for(level: &str, file: &str, every: usize) {
    let files = pack_of(level);
    Pack::from_files(&files).expect("the shipped level is sound");
    let value = value_of(file, &files[file]);
    for (what, changed) in mutations(&value, &strangers(), every) {
        let mut files = files.clone();
        files.insert(file.to_owned(), changed.to_string().into_bytes());
        let Err(errors) = Pack::from_files(&files) else { continue };
        assert!(!errors.is_empty(), "{file} {what}");
        for error in errors {
            let placed = error.file.is_some() && error.position.is_some();
            assert!(placed, "{file} {what}: no place: {}", error.message);
        }
    }
}

#[test]
fn a_level_with_a_stranger_in_any_place_is_read_or_refused_with_the_place() {
    for level in ["and-or", "rolling-update", "dual-stack", "tls-end"] {
        holds_for(level, &format!("{level}/level.yaml"), 3);
    }
}

#[test]
fn so_are_a_pack_and_what_a_mistake_expects() {
    holds_for("dns-names", "pack.yaml", 1);
    holds_for("dns-names", "dns-names/mistakes/two-turned/expect.yaml", 1);
}

#[test]
fn a_time_that_no_number_holds_has_its_place_too() {
    let mut files = pack_of("rolling-update");
    let path = "rolling-update/level.yaml";
    let mut value = value_of(path, &files[path]);
    value["events"] = json!([{"after": "99999999999999999999h", "run": "true", "say": "late"}]);
    let text = serde_json::to_string_pretty(&value).expect("JSON");
    let line = text.lines().position(|line| line.contains("99999")).expect("there") + 1;
    files.insert(path.to_owned(), text.into_bytes());
    let errors = Pack::from_files(&files).expect_err("an error");
    assert!(
        errors.iter().any(|error| error.position.is_some_and(|at| at.line as usize == line)),
        "{errors:?}"
    );
}

#[test]
fn a_save_with_a_stranger_in_any_place_is_read_or_refused() {
    let save: Value = serde_json::from_slice(&Save::default().to_bytes()).expect("JSON");
    for (_, changed) in mutations(&save, &strangers(), 1) {
        if let Ok(read) = Save::parse(changed.to_string().as_bytes()) {
            Save::parse(&read.to_bytes()).expect("what is written can be read");
        }
    }
}

/// Objects with numbers that controllers compute with.
const COUNTED: &str = include_str!("counted.yaml");

#[test]
fn controllers_compute_with_the_largest_numbers_that_fields_hold() {
    let documents = &manifest::parse_yaml("counted.yaml", COUNTED).0;
    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        for worker in 0..workers {
            scope.spawn(move || {
                for document in documents {
                    apply_with_extremes(&document.value, (worker, workers));
                }
            });
        }
    });
}

/// Applies an object with each of its numbers as large or as small as its type holds, and deletes it again;
/// of several workers each takes its share of the numbers.
fn apply_with_extremes(whole: &Value, (worker, workers): (usize, usize)) {
    let config = Config { nodes: 1, seed: 1, dns: false, dual_stack: false };
    let mut cluster = Cluster::new(&config, shell::programs());
    for (what, changed) in
        mutations(whole, &extremes(), 1).into_iter().skip(worker).step_by(workers)
    {
        let numeric = what.split_once(": ").is_some_and(|(at, _)| {
            whole.pointer(at).is_some_and(|old| old.is_number() || *old == json!("25%"))
        });
        if !numeric {
            continue;
        }
        let files = Files::from([("m.yaml".to_owned(), changed.to_string().into_bytes())]);
        let script = "kubectl apply -f m.yaml; sleep 1; kubectl delete -f m.yaml --wait=false";
        let second = Duration::from_secs(2);
        shell::run_at(&mut cluster, &Place::Laptop, &files, script, second);
    }
}
