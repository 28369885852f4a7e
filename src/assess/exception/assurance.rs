//! On whose word an exception stands: whether the API server vouches for the decision that counts,
//! or only the object itself says so. The rules it vouches by are those of the chart's
//! `files/admission/approval.yaml`; here it is only asked since when they stand, and whether a
//! decision was made under them.

use jiff::Timestamp;

use crate::api::period::Period;

mod decision;
pub mod policy;
pub mod written;

pub use decision::assurance;
pub use policy::Gap;

/// How far a decision may be dated after it was written: clocks differ a little. The policy allows
/// as much.
pub(crate) const SKEW: Period = Period::seconds(300);

/// Since when the API server holds everybody to the rules of approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Vouching {
    /// There is no API server: manifests are read.
    #[default]
    Offline,
    /// Not known here. What the operator last wrote into a status is taken for it.
    AsWritten,
    /// It does not, for this reason.
    Absent(Gap),
    /// Since then.
    Since(Timestamp),
}

/// On whose word an exception stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assurance {
    /// Approved; the API server enforced who and when.
    Verified,
    /// Approved, according to the object alone.
    Unverified(Doubt),
    /// The team declared it, within what the path allows without asking.
    SelfDeclared,
    /// The path asks for no approval.
    NotRequired,
    /// Rejected.
    Rejected,
    /// Not decided yet.
    Pending,
}

impl Assurance {
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

    /// Whether it stands on its owner's own word, who may renew it alone then.
    pub const fn is_own_word(self) -> bool {
        match self {
            Self::SelfDeclared | Self::NotRequired => true,
            Self::Verified | Self::Unverified(_) | Self::Rejected | Self::Pending => false,
        }
    }

    /// Whether a decision counts that is not verified.
    pub const fn is_unverified(self) -> bool {
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
    /// The operator said so, and why.
    AsWritten,
    /// The operator has not written a status yet.
    NotSaid,
    /// No policy is in force.
    NoPolicy(Gap),
    /// It was made before the policy was there, which is since then.
    OlderThanPolicy(Timestamp),
    /// It was written before the time it gives.
    DatedAhead,
}

#[cfg(test)]
mod tests;
