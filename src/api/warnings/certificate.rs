//! Remarks on the certificate and the key of a Secret of type `kubernetes.io/tls`, in the words of
//! Go's `crypto/tls`.

use k8s_openapi::api::core::v1::Secret;

/// What is wrong with the pair, as far as its PEM blocks tell.
pub(super) fn remark(secret: &Secret) -> Option<String> {
    if secret.type_.as_deref() != Some("kubernetes.io/tls") {
        return None;
    }
    let text = |key: &str| {
        let bytes = secret.data.as_ref().and_then(|data| data.get(key));
        String::from_utf8_lossy(bytes.map_or(&[], |bytes| bytes.0.as_slice())).into_owned()
    };
    let certificate = blocks(&text("tls.crt"));
    if !certificate.iter().any(|kind| kind == "CERTIFICATE") {
        return Some(without_certificate(&certificate));
    }
    let key = blocks(&text("tls.key"));
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
    use k8s_openapi::ByteString;

    use super::*;

    fn of(certificate: &str, key: &str) -> Option<String> {
        let bytes = |text: &str| ByteString(text.as_bytes().to_vec());
        let data = [("tls.crt", certificate), ("tls.key", key)];
        let data = data.map(|(name, text)| (name.to_owned(), bytes(text)));
        remark(&Secret {
            type_: Some("kubernetes.io/tls".to_owned()),
            data: Some(data.into()),
            ..Secret::default()
        })
    }

    // Recording 15: f1430.yaml.
    #[test]
    fn a_pair_is_looked_at_block_by_block() {
        let block = |kind: &str| format!("-----BEGIN {kind}-----\nAA==\n-----END {kind}-----\n");
        let (certificate, key) = (block("CERTIFICATE"), block("RSA PRIVATE KEY"));
        assert_eq!(of(&certificate, &key), None);
        let remark = of("x", &key).unwrap();
        assert_eq!(remark, "tls: failed to find any PEM data in certificate input");
        assert!(of(&key, &certificate).unwrap().ends_with("PEM inputs may have been switched"));
        assert!(of(&certificate, &certificate).unwrap().starts_with("tls: found a certificate"));
    }
}
