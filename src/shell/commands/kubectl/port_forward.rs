//! `kubectl port-forward`: ports of the laptop's localhost that lead to a pod's (R1.4).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::Service;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::super::super::tool::{Interrupted, Io, Step};
use super::command::{self, Command};
use super::flags::{Flag, Takes, typed};
use super::{Call, Failure, Next, Outcome, Task, pods, target};
use crate::api::{Kind, Object, Pod};
use crate::cluster::{Forwarded, Place};
use crate::network::{BindError, ProcessId};

pub(super) static COMMAND: Command = Command {
    name: "port-forward",
    short: "Forward one or more local ports to a pod",
    examples: "  # localhost:8080 leads to port 80 of the pod\n  kubectl port-forward pod/web \
               8080:80\n  \n  # To the port of one of a service's pods that its port 80 leads to\n  \
               kubectl port-forward svc/web 8080:80",
    usage: "TYPE/NAME [options] [LOCAL_PORT:]REMOTE_PORT [...[LOCAL_PORT_N:]REMOTE_PORT_N]",
    flags: &[FLAGS],
    run,
    ..command::PLAIN
};

const FLAGS: &[Flag] = &[
    typed("address", Takes::List, "[localhost]", "The addresses to listen on."),
    typed("pod-running-timeout", Takes::Duration, "1m0s", "How long to wait for a running pod."),
];

/// How often it is looked who came.
const PERIOD: Duration = Duration::from_millis(50);
/// The first port that is taken when none is asked for.
const FIRST_FREE: u16 = 40_000;

fn run(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let words = call.arguments.positional.clone();
    let [word, ports @ ..] = words.as_slice() else { return Err(missing(&call)) };
    if ports.is_empty() {
        return Err(missing(&call));
    }
    if call.arguments.duration("pod-running-timeout").is_some_and(|limit| limit.is_zero()) {
        return Err(call.usage("--pod-running-timeout must be higher than zero"));
    }
    let (kind, name) = target::single(std::slice::from_ref(word), Kind::Pod)?;
    let object = call.client.get(io, kind, &name)?;
    let (pod, _) = pods::find(&mut call.client, io, word, pods::ATTACHING)?;
    let addresses = addresses(&call)?;
    let mut pairs = Vec::new();
    for text in ports {
        pairs.push(pair(&object, &pod, text)?);
    }
    let phase = pod.phase();
    if phase != "Running" {
        return Err(Failure::message(format!(
            "unable to forward port because pod is not running. Current status={phase}"
        )));
    }
    let containers = pods::containers(&pod);
    let place = Place::Container {
        namespace: Arc::from(pod.namespace()),
        pod: Arc::from(pod.name()),
        container: Arc::from(containers.first().map_or("", |(name, _)| name.as_str())),
    };
    let mut open = Vec::new();
    for (local, remote) in &pairs {
        match listen(io, &place, *local, *remote) {
            Ok((process, local)) => {
                for address in &addresses {
                    let here = SocketAddr::new(*address, local);
                    io.say(format!("Forwarding from {here} -> {remote}"));
                }
                open.push(Port { process, local, remote: *remote });
            }
            Err(why) => {
                let why = why.words().to_lowercase();
                io.write_error(format!(
                    "Unable to listen on port {local}: Listeners failed to create with the following \
                     errors: [unable to create listener: Error listen tcp4 127.0.0.1:{local}: bind: \
                     {why} unable to create listener: Error listen tcp6 [::1]:{local}: bind: {why}]"
                ));
            }
        }
    }
    if open.is_empty() {
        let list: Vec<String> = pairs.iter().map(|(l, r)| format!("{{{l} {r}}}")).collect();
        let text = format!("unable to listen on any of the requested ports: [{}]", list.join(" "));
        return Err(Failure::message(text));
    }
    Ok(Next::Wait(Box::new(Forwarding { pod, ports: open })))
}

fn missing(call: &Call) -> Failure {
    call.usage("TYPE/NAME and list of ports are required for port-forward")
}

/// The addresses to listen on (`parseAddresses` of client-go's `portforward.go`); the laptop has its
/// own ones alone.
///
/// # Errors
/// When one is no address, or not the laptop's.
fn addresses(call: &Call) -> Result<Vec<IpAddr>, Failure> {
    let mut found: Vec<(String, IpAddr)> = Vec::new();
    let asked = call.arguments.all("address");
    let localhost = ["localhost".to_owned()];
    for text in if asked.is_empty() { &localhost } else { asked } {
        let given: Vec<IpAddr> = match text.as_str() {
            "localhost" => vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
            text => match text.parse::<IpAddr>() {
                Ok(address) => vec![address],
                Err(_) => return Err(Failure::message(format!("{text} is not a valid IP"))),
            },
        };
        for address in given {
            if !address.is_loopback() && !address.is_unspecified() {
                let what = format!("port-forward --address={address}");
                return Err(Failure::not_simulated(&what, "localhost and 0.0.0.0 are"));
            }
            found.push((address.to_string(), address));
        }
    }
    found.sort();
    found.dedup();
    Ok(found.into_iter().map(|(_, address)| address).collect())
}

/// Opens a port; any free one for port 0.
///
/// # Errors
/// Why none can be had.
fn listen(
    io: &mut Io<'_>,
    place: &Place,
    local: u16,
    remote: u16,
) -> Result<(ProcessId, u16), BindError> {
    let mut open =
        |port| io.cluster.open_forward(port, place, remote).map(|process| (process, port));
    if local != 0 {
        return open(local);
    }
    (FIRST_FREE..u16::MAX).find_map(|port| open(port).ok()).ok_or(BindError::NotAvailable)
}

/// Reads `8080:80`, `:80`, `80` or `8080:http`: the laptop's port and the pod's. Names become
/// numbers first (`convertPodNamedPortToNumber`, `translateServicePortToTargetPort`), then the
/// numbers are looked at (`parsePorts` of client-go's `portforward.go`).
fn pair(object: &Object, pod: &Pod, text: &str) -> Result<(u16, u16), Failure> {
    // With more colons than one only the first word counts (`splitPort`).
    let (local, remote) = match text.split(':').collect::<Vec<_>>()[..] {
        [local, remote] => (local, remote),
        [first, ..] => (first, first),
        [] => (text, text),
    };
    let number = match remote.parse::<i64>() {
        Ok(number) => number,
        Err(_) => named(object, pod, remote).map(i64::from).ok_or_else(|| {
            let (kind, name) = match object {
                Object::Service(service) => ("Service", service.metadata.name.as_deref()),
                _ => ("Pod", Some(pod.name())),
            };
            let name = name.unwrap_or_default();
            Failure::message(format!("{kind} '{name}' does not have a named port '{remote}'"))
        })?,
    };
    let remote_number = match (object, u16::try_from(number)) {
        (Object::Service(service), Ok(port)) => pods_port(service, pod, port)?.to_string(),
        (Object::Service(service), Err(_)) => {
            let name = service.metadata.name.as_deref().unwrap_or_default();
            let text = format!("Service {name} does not have a service port {number}");
            return Err(Failure::message(text));
        }
        _ if remote.parse::<i64>().is_ok() => remote.to_owned(),
        _ => number.to_string(),
    };
    let local = match local {
        "" => "0".to_owned(),
        _ if local == remote => number.to_string(),
        _ => local.to_owned(),
    };
    let (local, remote) = (port("local", &local)?, port("remote", &remote_number)?);
    if remote == 0 {
        return Err(Failure::message("remote port must be > 0"));
    }
    Ok((local, remote))
}

/// A port's number, as Go reads it.
fn port(whose: &str, text: &str) -> Result<u16, Failure> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits).ok_or_else(|| {
        let why = if digits { "value out of range" } else { "invalid syntax" };
        Failure::message(format!(
            "error parsing {whose} port '{text}': strconv.ParseUint: parsing {text:?}: {why}"
        ))
    })
}

/// The number of a named port: of the service, or of the pod's containers.
fn named(object: &Object, pod: &Pod, name: &str) -> Option<u16> {
    if let Object::Service(service) = object {
        let ports = service.spec.as_ref()?.ports.as_deref()?;
        let port = ports.iter().find(|port| port.name.as_deref() == Some(name))?;
        return u16::try_from(port.port).ok();
    }
    container_port(pod, name)
}

fn container_port(pod: &Pod, name: &str) -> Option<u16> {
    let containers = &pod.spec.as_ref()?.containers;
    let mut ports = containers.iter().flat_map(|container| container.ports.iter().flatten());
    let port = ports.find(|port| port.name.as_deref() == Some(name))?;
    u16::try_from(port.container_port).ok()
}

/// Where a service's port leads in a pod.
fn pods_port(service: &Service, pod: &Pod, port: u16) -> Result<u16, Failure> {
    let name = service.metadata.name.as_deref().unwrap_or("");
    let spec = service.spec.clone().unwrap_or_default();
    let found = spec.ports.iter().flatten().find(|entry| entry.port == i32::from(port));
    let Some(entry) = found else {
        let text = format!("Service {name} does not have a service port {port}");
        return Err(Failure::message(text));
    };
    if spec.cluster_ip.as_deref() == Some("None") {
        return Ok(port);
    }
    match &entry.target_port {
        Some(IntOrString::Int(number)) => Ok(u16::try_from(*number).unwrap_or(port)),
        Some(IntOrString::String(name)) => container_port(pod, name).ok_or_else(|| {
            let text = format!("Pod '{}' does not have a named port '{name}'", pod.name());
            Failure::message(text)
        }),
        None => Ok(port),
    }
}

/// An open port.
#[derive(Clone, Debug)]
struct Port {
    process: ProcessId,
    local: u16,
    remote: u16,
}

/// Ports that are open until Ctrl-C, or until the pod is gone.
#[derive(Clone)]
struct Forwarding {
    pod: Pod,
    ports: Vec<Port>,
}

impl Forwarding {
    fn close(&self, io: &mut Io<'_>) {
        for port in &self.ports {
            io.cluster.close_forward(port.process);
        }
    }
}

impl Task for Forwarding {
    fn step(&mut self, io: &mut Io<'_>) -> Result<Step, Failure> {
        let mut lost = pods::current(io, &self.pod).is_none();
        for port in &self.ports {
            for connection in io.cluster.take_forwarded(port.process) {
                io.say(format!("Handling connection for {}", port.local));
                if connection == Forwarded::Refused {
                    let now = io.now().timestamp().strftime("%m%d %H:%M:%S%.6f");
                    io.write_error(format!(
                        "E{now}       1 portforward.go:424] \"Unhandled Error\" err=\"an error \
                         occurred forwarding {local} -> {remote}: error forwarding port {remote} to \
                         pod {pod}: failed to connect to localhost:{remote} inside the pod: dial tcp4 \
                         127.0.0.1:{remote}: connect: connection refused\"",
                        local = port.local,
                        remote = port.remote,
                        pod = self.pod.name()
                    ));
                    lost = true;
                }
            }
        }
        if lost {
            self.close(io);
            return Err(Failure::message("lost connection to pod"));
        }
        Ok(Step::Until(io.now() + PERIOD))
    }

    fn interrupt(&mut self, io: &mut Io<'_>) -> Interrupted {
        self.close(io);
        Interrupted::Ended
    }

    fn terminate(&mut self, io: &mut Io<'_>) {
        self.close(io);
    }
}
