//! `df`: what file systems a place sees, and how full they are. How much is used is the simulation's own
//! figure; what there is at all is what the node tells of itself.

use k8s_openapi::api::core::v1::{Container, Node, Volume};

use crate::api::Pod;
use crate::cluster::Place;
use crate::shell::Io;
use crate::shell::commands;
use crate::shell::commands::options::{Grammar, Options};
use crate::shell::commands::trouble::left_out;

/// What the laptop's disk holds, in kilobytes.
const LAPTOP_DISK: u64 = 102_626_232;
/// What the laptop's memory holds, in kilobytes.
const LAPTOP_MEMORY: u64 = 16_272_840;
/// How much of a disk and of its inodes is used, of a thousand.
const USED: u64 = 348;

/// A file system as it is seen at a place; sizes in kilobytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mounted {
    source: String,
    pub kind: &'static str,
    pub target: String,
    pub size: u64,
    pub used: u64,
    pub free: u64,
    /// How many inodes it has, and how many of them are used.
    pub inodes: [u64; 2],
}

impl Mounted {
    /// A disk, of which a twentieth is kept for root.
    fn disk(source: &str, kind: &'static str, target: &str, size: u64) -> Mounted {
        let (used, inodes) = (size * USED / 1000, size / 16);
        Mounted {
            source: source.to_owned(),
            kind,
            target: target.to_owned(),
            size,
            used,
            free: size - used - size / 20,
            inodes: [inodes, inodes * USED / 1000 / 10],
        }
    }

    /// A file system in memory.
    fn memory(source: &str, target: &str, size: u64, used: u64) -> Mounted {
        Mounted {
            source: source.to_owned(),
            kind: "tmpfs",
            target: target.to_owned(),
            size,
            used,
            free: size - used,
            inodes: [size / 4, 1 + used / 4],
        }
    }

    /// How full it is, in percent, rounded up.
    fn percent(used: u64, free: u64) -> Option<u64> {
        (used + free > 0).then(|| (used * 100).div_ceil(used + free))
    }
}

/// What a node has of a resource, in kilobytes.
fn capacity(io: &Io<'_>, node: &str, resource: &str) -> Option<u64> {
    let node = io.cluster.objects().get::<Node>("", node)?;
    let all = node.status.as_ref()?.capacity.as_ref()?;
    all.get(resource)?.0.strip_suffix("Ki")?.parse().ok()
}

/// The node that a place is on, if it is on one.
fn node_of(io: &Io<'_>) -> Option<String> {
    match io.place {
        Place::Laptop => None,
        Place::Node(name) => Some(name.to_string()),
        Place::Container { namespace, pod, .. } => {
            let pod = io.cluster.objects().get::<Pod>(namespace, pod)?;
            pod.spec.as_ref()?.node_name.clone()
        }
    }
}

/// The memory of the machine that a place is on, in kilobytes.
pub(in crate::shell::commands) fn memory(io: &Io<'_>) -> u64 {
    node_of(io).and_then(|node| capacity(io, &node, "memory")).unwrap_or(LAPTOP_MEMORY)
}

/// The file systems of a place, in the order in which they were mounted.
fn mounted(io: &Io<'_>) -> Vec<Mounted> {
    let memory = memory(io);
    let disk = node_of(io).and_then(|node| capacity(io, &node, "ephemeral-storage"));
    let disk = disk.unwrap_or(LAPTOP_DISK);
    let Place::Container { namespace, pod, container } = io.place else {
        return vec![
            Mounted::memory("tmpfs", "/run", memory / 5, 1_364),
            Mounted::disk("/dev/vda1", "ext4", "/", disk),
            Mounted::memory("tmpfs", "/dev/shm", memory / 2, 0),
            Mounted::memory("tmpfs", "/run/lock", 5_120, 0),
        ];
    };
    let mut all = vec![
        Mounted::disk("overlay", "overlay", "/", disk),
        Mounted::memory("tmpfs", "/dev", 65_536, 0),
    ];
    let object = io.cluster.objects().get::<Pod>(namespace, pod);
    let spec = object.and_then(|pod| pod.spec.as_ref());
    let own = spec.and_then(|spec| spec.containers.iter().find(|one| one.name == **container));
    let volumes = spec.and_then(|spec| spec.volumes.as_deref()).unwrap_or_default();
    let (before, behind): (Vec<Mounted>, Vec<Mounted>) = own
        .map_or_else(Vec::new, |own| volumes_of(own, volumes, disk, memory))
        .into_iter()
        .partition(|one| one.kind != "tmpfs");
    all.extend(before);
    all.push(Mounted::disk("/dev/vda1", "ext4", "/etc/hosts", disk));
    all.push(Mounted::memory("shm", "/dev/shm", 65_536, 0));
    all.extend(behind);
    all
}

/// What a container's volumes are: those of secrets and tokens are in memory, others on the node's disk.
fn volumes_of(container: &Container, volumes: &[Volume], disk: u64, memory: u64) -> Vec<Mounted> {
    let mounts = container.volume_mounts.as_deref().unwrap_or_default();
    let found = mounts.iter().filter_map(|mount| {
        let volume = volumes.iter().find(|volume| volume.name == mount.name)?;
        let kept = volume.empty_dir.as_ref().and_then(|empty| empty.medium.as_deref());
        let in_memory =
            volume.secret.is_some() || volume.projected.is_some() || kept == Some("Memory");
        Some(match in_memory {
            true => Mounted::memory("tmpfs", &mount.mount_path, memory, 12),
            false => Mounted::disk("/dev/vda1", "ext4", &mount.mount_path, disk),
        })
    });
    found.collect()
}

/// A column of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Source,
    Kind,
    Size,
    Used,
    Free,
    Percent,
    Inodes,
    InodesUsed,
    InodesFree,
    InodesPercent,
    Target,
    File,
}

const NAMES: &[(&str, Column)] = &[
    ("source", Column::Source),
    ("fstype", Column::Kind),
    ("itotal", Column::Inodes),
    ("iused", Column::InodesUsed),
    ("iavail", Column::InodesFree),
    ("ipcent", Column::InodesPercent),
    ("size", Column::Size),
    ("used", Column::Used),
    ("avail", Column::Free),
    ("pcent", Column::Percent),
    ("file", Column::File),
    ("target", Column::Target),
];

/// What sizes are counted in.
#[derive(Clone, Debug, PartialEq)]
enum Unit {
    /// So many bytes, under this heading, with a letter behind each.
    Bytes(u64, String, &'static str),
    /// Letters of this base.
    Human(f64),
}

pub(in crate::shell::commands) fn df(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const GNU: Grammar = Grammar {
        name: "df",
        short: "aB:hHiklmPTt:x:vÀ;Á",
        long: &[
            ("all", 'a'),
            ("block-size", 'B'),
            ("human-readable", 'h'),
            ("si", 'H'),
            ("inodes", 'i'),
            ("local", 'l'),
            ("portability", 'P'),
            ("print-type", 'T'),
            ("type", 't'),
            ("exclude-type", 'x'),
            ("output", 'À'),
            ("total", 'Á'),
            ("sync", 'v'),
            ("no-sync", 'v'),
        ],
        stops: false,
    };
    let gnu = commands::is_gnu(io);
    let grammar = if gnu { GNU } else { Grammar::short("df", "PkmhTait:B:") };
    let options = grammar.read(arguments, io);
    let Some(options) = options else { return Some(1) };
    let idle: &[(char, &str)] = if gnu { &[('a', "-a")] } else { &[('B', "-B"), ('t', "-t")] };
    if let Some(flag) = options.not_simulated(idle) {
        io.write_error(left_out("df", flag));
        return Some(1);
    }
    let (rows, status) = match wanted(&options, gnu, io) {
        Ok(found) => found,
        Err(why) => {
            io.write_error(why);
            return Some(1);
        }
    };
    if rows.is_empty() {
        if status == 0 && gnu {
            io.write_error("df: no file systems processed");
            return Some(1);
        }
        if gnu {
            return Some(status);
        }
    }
    match gnu {
        false => busybox_table(io, &options, &rows),
        true => match columns(&options).and_then(|columns| Ok((columns, unit(&options)?))) {
            Ok((columns, unit)) => table(io, &options, rows, &columns, &unit),
            Err(why) => {
                io.write_error(why);
                return Some(1);
            }
        },
    }
    Some(status)
}

/// A file system, and the file for which it is told.
type Row = (Mounted, String);

/// The file systems that are asked for, each with the file that asked, and the exit code.
///
/// # Errors
/// An option that forbids all.
fn wanted(options: &Options, gnu: bool, io: &mut Io<'_>) -> Result<(Vec<Row>, i32), String> {
    let all = mounted(io);
    let (mut rows, mut status) = (Vec::new(), 0);
    let fits = |one: &Mounted| {
        let named = |letter| options.all(letter).any(|kind| kind == one.kind);
        let is_wanted = !options.has('t') || named('t');
        !gnu || (is_wanted && !named('x'))
    };
    if let Some(kind) =
        options.all('t').find(|kind| gnu && options.all('x').any(|one| one == *kind))
    {
        return Err(format!("df: file system type '{kind}' both selected and excluded"));
    }
    if options.operands.is_empty() {
        // A file system that is mounted on several places is told once, where its path is shortest.
        for one in all.iter().filter(|one| fits(one)) {
            let again = one.source.starts_with("/dev/")
                && rows.iter().any(|(known, _): &Row| known.source == one.source);
            if !(again && gnu) {
                rows.push((one.clone(), "-".to_owned()));
            }
        }
        return Ok((rows, status));
    }
    for path in &options.operands {
        if let Err(why) = io.facts(path, true) {
            io.write_error(match gnu {
                true => format!("df: {path}: {why}"),
                false => format!("df: {path}: can't find mount point"),
            });
            status = 1;
            continue;
        }
        let full = io.cluster.follow(io.place, &io.absolute(path), true).into_owned();
        if let Some(one) = holder(&all, &full)
            && fits(one)
        {
            rows.push((one.clone(), path.clone()));
        }
    }
    Ok((rows, status))
}

/// The file system that a path is on: the one that is mounted the deepest above it.
fn holder<'m>(all: &'m [Mounted], path: &str) -> Option<&'m Mounted> {
    let holds = |one: &&Mounted| {
        one.target == "/" || path == one.target || path.starts_with(&format!("{}/", one.target))
    };
    all.iter().filter(holds).max_by_key(|one| one.target.len())
}

/// The file system that an absolute path is on.
pub(super) fn mount_of(io: &Io<'_>, path: &str) -> Mounted {
    let all = mounted(io);
    holder(&all, path).unwrap_or(&all[0]).clone()
}

/// `mount` of BusyBox, as far as it shows what is mounted.
pub(in crate::shell::commands) fn mount(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let grammar = Grammar::short("mount", "o:t:rwanfvsiO:T:");
    let Some(options) = grammar.read(arguments, io) else { return Some(1) };
    let told = match options.operands.as_slice() {
        [] => {
            let wanted = options.value('t').map(str::to_owned);
            let all = mounted(io).into_iter();
            for one in all.filter(|one| wanted.as_ref().is_none_or(|kind| kind == one.kind)) {
                let Mounted { source, target, kind, .. } = one;
                io.say(format!("{source} on {target} type {kind} (rw,relatime)"));
            }
            return Some(0);
        }
        [only] => format!("mount: can't find {only} in /etc/fstab"),
        [from, to] if io.facts(to, true).is_err() => {
            format!("mount: mounting {from} on {to} failed: No such file or directory")
        }
        [_, _] => "mount: permission denied (are you root?)".to_owned(),
        _ => commands::busybox_usage("mount"),
    };
    io.write_error(told);
    Some(1)
}

/// The columns that are shown.
///
/// # Errors
/// A name that is no column's, or options that do not go together.
fn columns(options: &Options) -> Result<Vec<Column>, String> {
    let misused = |what: String| format!("df: {what}\nTry 'df --help' for more information.");
    if options.has('À') {
        for (letter, name) in [('i', "-i"), ('P', "-P"), ('T', "-T")] {
            if options.has(letter) {
                let what = format!("options {name} and --output are mutually exclusive");
                return Err(misused(what));
            }
        }
        let mut columns = Vec::new();
        for text in options.all('À').filter(|text| !text.is_empty()) {
            for name in text.split(',') {
                let Some((_, column)) = NAMES.iter().find(|(known, _)| *known == name) else {
                    return Err(misused(format!("option --output: field '{name}' unknown")));
                };
                if columns.contains(column) {
                    let what = format!("option --output: field '{name}' used more than once");
                    return Err(misused(what));
                }
                columns.push(*column);
            }
        }
        return Ok(match columns.is_empty() {
            true => NAMES.iter().map(|(_, column)| *column).collect(),
            false => columns,
        });
    }
    let mut columns = vec![Column::Source];
    columns.extend(options.has('T').then_some(Column::Kind));
    columns.extend(match options.has('i') {
        true => [Column::Inodes, Column::InodesUsed, Column::InodesFree, Column::InodesPercent],
        false => [Column::Size, Column::Used, Column::Free, Column::Percent],
    });
    columns.push(Column::Target);
    Ok(columns)
}

/// What sizes are counted in: the last option that says so.
///
/// # Errors
/// What is no size.
fn unit(options: &Options) -> Result<Unit, String> {
    let mut unit = Unit::Bytes(1024, "1K-blocks".to_owned(), "");
    for (letter, value) in options.in_order() {
        unit = match letter {
            'h' => Unit::Human(1024.0),
            'H' => Unit::Human(1000.0),
            'k' => Unit::Bytes(1024, "1K-blocks".to_owned(), ""),
            'm' => Unit::Bytes(1 << 20, "1M-blocks".to_owned(), ""),
            'B' => block_size(value)?,
            _ => continue,
        };
    }
    Ok(unit)
}

/// `-B SIZE`
fn block_size(text: &str) -> Result<Unit, String> {
    let digits = text.len() - text.trim_start_matches(|one: char| one.is_ascii_digit()).len();
    let (count, letters) = text.split_at(digits);
    let (bytes, letter) = match letters.trim_end_matches("iB") {
        "" if digits > 0 => (1, ""),
        "K" | "k" => (1 << 10, "K"),
        "M" => (1 << 20, "M"),
        "G" => (1 << 30, "G"),
        "kB" | "KB" => (1_000, "kB"),
        "MB" => (1_000_000, "MB"),
        "GB" => (1_000_000_000, "GB"),
        _ if digits > 0 => return Err(format!("df: invalid suffix in -B argument '{text}'")),
        _ => return Err(format!("df: invalid -B argument '{text}'")),
    };
    let count: u64 = if digits == 0 { 1 } else { count.parse().unwrap_or(0) };
    if count == 0 {
        return Err(format!("df: invalid -B argument '{text}'"));
    }
    let heading = match letter {
        "" if count.is_multiple_of(1024) => format!("{}K-blocks", count / 1024),
        _ => format!("{count}{letter}-blocks"),
    };
    // The letter stands behind each count where it was given without a number.
    Ok(Unit::Bytes(count * bytes, heading, if digits == 0 { letter } else { "" }))
}

fn heading(column: Column, options: &Options, unit: &Unit) -> String {
    let listed = options.has('À');
    let portable = options.has('P');
    match (column, unit) {
        (Column::Source, _) => "Filesystem".to_owned(),
        (Column::Kind, _) => "Type".to_owned(),
        (Column::Size, Unit::Human(_)) => "Size".to_owned(),
        (Column::Size, Unit::Bytes(1024, ..)) if portable => "1024-blocks".to_owned(),
        (Column::Size, Unit::Bytes(_, heading, _)) => heading.clone(),
        (Column::Used, _) => "Used".to_owned(),
        (Column::Free, Unit::Bytes(..)) if !listed => "Available".to_owned(),
        (Column::Free, _) => "Avail".to_owned(),
        (Column::Percent, Unit::Bytes(..)) if portable => "Capacity".to_owned(),
        (Column::Percent, _) => "Use%".to_owned(),
        (Column::Inodes, _) => "Inodes".to_owned(),
        (Column::InodesUsed, _) => "IUsed".to_owned(),
        (Column::InodesFree, _) => "IFree".to_owned(),
        (Column::InodesPercent, _) => "IUse%".to_owned(),
        (Column::Target, _) => "Mounted on".to_owned(),
        (Column::File, _) => "File".to_owned(),
    }
}

fn cell((one, file): &Row, column: Column, unit: &Unit) -> String {
    let size = |kilobytes: u64| match unit {
        Unit::Human(base) => human(usize::try_from(kilobytes * 1024).unwrap_or(usize::MAX), *base),
        Unit::Bytes(bytes, _, letter) => {
            format!("{}{letter}", (kilobytes * 1024).div_ceil(*bytes))
        }
    };
    let count = |count: u64| match unit {
        Unit::Human(base) => human(usize::try_from(count).unwrap_or(usize::MAX), *base),
        Unit::Bytes(..) => count.to_string(),
    };
    let percent = |used, free| {
        Mounted::percent(used, free).map_or("-".to_owned(), |percent| format!("{percent}%"))
    };
    let [inodes, taken] = one.inodes;
    match column {
        Column::Source => one.source.clone(),
        Column::Kind => one.kind.to_owned(),
        Column::Size => size(one.size),
        Column::Used => size(one.used),
        Column::Free => size(one.free),
        Column::Percent => percent(one.used, one.free),
        Column::Inodes => count(inodes),
        Column::InodesUsed => count(taken),
        Column::InodesFree => count(inodes - taken),
        Column::InodesPercent => percent(taken, inodes - taken),
        Column::Target => one.target.clone(),
        Column::File => file.clone(),
    }
}

/// GNU's table: columns as wide as what is in them, and no narrower than usual.
fn table(io: &mut Io<'_>, options: &Options, rows: Vec<Row>, columns: &[Column], unit: &Unit) {
    let mut rows = rows;
    if options.has('Á') {
        let sum = |of: fn(&Mounted) -> u64| rows.iter().map(|(one, _)| of(one)).sum();
        let total = Mounted {
            source: "total".to_owned(),
            kind: "-",
            target: "-".to_owned(),
            size: sum(|one| one.size),
            used: sum(|one| one.used),
            free: sum(|one| one.free),
            inodes: [sum(|one| one.inodes[0]), sum(|one| one.inodes[1])],
        };
        rows.push((total, "-".to_owned()));
    }
    let mut lines: Vec<Vec<String>> =
        vec![columns.iter().map(|one| heading(*one, options, unit)).collect()];
    lines.extend(rows.iter().map(|row| columns.iter().map(|one| cell(row, *one, unit)).collect()));
    let least = |column| match column {
        Column::Source => 14,
        Column::Kind | Column::Percent | Column::InodesPercent => 4,
        Column::Target | Column::File => 0,
        _ => 5,
    };
    let widths: Vec<usize> = (0..columns.len())
        .map(|at| {
            lines.iter().map(|line| line[at].len()).max().unwrap_or(0).max(least(columns[at]))
        })
        .collect();
    for line in lines {
        let cells = line.iter().zip(columns).zip(&widths).enumerate();
        let cells: Vec<String> = cells
            .map(|(at, ((text, column), width))| match column {
                Column::Source | Column::Kind | Column::Target | Column::File => {
                    let last = at + 1 == columns.len();
                    if last { text.clone() } else { format!("{text:<width$}") }
                }
                _ => format!("{text:>width$}"),
            })
            .collect();
        io.say(cells.join(" "));
    }
}

/// BusyBox' table, whose columns have a width of their own.
fn busybox_table(io: &mut Io<'_>, options: &Options, rows: &[Row]) {
    let (portable, inodes) = (options.has('P'), options.has('i'));
    let unit = options.in_order().filter(|(letter, _)| "kmh".contains(*letter)).last();
    let unit = unit.map_or('k', |(letter, _)| letter);
    let heading = match (inodes, unit) {
        (true, _) => "   Inodes",
        (_, 'h') => "     Size",
        (_, 'm') => "1M-blocks",
        _ if portable => "1024-blocks",
        _ => "1K-blocks",
    };
    let kind = if options.has('T') { "Type       " } else { "" };
    let full = if portable { "Capacity" } else { "Use%" };
    io.say(format!("Filesystem           {kind}{heading:<15}Used Available {full} Mounted on"));
    for (one, _) in rows {
        let text = |kilobytes: u64| match unit {
            _ if inodes => kilobytes.to_string(),
            'h' => busybox_human(usize::try_from(kilobytes * 1024).unwrap_or(usize::MAX)),
            'm' => ((kilobytes + 512) / 1024).to_string(),
            _ => kilobytes.to_string(),
        };
        let [all, used, free] = match inodes {
            true => [one.inodes[0], one.inodes[1], one.inodes[0] - one.inodes[1]],
            false => [one.size, one.used, one.free],
        };
        let percent = Mounted::percent(used, free).unwrap_or(0);
        let kind = if options.has('T') { format!(" {:<10}", one.kind) } else { String::new() };
        let (source, target) = (&one.source, &one.target);
        let [all, used, free] = [all, used, free].map(text);
        io.say(format!("{source:<20}{kind} {all:>9} {used:>9} {free:>9} {percent:>3}% {target}"));
    }
}

/// `4.0K`: a size with its unit, rounded up.
pub(in crate::shell::commands) fn human(size: usize, base: f64) -> String {
    let (mut value, mut unit) = (size as f64, 0);
    while value >= base {
        value /= base;
        unit += 1;
    }
    match ["", if base > 1000.0 { "K" } else { "k" }, "M", "G"].get(unit) {
        Some(&"") => size.to_string(),
        Some(name) if (value * 10.0).ceil() < 100.0 => {
            format!("{:.1}{name}", (value * 10.0).ceil() / 10.0)
        }
        Some(name) => format!("{:.0}{name}", value.ceil()),
        None => size.to_string(),
    }
}

/// BusyBox' sizes have one digit behind the point, rounded to the nearest.
pub(in crate::shell::commands) fn busybox_human(size: usize) -> String {
    let (mut value, mut unit) = (size as f64, 0);
    while value >= 1024.0 && unit < 3 {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 { size.to_string() } else { format!("{value:.1}{}", ["", "K", "M", "G"][unit]) }
}
