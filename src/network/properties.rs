//! What holds for every packet in every cluster.

use std::net::Ipv4Addr;

use proptest::prelude::*;

use super::fixture::{CLUSTER_IP, Fixture};
use super::*;

/// Any address that has a chance to mean something.
fn address() -> impl Strategy<Value = Ipv4Addr> {
    prop_oneof![
        (1u8..5, 0u8..6).prop_map(|(node, last)| Ipv4Addr::new(10, 244, node, last)),
        (0u8..8).prop_map(|last| Ipv4Addr::new(192, 168, 49, last)),
        Just(CLUSTER_IP),
        Just(Ipv4Addr::new(203, 0, 113, 10)),
        any::<u32>().prop_map(Ipv4Addr::from_bits),
        Just(Ipv4Addr::LOCALHOST),
    ]
}

fn port() -> impl Strategy<Value = u16> {
    prop_oneof![Just(80), Just(30080), Just(53), any::<u16>()]
}

fn protocol() -> impl Strategy<Value = Protocol> {
    prop_oneof![Just(Protocol::Tcp), Just(Protocol::Udp), Just(Protocol::Icmp)]
}

/// A Service with any policies and any conditions of its endpoints.
fn change() -> impl Strategy<Value = (bool, bool, [(bool, bool, bool); 3])> {
    (any::<bool>(), any::<bool>(), any::<[(bool, bool, bool); 3]>())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    /// No packet without a verdict, no verdict without its reason, and a reply for the client.
    #[test]
    fn every_packet_has_a_verdict_and_every_reply_its_client(
        seed in any::<u64>(),
        (internal, external, conditions) in change(),
        from in 0usize..8,
        protocol in protocol(),
        to in address(),
        port in port(),
    ) {
        let mut f = Fixture::seeded(seed);
        f.set_service(|rules| {
            rules.node_port = Some(30080);
            rules.internal_local = internal;
            rules.external_local = external;
            let endpoints = rules.endpoints.iter().cloned().zip(conditions);
            let endpoints: Vec<EndpointRule> = endpoints
                .map(|(endpoint, (ready, serving, terminating))| {
                    EndpointRule { ready, serving, terminating, ..endpoint }
                })
                .collect();
            rules.endpoints = endpoints.into();
        });
        let places = [
            f.client, f.web[0], f.web[1], f.web[2],
            f.node(1), f.node(2), f.node(3), f.network.laptop(),
        ];
        let trace = f.send(SimTime::START, places[from], protocol, SocketAddr::new(to, port));
        let ends: Vec<HopVerdict> =
            trace.hops.iter().map(|hop| hop.verdict).filter(|verdict| *verdict != HopVerdict::Pass).collect();
        let expected = match &trace.outcome {
            Outcome::Delivered { .. } => HopVerdict::Deliver,
            Outcome::Refused => HopVerdict::Reject,
            Outcome::Unreachable => HopVerdict::Unreachable,
            Outcome::Silence => HopVerdict::Drop,
        };
        prop_assert_eq!(ends, vec![expected]);
        for pair in trace.hops.windows(2) {
            if pair[1].stage != Stage::Reply {
                prop_assert_eq!(pair[0].after, pair[1].before);
            }
        }
        if let Outcome::Delivered { at, seen_from, .. } = trace.outcome {
            let reply = trace.hops.last().unwrap();
            prop_assert_eq!(reply.stage, Stage::Reply);
            prop_assert_eq!((reply.before.source, reply.before.destination), (at, seen_from));
            prop_assert_eq!(reply.after, trace.flow.reversed());
        }
        prop_assert!(!trace.to_string().is_empty());
        prop_assert_eq!(f.network.trace(trace.id).map(|known| &**known), Some(&*trace));
    }

    /// Same seed, same way.
    #[test]
    fn the_same_seed_chooses_the_same_endpoints(seed in any::<u64>()) {
        let run = || {
            let mut f = Fixture::seeded(seed);
            (0..20).map(|_| f.dial(f.client, format!("{CLUSTER_IP}:80")).to_string()).collect::<Vec<_>>()
        };
        prop_assert_eq!(run(), run());
    }

    /// Any number of endpoints is chosen from evenly: a chi-squared test that one in a million fails.
    #[test]
    fn endpoints_are_chosen_evenly(seed in any::<u64>(), count in 2usize..12) {
        let mut f = Fixture::seeded(seed);
        let addresses: Vec<IpAddr> =
            (0..count).map(|number| [10, 244, 9, number as u8 + 2].into()).collect();
        f.set_service(|rules| {
            let endpoint = |address: &IpAddr| EndpointRule {
                address: SocketAddr::new(*address, 80),
                ..rules.endpoints[0].clone()
            };
            let endpoints: Vec<EndpointRule> = addresses.iter().map(endpoint).collect();
            rules.endpoints = endpoints.into();
        });
        let mut hits = vec![0u32; count];
        let draws = 200 * count as u32;
        for _ in 0..draws {
            let trace = f.dial(f.client, format!("{CLUSTER_IP}:80"));
            let chosen = trace.hops.iter().find_map(|hop| match hop.because {
                Because::EndpointChosen { endpoint: to, .. } => {
                    addresses.iter().position(|address| *address == to.ip())
                }
                _ => None,
            });
            hits[chosen.unwrap()] += 1;
        }
        let squared: f64 = hits.iter().map(|hit| (f64::from(*hit) - 200.0).powi(2) / 200.0).sum();
        // The 1 - 1e-6 quantile with 11 degrees of freedom is 51; fewer degrees have less.
        prop_assert!(squared < 51.0, "{:?}", hits);
    }
}
