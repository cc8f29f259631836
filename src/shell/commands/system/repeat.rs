//! `yes` and `seq`.

use std::time::Duration;

use crate::cluster::Flavour;
use crate::shell::commands::options::{Grammar, Options};
use crate::shell::commands::{Setting, busybox_usage, failed};
use crate::shell::{Io, Step, Tool};

/// Lines that `yes` writes before it waits for its reader.
const BURST: usize = 2_000;

/// Bytes from which on it waits, too.
const FULL: usize = 64 << 10;

/// How long it then waits.
const PAUSE: Duration = Duration::from_millis(100);

#[derive(Clone)]
struct Yes(String);

impl Tool for Yes {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        let before = io.stdout.len();
        for _ in 0..BURST {
            io.say(&self.0);
            if io.stdout.len() - before >= FULL {
                break;
            }
        }
        Step::Until(io.now() + PAUSE)
    }
}

pub(in crate::shell::commands) fn yes(
    arguments: &[String],
    setting: &Setting<'_>,
) -> Box<dyn Tool> {
    const YES: Grammar = Grammar { name: "yes", short: "", long: &[], stops: false };
    // BusyBox' has no options: what looks like one is said.
    let operands = match YES.parse(arguments, setting.words) {
        _ if setting.flavour == Flavour::BusyBox => arguments.to_vec(),
        Ok(options) => options.operands,
        Err(why) => return failed(why, 1),
    };
    let text = operands.join(" ");
    Box::new(Yes(if text.is_empty() { "y".to_owned() } else { text }))
}

/// Numbers that `seq` prints at most; it says so when there are more.
const MOST: usize = 1_000_000;

/// Bytes that it prints at most; it says so when there are more.
const MOST_BYTES: usize = 16 << 20;

const GRAMMAR: Grammar = Grammar {
    name: "seq",
    short: "ws:f:",
    long: &[("equal-width", 'w'), ("separator", 's'), ("format", 'f')],
    stops: true,
};

/// A negative number is no option.
fn guarded(arguments: &[String]) -> Vec<String> {
    let is_number = |text: &String| {
        text.strip_prefix('-')
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit() || c == '.'))
    };
    let mut all = arguments.to_vec();
    let mut at = 0;
    while at < all.len() {
        match all[at].as_str() {
            "-s" | "-f" | "--separator" | "--format" => at += 2,
            _ if is_number(&all[at]) => {
                all.insert(at, "--".to_owned());
                return all;
            }
            text if !text.starts_with('-') || text == "--" => return all,
            _ => at += 1,
        }
    }
    all
}

pub(in crate::shell::commands) fn seq(
    arguments: &[String],
    setting: &Setting<'_>,
) -> Box<dyn Tool> {
    // BusyBox takes a negative first number for an option.
    let words = match setting.flavour {
        Flavour::Gnu => guarded(arguments),
        Flavour::BusyBox => arguments.to_vec(),
    };
    let options = GRAMMAR.parse(&words, setting.words).map_err(String::from);
    let endless = options.as_ref().ok().and_then(|options| endless(options, setting));
    match (endless, options.and_then(|options| counted(&options, setting))) {
        (Some(endless), _) => Box::new(endless),
        (None, Ok(text)) => Box::new(Text(text)),
        (None, Err(message)) => failed(message, 1),
    }
}

/// `seq inf`: numbers without an end.
#[derive(Clone)]
struct Endless {
    next: f64,
    step: f64,
    separator: String,
    begun: bool,
}

impl Tool for Endless {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        for _ in 0..BURST {
            let separator = if self.begun { self.separator.as_str() } else { "" };
            io.stdout.extend(format!("{separator}{}", self.next).bytes());
            self.begun = true;
            self.next += self.step;
        }
        Step::Until(io.now() + PAUSE)
    }
}

/// Numbers that come to no end: the last one is infinite, or BusyBox' step is 0.
fn endless(options: &Options, setting: &Setting<'_>) -> Option<Endless> {
    let gnu = setting.flavour == Flavour::Gnu;
    let [first, step, last] = bounds(&options.operands, gnu).ok()?;
    let up = last.1.is_infinite() && (last.1 > 0.0) == (step.1 > 0.0) && step.1 != 0.0;
    let still = step.1 == 0.0 && !gnu && last.1 >= first.1;
    (up && !options.has('f') || still).then(|| Endless {
        next: first.1,
        step: step.1,
        separator: options.value('s').unwrap_or("\n").to_owned(),
        begun: false,
    })
}

const TRY: &str = "Try 'seq --help' for more information.";

/// The first number, the step and the last number, each as it was written and as a value.
fn bounds(operands: &[String], gnu: bool) -> Result<[(String, f64); 3], String> {
    let mut numbers = Vec::new();
    for text in operands {
        let hexadecimal = text.trim().strip_prefix("0x").or(text.trim().strip_prefix("0X"));
        let read = hexadecimal.filter(|_| gnu).map(|text| u32::from_str_radix(text, 16));
        if let Some(Ok(number)) = read {
            numbers.push((number.to_string(), f64::from(number)));
            continue;
        }
        match text.trim().parse::<f64>() {
            Ok(number) if gnu && number.is_nan() => {
                return Err(format!("seq: invalid 'not-a-number' argument: '{text}'\n{TRY}"));
            }
            Ok(number) if gnu || number.is_finite() => {
                numbers.push((text.trim().to_owned(), number))
            }
            _ if gnu => {
                return Err(format!("seq: invalid floating point argument: '{text}'\n{TRY}"));
            }
            _ => return Err(busybox_usage("seq")),
        }
    }
    let one = ("1".to_owned(), 1.0);
    match numbers.as_slice() {
        [] if gnu => Err(format!("seq: missing operand\n{TRY}")),
        [last] => Ok([one.clone(), one, last.clone()]),
        [first, last] => Ok([first.clone(), one, last.clone()]),
        [first, step, last] => Ok([first.clone(), step.clone(), last.clone()]),
        [_, _, _, extra, ..] if gnu => Err(format!("seq: extra operand '{}'\n{TRY}", extra.0)),
        _ => Err(busybox_usage("seq")),
    }
}

fn counted(options: &Options, setting: &Setting<'_>) -> Result<String, String> {
    let gnu = setting.flavour == Flavour::Gnu;
    let [first, step, last] = bounds(&options.operands, gnu)?;
    if step.1 == 0.0 && gnu {
        return Err(format!("seq: invalid Zero increment value: '{}'\n{TRY}", step.0));
    }
    let format = options.value('f');
    if options.has('w') && format.is_some() {
        return Err("seq: format string may not be specified when printing equal width strings\n"
            .to_owned()
            + TRY);
    }
    let decimals = |text: &str| {
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let digits = mantissa.split_once('.').map_or(0, |(_, digits)| digits.len()) as i64;
        let exponent = exponent.parse::<i64>().unwrap_or(0).clamp(-400, 400);
        usize::try_from(digits - exponent).unwrap_or(0)
    };
    let last_text = last.0.clone();
    let places = decimals(&first.0).max(decimals(&step.0));
    // BusyBox adds the step up without allowing for what a number with a point is off.
    let slack = if gnu { 1e-9 } else { 0.0 };
    let count = ((last.1 - first.1) / step.1 + slack).floor() + 1.0;
    if count > MOST as f64 {
        return Err(format!("seq: not simulated here: more than {MOST} numbers"));
    }
    let numbers = (0..count.max(0.0) as usize).map(|index| first.1 + step.1 * index as f64);
    let separator = options.value('s').unwrap_or("\n");
    let mut shown: Vec<String> = Vec::new();
    let mut bytes = count.max(0.0) as usize * separator.len();
    match format {
        None => shown.extend(numbers.map(|number| format!("{number:.places$}"))),
        Some(format) => {
            for number in numbers {
                let text = formatted(format, number)?;
                bytes += text.len();
                if bytes > MOST_BYTES {
                    break;
                }
                shown.push(text);
            }
        }
    }
    if bytes > MOST_BYTES {
        return Err(format!("seq: not simulated here: more than {MOST_BYTES} bytes"));
    }
    if options.has('w') {
        // As wide as the numbers were written, each with the places of all.
        let written = |text: &str, plain: &str| {
            let whole = text.split(['.', 'e', 'E']).next().map_or(0, str::len);
            let whole = if text.contains(['e', 'E']) { 0 } else { whole };
            plain.len().max(whole + usize::from(places > 0) + places)
        };
        let plain = |value: f64| format!("{value:.places$}");
        let last = shown.last().cloned().unwrap_or_default();
        let width = written(&first.0, &plain(first.1)).max(written(&last_text, &last));
        for text in &mut shown {
            let (sign, digits) = text.split_at(usize::from(text.starts_with('-')));
            *text = format!("{sign}{digits:0>width$}", width = width - sign.len());
        }
    }
    Ok(if shown.is_empty() { String::new() } else { shown.join(separator) + "\n" })
}

/// A number by a format of `printf`'s, which has to have one conversion for it.
fn formatted(format: &str, number: f64) -> Result<String, String> {
    let plain = format.replace("%%", "");
    let Some((_, behind)) = plain.split_once('%') else {
        return Err(format!("seq: format '{format}' has no % directive"));
    };
    let letter = behind
        .trim_start_matches(|c: char| c.is_ascii_digit() || "-+ #.0'".contains(c))
        .chars()
        .next();
    match letter {
        Some('e' | 'E' | 'f' | 'F' | 'g' | 'G') => {}
        Some(other) => {
            return Err(format!("seq: format '{format}' has unknown %{other} directive"));
        }
        None => return Err(format!("seq: format '{format}' ends in %")),
    }
    if behind.contains('%') {
        return Err(format!("seq: format '{format}' has too many % directives"));
    }
    use crate::shell::commands::print::{self, Manner};
    let printed = print::format(&[format.to_owned(), number.to_string()], Manner::Gnu, 0);
    match printed.complaints.first() {
        None => Ok(String::from_utf8_lossy(&printed.bytes).into_owned()),
        Some(why) => Err(format!("seq: {why}")),
    }
}

/// A command that prints a text.
#[derive(Clone)]
struct Text(String);

impl Tool for Text {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        io.stdout.extend_from_slice(self.0.as_bytes());
        Step::Exit(0)
    }
}
