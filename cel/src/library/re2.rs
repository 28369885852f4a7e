//! RE2's pattern syntax, which Go and therefore the API server use, in terms of the `regex`
//! crate's: the same language but for what this room rewrites or refuses.
//!
//! In RE2 `\d`, `\s`, `\w` and `\b` are ASCII; a class has no operators and a `[` inside it is
//! just that; braces that are no repetition are text; repetitions end at 1000.

use std::iter::Peekable;
use std::str::Chars;

const MAX_REPEAT: u32 = 1000;

/// The pattern in the `regex` crate's syntax.
pub(super) fn translate(pattern: &str) -> Result<String, String> {
    let mut translator = Translator {
        input: pattern.chars().peekable(),
        out: String::with_capacity(pattern.len() + 16),
        repeated: false,
        atom: 1,
        groups: vec![1],
    };
    translator.run()?;
    Ok(translator.out)
}

struct Translator<'p> {
    input: Peekable<Chars<'p>>,
    out: String,
    /// Whether a repetition has just been read, which RE2 does not repeat again.
    repeated: bool,
    /// How often the last atom repeats what is in it, and the most of that in each open group:
    /// RE2 bounds the product of nested counts.
    atom: u32,
    groups: Vec<u32>,
}

fn refuse(what: &str, part: &str) -> String {
    format!("error parsing regexp: {what}: `{part}`")
}

impl Translator<'_> {
    fn run(&mut self) -> Result<(), String> {
        while let Some(c) = self.input.next() {
            match c {
                '*' | '+' | '?' => {
                    self.out.push(c);
                    self.repetition()?;
                    continue;
                }
                '{' if self.brace()? => continue,
                '{' => {}
                '\\' => self.escape()?,
                '[' => self.class()?,
                '(' => self.group()?,
                ')' => {
                    self.out.push(c);
                    self.atom = self.groups.pop().unwrap_or(1);
                    self.widen();
                    self.repeated = false;
                    continue;
                }
                '}' | ']' | '#' | '&' | '~' | ' ' | '-' => self.literal(c),
                c => self.out.push(c),
            }
            self.repeated = false;
            self.atom = 1;
        }
        Ok(())
    }

    /// Lets the open group know how often its last atom repeats.
    fn widen(&mut self) {
        if let Some(group) = self.groups.last_mut() {
            *group = self.atom.max(*group);
        }
    }

    /// What may follow a repetition: a question mark for the lazy form, no other repetition.
    fn repetition(&mut self) -> Result<(), String> {
        if std::mem::replace(&mut self.repeated, true) {
            return Err(refuse("invalid nested repetition operator", &self.out));
        }
        self.out.extend(self.input.next_if_eq(&'?'));
        Ok(())
    }

    /// A character that stands for itself.
    fn literal(&mut self, c: char) {
        if c.is_ascii_punctuation() {
            self.out.push('\\');
        }
        // An escaped angle bracket is a word boundary in the `regex` crate.
        if matches!(c, '<' | '>') {
            self.out.pop();
        }
        self.out.push(c);
    }

    fn escape(&mut self) -> Result<(), String> {
        let Some(c) = self.input.next() else {
            return Err(refuse("trailing backslash at end of expression", ""));
        };
        match c {
            'b' => self.out.push_str("(?-u:\\b)"),
            'B' => self.out.push_str("(?-u:\\B)"),
            'A' | 'z' => self.out.extend(['\\', c]),
            'Q' => self.quoted(),
            'C' => return Err(refuse("invalid escape sequence", "\\C")),
            _ => self.escaped_char(c, false)?,
        }
        Ok(())
    }

    /// Everything up to `\E` as text.
    fn quoted(&mut self) {
        while let Some(c) = self.input.next() {
            if c == '\\' && self.input.next_if_eq(&'E').is_some() {
                return;
            }
            self.literal(c);
        }
    }

    /// An escape that stands for one character or a class of them, within or outside `[…]`.
    fn escaped_char(&mut self, c: char, in_class: bool) -> Result<(), String> {
        let classes =
            |bare: &'static str, bracketed: &'static str| if in_class { bare } else { bracketed };
        match c {
            'd' => self.out.push_str(classes("0-9", "[0-9]")),
            's' => self
                .out
                .push_str(classes("\\t\\n\\x0C\\r ", "[\\t\\n\\x0C\\r ]")),
            'w' => self.out.push_str(classes("0-9A-Za-z_", "[0-9A-Za-z_]")),
            'D' => self.out.push_str("[^0-9]"),
            'S' => self.out.push_str("[^\\t\\n\\x0C\\r ]"),
            'W' => self.out.push_str("[^0-9A-Za-z_]"),
            'p' | 'P' => self.unicode_class(c)?,
            'a' => self.out.push_str("\\x07"),
            'f' => self.out.push_str("\\x0C"),
            'n' | 'r' | 't' => self.out.extend(['\\', c]),
            'v' => self.out.push_str("\\x0B"),
            'x' => self.hex()?,
            '0'..='7' => self.octal(c)?,
            c if c.is_ascii() && !c.is_ascii_alphanumeric() => self.literal(c),
            c => return Err(refuse("invalid escape sequence", &format!("\\{c}"))),
        }
        Ok(())
    }

    fn unicode_class(&mut self, kind: char) -> Result<(), String> {
        let name: String = match self.input.next() {
            Some('{') => self.input.by_ref().take_while(|c| *c != '}').collect(),
            Some(c) => c.into(),
            None => return Err(refuse("invalid character class range", "\\p")),
        };
        let (bare, negated) = match name.strip_prefix('^') {
            Some(bare) => (bare, kind == 'p'),
            None => (name.as_str(), kind == 'P'),
        };
        let kind = if negated { 'P' } else { 'p' };
        self.out.extend([format!("\\{kind}{{{bare}}}")]);
        Ok(())
    }

    fn code(&mut self, text: &str, radix: u32) -> Result<(), String> {
        match u32::from_str_radix(text, radix)
            .ok()
            .and_then(char::from_u32)
        {
            Some(c) => {
                self.out.extend([format!("\\x{{{:X}}}", u32::from(c))]);
                Ok(())
            }
            None => Err(refuse("invalid escape sequence", text)),
        }
    }

    fn hex(&mut self) -> Result<(), String> {
        let digits: String = match self.input.next_if_eq(&'{') {
            Some(_) => self.input.by_ref().take_while(|c| *c != '}').collect(),
            None => self.input.by_ref().take(2).collect(),
        };
        self.code(&digits, 16)
    }

    /// `\123`, or `\0` and up to two more; a single other digit would be a back reference.
    fn octal(&mut self, first: char) -> Result<(), String> {
        let mut digits = String::from(first);
        while digits.len() < 3 {
            match self.input.next_if(|c| ('0'..='7').contains(c)) {
                Some(c) => digits.push(c),
                None => break,
            }
        }
        if digits.len() == 1 && first != '0' {
            return Err(refuse("invalid escape sequence", &format!("\\{first}")));
        }
        self.code(&digits, 8)
    }

    /// A class: brackets inside are text, except for `[:alpha:]` and its kin.
    fn class(&mut self) -> Result<(), String> {
        self.out.push('[');
        if self.input.next_if_eq(&'^').is_some() {
            self.out.push('^');
        }
        let mut first = true;
        loop {
            match self.input.next() {
                None => return Err(refuse("missing closing ]", "[")),
                Some(']') if !first => break,
                Some('[') if self.is_named_class() => self.named_class()?,
                Some('\\') => {
                    let c = self.input.next().unwrap_or('\\');
                    self.escaped_char(c, true)?;
                }
                Some('-') => {
                    let hyphen = if self.is_range(first) { "-" } else { "\\-" };
                    self.out.push_str(hyphen);
                }
                Some(c) => self.literal(c),
            }
            first = false;
        }
        self.out.push(']');
        Ok(())
    }

    /// Whether a hyphen here stands between two ends of a range.
    fn is_range(&mut self, first: bool) -> bool {
        !first && self.input.peek().is_some_and(|c| *c != ']')
    }

    /// Whether `[:` is closed by `:]`; else the bracket is text.
    fn is_named_class(&self) -> bool {
        let rest: String = self.input.clone().collect();
        rest.strip_prefix(':')
            .is_some_and(|rest| rest.contains(":]"))
    }

    fn named_class(&mut self) -> Result<(), String> {
        const NAMES: [&str; 14] = [
            "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print",
            "punct", "space", "upper", "word", "xdigit",
        ];
        self.input.next();
        let name: String = self.input.by_ref().take_while(|c| *c != ':').collect();
        let closed = self.input.next() == Some(']');
        if !closed || !NAMES.contains(&name.trim_start_matches('^')) {
            return Err(refuse(
                "invalid character class range",
                &format!("[:{name}:]"),
            ));
        }
        self.out.extend([format!("[:{name}:]")]);
        Ok(())
    }

    /// Groups; flags only those RE2 knows.
    fn group(&mut self) -> Result<(), String> {
        self.out.push('(');
        if self.input.next_if_eq(&'?').is_none() {
            self.groups.push(1);
            return Ok(());
        }
        if let Some(c) = self.input.next_if(|c| matches!(c, 'P' | '<')) {
            self.groups.push(1);
            return self.group_name(c);
        }
        self.out.push('?');
        for c in self.input.by_ref() {
            self.out.push(c);
            match c {
                'i' | 'm' | 's' | 'U' | '-' => {}
                ')' => return Ok(()),
                ':' => {
                    self.groups.push(1);
                    return Ok(());
                }
                c => {
                    return Err(refuse(
                        "invalid or unsupported Perl syntax",
                        &format!("(?{c}"),
                    ));
                }
            }
        }
        Err(refuse("missing closing )", "(?"))
    }

    /// The name of a group, which is checked and then dropped: nothing here asks for groups.
    fn group_name(&mut self, opened: char) -> Result<(), String> {
        if opened == 'P' && self.input.next_if_eq(&'<').is_none() {
            return Err(refuse("invalid or unsupported Perl syntax", "(?P"));
        }
        let name: String = self.input.by_ref().take_while(|c| *c != '>').collect();
        let sound = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if name.is_empty() || !sound {
            return Err(refuse("invalid named capture", &format!("(?<{name}")));
        }
        Ok(())
    }

    /// `{n}`, `{n,}` and `{n,m}` repeat; anything else is text. Tells which it was.
    fn brace(&mut self) -> Result<bool, String> {
        let rest = self.input.clone();
        let body: String = rest.take_while(|c| *c != '}').take(16).collect();
        let (low, high) = body.split_once(',').unwrap_or((&body, ""));
        let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let closed = self.input.clone().nth(body.chars().count()) == Some('}');
        if !closed || !number(low) || !(high.is_empty() || number(high)) {
            self.out.push_str("\\{");
            return Ok(false);
        }
        let counts = [low, high].into_iter().filter(|count| !count.is_empty());
        let counts = counts.map(|count| count.parse().unwrap_or(u32::MAX));
        self.atom = self.atom.saturating_mul(counts.max().unwrap_or(0).max(1));
        if self.atom > MAX_REPEAT {
            return Err(refuse("invalid repeat count", &format!("{{{body}}}")));
        }
        self.out.extend([format!("{{{body}}}")]);
        self.input.nth(body.chars().count());
        self.widen();
        self.repetition()?;
        Ok(true)
    }
}
