//! Every picture as sentences: for `--plain`, for screen readers, and for `describe`.

use super::Play;
use super::ladder::{Fault, Help};
use super::scene::{PodView, Scene, ServiceView, Spot, both, visible_pods};
use super::story::Story;
use crate::level::GoalState;
use crate::network::HopVerdict;

/// The cluster map in sentences.
pub fn map(scene: &Scene, system: bool) -> Vec<String> {
    let mut lines = vec!["You are at the laptop, outside the cluster.".to_owned()];
    for node in &scene.nodes {
        let state = match (node.ready, node.cordoned) {
            (true, false) => "",
            (true, true) => ", closed for new pods",
            (false, _) => ", down",
        };
        let pods: Vec<&PodView> = visible_pods(&node.pods, system).collect();
        let count = match pods.len() {
            0 => "no pods".to_owned(),
            1 => "1 pod".to_owned(),
            many => format!("{many} pods"),
        };
        lines.push(format!("{} at {}{state}: {count}.", node.name, node.address));
        lines.extend(pods.iter().map(|pod| format!("  {}", told_pod(pod))));
    }
    for pod in visible_pods(&scene.waiting, system) {
        lines.push(format!("waiting for a node: {}", told_pod(pod)));
    }
    let dns =
        |service: &ServiceView| service.namespace == "kube-system" && service.name == "kube-dns";
    for service in &scene.services {
        if system || !service.is_system() {
            lines.push(service_sentence(service));
        } else if dns(service) {
            let (ready, all) = service.backends();
            let address = &service.address;
            lines.push(format!("DNS at {address}: {ready} of {all} servers ready."));
        }
    }
    lines
}

/// A pod with all that its box on the map shows.
fn told_pod(pod: &PodView) -> String {
    let mut parts = vec![format!("pod {}", pod.name)];
    if pod.namespace != "default" {
        parts.push(format!("namespace {}", pod.namespace));
    }
    let addresses = both(&pod.address, pod.other_address.as_deref());
    parts.push(or(&addresses, "no address yet").to_owned());
    parts.push(pod.status.clone());
    let labels = pod.shown_labels();
    if !labels.is_empty() {
        parts.push(format!("labels {labels}"));
    }
    parts.push(match &pod.made_by {
        Some(maker) => format!("made by {maker}"),
        None => "made by nobody".to_owned(),
    });
    for container in &pod.containers {
        let ports = match container.ports.is_empty() {
            true => "listens on no port".to_owned(),
            false => format!("listens on {}", container.ports.join(" ")),
        };
        let (name, image) = (&container.name, &container.image);
        parts.push(format!("container {name} ({image}) {}, {ports}", container.status));
    }
    parts.join("; ")
}

/// A request's way in sentences, with what speaks for each decision if `facts`.
pub fn way(story: &Story, facts: bool) -> Vec<String> {
    let mut lines = vec![format!("{}:", story.title)];
    for (number, step) in story.steps.iter().enumerate() {
        // What DNS says is told by its own words; "refused" is what becomes of a connection.
        let word = match (step.verdict, &*step.place) {
            (HopVerdict::Reject, "DNS") => "it ends here",
            (verdict, _) => verdict.word(),
        };
        lines.push(format!("{:>3}. {}: {} ({word})", number + 1, step.place, step.text));
        let evidence = step.evidence.iter().filter(|_| facts);
        let notes = step.notes.iter().chain(evidence);
        lines.extend(notes.map(|note| format!("       {note}")));
    }
    if let Some((from, to)) = &story.inside {
        lines.push(format!("   It stayed inside the pod, from container {from} to {to}."));
    }
    lines.push(format!("   It ended: {}.", story.ending));
    lines.extend(story.said.iter().map(|said| format!("   The client says: {said}")));
    lines
}

/// A text with a capital letter at its beginning.
pub fn capital(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
    }
}

/// How a goal stands, in one sentence.
pub fn goal(goal: &GoalState) -> String {
    let state = match (goal.passed, goal.tried) {
        (true, _) => "passed",
        (false, 0) => "not tried yet",
        (false, _) => "not passed",
    };
    if goal.tried == 0 {
        return format!("{} ({state})", goal.say);
    }
    format!("{} ({state}: {} of {})", goal.say, goal.succeeded, goal.of)
}

/// The ladder as far as it was climbed for the fault that was asked about, with all the goals that it
/// breaks; of the others their symptoms.
pub fn ladder(play: &Play, help: &Help<'_>) -> Vec<String> {
    let (goals, mut lines) = (play.goals(), Vec::new());
    for (at, fault) in help.faults.iter().enumerate() {
        let broken: Vec<_> = fault.goals.iter().filter_map(|at| goals.get(*at)).collect();
        lines.extend(broken.iter().map(|goal| format!("Not passed: {}", goal.say)));
        if let Some(heard) = broken.first().and_then(|goal| goal.heard.as_ref()) {
            lines.push(format!("  The client says: {}", heard.said));
        }
        match at == help.chosen {
            true => rungs(play, fault, &mut lines),
            false => lines.push(format!("  why {}: help with this one", at + 1)),
        }
    }
    lines
}

/// What was asked for about one fault.
fn rungs(play: &Play, fault: &Fault<'_>, lines: &mut Vec<String>) {
    let diagnosis = fault.diagnosis;
    lines.extend(fault.messages().map(|message| format!("  What happened: {message}")));
    if fault.rung >= 1 {
        let looks = diagnosis.look.iter().enumerate();
        lines.extend(looks.map(|(at, look)| format!("  Where to look {}: {look}", at + 1)));
    }
    if fault.rung >= 2 {
        lines.extend(diagnosis.evidence.iter().map(|fact| format!("  Fact: {fact}")));
    }
    if fault.rung >= 3 {
        let line = diagnosis.at.as_ref();
        let line = line.map(|at| format!("  Line: {at}: {}", play.line(at).unwrap_or_default()));
        lines.extend(line);
        lines.extend(fault.nearest().map(|nearest| format!("  Nearest miss: {nearest}")));
    }
    if fault.rung >= 4 {
        lines.extend(fault.ways_out().into_iter().map(|way| format!("  Way out: {way}")));
        lines.push(format!("  Its name: {}", diagnosis.code));
    }
}

/// What is known of something on the map, a line each.
pub fn describe(scene: &Scene, spot: &Spot) -> Vec<String> {
    match spot {
        Spot::Laptop => vec![
            "Your own machine, outside the cluster, on the nodes' network.".to_owned(),
            "From here nodes and node ports answer; pods and cluster IPs don't.".to_owned(),
        ],
        Spot::Outside(name) => vec![format!("{name}: a host outside the cluster.")],
        Spot::Node(name) => describe_node(scene, name),
        Spot::Pod(..) => scene.pod(spot).map(|pod| describe_pod(scene, pod)).unwrap_or_default(),
        Spot::Service(..) => scene.service(spot).map(describe_service).unwrap_or_default(),
    }
}

fn describe_node(scene: &Scene, name: &str) -> Vec<String> {
    let Some(node) = scene.nodes.iter().find(|node| node.name == name) else {
        return vec![format!("{name} is gone.")];
    };
    let mut lines = vec![
        format!("Address    {}", node.address),
        format!("Pod range  {}", node.pod_range),
        format!("State      {}", if node.ready { "Ready" } else { "NotReady" }),
    ];
    if node.cordoned {
        lines.push("           closed for new pods (cordoned)".to_owned());
    }
    lines.push(format!("Pods       {}", node.pods.len()));
    lines.extend(node.pods.iter().map(|pod| format!("  {}", pod_sentence(pod))));
    lines
}

fn describe_pod(scene: &Scene, pod: &PodView) -> Vec<String> {
    let node = scene.node_of(&pod.spot()).map_or("none yet", |node| &*node.name);
    let labels: Vec<String> =
        pod.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let mut lines = vec![
        format!("Namespace  {}", pod.namespace),
        format!("Address    {}", or(&both(&pod.address, pod.other_address.as_deref()), "none yet")),
        format!("Node       {node}"),
        format!("State      {} {}", pod.health.sign(), pod.status),
        format!("Labels     {}", or(&labels.join(", "), "none")),
        format!(
            "Made by    {}",
            pod.made_by.as_deref().unwrap_or("nobody: nothing brings it back")
        ),
    ];
    if !pod.policies.is_empty() {
        let names = pod.policies.join(", ");
        lines.push(format!("Policies   {names}: what none of them allows does not pass"));
    }
    lines.push("Containers".to_owned());
    for container in &pod.containers {
        let restarts = match container.restarts {
            0 => String::new(),
            1 => ", restarted once".to_owned(),
            many => format!(", restarted {many} times"),
        };
        lines.push(format!(
            "  {} {}  {}  {}{restarts}{}",
            container.health.sign(),
            container.name,
            container.image,
            container.status,
            if container.ports.is_empty() {
                String::new()
            } else {
                format!("  listens on {}", container.ports.join(" "))
            }
        ));
    }
    let selecting: Vec<&str> = scene
        .services
        .iter()
        .filter(|service| {
            service.namespace == pod.namespace
                && service.endpoints.iter().any(|endpoint| endpoint.pod.as_ref() == Some(&pod.name))
        })
        .map(|service| &*service.name)
        .collect();
    lines.push(format!("Services   {}", or(&selecting.join(", "), "none sends to it")));
    lines
}

fn describe_service(service: &ServiceView) -> Vec<String> {
    let mut lines = vec![
        format!("Namespace  {}", service.namespace),
        format!("Type       {}", service.kind),
        format!(
            "Address    {}",
            or(
                &both(&service.address, service.other_address.as_deref()),
                "none: names lead straight to pods"
            )
        ),
        format!("Ports      {}", or(&service.ports.join(", "), "none")),
        format!("Selector   {}", or(&service.selector, "none")),
    ];
    if !service.node_ports.is_empty() {
        lines.insert(4, format!("Node ports {}, on every node", service.node_ports.join(", ")));
    }
    lines.extend(service.routes.iter().map(|route| format!("Ingress    {route}")));
    let (ready, all) = service.backends();
    lines.push(format!("Endpoints  {ready} ready of {all}"));
    for endpoint in &service.endpoints {
        let sign = if endpoint.ready { '●' } else { '◌' };
        let pod = endpoint.pod.as_deref().unwrap_or("");
        lines.push(format!("  {sign} {}  {pod}", endpoint.address));
    }
    lines
}

fn pod_sentence(pod: &PodView) -> String {
    let namespace = match &*pod.namespace {
        "default" => String::new(),
        other => format!(" (namespace {other})"),
    };
    format!("{} {}{namespace} {}: {}", pod.health.sign(), pod.name, pod.address, pod.status)
}

fn service_sentence(service: &ServiceView) -> String {
    let endpoints = match service.backends() {
        (0, 0) => "no endpoints".to_owned(),
        (ready, all) if ready == all => format!("{all} endpoints"),
        (ready, all) => format!("{ready} of {all} endpoints ready"),
    };
    let addresses = both(&service.address, service.other_address.as_deref());
    let address = match (&*addresses, service.ports.join(", ")) {
        ("", ports) => format!("port {}", or(&ports, "none")),
        (address, ports) => format!("{address} port {}", or(&ports, "none")),
    };
    let nodes = match service.node_ports.join(", ") {
        ports if ports.is_empty() => ports,
        ports => format!(", on every node port {ports}"),
    };
    let selector = match service.selector.is_empty() {
        true => "no selector".to_owned(),
        false => format!("selects {}", service.selector),
    };
    let routes: Vec<String> =
        service.routes.iter().map(|route| format!("; Ingress {route}")).collect();
    let (name, kind, routes) = (&service.name, &service.kind, routes.concat());
    format!("service {name} ({kind}) {address}{nodes}; {selector}; {endpoints}{routes}")
}

fn or<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    if text.is_empty() { otherwise } else { text }
}
