//! The game in a terminal: events in, frames out, and the terminal given back whatever happens.

use std::io::{self, IsTerminal, Stdout, Write};
use std::mem::{self, Discriminant};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use crossterm::event::{
    self, DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
};
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen,
    LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, execute};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::{Rect, Size};
use ratatui::{Terminal, TerminalOptions, Viewport};

use super::guard::{self, Guard};
#[cfg(unix)]
use super::input;
use super::saves::Saves;
use super::worker::{Job, Stage, Worker};
use super::{outside, transcript};
use crate::game::{Deeds, Effect, Game, LevelMsg, Msg, Popup, Save, update};
use crate::tui::{Colours, View};

/// Typing is saved this long after it stops; everything else at once.
const SAVE_AFTER: Duration = Duration::from_millis(400);
/// At most so many events are carried out between two frames.
const BURST: usize = 256;
/// The largest screen that is drawn: the rest of a larger terminal stays empty. A frame of a terminal
/// that claims 65,535 columns and lines would take more memory than there is.
const LARGEST: Size = Size { width: 1_500, height: 600 };
/// With nothing to wait for, this is for ever.
const FOR_EVER: Duration = Duration::from_secs(24 * 3600);

/// Whether the terminal is ours at the moment.
static TAKEN: AtomicBool = AtomicBool::new(false);
/// Whether somebody else has drawn on it since the last frame.
static STRANGE: AtomicBool = AtomicBool::new(false);

/// Plays until the player leaves; `guard` was sent for before.
///
/// # Errors
/// Why there is no terminal to play in, with what to do instead.
pub fn play(game: Game, saves: Saves, mut guard: Guard) -> Result<(), String> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err("podhop plays in a terminal, and this is none.\n\
                    The same command with --plain plays in lines of text; podhop check solves a level without a screen."
            .to_owned());
    }
    let keeper = Arc::new(Mutex::new(Keeper { saves, pending: None }));
    restore_on_panic();
    guard.stands();
    #[cfg(unix)]
    restore_on_signals(&keeper);
    let result = Screen::take().and_then(|mut screen| {
        let result = run(game, &keeper, &mut screen);
        screen.give_back();
        result
    });
    lock(&keeper).write_now();
    result.map_err(|error| format!("the terminal failed: {error}"))
}

/// What the terminal can show, by its environment.
pub fn colours() -> Colours {
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let term = variable("TERM");
    if !variable("NO_COLOR").is_empty() || term == "dumb" {
        return Colours::None;
    }
    let truecolor = ["truecolor", "24bit"].contains(&&*variable("COLORTERM"))
        || !variable("WT_SESSION").is_empty()
        || ["iTerm.app", "vscode", "WezTerm", "ghostty"].contains(&&*variable("TERM_PROGRAM"))
        || ["direct", "kitty", "alacritty", "ghostty"].iter().any(|name| term.contains(name));
    if truecolor { Colours::True } else { Colours::Sixteen }
}

/// The loop: draw what changed, wait for the next thing, carry it out.
fn run(game: Game, keeper: &Mutex<Keeper>, screen: &mut Screen) -> io::Result<()> {
    let mut stage = Box::new(Stage { game, view: View::new(colours()) });
    let mut worker = Worker::start()?;
    let mut last = Instant::now();
    // From the first look on the terminal's changes of size are heard: one may come with the first frame.
    event::poll(Duration::ZERO)?;
    loop {
        let strange = STRANGE.swap(false, Ordering::SeqCst);
        if strange {
            screen.begin_anew()?;
        }
        if stage.game.take_dirty() || strange {
            let Stage { game, view } = &mut *stage;
            screen.draw(|frame| view.draw(game, frame))?;
        }
        let due = lock(keeper).due();
        let wait = [stage.game.next_tick(), due].into_iter().flatten().min().unwrap_or(FOR_EVER);
        let ready = worker.has_ahead() || event::poll(wait)?;
        let before = asks(&stage.game);
        let mut effects = worker.carry_out(&mut stage, Job::Tick(last.elapsed()))?;
        last = Instant::now();
        // The clock opens boxes too: those are seen before a key is read.
        if ready && !asks_anew(&stage.game, before) {
            effects.extend(events(&mut worker, &mut stage)?);
        }
        let game = &mut stage.game;
        for effect in effects {
            match effect {
                Effect::Quit => return Ok(()),
                Effect::Save => lock(keeper).keep(game),
                Effect::SaveNow => {
                    lock(keeper).keep(game);
                    warn(game, lock(keeper).write_now());
                }
                Effect::EditOutside { file, text } => {
                    edit_outside(game, keeper, screen, &file, &text)?;
                }
                Effect::WriteTranscript => {
                    let told = outside::write_transcript(game);
                    update(game, Msg::Say(told));
                }
                Effect::FindText(_) | Effect::InsertText(_) => {}
            }
        }
        warn(game, lock(keeper).write_if_due());
    }
}

/// Tells the player that their progress could not be kept.
fn warn(game: &mut Game, error: Option<String>) {
    if let Some(error) = error {
        update(game, Msg::Warn(error));
    }
}

/// Carries out the events that are there, up to a burst, or up to one that asks the player something:
/// what was pressed ahead is no answer to a question that has not been on the screen.
fn events(worker: &mut Worker, stage: &mut Box<Stage>) -> io::Result<Vec<Effect>> {
    let mut effects = Vec::new();
    for _ in 0..BURST {
        let Some(event) = worker.next_event()? else { break };
        let before = asks(&stage.game);
        effects.extend(worker.carry_out(stage, Job::Event(event))?);
        if asks_anew(&stage.game, before) || effects.contains(&Effect::Quit) {
            break;
        }
    }
    Ok(effects)
}

/// What kind of box is open.
fn asks(game: &Game) -> Option<Discriminant<Popup>> {
    game.popup().map(mem::discriminant)
}

/// Whether a box has opened that was not there before, be it in the place of another.
fn asks_anew(game: &Game, before: Option<Discriminant<Popup>>) -> bool {
    let now = asks(game);
    now.is_some() && now != before
}

fn edit_outside(
    game: &mut Game,
    keeper: &Mutex<Keeper>,
    screen: &mut Screen,
    file: &str,
    text: &str,
) -> io::Result<()> {
    screen.give_back();
    let edited = outside::edit(file, text);
    screen.take_again()?;
    let msg = match edited {
        Ok(text) => Msg::Level(LevelMsg::Edit { file: file.to_owned(), text }),
        Err(error) => Msg::Say(error),
    };
    if update(game, msg).contains(&Effect::Save) {
        lock(keeper).keep(game);
    }
    Ok(())
}

/// Progress that is on its way to the disk.
struct Keeper {
    saves: Saves,
    pending: Option<Pending>,
}

struct Pending {
    save: Save,
    /// What was done in the level on the table.
    deeds: Option<Deeds>,
    since: Instant,
}

impl Keeper {
    fn keep(&mut self, game: &Game) {
        let save = game.save().clone();
        let since = self.pending.as_ref().map_or_else(Instant::now, |pending| pending.since);
        self.pending = Some(Pending { save, deeds: game.deeds(), since });
    }

    fn due(&self) -> Option<Duration> {
        self.pending.as_ref().map(|pending| SAVE_AFTER.saturating_sub(pending.since.elapsed()))
    }

    /// Writes what has waited long enough; says why if that was not possible.
    fn write_if_due(&mut self) -> Option<String> {
        if self.due()? > Duration::ZERO {
            return None;
        }
        self.write_now()
    }

    fn write_now(&mut self) -> Option<String> {
        let Pending { save, deeds, .. } = self.pending.take()?;
        let error = self.saves.write(&save).err();
        if let Some(deeds) = deeds {
            self.saves.keep_session(&transcript::text(&deeds));
        }
        error
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The terminal while it is ours.
struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    /// The part of it that is drawn on.
    area: Rect,
}

impl Screen {
    fn take() -> io::Result<Screen> {
        let (terminal, area) = take().and_then(|()| whole_terminal()).inspect_err(|_| restore())?;
        Ok(Screen { terminal, area })
    }

    /// Takes the terminal again after [`Screen::give_back`]: nothing of it is as it was left.
    fn take_again(&mut self) -> io::Result<()> {
        take()?;
        STRANGE.store(true, Ordering::SeqCst);
        Ok(())
    }

    /// Draws the next frame whole. (`Terminal::clear` would ask the terminal where its cursor is, and
    /// wait for an answer that not every terminal gives.)
    fn begin_anew(&mut self) -> io::Result<()> {
        let _turn = turn();
        if !TAKEN.load(Ordering::SeqCst) {
            return Ok(());
        }
        // Where there is no alternate screen, what others wrote stands there still.
        execute!(io::stdout(), Clear(ClearType::All))?;
        (self.terminal, self.area) = whole_terminal()?;
        Ok(())
    }

    /// Draws a frame, unless a signal has given the terminal back meanwhile: then it would stand on the
    /// screen of whoever has it now, and the next begins anew.
    fn draw(&mut self, draw: impl FnOnce(&mut ratatui::Frame<'_>)) -> io::Result<()> {
        let _turn = turn();
        if !TAKEN.load(Ordering::SeqCst) {
            return Ok(());
        }
        execute!(io::stdout(), BeginSynchronizedUpdate)?;
        let area = drawn_area()?;
        if area != self.area {
            self.terminal.resize(area)?;
            self.area = area;
        }
        self.terminal.draw(draw)?;
        execute!(io::stdout(), EndSynchronizedUpdate)
    }

    fn give_back(&mut self) {
        restore();
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

/// A terminal of which nothing is known yet, and the part of it that is drawn on.
fn whole_terminal() -> io::Result<(Terminal<CrosstermBackend<Stdout>>, Rect)> {
    let area = drawn_area()?;
    let options = TerminalOptions { viewport: Viewport::Fixed(area) };
    let terminal = Terminal::with_options(CrosstermBackend::new(io::stdout()), options)?;
    Ok((terminal, area))
}

/// As much of the terminal as is drawn on.
fn drawn_area() -> io::Result<Rect> {
    let (width, height) = crossterm::terminal::size()?;
    Ok(Rect::new(0, 0, width.min(LARGEST.width), height.min(LARGEST.height)))
}

/// Whose turn it is to write to the terminal: a frame is written whole, or not at all.
static TURN: Mutex<()> = Mutex::new(());

/// A terminal that takes no more output is not waited for longer.
const TURN_TAKES: Duration = Duration::from_millis(200);

/// Waits for its turn to write to the terminal; but not for ever, since who has it may wait for a
/// terminal that takes nothing, or may have panicked in the middle of it.
fn turn() -> Option<MutexGuard<'static, ()>> {
    let begun = Instant::now();
    loop {
        match TURN.try_lock() {
            Ok(turn) => return Some(turn),
            Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) if begun.elapsed() > TURN_TAKES => return None,
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(1)),
        }
    }
}

/// Makes the terminal ours.
fn take() -> io::Result<()> {
    #[cfg(unix)]
    input::take();
    guard::tell(true);
    enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    execute!(
        io::stdout(),
        EnterAlternateScreen,
        // Not every terminal has another screen, and what was typed before may stand on this one.
        Clear(ClearType::All),
        EnableMouseCapture,
        EnableBracketedPaste,
        cursor::Hide
    )
}

/// Gives the terminal back, once.
fn restore() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    // First what does not wait for a terminal that takes no more output.
    let _ = disable_raw_mode();
    #[cfg(unix)]
    input::give_back();
    let _turn = turn();
    let _ = execute!(
        io::stdout(),
        EndSynchronizedUpdate,
        DisableBracketedPaste,
        DisableMouseCapture,
        LeaveAlternateScreen,
        cursor::Show
    );
    let _ = io::stdout().flush();
    guard::tell(false);
}

/// A panic's message belongs on a terminal that can show it.
fn restore_on_panic() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        restore();
        usual(info);
    }));
}

/// How long a terminal may take to be given back when a signal ends the game.
#[cfg(unix)]
const LAST_WORDS: Duration = Duration::from_millis(500);

/// How long it may take when a signal stops the game. Nobody waits for that, and no guard gives the
/// terminal back for a game that is stopped.
#[cfg(unix)]
const BEFORE_A_STOP: Duration = Duration::from_secs(10);

/// `kill` and a closed window: write what is pending, give the terminal back, and end as the signal
/// says. `kill -TSTP` gives the terminal back until the game goes on.
#[cfg(unix)]
fn restore_on_signals(keeper: &Arc<Mutex<Keeper>>) {
    use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH};
    use signal_hook::low_level;
    let all = [SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGCONT];
    let Ok(mut signals) = signal_hook::iterator::Signals::new(all) else { return };
    let keeper = Arc::clone(keeper);
    std::thread::spawn(move || {
        let leave = || {
            let keeper = Arc::clone(&keeper);
            within(LAST_WORDS, move || {
                lock(&keeper).write_now();
                restore();
            });
        };
        let step_back = || {
            let keeper = Arc::clone(&keeper);
            within(BEFORE_A_STOP, move || {
                restore();
                lock(&keeper).write_now();
            });
        };
        let go_on = || {
            if take().is_ok() {
                STRANGE.store(true, Ordering::SeqCst);
                // Whoever waits for events looks up at a new size.
                let _ = low_level::raise(SIGWINCH);
            }
        };
        let mut stopped = false;
        loop {
            let mut came: Vec<i32> = signals.wait().collect();
            if came.contains(&SIGTSTP) {
                stopped = TAKEN.load(Ordering::SeqCst);
                step_back();
                came.extend(signals.pending());
            }
            if let Some(deadly) = came.iter().find(|signal| ![SIGTSTP, SIGCONT].contains(signal)) {
                leave();
                let _ = low_level::emulate_default_handler(*deadly);
                std::process::exit(128 + deadly);
            }
            // SIGCONT takes a stop back that has not begun yet, as with any program.
            if came.contains(&SIGTSTP) && !came.contains(&SIGCONT) {
                let _ = low_level::emulate_default_handler(SIGTSTP);
            } else if std::mem::take(&mut stopped) {
                go_on();
            }
        }
    });
}

/// Does something that may wait for others (a terminal that takes no output, a lock), and waits for
/// its end no longer than `limit`.
#[cfg(unix)]
fn within(limit: Duration, act: impl FnOnce() + Send + 'static) {
    let (done, ended) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        act();
        let _ = done.send(());
    });
    let _ = ended.recv_timeout(limit);
}
