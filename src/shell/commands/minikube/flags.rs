//! minikube's flags: each command heeds its own, and those that are real besides are said to be left out.

use crate::shell::commands::trouble::left_out;

/// A flag that a command heeds.
pub(super) struct Flag {
    /// With its dashes.
    pub long: &'static str,
    /// With its dash; empty where there is none.
    pub short: &'static str,
    pub takes_value: bool,
}

/// Which node is meant.
pub(super) const NODE: Flag = Flag { long: "--node", short: "-n", takes_value: true };

/// Which cluster is meant: there is one.
const PROFILE: Flag = Flag { long: "--profile", short: "-p", takes_value: true };

/// Flags of minikube's that no command heeds here.
const LEFT_OUT: &str = "--addons --all --alsologtostderr -v --v --logtostderr --vmodule --bind-address --bootstrapper -b \
    --cleanup -c --cni --container-runtime --control-plane --cpus --delete-on-failure --disk-size --download-only \
    --driver --dry-run --extra-config --feature-gates --force --format -f --https --images --insecure-registry \
    --interactive --interval --keep-context --kubernetes-version --layout -l --light --memory --mount \
    --native-ssh --no-kubernetes --nodes --output -o --ports --refresh --rootless --short --static-ip --subnet \
    --user --wait --wait-timeout --watch -w --worker";

/// A command line of minikube's, read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Read<'a> {
    values: Vec<(&'static str, &'a str)>,
    pub operands: Vec<&'a str>,
}

impl<'a> Read<'a> {
    /// Reads the words behind a command's name.
    ///
    /// # Errors
    /// An unknown flag, or one that is not simulated.
    pub fn of(
        command: &str,
        flags: &[Flag],
        words: &'a [String],
    ) -> Result<Read<'a>, (String, i32)> {
        let mut read = Read::default();
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            if !word.starts_with('-') || word == "-" {
                read.operands.push(word);
                continue;
            }
            let (name, value) = word.split_once('=').map_or((&**word, None), |(n, v)| (n, Some(v)));
            let known = flags.iter().chain([&PROFILE]);
            let Some(flag) = known.into_iter().find(|one| one.long == name || one.short == name)
            else {
                return Err(unknown(command, name));
            };
            let value = match (flag.takes_value, value) {
                (true, None) => rest
                    .next()
                    .map(String::as_str)
                    .ok_or_else(|| wrong(command, &format!("flag needs an argument: {name}")))?,
                (_, value) => value.unwrap_or("true"),
            };
            read.values.push((flag.long, value));
        }
        match read.value("--profile") {
            Some(other) if other != "minikube" => Err((
                left_out("minikube", format!("-p {other}; there is one cluster, minikube")),
                1,
            )),
            _ => Ok(read),
        }
    }

    /// The last value that a flag was given; `true` for a switch.
    pub fn value(&self, long: &str) -> Option<&'a str> {
        self.values.iter().rev().find(|(name, _)| *name == long).map(|(_, value)| *value)
    }

    /// Whether a switch is on.
    pub fn is_on(&self, long: &str) -> bool {
        self.value(long).is_some_and(|value| value != "false")
    }
}

fn unknown(command: &str, name: &str) -> (String, i32) {
    if LEFT_OUT.split_whitespace().any(|real| real == name) {
        return (left_out(&format!("minikube {command}"), name), 1);
    }
    let kind = if name.starts_with("--") { "flag" } else { "shorthand flag" };
    let name = match name.strip_prefix("--") {
        Some(_) => name.to_owned(),
        None => {
            let letter = name.chars().nth(1).unwrap_or('-');
            format!("'{letter}' in {name}")
        }
    };
    wrong(command, &format!("unknown {kind}: {name}"))
}

fn wrong(command: &str, what: &str) -> (String, i32) {
    (format!("Error: {what}\nSee 'minikube {command} --help' for usage."), 64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_is_heeded_left_out_or_unknown() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let line = words("web --node=node-2 -p minikube");
        let read = Read::of("ip", &[NODE], &line).expect("it is right");
        assert_eq!(
            (read.operands.as_slice(), read.value("--node")),
            (&["web"][..], Some("node-2"))
        );
        let line = words("--https web");
        let said = "podhop: not simulated here: minikube service --https";
        assert_eq!(Read::of("service", &[], &line), Err((said.to_owned(), 1)));
        let line = words("--htps");
        let said = "Error: unknown flag: --htps\nSee 'minikube service --help' for usage.";
        assert_eq!(Read::of("service", &[], &line), Err((said.to_owned(), 64)));
        let line = words("-n");
        assert!(Read::of("ip", &[NODE], &line).is_err());
    }
}
