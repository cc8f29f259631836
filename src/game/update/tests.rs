//! A session, message by message.

use super::*;
use crate::game::{LevelMsg, Panel, Save, TerminalMsg};
use crate::level::Pack;

/// A game with a level of one file on the table.
fn game() -> Game {
    let pack = Pack::embedded().expect("the campaign is sound");
    let mut game = Game::new(Arc::new(pack), Save::default());
    update(&mut game, Msg::OpenLevel("localhost-sidecar".to_owned()));
    update(&mut game, Msg::Begin);
    game
}

fn play(game: &Game) -> &Play {
    game.play().expect("a level on the table")
}

fn level(game: &mut Game, msg: LevelMsg) -> Vec<Effect> {
    update(game, Msg::Level(msg))
}

/// Lets time pass until nothing is waited for.
fn settle(game: &mut Game) {
    for _ in 0..2_000 {
        if !play(game).is_busy() {
            return;
        }
        update(game, Msg::Tick(Duration::from_millis(50)));
    }
    panic!("it never came to rest");
}

fn solve(game: &mut Game) {
    let file = play(game).file().expect("a file");
    let text = file.text.replace("http://nginx", "http://localhost");
    let name = file.name.clone();
    level(game, LevelMsg::Edit { file: name, text });
    level(game, LevelMsg::Apply);
    level(game, LevelMsg::Go);
    settle(game);
}

#[test]
fn a_way_that_won_is_followed_through_the_servers_that_pass_it_on() {
    let mut game = game();
    update(&mut game, Msg::OpenLevel("ingress".to_owned()));
    update(&mut game, Msg::Begin);
    let solution = play(&game).level().solutions[0].clone();
    for (name, content) in &solution.files {
        let text = String::from_utf8_lossy(content).into_owned();
        level(&mut game, LevelMsg::Edit { file: name.clone(), text });
    }
    level(&mut game, LevelMsg::Apply);
    level(&mut game, LevelMsg::Go);
    update(&mut game, Msg::Dismiss);
    settle(&mut game);
    assert_eq!(play(&game).phase(), Phase::Solved, "{:?}", play(&game).goals());
    let story = play(&game).current_story().expect("a way");
    let places: Vec<&str> = story.steps.iter().map(|step| &*step.place).collect();
    let controller = places.iter().position(|place| place.contains("ingress-nginx"));
    let after = &places[controller.expect("the controller is passed")..];
    assert!(after.iter().any(|place| !place.contains("ingress-nginx")), "{places:?}");
}

#[test]
fn a_prediction_is_asked_for_once_and_compared() {
    let mut game = game();
    level(&mut game, LevelMsg::Go);
    assert_eq!(game.popup(), Some(&Popup::Predict(None)));
    level(&mut game, LevelMsg::Predict(3));
    settle(&mut game);
    let guess = play(&game).guessed.clone().expect("it was asked about");
    assert_eq!(guess.say, "“unknown name”, as you expected.");
    level(&mut game, LevelMsg::Go);
    assert_eq!(game.popup(), None);
    settle(&mut game);
    assert_eq!(play(&game).guessed, None, "the verdict belongs to the send that was asked about");
}

#[test]
fn one_key_skips_the_prediction_and_sends() {
    let mut game = game();
    level(&mut game, LevelMsg::Go);
    update(&mut game, Msg::Dismiss);
    assert_eq!(play(&game).asked, Asked::Skipped);
    assert_eq!(play(&game).phase(), Phase::Probing);
}

#[test]
fn a_failure_is_explained_on_the_player_s_line() {
    let mut game = game();
    level(&mut game, LevelMsg::Go);
    update(&mut game, Msg::Dismiss);
    settle(&mut game);
    let play = play(&game);
    assert!(!play.goals()[0].passed);
    assert!(play.current_story().is_some_and(|story| !story.arrived));
    assert!(play.files[0].traffic_marks.is_empty(), "not before the third rung");
    let text = play.notice.clone().expect("a headline").text;
    assert!(text.starts_with("Unknown name: "), "{text}");
    for _ in 0..3 {
        level(&mut game, LevelMsg::Why);
    }
    let marked = self::play(&game);
    assert!(!marked.files[0].traffic_marks.is_empty(), "{:?}", marked.goals());
    assert_eq!(marked.ladder.highest, 3);
}

#[test]
fn marks_of_traffic_come_back_when_an_edit_is_taken_back() {
    let mut game = game();
    level(&mut game, LevelMsg::Go);
    update(&mut game, Msg::Dismiss);
    settle(&mut game);
    for _ in 0..3 {
        level(&mut game, LevelMsg::Why);
    }
    update(&mut game, Msg::Dismiss);
    let marks = |game: &Game| play(game).files[0].traffic_marks.clone();
    let (before, file) = (marks(&game), play(&game).files[0].clone());
    assert!(!before.is_empty());
    let edit = |game: &mut Game, text: String| {
        level(game, LevelMsg::Edit { file: file.name.clone(), text });
    };
    edit(&mut game, file.text.replace("http://nginx", "http://localhost"));
    assert!(marks(&game).is_empty());
    edit(&mut game, file.text.clone());
    assert_eq!(marks(&game), before);
    edit(&mut game, format!("# a line above\n{}", file.text));
    let line = |marks: &[crate::diagnostic::Diagnostic]| marks[0].position.map(|at| at.line);
    assert_eq!(line(&marks(&game)), line(&before).map(|line| line + 1), "it goes with its line");
}

#[test]
fn help_that_is_asked_for_after_an_edit_tells_of_the_line_that_was_sent() {
    let mut game = game();
    level(&mut game, LevelMsg::Go);
    update(&mut game, Msg::Dismiss);
    settle(&mut game);
    let file = play(&game).files[0].clone();
    let text = format!("# a line above\n# and another\n{}", file.text);
    level(&mut game, LevelMsg::Edit { file: file.name.clone(), text });
    for _ in 0..3 {
        level(&mut game, LevelMsg::Why);
    }
    let told = play(&game);
    let help = told.help();
    let at = help.asked().and_then(|fault| fault.diagnosis.at.as_ref()).expect("a line");
    assert!(told.line(at).is_some_and(|line| line.contains("http://nginx")), "{at:?}");
    let mark = told.files[0].traffic_marks[0].position.expect("a place");
    let now = at.position.line + 2;
    assert_eq!(mark.line, now);
    level(&mut game, LevelMsg::GoToMark);
    assert_eq!(play(&game).jump.line, now);
}

#[test]
fn what_was_sent_before_is_not_the_way_of_requests_that_sent_nothing() {
    let mut game = game();
    level(&mut game, LevelMsg::Go);
    update(&mut game, Msg::Dismiss);
    settle(&mut game);
    assert!(play(&game).current_story().is_some());
    let gone = "kubectl delete pod multi --now\n".to_owned();
    update(&mut game, Msg::Terminal(TerminalMsg::Type(gone)));
    settle(&mut game);
    level(&mut game, LevelMsg::Go);
    settle(&mut game);
    assert!(play(&game).current_story().is_none(), "{:?}", play(&game).current_story());
    let text = play(&game).notice.clone().expect("a headline").text;
    assert!(text.starts_with("Not yet: "), "{text}");
    level(&mut game, LevelMsg::Story(-1));
    assert!(play(&game).current_story().is_some(), "the way before is a page back");
}

#[test]
fn while_requests_are_on_their_way_nobody_says_that_nothing_was_sent() {
    let mut game = game();
    level(&mut game, LevelMsg::Go);
    update(&mut game, Msg::Dismiss);
    level(&mut game, LevelMsg::Why);
    let text = play(&game).notice.clone().expect("a word").text;
    assert!(text.contains("on their way"), "{text}");
}

#[test]
fn requests_wait_for_a_command_that_makes_their_pod_anew() {
    let mut game = game();
    let file = play(&game).files[0].clone();
    let text = file.text.replace("http://nginx", "http://localhost");
    let typed = format!("sed -i s,http://nginx,http://localhost, {}\n", file.name);
    update(&mut game, Msg::Terminal(TerminalMsg::Type(typed)));
    settle(&mut game);
    assert_eq!(play(&game).files[0].text, text);
    let anew = format!("kubectl replace --force -f {}\n", file.name);
    update(&mut game, Msg::Terminal(TerminalMsg::Type(anew)));
    assert!(play(&game).is_busy(), "the old pod takes its time to end");
    level(&mut game, LevelMsg::Go);
    if matches!(game.popup(), Some(Popup::Unapplied(_))) {
        // Sent as it is: kubectl is about to bring the file to the cluster.
        update(&mut game, Msg::Select(1));
        update(&mut game, Msg::Confirm);
    }
    update(&mut game, Msg::Dismiss);
    settle(&mut game);
    assert_eq!(play(&game).phase(), Phase::Solved, "{:?}", play(&game).goals());
}

#[test]
fn an_edited_file_is_offered_to_be_applied_before_it_is_sent() {
    let mut game = game();
    let file = play(&game).files[0].clone();
    let text = file.text.replace("http://nginx", "http://localhost");
    level(&mut game, LevelMsg::Edit { file: file.name, text });
    level(&mut game, LevelMsg::Go);
    assert_eq!(game.popup(), Some(&Popup::Unapplied(0)));
    update(&mut game, Msg::Confirm);
    update(&mut game, Msg::Dismiss);
    settle(&mut game);
    assert_eq!(play(&game).phase(), Phase::Solved, "{:?}", play(&game).goals());
}

#[test]
fn sent_as_it_is_the_file_that_was_not_applied_comes_before_any_cause() {
    let mut game = game();
    let file = play(&game).files[0].clone();
    let text = file.text.replace("http://nginx", "http://localhost");
    level(&mut game, LevelMsg::Edit { file: file.name, text });
    level(&mut game, LevelMsg::GoAsItIs);
    update(&mut game, Msg::Dismiss);
    settle(&mut game);
    let text = play(&game).notice.clone().expect("a headline").text;
    assert!(text.starts_with("Not applied: multi.yaml"), "{text}");
}

#[test]
fn undo_passes_over_commands_that_changed_nothing() {
    let mut game = game();
    let pods = |game: &Game| play(game).scene.pods().filter(|pod| !pod.is_system()).count();
    for command in ["kubectl delete pod multi --now\n", "kubectl get pods\n", "clear\n", "ls\n"] {
        update(&mut game, Msg::Terminal(TerminalMsg::Type(command.into())));
        settle(&mut game);
    }
    update(&mut game, Msg::Tick(Duration::from_secs(2)));
    assert_eq!(pods(&game), 0);
    level(&mut game, LevelMsg::Undo);
    assert_eq!(pods(&game), 1, "{:?}", play(&game).notice);
}

#[test]
fn kubectl_edit_saves_when_it_is_told_to_and_gives_the_terminal_back() {
    let mut game = game();
    let edit = "kubectl edit pod multi\n";
    update(&mut game, Msg::Terminal(TerminalMsg::Type(edit.into())));
    settle(&mut game);
    let open = play(&game).file().expect("a file").clone();
    assert!(open.name.starts_with("kubectl-edit"), "{open:?}");
    let text = open.text.replace("  name: multi\n", "  labels:\n    half: typed\n  name: multi\n");
    assert_ne!(text, open.text);
    level(&mut game, LevelMsg::Edit { file: open.name.clone(), text });
    update(&mut game, Msg::Tick(Duration::from_secs(2)));
    let labels = |game: &Game| {
        let pod = play(game).scene.pods().find(|pod| pod.name == "multi").cloned();
        pod.map(|pod| pod.shown_labels()).unwrap_or_default()
    };
    assert!(!labels(&game).contains("half"), "nothing is saved by itself");
    assert_eq!(play(&game).file().map(|file| &*file.name), Some(&*open.name));
    level(&mut game, LevelMsg::Apply);
    for _ in 0..20 {
        update(&mut game, Msg::Tick(Duration::from_millis(200)));
    }
    assert!(
        labels(&game).contains("half=typed"),
        "{:?}",
        play(&game).console.printed().collect::<Vec<_>>()
    );
    assert_eq!(play(&game).focus, Panel::Terminal);
    assert!(play(&game).editing.is_none());
}

#[test]
fn esc_leads_to_the_menu_level_and_a_reset_stays_there() {
    let mut game = game();
    level(&mut game, LevelMsg::Menu(true));
    level(&mut game, LevelMsg::Reset);
    update(&mut game, Msg::Confirm);
    assert!(play(&game).menu, "letters go on being actions");
}

#[test]
fn a_win_is_kept_and_tells_which_edits_mattered() {
    let mut game = game();
    level(&mut game, LevelMsg::Go);
    update(&mut game, Msg::Dismiss);
    settle(&mut game);
    solve(&mut game);
    assert_eq!(game.popup(), None, "nothing covers the packet while it walks");
    assert!(play(&game).is_walking());
    for _ in 0..200 {
        update(&mut game, Msg::Tick(Duration::from_millis(100)));
    }
    assert_eq!(game.popup(), Some(&Popup::Won), "{:?}", play(&game).goals());
    assert!(game.record("localhost-sidecar").solved.is_some());
    update(&mut game, Msg::Confirm);
    while game.debrief().is_some_and(Debrief::is_trying) {
        update(&mut game, Msg::Tick(Duration::ZERO));
    }
    let edits = &game.debrief().expect("a debrief").edits;
    assert_eq!(edits.iter().map(|tried| tried.mattered).collect::<Vec<_>>(), [Some(true)]);
    // The debrief asks its question first.
    update(&mut game, Msg::Dismiss);
    for _ in 0..5 {
        if game.debrief().is_some() {
            update(&mut game, Msg::Confirm);
        }
    }
    let won = game.pack().level("localhost-sidecar").expect("it is in the campaign").number;
    assert_eq!(play(&game).level().number, won + 1);
}

#[test]
fn a_level_that_comes_back_says_so_before_it_begins_and_keeps_what_was_done_half_way() {
    let mut first = game().on_day(100);
    level(&mut first, LevelMsg::Go);
    update(&mut first, Msg::Dismiss);
    settle(&mut first);
    solve(&mut first);
    assert!(first.record("localhost-sidecar").solved.is_some());
    let pack = Pack::embedded().expect("the campaign is sound");
    let mut game = Game::new(Arc::new(pack), first.save().clone()).on_day(103);
    let open = |game: &mut Game, name: &str| update(game, Msg::OpenLevel(name.to_owned()));
    let says = |game: &Game| play(game).notice.as_ref().map(|notice| notice.text.clone());
    open(&mut game, "localhost-sidecar");
    assert_eq!(game.screen(), Screen::Briefing);
    update(&mut game, Msg::Select(1));
    update(&mut game, Msg::Begin);
    assert!(says(&game).is_some_and(|text| text.contains("3 days ago")), "{:?}", says(&game));
    let file = play(&game).file().expect("a file").clone();
    assert!(file.text.contains("http://nginx"), "the level's own: {}", file.text);
    let text = format!("# half\n{}", file.text);
    level(&mut game, LevelMsg::Edit { file: file.name, text: text.clone() });
    assert_eq!(says(&game), None);
    open(&mut game, "hello");
    open(&mut game, "localhost-sidecar");
    assert_eq!(play(&game).file().map(|file| file.text.clone()), Some(text));
}

#[test]
fn undo_takes_back_what_a_command_did() {
    let mut game = game();
    let pods = |game: &Game| play(game).scene.pods().filter(|pod| !pod.is_system()).count();
    assert_eq!(pods(&game), 1);
    update(&mut game, Msg::Terminal(TerminalMsg::Type("kubectl delete pod multi --now\n".into())));
    settle(&mut game);
    update(&mut game, Msg::Tick(Duration::from_secs(2)));
    assert_eq!(pods(&game), 0, "{:?}", play(&game).console.printed().collect::<Vec<_>>());
    level(&mut game, LevelMsg::Undo);
    assert_eq!(pods(&game), 1);
}

#[test]
fn edits_outlive_reset_and_a_new_game() {
    let mut game = game();
    let name = play(&game).files[0].name.clone();
    level(&mut game, LevelMsg::Edit { file: name, text: "# mine\n".into() });
    let mut again = Game::new(game.pack.clone(), game.save().clone());
    update(&mut again, Msg::Confirm);
    assert_eq!(play(&again).files[0].text, "# mine\n");
    assert!(play(&again).files[0].changed, "the new cluster has what the level applied");
    level(&mut again, LevelMsg::Reset);
    update(&mut again, Msg::Confirm);
    assert_eq!(play(&again).files[0].text, "# mine\n");
    assert!(play(&again).files[0].changed, "the new cluster has what the level applied");
    level(&mut again, LevelMsg::Reset);
    update(&mut again, Msg::Select(1));
    update(&mut again, Msg::Confirm);
    assert_ne!(play(&again).files[0].text, "# mine\n");
    level(&mut again, LevelMsg::Undo);
    assert_eq!(play(&again).files[0].text, "# mine\n");
}

#[test]
fn time_runs_pauses_steps_and_goes_back() {
    let mut game = game();
    let start = play(&game).clock();
    for _ in 0..20 {
        update(&mut game, Msg::Tick(Duration::from_secs(1)));
    }
    assert_eq!(play(&game).clock() - start, Duration::from_secs(20));
    level(&mut game, LevelMsg::Pause);
    update(&mut game, Msg::Tick(Duration::from_secs(1)));
    assert_eq!(play(&game).clock() - start, Duration::from_secs(20));
    assert_eq!(game.next_tick().filter(|_| !play(&game).is_fresh()), None);
    level(&mut game, LevelMsg::Step);
    assert_eq!(play(&game).clock() - start, Duration::from_secs(21));
    level(&mut game, LevelMsg::Rewind);
    assert!(play(&game).clock() - start < Duration::from_secs(21));
}

#[test]
fn the_next_hint_waits_a_while() {
    let mut game = game();
    level(&mut game, LevelMsg::Hint);
    level(&mut game, LevelMsg::Hint);
    assert_eq!(play(&game).hints.count(), 1);
    for _ in 0..20 {
        update(&mut game, Msg::Tick(Duration::from_secs(1)));
    }
    level(&mut game, LevelMsg::Hint);
    assert_eq!(play(&game).hints.count(), 2);
}

#[test]
fn ctrl_c_interrupts_copies_or_asks_but_never_leaves_at_once() {
    let mut game = game();
    for panel in [Panel::Editor, Panel::Map, Panel::Packet] {
        level(&mut game, LevelMsg::Focus(panel));
        assert!(!update(&mut game, Msg::Interrupt).contains(&Effect::Quit), "{panel:?}");
        assert_eq!(game.popup(), Some(&Popup::Leave));
        update(&mut game, Msg::Dismiss);
    }
    level(&mut game, LevelMsg::Focus(Panel::Terminal));
    update(&mut game, Msg::Terminal(TerminalMsg::Type("sleep".into())));
    assert!(!update(&mut game, Msg::Interrupt).contains(&Effect::Quit), "it clears the line");
    assert_eq!(game.popup(), None);
    assert!(!update(&mut game, Msg::Interrupt).contains(&Effect::Quit), "it asks");
    assert!(update(&mut game, Msg::Interrupt).contains(&Effect::Quit));
}

#[test]
fn a_command_s_packets_are_shown() {
    let mut game = game();
    let curl = "kubectl exec multi -c sidecar -- curl -s http://localhost\n";
    update(&mut game, Msg::Terminal(TerminalMsg::Type(curl.into())));
    settle(&mut game);
    let printed = &play(&game).console;
    let story = play(&game).current_story();
    assert!(story.is_some_and(|story| story.arrived), "{story:?} {printed:?}");
}
