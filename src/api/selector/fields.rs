//! Field selectors: which fields each kind can be asked for, and what they hold.

use std::borrow::Cow;

use super::FieldSelector;
use crate::api::{Event, Kind, Object, Pod};

impl FieldSelector {
    /// Parses `status.phase=Running,metadata.name!=web`.
    ///
    /// # Errors
    /// The words of apimachinery's `fields.ParseSelector`.
    pub fn parse(text: &str) -> Result<FieldSelector, String> {
        let mut terms = terms(text);
        terms.sort_unstable();
        let mut requirements = Vec::new();
        for term in terms.into_iter().filter(|term| !term.is_empty()) {
            let cut = term.char_indices().find_map(|(at, _)| {
                let (path, rest) = term.split_at(at);
                let mut signs = [("!=", false), ("==", true), ("=", true)].into_iter();
                signs.find_map(|(sign, equal)| Some((path, equal, rest.strip_prefix(sign)?)))
            });
            let (path, equal, value) = cut
                .ok_or_else(|| format!("invalid selector: '{text}'; can't understand '{term}'"))?;
            requirements.push((path.to_owned(), equal, unescaped(value)?));
        }
        Ok(FieldSelector { requirements })
    }

    /// Whether objects of `kind` can be asked for these fields.
    ///
    /// # Errors
    /// The API server's words about the first field that it does not support.
    pub fn check(&self, kind: Kind) -> Result<(), String> {
        for (path, _, _) in &self.requirements {
            let common = path == "metadata.name"
                || path == "metadata.namespace" && !matches!(kind, Kind::Node | Kind::Namespace);
            if common || supported(kind).contains(&path.as_str()) {
                continue;
            }
            return Err(match kind {
                Kind::Pod
                | Kind::Node
                | Kind::Namespace
                | Kind::Secret
                | Kind::Service
                | Kind::Event
                | Kind::ReplicationController => format!("field label not supported: {path}"),
                _ => format!(
                    "\"{path}\" is not a known field selector: only \"metadata.name\", \
                     \"metadata.namespace\""
                ),
            });
        }
        Ok(())
    }

    /// Whether `object` fulfils every requirement. A field that its kind does not support is
    /// empty.
    pub fn matches(&self, object: &Object) -> bool {
        self.requirements
            .iter()
            .all(|(path, equal, wanted)| (value(object, path) == wanted.as_str()) == *equal)
    }
}

/// The text cut at its commas; one behind a backslash belongs to a value.
fn terms(text: &str) -> Vec<&str> {
    let mut escaped = false;
    let cut = |letter: char| {
        let here = letter == ',' && !escaped;
        escaped = letter == '\\' && !escaped;
        here
    };
    text.split(cut).collect()
}

/// A value without its backslashes: a comma, an equals sign and a backslash need one.
fn unescaped(value: &str) -> Result<String, String> {
    let mut plain = String::with_capacity(value.len());
    let mut letters = value.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some(escaped @ ('\\' | ',' | '=')) => plain.push(escaped),
                other => {
                    let other = other.map(String::from).unwrap_or_default();
                    let why = "invalid field selector: invalid escape sequence";
                    return Err(format!("{why}: \\{other}"));
                }
            },
            // Go prints the letter as a number.
            ',' | '=' => {
                let why = "invalid field selector: unescaped character in value";
                return Err(format!("{why}: {}", u32::from(letter)));
            }
            other => plain.push(other),
        }
    }
    Ok(plain)
}

/// The fields that a kind supports besides its name and namespace.
fn supported(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Pod => &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.podIPs",
            "status.nominatedNodeName",
        ],
        Kind::Node => &["spec.unschedulable"],
        Kind::Namespace => &["status.phase"],
        Kind::Secret => &["type"],
        Kind::Service => &["spec.clusterIP", "spec.type"],
        Kind::ReplicationController => &["status.replicas"],
        Kind::StatefulSet | Kind::Job => &["status.successful"],
        Kind::Event => &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
        _ => &[],
    }
}

fn value<'a>(object: &'a Object, path: &str) -> Cow<'a, str> {
    match path {
        "metadata.name" => return object.name().into(),
        "metadata.namespace" => return object.namespace().into(),
        _ => {}
    }
    match object {
        Object::Pod(pod) => of_pod(pod, path),
        Object::Node(node) if path == "spec.unschedulable" => {
            let unschedulable = node.spec.as_ref().and_then(|spec| spec.unschedulable);
            unschedulable.unwrap_or(false).to_string().into()
        }
        Object::Namespace(namespace) if path == "status.phase" => {
            text(namespace.status.as_ref().and_then(|status| status.phase.as_ref()))
        }
        Object::Secret(secret) if path == "type" => text(secret.type_.as_ref()),
        Object::Service(service) => {
            let spec = service.spec.as_ref();
            match path {
                "spec.clusterIP" => text(spec.and_then(|spec| spec.cluster_ip.as_ref())),
                "spec.type" => text(spec.and_then(|spec| spec.type_.as_ref())),
                _ => "".into(),
            }
        }
        Object::ReplicationController(controller) if path == "status.replicas" => {
            let replicas = controller.status.as_ref().map_or(0, |status| status.replicas);
            replicas.to_string().into()
        }
        Object::Event(event) => of_event(event, path),
        _ => "".into(),
    }
}

fn text(field: Option<&String>) -> Cow<'_, str> {
    Cow::Borrowed(field.map_or("", String::as_str))
}

fn of_pod<'a>(pod: &'a Pod, path: &str) -> Cow<'a, str> {
    let (spec, status) = (pod.spec.as_ref(), pod.status.as_ref());
    match path {
        "spec.nodeName" => text(spec.and_then(|spec| spec.node_name.as_ref())),
        "spec.restartPolicy" => text(spec.and_then(|spec| spec.restart_policy.as_ref())),
        "spec.schedulerName" => text(spec.and_then(|spec| spec.scheduler_name.as_ref())),
        "spec.serviceAccountName" => text(spec.and_then(|spec| spec.service_account_name.as_ref())),
        "spec.hostNetwork" => {
            spec.and_then(|spec| spec.host_network).unwrap_or(false).to_string().into()
        }
        "status.phase" => text(status.and_then(|status| status.phase.as_ref())),
        "status.podIP" | "status.podIPs" => text(status.and_then(|status| status.pod_ip.as_ref())),
        "status.nominatedNodeName" => {
            text(status.and_then(|status| status.nominated_node_name.as_ref()))
        }
        _ => "".into(),
    }
}

fn of_event<'a>(event: &'a Event, path: &str) -> Cow<'a, str> {
    let about = &event.origin.involved_object;
    match path {
        "involvedObject.kind" => text(about.kind.as_ref()),
        "involvedObject.namespace" => text(about.namespace.as_ref()),
        "involvedObject.name" => text(about.name.as_ref()),
        "involvedObject.uid" => text(about.uid.as_ref()),
        "involvedObject.apiVersion" => text(about.api_version.as_ref()),
        "involvedObject.resourceVersion" => text(about.resource_version.as_ref()),
        "involvedObject.fieldPath" => text(about.field_path.as_ref()),
        "reason" => text(event.message.reason.as_ref()),
        "type" => text(event.message.type_.as_ref()),
        "reportingComponent" => text(event.origin.reporting_component.as_ref()),
        "source" => {
            let source = event.origin.source.as_ref().and_then(|source| source.component.as_ref());
            text(source.or(event.origin.reporting_component.as_ref()))
        }
        _ => "".into(),
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::PodStatus;

    use super::*;
    use crate::api::{Pod, Resource};

    #[test]
    fn a_phase_is_compared() {
        let status = PodStatus { phase: Some("Running".into()), ..PodStatus::default() };
        let pod = Pod { status: Some(status.into()), ..Pod::default() }.into_object();
        assert!(FieldSelector::parse("status.phase=Running").unwrap().matches(&pod));
        assert!(
            FieldSelector::parse("status.phase!=Pending,spec.nodeName=").unwrap().matches(&pod)
        );
        assert!(!FieldSelector::parse("status.phase==Failed").unwrap().matches(&pod));
    }

    // apimachinery, `pkg/fields/selector.go`.
    #[test]
    fn a_value_has_commas_and_equals_signs_behind_backslashes() {
        let read = |text: &str| FieldSelector::parse(text).map(|read| read.requirements);
        let one = |value: &str| Ok(vec![("metadata.name".to_owned(), true, value.to_owned())]);
        assert_eq!(read(r"metadata.name=a\,b"), one("a,b"));
        assert_eq!(read(r"metadata.name==a\=\\"), one(r"a=\"));
        let why = "invalid field selector: invalid escape sequence";
        assert_eq!(read(r"metadata.name=a\b"), Err(format!(r"{why}: \b")));
        assert_eq!(read(r"metadata.name=a\"), Err(format!(r"{why}: \")));
        let why = "invalid field selector: unescaped character in value: 61";
        assert_eq!(read("metadata.name!==a"), Err(why.to_owned()));
    }

    // Recording 14.
    #[test]
    fn an_unsupported_field_is_refused_in_the_servers_words() {
        let selector = FieldSelector::parse("foo=bar").unwrap();
        assert_eq!(selector.check(Kind::Pod).unwrap_err(), "field label not supported: foo");
        assert_eq!(
            selector.check(Kind::Deployment).unwrap_err(),
            "\"foo\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
        );
    }
}
