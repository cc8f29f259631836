//! `agnhost`, Kubernetes' own test image: one program of many subcommands.

mod connect;
mod netexec;
mod small;

use super::pause;
use super::says::Says;
use crate::cluster::Process;

/// Subcommands of the real program that have no part here.
const OTHERS: &[&str] = &[
    "audit-proxy",
    "crd-conversion-webhook",
    "entrypoint-tester",
    "fake-gitserver",
    "fake-registry-server",
    "grpc-health-checking",
    "guestbook",
    "inclusterclient",
    "logs-generator",
    "mounttest",
    "net",
    "nettest",
    "no-snat-test",
    "no-snat-test-proxy",
    "openidmetadata",
    "port-forward-tester",
    "resource-consumer-controller",
    "stress",
    "tcp-reset",
    "test-webserver",
    "webhook",
];

/// The program: the first argument is the subcommand.
pub(super) fn start(
    arguments: &[String],
    environment: impl Fn() -> Vec<(String, String)>,
) -> Box<dyn Process> {
    let (command, flags) = match arguments.split_first() {
        Some((command, flags)) => (command.as_str(), flags),
        None => ("pause", arguments),
    };
    match command {
        "pause" => pause::start(),
        "connect" => connect::start(flags),
        "netexec" => netexec::start(flags),
        "serve-hostname" => small::serve_hostname(flags),
        "porter" => small::porter(&environment()),
        "liveness" => small::liveness(),
        "dns-suffix" | "dns-server-list" | "etc-hosts" => small::tell(command),
        "help" | "--help" | "-h" => Says::boxed(HELP, 0),
        "--version" => Says::boxed("agnhost version 2.53", 0),
        other if OTHERS.contains(&other) => {
            let told = format!(
                "podhop: agnhost {other} is not simulated here; agnhost netexec answers HTTP and UDP"
            );
            Says::boxed(told, 1)
        }
        other => {
            let told = format!(
                "Error: unknown command \"{other}\" for \"app\"\nRun 'app --help' for usage."
            );
            Says::boxed(told, 1)
        }
    }
}

const HELP: &str = "Usage:\n  app [command]\n\nAvailable Commands:\n  \
    connect         Attempts a TCP, UDP or SCTP connection and returns useful errors\n  \
    dns-server-list Outputs the list of DNS servers\n  \
    dns-suffix      Outputs the DNS suffix list\n  \
    etc-hosts       Outputs the /etc/hosts file\n  \
    liveness        Starts a server that is alive for 10 seconds\n  \
    netexec         Creates HTTP(S), UDP, and (optionally) SCTP servers\n  \
    pause           Pauses\n  \
    porter          Serves requested data on ports specified in ENV variables\n  \
    serve-hostname  Serves the hostname";

/// `--port=80`, `--port 80`; of one that is given twice the last one counts (spf13/pflag).
fn flag<'a>(flags: &'a [String], name: &str) -> Option<&'a str> {
    let long = format!("--{name}");
    let (mut words, mut found) = (flags.iter(), None);
    while let Some(word) = words.next() {
        match word.split_once('=') {
            Some((key, value)) if key == long => found = Some(value),
            None if *word == long => found = words.next().map(String::as_str),
            _ => {}
        }
    }
    found
}

/// A port that a flag may change.
fn port(flags: &[String], name: &str, usual: u16) -> u16 {
    flag(flags, name).and_then(|port| port.parse().ok()).unwrap_or(usual)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_come_in_both_manners() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(port(&words("--http-port=80 --x"), "http-port", 8080), 80);
        assert_eq!(port(&words("--http-port 81"), "http-port", 8080), 81);
        assert_eq!(port(&words("--udp-port=80"), "http-port", 8080), 8080);
        assert_eq!(port(&words("--http-port=80 --http-port 81"), "http-port", 8080), 81);
        assert_eq!(flag(&words("web:80 --timeout=3s"), "timeout"), Some("3s"));
    }
}
