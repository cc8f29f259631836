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

/// What `kubectl apply -f FILE` said of each file in a recording: (file, verdict).
pub fn verdicts(name: &str) -> Vec<(String, String)> {
    let applied = |step: Step| {
        let file = step.command.strip_prefix("kubectl apply -f ")?;
        let is_file = file.ends_with(".yaml") || file.ends_with(".json");
        let plain = is_file && !file.contains([' ', ';', '|']);
        // A heading belongs to the section that it opens, not to the verdict before it.
        let verdict = step.output.split("\n\n# ").next().unwrap_or("").trim().to_owned();
        plain.then(|| (file.to_owned(), verdict))
    };
    steps(name).into_iter().filter_map(applied).collect()
}
