//! Commands that sent nothing: a tool that is not there, an address that is empty.

use k8s_openapi::api::core::v1::Service;

use super::{Diagnosis, Facts};

/// The words with which shells and runtimes say that a program is missing.
const MISSING: [&str; 3] = ["executable file not found", "command not found", ": not found"];

/// Tools that ask a server for something, the most usual first.
const CLIENTS: [&str; 5] = ["curl", "wget", "nc", "nslookup", "dig"];

/// The goal's command is not in the image that it runs in (R15).
pub(super) fn missing_tool(facts: &Facts<'_>) -> Option<Diagnosis> {
    let finished = facts.case.run?.finished.as_ref()?;
    let said =
        facts.output.lines().find(|line| MISSING.iter().any(|words| line.contains(words)))?;
    if !matches!(finished.exit, 126 | 127) {
        return None;
    }
    let tool = CLIENTS.iter().find(|tool| said.contains(**tool))?;
    let place = &facts.case.goal.from;
    let cluster = facts.case.cluster;
    let image = crate::level::PlaceName::parse(place).ok()?.find(cluster).ok();
    let image = image.as_ref().and_then(|place| cluster.image(place));
    let other = image.and_then(|image| CLIENTS.iter().find(|tool| image.holds(tool)));
    let line = facts.locator.mention([*tool]);
    Some(
        Diagnosis::new("tool-not-in-image", format!("there is no {tool} in {place}"))
            .fact(said.trim().to_owned())
            .fact("a container has the programs of its image, and no others")
            .nearest(Some(match other {
                Some(other) => format!("{other}, which its image has"),
                None => "a container of an image that has it, as curlimages/curl".to_owned(),
            }))
            .at(line),
    )
}

/// An address that was to be filled in is empty.
pub(super) fn diagnose(facts: &Facts<'_>) -> Option<Diagnosis> {
    if facts.connection.is_some() {
        return None;
    }
    variables(facts).or_else(|| pending(facts))
}

/// R10.1: `WEB_SERVICE_HOST` is there if the Service was when the container started.
fn variables(facts: &Facts<'_>) -> Option<Diagnosis> {
    let run = &facts.case.goal.run;
    let scripts = facts.case.files.values().map(|content| String::from_utf8_lossy(content));
    let mut texts: Vec<String> = vec![run.clone()];
    texts.extend(scripts.map(std::borrow::Cow::into_owned));
    let variable = texts.iter().find_map(|text| {
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        let mut words = words.filter(|word| word.contains("_SERVICE_"));
        words.find(|word| word.ends_with("_HOST") || word.ends_with("_PORT")).map(str::to_owned)
    })?;
    let place = crate::level::PlaceName::parse(&facts.case.goal.from).ok()?;
    let (namespace, place) = (place.namespace.clone(), place.find(facts.case.cluster).ok()?);
    let environment = facts.case.cluster.environment(&place);
    if environment.iter().any(|(name, _)| *name == variable) {
        return None;
    }
    let prefix = variable.split("_SERVICE_").next().unwrap_or("");
    let mut services = facts.case.cluster.objects().list::<Service>(Some(&namespace));
    let service = services.find_map(|service| {
        let name = service.metadata.name.as_deref()?;
        (name.to_uppercase().replace(['-', '.'], "_") == prefix).then_some(name)
    });
    let said = Diagnosis::new(
        "service-variables-missing",
        format!("the container has no variable {variable}, so the address is empty"),
    );
    let line = facts.locator.mention([variable.as_str()]);
    Some(match service {
        Some(service) => said
            .fact(format!(
                "Service {service} exists now; variables are set when a container starts"
            ))
            .nearest(Some(format!("the name {service}, which DNS knows; or a new pod")))
            .at(line),
        None => said
            .fact(format!("no Service of namespace {namespace} gives it"))
            .fact("headless Services and ExternalNames give no variables")
            .at(line),
    })
}

/// R7.4: without a provider nobody gives a load balancer an address.
fn pending(facts: &Facts<'_>) -> Option<Diagnosis> {
    let run = &facts.case.goal.run;
    let service = facts.case.cluster.objects().list::<Service>(None).find(|service| {
        let balanced = service.status.as_ref().and_then(|status| status.load_balancer.as_ref());
        let given = balanced.and_then(|balancer| balancer.ingress.as_ref());
        let kind = service.spec.as_ref().and_then(|spec| spec.type_.as_deref());
        let name = service.metadata.name.as_deref().unwrap_or("");
        kind == Some("LoadBalancer")
            && given.is_none_or(Vec::is_empty)
            && run
                .split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
                .any(|word| word == name)
    })?;
    let (namespace, name) =
        (service.metadata.namespace.as_deref()?, service.metadata.name.as_deref()?);
    let ports = service.spec.as_ref()?.ports.as_ref()?;
    let node_port = ports.iter().find_map(|port| port.node_port);
    Some(
        Diagnosis::new(
            "load-balancer-pending",
            format!("Service {name} has no external address: it is <pending>"),
        )
        .fact("a cloud's controller, or minikube tunnel, gives addresses; here nobody does")
        .fact("its cluster IP and its node ports work all the same")
        .nearest(node_port.map(|port| format!("a node's address at node port {port}")))
        .at(facts.locator.field("Service", namespace, name, "spec.type")),
    )
}
