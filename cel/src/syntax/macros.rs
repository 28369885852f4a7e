//! The macros of the dialect: calls by name and number of arguments that become folds.

use super::ast::{Access, Expr, Fold, FoldKind, Kind};
use crate::error::Problem;

/// Arguments of a macro by the part they play: how many names come first, whether a filter is
/// among the rest.
struct Shape {
    kind: FoldKind,
    names: usize,
    filter: bool,
}

fn shape(name: &str, args: usize) -> Option<Shape> {
    let (kind, names, filter) = match (name, args) {
        ("all", 2) => (FoldKind::All, 1, false),
        ("exists", 2) => (FoldKind::Exists, 1, false),
        ("exists_one", 2) => (FoldKind::ExistsOne, 1, false),
        ("map", 2) => (FoldKind::List, 1, false),
        // The body of `filter` is the element itself; `expand` puts it there.
        ("map", 3) | ("filter", 2) => (FoldKind::List, 1, true),
        ("all", 3) => (FoldKind::All, 2, false),
        ("exists", 3) => (FoldKind::Exists, 2, false),
        ("existsOne" | "exists_one", 3) => (FoldKind::ExistsOne, 2, false),
        ("transformList", 3) => (FoldKind::List, 2, false),
        ("transformList", 4) => (FoldKind::List, 2, true),
        ("transformMap", 3) => (FoldKind::MapValues, 2, false),
        ("transformMap", 4) => (FoldKind::MapValues, 2, true),
        ("transformMapEntry", 3) => (FoldKind::MapEntries, 2, false),
        ("transformMapEntry", 4) => (FoldKind::MapEntries, 2, true),
        ("optMap", 2) => (FoldKind::OptMap, 1, false),
        ("optFlatMap", 2) => (FoldKind::OptFlatMap, 1, false),
        ("sortBy", 2) => (FoldKind::SortBy, 1, false),
        _ => return None,
    };
    Some(Shape {
        kind,
        names,
        filter,
    })
}

/// `has(a.b)` as a presence test; the only macro without a receiver.
pub(super) fn has(mut args: Vec<Expr>) -> Result<Kind, Problem> {
    let arg = args.remove(0);
    match arg.kind {
        Kind::Select(mut select) if select.access == Access::Plain => {
            select.access = Access::Presence;
            Ok(Kind::Select(select))
        }
        _ => Err(Problem::at(arg.offset, "invalid argument to has() macro")),
    }
}

/// Expands a receiver call to a fold, or returns its parts if it is not a macro.
pub(super) fn expand(
    name: &str,
    target: Expr,
    args: Vec<Expr>,
) -> Result<Result<Kind, (Expr, Vec<Expr>)>, Problem> {
    let Some(shape) = shape(name, args.len()) else {
        return Ok(Err((target, args)));
    };
    let mut args = args.into_iter();
    let mut take = || args.next();
    let first = variable(take(), shape.kind)?;
    let second = match shape.names {
        2 => Some(variable(take(), shape.kind)?),
        _ => None,
    };
    if second.as_ref().is_some_and(|second| *second == first) {
        let message = format!("duplicate variable name: {first}");
        return Err(Problem::at(target.offset, message));
    }
    let filter = if shape.filter { take() } else { None };
    let body = take().unwrap_or_else(|| Expr {
        offset: target.offset,
        depth: 1,
        kind: Kind::Ident(first.clone()),
    });
    Ok(Ok(Kind::Fold(Box::new(Fold {
        kind: shape.kind,
        range: target,
        first,
        second,
        filter,
        body,
    }))))
}

fn variable(arg: Option<Expr>, kind: FoldKind) -> Result<String, Problem> {
    let Some(arg) = arg else {
        return Err(Problem::at(0, "argument must be a simple name"));
    };
    match arg.kind {
        Kind::Ident(name) if name == "__result__" => Err(Problem::at(
            arg.offset,
            "iteration variable overwrites accumulator variable",
        )),
        Kind::Ident(name) if !name.starts_with('.') => Ok(name),
        _ => Err(Problem::at(arg.offset, no_name(kind))),
    }
}

fn no_name(kind: FoldKind) -> &'static str {
    match kind {
        FoldKind::OptMap => "optMap() variable name must be a simple identifier",
        FoldKind::OptFlatMap => "optFlatMap() variable name must be a simple identifier",
        FoldKind::List => "argument is not an identifier",
        FoldKind::All
        | FoldKind::Exists
        | FoldKind::ExistsOne
        | FoldKind::MapValues
        | FoldKind::MapEntries
        | FoldKind::SortBy => "argument must be a simple name",
    }
}
