//! The life of a deviation exception: its phase at an instant, its effective expiry, and the next
//! change. One total function of the object, the path's terms and `now`. It knows neither workloads
//! nor checks: whether an exception covers a failure is decided in `verdict`, from this phase.

use jiff::Timestamp;

use crate::api::deviation_exception::{
    Approval, Decision, DeviationExceptionSpec, Review, ReviewOutcome,
};
use crate::api::golden_path::{ExceptionPolicy, SelfDeclare};
use crate::api::period::Period;
use crate::assess::state::Phase;
use past::Past;

pub mod assurance;
pub mod past;
pub mod record;
mod recorded;

#[cfg(test)]
pub(crate) mod fixtures;
#[cfg(test)]
pub(crate) mod properties;
#[cfg(test)]
mod tests;

/// How far in the future a decision may be dated and still count, because clocks differ.
const SKEW: Period = Period::seconds(300);

/// The terms of a path, applied to one exception.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// The path's rules for exceptions.
    pub policy: &'a ExceptionPolicy,
    /// No check it names exceeds `selfDeclare.maxSeverity`.
    pub within_self_declare_severity: bool,
    /// False if `boundTo` is set and the target's pod template has changed.
    pub bound_to_matches: bool,
}

/// Why an exception is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Consent {
    /// A path owner approved it.
    Approved,
    /// The team declared it, within the path's `selfDeclare` limits.
    SelfDeclared,
    /// The path requires no approval.
    NotRequired,
    /// Not approved: it excuses nothing.
    None,
}

/// An exception at one instant. Two instants with no [`Life::next_change`] between them have equal
/// lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Life {
    /// The phase at this instant.
    pub phase: Phase,
    /// Why it is in force.
    pub consent: Consent,
    /// The decision that counts: the latest of creation (if no approval is required), approval and
    /// renewals. None without a decision in its favour.
    pub last_decision: Option<Timestamp>,
    /// A review is overdue from this instant. None if not approved, or closed.
    pub next_review_at: Option<Timestamp>,
    /// It has expired from this instant. None if never approved.
    pub effective_expiry: Option<Timestamp>,
    /// Renewals that count.
    pub renewals: u32,
    /// A requested renewal waits for a decision. The exception does not lapse meanwhile.
    pub renewal_open: bool,
    /// Dates of the approval and reviews more than five minutes in the future, in order. They do not
    /// count yet.
    pub ignored_decisions: Vec<Timestamp>,
    /// The next instant, strictly after `now`, at which any of this may change by itself.
    pub next_change: Option<Timestamp>,
}

impl Life {
    /// Whether the date of its review has passed. A review can be overdue earlier, if the workload has
    /// changed since the approval.
    pub(crate) fn is_review_missed(&self) -> bool {
        // A review in the future is an instant of change.
        self.next_review_at
            .is_some_and(|review| self.next_change.is_none_or(|change| change > review))
    }
}

/// The life at `now` of an exception created at `created`.
///
/// The first phase that applies counts: closed (final), rejected, pending, expired, review overdue,
/// review due, active. A phase begins *at* its instant, not after it. Dates out of range saturate.
pub fn live(
    spec: &DeviationExceptionSpec,
    created: Timestamp,
    terms: &Terms<'_>,
    now: Timestamp,
) -> Life {
    let past = &Past::default();
    let request = Request {
        spec,
        created,
        past,
    };
    live_after(request, terms, now)
}

/// A stored exception with its past.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// What the owner and approvers wrote.
    pub spec: &'a DeviationExceptionSpec,
    /// Creation time of the object.
    pub created: Timestamp,
    /// The part of its history that the spec does not show.
    pub past: &'a Past,
}

/// As [`live`], for an exception with a past. Once rejected, an exception needs an approval.
pub(crate) fn live_after(request: Request<'_>, terms: &Terms<'_>, now: Timestamp) -> Life {
    let Request {
        spec,
        created,
        past,
    } = request;
    let exception = TermedException {
        past,
        spec,
        created,
        terms,
        record: Record::read(spec, now),
    };
    let consent = exception.consent();
    let validity = exception.validity(consent);
    let phase = exception.phase(validity.as_ref(), now);
    let next_change = exception.next_change(validity.as_ref(), phase, now);
    let Record {
        closed_at, ahead, ..
    } = exception.record;
    let open = validity.as_ref().filter(|_| closed_at.is_none());
    Life {
        phase,
        consent,
        last_decision: validity.as_ref().map(|validity| validity.last_decision),
        next_review_at: open.map(|validity| validity.next_review),
        effective_expiry: validity.as_ref().map(|validity| {
            closed_at.map_or(validity.expiry, |closed| validity.expiry.min(closed))
        }),
        renewals: validity.as_ref().map_or(0, |validity| validity.renewals),
        renewal_open: open.is_some_and(|validity| validity.renewal_open),
        ignored_decisions: ahead,
        next_change,
    }
}

/// The instant from which a decision dated `at` counts.
fn counts_from(at: Timestamp) -> Timestamp {
    SKEW.before(at)
}

/// Decisions and requests of the spec that count at `now`.
struct Record<'a> {
    approval: Option<&'a Approval>,
    renewals: Vec<&'a Review>,
    closed_at: Option<Timestamp>,
    renewal_requested: Option<Timestamp>,
    /// Dates of decisions that do not count yet, in order.
    ahead: Vec<Timestamp>,
    /// The next instant at which one of the others begins to count.
    next_to_count: Option<Timestamp>,
}

impl<'a> Record<'a> {
    fn read(spec: &'a DeviationExceptionSpec, now: Timestamp) -> Self {
        let counts = |at: Timestamp| counts_from(at) <= now;
        let (reviews, later) = spec
            .reviews
            .iter()
            .partition::<Vec<&Review>, _>(|review| counts(review.at.0));
        let requested = spec.renewal.as_ref().map(|renewal| renewal.requested_at.0);
        let approved = spec.approval.as_ref().map(|approval| approval.at.0);
        let mut ahead: Vec<Timestamp> = later.iter().map(|review| review.at.0).collect();
        ahead.extend(approved.filter(|at| !counts(*at)));
        ahead.sort_unstable();
        let next_to_count = ahead
            .iter()
            .copied()
            .chain(requested.filter(|at| !counts(*at)))
            .map(counts_from)
            .min();
        let (renewals, closings) = reviews
            .into_iter()
            .partition::<Vec<&Review>, _>(|review| review.outcome == ReviewOutcome::Renewed);
        Self {
            approval: spec.approval.as_ref().filter(|a| counts(a.at.0)),
            renewals,
            closed_at: closings.iter().map(|review| review.at.0).min(),
            renewal_requested: requested.filter(|at| counts(*at)),
            ahead,
            next_to_count,
        }
    }

    fn renewal_count(&self) -> u32 {
        u32::try_from(self.renewals.len()).unwrap_or(u32::MAX)
    }
}

/// One exception with its terms.
struct TermedException<'a> {
    past: &'a Past,
    spec: &'a DeviationExceptionSpec,
    created: Timestamp,
    terms: &'a Terms<'a>,
    record: Record<'a>,
}

impl TermedException<'_> {
    fn decision(&self) -> Option<Decision> {
        self.record.approval.map(|approval| approval.decision)
    }

    fn stated_by_spec(&self) -> Option<Timestamp> {
        self.spec.expires_at.as_ref().map(|end| end.0)
    }

    fn consent(&self) -> Consent {
        let policy = self.terms.policy;
        match self.decision() {
            Some(Decision::Approved) => Consent::Approved,
            Some(Decision::Rejected) | None if self.past.rejected_at().is_some() => Consent::None,
            None if !policy.require_approval => Consent::NotRequired,
            None if policy
                .self_declare
                .is_some_and(|limits| self.is_within(limits)) =>
            {
                Consent::SelfDeclared
            }
            Some(Decision::Rejected) | None => Consent::None,
        }
    }

    fn is_within(&self, limits: SelfDeclare) -> bool {
        let latest_end = limits.max_duration.after(self.created);
        let renewals = self
            .record
            .renewal_count()
            .saturating_add(self.past.renewals());
        self.terms.within_self_declare_severity
            && self.stated_by_spec().is_none_or(|end| end <= latest_end)
            && renewals <= u32::from(limits.max_renewals)
    }

    /// The decisions that count, in order of their instants. At the same instant renewals come last,
    /// and the longest of them wins, whatever order they were written in.
    fn decisions(&self, consent: Consent) -> Vec<Decided> {
        let by_creation = match consent {
            Consent::Approved => !self.terms.policy.require_approval,
            Consent::SelfDeclared | Consent::NotRequired => true,
            Consent::None => return Vec::new(),
        };
        let agreed = by_creation
            .then_some(self.created)
            .into_iter()
            .chain(self.record.approval.map(|approval| approval.at.0))
            .map(|at| Decided {
                at,
                act: Act::Approved,
                until: self.stated_by_spec(),
            });
        let renewed = self.record.renewals.iter().map(|review| Decided {
            at: review.at.0,
            act: Act::Renewed,
            until: review.expires_at.as_ref().map(|end| end.0),
        });
        let mut decisions: Vec<Decided> = agreed.chain(renewed).collect();
        decisions.sort_unstable();
        decisions
    }

    fn validity(&self, consent: Consent) -> Option<Validity> {
        let policy = self.terms.policy;
        let decisions = self.decisions(consent);
        let last_decision = decisions.last()?.at;
        let every = self
            .spec
            .review_every
            .map_or(policy.review_every, |own| own.min(policy.review_every));
        let next_review = every.after(last_decision);
        let lapse = policy.lapse_after.after(next_review);
        let renewal_open = self
            .record
            .renewal_requested
            .is_some_and(|at| at > last_decision && at < lapse);
        let bounds = [
            Some(longest(policy, consent).after(last_decision)),
            stated_end(&decisions),
            (!renewal_open).then_some(lapse),
        ];
        Some(Validity {
            last_decision,
            next_review,
            expiry: bounds.into_iter().flatten().min()?,
            remind_before: policy.remind_before.min(every.half()),
            renewals: self.record.renewal_count(),
            renewal_open,
        })
    }

    fn phase(&self, validity: Option<&Validity>, now: Timestamp) -> Phase {
        if self.record.closed_at.is_some() {
            return Phase::Closed;
        }
        if self.decision() == Some(Decision::Rejected) {
            return Phase::Rejected;
        }
        let Some(validity) = validity else {
            return Phase::Pending;
        };
        if now >= validity.expiry {
            Phase::Expired
        } else if now >= validity.next_review || !self.terms.bound_to_matches {
            Phase::ReviewOverdue
        } else if validity.reminders().iter().any(|from| now >= *from) {
            Phase::ReviewDue
        } else {
            Phase::Active
        }
    }

    /// Both reminders, before the review and before the end, are instants of change, although only the
    /// first one changes the phase: each can make a reminder due.
    fn next_change(
        &self,
        validity: Option<&Validity>,
        phase: Phase,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let running = match phase {
            Phase::Active | Phase::ReviewDue | Phase::ReviewOverdue => validity,
            Phase::Pending | Phase::Expired | Phase::Rejected | Phase::Closed => None,
        };
        running
            .into_iter()
            .flat_map(|validity| {
                let [review, end] = validity.reminders();
                [review, end, validity.next_review, validity.expiry]
            })
            .chain(self.record.next_to_count)
            .filter(|instant| *instant > now)
            .min()
    }
}

/// A decision in favour of an exception. The derived order is the order in which decisions apply.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Decided {
    at: Timestamp,
    act: Act,
    until: Option<Timestamp>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Act {
    /// Approved as written, with the `expiresAt` of the spec.
    Approved,
    /// Renewed until the date of the review, else until the end in force.
    Renewed,
}

/// The end after all `decisions`. An end that had passed at a later decision no longer binds; an end
/// that a decision states itself always does.
fn stated_end(decisions: &[Decided]) -> Option<Timestamp> {
    decisions.iter().fold(None, |stated, decision| {
        let ahead = |end: &Timestamp| *end > decision.at;
        let standing = stated.filter(ahead);
        match decision.act {
            Act::Renewed => decision.until.or(standing),
            Act::Approved => decision.until.filter(ahead).or(standing).or(decision.until),
        }
    })
}

/// Dates and counts that follow from a decision in favour.
struct Validity {
    last_decision: Timestamp,
    next_review: Timestamp,
    expiry: Timestamp,
    remind_before: Period,
    renewals: u32,
    renewal_open: bool,
}

impl Validity {
    /// When to remind the owner: before the review, and before the end.
    fn reminders(&self) -> [Timestamp; 2] {
        [self.next_review, self.expiry].map(|instant| self.remind_before.before(instant))
    }
}

/// The longest time that one decision may allow.
fn longest(policy: &ExceptionPolicy, consent: Consent) -> Period {
    match (consent, policy.self_declare) {
        (Consent::SelfDeclared, Some(limits)) => limits.max_duration.min(policy.max_duration),
        (Consent::SelfDeclared, None)
        | (Consent::Approved | Consent::NotRequired | Consent::None, _) => policy.max_duration,
    }
}
