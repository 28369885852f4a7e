//! Conversions between the simple types, and `type`.

use super::{Builtin, Context, no_overload, time};
use crate::value::{EvalResult, Fault, Instant, Object, Text, Value, general};

pub(super) fn resolve(name: &str, args: usize, method: bool) -> Option<Builtin> {
    let function: Builtin = match (name, args, method) {
        ("bool", 1, false) => to_bool,
        ("bytes", 1, false) => to_bytes,
        ("double", 1, false) => to_double,
        ("duration", 1, false) => to_duration,
        ("int", 1, false) => to_int,
        ("string", 1, false) => to_string,
        ("timestamp", 1, false) => to_timestamp,
        ("type", 1, false) => type_of,
        ("uint", 1, false) => to_uint,
        _ => return None,
    };
    Some(function)
}

fn unconvertible<'a>(from: &Value, to: &str) -> EvalResult<'a> {
    let from = from.type_name();
    Err(Fault::error(format!(
        "type conversion error from '{from}' to '{to}'"
    )))
}

fn type_of<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    match args {
        [value] => Ok(Value::Type(Text::Borrowed(value.type_name()))),
        _ => no_overload(),
    }
}

fn to_bool<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    match args {
        [Value::Bool(value)] => Ok(Value::Bool(*value)),
        [from @ Value::String(text)] => match &**text {
            "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(Value::Bool(true)),
            "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(Value::Bool(false)),
            _ => unconvertible(from, "bool"),
        },
        _ => no_overload(),
    }
}

fn to_bytes<'a>(context: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    match args {
        [Value::Bytes(bytes)] => Ok(Value::Bytes(bytes.clone())),
        [Value::String(text)] => {
            context.meter.charge_text(text.len())?;
            Ok(Value::Bytes(text.as_bytes().into()))
        }
        _ => no_overload(),
    }
}

#[allow(clippy::cast_precision_loss)] // as in Go
fn to_double<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    match args {
        [Value::Double(value)] => Ok(Value::Double(*value)),
        [Value::Int(value)] => Ok(Value::Double(*value as f64)),
        [Value::Uint(value)] => Ok(Value::Double(*value as f64)),
        [from @ Value::String(text)] => match parse_double(text) {
            Some(value) => Ok(Value::Double(value)),
            None => unconvertible(from, "double"),
        },
        _ => no_overload(),
    }
}

/// Reads a double as Go does, with `_` between digits and with hexadecimal digits.
fn parse_double(text: &str) -> Option<f64> {
    let valid = underscores_separate_digits(text.as_bytes());
    let text: String = text.chars().filter(|c| *c != '_').collect();
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(&text);
    let value: f64 = match unsigned.get(..2) {
        Some("0x" | "0X") => {
            let value = hex_double(&unsigned[2..])?;
            if text.starts_with('-') { -value } else { value }
        }
        _ => text.parse().ok()?,
    };
    // Go refuses numbers that are too large, and reads infinity only by its name.
    let infinity = unsigned.starts_with(['i', 'I']);
    let nan = value.is_nan() && unsigned.len() == text.len();
    (valid && (value.is_finite() || nan || infinity)).then_some(value)
}

fn underscores_separate_digits(text: &[u8]) -> bool {
    let hex = text.windows(2).any(|pair| matches!(pair, b"0x" | b"0X"));
    let digit = |b: Option<&u8>| match b {
        Some(b'x' | b'X') => hex,
        Some(b) => b.is_ascii_digit() || (hex && b.is_ascii_hexdigit()),
        None => false,
    };
    text.iter()
        .enumerate()
        .filter(|(_, b)| **b == b'_')
        .all(|(at, _)| at > 0 && digit(text.get(at - 1)) && digit(text.get(at + 1)))
}

/// Reads `1f.8p-3`, without the prefix. Digits beyond 64 bits only affect rounding.
#[allow(clippy::cast_precision_loss)] // rounds
fn hex_double(text: &str) -> Option<f64> {
    let (digits, power) = text.split_once(['p', 'P'])?;
    let mut power: i32 = power.parse().ok()?;
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut mantissa: u64 = 0;
    for (at, digit) in whole.chars().chain(fraction.chars()).enumerate() {
        let digit = u64::from(digit.to_digit(16)?);
        let is_fraction = at >= whole.len();
        if mantissa >> 60 == 0 {
            mantissa = mantissa << 4 | digit;
            power = power.checked_sub(if is_fraction { 4 } else { 0 })?;
        } else {
            mantissa |= u64::from(digit != 0);
            power = power.checked_add(if is_fraction { 0 } else { 4 })?;
        }
    }
    Some(mantissa as f64 * 2_f64.powi(power))
}

#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)] // inside the range checked
fn to_int<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    let overflow = || Fault::error("integer overflow");
    match args {
        [Value::Int(value) | Value::Duration(value)] => Ok(Value::Int(*value)),
        [Value::Uint(value)] => i64::try_from(*value)
            .map(Value::Int)
            .map_err(|_| overflow()),
        [Value::Double(value)] if *value > i64::MIN as f64 && *value < i64::MAX as f64 => {
            Ok(Value::Int(*value as i64))
        }
        [Value::Double(_)] => Err(overflow()),
        [Value::Timestamp(instant)] => Ok(Value::Int(instant.as_second())),
        [from @ Value::String(text)] => match text.parse() {
            Ok(value) => Ok(Value::Int(value)),
            Err(_) => unconvertible(from, "int"),
        },
        _ => no_overload(),
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // inside the range checked
fn to_uint<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    const LIMIT: f64 = 18_446_744_073_709_551_616.0;
    let overflow = || Fault::error("unsigned integer overflow");
    match args {
        [Value::Uint(value)] => Ok(Value::Uint(*value)),
        [Value::Int(value)] => u64::try_from(*value)
            .map(Value::Uint)
            .map_err(|_| overflow()),
        [Value::Double(value)] if *value >= 0.0 && *value < LIMIT => Ok(Value::Uint(*value as u64)),
        [Value::Double(_)] => Err(overflow()),
        [from @ Value::String(text)] => match text.parse() {
            Ok(value) if !text.starts_with('+') => Ok(Value::Uint(value)),
            _ => unconvertible(from, "uint"),
        },
        _ => no_overload(),
    }
}

fn to_string<'a>(context: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    match args {
        [Value::String(text)] => Ok(Value::String(text.clone())),
        [value] => text_of(context, value).map(Value::text),
        _ => no_overload(),
    }
}

/// A simple value as a string.
pub(super) fn text_of(context: &mut Context, value: &Value) -> Result<String, Fault> {
    Ok(match value {
        Value::String(text) => {
            context.meter.charge_text(text.len())?;
            text.to_string()
        }
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Uint(value) => value.to_string(),
        Value::Double(value) => general(*value),
        Value::Duration(nanos) => time::seconds(*nanos),
        Value::Timestamp(instant) => time::rfc3339(instant),
        Value::Bytes(bytes) => {
            context.meter.charge_text(bytes.len())?;
            let text = std::str::from_utf8(bytes)
                .map_err(|_| Fault::error("invalid UTF-8 in bytes, cannot convert to string"))?;
            text.to_owned()
        }
        Value::Object(Object::Ip(address)) => address.to_string(),
        Value::Object(Object::Cidr(network)) => network.to_string(),
        Value::Null
        | Value::List(_)
        | Value::Map(_)
        | Value::Type(_)
        | Value::Optional(_)
        | Value::Object(_) => return Err(Fault::no_overload()),
    })
}

fn to_duration<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    match args {
        [Value::Duration(nanos)] => Ok(Value::Duration(*nanos)),
        [from @ Value::String(text)] => match time::parse_duration(text) {
            Some(nanos) => Ok(Value::Duration(nanos)),
            None => unconvertible(from, "google.protobuf.Duration"),
        },
        _ => no_overload(),
    }
}

fn to_timestamp<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    match args {
        [Value::Timestamp(instant)] => Ok(Value::Timestamp(*instant)),
        [Value::Int(seconds)] => Instant::new(*seconds, 0, jiff::tz::Offset::UTC)
            .map(Value::Timestamp)
            .ok_or_else(|| Fault::error("timestamp overflow")),
        [from @ Value::String(text)] => match time::parse_rfc3339(text) {
            Some(instant) => Ok(Value::Timestamp(instant)),
            None => unconvertible(from, "google.protobuf.Timestamp"),
        },
        _ => no_overload(),
    }
}
