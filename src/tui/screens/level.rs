//! The level screen: goals on top, then editor, terminal, cluster and packet.
//!
//! ```text
//! ╭ 4  One address for many pods ─────────────────────────── seed 7 · 00:42 ▶ ╮
//! │ ○ the frontend gets "It works!" from http://backend                  0/10 │
//! ├▸backend.yaml ─ frontend.yaml (locked) ─┬─ cluster ────────────────────────┤
//! │ …                                      │ …                                │
//! ├─ terminal ─────────────────────────────┼─ packet ─────────────────────────┤
//! │ $ ▌                                    │ …                                │
//! ╰ ^S apply  ^G send  ^O next panel ──────┴──────────────────────────────────╯
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::game::scene::Ghost;
use crate::game::{Game, Panel, Play};
use crate::tui::areas::{Areas, Arrangement};
use crate::tui::editor::{self, Editor};
use crate::tui::frame::highlight;
use crate::tui::keys::Context;
use crate::tui::map::{self, Layout, Map};
use crate::tui::panels::packet::{self, Packet};
use crate::tui::panels::tabs::{self, Tab};
use crate::tui::panels::{coach, footer, goals, header, terminal};
use crate::tui::theme::Theme;

/// What stands where, for the mouse and the cursor.
#[derive(Clone, Default)]
pub struct Drawn {
    /// The files' tabs.
    pub files: Vec<Tab>,
    /// The panels' tabs, where one panel stands for several.
    pub panels: Vec<(Panel, Rect)>,
    /// The map.
    pub map: Option<Layout>,
    /// The cursor, if a panel has one.
    pub cursor: Option<Position>,
    /// The editor's text, without its tabs.
    pub editor: Option<Rect>,
}

const PANELS: [(Panel, &str); 4] = [
    (Panel::Editor, "editor"),
    (Panel::Terminal, "terminal"),
    (Panel::Map, "cluster"),
    (Panel::Packet, "packet"),
];

/// Draws the level.
pub fn draw(
    game: &Game,
    play: &Play,
    editor: &mut Editor,
    areas: &Areas,
    theme: &Theme,
    buf: &mut Buffer,
) -> Drawn {
    let mut drawn = Drawn::default();
    areas.borders().paint(buf, theme.border);
    if let (Some(area), false) = (areas.panel(play.focus), play.menu) {
        highlight(buf, area, theme.focus);
    }
    header::draw(play, theme, areas.outer, buf);
    goals::draw(play, theme, areas.outer, areas.goals, buf);
    draw_titles(play, areas, theme, &mut drawn, buf);
    let typing = !play.menu && game.popup().is_none();
    if let Some(area) = areas.editor {
        let area = editor_tabs(play, areas, theme, area, &mut drawn, buf);
        let focused = typing && play.focus == Panel::Editor;
        drawn.cursor = drawn.cursor.or(editor::draw(editor, play, theme, focused, area, buf));
        drawn.editor = Some(area);
    }
    if let Some(area) = areas.terminal {
        let focused = typing && play.focus == Panel::Terminal;
        drawn.cursor = drawn.cursor.or(terminal::draw(play, theme, focused, area, buf));
    }
    if let Some(area) = areas.map {
        let ghosts: Vec<Ghost> = play.ghosts.iter().map(|(ghost, _)| ghost.clone()).collect();
        drawn.map = Some(map::draw(&map_of(play, &ghosts), theme, area, buf));
    }
    if let Some(area) = areas.packet {
        packet::draw(&packet_of(play), theme, area, buf);
    }
    if let Some(area) = areas.strip {
        packet::draw_strip(&packet_of(play), theme, area, buf);
    }
    if let Some((at, of, mark)) = play.coach().filter(|_| game.popup().is_none()) {
        // It speaks of the file, the packet and the map, so it stands on the terminal; else beside
        // the file's first lines, which are short.
        let body = areas.body();
        let typed_row = drawn.cursor.filter(|_| play.focus == Panel::Terminal).map(|at| at.y);
        let area = match (areas.arrangement, typed_row) {
            (Arrangement::All, _) | (_, Some(_)) => areas.terminal.unwrap_or(body),
            _ => body,
        };
        coach::draw((at, of), mark, typed_row, theme, area, buf);
    }
    // A box says itself which keys it takes.
    if game.settings().key_hints && game.popup().is_none() {
        footer::draw(&contexts(play), theme, areas.outer, buf);
    }
    drawn
}

/// The contexts that a key is looked up in, and whose keys stand on the bottom line.
pub fn contexts(play: &Play) -> Vec<Context> {
    match (play.menu, play.focus) {
        (true, _) => vec![Context::Menu, Context::Everywhere],
        (false, Panel::Editor) => vec![Context::Everywhere, Context::Editor],
        (false, Panel::Terminal) => vec![Context::Everywhere, Context::Terminal],
        (false, Panel::Map) => vec![Context::Map, Context::Everywhere, Context::Menu],
        (false, Panel::Packet) => vec![Context::Packet, Context::Everywhere, Context::Menu],
    }
}

fn map_of<'a>(play: &'a Play, ghosts: &'a [Ghost]) -> Map<'a> {
    Map {
        scene: &play.scene,
        fresh: &play.fresh,
        picked: &play.picked,
        focused: play.focus == Panel::Map && !play.menu,
        system: play.system,
        packet: play.current_story().map(|story| (story, &play.walk)),
        outside: play.level().outside(),
        ghosts,
        pulses: &play.pulses,
    }
}

fn packet_of(play: &Play) -> Packet<'_> {
    Packet {
        story: play.current_story(),
        number: (play.story, play.stories.len()),
        now: play.clock(),
        facts: play.current_story().is_some_and(|story| play.shows_facts(story)),
        walk: &play.walk,
        empty: match play.sends {
            _ if play.goals().is_empty() => {
                "Nothing was sent yet.\n\nA curl in the terminal shows its way here."
            }
            0 => {
                "Nothing was sent yet.\n\nCtrl-G sends the goal's request; a curl in the terminal shows its way here too."
            }
            _ => "No packet was sent. F3 says why.",
        },
    }
}

/// The panels' titles on their borders; as tabs where one panel stands for several.
fn draw_titles(play: &Play, areas: &Areas, theme: &Theme, drawn: &mut Drawn, buf: &mut Buffer) {
    let focus = (!play.menu).then_some(play.focus);
    match areas.arrangement {
        Arrangement::One => {
            panel_tabs(&PANELS, play, areas, areas.titles, theme, drawn, buf);
        }
        Arrangement::Two => {
            let left = areas.editor.or(areas.terminal).unwrap_or_default();
            let right = areas.map.or(areas.packet).unwrap_or_default();
            panel_tabs(&PANELS[..2], play, areas, above(left), theme, drawn, buf);
            panel_tabs(&PANELS[2..], play, areas, above(right), theme, drawn, buf);
        }
        Arrangement::All => {
            for (panel, name) in &PANELS[1..] {
                if let Some(area) = areas.panel(*panel) {
                    let title = std::iter::once((0, title(play, *panel, name), true));
                    tabs::draw(title, focus == Some(*panel), theme, above(area), buf);
                    drawn.panels.push((*panel, above(area)));
                }
            }
        }
    }
}

fn panel_tabs(
    panels: &[(Panel, &str)],
    play: &Play,
    areas: &Areas,
    row: Rect,
    theme: &Theme,
    drawn: &mut Drawn,
    buf: &mut Buffer,
) {
    let shown = |panel: Panel| areas.panel(panel).is_some();
    let titles = panels
        .iter()
        .enumerate()
        .map(|(at, (panel, name))| (at, title(play, *panel, name), shown(*panel)));
    let focused = panels.iter().any(|(panel, _)| !play.menu && play.focus == *panel);
    for tab in tabs::draw(titles, focused, theme, row, buf) {
        drawn.panels.push((panels[tab.index].0, tab.area));
    }
}

/// A panel's title with its news.
fn title(play: &Play, panel: Panel, name: &str) -> String {
    let news = match panel {
        Panel::Terminal if play.attempt().session().is_running() => " »",
        Panel::Packet => match play.current_story() {
            Some(story) if story.arrived => " ●",
            Some(_) => " ✗",
            None => "",
        },
        Panel::Map if play.system => " + system",
        _ => "",
    };
    format!("{name}{news}")
}

/// The files' tabs: on the border where the editor has one of its own, else in its first row.
fn editor_tabs(
    play: &Play,
    areas: &Areas,
    theme: &Theme,
    area: Rect,
    drawn: &mut Drawn,
    buf: &mut Buffer,
) -> Rect {
    let focused = play.focus == Panel::Editor && !play.menu;
    let titles = editor::tabs(&play.files, play.open);
    if areas.arrangement == Arrangement::All {
        drawn.files = tabs::draw(titles, focused, theme, above(area), buf);
        return area;
    }
    if area.height < 3 {
        return area;
    }
    drawn.files = tabs::draw(titles, focused, theme, Rect { height: 1, ..area }, buf);
    Rect { y: area.y + 1, height: area.height - 1, ..area }
}

/// The border above an area.
fn above(area: Rect) -> Rect {
    Rect { y: area.y.saturating_sub(1), height: 1, ..area }
}
