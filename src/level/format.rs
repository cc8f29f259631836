//! What a level is made of, on disk and in memory (shared shape: one folder a level).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::api::{Kind, LabelSelector};
use crate::shell::Files;

use super::incident::Incident;
use super::read::Source;

/// The [`Pack::id`] of the campaign that is built in.
pub const CAMPAIGN: &str = "campaign";

/// A kind of file that a pack is made of, beside manifests and scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormatFile {
    /// `pack.yaml`
    Pack,
    /// `level.yaml`
    Level,
    /// `expect.yaml` of a mistake.
    Expect,
}

/// A campaign: chapters of levels, in order.
#[derive(Clone, Debug)]
pub struct Pack {
    /// What its progress is kept under: [`CAMPAIGN`], or whatever tells a pack of the player's own
    /// from others (its folder).
    pub id: String,
    /// The campaign's title.
    pub title: String,
    /// Who made it, if the pack says so.
    pub author: Option<String>,
    /// The language of its texts, as a tag: `en`.
    pub language: String,
    /// Its chapters.
    pub chapters: Vec<Chapter>,
    /// Its levels, in the order they are played.
    pub levels: Vec<Arc<Level>>,
}

/// A chapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chapter {
    /// `clusterip`
    pub name: String,
    /// `ClusterIP: one address inside`
    pub title: String,
    /// The names of its levels.
    pub levels: Vec<String>,
}

/// A level.
#[derive(Clone, Debug)]
pub struct Level {
    /// The folder's name: `clusterip`.
    pub name: String,
    /// The number it is played as, from 1; 0 for a level that stands in no campaign.
    pub number: u32,
    /// `One address for many pods`
    pub title: String,
    /// The chapter's name.
    pub chapter: String,
    /// What it teaches, as short words.
    pub teaches: Vec<String>,
    /// How hard it is, from 1 (a word to change) to 5 (symptoms only, over the whole path).
    pub difficulty: Option<u8>,
    /// The wrong claim that its goals disprove, where it disproves one.
    pub myth: Option<String>,
    /// What is broken, as its user sees it; at most 80 words.
    pub situation: String,
    /// Nodes of the cluster.
    pub nodes: u32,
    /// The zones that the nodes are in, in turn; none when empty.
    pub zones: Vec<String>,
    /// Whether nodes, pods and the Services that ask for it have IPv6 addresses besides.
    pub dual_stack: bool,
    /// Whether ingress-nginx is installed.
    pub ingress: bool,
    /// Whether the cluster runs in a cloud, which gives Services of type LoadBalancer an address.
    pub cloud: bool,
    /// Files of `start` that can be read but not edited.
    pub locked: Vec<String>,
    /// Commands run on the laptop once the start files are applied and everything has settled.
    pub opening: Option<String>,
    /// What the situation says of the cluster, to be checked before the player acts.
    pub claims: Vec<Claim>,
    /// Files of `world` and `start` whose refusal is the level's fault: `start/web.yaml`.
    pub refused: Vec<String>,
    /// Built-in cheats that win here, because the goals' words allow it, each with its reason.
    pub allows: BTreeMap<String, String>,
    /// What has to work.
    pub goals: Vec<Goal>,
    /// What happens.
    pub events: Vec<Event>,
    /// Help, in order.
    pub hints: Vec<Hint>,
    /// Marks that lead through a first level, in order.
    pub coach: Vec<Coach>,
    /// What is asked once it is solved.
    pub question: Option<Question>,
    /// Lines of solutions that do not matter: by file and line, trimmed, why not.
    pub spare: BTreeMap<String, BTreeMap<String, String>>,
    /// What to keep; at most 120 words.
    pub debrief: String,
    /// How the same is done on a real cluster, if the level says so.
    pub real: Option<String>,
    /// Edited lines of the best known solution.
    pub par_edits: Option<u32>,
    /// Applied before the player arrives: path to content.
    pub world: Files,
    /// What the player edits: path to content.
    pub start: Files,
    /// Complete answers.
    pub solutions: Vec<Solution>,
    /// Tempting wrong answers.
    pub mistakes: Vec<Mistake>,
    /// `level.yaml`, with the place of everything in it.
    pub source: Source,
    /// What was put into it, where it is an incident.
    pub incident: Option<Arc<Incident>>,
}

/// The seed of a level that was never played.
const FIRST_SEED: u64 = 1;

/// A mark that leads a player who is new: what to do next, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coach {
    /// What it asks for; the mark goes when that was done.
    pub until: Moment,
    /// The key, as it is written: `Ctrl-G`.
    pub key: Option<String>,
    /// In a sentence or two.
    pub say: String,
}

/// Something that a player does for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The goal's request was sent.
    Sent,
    /// The ladder was climbed: where to look.
    Asked,
    /// A file was changed.
    Edited,
    /// The files were applied.
    Applied,
    /// Every goal has passed.
    Won,
}

/// A claim of the situation: a command, and what it answers before the player has done anything.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Where it runs, as a goal's.
    pub from: String,
    /// The command; empty where the claim is about an object alone.
    pub run: String,
    /// What it has to answer.
    pub expect: Expect,
}

/// Something that has to work.
#[derive(Clone, Debug)]
pub struct Goal {
    /// In the player's words.
    pub say: String,
    /// `deploy/frontend`, `pod/client -c sidecar`, `node/node-2`, `laptop`, as written.
    pub from: String,
    /// The request: a shell command.
    pub run: String,
    /// What it has to answer.
    pub expect: Expect,
    /// How often.
    pub repeat: Repeat,
    /// Not before this long after the requests began to be sent: each send waits as long.
    pub after: Duration,
    /// Whether it passes from the start, and has to go on passing.
    pub holds: bool,
    /// The container whose own requests are the goal's, where the command only reads its log:
    /// `pod/multi -c sidecar`.
    pub traffic: Option<String>,
    /// What the player is asked to predict before it is sent for the first time.
    pub predict: Predict,
}

/// What the player predicts of a goal's requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Predict {
    /// The game chooses by the command.
    #[default]
    Usual,
    /// Nothing is asked.
    Nothing,
    /// The level's own question.
    Own(Prediction),
}

impl Predict {
    /// Which of the goal's requests is predicted, counted from 1.
    pub fn request(&self) -> u32 {
        match self {
            Predict::Own(own) => own.request,
            Predict::Usual | Predict::Nothing => 1,
        }
    }
}

/// A level's own question about one of a goal's requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prediction {
    /// The question; the game words it by the command when left out.
    pub ask: Option<String>,
    /// Which of the goal's requests it is about, counted from 1.
    pub request: u32,
    /// Two to five choices. The first that fits what the request came to is right:
    /// [`GoalState::fits`](super::GoalState) lists those that fit.
    pub choices: Vec<Choice>,
}

/// One choice of a prediction or a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// In the player's words.
    pub say: String,
    /// What a request comes to where this choice is right.
    pub expect: Expect,
}

/// What is asked once a level is solved: another failure of the same idea.
/// [`ask`](super::ask) has the engine answer it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The question.
    pub ask: String,
    /// Applied to the level as it starts: a mistake's or a solution's files and script, or files of
    /// the question's own.
    pub answer: Option<Solution>,
    /// Typed on the laptop after it was applied.
    pub run: Option<String>,
    /// The goal whose request is sent, counted from 0.
    pub goal: usize,
    /// The request that is sent in place of a goal's.
    pub send: Option<Send>,
    /// Two to five choices, of which one is right on every seed.
    pub choices: Vec<Choice>,
}

/// A request: where it runs, and the command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Send {
    /// As a goal's.
    pub from: String,
    /// A shell command.
    pub run: String,
}

/// What a goal's command has to answer. What is not given does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expect {
    /// The exit code.
    pub exit: Option<i32>,
    /// Text that standard output contains.
    pub stdout: Option<String>,
    /// Text that the server's own answer contains, whatever the command prints.
    pub page: Option<String>,
    /// Labels of the pod that served: another pod than the one that asks. Servers that a proxy asked
    /// for its answer count as well.
    pub served_by: BTreeMap<String, String>,
    /// The pods that served, each one of the command's requests.
    pub served_by_pod: Vec<String>,
    /// The image that the server runs from, without registry and tag: `httpd`.
    pub served_by_image: Option<String>,
    /// The machine outside the cluster that served: `db.example.com`.
    pub served_by_host: Option<String>,
    /// The nodes whose addresses requests were sent to, one to each.
    pub via_node: Vec<String>,
    /// A pattern that standard output has a match of.
    pub matches: Option<Pattern>,
    /// Text that standard output does not contain.
    pub absent: Option<String>,
    /// Text that standard error contains.
    pub stderr: Option<String>,
    /// How long the command takes at most.
    pub within: Option<Duration>,
    /// A field of an object. Traffic decides goals, so this is for claims.
    pub object: Option<ObjectField>,
}

impl Expect {
    /// Whether any pod may serve.
    pub fn names_no_pod(&self) -> bool {
        self.served_by.is_empty() && self.served_by_pod.is_empty()
    }

    /// Whether the exit code alone decides: nothing is asked of what is printed, nor of who serves.
    pub fn exit_alone(&self) -> bool {
        let texts = [&self.stdout, &self.page, &self.absent, &self.stderr];
        let servers = [&self.served_by_image, &self.served_by_host];
        self.names_no_pod()
            && self.matches.is_none()
            && texts.into_iter().chain(servers).all(Option::is_none)
    }
}

/// A regular expression.
#[derive(Clone, Debug)]
pub struct Pattern(regex::Regex);

/// A pattern may be compiled to this many bytes.
const PATTERN: usize = 1 << 20;

impl Pattern {
    /// Reads a pattern; `^` and `$` stand for the ends of any line.
    ///
    /// # Errors
    /// What is wrong with it, in one line.
    pub fn parse(text: &str) -> Result<Pattern, String> {
        let built = regex::RegexBuilder::new(text).multi_line(true).size_limit(PATTERN).build();
        built.map(Pattern).map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "the pattern is too big".to_owned(),
            error => {
                let text = error.to_string();
                let last = text.lines().last().unwrap_or("it is no pattern");
                last.trim_start_matches("error: ").to_owned()
            }
        })
    }

    /// Whether `text` has a match of it.
    pub fn is_in(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Pattern {}

/// A field of an object, and what it has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectField {
    /// The object's kind.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// The field, as `kubectl get -o jsonpath` takes it: `{.spec.type}`.
    pub path: String,
    /// What is printed for it.
    pub equals: String,
}

impl Expect {
    /// Whether it says anything of who served.
    pub fn wants_server(&self) -> bool {
        self.page.is_some()
            || self.served_by_image.is_some()
            || self.served_by_host.is_some()
            || !self.served_by.is_empty()
            || !self.served_by_pod.is_empty()
            || !self.via_node.is_empty()
    }
}

/// How often a goal's command runs, and how often it has to succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeat {
    /// How often it runs.
    pub times: u32,
    /// Time between two runs.
    pub every: Duration,
    /// How often it has to succeed.
    pub succeed: u32,
    /// By how many different pods the successes have to be served that are still there at the end.
    pub spread: u32,
    /// How often it runs at most, until as many pods have served.
    pub at_most: u32,
}

/// Something that happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub when: When,
    /// A shell command on the laptop. It is given a moment, so it must not wait.
    pub run: String,
    /// The exit code that it has to end with.
    pub exit: i32,
    /// The objects that it changes.
    pub changes: Option<Changes>,
    /// What the player is told when it happens.
    pub say: Option<String>,
}

/// When an event happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// On the clock.
    Clock {
        /// For the first time, counted from the first apply.
        after: Duration,
        /// Time between two occurrences.
        every: Duration,
        /// How often.
        times: u32,
    },
    /// Between a goal's requests, whenever they are sent.
    During {
        /// The goal, counted from 0.
        goal: usize,
        /// Right after which of its requests, counted from 1; 0 is before the first.
        requests: Vec<u32>,
    },
}

impl When {
    /// How often it happens.
    pub fn times(&self) -> usize {
        match self {
            When::Clock { times, .. } => *times as usize,
            When::During { requests, .. } => requests.len(),
        }
    }
}

/// Objects that an event changes: `pods app=backend`, `service web`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// Their kind.
    pub kind: Kind,
    /// Which of them: `app=backend`, `web`, or nothing for all, in whatever namespace.
    pub which: Which,
}

/// Which objects of a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// All of them.
    All,
    /// The one with this name.
    Named(String),
    /// Those with these labels.
    Labelled(LabelSelector),
}

/// Some help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// Only when the player's own failing diagnosis has this code.
    pub when: Option<String>,
    /// Only while this goal fails, counted from 0.
    pub goal: Option<usize>,
    /// Not before this much of the cluster's time has passed in the level.
    pub after: Option<Duration>,
    /// The text; empty for a worked example.
    pub say: String,
    /// The solution that is shown as a worked example.
    pub worked: Option<String>,
}

/// A complete answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Solution {
    /// The folder's name.
    pub name: String,
    /// Files that replace those of `start`, by name.
    pub files: Files,
    /// Commands typed on the laptop, after the files were applied.
    pub script: Option<String>,
}

/// A tempting wrong answer, and what the game has to say about it.
#[derive(Clone, Debug)]
pub struct Mistake {
    /// The answer.
    pub answer: Solution,
    /// The goal that fails, from 1.
    pub goal: u32,
    /// The diagnosis's code.
    pub diagnosis: String,
    /// Where it points: `service.yaml:7`.
    pub at: Option<String>,
    /// `expect.yaml`, with the place of everything in it.
    pub source: Source,
}

impl Level {
    /// The hosts outside the cluster that its goals want to be answered by, each once.
    pub fn outside(&self) -> Vec<&str> {
        let hosts = self.goals.iter().filter_map(|goal| goal.expect.served_by_host.as_deref());
        let mut hosts: Vec<&str> = hosts.collect();
        hosts.dedup();
        hosts
    }

    /// Whether events happen before the first request of a goal, counted from 0.
    pub fn has_events_before(&self, goal: usize) -> bool {
        let before = |when: &When| matches!(when, When::During { goal: during, requests } if *during == goal && requests.contains(&0));
        self.events.iter().any(|event| before(&event.when))
    }

    /// A level of one node in which there is nothing, and nothing is asked.
    pub(super) fn bare(name: String, chapter: &str) -> Level {
        Level {
            name,
            number: 0,
            title: String::new(),
            chapter: chapter.to_owned(),
            teaches: Vec::new(),
            difficulty: None,
            myth: None,
            situation: String::new(),
            nodes: 1,
            zones: Vec::new(),
            dual_stack: false,
            ingress: false,
            cloud: false,
            locked: Vec::new(),
            opening: None,
            claims: Vec::new(),
            refused: Vec::new(),
            allows: BTreeMap::new(),
            goals: Vec::new(),
            events: Vec::new(),
            hints: Vec::new(),
            coach: Vec::new(),
            question: None,
            spare: BTreeMap::new(),
            debrief: String::new(),
            real: None,
            par_edits: None,
            world: Files::new(),
            start: Files::new(),
            solutions: Vec::new(),
            mistakes: Vec::new(),
            source: Source::default(),
            incident: None,
        }
    }

    /// The seed that it is played on when nobody names one: an incident is proved on its own.
    pub fn first_seed(&self) -> u64 {
        self.incident.as_ref().map_or(FIRST_SEED, |incident| incident.address.seed)
    }

    /// `4  One address for many pods`: its number in the campaign, where it is in one, and its title.
    pub fn heading(&self) -> String {
        match self.number {
            0 => self.title.clone(),
            number => format!("{number}  {}", self.title),
        }
    }

    /// Sixteen hexadecimal digits that stand for the starting files: edits belong to the files that
    /// they were made of.
    pub fn fingerprint(&self) -> String {
        let mut digest = Sha256::new();
        for (name, content) in &self.start {
            for part in [name.as_bytes(), content] {
                digest.update(part.len().to_le_bytes());
                digest.update(part);
            }
        }
        digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Pack {
    /// A pack of one level that stands in no campaign; its chapter is the pack.
    pub fn of_one(level: Arc<Level>, title: &str) -> Pack {
        let name = level.chapter.clone();
        let chapter = Chapter {
            name: name.clone(),
            title: title.to_owned(),
            levels: vec![level.name.clone()],
        };
        Pack {
            id: name,
            title: title.to_owned(),
            author: None,
            language: "en".to_owned(),
            chapters: vec![chapter],
            levels: vec![level],
        }
    }

    /// Adds a level behind the last, to the last chapter.
    pub fn add(&mut self, level: Arc<Level>) {
        if let Some(chapter) = self.chapters.last_mut() {
            chapter.levels.push(level.name.clone());
        }
        self.levels.push(level);
    }

    /// The level with this name or number.
    pub fn level(&self, name: &str) -> Option<&Arc<Level>> {
        self.levels.iter().find(|level| level.name == name || level.number.to_string() == name)
    }

    /// The level that is played after this one.
    pub fn next(&self, level: &Level) -> Option<&Arc<Level>> {
        let at = self.levels.iter().position(|one| one.name == level.name)?;
        self.levels.get(at + 1)
    }
}
