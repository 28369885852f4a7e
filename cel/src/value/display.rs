//! Simple values as text, in the forms of Go.

use std::sync::LazyLock;

use regex::Regex;

use super::Value;

/// Go's `%g`: the shortest digits that read back as the same double, with an exponent below 1e-4 and
/// from 1e6 on.
pub(crate) fn general(value: f64) -> String {
    if value.is_nan() {
        return "NaN".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.into();
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        return format!("{value}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

/// A value for a message.
pub(crate) fn display(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Uint(value) => value.to_string(),
        Value::Double(value) => general(*value),
        Value::String(text) => text.chars().take(200).collect(),
        other => other.type_name().into(),
    }
}

/// Go's `%q`: escapes characters that Go cannot print.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        let code = u32::from(c);
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\x07' => out.push_str("\\a"),
            '\x08' => out.push_str("\\b"),
            '\x0c' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x0b' => out.push_str("\\v"),
            c if c.is_ascii_control() => out.extend([format!("\\x{code:02x}")]),
            c if is_printable(c) => out.push(c),
            _ if code < 0x1_0000 => out.extend([format!("\\u{code:04x}")]),
            _ => out.extend([format!("\\U{code:08x}")]),
        }
    }
    out + "\""
}

/// As in Go: letters, marks, numbers, punctuation, symbols and the ASCII space.
fn is_printable(c: char) -> bool {
    static OTHERS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$").expect("the pattern is valid")
    });
    c.is_ascii() || OTHERS.is_match(c.encode_utf8(&mut [0; 4]))
}
