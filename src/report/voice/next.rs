//! The NEXT table: from a state and whose turn it is to what the reader can do. Every entry is an action,
//! for the team or on the platform's side, or states until when nothing is due. No other module words a
//! next step.

use std::borrow::Cow;

use jiff::Timestamp;

use super::{Calendar, day, in_full};
use crate::assess::register::next::Next;
use crate::assess::state::{Outcome, Phase, Standing, Status, Turn};
use crate::report::document::{Check, Exception, StandingDates, Workload};

/// What can be done next about a workload; none on the path.
pub(crate) fn of_workload(workload: &Workload, as_of: Timestamp) -> Option<String> {
    match workload.status {
        Status::GoldenPath => None,
        Status::Unknown => Some(format!(
            "ask {} to correct the check{}",
            platform(workload),
            errored(workload)
        )),
        Status::Unscoped => Some(format!("ask {} for a path", platform(workload))),
        Status::Ignored => Some("remove goldenpath.dev/ignore to be counted again".to_owned()),
        Status::Deviating => Some(of_deviation(workload, as_of)),
    }
}

fn of_deviation(workload: &Workload, as_of: Timestamp) -> String {
    let standing = workload.deviation.unwrap_or(Standing::Undocumented);
    let is_platforms = match workload.turn {
        Some(Turn::Platform) => true,
        Some(Turn::Team | Turn::AtRest) | None => false,
    };
    let step = step(workload, standing);
    let exception = exception(workload, standing);
    if let Some(closing) = closing(workload, standing) {
        return closing;
    }
    match standing {
        Standing::Undocumented => step,
        Standing::Pending => format!("ask {} to decide on {exception}", platform(workload)),
        Standing::Expired | Standing::ReviewOverdue | Standing::ReviewDue if is_platforms => {
            format!(
                "ask {} to decide on the renewal of {exception}",
                platform(workload)
            )
        }
        Standing::Expired => format!("request a renewal of {exception}, or: {step}"),
        Standing::ReviewOverdue | Standing::ReviewDue => {
            format!("request a renewal of {exception}")
        }
        Standing::Predates => format!("nothing is due; when it suits: {step}"),
        Standing::Documented => workload.dates.until.map_or_else(
            || "nothing to do".to_owned(),
            |until| format!("nothing to do until {}", day(until, as_of)),
        ),
    }
}

/// Whom to ask.
fn platform(workload: &Workload) -> &str {
    workload.contact.as_deref().unwrap_or("the platform team")
}

/// The step that decides the standing: its action, else the title of its check.
fn step(workload: &Workload, standing: Standing) -> String {
    let decides =
        |check: &&Check| check.outcome == Outcome::Fail && check.standing == Some(standing);
    let deciding = workload
        .missing()
        .find(decides)
        .or_else(|| workload.missing().next());
    deciding.map_or_else(|| "take the next step".to_owned(), action)
}

fn action(check: &Check) -> String {
    match (&check.action, &check.title) {
        (Some(action), _) => action.clone(),
        (None, Some(title)) => format!("see to: {title}"),
        (None, None) => format!("pass the check {}", check.name),
    }
}

/// The step that takes the place of an exception whose roadmap item has shipped.
fn closing(workload: &Workload, standing: Standing) -> Option<String> {
    let check = closable(workload, standing)?;
    let (exception, item) = (check.exception.as_ref()?, check.shipped_item.as_ref()?);
    let (step, title) = (action(check), quoted(&item.title));
    Some(format!(
        "{step}, then close {exception}: {title} has shipped"
    ))
}

/// The check that decides the standing and whose exception can be closed, as its roadmap item has shipped.
pub(crate) fn closable(workload: &Workload, standing: Standing) -> Option<&Check> {
    workload
        .missing()
        .find(|check| check.standing == Some(standing) && check.shipped_item.is_some())
}

fn exception(workload: &Workload, standing: Standing) -> &str {
    let mut named = workload
        .checks
        .iter()
        .filter(|check| check.standing == Some(standing));
    named
        .find_map(|check| check.exception.as_deref())
        .unwrap_or("the exception")
}

fn errored(workload: &Workload) -> Cow<'_, str> {
    let mut checks = workload.checks.iter();
    checks
        .find(|check| check.outcome == Outcome::Error)
        .map_or(Cow::Borrowed(""), |check| format!(" {}", check.name).into())
}

/// What can be done next about an exception, and why. `pressing` is the date that makes it urgent.
pub(crate) fn of_exception(
    exception: &Exception,
    pressing: Option<Timestamp>,
    as_of: Timestamp,
) -> String {
    let stands = |standing| {
        let dates = StandingDates {
            until: exception.effective_expiry,
            next_review_at: exception.next_review_at,
            since: exception.waiting_since,
        };
        in_full(standing, &dates, Calendar::Today(as_of))
    };
    let renew = if exception.approval.is_own_word() {
        "renew"
    } else {
        "request a renewal"
    };
    let beside = exception
        .shipped_items
        .first()
        .map_or_else(String::new, |item| {
            format!("; {}, which it waits for, has shipped", quoted(&item.title))
        });
    match exception.next {
        Next::Decide => match exception.rejected_at {
            Some(rejected) => format!(
                "approve or reject: requested again after the rejection of {}, waiting for the platform team{beside}",
                day(rejected, as_of)
            ),
            None => format!("approve or reject: {}{beside}", stands(Standing::Pending)),
        },
        Next::Answer => format!(
            "renew or close: renewal {}{beside}",
            stands(Standing::Pending)
        ),
        Next::ReviewOverdue => format!(
            "{renew}, or close: {}{beside}",
            stands(Standing::ReviewOverdue)
        ),
        Next::RenewOrReturn => {
            let expired = pressing.map_or_else(String::new, |at| format!(" {}", day(at, as_of)));
            format!("{renew}, or return to the path: expired{expired}{beside}")
        }
        Next::Review => format!("{renew}, or close: {}", stands(Standing::ReviewDue)),
        Next::Close if exception.needed == Some(false) => "close it: no longer needed".to_owned(),
        Next::Close if exception.in_use == Some(false) => "close it: not in use".to_owned(),
        Next::Close => {
            let item = exception.shipped_items.first();
            let item = item.map_or_else(|| "what it waits for".to_owned(), |it| quoted(&it.title));
            format!("return to the path and close it: {item} has shipped")
        }
        Next::Rest => format!("nothing to do{}", at_rest(exception, pressing, as_of)),
    }
}

/// A title in a sentence.
fn quoted(title: &str) -> String {
    format!("“{title}”")
}

/// Why an exception needs no action.
fn at_rest(exception: &Exception, pressing: Option<Timestamp>, as_of: Timestamp) -> String {
    let on =
        |words: &str| pressing.map_or_else(String::new, |at| format!("{words}{}", day(at, as_of)));
    match exception.phase {
        Phase::Active => on(" until "),
        Phase::Expired => format!(": expired{}", on(" ")),
        Phase::Rejected => ": rejected".to_owned(),
        Phase::Closed => ": closed".to_owned(),
        Phase::Pending | Phase::ReviewDue | Phase::ReviewOverdue => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::document::ShippedItem;
    use crate::report::fixtures::{self, at, check, workload};

    const NOW: &str = "2026-03-01T12:00:00Z";

    fn deviating(standing: Standing, turn: Turn) -> Workload {
        let mut missing = check("memory-limit", Outcome::Fail);
        missing.action = Some("Set a memory limit".to_owned());
        missing.standing = Some(standing);
        missing.exception = Some("batch-memory".to_owned());
        let mut other = check("probe", Outcome::Fail);
        other.standing = Some(Standing::Documented);
        let mut shown = workload("web", Status::Deviating);
        shown.checks = vec![other, missing];
        shown.deviation = Some(standing);
        shown.turn = Some(turn);
        shown.dates.until = Some(at("2026-03-12T00:00:00Z"));
        shown
    }

    /// Standing, turn, next step.
    const TABLE: [(Standing, Turn, &str); 10] = [
        (Standing::Undocumented, Turn::Team, "Set a memory limit"),
        (
            Standing::Expired,
            Turn::Team,
            "request a renewal of batch-memory, or: Set a memory limit",
        ),
        (
            Standing::Expired,
            Turn::Platform,
            "ask #paved-roads to decide on the renewal of batch-memory",
        ),
        (
            Standing::Pending,
            Turn::Platform,
            "ask #paved-roads to decide on batch-memory",
        ),
        (
            Standing::ReviewOverdue,
            Turn::Team,
            "request a renewal of batch-memory",
        ),
        (
            Standing::ReviewOverdue,
            Turn::Platform,
            "ask #paved-roads to decide on the renewal of batch-memory",
        ),
        (
            Standing::ReviewDue,
            Turn::Team,
            "request a renewal of batch-memory",
        ),
        (
            Standing::ReviewDue,
            Turn::Platform,
            "ask #paved-roads to decide on the renewal of batch-memory",
        ),
        (
            Standing::Predates,
            Turn::AtRest,
            "nothing is due; when it suits: Set a memory limit",
        ),
        (
            Standing::Documented,
            Turn::AtRest,
            "nothing to do until 12 Mar",
        ),
    ];

    #[test]
    fn every_standing_and_turn_has_its_next_step() {
        for (standing, turn, expected) in TABLE {
            let mut shown = deviating(standing, turn);
            shown.contact = Some("#paved-roads".to_owned());
            assert_eq!(of_workload(&shown, at(NOW)).as_deref(), Some(expected));
        }
        let covered: std::collections::BTreeSet<_> = TABLE.iter().map(|row| row.0).collect();
        assert_eq!(covered.len(), Standing::ALL.len());
        // Pairs of standing and turn that never occur have a line too.
        for standing in Standing::ALL {
            for turn in Turn::ALL {
                let next = of_workload(&deviating(standing, turn), at(NOW)).unwrap_or_default();
                assert!(next.contains(' ') && !next.contains("turn"), "{next}");
            }
        }
    }

    #[test]
    fn every_status_has_its_next_step() {
        for (status, contact, expected) in [
            (Status::GoldenPath, None, None),
            (
                Status::Unknown,
                Some("#help"),
                Some("ask #help to correct the check broken"),
            ),
            (
                Status::Unscoped,
                None,
                Some("ask the platform team for a path"),
            ),
            (
                Status::Ignored,
                None,
                Some("remove goldenpath.dev/ignore to be counted again"),
            ),
            (Status::Deviating, None, Some("pass the check memory-limit")),
        ] {
            let mut shown = workload("web", status);
            shown.contact = contact.map(str::to_owned);
            shown.checks = match status {
                Status::Unknown => vec![check("broken", Outcome::Error)],
                Status::Deviating => vec![check("memory-limit", Outcome::Fail)],
                Status::GoldenPath | Status::Unscoped | Status::Ignored => Vec::new(),
            };
            assert_eq!(of_workload(&shown, at(NOW)).as_deref(), expected);
        }
    }

    fn registry() -> ShippedItem {
        ShippedItem {
            name: "registry".to_owned(),
            title: "A registry of our own".to_owned(),
            shipped_at: at("2026-02-01T00:00:00Z"),
        }
    }

    #[test]
    fn what_has_shipped_is_named_with_the_step_that_takes_its_place() {
        let line = |next, shipped_items| Exception {
            shipped_items,
            next,
            ..fixtures::exception()
        };
        let words = |line: &Exception| of_exception(line, line.effective_expiry, at(NOW));
        assert_eq!(
            words(&line(Next::Close, vec![registry()])),
            "return to the path and close it: “A registry of our own” has shipped"
        );
        assert_eq!(
            words(&line(Next::Close, Vec::new())),
            "return to the path and close it: what it waits for has shipped"
        );
        assert_eq!(
            words(&line(Next::RenewOrReturn, vec![registry()])),
            "request a renewal, or return to the path: expired 12 Mar; “A registry of our own”, which it \
             waits for, has shipped"
        );
        let mut excused = deviating(Standing::Documented, Turn::AtRest);
        excused.checks[1].shipped_item = Some(registry());
        assert_eq!(
            of_workload(&excused, at(NOW)).as_deref(),
            Some(
                "Set a memory limit, then close batch-memory: “A registry of our own” has shipped"
            )
        );
    }

    #[test]
    fn every_action_on_an_exception_begins_with_what_to_do() {
        for next in Next::ALL {
            for phase in Phase::ALL {
                let line = Exception {
                    phase,
                    next,
                    needed: Some(next != Next::Close),
                    ..fixtures::exception()
                };
                let text = of_exception(&line, line.effective_expiry, at(NOW));
                let verb = match next {
                    Next::Decide => "approve or reject: ",
                    Next::Answer => "renew or close: ",
                    Next::ReviewOverdue | Next::Review => "request a renewal, or close: ",
                    Next::RenewOrReturn => "request a renewal, or return to the path: ",
                    Next::Close => "close it: ",
                    Next::Rest => "nothing to do",
                };
                assert!(text.starts_with(verb), "{text}");
            }
        }
    }
}
