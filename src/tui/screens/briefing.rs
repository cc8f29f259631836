//! Before a level: what is broken, in one page and one picture.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{column, page, scrolled};
use crate::game::{Game, Walk};
use crate::tui::keys::Context;
use crate::tui::map::{self, Map};
use crate::tui::text::{line, put, reflow, wrap};
use crate::tui::theme::Theme;

/// Below this height there is no room for the picture.
const WITH_PICTURE: u16 = 20;

/// Draws the briefing.
pub fn draw(game: &Game, theme: &Theme, area: Rect, buf: &mut Buffer) -> usize {
    let Some(play) = game.play() else { return 0 };
    let level = play.level();
    let inner = page(&level.heading(), &chapter(game), &[Context::Page], theme, area, buf);
    let text = column(inner, 76);
    let columns = usize::from(text.width);
    let mut lines: Vec<Line<'_>> = Vec::new();
    lines.extend(
        wrap(&reflow(&level.situation), columns).into_iter().map(|text| line(text, theme.text)),
    );
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
    let most = scrolled(&lines, game.selected(), theme, text, buf);
    let top = text.y + lines.len() as u16 + 1;
    let room = inner.bottom().saturating_sub(top + 1);
    if inner.height < WITH_PICTURE || room < 8 {
        return most;
    }
    let heading = "The cluster as it is";
    put(buf, text.x, top, heading, columns, theme.dim);
    let picture = Rect { y: top + 1, height: room - 1, ..text };
    let nowhere = crate::game::scene::Spot::Outside(String::new());
    let map = Map {
        scene: &play.scene,
        fresh: &std::collections::BTreeSet::new(),
        picked: &nowhere,
        focused: false,
        system: false,
        packet: None::<(&crate::game::story::Story, &Walk)>,
        outside: play.level().outside(),
        ghosts: &[],
        pulses: &std::collections::BTreeSet::new(),
    };
    map::draw(&map, theme, picture, buf);
    most
}

fn chapter(game: &Game) -> String {
    let name = game.play().map(|play| play.level().chapter.clone()).unwrap_or_default();
    let chapter = game.pack().chapters.iter().find(|chapter| chapter.name == name);
    chapter.map(|chapter| chapter.title.clone()).unwrap_or_default()
}
