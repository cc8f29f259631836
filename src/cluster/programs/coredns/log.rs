//! What CoreDNS writes to its log: `log`'s line for each query, and `errors`' for those that failed.

use crate::network::{DnsAnswer, DnsRecord, Outcome, Protocol, Question, Trace, absolute};

/// `[INFO] 10.244.1.4:42541 - 38567 "A IN web. udp 22 false 512" NOERROR qr,aa,rd 42 0.000083s`
pub fn log_line(packet: &Trace, question: Question<'_>, answer: &DnsAnswer) -> String {
    let client = match &packet.outcome {
        Outcome::Delivered { seen_from, .. } => seen_from.to_string(),
        _ => packet.flow.source.to_string(),
    };
    let protocol = if packet.flow.protocol == Protocol::Tcp { "tcp" } else { "udp" };
    let name = absolute(question.name);
    let size = HEADER + name.len() + 5;
    let sections = [&answer.records, &answer.authority, &answer.additional];
    let answered = size + sections.into_iter().flatten().map(length).sum::<usize>();
    let mixed = packet.id.0.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    let flags: Vec<&str> = [
        ("qr", true),
        ("aa", answer.authoritative),
        ("rd", true),
        ("ra", answer.recursion_available),
    ]
    .into_iter()
    .filter_map(|(flag, set)| set.then_some(flag))
    .collect();
    format!(
        "[INFO] {client} - {id} \"{kind} IN {name} {protocol} {size} false 512\" {code} {flags} \
         {answered} 0.000{nanoseconds:06}s",
        id = mixed % 65_536,
        kind = question.kind,
        code = answer.code,
        flags = flags.join(","),
        nanoseconds = 60_000 + mixed % 90_000,
    )
}

/// `[ERROR] plugin/errors: 2 db.corp. A: read udp 10.244.1.2:40000->10.0.0.53:53: i/o timeout`
pub fn error_line(packet: &Trace, question: Question<'_>) -> String {
    let why = match packet.outcome {
        Outcome::Refused => "read: connection refused",
        Outcome::Unreachable => "write: no route to host",
        _ => "i/o timeout",
    };
    let (from, to) = (&packet.flow.source, &packet.flow.destination);
    let (name, kind) = (absolute(question.name), question.kind);
    // 2 is SERVFAIL.
    format!("[ERROR] plugin/errors: 2 {name} {kind}: read udp {from}->{to}: {why}")
}

/// The bytes of a message before its question.
const HEADER: usize = 12;

/// About how many bytes a record takes.
fn length(record: &DnsRecord) -> usize {
    record.name.len() + 11 + record.data.to_string().len().min(16)
}

#[cfg(test)]
mod tests {
    use super::super::settings::NameServerSettings;
    use super::super::{Exchange, NameServers};
    use crate::network::fixture::{Fixture, add_pod, listen};
    use crate::network::{DnsType, ProcessId, Protocol, Question, Sender};

    #[test]
    fn a_query_is_a_line() {
        let mut f = Fixture::new();
        let server = add_pod(&mut f.network, "coredns", "node-2");
        listen(&mut f.network, server, Protocol::Udp, "0.0.0.0:53", "coredns");
        let address = f.network.netns(server).unwrap().address;
        let question = Question { name: "example.com", kind: DnsType::A };
        let from = Sender { netns: f.client, container: None, process: None };
        let now = crate::clock::SimTime::START;
        let mut servers = NameServers::new(7);
        let ask = |f: &mut Fixture, servers: &mut NameServers| {
            Exchange { network: &mut f.network, servers }.ask(
                now,
                &from,
                Protocol::Udp,
                address.into(),
                question,
            )
        };
        ask(&mut f, &mut servers);
        assert_eq!(servers.drain_query_log(), [], "kubeadm's Corefile has no log");
        let mut block = servers.block(server, "x").unwrap().clone();
        block.log = true;
        let settings = NameServerSettings { blocks: vec![block] };
        servers.configure(server, std::sync::Arc::new(settings));
        let trace = ask(&mut f, &mut servers);
        let said: Vec<(ProcessId, String)> = servers.drain_query_log();
        let start = format!("[INFO] {} - ", trace.flow.source);
        assert!(said[0].1.starts_with(&start), "{said:?}");
        assert!(
            said[0].1.contains("\"A IN example.com. udp 29 false 512\" NOERROR qr,rd,ra "),
            "{said:?}"
        );
    }
}
