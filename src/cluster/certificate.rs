//! Certificates: whom they are for and who vouches for them, read from their PEM.

use std::net::IpAddr;

use crate::api::ROOT_CERTIFICATE;
use crate::manifest::from_base64;

/// Object identifiers, as DER has them: commonName and subjectAltName.
const COMMON_NAME: &[u8] = &[0x06, 0x03, 0x55, 0x04, 0x03];
const ALTERNATIVE_NAMES: &[u8] = &[0x06, 0x03, 0x55, 0x1d, 0x11];
/// A host name in a list of alternative names.
const DNS_NAME: u8 = 0x82;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;

/// A host address in a list of alternative names.
const ADDRESS: u8 = 0x87;

/// What the cluster's own authority is called, as kubeadm names it.
const CLUSTER: &str = "kubernetes";

/// Who vouches for a server's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Issuer {
    /// Nobody but the server itself.
    Itself,
    /// The cluster's own authority, which clients do not know unless they are told.
    Cluster,
    /// Another authority that clients do not know unless they are told.
    Private,
    /// An authority that every client knows.
    Public,
}

/// What a client sees of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The hosts that it is for: its common name, and then the alternative names.
    pub names: Vec<String>,
    /// Who signed it.
    pub issuer: Issuer,
    /// Whether it has alternative names, beside which the common name counts for nothing.
    has_alternatives: bool,
    /// The whole, as DER; empty where there is nothing but the names.
    der: Vec<u8>,
}

impl Certificate {
    /// One of which nothing but this can be seen.
    pub fn new(names: impl Into<Vec<String>>, issuer: Issuer) -> Certificate {
        Certificate { names: names.into(), issuer, has_alternatives: true, der: Vec::new() }
    }

    /// Reads the first certificate of a PEM file.
    pub fn read(pem: &str) -> Option<Certificate> {
        let der = blocks(pem).next()??;
        let signed = signed_part(&der)?;
        let (issuer, subject) = parties(signed)?;
        let mut names: Vec<String> = common_name(subject).into_iter().collect();
        let alternatives = alternative_names(signed);
        let has_alternatives = !alternatives.is_empty();
        names.extend(alternatives);
        let issuer = match common_name(issuer).as_deref() {
            _ if issuer == subject => Issuer::Itself,
            Some(CLUSTER) => Issuer::Cluster,
            _ => Issuer::Private,
        };
        (!names.is_empty()).then_some(Certificate { names, issuer, has_alternatives, der })
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

    /// The common name, where it alone says whom the certificate is for.
    pub fn common_name(&self) -> Option<&str> {
        self.names.first().filter(|_| !self.has_alternatives).map(String::as_str)
    }

    /// Whether the authorities of a PEM file vouch for it: it is one of them itself, or one of them is
    /// called what its issuer is called. Signatures are not looked into.
    pub fn is_trusted_by(&self, authorities: &str) -> bool {
        if self.issuer == Issuer::Cluster {
            return authorities.contains(ROOT_CERTIFICATE.trim());
        }
        let issuer = signed_part(&self.der).and_then(parties).map(|(issuer, _)| issuer);
        blocks(authorities).flatten().any(|authority| {
            let subject = signed_part(&authority).and_then(parties).map(|(_, subject)| subject);
            subject.is_some()
                && (authority == self.der || subject == issuer && self.issuer == Issuer::Private)
        })
    }
}

/// The certificates of a PEM file, as DER; nothing for one that is no base64.
fn blocks(pem: &str) -> impl Iterator<Item = Option<Vec<u8>>> {
    pem.split("-----BEGIN CERTIFICATE-----").skip(1).map(|text| {
        let (body, _) = text.split_once("-----END CERTIFICATE-----")?;
        from_base64(&body.replace(char::is_whitespace, ""))
    })
}

/// What an issuer signs of a certificate.
fn signed_part(der: &[u8]) -> Option<&[u8]> {
    let (_, certificate, _) = element(der)?;
    element(certificate).map(|(_, signed, _)| signed)
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
        match tag {
            DNS_NAME => names.push(String::from_utf8_lossy(name).into_owned()),
            ADDRESS => names.extend(address(name).map(|address| address.to_string())),
            _ => {}
        }
        rest = behind;
    }
    names
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
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
        assert!(found.is_trusted_by(PEM) && !found.is_trusted_by(ROOT_CERTIFICATE));
        assert!(!found.covers("a.b.shop.example.com") && !found.covers("example.com"));
    }

    #[test]
    fn what_is_no_certificate_is_none() {
        assert_eq!(Certificate::read("-----BEGIN CERTIFICATE-----\nnot base64!\n"), None);
        let short: String = PEM.lines().take(4).map(|line| format!("{line}\n")).collect();
        assert_eq!(Certificate::read(&format!("{short}-----END CERTIFICATE-----\n")), None);
    }
}
