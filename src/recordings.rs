//! Recordings of a real cluster (`tests/golden`), as tests read them.

use std::path::PathBuf;

/// One command of a recording, and everything it said.
#[derive(Debug)]
pub struct Step {
    /// The command line, without the prompt.
    pub command: String,
    /// Its output, without the exit code's line.
    pub output: String,
}

/// A file below `tests/golden`.
#[expect(clippy::disallowed_methods, reason = "recordings are tests' own files")]
pub fn golden(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The commands of a recording, in order. Files that it shows (`$ cat`) are steps as well.
pub fn steps(name: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in golden(name).lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            steps.push(Step { command: command.to_owned(), output: String::new() });
        } else if let Some(step) = steps.last_mut()
            && !line.starts_with("[exit ")
            && !line.starts_with("(deleted again)")
        {
            step.output += line;
            step.output.push('\n');
        }
    }
    steps
}

/// One manifest of a recording, and what `kubectl apply -f` said of it.
#[derive(Debug)]
pub struct Recorded {
    /// The file's name.
    pub file: String,
    /// What the file said then.
    pub text: String,
    /// What kubectl said.
    pub verdict: String,
}

/// Every file that a recording shows and applies.
pub fn verdicts(name: &str) -> Vec<Recorded> {
    let mut files = std::collections::BTreeMap::new();
    let mut verdicts = Vec::new();
    for step in steps(name) {
        // A heading belongs to the section that it opens, not to what was said before it.
        let said = step.output.split("\n\n# ").next().unwrap_or("");
        if let Some(file) = step.command.strip_prefix("cat ") {
            let text = said.strip_suffix('\n').unwrap_or(said);
            files.insert(file.to_owned(), text.to_owned());
        } else if let Some(file) = step.command.strip_prefix("kubectl apply -f ")
            && let Some(text) = files.get(file)
        {
            let verdict = said.trim().to_owned();
            verdicts.push(Recorded { file: file.to_owned(), text: text.clone(), verdict });
        }
    }
    verdicts
}
