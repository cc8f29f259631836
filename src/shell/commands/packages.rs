//! `apt`, `apt-get` and `apk`: tools that are not in an image, from the distribution's servers.
//!
//! The servers are outside the cluster: their names have to resolve, and the pod has to reach
//! them. What is installed is a file in the container's `/usr/bin`, gone with the container.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

use crate::clock::SimTime;
use crate::cluster::{HttpRequest, Payload, Place, Reply};
use crate::network::Protocol;
use crate::shell::{Io, Read, Step, Tool};

/// Whether the lists have been fetched: a file that apt leaves.
const APT_LISTS: &str = "/var/lib/apt/lists/archive.ubuntu.com_ubuntu_dists_noble_InRelease";
const APK_LISTS: &str = "/var/cache/apk/APKINDEX.tar.gz";

/// The tools that a package brings.
const PACKAGES: &[(&str, &[&str])] = &[
    ("bash", &["bash"]),
    ("bind-tools", &["dig", "host", "nslookup"]),
    ("bind9-dnsutils", &["dig", "host", "nslookup"]),
    ("bind9-host", &["host"]),
    ("bsdmainutils", &["column"]),
    ("busybox-extras", &["telnet"]),
    ("ca-certificates", &[]),
    ("curl", &["curl"]),
    ("dnsutils", &["dig", "host", "nslookup"]),
    ("inetutils-ping", &["ping"]),
    ("inetutils-telnet", &["telnet"]),
    ("iproute2", &["ip", "ss"]),
    ("iptables", &["iptables", "iptables-save"]),
    ("iputils", &["ping"]),
    ("iputils-ping", &["ping"]),
    ("jq", &["jq"]),
    ("less", &["less"]),
    ("nano", &["nano"]),
    ("ncat", &["nc"]),
    ("netcat", &["nc"]),
    ("netcat-openbsd", &["nc"]),
    ("netcat-traditional", &["nc"]),
    ("procps", &["ps", "uptime", "watch"]),
    ("redis-tools", &["redis-cli"]),
    ("redis", &["redis-cli"]),
    ("telnet", &["telnet"]),
    ("vim", &["vim", "vi"]),
    ("wget", &["wget"]),
];

fn package(name: &str) -> Option<&'static [&'static str]> {
    PACKAGES.iter().find(|(known, _)| *known == name).map(|(_, tools)| *tools)
}

/// What a package manager is asked for.
#[derive(Clone)]
struct Packages {
    tool: String,
    arguments: Vec<String>,
    stage: Stage,
}

#[derive(Clone)]
enum Stage {
    Start,
    /// The question was asked; these packages wait for the answer.
    Asked(Vec<String>),
    /// Something is being fetched until then.
    Fetching {
        until: SimTime,
        what: What,
    },
}

#[derive(Clone)]
enum What {
    Lists,
    Packages(Vec<String>),
}

pub(super) fn packages(tool: &str, arguments: &[String]) -> Box<dyn Tool> {
    Box::new(Packages { tool: tool.to_owned(), arguments: arguments.to_vec(), stage: Stage::Start })
}

/// Why a server can't be reached, and after how long that is known.
enum Trouble {
    Name,
    Connection(&'static str),
}

impl Packages {
    fn is_apk(&self) -> bool {
        self.tool == "apk"
    }

    fn host(&self) -> &'static str {
        if self.is_apk() { "dl-cdn.alpinelinux.org" } else { "archive.ubuntu.com" }
    }

    /// Asks the server for something: how long that takes, or why it can't be.
    fn fetch(&self, io: &mut Io<'_>) -> (Duration, Result<Ipv4Addr, Trouble>) {
        let lookup = io.cluster.lookup(io.place, self.host());
        let Some(address) = lookup.result.ok().and_then(|all| all.first().copied()) else {
            return (lookup.took, Err(Trouble::Name));
        };
        let port = if self.is_apk() { 443 } else { 80 };
        let dial = io.cluster.dial(io.place, Protocol::Tcp, SocketAddrV4::new(address, port));
        let took = lookup.took + dial.took;
        let connection = match dial.result {
            Ok(connection) => connection,
            Err(crate::cluster::DialFailure::Refused) => {
                return (took, Err(Trouble::Connection("Connection refused")));
            }
            Err(crate::cluster::DialFailure::Unreachable) => {
                return (took, Err(Trouble::Connection("No route to host")));
            }
            Err(crate::cluster::DialFailure::Silence) => {
                let patience = lookup.took + Duration::from_secs(30);
                return (patience, Err(Trouble::Connection("connection timed out")));
            }
        };
        let request = HttpRequest {
            method: "GET".to_owned(),
            target: "/ubuntu/dists/noble/InRelease".to_owned(),
            headers: vec![("Host".to_owned(), self.host().to_owned())],
            body: Vec::new(),
        };
        let payload = match self.is_apk() {
            true => Payload::Tls { server_name: self.host().to_owned(), request },
            false => Payload::Http(request),
        };
        let answer = io.cluster.ask(&connection, payload);
        let took = took + answer.took;
        match answer.reply {
            Reply::Closed | Reply::Reset => {
                (took, Err(Trouble::Connection("Connection reset by peer")))
            }
            Reply::Silence => {
                (took + Duration::from_secs(30), Err(Trouble::Connection("connection timed out")))
            }
            _ => (took, Ok(address)),
        }
    }

    fn begin(&mut self, io: &mut Io<'_>) -> Step {
        if !matches!(io.place, Place::Container { .. }) {
            io.complain(super::not_simulated(&self.tool));
            return Step::Exit(1);
        }
        let words: Vec<String> =
            self.arguments.iter().filter(|word| !word.starts_with('-')).cloned().collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match (self.is_apk(), words.as_slice()) {
            (_, ["update", ..]) => self.start_update(io),
            (false, ["install", names @ ..]) => self.start_install(io, names),
            (true, ["add", names @ ..]) => self.start_install(io, names),
            (_, ["remove" | "purge" | "del", names @ ..]) => self.remove(io, names),
            (_, ["upgrade" | "clean" | "autoclean" | "autoremove" | "dist-upgrade", ..]) => {
                io.say(if self.is_apk() {
                    "OK: 8 MiB in 15 packages"
                } else {
                    "0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded."
                });
                Step::Exit(0)
            }
            (_, []) => {
                io.complain(format!(
                    "{} 2.8.3 (amd64)\nUsage: {} update | install PACKAGE...",
                    self.tool, self.tool
                ));
                Step::Exit(1)
            }
            (_, [other, ..]) => {
                io.complain(format!("E: Invalid operation {other}"));
                Step::Exit(100)
            }
        }
    }

    fn start_update(&mut self, io: &mut Io<'_>) -> Step {
        let (took, result) = self.fetch(io);
        match result {
            Ok(address) if self.is_apk() => {
                let _ = address;
                for part in ["main", "community"] {
                    io.say(format!(
                        "fetch https://{}/alpine/v3.22/{part}/x86_64/APKINDEX.tar.gz",
                        self.host()
                    ));
                }
            }
            Ok(_) => {
                for (index, suite) in
                    ["noble", "noble-updates", "noble-security"].iter().enumerate()
                {
                    io.say(format!(
                        "Get:{} http://{}/ubuntu {suite} InRelease [256 kB]",
                        index + 1,
                        self.host()
                    ));
                }
            }
            Err(trouble) => return self.update_failed(io, took, &trouble),
        }
        let until = io.now() + took + Duration::from_secs(2);
        self.stage = Stage::Fetching { until, what: What::Lists };
        Step::Until(until)
    }

    /// apt's update ends well even when nothing could be fetched; it warns.
    fn update_failed(&mut self, io: &mut Io<'_>, took: Duration, trouble: &Trouble) -> Step {
        let host = self.host();
        if self.is_apk() {
            let why = match trouble {
                Trouble::Name => "DNS: transient error (try again later)",
                Trouble::Connection(_) => "temporary error (try again later)",
            };
            for part in ["main", "community"] {
                let url = format!("https://{host}/alpine/v3.22/{part}");
                io.say(format!("fetch {url}/x86_64/APKINDEX.tar.gz"));
                io.complain(format!("WARNING: fetching {url}: {why}"));
            }
            io.complain("4 unavailable, 0 stale; 15 distinct packages available");
            self.stage = Stage::Fetching {
                until: io.now() + took,
                what: What::Packages(vec!["\0failed 1".to_owned()]),
            };
            return Step::Until(io.now() + took);
        }
        let why = match trouble {
            Trouble::Name => format!("Temporary failure resolving '{host}'"),
            Trouble::Connection(why) => format!("Could not connect to {host}:80, {why}"),
        };
        for (index, suite) in ["noble", "noble-updates", "noble-security"].iter().enumerate() {
            io.say(format!("Err:{} http://{host}/ubuntu {suite} InRelease\n  {why}", index + 1));
        }
        io.say("Reading package lists... Done\nBuilding dependency tree... Done\nReading state information... Done\nAll packages are up to date.");
        for suite in ["noble", "noble-updates", "noble-security"] {
            io.complain(format!(
                "W: Failed to fetch http://{host}/ubuntu/dists/{suite}/InRelease  {why}"
            ));
        }
        io.complain("W: Some index files failed to download. They have been ignored, or old ones used instead.");
        self.stage = Stage::Fetching {
            until: io.now() + took,
            what: What::Packages(vec!["\0failed 0".to_owned()]),
        };
        Step::Until(io.now() + took)
    }

    fn start_install(&mut self, io: &mut Io<'_>, names: &[&str]) -> Step {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        if self.is_apk() {
            return self.start_fetch(io, names);
        }
        io.say("Reading package lists... Done\nBuilding dependency tree... Done\nReading state information... Done");
        let have_lists = io.is_file(APT_LISTS);
        let unknown: Vec<&String> =
            names.iter().filter(|name| !have_lists || package(name).is_none()).collect();
        if !unknown.is_empty() {
            for name in unknown {
                io.complain(format!("E: Unable to locate package {name}"));
            }
            return Step::Exit(100);
        }
        let missing: Vec<String> =
            names.iter().filter(|name| !is_there(io, name)).cloned().collect();
        for name in names.iter().filter(|name| !missing.contains(name)) {
            io.say(format!("{name} is already the newest version."));
        }
        if missing.is_empty() {
            io.say("0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.");
            return Step::Exit(0);
        }
        io.say(format!("The following NEW packages will be installed:\n  {}", missing.join(" ")));
        io.say(format!(
            "0 upgraded, {} newly installed, 0 to remove and 0 not upgraded.",
            missing.len()
        ));
        io.say(format!("Need to get {} kB of archives.", 226 * missing.len()));
        io.say(format!(
            "After this operation, {} kB of additional disk space will be used.",
            534 * missing.len()
        ));
        let yes = |argument: &String| {
            matches!(argument.as_str(), "-y" | "--yes" | "--assume-yes" | "-qy" | "-yq" | "-qqy")
        };
        if self.arguments.iter().any(yes) {
            return self.start_fetch(io, missing);
        }
        self.stage = Stage::Asked(missing);
        self.answer(io)
    }

    fn answer(&mut self, io: &mut Io<'_>) -> Step {
        let Stage::Asked(names) = self.stage.clone() else { return Step::Exit(1) };
        match io.read_line() {
            Read::Line(line) if matches!(line.trim(), "" | "y" | "Y" | "yes") => {
                self.start_fetch(io, names)
            }
            Read::Wait => {
                *io.prompt = "Do you want to continue? [Y/n] ".to_owned();
                Step::Input
            }
            Read::Line(_) | Read::End => {
                io.say("Do you want to continue? [Y/n] Abort.");
                Step::Exit(1)
            }
        }
    }

    fn start_fetch(&mut self, io: &mut Io<'_>, names: Vec<String>) -> Step {
        let (took, result) = self.fetch(io);
        let until = io.now() + took + Duration::from_secs(1);
        let host = self.host();
        match result {
            Ok(_) if self.is_apk() => {
                for part in ["main", "community"] {
                    io.say(format!(
                        "fetch https://{host}/alpine/v3.22/{part}/x86_64/APKINDEX.tar.gz"
                    ));
                }
                self.stage = Stage::Fetching { until, what: What::Packages(names) };
            }
            Ok(_) => {
                for (index, name) in names.iter().enumerate() {
                    io.say(format!(
                        "Get:{} http://{host}/ubuntu noble/main amd64 {name} amd64 [226 kB]",
                        index + 1
                    ));
                }
                self.stage = Stage::Fetching { until, what: What::Packages(names) };
            }
            Err(trouble) => {
                let failed = match (&trouble, self.is_apk()) {
                    (Trouble::Name, true) => {
                        io.complain(format!("WARNING: fetching https://{host}/alpine/v3.22/main: DNS: transient error (try again later)"));
                        self.apk_missing(io, &names)
                    }
                    (Trouble::Connection(_), true) => {
                        io.complain(format!("WARNING: fetching https://{host}/alpine/v3.22/main: temporary error (try again later)"));
                        self.apk_missing(io, &names)
                    }
                    (trouble, false) => {
                        let why = match trouble {
                            Trouble::Name => format!("Temporary failure resolving '{host}'"),
                            Trouble::Connection(why) => {
                                format!("Could not connect to {host}:80, {why}")
                            }
                        };
                        for name in &names {
                            io.complain(format!("E: Failed to fetch http://{host}/ubuntu/pool/main/{name}_amd64.deb  {why}"));
                        }
                        io.complain("E: Unable to fetch some archives, maybe run apt-get update or try with --fix-missing?");
                        100
                    }
                };
                self.stage = Stage::Fetching {
                    until,
                    what: What::Packages(vec![format!("\0failed {failed}")]),
                };
            }
        }
        Step::Until(until)
    }

    fn apk_missing(&self, io: &mut Io<'_>, names: &[String]) -> i32 {
        io.complain("ERROR: unable to select packages:");
        for name in names {
            io.complain(format!("  {name} (no such package):\n    required by: world[{name}]"));
        }
        i32::try_from(names.len()).unwrap_or(1)
    }

    fn finish(&self, io: &mut Io<'_>, what: &What) -> i32 {
        match what {
            What::Lists => self.keep_lists(io),
            What::Packages(names) => match names.as_slice() {
                [only] if only.starts_with("\0failed ") => {
                    only["\0failed ".len()..].parse().unwrap_or(1)
                }
                names => self.install(io, names),
            },
        }
    }

    fn keep_lists(&self, io: &mut Io<'_>) -> i32 {
        let lists = if self.is_apk() { APK_LISTS } else { APT_LISTS };
        let place = io.place.clone();
        if let Err(why) = io.cluster.write_file(&place, lists, b"fetched\n") {
            io.complain(format!(
                "E: Could not open lock file /var/lib/apt/lists/lock - open (13: {why})"
            ));
            return 100;
        }
        match self.is_apk() {
            true => io.say("v3.22.2 [https://dl-cdn.alpinelinux.org/alpine/v3.22/main]\nOK: 26328 distinct packages available"),
            false => io.say("Fetched 33.6 MB in 2s (16.8 MB/s)\nReading package lists... Done\nBuilding dependency tree... Done\nReading state information... Done\nAll packages are up to date."),
        }
        0
    }

    fn install(&self, io: &mut Io<'_>, names: &[String]) -> i32 {
        let unknown: Vec<String> =
            names.iter().filter(|name| package(name).is_none()).cloned().collect();
        if !unknown.is_empty() {
            return self.apk_missing(io, &unknown);
        }
        for (index, name) in names.iter().enumerate() {
            match self.is_apk() {
                true => io.say(format!("({}/{}) Installing {name}", index + 1, names.len())),
                false => io.say(format!("Setting up {name} ...")),
            }
            let place = io.place.clone();
            for tool in package(name).unwrap_or_default() {
                let path = format!("/usr/bin/{tool}");
                if let Err(why) = io.cluster.write_file(&place, &path, b"\x7fELF") {
                    io.complain(format!("E: cannot write {path}: {why}"));
                    return 100;
                }
            }
        }
        if self.is_apk() {
            io.say(format!("OK: 12 MiB in {} packages", 15 + names.len()));
        }
        0
    }

    fn remove(&self, io: &mut Io<'_>, names: &[&str]) -> Step {
        let place = io.place.clone();
        for name in names {
            for tool in package(name).unwrap_or_default() {
                // What was not installed need not go.
                let _ = io.cluster.remove_file(&place, &format!("/usr/bin/{tool}"));
            }
            io.say(format!("Removing {name} ..."));
        }
        Step::Exit(0)
    }
}

/// Whether a package's tools are there already.
fn is_there(io: &Io<'_>, name: &str) -> bool {
    let tools = package(name).unwrap_or_default();
    tools.iter().all(|tool| super::is_installed(io.cluster, io.place, tool))
}

impl Tool for Packages {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        match self.stage.clone() {
            Stage::Start => self.begin(io),
            Stage::Asked(_) => self.answer(io),
            Stage::Fetching { until, .. } if io.now() < until => Step::Until(until),
            Stage::Fetching { what, .. } => Step::Exit(self.finish(io, &what)),
        }
    }

    fn clone_box(&self) -> Box<dyn Tool> {
        Box::new(self.clone())
    }
}
