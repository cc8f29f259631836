//! What GNU wget says of a download, on a terminal of 80 columns (recording 31).

use std::fmt::Write as _;

use super::arguments::Volume;
use crate::clock::SimTime;
use crate::cluster::HttpResponse;
use crate::shell::Io;

/// The encoding of the C locale, as glibc names it.
pub(super) const ASCII: &str = "ANSI_X3.4-1968";

/// The words, as loud as they may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Messages {
    pub volume: Volume,
    /// The quotation marks of the locale.
    pub quotes: (char, char),
    /// `-d`
    pub debug: bool,
}

impl Messages {
    /// The words at a place: in a UTF-8 locale with typographic quotation marks.
    pub fn new(volume: Volume, io: &Io<'_>) -> Messages {
        let locale =
            ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(|name| io.environment.get(name));
        let utf8 = locale.is_some_and(|value| value.to_lowercase().contains("utf"));
        Messages { volume, quotes: if utf8 { ('‘', '’') } else { ('\'', '\'') }, debug: false }
    }

    /// Something that only `-d` says, and even beside `-q`. No newline is added.
    pub fn debug(self, io: &mut Io<'_>, text: impl AsRef<str>) {
        if self.debug {
            io.put_error(text.as_ref().as_bytes());
        }
    }

    /// What `-d` says of a URL that is turned into UTF-8; in a locale of UTF-8 there is nothing to do.
    pub fn converted(self, io: &mut Io<'_>, url: &str) {
        if self.quotes.0 == '\'' {
            self.debug(io, format!("converted '{url}' ({ASCII}) -> '{url}' (UTF-8)\n"));
        }
    }

    /// What `-d` says of the name of a file.
    pub fn named(self, io: &mut Io<'_>, file: &str) {
        let locale = if self.quotes.0 == '\'' { ASCII } else { "UTF-8" };
        let (open, close) = self.quotes;
        self.debug(
            io,
            format!("Converted file name {open}{file}{close} (UTF-8) -> {open}{file}{close} ({locale})\n"),
        );
    }

    /// Something that only a verbose wget says. No newline is added.
    pub fn verbose(self, io: &mut Io<'_>, text: impl AsRef<str>) {
        if self.volume == Volume::Verbose {
            io.put_error(text.as_ref().as_bytes());
        }
    }

    /// Something that only `-q` hides. No newline is added.
    pub fn tell(self, io: &mut Io<'_>, text: impl AsRef<str>) {
        if self.volume > Volume::Quiet {
            io.put_error(text.as_ref().as_bytes());
        }
    }

    /// A text in the locale's quotation marks.
    pub fn quoted(self, text: &str) -> String {
        format!("{}{text}{}", self.quotes.0, self.quotes.1)
    }
}

/// `--version`
pub(super) const VERSION: &str = "GNU Wget 1.21.3 built on linux-gnu.\n\n-cares +digest -gpgme +https +ipv6 +iri +large-file -metalink +nls \n+ntlm +opie +psl +ssl/gnutls ";

/// `--help`: every flag.
pub(super) fn help() -> String {
    let mut lines = vec![
        "GNU Wget 1.21.3, a non-interactive network retriever.".to_owned(),
        "Usage: wget [OPTION]... [URL]...".to_owned(),
        String::new(),
    ];
    for flag in super::flags::FLAGS {
        let short = match flag.short {
            "" => String::new(),
            short => format!("-{short},"),
        };
        let value = if flag.takes == super::flags::Takes::Value { "=VALUE" } else { "" };
        lines.push(format!("  {short:<4} --{}{value}", flag.name));
    }
    lines.join("\n")
}

/// A response's head, as `--save-headers` keeps it.
pub(super) fn head(response: &HttpResponse) -> String {
    let mut text = format!("{} {} {}\r\n", response.version, response.status, response.reason);
    for (name, value) in &response.headers {
        let _ = write!(text, "{name}: {value}\r\n");
    }
    text + "\r\n"
}

/// How many kilobytes a dot is, how many dots stand together, how many in a line: the styles of
/// `--progress=dot`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dots {
    kilobytes: usize,
    together: usize,
    line: usize,
}

impl Dots {
    /// The style called so; the usual one for any other name.
    pub fn style(name: &str) -> Dots {
        let (kilobytes, together, line) = match name {
            "binary" => (8, 16, 48),
            "mega" => (64, 8, 48),
            "giga" => (1024, 8, 32),
            _ => (1, 10, 50),
        };
        Dots { kilobytes, together, line }
    }

    /// Progress in dots, as logs and whatever is no terminal have it; `kept` bytes were there before.
    pub fn show(self, bytes: usize, kept: usize, length: Option<usize>) -> String {
        let mut text = String::new();
        if kept > 0 {
            text += "     0K\n";
        }
        let all = bytes + kept;
        let count = all / 1024 / self.kilobytes;
        let lines = count / self.line + 1;
        for line in 0..lines {
            let _ = write!(text, "{:>6}K", line * self.line * self.kilobytes);
            let last = line + 1 == lines;
            let here = if last { count % self.line } else { self.line };
            for dot in 0..self.line {
                if dot % self.together == 0 {
                    text.push(' ');
                }
                text.push(if dot < here { '.' } else { ' ' });
            }
            if length.is_some() {
                let so_far = ((line + 1) * self.line * self.kilobytes * 1024).min(all);
                let percent = (so_far * 100).checked_div(all).unwrap_or(100);
                let _ = write!(text, "{percent:>3}%");
            }
            let tail = if last { "=0s" } else { " 0s" };
            let _ = writeln!(text, " {:>4}{tail}", dot_rate(bytes));
        }
        text + "\n"
    }
}

/// `5.53M`
fn dot_rate(bytes: usize) -> String {
    rate(bytes).replace("B/s", "").replace(' ', "")
}

/// `2026-11-20 23:22:34`
pub(super) fn stamp(at: SimTime) -> String {
    at.timestamp().to_string().chars().take(19).map(|c| if c == 'T' { ' ' } else { c }).collect()
}

/// The line with the length and type of what comes.
pub(super) fn length(response: &HttpResponse, told: Result<usize, &str>, kept: usize) -> String {
    let mut line = match told {
        Err(unknown) => format!("Length: {unknown}"),
        Ok(length) => format!("Length: {length}{}", rounded(length)),
    };
    let left = told.ok().map(|length| length.saturating_sub(kept)).filter(|_| kept > 0);
    if let Some(left) = left {
        let _ = write!(line, ", {left}{} remaining", rounded(left));
    }
    let kind = response.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if let Some((_, kind)) = kind {
        let kind = kind.split(';').next().unwrap_or("").trim();
        let _ = write!(line, " [{kind}]");
    }
    line + "\n"
}

/// ` (18K)` behind a length that is long.
fn rounded(length: usize) -> String {
    match length {
        0..1024 => String::new(),
        length => format!(" ({})", short_size(length)),
    }
}

/// `1.2K`, `18K`: one digit behind the point below ten.
pub(super) fn short_size(bytes: usize) -> String {
    let mut value = bytes as f64;
    let mut unit = "";
    for larger in ["K", "M", "G"] {
        if value >= 1024.0 {
            value /= 1024.0;
            unit = larger;
        }
    }
    match value < 10.0 && !unit.is_empty() {
        true => format!("{value:.1}{unit}"),
        false => format!("{}{unit}", value as u64),
    }
}

/// The progress bar in its first state.
pub(super) fn bar_begins(name: &str, length: Option<usize>) -> String {
    let (percent, bar) = match length {
        Some(length) if length > 0 => ("  0%", " ".repeat(20)),
        _ => ("    ", format!("{:<20}", "<=>")),
    };
    format!("{}{percent}[{bar}] {:>7}  --.-KB/s               ", column(name), 0)
}

/// The progress bar in its last state.
pub(super) fn bar_ends(name: &str, length: Option<usize>, bytes: usize) -> String {
    let (percent, bar) = match length {
        Some(length) if length > 0 => ("100%", format!("{}>", "=".repeat(19))),
        _ => ("    ", format!("{:<20}", " <=>")),
    };
    format!("{}{percent}[{bar}] {:>7}  --.-KB/s    in 0s\n\n", column(name), size(bytes))
}

/// How fast so many bytes came: `5.84 MB/s`.
pub(super) fn rate(bytes: usize) -> String {
    // What it takes to read them, in microseconds.
    let took = 2.6 + bytes as f64 / 100.0;
    let (rate, unit) = scaled(bytes as f64 * 1e6 / took, "B/s", ["KB/s", "MB/s", "GB/s"]);
    format!("{rate} {unit}")
}

/// `16`, `1.20K`, `10K`
pub(super) fn size(bytes: usize) -> String {
    if bytes < 1024 {
        return bytes.to_string();
    }
    let (size, unit) = scaled(bytes as f64, "", ["K", "M", "G"]);
    format!("{size}{unit}")
}

/// A number in the largest unit that leaves it at least 1, with two digits behind the point, or fewer
/// where more stand before it.
fn scaled(
    mut value: f64,
    smallest: &'static str,
    larger: [&'static str; 3],
) -> (String, &'static str) {
    let mut unit = smallest;
    for larger in larger {
        if value >= 1024.0 {
            value /= 1024.0;
            unit = larger;
        }
    }
    let digits = if value >= 99.95 {
        0
    } else if value >= 9.995 {
        1
    } else {
        2
    };
    (format!("{value:.digits$}"), unit)
}

/// A file's name in the progress bar's first column.
fn column(name: &str) -> String {
    let short: String = name.chars().take(19).collect();
    format!("{short:<20}")
}

#[cfg(test)]
mod tests {
    use super::*;

    // Recording 31, GNU wget: success
    #[test]
    fn the_bar_fills_eighty_columns_as_recorded() {
        assert_eq!(
            bar_ends("index.html", Some(16), 16),
            "index.html          100%[===================>]      16  --.-KB/s    in 0s\n\n"
        );
        assert_eq!(
            bar_begins("-", Some(16)),
            "-                     0%[                    ]       0  --.-KB/s               "
        );
        assert_eq!(
            bar_ends("-", None, 25),
            "-                       [ <=>                ]      25  --.-KB/s    in 0s\n\n"
        );
    }

    #[test]
    fn the_moment_is_told_to_the_second() {
        assert_eq!(stamp(SimTime::from_millis(61_500)), "2026-01-05 09:01:01");
    }

    #[test]
    fn sizes_and_rates_have_three_digits() {
        assert_eq!((size(1023).as_str(), size(1229).as_str()), ("1023", "1.20K"));
        assert_eq!(size(10_701), "10.5K");
        assert_eq!(rate(16), "5.53 MB/s");
    }
}
