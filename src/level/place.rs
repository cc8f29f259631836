//! Where a goal's request comes from: `deploy/frontend -c client` as a place in the cluster.

use std::fmt;
use std::sync::Arc;

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::core::v1::Node;
use k8s_openapi::apimachinery::pkg::apis::meta::v1 as meta;

use crate::api::{LabelSelector, Pod};
use crate::cluster::{Cluster, Place};

/// A place as a level names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceName {
    /// What kind of thing it is.
    pub kind: PlaceKind,
    /// Its name; empty for the laptop.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// The container; the first one when not given.
    pub container: Option<String>,
}

/// The kinds of place that a level can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaceKind {
    Laptop,
    Node,
    Pod,
    Deployment,
    ReplicaSet,
    StatefulSet,
    DaemonSet,
}

/// Why a place cannot be used now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoPlace {
    /// The object does not exist.
    Missing(PlaceName),
    /// It exists, but none of its pods runs.
    NotRunning(PlaceName),
    /// Its pod has no container of that name.
    NoContainer(PlaceName, String),
}

impl PlaceName {
    /// Reads `pod/client -c sidecar -n shop`, `deploy/web`, `node/node-2` or `laptop`.
    ///
    /// # Errors
    /// What was expected instead.
    pub fn parse(text: &str) -> Result<PlaceName, String> {
        let mut words = text.split_whitespace();
        let first = words.next().unwrap_or("");
        let (kind, name) = first.split_once('/').unwrap_or((first, ""));
        let kind = match kind {
            "laptop" if name.is_empty() => PlaceKind::Laptop,
            "node" => PlaceKind::Node,
            "pod" => PlaceKind::Pod,
            "deploy" | "deployment" => PlaceKind::Deployment,
            "rs" | "replicaset" => PlaceKind::ReplicaSet,
            "sts" | "statefulset" => PlaceKind::StatefulSet,
            "ds" | "daemonset" => PlaceKind::DaemonSet,
            _ => return Err(expected(text)),
        };
        if name.is_empty() != (kind == PlaceKind::Laptop) {
            return Err(expected(text));
        }
        let mut place = PlaceName {
            kind,
            name: name.to_owned(),
            namespace: "default".to_owned(),
            container: None,
        };
        while let Some(flag) = words.next() {
            match (flag, words.next()) {
                ("-c", Some(container)) => place.container = Some(container.to_owned()),
                ("-n", Some(namespace)) => namespace.clone_into(&mut place.namespace),
                _ => return Err(expected(text)),
            }
        }
        Ok(place)
    }

    /// The place in this cluster, now: for a workload, its first pod that is ready, or else runs.
    ///
    /// # Errors
    /// Why there is none.
    pub fn find(&self, cluster: &Cluster) -> Result<Place, NoPlace> {
        match self.kind {
            PlaceKind::Laptop => Ok(Place::Laptop),
            PlaceKind::Node => match cluster.objects().get::<Node>("", &self.name) {
                Some(_) => Ok(Place::Node(self.name.as_str().into())),
                None => Err(NoPlace::Missing(self.clone())),
            },
            PlaceKind::Pod => {
                let pod = cluster
                    .objects()
                    .get::<Pod>(&self.namespace, &self.name)
                    .ok_or_else(|| NoPlace::Missing(self.clone()))?;
                self.in_pod(pod)
            }
            _ => {
                let mut pods =
                    self.selected(cluster).ok_or_else(|| NoPlace::Missing(self.clone()))?;
                pods.retain(|pod| pod.metadata.deletion_timestamp.is_none());
                pods.sort_by_key(|pod| !pod.is_ready());
                let pod = pods.iter().find(|pod| pod.is_running());
                self.in_pod(pod.ok_or_else(|| NoPlace::NotRunning(self.clone()))?)
            }
        }
    }

    /// The pods that it may mean, those that end as well.
    pub(super) fn pods<'c>(&'c self, cluster: &'c Cluster) -> Vec<&'c Arc<Pod>> {
        match self.kind {
            PlaceKind::Laptop | PlaceKind::Node => Vec::new(),
            PlaceKind::Pod => {
                let pod = cluster.objects().get::<Pod>(&self.namespace, &self.name);
                pod.into_iter().collect()
            }
            _ => self.selected(cluster).unwrap_or_default(),
        }
    }

    /// The pods that its workload selects; `None` where there is no such workload.
    fn selected<'c>(&'c self, cluster: &'c Cluster) -> Option<Vec<&'c Arc<Pod>>> {
        let selector = LabelSelector::of(&self.selector(cluster)?);
        let pods = cluster.objects().list::<Pod>(Some(&self.namespace));
        Some(pods.filter(|pod| selector.matches(pod.metadata.labels.as_ref())).collect())
    }

    /// The container that it names of a pod that it names, whether it runs or not.
    pub(super) fn in_named_pod(&self, cluster: &Cluster) -> Option<Place> {
        let container = self.container.as_deref().filter(|_| self.kind == PlaceKind::Pod)?;
        cluster.objects().get::<Pod>(&self.namespace, &self.name)?;
        Some(Place::Container {
            namespace: self.namespace.as_str().into(),
            pod: self.name.as_str().into(),
            container: container.into(),
        })
    }

    fn in_pod(&self, pod: &Pod) -> Result<Place, NoPlace> {
        let spec = pod.spec.as_ref();
        let containers = spec.into_iter().flat_map(|spec| &spec.containers);
        // Init containers that go on beside the others (restartPolicy: Always) come after these.
        let sidecars = spec.into_iter().flat_map(|spec| spec.init_containers.iter().flatten());
        let sidecars = sidecars.filter(|one| one.restart_policy.as_deref() == Some("Always"));
        let names: Vec<&str> = containers.chain(sidecars).map(|c| c.name.as_str()).collect();
        let container = match &self.container {
            Some(wanted) if names.contains(&wanted.as_str()) => wanted.as_str(),
            Some(wanted) => return Err(NoPlace::NoContainer(self.clone(), wanted.clone())),
            None => names.first().copied().unwrap_or(""),
        };
        if !pod.is_running() || !pod.runs(container) {
            return Err(NoPlace::NotRunning(self.clone()));
        }
        Ok(Place::Container {
            namespace: self.namespace.as_str().into(),
            pod: pod.metadata.name.as_deref().unwrap_or("").into(),
            container: container.into(),
        })
    }

    fn selector(&self, cluster: &Cluster) -> Option<meta::LabelSelector> {
        let (objects, namespace, name) = (cluster.objects(), &self.namespace, &self.name);
        Some(match self.kind {
            PlaceKind::Deployment => {
                objects.get::<Deployment>(namespace, name)?.spec.as_ref()?.selector.clone()
            }
            PlaceKind::ReplicaSet => {
                objects.get::<ReplicaSet>(namespace, name)?.spec.as_ref()?.selector.clone()
            }
            PlaceKind::StatefulSet => {
                objects.get::<StatefulSet>(namespace, name)?.spec.as_ref()?.selector.clone()
            }
            _ => objects.get::<DaemonSet>(namespace, name)?.spec.as_ref()?.selector.clone(),
        })
    }
}

fn expected(received: &str) -> String {
    format!(
        "expected laptop, node/NAME, pod/NAME or deploy/NAME (with -c CONTAINER, -n NAMESPACE), received {received:?}"
    )
}

/// `pod/client`, `laptop`
impl fmt::Display for PlaceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            PlaceKind::Laptop => return f.write_str("the laptop"),
            PlaceKind::Node => "node",
            PlaceKind::Pod => "pod",
            PlaceKind::Deployment => "deployment",
            PlaceKind::ReplicaSet => "replicaset",
            PlaceKind::StatefulSet => "statefulset",
            PlaceKind::DaemonSet => "daemonset",
        };
        write!(f, "{kind} {}", self.name)?;
        if self.namespace != "default" {
            write!(f, " in namespace {}", self.namespace)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_a_kind_a_name_and_flags() {
        let place = PlaceName::parse("deploy/web -c client -n shop").unwrap();
        assert_eq!(place.kind, PlaceKind::Deployment);
        assert_eq!((place.name.as_str(), place.namespace.as_str()), ("web", "shop"));
        assert_eq!(place.container.as_deref(), Some("client"));
        assert_eq!(PlaceName::parse("laptop").unwrap().kind, PlaceKind::Laptop);
    }

    #[test]
    fn anything_else_says_what_was_expected() {
        for wrong in ["", "client", "pod/", "laptop/x", "pod/x -z y", "pod/x -c"] {
            assert!(PlaceName::parse(wrong).unwrap_err().contains("expected laptop"), "{wrong}");
        }
    }
}
