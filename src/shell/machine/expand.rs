//! Expansion: words to fields.
//!
//! A word may hold `$( … )`, which takes simulated time. So expansion is a pure function that is
//! given the outputs of the substitutions that have run so far: at the first one that has not run
//! it stops and names it, the machine runs it, and expansion begins again with one output more.
//! What it assigns on the way (`${x:=1}`, `$((i++))`) goes into a copy of the variables, which counts
//! only when it comes to its end.

use std::slice;
use std::sync::Arc;

use super::arithmetic;
use super::builtins::is_name;
use super::fields::{Field, Fields};
use super::parameters::replacement;
use super::quoted::Assigned;
use super::state::{ShellState, assign};
use super::variables::Variables;
use crate::shell::files::{View, absolute};
use crate::shell::pattern::Pattern;
use crate::shell::syntax::{
    Assignment, CommandKind, Dialect, Index, List, Part, Redirect, RedirectTarget, Word,
};

/// More text than a command line can be.
pub(super) const LONGEST: usize = 2 << 20;

/// Steps that all patterns of one expansion may take.
const STEPS: u64 = 20_000_000;

/// What a field costs beside its bytes, in bytes.
pub(super) const FIELD: usize = 64;

/// How much more it costs to work out a byte of an expression than to keep it.
const READ: usize = 4;

/// Why an expansion did not come to its end.
pub(super) enum Stop {
    /// The output of these commands is needed next.
    Substitute(Arc<List>),
    /// The connection that this path means (`/dev/tcp/web/80`) is needed next.
    Dial(Arc<str>),
    /// It can't be: what the shell says, after its name.
    Error(String),
    /// A variable is unset that has to be set: bash has an exit code of its own for it.
    Unset(String),
    /// What stands behind `=~` is no pattern: bash says nothing and gives 2.
    Silent,
}

impl Stop {
    /// Why an expansion stops at an expression.
    pub(super) fn of(fault: &arithmetic::Fault, dialect: Dialect) -> Stop {
        match fault.unset() {
            Some(name) => Stop::Unset(format!("{name}: unbound variable")),
            None => Stop::Error(fault.message(dialect)),
        }
    }
}

pub(super) type Expanded<T> = Result<T, Stop>;

/// One expansion.
pub(super) struct Expander<'a> {
    pub(super) state: &'a ShellState,
    pub(super) view: View<'a>,
    pub(super) outputs: &'a [String],
    pub(super) used: usize,
    /// The variables as the expansion leaves them.
    pub variables: Variables,
    /// How often `$RANDOM` was read.
    pub draws: u64,
    /// The files that `<( … )` makes, with what they hold.
    pub processes: Vec<(String, String)>,
    /// The files that `>( … )` makes, with the commands that read them.
    pub consumers: Vec<(String, Arc<List>)>,
    /// Variables that were used and that are unset or empty.
    pub unset: Vec<String>,
    /// What bash says while it goes on.
    pub complaints: Vec<String>,
    /// Bytes of texts that it has made.
    pub made: usize,
    /// Steps that its patterns may still take.
    pub(super) left: u64,
    /// How many subscripts are being worked out within one another, and have been since the outermost.
    pub(super) subscripts: (u32, u32),
}

impl<'a> Expander<'a> {
    pub fn new(state: &'a ShellState, view: View<'a>, outputs: &'a [String]) -> Expander<'a> {
        let (variables, draws) = (state.variables.clone(), state.draws);
        let (unset, processes, consumers) = (Vec::new(), Vec::new(), Vec::new());
        Expander {
            state,
            view,
            outputs,
            used: 0,
            variables,
            draws,
            unset,
            complaints: Vec::new(),
            processes,
            consumers,
            made: 0,
            left: STEPS,
            subscripts: (0, 0),
        }
    }

    /// The fields that `words` become: split and globbed.
    pub fn fields(&mut self, words: &[Word]) -> Expanded<Vec<String>> {
        let mut all = Vec::new();
        let mut size = 0;
        let declares = declares(words, self.state.dialect);
        for (at, word) in words.iter().enumerate() {
            if declares && at > 0 && is_assigned(word, self.state.dialect) {
                let homes = self.as_assignment(word);
                let text = self.text(homes.as_ref().unwrap_or(word))?;
                self.made += text.len() + FIELD;
                all.push(text);
                continue;
            }
            let bash = self.state.dialect == Dialect::Bash;
            let mut fields = Fields::default();
            match if bash { self.as_assignment(word) } else { None } {
                Some(word) => self.parts(&word.parts, &mut fields, false)?,
                None => self.parts(&word.parts, &mut fields, false)?,
            }
            fields.finish();
            for field in fields.done {
                self.made += field.text.len() + FIELD;
                size += field.text.len() + 16;
                let magic = field.magic || self.groups() && has_group(&field.pattern);
                match magic && !self.state.options.no_glob {
                    true => all.extend(self.glob(field)?),
                    false => all.push(field.text),
                }
            }
            if size > LONGEST {
                return Err(Stop::Error("argument list too long".to_owned()));
            }
        }
        Ok(all)
    }

    /// The one text that `word` becomes: neither split nor globbed.
    pub fn text(&mut self, word: &Word) -> Expanded<String> {
        Ok(self.single(&word.parts)?.text)
    }

    /// The pattern that `word` becomes: what was quoted stands for itself.
    pub fn pattern(&mut self, word: &Word) -> Expanded<String> {
        Ok(self.single(&word.parts)?.pattern)
    }

    /// The one text that `word` becomes as a regular expression: what was quoted stands for itself.
    pub fn regex(&mut self, word: &Word) -> Expanded<String> {
        let mut out = String::new();
        for part in &word.parts {
            let text = self.single(std::slice::from_ref(part))?.text;
            match part {
                Part::Quoted(_) | Part::Double(_) => {
                    for letter in text.chars() {
                        if !letter.is_alphanumeric() && !letter.is_whitespace() && letter != '_' {
                            out.push('\\');
                        }
                        out.push(letter);
                    }
                }
                _ => out += &text,
            }
        }
        Ok(out)
    }

    /// Carries assignments out, one after the other, on the expansion's variables.
    ///
    /// Gives the variables that are plain ones, and what `set -x` shows of all.
    pub fn assign(
        &mut self,
        assignments: &[Assignment],
    ) -> Expanded<(Vec<(String, String)>, Vec<Assigned>)> {
        let mut all = Vec::new();
        let mut shown = Vec::new();
        for assignment in assignments {
            let (name, sign) = (&assignment.name, if assignment.append { "+=" } else { "=" });
            if let Some(array) = self.array(assignment)? {
                let (head, value) = (format!("{name}{sign}"), assignment.source.to_string());
                shown.push(Assigned { head, value, written: true });
                self.put_array(&array)?;
                continue;
            }
            let homes = self.with_homes(&assignment.value);
            let mut value = self.text(homes.as_ref().unwrap_or(&assignment.value))?;
            let index = assignment.index.as_ref().map(|index| format!("[{}]", spelled(index)));
            let head = format!("{name}{}{sign}", index.unwrap_or_default());
            shown.push(Assigned { head, value: value.clone(), written: false });
            if let Some(index) = &assignment.index {
                let key = self.key(&assignment.name, index)?;
                if key.starts_with('-') && !self.is_named(&assignment.name) {
                    let told = format!("{name}[{}]: bad array subscript", spelled(index));
                    return Err(Stop::Error(told));
                }
                self.put_element(&assignment.name, &key, value, assignment.append)?;
                continue;
            }
            if assignment.append {
                let before = self.read(&assignment.name).unwrap_or_default();
                value = self.worked_out(&assignment.name, &before, value)?;
            }
            self.write(&assignment.name, value.clone())?;
            all.push((assignment.name.clone(), value));
        }
        Ok((all, shown))
    }

    /// The value of the arithmetic expression that `word` spells.
    pub fn arithmetic(&mut self, word: &Word) -> Expanded<i64> {
        self.evaluate(&word.parts)
    }

    /// Bytes of texts that it has made, and what its patterns took, which costs as much.
    pub fn cost(&self) -> usize {
        2 * self.made + (STEPS - self.left) as usize
    }

    /// What looking for a pattern has found, if it did not take too many steps.
    pub(super) fn looked<T>(&mut self, found: Option<T>) -> Expanded<T> {
        const TOO_MANY: &str = "not simulated here: a pattern that takes this many steps";
        found.ok_or_else(|| {
            self.left = 0;
            Stop::Error(TOO_MANY.to_owned())
        })
    }

    fn single(&mut self, parts: &[Part]) -> Expanded<Field> {
        let mut fields = Fields::default();
        self.parts(parts, &mut fields, true)?;
        fields.finish();
        let mut joined = Field::default();
        for (index, field) in fields.done.into_iter().enumerate() {
            if index > 0 {
                joined.bare(" ");
            }
            joined.text += &field.text;
            joined.pattern += &field.pattern;
        }
        self.made += joined.text.len();
        match joined.text.len() > LONGEST {
            true => Err(Stop::Error("xrealloc: cannot allocate memory".to_owned())),
            false => Ok(joined),
        }
    }

    pub(super) fn parts(
        &mut self,
        parts: &[Part],
        fields: &mut Fields,
        whole: bool,
    ) -> Expanded<()> {
        for (index, part) in parts.iter().enumerate() {
            match part {
                Part::Bare(text)
                    if index == 0
                        && text.starts_with('~')
                        && (parts.len() == 1 || text.contains('/')) =>
                {
                    let (home, rest) = self.tilde(text);
                    fields.current().quoted(&home);
                    fields.current().bare(&rest);
                }
                Part::Bare(text) => fields.current().bare(text),
                Part::Quoted(text) => fields.current().quoted(text),
                Part::Double(inner) => {
                    if inner.is_empty() {
                        fields.current();
                    }
                    self.double(inner, fields)?;
                }
                Part::Parameter(parameter) => self.parameter(parameter, fields, whole)?,
                Part::Substitution(list) => {
                    let output = self.substitute(list)?;
                    self.add(&output, fields, whole);
                }
                Part::Arithmetic(inner) => {
                    let value = self.evaluate(inner)?.to_string();
                    self.add(&value, fields, whole);
                }
                Part::Process(_) | Part::Consumer(_) => {
                    self.double(slice::from_ref(part), fields)?
                }
            }
        }
        Ok(())
    }

    /// Adds a value that came without quotes.
    pub(super) fn add(&self, value: &str, fields: &mut Fields, whole: bool) {
        match whole {
            true => fields.current().bare(value),
            false => {
                let separators = self.read("IFS");
                fields.split(value, separators.as_deref().unwrap_or(" \t\n"));
            }
        }
    }

    pub(super) fn double(&mut self, parts: &[Part], fields: &mut Fields) -> Expanded<()> {
        for part in parts {
            match part {
                Part::Bare(text) | Part::Quoted(text) => fields.current().quoted(text),
                Part::Double(inner) => self.double(inner, fields)?,
                Part::Parameter(parameter) => {
                    if let Some(list) = self.list(parameter)? {
                        match list.joined {
                            true => {
                                let text = list.values.join(&self.joint());
                                fields.current().quoted(&text);
                            }
                            false => {
                                for (index, value) in list.values.iter().enumerate() {
                                    if index > 0 {
                                        fields.finish();
                                    }
                                    fields.current().quoted(value);
                                }
                                if parts.len() > 1 {
                                    fields.current();
                                }
                            }
                        }
                        continue;
                    }
                    let subject = self.subject(parameter)?;
                    if let Some(word) = replacement(parameter, subject.as_deref()) {
                        // `"${1+"$@"}"` stands for as many fields as `"$@"`.
                        let parts = word.parts.clone();
                        if !stands_for_many(&parts) {
                            fields.current();
                        }
                        self.double(&parts, fields)?;
                        continue;
                    }
                    let value = self.operate_on(parameter, subject)?;
                    fields.current().quoted(&value.unwrap_or_default());
                }
                Part::Substitution(list) => {
                    let output = self.substitute(list)?;
                    fields.current().quoted(&output);
                }
                Part::Arithmetic(inner) => {
                    let value = self.evaluate(inner)?.to_string();
                    fields.current().quoted(&value);
                }
                Part::Process(list) => {
                    let path = self.process(list)?;
                    fields.current().quoted(&path);
                }
                Part::Consumer(list) => {
                    let path = self.process_path();
                    fields.current().quoted(&path);
                    self.consumers.push((path, list.clone()));
                }
            }
        }
        Ok(())
    }

    /// The word of an assignment, in which every `~` that begins it, or stands behind a colon, is the home
    /// that it means.
    fn with_homes(&self, word: &Word) -> Option<Word> {
        let tilde = |part: &Part| matches!(part, Part::Bare(text) if text.contains('~'));
        word.parts.iter().find(|part| tilde(part))?;
        let mut parts = Vec::new();
        for (index, part) in word.parts.iter().enumerate() {
            let Part::Bare(text) = part else {
                parts.push(part.clone());
                continue;
            };
            let mut pieces = text.split(':').enumerate().peekable();
            while let Some((at, piece)) = pieces.next() {
                // A user's name ends with the piece, where nothing in quotes goes on with it.
                let last = pieces.peek().is_none();
                let whole = !last || index + 1 == word.parts.len() || piece.contains('/');
                let (home, rest) = match piece.starts_with('~') && whole && (at > 0 || index == 0) {
                    true => self.tilde(piece),
                    false => (String::new(), piece.to_owned()),
                };
                parts.push(Part::Quoted(home));
                parts.push(Part::Bare(if last { rest } else { rest + ":" }));
            }
        }
        Some(Word { parts, span: word.span })
    }

    /// `NAME=~/x` among the words of a command, as an assignment is read.
    fn as_assignment(&self, word: &Word) -> Option<Word> {
        let (Part::Bare(first), rest) = word.parts.split_first()? else { return None };
        let (name, value) = first.split_once('=')?;
        if !is_name(name.strip_suffix('+').unwrap_or(name)) {
            return None;
        }
        let parts = [&[Part::Bare(value.to_owned())], rest].concat();
        let mut word = self.with_homes(&Word { parts, span: word.span })?;
        word.parts.insert(0, Part::Bare(format!("{name}=")));
        Some(word)
    }

    fn tilde(&self, text: &str) -> (String, String) {
        let (user, rest) = match text.find('/') {
            Some(slash) => text.split_at(slash),
            None => (text, ""),
        };
        let bash = self.state.dialect == Dialect::Bash;
        let found = match user {
            "~" => self.read("HOME"),
            "~+" if bash => self.read("PWD"),
            "~-" if bash => self.read("OLDPWD"),
            _ => self.home_of(&user[1..]),
        };
        match found {
            Some(home) => (home, rest.to_owned()),
            None => (String::new(), text.to_owned()),
        }
    }

    /// The home of a user, by `/etc/passwd`.
    fn home_of(&self, user: &str) -> Option<String> {
        let text = self.view.read("/etc/passwd").unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let mut lines = text.lines().map(|line| line.split(':').collect::<Vec<_>>());
        let found = lines.find(|parts| parts.first() == Some(&user) && !user.is_empty());
        found.and_then(|parts| parts.get(5).map(|home| (*home).to_owned()))
    }

    /// What bash has to say of connecting to `path`; nothing when the connection stands.
    pub fn dial(&mut self, path: &str) -> Expanded<String> {
        let told = self.outputs.get(self.used).cloned();
        self.used += 1;
        told.ok_or_else(|| Stop::Dial(path.into()))
    }

    fn substitute(&mut self, list: &Arc<List>) -> Expanded<String> {
        if let Some(text) = self.file_of(list)? {
            return Ok(text.trim_end_matches('\n').to_owned());
        }
        // No variable and no argument holds a byte of zeros.
        Ok(self.output_of(list)?.replace('\0', "").trim_end_matches('\n').to_owned())
    }

    fn output_of(&mut self, list: &Arc<List>) -> Expanded<String> {
        let output = self.outputs.get(self.used).cloned();
        self.made += output.as_ref().map_or(0, String::len) + 1;
        self.used += 1;
        output.ok_or_else(|| Stop::Substitute(list.clone()))
    }

    /// `$(<file)`: bash reads the file itself.
    fn file_of(&mut self, list: &List) -> Expanded<Option<String>> {
        let [item] = list.items.as_slice() else { return Ok(None) };
        let [(_, pipeline)] = item.pipelines.as_slice() else { return Ok(None) };
        let [command] = pipeline.commands.as_slice() else { return Ok(None) };
        let CommandKind::Simple { assignments, words, .. } = &command.kind else { return Ok(None) };
        let [Redirect { descriptor: 0, target: RedirectTarget::Read(file), .. }] =
            command.redirects.as_slice()
        else {
            return Ok(None);
        };
        let is_bash = self.state.dialect == Dialect::Bash;
        if !is_bash || !assignments.is_empty() || !words.is_empty() {
            return Ok(None);
        }
        let path = self.text(file)?;
        let path = absolute(&self.state.place, &self.state.directory, &path);
        let read = self.view.read(&path).ok();
        Ok(read.map(|bytes| String::from_utf8_lossy(&bytes).replace('\0', "")))
    }

    /// `<( … )`: the path of a file that will hold what the commands print.
    fn process(&mut self, list: &Arc<List>) -> Expanded<String> {
        let output = self.output_of(list)?;
        let path = self.process_path();
        self.processes.push((path.clone(), output));
        Ok(path)
    }

    /// The next descriptor's path: bash takes them from 63 downwards.
    fn process_path(&self) -> String {
        let taken = self.processes.len() + self.consumers.len();
        match self.state.dialect {
            Dialect::Bash => format!("/dev/fd/{}", 63_usize.saturating_sub(taken)),
            // BusyBox counts upwards.
            _ => format!("/dev/fd/{}", 64 + taken),
        }
    }

    fn evaluate(&mut self, parts: &[Part]) -> Expanded<i64> {
        let text = self.single(parts)?.text;
        self.made += 2 * FIELD + text.len() * READ;
        arithmetic::evaluate(&text, self).map_err(|fault| Stop::of(&fault, self.state.dialect))
    }

    /// The paths that a pattern matches; its own text when there are none.
    ///
    /// # Errors
    /// With `failglob`, that there are none.
    fn glob(&self, field: Field) -> Expanded<Vec<String>> {
        let (mut found, rest) = match field.pattern.strip_prefix('/') {
            Some(rest) => (vec!["/".to_owned()], rest),
            None => (vec![String::new()], field.pattern.as_str()),
        };
        let folders = rest.ends_with('/');
        let steps: Vec<&str> = rest.split('/').filter(|step| !step.is_empty()).collect();
        // A folder may hold thousands of files: what holds for all is looked up once.
        let (any_case, dots) = (self.state.shopt("nocaseglob"), self.state.shopt("dotglob"));
        let groups = self.groups();
        for (index, step) in steps.iter().enumerate() {
            let step = &if any_case { step.to_lowercase() } else { (*step).to_owned() };
            let pattern = Pattern::by(step, groups);
            let last = index + 1 == steps.len();
            let mut next = Vec::new();
            if *step == "**" && self.state.shopt("globstar") {
                for folder in &found {
                    self.all_below(folder, last && !folders, dots, &mut next);
                }
                found = next;
                continue;
            }
            for folder in &found {
                let path = absolute(&self.state.place, &self.state.directory, folder);
                // A step that is no pattern, as the command `[`, is looked for by its name.
                if let Some(name) = pattern.literal().filter(|_| !any_case) {
                    let own = absolute(&self.state.place, &path, &name);
                    let is_folder = self.view.is_directory(&own);
                    if is_folder || (last && !folders && self.view.is_file(&own)) {
                        let end = if last && !folders { "" } else { "/" };
                        next.push(format!("{folder}{name}{end}"));
                    }
                    continue;
                }
                let mut names = self.view.list(&path).unwrap_or_default();
                // bash leaves these two out (globskipdots).
                if step.starts_with('.') && self.state.dialect != Dialect::Bash {
                    names.splice(0..0, ["./".to_owned(), "../".to_owned()]);
                }
                for name in names {
                    let plain = name.trim_end_matches('/');
                    let shown = step.starts_with('.') || dots;
                    let hidden = plain.starts_with('.') && !shown;
                    let fits = match any_case {
                        true => pattern.matches(&plain.to_lowercase()),
                        false => pattern.matches(plain),
                    };
                    let passes = (last && !folders) || plain != name;
                    if hidden || !fits || !passes {
                        continue;
                    }
                    let end = if last && !folders { "" } else { "/" };
                    next.push(format!("{folder}{plain}{end}"));
                }
            }
            found = next;
        }
        found.sort();
        Ok(match found.is_empty() {
            true if self.state.shopt("failglob") => {
                return Err(Stop::Error(format!("no match: {}", field.text)));
            }
            true if self.state.shopt("nullglob") => Vec::new(),
            true => vec![field.text],
            false => found,
        })
    }
}

/// Whether the command is one whose words may be assignments, which are neither split nor looked for among
/// files: `export`, `local` and their like.
pub(super) fn declares(words: &[Word], dialect: Dialect) -> bool {
    let mut names = words.iter().map_while(Word::bare);
    // bash looks at the first word alone.
    let name = names.find(|name| dialect == Dialect::Bash || *name != "command");
    match name {
        Some("export" | "readonly" | "local") => true,
        Some("declare" | "typeset" | "alias") => dialect == Dialect::Bash,
        _ => false,
    }
}

/// Whether a word is an assignment: `NAME=…`, `NAME+=…`, and in bash `NAME[…]=…`.
fn is_assigned(word: &Word, dialect: Dialect) -> bool {
    let Some((Part::Bare(first), rest)) = word.parts.split_first() else { return false };
    let element = |text: &str| {
        dialect == Dialect::Bash && text.split_once('[').is_some_and(|(name, _)| is_name(name))
    };
    match first.split_once('=') {
        Some((name, _)) => is_name(name.strip_suffix('+').unwrap_or(name)) || element(name),
        None => {
            let closes = |part: &Part| matches!(part, Part::Bare(text) if text.contains("]=") || text.contains("]+="));
            element(first) && rest.iter().any(closes)
        }
    }
}

/// Whether a word is `$@` or `"$@"` alone, which may stand for no field at all.
fn stands_for_many(parts: &[Part]) -> bool {
    match parts {
        [Part::Double(inner)] => stands_for_many(inner),
        [Part::Parameter(parameter)] => {
            parameter.name == "@" || parameter.index == Some(Index::All)
        }
        _ => false,
    }
}

/// Whether a group that needs no other sign of a pattern stands in a word: `@(a|b)`.
fn has_group(pattern: &str) -> bool {
    ["@(", "+(", "!("].iter().any(|sign| pattern.contains(sign))
}

/// A word as it was written, as far as its parts tell.
pub(super) fn spelled(word: &Word) -> String {
    let spell = |part: &Part| match part {
        Part::Bare(text) | Part::Quoted(text) => text.clone(),
        Part::Double(inner) => {
            let inner = Word { parts: inner.clone(), span: word.span };
            format!("\"{}\"", spelled(&inner))
        }
        Part::Parameter(parameter) => match (parameter.braced, &parameter.index) {
            (false, _) => format!("${}", parameter.name),
            (true, Some(Index::At(index))) => {
                format!("${{{}[{}]}}", parameter.name, spelled(index))
            }
            (true, _) => format!("${{{}}}", parameter.name),
        },
        Part::Arithmetic(inner) => {
            let inner = Word { parts: inner.clone(), span: word.span };
            format!("$(({}))", spelled(&inner))
        }
        Part::Substitution(_) | Part::Process(_) | Part::Consumer(_) => "$(...)".to_owned(),
    };
    word.parts.iter().map(spell).collect()
}

impl Expander<'_> {
    /// `**`: a folder and all folders below it, and (`files`) all files in them.
    fn all_below(&self, folder: &str, files: bool, dots: bool, all: &mut Vec<String>) {
        // The folder itself has no name of its own where nothing stands before it.
        if !folder.is_empty() || !files {
            all.push(folder.to_owned());
        }
        let path = absolute(&self.state.place, &self.state.directory, folder);
        for name in self.view.list(&path).unwrap_or_default() {
            let plain = name.trim_end_matches('/');
            let link = self
                .view
                .cluster
                .link_target(&self.state.place, &absolute(&self.state.place, &path, plain));
            match () {
                () if plain.starts_with('.') && !dots => {}
                () if plain == name || link.is_some() => {
                    if files {
                        all.push(format!("{folder}{plain}"));
                    }
                }
                () => {
                    let at = all.len();
                    self.all_below(&format!("{folder}{plain}/"), files, dots, all);
                    if files {
                        all[at] = format!("{folder}{plain}");
                    }
                }
            }
        }
    }
}

impl arithmetic::Variables for Expander<'_> {
    fn read(&mut self, name: &str) -> String {
        match name.split_once('[') {
            Some((array, key)) => {
                let key = self.key_of(array, key.strip_suffix(']').unwrap_or(key));
                self.element(array, &key).unwrap_or_default()
            }
            None => Expander::read(self, name).unwrap_or_default(),
        }
    }

    fn is_plain(&self) -> bool {
        self.state.dialect == Dialect::Dash
    }

    fn is_missing(&self, name: &str) -> bool {
        let bash = self.state.dialect == Dialect::Bash;
        bash && self.state.options.no_unset
            && !name.contains('[')
            && Expander::read(self, name).is_none()
    }

    fn write(&mut self, name: &str, value: i64) {
        // A read-only variable keeps its value; the expression goes on.
        match name.split_once('[') {
            Some((array, key)) => {
                let key = self.key_of(array, key.strip_suffix(']').unwrap_or(key));
                let _ = self.put_element(array, &key, value.to_string(), false);
            }
            None => {
                let _ = assign(&mut self.variables, name, value.to_string());
            }
        }
    }
}
