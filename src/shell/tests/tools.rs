//! The tools on the laptop.

use super::{Story, complaint, output, said};
use crate::cluster::Flavour;
use crate::shell::commands::real_options;

const PODS: &str = "cat > pods <<'EOF'\nNAME READY IP\nweb-1 1/1 10.244.2.10\nweb-2 0/1 10.244.10.2\ndb-0 1/1 10.244.1.3\nEOF\n";

fn with_pods(script: &str) -> String {
    output(&format!("{PODS}{script}"))
}

#[test]
fn grep_chooses_lines() {
    assert_eq!(with_pods("grep web pods | grep -v 0/1"), "web-1 1/1 10.244.2.10\n");
    assert_eq!(
        with_pods("grep -c 1/1 pods; grep -n db pods; grep -o '10\\.244\\.[0-9]*' pods | sort -u"),
        "2\n4:db-0 1/1 10.244.1.3\n10.244.1\n10.244.10\n10.244.2\n"
    );
    assert_eq!(
        with_pods(
            "grep -E '^(db|web)-0' pods; grep -i NAME pods -A1; grep -q nope pods || echo none"
        ),
        "db-0 1/1 10.244.1.3\nNAME READY IP\nweb-1 1/1 10.244.2.10\nnone\n"
    );
    assert_eq!(
        with_pods("grep -w db pods; grep -rl web .; echo $?"),
        "db-0 1/1 10.244.1.3\n./pods\n0\n"
    );
    assert_eq!(complaint("grep x nope"), ("grep: nope: No such file or directory\n".into(), 2));
}

#[test]
fn columns_are_cut_sorted_and_counted() {
    assert_eq!(
        with_pods("awk 'NR>1 {print $3}' pods | sort -V"),
        "10.244.1.3\n10.244.2.10\n10.244.10.2\n"
    );
    assert_eq!(with_pods("cut -d' ' -f1,3 pods | tail -n +2 | head -1"), "web-1 10.244.2.10\n");
    assert_eq!(
        with_pods("tail -n +2 pods | cut -d- -f1 | sort | uniq -c | sort -rn"),
        "      2 web\n      1 db\n"
    );
    assert_eq!(
        with_pods("wc -l pods; wc -l < pods; tr a-z A-Z < pods | sed -n '2s/ .*//p'"),
        "4 pods\n4\nWEB-1\n"
    );
    assert_eq!(
        output("seq 3 | xargs; seq 2 | xargs -I{} echo n{}; seq 5 | paste -sd+ | sed 's/+/ + /g'"),
        "1 2 3\nn1\nn2\n1 + 2 + 3 + 4 + 5\n"
    );
}

#[test]
fn files_are_made_moved_and_compared() {
    assert_eq!(
        output(
            "mkdir -p a/b; echo x > a/b/c; ls a; ls a/b; cp -r a d; mv a/b/c e; ls; cat e; rm -r a d; ls"
        ),
        "b\nc\nd\ne\nx\ne\n".replace("c\nd\ne", "c\na\nd\ne")
    );
    assert_eq!(
        output("printf '1\\n2\\n3\\n' > a; printf '1\\n3\\n4\\n' > b; diff a b"),
        "2d1\n< 2\n3a3\n> 4\n"
    );
    assert_eq!(
        output("touch x.yaml y.txt; find . -name '*.yaml'; basename /a/b.c .c; dirname /a/b"),
        "./x.yaml\nb\n/a\n"
    );
    assert_eq!(
        complaint("rm nope"),
        ("rm: cannot remove 'nope': No such file or directory\n".into(), 1)
    );
    assert_eq!(
        complaint("ls nope"),
        ("ls: cannot access 'nope': No such file or directory\n".into(), 2)
    );
}

#[test]
fn sed_changes_a_file_in_place() {
    assert_eq!(
        output("echo 'app: backnd' > s.yaml; sed -i 's/backnd/backend/' s.yaml; cat s.yaml"),
        "app: backend\n"
    );
}

#[test]
fn jq_reads_json() {
    let json = "echo '{\"items\":[{\"name\":\"a\",\"n\":1},{\"name\":\"b\",\"n\":2}]}' > j; ";
    assert_eq!(output(&format!("{json}jq -r '.items[].name' j")), "a\nb\n");
    assert_eq!(
        output(&format!("{json}jq -c '.items|map(.n)' j; jq '.items[0]' < j")),
        "[1,2]\n{\n  \"name\": \"a\",\n  \"n\": 1\n}\n"
    );
    assert_eq!(
        output(&format!("{json}jq -r --arg who b '.items[]|select(.name==$who)|.n' j")),
        "2\n"
    );
    assert_eq!(
        output("echo null | jq -e .; echo $?; jq -n '1+1'; echo '1 2' | jq -s add"),
        "null\n1\n2\n3\n"
    );
    assert_eq!(
        complaint("echo '[1]' | jq .a"),
        ("jq: error (at <stdin>:1): Cannot index array with string \"a\"\n".into(), 5)
    );
    assert_eq!(
        complaint("echo null | jq '.[]'"),
        ("jq: error (at <stdin>:1): Cannot iterate over null (null)\n".into(), 5)
    );
    assert_eq!(
        complaint("echo Error from server | jq ."),
        ("parse error: Invalid numeric literal at line 1, column 6\n".into(), 4)
    );
    assert_eq!(complaint("jq -n foo").1, 3);
}

#[test]
fn a_jq_program_cannot_hang_or_overflow() {
    assert_eq!(complaint("jq -n '[repeat(1)]'").1, 5);
    assert_eq!(complaint("jq -n 'def f(x): [(1|{a:(x|f(x))})]; f(1)'").1, 5);
    for part in [
        "(",
        "[",
        "-",
        ".a|",
        "1,",
        "if 1 then ",
        "try ",
        ".a.",
        "1+",
        "not|",
        "{a:",
        "[1]|",
        "1//",
        "\"\\(",
    ] {
        let marks = part.matches(|c: char| c.is_ascii_punctuation()).count().max(1);
        for times in [600, 155 / marks, 35] {
            complaint(&format!("jq -n '{}1'", part.repeat(times)));
        }
    }
    complaint(&format!("echo '{}' | jq .", "[".repeat(100_000)));
}

#[test]
fn time_and_dates_are_simulated() {
    assert_eq!(
        output("date +%Y-%m-%d; date -u -d @0 +%FT%TZ"),
        "2026-01-05\n1970-01-01T00:00:00Z\n"
    );
    assert_eq!(output("timeout 2 sleep 100; echo $?; timeout 5 true; echo $?"), "124\n0\n");
}

#[test]
fn background_commands_run_beside_the_script() {
    assert_eq!(output("(sleep 2; echo late) & echo now; wait; echo done"), "now\nlate\ndone\n");
}

#[test]
fn ps_shows_the_columns_that_are_asked_for() {
    assert_eq!(output("ps -o comm= | tail -1"), "ps\n");
    assert_eq!(output("ps -p 99999 -o pid=,comm=; echo $?"), "1\n");
    assert_eq!(output("ps -eo user,args | head -1"), "USER     COMMAND\n");
    assert_eq!(complaint("ps -o etime").0, "podhop: not simulated here: ps -o etime\n");
}

#[test]
fn help_names_what_works_here() {
    assert!(output("help").contains("kubectl"));
    assert!(output("help grep").starts_with("Usage: grep"));
    assert_eq!(complaint("docker ps"), ("podhop: docker is not simulated here; kubectl get pods and kubectl describe pod show what runs\n".into(), 127));
    assert_eq!(complaint("sudo docker ps"), complaint("docker ps"));
    assert_eq!(complaint("sudo kubctl"), ("sudo: kubctl: command not found\n".into(), 1));
}

#[test]
fn sudo_runs_a_command_as_somebody_else() {
    assert_eq!(
        output("id -u; sudo id -u; sudo -u nobody id -un; id -u"),
        "1000\n0\nnobody\n1000\n"
    );
    assert_eq!(
        output("sudo sh -c 'whoami; echo $HOME $USER $SUDO_USER'"),
        "root\n/root root player\n"
    );
    assert_eq!(
        output("A=1; export A; sudo printenv A; sudo -E printenv A HOME; sudo B=2 printenv B"),
        "1\n/home/player\n2\n"
    );
    assert_eq!(output("sudo bash -c 'echo $UID'; sudo -s 'echo $EUID'"), "0\n0\n");
    let unknown =
        "sudo: unknown user nosuch\nsudo: error initializing audit plugin sudoers_audit\n";
    assert_eq!(complaint("sudo -u nosuch id"), (unknown.into(), 1));
    assert_eq!(complaint("sudo -b id"), ("podhop: not simulated here: sudo -b\n".into(), 1));
}

#[test]
fn what_is_roots_on_the_laptop_takes_sudo() {
    assert_eq!(complaint("echo x >/etc/motd"), ("bash: /etc/motd: Permission denied\n".into(), 1));
    assert_eq!(
        complaint("sudo echo x >/etc/motd"),
        ("bash: /etc/motd: Permission denied\n".into(), 1)
    );
    assert_eq!(output("echo x | sudo tee /etc/motd; cat /etc/motd; sudo rm /etc/motd"), "x\nx\n");
    assert_eq!(
        output("sudo touch a; touch b; stat -c '%n %U %G' a b"),
        "a root root\nb player player\n"
    );
    assert_eq!(complaint("nc -l 80"), ("nc: Permission denied\n".into(), 1));
    assert_eq!(complaint("timeout 1 nc -l 8080"), (String::new(), 124));
    assert_eq!(complaint("sudo timeout 1 nc -l 80"), (String::new(), 124));
}

#[test]
fn the_editor_is_the_games() {
    let mut story = super::Story::new();
    story.run("vim web.yaml; clear");
    let ui_requests = story.session.take_ui_requests();
    assert_eq!(
        ui_requests,
        [crate::shell::UiRequest::Edit("web.yaml".into()), crate::shell::UiRequest::ClearScreen]
    );
}

/// A real option does something, or is said to be left out: it is never unknown.
#[test]
fn no_real_option_is_unknown() {
    let unknown = [
        "unrecognized option",
        "invalid option",
        "illegal option",
        "unknown option",
        "Invalid option",
        "Unknown arguments",
        "Bad option",
    ];
    let mut story = Story::new();
    let begin = "kubectl run busybox --image=busybox:1.36 -- sleep 100000; kubectl wait --for=condition=Ready pod/busybox";
    story.run(begin);
    let mut wrong = Vec::new();
    for flavour in [Flavour::Gnu, Flavour::BusyBox] {
        for (tool, options) in real_options::all(flavour) {
            let options = options.join(" ");
            let script = format!(
                "for option in {options}; do echo == $option; timeout 1 {tool} $option </dev/null 2>&1; done"
            );
            let script = match flavour {
                Flavour::Gnu => script,
                Flavour::BusyBox => format!("kubectl exec busybox -- sh -c '{script}'"),
            };
            let said = said(&story.clone().run(&script));
            for part in said.split("== ").filter(|part| unknown.iter().any(|it| part.contains(it)))
            {
                wrong.push(format!("{flavour:?} {tool} {part}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join(""));
}

/// Values that no option expects, of options that want a number, a time, a size, a list, or nothing.
#[test]
fn an_odd_value_of_an_option_is_no_more_than_an_error() {
    const ODD: [&str; 4] = ["''", "-1", "99999999999999999999", "é"];
    let clients = [
        ("curl", include_str!("../../../tests/real_flags/curl-7.88.1.txt")),
        ("wget", include_str!("../../../tests/real_flags/wget-1.21.3.txt")),
    ];
    let clients: [(&str, Vec<&str>); 2] =
        clients.map(|(tool, flags)| (tool, flags.split_whitespace().collect()));
    let mut story = Story::new();
    let begin = "kubectl run busybox --image=busybox:1.36 -- sleep 100000; kubectl wait --for=condition=Ready pod/busybox";
    story.run(begin);
    for flavour in [Flavour::Gnu, Flavour::BusyBox] {
        let own = clients.iter().filter(|_| flavour == Flavour::Gnu);
        let own = own.map(|(tool, options)| (tool, options));
        for (tool, options) in real_options::all(flavour).iter().chain(own) {
            let tried = options.iter().flat_map(|option| {
                let joint = if option.starts_with("--") { "=" } else { " " };
                ODD.map(|odd| format!("timeout 1 {tool} {option}{joint}{odd} x </dev/null"))
            });
            let script: Vec<String> = tried.chain(["echo end".to_owned()]).collect();
            let script = script.join("; ");
            let script = match flavour {
                Flavour::Gnu => script,
                Flavour::BusyBox => format!("kubectl exec busybox -- sh -c \"{script}\""),
            };
            let finished = story.clone().run(&script);
            assert!(finished.stdout.ends_with(b"end\n"), "{tool}: {}", said(&finished));
        }
    }
}

#[test]
fn all_names_of_a_file_have_one_inode() {
    let script = "echo a > a; ln a b; echo c > c; stat -c %i a b c | uniq | wc -l; find . -inum $(stat -c %i a) | wc -l";
    assert_eq!(output(script), "2\n2\n");
}

#[test]
fn a_named_pipe_is_there_but_passes_nothing_on() {
    assert_eq!(
        output("mkfifo -m 600 p; stat -c '%F %A' p; ls -F p; rm p; ls"),
        "fifo prw-------\np|\n"
    );
    let (told, code) = complaint("mkfifo p; cat p");
    assert_eq!((told.as_str(), code), ("cat: p: not simulated here: what is in a named pipe\n", 1));
}

#[test]
fn nice_adds_up_and_has_an_end() {
    assert_eq!(
        output("nice nice; nice -n 5 nice -n 3 nice; nice -n 30 nice; nice -5 echo a"),
        "10\n8\n19\na\n"
    );
}

#[test]
fn tsort_tells_a_loop_and_orders_the_rest() {
    let (told, code) = complaint("printf 'a b\\nb c\\nc a\\nx y\\n' | tsort > /dev/null");
    assert!(told.starts_with("tsort: -: input contains a loop:\ntsort: "), "{told}");
    assert_eq!((told.lines().count(), code), (4, 1));
}

#[test]
fn awk_changes_files_in_place_and_keeps_the_old_one_under_a_suffix() {
    let script = "printf 'a\\nb\\n' > f; awk -i inplace -v inplace::suffix=.old '{print toupper($0)} END{print NR}' f; cat f f.old";
    assert_eq!(output(script), "2\nA\nB\na\nb\n");
}

#[test]
fn awk_passes_over_a_file_that_it_cannot_read_where_a_rule_says_so() {
    let script = "echo a > f; awk 'BEGINFILE{if(ERRNO) nextfile} {print}' nosuch f; awk 'BEGIN{printf \"%2$s %1$s\\n\", 1, 2}'";
    assert_eq!(output(script), "a\n2 1\n");
}
