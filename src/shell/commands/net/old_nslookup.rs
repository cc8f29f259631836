//! BusyBox' nslookup until 1.28: it asked the C library, search list and all, and named each address
//! again (busybox 1.28, networking/nslookup.c).

use std::net::IpAddr;
use std::time::Duration;

use super::reverse::name_of;
use crate::clock::SimTime;
use crate::shell::{Io, Step, Tool};

/// The first version that asks name servers itself.
const REWRITTEN: (u32, u32) = (1, 29);

/// Whether the place's BusyBox is one of the old ones.
pub(super) fn is_old(io: &Io<'_>) -> bool {
    let image = io.cluster.image(io.place);
    let version = image.and_then(|image| image.version("busybox"));
    let numbers = version.map(|version| version.split('.').map(|part| part.parse().unwrap_or(0)));
    let Some(mut numbers) = numbers else { return false };
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) < REWRITTEN
}

/// A running nslookup: what is told when its questions have been answered.
#[derive(Clone, Debug)]
struct Nslookup {
    arguments: Vec<String>,
    until: Option<SimTime>,
    said: String,
    problem: Option<String>,
}

/// nslookup with these arguments.
pub(super) fn start(arguments: &[String]) -> Box<dyn Tool> {
    Box::new(Nslookup {
        arguments: arguments.to_vec(),
        until: None,
        said: String::new(),
        problem: None,
    })
}

impl Nslookup {
    /// Asks for the name, and for the names of its addresses.
    fn ask(&mut self, name: &str, server: Option<IpAddr>, io: &mut Io<'_>) -> Duration {
        let mut took = Duration::ZERO;
        if let Some(server) = server {
            took += self.tell("Server:", &server.to_string(), &[server], io);
        }
        self.said.push('\n');
        let lookup = io.cluster.lookup(io.place, name);
        took += lookup.took;
        match lookup.result {
            Ok(addresses) => took + self.tell("Name:", name, &addresses, io),
            Err(_) => {
                self.problem = Some(format!("nslookup: can't resolve '{name}'"));
                took
            }
        }
    }

    fn tell(&mut self, head: &str, name: &str, addresses: &[IpAddr], io: &mut Io<'_>) -> Duration {
        let mut took = Duration::ZERO;
        self.said += &format!("{head:<10} {name}\n");
        for (index, address) in addresses.iter().enumerate() {
            let (known, waited) = name_of(io.cluster, io.place, *address);
            took += waited;
            let known = known.map(|known| format!(" {known}")).unwrap_or_default();
            self.said += &format!("Address {}: {address}{known}\n", index + 1);
        }
        took
    }
}

impl Tool for Nslookup {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        if self.until.is_none() {
            let words = self.arguments.iter().filter(|word| !word.starts_with('-'));
            let words: Vec<String> = words.cloned().collect();
            let Some(name) = words.first() else {
                io.write_error("Usage: nslookup [HOST] [SERVER]");
                return Step::Exit(1);
            };
            let server = match words.get(1) {
                Some(server) => {
                    let found = io.cluster.lookup(io.place, server).result;
                    let address = found.ok().and_then(|found| found.first().copied());
                    if address.is_none() {
                        io.write_error(format!("nslookup: bad address '{server}'"));
                        return Step::Exit(1);
                    }
                    address
                }
                None => io.cluster.resolv_conf(io.place).nameservers.first().copied(),
            };
            let took = self.ask(name, server, io);
            self.until = Some(io.now() + took);
        }
        if let Some(until) = self.until.filter(|until| *until > io.now()) {
            return Step::Until(until);
        }
        io.stdout.extend(self.said.bytes());
        match &self.problem {
            Some(problem) => {
                io.write_error(problem.clone());
                Step::Exit(1)
            }
            None => Step::Exit(0),
        }
    }
}
