//! What a program of an image serves, as its description says: `programs/described` runs it.

use serde::Deserialize;

use super::text::Text;

/// A program that serves.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::cluster) struct Server {
    /// The last part of its path, by which `ss` shows it too.
    pub program: String,
    /// The arguments that it is this program with: `node` serves when it is told `server.js`.
    #[serde(default)]
    pub runs: Vec<String>,
    /// Whose words it uses for what its language's library says.
    #[serde(default)]
    pub language: Language,
    /// The command-line options that it knows. Without them it reads none.
    #[serde(default)]
    pub options: Option<Options>,
    /// What its environment has to hold before it starts.
    #[serde(default)]
    pub needs: Vec<Need>,
    /// Whom it calls before it listens.
    #[serde(default)]
    pub calls: Vec<Call>,
    /// Where it listens.
    #[serde(default)]
    pub listens: Vec<Port>,
    /// What it says once it listens.
    #[serde(default)]
    pub says: Vec<Text>,
    /// What it answers; the first route that fits a request.
    #[serde(default)]
    pub routes: Vec<Route>,
    /// What it does again and again.
    #[serde(default)]
    pub rounds: Option<Rounds>,
    /// How it takes SIGTERM.
    #[serde(default)]
    pub stops: Stops,
}

/// Whose words a program uses when an address is taken or a call fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::cluster) enum Language {
    #[default]
    C,
    Dotnet,
    Go,
    Java,
    Node,
    Php,
    Python,
    Ruby,
    Rust,
}

/// The options of a command line.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::cluster) struct Options {
    /// How they are written, and what is said of wrong ones.
    pub grammar: Grammar,
    /// Those that take a text.
    #[serde(default)]
    pub texts: Vec<String>,
    /// Those that take a number.
    #[serde(default)]
    pub numbers: Vec<String>,
    /// Those that take nothing.
    #[serde(default)]
    pub switches: Vec<String>,
    /// How the names begin of many more that the program knows, and that change nothing here.
    #[serde(default)]
    pub families: Vec<String>,
    /// What follows the complaint about a wrong one.
    #[serde(default)]
    pub usage: String,
}

/// A family of command lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::cluster) enum Grammar {
    /// Go's `flag`: `-port 80`, `--port=80`.
    Go,
    /// `github.com/spf13/pflag`: `--port 80`, `-p 80`.
    Pflag,
    /// MySQL's: `--port=80`, and every system variable.
    Mysql,
    /// PostgreSQL's: `-p 80`, `-c name=value`, `--name=value`.
    Postgres,
    /// `getopt` of the C library: `-p 80`, `-p80`.
    Getopt,
    /// Boost's program_options: `--port 80`, `--port=80`.
    Boost,
}

/// Variables that a program insists on.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::cluster) struct Need {
    /// One of these: `NAME`, or `NAME=value`.
    #[serde(default)]
    pub any: Vec<String>,
    /// Each of these.
    #[serde(default)]
    pub every: Vec<String>,
    /// None of these.
    #[serde(default)]
    pub none: Vec<String>,
    /// What it says without; `${missing}` is the first one that is not there.
    pub says: Vec<Text>,
    /// How it ends then.
    #[serde(default = "one")]
    pub exit: i32,
    /// Whether it is the image's entrypoint script that insists.
    #[serde(default)]
    pub entrypoint: bool,
}

fn one() -> i32 {
    1
}

/// A socket.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::cluster) struct Port {
    pub port: Text,
    #[serde(default)]
    pub speaks: Speaks,
    /// The address; every one where it is not there.
    #[serde(default)]
    pub address: Text,
    /// Only if this is not empty.
    #[serde(default)]
    pub when: Option<Text>,
    /// The version that it names to its clients.
    #[serde(default)]
    pub version: String,
}

/// A protocol on a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::cluster) enum Speaks {
    #[default]
    Http,
    /// With a certificate of its own making.
    Https,
    Grpc,
    Redis,
    Mysql,
    Postgres,
    Mongodb,
    Amqp,
    Memcached,
    /// A connection, and no word that is known here.
    Tcp,
}

/// What it answers to some requests.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::cluster) struct Route {
    /// The path; with `*` at its end, every one that begins so.
    pub path: String,
    /// The method; every one where it is not there.
    #[serde(default)]
    pub method: Option<String>,
    /// The port; every one where it is not there.
    #[serde(default)]
    pub port: Option<Text>,
    /// Whom it calls for it.
    #[serde(default)]
    pub calls: Vec<Call>,
    #[serde(default = "ok")]
    pub status: u16,
    /// The type of the body, `text/html` for example.
    #[serde(default)]
    pub kind: Option<String>,
    /// Other headers: `Name: value`.
    #[serde(default)]
    pub headers: Vec<Text>,
    #[serde(default)]
    pub body: Text,
    /// What it writes to its log.
    #[serde(default)]
    pub logs: Vec<Text>,
}

fn ok() -> u16 {
    200
}

/// A request to somebody else.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::cluster) struct Call {
    /// `HOST:PORT`, as the program finds it.
    pub to: Text,
    #[serde(default)]
    pub speaks: Speaks,
    /// Path of an HTTP request, its method before it if it is not GET, or `/package.Service/Method`.
    #[serde(default)]
    pub asks: Text,
    /// Only if this is not empty.
    #[serde(default)]
    pub when: Option<Text>,
    /// What comes of it when it fails.
    #[serde(default)]
    pub fails: Failure,
}

/// What a program does when a call fails.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::cluster) struct Failure {
    /// What it writes to its log.
    pub says: Vec<Text>,
    /// It ends with this code (before it listens).
    pub exit: Option<i32>,
    /// It tries again after so many seconds (before it listens).
    pub again: Option<u64>,
    /// It goes on as if nothing had happened.
    pub ignored: bool,
    /// What it answers (to a request): 500 without it.
    pub status: Option<u16>,
    pub kind: Option<String>,
    pub body: Text,
}

/// What a program does again and again.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::cluster) struct Rounds {
    /// Milliseconds from one to the next.
    pub every: u64,
    pub calls: Vec<Call>,
    /// What it writes after a round that went well.
    #[serde(default)]
    pub says: Vec<Text>,
}

/// How a program takes SIGTERM.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::cluster) struct Stops {
    /// It has no handler for it, so that the first process of a container ignores it.
    #[serde(default)]
    pub ignores: bool,
    /// Its last words.
    #[serde(default)]
    pub says: Vec<Text>,
    #[serde(default)]
    pub exit: i32,
}
