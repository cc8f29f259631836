//! Faults of Services: whom they select, and which port leads where.

use super::super::business::App;
use super::super::manifests::tier;
use super::{Draw, Kind, Made, deployment_of, edit, object, restart_front, service_of};
use crate::api::Kind as ObjectKind;

pub(super) static KINDS: [Kind; 11] = [
    Kind {
        name: "wrong-selector",
        tier: 1,
        lesson: "A Service that selects nobody has no endpoints, and refuses.",
        make: wrong_selector,
    },
    Kind {
        name: "wrong-target-port",
        tier: 1,
        lesson: "targetPort is where the container listens; the pod refuses every other port.",
        make: wrong_target_port,
    },
    Kind {
        name: "wrong-port-name",
        tier: 1,
        lesson: "A targetPort with a name is looked up among the container's ports.",
        make: wrong_port_name,
    },
    Kind {
        name: "wrong-service-port",
        tier: 1,
        lesson: "A Service's address swallows every port that the Service does not list.",
        make: wrong_service_port,
    },
    Kind {
        name: "renamed-service",
        tier: 2,
        lesson: "A Service's name is the name that DNS knows.",
        make: renamed_service,
    },
    Kind {
        name: "selects-others",
        tier: 2,
        lesson: "The wrong page from the right name: the selector has chosen other pods.",
        make: selects_others,
    },
    Kind {
        name: "lost-label",
        tier: 2,
        lesson: "A selector asks for all of its labels; a pod that lacks one is no endpoint.",
        make: lost_label,
    },
    Kind {
        name: "other-protocol",
        tier: 3,
        lesson: "A Service's port has a protocol; TCP finds nothing at a port for UDP.",
        make: other_protocol,
    },
    Kind {
        name: "selects-too-many",
        tier: 3,
        lesson: "Answers that change from call to call: compare the endpoints with the pods.",
        make: selects_too_many,
    },
    Kind {
        name: "unready-published",
        tier: 3,
        lesson: "publishNotReadyAddresses sends traffic to pods that are not ready.",
        make: unready_published,
    },
    Kind {
        name: "stale-endpoints",
        tier: 4,
        lesson: "A Service without a selector keeps the endpoints that it had, and pods move on.",
        make: stale_endpoints,
    },
];

/// The selector as the Service's lines begin it.
fn selector(app: &App) -> String {
    format!("  selector:\n    app: {}\n", app.name)
}

fn wrong_selector(draw: &mut Draw<'_>) -> Option<Made> {
    let ledger = draw.business.ledger.is_some() && draw.chance.chance(1, 4);
    let name = match ledger {
        true => draw.business.trade.ledger,
        false => draw.app(|_| true)?.name,
    };
    let app = draw.business.apps.iter().find(|app| app.name == name);
    let namespace = app.map_or("default", |app| app.namespace);
    let wrong = draw.misspelt(name);
    let old = format!("  selector:\n    app: {name}\n");
    let new = format!("  selector:\n    app: {wrong}\n");
    Some(Made {
        part: name.to_owned(),
        objects: vec![object(ObjectKind::Service, namespace, name)],
        edits: vec![edit(format!("{name}.yaml"), old, new)],
        says: format!("Service {name} selected app={wrong}, a label that no pod has."),
        ..Made::default()
    })
}

fn wrong_target_port(draw: &mut Draw<'_>) -> Option<Made> {
    let app = draw.app(|app| !app.by_name)?;
    let others: Vec<u16> =
        [80, 8080, 8000, 3000, 9090].into_iter().filter(|port| *port != app.port).collect();
    let wrong = draw.chance.pick(&others).copied()?;
    let old = format!("    targetPort: {}\n", app.port);
    Some(Made {
        part: app.name.to_owned(),
        objects: vec![service_of(app)],
        edits: vec![edit(app.file(), old, format!("    targetPort: {wrong}\n"))],
        says: format!(
            "Service {} led to port {wrong}; its container listens on {}.",
            app.name, app.port
        ),
        ..Made::default()
    })
}

fn wrong_port_name(draw: &mut Draw<'_>) -> Option<Made> {
    let app = draw.app(|app| app.by_name)?;
    let wrong = draw.chance.pick(&["http", "www", "api"]).copied()?;
    Some(Made {
        part: app.name.to_owned(),
        objects: vec![service_of(app)],
        edits: vec![edit(app.file(), "targetPort: web\n", format!("targetPort: {wrong}\n"))],
        says: format!(
            "Service {} led to a port called {wrong}; the container calls it web.",
            app.name
        ),
        ..Made::default()
    })
}

fn wrong_service_port(draw: &mut Draw<'_>) -> Option<Made> {
    let app = draw.app(|_| true)?;
    let wrong = draw.chance.pick(&[8080_u16, 8000, 81, 8888]).copied()?;
    let old = "  - name: http\n    port: 80\n";
    let new = format!("  - name: http\n    port: {wrong}\n");
    Some(Made {
        part: app.name.to_owned(),
        objects: vec![service_of(app)],
        edits: vec![edit(app.file(), old, new)],
        says: format!("Service {} listed port {wrong}; its callers use 80.", app.name),
        ..Made::default()
    })
}

fn renamed_service(draw: &mut Draw<'_>) -> Option<Made> {
    let app = draw.app(|_| true)?;
    let name = app.name;
    let wrong = match draw.chance.below(3) {
        0 => format!("{name}-svc"),
        1 => format!("{name}-service"),
        _ => draw.misspelt(name),
    };
    let head = "kind: Service\nmetadata:\n  name: ";
    let renamed = object(ObjectKind::Service, app.namespace, &wrong);
    Some(Made {
        part: name.to_owned(),
        objects: vec![service_of(app), renamed],
        edits: vec![edit(app.file(), format!("{head}{name}\n"), format!("{head}{wrong}\n"))],
        script: format!("kubectl delete service {}{name}\n", app.flag()),
        inverse: format!(
            "kubectl delete service {}{wrong}\n{}",
            app.flag(),
            restart_front(draw.business, app)
        ),
        says: format!("The Service was called {wrong}; its callers ask for {name}."),
    })
}

fn selects_others(draw: &mut Draw<'_>) -> Option<Made> {
    let app = draw.app(|app| !app.by_tier)?;
    let other = draw.app(|other| other.name != app.name && other.namespace == app.namespace)?;
    let new = format!("  selector:\n    app: {}\n", other.name);
    Some(Made {
        part: app.name.to_owned(),
        objects: vec![service_of(app)],
        edits: vec![edit(app.file(), selector(app), new)],
        says: format!("Service {} selected the pods of {}.", app.name, other.name),
        ..Made::default()
    })
}

fn lost_label(draw: &mut Draw<'_>) -> Option<Made> {
    let app = draw.app(|app| app.by_tier && app.recreate)?;
    let old = format!("        tier: {}\n", tier(app));
    let wrong = draw.chance.pick(&["web", "api", "frontend"]).copied()?;
    Some(Made {
        part: app.name.to_owned(),
        objects: vec![deployment_of(app), service_of(app)],
        edits: vec![edit(app.file(), old, format!("        tier: {wrong}\n"))],
        says: format!(
            "The pods of {} had tier={wrong}; their Service selects tier={}.",
            app.name,
            tier(app)
        ),
        ..Made::default()
    })
}

fn other_protocol(draw: &mut Draw<'_>) -> Option<Made> {
    let app = draw.app(|_| true)?;
    let old = "  - name: http\n    port: 80\n";
    Some(Made {
        part: app.name.to_owned(),
        objects: vec![service_of(app)],
        edits: vec![edit(app.file(), old, format!("{old}    protocol: UDP\n"))],
        says: format!("Port 80 of Service {} was for UDP.", app.name),
        ..Made::default()
    })
}

fn selects_too_many(draw: &mut Draw<'_>) -> Option<Made> {
    let app = draw.app(|app| !app.by_tier)?;
    draw.app(|other| other.name != app.name && other.namespace == app.namespace)?;
    let tier = tier(app);
    let new = format!("  selector:\n    tier: {tier}\n");
    Some(Made {
        part: app.name.to_owned(),
        objects: vec![service_of(app)],
        edits: vec![edit(app.file(), selector(app), new)],
        says: format!("Service {} selected tier={tier}, which other pods have too.", app.name),
        ..Made::default()
    })
}

fn unready_published(draw: &mut Draw<'_>) -> Option<Made> {
    let app = draw.app(|app| app.next)?;
    let new = format!("  publishNotReadyAddresses: true\n{}", selector(app));
    Some(Made {
        part: app.name.to_owned(),
        objects: vec![service_of(app)],
        edits: vec![edit(app.file(), selector(app), new)],
        says: format!(
            "Service {} published addresses of pods that are not ready: {}-next is none yet.",
            app.name, app.name
        ),
        ..Made::default()
    })
}

fn stale_endpoints(draw: &mut Draw<'_>) -> Option<Made> {
    let app = draw.app(|app| !app.by_tier && !app.next)?;
    Some(Made {
        part: app.name.to_owned(),
        objects: vec![service_of(app)],
        edits: vec![edit(app.file(), selector(app), "")],
        script: format!("kubectl delete pods {}-l app={} --now\n", app.flag(), app.name),
        says: format!("Service {} had no selector, and its pods were made anew.", app.name),
        ..Made::default()
    })
}
