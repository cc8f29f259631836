//! `dd`: GNU's and BusyBox'.

use super::space::busybox_human;
use crate::shell::Io;
use crate::shell::commands::is_gnu;
use crate::shell::commands::trouble::left_out;

/// More than is ever copied at once.
const MOST: usize = 4 << 20;

/// What a `dd` was told.
#[derive(Default)]
struct Told {
    from: Option<String>,
    to: Option<String>,
    input: usize,
    output: usize,
    count: Option<usize>,
    skip: usize,
    seek: usize,
    conversions: Vec<String>,
    flags: Vec<String>,
    status: String,
}

/// Flags that change what is read or written.
const FLAGS: [(&str, &str); 5] = [
    ("iflag", "skip_bytes"),
    ("iflag", "count_bytes"),
    ("iflag", "fullblock"),
    ("oflag", "seek_bytes"),
    ("oflag", "append"),
];

/// Flags of GNU's that a simulated file knows nothing of.
const REAL_FLAGS: [&str; 11] = [
    "append",
    "cio",
    "direct",
    "directory",
    "dsync",
    "noatime",
    "nocache",
    "noctty",
    "nofollow",
    "nonblock",
    "sync",
];

/// A number as `dd` reads it: `4`, `1k`, `2x512`.
fn number(text: &str) -> Option<usize> {
    text.split('x').try_fold(1_usize, |product, part| {
        let digits = part.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
        let unit = match &part[digits.len()..] {
            "" | "c" | "B" => 1,
            "w" => 2,
            "b" => 512,
            "kB" | "KB" => 1_000,
            "k" | "K" | "KiB" => 1 << 10,
            "MB" => 1_000_000,
            "M" | "MiB" => 1 << 20,
            "GB" => 1_000_000_000,
            "G" | "GiB" => 1 << 30,
            _ => return None,
        };
        product.checked_mul(digits.parse::<usize>().ok()?.checked_mul(unit)?)
    })
}

/// A flag of `iflag=` or `oflag=`.
///
/// # Errors
/// What is said of one that is none, or that is not simulated.
fn checked(name: &str, flag: &str, argument: &str, gnu: bool) -> Result<String, String> {
    if FLAGS.contains(&(name, flag)) {
        return Ok(flag.to_owned());
    }
    Err(match gnu {
        true if REAL_FLAGS.contains(&flag) => left_out("dd", argument),
        true => {
            let what = if name == "iflag" { "input" } else { "output" };
            format!("dd: invalid {what} flag: '{flag}'\nTry 'dd --help' for more information.")
        }
        false => format!("dd: invalid argument '{flag}' to '{name}'"),
    })
}

impl Told {
    /// Reads the operands.
    ///
    /// # Errors
    /// What is wrong with one of them.
    fn read(arguments: &[String], gnu: bool) -> Result<Told, String> {
        let help = if gnu { "\nTry 'dd --help' for more information." } else { "" };
        let mut told = Told { input: 512, output: 512, ..Told::default() };
        for argument in arguments.iter().filter(|argument| *argument != "--") {
            let Some((name, value)) = argument.split_once('=') else {
                return Err(match gnu {
                    true => format!("dd: unrecognized operand '{argument}'{help}"),
                    false => crate::shell::commands::busybox_usage("dd"),
                });
            };
            let size = |least: usize| match number(value).filter(|size| *size >= least) {
                Some(size) => Ok(size),
                None if gnu => Err(format!("dd: invalid number: '{value}'")),
                None => Err(format!("dd: invalid number '{value}'")),
            };
            match name {
                "if" => told.from = Some(value.to_owned()),
                "of" => told.to = Some(value.to_owned()),
                "bs" => (told.input, told.output) = (size(1)?, size(1)?),
                "ibs" => told.input = size(1)?,
                "obs" => told.output = size(1)?,
                "count" => told.count = Some(size(0)?),
                "skip" | "iseek" => told.skip = size(0)?,
                "seek" | "oseek" => told.seek = size(0)?,
                "status" if matches!(value, "none" | "noxfer" | "progress") => {
                    value.clone_into(&mut told.status);
                }
                "status" if gnu => {
                    return Err(format!("dd: invalid status level: '{value}'{help}"));
                }
                "conv" => told.conversions.extend(value.split(',').map(str::to_owned)),
                "iflag" | "oflag" => {
                    for flag in value.split(',') {
                        told.flags.push(checked(name, flag, argument, gnu)?);
                    }
                }
                "cbs" => return Err(left_out("dd", argument)),
                _ if gnu => return Err(format!("dd: unrecognized operand '{argument}'{help}")),
                _ => return Err(crate::shell::commands::busybox_usage("dd")),
            }
        }
        const KNOWN: [&str; 9] =
            ["ucase", "lcase", "notrunc", "noerror", "sync", "fsync", "fdatasync", "swab", "excl"];
        // BusyBox' has no others.
        const BUSYBOX: [&str; 5] = ["notrunc", "noerror", "sync", "fsync", "swab"];
        let known: &[&str] = if gnu { &KNOWN } else { &BUSYBOX };
        const REAL: [&str; 7] = ["ascii", "ebcdic", "ibm", "block", "unblock", "sparse", "nocreat"];
        for one in &told.conversions {
            match () {
                () if gnu && REAL.contains(&one.as_str()) => {
                    return Err(left_out("dd", format!("conv={one}")));
                }
                () if known.contains(&one.as_str()) => {}
                () if gnu => return Err(format!("dd: invalid conversion: '{one}'{help}")),
                () => return Err(format!("dd: invalid argument '{one}' to 'conv'")),
            }
        }
        Ok(told)
    }

    fn is_flagged(&self, name: &str) -> bool {
        self.flags.iter().any(|one| one == name)
    }

    fn converts(&self, name: &str) -> bool {
        self.conversions.iter().any(|one| one == name)
    }
}

pub(in crate::shell::commands) fn dd(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let gnu = is_gnu(io);
    let told = match Told::read(arguments, gnu) {
        Ok(told) => told,
        Err(why) => {
            io.write_error(why);
            return Some(1);
        }
    };
    let cannot = |file: &str, why: &str| match gnu {
        true => format!("dd: failed to open '{file}': {why}"),
        false => format!("dd: can't open '{file}': {why}"),
    };
    let unit = |flag: &str, block: usize| if told.is_flagged(flag) { 1 } else { block };
    let wanted = told.count.and_then(|count| count.checked_mul(unit("count_bytes", told.input)));
    let skipped = told.skip.saturating_mul(unit("skip_bytes", told.input));
    let input = match &told.from {
        None => Ok(io.read_all()?),
        // A folder can be opened, but not read.
        Some(file) if io.is_directory(file) => {
            let nothing = "0+0 records in\n0+0 records out";
            io.write_error(format!("dd: error reading '{file}': Is a directory\n{nothing}"));
            return Some(1);
        }
        Some(file) => {
            io.read_first(file, wanted.map_or(usize::MAX, |wanted| wanted.saturating_add(skipped)))
        }
    };
    let input = match (input, &told.from) {
        (Ok(input), _) => input,
        (Err(why), file) => {
            io.write_error(cannot(file.as_deref().unwrap_or(""), &why));
            return Some(1);
        }
    };
    let rest = input.get(skipped..).unwrap_or_default();
    let mut bytes = rest[..rest.len().min(wanted.unwrap_or(usize::MAX))].to_vec();
    let (full, part) = (bytes.len() / told.input, usize::from(bytes.len() % told.input > 0));
    if told.converts("sync") {
        let padded = bytes.len().checked_next_multiple_of(told.input);
        let Some(padded) = padded.filter(|padded| *padded <= MOST) else {
            io.write_error(left_out("dd", "conv=sync of blocks of this size"));
            return Some(1);
        };
        bytes.resize(padded, 0);
    }
    if told.converts("ucase") {
        bytes.make_ascii_uppercase();
    }
    if told.converts("lcase") {
        bytes.make_ascii_lowercase();
    }
    if told.converts("swab") {
        bytes.chunks_exact_mut(2).for_each(|two| two.swap(0, 1));
    }
    if let Some(file) = &told.to {
        if let Err(why) = written(io, &told, file, &bytes) {
            io.write_error(cannot(file, &why));
            return Some(1);
        }
    } else {
        io.stdout.extend_from_slice(&bytes);
    }
    report(io, &told, (full, part), bytes.len(), gnu);
    Some(0)
}

/// Writes into a file, behind what `seek` leaves of it.
fn written(io: &mut Io<'_>, told: &Told, file: &str, bytes: &[u8]) -> Result<(), String> {
    let unit = if told.is_flagged("seek_bytes") { 1 } else { told.output };
    let start = match told.is_flagged("append") && told.converts("notrunc") {
        true => io.read_file(file).map_or(0, |content| content.len()),
        false => told.seek.saturating_mul(unit),
    };
    if start > MOST {
        return Err("File too large".to_owned());
    }
    if io.is_device(file) {
        return io.write_file(file, bytes);
    }
    if told.converts("excl") && io.is_file(file) {
        return Err("File exists".to_owned());
    }
    let mut content = io.read_file(file).unwrap_or_default();
    let tail = match told.converts("notrunc") {
        true => content.get(start + bytes.len()..).unwrap_or_default().to_vec(),
        false => Vec::new(),
    };
    content.resize(start, 0);
    content.extend_from_slice(bytes);
    content.extend(tail);
    io.write_file(file, &content)
}

/// How much was read and written. It takes no time here.
fn report(io: &mut Io<'_>, told: &Told, records: (usize, usize), bytes: usize, gnu: bool) {
    if told.status == "none" {
        return;
    }
    let out = match told.input == told.output {
        true if told.converts("sync") => (records.0 + records.1, 0),
        true => records,
        false => (bytes / told.output, usize::from(!bytes.is_multiple_of(told.output))),
    };
    let (full, part) = records;
    io.write_error(format!("{full}+{part} records in\n{}+{} records out", out.0, out.1));
    if told.status == "noxfer" {
        return;
    }
    io.write_error(match (gnu, bytes) {
        (false, _) => {
            let size = busybox_human(bytes);
            format!("{bytes} bytes ({size}B) copied, 0.000000 seconds, 0B/s")
        }
        (true, 1) => "1 byte copied, 0 s, Infinity B/s".to_owned(),
        (true, 0..1000) => format!("{bytes} bytes copied, 0 s, Infinity B/s"),
        (true, _) => {
            let decimal = units(bytes, 1000.0, &["", "kB", "MB", "GB"]);
            let (names, more) = (["", "KiB", "MiB", "GiB"], bytes >= 1024);
            let binary =
                if more { format!(", {}", units(bytes, 1024.0, &names)) } else { String::new() };
            format!("{bytes} bytes ({decimal}{binary}) copied, 0 s, Infinity B/s")
        }
    });
}

/// `2.0 kB`: rounded to the nearest.
fn units(bytes: usize, base: f64, names: &[&str; 4]) -> String {
    let (mut value, mut unit) = (bytes as f64, 0);
    while value >= base && unit < 3 {
        value /= base;
        unit += 1;
    }
    let digits = usize::from((value * 10.0).round() < 100.0);
    format!("{value:.digits$} {}", names[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As dd of coreutils 9.1 does.
    #[test]
    fn numbers_have_units_and_factors() {
        assert_eq!(number("4"), Some(4));
        assert_eq!(number("2x512"), Some(1024));
        assert_eq!(number("1k"), Some(1024));
        assert_eq!(number("x"), None);
        assert_eq!(units(2048, 1000.0, &["", "kB", "MB", "GB"]), "2.0 kB");
        assert_eq!(units(1_048_576, 1024.0, &["", "KiB", "MiB", "GiB"]), "1.0 MiB");
    }
}
