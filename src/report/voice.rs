//! The voice table: from a state to the sentence people read. Each sentence gives the state, the next
//! step and the off-ramp. No sentence shames a team, and no other module words a state.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::assess::object::kind::short_name;
use crate::assess::state::{Standing, Status};
use crate::report::document::Workload;
use crate::report::terminal::plain::plain;

/// Inputs of the sentence for a workload.
#[derive(Clone, Copy, Debug)]
pub struct WorkloadState<'a> {
    /// Its status.
    pub status: Status,
    /// The standing of a deviating workload.
    pub standing: Option<Standing>,
    /// Number of missing steps.
    pub to_go: usize,
    /// Expiry of the exception, or end of the grace for older services.
    pub until: Option<Timestamp>,
    /// Creation of a pending request.
    pub since: Option<Timestamp>,
    /// The command that drafts an exception; absent where there is no room for it.
    pub command: Option<&'a str>,
    /// The instant of the report.
    pub as_of: Timestamp,
}

impl<'a> WorkloadState<'a> {
    /// The state in a line of the report.
    pub fn of(workload: &Workload, as_of: Timestamp, command: Option<&'a str>) -> Self {
        Self {
            status: workload.status,
            standing: workload.deviation,
            to_go: workload.to_go(),
            until: workload.until,
            since: workload.since,
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

fn deviation(standing: Standing, state: &WorkloadState<'_>) -> String {
    let day = |instant: Timestamp| day(instant, state.as_of);
    match (standing, state.until) {
        (Standing::Undocumented, _) => {
            let command = state.command.map(|command| format!(": {command}"));
            format!(
                "{} to go, or record why you deviate{}",
                steps(state.to_go),
                command.unwrap_or_default()
            )
        }
        (Standing::Expired, Some(at)) => format!(
            "exception expired {}: renew it or return to the path",
            day(at)
        ),
        (Standing::Expired, None) => "exception expired: renew it or return to the path".to_owned(),
        (Standing::Pending, _) => {
            let asked = state
                .since
                .map_or_else(String::new, |since| format!(" {}", ago(since, state.as_of)));
            format!("exception requested{asked}, waiting for the platform team")
        }
        (Standing::ReviewOverdue, Some(at)) => {
            format!("exception approved, review overdue, expires {}", day(at))
        }
        (Standing::ReviewOverdue, None) => "exception approved, review overdue".to_owned(),
        (Standing::ReviewDue, _) => "exception approved, needs a review".to_owned(),
        (Standing::Predates, Some(at)) => {
            format!("older than the path, nothing due until {}", day(at))
        }
        (Standing::Predates, None) => "older than the path, nothing due yet".to_owned(),
        (Standing::Documented, Some(at)) => format!("exception approved until {}", day(at)),
        (Standing::Documented, None) => "exception approved".to_owned(),
    }
}

/// Short status of one failing check under its exceptions.
pub const fn in_short(standing: Standing) -> &'static str {
    match standing {
        Standing::Undocumented => "no exception yet",
        Standing::Expired => "expired: renew it or return to the path",
        Standing::Pending => "requested, waiting for the platform team",
        Standing::ReviewOverdue => "approved, review overdue",
        Standing::ReviewDue => "approved, needs a review",
        Standing::Predates => "older than the path",
        Standing::Documented => "approved",
    }
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
    let is_harmless = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    if text.chars().all(is_harmless) {
        return text.to_owned();
    }
    format!("'{}'", plain(text).replace('\'', "'\\''"))
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
        until: Option<&str>,
    ) -> WorkloadState<'static> {
        WorkloadState {
            status,
            standing,
            to_go: 2,
            until: until.map(at),
            since: Some(at("2026-02-26T09:00:00Z")),
            command: None,
            as_of: at(NOW),
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
            assert_eq!(super::sentence(&state(status, None, None)), sentence);
        }
    }

    #[test]
    fn every_standing_has_its_sentence() {
        use Standing as S;
        for (standing, until, sentence) in [
            (
                S::Documented,
                "2026-03-12",
                "exception approved until 12 Mar",
            ),
            (
                S::ReviewDue,
                "2026-03-20",
                "exception approved, needs a review",
            ),
            (
                S::ReviewOverdue,
                "2026-03-20",
                "exception approved, review overdue, expires 20 Mar",
            ),
            (
                S::Pending,
                "",
                "exception requested 3 days ago, waiting for the platform team",
            ),
            (
                S::Expired,
                "2026-02-02",
                "exception expired 2 Feb: renew it or return to the path",
            ),
            (
                S::Undocumented,
                "",
                "2 steps to go, or record why you deviate",
            ),
            (
                S::Predates,
                "2026-06-01",
                "older than the path, nothing due until 1 Jun",
            ),
        ] {
            let until = (!until.is_empty()).then(|| format!("{until}T00:00:00Z"));
            let state = state(Status::Deviating, Some(standing), until.as_deref());
            assert_eq!(super::sentence(&state), sentence);
        }
    }

    #[test]
    fn a_date_of_another_year_says_so() {
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
                let sentence = super::sentence(&state(status, Some(standing), None)).to_lowercase();
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
