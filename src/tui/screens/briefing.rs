//! Before a level: what is broken, in one page and one picture.

use std::collections::BTreeSet;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{column, page, scrolled};
use crate::game::scene::Spot;
use crate::game::{Game, Play};
use crate::tui::keys::Context;
use crate::tui::map::{self, Detail, Map};
use crate::tui::text::{line, put, reflow, wrap};
use crate::tui::theme::Theme;

/// Lines of text that are longer are hard to read.
const WIDEST_TEXT: u16 = 76;
/// Rows that a picture may have where it is scrolled.
const HIGHEST_PICTURE: u16 = 60;

static NOTHING_NEW: BTreeSet<Spot> = BTreeSet::new();
static NOTHING_SENT: BTreeSet<(Spot, String)> = BTreeSet::new();

/// How far the briefing can be scrolled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scroll {
    /// To the end.
    pub most: usize,
    /// Until the whole text was seen: the picture below it is no reading.
    pub read: usize,
}

/// Draws the briefing.
pub fn draw(game: &Game, theme: &Theme, area: Rect, buf: &mut Buffer) -> Scroll {
    let Some(play) = game.play() else { return Scroll::default() };
    let level = play.level();
    let inner = page(&level.heading(), &chapter(game), &[Context::Page], theme, area, buf);
    let text = column(inner, WIDEST_TEXT);
    let columns = usize::from(text.width);
    let mut lines: Vec<Line<'_>> = Vec::new();
    lines.extend(
        wrap(&reflow(&level.situation), columns).into_iter().map(|text| line(text, theme.text)),
    );
    if let Some(notice) = &play.notice {
        lines.push(Line::default());
        lines.extend(wrap(&notice.text, columns).into_iter().map(|text| line(text, theme.warn)));
    }
    let heading = match level.goals.len() {
        0 => None,
        1 => Some("Make this work"),
        _ => Some("Make these work"),
    };
    if let Some(heading) = heading {
        lines.push(Line::default());
        lines.push(line(heading, theme.title));
    }
    for goal in &level.goals {
        for (at, text) in wrap(&goal.say, columns.saturating_sub(2)).into_iter().enumerate() {
            let mark = if at == 0 { "○ " } else { "  " };
            lines.push(Line::from(vec![
                Span::styled(mark, theme.accent),
                Span::styled(text, theme.text),
            ]));
        }
    }
    let read = lines.len().saturating_sub(usize::from(text.height));
    let heading = "The cluster as it is";
    let top = text.y + lines.len() as u16 + 1;
    let room = inner.bottom().saturating_sub(top + 2);
    let wide = column(inner, map::wanted_width(&play.scene).max(WIDEST_TEXT));
    let picture = Rect { y: top + 1, height: room, ..wide };
    if map::detail(&picture_of(play), picture).is_some() {
        put(buf, text.x, top, heading, columns, theme.dim);
        map::draw(&picture_of(play), theme, picture, buf);
    } else {
        // Where it can't be shown whole below the text, it is scrolled with it.
        lines.extend([Line::default(), line(heading, theme.dim)]);
        lines.extend(drawn_apart(&picture_of(play), theme, text.width));
    }
    let most = scrolled(&lines, game.selected(), theme, text, buf);
    Scroll { most, read }
}

/// The map, as the cluster stands.
fn picture_of(play: &Play) -> Map<'_> {
    Map {
        scene: &play.scene,
        fresh: &NOTHING_NEW,
        picked: &Spot::Laptop,
        focused: false,
        system: false,
        packet: None,
        outside: play.level().outside(),
        ghosts: &[],
        pulses: &NOTHING_SENT,
    }
}

/// The map as lines of text, as high as it has to be for everything to be shown.
fn drawn_apart(map: &Map<'_>, theme: &Theme, width: u16) -> Vec<Line<'static>> {
    let area = |height| Rect::new(0, 0, width, height);
    let shows_each = |height: &u16| {
        map::detail(map, area(*height)).is_some_and(|detail| detail != Detail::Group)
    };
    let height = (1..HIGHEST_PICTURE).find(shows_each);
    let area = area(height.unwrap_or(HIGHEST_PICTURE));
    let mut apart = Buffer::empty(area);
    map::draw(map, theme, area, &mut apart);
    let row = |y| {
        let cells = (0..width).filter_map(|x| apart.cell((x, y)));
        let spans = cells.map(|cell| Span::styled(cell.symbol().to_owned(), cell.style()));
        Line::from(spans.collect::<Vec<_>>())
    };
    (0..area.height).map(row).collect()
}

fn chapter(game: &Game) -> String {
    let name = game.play().map(|play| play.level().chapter.clone()).unwrap_or_default();
    let chapter = game.pack().chapters.iter().find(|chapter| chapter.name == name);
    chapter.map(|chapter| chapter.title.clone()).unwrap_or_default()
}
