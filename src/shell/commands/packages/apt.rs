//! `apt` and `apt-get`, in Ubuntu and Debian (TOPICS A7).

use std::time::Duration;

use super::server::{Trouble, fetch};
use super::{Kind, Next, Then, catalogue};
use crate::shell::commands::options::{Grammar, Messages, Options};
use crate::shell::{Io, Read};

/// A distribution's packages.
struct Distribution {
    host: &'static str,
    folder: &'static str,
    /// Where its security updates are.
    security: &'static str,
    /// The release and what is added to it: `bookworm`, `bookworm-updates`, `bookworm-security`.
    suites: [String; 3],
}

/// A command line of apt.
#[derive(Clone)]
pub(super) struct Apt {
    tool: &'static str,
    options: Result<Options, (String, i32)>,
}

/// What apt heeds here, and what changes nothing: no package recommends another one, and there are no
/// versions to show.
const LONG: &[(&str, char)] = &[
    ("yes", 'y'),
    ("assume-yes", 'y'),
    ("quiet", 'q'),
    ("verbose-versions", 'V'),
    ("no-install-recommends", 'À'),
    ("no-install-suggests", 'À'),
];

/// What the place's `/etc/os-release` names.
fn distribution(io: &Io<'_>) -> Distribution {
    let image = io.cluster.image(io.place);
    let release = |field: &str| image.and_then(|image| image.release(field)).unwrap_or("");
    let codename = release("VERSION_CODENAME");
    let suites = ["", "-updates", "-security"].map(|more| format!("{codename}{more}"));
    match release("ID") {
        "ubuntu" => Distribution {
            host: "archive.ubuntu.com",
            folder: "ubuntu",
            security: "ubuntu",
            suites,
        },
        _ => Distribution {
            host: "deb.debian.org",
            folder: "debian",
            security: "debian-security",
            suites,
        },
    }
}

impl Distribution {
    /// The file that says that the lists have been fetched.
    fn lists(&self) -> String {
        let Distribution { host, folder, suites, .. } = self;
        format!("/var/lib/apt/lists/{host}_{folder}_dists_{}_InRelease", suites[0])
    }

    /// The folder and suite of each list.
    fn parts(&self) -> impl Iterator<Item = (&str, &str)> {
        let folders = [self.folder, self.folder, self.security];
        folders.into_iter().zip(self.suites.iter().map(String::as_str))
    }

    fn why(&self, trouble: &Trouble) -> String {
        let host = self.host;
        match trouble {
            Trouble::Name => format!("Temporary failure resolving '{host}'"),
            Trouble::Connection { address, why } => {
                format!("Could not connect to {host}:80 ({address}), {why}")
            }
        }
    }
}

fn read_lists(io: &mut Io<'_>) {
    for line in ["Reading package lists", "Building dependency tree", "Reading state information"] {
        io.say(format!("{line}... Done"));
    }
}

impl Apt {
    pub fn new(tool: &'static str, arguments: &[String]) -> Apt {
        let grammar = Grammar { name: tool, short: "yqV", long: LONG, stops: false };
        Apt {
            tool,
            options: grammar.parse(arguments, Messages::Gnu).map_err(|misuse| (misuse.into(), 100)),
        }
    }

    /// Whether nobody is asked: `-y`, which the second level of quiet implies (apt-get(8)).
    fn agrees(&self) -> bool {
        self.is_quiet() || self.options.as_ref().is_ok_and(|options| options.has('y'))
    }

    fn is_quiet(&self) -> bool {
        let quiet = |options: &Options| options.all('q').count() > 1;
        self.options.as_ref().is_ok_and(quiet)
    }

    /// Even when nothing can be fetched, an update ends well; it warns.
    fn update(&self, io: &mut Io<'_>) -> Next {
        let from = distribution(io);
        let (host, folder) = (from.host, from.folder);
        let target = format!("/{folder}/dists/{}/InRelease", from.suites[0]);
        let (took, trouble) = fetch(io, host, 80, &target);
        let Some(trouble) = trouble else {
            if !self.is_quiet() {
                for (index, (folder, suite)) in from.parts().enumerate() {
                    let number = index + 1;
                    io.say(format!(
                        "Get:{number} http://{host}/{folder} {suite} InRelease [256 kB]"
                    ));
                }
            }
            return Next::Wait(io.now() + took + Duration::from_secs(2), Then::KeepLists);
        };
        let why = from.why(&trouble);
        for (index, (folder, suite)) in from.parts().enumerate() {
            io.say(format!("Err:{} http://{host}/{folder} {suite} InRelease\n  {why}", index + 1));
        }
        read_lists(io);
        for (folder, suite) in from.parts() {
            let url = format!("http://{host}/{folder}/dists/{suite}/InRelease");
            io.write_error(format!("W: Failed to fetch {url}  {why}"));
        }
        io.write_error(
            "W: Some index files failed to download. They have been ignored, or old ones used \
             instead.",
        );
        Next::Wait(io.now() + took, Then::Exit(0))
    }

    fn install(&self, io: &mut Io<'_>, names: &[&str]) -> Next {
        read_lists(io);
        let have_lists = io.is_file(&distribution(io).lists());
        let mut unknown = names.iter().filter(|name| {
            catalogue::tools(name).is_none() || !have_lists && !catalogue::is_there(io, name)
        });
        if let Some(name) = unknown.next() {
            let more: Vec<&&str> = unknown.collect();
            io.write_error(format!("E: Unable to locate package {name}"));
            for name in more {
                io.write_error(format!("E: Unable to locate package {name}"));
            }
            return Next::Exit(100);
        }
        let (there, missing): (Vec<&str>, Vec<&str>) =
            names.iter().partition(|name| catalogue::is_there(io, name));
        for name in there {
            io.say(format!("{name} is already the newest version."));
        }
        if missing.is_empty() {
            io.say("0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.");
            return Next::Exit(0);
        }
        let count = missing.len();
        io.say(format!("The following NEW packages will be installed:\n  {}", missing.join(" ")));
        io.say(format!("0 upgraded, {count} newly installed, 0 to remove and 0 not upgraded."));
        io.say(format!("Need to get {} kB of archives.", 226 * count));
        let space = 534 * count;
        io.say(format!("After this operation, {space} kB of additional disk space will be used."));
        let missing: Vec<String> = missing.into_iter().map(str::to_owned).collect();
        match self.agrees() {
            true => self.fetch(io, missing),
            false => Next::Ask(missing),
        }
    }

    fn fetch(&self, io: &mut Io<'_>, names: Vec<String>) -> Next {
        let from = distribution(io);
        let (host, folder, suite) = (from.host, from.folder, &from.suites[0]);
        let target = format!("/{folder}/pool/main/{}.deb", names.join("_"));
        let (took, trouble) = fetch(io, host, 80, &target);
        let Some(trouble) = trouble else {
            for (index, name) in names.iter().enumerate() {
                let number = index + 1;
                io.say(format!(
                    "Get:{number} http://{host}/{folder} {suite}/main amd64 {name} amd64 [226 kB]"
                ));
            }
            return Next::Wait(io.now() + took + Duration::from_secs(1), Then::Unpack(names));
        };
        let why = from.why(&trouble);
        for name in &names {
            let url = format!("http://{host}/{folder}/pool/main/{name}_amd64.deb");
            io.write_error(format!("E: Failed to fetch {url}  {why}"));
        }
        io.write_error(
            "E: Unable to fetch some archives, maybe run apt-get update or try with --fix-missing?",
        );
        Next::Wait(io.now() + took, Then::Exit(100))
    }
}

impl Kind for Apt {
    fn name(&self) -> &str {
        self.tool
    }

    fn options(&self) -> &Result<Options, (String, i32)> {
        &self.options
    }

    fn start(&self, io: &mut Io<'_>, operands: &[&str]) -> Next {
        match operands {
            ["update", ..] => self.update(io),
            ["install", names @ ..] => self.install(io, names),
            ["remove" | "purge", names @ ..] => {
                for name in names {
                    catalogue::remove(io, name);
                    io.say(format!("Removing {name} ..."));
                }
                Next::Exit(0)
            }
            ["upgrade" | "dist-upgrade" | "clean" | "autoclean" | "autoremove", ..] => {
                io.say("0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.");
                Next::Exit(0)
            }
            [] => {
                let tool = self.tool;
                io.say(format!("{tool} 2.8.3 (amd64)\nUsage: {tool} update | install PACKAGE..."));
                Next::Exit(0)
            }
            [other, ..] => {
                io.write_error(format!("E: Invalid operation {other}"));
                Next::Exit(100)
            }
        }
    }

    fn answer(&self, io: &mut Io<'_>, packages: &[String]) -> Next {
        match io.read_line() {
            Read::Line(line) if matches!(line.trim(), "" | "y" | "Y" | "yes" | "Yes") => {
                self.fetch(io, packages.to_vec())
            }
            Read::Wait => {
                *io.prompt = "Do you want to continue? [Y/n] ".to_owned();
                Next::Listen
            }
            Read::Line(_) => {
                io.say("Abort.");
                Next::Exit(1)
            }
            Read::End => {
                io.say("Do you want to continue? [Y/n] Abort.");
                Next::Exit(1)
            }
        }
    }

    fn finish(&self, io: &mut Io<'_>, then: &Then) -> i32 {
        match then {
            Then::Exit(status) => *status,
            Then::KeepLists => {
                let lists = distribution(io).lists();
                if let Err(why) = io.cluster.write_file(io.place, &lists, b"fetched\n") {
                    io.write_error(format!("E: Could not open file {lists} ({why})"));
                    return 100;
                }
                if !self.is_quiet() {
                    io.say("Fetched 33.6 MB in 2s (16.8 MB/s)");
                    read_lists(io);
                    io.say("All packages are up to date.");
                }
                0
            }
            Then::Unpack(names) => {
                for name in names {
                    io.say(format!("Setting up {name} ..."));
                    if let Err(why) = catalogue::unpack(io, name) {
                        io.write_error(format!("E: {why}"));
                        return 100;
                    }
                }
                0
            }
        }
    }
}
