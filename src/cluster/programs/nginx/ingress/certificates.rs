//! Certificates of TLS Secrets, and the one that the controller makes for itself.

use k8s_openapi::api::core::v1::Secret;

use super::options::Name;
use crate::api::Store;
use crate::cluster::{Certificate, Issuer};

/// The certificate in a Secret, if it holds one that can be read.
pub fn secret_certificate(store: &Store, namespace: &str, name: &str) -> Option<Certificate> {
    Certificate::of_secret(store, &(namespace.to_owned(), name.to_owned())).ok()
}

impl Certificate {
    /// The controller's own, which it makes when it starts.
    pub fn fake() -> Certificate {
        let names = ["Kubernetes Ingress Controller Fake Certificate", "ingress.local"];
        Certificate::new(names.map(str::to_owned), Issuer::Itself)
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
}
