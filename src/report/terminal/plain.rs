//! Escapes text from objects. Their authors are unknown, and a terminal obeys control sequences in
//! what it shows.

pub use crate::api::text::{is_unsafe, plain};

/// Text of several lines: escapes each line and indents all but the first, so that none passes for
/// a line of ours.
pub fn plain_lines(text: &str) -> String {
    text.trim_end()
        .lines()
        .map(|line| plain(&line.replace('\t', "    ")).into_owned())
        .collect::<Vec<_>>()
        .join("\n  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_further_line_never_passes_for_one_of_ours() {
        assert_eq!(plain_lines("refused"), "refused");
        assert_eq!(
            plain_lines("bad:\r\n\terror: fine\u{1b}[2J\n"),
            "bad:\n      error: fine\\u{1b}[2J"
        );
        assert_eq!(plain_lines("a\r\u{85}b"), "a\\u{d}\\u{85}b");
    }
}
