//! Texts of objects in Markdown: they can start no markup, no HTML and no extension, whatever a
//! renderer has turned on, and they stay on one line. Nothing is decided here.

use std::fmt::Write as _;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::report::terminal::plain::plain;

/// Signs that mean something to Markdown or to one of its extensions, wherever they stand.
const MARKUP: &str = "\\`*_{}[]<>#|~^=&$@!:\"'";
/// Signs that mean something at the beginning of a line: lists and rules.
const OPENING: &str = "+-";
/// What a link target may not hold.
const NOT_IN_LINKS: AsciiSet = CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'\'')
    .add(b'(')
    .add(b')')
    .add(b'<')
    .add(b'>')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// A text within a line. Line breaks become spaces.
pub(super) fn text(words: &str) -> String {
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = plain(&line);
    let is_numbered = line
        .trim_start_matches(|c: char| c.is_ascii_digit())
        .starts_with(['.', ')']);
    let mut escaped = String::with_capacity(line.len());
    let mut opens = true;
    for sign in line.chars() {
        let ends_number = is_numbered && opens && matches!(sign, '.' | ')');
        if MARKUP.contains(sign) || ends_number || opens && OPENING.contains(sign) {
            let _ = write!(escaped, "&#{};", u32::from(sign));
        } else {
            escaped.push(sign);
        }
        opens = opens && is_numbered && sign.is_ascii_digit();
    }
    escaped
}

/// A text of several paragraphs.
pub(super) fn paragraphs(words: &str) -> String {
    let normal = words.replace("\r\n", "\n");
    let paragraphs = normal.split("\n\n").map(text).filter(|it| !it.is_empty());
    let mut shown = String::new();
    for paragraph in paragraphs {
        let _ = write!(shown, "{paragraph}\n\n");
    }
    shown
}

/// Code or a command, shown as it is. It is HTML on a line of its own, so that no line of it means
/// anything to a renderer.
pub(super) fn code(words: &str) -> String {
    let mut shown = String::new();
    for (index, line) in words.trim_end().lines().enumerate() {
        if index > 0 {
            shown.push_str("&#10;");
        }
        let line = line.replace('\t', "    ");
        for sign in plain(&line).chars() {
            if sign.is_ascii_alphanumeric() || !sign.is_ascii() {
                shown.push(sign);
            } else {
                let _ = write!(shown, "&#{};", u32::from(sign));
            }
        }
    }
    format!("<pre><code>{shown}</code></pre>\n\n")
}

/// A link to a web address; the words alone where it is none.
pub(super) fn link(words: &str, url: &str) -> String {
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    if !is_web {
        return text(words);
    }
    let target = utf8_percent_encode(url, &NOT_IN_LINKS);
    format!("[{}]({target})", text(words))
}

/// A table; its cells are Markdown already. Nothing where it has no row.
pub(super) fn table(heads: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut lines = String::new();
    for row in rows {
        let _ = writeln!(lines, "| {} |", row.join(" | "));
    }
    if lines.is_empty() {
        return lines;
    }
    let rule = vec!["---"; heads.len()].join(" | ");
    format!("| {} |\n| {rule} |\n{lines}\n", heads.join(" | "))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_stay_words() {
        assert_eq!(
            text("Set a deadline, then (maybe) ship."),
            "Set a deadline, then (maybe) ship."
        );
        assert_eq!(text("1. a"), "1&#46; a");
        assert_eq!(text("12 of 19, 1.5 h"), "12 of 19, 1.5 h");
        assert_eq!(text("- a\n- b"), "&#45; a - b");
        assert_eq!(
            text("<b>[x](y)</b>"),
            "&#60;b&#62;&#91;x&#93;(y)&#60;/b&#62;"
        );
        assert_eq!(link("docs", "javascript:alert(1)"), "docs");
        assert_eq!(link("a", "https://x/(y) z"), "[a](https://x/%28y%29%20z)");
        assert_eq!(
            code("a: 1\n::uml::"),
            "<pre><code>a&#58;&#32;1&#10;&#58;&#58;uml&#58;&#58;</code></pre>\n\n"
        );
    }

    proptest! {
        #[test]
        fn no_text_breaks_out_of_its_line_or_cell(words in any::<String>()) {
            for shown in [text(&words), code(&words).trim_end().to_owned()] {
                prop_assert!(!shown.contains(['\n', '\r', '|', '`', '*', '[']), "{shown}");
            }
            let without_entities = text(&words).replace("&#", "");
            prop_assert!(!without_entities.contains(['<', '>', '#', '&']), "{without_entities}");
        }
    }
}
