//! redis-server's configuration: a file, and what the command line says after it.

use std::net::IpAddr;

/// What is heeded of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RedisConfig {
    /// 0 is no TCP port at all.
    pub port: u16,
    /// The addresses that it listens on; all of them without any.
    pub addresses: Vec<IpAddr>,
    /// `requirepass`
    pub password: Option<String>,
}

impl Default for RedisConfig {
    fn default() -> RedisConfig {
        RedisConfig { port: 6379, addresses: Vec::new(), password: None }
    }
}

/// Directives that change nothing here.
const OTHERS: &[&str] = &[
    "acllog-max-len",
    "aclfile",
    "active-defrag-cycle-max",
    "active-defrag-cycle-min",
    "active-defrag-ignore-bytes",
    "active-defrag-max-scan-fields",
    "active-defrag-threshold-lower",
    "active-defrag-threshold-upper",
    "active-expire-effort",
    "activedefrag",
    "activerehashing",
    "always-show-logo",
    "aof-load-truncated",
    "aof-rewrite-incremental-fsync",
    "aof-timestamp-enabled",
    "aof-use-rdb-preamble",
    "appenddirname",
    "appendfilename",
    "appendfsync",
    "appendonly",
    "auto-aof-rewrite-min-size",
    "auto-aof-rewrite-percentage",
    "bgsave_cpulist",
    "bind-source-addr",
    "bio_cpulist",
    "busy-reply-threshold",
    "client-output-buffer-limit",
    "client-query-buffer-limit",
    "cluster-announce-bus-port",
    "cluster-announce-hostname",
    "cluster-announce-ip",
    "cluster-announce-port",
    "cluster-config-file",
    "cluster-enabled",
    "cluster-migration-barrier",
    "cluster-node-timeout",
    "cluster-port",
    "cluster-replica-no-failover",
    "cluster-replica-validity-factor",
    "cluster-require-full-coverage",
    "crash-log-enabled",
    "crash-memcheck-enabled",
    "daemonize",
    "databases",
    "dbfilename",
    "dir",
    "disable-thp",
    "dynamic-hz",
    "enable-debug-command",
    "enable-module-command",
    "enable-protected-configs",
    "hash-max-listpack-entries",
    "hash-max-listpack-value",
    "hash-max-ziplist-entries",
    "hash-max-ziplist-value",
    "hll-sparse-max-bytes",
    "hz",
    "ignore-warnings",
    "include",
    "io-threads",
    "io-threads-do-reads",
    "jemalloc-bg-thread",
    "latency-monitor-threshold",
    "latency-tracking",
    "lazyfree-lazy-eviction",
    "lazyfree-lazy-expire",
    "lazyfree-lazy-server-del",
    "lazyfree-lazy-user-del",
    "lazyfree-lazy-user-flush",
    "lfu-decay-time",
    "lfu-log-factor",
    "list-compress-depth",
    "list-max-listpack-size",
    "list-max-ziplist-size",
    "loadmodule",
    "locale-collate",
    "logfile",
    "loglevel",
    "lua-time-limit",
    "masterauth",
    "masteruser",
    "max-new-connections-per-cycle",
    "maxclients",
    "maxmemory",
    "maxmemory-clients",
    "maxmemory-eviction-tenacity",
    "maxmemory-policy",
    "maxmemory-samples",
    "min-replicas-max-lag",
    "min-replicas-to-write",
    "min-slaves-max-lag",
    "min-slaves-to-write",
    "no-appendfsync-on-rewrite",
    "notify-keyspace-events",
    "oom-score-adj",
    "oom-score-adj-values",
    "pidfile",
    "proc-title-template",
    "propagation-error-behavior",
    "protected-mode",
    "proto-max-bulk-len",
    "rdb-del-sync-files",
    "rdb-save-incremental-fsync",
    "rdbchecksum",
    "rdbcompression",
    "rename-command",
    "repl-backlog-size",
    "repl-backlog-ttl",
    "repl-disable-tcp-nodelay",
    "repl-diskless-load",
    "repl-diskless-sync",
    "repl-diskless-sync-delay",
    "repl-diskless-sync-max-replicas",
    "repl-ping-replica-period",
    "repl-timeout",
    "replica-announce-ip",
    "replica-announce-port",
    "replica-announced",
    "replica-ignore-disk-write-errors",
    "replica-ignore-maxmemory",
    "replica-lazy-flush",
    "replica-priority",
    "replica-read-only",
    "replica-serve-stale-data",
    "replicaof",
    "sanitize-dump-payload",
    "save",
    "sentinel",
    "server_cpulist",
    "set-max-intset-entries",
    "set-max-listpack-entries",
    "set-max-listpack-value",
    "set-proc-title",
    "shutdown-on-sigint",
    "shutdown-on-sigterm",
    "shutdown-timeout",
    "slave-announce-ip",
    "slave-announce-port",
    "slave-lazy-flush",
    "slave-priority",
    "slave-read-only",
    "slave-serve-stale-data",
    "slaveof",
    "slowlog-log-slower-than",
    "slowlog-max-len",
    "socket-mark-id",
    "stop-writes-on-bgsave-error",
    "stream-node-max-bytes",
    "stream-node-max-entries",
    "supervised",
    "syslog-enabled",
    "syslog-facility",
    "syslog-ident",
    "tcp-backlog",
    "tcp-keepalive",
    "timeout",
    "tls-auth-clients",
    "tls-ca-cert-dir",
    "tls-ca-cert-file",
    "tls-cert-file",
    "tls-ciphers",
    "tls-ciphersuites",
    "tls-cluster",
    "tls-dh-params-file",
    "tls-key-file",
    "tls-key-file-pass",
    "tls-prefer-server-ciphers",
    "tls-protocols",
    "tls-replication",
    "tls-session-cache-size",
    "tls-session-cache-timeout",
    "tls-session-caching",
    "tracking-table-max-keys",
    "unixsocket",
    "unixsocketperm",
    "user",
    "zset-max-listpack-entries",
    "zset-max-listpack-value",
    "zset-max-ziplist-entries",
    "zset-max-ziplist-value",
];

/// What the arguments make of a configuration file: lines, each word that follows a directive in
/// quotes.
pub(super) fn lines(arguments: &[String]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in arguments {
        match (word.strip_prefix("--"), lines.last_mut()) {
            (Some(name), _) => lines.push(name.to_owned()),
            (None, Some(line)) => *line += &format!(" \"{word}\""),
            (None, None) => lines.push(word.clone()),
        }
    }
    lines
}

/// Reads a configuration.
///
/// # Errors
/// What redis-server says of it, line by line.
pub(super) fn read(text: &str, version: &str) -> Result<RedisConfig, Vec<String>> {
    let mut config = RedisConfig::default();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Err(why) = config.directive(line) {
            return Err(vec![
                String::new(),
                format!("*** FATAL CONFIG FILE ERROR (Redis {version}) ***"),
                format!("Reading the configuration file, at line {}", number + 1),
                format!(">>> '{line}'"),
                why.to_owned(),
            ]);
        }
    }
    Ok(config)
}

impl RedisConfig {
    fn directive(&mut self, line: &str) -> Result<(), &'static str> {
        const WRONG: &str = "Bad directive or wrong number of arguments";
        let words: Vec<&str> = line.split_whitespace().map(|word| word.trim_matches('"')).collect();
        let name = words[0].to_lowercase();
        match (name.as_str(), &words[1..]) {
            ("port", [port]) => match port.parse::<i64>() {
                Ok(port) => {
                    self.port = u16::try_from(port)
                        .map_err(|_| "argument must be between 0 and 65535 inclusive")?;
                }
                Err(_) => return Err("argument couldn't be parsed into an integer"),
            },
            ("bind", addresses @ [_, ..]) => {
                // A dash says that the address may be missing.
                let plain = addresses.iter().map(|address| address.trim_start_matches('-'));
                self.addresses = plain.filter_map(|address| address.parse().ok()).collect();
            }
            ("requirepass", [password]) => {
                self.password = Some((*password).to_owned()).filter(|text| !text.is_empty());
            }
            ("tls-port", [port]) if *port != "0" => {
                return Err("podhop: TLS is not simulated here; leave tls-port out");
            }
            ("tls-port", [_]) => {}
            (other, [_, ..]) if OTHERS.contains(&other) => {}
            _ => return Err(WRONG),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(arguments: &str) -> Result<RedisConfig, Vec<String>> {
        let words: Vec<String> = arguments.split(' ').map(str::to_owned).collect();
        read(&format!("\n{}", lines(&words).join("\n")), "7.4.2")
    }

    #[test]
    fn arguments_are_lines_of_a_configuration() {
        let config = of("--port 6380 --bind 127.0.0.1 -::1 --appendonly yes").unwrap();
        assert_eq!(config.port, 6380);
        assert_eq!(config.addresses.len(), 2);
    }

    // redis src/config.c, loadServerConfigFromString
    #[test]
    fn what_is_wrong_is_shown_with_its_line() {
        let told = of("--port tcp://10.96.3.4:80").unwrap_err();
        assert_eq!(told[2], "Reading the configuration file, at line 2");
        assert_eq!(told[3], ">>> 'port \"tcp://10.96.3.4:80\"'");
        assert_eq!(told[4], "argument couldn't be parsed into an integer");
        let told = of("--appendonly yes --prot 6380").unwrap_err();
        assert_eq!(
            told[2..],
            [
                "Reading the configuration file, at line 3",
                ">>> 'prot \"6380\"'",
                "Bad directive or wrong number of arguments",
            ]
        );
    }
}
