//! Server programs, one a file: what containers run when they do not run a shell.
//!
//! Which program an argument list starts is decided by its first word and by what the image holds;
//! everything else is the shell's ([`Userland`](super::Userland)).

mod agnhost;
mod busybox_httpd;
mod coredns;
mod corefile;
mod daemon;
mod databases;
mod echoserver;
pub(super) mod http;
mod http_echo;
mod httpd;
mod nginx;
mod pause;
mod python;
mod redis;
mod whoami;

use super::{Image, Process};

/// Variables of a process, made only for programs that ask.
pub(super) type Environment<'a> = &'a dyn Fn() -> Vec<(String, String)>;

/// The server that these arguments start, if they start one that `image` holds.
pub(super) fn start(
    arguments: &[String],
    image: &Image,
    environment: Environment<'_>,
) -> Option<Box<dyn Process>> {
    let by_script = arguments.first().is_some_and(|word| is_entrypoint(word, image));
    let arguments = without_entrypoint(arguments, image);
    let (program, rest) = arguments.split_first()?;
    let name = program.rsplit('/').next().unwrap_or(program);
    if !image.holds(name) {
        return None;
    }
    match name {
        "nginx" => nginx::start(rest, by_script),
        "httpd" if image.name != "httpd" => Some(busybox_httpd::start(rest)),
        "python" | "python3" => {
            let environment = environment();
            let here = environment.iter().find(|(name, _)| name == "PWD");
            let here = here.map_or(image.directory, |(_, value)| value);
            python::start(rest, here, &environment)
        }
        "httpd" | "httpd-foreground" | "apachectl" => httpd::start(name, rest, image),
        "run.sh" => Some(echoserver::start()),
        "agnhost" => Some(agnhost::start(rest, environment)),
        "http-echo" => Some(http_echo::start(rest)),
        "whoami" if image.name == "traefik/whoami" => Some(whoami::start(rest)),
        "redis-server" => Some(redis::start(rest)),
        "mysqld" | "mariadbd" => Some(databases::mysql(name, environment())),
        "postgres" => Some(databases::postgres()),
        "memcached" => Some(databases::memcached(rest)),
        "pause" => Some(pause::start()),
        "coredns" => Some(coredns::start(rest)),
        "nginx-ingress-controller" => nginx::ingress::start(rest, &environment()),
        // It only hands signals on.
        "dumb-init" => start(rest.strip_prefix(&["--".to_owned()][..])?, image, environment),
        _ => None,
    }
}

/// What an image's entrypoint script makes of its arguments: most run them; those of curl and the
/// databases put their program in front of options.
pub(super) fn without_entrypoint(arguments: &[String], image: &Image) -> Vec<String> {
    let Some((first, rest)) = arguments.split_first() else { return Vec::new() };
    if !is_entrypoint(first, image) {
        return arguments.to_vec();
    }
    let word = rest.first().map(String::as_str).unwrap_or("");
    let program = match image.name.as_str() {
        "curlimages/curl" if !image.holds(word) => Some("curl"),
        "redis" if word.starts_with('-') || word.ends_with(".conf") => Some("redis-server"),
        "mysql" if word.starts_with('-') => Some("mysqld"),
        "mariadb" if word.starts_with('-') => Some("mariadbd"),
        "postgres" if word.starts_with('-') => Some("postgres"),
        "memcached" if word.starts_with('-') => Some("memcached"),
        _ => None,
    };
    program.map(str::to_owned).into_iter().chain(rest.iter().cloned()).collect()
}

fn is_entrypoint(word: &str, image: &Image) -> bool {
    let script = word.ends_with("entrypoint.sh");
    script
        && image.entrypoint.first().is_some_and(|first| {
            first == word || first.rsplit('/').next() == word.rsplit('/').next()
        })
}
