//! `kubectl get`

use std::time::Duration;

use serde_json::json;

use super::super::super::tool::{Io, Step};
use super::command::{self, Command};
use super::flags::{Flag, Takes, switch, typed};
use super::output::Output;
use super::target::{Group, Rules, Target};
use super::{Call, DONE, Failure, Next, Outcome, Task, sort_by};
use crate::api::table::{Layout, Table, format_labels};
use crate::api::{Action, FieldSelector, Kind, LabelSelector, Object, Subresource};
use crate::clock::SimTime;
use crate::cluster::{Did, ObjectName};
use crate::manifest::go_json;

pub(super) static COMMAND: Command = Command {
    name: "get",
    short: "Display one or many resources",
    long: LONG,
    examples: EXAMPLES,
    usage: "(-o|--output=)[json|yaml|name|jsonpath|custom-columns|wide] (TYPE[.VERSION][.GROUP] \
            [NAME | -l label] | TYPE[.VERSION][.GROUP]/NAME ...) [flags]",
    flags: &[
        FLAGS,
        command::FILENAME,
        command::SELECTOR,
        command::FIELD_SELECTOR,
        command::ALL_NAMESPACES,
    ],
    run,
    ..command::PLAIN
};

const FLAGS: &[Flag] = &[
    Flag {
        long: "output",
        short: Some('o'),
        takes: Takes::Text,
        default: "''",
        help: "Output format: json, yaml, name, wide, jsonpath=TEMPLATE or custom-columns=SPEC.",
    },
    switch("watch", Some('w'), "After listing the objects, go on to print changes."),
    switch("watch-only", None, "Print changes without listing first."),
    switch("output-watch-events", None, "Print the type of each change."),
    switch("show-labels", None, "Print all labels as the last column."),
    switch("show-kind", None, "Print the kind before each name."),
    switch("no-headers", None, "Leave the headers out."),
    switch("ignore-not-found", None, "Say nothing and succeed when an object does not exist."),
    command::MISSING_KEYS,
    typed("server-print", Takes::Switch, "true", "Let the server make the table."),
    command::MANAGED_FIELDS,
    typed("sort-by", Takes::Text, "''", "Sort by this JSONPath expression."),
    typed("chunk-size", Takes::Number, "500", "Return large lists in pieces of this size."),
    typed("raw", Takes::Text, "''", "A raw path to request from the server."),
    typed("template", Takes::Text, "''", "The template of -o go-template."),
    typed("subresource", Takes::Text, "''", "The subresource to read."),
    Flag {
        long: "label-columns",
        short: Some('L'),
        takes: Takes::List,
        default: "[]",
        help: "Labels that become columns.",
    },
];

const LONG: &str = "Display one or many resources.\n\n Prints a table of the most important \
    information about the specified resources. You can filter the list using a label selector and \
    the --selector flag. If the desired resource type is namespaced you will only see results in \
    the current namespace if you don't specify any namespace.\n\n By specifying the output as \
    'template' and providing a Go template as the value of the --template flag, you can filter the \
    attributes of the fetched resources.\n\nUse \"kubectl api-resources\" for a complete list of \
    supported resources.";

const EXAMPLES: &str = r#"  # List all pods in ps output format
  kubectl get pods
  
  # List all pods in ps output format with more information (such as node name)
  kubectl get pods -o wide
  
  # List a single replication controller with specified NAME in ps output format
  kubectl get replicationcontroller web
  
  # List deployments in JSON output format, in the "v1" version of the "apps" API group
  kubectl get deployments.v1.apps -o json
  
  # List a single pod in JSON output format
  kubectl get -o json pod web-pod-13je7
  
  # List a pod identified by type and name specified in "pod.yaml" in JSON output format
  kubectl get -f pod.yaml -o json
  
  # List resources from a directory with kustomization.yaml - e.g. dir/kustomization.yaml
  kubectl get -k dir/
  
  # Return only the phase value of the specified pod
  kubectl get -o template pod/web-pod-13je7 --template={{.status.phase}}
  
  # List resource information in custom columns
  kubectl get pod test-pod -o custom-columns=CONTAINER:.spec.containers[0].name,IMAGE:.spec.containers[0].image
  
  # List all replication controllers and services together in ps output format
  kubectl get rc,services
  
  # List one or more resources by their type and names
  kubectl get rc/web service/frontend pods/web-pod-13je7"#;

/// How often a watch looks for changes.
const WATCH_PERIOD: Duration = Duration::from_millis(100);

fn run(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let output = Output::of_get(&call, io)?;
    check(&call)?;
    if !call.arguments.text("raw").is_empty() {
        return super::raw::get(&mut call, io);
    }
    let words = call.arguments.positional.clone();
    if words.is_empty() && !call.arguments.given("filename") && !call.arguments.given("kustomize") {
        if call.arguments.on("watch") || call.arguments.on("watch-only") {
            return Err(Failure::message(super::words::NO_RESOURCES));
        }
        return Err(Failure::Verbatim(NO_RESOURCE.to_owned()));
    }
    if words.first().is_some_and(|word| is_component_statuses(word)) {
        return component_statuses(&mut call, io);
    }
    let target = Target::of(&call, io, &words, Rules::default())?;
    let view = View::new(&call, &output);
    if call.arguments.on("watch") || call.arguments.on("watch-only") {
        return watch(call, io, &target, view);
    }
    if call.arguments.text("subresource") == "scale" {
        let found = target.find(&mut call, io)?;
        return super::scale::get(&call, io, &output, found);
    }
    let (mut groups, failures) = target.groups(&mut call, io)?;
    let view = view.of_groups(&groups);
    let mut failures = if call.arguments.on("ignore-not-found") {
        failures.into_iter().filter(|failure| !is_not_found(failure)).collect()
    } else {
        failures
    };
    match output {
        Output::Table { .. } => {
            sort_by::tables(&call, io, &target, &mut groups)?;
            let printed = view.tables(io.now(), &groups);
            if printed.is_empty() && failures.is_empty() && !call.arguments.on("ignore-not-found") {
                nothing_found(&call, io, &target);
            }
            io.stdout.extend_from_slice(printed.as_bytes());
        }
        output => {
            let mut objects: Vec<Object> =
                groups.into_iter().flat_map(|group| group.objects).collect();
            if let Err(failure) = sort_by::objects(&call, io, &target, &mut objects) {
                failures.push(failure);
            } else if objects.is_empty() && call.arguments.on("ignore-not-found") {
                // Nothing was found, and so nothing is printed, not even an empty list.
            } else if !objects.is_empty() || failures.is_empty() {
                let text = output.print(&objects, target.is_single())?;
                if text.is_empty() && matches!(output, Output::JsonPath(_)) {
                    note_nothing(&call, io, &objects);
                }
                io.stdout.extend_from_slice(text.as_bytes());
            }
        }
    }
    Failure::of(failures).map_or(DONE, Err)
}

/// Notes a field that no object has, for whoever asks what became of an address that was made of it.
fn note_nothing(call: &Call, io: &mut Io<'_>, objects: &[Object]) {
    let Some(first) = objects.first() else { return };
    let object = ObjectName {
        kind: first.kind(),
        namespace: first.namespace().to_owned(),
        name: first.name().to_owned(),
    };
    let output = call.arguments.text("output");
    let template = output.split_once('=').map_or(output, |(_, template)| template).to_owned();
    io.cluster.note(io.place, Did::NothingPrinted { object, template });
}

/// What does not go together, and what is not simulated (`GetOptions.Validate`).
fn check(call: &Call) -> Result<(), Failure> {
    let arguments = &call.arguments;
    let output = arguments.text("output");
    let watches = arguments.on("watch") || arguments.on("watch-only");
    if !arguments.text("raw").is_empty() {
        if !arguments.positional.is_empty() {
            let text = "arguments may not be passed when --raw is specified";
            return Err(Failure::message(text));
        }
        return super::raw::check(call);
    }
    if arguments.on("show-labels") && !matches!(output, "" | "wide") {
        let text = format!("--show-labels option cannot be used with {output} printer");
        return Err(Failure::message(text));
    }
    if arguments.given("label-columns") && output.starts_with("custom-columns") {
        let text = format!("--label-columns option cannot be used with {output} printer");
        return Err(Failure::message(text));
    }
    if arguments.on("output-watch-events") && !watches {
        let text = "--output-watch-events option can only be used with --watch or --watch-only";
        return Err(Failure::message(text));
    }
    let scales = arguments.text("subresource") == "scale";
    if (scales || super::patch::subresource(call)? == Subresource::Status)
        && arguments.positional.len() == 1
    {
        let bulk = !arguments.positional[0].contains('/');
        if bulk {
            let text = "subresource cannot be used when bulk resources are specified";
            return Err(Failure::message(text));
        }
    }
    Ok(())
}

const NO_RESOURCE: &str = "You must specify the type of resource to get. Use \"kubectl \
    api-resources\" for a complete list of supported resources.\n\nerror: Required resource not \
    specified.\nUse \"kubectl explain <resource>\" for a detailed description of that resource \
    (e.g. kubectl explain pods).\nSee 'kubectl get -h' for help and examples";

fn is_not_found(failure: &Failure) -> bool {
    matches!(failure, Failure::Server { status, .. }
        if status.reason == crate::api::Reason::NotFound)
}

fn nothing_found(call: &Call, io: &mut Io<'_>, target: &Target) {
    let namespaced = target.kinds().iter().all(|kind| kind.info().namespaced);
    if namespaced && !call.arguments.on("all-namespaces") {
        io.write_error(format!("No resources found in {} namespace.", call.client.namespace));
    } else {
        io.write_error("No resources found");
    }
}

/// How tables look.
#[derive(Clone, Debug)]
struct View {
    wide: bool,
    headers: bool,
    /// Whether kubectl makes the table itself: of every kind it knows name and age alone.
    plain: bool,
    namespaces: bool,
    kinds: bool,
    labels: bool,
    label_columns: Vec<String>,
    output: Output,
}

impl View {
    fn new(call: &Call, output: &Output) -> View {
        let arguments = &call.arguments;
        View {
            wide: matches!(output, Output::Table { wide: true }),
            headers: !arguments.on("no-headers"),
            plain: arguments.given("server-print") && !arguments.on("server-print"),
            namespaces: arguments.on("all-namespaces"),
            kinds: arguments.on("show-kind"),
            labels: arguments.on("show-labels"),
            label_columns: arguments.all("label-columns").to_vec(),
            output: output.clone(),
        }
    }

    /// The same for answers of several kinds, whose names are told apart by them. A list that was
    /// asked for is an answer even when it is empty; a name that was not found is none
    /// (`multipleGVKsRequested`).
    fn of_groups(self, groups: &[Group]) -> View {
        let several = groups.windows(2).any(|pair| pair[0].kind != pair[1].kind);
        View { kinds: self.kinds || several, ..self }
    }

    /// A table a kind, an empty line between them; nothing for kinds without objects.
    fn tables(&self, now: SimTime, groups: &[Group]) -> String {
        let tables: Vec<String> = groups
            .iter()
            .filter(|group| !group.objects.is_empty())
            .map(|group| {
                let table = self.table(group.kind, &group.objects, now);
                Layout::default().print(&table, self.headers)
            })
            .collect();
        tables.join(if self.headers { "\n" } else { "" })
    }

    fn table(&self, kind: Kind, objects: &[Object], now: SimTime) -> Table {
        let mut table = match self.plain {
            true => Table::of_names(objects, now),
            false => Table::of(kind, objects, now, self.wide),
        };
        let names = table.columns.iter().position(|column| column.name == "NAME");
        if let Some(names) = names.filter(|_| self.kinds) {
            let prefix = kind.prefix();
            for row in &mut table.rows {
                row[names] = format!("{prefix}/{}", row[names]);
            }
        }
        if self.namespaces && kind.info().namespaced {
            let namespaces = objects.iter().map(|object| object.namespace().to_owned()).collect();
            table.insert_column(0, "NAMESPACE", namespaces);
        }
        for label in &self.label_columns {
            let value = |object: &Object| {
                let labels = object.metadata().labels.as_ref();
                labels.and_then(|labels| labels.get(label).cloned()).unwrap_or_default()
            };
            let header = label.rsplit('/').next().unwrap_or(label).to_uppercase();
            table.push_column(&header, objects.iter().map(value).collect());
        }
        if self.labels {
            let labels =
                objects.iter().map(|object| format_labels(object.metadata().labels.as_ref()));
            table.push_column("LABELS", labels.collect());
        }
        table
    }
}

/// The old health table, whose parts are always well here.
fn component_statuses(call: &mut Call, io: &mut Io<'_>) -> Outcome {
    call.client.warn(io, "v1 ComponentStatus is deprecated in v1.19+");
    let column = |name: &str| crate::api::table::Column { name: name.to_owned(), wide: false };
    let row = |name: &str| [name, "Healthy", "ok", ""].map(str::to_owned).to_vec();
    let table = Table {
        columns: ["NAME", "STATUS", "MESSAGE", "ERROR"].map(column).to_vec(),
        rows: ["etcd-0", "controller-manager", "scheduler"].map(row).to_vec(),
    };
    io.stdout.extend_from_slice(table.to_string().as_bytes());
    DONE
}

/// `-w`
fn watch(mut call: Call, io: &mut Io<'_>, target: &Target, view: View) -> Outcome {
    let kinds = target.kinds();
    let [kind] = kinds.as_slice() else {
        return Err(Failure::message("you may only specify a single resource type"));
    };
    let names = match target {
        Target::Names(names) => names.iter().map(|(_, name)| name.clone()).collect(),
        _ => Vec::new(),
    };
    if names.len() > 1 {
        return Err(Failure::message(
            "watch is only supported on individual resources and resource collections - more than \
             1 resource was found",
        ));
    }
    if !call.arguments.text("sort-by").is_empty() {
        io.write_error(match call.arguments.on("watch") {
            true => {
                "warning: --watch requested, --sort-by will be ignored for watch events received"
            }
            false => "warning: --watch-only requested, --sort-by will be ignored",
        });
    }
    let (groups, failures) = target.groups(&mut call, io)?;
    if call.arguments.on("ignore-not-found") && failures.iter().any(is_not_found) {
        return DONE;
    }
    if let Some(failure) = Failure::of(failures) {
        return Err(failure);
    }
    let filter = super::target::filter(&call, *kind)?;
    let revision = io.cluster.objects().revision();
    let everywhere = filter.everywhere || !kind.info().namespaced;
    let until = call.arguments.duration("request-timeout").filter(|limit| !limit.is_zero());
    let mut task = Watch {
        kind: *kind,
        names,
        labels: filter.labels,
        fields: filter.fields,
        namespace: (!everywhere).then(|| call.client.namespace.clone()),
        revision,
        view,
        layout: Layout::default(),
        until: until.map(|limit| io.now() + limit),
        events: call.arguments.on("output-watch-events"),
        client: call.client,
        headers_due: true,
    };
    if !call.arguments.on("watch-only") {
        let objects: Vec<Object> = groups.into_iter().flat_map(|group| group.objects).collect();
        task.print(io, &objects, Action::Added)?;
    }
    Ok(Next::Wait(Box::new(task)))
}

/// A running watch.
#[derive(Clone)]
struct Watch {
    kind: Kind,
    names: Vec<String>,
    labels: LabelSelector,
    fields: FieldSelector,
    namespace: Option<String>,
    revision: u64,
    view: View,
    layout: Layout,
    until: Option<SimTime>,
    client: super::client::Client,
    headers_due: bool,
    /// Whether each line tells what has happened.
    events: bool,
}

/// `ADDED`
fn event_name(action: Action) -> &'static str {
    match action {
        Action::Added => "ADDED",
        Action::Modified => "MODIFIED",
        Action::Deleted => "DELETED",
    }
}

impl Watch {
    fn print(
        &mut self,
        io: &mut Io<'_>,
        objects: &[Object],
        action: Action,
    ) -> Result<(), Failure> {
        if objects.is_empty() {
            return Ok(());
        }
        let text = match &self.view.output {
            Output::Table { .. } => {
                let mut table = self.view.table(self.kind, objects, io.now());
                if self.events {
                    let cells = vec![format!("{:<8}", event_name(action)); objects.len()];
                    table.insert_column(0, "EVENT", cells);
                }
                let headers = self.view.headers && std::mem::take(&mut self.headers_due);
                self.layout.print(&table, headers)
            }
            Output::Yaml => {
                let mut text = String::new();
                for object in objects {
                    if !std::mem::take(&mut self.headers_due) {
                        text += "---\n";
                    }
                    text += &self.written(&Output::Yaml, object, action)?;
                }
                text
            }
            output => {
                let mut text = String::new();
                for object in objects {
                    text += &self.written(output, object, action)?;
                }
                text
            }
        };
        io.stdout.extend_from_slice(text.as_bytes());
        Ok(())
    }

    /// An object, in what tells its event if that is wanted.
    fn written(&self, output: &Output, object: &Object, action: Action) -> Result<String, Failure> {
        if self.events && !matches!(output, Output::Name) {
            let (name, value) = (event_name(action), object.to_value());
            if *output == Output::Json {
                // `JSONPrinter` has a line for each.
                return Ok(format!("{{\"type\":\"{name}\",\"object\":{}}}\n", go_json(&value)));
            }
            return output.print_value(&json!({"type": name, "object": value}));
        }
        output.print(std::slice::from_ref(object), true)
    }

    fn wants(&self, object: &Object) -> bool {
        (self.names.is_empty() || self.names.iter().any(|name| name == object.name()))
            && self.labels.matches(object.metadata().labels.as_ref())
            && self.fields.matches(object)
    }
}

impl Task for Watch {
    fn step(&mut self, io: &mut Io<'_>) -> Result<Step, Failure> {
        let namespace = self.namespace.clone();
        let (changes, revision) = self.client.changes(io, self.kind, namespace, self.revision)?;
        self.revision = revision.max(self.revision);
        for change in changes {
            if self.wants(&change.object) {
                self.print(io, std::slice::from_ref(&change.object), change.action)?;
            }
        }
        let next = io.now() + WATCH_PERIOD;
        match self.until {
            Some(end) if io.now() >= end => Ok(Step::Exit(0)),
            Some(end) => Ok(Step::Until(next.min(end))),
            None => Ok(Step::Until(next)),
        }
    }
}

/// Whether a word names the old health table.
fn is_component_statuses(word: &str) -> bool {
    ["componentstatuses", "componentstatus", "cs"].contains(&word.to_lowercase().as_str())
}
