//! Macros, typed as the loops that cel-go expands them to.

use super::calls::Callee;
use super::{Checker, Local, Type, Typed};
use crate::error::Problem;
use crate::eval::{FoldPlan, Node};
use crate::limits::MAX_FOLD_DEPTH;
use crate::syntax::ast::{Fold, FoldKind};

impl Checker<'_> {
    pub(super) fn fold(&mut self, offset: u32, fold: &Fold) -> Result<Typed, Problem> {
        let (range_type, range) = self.expr(&fold.range)?;
        let range_type = self.types.resolve(&range_type, false);
        let (first, second) = self.variables_of(fold, &range_type)?;
        let scope = self.scope.len();
        // The server's expansion of these macros names the variable.
        if let FoldKind::OptMap | FoldKind::OptFlatMap | FoldKind::MapValues = fold.kind {
            self.uses(offset, &first);
        }
        let first = self.declare(&fold.first, first);
        let second = fold.second.as_ref().map(|name| self.declare(name, second));
        let iterates = u16::from(fold.kind.iterates());
        self.folds += iterates;
        if self.folds > MAX_FOLD_DEPTH {
            let message = format!("comprehensions are nested deeper than {MAX_FOLD_DEPTH}");
            return Err(Problem::too_nested(offset, message));
        }
        let filter = match &fold.filter {
            Some(filter) => Some(self.expr(filter)?),
            None => None,
        };
        let (body_type, body) = self.expr(&fold.body)?;
        self.folds -= iterates;
        self.scope.truncate(scope);
        let filter = match filter {
            Some((ty, node)) => {
                self.require_condition(offset, &ty)?;
                Some(node)
            }
            None => None,
        };
        let ty = self.result_of(offset, fold, &range_type, &body_type)?;
        let plan = FoldPlan {
            kind: fold.kind,
            range,
            first,
            second,
            filter,
            body,
        };
        Ok((ty, Node::Fold(Box::new(plan))))
    }

    fn declare(&mut self, name: &str, ty: Type) -> usize {
        let place = self.scope.len();
        self.scope.push(Local {
            name: name.to_owned(),
            ty,
            place,
        });
        self.locals = self.locals.max(self.scope.len());
        place
    }

    fn variables_of(&mut self, fold: &Fold, range: &Type) -> Result<(Type, Type), Problem> {
        if !fold.kind.iterates() {
            let (inner, _) = self.overload(
                Callee::method(fold.range.offset, "value"),
                std::slice::from_ref(range),
            )?;
            return Ok((inner, Type::Error));
        }
        let two = fold.second.is_some();
        match range {
            Type::List(element) if two => Ok((Type::Int, (**element).clone())),
            Type::List(element) => Ok(((**element).clone(), Type::Error)),
            Type::Map(parts) => Ok((parts.0.clone(), parts.1.clone())),
            Type::Dyn | Type::Error => Ok((Type::Dyn, Type::Dyn)),
            Type::Param(_) => {
                self.types.assignable(&Type::Dyn, range);
                Ok((Type::Dyn, Type::Dyn))
            }
            other => Err(Problem::at(
                fold.range.offset,
                format!(
                    "expression of type '{}' cannot be range of a comprehension (must be list, \
                     map, or dynamic)",
                    other.in_message()
                ),
            )),
        }
    }

    fn require_condition(&mut self, offset: u32, ty: &Type) -> Result<(), Problem> {
        let any = self.types.fresh();
        let args = [ty.clone(), any.clone(), any];
        self.overload(Callee::function(offset, "_?_:_"), &args)
            .map(|_| ())
    }

    /// The type of the macro's value. Fails if the body has a wrong type.
    fn result_of(
        &mut self,
        offset: u32,
        fold: &Fold,
        range: &Type,
        body: &Type,
    ) -> Result<Type, Problem> {
        match fold.kind {
            FoldKind::All | FoldKind::Exists => {
                self.require(fold.body.offset, &Type::Bool, body)?;
                Ok(Type::Bool)
            }
            FoldKind::ExistsOne => {
                self.require_condition(offset, body)?;
                Ok(Type::Bool)
            }
            FoldKind::List => self.grown(offset, Type::list(body.clone())),
            FoldKind::MapValues => {
                let key = match (range, &fold.second) {
                    (Type::Map(parts), _) => parts.0.clone(),
                    (Type::List(_), Some(_)) => Type::Int,
                    _ => Type::Dyn,
                };
                Ok(Type::map(key, body.clone()))
            }
            FoldKind::MapEntries => {
                let any = Type::map(self.types.fresh(), self.types.fresh());
                self.require(fold.body.offset, &any, body)?;
                Ok(self.types.resolve(&any, false))
            }
            FoldKind::OptMap => Ok(Type::optional(body.clone())),
            FoldKind::OptFlatMap => {
                let none = Type::optional(self.types.fresh());
                let args = [Type::Bool, body.clone(), none];
                self.overload(Callee::function(offset, "_?_:_"), &args)
                    .map(|found| found.0)
            }
            FoldKind::SortBy => {
                let args = [range.clone(), Type::list(body.clone())];
                self.overload(Callee::method(offset, "@sortByAssociatedKeys"), &args)
                    .map(|found| found.0)
            }
        }
    }

    /// The type of a list that starts empty and grows by `added`.
    fn grown(&mut self, offset: u32, added: Type) -> Result<Type, Problem> {
        let empty = Type::list(self.types.fresh());
        let (sum, _) = self.overload(Callee::function(offset, "_+_"), &[empty.clone(), added])?;
        self.require(offset, &empty, &sum)?;
        Ok(self.types.resolve(&empty, false))
    }
}
