//! Node ports from 30000 to 32767 (R7.1).

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use k8s_openapi::api::core::v1::{ServicePort, ServiceSpec};

use crate::api::{Cause, Reason, Status};
use crate::random::Stream;

/// The ports that Services may have on nodes, unless the API server is told otherwise (R7.1).
pub const NODE_PORTS: RangeInclusive<u16> = 30_000..=32_767;

/// The first port that is given out by chance: those below are left to who asks by number.
const DYNAMIC: u16 = 30_086;

/// Ports of one Service that is being made: what others hold, and what it got so far.
struct Claims<'a> {
    taken: &'a BTreeSet<u16>,
    own: BTreeSet<u16>,
    chance: &'a mut Stream,
}

/// Gives each port of a new Service the node port that it asks for, or any free one. Ports with
/// the same number but different protocols share one, so that DNS has one node port.
pub(super) fn allocate(
    chance: &mut Stream,
    taken: &BTreeSet<u16>,
    spec: &mut ServiceSpec,
) -> Result<(), Cause> {
    let automatic = allocates(spec);
    let mut claims = Claims { taken, own: BTreeSet::new(), chance };
    let Some(ports) = &mut spec.ports else { return Ok(()) };
    let mut shared: Vec<(i32, i32)> = Vec::new();
    for index in 0..ports.len() {
        let (port, asked) = (ports[index].port, ports[index].node_port.unwrap_or(0));
        if asked == 0 && !automatic {
            continue;
        }
        let before = shared.iter().find(|(number, _)| *number == port).map(|(_, node)| *node);
        let node_port = match before {
            Some(node_port) if asked == 0 || asked == node_port => node_port,
            Some(_) => claims.claim(index, asked)?,
            None => match requested(ports, port) {
                Some(asked) => claims.claim(index, asked)?,
                None => claims.pick(index)?,
            },
        };
        if before.is_none() {
            shared.push((port, node_port));
        }
        ports[index].node_port = Some(node_port);
    }
    Ok(())
}

/// Gives a changed Service's ports what they newly ask for or lack.
pub(super) fn reallocate(
    chance: &mut Stream,
    taken: &BTreeSet<u16>,
    spec: &mut ServiceSpec,
    old: &ServiceSpec,
) -> Result<(), Cause> {
    let automatic = allocates(spec);
    let held: BTreeSet<i32> =
        old.ports.iter().flatten().filter_map(|port| port.node_port).collect();
    let mut claims = Claims { taken, own: BTreeSet::new(), chance };
    let mut seen: BTreeSet<(String, i32)> = BTreeSet::new();
    for (index, port) in spec.ports.iter_mut().flatten().enumerate() {
        let asked = port.node_port.unwrap_or(0);
        let node_port = match asked {
            0 if !automatic => continue,
            0 => claims.pick(index)?,
            asked => {
                let mine = u16::try_from(asked).is_ok_and(|number| claims.own.contains(&number));
                if !held.contains(&asked) && !mine {
                    claims.claim(index, asked)?;
                }
                asked
            }
        };
        port.node_port = Some(node_port);
        if !seen.insert((port.protocol.clone().unwrap_or_default(), node_port)) {
            return Err(refused(index, node_port, "provided port is already allocated"));
        }
    }
    Ok(())
}

/// A load balancer with `externalTrafficPolicy: Local` has one more port, to be asked which nodes
/// have an endpoint (R7.3).
pub(super) fn allocate_health_check(
    chance: &mut Stream,
    taken: &BTreeSet<u16>,
    spec: &mut ServiceSpec,
) -> Result<(), Status> {
    if !super::change::needs_health_check(spec) {
        return Ok(());
    }
    let own = spec.ports.iter().flatten().filter_map(|port| u16::try_from(port.node_port?).ok());
    let mut claims = Claims { taken, own: own.collect(), chance };
    let failed = |what: String| {
        Status::new(Reason::InternalError, format!("Internal error occurred: {what}"))
    };
    let port = match spec.health_check_node_port.unwrap_or(0) {
        0 => claims.pick(0).map_err(|cause| {
            failed(format!("failed to allocate a HealthCheck NodePort : {}", cause.message))
        })?,
        asked => claims.claim(0, asked).map_err(|cause| {
            let why = cause.message.rsplit(": ").next().unwrap_or_default().to_owned();
            failed(format!("failed to allocate requested HealthCheck NodePort {asked}: {why}"))
        })?,
    };
    spec.health_check_node_port = Some(port);
    Ok(())
}

impl Claims<'_> {
    fn claim(&mut self, index: usize, asked: i32) -> Result<i32, Cause> {
        let port = u16::try_from(asked).ok().filter(|port| NODE_PORTS.contains(port));
        let Some(port) = port else {
            let range = "provided port is not in the valid range. The range of valid ports is \
                         30000-32767";
            return Err(refused(index, asked, range));
        };
        if self.taken.contains(&port) || !self.own.insert(port) {
            return Err(refused(index, asked, "provided port is already allocated"));
        }
        Ok(asked)
    }

    /// Any free port of the upper band; when that is full, one of the lower.
    fn pick(&mut self, index: usize) -> Result<i32, Cause> {
        for band in [DYNAMIC..NODE_PORTS.end() + 1, *NODE_PORTS.start()..DYNAMIC] {
            let length = band.end - band.start;
            let first = self.chance.below(u64::from(length)) as u16;
            let free = (0..length)
                .map(|step| band.start + (first + step) % length)
                .find(|port| !self.taken.contains(port) && !self.own.contains(port));
            if let Some(port) = free {
                self.own.insert(port);
                return Ok(i32::from(port));
            }
        }
        Err(refused(index, 0, "failed to allocate a nodePort: range is full"))
    }
}

fn refused(index: usize, port: i32, why: &str) -> Cause {
    let message = format!("Invalid value: {port}: {why}");
    Cause::new(format!("spec.ports[{index}].nodePort"), message)
}

/// A load balancer may do without node ports (R7.4).
fn allocates(spec: &ServiceSpec) -> bool {
    spec.type_.as_deref() != Some("LoadBalancer")
        || spec.allocate_load_balancer_node_ports != Some(false)
}

/// The node port that some port with this number asks for.
fn requested(ports: &[ServicePort], number: i32) -> Option<i32> {
    ports.iter().filter(|port| port.port == number).find_map(|port| port.node_port)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(ports: &[(i32, &str, Option<i32>)]) -> ServiceSpec {
        let ports = ports.iter().map(|(port, protocol, node_port)| ServicePort {
            port: *port,
            protocol: Some((*protocol).to_owned()),
            node_port: *node_port,
            ..ServicePort::default()
        });
        ServiceSpec {
            type_: Some("NodePort".into()),
            ports: Some(ports.collect()),
            ..ServiceSpec::default()
        }
    }

    fn verdict(mut spec: ServiceSpec) -> Result<Vec<i32>, String> {
        let taken = BTreeSet::from([30_080]);
        allocate(&mut Stream::new(1, "x"), &taken, &mut spec).map_err(|c| c.to_string())?;
        Ok(spec.ports.unwrap().into_iter().filter_map(|port| port.node_port).collect())
    }

    // R7.1
    #[test]
    fn an_automatic_port_is_above_the_static_band() {
        for port in verdict(service(&[(80, "TCP", None), (81, "TCP", None)])).unwrap() {
            assert!((30_086..=32_767).contains(&port), "{port}");
        }
    }

    // R7.1, recording 03.
    #[test]
    fn a_port_must_be_free_and_in_the_range() {
        let range = "provided port is not in the valid range. The range of valid ports is \
                     30000-32767";
        for bad in [80, 8080, 29_999, 32_768, 70_000, -1] {
            assert_eq!(
                verdict(service(&[(80, "TCP", Some(bad))])).unwrap_err(),
                format!("spec.ports[0].nodePort: Invalid value: {bad}: {range}")
            );
        }
        assert_eq!(
            verdict(service(&[(80, "TCP", Some(30_080))])).unwrap_err(),
            "spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated"
        );
    }

    // Recording 03: np2.yaml.
    #[test]
    fn two_ports_of_one_service_cannot_share_a_node_port() {
        let twice = service(&[(80, "TCP", Some(30_090)), (81, "TCP", Some(30_090))]);
        assert_eq!(
            verdict(twice).unwrap_err(),
            "spec.ports[1].nodePort: Invalid value: 30090: provided port is already allocated"
        );
    }

    #[test]
    fn one_number_over_two_protocols_has_one_node_port() {
        let ports = verdict(service(&[(53, "UDP", None), (53, "TCP", None)])).unwrap();
        assert_eq!(ports[0], ports[1]);
    }
}
