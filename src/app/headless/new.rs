//! `podhop new DIR`: a pack of one level to begin with.

use std::fs;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use include_dir::{Dir, include_dir};

use super::{Ended, Output, Usage};
use crate::level::{FormatFile, Pack};

/// What a new pack holds.
static TEMPLATE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/src/app/headless/template");

/// Where a pack keeps the schemas for its author's editor; podhop does not read hidden folders.
const SCHEMAS: &str = ".schema";

/// Makes the pack. Nothing that is there already is touched.
pub fn new(folder: &Path) -> Ended {
    let fails = |error: io::Error| Usage::cannot("write to", folder, &error);
    let taken = match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_some(),
        Err(_) => folder.exists(),
    };
    if taken {
        let message = format!("{} is there already; name a folder that is not", folder.display());
        return Err(Usage(message));
    }
    write(&TEMPLATE, folder).map_err(fails)?;
    let schemas = folder.join(SCHEMAS);
    fs::create_dir_all(&schemas).map_err(fails)?;
    for (name, file) in
        [("pack", FormatFile::Pack), ("level", FormatFile::Level), ("expect", FormatFile::Expect)]
    {
        let text = format!("{:#}\n", Pack::json_schema(file));
        fs::write(schemas.join(format!("{name}.json")), text).map_err(fails)?;
    }
    let mut out = Output::new();
    let folder = folder.display();
    out.line(format!("{folder} is a pack with one level, bakery. Next:"));
    out.line(format!("  podhop lint {folder} --watch          proves it, again at every change"));
    out.line(format!("  podhop play bakery --levels {folder}  plays it"));
    Ok(ExitCode::SUCCESS)
}

fn write(from: &Dir<'_>, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for file in from.files() {
        if let Some(name) = file.path().file_name() {
            fs::write(to.join(name), file.contents())?;
        }
    }
    for folder in from.dirs() {
        if let Some(name) = folder.path().file_name() {
            write(folder, &to.join(name))?;
        }
    }
    Ok(())
}
