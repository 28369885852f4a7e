//! List and map literals: the types of their parts, which must agree.

use super::unify::{equivalent, most_general};
use super::{Checker, Type, Typed, mismatch};
use crate::error::Problem;
use crate::eval::{self, ListItem, MapItem, Node};
use crate::syntax::ast::{Element, Entry};
use crate::value::Fault;

/// The types of parts that must turn out the same once all of the expression is known. The
/// server demands more here than assignability: `dyn` beside `int` is refused.
pub(super) struct Aggregate(Vec<(u32, Type)>);

impl Checker<'_> {
    pub(super) fn list(&mut self, elements: &[Element]) -> Result<Typed, Problem> {
        let mut joined = None;
        let mut types = Vec::new();
        let mut items = Vec::with_capacity(elements.len());
        for element in elements {
            let (ty, value) = self.expr(&element.value)?;
            let offset = element.value.offset;
            let ty = self.part(offset, ty, element.optional)?;
            joined = Some(self.join(offset, joined, &ty)?);
            types.push((offset, ty));
            let optional = element.optional;
            items.push(ListItem { value, optional });
        }
        self.remember(types);
        let element = joined.unwrap_or_else(|| self.types.fresh());
        let constant = items
            .iter()
            .all(|item| is_constant(&item.value) && !item.optional);
        let node = Node::List(items.into());
        let node = fold(node, constant).map_err(|why| Problem::at(0, why))?;
        Ok((Type::list(element), node))
    }

    pub(super) fn map(&mut self, entries: &[Entry]) -> Result<Typed, Problem> {
        let (mut keys, mut values) = (Vec::new(), Vec::new());
        let (mut key_type, mut value_type) = (None, None);
        let mut items = Vec::with_capacity(entries.len());
        for entry in entries {
            let (ty, key) = self.expr(&entry.key)?;
            key_type = Some(self.join(entry.key.offset, key_type, &ty)?);
            keys.push((entry.key.offset, ty));
            let (ty, value) = self.expr(&entry.value)?;
            let ty = self.part(entry.value.offset, ty, entry.optional)?;
            value_type = Some(self.join(entry.value.offset, value_type, &ty)?);
            values.push((entry.value.offset, ty));
            let optional = entry.optional;
            items.push(MapItem {
                key,
                value,
                optional,
            });
        }
        self.remember(keys);
        self.remember(values);
        let key = key_type.unwrap_or_else(|| self.types.fresh());
        let value = value_type.unwrap_or_else(|| self.types.fresh());
        let constant = items
            .iter()
            .all(|item| is_constant(&item.key) && is_constant(&item.value) && !item.optional);
        let node = Node::Map(items.into());
        let node = fold(node, constant).map_err(|why| Problem::at(0, why))?;
        Ok((Type::map(key, value), node))
    }

    /// The type of a part, which `?` wants to be optional.
    fn part(&mut self, offset: u32, ty: Type, optional: bool) -> Result<Type, Problem> {
        match ty {
            ty if !optional => Ok(ty),
            Type::Optional(inner) => Ok((*inner).clone()),
            Type::Dyn if self.exempt > 0 => Ok(Type::Dyn),
            // The server's check of literals looks for what the optional holds, and panics.
            Type::Dyn => Err(Problem::at(
                offset,
                "an optional part of a literal must not be dyn",
            )),
            other => {
                let other = self.types.resolve(&other, true);
                Err(mismatch(offset, &Type::optional(other.clone()), &other))
            }
        }
    }

    fn join(&mut self, offset: u32, known: Option<Type>, next: &Type) -> Result<Type, Problem> {
        let Some(known) = known else {
            return Ok(next.clone());
        };
        if self.types.assignable(&known, next) {
            return Ok(most_general(&known, next));
        }
        if self.exempt > 0 {
            return Ok(Type::Dyn);
        }
        let known = self.types.resolve(&known, true);
        let next = self.types.resolve(next, true);
        Err(mismatch(offset, &known, &next))
    }

    /// Remembers parts that must turn out the same, except within `format(…)`.
    fn remember(&mut self, parts: Vec<(u32, Type)>) {
        if self.exempt == 0 {
            self.aggregates.push(Aggregate(parts));
        }
    }

    /// Refuses literals whose parts have turned out to be of different types.
    pub(super) fn homogeneous(&mut self) -> Result<(), Problem> {
        for Aggregate(parts) in std::mem::take(&mut self.aggregates) {
            let mut first: Option<Type> = None;
            for (offset, ty) in parts {
                let ty = self.types.resolve(&ty, true);
                let first = first.get_or_insert_with(|| ty.clone());
                if !equivalent(first, &ty) {
                    return Err(mismatch(offset, first, &ty));
                }
            }
        }
        Ok(())
    }
}

fn is_constant(node: &Node) -> bool {
    matches!(node, Node::Constant(_))
}

/// The literal as a constant, if it is one. One that cannot be made refuses the expression.
fn fold(node: Node, constant: bool) -> Result<Node, String> {
    if !constant {
        return Ok(node);
    }
    match eval::constant(&node) {
        Ok(value) => Ok(Node::Constant(value)),
        Err(Fault::Error(message)) => Err(format!("program instantiation failed: {message}")),
        Err(Fault::Exhausted { .. }) => Ok(node),
    }
}
