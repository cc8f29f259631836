//! Whole stories: what is typed on the laptop, in pods and on nodes, and what the clients say.

use std::time::Duration;

use crate::cluster::{Cluster, Config};
use crate::shell::{Files, Session, programs};

/// Standard output, standard error and the exit code of a script on a laptop with a new cluster.
fn run(script: &str) -> (String, String, i32) {
    let config = Config { nodes: 2, seed: 7, dns: true, dual_stack: false };
    let mut cluster = Cluster::new(&config, programs());
    let mut session = Session::new(Files::new());
    let finished = session.run(&mut cluster, script, Duration::from_secs(300));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&finished.stdout), text(&finished.stderr), finished.exit)
}

/// The same, in a pod of BusyBox' or Debian's tools.
fn in_pod(image: &str, script: &str) -> (String, String, i32) {
    run(&format!(
        "kubectl run client --image={image} -- sleep 9999 >/dev/null; kubectl wait --for=condition=Ready pod/client >/dev/null; kubectl exec client -- {script}"
    ))
}

// Recording 30, "from outside the cluster and from a node"
#[test]
fn the_laptop_asks_its_own_resolver() {
    let (out, _, exit) = run("nslookup nosuch.example.com");
    assert_eq!(
        out,
        "Server:\t\t203.0.113.53\nAddress:\t203.0.113.53#53\n\n** server can't find nosuch.example.com: NXDOMAIN\n\n"
    );
    assert_eq!(exit, 1);
    let (out, ..) = run("nslookup example.com");
    assert!(
        out.ends_with("Non-authoritative answer:\nName:\texample.com\nAddress: 203.0.113.10\n\n"),
        "{out}"
    );
}

// Recording 30: `laptop$ dig @10.96.0.10 +time=1 +tries=2 …`
#[test]
fn dig_counts_its_tries() {
    let (out, _, exit) = run("dig @10.96.0.10 +time=1 +tries=2 web.default.svc.cluster.local");
    assert_eq!(
        out,
        ";; communications error to 10.96.0.10#53: timed out\n;; communications error to 10.96.0.10#53: timed out\n\n; <<>> DiG 9.18.49-1~deb12u3-Debian <<>> @10.96.0.10 +time=1 +tries=2 web.default.svc.cluster.local\n; (1 server found)\n;; global options: +cmd\n;; no servers could be reached\n"
    );
    assert_eq!(exit, 9);
}

// Recording 30, "the API server's and the DNS's own Services"
#[test]
fn a_node_reaches_the_clusters_dns() {
    let (out, _, exit) =
        run("ssh node-1 dig @10.96.0.10 +short kubernetes.default.svc.cluster.local");
    assert_eq!((out.as_str(), exit), ("10.96.0.1\n", 0));
}

// Recording 31, ping
#[test]
fn nodes_answer_pings_and_pods_do_not_answer_the_laptop() {
    let (out, _, exit) = run("ping -c 1 192.168.49.2");
    assert!(out.starts_with("PING 192.168.49.2 (192.168.49.2) 56(84) bytes of data.\n64 bytes from 192.168.49.2: icmp_seq=1 ttl=64 time=0.0"), "{out}");
    assert!(out.contains(
        "\n1 packets transmitted, 1 received, 0% packet loss, time 0ms\nrtt min/avg/max/mdev = "
    ));
    assert_eq!(exit, 0);
    let (out, _, exit) = run("ping -c 1 -W 1 10.244.1.2");
    assert_eq!(
        out,
        "PING 10.244.1.2 (10.244.1.2) 56(84) bytes of data.\n\n--- 10.244.1.2 ping statistics ---\n1 packets transmitted, 0 received, 100% packet loss, time 0ms\n\n"
    );
    assert_eq!(exit, 1);
    let (_, err, exit) = run("ping -c 1 nosuch");
    assert_eq!((err.as_str(), exit), ("ping: nosuch: Name or service not known\n", 2));
}

// Recording 31, ping (BusyBox); R6.5
#[test]
fn a_cluster_ip_answers_no_ping() {
    let (out, _, exit) = in_pod("busybox", "ping -c 2 -W 1 10.96.0.10");
    assert_eq!(
        out,
        "PING 10.96.0.10 (10.96.0.10): 56 data bytes\n\n--- 10.96.0.10 ping statistics ---\n2 packets transmitted, 0 packets received, 100% packet loss\n"
    );
    assert_ne!(exit, 0);
}

// Recording 31, nc
#[test]
fn nc_tells_open_from_closed() {
    let (_, err, exit) = run("nc -zv 192.168.49.2 81");
    assert_eq!(
        (err.as_str(), exit),
        ("nc: connect to 192.168.49.2 port 81 (tcp) failed: Connection refused\n", 1)
    );
    let (_, err, exit) = run("nc -zv example.com 80");
    assert_eq!(
        (err.as_str(), exit),
        ("Connection to example.com (203.0.113.10) 80 port [tcp/http] succeeded!\n", 0)
    );
    let (_, err, _) = run("nc -zv -w 2 10.96.0.1 443");
    assert_eq!(
        err,
        "nc: connect to 10.96.0.1 port 443 (tcp) timed out: Operation now in progress\n"
    );
}

// Recording 31, GNU wget: refused, bad host, timeouts
#[test]
fn gnu_wget_words_its_failures_as_recorded() {
    let (_, err, exit) = run("LANG=C wget -T 1 -t 2 http://10.96.0.99");
    let lines: Vec<&str> = err.lines().collect();
    assert_eq!(
        lines[1..5],
        ["Connecting to 10.96.0.99:80... failed: Connection timed out.", "Retrying.", "", lines[4]]
    );
    assert!(lines[4].ends_with("--  (try: 2)  http://10.96.0.99/"), "{err}");
    assert!(err.ends_with("failed: Connection timed out.\nGiving up.\n\n"));
    assert_eq!(exit, 4);
    let (_, err, exit) = run("LC_ALL=C wget http://nosuch");
    assert!(err.ends_with("Resolving nosuch (nosuch)... failed: Name or service not known.\nwget: unable to resolve host address 'nosuch'\n"), "{err}");
    assert_eq!(exit, 4);
}

// Recording 31, "GNU wget: success" and "several addresses in one command"
#[test]
fn gnu_wget_saves_and_counts() {
    let (out, err, exit) = run("LC_ALL=C wget http://example.com; ls");
    assert!(err.contains("HTTP request sent, awaiting response... 200 OK\n"), "{err}");
    assert!(
        // Without a terminal it counts in dots, which such a small page has none of.
        err.contains("Saving to: 'index.html'\n\n     0K ") && err.contains(" 100% "),
        "{err}"
    );
    assert!(out.contains("index.html"), "{out}");
    assert_eq!(exit, 0);
    let (_, err, exit) = run("wget -qO- http://example.com http://nosuch");
    assert_eq!((err.as_str(), exit), ("", 4));
}

// Recording 31, "addresses and routes inside a Pod"
#[test]
fn a_pod_has_one_way_out() {
    let (out, ..) = in_pod("busybox", "ip route");
    let gateway = out.split_whitespace().nth(2).unwrap_or_default().to_owned();
    assert_eq!(out, format!("default via {gateway} dev eth0 \n{gateway} dev eth0 scope link \n"));
}

// Recording 20
#[test]
fn a_node_shows_its_packet_filter() {
    let (out, ..) = run("ssh node-1 iptables -t nat -L KUBE-SERVICES -n");
    assert!(
        out.starts_with("Chain KUBE-SERVICES (2 references)\ntarget     prot opt source"),
        "{out}"
    );
    assert!(out.contains("/* default/kubernetes:https cluster IP */ tcp dpt:443\n"), "{out}");
    let (out, ..) = run("ssh node-1 iptables-save -t nat | head -2");
    assert!(
        out.starts_with("# Generated by iptables-save v1.8.9 on Mon Jan  5 ")
            && out.contains("\n*nat\n"),
        "{out}"
    );
    let (out, err, _) = run(
        "ssh node-1 dig @10.96.0.10 +short a.example.com; ssh node-1 conntrack -L -p udp -d 10.96.0.10",
    );
    assert!(
        out.contains(" dst=10.96.0.10 ") && err.contains("flow entries have been shown."),
        "{out}{err}"
    );
}

// Recording 30: the packets of one curl, A and AAAA, leave from one port.
#[test]
fn both_questions_for_a_name_are_one_connection() {
    let (out, err, _) =
        run("ssh node-1 curl -s example.com >/dev/null; ssh node-1 conntrack -L -p udp --dport 53");
    assert_eq!(out.lines().count(), 1, "{out}{err}");
}

// Recording 31, "nc: a listener in one Pod, a client in another"
#[test]
fn a_listener_prints_what_its_client_says_and_ends_with_it() {
    let (out, err, exit) = in_pod(
        "nicolaka/netshoot",
        "sh -c 'nc -lvp 7778 & sleep 0.1; echo hello | nc -N 127.0.0.1 7778; wait; nc -zv 127.0.0.1 7778'",
    );
    assert_eq!(exit, 1);
    // What it says of itself goes to standard error, who comes by name (played in Debian's nc).
    assert_eq!(out, "hello\n");
    assert!(
        err.starts_with("Listening on 0.0.0.0 7778\nConnection received on localhost "),
        "{err}"
    );
    assert!(err.contains("(tcp) failed: Connection refused"), "{err}");
}

// A container's loop of listeners answers every client: the next one listens at once.
#[test]
fn a_loop_of_listeners_is_a_server() {
    let (out, err, exit) = run(
        "kubectl run web --image=busybox -- sh -c 'while true; do printf \"HTTP/1.1 200 OK\\r\\n\\r\\nhi\\n\" | nc -l -p 80; done' >/dev/null; kubectl run client --image=curlimages/curl -- sleep 9999 >/dev/null; kubectl wait --for=condition=Ready pod --all >/dev/null; ip=$(kubectl get pod web -o jsonpath={.status.podIP}); kubectl exec client -- curl -s $ip; kubectl exec client -- curl -s $ip/again; kubectl logs web",
    );
    assert_eq!(exit, 0, "{err}");
    let requests: Vec<&str> = out.lines().filter(|line| line.starts_with("GET")).collect();
    assert_eq!(out.lines().filter(|line| *line == "hi").count(), 2, "{out}");
    assert_eq!(requests, ["GET / HTTP/1.1", "GET /again HTTP/1.1"]);
}

#[test]
fn a_port_that_timeout_took_back_is_free() {
    let (out, err, exit) = in_pod(
        "busybox",
        "sh -c 'timeout 1 nc -l -p 7; timeout 1 nc -l -p 7; nc -l -p 7 & sleep 0.1; nc -l -p 7'",
    );
    assert_eq!((out.as_str(), exit), ("", 1));
    // BusyBox 1.36.1 says both.
    let ended = "punt!\nTerminated\n";
    let told = format!("{ended}{ended}nc: bind: Address already in use\n");
    assert!(err.starts_with(&told), "{err}");
    let (out, _, exit) = run(
        "timeout 1 kubectl port-forward -n kube-system deploy/coredns 9153 >/dev/null; timeout 1 kubectl port-forward -n kube-system deploy/coredns 9153",
    );
    assert!(out.starts_with("Forwarding from 127.0.0.1:9153 -> 9153\n"), "{out}");
    assert_eq!(exit, 124);
}

// BusyBox' httpd, Python's http.server, and nginx started by hand in an exec'd shell.
#[test]
fn servers_that_are_started_by_hand_serve() {
    let (out, err, exit) = in_pod(
        "busybox",
        "sh -c 'mkdir /w; echo page >/w/index.html; httpd -f -p 8080 -h /w & sleep 0.1; wget -qO- 127.0.0.1:8080; wget -qO- 127.0.0.1:8080/x'",
    );
    assert_eq!((out.as_str(), exit), ("page\n", 1));
    assert!(err.contains("wget: server returned error: HTTP/1.1 404 Not Found"), "{err}");
    let (out, _, exit) = in_pod(
        "python:3.13",
        "sh -c 'mkdir /w; cd /w; echo page >a.txt; python3 -m http.server & sleep 0.1; curl -s 127.0.0.1:8000/a.txt; curl -s 127.0.0.1:8000 | grep a.txt; sleep 0.1'",
    );
    assert_eq!(exit, 0);
    assert!(
        out.contains("page\n") && out.contains("<li><a href=\"a.txt\">a.txt</a></li>"),
        "{out}"
    );
    assert!(out.contains("\"GET /a.txt HTTP/1.1\" 200 -\n"), "{out}");
    let (out, ..) = in_pod(
        "nginx",
        "sh -c 'nginx -g \"daemon off;\" >/dev/null & sleep 0.1; curl -s -o /dev/null -w %{http_code} 127.0.0.1'",
    );
    assert_eq!(out, "200");
}

#[test]
fn a_nodes_settings_are_those_that_kube_proxy_leaves() {
    let (out, err, exit) = run(
        "ssh node-1 sudo sysctl net.ipv4.ip_forward net.netfilter.nf_conntrack_tcp_timeout_established nosuch",
    );
    assert_eq!(
        out,
        "net.ipv4.ip_forward = 1\nnet.netfilter.nf_conntrack_tcp_timeout_established = 86400\n"
    );
    assert_eq!(
        (err.as_str(), exit),
        ("sysctl: cannot stat /proc/sys/nosuch: No such file or directory\n", 255)
    );
}

// agnhost connect and netexec's /dial, which tests of network policies use.
#[test]
fn agnhost_says_in_a_word_why_it_does_not_reach_somebody() {
    let (out, _, exit) = run(
        "kubectl run web --image=registry.k8s.io/e2e-test-images/agnhost:2.53 -- netexec >/dev/null; kubectl run other --image=registry.k8s.io/e2e-test-images/agnhost:2.53 -- netexec >/dev/null; kubectl wait --for=condition=Ready pod --all >/dev/null; ip=$(kubectl get pod web -o jsonpath={.status.podIP}); for to in $ip:8080 $ip:81 10.96.200.200:80 nosuch:80; do kubectl exec other -- /agnhost connect $to --timeout=2s 2>/dev/null; echo $?; done; kubectl exec other -- curl -s \"127.0.0.1:8080/dial?host=$ip&port=8081&protocol=udp&request=hostname&tries=2\"; kubectl exec web -- curl -s 127.0.0.1:8080/exit?code=3; sleep 3; kubectl get pod web -o jsonpath={.status.containerStatuses[0].lastState.terminated.exitCode}",
    );
    assert_eq!(
        out,
        "0\nREFUSED\n1\nTIMEOUT\n1\nDNS: lookup nosuch: no such host\n1\n{\"responses\":[\"web\",\"web\"]}3"
    );
    assert_eq!(exit, 0);
}

/// An nginx whose default.conf is this, and a shell in its container.
fn with_nginx(conf: &str, script: &str) -> (String, String, i32) {
    in_pod(
        "nginx:1.27",
        &format!(
            "bash -c 'echo \"{conf}\" >/etc/nginx/conf.d/default.conf; nginx -g \"daemon off;\" >/tmp/log 2>&1 & sleep 0.1; {script}'"
        ),
    )
}

#[test]
fn nginx_is_tested_and_reloaded_by_hand() {
    let (out, err, exit) = with_nginx(
        "server { listen 80; return 200 one; }",
        "nginx -t; curl -s 127.0.0.1; echo \"server { listen 81; return 200 two; }\" >/etc/nginx/conf.d/default.conf; nginx -s reload; sleep 0.1; curl -s 127.0.0.1:81; curl -sS 127.0.0.1; echo \"server { nonsense; }\" >/etc/nginx/conf.d/default.conf; nginx -s reload; nginx -t; curl -s 127.0.0.1:81",
    );
    assert_eq!(exit, 0);
    assert!(err.contains("(7) Failed to connect to 127.0.0.1 port 80"), "{err}");
    let told: Vec<&str> = out.lines().filter(|line| !line.contains("[notice]")).collect();
    assert_eq!(told[0], "nginx: the configuration file /etc/nginx/nginx.conf syntax is ok");
    assert_eq!(told[1], "nginx: configuration file /etc/nginx/nginx.conf test is successful");
    assert!(out.contains("\none") && out.contains("\ntwo"), "{out}");
    let wrong = "nginx: [emerg] unknown directive \"nonsense\" in /etc/nginx/conf.d/default.conf:1";
    assert_eq!(told.iter().filter(|line| line.ends_with(wrong)).count(), 2, "{out}");
    assert!(out.ends_with("nginx: configuration file /etc/nginx/nginx.conf test failed\ntwo"));
}

#[test]
fn nginx_lets_in_whom_its_rules_let_in() {
    let status = |method: &str, path: &str| {
        let (out, ..) = with_nginx(
            "server { listen 80; location /get { limit_except GET { deny all; } } location /in { allow 127.0.0.1; deny all; return 404; } location /out { deny 127.0.0.0/8; try_files /none =418; } }",
            &format!("curl -s -o /dev/null -w %{{http_code}} -X {method} 127.0.0.1{path}"),
        );
        out
    };
    // `return` and `rewrite` come before access is checked, and a missing page after it.
    assert_eq!(
        [status("GET", "/get"), status("PUT", "/get"), status("POST", "/get")],
        ["404", "403", "403"]
    );
    assert_eq!([status("GET", "/in"), status("GET", "/out")], ["404", "403"]);
}

#[test]
fn a_nodes_records_can_be_deleted() {
    let (out, err, exit) = run(
        "ssh node-1 'curl -s example.com >/dev/null; conntrack -D -p tcp -d 203.0.113.10; conntrack -C -p tcp; conntrack -D -p tcp -d 203.0.113.10; echo $?; conntrack -F; conntrack -C'",
    );
    assert_eq!(exit, 0);
    let lines: Vec<&str> = out.lines().collect();
    assert!(lines[0].starts_with("tcp      6 ") && lines[0].contains("dst=203.0.113.10"), "{out}");
    assert_eq!(lines[2..], ["1", "0"], "{out}");
    assert!(err.contains("1 flow entries have been deleted.\n"), "{err}");
    assert!(err.ends_with("connection tracking table has been emptied.\n"), "{err}");
}

/// A pod of Debian's tools, `probe`, one of BusyBox', `box`, and one of musl's, `alpine`.
const CLIENTS: &str = "\
kubectl run probe --image=nicolaka/netshoot -- sleep 9999 >/dev/null
kubectl run debian --image=debian:12 --command -- sh -c 'apt-get update; apt-get install -y curl wget dnsutils; sleep 9999' >/dev/null
kubectl run box --image=busybox:1.37 -- sleep 9999 >/dev/null
kubectl run alpine --image=alpine -- sleep 9999 >/dev/null
kubectl create service clusterip desk --tcp=80 --clusterip=10.96.7.7 >/dev/null
kubectl create service externalname loop --external-name=loop.default.svc.cluster.local >/dev/null
kubectl wait --for=condition=Ready pod --all >/dev/null
sleep 20
";

// The forward plugin's source, and what a CoreDNS whose resolver had gone was seen to do.
#[test]
fn coredns_waits_for_a_resolver_that_is_silent() {
    let walled = "kubectl apply -f - >/dev/null <<'END'
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: inside-only, namespace: kube-system}
spec:
  podSelector: {matchLabels: {k8s-app: kube-dns}}
  policyTypes: [Egress]
  egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}]
END
kubectl scale deployment coredns -n kube-system --replicas=1 >/dev/null
sleep 40
t() { begun=$(date +%s); kubectl exec \"$@\"; echo $(( $(date +%s) - begun )) s; }
";
    let (out, ..) = run(&format!(
        "{CLIENTS}{walled}t debian -- curl -s http://db.example.com; t box -- wget -qO- http://db.example.com; t box -- nslookup db.example.com; kubectl exec debian -- dig db.example.com; kubectl exec debian -- nslookup blah; kubectl exec debian -- dig +short desk.default.svc.cluster.local"
    ));
    assert!(
        out.starts_with("6 s\n4 s\n;; connection timed out; no servers could be reached\n\n5 s\n"),
        "{out}"
    );
    assert!(out.contains(";; flags: qr rd; QUERY: 1, ANSWER: 0, AUTHORITY: 0, ADDITIONAL: 1\n;; WARNING: recursion requested but not available\n"), "{out}");
    assert!(out.contains(" (echoed)\n") && out.contains(";; Query time: 2000 msec\n"), "{out}");
    assert!(out.contains(";; MSG SIZE  rcvd: 55\n"), "{out}");
    assert!(out.contains(";; Got SERVFAIL reply from 10.96.0.10\n"), "{out}");
    assert!(out.ends_with("10.96.7.7\n"), "{out}");
}

// nslookup.c, and CoreDNS' kubernetes plugin
#[test]
fn a_name_without_an_address_is_told_in_full_after_the_second_question() {
    let ask = "kubectl exec debian -- nslookup";
    let (out, ..) = run(&format!(
        "{CLIENTS}{ask} loop; {ask} -type=SOA svc.cluster.local; {ask} -type=AAAA desk"
    ));
    let head = ";; Got recursion not available from 10.96.0.10\nServer:\t\t10.96.0.10\nAddress:\t10.96.0.10#53\n\n";
    assert_eq!(
        out,
        format!(
            "{head};; Got recursion not available from 10.96.0.10\n*** Can't find loop.default.svc.cluster.local: No answer\n\n{head}*** Can't find svc.cluster.local: No answer\n\n{head}*** Can't find desk: No answer\n\n"
        )
    );
}

// nf_conntrack_proto_tcp.c; glibc's gethostbyname2
#[test]
fn a_reset_leaves_no_record_and_getent_asks_for_ipv6_first() {
    let (out, ..) = run(&format!(
        "{CLIENTS}node=$(kubectl get pod debian -o jsonpath='{{.spec.nodeName}}'); ip=$(kubectl get pod box -o jsonpath='{{.status.podIP}}'); ssh $node 'conntrack -F' >/dev/null 2>&1; kubectl exec debian -- curl -s http://$ip:81; ssh $node 'conntrack -L -p tcp 2>/dev/null' | grep -c dport=81; kubectl exec debian -- getent hosts desk; ssh $node 'conntrack -L -p udp 2>/dev/null' | grep -c 'dst=10.96.0.10'"
    ));
    assert_eq!(out, "0\n10.96.7.7       desk.default.svc.cluster.local\n5\n");
}

// musl's strerror
#[test]
fn the_c_library_of_the_place_words_what_is_wrong() {
    let (out, ..) = run(&format!(
        "{CLIENTS}for pod in alpine box; do kubectl exec $pod -- sh -c 'nc -v -w 1 10.97.1.1 80; wget -Z; true' 2>&1 | grep -v '^[^nw]'; done"
    ));
    assert!(out.contains("Operation timed out\nwget: unrecognized option: Z\n"), "{out}");
    assert!(out.contains("Connection timed out\nwget: invalid option -- 'Z'\n"), "{out}");
}
