//! What names may look like, with the API machinery's own explanations. Each function returns
//! what is wrong with a text; nothing when it is a good one.

const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric \
    characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or \
    '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric \
    characters, '-' or '.', and must start and end with an alphanumeric character (e.g. \
    'example.com', regex used for validation is \
    '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

const UNDERSCORED: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric \
    characters, '_', '-' or '.', and must start and end with an alphanumeric character (e.g. \
    'example.com', regex used for validation is \
    '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*')";

const WILDCARD: &str = "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid \
    DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end \
    with an alphanumeric character (e.g. '*.example.com', regex used for validation is \
    '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

const CONFIG_KEY: &str = "a valid config key must consist of alphanumeric characters, '-', '_' or \
    '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is \
    '[-._a-zA-Z0-9]+')";

const PERCENT: &str = "a valid percent string must be a numeric string followed by an ending '%' \
    (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";

const QUALIFIED: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and \
    must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or \
    '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

const TWO_SLASHES: &str = "a valid label key must consist of alphanumeric characters, '-', '_' or \
    '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or \
    '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an \
    optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";

const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric \
    characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. \
    'MyValue',  or 'my_value',  or '12345', regex used for validation is \
    '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/// A DNS label: a Service's, a container's, a namespace's name.
pub fn dns_label(text: &str) -> Vec<String> {
    let mut faults = longer(text, 63, "characters");
    if !is_dns_label(text) {
        // A subdomain that is no label has dots: that is easier said than a regular expression.
        let why = if is_subdomain(text) { "must not contain dots" } else { LABEL };
        faults.push(why.to_owned());
    }
    faults
}

/// DNS labels with dots in between: most objects' names.
pub fn dns_subdomain(text: &str) -> Vec<String> {
    let mut faults = longer(text, 253, "characters");
    if !is_subdomain(text) {
        faults.push(SUBDOMAIN.to_owned());
    }
    faults
}

/// DNS labels with dots in between, in which underscores may stand as well: a search domain.
pub fn dns_subdomain_with_underscores(text: &str) -> Vec<String> {
    let mut faults = longer(text, 253, "characters");
    let known = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let label = |part: &str| {
        let part = part.strip_prefix('_').unwrap_or(part).as_bytes();
        part.first().is_some_and(|b| known(*b))
            && part.last().is_some_and(|b| known(*b))
            && part.iter().all(|b| known(*b) || matches!(b, b'-' | b'_'))
    };
    if !text.split('.').all(label) {
        faults.push(UNDERSCORED.to_owned());
    }
    faults
}

/// `*.example.com`
pub fn wildcard_subdomain(text: &str) -> Vec<String> {
    let mut faults = longer(text, 253, "characters");
    if !text.strip_prefix("*.").is_some_and(is_subdomain) {
        faults.push(WILDCARD.to_owned());
    }
    faults
}

/// A port's name: an IANA service name.
pub fn port_name(text: &str) -> Vec<String> {
    let mut faults = longer(text, 15, "characters");
    let mut add = |wrong: bool, why: &str| {
        if wrong {
            faults.push(why.to_owned());
        }
    };
    let known = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    add(
        text.is_empty() || !text.bytes().all(known),
        "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)",
    );
    add(!text.bytes().any(|b| b.is_ascii_lowercase()), "must contain at least one letter (a-z)");
    add(text.contains("--"), "must not contain consecutive hyphens");
    add(text.starts_with('-') || text.ends_with('-'), "must not begin or end with a hyphen");
    faults
}

/// The key of a label, annotation or resource: `app`, `app.kubernetes.io/name`.
pub fn qualified_name(text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let mut parts = text.split('/');
    let name = match (parts.next(), parts.next(), parts.next()) {
        (Some(prefix), Some(name), None) => {
            if prefix.is_empty() {
                faults.push("prefix part must be non-empty".to_owned());
            } else {
                let prefixed = |why: String| format!("prefix part {why}");
                faults.extend(dns_subdomain(prefix).into_iter().map(prefixed));
            }
            name
        }
        (Some(name), None, _) => name,
        _ => return vec![TWO_SLASHES.to_owned()],
    };
    if name.is_empty() {
        faults.push("name part must be non-empty".to_owned());
    }
    if name.len() > 63 {
        faults.push("name part must be no more than 63 bytes".to_owned());
    }
    if !is_qualified(name) {
        faults.push(QUALIFIED.to_owned());
    }
    faults
}

/// A label's value.
pub fn label_value(text: &str) -> Vec<String> {
    let mut faults = longer(text, 63, "bytes");
    if !text.is_empty() && !is_qualified(text) {
        faults.push(LABEL_VALUE.to_owned());
    }
    faults
}

/// A key in a ConfigMap or Secret.
pub fn config_key(text: &str) -> Vec<String> {
    let mut faults = longer(text, 253, "characters");
    let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    if text.is_empty() || !text.bytes().all(known) {
        faults.push(CONFIG_KEY.to_owned());
    }
    match text {
        "." => faults.push("must not be '.'".to_owned()),
        ".." => faults.push("must not be '..'".to_owned()),
        _ if text.starts_with("..") => faults.push("must not start with '..'".to_owned()),
        _ => {}
    }
    faults
}

/// An environment variable's name, by the relaxed rule that is the default since 1.34.
pub fn env_name(text: &str) -> Vec<String> {
    let fine = text.bytes().all(|b| (b' '..=b'~').contains(&b) && b != b'=');
    let why = "a valid environment variable name must consist only of printable ASCII characters \
               other than '='";
    if fine { Vec::new() } else { vec![why.to_owned()] }
}

/// A name to which something will be added: a hyphen may end it. The server looks at it with its
/// last two letters replaced by one.
pub fn as_prefix(text: &str) -> String {
    match text
        .strip_suffix('-')
        .and_then(|stem| stem.char_indices().next_back().map(|at| (stem, at)))
    {
        Some((stem, (at, _))) => format!("{}a", &stem[..at]),
        None => text.to_owned(),
    }
}

/// `acme.io/foo`: a domain and a path, each with what is wrong with it.
pub fn domain_prefixed_path(text: &str) -> Vec<(&str, String)> {
    const PATH: &str = "Invalid path (regex used for validation is \
                        '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')";
    let parts = text.split_once('/').filter(|(host, path)| !host.is_empty() && !path.is_empty());
    let Some((host, path)) = parts else {
        let why = "must be a domain-prefixed path (such as \"acme.io/foo\")";
        return vec![(text, why.to_owned())];
    };
    let mut faults: Vec<(&str, String)> =
        dns_subdomain(host).into_iter().map(|why| (host, why)).collect();
    let known = |b: u8| b.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,;=:".contains(&b);
    if !path.bytes().all(known) {
        faults.push((path, PATH.to_owned()));
    }
    faults
}

/// The name of an object as a part of a URL.
pub fn path_segment(text: &str) -> Vec<String> {
    if matches!(text, "." | "..") {
        return vec![format!("may not be '{text}'")];
    }
    let within = ["/", "%"].into_iter().filter(|part| text.contains(part));
    within.map(|part| format!("may not contain '{part}'")).collect()
}

/// `25%`
pub fn percent(text: &str) -> Vec<String> {
    let digits = text.strip_suffix('%').unwrap_or("");
    let fine = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    if fine { Vec::new() } else { vec![PERCENT.to_owned()] }
}

/// The name of an HTTP header.
pub fn header_name(text: &str) -> Vec<String> {
    let known = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    let why = "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. \
               'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')";
    let fine = !text.is_empty() && text.bytes().all(known);
    if fine { Vec::new() } else { vec![why.to_owned()] }
}

/// What is wrong with a condition's reason (`IsValidConditionReason`).
pub fn condition_reason(text: &str) -> Vec<String> {
    let why = "a condition reason must start with alphabetic character, optionally followed by a \
               string of alphanumeric characters or '_,:', and must end with an alphanumeric \
               character or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or \
               'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is \
               '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?')";
    let within = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b',' | b':');
    let fine = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(within)
        && !text.ends_with([',', ':']);
    if fine { Vec::new() } else { vec![why.to_owned()] }
}

fn longer(text: &str, most: usize, unit: &str) -> Vec<String> {
    let long = text.len() > most;
    if long { vec![format!("must be no more than {most} {unit}")] } else { Vec::new() }
}

fn is_dns_label(text: &str) -> bool {
    let known = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !text.is_empty() && text.bytes().all(known) && !text.starts_with('-') && !text.ends_with('-')
}

fn is_subdomain(text: &str) -> bool {
    text.split('.').all(is_dns_label)
}

fn is_qualified(text: &str) -> bool {
    let edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_alphanumeric());
    let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    edge(text.bytes().next()) && edge(text.bytes().last()) && text.bytes().all(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_with_dots_is_told_so() {
        assert_eq!(dns_label("web.svc"), ["must not contain dots"]);
        assert_eq!(dns_label("Web"), [LABEL]);
        assert!(dns_label("1web").is_empty());
    }

    #[test]
    fn a_port_name_can_be_wrong_in_several_ways() {
        assert_eq!(port_name("HTTP").len(), 2);
        assert_eq!(port_name("8080"), ["must contain at least one letter (a-z)"]);
        assert!(port_name("http-2").is_empty());
    }

    // Recording 15: managedBy; the rest from apimachinery's `IsDomainPrefixedPath`.
    #[test]
    fn a_path_has_a_domain_before_it() {
        assert!(domain_prefixed_path("acme.io/foo").is_empty());
        assert_eq!(domain_prefixed_path("crew").len(), 1);
        assert_eq!(domain_prefixed_path("Acme/foo")[0].0, "Acme");
        assert_eq!(domain_prefixed_path("acme.io/a b")[0].0, "a b");
    }

    #[test]
    fn a_prefix_may_end_with_a_hyphen() {
        assert_eq!(as_prefix("oven-"), "ovea");
        assert_eq!(as_prefix("oven"), "oven");
        assert_eq!(as_prefix("-"), "-");
    }

    #[test]
    fn a_key_has_at_most_one_prefix() {
        assert!(qualified_name("app.kubernetes.io/name").is_empty());
        assert_eq!(qualified_name("a/b/c"), [TWO_SLASHES]);
        assert_eq!(qualified_name("app/").len(), 2);
        assert_eq!(qualified_name("/app"), ["prefix part must be non-empty"]);
    }
}
