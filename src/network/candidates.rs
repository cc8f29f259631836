//! What became of each endpoint when a Service's rules chose, and the reply's way back.
//!
//! A trace holds the facts; everything here is worked out of them when somebody looks at a trace, so
//! that packets that nobody looks at cost nothing for it.

use super::{Because, EndpointRule, Flow, Hop, HopVerdict, Party, Stage, Trace};

/// What became of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// The packet goes there.
    Chosen,
    /// It could have been chosen: chance decided otherwise, or the client's affinity (R6.1, R6.8).
    Possible,
    /// The traffic policy is Local, and it is on another node (R6.9, R7.3).
    OtherNode,
    /// It is on its way out, and others are ready, or it does not serve any more (R6.2).
    Terminating,
    /// Its pod is not ready (R5.2).
    NotReady,
}

/// An endpoint that the rules knew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate<'a> {
    /// The endpoint, as the rules had it.
    pub endpoint: &'a EndpointRule,
    /// What became of it.
    pub fate: Fate,
}

/// A machine that the reply passes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    /// Whose network namespace it is.
    pub place: Party,
    /// The reply as it comes.
    pub before: Flow,
    /// The reply as it leaves: what NAT had changed on the way there is put back.
    pub after: Flow,
}

impl Hop {
    /// Every endpoint of the Service that decided here, and why it was chosen or was not. Empty
    /// where no Service decided.
    pub fn candidates(&self) -> Vec<Candidate<'_>> {
        let (endpoints, chosen, local) = match &self.because {
            Because::EndpointChosen { endpoints, endpoint, local, .. } => {
                (endpoints, Some(*endpoint), *local)
            }
            Because::NoEndpoints { endpoints, .. } => (endpoints, None, false),
            Because::NoLocalEndpoints { endpoints, .. } => (endpoints, None, true),
            _ => return Vec::new(),
        };
        let here = |endpoint: &EndpointRule| match (&self.place, &endpoint.node) {
            (Party::Node(here), Some(node)) => !local || here == node,
            _ => !local,
        };
        let ready_here = endpoints.iter().any(|endpoint| endpoint.ready && here(endpoint));
        let fate = |endpoint: &EndpointRule| {
            let serves_on = endpoint.serving && endpoint.terminating;
            if Some(endpoint.address) == chosen {
                Fate::Chosen
            } else if endpoint.ready || serves_on && !ready_here {
                if here(endpoint) { Fate::Possible } else { Fate::OtherNode }
            } else if endpoint.terminating {
                Fate::Terminating
            } else {
                Fate::NotReady
            }
        };
        let mut candidates: Vec<Candidate<'_>> =
            endpoints.iter().map(|endpoint| Candidate { endpoint, fate: fate(endpoint) }).collect();
        candidates.sort_by_key(|candidates| candidates.fate);
        candidates
    }
}

impl Trace {
    /// The machines that forward the reply on its way to the client, in order; empty where nothing
    /// was delivered. What NAT did to the packet is undone where it was done.
    pub fn way_back(&self) -> Vec<Passage> {
        let Some(reply) = self.hops.last().filter(|hop| hop.stage == Stage::Reply) else {
            return Vec::new();
        };
        let mut way: Vec<Passage> = Vec::new();
        for hop in self.hops.iter().rev().filter(|hop| hop.verdict == HopVerdict::Pass) {
            let forwards =
                matches!(hop.stage, Stage::ServiceProxy | Stage::Route | Stage::Masquerade);
            let at_an_end = hop.place == reply.place || hop.place == self.from;
            if !forwards || at_an_end && hop.before == hop.after {
                continue;
            }
            let (before, after) = (hop.after.reversed(), hop.before.reversed());
            match way.last_mut() {
                Some(last) if last.place == hop.place => last.after = after,
                _ => way.push(Passage { place: hop.place.clone(), before, after }),
            }
        }
        way
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::fixture::{CLUSTER_IP, Fixture};

    fn fates(hop: &Hop) -> Vec<(String, Fate)> {
        let told = hop.candidates().into_iter();
        told.map(|one| (one.endpoint.address.to_string(), one.fate)).collect()
    }

    fn decided(trace: &Trace) -> &Hop {
        trace.hops.iter().find(|hop| hop.stage == Stage::ServiceProxy).unwrap()
    }

    // R6.2
    #[test]
    fn every_endpoint_that_was_not_chosen_has_a_reason() {
        let mut f = Fixture::new();
        let mut endpoints = [1, 2, 3].map(|number| f.endpoint(number, true));
        endpoints[1].ready = false;
        endpoints[1].terminating = true;
        endpoints[2].ready = false;
        endpoints[2].serving = false;
        f.set_service(|rules| rules.endpoints = endpoints.into());
        let trace = f.dial(f.client, format!("{CLUSTER_IP}:80"));
        let hop = decided(&trace);
        let told: Vec<Fate> = fates(hop).into_iter().map(|(_, fate)| fate).collect();
        assert_eq!(told, [Fate::Chosen, Fate::Terminating, Fate::NotReady]);
        assert_eq!(
            hop.passed_over(),
            ["terminating: web-2 (10.244.2.2:80)", "not ready: web-3 (10.244.3.2:80)"]
        );
    }

    // R6.9
    #[test]
    fn a_local_policy_leaves_endpoints_on_other_nodes() {
        let mut f = Fixture::new();
        f.set_service(|rules| rules.internal_local = true);
        let trace = f.dial(f.client, format!("{CLUSTER_IP}:80"));
        assert_eq!(
            decided(&trace).passed_over(),
            [
                "on other nodes, which policy Local leaves out: web-2 (10.244.2.2:80), web-3 (10.244.3.2:80)"
            ]
        );
        let endpoints = [2, 3].map(|number| f.endpoint(number, number == 2));
        f.set_service(|rules| {
            rules.internal_local = true;
            rules.endpoints = endpoints.into();
        });
        let trace = f.dial(f.client, format!("{CLUSTER_IP}:80"));
        let told: Vec<Fate> = fates(decided(&trace)).into_iter().map(|(_, fate)| fate).collect();
        assert_eq!(told, [Fate::OtherNode, Fate::NotReady]);
    }

    // R6.2
    #[test]
    fn the_last_resort_is_said_to_be_one() {
        let mut f = Fixture::new();
        let mut endpoint = f.endpoint(2, false);
        (endpoint.serving, endpoint.terminating) = (true, true);
        f.set_service(|rules| rules.endpoints = [endpoint].into());
        let trace = f.dial(f.client, format!("{CLUSTER_IP}:80"));
        let lines = decided(&trace).passed_over();
        assert_eq!(lines, ["no endpoint is ready: one that still serves while it ends is used"]);
    }

    // R6.8
    #[test]
    fn affinity_is_named_as_the_reason() {
        let mut f = Fixture::new();
        f.set_service(|rules| rules.affinity = Some(std::time::Duration::from_secs(60)));
        let first = f.dial(f.client, format!("{CLUSTER_IP}:80"));
        assert!(decided(&first).passed_over()[0].starts_with("could have been chosen: "));
        let again = f.dial(f.client, format!("{CLUSTER_IP}:80"));
        assert!(decided(&again).passed_over()[0].starts_with("left, as the client stays"));
    }

    // R6.6
    #[test]
    fn the_way_back_undoes_nat_where_it_was_done() {
        let mut f = Fixture::new();
        let endpoints = [f.endpoint(2, true)];
        f.set_service(|rules| {
            rules.node_port = Some(30_080);
            rules.endpoints = endpoints.into();
        });
        let laptop = f.network.laptop();
        let trace = f.dial(laptop, "192.168.49.2:30080");
        let way = trace.way_back();
        let places: Vec<String> = way.iter().map(|passage| passage.place.to_string()).collect();
        assert_eq!(places, ["node-2", "node-1"]);
        let reply = trace.hops.last().unwrap();
        assert_eq!(way[0].before, reply.before);
        assert_eq!(way[0].before, way[0].after);
        assert_eq!(way[1].after, trace.flow.reversed());
        assert_eq!(way[1].after.source.to_string(), "192.168.49.2:30080");
    }
}
