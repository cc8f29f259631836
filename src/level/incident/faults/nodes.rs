//! Faults of nodes: pods that had a place have none any more.

use super::super::business::{Business, FAST};
use super::{Draw, Kind, Made, deployment_of, object};
use crate::api::Kind as ObjectKind;
use crate::cluster::ObjectName;

pub(super) static KINDS: [Kind; 4] = [
    Kind {
        name: "cordoned",
        tier: 3,
        lesson: "kubectl get nodes shows SchedulingDisabled; a new pod stays Pending.",
        make: cordoned,
    },
    Kind {
        name: "tainted",
        tier: 3,
        lesson: "kubectl describe pod says why no node takes it: a taint that it does not tolerate.",
        make: tainted,
    },
    Kind {
        name: "drained",
        tier: 3,
        lesson: "A drained node is cordoned too; what belongs there waits until it is uncordoned.",
        make: drained,
    },
    Kind {
        name: "lost-node-label",
        tier: 3,
        lesson: "A nodeSelector counts when a pod is placed; running pods hide that a label went.",
        make: lost_node_label,
    },
];

fn nodes(business: &Business) -> Vec<String> {
    (1..=business.nodes).map(|number| format!("node-{number}")).collect()
}

fn node(name: &str) -> ObjectName {
    object(ObjectKind::Node, "", name)
}

/// Something is done to all nodes, and then an application's pods are made anew.
fn to_all(draw: &mut Draw<'_>, done: &str, undone: &str, says: &str) -> Option<Made> {
    let app = draw.app(|_| true)?;
    let nodes = nodes(draw.business);
    let each = |template: &str| -> String {
        nodes.iter().map(|node| format!("{}\n", template.replace("NODE", node))).collect()
    };
    let mut objects: Vec<ObjectName> = nodes.iter().map(|name| node(name)).collect();
    objects.push(deployment_of(app));
    let delete = format!("kubectl delete pods {}-l app={} --now\n", app.flag(), app.name);
    Some(Made {
        part: "nodes".to_owned(),
        objects,
        script: format!("{}{delete}", each(done)),
        inverse: each(undone),
        says: format!("{says}, and the pods of {} were made anew.", app.name),
        ..Made::default()
    })
}

fn cordoned(draw: &mut Draw<'_>) -> Option<Made> {
    to_all(draw, "kubectl cordon NODE", "kubectl uncordon NODE", "All nodes were cordoned")
}

fn tainted(draw: &mut Draw<'_>) -> Option<Made> {
    let taint = draw.chance.pick(&["upgrade=soon", "maintenance=today"]).copied()?;
    let (key, _) = taint.split_once('=')?;
    let done = format!("kubectl taint node NODE {taint}:NoSchedule");
    let undone = format!("kubectl taint node NODE {key}:NoSchedule-");
    to_all(draw, &done, &undone, &format!("All nodes had the taint {taint}:NoSchedule"))
}

fn drained(draw: &mut Draw<'_>) -> Option<Made> {
    let app = draw.app(|app| app.pinned)?;
    let name = FAST.2;
    let drain = format!(
        "kubectl drain {name} --ignore-daemonsets --delete-emptydir-data --force >/dev/null 2>&1\n"
    );
    Some(Made {
        part: "nodes".to_owned(),
        objects: vec![node(name), deployment_of(app)],
        script: drain,
        inverse: format!("kubectl uncordon {name}\n"),
        says: format!("{name} was drained, and {} may run nowhere else.", app.name),
        ..Made::default()
    })
}

fn lost_node_label(draw: &mut Draw<'_>) -> Option<Made> {
    let app = draw.app(|app| app.pinned)?;
    let (key, value, name) = FAST;
    let delete = format!("kubectl delete pods {}-l app={} --now\n", app.flag(), app.name);
    Some(Made {
        part: "nodes".to_owned(),
        objects: vec![node(name), deployment_of(app)],
        script: format!("kubectl label node {name} {key}-\n{delete}"),
        inverse: format!("kubectl label node {name} {key}={value}\n"),
        says: format!(
            "{name} had lost the label {key}={value}, and the pods of {} were made anew.",
            app.name
        ),
        ..Made::default()
    })
}
