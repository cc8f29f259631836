//! Databases, as far as a network can see them: they refuse to start without their variables, they
//! listen, and they do not speak HTTP.

use super::daemon::{Daemon, Service, Socket};
use super::http;
use crate::cluster::{Answer, Ask, Context, Payload, Process, Reply};

#[derive(Clone)]
struct Database {
    name: &'static str,
    port: u16,
    /// Why it will not start.
    refusal: Vec<&'static str>,
    ready: &'static str,
    /// What it says to whoever connects, before anything is asked.
    greeting: &'static [u8],
}

/// MySQL and MariaDB: they want a root password, or to be told that none is wanted.
pub(super) fn mysql(name: &str, environment: Vec<(String, String)>) -> Box<dyn Process> {
    const WANTED: [&str; 6] = [
        "MYSQL_ROOT_PASSWORD",
        "MYSQL_ALLOW_EMPTY_PASSWORD",
        "MYSQL_RANDOM_ROOT_PASSWORD",
        "MARIADB_ROOT_PASSWORD",
        "MARIADB_ALLOW_EMPTY_ROOT_PASSWORD",
        "MARIADB_RANDOM_ROOT_PASSWORD",
    ];
    let refusal = if has_any(&environment, &WANTED) {
        Vec::new()
    } else {
        vec![
            "[ERROR] [Entrypoint]: Database is uninitialized and password option is not specified",
            "    You need to specify one of the following as an environment variable:",
            "    - MYSQL_ROOT_PASSWORD",
            "    - MYSQL_ALLOW_EMPTY_PASSWORD",
            "    - MYSQL_RANDOM_ROOT_PASSWORD",
        ]
    };
    Daemon::boxed(Database {
        name: if name == "mysqld" { "mysqld" } else { "mariadbd" },
        port: 3306,
        refusal,
        ready: "[Server] /usr/sbin/mysqld: ready for connections. Version: '8.4.7'  socket: \
                '/var/run/mysqld/mysqld.sock'  port: 3306  MySQL Community Server - GPL.",
        greeting: b"J\0\0\0\n8.4.7\0\x08\0\0\0",
    })
}

/// PostgreSQL. Its entrypoint wants a password too; recording 02 has it run without one, and so
/// does podhop.
pub(super) fn postgres() -> Box<dyn Process> {
    Daemon::boxed(Database {
        name: "postgres",
        port: 5432,
        refusal: Vec::new(),
        ready: "LOG:  database system is ready to accept connections",
        greeting: b"",
    })
}

/// memcached
pub(super) fn memcached(arguments: &[String]) -> Box<dyn Process> {
    let mut words = arguments.iter();
    let port = words.find(|word| *word == "-p").and_then(|_| words.next());
    let port = port.and_then(|port| port.parse().ok()).unwrap_or(11211);
    Daemon::boxed(Database {
        name: "memcached",
        port,
        refusal: Vec::new(),
        ready: "",
        greeting: b"",
    })
}

fn has_any(environment: &[(String, String)], names: &[&str]) -> bool {
    environment.iter().any(|(name, value)| names.contains(&name.as_str()) && !value.is_empty())
}

impl Service for Database {
    fn name(&self) -> &'static str {
        self.name
    }

    fn prepare(&mut self, context: &mut Context<'_>) -> Result<(), i32> {
        if self.refusal.is_empty() {
            return Ok(());
        }
        for line in &self.refusal {
            context.say(line);
        }
        Err(1)
    }

    fn sockets(&self) -> Vec<Socket> {
        vec![Socket::tcp(self.port)]
    }

    fn announce(&mut self, context: &mut Context<'_>) {
        if !self.ready.is_empty() {
            context.say(self.ready);
        }
    }

    fn taken(&mut self, socket: Socket, context: &mut Context<'_>) -> i32 {
        context.say(format!(
            "{}: could not bind to port {}: Address already in use",
            self.name, socket.port
        ));
        1
    }

    fn answer(&mut self, ask: &Ask, _: &mut Context<'_>) -> Answer {
        http::other(match (&ask.payload, self.greeting) {
            (Payload::Nothing, b"") => Reply::Silence,
            (_, b"") if self.name == "memcached" => Reply::Bytes(b"ERROR\r\n".to_vec()),
            (_, b"") => Reply::Closed,
            (_, greeting) => Reply::Bytes(greeting.to_vec()),
        })
    }
}
