//! Conditions on the decision about an exception, and on its review.

use jiff::Timestamp;

use super::super::{day, recreated};
use super::{Words, unknown};
use crate::api::condition::{APPROVED, REVIEW_CURRENT, Statement};
use crate::api::deviation_exception::Outcome;
use crate::assess::exception::assurance::{Assurance, Doubt};
use crate::assess::exception::past::Rejection;
use crate::assess::state::Phase;
use crate::assess::wording::{first_few, quoted};

impl Words<'_> {
    pub(super) fn approved(&self) -> Statement {
        let assurance = self.findings.assurance;
        let (status, message) = match assurance {
            Assurance::Verified => (
                true,
                format!(
                    "Agreed {}. The API server vouches for who decided and when. Nothing to do.",
                    self.agreed()
                ),
            ),
            Assurance::Unverified(doubt) => (true, self.unverified(doubt)),
            Assurance::SelfDeclared => (true, self.self_declared()),
            Assurance::NotRequired => (
                true,
                format!(
                    "Path '{}' asks for no approval. Nothing to do.",
                    self.path()
                ),
            ),
            Assurance::Rejected => (
                false,
                format!(
                    "Not agreed {}. Next: change the request, remove spec.approval and ask again, \
                     or take the path's steps. It needs an approval from now on.",
                    self.decided()
                ),
            ),
            Assurance::Pending => (false, self.pending(self.life.phase)),
        };
        let ignored = if assurance == Assurance::Unverified(Doubt::AsWritten) {
            String::new() // what was said before said it, too
        } else {
            self.ignored()
        };
        let message = message + &self.created_again(assurance) + &ignored;
        Statement::new(APPROVED, status, assurance.as_str(), message)
    }

    /// What counts of deleted exceptions of the same name, while no approver has approved this one.
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
            Doubt::Offline => "Who agreed is taken from the file: only a cluster can vouch for \
                               it. Nothing to do."
                .to_owned(),
            Doubt::AsWritten => return self.said_before(),
            Doubt::NotSaid => "Nobody has said yet whether the API server vouches for it. Nothing \
                               to do."
                .to_owned(),
            Doubt::NoPolicy(gap) => format!(
                "Who agreed is taken from the object: the API server does not vouch for it, as {}. \
                 Next, for the platform team: approval.policies in the chart.",
                gap.as_str()
            ),
            Doubt::OlderThanPolicy(since) => format!(
                "Who agreed is taken from the object: the API server vouches for decisions since \
                 {since}. The next renewal makes it Verified; nothing to do until then."
            ),
            Doubt::DatedAhead => format!(
                "The decision was written before the time it gives, so nobody can vouch for it. \
                 Next: remove spec.approval and ask again, or renew it ({}).",
                self.renew_command()
            ),
        };
        format!("Agreed {}. {why}", self.agreed())
    }

    /// While it is not known who vouches, what was said stays.
    fn said_before(&self) -> String {
        let status = self.exception.status.as_ref();
        let mut conditions = status.iter().flat_map(|status| &status.conditions);
        let before = conditions.find(|stored| stored.type_ == APPROVED);
        before.map_or_else(String::new, |before| before.message.clone())
    }

    /// Who approved it, and who renewed it last.
    fn agreed(&self) -> String {
        let approval = self.exception.spec.approval.as_ref();
        let renewals = self.exception.spec.reviews.iter().filter(|review| {
            review.outcome == Outcome::Renewed && Some(review.at.0) == self.life.last_decision
        });
        let mut later = renewals.filter(|review| approval.is_none_or(|first| first.at < review.at));
        let renewed = later.next_back().map_or_else(String::new, |review| {
            format!(", renewed by {} on {}", review.by, day(review.at.0))
        });
        self.decided() + &renewed
    }

    /// Who decided, when and why.
    fn decided(&self) -> String {
        let Some(approval) = &self.exception.spec.approval else {
            return String::new();
        };
        let note = approval.note.as_ref();
        let note = note.map_or_else(String::new, |note| format!(" (“{}”)", quoted(note)));
        format!("by {} on {}{note}", approval.by, day(approval.at.0))
    }

    fn self_declared(&self) -> String {
        format!(
            "Declared by {} itself, within what path '{}' allows without asking. Nothing to do.",
            self.exception.spec.owner.team,
            self.path()
        )
    }

    fn pending(&self, phase: Phase) -> String {
        if phase == Phase::Closed {
            return "Closed before anybody decided. Nothing to do.".to_owned();
        }
        let rejection = self.exception.past.rejected.as_ref();
        let asked = match rejection {
            Some(Rejection { at, by }) => {
                let by = by
                    .as_ref()
                    .map_or_else(String::new, |by| format!(" by {by}"));
                let on = day(*at);
                format!(
                    "Rejected{by} on {on} and asked for again, so it waits for the platform team."
                )
            }
            None => format!(
                "Asked on {}, waiting for the platform team.",
                day(self.exception.created)
            ),
        };
        format!("{asked} Next, for them: {}.", self.command("approve"))
    }

    /// What is dated ahead is said where people look for a decision.
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
            " Dated ahead, and counting only from then: {}. Correct the date if it was a slip.",
            first_few(&dates, ", ")
        )
    }

    pub(super) fn review_current(&self) -> Statement {
        match self.life.phase {
            Phase::Active => reviewed(
                true,
                "Current",
                format!(
                    "Own route, {}. Nothing to do until shortly before.",
                    self.dates()
                ),
            ),
            Phase::ReviewDue => reviewed(
                true,
                "ReviewDue",
                format!(
                    "Own route, time for a look: {}. Next: {}",
                    self.dates(),
                    self.review_step()
                ),
            ),
            Phase::ReviewOverdue => self.overdue(),
            Phase::Expired => reviewed(
                false,
                "Expired",
                format!(
                    "The agreement ended on {}. Next: renew it ({}), or return to the path.",
                    self.end(),
                    self.renew_command()
                ),
            ),
            Phase::Pending => unreviewed("Pending", "Reviews begin once it is agreed."),
            Phase::Rejected => unreviewed("Rejected", "It was not agreed: nothing to review."),
            Phase::Closed => unreviewed("Closed", "It was closed: nothing left to review."),
        }
    }

    fn end(&self) -> String {
        self.life.effective_expiry.map_or_else(String::new, day)
    }

    /// When it expires, and its review where that comes first.
    fn dates(&self) -> String {
        let review = self
            .life
            .next_review_at
            .filter(|review| self.life.effective_expiry.is_some_and(|end| *review < end));
        let review =
            review.map_or_else(String::new, |at| format!(", with a review on {}", day(at)));
        format!("agreed until {}{review}", self.end())
    }

    /// Overdue by date, or because its workload changed since the approval.
    fn overdue(&self) -> Statement {
        let missed = self.life.next_review_at.filter(|at| self.now >= *at);
        let (reason, state) = match missed {
            Some(at) => (
                "ReviewOverdue",
                format!("Its review was due on {}", day(at)),
            ),
            None => (
                "TemplateChanged",
                "Its workload has changed since it was agreed".to_owned(),
            ),
        };
        let (end, step) = (self.end(), self.review_step());
        reviewed(
            false,
            reason,
            format!("{state}; it goes on until {end}. Next: {step}"),
        )
    }

    fn review_step(&self) -> String {
        if self.life.renewal_open {
            "the owner asked to go on; the platform team answers.".to_owned()
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
