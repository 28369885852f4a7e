//! Functions of strings: search, cut and join. Positions and lengths count code points.

use std::ops::Range;

use super::{Builtin, Context, int, no_overload, printf};
use crate::limits::MAX_ELEMENTS;
use crate::value::{EvalResult, Fault, Meter, Text, Value};

/// Bytes that a string takes beside its content.
pub(super) const TEXT_BYTES: usize = 32;

pub(super) fn resolve(name: &str, args: usize, method: bool) -> Option<Builtin> {
    let function: Builtin = match (name, args, method) {
        ("contains", 2, true) => contains,
        ("startsWith", 2, true) => starts_with,
        ("endsWith", 2, true) => ends_with,
        ("charAt", 2, true) => char_at,
        ("join", 1 | 2, true) => join,
        ("lowerAscii", 1, true) => lower_ascii,
        ("upperAscii", 1, true) => upper_ascii,
        ("replace", 3 | 4, true) => replace,
        ("split", 2 | 3, true) => split,
        ("substring", 2 | 3, true) => substring,
        ("trim", 1, true) => trim,
        ("strings.quote", 1, false) => quote,
        ("format", 2, true) => printf::format,
        _ => return None,
    };
    Some(function)
}

/// A part of a string, borrowed if the string is.
pub(super) fn part<'a>(text: &Text<'a>, from: usize, to: usize) -> Value<'a> {
    match text {
        Text::Borrowed(text) => Value::String(Text::Borrowed(&text[from..to])),
        Text::Owned(text) => Value::text(&text[from..to]),
    }
}

fn two_texts<'v>(context: &mut Context, args: &'v [Value]) -> Result<(&'v str, &'v str), Fault> {
    let [Value::String(text), Value::String(other)] = args else {
        return Err(Fault::no_overload());
    };
    context.meter.charge_bytes(text.len())?;
    Ok((text, other))
}

fn contains<'a>(context: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    let (text, other) = two_texts(context, args)?;
    Ok(Value::Bool(text.contains(other)))
}

fn starts_with<'a>(context: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    let (text, other) = two_texts(context, args)?;
    Ok(Value::Bool(text.starts_with(other)))
}

fn ends_with<'a>(context: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    let (text, other) = two_texts(context, args)?;
    Ok(Value::Bool(text.ends_with(other)))
}

fn out_of_range(at: i64) -> Fault {
    Fault::error(format!("index out of range: {at}"))
}

/// The byte position of a code point, or of the end.
fn byte_at(text: &str, at: i64) -> Option<usize> {
    let at = usize::try_from(at).ok()?;
    text.char_indices()
        .map(|(byte, _)| byte)
        .nth(at)
        .or_else(|| (text.chars().count() == at).then_some(text.len()))
}

fn char_at<'a>(context: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    let [Value::String(text), Value::Int(at)] = args else {
        return no_overload();
    };
    context.meter.charge_bytes(text.len())?;
    let from = byte_at(text, *at).ok_or_else(|| out_of_range(*at))?;
    let length = text[from..].chars().next().map_or(0, char::len_utf8);
    Ok(part(text, from, from + length))
}

fn substring<'a>(context: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    let (text, from, to) = match args {
        [Value::String(text), Value::Int(from)] => (text, *from, None),
        [Value::String(text), Value::Int(from), Value::Int(to)] => (text, *from, Some(*to)),
        _ => return no_overload(),
    };
    context.meter.charge_bytes(text.len())?;
    if to.is_some_and(|to| from > to) {
        return Err(Fault::error("invalid substring range"));
    }
    let start = byte_at(text, from).ok_or_else(|| out_of_range(from))?;
    let end = match to {
        Some(to) => byte_at(text, to).ok_or_else(|| out_of_range(to))?,
        None => text.len(),
    };
    Ok(part(text, start, end))
}

pub(super) fn index_of<'a>(context: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    let (text, wanted, offset) = match args {
        [Value::String(text), Value::String(wanted)] => (text, wanted, 0),
        [
            Value::String(text),
            Value::String(wanted),
            Value::Int(offset),
        ] => (text, wanted, *offset),
        _ => return no_overload(),
    };
    context.meter.charge_bytes(text.len())?;
    if wanted.is_empty() {
        return Ok(Value::Int(offset));
    }
    if offset < 0 {
        return Err(out_of_range(offset));
    }
    let found = byte_at(text, offset).and_then(|from| {
        let at = text[from..].find(&**wanted)?;
        Some(text[..from + at].chars().count())
    });
    Ok(found.map_or(Value::Int(-1), int))
}

pub(super) fn last_index_of<'a>(
    context: &mut Context<'_, 'a>,
    args: &[Value<'a>],
) -> EvalResult<'a> {
    let (text, wanted, offset) = match args {
        [Value::String(text), Value::String(wanted)] => (text, wanted, None),
        [Value::String(text), Value::String(wanted), Value::Int(at)] => (text, wanted, Some(*at)),
        _ => return no_overload(),
    };
    context.meter.charge_bytes(text.len())?;
    let length = text.chars().count();
    if wanted.is_empty() {
        return Ok(offset.map_or_else(|| int(length), Value::Int));
    }
    if let Some(offset) = offset.filter(|offset| *offset < 0) {
        return Err(out_of_range(offset));
    }
    // A match that starts at the offset ends after it.
    let end = match offset.map(usize::try_from) {
        Some(Ok(offset)) if offset >= length => return Ok(Value::Int(-1)),
        Some(Ok(offset)) => {
            let start = byte_at(text, i64::try_from(offset).unwrap_or(i64::MAX));
            (start.unwrap_or(0) + wanted.len()).min(text.len())
        }
        _ => text.len(),
    };
    let found = text.as_bytes()[..end]
        .windows(wanted.len())
        .rposition(|window| window == wanted.as_bytes());
    Ok(found.map_or(Value::Int(-1), |at| int(text[..at].chars().count())))
}

fn lower_ascii<'a>(context: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    let [Value::String(text)] = args else {
        return no_overload();
    };
    context.meter.charge_text(text.len())?;
    Ok(Value::text(text.to_ascii_lowercase()))
}

fn upper_ascii<'a>(context: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    let [Value::String(text)] = args else {
        return no_overload();
    };
    context.meter.charge_text(text.len())?;
    Ok(Value::text(text.to_ascii_uppercase()))
}

fn trim<'a>(context: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    let [Value::String(text)] = args else {
        return no_overload();
    };
    context.meter.charge_bytes(text.len())?;
    let from = text.len() - text.trim_start().len();
    let to = from + text.trim().len();
    Ok(part(text, from, to))
}

/// A count as in Go: negative means all.
fn limit(count: i64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

fn replace<'a>(context: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    let (text, old, new, count) = match args {
        [Value::String(text), Value::String(old), Value::String(new)] => (text, old, new, -1),
        [
            Value::String(text),
            Value::String(old),
            Value::String(new),
            Value::Int(count),
        ] => (text, old, new, *count),
        _ => return no_overload(),
    };
    context.meter.charge_bytes(text.len())?;
    let count = text.matches(&**old).take(limit(count)).count();
    context.meter.charge_text(text.len() + count * new.len())?;
    Ok(Value::text(text.replacen(&**old, new, count)))
}

fn split<'a>(context: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    let (text, separator, count) = match args {
        [Value::String(text), Value::String(separator)] => (text, separator, -1),
        [
            Value::String(text),
            Value::String(separator),
            Value::Int(count),
        ] => (text, separator, *count),
        _ => return no_overload(),
    };
    context.meter.charge_bytes(text.len())?;
    // One more than a list may have is enough to refuse it.
    let parts = cuts(text, separator, limit(count).min(MAX_ELEMENTS + 1));
    context.meter.charge_elements(parts.len())?;
    if let Text::Owned(_) = text {
        context.meter.hold(text.len() + parts.len() * TEXT_BYTES)?;
    }
    Ok(Value::list(
        parts
            .into_iter()
            .map(|range| part(text, range.start, range.end))
            .collect(),
    ))
}

/// The byte ranges between separators, at most `count` of them. An empty separator splits between
/// code points.
fn cuts(text: &str, separator: &str, count: usize) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut from = 0;
    if count == 0 || (separator.is_empty() && text.is_empty()) {
        return ranges;
    }
    while ranges.len() + 1 < count {
        let cut = match separator {
            "" => text[from..].chars().next().map_or(0, char::len_utf8),
            _ => match text[from..].find(separator) {
                Some(at) => at,
                None => break,
            },
        };
        if separator.is_empty() && from + cut == text.len() {
            break;
        }
        ranges.push(from..from + cut);
        from += cut + separator.len();
    }
    ranges.push(from..text.len());
    ranges
}

fn join<'a>(context: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    let (list, separator) = match args {
        [Value::List(list)] => (list, ""),
        [Value::List(list), Value::String(separator)] => (list, &**separator),
        _ => return no_overload(),
    };
    let mut joined = String::new();
    for (at, item) in list.iter().enumerate() {
        let Value::String(item) = item else {
            return Err(Fault::error("join: invalid input"));
        };
        context.meter.charge(1)?;
        context.meter.charge_bytes(item.len() + separator.len())?;
        Meter::bound_text(joined.len() + item.len() + separator.len())?;
        if at > 0 {
            joined.push_str(separator);
        }
        joined.push_str(&item);
    }
    Ok(Value::text(joined))
}

fn quote<'a>(context: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    let [Value::String(text)] = args else {
        return no_overload();
    };
    context.meter.charge_text(text.len() * 2)?;
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '\x07' => quoted.push_str("\\a"),
            '\x08' => quoted.push_str("\\b"),
            '\x0c' => quoted.push_str("\\f"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\x0b' => quoted.push_str("\\v"),
            '\\' => quoted.push_str("\\\\"),
            '"' => quoted.push_str("\\\""),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    Ok(Value::text(quoted))
}
