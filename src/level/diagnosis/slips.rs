//! Names that were to be something else: an address with a slip in it, a scheme, a name and a namespace.

use std::net::{IpAddr, Ipv4Addr};

use k8s_openapi::api::core::v1::Service;

use super::service_names::{nobody_called, unknown};
use super::{Diagnosis, Facts, look, mentions, services};
use crate::api::validation::POD_FIELDS;
use crate::api::{NODE_PORTS, Pod};
use crate::cluster::{Did, Fetched, Place};
use crate::diagnostic::{Location, nearest};
use crate::level::probe::Run;
use crate::network::aton;

/// A name that nobody has, and that was to be none: a scheme, an address, a script's or a program's name; or
/// localhost, misspelt.
pub(super) fn diagnose(facts: &Facts<'_>, name: &str, at: Option<&Location>) -> Option<Diagnosis> {
    scheme_for_host(facts, name, at)
        .or_else(|| dashed_address(facts, name, at))
        .or_else(|| script_for_host(facts, name, at, &unknown(name)))
        .or_else(|| list_for_host(name, &unknown(name).look([look::nodes()]).at(at.cloned())))
        .or_else(|| address_with_a_slip(facts, name, at))
        .or_else(|| misspelt_localhost(facts, name, at))
        .or_else(|| program_for_host(facts, name, at))
}

/// `for a in "$ADDRESSES"`: all addresses of a list in one word, which wget writes with `%20` between them.
pub(super) fn list_for_host(name: &str, said: &Diagnosis) -> Option<Diagnosis> {
    let name = name.replace("%20", " ");
    let parts: Vec<&str> = name.split_whitespace().collect();
    let is_list = parts.len() > 1 && parts.iter().all(|part| part.parse::<IpAddr>().is_ok());
    is_list.then(|| {
        said.clone()
            .fact(format!(
                "it is {} addresses in one word: a shell takes a list in quotes for one word",
                parts.len()
            ))
            .nearest(Some(parts[0].to_owned()))
            .fix("let a loop go through the list, without quotes around it: for a in $LIST; and send again")
    })
}

/// `10.244..1.4`, `1O.244.1.4`
fn address_with_a_slip(facts: &Facts<'_>, name: &str, at: Option<&Location>) -> Option<Diagnosis> {
    let address = that_answers(facts, slipped(name)?);
    let namespace = facts.namespace();
    let message = format!("{name} is no address, and DNS knows nobody called so");
    Some(
        Diagnosis::new("unknown-name", message)
            .look([look::pods(&namespace), look::services(&namespace)])
            .fact(FOUR_NUMBERS)
            .nearest(Some(address.clone()))
            .at(at.cloned().or_else(|| facts.locator.mention([name])))
            .fix(format!("write {address} instead of {name}")),
    )
}

fn misspelt_localhost(facts: &Facts<'_>, name: &str, at: Option<&Location>) -> Option<Diagnosis> {
    nearest(name, ["localhost"])?;
    Some(
        unknown(name)
            .look([look::services(&facts.namespace())])
            .fact("localhost is in every machine's /etc/hosts, and in every pod's")
            .nearest(Some("localhost".to_owned()))
            .at(at.cloned())
            .fix(format!("write localhost instead of {name}, apply, and send again")),
    )
}

/// `http//web`, or `http://http://web`: the client takes the scheme for the host.
fn scheme_for_host(facts: &Facts<'_>, name: &str, at: Option<&Location>) -> Option<Diagnosis> {
    matches!(name, "http" | "https").then_some(())?;
    let url = facts.fetched.map_or("", |fetched| fetched.url.as_str());
    let said = unknown(name)
        .look([look::services(&facts.namespace())])
        .facts((!url.is_empty()).then(|| format!("the client was given {url}")));
    Some(match url.split_once(&format!("{name}//")) {
        Some((_, host)) => said
            .fact(format!("the colon is missing behind {name}, so {name} is taken for the host"))
            .nearest(Some(format!("{name}://{host}")))
            .at(facts.locator.mention([format!("{name}//")]).or_else(|| at.cloned()))
            .fix(format!("write {name}:// instead of {name}//, apply, and send again")),
        None => said
            .fact("the URL says :// twice: what stands behind the first is taken for a host")
            .at(facts.locator.mention([format!("{name}://")]).or_else(|| at.cloned()))
            .fix(format!("take {name}:// out of the value, apply, and send again")),
    })
}

/// How an address is written.
pub(super) const FOUR_NUMBERS: &str =
    "an address is four numbers with dots between them; a port stands behind a colon";

/// `10.244.1.4.80`, `10.244.2.3.`, `10.244.1.3,10.244.2.3`, `192.168.49.230080`: the address that is meant.
pub(super) fn slipped(name: &str) -> Option<String> {
    if let Some((first, _)) = name.split_once([',', ';'])
        && let Ok(address) = first.parse::<Ipv4Addr>()
    {
        return Some(address.to_string());
    }
    if let Some(address) = mistyped(name) {
        return Some(address.to_string());
    }
    let labels: Vec<&str> = name.trim_end_matches('.').split('.').collect();
    let first = labels.get(..4)?;
    let Ok(address) = first.join(".").parse::<Ipv4Addr>() else {
        return (labels.len() == 4).then(|| port_run_on(first)).flatten();
    };
    match labels.get(4..)? {
        [] => Some(address.to_string()),
        // All addresses that begin so are the sender's own.
        [_] if address.is_loopback() => Some(Ipv4Addr::LOCALHOST.to_string()),
        [port] => Some(format!("{address}:{}", port.parse::<u16>().ok()?)),
        _ => None,
    }
}

/// `192.168.49.230080`: the last number and the port, between which the colon is missing.
fn port_run_on(labels: &[&str]) -> Option<String> {
    let (last, before) = labels.split_last()?;
    if !last.bytes().all(|one| one.is_ascii_digit()) {
        return None;
    }
    let parts = (1..last.len().min(4)).filter_map(|at| {
        let (number, port) = last.split_at(at);
        let address: Ipv4Addr = format!("{}.{number}", before.join(".")).parse().ok()?;
        let port = port.parse::<u16>().ok().filter(|_| !port.starts_with('0'))?;
        Some((address, port))
    });
    // What servers mostly have, and what Services have on nodes (R7.1), is likelier than other numbers.
    let usual = |port: u16| matches!(port, 80 | 443 | 8080 | 8443) || NODE_PORTS.contains(&port);
    let (address, port) = parts.min_by_key(|(_, port)| !usual(*port))?;
    Some(format!("{address}:{port}"))
}

/// `$0` in a script: the script's own name, where `$1` is what it is given.
pub(super) fn script_for_host(
    facts: &Facts<'_>,
    name: &str,
    at: Option<&Location>,
    said: &Diagnosis,
) -> Option<Diagnosis> {
    let at = at.filter(|at| *at.file == *name)?;
    let line = facts.locator.line(at)?;
    let word = ["$0", "${0}"].into_iter().find(|word| line.contains(word))?;
    Some(
        said.clone()
            .fact(format!("{word} is the name of the script itself; what it is given first is $1"))
            .nearest(Some("$1".to_owned()))
            .at(Some(at.clone()))
            .fix(format!("write $1 instead of {word}, and send again")),
    )
}

/// `10.244.7`: the address that clients make of two or three numbers, of which the last fills what is missing.
pub(super) fn filled_up(host: &str) -> Option<Ipv4Addr> {
    aton(host).filter(|_| matches!(host.split('.').count(), 2 | 3))
}

/// `10.244.1,4`, `10.244..1.4`, `1O.244.l.4`: another sign for a dot, a dot too many, a letter for a number.
fn mistyped(name: &str) -> Option<Ipv4Addr> {
    let plain: String = name
        .chars()
        .map(|one| match one {
            ',' | ';' | '_' => '.',
            'o' | 'O' => '0',
            'l' | 'I' => '1',
            one => one,
        })
        .collect();
    let numbers: Vec<&str> = plain.split('.').filter(|number| !number.is_empty()).collect();
    let letters = name.chars().filter(char::is_ascii_alphabetic).count();
    let address = numbers.join(".");
    (address != name && letters < 3).then(|| address.parse().ok()).flatten()
}

/// An address that was probably meant, without its port where nobody listens there.
fn that_answers(facts: &Facts<'_>, address: String) -> String {
    let Some((ip, port)) = address.split_once(':') else { return address };
    let port: u16 = port.parse().unwrap_or(0);
    match ip.parse().ok().and_then(|ip| facts.pod_at(ip)) {
        Some(pod) if !facts.listeners(pod).is_empty() && !facts.listens_on(pod, port) => {
            ip.to_owned()
        }
        _ => address,
    }
}

/// R8.4: the address of a pod with dashes, which is a name only below its namespace and `pod`.
fn dashed_address(facts: &Facts<'_>, name: &str, at: Option<&Location>) -> Option<Diagnosis> {
    let first = name.split('.').next()?;
    let address: Ipv4Addr = first.replace('-', ".").parse().ok()?;
    let pod = facts.pod_at(address.into())?;
    let namespace = pod.metadata.namespace.as_deref()?;
    let whole = format!("{first}.{namespace}.pod.cluster.local");
    Some(
        unknown(name)
            .look([look::pods(namespace)])
            .fact(format!("{address} is the address of pod {}", pod.metadata.name.as_deref()?))
            .fact("an address with dashes is a name as A-B-C-D.NAMESPACE.pod.cluster.local alone")
            .nearest(Some(whole.clone()))
            .at(at.cloned())
            .fix(format!("write {whole} instead of {name}")),
    )
}

/// `shop_web`, `web-shop.svc.cluster.local`: what stands between a Service's name and its namespace is a dot.
pub(super) fn other_separator(
    facts: &Facts<'_>,
    name: &str,
    at: Option<&Location>,
) -> Option<Diagnosis> {
    let first = name.split('.').next()?;
    let plain = first.replace(['_', ':', '+'], "-");
    let mut services = facts.case.cluster.objects().list::<Service>(None);
    let whole = services.find_map(|service| {
        let (namespace, own) = services::full_name(service);
        (plain == format!("{own}-{namespace}")).then(|| format!("{own}.{namespace}"))
    })?;
    Some(
        nobody_called(name, at.cloned())
            .fact("a dot stands between a Service's name and its namespace")
            .nearest(Some(whole.clone()))
            .fix(format!("write {whole}, apply, and send again")),
    )
}

/// The name that was looked up for a request: its host's, or that of the proxy by whose way it was to go.
pub(super) fn proxy(run: &Run, fetched: &Fetched) -> String {
    let at =
        run.deeds.iter().rposition(|deed| matches!(&deed.did, Did::Fetched(one) if one == fetched));
    let before = at.and_then(|at| run.deeds[..at].last());
    match before.map(|deed| &deed.did) {
        Some(Did::NotResolved { name, .. }) => name.clone(),
        _ => fetched.host.clone(),
    }
}

/// The request was to go by way of a proxy, which a variable of the client's names (`http_proxy`).
pub(super) fn by_proxy(facts: &Facts<'_>, name: &str) -> Option<Diagnosis> {
    let fetched = facts.fetched.filter(|fetched| fetched.host.trim_end_matches('.') != name)?;
    let place = facts.asking_place()?;
    let environment = facts.case.cluster.environment(&place);
    let (variable, _) = environment.iter().find(|(variable, value)| {
        let variable = variable.to_lowercase();
        variable.ends_with("_proxy") && variable != "no_proxy" && mentions(value, name)
    })?;
    let own = facts.client_source();
    let at = own.and_then(|client| facts.locator.mention_in(&client.source, [name]));
    Some(
        nobody_called(name, at.or_else(|| facts.locator.mention([name])))
            .look(look::inside(facts.case.cluster, &place, "env"))
            .fact(format!(
                "{} was asked for by way of the proxy that {variable} names",
                fetched.url
            ))
            .fix(format!(
                "take {variable} out, or name a proxy in it that there is; apply, and send again"
            )),
    )
}

/// `curl http://web sleep 5`: the client takes a program behind its URL for one more URL.
fn program_for_host(facts: &Facts<'_>, name: &str, at: Option<&Location>) -> Option<Diagnosis> {
    let line = at.and_then(|at| facts.locator.line(at)).unwrap_or("");
    let bare = line.contains(&format!(" {name}")) && !line.contains(&format!("//{name}"));
    let place = facts.asking_place()?;
    let held = facts.case.cluster.image(&place).is_some_and(|image| image.holds(name));
    (bare && held).then(|| {
        nobody_called(name, at.cloned())
            .look([look::pods(&facts.namespace())])
            .fact(format!("{name} is a program, and stands behind the client's URL: so it is taken for one more URL"))
            .nearest(Some(format!("; {name}")))
            .fix(format!("write a ; before {name}, apply, and send again"))
    })
}

/// `mutli` in pod `multi`: its own name is one that the client knows.
pub(super) fn own_name(facts: &Facts<'_>, name: &str, at: Option<&Location>) -> Option<Diagnosis> {
    let (namespace, pod_name) = facts.client_pod()?;
    let pod = facts.case.cluster.objects().get::<Pod>(&namespace, &pod_name)?;
    let own = pod.spec.as_ref()?.hostname.as_deref().unwrap_or(&pod_name);
    let serves = !facts.listeners(pod).is_empty();
    (serves && nearest(name, [own]).is_some()).then(|| {
        nobody_called(name, at.cloned())
            .look([look::pods(&namespace)])
            .fact(format!("a pod's own host name, here {own}, stands in its /etc/hosts"))
            .nearest(Some(own.to_owned()))
            .fix(format!("write {own} instead of {name}, apply, and send again"))
    })
}

/// `value: status.podIP`: a field of the pod, which a value names and does not read.
pub(super) fn field_for_host(
    facts: &Facts<'_>,
    name: &str,
    at: Option<&Location>,
) -> Option<Diagnosis> {
    let mut addresses = POD_FIELDS.iter().filter(|field| field.ends_with("IP"));
    let field = addresses.find(|field| field.eq_ignore_ascii_case(name))?;
    let given = format!("valueFrom: {{fieldRef: {{fieldPath: {field}}}}}");
    let said = nobody_called(name, at.cloned())
        .fact(format!("{field} is a field of a pod; a text that names it stays as it is"))
        .nearest(Some(given.clone()));
    Some(match at.filter(|at| facts.locator.line(at).is_some_and(|line| line.contains("value:"))) {
        Some(_) => said.fix(format!("write {given} instead of value: {name}, apply, and send again")),
        None => said.fix(format!(
            "give the container a variable with {given}, call it by that variable, apply, and send again"
        )),
    })
}

/// The first word of args is no program of the image, so that its entrypoint gives all words to a program of its
/// own, which takes them for its arguments.
pub(super) fn words_for_another(facts: &Facts<'_>) -> Option<Diagnosis> {
    let Place::Container { namespace, pod, container } = facts.asking_place()? else { return None };
    let place = Place::Container {
        namespace: namespace.clone(),
        pod: pod.clone(),
        container: container.clone(),
    };
    let stored = facts.case.cluster.objects().get::<Pod>(&namespace, &pod)?;
    let containers = &stored.spec.as_ref()?.containers;
    let index = containers.iter().position(|one| *one.name == *container)?;
    let (own, image) = (&containers[index], facts.case.cluster.image(&place)?);
    let args = own.args.as_ref().filter(|_| own.command.as_ref().is_none_or(Vec::is_empty))?;
    let first = args.first()?;
    let path = first.starts_with('/') || first.contains(char::is_whitespace);
    if !path || first.contains("://") {
        return None;
    }
    let words = image.words(args.clone());
    let program =
        words.first().filter(|program| words.get(1) == Some(first) && !program.contains('/'))?;
    let spaced = first.split_once(char::is_whitespace).filter(|(word, _)| image.holds(word));
    let source = facts.pod_source(&namespace, &pod);
    Some(
        Diagnosis::new(
            "tool-not-in-image",
            format!("there is no program {first:?} in container {container}"),
        )
        .look([look::log(&namespace, &pod, &container), look::describe("pod", &namespace, &pod)])
        .fact(format!(
            "what the image's entrypoint does not know it gives to {program}, word by word"
        ))
        .nearest(spaced.map(|(word, _)| word.to_owned()))
        .at(source.and_then(|source| source.line(&format!("spec.containers[{index}].args[0]"))))
        .fix(match spaced {
            Some((word, rest)) => {
                format!("make two items of it, {word} and {rest}, apply, and send again")
            }
            None => {
                "write a program that the image has (/bin/sh) in its place, apply, and send again"
                    .to_owned()
            }
        }),
    )
}

/// A name of the client's `hostAliases` is spelt alike: it was to be this one.
pub(super) fn misspelt_alias(facts: &Facts<'_>, name: &str) -> Option<Diagnosis> {
    let (namespace, pod_name) = facts.client_pod()?;
    let pod = facts.case.cluster.objects().get::<Pod>(&namespace, &pod_name)?;
    let aliases = pod.spec.as_ref()?.host_aliases.iter().flatten().enumerate();
    let names = aliases.flat_map(|(index, alias)| {
        let names = alias.hostnames.iter().flatten().enumerate();
        names.map(move |(number, one)| (index, number, &alias.ip, one.as_str()))
    });
    let names: Vec<(usize, usize, &String, &str)> = names.collect();
    let near = nearest(name, names.iter().map(|(.., one)| *one))?;
    let (index, number, address, _) = names.iter().find(|(.., one)| *one == near)?;
    let source = facts.pod_source(&namespace, &pod_name)?;
    Some(
        unknown(name)
            .look([look::yaml("pod", &namespace, &pod_name)])
            .fact(format!("hostAliases of pod {pod_name} gives the name {near} to {address}"))
            .nearest(Some(near.to_owned()))
            .at(source.line(&format!("spec.hostAliases[{index}].hostnames[{number}]")))
            .fix(format!("write {name} instead of {near} in hostAliases, apply, and send again")),
    )
}
