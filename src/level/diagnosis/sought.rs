//! Objects that a goal's command looked for by their labels: too few, too many, none.

use std::sync::Arc;

use super::look::{self, shown_name};
use super::owners;
use super::trial::{self, Tried};
use super::{Diagnosis, Facts, admission, answers, gone, selectors, workloads};
use crate::api::selector::Operator;
use crate::api::{Kind, LabelSelector, Labels, Pod};
use crate::cluster::{Did, ObjectName, Sought};
use crate::diagnostic::{Location, counted};
use crate::network::Outcome;

/// The last look for pods by labels tells what there is, or that for an object by its name.
pub(super) fn diagnose(facts: &Facts<'_>) -> Option<Diagnosis> {
    let run = facts.case.run?;
    run.miss.as_ref()?;
    let last = run.deeds.iter().rev().find_map(|deed| match &deed.did {
        Did::Missing { object } => Some(Some(object)),
        Did::Sought(_) => Some(None),
        _ => None,
    });
    if let Some(Some(object)) = last {
        return Some(missing(facts, object));
    }
    if let (None, Some(object)) = (last, looked_for(facts)) {
        return Some(missing(facts, object));
    }
    let sought = run.deeds.iter().rev().find_map(|deed| match &deed.did {
        Did::Sought(sought) if sought.kind == Kind::Pod => Some(sought),
        _ => None,
    })?;
    match sought.found.is_empty() {
        true => Some(nothing(facts, sought)),
        false => Some(found(facts, sought)),
    }
}

/// The object that the goal's command asked kubectl for last by its name, and that is not there.
pub(super) fn looked_for<'a>(facts: &Facts<'a>) -> Option<&'a ObjectName> {
    let run = facts.case.run?;
    let own = run.deeds.iter().rev().find_map(|deed| match &deed.did {
        Did::Missing { object } => Some(object),
        _ => None,
    });
    // Of a goal about a container's traffic those are the container's deeds, and not the command's.
    own.or_else(|| run.finished.as_ref()?.missing().last())
}

/// kubectl was to find pods by their labels, and found none, so that the request had no address.
pub(super) fn of_nobody(facts: &Facts<'_>) -> Option<Diagnosis> {
    let none = facts.case.run?.deeds.iter().any(|deed| match &deed.did {
        Did::Sought(sought) => sought.found.is_empty(),
        _ => false,
    });
    none.then(|| diagnose(facts)).flatten()
}

/// What was to be looked up for a URL is not there.
pub(super) fn for_url(facts: &Facts<'_>, url: &str) -> Option<Diagnosis> {
    let missing = missing(facts, looked_for(facts)?);
    let message = format!("{}, and the client was given {url}", missing.message);
    Some(Diagnosis { message, ..missing })
}

/// What kubectl was to look up for the request is not there, so that the request went astray.
pub(super) fn before_it(facts: &Facts<'_>) -> Option<Diagnosis> {
    facts.case.run?.miss.as_ref()?;
    let astray =
        facts.connection.is_some_and(|trace| !matches!(trace.outcome, Outcome::Delivered { .. }));
    let object = looked_for(facts).filter(|_| astray)?;
    let there = object.kind == Kind::Service || object.kind == Kind::Pod;
    there.then(|| missing(facts, object))
}

/// kubectl was told a name, and there is no such object.
pub(super) fn missing(facts: &Facts<'_>, object: &ObjectName) -> Diagnosis {
    let ObjectName { kind, namespace, name } = object;
    let info = kind.info();
    let shown = shown_name(namespace, name);
    let sources = facts.locator.sources();
    let same: Vec<_> = sources
        .iter()
        .filter(|source| source.kind() == Some(*kind) && source.namespace() == *namespace)
        .collect();
    let near = crate::diagnostic::nearest(name, same.iter().map(|source| source.name()));
    let source = same.iter().find(|source| Some(source.name()) == near);
    let place = look::in_namespace(namespace);
    let said = Diagnosis::new(
        "no-such-object",
        format!("there is no {} {shown}, so kubectl found none", info.name),
    )
    .look([format!("kubectl get {}{place}", info.plural)])
    .fact(facts.quoted());
    if let Some(gone) = gone::of(facts, object) {
        return gone.explain(said);
    }
    // The player's own script asks by a name that nearly fits.
    let there = facts.case.cluster.objects().objects(*kind, Some(namespace));
    let there: Vec<String> = there.map(|object| object.name().to_owned()).collect();
    let close = crate::diagnostic::nearest(name, there.iter().map(String::as_str));
    let run = &facts.case.goal.run;
    let line = facts.locator.mention_in_scripts([name], |file| super::mentions(run, file));
    if let (Some(close), Some(line), false) = (close, &line, facts.goal_says(name)) {
        return said
            .nearest(Some(format!("{} {close}", info.name)))
            .at(Some(line.clone()))
            .fix(format!("write {close} instead of {name}, and send again"));
    }
    let there: Vec<&str> = there.iter().take(6).map(String::as_str).collect();
    let there = (!there.is_empty()).then(|| format!("there are: {}", there.join(", ")));
    let line = line.filter(|_| !facts.goal_says(name));
    said.facts(there)
        .nearest(near.map(|near| format!("{} {near}, which your file describes", info.name)))
        .at(source.and_then(|source| super::locate::at(source, "metadata.name")).or(line))
        .fix(match near {
            Some(_) => format!("let it be called {name}, apply, and send again"),
            None => format!("let there be a {} called {name}", info.name),
        })
}

/// The labels that a selector asks for.
fn labels(sought: &Sought) -> Labels {
    let requirements = LabelSelector::parse(&sought.selector).unwrap_or_default().requirements;
    let equal = requirements.into_iter().filter_map(|one| match one.operator {
        Operator::In(values) if values.len() == 1 => Some((one.key, values.into_iter().next()?)),
        _ => None,
    });
    equal.collect()
}

fn none_found(sought: &Sought) -> Diagnosis {
    Diagnosis::new(
        "no-pod-with-label",
        format!("no pod has {}, so kubectl found none", sought.selector),
    )
}

fn nothing(facts: &Facts<'_>, sought: &Sought) -> Diagnosis {
    let namespace = sought.namespace.as_str();
    let space = (!namespace.is_empty()).then_some(namespace);
    let pods: Vec<&Arc<Pod>> = facts.case.cluster.objects().list::<Pod>(space).collect();
    let wanted = labels(sought);
    if let Some(said) = labelled_otherwise(facts, sought, &wanted, &pods) {
        return said;
    }
    if let Some(said) = kept_none(facts, sought, &wanted) {
        return said;
    }
    let selector = LabelSelector::equalities(&wanted);
    if let Some(said) = admission::refused_pods(facts, space, &selector, none_found(sought)) {
        return said;
    }
    let near = selectors::near(&wanted, &pods, "");
    if near.instead.is_none()
        && let Some(said) = workloads::gone(facts, namespace, &wanted)
    {
        return said.fact(format!("kubectl looked for pods with {}", sought.selector));
    }
    let made = near.pod.and_then(|pod| pod.metadata.name.as_deref());
    let at = near.pod.zip(near.key.as_ref()).and_then(|(pod, key)| label_line(facts, pod, key));
    let fix = match (&near.key, made) {
        (Some(key), Some(_)) if at.is_some() => format!(
            "write {key}: {} where the pod's labels are, apply, and send again",
            wanted.get(key).map_or("", String::as_str)
        ),
        _ => format!("let there be a pod with {}", sought.selector),
    };
    none_found(sought)
        .look([look::labels(namespace)])
        .facts(made.zip(near.pod).map(|(name, pod)| {
            let own = selectors::shown(&selectors::own_labels(pod, &wanted));
            format!("pod {name} has {own}")
        }))
        .nearest(near.said)
        .at(at)
        .fix(fix)
}

/// Somebody makes such pods, and keeps none of them.
fn kept_none(facts: &Facts<'_>, sought: &Sought, wanted: &Labels) -> Option<Diagnosis> {
    let namespace = Some(sought.namespace.as_str()).filter(|one| !one.is_empty())?;
    let makers = owners::makers(facts, namespace, wanted);
    let maker = makers.iter().find(|maker| maker.replicas == 0)?;
    let (info, name, place) = (maker.kind.info(), &maker.name, look::in_namespace(namespace));
    Some(
        none_found(sought)
            .look([format!("kubectl get {} {name}{place}", info.singular)])
            .fact(format!("{} {name} makes such pods, and keeps 0 of them", info.name))
            .nearest(Some("replicas: 1".to_owned()))
            .at(facts.locator.field(info.name, namespace, name, "spec.replicas"))
            .fix(format!(
                "kubectl scale {} {name} --replicas=1{place}, and send again",
                info.singular
            )),
    )
}

/// No pod has the labels that the goal's command looked for, and a Deployment that the player made with a command
/// has made one with another value.
pub(super) fn named_otherwise(facts: &Facts<'_>) -> Option<Diagnosis> {
    let sought = facts.case.run?.deeds.iter().rev().find_map(|deed| match &deed.did {
        Did::Sought(sought) if sought.found.is_empty() => Some(sought),
        _ => None,
    })?;
    let space = Some(sought.namespace.as_str()).filter(|space| !space.is_empty());
    let pods = facts.case.cluster.objects().list::<Pod>(space);
    let pods: Vec<&Arc<Pod>> = pods.filter(|pod| is_of_a_command(facts, pod)).collect();
    labelled_otherwise(facts, sought, &labels(sought), &pods)
}

/// Whether kubectl made the pod's Deployment, and no manifest.
fn is_of_a_command(facts: &Facts<'_>, pod: &Pod) -> bool {
    let maker = owners::object(facts, pod);
    let is_it = |did: &Did| matches!(did, Did::Created { object } if *object == maker);
    maker.kind == Kind::Deployment && facts.case.cluster.deeds().any(|deed| is_it(&deed.did))
}

/// A controller of the player's has made a pod with another value of a label that is looked for: its
/// template and its selector say so.
fn labelled_otherwise(
    facts: &Facts<'_>,
    sought: &Sought,
    wanted: &Labels,
    pods: &[&Arc<Pod>],
) -> Option<Diagnosis> {
    let (pod, key, own) = pods.iter().find_map(|pod| {
        let labels = pod.metadata.labels.as_ref()?;
        let (key, _) = wanted.iter().find(|(key, value)| labels.get(*key) != Some(value))?;
        // One among several labels is near enough to be met by name.
        let own = labels.get(key)?;
        (owners::maker(facts, pod).0 != Kind::Pod).then_some((pod, key, own))
    })?;
    let (kind, maker) = owners::maker(facts, pod);
    let (name, value) = (pod.metadata.name.as_deref()?, &wanted[key]);
    let said = none_found(sought)
        .look([look::labels(&sought.namespace)])
        .fact(format!("{} {maker} has made pod {name}, which has {key}={own}", kind.info().name));
    let Some(at) = label_line(facts, pod, key) else {
        return named_after_it(facts, pod, (key, value), said);
    };
    Some(
        said.fact("a controller keeps its selector for life, and it has to match the labels of the template")
        .nearest(Some(format!("label {key}={own}")))
        .fix(format!(
            "let the template and the selector of {} {maker} say {key}: {value}, and kubectl replace --force -f {}, and send again",
            kind.info().name, at.file
        ))
        .at(Some(at)),
    )
}

/// The pod's Deployment was made by `kubectl create deployment`, which makes its label of its name.
fn named_after_it(
    facts: &Facts<'_>,
    pod: &Pod,
    (key, value): (&String, &String),
    said: Diagnosis,
) -> Option<Diagnosis> {
    if !is_of_a_command(facts, pod) || key != "app" {
        return None;
    }
    let (_, maker) = owners::maker(facts, pod);
    let namespace = pod.metadata.namespace.as_deref()?;
    let image = pod.spec.as_ref()?.containers.first()?.image.as_deref()?;
    let place = look::in_namespace(namespace);
    Some(
        said.fact(format!("kubectl create deployment {maker} gives its pods the label app={maker}"))
            .nearest(Some(format!("kubectl create deployment {value}")))
            .fix(format!(
                "kubectl delete deployment {maker}{place}, then kubectl create deployment {value} --image={image}{place}, and send again"
            )),
    )
}

/// Where the player wrote a label of a pod.
fn label_line(facts: &Facts<'_>, pod: &Pod, key: &str) -> Option<Location> {
    let (namespace, name) = (pod.metadata.namespace.as_deref()?, pod.metadata.name.as_deref()?);
    let source = facts.pod_source(namespace, name)?;
    let path = source.within(&crate::manifest::field("metadata.labels", key));
    super::locate::at(&source.source, &path)
}

/// The one controller that made all pods that were found.
struct Keeper {
    kind: Kind,
    namespace: String,
    name: String,
    /// How many pods it keeps.
    replicas: i64,
    /// Where the player wrote that.
    at: Option<Location>,
}

/// How many pods the one controller keeps that made all that were found, and where the player wrote it.
fn keeps(facts: &Facts<'_>, sought: &Sought) -> Option<Keeper> {
    let space = match sought.namespace.is_empty() {
        true => facts.namespace(),
        false => sought.namespace.clone(),
    };
    let objects = facts.case.cluster.objects();
    let pods = sought.found.iter().filter_map(|name| objects.get::<Pod>(&space, name));
    let mut makers: Vec<(Kind, String)> = pods.map(|pod| owners::maker(facts, pod)).collect();
    makers.dedup();
    let [(kind, name)] = makers.as_slice() else { return None };
    let stored = objects.object(*kind, &space, name)?.to_value();
    let replicas = stored.pointer("/spec/replicas")?.as_i64()?;
    let info = kind.info();
    let at = facts.locator.source(info.name, &space, name).and_then(|source| {
        source.says("spec.replicas").then(|| super::locate::at(&source, "spec.replicas")).flatten()
    });
    Some(Keeper { kind: *kind, namespace: space.clone(), name: name.clone(), replicas, at })
}

impl Keeper {
    /// That so many pods are kept; and another number, if the goal passes with it.
    fn tell(self, facts: &Facts<'_>, said: Diagnosis) -> Diagnosis {
        let Keeper { kind, name, replicas, .. } = &self;
        let info = kind.info();
        let kept = counted(usize::try_from(*replicas).unwrap_or_default(), "pod");
        let said = said.fact(format!("{} {name} keeps {kept}", info.name));
        let tried = [replicas - 1, replicas + 1, 1].into_iter().find(|other| {
            let passes = || trial::after(facts, &self.scaled(*other)) == Tried::Passes;
            *other > 0 && other != replicas && passes()
        });
        let said = match (tried, &self.at) {
            (Some(other), Some(at)) => said
                .nearest(Some(format!("replicas: {other}")))
                .fix(format!("write replicas: {other} ({at}), apply, and send again")),
            (Some(other), None) => said.fix(format!("{}, and send again", self.scaled(other))),
            (None, _) => said,
        };
        said.at(self.at)
    }

    /// The command that makes it keep so many.
    fn scaled(&self, replicas: i64) -> String {
        let (kind, place) = (self.kind.info().singular, look::in_namespace(&self.namespace));
        format!("kubectl scale {kind} {}{place} --replicas={replicas}", self.name)
    }
}

/// Pods were found: which, and who made them. Why they do not do is the goal's own business.
fn found(facts: &Facts<'_>, sought: &Sought) -> Diagnosis {
    let objects = facts.case.cluster.objects();
    let namespace = sought.namespace.as_str();
    let space = if namespace.is_empty() { facts.namespace() } else { namespace.to_owned() };
    let lines = sought.found.iter().take(8).map(|name| {
        let Some(pod) = objects.get::<Pod>(&space, name) else {
            return format!("pod {name} has gone since");
        };
        match owners::maker(facts, pod) {
            (Kind::Pod, _) => format!("pod {name}: no controller made it"),
            (kind, maker) => {
                format!("pod {name}: made by {} {}", kind.info().name, shown_name(&space, &maker))
            }
        }
    });
    let count = sought.found.len();
    let unready: Vec<&Arc<Pod>> = sought
        .found
        .iter()
        .filter_map(|name| objects.get::<Pod>(&space, name).filter(|pod| !pod.is_ready()))
        .collect();
    if let Some(said) = workloads::trouble(facts, &unready) {
        return said.fact(format!("kubectl found it by {}", sought.selector));
    }
    let kept = keeps(facts, sought);
    let pods = if count == 1 { "1 pod".to_owned() } else { format!("{count} pods") };
    let said = answers::another_answer(facts);
    let message = format!("{} (kubectl found {pods} with {})", said.message, sought.selector);
    let evidence = lines.chain(said.evidence.clone()).collect();
    let mut look = vec![look::labels(namespace)];
    look.extend(said.look.clone());
    let said = Diagnosis { message, evidence, look, ..said };
    match kept {
        Some(keeper) => keeper.tell(facts, said),
        None => match stray(facts, sought, &space) {
            Some(fix) => said.fix(fix),
            None => said,
        },
    }
}

/// One pod too many, which no controller made: the goal passes once it is gone, as is tried in a copy.
fn stray(facts: &Facts<'_>, sought: &Sought, space: &str) -> Option<String> {
    let objects = facts.case.cluster.objects();
    let strays = sought.found.iter().filter(|name| {
        let pod = objects.get::<Pod>(space, name);
        pod.is_some_and(|pod| owners::maker(facts, pod).0 == Kind::Pod)
    });
    let place = look::in_namespace(space);
    let mut deletes =
        strays.take(MOST_TRIED).map(|name| format!("kubectl delete pod {name}{place}"));
    let command = deletes.find(|command| trial::after(facts, command) == Tried::Passes)?;
    Some(format!("{command}, which no controller keeps, and send again"))
}

/// How many ways out are tried.
const MOST_TRIED: usize = 4;
