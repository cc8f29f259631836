//! `$(NAME)` in commands, arguments and values (kubelet's third_party/forked/golang/expansion).

/// More than a container can be started with: the kubelet's message to containerd is no longer
/// (gRPC's limit). Nothing is expanded further.
pub const LONGEST: usize = 16 << 20;

/// Replaces `$(NAME)` by what `lookup` says. `$$` is a dollar sign; a name that is not known stays
/// as it is written.
pub fn expand(text: &str, lookup: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        if out.len() > LONGEST {
            return out;
        }
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        if let Some(tail) = after.strip_prefix('$') {
            out.push('$');
            rest = tail;
        } else if let Some((name, tail)) = after.strip_prefix('(').and_then(|r| r.split_once(')')) {
            match lookup(name) {
                Some(value) => out.push_str(&value),
                None => out.push_str(&format!("$({name})")),
            }
            rest = tail;
        } else {
            out.push('$');
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_names_are_replaced_and_others_stay() {
        let lookup = |name: &str| (name == "HOST").then(|| "10.0.0.1".to_owned());
        assert_eq!(expand("http://$(HOST):80", lookup), "http://10.0.0.1:80");
        assert_eq!(expand("$(NOPE) $$(HOST) $x $(open", lookup), "$(NOPE) $(HOST) $x $(open");
    }
}
