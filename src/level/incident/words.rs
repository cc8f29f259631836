//! What an incident says: symptoms before, causes after.

use super::business::Business;
use super::{Address, Injected};
use crate::cluster::Ending;
use crate::level::attempt::GoalState;
use crate::level::format::{Goal, Hint};

/// So many symptoms are told; the player finds the others.
const SYMPTOMS: usize = 3;

/// How the same is looked at on a real cluster.
pub(super) const REAL: &str = "\
kubectl get pods,services,endpointslices,ingress,networkpolicies -A -o wide
kubectl get events -A --sort-by=.lastTimestamp
kubectl get nodes
";

/// `Incident 7, a bakery`
pub(super) fn title(business: &Business, address: Address) -> String {
    let name = business.trade.name;
    let article = if name.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("Incident {}, {article} {name}", address.seed)
}

/// Symptoms alone: who gets what in place of what they should.
pub(super) fn situation(business: &Business, goals: &[Goal], states: &[GoalState]) -> String {
    let mut told: Vec<String> = Vec::new();
    let mut left = 0;
    for (goal, state) in goals.iter().zip(states).filter(|(_, state)| !state.passed) {
        let symptom = symptom(business, goal, state);
        if told.contains(&symptom) {
            continue;
        }
        match told.len() < SYMPTOMS {
            true => told.push(symptom),
            false => left += 1,
        }
    }
    let more = if left > 0 { "There is more. " } else { "" };
    let place = business.trade.place;
    format!(
        "{place} Yesterday everything worked. {} {more}Nobody says what was changed. Find the cause, \
         name it with :cause, and mend it; what works goes on working.",
        told.join(" ")
    )
}

/// `The till is refused by prices.`
fn symptom(business: &Business, goal: &Goal, state: &GoalState) -> String {
    let who = match goal.from.as_str() {
        "laptop" => "Whoever comes from outside".to_owned(),
        from => format!("The {}", from.rsplit('/').next().unwrap_or(from)),
    };
    let apps = business.apps.iter();
    let app = apps.map(|app| app.name).find(|name| goal.say.contains(&format!(" {name}")));
    let shown = business.apps.iter().find(|app| goal.say.contains(&format!("/{}", app.name)));
    let whom = match (goal.from.as_str(), shown, app) {
        ("laptop", Some(app), _) => format!("at /{}", app.name),
        (_, _, Some(name)) => format!("from {name}"),
        _ => format!("from {}", business.trade.ledger),
    };
    let often = if state.succeeded > 0 { " now and then" } else { "" };
    format!("{who} gets {}{often} {whom}.", what(state))
}

/// What came in place of what should.
fn what(state: &GoalState) -> String {
    let Some(heard) = &state.heard else { return "nothing".to_owned() };
    match &heard.ending {
        Some(Ending::Name(_)) => "“unknown name”".to_owned(),
        Some(Ending::SlowName | Ending::SlowDial { .. } | Ending::SlowAnswer) => {
            "no answer".to_owned()
        }
        Some(Ending::Dial { .. }) if heard.exit == Some(28) => "no answer".to_owned(),
        Some(Ending::Dial { .. }) => "“refused”".to_owned(),
        Some(Ending::Response { status }) if *status >= 400 => format!("status {status}"),
        Some(Ending::Response { .. }) => "another page than it should".to_owned(),
        Some(_) => "half an answer".to_owned(),
        None => "nothing".to_owned(),
    }
}

/// What was wrong, and how such things are found.
pub(super) fn debrief(faults: &[Injected]) -> String {
    let mut text = String::new();
    for fault in faults {
        text.push_str(&format!("- {} {}\n", fault.says, fault.lesson));
    }
    text
}

/// Hints that fit what the goals fail with, then how to look, then the way out.
pub(super) fn hints(faults: &[Injected], solution: &str) -> Vec<Hint> {
    let hint = |when: Option<&str>, say: &str, worked: Option<&str>| Hint {
        when: when.map(str::to_owned),
        goal: None,
        after: None,
        say: say.to_owned(),
        worked: worked.map(str::to_owned),
    };
    let mut hints = Vec::new();
    for fault in faults {
        hints.extend(fault.codes.iter().map(|code| hint(Some(code), fault.lesson, None)));
    }
    let look = "Call each from where its real caller stands, and read how it fails. Unknown name: DNS, or \
                the name. Refused: a port, or no endpoints. Silence: a wall, or a port that the Service \
                doesn't list. A status: somebody was reached, and says more in its log.";
    let live = "Not everything stands in your files. kubectl get all -A, get networkpolicies -A, get nodes \
                and get events -A show what was typed.";
    hints.push(hint(None, look, None));
    hints.push(hint(None, live, None));
    hints.push(hint(None, "", Some(solution)));
    hints
}
