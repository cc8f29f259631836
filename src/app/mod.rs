//! The only room with real input and output: terminal, files, saves, clock, command line.
