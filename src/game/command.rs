//! The command palette: `:` and what to do.

use super::{Effect, Game, LevelMsg, Msg, Screen, update};
use crate::diagnostic::nearest;
use crate::level::incident::Address;

/// A command of the palette.
#[derive(Debug)]
pub struct CommandInfo {
    /// What is typed.
    pub name: &'static str,
    /// What follows it, if anything.
    pub argument: &'static str,
    /// What it does.
    pub does: &'static str,
}

const fn row(name: &'static str, argument: &'static str, does: &'static str) -> CommandInfo {
    CommandInfo { name, argument, does }
}

/// The palette, in the order it is shown.
pub static COMMANDS: [CommandInfo; 28] = [
    row("apply", "", "apply the files"),
    row("go", "", "send the goal's requests"),
    row("hint", "", "the next hint"),
    row("why", "", "why a goal fails, one step more at each call"),
    row("cause", "WHERE", "an incident's cause: service/web, web.yaml:12, or a code"),
    row("brief", "", "the level's story again"),
    row("debrief", "", "what to keep, once the level is won"),
    row("undo", "", "take back the last action"),
    row("reset", "", "begin the level again"),
    row("rewind", "", "go back in time a little"),
    row("pause", "", "stop the clock, or let it run"),
    row("faster", "", "let time pass faster"),
    row("slower", "", "let time pass slower"),
    row("line", "NUMBER", "go to a line of the file"),
    row("file", "NAME", "open a file"),
    row("seed", "NUMBER", "the same level with other names and addresses"),
    row("level", "NAME", "open another level"),
    row("new", "KIND", "the skeleton of a kind in the file: deployment, service, pod…"),
    row("edit", "", "open the file in $EDITOR"),
    row("glossary", "WORD", "what a word means"),
    row("help", "", "keys"),
    row("codes", "", "what each diagnosis means"),
    row("statistics", "", "what was solved, and how"),
    row("settings", "", "motion, colours, contrast, help"),
    row("incident", "SEED", "an incident of this seed, as difficult as this one"),
    row("bug", "", "write down what was done here, to be done again"),
    row("trail", "", "to the chapters and levels"),
    row("quit", "", "leave podhop; everything is saved"),
];

/// The commands that begin like this.
pub fn matching(text: &str) -> impl Iterator<Item = &'static CommandInfo> {
    let word = text.split_whitespace().next().unwrap_or("").to_owned();
    COMMANDS.iter().filter(move |command| command.name.starts_with(&word))
}

/// The whole command in this row of those that begin like this.
pub(super) fn complete(text: &str, row: usize) -> Option<String> {
    let command = matching(text).nth(row)?;
    let space = if command.argument.is_empty() { "" } else { " " };
    Some(format!("{}{space}", command.name))
}

/// Carries out a line of the palette.
pub(super) fn run(game: &mut Game, line: &str, row: usize) -> Vec<Effect> {
    let line = line.trim();
    if line.is_empty() && row == 0 {
        return Vec::new();
    }
    if let Ok(number) = line.parse() {
        return update(game, Msg::Level(LevelMsg::GoToLine(number)));
    }
    let (name, argument) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let exact = COMMANDS.iter().find(|command| command.name == name);
    let name = exact.or_else(|| matching(name).nth(row)).map_or(name, |command| command.name);
    match message(game, name, argument.trim()) {
        Ok(msg) => update(game, msg),
        Err(text) => write_error(game, text),
    }
}

fn message(game: &Game, name: &str, argument: &str) -> Result<Msg, String> {
    let level = match name {
        "apply" => LevelMsg::Apply,
        "go" => LevelMsg::Go,
        "hint" => LevelMsg::Hint,
        "why" => LevelMsg::Why,
        "undo" => LevelMsg::Undo,
        "reset" => LevelMsg::Reset,
        "rewind" => LevelMsg::Rewind,
        "pause" => LevelMsg::Pause,
        "faster" => LevelMsg::Speed(true),
        "slower" => LevelMsg::Speed(false),
        "line" => LevelMsg::GoToLine(number(argument, "line 7")?),
        "seed" => LevelMsg::NewSeed(number(argument, "seed 7")?),
        "file" => return open_file(game, argument),
        "edit" => LevelMsg::EditOutside,
        "brief" => LevelMsg::Brief,
        "debrief" => LevelMsg::Debrief,
        "new" => LevelMsg::Skeleton(argument.to_owned()),
        "glossary" => LevelMsg::Explain(argument.to_owned()),
        "cause" => LevelMsg::NameCause(argument.to_owned()),
        "bug" => LevelMsg::WriteTranscript,
        "incident" => return open_incident(game, argument),
        "trail" => return Ok(Msg::Show(Screen::Trail)),
        "statistics" => return Ok(Msg::Show(Screen::Statistics)),
        "level" => return open_level(game, argument),
        "help" => return Ok(Msg::Show(Screen::Help)),
        "codes" => return Ok(Msg::Show(Screen::Glossary)),
        "settings" => return Ok(Msg::Show(Screen::Settings)),
        "quit" => return Ok(Msg::AskToLeave),
        other => return Err(unknown(other)),
    };
    Ok(Msg::Level(level))
}

fn unknown(name: &str) -> String {
    match nearest(name, COMMANDS.iter().map(|command| command.name)) {
        Some(near) => format!("There is no command “{name}”. Did you mean “{near}”?"),
        None => format!("There is no command “{name}”. Tab shows them all."),
    }
}

fn number<T: std::str::FromStr>(text: &str, example: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("A number belongs here, as in “{example}”."))
}

fn open_file(game: &Game, name: &str) -> Result<Msg, String> {
    let files = game.play().map(|play| &*play.files).unwrap_or_default();
    let at = files.iter().position(|file| file.name == name);
    let at = at.or_else(|| files.iter().position(|file| file.name.starts_with(name)));
    at.map(|at| Msg::Level(LevelMsg::OpenFile(at))).ok_or_else(|| {
        let names: Vec<&str> = files.iter().map(|file| &*file.name).collect();
        format!("There is no file “{name}”; there are {}.", names.join(", "))
    })
}

/// In the game of incidents, another one; elsewhere the command line leads there.
fn open_incident(game: &Game, seed: &str) -> Result<Msg, String> {
    let level = game.play().map(|play| play.level());
    let Some(incident) = level.and_then(|level| level.incident.as_ref()) else {
        return Err("podhop incident plays incidents; this is none.".to_owned());
    };
    let seed = match seed {
        "" => incident.address.next().seed,
        seed => number(seed, "incident 7")?,
    };
    Ok(Msg::OpenLevel(Address { seed, ..incident.address }.to_string()))
}

fn open_level(game: &Game, name: &str) -> Result<Msg, String> {
    match game.pack().level(name) {
        Some(level) => Ok(Msg::OpenLevel(level.name.clone())),
        None => {
            let names = game.pack().levels.iter().map(|level| &*level.name);
            Err(match nearest(name, names) {
                Some(near) => format!("There is no level “{name}”. Did you mean “{near}”?"),
                None => format!("There is no level “{name}”."),
            })
        }
    }
}

fn write_error(game: &mut Game, text: String) -> Vec<Effect> {
    if let Some(play) = &mut game.play {
        play.say(super::Tone::Bad, text);
    }
    Vec::new()
}
