//! The values of literals: numbers, and text with its escapes.

use std::ops::Range;

use super::ast::Literal;

pub(super) fn int(text: &str, negative: bool) -> Option<Literal> {
    let sign = if negative { "-" } else { "" };
    let value = match text.strip_prefix("0x") {
        Some(hex) => i64::from_str_radix(&format!("{sign}{hex}"), 16),
        None => format!("{sign}{text}").parse(),
    };
    value.ok().map(Literal::Int)
}

pub(super) fn uint(text: &str) -> Option<Literal> {
    let text = &text[..text.len() - 1];
    let value = match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16),
        None => text.parse(),
    };
    value.ok().map(Literal::Uint)
}

pub(super) fn double(text: &str, negative: bool) -> Option<Literal> {
    let value: f64 = text.parse().ok()?;
    value
        .is_finite()
        .then_some(Literal::Double(if negative { -value } else { value }))
}

/// The text between the quotes of a string literal, escapes resolved.
pub(super) fn string(lexeme: &str) -> Result<Literal, &'static str> {
    let bytes = unquote(lexeme, false)?;
    String::from_utf8(bytes)
        .map(Literal::String)
        .map_err(|_| "invalid unicode code point")
}

/// The bytes between the quotes of a bytes literal (`b'…'`), escapes resolved.
pub(super) fn bytes(lexeme: &str) -> Result<Literal, &'static str> {
    unquote(&lexeme[1..], true).map(Literal::Bytes)
}

fn unquote(lexeme: &str, is_bytes: bool) -> Result<Vec<u8>, &'static str> {
    let normal = lexeme.replace("\r\n", "\n").replace('\r', "\n");
    let raw = normal.starts_with(['r', 'R']);
    let quoted = &normal[usize::from(raw)..];
    let marks = if quoted.len() >= 6 && (quoted.starts_with("'''") || quoted.starts_with("\"\"\""))
    {
        3
    } else {
        1
    };
    let body = &quoted[marks..quoted.len() - marks];
    if raw || !body.contains('\\') {
        return Ok(body.as_bytes().to_vec());
    }
    unescape(body, is_bytes)
}

fn unescape(body: &str, is_bytes: bool) -> Result<Vec<u8>, &'static str> {
    let mut out = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some(at) = rest.find('\\') {
        out.extend_from_slice(&rest.as_bytes()[..at]);
        let (value, length) = escape(&rest.as_bytes()[at + 1..], is_bytes)?;
        match value {
            Escape::Byte(byte) => out.push(byte),
            Escape::Char(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
        rest = &rest[at + 1 + length..];
    }
    out.extend_from_slice(rest.as_bytes());
    Ok(out)
}

enum Escape {
    Byte(u8),
    Char(char),
}

/// The escape after a backslash and its length in bytes, without the backslash.
fn escape(after: &[u8], is_bytes: bool) -> Result<(Escape, usize), &'static str> {
    const BAD: &str = "unable to unescape string";
    let simple = |byte: u8| Ok((Escape::Byte(byte), 1));
    match after.first().ok_or(BAD)? {
        b'a' => simple(0x07),
        b'b' => simple(0x08),
        b'f' => simple(0x0c),
        b'n' => simple(b'\n'),
        b'r' => simple(b'\r'),
        b't' => simple(b'\t'),
        b'v' => simple(0x0b),
        c @ (b'\\' | b'\'' | b'"' | b'`' | b'?') => simple(*c),
        b'x' | b'X' => coded(after, 1..3, 16, is_bytes).ok_or(BAD),
        b'u' if !is_bytes => coded(after, 1..5, 16, false).ok_or(BAD),
        b'U' if !is_bytes => coded(after, 1..9, 16, false).ok_or(BAD),
        b'0'..=b'3' => coded(after, 0..3, 8, is_bytes).ok_or(BAD),
        _ => Err(BAD),
    }
}

/// A code in digits of `radix`, at `range` after the backslash.
fn coded(after: &[u8], range: Range<usize>, radix: u32, byte: bool) -> Option<(Escape, usize)> {
    let text = std::str::from_utf8(after.get(range.clone())?).ok()?;
    if !text.bytes().all(|b| char::from(b).is_digit(radix)) {
        return None;
    }
    let code = u32::from_str_radix(text, radix).ok()?;
    let value = if byte {
        Escape::Byte(u8::try_from(code).ok()?)
    } else {
        Escape::Char(char::from_u32(code)?)
    };
    Some((value, range.end))
}
