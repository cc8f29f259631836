//! The API server as a server on the network: what it tells a client that it does not know.
//!
//! podhop's kubectl speaks to the API server directly. Whoever dials `https://kubernetes` or the
//! control plane's node is a stranger (`system:anonymous`) and may see health and version only.

use std::net::Ipv6Addr;
use std::time::Duration;

use super::{Answer, Ask, Certificate, HttpResponse, Issuer, Payload, Reply, outside};
use crate::network::{Listener, NetnsId, Network, ProcessId, Protocol};

/// The port that the API server listens on, on the node that runs the control plane.
const PORT: u16 = 8443;

/// Opens the API server's socket on a node.
pub(super) fn listen(network: &mut Network, node: NetnsId) {
    let listener = Listener {
        process: ProcessId::API_SERVER,
        name: "kube-apiserver".into(),
        container: None,
        owner: None,
        v6_only: false,
    };
    // Nothing else listens on a new node.
    let _ = network.bind(node, Protocol::Tcp, Ipv6Addr::UNSPECIFIED, PORT, listener);
}

/// What the API server answers to a stranger (recording 30).
pub(super) fn serve(ask: &Ask) -> Answer {
    let reply = match &ask.payload {
        Payload::Tls { request, .. } => Reply::Tls {
            certificate: Certificate::new(
                vec![
                    "minikube".to_owned(),
                    "kubernetes.default.svc.cluster.local".to_owned(),
                    "kubernetes.default.svc".to_owned(),
                    "kubernetes.default".to_owned(),
                    "kubernetes".to_owned(),
                    "localhost".to_owned(),
                    "10.96.0.1".to_owned(),
                    ask.local.ip().to_string(),
                ],
                Issuer::Cluster,
            ),
            response: page(request.target.split('?').next().unwrap_or_default()),
        },
        Payload::Nothing => Reply::Silence,
        Payload::Http(_) | Payload::Bytes(_) => Reply::Http(HttpResponse::no_tls()),
    };
    Answer { reply, took: Duration::from_millis(1) }
}

fn page(path: &str) -> HttpResponse {
    match path {
        "/healthz" | "/livez" | "/readyz" => {
            outside::response(200, "OK", "text/plain; charset=utf-8", "ok".to_owned())
        }
        "/version" | "/version/" => {
            outside::response(200, "OK", "application/json", VERSION.to_owned())
        }
        _ => {
            let message = format!(
                "forbidden: User \\\"system:anonymous\\\" cannot get path \\\"{}\\\"",
                path.escape_default()
            );
            let body = FORBIDDEN.replace("MESSAGE", &message);
            outside::response(403, "Forbidden", "application/json", body)
        }
    }
}

const VERSION: &str = r#"{
  "major": "1",
  "minor": "36",
  "gitVersion": "v1.36.3",
  "gitTreeState": "clean",
  "compiler": "gc",
  "platform": "linux/amd64"
}"#;

const FORBIDDEN: &str = r#"{
  "kind": "Status",
  "apiVersion": "v1",
  "metadata": {},
  "status": "Failure",
  "message": "MESSAGE",
  "reason": "Forbidden",
  "details": {},
  "code": 403
}"#;
