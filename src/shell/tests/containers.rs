//! Shells and scripts inside the cluster.

use std::time::Duration;

use super::{Story, output, said};
use crate::cluster::Place;
use crate::shell::{Progress, Typed};

/// A pod with one container, as YAML.
fn pod(name: &str, image: &str, rest: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\nspec:\n  containers:\n  - name: main\n    image: {image}\n{rest}"
    )
}

impl Story {
    fn with_pod(name: &str, image: &str, rest: &str) -> Story {
        let mut story = Story::new();
        story.session.files_mut().insert("pod.yaml".into(), pod(name, image, rest).into_bytes());
        story.run("kubectl apply -f pod.yaml");
        story.cluster.settle(Duration::from_secs(60));
        story
    }

    fn inside(&mut self, pod: &str, script: &str) -> String {
        let place = Place::Container {
            namespace: "default".into(),
            pod: pod.into(),
            container: "main".into(),
        };
        let files = self.session.files().clone();
        let limit = Duration::from_secs(60);
        said(&crate::shell::run_at(&mut self.cluster, &place, &files, script, limit))
    }

    /// Lets the running command go on until it waits for a line or ends; what it printed.
    fn go_on(&mut self, at_most: Duration) -> String {
        let end = self.cluster.now() + at_most;
        loop {
            match self.session.step(&mut self.cluster) {
                Progress::Until(at) if at < end => self.cluster.advance_to(at),
                Progress::Until(_) => {
                    self.cluster.advance_to(end);
                    self.session.step(&mut self.cluster);
                    break;
                }
                Progress::Done(_) | Progress::Input => break,
            }
        }
        let chunks = self.session.take_output();
        chunks.iter().map(|chunk| String::from_utf8_lossy(&chunk.bytes).into_owned()).collect()
    }

    fn types(&mut self, line: &str) -> String {
        self.session.type_line(line);
        self.go_on(Duration::from_secs(30))
    }
}

const LOOP: &str = "    command: [sh, -c, 'while true; do echo tick; sleep 5; done']\n";

#[test]
fn a_container_writes_its_log_while_time_passes() {
    let mut story = Story::with_pod("ticker", "busybox", LOOP);
    let before = said(&story.run("kubectl logs ticker | wc -l"));
    story.run("sleep 20");
    let after = said(&story.run("kubectl logs ticker | wc -l"));
    let count = |text: &str| text.trim().parse::<u32>().expect("a count");
    assert_eq!(count(&after) - count(&before), 4);
}

#[test]
fn a_log_that_is_followed_streams_through_a_pipe_until_ctrl_c() {
    let mut story = Story::with_pod("ticker", "busybox", LOOP);
    story.session.type_line("kubectl logs -f ticker | grep tick | sed s/tick/tock/");
    assert!(story.go_on(Duration::from_secs(1)).contains("tock"));
    assert_eq!(story.go_on(Duration::from_secs(10)), "tock\ntock\n");
    story.session.interrupt(&mut story.cluster);
    assert!(!story.session.is_running());
    assert_eq!(story.session.exit_code(), 130);
}

#[test]
fn a_first_process_ignores_sigterm_unless_it_traps_it() {
    let mut story = Story::with_pod("ticker", "busybox", LOOP);
    let before = story.cluster.now();
    story.run("kubectl delete pod ticker");
    assert!(story.cluster.now().since(before).as_secs() >= 30);

    let trapping =
        "    command: [sh, -c, 'trap \"echo bye; exit 0\" TERM; while true; do sleep 1; done']\n";
    let mut story = Story::with_pod("polite", "busybox", trapping);
    let before = story.cluster.now();
    story.run("kubectl delete pod polite");
    assert!(story.cluster.now().since(before).as_secs() < 5);
}

#[test]
fn a_shell_without_input_ends_and_with_stdin_it_waits() {
    let mut story = Story::with_pod("ubuntu", "ubuntu", "");
    story.run("sleep 30");
    let shown = said(&story.run("kubectl get pod ubuntu"));
    assert!(shown.contains("0/1") && !shown.contains("Running"), "{shown}");
    let mut story = Story::with_pod("ubuntu", "ubuntu", "    stdin: true\n    tty: true\n");
    story.run("sleep 30");
    assert!(said(&story.run("kubectl get pod ubuntu")).contains("Running"));
}

#[test]
fn a_prompt_inside_a_container_leads_back_with_exit() {
    let mut story = Story::with_pod("box", "busybox", "    command: [sleep, infinity]\n");
    story.types("kubectl exec -it box -- sh");
    assert_eq!(story.session.prompt(), "/ # ");
    assert_eq!(story.types("cd /etc; hostname; nope"), "box\nsh: nope: not found\n");
    assert_eq!(story.session.prompt(), "/etc # ");
    assert_eq!(story.types("for i in 1 2"), "");
    assert_eq!(story.session.prompt(), "> ");
    assert_eq!(story.types("do echo $i; done"), "1\n2\n");
    story.session.type_line("sleep 100");
    story.go_on(Duration::from_secs(1));
    story.session.interrupt(&mut story.cluster);
    story.go_on(Duration::from_secs(1));
    assert_eq!(story.types("echo $?"), "130\n");
    assert_eq!(story.types("exit 3"), "command terminated with exit code 3\n");
    assert_eq!(story.session.prompt(), "$ ");
    assert_eq!(story.session.exit_code(), 3);
}

#[test]
fn fg_fetches_a_background_command_and_ctrl_c_ends_it() {
    let mut story = Story::with_pod("box", "busybox", "    command: [sleep, infinity]\n");
    story.types("sleep 100 &");
    story.session.type_line("fg");
    assert_eq!(story.go_on(Duration::from_secs(1)), "sleep 100\n");
    assert!(story.session.is_running());
    story.session.interrupt(&mut story.cluster);
    assert!(!story.session.is_running());
    assert_eq!(story.types("jobs"), "");
    assert_eq!(story.types("fg"), "bash: fg: current: no such job\n");
}

#[test]
fn ctrl_d_ends_what_reads_and_only_that() {
    let mut story = Story::with_pod("box", "busybox", "    command: [sleep, infinity]\n");
    story.types("kubectl exec -it box -- sh");
    story.types("cat");
    assert_eq!(story.types("hello"), "hello\n");
    story.session.end_input();
    story.go_on(Duration::from_secs(1));
    assert_eq!(story.session.prompt(), "/ # ");
    story.session.end_input();
    story.go_on(Duration::from_secs(1));
    assert_eq!(story.session.prompt(), "$ ");
}

#[test]
fn a_prompt_ends_with_137_when_its_container_dies() {
    let mut story = Story::with_pod("box", "busybox", "    command: [sleep, '60']\n");
    story.types("kubectl exec -it box -- sh");
    story.cluster.advance_to(story.cluster.now() + Duration::from_secs(70));
    let text = story.types("echo still here");
    assert!(!story.session.is_running());
    assert_eq!(text, "command terminated with exit code 137\n");
}

#[test]
fn nodes_are_entered_with_ssh() {
    let mut story = Story::new();
    story.types("minikube ssh");
    assert_eq!(story.session.prompt(), "root@node-1:~# ");
    assert_eq!(story.types("hostname"), "node-1\n");
    story.types("exit");
    assert_eq!(story.session.prompt(), "$ ");
    assert_eq!(said(&story.run("minikube ip; ssh node-1 hostname")), "192.168.49.2\nnode-1\n");
}

#[test]
fn messages_are_those_of_the_containers_shell() {
    let mut story = Story::with_pod("box", "busybox", "    command: [sleep, infinity]\n");
    assert_eq!(story.inside("box", "foo"), "sh: foo: not found\n");
    assert_eq!(
        story.inside("box", "echo {1..3}\necho )"),
        "{1..3}\nsh: syntax error: unexpected \")\"\n"
    );
    assert_eq!(
        story.inside("box", "cat nope"),
        "cat: can't open 'nope': No such file or directory\n"
    );
    assert_eq!(story.inside("box", "ls nope"), "ls: nope: No such file or directory\n");
    let mut story = Story::with_pod("deb", "nginx", "");
    assert_eq!(story.inside("deb", "foo"), "sh: 1: foo: not found\n");
    assert_eq!(story.inside("deb", "echo )"), "sh: 1: Syntax error: \")\" unexpected\n");
    assert_eq!(story.inside("deb", "cat nope"), "cat: nope: No such file or directory\n");
}

#[test]
fn a_script_starts_a_server() {
    let rest = "    command: [sh, -c, \"echo before; nginx -g 'daemon off;'\"]\n";
    let mut story = Story::with_pod("web", "nginx", rest);
    assert!(story.inside("web", "curl -s localhost").contains("Welcome to nginx!"));
    assert!(said(&story.run("kubectl logs web")).starts_with("before\n"));
    let before = story.cluster.now();
    story.run("kubectl delete pod web");
    assert!(story.cluster.now().since(before).as_secs() < 5, "nginx took the shell's place");
}

#[test]
fn files_written_in_a_container_stay_there() {
    let mut story = Story::with_pod("box", "busybox", "    command: [sleep, infinity]\n");
    assert_eq!(
        story.inside("box", "echo hi > /tmp/f; cat /tmp/f; ls /tmp; wc -c < /tmp/f"),
        "hi\nf\n3\n"
    );
    assert_eq!(
        story.inside("box", "cat /tmp/f; mkdir -p /data/x; cd /data/x; pwd; echo a >b; ls /data"),
        "hi\n/data/x\nx\n"
    );
    assert_eq!(said(&story.run("cat /tmp/f")), "cat: /tmp/f: No such file or directory\n");
}

#[test]
fn apt_installs_into_one_container() {
    // TOPICS A7
    let mut story = Story::with_pod("ubuntu", "ubuntu", "    command: [sleep, infinity]\n");
    assert_eq!(story.inside("ubuntu", "curl localhost"), "sh: 1: curl: not found\n");
    let early = story.inside("ubuntu", "apt install -y curl");
    assert!(early.contains("E: Unable to locate package curl"), "{early}");
    // There is no DNS in this cluster.
    let text = story.inside("ubuntu", "apt update");
    assert!(text.contains("Temporary failure resolving 'archive.ubuntu.com'"), "{text}");
}

#[test]
fn a_clone_in_the_middle_of_a_loop_goes_on_equally() {
    let mut story = Story::with_pod("ticker", "busybox", LOOP);
    let line =
        "for i in 1 2 3 4 5 6; do echo $i $(date +%s) | tee -a log; sleep 3; done; wc -l < log";
    assert_eq!(story.session.type_line(line), Typed::Running);
    let first = story.go_on(Duration::from_secs(7));
    let mut clone = story.clone();
    let rest = story.go_on(Duration::from_secs(60));
    assert_eq!(clone.go_on(Duration::from_secs(60)), rest);
    assert!(first.starts_with("1 ") && rest.ends_with("6\n"), "{first}{rest}");
    let logs = |story: &mut Story| said(&story.run("kubectl logs ticker --timestamps"));
    assert_eq!(logs(&mut story), logs(&mut clone));
}

#[test]
fn bash_speaks_to_servers_without_any_tool() {
    // Recording 31: /dev/tcp is a redirection of bash; the connection takes its time, and fails in words.
    let mut story = Story::new();
    story.run("kubectl run web --image=nginx:1.27; kubectl expose pod web --port=80; kubectl create service clusterip nobody --tcp=80; sleep 20");
    let ip = "ip=$(kubectl get svc web -o jsonpath='{.spec.clusterIP}')";
    let no = "no=$(kubectl get svc nobody -o jsonpath='{.spec.clusterIP}')";
    let said = story.run(&format!(
        "{ip}; {no}; kubectl exec web -- bash -c \"
        (echo > /dev/tcp/$ip/80) && echo open
        (echo > /dev/tcp/$no/80) || echo closed
        (: < /dev/tcp/nosuch/80) || echo unknown
        (: < /dev/tcp/$ip/http) && echo named
        (: < /dev/tcp/$ip/htp) || echo misspelt
        timeout 2 bash -c 'echo > /dev/tcp/10.96.200.200/80' || echo late
        exec 3<>/dev/tcp/$ip/80
        printf 'GET /nope HTTP/1.0\\r\\n\\r\\n' >&3
        head -1 <&3\""
    ));
    let out = String::from_utf8_lossy(&said.stdout);
    assert_eq!(
        out.replace('\r', ""),
        "open\nclosed\nunknown\nnamed\nmisspelt\nlate\nHTTP/1.1 404 Not Found\n"
    );
    let told = String::from_utf8_lossy(&said.stderr);
    assert!(told.contains("connect: Connection refused\n"), "{told}");
    assert!(told.contains("/dev/tcp/nosuch/80: Invalid argument\n"), "{told}");
    assert!(told.contains("htp: Servname not supported for ai_socktype\n"), "{told}");
}

#[test]
fn curl_keeps_to_one_pod_while_its_connection_stands() {
    let mut story = Story::new();
    story.run("kubectl create deployment web --image=traefik/whoami --replicas=3; kubectl expose deployment web --port=80; kubectl run c --image=curlimages/curl -- sleep 3600; sleep 30");
    let ip = "$(kubectl get svc web -o jsonpath='{.spec.clusterIP}')";
    let run = |story: &mut Story, command: &str| {
        let said = story.run(&format!("ip={ip}; kubectl exec c -- sh -c \"{command}\" 2>&1"));
        String::from_utf8_lossy(&said.stdout).into_owned()
    };
    let pods = "curl -s $ip $ip $ip $ip $ip $ip $ip $ip | grep Hostname | sort -u | wc -l";
    assert_eq!(run(&mut story, pods).trim(), "1");
    let apart =
        "for i in 1 2 3 4 5 6 7 8 9; do curl -s $ip; done | grep Hostname | sort -u | wc -l";
    assert_eq!(run(&mut story, &apart.replace("$i ", "")).trim(), "3");
    let told = run(&mut story, "curl -sv -o /dev/null $ip $ip/again");
    assert_eq!(told.matches("Trying").count(), 1, "{told}");
    assert!(told.contains("* Re-using existing connection with host"), "{told}");
    assert!(told.contains("> GET /again HTTP/1.1"), "{told}");
}

#[test]
fn a_container_that_is_stopped_for_another_image_has_its_own_programs_until_it_ends() {
    let script = "kubectl run c --image=curlimages/curl --command -- sh -c \
                  'while true; do date >/dev/null; sleep 1; done' >/dev/null\n\
                  sleep 5\nkubectl set image pod/c c=nobody/nothing >/dev/null\n\
                  sleep 3\nkubectl logs c\nsleep 40\nkubectl get pod c --no-headers | awk '{print $3}'";
    assert!(matches!(&*output(script), "ErrImagePull\n" | "ImagePullBackOff\n"));
}

#[test]
fn a_folder_of_the_image_stays_when_its_only_file_goes_and_goes_with_rm_r() {
    let mut story = Story::with_pod("web", "nginx:1.27", "");
    let script = "rm /etc/nginx/conf.d/default.conf; ls -d /etc/nginx/conf.d; rm -r /etc/nginx/conf.d; ls -d /etc/nginx/conf.d";
    assert_eq!(
        story.inside("web", script),
        "/etc/nginx/conf.d\nls: cannot access '/etc/nginx/conf.d': No such file or directory\n"
    );
}

#[test]
fn ifconfig_and_arp_tell_of_the_pods_own_device_and_router() {
    let mut story = Story::with_pod("box", "busybox:1.36", "    command: [sleep, \"100000\"]\n");
    let own = story.inside("box", "ip -4 -o addr show eth0 | sed 's/.*inet //; s:/.*::'");
    let shown = story.inside("box", "ifconfig eth0");
    assert!(shown.contains(&format!("inet addr:{}  Bcast", own.trim())), "{shown}");
    let router = story.inside("box", "ip route | awk '/default/{print $3}'");
    let known = story.inside("box", "arp -n");
    assert!(known.starts_with(&format!("? ({}) at ", router.trim())), "{known}");
    assert_eq!(
        story.inside(
            "box",
            "ifconfig eth0 mtu 1400; ip addr add 10.0.0.1/8 dev eth0; arp -d 10.0.0.1"
        ),
        "ifconfig: SIOCSIFMTU: Operation not permitted\nip: RTNETLINK answers: Operation not permitted\narp: SIOCDARP(priv): Operation not permitted\n"
    );
}

#[test]
fn an_applet_that_is_not_simulated_refuses_what_it_would_refuse_itself() {
    let mut story = Story::with_pod("box", "busybox:1.36", "    command: [sleep, \"100000\"]\n");
    let said = story.inside("box", "crond -x; whois; crond -f");
    assert!(said.starts_with("crond: invalid option -- 'x'\n"), "{said}");
    assert!(said.contains("Usage: whois\n"), "{said}");
    assert!(said.contains("podhop: crond is not simulated here"), "{said}");
}

#[test]
fn top_writes_as_many_screens_as_it_is_asked_for() {
    let mut story = Story::with_pod("box", "busybox:1.36", "    command: [sleep, \"100000\"]\n");
    assert_eq!(story.inside("box", "top -b -n 2 -d 1 | grep -c '^Mem:'"), "2\n");
    assert_eq!(story.inside("box", "top bn1 | grep -c 'sleep 100000'"), "1\n");
}
