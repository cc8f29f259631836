//! Every flag, and what it does.

use std::collections::BTreeSet;
use std::time::Duration;

use super::flags::{FLAGS, Here, long, short};
use crate::cluster::{Cluster, Config};
use crate::shell::{Files, Session, programs};

/// What a pod of nginx, which has curl 7.88.1, and a Service `web` before `whoami` say to a script.
fn run(script: &str) -> String {
    let config = Config { nodes: 1, seed: 7, dns: true, dual_stack: false };
    let mut cluster = Cluster::new(&config, programs());
    let mut session = Session::new(Files::new());
    let world = "kubectl run web --image=traefik/whoami --port=80 --expose >/dev/null
kubectl run client --image=nginx:1.27 >/dev/null
kubectl wait --for=condition=Ready pod --all >/dev/null
sleep 2
";
    let script = format!("{world}{script}");
    let finished = session.run(&mut cluster, &script, Duration::from_secs(900));
    String::from_utf8_lossy(&finished.stdout).into_owned()
}

/// What curl says in the pod, both streams and the exit code, command by command.
fn answers(commands: &[&str]) -> Vec<String> {
    let mut script = String::new();
    for command in commands {
        let quoted = command.replace('\'', "'\\''");
        script += &format!(
            "echo @@@; kubectl exec client -- sh -c '{{ {quoted}\n}} 2>&1; echo \"[exit $?]\"'\n"
        );
    }
    run(&script).split("@@@\n").skip(1).map(str::to_owned).collect()
}

#[test]
fn a_host_of_signs_that_no_name_has_is_no_host() {
    // curl lib/urlapi.c, hostname_check.
    let said =
        answers(&["curl -sS 'http://$1:80'", "curl -sS http://10.0.0,4", "curl -sS http://a_b"]);
    let bad = "curl: (3) URL using bad/illegal format or missing URL\n[exit 3]\n";
    assert_eq!(said[0], bad);
    assert_eq!(said[1], bad);
    assert!(said[2].contains("(6) Could not resolve host: a_b"), "{}", said[2]);
}

/// Flags, each with a command that shows what it does, and what only then is said.
const EFFECTS: &str = include_str!("../../../../../tests/real_flags/curl-effects.txt");

#[test]
fn every_flag_that_is_heeded_does_what_it_does() {
    let heeded: BTreeSet<&str> =
        FLAGS.iter().filter(|flag| flag.here == Here::Heeded).map(|flag| flag.name).collect();
    let effects: Vec<[&str; 3]> = EFFECTS
        .lines()
        .map(|line| line.split('\t').collect::<Vec<_>>().try_into().expect("three fields"))
        .collect();
    assert_eq!(heeded, effects.iter().map(|[flag, ..]| *flag).collect());
    let commands: Vec<&str> = effects.iter().map(|[_, command, _]| *command).collect();
    for ([flag, command, expected], said) in effects.iter().zip(answers(&commands)) {
        let expected = expected.replace("\\n", "\n").replace("\\r", "\r");
        assert!(said.contains(&expected), "--{flag}: {command}\nsays\n{said}\nnot {expected:?}");
    }
}

#[test]
fn what_is_not_simulated_says_so_by_name_and_the_rest_is_taken() {
    let others: Vec<_> = FLAGS.iter().filter(|flag| flag.here != Here::Heeded).collect();
    let commands: Vec<String> = others
        .iter()
        .map(|flag| {
            let value = match flag.takes {
                super::flags::Takes::Nothing | super::flags::Takes::Toggle => "",
                _ if flag.name == "hostpubmd5" => " 00000000000000000000000000000000",
                _ => " 1",
            };
            format!("curl -s --{}{value} web", flag.name)
        })
        .collect();
    let commands: Vec<&str> = commands.iter().map(String::as_str).collect();
    for (flag, said) in others.iter().zip(answers(&commands)) {
        let expected = match flag.here {
            Here::NotSimulated => format!("podhop: not simulated here: curl --{}", flag.name),
            Here::OfTls if flag.name == "tls-max" => "is badly used here".to_owned(),
            Here::NotBuiltIn => "the installed libcurl version doesn't support this".to_owned(),
            _ => "GET / HTTP".to_owned(),
        };
        assert!(said.contains(&expected), "--{}: {said}", flag.name);
    }
}

/// Every flag that the real one lists is known, by each of its names.
#[test]
fn no_real_flag_is_unknown() {
    let real = include_str!("../../../../../tests/real_flags/curl-7.88.1.txt");
    for name in real.split_whitespace() {
        match name.strip_prefix("--") {
            Some(name) => assert!(long(name).is_ok(), "{name}"),
            None => assert!(name.chars().nth(1).and_then(short).is_some(), "{name}"),
        }
    }
}

// Played in curl 7.88.1.
#[test]
fn mistakes_are_told_in_curls_words() {
    let told = [
        ("curl -m x web", "curl: option -m: expected a proper numerical parameter\n"),
        ("curl --max web", "curl: option --max: is ambiguous\n"),
        ("curl --nope", "curl: option --nope: is unknown\n"),
        ("curl -o", "curl: option -o: requires parameter\n"),
        (
            "curl --no-output x",
            "curl: option --no-output: used '--no-' for option that isn't a boolean\n",
        ),
        (
            "curl -s 'http://a{b'; curl 'http://a{b'",
            "curl: (3) unmatched brace in URL position 9:\nhttp://a{b\n        ^\n",
        ),
        ("curl -s -w '[%{nope}]' -o x web", "curl: unknown --write-out variable: 'nope'\n"),
    ];
    let commands: Vec<&str> = told.iter().map(|(command, _)| *command).collect();
    for ((command, expected), said) in told.iter().zip(answers(&commands)) {
        assert!(said.contains(expected), "{command}: {said}");
    }
}

/// The last status that came is kept when a redirect then fails, and the error goes first.
#[test]
fn what_w_tells_comes_behind_the_error() {
    let said = answers(&["curl -sS -m 1 -o x -w '%{http_code}\\n' http://10.97.1.1"]);
    assert_eq!(
        said[0],
        "curl: (28) Connection timed out after 1000 milliseconds\n000\n[exit 28]\n"
    );
}
