//! `gzip` and `tar`, with the formats that they write: RFC 1951, RFC 1952 and ustar.

mod deflate;
pub(in crate::shell::commands) mod foreign;
pub(in crate::shell::commands) mod gzip;
pub(in crate::shell::commands) mod tar;
mod ustar;
