//! `export`, `unset`, `local`, `set`, `shift`, `let`, `getopts`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::expand::Stop;
use super::super::frame::Frame;
use super::super::quoted::{escaped, needs_quotes, traced};
use super::super::state::{Elements, Variable};
use super::super::{Dialect, Io, Machine};
use super::read::is_name;
use crate::shared_map::SharedMap;
use crate::shell::syntax::{
    Assignment, CommandKind, Mark, Part, Reading, Word, function_text, in_single_quotes, parse,
};

/// How much more it costs to show a byte of a declaration than to keep it.
const SHOWN: usize = 4;

/// Positional parameters that are moved or copied in a step.
const WORDS_PER_STEP: u64 = 64;

impl Machine {
    /// `export`, `readonly` and `declare`.
    pub(super) fn declare(&mut self, io: &mut Io<'_>, name: &str, arguments: &[String]) -> i32 {
        let is_option = |argument: &&String| argument.starts_with(['-', '+']) && argument.len() > 1;
        let given: Vec<&String> = arguments.iter().take_while(is_option).collect();
        let letters = |sign: char| -> String {
            let words = given.iter().filter(|word| word.starts_with(sign));
            words.flat_map(|word| word.chars().skip(1)).collect()
        };
        let (options, taken) = (letters('-'), letters('+'));
        let names: Vec<String> = arguments.iter().skip_while(is_option).cloned().collect();
        let declares = matches!(name, "declare" | "typeset");
        let known = if declares { "aAfFgiIlnprtux-+" } else { "fnpaA-" };
        if let Some(bad) = options.chars().find(|letter| !known.contains(*letter)) {
            let prefix = self.state.prefix();
            let message = match self.state.dialect {
                Dialect::Bash => format!("{prefix}{name}: -{bad}: invalid option"),
                _ => format!("{prefix}{name}: Illegal option -{bad}"),
            };
            self.write_error(io, &message);
            return 2;
        }
        if declares && options.contains(['f', 'F']) {
            return self.list_functions(io, &options, &names);
        }
        if name == "export" && options.contains('f') && self.state.dialect == Dialect::Bash {
            return self.export_functions(io, !options.contains('n'), &names);
        }
        if options.contains('p') && !names.is_empty() {
            return self.show_variables(io, name, &names);
        }
        if names.is_empty() {
            self.list_variables(io, name, &options);
            return 0;
        }
        if declares && !options.contains('g') {
            self.make_local(&names);
        }
        let mut status = 0;
        for argument in &names {
            status |= self.declare_one(io, name, &options, argument);
            self.take_attributes(argument, &taken);
        }
        status
    }

    /// `declare +i NAME`: what the name is no more.
    fn take_attributes(&mut self, argument: &str, letters: &str) {
        let name = declared(argument, true).name;
        let Some(entry) = self.state.variables.get_mut(name).filter(|_| !letters.is_empty()) else {
            return;
        };
        entry.integer &= !letters.contains('i');
        entry.exported &= !letters.contains('x');
        if letters.contains(['u', 'l']) {
            entry.upper = None;
        }
        if letters.contains('n') {
            entry.refers = None;
        }
    }

    /// A variable that is declared in a function is the function's own.
    fn make_local(&mut self, names: &[String]) {
        let function = self.stack.iter().rposition(|frame| matches!(frame, Frame::Function { .. }));
        let Some(function) = function else { return };
        for argument in names {
            let name = declared(argument, true).name;
            let before = self.state.variables.get(name).cloned();
            if let Some(Frame::Function { caller, .. }) = self.stack.get_mut(function)
                && !caller.locals.contains_key(name)
            {
                let exported = before.as_ref().is_some_and(|before| before.exported);
                caller.locals.insert(name.to_owned(), before);
                self.begin_local(name, exported);
            }
        }
    }

    /// A function's own variable, which is exported where the one that it hides is.
    fn begin_local(&mut self, name: &str, exported: bool) {
        self.state.variables.remove(name);
        if exported {
            let entry = self.state.variables.or_default(name);
            (entry.exported, entry.bare) = (true, true);
        }
    }

    fn declare_one(&mut self, io: &mut Io<'_>, name: &str, options: &str, argument: &str) -> i32 {
        let has = |letter: char| options.contains(letter);
        let bash = self.state.dialect == Dialect::Bash;
        let told = declared(argument, bash);
        let Declared { name: variable, value, .. } = told;
        // Only `declare` may say which element.
        if !is_name(variable) || told.key.is_some() && matches!(name, "export" | "readonly") {
            let prefix = self.state.prefix();
            let message = match self.state.dialect {
                Dialect::Bash => {
                    // Of an element that is given a value, the message names the element alone.
                    let length = told.key.map(|key| variable.len() + key.len() + 2);
                    let shown = &argument[..length.unwrap_or(argument.len())];
                    format!("{prefix}{name}: `{shown}': not a valid identifier")
                }
                _ => format!("{}{variable}: bad variable name", self.state.builtin(name)),
            };
            self.write_error(io, &message);
            if self.state.dialect != Dialect::Bash {
                self.fail_hard(2);
                return 2;
            }
            return 1;
        }
        let fixed = self.state.variables.get(variable).is_some_and(|known| known.readonly);
        if fixed && value.is_some() && self.state.dialect != Dialect::Bash {
            let message = format!("{}{variable}: is read only", self.state.builtin(name));
            self.write_error(io, &message);
            return self.fail_builtin(name, 2);
        }
        if has('n') && name != "export" && name != "readonly" {
            return self.refer(io, name, variable, value);
        }
        let fresh = !self.state.variables.contains_key(variable);
        let entry = self.state.variables.or_default(variable);
        entry.bare |= fresh && bash;
        entry.integer |= has('i') && name != "export";
        entry.upper = match (has('u'), has('l')) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => entry.upper,
        };
        if has('A') {
            entry.elements.get_or_insert_with(|| Elements::Named(SharedMap::default()));
        } else if has('a') || told.key.is_some() {
            entry.elements.get_or_insert_with(|| Elements::Indexed(SharedMap::default()));
        }
        let status = match value {
            None => 0,
            Some(value) if bash => {
                let elements = if has('a') || has('A') { list_of(value) } else { None };
                self.set_declared(io, &told, value, elements)
            }
            Some(value) => i32::from(!self.set_or_complain(io, name, variable, value.to_owned())),
        };
        let entry = self.state.variables.or_default(variable);
        entry.exported |= name == "export" && !has('n') || name != "export" && has('x');
        entry.exported &= !(name == "export" && has('n'));
        entry.readonly |= name == "readonly" || name != "export" && has('r');
        status
    }

    /// `declare -n NAME=OTHER`: the name stands for another variable from now on.
    fn refer(&mut self, io: &mut Io<'_>, command: &str, name: &str, other: Option<&str>) -> i32 {
        let plain = other.map(|other| other.split('[').next().unwrap_or(other));
        let told = match plain {
            Some(other) if !is_name(other) => {
                format!("`{other}': invalid variable name for name reference")
            }
            Some(other) if other == name => {
                format!("{name}: nameref variable self references not allowed")
            }
            _ => {
                let variables = &mut self.state.variables;
                let entry = variables.or_default(name);
                entry.refers = other.map(str::to_owned);
                return 0;
            }
        };
        let message = format!("{}{command}: {told}", self.state.prefix());
        self.write_error(io, &message);
        1
    }

    /// Gives a variable, or one of its elements, the value that it was declared with; or, where it is a list
    /// `(…)`, all elements of an array.
    pub(super) fn set_declared(
        &mut self,
        io: &mut Io<'_>,
        told: &Declared<'_>,
        value: &str,
        elements: Option<Assignment>,
    ) -> i32 {
        let assigned = self.expansion(io, &[], |expander| {
            if let Some(elements) = elements {
                let elements = Assignment { name: told.name.to_owned(), ..elements };
                let filled = expander.array(&elements)?;
                return filled.map_or(Ok(()), |filled| expander.put_array(&filled));
            }
            if told.key == Some("") {
                return Err(Stop::Error(format!("{}[]: bad array subscript", told.name)));
            }
            if let Some(key) = told.key {
                let key = expander.key_of(told.name, key);
                return expander.put_element(told.name, &key, value.to_owned(), told.append);
            }
            let before = match told.append {
                true => expander.read(told.name).unwrap_or_default(),
                false => String::new(),
            };
            let value = expander.worked_out(told.name, &before, value.to_owned())?;
            expander.write(told.name, value)
        });
        let Err(stop) = assigned else { return 0 };
        if let Stop::Error(why) | Stop::Unset(why) = stop {
            let message = format!("{}{why}", self.state.prefix());
            self.write_error(io, &message);
        }
        1
    }

    /// `declare -p NAME`
    fn show_variables(&mut self, io: &mut Io<'_>, command: &str, names: &[String]) -> i32 {
        let mut status = 0;
        for name in names {
            match self.state.variables.get(name) {
                Some(variable) => {
                    let line = declaration(name, variable);
                    io.budget.keep(line.len() * SHOWN);
                    self.say(io, &line);
                }
                None => {
                    let message = format!("{}{command}: {name}: not found", self.state.prefix());
                    self.write_error(io, &message);
                    status = 1;
                }
            }
        }
        status
    }

    /// `declare -f`: functions as they are written; `-F`: their names.
    fn list_functions(&mut self, io: &mut Io<'_>, options: &str, names: &[String]) -> i32 {
        let texts = !options.contains('F');
        if names.is_empty() {
            let all: Vec<String> = self.state.functions.keys().cloned().collect();
            for name in all {
                let exported = self.state.functions.get(&name).is_some_and(|one| one.exported);
                if options.contains('x') && !exported {
                    continue;
                }
                if texts {
                    self.show_function(io, &name);
                }
                match exported {
                    true => self.say(io, &format!("declare -fx {name}")),
                    false if !texts => self.say(io, &format!("declare -f {name}")),
                    false => {}
                }
            }
            return 0;
        }
        let mut status = 0;
        for name in names {
            match self.state.functions.contains_key(name) {
                true if texts => self.show_function(io, name),
                true => self.say(io, name),
                false => status = 1,
            }
        }
        status
    }

    /// A function as bash writes it.
    pub(super) fn show_function(&mut self, io: &mut Io<'_>, name: &str) {
        let text = self.state.functions.get(name);
        let text = text.and_then(|function| function_text(name, &function.source));
        if let Some(text) = text {
            self.say(io, &text);
        }
    }

    /// `export -f` and `export -fn`
    fn export_functions(&mut self, io: &mut Io<'_>, exported: bool, names: &[String]) -> i32 {
        let mut status = 0;
        for name in names {
            match Arc::make_mut(&mut self.state.functions).get_mut(name) {
                Some(function) => function.exported = exported,
                None => {
                    let message = format!("{}export: {name}: not a function", self.state.prefix());
                    self.write_error(io, &message);
                    status = 1;
                }
            }
        }
        status
    }

    fn list_variables(&mut self, io: &mut Io<'_>, name: &str, options: &str) {
        io.budget.take(self.state.variables.len() as u64);
        let mut variables = self.state.variables.clone();
        if self.state.dialect == Dialect::Bash {
            // bash's own, which are there from its beginning.
            for (own, value) in [("OLDPWD", None), ("PWD", Some(self.working_directory()))] {
                if !variables.contains_key(own) {
                    let entry = variables.or_default(own);
                    (entry.exported, entry.bare) = (true, value.is_none());
                    entry.value = value.unwrap_or_default();
                }
            }
        }
        for (variable, state) in variables.iter() {
            let shown = match name {
                "export" => state.exported,
                "readonly" => state.readonly,
                _ => options.chars().all(|letter| match letter {
                    'a' => matches!(state.elements, Some(Elements::Indexed(_))),
                    'A' => matches!(state.elements, Some(Elements::Named(_))),
                    'i' => state.integer,
                    'l' => state.upper == Some(false),
                    'u' => state.upper == Some(true),
                    'n' => state.refers.is_some(),
                    'r' => state.readonly,
                    'x' => state.exported,
                    _ => true,
                }),
            };
            if !shown {
                continue;
            }
            let value = &state.value;
            let line = match (self.state.dialect, name) {
                (Dialect::Bash, "export" | "readonly") => declaration(variable, state),
                (Dialect::Bash, _) if !options.is_empty() => declaration(variable, state),
                (Dialect::Bash, _) => format!("{variable}={value}"),
                _ => format!("{name} {variable}='{value}'"),
            };
            self.say(io, &line);
        }
    }

    pub(super) fn unset(&mut self, io: &mut Io<'_>, arguments: &[String]) -> i32 {
        let functions = arguments.first().is_some_and(|first| first == "-f");
        let only = arguments.first().is_some_and(|first| first == "-v");
        let mut status = 0;
        for name in arguments.iter().filter(|argument| !argument.starts_with('-')) {
            if functions {
                Arc::make_mut(&mut self.state.functions).remove(name);
                continue;
            }
            if let Some((array, key)) = name.split_once('[') {
                self.unset_element(io, array, key.trim_end_matches(']'));
                continue;
            }
            let variables = &mut self.state.variables;
            match variables.get(name) {
                Some(variable) if variable.readonly => {
                    status = 1;
                    let prefix = self.state.prefix();
                    let message = match self.state.dialect {
                        Dialect::Bash => {
                            format!("{prefix}unset: {name}: cannot unset: readonly variable")
                        }
                        _ => {
                            let message =
                                format!("{}{name}: is read only", self.state.builtin("unset"));
                            self.write_error(io, &message);
                            self.fail_hard(2);
                            return 2;
                        }
                    };
                    self.write_error(io, &message);
                }
                Some(_) => {
                    variables.remove(name);
                }
                // bash takes what can be no variable for a function's name.
                None if !is_name(name) && (only || self.state.dialect != Dialect::Bash) => {
                    let prefix = self.state.prefix();
                    let message = match self.state.dialect {
                        Dialect::Bash => {
                            format!("{prefix}unset: `{name}': not a valid identifier")
                        }
                        _ => format!("{}{name}: bad variable name", self.state.builtin("unset")),
                    };
                    self.write_error(io, &message);
                    status = 1;
                    if self.state.dialect != Dialect::Bash {
                        self.fail_hard(2);
                        return 2;
                    }
                }
                None if !only => {
                    Arc::make_mut(&mut self.state.functions).remove(name);
                }
                None => {}
            }
        }
        status
    }

    fn unset_element(&mut self, io: &mut Io<'_>, array: &str, key: &str) {
        let key = self.expansion(io, &[], |expander| Ok(expander.key_of(array, key)));
        let Ok(key) = key else { return };
        let variables = &mut self.state.variables;
        if let Some(elements) = variables.get_mut(array).and_then(|found| found.elements.as_mut()) {
            elements.remove(&key);
        }
    }

    pub(super) fn local(&mut self, io: &mut Io<'_>, arguments: &[String]) -> i32 {
        let function = self.stack.iter().rposition(|frame| matches!(frame, Frame::Function { .. }));
        let Some(function) = function else {
            let prefix = self.state.prefix();
            let message = match self.state.dialect {
                Dialect::Bash => format!("{prefix}local: can only be used in a function"),
                _ => format!("{}not in a function", self.state.builtin("local")),
            };
            self.write_error(io, &message);
            if self.state.dialect != Dialect::Bash {
                self.fail_hard(2);
                return 2;
            }
            return 1;
        };
        let is_option = |argument: &&String| argument.starts_with('-') && argument.len() > 1;
        let options: String = arguments.iter().take_while(is_option).map(String::as_str).collect();
        let mut status = 0;
        for argument in arguments.iter().skip_while(is_option) {
            let told = declared(argument, self.state.dialect == Dialect::Bash);
            let (name, value) = (told.name, told.value.map(str::to_owned));
            let before = self.state.variables.get(name).cloned();
            let exported = before.as_ref().is_some_and(|before| before.exported);
            let mut first = false;
            if let Some(Frame::Function { caller, .. }) = self.stack.get_mut(function) {
                if name == "-" {
                    caller.options.get_or_insert(self.state.options);
                    continue;
                }
                first = !caller.locals.contains_key(name);
                caller.locals.entry(name.to_owned()).or_insert(before);
            }
            if self.state.dialect == Dialect::Bash {
                if first {
                    self.begin_local(name, exported);
                }
                status |= self.declare_one(io, "declare", &options, argument);
                continue;
            }
            // dash leaves a variable that gets no value as it was; in BusyBox' shell it is unset.
            if let Some(value) = value {
                self.set_or_complain(io, "local", name, value);
            } else if self.state.dialect == Dialect::Ash {
                if first {
                    self.begin_local(name, exported);
                }
            } else if first {
                let keep = self.state.get(name).unwrap_or("").to_owned();
                self.set_or_complain(io, "local", name, keep);
            }
        }
        status
    }

    /// `set` alone: all variables, and in bash all functions.
    fn list_all(&mut self, io: &mut Io<'_>) {
        let variables = self.state.variables.clone();
        io.budget.take(variables.len() as u64);
        let bash = self.state.dialect == Dialect::Bash;
        for (name, variable) in variables.iter().filter(|(_, one)| !(bash && one.bare)) {
            let shown = match (&variable.elements, bash) {
                (Some(_), _) => listed(variable),
                (None, true) if variable.value.is_empty() => String::new(),
                (None, true) if variable.value.contains(char::is_control) => {
                    escaped(&variable.value)
                }
                (None, true) => traced(&variable.value, Dialect::Bash),
                (None, false) => in_single_quotes(&variable.value),
            };
            self.say(io, &format!("{name}={shown}"));
        }
        if bash {
            let names: Vec<String> = self.state.functions.keys().cloned().collect();
            names.iter().for_each(|name| self.show_function(io, name));
        }
    }

    pub(super) fn set(&mut self, io: &mut Io<'_>, arguments: &[String]) -> i32 {
        if let [only] = arguments
            && matches!(only.as_str(), "-o" | "+o")
        {
            return self.list_options(io, only == "+o");
        }
        if arguments.is_empty() {
            self.list_all(io);
            return 0;
        }
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            match argument.as_str() {
                "--" => {
                    self.state.positional = Arc::new(rest.cloned().collect());
                    self.forget_options();
                    return 0;
                }
                // `set - A B`: parameters, and no more tracing; alone it leaves them.
                "-" => {
                    let left: Vec<String> = rest.cloned().collect();
                    let _ = self.state.options.set_letters("+xv");
                    if !left.is_empty() {
                        self.state.positional = Arc::new(left);
                        self.forget_options();
                    }
                    return 0;
                }
                "-o" | "+o" => {
                    let Some(name) = rest.next() else { return 0 };
                    let dialect = self.state.dialect;
                    if !self.state.options.set_name(name, argument == "-o", dialect) {
                        return self.no_option_name(io, name);
                    }
                }
                letters if letters.len() > 1 && letters.starts_with(['-', '+']) => {
                    if let Some(bad) = self.state.options.set_letters(letters) {
                        return self.no_option(io, bad);
                    }
                    // `set -eo pipefail`
                    if letters.ends_with('o')
                        && let Some(name) = rest.next()
                    {
                        let (on, dialect) = (letters.starts_with('-'), self.state.dialect);
                        if !self.state.options.set_name(name, on, dialect) {
                            return self.no_option_name(io, name);
                        }
                    }
                }
                _ => {
                    let first = std::iter::once(argument.clone());
                    self.state.positional = Arc::new(first.chain(rest.cloned()).collect());
                    self.forget_options();
                    return 0;
                }
            }
        }
        0
    }

    /// The almquist shells begin anew with `getopts` where the parameters are others.
    fn forget_options(&mut self) {
        if self.state.dialect != Dialect::Bash && self.state.get("OPTIND").is_some() {
            self.state.option_at = (1, 1);
            // It may be read-only.
            let _ = self.state.set("OPTIND", "1");
        }
    }

    /// `set -q`
    fn no_option(&mut self, io: &mut Io<'_>, letter: char) -> i32 {
        let status = self.illegal_option(io, "set", &format!("-{letter}"));
        if self.state.dialect == Dialect::Bash {
            self.write_error(
                io,
                "set: usage: set [-abefhkmnptuvxBCEHPT] [-o option-name] [--] [-] [arg ...]",
            );
        }
        status
    }

    /// `set -o nosuch`
    fn no_option_name(&mut self, io: &mut Io<'_>, name: &str) -> i32 {
        let builtin = self.state.builtin("set");
        let (message, status) = match self.state.dialect {
            Dialect::Bash => (format!("{builtin}{name}: invalid option name"), 2),
            Dialect::Dash => (format!("{builtin}Illegal option -o {name}"), 2),
            Dialect::Ash => (format!("{builtin}illegal option -o {name}"), 1),
        };
        self.write_error(io, &message);
        if self.state.dialect == Dialect::Dash {
            self.fail_hard(status);
        }
        status
    }

    pub(super) fn shift(&mut self, io: &mut Io<'_>, arguments: &[String]) -> i32 {
        let bash = self.state.dialect == Dialect::Bash;
        let count = match arguments.first().map(|count| count.parse::<i64>()) {
            None => 1,
            Some(Ok(count)) if count >= 0 => count as usize,
            Some(wrong) => {
                let (text, builtin) = (&arguments[0], self.state.builtin("shift"));
                let message = match (bash, wrong.is_ok()) {
                    (true, true) => format!("{builtin}{text}: shift count out of range"),
                    (true, false) => format!("{builtin}{text}: numeric argument required"),
                    (false, _) => format!("{builtin}Illegal number: {text}"),
                };
                self.write_error(io, &message);
                if !bash {
                    self.fail_hard(2);
                }
                return if bash { 1 } else { 2 };
            }
        };
        if count > self.state.positional.len() {
            if self.state.dialect == Dialect::Dash {
                let message = format!("{}shift: can't shift that many", self.state.prefix());
                self.write_error(io, &message);
                self.fail_hard(2);
                return 2;
            }
            return 1;
        }
        io.budget.take(self.state.positional.len() as u64 / WORDS_PER_STEP);
        Arc::make_mut(&mut self.state.positional).drain(..count);
        0
    }

    /// `let`: each argument is an expression; the last one's value decides.
    pub(super) fn calculate(&mut self, io: &mut Io<'_>, arguments: &[String]) -> i32 {
        if arguments.is_empty() {
            let message = format!("{}expression expected", self.state.builtin("let"));
            self.write_error(io, &message);
            return if self.state.dialect == Dialect::Bash { 1 } else { 2 };
        }
        let mut last = 0;
        for argument in arguments {
            let word = Word { parts: vec![Part::Quoted(argument.clone())], ..Word::default() };
            match self.expansion(io, &[], |expander| expander.arithmetic(&word)) {
                Ok(value) => last = value,
                Err(Stop::Error(why)) => {
                    let message = format!("{}{why}", self.state.builtin("let"));
                    self.write_error(io, &message);
                    return if self.state.dialect == Dialect::Bash { 1 } else { 2 };
                }
                Err(_) => return 1,
            }
        }
        i32::from(last == 0)
    }

    /// `getopts`: the next option of `$@`. Within a word of many letters its place is kept beside.
    pub(super) fn getopts(&mut self, io: &mut Io<'_>, arguments: &[String]) -> i32 {
        let [letters, name, rest @ ..] = arguments else {
            return self.getopts_usage(io);
        };
        let words = if rest.is_empty() { self.state.positional.to_vec() } else { rest.to_vec() };
        io.budget.take(words.len() as u64 / WORDS_PER_STEP);
        let index: usize = self.state.get("OPTIND").and_then(|at| at.parse().ok()).unwrap_or(1);
        let (known_index, mut offset) = self.state.option_at;
        if known_index != index {
            offset = 1;
        }
        let silent = self.state.dialect == Dialect::Bash && self.state.get("OPTERR") == Some("0");
        let quiet = letters.starts_with(':');
        let next = words
            .get(index.saturating_sub(1))
            .filter(|word| word.len() > 1 && word.starts_with('-'));
        let Some(word) = next.filter(|word| *word != "--") else {
            if next.is_some() {
                self.set_or_complain(io, "getopts", "OPTIND", (index + 1).to_string());
            }
            self.set_or_complain(io, "getopts", name, "?".to_owned());
            return 1;
        };
        let letter = word.chars().nth(offset).unwrap_or('?');
        let glued: String = word.chars().skip(offset + 1).collect();
        let (mut after, mut next_offset) =
            if glued.is_empty() { (index + 1, 1) } else { (index, offset + 1) };
        let known = letter != ':' && letters.contains(letter);
        let takes =
            known && letters.split_once(letter).is_some_and(|(_, more)| more.starts_with(':'));
        let mut found = if known { letter } else { '?' };
        let mut value = None;
        if takes {
            (after, next_offset) = (index + 1, 1);
            value = match glued.is_empty() {
                false => Some(glued),
                true => {
                    after += 1;
                    words.get(index).cloned()
                }
            };
            if value.is_none() {
                found = if quiet { ':' } else { '?' };
                value = quiet.then(|| letter.to_string());
                after = index + 1;
                let (bash, others) = ("option requires an argument", "No arg for");
                self.option_complaint(io, quiet || silent, bash, others, letter);
            }
        } else if !known {
            value = quiet.then(|| letter.to_string());
            self.option_complaint(io, quiet || silent, "illegal option", "Illegal option", letter);
        }
        match value {
            Some(value) => {
                self.set_or_complain(io, "getopts", "OPTARG", value);
            }
            None => {
                self.state.variables.remove("OPTARG");
            }
        }
        self.set_or_complain(io, "getopts", name, found.to_string());
        self.set_or_complain(io, "getopts", "OPTIND", after.to_string());
        self.state.option_at = (after, next_offset);
        0
    }

    fn getopts_usage(&mut self, io: &mut Io<'_>) -> i32 {
        let message = match self.state.dialect {
            Dialect::Ash => {
                format!("{}usage: getopts optstring var [arg]", self.state.builtin("getopts"))
            }
            Dialect::Bash => "getopts: usage: getopts optstring name [arg ...]".to_owned(),
            Dialect::Dash => {
                let prefix = self.state.prefix();
                format!("{prefix}getopts: Usage: getopts optstring var [arg...]")
            }
        };
        self.write_error(io, &message);
        2
    }

    fn option_complaint(
        &mut self,
        io: &mut Io<'_>,
        quiet: bool,
        bash: &str,
        dash: &str,
        letter: char,
    ) {
        if quiet {
            return;
        }
        let name = self.state.name.clone();
        let message = match self.state.dialect {
            Dialect::Bash => format!("{name}: {bash} -- {letter}"),
            Dialect::Dash if dash.starts_with("No") => format!("No arg for -{letter} option"),
            Dialect::Dash => format!("Illegal option -{letter}"),
            Dialect::Ash if dash.starts_with("No") => format!("No arg for -{letter} option"),
            Dialect::Ash => format!("Illegal option -{letter}"),
        };
        self.write_error(io, &message);
    }
}

/// What stands behind `declare` and its like: `NAME`, `NAME=VALUE`, `NAME[KEY]+=VALUE`.
pub(super) struct Declared<'a> {
    pub(super) name: &'a str,
    pub(super) key: Option<&'a str>,
    append: bool,
    pub(super) value: Option<&'a str>,
}

/// Reads it; elements and `+=` are bash's. What is no name stays whole.
pub(super) fn declared(argument: &str, bash: bool) -> Declared<'_> {
    let plain = |name, value| Declared { name, key: None, append: false, value };
    if let Some(open) = argument.find('[').filter(|at| bash && is_name(&argument[..*at]))
        && let Some(close) = closing(&argument[open..]).map(|close| open + close)
    {
        let (key, rest) = (Some(&argument[open + 1..close]), &argument[close + 1..]);
        let (append, value) = match (rest.strip_prefix("+="), rest.strip_prefix('=')) {
            (Some(value), _) => (true, Some(value)),
            (_, Some(value)) => (false, Some(value)),
            _ if rest.is_empty() => (false, None),
            _ => return plain(argument, None),
        };
        return Declared { name: &argument[..open], key, append, value };
    }
    match argument.split_once('=') {
        None => plain(argument, None),
        Some((name, value)) => match name.strip_suffix('+').filter(|_| bash) {
            Some(name) => Declared { append: true, ..plain(name, Some(value)) },
            None => plain(name, Some(value)),
        },
    }
}

/// Where the bracket closes that a text begins with.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_u32;
    text.find(|letter: char| {
        match letter {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        letter == ']' && depth == 0
    })
}

/// The elements that a value `(…)` of a variable lists that is declared an array.
fn list_of(value: &str) -> Option<Assignment> {
    if !value.starts_with('(') || !value.ends_with(')') {
        return None;
    }
    let aliases = BTreeMap::new();
    let (dialect, interactive, groups) = (Dialect::Bash, false, false);
    let reading = Reading { dialect, aliases: &aliases, interactive, groups };
    let parsed = parse(&format!("x={value}"), Mark::START, reading).ok()??;
    let command = parsed.list.items.first()?.pipelines.first()?.1.commands.first()?.clone();
    let CommandKind::Simple { assignments, .. } = &command.kind else { return None };
    assignments.first().filter(|one| one.elements.is_some()).cloned()
}

/// A value as `declare -p` shows it: in double quotes, or with its control characters spelled out.
pub(in crate::shell::machine) fn in_double(text: &str) -> String {
    if text.chars().any(char::is_control) {
        return escaped(text);
    }
    let quoted =
        |letter: char| "\"\\$`".contains(letter).then_some('\\').into_iter().chain([letter]);
    format!("\"{}\"", text.chars().flat_map(quoted).collect::<String>())
}

/// The key of a named array, in quotes where a shell would read something else.
fn shown_key(key: &str) -> String {
    match key.chars().any(char::is_control) || needs_quotes(key) {
        true => in_double(key),
        false => key.to_owned(),
    }
}

/// `declare -x NAME="value"`
pub(in crate::shell::machine) fn declaration(name: &str, variable: &Variable) -> String {
    let mut flags = String::new();
    match &variable.elements {
        Some(Elements::Indexed(_)) => flags.push('a'),
        Some(Elements::Named(_)) => flags.push('A'),
        None => {}
    }
    let letters = [
        (variable.integer, 'i'),
        (variable.refers.is_some(), 'n'),
        (variable.upper == Some(false), 'l'),
        (variable.readonly, 'r'),
        (variable.upper == Some(true), 'u'),
        (variable.exported, 'x'),
    ];
    flags.extend(letters.into_iter().filter(|(on, _)| *on).map(|(_, letter)| letter));
    if flags.is_empty() {
        flags.push('-');
    }
    let quoted = in_double;
    match &variable.elements {
        _ if variable.bare => format!("declare -{flags} {name}"),
        None if variable.refers.is_some() => {
            let other = variable.refers.as_deref().unwrap_or_default();
            format!("declare -{flags} {name}={}", quoted(other))
        }
        None => format!("declare -{flags} {name}={}", quoted(&variable.value)),
        Some(_) => format!("declare -{flags} {name}={}", listed(variable)),
    }
}

/// An array's elements as an assignment: `([0]="a")`.
fn listed(variable: &Variable) -> String {
    let pairs = variable.elements.as_ref().map(Elements::pairs).unwrap_or_default();
    let shown =
        |(key, value): &(String, String)| format!("[{}]={}", shown_key(key), in_double(value));
    let named = matches!(variable.elements, Some(Elements::Named(_)));
    let end = if named && !pairs.is_empty() { " " } else { "" };
    format!("({}{end})", pairs.iter().map(shown).collect::<Vec<_>>().join(" "))
}
