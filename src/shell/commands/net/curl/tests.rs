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

/// A flag, a command that shows what it does, and what only then is said.
const EFFECTS: &[(&str, &str, &str)] = &[
    ("url", "curl -s --url web/u", "GET /u HTTP"),
    ("connect-timeout", "curl -s --connect-timeout 1 http://10.97.1.1; true", "[exit 0]"),
    ("disallow-username-in-url", "curl -s --disallow-username-in-url http://a@web", "[exit 67]"),
    ("compressed", "curl -s --compressed web", "Accept-Encoding: deflate, gzip, br, zstd"),
    ("tr-encoding", "curl -sv --tr-encoding web", "> TE: gzip"),
    ("limit-rate", "curl -sS --limit-rate 1x web", "curl: option --limit-rate: is badly used here"),
    ("digest", "curl -sv --digest -u a:b web", "* Server auth using Digest with user 'a'"),
    ("anyauth", "curl -s --anyauth -u a:b web; true", "[exit 0]"),
    ("cert", "curl -sS -E nosuch https://web:80", "curl: (58) could not load PEM"),
    ("interface", "curl -sS --interface eth7 web", "curl: (45) Couldn't bind to 'eth7'"),
    ("local-port", "curl -sv --local-port 40000-40100 web", "* Local port: 40000"),
    ("http1.0", "curl -sv -0 web", "> GET / HTTP/1.0"),
    ("http1.1", "curl -sv -0 --http1.1 web", "> GET / HTTP/1.1"),
    (
        "time-cond",
        "curl -s -z 'Jan 1 2035' web",
        "If-Modified-Since: Mon, 01 Jan 2035 00:00:00 GMT",
    ),
    ("basic", "curl -s --basic -u a:b web", "Authorization: Basic YTpi"),
    ("create-dirs", "curl -s --create-dirs -o d/e/f web && ls d/e", "f\n[exit 0]"),
    ("max-redirs", "curl -sS -L --max-redirs 0 'web?redirect=1' ; true", "[exit 0]"),
    ("stderr", "curl -sS --stderr log http://localhost:9; cat log", "curl: (7)"),
    ("max-filesize", "curl -sS --max-filesize 5 web", "curl: (63) Maximum file size exceeded"),
    ("trace", "curl -s --trace - -o x web", "0000: 47 45 54 20 2f"),
    ("trace-ascii", "curl -s --trace-ascii - -o x web", "<= Recv header, 17 bytes (0x11)"),
    ("retry", "curl --no-progress-meter --retry 1 http://nosuch", "1 retries left"),
    (
        "retry-connrefused",
        "curl --no-progress-meter --retry 1 --retry-connrefused http://localhost:9",
        "Problem : connection refused. Will retry in 1 seconds",
    ),
    (
        "retry-delay",
        "curl --no-progress-meter --retry 1 --retry-delay 7 http://nosuch",
        "Will retry in 7 seconds",
    ),
    (
        "retry-max-time",
        "curl -s --retry 9 --retry-max-time 1 -w '%{exitcode}' http://nosuch",
        "6[exit 6]",
    ),
    (
        "retry-all-errors",
        "curl --no-progress-meter --retry 1 --retry-all-errors http://localhost:9",
        "Problem (retrying all errors). Will retry",
    ),
    ("trace-time", "curl -sv --trace-time web", ":"),
    ("post301", "curl -s --post301 -d x web", "POST / HTTP"),
    ("post302", "curl -s --post302 -d x web", "POST / HTTP"),
    ("post303", "curl -s --post303 -d x web", "POST / HTTP"),
    ("noproxy", "http_proxy=localhost:9 curl -sS --noproxy web web", "GET / HTTP"),
    ("proxy1.0", "curl -sS --proxy1.0 web:80 http://any/p", "GET /p HTTP"),
    ("proto", "curl -sS --proto =https web", "curl: (1) Protocol \"http\" not supported"),
    ("proto-redir", "curl -sS --proto-redir =https web", "GET / HTTP"),
    ("resolve", "curl -sS --resolve any:80:127.0.0.1 http://any", "Welcome to nginx!"),
    (
        "unix-socket",
        "curl -sS --unix-socket /x http://web",
        "curl: (7) Failed to connect to web port 80",
    ),
    ("abstract-unix-socket", "curl -sS --abstract-unix-socket x http://web", "curl: (7)"),
    ("path-as-is", "curl -s --path-as-is web/a/../b", "GET /a/../b HTTP"),
    ("proto-default", "curl -sS --proto-default ftp web", "port 21"),
    (
        "connect-to",
        "curl -sS --connect-to any:80:web:80 http://any/c",
        "GET /c HTTP/1.1\nHost: any\n",
    ),
    ("http2", "curl -s --http2 web", "Upgrade: h2c"),
    ("http0.9", "curl -s --http0.9 web", "GET / HTTP"),
    ("ipv4", "curl -s -4 web", "GET / HTTP"),
    ("ipv6", "curl -sS -6 http://web", "[exit 7]"),
    ("user-agent", "curl -s -A me web", "User-Agent: me"),
    ("cookie", "curl -s -b a=b web", "Cookie: a=b"),
    ("cookie-jar", "curl -s -o x -c - web", "# Netscape HTTP Cookie File"),
    ("continue-at", "curl -s -C 5 web", "[exit 33]"),
    ("data", "curl -s -d a=b web", "Content-Type: application/x-www-form-urlencoded"),
    ("data-raw", "curl -sv --data-raw @x web", "> Content-Length: 2"),
    ("data-ascii", "curl -sv --data-ascii abc web", "> Content-Length: 3"),
    ("data-binary", "printf 'a\\nb' >f; curl -sv --data-binary @f web", "> Content-Length: 3"),
    ("data-urlencode", "curl -sv -G --data-urlencode 'a=b c' web", "> GET /?a=b+c HTTP"),
    ("json", "curl -s --json {} web", "Content-Type: application/json"),
    ("url-query", "curl -s --url-query a=1 web", "GET /?a=1 HTTP"),
    ("dump-header", "curl -s -o x -D - web", "HTTP/1.1 200 OK"),
    ("referer", "curl -s -e here web", "Referer: here"),
    (
        "cacert",
        "curl -sS --cacert /var/run/secrets/kubernetes.io/serviceaccount/ca.crt https://kubernetes.default.svc",
        "Forbidden",
    ),
    ("etag-save", "curl -s -o x --etag-save e localhost && cat e", "\""),
    ("etag-compare", "echo '\"q\"' >e; curl -s --etag-compare e web", "If-None-Match: \"q\""),
    ("fail", "curl -sS -f localhost/nope", "curl: (22) The requested URL returned error: 404"),
    ("fail-early", "curl -s --fail-early http://localhost:9 localhost", "[exit 7]"),
    (
        "fail-with-body",
        "curl -sS --fail-with-body localhost/nope",
        "curl: (22) The requested URL returned error: 404",
    ),
    (
        "remove-on-error",
        "curl -s -f -i --remove-on-error -o gone localhost/nope; ls gone",
        "No such file",
    ),
    ("form", "curl -s -F a=b web", "Content-Type: multipart/form-data; boundary="),
    ("form-string", "curl -sv --form-string a=@b web", "> Content-Type: multipart/form-data"),
    ("form-escape", "curl -sv --form-escape -F 'a\"=b' web", "> Content-Length: 139"),
    ("globoff", "curl -s -g 'web/{a}'", "GET /{a} HTTP"),
    ("get", "curl -s -G -d a=b web", "GET /?a=b HTTP"),
    ("request-target", "curl -s --request-target /t web", "GET /t HTTP"),
    ("help", "curl --help", "Usage: curl [options...] <url>"),
    ("header", "curl -s -H 'X-A: b' web", "X-A: b"),
    ("proxy-header", "curl -sv -p --proxy-header 'X-P: q' -x web:80 http://any", "> X-P: q"),
    ("include", "curl -s -i web", "HTTP/1.1 200 OK"),
    ("head", "curl -s -I localhost", "Content-Length: 615\r\n"),
    (
        "junk-session-cookies",
        "printf 'web\\tFALSE\\t/\\tFALSE\\t0\\ta\\tb\\n' >j; curl -sv -j -b j web | grep -c Cookie:",
        "0\n",
    ),
    (
        "remote-header-name",
        "curl -sS -J -i localhost",
        "showing headers and --remote-header-name cannot be combined",
    ),
    ("insecure", "curl -s -k https://kubernetes.default", "Forbidden"),
    ("config", "echo 'user-agent = cfg' >k; curl -s -K k web", "User-Agent: cfg"),
    ("location", "curl -sv -L web 2>&1", "GET / HTTP"),
    ("location-trusted", "curl -s --location-trusted -u a:b web", "Authorization: Basic"),
    ("max-time", "curl -sS -m 1 http://10.97.1.1", "curl: (28) Connection timed out after"),
    (
        "netrc",
        "echo 'machine web login n password p' >.netrc; HOME=. curl -s -n web",
        "Authorization: Basic bjpw",
    ),
    (
        "netrc-optional",
        "echo 'machine web login n password p' >.netrc; HOME=. curl -s --netrc-optional web",
        "Authorization: Basic bjpw",
    ),
    (
        "netrc-file",
        "echo 'machine web login n password p' >n; curl -s --netrc-file n web",
        "Authorization: Basic bjpw",
    ),
    ("output", "curl -s -o out web && cat out", "GET / HTTP"),
    ("remote-name", "curl -s -O web/named && cat named", "GET /named HTTP"),
    ("remote-name-all", "curl -s --remote-name-all web/all && cat all", "GET /all HTTP"),
    ("output-dir", "mkdir dd; curl -s --output-dir dd -o f web && cat dd/f", "GET / HTTP"),
    ("clobber", "echo >c; curl -s --no-clobber -o c web && cat c.1", "GET / HTTP"),
    (
        "proxytunnel",
        "curl -sS -p -x localhost:80 http://any",
        "curl: (56) CONNECT tunnel failed, response 4",
    ),
    (
        "disable",
        "echo 'user-agent = rc' >.curlrc; HOME=. curl -q -s web",
        "User-Agent: curl/7.88.1",
    ),
    ("range", "curl -s -r 0-3 web", "Range: bytes=0-3"),
    ("silent", "curl -s http://localhost:9", "[exit 7]"),
    ("show-error", "curl -s -S http://localhost:9", "curl: (7)"),
    ("upload-file", "echo up >f; curl -s -T f web/", "PUT /f HTTP"),
    ("user", "curl -s -u a:b web", "Authorization: Basic YTpi"),
    ("proxy-user", "curl -sv -x web:80 -U a:b http://any", "> Proxy-Authorization: Basic YTpi"),
    ("verbose", "curl -s -v web", "* Connected to web"),
    ("version", "curl -V", "curl 7.88.1 (x86_64-pc-linux-gnu) libcurl/7.88.1"),
    ("write-out", "curl -s -o x -w '%{http_code}' web", "200[exit 0]"),
    ("proxy", "curl -s -x web:80 http://any/q", "GET /q HTTP/1.1\nHost: any\n"),
    ("request", "curl -s -X DELETE web", "DELETE / HTTP"),
    ("speed-limit", "curl -s -Y 1 -y 2 web", "GET / HTTP"),
    ("speed-time", "curl -s -y 2 web", "GET / HTTP"),
    ("parallel", "curl -s -Z web/1 web/2", "GET /2 HTTP"),
    ("parallel-max", "curl -s -Z --parallel-max 1 web/1 web/2", "GET /2 HTTP"),
    ("progress-bar", "curl -# -o x web", "# 100.0%"),
    ("progress-meter", "curl --no-progress-meter -o x web", "[exit 0]"),
    ("next", "curl -s -d x web/1 --next web/2", "GET /2 HTTP"),
    ("rate", "curl -s --rate 1/s web/1 web/2 -w '%{urlnum}'", "1[exit 0]"),
    ("happy-eyeballs-timeout-ms", "curl -s --happy-eyeballs-timeout-ms 5 web", "GET / HTTP"),
    ("oauth2-bearer", "curl -s --oauth2-bearer tok web", "Authorization: Bearer tok"),
    (
        "suppress-connect-headers",
        "curl -sS -i -p --suppress-connect-headers -x localhost:80 http://any",
        "curl: (56)",
    ),
    ("npn", "curl -s --no-silent --npn -o x web", "Warning: --npn is no longer supported"),
    ("ssl", "curl --no-progress-meter --ssl -o x web", "--ssl is an insecure option"),
    ("ftp-ssl", "curl --no-progress-meter --ftp-ssl -o x web", "--ssl is an insecure option"),
    ("sslv2", "curl --no-progress-meter -2 -o x web", "Ignores instruction to use SSLv2"),
    ("sslv3", "curl --no-progress-meter -3 -o x web", "Ignores instruction to use SSLv3"),
    ("metalink", "curl --metalink web", "curl: --metalink is disabled"),
    (
        "test-event",
        "curl --no-progress-meter --test-event -o x web",
        "is ignored unless a debug build",
    ),
];

#[test]
fn every_flag_that_is_heeded_does_what_it_does() {
    let heeded: BTreeSet<&str> =
        FLAGS.iter().filter(|flag| flag.here == Here::Heeded).map(|flag| flag.name).collect();
    let shown: BTreeSet<&str> = EFFECTS.iter().map(|(flag, ..)| *flag).collect();
    assert_eq!(heeded, shown);
    let commands: Vec<&str> = EFFECTS.iter().map(|(_, command, _)| *command).collect();
    for ((flag, command, expected), said) in EFFECTS.iter().zip(answers(&commands)) {
        assert!(said.contains(expected), "--{flag}: {command}\nsays\n{said}\nnot {expected:?}");
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
