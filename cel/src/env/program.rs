//! Compiled expressions, and the fields that they read.

use std::sync::Arc;

use crate::check::{Checked, Type};
use crate::eval::{Attribute, Node, Plan, QualifierKey};
use crate::value::Value;

/// A compiled expression. Cheap to clone and shareable between threads. Run it only in evaluations
/// of the environment that compiled it.
#[derive(Clone, Debug)]
pub struct Program(Arc<Compiled>);

#[derive(Debug)]
struct Compiled {
    source: String,
    checked: Checked,
}

impl Program {
    pub(super) fn new(source: &str, checked: Checked) -> Self {
        Self(Arc::new(Compiled {
            source: source.to_owned(),
            checked,
        }))
    }

    pub fn source(&self) -> &str {
        &self.0.source
    }

    pub fn result_type(&self) -> &Type {
        &self.0.checked.ty
    }

    /// The field paths that it selects from `object` by constant names, also with `has()` and `.?`:
    /// `["metadata", "labels", "app"]`. A path ends at a computed index or a macro. The empty path
    /// is the whole object. Does not include the paths that its variables read.
    pub fn reads(&self) -> Vec<Vec<String>> {
        let mut reads = Vec::new();
        collect_reads(&self.0.checked.plan.node, &mut reads);
        reads.sort();
        reads.dedup();
        reads
    }

    pub(super) fn plan(&self) -> &Plan {
        &self.0.checked.plan
    }

    pub(super) fn depth(&self) -> u16 {
        self.0.checked.depth
    }
}

fn collect_reads(node: &Node, reads: &mut Vec<Vec<String>>) {
    match node {
        Node::Object => reads.push(Vec::new()),
        Node::Attribute(attribute) => {
            match attribute.root {
                Node::Object => reads.push(constant_path(attribute)),
                ref root => collect_reads(root, reads),
            }
            for qualifier in &attribute.path {
                if let QualifierKey::Computed(key) = &qualifier.key {
                    collect_reads(key, reads);
                }
            }
        }
        other => other.each_part(&mut |part| collect_reads(part, reads)),
    }
}

fn constant_path(attribute: &Attribute) -> Vec<String> {
    let name = |key: &QualifierKey| match key {
        QualifierKey::Field(name) | QualifierKey::Presence(name) => Some(name.to_string()),
        QualifierKey::Constant(Value::String(name)) => Some(name.to_string()),
        QualifierKey::Itself | QualifierKey::Constant(_) | QualifierKey::Computed(_) => None,
    };
    attribute
        .path
        .iter()
        .map_while(|qualifier| name(&qualifier.key))
        .collect()
}
