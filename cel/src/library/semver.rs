//! Semantic versions, strict (`1.2.3-rc.1+build`) and normalised (`v1.2`).

use std::cmp::Ordering;
use std::sync::Arc;

use super::no_overload;
use crate::eval::{Builtin, Context, Fault, Outcome};
use crate::library::Object;
use crate::value::Value;

/// A version. Build metadata is checked and has no say in order or equality.
#[derive(Clone, Debug)]
pub struct Semver {
    numbers: [u64; 3],
    pre: Vec<Identifier>,
}

/// A part of a pre-release: numbers come before words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Identifier {
    Number(u64),
    Word(String),
}

impl PartialEq for Semver {
    fn eq(&self, other: &Self) -> bool {
        order(self, other).is_eq()
    }
}

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

/// The order of versions: a release comes after its pre-releases.
pub(super) fn order(a: &Semver, b: &Semver) -> Ordering {
    a.numbers
        .cmp(&b.numbers)
        .then_with(|| match (a.pre.len(), b.pre.len()) {
            (0, 0) => Ordering::Equal,
            (0, _) => Ordering::Greater,
            (_, 0) => Ordering::Less,
            _ => a.pre.cmp(&b.pre),
        })
}

fn parse(text: &str) -> Option<Semver> {
    let mut parts = text.splitn(3, '.');
    let major = number(parts.next()?)?;
    let minor = number(parts.next()?)?;
    let rest = parts.next()?;
    let (rest, build) = cut(rest, '+');
    let (patch, pre) = cut(rest, '-');
    if let Some(build) = build
        && !build.split('.').all(is_word)
    {
        return None;
    }
    let pre = match pre {
        Some(pre) => pre.split('.').map(identifier).collect::<Option<_>>()?,
        None => Vec::new(),
    };
    Some(Semver {
        numbers: [major, minor, number(patch)?],
        pre,
    })
}

fn cut(text: &str, mark: char) -> (&str, Option<&str>) {
    match text.split_once(mark) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

fn number(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit());
    let padded = text.len() > 1 && text.starts_with('0');
    (plain && !padded).then(|| text.parse().ok()).flatten()
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn identifier(text: &str) -> Option<Identifier> {
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        return number(text).map(Identifier::Number);
    }
    is_word(text).then(|| Identifier::Word(text.to_owned()))
}

/// Without a leading `v`, with missing numbers as 0 and without leading zeros.
fn normalize(text: &str) -> Option<String> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let mut parts: Vec<String> = text.splitn(3, '.').map(unpadded).collect();
    let short = parts.len() < 3;
    if short && parts.last().is_some_and(|last| last.contains(['+', '-'])) {
        return None;
    }
    parts.resize(3, "0".into());
    Some(parts.join("."))
}

fn unpadded(part: &str) -> String {
    let bare = part.trim_start_matches('0');
    match bare.bytes().next() {
        _ if part.len() < 2 => part.to_owned(),
        Some(first) if first.is_ascii_digit() => bare.to_owned(),
        _ => format!("0{bare}"),
    }
}

fn read(args: &[Value]) -> Result<Option<Semver>, Fault> {
    match args {
        [Value::String(text)] | [Value::String(text), Value::Bool(false)] => Ok(parse(text)),
        [Value::String(text), Value::Bool(true)] => {
            Ok(normalize(text).and_then(|text| parse(&text)))
        }
        _ => Err(Fault::no_overload()),
    }
}

fn semver<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> Outcome<'a> {
    match read(args)? {
        Some(version) => Ok(Value::Object(Object::Semver(Arc::new(version)))),
        None => Err(Fault::error("not a semantic version")),
    }
}

fn is_semver<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> Outcome<'a> {
    Ok(Value::Bool(read(args)?.is_some()))
}

fn part<'a>(args: &[Value<'a>], place: usize) -> Outcome<'a> {
    let [Value::Object(Object::Semver(version))] = args else {
        return no_overload();
    };
    Ok(Value::Int(version.numbers[place].cast_signed()))
}

fn major<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> Outcome<'a> {
    part(args, 0)
}

fn minor<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> Outcome<'a> {
    part(args, 1)
}

fn patch<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> Outcome<'a> {
    part(args, 2)
}
