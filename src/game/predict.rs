//! Predict, then see: what will a goal's first request come to, and where is that decided?
//!
//! The choices fit the command: a request for a page, a look at a name; anything else is not asked
//! about unless the level writes its own choices. The verdict belongs to the one request that was
//! asked about.

use std::net::{IpAddr, SocketAddr};

use super::scene::Scene;
use crate::api::Pod;
use crate::cluster::{Cluster, DialFailure, Ending, LookupFailure, Place};
use crate::level::{Goal, GoalState, Heard, PlaceName, Predict};
use crate::network::{Stage, Trace};

/// What a request can come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// The page that was wanted.
    Page,
    /// Somebody else's page.
    WrongPage,
    /// Told no at once.
    Refused,
    /// The client does not accept the server's certificate.
    Untrusted,
    /// Nobody answers.
    NoAnswer,
    /// The name has no address.
    UnknownName,
    /// A name's one address.
    OneAddress,
    /// Several addresses of one name.
    SeveralAddresses,
    /// A name without an address.
    NoAddress,
}

use Fate::{
    NoAddress, NoAnswer, OneAddress, Page, Refused, SeveralAddresses, UnknownName, Untrusted,
    WrongPage,
};

/// What can come of a request for a page.
const OF_A_PAGE: [Fate; 5] = [Page, WrongPage, Refused, NoAnswer, UnknownName];
/// What can come of a request for an encrypted page.
const OF_A_SECURE_PAGE: [Fate; 6] = [Page, WrongPage, Untrusted, Refused, NoAnswer, UnknownName];
/// What can come of a look at a name.
const OF_A_NAME: [Fate; 4] = [OneAddress, SeveralAddresses, NoAddress, NoAnswer];

impl Fate {
    /// The choice, as it is offered.
    pub fn title(self) -> &'static str {
        match self {
            Page => "the page",
            WrongPage => "another page",
            Refused => "refused",
            Untrusted => "not trusted",
            NoAnswer => "no answer",
            UnknownName => "unknown name",
            OneAddress => "one address",
            SeveralAddresses => "several addresses",
            NoAddress => "no address",
        }
    }

    /// What that looks like.
    pub fn meaning(self) -> &'static str {
        match self {
            Page => "the right server answers",
            WrongPage => "somebody answers, but not the one that is meant",
            Refused => "a no at once; curl says “Couldn't connect” (7)",
            Untrusted => "the client does not accept the server's certificate (60)",
            NoAnswer => "silence until the client gives up: a timeout (28)",
            UnknownName => "no address for the name: “Could not resolve host” (6)",
            OneAddress => "the name stands for one address",
            SeveralAddresses => "the name stands for several at once",
            NoAddress => "no such name",
        }
    }

    /// What a request came to, where its own programs know it.
    fn of(kind: Kind, heard: &Heard) -> Option<Fate> {
        match kind {
            Kind::Name => match (heard.addresses, &heard.ending) {
                (Some(0), _) => Some(NoAddress),
                (Some(1), _) => Some(OneAddress),
                (Some(_), _) => Some(SeveralAddresses),
                (None, _) => Some(NoAnswer),
            },
            Kind::Page | Kind::SecurePage => match heard.ending.as_ref()? {
                Ending::Name(_) => Some(UnknownName),
                Ending::Dial { why: DialFailure::Refused, .. } => Some(Refused),
                Ending::Dial { .. }
                | Ending::SlowName
                | Ending::SlowDial { .. }
                | Ending::SlowAnswer => Some(NoAnswer),
                Ending::Certificate { .. } => Some(Untrusted),
                Ending::Response { .. } if heard.other_server => Some(WrongPage),
                Ending::Response { .. } => Some(Page),
                _ => None,
            },
        }
    }

    /// Whether it can be asked where it is decided: only what is seen failing on its way.
    fn has_a_place(self) -> bool {
        matches!(self, Refused | NoAnswer)
    }
}

/// What a command is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Page,
    /// A page by https.
    SecurePage,
    Name,
}

impl Kind {
    /// By the clients that a command names. Where there are clients of both kinds, or none, it is not
    /// clear what would be asked about.
    fn of(goal: &Goal) -> Option<Kind> {
        if goal.traffic.is_some() {
            return Some(Kind::Page);
        }
        let words = goal.run.split(|c: char| !c.is_alphanumeric() && !"-_./".contains(c));
        let mut kinds: Vec<Kind> = words
            .filter_map(|word| match word.rsplit('/').next().unwrap_or(word) {
                "curl" | "wget" => Some(Kind::Page),
                "nslookup" | "dig" | "host" | "getent" => Some(Kind::Name),
                _ => None,
            })
            .collect();
        kinds.dedup();
        match *kinds {
            [Kind::Page] if goal.run.contains("https://") => Some(Kind::SecurePage),
            [one] => Some(one),
            _ => None,
        }
    }
}

/// Where a request can be decided, in the order of its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Where {
    /// Before anything is sent: the name.
    Name,
    /// In the sender's own pod.
    Sender,
    /// At the Service's rules on the node.
    Service,
    /// On the way between machines.
    Way,
    /// In the pod that it is meant for.
    Server,
}

impl Where {
    /// Where a request was decided.
    fn of(fate: Fate, last: Option<&Trace>) -> Option<Where> {
        if fate == UnknownName {
            return Some(Where::Name);
        }
        let trace = last?;
        let hop = trace.hops.iter().rev().find(|hop| hop.stage != Stage::Reply)?;
        Some(match hop.stage {
            Stage::ServiceProxy => Where::Service,
            Stage::Route | Stage::Masquerade => Where::Way,
            _ if hop.place == trace.from => Where::Sender,
            Stage::PolicyIngress | Stage::Listener => Where::Server,
            _ => Where::Way,
        })
    }
}

/// A choice, as it is offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// In a few words.
    pub say: String,
    /// What that looks like; empty where the words say it.
    pub meaning: String,
    /// What it stands for, where the game itself knows it.
    fate: Option<Fate>,
}

/// What is asked before a goal's request is sent for the first time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The goal, counted from 0.
    pub goal: usize,
    /// The question.
    pub ask: String,
    /// What can be answered.
    pub choices: Vec<Choice>,
    /// The hops of this way at which it can end.
    pub places: Vec<(Where, String)>,
    kind: Option<Kind>,
}

/// What the requests of a goal came to of which none succeeded, in a word or two: `refused`. Nothing is
/// said of an answer from the right server.
pub fn symptom(goal: &Goal, state: &GoalState) -> Option<&'static str> {
    let heard = state.heard.as_ref().filter(|heard| heard.missed && state.succeeded == 0)?;
    let fate = Fate::of(Kind::of(goal)?, heard)?;
    match fate {
        UnknownName if heard.ending == Some(Ending::Name(LookupFailure::OtherFamily)) => {
            Some("no such address")
        }
        Page => heard.unwanted.then_some("answered"),
        OneAddress | SeveralAddresses => None,
        fate => Some(fate.title()),
    }
}

impl Question {
    /// The question about the first goal that can be asked about; what holds already is no question.
    pub fn of(goals: &[Goal], scene: &Scene, cluster: &Cluster) -> Option<Question> {
        let mut broken = goals.iter().enumerate().filter(|(_, goal)| !goal.holds);
        broken.find_map(|(at, goal)| Question::about(at, goal, scene, cluster))
    }

    fn about(at: usize, goal: &Goal, scene: &Scene, cluster: &Cluster) -> Option<Question> {
        let asker = asker(goal);
        let place = PlaceName::parse(&asker).ok().and_then(|name| name.find(cluster).ok());
        // Whoever is to ask may not run: then nothing is asked.
        let kind = Kind::of(goal).filter(|_| place.is_some() || asker == goal.from);
        let (ask, choices, kind) = match (&goal.predict, kind) {
            (Predict::Nothing, _) | (Predict::Usual, None) => return None,
            (Predict::Own(own), kind) => {
                let choices = own.choices.iter().map(|choice| Choice {
                    say: choice.say.clone(),
                    meaning: String::new(),
                    fate: None,
                });
                (own.ask.clone().unwrap_or_else(|| usual(kind)), choices.collect(), None)
            }
            (Predict::Usual, Some(kind)) => {
                let fates = match kind {
                    Kind::Page => &OF_A_PAGE[..],
                    Kind::SecurePage => &OF_A_SECURE_PAGE[..],
                    Kind::Name => &OF_A_NAME[..],
                };
                let choices = fates.iter().map(|fate| Choice {
                    say: fate.title().to_owned(),
                    meaning: fate.meaning().to_owned(),
                    fate: Some(*fate),
                });
                (usual(Some(kind)), choices.collect(), Some(kind))
            }
        };
        let places = places(goal, place, scene, cluster);
        Some(Question { goal: at, ask, choices, places, kind })
    }

    /// Whether it is asked where this choice is decided.
    pub fn asks_where(&self, choice: usize) -> bool {
        let fate = self.choices.get(choice).and_then(|choice| choice.fate);
        fate.is_some_and(Fate::has_a_place)
    }

    /// Whether it came as predicted; nothing where that can't be told.
    pub fn judge(
        &self,
        prediction: Prediction,
        goal: &GoalState,
        cluster: &Cluster,
    ) -> Option<Guess> {
        let chosen = self.choices.get(prediction.choice)?;
        let heard = goal.predicted.as_ref()?;
        let Some(kind) = self.kind else {
            let right = *goal.fits.as_ref()?.first()?;
            let was = self.choices.get(right)?.say.clone();
            return Some(Guess::of(self.goal, &chosen.say, &was, right == prediction.choice, None));
        };
        let fate = Fate::of(kind, heard)?;
        let connection = heard.traces.iter().rev().filter_map(|id| cluster.trace(*id));
        let place = Where::of(fate, connection.into_iter().find(|trace| trace.dns.is_none()));
        let expected = prediction.place.and_then(|at| self.places.get(at)).map(|place| place.0);
        let elsewhere = match (expected, place) {
            (Some(expected), Some(place)) if expected != place => Some(
                self.places.iter().find(|(at, _)| *at == place).map(|(_, words)| words.clone()),
            ),
            (Some(_), Some(_)) => None,
            _ => {
                return Some(Guess::of(
                    self.goal,
                    &chosen.say,
                    fate.title(),
                    chosen.fate == Some(fate),
                    None,
                ));
            }
        };
        let right = chosen.fate == Some(fate);
        let place = match elsewhere {
            None => "and there, as you expected".to_owned(),
            Some(Some(words)) => format!("as you expected, but it was decided {words}"),
            Some(None) => "as you expected, but it was decided elsewhere".to_owned(),
        };
        Some(Guess::of(self.goal, &chosen.say, fate.title(), right, Some(place)))
    }
}

/// The question, where the level does not word it.
fn usual(kind: Option<Kind>) -> String {
    match kind {
        Some(Kind::Page | Kind::SecurePage) => "What will it get?",
        Some(Kind::Name) => "What will DNS answer?",
        None => "What will come of it?",
    }
    .to_owned()
}

/// Who sends a goal's request, as a level names places: a container, where the command is run in it
/// (`kubectl exec library -c clerk -- curl localhost`).
fn asker(goal: &Goal) -> String {
    if let Some(traffic) = &goal.traffic {
        return traffic.clone();
    }
    let Some((_, after)) = goal.run.split_once("kubectl exec ") else { return goal.from.clone() };
    let mut words = after.split_whitespace().take_while(|word| *word != "--");
    let (mut named, mut flags) = (String::new(), String::new());
    while let Some(word) = words.next() {
        match word {
            "-c" | "-n" => flags += &format!(" {word} {}", words.next().unwrap_or("")),
            _ if word.starts_with('-') || !named.is_empty() => {}
            _ if word.contains('/') => named = word.to_owned(),
            _ => named = format!("pod/{word}"),
        }
    }
    named + &flags
}

/// The hops of a goal's way at which it can end, named as they are called here.
fn places(
    goal: &Goal,
    place: Option<Place>,
    scene: &Scene,
    cluster: &Cluster,
) -> Vec<(Where, String)> {
    let mut places = Vec::new();
    let address = address(goal, place.as_ref(), cluster);
    if address.is_none() {
        places.push((Where::Name, "at the name, in DNS".to_owned()));
    }
    // A pod's own address meets no rule for Services.
    let rules = |places: &mut Vec<(Where, String)>, words: String| {
        if address.is_none_or(|to| scene.pods().all(|pod| pod.address != to.to_string())) {
            places.push((Where::Service, words));
        }
    };
    match place {
        Some(Place::Container { namespace, pod, .. }) => {
            let spot = super::scene::Spot::Pod(namespace.to_string(), pod.to_string());
            let node = scene.node_of(&spot).map_or("its node", |node| &*node.name);
            places.push((Where::Sender, format!("inside {pod} itself")));
            rules(&mut places, format!("at {node}'s rules for Services"));
            if scene.nodes.len() > 1 {
                places.push((Where::Way, "on the way between the machines".to_owned()));
            }
        }
        Some(Place::Node(node)) => {
            rules(&mut places, format!("at {node}'s rules for Services"));
            places.push((Where::Way, "on the way between the machines".to_owned()));
        }
        Some(Place::Laptop) | None => {
            places.push((Where::Way, "on the way into the cluster".to_owned()));
            rules(&mut places, "at the rules of the node that is called".to_owned());
        }
    }
    places.push((Where::Server, "at the pod that is to answer".to_owned()));
    places
}

/// The address that a goal's command dials, if it dials one and no name: written in the command, or
/// in a variable of the container.
fn address(goal: &Goal, place: Option<&Place>, cluster: &Cluster) -> Option<IpAddr> {
    let ends = |c: char| c.is_whitespace() || "\"'/;|&)".contains(c);
    let target = match goal.run.split_once("://") {
        Some((_, target)) => target,
        // The variable may hold the whole URL, or a host without a scheme.
        None => &goal.run[goal.run.find('$')?..],
    };
    let host = target.split(ends).next().unwrap_or("");
    let variable = host.strip_prefix('$').map(|name| name.trim_matches(['{', '}']));
    let value = match (variable, place) {
        (None, _) => host.to_owned(),
        (Some(name), Some(Place::Container { namespace, pod, container })) => {
            let pod = cluster.objects().get::<Pod>(namespace, pod)?;
            let containers = pod.spec.iter().flat_map(|spec| &spec.containers);
            let mut own = containers.filter(|own| own.name == **container);
            let mut variables = own.next()?.env.iter().flatten();
            variables.find(|variable| variable.name == name)?.value.clone()?
        }
        (Some(_), _) => return None,
    };
    let host = value.split_once("://").map_or(&*value, |(_, rest)| rest);
    let host = host.split(ends).next().unwrap_or("");
    let socket = host.parse::<SocketAddr>().map(|socket| socket.ip());
    socket.or_else(|_| host.trim_matches(['[', ']']).parse()).ok()
}

/// What the player expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prediction {
    /// The choice, counted from 0.
    pub choice: usize,
    /// Where that is decided, if the player said so: which of the places.
    pub place: Option<usize>,
}

/// How a prediction came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guess {
    /// The goal that was asked about, counted from 0.
    pub goal: usize,
    /// What it came to: `refused`.
    pub was: String,
    /// Whether that was expected.
    pub right: bool,
    /// In one sentence.
    pub say: String,
}

/// A choice's words as what somebody said or expected; what a goal quotes has its quotation marks.
pub fn in_quotes(choice: &str) -> String {
    match choice.starts_with('"') {
        true => choice.to_owned(),
        false => format!("“{choice}”"),
    }
}

impl Guess {
    fn of(goal: usize, expected: &str, was: &str, right: bool, place: Option<String>) -> Guess {
        let (before, came) = (in_quotes(expected), in_quotes(was));
        let say = match (right, place) {
            (false, _) => format!("You expected {before}; it was {came}."),
            (true, Some(place)) => format!("{came}, {place}."),
            (true, None) => format!("{came}, as you expected."),
        };
        Guess { goal, was: was.to_owned(), right, say }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::{Expect, Repeat};
    use std::time::Duration;

    fn goal(run: &str) -> Goal {
        let repeat = Repeat { times: 1, every: Duration::ZERO, succeed: 1, spread: 0, at_most: 1 };
        Goal {
            say: String::new(),
            from: "laptop".to_owned(),
            run: run.to_owned(),
            expect: Expect::default(),
            repeat,
            after: Duration::ZERO,
            holds: false,
            traffic: None,
            predict: Predict::Usual,
        }
    }

    #[test]
    fn choices_fit_the_command() {
        assert_eq!(Kind::of(&goal("curl -sS -m 2 http://$TARGET1")), Some(Kind::Page));
        assert_eq!(
            Kind::of(&goal("for i in 1 2; do wget -q -O - http://db; done")),
            Some(Kind::Page)
        );
        assert_eq!(Kind::of(&goal("nslookup db | grep -c Address")), Some(Kind::Name));
        assert_eq!(Kind::of(&goal("kubectl get pods -l app=web | grep Running")), None);
        assert_eq!(Kind::of(&goal("nslookup db && wget http://db")), None, "two questions at once");
    }

    #[test]
    fn a_command_in_a_container_is_asked_by_that_container() {
        let asked = |run: &str| asker(&goal(run));
        assert_eq!(asked("curl http://web"), "laptop");
        assert_eq!(
            asked("kubectl exec library -c clerk -- curl localhost"),
            "pod/library -c clerk"
        );
        assert_eq!(
            asked("kubectl exec -it -n hall deploy/seats -- curl web"),
            "deploy/seats -n hall"
        );
    }

    #[test]
    fn what_holds_already_is_not_asked_about() {
        let pack = crate::level::Pack::embedded().expect("the campaign is sound");
        for level in &pack.levels {
            let attempt = crate::level::Attempt::open(level.clone(), 1);
            let scene = Scene::of(attempt.cluster());
            let asked = Question::of(&level.goals, &scene, attempt.cluster());
            let broken = |question: &Question| !level.goals[question.goal].holds;
            assert!(asked.is_none_or(|question| broken(&question)), "{}", level.name);
        }
    }

    #[test]
    fn who_dials_an_address_is_not_asked_about_names_or_rules_for_services() {
        let pack = crate::level::Pack::embedded().expect("the campaign is sound");
        let places = |name: &str| {
            let level = pack.level(name).expect("it is in the campaign").clone();
            let attempt = crate::level::Attempt::open(level.clone(), 1);
            let scene = Scene::of(attempt.cluster());
            let question = Question::of(&level.goals, &scene, attempt.cluster());
            let places = question.expect("a question").places;
            places.into_iter().map(|(at, _)| at).collect::<Vec<_>>()
        };
        assert_eq!(places("hello"), [Where::Sender, Where::Server]);
        let by_name = places("clusterip");
        assert!(by_name.contains(&Where::Name) && by_name.contains(&Where::Service));
    }

    #[test]
    fn a_prediction_is_told_with_what_it_was() {
        let wrong = Guess::of(0, "refused", "no answer", false, None);
        assert_eq!(wrong.say, "You expected “refused”; it was “no answer”.");
        let there = Some("and there, as you expected".to_owned());
        let right = Guess::of(0, "refused", "refused", true, there);
        assert_eq!(right.say, "“refused”, and there, as you expected.");
    }
}
