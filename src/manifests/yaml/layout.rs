//! Where the parts of a document are in its text: byte ranges of keys and values, so that a document
//! can be edited in place. Only what parsed without an error has a layout; no value is interpreted.

use std::ops::Range;

use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, Span, StructureStyle};

/// A value and its place in the text.
#[derive(Debug, PartialEq, Eq)]
pub struct Node {
    /// The end of a collection in block notation is not exact.
    pub range: Range<usize>,
    pub content: Content,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Content {
    Scalar(Notation),
    Alias,
    List(Vec<Node>),
    Object(Notation, Vec<Entry>),
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notation {
    /// A scalar without quotes, maybe empty.
    Plain,
    SingleQuoted,
    DoubleQuoted,
    /// A text after `|` or `>`, or an object with its keys on lines of their own.
    Block,
    /// An object in braces.
    Flow,
}

/// A key of an object, with its value.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    pub key: String,
    pub key_range: Range<usize>,
    pub value: Node,
}

impl Node {
    /// The entry of this key in an object; of two equal keys, the last counts.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.content {
            Content::Object(_, entries) => entries.iter().rfind(|entry| entry.key == key),
            Content::Scalar(_) | Content::Alias | Content::List(_) => None,
        }
    }

    /// The items of a list.
    pub fn items(&self) -> &[Self] {
        match &self.content {
            Content::List(items) => items,
            Content::Scalar(_) | Content::Alias | Content::Object(..) => &[],
        }
    }
}

/// The layout of the value in a YAML document.
pub fn of_yaml(text: &str) -> Option<Node> {
    let mut builder = Builder::default();
    for next in Parser::new_from_str(text) {
        let (event, span) = next.ok()?;
        builder.take(event, bytes(span)?);
    }
    builder.roots.into_iter().next()
}

fn bytes(span: Span) -> Option<Range<usize>> {
    Some(span.start.byte_offset()?..span.end.byte_offset()?)
}

/// The layouts of the values in a JSON document, one after another.
pub fn of_json(text: &str) -> Vec<Node> {
    let mut builder = Builder::default();
    let mut at = 0;
    while let Some(first) = text.as_bytes().get(at) {
        let end = at + token_length(&text[at..]);
        match first {
            b'{' => builder.open(at, Content::Object(Notation::Flow, Vec::new())),
            b'[' => builder.open(at, Content::List(Vec::new())),
            b'}' | b']' => builder.close(end),
            b',' | b':' | b' ' | b'\t' | b'\r' | b'\n' => {}
            b'"' => {
                let read = serde_json::from_str::<String>(&text[at..end]);
                builder.leaf(read.unwrap_or_default(), Notation::DoubleQuoted, at..end);
            }
            _ => builder.leaf(String::new(), Notation::Plain, at..end),
        }
        at = end;
    }
    builder.roots
}

/// The length of the token that a JSON text begins with: a text, a mark, or a number or name.
fn token_length(text: &str) -> usize {
    let is_mark = |c: char| "{}[],:\" \t\r\n".contains(c);
    let mut letters = text.char_indices();
    match letters.next() {
        Some((_, '"')) => {
            let mut is_escaped = false;
            let end = letters.find(|(_, c)| {
                let is_end = *c == '"' && !is_escaped;
                is_escaped = *c == '\\' && !is_escaped;
                is_end
            });
            end.map_or(text.len(), |(at, _)| at + 1)
        }
        Some((_, first)) if is_mark(first) => 1,
        Some(_) | None => text.find(is_mark).unwrap_or(text.len()),
    }
}

/// A collection that is not complete.
struct Open {
    start: usize,
    content: Content,
    /// A key that waits for its value.
    key: Option<(String, Range<usize>)>,
}

#[derive(Default)]
struct Builder {
    stack: Vec<Open>,
    roots: Vec<Node>,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Scalar(text, style, ..) => {
                self.leaf(text.into_owned(), notation(style), range);
            }
            Event::Alias(_) if self.wants_key() => {
                self.leaf(String::new(), Notation::Plain, range);
            }
            Event::Alias(_) => self.add(Node {
                range,
                content: Content::Alias,
            }),
            Event::SequenceStart(..) => self.open(range.start, Content::List(Vec::new())),
            Event::MappingStart(style, ..) => {
                let notation = match style {
                    StructureStyle::Block => Notation::Block,
                    StructureStyle::Flow => Notation::Flow,
                };
                self.open(range.start, Content::Object(notation, Vec::new()));
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(range.end),
            // Where a stream or a document begins and ends; comments are a feature of the parser.
            _ => {}
        }
    }

    fn wants_key(&self) -> bool {
        self.stack
            .last()
            .is_some_and(|open| matches!(open.content, Content::Object(..)) && open.key.is_none())
    }

    fn leaf(&mut self, text: String, notation: Notation, range: Range<usize>) {
        let wants_key = self.wants_key();
        match self.stack.last_mut() {
            Some(open) if wants_key => open.key = Some((text, range)),
            Some(_) | None => self.add(Node {
                range,
                content: Content::Scalar(notation),
            }),
        }
    }

    fn open(&mut self, start: usize, content: Content) {
        let key = None;
        self.stack.push(Open {
            start,
            content,
            key,
        });
    }

    fn close(&mut self, end: usize) {
        if let Some(Open { start, content, .. }) = self.stack.pop() {
            let range = start..end.max(start);
            self.add(Node { range, content });
        }
    }

    fn add(&mut self, value: Node) {
        let Some(Open { content, key, .. }) = self.stack.last_mut() else {
            return self.roots.push(value);
        };
        match content {
            Content::List(items) => items.push(value),
            Content::Object(_, entries) => {
                entries.extend(key.take().map(|(key, key_range)| Entry {
                    key,
                    key_range,
                    value,
                }));
            }
            Content::Scalar(_) | Content::Alias => {}
        }
    }
}

const fn notation(style: ScalarStyle) -> Notation {
    match style {
        ScalarStyle::Plain => Notation::Plain,
        ScalarStyle::SingleQuoted => Notation::SingleQuoted,
        ScalarStyle::DoubleQuoted => Notation::DoubleQuoted,
        ScalarStyle::Literal | ScalarStyle::Folded => Notation::Block,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every scalar, key, alias and collection in braces, as it is in the text.
    fn parts<'t>(node: &Node, text: &'t str, found: &mut Vec<&'t str>) {
        match &node.content {
            Content::Scalar(_) | Content::Alias => found.push(&text[node.range.clone()]),
            Content::List(items) => items.iter().for_each(|item| parts(item, text, found)),
            Content::Object(notation, entries) => {
                if *notation == Notation::Flow {
                    found.push(&text[node.range.clone()]);
                }
                for entry in entries {
                    found.push(&text[entry.key_range.clone()]);
                    parts(&entry.value, text, found);
                }
            }
        }
    }

    fn parts_of<'t>(nodes: &[Node], text: &'t str) -> Vec<&'t str> {
        let mut found = Vec::new();
        for node in nodes {
            parts(node, text, &mut found);
        }
        found
    }

    #[test]
    fn yaml_has_its_keys_and_values_where_they_are_written() {
        let text = "---\n# größe\n'ä': &x \"ö\\n\" # c\nb :   plain text   # c\nlist:\n- {c: *x, \"d\":  e }\n- \
                    name: >-\n    a\n    b\nempty:\nnull: ~\n";
        let node = of_yaml(text).unwrap();
        assert_eq!(
            parts_of(&[node], text)[..11],
            [
                "'ä'",
                "\"ö\\n\"",
                "b",
                "plain text",
                "list",
                "{c: *x, \"d\":  e }",
                "c",
                "*x",
                "\"d\"",
                "e",
                "name"
            ]
        );
    }

    #[test]
    fn json_values_one_after_another_have_their_places() {
        let text = "{\"a\\\"\\u00e4\": [1.5e3, true],\n\t\"b\": {}}\n[\"\\\\\"]";
        let nodes = of_json(text);
        assert_eq!(
            parts_of(&nodes, text),
            [
                &text[..text.len() - 7],
                "\"a\\\"\\u00e4\"",
                "1.5e3",
                "true",
                "\"b\"",
                "{}",
                "\"\\\\\""
            ]
        );
        assert_eq!(nodes[0].entry("a\"ä").unwrap().value.items().len(), 2);
    }
}
