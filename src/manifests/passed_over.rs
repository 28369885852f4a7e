//! Documents and files that were read and not judged, counted by the reason: when nothing is judged, one
//! line says why. Nothing is read here.

use std::collections::BTreeMap;
use std::fmt;

/// Why something is not judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// A kind that is not a workload.
    OtherKind,
    /// Not a Kubernetes object.
    NoObject,
    /// Still to be rendered.
    Template,
    /// A patch, or another part of a workload.
    Fragment,
    /// Its name is made by the API server.
    GeneratedName,
    /// It has no name.
    NoName,
    /// A workload in a version that API servers no longer serve.
    OldVersion,
    /// In a namespace that is not judged, or made by another workload.
    Excluded,
    /// A file that is not UTF-8 text.
    NotText,
}

impl Reason {
    const fn as_str(self) -> &'static str {
        match self {
            Self::OtherKind => "of other kinds",
            Self::NoObject => "not a Kubernetes object",
            Self::Template => "templates to be rendered first",
            Self::Fragment => "patches or parts of workloads",
            Self::GeneratedName => "with generateName",
            Self::NoName => "without a name",
            Self::OldVersion => "in API versions that are no longer served",
            Self::Excluded => "in excluded namespaces or made by another workload",
            Self::NotText => "not UTF-8 text",
        }
    }
}

/// How many were passed over, by reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PassedOver(BTreeMap<Reason, usize>);

impl PassedOver {
    pub fn count(&mut self, reason: Reason) {
        *self.0.entry(reason).or_default() += 1;
    }

    /// Adds what was passed over elsewhere.
    pub fn add(&mut self, other: &Self) {
        for (reason, count) in &other.0 {
            *self.0.entry(*reason).or_default() += count;
        }
    }

    /// How many were passed over for this reason.
    pub fn of(&self, reason: Reason) -> usize {
        self.0.get(&reason).copied().unwrap_or_default()
    }
}

impl fmt::Display for PassedOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("the input has none");
        }
        f.write_str("passed over: ")?;
        for (index, (reason, count)) in self.0.iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            write!(f, "{comma}{count} {}", reason.as_str())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_counts_what_was_passed_over() {
        let mut passed_over = PassedOver::default();
        assert_eq!(passed_over.to_string(), "the input has none");
        passed_over.count(Reason::Template);
        passed_over.count(Reason::OtherKind);
        passed_over.count(Reason::OtherKind);
        assert_eq!(
            passed_over.to_string(),
            "passed over: 2 of other kinds, 1 templates to be rendered first"
        );
    }
}
