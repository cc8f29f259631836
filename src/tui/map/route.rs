//! The packet's way on the map: through gutters and lanes, never across a box.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::layout::{Item, Layout, Placed};

/// A cell of the map.
type Cell = (u16, u16);

/// The cells of the way between two things, in order. The first lies beside `from`, the last beside
/// `to`.
pub fn path(layout: &Layout, from: &Placed, to: &Placed) -> Vec<Cell> {
    let (start, end) = (door(from), door(to));
    if start == end {
        return vec![start];
    }
    let mut corners = vec![start];
    let (from_x, to_x) = (gutter(start), gutter(end));
    corners.push((from_x, start.1));
    if from_x != to_x {
        let lane = lane(layout, from, to);
        corners.push((from_x, lane));
        corners.push((to_x, lane));
    }
    corners.push((to_x, end.1));
    corners.push(end);
    cells(&corners)
}

/// Draws a way as dashes, with an arrow at its end.
pub fn draw(path: &[Cell], style: Style, area: Rect, buf: &mut Buffer) {
    for (at, cell) in path.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| path[at]);
        let after = path.get(at + 1).copied();
        let glyph = match after {
            None => '▶',
            Some(_) => dash(before, *cell, after),
        };
        put(*cell, glyph, style, area, buf);
    }
}

/// Draws one sign on a way, `progress` (0 to 1) along it.
pub fn draw_token(
    path: &[Cell],
    progress: f32,
    sign: char,
    style: Style,
    area: Rect,
    buf: &mut Buffer,
) {
    let last = path.len().saturating_sub(1);
    let at = (progress.clamp(0.0, 1.0) * last as f32).round() as usize;
    if let Some(cell) = path.get(at) {
        put(*cell, sign, style, area, buf);
    }
}

/// The cell through which a way enters a thing: left of its middle.
pub fn door(placed: &Placed) -> Cell {
    let area = placed.area;
    let row = if area.height >= 3 { area.y + 1 } else { area.y };
    (area.x.saturating_sub(1), row)
}

fn gutter(door: Cell) -> u16 {
    door.0.saturating_sub(1)
}

/// Ways to and from Services and between pods run below, those of the laptop and the nodes above.
fn lane(layout: &Layout, from: &Placed, to: &Placed) -> u16 {
    let above =
        |placed: &Placed| matches!(placed.item, Item::Laptop | Item::Outside(_) | Item::Node(_));
    let service = |placed: &Placed| matches!(placed.item, Item::Service(_));
    if (above(from) || above(to)) && !service(from) && !service(to) {
        layout.upper_lane
    } else {
        layout.lower_lane
    }
}

/// The cells on straight lines between corners.
fn cells(corners: &[Cell]) -> Vec<Cell> {
    let mut path: Vec<Cell> = Vec::new();
    for pair in corners.windows(2) {
        let ((mut x, mut y), end) = (pair[0], pair[1]);
        loop {
            if path.last() != Some(&(x, y)) {
                path.push((x, y));
            }
            if (x, y) == end {
                break;
            }
            x = towards(x, end.0);
            y = if x == end.0 && path.last().is_some_and(|last| last.0 == x) {
                towards(y, end.1)
            } else {
                y
            };
        }
    }
    path
}

fn towards(from: u16, to: u16) -> u16 {
    match from.cmp(&to) {
        std::cmp::Ordering::Less => from + 1,
        std::cmp::Ordering::Equal => from,
        std::cmp::Ordering::Greater => from - 1,
    }
}

/// The piece of a dashed line that joins a cell with its neighbours.
fn dash(before: Option<Cell>, cell: Cell, after: Option<Cell>) -> char {
    let (mut up, mut down, mut left, mut right) = (false, false, false, false);
    for other in [before, after].into_iter().flatten() {
        up |= other.1 < cell.1;
        down |= other.1 > cell.1;
        left |= other.0 < cell.0;
        right |= other.0 > cell.0;
    }
    match (up, down, left, right) {
        (true, _, true, _) => '╯',
        (true, _, _, true) => '╰',
        (_, true, true, _) => '╮',
        (_, true, _, true) => '╭',
        (true, _, _, _) | (_, true, _, _) => '╎',
        _ => '╌',
    }
}

fn put((x, y): Cell, glyph: char, style: Style, area: Rect, buf: &mut Buffer) {
    if area.contains((x, y).into())
        && let Some(cell) = buf.cell_mut((x, y))
    {
        cell.set_char(glyph).set_style(style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_has_no_gaps_and_ends_where_it_should() {
        let corners = [(3, 1), (2, 1), (2, 5), (9, 5), (9, 2), (10, 2)];
        let path = cells(&corners);
        assert_eq!((path.first(), path.last()), (Some(&(3, 1)), Some(&(10, 2))));
        for pair in path.windows(2) {
            let distance = pair[0].0.abs_diff(pair[1].0) + pair[0].1.abs_diff(pair[1].1);
            assert_eq!(distance, 1, "{pair:?}");
        }
    }

    #[test]
    fn corners_are_round() {
        assert_eq!(dash(Some((1, 0)), (1, 1), Some((2, 1))), '╰');
        assert_eq!(dash(Some((0, 0)), (1, 0), Some((2, 0))), '╌');
    }
}
