//! Values as text in the form of the oracle. Equal text means equal values of the same type.

use std::fmt::Write as _;

use goldenpath_cel::{List, Map, Value};

pub fn canonical(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Uint(value) => format!("{value}u"),
        Value::Double(value) if value.is_nan() => "double(NaN)".into(),
        Value::Double(value) => format!("double({:016x})", value.to_bits()),
        Value::String(text) => quoted(text),
        Value::Bytes(bytes) => format!("bytes({})", hex(bytes)),
        Value::Timestamp(at) => {
            format!(
                "timestamp({}.{:09})",
                at.as_second(),
                at.subsec_nanosecond()
            )
        }
        Value::Duration(nanos) => format!("duration({nanos})"),
        Value::List(list) => list_text(list),
        Value::Map(map) => map_text(map),
        Value::Type(name) => format!("type({})", &**name),
        Value::Optional(None) => "none".into(),
        Value::Optional(Some(inner)) => format!("optional({})", canonical(inner)),
        // A value in an optional that the server cannot convert.
        other if other.type_name() == "error" => "error".into(),
        other => format!("object({})", other.type_name()),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        if c < ' ' || c == '"' || c == '\\' {
            let _ = write!(out, "\\x{:02x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out + "\""
}

fn list_text(list: &List) -> String {
    let items: Vec<_> = list.iter().map(|item| canonical(&item)).collect();
    format!("[{}]", items.join(", "))
}

fn map_text(map: &Map) -> String {
    let entries = map.iter();
    let mut entries: Vec<_> = entries
        .map(|(key, value)| format!("{}: {}", canonical(&key), canonical(&value)))
        .collect();
    entries.sort();
    format!("{{{}}}", entries.join(", "))
}
