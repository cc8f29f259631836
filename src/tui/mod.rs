//! The screen: draws a [`Game`] into a ratatui buffer and turns keys into messages.
//!
//! A [`View`] holds what only a screen has: cursors, scroll positions, where things were drawn. All
//! else is the game's. Nothing in here does input or output: events come in as values, and `app`
//! owns the terminal.

mod areas;
mod editor;
mod frame;
mod input;
pub mod keys;
mod map;
mod panels;
#[cfg(test)]
mod sample;
mod screens;
mod text;
mod theme;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::diagnostic::is_printable;
use crate::game::{Game, Panel, Popup, Screen};
use areas::{Areas, LayoutRequest, SMALLEST};
use editor::Editor;
use panels::{goals, popup};
use screens::level::Drawn;
use theme::Theme;

pub use theme::Colours;

/// What a screen knows beside the game.
#[derive(Clone)]
pub struct View {
    colours: Colours,
    editor: Editor,
    /// The panels that were looked at last, of text and of pictures.
    last: (Panel, Panel),
    areas: Areas,
    drawn: Drawn,
    /// What a click chooses on screens that are lists.
    rows: Vec<(Rect, usize)>,
    /// How far the text on screen can be scrolled.
    most: Option<usize>,
    /// How far it has to be scrolled until nothing of what it says is left to read.
    read: usize,
    /// How far the popup is scrolled, and how far it can be.
    popup_top: usize,
    popup_most: Option<usize>,
    /// How many rows of the text, and of the popup, are seen at once: what a page is.
    page: usize,
    popup_page: usize,
    /// Where the mouse was pressed last, for double clicks on the map.
    clicked: Option<(u16, u16)>,
    /// Whether the terminal was too small to show anything.
    too_small: bool,
}

impl View {
    /// A view for a terminal that can show these colours.
    pub fn new(colours: Colours) -> View {
        View {
            colours,
            editor: Editor::default(),
            last: (Panel::Editor, Panel::Map),
            areas: Areas::default(),
            drawn: Drawn::default(),
            rows: Vec::new(),
            most: None,
            read: 0,
            popup_top: 0,
            popup_most: None,
            page: 1,
            popup_page: 1,
            clicked: None,
            too_small: false,
        }
    }

    /// Draws a game.
    pub fn draw(&mut self, game: &Game, frame: &mut Frame<'_>) {
        let area = frame.area();
        let cursor = self.render(game, area, frame.buffer_mut());
        if let Some(cursor) = cursor {
            frame.set_cursor_position(cursor);
        }
    }

    /// Draws a game into a buffer; says where the cursor is.
    pub fn render(&mut self, game: &Game, area: Rect, buf: &mut Buffer) -> Option<Position> {
        let cursor = self.render_screen(game, area, buf);
        // Whatever file or object a text is from: nothing in it commands the terminal.
        for cell in buf.content.iter_mut().filter(|cell| !is_printable(cell.symbol())) {
            cell.set_symbol("\u{fffd}");
        }
        cursor
    }

    fn render_screen(&mut self, game: &Game, area: Rect, buf: &mut Buffer) -> Option<Position> {
        let theme = Theme::new(game.settings(), self.colours);
        self.rows.clear();
        (self.most, self.read) = (None, 0);
        self.drawn = Drawn::default();
        self.too_small = area.width < SMALLEST.0 || area.height < SMALLEST.1;
        if self.too_small {
            more_room(game, &theme, area, buf);
            return None;
        }
        match game.screen() {
            Screen::Trail => self.rows = screens::trail::draw(game, &theme, area, buf),
            Screen::Briefing => {
                let scroll = screens::briefing::draw(game, &theme, area, buf);
                (self.most, self.read) = (Some(scroll.most), scroll.read);
            }
            Screen::Debrief => {
                self.most = Some(screens::debrief::draw(game, &theme, area, buf));
                self.read = self.most.unwrap_or_default();
            }
            Screen::Help => self.most = Some(screens::help::draw(game, &theme, area, buf)),
            Screen::Glossary => self.rows = screens::glossary::draw(game, &theme, area, buf),
            Screen::Settings => self.rows = screens::settings::draw(game, &theme, area, buf),
            Screen::Terms => self.rows = screens::terms::draw(game, &theme, area, buf),
            Screen::Statistics => {
                self.most = Some(screens::statistics::draw(game, &theme, area, buf));
            }
            Screen::Level => return self.render_level(game, &theme, area, buf),
        }
        // A frame, and an empty line inside it.
        self.page = match self.rows.len() {
            0 => usize::from(area.height.saturating_sub(4)),
            listed => listed,
        };
        let shown = popup::draw(game, &theme, area, area, buf);
        self.remember_popup(&shown);
        shown.cursor
    }

    fn render_level(
        &mut self,
        game: &Game,
        theme: &Theme,
        area: Rect,
        buf: &mut Buffer,
    ) -> Option<Position> {
        let play = game.play()?;
        self.editor.sync(play);
        match play.focus {
            Panel::Editor | Panel::Terminal => self.last.0 = play.focus,
            Panel::Map | Panel::Packet => self.last.1 = play.focus,
        }
        let request = LayoutRequest {
            goals: goals::height(play, theme, area),
            // Where one panel has the screen, the packet is watched while it walks.
            focus: match play.is_watching() && play.focus != Panel::Packet {
                true => Panel::Map,
                false => play.focus,
            },
            last: self.last,
            zoom: play.zoom,
            packet: play.current_story().is_some(),
            // A table that is wider than the terminal gets more room while it is looked at.
            text: match play.focus {
                Panel::Terminal => play.console.widest() as u16 + 2,
                _ => 0,
            },
        };
        self.areas = Areas::new(area, request);
        self.drawn = screens::level::draw(game, play, &mut self.editor, &self.areas, theme, buf);
        let shown = popup::draw(game, theme, area, self.areas.body(), buf);
        self.remember_popup(&shown);
        shown.cursor.or(self.drawn.cursor)
    }

    fn remember_popup(&mut self, shown: &popup::Shown) {
        (self.popup_top, self.popup_most) = (shown.top, shown.most);
        self.popup_page = shown.rows;
    }
}

/// What a terminal shows that is too small to play in.
fn more_room(game: &Game, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let mut lines = vec![
        "more room, please".to_owned(),
        format!("{}x{} of {}x{}", area.width, area.height, SMALLEST.0, SMALLEST.1),
    ];
    if game.popup() == Some(&Popup::Leave) {
        lines.push("^C again leaves".to_owned());
    }
    let top = area.y + area.height.saturating_sub(lines.len() as u16) / 2;
    for (row, line) in lines.iter().enumerate() {
        let x = area.x + area.width.saturating_sub(line.len() as u16) / 2;
        let style = if row == 0 { theme.title } else { theme.dim };
        text::put(buf, x, top + row as u16, line, usize::from(area.width), style);
    }
}
