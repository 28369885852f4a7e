//! `'…'.format([…])` with literals: the clauses must fit the arguments.

use super::{Checker, Type};
use crate::error::Problem;
use crate::library::{Piece, Verb, pieces};
use crate::syntax::ast::{Call, Expr, Kind, Literal};

impl Checker<'_> {
    pub(super) fn format_clauses(&mut self, offset: u32, call: &Call) -> Result<(), Problem> {
        let (Some(target), [args]) = (&call.target, call.args.as_slice()) else {
            return Ok(());
        };
        let (Kind::Literal(Literal::String(text)), Kind::List(args)) = (&target.kind, &args.kind)
        else {
            return Ok(());
        };
        let pieces = pieces(text).map_err(|why| Problem::at(offset, why))?;
        let verbs: Vec<Verb> = pieces
            .into_iter()
            .filter_map(|piece| match piece {
                Piece::Clause(verb) => Some(verb),
                Piece::Text(_) => None,
            })
            .collect();
        if verbs.len() > args.len() {
            let message = format!("index {} out of range", args.len());
            return Err(Problem::at(offset, message));
        }
        if verbs.len() < args.len() {
            return Err(Problem::at(
                offset,
                format!(
                    "too many arguments supplied to string.format (expected {}, got {})",
                    verbs.len(),
                    args.len()
                ),
            ));
        }
        self.exempt += 1;
        let fits = verbs
            .iter()
            .zip(args)
            .try_for_each(|(verb, arg)| self.clause(*verb, &arg.value));
        self.exempt -= 1;
        fits
    }

    fn clause(&mut self, verb: Verb, arg: &Expr) -> Result<(), Problem> {
        let (ty, _) = self.expr(arg)?;
        let ty = self.types.resolve(&ty, true);
        if !accepts(verb, &ty) {
            let message = format!("error during formatting: {verb:?} clause was given {ty}");
            return Err(Problem::at(arg.offset, message));
        }
        match &arg.kind {
            Kind::List(elements) if verb == Verb::Text => elements
                .iter()
                .try_for_each(|element| self.clause(verb, &element.value)),
            Kind::Map(entries) if verb == Verb::Text => entries.iter().try_for_each(|entry| {
                self.clause(verb, &entry.key)?;
                self.clause(verb, &entry.value)
            }),
            _ => Ok(()),
        }
    }
}

/// Whether a clause may take values of a type.
fn accepts(verb: Verb, ty: &Type) -> bool {
    let whole = matches!(ty, Type::Dyn | Type::Int | Type::Uint);
    match verb {
        Verb::Text => !matches!(ty, Type::Optional(_) | Type::Named(_)),
        Verb::Decimal | Verb::Octal => whole,
        Verb::Fixed(_) | Verb::Scientific(_) => {
            matches!(ty, Type::Dyn | Type::Double | Type::String)
        }
        Verb::Binary => whole || *ty == Type::Bool,
        Verb::Hex { .. } => whole || matches!(ty, Type::String | Type::Bytes),
    }
}
