//! The edit that gives one object the annotation `goldenpath.dev/commit-time`: a line more, or a value
//! replaced, in the notation of its surroundings. Whether the result means what it should is checked
//! by the caller.

use std::ops::Range;

use crate::api::keys::COMMIT_TIME;
use crate::manifests::yaml::layout::{Content, Entry, Node, Notation};

/// A part of a text, and what replaces it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    pub range: Range<usize>,
    pub text: String,
}

impl Edit {
    fn insert(at: usize, text: String) -> Self {
        Self {
            range: at..at,
            text,
        }
    }
}

/// The text after edits, which are in order and do not overlap.
pub fn apply(text: &str, edits: &[Edit]) -> String {
    let mut edited = String::with_capacity(text.len() + edits.len() * 64);
    let mut end = 0;
    for edit in edits {
        edited += &text[end..edit.range.start];
        edited += &edit.text;
        end = edit.range.end;
    }
    edited += &text[end..];
    edited
}

/// The edit that annotates an object of this document; `None` where the object is not written in a way
/// that an edit in one place can change.
pub(super) fn annotate(document: &str, object: &Node, time: &str) -> Option<Edit> {
    let writer = Writer { document, time };
    let metadata = object.entry("metadata")?;
    match metadata.value.entry("annotations") {
        Some(annotations) => writer.in_annotations(annotations),
        None => writer.in_metadata(metadata),
    }
}

struct Writer<'a> {
    document: &'a str,
    time: &'a str,
}

impl Writer<'_> {
    fn in_annotations(&self, annotations: &Entry) -> Option<Edit> {
        if let Some(entry) = annotations.value.entry(COMMIT_TIME) {
            return self.replace(entry);
        }
        let pair = self.pair(annotations);
        let range = annotations.value.range.clone();
        match &annotations.value.content {
            Content::Object(Notation::Flow, entries) => {
                Some(self.in_flow(&annotations.value, None, entries.first(), pair))
            }
            Content::Object(_, entries) => {
                let indent = self.indent(entries.first()?)?;
                Some(self.line_below(annotations.key_range.end, format!("{indent}{pair}")))
            }
            Content::Scalar(Notation::Plain) if range.is_empty() => self.fill(annotations, &pair),
            // An explicit null.
            Content::Scalar(Notation::Plain) => Some(Edit {
                range,
                text: format!("{{{pair}}}"),
            }),
            Content::Alias => {
                let alias = &self.document[range.clone()];
                let text = format!("{{<<: {alias}, {pair}}}");
                Some(Edit { range, text })
            }
            Content::Scalar(_) | Content::List(_) => None,
        }
    }

    /// Gives the key a value that it has not.
    fn fill(&self, annotations: &Entry, pair: &str) -> Option<Edit> {
        match self.indent(annotations) {
            Some(indent) => {
                let line = format!("{indent}{}{pair}", step(indent.len(), 0));
                Some(self.line_below(annotations.key_range.end, line))
            }
            None => Some(Edit::insert(
                self.after_colon(annotations)?,
                format!(" {{{pair}}}"),
            )),
        }
    }

    fn in_metadata(&self, metadata: &Entry) -> Option<Edit> {
        let pair = self.pair(metadata);
        let Content::Object(notation, entries) = &metadata.value.content else {
            return None;
        };
        let name = entries.iter().rfind(|entry| self.is_name(entry));
        if *notation == Notation::Flow {
            let key = quoted("annotations", self.is_quoted(metadata));
            let text = format!("{key}: {{{pair}}}");
            return Some(self.in_flow(&metadata.value, name, entries.first(), text));
        }
        let indent = self.indent(entries.first()?)?;
        let step = step(indent.len(), self.column(metadata.key_range.start));
        let above = name.map_or(metadata.key_range.end, |name| name.value.range.end);
        let newline = self.newline(above);
        let lines = format!("{indent}annotations:{newline}{indent}{step}{pair}");
        Some(self.line_below(above, lines))
    }

    /// Whether an entry of the metadata is a name on one line, below which annotations read well.
    fn is_name(&self, entry: &Entry) -> bool {
        let is_simple = match &entry.value.content {
            Content::Scalar(notation) => *notation != Notation::Block,
            Content::Alias => true,
            Content::List(_) | Content::Object(..) => false,
        };
        let written = &self.document[entry.value.range.clone()];
        ["name", "namespace", "generateName"].contains(&entry.key.as_str())
            && is_simple
            && !written.is_empty()
            && !written.contains('\n')
    }

    /// Adds an entry to an object in braces: after another one, else before the first.
    fn in_flow(
        &self,
        object: &Node,
        after: Option<&Entry>,
        first: Option<&Entry>,
        entry: String,
    ) -> Edit {
        match (after, first) {
            (Some(other), _) => {
                let gap = self.gap(other.key_range.start);
                Edit::insert(other.value.range.end, format!(",{gap}{entry}"))
            }
            (None, Some(first)) => {
                let at = first.key_range.start;
                Edit::insert(at, format!("{entry},{}", self.gap(at)))
            }
            (None, None) => Edit::insert(object.range.start + 1, entry),
        }
    }

    fn replace(&self, entry: &Entry) -> Option<Edit> {
        let range = entry.value.range.clone();
        let text = match entry.value.content {
            Content::Scalar(Notation::Plain) if range.is_empty() => {
                let text = format!(" \"{}\"", self.time);
                return Some(Edit::insert(self.after_colon(entry)?, text));
            }
            Content::Scalar(Notation::SingleQuoted) => format!("'{}'", self.time),
            Content::Scalar(Notation::Plain | Notation::DoubleQuoted) | Content::Alias => {
                format!("\"{}\"", self.time)
            }
            Content::Scalar(_) | Content::List(_) | Content::Object(..) => return None,
        };
        Some(Edit { range, text })
    }

    /// The annotation, with quotes around its key where the key above it has quotes. The value always
    /// has quotes: many YAML parsers take a bare time for something else than a text.
    fn pair(&self, above: &Entry) -> String {
        let key = quoted(COMMIT_TIME, self.is_quoted(above));
        format!("{key}: \"{}\"", self.time)
    }

    fn is_quoted(&self, entry: &Entry) -> bool {
        self.document[entry.key_range.clone()].starts_with('"')
    }

    fn after_colon(&self, entry: &Entry) -> Option<usize> {
        let rest = &self.document[entry.key_range.end..];
        let colon = rest.trim_start().strip_prefix(':')?;
        Some(self.document.len() - colon.len())
    }

    /// New lines below the one that `at` is in.
    fn line_below(&self, at: usize, lines: String) -> Edit {
        let newline = self.newline(at);
        match self.document[at..].find('\n') {
            Some(end) => Edit::insert(at + end + 1, lines + newline),
            None => Edit::insert(self.document.len(), format!("{newline}{lines}")),
        }
    }

    /// The line ending used at `at`.
    fn newline(&self, at: usize) -> &'static str {
        let rest = &self.document[at..];
        let line = match rest.find('\n') {
            Some(end) => &rest[..=end],
            None => self.document,
        };
        if line.contains("\r\n") { "\r\n" } else { "\n" }
    }

    /// What separates an entry from the one before it, without the comma.
    fn gap(&self, start: usize) -> &str {
        let before = &self.document[..start];
        let blank = &before[before.trim_end().len()..];
        if blank.contains('\n') { blank } else { " " }
    }

    fn column(&self, at: usize) -> usize {
        at - self.document[..at].rfind('\n').map_or(0, |end| end + 1)
    }

    /// The indentation of a key that begins its line.
    fn indent(&self, entry: &Entry) -> Option<&str> {
        let at = entry.key_range.start;
        let before = &self.document[at - self.column(at)..at];
        before.chars().all(|c| c == ' ').then_some(before)
    }
}

/// One level of indentation, as wide as that from `outer` to `inner`.
fn step(inner: usize, outer: usize) -> String {
    " ".repeat(match inner.saturating_sub(outer) {
        0 => 2,
        width => width,
    })
}

fn quoted(key: &str, is_quoted: bool) -> String {
    if is_quoted {
        format!("\"{key}\"")
    } else {
        key.to_owned()
    }
}
