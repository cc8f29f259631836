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
        err.contains("Saving to: 'index.html'\n\nindex.html          100%[===================>]"),
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
