//! `echo` and `printf`: as the shells' builtins and as programs, each in its own manner.

use super::conversion::Spec;
use super::long_double;
use super::moment::Moment;
use super::quoting::Quoting;
use crate::shell::Io;

/// More than a `printf` that repeats its format may write.
const LONGEST: usize = 1 << 20;

/// Whose `echo` and `printf` it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::shell) enum Manner {
    Bash,
    Dash,
    /// BusyBox.
    Ash,
    /// The program of coreutils.
    Gnu,
}

/// What was printed, what is complained about, and the exit code.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::shell) struct Printed {
    pub bytes: Vec<u8>,
    /// Without the name of who complains.
    pub complaints: Vec<String>,
    pub status: i32,
}

/// What `echo` prints. dash understands escapes always and no option but `-n`.
pub(in crate::shell) fn echo(arguments: &[String], manner: Manner) -> Vec<u8> {
    let dash = manner == Manner::Dash;
    let mut escapes = dash;
    let mut newline = true;
    let mut rest = arguments;
    while let Some((first, others)) = rest.split_first() {
        let letters = first.strip_prefix('-').unwrap_or("");
        let known =
            if dash { letters == "n" } else { letters.chars().all(|one| "neE".contains(one)) };
        if letters.is_empty() || !known {
            break;
        }
        for letter in letters.chars() {
            match letter {
                'n' => newline = false,
                'e' => escapes = true,
                _ => escapes = false,
            }
        }
        rest = others;
        if dash {
            break;
        }
    }
    let text = rest.join(" ");
    let mut out = String::new();
    if !escapes {
        out = text;
    } else if expanded(&text, manner, Stands::Echo, &mut out) {
        newline = false;
    }
    if newline {
        out.push('\n');
    }
    out.into_bytes()
}

/// Where an escape stands. In what `echo` and `%b` show, octal numbers have a zero in front; `echo` knows no
/// others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stands {
    Format,
    Echo,
    Value,
}

/// Writes a text with its escapes; whether `\c` ended it.
fn expanded(text: &str, manner: Manner, stands: Stands, out: &mut String) -> bool {
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with("\\c") {
            return true;
        }
        let (letter, length) = escape(rest, manner, stands);
        match letter {
            Some(letter) if manner == Manner::Gnu && names_letter(rest) => {
                out.push_str(&universal(letter));
            }
            Some(letter) => out.push(letter),
            None => out.push_str(&rest[..length]),
        }
        rest = &rest[length..];
    }
    out.push_str(rest);
    false
}

/// Why coreutils' `printf` ends at an escape: a number without digits, or of a letter that C's sources may not
/// name so (`print_esc`).
fn fault(text: &str) -> Option<String> {
    let letter = text[1..].chars().next()?;
    let most = match letter {
        'x' => 2,
        'u' => 4,
        'U' => 8,
        _ => return None,
    };
    let digits: String = text[2..].chars().take(most).take_while(char::is_ascii_hexdigit).collect();
    if digits.is_empty() || letter != 'x' && digits.len() < most {
        return Some("missing hexadecimal number in escape".to_owned());
    }
    let value = u32::from_str_radix(&digits, 16).unwrap_or(0);
    let plain = value <= 0x9f && ![0x24, 0x40, 0x60].contains(&value);
    (letter != 'x' && (plain || (0xd800..0xe000).contains(&value)))
        .then(|| format!("invalid universal character name \\{letter}{value:0most$x}"))
}

/// Where the first escape stands at which coreutils' `printf` ends, and why.
fn first_fault(text: &str) -> Option<(usize, String)> {
    let mut at = 0;
    while let Some(next) = text[at..].find('\\') {
        at += next;
        if let Some(why) = fault(&text[at..]) {
            return Some((at, why));
        }
        at += 1 + text[at + 1..].chars().next().map_or(0, char::len_utf8);
    }
    None
}

/// Whether an escape names a letter by its number.
fn names_letter(escape: &str) -> bool {
    escape.starts_with("\\u") || escape.starts_with("\\U")
}

/// A letter of a `\u`, as coreutils' `printf` shows it in the C locale: by its number where it is not ASCII.
fn universal(letter: char) -> String {
    match u32::from(letter) {
        number @ 0x80..=0xffff => format!("\\u{number:04X}"),
        number @ 0x10000.. => format!("\\U{number:08X}"),
        _ => letter.to_string(),
    }
}

/// The letter that an escape stands for, and how long it is; what is none stands for itself.
fn escape(text: &str, manner: Manner, stands: Stands) -> (Option<char>, usize) {
    let echo = stands != Stands::Format;
    let number = |from: usize, most: usize, radix: u32| {
        let digits =
            text[from..].chars().take(most).take_while(|letter| letter.is_digit(radix)).count();
        let value = u32::from_str_radix(&text[from..from + digits], radix).ok();
        (value.and_then(char::from_u32), from + digits, digits)
    };
    let Some(letter) = text[1..].chars().next() else { return (None, 1) };
    let one = |letter: char| (Some(letter), 2);
    match letter {
        'a' => one('\u{7}'),
        'b' => one('\u{8}'),
        'e' => one('\u{1b}'),
        'E' if manner == Manner::Bash => one('\u{1b}'),
        'f' => one('\u{c}'),
        'n' => one('\n'),
        'r' => one('\r'),
        't' => one('\t'),
        'v' => one('\u{b}'),
        '\\' => one('\\'),
        '"' if !echo && matches!(manner, Manner::Bash | Manner::Gnu) => one('"'),
        '\'' | '?' if !echo && manner == Manner::Bash => one(letter),
        'x' if manner != Manner::Dash => match number(2, 2, 16) {
            (_, _, 0) => (None, 2),
            (value, length, _) => (value, length),
        },
        'u' | 'U' if manner == Manner::Bash || manner == Manner::Gnu && stands != Stands::Echo => {
            match number(2, if letter == 'u' { 4 } else { 8 }, 16) {
                (_, _, 0) => (None, 2),
                (value, length, _) => (value, length),
            }
        }
        '0' if echo => {
            let (value, length, digits) = number(2, 3, 8);
            (if digits == 0 { Some('\0') } else { value }, length)
        }
        '0'..='7' if stands != Stands::Echo || matches!(manner, Manner::Ash | Manner::Gnu) => {
            let (value, length, _) = number(1, 3, 8);
            (value, length)
        }
        letter => (None, 1 + letter.len_utf8()),
    }
}

/// `echo` as a program.
pub(super) fn echo_tool(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let bytes = echo(arguments, program(io));
    io.stdout.extend_from_slice(&bytes);
    Some(0)
}

fn program(io: &Io<'_>) -> Manner {
    match io.cluster.flavour(io.place) {
        crate::cluster::Flavour::Gnu => Manner::Gnu,
        crate::cluster::Flavour::BusyBox => Manner::Ash,
    }
}

/// `printf` as a program.
pub(super) fn printf_tool(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let printed = format(arguments, program(io), io.now().timestamp().as_second());
    io.stdout.extend_from_slice(&printed.bytes);
    for complaint in printed.complaints {
        io.write_error(format!("printf: {complaint}"));
    }
    Some(printed.status)
}

/// What `printf` prints; `now` is what `%(…)T` shows without a value, in seconds.
pub(in crate::shell) fn format(arguments: &[String], manner: Manner, now: i64) -> Printed {
    let arguments = match arguments {
        [dashes, rest @ ..] if dashes == "--" => rest,
        all => all,
    };
    let Some((format, values)) = arguments.split_first() else {
        let (usage, status) = match manner {
            Manner::Bash => ("usage: printf [-v var] format [arguments]", 2),
            Manner::Dash => ("usage: printf format [arg ...]", 2),
            Manner::Ash => ("usage: printf FORMAT [ARGUMENT...]", 2),
            Manner::Gnu => ("missing operand\nTry 'printf --help' for more information.", 1),
        };
        return Printed { complaints: vec![usage.to_owned()], status, ..Printed::default() };
    };
    let mut printer =
        Printer { manner, now, values, taken: 0, out: String::new(), printed: Printed::default() };
    let mut ends = false;
    loop {
        let before = printer.taken;
        ends |= printer.round(format);
        if ends
            || printer.taken >= values.len()
            || printer.taken == before
            || printer.out.len() > LONGEST
        {
            break;
        }
    }
    if let Some(extra) = values.get(printer.taken).filter(|_| manner == Manner::Gnu && !ends) {
        let what = format!("warning: ignoring excess arguments, starting with '{extra}'");
        printer.write_error(what, 0);
    }
    if printer.out.len() > LONGEST {
        printer.write_error(format!("not simulated here: more than {LONGEST} bytes at once"), 1);
    }
    printer.printed.bytes = printer.out.into_bytes();
    printer.printed
}

struct Printer<'v> {
    manner: Manner,
    now: i64,
    values: &'v [String],
    taken: usize,
    out: String,
    printed: Printed,
}

impl<'v> Printer<'v> {
    fn next(&mut self) -> Option<&'v str> {
        let value = self.values.get(self.taken).map(String::as_str);
        self.taken += 1;
        value
    }

    fn write_error(&mut self, message: String, status: i32) {
        self.printed.complaints.push(message);
        self.printed.status = self.printed.status.max(status);
    }

    /// Goes through the format once. Whether something ended it.
    fn round(&mut self, format: &str) -> bool {
        let mut at = 0;
        while let Some(next) = format[at..].find(['%', '\\']) {
            self.out.push_str(&format[at..at + next]);
            at += next;
            let rest = &format[at..];
            if rest.starts_with('\\') {
                if rest.starts_with("\\c") && matches!(self.manner, Manner::Ash | Manner::Gnu) {
                    return true;
                }
                if let Some(why) = fault(rest).filter(|_| self.manner == Manner::Gnu) {
                    self.write_error(why, 1);
                    return true;
                }
                let (letter, length) = escape(rest, self.manner, Stands::Format);
                match letter {
                    Some(letter) if self.manner == Manner::Gnu && names_letter(rest) => {
                        self.out.push_str(&universal(letter));
                    }
                    Some(letter) => self.out.push(letter),
                    None => self.out.push_str(&rest[..length]),
                }
                at += length;
            } else if rest.starts_with("%%") {
                self.out.push('%');
                at += 2;
            } else {
                match self.directive(rest) {
                    Some(length) => at += length,
                    None => return true,
                }
            }
        }
        self.out.push_str(&format[at..]);
        false
    }

    /// `%-10.3s`: its length; `None` when it is wrong or ends all.
    fn directive(&mut self, text: &str) -> Option<usize> {
        let mut spec = Spec::default();
        let mut at = 1;
        let peek = |at: usize| text[at..].chars().next();
        while let Some(letter) = peek(at).filter(|letter| spec.flag(*letter)) {
            at += letter.len_utf8();
        }
        for precision in [false, true] {
            if precision {
                if peek(at) != Some('.') {
                    break;
                }
                at += 1;
                spec.precision = Some(0);
            }
            let mut number = 0_i64;
            if peek(at) == Some('*') {
                at += 1;
                number = self.next().and_then(|value| value.parse().ok()).unwrap_or(0);
            }
            while let Some(digit) = peek(at).and_then(|letter| letter.to_digit(10)) {
                number = number.saturating_mul(10).saturating_add(i64::from(digit));
                at += 1;
            }
            let size = usize::try_from(number.unsigned_abs()).unwrap_or(usize::MAX);
            match precision {
                true => spec.precision = Some(size).filter(|_| number >= 0),
                false => (spec.left, spec.width) = (spec.left || number < 0, size),
            }
        }
        if spec.width.max(spec.precision.unwrap_or(0)) > LONGEST {
            self.write_error(format!("not simulated here: more than {LONGEST} bytes at once"), 1);
            return None;
        }
        if self.manner == Manner::Bash && peek(at) == Some('(') {
            return self.moment(&spec, text, at);
        }
        let start = at;
        while matches!(peek(at), Some('h' | 'l' | 'L' | 'j' | 'z' | 't'))
            && self.manner != Manner::Dash
        {
            at += 1;
        }
        let Some(letter) = peek(at) else { return self.wrong(text, start, None) };
        let known = match self.manner {
            Manner::Bash => "diouxXeEfFgGaAcsbqQ",
            Manner::Dash => "diouxXeEfFgGaAcsb",
            Manner::Ash => "diouxXeEfgGcsb",
            Manner::Gnu => "diouxXeEfFgGaAcsbq",
        };
        if !known.contains(letter) {
            return self.wrong(text, at, Some(letter));
        }
        let value = self.next();
        let body = self.converted(&spec, letter, value)?;
        self.out.push_str(&body);
        Some(at + letter.len_utf8())
    }

    fn wrong(&mut self, text: &str, at: usize, letter: Option<char>) -> Option<usize> {
        let (message, status) = match (self.manner, letter) {
            (Manner::Bash, None) => (format!("`{text}': missing format character"), 1),
            (Manner::Bash, Some(letter)) => (format!("`{letter}': invalid format character"), 1),
            (Manner::Dash, None) => ("missing format character".to_owned(), 2),
            (Manner::Dash, Some(letter)) => {
                (format!("{}: invalid directive", &text[..at + letter.len_utf8()]), 2)
            }
            (Manner::Ash, Some(_)) => {
                // A length that stands before it is not shown.
                let shown: String =
                    text.chars().filter(|letter| !"hlLjz".contains(*letter)).collect();
                (format!("{shown}: invalid format"), 1)
            }
            (Manner::Ash, None) => (format!("{text}: invalid format"), 1),
            (Manner::Gnu, letter) => {
                let end = at + letter.map_or(0, char::len_utf8);
                (format!("{}: invalid conversion specification", &text[..end]), 1)
            }
        };
        self.write_error(message, status);
        None
    }

    /// `%(FORMAT)T`: bash shows a moment; -1 and nothing stand for now.
    fn moment(&mut self, spec: &Spec, text: &str, at: usize) -> Option<usize> {
        let Some(end) = text.find(")T") else {
            let letter = text[at..].chars().nth(1);
            return self.wrong(text, at, letter.or(Some('(')));
        };
        let seconds = match self.next().map(str::parse::<i64>) {
            None | Some(Ok(-1 | -2)) => self.now,
            Some(Ok(seconds)) => seconds,
            Some(Err(_)) => 0,
        };
        let format = &text[at + 1..end];
        let format = if format.is_empty() { "%X" } else { format };
        let shown = Moment::at(seconds, 0).format(format, false);
        self.out.push_str(&spec.text(&shown));
        Some(end + 2)
    }

    /// A value by its conversion; `None` when `\c` ended it.
    fn converted(&mut self, spec: &Spec, letter: char, value: Option<&str>) -> Option<String> {
        let text = value.unwrap_or("");
        Some(match letter {
            's' => spec.text(text),
            'b' => {
                let mut body = String::new();
                let fault = first_fault(text).filter(|_| self.manner == Manner::Gnu);
                let good = fault.as_ref().map_or(text, |(at, _)| &text[..*at]);
                let ends = expanded(good, self.manner, Stands::Value, &mut body);
                if let Some((_, why)) = fault.filter(|_| !ends) {
                    self.out.push_str(&body);
                    self.write_error(why, 1);
                    return None;
                }
                let body = spec.text(&body);
                if ends {
                    self.out.push_str(&body);
                    return None;
                }
                body
            }
            'c' => Spec { precision: None, ..*spec }
                .text(&text.chars().next().unwrap_or('\0').to_string()),
            'q' | 'Q' => {
                let gnu = Quoting::Shell { always: false, escapes: true };
                let quoted = if self.manner == Manner::Gnu { gnu.of(text) } else { quote(text) };
                spec.text(&quoted)
            }
            'd' | 'i' => {
                let number = self.integer(text, value.is_none());
                spec.signed(number)
            }
            'o' | 'u' | 'x' | 'X' => {
                let number = self.integer(text, value.is_none());
                spec.unsigned(number as u64, letter)
            }
            letter => {
                let number = self.float(text, value.is_none());
                let exact = match (self.manner, letter) {
                    (Manner::Bash | Manner::Gnu, 'f' | 'F') => {
                        let size = text.trim_start().trim_start_matches(['-', '+']);
                        long_double::fixed(size, spec.precision.unwrap_or(6))
                    }
                    _ => None,
                };
                let shown = match exact {
                    Some(digits) => spec.fixed(number.is_sign_negative(), &digits),
                    None => spec.float(number, letter),
                };
                match letter {
                    // dash and BusyBox convert doubles, bash long doubles.
                    'a' | 'A' if self.manner == Manner::Dash => double(number, letter, spec),
                    _ => shown,
                }
            }
        })
    }

    /// What is said about a value that is no number, or not only one.
    fn not_a_number(&mut self, text: &str, begins: bool) {
        let message = match (self.manner, begins) {
            (Manner::Bash, _) => format!("{text}: invalid number"),
            (Manner::Dash, false) => format!("{text}: expected numeric value"),
            (Manner::Dash, true) => format!("{text}: not completely converted"),
            (Manner::Ash, _) => format!("invalid number '{text}'"),
            (Manner::Gnu, false) => format!("'{text}': expected a numeric value"),
            (Manner::Gnu, true) => format!("'{text}': value not completely converted"),
        };
        self.write_error(message, 1);
    }

    fn integer(&mut self, text: &str, missing: bool) -> i128 {
        if let Some(letter) = text.strip_prefix(['\'', '"']) {
            return letter.chars().next().map_or(0, |letter| i128::from(u32::from(letter)));
        }
        if text.is_empty() {
            if self.manner == Manner::Ash || !missing && self.manner != Manner::Bash {
                self.not_a_number(text, false);
            }
            return 0;
        }
        let trimmed = text.trim_start_matches([' ', '\t', '\n']);
        let (negative, digits) = match trimmed.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, trimmed.strip_prefix('+').unwrap_or(trimmed)),
        };
        let (radix, digits) = match digits.strip_prefix("0x").or(digits.strip_prefix("0X")) {
            Some(hex) => (16, hex),
            None if digits.len() > 1 && digits.starts_with('0') => (8, digits),
            None => (10, digits),
        };
        let length = digits.chars().take_while(|letter| letter.is_digit(radix)).count();
        let whole = length == digits.len() && length > 0;
        let value = digits[..length].chars().fold(0_i128, |value, digit| {
            (value * i128::from(radix) + i128::from(digit.to_digit(radix).unwrap_or(0)))
                .min(1 << 100)
        });
        if !whole {
            self.not_a_number(text, length > 0);
            return match self.manner {
                Manner::Ash => 0,
                _ if negative => -value,
                _ => value,
            };
        }
        let value = if negative { -value } else { value };
        let limits = i128::from(i64::MIN)..=i128::from(u64::MAX);
        let fits = limits.contains(&value)
            && (value <= i128::from(i64::MAX) || self.manner != Manner::Bash);
        if fits {
            return value;
        }
        match self.manner {
            Manner::Ash => {
                self.not_a_number(text, true);
                return 0;
            }
            Manner::Bash => {
                self.write_error(format!("warning: {text}: Numerical result out of range"), 0)
            }
            Manner::Dash => self.write_error(format!("{text}: Numerical result out of range"), 1),
            Manner::Gnu => self.write_error(format!("'{text}': Numerical result out of range"), 1),
        }
        value.clamp(i128::from(i64::MIN), i128::from(i64::MAX))
    }

    fn float(&mut self, text: &str, missing: bool) -> f64 {
        if let Some(letter) = text.strip_prefix(['\'', '"']) {
            return letter.chars().next().map_or(0.0, |letter| f64::from(u32::from(letter)));
        }
        if text.is_empty() {
            if self.manner == Manner::Ash || !missing && self.manner != Manner::Bash {
                self.not_a_number(text, false);
            }
            return 0.0;
        }
        let trimmed = text.trim_start();
        if let Ok(value) = trimmed.parse::<f64>() {
            return value;
        }
        if let Some(hex) = trimmed.strip_prefix("0x")
            && let Ok(value) = u64::from_str_radix(hex, 16)
        {
            return value as f64;
        }
        let longest = (1..trimmed.len()).rev().filter(|end| trimmed.is_char_boundary(*end));
        let begin = longest.take(400).find_map(|end| trimmed[..end].parse::<f64>().ok());
        self.not_a_number(text, begin.is_some());
        if self.manner == Manner::Ash { 0.0 } else { begin.unwrap_or(0.0) }
    }
}

/// `%a` of a double: its first digit is 1.
fn double(value: f64, letter: char, spec: &Spec) -> String {
    if value == 0.0 || !value.is_finite() {
        return spec.float(value, letter);
    }
    let bits = value.to_bits();
    let exponent = i64::try_from(bits >> 52 & 0x7ff).unwrap_or(0) - 1023;
    let digits = format!("{:013x}", bits & ((1 << 52) - 1));
    let digits = digits.trim_end_matches('0');
    let dot = if digits.is_empty() { "" } else { "." };
    let sign = if value < 0.0 { "-" } else { "" };
    let body = format!("{sign}0x1{dot}{digits}p{exponent:+}");
    spec.pad(&if letter == 'A' { body.to_uppercase() } else { body }, false)
}

/// A word as bash quotes it: with backslashes.
fn quote(text: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || "_-./:=@%+".contains(letter);
    if text.is_empty() {
        return "''".to_owned();
    }
    if text.chars().any(|letter| letter.is_control()) {
        let shown = text
            .replace('\\', "\\\\")
            .replace('\'', "\\'")
            .replace('\n', "\\n")
            .replace('\t', "\\t");
        return format!("$'{shown}'");
    }
    text.chars()
        .flat_map(|letter| (!plain(letter)).then_some('\\').into_iter().chain([letter]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(list: &[&str]) -> Vec<String> {
        list.iter().map(|text| (*text).to_owned()).collect()
    }

    fn printed(arguments: &[&str], manner: Manner) -> (String, Vec<String>, i32) {
        let printed = format(&words(arguments), manner, 0);
        (String::from_utf8_lossy(&printed.bytes).into_owned(), printed.complaints, printed.status)
    }

    #[test]
    fn printf_repeats_its_format() {
        let text = |arguments: &[&str]| printed(arguments, Manner::Bash).0;
        assert_eq!(text(&["%s=%d\\n", "a", "1", "b", "2"]), "a=1\nb=2\n");
        assert_eq!(
            text(&["%-5s|%05.1f|%x|%%\\t%c\\n", "ab", "3.14159", "255", "xyz"]),
            "ab   |003.1|ff|%\tx\n"
        );
        assert_eq!(text(&["no values\\n"]), "no values\n");
        assert_eq!(text(&["%s %s\\n", "one"]), "one \n");
        assert_eq!(text(&["%(%Y)T", "0"]), "1970");
    }

    /// What bash 5.2, dash 0.5.12, BusyBox 1.35 and coreutils 9.1 say.
    #[test]
    fn each_printf_complains_in_its_own_words() {
        let of = |manner| printed(&["%d\\n", "1.5"], manner);
        assert_eq!(of(Manner::Bash), ("1\n".into(), vec!["1.5: invalid number".into()], 1));
        assert_eq!(
            of(Manner::Dash),
            ("1\n".into(), vec!["1.5: not completely converted".into()], 1)
        );
        assert_eq!(of(Manner::Ash), ("0\n".into(), vec!["invalid number '1.5'".into()], 1));
        assert_eq!(of(Manner::Gnu).1, ["'1.5': value not completely converted"]);
        assert_eq!(printed(&["%"], Manner::Dash).1, ["missing format character"]);
        assert_eq!(printed(&["%5"], Manner::Bash).1, ["`%5': missing format character"]);
    }

    #[test]
    fn what_is_too_wide_is_said_and_not_cut() {
        for width in ["%1000000000d", "%.1000000000f", "%s%*d"] {
            let (text, told, status) = printed(&[width, "1", "1000000000", "1"], Manner::Bash);
            assert!(text.len() < LONGEST && told[0].contains("not simulated here"), "{told:?}");
            assert_eq!(status, 1);
        }
        assert_eq!(printed(&["%20000s", "a"], Manner::Bash).0.len(), 20_000);
    }

    #[test]
    fn echo_knows_its_options() {
        assert_eq!(echo(&words(&["-n", "a", "b"]), Manner::Bash), b"a b");
        assert_eq!(echo(&words(&["-e", "a\\tb"]), Manner::Bash), b"a\tb\n");
        assert_eq!(echo(&words(&["-e", "\\0101"]), Manner::Bash), b"A\n");
        assert_eq!(echo(&words(&["-x", "a\\tb"]), Manner::Bash), b"-x a\\tb\n");
        assert_eq!(echo(&words(&["a\\tb"]), Manner::Dash), b"a\tb\n");
        assert_eq!(echo(&words(&["-e", "a\\cb"]), Manner::Dash), b"-e a");
    }
}
