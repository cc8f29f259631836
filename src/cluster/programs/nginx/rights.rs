//! What nginx may do in its container: make its folders for temporary files, and write its number.

use super::emerg;
use crate::cluster::{Context, Did};

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
    let text = read(file, context);
    let line = text.lines().position(|line| line.trim().starts_with("user "));
    if let Some(line) = line.filter(|_| !identity.is_root()) {
        context.say(format_args!(
            "nginx: [warn] the \"user\" directive makes sense only if the master process runs with \
             super-user privileges, ignored in {file}:{}",
            line + 1
        ));
    }
    let bodies = setting(&text, "client_body_temp_path").unwrap_or_else(|| BODIES.to_owned());
    if let Err(why) = context.cluster.may_write(&place, &format!("{bodies}/0")) {
        context.note(Did::NotWritable { file: bodies.clone() });
        emerg(context, &format!("mkdir() \"{bodies}\" failed ({})", numbered(&why)));
        return Err(1);
    }
    if identity.is_root() && !context.cluster.has_capability(&place, "CHOWN") {
        emerg(context, &format!("chown(\"{bodies}\", 101) failed (1: Operation not permitted)"));
        return Err(1);
    }
    let number = setting(&text, "pid").unwrap_or_else(|| NUMBER.to_owned());
    if let Err(why) = context.cluster.may_write(&place, &number) {
        context.note(Did::NotWritable { file: number.clone() });
        emerg(context, &format!("open() \"{number}\" failed ({})", numbered(&why)));
        return Err(1);
    }
    Ok(())
}

/// It runs: writes its number where its configuration says.
pub(super) fn write_number(file: &str, context: &mut Context<'_>) {
    let number = setting(&read(file, context), "pid").unwrap_or_else(|| NUMBER.to_owned());
    context.write_number(&number);
    // One folder with two names: /var/run is a link to /run.
    if let Some(below) = number.strip_prefix("/var/run/") {
        context.write_number(&format!("/run/{below}"));
    } else if number.starts_with("/run/") {
        context.write_number(&format!("/var{number}"));
    }
}

fn read(file: &str, context: &Context<'_>) -> String {
    let bytes = context.cluster.read_file(&context.place, file).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What a line of the main file sets.
fn setting(text: &str, name: &str) -> Option<String> {
    let mut words = text.lines().map(|line| line.trim().trim_end_matches(';'));
    let found = words.find_map(|line| line.strip_prefix(name)?.strip_prefix([' ', '\t']));
    found.map(|value| value.trim().to_owned())
}

/// An error with its number.
fn numbered(why: &str) -> String {
    let number = if why.starts_with("Read-only") { 30 } else { 13 };
    format!("{number}: {why}")
}
