//! Whether the API server verified the decision that counts, from the stored exception. Whether the
//! policy is in force is an input.

use super::{Assurance, Doubt, SKEW, Vouching};
use crate::api::condition::APPROVED;
use crate::assess::exception::record::Exception;
use crate::assess::exception::{Consent, Life};
use crate::assess::state::Phase;

/// The assurance of an exception whose life at this instant is `life`.
///
/// Only the latest decision that counts matters: an approver who renews sees the current spec, and
/// approved fields cannot change while the approval stays.
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
        return Some(Doubt::DatedAhead); // approved, but no decision counts yet
    };
    // Without a recorded write, the decision is as old as the object.
    let written = exception
        .written
        .of(&exception.spec, at)
        .unwrap_or(exception.created);
    if at < since {
        Some(Doubt::OlderThanPolicy(since))
    } else if at > SKEW.after(written) {
        Some(Doubt::DatedAhead)
    } else {
        (written < since).then_some(Doubt::OlderThanPolicy(since))
    }
}

/// The doubt in the stored condition, if that describes this generation.
fn doubt_as_written(exception: &Exception) -> Option<Doubt> {
    let current = exception
        .status
        .as_ref()
        .filter(|status| status.observed_generation == exception.generation);
    let reason = current
        .iter()
        .flat_map(|status| &status.conditions)
        .find(|condition| condition.type_ == APPROVED)
        .map(|condition| condition.reason.as_str());
    match reason {
        Some(reason) if reason == Assurance::Verified.as_str() => None,
        Some(reason) if reason == Assurance::Unverified(Doubt::AsWritten).as_str() => {
            Some(Doubt::AsWritten)
        }
        Some(_) | None => Some(Doubt::NoStatusYet),
    }
}
