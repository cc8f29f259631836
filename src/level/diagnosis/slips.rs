//! Names that were to be something else: an address with a slip in it, a scheme, a name and a namespace.

use std::net::Ipv4Addr;

use k8s_openapi::api::core::v1::Service;

use super::service_names::nobody_called;
use super::{Diagnosis, Facts, look, services};
use crate::diagnostic::Location;

/// `http//web`, or `http://http://web`: the client takes the scheme for the host.
pub(super) fn scheme_for_host(facts: &Facts<'_>, name: &str, at: Option<Location>) -> Diagnosis {
    let url = facts.fetched.map_or("", |fetched| fetched.url.as_str());
    let said = Diagnosis::new("unknown-name", format!("DNS knows nobody called {name}"))
        .look([look::services(&facts.namespace())])
        .facts((!url.is_empty()).then(|| format!("the client was given {url}")));
    match url.split_once(&format!("{name}//")) {
        Some((_, host)) => said
            .fact(format!("the colon is missing behind {name}, so {name} is taken for the host"))
            .nearest(Some(format!("{name}://{host}")))
            .at(facts.locator.mention([format!("{name}//")]).or(at))
            .fix(format!("write {name}:// instead of {name}//, apply, and send again")),
        None => said
            .fact("the URL says :// twice: what stands behind the first is taken for a host")
            .at(facts.locator.mention([format!("{name}://")]).or(at))
            .fix(format!("take {name}:// out of the value, apply, and send again")),
    }
}

/// `10.244.1.4.80`, `10.244.2.3.`, `10.244.1.3,10.244.2.3`: the address that is meant.
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
    let address: Ipv4Addr = labels.get(..4)?.join(".").parse().ok()?;
    match labels.get(4..)? {
        [] => Some(address.to_string()),
        [port] => Some(format!("{address}:{}", port.parse::<u16>().ok()?)),
        _ => None,
    }
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
pub(super) fn that_answers(facts: &Facts<'_>, address: String) -> String {
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
pub(super) fn dashed_address(
    facts: &Facts<'_>,
    name: &str,
    at: Option<&Location>,
) -> Option<Diagnosis> {
    let first = name.split('.').next()?;
    let address: Ipv4Addr = first.replace('-', ".").parse().ok()?;
    let pod = facts.pod_at(address.into())?;
    let namespace = pod.metadata.namespace.as_deref()?;
    let whole = format!("{first}.{namespace}.pod.cluster.local");
    Some(
        Diagnosis::new("unknown-name", format!("DNS knows nobody called {name}"))
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
