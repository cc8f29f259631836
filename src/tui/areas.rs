//! How the level screen is divided, for every size of terminal.

use ratatui::layout::Rect;

use super::frame::Borders;
use crate::game::Panel;

/// Below this the game asks for more room.
pub const SMALLEST: (u16, u16) = (60, 16);
/// From this size on all four panels are shown.
const ALL: (u16, u16) = (100, 28);
/// From this width on two panels are shown side by side.
pub const TWO: u16 = 100;

/// How many panels are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Arrangement {
    /// One, with tabs for the others.
    #[default]
    One,
    /// Two side by side: text on the left, pictures on the right.
    Two,
    /// All four.
    All,
}

/// Where everything is. Panels' areas are without their borders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Areas {
    pub arrangement: Arrangement,
    pub outer: Rect,
    pub goals: Rect,
    /// The row on the border that the panels' titles stand on, one panel or two.
    pub titles: Rect,
    pub editor: Option<Rect>,
    pub terminal: Option<Rect>,
    pub map: Option<Rect>,
    pub packet: Option<Rect>,
    /// One row for the packet's step, below a panel of text that has the screen for itself.
    pub strip: Option<Rect>,
}

/// What decides about the division, beside the size.
#[derive(Clone, Copy, Debug)]
pub struct LayoutRequest {
    /// Rows of the goals' strip.
    pub goals: u16,
    /// The panel that has the keys.
    pub focus: Panel,
    /// The panels that were looked at last, left and right.
    pub last: (Panel, Panel),
    /// Whether one panel has the whole screen.
    pub zoom: bool,
    /// Whether there is a packet to show.
    pub packet: bool,
    /// Columns that the text on the left would like to have.
    pub text: u16,
}

impl Areas {
    /// Divides a screen.
    pub fn new(outer: Rect, request: LayoutRequest) -> Areas {
        let arrangement = match (outer.width, outer.height) {
            _ if request.zoom => Arrangement::One,
            (width, height) if width >= ALL.0 && height >= ALL.1 => Arrangement::All,
            (width, _) if width >= TWO => Arrangement::Two,
            _ => Arrangement::One,
        };
        let goals = Rect {
            x: outer.x + 1,
            y: outer.y + 1,
            width: outer.width.saturating_sub(2),
            height: request.goals.min(outer.height.saturating_sub(2)),
        };
        let titles = Rect { y: goals.bottom(), height: 1, ..outer };
        let mut areas = Areas { arrangement, outer, goals, titles, ..Areas::default() };
        let body = areas.body();
        let left_columns = request.text.min(percent(body.width, 70)).max(percent(body.width, 48));
        let left = Rect { width: left_columns, ..body };
        let right = Rect {
            x: body.x + left_columns + 1,
            width: body.width.saturating_sub(left_columns + 1),
            ..body
        };
        match arrangement {
            Arrangement::One => {
                let text = matches!(request.focus, Panel::Editor | Panel::Terminal);
                let body = if text && request.packet && body.height >= 8 {
                    areas.strip = Some(Rect { y: body.bottom() - 1, height: 1, ..body });
                    Rect { height: body.height - 2, ..body }
                } else {
                    body
                };
                *areas.slot(request.focus) = Some(body);
            }
            Arrangement::Two => {
                *areas.slot(request.last.0) = Some(left);
                *areas.slot(request.last.1) = Some(right);
            }
            Arrangement::All => {
                let (editor, terminal) = split(left, 57);
                let (map, packet) = split(right, 58);
                areas.editor = Some(editor);
                areas.terminal = Some(terminal);
                areas.map = Some(map);
                areas.packet = Some(packet);
            }
        }
        areas
    }

    /// What the panels have of the screen: all of it below their titles.
    pub fn body(&self) -> Rect {
        let (outer, y) = (self.outer, self.titles.y + 1);
        Rect {
            x: outer.x + 1,
            y,
            width: outer.width.saturating_sub(2),
            height: outer.bottom().saturating_sub(1).saturating_sub(y),
        }
    }

    /// Where a panel is, if it is shown.
    pub fn panel(&self, panel: Panel) -> Option<Rect> {
        match panel {
            Panel::Editor => self.editor,
            Panel::Terminal => self.terminal,
            Panel::Map => self.map,
            Panel::Packet => self.packet,
        }
    }

    /// The panel at a cell.
    pub fn at(&self, x: u16, y: u16) -> Option<(Panel, Rect)> {
        [Panel::Editor, Panel::Terminal, Panel::Map, Panel::Packet].into_iter().find_map(|panel| {
            let area = self.panel(panel)?;
            area.contains((x, y).into()).then_some((panel, area))
        })
    }

    /// The lines between the panels.
    pub fn borders(&self) -> Borders {
        let mut borders = Borders::new(self.outer);
        borders.rectangle(self.outer);
        if self.outer.width < 2 || self.outer.height < 2 {
            return borders;
        }
        let (left, right) = (self.outer.x, self.outer.right() - 1);
        let bottom = self.outer.bottom() - 1;
        borders.horizontal(self.titles.y, left, right);
        for (upper, lower) in [(self.editor, self.terminal), (self.map, self.packet)] {
            if let (Some(upper), Some(lower)) = (upper, lower) {
                borders.horizontal(lower.y - 1, upper.x - 1, upper.right());
            }
        }
        if let Some(strip) = self.strip {
            borders.horizontal(strip.y - 1, left, right);
        }
        let pictures = self.map.or(self.packet).filter(|_| self.arrangement != Arrangement::One);
        if let Some(area) = pictures {
            borders.vertical(area.x - 1, self.titles.y, bottom);
        }
        borders
    }

    fn slot(&mut self, panel: Panel) -> &mut Option<Rect> {
        match panel {
            Panel::Editor => &mut self.editor,
            Panel::Terminal => &mut self.terminal,
            Panel::Map => &mut self.map,
            Panel::Packet => &mut self.packet,
        }
    }
}

/// So many hundredths of a length, however long it is; at most 100.
pub(super) fn percent(length: u16, hundredths: u16) -> u16 {
    let part = u32::from(length) * u32::from(hundredths) / 100;
    u16::try_from(part).unwrap_or(length)
}

/// An area in two, one above the other, with a line between them.
fn split(area: Rect, above: u16) -> (Rect, Rect) {
    let upper = percent(area.height, above);
    let lower = area.height.saturating_sub(upper + 1);
    (Rect { height: upper, ..area }, Rect { y: area.y + upper + 1, height: lower, ..area })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn request(focus: Panel, zoom: bool) -> LayoutRequest {
        LayoutRequest {
            goals: 3,
            focus,
            last: (Panel::Editor, Panel::Map),
            zoom,
            packet: true,
            text: 0,
        }
    }

    #[test]
    fn a_screen_is_as_large_as_a_number_holds() {
        for (width, height) in [(u16::MAX, 40), (1_200, 1_200), (40, u16::MAX)] {
            let areas = Areas::new(Rect { x: 0, y: 0, width, height }, request(Panel::Map, false));
            assert!(areas.map.is_some_and(|map| map.right() <= width && map.bottom() <= height));
        }
    }

    #[test]
    fn all_panels_from_120_by_36_and_tabs_at_80_by_24() {
        let big = Areas::new(Rect::new(0, 0, 120, 36), request(Panel::Editor, false));
        assert!([big.editor, big.terminal, big.map, big.packet].iter().all(Option::is_some));
        let small = Areas::new(Rect::new(0, 0, 80, 24), request(Panel::Map, false));
        assert_eq!((small.editor, small.map.is_some()), (None, true));
    }

    proptest! {
        #[test]
        fn panels_stay_on_the_screen(width in 0u16..300, height in 0u16..120, zoom: bool) {
            let outer = Rect::new(0, 0, width, height);
            let areas = Areas::new(outer, request(Panel::Terminal, zoom));
            for panel in [areas.editor, areas.terminal, areas.map, areas.packet].into_iter().flatten() {
                prop_assert!(panel.right() <= width.max(2) && panel.bottom() <= height.max(3), "{panel:?}");
            }
        }
    }
}
