//! A request as a story: the traces of one command, step by step, as the packet panel shows them.

use crate::clock::SimTime;
use crate::level::short_party;
use crate::network::{
    DnsAnswer, DnsCode, DnsData, DnsType, Flow, Hop, HopVerdict, Outcome, Party, Protocol, Stage,
    Trace,
};

use super::scene::Spot;

/// The way of one request: a DNS question, then the connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Story {
    /// What was asked, and from where.
    pub title: String,
    /// Step by step.
    pub steps: Vec<Step>,
    /// How it ended, in a few words: `refused`.
    pub ending: String,
    /// Whether it arrived.
    pub arrived: bool,
    /// When it was sent, on the level's clock.
    pub at: Option<SimTime>,
    /// The goal that it decided about, counted from 0.
    pub goal: Option<usize>,
    /// The client's own words.
    pub said: Option<String>,
    /// Whether the player had guessed so.
    pub guess: Option<String>,
    /// The containers it goes between, where it stays inside one pod.
    pub inside: Option<(String, String)>,
}

/// How a server that was reached left its client without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// It closed the connection.
    Closed,
    /// It reset the connection.
    Reset,
    /// It took longer than the client waits.
    Late,
}

/// One decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What was decided.
    pub verdict: HopVerdict,
    /// Where on the map.
    pub spot: Spot,
    /// Where the packet goes next, on the map, if it goes on.
    pub next: Option<Spot>,
    /// The place, as a player calls it.
    pub place: String,
    /// What happened, in one sentence.
    pub text: String,
    /// Addresses before and after, and what follows, a line each.
    pub notes: Vec<String>,
    /// What speaks for the decision, a line each: of a failure it is the ladder's second rung.
    pub evidence: Vec<String>,
}

impl Story {
    /// The story of a request's traces, oldest first.
    pub fn of<'a>(title: impl Into<String>, traces: impl IntoIterator<Item = &'a Trace>) -> Story {
        let mut story = Story { title: title.into(), ..Story::default() };
        let mut questions: Vec<&Trace> = Vec::new();
        for trace in traces {
            story.ending = match (&trace.dns, &trace.outcome) {
                // The name server was not reached, or said nothing.
                (Some(_), _) => "no answer from DNS".to_owned(),
                (None, outcome) => outcome.to_string(),
            };
            story.arrived = matches!(trace.outcome, Outcome::Delivered { .. });
            if answer_of(trace).is_some() {
                questions.push(trace);
                continue;
            }
            story.steps.extend(lookup(&std::mem::take(&mut questions)));
            // Who sends from outside the pods meets a node's rules at that node.
            let outside = !matches!(trace.from, Party::Pod { .. });
            story.steps.extend(trace.hops.iter().map(|hop| step(hop, outside)));
        }
        if !questions.is_empty() {
            // A lookup asks for addresses of both families: one answer is enough.
            story.arrived = questions.iter().any(|trace| answered(trace).is_some());
            story.ending = match (story.arrived, unsettled(&questions)) {
                (true, _) => "answered",
                (false, None) => "unknown name",
                (false, Some(_)) => "name not resolved",
            }
            .to_owned();
        }
        story.steps.extend(lookup(&questions));
        story
    }

    /// The connection stood, and the server gave no answer: it is not the packet that failed. What follows
    /// its arrival, the kernel's own reply, tells nothing of that.
    pub fn unanswered(&mut self, why: Unanswered) {
        let Some(at) = self.steps.iter().rposition(|step| step.verdict == HopVerdict::Deliver)
        else {
            return;
        };
        self.steps.truncate(at + 1);
        let (verdict, text, ending) = match why {
            Unanswered::Closed => (
                HopVerdict::Reject,
                "closes the connection before it has answered",
                "an empty answer",
            ),
            Unanswered::Reset => {
                (HopVerdict::Reject, "resets the connection before it has answered", "a reset")
            }
            Unanswered::Late => {
                (HopVerdict::Drop, "has not answered when the client's time is over", "no answer")
            }
        };
        let server = &self.steps[at];
        self.steps.push(Step {
            verdict,
            next: None,
            text: text.to_owned(),
            notes: Vec::new(),
            evidence: Vec::new(),
            ..server.clone()
        });
        (self.ending, self.arrived) = (ending.to_owned(), false);
    }

    /// The name was found, and has no address of the family that the client asks for.
    pub fn of_another_family(&mut self) {
        let Some(step) = self.steps.last_mut() else { return };
        step.verdict = HopVerdict::Reject;
        step.text.push_str(": no address of the family that is asked for");
        (self.ending, self.arrived) = ("no such address".to_owned(), false);
    }

    /// The step at which it ended, if it failed.
    pub fn failure(&self) -> Option<&Step> {
        let failed = |step: &&Step| !matches!(step.verdict, HopVerdict::Pass | HopVerdict::Deliver);
        self.steps.iter().rev().find(failed).filter(|_| !self.arrived)
    }

    /// The places it passes, in order, without repetition of neighbours.
    pub fn way(&self) -> Vec<&Spot> {
        let mut way: Vec<&Spot> = Vec::new();
        for step in &self.steps {
            for spot in [Some(&step.spot), step.next.as_ref()].into_iter().flatten() {
                if way.last() != Some(&spot) {
                    way.push(spot);
                }
            }
        }
        way
    }
}

/// Whether a packet is a question for the cluster's DNS.
pub fn is_dns(flow: &Flow) -> bool {
    flow.protocol == Protocol::Udp && flow.destination.port() == 53
}

/// The name server's answer, where the packet is a question that got one.
fn answer_of(trace: &Trace) -> Option<&DnsAnswer> {
    trace.dns.as_ref()?.answer.as_ref()
}

/// A lookup is two steps, however many names it tries: the question and the answer. Its packets'
/// way is that of every other.
fn lookup(questions: &[&Trace]) -> Vec<Step> {
    let (Some(first), Some(last)) = (questions.first(), questions.last()) else {
        return Vec::new();
    };
    let server = match &last.outcome {
        Outcome::Delivered { to, .. } => to.clone(),
        _ => first.from.clone(),
    };
    let asked = first.dns.as_ref().map_or("", |dns| dns.name.trim_end_matches('.'));
    let found = found(questions);
    let (verdict, text, notes) = match found {
        Some(found) => (HopVerdict::Pass, found, Vec::new()),
        None => {
            let text = match unsettled(questions) {
                None => "knows no such name".to_owned(),
                Some((name, DnsCode::Refused)) => format!("does not answer for {name} (REFUSED)"),
                Some((name, code)) => format!("could not find out about {name} ({code})"),
            };
            (HopVerdict::Reject, text, tried(questions))
        }
    };
    let ask = Step {
        verdict: HopVerdict::Pass,
        spot: Spot::from(&first.from),
        next: Some(Spot::from(&server)),
        place: short_party(&first.from),
        text: format!("asks DNS for {}", own_name(asked, &first.from)),
        notes: vec![format!("at {}", first.flow.destination)],
        evidence: Vec::new(),
    };
    let spot = Spot::from(&server);
    let place = "DNS".to_owned();
    vec![ask, Step { verdict, next: None, spot, place, text, notes, evidence: Vec::new() }]
}

/// `backend.default.svc.cluster.local = 10.96.14.3`: the last name that was found, with all that was found
/// for it.
fn found(questions: &[&Trace]) -> Option<String> {
    let answers: Vec<_> = questions.iter().filter_map(|trace| answered(trace)).collect();
    let (name, _) = answers.last()?;
    let own = answers.iter().filter(|(other, _)| other == name);
    let values: Vec<String> = own.flat_map(|(_, values)| values.clone()).collect();
    Some(format!("{name} = {}", values.join(", ")))
}

/// The name of which the name server said neither that it is known nor that it is not, and what it said.
fn unsettled<'a>(questions: &[&'a Trace]) -> Option<(&'a str, DnsCode)> {
    questions.iter().rev().filter_map(|trace| trace.dns.as_ref()).find_map(|exchange| {
        let code = exchange.answer.as_ref()?.code;
        let open = matches!(code, DnsCode::ServFail | DnsCode::Refused);
        open.then(|| (exchange.name.trim_end_matches('.'), code))
    })
}

/// A name and what was asked for of it, if it was found. An alias on the way to an address that there is
/// not is no answer.
fn answered(trace: &Trace) -> Option<(&str, Vec<String>)> {
    let exchange = trace.dns.as_ref()?;
    let answer = exchange.answer.as_ref().filter(|answer| answer.code == DnsCode::NoError)?;
    let asked_for = |data: &&DnsData| exchange.kind == DnsType::Any || data.kind() == exchange.kind;
    let records = answer.records.iter().map(|record| &record.data).filter(asked_for);
    let values = records.map(|data| match data {
        DnsData::Srv { target, port, .. } => format!("{target}:{port}"),
        data => data.to_string(),
    });
    let values: Vec<String> = values.collect();
    (!values.is_empty()).then(|| (exchange.name.trim_end_matches('.'), values))
}

/// Every name that was tried, once, and what a name is only an alias of.
fn tried(questions: &[&Trace]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut note = |text: String| {
        if !names.contains(&text) {
            names.push(text);
        }
    };
    for exchange in questions.iter().filter_map(|trace| trace.dns.as_ref()) {
        let mut name = exchange.name.trim_end_matches('.');
        let records = exchange.answer.iter().flat_map(|answer| &answer.records);
        for record in records {
            if let DnsData::Cname(target) = &record.data {
                note(format!("{name} is another name for {}", target.trim_end_matches('.')));
                name = target.trim_end_matches('.');
            }
        }
        note(match exchange.answer.as_ref().map(|answer| answer.code) {
            Some(code @ (DnsCode::ServFail | DnsCode::Refused)) => format!("{code}: {name}"),
            _ => format!("no {name}"),
        });
    }
    names
}

/// `backend` of `backend.default.svc.cluster.local`, asked from namespace default: what is asked first is
/// the player's own name with the first domain of the pod's search list, its own namespace's.
fn own_name<'a>(asked: &'a str, from: &Party) -> &'a str {
    let Party::Pod { namespace, .. } = from else { return asked };
    let own = asked.strip_suffix(".svc.cluster.local");
    let own = own.and_then(|own| own.strip_suffix(&**namespace)?.strip_suffix('.'));
    own.unwrap_or(asked)
}

fn step(hop: &Hop, outside: bool) -> Step {
    let mut notes = Vec::new();
    if hop.before.destination != hop.after.destination {
        notes.push(format!("to   {} → {}", hop.before.destination, hop.after.destination));
    }
    if hop.before.source != hop.after.source {
        notes.push(format!("from {} → {}", hop.before.source, hop.after.source));
    }
    if let (Some(consequence), false) = (hop.consequence(), hop.verdict == HopVerdict::Deliver) {
        notes.push(consequence.to_owned());
    }
    let decided_at = place_of(hop);
    let here = Spot::from(&hop.place);
    let (spot, next) = match outside && decided_at != here {
        true => (here, Some(decided_at)),
        false => (decided_at, None),
    };
    Step {
        verdict: hop.verdict,
        spot,
        next,
        place: short_party(&hop.place),
        text: hop.decision(),
        notes,
        evidence: hop.evidence(),
    }
}

/// A service proxy's decision is shown at the Service, everything else where it was taken.
fn place_of(hop: &Hop) -> Spot {
    match (hop.stage, hop.service()) {
        (Stage::ServiceProxy, Some((namespace, name))) => Spot::Service(namespace, name),
        _ => Spot::from(&hop.place),
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::clock::SimTime;
    use std::time::Duration;

    use crate::network::{Because, DnsExchange, DnsRecord, SocketAddr, TraceId};

    fn flow(protocol: Protocol, to: [u8; 4], port: u16) -> Flow {
        Flow {
            protocol,
            source: SocketAddr::new(Ipv4Addr::new(10, 244, 1, 2), 40_000),
            destination: SocketAddr::new(Ipv4Addr::from(to), port),
        }
    }

    fn hop(place: Party, stage: Stage, because: Because, verdict: HopVerdict) -> Hop {
        let flow = flow(Protocol::Tcp, [10, 96, 14, 3], 80);
        Hop { place, stage, before: flow, after: flow, verdict, because }
    }

    fn trace(from: Party, flow: Flow, outcome: Outcome) -> Trace {
        Trace {
            id: TraceId(1),
            at: SimTime::START,
            from,
            container: None,
            process: None,
            server: None,
            flow,
            hops: Vec::new(),
            outcome,
            dns: None,
        }
    }

    #[test]
    fn a_name_is_told_as_it_was_asked_for() {
        let pod = |namespace: &str| Party::Pod { namespace: namespace.into(), name: "desk".into() };
        let told = |asked, namespace| own_name(asked, &pod(namespace)).to_owned();
        assert_eq!(told("backend.default.svc.cluster.local", "default"), "backend");
        assert_eq!(told("backend.shop.default.svc.cluster.local", "default"), "backend.shop");
        let whole = "backend.default.svc.cluster.local";
        assert_eq!(told(whole, "lending"), whole);
        assert_eq!(told(&format!("{whole}.lending.svc.cluster.local"), "lending"), whole);
    }

    /// Pod desk's question for lab, and the name server's answer.
    fn question(code: DnsCode, records: Vec<DnsData>) -> Trace {
        let pod = Party::Pod { namespace: "default".into(), name: "desk".into() };
        let record =
            |data| DnsRecord { name: "lab.default.svc.cluster.local.".into(), ttl: 5, data };
        let answer = DnsAnswer {
            code,
            authoritative: true,
            recursion_available: false,
            records: records.into_iter().map(record).collect(),
            authority: Vec::new(),
            additional: Vec::new(),
        };
        let dns = DnsExchange {
            name: "lab.default.svc.cluster.local.".into(),
            kind: DnsType::A,
            answer: Some(answer),
            took: Duration::ZERO,
        };
        let flow = flow(Protocol::Udp, [10, 96, 0, 10], 53);
        let outcome =
            Outcome::Delivered { to: pod.clone(), at: flow.destination, seen_from: flow.source };
        Trace { dns: Some(dns), ..trace(pod, flow, outcome) }
    }

    #[test]
    fn a_name_server_that_refuses_does_not_say_that_there_is_no_such_name() {
        let known = question(DnsCode::NxDomain, Vec::new());
        let refused = question(DnsCode::Refused, Vec::new());
        let story = Story::of("curl http://lab", [&known, &refused]);
        assert_eq!((&*story.ending, story.arrived), ("name not resolved", false));
        let step = &story.steps[1];
        assert_eq!(step.text, "does not answer for lab.default.svc.cluster.local (REFUSED)");
        let notes = ["no lab.default.svc.cluster.local", "REFUSED: lab.default.svc.cluster.local"];
        assert_eq!(step.notes, notes);
    }

    #[test]
    fn an_alias_of_nothing_is_no_answer() {
        let question = |records| question(DnsCode::NoError, records);
        let alias = DnsData::Cname("api.example.com.".to_owned());
        let story = Story::of("curl http://lab", [&question(vec![alias.clone()])]);
        assert_eq!((&*story.ending, story.arrived), ("unknown name", false));
        let notes = [
            "lab.default.svc.cluster.local is another name for api.example.com",
            "no api.example.com",
        ];
        assert_eq!(story.steps[1].notes, notes);
        let address = DnsData::A(Ipv4Addr::new(203, 0, 113, 10));
        let story = Story::of("curl http://lab", [&question(vec![alias, address])]);
        assert!(story.arrived);
        assert_eq!(story.steps[1].text, "lab.default.svc.cluster.local = 203.0.113.10");
    }

    #[test]
    fn a_server_that_closes_at_once_has_not_answered() {
        let pod = Party::Pod { namespace: "default".into(), name: "tickets".into() };
        let step = |verdict, text: &str| Step {
            verdict,
            spot: Spot::from(&pod),
            next: None,
            place: "tickets".to_owned(),
            text: text.to_owned(),
            notes: Vec::new(),
            evidence: Vec::new(),
        };
        let steps =
            vec![step(HopVerdict::Deliver, "whoami listens"), step(HopVerdict::Pass, "back")];
        let mut story = Story { steps, arrived: true, ..Story::default() };
        story.unanswered(Unanswered::Closed);
        assert_eq!(
            story.failure().map(|step| &*step.text),
            Some("closes the connection before it has answered")
        );
        assert_eq!((story.steps.len(), &*story.ending), (2, "an empty answer"));
    }

    #[test]
    fn a_service_without_endpoints_is_shown_at_the_service() {
        let pod = Party::Pod { namespace: "default".into(), name: "frontend".into() };
        let because = Because::NotAServicePort { service: "default/backend".into(), ports: vec![] };
        let to = flow(Protocol::Tcp, [10, 96, 14, 3], 80);
        let hops = vec![
            hop(pod.clone(), Stage::Send, Because::Sent, HopVerdict::Pass),
            hop(Party::Node("node-1".into()), Stage::ServiceProxy, because, HopVerdict::Reject),
        ];
        let trace = Trace { hops, ..trace(pod, to, Outcome::Refused) };
        let story = Story::of("curl http://backend", [&trace]);
        assert_eq!(story.steps[1].spot, Spot::Service("default".into(), "backend".into()));
        assert_eq!(story.steps[1].place, "node-1");
        assert_eq!((&*story.ending, story.arrived), ("refused", false));
        assert_eq!(story.way().len(), 2);
    }
}
