//! A DNS message as dig prints it.

use std::fmt::Write as _;

use crate::network::{DnsAnswer, DnsData, DnsRecord, DnsType, TraceId};

/// Columns of a record: time to live, class, type, data.
const COLUMNS: [usize; 4] = [24, 32, 40, 48];

/// What dig's `+[no]…` switches leave to be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sections {
    pub command: bool,
    pub comments: bool,
    pub question: bool,
    pub answer: bool,
    pub authority: bool,
    pub additional: bool,
    pub stats: bool,
}

impl Sections {
    /// All of them, or none.
    pub fn all(shown: bool) -> Sections {
        Sections {
            command: shown,
            comments: shown,
            question: shown,
            answer: shown,
            authority: shown,
            additional: shown,
            stats: shown,
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
}

impl Message<'_> {
    /// The sections that are to be seen.
    pub fn print(&self, shown: Sections) -> String {
        let mut text = String::new();
        if shown.comments {
            self.header(&mut text);
        }
        if shown.question {
            let mut line = Line::new(self.name);
            line.column(COLUMNS[1], "IN");
            line.column(COLUMNS[2], &self.kind.to_string());
            section(&mut text, shown.comments, "QUESTION", &[format!(";{}", line.text)]);
        }
        let sections = [
            (shown.answer, "ANSWER", &self.answer.records),
            (shown.authority, "AUTHORITY", &self.answer.authority),
            (shown.additional, "ADDITIONAL", &self.answer.additional),
        ];
        for (_, name, records) in sections.into_iter().filter(|(shown, ..)| *shown) {
            let lines: Vec<String> = records.iter().map(record).collect();
            section(&mut text, shown.comments, name, &lines);
        }
        text
    }

    fn header(&self, text: &mut String) {
        let answer = self.answer;
        text.push_str(";; Got answer:\n");
        if self.name.to_lowercase().ends_with(".local.") {
            text.push_str(";; WARNING: .local is reserved for Multicast DNS\n;; You are currently testing what happens when an mDNS query is leaked to DNS\n");
        }
        let mixed = mix(self.trace);
        let (code, id) = (answer.code, mixed as u16);
        let _ = writeln!(text, ";; ->>HEADER<<- opcode: QUERY, status: {code}, id: {id}");
        let aa = if answer.authoritative { " aa" } else { "" };
        let ra = if answer.recursion_available { " ra" } else { "" };
        let (records, authority) = (answer.records.len(), answer.authority.len());
        let additional = answer.additional.len() + 1;
        let _ = writeln!(
            text,
            ";; flags: qr{aa} rd{ra}; QUERY: 1, ANSWER: {records}, AUTHORITY: {authority}, ADDITIONAL: {additional}"
        );
        if !answer.recursion_available {
            text.push_str(";; WARNING: recursion requested but not available\n");
        }
        text.push_str("\n;; OPT PSEUDOSECTION:\n; EDNS: version: 0, flags:; udp: 1232\n");
        if self.has_cookie() {
            let _ = writeln!(text, "; COOKIE: {:016x} (echoed)", mixed.rotate_left(17));
        }
    }

    /// CoreDNS sends the client's cookie back; the resolver outside does not (recording 30).
    fn has_cookie(&self) -> bool {
        self.answer.authoritative || !self.answer.recursion_available
    }

    /// The size of the message, without compression, as CoreDNS sends it.
    pub fn size(&self) -> usize {
        let records = [&self.answer.records, &self.answer.authority, &self.answer.additional];
        let records: usize = records.into_iter().flatten().map(record_size).sum();
        let options = 11 + if self.has_cookie() { 12 } else { 0 };
        12 + wire(self.name) + 4 + records + options
    }
}

/// One record, in columns.
pub(super) fn record(record: &DnsRecord) -> String {
    let mut line = Line::new(&record.name);
    line.column(COLUMNS[0], &record.ttl.to_string());
    line.column(COLUMNS[1], "IN");
    line.column(COLUMNS[2], &record.data.kind().to_string());
    line.column(COLUMNS[3], &record.data.to_string());
    line.text
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
            record(&a("web.default.svc.cluster.local.", 30)),
            "web.default.svc.cluster.local. 30 IN\tA\t10.97.168.127"
        );
        assert_eq!(record(&a("example.com.", 30)), "example.com.\t\t30\tIN\tA\t10.97.168.127");
        let srv = DnsData::Srv {
            priority: 0,
            weight: 100,
            port: 80,
            target: "mapped.default.svc.cluster.local.".to_owned(),
        };
        let name = "_http._tcp.mapped.default.svc.cluster.local.".to_owned();
        assert_eq!(
            record(&DnsRecord { name, ttl: 30, data: srv }),
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
        let message = Message { name, kind: DnsType::A, answer: &answer, trace: TraceId(1) };
        assert_eq!(message.size(), 115);
        let text = message.print(Sections::all(true));
        assert!(text.contains(";; flags: qr aa rd; QUERY: 1, ANSWER: 1, AUTHORITY: 0, ADDITIONAL: 1\n;; WARNING: recursion requested but not available\n\n;; OPT"));
        assert!(text.contains(
            ";; QUESTION SECTION:\n;web.default.svc.cluster.local.\tIN\tA\n\n;; ANSWER SECTION:\n"
        ));
    }
}
