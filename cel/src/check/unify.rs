//! Assignability and type parameters, as in cel-go's checker.
//!
//! This counts its work: types can double with every step of an expression, so the length of the
//! source does not bound them.

use super::ty::Type;
use crate::limits::MAX_CHECK_WORK;

/// Whether a parameter can be bound to a type.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Binding {
    Fits,
    /// Its earlier binding does not fit.
    Contradicts,
    /// The type contains the parameter.
    Circular,
}

#[derive(Default)]
pub(super) struct Unifier {
    /// The type bound to each parameter, by its number.
    bound: Vec<Option<Type>>,
    /// Earlier bindings, newest last, to restore when types do not fit.
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

    /// Whether the work is over its limit. Then no types fit any more.
    pub fn exhausted(&self) -> bool {
        self.work > MAX_CHECK_WORK
    }

    fn spend(&mut self) -> bool {
        self.work = self.work.saturating_add(1);
        !self.exhausted()
    }

    /// Whether each type of `from` is assignable to that of `to`. Binds parameters only if all are.
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
            match self.bind_to(*param, from) {
                Binding::Fits => return true,
                Binding::Contradicts => return false,
                Binding::Circular => {}
            }
        }
        match (from, to) {
            (Type::Param(param), _) => self.bind_to(*param, to) == Binding::Fits,
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

    /// Binds a parameter to a type, if they fit.
    fn bind_to(&mut self, param: u32, ty: &Type) -> Binding {
        if *ty == Type::Param(param) {
            return Binding::Fits;
        }
        if let Some(known) = self.bound[param as usize].clone() {
            if *ty == known {
                return Binding::Fits;
            }
            if !self.fits(ty, &known) {
                return Binding::Contradicts;
            }
            let general = most_general(ty, &known);
            if !self.occurs(param, &general) {
                self.bind(param, general);
            }
            return Binding::Fits;
        }
        if self.occurs(param, ty) {
            return Binding::Circular;
        }
        self.bind(param, ty.clone());
        Binding::Fits
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

    /// Replaces bound parameters. Unbound ones become `dyn` if this is the final pass.
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

/// The more general of two types that fit.
pub(super) fn most_general(left: &Type, right: &Type) -> Type {
    if less_specific(left, right) {
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
