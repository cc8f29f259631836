//! `apk`, in Alpine.

use std::time::Duration;

use super::server::{Trouble, fetch};
use super::{Kind, Next, Then, catalogue};
use crate::shell::Io;
use crate::shell::commands::options::{Grammar, Messages, Options};

const HOST: &str = "dl-cdn.alpinelinux.org";

/// Alpine's repositories.
const PARTS: [&str; 2] = ["main", "community"];

/// A command line of apk.
#[derive(Clone)]
pub(super) struct Apk {
    options: Result<Options, (String, i32)>,
}

/// What changes nothing here: nothing is kept in a cache, and every command fetches the indexes anew.
const GRAMMAR: Grammar = Grammar {
    name: "apk",
    short: "qU",
    long: &[
        ("no-cache", 'À'),
        ("quiet", 'q'),
        ("update-cache", 'U'),
        ("update", 'U'),
        ("no-progress", 'À'),
    ],
    stops: false,
};

fn url(part: &str) -> String {
    format!("https://{HOST}/alpine/v3.22/{part}")
}

impl Apk {
    pub fn new(arguments: &[String]) -> Apk {
        Apk {
            options: GRAMMAR.parse(arguments, Messages::Musl).map_err(|misuse| (misuse.into(), 1)),
        }
    }

    /// Fetches the indexes, as every command of apk does first.
    fn fetch(&self, io: &mut Io<'_>) -> (Duration, bool) {
        let (took, trouble) = fetch(io, HOST, 443, "/alpine/v3.22/main/x86_64/APKINDEX.tar.gz");
        for part in PARTS {
            io.say(format!("fetch {}/x86_64/APKINDEX.tar.gz", url(part)));
            let why = match &trouble {
                None => continue,
                Some(Trouble::Name) => "DNS: transient error (try again later)",
                Some(Trouble::Connection { .. }) => "temporary error (try again later)",
            };
            io.write_error(format!("WARNING: fetching {}: {why}", url(part)));
        }
        (took, trouble.is_none())
    }

    fn missing(io: &mut Io<'_>, names: &[&str]) -> i32 {
        io.write_error("ERROR: unable to select packages:");
        for name in names {
            io.write_error(format!("  {name} (no such package):\n    required by: world[{name}]"));
        }
        i32::try_from(names.len()).unwrap_or(1)
    }
}

impl Kind for Apk {
    fn name(&self) -> &str {
        "apk"
    }

    fn options(&self) -> &Result<Options, (String, i32)> {
        &self.options
    }

    fn start(&self, io: &mut Io<'_>, operands: &[&str]) -> Next {
        match operands {
            ["update", ..] => {
                let (took, reached) = self.fetch(io);
                if reached {
                    return Next::Wait(io.now() + took + Duration::from_secs(1), Then::KeepLists);
                }
                io.write_error("4 unavailable, 0 stale; 15 distinct packages available");
                Next::Wait(io.now() + took, Then::Exit(1))
            }
            ["add", names @ ..] => {
                let (took, reached) = self.fetch(io);
                let then = match reached {
                    true => Then::Unpack(names.iter().map(|name| (*name).to_owned()).collect()),
                    false => Then::Exit(Apk::missing(io, names)),
                };
                Next::Wait(io.now() + took + Duration::from_secs(1), then)
            }
            ["del", names @ ..] => {
                for name in names {
                    catalogue::remove(io, name);
                }
                io.say("OK: 8 MiB in 15 packages");
                Next::Exit(0)
            }
            ["info" | "upgrade" | "cache", ..] => {
                io.say("OK: 8 MiB in 15 packages");
                Next::Exit(0)
            }
            [] => {
                io.say("apk-tools 2.14.9, compiled for x86_64.\n\nusage: apk update | apk add PACKAGE...");
                Next::Exit(1)
            }
            [other, ..] => {
                io.write_error(format!(
                    "ERROR: '{other}' is not an apk command. See 'apk --help'."
                ));
                Next::Exit(1)
            }
        }
    }

    fn answer(&self, _: &mut Io<'_>, _: &[String]) -> Next {
        // apk never asks.
        Next::Exit(0)
    }

    fn finish(&self, io: &mut Io<'_>, then: &Then) -> i32 {
        match then {
            Then::Exit(status) => *status,
            Then::KeepLists => {
                for part in PARTS {
                    io.say(format!("v3.22.2 [{}]", url(part)));
                }
                io.say("OK: 26328 distinct packages available");
                0
            }
            Then::Unpack(names) => {
                let unknown = names.iter().map(String::as_str);
                let unknown: Vec<&str> =
                    unknown.filter(|name| catalogue::tools(name).is_none()).collect();
                if !unknown.is_empty() {
                    return Apk::missing(io, &unknown);
                }
                for (index, name) in names.iter().enumerate() {
                    io.say(format!("({}/{}) Installing {name}", index + 1, names.len()));
                    if let Err(why) = catalogue::unpack(io, name) {
                        io.write_error(format!("ERROR: {name}: {why}"));
                        return 1;
                    }
                }
                io.say(format!("OK: 12 MiB in {} packages", 15 + names.len()));
                0
            }
        }
    }
}
