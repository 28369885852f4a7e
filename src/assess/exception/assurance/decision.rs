//! Whether the API server vouches for the decision that counts, from the exception as it is stored.
//! Whether the policy is in force is found elsewhere and given here.

use super::{Assurance, Doubt, SKEW, Vouching};
use crate::api::condition::APPROVED;
use crate::assess::exception::record::Exception;
use crate::assess::exception::{Consent, Life};
use crate::assess::state::Phase;

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
    // A decision without a recorded write was written when the object was.
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
