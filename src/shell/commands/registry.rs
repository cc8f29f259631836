//! Which name is which command.

use super::{Setting, kubectl, net, plain, print};
use crate::shell::{Tool, programs};

/// What the laptop has.
pub(in crate::shell) const LAPTOP: &[&str] =
    &["bash", "curl", "dig", "echo", "kubectl", "nc", "nslookup", "ping", "printf", "sh", "wget"];

/// Whether podhop has a command of this name.
pub(in crate::shell) fn is_known(name: &str) -> bool {
    LAPTOP.contains(&name)
}

/// The command called `name`, with its arguments; `None` when podhop does not have it.
pub(in crate::shell) fn find(
    name: &str,
    arguments: &[String],
    setting: &Setting<'_>,
) -> Option<Box<dyn Tool>> {
    if let Some(shell) = programs::shell(name, arguments, setting) {
        return Some(shell);
    }
    if let Some(client) = net::start(name, arguments, setting.flavour) {
        return Some(client);
    }
    Some(match name {
        "kubectl" => kubectl::start(arguments),
        "echo" => plain(print::echo_tool, arguments),
        "printf" => plain(print::printf_tool, arguments),
        _ => return None,
    })
}
