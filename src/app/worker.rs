//! The game's work beside the terminal, so that Ctrl-C is heard whatever the work is.
//!
//! Commands run in slices between two frames, but a slice can be long: a pattern over megabytes of
//! text, or a thousand pods that start. So each tick and each key is carried out by another thread,
//! on the game itself, while a copy of it waits here. When Ctrl-C comes first, the copy goes on:
//! nothing of what was given up has happened. The other thread ends by itself, as every command does
//! that has used up its budget.

use std::collections::VecDeque;
use std::io;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};

use crate::game::{Effect, Game, Msg, update};
use crate::tui::View;

/// How often it is looked for Ctrl-C while something is carried out.
const LOOK: Duration = Duration::from_millis(20);
/// A tick that takes longer is followed by smaller ones.
const LONG: Duration = Duration::from_millis(60);
/// A tick that takes so long may be followed by larger ones.
const SHORT: Duration = Duration::from_millis(15);
/// Keys that are pressed meanwhile, at most; what comes then waits in the terminal.
const AHEAD: usize = 4_096;
/// The stack of the thread, as large as a main thread's.
const STACK: usize = 8 << 20;

/// A game and what a screen knows of it.
#[derive(Clone)]
pub struct Stage {
    pub game: Game,
    pub view: View,
}

/// Something to be carried out.
#[derive(Clone, Debug)]
pub enum Job {
    /// Real time has passed.
    Tick(Duration),
    /// The player did something.
    Event(Event),
}

impl Stage {
    fn carry_out(&mut self, job: &Job) -> Vec<Effect> {
        match job {
            Job::Tick(real) => update(&mut self.game, Msg::Tick(*real)),
            Job::Event(event) => {
                let mut effects = Vec::new();
                if let Event::Resize(..) = event {
                    effects.extend(update(&mut self.game, Msg::Redraw));
                }
                effects.extend(self.view.handle(&mut self.game, event));
                effects
            }
        }
    }
}

type Work = (Box<Stage>, Job);
type Outcome = (Box<Stage>, Vec<Effect>);

/// A thread that carries things out, one after the other.
pub struct Worker {
    jobs: Sender<Work>,
    done: Receiver<Outcome>,
    /// What was pressed while something was carried out, and waits for its turn.
    ahead: VecDeque<Event>,
}

impl Worker {
    /// A thread with nothing to do.
    ///
    /// # Errors
    /// When the system has no room for one more.
    pub fn start() -> io::Result<Worker> {
        let (jobs, work) = mpsc::channel::<Work>();
        let (finished, done) = mpsc::channel();
        thread::Builder::new().name("game".to_owned()).stack_size(STACK).spawn(move || {
            for (mut stage, job) in work {
                let effects = stage.carry_out(&job);
                if finished.send((stage, effects)).is_err() {
                    break;
                }
            }
        })?;
        Ok(Worker { jobs, done, ahead: VecDeque::new() })
    }

    /// Carries out a job, or gives it up because Ctrl-C was pressed.
    ///
    /// # Errors
    /// When the terminal fails, or the thread has panicked.
    pub fn carry_out(&mut self, stage: &mut Box<Stage>, job: Job) -> io::Result<Vec<Effect>> {
        let begun = Instant::now();
        let ticks = matches!(job, Job::Tick(_));
        let copy = stage.clone();
        let taken = std::mem::replace(stage, copy);
        self.jobs.send((taken, job)).map_err(|_| broken())?;
        loop {
            match self.done.recv_timeout(LOOK) {
                Ok((finished, effects)) => {
                    *stage = finished;
                    if ticks {
                        stage.game.keep_pace(begun.elapsed() > LONG, begun.elapsed() < SHORT);
                    }
                    return Ok(effects);
                }
                Err(RecvTimeoutError::Disconnected) => return Err(broken()),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if self.hears_ctrl_c()? {
                let ahead = std::mem::take(&mut self.ahead);
                *self = Worker { ahead, ..Worker::start()? };
                stage.game.keep_pace(true, false);
                return Ok(update(&mut stage.game, Msg::GiveUp));
            }
        }
    }

    /// Whether something waits for its turn.
    pub fn has_ahead(&self) -> bool {
        !self.ahead.is_empty()
    }

    /// The next thing that the player did, if there is any.
    ///
    /// # Errors
    /// When the terminal fails.
    pub fn next_event(&mut self) -> io::Result<Option<Event>> {
        match self.ahead.pop_front() {
            Some(event) => Ok(Some(event)),
            None if event::poll(Duration::ZERO)? => event::read().map(Some),
            None => Ok(None),
        }
    }

    /// Looks at what was pressed meanwhile. What was pressed before Ctrl-C was meant for what is
    /// given up, and is forgotten with it.
    fn hears_ctrl_c(&mut self) -> io::Result<bool> {
        while self.ahead.len() < AHEAD && event::poll(Duration::ZERO)? {
            let event = event::read()?;
            if is_ctrl_c(&event) {
                self.ahead.clear();
                return Ok(true);
            }
            self.ahead.push_back(event);
        }
        Ok(false)
    }
}

fn is_ctrl_c(event: &Event) -> bool {
    let Event::Key(key) = event else { return false };
    key.kind != KeyEventKind::Release
        && key.code == KeyCode::Char('c')
        && key.modifiers.contains(KeyModifiers::CONTROL)
}

fn broken() -> io::Error {
    io::Error::other("the game has stopped")
}
