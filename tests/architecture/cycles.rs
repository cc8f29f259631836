//! Which files use each other in circles.
//!
//! A file uses another where it names something of it in a `use` or in a path. What a folder's own
//! `mod.rs` declares is the ground that the files in the folder stand on: that they name it counts as
//! no use. A re-export counts for whoever names it, and leads to the file behind it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// A module's path below the crate: `["network", "walk"]`.
pub type Module = Vec<String>;

/// The sources by module, without those that are tests as a whole.
pub type Sources = BTreeMap<Module, String>;

/// Reads sources of files below `root`.
pub fn sources(root: &std::path::Path, files: Vec<PathBuf>) -> Sources {
    let mut all = Sources::new();
    for file in files {
        let below = file.strip_prefix(root).expect("a source is below its root");
        let mut module: Module =
            below.with_extension("").iter().map(|part| part.to_string_lossy().into()).collect();
        if module.last().is_some_and(|last| last == "mod") {
            module.pop();
        }
        let text = std::fs::read_to_string(&file).expect("source files are readable");
        all.insert(module, code(&text));
    }
    let tests: Vec<Module> = all.iter().flat_map(|(module, text)| tests(module, text)).collect();
    all.retain(|module, _| !tests.iter().any(|test| module.starts_with(test)));
    all
}

/// A source without its comments and its tests.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or("");
    let lines = text.lines().map(|line| line.split("//").next().unwrap_or(""));
    lines.collect::<Vec<_>>().join("\n")
}

/// The modules that a source declares for tests alone.
fn tests(module: &Module, text: &str) -> Vec<Module> {
    let declared = text.split("#[cfg(test)]\n").skip(1).filter_map(|rest| {
        let line = rest.lines().next()?;
        let (_, name) = line.strip_suffix(';')?.split_once("mod ")?;
        Some(module.iter().cloned().chain([name.to_owned()]).collect())
    });
    declared.collect()
}

/// The paths that a tree of `use` names: `a::{b, c::d}` names `a::b` and `a::c::d`.
fn paths(tree: &str) -> Vec<Vec<String>> {
    let tree = tree.trim();
    let Some((before, inside)) = tree.split_once('{') else {
        let name = tree.split(" as ").next().unwrap_or(tree);
        return vec![name.split("::").map(|part| part.trim().to_owned()).collect()];
    };
    let before: Vec<String> =
        before.split("::").map(|part| part.trim().to_owned()).filter(|p| !p.is_empty()).collect();
    let (mut depth, mut found, mut start) = (0, Vec::new(), 0);
    let inside = inside.strip_suffix('}').unwrap_or(inside);
    for (at, letter) in inside.char_indices().chain([(inside.len(), ',')]) {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                let branch = inside[start..at].trim();
                start = (at + 1).min(inside.len());
                let own = paths(branch).into_iter().filter(|_| !branch.is_empty());
                let own = own.map(|path| path.into_iter().filter(|part| part != "self"));
                found.extend(own.map(|path| before.iter().cloned().chain(path).collect()));
            }
            _ => {}
        }
    }
    found
}

/// The module that a path leads to, and what is named of it.
fn resolve(sources: &Sources, from: &Module, path: &[String]) -> Option<(Module, Option<String>)> {
    let mut at = match path.first()?.as_str() {
        "crate" => Module::new(),
        "super" | "self" => from.clone(),
        child => {
            let inner: Module = from.iter().cloned().chain([child.to_owned()]).collect();
            sources.contains_key(&inner).then(|| from.clone())?
        }
    };
    let mut rest = path.iter().skip_while(|part| *part == "crate" || *part == "self").peekable();
    while rest.next_if(|part| *part == "super").is_some() {
        at.pop();
    }
    while let Some(part) = rest.peek() {
        let inner: Module = at.iter().cloned().chain([(*part).clone()]).collect();
        if !sources.contains_key(&inner) {
            break;
        }
        at = inner;
        rest.next();
    }
    Some((at, rest.next().cloned()))
}

/// What a source names: the paths in its `use`s, public ones apart, and those in its code.
fn named(text: &str) -> (Vec<Vec<String>>, Vec<Vec<String>>) {
    let (mut own, mut exported, mut code) = (Vec::new(), Vec::new(), String::new());
    for statement in text.split_inclusive(';') {
        let at = statement.rfind("use ").filter(|at| {
            let line = statement[..*at].rsplit('\n').next().unwrap_or("").trim();
            line.is_empty() || line.starts_with("pub")
        });
        match at {
            Some(at) => {
                let line = statement[..at].rsplit('\n').next().unwrap_or("").trim();
                let tree = paths(statement[at + 4..].trim_end_matches(';'));
                if line.is_empty() {
                    own.extend(tree)
                } else {
                    exported.extend(tree)
                }
                code += &statement[..at];
            }
            None => code += statement,
        }
    }
    let words = code.split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':');
    let paths = words.filter(|word| {
        ["crate::", "super::", "self::"].iter().any(|start| word.starts_with(start))
    });
    own.extend(paths.map(|path| path.split("::").map(str::to_owned).collect::<Vec<_>>()));
    (own, exported)
}

/// Which modules each module uses.
fn uses(sources: &Sources) -> BTreeMap<Module, BTreeSet<Module>> {
    let mut exports: BTreeMap<(Module, String), (Module, Option<String>)> = BTreeMap::new();
    let mut own = BTreeMap::new();
    for (module, text) in sources {
        let (paths, exported) = named(text);
        for path in exported {
            let name = path.last().cloned().unwrap_or_default();
            if let Some(target) = resolve(sources, module, &path) {
                exports.insert((module.clone(), name), target);
            }
        }
        own.insert(module.clone(), paths);
    }
    let behind = |mut target: (Module, Option<String>)| {
        for _ in 0..8 {
            let (module, Some(name)) = target.clone() else { break };
            match exports.get(&(module, name)) {
                Some(next) if *next != target => target = next.clone(),
                _ => break,
            }
        }
        target.0
    };
    let edges = own.into_iter().map(|(module, paths)| {
        let targets = paths.iter().filter_map(|path| resolve(sources, &module, path)).map(behind);
        let targets = targets.filter(|target| !module.starts_with(target));
        let targets = targets.filter(|target| sources.contains_key(target)).collect();
        (module, targets)
    });
    edges.collect()
}

/// The modules that use each other in circles, each circle as large as it is.
pub fn circles(sources: &Sources) -> Vec<BTreeSet<Module>> {
    let uses = uses(sources);
    let reach = |from: &Module| {
        let (mut seen, mut left) = (BTreeSet::new(), vec![from]);
        while let Some(module) = left.pop() {
            for next in uses.get(module).into_iter().flatten() {
                if seen.insert(next) {
                    left.push(next);
                }
            }
        }
        seen
    };
    let reached: BTreeMap<&Module, BTreeSet<&Module>> =
        uses.keys().map(|module| (module, reach(module))).collect();
    let circle = |module: &Module| -> BTreeSet<Module> {
        let forth = &reached[module];
        let back = |other: &&&Module| reached.get(**other).is_some_and(|all| all.contains(module));
        forth.iter().filter(back).map(|other| (*other).clone()).collect()
    };
    let all: BTreeSet<BTreeSet<Module>> = uses.keys().map(circle).collect();
    all.into_iter().filter(|circle| circle.len() > 1).collect()
}
