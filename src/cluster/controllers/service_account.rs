//! What every namespace holds from the start: the ServiceAccount `default`, and the certificate
//! authority that pods trust.
//!
//! Source: kube-controller-manager `serviceaccount-controller`, `root-ca-certificate-publisher`.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{ConfigMap, Namespace, ServiceAccount};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::{Client, Key};

const ACCOUNT: &str = "default";
const AUTHORITY: &str = "kube-root-ca.crt";

/// Gives a namespace what it lacks.
pub(super) fn reconcile(client: &mut Client<'_>, key: &Key) {
    let Some(namespace) = client.get::<Namespace>(key) else { return };
    if namespace.metadata.deletion_timestamp.is_some() {
        return;
    }
    let metadata = |name: &str| ObjectMeta {
        name: Some(name.to_owned()),
        namespace: Some(key.name.to_string()),
        ..ObjectMeta::default()
    };
    if client.get::<ServiceAccount>(&Key::new(&key.name, ACCOUNT)).is_none() {
        let account = ServiceAccount { metadata: metadata(ACCOUNT), ..ServiceAccount::default() };
        let _ = client.create(account);
    }
    if client.get::<ConfigMap>(&Key::new(&key.name, AUTHORITY)).is_none() {
        let mut metadata = metadata(AUTHORITY);
        let described = "Contains a CA bundle that can be used to verify the kube-apiserver when \
                         using internal endpoints such as the internal service IP or \
                         kubernetes.default.svc. No other usage is guaranteed across \
                         distributions of Kubernetes clusters.";
        metadata.annotations =
            Some(BTreeMap::from([("kubernetes.io/description".to_owned(), described.to_owned())]));
        let certificate = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n";
        let data = BTreeMap::from([("ca.crt".to_owned(), certificate.to_owned())]);
        let _ = client.create(ConfigMap { data: Some(data), metadata, ..ConfigMap::default() });
    }
}
