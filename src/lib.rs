//! podhop: a terminal game that teaches Kubernetes networking by letting you make packets arrive.
//!
//! Its heart is a deterministic simulation of a cluster: manifests go in, packets come out, and
//! every packet can say, hop by hop, why it arrived or where it died. A level is a story told in
//! kubectl, and the simulator is a drop-in for a cluster: what the player does, what the world
//! does, the requests that decide victory, the reference solutions and the wrong answers are all
//! shell commands and manifests, run by the same interpreter against the same API.
//!
//! # The house, from the ground up
//!
//! A room uses rooms below it, never above; `tests/architecture.rs` checks it.
//!
//! - [`clock`] and [`random`]: simulated time, which is always an argument, and seeded chance, a
//!   stream for each purpose; [`shared_map`]: an ordered map whose clones share what neither has
//!   changed.
//! - [`diagnostic`]: where something is wrong in a text, and what to do next. Knows no YAML.
//! - [`manifest`]: YAML to documents with positions to strictly decoded JSON. Knows Kubernetes'
//!   schema, but no API server.
//! - [`api`]: the API server. What may be stored, what is filled in, what is refused and in which
//!   words. Knows no packets.
//! - [`network`]: the data plane. A packet goes in, a [`network::Trace`] comes out. Knows no API
//!   objects.
//! - [`cluster`]: API server, controllers, scheduler, kubelets and network on one simulated clock.
//!   A [`cluster::Cluster`] is a value: undo and every what-if are clones.
//! - [`shell`]: text in, commands run somewhere, bytes out: a resumable shell, kubectl, curl and
//!   their kin, in their own words.
//! - [`level`]: levels, goals, grading, and advice made of traces and objects.
//! - [`game`]: a session, changed by messages alone. No I/O.
//! - [`tui`]: the screens, drawn from a game into a buffer.
//! - [`app`]: the only room with real I/O: terminal, files, saves, clock, command line.
//!
//! # Solving a level with a program
//!
//! Everything a player can do, a program can do: load a pack, open a level on a seed, type
//! commands, ask for the verdict and for the packets that decided it.
//!
//! ```
//! use podhop::level::{Attempt, Pack};
//!
//! let pack = Pack::embedded().expect("the campaign is well-formed");
//! let level = pack.level("clusterip").expect("it is in the campaign");
//!
//! let mut attempt = Attempt::open(level.clone(), 7);
//! attempt.run_script("kubectl delete service backend");
//! attempt.run_script("kubectl expose deployment backend --port=80");
//!
//! let verdict = attempt.grade();
//! assert!(verdict.solved, "{verdict:?}");
//! for id in &verdict.goals[0].traces {
//!     let trace = attempt.cluster().trace(*id).expect("it is recent");
//!     assert!(!trace.hops.is_empty());
//! }
//! ```

pub mod clock;
pub mod random;
pub mod shared_map;

pub mod diagnostic;

pub mod manifest;

pub mod api;
pub mod network;

pub mod cluster;

pub mod shell;

pub mod level;

pub mod game;

pub mod tui;

pub mod app;

#[cfg(test)]
mod recordings;
