//! Faults of names: the desk's addresses, and whoever is to know them.

use super::super::business::{App, DEFAULT};
use super::{Draw, Kind, Made, edit, object};
use crate::api::Kind as ObjectKind;
use crate::cluster::ObjectName;

pub(super) static KINDS: [Kind; 9] = [
    Kind {
        name: "wrong-host",
        tier: 1,
        lesson: "An unknown name: compare what the client calls with kubectl get services.",
        make: wrong_host,
    },
    Kind {
        name: "wrong-url-port",
        tier: 1,
        lesson: "Silence from a Service's address: the port is none of its own.",
        make: wrong_url_port,
    },
    Kind {
        name: "missing-namespace",
        tier: 2,
        lesson: "A short name is looked for in the caller's own namespace.",
        make: missing_namespace,
    },
    Kind {
        name: "misnamed-variable",
        tier: 2,
        lesson: "kubectl exec and env show what a container was really given.",
        make: misnamed_variable,
    },
    Kind {
        name: "dns-scaled-down",
        tier: 2,
        lesson: "When every name fails, look at CoreDNS before anything else.",
        make: dns_scaled_down,
    },
    Kind {
        name: "dns-policy",
        tier: 3,
        lesson: "dnsPolicy Default is the node's name server, which knows no Service.",
        make: dns_policy,
    },
    Kind {
        name: "other-name-server",
        tier: 4,
        lesson: "/etc/resolv.conf in the pod says whom it asks.",
        make: other_name_server,
    },
    Kind {
        name: "dns-selects-nothing",
        tier: 4,
        lesson: "kube-dns is a Service like any other, and needs endpoints.",
        make: dns_selects_nothing,
    },
    Kind {
        name: "dns-other-zone",
        tier: 4,
        lesson: "CoreDNS answers for the zone in its Corefile, and for no other.",
        make: dns_other_zone,
    },
];

/// The desk's Deployment.
fn desk(draw: &Draw<'_>) -> ObjectName {
    object(ObjectKind::Deployment, DEFAULT, draw.business.trade.desk)
}

/// A change of the desk's file.
fn at_desk(draw: &Draw<'_>, old: String, new: String, says: String) -> Option<Made> {
    Some(Made {
        part: draw.business.trade.desk.to_owned(),
        objects: vec![desk(draw)],
        edits: vec![edit(draw.business.desk_file(), old, new)],
        says,
        ..Made::default()
    })
}

fn value(url: &str) -> String {
    format!("          value: {url}\n")
}

fn address(app: &App) -> String {
    value(&format!("http://{}", app.host()))
}

fn wrong_host(draw: &mut Draw<'_>) -> Option<Made> {
    let app = draw.app(|_| true)?;
    let wrong = draw.misspelt(app.name);
    let host = app.host().replacen(app.name, &wrong, 1);
    let desk = draw.business.trade.desk;
    let says = format!("The {desk} called {host}; the name is {}.", app.host());
    at_desk(draw, address(app), value(&format!("http://{host}")), says)
}

fn wrong_url_port(draw: &mut Draw<'_>) -> Option<Made> {
    let app = draw.app(|_| true)?;
    let wrong = draw.chance.pick(&[8080_u16, 8000, 8888]).copied()?;
    let desk = draw.business.trade.desk;
    let says = format!("The {desk} called {} at port {wrong}; its Service has 80.", app.name);
    at_desk(draw, address(app), value(&format!("http://{}:{wrong}", app.host())), says)
}

fn missing_namespace(draw: &mut Draw<'_>) -> Option<Made> {
    let app = draw.app(|app| app.namespace != DEFAULT)?;
    let (desk, namespace) = (draw.business.trade.desk, app.namespace);
    let says = format!("The {desk} called {} without its namespace, {namespace}.", app.name);
    at_desk(draw, address(app), value(&format!("http://{}", app.name)), says)
}

fn misnamed_variable(draw: &mut Draw<'_>) -> Option<Made> {
    let app = draw.app(|_| true)?;
    let (variable, desk) = (app.variable(), draw.business.trade.desk);
    let wrong = match draw.chance.below(2) {
        0 => variable.replace("_URL", "_URI"),
        _ => variable.replace("_URL", "_ADDR"),
    };
    let says = format!("The {desk} was given {wrong}, and reads {variable}.");
    let line = |name: &str| format!("        - name: {name}\n");
    at_desk(draw, line(&variable), line(&wrong), says)
}

fn dns_policy(draw: &mut Draw<'_>) -> Option<Made> {
    let desk = draw.business.trade.desk;
    let old = "      terminationGracePeriodSeconds: 1\n";
    let says = format!("The {desk} had dnsPolicy Default, so it asked its node's name server.");
    at_desk(draw, old.to_owned(), format!("      dnsPolicy: Default\n{old}"), says)
}

fn other_name_server(draw: &mut Draw<'_>) -> Option<Made> {
    let desk = draw.business.trade.desk;
    let old = "      terminationGracePeriodSeconds: 1\n";
    let new =
        format!("      dnsPolicy: None\n      dnsConfig:\n        nameservers: [9.9.9.9]\n{old}");
    let says = format!("The {desk} asked 9.9.9.9 for names that only the cluster knows.");
    at_desk(draw, old.to_owned(), new, says)
}

/// A fault of the cluster's own name server.
fn in_dns(objects: Vec<ObjectName>, script: String, inverse: String, says: &str) -> Option<Made> {
    let says = says.to_owned();
    Some(Made { part: "dns".to_owned(), objects, script, inverse, says, ..Made::default() })
}

fn dns_scaled_down(_: &mut Draw<'_>) -> Option<Made> {
    let scale =
        |to: u32| format!("kubectl scale deployment coredns -n kube-system --replicas={to}\n");
    let objects = vec![
        object(ObjectKind::Deployment, "kube-system", "coredns"),
        object(ObjectKind::Service, "kube-system", "kube-dns"),
    ];
    in_dns(objects, scale(0), scale(2), "Somebody had scaled CoreDNS to no pods.")
}

fn dns_selects_nothing(_: &mut Draw<'_>) -> Option<Made> {
    let select = |label: &str| {
        format!(
            "kubectl patch service kube-dns -n kube-system \
             -p '{{\"spec\":{{\"selector\":{{\"k8s-app\":\"{label}\"}}}}}}'\n"
        )
    };
    let objects = vec![object(ObjectKind::Service, "kube-system", "kube-dns")];
    let says = "Service kube-dns selected k8s-app=core-dns, a label that no pod has.";
    in_dns(objects, select("core-dns"), select("kube-dns"), says)
}

fn dns_other_zone(_: &mut Draw<'_>) -> Option<Made> {
    let turn = |from: &str, to: &str| {
        format!(
            "kubectl get configmap coredns -n kube-system -o yaml | sed 's/kubernetes {from}/kubernetes \
             {to}/' | kubectl replace -f -\nkubectl rollout restart deployment coredns -n kube-system\n"
        )
    };
    let objects = vec![
        object(ObjectKind::ConfigMap, "kube-system", "coredns"),
        object(ObjectKind::Deployment, "kube-system", "coredns"),
    ];
    let (right, wrong) = ("cluster.local", "cluster.lan");
    let says = "The Corefile served the zone cluster.lan in place of cluster.local.";
    in_dns(objects, turn(right, wrong), turn(wrong, right), says)
}
