//! Where there is no shell, nobody gives the terminal back for a process that was killed.

/// No guard.
pub struct Guard;

impl Guard {
    /// Nobody comes.
    pub fn post() -> Guard {
        Guard
    }

    /// There is nobody to wait for.
    pub fn stands(&mut self) {}
}

/// Tells nobody whose the terminal is.
pub fn tell(_ours: bool) {}
