//! Network clients: curl, wget, nslookup, dig, ping, nc and their kin, in their own words.

mod busybox_nslookup;
mod busybox_wget;
mod curl;
mod fetch;
mod url;

use crate::cluster::Flavour;
use crate::shell::Tool;

/// The network client called `name` in this flavour, started with these arguments (without the
/// name itself); `None` when there is no such client.
pub fn start(name: &str, arguments: &[String], flavour: Flavour) -> Option<Box<dyn Tool>> {
    Some(match (name, flavour) {
        ("curl", _) => curl::start(arguments),
        ("wget", Flavour::BusyBox) => busybox_wget::start(arguments),
        ("nslookup", Flavour::BusyBox) => busybox_nslookup::start(arguments),
        _ => return None,
    })
}
