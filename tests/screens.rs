//! The whole game by keys, on a screen that is a value.

mod player;

use std::time::Duration;

use crossterm::event::{MouseButton, MouseEventKind};
use player::Player;
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The sizes that every screen is looked at in.
const SIZES: [(u16, u16); 2] = [(80, 24), (120, 36)];

#[test]
fn the_trail_shows_the_campaign() {
    for (width, height) in SIZES {
        let mut player = Player::new(width, height);
        insta::assert_snapshot!(format!("trail_{width}x{height}"), player.screen());
    }
}

/// A pack as large as the campaign will be: ten chapters, fifty levels.
fn fifty_levels() -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut pack = "title: A long way\nchapters:\n".to_owned();
    for chapter in 0..10 {
        let names: Vec<String> =
            (1..=5).map(|number| format!("level-{chapter}-{number}")).collect();
        pack += &format!(
            "- {{name: c{chapter}, title: Chapter {chapter}, levels: [{}]}}\n",
            names.join(", ")
        );
        for name in names {
            let level = format!(
                "title: What {name} is about\nchapter: c{chapter}\nteaches: [subject {chapter}, pod]\n\
                 situation: Something is broken.\ngoals:\n\
                 - {{say: it answers, from: laptop, run: 'true', expect: {{exit: 0}}}}\ndebrief: Kept.\n"
            );
            files.push((format!("{name}/level.yaml"), level));
            files.push((format!("{name}/start/notes.txt"), "nothing\n".to_owned()));
        }
    }
    files.push(("pack.yaml".to_owned(), pack));
    files
}

#[test]
fn the_trail_holds_ten_chapters_and_finds_a_level() {
    let files = fifty_levels();
    let files: Vec<(&str, &str)> =
        files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let mut player = Player::with_levels(&files, (80, 24));
    let screen = player.screen();
    for chapter in 0..10 {
        assert!(screen.contains(&format!("Chapter {chapter}")), "{screen}");
    }
    assert!(screen.contains("subject 0"), "it says what the level teaches:\n{screen}");
    player.keys("/").type_text("subject 7");
    let screen = player.screen();
    assert!(screen.contains("What level-7-1"), "{screen}");
    player.keys("enter / enter");
    assert!(
        player.screen().contains("What level-7-2"),
        "again finds the next:\n{}",
        player.screen()
    );
    player.keys("/").type_text("nowhere");
    assert!(player.screen().contains("no level"), "{}", player.screen());
    player.keys("esc pgdn");
    assert!(player.screen().contains("What level-8-1"), "{}", player.screen());
}

#[test]
fn the_first_level_is_won_by_keys_alone() {
    for (width, height) in SIZES {
        let mut player = Player::new(width, height);
        player.keys("enter enter");
        assert!(player.screen().contains("multi.yaml"), "{}", player.screen());
        player.keys("ctrl-g 5 enter");
        player.wait_until("✗ the sidecar").keys("f3");
        assert!(player.screen().contains("Why"), "{}", player.screen());
        player.keys("esc ctrl-f").type_text("//nginx").keys("enter right right");
        player.keys("delete delete delete delete delete").type_text("localhost");
        player.keys("ctrl-s ctrl-g");
        player.wait_until("The packets arrive").keys("enter");
        player.wait(Duration::from_secs(1));
        let debrief = player.screen();
        assert!(debrief.contains("What to keep"), "{debrief}");
        // Enter turns the page until its end was seen, then it goes on.
        player.keys("enter enter enter enter");
        assert!(player.screen().contains("2  "), "{}", player.screen());
    }
}

#[test]
fn every_level_is_won_by_keys_alone_at_80_by_24() {
    for level in &player::CAMPAIGN.levels {
        for solution in level.solutions.iter().take(1) {
            let mut player = Player::at_the_campaign(80, 24);
            player.open(level);
            player.keys("esc t");
            for (file, bytes) in &solution.files {
                player.type_text(&format!("cat > {file} <<'END'")).keys("enter");
                for line in String::from_utf8_lossy(bytes).lines() {
                    player.type_text(line).keys("enter");
                }
                player.type_text("END").keys("enter");
                player.wait(Duration::from_secs(1));
            }
            player.keys("ctrl-s");
            for line in solution.script.iter().flat_map(|script| script.lines()) {
                player.type_text(line).keys("enter");
                player.wait_for_the_prompt();
            }
            player.keys("ctrl-g");
            if player.screen().contains("Not applied") {
                player.keys("2 enter");
            }
            player.keys("esc");
            player.wait_until("The packets arrive");
        }
    }
}

/// Where the README's picture lies.
const PICTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/level.svg");

/// `UPDATE_PICTURE=1 cargo test --test screens readme` draws it anew.
#[test]
#[allow(clippy::disallowed_methods)] // Tests read their own files.
fn the_readmes_picture_is_the_real_screen() {
    let level = player::CAMPAIGN
        .levels
        .iter()
        .find(|level| level.name == "clusterip")
        .expect("it is there");
    let mut player = Player::at_the_campaign(110, 32);
    player.open(level).keys("ctrl-g esc").wait_until("✗ the frontend").wait_for_the_prompt();
    player.wait(Duration::from_secs(10));
    let picture = player.picture();
    if std::env::var_os("UPDATE_PICTURE").is_some() {
        std::fs::write(PICTURE, &picture).expect("docs can be written");
    }
    let kept = std::fs::read_to_string(PICTURE).unwrap_or_default();
    assert!(kept == picture, "docs/level.svg is out of date: UPDATE_PICTURE=1 draws it anew");
}

#[test]
fn help_lists_the_keys_and_scrolls() {
    let mut player = Player::new(80, 24);
    player.keys("?");
    let top = player.screen();
    assert!(top.contains("Everywhere in a level"), "{top}");
    player.keys("end up");
    assert_ne!(player.screen(), top);
    player.keys("esc");
    assert!(player.screen().contains("podhop"));
}

#[test]
fn settings_change_at_once() {
    let mut player = Player::new(80, 24);
    player.keys("s");
    assert!(player.screen().contains("‹ full ›"));
    player.keys("right");
    assert!(player.screen().contains("‹ reduced ›"), "{}", player.screen());
}

#[test]
fn a_terminal_that_is_too_small_asks_for_room() {
    let mut player = Player::new(10, 3);
    assert!(player.screen().contains("more room"), "{}", player.screen());
}

#[test]
fn the_terminal_runs_commands_and_shows_the_packet() {
    let mut player = Player::new(120, 36);
    player.keys("enter enter esc t").type_text("kubectl get pods").keys("enter");
    player.wait(Duration::from_secs(2));
    let screen = player.screen();
    assert!(screen.contains("multi"), "{screen}");
    assert!(screen.contains("NAME"), "{screen}");
}

#[test]
fn a_huge_paste_is_refused_with_a_sentence() {
    let huge = "x".repeat(10 * 1024 * 1024);
    let mut player = Player::new(80, 24);
    player.keys("enter enter").paste(&huge);
    assert!(player.screen().contains("Nothing was pasted"), "{}", player.screen());
    player.keys("esc t").paste(&huge);
    assert!(player.screen().contains("KiB"), "{}", player.screen());
}

#[test]
fn a_file_that_goes_on_beyond_its_panel_says_how_far() {
    let mut player = Player::at_level("own-address", 80, 24);
    player.keys("enter");
    let screen = player.screen();
    assert!(screen.contains("17 ---") && screen.contains("↓ 16 more"), "{screen}");
    player.keys("ctrl-end");
    let screen = player.screen();
    assert!(screen.contains("↑ 16 more") && !screen.contains("↓ "), "{screen}");
    // A file that is seen whole says nothing.
    let mut player = Player::at_level("hello", 120, 36);
    player.keys("enter");
    assert!(!player.screen().contains(" more "), "{}", player.screen());
}

#[test]
fn rows_that_are_cut_say_which_key_shows_their_end() {
    let mut player = Player::at_level("whose-pods", 80, 24);
    player.keys("enter esc t").type_text("kubectl get pods --show-labels").keys("enter");
    player.wait(Duration::from_secs(2));
    let screen = player.screen();
    assert!(screen.contains("app=cinema,h›") && screen.contains("Alt-→"), "{screen}");
    player.keys("alt-right alt-right alt-right");
    let screen = player.screen();
    assert!(screen.contains("hall=one") && !screen.contains("Alt-→"), "{screen}");
}

#[test]
fn what_was_refused_is_why_and_nothing_is_to_be_sent_again() {
    let mut player = Player::at_level("flat-file", 120, 36);
    player.keys("enter ctrl-g");
    player.wait_until("✗ the gardener");
    player.keys("down down down home").type_text("  ").keys("ctrl-s");
    assert!(player.screen().contains("Refused: greenhouse.yaml"), "{}", player.screen());
    player.keys("f3");
    let screen = player.screen();
    assert!(screen.contains("greenhouse.yaml is refused at line 6. Mend it"), "{screen}");
    assert!(screen.contains("\"containers\" belongs below"), "{screen}");
    assert!(!screen.contains("Something was changed"), "{screen}");
}

#[test]
fn a_line_out_of_place_is_told_in_plain_words_where_it_belongs() {
    let mut player = Player::at_level("clusterip", 120, 36);
    player.keys("enter ctrl-end home").type_text("    ");
    let screen = player.screen();
    assert!(screen.contains("line 9 has its value already, so line 10 can't belong"), "{screen}");
}

#[test]
fn what_is_refused_is_told_apart_from_what_would_be_taken() {
    let mut player = Player::at_level("node-local", 120, 36);
    player.keys("enter ctrl-t down down down down end enter");
    player.type_text("internalTrafficPolicy: local").keys("ctrl-s f3");
    let screen = player.screen();
    assert!(!screen.contains("line 6: internalTrafficPolicy: Local"), "{screen}");
    assert!(screen.contains("Unsupported value: \"local\""), "{screen}");
}

#[test]
fn leaving_a_text_leads_to_its_level_on_the_trail_however_far_it_was_read() {
    for keys in ["q", "pgdn pgdn q", "down q"] {
        let mut player = Player::at_level("walls", 80, 24);
        player.keys(keys);
        let screen = player.screen();
        assert!(screen.contains("▸ ○ A wall with one gate"), "{screen}");
    }
}

#[test]
fn a_request_of_several_lines_stands_in_one_as_a_shell_reads_it() {
    let mut player = Player::at_level("node-local", 120, 36);
    player.keys("enter ctrl-g");
    player.wait_until("Not yet");
    let screen = player.screen();
    assert!(screen.contains("node-3; do display=$("), "{screen}");
}

#[test]
fn the_guide_goes_on_to_the_next_send_once_the_cluster_has_taken_the_file() {
    let mut player = Player::at_level("hello", 120, 36);
    player.keys("enter ctrl-g esc");
    player.wait_until("✗ the customer");
    player.keys("down end").type_text("x").keys("ctrl-s");
    let screen = player.screen();
    assert!(screen.contains("Refused") && !screen.contains("5 of 5"), "{screen}");
    player.keys("ctrl-z ctrl-end backspace backspace backspace backspace");
    player.type_text("80").keys("ctrl-s");
    assert!(player.screen().contains("5 of 5"), "{}", player.screen());
}

#[test]
fn a_container_s_port_is_on_the_map_however_narrow_its_pod_is() {
    let mut player = Player::at_level("other-node", 120, 36);
    player.keys("enter");
    let screen = player.screen();
    assert_eq!(screen.matches(":5678").count(), 4, "three pods and the script\n{screen}");
}

#[test]
fn commands_can_be_chosen_where_they_are_shown() {
    let mut player = Player::at_level("four-silences", 80, 24);
    player.keys("enter ctrl-g esc");
    player.wait_until("✗ http://garden").keys("f3");
    assert!(player.screen().contains("into the terminal"), "{}", player.screen());
    player.keys("tab");
    let screen = player.screen();
    assert!(screen.contains("failure 2 of 4") && !screen.contains("into the terminal"), "{screen}");
}

#[test]
fn a_file_that_fits_is_never_scrolled_out_of_sight() {
    let mut player = Player::new(200, 60);
    player.keys("enter enter pgdn end");
    let screen = player.screen();
    assert!(screen.contains(" 1 apiVersion: v1") && screen.contains("14     - while"), "{screen}");
}

#[test]
fn line_numbers_stay_while_a_long_line_is_scrolled() {
    let mut player = Player::new(80, 24);
    player.keys("enter enter pgdn end").type_text(&" # to read further".repeat(4));
    let screen = player.screen();
    assert!(screen.contains(" 2‹") && screen.contains("14‹"), "{screen}");
    player.keys("home");
    assert!(player.screen().contains(" 1 apiVersion: v1"), "{}", player.screen());
}

#[test]
fn a_locked_file_stays_as_it_is() {
    let level = "title: A lock\nchapter: one\nteaches: [pod]\nsituation: Look, and leave it.\n\
                 locked: [pod.yaml]\ngoals:\n- {say: it answers, from: laptop, run: 'true', expect: {exit: 0}}\n\
                 debrief: Kept.\n";
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: nginx}]}\n";
    let pack = "title: Locks\nchapters:\n- {name: one, title: One, levels: [lock]}\n";
    let mut player = Player::with_levels(
        &[("pack.yaml", pack), ("lock/level.yaml", level), ("lock/start/pod.yaml", pod)],
        (120, 36),
    );
    player.keys("enter enter").type_text("x");
    let screen = player.screen();
    assert!(screen.contains("can be read, not changed"), "{screen}");
    assert!(screen.contains("1 apiVersion: v1"), "{screen}");
    assert!(screen.contains("(locked)"), "{screen}");
}

#[test]
fn nothing_is_drawn_while_nothing_changes() {
    let mut player = Player::new(80, 24);
    player.screen();
    player.wait(Duration::from_secs(30));
    assert!(!player.has_changed(), "the trail stands still");
}

#[test]
fn every_screen_looks_as_it_did() {
    for (width, height) in SIZES {
        let mut player = Player::new(width, height);
        let look = |player: &mut Player, name: &str| {
            insta::assert_snapshot!(format!("{name}_{width}x{height}"), player.screen());
        };
        player.keys("?");
        look(&mut player, "help");
        player.keys("esc s");
        look(&mut player, "settings");
        player.keys("esc c");
        // A new code is no new screen.
        let codes = player.screen();
        assert!(
            codes.contains("container-ends-at-once") && codes.contains("What to do"),
            "{codes}"
        );
        player.keys("esc home down enter");
        look(&mut player, "briefing");
        player.keys("enter");
        look(&mut player, "level");
        player.keys("ctrl-g");
        look(&mut player, "predict");
        player.keys("3 enter 3 enter");
        player.wait_until("✗ the frontend").wait(Duration::from_secs(8));
        look(&mut player, "failed");
        player.keys("f3");
        look(&mut player, "why");
        player.keys("f3 f3 f3");
        look(&mut player, "way_out");
        player.keys("esc f2");
        look(&mut player, "hint");
        player.keys("esc esc p");
        look(&mut player, "packet");
        player.keys("m enter");
        look(&mut player, "describe");
    }
}

#[test]
fn a_mistake_is_marked_on_its_line_while_typing() {
    let mut player = Player::new(120, 36);
    player.keys("enter enter down down down end enter").type_text("lables: {}");
    let screen = player.screen();
    assert!(screen.contains("unknown field"), "{screen}");
    assert!(screen.contains("\"labels\"?)"), "the nearest real field is named\n{screen}");
    player.keys("ctrl-z ctrl-z ctrl-z ctrl-z ctrl-z ctrl-z ctrl-z ctrl-z ctrl-z ctrl-z");
    assert!(!player.screen().contains("unknown field"), "{}", player.screen());
}

#[test]
fn a_field_s_name_is_completed_with_its_documentation() {
    let mut player = Player::new(120, 36);
    player.keys("enter enter end").type_text("").keys("down down down end enter");
    player.type_text("lab").keys("ctrl-space");
    let screen = player.screen();
    assert!(screen.contains("▸labels"), "{screen}");
    assert!(screen.contains("Map of string keys"), "{screen}");
    player.keys("enter");
    assert!(player.screen().contains("labels:"), "{}", player.screen());
}

#[test]
fn a_field_that_stands_there_is_explained() {
    let mut player = Player::new(120, 36);
    player.keys("home down enter enter down down down down down down down down ctrl-space");
    let screen = player.screen();
    assert!(screen.contains("▸port") && screen.contains("exposed by this"), "{screen}");
    player.keys("enter");
    assert!(!player.screen().contains("exposed by this"), "{}", player.screen());
}

#[test]
fn the_mouse_focuses_chooses_and_describes() {
    let mut player = Player::new(120, 36);
    player.keys("enter enter");
    player.click_on("terminal").type_text("pwd").keys("enter");
    assert!(player.screen().contains("/home/player"), "{}", player.screen());
    player.click_on("node-1").click_on("node-1");
    assert!(player.screen().contains("kubectl describe node node-1"), "{}", player.screen());
}

#[test]
fn a_service_without_an_address_or_a_port_has_no_colon_on_the_map() {
    let mut player = Player::new(120, 36);
    let make = "kubectl create service clusterip alone --clusterip=None";
    player.keys("enter enter esc t").type_text(make).keys("enter");
    player.wait(Duration::from_secs(2));
    let screen = player.screen();
    assert!(screen.contains("alone headless  no endpoints"), "{screen}");
}

#[test]
fn the_map_cuts_no_port_and_names_a_node_s_own_apart() {
    let doors = Player::at_level("three-doors", 120, 36).screen();
    assert!(doors.contains("echoserver :8080 :8443"), "{doors}");
    let tickets = Player::at_level("load-balancer", 120, 36).keys("enter esc t").screen();
    assert!(tickets.contains("cou… :9898") || tickets.contains("counter :9898"), "{tickets}");
    assert!(tickets.contains("selects app=tickets · on every node :31315"), "{tickets}");
}

#[test]
fn a_picture_that_is_higher_than_the_screen_is_scrolled_with_the_briefing() {
    let mut player = Player::at_level("frontend-backend", 80, 24);
    let top = player.screen();
    assert!(top.contains("more lines"), "{top}");
    let whole = top + &player.keys("pgdn pgdn").screen();
    for shown in ["front…", "depot/bikes…", "CrashLoopBackOff", "◆ front", "◆ DNS"] {
        assert!(whole.contains(shown), "{shown}\n{whole}");
    }
    let mut player = Player::at_level("frontend-backend", 80, 24);
    assert!(player.keys("enter").screen().contains("Ctrl-G sends"), "the text was seen whole");
}

#[test]
fn what_runs_in_the_background_goes_on_while_nobody_types() {
    let mut player = Player::at_level("load-balancer", 80, 24);
    player.keys("enter esc t").type_text("minikube tunnel &").keys("enter");
    player.wait(Duration::from_secs(5));
    assert!(player.screen().contains("Starting tunnel"), "{}", player.screen());
    player.type_text("ssh node-1").keys("enter").wait(Duration::from_secs(3));
    assert!(player.screen().contains("root@node-1:~#"), "{}", player.screen());
}

#[test]
fn tab_completes_kubectl_in_the_terminal() {
    let mut player = Player::new(80, 24);
    player
        .keys("enter enter esc t")
        .type_text("kubectl desc")
        .keys("tab")
        .type_text("pod mul")
        .keys("tab");
    assert!(player.screen().contains("kubectl describe pod multi"), "{}", player.screen());
}

#[test]
fn reduced_motion_jumps_to_the_end() {
    let mut player = Player::new(120, 36);
    player.keys("s right esc enter enter ctrl-g esc");
    player.wait_until("✗ the sidecar").wait(Duration::from_millis(50));
    assert!(player.screen().contains("✗ unknown name"), "{}", player.screen());
}

#[test]
fn the_ladder_shows_one_rung_a_press_and_marks_no_line_before_the_third() {
    let mut player = Player::new(120, 36);
    player.keys("home down enter enter ctrl-g esc").wait_until("✗ the frontend");
    player.wait(Duration::from_secs(9));
    let at_once = player.screen();
    assert!(at_once.contains("Refused: "), "{at_once}");
    for later in ["nearest:", "matches 0 of", "write app", "◀"] {
        assert!(!at_once.contains(later), "{later} comes too early:\n{at_once}");
    }
    player.keys("f3");
    let first = player.screen();
    assert!(
        first.contains("kubectl get endpointslices") && !first.contains("matches 0 of"),
        "{first}"
    );
    player.keys("f3");
    let second = player.screen();
    assert!(second.contains("matches 0 of") && !second.contains("nearest:"), "{second}");
    player.keys("f3");
    let third = player.screen();
    assert!(third.contains("backend.yaml:7") && !third.contains("The way out"), "{third}");
    player.keys("f3");
    assert!(player.screen().contains("→ write app: backend"), "{}", player.screen());
    assert_eq!(player.screen().matches("matches 0 of").count(), 1, "one cause is told once");
    player.keys("1");
    let terminal = player.screen();
    assert!(
        terminal.contains("$ kubectl get endpointslices"),
        "it waits in the terminal:\n{terminal}"
    );
    assert!(terminal.contains("Enter runs it"), "{terminal}");
}

#[test]
fn of_several_failures_one_is_helped_with_at_a_time() {
    let level = player::CAMPAIGN
        .levels
        .iter()
        .find(|level| level.name == "four-silences")
        .expect("the level");
    let mut player = Player::at_the_campaign(120, 36);
    player.open(level);
    player.keys("ctrl-g esc").wait_until("✗ http://garden").wait(Duration::from_secs(9));
    let at_once = player.screen();
    for symptom in
        ["refused, 1 sent", "no answer, 1 sent", "unknown name, 1 sent", "another page, 1 sent"]
    {
        assert!(at_once.contains(symptom), "the strip names {symptom}:\n{at_once}");
    }
    player.keys("f3 f3 f3 f3");
    let kitchen = player.screen();
    assert!(kitchen.contains("failure 1 of 4"), "{kitchen}");
    assert_eq!(kitchen.matches("→ ").count(), 1, "one way out, of one failure:\n{kitchen}");
    player.keys("tab");
    let laundry = player.screen();
    assert!(laundry.contains("failure 2 of 4"), "{laundry}");
    assert!(!laundry.contains("→ "), "the second failure begins at the bottom:\n{laundry}");
    player.keys("f3");
    assert!(player.screen().contains("F3: the facts"), "{}", player.screen());
    player.keys("backtab");
    assert!(player.screen().contains("→ "), "the first is where it was:\n{}", player.screen());
    player.keys("tab tab esc");
    let after = player.screen();
    assert!(after.contains("Unknown name"), "its own way is shown:\n{after}");
}

#[test]
fn one_undo_takes_back_what_one_key_did() {
    let mut player = Player::new(120, 36);
    player.keys("enter enter");
    let before = player.texts();
    player.keys("ctrl-a x");
    assert_ne!(player.texts(), before);
    player.keys("ctrl-z");
    assert_eq!(player.texts(), before, "a selection that was typed over");
    player.keys("ctrl-a tab");
    let indented = player.texts();
    assert_ne!(indented, before);
    player.keys("ctrl-z");
    assert_eq!(player.texts(), before, "a file that was indented");
    player.keys("ctrl-y");
    assert_eq!(player.texts(), indented, "and it is done again whole");
}

#[test]
fn a_fault_that_breaks_several_goals_says_what_it_does_to_each() {
    let level = player::CAMPAIGN
        .levels
        .iter()
        .find(|level| level.name == "target-port")
        .expect("the level");
    let mut player = Player::at_the_campaign(120, 36);
    player.open(level);
    player.keys("ctrl-g esc").wait_until("✗ the console").wait(Duration::from_secs(9));
    player.keys("f3");
    let screen = player.screen();
    assert!(screen.contains("has no port 80,") && screen.contains("has no port 9000,"), "{screen}");
}

#[test]
fn each_goal_of_one_fault_shows_what_its_own_client_got() {
    let level =
        player::CAMPAIGN.levels.iter().find(|level| level.name == "capstone").expect("the level");
    let mut player = Player::at_the_campaign(120, 36);
    player.open(level);
    player.type_text("x").keys("ctrl-s ctrl-g esc").wait_until("✗ a wall");
    player.wait(Duration::from_secs(9)).keys("f3");
    let screen = player.screen();
    let at = |text: &str| screen.find(text).unwrap_or_else(|| panic!("no {text}:\n{screen}"));
    let box_at = at("─ Why");
    let below =
        |text: &str| screen[box_at..].find(text).map_or_else(|| at(text), |found| box_at + found);
    assert!(below("✗ the laptop") < below("a page: 503"), "{screen}");
    assert!(below("a page: 503") < below("✗ a wall"), "{screen}");
    assert!(below("✗ a wall") < below("curl: (7)"), "{screen}");
}

#[test]
fn an_undo_of_nothing_says_so() {
    let mut player = Player::new(120, 36);
    player.keys("enter enter ctrl-z");
    let screen = player.screen();
    assert!(screen.contains("There is nothing more to take back in this file."), "{screen}");
    player.keys("ctrl-y");
    assert!(player.screen().contains("Nothing was taken back"), "{}", player.screen());
}

#[test]
fn a_file_that_is_only_read_begins_at_its_first_column() {
    let mut player = Player::new(120, 36);
    player.keys("enter enter ctrl-end end");
    let typed = player.screen();
    assert!(!typed.contains("apiVersion: v1"), "the cursor's long line is in sight:\n{typed}");
    player.keys("ctrl-o");
    let read = player.screen();
    assert!(read.contains("apiVersion: v1") && read.contains("while true; do"), "{read}");
}

#[test]
fn a_number_chooses_and_enter_confirms() {
    let mut player = Player::new(120, 36);
    player.keys("enter enter ctrl-g 3");
    assert!(player.screen().contains("▸ 3"), "a number only chooses:\n{}", player.screen());
    assert!(player.screen().contains("multi.yaml"), "the file stays in sight");
    player.keys("enter");
    assert!(player.screen().contains("Where is that decided?"), "{}", player.screen());
}

#[test]
fn esc_twice_types_nothing_anywhere() {
    for panel in ["e", "t", "m", "p"] {
        let mut player = Player::new(120, 36);
        player.keys("enter enter esc").keys(panel).keys("esc esc esc");
        let before = player.texts();
        player.keys("z z");
        assert_eq!(player.texts(), before, "letters are actions after Esc from {panel}");
        player.keys("enter").type_text("y");
        let typed = player.texts() != before;
        assert_eq!(typed, panel == "e" || panel == "t", "Enter leads back into {panel}");
    }
}

#[test]
fn ctrl_c_in_the_editor_copies_and_never_leaves() {
    let mut player = Player::new(100, 30);
    player.keys("enter enter ctrl-c ctrl-c");
    assert!(!player.left && player.screen().contains("Ctrl-C copies"), "{}", player.screen());
    player.keys("shift-down ctrl-c down ctrl-v");
    assert_eq!(player.screen().matches("apiVersion: v1").count(), 2, "{}", player.screen());
}

#[test]
fn tab_indents_a_selection_and_backtab_takes_it_back() {
    let mut player = Player::new(100, 30);
    player.keys("enter enter");
    let before = player.texts();
    player.keys("shift-down shift-down tab");
    assert!(player.screen().contains("  apiVersion: v1"), "{}", player.screen());
    assert!(player.screen().contains("kind: Pod"), "nothing is deleted");
    player.keys("backtab");
    assert_eq!(player.texts(), before);
}

#[test]
fn ctrl_end_leads_to_the_end_of_the_file() {
    let mut player = Player::new(100, 30);
    player.keys("enter enter ctrl-end").type_text("# last");
    assert!(player.texts()[0].trim_end().ends_with("# last"), "{:?}", player.texts());
}

#[test]
fn a_terminal_that_is_too_small_takes_no_keys() {
    let mut player = Player::new(100, 30);
    player.keys("enter enter");
    let before = player.texts();
    player.resize(40, 10);
    player.screen();
    player.keys("x ctrl-s q enter");
    player.resize(100, 30);
    player.screen();
    assert_eq!(player.texts(), before);
}

#[test]
fn the_palette_scrolls_and_runs_what_is_selected() {
    let mut player = Player::new(80, 24);
    player.keys("enter enter esc :");
    assert!(player.screen().contains("1 of "), "{}", player.screen());
    player.keys("down down down down down down down down down down down down");
    let screen = player.screen();
    assert!(screen.contains("13 of "), "{screen}");
    player.keys("ctrl-u").type_text("brief").keys("enter");
    assert!(player.screen().contains("Make this work"), "{}", player.screen());
    player.keys("enter");
    assert!(player.screen().contains("http://nginx"), "back in the level:\n{}", player.screen());
}

#[test]
fn boxes_scroll_and_say_so() {
    let mut player = Player::new(60, 16);
    player.keys("enter enter ctrl-g esc").wait_until("✗ the sidecar");
    player.keys("f3 f3 f3 f3");
    let bottom = player.screen();
    assert!(bottom.contains("↑ "), "{bottom}");
    player.keys("up up up");
    assert!(player.screen().contains("↓ "), "{}", player.screen());
    for _ in 0..40 {
        player.keys("down");
    }
    assert_eq!(player.screen(), bottom, "it stops at its end");
}

#[test]
fn a_word_is_explained_where_the_cursor_is() {
    let mut player = Player::new(120, 36);
    player.keys("home down enter enter");
    player.keys("down down down down down down right right right right right esc K");
    let screen = player.screen();
    assert!(screen.contains("Says which pods are meant"), "{screen}");
    player.keys("esc :").type_text("glossary nodeport").keys("enter");
    assert!(player.screen().contains("30000 to 32767"), "{}", player.screen());
}

#[test]
fn a_skeleton_stands_below_what_is_there() {
    let mut player = Player::new(120, 50);
    player.keys("enter enter esc :").type_text("new deploy").keys("enter");
    let screen = player.screen();
    assert!(screen.contains("kind: Deployment"), "{screen}");
    assert!(player.texts()[0].contains("---\napiVersion: apps/v1\n"), "{:?}", player.texts());
}

#[test]
fn a_success_inside_one_pod_is_drawn_from_container_to_container() {
    let mut player = Player::new(120, 36);
    player.keys("enter enter esc t");
    player.type_text("kubectl exec multi -c sidecar -- curl -s http://localhost").keys("enter");
    player.wait_for_the_prompt();
    player.wait(Duration::from_secs(9));
    let screen = player.screen();
    assert!(screen.contains("│▶● nginx"), "{screen}");
    assert!(screen.contains("made by nobody"), "{screen}");
    assert!(screen.contains(":80"), "open ports are on the map:\n{screen}");
}

#[test]
fn a_pod_that_went_leaves_a_ghost_for_some_seconds() {
    let mut player = Player::new(120, 36);
    player.keys("enter enter esc t").type_text("kubectl delete pod multi --now").keys("enter");
    player.wait_for_the_prompt();
    assert!(player.screen().contains("† multi went"), "{}", player.screen());
    player.wait(Duration::from_secs(8));
    assert!(!player.screen().contains("† multi"), "{}", player.screen());
}

#[test]
fn the_packet_arrives_before_the_box_comes_and_stays_in_sight() {
    for (width, height) in SIZES {
        let mut player = Player::new(width, height);
        player.keys("enter enter ctrl-f").type_text("//nginx").keys("enter right right");
        player.keys("delete delete delete delete delete").type_text("localhost");
        player.keys("ctrl-s ctrl-g esc").wait_until("Won: watch it arrive");
        assert!(!player.screen().contains("The packets arrive"), "{}", player.screen());
        player.wait_until("The packets arrive");
        let screen = player.screen();
        insta::assert_snapshot!(format!("won_{width}x{height}"), screen);
        assert!(screen.contains("● nginx"), "the map is in sight:\n{screen}");
    }
}

#[test]
fn a_guided_level_leads_on_and_is_skipped_with_one_key() {
    let mut player = Player::at_the_campaign(80, 24);
    player.keys("enter enter");
    assert!(player.screen().contains("1 of 5 · Ctrl-G"), "{}", player.screen());
    player.keys("ctrl-g esc").wait_until("2 of 5 · F3");
    player.keys("f3 esc").wait_until("3 of 5");
    player.keys("f9");
    assert!(!player.screen().contains("of 5"), "{}", player.screen());
}

#[test]
fn the_mark_of_a_guided_level_does_not_cover_what_is_typed() {
    let mut player = Player::at_the_campaign(80, 24);
    player.keys("enter enter ctrl-g esc").wait_until("2 of 5 · F3");
    player.keys("esc t").type_text("kubectl describe pod bakery");
    let screen = player.screen();
    assert!(screen.contains("2 of 5 · F3"), "{screen}");
    assert!(screen.contains("$ kubectl describe pod bakery"), "{screen}");
    assert!(screen.contains("customer  sends TCP to 10.244.1.4:8080"), "{screen}");
}

#[test]
fn a_guided_level_leads_back_to_the_file_when_what_was_sent_again_fails() {
    let mut player = Player::at_the_campaign(80, 24);
    player.keys("enter enter ctrl-g esc").wait_until("2 of 5 · F3");
    player.keys("esc e ctrl-end").type_text(" # the same").wait_until("4 of 5 · Ctrl-S");
    player.keys("ctrl-s").wait_until("5 of 5 · Ctrl-G");
    player.keys("ctrl-g").wait_until("3 of 5");
}

#[test]
fn every_goal_is_seen_on_the_small_screen() {
    for level in &player::CAMPAIGN.levels {
        let mut player = Player::at_level(&level.name, 80, 24);
        player.keys("enter");
        let screen = player.screen();
        for goal in &level.goals {
            let begin: String = goal.say.chars().take(30).collect();
            assert!(screen.contains(begin.trim()), "{}: {begin}\n{screen}", level.name);
        }
    }
}

#[test]
fn a_level_without_files_says_where_the_work_is_done() {
    let mut player = Player::at_level("names-gone", 120, 36);
    player.keys("enter");
    assert!(player.screen().contains("There is no file here"), "{}", player.screen());
}

#[test]
fn a_guided_level_waits_for_nobody_who_writes_without_asking() {
    let mut player = Player::at_the_campaign(80, 24);
    player.keys("enter enter ctrl-g esc").wait_until("2 of 5 · F3");
    player.type_text("#").wait_until("4 of 5 · Ctrl-S");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_key_loses_text_or_leaves_without_a_question(
        keys in proptest::collection::vec(0usize..player::KEYS.len(), 0..80),
        size in 0usize..3,
    ) {
        let (width, height) = [(60, 16), (80, 24), (130, 40)][size];
        let mut player = Player::new(width, height);
        player.keys("enter enter");
        for key in keys {
            let (before, may) = (player.texts(), player.may_change_files(player::KEYS[key]));
            let asked = player.screen().contains("Leave podhop?");
            player.keys(player::KEYS[key]);
            prop_assert!(may || player.texts() == before, "{} changed a file", player::KEYS[key]);
            prop_assert!(!player.left || asked, "{} left", player::KEYS[key]);
            if player.left {
                return Ok(());
            }
            player.wait(Duration::from_millis(60));
        }
    }

    #[test]
    fn no_sequence_of_keys_panics(keys in proptest::collection::vec(0usize..player::KEYS.len(), 0..60)) {
        let mut player = Player::new(100, 30);
        player.keys("enter enter");
        for key in keys {
            player.keys(player::KEYS[key]);
            player.wait(Duration::from_millis(120));
        }
        player.screen();
    }

    #[test]
    fn no_text_in_the_editor_panics(text in "(?s).{0,400}|([a-z]{1,8}:( |\n {0,6})|- |[|>&*!{}\\[\\]\"']|\t){0,80}") {
        let mut player = Player::new(100, 30);
        player.keys("enter enter ctrl-a").paste(&text);
        player.screen();
        player.keys("up left ctrl-space").screen();
        player.keys("esc esc ctrl-s ctrl-g esc").wait(Duration::from_secs(20));
        player.screen();
    }

    #[test]
    fn the_same_keys_show_the_same_screen(keys in proptest::collection::vec(0usize..player::KEYS.len(), 0..40)) {
        let play = || {
            let mut player = Player::new(110, 34);
            player.keys("enter enter");
            for key in &keys {
                player.keys(player::KEYS[*key]).wait(Duration::from_millis(90));
            }
            player.screen()
        };
        assert_eq!(play(), play());
    }

    #[test]
    fn no_size_panics(sizes in proptest::collection::vec((0u16..260, 0u16..90), 1..6), keys in "[etmp?:/ ]{0,6}") {
        let mut player = Player::new(80, 24);
        player.keys("enter enter ctrl-g");
        for (width, height) in sizes {
            player.resize(width, height);
            player.screen();
            player.keys("esc esc esc ctrl-o").type_text(&keys);
        }
        player.screen();
    }
}

/// What a random player does with the mouse.
const MOUSE: [MouseEventKind; 6] = [
    MouseEventKind::Down(MouseButton::Left),
    MouseEventKind::Drag(MouseButton::Left),
    MouseEventKind::Up(MouseButton::Left),
    MouseEventKind::Down(MouseButton::Right),
    MouseEventKind::ScrollDown,
    MouseEventKind::ScrollUp,
];

/// A random player: keys, mouse, pastes, other sizes, and time that passes. Returns how many
/// different places (screen, box, panel) were seen.
fn random_play(seed: u64, events: usize) -> usize {
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    let mut places = std::collections::BTreeSet::new();
    let begin = |number: usize| match number % 3 {
        0 => Player::at_the_campaign(80, 24),
        _ => Player::new(100, 30),
    };
    let (mut player, mut begun) = (begin(0), 0);
    for number in 0..events {
        let (before, asked) = (player.texts(), player.is_asked_to_leave());
        let place = player.place();
        let (what, may) = match chance.random_range(0..100) {
            0..8 => {
                let kind = MOUSE[chance.random_range(0..MOUSE.len())];
                let may = !place.starts_with("Level None");
                player.mouse(kind, chance.random_range(0..140), chance.random_range(0..45));
                (format!("{kind:?}"), may)
            }
            8 => {
                player.paste("pasted \u{1b}[31m\nline");
                ("paste".to_owned(), true)
            }
            9 => {
                player.resize(chance.random_range(1..160), chance.random_range(1..60));
                ("resize".to_owned(), false)
            }
            _ => {
                let key = player::KEYS[chance.random_range(0..player::KEYS.len())];
                let may = player.may_change_files(key);
                player.press(key);
                (key.to_owned(), may)
            }
        };
        let told = || format!("seed {seed}, event {number}: {what} at {place}");
        assert!(may || player.texts() == before, "{}: it changed a text", told());
        assert!(!player.left || asked, "{}: it left without a question", told());
        if player.left {
            begun += 1;
            player = begin(begun);
        }
        if number % 16 == 0 {
            player.screen();
            player.wait(Duration::from_millis(chance.random_range(10..200)));
        }
        places.insert(player.place());
    }
    places.len()
}

#[test]
fn random_keys_and_mouse_events_lose_no_text_and_leave_only_when_asked() {
    let places = random_play(1, 1_500);
    assert!(places > 15, "{places}");
}

/// `cargo test --test screens -- --ignored half_a_million --nocapture`
#[test]
#[ignore = "an hour"]
fn half_a_million_random_events_lose_no_text() {
    for seed in 0..100 {
        println!("seed {seed}: 5000 events, {} places", random_play(seed, 5_000));
    }
}

#[test]
fn who_turns_to_the_editor_while_the_packet_walks_types_there() {
    let mut player = Player::at_level("name-too", 80, 24);
    player.keys("enter ctrl-g esc").wait_until("✗ the till");
    let before = player.keys("esc e").screen();
    assert!(before.contains("▸editor"), "the panel that was asked for is shown: {before}");
    let after = player.keys("ctrl-end enter").type_text("# more").screen();
    assert!(after.contains("# more") && !after.contains("80# more"), "Enter breaks it: {after}");
}

#[test]
fn a_page_of_text_is_as_high_as_the_screen_shows() {
    for (rows, key) in [(24, "pgdn"), (36, "pgdn"), (24, "space")] {
        let mut player = Player::new(80, rows);
        let first = player.keys("?").screen();
        let text = |screen: &str| -> Vec<String> {
            let lines: Vec<String> = screen.lines().map(str::to_owned).collect();
            lines[2..lines.len() - 2].to_vec()
        };
        let last = text(&first).last().cloned();
        let second = player.keys(key).screen();
        assert_eq!(text(&second).first(), last.as_ref(), "{rows} rows\n{first}\n{second}");
        assert_eq!(player.keys("pgup").screen(), first);
    }
}

#[test]
fn what_an_apply_has_changed_is_counted_by_what_is_different_now() {
    // kubectl says "configured" of each of these policies: it sends their ports without the default protocol.
    let mut player = Player::at_level("both-ends", 120, 36);
    let screen = player.keys("enter ctrl-s").screen();
    assert!(screen.contains("lab configured"), "{screen}");
    assert!(screen.contains("nothing was different"), "{screen}");
    let screen = player.keys("ctrl-end").type_text("x").keys("ctrl-s").screen();
    assert!(screen.contains("1 object changed"), "{screen}");
}

#[test]
fn a_sandbox_speaks_of_no_requests_and_counts_nothing() {
    let mut player = Player::in_a_sandbox(80, 24);
    let trail = player.screen();
    assert!(!trail.contains("solved") && !trail.contains("0/1"), "{trail}");
    let statistics = player.keys("t").screen();
    assert!(statistics.contains("nothing is counted"), "{statistics}");
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\n";
    let changed = player.keys("esc enter enter ctrl-a").paste(map).screen();
    assert!(changed.contains("sandbox.yaml changed: Ctrl-S applies. "), "{changed}");
    let applied = player.keys("ctrl-s").screen();
    assert!(applied.contains("Applied") && !applied.contains("Ctrl-G"), "{applied}");
}
