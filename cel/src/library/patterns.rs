//! Regular expressions. Written patterns are compiled with the expression; those made while
//! evaluating are compiled once per evaluation, a bounded number of them.

use regex::{Regex, RegexBuilder};

use super::{no_overload, re2};
use crate::eval::{Builtin, Context, Fault, Meter, Outcome, Pattern, PatternUse};
use crate::limits::{MAX_CACHED_PATTERNS, MAX_PATTERN_BYTES};
use crate::value::{Text, Value};

/// What compiling a pattern while evaluating costs, in steps: it takes longer than anything else.
const COMPILE_STEPS: u64 = 20_000;

pub(super) fn resolve(name: &str, args: usize, method: bool) -> Option<Builtin> {
    let function: Builtin = match (name, args, method) {
        ("matches", 2, _) => matches,
        ("find", 2, true) => find,
        ("findAll", 2 | 3, true) => find_all,
        _ => return None,
    };
    Some(function)
}

/// Compiles a pattern of RE2's syntax.
pub(crate) fn compile_pattern(pattern: &str) -> Result<Regex, String> {
    let translated = re2::translate(pattern)?;
    RegexBuilder::new(&translated)
        .size_limit(MAX_PATTERN_BYTES)
        .dfa_size_limit(MAX_PATTERN_BYTES)
        .build()
        .map_err(|problem| format!("error parsing regexp: {problem}"))
}

/// Patterns an evaluation has made, oldest first.
#[derive(Default)]
pub(crate) struct PatternCache(Vec<(String, Regex)>);

impl PatternCache {
    fn get(&self, pattern: &str) -> Option<Regex> {
        let mut known = self.0.iter();
        known
            .find(|(known, _)| known == pattern)
            .map(|(_, regex)| regex.clone())
    }

    fn keep(&mut self, pattern: &str, regex: &Regex) {
        if self.0.len() == MAX_CACHED_PATTERNS {
            self.0.remove(0);
        }
        self.0.push((pattern.to_owned(), regex.clone()));
    }
}

fn made(context: &mut Context, pattern: &str) -> Result<Regex, Fault> {
    if let Some(regex) = context.patterns().get(pattern) {
        return Ok(regex);
    }
    context.meter.charge(COMPILE_STEPS + pattern.len() as u64)?;
    let regex = compile_pattern(pattern).map_err(Fault::error)?;
    context.patterns().keep(pattern, &regex);
    Ok(regex)
}

/// What an optional holds; its form in Go is that of its value.
fn bare<'v, 'a>(value: &'v Value<'a>) -> &'v Value<'a> {
    match value {
        Value::Optional(Some(inner)) => bare(inner),
        value => value,
    }
}

/// Applies a function of a written pattern.
pub(crate) fn apply_pattern<'a>(
    context: &mut Context<'_, 'a>,
    pattern: &Pattern,
    text: &Value<'a>,
    limit: Option<&Value<'a>>,
) -> Outcome<'a> {
    // For a written pattern the server asks for Go's form of the value, and a type's is its name.
    let (Value::String(text) | Value::Type(text)) = bare(text) else {
        return no_overload();
    };
    let regex = &pattern.regex;
    charge(context, text, pattern.weight)?;
    match (pattern.function, limit.map(bare)) {
        (PatternUse::Matches, _) => Ok(Value::Bool(regex.is_match(text))),
        (PatternUse::Find, _) => Ok(first(regex, text)),
        (PatternUse::FindAll, None) => all(context, regex, text, -1),
        (PatternUse::FindAll, Some(Value::Int(limit))) => all(context, regex, text, *limit),
        (PatternUse::FindAll, Some(_)) => no_overload(),
    }
}

/// The API server's measure: text by pattern, a fortieth of their product.
fn charge(context: &mut Context, text: &str, weight: u64) -> Result<(), Fault> {
    let text = 1 + text.len() as u64 / 10;
    context.meter.charge(text.saturating_mul(1 + weight / 4))
}

fn matches<'a>(context: &mut Context<'_, 'a>, args: &[Value<'a>]) -> Outcome<'a> {
    let [Value::String(text), Value::String(pattern)] = args else {
        return no_overload();
    };
    let regex = made(context, pattern)?;
    charge(context, text, pattern.len() as u64)?;
    Ok(Value::Bool(regex.is_match(text)))
}

fn find<'a>(context: &mut Context<'_, 'a>, args: &[Value<'a>]) -> Outcome<'a> {
    let [Value::String(text), Value::String(pattern)] = args else {
        return no_overload();
    };
    let regex = made(context, pattern)?;
    charge(context, text, pattern.len() as u64)?;
    Ok(first(&regex, text))
}

fn first<'a>(regex: &Regex, text: &Text<'a>) -> Value<'a> {
    let found = regex.find(text);
    Value::text(found.map_or("", |found| found.as_str()))
}

fn find_all<'a>(context: &mut Context<'_, 'a>, args: &[Value<'a>]) -> Outcome<'a> {
    let (text, pattern, limit) = match args {
        [Value::String(text), Value::String(pattern)] => (text, pattern, -1),
        [
            Value::String(text),
            Value::String(pattern),
            Value::Int(limit),
        ] => (text, pattern, *limit),
        _ => return no_overload(),
    };
    let regex = made(context, pattern)?;
    charge(context, text, pattern.len() as u64)?;
    all(context, &regex, text, limit)
}

/// All matches, at most `limit` unless that is negative.
fn all<'a>(context: &mut Context<'_, 'a>, regex: &Regex, text: &str, limit: i64) -> Outcome<'a> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut found = Vec::new();
    for one in regex.find_iter(text).take(limit) {
        context.meter.charge(1)?;
        Meter::bound_elements(found.len() + 1)?;
        found.push(Value::text(one.as_str()));
    }
    Ok(Value::list(found))
}
