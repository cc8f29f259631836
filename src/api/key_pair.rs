//! Whether a certificate and a private key are a pair, as far as their PEM blocks tell, in the words of
//! Go's `tls.X509KeyPair`. That they belong together is not looked into.

/// What is wrong with the pair.
pub fn fault(certificate: &[u8], key: &[u8]) -> Option<String> {
    let certificate = blocks(&String::from_utf8_lossy(certificate));
    if !certificate.iter().any(|kind| kind == "CERTIFICATE") {
        return Some(without_certificate(&certificate));
    }
    let key = blocks(&String::from_utf8_lossy(key));
    let private = |kind: &String| kind == "PRIVATE KEY" || kind.ends_with(" PRIVATE KEY");
    (!key.iter().any(private)).then(|| without_key(&key))
}

fn without_certificate(found: &[String]) -> String {
    match found {
        [] => "tls: failed to find any PEM data in certificate input".to_owned(),
        [only] if only.ends_with("PRIVATE KEY") => {
            "tls: failed to find certificate PEM data in certificate input, but did find a private \
             key; PEM inputs may have been switched"
                .to_owned()
        }
        found => format!(
            "tls: failed to find \"CERTIFICATE\" PEM block in certificate input after skipping PEM \
             blocks of the following types: [{}]",
            found.join(" ")
        ),
    }
}

fn without_key(found: &[String]) -> String {
    match found {
        [] => "tls: failed to find any PEM data in key input".to_owned(),
        [only] if only == "CERTIFICATE" => {
            "tls: found a certificate rather than a key in the PEM for the private key".to_owned()
        }
        found => format!(
            "tls: failed to find PEM block with type ending in \"PRIVATE KEY\" in key input after \
             skipping PEM blocks of the following types: [{}]",
            found.join(" ")
        ),
    }
}

/// The types of the PEM blocks of a text that have an end.
fn blocks(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut open: Option<&str> = None;
    for line in text.lines().map(str::trim_end) {
        let between = |start: &str| line.strip_prefix(start)?.strip_suffix("-----");
        if let Some(kind) = between("-----BEGIN ") {
            open = Some(kind);
        } else if let Some(kind) = between("-----END ") {
            if open == Some(kind) {
                found.push(kind.to_owned());
            }
            open = None;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    // Recording 15 (f1430.yaml), and kubectl 1.36.3 create secret tls.
    #[test]
    fn a_pair_is_looked_at_block_by_block() {
        let block = |kind: &str| format!("-----BEGIN {kind}-----\nAA==\n-----END {kind}-----\n");
        let of = |certificate: &str, key: &str| fault(certificate.as_bytes(), key.as_bytes());
        let (certificate, key) = (block("CERTIFICATE"), block("RSA PRIVATE KEY"));
        assert_eq!(of(&certificate, &key), None);
        let told = of("x", &key).unwrap();
        assert_eq!(told, "tls: failed to find any PEM data in certificate input");
        assert!(of(&key, &certificate).unwrap().ends_with("PEM inputs may have been switched"));
        assert!(of(&certificate, &certificate).unwrap().starts_with("tls: found a certificate"));
        assert!(of(&certificate, "x").unwrap().ends_with("any PEM data in key input"));
        assert!(of(&block("X"), &key).unwrap().ends_with("following types: [X]"));
    }
}
