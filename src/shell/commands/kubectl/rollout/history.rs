//! `kubectl rollout history`

use super::super::super::super::tool::Io;
use super::super::catalog::{self, Command};
use super::super::flags::{Takes, text, typed};
use super::super::{Call, DONE, Failure, Outcome, describe};
use super::{objects, revisions};
use crate::api::table::{Column, Table};

pub(super) static COMMAND: Command = Command {
    name: "history",
    short: "View rollout history",
    usage: "(TYPE NAME | TYPE/NAME) [flags]",
    flags: &[
        catalog::FILENAME,
        catalog::SELECTOR,
        &[
            typed("revision", Takes::Number, "0", "The revision to show in full."),
            text("output", Some('o'), "Not used here."),
        ],
    ],
    run,
    ..catalog::PLAIN
};

fn run(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let (objects, mut failures) = objects(&mut call, io)?;
    let wanted = call.arguments.number("revision").unwrap_or(0);
    if wanted < 0 {
        return Err(Failure::message("revision must be a positive integer: -1"));
    }
    for object in objects {
        let name = super::super::output::name(&object);
        let revisions = match revisions(&mut call, io, &object) {
            Ok(revisions) => revisions,
            Err(failure) => {
                failures.push(failure);
                continue;
            }
        };
        if wanted > 0 {
            let Some(revision) = revisions.iter().find(|revision| revision.number == wanted) else {
                failures.push(Failure::message("unable to find the specified revision"));
                continue;
            };
            io.say(format!("{name} with revision #{wanted}"));
            io.say(describe::template(&revision.template));
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
        io.say(describe::align(&lines.concat()));
    }
    Failure::of(failures).map_or(DONE, Err)
}
