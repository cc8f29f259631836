//! Server programs, one a file: what containers run when they do not run a shell. Those that need no
//! code of their own are [`described`] by their images.
//!
//! Which program an argument list starts is decided by its first word and by what the image holds;
//! everything else is the shell's ([`Userland`](super::Userland)).

mod access;
mod agnhost;
mod busybox_httpd;
mod byte_ranges;
mod client;
pub(super) mod coredns;
mod daemon;
mod described;
mod echoserver;
pub(super) mod http;
mod http_echo;
mod httpd;
mod nginx;
mod options;
mod pause;
mod protocols;
mod python;
mod redis;
mod redis_config;
mod redis_options;
mod says;
mod webhook_certgen;
mod whoami;

pub use http::decode as decode_url;
pub use nginx::ingress::{port_of as ingress_port, secret_certificate};

use super::{Image, Payload, Process};
use crate::network::SocketAddr;

/// Variables of a process, made only for programs that ask.
pub(super) type Environment<'a> = &'a dyn Fn() -> Vec<(String, String)>;

/// The server that these arguments start, if they start one that `image` holds.
pub(super) fn start(
    arguments: &[String],
    image: &Image,
    environment: Environment<'_>,
) -> Option<Box<dyn Process>> {
    let by_script = arguments.first().is_some_and(|word| image.is_entrypoint(word));
    let arguments = image.without_entrypoint(arguments);
    let (program, rest) = arguments.split_first()?;
    let name = program.rsplit('/').next().unwrap_or(program);
    if !image.holds(name) {
        return None;
    }
    if let Some(server) = image.server(name, rest) {
        return Some(described::start(server, rest, environment, by_script));
    }
    match name {
        "nginx" => nginx::start(rest, by_script),
        "httpd" if image.version("apache").is_none() => Some(busybox_httpd::start(rest)),
        "python" | "python3" => {
            let environment = environment();
            let here = environment.iter().find(|(name, _)| name == "PWD");
            let here = here.map_or(image.directory.as_str(), |(_, value)| value);
            python::start(rest, here, &environment)
        }
        "httpd" | "httpd-foreground" | "apachectl" => httpd::start(name, rest),
        "run.sh" => Some(echoserver::start()),
        "agnhost" => Some(agnhost::start(rest, environment)),
        "http-echo" => Some(http_echo::start(rest, image, &environment())),
        "whoami" if image.entrypoint.iter().any(|word| word == "/whoami") => {
            Some(whoami::start(rest, &environment()))
        }
        "redis-server" => Some(redis::start(rest, image)),
        "pause" => Some(pause::start()),
        "kube-webhook-certgen" => Some(webhook_certgen::start(rest)),
        "coredns" => Some(coredns::start(rest)),
        "nginx-ingress-controller" => nginx::ingress::start(rest, &environment()),
        // They only hand signals on.
        "dumb-init" | "tini" => {
            start(rest.strip_prefix(&["--".to_owned()][..])?, image, environment)
        }
        _ => None,
    }
}

/// A health check of gRPC, as kubelets make it.
pub(super) fn health_check(to: SocketAddr) -> Payload {
    let call = protocols::grpc_call(&to.to_string(), "/grpc.health.v1.Health/Check");
    Payload::Http(call)
}
