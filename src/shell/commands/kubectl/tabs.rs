//! Elastic tabstops: text whose cells end with tabs becomes columns, block by block.
//!
//! A column is as wide as the widest of its cells in neighbouring lines; a line without the cell
//! ends the block. The last cell of a line is not part of any column.

use unicode_width::UnicodeWidthStr;

/// How wide columns are.
struct Widths {
    /// The least width, gap included.
    least: usize,
    /// The spaces behind the widest cell of a column.
    gap: usize,
    /// The widest that each column was, where a later block is no narrower.
    remembered: Option<Vec<usize>>,
}

/// `text` with its tabs widened to columns.
pub(super) fn align(text: &str) -> String {
    with(text, Widths { least: 0, gap: 2, remembered: None })
}

/// The same with the columns of a table (cli-runtime, `GetNewTabWriter`): six wide at least, and
/// never narrower than they were before.
pub(super) fn align_as_table(text: &str) -> String {
    with(text, Widths { least: 6, gap: 3, remembered: Some(Vec::new()) })
}

fn with(text: &str, mut widths: Widths) -> String {
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split('\t').collect()).collect();
    let mut out = String::new();
    widths.block(&lines, &mut Vec::new(), &mut out);
    out
}

impl Widths {
    /// Writes lines whose first columns have these widths.
    fn block(&mut self, lines: &[Vec<&str>], widths: &mut Vec<usize>, out: &mut String) {
        let column = widths.len();
        let has_cell = |line: &Vec<&str>| column + 1 < line.len();
        let mut rest = lines;
        while let Some(first) = rest.first() {
            if !has_cell(first) {
                write(first, widths, out);
                rest = &rest[1..];
                continue;
            }
            let end = rest.iter().position(|line| !has_cell(line)).unwrap_or(rest.len());
            let (inner, after) = rest.split_at(end);
            let cells = inner.iter().map(|line| line[column].width() + self.gap);
            let width = cells.max().unwrap_or(0).max(self.least);
            widths.push(self.remember(column, width));
            self.block(inner, widths, out);
            widths.pop();
            rest = after;
        }
    }

    fn remember(&mut self, column: usize, width: usize) -> usize {
        let Some(known) = &mut self.remembered else { return width };
        if known.len() <= column {
            known.resize(column + 1, 0);
        }
        known[column] = known[column].max(width);
        known[column]
    }
}

fn write(cells: &[&str], widths: &[usize], out: &mut String) {
    for (index, cell) in cells.iter().enumerate() {
        out.push_str(cell);
        if let Some(width) = widths.get(index) {
            out.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.width())));
        }
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_without_a_cell_ends_the_block() {
        assert_eq!(
            align("Name:\tweb\nNamespace:\tx\nIPs:\n  IP:\t1\nBy:\t2\n"),
            "Name:       web\nNamespace:  x\nIPs:\n  IP:  1\nBy:    2\n"
        );
    }

    #[test]
    fn inner_columns_have_blocks_of_their_own() {
        assert_eq!(
            align("Port:\ta\t80\nTarget:\t81\nNodePort:\tlong\t82\n"),
            "Port:      a  80\nTarget:    81\nNodePort:  long  82\n"
        );
    }

    // cli-runtime, `printers.GetNewTabWriter`: kubectl get -o custom-columns, kubectl 1.36.3.
    #[test]
    fn a_table_remembers_how_wide_it_was() {
        assert_eq!(
            align_as_table("A\tB\nlonger\tone\ntwo\tx\ny\tz\n"),
            "A        B\nlonger   one\ntwo      x\ny        z\n"
        );
        assert_eq!(align_as_table("A\tB\none\ntwo\t\n"), "A     B\none\ntwo   \n");
    }

    #[test]
    fn an_empty_last_cell_leaves_the_padding() {
        assert_eq!(align("IP:\t\nIPs:\tx\n"), "IP:   \nIPs:  x\n");
    }
}
