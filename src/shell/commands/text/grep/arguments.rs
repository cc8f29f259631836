//! `grep`'s options.

use super::files::{Choice, Start};
use super::{File, Grep, Matcher, Whole};
use crate::cluster::Flavour;
use crate::shell::Tool;
use crate::shell::commands::options::{Grammar, Options, matched};
use crate::shell::commands::text::regex::{Syntax, compile, perl};
use crate::shell::commands::{Setting, busybox_usage, failed, said, versions};

const GNU: Grammar = Grammar {
    name: "grep",
    short: "EFGPivcnoqwxrRlLhHse:f:A:B:C:m:azyUIZTbuVd:D:ÀÈ:É;Í:Ó:Ú:ä:ë:ö;ü",
    long: &[
        ("basic-regexp", 'G'),
        ("extended-regexp", 'E'),
        ("fixed-regexp", 'F'),
        ("fixed-strings", 'F'),
        ("perl-regexp", 'P'),
        ("after-context", 'A'),
        ("before-context", 'B'),
        ("binary-files", 'È'),
        ("line-buffered", 'À'),
        ("byte-offset", 'b'),
        ("context", 'C'),
        ("color", 'É'),
        ("colour", 'É'),
        ("count", 'c'),
        ("devices", 'D'),
        ("directories", 'd'),
        ("exclude", 'Í'),
        ("exclude-from", 'ä'),
        ("exclude-dir", 'Ó'),
        ("file", 'f'),
        ("files-with-matches", 'l'),
        ("files-without-match", 'L'),
        ("group-separator", 'ö'),
        ("help", 'ü'),
        ("include", 'Ú'),
        ("ignore-case", 'i'),
        ("initial-tab", 'T'),
        ("invert-match", 'v'),
        ("label", 'ë'),
        ("line-number", 'n'),
        ("line-regexp", 'x'),
        ("max-count", 'm'),
        ("no-ignore-case", 'À'),
        ("no-filename", 'h'),
        ("no-group-separator", 'ö'),
        ("no-messages", 's'),
        ("null", 'Z'),
        ("null-data", 'z'),
        ("only-matching", 'o'),
        ("quiet", 'q'),
        ("recursive", 'r'),
        ("dereference-recursive", 'R'),
        ("regexp", 'e'),
        ("with-filename", 'H'),
        ("silent", 'q'),
        ("text", 'a'),
        ("binary", 'U'),
        ("unix-byte-offsets", 'u'),
        ("version", 'V'),
        ("word-regexp", 'w'),
    ],
    stops: false,
};

const BUSYBOX: Grammar = Grammar {
    name: "grep",
    short: "HhnlLoqvsrRiwFEe:f:A:B:C:m:xczazIÉ;",
    long: &[("color", 'É')],
    stops: false,
};

/// The patterns as they were given, and how they are meant.
#[derive(Clone)]
pub(super) struct Asked {
    pub texts: Vec<String>,
    pub syntax: Syntax,
    pub perl: bool,
    pub fold: bool,
    pub flavour: Flavour,
    /// `-u`, which means nothing any more.
    pub obsolete: bool,
}

/// Compiles patterns; what grep remarks about them comes beside.
///
/// # Errors
/// The message.
pub(super) fn matchers(
    texts: &[String],
    asked: &Asked,
) -> Result<(Vec<Matcher>, Vec<&'static str>), String> {
    let (mut all, mut warnings) = (Vec::new(), Vec::new());
    if asked.obsolete {
        warnings.push("--unix-byte-offsets (-u) is obsolete");
    }
    for text in texts.iter().flat_map(|text| text.split('\n')) {
        if asked.perl {
            all.push(perl(text, asked.fold)?);
            continue;
        }
        match compile(text, asked.syntax, asked.fold) {
            Ok(regex) => {
                warnings.extend(regex.warning.filter(|_| asked.flavour == Flavour::Gnu));
                all.push(Matcher::Posix(regex));
            }
            Err(why) => {
                return Err(match asked.flavour {
                    Flavour::Gnu => format!("grep: {why}"),
                    Flavour::BusyBox => format!("grep: bad regex '{text}': {why}"),
                });
            }
        }
    }
    Ok((all, warnings))
}

/// A pattern of Perl's: by the plain engine, or by the full one where that lacks something.
fn perl(text: &str, fold: bool) -> Result<Matcher, String> {
    let plain = regex::RegexBuilder::new(text).case_insensitive(fold).build();
    match (plain, perl::compile(text, fold)) {
        (Ok(plain), _) => Ok(Matcher::Perl(plain)),
        (Err(_), Ok(full)) => Ok(Matcher::FullPerl(full)),
        (Err(_), Err(why)) => Err(format!("grep: {why}")),
    }
}

/// `grep -5 x` stands for `grep -C 5 x`.
fn modern(arguments: &[String]) -> Vec<String> {
    let takes_value = |before: &String| {
        before.starts_with('-')
            && !before.starts_with("--")
            && before.ends_with(['e', 'f', 'A', 'B', 'C', 'm'])
    };
    let mut operands = false;
    let mut all = Vec::new();
    for (index, argument) in arguments.iter().enumerate() {
        operands |= argument == "--";
        let value = index > 0 && takes_value(&arguments[index - 1]);
        all.push(match argument.strip_prefix('-') {
            Some(digits)
                if !operands
                    && !value
                    && !digits.is_empty()
                    && digits.bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                format!("-C{digits}")
            }
            _ => argument.clone(),
        });
    }
    all
}

pub(in crate::shell::commands) fn grep(
    name: &str,
    arguments: &[String],
    setting: &Setting<'_>,
) -> Box<dyn Tool> {
    let gnu = setting.flavour == Flavour::Gnu;
    let parsed = match gnu {
        true => GNU.parse(&modern(arguments), setting.words).map_err(|misuse| {
            match misuse.is_left_out() {
                true => misuse.into(),
                false => format!("{}\n{}", misuse.message(), usage(Flavour::Gnu)),
            }
        }),
        false => BUSYBOX.parse(arguments, setting.words).map_err(String::from),
    };
    let made = parsed.map_err(Refused::from);
    let made = made.and_then(|options| build(name, options, setting));
    match made {
        Ok(start) => Box::new(start),
        Err(Refused { text, exit: 0 }) => said(text + "\n"),
        Err(Refused { text, exit }) => failed(text, exit),
    }
}

/// `-r`, `-d`, `--include` and their like: which files are read.
fn choice(options: &Options) -> Choice {
    let directories = options.value('d').unwrap_or("read");
    let kept = |letter: char| options.all(letter).map(str::to_owned).collect();
    Choice {
        recursive: options.has('r') || options.has('R') || directories == "recurse",
        skips: directories == "skip",
        include: kept('Ú'),
        exclude: kept('Í'),
        exclude_dir: kept('Ó'),
    }
}

/// How `GREP_COLORS` wants what was found to be painted.
fn paint(setting: &Setting<'_>) -> String {
    let all = setting.environment.get("GREP_COLORS").map_or("", String::as_str);
    let of = |name: &str| {
        let mut pairs = all.split(':').filter_map(|pair| pair.split_once('='));
        pairs.find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
    };
    of("ms").or_else(|| of("mt")).unwrap_or_else(|| "01;31".to_owned())
}

/// A command line that is not heeded: what is said, and the exit code.
struct Refused {
    text: String,
    exit: i32,
}

impl From<String> for Refused {
    fn from(text: String) -> Refused {
        Refused { text, exit: 2 }
    }
}

/// What is answered without looking for anything, or left out.
fn answered(options: &Options, gnu: bool) -> Result<(), Refused> {
    if gnu && options.has('V') {
        let text = versions::first_line("grep").unwrap_or_default();
        return Err(Refused { text, exit: 0 });
    }
    if gnu
        && let Some(name) =
            options.not_simulated(&[('ä', "--exclude-from"), ('V', "--version"), ('ü', "--help")])
    {
        return Err(format!("grep: not simulated here: {name}").into());
    }
    Ok(())
}

/// What stands between groups of lines, if anything does.
fn separator(options: &Options) -> Option<String> {
    match options.in_order().filter(|(letter, _)| *letter == 'ö').last() {
        None => Some("--".to_owned()),
        Some((_, "")) => None,
        Some((_, text)) => Some(text.to_owned()),
    }
}

fn build(name: &str, mut options: Options, setting: &Setting<'_>) -> Result<Start, Refused> {
    let gnu = setting.flavour == Flavour::Gnu;
    answered(&options, gnu)?;
    let asked = asked(name, &mut options, setting)?;
    let sources: Vec<String> = options.all('f').map(str::to_owned).collect();
    let numbers = Context::read(&options, gnu)?;
    if gnu {
        known_words(&options)?;
    }
    let choice = choice(&options);
    let many = options.operands.len() > 1 || choice.recursive;
    let given = |letter: char| options.value(letter).map(str::to_owned);
    let name_last = options.in_order().filter(|(letter, _)| matches!(letter, 'h' | 'H')).last();
    // BusyBox takes the option, and never paints.
    let colour =
        gnu && given('É').is_some_and(|when| matches!(when.as_str(), "always" | "yes" | "force"));
    let separator = separator(&options);
    let binary = given('È').unwrap_or_default();
    let grep = Grep {
        flavour: setting.flavour,
        patterns: Vec::new(),
        whole: match (options.has('x'), options.has('w')) {
            (true, _) => Whole::Line,
            (_, true) => Whole::Word,
            _ => Whole::Anything,
        },
        invert: options.has('v'),
        count: options.has('c'),
        numbers: options.has('n'),
        offsets: options.has('b'),
        only: options.has('o'),
        quiet: options.has('q'),
        list: options
            .in_order()
            .filter(|(letter, _)| matches!(letter, 'l' | 'L'))
            .last()
            .map(|(letter, _)| letter == 'l'),
        silent: options.has('s'),
        names: name_last.map_or(many, |(letter, _)| letter == 'H'),
        label: given('ë').unwrap_or_else(|| "(standard input)".to_owned()),
        null_data: gnu && options.has('z'),
        null: options.has('Z'),
        tab: options.has('T'),
        colour,
        paint: paint(setting),
        text: options.has('a') || binary == "text",
        skip_binary: options.has('I') || binary == "without-match",
        before: numbers.before,
        after: numbers.after,
        apart: if gnu { numbers.asked } else { numbers.before > 0 || numbers.after > 0 },
        separator,
        most: numbers.most,
        file: File::default(),
        any: false,
        shown_any: false,
    };
    let named = options.has('H');
    let operands = options.operands;
    Ok(Start { grep, asked, choice, operands, named, sources, inner: None })
}

/// The patterns of the command line.
fn asked(name: &str, options: &mut Options, setting: &Setting<'_>) -> Result<Asked, String> {
    let gnu = setting.flavour == Flavour::Gnu;
    let mut kinds: Vec<char> =
        options.in_order().map(|(letter, _)| letter).filter(|l| "EFGP".contains(*l)).collect();
    kinds.dedup();
    let conflict = kinds.contains(&'P') && kinds.len() > 1;
    if gnu && (conflict || kinds.contains(&'F') && kinds.contains(&'E')) {
        return Err("grep: conflicting matchers specified".to_owned());
    }
    let syntax = match (name, kinds.last()) {
        ("fgrep", None) | (_, Some('F')) => Syntax::Fixed,
        ("egrep", None) | (_, Some('E')) if gnu => Syntax::GrepExtended,
        ("egrep", None) | (_, Some('E')) => Syntax::PosixExtended,
        _ if gnu => Syntax::GrepBasic,
        _ => Syntax::PosixBasic,
    };
    let mut texts: Vec<String> = options.all('e').map(str::to_owned).collect();
    if texts.is_empty() && !options.has('f') {
        if options.operands.is_empty() {
            // What options take is looked at first.
            Context::read(options, setting.flavour == Flavour::Gnu)?;
            return Err(usage(setting.flavour));
        }
        texts.push(options.operands.remove(0));
    }
    Ok(Asked {
        texts,
        syntax,
        perl: kinds.contains(&'P'),
        fold: options.has('i') || options.has('y'),
        flavour: setting.flavour,
        obsolete: options.has('u') && gnu,
    })
}

/// `-A`, `-B`, `-C`, `-m`.
struct Context {
    before: usize,
    after: usize,
    /// Whether lines around were asked for, be they none.
    asked: bool,
    most: Option<usize>,
}

impl Context {
    fn read(options: &Options, gnu: bool) -> Result<Context, String> {
        let number = |letter: char| -> Result<Option<usize>, String> {
            let Some(text) = options.value(letter) else { return Ok(None) };
            match text.parse() {
                Ok(number) => Ok(Some(number)),
                // Fewer than none is no limit.
                Err(_) if gnu && letter == 'm' && text.parse::<i64>().is_ok() => Ok(None),
                Err(_) if !gnu => Err(format!("grep: invalid number '{text}'")),
                Err(_) if letter == 'm' => Err("grep: invalid max count".to_owned()),
                Err(_) => Err(format!("grep: {text}: invalid context length argument")),
            }
        };
        let around = number('C')?.unwrap_or(0);
        Ok(Context {
            before: number('B')?.unwrap_or(around),
            after: number('A')?.unwrap_or(around),
            asked: ['A', 'B', 'C'].iter().any(|letter| options.has(*letter)),
            most: number('m')?,
        })
    }
}

/// Looks at the words that options take.
///
/// # Errors
/// A word that there is not.
fn known_words(options: &Options) -> Result<(), Refused> {
    const FOLDERS: &[(&[&str], u8)] = &[(&["read"], 0), (&["recurse"], 1), (&["skip"], 2)];
    if let Some(Err(why)) =
        options.value('d').map(|word| matched("grep", "--directories", word, FOLDERS))
    {
        let hint = "Usage: grep [OPTION]... PATTERNS [FILE]...\nTry";
        return Err(Refused { text: why.replace("\nTry", &format!("\n{hint}")), exit: 1 });
    }
    let color = options.value('É').unwrap_or("");
    if !matches!(
        color,
        "" | "always" | "yes" | "force" | "never" | "no" | "none" | "auto" | "tty" | "if-tty"
    ) {
        // It is taken for a wish to know how grep is used.
        return Err(Refused { text: usage(Flavour::Gnu), exit: 0 });
    }
    if !matches!(options.value('D'), None | Some("read" | "skip")) {
        return Err("grep: unknown devices method".to_owned().into());
    }
    match options.value('È') {
        None | Some("binary" | "text" | "without-match") => Ok(()),
        Some(_) => Err("grep: unknown binary-files type".to_owned().into()),
    }
}

fn usage(flavour: Flavour) -> String {
    match flavour {
        Flavour::Gnu => {
            "Usage: grep [OPTION]... PATTERNS [FILE]...\nTry 'grep --help' for more information."
                .to_owned()
        }
        Flavour::BusyBox => busybox_usage("grep"),
    }
}
