//! The functions of the dialect, by library. Each room resolves its names to functions on
//! evaluated arguments; types have been checked as far as they were known, so a function still
//! meets values it does not take and answers "no such overload".

mod addresses;
mod arithmetic;
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

/// A function of the library on evaluated arguments, the receiver first.
pub(crate) type Builtin = for<'a> fn(&mut Context<'_, 'a>, &[Value<'a>]) -> EvalResult<'a>;

/// What a running function may use: its budget, and what earlier calls on the object have made.
pub(crate) struct Context<'e, 'a> {
    pub meter: Meter,
    retained: &'e Retained<'a>,
}

/// What stays in memory until the object is done.
#[derive(Default)]
pub(crate) struct Retained<'a> {
    patterns: RefCell<PatternCache>,
    automaton: RefCell<Automaton>,
    members: RefCell<Members<'a>>,
    bytes: Cell<usize>,
}

impl Retained<'_> {
    /// Bytes retained so far.
    pub fn bytes(&self) -> usize {
        self.bytes.get()
    }

    /// Counts memory that a variable or a cache retains.
    pub fn add(&self, bytes: usize) {
        self.bytes.set(self.bytes.get() + bytes);
    }
}

impl<'e, 'a> Context<'e, 'a> {
    pub fn new(meter: Meter, retained: &'e Retained<'a>) -> Self {
        Self { meter, retained }
    }

    /// Pays for memory that stays in use until the object is done.
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

/// The function of a name for this number of arguments, the receiver included.
pub(crate) fn resolve(name: &str, args: usize, method: bool) -> Option<Builtin> {
    let rooms = [
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
    let found = rooms.iter().find_map(|room| room(name, args, method));
    found.or_else(|| AUTHORIZATION.contains(&name).then_some(refuse as Builtin))
}

/// Functions that are known by type only. No value here is one that they take.
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

/// The answer of a function to values it does not take.
fn no_overload<'a>() -> EvalResult<'a> {
    Err(Fault::no_overload())
}

fn int<'a>(value: usize) -> Value<'a> {
    Value::Int(i64::try_from(value).unwrap_or(i64::MAX))
}
