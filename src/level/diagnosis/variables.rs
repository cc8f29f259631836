//! Addresses that were to come from a variable: one that nobody set, or one that nobody expands.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use k8s_openapi::api::core::v1::Service;

use super::client::PodSource;
use super::locate;
use super::look;
use super::{Diagnosis, Facts, gone, services, slips, sought};
use crate::api::{Kind, Pod};
use crate::cluster::{Did, Ending, Place};
use crate::diagnostic::{Location, nearest};
use crate::level::apply::is_manifest;
use crate::manifest;

/// Nothing was dialled, or a name that is none, because a text did not become what was meant.
pub(super) fn diagnose(facts: &Facts<'_>) -> Option<Diagnosis> {
    let nowhere =
        |ending: &Ending| matches!(ending, Ending::BadUrl | Ending::Name(_) | Ending::SlowName);
    let dialled = facts.connection.is_some()
        || facts.fetched.is_some_and(|fetched| !nowhere(&fetched.ending));
    // What kubectl did not find in an object tells the packet's own diagnosis more.
    let looked_up = |deed: &std::sync::Arc<crate::cluster::Deed>| {
        matches!(deed.did, Did::NothingPrinted { .. })
    };
    let told = facts.case.run.is_some_and(|run| run.deeds.iter().any(looked_up));
    let dialled = dialled && (facts.half_a_url().is_none() || told);
    if dialled || facts.case.run.is_none_or(|run| run.miss.is_none()) {
        return None;
    }
    slips::words_for_another(facts)
        .or_else(|| not_expanded(facts))
        .or_else(|| unset(facts))
        .or_else(|| no_url(facts))
}

/// Whether a text holds what a shell, or Kubernetes, would have had to expand.
fn is_unexpanded(text: &str) -> bool {
    ["$(", "${", "`"].iter().any(|mark| text.contains(mark))
        || text.match_indices('$').any(|(at, _)| {
            text[at + 1..]
                .starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '@'))
        })
}

/// `value: $(kubectl …)` in a manifest, or `'$TARGET'` in single quotes.
fn not_expanded(facts: &Facts<'_>) -> Option<Diagnosis> {
    let place = facts.asking_place()?;
    let client = match &place {
        Place::Container { namespace, pod, .. } => facts.pod_source(namespace, pod),
        _ => facts.client_source(),
    };
    if let Some(said) = client.as_ref().and_then(|client| value_as_it_stands(facts, client, &place))
    {
        return Some(said);
    }
    let texts = facts.fetched_texts();
    let odd = texts.iter().find(|text| is_unexpanded(text))?;
    let word = odd.split("://").last().unwrap_or(odd).split('/').next().unwrap_or(odd);
    let at = client
        .as_ref()
        .and_then(|client| command_with(client, word))
        .or_else(|| facts.locator.mention([word]));
    let said = literal(&format!("the client was given {odd:?} as it stands"));
    let escaped = word.find('$').map(|dollar| format!("\\{}", &word[dollar..]));
    if let Some(line) = escaped.and_then(|escaped| facts.locator.mention([escaped])) {
        let plain = &word[word.find('$').unwrap_or(0)..];
        return Some(
            said.fact("a backslash before $ keeps a shell from expanding it")
                .nearest(Some(plain.to_owned()))
                .at(Some(line))
                .fix(format!("write {plain} without the backslash, and send again")),
        );
    }
    let quoted = at.as_ref().filter(|at| {
        !is_manifest(&at.file)
            && facts.locator.line(at).is_some_and(|line| in_single_quotes(line, word))
    });
    if quoted.is_some() {
        return Some(
            said.fact("a shell expands nothing in single quotes")
                .nearest(Some(format!("\"{odd}\"")))
                .at(at)
                .fix(format!("write \"{odd}\", in double quotes, and send again")),
        );
    }
    Some(
        said.fact("a shell expands nothing in single quotes, and without a shell nobody expands $NAME at all; Kubernetes expands $(NAME) in command and args")
            .at(at)
            .fix("put it into double quotes of a shell script, or write $(NAME) in command and args"),
    )
}

/// A variable of the client's whose value is a text that nobody expands, and that is what was sent.
fn value_as_it_stands(
    facts: &Facts<'_>,
    client: &PodSource<'_>,
    place: &Place,
) -> Option<Diagnosis> {
    let Place::Container { namespace, pod, container } = place else { return None };
    let environment = client.environment(container);
    let texts = facts.fetched_texts();
    let variable = environment.iter().find(|variable| {
        let value = variable.value.unwrap_or("");
        let sent = value.split_whitespace().next().unwrap_or("");
        is_unexpanded(value) && texts.iter().any(|text| text.contains(sent))
    })?;
    let value = variable.value.unwrap_or("");
    if let Some(said) = set_too_late(facts, client, &environment, variable) {
        return Some(said);
    }
    let line = locate::at(&client.source, &variable.path);
    if let Some(said) = of_a_service(facts, variable, place, line.clone()) {
        return Some(said);
    }
    let kept = facts.case.cluster.environment(place);
    let kept = kept.iter().find(|(name, _)| name == variable.name);
    Some(
        literal(&format!("{} is the text {value:?} as it stands", variable.name))
            .look(look::inside(facts.case.cluster, place, "env"))
            .look([look::yaml("pod", namespace, pod)])
            .facts(kept.map(|(name, value)| format!("in the container {name} is {value}")))
            .fact("Kubernetes runs no commands in a manifest; $(NAME) stands for a variable that is set above it in the same list, or for one of the Services' own (NAME_SERVICE_HOST)")
            .at(line)
            .fix(format!("write the value itself into {}, apply, and send again", variable.name)),
    )
}

/// `$(WEB_SERVICE_HOST)` in a variable: the container is not given that one, so that the text stays (R10.1).
fn of_a_service(
    facts: &Facts<'_>,
    variable: &super::client::Variable<'_>,
    place: &Place,
    line: Option<Location>,
) -> Option<Diagnosis> {
    let value = variable.value?;
    let (name, why) =
        references(value).find_map(|name| Some((name, of_service(facts, name, place)?)))?;
    let said = literal(&format!("{} is the text {value:?} as it stands", variable.name))
        .fact(format!("the container is given no variable {name} to put there"));
    let namespace = facts.namespace();
    let services = facts.case.cluster.objects();
    let services = services.list::<Service>(Some(&namespace));
    let hosts: Vec<String> = services
        .map(|service| services::full_name(service).1.to_uppercase().replace(['-', '.'], "_"))
        .flat_map(|prefix| [format!("{prefix}_SERVICE_HOST"), format!("{prefix}_SERVICE_PORT")])
        .collect();
    let near = nearest(name, hosts.iter().map(String::as_str));
    Some(match near.filter(|_| !hosts.iter().any(|host| host == name)) {
        Some(near) => said
            .look(why.look)
            .nearest(Some(format!("$({near})")))
            .at(line)
            .fix(format!("write $({near}) instead of $({name}), apply, and send again")),
        None => {
            let at = facts.links_line().flatten().or(line);
            let said = Diagnosis { code: why.code, ..said };
            said.look(why.look).facts(why.evidence).nearest(why.nearest).at(at).fix(why.fix)
        }
    })
}

fn literal(message: &str) -> Diagnosis {
    Diagnosis::new("not-expanded", format!("{message}: nobody expands it, so it is no address"))
}

/// The names in `$(NAME)`.
fn references(value: &str) -> impl Iterator<Item = &str> {
    value.split("$(").skip(1).filter_map(|rest| rest.split_once(')')).map(|(name, _)| name)
}

/// `$(HOST)` in a variable that stands above HOST: the list is read from above (kubernetes
/// pkg/kubelet/kubelet_pods.go, makeEnvironmentVariables).
fn set_too_late(
    facts: &Facts<'_>,
    client: &PodSource<'_>,
    environment: &[super::client::Variable<'_>],
    variable: &super::client::Variable<'_>,
) -> Option<Diagnosis> {
    let own = environment.iter().position(|one| one.path == variable.path)?;
    let below = &environment[own + 1..];
    let late =
        references(variable.value?).find_map(|name| below.iter().find(|one| one.name == name))?;
    let (name, first) = (late.name, variable.name);
    Some(
        literal(&format!("{first} says $({name}), and {name} is set below it"))
            .look([look::pods(&facts.namespace())])
            .fact(format!("in a list of variables $({name}) stands for one that is set above"))
            .at(locate::at(&client.source, &variable.path))
            .fix(format!("move {name} above {first}, apply, and send again")),
    )
}

/// The line of the container's command that holds the word.
fn command_with(client: &PodSource<'_>, word: &str) -> Option<Location> {
    let containers = client.pod()?.pointer("/spec/containers")?;
    let path = client.within("spec.containers");
    let found = locate::text_below(containers, &path, &|text| text.contains(word))?;
    locate::at(&client.source, &found)
}

impl Facts<'_> {
    /// What the clients of the run were told to fetch.
    fn fetched_texts(&self) -> Vec<&str> {
        let deeds = self.case.run.map_or(&[][..], |run| run.deeds.as_slice());
        let texts = deeds.iter().filter_map(|deed| match &deed.did {
            Did::Fetched(fetched) => Some(fetched.url.as_str()),
            _ => None,
        });
        texts.collect()
    }
}

/// The protocols that clients of the web speak.
const SCHEMES: [&str; 3] = ["http", "https", "ftp"];

/// The line of what was to be a URL.
fn url_line(facts: &Facts<'_>, url: &str, (scheme, authority): (&str, &str)) -> Option<Location> {
    let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
    let mut words = vec![url.to_owned(), format!("{scheme}://{authority}"), authority.to_owned()];
    words.push(format!(":{port}"));
    if !SCHEMES.contains(&scheme) {
        words.insert(1, format!("{scheme}://"));
    }
    words.retain(|word| word.len() > 1);
    let own = facts.client_source();
    let at = own.and_then(|client| facts.locator.mention_in(&client.source, &words));
    let at = at.or_else(|| facts.locator.mention_in_scripts(&words, |_| true));
    // The line that makes the URL of what commands and variables give.
    let is_run = |file: &str| super::mentions(&facts.case.goal.run, file);
    let made = [format!("{scheme}://{host}"), format!("{scheme}://")];
    let at = at.or_else(|| facts.locator.mention_in_scripts(made, is_run));
    // A client that the goal's command looks for elsewhere (`kubectl exec`) is described in some file.
    at.or_else(|| facts.locator.mention(&words))
}

/// Brackets and quotes of a URL that are none of its own, or that it lacks: what is said of them, why, what is near,
/// and the way out.
fn misquoted(url: &str, authority: &str) -> Option<(String, &'static str, String, String)> {
    let instead = |right: &str, wrong: &str| {
        format!("write {right} instead of {wrong}, apply, and send again")
    };
    let inner = authority.strip_prefix('[').and_then(|rest| rest.split(']').next());
    if let Some(inner) = inner.filter(|inner| inner.parse::<Ipv4Addr>().is_ok()) {
        return Some((
            format!("the brackets around {inner} make a range of it, and no address"),
            "in a URL brackets stand around an IPv6 address alone",
            inner.to_owned(),
            instead(inner, &format!("[{inner}]")),
        ));
    }
    if authority.parse::<Ipv6Addr>().is_ok() {
        let right = format!("[{authority}]");
        return Some((
            format!("{authority} has no brackets, so its first colon begins a port"),
            "in a URL an IPv6 address stands in brackets, as its colons are no port's",
            right.clone(),
            instead(&right, authority),
        ));
    }
    let quote = url.chars().find(|one| matches!(one, '"' | '\'' | '“' | '”'))?;
    Some((
        format!("{quote} is part of what the client was given, and no URL has one"),
        "the outer quotes of YAML and of a shell are taken away, and those inside them stay",
        url.replace(quote, ""),
        format!("take the inner {quote} out, apply, and send again"),
    ))
}

/// The client could not read what it was given as a URL: the scheme, the port or the host is none. What
/// it was given tells which.
fn no_url(facts: &Facts<'_>) -> Option<Diagnosis> {
    let fetched = facts.fetched.filter(|fetched| fetched.ending == Ending::BadUrl)?;
    let url = fetched.url.as_str();
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
    let bracketed = authority.starts_with('[');
    let at = url_line(facts, url, (scheme, authority));
    let said = |message: String| {
        Diagnosis::new("not-a-url", message)
            .look([look::pods(&facts.namespace())])
            .fact(format!("the client was given {url}, and has sent nothing"))
            .at(at.clone())
    };
    if let Some((message, fact, near, fix)) = misquoted(url, authority) {
        return Some(said(message).fact(fact).nearest(Some(near)).fix(fix));
    }
    if !SCHEMES.contains(&scheme.to_lowercase().as_str()) {
        let near = nearest(scheme, ["http", "https"]).unwrap_or("http");
        return Some(
            said(format!("the client knows no protocol {scheme:?}"))
                .nearest(Some(format!("{near}://")))
                .fix(format!("write {near}:// instead of {scheme}://, apply, and send again")),
        );
    }
    if (host.is_empty() || authority.ends_with(':'))
        && !bracketed
        && let Some(said) = sought::for_url(facts, url)
    {
        return Some(said);
    }
    if host.is_empty() && !bracketed {
        if let Some(said) = sought::of_nobody(facts) {
            return Some(said);
        }
        return Some(
            said(format!("there is no host in {url}"))
                .fact("a URL is http://HOST:PORT/PATH: a name or an address stands behind ://")
                .fix("write the server's name or address there; where it comes from a command or a variable, see what that gives"),
        );
    }
    if !bracketed && !port.is_empty() && port.parse::<u16>().is_err() {
        return Some(
            said(format!("{port:?} is no port number"))
                .fact("a port is one number from 1 to 65535, behind the host's colon")
                .fix(format!("write the number of the port instead of {port}, and send again")),
        );
    }
    let unread = said(format!("the client cannot read {url:?} as a URL"));
    if let Some(listed) = slips::list_for_host(host, &unread) {
        return Some(listed);
    }
    if let Some(address) = slips::slipped(host) {
        return Some(
            said(format!("{host} is no address, and no name either"))
                .fact(slips::FOUR_NUMBERS)
                .nearest(Some(address.clone()))
                .fix(format!("write {address} instead of {host}, apply, and send again")),
        );
    }
    let unread = unread.fact("a URL is http://HOST:PORT/PATH, without spaces");
    Some(unread.fix("write it so, apply, and send again"))
}

/// How a shell's text uses a variable.
pub(super) fn used(name: &str) -> [String; 2] {
    [format!("${name}"), format!("${{{name}}}")]
}

/// Where the client's manifest gives a variable of this name, or the one that is nearly called so, or uses it.
fn given_at(
    facts: &Facts<'_>,
    client: &PodSource<'_>,
    given: &[super::client::Variable<'_>],
    (name, near): (&str, Option<&str>),
) -> Option<Location> {
    let own = given.iter().find(|variable| variable.name == name).map(|variable| {
        // `value:` may be written with nothing behind it.
        let value = format!("{}.value", variable.path);
        if client.source.says(&value) { value } else { variable.path.clone() }
    });
    let near = given.iter().find(|variable| Some(variable.name) == near);
    let path = own.or(near.map(|one| one.path.trim_end_matches(".value").to_owned()));
    path.and_then(|path| locate::at(&client.source, &path))
        .or_else(|| facts.locator.mention_in(&client.source, used(name)))
}

/// The variables that nobody has set, the last that a shell used first.
fn unset_names<'f>(facts: &'f Facts<'_>) -> impl Iterator<Item = &'f str> {
    let deeds = facts.case.run.into_iter().flat_map(|run| run.deeds.iter().rev());
    deeds.filter_map(|deed| match &deed.did {
        Did::VariableUnset { name } => Some(name.as_str()),
        _ => None,
    })
}

/// A shell used a variable that nobody has set, so the address is empty.
fn unset(facts: &Facts<'_>) -> Option<Diagnosis> {
    let mut names = unset_names(facts);
    let told_none = facts.fetched.is_none();
    let name = names.find(|name| !told_none || facts.uses(name))?;
    // What the goal's own command sets (`pod=$(kubectl get …)`) is nothing that the player could set.
    let mut words = facts.case.goal.run.split(|c: char| c.is_whitespace() || ";&|(".contains(c));
    if words.any(|word| word.strip_prefix(name).is_some_and(|rest| rest.starts_with('='))) {
        return super::workloads::diagnose(facts).or_else(|| super::sought::diagnose(facts));
    }
    if name.bytes().all(|byte| byte.is_ascii_digit()) {
        return no_argument(facts, name);
    }
    let host = name.strip_suffix("_SERVICE_PORT").map(|prefix| format!("{prefix}_SERVICE_HOST"));
    let name = host.and_then(|host| names.find(|other| *other == host)).unwrap_or(name);
    let place = facts.client_place()?;
    if let Some(said) = of_service(facts, name, &place) {
        return Some(said);
    }
    let environment = facts.case.cluster.environment(&place);
    let client = facts.client_source();
    // A script's variable is empty because what kubectl was to look up for it is not there.
    if let (None, Some(object)) = (&client, sought::looked_for(facts)) {
        return Some(sought::missing(facts, object));
    }
    let container = match &place {
        Place::Container { container, .. } => container.to_string(),
        _ => String::new(),
    };
    let given = client.as_ref().map(|client| client.environment(&container)).unwrap_or_default();
    let set = environment.iter().any(|(known, _)| known == name);
    let near = meant(facts, name, &given, &environment).filter(|_| !set);
    let at = match &client {
        Some(client) => given_at(facts, client, &given, (name, near))
            .or_else(|| locate::at(&client.source, &env_path(client, &container)?)),
        None => facts.locator.mention_in_scripts(used(name), |_| true),
    };
    let slip = || {
        spaced(facts, name)
            .or_else(|| without_colon(facts, name, at.as_ref()))
            .or_else(|| handed_on(facts, name, at.as_ref()))
    };
    if let Some(said) = client.is_none().then(slip).flatten() {
        return Some(said);
    }
    let script = at.as_ref().filter(|_| client.is_none());
    let assigned = script.and_then(|at| assigned(facts, name, at));
    let near = near.or(assigned.as_deref());
    let used_at = near.filter(|_| !set).and_then(|_| used_by_itself(facts, client.as_ref(), name));
    let renames = used_at.is_some() || assigned.is_some();
    let at = used_at.or(at);
    let (message, fix) = told_unset(name, near, (set, client.is_none(), renames));
    let beside = near.is_none().then(|| beside(client.as_ref()?, &container, name)).flatten();
    Some(
        Diagnosis::new("variable-unset", message)
            .look(look::inside(facts.case.cluster, &place, "env"))
            .facts(beside)
            .facts(at.as_ref().filter(|_| client.is_none()).and_then(|at| facts.locator.told(at)))
            .facts((!given.is_empty()).then(|| {
                let names: Vec<&str> = given.iter().map(|variable| variable.name).collect();
                format!("container {container} is given {}", names.join(", "))
            }))
            .nearest(near.map(|near| format!("there is a variable {near}")))
            .at(at)
            .fix(fix),
    )
}

/// The script does set it, and uses it in single quotes, which hand the text on to a shell that has no such
/// variable: `kubectl exec web -- sh -c 'curl http://$address'`.
fn handed_on(facts: &Facts<'_>, name: &str, at: Option<&Location>) -> Option<Diagnosis> {
    let at = at?;
    let line = facts.locator.line(at)?;
    let content = facts.case.files.get(&*at.file)?;
    let text = String::from_utf8_lossy(content);
    let words: Vec<&str> = text.split(|c: char| c.is_whitespace() || c == ';').collect();
    let given = |word: &&str| word.strip_prefix(name).is_some_and(|rest| rest.starts_with('='));
    let looped = |pair: &[&str]| matches!(pair[0], "for" | "read") && pair[1] == name;
    let sets = words.iter().any(given) || words.windows(2).any(looped);
    if !sets || !used(name).iter().any(|used| in_single_quotes(line, used)) {
        return None;
    }
    let message = format!("variable {name} is empty where it is used, and so is the address");
    Some(
        Diagnosis::new("variable-unset", message)
            .look([format!("cat -n {}", at.file)])
            .facts(facts.locator.told(at))
            .fact(format!("single quotes hand ${name} on as it stands, to a shell that has no such variable"))
            .at(Some(at.clone()))
            .fix(format!("put double quotes in place of the single ones, so that the script itself fills in ${name}; and send again")),
    )
}

/// That another container of the pod is given the variable.
fn beside(client: &PodSource<'_>, container: &str, name: &str) -> Option<String> {
    let containers = client.pod()?.pointer("/spec/containers")?.as_array()?;
    let has = |spec: &&serde_json::Value| {
        let list = spec["env"].as_array().into_iter().flatten();
        spec["name"].as_str() != Some(container)
            && list.into_iter().any(|entry| entry["name"].as_str() == Some(name))
    };
    let other = containers.iter().find(has)?["name"].as_str()?;
    Some(format!(
        "container {other} is given {name}, and each container of a pod has variables of its own"
    ))
}

/// `PORT = 80`: the shell looked for a program of the variable's name.
fn spaced(facts: &Facts<'_>, name: &str) -> Option<Diagnosis> {
    let mut deeds = facts.case.run?.deeds.iter();
    deeds.any(
        |deed| matches!(&deed.did, Did::ProgramMissing { program } if program.trim_start_matches('$') == name),
    )
    .then_some(())?;
    let at = facts.locator.mention_in_scripts([format!("{name} =")], |_| true)?;
    Some(
        Diagnosis::new(
            "variable-unset",
            format!("variable {name} is empty where it is used, as {at} does not set it"),
        )
        .look([format!("cat -n {}", at.file)])
        .facts(facts.locator.told(&at))
        .fact(format!("a shell takes {name} for a program there: around = stand no blanks"))
        .at(Some(at))
        .fix(format!("write {name}= and its value without blanks between them, and send again")),
    )
}

/// Where the client's own text uses a variable that the goal does not: there its name can be another one.
fn used_by_itself(
    facts: &Facts<'_>,
    client: Option<&PodSource<'_>>,
    name: &str,
) -> Option<Location> {
    let client = client.filter(|_| !facts.uses(name))?;
    facts.locator.mention_in(&client.source, used(name))
}

/// The variable of a nearly equal name that a script sets, in the file of this line.
fn assigned(facts: &Facts<'_>, name: &str, at: &Location) -> Option<String> {
    let set = set_in(facts, at);
    nearest(name, set.iter().map(String::as_str).filter(|set| *set != name)).map(str::to_owned)
}

/// The variables that a script sets, in the file of this line.
fn set_in(facts: &Facts<'_>, at: &Location) -> Vec<String> {
    let content = facts.case.files.get(&*at.file).map_or(&[][..], Vec::as_slice);
    let text = String::from_utf8_lossy(content);
    let words = text.lines().map(|line| line.trim_start().trim_start_matches("export "));
    let set = words.filter_map(|line| line.split_once('=')).map(|(set, _)| set);
    let is_name = |set: &&str| set.bytes().all(|one| one.is_ascii_alphanumeric() || one == b'_');
    set.filter(is_name).map(str::to_owned).collect()
}

/// `$address8080`: a port without its colon, which the shell takes for the end of the name.
fn without_colon(facts: &Facts<'_>, name: &str, at: Option<&Location>) -> Option<Diagnosis> {
    let own = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let port = &name[own.len()..];
    if port.is_empty() || !set_in(facts, at?).iter().any(|set| set == own) {
        return None;
    }
    let right = format!("${own}:{port}");
    Some(
        Diagnosis::new("variable-unset", format!("the script has set {own}, and not {name}"))
            .look([format!("cat -n {}", at?.file)])
            .fact("a shell takes all letters and digits behind a $ for the name")
            .nearest(Some(right.clone()))
            .at(at.cloned())
            .fix(format!("write {right} instead of ${name}, and send again")),
    )
}

/// Whether a word stands between single quotes in a line of a shell's.
fn in_single_quotes(line: &str, word: &str) -> bool {
    let (mut single, mut double) = (false, false);
    line.char_indices().any(|(at, one)| {
        match one {
            '\'' if !double => single = !single,
            '"' if !single => double = !double,
            _ => {}
        }
        single && line[at..].starts_with(word)
    })
}

/// What is said of a variable that is unset, or set to nothing, and the way out: whether it is set, whether a
/// script uses it, and whether its name is to be another one where it is used.
fn told_unset(
    name: &str,
    near: Option<&str>,
    (set, in_script, renames): (bool, bool, bool),
) -> (String, String) {
    let message = match set {
        _ if in_script => {
            format!("variable {name} is unset or empty where it is used, and so is the address")
        }
        true => format!("variable {name} is empty, and so is the address"),
        false => format!("nobody has set variable {name}, so the address is empty"),
    };
    let fix = match near {
        Some(near) if renames => format!("write ${near} instead of ${name}, apply, and send again"),
        Some(near) => format!("call it {name} instead of {near}, apply, and send again"),
        None if in_script => {
            format!("set {name} before it is used, or use the script's own argument $1")
        }
        None if set => format!("write a value into {name}, apply, and send again"),
        None => format!("set {name} in the container's env, apply, and send again"),
    };
    (message, fix)
}

/// A script used `$2`, and is given fewer arguments.
fn no_argument(facts: &Facts<'_>, number: &str) -> Option<Diagnosis> {
    let run = &facts.case.goal.run;
    let is_run = |file: &str| super::mentions(run, file);
    let at = facts.locator.mention_in_scripts(used(number), is_run)?;
    Some(
        Diagnosis::new(
            "variable-unset",
            format!("the script is given no argument ${number}, so the address is not whole"),
        )
        .look([format!("cat -n {}", at.file)])
        .fact(format!("the goal runs: {}", run.trim()))
        .facts(facts.half_a_url().map(|one| format!("the client was given {}", one.url)))
        .at(Some(at))
        .fix(format!("write the number of an argument that it is given, $1 being the first, in place of ${number}, and send again")),
    )
}

/// The variable that may be meant by the name of one that is unset.
fn meant<'a>(
    facts: &Facts<'_>,
    name: &str,
    given: &[super::client::Variable<'a>],
    environment: &'a [(String, String)],
) -> Option<&'a str> {
    // A name with another number means another thing.
    let letters = |name: &str| name.replace(|c: char| c.is_ascii_digit(), "#");
    let alike = |other: &&str| letters(other) != letters(name);
    let near = nearest(name, given.iter().map(|variable| variable.name).filter(alike));
    // Kubernetes' own variables of Services are called as they are.
    let all = facts.case.cluster.objects().list::<Service>(None);
    let services = all.filter_map(|one| {
        Some(one.metadata.name.as_deref()?.to_uppercase().replace(['-', '.'], "_"))
    });
    let services: Vec<String> = services.collect();
    let of_service = |name: &str| {
        services.iter().any(|service| {
            let rest = name.strip_prefix(service.as_str());
            rest.is_some_and(|rest| rest.starts_with("_PORT") || rest.starts_with("_SERVICE_"))
        })
    };
    let own = environment.iter().map(|(name, _)| name.as_str());
    let near = near.or_else(|| nearest(name, own.filter(alike).filter(|own| !of_service(own))));
    let stem = |name: &str| name.rsplit_once('_').map(|(stem, _)| stem.to_owned());
    let mut of_stem = given.iter().map(|one| one.name).filter(|own| stem(own) == stem(name));
    near.or_else(|| of_stem.next().filter(|own| stem(own).is_some() && !facts.uses(own))).or_else(
        || {
            // `BACKEND` for `BACKEND_URL`.
            let begins = |long: &str, short: &str| {
                long.strip_prefix(short).is_some_and(|rest| rest.starts_with('_'))
            };
            let mut names = given.iter().map(|one| one.name).filter(|own| !facts.uses(own));
            names.find(|own| begins(name, own) || begins(own, name))
        },
    )
}

/// Where the environment of a container stands, or the container.
fn env_path(client: &PodSource<'_>, container: &str) -> Option<String> {
    let containers = client.pod()?.pointer("/spec/containers")?.as_array()?;
    let index = containers.iter().position(|spec| spec["name"].as_str() == Some(container))?;
    Some(client.within(&manifest::field(&format!("spec.containers[{index}]"), "env")))
}

/// No Service gives a container variables that begin so.
fn no_such_service(facts: &Facts<'_>, prefix: &str, said: Diagnosis) -> Diagnosis {
    let namespace = facts.namespace();
    let Some(gone) = gone::with_variables(facts, &namespace, prefix) else {
        return said
            .fact(format!("no Service of namespace {namespace} gives it"))
            .fact("headless Services and ExternalNames give no variables")
            .fix("make the Service, and then the pod anew; or call a Service by its name");
    };
    let line = said.at.clone();
    let told = gone.explain(said);
    let fix = told.fix.replace("and send again", "make the pod anew, and send again");
    told.at(line).fix(fix)
}

/// R10.1: `WEB_SERVICE_HOST` is there if the Service was when the container started.
fn of_service(facts: &Facts<'_>, variable: &str, place: &Place) -> Option<Diagnosis> {
    let (prefix, rest) = variable.split_once("_SERVICE_")?;
    let kind = rest.split('_').next().filter(|kind| matches!(*kind, "HOST" | "PORT"));
    kind?;
    let namespace = facts.namespace();
    let services = facts.case.cluster.objects();
    let mut services = services.list::<Service>(Some(&namespace));
    let service = services.find(|service| {
        let name = service.metadata.name.as_deref().unwrap_or("");
        name.to_uppercase().replace(['-', '.'], "_") == prefix
    });
    let line = facts.locator.mention([variable]);
    // The goal's own command uses it: nobody but it could call by a name.
    let fixed = facts.uses(variable);
    let said = Diagnosis::new(
        "service-variables-missing",
        match kind {
            Some("HOST") => {
                format!("the container has no variable {variable}, so the address is empty")
            }
            _ => format!("the container has no variable {variable}, so the address has no port"),
        },
    )
    .look(look::inside(facts.case.cluster, place, "env"))
    .look([look::services(&namespace)]);
    let Some(service) = service else { return Some(no_such_service(facts, prefix, said.at(line))) };
    let (_, name) = services::full_name(service);
    let by_name = format!("the name {name}, which DNS knows");
    if services::cluster_ip(service).parse::<IpAddr>().is_err() {
        return Some(
            said.fact(format!("Service {name} has no cluster IP, so it gives no variables"))
                .nearest(Some(by_name))
                .at(line)
                .fix(format!("call {name} by its name")),
        );
    }
    if let Some(links) = facts.links_line() {
        return Some(
            said.fact("enableServiceLinks is false: the pod gets the variables of no Service but kubernetes")
                .nearest(Some("enableServiceLinks: true".to_owned()))
                .at(links.or(line))
                .fix(match fixed {
                    true => "take enableServiceLinks: false out and make the pod anew".to_owned(),
                    false => format!("take enableServiceLinks: false out and make the pod anew, or call {name} by its name"),
                }),
        );
    }
    Some(
        said.fact(format!("Service {name} exists now; variables are set when a container starts"))
            .nearest((!fixed).then(|| format!("{by_name}; or a new pod")))
            .at(line)
            .fix(match fixed {
                true => {
                    format!("{}: its containers get the variables when they start", anew(facts))
                }
                false => format!("call {name} by its name, or make the pod anew"),
            }),
    )
}

/// What makes the client's pod anew.
fn anew(facts: &Facts<'_>) -> String {
    let known = facts.client_pod().and_then(|(namespace, name)| {
        let pod = facts.case.cluster.objects().get::<Pod>(&namespace, &name)?;
        let (kind, maker) = super::owners::maker(facts, pod);
        let place = look::in_namespace(&namespace);
        let restarts = matches!(kind, Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet);
        restarts.then(|| format!("kubectl rollout restart {} {maker}{place}", kind.info().singular))
    });
    known.unwrap_or_else(|| "make the pod anew".to_owned())
}

/// R10.1: the address that was dialled stands in a variable that the container was given for a Service
/// when it started; the Service has another one since.
pub(super) fn old_address(facts: &Facts<'_>, dialled: IpAddr) -> Option<Diagnosis> {
    let place = facts.client_place()?;
    let environment = facts.case.cluster.environment(&place);
    let (variable, _) = environment
        .into_iter()
        .find(|(name, value)| name.ends_with("_SERVICE_HOST") && value.parse() == Ok(dialled))?;
    let prefix = variable.strip_suffix("_SERVICE_HOST")?;
    let namespace = facts.namespace();
    let mut services = facts.case.cluster.objects().list::<Service>(Some(&namespace));
    let service = services.find(|service| {
        let name = service.metadata.name.as_deref().unwrap_or("");
        name.to_uppercase().replace(['-', '.'], "_") == prefix
    });
    let said = Diagnosis::new(
        "no-such-service-address",
        format!("no Service has the address {dialled} any more, so nobody answers"),
    )
    .look(look::inside(facts.case.cluster, &place, "env"))
    .look([look::services(&namespace)])
    .fact(format!(
        "{variable} of the container is {dialled}: it was set when the container started"
    ))
    .at(facts.locator.mention([&variable]));
    let Some(service) = service else {
        return Some(
            said.fact("the Service of that name is gone")
                .fix("make the Service, and then the pod anew"),
        );
    };
    let (_, name) = services::full_name(service);
    Some(
        said.fact(format!("Service {name} has {} now", services::cluster_ip(service)))
            .nearest(Some(format!("the name {name}, which DNS knows; or a new pod")))
            .fix(format!(
                "make the pod anew, or call {name} by its name: both find the Service of today"
            )),
    )
}

impl Facts<'_> {
    /// Where the client's pod says `enableServiceLinks: false`, if it does.
    fn links_line(&self) -> Option<Option<Location>> {
        let (namespace, pod) = self.client_pod()?;
        let stored = self.case.cluster.objects().get::<Pod>(&namespace, &pod)?;
        (stored.spec.as_ref()?.enable_service_links == Some(false)).then(|| {
            let client = self.client_source()?;
            client.line("spec.enableServiceLinks")
        })
    }
}
