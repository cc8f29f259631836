//! Every key, from the table that carries them out.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{column, page, scrolled};
use crate::game::Game;
use crate::tui::keys::{self, Context};
use crate::tui::text::{line, wrap};
use crate::tui::theme::Theme;

const SECTIONS: [(&str, Context); 7] = [
    ("Everywhere in a level", Context::Everywhere),
    ("After Esc, and on the map and the packet: one letter, one action", Context::Menu),
    ("In the editor", Context::Editor),
    ("In the terminal", Context::Terminal),
    ("On the map", Context::Map),
    ("On the packet's way", Context::Packet),
    ("On the trail", Context::Trail),
];

const SIGNS: [(&str, &str); 8] = [
    ("●", "running and ready; on the packet's way: it arrived"),
    ("◌", "on its way up or down"),
    ("○", "not yet, or ended well"),
    ("✓", "passed; on the packet's way: it goes on"),
    ("✗", "failed; on the packet's way: refused at once"),
    ("…", "nobody answers: the sender waits"),
    ("⊘", "no route"),
    ("*", "changed a moment ago"),
];

/// Draws the help.
pub fn draw(game: &Game, theme: &Theme, area: Rect, buf: &mut Buffer) -> usize {
    let inner = page("Help", "", &[Context::Text], theme, area, buf);
    let text = column(inner, 88);
    let columns = usize::from(text.width);
    let mut lines = Vec::new();
    let intro = "A level is a broken conversation in a small cluster. Change the manifests or type \
                 commands until the goals' requests arrive; every request shows its way, hop by hop. \
                 Nothing can break: undo, reset and rewind are one key away, and everything is saved.";
    lines.extend(wrap(intro, columns).into_iter().map(|text| line(text, theme.text)));
    for (title, context) in SECTIONS {
        section(&mut lines, title, theme);
        for (key, does) in keys::help(context) {
            row(&mut lines, key, does, columns, theme);
        }
    }
    section(&mut lines, "Signs", theme);
    for (sign, meaning) in SIGNS {
        row(&mut lines, sign, meaning, columns, theme);
    }
    section(&mut lines, "With the mouse", theme);
    for (what, does) in [
        ("click", "focus a panel, put the cursor, open a file, choose a step"),
        ("wheel", "scroll"),
        ("click twice", "describe what is on the map"),
    ] {
        row(&mut lines, what, does, columns, theme);
    }
    scrolled(&lines, game.selected(), theme, text, buf)
}

fn section(lines: &mut Vec<Line<'static>>, title: &str, theme: &Theme) {
    lines.push(Line::default());
    lines.push(line(title.to_owned(), theme.title));
}

fn row(lines: &mut Vec<Line<'static>>, key: &str, does: &str, columns: usize, theme: &Theme) {
    for (at, text) in wrap(does, columns.saturating_sub(14)).into_iter().enumerate() {
        let key = if at == 0 { key } else { "" };
        lines.push(Line::from(vec![
            Span::styled(format!("  {key:<12}"), theme.accent),
            Span::styled(text, theme.text),
        ]));
    }
}
