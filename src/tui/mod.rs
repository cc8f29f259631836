//! The screens: one panel a file, drawn into a ratatui buffer from a `Game`; keys become messages.
