//! A cluster without goals: empty, or with a business in which all is well.

use std::fmt;
use std::sync::Arc;

use super::format::{Level, Pack};
use super::incident;

/// The word that every sandbox's name begins with, and the [`Pack::id`] that its files are kept under.
const WORD: &str = "sandbox";

/// Nodes where none are named.
const NODES: u32 = 2;

/// The most nodes that a sandbox has: what can be looked at.
pub const MOST_NODES: u32 = 100;

/// The file of an empty one.
const FILE: &str = "sandbox.yaml";

const TEXT: &str = "\
# A pod to send from; the rest is yours. Ctrl-S applies this file.
apiVersion: v1
kind: Pod
metadata:
  name: client
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - name: curl
    image: curlimages/curl
    command: [sleep, infinity]
";

/// What a sandbox's cluster has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sandbox {
    /// Whether a business is there already.
    pub sample: bool,
    /// Its nodes.
    pub nodes: u32,
    /// Whether it runs in a cloud.
    pub cloud: bool,
    /// Whether it has the Ingress controller.
    pub ingress: bool,
    /// Whether it has IPv6 besides.
    pub dual_stack: bool,
}

impl Default for Sandbox {
    fn default() -> Sandbox {
        Sandbox { sample: false, nodes: NODES, cloud: false, ingress: false, dual_stack: false }
    }
}

impl Sandbox {
    /// Reads `sandbox`, or `sandbox:sample:3:cloud:ingress:dual-stack` with what it has, in whatever
    /// order. `None` for what is no sandbox's name at all.
    ///
    /// # Errors
    /// What is wrong with a name that begins like one.
    pub fn parse(name: &str) -> Option<Result<Sandbox, String>> {
        let mut words = name.split(':');
        if words.next() != Some(WORD) {
            return None;
        }
        let mut sandbox = Sandbox::default();
        for word in words {
            match (word, word.parse::<u32>()) {
                ("sample", _) => sandbox.sample = true,
                ("cloud", _) => sandbox.cloud = true,
                ("ingress", _) => sandbox.ingress = true,
                ("dual-stack", _) => sandbox.dual_stack = true,
                (_, Ok(nodes @ 1..=MOST_NODES)) => sandbox.nodes = nodes,
                _ => {
                    return Some(Err(format!(
                        "{word:?} is nothing that a sandbox has; as in {WORD}:sample:3:cloud:ingress:dual-stack"
                    )));
                }
            }
        }
        Some(Ok(sandbox))
    }

    /// The sandbox as a level, which has no goals. The seed draws the sample's business.
    pub fn level(self, seed: u64) -> Arc<Level> {
        let name = self.to_string();
        let bare = Level::bare(name.clone(), WORD);
        let level = match self.sample {
            true => Level {
                name,
                chapter: WORD.to_owned(),
                goals: Vec::new(),
                difficulty: None,
                ..incident::business(seed)
            },
            false => Level { start: [(FILE.to_owned(), TEXT.into())].into(), ..bare },
        };
        let unfinished = level.world.keys().any(|file| file.ends_with("-next.yaml"));
        let situation = match (self.sample, unfinished) {
            (true, true) => format!("{SAMPLE} {NEXT}"),
            (true, false) => SAMPLE.to_owned(),
            (false, _) => EMPTY.to_owned(),
        };
        Arc::new(Level {
            title: "Sandbox".to_owned(),
            situation,
            nodes: level.nodes.max(self.nodes),
            cloud: level.cloud || self.cloud,
            ingress: level.ingress || self.ingress,
            dual_stack: self.dual_stack,
            ..level
        })
    }

    /// The pack that it is played in.
    pub fn pack(self, seed: u64) -> Pack {
        Pack::of_one(self.level(seed), "Sandbox: a cluster of your own")
    }
}

const EMPTY: &str = "A cluster with a single pod to send from, a terminal, and a file. Nothing is broken and nothing is asked. Apply \
    what you like, send what you like, and watch where it goes: the map, the packet's way and the clock \
    are those of every level.";

const SAMPLE: &str = "A small business whose cluster works. Nothing is asked. Change its files, send requests \
    of your own (kubectl exec, curl), break something, and watch what becomes of it: the map, the packet's \
    way and the clock are those of every level.";

const NEXT: &str = "The pod whose name has -next in it is a coming release that nobody has finished: it does \
    not become ready.";

/// The name that [`Sandbox::parse`] reads.
impl fmt::Display for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(WORD)?;
        if self.sample {
            f.write_str(":sample")?;
        }
        if self.nodes != NODES {
            write!(f, ":{}", self.nodes)?;
        }
        let parts =
            [(self.cloud, "cloud"), (self.ingress, "ingress"), (self.dual_stack, "dual-stack")];
        parts.iter().filter(|(has, _)| *has).try_for_each(|(_, word)| write!(f, ":{word}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::{Attempt, Phase};

    #[test]
    fn a_name_says_what_a_sandbox_has() {
        for name in ["sandbox", "sandbox:sample", "sandbox:3:cloud:ingress:dual-stack"] {
            let read = Sandbox::parse(name).expect("a sandbox").expect("sound");
            assert_eq!(read.to_string(), name);
        }
        assert!(Sandbox::parse("sandbox:moon").is_some_and(|read| read.is_err()));
        assert!(Sandbox::parse("sandbox:0").is_some_and(|read| read.is_err()));
        assert_eq!(Sandbox::parse("clusterip"), None);
    }

    #[test]
    fn where_nothing_is_asked_nothing_is_won() {
        let mut attempt = Attempt::open(Sandbox::default().level(1), 1);
        attempt.apply();
        assert!(!attempt.grade().solved);
        assert_eq!(attempt.phase(), Phase::Playing);
    }

    #[test]
    fn a_sample_says_of_a_coming_release_that_it_is_not_ready() {
        let sample = Sandbox { sample: true, ..Sandbox::default() };
        let mut met = [false; 2];
        for seed in 1..20 {
            let level = sample.level(seed);
            let coming = level
                .world
                .values()
                .any(|text| String::from_utf8_lossy(text).contains("release: next"));
            assert_eq!(level.situation.contains(NEXT), coming, "seed {seed}");
            met[usize::from(coming)] = true;
        }
        assert_eq!(met, [true; 2]);
    }

    #[test]
    fn the_sample_works() {
        let sample = Sandbox { sample: true, ..Sandbox::default() };
        let sound = Arc::new(incident::business(3));
        assert_eq!(sample.level(3).start, sound.start);
        assert!(Attempt::open(sound, 3).passes());
    }
}
