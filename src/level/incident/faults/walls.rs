//! Faults of NetworkPolicies.

use super::super::business::DEFAULT;
use super::{Draw, Kind, Made, edit, object};
use crate::api::Kind as ObjectKind;

pub(super) static KINDS: [Kind; 5] = [
    Kind {
        name: "wall-shuts-out",
        tier: 2,
        lesson: "Silence between two pods that are both there: a NetworkPolicy lets nobody in but whom it names.",
        make: wall_shuts_out,
    },
    Kind {
        name: "wall-other-port",
        tier: 2,
        lesson: "A policy's port is the pod's, not the Service's.",
        make: wall_other_port,
    },
    Kind {
        name: "wall-around-all",
        tier: 3,
        lesson: "An empty podSelector means every pod of the namespace.",
        make: wall_around_all,
    },
    Kind {
        name: "new-wall",
        tier: 3,
        lesson: "kubectl get networkpolicies shows walls that stand in no file.",
        make: new_wall,
    },
    Kind {
        name: "no-way-to-dns",
        tier: 3,
        lesson: "Whoever may go out to some ports only has to be allowed DNS too.",
        make: no_way_to_dns,
    },
];

fn wall_shuts_out(draw: &mut Draw<'_>) -> Option<Made> {
    let app = draw.business.walled()?;
    let desk = draw.business.trade.desk;
    let wrong = draw.misspelt(desk);
    let line = |name: &str| format!("          app: {name}\n");
    Some(Made {
        part: "wall".to_owned(),
        objects: vec![object(ObjectKind::NetworkPolicy, app.namespace, app.name)],
        edits: vec![edit("wall.yaml", line(desk), line(&wrong))],
        says: format!("NetworkPolicy {} let in app={wrong}; the {desk} is app={desk}.", app.name),
        ..Made::default()
    })
}

fn wall_other_port(draw: &mut Draw<'_>) -> Option<Made> {
    let app = draw.business.walled().filter(|app| app.port != 80)?;
    let line = |port: u16| format!("    - port: {port}\n");
    Some(Made {
        part: "wall".to_owned(),
        objects: vec![object(ObjectKind::NetworkPolicy, app.namespace, app.name)],
        edits: vec![edit("wall.yaml", line(app.port), line(80))],
        says: format!(
            "NetworkPolicy {} allowed port 80; the pods listen on {}.",
            app.name, app.port
        ),
        ..Made::default()
    })
}

fn wall_around_all(draw: &mut Draw<'_>) -> Option<Made> {
    let app = draw.business.walled()?;
    let old = format!("  podSelector:\n    matchLabels:\n      app: {}\n", app.name);
    Some(Made {
        part: "wall".to_owned(),
        objects: vec![object(ObjectKind::NetworkPolicy, app.namespace, app.name)],
        edits: vec![edit("wall.yaml", old, "  podSelector: {}\n")],
        says: format!(
            "NetworkPolicy {} stood around every pod of its namespace, not around {} alone.",
            app.name, app.name
        ),
        ..Made::default()
    })
}

/// A policy that somebody applied and that stands in no file.
fn applied(namespace: &str, name: &str, spec: &str, says: String) -> Option<Made> {
    Some(Made {
        part: "new-wall".to_owned(),
        objects: vec![object(ObjectKind::NetworkPolicy, namespace, name)],
        script: format!(
            "cat <<'EOF' | kubectl apply -n {namespace} -f -\napiVersion: networking.k8s.io/v1\nkind: \
             NetworkPolicy\nmetadata: {{name: {name}}}\nspec: {spec}\nEOF\n"
        ),
        inverse: format!("kubectl delete networkpolicy -n {namespace} {name}\n"),
        says,
        ..Made::default()
    })
}

fn new_wall(draw: &mut Draw<'_>) -> Option<Made> {
    let app = draw.app(|_| true)?;
    let name = draw.chance.pick(&["lockdown", "default-deny", "audit"]).copied()?;
    let spec = "{podSelector: {}, policyTypes: [Ingress]}";
    let says =
        format!("NetworkPolicy {name} in namespace {} let nothing in at all.", app.namespace);
    applied(app.namespace, name, spec, says)
}

fn no_way_to_dns(draw: &mut Draw<'_>) -> Option<Made> {
    let desk = draw.business.trade.desk;
    let name = draw.chance.pick(&["outgoing", "only-http", "egress"]).copied()?;
    let mut ports: Vec<u16> = draw.business.apps.iter().map(|app| app.port).collect();
    ports.push(80);
    ports.sort_unstable();
    ports.dedup();
    let ports: Vec<String> = ports.iter().map(|port| format!("{{port: {port}}}")).collect();
    let spec = format!(
        "{{podSelector: {{matchLabels: {{app: {desk}}}}}, policyTypes: [Egress], egress: [{{ports: \
         [{}]}}]}}",
        ports.join(", ")
    );
    let says = format!("NetworkPolicy {name} let the {desk} out to its servers, and not to DNS.");
    applied(DEFAULT, name, &spec, says)
}
