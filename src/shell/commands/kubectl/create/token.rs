//! `kubectl create token`: a token as the server signs it. Nobody here checks one.

use serde_json::{Value, json};
use sha2::Digest;

use super::super::super::super::tool::Io;
use super::super::super::text::base64;
use super::super::{Call, DONE, Failure, Outcome, flags};
use crate::api::{Cause, Kind, Object, Status};

/// Whom tokens are for that say nothing else, and who issues them.
const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";

/// How long a token holds, in seconds: at least, at most, and usually
/// (`pkg/apis/authentication/validation`, `pkg/registry/core/serviceaccount/storage/token.go`).
const LEAST: i64 = 600;
const MOST: i64 = 1 << 32;
const USUAL: i64 = 3600;

/// Asks the server for a token, and prints it.
///
/// # Errors
/// What kubectl or the server finds wrong.
pub(super) fn issue(mut call: Call, io: &mut Io<'_>) -> Outcome {
    if !call.arguments.text("output").is_empty() || call.arguments.given("template") {
        return Err(Failure::not_simulated("create token -o", "leave it out"));
    }
    let seconds = duration(call.arguments.text("duration"))?;
    if call.arguments.all("audience").iter().any(String::is_empty) {
        return Err(Failure::message("--audience must not be an empty string"));
    }
    let name = call.arguments.positional[0].clone();
    let failed =
        |status: Status| Failure::message(format!("failed to create token: {}", status.message));
    let namespace = call.client.namespace.clone();
    let account = call.client.get_in(io, Kind::ServiceAccount, namespace, &name);
    let account = account.map_err(failed)?;
    if let Some(why) = wrong_duration(seconds) {
        let cause =
            Cause::new("spec.expirationSeconds", format!("Invalid value: {seconds}: {why}"));
        let kind = "TokenRequest.authentication.k8s.io";
        return Err(failed(Status::invalid(kind, "", vec![cause])));
    }
    let bound = match call.arguments.text("bound-object-kind") {
        "" => None,
        kind => {
            let kind = Kind::from_manifest("v1", kind).unwrap_or(Kind::Pod);
            let name = call.arguments.text("bound-object-name").to_owned();
            Some(call.client.get(io, kind, &name).map_err(failed)?)
        }
    };
    let audiences = call.arguments.all("audience").to_vec();
    let claims = claims(io.now().timestamp().as_second(), seconds, &account, bound, &audiences);
    let token = signed(&claims);
    io.stdout.extend_from_slice(token.as_bytes());
    if io.terminal {
        io.stdout.push(b'\n');
    }
    DONE
}

/// `--duration`, in seconds.
fn duration(text: &str) -> Result<i64, Failure> {
    let length = flags::duration(text).unwrap_or_default();
    if length.subsec_nanos() > 0 {
        let text = "--duration cannot be expressed in units less than seconds";
        return Err(Failure::message(text));
    }
    match i64::try_from(length.as_secs()).unwrap_or(i64::MAX) {
        0 => Ok(USUAL),
        seconds => Ok(seconds),
    }
}

/// What the server has against a length of time.
fn wrong_duration(seconds: i64) -> Option<&'static str> {
    match seconds {
        ..LEAST => Some("may not specify a duration less than 10 minutes"),
        _ if seconds > MOST => Some("may not specify a duration larger than 2^32 seconds"),
        _ => None,
    }
}

fn claims(
    now: i64,
    seconds: i64,
    account: &Object,
    bound: Option<Object>,
    audiences: &[String],
) -> Value {
    let uid = |object: &Object| object.metadata().uid.clone().unwrap_or_default();
    let named = |object: &Object| json!({"name": object.name(), "uid": uid(object)});
    let mut about = json!({
        "namespace": account.namespace(),
        "serviceaccount": named(account)
    });
    if let Some(bound) = bound {
        about[bound.kind().info().singular] = named(&bound);
    }
    let audiences = match audiences {
        [] => vec![ISSUER.to_owned()],
        audiences => audiences.to_vec(),
    };
    let (namespace, name) = (account.namespace(), account.name());
    let mut claims = json!({
        "aud": audiences, "exp": now + seconds, "iat": now, "iss": ISSUER, "nbf": now,
        "kubernetes.io": about, "sub": format!("system:serviceaccount:{namespace}:{name}")
    });
    let sum = sha2::Sha256::digest(claims.to_string().as_bytes());
    let hex: String = sum.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let jti = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-");
    claims["jti"] = json!(jti);
    claims
}

/// A JSON web token of these claims. The signature has the length of a real one.
fn signed(claims: &Value) -> String {
    let part = |bytes: &[u8]| {
        base64::encode(bytes).trim_end_matches('=').replace('+', "-").replace('/', "_")
    };
    let key = part(&sha2::Sha256::digest(b"service account key"));
    let head = part(format!("{{\"alg\":\"RS256\",\"kid\":\"{key}\"}}").as_bytes());
    let body = part(claims.to_string().as_bytes());
    let mut signature = Vec::new();
    for index in 0..8_u8 {
        let mut sum = sha2::Sha256::new();
        sum.update([index]);
        sum.update(body.as_bytes());
        signature.extend_from_slice(&sum.finalize());
    }
    format!("{head}.{body}.{}", part(&signature))
}

#[cfg(test)]
mod tests {
    use crate::shell::tests::{complaint, output};

    #[test]
    fn a_token_tells_whose_it_is() {
        let token = output("kubectl create token default --duration=20m");
        let parts: Vec<&str> = token.split('.').collect();
        assert_eq!((parts.len(), parts[2].len()), (3, 342));
        let line =
            "kubectl create token default | cut -d. -f2 | tr '_-' '/+' | base64 -d 2>/dev/null";
        let claims = output(line);
        assert!(claims.contains("\"sub\":\"system:serviceaccount:default:default\""), "{claims}");
    }

    #[test]
    fn the_server_refuses_what_it_cannot_sign() {
        assert_eq!(
            complaint("kubectl create token nobody").0,
            "error: failed to create token: serviceaccounts \"nobody\" not found\n"
        );
        assert_eq!(
            complaint("kubectl create token default --duration=1m").0,
            "error: failed to create token: TokenRequest.authentication.k8s.io \"\" is invalid: \
             spec.expirationSeconds: Invalid value: 60: may not specify a duration less than 10 \
             minutes\n"
        );
    }
}
