//! What the packages bring.

use crate::shell::Io;
use crate::shell::commands::is_installed;
use crate::shell::files::PROGRAM;

/// The tools that a package brings.
const PACKAGES: &[(&str, &[&str])] = &[
    ("bash", &["bash"]),
    ("bind-tools", &["dig", "host", "nslookup"]),
    ("bind9-dnsutils", &["dig", "host", "nslookup"]),
    ("bind9-host", &["host"]),
    ("bsdmainutils", &["column"]),
    ("busybox-extras", &["telnet"]),
    ("ca-certificates", &[]),
    ("conntrack", &["conntrack"]),
    ("curl", &["curl"]),
    ("dnsutils", &["dig", "host", "nslookup"]),
    ("hostname", &["hostname"]),
    ("inetutils-ping", &["ping"]),
    ("inetutils-telnet", &["telnet"]),
    ("iproute2", &["ip", "ss"]),
    ("iptables", &["iptables", "iptables-save", "ip6tables", "ip6tables-save"]),
    ("iputils", &["ping"]),
    ("iputils-ping", &["ping"]),
    ("jq", &["jq"]),
    ("less", &["less"]),
    ("nano", &["nano"]),
    ("ncat", &["nc"]),
    ("net-tools", &["arp", "ifconfig", "netstat", "route"]),
    ("netcat", &["nc", "netcat"]),
    ("netcat-openbsd", &["nc", "nc.openbsd", "netcat"]),
    ("netcat-traditional", &["nc", "netcat"]),
    ("procps", &["ps", "uptime", "watch"]),
    ("redis-tools", &["redis-cli"]),
    ("redis", &["redis-cli"]),
    ("telnet", &["telnet"]),
    ("vim", &["vim", "vi"]),
    ("wget", &["wget"]),
];

/// The tools of a package; `None` when there is no such package.
pub(super) fn tools(name: &str) -> Option<&'static [&'static str]> {
    PACKAGES.iter().find(|(known, _)| *known == name).map(|(_, tools)| *tools)
}

/// Every tool that some package brings.
#[cfg(test)]
pub(in crate::shell::commands) fn brought() -> impl Iterator<Item = &'static str> {
    PACKAGES.iter().flat_map(|(_, tools)| tools.iter().copied())
}

/// Whether what the packages bring under this name is an applet of BusyBox, and no full program.
pub(in crate::shell::commands) fn brings_applet(tool: &str) -> bool {
    tools("busybox-extras").unwrap_or_default().contains(&tool)
}

/// Whether a package's tools are there already.
pub(super) fn is_there(io: &Io<'_>, name: &str) -> bool {
    tools(name).unwrap_or_default().iter().all(|tool| is_installed(io.cluster, io.place, tool))
}

/// Puts a package's tools where the shell finds them.
///
/// # Errors
/// Why they can't be written.
pub(super) fn unpack(io: &mut Io<'_>, name: &str) -> Result<(), String> {
    for tool in tools(name).unwrap_or_default() {
        let path = format!("/usr/bin/{tool}");
        io.cluster
            .write_file(io.place, &path, PROGRAM)
            .map_err(|why| format!("cannot write {path}: {why}"))?;
    }
    Ok(())
}

/// Takes a package's tools away again.
pub(super) fn remove(io: &mut Io<'_>, name: &str) {
    for tool in tools(name).unwrap_or_default() {
        // What was not installed need not go.
        let _ = io.cluster.remove_file(io.place, &format!("/usr/bin/{tool}"));
    }
}
