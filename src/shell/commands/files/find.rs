//! `find`: `-name`, `-iname`, `-type`, `-maxdepth`, `-path`, `-print`, `-delete`.

use crate::shell::Io;
use crate::shell::files::View;
use crate::shell::machine::pattern::Pattern;

/// What is looked for.
#[derive(Default)]
struct Wanted {
    names: Vec<(Pattern, bool)>,
    paths: Vec<Pattern>,
    folder: Option<bool>,
    deepest: Option<usize>,
    delete: bool,
}

pub(in crate::shell::commands) fn find(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let tests = arguments.iter().position(|argument| argument.starts_with(['-', '!', '(']));
    let (roots, tests) = arguments.split_at(tests.unwrap_or(arguments.len()));
    let wanted = match read(tests) {
        Ok(wanted) => wanted,
        Err(message) => {
            io.complain(message);
            return Some(1);
        }
    };
    let here = [".".to_owned()];
    let roots = if roots.is_empty() { &here } else { roots };
    let mut status = 0;
    for root in roots {
        if io.is_file(root) {
            show(io, &wanted, root, 0, false);
        } else if io.is_directory(root) {
            for (path, depth, folder) in walk(io, root) {
                show(io, &wanted, &path, depth, folder);
            }
        } else {
            io.complain(format!("find: '{root}': No such file or directory"));
            status = 1;
        }
    }
    Some(status)
}

fn read(tests: &[String]) -> Result<Wanted, String> {
    let mut wanted = Wanted::default();
    let mut rest = tests.iter();
    while let Some(test) = rest.next() {
        let mut value = || rest.next().ok_or_else(|| format!("find: missing argument to `{test}'"));
        match test.as_str() {
            "-name" => wanted.names.push((Pattern::new(value()?), false)),
            "-iname" => wanted.names.push((Pattern::new(&value()?.to_lowercase()), true)),
            "-path" | "-wholename" => wanted.paths.push(Pattern::new(value()?)),
            "-type" => match value()?.as_str() {
                "f" => wanted.folder = Some(false),
                "d" => wanted.folder = Some(true),
                other => return Err(format!("find: Unknown argument to -type: {other}")),
            },
            "-maxdepth" => wanted.deepest = value()?.parse().ok(),
            "-mindepth" => {
                value()?;
            }
            "-print" => {}
            "-delete" => wanted.delete = true,
            "-exec" | "-size" | "-mtime" | "-newer" | "-perm" | "-user" => {
                return Err(format!(
                    "podhop: find {test} is not simulated here; pipe the names to xargs instead"
                ));
            }
            other => return Err(format!("find: unknown predicate `{other}'")),
        }
    }
    Ok(wanted)
}

/// Everything below `root`, with its depth and whether it is a folder; folders before their files.
fn walk(io: &Io<'_>, root: &str) -> Vec<(String, usize, bool)> {
    let mut found = vec![(root.to_owned(), 0, true)];
    let mut seen = std::collections::BTreeSet::new();
    for name in io.view().below(&io.absolute(root)) {
        let parts: Vec<&str> = name.split('/').collect();
        for depth in 1..=parts.len() {
            let path = parts[..depth].join("/");
            if View::is_mark(&path) || !seen.insert(path.clone()) {
                continue;
            }
            let folder = depth < parts.len();
            found.push((format!("{}/{path}", root.trim_end_matches('/')), depth, folder));
        }
    }
    found
}

fn show(io: &mut Io<'_>, wanted: &Wanted, path: &str, depth: usize, folder: bool) {
    let name = path.rsplit('/').next().unwrap_or(path);
    let named = wanted.names.iter().all(|(pattern, fold)| match fold {
        true => pattern.matches(&name.to_lowercase()),
        false => pattern.matches(name),
    });
    let fits = named
        && wanted.paths.iter().all(|pattern| pattern.matches(path))
        && wanted.folder.is_none_or(|wanted| wanted == folder)
        && wanted.deepest.is_none_or(|deepest| depth <= deepest);
    if !fits {
        return;
    }
    match wanted.delete && !folder {
        true => {
            if let Err(why) = io.remove_file(path) {
                io.complain(format!("find: cannot delete '{path}': {why}"));
            }
        }
        false => io.say(path),
    }
}
