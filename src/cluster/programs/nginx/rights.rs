//! What nginx may do in its container: make its folders for temporary files, and write its number.

use super::emerg;
use crate::cluster::Context;

/// Where Debian's and Alpine's packages of nginx.org keep the bodies of requests.
const BODIES: &str = "/var/cache/nginx/client_temp";

/// Where they write the number of the first process.
const NUMBER: &str = "/run/nginx.pid";

/// Goes through what needs rights, in nginx' order.
///
/// # Errors
/// The exit code, after it has said what it may not do.
pub(super) fn check(file: &str, context: &mut Context<'_>) -> Result<(), i32> {
    let place = context.place.clone();
    let identity = context.cluster.identity(&place);
    let plain = identity.is_root() && !context.cluster.has_locked_root(&place);
    if plain && context.cluster.has_capability(&place, "CHOWN") {
        return Ok(());
    }
    let bytes = context.cluster.read_file(&place, file).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let setting = |name: &str| {
        let mut words = text.lines().map(|line| line.trim().trim_end_matches(';'));
        let found = words.find_map(|line| line.strip_prefix(name)?.strip_prefix([' ', '\t']));
        found.map(|value| value.trim().to_owned())
    };
    let line = text.lines().position(|line| line.trim().starts_with("user "));
    if let Some(line) = line.filter(|_| !identity.is_root()) {
        context.say(format_args!(
            "nginx: [warn] the \"user\" directive makes sense only if the master process runs with \
             super-user privileges, ignored in {file}:{}",
            line + 1
        ));
    }
    let bodies = setting("client_body_temp_path").unwrap_or_else(|| BODIES.to_owned());
    if let Err(why) = context.cluster.may_write(&place, &format!("{bodies}/0")) {
        emerg(context, &format!("mkdir() \"{bodies}\" failed ({})", numbered(&why)));
        return Err(1);
    }
    if identity.is_root() && !context.cluster.has_capability(&place, "CHOWN") {
        emerg(context, &format!("chown(\"{bodies}\", 101) failed (1: Operation not permitted)"));
        return Err(1);
    }
    let number = setting("pid").unwrap_or_else(|| NUMBER.to_owned());
    if let Err(why) = context.cluster.may_write(&place, &number) {
        emerg(context, &format!("open() \"{number}\" failed ({})", numbered(&why)));
        return Err(1);
    }
    Ok(())
}

/// An error with its number.
fn numbered(why: &str) -> String {
    let number = if why.starts_with("Read-only") { 30 } else { 13 };
    format!("{number}: {why}")
}
