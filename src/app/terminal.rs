//! The game in a terminal: events in, frames out, and the terminal given back whatever happens.

use std::io::{self, IsTerminal, Stdout, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crossterm::event::{
    self, DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
    Event,
};
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, execute};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

use super::outside;
use super::saves::Saves;
use crate::game::{Effect, Game, LevelMsg, Msg, Save, update};
use crate::tui::{Colours, View};

/// Typing is saved this long after it stops; everything else at once.
const SAVE_AFTER: Duration = Duration::from_millis(400);
/// At most so many events are carried out between two frames.
const BURST: usize = 256;
/// With nothing to wait for, this is for ever.
const FOR_EVER: Duration = Duration::from_secs(24 * 3600);

/// Whether the terminal is ours at the moment.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Plays until the player leaves.
///
/// # Errors
/// Why there is no terminal to play in, with what to do instead.
pub fn play(game: Game, saves: Saves) -> Result<(), String> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err("podhop plays in a terminal, and this is none.\n\
                    podhop play --plain plays in lines of text; podhop check solves a level without a screen."
            .to_owned());
    }
    let keeper = Arc::new(Mutex::new(Keeper { saves, pending: None }));
    restore_on_panic();
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
fn run(mut game: Game, keeper: &Mutex<Keeper>, screen: &mut Screen) -> io::Result<()> {
    let mut view = View::new(colours());
    let mut last = Instant::now();
    loop {
        if game.take_dirty() {
            screen.draw(|frame| view.draw(&game, frame))?;
        }
        let due = lock(keeper).due();
        let wait = [game.next_tick(), due].into_iter().flatten().min().unwrap_or(FOR_EVER);
        let ready = event::poll(wait)?;
        let mut effects = update(&mut game, Msg::Tick(last.elapsed()));
        last = Instant::now();
        if ready {
            effects.extend(events(&mut game, &mut view)?);
        }
        for effect in effects {
            match effect {
                Effect::Quit => return Ok(()),
                Effect::Save => lock(keeper).keep(&game),
                Effect::EditOutside { file, text } => {
                    edit_outside(&mut game, keeper, screen, &file, &text)?;
                }
                Effect::FindText(_) => {}
            }
        }
        if let Some(error) = lock(keeper).write_if_due() {
            update(&mut game, Msg::Warn(error));
        }
    }
}

/// Carries out the events that are there, up to a burst.
fn events(game: &mut Game, view: &mut View) -> io::Result<Vec<Effect>> {
    let mut effects = Vec::new();
    for _ in 0..BURST {
        let event = event::read()?;
        if let Event::Resize(..) = event {
            update(game, Msg::Redraw);
        }
        effects.extend(view.handle(game, &event));
        if effects.contains(&Effect::Quit) || !event::poll(Duration::ZERO)? {
            break;
        }
    }
    Ok(effects)
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
    *screen = Screen::take()?;
    let msg = match edited {
        Ok(text) => Msg::Level(LevelMsg::Edit { file: file.to_owned(), text }),
        Err(error) => Msg::Say(error),
    };
    if update(game, msg).contains(&Effect::Save) {
        lock(keeper).keep(game);
    }
    update(game, Msg::Redraw);
    Ok(())
}

/// Progress that is on its way to the disk.
struct Keeper {
    saves: Saves,
    pending: Option<Pending>,
}

struct Pending {
    save: Save,
    touched: Vec<String>,
    since: Instant,
}

impl Keeper {
    fn keep(&mut self, game: &Game) {
        let save = game.save().clone();
        let touched = save.levels.keys().filter(|name| game.has_touched(name)).cloned().collect();
        let since = self.pending.as_ref().map_or_else(Instant::now, |pending| pending.since);
        self.pending = Some(Pending { save, touched, since });
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
        let Pending { save, touched, .. } = self.pending.take()?;
        self.saves.write(&save, |name| touched.iter().any(|touched| touched == name)).err()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The terminal while it is ours.
struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
}

impl Screen {
    fn take() -> io::Result<Screen> {
        enable_raw_mode()?;
        TAKEN.store(true, Ordering::SeqCst);
        let taken = execute!(
            io::stdout(),
            EnterAlternateScreen,
            EnableMouseCapture,
            EnableBracketedPaste,
            cursor::Hide
        );
        let terminal = taken.and_then(|()| Terminal::new(CrosstermBackend::new(io::stdout())));
        match terminal {
            Ok(terminal) => Ok(Screen { terminal }),
            Err(error) => {
                restore();
                Err(error)
            }
        }
    }

    fn draw(&mut self, draw: impl FnOnce(&mut ratatui::Frame<'_>)) -> io::Result<()> {
        execute!(io::stdout(), BeginSynchronizedUpdate)?;
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

/// Gives the terminal back, once.
fn restore() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let _ = execute!(
        io::stdout(),
        EndSynchronizedUpdate,
        DisableBracketedPaste,
        DisableMouseCapture,
        LeaveAlternateScreen,
        cursor::Show
    );
    let _ = disable_raw_mode();
    let _ = io::stdout().flush();
}

/// A panic's message belongs on a terminal that can show it.
fn restore_on_panic() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        restore();
        usual(info);
    }));
}

/// `kill` and a closed window: write what is pending, give the terminal back, and end as the signal
/// says.
#[cfg(unix)]
fn restore_on_signals(keeper: &Arc<Mutex<Keeper>>) {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let Ok(mut signals) = signal_hook::iterator::Signals::new([SIGTERM, SIGHUP, SIGINT]) else {
        return;
    };
    let keeper = Arc::clone(keeper);
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            lock(&keeper).write_now();
            restore();
            let _ = signal_hook::low_level::emulate_default_handler(signal);
            std::process::exit(128 + signal);
        }
    });
}
