//! `free`: the memory of the machine that a place is on. How much there is the node tells; how it is used
//! is the simulation's own figure.

use crate::shell::Io;
use crate::shell::commands::files::space;
use crate::shell::commands::options::{Grammar, Options};
use crate::shell::commands::trouble::left_out;
use crate::shell::commands::versions;
use crate::shell::commands::{busybox_usage, is_gnu};

/// A machine's memory, in kilobytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Memory {
    pub total: u64,
    pub free: u64,
    pub shared: u64,
    pub buffers: u64,
    pub cache: u64,
    available: u64,
}

impl Memory {
    /// What the simulation says of a machine with so much memory.
    pub fn of(total: u64) -> Memory {
        let free = total * 231 / 1000;
        let (buffers, cache) = (total * 26 / 1000, total * 413 / 1000);
        Memory { total, free, shared: total / 650, buffers, cache, available: total * 629 / 1000 }
    }
}

/// How numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    /// Whole units of so many bytes.
    Bytes(u64),
    /// As short as can be, in letters of 1024 or 1000.
    Human { base: u64 },
}

impl Unit {
    fn text(self, kilobytes: u64) -> String {
        let bytes = kilobytes * 1024;
        let base = match self {
            Unit::Bytes(unit) => return (bytes / unit).to_string(),
            Unit::Human { base } => base,
        };
        let (most, mark) = if base == 1024 { (5, "i") } else { (4, "") };
        let plain = format!("{bytes}B");
        if plain.len() <= most {
            return plain;
        }
        let mut unit = 1;
        for letter in ["K", "M", "G", "T"] {
            unit *= base;
            let exact = format!("{:.1}{letter}{mark}", bytes as f64 / unit as f64);
            let whole = format!("{}{letter}{mark}", bytes / unit);
            if let Some(text) = [exact, whole].into_iter().find(|text| text.len() <= most) {
                return text;
            }
        }
        plain
    }
}

const GNU: Grammar = Grammar {
    name: "free",
    short: "bkmghltvs:c:wVÀÁÂÃÄÅÆÇ",
    long: &[
        ("bytes", 'b'),
        ("kilo", 'À'),
        ("mega", 'Á'),
        ("giga", 'Â'),
        ("tera", 'Ã'),
        ("peta", 'Ç'),
        ("kibi", 'k'),
        ("mebi", 'm'),
        ("gibi", 'g'),
        ("tebi", 'Ä'),
        ("pebi", 'Å'),
        ("human", 'h'),
        ("si", 'Æ'),
        ("lohi", 'l'),
        ("total", 't'),
        ("committed", 'v'),
        ("seconds", 's'),
        ("count", 'c'),
        ("wide", 'w'),
        ("version", 'V'),
    ],
    stops: false,
};

pub(in crate::shell::commands) fn free(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    if !is_gnu(io) {
        return busybox(arguments, io);
    }
    let words = crate::shell::commands::words(io.cluster, io.place);
    let options = match GNU.parse(arguments, words) {
        Ok(options) => options,
        Err(misuse) => return Some(wrong(io, misuse.message())),
    };
    if let Some(why) = repetition(&options) {
        io.write_error(why);
        return Some(1);
    }
    if let Some(extra) = options.operands.first() {
        // What is no option is not taken, and not named either.
        let _ = extra;
        return Some(wrong(io, ""));
    }
    if options.has('V') {
        io.say(versions::first_line("free").unwrap_or_default());
        return Some(0);
    }
    let memory = Memory::of(space::memory(io));
    show(io, &options, memory);
    Some(0)
}

/// What is wrong with `-s` and `-c`, or not simulated of them.
fn repetition(options: &Options) -> Option<String> {
    if let Some(text) = options.value('s') {
        let number = text.parse::<f64>().ok();
        return Some(match number {
            None => format!("free: seconds argument failed: '{text}': Invalid argument"),
            Some(number) if number <= 0.0 => {
                format!("free: seconds argument '{text}' is not positive number")
            }
            Some(_) => left_out("free", "-s"),
        });
    }
    let text = options.value('c')?;
    match text.parse::<i64>() {
        Ok(1) => None,
        Ok(number) if number > 1 => Some(left_out("free", "-c")),
        Ok(_) => Some(format!(
            "free: failed to parse count argument: '{text}': Numerical result out of range"
        )),
        Err(_) => Some(format!("free: failed to parse count argument: '{text}': Invalid argument")),
    }
}

/// Says what is wrong, and how it is used.
fn wrong(io: &mut Io<'_>, what: &str) -> i32 {
    let gap = if what.is_empty() { String::new() } else { format!("{what}\n") };
    io.write_error(format!("{gap}\nUsage:\n free [options]\n\nOptions: -b -k -m -g -h --si -l -t -v -w -V, as free(1) tells."));
    1
}

fn show(io: &mut Io<'_>, options: &Options, memory: Memory) {
    let unit = unit(options);
    let (wide, line) = (options.has('w'), |label: &str, numbers: &[u64]| {
        let cells: String = numbers.iter().map(|one| format!("{:>12}", unit.text(*one))).collect();
        format!("{label:<8}{cells}")
    });
    io.say(match wide {
        true => "               total        used        free      shared     buffers       cache   available",
        false => "               total        used        free      shared  buff/cache   available",
    });
    let Memory { total, free, shared, buffers, cache, available } = memory;
    // What procps calls used is what is not available.
    let used = total - available;
    io.say(match wide {
        true => line("Mem:", &[total, used, free, shared, buffers, cache, available]),
        false => line("Mem:", &[total, used, free, shared, buffers + cache, available]),
    });
    if options.has('l') {
        io.say(line("Low:", &[total, total - free, free]));
        io.say(line("High:", &[0, 0, 0]));
    }
    io.say(line("Swap:", &[0, 0, 0]));
    if options.has('t') {
        io.say(line("Total:", &[total, used, free]));
    }
    if options.has('v') {
        io.say(line("Comm:", &[total / 2, used, total / 2 - used.min(total / 2)]));
    }
}

/// The last option that says what is counted.
fn unit(options: &Options) -> Unit {
    let base = if options.has('Æ') { 1000_u64 } else { 1024 };
    let last = options.in_order().filter(|(letter, _)| "bkmghÀÁÂÃÄÅÇ".contains(*letter)).last();
    match last.map(|(letter, _)| letter) {
        Some('b') => Unit::Bytes(1),
        Some('m') => Unit::Bytes(base.pow(2)),
        Some('g') => Unit::Bytes(base.pow(3)),
        Some('À') => Unit::Bytes(1_000),
        Some('Á') => Unit::Bytes(1_000_000),
        Some('Â') => Unit::Bytes(1_000_000_000),
        Some('Ã') => Unit::Bytes(1_000_000_000_000),
        Some('Ç') => Unit::Bytes(1_000_000_000_000_000),
        Some('Ä') => Unit::Bytes(1 << 40),
        Some('Å') => Unit::Bytes(1 << 50),
        Some('h') => Unit::Human { base },
        _ => Unit::Bytes(base),
    }
}

fn busybox(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let words = crate::shell::commands::words(io.cluster, io.place);
    let Ok(options) = Grammar::short("free", "bkmgh").parse(arguments, words) else {
        io.write_error(busybox_usage("free"));
        return Some(1);
    };
    let last = options.in_order().last().map_or('k', |(letter, _)| letter);
    let text = |kilobytes: u64| match last {
        'b' => (kilobytes * 1024).to_string(),
        'm' => (kilobytes / 1024).to_string(),
        'g' => (kilobytes >> 20).to_string(),
        'h' => space::busybox_human(usize::try_from(kilobytes * 1024).unwrap_or(usize::MAX)),
        _ => kilobytes.to_string(),
    };
    let line = |label: &str, numbers: &[u64]| {
        let cells: String = numbers.iter().map(|one| format!("{:>12}", text(*one))).collect();
        format!("{label:<7}{cells}")
    };
    let Memory { total, free, shared, buffers, cache, available } = Memory::of(space::memory(io));
    let used = total - free - buffers - cache;
    io.say("              total        used        free      shared  buff/cache   available");
    io.say(line("Mem:", &[total, used, free, shared, buffers + cache, available]));
    io.say(line("Swap:", &[0, 0, 0]));
    Some(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As procps 4.0.2 writes them.
    #[test]
    fn sizes_are_as_short_as_can_be() {
        let human = Unit::Human { base: 1024 };
        assert_eq!(human.text(24_684_084), "23Gi");
        assert_eq!(human.text(6_162_584), "5.9Gi");
        assert_eq!(human.text(8_872), "8.7Mi");
        assert_eq!(human.text(0), "0B");
        assert_eq!(Unit::Bytes(1 << 20).text(8_872), "8");
    }
}
