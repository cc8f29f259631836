//! The options of redis-server, and whether a value is one (`src/config.c`, `redis_options.txt`).

use std::sync::LazyLock;

/// An option's row.
struct Known {
    name: &'static str,
    other_name: &'static str,
    takes: &'static str,
    /// The words of an `enum`, or the least and the most.
    rest: Vec<&'static str>,
}

static KNOWN: LazyLock<Vec<Known>> = LazyLock::new(|| {
    let rows = include_str!("redis_options.txt").lines().filter(|row| !row.starts_with('#'));
    let read = |row: &'static str| {
        let mut words = row.split(' ');
        let (name, other_name, takes) = (words.next()?, words.next()?, words.next()?);
        Some(Known { name, other_name, takes, rest: words.collect() })
    };
    rows.filter_map(read).collect()
});

/// Options of one value that names a file beside the others.
const FILES: [&str; 3] = ["dbfilename", "appendfilename", "appenddirname"];

/// Letters of `notify-keyspace-events`.
const EVENTS: &str = "Ag$lshzxeKEtmdn";

/// Options of old, which are taken and forgotten.
const OLD: [&str; 2] = ["list-max-ziplist-entries", "list-max-ziplist-value"];

const WRONG: &str = "Bad directive or wrong number of arguments";
const COUNT: &str = "wrong number of arguments";

/// Whether there is such an option, and whether it takes these values.
///
/// # Errors
/// In redis' words.
pub(super) fn check(name: &str, values: &[String]) -> Result<(), String> {
    if OLD.contains(&name) && values.len() == 1 {
        return Ok(());
    }
    let known = KNOWN.iter().find(|known| known.name == name || known.other_name == name);
    let Some(known) = known else { return Err(WRONG.to_owned()) };
    if known.takes == "many" {
        return many(known.name, values);
    }
    let several = known.rest.last() == Some(&"many");
    let (first, true) = (values.first(), values.len() == 1 || several && !values.is_empty()) else {
        return Err(COUNT.to_owned());
    };
    let value = first.map(String::as_str).unwrap_or_default();
    let lower = value.to_ascii_lowercase();
    match known.takes {
        "bool" if !["yes", "no"].contains(&lower.as_str()) => {
            Err("argument must be 'yes' or 'no'".to_owned())
        }
        "enum" => {
            let words: Vec<&str> = known.rest[0].split(',').collect();
            let fits = |value: &String| words.contains(&value.to_ascii_lowercase().as_str());
            match values.iter().all(fits) {
                true => Ok(()),
                false => {
                    Err(format!("argument(s) must be one of the following: {}", words.join(", ")))
                }
            }
        }
        "int" | "uint" | "octal" | "memory" | "percent" => known.number(&lower),
        "text" if FILES.contains(&name) && value.contains('/') => {
            Err(format!("{name} can't be a path, just a filename"))
        }
        _ => Ok(()),
    }
}

impl Known {
    /// Whether a text is a number of this option's kind, and neither too small nor too large.
    fn number(&self, text: &str) -> Result<(), String> {
        let percent = text.strip_suffix('%').filter(|_| self.takes == "percent");
        if let Some(number) = percent.and_then(|number| number.parse::<u32>().ok()) {
            return match number {
                ..=100 => Ok(()),
                _ => Err("percentage argument must be less or equal to 100".to_owned()),
            };
        }
        let (number, what) = match self.takes {
            "memory" => (bytes(text), "argument must be a memory value"),
            "percent" => (bytes(text), "argument must be a memory or percent value"),
            "octal" => (
                i128::from_str_radix(text, 8).ok(),
                "argument couldn't be parsed as an octal number",
            ),
            _ => (text.parse().ok(), "argument couldn't be parsed into an integer"),
        };
        let number = number.ok_or(what)?;
        let bound = |index: usize| self.rest.get(index)?.parse::<i128>().ok();
        let (Some(least), Some(most)) = (bound(0), bound(1)) else { return Ok(()) };
        match (least..=most).contains(&number) {
            true => Ok(()),
            false if self.takes == "octal" => {
                Err(format!("argument must be between {least:o} and {most:o} inclusive"))
            }
            false => Err(format!("argument must be between {least} and {most} inclusive")),
        }
    }
}

/// An amount of memory: `100mb`, `1g`; nothing is 0.
fn bytes(text: &str) -> Option<i128> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let factor: i128 = match &text[digits..] {
        "" | "b" => 1,
        "k" => 1_000,
        "kb" => 1 << 10,
        "m" => 1_000_000,
        "mb" => 1 << 20,
        "g" => 1_000_000_000,
        "gb" => 1 << 30,
        _ => return None,
    };
    match &text[..digits] {
        "" => text.is_empty().then_some(0),
        number => number.parse::<i128>().ok()?.checked_mul(factor),
    }
}

/// Options with words of their own.
fn many(name: &str, values: &[String]) -> Result<(), String> {
    let number = |text: &String| text.parse::<i64>().ok();
    let told = |what: &str| Err(what.to_owned());
    match (name, values) {
        ("bind", _) => Ok(()),
        ("user" | "rename-command", [_, _, ..])
        | ("include" | "loadmodule" | "sentinel", [_, ..]) => Ok(()),
        ("user" | "rename-command" | "include" | "loadmodule" | "sentinel", _) => told(WRONG),
        ("save", [text]) if text.is_empty() => Ok(()),
        ("save", [_, ..]) => {
            let fits = |pair: &[String]| match pair {
                [seconds, changes] => {
                    number(seconds).is_some_and(|n| n >= 1)
                        && number(changes).is_some_and(|n| n >= 0)
                }
                _ => false,
            };
            match values.chunks(2).all(fits) {
                true => Ok(()),
                false => told("Invalid save parameters"),
            }
        }
        ("dir", [_]) => Ok(()),
        ("notify-keyspace-events", [letters]) => {
            match letters.chars().all(|letter| EVENTS.contains(letter)) {
                true => Ok(()),
                false => Err(format!("Invalid event class character. Use '{EVENTS}'.")),
            }
        }
        ("replicaof", [host, port]) => {
            let off = host.eq_ignore_ascii_case("no") && port.eq_ignore_ascii_case("one");
            match off || number(port).is_some_and(|port| (0..=65535).contains(&port)) {
                true => Ok(()),
                false => told("Invalid master port"),
            }
        }
        ("client-output-buffer-limit", [_, ..]) => buffer_limits(values),
        ("oom-score-adj-values", [_, _, _]) => {
            let fits = |text: &String| number(text).is_some_and(|n| (-2000..=2000).contains(&n));
            match values.iter().all(fits) {
                true => Ok(()),
                false => {
                    told("Invalid oom-score-adj-values, elements must be between -2000 and 2000.")
                }
            }
        }
        ("latency-tracking-info-percentiles", _) => {
            match values
                .iter()
                .all(|text| text.parse::<f64>().is_ok_and(|p| (0.0..=100.0).contains(&p)))
            {
                true => Ok(()),
                false => told("Invalid latency-tracking-info-percentiles parameters"),
            }
        }
        _ => told(COUNT),
    }
}

/// `client-output-buffer-limit`: four words a class of clients.
fn buffer_limits(values: &[String]) -> Result<(), String> {
    let told = |what: &str| Err(what.to_owned());
    if !values.len().is_multiple_of(4) {
        return told("Wrong number of arguments in buffer limit configuration.");
    }
    for limit in values.chunks(4) {
        let class = limit[0].to_ascii_lowercase();
        if !["normal", "replica", "slave", "pubsub"].contains(&class.as_str()) {
            return told("Invalid client class specified in buffer limit configuration.");
        }
        let amount = |text: &String| bytes(&text.to_ascii_lowercase()).is_some();
        if !amount(&limit[1]) || !amount(&limit[2]) || limit[3].parse::<i64>().is_err() {
            return told(
                "Error in hard, soft or soft_seconds setting in buffer limit configuration.",
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    // As redis-server 7.0.15 says.
    #[test]
    fn values_are_of_their_options_kind() {
        let told = |line: &str| {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            check(&words[0], &words[1..]).err().unwrap_or_default()
        };
        for (line, what) in [
            ("maxmemory 100mb", ""),
            ("maxmemory 10%", "argument must be a memory value"),
            ("maxmemory-clients 10%", ""),
            ("maxmemory-clients 200%", "percentage argument must be less or equal to 100"),
            ("maxmemory-clients x", "argument must be a memory or percent value"),
            ("unixsocketperm 0777", ""),
            ("unixsocketperm 999", "argument couldn't be parsed as an octal number"),
            ("appendonly YES", ""),
            ("appendonly maybe", "argument must be 'yes' or 'no'"),
            ("appendfsync never", "argument(s) must be one of the following: everysec, always, no"),
            ("shutdown-on-sigint save now", ""),
            ("timeout 1s", "argument couldn't be parsed into an integer"),
            ("timeout -1", "argument must be between 0 and 2147483647 inclusive"),
            ("databases 0", "argument must be between 1 and 2147483647 inclusive"),
            ("port 1 2", "wrong number of arguments"),
            ("slaveof a", "wrong number of arguments"),
            ("replicaof a x", "Invalid master port"),
            ("save 60 1 30 10", ""),
            ("save 60", "Invalid save parameters"),
            ("dbfilename a/b", "dbfilename can't be a path, just a filename"),
            ("foo bar", "Bad directive or wrong number of arguments"),
            ("list-max-ziplist-entries 5", ""),
            ("notify-keyspace-events ?", "Invalid event class character. Use 'Ag$lshzxeKEtmdn'."),
        ] {
            assert_eq!(told(line), what, "{line}");
        }
    }

    #[test]
    fn every_row_of_the_table_is_read() {
        let rows = include_str!("redis_options.txt").lines().filter(|row| !row.starts_with('#'));
        assert_eq!(rows.count(), KNOWN.len());
        let kinds = ["bool", "enum", "int", "uint", "octal", "memory", "percent", "text", "many"];
        assert!(KNOWN.iter().all(|known| kinds.contains(&known.takes)));
    }
}
