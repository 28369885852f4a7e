//! Assignability and type parameters, after cel-go's checker: which types fit where, and what a
//! parameter must then be.
//!
//! Work is counted. Types can double with every step of an expression, so their size cannot be
//! bounded by the source's length.

use super::ty::Type;
use crate::limits::MAX_CHECK_WORK;

#[derive(Default)]
pub(super) struct Unifier {
    /// What each parameter stands for, by its number.
    bound: Vec<Option<Type>>,
    /// Former values of parameters, newest last, to go back when a try fails.
    trail: Vec<(u32, Option<Type>)>,
    work: u32,
}

impl Unifier {
    pub fn fresh(&mut self) -> Type {
        Type::Param(self.fresh_block(1))
    }

    /// The first of `count` new parameters.
    pub fn fresh_block(&mut self, count: u32) -> u32 {
        let first = u32::try_from(self.bound.len()).unwrap_or(u32::MAX);
        self.bound.extend((0..count).map(|_| None));
        first
    }

    /// Whether the work allowed is used up; from then on nothing fits any more.
    pub fn exhausted(&self) -> bool {
        self.work > MAX_CHECK_WORK
    }

    fn spend(&mut self) -> bool {
        self.work = self.work.saturating_add(1);
        !self.exhausted()
    }

    /// Whether each of `from` can be given where `to` is wanted; binds parameters only if so.
    pub fn assignable_all(&mut self, from: &[Type], to: &[Type]) -> bool {
        let mark = self.trail.len();
        let fits =
            from.len() == to.len() && from.iter().zip(to).all(|(from, to)| self.fits(from, to));
        if !fits {
            for (param, former) in self.trail.split_off(mark).into_iter().rev() {
                self.bound[param as usize] = former;
            }
        }
        fits
    }

    pub fn assignable(&mut self, from: &Type, to: &Type) -> bool {
        self.assignable_all(std::slice::from_ref(from), std::slice::from_ref(to))
    }

    fn bind(&mut self, param: u32, to: Type) {
        let former = self.bound[param as usize].replace(to);
        self.trail.push((param, former));
    }

    fn fits(&mut self, from: &Type, to: &Type) -> bool {
        if !self.spend() {
            return false;
        }
        if let Type::Param(param) = to {
            let (valid, known) = self.stands_for(from, *param);
            if valid || known {
                return valid;
            }
        }
        match (from, to) {
            (Type::Param(param), _) => self.stands_for(to, *param).0,
            _ if from.is_dyn_or_error() || to.is_dyn_or_error() => true,
            (Type::Null, other) | (other, Type::Null) => nullable(other),
            (Type::Type(_), Type::Type(_)) => true,
            (Type::List(_), Type::List(_))
            | (Type::Map(_), Type::Map(_))
            | (Type::Optional(_), Type::Optional(_)) => {
                let pairs = from.parts().into_iter().zip(to.parts());
                pairs.into_iter().all(|(from, to)| self.fits(from, to))
            }
            _ => from == to,
        }
    }

    /// Whether the parameter can stand for the type, and whether it stood for something before.
    fn stands_for(&mut self, ty: &Type, param: u32) -> (bool, bool) {
        if *ty == Type::Param(param) {
            return (true, true);
        }
        if let Some(known) = self.bound[param as usize].clone() {
            if *ty == known {
                return (true, true);
            }
            if !self.fits(ty, &known) {
                return (false, true);
            }
            let general = most_general(ty, &known);
            if !self.occurs(param, &general) {
                self.bind(param, general);
            }
            return (true, true);
        }
        if self.occurs(param, ty) {
            return (false, false);
        }
        self.bind(param, ty.clone());
        (true, false)
    }

    fn occurs(&mut self, param: u32, within: &Type) -> bool {
        if !self.spend() {
            return true;
        }
        match within {
            Type::Param(other) if *other == param => true,
            Type::Param(other) => match self.bound[*other as usize].clone() {
                Some(bound) => self.occurs(param, &bound),
                None => false,
            },
            _ => within
                .parts()
                .into_iter()
                .any(|part| self.occurs(param, part)),
        }
    }

    /// The type with its parameters replaced by what they stand for; those that stand for nothing
    /// become `dyn` when the check is over.
    pub fn resolve(&mut self, ty: &Type, finally: bool) -> Type {
        if !self.spend() {
            return Type::Error;
        }
        match ty {
            Type::Param(param) => match self.bound[*param as usize].clone() {
                Some(bound) => self.resolve(&bound, finally),
                None if finally => Type::Dyn,
                None => ty.clone(),
            },
            _ => ty.map_parts(|part| self.resolve(part, finally)),
        }
    }
}

fn nullable(ty: &Type) -> bool {
    matches!(
        ty,
        Type::Null | Type::Optional(_) | Type::Named(_) | Type::Timestamp | Type::Duration
    )
}

/// The more general of two types that are known to fit.
pub(super) fn most_general(left: &Type, right: &Type) -> Type {
    let more_general = less_specific(left, right);
    if more_general {
        left.clone()
    } else {
        right.clone()
    }
}

fn less_specific(left: &Type, right: &Type) -> bool {
    match (left, right) {
        (Type::Dyn | Type::Param(_), _) | (Type::Type(_), Type::Type(_)) => true,
        (_, Type::Dyn | Type::Param(_)) => false,
        (Type::List(_), Type::List(_))
        | (Type::Map(_), Type::Map(_))
        | (Type::Optional(_), Type::Optional(_)) => {
            let mut pairs = left.parts().into_iter().zip(right.parts());
            pairs.all(|(left, right)| less_specific(left, right))
        }
        _ => left == right,
    }
}

/// Whether two types are the same, whatever their open parameters are called.
pub(super) fn equivalent(left: &Type, right: &Type) -> bool {
    left == right
}
