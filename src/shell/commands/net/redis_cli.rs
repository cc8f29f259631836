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
}

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
        Args { host: "127.0.0.1".to_owned(), port: 6379, command: Vec::new() }
    }
}

impl Args {
    fn parse(arguments: &[String]) -> Result<Args, String> {
        let mut args = Args::default();
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().cloned().unwrap_or_default();
            match word.as_str() {
                "-h" => args.host = value(),
                "-p" => {
                    let text = value();
                    args.port = text.parse().map_err(|_| "Invalid server port.".to_owned())?;
                }
                "-a" | "-n" | "-u" | "--user" | "--pass" => {
                    return Err(format!(
                        "podhop: redis-cli {word} is not simulated here; the server asks for no \
                         password and has one database"
                    ));
                }
                "--raw" | "--no-raw" => {}
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

    fn place(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

impl Tool for RedisCli {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        loop {
            match std::mem::replace(&mut self.state, RedisCliState::Over(0)) {
                RedisCliState::Start => self.state = self.dial(io),
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
