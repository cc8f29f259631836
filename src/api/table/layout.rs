//! How a table's cells become aligned lines.

use unicode_width::UnicodeWidthStr;

use super::Table;

/// The least width of a column, its gap included.
const LEAST_WIDTH: usize = 6;
/// The spaces between a cell and the next column.
const GAP: usize = 3;

/// The widths of columns, remembered from table to table, so that the lines of a watch stay
/// aligned with the ones before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    widths: Vec<usize>,
}

impl Layout {
    /// The table as lines, each ended by a newline. The last column is not padded.
    pub fn print(&mut self, table: &Table, headers: bool) -> String {
        let header: Vec<String> = table.columns.iter().map(|column| column.name.clone()).collect();
        let rows: Vec<Vec<String>> =
            table.rows.iter().map(|row| row.iter().map(|cell| one_line(cell)).collect()).collect();
        let lines = headers.then_some(&header).into_iter().chain(&rows);
        for line in lines.clone() {
            self.widen(line);
        }
        lines.map(|line| self.line(line)).collect()
    }

    fn widen(&mut self, cells: &[String]) {
        if self.widths.len() < cells.len() {
            self.widths.resize(cells.len(), LEAST_WIDTH);
        }
        let padded = cells.len().saturating_sub(1);
        for (width, cell) in self.widths.iter_mut().zip(cells).take(padded) {
            *width = (*width).max(cell.width() + GAP);
        }
    }

    fn line(&self, cells: &[String]) -> String {
        let mut line = String::new();
        for (index, cell) in cells.iter().enumerate() {
            line += cell;
            if index + 1 < cells.len() {
                let pad = self.widths[index].saturating_sub(cell.width());
                line.extend(std::iter::repeat_n(' ', pad));
            }
        }
        line.push('\n');
        line
    }
}

/// A cell's first line, with an ellipsis when there are more, and harmless to a terminal.
fn one_line(cell: &str) -> String {
    match cell.find(['\n', '\r', '\u{c}']) {
        Some(end) => format!("{}...", crate::diagnostic::printable(&cell[..end])),
        None => crate::diagnostic::printable(cell),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::table::Column;

    fn table(names: [&str; 2], row: [&str; 2]) -> Table {
        Table {
            columns: names.map(|name| Column { name: name.to_owned(), wide: false }).to_vec(),
            rows: vec![row.map(str::to_owned).to_vec()],
        }
    }

    #[test]
    fn a_column_is_at_least_six_wide() {
        let text = Layout::default().print(&table(["IP", "X"], ["", "y"]), true);
        assert_eq!(text, "IP    X\n      y\n");
    }

    #[test]
    fn a_layout_remembers_its_widths() {
        let mut layout = Layout::default();
        layout.print(&table(["NAME", "X"], ["a-long-name", "y"]), true);
        let line = layout.print(&table(["NAME", "X"], ["b", "z"]), false);
        assert_eq!(line, "b             z\n");
    }

    #[test]
    fn a_cell_never_breaks_its_line() {
        let text = Layout::default().print(&table(["A", "B"], ["x", "one\ntwo\u{1b}"]), false);
        assert_eq!(text, "x     one...\n");
    }
}
