//! The functions of the dialect, by library. Each file resolves names to functions on evaluated
//! arguments. The checker does not know all types, so a function fails with "no such overload" on
//! values that it does not take. Knows nothing of plans.

mod addresses;
mod arithmetic;
mod ascii_search;
mod convert;
mod formats;
mod lists;
mod members;
mod optionals;
mod patterns;
mod printf;
mod quantity;
mod re2;
mod semver;
mod sets;
mod text;
mod time;

use std::cell::{Cell, RefCell, RefMut};

pub(crate) use lists::sort_by;
pub(crate) use patterns::{PatternUse, Searcher, apply_pattern, compile_pattern};
pub(crate) use printf::{Piece, Verb, pieces};

use crate::value::{EvalResult, Fault, Meter, Value};
use members::Members;
use patterns::{Automaton, PatternCache};

/// A function on evaluated arguments, the receiver first.
pub(crate) type Builtin = for<'a> fn(&mut Context<'_, 'a>, &[Value<'a>]) -> EvalResult<'a>;

/// The budget of a running function, and the caches of the object.
pub(crate) struct Context<'e, 'a> {
    pub meter: Meter,
    retained: &'e Retained<'a>,
}

/// Memory in use until the evaluation of the object ends: caches, and the size of variables.
#[derive(Default)]
pub(crate) struct Retained<'a> {
    patterns: RefCell<PatternCache>,
    automaton: RefCell<Automaton>,
    members: RefCell<Members<'a>>,
    bytes: Cell<usize>,
}

impl Retained<'_> {
    pub fn bytes(&self) -> usize {
        self.bytes.get()
    }

    /// Adds memory that a variable or a cache retains.
    pub fn add(&self, bytes: usize) {
        self.bytes.set(self.bytes.get() + bytes);
    }
}

impl<'e, 'a> Context<'e, 'a> {
    pub fn new(meter: Meter, retained: &'e Retained<'a>) -> Self {
        Self { meter, retained }
    }

    /// Charges for memory that a cache retains.
    fn retain(&mut self, bytes: usize) -> Result<(), Fault> {
        self.meter.room(bytes)?;
        self.meter.retain(bytes);
        self.retained.add(bytes);
        Ok(())
    }

    fn automaton(&self) -> RefMut<'_, Automaton> {
        self.retained.automaton.borrow_mut()
    }

    fn members(&self) -> RefMut<'_, Members<'a>> {
        self.retained.members.borrow_mut()
    }

    fn patterns(&self) -> RefMut<'_, PatternCache> {
        self.retained.patterns.borrow_mut()
    }
}

/// The function of a name for a number of arguments, including the receiver.
pub(crate) fn resolve(name: &str, args: usize, method: bool) -> Option<Builtin> {
    let libraries = [
        arithmetic::resolve,
        convert::resolve,
        text::resolve,
        patterns::resolve,
        time::resolve,
        lists::resolve,
        sets::resolve,
        optionals::resolve,
        quantity::resolve,
        semver::resolve,
        addresses::resolve,
        formats::resolve,
    ];
    libraries
        .iter()
        .find_map(|resolve| resolve(name, args, method))
        .or_else(|| AUTHORIZATION.contains(&name).then_some(refuse as Builtin))
}

/// Functions that the checker knows and no value can be passed to.
const AUTHORIZATION: [&str; 14] = [
    "path",
    "group",
    "serviceAccount",
    "resource",
    "subresource",
    "namespace",
    "name",
    "fieldSelector",
    "labelSelector",
    "check",
    "allowed",
    "errored",
    "error",
    "reason",
];

fn refuse<'a>(_: &mut Context<'_, 'a>, _: &[Value<'a>]) -> EvalResult<'a> {
    no_overload()
}

fn no_overload<'a>() -> EvalResult<'a> {
    Err(Fault::no_overload())
}

fn int<'a>(value: usize) -> Value<'a> {
    Value::Int(i64::try_from(value).unwrap_or(i64::MAX))
}
