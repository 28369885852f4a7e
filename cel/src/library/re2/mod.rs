//! Translates patterns from RE2's syntax, which Go and the API server use, to that of the `regex`
//! crate. Accepts the same patterns as Go's parser and escapes every literal character.
//!
//! In RE2 `\d`, `\s`, `\w` and `\b` are ASCII. A class has no operators, and `[` in it is a literal.
//! Braces that are not a repetition are literals. A repetition counts to at most 1000.

mod class;

const MAX_REPEAT: u32 = 1000;

pub(super) fn translate(pattern: &str) -> Result<String, String> {
    let mut translator = Translator {
        rest: pattern,
        out: String::with_capacity(pattern.len() + 16),
        repeated: false,
        flags_at: None,
        atom: 1,
        groups: vec![1],
    };
    translator.run()?;
    Ok(translator.out)
}

struct Translator<'p> {
    rest: &'p str,
    out: String,
    /// Whether the last token was a repetition. RE2 does not repeat a repetition.
    repeated: bool,
    /// Where flags begin that were the last token. A repetition after them applies to the atom
    /// before them.
    flags_at: Option<usize>,
    /// Product of nested counts in the last atom, and the largest in each open group. RE2 bounds it.
    atom: u32,
    groups: Vec<u32>,
}

fn refuse(what: &str, part: &str) -> String {
    format!("error parsing regexp: {what}: `{part}`")
}

/// The first character and the rest.
fn split_first(text: &str) -> Option<(char, &str)> {
    let mut chars = text.chars();
    chars.next().map(|c| (c, chars.as_str()))
}

/// A literal character, in or outside a class. None for surrogates: RE2 accepts them, but no text
/// contains one.
fn literal(code: u32) -> Option<String> {
    char::from_u32(code).map(|c| {
        if c.is_alphanumeric() && c.is_ascii() {
            c.into()
        } else {
            format!("\\x{{{code:X}}}")
        }
    })
}

/// A class without characters.
const NOTHING: &str = "[^\\x00-\\x{10FFFF}]";

impl<'p> Translator<'p> {
    fn run(&mut self) -> Result<(), String> {
        while let Some((c, rest)) = split_first(self.rest) {
            match c {
                '*' | '+' | '?' => {
                    self.rest = rest;
                    self.repetition(&c.to_string())?;
                    continue;
                }
                '{' if self.brace()? => continue,
                '(' if self.group()? => continue,
                '(' => {}
                '\\' => self.escape()?,
                '[' => {
                    let (class, rest) = class::translate(rest)?;
                    self.out.push_str(&class);
                    self.rest = rest;
                }
                ')' => {
                    self.out.push(c);
                    self.rest = rest;
                    self.widen();
                    self.atom = self.groups.pop().unwrap_or(1);
                    self.repeated = false;
                    self.flags_at = None;
                    continue;
                }
                '|' | '^' | '$' | '.' => {
                    self.out.push(c);
                    self.rest = rest;
                }
                c => {
                    self.emit(u32::from(c));
                    self.rest = rest;
                }
            }
            self.repeated = false;
            self.flags_at = None;
            self.widen();
            self.atom = 1;
        }
        Ok(())
    }

    fn emit(&mut self, code: u32) {
        let literal = literal(code);
        self.out.push_str(literal.as_deref().unwrap_or(NOTHING));
    }

    fn open_group(&mut self) {
        self.widen();
        self.groups.push(1);
        self.atom = 1;
    }

    /// Updates the open group with the last atom.
    fn widen(&mut self) {
        if let Some(group) = self.groups.last_mut() {
            *group = self.atom.max(*group);
        }
    }

    /// A repetition, which `?` may make lazy.
    fn repetition(&mut self, operator: &str) -> Result<(), String> {
        if std::mem::replace(&mut self.repeated, true) {
            return Err(refuse("invalid nested repetition operator", operator));
        }
        let flags = match self.flags_at.take() {
            Some(at) => self.out.split_off(at),
            None => String::new(),
        };
        self.out.push_str(operator);
        if let Some(rest) = self.rest.strip_prefix('?') {
            self.out.push('?');
            self.rest = rest;
        }
        self.out.push_str(&flags);
        Ok(())
    }

    fn escape(&mut self) -> Result<(), String> {
        let after = &self.rest[1..];
        let Some((c, rest)) = split_first(after) else {
            return Err(refuse("trailing backslash at end of expression", ""));
        };
        let plain = match c {
            'b' => Some("(?-u:\\b)"),
            'B' => Some("(?-u:\\B)"),
            'A' => Some("\\A"),
            'z' => Some("\\z"),
            'C' => return Err(refuse("invalid escape sequence", "\\C")),
            _ => class::perl_class(c),
        };
        if let Some(plain) = plain {
            self.out.push_str(plain);
            self.rest = rest;
            return Ok(());
        }
        match c {
            'Q' => {
                let (quoted, rest) = rest.split_once("\\E").unwrap_or((rest, ""));
                quoted.chars().for_each(|c| self.emit(u32::from(c)));
                self.rest = rest;
            }
            'p' | 'P' => {
                let (class, rest) = class::unicode_class(after)?;
                self.out.push_str(&class);
                self.rest = rest;
            }
            _ => {
                let (code, rest) = class::escaped(after)?;
                self.emit(code);
                self.rest = rest;
            }
        }
        Ok(())
    }

    /// Opens a group, or sets flags and returns true. Drops the names of groups.
    fn group(&mut self) -> Result<bool, String> {
        let Some(after) = self.rest.strip_prefix("(?") else {
            self.out.push('(');
            self.rest = &self.rest[1..];
            self.open_group();
            return Ok(false);
        };
        if let Some(named) = after.strip_prefix("P<").or(after.strip_prefix('<')) {
            let invalid = || refuse("invalid named capture", self.rest);
            let (name, rest) = named.split_once('>').ok_or_else(invalid)?;
            let valid = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            if name.is_empty() || !valid {
                return Err(invalid());
            }
            self.out.push('(');
            self.rest = rest;
            self.open_group();
            return Ok(false);
        }
        self.flags(after)
    }

    fn flags(&mut self, mut text: &'p str) -> Result<bool, String> {
        let (mut on, mut off) = (String::new(), String::new());
        let mut negated = false;
        let mut seen = false;
        while let Some((c, rest)) = split_first(text) {
            text = rest;
            match c {
                'i' | 'm' | 's' | 'U' => {
                    let flags = if negated { &mut off } else { &mut on };
                    if !flags.contains(c) {
                        flags.push(c);
                    }
                    seen = true;
                }
                '-' if !negated => (negated, seen) = (true, false),
                ':' | ')' if !negated || seen => {
                    on.retain(|flag| !off.contains(flag));
                    let minus = if off.is_empty() { "" } else { "-" };
                    let opens = c == ':';
                    let at = *self.flags_at.get_or_insert(self.out.len());
                    if opens {
                        self.open_group();
                        self.flags_at = None;
                    } else {
                        self.flags_at = Some(at);
                        self.repeated = false;
                    }
                    if opens || !on.is_empty() || !off.is_empty() {
                        self.out.extend([format!("(?{on}{minus}{off}{c}")]);
                    }
                    self.rest = rest;
                    return Ok(!opens);
                }
                _ => break,
            }
        }
        Err(refuse("invalid or unsupported Perl syntax", self.rest))
    }

    /// Reads `{n}`, `{n,}` or `{n,m}`. Returns false if the brace is a literal.
    fn brace(&mut self) -> Result<bool, String> {
        let Some((least, most, rest)) = counts(&self.rest[1..]) else {
            return Ok(false);
        };
        let text = &self.rest[..self.rest.len() - rest.len()];
        let count = most.unwrap_or(least);
        if least > MAX_REPEAT || count > MAX_REPEAT || least > count {
            return Err(refuse("invalid repeat count", text));
        }
        self.atom = if count == 0 {
            1
        } else {
            self.atom.saturating_mul(count)
        };
        if self.atom > MAX_REPEAT {
            return Err(refuse("invalid repeat count", text));
        }
        let operator = text.to_owned();
        self.rest = rest;
        self.repetition(&operator)?;
        Ok(true)
    }
}

/// The least and most counts after an opening brace, and the rest.
fn counts(text: &str) -> Option<(u32, Option<u32>, &str)> {
    let (least, rest) = number(text)?;
    if let Some(rest) = rest.strip_prefix('}') {
        return Some((least, Some(least), rest));
    }
    let rest = rest.strip_prefix(',')?;
    if let Some(rest) = rest.strip_prefix('}') {
        return Some((least, None, rest));
    }
    let (most, rest) = number(rest)?;
    rest.strip_prefix('}').map(|rest| (least, Some(most), rest))
}

/// A number without leading zeros, capped at the largest `u32`.
fn number(text: &str) -> Option<(u32, &str)> {
    let end = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at(end);
    let padded = digits.len() > 1 && digits.starts_with('0');
    (end > 0 && !padded).then(|| (digits.parse().unwrap_or(u32::MAX), rest))
}
