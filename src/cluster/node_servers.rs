//! What listens on every node besides pods: sshd, the kubelet and kube-proxy.
//!
//! The kubelet and kube-proxy have a port for everybody (10250, 10256) and one on the node's own
//! loopback (10248, 10249; `cmd/kubelet/app/options`, `pkg/proxy/apis/config`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use super::programs::http;
use super::{Answer, Ask, Certificate, HttpRequest, HttpResponse, Issuer, Payload, Reply};
use crate::clock::SimTime;
use crate::network::{Listener, NetnsId, Network, ProcessId, Protocol};

const SSH: u16 = 22;
/// The kubelet's own health, for the node alone.
const KUBELET_HEALTH: u16 = 10_248;
/// kube-proxy's metrics, for the node alone.
const PROXY_METRICS: u16 = 10_249;
/// What the API server asks the kubelet for: logs, exec. TLS, and nobody without a certificate.
const KUBELET: u16 = 10_250;
/// Whether kube-proxy keeps this node's rules: what load balancers ask for the policy `Cluster`.
const PROXY_HEALTH: u16 = 10_256;

const BANNER: &[u8] = b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n";

/// Opens their sockets on a node.
pub(super) fn listen(network: &mut Network, node: NetnsId) {
    let own: IpAddr = Ipv4Addr::LOCALHOST.into();
    // Go's servers listen for both families.
    let all: IpAddr = Ipv6Addr::UNSPECIFIED.into();
    let sockets = [
        (ProcessId::SSHD, "sshd", Ipv4Addr::UNSPECIFIED.into(), SSH),
        (ProcessId::KUBELET, "kubelet", own, KUBELET_HEALTH),
        (ProcessId::KUBE_PROXY, "kube-proxy", own, PROXY_METRICS),
        (ProcessId::KUBELET, "kubelet", all, KUBELET),
        (ProcessId::KUBE_PROXY, "kube-proxy", all, PROXY_HEALTH),
    ];
    for (process, name, address, port) in sockets {
        let listener =
            Listener { process, name: name.into(), container: None, owner: None, v6_only: false };
        // Nothing else listens on a new node.
        let _ = network.bind(node, Protocol::Tcp, address, port, listener);
    }
}

/// What they answer; none at a port that is not one of theirs.
pub(super) fn serve(node: &str, ask: &Ask, now: SimTime) -> Option<Answer> {
    let reply = match (ask.local.port(), &ask.payload) {
        (SSH, Payload::Nothing) => Reply::Bytes(BANNER.to_vec()),
        (SSH, _) => Reply::Bytes([BANNER, b"Invalid SSH identification string.\r\n"].concat()),
        (KUBELET, Payload::Tls { request, .. }) => Reply::Tls {
            certificate: Certificate::new([node.to_owned()], Issuer::Cluster),
            response: text(request, 401, "Unauthorized"),
        },
        (KUBELET, Payload::Nothing) => Reply::Silence,
        (KUBELET, _) => Reply::Http(HttpResponse::no_tls()),
        (port @ (KUBELET_HEALTH | PROXY_METRICS | PROXY_HEALTH), _) => {
            return Some(match http::incoming(ask) {
                http::Incoming::Request(request) => http::reply(ask, plain(port, &request, now)),
                http::Incoming::Nothing => http::other(Reply::Silence),
                http::Incoming::Handshake | http::Incoming::Garbage => http::bad_request(),
            });
        }
        _ => return None,
    };
    Some(Answer { reply, took: Duration::from_micros(500) })
}

fn plain(port: u16, request: &HttpRequest, now: SimTime) -> HttpResponse {
    match (port, http::split_target(&request.target).0) {
        (KUBELET_HEALTH | PROXY_METRICS, "/healthz") => text(request, 200, "ok"),
        (PROXY_METRICS, "/proxyMode") => text(request, 200, "iptables"),
        (PROXY_METRICS, "/metrics") => {
            text(request, 501, "podhop: kube-proxy's metrics are not simulated here\n")
        }
        // `pkg/proxy/healthcheck/proxier_health.go`
        (PROXY_HEALTH, "/healthz" | "/livez") => {
            let now = now.timestamp().strftime("%Y-%m-%d %H:%M:%S.%6f +0000 UTC");
            let body = format!(
                r#"{{"lastUpdated": "{now}","currentTime": "{now}", "nodeEligible": true}}"#
            );
            let headers =
                [("Content-Type", "application/json"), ("X-Content-Type-Options", "nosniff")];
            response(request, 200, &headers, body)
        }
        _ => text(request, 404, "404 page not found\n"),
    }
}

fn text(request: &HttpRequest, status: u16, body: &str) -> HttpResponse {
    let headers =
        [("Content-Type", "text/plain; charset=utf-8"), ("X-Content-Type-Options", "nosniff")];
    response(request, status, &headers, body.to_owned())
}

fn response(
    request: &HttpRequest,
    status: u16,
    headers: &[(&str, &str)],
    body: String,
) -> HttpResponse {
    let length = body.len().to_string();
    let headers = [headers, &[("Content-Length", &length)]].concat();
    http::response(request, status, &headers, body)
}
