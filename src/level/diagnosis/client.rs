//! The client of a goal: who sends, from which of the player's objects, and where in it the address
//! stands that was dialled.

use std::net::IpAddr;

use k8s_openapi::api::apps::v1::ReplicaSet;
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::Value;

use super::locate::{self, mentions};
use super::{Facts, place_of};
use crate::api::Pod;
use crate::cluster::{Did, Place};
use crate::diagnostic::{Location, Position};
use crate::level::place::PlaceKind;
use crate::level::source::{Source, USUAL_NAMESPACE};
use crate::network::Party;

/// An object of the player's that makes pods, and where in it the pod is described.
pub(super) struct PodSource<'a> {
    pub source: Source<'a>,
    /// Empty for a Pod, `spec.template` for a controller.
    pub path: &'static str,
}

/// An environment variable as a manifest gives it.
pub(super) struct Variable<'a> {
    pub name: &'a str,
    pub value: Option<&'a str>,
    /// The path of its value, or of itself.
    pub path: String,
}

impl PodSource<'_> {
    /// A path in the pod, as the object has it: `spec.template.spec.containers[0]`.
    pub fn within(&self, path: &str) -> String {
        match self.path {
            "" => path.to_owned(),
            prefix => format!("{prefix}.{path}"),
        }
    }

    /// The line of a path in the pod.
    pub fn line(&self, path: &str) -> Option<Location> {
        locate::at(&self.source, &self.within(path))
    }

    /// The pod's own part of the manifest.
    pub fn pod(&self) -> Option<&Value> {
        match self.path {
            "" => Some(self.source.value),
            _ => self.source.value.pointer("/spec/template"),
        }
    }

    /// The environment of a container, in the order of the manifest.
    pub fn environment(&self, container: &str) -> Vec<Variable<'_>> {
        let containers = self.pod().and_then(|pod| pod.pointer("/spec/containers"));
        let containers = containers.and_then(Value::as_array).into_iter().flatten().enumerate();
        let mut found = Vec::new();
        for (index, spec) in containers {
            if spec["name"].as_str() != Some(container) {
                continue;
            }
            let list = spec["env"].as_array().into_iter().flatten().enumerate();
            for (number, entry) in list {
                let value = entry["value"].as_str();
                let field = if value.is_some() { ".value" } else { "" };
                found.push(Variable {
                    name: entry["name"].as_str().unwrap_or(""),
                    value,
                    path: self.within(&format!("spec.containers[{index}].env[{number}]{field}")),
                });
            }
        }
        found
    }
}

impl Facts<'_> {
    /// Where the goal's request runs: for a goal that only reads a log, the container whose traffic
    /// it is about.
    pub fn client_place(&self) -> Option<Place> {
        if let Some(client) = &self.client {
            return Some(client.clone());
        }
        let run = self.case.run?;
        if self.case.goal.traffic.is_some() {
            let last = run.traces.last().and_then(|id| self.case.cluster.trace(*id));
            if let Some(trace) = last
                && let (Party::Pod { namespace, name }, Some(container)) =
                    (&trace.from, &trace.container)
            {
                return Some(Place::Container {
                    namespace: namespace.clone(),
                    pod: name.clone(),
                    container: container.clone(),
                });
            }
            return run.deeds.last().map(|deed| deed.place.clone());
        }
        place_of(self.case.goal)?.find(self.case.cluster).ok()
    }

    /// Where the client ran whose name did not resolve: `kubectl exec` and ssh go elsewhere.
    pub fn asking_place(&self) -> Option<Place> {
        if let Some(client) = &self.client {
            return Some(client.clone());
        }
        let deeds = self.case.run?.deeds.iter().rev();
        let mut asked =
            deeds.filter(|deed| matches!(deed.did, Did::Fetched(_) | Did::NotResolved { .. }));
        asked.next().map(|deed| deed.place.clone()).or_else(|| self.client_place())
    }

    /// Whether the goal's command itself runs in a container.
    pub fn runs_in_pod(&self) -> bool {
        let kind = place_of(self.case.goal).map(|place| place.kind);
        !matches!(kind, None | Some(PlaceKind::Laptop | PlaceKind::Node))
    }

    /// The namespace and name of the pod that sent the last packets, or that the goal names.
    pub fn client_pod(&self) -> Option<(String, String)> {
        let run = self.case.run?;
        let last = run.traces.last().and_then(|id| self.case.cluster.trace(*id));
        let last = self.connection.or(last).filter(|_| self.client.is_none());
        if let Some(Party::Pod { namespace, name }) = last.map(|trace| &trace.from) {
            return Some((namespace.to_string(), name.to_string()));
        }
        // A pod on its node's network sends as the node.
        match self.client_place()? {
            Place::Container { namespace, pod, .. } => {
                Some((namespace.to_string(), pod.to_string()))
            }
            Place::Laptop | Place::Node(_) => None,
        }
    }

    /// The namespace that the client's short names mean, or the goal's own.
    pub fn namespace(&self) -> String {
        let pod = self.client_pod().map(|(namespace, _)| namespace);
        let named = || place_of(self.case.goal).map(|place| place.namespace);
        pod.or_else(named).unwrap_or_else(|| USUAL_NAMESPACE.to_owned())
    }

    /// The player's object that a pod comes from: itself, or the controller that made it.
    pub fn pod_source(&self, namespace: &str, pod: &str) -> Option<PodSource<'_>> {
        if let Some(source) = self.locator.source("Pod", namespace, pod) {
            return Some(PodSource { source, path: "" });
        }
        let objects = self.case.cluster.objects();
        let stored = objects.get::<Pod>(namespace, pod)?;
        let (kind, name) = controller(&stored.metadata)?;
        let (kind, name) = match objects.get::<ReplicaSet>(namespace, &name) {
            Some(set) if kind == "ReplicaSet" => controller(&set.metadata).unwrap_or((kind, name)),
            _ => (kind, name),
        };
        let source = self.locator.source(&kind, namespace, &name)?;
        Some(PodSource { source, path: "spec.template" })
    }

    /// The player's object that the client comes from.
    pub fn client_source(&self) -> Option<PodSource<'_>> {
        let (namespace, pod) = self.client_pod()?;
        self.pod_source(&namespace, &pod)
    }

    /// Where the player wrote what was dialled: in the variable that the request uses, in the client's
    /// own object, in a script, or elsewhere.
    pub fn dialled_at(
        &self,
        hosts: &[String],
        address: Option<IpAddr>,
        port: u16,
    ) -> Option<Location> {
        let mut words: Vec<String> = Vec::new();
        let address = address.map(|address| address.to_string());
        // What the client was told comes first, then the address, then the name that led to it.
        let names: Vec<&String> =
            hosts.iter().take(1).chain(&address).chain(hosts.iter().skip(1)).collect();
        words.extend(names.iter().map(|name| format!("{name}:{port}")));
        words.extend(names.iter().map(|name| (*name).clone()));
        if address.as_deref().is_some_and(|address| address.starts_with("127.") || address == "::1")
        {
            words.push("localhost".to_owned());
        }
        let with_port: Vec<String> = words.iter().cloned().chain([format!(":{port}")]).collect();
        let own = self
            .variable_with(&words)
            .or_else(|| {
                let client = self.client_source()?;
                self.locator.mention_in(&client.source, &with_port)
            })
            .or_else(|| self.configured(&words, address.as_deref()));
        if own.is_some() || self.client.is_some() {
            return own;
        }
        let run = &self.case.goal.run;
        let scripts = self.locator.mention_in_scripts(&with_port, |file| mentions(run, file));
        scripts.or_else(|| self.only_request_of_the_script()).or_else(|| {
            // A name alone may be a label, or an object's own.
            let sure = |word: &&String| word.contains(':') || word.parse::<IpAddr>().is_ok();
            self.locator.mention(words.iter().filter(sure))
        })
    }

    /// The line in a ConfigMap that the client's pod mounts with one of the words, or with the name of
    /// the Service that has the address.
    fn configured(&self, words: &[String], address: Option<&str>) -> Option<Location> {
        let (namespace, pod) = self.client_pod()?;
        let objects = self.case.cluster.objects();
        let services = objects.list::<Service>(None);
        let named =
            services.filter(|service| Some(super::services::cluster_ip(service)) == address);
        let named = named.filter_map(|service| service.metadata.name.clone());
        let words: Vec<String> = words.iter().cloned().chain(named).collect();
        let spec = objects.get::<Pod>(&namespace, &pod)?.spec.as_ref()?;
        let mut mounted = spec.volumes.iter().flatten().filter_map(|one| one.config_map.as_ref());
        mounted.find_map(|map| {
            let source = self.locator.source("ConfigMap", &namespace, &map.name)?;
            self.locator.mention_in(&source, &words)
        })
    }

    /// The script of the player's that the goal's command runs: its first line that calls a client program.
    pub fn script_that_ran(&self) -> Option<Location> {
        let run = &self.case.goal.run;
        let script = self.case.files.keys().find(|file| mentions(run, file))?;
        self.requests_of_the_script(script)?.into_iter().next()
    }

    /// The one line of the script that the goal's command runs that calls a client program.
    fn only_request_of_the_script(&self) -> Option<Location> {
        let run = &self.case.goal.run;
        let script = self.case.files.keys().find(|file| mentions(run, file))?;
        self.request_of_the_script(script)
    }

    /// The one line of this script that calls a client program.
    pub fn request_of_the_script(&self, file: &str) -> Option<Location> {
        let mut found = self.requests_of_the_script(file)?.into_iter();
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }

    /// The lines of a script that call a client program.
    fn requests_of_the_script(&self, file: &str) -> Option<Vec<Location>> {
        let content = self.case.files.get(file)?;
        let text = String::from_utf8_lossy(content);
        let calls = |line: &str| {
            super::commands::CLIENTS.iter().find_map(|client| locate::whole_word(line, client))
        };
        let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim_start().starts_with('#'));
        let found = lines.filter_map(|(number, line)| {
            let position = Position::new(number, calls(line)?);
            Some(Location { file: file.into(), position })
        });
        Some(found.collect())
    }

    /// The value of the client's variable that the request uses, or that holds one of the words.
    fn variable_with(&self, words: &[String]) -> Option<Location> {
        let client = self.client_source()?;
        let Some(Place::Container { container, .. }) = self.client_place() else { return None };
        let variables = client.environment(&container);
        let used: Vec<&Variable<'_>> =
            variables.iter().filter(|variable| self.uses(variable.name)).collect();
        let holds = |variable: &&Variable<'_>| {
            let value = variable.value.unwrap_or("");
            words.iter().any(|word| mentions(value, word))
        };
        let found = match used.as_slice() {
            [] => variables.iter().find(holds),
            [only] => Some(*only),
            several => several.iter().copied().find(|variable| holds(variable)),
        };
        locate::at(&client.source, &found?.path)
    }

    /// Whether the goal's own command uses a variable of this name.
    pub fn uses(&self, name: &str) -> bool {
        let run = &self.case.goal.run;
        let after = |mark: &str| {
            run.match_indices(mark).any(|(at, _)| {
                let rest = &run[at + mark.len()..];
                let named = rest.strip_prefix(name);
                named.is_some_and(|rest| {
                    !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
                })
            })
        };
        !name.is_empty() && (after("$") || after("${"))
    }
}

/// The controller that made an object: kind and name.
pub(super) fn controller(metadata: &ObjectMeta) -> Option<(String, String)> {
    let owners = metadata.owner_references.iter().flatten();
    let mut owners = owners.filter(|owner| owner.controller == Some(true));
    owners.next().map(|owner| (owner.kind.clone(), owner.name.clone()))
}
