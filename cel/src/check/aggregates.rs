//! List and map literals: the types of their parts, which must agree.

use super::unify::most_general;
use super::{Checker, Type, Typed, mismatch};
use crate::error::Problem;
use crate::eval::{self, ListItem, MapItem, Node};
use crate::syntax::ast::{Element, Entry};
use crate::value::Fault;

/// Parts that must have the same type once the whole expression is checked. Assignability is not
/// enough for the server: it refuses `dyn` beside `int`.
pub(super) struct Aggregate(Vec<Part>);

/// A part of a literal, and its offset in the source.
struct Part {
    offset: u32,
    ty: Type,
}

impl Checker<'_> {
    pub(super) fn list(&mut self, elements: &[Element]) -> Result<Typed, Problem> {
        let mut joined = None;
        let mut parts = Vec::new();
        let mut items = Vec::with_capacity(elements.len());
        for element in elements {
            let (ty, value) = self.expr(&element.value)?;
            let offset = element.value.offset;
            let ty = self.part(offset, ty, element.optional)?;
            joined = Some(self.join(offset, joined, &ty)?);
            parts.push(Part { offset, ty });
            let optional = element.optional;
            items.push(ListItem { value, optional });
        }
        self.must_agree(parts);
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
            keys.push(Part {
                offset: entry.key.offset,
                ty,
            });
            let (ty, value) = self.expr(&entry.value)?;
            let ty = self.part(entry.value.offset, ty, entry.optional)?;
            value_type = Some(self.join(entry.value.offset, value_type, &ty)?);
            values.push(Part {
                offset: entry.value.offset,
                ty,
            });
            let optional = entry.optional;
            items.push(MapItem {
                key,
                value,
                optional,
            });
        }
        self.must_agree(keys);
        self.must_agree(values);
        let key = key_type.unwrap_or_else(|| self.types.fresh());
        let value = value_type.unwrap_or_else(|| self.types.fresh());
        let constant = items
            .iter()
            .all(|item| is_constant(&item.key) && is_constant(&item.value) && !item.optional);
        let node = Node::Map(items.into());
        let node = fold(node, constant).map_err(|why| Problem::at(0, why))?;
        Ok((Type::map(key, value), node))
    }

    /// The type of a part. A part after `?` must be optional and has the inner type.
    fn part(&mut self, offset: u32, ty: Type, optional: bool) -> Result<Type, Problem> {
        match ty {
            ty if !optional => Ok(ty),
            Type::Optional(inner) => Ok((*inner).clone()),
            Type::Dyn if self.exempt > 0 => Ok(Type::Dyn),
            // The server's check of literals panics here.
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

    /// Lists within `format(…)` may mix types.
    fn must_agree(&mut self, parts: Vec<Part>) {
        if self.exempt == 0 {
            self.aggregates.push(Aggregate(parts));
        }
    }

    /// Refuses literals whose parts have different types.
    pub(super) fn homogeneous(&mut self) -> Result<(), Problem> {
        for Aggregate(parts) in std::mem::take(&mut self.aggregates) {
            let mut first: Option<Type> = None;
            for part in parts {
                let ty = self.types.resolve(&part.ty, true);
                let wanted = first.get_or_insert_with(|| ty.clone());
                if *wanted != ty {
                    return Err(mismatch(part.offset, wanted, &ty));
                }
            }
        }
        Ok(())
    }
}

fn is_constant(node: &Node) -> bool {
    matches!(node, Node::Constant(_))
}

/// The literal as a constant, if it is one. A constant that fails refuses the expression.
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
