//! Reads levels: strictly, with the line of everything that is wrong.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Error as _};

use super::format::{Chapter, Event, Expect, Goal, Hint, Level, Mistake, Pack, Repeat, Solution};
use crate::api::validation::names;
use crate::diagnostic::{Diagnostic, Position};
use crate::shell::Files;

/// `pack.yaml`: a campaign's title, chapters and order.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PackFile {
    /// The campaign's title.
    title: String,
    /// Its chapters, in order.
    chapters: Vec<ChapterFile>,
}

/// A chapter of `pack.yaml`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ChapterFile {
    /// Its name, as levels refer to it.
    name: String,
    /// Its title.
    title: String,
    /// Its levels' folders, in order.
    levels: Vec<String>,
}

/// `level.yaml`: everything about a level that is not a manifest.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct LevelFile {
    /// The level's title.
    title: String,
    /// The chapter it belongs to.
    chapter: String,
    /// What it teaches, as short words.
    #[serde(default)]
    teaches: Vec<String>,
    /// What is broken, as its user sees it. At most 80 words.
    situation: String,
    /// The cluster it plays in.
    #[serde(default)]
    cluster: ClusterFile,
    /// Files of `start` that can be read but not edited.
    #[serde(default)]
    locked: Vec<String>,
    /// Commands run on the laptop once the start files are applied and everything has settled.
    #[serde(default)]
    opening: Option<String>,
    /// What has to work.
    goals: Vec<GoalFile>,
    /// What happens, counted from the first apply.
    #[serde(default)]
    events: Vec<EventFile>,
    /// Help: the first that fits the failing diagnosis, then the general ones in order.
    #[serde(default)]
    hints: Vec<HintFile>,
    /// What to keep. At most 120 words.
    debrief: String,
    /// How to see the same on a real cluster.
    #[serde(default)]
    real: Option<String>,
    /// The best known result.
    #[serde(default)]
    par: ParFile,
}

/// The cluster that a level plays in.
#[derive(Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
struct ClusterFile {
    /// How many nodes it has.
    nodes: u32,
    /// Zones: the first node is in the first, the second in the second, and so on, over and over.
    #[serde(deserialize_with = "zones")]
    zones: Vec<String>,
    /// Who gives Services of type LoadBalancer an address; nobody when left out.
    load_balancer: Option<ProviderFile>,
    /// The Ingress controller that is installed; none when left out.
    ingress: Option<IngressFile>,
    /// The families of addresses that the cluster has; IPv4 alone when left out.
    ip_families: Option<FamiliesFile>,
}

/// Families of addresses.
#[derive(Clone, Copy, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
enum FamiliesFile {
    /// IPv4 and IPv6, the first of them IPv4.
    DualStack,
}

/// An Ingress controller.
#[derive(Clone, Copy, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
enum IngressFile {
    /// ingress-nginx, with the class `nginx`.
    Nginx,
}

/// Who makes load balancers.
#[derive(Clone, Copy, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
enum ProviderFile {
    /// The cloud that the cluster runs in: an address after a while, balanced over the nodes.
    Cloud,
}

impl Default for ClusterFile {
    fn default() -> Self {
        ClusterFile {
            nodes: 1,
            zones: Vec::new(),
            load_balancer: None,
            ingress: None,
            ip_families: None,
        }
    }
}

/// Something that has to work.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct GoalFile {
    /// The goal in the player's words.
    say: String,
    /// Where the request comes from: `pod/NAME`, `deploy/NAME`, with `-c CONTAINER`, `node/NAME` or
    /// `laptop`.
    from: String,
    /// The request: a shell command.
    run: String,
    /// What it has to answer.
    #[serde(default)]
    expect: ExpectFile,
    /// How often.
    #[serde(default)]
    repeat: RepeatFile,
    /// Not before this long after the first apply, for example `30s`.
    #[serde(default, deserialize_with = "duration")]
    #[schemars(with = "String")]
    after: Duration,
    /// The container whose own traffic explains the result, where the command only reads a log.
    #[serde(default)]
    traffic: Option<String>,
}

/// What a goal's command has to answer. What is not given does not matter.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ExpectFile {
    /// The exit code.
    #[serde(default)]
    exit: Option<i32>,
    /// Text that standard output contains.
    #[serde(default)]
    stdout: Option<String>,
    /// Labels of the pod that served the request.
    #[serde(default)]
    served_by: BTreeMap<String, String>,
    /// The pod that served the request.
    #[serde(default)]
    served_by_pod: Option<String>,
    /// The node whose address the request was sent to.
    #[serde(default)]
    via_node: Option<String>,
}

/// How often a goal's command runs.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RepeatFile {
    /// How often it runs.
    times: u32,
    /// Time between two runs, for example `2s`.
    #[serde(default = "one_second", deserialize_with = "duration")]
    #[schemars(with = "String")]
    every: Duration,
    /// How often it has to succeed; always when left out.
    #[serde(default)]
    succeed: Option<u32>,
    /// By how many different pods the successes have to be served.
    #[serde(default)]
    spread: u32,
}

impl Default for RepeatFile {
    fn default() -> Self {
        RepeatFile { times: 1, every: one_second(), succeed: None, spread: 0 }
    }
}

fn one_second() -> Duration {
    Duration::from_secs(1)
}

fn once() -> u32 {
    1
}

/// Something that happens.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct EventFile {
    /// When, counted from the first apply, for example `15s`.
    #[serde(deserialize_with = "duration")]
    #[schemars(with = "String")]
    after: Duration,
    /// Time between two occurrences.
    #[serde(default = "one_second", deserialize_with = "duration")]
    #[schemars(with = "String")]
    every: Duration,
    /// How often.
    #[serde(default = "once")]
    times: u32,
    /// A shell command on the laptop.
    run: String,
    /// What the player is told when it happens.
    #[serde(default)]
    say: Option<String>,
}

/// Some help.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct HintFile {
    /// Only when a goal fails with this diagnosis.
    #[serde(default)]
    when: Option<String>,
    /// The text.
    #[serde(default)]
    say: Option<String>,
    /// A solution to be shown as a worked example: `solutions/NAME`.
    #[serde(default)]
    worked: Option<String>,
}

/// The best known result.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields)]
struct ParFile {
    /// Lines edited.
    #[serde(default)]
    edits: Option<u32>,
}

/// `expect.yaml` of a mistake.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MistakeFile {
    /// The goal that fails, from 1.
    goal: u32,
    /// The diagnosis's code.
    diagnosis: String,
    /// Where it points: `service.yaml:7`.
    #[serde(default)]
    at: Option<String>,
}

/// Reads `250ms`, `20s`, `2m` or `1h`.
pub(super) fn parse_duration(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let number: u64 = text[..digits].parse().ok()?;
    let millis = match &text[digits..] {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.checked_mul(millis).map(Duration::from_millis)
}

fn duration<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_duration(&text)
        .ok_or_else(|| D::Error::custom(format!("expected a duration like 20s, received {text:?}")))
}

/// Names that a node's label can have.
fn zones<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let zones = Vec::<String>::deserialize(deserializer)?;
    match zones.iter().find(|zone| zone.is_empty() || !names::label_value(zone).is_empty()) {
        Some(zone) => {
            Err(D::Error::custom(format!("expected a zone's name like zone-a, received {zone:?}")))
        }
        None => Ok(zones),
    }
}

/// The format's JSON Schema, so that an author's editor completes `level.yaml`.
pub(super) fn json_schema() -> serde_json::Value {
    schemars::schema_for!(LevelFile).to_value()
}

/// Reads a whole pack: paths below its folder to contents.
pub(super) fn pack(files: &Files) -> Result<Pack, Vec<Diagnostic>> {
    let mut errors = Vec::new();
    let Some(file) = typed::<PackFile>(files, "pack.yaml", &mut errors) else {
        return Err(errors);
    };
    let mut levels = Vec::new();
    for chapter in &file.chapters {
        for name in &chapter.levels {
            let number = levels.len() as u32 + 1;
            let at_chapter = (chapter.name.as_str(), name.as_str());
            levels.extend(level(files, at_chapter, number, &mut errors).map(Arc::new));
        }
    }
    stray_folders(files, &file, &mut errors);
    if !errors.is_empty() {
        return Err(errors);
    }
    let chapters = file
        .chapters
        .into_iter()
        .map(|chapter| Chapter { name: chapter.name, title: chapter.title, levels: chapter.levels })
        .collect();
    Ok(Pack { title: file.title, chapters, levels })
}

/// Folders with a `level.yaml` that `pack.yaml` does not name would never be played.
fn stray_folders(files: &Files, pack: &PackFile, errors: &mut Vec<Diagnostic>) {
    let named: Vec<&str> =
        pack.chapters.iter().flat_map(|c| c.levels.iter().map(String::as_str)).collect();
    for path in files.keys() {
        if let Some(folder) = path.strip_suffix("/level.yaml")
            && !named.contains(&folder)
        {
            errors.push(
                Diagnostic::error(format!("{folder} is in no chapter"))
                    .in_file("pack.yaml")
                    .help("add it to a chapter's `levels`, or remove the folder"),
            );
        }
    }
}

fn level(
    files: &Files,
    (chapter, name): (&str, &str),
    number: u32,
    errors: &mut Vec<Diagnostic>,
) -> Option<Level> {
    let path = format!("{name}/level.yaml");
    let file = typed::<LevelFile>(files, &path, errors)?;
    let folder = Folder { files, path: format!("{name}/") };
    if file.chapter != chapter {
        errors.push(
            Diagnostic::error(format!(
                "expected chapter {chapter}, as in pack.yaml, received {}",
                file.chapter
            ))
            .in_file(path.as_str()),
        );
    }
    let mut solutions = Vec::new();
    for (name, files) in folder.subfolders("solutions/") {
        solutions.push(answer(name, files));
    }
    let mut mistakes = Vec::new();
    for (answer_name, mut answer_files) in folder.subfolders("mistakes/") {
        let expect = format!("{name}/mistakes/{answer_name}/expect.yaml");
        answer_files.remove("expect.yaml");
        let Some(expected) = typed::<MistakeFile>(files, &expect, errors) else { continue };
        mistakes.push(Mistake {
            answer: answer(answer_name, answer_files),
            goal: expected.goal,
            diagnosis: expected.diagnosis,
            at: expected.at,
        });
    }
    folder.stray_files(errors);
    Some(Level {
        name: name.to_owned(),
        number,
        title: file.title,
        chapter: file.chapter,
        teaches: file.teaches,
        situation: file.situation.trim().to_owned(),
        nodes: file.cluster.nodes,
        zones: file.cluster.zones,
        dual_stack: file.cluster.ip_families == Some(FamiliesFile::DualStack),
        ingress: file.cluster.ingress == Some(IngressFile::Nginx),
        cloud: file.cluster.load_balancer == Some(ProviderFile::Cloud),
        locked: file.locked,
        opening: file.opening,
        goals: file.goals.into_iter().map(goal).collect(),
        events: file.events.into_iter().map(event).collect(),
        hints: file.hints.into_iter().map(hint).collect(),
        debrief: file.debrief.trim().to_owned(),
        real: file.real,
        par_edits: file.par.edits,
        world: folder.below("world/"),
        start: folder.below("start/"),
        solutions,
        mistakes,
    })
}

fn goal(file: GoalFile) -> Goal {
    let times = file.repeat.times.max(1);
    Goal {
        say: file.say,
        from: file.from,
        run: file.run,
        expect: Expect {
            exit: file.expect.exit,
            stdout: file.expect.stdout,
            served_by: file.expect.served_by,
            served_by_pod: file.expect.served_by_pod,
            via_node: file.expect.via_node,
        },
        repeat: Repeat {
            times,
            every: file.repeat.every,
            succeed: file.repeat.succeed.unwrap_or(times).min(times),
            spread: file.repeat.spread,
        },
        after: file.after,
        traffic: file.traffic,
    }
}

fn event(file: EventFile) -> Event {
    Event {
        after: file.after,
        every: file.every,
        times: file.times.max(1),
        run: file.run,
        say: file.say,
    }
}

fn hint(file: HintFile) -> Hint {
    let worked = file.worked.map(|path| path.trim_start_matches("solutions/").to_owned());
    Hint { when: file.when, say: file.say.unwrap_or_default(), worked }
}

fn answer(name: String, mut files: Files) -> Solution {
    let script = files.remove("solve.sh").map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    Solution { name, files, script }
}

/// A level's folder in the pack.
struct Folder<'a> {
    files: &'a Files,
    path: String,
}

impl Folder<'_> {
    /// The files below a subfolder, by their path in it.
    fn below(&self, subfolder: &str) -> Files {
        let prefix = format!("{}{subfolder}", self.path);
        self.files
            .range(prefix.clone()..)
            .take_while(|(path, _)| path.starts_with(&prefix))
            .map(|(path, content)| (path[prefix.len()..].to_owned(), content.clone()))
            .collect()
    }

    /// The folders below a subfolder, each with its files.
    fn subfolders(&self, subfolder: &str) -> BTreeMap<String, Files> {
        let mut folders: BTreeMap<String, Files> = BTreeMap::new();
        for (path, content) in self.below(subfolder) {
            if let Some((folder, name)) = path.split_once('/') {
                folders.entry(folder.to_owned()).or_default().insert(name.to_owned(), content);
            }
        }
        folders
    }

    fn stray_files(&self, errors: &mut Vec<Diagnostic>) {
        const FOLDERS: [&str; 4] = ["world/", "start/", "solutions/", "mistakes/"];
        for path in self.below("").keys() {
            let known =
                path == "level.yaml" || FOLDERS.iter().any(|folder| path.starts_with(folder));
            if !known {
                errors.push(
                    Diagnostic::error(
                        "stray file: a level has level.yaml, world, start, solutions and mistakes",
                    )
                    .in_file(format!("{}{path}", self.path)),
                );
            }
        }
    }
}

/// Reads one YAML file of the format; what is wrong goes to `errors` with its line.
fn typed<T: DeserializeOwned>(
    files: &Files,
    path: &str,
    errors: &mut Vec<Diagnostic>,
) -> Option<T> {
    let Some(bytes) = files.get(path) else {
        let folder = Path::new(path).parent().map(|p| p.display().to_string());
        let place = folder.filter(|p| !p.is_empty()).unwrap_or_else(|| "the pack".to_owned());
        errors.push(Diagnostic::error(format!("{place} has no such file")).in_file(path));
        return None;
    };
    match serde_yaml::from_slice::<T>(bytes) {
        Ok(value) => Some(value),
        Err(error) => {
            let mut diagnostic = Diagnostic::error(first_line(&error.to_string())).in_file(path);
            if let Some(location) = error.location() {
                diagnostic =
                    diagnostic.at(Position::new(location.line() as u32, location.column() as u32));
            }
            errors.push(diagnostic);
            None
        }
    }
}

fn first_line(message: &str) -> String {
    message.lines().next().unwrap_or("cannot be read").trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(entries: &[(&str, &str)]) -> Files {
        entries.iter().map(|(k, v)| ((*k).to_owned(), v.as_bytes().to_vec())).collect()
    }

    const PACK: &str = "title: T\nchapters:\n- {name: a, title: A, levels: [one]}\n";
    const LEVEL: &str = "title: One\nchapter: a\nsituation: s\ndebrief: d\ngoals:\n- say: g\n  from: laptop\n  run: 'true'\n";

    #[test]
    fn durations_have_units() {
        assert_eq!(parse_duration("250ms"), Some(Duration::from_millis(250)));
        assert_eq!(parse_duration("2m"), Some(Duration::from_secs(120)));
        assert_eq!(parse_duration("20"), None);
        assert_eq!(parse_duration("s"), None);
    }

    #[test]
    fn a_small_pack_is_read() {
        let pack = pack(&files(&[("pack.yaml", PACK), ("one/level.yaml", LEVEL)])).unwrap();
        assert_eq!(pack.levels[0].goals[0].repeat.succeed, 1);
        assert_eq!(pack.level("1").map(|level| level.name.as_str()), Some("one"));
    }

    // R7.4
    #[test]
    fn a_level_may_declare_what_its_cluster_has() {
        let read = |cluster: &str| {
            let level = format!("{LEVEL}cluster: {cluster}\n");
            pack(&files(&[("pack.yaml", PACK), ("one/level.yaml", &level)]))
        };
        assert!(read("{nodes: 2, loadBalancer: cloud}").unwrap().levels[0].cloud);
        assert!(!read("{nodes: 2}").unwrap().levels[0].cloud);
        assert!(read("{ingress: nginx}").unwrap().levels[0].ingress);
        // R13.1
        assert!(read("{ipFamilies: dualStack}").unwrap().levels[0].dual_stack);
        assert!(!read("{nodes: 2}").unwrap().levels[0].dual_stack);
        let errors = read("{loadBalancer: metal}").unwrap_err();
        assert!(errors[0].message.contains("metal"), "{}", errors[0]);
    }

    #[test]
    fn zones_are_names_that_labels_can_have() {
        let read = |zones: &str| {
            let level = format!("{LEVEL}cluster: {{nodes: 3, zones: {zones}}}\n");
            pack(&files(&[("pack.yaml", PACK), ("one/level.yaml", &level)]))
        };
        assert_eq!(read("[zone-a, zone-b]").unwrap().levels[0].zones, ["zone-a", "zone-b"]);
        let errors = read("[zone-a, '-']").unwrap_err();
        assert!(errors[0].message.contains("received \"-\""), "{}", errors[0]);
    }

    #[test]
    fn an_unknown_key_is_an_error_with_its_line() {
        let level = LEVEL.replace("chapter: a\n", "chapter: a\nhintz: []\n");
        let errors = pack(&files(&[("pack.yaml", PACK), ("one/level.yaml", &level)])).unwrap_err();
        assert_eq!(errors[0].position.map(|at| at.line), Some(3), "{}", errors[0]);
        assert!(errors[0].message.contains("hintz"), "{}", errors[0]);
    }

    #[test]
    fn stray_files_and_folders_are_errors() {
        let errors = pack(&files(&[
            ("pack.yaml", PACK),
            ("one/level.yaml", LEVEL),
            ("one/notes.txt", ""),
            ("two/level.yaml", LEVEL),
        ]))
        .unwrap_err();
        assert_eq!(errors.len(), 2, "{errors:?}");
    }
}
