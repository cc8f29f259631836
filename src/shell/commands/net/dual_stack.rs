//! Clients in a dual-stack cluster (R13.1): what they ask for, try and print.

use std::time::Duration;

use crate::cluster::{Cluster, Config};
use crate::shell::{Files, Session, programs};

/// A dual-stack cluster with a Service `web` of both families in front of `whoami`, and pods of
/// Debian's, musl's and BusyBox' clients.
struct Desk {
    cluster: Cluster,
    session: Session,
}

const WORLD: &str = "\
kubectl run web --image=traefik/whoami --port=80 --labels=app=web >/dev/null
kubectl create -f - >/dev/null <<'END'
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  ipFamilyPolicy: RequireDualStack
  clusterIPs: [10.96.0.77, 'fd00:10:96::77']
  clusterIP: 10.96.0.77
  selector: {app: web}
  ports: [{port: 80}]
END
kubectl run client --image=ubuntu -- sleep 9999 >/dev/null
kubectl run musl --image=nicolaka/netshoot -- sleep 9999 >/dev/null
kubectl run box --image=busybox -- sleep 9999 >/dev/null
kubectl wait --for=condition=Ready pod --all >/dev/null
kubectl exec client -- sh -c 'apt-get update && apt-get install -y curl wget iputils-ping netcat-openbsd bind9-dnsutils' >/dev/null 2>&1
";

impl Desk {
    fn new() -> Desk {
        let config = Config { nodes: 2, seed: 7, dns: true, dual_stack: true };
        let mut desk = Desk {
            cluster: Cluster::new(&config, programs()),
            session: Session::new(Files::new()),
        };
        let (out, exit) = desk.run(WORLD);
        assert_eq!((out.as_str(), exit), ("", 0));
        desk
    }

    /// What a script on the laptop prints, and its exit code.
    fn run(&mut self, script: &str) -> (String, i32) {
        let script = format!("{{ {script}\n}} 2>&1");
        let finished = self.session.run(&mut self.cluster, &script, Duration::from_secs(300));
        (String::from_utf8_lossy(&finished.stdout).into_owned(), finished.exit)
    }

    /// The same, in a pod.
    fn at(&mut self, pod: &str, command: &str) -> (String, i32) {
        self.run(&format!("kubectl exec {pod} -- {command}"))
    }
}

#[test]
fn clients_try_the_family_that_their_library_prefers() {
    let mut desk = Desk::new();
    let remote = |text: &str| {
        text.lines().find(|line| line.starts_with("RemoteAddr: ")).unwrap_or(text).to_owned()
    };
    let (out, exit) = desk.at("client", "curl -sv http://web");
    assert_eq!(exit, 0, "{out}");
    assert!(out.contains("*   Trying [fd00:10:96::77]:80...\n"), "{out}");
    assert!(out.contains("* Connected to web (fd00:10:96::77) port 80"), "{out}");
    assert!(remote(&out).starts_with("RemoteAddr: [fd00:10:244:"), "{out}");
    let (out, _) = desk.at("musl", "curl -s http://web");
    assert!(remote(&out).starts_with("RemoteAddr: 10.244."), "{out}");
    let (out, _) = desk.at("musl", "curl -6 -s http://web");
    assert!(remote(&out).starts_with("RemoteAddr: [fd00:10:244:"), "{out}");
    let (out, _) = desk.at("client", "curl -4 -s http://web");
    assert!(remote(&out).starts_with("RemoteAddr: 10.244."), "{out}");
    let (out, _) = desk.at("client", "curl -s 'http://[fd00:10:96::77]:80/'");
    assert!(out.contains("\nHost: [fd00:10:96::77]\n"), "{out}");
    let (out, _) = desk.at("box", "wget -O- http://web");
    assert!(out.starts_with("Connecting to web (10.96.0.77:80)\n"), "{out}");
    let (out, _) = desk.at("box", "wget -O- 'http://[fd00:10:96::77]'");
    assert!(out.starts_with("Connecting to [fd00:10:96::77] ([fd00:10:96::77]:80)\n"), "{out}");
    let (out, _) = desk.at("client", "wget -O- http://web");
    assert!(out.contains("Resolving web (web)... fd00:10:96::77, 10.96.0.77\n"), "{out}");
    assert!(out.contains("Connecting to web (web)|fd00:10:96::77|:80... connected.\n"), "{out}");
    let (out, _) = desk.at("client", "wget -4 -qO- http://web");
    assert!(remote(&out).starts_with("RemoteAddr: 10.244."), "{out}");
}

#[test]
fn tools_tell_addresses_of_both_families() {
    let mut desk = Desk::new();
    let (out, _) = desk.at("client", "getent ahosts web");
    assert_eq!(
        out.lines().map(|line| line.split_whitespace().next().unwrap()).collect::<Vec<_>>(),
        [
            "fd00:10:96::77",
            "fd00:10:96::77",
            "fd00:10:96::77",
            "10.96.0.77",
            "10.96.0.77",
            "10.96.0.77"
        ]
    );
    let (out, _) = desk.at("client", "getent ahostsv4 web");
    assert!(out.starts_with("10.96.0.77 ") && !out.contains("fd00"), "{out}");
    let (out, _) = desk.at("client", "getent hosts web");
    assert_eq!(out, "fd00:10:96::77  web.default.svc.cluster.local\n");
    let (out, _) = desk.at("client", "dig +short AAAA web.default.svc.cluster.local");
    assert_eq!(out, "fd00:10:96::77\n");
    let (out, _) = desk.at("client", "dig +short -x fd00:10:96::77");
    assert_eq!(out, "web.default.svc.cluster.local.\n");
    let (out, _) = desk.at("client", "nc -6 -zv web 80");
    assert_eq!(out, "Connection to web (fd00:10:96::77) 80 port [tcp/http] succeeded!\n");
    let (out, exit) = desk.at("client", "ping -6 -c 1 kubernetes");
    assert!(
        out.starts_with("ping: kubernetes: Address family for hostname not supported\n"),
        "{out}"
    );
    assert_ne!(exit, 0);
    let (out, _) = desk.at("box", "nslookup web.default.svc.cluster.local");
    assert!(out.contains("\nAddress: 10.96.0.77\n") && out.contains("\nAddress: fd00:10:96::77\n"));
    let (pod, _) = desk.run("kubectl get pod web -o jsonpath='{.status.podIPs[1].ip}'");
    let (out, exit) = desk.at("client", &format!("ping -c 1 {pod}"));
    assert!(
        out.starts_with(&format!(
            "PING {pod}({pod}) 56 data bytes\n64 bytes from {pod}: icmp_seq=1 ttl=6"
        )),
        "{out}"
    );
    assert_eq!(exit, 0);
    let (out, _) = desk.at("box", &format!("ping -c 1 {pod}"));
    assert!(
        out.starts_with(&format!(
            "PING {pod} ({pod}): 56 data bytes\n64 bytes from {pod}: seq=0 ttl=6"
        )),
        "{out}"
    );
}

#[test]
fn a_node_shows_what_it_does_with_ipv6() {
    let mut desk = Desk::new();
    desk.at("client", "curl -s http://web");
    let (node, _) = desk.run("kubectl get pod client -o jsonpath={.spec.nodeName}");
    let (out, _) = desk.run(&format!("ssh {node} ip6tables-save -t nat"));
    assert!(out.starts_with("# Generated by ip6tables-save v1.8.9 on "), "{out}");
    assert!(out.contains("-A KUBE-SERVICES -d fd00:10:96::77/128 -p tcp "), "{out}");
    let (out, _) = desk.run(&format!("ssh {node} ip6tables -t nat -L KUBE-SERVICES -n"));
    assert!(out.contains(" tcp      ::/0                 fd00:10:96::77 "), "{out}");
    let (out, _) = desk.run(&format!("ssh {node} conntrack -L -f ipv6 -p tcp"));
    assert!(out.contains(" dst=fd00:10:96::77 "), "{out}");
    let (out, _) = desk.run(&format!("ssh {node} conntrack -L -p tcp"));
    assert!(!out.contains("fd00:"), "{out}");
    let (out, _) = desk.run(&format!("ssh {node} ip -6 route"));
    assert!(out.contains(" via fd00:192:168:49::"), "{out}");
    assert!(out.ends_with("default via fd00:192:168:49::1 dev eth0 metric 1024 pref medium\n"));
    let (out, _) = desk.at("musl", "ip -6 addr show dev eth0");
    assert!(out.contains("    inet6 fd00:10:244:") && !out.contains("inet "), "{out}");
    let (out, _) = desk.at("musl", "ip route get fd00:10:96::77");
    assert!(out.starts_with("fd00:10:96::77 from :: via fd00:10:244:"), "{out}");
}

#[test]
fn kubectl_shows_both_families() {
    let mut desk = Desk::new();
    let (out, _) = desk.run("kubectl describe svc web");
    for line in [
        "IP Family Policy:         RequireDualStack",
        "IP Families:              IPv4,IPv6",
        "IP:                       10.96.0.77",
        "IPs:                      10.96.0.77,fd00:10:96::77",
    ] {
        let words: Vec<&str> = line.split_whitespace().collect();
        let same = |known: &str| known.split_whitespace().eq(words.iter().copied());
        assert!(out.lines().any(same), "{line}\n{out}");
    }
    let (out, _) = desk.run("kubectl get endpointslices -l kubernetes.io/service-name=web");
    let kinds: Vec<&str> =
        out.lines().skip(1).filter_map(|line| line.split_whitespace().nth(1)).collect();
    assert!(kinds.contains(&"IPv4") && kinds.contains(&"IPv6") && kinds.len() == 2, "{out}");
    let (out, _) = desk.run("kubectl describe node node-1");
    assert!(out.contains("fd00:10:244:1::/64") && out.contains("fd00:192:168:49::2"), "{out}");
    let (out, _) = desk.run("kubectl get svc web -o yaml");
    assert!(out.contains("  clusterIPs:\n  - 10.96.0.77\n  - fd00:10:96::77\n"), "{out}");
}

// R13.1: in a single-stack cluster, IPv6 leads nowhere but to the pod itself.
#[test]
fn in_a_single_stack_cluster_there_is_no_way_for_ipv6() {
    let config = Config { nodes: 1, seed: 7, dns: true, dual_stack: false };
    let mut desk =
        Desk { cluster: Cluster::new(&config, programs()), session: Session::new(Files::new()) };
    desk.run("kubectl run web --image=nginx; kubectl run box --image=busybox -- sleep 9999; kubectl wait --for=condition=Ready pod --all");
    let (out, exit) = desk.at("web", "curl -s -o /dev/null -w '%{http_code}' 'http://[::1]/'");
    assert_eq!((out.as_str(), exit), ("200", 0));
    let (out, exit) = desk.at("web", "curl -sS 'http://[fd00:10:96::77]/'");
    assert!(out.starts_with("curl: (7) Failed to connect to fd00:10:96::77 port 80 after 0 ms: Couldn't connect to server\n"), "{out}");
    assert_eq!(exit, 7);
    let (out, _) = desk.at("box", "wget 'http://[fd00:10:96::77]/'");
    assert!(
        // Of an IPv6 address BusyBox' `xconnect.c` says no more.
        out.contains("wget: can't connect to remote host: Network is unreachable\n"),
        "{out}"
    );
    let (out, _) = desk.at("box", "ping -c 1 fd00:10:96::77");
    assert!(out.starts_with("ping: sendto: Network is unreachable\n"), "{out}");
}
