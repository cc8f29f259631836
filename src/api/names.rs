//! What may be a label's key and value: apimachinery's `IsQualifiedName` and `IsValidLabelValue`,
//! with the texts that the API server prints.

/// What is wrong with a label's key; nothing when it is a good one.
pub fn label_key(key: &str) -> Vec<String> {
    const NAME: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and \
        must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or \
        '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
    let mut faults = Vec::new();
    let name = match key.split_once('/') {
        None => key,
        Some((_, rest)) if rest.contains('/') => {
            let example = "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation \
                is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
            return vec![format!(
                "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and \
                 must start and end with an alphanumeric character {example} with an optional DNS \
                 subdomain prefix and '/' (e.g. 'example.com/MyName')"
            )];
        }
        Some((prefix, name)) => {
            if prefix.is_empty() {
                faults.push("prefix part must be non-empty".to_owned());
            } else {
                faults.extend(
                    subdomain(prefix).into_iter().map(|fault| format!("prefix part {fault}")),
                );
            }
            name
        }
    };
    if name.is_empty() {
        faults.push("name part must be non-empty".to_owned());
    } else if name.len() > 63 {
        faults.push("name part must be no more than 63 bytes".to_owned());
    }
    if !is_label_text(name) {
        faults.push(NAME.to_owned());
    }
    faults
}

/// What is wrong with a label's value; nothing when it is a good one.
pub fn label_value(value: &str) -> Vec<String> {
    const VALUE: &str = "a valid label must be an empty string or consist of alphanumeric \
        characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. \
        'MyValue',  or 'my_value',  or '12345', regex used for validation is \
        '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
    let mut faults = Vec::new();
    if value.len() > 63 {
        faults.push("must be no more than 63 bytes".to_owned());
    }
    if !value.is_empty() && !is_label_text(value) {
        faults.push(VALUE.to_owned());
    }
    faults
}

/// What is wrong with a lower-case DNS label, such as a hostname; nothing when it is a good one.
pub fn dns_label(text: &str) -> Vec<String> {
    const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric \
        characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  \
        or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
    let mut faults = Vec::new();
    if text.len() > 63 {
        faults.push("must be no more than 63 characters".to_owned());
    }
    if text.contains('.') {
        faults.push("must not contain dots".to_owned());
    } else if !is_dns_label(text) {
        faults.push(LABEL.to_owned());
    }
    faults
}

/// What is wrong with a lower-case DNS subdomain; nothing when it is a good one.
fn subdomain(text: &str) -> Vec<String> {
    const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case \
        alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character \
        (e.g. 'example.com', regex used for validation is \
        '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
    let mut faults = Vec::new();
    if text.len() > 253 {
        faults.push("must be no more than 253 bytes".to_owned());
    }
    if !text.split('.').all(is_dns_label) {
        faults.push(SUBDOMAIN.to_owned());
    }
    faults
}

fn is_dns_label(label: &str) -> bool {
    label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !label.is_empty()
        && !label.starts_with('-')
        && !label.ends_with('-')
}

fn is_label_text(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_end = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        && is_end(bytes.first())
        && is_end(bytes.last())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixed_and_plain_keys_are_good() {
        for key in ["app", "app.kubernetes.io/name", "A_b-1"] {
            assert!(label_key(key).is_empty(), "{key}");
        }
    }

    // Recording 12: `app/` has two faults.
    #[test]
    fn an_empty_name_part_is_said_twice() {
        let faults = label_key("app/");
        assert_eq!(faults[0], "name part must be non-empty");
        assert_eq!(faults.len(), 2);
    }

    #[test]
    fn a_value_may_be_empty_but_not_have_blanks() {
        assert!(label_value("").is_empty());
        assert_eq!(label_value("front end").len(), 1);
    }
}
