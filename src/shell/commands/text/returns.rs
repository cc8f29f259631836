//! `dos2unix` and `unix2dos` of BusyBox: how lines end.

use super::bytes::{content, or_standard, waits};
use crate::shell::Io;
use crate::shell::commands::options::Grammar;

pub(in crate::shell::commands) fn dos2unix(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    ends("dos2unix", false, arguments, io)
}

pub(in crate::shell::commands) fn unix2dos(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    ends("unix2dos", true, arguments, io)
}

/// Every line ended anew: files in their place, or standard input on standard output. `-u` and `-d` say
/// how, whatever the tool is called.
fn ends(name: &'static str, dos: bool, arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let Some(options) = Grammar::short(name, "du").read(arguments, io) else { return Some(1) };
    if waits(io, &options.operands) {
        return None;
    }
    let dos = options.in_order().last().map_or(dos, |(letter, _)| letter == 'd');
    for file in or_standard(&options.operands) {
        let bytes = match content(io, &file) {
            Ok(bytes) => bytes,
            Err(why) => {
                io.write_error(format!("{name}: can't open '{file}': {why}"));
                return Some(1);
            }
        };
        let mut out = Vec::with_capacity(bytes.len());
        for byte in bytes.into_iter().filter(|byte| *byte != b'\r') {
            if byte == b'\n' && dos {
                out.push(b'\r');
            }
            out.push(byte);
        }
        if options.operands.is_empty() {
            io.stdout.extend(out);
        } else if let Err(why) = io.write_file(&file, &out) {
            io.write_error(format!("{name}: can't open '{file}': {why}"));
            return Some(1);
        }
    }
    Some(0)
}
