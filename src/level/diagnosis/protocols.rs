//! Connections that were made, and conversations that failed: TLS, other protocols, silence.

use super::packets::name_of;
use super::service_names;
use super::{Diagnosis, Facts};
use crate::diagnostic::Location;
use crate::network::{Outcome, Trace};

/// What the client says of the conversation.
pub(super) fn diagnose(facts: &Facts<'_>, trace: &Trace) -> Option<Diagnosis> {
    let Outcome::Delivered { to, at, .. } = &trace.outcome else { return None };
    let server = to.to_string().trim_start_matches("default/").to_owned();
    let said = |words: &[&str]| -> Option<String> {
        let mut lines = facts.output.lines().rev();
        let line = lines.find(|line| words.iter().any(|word| line.contains(word)))?;
        Some(line.trim().to_owned())
    };
    let line = || super::answers::mention(facts, trace);
    if let Some(words) = said(&["curl: (35)"]) {
        return Some(
            Diagnosis::new(
                "plain-http-port",
                format!(
                    "{server} answered on port {}, but it speaks plain HTTP, not TLS",
                    at.port()
                ),
            )
            .fact(words)
            .nearest(Some("http:// instead of https://".to_owned()))
            .at(line()),
        );
    }
    if let Some(words) = said(&["curl: (60)", "certificate common name", "cannot verify"]) {
        return Some(certificate(facts, trace, &server, words, line()));
    }
    if let Some(words) =
        said(&["HTTP request to an HTTPS server", "plain HTTP request was sent to HTTPS port"])
    {
        return Some(
            Diagnosis::new(
                "tls-port",
                format!("{server} speaks TLS on port {}, and was asked in plain HTTP", at.port()),
            )
            .fact(words)
            .nearest(Some("https:// instead of http://".to_owned()))
            .at(line()),
        );
    }
    if let Some(words) = said(&["curl: (52)", "curl: (1)", "curl: (56)"]) {
        return Some(
            Diagnosis::new(
                "not-http",
                format!("{server} was reached on port {}, but it does not speak HTTP", at.port()),
            )
            .fact(words)
            .at(line()),
        );
    }
    let words = said(&["Operation timed out", "curl: (28)"])?;
    Some(
        Diagnosis::new(
            "slow-answer",
            format!("{server} took the connection, and did not answer in time"),
        )
        .fact(words)
        .fact("the network is not to blame: the packet arrived, and the process thinks")
        .nearest(Some("a longer limit (curl -m), or a server that answers faster".to_owned()))
        .at(line()),
    )
}

/// R7.5: an alias does not change the name that the client expects in the certificate.
fn certificate(
    facts: &Facts<'_>,
    trace: &Trace,
    server: &str,
    words: String,
    at: Option<Location>,
) -> Diagnosis {
    let said = Diagnosis::new(
        "certificate-not-accepted",
        format!("{server} answered with a certificate that the client does not accept"),
    )
    .fact(words);
    let alias = name_of(facts, trace).and_then(|name| {
        let service = service_names::find(facts, &name)?;
        Some((name, service.spec.as_ref()?.external_name.clone()?))
    });
    let said = match alias {
        Some((name, target)) => said
            .fact(format!("{name} is another name for {target}: the certificate is for {target}"))
            .nearest(Some(format!("https://{target}"))),
        None => {
            said.nearest(Some("curl --cacert FILE with the authority's certificate".to_owned()))
        }
    };
    said.at(at)
}
