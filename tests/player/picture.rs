//! A screen as an SVG picture, for the README.

use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

/// A cell's size in the picture's units.
const CELL: (usize, usize) = (8, 17);

/// The empty room around the screen.
const MARGIN: usize = 12;

/// The terminal's own colours, where a cell asks for none.
const GROUND: &str = "#12151c";
const INK: &str = "#d6dae4";

/// The buffer, drawn.
pub fn svg(buffer: &Buffer) -> String {
    let (columns, rows) = (usize::from(buffer.area.width), usize::from(buffer.area.height));
    let (width, height) = (columns * CELL.0 + 2 * MARGIN, rows * CELL.1 + 2 * MARGIN);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"13\">\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"{GROUND}\"/>\n"
    );
    for (row, cells) in buffer.content.chunks(columns).enumerate() {
        let y = MARGIN + row * CELL.1;
        let mut column = 0;
        for run in cells.chunk_by(|a, b| a.style() == b.style()) {
            draw_run(&mut text, run, MARGIN + column * CELL.0, y);
            column += run.len();
        }
    }
    text + "</svg>\n"
}

/// Cells of one style that stand beside each other.
fn draw_run(text: &mut String, run: &[Cell], x: usize, y: usize) {
    let (mut ink, mut ground) = (colour(run[0].fg), colour(run[0].bg));
    if run[0].modifier.contains(Modifier::REVERSED) {
        let under = ground.unwrap_or_else(|| GROUND.to_owned());
        ground = Some(ink.unwrap_or_else(|| INK.to_owned()));
        ink = Some(under);
    }
    let width = run.len() * CELL.0;
    if let Some(ground) = ground {
        let height = CELL.1;
        writeln!(
            text,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{ground}\"/>"
        )
        .expect("a text takes everything");
    }
    let words: String = run.iter().map(Cell::symbol).collect();
    if words.trim().is_empty() {
        return;
    }
    let ink = ink.unwrap_or_else(|| INK.to_owned());
    let bold = match run[0].modifier.contains(Modifier::BOLD) {
        true => " font-weight=\"bold\"",
        false => "",
    };
    let words = words.replace('&', "&amp;").replace('<', "&lt;");
    let base = y + CELL.1 - 4;
    writeln!(
        text,
        "<text x=\"{x}\" y=\"{base}\" textLength=\"{width}\" fill=\"{ink}\"{bold} xml:space=\"preserve\">{words}</text>"
    )
    .expect("a text takes everything");
}

/// A colour as SVG writes it, if the cell asks for one.
fn colour(colour: Color) -> Option<String> {
    match colour {
        Color::Rgb(red, green, blue) => Some(format!("#{red:02x}{green:02x}{blue:02x}")),
        _ => None,
    }
}
