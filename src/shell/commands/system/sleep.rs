//! `sleep`.

use std::time::Duration;

use crate::clock::SimTime;
use crate::cluster::Flavour;
use crate::shell::commands::{Setting, busybox_usage, failed};
use crate::shell::{Io, NEVER, Step, Tool};

#[derive(Clone)]
struct Sleep {
    /// `None` for ever.
    how_long: Option<Duration>,
    until: Option<SimTime>,
}

impl Tool for Sleep {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        let Some(how_long) = self.how_long else { return Step::Until(NEVER) };
        let until = *self.until.get_or_insert(io.now() + how_long);
        match io.now() >= until {
            true => Step::Exit(0),
            false => Step::Until(until),
        }
    }
}

/// `5`, `0.5`, `2m`, `1h`, `infinity`; `None` when it is none of these, `Some(None)` for ever.
pub(in crate::shell) fn duration(text: &str) -> Option<Option<Duration>> {
    if matches!(text, "infinity" | "inf") {
        return Some(None);
    }
    let (digits, unit) = match text.strip_suffix(['s', 'm', 'h', 'd']) {
        Some(digits) => (digits, text.chars().last()?),
        None => (text, 's'),
    };
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number: f64 = digits.parse().ok().filter(|_| plain)?;
    let seconds = number
        * match unit {
            'm' => 60.0,
            'h' => 3_600.0,
            'd' => 86_400.0,
            _ => 1.0,
        };
    Some(Duration::try_from_secs_f64(seconds).ok().filter(|long| long.as_secs() < 1 << 40))
}

pub(in crate::shell::commands) fn sleep(
    arguments: &[String],
    setting: &Setting<'_>,
) -> Box<dyn Tool> {
    if arguments.is_empty() {
        return failed(
            match setting.flavour {
                Flavour::Gnu => "sleep: missing operand\nTry 'sleep --help' for more information.",
                Flavour::BusyBox => "sleep: missing operand",
            },
            1,
        );
    }
    let letter = |text: &&String| text.starts_with('-') && text.len() > 1 && *text != "--";
    if let Some(option) = arguments.iter().find(letter).filter(|_| setting.flavour == Flavour::Gnu)
    {
        let what = match option.strip_prefix("--") {
            Some(_) => format!("unrecognized option '{option}'"),
            None => format!("invalid option -- '{}'", option.chars().nth(1).unwrap_or('-')),
        };
        return failed(format!("sleep: {what}\nTry 'sleep --help' for more information."), 1);
    }
    let mut total = Some(Duration::ZERO);
    for text in arguments {
        match duration(text) {
            Some(how_long) => {
                total = total.zip(how_long).and_then(|(total, more)| total.checked_add(more));
            }
            None => {
                return failed(
                    match setting.flavour {
                        Flavour::Gnu => format!(
                            "sleep: invalid time interval '{text}'\nTry 'sleep --help' for more information."
                        ),
                        Flavour::BusyBox => format!("sleep: invalid number '{text}'"),
                    },
                    1,
                );
            }
        }
    }
    Box::new(Sleep { how_long: total, until: None })
}

/// `usleep` of BusyBox.
pub(in crate::shell::commands) fn usleep(
    arguments: &[String],
    _setting: &Setting<'_>,
) -> Box<dyn Tool> {
    match arguments.first().map(|text| (text, text.parse::<u64>())) {
        None => failed(busybox_usage("usleep"), 1),
        Some((text, Err(_))) => failed(format!("usleep: invalid number '{text}'"), 1),
        Some((_, Ok(micros))) => {
            Box::new(Sleep { how_long: Some(Duration::from_micros(micros)), until: None })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        assert_eq!(duration("5"), Some(Some(Duration::from_secs(5))));
        assert_eq!(duration("0.5"), Some(Some(Duration::from_millis(500))));
        assert_eq!(duration("2m"), Some(Some(Duration::from_secs(120))));
        assert_eq!(duration("infinity"), Some(None));
        assert_eq!(duration("soon"), None);
        assert_eq!(duration("-1"), None);
    }
}
