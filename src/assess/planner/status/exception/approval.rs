//! Messages of the conditions `Approved` and `ReviewCurrent` of an exception. Nothing is decided here.

use jiff::Timestamp;

use super::super::{day, recreated};
use super::{Messages, unknown};
use crate::api::condition::{APPROVED, REVIEW_CURRENT, Statement};
use crate::api::deviation_exception::ReviewOutcome;
use crate::assess::exception::assurance::{Assurance, Doubt};
use crate::assess::exception::past::Rejection;
use crate::assess::state::Phase;
use crate::assess::wording::{first_few, quoted};

impl Messages<'_> {
    pub(super) fn approved(&self) -> Statement {
        let assurance = self.findings.assurance;
        let (status, message) = match assurance {
            Assurance::Verified => (
                true,
                format!(
                    "Approved {}. The API server verified the approver and the date. Nothing to do.",
                    self.decision_and_renewal()
                ),
            ),
            Assurance::Unverified(doubt) => (true, self.unverified(doubt)),
            Assurance::SelfDeclared => (true, self.self_declared()),
            Assurance::NotRequired => (
                true,
                format!("Path '{}' needs no approval. Nothing to do.", self.path()),
            ),
            Assurance::Rejected => (
                false,
                format!(
                    "Rejected {}. Next: change the request, remove spec.approval and request it \
                     again, or follow the path. From now on it needs an approval.",
                    self.decision()
                ),
            ),
            Assurance::Pending => (false, self.pending(self.life.phase)),
        };
        let ignored = if assurance == Assurance::Unverified(Doubt::AsWritten) {
            String::new() // the earlier message, which is repeated, holds them already
        } else {
            self.ignored()
        };
        let message = message + &self.created_again(assurance) + &ignored;
        Statement::new(APPROVED, status, assurance.as_str(), message)
    }

    /// The record of deleted exceptions of the same name. It counts until an approver approves this
    /// one.
    fn created_again(&self, assurance: Assurance) -> String {
        let counts = match assurance {
            Assurance::SelfDeclared | Assurance::NotRequired | Assurance::Pending => true,
            Assurance::Verified | Assurance::Unverified(_) | Assurance::Rejected => false,
        };
        let previous = self.exception.past.previous.as_ref().filter(|_| counts);
        previous.map_or_else(String::new, |previous| format!(" {}", recreated(previous)))
    }

    /// The decision that counts, and why it is not verified.
    fn unverified(&self, doubt: Doubt) -> String {
        let why = match doubt {
            Doubt::Offline => "The approval was read from a file; only a cluster can verify it. \
                               Nothing to do."
                .to_owned(),
            Doubt::AsWritten => return self.earlier_message(),
            Doubt::NoStatusYet => "The operator has not checked yet whether the API server \
                                   verified it. Nothing to do."
                .to_owned(),
            Doubt::NoPolicy(gap) => format!(
                "The API server did not verify it: {}. Next, for the platform team: set \
                 approval.policies in the chart.",
                gap.as_str()
            ),
            Doubt::OlderThanPolicy(since) => format!(
                "The API server verifies decisions made since {since}. The next renewal makes it \
                 Verified; nothing to do until then."
            ),
            Doubt::DatedAhead => format!(
                "The decision carries a later date than its write, so the API server cannot verify \
                 it. Next: remove spec.approval and request it again, or renew it ({}).",
                self.renew_command()
            ),
        };
        format!("Approved {}. {why}", self.decision_and_renewal())
    }

    /// The stored message. It stays while the operator does not know the state of the policy.
    fn earlier_message(&self) -> String {
        let status = self.exception.status.as_ref();
        let mut conditions = status.iter().flat_map(|status| &status.conditions);
        let before = conditions.find(|stored| stored.type_ == APPROVED);
        before.map_or_else(String::new, |before| before.message.clone())
    }

    /// Who approved it, and who renewed it last.
    fn decision_and_renewal(&self) -> String {
        let approval = self.exception.spec.approval.as_ref();
        let renewals = self.exception.spec.reviews.iter().filter(|review| {
            review.outcome == ReviewOutcome::Renewed && Some(review.at.0) == self.life.last_decision
        });
        let mut later = renewals.filter(|review| approval.is_none_or(|first| first.at < review.at));
        let renewed = later.next_back().map_or_else(String::new, |review| {
            format!(", renewed by {} on {}", review.by, day(review.at.0))
        });
        self.decision() + &renewed
    }

    /// Who decided, when and why.
    fn decision(&self) -> String {
        let Some(approval) = &self.exception.spec.approval else {
            return String::new();
        };
        let note = approval
            .note
            .as_ref()
            .map_or_else(String::new, |note| format!(" (“{}”)", quoted(note)));
        format!("by {} on {}{note}", approval.by, day(approval.at.0))
    }

    fn self_declared(&self) -> String {
        format!(
            "Declared by team {} itself, within the limits of path '{}'. Nothing to do.",
            self.exception.spec.owner.team,
            self.path()
        )
    }

    fn pending(&self, phase: Phase) -> String {
        if phase == Phase::Closed {
            return "Closed before a decision. Nothing to do.".to_owned();
        }
        let request = match &self.exception.past.rejected {
            Some(Rejection { at, by }) => {
                let by = by
                    .as_ref()
                    .map_or_else(String::new, |by| format!(" by {by}"));
                let on = day(*at);
                format!("Rejected{by} on {on} and requested again, waiting for the platform team.")
            }
            None => format!(
                "Requested on {}, waiting for the platform team.",
                day(self.exception.created)
            ),
        };
        format!("{request} Next, for them: {}.", self.command("approve"))
    }

    /// Decisions dated in the future, which do not count yet.
    fn ignored(&self) -> String {
        let dates: Vec<String> = self
            .life
            .ignored_decisions
            .iter()
            .map(Timestamp::to_string)
            .collect();
        if dates.is_empty() {
            return String::new();
        }
        format!(
            " Decisions dated in the future do not count yet: {}. Next: correct the date if it is \
             wrong.",
            first_few(&dates, ", ")
        )
    }

    pub(super) fn review_current(&self) -> Statement {
        match self.life.phase {
            Phase::Active => reviewed(
                true,
                "Current",
                format!("{}. Nothing to do until shortly before.", self.dates()),
            ),
            Phase::ReviewDue => reviewed(
                true,
                "ReviewDue",
                format!(
                    "Needs a review. {}. Next: {}",
                    self.dates(),
                    self.review_step()
                ),
            ),
            Phase::ReviewOverdue => self.overdue(),
            Phase::Expired => reviewed(
                false,
                "Expired",
                format!(
                    "Expired on {}. Next: renew it ({}), or return to the path.",
                    self.end(),
                    self.renew_command()
                ),
            ),
            Phase::Pending => unreviewed("Pending", "Not approved yet: nothing to review."),
            Phase::Rejected => unreviewed("Rejected", "Rejected: nothing to review."),
            Phase::Closed => unreviewed("Closed", "Closed: nothing to review."),
        }
    }

    fn end(&self) -> String {
        self.life.effective_expiry.map_or_else(String::new, day)
    }

    /// Its review, where that comes before the end, and when it expires.
    fn dates(&self) -> String {
        let end = self.end();
        let review = self
            .life
            .next_review_at
            .filter(|review| self.life.effective_expiry.is_some_and(|end| *review < end));
        match review {
            Some(at) => format!("Review due on {}, expires on {end}", day(at)),
            None => format!("Expires on {end}"),
        }
    }

    /// Overdue by date, or because its workload changed since the approval.
    fn overdue(&self) -> Statement {
        let missed = self.life.next_review_at.filter(|at| self.now >= *at);
        let (reason, state) = match missed {
            Some(at) => ("ReviewOverdue", format!("Review overdue since {}", day(at))),
            None => (
                "TemplateChanged",
                "The workload has changed since the approval".to_owned(),
            ),
        };
        let (end, step) = (self.end(), self.review_step());
        reviewed(
            false,
            reason,
            format!("{state}; expires on {end}. Next: {step}"),
        )
    }

    fn review_step(&self) -> String {
        if self.life.renewal_open {
            "the platform team decides about the requested renewal.".to_owned()
        } else {
            format!(
                "renew it ({}), close it ({}), or return to the path.",
                self.renew_command(),
                self.command("close")
            )
        }
    }
}

fn reviewed(is_current: bool, reason: &'static str, message: String) -> Statement {
    Statement::new(REVIEW_CURRENT, is_current, reason, message)
}

fn unreviewed(reason: &'static str, message: &str) -> Statement {
    unknown(REVIEW_CURRENT, reason, message)
}
