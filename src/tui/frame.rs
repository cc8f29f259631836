//! Borders that join: panels side by side share one line, with the right corner pieces.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

const UP: u8 = 1;
const DOWN: u8 = 2;
const LEFT: u8 = 4;
const RIGHT: u8 = 8;

/// A drawing of lines, cell by cell: which ways a line leaves it.
pub struct Borders {
    area: Rect,
    cells: Vec<u8>,
}

impl Borders {
    /// No lines yet.
    pub fn new(area: Rect) -> Borders {
        Borders { area, cells: vec![0; usize::from(area.width) * usize::from(area.height)] }
    }

    /// A line along row `y`, from column `left` to column `right`.
    pub fn horizontal(&mut self, y: u16, left: u16, right: u16) {
        for x in left..=right {
            let mask = if x > left { LEFT } else { 0 } | if x < right { RIGHT } else { 0 };
            self.add(x, y, mask);
        }
    }

    /// A line along column `x`, from row `top` to row `bottom`.
    pub fn vertical(&mut self, x: u16, top: u16, bottom: u16) {
        for y in top..=bottom {
            let mask = if y > top { UP } else { 0 } | if y < bottom { DOWN } else { 0 };
            self.add(x, y, mask);
        }
    }

    /// The border of a rectangle.
    pub fn rectangle(&mut self, area: Rect) {
        if area.width < 2 || area.height < 2 {
            return;
        }
        let (right, bottom) = (area.right() - 1, area.bottom() - 1);
        self.horizontal(area.y, area.x, right);
        self.horizontal(bottom, area.x, right);
        self.vertical(area.x, area.y, bottom);
        self.vertical(right, area.y, bottom);
    }

    /// Draws the lines.
    pub fn paint(&self, buf: &mut Buffer, style: Style) {
        for y in self.area.y..self.area.bottom() {
            for x in self.area.x..self.area.right() {
                let mask = self.at(x, y).copied().unwrap_or(0);
                if mask != 0
                    && let Some(cell) = buf.cell_mut((x, y))
                {
                    cell.set_char(glyph(mask)).set_style(style);
                }
            }
        }
    }

    fn add(&mut self, x: u16, y: u16, mask: u8) {
        if let Some(at) = self.index(x, y) {
            self.cells[at] |= mask;
        }
    }

    fn at(&self, x: u16, y: u16) -> Option<&u8> {
        self.cells.get(self.index(x, y)?)
    }

    fn index(&self, x: u16, y: u16) -> Option<usize> {
        let inside = self.area.contains((x, y).into());
        inside.then(|| {
            usize::from(y - self.area.y) * usize::from(self.area.width)
                + usize::from(x - self.area.x)
        })
    }
}

/// Colours the border around `inner`, the panel that has the keys.
pub fn highlight(buf: &mut Buffer, inner: Rect, style: Style) {
    let left = inner.x.saturating_sub(1);
    let top = inner.y.saturating_sub(1);
    let outer = Rect::new(left, top, inner.width + 2, inner.height + 2).intersection(buf.area);
    for y in outer.y..outer.bottom() {
        for x in outer.x..outer.right() {
            let edge =
                y == outer.y || y + 1 == outer.bottom() || x == outer.x || x + 1 == outer.right();
            if !edge || inner.contains((x, y).into()) {
                continue;
            }
            if let Some(cell) = buf.cell_mut((x, y))
                && cell.symbol().chars().all(is_line)
            {
                cell.set_style(style);
            }
        }
    }
}

fn is_line(c: char) -> bool {
    ('\u{2500}'..='\u{257f}').contains(&c)
}

fn glyph(mask: u8) -> char {
    match mask {
        m if m == LEFT | RIGHT || m == LEFT || m == RIGHT => '─',
        m if m == UP | DOWN || m == UP || m == DOWN => '│',
        m if m == DOWN | RIGHT => '╭',
        m if m == DOWN | LEFT => '╮',
        m if m == UP | RIGHT => '╰',
        m if m == UP | LEFT => '╯',
        m if m == UP | DOWN | RIGHT => '├',
        m if m == UP | DOWN | LEFT => '┤',
        m if m == LEFT | RIGHT | DOWN => '┬',
        m if m == LEFT | RIGHT | UP => '┴',
        _ => '┼',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_meet_are_joined() {
        let area = Rect::new(0, 0, 5, 3);
        let mut borders = Borders::new(area);
        borders.rectangle(area);
        borders.vertical(2, 0, 2);
        let mut buf = Buffer::empty(area);
        borders.paint(&mut buf, Style::new());
        let rows: Vec<String> =
            (0..3).map(|y| (0..5).map(|x| buf[(x, y)].symbol().to_owned()).collect()).collect();
        assert_eq!(rows, ["╭─┬─╮", "│ │ │", "╰─┴─╯"]);
    }

    #[test]
    fn lines_outside_are_left_out() {
        let mut borders = Borders::new(Rect::new(0, 0, 2, 2));
        borders.horizontal(7, 0, 9);
        borders.rectangle(Rect::new(0, 0, 1, 1));
    }
}
