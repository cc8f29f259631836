//! Solves levels of podhop from what `podhop shell LEVEL --json` answers, and from nothing else: the
//! same as `solver.py`, in Rust.
//!
//! `cargo run --example solver -- target/debug/podhop clusterip headless`

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};

use regex::Regex;
use serde_json::{Value, json};

/// Each round plays the whole answer so far from the level's start.
const ROUNDS: u32 = 8;

/// A level in `podhop shell --json`: a line in, an object out.
struct Shell {
    process: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Shell {
    fn open(podhop: &str, level: &str, seed: u64) -> io::Result<Shell> {
        let mut process = Command::new(podhop)
            .args(["shell", level, "--json", "--seed", &seed.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = process.stdin.take();
        let output = process.stdout.take().ok_or_else(|| io::Error::other("no output"))?;
        Ok(Shell { process, input, output: BufReader::new(output) })
    }

    fn ask(&mut self, request: &Value) -> io::Result<Value> {
        let input = self.input.as_mut().ok_or_else(|| io::Error::other("closed"))?;
        writeln!(input, "{request}")?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        let answer: Value = serde_json::from_str(&line)?;
        match answer["error"]["message"].as_str() {
            Some(message) => Err(io::Error::other(message.to_owned())),
            None => Ok(answer),
        }
    }

    fn run(&mut self, command: &str) -> io::Result<String> {
        let answer = self.ask(&json!({"run": command}))?;
        Ok(answer["stdout"].as_str().unwrap_or("").to_owned())
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        self.input = None;
        let _ = self.process.wait();
    }
}

/// Files that have changed, and commands that are typed after they were applied.
struct Answer {
    files: BTreeMap<String, String>,
    commands: Vec<String>,
    service: Option<String>,
}

/// A line that a diagnosis points at.
struct Line {
    file: String,
    lines: Vec<String>,
    index: usize,
}

impl Answer {
    fn line(&self, at: &str) -> Option<Line> {
        let (file, number) = at.rsplit_once(':')?;
        let lines: Vec<String> = self.files.get(file)?.split('\n').map(str::to_owned).collect();
        let index = number.parse::<usize>().ok()?.checked_sub(1).filter(|at| *at < lines.len())?;
        Some(Line { file: file.to_owned(), lines, index })
    }

    fn put(&mut self, line: Line) {
        self.files.insert(line.file, line.lines.join("\n"));
    }

    /// `write 10.244.1.3 instead of testpod1`
    fn one_word_for_another(&mut self, fix: &str, at: &str) -> Option<()> {
        let words = Regex::new(r"^write (\S+) instead of (\S+?),").ok()?.captures(fix)?;
        let mut line = self.line(at)?;
        line.lines[line.index] = line.lines[line.index].replace(&words[2], &words[1]);
        self.put(line);
        Some(())
    }

    /// `write app: backend in the selector (backend.yaml:7)`, at a line that has this key.
    fn another_value(&mut self, fix: &str, at: &str) -> Option<()> {
        let fix = format!("{fix} ");
        let words = Regex::new(r"^write ([\w.-]+): (\S+?)[,;.]? ").ok()?.captures(&fix)?;
        let mut line = self.line(at)?;
        let text = &line.lines[line.index];
        let start = text.len() - text.trim_start_matches([' ', '-']).len();
        if !text[start..].starts_with(&format!("{}:", &words[1])) {
            return None;
        }
        line.lines[line.index] = format!("{}{}: {}", &text[..start], &words[1], &words[2]);
        self.put(line);
        Some(())
    }

    /// A bare pod becomes the template of a Deployment, and a Service leads to it.
    fn make_a_controller(&mut self, shell: &mut Shell, at: &str) -> Option<()> {
        let file = self.line(at)?.file;
        let read = "cat <<'END' | kubectl create --dry-run=client -o json -f -\n";
        let pod = shell.run(&format!("{read}{}\nEND", self.files.get(&file)?)).ok()?;
        let pod: Value = serde_json::from_str(&pod).ok()?;
        let (labels, name) = (&pod["metadata"]["labels"], pod["metadata"]["name"].as_str()?);
        let deployment = json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
            "spec": {
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": pod["spec"]},
            },
        });
        self.files.insert(file, deployment.to_string());
        self.commands.push(format!("kubectl expose deployment {name} --port=80"));
        self.service = Some(name.to_owned());
        Some(())
    }

    /// An address that nobody has gives way to a Service's name.
    fn call_the_service(&mut self, at: &str) -> Option<()> {
        let service = self.service.clone()?;
        let mut line = self.line(at)?;
        let (key, _) = line.lines[line.index].split_once("value:")?;
        line.lines[line.index] = format!("{key}value: {service}");
        self.put(line);
        Some(())
    }

    /// The Service gets a node port, and whoever dials a node looks it up.
    fn open_the_nodes(&mut self, shell: &mut Shell, at: &str) -> Option<()> {
        let services: Value =
            serde_json::from_str(&shell.run("kubectl get services -o json").ok()?).ok()?;
        let mut all = services["items"].as_array()?.iter();
        let service = all.find(|service| service["metadata"]["name"] != "kubernetes")?;
        let (name, port) = (&service["metadata"]["name"], &service["spec"]["ports"][0]["port"]);
        for text in self.files.values_mut() {
            *text = text.replace("type: ClusterIP", "type: NodePort");
        }
        let path = "{.spec.ports[0].nodePort}";
        let lookup = format!(":$(kubectl get service {} -o jsonpath='{path}')", name.as_str()?);
        let mut line = self.line(at)?;
        line.lines[line.index] = line.lines[line.index].replace(&format!(":{port}"), &lookup);
        self.put(line);
        Some(())
    }

    /// A Service keeps its cluster IP for life: it is deleted, and made anew without one.
    fn make_it_headless(&mut self, at: &str) -> Option<()> {
        let mut line = self.line(at)?;
        let start = line.lines.iter().position(|line| line == "kind: Service")?;
        let spec = start + line.lines[start..].iter().position(|line| line == "spec:")?;
        let name = line.lines[start..spec].iter().find_map(|line| line.strip_prefix("  name: "))?;
        let command = format!("kubectl delete service {name}; kubectl apply -f {}", line.file);
        line.lines.insert(spec + 1, "  clusterIP: None".to_owned());
        self.commands.push(command);
        self.put(line);
        Some(())
    }

    /// Changes the answer by what the goals say; whether anything was changed.
    fn improve(&mut self, shell: &mut Shell, verdict: &Value) -> bool {
        let mut moved = false;
        for goal in verdict["goals"].as_array().into_iter().flatten() {
            let why = &goal["diagnosis"];
            let (Some(code), Some(fix)) = (why["code"].as_str(), why["fix"].as_str()) else {
                continue;
            };
            if !goal["sameCauseAs"].is_null() {
                continue;
            }
            let at = why["at"].as_str().unwrap_or("");
            let done = match code {
                "nothing-brings-it-back" => self.make_a_controller(shell, at),
                "no-such-pod-address" => self.call_the_service(at),
                "closed-node-port" => self.open_the_nodes(shell, at),
                "one-virtual-ip" => self.make_it_headless(at),
                _ => self.one_word_for_another(fix, at).or_else(|| self.another_value(fix, at)),
            };
            moved |= done.is_some();
            if ["closed-node-port", "one-virtual-ip"].contains(&code) {
                break;
            }
        }
        moved
    }
}

/// Solves a level; the number of rounds that it took, or `None` where it was not solved.
///
/// # Errors
/// podhop did not answer, or answered with an error.
pub fn solve(podhop: &str, level: &str, seed: u64) -> io::Result<Option<u32>> {
    let mut shell = Shell::open(podhop, level, seed)?;
    let start = shell.ask(&json!({"reset": {}}))?;
    let locked = |name: &str| {
        let mut files = start["level"]["files"].as_array().into_iter().flatten();
        files.any(|file| file["name"] == name && file["locked"] == true)
    };
    let files = start["files"].as_object().into_iter().flatten();
    let files = files.map(|(name, text)| (name.clone(), text.as_str().unwrap_or("").to_owned()));
    let mut answer = Answer { files: files.collect(), commands: Vec::new(), service: None };
    for round in 1..=ROUNDS {
        shell.ask(&json!({"reset": {}}))?;
        let files: BTreeMap<&String, &String> =
            answer.files.iter().filter(|(name, _)| !locked(name)).collect();
        shell.ask(&json!({"files": files}))?;
        shell.ask(&json!({"apply": {}}))?;
        for command in &answer.commands {
            shell.run(command)?;
        }
        let graded = shell.ask(&json!({"grade": {}}))?;
        if graded["done"] == true {
            return Ok(Some(round));
        }
        if !answer.improve(&mut shell, &graded["verdict"]) {
            return Ok(None);
        }
    }
    Ok(None)
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let Some((podhop, levels)) = words.split_first() else {
        eprintln!("usage: solver PODHOP LEVEL...");
        return ExitCode::from(2);
    };
    let mut failed = false;
    for level in levels {
        match solve(podhop, level, 1) {
            Ok(Some(round)) => println!("{level}: solved in round {round}"),
            Ok(None) => {
                failed = true;
                println!("{level}: not solved");
            }
            Err(error) => {
                failed = true;
                println!("{level}: {error}");
            }
        }
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
