//! The language.

use super::{Story, complaint, output};
use crate::cluster::Did;

#[test]
fn words_are_split_and_quoted() {
    assert_eq!(output("a='x  y'; echo $a \"$a\" '$a' a\\ b"), "x y x  y $a a b\n");
    assert_eq!(
        output("set -- 'a b' c; for x in \"$@\"; do echo \"[$x]\"; done; echo $# $1"),
        "[a b]\n[c]\n2 a b\n"
    );
    assert_eq!(output("echo $'a\\tb' \"a'b\" 'a\"b'"), "a\tb a'b a\"b\n");
    assert_eq!(output("e=; echo a $e b \"$e\" c"), "a b  c\n");
}

#[test]
fn a_carriage_return_is_part_of_its_word() {
    // POSIX, XCU 2.3: only blanks and newlines end a word, and a blank is a space or a tab.
    assert_eq!(output("echo a\r\necho [b\r]\r\n"), "a\r\n[b\r]\r\n");
    assert_eq!(output("cat <<E\nx\r\nE\r\nE\n"), "x\r\nE\r\n");
    assert_eq!(complaint("true\r").1, 127);
}

#[test]
fn what_cannot_be_expanded_fails_a_command_of_bash_and_stops_dash() {
    let script = "printf 'x=$((1/0))\\necho on\\n' >a.sh\n";
    let run = |shell: &str| {
        let finished = Story::new().run(&format!("{script}{shell} a.sh"));
        let stopped = |did: &Did| matches!(did, Did::ScriptStopped { line: 1, .. });
        let failed = |did: &Did| matches!(did, Did::CommandFailed(one) if one.line == 1);
        let noted = |what: &dyn Fn(&Did) -> bool| finished.deeds.iter().any(|deed| what(&deed.did));
        (noted(&stopped), noted(&failed), finished.stdout == b"on\n")
    };
    assert_eq!(run("bash"), (false, true, true));
    assert_eq!(run("sh"), (true, false, false));
}

#[test]
fn parameters_are_trimmed_replaced_and_defaulted() {
    assert_eq!(
        output("x=a.b.c; echo ${x%.*} ${x%%.*} ${x#*.} ${x##*.} ${#x} ${x/./-} ${x//./-}"),
        "a.b a b.c c 5 a-b.c a-b-c\n"
    );
    assert_eq!(output("echo ${y:-d} ${y:=e} $y ${y:+set} ${z+no}"), "d e e set\n");
    assert_eq!(output("x=hello; echo ${x:1:3} ${x: -2} ${x^} ${x^^}"), "ell lo Hello HELLO\n");
    assert_eq!(complaint("echo ${x:?is missing}; echo on"), ("bash: x: is missing\n".into(), 1));
}

#[test]
fn substitutions_nest() {
    assert_eq!(output("echo $(echo a $(echo b; echo c) `echo d`)"), "a b c d\n");
    assert_eq!(output("x=$(printf 'a\\n\\n'); echo \"[$x]\""), "[a]\n");
    assert_eq!(output("x=$(false); echo $?; echo $((1 + $(echo 2) * 3))"), "1\n7\n");
    assert_eq!(output("i=1; echo $((i++)) $((i++)) $i"), "1 2 3\n");
}

#[test]
fn pipes_and_lists_decide_by_exit_codes() {
    assert_eq!(output("true && echo yes || echo no; false && echo yes || echo no"), "yes\nno\n");
    assert_eq!(
        output("! true; echo $?; false | true; echo $?; set -o pipefail; false | true; echo $?"),
        "1\n0\n1\n"
    );
    assert_eq!(output("printf '%s\\n' c a b a | sort | uniq -c | head -1"), "      2 a\n");
    assert_eq!(output("yes() { while true; do echo y; done; }; yes | head -2"), "y\ny\n");
}

#[test]
fn loops_branch_and_break() {
    assert_eq!(
        output("for i in 1 2 3 4; do [ $i = 2 ] && continue; [ $i -eq 4 ] && break; echo $i; done"),
        "1\n3\n"
    );
    assert_eq!(
        output("i=0; while [ $i -lt 3 ]; do i=$((i+1)); echo $i; done; until true; do :; done"),
        "1\n2\n3\n"
    );
    assert_eq!(
        output("case web-1 in db*) echo db;; web-[0-9]|x) echo web;; *) echo other;; esac"),
        "web\n"
    );
    assert_eq!(
        output(
            "if [[ a == b || -n x && abc =~ ^a.c$ ]]; then echo y; elif true; then echo z; else echo n; fi"
        ),
        "y\n"
    );
    assert_eq!(
        output(
            "for ((i=0;i<3;i++)); do printf %s $i; done; echo; for i in {1..3} {a,b}x; do printf '%s ' $i; done"
        ),
        "012\n1 2 3 ax bx "
    );
}

#[test]
fn functions_have_arguments_and_locals() {
    assert_eq!(
        output("f() { local x=in; echo $1 $x; return 3; }; x=out; f a; echo $? $x"),
        "a in\n3 out\n"
    );
    assert_eq!(
        output(
            "fact() { [ $1 -le 1 ] && echo 1 || echo $(( $1 * $(fact $(( $1 - 1 ))) )); }; fact 5"
        ),
        "120\n"
    );
}

#[test]
fn redirections_lead_to_files_and_descriptors() {
    assert_eq!(output("echo a > f; echo b >> f; cat < f; cat f | wc -l"), "a\nb\n2\n");
    assert_eq!(
        output(
            "{ echo out; echo err >&2; } 2>&1 >/dev/null; ls() { echo no; }; nope 2>/dev/null; echo $?"
        ),
        "err\n127\n"
    );
    assert_eq!(
        output(
            "x=1; cat <<EOF\n$x $(echo y)\nEOF\ncat <<'EOF'\n$x\nEOF\ncat <<-E\n\tz\n\tE\ncat <<< \"w $x\""
        ),
        "1 y\n$x\nz\nw 1\n"
    );
    assert_eq!(
        output("printf 'a b\\nc d\\n' > f; while read x y; do echo $y $x; done < f"),
        "b a\nd c\n"
    );
    assert_eq!(
        complaint("cat < missing"),
        ("bash: missing: No such file or directory\n".into(), 1)
    );
}

#[test]
fn globs_find_files() {
    let mut story = Story::new();
    for name in ["a.yaml", "b.yaml", "c.txt", "d/e.yaml"] {
        story.session.files_mut().insert(name.into(), b"x\n".to_vec());
    }
    let shown = story.run("echo *.yaml [bc]* d/*.yaml */ nothing*; echo '*'; set -f; echo *");
    assert_eq!(
        String::from_utf8_lossy(&shown.stdout),
        "a.yaml b.yaml b.yaml c.txt d/e.yaml d/ nothing*\n*\n*\n"
    );
}

#[test]
fn errors_are_worded_as_bash_words_them() {
    assert_eq!(complaint("foo"), ("bash: foo: command not found\n".into(), 127));
    assert_eq!(complaint("localhost:80"), ("bash: localhost:80: command not found\n".into(), 127));
    assert_eq!(complaint("echo )"), ("bash: syntax error near unexpected token `)'\n".into(), 2));
    assert_eq!(complaint("fi"), ("bash: syntax error near unexpected token `fi'\n".into(), 2));
    assert_eq!(
        complaint("cd nowhere"),
        ("bash: cd: nowhere: No such file or directory\n".into(), 1)
    );
    assert_eq!(complaint("docker ps").1, 127);
    assert_eq!(
        complaint("echo $((1/0))"),
        ("bash: 1/0: division by 0 (error token is \"0\")\n".into(), 1)
    );
}

#[test]
fn set_e_ends_a_script_and_traps_run() {
    assert_eq!(
        output(
            "(set -e; false || true; if false; then :; fi; echo on; false; echo never); echo $?"
        ),
        "on\n1\n"
    );
    assert_eq!(output("(trap 'echo bye' EXIT; echo hi; exit 3); echo $?"), "hi\nbye\n3\n");
    assert_eq!(output("(trap 'echo bye' EXIT; echo hi; false); echo $?"), "hi\nbye\n1\n");
}

#[test]
fn a_subshell_can_signal_what_its_shell_began() {
    let killed = "sleep 50 & p=$!; (sleep 1; kill $p) & wait $p; echo $?";
    assert_eq!(output(&format!("({killed}) 2>/dev/null")), "143\n");
    let heeded = "bash -c 'trap \"echo bye; exit 3\" TERM; while :; do sleep 1; done' & sleep 2; kill $!; wait $!; echo $?";
    assert_eq!(output(heeded), "bye\n3\n");
    let waits = "trap 'echo caught' USR1; (sleep 1; kill -USR1 $$) & wait; echo $?";
    assert_eq!(output(&format!("bash -c \"{}\"", waits.replace('$', "\\$"))), "caught\n138\n");
}

#[test]
fn timeout_leaves_a_shell_to_its_trap() {
    let script = "timeout 1 bash -c 'trap \"echo term; exit 9\" TERM; sleep 9 & wait'; echo $?";
    assert_eq!(output(script), "term\n124\n");
    let stubborn = "timeout -k 1 1 sh -c 'trap \"\" TERM; sleep 9'; echo $?";
    assert_eq!(output(stubborn), "137\n");
}

#[test]
fn a_slice_of_an_array_counts_its_empty_places() {
    assert_eq!(output("a=(x y); a[6]=z; echo ${a[@]: -1} ${a[@]:1:2} ${a[@]:5}"), "z y z z\n");
}

#[test]
fn test_asks_its_shell_for_variables_and_options() {
    assert_eq!(output("test -v nosuch || echo unset; [ -v HOME ] && echo set"), "unset\nset\n");
    assert_eq!(
        output("[ -o errexit ] || echo off; set -o pipefail; [[ -o pipefail ]] && echo on"),
        "off\non\n"
    );
}

#[test]
fn commands_are_sourced_from_standard_input() {
    assert_eq!(output("source /dev/stdin <<< 'y=2; echo in $1'; echo $y"), "in\n2\n");
    assert_eq!(output("printf 'x=1\\necho $x $1\\n' | . /dev/stdin a"), "1 a\n");
}

#[test]
fn set_e_ends_a_script_that_sets_what_is_read_only() {
    let script = |set: &str| format!("bash -c '{set}\nreadonly R=1\nR=2\necho on' 2>/dev/null");
    assert_eq!(output(&script("set +e")), "on\n");
    assert_eq!(output(&script("set -e")), "");
}

#[test]
fn noclobber_spares_files_alone() {
    let script =
        "bash -c 'set -C; echo a > f; echo b > f; echo c > /dev/null && cat f' 2>/dev/null";
    assert_eq!(output(script), "a\n");
}

#[test]
fn time_passes_while_a_script_sleeps() {
    let mut story = Story::new();
    let before = story.cluster.now();
    story.run("for i in 1 2 3; do sleep 5; done");
    assert_eq!(story.cluster.now().since(before).as_secs(), 15);
}

#[test]
fn time_says_how_long_a_pipeline_took() {
    // Recording 31: `real` with minutes and milliseconds, behind an empty line.
    let said = Story::new().run("time sleep 75 | cat; time -p ! sleep 2.5 && echo no; echo $?");
    assert_eq!(
        String::from_utf8_lossy(&said.stderr),
        "\nreal\t1m15.000s\nuser\t0m0.000s\nsys\t0m0.000s\nreal 2.50\nuser 0.00\nsys 0.00\n"
    );
    assert_eq!(String::from_utf8_lossy(&said.stdout), "1\n");
    let alone = Story::new().run("time; (time); ! time -p true; echo $?; echo time");
    assert_eq!(String::from_utf8_lossy(&alone.stdout), "1\ntime\n");
    assert_eq!(String::from_utf8_lossy(&alone.stderr).matches("real").count(), 3);
}

#[test]
fn a_loop_that_never_waits_is_ended_and_that_is_said() {
    let mut story = Story::new();
    let finished = story.run("while true; do :; done");
    assert_eq!(finished.exit, 137);
    let told = String::from_utf8_lossy(&finished.stderr).into_owned();
    assert!(told.contains("steps that one command may take"), "{told}");
    assert_eq!(story.run("echo on").stdout, b"on\n");
    let finished = story.run(":(){ :|:& };: ; f() { f; }; f; x() { (x); }; x");
    assert_ne!(finished.exit, 0);
}

/// As bash 5.2 goes: a path that is empty goes without saying.
#[test]
fn a_folder_is_looked_for_along_cdpath_in_its_order() {
    let folders = "cd /tmp; mkdir -p here/b far/b far/c; cd here; ";
    assert_eq!(output(&format!("{folders}CDPATH=.:/tmp/far; cd b")), "/tmp/here/b\n");
    assert_eq!(output(&format!("{folders}CDPATH=:/tmp/far; cd b; pwd")), "/tmp/here/b\n");
    assert_eq!(output(&format!("{folders}CDPATH=:/tmp/far; cd c")), "/tmp/far/c\n");
    assert_eq!(output(&format!("{folders}CDPATH=/tmp/far:.; cd b")), "/tmp/far/b\n");
}
