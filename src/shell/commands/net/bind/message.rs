//! A DNS message as dig prints it.

use std::fmt::Write as _;

use crate::network::{DnsAnswer, DnsData, DnsRecord, DnsType, TraceId};

/// What dig's `+[no]…` switches leave to be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Look {
    pub comments: bool,
    pub question: bool,
    pub answer: bool,
    pub authority: bool,
    pub additional: bool,
    pub stats: bool,
    /// `+ttlid`
    pub ttl: bool,
    /// `+ttlunits`: `1h` instead of `3600`.
    pub units: bool,
    pub class: bool,
    pub multiline: bool,
}

impl Default for Look {
    fn default() -> Look {
        Look {
            comments: true,
            question: true,
            answer: true,
            authority: true,
            additional: true,
            stats: true,
            ttl: true,
            units: false,
            class: true,
            multiline: false,
        }
    }
}

impl Look {
    /// `+[no]all`: every section, or none.
    pub fn all(&mut self, on: bool) {
        (self.comments, self.question, self.answer) = (on, on, on);
        (self.authority, self.additional, self.stats) = (on, on, on);
    }

    /// Columns of a record: time to live, class, type, data (`dig.c`, `printmessage`).
    fn columns(&self) -> [usize; 4] {
        match (self.ttl, self.class) {
            _ if self.multiline => [24, 24, 24, 32],
            (false, false) => [24, 24, 24, 32],
            (true, true) => [24, 32, 40, 48],
            _ => [24, 24, 32, 40],
        }
    }

    /// One record, in columns.
    pub fn record(&self, record: &DnsRecord) -> String {
        let columns = self.columns();
        let mut line = Line::new(&record.name);
        if self.ttl {
            let ttl = if self.units { units(record.ttl) } else { record.ttl.to_string() };
            line.column(columns[0], &ttl);
        }
        if self.class {
            line.column(columns[1], "IN");
        }
        line.column(columns[2], &record.data.kind().to_string());
        let data = match &record.data {
            DnsData::Soa { server, mailbox, serial, refresh, retry, expire, minimum }
                if self.multiline =>
            {
                let indent = "\t".repeat(columns[3] / 8);
                let numbers = [
                    (*serial, "serial"),
                    (u64::from(*refresh), "refresh"),
                    (u64::from(*retry), "retry"),
                    (u64::from(*expire), "expire"),
                    (u64::from(*minimum), "minimum"),
                ];
                let lines = numbers.map(|(number, what)| {
                    let long = if what == "serial" { String::new() } else { spelt(number) };
                    format!("\n{indent}{number:<10} ; {what}{long}")
                });
                format!("{server} {mailbox} ({}\n{indent})", lines.concat())
            }
            data => data.to_string(),
        };
        line.column(columns[3], &data);
        line.text
    }
}

/// What the question asks of the server beside the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wishes {
    /// `rd`
    pub recursion: bool,
    /// `cd`
    pub unchecked: bool,
    /// `do`, of EDNS
    pub signatures: bool,
    pub edns: bool,
    pub cookie: bool,
    /// How large an answer may be.
    pub buffer: u16,
    pub class: &'static str,
}

impl Default for Wishes {
    fn default() -> Wishes {
        Wishes {
            recursion: true,
            unchecked: false,
            signatures: false,
            edns: true,
            cookie: true,
            buffer: 1232,
            class: "IN",
        }
    }
}

/// A question and its answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message<'a> {
    pub name: &'a str,
    pub kind: DnsType,
    pub answer: &'a DnsAnswer,
    pub trace: TraceId,
    pub look: &'a Look,
    pub wishes: &'a Wishes,
}

impl Message<'_> {
    /// The sections that are to be seen.
    pub fn print(&self) -> String {
        let mut text = String::new();
        if self.look.comments {
            text.push_str(";; Got answer:\n");
            self.header(&mut text);
            self.edns(&mut text, self.has_cookie().then_some(" (echoed)"));
        }
        self.sections(&mut text);
        text
    }

    /// The question, as `+qr` shows it.
    pub fn query(&self) -> String {
        let mut text = String::new();
        if self.look.comments {
            text.push_str(";; Sending:\n");
            self.warning(&mut text);
            let id = mix(self.trace) as u16;
            let rd = if self.wishes.recursion { "rd " } else { "" };
            let cd = if self.wishes.unchecked { " cd" } else { "" };
            let edns = u8::from(self.wishes.edns);
            let _ = writeln!(
                text,
                ";; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: {id}\n;; flags: {rd}ad{cd}; QUERY: 1, ANSWER: 0, AUTHORITY: 0, ADDITIONAL: {edns}\n"
            );
            self.edns(&mut text, self.wishes.cookie.then_some(""));
        }
        if self.look.question {
            self.question(&mut text);
        }
        if self.look.comments {
            let size = 12 + wire(self.name) + 4 + self.options(self.wishes.cookie);
            let _ = writeln!(text, ";; QUERY SIZE: {size}\n");
        }
        text
    }

    /// What is asked, and the records.
    pub fn sections(&self, text: &mut String) {
        if self.look.question {
            self.question(text);
        }
        let sections = [
            (self.look.answer, "ANSWER", &self.answer.records),
            (self.look.authority, "AUTHORITY", &self.answer.authority),
            (self.look.additional, "ADDITIONAL", &self.answer.additional),
        ];
        for (_, name, records) in sections.into_iter().filter(|(shown, ..)| *shown) {
            let lines: Vec<String> =
                records.iter().map(|record| self.look.record(record)).collect();
            section(text, self.look.comments, name, &lines);
        }
    }

    fn question(&self, text: &mut String) {
        let columns = self.look.columns();
        let mut line = Line::new(self.name);
        line.column(columns[1], self.wishes.class);
        line.column(columns[2], &self.kind.to_string());
        section(text, self.look.comments, "QUESTION", &[format!(";{}", line.text)]);
    }

    fn warning(&self, text: &mut String) {
        if self.name.to_lowercase().ends_with(".local.") {
            text.push_str(";; WARNING: .local is reserved for Multicast DNS\n;; You are currently testing what happens when an mDNS query is leaked to DNS\n");
        }
    }

    fn header(&self, text: &mut String) {
        self.warning(text);
        self.flags(text, self.wishes.edns);
        if self.wishes.recursion && !self.answer.recursion_available {
            text.push_str(";; WARNING: recursion requested but not available\n");
        }
        text.push('\n');
    }

    /// The lines of the header that dig and host have in common.
    pub fn flags(&self, text: &mut String, edns: bool) {
        let answer = self.answer;
        let (code, id) = (answer.code, mix(self.trace) as u16);
        let _ = writeln!(text, ";; ->>HEADER<<- opcode: QUERY, status: {code}, id: {id}");
        let aa = if answer.authoritative { " aa" } else { "" };
        let rd = if self.wishes.recursion { " rd" } else { "" };
        let ra = if answer.recursion_available { " ra" } else { "" };
        let cd = if self.wishes.unchecked { " cd" } else { "" };
        let (records, authority) = (answer.records.len(), answer.authority.len());
        let additional = answer.additional.len() + usize::from(edns);
        let _ = writeln!(
            text,
            ";; flags: qr{aa}{rd}{ra}{cd}; QUERY: 1, ANSWER: {records}, AUTHORITY: {authority}, ADDITIONAL: {additional}"
        );
    }

    /// CoreDNS gives the question's EDNS record back, with its size and flag.
    fn edns(&self, text: &mut String, cookie: Option<&str>) {
        if !self.wishes.edns {
            return;
        }
        let flag = if self.wishes.signatures { " do" } else { "" };
        let size = self.wishes.buffer;
        let _ =
            writeln!(text, ";; OPT PSEUDOSECTION:\n; EDNS: version: 0, flags:{flag}; udp: {size}");
        if let Some(echoed) = cookie {
            let cookie = mix(self.trace).rotate_left(17);
            let _ = writeln!(text, "; COOKIE: {cookie:016x}{echoed}");
        }
    }

    /// CoreDNS sends the client's cookie back; the resolver outside does not (recording 30).
    fn has_cookie(&self) -> bool {
        let own = self.answer.authoritative || !self.answer.recursion_available;
        self.wishes.cookie && own
    }

    /// The bytes of EDNS' record.
    fn options(&self, cookie: bool) -> usize {
        if self.wishes.edns { 11 + if cookie { 12 } else { 0 } } else { 0 }
    }

    /// The size of the message, without compression, as CoreDNS sends it.
    pub fn size(&self) -> usize {
        let records = [&self.answer.records, &self.answer.authority, &self.answer.additional];
        let records: usize = records.into_iter().flatten().map(record_size).sum();
        12 + wire(self.name) + 4 + records + self.options(self.has_cookie())
    }
}

/// A time in BIND's units: `1d2h`.
fn units(seconds: u32) -> String {
    let parts = [(604_800, 'w'), (86_400, 'd'), (3_600, 'h'), (60, 'm'), (1, 's')];
    let mut left = seconds;
    let mut text = String::new();
    for (size, letter) in parts {
        if left / size > 0 {
            let _ = write!(text, "{}{letter}", left / size);
        }
        left %= size;
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// A time in words, for a comment: ` (2 hours)`.
fn spelt(seconds: u64) -> String {
    let parts =
        [(604_800, "week"), (86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let mut left = seconds;
    let mut words = Vec::new();
    for (size, unit) in parts {
        let count = left / size;
        if count > 0 || size == 1 && words.is_empty() {
            words.push(format!("{count} {unit}{}", if count == 1 { "" } else { "s" }));
        }
        left %= size;
    }
    format!(" ({})", words.join(" "))
}

fn section(text: &mut String, comments: bool, name: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    if comments {
        let _ = writeln!(text, ";; {name} SECTION:");
    }
    for line in lines {
        text.push_str(line);
        text.push('\n');
    }
    if comments {
        text.push('\n');
    }
}

/// A line with tabulator stops every eight columns, as BIND indents.
struct Line {
    text: String,
    width: usize,
}

impl Line {
    fn new(text: &str) -> Line {
        Line { text: text.to_owned(), width: text.chars().count() }
    }

    /// Adds a text at a column, or after a blank if the line is that long already.
    fn column(&mut self, column: usize, text: &str) {
        let to = column.max(self.width + 1);
        let tabs = to / 8 - self.width / 8;
        let blanks = if tabs > 0 { to % 8 } else { to - self.width };
        self.text.push_str(&"\t".repeat(tabs));
        self.text.push_str(&" ".repeat(blanks));
        self.text.push_str(text);
        self.width = to + text.chars().count();
    }
}

/// How many bytes a name has in a message.
fn wire(name: &str) -> usize {
    let name = name.trim_end_matches('.');
    if name.is_empty() { 1 } else { name.len() + 2 }
}

fn record_size(record: &DnsRecord) -> usize {
    let data = match &record.data {
        DnsData::A(_) => 4,
        DnsData::Aaaa(_) => 16,
        DnsData::Cname(name) | DnsData::Ptr(name) | DnsData::Ns(name) => wire(name),
        DnsData::Srv { target, .. } => 6 + wire(target),
        DnsData::Txt(text) => 1 + text.len(),
        DnsData::Soa { server, mailbox, .. } => wire(server) + wire(mailbox) + 20,
    };
    wire(&record.name) + 10 + data
}

/// A number that looks like chance, and is the same for the same question.
fn mix(trace: TraceId) -> u64 {
    let mixed = trace.0.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 29)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::network::DnsCode;

    fn a(name: &str, ttl: u32) -> DnsRecord {
        DnsRecord { name: name.to_owned(), ttl, data: DnsData::A(Ipv4Addr::new(10, 97, 168, 127)) }
    }

    // Recording 30
    #[test]
    fn columns_are_as_recorded() {
        assert_eq!(
            Look::default().record(&a("web.default.svc.cluster.local.", 30)),
            "web.default.svc.cluster.local. 30 IN\tA\t10.97.168.127"
        );
        assert_eq!(
            Look::default().record(&a("example.com.", 30)),
            "example.com.\t\t30\tIN\tA\t10.97.168.127"
        );
        let srv = DnsData::Srv {
            priority: 0,
            weight: 100,
            port: 80,
            target: "mapped.default.svc.cluster.local.".to_owned(),
        };
        let name = "_http._tcp.mapped.default.svc.cluster.local.".to_owned();
        assert_eq!(
            Look::default().record(&DnsRecord { name, ttl: 30, data: srv }),
            "_http._tcp.mapped.default.svc.cluster.local. 30\tIN SRV 0 100 80 mapped.default.svc.cluster.local."
        );
    }

    // Recording 30: `MSG SIZE  rcvd: 115`
    #[test]
    fn sizes_and_sections_are_as_recorded() {
        let name = "web.default.svc.cluster.local.";
        let answer = DnsAnswer {
            code: DnsCode::NoError,
            authoritative: true,
            recursion_available: false,
            records: vec![a(name, 30)],
            authority: Vec::new(),
            additional: Vec::new(),
        };
        let (look, wishes) = (&Look::default(), &Wishes::default());
        let (kind, trace) = (DnsType::A, TraceId(1));
        let message = Message { name, kind, answer: &answer, trace, look, wishes };
        assert_eq!(message.size(), 115);
        let text = message.print();
        assert!(text.contains(";; flags: qr aa rd; QUERY: 1, ANSWER: 1, AUTHORITY: 0, ADDITIONAL: 1\n;; WARNING: recursion requested but not available\n\n;; OPT"));
        assert!(text.contains(
            ";; QUESTION SECTION:\n;web.default.svc.cluster.local.\tIN\tA\n\n;; ANSWER SECTION:\n"
        ));
    }

    // dig.c, `printmessage`: columns move when one is left out; `+multiline` spells times.
    #[test]
    fn columns_move_together_when_one_is_left_out() {
        let record = a("web.default.svc.cluster.local.", 3_660);
        let look = Look { ttl: false, ..Look::default() };
        assert_eq!(look.record(&record), "web.default.svc.cluster.local. IN A\t10.97.168.127");
        let look = Look { units: true, ..Look::default() };
        assert_eq!(
            look.record(&record),
            "web.default.svc.cluster.local. 1h1m IN\tA\t10.97.168.127"
        );
        assert_eq!((spelt(7_200), spelt(86_400)), (" (2 hours)".into(), " (1 day)".into()));
    }
}
