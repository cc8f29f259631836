//! Whole public applications: their manifests in `tests/applications/NAME/*.yaml`, written after their
//! documentation, and in `connections.txt` who calls whom. Every pod becomes ready, and every
//! connection is made.
// Tests look at the real world: files, clocks, processes.
#![allow(clippy::disallowed_methods)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use podhop::api::{Kind, Object, Pod};
use podhop::cluster::{Cluster, Config};
use podhop::network::{Outcome, Party};
use podhop::shell::{self, Files, Progress, Session};

/// How long an application has until it stands, and how long it is watched then.
const START: Duration = Duration::from_secs(300);
const WATCH: u64 = 60;

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/applications");
    let mut folders: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the applications' folder is readable")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let trials = folders.into_iter().map(|path| Trial::test(name(&path), move || play(&path)));
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit()
}

fn play(folder: &Path) -> Result<(), Failed> {
    let mut cluster = Cluster::new(
        &Config { nodes: 4, seed: 7, dns: true, dual_stack: false },
        shell::programs(),
    );
    let mut session = Session::new(files(folder)?);
    let told = run(&mut cluster, &mut session, "kubectl apply -f .");
    if session.exit_code() != 0 {
        return Err(told.into());
    }
    let stands = cluster.now() + START;
    cluster.advance_to(stands);
    ready(&cluster)?;
    let made = watch(&mut cluster, &mut session);
    let wanted = fs::read_to_string(folder.join("connections.txt")).map_err(|e| e.to_string())?;
    let mut missing = Vec::new();
    for line in wanted.lines().filter(|line| !line.starts_with('#') && !line.starts_with('$')) {
        let (from, to) = line.split_once(' ').ok_or("a connection is: FROM TO")?;
        if !made.contains(&(from.to_owned(), to.to_owned())) {
            missing.push(line);
        }
    }
    if missing.is_empty() { Ok(()) } else { Err(format!("{missing:#?} of {made:#?}").into()) }
}

fn files(folder: &Path) -> Result<Files, Failed> {
    let mut files = Files::new();
    for entry in fs::read_dir(folder).map_err(|error| error.to_string())? {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path.extension().is_some_and(|ending| ending == "yaml" || ending == "txt") {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            files.insert(name, fs::read(&path).map_err(|error| error.to_string())?);
        }
    }
    Ok(files)
}

fn run(cluster: &mut Cluster, session: &mut Session, command: &str) -> String {
    session.type_line(command);
    while session.is_running() {
        match session.step(cluster) {
            Progress::Done(_) => break,
            Progress::Until(at) => cluster.advance_to(at),
            Progress::Input => session.end_input(),
        }
    }
    let chunks = session.take_output();
    chunks.iter().map(|chunk| String::from_utf8_lossy(&chunk.bytes).into_owned()).collect()
}

/// Every pod outside kube-system is ready, and none of their containers has ended.
fn ready(cluster: &Cluster) -> Result<(), Failed> {
    let pods = cluster.objects().list::<Pod>(None);
    let own = pods.filter(|pod| pod.metadata.namespace.as_deref() != Some("kube-system"));
    let mut count = 0;
    for pod in own {
        count += 1;
        let name = pod.metadata.name.clone().unwrap_or_default();
        let status = pod.status.as_ref().ok_or("a pod has no status")?;
        let ready =
            status.conditions.iter().any(|one| one.type_ == "Ready" && one.status == "True");
        if !ready {
            let states = format!("{:#?}", status.container_statuses);
            return Err(format!("{name} is not ready: {states}").into());
        }
    }
    if count == 0 { Err("there are no pods".into()) } else { Ok(()) }
}

/// Who has reached whom, by their `app` or `name` labels, while the application goes on and the
/// commands of `connections.txt` run.
fn watch(cluster: &mut Cluster, session: &mut Session) -> BTreeSet<(String, String)> {
    let mut made = BTreeSet::new();
    let listed = run(cluster, session, "grep '^[$] ' connections.txt");
    for command in listed.lines().filter_map(|line| line.strip_prefix("$ ")) {
        run(cluster, session, command);
        note(cluster, &mut made);
    }
    for _ in 0..WATCH {
        let next = cluster.now() + Duration::from_secs(1);
        cluster.advance_to(next);
        note(cluster, &mut made);
    }
    made
}

fn note(cluster: &Cluster, made: &mut BTreeSet<(String, String)>) {
    for trace in cluster.traces().filter(|trace| trace.dns.is_none()) {
        if let Outcome::Delivered { to, .. } = &trace.outcome
            && let (Some(from), Some(to)) = (label(cluster, &trace.from), label(cluster, to))
        {
            made.insert((from, to));
        }
    }
}

fn label(cluster: &Cluster, party: &Party) -> Option<String> {
    let Party::Pod { namespace, name } = party else { return None };
    let Some(Object::Pod(pod)) = cluster.objects().object(Kind::Pod, namespace, name) else {
        return None;
    };
    let labels = pod.metadata.labels.as_ref()?;
    labels.get("app").or_else(|| labels.get("name")).cloned()
}
