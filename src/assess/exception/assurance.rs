//! Assurance of an approval: whether the API server verified the decision that counts, or only the
//! object states it. The rules are in the chart's `files/admission/approval.yaml`. This room only
//! decides since when they are in force, and whether a decision was made under them.

use jiff::Timestamp;

use crate::api::period::Period;

mod decision;
pub mod policy;
pub mod written;

pub use decision::assurance;
pub use policy::Gap;

/// How far a decision may be dated after its write, because clocks differ. The policy allows the same.
pub(crate) const SKEW: Period = Period::seconds(300);

/// Since when the API server enforces the approval policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Vouching {
    /// There is no API server: the objects come from manifests.
    #[default]
    Offline,
    /// Unknown here. The condition that the operator last wrote counts instead.
    AsWritten,
    /// Not enforced, for this reason.
    Absent(Gap),
    /// Enforced since this instant.
    Since(Timestamp),
}

/// Assurance of the decision about an exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assurance {
    /// Approved; the API server enforced who and when.
    Verified,
    /// Approved, according to the object alone.
    Unverified(Doubt),
    /// The team declared it, within the path's `selfDeclare` limits.
    SelfDeclared,
    /// The path requires no approval.
    NotRequired,
    /// An approver rejected it.
    Rejected,
    /// Not decided yet.
    Pending,
}

impl Assurance {
    /// Every assurance, with one doubt for all.
    pub const ALL: [Self; 6] = [
        Self::Verified,
        Self::Unverified(Doubt::AsWritten),
        Self::SelfDeclared,
        Self::NotRequired,
        Self::Rejected,
        Self::Pending,
    ];

    /// The reason of the condition `Approved`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "Verified",
            Self::Unverified(_) => "Unverified",
            Self::SelfDeclared => "SelfDeclared",
            Self::NotRequired => "NotRequired",
            Self::Rejected => "Rejected",
            Self::Pending => "Pending",
        }
    }

    /// Whether it is in force without an approver, so that its owner may renew it alone.
    pub(crate) const fn is_own_word(self) -> bool {
        match self {
            Self::SelfDeclared | Self::NotRequired => true,
            Self::Verified | Self::Unverified(_) | Self::Rejected | Self::Pending => false,
        }
    }

    /// Whether an unverified decision counts.
    pub(crate) const fn is_unverified(self) -> bool {
        match self {
            Self::Unverified(_) => true,
            Self::Verified
            | Self::SelfDeclared
            | Self::NotRequired
            | Self::Rejected
            | Self::Pending => false,
        }
    }
}

/// Why a decision is not verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// It was read from a file.
    Offline,
    /// The operator reported it as unverified.
    AsWritten,
    /// The operator has not written a status yet.
    NoStatusYet,
    /// No policy is in force.
    NoPolicy(Gap),
    /// It was made before the policy came into force, at this instant.
    OlderThanPolicy(Timestamp),
    /// It carries a later date than its write.
    DatedAhead,
}

#[cfg(test)]
mod tests;
