//! Text fields: which characters a definition accepts, and how other characters are shown. One module
//! for both, because a field is safe to print only if both cover every unsafe character.

use std::borrow::Cow;
use std::fmt::Write;

/// Characters that a text field accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One line: any character except controls.
    Line,
    /// Several lines: also line feeds and tabs.
    Lines,
    /// The name of a path or of a check.
    DnsLabel,
    /// The name of a check, or `*` for all of them.
    CheckName,
}

impl Shape {
    /// Every shape; patterns are looked up here.
    pub const ALL: [Self; 4] = [Self::Line, Self::Lines, Self::DnsLabel, Self::CheckName];

    /// The pattern in the schema: RE2, which the API server uses, and ASCII only, so that every client
    /// can send the definition.
    pub const fn pattern(self) -> &'static str {
        match self {
            Self::Line => r"^[^\x00-\x1f\x7f-\x9f]*$",
            Self::Lines => r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]*$",
            Self::DnsLabel => r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
            Self::CheckName => r"^([*]|[a-z0-9]([-a-z0-9]*[a-z0-9])?)$",
        }
    }

    /// The next step for a user whose text was rejected.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Line => "write one line without control characters",
            Self::Lines => "write text without control characters",
            Self::DnsLabel => "write lower-case letters, digits and '-'",
            Self::CheckName => "write lower-case letters, digits and '-', or '*' for every check",
        }
    }

    /// The shape with this pattern.
    pub(crate) fn of_pattern(pattern: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|shape| shape.pattern() == pattern)
    }

    /// Whether `text` matches [`Self::pattern`].
    pub fn accepts(self, text: &str) -> bool {
        match self {
            Self::Line => !text.contains(char::is_control),
            Self::Lines => !text.contains(|c: char| c.is_control() && c != '\n' && c != '\t'),
            Self::DnsLabel => is_dns_label(text),
            Self::CheckName => text == "*" || is_dns_label(text),
        }
    }
}

fn is_dns_label(text: &str) -> bool {
    let is_inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.starts_with(is_inner)
        && text.ends_with(is_inner)
        && text.chars().all(|c| is_inner(c) || c == '-')
}

/// `text` with every unsafe character escaped, so that it takes one line, moves no cursor, hides
/// nothing and reads in stored order.
pub fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_unsafe(c) {
            // Writing to a String cannot fail.
            let _ = write!(safe, "\\u{{{:x}}}", u32::from(c));
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

/// `text` in at most `longest` characters; an ellipsis stands for what is cut off.
pub(crate) fn truncate(text: &str, longest: usize) -> Cow<'_, str> {
    match text.char_indices().nth(longest.saturating_sub(1)) {
        Some((end, _)) if text[end..].chars().nth(1).is_some() => {
            Cow::Owned(format!("{}…", &text[..end]))
        }
        Some(_) | None => Cow::Borrowed(text),
    }
}

/// Whether `c` could mislead a terminal, a reader or a parser: controls, line separators, invisible
/// characters, and marks that reorder text. The joiners U+200C and U+200D are safe: scripts and
/// emoji need them.
pub fn is_unsafe(c: char) -> bool {
    c.is_control() || is_invisible(c) || is_reordering(c) || is_noncharacter(c)
}

/// Characters without a glyph: two texts that differ in them look the same.
const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{00ad}'
            | '\u{034f}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'
            | '\u{2060}'..='\u{2065}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Line and paragraph separators, and marks that change the direction of text.
const fn is_reordering(c: char) -> bool {
    matches!(
        c,
        '\u{061c}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{206f}'
    )
}

/// Unicode noncharacters, such as U+FFFE.
const fn is_noncharacter(c: char) -> bool {
    matches!(c, '\u{fdd0}'..='\u{fdef}') || c as u32 & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        for (text, shown) in [
            ("web", "web"),
            ("Größe – 日本", "Größe – 日本"),
            ("a\u{1b}[2Jb", "a\\u{1b}[2Jb"),
            ("a\nb\r", "a\\u{a}b\\u{d}"),
            ("\u{202e}gnp.exe", "\\u{202e}gnp.exe"),
            ("\u{9b}31m", "\\u{9b}31m"),
        ] {
            assert_eq!(plain(text), shown);
        }
    }

    #[test]
    fn invisible_characters_are_escaped() {
        for c in [
            '\u{7f}',
            '\u{ad}',
            '\u{34f}',
            '\u{115f}',
            '\u{1160}',
            '\u{17b4}',
            '\u{17b5}',
            '\u{180b}',
            '\u{180e}',
            '\u{180f}',
            '\u{200b}',
            '\u{2060}',
            '\u{2065}',
            '\u{206f}',
            '\u{3164}',
            '\u{fe00}',
            '\u{fe0f}',
            '\u{feff}',
            '\u{ffa0}',
            '\u{fff0}',
            '\u{fff8}',
            '\u{fffe}',
            '\u{ffff}',
            '\u{1d173}',
            '\u{1fffe}',
            '\u{e0000}',
            '\u{e0001}',
            '\u{e0041}',
            '\u{e007f}',
            '\u{e0100}',
            '\u{e01ef}',
        ] {
            let shown = format!("a\\u{{{:x}}}b", u32::from(c));
            assert_eq!(plain(&format!("a{c}b")), shown);
        }
    }

    #[test]
    fn scripts_and_emoji_stay_readable() {
        for text in [
            "👩\u{200d}💻 🚀",
            "می\u{200c}خواهم",
            "é e\u{301} – “ok” 한국어",
        ] {
            assert_eq!(plain(text), text);
        }
    }

    #[test]
    fn a_shape_accepts_what_its_pattern_matches() {
        for (shape, text, is_accepted) in [
            (Shape::Line, "Größe 👩\u{200d}💻", true),
            (Shape::Line, "", true),
            (Shape::Line, "two\nlines", false),
            (Shape::Line, "a\tb", false),
            (Shape::Line, "\u{1b}[2J", false),
            (Shape::Line, "a\u{7f}", false),
            (Shape::Line, "a\u{85}", false),
            (Shape::Lines, "two\n\tlines", true),
            (Shape::Lines, "a\r\nb", false),
            (Shape::Lines, "a\u{9b}", false),
            (Shape::DnsLabel, "web-service", true),
            (Shape::DnsLabel, "-web", false),
            (Shape::DnsLabel, "web\n", false),
            (Shape::DnsLabel, "", false),
            (Shape::DnsLabel, "*", false),
            (Shape::CheckName, "*", true),
            (Shape::CheckName, "**", false),
            (Shape::CheckName, "limits", true),
            (Shape::CheckName, "Limits", false),
        ] {
            assert_eq!(shape.accepts(text), is_accepted, "{shape:?} {text:?}");
        }
    }

    fn texts() -> impl Strategy<Value = String> {
        let odd = prop_oneof![
            any::<char>(),
            (0_u32..0x100).prop_map(|c| char::from_u32(c).unwrap_or('x')),
            prop_oneof![Just('a'), Just('-'), Just('*'), Just('\n'), Just('0')],
        ];
        proptest::collection::vec(odd, 0..8).prop_map(|chars| chars.into_iter().collect())
    }

    #[test]
    fn a_truncated_text_is_never_longer_than_asked_for() {
        for (text, longest, expected) in [
            ("", 3, ""),
            ("abc", 3, "abc"),
            ("abcd", 3, "ab…"),
            ("äöüß", 2, "ä…"),
            ("ab", 1, "…"),
        ] {
            assert_eq!(truncate(text, longest), expected);
        }
    }

    proptest! {
        #[test]
        fn escaped_text_has_no_unsafe_character(text in texts()) {
            prop_assert!(!plain(&text).contains(is_unsafe));
        }

        #[test]
        fn a_shape_and_its_pattern_agree(text in texts()) {
            for shape in Shape::ALL {
                let pattern = regex::Regex::new(shape.pattern()).unwrap();
                prop_assert_eq!(shape.accepts(&text), pattern.is_match(&text), "{:?}", shape);
            }
        }
    }
}
