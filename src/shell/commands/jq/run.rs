//! Runs a program: every expression hands each of its values to whoever waits for it.
//!
//! Nothing here waits, and everything is counted: steps, nesting, and the size of values.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::builtins;
use super::operators;
use super::paths::{self, Path};
use super::regex;
use super::stop::{Flow, Stop, error};
use super::tree::{Exp, Function, Node, Part, Pattern};
use super::value::{DEEPEST, Value};

/// Steps of one run.
const MOST_STEPS: u64 = 3_000_000;

/// How deep expressions may run inside each other.
const DEEPEST_RUN: u32 = 250;

/// A value that is on its way, and where it was found.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub value: Value,
    pub path: Path,
}

impl Item {
    /// A value that was not found anywhere.
    pub fn made(value: Value, path: &Path) -> Item {
        let path = match path {
            Path::Off => Path::Off,
            _ => Path::Lost,
        };
        Item { value, path }
    }

    /// The same value, whose place nobody asks for.
    pub fn plain(&self) -> Item {
        Item { value: self.value.clone(), path: Path::Off }
    }
}

/// What `reduce` and `foreach` share: `SOURCE as PATTERN (START; UPDATE`.
struct Fold<'e> {
    source: &'e Exp,
    pattern: &'e Pattern,
    start: &'e Exp,
    update: &'e Exp,
}

pub(super) type Out<'o> = &'o mut dyn FnMut(&mut Run<'_>, Item) -> Flow;

/// The names that are known at a place, innermost first.
#[derive(Clone, Debug, Default)]
pub(super) struct Env(Option<Rc<Scope>>);

#[derive(Debug)]
struct Scope {
    known: Known,
    outer: Env,
}

#[derive(Debug)]
enum Known {
    Variable(String, Value),
    Function(Rc<Function>),
    /// An argument: an expression that runs where it was written.
    Argument(String, Exp, Env),
    Label(String, u64),
}

impl Env {
    fn with(&self, known: Known) -> Env {
        Env(Some(Rc::new(Scope { known, outer: self.clone() })))
    }

    pub fn bind(&self, name: &str, value: Value) -> Env {
        self.with(Known::Variable(name.to_owned(), value))
    }

    fn scopes(&self) -> impl Iterator<Item = (&Env, &Known)> {
        let mut at = self;
        std::iter::from_fn(move || {
            let scope = at.0.as_ref()?;
            let found = (at, &scope.known);
            at = &scope.outer;
            Some(found)
        })
    }

    fn variable(&self, name: &str) -> Option<Value> {
        self.scopes().find_map(|(_, known)| match known {
            Known::Variable(found, value) if found == name => Some(value.clone()),
            _ => None,
        })
    }

    fn label(&self, name: &str) -> Option<u64> {
        self.scopes().find_map(|(_, known)| match known {
            Known::Label(found, id) if found == name => Some(*id),
            _ => None,
        })
    }
}

/// Where further inputs come from.
pub(super) trait Inputs {
    /// The next value; `None` after the last.
    fn next(&mut self) -> Option<Result<Value, Stop>>;
    fn file_name(&self) -> Value;
    fn line_number(&self) -> Value;
}

/// A program that runs.
pub(super) struct Run<'r> {
    pub inputs: &'r mut dyn Inputs,
    pub now: f64,
    /// What `debug` and `stderr` write.
    pub errors: Vec<u8>,
    library: Rc<BTreeMap<(String, usize), Rc<Function>>>,
    globals: Env,
    /// The pattern that was compiled last.
    pub pattern: Option<regex::Compiled>,
    steps: u64,
    depth: u32,
    labels: u64,
}

impl<'r> Run<'r> {
    pub fn new(
        inputs: &'r mut dyn Inputs,
        now: f64,
        library: Rc<BTreeMap<(String, usize), Rc<Function>>>,
        globals: Env,
    ) -> Run<'r> {
        let (errors, pattern) = (Vec::new(), None);
        Run { inputs, now, errors, library, globals, pattern, steps: 0, depth: 0, labels: 0 }
    }

    /// Runs a whole program on one input.
    pub fn program(&mut self, tree: &Exp, input: Value, out: Out<'_>) -> Flow {
        let globals = self.globals.clone();
        self.eval(tree, &globals, Item { value: input, path: Path::Off }, out)
    }

    /// Steps that were done.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Counts a step.
    pub fn count(&mut self) -> Flow {
        self.spend(1)
    }

    /// Counts as many steps as something takes that is done at once.
    pub fn spend(&mut self, steps: u64) -> Flow {
        self.steps = self.steps.saturating_add(steps);
        match self.steps > MOST_STEPS {
            true => Err(Stop::Refused("runs that take this long")),
            false => Ok(()),
        }
    }

    /// A label nobody else has.
    pub fn label(&mut self) -> u64 {
        self.labels += 1;
        self.labels
    }

    pub fn eval(&mut self, exp: &Exp, env: &Env, input: Item, out: Out<'_>) -> Flow {
        self.count()?;
        if self.depth >= DEEPEST_RUN {
            return Err(Stop::Refused("functions that call themselves this often"));
        }
        if input.value.depth() > DEEPEST {
            return Err(Stop::Refused("values that nest this deep"));
        }
        self.depth += 1;
        let flow = self.dispatch(exp, env, input, out);
        self.depth -= 1;
        flow
    }

    // Each kind has a function of its own: what runs inside each other stands on one stack.
    /// Does something that takes as much of the stack as that many expressions.
    fn deeper<T>(&mut self, cost: u32, act: impl FnOnce(&mut Self) -> T) -> T {
        self.depth += cost;
        let done = act(self);
        self.depth -= cost;
        done
    }

    fn dispatch(&mut self, exp: &Exp, env: &Env, input: Item, out: Out<'_>) -> Flow {
        match &**exp {
            Node::Identity => out(self, input),
            Node::Literal(_) | Node::Variable(_) | Node::Format(_) => {
                self.known(exp, env, &input, out)
            }
            Node::Pipe(first, second) => self.pipe(first, second, env, input, out),
            Node::Comma(first, second) => {
                self.eval(first, env, input.clone(), out)?;
                self.eval(second, env, input, out)
            }
            Node::Index(term, key, quiet) => self.index(term, key, *quiet, env, input, out),
            Node::Slice(term, from, to, quiet) => {
                self.slice(term, [from.as_ref(), to.as_ref()], *quiet, env, input, out)
            }
            Node::Each(term, quiet) => self.each(term, *quiet, env, input, out),
            Node::Try(body, handler) => self.attempt(body, handler.as_ref(), env, input, out),
            Node::Call(name, arguments) => self.call(name, arguments, env, input, out),
            Node::Define(function, body) => {
                self.eval(body, &env.with(Known::Function(function.clone())), input, out)
            }
            Node::As(source, patterns, body) => self.bind(source, patterns, body, env, input, out),
            Node::If(condition, then, otherwise) => {
                self.branch(condition, [then, otherwise], env, input, out)
            }
            Node::Alternative(first, second) => self.alternative(first, second, env, input, out),
            Node::Reduce(source, pattern, start, update) => {
                self.fold(Fold { source, pattern, start, update }, None, env, input, out)
            }
            Node::Foreach(source, pattern, start, update, extract) => {
                self.fold(Fold { source, pattern, start, update }, Some(extract), env, input, out)
            }
            Node::Label(name, body) => self.labelled(name, body, env, input, out),
            Node::Break(name) => Err(Stop::Break(env.label(name).unwrap_or(0))),
            Node::Update(operator, target, value) => {
                self.update(operator, target, value, env, input, out)
            }
            Node::Text(format, parts) => self.string(format, parts, env, input, out),
            Node::Negative(body) => self.negative(body, env, input, out),
            Node::Binary(operator, left, right) => {
                self.binary(operator, left, right, env, input, out)
            }
            Node::And(left, right) => self.logic(false, left, right, env, input, out),
            Node::Or(left, right) => self.logic(true, left, right, env, input, out),
            Node::Array(body) => self.array(body.as_ref(), env, input, out),
            Node::Object(pairs) => {
                let path = input.path.clone();
                self.object(pairs, env, input.plain(), Value::object([]), &path, out)
            }
        }
    }

    fn known(&mut self, exp: &Exp, env: &Env, input: &Item, out: Out<'_>) -> Flow {
        let value = match &**exp {
            Node::Variable(name) => env.variable(name).unwrap_or(Value::Null),
            Node::Literal(value) => value.clone(),
            Node::Format(name) => {
                self.spend(builtins::written(&input.value))?;
                Value::text(builtins::format(name, &input.value)?)
            }
            _ => Value::Null,
        };
        out(self, Item::made(value, &input.path))
    }

    fn pipe(&mut self, first: &Exp, second: &Exp, env: &Env, input: Item, out: Out<'_>) -> Flow {
        self.eval(first, env, input, &mut |run, item| run.eval(second, env, item, out))
    }

    fn each(&mut self, term: &Exp, quiet: bool, env: &Env, input: Item, out: Out<'_>) -> Flow {
        self.eval(term, env, input, &mut |run, item| paths::each(run, item, quiet, out))
    }

    fn branch(
        &mut self,
        condition: &Exp,
        [then, otherwise]: [&Exp; 2],
        env: &Env,
        input: Item,
        out: Out<'_>,
    ) -> Flow {
        self.eval(condition, env, input.plain(), &mut |run, item| {
            let branch = if item.value.is_true() { then } else { otherwise };
            run.eval(branch, env, input.clone(), out)
        })
    }

    fn labelled(&mut self, name: &str, body: &Exp, env: &Env, input: Item, out: Out<'_>) -> Flow {
        let id = self.label();
        let env = env.with(Known::Label(name.to_owned(), id));
        match self.eval(body, &env, input, out) {
            Err(Stop::Break(found)) if found == id => Ok(()),
            flow => flow,
        }
    }

    fn string(
        &mut self,
        format: &str,
        parts: &[Part],
        env: &Env,
        input: Item,
        out: Out<'_>,
    ) -> Flow {
        let path = input.path.clone();
        self.text(format, parts, env, input.plain(), String::new(), &path, out)
    }

    fn negative(&mut self, body: &Exp, env: &Env, input: Item, out: Out<'_>) -> Flow {
        self.eval(body, env, input.plain(), &mut |run, item| {
            let Value::Number(number) = item.value else {
                return error(format!("{} cannot be negated", item.value.shown()));
            };
            out(run, Item::made(Value::Number(-number), &input.path))
        })
    }

    fn binary(
        &mut self,
        operator: &str,
        left: &Exp,
        right: &Exp,
        env: &Env,
        input: Item,
        out: Out<'_>,
    ) -> Flow {
        self.eval(right, env, input.plain(), &mut |run, right| {
            run.eval(left, env, input.plain(), &mut |run, left| {
                run.spend(operators::cost(operator, &left.value, &right.value))?;
                let value = operators::binary(operator, &left.value, &right.value)?;
                out(run, Item::made(value, &input.path))
            })
        })
    }

    fn array(&mut self, body: Option<&Exp>, env: &Env, input: Item, out: Out<'_>) -> Flow {
        let items = match body {
            Some(body) => self.collect(body, env, input.plain())?,
            None => Vec::new(),
        };
        out(self, Item::made(Value::array(items), &input.path))
    }

    /// All values of an expression.
    pub fn collect(&mut self, exp: &Exp, env: &Env, input: Item) -> Result<Vec<Value>, Stop> {
        let mut items = Vec::new();
        self.eval(exp, env, input, &mut |_, item| {
            items.push(item.value);
            match items.len() > 1_000_000 {
                true => Err(Stop::Refused("arrays this long")),
                false => Ok(()),
            }
        })?;
        Ok(items)
    }

    fn index(
        &mut self,
        term: &Exp,
        key: &Exp,
        quiet: bool,
        env: &Env,
        input: Item,
        out: Out<'_>,
    ) -> Flow {
        let place = input.clone();
        self.eval(key, env, input.plain(), &mut |run, key| {
            run.eval(term, env, place.clone(), &mut |run, item| {
                run.spend(paths::cost(&item.value, &key.value))?;
                match paths::get(&item, &key.value) {
                    Ok(found) => out(run, found),
                    Err(Stop::Error(_)) if quiet => Ok(()),
                    Err(stop) => Err(stop),
                }
            })
        })
    }

    fn slice(
        &mut self,
        term: &Exp,
        ends: [Option<&Exp>; 2],
        quiet: bool,
        env: &Env,
        input: Item,
        out: Out<'_>,
    ) -> Flow {
        let null: Exp = Rc::new(Node::Literal(Value::Null));
        let [from, to] = ends.map(|end| end.unwrap_or(&null));
        let place = input.clone();
        self.eval(to, env, input.plain(), &mut |run, to| {
            run.eval(from, env, place.plain(), &mut |run, from| {
                let key = Value::object([
                    (Rc::from("start"), from.value),
                    (Rc::from("end"), to.value.clone()),
                ]);
                run.eval(term, env, place.clone(), &mut |run, item| {
                    run.spend(paths::cost(&item.value, &key))?;
                    match paths::get(&item, &key) {
                        Ok(found) => out(run, found),
                        Err(Stop::Error(_)) if quiet => Ok(()),
                        Err(stop) => Err(stop),
                    }
                })
            })
        })
    }

    /// `try`: in jq 1.6 it catches what goes wrong behind it too.
    fn attempt(
        &mut self,
        body: &Exp,
        handler: Option<&Exp>,
        env: &Env,
        input: Item,
        out: Out<'_>,
    ) -> Flow {
        let depth = self.depth;
        let path = input.path.clone();
        match self.eval(body, env, input, out) {
            // An error that is null is none: jq 1.6 goes back as from `empty`.
            Err(Stop::Error(Value::Null)) => {
                self.depth = depth;
                Ok(())
            }
            Err(Stop::Error(value)) => {
                self.depth = depth;
                match handler {
                    Some(handler) => self.eval(handler, env, Item::made(value, &path), out),
                    None => Ok(()),
                }
            }
            flow => flow,
        }
    }

    fn alternative(
        &mut self,
        first: &Exp,
        second: &Exp,
        env: &Env,
        input: Item,
        out: Out<'_>,
    ) -> Flow {
        let mut any = false;
        self.eval(first, env, input.clone(), &mut |run, item| {
            if !item.value.is_true() {
                return Ok(());
            }
            any = true;
            out(run, item)
        })?;
        match any {
            true => Ok(()),
            false => self.eval(second, env, input, out),
        }
    }

    fn logic(
        &mut self,
        decides: bool,
        left: &Exp,
        right: &Exp,
        env: &Env,
        input: Item,
        out: Out<'_>,
    ) -> Flow {
        self.eval(left, env, input.plain(), &mut |run, left| {
            if left.value.is_true() == decides {
                return out(run, Item::made(Value::Bool(decides), &input.path));
            }
            run.eval(right, env, input.plain(), &mut |run, right| {
                out(run, Item::made(Value::Bool(right.value.is_true()), &input.path))
            })
        })
    }

    /// Goes on with a string after the parts that are done.
    #[allow(clippy::too_many_arguments)]
    fn text(
        &mut self,
        format: &str,
        parts: &[Part],
        env: &Env,
        input: Item,
        before: String,
        path: &Path,
        out: Out<'_>,
    ) -> Flow {
        let Some((part, rest)) = parts.split_first() else {
            return out(self, Item::made(Value::text(before), path));
        };
        match part {
            Part::Text(text) => self.text(format, rest, env, input, before + text, path, out),
            Part::Exp(exp) => self.eval(exp, env, input.clone(), &mut |run, item| {
                run.spend(builtins::written(&item.value) + before.len() as u64 / 1_024)?;
                let text = builtins::format(format, &item.value)?;
                run.text(format, rest, env, input.clone(), format!("{before}{text}"), path, out)
            }),
        }
    }

    /// Goes on with an object after the pairs that are done.
    fn object(
        &mut self,
        pairs: &[(Exp, Exp)],
        env: &Env,
        input: Item,
        before: Value,
        path: &Path,
        out: Out<'_>,
    ) -> Flow {
        let Some(((key, value), rest)) = pairs.split_first() else {
            return out(self, Item::made(before, path));
        };
        self.eval(key, env, input.clone(), &mut |run, key| {
            let Value::String(name) = &key.value else {
                return error(format!("Cannot use {} as object key", key.value.shown()));
            };
            run.eval(value, env, input.clone(), &mut |run, item| {
                run.spend(before.width() / 4)?;
                let mut object = before.clone();
                if let Value::Object(object) = &mut object {
                    Rc::make_mut(object).insert(name.clone(), item.value);
                }
                run.object(rest, env, input.clone(), object, path, out)
            })
        })
    }

    fn bind(
        &mut self,
        source: &Exp,
        patterns: &[Pattern],
        body: &Exp,
        env: &Env,
        input: Item,
        out: Out<'_>,
    ) -> Flow {
        let place = input.clone();
        self.eval(source, env, input.plain(), &mut |run, item| {
            let mut names = Vec::new();
            patterns.iter().for_each(|pattern| pattern.variables(&mut names));
            let empty = match patterns.len() > 1 {
                true => names.iter().fold(env.clone(), |env, name| env.bind(name, Value::Null)),
                false => env.clone(),
            };
            for (at, pattern) in patterns.iter().enumerate() {
                let flow = run.destructure(
                    &[(pattern, item.value.clone())],
                    &empty,
                    &place,
                    &mut |run, env| run.eval(body, env, place.clone(), out),
                );
                match flow {
                    Err(Stop::Error(_)) if at + 1 < patterns.len() => {}
                    flow => return flow,
                }
            }
            Ok(())
        })
    }

    /// Takes values apart, one pattern after the other.
    fn destructure(
        &mut self,
        work: &[(&Pattern, Value)],
        env: &Env,
        input: &Item,
        then: &mut dyn FnMut(&mut Run<'_>, &Env) -> Flow,
    ) -> Flow {
        let Some(((pattern, value), rest)) = work.split_first() else { return then(self, env) };
        match pattern {
            Pattern::Variable(name) => {
                let env = env.bind(name, value.clone());
                self.destructure(rest, &env, input, then)
            }
            Pattern::Array(patterns) => {
                let mut more = Vec::new();
                for (at, pattern) in patterns.iter().enumerate() {
                    let item = Item { value: value.clone(), path: Path::Off };
                    more.push((pattern, paths::get(&item, &Value::Number(at as f64))?.value));
                }
                more.extend(rest.iter().cloned());
                self.destructure(&more, env, input, then)
            }
            Pattern::Object(entries) => {
                let Some(((key, variable, inner), others)) = entries.split_first() else {
                    return self.destructure(rest, env, input, then);
                };
                let others = Pattern::Object(others.to_vec());
                self.eval(key, env, input.plain(), &mut |run, key| {
                    if !matches!(key.value, Value::String(_)) {
                        return error(format!(
                            "Cannot index {} with {}",
                            value.kind(),
                            key.value.kind()
                        ));
                    }
                    let item = Item { value: value.clone(), path: Path::Off };
                    let found = paths::get(&item, &key.value)?.value;
                    let env = match variable {
                        Some(name) => env.bind(name, found.clone()),
                        None => env.clone(),
                    };
                    let mut more = Vec::new();
                    if let Some(inner) = inner {
                        more.push((inner, found));
                    }
                    more.push((&others, value.clone()));
                    more.extend(rest.iter().cloned());
                    run.destructure(&more, &env, input, then)
                })
            }
        }
    }

    /// Each start is updated with each item of a source: `foreach` gives what is extracted after each update,
    /// `reduce` extracts nothing and gives the last.
    fn fold(
        &mut self,
        Fold { source, pattern, start, update }: Fold<'_>,
        extract: Option<&Exp>,
        env: &Env,
        input: Item,
        out: Out<'_>,
    ) -> Flow {
        let place = input.clone();
        self.eval(start, env, input, &mut |run, start| {
            let lost = Item::made(Value::Null, &start.path);
            let mut state = start;
            run.eval(source, env, place.plain(), &mut |run, item| {
                run.destructure(&[(pattern, item.value)], env, &place, &mut |run, env| {
                    let before = std::mem::replace(&mut state, lost.clone());
                    run.eval(update, env, before, &mut |run, item| match extract {
                        Some(extract) => {
                            state = item.clone();
                            run.eval(extract, env, item, out)
                        }
                        None => {
                            state = item;
                            Ok(())
                        }
                    })
                })
            })?;
            if extract.is_none() { out(run, state) } else { Ok(()) }
        })
    }

    /// The paths of an expression.
    pub fn paths(&mut self, exp: &Exp, env: &Env, input: &Value) -> Result<Vec<Vec<Value>>, Stop> {
        let mut found = Vec::new();
        let item = Item { value: input.clone(), path: Path::root() };
        self.eval(exp, env, item, &mut |run, item| {
            let keys = item.path.keys(&item.value)?;
            run.spend(keys.len() as u64)?;
            found.push(keys);
            Ok(())
        })?;
        Ok(found)
    }

    fn update(
        &mut self,
        operator: &str,
        target: &Exp,
        value: &Exp,
        env: &Env,
        input: Item,
        out: Out<'_>,
    ) -> Flow {
        if operator == "|=" {
            return self.rewrite(target, value, env, input, out);
        }
        let path = input.path.clone();
        let place = input.clone();
        let arithmetic = operator.strip_suffix('=').filter(|sign| !sign.is_empty());
        self.eval(value, env, input.plain(), &mut |run, right| {
            let result = run.modify(target, env, &place.value, &mut |run, old| {
                Ok(Some(match arithmetic {
                    None => right.value.clone(),
                    Some("//") if old.is_true() => old,
                    Some("//") => right.value.clone(),
                    Some(sign) => {
                        run.spend(operators::cost(sign, &old, &right.value))?;
                        operators::binary(sign, &old, &right.value)?
                    }
                }))
            })?;
            out(run, Item::made(result, &path))
        })
    }

    /// `|=`
    fn rewrite(&mut self, target: &Exp, value: &Exp, env: &Env, input: Item, out: Out<'_>) -> Flow {
        let result = self.deeper(3, |run| {
            run.modify(target, env, &input.value, &mut |run, old| {
                run.first(value, env, Item { value: old, path: Path::Off })
            })
        })?;
        out(self, Item::made(result, &input.path))
    }

    /// The first value of an expression.
    fn first(&mut self, exp: &Exp, env: &Env, item: Item) -> Result<Option<Value>, Stop> {
        let id = self.label();
        let depth = self.depth;
        let mut found = None;
        let flow = self.eval(exp, env, item, &mut |_, item| {
            found = Some(item.value);
            Err(Stop::Break(id))
        });
        self.depth = depth;
        match flow {
            Err(Stop::Break(stopped)) if stopped == id => Ok(found),
            Err(stop) => Err(stop),
            Ok(()) => Ok(found),
        }
    }

    /// Changes what stands at every path; what becomes nothing is deleted.
    fn modify(
        &mut self,
        target: &Exp,
        env: &Env,
        input: &Value,
        change: &mut dyn FnMut(&mut Run<'_>, Value) -> Result<Option<Value>, Stop>,
    ) -> Result<Value, Stop> {
        let mut state = input.clone();
        let mut deleted = false;
        for path in self.paths(target, env, input)? {
            self.spend(1 + paths::change_cost(&state, &path))?;
            // jq 1.6 goes on with the paths of before, although what was deleted moved the others.
            let old = paths::get_path(&state, &path).or_else(|stop| match deleted {
                true => Ok(Value::Null),
                false => Err(stop),
            })?;
            match change(self, old)? {
                Some(new) => state = paths::set_path(&state, &path, new)?,
                None => {
                    deleted = true;
                    state = paths::delete(state, &mut [path])?;
                }
            }
        }
        Ok(state)
    }

    fn call(
        &mut self,
        name: &str,
        arguments: &[Exp],
        env: &Env,
        input: Item,
        out: Out<'_>,
    ) -> Flow {
        let count = arguments.len();
        let found = env.scopes().find_map(|(at, known)| match known {
            Known::Function(function)
                if function.name == name && function.parameters.len() == count =>
            {
                Some((Ok(function.clone()), at.clone()))
            }
            Known::Argument(found, exp, env) if found == name && count == 0 => {
                Some((Err(exp.clone()), env.clone()))
            }
            _ => None,
        });
        match found {
            Some((Err(exp), at)) => self.eval(&exp, &at, input, out),
            Some((Ok(function), at)) => {
                self.function(&function, &function.parameters, arguments, &at, env, input, out)
            }
            None => match self.library.get(&(name.to_owned(), count)).cloned() {
                Some(function) => {
                    let at = self.globals.clone();
                    self.function(&function, &function.parameters, arguments, &at, env, input, out)
                }
                None => self.deeper(3, |run| builtins::call(run, name, arguments, env, input, out)),
            },
        }
    }

    /// Runs a function, when its parameters stand in `inner`.
    #[allow(clippy::too_many_arguments)]
    fn function(
        &mut self,
        function: &Rc<Function>,
        parameters: &[(String, bool)],
        arguments: &[Exp],
        inner: &Env,
        env: &Env,
        input: Item,
        out: Out<'_>,
    ) -> Flow {
        let (Some(((name, value), rest)), Some((argument, others))) =
            (parameters.split_first(), arguments.split_first())
        else {
            return self.eval(&function.body, inner, input, out);
        };
        if !*value {
            let inner = inner.with(Known::Argument(name.clone(), argument.clone(), env.clone()));
            return self.function(function, rest, others, &inner, env, input, out);
        }
        self.eval(argument, env, input.plain(), &mut |run, item| {
            let exp: Exp = Rc::new(Node::Literal(item.value.clone()));
            let inner = inner
                .with(Known::Argument(name.clone(), exp, Env::default()))
                .bind(name, item.value);
            run.function(function, rest, others, &inner, env, input.clone(), out)
        })
    }
}

impl Run<'_> {
    /// A function of the library that sees itself and all others.
    pub fn library(functions: Vec<Rc<Function>>) -> Rc<BTreeMap<(String, usize), Rc<Function>>> {
        let keyed =
            functions.into_iter().map(|one| ((one.name.clone(), one.parameters.len()), one));
        Rc::new(keyed.collect())
    }
}
