//! httpd's logs: what a line of `LogFormat` has in it, and where lines go.

use super::config::Config;
use super::serve::RequestHandler;
use crate::cluster::programs::http;
use crate::cluster::{Context, HttpResponse};

/// The format `common`, which is used where nothing else is said.
const COMMON: &str = "%h %l %u %t \"%r\" %>s %b";

/// Writes the line of a request to every log of its server.
pub fn access(
    handler: &RequestHandler<'_>,
    response: &HttpResponse,
    micros: u128,
    context: &mut Context<'_>,
) {
    let own = &handler.host.logs;
    let logs = if own.is_empty() { &handler.config.hosts[0].logs } else { own };
    for (file, format) in logs {
        let format = format_of(handler.config, format);
        let line = filled(format, handler, response, micros, context);
        write(context, file, &line);
    }
}

fn format_of<'a>(config: &'a Config, format: &'a str) -> &'a str {
    match config.formats.get(format) {
        Some(known) => known,
        None if format.is_empty() => COMMON,
        None => format,
    }
}

/// A line for a log: the container's own, or a file in it.
pub fn write(context: &mut Context<'_>, file: &str, line: &str) {
    match file {
        "/proc/self/fd/1" | "/dev/stdout" => context.say(line),
        "/proc/self/fd/2" | "/dev/stderr" => context.write_error(line),
        file => {
            let place = context.place.clone();
            let mut text = context.cluster.read_file(&place, file).unwrap_or_default();
            text.extend_from_slice(line.as_bytes());
            text.push(b'\n');
            // A log that can't be written is lost.
            let _ = context.cluster.write_file(&place, file, &text);
        }
    }
}

/// `%h %>s %{Referer}i` (mod_log_config).
fn filled(
    format: &str,
    handler: &RequestHandler<'_>,
    response: &HttpResponse,
    micros: u128,
    context: &Context<'_>,
) -> String {
    let mut line = String::new();
    let mut letters = format.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter == '\\' {
            match letters.next() {
                Some('t') => line.push('\t'),
                Some('n') => line.push('\n'),
                other => line.extend(other),
            }
            continue;
        }
        if letter != '%' {
            line.push(letter);
            continue;
        }
        while letters.next_if(|c| ['<', '>', '!', ','].contains(c) || c.is_ascii_digit()).is_some()
        {
        }
        let mut argument = None;
        if letters.next_if_eq(&'{').is_some() {
            let mut text = String::new();
            while let Some(letter) = letters.next().filter(|letter| *letter != '}') {
                text.push(letter);
            }
            argument = Some(text);
        }
        let Some(kind) = letters.next() else { break };
        line += &value(kind, argument.as_deref(), handler, response, micros, context);
    }
    line
}

fn value(
    kind: char,
    argument: Option<&str>,
    handler: &RequestHandler<'_>,
    response: &HttpResponse,
    micros: u128,
    context: &Context<'_>,
) -> String {
    let request = handler.request;
    let name = argument.unwrap_or("");
    let (path, query) = http::split_target(&request.target);
    let size = response.body.len();
    let dash = || "-".to_owned();
    match kind {
        'h' | 'a' => handler.ask.peer.ip().to_string(),
        'A' => handler.ask.local.ip().to_string(),
        'l' | 'u' => dash(),
        't' => format!("[{}]", http::log_date(context.now())),
        'r' => format!("{} {} {}", request.method, request.target, request.version),
        's' => response.status.to_string(),
        'b' if size == 0 => dash(),
        'b' | 'B' => size.to_string(),
        'i' => http::header(request, name).map_or_else(dash, str::to_owned),
        'o' => response
            .headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map_or_else(dash, |(_, value)| value.clone()),
        'D' => micros.to_string(),
        'T' => (micros / 1_000_000).to_string(),
        'm' => request.method.clone(),
        'U' => path.to_owned(),
        'q' if query.is_empty() => String::new(),
        'q' => format!("?{query}"),
        'H' => request.version.to_string(),
        'p' => handler.ask.local.port().to_string(),
        'v' | 'V' => handler.name().to_owned(),
        'P' => "8".to_owned(),
        '%' => "%".to_owned(),
        _ => dash(),
    }
}
