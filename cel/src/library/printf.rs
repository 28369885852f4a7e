//! `'%s is %d'.format([…])`: parses the clauses and formats the arguments, with Go's English number
//! formats.

use super::{Context, convert, no_overload, time};
use crate::value::{EvalResult, Fault, List, Map, Meter, Value, display, quoted};

/// A piece of a format string.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Piece {
    Text(String),
    Clause(Verb),
}

/// How a clause formats its argument.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Verb {
    Text,
    Decimal,
    Fixed(usize),
    /// The width, for which cel-go uses the precision.
    Scientific(usize),
    Binary,
    Hex {
        upper: bool,
    },
    Octal,
}

const PRECISION: usize = 6;
const MAX_PRECISION: usize = 1_000;

/// Splits a format string.
pub(crate) fn pieces(format: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        pieces.push(Piece::Text(rest[..at].to_owned()));
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            pieces.push(Piece::Text("%".to_owned()));
            rest = after;
            continue;
        }
        let (verb, after) = clause(rest)?;
        pieces.push(Piece::Clause(verb));
        rest = after;
    }
    pieces.push(Piece::Text(rest.to_owned()));
    Ok(pieces)
}

fn clause(text: &str) -> Result<(Verb, &str), String> {
    let (precision, text) = match text.strip_prefix('.') {
        None => (None, text),
        Some(text) => {
            let end = text.find(|c: char| !c.is_ascii_digit());
            let (digits, rest) = text.split_at(end.unwrap_or(text.len()));
            let digits = digits.parse().ok().filter(|n| *n <= MAX_PRECISION);
            (Some(digits.ok_or("error while parsing precision")?), rest)
        }
    };
    let precision = precision.unwrap_or(PRECISION);
    let mut chars = text.chars();
    let verb = match chars.next() {
        Some('s') => Verb::Text,
        Some('d') => Verb::Decimal,
        Some('f') => Verb::Fixed(precision),
        Some('e') => Verb::Scientific(precision),
        Some('b') => Verb::Binary,
        Some(c @ ('x' | 'X')) => Verb::Hex { upper: c == 'X' },
        Some('o') => Verb::Octal,
        Some(c) => return Err(format!("unrecognized formatting clause \"{c}\"")),
        None => return Err("unexpected end of string".into()),
    };
    Ok((verb, chars.as_str()))
}

pub(super) fn format<'a>(context: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    let [Value::String(format), Value::List(values)] = args else {
        return no_overload();
    };
    context.meter.charge_bytes(format.len())?;
    let clauses = format.matches('%').count();
    context.meter.room(clauses * 2 * size_of::<Piece>())?;
    let mut out = String::new();
    let mut next = 0;
    for piece in pieces(format).map_err(Fault::error)? {
        match piece {
            Piece::Text(text) => out.push_str(&text),
            Piece::Clause(verb) => {
                let value = values
                    .get(next)
                    .ok_or_else(|| Fault::error(format!("index {next} out of range")))?;
                next += 1;
                out.push_str(&verb.apply(context, &value)?);
            }
        }
        context.meter.charge(1)?;
        Meter::bound_text(out.len())?;
    }
    context.meter.charge_text(out.len())?;
    Ok(Value::text(out))
}

impl Verb {
    fn apply(self, context: &mut Context, value: &Value) -> Result<String, Fault> {
        let refuse = || {
            let ty = value.type_name();
            Fault::error(format!("error during formatting: {self:?} was given {ty}"))
        };
        match (self, value) {
            (Self::Text, value) => text(context, value),
            (Self::Decimal, Value::Int(value)) => Ok(value.to_string()),
            (Self::Decimal, Value::Uint(value)) => Ok(value.to_string()),
            (Self::Fixed(precision), value) => {
                Ok(fixed(double(value).ok_or_else(refuse)?, precision))
            }
            (Self::Scientific(width), value) => {
                Ok(scientific(double(value).ok_or_else(refuse)?, width))
            }
            (Self::Binary, Value::Int(value)) => Ok(signed(*value, |n| format!("{n:b}"))),
            (Self::Binary, Value::Uint(value)) => Ok(format!("{value:b}")),
            (Self::Binary, Value::Bool(value)) => Ok(u8::from(*value).to_string()),
            (Self::Octal, Value::Int(value)) => Ok(signed(*value, |n| format!("{n:o}"))),
            (Self::Octal, Value::Uint(value)) => Ok(format!("{value:o}")),
            (Self::Hex { upper }, value) => {
                let hex = hex(context, value)?.ok_or_else(refuse)?;
                Ok(if upper { hex.to_uppercase() } else { hex })
            }
            _ => Err(refuse()),
        }
    }
}

fn signed(value: i64, show: impl Fn(u64) -> String) -> String {
    let sign = if value < 0 { "-" } else { "" };
    format!("{sign}{}", show(value.unsigned_abs()))
}

fn hex(context: &mut Context, value: &Value) -> Result<Option<String>, Fault> {
    let bytes: &[u8] = match value {
        Value::Int(value) => return Ok(Some(signed(*value, |n| format!("{n:x}")))),
        Value::Uint(value) => return Ok(Some(format!("{value:x}"))),
        Value::String(text) => text.as_bytes(),
        Value::Bytes(bytes) => bytes,
        _ => return Ok(None),
    };
    context.meter.charge_text(bytes.len() * 2)?;
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    let digits = bytes.iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]);
    Ok(Some(digits.collect()))
}

/// A double, or the name of one that has no literal.
fn double(value: &Value) -> Option<f64> {
    match value {
        Value::Double(value) => Some(*value),
        Value::String(text) if &**text == "NaN" => Some(f64::NAN),
        Value::String(text) if &**text == "Infinity" => Some(f64::INFINITY),
        Value::String(text) if &**text == "-Infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

fn unusual(value: f64) -> Option<&'static str> {
    match value {
        _ if value.is_nan() => Some("NaN"),
        f64::INFINITY => Some("∞"),
        f64::NEG_INFINITY => Some("-∞"),
        _ => None,
    }
}

/// `-1,234.50`
fn fixed(value: f64, precision: usize) -> String {
    if let Some(word) = unusual(value) {
        return word.into();
    }
    let digits = format!("{:.precision$}", value.abs());
    let (whole, fraction) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if value < 0.0 { "-" } else { "" };
    format!("{sign}{grouped}{fraction}")
}

/// `1.234568×10⁰⁶`
fn scientific(value: f64, width: usize) -> String {
    let shown = unusual(value).map_or_else(|| raised(value), str::to_owned);
    format!("{shown:>width$}")
}

/// Six digits after the point, and the exponent as superscript.
fn raised(value: f64) -> String {
    let digits = format!("{:.6e}", if value == 0.0 { 0.0 } else { value });
    let (mantissa, exponent) = digits.split_once('e').unwrap_or((&digits, "0"));
    let sign = if exponent.starts_with('-') { "⁻" } else { "" };
    let digits: String = format!("{:0>2}", exponent.trim_start_matches('-'))
        .chars()
        .filter_map(superscript)
        .collect();
    format!("{mantissa}×10{sign}{digits}")
}

fn superscript(digit: char) -> Option<char> {
    "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().nth(digit.to_digit(10)? as usize)
}

/// A value for `%s`.
fn text(context: &mut Context, value: &Value) -> Result<String, Fault> {
    match value {
        Value::Null => Ok("null".into()),
        Value::Type(name) => Ok(name.to_string()),
        Value::List(list) => list_text(context, list),
        Value::Map(map) => map_text(context, map),
        Value::Optional(_) | Value::Object(_) => Err(Fault::error(format!(
            "error during formatting: string clause was given {}",
            value.type_name()
        ))),
        simple => convert::text_of(context, simple),
    }
}

/// A value in a list or map: strings in quotes, times as CEL literals.
fn nested(context: &mut Context, value: &Value) -> Result<String, Fault> {
    context.meter.charge(1)?;
    match value {
        Value::String(inner) => {
            context.meter.charge_text(inner.len())?;
            Ok(quoted(inner))
        }
        Value::Bytes(_) => Ok(format!("b{}", quoted(&text(context, value)?))),
        Value::Double(value) if value.is_finite() => Ok(format!("{value:.PRECISION$}")),
        Value::Double(_) => Ok(quoted(&display(value))),
        Value::Timestamp(instant) => Ok(format!("timestamp({})", quoted(&time::rfc3339(instant)))),
        Value::Duration(nanos) => Ok(format!("duration({})", quoted(&time::seconds(*nanos)))),
        other => text(context, other),
    }
}

fn list_text(context: &mut Context, list: &List) -> Result<String, Fault> {
    let mut out = String::from("[");
    for (at, item) in list.iter().enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        out.push_str(&nested(context, &item)?);
        Meter::bound_text(out.len())?;
    }
    context.meter.charge_bytes(out.len())?;
    Ok(out + "]")
}

fn map_text(context: &mut Context, map: &Map) -> Result<String, Fault> {
    let mut pairs = Vec::with_capacity(map.len());
    let mut length = 0;
    for (key, value) in map.iter() {
        let key = match key {
            Value::String(_) | Value::Bool(_) | Value::Int(_) | Value::Uint(_) => {
                nested(context, &key)?
            }
            _ => return Err(Fault::error("error during formatting: map key")),
        };
        let value = nested(context, &value)?;
        length += key.len() + value.len() + 1;
        Meter::bound_text(length)?;
        pairs.push((key, value));
    }
    pairs.sort_by(|a, b| a.0.cmp(&b.0));
    let pairs: Vec<_> = pairs
        .iter()
        .map(|(key, value)| format!("{key}:{value}"))
        .collect();
    let out = format!("{{{}}}", pairs.join(", "));
    context.meter.charge_text(out.len())?;
    Ok(out)
}
