//! The labels in which a namespace says how safe its pods must be. What they ask for is not
//! simulated; what they may say is checked.

use k8s_openapi::api::core::v1::Namespace;

use super::super::{Cause, Status};

/// A new namespace's labels are right.
pub(super) fn create(namespace: &Namespace) -> Result<(), Status> {
    refuse(namespace, faults(namespace))
}

/// A changed namespace's labels are right, or as wrong as they were.
pub(super) fn update(new: &Namespace, old: &Namespace) -> Result<(), Status> {
    let found = faults(new);
    if found == faults(old) { Ok(()) } else { refuse(new, found) }
}

fn refuse(namespace: &Namespace, faults: Vec<Cause>) -> Result<(), Status> {
    if faults.is_empty() {
        return Ok(());
    }
    let name = namespace.metadata.name.as_deref().unwrap_or_default();
    Err(Status::invalid("Namespace", name, faults))
}

fn faults(namespace: &Namespace) -> Vec<Cause> {
    let mut found = Vec::new();
    for mode in ["enforce", "audit", "warn"] {
        let mut look = |label: String, good: fn(&str) -> bool, why: &str| {
            let labels = namespace.metadata.labels.as_ref();
            let Some(value) = labels.and_then(|labels| labels.get(&label)) else { return };
            if !good(value) {
                found.push(Cause::new(
                    format!("metadata.labels[{label}]"),
                    format!("Invalid value: {value:?}: {why}"),
                ));
            }
        };
        let label = format!("pod-security.kubernetes.io/{mode}");
        let version = format!("{label}-version");
        look(label, is_level, "must be one of privileged, baseline, restricted");
        look(version, is_version, "must be \"latest\" or \"v1.x\"");
    }
    found
}

fn is_level(text: &str) -> bool {
    matches!(text, "privileged" | "baseline" | "restricted")
}

fn is_version(text: &str) -> bool {
    let minor = |minor: &str| {
        !minor.is_empty()
            && minor.bytes().all(|b| b.is_ascii_digit())
            && (minor == "0" || !minor.starts_with('0'))
    };
    text == "latest" || text.strip_prefix("v1.").is_some_and(minor)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labelled(label: &str, value: &str) -> Namespace {
        let mut namespace = Namespace::default();
        let label = format!("pod-security.kubernetes.io/{label}");
        namespace.metadata.labels = Some([(label, value.to_owned())].into());
        namespace
    }

    // Recording 15: f1460.yaml.
    #[test]
    fn a_level_is_one_of_three() {
        assert!(create(&labelled("enforce", "baseline")).is_ok());
        assert!(create(&labelled("enforce-version", "v1.36")).is_ok());
        assert!(create(&labelled("enforce-version", "1.36")).is_err());
        let wrong = labelled("enforce", "strict");
        let fault = &faults(&wrong)[0];
        assert_eq!(fault.field, "metadata.labels[pod-security.kubernetes.io/enforce]");
        assert_eq!(
            fault.message,
            "Invalid value: \"strict\": must be one of privileged, baseline, restricted"
        );
        assert!(update(&wrong, &wrong).is_ok());
    }
}
