//! How `wget` saves what it was given.

use std::time::Duration;

use k8s_openapi::jiff::Timestamp;

use super::arguments::{Arguments, Volume};
use super::reply::told_length;
use super::report::{self, Dots, Messages};
use super::request;
use super::tree::acceptable;
use super::{Download, FILE, Session};
use crate::cluster::HttpResponse;
use crate::shell::Io;
use crate::shell::commands::net::curl::disposed_name;
use crate::shell::commands::net::url::Url;
use crate::shell::commands::system::date::parse_date;

impl Session {
    /// Saves a response, and says so.
    pub(super) fn save(
        &mut self,
        arguments: &Arguments,
        words: Messages,
        io: &mut Io<'_>,
        download: &Download,
        response: &HttpResponse,
    ) {
        let body = match arguments.save_headers {
            true => [report::head(response).as_bytes(), &response.body].concat(),
            false => response.body.clone(),
        };
        let kept = match response.status {
            206 => request::offset(arguments, io, &download.url),
            _ => 0,
        };
        let told = told_length(response).filter(|_| !arguments.ignore_length);
        let length = told.map(|length| length + kept);
        let place = if arguments.trust_names { &download.url } else { &download.first };
        let mut file = file_name(arguments, io, place, response);
        let stdout = file == "-";
        let follows = arguments.recursive || arguments.requisites;
        // What is fetched for its links alone goes again.
        let unwanted = follows && !acceptable(arguments, &file);
        if (arguments.delete_after || unwanted) && !stdout {
            file += ".tmp";
        }
        let named = words.quoted(if stdout { "STDOUT" } else { &file });
        let fails = response.status >= 400;
        let nothing = response.status == 204;
        if !nothing && !fails {
            let unknown = if arguments.ignore_length { "ignored" } else { "unspecified" };
            words.verbose(io, report::length(response, length.ok_or(unknown), kept));
        }
        if !stdout && let Err(why) = self.write(arguments, io, &file, &body) {
            words.tell(io, format!("{why}\n\nCannot write to {named} ({}).\n", last_words(&why)));
            return self.fail(FILE);
        }
        stamp_file(arguments, io, &file, response);
        if !nothing {
            words.verbose(io, format!("Saving to: {named}\n"));
        }
        show_progress(arguments, words, io, &file, &Received { response, body, kept, length });
        if fails {
            return;
        }
        let bytes = response.body.len() + kept;
        let of = length.map_or(String::new(), |length| format!("/{length}"));
        let now = report::stamp(io.now());
        let done = if stdout { "written to stdout".to_owned() } else { format!("{named} saved") };
        words.verbose(io, format!("{now} ({}) - {done} [{bytes}{of}]\n\n", report::rate(bytes)));
        if words.volume == Volume::Terse {
            let (url, tries) = (download.url.text(), download.tries);
            words.tell(io, format!("{now} URL:{url} [{bytes}{of}] -> \"{file}\" [{tries}]\n"));
        }
        self.files += 1;
        self.bytes += bytes;
        if arguments.rate > 0 {
            let late = (response.body.len() as u64).saturating_mul(1000) / arguments.rate as u64;
            self.rest = Some(io.now() + Duration::from_millis(late));
        }
        if follows {
            self.tree.grow(arguments, &download.url, download.depth, response);
        }
        if !stdout {
            take_away(arguments, words, io, &file);
        }
    }

    /// Writes a file; with `-O` all downloads go into one.
    pub(super) fn write(
        &mut self,
        arguments: &Arguments,
        io: &mut Io<'_>,
        file: &str,
        body: &[u8],
    ) -> Result<(), String> {
        if file == "/dev/null" {
            return Ok(());
        }
        let mut content = Vec::new();
        let more = arguments.output.is_some() && std::mem::replace(&mut self.written, true);
        if more || arguments.resume && io.is_file(file) {
            content = io.read_file(file).map_err(|why| format!("{file}: {why}"))?;
        }
        content.extend_from_slice(body);
        if let Some(count) = arguments.backups.filter(|_| !more) {
            keep_backups(io, file, count);
        }
        if let Some((folder, _)) = file.rsplit_once('/')
            && arguments.output.is_none()
            && !folder.is_empty()
            && !io.is_directory(folder)
        {
            make_folders(io, folder).map_err(|why| format!("{folder}: {why}\n{file}: {why}"))?;
        }
        io.write_file(file, &content).map_err(|why| format!("{file}: {why}"))
    }
}

/// The reason in a message that ends with it.
fn last_words(message: &str) -> &str {
    message.rsplit(": ").next().unwrap_or(message)
}

/// Makes a folder, with those above it that are missing.
fn make_folders(io: &mut Io<'_>, folder: &str) -> Result<(), String> {
    let ends = folder.match_indices('/').map(|(at, _)| at).chain([folder.len()]);
    for end in ends.filter(|end| *end > 0) {
        if !io.is_directory(&folder[..end]) {
            io.make_directory(&folder[..end])?;
        }
    }
    Ok(())
}

/// A file is as old as the server says that it is.
fn stamp_file(arguments: &Arguments, io: &mut Io<'_>, file: &str, response: &HttpResponse) {
    let told = response.header("last-modified").and_then(|text| parse_date(io, text));
    let moment = told.and_then(|moment| Timestamp::new(moment.seconds, 0).ok());
    if let Some(moment) =
        moment.filter(|_| arguments.server_times && !matches!(file, "-" | "/dev/null"))
    {
        io.change_attributes(file, |attributes| attributes.changed = Some(moment));
    }
}

/// `--backups`: the file that is there moves on to `FILE.1`, that to `FILE.2`, and so on.
fn keep_backups(io: &mut Io<'_>, file: &str, count: u32) {
    let name = |number: u32| match number {
        0 => file.to_owned(),
        number => format!("{file}.{number}"),
    };
    for number in (0..count.min(99)).rev() {
        if let Ok(content) = io.read_file(&name(number)) {
            // Where one cannot be written, the new file itself cannot, which is told.
            let _ = io.write_file(&name(number + 1), &content);
        }
    }
}

/// Where a download goes: a name that is taken gets a number.
fn file_name(arguments: &Arguments, io: &Io<'_>, url: &Url, response: &HttpResponse) -> String {
    if let Some(output) = &arguments.output {
        return output.clone();
    }
    let mut path = request::path(arguments, url, response.header("content-type"));
    let told = response.header("content-disposition").filter(|_| arguments.told_name);
    if let Some(name) = told.and_then(disposed_name) {
        let folder =
            path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
        path = format!("{folder}{name}");
    }
    let taken = |path: &str| io.read_file(path).is_ok();
    let replaced = arguments.newer || arguments.has_folders() || arguments.backups.is_some();
    if !taken(&path) || arguments.resume || replaced {
        return path;
    }
    (1..).map(|number| format!("{path}.{number}")).find(|path| !taken(path)).unwrap_or(path)
}

/// A response, as far as it has come.
struct Received<'r> {
    response: &'r HttpResponse,
    /// What is saved of it.
    body: Vec<u8>,
    /// How many bytes were there before (`-c`).
    kept: usize,
    /// How long all is.
    length: Option<usize>,
}

/// Shows how a download goes on; what goes to standard output is written there.
fn show_progress(
    arguments: &Arguments,
    words: Messages,
    io: &mut Io<'_>,
    file: &str,
    received: &Received<'_>,
) {
    let Received { response, body, kept, length } = received;
    let (bytes, stdout, nothing) = (response.body.len(), file == "-", response.status == 204);
    let shown = match arguments.output.as_ref().is_some_and(|path| path.contains('/')) {
        true => file,
        false => file.rsplit('/').next().unwrap_or(file),
    };
    // Without a terminal, progress is shown as in logs.
    let plain = arguments.log.is_some() || !io.terminal;
    let dots = arguments.dots.or(plain.then(|| Dots::style("default")));
    if stdout && dots.is_some() && !nothing {
        // The C library's buffer is written before the next message.
        io.stdout.extend_from_slice(body);
    }
    if !nothing {
        words.verbose(io, "\n");
    }
    if stdout && dots.is_none() {
        if io.terminal && bytes > 0 {
            words.verbose(io, report::bar_begins(shown, *length));
        }
        io.stdout.extend_from_slice(body);
        if io.terminal && !response.body.is_empty() && !response.body.ends_with(b"\n") {
            words.verbose(io, "\n");
        }
    }
    let progress = match dots {
        _ if nothing => String::new(),
        Some(dots) => dots.show(bytes, *kept, *length),
        None => report::bar_ends(shown, *length, bytes),
    };
    match arguments.show_progress && words.volume != Volume::Verbose {
        true => io.put_error(format!("\n{progress}").as_bytes()),
        false => words.verbose(io, progress),
    }
}

/// Removes a file that was written a moment ago, where nobody wants to keep it.
fn take_away(arguments: &Arguments, words: Messages, io: &mut Io<'_>, file: &str) {
    let follows = arguments.recursive || arguments.requisites;
    if follows && !acceptable(arguments, file) {
        words.verbose(io, format!("Removing {file} since it should be rejected.\n\n"));
    } else if arguments.delete_after {
        words.verbose(io, format!("Removing {file}.\n"));
    } else {
        return;
    }
    // Where it went meanwhile, nothing is left to be done.
    let _ = io.remove_file(file);
}
