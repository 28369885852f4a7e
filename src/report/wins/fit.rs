//! Texts of objects on one line, without characters that hide or reorder, cut between characters as
//! people see them; and messages that fit the limits of their receiver.

use serde_json::Value;
use unicode_segmentation::UnicodeSegmentation as _;

use crate::report::terminal::plain::is_unsafe;

/// Lengths of a line to try, the longest first, until a message fits.
const LENGTHS: [usize; 6] = [400, 250, 160, 100, 60, 30];

/// `text` on one line of at most `longest` characters as people see them. Unsafe characters are removed.
pub(super) fn clean(text: &str, longest: usize) -> String {
    let blank = |c: char| if c.is_whitespace() { ' ' } else { c };
    let safe: String = text.chars().map(blank).filter(|c| !is_unsafe(*c)).collect();
    let line = safe.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.grapheme_indices(true).nth(longest) {
        None => line,
        Some(_) => cut(&line, longest, |text| text.graphemes(true).count()),
    }
}

/// As much of `text` as measures at most `longest` with an ellipsis, cut between characters as people
/// see them. `measure` must add up over parts.
pub(super) fn cut(text: &str, longest: usize, measure: impl Fn(&str) -> usize) -> String {
    if measure(text) <= longest {
        return text.to_owned();
    }
    let room = longest.saturating_sub(measure("…"));
    let (mut end, mut length) = (0, 0);
    for (at, grapheme) in text.grapheme_indices(true) {
        length += measure(grapheme);
        if length > room {
            break;
        }
        end = at + grapheme.len();
    }
    format!("{}…", text[..end].trim_end())
}

/// The message with the longest lines that fits.
pub(super) fn fitting(render: impl Fn(usize) -> Value, fits: impl Fn(&Value) -> bool) -> Value {
    let messages = LENGTHS.map(|longest| (longest, render(longest)));
    let mut smallest = Value::Null;
    for (_, message) in messages {
        if fits(&message) {
            return message;
        }
        smallest = message;
    }
    smallest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters_as_people_see_them() {
        let family = "👩\u{200d}👩\u{200d}👧";
        for (text, longest, expected) in [
            ("abc", 3, "abc"),
            ("abcd", 3, "ab…"),
            ("e\u{301}e\u{301}e\u{301}", 3, "e\u{301}e\u{301}e\u{301}"),
            ("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…"),
            ("two\nlines\tand more", 9, "two line…"),
            ("a\u{202e}b\u{200b}c\u{7}", 9, "abc"),
            ("one two", 5, "one…"),
        ] {
            assert_eq!(clean(text, longest), expected, "{text:?}");
        }
        assert_eq!(clean(&family.repeat(3), 2), format!("{family}…"));
    }

    #[test]
    fn a_measured_text_stays_within_its_length() {
        let bytes = |text: &str| text.len();
        assert_eq!(cut("äöüß", 8, bytes), "äöüß");
        assert_eq!(cut("äöüßx", 8, bytes), "äö…");
        assert_eq!(cut("x", 0, bytes), "…");
    }
}
