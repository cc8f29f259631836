//! Network clients: curl, wget, nslookup, dig, ping, nc and their kin, in their own words.

mod bind;
mod busybox_nslookup;
mod busybox_wget;
#[cfg(test)]
mod corefile_tests;
mod curl;
#[cfg(test)]
mod dual_stack;
mod families;
mod fetch;
mod getent;
mod gnu_wget;
mod kernel;
mod listen;
mod nc;
mod old_nslookup;
mod ping;
pub(in crate::shell) mod raw_session;
mod redis_cli;
mod reverse;
pub(in crate::shell) mod services;
mod telnet;
#[cfg(test)]
mod tests;
mod url;

use crate::cluster::Flavour;
use crate::shell::Tool;
use crate::shell::commands::plain::plain;

/// The network client called `name` in this flavour, started with these arguments (without the
/// name itself); `None` when there is no such client.
pub fn start(name: &str, arguments: &[String], flavour: Flavour) -> Option<Box<dyn Tool>> {
    Some(match (name, flavour) {
        ("curl", _) => curl::start(arguments),
        ("wget", Flavour::BusyBox) => busybox_wget::start(arguments),
        ("wget", Flavour::Gnu) => gnu_wget::start(arguments),
        ("ping", _) => ping::start(arguments, flavour),
        ("ping6", _) => ping::start(&[&["-6".to_owned()], arguments].concat(), flavour),
        ("nc" | "netcat", _) => nc::start(arguments, flavour),
        ("telnet", _) => telnet::start(arguments, flavour),
        ("nslookup", Flavour::BusyBox) => busybox_nslookup::start(arguments),
        ("nslookup", Flavour::Gnu) => bind::nslookup(arguments),
        ("dig", _) => bind::dig(arguments),
        ("host", _) => bind::host(arguments),
        ("ip", _) => plain(kernel::ip, arguments),
        ("ss", _) => plain(kernel::ss, arguments),
        ("netstat", _) => plain(kernel::netstat, arguments),
        ("iptables-save", _) => plain(kernel::iptables_save, arguments),
        ("ip6tables-save", _) => plain(kernel::ip6tables_save, arguments),
        ("iptables", _) => plain(kernel::iptables, arguments),
        ("ip6tables", _) => plain(kernel::ip6tables, arguments),
        ("conntrack", _) => plain(kernel::conntrack, arguments),
        ("sysctl", _) => plain(kernel::sysctl, arguments),
        ("traceroute", _) => kernel::traceroute(arguments, flavour),
        ("getent", _) => getent::start(arguments),
        ("redis-cli", _) => redis_cli::start(arguments),
        _ => return None,
    })
}
