//! Predict, then see: what will the goal's request answer, and where is it decided?

use crate::level::GoalState;
use crate::network::{Outcome, Protocol, Trace};

use super::story::is_dns;

/// What a request can come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The page.
    Page,
    /// Told no at once.
    Refused,
    /// Nobody answers.
    Timeout,
    /// The name has no address.
    UnknownName,
}

impl Fate {
    /// All of them, in the order they are offered.
    pub const ALL: [Fate; 4] = [Fate::Page, Fate::Refused, Fate::Timeout, Fate::UnknownName];

    /// The choice, as it is offered.
    pub fn title(self) -> &'static str {
        match self {
            Fate::Page => "a page",
            Fate::Refused => "refused",
            Fate::Timeout => "no answer",
            Fate::UnknownName => "unknown name",
        }
    }

    /// What that looks like.
    pub fn meaning(self) -> &'static str {
        match self {
            Fate::Page => "a server answers, and its page is printed",
            Fate::Refused => "somebody says no at once: connection refused",
            Fate::Timeout => "silence, until the client gives up",
            Fate::UnknownName => "the name has no address: could not resolve host",
        }
    }

    /// What became of a goal's requests.
    pub fn of(goal: &GoalState, last: Option<&Trace>) -> Fate {
        let Some(trace) = last.filter(|_| !goal.passed) else {
            return if goal.passed { Fate::Page } else { Fate::UnknownName };
        };
        match &trace.outcome {
            Outcome::Delivered { .. } if is_dns(&trace.flow) => Fate::UnknownName,
            Outcome::Delivered { .. } => Fate::Page,
            Outcome::Refused if trace.flow.protocol == Protocol::Udp => Fate::UnknownName,
            Outcome::Refused => Fate::Refused,
            Outcome::Unreachable | Outcome::Silence => Fate::Timeout,
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
    /// On the way between nodes.
    Way,
    /// In the pod that it is meant for.
    Server,
}

impl Where {
    /// All of them, in the order of the way.
    pub const ALL: [Where; 5] =
        [Where::Name, Where::Sender, Where::Service, Where::Way, Where::Server];

    /// The choice, as it is offered.
    pub fn title(self) -> &'static str {
        match self {
            Where::Name => "at the name (DNS)",
            Where::Sender => "inside the sender's own pod",
            Where::Service => "at a Service's rules on the node",
            Where::Way => "on the way between the machines",
            Where::Server => "in the pod that should answer",
        }
    }

    /// Where the last request was decided.
    pub fn of(fate: Fate, last: Option<&Trace>) -> Option<Where> {
        use crate::network::Stage;
        if fate == Fate::UnknownName {
            return Some(Where::Name);
        }
        let trace = last?;
        let hop = trace.hops.iter().rev().find(|hop| hop.stage != Stage::Reply)?;
        Some(match hop.stage {
            Stage::ServiceProxy => Where::Service,
            Stage::Route | Stage::Masquerade => Where::Way,
            _ if hop.place == trace.from => Where::Sender,
            _ => Where::Server,
        })
    }
}

/// What the player expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prediction {
    /// What the client will say.
    pub fate: Fate,
    /// Where that is decided, if the player said so.
    pub place: Option<Where>,
}

/// Whether it came as predicted, in one sentence.
pub fn verdict(prediction: Prediction, fate: Fate, place: Option<Where>) -> String {
    if prediction.fate != fate {
        return format!("You expected “{}”; it was “{}”.", prediction.fate.title(), fate.title());
    }
    match (prediction.place, place) {
        (Some(expected), Some(actual)) if expected != actual => {
            format!("“{}”, as you expected, but it was decided {}.", fate.title(), actual.title())
        }
        (Some(_), Some(_)) => format!("“{}”, and there, as you expected.", fate.title()),
        _ => format!("“{}”, as you expected.", fate.title()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prediction_is_compared_with_what_happened() {
        let prediction = Prediction { fate: Fate::Refused, place: Some(Where::Service) };
        assert_eq!(
            verdict(prediction, Fate::Timeout, None),
            "You expected “refused”; it was “no answer”."
        );
        assert_eq!(
            verdict(prediction, Fate::Refused, Some(Where::Server)),
            "“refused”, as you expected, but it was decided in the pod that should answer."
        );
    }
}
