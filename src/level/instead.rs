//! What may stand in place of a field that the server refuses, where the manifest itself tells.

use std::net::IpAddr;

use serde_json::Value;

use super::source::Source;
use crate::api::NODE_PORTS;

/// What the server would have taken in place of a field that it refuses, and where that stands, where the
/// manifest itself tells.
pub(super) fn instead(source: &Source<'_>, field: &str) -> Option<(String, String)> {
    if let Some(cut) = cut_in_two(source, field) {
        return Some(cut);
    }
    match field {
        // The first family of a Service stays what it was: whoever wants the other one says both.
        "spec.clusterIPs[0]"
            if !source.says("spec.clusterIPs") && source.says("spec.ipFamilies") =>
        {
            let first = source.text("/spec/ipFamilies/0")?;
            let (other, own) = if first == "IPv6" { ("IPv6", "IPv4") } else { ("IPv4", "IPv6") };
            Some((
                "spec.ipFamilies".to_owned(),
                format!(
                    "[{own}, {other}]: the first family stays as it is; two need ipFamilyPolicy: PreferDualStack"
                ),
            ))
        }
        "spec.clusterIPs" if !source.says("spec.clusterIP") => {
            let own = source.text("/spec/clusterIPs/0")?;
            Some((field.to_owned(), format!("clusterIP: {own}; the list is made of it")))
        }
        "spec.clusterIP" | "spec.clusterIPs[0]" => {
            let own =
                source.text("/spec/clusterIP").or_else(|| source.text("/spec/clusterIPs/0"))?;
            let near = own.eq_ignore_ascii_case("None") && own != "None";
            near.then(|| (field.to_owned(), "None, with a capital letter".to_owned()))
        }
        "spec.template.metadata.labels" => {
            let (key, value) = unselected(source)?;
            let label = format!("{field}.{key}");
            let path = if source.says(&label) { label } else { field.to_owned() };
            Some((path, format!("the selector asks for {key}: {value}")))
        }
        // Two families need the policy beside them; the Service's own is from before.
        "spec.ipFamilyPolicy" if !source.says(field) && source.says("spec.ipFamilies") => Some((
            "spec.ipFamilies".to_owned(),
            "ipFamilyPolicy: PreferDualStack beside it".to_owned(),
        )),
        "spec.type" => {
            let written = source.text("/spec/type")?;
            let headless =
                ["headless", "none"].iter().any(|word| written.eq_ignore_ascii_case(word));
            headless.then(|| (field.to_owned(), "clusterIP: None; headless is no type".to_owned()))
        }
        // The policy is of the file, and so are the families.
        "spec.ipFamilyPolicy" if source.says("spec.ipFamilies[1]") => {
            let alone = source.text("/spec/ipFamilyPolicy") == Some("SingleStack");
            let help = "ipFamilyPolicy: PreferDualStack, as ipFamilies names two".to_owned();
            alone.then(|| (field.to_owned(), help))
        }
        _ if field.ends_with(".nodePort") => node_port(source, field),
        _ if field.ends_with(".path") => {
            let written = source.value_at(field)?.as_str()?;
            let relative = !written.is_empty() && !written.starts_with('/');
            relative.then(|| (field.to_owned(), format!("path: /{written}")))
        }
        _ => range_of_policy(source, field)
            .or_else(|| pause_of_hook(source, field))
            .or_else(|| name_of_port(source, field))
            .map(|help| (field.to_owned(), help)),
    }
}

/// A node port that is none, or whose Service has a type without node ports: what may stand there, and where.
fn node_port(source: &Source<'_>, field: &str) -> Option<(String, String)> {
    let number = source.value_at(field).and_then(Value::as_i64);
    let is_node_port = |number| u16::try_from(number).is_ok_and(|port| NODE_PORTS.contains(&port));
    if number.is_some_and(|number| !is_node_port(number)) {
        let help = "nodePort: 30000 to 32767; without it the Service is given one";
        return Some((field.to_owned(), help.to_owned()));
    }
    let of_type = "type: NodePort beside ports; or no nodePort".to_owned();
    match source.text("/spec/type") {
        None => Some((field.to_owned(), of_type)),
        Some("ClusterIP") => Some(("spec.type".to_owned(), "type: NodePort".to_owned())),
        Some(_) => None,
    }
}

/// A port of a Service has no name: a port alone may do without, several may not.
fn name_of_port(source: &Source<'_>, field: &str) -> Option<String> {
    let port = field.strip_prefix("spec.ports[")?.strip_suffix("].name")?;
    let several = source.says("spec.ports[1]") && port.parse::<usize>().is_ok();
    let unnamed = several && !source.says(field);
    unnamed.then(|| {
        "name: of your choice, another for each; only a single port may do without".to_owned()
    })
}

/// A range of addresses or of ports that a NetworkPolicy can't have, and what it may be instead.
fn range_of_policy(source: &Source<'_>, field: &str) -> Option<String> {
    let value = source.value_at(field)?;
    let below = |part: &str| field.rsplit_once(part).map(|(before, _)| before);
    if let Some(rule) = below(".endPort") {
        let named = source.value_at(&format!("{rule}.port")).is_some_and(Value::is_string);
        return named.then(|| {
            "no endPort: a port's name stands for one port, and begins no range".to_owned()
        });
    }
    let block = below(".ipBlock.")?;
    if let Some(address) = value.as_str().and_then(|text| text.parse::<IpAddr>().ok()) {
        let whole = if address.is_ipv4() { 32 } else { 128 };
        return Some(format!("{address}/{whole}, which is that address alone"));
    }
    let cidr = source.value_at(&format!("{block}.ipBlock.cidr"))?.as_str()?;
    field
        .contains(".except[")
        .then(|| format!("a part of {cidr}, or no except: nothing else can be taken out of {cidr}"))
}

/// A preStop pause that outlasts the time that the pod has for its end.
fn pause_of_hook(source: &Source<'_>, field: &str) -> Option<String> {
    field.ends_with(".preStop.sleep").then_some(())?;
    let seconds = source.value_at(field)?["seconds"].as_i64().filter(|seconds| *seconds > 0)?;
    Some(format!("terminationGracePeriodSeconds: more than {seconds}, or fewer seconds here"))
}

/// The first label that a controller's selector asks for and its template does not have.
fn unselected(source: &Source<'_>) -> Option<(String, String)> {
    let selector = &source.value["spec"]["selector"];
    let wanted = selector["matchLabels"].as_object().or(selector.as_object())?;
    let has = &source.value["spec"]["template"]["metadata"]["labels"];
    let (key, value) = wanted.iter().find(|(key, value)| has[key.as_str()] != **value)?;
    Some((key.clone(), value.as_str()?.to_owned()))
}

/// The second half of a list's entry that a dash of its own cut in two: one half alone has what every
/// entry has (a container's name, a port's number), and they share no field. The server misses something in
/// either half (`spec.containers[0].image`, `spec.ports[1].port`), and of two ports the names.
fn cut_in_two(source: &Source<'_>, field: &str) -> Option<(String, String)> {
    let (list, rest) = field.rsplit_once('[')?;
    let (number, missing) = rest.split_once("].")?;
    let number: usize = number.parse().ok()?;
    let key = match list.rsplit('.').next()? {
        "containers" => "name",
        "ports" => "port",
        _ => return None,
    };
    let entries = source.value_at(list)?.as_array()?;
    let half_of = |first: usize| {
        let (above, half) =
            (entries.get(first)?.as_object()?, entries.get(first + 1)?.as_object()?);
        let lacks = missing == "name" || missing == key || half.contains_key(missing);
        let parted = lacks
            && above.contains_key(key) != half.contains_key(key)
            && half.keys().all(|key| !above.contains_key(key));
        let owner = match above.get(key).or_else(|| above.get("name")) {
            Some(Value::String(name)) => format!("{name}, "),
            Some(number) => format!("{key} {number}, "),
            None => String::new(),
        };
        parted.then(|| {
            let help = format!("without its dash, this belongs to {owner}the entry above");
            (format!("{list}[{}]", first + 1), help)
        })
    };
    number.checked_sub(1).and_then(half_of).or_else(|| half_of(number))
}
