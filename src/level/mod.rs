//! Levels: the format, the packs, the goals, the grading, and advice made of traces and objects.
//!
//! A level is a story told in kubectl. What the world does, what the player does, the requests that
//! decide victory and the reference solutions are all shell commands and manifests, run by one
//! interpreter against one cluster. An [`Attempt`] is a level being played: a value that can be
//! cloned, wound forward and asked for its verdict, with or without a screen.

mod acts;
mod answer;
mod apply;
mod attempt;
pub mod diagnosis;
mod format;
mod heard;
pub mod incident;
mod indentation;
mod instead;
mod journal;
mod kept;
pub mod lint;
mod place;
mod probe;
mod question;
mod read;
pub mod sandbox;
mod source;
mod wording;

pub use acts::{Act, Actor};
pub use answer::{half_replaced, with_answer};
pub use apply::{Applied, AppliedFile, is_manifest};
pub use attempt::{Attempt, GoalState, Phase, Verdict};
pub use diagnosis::{Code, Diagnosis, Explanation, explain, explanations};
pub use format::{
    CAMPAIGN, Changes, Chapter, Choice, Claim, Coach, Event, Expect, FormatFile, Goal, Hint, Level,
    Mistake, Moment, ObjectField, Pack, Pattern, Predict, Prediction, Question, Repeat, Send,
    Solution, When, Which,
};
pub use heard::Heard;
pub use journal::{Did, Entry, Journal};
pub use place::{NoPlace, PlaceKind, PlaceName};
pub use probe::sent_since;
pub use question::{Asked, ask};
pub use read::{Source, parse_duration};
pub use wording::{short_name, short_party};
