//! Text from objects, made safe to show: names and messages come from people we do not know, and
//! a terminal obeys what it is shown.

pub use crate::api::text::{is_unsafe, plain};

/// `text` over several lines: each is safe by itself, and every further one is indented, so that
/// none passes for a line of ours.
pub fn plain_lines(text: &str) -> String {
    let lines = text.trim_end().lines().map(|line| {
        let line = line.replace('\t', "    ");
        plain(&line).into_owned()
    });
    lines.collect::<Vec<_>>().join("\n  ")
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
