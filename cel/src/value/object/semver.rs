//! Semantic versions, strict (`1.2.3-rc.1+build`) and normalized (`v1.2`).

use std::cmp::Ordering;

/// A version. Build metadata must be valid and does not count for order or equality.
#[derive(Clone, Debug)]
pub struct Semver {
    /// Major, minor, patch.
    pub(crate) numbers: [u64; 3],
    pre: Vec<Identifier>,
}

/// A part of a pre-release. Numbers precede words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Identifier {
    Number(u64),
    Word(String),
}

impl PartialEq for Semver {
    fn eq(&self, other: &Self) -> bool {
        self.order(other).is_eq()
    }
}

impl Semver {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '.');
        let major = number(parts.next()?)?;
        let minor = number(parts.next()?)?;
        let rest = parts.next()?;
        let (rest, build) = cut(rest, '+');
        let (patch, pre) = cut(rest, '-');
        if let Some(build) = build
            && !build.split('.').all(is_word)
        {
            return None;
        }
        let pre = match pre {
            Some(pre) => pre.split('.').map(identifier).collect::<Option<_>>()?,
            None => Vec::new(),
        };
        Some(Self {
            numbers: [major, minor, number(patch)?],
            pre,
        })
    }

    /// Also reads `v1.2`: without the leading `v`, missing numbers as 0, without leading zeros.
    pub(crate) fn parse_normalized(text: &str) -> Option<Self> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let mut parts: Vec<String> = text.splitn(3, '.').map(unpadded).collect();
        let short = parts.len() < 3;
        if short && parts.last().is_some_and(|last| last.contains(['+', '-'])) {
            return None;
        }
        parts.resize(3, "0".into());
        Self::parse(&parts.join("."))
    }

    /// A release comes after its pre-releases.
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        self.numbers
            .cmp(&other.numbers)
            .then_with(|| match (self.pre.len(), other.pre.len()) {
                (0, 0) => Ordering::Equal,
                (0, _) => Ordering::Greater,
                (_, 0) => Ordering::Less,
                _ => self.pre.cmp(&other.pre),
            })
    }
}

fn cut(text: &str, mark: char) -> (&str, Option<&str>) {
    match text.split_once(mark) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

fn number(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit());
    let padded = text.len() > 1 && text.starts_with('0');
    (plain && !padded).then(|| text.parse().ok()).flatten()
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn identifier(text: &str) -> Option<Identifier> {
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        return number(text).map(Identifier::Number);
    }
    is_word(text).then(|| Identifier::Word(text.to_owned()))
}

fn unpadded(part: &str) -> String {
    let bare = part.trim_start_matches('0');
    match bare.bytes().next() {
        _ if part.len() < 2 => part.to_owned(),
        Some(first) if first.is_ascii_digit() => bare.to_owned(),
        _ => format!("0{bare}"),
    }
}
