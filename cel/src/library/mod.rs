//! The functions of the dialect, by library. Each room resolves its names to functions on
//! evaluated arguments; types have been checked as far as they were known, so a function still
//! meets values it does not take and answers "no such overload".

mod addresses;
mod arithmetic;
mod cidr;
mod convert;
mod formats;
mod ip;
mod lists;
mod members;
mod numbers;
mod object;
mod optionals;
mod patterns;
mod printf;
mod quantity;
mod re2;
mod re2_class;
mod semver;
mod sets;
mod text;
mod time;
mod url;

pub(crate) use arithmetic::ordered;
pub(crate) use lists::sort_by;
pub(crate) use members::Members;
pub(crate) use numbers::display;
pub(crate) use object::Object;
pub(crate) use patterns::{Automaton, PatternCache, Searcher, apply_pattern, compile_pattern};
pub(crate) use printf::{Piece, Verb, pieces};

use crate::eval::{Builtin, Context, Fault, Outcome};
use crate::value::Value;

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

fn refuse<'a>(_: &mut Context<'_, 'a>, _: &[Value<'a>]) -> Outcome<'a> {
    no_overload()
}

/// The answer of a function to values it does not take.
fn no_overload<'a>() -> Outcome<'a> {
    Err(Fault::no_overload())
}

fn int<'a>(value: usize) -> Value<'a> {
    Value::Int(i64::try_from(value).unwrap_or(i64::MAX))
}
