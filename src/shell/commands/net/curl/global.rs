//! What holds for a whole curl command, and the trace that it writes.

use std::time::Duration;

use crate::shell::Io;

/// What holds for the whole command.
#[derive(Clone, Debug, Default)]
pub struct Global {
    pub silent: bool,
    pub show_error: bool,
    pub verbose: bool,
    pub trace_time: bool,
    pub trace: Option<Trace>,
    pub fail_early: bool,
    /// How many transfers run at once, with `-Z`.
    pub parallel: Option<usize>,
    pub parallel_max: Option<usize>,
    pub no_meter: bool,
    pub bar: bool,
    /// `--stderr`: the file that takes what is said, or `-` for standard output.
    pub errors: Option<String>,
    /// `--rate`: the time between the beginnings of two transfers.
    pub gap: Option<Duration>,
}

/// `--trace` and `--trace-ascii`: where everything that is sent and received is written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    pub file: String,
    pub ascii: bool,
}

impl Trace {
    /// Adds to what is written down.
    pub fn write(&self, io: &mut Io<'_>, text: &str) {
        match self.file.as_str() {
            "-" => io.stdout.extend_from_slice(text.as_bytes()),
            "%" => io.put_error(text.as_bytes()),
            file => {
                let mut content = io.read_file(file).unwrap_or_default();
                content.extend_from_slice(text.as_bytes());
                // That it can be written was seen when it was opened.
                let _ = io.write_file(file, &content);
            }
        }
    }

    /// Bytes in lines, as `tool_cb_dbg.c` writes them: sixteen with their hexadecimal form, or
    /// sixty-four without it, where a line ends where the text's does.
    pub fn dump(&self, content: &[u8]) -> String {
        let width = if self.ascii { 64 } else { 16 };
        let (mut text, mut at) = (String::new(), 0);
        while at < content.len() {
            text += &format!("{at:04x}: ");
            let line = &content[at..(at + width).min(content.len())];
            if !self.ascii {
                for place in 0..width {
                    text +=
                        &line.get(place).map_or("   ".to_owned(), |byte| format!("{byte:02x} "));
                }
            }
            let rest = &content[at..];
            let end = rest.windows(2).position(|pair| pair == b"\r\n").filter(|_| self.ascii);
            let (shown, step) = match end {
                Some(end) if end <= width => (&rest[..end], end + 2),
                _ => (line, width),
            };
            text.extend(shown.iter().map(|byte| match byte {
                0x20..=0x7e => char::from(*byte),
                _ => '.',
            }));
            text.push('\n');
            at += step;
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // `tool_cb_dbg.c`, `dump`: both forms of the same bytes.
    #[test]
    fn bytes_are_dumped_in_both_forms() {
        let trace = |ascii| Trace { file: "-".to_owned(), ascii };
        let content = b"GET / HTTP/1.1\r\nHost: web\r\n\r\n";
        assert_eq!(trace(true).dump(content), "0000: GET / HTTP/1.1\n0010: Host: web\n001b: \n");
        assert_eq!(
            trace(false).dump(&content[..18]),
            "0000: 47 45 54 20 2f 20 48 54 54 50 2f 31 2e 31 0d 0a GET / HTTP/1.1..\n0010: 48 6f                                           Ho\n"
        );
    }
}
