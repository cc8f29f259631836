//! redis-cli: one command from its arguments, or a conversation at its prompt (TOPICS §F).

use crate::clock::SimTime;
use crate::cluster::{Connection, Payload, Reply};
use crate::network::{Protocol, SocketAddr};
use crate::shell::commands::trouble::{dial_trouble, name_trouble};
use crate::shell::{Io, NEVER, Read, Step, Tool};

/// A running redis-cli.
#[derive(Clone, Debug)]
struct RedisCli {
    args: Args,
    state: RedisCliState,
}

#[derive(Clone, Debug)]
enum RedisCliState {
    Start,
    /// The arguments can't be used.
    Refused(String),
    Dialling(SimTime, Result<Connection, String>),
    /// At the prompt, or before the only command.
    Ready(Connection),
    Waiting(SimTime, Connection, Reply),
    Over(i32),
}

/// What it was asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Args {
    host: String,
    port: u16,
    /// The only command; without one it asks for commands.
    command: Vec<String>,
    /// An option that would change what is asked of a server that is reached.
    left_out: Option<String>,
    /// Whether a password was given where others may read it, and whether that is not to be said.
    warns: bool,
    silent: bool,
}

/// Options with a value that podhop does not have.
const VALUED: &[&str] = &[
    "-n",
    "-r",
    "-i",
    "-t",
    "-d",
    "-D",
    "-X",
    "--user",
    "--eval",
    "--pattern",
    "--quoted-pattern",
    "--count",
    "--rdb",
    "--functions-rdb",
    "--memkeys-samples",
    "--intrinsic-latency",
    "--lru-test",
    "--show-pushes",
    "--cert",
    "--key",
    "--cacert",
    "--cacertdir",
    "--sni",
    "--tls-ciphers",
];

/// Options without one that podhop does not have.
const SWITCHES: &[&str] = &[
    "-v",
    "--version",
    "-c",
    "-3",
    "-x",
    "--csv",
    "--json",
    "--quoted-json",
    "--scan",
    "--stat",
    "--latency",
    "--latency-history",
    "--latency-dist",
    "--bigkeys",
    "--memkeys",
    "--hotkeys",
    "--pipe",
    "--replica",
    "--quoted-input",
    "--askpass",
    "--tls",
    "--insecure",
    "--ldb",
    "--ldb-sync-mode",
    "--cluster",
    "--verbose",
];

/// redis-cli with these arguments.
pub(in crate::shell::commands) fn start(arguments: &[String]) -> Box<dyn Tool> {
    let (args, state) = match Args::parse(arguments) {
        Ok(args) => (args, RedisCliState::Start),
        Err(told) => (Args::default(), RedisCliState::Refused(told)),
    };
    Box::new(RedisCli { args, state })
}

impl Default for Args {
    fn default() -> Self {
        Args {
            host: "127.0.0.1".to_owned(),
            port: 6379,
            command: Vec::new(),
            left_out: None,
            warns: false,
            silent: false,
        }
    }
}

impl Args {
    fn parse(arguments: &[String]) -> Result<Args, String> {
        let mut args = Args::default();
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            let last = words.len() == 0;
            let mut value = || words.next().cloned().unwrap_or_default();
            match word.as_str() {
                "-h" | "--help" if last => {
                    return Err(format!("Usage: {}", crate::shell::commands::usage("redis-cli")));
                }
                "-h" => args.host = value(),
                "-p" if !last => {
                    let text = value();
                    args.port = text.parse().map_err(|_| "Invalid server port.".to_owned())?;
                }
                "-a" | "--pass" if !last => {
                    value();
                    args.warns = true;
                    args.leave_out(word);
                }
                "-u" if !last => args.uri(&value())?,
                "-s" if !last => {
                    let path = value();
                    let why = "No such file or directory";
                    return Err(format!("Could not connect to Redis at {path}: {why}"));
                }
                "--no-auth-warning" => args.silent = true,
                "--raw" | "--no-raw" | "-e" => {}
                known if VALUED.contains(&known) && !last => {
                    value();
                    args.leave_out(known);
                }
                known if SWITCHES.contains(&known) => args.leave_out(known),
                other if other.starts_with('-') => {
                    return Err(format!(
                        "Unrecognized option or bad number of args for: '{other}'"
                    ));
                }
                _ => {
                    args.command = std::iter::once(word).chain(words).cloned().collect();
                    break;
                }
            }
        }
        Ok(args)
    }

    /// The first option that podhop does not have is told of, once the server is reached.
    fn leave_out(&mut self, option: &str) {
        self.left_out.get_or_insert_with(|| option.to_owned());
    }

    /// `redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]`
    fn uri(&mut self, text: &str) -> Result<(), String> {
        let Some(rest) = text.strip_prefix("redis://") else {
            return Err(match text.starts_with("rediss://") {
                true => "podhop: not simulated here: redis-cli -u rediss://".to_owned(),
                false => "Invalid URI scheme".to_owned(),
            });
        };
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, place) = match authority.rsplit_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, authority),
        };
        let (host, port) = place.split_once(':').unwrap_or((place, "6379"));
        if !host.is_empty() {
            host.clone_into(&mut self.host);
        }
        self.port = port.parse().map_err(|_| "Invalid server port.".to_owned())?;
        if user.is_some() {
            self.warns = true;
        }
        if user.is_some() || !matches!(database, "" | "0") {
            self.leave_out("-u");
        }
        Ok(())
    }

    fn place(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

impl Tool for RedisCli {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        loop {
            match std::mem::replace(&mut self.state, RedisCliState::Over(0)) {
                RedisCliState::Start => {
                    if self.args.warns && !self.args.silent {
                        io.write_error("Warning: Using a password with '-a' or '-u' option on the command line interface may not be safe.");
                    }
                    self.state = self.dial(io);
                }
                RedisCliState::Refused(told) => {
                    io.write_error(told);
                    return Step::Exit(1);
                }
                RedisCliState::Dialling(until, result) if until > io.now() => {
                    self.state = RedisCliState::Dialling(until, result);
                    return Step::Until(until);
                }
                RedisCliState::Dialling(_, Err(told)) => {
                    io.write_error(told);
                    return Step::Exit(1);
                }
                RedisCliState::Dialling(_, Ok(_)) if let Some(option) = &self.args.left_out => {
                    io.write_error(format!("podhop: redis-cli {option} is not simulated here; the server asks for no password and has one database"));
                    return Step::Exit(1);
                }
                RedisCliState::Dialling(_, Ok(connection)) => {
                    self.state = RedisCliState::Ready(connection)
                }
                RedisCliState::Ready(connection) => {
                    if let Some(step) = self.ask(io, connection) {
                        return step;
                    }
                }
                RedisCliState::Waiting(until, connection, reply) if until > io.now() => {
                    self.state = RedisCliState::Waiting(until, connection, reply);
                    return Step::Until(until);
                }
                RedisCliState::Waiting(_, connection, reply) => self.hear(io, connection, &reply),
                RedisCliState::Over(code) => return Step::Exit(code),
            }
        }
    }
}

impl RedisCli {
    fn dial(&self, io: &mut Io<'_>) -> RedisCliState {
        let told =
            |why: &str| format!("Could not connect to Redis at {}: {why}", self.args.place());
        let lookup = io.cluster.lookup(io.place, &self.args.host);
        let until = io.now() + lookup.took;
        let address = match lookup.result.map(|found| found.first().copied()) {
            Ok(Some(address)) => address,
            Ok(None) => {
                return RedisCliState::Dialling(until, Err(told("Name or service not known")));
            }
            Err(why) => return RedisCliState::Dialling(until, Err(told(name_trouble(io, why)))),
        };
        let to = SocketAddr::new(address, self.args.port);
        let dial = io.cluster.dial(io.place, Protocol::Tcp, to);
        let result = dial.result.map_err(|why| told(dial_trouble(io, why)));
        RedisCliState::Dialling(until + dial.took, result)
    }

    /// Sends the next command; says what to wait for if there is none yet.
    fn ask(&mut self, io: &mut Io<'_>, connection: Connection) -> Option<Step> {
        let words = if self.args.command.is_empty() {
            *io.prompt = format!("{}> ", self.args.place());
            match io.read_line() {
                Read::Wait => {
                    self.state = RedisCliState::Ready(connection);
                    return Some(Step::Input);
                }
                Read::End => return Some(Step::Exit(0)),
                Read::Line(line) => {
                    let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
                    match words.first().map(String::as_str) {
                        Some("exit" | "quit") => return Some(Step::Exit(0)),
                        Some(_) => words,
                        None => {
                            self.state = RedisCliState::Ready(connection);
                            return None;
                        }
                    }
                }
            }
        } else {
            self.args.command.clone()
        };
        let parts: String =
            words.iter().map(|word| format!("${}\r\n{word}\r\n", word.len())).collect();
        let request = format!("*{}\r\n{parts}", words.len()).into_bytes();
        let answer = io.cluster.ask(&connection, Payload::Bytes(request));
        self.state = RedisCliState::Waiting(io.now() + answer.took, connection, answer.reply);
        None
    }

    fn hear(&mut self, io: &mut Io<'_>, connection: Connection, reply: &Reply) {
        let once = !self.args.command.is_empty();
        let exit;
        match reply {
            Reply::Bytes(bytes) => {
                let text = String::from_utf8_lossy(bytes);
                match text.chars().next() {
                    Some('+' | '-' | ':' | '$' | '*') | None => {
                        exit = i32::from(text.starts_with('-'));
                        let told = shown(&mut text.split("\r\n"), io.terminal);
                        io.say(crate::diagnostic::printable(&told));
                    }
                    // Somebody else's protocol.
                    Some(other) => {
                        let other = other.escape_default();
                        io.write_error(format!(
                            "Error: Protocol error, got \"{other}\" as reply type byte"
                        ));
                        exit = 1;
                    }
                }
            }
            // A server that says nothing is waited for as long as the player likes.
            Reply::Silence => {
                self.state = RedisCliState::Waiting(NEVER, connection, Reply::Silence);
                return;
            }
            Reply::Http(_) | Reply::Tls { .. } => {
                io.write_error("Error: Protocol error, got \"H\" as reply type byte");
                exit = 1;
            }
            Reply::Closed => {
                io.write_error("Error: Server closed the connection");
                exit = 1;
            }
            Reply::Reset => {
                io.write_error("Error: Connection reset by peer");
                exit = 1;
            }
        }
        let lost = matches!(reply, Reply::Closed | Reply::Reset);
        self.state =
            if once || lost { RedisCliState::Over(exit) } else { RedisCliState::Ready(connection) };
    }
}

/// A reply of the Redis protocol: with its type at a terminal, bare in a pipe.
fn shown<'t>(lines: &mut impl Iterator<Item = &'t str>, terminal: bool) -> String {
    let Some(line) = lines.next() else { return String::new() };
    let (kind, rest) = line.split_at_checked(1).unwrap_or(("", ""));
    match (kind, terminal) {
        ("+", _) => rest.to_owned(),
        ("-", true) => format!("(error) {rest}"),
        ("-", false) => rest.to_owned(),
        (":", true) => format!("(integer) {rest}"),
        (":", false) => rest.to_owned(),
        ("$", true) if rest == "-1" => "(nil)".to_owned(),
        ("$", false) if rest == "-1" => String::new(),
        ("$", _) => {
            // A text may hold line breaks of its own; its length says where it ends.
            let length: usize = rest.parse().unwrap_or(0);
            let mut text = lines.next().unwrap_or_default().to_owned();
            while text.len() < length {
                let Some(more) = lines.next() else { break };
                text = format!("{text}\r\n{more}");
            }
            if terminal { format!("{text:?}") } else { text }
        }
        ("*", _) => {
            let count: usize = rest.parse().unwrap_or(0);
            let items: Vec<String> = (1..=count)
                .map(|number| match terminal {
                    true => format!("{number}) {}", shown(lines, true)),
                    false => shown(lines, false),
                })
                .collect();
            match (items.is_empty(), terminal) {
                (true, true) => "(empty array)".to_owned(),
                _ => items.join("\n"),
            }
        }
        _ => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_have_types_at_a_terminal_alone() {
        let told = |text: &str, terminal| shown(&mut text.split("\r\n"), terminal);
        assert_eq!(told("+PONG\r\n", true), "PONG");
        assert_eq!(told(":3\r\n", true), "(integer) 3");
        assert_eq!(told(":3\r\n", false), "3");
        assert_eq!(told("$2\r\nhi\r\n", true), "\"hi\"");
        assert_eq!(told("$4\r\na\r\nb\r\n", false), "a\r\nb");
        assert_eq!(told("$-1\r\n", true), "(nil)");
        assert_eq!(told("*2\r\n$1\r\na\r\n:1\r\n", true), "1) \"a\"\n2) (integer) 1");
        assert_eq!(told("-ERR no\r\n", true), "(error) ERR no");
    }

    #[test]
    fn options_stand_before_the_command() {
        let words = ["-h", "db", "-p", "6380", "get", "-p"].map(str::to_owned);
        let args = Args::parse(&words).expect("it can be read");
        assert_eq!((args.place().as_str(), args.command.len()), ("db:6380", 2));
        assert!(Args::parse(&["--what".to_owned()]).is_err());
    }
}
