//! One cell as it is compared: NFC, plain spaces, no markup, no mark of a spreadsheet.

use unicode_normalization::UnicodeNormalization as _;

/// The text of a cell: in NFC, without HTML tags and control characters, with single spaces.
pub(super) fn clean(cell: &str) -> String {
    let text = without_tags(cell);
    let text = text.trim();
    // Some tools put an apostrophe before what a spreadsheet would run.
    let masked = text
        .strip_prefix('\'')
        .filter(|rest| rest.starts_with(['=', '+', '-', '@']));
    let words: String = masked
        .unwrap_or(text)
        .nfc()
        .map(|c| if is_blank(c) { ' ' } else { c })
        .filter(|c| !is_invisible(*c))
        .collect();
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// As [`clean`], in lower case: how words are compared.
pub(super) fn folded(cell: &str) -> String {
    clean(cell).to_lowercase()
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{a0}' | '\u{2007}' | '\u{202f}')
}

/// Characters without a width, which copy and paste leaves behind, and controls.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{202a}'..='\u{202e}')
}

/// Without `<b>` and the like. A sign of comparison is no tag.
fn without_tags(cell: &str) -> String {
    let mut text = String::with_capacity(cell.len());
    let mut rest = cell;
    while let Some(open) = rest.find('<') {
        let (before, tag) = rest.split_at(open);
        text.push_str(before);
        let begins = tag[1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
        if let Some(close) = tag.find('>').filter(|_| begins) {
            rest = &tag[close + 1..];
        } else {
            text.push('<');
            rest = &tag[1..];
        }
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_that_look_alike_are_alike() {
        assert_eq!(
            clean(" <p>I trust\u{a0}a <b>release</b></p>\n"),
            "I trust a release"
        );
        assert_eq!(clean("Re\u{301}seau"), "Réseau");
        assert_eq!(clean("'=1+1"), "=1+1");
        assert_eq!(clean("'n Beetje"), "'n Beetje");
        assert_eq!(clean("a < b, c > d"), "a < b, c > d");
        assert_eq!(folded("Strongly  AGREE\u{200b}"), "strongly agree");
    }
}
