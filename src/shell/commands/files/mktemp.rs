//! `mktemp`: GNU's and BusyBox'.

use super::messages::{fail, missing};
use crate::shell::Io;
use crate::shell::commands::is_gnu;
use crate::shell::commands::options::{Grammar, Options};

const GRAMMAR: Grammar = Grammar {
    name: "mktemp",
    short: "dqup:tÀ:Á;",
    long: &[("directory", 'd'), ("quiet", 'q'), ("dry-run", 'u'), ("tmpdir", 'Á'), ("suffix", 'À')],
    stops: false,
};

/// What names are made of: a start, so many letters that are chosen, and an end.
struct Template {
    /// As GNU's messages name it.
    text: String,
    start: String,
    width: usize,
    end: String,
}

/// The folder that names are below, where they are below one: that of `-p` or `--tmpdir`, else that of the
/// environment, else `/tmp`. With `-t` the environment comes before what `-p` says (`mktemp.c`).
fn folder(options: &Options, io: &Io<'_>) -> Option<String> {
    if !['t', 'p', 'Á'].iter().any(|one| options.has(*one)) && !options.operands.is_empty() {
        return None;
    }
    let given = options.value('p').or(options.value('Á'));
    let given = given.filter(|folder| !folder.is_empty()).map(str::to_owned);
    let environment = io.environment.get("TMPDIR").filter(|folder| !folder.is_empty()).cloned();
    let found = match options.has('t') {
        true => environment.or(given),
        false => given.or(environment),
    };
    Some(found.unwrap_or_else(|| "/tmp".to_owned()))
}

impl Template {
    /// The template that the command line gives.
    ///
    /// # Errors
    /// What is wrong with it.
    fn of(options: &Options, io: &Io<'_>) -> Result<Template, String> {
        let gnu = is_gnu(io);
        let given = options.operands.first();
        let usual = if gnu { "tmp.XXXXXXXXXX" } else { "tmp.XXXXXX" };
        let mut text = given.cloned().unwrap_or_else(|| usual.to_owned());
        if gnu && options.has('t') && text.contains('/') {
            return Err(format!(
                "mktemp: invalid template, '{text}', contains directory separator"
            ));
        }
        let suffix = options.value('À').unwrap_or("");
        if suffix.contains('/') {
            return Err(format!("mktemp: invalid suffix '{suffix}', contains directory separator"));
        }
        if let Some(folder) = folder(options, io) {
            if gnu && text.starts_with('/') {
                let why = "with --tmpdir, it may not be absolute";
                return Err(format!("mktemp: invalid template, '{text}'; {why}"));
            }
            text = format!("{}/{text}", folder.trim_end_matches('/'));
        }
        if !suffix.is_empty() && !text.ends_with('X') {
            return Err(format!("mktemp: with --suffix, template '{text}' must end in X"));
        }
        let letters_end = text.rfind('X').map_or(text.len(), |last| last + 1);
        let start = text[..letters_end].trim_end_matches('X').to_owned();
        let end = text[letters_end..].to_owned() + suffix;
        let width = letters_end - start.len();
        if gnu && end.contains('/') {
            return Err(format!("mktemp: invalid suffix '{end}', contains directory separator"));
        }
        text += suffix;
        if width < if gnu { 3 } else { 6 } || !gnu && !end.is_empty() {
            return Err(match gnu {
                true => format!("mktemp: too few X's in template '{}'", given.unwrap_or(&text)),
                false => "mktemp: Invalid argument".to_owned(),
            });
        }
        Ok(Template { text, start, width, end })
    }

    /// The first name that nothing has.
    fn free(&self, io: &Io<'_>) -> Option<String> {
        let Template { start, width, end, .. } = self;
        let mut names = (0..10_000).map(|number| format!("{start}{number:0width$}{end}"));
        names.find(|path| !io.is_file(path) && !io.is_directory(path))
    }
}

pub(in crate::shell::commands) fn mktemp(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let Some(options) = GRAMMAR.read(arguments, io) else { return Some(1) };
    if let [_, _, ..] = options.operands.as_slice() {
        return Some(missing(io, "mktemp", "too many templates"));
    }
    let template = match Template::of(&options, io) {
        Ok(template) => template,
        Err(_) if options.has('q') && !is_gnu(io) => return Some(1),
        Err(why) => return Some(fail(io, why)),
    };
    let path = template.free(io)?;
    let parent = path.rsplit_once('/').map_or(".", |(parent, _)| parent);
    let parent = if parent.is_empty() { "/" } else { parent };
    // Nobody else may look into it.
    let (kind, mode) = if options.has('d') { ("directory", 0o700) } else { ("file", 0o600) };
    let made = match (options.has('u'), options.has('d')) {
        (true, _) => Ok(()),
        _ if !io.is_directory(parent) => Err("No such file or directory".to_owned()),
        (false, true) => io.make_directory(&path),
        (false, false) => io.write_file(&path, b""),
    };
    let text = &template.text;
    match made {
        Ok(()) => {
            if !options.has('u') {
                io.change_attributes(&path, |attributes| attributes.mode = Some(mode));
            }
            io.say(path);
            Some(0)
        }
        Err(_) if options.has('q') => Some(1),
        Err(why) if is_gnu(io) => {
            let what = format!("mktemp: failed to create {kind} via template '{text}': {why}");
            Some(fail(io, what))
        }
        Err(why) => Some(fail(io, format!("mktemp: {why}"))),
    }
}
