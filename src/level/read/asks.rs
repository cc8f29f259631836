//! What a level asks, of a cluster and of the player: expectations, predictions, questions.

use std::time::Duration;

use super::bounds::{self, Bounds};
use super::level::{command, place};
use super::schema::{ChoiceFile, ExpectFile, ObjectFile, PredictFile, QuestionFile};
use crate::api::Kind;
use crate::cluster;
use crate::diagnostic::nearest;
use crate::level::format::{
    Choice, Expect, Mistake, ObjectField, Pattern, Predict, Prediction, Question, Send, Solution,
};

/// What a request has to answer.
pub(super) fn expect(file: ExpectFile, path: &str, bounds: &mut Bounds<'_>) -> Expect {
    let matches = file.matches.and_then(|text| {
        Pattern::parse(&text)
            .map_err(|message| {
                let help = "write a regular expression, for example ^10\\.244\\.";
                let message = format!("matches is no pattern: {message}");
                bounds.error(&format!("{path}.matches"), message, help);
            })
            .ok()
    });
    if let Some(within) = file.within {
        bounds.time(&format!("{path}.within"), within.0, Duration::ZERO, 1);
    }
    if let Some(image) = &file.served_by_image {
        served_by_image(image, &format!("{path}.servedByImage"), bounds);
    }
    let object = file.object.and_then(|file| object(file, &format!("{path}.object"), bounds));
    Expect {
        exit: file.exit,
        stdout: file.stdout,
        page: file.page,
        served_by: file.served_by,
        served_by_pod: file.served_by_pod.into_vec(),
        served_by_image: file.served_by_image,
        served_by_host: file.served_by_host,
        via_node: file.via_node.into_vec(),
        matches,
        absent: file.absent,
        stderr: file.stderr,
        within: file.within.map(|within| within.0),
        object,
    }
}

/// The image of a server is one that there is, written as servers tell it: without registry and tag.
fn served_by_image(image: &str, path: &str, bounds: &mut Bounds<'_>) {
    let known: Vec<String> = cluster::images().filter_map(cluster::repository).collect();
    if known.iter().any(|known| known == image) {
        return;
    }
    let bare = cluster::repository(image).filter(|bare| known.contains(bare));
    let help = match (bare, nearest(image, known.iter().map(String::as_str))) {
        (Some(bare), _) => format!("write it without registry and tag: {bare}"),
        (None, Some(near)) => format!("did you mean {near}?"),
        (None, None) => "docs/levels.md lists the images".to_owned(),
    };
    bounds.error(path, format!("no server tells that its image is {image:?}"), help);
}

fn object(file: ObjectFile, path: &str, bounds: &mut Bounds<'_>) -> Option<ObjectField> {
    let Some(kind) = Kind::from_word(&file.kind) else {
        let message = format!("there is no kind {:?}", file.kind);
        bounds.error(&format!("{path}.kind"), message, "for example: service");
        return None;
    };
    Some(ObjectField {
        kind,
        name: file.name,
        namespace: file.namespace.unwrap_or_else(|| "default".to_owned()),
        path: file.path,
        equals: file.equals,
    })
}

/// What the player predicts of a goal that makes so many requests.
pub(super) fn predict(
    file: Option<PredictFile>,
    requests: u32,
    path: &str,
    bounds: &mut Bounds<'_>,
) -> Predict {
    match file {
        None => Predict::Usual,
        Some(PredictFile::Nothing(_)) => Predict::Nothing,
        Some(PredictFile::Own(file)) => {
            let choices = choices(file.choices, &format!("{path}.choices"), bounds);
            let request = match file.request.map_or(Ok(1), u32::try_from) {
                Ok(request) if (1..=requests).contains(&request) => request,
                _ => {
                    let message = format!("the goal makes {requests} requests; which of them?");
                    let help = format!("request is a number from 1 to {requests}");
                    bounds.error(&format!("{path}.request"), message, help);
                    1
                }
            };
            Predict::Own(Prediction { ask: file.ask, request, choices })
        }
    }
}

fn choices(files: Vec<ChoiceFile>, path: &str, bounds: &mut Bounds<'_>) -> Vec<Choice> {
    let count = files.len();
    if !(bounds::CHOICES.least..=bounds::CHOICES.most).contains(&(count as u64)) {
        let message = format!("a question has 2 to 5 choices, this one {count}");
        bounds.error(path, message, "give 2 to 5 choices");
    }
    let mut choices: Vec<Choice> = Vec::new();
    for (index, file) in files.into_iter().enumerate() {
        let path = format!("{path}[{index}]");
        let expect = expect(file.expect, &format!("{path}.expect"), bounds);
        if expect == Expect::default() {
            let help = "say the exit code, or the text that is printed";
            bounds.error(&path, "this choice fits whatever comes back".to_owned(), help);
        }
        if choices.iter().any(|choice| choice.say == file.say) {
            let message = format!("the choice {:?} is there twice", file.say);
            bounds.error(&format!("{path}.say"), message, "give each choice words of its own");
        }
        choices.push(Choice { say: file.say, expect });
    }
    choices
}

/// The goal with this number, counted from 0.
pub(super) fn goal(number: u64, goals: usize, path: &str, bounds: &mut Bounds<'_>) -> usize {
    let index = usize::try_from(number).unwrap_or(usize::MAX).wrapping_sub(1);
    if index >= goals {
        let help = format!("the level has goals 1 to {goals}");
        bounds.error(path, format!("there is no goal {number}"), help);
        return 0;
    }
    index
}

/// What is asked once the level is solved.
pub(super) fn question(
    file: QuestionFile,
    goals: usize,
    answers: (&[Solution], &[Mistake]),
    bounds: &mut Bounds<'_>,
) -> Question {
    if file.answer.is_some() && !file.files.is_empty() {
        let message = "the question names an answer and brings files of its own".to_owned();
        bounds.error("question.files", message, "leave out answer, or files");
    }
    if file.goal.is_some() && file.send.is_some() {
        let message = "the question sends a goal's request and another".to_owned();
        bounds.error("question.send", message, "leave out goal, or send");
    }
    if let Some(send) = &file.send {
        place(&send.from, "question.send.from", bounds);
        command(&send.run, "question.send.run", bounds);
    }
    let answer = match file.answer {
        Some(folder) => named(&folder, answers, bounds),
        None if file.files.is_empty() => None,
        None => {
            let files = file.files.into_iter().map(|(name, text)| (name, text.into_bytes()));
            Some(Solution { name: "question".to_owned(), files: files.collect(), script: None })
        }
    };
    Question {
        ask: file.ask,
        answer,
        run: file.run,
        goal: file.goal.map_or(0, |number| goal(number, goals, "question.goal", bounds)),
        send: file.send.map(|send| Send { from: send.from, run: send.run }),
        choices: choices(file.choices, "question.choices", bounds),
    }
}

/// The answer in a folder of the level: `mistakes/NAME` or `solutions/NAME`.
fn named(
    folder: &str,
    (solutions, mistakes): (&[Solution], &[Mistake]),
    bounds: &mut Bounds<'_>,
) -> Option<Solution> {
    let mistakes = mistakes.iter().map(|mistake| ("mistakes", &mistake.answer));
    let mut all = solutions.iter().map(|solution| ("solutions", solution)).chain(mistakes);
    let found =
        all.find(|(of, answer)| folder.trim_end_matches('/') == format!("{of}/{}", answer.name));
    if found.is_none() {
        let help = "name a folder of this level: mistakes/NAME or solutions/NAME";
        bounds.error("question.answer", format!("there is no folder {folder:?}"), help);
    }
    found.map(|(_, answer)| answer.clone())
}
