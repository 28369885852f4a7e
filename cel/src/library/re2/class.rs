//! Character classes in RE2 patterns, such as `[a-z]`, `\d` and `\pL`, and escapes of characters.

use std::fmt::Write as _;

use super::{NOTHING, literal, refuse, split_first};

/// The class of a letter after a backslash.
pub(super) fn perl_class(letter: char) -> Option<&'static str> {
    Some(match letter {
        'd' => "[0-9]",
        's' => "[\\t\\n\\x0C\\r ]",
        'w' => "[0-9A-Za-z_]",
        'D' => "[^0-9]",
        'S' => "[^\\t\\n\\x0C\\r ]",
        'W' => "[^0-9A-Za-z_]",
        _ => return None,
    })
}

/// The class after an opening bracket, and the rest.
pub(super) fn translate(text: &str) -> Result<(String, &str), String> {
    let mut out = String::new();
    let (negated, mut rest) = match text.strip_prefix('^') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let mut first = true;
    loop {
        match rest.strip_prefix(']') {
            Some(rest) if !first => return Ok((closed(negated, &out), rest)),
            _ => rest = part(rest, &mut out)?,
        }
        first = false;
    }
}

fn closed(negated: bool, parts: &str) -> String {
    match (negated, parts) {
        (false, "") => NOTHING.into(),
        (true, "") => "[\\x00-\\x{10FFFF}]".into(),
        (false, parts) => format!("[{parts}]"),
        (true, parts) => format!("[^{parts}]"),
    }
}

/// One part of a class: a named class, a character, or a range.
fn part<'t>(text: &'t str, out: &mut String) -> Result<&'t str, String> {
    if let Some((name, rest)) = text
        .strip_prefix("[:")
        .and_then(|rest| rest.split_once(":]"))
    {
        out.push_str(&named_class(name)?);
        return Ok(rest);
    }
    let escaped = text.strip_prefix('\\').and_then(split_first);
    match escaped {
        Some(('p' | 'P', _)) => {
            let (class, rest) = unicode_class(&text[1..])?;
            out.push_str(&class);
            Ok(rest)
        }
        Some((letter, rest)) if perl_class(letter).is_some() => {
            out.push_str(perl_class(letter).unwrap_or_default());
            Ok(rest)
        }
        _ => range(text, out),
    }
}

/// A character or a range of characters.
fn range<'t>(text: &'t str, out: &mut String) -> Result<&'t str, String> {
    const SURROGATES: std::ops::Range<u32> = 0xd800..0xe000;
    let (low, rest) = character(text)?;
    let to = rest
        .strip_prefix('-')
        .filter(|rest| !rest.is_empty() && !rest.starts_with(']'));
    let (high, rest) = match to {
        Some(rest) => character(rest)?,
        None => (low, rest),
    };
    if high < low {
        let range = &text[..text.len() - rest.len()];
        return Err(refuse("invalid character class range", range));
    }
    // No text contains surrogates, so exclude them from the ends of the range.
    let low = if SURROGATES.contains(&low) {
        SURROGATES.end
    } else {
        low
    };
    let high = if SURROGATES.contains(&high) {
        SURROGATES.start - 1
    } else {
        high
    };
    if let (Some(low_text), Some(high_text)) = (literal(low), literal(high))
        && low <= high
    {
        let _ = write!(out, "{low_text}-{high_text}");
    }
    Ok(rest)
}

fn character(text: &str) -> Result<(u32, &str), String> {
    match split_first(text) {
        None => Err(refuse("missing closing ]", "[")),
        Some(('\\', after)) => escaped(after),
        Some((c, rest)) => Ok((u32::from(c), rest)),
    }
}

fn named_class(name: &str) -> Result<String, String> {
    const NAMES: [&str; 14] = [
        "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
        "space", "upper", "word", "xdigit",
    ];
    if NAMES.contains(&name.strip_prefix('^').unwrap_or(name)) {
        return Ok(format!("[:{name}:]"));
    }
    Err(refuse(
        "invalid character class range",
        &format!("[:{name}:]"),
    ))
}

/// `p{Greek}` or `PL`, without the backslash, and the rest.
pub(super) fn unicode_class(text: &str) -> Result<(String, &str), String> {
    let invalid = |name: &str| refuse("invalid character class range", name);
    let (kind, after) = split_first(text).ok_or_else(|| invalid(text))?;
    let (name, rest) = if let Some(inside) = after.strip_prefix('{') {
        inside.split_once('}').ok_or_else(|| invalid(text))?
    } else {
        let (first, rest) = split_first(after).ok_or_else(|| invalid(text))?;
        (&after[..first.len_utf8()], rest)
    };
    let (bare, negated) = match name.strip_prefix('^') {
        Some(bare) => (bare, kind == 'p'),
        None => (name, kind == 'P'),
    };
    let property = property(bare).ok_or_else(|| invalid(name))?;
    let kind = if negated { 'P' } else { 'p' };
    Ok((format!("\\{kind}{{{property}}}"), rest))
}

/// A category or script that Go knows, with its kind. Ignores case.
fn property(name: &str) -> Option<String> {
    let chars = name.chars().filter(|c| !matches!(c, ' ' | '_' | '-'));
    let name: String = chars.map(|c| c.to_ascii_lowercase()).collect();
    if matches!(name.as_str(), "any" | "assigned" | "ascii") {
        return Some(name);
    }
    let mut lines = include_str!("unicode_names.txt").lines();
    lines.find_map(|line| {
        let (kind, names) = line.split_once(": ")?;
        let known = names.split(' ').any(|known| known == name);
        known.then(|| format!("{kind}={name}"))
    })
}

/// The character of an escape, without its backslash, and the rest.
pub(super) fn escaped(text: &str) -> Result<(u32, &str), String> {
    let Some((c, rest)) = split_first(text) else {
        return Err(refuse("trailing backslash at end of expression", ""));
    };
    let invalid = || refuse("invalid escape sequence", &format!("\\{c}"));
    match c {
        'a' => Ok((0x07, rest)),
        'f' => Ok((0x0c, rest)),
        'n' => Ok((0x0a, rest)),
        'r' => Ok((0x0d, rest)),
        't' => Ok((0x09, rest)),
        'v' => Ok((0x0b, rest)),
        'x' => hex(rest).ok_or_else(invalid),
        '0'..='7' => octal(text).ok_or_else(invalid),
        c if c.is_ascii() && !c.is_ascii_alphanumeric() => Ok((u32::from(c), rest)),
        _ => Err(invalid()),
    }
}

/// Two digits, or any number of them in braces.
fn hex(text: &str) -> Option<(u32, &str)> {
    let (digits, rest) = match text.strip_prefix('{') {
        Some(inside) => inside.split_once('}')?,
        None => text.split_at_checked(2)?,
    };
    let valid = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
    let significant = digits.trim_start_matches('0');
    let code = if significant.is_empty() {
        0
    } else {
        u32::from_str_radix(significant, 16).ok()?
    };
    (valid && code <= u32::from(char::MAX)).then_some((code, rest))
}

/// Up to three digits. A single digit other than zero would be a back reference.
fn octal(text: &str) -> Option<(u32, &str)> {
    let digits = text
        .bytes()
        .take(3)
        .take_while(|b| (b'0'..=b'7').contains(b))
        .count();
    let (octal, rest) = text.split_at(digits);
    (digits > 1 || octal == "0").then(|| Some((u32::from_str_radix(octal, 8).ok()?, rest)))?
}
