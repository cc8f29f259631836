//! Statements.

use super::run::{Answer, LONGEST, Machine, Ran, Stop, Stream, Wait, World};
use super::tree::{Expression, Name, Output, Sink, Statement};
use super::value::Value;

impl Machine {
    pub fn block(&mut self, statements: &[Statement], world: &mut World<'_, '_>) -> Ran<()> {
        statements.iter().try_for_each(|statement| self.statement(statement, world))
    }

    fn statement(&mut self, statement: &Statement, world: &mut World<'_, '_>) -> Ran<()> {
        self.count()?;
        match statement {
            Statement::Expression(expression) => self.value(expression, world).map(drop),
            Statement::Print(values, output, line) => {
                self.print(values, output.as_ref(), *line, world)
            }
            Statement::Printf(values, output, line) => {
                let text = self.format(values, *line, world)?;
                self.write(&text, output.as_ref(), *line, world)
            }
            Statement::If(condition, then, otherwise) => {
                match self.value(condition, world)?.holds() {
                    true => self.block(then, world),
                    false => self.block(otherwise, world),
                }
            }
            Statement::While(condition, body) => {
                while self.value(condition, world)?.holds() {
                    if self.round(body, world)? {
                        break;
                    }
                }
                Ok(())
            }
            Statement::Do(body, condition) => loop {
                if self.round(body, world)? || !self.value(condition, world)?.holds() {
                    return Ok(());
                }
            },
            Statement::For(first, condition, last, body) => {
                if let Some(first) = first {
                    self.statement(first, world)?;
                }
                self.repeat(condition.as_ref(), last.as_deref(), body, world)
            }
            Statement::ForIn(key, array, body) => self.for_in(*key, *array, body, world),
            Statement::Switch(subject, cases) => self.switch(subject, cases, world),
            Statement::Block(body) => self.block(body, world),
            _ => self.leave(statement, world),
        }
    }

    /// The rounds of a `for (;;)`.
    fn repeat(
        &mut self,
        condition: Option<&Expression>,
        last: Option<&Statement>,
        body: &[Statement],
        world: &mut World<'_, '_>,
    ) -> Ran<()> {
        loop {
            if let Some(condition) = condition
                && !self.value(condition, world)?.holds()
            {
                return Ok(());
            }
            if self.round(body, world)? {
                return Ok(());
            }
            if let Some(last) = last {
                self.statement(last, world)?;
            }
        }
    }

    /// `for (key in array)`: the keys are those that the array has when it begins.
    fn for_in(
        &mut self,
        key: Name,
        array: Name,
        body: &[Statement],
        world: &mut World<'_, '_>,
    ) -> Ran<()> {
        let at = self.array(array)?;
        let elements = &self.arrays[at].elements;
        let mut pairs: Vec<(u64, String)> =
            elements.iter().map(|(key, (place, _))| (*place, key.clone())).collect();
        pairs.sort();
        let keys = pairs.into_iter().map(|(_, key)| key).collect();
        let mut keys = super::order::ordered(keys, self.tables());
        self.sort_as_told(at, &mut keys);
        for name in keys {
            self.set(key, Value::Input(name))?;
            if self.round(body, world)? {
                break;
            }
        }
        Ok(())
    }

    /// gawk's `PROCINFO["sorted_in"]`: keys by themselves or by their values, up or down.
    fn sort_as_told(&self, array: usize, keys: &mut [String]) {
        let known = self.program.globals.iter().position(|name| name == "PROCINFO");
        let Some(table) = known.filter(|_| self.gawk) else { return };
        let told = self.arrays[table].elements.get("sorted_in");
        let told = told.map(|(_, value)| value.text("%.6g")).unwrap_or_default();
        let value = |key: &String| {
            let found = self.arrays[array].elements.get(key);
            found.map_or(Value::Unset, |(_, value)| value.clone())
        };
        let number = |text: &str| Value::Input(text.to_owned()).number();
        match told.trim_start_matches('@').trim_end_matches("_asc").trim_end_matches("_desc") {
            "ind_str" => keys.sort(),
            "ind_num" => keys.sort_by(|one, other| number(one).total_cmp(&number(other))),
            "val_num" => keys.sort_by(|one, other| {
                value(one).number().total_cmp(&value(other).number()).then_with(|| one.cmp(other))
            }),
            "val_str" => keys.sort_by(|one, other| {
                let text = |key| value(key).text("%.6g");
                text(one).cmp(&text(other)).then_with(|| one.cmp(other))
            }),
            _ => return,
        }
        if told.ends_with("_desc") {
            keys.reverse();
        }
    }

    /// Statements that lead somewhere else, and `delete`.
    fn leave(&mut self, statement: &Statement, world: &mut World<'_, '_>) -> Ran<()> {
        match statement {
            Statement::Next => Err(Stop::Next),
            Statement::NextFile => Err(Stop::NextFile),
            Statement::Exit(status) => {
                if let Some(status) = status {
                    self.status = self.value(status, world)?.number() as i64 as i32 & 255;
                }
                Err(Stop::Exit)
            }
            Statement::Return(value) => {
                let value = match value {
                    Some(value) => self.value(value, world)?,
                    None => Value::Unset,
                };
                Err(Stop::Return(value))
            }
            Statement::Break => Err(Stop::Break),
            Statement::Continue => Err(Stop::Continue),
            Statement::Delete(name, keys) => {
                let at = self.array(*name)?;
                match keys {
                    None => self.arrays[at].elements.clear(),
                    Some(keys) => {
                        let key = self.key(keys, world)?;
                        self.arrays[at].elements.remove(&key);
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// One round of a loop; whether it was the last.
    fn round(&mut self, body: &[Statement], world: &mut World<'_, '_>) -> Ran<bool> {
        self.count()?;
        match self.block(body, world) {
            Err(Stop::Break) => Ok(true),
            Err(Stop::Continue) | Ok(()) => Ok(false),
            Err(stop) => Err(stop),
        }
    }

    fn switch(
        &mut self,
        subject: &Expression,
        cases: &[(Option<Expression>, Vec<Statement>)],
        world: &mut World<'_, '_>,
    ) -> Ran<()> {
        let subject = self.value(subject, world)?;
        let mut start = None;
        for (at, (case, _)) in cases.iter().enumerate() {
            let Some(case) = case else { continue };
            let fits = match case {
                Expression::Regex(pattern) => {
                    let text = self.index_text(&subject);
                    self.found(pattern, &text)?
                }
                case => {
                    let value = self.value(case, world)?;
                    self.compare("==", &subject, &value)
                }
            };
            if fits {
                start = Some(at);
                break;
            }
        }
        let start = start.or(cases.iter().position(|(case, _)| case.is_none()));
        let Some(start) = start else { return Ok(()) };
        for (_, body) in &cases[start..] {
            match self.block(body, world) {
                Err(Stop::Break) => return Ok(()),
                flow => flow?,
            }
        }
        Ok(())
    }

    fn print(
        &mut self,
        values: &[Expression],
        output: Option<&Output>,
        line: usize,
        world: &mut World<'_, '_>,
    ) -> Ran<()> {
        let mut parts = Vec::new();
        for value in values {
            let value = self.value(value, world)?;
            parts.push(self.number_name(value.text(&self.setting("OFMT")), &value));
        }
        let text = match values.is_empty() {
            true => self.record.clone(),
            false => parts.join(&self.setting("OFS")),
        };
        let text = text + &self.setting("ORS");
        self.write(&text, output, line, world)
    }

    /// Writes to standard output, a file or a command.
    fn write(
        &mut self,
        text: &str,
        output: Option<&Output>,
        line: usize,
        world: &mut World<'_, '_>,
    ) -> Ran<()> {
        let Some(output) = output else {
            self.output.extend_from_slice(text.as_bytes());
            return self.bounded(self.output.len());
        };
        let target = self.value(&output.target, world)?;
        let target = self.index_text(&target);
        match target.as_str() {
            "/dev/stdout" | "-" if output.kind != Sink::Pipe => {
                self.output.extend_from_slice(text.as_bytes());
                return self.bounded(self.output.len());
            }
            "/dev/stderr" if output.kind != Sink::Pipe => {
                world.once(|io| {
                    io.put_error(text.as_bytes());
                    Ok(Answer::Done)
                })?;
                return Ok(());
            }
            "" => {
                return match self.gawk {
                    true => {
                        self.fatal(line, "expression for `>' redirection has null string value")
                    }
                    false => self.fatal(line, "Empty file name"),
                };
            }
            _ => {}
        }
        if !self.streams.contains_key(&target) {
            self.open_stream(&target, output.kind, line, world)?;
        }
        let size = match self.streams.get_mut(&target) {
            Some(stream) => {
                stream.content.extend_from_slice(text.as_bytes());
                stream.changed = true;
                stream.content.len()
            }
            None => 0,
        };
        self.bounded(size)
    }

    fn bounded(&self, size: usize) -> Ran<()> {
        match size > LONGEST {
            true => self.fail("podhop: output of this size is not simulated here"),
            false => Ok(()),
        }
    }

    fn open_stream(
        &mut self,
        target: &str,
        kind: Sink,
        line: usize,
        world: &mut World<'_, '_>,
    ) -> Ran<()> {
        if self.sandbox {
            return self.fatal(line, "redirection not allowed in sandbox mode");
        }
        let mut content = Vec::new();
        if kind == Sink::Pipe {
            self.flush(world)?;
        } else {
            let old = world.once(|io| {
                let old = match kind {
                    Sink::Append => io.read_file(target).unwrap_or_default(),
                    _ => Vec::new(),
                };
                Ok(match io.write_file(target, &old) {
                    Ok(()) => Answer::Text(Some(String::from_utf8_lossy(&old).into_owned())),
                    Err(why) => Answer::Text(Some(format!("\0{why}"))),
                })
            })?;
            let Answer::Text(Some(old)) = old else { return Ok(()) };
            if let Some(why) = old.strip_prefix('\0') {
                return match self.gawk {
                    true => {
                        let message = format!("cannot redirect to `{target}': {why}");
                        self.fatal(line, &message)
                    }
                    false => self.fail(format!("can't open '{target}': {why}")),
                };
            }
            content = old.into_bytes();
        }
        self.streams.insert(target.to_owned(), Stream { kind, content, changed: true });
        Ok(())
    }

    /// Brings what was printed to where it goes, apart from pipes.
    pub fn flush(&mut self, world: &mut World<'_, '_>) -> Ran<()> {
        let output = match self.rewrites() {
            true => Vec::new(),
            false => std::mem::take(&mut self.output),
        };
        if !output.is_empty() {
            world.once(|io| {
                io.stdout.extend_from_slice(&output);
                Ok(Answer::Done)
            })?;
        }
        for (name, stream) in &mut self.streams {
            if stream.kind != Sink::Pipe && std::mem::take(&mut stream.changed) {
                let content = &stream.content;
                world.once(|io| {
                    // It could be written when it was opened.
                    Ok(Answer::Status(i32::from(io.write_file(name, content).is_err())))
                })?;
            }
        }
        Ok(())
    }

    /// Closes a file or a command; what `close` gives.
    pub fn close(&mut self, name: &str, world: &mut World<'_, '_>) -> Ran<i32> {
        if let Some(reading) = self.readings.remove(name) {
            return Ok(reading.status);
        }
        let Some(stream) = self.streams.get(name).cloned() else {
            return Ok(if self.gawk { -1 } else { 0 });
        };
        self.flush(world)?;
        self.streams.remove(name);
        if stream.kind != Sink::Pipe {
            return Ok(0);
        }
        let command =
            Wait::Command { text: name.to_owned(), input: Some(stream.content), kept: false };
        match world.once(|_| Err(Stop::Waits(command)))? {
            Answer::Status(status) => Ok(status),
            _ => Ok(0),
        }
    }

    /// The end: commands that are still written to get what they wait for.
    pub fn close_all(&mut self, world: &mut World<'_, '_>) -> Ran<()> {
        let pipes: Vec<String> = self
            .streams
            .iter()
            .filter(|(_, stream)| stream.kind == Sink::Pipe)
            .map(|(name, _)| name.clone())
            .collect();
        for name in pipes {
            let Some(stream) = self.streams.remove(&name) else { continue };
            let command = Wait::Command { text: name, input: Some(stream.content), kept: false };
            world.once(|_| Err(Stop::Waits(command)))?;
        }
        self.flush(world)
    }
}
