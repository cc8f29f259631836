//! `kubectl events`

use std::time::Duration;

use serde_json::{Value, json};

use super::super::super::tool::{Io, Step};
use super::client::{Client, Filter};
use super::command::{self, Command};
use super::flags::{Flag, Takes, switch, text, typed};
use super::go_sort;
use super::go_types;
use super::output::Output;
use super::target;
use super::{Call, DONE, Failure, Next, Outcome, Task};
use crate::api::table::{Column, Layout, Table, since};
use crate::api::{Action, Event, Kind, Object};
use crate::clock::SimTime;

pub(super) static COMMAND: Command = Command {
    name: "events",
    short: "List events",
    examples: "  # What happened to a pod\n  kubectl events --for pod/web",
    usage: "[(-o|--output=)json|yaml|name] [--for TYPE/NAME] [--watch] \
            [--types=Normal,Warning]",
    flags: &[FLAGS, command::ALL_NAMESPACES, command::PRINT],
    run,
    ..command::PLAIN
};

const FLAGS: &[Flag] = &[
    switch("watch", Some('w'), "Go on printing."),
    switch("no-headers", None, "Leave the headers out."),
    text("for", None, "The object: TYPE/NAME."),
    typed("types", Takes::List, "[]", "Normal, Warning."),
    typed("chunk-size", Takes::Number, "500", "Return large lists in pieces of this size."),
];

/// How often it is looked for new ones.
const PERIOD: Duration = Duration::from_millis(100);

fn run(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let wanted = Wanted::of(&call)?;
    let everywhere = call.arguments.on("all-namespaces");
    let filter = Filter { everywhere, ..Filter::default() };
    let (objects, _) = call.client.list(io, Kind::Event, &filter)?;
    let mut objects: Vec<Object> = objects.into_iter().filter(|o| wanted.wants(o)).collect();
    let moment = |object: &Object| object.as_kind::<Event>().map(|event| last(event));
    go_sort::sort(&mut objects, |a, b| moment(a) < moment(b));
    if let Some(output) = Output::of_write(&call, io)? {
        // The events of its list don't tell their kind, and without one none has a name to print.
        if output != Output::Name {
            let list = whole(&objects);
            let text = match output {
                Output::Json => go_types::json_pretty("EventList", &list),
                output => output.print_value(&list)?,
            };
            io.stdout.extend_from_slice(text.as_bytes());
        }
        return DONE;
    }
    let watch = call.arguments.on("watch");
    if objects.is_empty() && !watch {
        if everywhere {
            io.write_error("No events found.");
        } else {
            io.write_error(format!("No events found in {} namespace.", call.client.namespace));
        }
        return DONE;
    }
    let mut layout = Layout::default();
    let headers = !call.arguments.on("no-headers");
    let text = layout.print(&table(&objects, io.now(), everywhere), headers);
    io.stdout.extend_from_slice(text.as_bytes());
    if !watch {
        return DONE;
    }
    let since = io.cluster.objects().revision();
    Ok(Next::Wait(Box::new(Watch { wanted, everywhere, layout, since, client: call.client })))
}

/// The events as kubectl gathers them: a list of its own, whose items don't tell their kind.
fn whole(objects: &[Object]) -> Value {
    let item = |object: &Object| {
        let mut value = object.to_value();
        if let Some(fields) = value.as_object_mut() {
            fields.remove("apiVersion");
            fields.remove("kind");
        }
        value
    };
    let items: Vec<Value> = objects.iter().map(item).collect();
    json!({"apiVersion": "v1", "items": items, "kind": "EventList", "metadata": {}})
}

/// Which events are shown.
#[derive(Clone, Debug)]
struct Wanted {
    object: Option<(Kind, String)>,
    types: Vec<String>,
}

impl Wanted {
    fn of(call: &Call) -> Result<Wanted, Failure> {
        let types = call.arguments.all("types").to_vec();
        let odd = types
            .iter()
            .find(|name| !["normal", "warning"].contains(&name.to_lowercase().as_str()));
        if odd.is_some() {
            return Err(Failure::message("valid --types are Normal or Warning"));
        }
        let object = match call.arguments.text("for") {
            "" => None,
            word => Some(involved(word)?),
        };
        Ok(Wanted { object, types })
    }

    fn wants(&self, object: &Object) -> bool {
        let Some(event) = object.as_kind::<Event>() else { return false };
        let involved = &event.origin.involved_object;
        let of_type = event.message.type_.as_deref().unwrap_or("");
        let fits = self.object.as_ref().is_none_or(|(kind, name)| {
            involved.kind.as_deref() == Some(kind.info().name)
                && involved.api_version.as_deref() == Some(kind.info().api_version().as_str())
                && involved.name.as_deref() == Some(name)
        });
        fits && (self.types.is_empty()
            || self.types.iter().any(|name| name.eq_ignore_ascii_case(of_type)))
    }
}

/// The object of `--for`, which may lack a name (`decodeResourceTypeName`).
fn involved(word: &str) -> Result<(Kind, String), Failure> {
    let Some((kind, name)) = word.split_once('/') else {
        return Err(Failure::message("--for must be in resource/name form"));
    };
    if name.contains('/') {
        return Err(Failure::message(target::TWO_SLASHES));
    }
    Ok((target::kind(kind).map_err(Failure::bare)?, name.to_owned()))
}

/// When an event was seen last.
fn last(event: &Event) -> Option<i64> {
    let series = event.series.as_ref().and_then(|series| series.last_observed_time.as_ref());
    let times = [
        series.map(|time| time.0),
        event.last_timestamp.as_ref().map(|time| time.0),
        event.event_time.as_ref().map(|time| time.0),
    ];
    times.into_iter().flatten().next().map(|time| time.as_microsecond())
}

fn table(objects: &[Object], now: SimTime, namespaces: bool) -> Table {
    let names = ["NAMESPACE", "LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"];
    let columns = names[usize::from(!namespaces)..].iter();
    let columns = columns.map(|name| Column { name: (*name).to_owned(), wide: false }).collect();
    let rows = objects.iter().filter_map(|object| object.as_kind::<Event>()).map(|event| {
        let involved = &event.origin.involved_object;
        let kind = involved.kind.as_deref().unwrap_or("");
        let name = involved.name.as_deref().unwrap_or("");
        let cells = [
            event.metadata.namespace.clone().unwrap_or_default(),
            seen(event, now),
            event.message.type_.clone().unwrap_or_default(),
            event.message.reason.clone().unwrap_or_default(),
            format!("{kind}/{name}"),
            event.message.text.as_deref().unwrap_or("").trim().to_owned(),
        ];
        cells[usize::from(!namespaces)..].to_vec()
    });
    Table { columns, rows: rows.collect() }
}

/// `4s`, or `4s (x3 over 20s)`
fn seen(event: &Event, now: SimTime) -> String {
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
    let micro = event.event_time.as_ref().map(|time| Time(time.0));
    let first = event.first_timestamp.clone().or(micro);
    if let Some(series) = &event.series {
        let last = series.last_observed_time.as_ref().map(|time| Time(time.0));
        let count = series.count.unwrap_or(0);
        let (last, first) = (since(last.as_ref(), now), since(first.as_ref(), now));
        return format!("{last} (x{count} over {first})");
    }
    let last = event.last_timestamp.clone().or_else(|| first.clone());
    match event.count {
        Some(count) if count > 1 => {
            format!("{} (x{count} over {})", since(last.as_ref(), now), since(first.as_ref(), now))
        }
        _ => since(first.as_ref(), now),
    }
}

/// `-w`
#[derive(Clone)]
struct Watch {
    wanted: Wanted,
    everywhere: bool,
    layout: Layout,
    since: u64,
    client: Client,
}

impl Task for Watch {
    fn step(&mut self, io: &mut Io<'_>) -> Result<Step, Failure> {
        let namespace = (!self.everywhere).then(|| self.client.namespace.clone());
        let (changes, revision) = self.client.changes(io, Kind::Event, namespace, self.since)?;
        self.since = revision.max(self.since);
        let fresh: Vec<Object> = changes
            .into_iter()
            .filter(|change| change.action != Action::Deleted && self.wanted.wants(&change.object))
            .map(|change| change.object)
            .collect();
        let text = self.layout.print(&table(&fresh, io.now(), self.everywhere), false);
        io.stdout.extend_from_slice(text.as_bytes());
        Ok(Step::Until(io.now() + PERIOD))
    }
}

#[cfg(test)]
mod tests {
    use crate::shell::tests::output;

    // `pkg/cmd/events/events.go`: the list is made by kubectl, and only the list has a kind.
    #[test]
    fn a_list_of_events_tells_its_own_kind_alone() {
        let line = "kubectl run a --image=nginx:1.27 >/dev/null; sleep 5; kubectl events -o name; \
            kubectl events -o jsonpath='{.kind} {.items[0].kind}{.items[0].involvedObject.name}'";
        assert_eq!(output(line), "EventList a");
    }
}
