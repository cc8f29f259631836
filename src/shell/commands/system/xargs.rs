//! `xargs`: words of standard input become arguments.

use std::collections::VecDeque;

use super::run::start;
use crate::cluster::Flavour;
use crate::shell::commands::options::{Grammar, Options};
use crate::shell::commands::{Setting, failed, warned};
use crate::shell::machine::Machine;
use crate::shell::syntax::{in_single_quotes, unescape};
use crate::shell::{Interrupted, Io, Stdin, Step, Tool};

/// `xargs`: words of standard input become arguments.
#[derive(Clone)]
struct Xargs {
    command: Vec<String>,
    /// `-n`: how many words a command gets; `-L`: how many lines.
    most: Option<usize>,
    lines: Option<usize>,
    /// `-I`: what a whole line is put in place of.
    place: Option<String>,
    separator: Option<char>,
    /// The word that ends the input.
    end: Option<String>,
    file: Option<String>,
    trace: bool,
    /// `-p`: each command is asked about.
    asks: bool,
    /// The variable that says which of the commands at work one is; here only one is at a time.
    slot: Option<String>,
    /// `-s`: bytes that a command with its words may have.
    size: Option<usize>,
    no_empty: bool,
    /// `-x`: words that do not fit end it, and so no group is run before it is filled.
    exits: bool,
    gnu: bool,
    /// Commands that are still to be run; `None` before standard input has ended.
    queue: Option<VecDeque<Vec<String>>>,
    /// A quote that nobody closed: said after the commands before it.
    unclosed: Option<String>,
    running: Option<(String, Machine)>,
    status: i32,
}

impl Xargs {
    fn plan(&mut self, text: &str) -> VecDeque<Vec<String>> {
        let mut all = match self.separator {
            Some(separator) => {
                let text = text.strip_suffix(separator).unwrap_or(text);
                let parts = text.split(separator).filter(|_| !text.is_empty());
                parts.map(|part| vec![part.to_owned()]).collect()
            }
            // BusyBox takes whole lines as they are.
            None if self.place.is_some() && !self.gnu => {
                let lines = text.lines().map(str::trim_start).filter(|line| !line.is_empty());
                lines.map(|line| vec![line.to_owned()]).collect()
            }
            None => match words(text, self.place.is_some()) {
                Ok(lines) => lines,
                Err((mut lines, line, quote)) => {
                    if self.place.is_none() && self.lines.is_none() && !line.is_empty() {
                        lines.push(line);
                    }
                    self.unclosed = Some(unmatched(quote, self.gnu));
                    lines
                }
            },
        };
        if let Some(end) = &self.end {
            for line in &mut all {
                if let Some(at) = line.iter().position(|word| word == end) {
                    line.truncate(at);
                    let line = std::mem::take(line);
                    let before = all.iter().take_while(|line| !line.is_empty()).cloned();
                    all = before.chain([line]).filter(|line| !line.is_empty()).collect();
                    break;
                }
            }
        }
        if let Some(place) = &self.place {
            let filled = all.iter().flatten().map(|word| {
                self.command.iter().map(|part| part.replace(place.as_str(), word)).collect()
            });
            return filled.collect();
        }
        if let Some(lines) = self.lines.filter(|_| !all.is_empty()) {
            // Behind a quote that nobody closed no group is filled any more.
            let whole = match self.unclosed.is_some() {
                true => all.len() - all.len() % lines,
                false => all.len(),
            };
            let groups = all[..whole].chunks(lines);
            return groups.map(|group| [self.command.clone(), group.concat()].concat()).collect();
        }
        let mut words = all.concat();
        if self.unclosed.is_some() && (self.exits || !self.gnu) {
            words.truncate(self.most.map_or(0, |most| words.len() - words.len() % most));
        }
        if words.is_empty() {
            let once = (!self.no_empty && self.unclosed.is_none()).then(|| self.command.clone());
            return once.into_iter().collect();
        }
        let groups = words.chunks(self.most.unwrap_or(usize::MAX).max(1));
        let groups = groups.map(|group| self.fitting(group));
        let groups: Vec<Vec<String>> = groups.flatten().collect();
        groups.into_iter().map(|group| [self.command.as_slice(), &group].concat()).collect()
    }

    /// Words in groups that fit into a command line (`-s`); what fits nowhere ends it.
    fn fitting(&mut self, words: &[String]) -> Vec<Vec<String>> {
        let Some(most) = self.size else { return vec![words.to_vec()] };
        let length = |words: &[String]| words.iter().map(|word| word.len() + 1).sum::<usize>();
        let own = length(&self.command);
        let mut groups: Vec<Vec<String>> = Vec::new();
        for word in words {
            if own + word.len() + 1 > most {
                const FITS: &str = "fit single argument within argument list size limit";
                self.unclosed = Some(match (self.gnu, own > most) {
                    (true, true) => format!("xargs: cannot {FITS}"),
                    (true, false) => "xargs: argument line too long".to_owned(),
                    (false, _) => format!("xargs: can't {FITS}"),
                });
                break;
            }
            match groups.last_mut() {
                Some(group) if own + length(group) + word.len() < most => group.push(word.clone()),
                _ => groups.push(vec![word.clone()]),
            }
        }
        groups
    }
}

/// What is said of a quote that nobody closed.
fn unmatched(quote: char, gnu: bool) -> String {
    let kind = if quote == '"' { "double" } else { "single" };
    let more = match gnu {
        true => "; by default quotes are special to xargs unless you use the -0 option",
        false => "",
    };
    format!("xargs: unmatched {kind} quote{more}")
}

type Lines = Vec<Vec<String>>;

/// The words of each line; with `whole` a line is one word. Quotes keep blanks, a backslash any
/// character; a blank at a line's end joins it with the next.
///
/// # Errors
/// A quote that its line does not close, with the lines and the words of its own line that came before.
fn words(text: &str, whole: bool) -> Result<Lines, (Lines, Vec<String>, char)> {
    let mut lines: Lines = Vec::new();
    let mut line: Vec<String> = Vec::new();
    let mut current: Option<String> = None;
    let mut quote = None;
    let mut blank = false;
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(open), close) if open == close => quote = None,
            (Some(open), '\n') => return Err((lines, line, open)),
            (Some(_), letter) => current.get_or_insert_default().push(letter),
            (None, '\'' | '"') => {
                quote = Some(letter);
                current.get_or_insert_default();
            }
            (None, '\\') => current.get_or_insert_default().extend(letters.next()),
            (None, '\n') => {
                line.extend(current.take());
                if !line.is_empty() && (whole || !blank) {
                    lines.push(std::mem::take(&mut line));
                }
            }
            (None, letter) if letter.is_whitespace() && whole && current.is_none() => {}
            (None, letter) if letter.is_whitespace() && !whole => line.extend(current.take()),
            (None, letter) => current.get_or_insert_default().push(letter),
        }
        blank = matches!(letter, ' ' | '\t') && quote.is_none();
    }
    if let Some(open) = quote {
        return Err((lines, line, open));
    }
    line.extend(current);
    if !line.is_empty() {
        lines.push(line);
    }
    Ok(lines)
}

/// A word as `-t` shows it.
fn traced(words: &[String], gnu: bool) -> String {
    let special =
        |letter: char| letter.is_whitespace() || "'\"\\$`*?[]{}()<>|&;#~!^=".contains(letter);
    let quoted = |word: &String| match gnu && (word.is_empty() || word.contains(special)) {
        true => in_single_quotes(word),
        false => word.clone(),
    };
    words.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

impl Xargs {
    /// Reads what is to be run; `Some` when it can't go on.
    fn read(&mut self, io: &mut Io<'_>) -> Option<Step> {
        let bytes = match &self.file {
            None => match io.read_all() {
                Some(bytes) => bytes,
                None => return Some(Step::Input),
            },
            Some(file) => match io.read_file(file) {
                Ok(bytes) => bytes,
                Err(why) => {
                    io.write_error(format!("xargs: Cannot open input file '{file}': {why}"));
                    return Some(Step::Exit(1));
                }
            },
        };
        self.queue = Some(self.plan(&String::from_utf8_lossy(&bytes)));
        None
    }

    /// What a command's end means: `Some` ends all.
    fn ended(&mut self, name: &str, status: i32, io: &mut Io<'_>) -> Option<Step> {
        match status {
            0 => {}
            255 => {
                io.write_error(format!("xargs: {name}: exited with status 255; aborting"));
                return Some(Step::Exit(124));
            }
            126 | 127 => return Some(Step::Exit(status)),
            _ => self.status = 123,
        }
        None
    }
}

impl Tool for Xargs {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        if self.queue.is_none()
            && let Some(step) = self.read(io)
        {
            return step;
        }
        loop {
            if let Some((name, machine)) = &mut self.running {
                let mut nothing = Stdin::default();
                let step = {
                    let mut inner = io.at(io.place);
                    // With a file, standard input stays the commands' own.
                    if self.file.is_none() {
                        inner.stdin = &mut nothing;
                    }
                    machine.step(&mut inner)
                };
                let Step::Exit(status) = step else { return step };
                let name = std::mem::take(name);
                self.running = None;
                if let Some(step) = self.ended(&name, status, io) {
                    return step;
                }
            }
            let next = self.queue.as_mut().and_then(VecDeque::pop_front);
            let Some(command) = next else {
                if let Some(message) = self.unclosed.take() {
                    io.write_error(message);
                    return Step::Exit(1);
                }
                return Step::Exit(self.status);
            };
            if self.trace {
                io.write_error(traced(&command, self.gnu));
            }
            if self.asks {
                // Nobody sits at a terminal that could say yes.
                let why = match self.gnu {
                    true => "failed to open /dev/tty for reading: No such device or address",
                    false => "can't open '/dev/tty': No such device or address",
                };
                io.write_error(format!("{}xargs: {why}", traced(&command, self.gnu)));
                return Step::Exit(1);
            }
            let mut environment = io.environment.clone();
            if let Some(name) = &self.slot {
                environment.insert(name.clone(), "0".to_owned());
            }
            match start(io, &command, &environment) {
                Ok(machine) => {
                    let name = command.first().cloned().unwrap_or_default();
                    self.running = Some((name, machine));
                }
                Err(refused) => {
                    io.write_error(format!("xargs: {}: {}", refused.name, refused.why));
                    return Step::Exit(refused.exit());
                }
            }
        }
    }

    fn interrupt(&mut self, io: &mut Io<'_>) -> Interrupted {
        if let Some((_, machine)) = &mut self.running {
            machine.interrupt(io);
        }
        Interrupted::Ended
    }
}

const GRAMMAR: Grammar = Grammar {
    name: "xargs",
    short: "n:L:l;I:i;E:e;a:0rtd:P:s:pxoÀ:",
    long: &[
        ("no-run-if-empty", 'r'),
        ("null", '0'),
        ("max-args", 'n'),
        ("max-lines", 'l'),
        ("max-procs", 'P'),
        ("max-chars", 's'),
        ("verbose", 't'),
        ("interactive", 'p'),
        ("replace", 'i'),
        ("delimiter", 'd'),
        ("arg-file", 'a'),
        ("eof", 'e'),
        ("exit", 'x'),
        ("open-tty", 'o'),
        ("process-slot-var", 'À'),
    ],
    stops: true,
};

/// The number of words or lines that an option asks for.
fn count(letter: char, text: &str, gnu: bool) -> Result<usize, String> {
    const TRY: &str = "Try 'xargs --help' for more information.";
    match text.parse::<usize>() {
        Ok(most) if most > 0 => Ok(most),
        Ok(_) if gnu => {
            Err(format!("xargs: value {text} for -{letter} option should be >= 1\n{TRY}"))
        }
        Ok(_) => Err(format!("xargs: number {text} is not in 1..2147483647 range")),
        Err(_) if gnu => {
            Err(format!("xargs: invalid number \"{text}\" for -{letter} option\n{TRY}"))
        }
        Err(_) => Err(format!("xargs: invalid number '{text}'")),
    }
}

/// How many words, and of how many lines, a command gets at most.
fn counts(options: &Options, gnu: bool) -> Result<(Option<usize>, Option<usize>), String> {
    let count =
        |letter: char| options.value(letter).map(|text| count(letter, text, gnu)).transpose();
    if options.value('P').is_some_and(|text| text != "0") {
        count('P')?;
    }
    // `-l` may stand alone, for one line.
    let old = if options.value('l') == Some("") { Some(1) } else { count('l')? };
    Ok((count('n')?, count('L')?.or(old)))
}

pub(in crate::shell::commands) fn xargs(
    arguments: &[String],
    setting: &Setting<'_>,
) -> Box<dyn Tool> {
    let gnu = setting.flavour == Flavour::Gnu;
    let options = match GRAMMAR.parse(arguments, setting.words) {
        Ok(options) => options,
        Err(message) => return failed(message, 1),
    };
    let (most, lines) = match counts(&options, gnu) {
        Ok(counts) => counts,
        Err(message) => return failed(message, 1),
    };
    let command = match options.operands.is_empty() {
        true => vec!["echo".to_owned()],
        false => options.operands.clone(),
    };
    let separator = match (options.has('0'), options.value('d')) {
        (true, _) => Some('\0'),
        (false, Some(text)) => unescape(text).chars().next(),
        (false, None) => None,
    };
    let replaced = options.value('i').map(|text| if text.is_empty() { "{}" } else { text });
    let place = options.value('I').or(replaced).map(str::to_owned);
    // Of `-n` and `-I` the last one counts; but `-n 1` is what `-I` does anyway.
    let last = options.in_order().filter(|(letter, _)| "nIi".contains(*letter)).last();
    let counted = last.is_some_and(|(letter, _)| letter == 'n');
    let both = gnu && most.is_some() && place.is_some() && !(counted && most == Some(1));
    let place = place.filter(|_| !(both && counted));
    let most = most.filter(|_| !both || counted);
    let xargs = Xargs {
        command,
        most,
        lines,
        separator,
        end: options
            .value('E')
            .or(options.value('e'))
            .filter(|end| !end.is_empty())
            .map(str::to_owned),
        file: options.value('a').map(str::to_owned),
        place,
        trace: options.has('t'),
        asks: options.has('p'),
        slot: options.value('À').map(str::to_owned),
        size: options.value('s').and_then(|size| size.parse().ok()),
        // BusyBox and GNU both run once without words; -r says not to.
        no_empty: options.has('r'),
        exits: options.has('x'),
        gnu,
        queue: None,
        unclosed: None,
        running: None,
        status: 0,
    };
    if !both {
        return Box::new(xargs);
    }
    warned(exclusive(counted), Box::new(xargs))
}

/// What GNU's says of `-n` and `-I` together: it takes the last one.
fn exclusive(counted: bool) -> String {
    let [one, other, ignored] = match counted {
        true => ["--replace", "--max-args/-n", "--replace"],
        false => ["--max-args", "--replace/-I/-i", "--max-args"],
    };
    let what = format!("options {one} and {other} are mutually exclusive");
    format!("xargs: warning: {what}, ignoring previous {ignored} value")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xargs_reads_quoted_words() {
        let all = words("a 'b c'\n\"d\"e f\\ g", false).expect("its quotes are closed");
        assert_eq!(all, [vec!["a", "b c"], vec!["de", "f g"]]);
        assert_eq!(words("a \nb", false), Ok(vec![vec!["a".to_owned(), "b".to_owned()]]));
        assert_eq!(words("'a b' c", true), Ok(vec![vec!["a b c".to_owned()]]));
        assert!(words("'a", false).is_err());
    }
}
