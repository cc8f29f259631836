//! Tables as minikube draws them.

use crate::shell::Io;

/// A table as minikube draws it.
pub(super) fn table(io: &mut Io<'_>, rows: &[Vec<String>]) {
    let columns = rows.first().map_or(0, Vec::len);
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            rows.iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    let rule = |left: char, middle: char, right: char| {
        let parts: Vec<String> = widths.iter().map(|width| "─".repeat(width + 2)).collect();
        format!("{left}{}{right}", parts.join(&middle.to_string()))
    };
    io.say(rule('┌', '┬', '┐'));
    for (index, row) in rows.iter().enumerate() {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| match index {
                0 => format!(" {:^width$} ", cell.to_uppercase()),
                _ => format!(" {cell:<width$} "),
            })
            .collect();
        io.say(format!("│{}│", cells.join("│")));
        if index == 0 {
            io.say(rule('├', '┼', '┤'));
        }
    }
    io.say(rule('└', '┴', '┘'));
}
