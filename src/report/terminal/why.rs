//! Explains one workload: every step with its result and its fix, the next action and its date, and
//! the off-ramp.

use jiff::Timestamp;

use crate::api::Period;
use crate::api::delivery_record::{RefusedCommitTime, Rollout};
use crate::api::golden_path::Level;
use crate::assess::state::{Outcome, Standing, Status, Turn};
use crate::report::document::{Check, Workload};
use crate::report::terminal::plain::plain;
use crate::report::terminal::table::{Cell, Paint, Style, render as table};
use crate::report::voice::{self, Calendar, WorkloadState, ago, day, next};

/// The explanation, for a terminal. `from` holds the flags that suggested commands need, such as
/// `--from deploy/`; empty for a cluster.
pub fn render(workload: &Workload, as_of: Timestamp, style: Style, from: &str) -> String {
    let sections = [
        head(workload, as_of, style),
        checks(workload, as_of, style),
        rollouts(workload, as_of, style),
        ending(workload, as_of, from),
    ];
    let shown: Vec<String> = sections
        .into_iter()
        .filter(|section| !section.is_empty())
        .collect();
    shown.join("\n")
}

/// The latest rollouts, newest first; empty where none is recorded.
fn rollouts(workload: &Workload, as_of: Timestamp, style: Style) -> String {
    let Some(delivery) = &workload.delivery else {
        return String::new();
    };
    let rows: Vec<Vec<Cell>> = delivery
        .rollouts
        .iter()
        .map(|rollout| {
            let words = RolloutWords::of(rollout);
            [
                ago(words.ended, as_of),
                words.cause.to_owned(),
                words.result.to_owned(),
                words.lead_time,
                words.recovery,
            ]
            .map(Cell::from)
            .to_vec()
        })
        .collect();
    let heads = ["ROLLOUT", "CAUSE", "RESULT", "LEAD TIME", "RECOVERY"];
    table(&heads, &rows, style)
}

/// The cells of a rollout.
pub(in crate::report) struct RolloutWords {
    pub(in crate::report) ended: Timestamp,
    pub(in crate::report) cause: &'static str,
    pub(in crate::report) result: &'static str,
    pub(in crate::report) lead_time: String,
    pub(in crate::report) recovery: String,
}

impl RolloutWords {
    pub(in crate::report) fn of(rollout: &Rollout) -> Self {
        let ended = rollout.available_at.or(rollout.failed_at);
        let duration = |seconds: u32| Period::seconds(seconds.into()).to_string();
        let or_dash = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
        Self {
            ended: ended.unwrap_or(rollout.started_at).0,
            cause: rollout.cause.as_str(),
            result: rollout.result.as_str(),
            lead_time: match rollout.commit_time_refused {
                Some(reason) => format!("– ({})", refused(reason)),
                None => or_dash(rollout.lead_time.map(duration)),
            },
            recovery: or_dash(rollout.recovery_time().map(duration)),
        }
    }
}

/// Why a rollout has no lead time although it has a commit time.
const fn refused(reason: RefusedCommitTime) -> &'static str {
    match reason {
        RefusedCommitTime::Unreadable => "commit time unreadable",
        RefusedCommitTime::Negative => "commit time after the rollout",
        RefusedCommitTime::Future => "commit time in the future",
        RefusedCommitTime::Absurd => "commit time over a year old",
    }
}

fn head(workload: &Workload, as_of: Timestamp, style: Style) -> String {
    let name = format!(
        "{} in {}, team {}",
        voice::target(workload),
        plain(&workload.namespace),
        plain(&workload.team)
    );
    let mut lines = vec![Paint::Bold.on(&name, style.color)];
    lines.extend(path(workload));
    let steps = match workload.steps.of {
        0 => String::new(),
        of => format!("{} of {of} steps: ", workload.steps.passed),
    };
    let sentence = voice::sentence(&WorkloadState::of(workload, as_of, None));
    lines.push(format!("State  {steps}{sentence}"));
    if let Some(reason) = &workload.ignore_reason {
        let is_out = workload.status == Status::Ignored;
        let asked = if is_out {
            "Left out"
        } else {
            "Asks to be left out"
        };
        lines.push(format!("{asked}: {}", plain(reason)));
    }
    let notes = workload.problems.iter();
    lines.extend(notes.map(|problem| format!("Note   {}", plain(problem))));
    lines.join("\n") + "\n"
}

fn path(workload: &Workload) -> Option<String> {
    let name = workload.path.as_ref()?;
    let title = workload
        .path_title
        .as_ref()
        .map_or(String::new(), |title| format!(" ({})", plain(title)));
    let why = workload
        .chosen_because
        .as_ref()
        .map_or(String::new(), |why| format!(": {}", plain(why)));
    Some(format!("Path   {}{title}{why}", plain(name)))
}

fn checks(workload: &Workload, as_of: Timestamp, style: Style) -> String {
    workload
        .checks
        .iter()
        .map(|check| explain(check, as_of, style))
        .collect()
}

fn explain(check: &Check, as_of: Timestamp, style: Style) -> String {
    let (glyph, paint, aside) = mark(check, as_of);
    let name = match &check.title {
        Some(title) => format!("{} ({})", plain(title), plain(&check.name)),
        None => plain(&check.name).into_owned(),
    };
    let mut text = format!("  {} {name}{aside}\n", paint.on(glyph, style.color));
    if check.outcome == Outcome::Pass {
        return text;
    }
    let detail = |label: &str, given: Option<&String>| {
        given.map_or(String::new(), |given| indented(label, given))
    };
    text += &detail("", check.message.as_ref());
    text += &detail("fix: ", check.remediation.as_ref());
    text += &detail("docs: ", check.docs_url.as_ref());
    if let (Some(exception), Some(standing)) = (&check.exception, check.standing) {
        let stands = voice::in_full(standing, &check.dates, Calendar::Today(as_of));
        text += &indented("", &format!("exception {exception}: {stands}"));
    } else if !check.exemptible && check.is_missing() {
        text += &indented("", "this step has no off-ramp");
    }
    text
}

/// The sign of a check, its colour, and the remark after its name.
fn mark(check: &Check, as_of: Timestamp) -> (&'static str, Paint, String) {
    let excused = check.standing.is_some_and(Standing::is_excused);
    let aside = |words: &str| format!(" – {words}");
    match (check.outcome, check.level) {
        (Outcome::Pass, _) => ("✔", Paint::Good, String::new()),
        (Outcome::Fail, Level::Required) if excused => ("◆", Paint::Agreed, aside("excepted")),
        (Outcome::Fail, Level::Required) => ("✘", Paint::Open, String::new()),
        (Outcome::Fail, Level::Recommended) => ("·", Paint::Faint, aside("recommended")),
        (Outcome::Error, _) => (
            "!",
            Paint::Plain,
            aside("our check failed, not your service"),
        ),
        (Outcome::Announced, _) => {
            let from = check.enforce_from.map_or("announced".to_owned(), |at| {
                format!("counts from {}", day(at, as_of))
            });
            ("○", Paint::Faint, aside(&from))
        }
    }
}

/// Indents a text and keeps its lines: a fix is often a snippet.
fn indented(label: &str, text: &str) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    if let [only] = lines.as_slice() {
        return format!("      {label}{}\n", plain(only));
    }
    let head = (!label.is_empty()).then(|| format!("      {}\n", label.trim_end()));
    let body = lines
        .iter()
        .map(|line| format!("        {}\n", plain(line)));
    head.into_iter().chain(body).collect()
}

fn ending(workload: &Workload, as_of: Timestamp, from: &str) -> String {
    let mut lines = Vec::new();
    if let Some(next) = what_happens(workload, as_of) {
        lines.push(format!("Next      {next}"));
    }
    if let Some(command) = platforms_command(workload) {
        lines.push(format!("Platform  {command}"));
    }
    if let Some(command) = close_command(workload) {
        lines.push(format!("Close     {command}"));
    }
    if workload.excusable().next().is_some() && !workload.advice {
        let command = format!("{} {from}", voice::off_ramp(workload));
        lines.push(format!("Off-ramp  {}", command.trim_end()));
    }
    if let Some(url) = &workload.feedback_url {
        lines.push(format!("Feedback  {}", plain(url)));
    }
    if let Some(hash) = &workload.template_hash {
        lines.push(format!("Template  {}", plain(hash)));
    }
    if let Some(source) = &workload.source {
        lines.push(format!("Read from {}", plain(&source.to_string())));
    }
    lines.into_iter().map(|line| line + "\n").collect()
}

/// The next step, and when the state changes by itself.
pub(in crate::report) fn what_happens(workload: &Workload, as_of: Timestamp) -> Option<String> {
    let mut next = plain(&next::of_workload(workload, as_of)?).into_owned();
    if workload.advice && workload.turn == Some(Turn::Team) {
        next += "; this path only advises, so nothing is due";
    }
    let change = workload.next_change.filter(|at| *at > as_of);
    let until = change.map(|at| format!("; this changes on {}", day(at, as_of)));
    Some(next + &until.unwrap_or_default())
}

/// The command that closes the exception whose roadmap item has shipped.
fn close_command(workload: &Workload) -> Option<String> {
    let check = next::closable(workload, workload.deviation?)?;
    let name = voice::shell_word(check.exception.as_ref()?);
    let namespace = voice::shell_word(&workload.namespace);
    Some(format!("kubectl goldenpath close {name} -n {namespace}"))
}

/// The command that the platform team runs when it has to act.
fn platforms_command(workload: &Workload) -> Option<String> {
    let is_platforms = workload.turn == Some(Turn::Platform);
    let path = workload.path.as_ref().filter(|_| is_platforms)?;
    let Some(exception) = workload
        .checks
        .iter()
        .filter(|check| check.standing == workload.deviation)
        .find_map(|check| check.exception.as_ref())
    else {
        return Some(format!(
            "kubectl describe goldenpath {}",
            voice::shell_word(path)
        ));
    };
    let verb = match workload.deviation {
        Some(Standing::Expired | Standing::ReviewOverdue | Standing::ReviewDue) => "renew",
        Some(
            Standing::Pending | Standing::Undocumented | Standing::Predates | Standing::Documented,
        )
        | None => "approve",
    };
    Some(format!(
        "kubectl goldenpath {verb} {} -n {}",
        voice::shell_word(exception),
        voice::shell_word(&workload.namespace)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::document::Delivery;
    use crate::report::fixtures::{at, check, documented, undocumented, unscoped, workload};

    const NOW: &str = "2026-03-01T00:00:00Z";

    fn why(workload: &Workload) -> String {
        render(workload, at(NOW), Style::default(), "")
    }

    #[test]
    fn a_missing_step_comes_with_its_fix_and_the_off_ramp() {
        let expected = "\
deploy/api in shop, team team-shop
Path   web-service
State  1 of 2 steps: 1 step to go, or record why you deviate

  ✔ readiness-probe
  ✘ Memory limit (memory-limit)
      container app has no memory limit
      fix:
        resources:
          limits:
            memory: 256Mi
      docs: https://docs.example.com/memory

Next      see to: Memory limit
Off-ramp  kubectl goldenpath except deploy/api -n shop --check memory-limit --reason \"…\"
Template  v1:0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a
Read from shop/api.yaml:3
";
        assert_eq!(why(&undocumented()), expected);
    }

    #[test]
    fn the_latest_rollouts_are_listed() {
        let rollout = serde_json::json!({
            "number": 1, "cause": "release", "result": "failed", "failureVisible": true,
            "startedAt": "2026-02-27T09:58:00Z", "availableAt": "2026-02-27T10:00:00Z",
            "failedAt": "2026-02-27T10:00:00Z", "recoveredAt": "2026-02-27T10:20:00Z",
            "leadTime": 3600,
        });
        let mut recorded = workload("web", Status::GoldenPath);
        recorded.delivery = Some(Box::new(Delivery {
            rollouts: vec![serde_json::from_value(rollout).unwrap()],
            figures: Vec::new(),
        }));
        let text = why(&recorded);
        let line = "yesterday   release   failed   1h          20m";
        assert!(text.contains(line), "{text}");
    }

    #[test]
    fn a_refused_commit_time_is_shown_with_its_reason() {
        for reason in RefusedCommitTime::ALL {
            let rollout = serde_json::json!({
                "number": 1, "cause": "release", "result": "available", "failureVisible": true,
                "startedAt": "2026-02-27T09:58:00Z", "availableAt": "2026-02-27T10:00:00Z",
                "commitTimeRefused": reason,
            });
            let words = RolloutWords::of(&serde_json::from_value(rollout).unwrap());
            let expected = match reason {
                RefusedCommitTime::Unreadable => "– (commit time unreadable)",
                RefusedCommitTime::Negative => "– (commit time after the rollout)",
                RefusedCommitTime::Future => "– (commit time in the future)",
                RefusedCommitTime::Absurd => "– (commit time over a year old)",
            };
            assert_eq!(words.lead_time, expected);
        }
    }

    #[test]
    fn an_approved_exception_is_named_and_needs_no_action() {
        let mut approved = documented();
        approved.next_change = Some(at("2026-03-10T00:00:00Z"));
        let text = why(&approved);
        assert!(text.contains("◆ memory-limit – excepted"), "{text}");
        assert!(
            text.contains("exception batch-memory: approved until 12 Mar"),
            "{text}"
        );
        assert!(
            text.contains("nothing to do until 12 Mar; this changes on 10 Mar"),
            "{text}"
        );
        assert!(!text.contains("Off-ramp"), "{text}");
    }

    #[test]
    fn announced_recommended_and_broken_checks_look_different() {
        let mut shown = workload("web", Status::Unknown);
        let mut announced = check("later", Outcome::Announced);
        announced.enforce_from = Some(at("2026-04-01T00:00:00Z"));
        let mut advice = check("advice", Outcome::Fail);
        advice.level = Level::Recommended;
        shown.checks = vec![announced, advice, check("broken", Outcome::Error)];
        let text = why(&shown);
        assert!(text.contains("○ later – counts from 1 Apr"), "{text}");
        assert!(text.contains("· advice – recommended"), "{text}");
        assert!(
            text.contains("! broken – our check failed, not your service"),
            "{text}"
        );
    }

    #[test]
    fn a_missing_path_is_an_offer_and_names_cannot_move_the_cursor() {
        let mut lone = unscoped();
        lone.team = "a\u{1b}[2J".to_owned();
        lone.problems = vec!["the declared path 'x' does not exist".to_owned()];
        lone.contact = Some("#platform".to_owned());
        lone.feedback_url = Some("https://platform.example.com/ask".to_owned());
        let text = why(&lone);
        assert!(
            text.contains("no path for this yet: tell us what you need"),
            "{text}"
        );
        assert!(text.contains("Note   the declared path"), "{text}");
        let ending = "Next      ask #platform for a path\n\
                      Feedback  https://platform.example.com/ask\n";
        assert!(text.contains(ending), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }
}
