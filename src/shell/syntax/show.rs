//! A function's text as bash writes it (`declare -f`, `type`): from the tree, with the words as they stand in the source.
//!
//! The rules are those of bash's `print_cmd.c`: where it breaks lines, where it puts a semicolon, how far it
//! indents, and that here-documents wait until the line with their operators is written.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::parser::Parser;
use super::{
    Arm, ArmEnd, Assignment, Command, CommandKind, Conditional, Connector, Dialect, Item, List,
    Mark, Pipeline, Reading, Redirect, RedirectTarget, Timed, Word, in_single_quotes, unescape,
};

/// How far a body stands to the right of its command.
const STEP: usize = 4;

/// A function as the environment holds it: `() {  echo hi\n}`.
pub fn exported_function(source: &str) -> Option<String> {
    let aliases = BTreeMap::new();
    let body = parser(source, 0, &aliases).command().ok()?;
    let mut shown = Shown { in_function: true, indent: 1, step: 0, ..Shown::new(source) };
    shown.out += "() {";
    shown.block(&body);
    shown.indent = 0;
    shown.close(&body);
    Some(shown.out)
}

/// The body of a function that the environment holds, with its source.
pub fn read_function(text: &str) -> Option<(Arc<Command>, Arc<str>)> {
    let aliases = BTreeMap::new();
    let body = parser(text, 0, &aliases).command().ok()?;
    Some((Arc::new(body), text.into()))
}

/// The text of the function `name`, whose body is `source`; `None` when that is no command.
pub fn function_text(name: &str, source: &str) -> Option<String> {
    let aliases = BTreeMap::new();
    let body = parser(source, 0, &aliases).command().ok()?;
    let mut shown = Shown { in_function: true, ..Shown::new(source) };
    shown.out += name;
    shown.out += " () \n";
    shown.function_body(&body);
    Some(shown.out)
}

/// A command as bash shows it in `$BASH_COMMAND`; what is no whole command stays as it is.
pub fn command_text(source: &str) -> String {
    let aliases = BTreeMap::new();
    let Ok(command) = parser(source, 0, &aliases).command() else { return source.to_owned() };
    let mut shown = Shown::new(source);
    shown.command(&command);
    shown.out
}

fn parser<'a>(text: &'a str, at: usize, aliases: &'a BTreeMap<String, String>) -> Parser<'a> {
    let start = Mark { at, ..Mark::START };
    Parser::new(
        text,
        start,
        Reading { dialect: Dialect::Bash, aliases, interactive: false, groups: true },
    )
}

/// A text that is being written.
struct Shown<'s> {
    source: &'s str,
    out: String,
    indent: usize,
    /// How far a body stands to the right of its command.
    step: usize,
    /// Whether the next command goes on in the present line.
    goes_on: bool,
    /// Whether commands stand below one another.
    in_function: bool,
    /// How many lists and pipelines it is in: there, here-documents wait.
    connected: usize,
    /// Here-documents whose operators are written: body and delimiter.
    waiting: Vec<(String, String)>,
    /// Whether a here-document was the last thing written.
    after_document: bool,
}

impl<'s> Shown<'s> {
    fn new(source: &'s str) -> Shown<'s> {
        Shown {
            source,
            out: String::new(),
            indent: 0,
            step: STEP,
            goes_on: false,
            in_function: false,
            connected: 0,
            waiting: Vec::new(),
            after_document: false,
        }
    }

    fn indent(&mut self) {
        match std::mem::take(&mut self.goes_on) {
            true => {}
            false => self.out.extend(std::iter::repeat_n(' ', self.indent)),
        }
    }

    /// A line of its own, which begins with `text`.
    fn line(&mut self, text: &str) {
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n(' ', self.indent));
        self.out += text;
    }

    fn semicolon(&mut self) {
        if !self.out.ends_with(['&', '\n']) {
            self.out.push(';');
        }
    }

    /// Writes the here-documents that wait, behind what ends their line.
    fn documents(&mut self, end: &str) {
        self.out += end;
        if self.waiting.is_empty() {
            return;
        }
        self.out.push('\n');
        for (body, delimiter) in std::mem::take(&mut self.waiting) {
            self.out += &format!("{body}{delimiter}\n");
        }
        if !end.is_empty() {
            self.out.push(' ');
        }
        self.after_document = true;
    }

    /// `{ … }` of a function, in lines of their own; what is no group stands in one.
    fn function_body(&mut self, body: &Command) {
        let outside = std::mem::replace(&mut self.in_function, true);
        self.out.extend(std::iter::repeat_n(' ', self.indent));
        self.out += "{ \n";
        self.indent += self.step;
        self.block(body);
        self.indent -= self.step;
        self.in_function = outside;
        self.close(body);
    }

    /// What stands between a function's braces.
    fn block(&mut self, body: &Command) {
        match &body.kind {
            CommandKind::Group(list) => self.list(list),
            _ => self.command(body),
        }
        self.documents("");
    }

    /// The closing brace, behind which a group's redirections stand.
    fn close(&mut self, body: &Command) {
        self.line("}");
        if matches!(body.kind, CommandKind::Group(_)) && !body.redirects.is_empty() {
            self.out.push(' ');
            self.redirects(&body.redirects);
        }
    }

    fn list(&mut self, list: &List) {
        let last = list.items.len().saturating_sub(1);
        self.connected += usize::from(last > 0);
        for (index, item) in list.items.iter().enumerate() {
            self.item(item);
            let next = list.items.get(index + 1);
            if item.background {
                self.documents(" &");
                if next.is_some() {
                    self.out.push(' ');
                    self.goes_on = true;
                }
                continue;
            }
            let Some(next) = next else { break };
            self.separate(next);
        }
        self.connected -= usize::from(last > 0);
        if self.connected == 0 {
            self.documents("");
        }
    }

    /// What stands between two commands.
    fn separate(&mut self, next: &Item) {
        let before = self.source.get(..next.span.start).unwrap_or("");
        let broken = before.trim_end_matches([' ', '\t']).ends_with('\n');
        match self.waiting.is_empty() {
            true if std::mem::take(&mut self.after_document) => {}
            true if broken && !self.in_function => {}
            true => self.out.push(';'),
            false => self.documents(""),
        }
        if self.in_function || broken {
            self.out.push('\n');
        } else {
            self.out.push(' ');
            self.goes_on = true;
        }
    }

    fn item(&mut self, item: &Item) {
        let connected = usize::from(item.pipelines.len() > 1);
        self.connected += connected;
        for (connector, pipeline) in &item.pipelines {
            let joined = match connector {
                Connector::Always => "",
                Connector::And => " && ",
                Connector::Or => " || ",
            };
            if !joined.is_empty() {
                self.documents(joined);
                self.goes_on = true;
            }
            self.pipeline(pipeline);
        }
        self.connected -= connected;
    }

    fn pipeline(&mut self, pipeline: &Pipeline) {
        let connected = usize::from(pipeline.commands.len() > 1);
        self.connected += connected;
        self.indent();
        self.out += match pipeline.timed {
            None => "",
            Some(Timed::Minutes) => "time ",
            Some(Timed::Posix) => "time -p ",
        };
        self.out += if pipeline.negated { "! " } else { "" };
        for (index, command) in pipeline.commands.iter().enumerate() {
            if index > 0 {
                self.documents(" |");
                self.out.push(' ');
            }
            self.goes_on = true;
            self.command(command);
        }
        self.connected -= connected;
    }

    fn command(&mut self, command: &Command) {
        self.indent();
        match &command.kind {
            CommandKind::Simple { assignments, words, arrays } => {
                self.simple(assignments, words, arrays);
                if assignments.is_empty() && words.is_empty() {
                    return self.redirects(&command.redirects);
                }
            }
            CommandKind::Subshell(list) => {
                self.out += "( ";
                self.goes_on = true;
                self.list(list);
                self.documents("");
                self.out += " )";
            }
            CommandKind::Group(list) => self.group(list),
            CommandKind::If { arms, otherwise } => self.arms(arms, otherwise.as_deref()),
            CommandKind::While { until, condition, body } => {
                self.out += if *until { "until " } else { "while " };
                self.asked(condition, " do\n");
                self.body(body);
                self.line("done");
            }
            CommandKind::For { name, words, body, selects } => {
                let words = match words {
                    Some(words) => self.joined(words, " "),
                    None => "\"$@\"".to_owned(),
                };
                let which = if *selects { "select" } else { "for" };
                self.out += &format!("{which} {name} in {words};");
                self.loop_body(body);
            }
            CommandKind::ArithmeticFor { first, test, next, body } => {
                let parts = [first, test, next].map(|word| match self.slice(word).trim() {
                    "" => "1".to_owned(),
                    text => text.to_owned(),
                });
                self.out += &format!("for (({}))", parts.join("; "));
                self.loop_body(body);
            }
            CommandKind::Case { subject, arms } => self.case(subject, arms),
            CommandKind::Conditional(condition) => {
                let text = self.condition(condition);
                self.out += &format!("[[ {text} ]]");
            }
            CommandKind::Arithmetic(word) => self.out += &format!("(({}))", self.slice(word)),
            CommandKind::Function { name, body, .. } => {
                self.out += &format!("function {name} () \n");
                self.function_body(body);
            }
        }
        if !command.redirects.is_empty() {
            self.out.push(' ');
            self.redirects(&command.redirects);
        }
    }

    fn group(&mut self, list: &List) {
        self.out += "{ ";
        if !self.in_function {
            self.goes_on = true;
            self.list(list);
            self.semicolon();
            self.out += " }";
            return;
        }
        self.out.push('\n');
        self.indent += self.step;
        self.list(list);
        self.documents("");
        self.indent -= self.step;
        self.line("}");
    }

    /// A condition, up to the line's end.
    fn asked(&mut self, condition: &List, end: &str) {
        self.goes_on = true;
        self.list(condition);
        self.documents("");
        self.semicolon();
        self.out += end;
    }

    /// A body that stands further to the right.
    fn body(&mut self, list: &List) {
        self.indent += self.step;
        self.list(list);
        self.documents("");
        self.indent -= self.step;
        self.semicolon();
    }

    fn loop_body(&mut self, list: &List) {
        self.line("do\n");
        self.body(list);
        self.line("done");
    }

    /// `elif` is an `if` in an `else` to bash.
    fn arms(&mut self, arms: &[(Arc<List>, Arc<List>)], otherwise: Option<&List>) {
        let Some(((condition, body), rest)) = arms.split_first() else { return };
        self.out += "if ";
        self.asked(condition, " then\n");
        self.body(body);
        if !rest.is_empty() {
            self.line("else\n");
            self.indent += self.step;
            self.indent();
            self.arms(rest, otherwise);
            self.indent -= self.step;
            self.semicolon();
        } else if let Some(list) = otherwise {
            self.line("else\n");
            self.body(list);
        }
        self.line("fi");
    }

    fn case(&mut self, subject: &Word, arms: &[Arm]) {
        self.out += &format!("case {} in ", self.word(subject));
        self.indent += self.step;
        for arm in arms {
            let patterns = self.joined(&arm.patterns, " | ");
            self.line(&format!("{patterns})\n"));
            self.indent += self.step;
            self.list(&arm.body);
            self.indent -= self.step;
            self.documents("");
            self.line(match arm.end {
                ArmEnd::Stops => ";;",
                ArmEnd::Falls => ";&",
                ArmEnd::GoesOn => ";;&",
            });
        }
        self.indent -= self.step;
        self.line("esac");
    }

    fn condition(&self, condition: &Conditional) -> String {
        let inner = |one: &Conditional| match one {
            Conditional::And(_) | Conditional::Or(_) => format!("( {} )", self.condition(one)),
            _ => self.condition(one),
        };
        match condition {
            Conditional::Word(word) => format!("-n {}", self.word(word)),
            Conditional::Unary(operator, word) => format!("{operator} {}", self.word(word)),
            Conditional::Binary(left, operator, right) => {
                format!("{} {operator} {}", self.word(left), self.word(right))
            }
            Conditional::Not(one) => format!("! {}", inner(one)),
            Conditional::And(all) => all.iter().map(inner).collect::<Vec<_>>().join(" && "),
            Conditional::Or(all) => {
                let plain = |one: &Conditional| match one {
                    Conditional::And(_) => self.condition(one),
                    other => inner(other),
                };
                all.iter().map(plain).collect::<Vec<_>>().join(" || ")
            }
        }
    }

    fn simple(&mut self, assignments: &[Assignment], words: &[Word], arrays: &[Assignment]) {
        let mut texts: Vec<String> =
            assignments.iter().map(|assignment| self.assignment(assignment)).collect();
        let mut arrays = arrays.iter();
        let mut last = None;
        for word in words {
            // An array behind `declare` has left its name among the words.
            if word.span.start == word.span.end
                && let Some(array) = arrays.next()
            {
                texts.push(self.assignment(array));
            } else if last != Some(word.span) {
                // Words that braces made are one in the source.
                texts.push(self.word(word));
            }
            last = Some(word.span);
        }
        self.out += &texts.join(" ");
    }

    fn assignment(&self, assignment: &Assignment) -> String {
        let head = self.word(&assignment.value);
        match &assignment.elements {
            None => head,
            Some(elements) => {
                let mut spans = Vec::new();
                let mut texts = Vec::new();
                for element in elements {
                    if spans.last() != Some(&element.value.span) {
                        texts.push(self.word(&element.value));
                    }
                    spans.push(element.value.span);
                }
                format!("{head}({})", texts.join(" "))
            }
        }
    }

    fn joined(&self, words: &[Word], between: &str) -> String {
        let mut spans = Vec::new();
        let mut texts = Vec::new();
        for word in words {
            if spans.last() != Some(&word.span) {
                texts.push(self.word(word));
            }
            spans.push(word.span);
        }
        texts.join(between)
    }

    fn redirects(&mut self, redirects: &[Redirect]) {
        for (index, redirect) in redirects.iter().enumerate() {
            if index > 0 {
                self.out.push(' ');
            }
            let text = self.redirect(redirect);
            self.out += &text;
        }
        if self.connected == 0 {
            self.documents("");
        }
    }

    fn redirect(&mut self, redirect: &Redirect) -> String {
        let usual = |own: u8| match &redirect.variable {
            Some(name) => format!("{{{name}}}"),
            None if redirect.descriptor == own => String::new(),
            None => redirect.descriptor.to_string(),
        };
        match &redirect.target {
            RedirectTarget::Read(file) => format!("{}< {}", usual(0), self.word(file)),
            RedirectTarget::ReadWrite(file) => format!("{}<> {}", usual(0), self.word(file)),
            RedirectTarget::Write { file, force } => {
                format!("{}{} {}", usual(1), if *force { ">|" } else { ">" }, self.word(file))
            }
            RedirectTarget::Append(file) => format!("{}>> {}", usual(1), self.word(file)),
            RedirectTarget::Both { file, append } => {
                format!("{} {}", if *append { "&>>" } else { "&>" }, self.word(file))
            }
            RedirectTarget::Duplicate(word) => {
                let to = self.word(word);
                let sign = match self.operator(word).ends_with("<&") && to != "-" {
                    true => '<',
                    false => '>',
                };
                format!("{}{sign}&{to}", usual(u8::MAX))
            }
            RedirectTarget::Text { text, newline: true } => {
                format!("{}<<< {}", usual(0), self.word(text))
            }
            RedirectTarget::Text { text, newline: false } => self.document(text, &usual(0)),
        }
    }

    /// A here-document's operator; its body waits.
    fn document(&mut self, text: &Word, descriptor: &str) -> String {
        let strip = self.operator(text).ends_with("<<-");
        let raw = self.slice(text).to_owned();
        let delimiter = raw.replace(['\'', '"', '\\'], "");
        let aliases = BTreeMap::new();
        let mut reader = parser(self.source, text.span.end, &aliases);
        // Bodies stand one behind the other: those of the same line come first.
        reader.here_document = self.bodies_from(text.span.end);
        let body = reader.here_body((&delimiter, 0), strip).map(|(_, body)| body);
        self.waiting.push((body.unwrap_or_default(), delimiter.clone()));
        let shown = if raw == delimiter { raw } else { format!("'{delimiter}'") };
        format!("{descriptor}{}{shown}", if strip { "<<-" } else { "<<" })
    }

    /// Where the line ends that `at` stands in, and where the next here-document of it begins.
    fn bodies_from(&self, at: usize) -> Option<(usize, usize)> {
        let end = at + self.source.get(at..)?.find('\n')?;
        let written: usize =
            self.waiting.iter().map(|(body, delimiter)| body.len() + delimiter.len() + 1).sum();
        Some((end, (end + 1 + written).min(self.source.len())))
    }

    /// The text up to a redirection's word.
    fn operator(&self, word: &Word) -> &str {
        self.source.get(..word.span.start).unwrap_or("").trim_end_matches([' ', '\t'])
    }

    fn slice(&self, word: &Word) -> &str {
        self.source.get(word.span.start..word.span.end).unwrap_or("")
    }

    /// A word as it stands in the source, its substitutions written anew; one that stands nowhere is its own text.
    fn word(&self, word: &Word) -> String {
        if word.span.start == word.span.end {
            let texts = word.parts.iter().map(|part| match part {
                super::Part::Bare(text) | super::Part::Quoted(text) => text.as_str(),
                _ => "",
            });
            return texts.collect();
        }
        self.copied(word.span.start, word.span.end.min(self.source.len()))
    }

    fn copied(&self, start: usize, end: usize) -> String {
        let mut out = String::new();
        let (mut at, mut quoted) = (start, false);
        while let Some(rest) = self.source.get(at..end).filter(|rest| !rest.is_empty()) {
            let substitution = ["$(", "<(", ">("].into_iter().find(|open| {
                rest.starts_with(open) && !rest.starts_with("$((") && (!quoted || *open == "$(")
            });
            if let Some(open) = substitution
                && let Some((text, after)) = self.substitution(at + open.len())
            {
                out += &format!("{open}{text})");
                at = after;
                continue;
            }
            let length = match rest.chars().next() {
                Some('\\') if rest.starts_with("\\\n") => {
                    at += 2;
                    continue;
                }
                Some('\\') => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
                Some('\'') if !quoted => closing(rest, 1, '\''),
                Some('`') => closing(rest, 1, '`'),
                Some('$') if !quoted && rest.starts_with("$'") => {
                    let length = closing(rest, 2, '\'');
                    let inner = rest.get(2..length.saturating_sub(1)).unwrap_or("");
                    out += &in_single_quotes(&unescape(inner));
                    at += length;
                    continue;
                }
                Some(next) => {
                    quoted ^= next == '"';
                    next.len_utf8()
                }
                None => break,
            };
            out += &rest[..length.min(rest.len())];
            at += length;
        }
        out
    }

    /// The commands behind an opening parenthesis, and where they end.
    fn substitution(&self, at: usize) -> Option<(String, usize)> {
        let aliases = BTreeMap::new();
        let mut reader = parser(self.source, at, &aliases);
        let list = reader.parenthesised().ok()?;
        let mut inner = Shown::new(self.source);
        inner.list(&list);
        inner.documents("");
        // `$((` would be arithmetic.
        let space = if inner.out.starts_with('(') { " " } else { "" };
        Some((format!("{space}{}", inner.out), reader.at))
    }
}

/// The length up to the closing quote, which is counted; a backslash takes the next one's meaning but in `'…'`.
fn closing(text: &str, from: usize, quote: char) -> usize {
    let mut escaped = false;
    let plain = from == 1 && quote == '\'';
    let found = text.get(from..).unwrap_or("").find(|next: char| {
        let close = next == quote && !escaped;
        escaped = !plain && next == '\\' && !escaped;
        close
    });
    found.map_or(text.len(), |end| from + end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What GNU bash 5.2 prints of the same source.
    #[test]
    fn a_function_is_written_as_bash_writes_it() {
        let source =
            "{ x=$(a|b; c); if a;  then b & fi; for i; do echo $i >&2; done; a && { b; }; }";
        let real = "f () \n{ \n    x=$(a | b; c);\n    if a; then\n        b &\n    fi;\n    for i in \"$@\";\n    do\n        echo $i 1>&2;\n    done;\n    a && { \n        b\n    }\n}";
        assert_eq!(function_text("f", source).as_deref(), Some(real));
        let source = "( cat <<E | wc\nx\nE\n)";
        let real = "f () \n{ \n    ( cat <<E |\nx\nE\n  wc )\n}";
        assert_eq!(function_text("f", source).as_deref(), Some(real));
        assert_eq!(function_text("f", "{ a"), None);
    }
}
