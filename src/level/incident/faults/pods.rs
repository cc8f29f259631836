//! Faults of pods: there are none, they don't start, or nobody listens where they are asked.

use super::super::business::{App, FAST, Server};
use super::super::manifests::{image, ready_path};
use super::{Draw, Kind, Made, deployment_of, edit, object, service_of};
use crate::api::Kind as ObjectKind;

pub(super) static KINDS: [Kind; 15] = [
    Kind {
        name: "no-replicas",
        tier: 1,
        lesson: "A Deployment of no pods leaves its Service without endpoints.",
        make: no_replicas,
    },
    Kind {
        name: "missing-tag",
        tier: 1,
        lesson: "kubectl get pods shows ImagePullBackOff; describe says which image.",
        make: missing_tag,
    },
    Kind {
        name: "scaled-down",
        tier: 2,
        lesson: "What was scaled by hand stands in no file; kubectl get deployments shows it.",
        make: scaled_down,
    },
    Kind {
        name: "wrong-readiness-path",
        tier: 2,
        lesson: "A pod whose readiness probe fails runs, and is sent nothing.",
        make: wrong_readiness_path,
    },
    Kind {
        name: "wrong-readiness-port",
        tier: 2,
        lesson: "kubectl describe pod tells what a readiness probe was answered.",
        make: wrong_readiness_port,
    },
    Kind {
        name: "listens-elsewhere",
        tier: 2,
        lesson: "containerPort opens nothing; the program decides where it listens.",
        make: listens_elsewhere,
    },
    Kind {
        name: "misspelt-command",
        tier: 2,
        lesson: "A container that ends at once says why in its log, or in describe.",
        make: misspelt_command,
    },
    Kind {
        name: "missing-settings",
        tier: 2,
        lesson: "A container waits for every ConfigMap that it takes variables from.",
        make: missing_settings,
    },
    Kind {
        name: "too-big",
        tier: 2,
        lesson: "A pod that no node has room for stays Pending; 50 is not 50m.",
        make: too_big,
    },
    Kind {
        name: "wrong-node-selector",
        tier: 2,
        lesson: "A pod that no node's labels fit stays Pending.",
        make: wrong_node_selector,
    },
    Kind {
        name: "too-few-pods",
        tier: 2,
        lesson: "A StatefulSet's pods have names as long as they are there.",
        make: too_few_pods,
    },
    Kind {
        name: "waits-for-nobody",
        tier: 3,
        lesson: "Init:0/1 means that the first container has not ended; its log says on what it waits.",
        make: waits_for_nobody,
    },
    Kind {
        name: "killed-again",
        tier: 3,
        lesson: "A liveness probe that fails kills the container, however healthy it is.",
        make: killed_again,
    },
    Kind {
        name: "loopback-only",
        tier: 3,
        lesson: "A server at 127.0.0.1 hears its own pod alone.",
        make: loopback_only,
    },
    Kind {
        name: "impostor",
        tier: 4,
        lesson: "Whoever has the labels is an endpoint, whatever made it.",
        make: impostor,
    },
];

/// A fault in an application's Deployment.
fn in_deployment(app: &App, old: String, new: String, says: String) -> Option<Made> {
    Some(Made {
        part: app.name.to_owned(),
        objects: vec![deployment_of(app)],
        edits: vec![edit(app.file(), old, new)],
        says,
        ..Made::default()
    })
}

fn no_replicas(draw: &mut Draw<'_>) -> Option<Made> {
    let app = draw.app(|app| app.replicas.is_some())?;
    let old = format!("  replicas: {}\n", app.pods());
    let says = format!("Deployment {} was told to have no pods.", app.name);
    in_deployment(app, old, "  replicas: 0\n".to_owned(), says)
}

fn missing_tag(draw: &mut Draw<'_>) -> Option<Made> {
    let app = draw.app(|app| app.recreate)?;
    let image = image(app.server);
    let (name, tag) = image.split_once(':')?;
    let wrong = match draw.chance.below(3) {
        0 => format!("{name}:{tag}-rc1"),
        1 => format!("{name}:stabel"),
        _ => format!("{}:{tag}", draw.misspelt(name.rsplit('/').next()?)),
    };
    let says = format!("Deployment {} asked for the image {wrong}, which is nowhere.", app.name);
    let (old, new) = (format!("image: {image}\n"), format!("image: {wrong}\n"));
    in_deployment(app, old, new, says)
}

fn scaled_down(draw: &mut Draw<'_>) -> Option<Made> {
    let app = draw.app(|app| app.replicas.is_none())?;
    let scale =
        |to: u32| format!("kubectl scale deployment {}{} --replicas={to}\n", app.flag(), app.name);
    Some(Made {
        part: app.name.to_owned(),
        objects: vec![deployment_of(app)],
        script: scale(0),
        inverse: scale(1),
        says: format!("Somebody had scaled Deployment {} to no pods.", app.name),
        ..Made::default()
    })
}

fn wrong_readiness_path(draw: &mut Draw<'_>) -> Option<Made> {
    let app = draw.app(|app| app.recreate && app.probe && app.server == Server::Podinfo)?;
    let wrong = draw.chance.pick(&["/ready", "/health", "/status"]).copied()?;
    let old = format!("            path: {}\n", ready_path(app.server));
    let says = format!("The readiness probe of {} asked for {wrong}, a page not there.", app.name);
    in_deployment(app, old, format!("            path: {wrong}\n"), says)
}

fn wrong_readiness_port(draw: &mut Draw<'_>) -> Option<Made> {
    let app = draw.app(|app| app.recreate && app.probe)?;
    let others: Vec<u16> =
        [81, 8088, 9000, 3001].into_iter().filter(|port| *port != app.port).collect();
    let wrong = draw.chance.pick(&others).copied()?;
    let old = format!("            port: {}\n", app.port);
    let says = format!(
        "The readiness probe of {} asked port {wrong}; the server listens on {}.",
        app.name, app.port
    );
    in_deployment(app, old, format!("            port: {wrong}\n"), says)
}

fn listens_elsewhere(draw: &mut Draw<'_>) -> Option<Made> {
    let app = draw.app(|app| app.recreate && app.server != Server::Nginx)?;
    let wrong = app.port + 1;
    let (old, new) = match app.server {
        Server::Podinfo => (format!("--port={},", app.port), format!("--port={wrong},")),
        Server::HttpEcho => (format!("-listen=:{}\"", app.port), format!("-listen=:{wrong}\"")),
        _ => (format!("--port, \"{}\"", app.port), format!("--port, \"{wrong}\"")),
    };
    let says = format!(
        "The server of {} listened on {wrong}; everybody else knows {}.",
        app.name, app.port
    );
    in_deployment(app, old, new, says)
}

fn misspelt_command(draw: &mut Draw<'_>) -> Option<Made> {
    let app = draw.app(|app| app.recreate && app.server != Server::Nginx)?;
    let (old, new) = match app.server {
        Server::Podinfo => ("[./podinfo,", "[./podinf0,"),
        Server::HttpEcho => ("\"-text=", "\"-texts="),
        _ => ("--port,", "--prot,"),
    };
    let says = format!(
        "The command of {} was misspelt: {}.",
        app.name,
        new.trim_matches(['[', ',', '"', '='])
    );
    in_deployment(app, old.to_owned(), new.to_owned(), says)
}

fn missing_settings(draw: &mut Draw<'_>) -> Option<Made> {
    let app = draw.app(|app| app.recreate && app.settings)?;
    let wrong = draw.chance.pick(&["config", "setting", "env"]).copied()?;
    let old = format!("            name: {}-settings\n", app.name);
    let new = format!("            name: {}-{wrong}\n", app.name);
    let says = format!(
        "{} took variables from ConfigMap {}-{wrong}, which is not there.",
        app.name, app.name
    );
    in_deployment(app, old, new, says)
}

fn too_big(draw: &mut Draw<'_>) -> Option<Made> {
    let app = draw.app(|app| app.recreate)?;
    let says = format!("Pods of {} asked for 50 processors in place of 50m.", app.name);
    in_deployment(app, "cpu: 50m\n".to_owned(), "cpu: 50\n".to_owned(), says)
}

fn wrong_node_selector(draw: &mut Draw<'_>) -> Option<Made> {
    let app = draw.app(|app| app.recreate && app.pinned)?;
    let wrong = draw.chance.pick(&["ssd", "nvme", "quick"]).copied()?;
    let (key, value, _) = FAST;
    let says = format!("Pods of {} wanted a node with {key}={wrong}, and none has it.", app.name);
    let (old, new) = (format!("        {key}: {value}\n"), format!("        {key}: {wrong}\n"));
    in_deployment(app, old, new, says)
}

fn too_few_pods(draw: &mut Draw<'_>) -> Option<Made> {
    let (pods, name) = (draw.business.ledger?, draw.business.trade.ledger);
    let fewer = pods - 1;
    let (old, new) = (format!("  replicas: {pods}\n"), format!("  replicas: {fewer}\n"));
    Some(Made {
        part: name.to_owned(),
        objects: vec![object(ObjectKind::StatefulSet, "default", name)],
        edits: vec![edit(draw.business.ledger_file(), old, new)],
        says: format!("StatefulSet {name} had {fewer} pods, so {name}-{fewer} was not there."),
        ..Made::default()
    })
}

fn waits_for_nobody(draw: &mut Draw<'_>) -> Option<Made> {
    let app = draw.app(|app| app.recreate && app.waits.is_some())?;
    let other = app.waits?;
    let wrong = draw.misspelt(other);
    let name = |host: &str| format!("nslookup {host}.default");
    let says = format!("{} waited for {wrong} before it started; it is called {other}.", app.name);
    in_deployment(app, name(other), name(&wrong), says)
}

fn killed_again(draw: &mut Draw<'_>) -> Option<Made> {
    let app = draw.app(|app| app.recreate)?;
    let old = "        resources:\n          requests:\n            cpu: 50m\n";
    let new = format!(
        "        livenessProbe:\n          httpGet:\n            path: {}\n            port: {}\n          \
         periodSeconds: 2\n          failureThreshold: 1\n{old}",
        ready_path(app.server),
        app.port + 2
    );
    let says = format!("The liveness probe of {} asked port {}.", app.name, app.port + 2);
    in_deployment(app, old.to_owned(), new, says)
}

fn loopback_only(draw: &mut Draw<'_>) -> Option<Made> {
    let app = draw.app(|app| app.recreate && app.server == Server::Nginx)?;
    let listen = |address: &str| format!("      listen {address}{};\n", app.port);
    let restart = format!("kubectl rollout restart deployment {}{}\n", app.flag(), app.name);
    let page = object(ObjectKind::ConfigMap, app.namespace, &format!("{}-page", app.name));
    Some(Made {
        part: app.name.to_owned(),
        objects: vec![page, deployment_of(app)],
        edits: vec![edit(app.file(), listen(""), listen("127.0.0.1:"))],
        script: restart.clone(),
        inverse: restart,
        says: format!("nginx of {} listened at 127.0.0.1 alone.", app.name),
    })
}

/// A Deployment that somebody tries something with; its pods have the label of others.
fn impostor(draw: &mut Draw<'_>) -> Option<Made> {
    let app = draw.app(|app| !app.by_tier)?;
    let App { name, port, .. } = app;
    let made = format!("{name}-try");
    let flag = app.flag();
    let ports = if app.by_name {
        format!(", ports: [{{name: web, containerPort: {port}}}]")
    } else {
        String::new()
    };
    let script = format!(
        "cat <<'EOF' | kubectl apply {flag}-f -\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: \
         {made}}}\nspec:\n  replicas: 2\n  selector: {{matchLabels: {{app: {name}, run: try}}}}\n  template:\n    \
         metadata: {{labels: {{app: {name}, run: try}}}}\n    spec:\n      containers:\n      - {{name: try, image: \
         \"hashicorp/http-echo:1.0\", args: [\"-listen=:{port}\", \"-text=just trying\"]{ports}}}\nEOF\n"
    );
    Some(Made {
        part: name.to_string(),
        objects: vec![object(ObjectKind::Deployment, app.namespace, &made), service_of(app)],
        script,
        inverse: format!("kubectl delete deployment {flag}{made}\n"),
        says: format!("Deployment {made} made pods with the label app={name}."),
        ..Made::default()
    })
}
