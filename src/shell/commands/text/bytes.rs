//! Commands that take a file as bytes: what they read, and what they say of a file they cannot read.

use crate::shell::Io;
use crate::shell::commands::is_gnu;

/// The bytes of a file, or (`-`) of standard input, which has come to its end.
///
/// # Errors
/// Why it cannot be read, in the C library's words.
pub(super) fn content(io: &mut Io<'_>, file: &str) -> Result<Vec<u8>, String> {
    match file {
        "-" => Ok(io.read_all().unwrap_or_default()),
        _ => io.read_file(file),
    }
}

/// Whether the whole of standard input is wanted and has not come to its end.
pub(super) fn waits(io: &Io<'_>, files: &[String]) -> bool {
    (files.is_empty() || files.iter().any(|file| file == "-")) && !io.stdin.ended()
}

/// The files, or standard input when there are none.
pub(super) fn or_standard(files: &[String]) -> Vec<String> {
    match files {
        [] => vec!["-".to_owned()],
        files => files.to_vec(),
    }
}

/// Says that there is one operand too many, and answers the exit code.
pub(in crate::shell::commands) fn extra_operand(io: &mut Io<'_>, name: &str, extra: &str) -> i32 {
    let message = match is_gnu(io) {
        true => {
            format!("{name}: extra operand '{extra}'\nTry '{name} --help' for more information.")
        }
        false => crate::shell::commands::busybox_usage(name),
    };
    io.write_error(message);
    1
}

/// Says that a command lacks an operand: GNU's words, or how the applet is used.
pub(in crate::shell::commands) fn missing_operand(
    io: &mut Io<'_>,
    name: &str,
    after: Option<&String>,
) {
    let message = match (is_gnu(io), after) {
        (true, None) => {
            format!("{name}: missing operand\nTry '{name} --help' for more information.")
        }
        (true, Some(after)) => format!(
            "{name}: missing operand after '{after}'\nTry '{name} --help' for more information."
        ),
        (false, _) => crate::shell::commands::busybox_usage(name),
    };
    io.write_error(message);
}
