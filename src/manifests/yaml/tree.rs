//! A document's events to one value: anchors, aliases and merge keys as go-yaml v2 treats them, within
//! limits that no input can get around. Scalars are resolved elsewhere.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};
use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, Span, Tag};

use super::scalar::{self, Type};

/// More copies of nodes for anchors and aliases are an attack or an accident. Everything else that a
/// document makes the parser do is bounded by its bytes.
const COPIED_NODES: usize = 100_000;
/// As [`COPIED_NODES`], for the bytes of texts.
const COPIED_BYTES: usize = 1 << 26;
/// Aliases nest deeper than the parser allows.
const DEPTH: usize = 512;

const TOO_MANY_ALIASES: &str =
    "its anchors and aliases unfold to more than any manifest needs, so it is not read";

/// What is wrong, and where in the text: line and column from 1.
#[derive(Debug)]
pub(super) struct Mistake {
    pub line: usize,
    pub column: usize,
    pub message: String,
}

impl Mistake {
    fn at(span: Span, message: impl Into<String>) -> Self {
        Self {
            line: span.start.line().max(1),
            column: span.start.col() + 1,
            message: message.into(),
        }
    }
}

/// The value of a document.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub value: Value,
    /// Every key that was given twice.
    pub repeated: Vec<Mistake>,
    /// The lines on which the items of a `List` begin.
    pub item_lines: Vec<usize>,
}

/// Parses the first document of `text`.
pub(super) fn parse(text: &str) -> Result<Tree, Mistake> {
    let mut builder = Builder::default();
    for next in Parser::new_from_str(text) {
        let (event, span) = next.map_err(|error| Mistake {
            line: error.marker().line().max(1),
            column: error.marker().col() + 1,
            message: error.info(),
        })?;
        builder.take(event, span)?;
    }
    Ok(builder.tree)
}

/// A node, with what its copies cost.
#[derive(Clone, Debug)]
struct Node {
    value: Value,
    nodes: usize,
    bytes: usize,
    depth: usize,
}

impl Node {
    fn leaf(value: Value) -> Self {
        let bytes = value.as_str().map_or(0, str::len);
        Self {
            value,
            nodes: 1,
            bytes,
            depth: 1,
        }
    }
}

/// A collection that is not complete.
#[derive(Debug)]
struct Open {
    content: Content,
    anchor: usize,
    nodes: usize,
    bytes: usize,
    depth: usize,
}

#[derive(Debug)]
enum Content {
    List(Vec<Value>),
    Object {
        fields: Map<String, Value>,
        /// The keys that the object itself states.
        key: Option<Key>,
        stated: HashSet<String>,
    },
}

#[derive(Debug)]
enum Key {
    Field(String),
    /// `<<`: the fields of the value become fields of this object.
    Merge(Span),
}

#[derive(Default)]
struct Builder {
    tree: Tree,
    stack: Vec<Open>,
    anchors: HashMap<usize, Node>,
    copied_nodes: usize,
    copied_bytes: usize,
    is_done: bool,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Mistake> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.begin_node(span)?;
                if self.wants_key() {
                    let key = key(&text, style, tag.as_deref(), span)?;
                    if let (Key::Field(name), true) = (&key, anchor > 0) {
                        let node = Node::leaf(Value::from(name.as_str()));
                        self.anchors.insert(anchor, node);
                    }
                    self.begin_field(key, span);
                    return Ok(());
                }
                let value = self::value(&text, style, tag.as_deref(), span)?;
                self.add(Node::leaf(value), anchor, span)
            }
            Event::SequenceStart(_, anchor, _) => {
                self.open(Content::List(Vec::new()), anchor, span)
            }
            Event::MappingStart(_, anchor, _) => {
                let content = Content::Object {
                    fields: Map::new(),
                    key: None,
                    stated: HashSet::new(),
                };
                self.open(content, anchor, span)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Alias(id) => {
                self.begin_node(span)?;
                let node = self.unfold(id, span)?;
                if self.wants_key() {
                    let name =
                        scalar::key_of(node.value).map_err(|message| Mistake::at(span, message))?;
                    self.begin_field(Key::Field(name), span);
                    return Ok(());
                }
                self.add(node, 0, span)
            }
            // The stream's own events, and comments where the parser has them.
            _ => Ok(()),
        }
    }

    fn wants_key(&self) -> bool {
        let last = self.stack.last().map(|open| &open.content);
        matches!(last, Some(Content::Object { key: None, .. }))
    }

    /// Notes where an item of a list of objects begins.
    fn begin_node(&mut self, span: Span) -> Result<(), Mistake> {
        if self.is_done {
            return Err(Mistake::at(span, "a second document begins here"));
        }
        if let [root, list] = self.stack.as_slice()
            && let Content::Object {
                key: Some(Key::Field(name)),
                ..
            } = &root.content
            && let Content::List(_) = &list.content
            && name == "items"
        {
            self.tree.item_lines.push(span.start.line().max(1));
        }
        Ok(())
    }

    fn open(&mut self, content: Content, anchor: usize, span: Span) -> Result<(), Mistake> {
        self.begin_node(span)?;
        if self.wants_key() {
            return Err(Mistake::at(span, "a key must be a text"));
        }
        if self.stack.len() >= DEPTH {
            return Err(Mistake::at(span, "it nests deeper than any manifest"));
        }
        self.stack.push(Open {
            content,
            anchor,
            nodes: 1,
            bytes: 0,
            depth: 1,
        });
        Ok(())
    }

    fn close(&mut self, span: Span) -> Result<(), Mistake> {
        let Some(open) = self.stack.pop() else {
            return Ok(());
        };
        let value = match open.content {
            Content::List(items) => Value::Array(items),
            Content::Object { fields, .. } => Value::Object(fields),
        };
        let node = Node {
            value,
            nodes: open.nodes,
            bytes: open.bytes,
            depth: open.depth,
        };
        self.add(node, open.anchor, span)
    }

    fn unfold(&mut self, id: usize, span: Span) -> Result<Node, Mistake> {
        let Some(node) = self.anchors.get(&id).cloned() else {
            return Err(Mistake::at(span, "an anchor's value contains itself"));
        };
        self.charge(&node, span)?;
        if self.stack.len() + node.depth > DEPTH {
            return Err(Mistake::at(span, TOO_MANY_ALIASES));
        }
        Ok(node)
    }

    /// Counts one copy of a node.
    fn charge(&mut self, node: &Node, span: Span) -> Result<(), Mistake> {
        self.copied_nodes = self.copied_nodes.saturating_add(node.nodes);
        self.copied_bytes = self.copied_bytes.saturating_add(node.bytes);
        if self.copied_nodes > COPIED_NODES || self.copied_bytes > COPIED_BYTES {
            return Err(Mistake::at(span, TOO_MANY_ALIASES));
        }
        Ok(())
    }

    fn begin_field(&mut self, name: Key, span: Span) {
        let Some(Open {
            content: Content::Object { key, stated, .. },
            bytes,
            nodes,
            ..
        }) = self.stack.last_mut()
        else {
            return;
        };
        if let Key::Field(name) = &name {
            *nodes += 1;
            *bytes += name.len();
            if !stated.insert(name.clone()) {
                let message = format!("the key '{name}' is given twice; the last one counts");
                self.tree.repeated.push(Mistake::at(span, message));
            }
        }
        *key = Some(name);
    }

    /// Adds a complete node to the collection it is in.
    fn add(&mut self, node: Node, anchor: usize, span: Span) -> Result<(), Mistake> {
        if anchor > 0 {
            // A copy as well: anchors within anchors would multiply what they hold.
            self.charge(&node, span)?;
            self.anchors.insert(anchor, node.clone());
        }
        let Some(open) = self.stack.last_mut() else {
            self.tree.value = node.value;
            self.is_done = true;
            return Ok(());
        };
        open.nodes = open.nodes.saturating_add(node.nodes);
        open.bytes = open.bytes.saturating_add(node.bytes);
        open.depth = open.depth.max(node.depth + 1);
        match &mut open.content {
            Content::List(items) => items.push(node.value),
            Content::Object { fields, key, .. } => match key.take() {
                Some(Key::Field(name)) => {
                    fields.insert(name, node.value);
                }
                Some(Key::Merge(at)) => merge(node.value, fields, at)?,
                None => return Err(Mistake::at(span, "a value has no key")),
            },
        }
        Ok(())
    }
}

/// Adds the fields of an object, or of several, of which the first counts.
fn merge(value: Value, fields: &mut Map<String, Value>, at: Span) -> Result<(), Mistake> {
    let sources = match value {
        Value::Array(items) => items,
        one @ (Value::Object(_)
        | Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)) => {
            vec![one]
        }
    };
    for source in sources.into_iter().rev() {
        let Value::Object(more) = source else {
            return Err(Mistake::at(
                at,
                "'<<' needs an object, or a list of objects",
            ));
        };
        fields.extend(more);
    }
    Ok(())
}

fn key(text: &str, style: ScalarStyle, tag: Option<&Tag>, span: Span) -> Result<Key, Mistake> {
    if style == ScalarStyle::Plain && tag.is_none() && text == "<<" {
        return Ok(Key::Merge(span));
    }
    scalar::key(text, stated(style, tag))
        .map(Key::Field)
        .map_err(|message| Mistake::at(span, message))
}

fn value(text: &str, style: ScalarStyle, tag: Option<&Tag>, span: Span) -> Result<Value, Mistake> {
    scalar::value(text, stated(style, tag)).map_err(|message| Mistake::at(span, message))
}

/// The type that a tag or quotes state. Tags that go-yaml does not know state a text.
fn stated(style: ScalarStyle, tag: Option<&Tag>) -> Option<Type> {
    match tag {
        Some(tag) => {
            let suffix = tag.suffix_in_namespace("tag:yaml.org,2002:");
            let known = suffix.and_then(|suffix| Type::of_tag(&suffix));
            Some(known.unwrap_or(Type::Text))
        }
        None => (style != ScalarStyle::Plain).then_some(Type::Text),
    }
}
