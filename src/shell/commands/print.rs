//! `echo` and `printf`: as the shell's builtins and as programs.

use crate::shell::Io;
use crate::shell::syntax::unescape;

/// More than one `printf` may write.
const LONGEST: usize = 1 << 20;

/// What `echo` prints. Debian's `sh` always understands escapes, the others with `-e`.
pub(in crate::shell) fn echo(arguments: &[String], escapes: bool) -> Vec<u8> {
    let mut escapes = escapes;
    let mut newline = true;
    let mut rest = arguments;
    while let Some((first, others)) = rest.split_first() {
        let letters = first.strip_prefix('-').unwrap_or("");
        if letters.is_empty() || !letters.chars().all(|letter| "neE".contains(letter)) {
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
    }
    let mut text = rest.join(" ");
    if escapes {
        if let Some(end) = text.find("\\c") {
            text.truncate(end);
            newline = false;
        }
        text = unescape(&text);
    }
    if newline {
        text.push('\n');
    }
    text.into_bytes()
}

/// `echo` as a program.
pub(super) fn echo_tool(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let bytes = echo(arguments, false);
    io.stdout.extend_from_slice(&bytes);
    Some(0)
}

/// `printf` as a program.
pub(super) fn printf_tool(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    match format(arguments) {
        Ok(bytes) => {
            io.stdout.extend_from_slice(&bytes);
            Some(0)
        }
        Err((bytes, message)) => {
            io.stdout.extend_from_slice(&bytes);
            io.complain(format!("printf: {message}"));
            Some(1)
        }
    }
}

/// What `printf` prints.
///
/// # Errors
/// What it had printed, and the message after `printf: `.
pub(in crate::shell) fn format(arguments: &[String]) -> Result<Vec<u8>, (Vec<u8>, String)> {
    let arguments = match arguments {
        [dashes, rest @ ..] if dashes == "--" => rest,
        all => all,
    };
    let Some((format, values)) = arguments.split_first() else {
        return Err((Vec::new(), "usage: printf [-v var] format [arguments]".to_owned()));
    };
    let mut values = values.iter();
    let mut out = String::new();
    let mut trouble = None;
    loop {
        let before = values.len();
        let ends = round(format, &mut values, &mut out, &mut trouble);
        if ends || values.len() == 0 || values.len() == before || out.len() > LONGEST {
            break;
        }
    }
    if out.len() > LONGEST {
        trouble = Some(too_long());
    }
    match trouble {
        None => Ok(out.into_bytes()),
        Some(message) => Err((out.into_bytes(), message)),
    }
}

fn too_long() -> String {
    format!("not simulated here: more than {LONGEST} bytes at once")
}

/// Goes through the format once. Whether `\c` ended it.
fn round(
    format: &str,
    values: &mut std::slice::Iter<'_, String>,
    out: &mut String,
    trouble: &mut Option<String>,
) -> bool {
    let mut rest = format;
    while let Some(at) = rest.find(['%', '\\']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with('\\') {
            let length = escape_length(rest);
            if rest.starts_with("\\c") {
                return true;
            }
            out.push_str(&unescape(&rest[..length]));
            rest = &rest[length..];
            continue;
        }
        let directive = Directive::read(&rest[1..], values);
        let length = directive.length;
        if rest[1..].starts_with('%') {
            out.push('%');
            rest = &rest[2..];
            continue;
        }
        let Some(conversion) = directive.conversion else {
            *trouble = Some(format!("`{}': missing format character", &rest[..1]));
            return true;
        };
        directive.print(conversion, values.next().map(String::as_str), out, trouble);
        rest = &rest[1 + length..];
    }
    out.push_str(rest);
    false
}

fn escape_length(text: &str) -> usize {
    let digits = |from: usize, most: usize, radix: u32| {
        let letters = text[from..].chars().take(most);
        from + letters.take_while(|letter| letter.is_digit(radix)).count()
    };
    match text.chars().nth(1) {
        None => 1,
        Some('x') => digits(2, 2, 16),
        Some('u') => digits(2, 4, 16),
        Some('0'..='7') => digits(1, 3, 8),
        Some(letter) => 1 + letter.len_utf8(),
    }
}

/// `%-10.3s`
#[derive(Default)]
struct Directive {
    left: bool,
    zero: bool,
    plus: bool,
    space: bool,
    alternate: bool,
    width: usize,
    precision: Option<usize>,
    conversion: Option<char>,
    length: usize,
}

impl Directive {
    /// Reads what follows a `%`; `*` takes a value.
    fn read(text: &str, values: &mut std::slice::Iter<'_, String>) -> Directive {
        let mut directive = Directive::default();
        let mut letters = text.chars().peekable();
        let mut length = 0;
        while let Some(flag) = letters.next_if(|letter| "-0+ #".contains(*letter)) {
            length += 1;
            match flag {
                '-' => directive.left = true,
                '0' => directive.zero = true,
                '+' => directive.plus = true,
                ' ' => directive.space = true,
                _ => directive.alternate = true,
            }
        }
        let mut number = |letters: &mut std::iter::Peekable<std::str::Chars<'_>>| {
            if letters.next_if_eq(&'*').is_some() {
                length += 1;
                return values.next().and_then(|value| value.parse().ok()).unwrap_or(0);
            }
            let mut value = 0_usize;
            while let Some(digit) = letters.peek().and_then(|letter| letter.to_digit(10)) {
                value = value.saturating_mul(10).saturating_add(digit as usize);
                letters.next();
                length += 1;
            }
            value
        };
        directive.width = number(&mut letters);
        if letters.next_if_eq(&'.').is_some() {
            directive.precision = Some(number(&mut letters));
            length += 1;
        }
        directive.conversion = letters.next();
        directive.length = length + directive.conversion.map_or(0, char::len_utf8);
        directive
    }

    fn print(
        &self,
        conversion: char,
        value: Option<&str>,
        out: &mut String,
        trouble: &mut Option<String>,
    ) {
        if self.width.max(self.precision.unwrap_or(0)) > LONGEST {
            *trouble = Some(too_long());
            return;
        }
        let text = value.unwrap_or("");
        let mut integer = || {
            let number = integer(text);
            if number.is_none() && !text.is_empty() {
                *trouble = Some(format!("{text}: invalid number"));
            }
            number.unwrap_or(0)
        };
        let body = match conversion {
            's' => self.cut(text.to_owned()),
            'b' => self.cut(unescape(text)),
            'c' => text.chars().take(1).collect(),
            'q' => quote(text),
            'd' | 'i' => self.signed(integer().to_string()),
            'u' => (integer() as u64).to_string(),
            'x' => format!("{}{:x}", if self.alternate { "0x" } else { "" }, integer()),
            'X' => format!("{}{:X}", if self.alternate { "0X" } else { "" }, integer()),
            'o' => format!("{:o}", integer()),
            'f' | 'F' => self.signed(fixed(float(text), self.precision.unwrap_or(6))),
            'e' => self.signed(scientific(float(text), self.precision.unwrap_or(6))),
            'g' => self.signed(format!("{}", float(text))),
            other => {
                *trouble = Some(format!("`{other}': invalid format character"));
                String::new()
            }
        };
        self.pad(&body, conversion, out);
    }

    fn cut(&self, text: String) -> String {
        match self.precision {
            Some(most) => text.chars().take(most).collect(),
            None => text,
        }
    }

    fn signed(&self, text: String) -> String {
        match text.starts_with('-') {
            false if self.plus => format!("+{text}"),
            false if self.space => format!(" {text}"),
            _ => text,
        }
    }

    fn pad(&self, body: &str, conversion: char, out: &mut String) {
        let width = self.width;
        let missing = width.saturating_sub(body.chars().count());
        let numeric = !matches!(conversion, 's' | 'b' | 'c' | 'q');
        if self.left {
            out.push_str(body);
            out.extend(std::iter::repeat_n(' ', missing));
        } else if self.zero && numeric {
            let (sign, digits) = body.split_at(usize::from(body.starts_with(['-', '+'])));
            out.push_str(sign);
            out.extend(std::iter::repeat_n('0', missing));
            out.push_str(digits);
        } else {
            out.extend(std::iter::repeat_n(' ', missing));
            out.push_str(body);
        }
    }
}

/// `12`, `-0x1f`, `'a` (a character's number)
fn integer(text: &str) -> Option<i64> {
    if let Some(letter) = text.strip_prefix(['\'', '"']) {
        return letter.chars().next().map(|letter| i64::from(u32::from(letter)));
    }
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let number = match digits.strip_prefix("0x") {
        Some(hex) => i64::from_str_radix(hex, 16),
        None if digits.len() > 1 && digits.starts_with('0') => i64::from_str_radix(digits, 8),
        None => digits.parse(),
    };
    number.ok().map(|number| if negative { -number } else { number })
}

fn float(text: &str) -> f64 {
    text.trim().parse().unwrap_or(0.0)
}

/// Digits of a number that can be other than 0.
const DIGITS: usize = 1_100;

fn fixed(value: f64, precision: usize) -> String {
    let zeros = precision.saturating_sub(DIGITS);
    format!("{value:.*}{}", precision.min(DIGITS), "0".repeat(zeros))
}

fn scientific(value: f64, precision: usize) -> String {
    let precision = precision.min(DIGITS);
    let text = format!("{value:.precision$e}");
    match text.split_once('e') {
        Some((digits, exponent)) => {
            let exponent: i32 = exponent.parse().unwrap_or(0);
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.abs())
        }
        None => text,
    }
}

fn quote(text: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || "_-./:=@%+,".contains(letter);
    if text.is_empty() {
        return "''".to_owned();
    }
    text.chars()
        .flat_map(|letter| (!plain(letter)).then_some('\\').into_iter().chain([letter]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(arguments: &[&str]) -> String {
        let arguments: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
        match format(&arguments) {
            Ok(bytes) | Err((bytes, _)) => String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    #[test]
    fn printf_repeats_its_format() {
        assert_eq!(printed(&["%s=%d\\n", "a", "1", "b", "2"]), "a=1\nb=2\n");
        assert_eq!(
            printed(&["%-5s|%05.1f|%x|%%\\t%c\\n", "ab", "3.14159", "255", "xyz"]),
            "ab   |003.1|ff|%\tx\n"
        );
        assert_eq!(printed(&["no values\\n"]), "no values\n");
        assert_eq!(printed(&["%s %s\\n", "one"]), "one \n");
    }

    #[test]
    fn what_is_too_wide_is_said_and_not_cut() {
        for width in ["%1000000000d", "%.1000000000f", "%s%*d"] {
            let arguments: Vec<String> =
                [width, "1", "1000000000", "1"].iter().map(|text| (*text).to_owned()).collect();
            let (printed, told) = format(&arguments).expect_err("it is too wide");
            assert!(printed.len() < LONGEST && told.contains("not simulated here"), "{told}");
        }
        assert_eq!(printed(&["%20000s", "a"]).len(), 20_000);
    }

    #[test]
    fn echo_knows_its_options() {
        let args = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        assert_eq!(echo(&args(&["-n", "a", "b"]), false), b"a b");
        assert_eq!(echo(&args(&["-e", "a\\tb"]), false), b"a\tb\n");
        assert_eq!(echo(&args(&["-x", "a\\tb"]), false), b"-x a\\tb\n");
        assert_eq!(echo(&args(&["a\\tb"]), true), b"a\tb\n");
    }
}
