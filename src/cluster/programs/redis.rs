//! Redis: a few commands, over its own protocol or typed by hand.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::daemon::{Daemon, Service, Socket};
use super::http;
use super::redis_config::{self, Entry, RedisConfig};
use super::says::Says;
use crate::cluster::{Answer, Ask, Context, Image, Payload, Process, Reply};
use crate::network::{BindError, SocketAddr};

#[derive(Clone)]
struct Redis {
    arguments: Vec<String>,
    version: String,
    config: RedisConfig,
    data: BTreeMap<String, String>,
    /// Clients that have said the password.
    known: BTreeSet<SocketAddr>,
}

/// The program: a configuration file, and directives as options (`--port 6380`).
pub(super) fn start(arguments: &[String], image: &Image) -> Box<dyn Process> {
    let variables = &image.environment;
    let version = variables.iter().find(|(name, _)| name == "REDIS_VERSION");
    let version = version.map_or("7.4.2", |(_, version)| version).to_owned();
    match arguments.first().map(String::as_str) {
        Some("-v" | "--version") => return Says::boxed(format!("Redis server v={version}"), 0),
        Some("-h" | "--help") => {
            return Says::boxed("Usage: ./redis-server [/path/to/redis.conf] [options] [-]", 1);
        }
        _ => {}
    }
    Daemon::boxed(Redis {
        arguments: arguments.to_vec(),
        version,
        config: RedisConfig::default(),
        data: BTreeMap::new(),
        known: BTreeSet::new(),
    })
}

impl Service for Redis {
    fn name(&self) -> &str {
        "redis-server"
    }

    fn prepare(&mut self, context: &mut Context<'_>) -> Result<(), i32> {
        let (file, options) = match self.arguments.split_first() {
            Some((first, rest)) if !first.starts_with("--") => (Some(first.clone()), rest),
            _ => (None, &self.arguments[..]),
        };
        let mut text = String::new();
        if let Some(file) = file {
            let found = context.cluster.read_file(&context.place, &file);
            let Some(bytes) = found else {
                context.say(redis_config::no_file(&file));
                return Err(1);
            };
            text = String::from_utf8_lossy(&bytes).into_owned();
        }
        if !options.is_empty() {
            text += &format!("\n{}", redis_config::lines(options).join("\n"));
        }
        let open = |path: &str| match context.cluster.read_file(&context.place, path) {
            Some(bytes) => Entry::File(String::from_utf8_lossy(&bytes).into_owned()),
            None if context.cluster.is_directory(&context.place, path) => Entry::Folder,
            None => Entry::Nothing,
        };
        match redis_config::read(&text, &self.version, &open) {
            Ok(config) => {
                self.config = config;
                Ok(())
            }
            Err(lines) => {
                lines.iter().for_each(|line| context.say(line));
                Err(1)
            }
        }
    }

    fn sockets(&self) -> Vec<Socket> {
        let RedisConfig { port, addresses, .. } = &self.config;
        let at = |address: &IpAddr| Socket { address: *address, ..Socket::tcp(*port) };
        match (*port, addresses.as_slice()) {
            (0, _) => Vec::new(),
            (port, []) => vec![Socket::tcp(port)],
            (_, addresses) => addresses.iter().map(at).collect(),
        }
    }

    fn announce(&mut self, context: &mut Context<'_>) {
        let stamp = stamp(context);
        context.say(format!("1:C {stamp} * oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo"));
        context.say(format!("1:M {stamp} * Running mode=standalone, port={}.", self.config.port));
        context.say(format!("1:M {stamp} * Server initialized"));
        context.say(format!("1:M {stamp} * Ready to accept connections tcp"));
    }

    fn failed_to_bind(
        &mut self,
        socket: Socket,
        why: &BindError,
        context: &mut Context<'_>,
    ) -> i32 {
        let stamp = stamp(context);
        let at = match socket.address.is_unspecified() {
            true => "*".to_owned(),
            false => socket.address.to_string(),
        };
        context.say(format!(
            "1:M {stamp} # Warning: Could not create server TCP listening socket {at}:{}: bind: {}",
            socket.port,
            why.words()
        ));
        context.say(format!(
            "1:M {stamp} # Failed listening on port {} (tcp), aborting.",
            socket.port
        ));
        1
    }

    fn answer(&mut self, ask: &Ask, _: &mut Context<'_>) -> Answer {
        let reply = match &ask.payload {
            Payload::Nothing => Reply::Silence,
            // Lines of HTTP are a security risk that Redis ends the connection for.
            Payload::Http(_) | Payload::Tls { .. } => Reply::Closed,
            Payload::Bytes(bytes) => {
                let commands = commands(bytes);
                let answers: Vec<String> =
                    commands.iter().map(|command| self.admit(ask.peer, command)).collect();
                Reply::Bytes(answers.concat().into_bytes())
            }
        };
        http::other(reply)
    }

    fn stop(&mut self, context: &mut Context<'_>) -> i32 {
        let stamp = stamp(context);
        context.say(format!("1:signal-handler ({stamp}) Received SIGTERM scheduling shutdown..."));
        context.say(format!("1:M {stamp} # Redis is now ready to exit, bye bye..."));
        0
    }
}

impl Redis {
    /// Runs a command of a client that may give one.
    fn admit(&mut self, peer: SocketAddr, words: &[String]) -> String {
        let name = words.first().map(|name| name.to_uppercase()).unwrap_or_default();
        match (&self.config.password, name.as_str()) {
            (None, "AUTH") => {
                "-ERR AUTH <password> called without any password configured for the default user. \
                 Are you sure your configuration is correct?\r\n"
                    .to_owned()
            }
            (Some(password), "AUTH") if words.last() == Some(password) => {
                self.known.insert(peer);
                "+OK\r\n".to_owned()
            }
            (Some(_), "AUTH") => {
                "-WRONGPASS invalid username-password pair or user is disabled.\r\n".to_owned()
            }
            (Some(_), _) if !self.known.contains(&peer) => {
                "-NOAUTH Authentication required.\r\n".to_owned()
            }
            _ => self.run(words),
        }
    }

    fn run(&mut self, words: &[String]) -> String {
        let Some((name, arguments)) = words.split_first() else { return String::new() };
        let upper = name.to_uppercase();
        match (upper.as_str(), arguments) {
            ("PING", []) => "+PONG\r\n".to_owned(),
            ("PING" | "ECHO", [text]) => bulk(text),
            ("SET", [key, value, ..]) => {
                self.data.insert(key.clone(), value.clone());
                "+OK\r\n".to_owned()
            }
            ("GET", [key]) => match self.data.get(key) {
                Some(value) => bulk(value),
                None => "$-1\r\n".to_owned(),
            },
            ("DEL", keys @ [_, ..]) => {
                let gone = keys.iter().filter(|key| self.data.remove(*key).is_some()).count();
                format!(":{gone}\r\n")
            }
            ("EXISTS", [key]) => format!(":{}\r\n", u8::from(self.data.contains_key(key))),
            ("INCR", [key]) => self.increment(key),
            ("KEYS", [_]) => {
                let keys: Vec<String> = self.data.keys().map(|key| bulk(key)).collect();
                format!("*{}\r\n{}", keys.len(), keys.concat())
            }
            ("DBSIZE", []) => format!(":{}\r\n", self.data.len()),
            ("INFO", _) => bulk("# Server\r\nredis_version:7.4.2\r\nrole:master\r\n"),
            ("COMMAND", _) => "*0\r\n".to_owned(),
            (
                "PING" | "ECHO" | "SET" | "GET" | "DEL" | "EXISTS" | "INCR" | "KEYS" | "DBSIZE",
                _,
            ) => {
                let name = name.to_lowercase();
                format!("-ERR wrong number of arguments for '{name}' command\r\n")
            }
            _ => {
                let given: String = arguments.iter().map(|word| format!(" '{word}'")).collect();
                format!("-ERR unknown command '{name}', with args beginning with:{given} \r\n")
            }
        }
    }

    fn increment(&mut self, key: &str) -> String {
        let old = self.data.get(key).map_or(Ok(0), |value| value.parse::<i64>());
        match old.ok().and_then(|value| value.checked_add(1)) {
            Some(value) => {
                self.data.insert(key.to_owned(), value.to_string());
                format!(":{value}\r\n")
            }
            None => "-ERR value is not an integer or out of range\r\n".to_owned(),
        }
    }
}

fn bulk(text: &str) -> String {
    format!("${}\r\n{text}\r\n", text.len())
}

/// The commands of a client: arrays of bulk strings (RESP), or plain lines.
fn commands(bytes: &[u8]) -> Vec<Vec<String>> {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.lines();
    let mut commands = Vec::new();
    while let Some(line) = lines.next() {
        match line.strip_prefix('*').and_then(|count| count.parse::<usize>().ok()) {
            Some(count) => {
                let words = (0..count.min(1024)).map_while(|_| lines.nth(1).map(str::to_owned));
                commands.push(words.collect());
            }
            None if line.trim().is_empty() => {}
            None => commands.push(line.split_whitespace().map(str::to_owned).collect()),
        }
    }
    commands
}

fn stamp(context: &Context<'_>) -> String {
    context.now().timestamp().strftime("%d %b %Y %H:%M:%S%.3f").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redis() -> Redis {
        Redis {
            arguments: Vec::new(),
            version: "7.4.2".to_owned(),
            config: RedisConfig::default(),
            data: BTreeMap::new(),
            known: BTreeSet::new(),
        }
    }

    fn say(redis: &mut Redis, text: &str) -> String {
        commands(text.as_bytes()).iter().map(|command| redis.run(command)).collect()
    }

    // NETWORKING §15
    #[test]
    fn ping_is_answered_by_pong() {
        let mut redis = redis();
        assert_eq!(say(&mut redis, "PING\r\n"), "+PONG\r\n");
        assert_eq!(say(&mut redis, "*1\r\n$4\r\nPING\r\n"), "+PONG\r\n");
    }

    #[test]
    fn what_is_set_can_be_got() {
        let mut redis = redis();
        assert_eq!(
            say(&mut redis, "set a 1\nget a\nincr a\nget b\n"),
            "+OK\r\n$1\r\n1\r\n:2\r\n$-1\r\n"
        );
        assert!(say(&mut redis, "nope x\n").starts_with("-ERR unknown command 'nope'"));
    }
}
