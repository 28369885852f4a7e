//! Prepares an expression for use in a `ValidatingAdmissionPolicy`: estimates its cost there, lists
//! the variables it uses, and renames them in its source. Evaluates nothing and changes nothing else
//! of the source.

use super::{Env, Program};
use crate::eval::{Node, Pattern};
use crate::syntax::names_of_variables;

/// Estimated steps of a call: a string of a hundred bytes at ten bytes a step.
const CALL: u64 = 10;

impl Env {
    /// The program of `variables.NAME`.
    pub fn variable(&self, name: &str) -> Option<&Program> {
        self.variables
            .iter()
            .find(|variable| variable.name == name)
            .map(|variable| &variable.program)
    }
}

impl Program {
    /// Estimates the cost of an evaluation in the API server's units (a field, an iteration, ten
    /// bytes of text). Assumes that every collection has `items` elements, that every string has a
    /// hundred bytes, and that `&&`, `||` and `?:` evaluate all parts. The use of a variable costs
    /// one step, because each variable is evaluated once.
    pub fn estimated_cost(&self, items: u64) -> u64 {
        cost(&self.plan().node, items)
    }

    /// The variables it uses, without duplicates, in the order of their first use. None if a macro
    /// has a variable named `variables`.
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

    /// Its source with `prefix` before the name of every variable. None as for [`Self::variables`].
    pub fn with_variables_prefixed(&self, prefix: &str) -> Option<String> {
        let source = self.source();
        let mut renamed = String::with_capacity(source.len() + 32);
        let mut done = 0;
        for range in names_of_variables(source)? {
            renamed.push_str(&source[done..range.start]);
            renamed.push_str(prefix);
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

/// The cost of a search depends on the lengths of the string and the pattern.
fn pattern_cost(pattern: &Pattern) -> u64 {
    CALL.saturating_mul(1 + pattern.weight / 4)
}
