//! The format of `pack.yaml`, `level.yaml` and `expect.yaml`, strictly: an unknown key is an error.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use schemars::{JsonSchema, Schema as JsonSchemaValue, SchemaGenerator, json_schema};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::bounds;
use crate::level::diagnosis::explanations;
use crate::level::lint::Cheat;

/// `pack.yaml`: a campaign's title, chapters and order.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PackFile {
    /// The campaign's title, a line of at most 100 characters.
    #[schemars(length(min = 1), regex(pattern = TITLE))]
    pub title: String,
    /// Who made it.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub author: Option<String>,
    /// The language of its texts, as a tag like `en`; English when left out.
    #[serde(default = "english")]
    pub language: String,
    /// Its chapters, in order.
    #[schemars(length(min = 1))]
    pub chapters: Vec<ChapterFile>,
}

fn english() -> String {
    "en".to_owned()
}

/// A chapter of `pack.yaml`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChapterFile {
    /// Its name, as levels refer to it.
    #[schemars(length(min = 1))]
    pub name: String,
    /// Its title, a line of at most 100 characters.
    #[schemars(length(min = 1), regex(pattern = TITLE))]
    pub title: String,
    /// Its levels' folders, in order.
    #[schemars(length(min = 1))]
    pub levels: Vec<String>,
}

/// `level.yaml`: everything about a level that is not a manifest.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct LevelFile {
    /// The level's title, a line of at most 100 characters.
    #[schemars(length(min = 1), regex(pattern = TITLE))]
    pub title: String,
    /// The chapter it belongs to.
    pub chapter: String,
    /// What it teaches, as short words.
    #[serde(default)]
    #[schemars(extend("uniqueItems" = true))]
    pub teaches: Vec<String>,
    /// How hard it is: 1 is a word to change, 5 is symptoms only over the whole path.
    #[serde(default)]
    #[schemars(range(min = bounds::DIFFICULTY.least, max = bounds::DIFFICULTY.most))]
    pub difficulty: Option<u64>,
    /// The wrong claim that its goals disprove: a level about a myth.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub myth: Option<String>,
    /// What is broken, as its user sees it. At most 80 words.
    #[schemars(length(min = 1))]
    pub situation: String,
    /// The cluster it plays in.
    #[serde(default)]
    pub cluster: ClusterFile,
    /// Files of `start` that can be read but not edited.
    #[serde(default)]
    #[schemars(extend("uniqueItems" = true))]
    pub locked: Vec<String>,
    /// Commands run on the laptop once the start files are applied and everything has settled.
    #[serde(default)]
    pub opening: Option<String>,
    /// What has to work.
    #[schemars(length(min = 1))]
    pub goals: Vec<GoalFile>,
    /// What the situation says of the cluster, so that it can be checked before the player acts.
    #[serde(default)]
    pub claims: Vec<ClaimFile>,
    /// Files of `world` or `start` that the API server refuses, because that is the level's fault:
    /// `start/web.yaml`.
    #[serde(default)]
    #[schemars(extend("uniqueItems" = true))]
    pub refused: Vec<String>,
    /// Built-in cheats that win here, because the goals' words allow it, each with its reason.
    #[serde(default)]
    #[schemars(schema_with = "cheats")]
    pub allows: BTreeMap<String, String>,
    /// What happens, on the clock or between a goal's requests.
    #[serde(default)]
    pub events: Vec<EventFile>,
    /// Help: the first that fits the failing diagnosis, then the general ones in order.
    #[serde(default)]
    pub hints: Vec<HintFile>,
    /// Marks that lead a new player through the level, one after the other.
    #[serde(default)]
    pub coach: Vec<CoachFile>,
    /// What is asked once it is solved: another failure of the same idea, answered by the engine.
    #[serde(default)]
    pub question: Option<QuestionFile>,
    /// Lines of solutions that do not matter: by file, the line without its indentation, and why.
    #[serde(default)]
    pub spare: BTreeMap<String, BTreeMap<String, String>>,
    /// What to keep. At most 120 words.
    #[schemars(length(min = 1))]
    pub debrief: String,
    /// How to see the same on a real cluster.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub real: Option<String>,
    /// The best known result.
    #[serde(default)]
    pub par: ParFile,
}

/// The cluster that a level plays in.
#[derive(Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct ClusterFile {
    /// How many nodes it has, from 1 to 100.
    #[schemars(range(min = bounds::NODES.least, max = bounds::NODES.most))]
    pub nodes: u64,
    /// Zones: the first node is in the first, the second in the second, and so on, over and over.
    pub zones: Vec<String>,
    /// Who gives Services of type LoadBalancer an address; nobody when left out.
    pub load_balancer: Option<ProviderFile>,
    /// The Ingress controller that is installed; none when left out.
    pub ingress: Option<IngressFile>,
    /// The families of addresses that the cluster has; IPv4 alone when left out.
    pub ip_families: Option<FamiliesFile>,
}

/// Families of addresses.
#[derive(Clone, Copy, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub(super) enum FamiliesFile {
    /// IPv4 and IPv6, the first of them IPv4.
    DualStack,
}

/// An Ingress controller.
#[derive(Clone, Copy, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub(super) enum IngressFile {
    /// ingress-nginx, with the class `nginx`.
    Nginx,
}

/// Who makes load balancers.
#[derive(Clone, Copy, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub(super) enum ProviderFile {
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
pub(super) struct GoalFile {
    /// The goal in the player's words.
    #[schemars(length(min = 1))]
    pub say: String,
    /// Where the request comes from: `pod/NAME`, `deploy/NAME`, with `-c CONTAINER`, `node/NAME` or
    /// `laptop`.
    pub from: String,
    /// The request: a shell command.
    #[schemars(length(min = 1))]
    pub run: String,
    /// What it has to answer.
    #[serde(default)]
    pub expect: ExpectFile,
    /// How often.
    #[serde(default)]
    pub repeat: RepeatFile,
    /// Not before this long after the goals' requests began to be sent, for example `30s`.
    #[serde(default)]
    pub after: Span,
    /// Whether it passes from the start, and has to go on passing.
    #[serde(default)]
    pub holds: bool,
    /// The container whose own requests are the goal's, where the command only reads its log:
    /// `pod/multi -c sidecar`.
    #[serde(default)]
    pub traffic: Option<String>,
    /// What the player predicts before the goal's requests: `none`, or choices of the level's own;
    /// the game's own choices when left out.
    #[serde(default)]
    pub predict: Option<PredictFile>,
}

/// A prediction.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum PredictFile {
    /// No question.
    Nothing(NoneFile),
    /// The level's own.
    Own(PredictionFile),
}

/// The word `none`.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum NoneFile {
    /// Nothing.
    None,
}

/// A question about one of a goal's requests, the first when it is not said which.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PredictionFile {
    /// The question; the game words it by the command when left out.
    #[serde(default)]
    pub ask: Option<String>,
    /// Which of the goal's requests it is about, counted from 1.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub request: Option<u64>,
    /// Two to five choices: untouched, one of them fits what the request comes to.
    #[schemars(length(min = 2, max = 5))]
    pub choices: Vec<ChoiceFile>,
}

/// A choice.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChoiceFile {
    /// The choice in the player's words.
    #[schemars(length(min = 1))]
    pub say: String,
    /// What a request comes to where this choice is right.
    pub expect: ExpectFile,
}

/// What is asked once a level is solved.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct QuestionFile {
    /// The question.
    #[schemars(length(min = 1))]
    pub ask: String,
    /// A folder of this level, applied to it as it starts: `mistakes/NAME` or `solutions/NAME`.
    #[serde(default)]
    pub answer: Option<String>,
    /// Files of the question's own, in place of `answer`: name to content.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// Commands typed on the laptop after these were applied.
    #[serde(default)]
    pub run: Option<String>,
    /// The goal whose request is sent, from 1.
    #[serde(default)]
    pub goal: Option<u64>,
    /// Another request, in place of a goal's.
    #[serde(default)]
    pub send: Option<SendFile>,
    /// Two to five choices: one of them fits what comes back, the same on every seed.
    #[schemars(length(min = 2, max = 5))]
    pub choices: Vec<ChoiceFile>,
}

/// A request.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SendFile {
    /// Where it comes from, as a goal's.
    pub from: String,
    /// A shell command.
    pub run: String,
}

/// What a goal's command has to answer. What is not given does not matter.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct ExpectFile {
    /// The exit code.
    #[serde(default)]
    #[schemars(range(min = 0, max = 255))]
    pub exit: Option<i32>,
    /// Text that standard output contains.
    #[serde(default)]
    pub stdout: Option<String>,
    /// Text that the server's own answer contains, whatever the command prints.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub page: Option<String>,
    /// Labels of the pod that served the request: another pod than the one that asks. One that a
    /// proxy asked for its answer counts as well.
    #[serde(default)]
    pub served_by: BTreeMap<String, String>,
    /// The pod that served the request; of several, each served one of the command's requests.
    #[serde(default)]
    pub served_by_pod: Several,
    /// The image that the server runs from, without registry and tag: `httpd`.
    #[serde(default)]
    pub served_by_image: Option<String>,
    /// The machine outside the cluster that served the request: `db.example.com`.
    #[serde(default)]
    pub served_by_host: Option<String>,
    /// The node whose address the request was sent to; of several, one request to each.
    #[serde(default)]
    pub via_node: Several,
    /// A regular expression that standard output has a match of; `^` and `$` are ends of lines.
    #[serde(default)]
    pub matches: Option<String>,
    /// Text that standard output does not contain.
    #[serde(default)]
    pub absent: Option<String>,
    /// Text that standard error contains.
    #[serde(default)]
    pub stderr: Option<String>,
    /// How long the command takes at most, for example `500ms`.
    #[serde(default)]
    pub within: Option<Span>,
    /// A field of an object: for claims and choices, since traffic decides goals.
    #[serde(default)]
    pub object: Option<ObjectFile>,
}

/// A field of an object.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ObjectFile {
    /// The object's kind, as kubectl takes it: `service`.
    pub kind: String,
    /// Its name.
    #[schemars(length(min = 1))]
    pub name: String,
    /// Its namespace; `default` when left out.
    #[serde(default)]
    pub namespace: Option<String>,
    /// The field, as `kubectl get -o jsonpath` takes it: `{.spec.type}`.
    pub path: String,
    /// What is printed for it.
    pub equals: String,
}

/// A claim of the situation: a command, and what it answers before the player has done anything.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct ClaimFile {
    /// The command; may be left out where the claim is about an object alone.
    #[serde(default)]
    pub run: String,
    /// Where it runs, as a goal's; on the laptop when left out.
    #[serde(default = "laptop")]
    pub from: String,
    /// What it has to answer.
    pub expect: ExpectFile,
}

fn laptop() -> String {
    "laptop".to_owned()
}

/// One text, or a list of them.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum Several {
    /// One.
    One(String),
    /// As many as there are.
    List(Vec<String>),
}

impl Default for Several {
    fn default() -> Self {
        Several::List(Vec::new())
    }
}

impl Several {
    pub fn into_vec(self) -> Vec<String> {
        match self {
            Several::One(text) => vec![text],
            Several::List(list) => list,
        }
    }
}

/// How often a goal's command runs.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct RepeatFile {
    /// How often it runs, from 1 to 1000.
    pub times: u64,
    /// Time between two runs, for example `2s`.
    #[serde(default = "one_second")]
    pub every: Span,
    /// How often it has to succeed; always when left out.
    #[serde(default)]
    pub succeed: Option<u64>,
    /// By how many different pods the successes have to be served.
    #[serde(default)]
    pub spread: u64,
    /// With `spread`: how often it runs at most, until as many pods have served.
    #[serde(default)]
    pub at_most: Option<u64>,
}

impl Default for RepeatFile {
    fn default() -> Self {
        RepeatFile { times: 1, every: one_second(), succeed: None, spread: 0, at_most: None }
    }
}

fn one_second() -> Span {
    Span(Duration::from_secs(1))
}

/// Something that happens: on the clock, or between a goal's requests.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EventFile {
    /// When, counted from the first apply, for example `15s`.
    #[serde(default)]
    pub after: Option<Span>,
    /// With `after`: time between two occurrences; a second when left out.
    #[serde(default)]
    pub every: Option<Span>,
    /// With `after`: how often, from 1 to 1000; once when left out.
    #[serde(default)]
    pub times: Option<u64>,
    /// In place of `after`: the goal, from 1, between whose requests it happens.
    #[serde(default)]
    pub during: Option<u64>,
    /// With `during`: right after which of its requests, from 1.
    #[serde(default)]
    #[schemars(extend("uniqueItems" = true))]
    pub requests: Vec<u64>,
    /// A shell command on the laptop. It is given a moment, so it must not wait.
    pub run: String,
    /// The exit code that it has to end with; 0 when left out.
    #[serde(default)]
    #[schemars(range(min = 0, max = 255))]
    pub exit: i32,
    /// The objects that it changes: a kind and labels or a name, for example `pods app=backend`.
    #[serde(default)]
    pub changes: Option<String>,
    /// What the player is told when it happens.
    #[serde(default)]
    pub say: Option<String>,
}

/// A mark that says what to do next.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CoachFile {
    /// What it asks for; the mark goes when that was done.
    pub until: MomentFile,
    /// The key, as it is written: `Ctrl-G`.
    #[serde(default)]
    pub key: Option<String>,
    /// What to do and why, in a sentence or two.
    pub say: String,
}

/// Something that a player does for the first time.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum MomentFile {
    /// The goal's request was sent.
    Sent,
    /// It was asked why it failed.
    Asked,
    /// A file was changed.
    Edited,
    /// The files were applied.
    Applied,
    /// Every goal has passed.
    Won,
}

/// Some help.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HintFile {
    /// Only when a goal fails with this diagnosis.
    #[serde(default)]
    #[schemars(schema_with = "maybe_codes")]
    pub when: Option<String>,
    /// Only while this goal fails, from 1.
    #[serde(default)]
    pub goal: Option<u64>,
    /// Not before this much of the cluster's time has passed in the level, for example `2m`.
    #[serde(default)]
    pub after: Option<Span>,
    /// The text.
    #[serde(default)]
    pub say: Option<String>,
    /// A solution to be shown as a worked example: `solutions/NAME`.
    #[serde(default)]
    pub worked: Option<String>,
}

/// The best known result.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct ParFile {
    /// Lines edited.
    #[serde(default)]
    pub edits: Option<u64>,
}

/// `expect.yaml` of a mistake.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MistakeFile {
    /// The goal that fails, from 1.
    #[schemars(range(min = 1))]
    pub goal: u64,
    /// The diagnosis's code.
    #[schemars(schema_with = "codes")]
    pub diagnosis: String,
    /// Where it points: `service.yaml:7`.
    #[serde(default)]
    #[schemars(regex(pattern = AT), example = &"service.yaml:7")]
    pub at: Option<String>,
}

/// Reads `250ms`, `20s`, `2m` or `1h`.
pub fn parse_duration(text: &str) -> Option<Duration> {
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

/// A length of time, as it is written.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Span(pub Duration);

/// What a place in a file looks like.
pub(super) const AT: &str = "^[^:]+:[1-9][0-9]{0,8}$";

/// What a length of time looks like.
pub(super) const SPAN: &str = "^[0-9]{1,9}(ms|s|m|h)$";

/// What a title looks like: a line that is not long, for lists and the screen's first line.
pub(super) const TITLE: &str = r"^\s*[^\n]{1,100}\n*$";

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Span, D::Error> {
        let text = String::deserialize(deserializer)?;
        let read = parse_duration(&text).map(Span);
        read.ok_or_else(|| {
            D::Error::custom(format!("{text:?} is no time like 250ms, 20s, 2m or 1h"))
        })
    }
}

impl Serialize for Span {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let millis = self.0.as_millis();
        match millis % 1_000 {
            0 => serializer.collect_str(&format_args!("{}s", millis / 1_000)),
            _ => serializer.collect_str(&format_args!("{millis}ms")),
        }
    }
}

impl JsonSchema for Span {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Span".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> JsonSchemaValue {
        json_schema!({"type": "string", "pattern": SPAN, "examples": ["20s", "250ms", "2m", "1h"]})
    }
}

/// The codes of all diagnoses.
fn codes(_: &mut SchemaGenerator) -> JsonSchemaValue {
    json_schema!({"type": "string", "enum": all_codes()})
}

/// The codes of all diagnoses, or nothing.
fn maybe_codes(_: &mut SchemaGenerator) -> JsonSchemaValue {
    json_schema!({"type": ["string", "null"], "enum": all_codes().into_iter().map(Some).chain([None]).collect::<Vec<_>>()})
}

fn all_codes() -> Vec<&'static str> {
    explanations().iter().map(|explanation| explanation.code).collect()
}

/// Reasons by the name of a built-in cheat.
fn cheats(_: &mut SchemaGenerator) -> JsonSchemaValue {
    let names: Vec<&str> = Cheat::ALL.iter().map(|cheat| cheat.name()).collect();
    json_schema!({
        "type": "object",
        "propertyNames": {"enum": names},
        "additionalProperties": {"type": "string", "minLength": 1},
        "description": "Built-in cheats that win here, because the goals\u{2019} words allow it, each with its reason.",
    })
}

/// A file of the format: what it may say.
pub(super) trait Format: DeserializeOwned {
    /// Its JSON Schema.
    fn schema() -> &'static Value;
}

macro_rules! format {
    ($($file:ty),*) => {$(
        impl Format for $file {
            fn schema() -> &'static Value {
                static SCHEMA: LazyLock<Value> = LazyLock::new(|| schemars::schema_for!($file).to_value());
                &SCHEMA
            }
        }
    )*};
}

format!(PackFile, LevelFile, MistakeFile);
