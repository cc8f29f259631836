//! What a cluster never lacks for long: the default service account and the root certificate of a
//! namespace, and the API server's own Service.
//!
//! Sources: kube-controller-manager `serviceaccount` and `root-ca-certificate-publisher`, and
//! kube-apiserver `kubernetesservice`, which looks every ten seconds.

use std::time::Duration;

use k8s_openapi::api::core::v1::Namespace;

use super::Client;
use super::queue::{Actor, Key, Queue};
use crate::api::{Action, Change, Kind, OWN, ROOT_CA};
use crate::clock::SimTime;

/// The service account of pods that name none.
const ACCOUNT: &str = "default";

/// How often the server looks after its own Service.
const PERIOD: Duration = Duration::from_secs(10);

/// Notes a change to something that is kept.
pub(super) fn watch(queue: &mut Queue, now: SimTime, key: &Key, change: &Change) {
    let gone = change.action == Action::Deleted;
    let changed = change.action != Action::Added;
    let own = &*key.namespace == "default" && &*key.name == OWN;
    match change.object.kind() {
        Kind::ServiceAccount if gone && &*key.name == ACCOUNT => {
            queue.add(now, Actor::Furnishing, key.clone());
        }
        Kind::ConfigMap if changed && &*key.name == ROOT_CA => {
            queue.add(now, Actor::Furnishing, key.clone());
        }
        Kind::Service if gone && own => queue.remind(next(now), Actor::Furnishing, key.clone()),
        Kind::Endpoints | Kind::EndpointSlice if changed && own => {
            queue.remind(next(now), Actor::Furnishing, key.clone());
        }
        _ => {}
    }
}

/// When the server looks next.
fn next(now: SimTime) -> SimTime {
    let period = SimTime::START + PERIOD;
    SimTime::from_micros((now.as_micros() / period.as_micros() + 1) * period.as_micros())
}

/// Gives back what was taken away.
pub(super) fn reconcile(client: &mut Client<'_>, key: &Key) {
    if &*key.name == OWN {
        return client.api.keep_own(client.now);
    }
    let namespace = client.get::<Namespace>(&Key::new("", &key.namespace));
    let lives = namespace.is_some_and(|found| found.metadata.deletion_timestamp.is_none());
    if lives {
        client.api.furnish(client.now, &key.namespace);
    }
}
