//! BusyBox' tools for bzip2, xz, lzma and zip, whose packed data is not simulated here: what they say of what is
//! no such data, or not there.

use crate::shell::Io;
use crate::shell::commands::busybox_usage;
use crate::shell::commands::options::Grammar;
use crate::shell::commands::trouble::left_out;

/// What files of a tool's format are called, and how their data has to begin.
fn format(tool: &str) -> (&'static str, &'static [u8]) {
    match tool {
        "bzip2" | "bunzip2" | "bzcat" => (".bz2", b"BZh"),
        "xz" | "unxz" | "xzcat" => (".xz", b""),
        _ => (".lzma", b""),
    }
}

/// `bunzip2` and its kin.
pub(in crate::shell::commands) fn unpack(
    tool: &'static str,
    arguments: &[String],
    io: &mut Io<'_>,
) -> Option<i32> {
    let letters = if tool == "bzip2" { "cfkvqdtzs123456789" } else { "cfkvqdt" };
    let Some(options) = Grammar::short(tool, letters).read(arguments, io) else { return Some(1) };
    let told = ['d', 't'].iter().any(|letter| options.has(*letter));
    if matches!(tool, "xz" | "lzma") && !told {
        io.write_error(busybox_usage(tool));
        return Some(1);
    }
    let packs = tool == "bzip2" && !told;
    let pours = tool.ends_with("cat") || options.has('c') || options.has('t');
    let (suffix, magic) = format(tool);
    let mut status = 0;
    let standard = ["-".to_owned()];
    let files = if options.operands.is_empty() { &standard[..] } else { &options.operands };
    for file in files {
        let bytes = match file.as_str() {
            "-" => Ok(io.read_all()?),
            file => io.read_file(file),
        };
        let why = match bytes {
            Err(why) => format!("{tool}: {file}: {why}"),
            Ok(_) if packs => left_out(tool, file),
            Ok(_) if !pours && file != "-" && !file.ends_with(suffix) => {
                format!("{tool}: {file}: unknown suffix - ignored")
            }
            Ok(bytes) if !bytes.starts_with(magic) => format!("{tool}: invalid magic"),
            Ok(_) => left_out(tool, file),
        };
        io.write_error(why);
        status = 1;
    }
    Some(status)
}

/// `unzip`
pub(in crate::shell::commands) fn unzip(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let grammar = Grammar::short("unzip", "d:lnotpqxjvK");
    let Some(options) = grammar.read(arguments, io) else { return Some(1) };
    let Some(file) = options.operands.first() else {
        io.write_error(busybox_usage("unzip"));
        return Some(1);
    };
    let found = ["", ".zip", ".ZIP"].map(|suffix| format!("{file}{suffix}"));
    let found = found.into_iter().find_map(|name| Some((io.read_file(&name).ok()?, name)));
    let Some((bytes, name)) = found else {
        io.write_error(format!("unzip: can't open {file}[.zip]"));
        return Some(1);
    };
    if bytes.starts_with(b"PK") {
        io.write_error(left_out("unzip", &name));
        return Some(1);
    }
    if !options.has('q') && !options.has('p') {
        io.say(format!("Archive:  {name}"));
    }
    if options.has('l') && !options.has('q') {
        io.say("  Length      Date    Time    Name\n---------  ---------- -----   ----");
    }
    io.write_error("unzip: short read");
    Some(1)
}
