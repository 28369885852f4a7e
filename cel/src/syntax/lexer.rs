//! Source text into tokens. Whitespace and `//` comments go; text of literals stays raw.

use crate::error::Problem;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Ident,
    Escaped,
    Int,
    Uint,
    Double,
    String,
    Bytes,
    True,
    False,
    Null,
    In,
    /// An operator or bracket; two-character operators are one token.
    Sign(&'static str),
    End,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Lexeme {
    pub token: Token,
    pub start: u32,
    pub end: u32,
}

const SIGNS: [&str; 24] = [
    "==", "!=", "<=", ">=", "&&", "||", "<", ">", "[", "]", "{", "}", "(", ")", ".", ",", "-", "!",
    "?", ":", "+", "*", "/", "%",
];

pub(super) fn tokenize(source: &str) -> Result<Vec<Lexeme>, Problem> {
    let mut out = Vec::new();
    let mut at = skip_blank(source.as_bytes(), 0);
    while at < source.len() {
        let (token, length) = next(source, at)?;
        out.push(lexeme(token, at, at + length));
        at = skip_blank(source.as_bytes(), at + length);
    }
    out.push(lexeme(Token::End, source.len(), source.len()));
    Ok(out)
}

fn lexeme(token: Token, start: usize, end: usize) -> Lexeme {
    let offset = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Lexeme {
        token,
        start: offset(start),
        end: offset(end),
    }
}

fn skip_blank(bytes: &[u8], mut at: usize) -> usize {
    loop {
        match bytes.get(at) {
            Some(b' ' | b'\t' | b'\r' | b'\n' | 0x0c) => at += 1,
            Some(b'/') if bytes.get(at + 1) == Some(&b'/') => {
                at += bytes[at..]
                    .iter()
                    .position(|b| *b == b'\n')
                    .unwrap_or(bytes.len() - at);
            }
            _ => return at,
        }
    }
}

/// The token at `at` and its length in bytes.
fn next(source: &str, at: usize) -> Result<(Token, usize), Problem> {
    let rest = &source[at..];
    let bytes = rest.as_bytes();
    if let Some((token, length)) = quoted(rest, at)? {
        return Ok((token, length));
    }
    match bytes[0] {
        b'a'..=b'z' | b'A'..=b'Z' | b'_' => Ok(word(rest)),
        b'0'..=b'9' => Ok(number(bytes)),
        b'.' if bytes.get(1).is_some_and(u8::is_ascii_digit) => Ok(number(bytes)),
        b'`' => escaped(rest, at),
        _ => SIGNS
            .iter()
            .find(|sign| rest.starts_with(**sign))
            .map(|sign| (Token::Sign(sign), sign.len()))
            .ok_or_else(|| token_error(rest, at)),
    }
}

fn token_error(rest: &str, at: usize) -> Problem {
    let shown: String = rest.chars().take(1).collect();
    let at = u32::try_from(at).unwrap_or(u32::MAX);
    Problem::at(
        at,
        format!("Syntax error: token recognition error at: '{shown}'"),
    )
}

fn word(rest: &str) -> (Token, usize) {
    let length = rest
        .bytes()
        .position(|b| !(b.is_ascii_alphanumeric() || b == b'_'))
        .unwrap_or(rest.len());
    let token = match &rest[..length] {
        "true" => Token::True,
        "false" => Token::False,
        "null" => Token::Null,
        "in" => Token::In,
        _ => Token::Ident,
    };
    (token, length)
}

fn escaped(rest: &str, at: usize) -> Result<(Token, usize), Problem> {
    let body = &rest[1..];
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_.-/ ".contains(&b);
    match body.bytes().position(|b| !allowed(b)) {
        Some(length) if length > 0 && body.as_bytes()[length] == b'`' => {
            Ok((Token::Escaped, length + 2))
        }
        _ => Err(token_error(rest, at)),
    }
}

fn digits(bytes: &[u8], from: usize) -> usize {
    bytes[from.min(bytes.len())..]
        .iter()
        .take_while(|b| b.is_ascii_digit())
        .count()
}

fn number(bytes: &[u8]) -> (Token, usize) {
    if bytes.starts_with(b"0x") {
        let hex = bytes[2..]
            .iter()
            .take_while(|b| b.is_ascii_hexdigit())
            .count();
        if hex > 0 {
            return whole(bytes, 2 + hex);
        }
    }
    let mut length = digits(bytes, 0);
    let mut double = false;
    if bytes.get(length) == Some(&b'.') && digits(bytes, length + 1) > 0 {
        length += 1 + digits(bytes, length + 1);
        double = true;
    }
    let exponent = exponent_length(&bytes[length..]);
    if double || exponent > 0 {
        return (Token::Double, length + exponent);
    }
    whole(bytes, length)
}

fn exponent_length(bytes: &[u8]) -> usize {
    if !matches!(bytes.first(), Some(b'e' | b'E')) {
        return 0;
    }
    let sign = usize::from(matches!(bytes.get(1), Some(b'+' | b'-')));
    match digits(bytes, 1 + sign) {
        0 => 0,
        n => 1 + sign + n,
    }
}

fn whole(bytes: &[u8], length: usize) -> (Token, usize) {
    match bytes.get(length) {
        Some(b'u' | b'U') => (Token::Uint, length + 1),
        _ => (Token::Int, length),
    }
}

/// A string or bytes literal, with its `b` and `r` prefixes.
fn quoted(rest: &str, at: usize) -> Result<Option<(Token, usize)>, Problem> {
    let bytes = rest.as_bytes();
    let is_bytes = matches!(bytes[0], b'b' | b'B');
    let mut start = usize::from(is_bytes);
    let raw = matches!(bytes.get(start), Some(b'r' | b'R'));
    start += usize::from(raw);
    let Some(quote @ (b'"' | b'\'')) = bytes.get(start).copied() else {
        return Ok(None);
    };
    let token = if is_bytes {
        Token::Bytes
    } else {
        Token::String
    };
    let length = triple(bytes, start, quote, raw)
        .or_else(|| single(bytes, start, quote, raw))
        .ok_or_else(|| token_error(rest, at))?;
    Ok(Some((token, length)))
}

/// The end of a `'''…'''` literal opening at `start`.
fn triple(bytes: &[u8], start: usize, quote: u8, raw: bool) -> Option<usize> {
    let marks = [quote; 3];
    if !bytes[start..].starts_with(&marks) {
        return None;
    }
    let mut at = start + 3;
    while at < bytes.len() {
        if bytes[at..].starts_with(&marks) {
            return Some(at + 3);
        }
        at += if !raw && bytes[at] == b'\\' { 2 } else { 1 };
    }
    None
}

fn single(bytes: &[u8], start: usize, quote: u8, raw: bool) -> Option<usize> {
    let mut at = start + 1;
    loop {
        match bytes.get(at)? {
            b'\n' | b'\r' => return None,
            b if *b == quote => return Some(at + 1),
            b'\\' if !raw => at += 2,
            _ => at += 1,
        }
    }
}
