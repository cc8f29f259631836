//! The servers of recordings 30 and 31: their kubelet ran a stand-in in every container, which
//! answers who it is and who asked.
//!
//! Here the same server is a program, `stand-in`, that containers of those recordings run in place
//! of their image's own. Whether its pod is ready is decided as in the recording, from outside: by
//! a probe that looks at a file.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use podhop::cluster::{
    Answer, Ask, Cluster, Context, HttpRequest, HttpResponse, Image, Payload, Place, Poll, Process,
    Reply, Signal, StartError, Userland,
};
use podhop::network::Protocol;
use podhop::shell;
use serde_json::{Map, Value, json};

/// What a Debian client of the recordings had besides its image's own tools.
const TOOLS: &str = "apt-get update; apt-get install -y curl wget iputils-ping netcat-openbsd dnsutils iproute2; sleep 99999";

/// The usual programs, and the stand-in.
pub(super) struct Programs(Arc<dyn Userland>);

impl Programs {
    pub(super) fn shared() -> Arc<dyn Userland> {
        Arc::new(Programs(shell::programs()))
    }
}

impl Userland for Programs {
    fn tools(&self, cluster: &Cluster, place: &Place) -> Vec<String> {
        self.0.tools(cluster, place)
    }

    fn start(
        &self,
        arguments: &[String],
        environment: Vec<(String, String)>,
        place: &Place,
        image: &Arc<Image>,
    ) -> Result<Box<dyn Process>, StartError> {
        match arguments.split_first() {
            Some((name, sockets)) if name == "stand-in" => {
                let sockets = sockets.iter().map(|socket| Socket::of(socket)).collect();
                Ok(Box::new(StandIn { sockets, listening: false, stopping: false }))
            }
            _ => self.0.start(arguments, environment, place, image),
        }
    }
}

/// A listening socket and what is said there.
#[derive(Clone)]
struct Socket {
    protocol: Protocol,
    address: Ipv4Addr,
    port: u16,
    manner: Manner,
}

#[derive(Clone, Copy)]
enum Manner {
    /// Says who it is and who asked.
    Tell,
    /// Sends a line that is not HTTP, and closes.
    Text,
    Close,
    Reset,
    Silent,
    /// Answers after so long.
    Slow(Duration),
}

impl Socket {
    /// `[ADDRESS:]PORT[=MANNER]`
    fn of(text: &str) -> Socket {
        let (socket, manner) = text.split_once('=').unwrap_or((text, ""));
        let (address, port) = socket.split_once(':').unwrap_or(("0.0.0.0", socket));
        let manner = match manner {
            "text" => Manner::Text,
            "close" => Manner::Close,
            "reset" => Manner::Reset,
            "silent" => Manner::Silent,
            "" | "udp" => Manner::Tell,
            slow => Manner::Slow(Duration::from_secs(slow.parse().expect("seconds"))),
        };
        Socket {
            protocol: if text.ends_with("=udp") { Protocol::Udp } else { Protocol::Tcp },
            address: address.parse().expect("an address"),
            port: port.parse().expect("a port"),
            manner,
        }
    }
}

#[derive(Clone)]
struct StandIn {
    sockets: Vec<Socket>,
    listening: bool,
    stopping: bool,
}

impl Process for StandIn {
    fn step(&mut self, context: &mut Context<'_>) -> Poll {
        if self.stopping {
            return Poll::Exit(0);
        }
        if !self.listening {
            self.listening = true;
            for socket in &self.sockets {
                if context.bind(socket.protocol, socket.address, socket.port, "stand-in").is_err() {
                    return Poll::Exit(1);
                }
            }
        }
        Poll::Idle
    }

    fn signal(&mut self, signal: Signal, _: &mut Context<'_>) -> bool {
        self.stopping = matches!(signal, Signal::Term | Signal::Int);
        self.stopping
    }

    fn serve(&mut self, ask: &Ask, context: &mut Context<'_>) -> Answer {
        let port = ask.local.port();
        let socket = self.sockets.iter().find(|socket| socket.port == port);
        let manner = socket.map_or(Manner::Tell, |socket| socket.manner);
        let Place::Container { pod, .. } = &context.place else {
            return Answer { reply: Reply::Closed, took: Duration::ZERO };
        };
        let told = format!("pod={pod} port={port} client={}", ask.peer.ip());
        let after = |reply, took| Answer { reply, took };
        match (manner, &ask.payload) {
            (Manner::Text, _) => {
                after(Reply::Bytes(b"hello, this is not HTTP\r\n".to_vec()), Duration::ZERO)
            }
            (Manner::Reset, _) => after(Reply::Reset, Duration::ZERO),
            (Manner::Silent, _) | (_, Payload::Nothing) => after(Reply::Silence, Duration::ZERO),
            (Manner::Close, _) | (_, Payload::Tls { .. }) => after(Reply::Closed, Duration::ZERO),
            (Manner::Slow(time), _) => after(Reply::Http(page("slow answer\n".into())), time),
            (Manner::Tell, Payload::Http(HttpRequest { target, .. })) => {
                after(Reply::Http(page(format!("{told} path={target}\n"))), Duration::ZERO)
            }
            (Manner::Tell, Payload::Bytes(_)) => {
                after(Reply::Bytes(format!("{told}\n").into_bytes()), Duration::ZERO)
            }
        }
    }
}

fn page(body: String) -> HttpResponse {
    let headers = [("Content-Length", body.len().to_string()), ("Connection", "close".to_owned())];
    HttpResponse {
        status: 200,
        reason: "OK".to_owned(),
        headers: headers.map(|(name, value)| (name.to_owned(), value)).into(),
        body: body.into_bytes(),
        ..HttpResponse::default()
    }
}

/// The manifest with what the recording's kubelet made of it: containers without a command get
/// their tools or the stand-in.
pub(super) fn staged(manifest: &str) -> String {
    let mut text = String::new();
    for document in manifest.split("\n---\n") {
        let mut object: Value = serde_yaml::from_str(document).expect("a manifest");
        let path = if object.pointer("/spec/template").is_some() { "/spec/template" } else { "" };
        let pod = object.pointer_mut(path).expect("a pod");
        let annotation = |name: &str| {
            let annotations = pod.pointer("/metadata/annotations")?;
            annotations.get(name)?.as_str().map(str::to_owned)
        };
        let listen = annotation("fake/listen");
        let ready = annotation("fake/ready").as_deref() != Some("false");
        let containers = pod.pointer_mut("/spec/containers").and_then(Value::as_array_mut);
        for container in containers.into_iter().flatten() {
            stage(container.as_object_mut().expect("a container"), listen.clone(), ready);
        }
        text += &format!("---\n{object}\n");
    }
    text
}

fn stage(container: &mut Map<String, Value>, listen: Option<String>, ready: bool) {
    if container.contains_key("command") {
        return;
    }
    let command = match container["image"].as_str() {
        Some("debian:12") => json!(["sh", "-c", TOOLS]),
        Some("busybox:1.37") => json!(["sleep", "99999"]),
        image => {
            if image.is_some_and(|image| image.starts_with("example/")) {
                container.insert("image".into(), json!("nginx:1.27"));
            }
            let ports = container.get("ports").and_then(Value::as_array).into_iter().flatten();
            let mut sockets: Vec<String> =
                ports.map(|port| port["containerPort"].to_string()).collect();
            if let Some(socket) = listen {
                sockets = vec![socket];
            } else if sockets.is_empty() {
                sockets.push("80".to_owned());
            }
            let look = if ready { "test ! -e /tmp/unready" } else { "test -e /tmp/ready" };
            let exec = json!({"command": ["sh", "-c", look]});
            let probe = json!({"exec": exec, "periodSeconds": 1, "failureThreshold": 1});
            container.insert("readinessProbe".into(), probe);
            sockets.insert(0, "stand-in".to_owned());
            json!(sockets)
        }
    };
    container.insert("command".into(), command);
}
