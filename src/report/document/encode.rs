//! Values as JSON and YAML. Escapes characters that a terminal obeys or a parser refuses, so that the
//! text is safe to show and the value stays the same.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;
use serde::ser::Error as _;
use serde_json::{Map, Value};

use crate::report::terminal::plain::is_unsafe;

/// `value` as JSON on one line.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn json(value: &impl Serialize) -> serde_json::Result<String> {
    Ok(escaped(serde_json::to_string(value)?))
}

/// `value` as JSON over several lines.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn json_pretty(value: &impl Serialize) -> serde_json::Result<String> {
    Ok(escaped(serde_json::to_string_pretty(value)?))
}

/// JSON with every unsafe character escaped; it means the same.
pub fn escaped(text: String) -> String {
    match escape(&text, |c| is_unsafe(c) && !is_blank(c)) {
        Cow::Borrowed(_) => text,
        Cow::Owned(safe) => safe,
    }
}

/// A JSON body as the API server takes it. The server reads the body of an apply as YAML, and that
/// reader refuses controls, U+FEFF, U+FFFE and U+FFFF, and turns U+0085, U+2028 and U+2029 into
/// spaces, all of which JSON may hold raw. It also refuses surrogates, the only escape JSON has for
/// characters beyond U+FFFF: these stay raw, which it takes. `None` where nothing changes.
pub fn body(json: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(json).ok()?;
    match escape(text, |c| is_unsafe(c) && !is_blank(c) && c <= '\u{ffff}') {
        Cow::Borrowed(_) => None,
        Cow::Owned(safe) => Some(safe.into_bytes()),
    }
}

/// White space between JSON's tokens; inside its strings it is always escaped.
const fn is_blank(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\t')
}

/// JSON has characters outside printable ASCII only in strings, so an escape may replace each.
fn escape(text: &str, is_wanted: impl Fn(char) -> bool) -> Cow<'_, str> {
    if is_plain_ascii(text) || !text.contains(&is_wanted) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    let mut units = [0; 2];
    for c in text.chars() {
        if is_wanted(c) {
            for unit in c.encode_utf16(&mut units) {
                // Writing to a String cannot fail.
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

/// Whether every character is printable ASCII or a blank, none of which is ever escaped. Most texts are,
/// and bytes are much faster to test than characters.
fn is_plain_ascii(text: &str) -> bool {
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t');
    text.bytes().fold(true, |all, byte| all & is_plain(byte))
}

/// `value` as block YAML.
///
/// # Errors
/// When it cannot be written as YAML.
pub fn yaml(value: &impl Serialize) -> Result<String, serde_saphyr::ser::Error> {
    let text = serde_saphyr::to_string(value)?;
    if is_safe(&text) {
        return Ok(text);
    }
    let mut value = serde_json::to_value(value).map_err(serde_saphyr::ser::Error::custom)?;
    let mut marks = Marks::new(&text);
    marks.replace(&mut value);
    Ok(marks.restore(&serde_saphyr::to_string(&value)?))
}

/// The YAML that `write` makes of `fields`, which may add comments and fields of its own.
///
/// # Errors
/// When `write` fails.
pub fn yaml_fields<E>(
    fields: &Map<String, Value>,
    write: impl Fn(&Map<String, Value>) -> Result<String, E>,
) -> Result<String, E> {
    let text = write(fields)?;
    if is_safe(&text) {
        return Ok(text);
    }
    let mut marks = Marks::new(&text);
    let marked = marks.fields(fields.clone());
    Ok(marks.restore(&write(&marked)?))
}

/// Whether YAML can stay as the writer left it.
fn is_safe(text: &str) -> bool {
    !text.contains(needs_quotes)
}

/// Whether a text with this character is written in quotes. A tab at the end of a line is lost in a block
/// of text.
fn needs_quotes(c: char) -> bool {
    is_unsafe(c) && c != '\n'
}

/// Placeholders for texts that YAML's writer would leave raw: it writes a mark without quotes, and
/// the text then replaces the mark, in double quotes.
struct Marks {
    prefix: String,
    quoted: BTreeMap<String, String>,
}

impl Marks {
    /// Marks that do not occur in `text`.
    fn new(text: &str) -> Self {
        let mut prefix = "unsafe".to_owned();
        while text.contains(&prefix) {
            prefix.push('x');
        }
        Self {
            prefix,
            quoted: BTreeMap::new(),
        }
    }

    fn replace(&mut self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.mark(std::mem::take(text)),
            Value::Array(items) => items.iter_mut().for_each(|item| self.replace(item)),
            Value::Object(fields) => *fields = self.fields(std::mem::take(fields)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn fields(&mut self, fields: Map<String, Value>) -> Map<String, Value> {
        let marked = fields.into_iter().map(|(key, mut field)| {
            self.replace(&mut field);
            (self.mark(key), field)
        });
        marked.collect()
    }

    fn mark(&mut self, text: String) -> String {
        if !text.contains(needs_quotes) {
            return text;
        }
        let mark = format!("{}q{}q", self.prefix, self.quoted.len());
        self.quoted.insert(mark.clone(), quoted(&text));
        mark
    }

    fn restore(&self, text: &str) -> String {
        let mut rest = text;
        let mut whole = String::with_capacity(text.len());
        while let Some(at) = rest.find(&self.prefix) {
            whole += &rest[..at];
            let end = self
                .quoted
                .keys()
                .find(|mark| rest[at..].starts_with(*mark));
            let Some(mark) = end else {
                // No mark of ours goes without its text.
                whole += &rest[at..];
                return whole;
            };
            whole += &self.quoted[mark];
            rest = &rest[at + mark.len()..];
        }
        whole + rest
    }
}

/// A text as YAML quotes it, on one line.
fn quoted(text: &str) -> String {
    let mut quoted = "\"".to_owned();
    for c in text.chars() {
        // Writing to a String cannot fail.
        let _ = match c {
            '"' | '\\' => write!(quoted, "\\{c}"),
            '\n' => write!(quoted, "\\n"),
            '\t' => write!(quoted, "\\t"),
            c if !is_unsafe(c) => write!(quoted, "{c}"),
            c if c <= '\u{ffff}' => write!(quoted, "\\u{:04X}", u32::from(c)),
            c => write!(quoted, "\\U{:08X}", u32::from(c)),
        };
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn json_holds_nothing_a_terminal_obeys() {
        let value = json!({"a\u{7f}": "\u{9b}2J \u{202e} \u{ad} \u{e0041} 🚀\n"});
        let text = json(&value).unwrap();
        assert_eq!(
            text,
            r#"{"a\u007f":"\u009b2J \u202e \u00ad \udb40\udc41 🚀\n"}"#
        );
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }

    #[test]
    fn a_body_escapes_what_yaml_refuses_and_uses_no_surrogates() {
        let sent = body("{\"a\":\"\u{7f}\u{85}\u{2028}\u{feff}\u{fffe}\u{e0041}🚀\"}".as_bytes());
        assert_eq!(
            String::from_utf8(sent.unwrap()).unwrap(),
            "{\"a\":\"\\u007f\\u0085\\u2028\\ufeff\\ufffe\u{e0041}🚀\"}"
        );
        assert_eq!(body("{\"a\":\"Größe 🚀\"}\n".as_bytes()), None);
        assert_eq!(body(&[0xff]), None);
    }

    #[test]
    fn yaml_quotes_only_the_texts_that_need_it() {
        let value = json!({
            "kept": "a: plain \"word\"",
            "lines": "one\ntwo\n",
            "odd": "\u{202e}a\"b\\\n\tc\u{e0041}\u{7f}",
            "unsafeq0q": ["\u{ad}"],
        });
        let text = yaml(&value).unwrap();
        assert!(
            text.contains(r#"odd: "\u202Ea\"b\\\n\tc\U000E0041\u007F""#),
            "{text}"
        );
        assert!(text.contains("lines: |"), "{text}");
        assert_eq!(serde_saphyr::from_str::<Value>(&text).unwrap(), value);
    }

    #[test]
    fn tabs_survive_yaml() {
        for text in ["\t\n", "a\n\t\nb\n", "a\n \t \n", "\na\t"] {
            let value = json!({"": {"b": text}, "a": [text]});
            let written = yaml(&value).unwrap();
            assert_eq!(
                serde_saphyr::from_str::<Value>(&written).unwrap(),
                value,
                "{written}"
            );
        }
    }

    fn texts() -> impl Strategy<Value = String> {
        let odd = prop_oneof![
            any::<char>(),
            (0_u32..0x100).prop_map(|c| char::from_u32(c).unwrap_or('x')),
            (0x2000_u32..0x2070).prop_map(|c| char::from_u32(c).unwrap_or('x')),
            (0xe0000_u32..0xe0200).prop_map(|c| char::from_u32(c).unwrap_or('x')),
            proptest::sample::select(vec!['"', '\\', '\n', ' ', ':', '#', '\u{feff}']),
        ];
        proptest::collection::vec(odd, 0..12).prop_map(|chars| chars.into_iter().collect())
    }

    proptest! {
        #[test]
        fn an_encoded_value_is_safe_and_the_same(text in texts(), key in texts()) {
            let value = json!({"a": [text.clone()], key: {"b": text}});
            for text in [json(&value).unwrap(), json_pretty(&value).unwrap()] {
                prop_assert!(!text.contains(|c| is_unsafe(c) && c != '\n'), "{:?}", text);
                prop_assert_eq!(&serde_json::from_str::<Value>(&text).unwrap(), &value);
            }
            let sent = serde_json::to_vec(&value).unwrap();
            let sent = body(&sent).unwrap_or(sent);
            prop_assert_eq!(&serde_json::from_slice::<Value>(&sent).unwrap(), &value);
            let text = yaml(&value).unwrap();
            prop_assert!(!text.contains(|c| is_unsafe(c) && c != '\n'), "{:?}", text);
            prop_assert_eq!(&serde_saphyr::from_str::<Value>(&text).unwrap(), &value, "{}", text);
        }
    }
}
