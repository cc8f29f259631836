//! Plays commands in a real tool and in podhop, and compares standard output, standard error and
//! exit code. It isn't part of `cargo test`, because it needs the real tools:
//!
//! ```sh
//! ORACLE_KUBECTL=/path/to/kubectl cargo test --test oracle -- kubectl
//! ```
//!
//! Without a name it plays every tool; one that isn't installed is passed over. Words after the
//! name choose the commands that contain them; `--share` prints only the shares, `--record` writes
//! down what the real tool answers where podhop agrees, and `cargo test` replays that
//! (`tests/recorded.rs`); `--at-least PERCENT` fails below.
// It looks at the real world: files, processes, time.
#![allow(clippy::disallowed_methods, clippy::print_stdout)]

mod play;
mod server;

use std::fmt::Write as _;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use play::{Answer, Podhop, Tool};
use server::Server;

/// How long a real command may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the command line asks for.
#[derive(Default)]
struct Wanted {
    tool: Option<String>,
    containing: Vec<String>,
    share_only: bool,
    record: bool,
    at_least: f64,
}

fn main() -> ExitCode {
    let wanted = wanted();
    let mut good = true;
    for name in play::tools() {
        if wanted.tool.as_ref().is_some_and(|tool| *tool != name) {
            continue;
        }
        let tool = Tool::read(&name);
        match tool.needs.iter().find(|program| find(program).is_none()) {
            Some(missing) => println!("{name}: {missing} isn't installed"),
            None if !is_right_version(&tool) => good = false,
            None => good &= play_tool(&tool, &wanted) >= wanted.at_least,
        }
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn wanted() -> Wanted {
    let mut wanted = Wanted::default();
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--share" => wanted.share_only = true,
            "--record" => wanted.record = true,
            "--at-least" => {
                wanted.at_least = words.next().and_then(|word| word.parse().ok()).unwrap_or(100.0);
            }
            _ if wanted.tool.is_none() => wanted.tool = Some(word),
            _ => wanted.containing.push(word),
        }
    }
    wanted
}

/// Where a program lies: in its own variable's place, or in one of `PATH`.
fn find(program: &str) -> Option<PathBuf> {
    let variable = format!("ORACLE_{}", program.to_uppercase().replace(['-', '.'], "_"));
    if let Some(path) = std::env::var_os(variable) {
        return Some(PathBuf::from(path)).filter(|path| path.is_file());
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|path| path.is_file())
}

/// Whether the installed tool is the one that podhop follows; says so if not.
fn is_right_version(tool: &Tool) -> bool {
    let Some((text, command)) = &tool.version else { return true };
    let answer = real_answer(tool, command, None);
    let right = answer.stdout.contains(text.as_str());
    if !right {
        println!("{}: this isn't {text}, but {}", tool.name, answer.stdout.trim_end());
    }
    right
}

/// Plays a tool's commands; the share of those on which podhop agrees, in percent.
fn play_tool(tool: &Tool, wanted: &Wanted) -> f64 {
    let files = tool.files();
    let mut podhop = Podhop::new(files.clone());
    let mut world = String::new();
    let chosen = |asked: &&play::Asked| wanted.containing.iter().all(|w| asked.text.contains(w));
    let (mut agreed, mut counted, mut beyond) = (0_u32, 0_u32, 0_u32);
    let mut recorded = String::new();
    for asked in tool.commands.iter().filter(chosen) {
        let command = asked.text.as_str();
        podhop = podhop.enter(&asked.world, &files);
        let server = (!asked.world.is_empty()).then(|| Server::new(podhop.cluster().clone()));
        let real = tool.settled(real_answer(tool, command, server));
        if tool.is_beyond(&real) {
            beyond += 1;
            continue;
        }
        let ours = tool.settled(podhop.answer(command));
        counted += 1;
        if ours == real {
            agreed += 1;
            if world != asked.world {
                world.clone_from(&asked.world);
                let _ = writeln!(recorded, "{}{world}\n", play::WORLD);
            }
            let _ = writeln!(recorded, "{}", play::written(command, &real));
        } else if !wanted.share_only {
            let (real, ours) = (play::written(command, &real), play::written(command, &ours));
            let difference = similar::TextDiff::from_lines(&real, &ours);
            println!("{}", difference.unified_diff().context_radius(30).header("real", "podhop"));
        }
    }
    let share = 100.0 * f64::from(agreed) / f64::from(counted.max(1));
    println!("{}: {share:.1} % of {counted} ({beyond} more need what isn't here)", tool.name);
    if wanted.record && wanted.containing.is_empty() {
        let path = play::folder().join("recorded").join(format!("{}.txt", tool.name));
        fs::write(path, recorded).expect("the recordings are writable");
    }
    share
}

/// What the real tool answers, in a fresh copy of the working folder, to which `server` belongs if
/// there is one.
fn real_answer(tool: &Tool, command: &str, mut server: Option<Server>) -> Answer {
    let home = tempfile::tempdir().expect("a folder");
    for (name, content) in tool.files() {
        let path = home.path().join(name);
        fs::create_dir_all(path.parent().unwrap_or(home.path())).expect("a folder");
        fs::write(path, content).expect("a file");
    }
    let address = server.as_ref().map(Server::address);
    let mut child = start(tool, command, home.path(), address.as_deref());
    let stdout = child.stdout.take().map(gather).expect("standard output");
    let stderr = child.stderr.take().map(gather).expect("standard error");
    let started = Instant::now();
    let exit = loop {
        let served = server.as_mut().is_some_and(Server::serve);
        match child.try_wait().expect("a child") {
            Some(status) => break status.code().unwrap_or(-1),
            None if started.elapsed() > PATIENCE => {
                let _ = child.kill();
                let _ = child.wait();
                break -1;
            }
            None if served => {}
            None => std::thread::sleep(Duration::from_millis(1)),
        }
    };
    // podhop's working folder is the home of its player, and its server has an address of its own.
    let here = home.path().to_string_lossy().into_owned();
    let text = |reader: std::thread::JoinHandle<Vec<u8>>| {
        let bytes = reader.join().unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes).replace(&here, "/home/player");
        match &address {
            Some(address) => text.replace(&format!("http://{address}"), "https://127.0.0.1:8443"),
            None => text,
        }
    };
    Answer { stdout: text(stdout), stderr: text(stderr), exit }
}

/// Starts a command of the real tool in its working folder.
fn start(tool: &Tool, command: &str, home: &Path, address: Option<&str>) -> Child {
    let mut folders: Vec<PathBuf> = tool
        .needs
        .iter()
        .filter_map(|program| find(program)?.parent().map(Path::to_path_buf))
        .collect();
    folders.extend(["/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"].map(PathBuf::from));
    let path = std::env::join_paths(folders).expect("folders without colons");
    if let Some(address) = address {
        let config = home.join(".kube/config");
        fs::create_dir_all(home.join(".kube")).expect("a folder");
        fs::write(config, kubeconfig(address)).expect("a file");
    }
    Command::new(find(&tool.shell[0]).unwrap_or_else(|| (&tool.shell[0]).into()))
        .args(&tool.shell[1..])
        .arg(command)
        .current_dir(home)
        .env_clear()
        .envs([("LC_ALL", "C.UTF-8"), ("TZ", "UTC")])
        .env("HOME", home)
        .env("PATH", path)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the real tool starts")
}

/// A kubeconfig with podhop's names, and another server.
fn kubeconfig(address: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: podhop\n\
         clusters: [{{name: podhop, cluster: {{server: \"http://{address}\"}}}}]\n\
         contexts: [{{name: podhop, context: {{cluster: podhop, user: admin}}}}]\n\
         users: [{{name: admin, user: {{}}}}]\n"
    )
}

fn gather(mut stream: impl Read + Send + 'static) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        bytes
    })
}
