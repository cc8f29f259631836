//! Reads httpd's configuration files: lines to directives and sections, with what they include
//! (`ap_build_config` of server/config.c).

use std::collections::{BTreeMap, BTreeSet};

use super::directives::Known;

/// Where a directive is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spot {
    pub file: String,
    pub line: usize,
}

/// A directive, or a section with those in it.
#[derive(Debug)]
pub struct Node {
    /// `DocumentRoot`, `<Directory`.
    pub name: String,
    /// What follows, with the `>` of a section.
    pub rest: String,
    pub spot: Spot,
    pub children: Vec<Node>,
}

/// The files of the container.
pub trait Files {
    /// A file's content.
    fn read(&self, path: &str) -> Option<String>;
    /// The files that a pattern with `*` names, sorted.
    fn glob(&self, pattern: &str) -> Vec<String>;
    fn is_directory(&self, path: &str) -> bool;
    /// A variable of the environment.
    fn variable(&self, name: &str) -> Option<String>;
}

/// What stands before the file names of a `LoadModule`, and what is always in the program.
const BUILT_IN: [&str; 3] = ["core", "so", "http"];

/// Files within one another (`AP_MAX_INCLUDE_DEPTH` is 20).
const DEEPEST: usize = 20;

/// Reads files.
pub struct Loader<'a> {
    pub files: &'a dyn Files,
    /// `ServerRoot`, from where the names of files are meant.
    pub root: String,
    /// Modules that are loaded, without `_module`.
    pub modules: BTreeSet<String>,
    /// `Define` and `-D`.
    pub defines: BTreeMap<String, String>,
    /// Modules that there are and that are not simulated.
    pub missed: Vec<String>,
    depth: usize,
}

/// Sections that decide whether what is in them counts.
const CONDITIONS: [&str; 4] = ["<ifmodule", "<ifdefine", "<ifversion", "<iffile"];

/// The lines of a file that are not read yet: each with the number of its last one, where several are one.
type Lines<'t> = std::iter::Peekable<Box<dyn Iterator<Item = (usize, String)> + 't>>;

impl<'a> Loader<'a> {
    pub fn new(files: &'a dyn Files, root: &str, defines: &[String]) -> Loader<'a> {
        let defines = defines.iter().map(|name| (name.clone(), String::new())).collect();
        let modules = BUILT_IN.iter().map(|name| (*name).to_owned()).collect();
        Loader { files, root: root.to_owned(), modules, defines, missed: Vec::new(), depth: 0 }
    }

    /// The directives of a text, as far as the conditions around them are met.
    ///
    /// # Errors
    /// In httpd's words, with file and line.
    pub fn text(&mut self, text: &str, file: &str) -> Result<Vec<Node>, String> {
        let mut lines: Lines<'_> =
            (Box::new(joined(text)) as Box<dyn Iterator<Item = _>>).peekable();
        let mut nodes = Vec::new();
        let last = text.lines().count();
        self.section(&mut lines, file, None, &mut nodes).map_err(|(line, why)| {
            format!("Syntax error on line {} of {file}: {why}", line.unwrap_or(last))
        })?;
        Ok(nodes)
    }

    /// Reads up to the end of the section that this node opens, or of the file.
    fn section(
        &mut self,
        lines: &mut Lines<'_>,
        file: &str,
        open: Option<(&Spot, &str)>,
        nodes: &mut Vec<Node>,
    ) -> Result<(), (Option<usize>, String)> {
        while let Some((line, text)) = lines.next() {
            let fault = |why: String| (Some(line), why);
            let (name, rest) = match text.split_once(char::is_whitespace) {
                Some((name, rest)) => (name, rest.trim()),
                None => (text.as_str(), ""),
            };
            if let Some(closed) = name.strip_prefix("</") {
                let closed = closed.trim_end_matches('>');
                return match open {
                    Some((_, own)) if own[1..].eq_ignore_ascii_case(closed) => Ok(()),
                    Some((_, own)) => {
                        Err(fault(format!("Expected </{}> but saw </{closed}>", &own[1..])))
                    }
                    None => Err(fault(format!("</{closed}> without matching <{closed}> section"))),
                };
            }
            let rest = self.filled(rest);
            let spot = Spot { file: file.to_owned(), line };
            if CONDITIONS.contains(&name.to_lowercase().as_str()) {
                self.condition(lines, (name, &rest), &spot, nodes)?;
                continue;
            }
            let open = name.strip_suffix('>').filter(|_| name.starts_with('<'));
            let mut node = Node {
                name: open.unwrap_or(name).to_owned(),
                rest: if open.is_some() { ">".to_owned() } else { rest },
                spot,
                children: Vec::new(),
            };
            if name.starts_with('<') {
                let opened = (&node.spot, node.name.as_str());
                self.section(lines, file, Some(opened), &mut node.children)?;
                nodes.push(node);
                continue;
            }
            self.at_once(node, nodes).map_err(fault)?;
        }
        match open {
            None => Ok(()),
            Some((spot, name)) if CONDITIONS.contains(&name.to_lowercase().as_str()) => Err((
                Some(spot.line),
                format!("Expected </{}> before end of configuration", &name[1..]),
            )),
            Some((spot, name)) => Err((
                Some(spot.line),
                format!("{}:{}: {name}> was not closed.", spot.file, spot.line),
            )),
        }
    }

    /// `<IfModule dir_module>`, `<IfDefine !DEBUG>`: what is in it counts, or is passed over.
    fn condition(
        &mut self,
        lines: &mut Lines<'_>,
        (name, rest): (&str, &str),
        spot: &Spot,
        nodes: &mut Vec<Node>,
    ) -> Result<(), (Option<usize>, String)> {
        let Some(rest) = rest.strip_suffix('>') else {
            return Err((Some(spot.line), format!("{name}> directive missing closing '>'")));
        };
        let wanted = words(rest).pop().unwrap_or_default();
        let (negated, wanted) = match wanted.strip_prefix('!') {
            Some(wanted) => (true, wanted.to_owned()),
            None => (false, wanted),
        };
        let holds = match name.to_lowercase().as_str() {
            "<ifmodule" => {
                let module = wanted.trim_end_matches(".c").trim_start_matches("mod_");
                self.modules.contains(module.trim_end_matches("_module"))
            }
            "<ifdefine" => self.defines.contains_key(&wanted),
            "<iffile" => self.files.read(&self.path(&wanted)).is_some(),
            _ => is_version(rest),
        };
        if holds != negated {
            return self.section(lines, &spot.file, Some((spot, name)), nodes);
        }
        // Sections of the same kind within it have ends of their own.
        let mut depth = 1;
        for (_, text) in lines.by_ref() {
            let word = text.split_whitespace().next().unwrap_or("").to_lowercase();
            if word == name.to_lowercase() {
                depth += 1;
            } else if word.trim_end_matches('>') == format!("</{}", &name[1..].to_lowercase()) {
                depth -= 1;
                if depth == 0 {
                    return Ok(());
                }
            }
        }
        Err((Some(spot.line), format!("Expected </{}> before end of configuration", &name[1..])))
    }

    /// Directives that are obeyed while the file is read; the others are kept.
    fn at_once(&mut self, node: Node, nodes: &mut Vec<Node>) -> Result<(), String> {
        let lower = node.name.to_lowercase();
        let early =
            ["include", "includeoptional", "loadmodule", "define", "undefine", "serverroot"];
        if !early.contains(&lower.as_str()) {
            nodes.push(node);
            return Ok(());
        }
        let words = words(&node.rest);
        if let Some(known) = Known::find(&lower) {
            known.check_count(&words)?;
        }
        match (lower.as_str(), words.as_slice()) {
            ("serverroot", [root]) => self.root = root.trim_end_matches('/').to_owned(),
            ("define", [name, value @ ..]) => {
                self.defines.insert(name.clone(), value.concat());
            }
            ("undefine", [name]) => drop(self.defines.remove(name)),
            ("loadmodule", [module, file]) => self.load(module, file)?,
            (_, [pattern]) => self.include(pattern, lower == "includeoptional", nodes)?,
            _ => {}
        }
        Ok(())
    }

    fn load(&mut self, module: &str, file: &str) -> Result<(), String> {
        let name = module.strip_suffix("_module").unwrap_or(module);
        let path = if file.contains('/') { self.path(file) } else { file.to_owned() };
        let is_there = path == self.path(&format!("modules/mod_{name}.so"));
        if !is_there {
            return Err(format!(
                "Cannot load {file} into server: {path}: cannot open shared object file: No such file or directory"
            ));
        }
        if !Known::is_module(name) && !SILENT.contains(&name) {
            self.missed.push(format!("module {module}"));
        }
        self.modules.insert(name.to_owned());
        Ok(())
    }

    fn include(
        &mut self,
        pattern: &str,
        optional: bool,
        nodes: &mut Vec<Node>,
    ) -> Result<(), String> {
        let path = self.path(pattern);
        let files = match (path.contains(['*', '?', '[']), self.files.is_directory(&path)) {
            (true, _) => self.files.glob(&path),
            (false, true) => self.files.glob(&format!("{path}/*")),
            (false, false) => vec![path.clone()],
        };
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        if files.is_empty() && !optional && !self.files.is_directory(folder) {
            return Err(format!(
                "Include/IncludeOptional: Could not open directory {folder}: No such file or directory"
            ));
        }
        if files.is_empty() && !optional {
            return Err(format!(
                "No matches for the wildcard '{path}', failing (use IncludeOptional if required)"
            ));
        }
        if self.depth >= DEEPEST {
            return Err(format!(
                "Exceeded maximum include depth of {DEEPEST}, There appears to be a recursion."
            ));
        }
        for file in files {
            let Some(text) = self.files.read(&file) else {
                if optional {
                    continue;
                }
                return Err(format!(
                    "Could not open configuration file {file}: No such file or directory"
                ));
            };
            self.depth += 1;
            let read = self.text(&text, &file);
            self.depth -= 1;
            nodes.extend(read?);
        }
        Ok(())
    }

    /// A file's path: below the server's root where it begins with no slash.
    pub fn path(&self, file: &str) -> String {
        below(&self.root, file)
    }

    /// A text with the values of `${NAME}` in it.
    fn filled(&self, text: &str) -> String {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            filled += before;
            let Some((name, behind)) = after.split_once('}') else {
                return filled + "${" + after;
            };
            match self.defines.get(name).cloned().or_else(|| self.files.variable(name)) {
                Some(value) => filled += &value,
                None => filled += &format!("${{{name}}}"),
            }
            rest = behind;
        }
        filled + rest
    }
}

/// What follows `<IfVersion`: `>= 2.4`, `!2.2`, `2.4.63`.
fn is_version(text: &str) -> bool {
    let text = text.trim().trim_start_matches('!');
    let number = text.trim_start_matches(['<', '>', '=', ' ']);
    let own = [2, 4, 63];
    let wanted: Vec<u32> = number.split('.').map(|part| part.trim().parse().unwrap_or(0)).collect();
    let order = own[..wanted.len().min(own.len())].cmp(wanted.as_slice());
    match text[..text.len() - number.len()].trim() {
        ">=" => order.is_ge(),
        ">" => order.is_gt(),
        "<=" => order.is_le(),
        "<" => order.is_lt(),
        _ => order.is_eq(),
    }
}

/// Modules without directives of their own.
const SILENT: [&str; 14] = [
    "authz_host",
    "status",
    "authz_user",
    "lbmethod_byrequests",
    "lbmethod_bytraffic",
    "lbmethod_bybusyness",
    "slotmem_shm",
    "slotmem_plain",
    "proxy_http",
    "proxy_wstunnel",
    "proxy_connect",
    "socache_shmcb",
    "mpm_event",
    "version",
];

/// A path below a folder, unless it begins with a slash.
pub fn below(root: &str, file: &str) -> String {
    if file.starts_with('/') { file.to_owned() } else { format!("{root}/{file}") }
}

/// Lines without comments and empty ones; one that ends with a backslash goes on in the next.
fn joined(text: &str) -> impl Iterator<Item = (usize, String)> {
    let mut lines = text.lines().enumerate();
    std::iter::from_fn(move || {
        loop {
            let (mut number, line) = lines.next()?;
            let mut whole = line.trim().to_owned();
            while let Some(start) = whole.strip_suffix('\\') {
                let Some((next, more)) = lines.next() else { break };
                number = next;
                whole = format!("{start}{}", more.trim());
            }
            if !whole.is_empty() && !whole.starts_with('#') {
                return Some((number + 1, whole));
            }
        }
    })
}

/// The words of a line; quotes hold a word together (`ap_getword_conf`).
pub fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut letters = text.chars().peekable();
    while letters.next_if(|letter| letter.is_whitespace()).is_some() {}
    while let Some(first) = letters.peek().copied() {
        let mut word = String::new();
        let quote = Some(first).filter(|first| ['"', '\''].contains(first));
        if quote.is_some() {
            letters.next();
        }
        while let Some(letter) = letters.next() {
            match letter {
                '\\' if letters
                    .peek()
                    .is_some_and(|next| *next == '\\' || Some(*next) == quote) =>
                {
                    word.extend(letters.next());
                }
                letter if Some(letter) == quote => break,
                letter if quote.is_none() && letter.is_whitespace() => break,
                letter => word.push(letter),
            }
        }
        words.push(word);
        while letters.next_if(|letter| letter.is_whitespace()).is_some() {}
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_a_word_together() {
        assert_eq!(
            words(r#"404 "not here, \"friend\"" 'a b' c\d"#),
            ["404", "not here, \"friend\"", "a b", r"c\d"]
        );
    }

    #[test]
    fn versions_are_compared_as_far_as_they_are_written() {
        for text in [">= 2.4", "2.4", "2.4.63", "> 2.2", "< 2.5", "<= 2.4", "!2.4"] {
            assert!(is_version(text), "{text}");
        }
        for text in ["< 2.4", "2.2", "> 2.4", ">= 3", "2.4.62"] {
            assert!(!is_version(text), "{text}");
        }
    }

    #[test]
    fn a_line_goes_on_behind_a_backslash() {
        let lines: Vec<_> = joined("Listen \\\n 80\n# x\n\nListen 81\n").collect();
        assert_eq!(lines, [(2, "Listen 80".to_owned()), (5, "Listen 81".to_owned())]);
    }
}
