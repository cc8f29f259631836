//! Colours by role. Panels ask for a role, never for a colour, so that a light background, sixteen
//! colours and `NO_COLOR` are tables here and nothing elsewhere.

use ratatui::style::{Color, Modifier, Style};

use crate::game::{Contrast, Settings, ThemeChoice};

/// What the terminal can show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colours {
    /// 24 bits.
    #[default]
    True,
    /// The terminal's own sixteen.
    Sixteen,
    /// None: `NO_COLOR`, or a terminal without.
    None,
}

/// A style for each role.
#[derive(Clone, Copy, Debug)]
pub struct Theme {
    /// Ordinary text.
    pub text: Style,
    /// Text that matters less.
    pub dim: Style,
    /// Borders.
    pub border: Style,
    /// Borders of the panel that has the keys.
    pub focus: Style,
    /// Titles.
    pub title: Style,
    /// What can be pressed, and what the eye should find first.
    pub accent: Style,
    /// It works.
    pub good: Style,
    /// It is on its way, or worth a look.
    pub warn: Style,
    /// It has failed.
    pub bad: Style,
    /// The packet.
    pub packet: Style,
    /// What is selected.
    pub selected: Style,
    /// The line that the cursor is on.
    pub cursor_line: Style,
    /// Text that a search has found.
    pub found: Style,
    /// A YAML key.
    pub key: Style,
    /// A YAML string.
    pub string: Style,
    /// A YAML number, or true and false.
    pub number: Style,
    /// A comment.
    pub comment: Style,
}

/// The colours of a theme.
struct Palette {
    dim: Color,
    border: Color,
    accent: Color,
    good: Color,
    warn: Color,
    bad: Color,
    packet: Color,
    selected: (Color, Color),
    cursor_line: Color,
    key: Color,
    string: Color,
    number: Color,
}

const DARK: Palette = Palette {
    dim: Color::Rgb(139, 149, 165),
    border: Color::Rgb(68, 78, 94),
    accent: Color::Rgb(96, 190, 240),
    good: Color::Rgb(126, 206, 140),
    warn: Color::Rgb(232, 180, 96),
    bad: Color::Rgb(242, 116, 120),
    packet: Color::Rgb(255, 209, 92),
    selected: (Color::Rgb(236, 242, 250), Color::Rgb(38, 62, 88)),
    cursor_line: Color::Rgb(26, 33, 43),
    key: Color::Rgb(132, 188, 246),
    string: Color::Rgb(170, 206, 150),
    number: Color::Rgb(224, 170, 134),
};

const LIGHT: Palette = Palette {
    dim: Color::Rgb(96, 104, 118),
    border: Color::Rgb(176, 184, 196),
    accent: Color::Rgb(0, 104, 168),
    good: Color::Rgb(24, 122, 52),
    warn: Color::Rgb(150, 92, 0),
    bad: Color::Rgb(186, 32, 46),
    packet: Color::Rgb(170, 96, 0),
    selected: (Color::Rgb(16, 28, 44), Color::Rgb(204, 224, 244)),
    cursor_line: Color::Rgb(238, 242, 247),
    key: Color::Rgb(0, 88, 160),
    string: Color::Rgb(30, 110, 40),
    number: Color::Rgb(150, 74, 20),
};

impl Theme {
    /// The theme that the settings ask for, as far as the terminal can show it.
    pub fn new(settings: &Settings, colours: Colours) -> Theme {
        let theme = match (settings.theme, colours) {
            (ThemeChoice::Plain, _) | (ThemeChoice::Auto, Colours::None) => Theme::plain(),
            (ThemeChoice::Sixteen, _) | (ThemeChoice::Auto, Colours::Sixteen) => Theme::sixteen(),
            (ThemeChoice::Light, _) => Theme::of(&LIGHT),
            (ThemeChoice::Dark | ThemeChoice::Auto, _) => Theme::of(&DARK),
        };
        match settings.contrast {
            Contrast::Normal => theme,
            Contrast::High => theme.strengthened(),
        }
    }

    fn of(palette: &Palette) -> Theme {
        let fg = |color| Style::new().fg(color);
        Theme {
            text: fg(Color::Reset),
            dim: fg(palette.dim),
            border: fg(palette.border),
            focus: fg(palette.accent),
            title: fg(Color::Reset).add_modifier(Modifier::BOLD),
            accent: fg(palette.accent),
            good: fg(palette.good),
            warn: fg(palette.warn),
            bad: fg(palette.bad),
            packet: fg(palette.packet).add_modifier(Modifier::BOLD),
            selected: fg(palette.selected.0).bg(palette.selected.1),
            cursor_line: Style::new().bg(palette.cursor_line),
            found: fg(Color::Rgb(20, 20, 20)).bg(palette.packet),
            key: fg(palette.key),
            string: fg(palette.string),
            number: fg(palette.number),
            comment: fg(palette.dim).add_modifier(Modifier::ITALIC),
        }
    }

    fn sixteen() -> Theme {
        let fg = |color| Style::new().fg(color);
        Theme {
            text: fg(Color::Reset),
            dim: fg(Color::DarkGray),
            border: fg(Color::DarkGray),
            focus: fg(Color::Cyan),
            title: fg(Color::Reset).add_modifier(Modifier::BOLD),
            accent: fg(Color::Cyan),
            good: fg(Color::Green),
            warn: fg(Color::Yellow),
            bad: fg(Color::Red),
            packet: fg(Color::Yellow).add_modifier(Modifier::BOLD),
            selected: Style::new().add_modifier(Modifier::REVERSED),
            cursor_line: Style::new(),
            found: fg(Color::Black).bg(Color::Yellow),
            key: fg(Color::Cyan),
            string: fg(Color::Green),
            number: fg(Color::Magenta),
            comment: fg(Color::DarkGray),
        }
    }

    /// Weights only. Taking a weight away is part of each style, since titles are written over
    /// borders.
    fn plain() -> Theme {
        let plain = Style::new().remove_modifier(Modifier::DIM | Modifier::BOLD);
        let bold = Style::new().add_modifier(Modifier::BOLD).remove_modifier(Modifier::DIM);
        let dim = Style::new().add_modifier(Modifier::DIM).remove_modifier(Modifier::BOLD);
        Theme {
            text: plain,
            dim,
            border: dim,
            focus: bold,
            title: bold,
            accent: bold,
            good: plain,
            warn: bold,
            bad: bold,
            packet: bold,
            selected: plain.add_modifier(Modifier::REVERSED),
            cursor_line: plain,
            found: plain.add_modifier(Modifier::REVERSED),
            key: plain,
            string: plain,
            number: plain,
            comment: dim,
        }
    }

    /// Nothing fainter than ordinary text, and borders that can be seen.
    fn strengthened(mut self) -> Theme {
        self.border = self.dim.remove_modifier(Modifier::DIM);
        self.dim = self.text;
        self.comment = self.text.add_modifier(Modifier::ITALIC);
        for style in [&mut self.accent, &mut self.good, &mut self.warn, &mut self.bad] {
            *style = style.add_modifier(Modifier::BOLD);
        }
        self.focus = self.focus.add_modifier(Modifier::BOLD);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_color_means_no_colour() {
        let theme = Theme::new(&Settings::default(), Colours::None);
        for style in [theme.accent, theme.good, theme.bad, theme.packet, theme.selected, theme.key]
        {
            assert_eq!((style.fg, style.bg), (None, None));
        }
    }

    #[test]
    fn high_contrast_has_no_faint_text() {
        let settings = Settings { contrast: Contrast::High, ..Settings::default() };
        let theme = Theme::new(&settings, Colours::True);
        assert_eq!(theme.dim, theme.text);
    }
}
