//! `kubectl get --raw` and `kubectl delete --raw`: a path of the server, and its answer as it comes.

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Endpoints;
use serde_json::{Value, json};

use super::super::super::tool::Io;
use super::client::Filter;
use super::server;
use super::{Call, DONE, Failure, Outcome, go_types, resources};
use crate::api::{
    DeleteOptions, FieldSelector, Kind, LabelSelector, Object, Reason, Status, join_host_port,
};
use crate::cluster::decode_url;

/// What does not go with `--raw` (`GetOptions.Validate`).
///
/// # Errors
/// kubectl's words for it.
pub(super) fn check(call: &Call) -> Result<(), Failure> {
    let arguments = &call.arguments;
    if arguments.on("watch") || arguments.on("watch-only") || !arguments.text("selector").is_empty()
    {
        let text = "--raw may not be specified with other flags that filter the server request or \
                    alter the output";
        return Err(Failure::message(text));
    }
    if !arguments.text("output").is_empty() {
        return Err(Failure::message("--raw and --output are mutually exclusive"));
    }
    is_path(arguments.text("raw"))
}

fn is_path(path: &str) -> Result<(), Failure> {
    if path.starts_with('/') {
        return Ok(());
    }
    let text = format!("--raw must be a valid URL path: parse {path:?}: invalid URI for request");
    Err(Failure::message(text))
}

/// Kinds whose objects the server sends back when they are gone; of others it tells that they were
/// deleted (`ReturnDeletedObject`).
const SENT_BACK: [Kind; 5] = [
    Kind::Pod,
    Kind::Service,
    Kind::ServiceAccount,
    Kind::PersistentVolumeClaim,
    Kind::ResourceQuota,
];

/// Deletes the object that a path names.
///
/// # Errors
/// What does not go with `--raw` (`DeleteOptions.Validate`), the server's answer, or what is not
/// simulated.
pub(super) fn delete(call: &mut Call, io: &mut Io<'_>) -> Outcome {
    let arguments = &call.arguments;
    let files = arguments.all("filename");
    let refuse = |text: &str| Err(Failure::message(text));
    if files.len() > 1 {
        return refuse("--raw can only use a single local file or stdin");
    }
    if files.first().is_some_and(|file| file.starts_with("http")) {
        return refuse("--raw cannot read from a url");
    }
    if arguments.on("recursive") {
        return refuse("--raw and --recursive are mutually exclusive");
    }
    if !arguments.text("output").is_empty() {
        return refuse("--raw and --output are mutually exclusive");
    }
    let path = arguments.text("raw").to_owned();
    is_path(&path)?;
    let beyond = || {
        Failure::not_simulated(
            &format!("delete --raw {path}"),
            "a path of one object is, without -f",
        )
    };
    let place = Place::of(path.trim_end_matches('/')).filter(|_| files.is_empty());
    let place = place.filter(|place| !place.name.is_empty()).ok_or_else(|| {
        if files.is_empty() && !resource_of(&path) && versioned(&path).is_none() {
            nothing()
        } else {
            beyond()
        }
    })?;
    let (kind, name) = (place.kind, place.name);
    let namespace = place.namespace.unwrap_or_default();
    let options = DeleteOptions::default();
    let object = call.client.delete_named(io, kind, namespace, name, options)?;
    let stays = io.cluster.objects().object(kind, namespace, name).is_some();
    let answer =
        object.map_or_else(String::new, |object| match stays || SENT_BACK.contains(&kind) {
            true => go_types::json_line(kind.info().name, &object.to_value()),
            false => deleted(&object),
        });
    io.say(answer);
    DONE
}

/// That an object is gone, as the server says it.
fn deleted(object: &Object) -> String {
    let info = object.kind().info();
    let group = match info.group {
        "" => String::new(),
        group => format!("\"group\":\"{group}\","),
    };
    format!(
        "{{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{{}},\"status\":\"Success\",\
         \"details\":{{\"name\":\"{}\",{group}\"kind\":\"{}\",\"uid\":\"{}\"}}}}",
        object.name(),
        info.plural,
        object.metadata().uid.as_deref().unwrap_or_default()
    )
}

/// Asks for the path.
///
/// # Errors
/// The server's answer, or what is not simulated.
pub(super) fn get(call: &mut Call, io: &mut Io<'_>) -> Outcome {
    let raw = call.arguments.text("raw").to_owned();
    let (path, query) = raw.split_once('?').unwrap_or((&raw, ""));
    let text = match path.trim_end_matches('/') {
        "/healthz" | "/livez" | "/readyz" if query.is_empty() => "ok".to_owned(),
        "/version" => go_types::json_pretty("VersionInfo", &server::build(true))
            .replace("    ", "  ")
            .trim_end()
            .to_owned(),
        "/api" => {
            let address = address(io);
            format!(
                "{{\"kind\":\"APIVersions\",\"versions\":[\"v1\"],\"serverAddressByClientCIDRs\":\
                 [{{\"clientCIDR\":\"0.0.0.0/0\",\"serverAddress\":\"{address}\"}}]}}\n"
            )
        }
        "/apis" => groups(),
        path if group_of(path).is_some_and(is_group) => {
            format!(
                "{{\"kind\":\"APIGroup\",\"apiVersion\":\"v1\",{}\n",
                &group(group_of(path).unwrap_or(""))[1..]
            )
        }
        path => objects(call, io, path, query)?,
    };
    io.stdout.extend_from_slice(text.as_bytes());
    DONE
}

/// The groups of the API, in the order in which the server prefers them
/// (`pkg/controlplane/apiserver/aggregator.go`).
const GROUPS: &[&str] = &[
    "apiregistration.k8s.io",
    "apps",
    "events.k8s.io",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "networking.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "storage.k8s.io",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "scheduling.k8s.io",
    "coordination.k8s.io",
    "node.k8s.io",
    "discovery.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "resource.k8s.io",
];

/// Every group, with its versions.
fn groups() -> String {
    let groups: Vec<String> = GROUPS.iter().map(|name| group(name)).collect();
    format!(
        "{{\"kind\":\"APIGroupList\",\"apiVersion\":\"v1\",\"groups\":[{}]}}\n",
        groups.join(",")
    )
}

/// The group that a path of the API is about as a whole.
fn group_of(path: &str) -> Option<&str> {
    path.strip_prefix("/apis/").filter(|rest| !rest.contains('/'))
}

fn is_group(name: &str) -> bool {
    GROUPS.contains(&name)
}

/// A group: its versions, the newest first.
fn group(name: &str) -> String {
    let known = resources::versions().into_iter().rev();
    let versions: Vec<String> = known
        .filter_map(|known| Some((known, known.split_once('/')?)))
        .filter(|(_, (group, _))| *group == name)
        .map(|(known, (_, version))| {
            format!("{{\"groupVersion\":\"{known}\",\"version\":\"{version}\"}}")
        })
        .collect();
    let preferred = versions.first().cloned().unwrap_or_default();
    format!(
        "{{\"name\":\"{name}\",\"versions\":[{}],\"preferredVersion\":{preferred}}}",
        versions.join(",")
    )
}

/// Where the server listens in the cluster, as its own Endpoints say.
fn address(io: &Io<'_>) -> String {
    let own = io.cluster.objects().get::<Endpoints>("default", "kubernetes");
    let subset = own.and_then(|own| own.subsets.iter().flatten().next());
    let ip = subset.and_then(|subset| subset.addresses.iter().flatten().next());
    let port = subset.and_then(|subset| subset.ports.iter().flatten().next());
    join_host_port(ip.map_or("", |ip| &ip.ip), port.map_or(0, |port| port.port))
}

/// One object or a list, on one line.
fn objects(call: &mut Call, io: &mut Io<'_>, path: &str, query: &str) -> Result<String, Failure> {
    let place = Place::of(path).ok_or_else(|| match resource_of(path) {
        true => beyond(path),
        false => nothing(),
    })?;
    let Place { kind, namespace, name } = place;
    let info = kind.info();
    if !name.is_empty() {
        let namespace = namespace.unwrap_or_default().to_owned();
        let object = call.client.get_in(io, kind, namespace, name)?;
        return Ok(go_types::json_line(info.name, &object.to_value()) + "\n");
    }
    let (filter, limit) = filter(query, path)?;
    let chooses =
        query.split('&').any(|pair| pair.split('=').next().unwrap_or("").ends_with("Selector"));
    let filter = Filter { everywhere: namespace.is_none(), ..filter };
    let mut client = call.client.at(namespace.unwrap_or_default());
    let (items, revision) = client.list(io, kind, &filter)?;
    let shown = if limit == 0 { items.len() } else { limit.min(items.len()) };
    let more = match items.get(shown.wrapping_sub(1)) {
        Some(last) if shown < items.len() => {
            let start = match namespace.is_none() && info.namespaced {
                true => format!("{}/{}", last.namespace(), last.name()),
                false => last.name().to_owned(),
            };
            let left = (!chooses).then(|| items.len() - shown);
            continuation(&start, revision, left)
        }
        _ => String::new(),
    };
    let items: Vec<String> = items[..shown].iter().map(|object| item(kind, object)).collect();
    Ok(format!(
        "{{\"kind\":\"{}List\",\"apiVersion\":\"{}\",\"metadata\":{{\"resourceVersion\":\"{revision}\"{more}}},\
         \"items\":[{}]}}\n",
        info.name,
        info.api_version(),
        items.join(",")
    ))
}

/// Where a list that was cut goes on, and how much of it there is unless somebody chose among it
/// (`apiserver/pkg/storage/continue.go`, `etcd3/store.go`).
fn continuation(last: &str, revision: u64, left: Option<usize>) -> String {
    let token = json!({"v": "meta.k8s.io/v1", "rv": revision, "start": format!("{last}\0")});
    let fields = ["v", "rv", "start"].map(|field| format!("\"{field}\":{}", token[field]));
    let encoded = json!(ByteString(format!("{{{}}}", fields.join(",")).into_bytes()));
    let encoded =
        encoded.as_str().unwrap_or("").trim_end_matches('=').replace('+', "-").replace('/', "_");
    let left = left.map(|left| format!(",\"remainingItemCount\":{left}")).unwrap_or_default();
    format!(",\"continue\":\"{encoded}\"{left}")
}

/// An object in a list, which says once for all what they are.
fn item(kind: Kind, object: &Object) -> String {
    let mut value = object.to_value();
    if let Value::Object(fields) = &mut value {
        fields.remove("kind");
        fields.remove("apiVersion");
    }
    go_types::json_line(kind.info().name, &value)
}

/// `labelSelector` and `fieldSelector`, as they stand in a URL; and how many objects are wanted, all for
/// 0.
fn filter(query: &str, path: &str) -> Result<(Filter, usize), Failure> {
    let (mut filter, mut limit) = (Filter::default(), 0);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let bad = |why: String| Failure::from(Status::new(Reason::BadRequest, why));
        match name {
            "labelSelector" => {
                filter.labels = LabelSelector::parse(&decode_url(value)).map_err(bad)?;
            }
            "fieldSelector" => {
                filter.fields = FieldSelector::parse(&decode_url(value)).map_err(bad)?;
            }
            "limit" => limit = value.parse().map_err(|_| beyond(&format!("{path}?{pair}")))?,
            _ => return Err(beyond(&format!("{path}?{name}"))),
        }
    }
    Ok((filter, limit))
}

/// What a path of the API names.
struct Place<'a> {
    kind: Kind,
    /// `None` for all namespaces, and for kinds without one.
    namespace: Option<&'a str>,
    /// Empty for a list.
    name: &'a str,
}

impl Place<'_> {
    fn of(path: &str) -> Option<Place<'_>> {
        let (version, rest) = versioned(path)?;
        let (namespace, rest) = match rest.as_slice() {
            ["namespaces", namespace, rest @ ..] if !rest.is_empty() && *rest != ["status"] => {
                (Some(*namespace), rest)
            }
            rest => (None, rest),
        };
        let (plural, name) = match rest {
            [plural] => (*plural, ""),
            [plural, name] | [plural, name, "status"] => (*plural, *name),
            _ => return None,
        };
        let fits = |kind: &Kind| {
            let info = kind.info();
            info.plural == plural && info.api_version() == version
        };
        let kind = Kind::all().find(fits)?;
        let namespaced = kind.info().namespaced;
        let is_right = match namespace {
            Some(_) => namespaced,
            None => !namespaced || name.is_empty(),
        };
        is_right.then_some(Place { kind, namespace, name })
    }
}

/// The group's version that a path begins with, and the rest of the path.
fn versioned(path: &str) -> Option<(String, Vec<&str>)> {
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    match parts.as_slice() {
        ["api", version, rest @ ..] => Some(((*version).to_owned(), rest.to_vec())),
        ["apis", group, version, rest @ ..] => Some((format!("{group}/{version}"), rest.to_vec())),
        _ => None,
    }
}

/// Whether a real server has something at this path that podhop has not.
fn resource_of(path: &str) -> bool {
    if ["/", "/metrics", "/openapi", "/logs", "/healthz", "/livez", "/readyz"]
        .iter()
        .any(|known| path == *known || (known.len() > 1 && path.starts_with(&format!("{known}/"))))
        && !path.starts_with("/apis/")
    {
        return true;
    }
    let Some((version, rest)) = versioned(path) else {
        return path.is_empty();
    };
    let known = |plural: &str| {
        resources::RESOURCES.iter().any(|resource| resource.2 == version && resource.0 == plural)
    };
    match rest.as_slice() {
        [] => resources::versions().contains(&version.as_str()),
        ["namespaces", _, plural, _, _, ..] => known(plural),
        ["namespaces", _, plural, ..] | [plural, ..] => {
            known(plural) && Kind::all().all(|kind| kind.info().plural != *plural)
        }
    }
}

fn nothing() -> Failure {
    Failure::from(Status::new(Reason::NotFound, "the server could not find the requested resource"))
}

fn beyond(path: &str) -> Failure {
    Failure::not_simulated(&format!("get --raw {path}"), "paths of objects and lists are")
}

#[cfg(test)]
mod tests {
    use crate::shell::tests::{complaint, output};

    #[test]
    fn a_path_answers_as_the_server_does() {
        assert_eq!(output("kubectl get --raw /healthz"), "ok");
        let list = output("kubectl get --raw /api/v1/namespaces/default/services");
        assert!(
            list.starts_with("{\"kind\":\"ServiceList\",\"apiVersion\":\"v1\",\"metadata\":{\"")
        );
        assert!(list.contains("\"items\":[{\"metadata\":{\"name\":\"kubernetes\",\"namespace\":"));
        let one = output("kubectl get --raw /api/v1/namespaces/default/services/kubernetes");
        assert!(one.starts_with("{\"kind\":\"Service\",\"apiVersion\":\"v1\",\"metadata\":{"));
        let chosen = "kubectl get --raw '/api/v1/namespaces/default/services?labelSelector=a%3Db'";
        assert!(output(chosen).ends_with("\"items\":[]}\n"));
    }

    #[test]
    fn what_a_path_names_can_be_deleted() {
        let path = "/api/v1/namespaces/default/configmaps/a";
        let told = output(&format!("kubectl create cm a >/dev/null; kubectl delete --raw {path}"));
        let gone = "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Success\",\
                    \"details\":{\"name\":\"a\",\"kind\":\"configmaps\",\"uid\":\"";
        assert!(told.starts_with(gone), "{told}");
        assert_eq!(
            complaint(&format!("kubectl delete --raw {path}")).0,
            "Error from server (NotFound): configmaps \"a\" not found\n"
        );
        let service = output(
            "kubectl create svc clusterip a --tcp=80 >/dev/null
             kubectl delete --raw /api/v1/namespaces/default/services/a",
        );
        assert!(service.starts_with("{\"kind\":\"Service\",\"apiVersion\":\"v1\","), "{service}");
        assert_eq!(
            complaint("kubectl delete --raw=x").0,
            "error: --raw must be a valid URL path: parse \"x\": invalid URI for request\n"
        );
    }

    #[test]
    fn a_path_that_is_not_there_is_not_found() {
        let said = |path: &str| complaint(&format!("kubectl get --raw {path}")).0;
        let nothing = "Error from server (NotFound): the server could not find the requested \
                       resource\n";
        for path in ["/apis/metrics.k8s.io/v1beta1/nodes", "/api/v1/pod", "/x", "/api/v1/pods/a"] {
            assert_eq!(said(path), nothing, "{path}");
        }
        assert_eq!(
            said("/api/v1/namespaces/default/pods/a"),
            "Error from server (NotFound): pods \"a\" not found\n"
        );
        for path in ["/metrics", "/apis/apps/v1", "/api/v1/namespaces/default/pods/a/log"] {
            assert!(said(path).contains("not simulated here"), "{path}");
        }
        assert!(said("healthz").contains("parse \"healthz\": invalid URI for request"));
    }
}
