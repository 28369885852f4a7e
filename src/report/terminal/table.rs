//! Columns as kubectl prints them, fitted to the width of a terminal: the last columns are narrowed,
//! then dropped, first.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::report::terminal::plain::plain;

const GAP: usize = 3;
/// Columns narrower than this are left out.
const NARROWEST: usize = 10;

/// One cell: its text and colour.
#[derive(Clone, Debug, Default)]
pub(in crate::report) struct Cell {
    text: String,
    paint: Paint,
}

/// The meaning of a colour. The text always carries it too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::report) enum Paint {
    #[default]
    Plain,
    Good,
    Agreed,
    Open,
    Faint,
    Bold,
}

/// Ends every colour.
const RESET: &str = "\u{1b}[0m";

impl Paint {
    const ALL: [Self; 6] = [
        Self::Plain,
        Self::Good,
        Self::Agreed,
        Self::Open,
        Self::Faint,
        Self::Bold,
    ];

    const fn begins(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Good => Some("\u{1b}[32m"),
            Self::Agreed => Some("\u{1b}[36m"),
            Self::Open => Some("\u{1b}[33m"),
            Self::Faint => Some("\u{1b}[2m"),
            Self::Bold => Some("\u{1b}[1m"),
        }
    }

    /// `text` in this colour.
    pub(in crate::report) fn on(self, text: &str, color: bool) -> String {
        match self.begins().filter(|_| color) {
            Some(begins) => format!("{begins}{text}{RESET}"),
            None => text.to_owned(),
        }
    }
}

/// The colour sequence of ours that `text` starts with, if any.
pub fn own_sequence(text: &str) -> Option<&'static str> {
    let begins = Paint::ALL.into_iter().filter_map(Paint::begins);
    let mut known = begins.chain([RESET]);
    known.find(|sequence| text.starts_with(sequence))
}

impl Cell {
    pub(in crate::report) fn painted(text: &str, paint: Paint) -> Self {
        Self {
            text: plain(text).into_owned(),
            paint,
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::painted(text, Paint::Plain)
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

/// Width, colours and columns of a text.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// Columns of the terminal; absent if lines may have any length.
    pub width: Option<usize>,
    /// Whether colour is used.
    pub color: bool,
    /// Whether to show more columns.
    pub wide: bool,
    /// Whether to list every problem.
    pub all_problems: bool,
}

/// The lines of a table; empty without rows.
pub(in crate::report) fn render(heads: &[&str], rows: &[Vec<Cell>], style: Style) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let natural: Vec<usize> = (0..heads.len())
        .map(|column| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells
                .map(|cell| cell.text.width())
                .chain([heads[column].width()])
                .max()
                .unwrap_or_default()
        })
        .collect();
    let widths = fit(&natural, style.width);
    let heads: Vec<Cell> = heads
        .iter()
        .map(|head| Cell::painted(head, Paint::Faint))
        .collect();
    let mut text = String::new();
    for row in std::iter::once(&heads).chain(rows) {
        text += &line(row, &widths, style.color);
    }
    text
}

fn line(row: &[Cell], widths: &[usize], color: bool) -> String {
    let mut line = String::new();
    let mut owed = 0;
    for (cell, width) in row.iter().zip(widths) {
        let shown = cut(&cell.text, *width);
        if !shown.is_empty() {
            line += &" ".repeat(owed);
            line += &cell.paint.on(&shown, color);
            owed = 0;
        }
        owed += width - shown.width() + GAP;
    }
    line + "\n"
}

/// Widths that add up to at most `limit`: narrows columns, then drops them, from the last on.
fn fit(natural: &[usize], limit: Option<usize>) -> Vec<usize> {
    let mut widths = natural.to_vec();
    let Some(limit) = limit else {
        return widths;
    };
    let total =
        |widths: &[usize]| widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
    while widths.len() > 1 {
        let excess = total(&widths).saturating_sub(limit);
        let last = widths.len() - 1;
        if excess == 0 {
            return widths;
        }
        // Narrow the last two before dropping one of them.
        if widths[last] >= excess + NARROWEST {
            widths[last] -= excess;
            return widths;
        }
        let given = widths[last].saturating_sub(NARROWEST);
        if last >= 2 && widths[last - 1] + given >= excess + 2 * NARROWEST {
            widths[last] -= given;
            widths[last - 1] -= excess - given;
            return widths;
        }
        widths.pop();
    }
    widths.iter().map(|width| (*width).min(limit)).collect()
}

/// `text` in at most `width` columns, with `…` in place of the rest.
pub(in crate::report) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut room = width.saturating_sub(1);
    let fits = text.chars().take_while(|c| {
        let needed = c.width().unwrap_or_default();
        let fits = needed <= room;
        room = room.saturating_sub(needed);
        fits
    });
    let kept: String = fits.collect();
    if width == 0 {
        kept
    } else {
        kept.trim_end().to_owned() + "…"
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rows(cells: &[&[&str]]) -> Vec<Vec<Cell>> {
        let row = |row: &&[&str]| row.iter().map(|text| Cell::from(*text)).collect();
        cells.iter().map(row).collect()
    }

    #[test]
    fn columns_line_up_and_lines_end_without_blanks() {
        let text = render(
            &["A", "LONGER"],
            &rows(&[&["wide cell", "x"], &["y", ""]]),
            Style::default(),
        );
        assert_eq!(text, "A           LONGER\nwide cell   x\ny\n");
    }

    #[test]
    fn the_last_columns_give_way_first() {
        let cells = rows(&[&[
            "shop",
            "deploy/api",
            "two steps to go, or record why you deviate",
        ]]);
        let style = |width| Style {
            width: Some(width),
            ..Style::default()
        };
        let heads = ["NAMESPACE", "WORKLOAD", "STATE"];
        let shown = |width| {
            render(&heads, &cells, style(width))
                .lines()
                .last()
                .unwrap()
                .to_owned()
        };
        assert_eq!(shown(45), "shop        deploy/api   two steps to go, or…");
        assert_eq!(shown(30), "shop        deploy/api");
    }

    proptest! {
        #[test]
        fn no_line_is_longer_than_the_terminal(
            width in 1_usize..120,
            cells in prop::collection::vec(prop::collection::vec("[a-z日 ]{0,40}", 4), 1..5),
        ) {
            let cells: Vec<Vec<Cell>> = cells
                .into_iter()
                .map(|row| row.into_iter().map(Cell::from).collect())
                .collect();
            let style = Style { width: Some(width), ..Style::default() };
            for line in render(&["A", "B", "C", "D"], &cells, style).lines() {
                prop_assert!(line.width() <= width, "{line:?}");
            }
        }
    }
}
