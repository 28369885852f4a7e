//! Splits a YAML stream into documents before parsing, so that one bad document does not lose the
//! others. Must not interpret their content.

/// One document of a stream.
#[derive(Debug, PartialEq, Eq)]
pub struct Document<'a> {
    /// Its text, from its `---` line on.
    pub text: &'a str,
    /// Where its text begins in the stream, in bytes.
    pub start: usize,
    /// How many lines of the stream come before its text.
    pub lines_before: usize,
}

impl Document<'_> {
    /// The line of the stream its content begins on, counted from 1.
    pub fn first_line(&self) -> usize {
        let ahead = self.text.lines().take_while(|line| is_ahead(line)).count();
        self.lines_before + ahead + 1
    }

    fn is_ahead_only(&self) -> bool {
        self.text.lines().all(is_ahead)
    }
}

/// Every document that has content. A line that begins with `---` always begins one: inside a
/// block text it would be indented. Helm leaves documents of comments between two of them.
pub fn split(stream: &str) -> Vec<Document<'_>> {
    let mut found = Vec::new();
    let mut document = Document {
        text: "",
        start: 0,
        lines_before: 0,
    };
    let mut end = 0;
    let mut is_begun = false;
    for (number, line) in stream.split_inclusive('\n').enumerate() {
        let (begins, ends) = (is_marker(line, "---"), is_marker(line, "..."));
        if begins && (is_begun || !document.is_ahead_only()) || ends {
            found.push(document);
            document = Document {
                text: "",
                start: if ends { end + line.len() } else { end },
                lines_before: number + usize::from(ends),
            };
        }
        is_begun = begins || is_begun && !ends;
        end += line.len();
        document.text = &stream[document.start..end];
    }
    found.push(document);
    found.retain(|document| !document.is_ahead_only());
    found
}

fn is_marker(line: &str, marker: &str) -> bool {
    line.strip_prefix(marker)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
}

/// What may come before a document's content: blank lines, comments, directives, a bare `---`.
fn is_ahead(line: &str) -> bool {
    let line = line.strip_prefix('\u{feff}').unwrap_or(line);
    let line = match line.strip_prefix("---") {
        Some(rest) if is_marker(line, "---") => rest,
        Some(_) | None => line,
    };
    let content = line.trim_start();
    content.is_empty() || content.starts_with('#') || line.starts_with('%')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn starts(stream: &str) -> Vec<(usize, &str)> {
        split(stream)
            .iter()
            .map(|d| (d.first_line(), d.text.lines().last().unwrap_or_default()))
            .collect()
    }

    #[test]
    fn each_document_knows_its_line() {
        let stream = "# about\n\na: 1\n---\n# second\nb: 2\n--- # third\nc: 3\n---\n";
        assert_eq!(starts(stream), [(3, "a: 1"), (6, "b: 2"), (8, "c: 3")]);
    }

    #[test]
    fn a_document_of_comments_takes_nothing_from_the_next() {
        let stream = "---\n# empty\n---\n# second\na: 1\n---\n---\n\n--- # third\nb: 2\n";
        assert_eq!(starts(stream), [(5, "a: 1"), (10, "b: 2")]);
        for document in split(stream) {
            assert_eq!(document.text.matches("---").count(), 1, "{document:?}");
        }
    }

    #[test]
    fn directives_and_end_markers_are_not_documents() {
        let stream = "%YAML 1.2\n---\na: 1\n...\n---\nb: 2\n...\n";
        assert_eq!(starts(stream), [(3, "a: 1"), (6, "b: 2")]);
    }

    #[test]
    fn dashes_inside_a_text_do_not_split() {
        let stream = "key: |\n  ---\n  more\n----\n";
        assert_eq!(split(stream).len(), 1);
    }

    #[test]
    fn windows_line_ends_split_as_well() {
        assert_eq!(split("a: 1\r\n---\r\nb: 2\r\n").len(), 2);
    }

    #[test]
    fn an_empty_stream_has_no_documents() {
        for stream in ["", "\n", "---\n", "---\n# nothing\n---\n", "\u{feff}"] {
            assert_eq!(split(stream), [], "{stream:?}");
        }
    }

    proptest! {
        #[test]
        fn no_content_is_lost(stream in "(a: 1\n|---\n|\\.\\.\\.\n|# c\n|\n){0,12}") {
            let found: usize = split(&stream)
                .iter()
                .map(|document| document.text.matches("a: 1").count())
                .sum();
            prop_assert_eq!(found, stream.matches("a: 1").count());
        }
    }
}
