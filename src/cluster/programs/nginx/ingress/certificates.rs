//! Certificates of TLS Secrets: whom they are for and who vouches for them, read from their PEM.

use k8s_openapi::api::core::v1::Secret;

use super::options::Name;
use crate::api::Store;
use crate::cluster::Issuer;

/// Object identifiers, as DER has them: commonName and subjectAltName.
const COMMON_NAME: &[u8] = &[0x06, 0x03, 0x55, 0x04, 0x03];
const ALTERNATIVE_NAMES: &[u8] = &[0x06, 0x03, 0x55, 0x1d, 0x11];
/// A host name in a list of alternative names.
const DNS_NAME: u8 = 0x82;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;

/// What a client sees of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The hosts that it is for.
    pub names: Vec<String>,
    /// Who signed it.
    pub issuer: Issuer,
}

/// The certificate in a Secret, if it holds one that can be read.
pub fn secret_certificate(store: &Store, namespace: &str, name: &str) -> Option<Certificate> {
    Certificate::of_secret(store, &(namespace.to_owned(), name.to_owned())).ok()
}

impl Certificate {
    /// The controller's own, which it makes when it starts.
    pub fn fake() -> Certificate {
        let names = ["Kubernetes Ingress Controller Fake Certificate", "ingress.local"];
        Certificate { names: names.map(str::to_owned).into(), issuer: Issuer::Itself }
    }

    /// The certificate of a TLS Secret.
    ///
    /// # Errors
    /// Why there is none, in the controller's words.
    pub fn of_secret(store: &Store, (namespace, name): &Name) -> Result<Certificate, String> {
        let key = format!("{namespace}/{name}");
        let missing = || {
            format!(
                "Error getting SSL certificate \"{key}\": local SSL certificate {key} was not found. Using default certificate"
            )
        };
        let secret = store.get::<Secret>(namespace, name).ok_or_else(missing)?;
        let data = secret.data.as_ref();
        let pem = data.and_then(|data| data.get("tls.crt")).ok_or_else(missing)?;
        let text = String::from_utf8_lossy(&pem.0);
        Certificate::read(&text).ok_or_else(|| {
            format!("Error getting SSL certificate \"{key}\": no valid PEM formatted block found. Using default certificate")
        })
    }

    /// Reads the first certificate of a PEM file.
    fn read(pem: &str) -> Option<Certificate> {
        let (_, rest) = pem.split_once("-----BEGIN CERTIFICATE-----")?;
        let (body, _) = rest.split_once("-----END CERTIFICATE-----")?;
        let der = base64(body)?;
        let (_, certificate, _) = element(&der)?;
        let (_, signed, _) = element(certificate)?;
        let (issuer, subject) = parties(signed)?;
        let mut names: Vec<String> = common_name(subject).into_iter().collect();
        names.extend(alternative_names(signed));
        let issuer = if issuer == subject { Issuer::Itself } else { Issuer::Cluster };
        (!names.is_empty()).then_some(Certificate { names, issuer })
    }

    /// Whether it is for a host; a wildcard stands for one label.
    pub fn covers(&self, host: &str) -> bool {
        self.names.iter().any(|name| {
            let wild = || {
                let rest = host.split_once('.').map(|(_, rest)| rest);
                name.strip_prefix("*.")
                    .is_some_and(|known| rest.is_some_and(|r| r.eq_ignore_ascii_case(known)))
            };
            name.eq_ignore_ascii_case(host) || wild()
        })
    }
}

/// Issuer and subject of a certificate's signed part: what follows version, serial number and
/// algorithm, with the validity between them.
fn parties(signed: &[u8]) -> Option<(&[u8], &[u8])> {
    let (first, _, behind) = element(signed)?;
    let rest = if first == VERSION { element(behind)?.2 } else { behind };
    let (_, _, rest) = element(rest)?;
    let (_, issuer, rest) = element(rest)?;
    let (_, _, rest) = element(rest)?;
    let (tag, subject, _) = element(rest)?;
    (tag == SEQUENCE).then_some((issuer, subject))
}

fn common_name(subject: &[u8]) -> Option<String> {
    let at = position(subject, COMMON_NAME)?;
    let (_, text, _) = element(subject.get(at + COMMON_NAME.len()..)?)?;
    Some(String::from_utf8_lossy(text).into_owned()).filter(|name| !name.is_empty())
}

fn alternative_names(signed: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    let list = || {
        let at = position(signed, ALTERNATIVE_NAMES)?;
        let (_, octets, _) = element(signed.get(at + ALTERNATIVE_NAMES.len()..)?)?;
        element(octets).map(|(_, list, _)| list)
    };
    let mut rest = list().unwrap_or_default();
    while let Some((tag, name, behind)) = element(rest) {
        if tag == DNS_NAME {
            names.push(String::from_utf8_lossy(name).into_owned());
        }
        rest = behind;
    }
    names
}

fn position(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

/// The first element of some DER: its tag, its content, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (first, mut rest) = rest.split_first()?;
    let mut length = usize::from(*first);
    if *first >= 0x80 {
        let digits = usize::from(first & 0x7f);
        let written = rest.get(..digits).filter(|_| (1..=4).contains(&digits))?;
        length = written.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        rest = &rest[digits..];
    }
    Some((*tag, rest.get(..length)?, rest.get(length..)?))
}

fn base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0u32, 0u32);
    for letter in text.bytes().filter(|letter| !letter.is_ascii_whitespace()) {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => break,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by `openssl req -x509` for shop.example.com and *.shop.example.com.
    const PEM: &str = "\
-----BEGIN CERTIFICATE-----
MIIBvzCCAWagAwIBAgIUfZGzRN3L8SMmNzQ6WxkPB+9O3YYwCgYIKoZIzj0EAwIw
GzEZMBcGA1UEAwwQc2hvcC5leGFtcGxlLmNvbTAgFw0yNjExMjEwODA5MjNaGA8y
MTI2MTAyODA4MDkyM1owGzEZMBcGA1UEAwwQc2hvcC5leGFtcGxlLmNvbTBZMBMG
ByqGSM49AgEGCCqGSM49AwEHA0IABHUrIHI/BcTwzEWD5tXW27Fc4/NTcpSpPqEE
Z9CrHSDIXy6u/3U5E/UuqcALayOHS8GYWN2PKuFLGcbk8xgRzzqjgYUwgYIwHQYD
VR0OBBYEFNx6Jr+qmOnBEOv8sHcGCUO+n+GYMB8GA1UdIwQYMBaAFNx6Jr+qmOnB
EOv8sHcGCUO+n+GYMA8GA1UdEwEB/wQFMAMBAf8wLwYDVR0RBCgwJoIQc2hvcC5l
eGFtcGxlLmNvbYISKi5zaG9wLmV4YW1wbGUuY29tMAoGCCqGSM49BAMCA0cAMEQC
IDTpMaaNoSGZWaap/qa/UpNpV5aLQIGZ7Y7gzayiQD3jAiBpgau+rMhhEGYORSgY
PKm3H79csmV3E2vyQXBI9PORrg==
-----END CERTIFICATE-----
";

    #[test]
    fn names_and_issuer_are_read_from_a_certificate() {
        let found = Certificate::read(PEM).unwrap();
        assert_eq!(found.names, ["shop.example.com", "shop.example.com", "*.shop.example.com"]);
        assert_eq!(found.issuer, Issuer::Itself);
        assert!(found.covers("SHOP.example.com") && found.covers("a.shop.example.com"));
        assert!(!found.covers("a.b.shop.example.com") && !found.covers("example.com"));
    }

    #[test]
    fn what_is_no_certificate_is_none() {
        assert_eq!(Certificate::read("-----BEGIN CERTIFICATE-----\nnot base64!\n"), None);
        let short: String = PEM.lines().take(4).map(|line| format!("{line}\n")).collect();
        assert_eq!(Certificate::read(&format!("{short}-----END CERTIFICATE-----\n")), None);
    }
}
