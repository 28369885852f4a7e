//! The functions of semantic versions.

use std::sync::Arc;

use super::{Builtin, Context, no_overload};
use crate::value::{EvalResult, Fault, Object, Semver, Value};

pub(super) fn resolve(name: &str, args: usize, method: bool) -> Option<Builtin> {
    let function: Builtin = match (name, args, method) {
        ("semver", 1 | 2, false) => semver,
        ("isSemver", 1 | 2, false) => is_semver,
        ("major", 1, true) => major,
        ("minor", 1, true) => minor,
        ("patch", 1, true) => patch,
        _ => return None,
    };
    Some(function)
}

fn read(args: &[Value]) -> Result<Option<Semver>, Fault> {
    match args {
        [Value::String(text)] | [Value::String(text), Value::Bool(false)] => {
            Ok(Semver::parse(text))
        }
        [Value::String(text), Value::Bool(true)] => Ok(Semver::parse_normalized(text)),
        _ => Err(Fault::no_overload()),
    }
}

fn semver<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    match read(args)? {
        Some(version) => Ok(Value::Object(Object::Semver(Arc::new(version)))),
        None => Err(Fault::error("not a semantic version")),
    }
}

fn is_semver<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    Ok(Value::Bool(read(args)?.is_some()))
}

fn part<'a>(args: &[Value<'a>], place: usize) -> EvalResult<'a> {
    let [Value::Object(Object::Semver(version))] = args else {
        return no_overload();
    };
    Ok(Value::Int(version.numbers[place].cast_signed()))
}

fn major<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    part(args, 0)
}

fn minor<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    part(args, 1)
}

fn patch<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    part(args, 2)
}
