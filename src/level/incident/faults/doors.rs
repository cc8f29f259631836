//! Faults on the way in from outside: node ports, load balancers, Ingress, and nginx behind them.

use super::super::business::{DEFAULT, Entrance};
use super::{Draw, Kind, Made, RESTART_FRONT, edit, object};
use crate::api::Kind as ObjectKind;

pub(super) static KINDS: [Kind; 11] = [
    Kind {
        name: "other-node-port",
        tier: 2,
        lesson: "kubectl get service shows the node port behind the colon.",
        make: other_node_port,
    },
    Kind {
        name: "no-door",
        tier: 2,
        lesson: "A Service of type ClusterIP cannot be reached from outside.",
        make: no_door,
    },
    Kind {
        name: "ingress-other-service",
        tier: 2,
        lesson: "503 is the Ingress controller's: a rule fits, and nobody is behind it.",
        make: ingress_other_service,
    },
    Kind {
        name: "ingress-other-host",
        tier: 2,
        lesson: "404 from the Ingress controller: no rule has this host and path.",
        make: ingress_other_host,
    },
    Kind {
        name: "other-path",
        tier: 2,
        lesson: "404 from nginx: it was reached, and has no such location.",
        make: other_path,
    },
    Kind {
        name: "local-only",
        tier: 3,
        lesson: "externalTrafficPolicy Local: a node without a pod of the Service lets nothing in.",
        make: local_only,
    },
    Kind {
        name: "source-ranges",
        tier: 3,
        lesson: "loadBalancerSourceRanges lets in nobody else.",
        make: source_ranges,
    },
    Kind {
        name: "ingress-other-port",
        tier: 3,
        lesson: "An Ingress names a port of the Service, not of the pod.",
        make: ingress_other_port,
    },
    Kind {
        name: "ingress-other-class",
        tier: 3,
        lesson: "An Ingress whose class no controller has is nobody's.",
        make: ingress_other_class,
    },
    Kind {
        name: "proxy-unknown-name",
        tier: 3,
        lesson: "nginx does not start while a name in its configuration is unknown; its log says which.",
        make: proxy_unknown_name,
    },
    Kind {
        name: "proxy-other-port",
        tier: 3,
        lesson: "504 or 502 from a proxy: it was reached, and what is behind it was not.",
        make: proxy_other_port,
    },
];

/// A fault of the front's Service.
fn in_service(draw: &Draw<'_>, old: String, new: String, says: String) -> Option<Made> {
    draw.business.front?;
    Some(Made {
        part: "front".to_owned(),
        objects: vec![object(ObjectKind::Service, DEFAULT, "front")],
        edits: vec![edit("front.yaml", old, new)],
        says,
        ..Made::default()
    })
}

fn other_node_port(draw: &mut Draw<'_>) -> Option<Made> {
    let Some(Entrance::NodePort(port)) = draw.business.front else { return None };
    let wrong = port + 10 + draw.chance.below(50) as u16;
    let line = |port: u16| format!("    nodePort: {port}\n");
    let says = format!("Service front was at node port {wrong}; everybody calls {port}.");
    in_service(draw, line(port), line(wrong), says)
}

fn no_door(draw: &mut Draw<'_>) -> Option<Made> {
    let says = "Service front was of type ClusterIP, for the cluster alone.".to_owned();
    match draw.business.front? {
        Entrance::NodePort(port) => {
            let mut made = in_service(draw, "  type: NodePort\n".into(), String::new(), says)?;
            made.edits.push(edit("front.yaml", format!("    nodePort: {port}\n"), ""));
            Some(made)
        }
        Entrance::LoadBalancer => {
            in_service(draw, "  type: LoadBalancer\n".into(), String::new(), says)
        }
        Entrance::Ingress => None,
    }
}

fn local_only(draw: &mut Draw<'_>) -> Option<Made> {
    let Some(Entrance::NodePort(_)) = draw.business.front else { return None };
    let old = "  type: NodePort\n";
    let says = "Service front had externalTrafficPolicy Local, and one pod on one node.".to_owned();
    in_service(draw, old.to_owned(), format!("{old}  externalTrafficPolicy: Local\n"), says)
}

fn source_ranges(draw: &mut Draw<'_>) -> Option<Made> {
    if draw.business.front != Some(Entrance::LoadBalancer) {
        return None;
    }
    let old = "  type: LoadBalancer\n";
    let range = draw.chance.pick(&["203.0.113.0/24", "10.0.0.0/8", "172.16.0.0/12"]).copied()?;
    let new = format!("{old}  loadBalancerSourceRanges: [{range}]\n");
    let says = format!("The load balancer let in {range} alone.");
    in_service(draw, old.to_owned(), new, says)
}

/// A fault of the Ingress.
fn in_ingress(draw: &Draw<'_>, old: String, new: String, says: String) -> Option<Made> {
    (draw.business.front == Some(Entrance::Ingress)).then(|| Made {
        part: "door".to_owned(),
        objects: vec![object(ObjectKind::Ingress, DEFAULT, "door")],
        edits: vec![edit("door.yaml", old, new)],
        says,
        ..Made::default()
    })
}

fn ingress_other_service(draw: &mut Draw<'_>) -> Option<Made> {
    let wrong = draw.chance.pick(&["frontend", "fornt", "web"]).copied()?;
    let line = |name: &str| format!("            name: {name}\n");
    let says = format!("Ingress door led to Service {wrong}; there is front.");
    in_ingress(draw, line("front"), line(wrong), says)
}

fn ingress_other_host(draw: &mut Draw<'_>) -> Option<Made> {
    let host = draw.business.host();
    let wrong = match draw.chance.below(2) {
        0 => format!("www.{host}"),
        _ => host.replace(".example", ".test"),
    };
    let line = |host: &str| format!("  - host: {host}\n");
    let says = format!("Ingress door had a rule for {wrong}; visitors ask for {host}.");
    in_ingress(draw, line(&host), line(&wrong), says)
}

fn ingress_other_port(draw: &mut Draw<'_>) -> Option<Made> {
    let line = |port: u16| format!("              number: {port}\n");
    let says = "Ingress door led to port 8080 of Service front, which has 80.".to_owned();
    in_ingress(draw, line(80), line(8080), says)
}

fn ingress_other_class(draw: &mut Draw<'_>) -> Option<Made> {
    let wrong = draw.chance.pick(&["public", "ngnix", "traefik"]).copied()?;
    let line = |class: &str| format!("  ingressClassName: {class}\n");
    let says = format!("Ingress door had the class {wrong}; the controller serves nginx.");
    in_ingress(draw, line("nginx"), line(wrong), says)
}

/// A fault of the front's configuration, which nginx reads when it starts.
fn in_proxy(draw: &Draw<'_>, old: String, new: String, says: String) -> Option<Made> {
    draw.business.front?;
    let objects = vec![
        object(ObjectKind::ConfigMap, DEFAULT, "front"),
        object(ObjectKind::Deployment, DEFAULT, "front"),
    ];
    Some(Made {
        part: "front".to_owned(),
        objects,
        edits: vec![edit("front.yaml", old, new)],
        script: RESTART_FRONT.to_owned(),
        inverse: RESTART_FRONT.to_owned(),
        says,
    })
}

fn other_path(draw: &mut Draw<'_>) -> Option<Made> {
    let business = draw.business;
    let app = draw.app(|app| business.is_shown(app))?;
    let wrong = draw.misspelt(app.name);
    let line = |path: &str| format!("      location /{path} {{\n");
    let says = format!("nginx of front knew /{wrong}, and not /{}.", app.name);
    in_proxy(draw, line(app.name), line(&wrong), says)
}

fn proxy_unknown_name(draw: &mut Draw<'_>) -> Option<Made> {
    let business = draw.business;
    let app = draw.app(|app| business.is_shown(app))?;
    let wrong = draw.misspelt(app.name);
    let host = app.host().replacen(app.name, &wrong, 1);
    let line = |host: &str| format!("        proxy_pass http://{host}/;\n");
    let says = format!("nginx of front was to pass requests to {host}, a name nobody has.");
    in_proxy(draw, line(&app.host()), line(&host), says)
}

fn proxy_other_port(draw: &mut Draw<'_>) -> Option<Made> {
    let business = draw.business;
    let app = draw.app(|app| business.is_shown(app))?;
    let wrong = draw.chance.pick(&[8080_u16, 8000, 3000]).copied()?;
    let line = |host: &str| format!("        proxy_pass http://{host}/;\n");
    let says = format!("nginx of front passed requests to port {wrong} of Service {}.", app.name);
    let host = app.host();
    in_proxy(draw, line(&host), line(&format!("{host}:{wrong}")), says)
}
