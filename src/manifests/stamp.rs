//! Writes a commit time into manifests: from a text to the edits that stamp its workloads. Nothing is
//! read from files or written to them here.
//!
//! **Invariant:** the edited text means what the text meant, plus the annotation on the workloads
//! themselves: every edited document is parsed again and compared. What cannot be edited so is refused.

mod diff;
mod edit;
mod time;

use std::fmt;
use std::str;

use serde_json::{Map, Value};

use super::documents::{self, Document};
use super::files::File;
use super::passed_over::{PassedOver, Reason};
use super::read::{Identity, is_object, is_unparsed_template, name_kind, take_items, was_meant};
use super::shape::{self, Shape};
use super::yaml::{self, Parsed, layout};
use crate::api::keys::COMMIT_TIME;
use crate::assess::object::kind::ExtraKind;

pub use diff::unified;
pub use edit::{Edit, apply};
use layout::Node;
pub use time::{CommitTime, ImplausibleTime};

/// What is stamped, and with which time.
#[derive(Clone, Copy, Debug)]
pub struct Stamp<'a> {
    pub time: CommitTime,
    /// Kinds beside the built-in ones.
    pub extra_kinds: &'a [ExtraKind],
}

/// What became of a file.
#[derive(Debug, Default)]
pub struct Stamped {
    /// In order.
    pub edits: Vec<Edit>,
    /// The workloads that get the time.
    pub workloads: Vec<String>,
    /// How many have it already.
    pub current: usize,
    pub refused: Vec<Refused>,
    pub passed_over: PassedOver,
}

/// A document that cannot be stamped.
#[derive(Debug, PartialEq, Eq)]
pub struct Refused {
    /// Counted from 1.
    pub line: usize,
    pub reason: Refusal,
}

/// Why a document cannot be stamped, and what to do instead.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    Template,
    Fragment,
    NoName,
    /// An edit in one place would change another one as well, or has no place.
    Shared,
    Unreadable(String),
}

impl Refusal {
    /// Whether such a document belongs in a directory of manifests: only a file that was named fails
    /// for it.
    pub const fn is_expected_in_directory(&self) -> bool {
        match self {
            Self::Template | Self::Fragment => true,
            Self::NoName | Self::Shared | Self::Unreadable(_) => false,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Template => {
                "this is a template: stamp what it renders (`helm template . | goldenpath stamp -`, or \
                 `goldenpath stamp -` as Helm's post-renderer), or write the annotation in the template \
                 and its time in the values"
            }
            Self::Fragment => {
                "this is a patch or a part of a workload: stamp what is built from it \
                 (`kustomize build . | goldenpath stamp -`), or add the annotation \
                 goldenpath.dev/commit-time to it, which is then updated"
            }
            Self::NoName => "this workload has no metadata.name",
            Self::Shared => {
                "its annotations cannot be edited in place, because an anchor, an alias or a merge key \
                 shares them or they are no plain map: write metadata.annotations out first"
            }
            Self::Unreadable(message) => message,
        })
    }
}

/// Stamps the workloads in a file.
pub fn stamp(file: &File, stamp: &Stamp<'_>) -> Stamped {
    let mut stamped = Stamped::default();
    match str::from_utf8(&file.content) {
        Ok(text) => {
            for document in documents::split(text) {
                stamped.take(file, &document, stamp);
            }
        }
        Err(error) if file.is_named => {
            let before = String::from_utf8_lossy(&file.content[..error.valid_up_to()]);
            let message = "this is not UTF-8 text".to_owned();
            stamped.refuse(
                1 + before.matches('\n').count(),
                Refusal::Unreadable(message),
            );
        }
        Err(_) => stamped.passed_over.count(Reason::NotText),
    }
    stamped
}

impl Stamped {
    fn take(&mut self, file: &File, document: &Document<'_>, stamp: &Stamp<'_>) {
        let parsed = match yaml::parse(document) {
            Ok(parsed) => parsed,
            Err(_) if is_unparsed_template(file, document.text) => {
                return self.refuse(document.first_line(), Refusal::Template);
            }
            Err(mistake) if file.is_named || was_meant(document.text) => {
                let column = mistake
                    .column
                    .map_or(String::new(), |column| format!("column {column}: "));
                let message = Refusal::Unreadable(format!("{column}{}", mistake.message));
                return self.refuse(mistake.line, message);
            }
            Err(_) => return self.passed_over.count(Reason::NoObject),
        };
        let layouts = if parsed.is_json {
            layout::of_json(document.text)
        } else {
            layout::of_yaml(document.text).into_iter().collect()
        };
        let mut expected = objects(parsed, &layouts);
        let mut edits = Vec::new();
        let mut names = Vec::new();
        let mut first = None;
        for Object { value, node, .. } in expected.iter_mut().filter(|object| !object.is_list) {
            match self.wanted(value, stamp) {
                Ok(false) => {}
                Ok(true) => {
                    let time = stamp.time.to_string();
                    let edit = node.and_then(|node| edit::annotate(document.text, node, &time));
                    let Some(edit) = edit else {
                        self.refuse(line_of(*node, document), Refusal::Shared);
                        continue;
                    };
                    annotate(value, time);
                    names.push(Identity::of(value).to_string());
                    edits.push(edit);
                    first = first.or(*node);
                }
                Err(reason) => self.refuse(line_of(*node, document), reason),
            }
        }
        if first.is_some() && !means(&apply(document.text, &edits), &expected) {
            return self.refuse(line_of(first, document), Refusal::Shared);
        }
        self.workloads.extend(names);
        self.edits.extend(edits.into_iter().map(|edit| Edit {
            range: edit.range.start + document.start..edit.range.end + document.start,
            ..edit
        }));
    }

    /// Whether an object is a workload that needs the time.
    fn wanted(&mut self, value: &Value, stamp: &Stamp<'_>) -> Result<bool, Refusal> {
        let pass_over = |passed_over: &mut PassedOver, reason| {
            passed_over.count(reason);
            Ok(false)
        };
        if !is_object(value) {
            return pass_over(&mut self.passed_over, Reason::NoObject);
        }
        if shape::is_retired(value) {
            return pass_over(&mut self.passed_over, Reason::OldVersion);
        }
        let is_extra = |kind: &ExtraKind| super::load::is_of(value, kind);
        if !shape::is_built_in_workload(value) && !stamp.extra_kinds.iter().any(is_extra) {
            return pass_over(&mut self.passed_over, Reason::OtherKind);
        }
        let annotation = value["metadata"]["annotations"].get(COMMIT_TIME);
        match shape::of(value) {
            Shape::Template => return Err(Refusal::Template),
            Shape::Fragment if annotation.is_none() => return Err(Refusal::Fragment),
            Shape::Fragment | Shape::Whole => {}
        }
        let has = |field: &str| {
            value["metadata"][field]
                .as_str()
                .is_some_and(|name| !name.is_empty())
        };
        if !has("name") && !has("generateName") {
            return Err(Refusal::NoName);
        }
        let written = annotation.and_then(Value::as_str).map(str::parse);
        let is_current = matches!(written, Some(Ok(at)) if stamp.time.instant() == at);
        self.current += usize::from(is_current);
        Ok(!is_current)
    }

    fn refuse(&mut self, line: usize, reason: Refusal) {
        match reason {
            Refusal::Template => self.passed_over.count(Reason::Template),
            Refusal::Fragment => self.passed_over.count(Reason::Fragment),
            Refusal::NoName | Refusal::Shared | Refusal::Unreadable(_) => {}
        }
        self.refused.push(Refused { line, reason });
    }
}

/// The line of the stream that an object begins on.
fn line_of(node: Option<&Node>, document: &Document<'_>) -> usize {
    node.map_or(document.first_line(), |node| {
        let before = &document.text[..node.range.start];
        document.lines_before + 1 + before.matches('\n').count()
    })
}

/// An object and where it is written.
struct Object<'n> {
    value: Value,
    node: Option<&'n Node>,
    /// Whether it is what remains of a list without its items.
    is_list: bool,
}

fn objects(parsed: Parsed, layouts: &[Node]) -> Vec<Object<'_>> {
    let mut found = Vec::new();
    for (index, placed) in parsed.values.into_iter().enumerate() {
        unfold(placed.value, layouts.get(index), &mut found);
    }
    found
}

/// Takes lists apart, those of Kubernetes and arrays, also within each other.
fn unfold<'n>(mut value: Value, node: Option<&'n Node>, found: &mut Vec<Object<'n>>) {
    let is_array = value.is_array();
    let items = take_items(&mut value);
    let is_list = items.is_some();
    if let Some(items) = items {
        let list = if is_array {
            node
        } else {
            let items = node.and_then(|node| node.entry("items"));
            items.map(|items| &items.value)
        };
        let nodes = list.map_or(&[][..], Node::items);
        for (index, mut item) in items.into_iter().enumerate() {
            name_kind(&mut item, &value);
            unfold(item, nodes.get(index), found);
        }
    }
    found.push(Object {
        value,
        node,
        is_list,
    });
}

/// Adds the annotation as the edit does.
fn annotate(object: &mut Value, time: String) {
    let mut place = object;
    for field in ["metadata", "annotations"] {
        let Some(fields) = place.as_object_mut() else {
            return;
        };
        place = fields.entry(field).or_insert(Value::Null);
        if place.is_null() {
            *place = Value::Object(Map::new());
        }
    }
    if let Some(annotations) = place.as_object_mut() {
        annotations.insert(COMMIT_TIME.to_owned(), Value::from(time));
    }
}

/// Whether a document holds exactly these objects.
fn means(document: &str, expected: &[Object<'_>]) -> bool {
    let stream = documents::split(document);
    let [document] = stream.as_slice() else {
        return false;
    };
    yaml::parse(document).is_ok_and(|parsed| {
        objects(parsed, &[])
            .iter()
            .map(|object| &object.value)
            .eq(expected.iter().map(|object| &object.value))
    })
}

#[cfg(test)]
mod tests;
