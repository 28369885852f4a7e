//! What is needed to say an expression once more inside a `ValidatingAdmissionPolicy`: about what
//! it costs there, which variables it names, and its text with those variables renamed.
//! Nothing is evaluated here, and the text is otherwise left as people wrote it.

use std::fmt::Write as _;

use super::{Env, Program};
use crate::eval::{Node, Pattern};
use crate::syntax::names_of_variables;

/// Steps a call of a function is taken for: a text of a hundred bytes at ten bytes a step.
const CALL: u64 = 10;

impl Env {
    /// The program behind `variables.NAME`.
    pub fn variable(&self, name: &str) -> Option<&Program> {
        self.variables
            .iter()
            .find(|variable| variable.name == name)
            .map(|variable| &variable.program)
    }
}

impl Program {
    /// About what evaluating it costs, in the API server's units (a field, an iteration, ten bytes
    /// of text), where every collection has `items` elements and every text a hundred bytes, and no
    /// `&&`, `||` or `?:` ends early. Variables cost what one look costs: each is evaluated once.
    pub fn estimated_cost(&self, items: u64) -> u64 {
        cost(&self.plan().node, items)
    }

    /// The variables it names, each once, in the order of their first use. None where `variables`
    /// is the name of one of its macros' own.
    pub fn variables(&self) -> Option<Vec<&str>> {
        let mut names: Vec<&str> = Vec::new();
        for range in names_of_variables(self.source())? {
            let name = &self.source()[range];
            if !names.contains(&name) {
                names.push(name);
            }
        }
        Some(names)
    }

    /// Its source with `prefix` before the name of every variable. None as [`Self::variables`].
    pub fn with_variables_prefixed(&self, prefix: &str) -> Option<String> {
        let source = self.source();
        let mut renamed = String::with_capacity(source.len() + 32);
        let mut done = 0;
        for range in names_of_variables(source)? {
            // Writing to a String cannot fail.
            let _ = write!(renamed, "{}{prefix}", &source[done..range.start]);
            done = range.start;
        }
        renamed.push_str(&source[done..]);
        Some(renamed)
    }
}

fn cost(node: &Node, items: u64) -> u64 {
    let own = match node {
        Node::Constant(_)
        | Node::Settled(_)
        | Node::Local(_)
        | Node::Object
        | Node::Namespace
        | Node::Variable(_)
        | Node::And(_)
        | Node::Or(_)
        | Node::Conditional(_)
        | Node::Otherwise(..)
        | Node::List(_)
        | Node::Map(_) => 1,
        Node::Attribute(attribute) => 1 + attribute.path.len() as u64,
        Node::Call1(..)
        | Node::Call2(..)
        | Node::Call(..)
        | Node::Guarded(..)
        | Node::Equal(_)
        | Node::NotEqual(_)
        | Node::Ordered(..) => CALL,
        Node::InConstants(_, constants) => 1 + constants.len() as u64,
        Node::Pattern(pattern) => pattern_cost(pattern),
        Node::Fold(fold) => {
            let filter = fold.filter.as_ref().map_or(0, |filter| cost(filter, items));
            let round = cost(&fold.body, items).saturating_add(filter);
            let rounds = round.saturating_add(2).saturating_mul(items);
            return cost(&fold.range, items).saturating_add(rounds);
        }
    };
    let mut parts: u64 = 0;
    node.each_part(&mut |part| parts = parts.saturating_add(cost(part, items)));
    own.saturating_add(parts)
}

/// A pattern is looked for in a text at a cost of both their lengths.
fn pattern_cost(pattern: &Pattern) -> u64 {
    CALL.saturating_mul(1 + pattern.weight / 4)
}
