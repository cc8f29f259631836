//! The game: a session, progress, hints and scores, changed by [`update`](self) alone. No I/O.
