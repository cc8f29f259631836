//! Small bombs of each kind, each in a process of its own with an address space of 2 GB and a
//! deadline: it ends by itself, it says what it did not do, and the next command is answered.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// No bomb may take longer, on a machine that has other work too.
const DEADLINE: Duration = Duration::from_secs(120);

/// Kilobytes of address space.
const SPACE: u32 = 2_000_000;

/// What a bomb printed, and how it ended.
pub(super) struct Ended {
    pub stdout: String,
    pub stderr: String,
    pub code: Option<i32>,
}

/// Plays a script, and asks for one more answer after it.
pub(super) fn limited(script: &str) -> Ended {
    let mut child = Command::new("sh")
        .args([
            "-c",
            &format!("ulimit -v {SPACE}; exec \"$0\" shell"),
            env!("CARGO_BIN_EXE_podhop"),
        ])
        .env("PODHOP_HOME", tempfile::tempdir().expect("a temporary folder").path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("podhop starts");
    let mut input = child.stdin.take().expect("a pipe");
    let text = format!("{script}\necho still here\n");
    let writer = thread::spawn(move || input.write_all(text.as_bytes()));
    let stdout = collect(child.stdout.take().expect("a pipe"));
    let stderr = collect(child.stderr.take().expect("a pipe"));
    let code = wait(&mut child, script);
    // It may have ended before it had read everything.
    let _ = writer.join().expect("the writer ends");
    Ended { stdout: stdout.join().expect("read"), stderr: stderr.join().expect("read"), code }
}

fn collect(mut stream: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("a pipe can be read");
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

fn wait(child: &mut Child, script: &str) -> Option<i32> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("a child can be asked") {
            return status.code();
        }
        if begun.elapsed() > DEADLINE {
            child.kill().expect("a child can be killed");
            panic!("it does not end: {}", start(script));
        }
        thread::sleep(Duration::from_millis(20));
    }
}

fn start(text: &str) -> &str {
    text.char_indices().nth(200).map_or(text, |(end, _)| &text[..end])
}

/// Plays a bomb; `told` stands in what it printed.
fn bomb(script: &str, told: &str) {
    let Ended { stdout, stderr, code } = limited(script);
    let shown = || format!("{}\n{}\n{}", start(script), start(&stdout), start(&stderr));
    assert_eq!(code, Some(0), "{}", shown());
    assert!(stdout.ends_with("still here\n"), "{}", shown());
    assert!(stdout.contains(told) || stderr.contains(told), "{told}: {}", shown());
}

/// `open`, something, `close`, each many times.
fn nested(open: &str, inner: &str, close: &str) -> String {
    let times = 100_000;
    format!("{}{inner}{}", open.repeat(times), close.repeat(times))
}

#[test]
fn shells_that_start_shells_reach_a_depth() {
    for (start, shell) in
        [("sh", "sh"), ("bash", "timeout 9 bash"), ("sh", "env sh"), ("sh", "exec sh")]
    {
        bomb(&format!("export x='{shell} -c \"$x\"'; {start} -c \"$x\""), "ork");
    }
    bomb("echo 'sh ./me.sh' > me.sh; sh ./me.sh", "Cannot fork");
    bomb(&format!("{} true; echo $?", "ssh node-1 ".repeat(500)), "ork");
}

#[test]
fn what_nests_in_the_shell_s_grammars_is_an_error_or_is_read() {
    let arithmetic = "expression recursion level exceeded";
    bomb(&nested("(", "echo x", ")"), arithmetic);
    bomb(&nested("{ ", "echo x;", " }"), "nested too deeply");
    bomb(&format!("echo {}", nested("$(", "echo x", ")")), "nested too deeply");
    bomb(&format!("echo $(({}))", nested("- ", "1", "")), arithmetic);
    bomb(&format!("[[ {} ]]", nested("! ", "a", "")), "nested too deeply");
    bomb(&format!("[[ {} ]]; echo holds $?", nested("a && ", "a", "")), "holds 0");
    bomb(&format!("test {}", "! ".repeat(2_000)), "too many arguments");
    bomb("y='y[y]'; declare -i z; z='z[z]'; echo $((y)) end", arithmetic);
    bomb("f() { f; }; f", "maximum nesting level exceeded");
    bomb("f() { x=$(f); }; f", "fork");
    bomb(&format!("{} echo once", "builtin ".repeat(20_000)), "once");
}

#[test]
fn what_nests_in_a_tool_s_grammar_is_an_error() {
    for text in [
        nested("1+", "1", ""),
        nested("(", "1", ")"),
        nested("1&&", "1", ""),
        nested("- ", "1", ""),
    ] {
        bomb(
            &format!("awk 'BEGIN{{print {text}}}'"),
            "awk: cmd. line:1: program nested too deeply",
        );
    }
    let ranges = "{range .items[*]}".repeat(50_000);
    bomb(&format!("kubectl get nodes -o jsonpath='{ranges}'"), "ranges nested more than 50 deep");
    let yaml = |text: &str| format!("cat > f <<'E'\n{text}\nE\nkubectl apply -f f");
    bomb(&yaml(&nested("[", "", "")), "more than 100 deep");
    bomb(&yaml(&nested("- ", "a", "")), "more than 100 deep");
    bomb(&yaml(&nested("{\"a\":", "1", "}")), "exceeded max depth");
}

#[test]
fn what_jq_copies_compares_and_writes_counts_as_its_work() {
    let told = "podhop: jq: runs that take this long";
    bomb("jq -n 'reduce range(infinite) as $i (\"\"; . + \"xxxxxxxxxxxxxxxx\")'", told);
    bomb("jq -n 'reduce range(infinite) as $i ({}; .[\"k\\($i)\"] = $i)'", told);
    bomb("jq -n 'reduce range(infinite) as $i ([]; .[$i] = $i)'", told);
    bomb("jq -n '[range(300000)|tostring]|sort|unique|group_by(.)'", told);
    bomb("jq -n '\"a,\"*100000|[splits(\",\")]|length'", told);
    bomb("jq -n 'range(infinite)|tostring as $i|\"x\"|select(test($i))'", told);
    // A hundred small objects, whose text would be longer than anything.
    let doubled = "reduce range(100) as $i (1; {a: ., b: .})";
    for use_ in ["tostring", ". == .", "[., .] | sort", "contains({a: {b: 7}})", "."] {
        bomb(&format!("jq -n '{doubled} | {use_}'"), "podhop: ");
    }
    bomb(&format!("jq -n '{doubled} | error'"), "(not a string)");
    // What comes in one after the other is read once.
    bomb("yes '[1,2]' | head -c 600000 | jq -s length", "100000");
    bomb("yes | head -100000 | jq -R . | wc -l", "100000");
    bomb("(sleep 1; seq 3) | jq -n '[inputs] | length'", "3");
}

#[test]
fn what_a_device_gives_is_whole_or_refused() {
    bomb("head -c 9999999999 /dev/zero | wc -c", "more than 4194304 bytes of a device");
    bomb("head -c 3000000 /dev/zero | wc -c", "3000000");
    bomb("dd if=/dev/zero bs=1M count=100000", "not simulated here");
    bomb("echo a | dd bs=10G conv=sync", "not simulated here");
    bomb(
        "seq 18446744073709500000 18446744073709551557 | factor | tail -1",
        "this command was ended here",
    );
}

#[test]
fn a_number_of_pieces_or_probes_is_bounded() {
    bomb("seq 9 | split -n 1000000000", "not simulated here: split -n");
    for option in ["w", "l", "o", "n"] {
        let command = format!("seq 9 | pr -{option} 999999999 -3; seq 9 | pr -{option}999999999");
        bomb(&command, "not simulated here: pr with a number over 10000");
    }
    bomb("seq 9 | split -n l/999999999999", "not simulated here: split -n");
    bomb("printf 'a\\tb\\n' | expand -t 1,+18446744073709551615 | wc -c", "4");
    let pod = "kubectl run t --image=busybox --command -- sleep 999; kubectl wait --for=condition=Ready pod/t";
    let probes = "kubectl exec t -- traceroute -q 2147483647 10.1.1.1";
    bomb(&format!("{pod}; {probes}"), "not simulated here: traceroute -q");
}

#[test]
fn awk_reads_what_comes_in_once() {
    bomb("yes | head -c 3000000 | tr -d '\\n' | awk '{print length($0)}'", "1500000");
    bomb("yes | head -c 3000000 | awk 'BEGIN {RS = \"\"} {n++} END {print n, NR}'", "1 1");
    bomb("seq 100000 > f; awk 'END {print NR}' f; awk 'END {print NR}' < f", "100000");
    bomb("seq 20000 | awk 'BEGIN {RS = \"[13]\\n\"} END {print NR}'", "4001");
}

#[test]
fn a_loop_without_end_is_ended_and_that_is_said() {
    bomb("while true; do :; done", "steps that one command may take");
    bomb("yes > f", "steps that one command may take");
    bomb("yes", "bytes that one command may print");
    bomb("echo a | sed ':a;s/a/aa/;ta'", "podhop: ");
    bomb("awk 'BEGIN{while(1)x++}'", "runs for ever");
    bomb("yes | while read x; do :; done", "steps that one command may take");
}

#[test]
fn what_a_command_prints_or_holds_is_bounded() {
    bomb("i=0; while true; do a[$i]=xxxxxxxx; i=$((i+1)); done", "steps that one command may take");
    bomb("x=a; while true; do x+=$x; done", "cannot allocate memory");
    bomb("yes | tail -1", "a pipe holds 4194304 bytes");
    bomb("printf '%*d' 1000000000 1; printf '%.2000000000f' 1", "not simulated here: more than");
    bomb("echo a | awk '{NF=100000000; print NF}'", "not simulated here: a record of more than");
    bomb("awk 'BEGIN{x=\"a\"; while(1)gsub(/a/,\"&&\",x)}'", "this text is too long");
    bomb("seq 100000 | sed -n 'H;x;G;h'", "podhop: this ");
    bomb("i=0; while [ $i -lt 20000 ]; do echo a > f$i || break; i=$((i+1)); done", "");
}

#[test]
fn patterns_take_time_that_grows_with_the_text() {
    let text = "x=$(seq 100000 | tr '\\n' a)";
    bomb(&format!("{text}; y=${{x//*b/}}; echo ${{#y}}"), "588895");
    bomb(&format!("{text}; y=${{x//a*b/}}; echo ${{#y}}"), "588895");
    bomb(&format!("{text}; y=${{x//a/}}; echo ${{#y}}"), "488895");
}

#[test]
fn a_cluster_without_room_refuses_as_etcd_does() {
    let scale = "kubectl create deployment web --image=nginx\nkubectl scale deployment web --replicas=1000000";
    bomb(
        &format!(
            "{scale}\nsleep 20\nkubectl describe replicaset | grep -c 'database space exceeded'"
        ),
        "1",
    );
    let job = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: j}\nspec:\n  parallelism: 1000000\n  template:\n    \
        spec: {restartPolicy: Never, containers: [{name: a, image: nginx}]}";
    bomb(
        &format!("kubectl apply -f - <<E\n{job}\nE\nsleep 20\nkubectl describe job j"),
        "database space exceeded",
    );
    let large = "yes | head -c 900000 > f";
    bomb(
        &format!(
            "{large}; for i in $(seq 100); do kubectl create cm c$i --from-file=f || break; done"
        ),
        "etcdserver: mvcc: database space exceeded",
    );
}

#[test]
fn patches_and_environments_do_not_double_without_end() {
    let copy = "{\"op\":\"copy\",\"from\":\"/data\",\"path\":\"/data/x\"}";
    let copies = vec![copy; 40].join(",");
    bomb(
        &format!(
            "kubectl create configmap c --from-literal=a=aaaaaaaa\nkubectl patch configmap c --type=json -p='[{copies}]'"
        ),
        "The request is invalid",
    );
    let many =
        vec!["{\"op\":\"test\",\"path\":\"/kind\",\"value\":\"ConfigMap\"}"; 10_001].join(",");
    bomb(
        &format!(
            "kubectl create configmap c --from-literal=a=a\nkubectl patch configmap c --type=json -p='[{many}]'"
        ),
        "The allowed maximum operations in a JSON patch is 10000, got 10001",
    );
    let mut pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: a\n    image: nginx\n    env:\n    - {name: V0, value: aaaaaaaa}\n".to_owned();
    for number in 1..40 {
        let before = number - 1;
        pod += &format!(
            "    - {{name: V{number}, value: $(V{before})$(V{before})$(V{before})$(V{before})}}\n"
        );
    }
    bomb(
        &format!("kubectl apply -f - <<'E'\n{pod}E\nsleep 5\nkubectl describe pod p"),
        "larger than max",
    );
}

#[test]
fn nginx_files_and_corefiles_that_nest_are_refused_with_their_line() {
    let nginx = |text: &str| {
        format!(
            "cat > n.conf <<'E'\n{text}\nE\nkubectl create configmap conf --from-file=default.conf=n.conf\n\
             kubectl apply -f - <<'E'\napiVersion: v1\nkind: Pod\nmetadata: {{name: web}}\nspec:\n  containers:\n  \
             - {{name: a, image: nginx, volumeMounts: [{{name: conf, mountPath: /etc/nginx/conf.d}}]}}\n  \
             volumes: [{{name: conf, configMap: {{name: conf}}}}]\nE\nsleep 10\nkubectl logs web"
        )
    };
    let itself = "include /etc/nginx/conf.d/default.conf;";
    bomb(&nginx(itself), "(24: Too many open files) in /etc/nginx/conf.d/default.conf:1");
    let locations =
        format!("server {{ {} {} }}", "location /a { ".repeat(5_000), "}".repeat(5_000));
    bomb(&nginx(&locations), "blocks within one another in /etc/nginx/conf.d/default.conf:1");
    let corefile = format!("    .:53 {{\n{}", "    errors {\n".repeat(5_000));
    let map = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: coredns, namespace: kube-system}}\ndata:\n  Corefile: |\n{corefile}"
    );
    bomb(
        &format!(
            "kubectl apply -f - <<'E'\n{map}E\nkubectl -n kube-system rollout restart deploy coredns\nsleep 40\n\
                  kubectl -n kube-system logs -l k8s-app=kube-dns --prefix | tail -3; kubectl -n kube-system get pods"
        ),
        "",
    );
}

#[test]
fn a_command_of_thousands_of_lines_is_read_once() {
    let document = "a: b\n".repeat(20_000);
    bomb(&format!("cat <<E | wc -l\n{document}E"), "20000");
    bomb(&format!("{{\n{}}}", ":\n".repeat(1_500)), "a command of more than 1000 lines");
}

#[test]
fn templates_copy_and_make_so_much_and_no_more() {
    let get =
        |template: &str| format!("kubectl get nodes -o go-template='{template}' | tail -c 300");
    let told = "not simulated here: ";
    let doubled = "{{$x = print $x $x $x $x}}".repeat(60);
    bomb(&get(&format!("{{{{$x := \"aaaaaaaaaaaaaaaa\"}}}}{doubled}{{{{len $x}}}}")), told);
    let held: String = (0..30_000).map(|number| format!("{{{{$a{number} := $.items}}}}")).collect();
    bomb(&get(&held), told);
    let nested = format!("{}x{}", "{{range $.items}}".repeat(14), "{{end}}".repeat(14));
    bomb(&get(&nested), told);
    let wide = format!("{{{{printf \"{}\"{}}}}}", "%999999d".repeat(500), " 1".repeat(500));
    bomb(&get(&wide), told);
    // Go's fmt takes such a width for none.
    bomb(&get("{{printf \"%1000000000d\" 1}}"), "%!(NOVERB)%!(EXTRA int=1)");
}

#[test]
fn aliases_that_stand_for_each_other_twice_do_not_double_without_end() {
    let doubled: String =
        (1..40).map(|number| format!("alias l{number}='l{0};l{0}'\n", number - 1)).collect();
    let many = "more than 1000 aliases in one command";
    bomb(&format!("shopt -s expand_aliases\nalias l0=:\n{doubled}l39"), many);
    bomb("shopt -s expand_aliases\nalias a='echo `a` `a`'\na", "");
    // A chain is no bomb.
    let chain: String =
        (1..60).map(|number| format!("alias l{number}=l{}\n", number - 1)).collect();
    bomb(&format!("shopt -s expand_aliases\nalias l0='echo chained'\n{chain}l59"), "chained");
}

#[test]
fn what_jq_slices_and_where_it_finds_things_counts_as_its_work() {
    let told = "podhop: jq: runs that take this long";
    bomb("jq -n '[range(100000)] | until(length < 1; .[1:]) | length'", told);
    bomb("jq -n '[path(repeat(.a))] | length'", told);
    bomb(
        &format!("jq -n '. as {}$a{} | $a'", "[".repeat(50_000), "]".repeat(50_000)),
        "nest this deep",
    );
    bomb(
        &format!("jq -n '. as {}$a{} | $a'", "{a:".repeat(50_000), "}".repeat(50_000)),
        "nest this deep",
    );
}

#[test]
fn a_loop_takes_time_that_grows_with_its_rounds() {
    bomb("seq 20000 > f; while read -r x; do y=$x; done < f; echo read $y", "read 20000");
    bomb(
        "seq 3000 > f; n=0; while IFS= read -r -n1 c; do n=$((n + 1)); done < f; echo $n",
        "13893",
    );
    bomb("for i in $(seq 20000); do export V$i=$i; done; env | grep -c ^V", "20000");
    // What other variables hold costs nothing.
    let held = "x=$(seq 50000); for i in 1 2 3 4 5 6; do eval y$i=\\$x; done";
    bomb(&format!("{held}; i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done; echo $i"), "20000");
    bomb("seq 20000 > a; seq 20000 | tac > b; join a b | wc -l", "1\n");
}

#[test]
fn folders_nest_as_deep_as_a_path_is_long() {
    let deep = "for i in $(seq 1200); do mkdir d; cd d; done; cd";
    bomb(&format!("{deep}; find . | wc -l; ls -R | wc -l; rm -rf d; find . | wc -l"), "1201");
    bomb(&format!("mkdir -p {}", "a/".repeat(3_000)), "File name too long");
    bomb(&format!("echo x > {}", "a".repeat(300)), "File name too long");
}

#[test]
fn what_a_tool_writes_at_once_is_bounded() {
    bomb("yes $(seq 100000) | head -1 | wc -c", "588895");
    bomb("yes | head -c 300001 | wc -c", "300001");
    bomb("printf 'a\\tb' | expand -t 1000000000 | wc -c", "more than 4194304 bytes");
    bomb("seq -s \"$(seq 2000)\" 10000 | wc -c", "more than 16777216 bytes");
    bomb("yes a | head -6000 > a; join a a | wc -c", "more than 16777216 bytes of pairs");
}

#[test]
fn objects_made_of_thousands_of_containers_are_too_large_as_etcd_says() {
    let containers: String = (0..3_000)
        .map(|number| format!("  - {{name: c{number}, image: busybox, command: [sleep, '1']}}\n"))
        .collect();
    let pod = |list: &str, rest: &str| {
        format!(
            "kubectl apply -f - <<'E'\napiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec:\n  {list}:\n{containers}{rest}E\nsleep 60"
        )
    };
    let told = "etcdserver: request is too large";
    bomb(&pod("containers", ""), told);
    bomb(&pod("initContainers", "  containers: [{name: a, image: nginx}]\n"), told);
}

#[test]
fn thousands_of_manifests_are_sent_in_time_that_grows_with_them() {
    let all: String = (0..4_000)
        .map(|number| {
            format!("---\n{{apiVersion: v1, kind: ConfigMap, metadata: {{name: c{number}}}, data: {{a: b}}}}\n")
        })
        .collect();
    bomb(&format!("kubectl apply -f - <<'E' | tail -1\n{all}E"), "configmap/c3999 created");
}

#[test]
fn an_editor_that_nobody_opens_is_not_waited_for() {
    let edits = "EDITOR=vi kubectl edit deployment web\n".repeat(9);
    let edit = format!("kubectl create deployment web --image=nginx\n{edits}");
    bomb(&edit, "there is no editor here");
    // The cluster begins at nine, and an hour is the longest that a command may take.
    bomb(&format!("{edit}date -u +hour-%H"), "hour-09");
}

#[test]
fn loops_over_fields_that_are_not_there_end_with_the_line() {
    bomb(
        "seq 9 > f; sort -k 99999999999999999999 f | tail -1; sort -t : -k 9999999999 f | tail -1",
        "9",
    );
    bomb("seq 9 > f; uniq -f 99999999999999999999 f; uniq -f 9999999999 -w 9 f", "1");
}

#[test]
fn words_that_open_and_never_close_are_read_once() {
    let many = |text: &str| text.repeat(100_000);
    bomb(&many("["), "command not found");
    bomb(&format!("echo {} | wc -c", many("[")), "100001");
    bomb(&format!("x=a; echo ${{x//{}/}}", many("[")), "a");
    bomb(&format!("case x in {}) ;; x) echo fits ;; esac", many("[")), "fits");
    bomb(&format!("touch a; find . -name '{}'", many("[a")), "");
    bomb(&format!("echo {} | wc -c", many("{")), "100001");
    bomb(&format!("echo {} | wc -c", many("{a,")), "300001");
    bomb(&format!("echo {}{} | wc -c", many("{"), many("}")), "200001");
    bomb("echo {a{b,c} {a,b}{ {x,{y}} {a..c}}", "{ab {ac a{ b{ x {y} a} b} c}");
    bomb("[[ a == [ ]] ; [[ [a == [a ]] && case '[' in [) echo one;; esac", "one");
}

#[test]
fn many_substitutions_in_one_command_are_counted_by_what_they_cost() {
    bomb(&format!("echo {} ran", "$(:)".repeat(20_000)), "ran");
    bomb(&format!("x=aaa; y={}; echo ${{#y}}", "${x//a/b}$(:)".repeat(5_000)), "15000");
    bomb(&format!("echo {}", "$((1))$(:)".repeat(20_000)), "steps that one command may take");
    bomb(&format!("x={}; echo ${{#x}}", "$(echo a)".repeat(500)), "500");
    bomb(&format!("{}:", "eval ".repeat(20_000)), "steps that one command may take");
}

#[test]
fn long_commands_and_scripts_are_read_in_one_pass() {
    bomb(&format!("{}echo joined", "true && ".repeat(60_000)), "joined");
    bomb(&format!("{}true", "true | ".repeat(60_000)), "Resource temporarily unavailable");
    bomb("yes : | head -200000 > s; sh s; echo ran $?", "ran 0");
    bomb("yes 'x=1' | head -50000 > s; . ./s; eval \"$(cat s)\"; echo ran $x", "ran 1");
}

#[test]
fn patterns_that_take_too_long_are_refused_or_spend_what_a_command_has() {
    let text = "x=$(yes a | head -100000 | tr -d '\\n')";
    let told = "not simulated here: a pattern that takes this many steps";
    let spent = "steps that one command may take";
    bomb(&format!("{text}; p=$(printf '?%.0s' $(seq 1000))b; y=${{x//$p/}}"), told);
    bomb(&format!("{text}; case $x in *${{x:50000}}b) ;; esac"), told);
    bomb(&format!("{text}; [[ $x == !(b)!(b)!(c) ]]"), told);
    bomb(&format!("{text}; [[ $x == +(a|aa) ]] && echo all"), "all");
    bomb(&format!("[[ a == {} ]]", nested("@(", "a", ")")), "nested too deeply");
    let groups = "p=$(printf '@(%.0s' $(seq 3000))a$(printf ')%.0s' $(seq 3000))";
    bomb(&format!("{groups}; [[ a == $p ]]"), "groups that nest this deep");
    bomb(&format!("shopt -s extglob; {groups}; case a in $p) ;; esac; echo $p ${{p#$p}}"), "@(@(");
    bomb(&format!("{text}; [[ $x =~ (a|b){{1000}}c ]]"), told);
    bomb(&format!("{text}; y=${{x//a/$x}}"), "cannot allocate memory");
    bomb("yes a | head -c 900000 | tr -d '\\n' | grep -E '(a|b){1000}c'", spent);
    bomb(&format!("{text}; echo $x | sed 's/a/'$x'/g'"), "sed script holds more than");
    bomb(&format!("echo a | grep -E '{}'", nested("(", "a", ")")), "groups within groups");
    bomb(&format!("echo ab | grep -cE '{}ab'", "x|".repeat(60_000)), "1");
    bomb(&format!("echo a{{a | grep -cE '{}|a'", "a{".repeat(60_000)), "1");
    bomb(&format!("expr {}1", "1 + ".repeat(20_000)), "20001");
    let parentheses = (r"\( ".repeat(2_000), r" \)".repeat(2_000));
    bomb(&format!("expr {}1{}", parentheses.0, parentheses.1), "nest this deep");
}

#[test]
fn what_a_shell_copies_counts_as_its_work() {
    let spent = "steps that one command may take";
    bomb("set -- $(seq 100000); while :; do (:); done", spent);
    bomb("a=($(seq 100000)); while :; do b=(\"${a[@]}\"); done", spent);
    bomb("seq 200000 | xargs -n 1 sh -c :", spent);
    bomb("seq 20000 > f; while :; do mapfile -t v < f; done", spent);
    bomb("x=$(yes a | head -c 200000); while :; do [[ $x =~ (a+)(a+)b ]]; done", spent);
    bomb("echo {1..99999}xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "2097152 letters");
    bomb(&format!("echo {}", "{1..9999} ".repeat(100)), "2097152 letters");
    bomb("exec 10>f 255>g; echo x >&255; cat g; exec 10>&-", "x");
}

#[test]
fn what_jq_says_of_a_program_is_bounded() {
    bomb(&format!("jq -n '{}'", "if ".repeat(20_000)), "nest this deep");
    let long =
        "jq -n \"$(printf 'foo+%.0s' $(seq 1900))\\\"$(yes | head -c 1000000 | tr -d '\\n')\\\"\"";
    bomb(long, "complaints of this size");
}
