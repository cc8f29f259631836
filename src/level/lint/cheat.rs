//! The names of the built-in cheats.

/// A way to win without having done what the goals say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cheat {
    /// The client says the words itself.
    Echo,
    /// Another pod or container says the words.
    Imitator,
    /// Addresses of now are written down in place of names and selectors.
    WrittenAddress,
    /// The same is applied again once the events are over.
    Waiting,
    /// A single pod is left of each workload.
    ScalingDown,
    /// Pods take labels off or on.
    Relabelling,
}

impl Cheat {
    /// All of them.
    pub const ALL: [Cheat; 6] = [
        Cheat::Echo,
        Cheat::Imitator,
        Cheat::WrittenAddress,
        Cheat::Waiting,
        Cheat::ScalingDown,
        Cheat::Relabelling,
    ];

    /// Its name, as a level's `allows` gives it.
    pub fn name(self) -> &'static str {
        match self {
            Cheat::Echo => "echo",
            Cheat::Imitator => "imitator",
            Cheat::WrittenAddress => "written-address",
            Cheat::Waiting => "waiting",
            Cheat::ScalingDown => "scaling-down",
            Cheat::Relabelling => "relabelling",
        }
    }

    /// The cheat with this name.
    pub fn named(name: &str) -> Option<Cheat> {
        Cheat::ALL.into_iter().find(|cheat| cheat.name() == name)
    }
}
