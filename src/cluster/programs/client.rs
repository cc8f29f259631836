//! Programs as clients of others: look a name up, dial, ask; and what they say when it fails.

use std::net::IpAddr;
use std::time::Duration;

use super::protocols;
use crate::cluster::image::server::{Language, Speaks};
use crate::cluster::{
    Context, DialFailure, HttpRequest, HttpResponse, LookupFailure, Payload, Reply,
};
use crate::network::{Protocol, SocketAddr};

/// How long a program waits for a connection or an answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// A request to somebody.
#[derive(Clone, Debug)]
pub(super) struct Request<'a> {
    /// `HOST:PORT`; HTTP has a port of its own.
    pub to: &'a str,
    pub speaks: Speaks,
    /// Path of an HTTP request, or a gRPC method.
    pub asks: &'a str,
}

/// How a request fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It is for nobody: `HOST:PORT` cannot be read.
    Address(String),
    /// The name leads nowhere.
    Name { host: String, why: LookupFailure, server: Option<IpAddr> },
    /// Nobody is there.
    Dial { to: SocketAddr, why: DialFailure },
    /// The answer does not come, or is none of the protocol.
    Answer { to: SocketAddr, silent: bool },
    /// An HTTP status, or a gRPC code, that tells of a failure.
    Refusal { status: u16, body: String },
}

/// Makes a request: the response's body, or what went wrong, and after how long.
pub(super) fn request(
    request: &Request<'_>,
    context: &mut Context<'_>,
) -> (Result<String, Trouble>, Duration) {
    let Some((host, port)) = host_and_port(request) else {
        return (Err(Trouble::Address(request.to.to_owned())), Duration::ZERO);
    };
    let (found, looked) = look_up(&host, context);
    let address = match found {
        Ok(address) => address,
        Err(trouble) => return (Err(trouble), looked),
    };
    let to = SocketAddr::new(address, port);
    let place = context.place.clone();
    let dial = context.cluster.dial(&place, Protocol::Tcp, to);
    let connection = match dial.result {
        Ok(connection) => connection,
        Err(why) => {
            return (Err(Trouble::Dial { to, why }), looked + dial.took.min(PATIENCE));
        }
    };
    let answer =
        context.cluster.ask_within(&connection, payload(request, &host, port), Some(PATIENCE));
    context.cluster.hang_up(&connection);
    let silent = answer.reply == Reply::Silence && request.speaks != Speaks::Tcp;
    let took = if silent { PATIENCE } else { answer.took.min(PATIENCE) };
    let result = judge(request.speaks, answer.reply, silent, to);
    (result, looked + dial.took + took)
}

/// An address, or why the name has none, and after how long.
pub(super) fn look_up(
    host: &str,
    context: &mut Context<'_>,
) -> (Result<IpAddr, Trouble>, Duration) {
    if let Ok(address) = host.parse() {
        return (Ok(address), Duration::ZERO);
    }
    let place = context.place.clone();
    let server = context.cluster.resolv_conf(&place).nameservers.first().copied();
    let lookup = context.cluster.lookup(&place, host);
    let first = lookup.result.map(|found| found.first().copied());
    let trouble = |why| Trouble::Name { host: host.to_owned(), why, server };
    let result = match first {
        Ok(Some(address)) => Ok(address),
        Ok(None) => Err(trouble(LookupFailure::NoAddress)),
        Err(why) => Err(trouble(why)),
    };
    (result, lookup.took)
}

/// `HOST:PORT`, `HOST`, `http://HOST:PORT`
fn host_and_port(request: &Request<'_>) -> Option<(String, u16)> {
    let to = request.to.trim_start_matches("http://").split('/').next()?;
    let (host, port) = match to.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok()?),
        None => (to, usual_port(request.speaks)?),
    };
    let host = host.trim_matches(['[', ']']);
    (!host.is_empty()).then(|| (host.to_owned(), port))
}

fn usual_port(speaks: Speaks) -> Option<u16> {
    Some(match speaks {
        Speaks::Http => 80,
        Speaks::Https => 443,
        Speaks::Redis => 6379,
        Speaks::Mysql => 3306,
        Speaks::Postgres => 5432,
        Speaks::Mongodb => 27017,
        Speaks::Amqp => 5672,
        Speaks::Memcached => 11211,
        Speaks::Grpc | Speaks::Tcp => return None,
    })
}

fn payload(request: &Request<'_>, host: &str, port: u16) -> Payload {
    if let Some(hello) = protocols::hello(request.speaks) {
        return hello;
    }
    let (method, path) = match request.asks.split_once(' ') {
        Some((method, path)) => (method, path),
        None => ("GET", request.asks),
    };
    let path = if path.is_empty() { "/" } else { path };
    let host = match port {
        80 => host.to_owned(),
        port => format!("{host}:{port}"),
    };
    match request.speaks {
        Speaks::Grpc => Payload::Http(protocols::grpc_call(&host, path)),
        _ => Payload::Http(HttpRequest {
            version: Default::default(),
            method: method.to_owned(),
            target: path.to_owned(),
            headers: vec![("Host".to_owned(), host)],
            body: Vec::new(),
        }),
    }
}

fn judge(speaks: Speaks, reply: Reply, silent: bool, to: SocketAddr) -> Result<String, Trouble> {
    let stranger = Err(Trouble::Answer { to, silent });
    let text = |response: &HttpResponse| String::from_utf8_lossy(&response.body).into_owned();
    match (speaks, reply) {
        (Speaks::Http | Speaks::Https, Reply::Http(response) | Reply::Tls { response, .. }) => {
            match response.status {
                200..400 => Ok(text(&response)),
                status => Err(Trouble::Refusal { status, body: text(&response) }),
            }
        }
        (Speaks::Grpc, Reply::Http(response)) => {
            let kind = response.header("Content-Type").unwrap_or("");
            let code = response.header("grpc-status").and_then(|code| code.parse().ok());
            match code {
                Some(0) if kind.starts_with(protocols::GRPC) => Ok(text(&response)),
                Some(status) => {
                    let body = response.header("grpc-message").unwrap_or("").to_owned();
                    Err(Trouble::Refusal { status, body })
                }
                None => stranger,
            }
        }
        (speaks, reply) if protocols::is_answer(speaks, &reply) => Ok(String::new()),
        _ => stranger,
    }
}

/// What a program says of it.
pub(super) fn words(trouble: &Trouble, language: Language, speaks: Speaks) -> String {
    match (speaks, language) {
        (Speaks::Grpc, Language::Node) => node_grpc_words(trouble),
        (Speaks::Grpc, _) => grpc_words(trouble),
        _ => plain_words(trouble, language),
    }
}

/// gRPC's status, as Go prints it: the connection is made when the first call is.
fn grpc_words(trouble: &Trouble) -> String {
    let of = |code: &str, what: String| format!("rpc error: code = {code} desc = {what}");
    match trouble {
        Trouble::Refusal { status, body } => of(grpc_code(*status), body.clone()),
        Trouble::Name { .. } | Trouble::Address(_) => {
            let why = plain_words(trouble, Language::Go);
            let why = why.trim_start_matches("dial tcp: ");
            of("Unavailable", format!("dns: A record lookup error: {why}"))
        }
        Trouble::Answer { silent: true, .. } => {
            of("DeadlineExceeded", "context deadline exceeded".to_owned())
        }
        Trouble::Answer { .. } => {
            let why =
                "connection error: desc = \"error reading server preface: http2: frame too large\"";
            of("Unavailable", why.to_owned())
        }
        Trouble::Dial { .. } => {
            let why = plain_words(trouble, Language::Go);
            let why = format!("connection error: desc = \"transport: Error while dialing: {why}\"");
            of("Unavailable", why)
        }
    }
}

/// The same as grpc-js prints it.
fn node_grpc_words(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Refusal { status, body } => {
            format!("{status} {}: {body}", grpc_code(*status).to_uppercase())
        }
        Trouble::Name { host, .. } => {
            format!("14 UNAVAILABLE: Name resolution failed for target dns:{host}")
        }
        _ => format!(
            "14 UNAVAILABLE: No connection established. Last error: {}",
            plain_words(trouble, Language::Node)
        ),
    }
}

fn grpc_code(code: u16) -> &'static str {
    const CODES: [&str; 17] = [
        "OK",
        "Canceled",
        "Unknown",
        "InvalidArgument",
        "DeadlineExceeded",
        "NotFound",
        "AlreadyExists",
        "PermissionDenied",
        "ResourceExhausted",
        "FailedPrecondition",
        "Aborted",
        "OutOfRange",
        "Unimplemented",
        "Internal",
        "Unavailable",
        "DataLoss",
        "Unauthenticated",
    ];
    CODES.get(usize::from(code)).copied().unwrap_or("Unknown")
}

fn plain_words(trouble: &Trouble, language: Language) -> String {
    match trouble {
        Trouble::Address(to) => format!("dial tcp: address {to}: missing port in address"),
        Trouble::Name { host, why, server } => name_words(host, *why, *server, language),
        Trouble::Dial { to, why } => dial_words(*to, *why, language),
        Trouble::Answer { silent: true, .. } => match language {
            Language::Go => "i/o timeout".to_owned(),
            Language::Node => "ETIMEDOUT".to_owned(),
            _ => "Connection timed out".to_owned(),
        },
        Trouble::Answer { .. } => match language {
            Language::Go => "EOF".to_owned(),
            Language::Node => "socket hang up".to_owned(),
            _ => "Connection closed by server".to_owned(),
        },
        Trouble::Refusal { body, status } if body.is_empty() => format!("status {status}"),
        Trouble::Refusal { body, .. } => body.trim_end().to_owned(),
    }
}

fn name_words(
    host: &str,
    why: LookupFailure,
    server: Option<IpAddr>,
    language: Language,
) -> String {
    let silent = matches!(why, LookupFailure::NoServer | LookupFailure::ServerFailure);
    match language {
        Language::Go => {
            let on = server.map(|server| format!(" on {}", SocketAddr::new(server, 53)));
            let why = if silent { "server misbehaving" } else { "no such host" };
            format!("dial tcp: lookup {host}{}: {why}", on.unwrap_or_default())
        }
        Language::Node => {
            let code = if silent { "EAI_AGAIN" } else { "ENOTFOUND" };
            format!("getaddrinfo {code} {host}")
        }
        Language::Java => format!("java.net.UnknownHostException: {host}"),
        Language::Php => format!(
            "php_network_getaddresses: getaddrinfo for {host} failed: {}",
            if silent {
                "Temporary failure in name resolution"
            } else {
                "Name or service not known"
            }
        ),
        Language::Python if silent => {
            format!("[Errno -3] Temporary failure in name resolution: '{host}'")
        }
        Language::Python => format!("[Errno -2] Name or service not known: '{host}'"),
        _ if silent => format!("{host}: Temporary failure in name resolution"),
        _ => format!("{host}: Name or service not known"),
    }
}

fn dial_words(to: SocketAddr, why: DialFailure, language: Language) -> String {
    let (words, code, number) = match why {
        DialFailure::Refused => ("Connection refused", "ECONNREFUSED", 111),
        DialFailure::Unreachable => ("No route to host", "EHOSTUNREACH", 113),
        DialFailure::NoNetwork => ("Network is unreachable", "ENETUNREACH", 101),
        DialFailure::Silence => ("Connection timed out", "ETIMEDOUT", 110),
    };
    match (language, why) {
        (Language::Go, DialFailure::Silence) => format!("dial tcp {to}: i/o timeout"),
        (Language::Go, _) => format!("dial tcp {to}: connect: {}", words.to_lowercase()),
        (Language::Node, _) => format!("connect {code} {to}"),
        (Language::Java, _) => format!("java.net.ConnectException: {words}"),
        (Language::Python, _) => format!("[Errno {number}] {words}"),
        (Language::Dotnet, _) => format!("{words} {to}"),
        (Language::Rust, _) => format!("{words} (os error {number})"),
        _ => words.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(to: &str, speaks: Speaks) -> Option<(String, u16)> {
        host_and_port(&Request { to, speaks, asks: "" })
    }

    #[test]
    fn an_address_may_leave_out_the_usual_port() {
        assert_eq!(parts("db", Speaks::Postgres), Some(("db".to_owned(), 5432)));
        assert_eq!(parts("http://web:81/x", Speaks::Http), Some(("web".to_owned(), 81)));
        assert_eq!(parts("cart", Speaks::Grpc), None);
        assert_eq!(parts(":80", Speaks::Http), None);
        assert_eq!(parts("web:http", Speaks::Http), None);
    }

    #[test]
    fn every_language_has_its_own_words() {
        let to = "10.96.0.7:6379".parse().unwrap();
        let refused = Trouble::Dial { to, why: DialFailure::Refused };
        let said = |language| words(&refused, language, Speaks::Redis);
        assert_eq!(said(Language::Go), "dial tcp 10.96.0.7:6379: connect: connection refused");
        assert_eq!(said(Language::Node), "connect ECONNREFUSED 10.96.0.7:6379");
        assert_eq!(said(Language::Python), "[Errno 111] Connection refused");
        let server = Some([10, 96, 0, 10].into());
        let (host, why) = ("cart".to_owned(), LookupFailure::NotFound);
        let unknown = Trouble::Name { host, why, server };
        let go = words(&unknown, Language::Go, Speaks::Http);
        assert_eq!(go, "dial tcp: lookup cart on 10.96.0.10:53: no such host");
        assert_eq!(words(&unknown, Language::Node, Speaks::Http), "getaddrinfo ENOTFOUND cart");
        let rpc = words(&refused, Language::Go, Speaks::Grpc);
        assert!(rpc.starts_with("rpc error: code = Unavailable desc = connection error"), "{rpc}");
    }
}
