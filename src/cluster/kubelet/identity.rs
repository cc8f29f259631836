//! Who a container's processes are: the image's USER, and what `securityContext` says instead.

use k8s_openapi::api::core::v1::Container as ContainerSpec;

use super::worker::Worker;
use crate::cluster::{Identity, Image};

/// The identity of a container's processes. What the container says goes before what its pod says.
pub(super) fn of(worker: &Worker, index: usize) -> Identity {
    let root = || Identity::of_machine("root", 0, "/root");
    let Some(image) = worker.containers.get(index).and_then(|known| known.image.as_deref()) else {
        return root();
    };
    let pod = worker.pod.spec.as_ref().and_then(|spec| spec.security_context.as_ref());
    let own = worker.spec_of(index).and_then(|spec| spec.security_context.as_ref());
    let number = |value: i64| u32::try_from(value).unwrap_or(u32::MAX);
    let user = own
        .and_then(|context| context.run_as_user)
        .or_else(|| pod.and_then(|context| context.run_as_user));
    let group = own
        .and_then(|context| context.run_as_group)
        .or_else(|| pod.and_then(|context| context.run_as_group));
    let mut identity = match user {
        Some(user) => Identity::of(&user.to_string(), image),
        None => image.identity(),
    };
    if let Some(group) = group {
        identity.set_group(number(group), image);
    }
    let more = pod.map(|context| {
        let listed = context.supplemental_groups.iter().flatten().copied();
        listed.chain(context.fs_group).map(number).collect::<Vec<u32>>()
    });
    identity.add_groups(more.unwrap_or_default(), image);
    identity
}

/// Whether a container that asks not to be root is none.
///
/// # Errors
/// The kubelet's words (`verifyRunAsNonRoot`).
pub(super) fn verify_not_root(
    worker: &Worker,
    spec: &ContainerSpec,
    image: &Image,
) -> Result<(), String> {
    let pod = worker.pod.spec.as_ref().and_then(|spec| spec.security_context.as_ref());
    let own = spec.security_context.as_ref();
    let asked = own
        .and_then(|context| context.run_as_non_root)
        .or_else(|| pod.and_then(|context| context.run_as_non_root));
    if asked != Some(true) {
        return Ok(());
    }
    let user = own
        .and_then(|context| context.run_as_user)
        .or_else(|| pod.and_then(|context| context.run_as_user));
    let whose = format!("(pod: \"{}\", container: {})", worker.full_name(), spec.name);
    let name = image.user.split(':').next().unwrap_or("");
    match (user, name.parse::<u32>()) {
        (Some(0), _) => Err(format!("container's runAsUser breaks non-root policy {whose}")),
        (Some(_), _) => Ok(()),
        (None, Ok(0)) => Err(root(&whose)),
        (None, Ok(_)) => Ok(()),
        (None, Err(_)) if matches!(name, "" | "root") => Err(root(&whose)),
        (None, Err(_)) => Err(format!(
            "container has runAsNonRoot and image has non-numeric user ({name}), cannot verify user \
             is non-root {whose}"
        )),
    }
}

fn root(whose: &str) -> String {
    format!("container has runAsNonRoot and image will run as root {whose}")
}

/// What containerd gives to a container's root.
const CAPABILITIES: [&str; 14] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "NET_RAW",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// Whether a container's root has a capability: what it is given, without what is dropped, with what
/// is added.
pub(super) fn has_capability(spec: &ContainerSpec, name: &str) -> bool {
    let context = spec.security_context.as_ref();
    if context.and_then(|context| context.privileged) == Some(true) {
        return true;
    }
    let asked = context.and_then(|context| context.capabilities.as_ref());
    let lists = |list: &Option<Vec<String>>| {
        list.iter().flatten().any(|listed| {
            let listed = listed.to_uppercase();
            let listed = listed.strip_prefix("CAP_").unwrap_or(&listed);
            listed == "ALL" || listed == name
        })
    };
    if asked.is_some_and(|asked| lists(&asked.add)) {
        return true;
    }
    CAPABILITIES.contains(&name) && !asked.is_some_and(|asked| lists(&asked.drop))
}
