//! `kubectl cp`

use std::sync::Arc;

use super::super::super::tool::Io;
use super::command::{self, Command};
use super::flags::{Flag, Takes, switch, text, typed};
use super::{Call, DONE, Failure, Outcome, pods};
use crate::api::{Kind, Pod, Status};
use crate::cluster::Place;

pub(super) static COMMAND: Command = Command {
    name: "cp",
    short: "Copy files and directories to and from containers",
    examples: "  # Into a pod\n  kubectl cp index.html web:/usr/share/nginx/html/index.html\n  \n  # Out \
               of one\n  kubectl cp web:/etc/hosts hosts.txt",
    usage: "<file-spec-src> <file-spec-dest>",
    flags: &[FLAGS],
    run,
    ..command::PLAIN
};

const FLAGS: &[Flag] = &[
    text("container", Some('c'), "The container."),
    switch("no-preserve", None, "Not used here."),
    typed("retries", Takes::Number, "0", "Not used here."),
];

/// One end of a copy.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// A path of the laptop.
    Here(String),
    /// A path in a pod: (namespace, pod, path).
    Pod(Option<String>, String, String),
}

impl End {
    fn parse(text: &str) -> Result<End, Failure> {
        let Some((pod, path)) = text.split_once(':') else { return Ok(End::Here(text.to_owned())) };
        if pod.is_empty() || pod.matches('/').count() > 1 {
            let text = "filespec must match the canonical format: [[namespace/]pod:]file/path";
            return Err(Failure::message(text));
        }
        let (namespace, pod) = match pod.split_once('/') {
            Some((namespace, pod)) => (Some(namespace.to_owned()), pod),
            None => (None, pod),
        };
        // A pod without a name counts as none.
        if pod.is_empty() {
            return Ok(End::Here(path.to_owned()));
        }
        Ok(End::Pod(namespace, pod.to_owned(), path.to_owned()))
    }
}

fn run(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let [from, to] = call
        .arguments
        .positional
        .clone()
        .try_into()
        .map_err(|_| Failure::message("source and destination are required"))?;
    let (from, to) = (End::parse(&from)?, End::parse(&to)?);
    if [&from, &to].iter().any(|end| matches!(end, End::Pod(_, _, path) if path.is_empty())) {
        return Err(Failure::message("filepath can not be empty"));
    }
    match (from, to) {
        (End::Here(source), End::Pod(..))
            if io.read_file(&source).is_err() && io.list(&source).is_err() =>
        {
            return Err(Failure::message(format!("{source} doesn't exist in local filesystem")));
        }
        (End::Here(source), End::Pod(namespace, pod, path)) => {
            let place = place(&mut call, io, namespace, &pod)?;
            into_pod(io, &source, &place, &path)?;
        }
        (End::Pod(namespace, pod, path), End::Here(target)) => {
            let place = place(&mut call, io, namespace, &pod)?;
            out_of_pod(io, &place, &path, &target)?;
        }
        (End::Pod(..), End::Pod(..)) => {
            return Err(Failure::message("one of src or dest must be a local file specification"));
        }
        (End::Here(_), End::Here(_)) => {
            return Err(Failure::message("one of src or dest must be a remote file specification"));
        }
    }
    DONE
}

fn place(
    call: &mut Call,
    io: &mut Io<'_>,
    namespace: Option<String>,
    pod: &str,
) -> Result<Place, Failure> {
    if let Some(namespace) = namespace {
        call.client = call.client.at(&namespace);
    }
    // The pod is asked for without a look at its namespace (`ExecOptions.Run`, `PodName`).
    let namespace = call.client.namespace.clone();
    let object = call.client.get_in(io, Kind::Pod, namespace, pod)?;
    let Some(pod) = object.as_kind::<Pod>() else {
        return Err(Failure::from(Status::not_found("pods", pod)));
    };
    let wanted = call.arguments.text("container").to_owned();
    let container = pods::container(io, pod, &wanted, false)?;
    if !pod.runs(&container) {
        let text = format!(
            "Internal error occurred: unable to upgrade connection: container not found \
             (\"{container}\")"
        );
        return Err(Failure::message(text));
    }
    Ok(Place::Container {
        namespace: Arc::from(pod.namespace()),
        pod: Arc::from(pod.name()),
        container: Arc::from(container),
    })
}

/// A file, or a folder's files, into a pod.
fn into_pod(io: &mut Io<'_>, source: &str, place: &Place, path: &str) -> Result<(), Failure> {
    let base = source.trim_end_matches('/');
    let name = base.rsplit('/').next().unwrap_or(base);
    let target = if path.ends_with('/') { format!("{path}{name}") } else { path.to_owned() };
    let write = |io: &mut Io<'_>, path: &str, content: &[u8]| {
        io.cluster
            .write_file(place, path, content)
            .map_err(|reason| Failure::message(format!("tar: {path}: {reason}")))
    };
    if let Ok(names) = io.list(base) {
        for name in names.iter().filter(|name| !name.ends_with('/')) {
            let content = io.read_file(&format!("{base}/{name}")).unwrap_or_default();
            write(io, &format!("{target}/{name}"), &content)?;
        }
        return Ok(());
    }
    let content = io
        .read_file(source)
        .map_err(|_| Failure::message(format!("{source} doesn't exist in local filesystem")))?;
    write(io, &target, &content)
}

/// A file, or a folder's files, out of a pod.
fn out_of_pod(io: &mut Io<'_>, place: &Place, path: &str, target: &str) -> Result<(), Failure> {
    let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or(path).to_owned();
    if let Some(content) = io.cluster.read_file(place, path) {
        let folder = target.ends_with('/') || target == ".";
        let target = if folder {
            format!("{}/{name}", target.trim_end_matches('/'))
        } else {
            target.to_owned()
        };
        return save(io, target.trim_start_matches("./"), &content);
    }
    let files = io.cluster.list_files(place, path);
    if files.is_empty() {
        let text = format!(
            "tar: {}: Cannot stat: No such file or directory",
            path.trim_start_matches('/')
        );
        return Err(Failure::message(text));
    }
    let base = format!("{}/", path.trim_end_matches('/'));
    for file in files {
        let content = io.cluster.read_file(place, &file).unwrap_or_default();
        let inner = file.strip_prefix(&base).unwrap_or(&file);
        save(io, &format!("{}/{inner}", target.trim_end_matches('/')), &content)?;
    }
    Ok(())
}

fn save(io: &mut Io<'_>, path: &str, content: &[u8]) -> Result<(), Failure> {
    io.write_file(path, content)
        .map_err(|reason| Failure::message(format!("open {path}: {}", reason.to_lowercase())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pods_path_stands_behind_a_colon() {
        let end = End::parse("shop/web:/etc/hosts").expect("an end");
        assert_eq!(end, End::Pod(Some("shop".into()), "web".into(), "/etc/hosts".into()));
        assert_eq!(End::parse("a/b.txt").expect("an end"), End::Here("a/b.txt".into()));
    }
}
