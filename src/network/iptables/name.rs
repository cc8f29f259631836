//! Names of kube-proxy's chains: a prefix, and sixteen letters of a hash (R6.11).

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::rule::keyword;
use crate::network::{Protocol, ServiceRules, SocketAddr};

/// The chain of one Service port: `prefix` is `KUBE-SVC-`, `KUBE-SVL-`, `KUBE-EXT-` or `KUBE-FW-`.
pub(super) fn of_service(prefix: &str, rules: &ServiceRules) -> Arc<str> {
    of_port(prefix, &rules.name, rules.protocol)
}

/// The same, of a port by its full name: `default/web:http`.
pub(super) fn of_port(prefix: &str, name: &str, protocol: Protocol) -> Arc<str> {
    named(prefix, &format!("{name}{}", keyword(protocol)))
}

/// The chain of one endpoint of a Service port.
pub(super) fn of_endpoint(rules: &ServiceRules, endpoint: SocketAddr) -> Arc<str> {
    of_port_endpoint(&rules.name, rules.protocol, endpoint)
}

/// The same, of a port by its full name.
pub(super) fn of_port_endpoint(name: &str, protocol: Protocol, endpoint: SocketAddr) -> Arc<str> {
    named("KUBE-SEP-", &format!("{name}{}{endpoint}", keyword(protocol)))
}

/// `prefix` and the first sixteen characters of what identifies the chain, hashed with SHA-256 and
/// written in base 32.
fn named(prefix: &str, identity: &str) -> Arc<str> {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let digest = Sha256::digest(identity.as_bytes());
    let bits = digest.iter().take(10).fold(0u128, |bits, byte| bits << 8 | u128::from(*byte));
    let letter = |place: u32| char::from(ALPHABET[(bits >> (75 - 5 * place)) as usize & 31]);
    let hash: String = (0..16).map(letter).collect();
    format!("{prefix}{hash}").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    // R6.11
    #[test]
    fn chains_are_named_as_kube_proxy_names_them() {
        let hash = |identity| named("", identity).to_string();
        assert_eq!(hash("default/kubernetes:httpstcp"), "NPX46M4PTMTKRN6Y");
        assert_eq!(hash("default/webtcp"), "LOLE4ISW44XBNF3G");
        assert_eq!(hash("default/webtcp10.244.0.5:8080"), "5ORQWIE3QG6L2KWO");
        // Recording 20.
        assert_eq!(hash("default/webtcp10.244.1.21:80"), "YIYL5MP3VF7ZJ3A4");
    }
}
