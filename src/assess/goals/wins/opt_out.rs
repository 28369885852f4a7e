//! Namespaces that stay out of the digest: annotated or labelled with `goldenpath.dev/wins: "off"`.
//! Nothing of them is named. They still count in the numbers of the whole platform.

use std::collections::BTreeSet;

use serde_json::Value;

use super::content::Note;
use crate::api::keys;
use crate::assess::inventory::Inventory;
use crate::assess::namespace_index::NamespaceIndex;
use crate::assess::object::namespace::Namespace;

/// The value that opts out.
const OFF: &str = "off";

/// The namespaces that stay out.
pub(super) struct OptOuts {
    stated: BTreeSet<String>,
    unseen: BTreeSet<String>,
}

impl OptOuts {
    /// Those of an inventory; with `unseen`, the ones whose object is not known too.
    pub fn of(inventory: &Inventory, unseen: bool) -> Self {
        let mut found = Self {
            stated: BTreeSet::new(),
            unseen: BTreeSet::new(),
        };
        for (name, ns) in inventory.namespaces() {
            match &ns.namespace {
                Some(namespace) if has_opted_out(namespace) => {
                    found.stated.insert(name.to_owned());
                }
                None if unseen && has_content(ns) => {
                    found.unseen.insert(name.to_owned());
                }
                Some(_) | None => {}
            }
        }
        found
    }

    /// Whether nothing of a namespace may be named.
    pub fn has(&self, namespace: &str) -> bool {
        self.stated.contains(namespace) || self.unseen.contains(namespace)
    }

    /// How many there are, for the product manager.
    pub fn notes(&self) -> Vec<Note> {
        let mut notes = Vec::new();
        if !self.stated.is_empty() {
            notes.push(Note::OptedOut {
                namespaces: self.stated.len(),
            });
        }
        if !self.unseen.is_empty() {
            notes.push(Note::NamespacesUnread {
                namespaces: self.unseen.len(),
            });
        }
        notes
    }
}

fn has_content(ns: &NamespaceIndex) -> bool {
    !ns.workloads.is_empty() || ns.exceptions().next().is_some()
}

fn has_opted_out(namespace: &Namespace) -> bool {
    ["annotations", "labels"].iter().any(|field| {
        match &namespace.object["metadata"][*field][keys::WINS] {
            Value::String(value) => value.trim().eq_ignore_ascii_case(OFF),
            // In a manifest, an unquoted `off` is a boolean.
            Value::Bool(value) => !value,
            _ => false,
        }
    })
}
