//! `kubectl rollout history`

use super::super::super::super::tool::Io;
use super::super::command::{self, Command};
use super::super::flags::{Takes, typed};
use super::super::output::Output;
use super::super::tabs::align;
use super::super::{Call, DONE, Failure, Outcome, describe};
use super::{objects, revisions};
use crate::api::table::{Column, Table};

pub(super) static COMMAND: Command = Command {
    name: "history",
    short: "View rollout history",
    usage: "(TYPE NAME | TYPE/NAME) [flags]",
    flags: &[
        command::FILENAME,
        command::SELECTOR,
        command::PRINT,
        &[typed("revision", Takes::Number, "0", "The revision to show in full.")],
    ],
    run,
    ..command::PLAIN
};

fn run(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let wanted = call.arguments.number("revision").unwrap_or(0);
    if wanted < 0 {
        return Err(Failure::message(format!("revision must be a positive integer: {wanted}")));
    }
    let output = Output::of_write(&call, io)?;
    let (objects, mut failures) = objects(&mut call, io)?;
    for object in objects {
        let name = super::super::output::name(&object);
        let revisions = match revisions(&mut call, io, &object, "history viewer") {
            Ok(revisions) => revisions,
            Err(failure) => {
                failures.push(failure);
                continue;
            }
        };
        if output.is_none() && revisions.is_empty() {
            let which = match wanted {
                0 => String::new(),
                number => format!("with revision #{number}"),
            };
            io.say(format!("{name} {which}\nNo rollout history found."));
            continue;
        }
        if let Some(output) = &output {
            let shown = revisions.iter().filter(|one| wanted == 0 || one.number == wanted);
            let mut any = false;
            for revision in shown {
                any = true;
                let text = output.print(std::slice::from_ref(&revision.object(&object)), true)?;
                io.stdout.extend_from_slice(text.as_bytes());
            }
            if !any && wanted > 0 {
                failures.push(Failure::message("unable to find the specified revision"));
            }
            continue;
        }
        if wanted > 0 {
            let Some(revision) = revisions.iter().find(|revision| revision.number == wanted) else {
                failures.push(Failure::message("unable to find the specified revision"));
                continue;
            };
            io.say(format!("{name} with revision #{wanted}"));
            io.say(describe::template(&revision.annotated()));
            continue;
        }
        let column = |name: &str| Column { name: name.to_owned(), wide: false };
        let rows = revisions.into_iter().map(|revision| {
            let cause = revision.cause.unwrap_or_else(|| "<none>".to_owned());
            vec![revision.number.to_string(), cause]
        });
        let columns = vec![column("REVISION"), column("CHANGE-CAUSE")];
        // kubectl aligns this table with two spaces, as it does descriptions.
        let table = Table { columns, rows: rows.collect() };
        io.say(format!("{name} "));
        let lines: Vec<String> = std::iter::once(
            table.columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>(),
        )
        .chain(table.rows)
        .map(|cells| cells.join("\t") + "\n")
        .collect();
        io.say(align(&lines.concat()));
    }
    Failure::of(failures).map_or(DONE, Err)
}
