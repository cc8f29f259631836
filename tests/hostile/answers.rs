//! A player's files are wrong in every way on the way to a right answer: a line is missing, a value is gone, a
//! file ends early. Each is marked while it is typed, judged, and its failures are explained, without a panic or an endless search.

use podhop::level::lint::play_from;
use podhop::level::{Attempt, GoalState, Pack, Solution, with_answer};
use podhop::shell::Files;

/// One of how many changes is played of the whole campaign.
const EVERY: usize = 149;

fn answer(files: Files, script: Option<&String>) -> Solution {
    Solution { name: "changed".to_owned(), files, script: script.cloned() }
}

/// A file with something wrong at each of its lines.
fn changes(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut all = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let with = |instead: &[&str]| {
            [&lines[..index], instead, &lines[index + 1..]].concat().join("\n") + "\n"
        };
        all.push(with(&[]));
        all.push(with(&[line, line]));
        all.push(lines[..index].join("\n"));
        if let Some((key, _)) = line.split_once(": ") {
            for value in ["", " \"\"", " 0", " []", " other"] {
                all.push(with(&[&format!("{key}:{value}")]));
            }
            all.push(with(&[&format!("{key}x: 1")]));
        }
    }
    all
}

#[test]
fn changed_answers_of_every_level_are_judged() {
    let mut count = 0_usize;
    let pack = Pack::embedded().expect("the campaign is sound");
    let names = pack.chapters.iter().flat_map(|chapter| &chapter.levels);
    for level in names.filter_map(|name| pack.level(name)) {
        let opened = Attempt::open(level.clone(), 1);
        for solution in &level.solutions {
            for (name, content) in &solution.files {
                let text = String::from_utf8_lossy(content);
                for changed in changes(&text) {
                    count += 1;
                    if !count.is_multiple_of(EVERY) {
                        continue;
                    }
                    let mut files = solution.files.clone();
                    files.insert(name.clone(), changed.into_bytes());
                    let answer = answer(files, solution.script.as_ref());
                    let mut typed = opened.clone();
                    *typed.session_mut().files_mut() = with_answer(typed.files(), &answer.files);
                    typed.marks(name);
                    let verdict = play_from(opened.clone(), Some(&answer)).verdict;
                    let told = |goal: &GoalState| goal.passed || goal.diagnosis.is_some();
                    assert!(verdict.goals.iter().all(told), "{}: {answer:?}", level.name);
                }
            }
        }
    }
}
