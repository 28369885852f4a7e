//! On whose word an exception stands: whether the API server vouches for the decision that counts,
//! or only the object itself says so. The rules it vouches by are those of the chart's
//! `files/admission/approval.yaml`; here it is only asked since when they stand, and whether a
//! decision was made under them.

use jiff::Timestamp;

use crate::api::condition::APPROVED;
use crate::api::period::Period;
use crate::assess::exception::record::Exception;
use crate::assess::exception::{Consent, Life};
use crate::assess::state::Phase;

pub mod policy;
pub mod written;

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
    /// Somebody agreed, and the API server vouches for who and when.
    Verified,
    /// Somebody agreed, as the object says.
    Unverified(Doubt),
    /// The team declared it, within what the path allows without asking.
    SelfDeclared,
    /// The path asks for no approval.
    NotRequired,
    /// Somebody said no.
    Rejected,
    /// Nobody decided.
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

    /// Whether somebody's word stands that nobody vouches for.
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

/// Why nobody vouches for a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// It was read from a file.
    Offline,
    /// The operator said so, and why.
    AsWritten,
    /// The operator has not spoken yet.
    NotSaid,
    /// No policy is in force.
    NoPolicy(Gap),
    /// It was made before the policy was there, which is since then.
    OlderThanPolicy(Timestamp),
    /// It was written before the time it gives.
    DatedAhead,
}

/// On whose word an exception stands, where `life` is its life now.
///
/// The latest decision that counts is the one that matters: whoever renews has seen what stands,
/// and what was approved cannot have changed under its approval.
pub fn assurance(exception: &Exception, life: &Life, vouching: Vouching) -> Assurance {
    match life.consent {
        Consent::SelfDeclared => Assurance::SelfDeclared,
        Consent::NotRequired => Assurance::NotRequired,
        Consent::None => match life.phase {
            Phase::Rejected => Assurance::Rejected,
            Phase::Pending
            | Phase::Active
            | Phase::ReviewDue
            | Phase::ReviewOverdue
            | Phase::Expired
            | Phase::Closed => Assurance::Pending,
        },
        Consent::Approved => match doubt(exception, life, vouching) {
            None => Assurance::Verified,
            Some(doubt) => Assurance::Unverified(doubt),
        },
    }
}

fn doubt(exception: &Exception, life: &Life, vouching: Vouching) -> Option<Doubt> {
    let since = match vouching {
        Vouching::Offline => return Some(Doubt::Offline),
        Vouching::AsWritten => return doubt_as_written(exception),
        Vouching::Absent(gap) => return Some(Doubt::NoPolicy(gap)),
        Vouching::Since(since) => since,
    };
    let Some(at) = life.last_decision else {
        return Some(Doubt::DatedAhead); // approved, and no decision counts yet
    };
    // What nobody knows the writing of was written when the object was.
    let written = exception.written.of(&exception.spec, at);
    let written = written.unwrap_or(exception.created);
    if at < since {
        Some(Doubt::OlderThanPolicy(since))
    } else if at > SKEW.after(written) {
        Some(Doubt::DatedAhead)
    } else {
        (written < since).then_some(Doubt::OlderThanPolicy(since))
    }
}

/// What the operator wrote of this very generation.
fn doubt_as_written(exception: &Exception) -> Option<Doubt> {
    let status = exception.status.as_ref();
    let current = status.filter(|status| status.observed_generation == exception.generation);
    let mut conditions = current.iter().flat_map(|status| &status.conditions);
    let said = conditions.find(|condition| condition.type_ == APPROVED);
    match said.map(|condition| condition.reason.as_str()) {
        Some(said) if said == Assurance::Verified.as_str() => None,
        Some(said) if said == Assurance::Unverified(Doubt::AsWritten).as_str() => {
            Some(Doubt::AsWritten)
        }
        Some(_) | None => Some(Doubt::NotSaid),
    }
}

#[cfg(test)]
mod tests;
