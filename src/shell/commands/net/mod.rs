//! Network clients: curl, wget, nslookup, dig, ping, nc and their kin, in their own words.

pub(super) mod bind;
pub(super) mod busybox_nslookup;
pub(super) mod busybox_wget;
#[cfg(test)]
mod corefile_tests;
pub(super) mod curl;
#[cfg(test)]
mod dual_stack;
mod families;
mod fetch;
pub(super) mod getent;
pub(super) mod gnu_wget;
pub(super) mod kernel;
mod listen;
pub(super) mod nc;
mod old_nslookup;
pub(super) mod ping;
pub(in crate::shell) mod raw_session;
pub(super) mod redis_cli;
mod reverse;
pub(in crate::shell) mod services;
pub(super) mod telnet;
#[cfg(test)]
mod tests;
pub(super) mod traceroute;
mod url;
