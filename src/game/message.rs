//! Everything that can happen to a game, and everything it can ask of the outside.

use std::time::Duration;

use super::line::LineEdit;
use super::scene::Spot;
use super::{Panel, Screen};

/// Something that happened: a key's meaning, or time that passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Msg {
    /// Real time passed.
    Tick(Duration),
    /// Leave podhop at once: the input has ended, or the player has confirmed it.
    Quit,
    /// Ask whether to leave podhop.
    AskToLeave,
    /// Ctrl-C came while something was being carried out that is given up: the game is as it was
    /// before.
    GiveUp,
    /// Ctrl-C: interrupt what runs, clear what is typed, or ask whether to leave.
    Interrupt,
    /// Go to another screen.
    Show(Screen),
    /// Back to where the player came from.
    Back,
    /// Choose another entry of a list, or scroll.
    Select(i32),
    /// The first entry, or (`true`) the last.
    SelectEnd(bool),
    /// On the trail: to the next chapter, or (`false`) the one before.
    Chapter(bool),
    /// On the trail: look for a level.
    FindLevel,
    /// Act on what is selected.
    Confirm,
    /// Change the selected setting; `false` backwards.
    Change(bool),
    /// Open a level, with its briefing.
    OpenLevel(String),
    /// From the briefing into the level.
    Begin,
    /// The level after this one.
    NextLevel,
    /// Close what lies on top.
    Dismiss,
    /// Something that only the screen knows has changed: a cursor moved.
    Redraw,
    /// One line for the player.
    Say(String),
    /// Something about the game itself that the player has to know: shown until the game ends.
    Warn(String),
    /// Something in the level.
    Level(LevelMsg),
    /// Something in the terminal.
    Terminal(TerminalMsg),
    /// A character or an editing key in the field that is open (`:` or `/`).
    Field(FieldMsg),
}

/// Something in the level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LevelMsg {
    /// Give a panel the keys.
    Focus(Panel),
    /// The next panel, or (`false`) the one before.
    NextPanel(bool),
    /// Leave the panel for the menu, or go back into it.
    Menu(bool),
    /// Show another of the player's files, by its place in the list.
    OpenFile(usize),
    /// The next file, or (`false`) the one before.
    NextFile(bool),
    /// A file's new text.
    Edit { file: String, text: String },
    /// Edit the open file in the player's own editor.
    EditOutside,
    /// Go to a line (from 1) of the open file.
    GoToLine(usize),
    /// Apply the files.
    Apply,
    /// Send the goals' requests.
    Go,
    /// What will happen, before the first request: which of the question's choices, from 0.
    Predict(usize),
    /// Where that is decided: which of the question's places, from 0.
    PredictWhere(usize),
    /// No prediction.
    SkipPrediction,
    /// The next hint.
    Hint,
    /// Why a goal fails: what was shown so far, or another rung if that is open already.
    Why,
    /// Help with the next of several failures, or with the one before.
    OtherFailure(i32),
    /// Put a command of the ladder's first rung into the terminal: which, from 0.
    Look(usize),
    /// Apply what was edited, and send.
    ApplyAndGo,
    /// Send what is applied, without what was edited since.
    GoAsItIs,
    /// Put the skeleton of a kind into the open file.
    Skeleton(String),
    /// Skip the coach's marks.
    SkipCoach,
    /// The level's briefing again.
    Brief,
    /// The level's debrief again, once it was won.
    Debrief,
    /// The answer to the question before it: which choice, from 0.
    Answer(usize),
    /// Go to the line that a diagnosis or the first mark points at.
    GoToMark,
    /// Take back the last apply, command or reset.
    Undo,
    /// Begin the level again (asks first).
    Reset,
    /// The same level with other names and addresses.
    NewSeed(u64),
    /// Stop the clock, or let it run.
    Pause,
    /// Let one second pass.
    Step,
    /// Back by some seconds.
    Rewind,
    /// Faster, or (`false`) slower.
    Speed(bool),
    /// Select something on the map.
    Pick(Spot),
    /// The next thing on the map, or the one before.
    PickNext(i32),
    /// Describe what is selected.
    Describe,
    /// A shell in the selected pod or node.
    Exec,
    /// Send a packet from the selected pod or node: type the request.
    TraceFrom,
    /// Show the cluster's own pods and Services, or hide them.
    ToggleSystem,
    /// To a step of the packet's way, relative to the one shown.
    Hop(i32),
    /// The packet's way from its beginning.
    Replay,
    /// Another request's way: the one before, or the next.
    Story(i32),
    /// Give the panel the whole screen, or take it back.
    Zoom,
    /// Open the command palette.
    Palette,
    /// Open the search field.
    Find,
    /// Say where an incident's cause is: an object, a line or a code.
    NameCause(String),
    /// Write down what was done in the level, so that it can be done again.
    WriteTranscript,
    /// Say what a word means: the one at the cursor, or what the glossary finds.
    Explain(String),
}

/// Something in the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TerminalMsg {
    /// Text typed or pasted.
    Type(String),
    /// An editing key.
    Edit(LineEdit),
    /// Run the line.
    Enter,
    /// Complete the word.
    Complete,
    /// An earlier line, or (`false`) a later one.
    Browse(bool),
    /// Search back through history, or further back.
    Recall,
    /// Scroll back, or (negative) forward.
    Scroll(i32),
    /// Scroll wide lines to the right, or (negative) to the left, by columns.
    ScrollAside(i32),
    /// End of input, or leave a nested shell.
    EndOfInput,
    /// Forget what was printed.
    Clear,
}

/// Something in the open field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldMsg {
    /// Text typed or pasted.
    Type(String),
    /// An editing key.
    Edit(LineEdit),
    /// Complete the command.
    Complete,
    /// Carry it out.
    Enter,
}

/// What a game asks of the outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Keep the progress soon: [`super::Game::save`].
    Save,
    /// Keep the progress before anything is drawn: a goal was decided.
    SaveNow,
    /// Leave.
    Quit,
    /// Edit this text in the player's own editor; answer with [`LevelMsg::Edit`].
    EditOutside { file: String, text: String },
    /// Search for this text in the editor.
    FindText(String),
    /// Put this text into the open file, at the cursor.
    InsertText(String),
    /// Write [`super::Game::deeds`] to a new file, and say which.
    WriteTranscript,
}
