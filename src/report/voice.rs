//! The voice table: from a state to the sentence people read. Each sentence gives the state, the next
//! step and the off-ramp. No sentence shames a team, and no other module words a state.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::assess::object::kind::short_name;
use crate::assess::state::{Standing, State, Status};
use crate::report::document::{StandingDates, Workload};
use crate::report::terminal::plain::plain;

pub(in crate::report) mod groups;
pub(crate) mod next;
pub(in crate::report) mod roadmap;

/// Inputs of the sentence for a workload.
#[derive(Clone, Copy, Debug)]
pub struct WorkloadState<'a> {
    pub status: Status,
    /// The standing of a deviating workload.
    pub standing: Option<Standing>,
    /// Number of missing steps.
    pub to_go: usize,
    /// Whether the path only advises, so that no exception is expected.
    pub advice: bool,
    /// The dates of the standing.
    pub dates: StandingDates,
    /// The command that drafts an exception; absent on surfaces too narrow for it.
    pub command: Option<&'a str>,
    /// The instant of the report.
    pub as_of: Timestamp,
}

impl<'a> WorkloadState<'a> {
    /// The state in a line of the report.
    pub(crate) fn of(workload: &Workload, as_of: Timestamp, command: Option<&'a str>) -> Self {
        Self {
            status: workload.status,
            standing: workload.deviation,
            to_go: workload.to_go(),
            advice: workload.advice,
            dates: workload.dates,
            command,
            as_of,
        }
    }
}

/// The sentence for a workload.
pub fn sentence(state: &WorkloadState<'_>) -> String {
    match state.status {
        Status::GoldenPath => "on the path".to_owned(),
        Status::Unknown => "our check failed, not your service".to_owned(),
        Status::Unscoped => "no path for this yet: tell us what you need".to_owned(),
        Status::Ignored => "ignored at the team's request".to_owned(),
        Status::Deviating => deviation(state.standing.unwrap_or(Standing::Undocumented), state),
    }
}

/// How many services are in a state: the words after their number.
pub(crate) const fn state(state: State) -> &'static str {
    match state {
        State::GoldenPath => "on the path",
        State::Unknown => "that could not be judged",
        State::Deviating(standing) => match standing {
            Standing::Documented => "with an approved exception",
            Standing::ReviewDue => "due for a review",
            Standing::ReviewOverdue => "overdue for a review",
            Standing::Pending => "waiting for a decision",
            Standing::Expired => "with an expired exception",
            Standing::Predates => "older than their path",
            Standing::Undocumented => "undocumented",
        },
    }
}

fn deviation(standing: Standing, state: &WorkloadState<'_>) -> String {
    let short = in_short(standing, &state.dates, Calendar::Today(state.as_of));
    match standing {
        Standing::Undocumented if state.advice => format!("{} to go", steps(state.to_go)),
        Standing::Undocumented => {
            let command = state.command.map(|command| format!(": {command}"));
            format!(
                "{} to go, or record why you deviate{}",
                steps(state.to_go),
                command.unwrap_or_default()
            )
        }
        Standing::Predates => short,
        Standing::Expired
        | Standing::Pending
        | Standing::ReviewOverdue
        | Standing::ReviewDue
        | Standing::Documented => format!("exception {short}"),
    }
}

/// How a text writes dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Calendar {
    /// For somebody who reads it at this instant: counts days, and leaves the current year out.
    Today(Timestamp),
    /// For an object that keeps the text: full dates, no counts of days.
    Stored,
}

impl Calendar {
    pub(crate) fn day(self, instant: Timestamp) -> String {
        match self {
            Self::Today(as_of) => day(instant, as_of),
            Self::Stored => instant.strftime("%-d %b %Y").to_string(),
        }
    }

    fn ago(self, instant: Timestamp) -> Option<String> {
        match self {
            Self::Today(as_of) => Some(ago(instant, as_of)),
            Self::Stored => None,
        }
    }

    /// Whether `instant` lies ahead, as far as that is known.
    fn is_ahead(self, instant: Timestamp) -> bool {
        match self {
            Self::Today(as_of) => instant > as_of,
            Self::Stored => false,
        }
    }
}

/// Short status of a failing check under its exceptions. A surface that has not named an exception
/// yet puts "exception" before it.
pub(crate) fn in_short(standing: Standing, dates: &StandingDates, calendar: Calendar) -> String {
    let with_day = |words: &str, at: Option<Timestamp>| {
        at.map_or_else(String::new, |at| format!(" {words}{}", calendar.day(at)))
    };
    match standing {
        Standing::Undocumented => "no exception yet".to_owned(),
        Standing::Expired => {
            let on = with_day("", dates.until);
            format!("expired{on}: renew it or return to the path")
        }
        Standing::Pending => {
            let asked = dates
                .since
                .and_then(|since| calendar.ago(since))
                .map_or_else(String::new, |asked| format!(" {asked}"));
            format!("requested{asked}, waiting for the platform team")
        }
        Standing::ReviewOverdue => match dates.next_review_at {
            Some(review) if calendar.is_ahead(review) => {
                "review overdue: the workload has changed since the approval".to_owned()
            }
            review => format!("review overdue{}", with_day("since ", review)),
        },
        Standing::ReviewDue => format!("needs a review{}", with_day("by ", review_by(dates))),
        Standing::Predates => match dates.until {
            Some(at) => format!(
                "older than the path, nothing due until {}",
                calendar.day(at)
            ),
            None => "older than the path, nothing due yet".to_owned(),
        },
        Standing::Documented => format!("approved{}", with_day("until ", dates.until)),
    }
}

/// The last day for a review: an exception also needs one before it expires.
fn review_by(dates: &StandingDates) -> Option<Timestamp> {
    let review = dates.next_review_at?;
    Some(dates.until.map_or(review, |until| until.min(review)))
}

/// [`in_short`], and when an exception expires whose review is due or overdue.
pub(crate) fn in_full(standing: Standing, dates: &StandingDates, calendar: Calendar) -> String {
    let expiry = match standing {
        Standing::ReviewOverdue => dates.until,
        Standing::ReviewDue => dates.until.filter(|until| Some(*until) != review_by(dates)),
        Standing::Undocumented
        | Standing::Expired
        | Standing::Pending
        | Standing::Predates
        | Standing::Documented => None,
    };
    let expires = expiry.map_or_else(String::new, |at| format!(", expires {}", calendar.day(at)));
    in_short(standing, dates, calendar) + &expires
}

/// "1 step", "2 steps".
pub fn steps(number: usize) -> String {
    counted(number, "step")
}

/// "1 service", "2 services".
pub fn counted(number: usize, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{plural}")
}

/// "1 hour", "2.5 hours".
pub fn hours(number: f64) -> String {
    let is_one = (number - 1.0).abs() < f64::EPSILON;
    format!("{number} hour{}", if is_one { "" } else { "s" })
}

/// "12 Mar", with the year where it is not the year of `as_of`. Days are UTC.
pub fn day(instant: Timestamp, as_of: Timestamp) -> String {
    let date = |instant: Timestamp| instant.to_zoned(TimeZone::UTC).date();
    let (day, today) = (date(instant), date(as_of));
    if day.year() == today.year() {
        day.strftime("%-d %b").to_string()
    } else {
        day.strftime("%-d %b %Y").to_string()
    }
}

/// "today", "yesterday", "3 days ago".
pub fn ago(instant: Timestamp, as_of: Timestamp) -> String {
    let hours = as_of.duration_since(instant).as_hours();
    match hours / 24 {
        ..=0 => "today".to_owned(),
        1 => "yesterday".to_owned(),
        days => format!("{days} days ago"),
    }
}

/// `deploy/web`, as commands take it.
pub fn target(workload: &Workload) -> String {
    short_target(&workload.kind, &workload.name)
}

/// [`target`] of a kind and a name.
pub fn short_target(kind: &str, name: &str) -> String {
    shell_word(&format!("{}/{name}", short_name(kind)))
}

/// A word of a command people copy into a shell. Manifests may hold names no cluster would take.
pub fn shell_word(text: &str) -> String {
    let is_harmless =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':' | ',');
    if text.chars().all(is_harmless) {
        return text.to_owned();
    }
    format!("'{}'", plain(text).replace('\'', "'\\''"))
}

/// A flag of a command that people copy into a shell.
pub fn flag(name: &str, value: &str) -> String {
    if value.is_empty() {
        return format!("--{name}=''");
    }
    format!("--{name} {}", shell_word(value))
}

/// The command that explains a workload.
pub fn why(workload: &Workload) -> String {
    format!(
        "goldenpath why {} -n {}",
        target(workload),
        shell_word(&workload.namespace)
    )
}

/// The off-ramp: the command that drafts an exception for what is missing.
pub fn off_ramp(workload: &Workload) -> String {
    let checks = workload
        .excusable()
        .map(|check| shell_word(&check.name))
        .collect::<Vec<_>>()
        .join(",");
    format!(
        "kubectl goldenpath except {} -n {} --check {checks} --reason \"…\"",
        target(workload),
        shell_word(&workload.namespace)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures::{at, undocumented};

    const NOW: &str = "2026-03-01T12:00:00Z";

    fn state(
        status: Status,
        standing: Option<Standing>,
        dates: StandingDates,
    ) -> WorkloadState<'static> {
        WorkloadState {
            status,
            standing,
            to_go: 2,
            advice: false,
            dates,
            command: None,
            as_of: at(NOW),
        }
    }

    fn dates(until: &str, review: &str) -> StandingDates {
        let midnight = |day: &str| (!day.is_empty()).then(|| at(&format!("{day}T00:00:00Z")));
        StandingDates {
            until: midnight(until),
            next_review_at: midnight(review),
            since: Some(at("2026-02-26T09:00:00Z")),
        }
    }

    #[test]
    fn every_status_has_its_sentence() {
        for (status, sentence) in [
            (Status::GoldenPath, "on the path"),
            (Status::Unknown, "our check failed, not your service"),
            (
                Status::Unscoped,
                "no path for this yet: tell us what you need",
            ),
            (Status::Ignored, "ignored at the team's request"),
        ] {
            let state = state(status, None, StandingDates::default());
            assert_eq!(super::sentence(&state), sentence);
        }
    }

    /// Standing, expiry and review date; the sentence, what it adds in full, and how an object
    /// stores it.
    type Row = (
        Standing,
        [&'static str; 2],
        &'static str,
        &'static str,
        &'static str,
    );

    const TABLE: [Row; 12] = [
        (
            Standing::Documented,
            ["2026-03-12", ""],
            "exception approved until 12 Mar",
            "",
            "approved until 12 Mar 2026",
        ),
        (
            Standing::ReviewDue,
            ["2026-06-30", "2026-03-12"],
            "exception needs a review by 12 Mar",
            ", expires 30 Jun",
            "needs a review by 12 Mar 2026, expires 30 Jun 2026",
        ),
        (
            Standing::ReviewDue,
            ["2026-03-12", "2026-06-30"],
            "exception needs a review by 12 Mar",
            "",
            "needs a review by 12 Mar 2026",
        ),
        (
            Standing::ReviewDue,
            ["2026-03-12", ""],
            "exception needs a review",
            ", expires 12 Mar",
            "needs a review, expires 12 Mar 2026",
        ),
        (
            Standing::ReviewOverdue,
            ["2026-03-20", "2025-10-04"],
            "exception review overdue since 4 Oct 2025",
            ", expires 20 Mar",
            "review overdue since 4 Oct 2025, expires 20 Mar 2026",
        ),
        (
            Standing::ReviewOverdue,
            ["2026-03-20", "2026-02-04"],
            "exception review overdue since 4 Feb",
            ", expires 20 Mar",
            "review overdue since 4 Feb 2026, expires 20 Mar 2026",
        ),
        (
            Standing::ReviewOverdue,
            ["2026-03-20", ""],
            "exception review overdue",
            ", expires 20 Mar",
            "review overdue, expires 20 Mar 2026",
        ),
        (
            Standing::Pending,
            ["", ""],
            "exception requested 3 days ago, waiting for the platform team",
            "",
            "requested, waiting for the platform team",
        ),
        (
            Standing::Expired,
            ["2026-02-02", ""],
            "exception expired 2 Feb: renew it or return to the path",
            "",
            "expired 2 Feb 2026: renew it or return to the path",
        ),
        (
            Standing::Undocumented,
            ["", ""],
            "2 steps to go, or record why you deviate",
            "",
            "no exception yet",
        ),
        (
            Standing::Predates,
            ["2026-06-01", ""],
            "older than the path, nothing due until 1 Jun",
            "",
            "older than the path, nothing due until 1 Jun 2026",
        ),
        (
            Standing::Predates,
            ["", ""],
            "older than the path, nothing due yet",
            "",
            "older than the path, nothing due yet",
        ),
    ];

    #[test]
    fn every_standing_has_its_sentence() {
        let today = Calendar::Today(at(NOW));
        for (standing, [until, review], sentence, more, stored) in TABLE {
            let dates = dates(until, review);
            let state = state(Status::Deviating, Some(standing), dates);
            assert_eq!(super::sentence(&state), sentence);
            let short = in_short(standing, &dates, today);
            assert_eq!(in_full(standing, &dates, today), short + more, "{sentence}");
            assert_eq!(in_full(standing, &dates, Calendar::Stored), stored);
        }
        let covered: std::collections::BTreeSet<_> = TABLE.iter().map(|row| row.0).collect();
        assert_eq!(covered.len(), Standing::ALL.len());
    }

    #[test]
    fn advice_asks_for_no_exception() {
        let mut advised = undocumented();
        advised.advice = true;
        let state = WorkloadState::of(&advised, at(NOW), Some("goldenpath except"));
        assert_eq!(super::sentence(&state), "1 step to go");
    }

    #[test]
    fn a_review_is_overdue_before_its_date_when_the_workload_changes() {
        let dates = dates("2026-06-30", "2026-03-12");
        let state = state(Status::Deviating, Some(Standing::ReviewOverdue), dates);
        assert_eq!(
            super::sentence(&state),
            "exception review overdue: the workload has changed since the approval"
        );
    }

    #[test]
    fn a_date_of_another_year_shows_the_year() {
        let now = at(NOW);
        assert_eq!(day(at("2027-03-12T00:00:00Z"), now), "12 Mar 2027");
        assert_eq!(ago(at("2026-02-28T11:00:00Z"), now), "yesterday");
    }

    #[test]
    fn a_command_to_copy_runs_nothing_else() {
        let mut workload = undocumented();
        workload.name = "x; rm -rf '/".to_owned();
        assert_eq!(
            why(&workload),
            r"goldenpath why 'deploy/x; rm -rf '\''/' -n shop"
        );
    }

    #[test]
    fn no_sentence_shames() {
        let statuses = [
            Status::Deviating,
            Status::Unknown,
            Status::Unscoped,
            Status::Ignored,
        ];
        for status in statuses {
            for standing in Standing::ALL {
                let state = state(status, Some(standing), StandingDates::default());
                let sentence = super::sentence(&state).to_lowercase();
                for word in ["violat", "complian", "failing team", "worst", "must"] {
                    assert!(!sentence.contains(word), "{sentence}");
                }
            }
        }
    }

    #[test]
    fn a_step_to_go_comes_with_the_off_ramp() {
        let workload = undocumented();
        let command = off_ramp(&workload);
        assert_eq!(
            sentence(&WorkloadState::of(&workload, at(NOW), Some(&command))),
            "1 step to go, or record why you deviate: kubectl goldenpath except \
             deploy/api -n shop --check memory-limit --reason \"…\""
        );
    }
}
