//! The register of exceptions: owner, path, expiry, cost, whether it is still needed, and the next
//! action. Exceptions that need attention come first. Nothing is judged here.

pub mod inbox;

use jiff::Timestamp;
use serde::Serialize;

use crate::api::{API_VERSION, condition};
use crate::assess::inventory::Inventory;
use crate::assess::register::next::{Closable, Dates, Next, by_urgency, pressing_at};
use crate::assess::source::{Problem, ProblemScope};
use crate::assess::state::{Phase, Turn};
use crate::report::document::{Exception, Report};
use crate::report::terminal::table::{Cell, Paint, Style, cut, render as table};
use crate::report::terminal::text::problems;
use crate::report::voice::{counted, day, next, shell_word};

/// `kind` of the register.
pub const KIND: &str = "ExceptionRegister";
/// How much of a reason a wide table shows.
const REASON_WIDTH: usize = 80;

/// The register as JSON and YAML have it.
#[derive(Serialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Register {
    /// Always [`API_VERSION`].
    pub api_version: &'static str,
    /// Always [`KIND`].
    pub kind: &'static str,
    /// The instant it is for.
    pub as_of: Timestamp,
    /// Cost of the exceptions in use to their owners, in hours per month.
    pub hours_per_month: f64,
    /// The exceptions, those that need attention first.
    pub exceptions: Vec<Exception>,
    /// Objects that could not be read or used.
    pub problems: Vec<Problem>,
}

/// Selects exceptions; an empty list does not filter.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Owners.
    pub teams: Vec<String>,
    pub paths: Vec<String>,
    pub phases: Vec<Phase>,
}

impl Filter {
    fn matches(&self, exception: &Exception) -> bool {
        let any = |wanted: &[String], found: &str| {
            wanted.is_empty() || wanted.iter().any(|word| word == found)
        };
        any(&self.teams, &exception.owner)
            && any(&self.paths, &exception.path)
            && (self.phases.is_empty() || self.phases.contains(&exception.phase))
    }
}

/// The exceptions of a report that match `filter`, those that need attention first.
pub fn register(report: &Report, filter: &Filter) -> Register {
    let mut exceptions: Vec<Exception> = report
        .exceptions
        .iter()
        .filter(|line| filter.matches(line))
        .cloned()
        .collect();
    sort(&mut exceptions);
    let in_use = exceptions.iter().filter(|line| is_carried(line));
    Register {
        api_version: API_VERSION,
        kind: KIND,
        as_of: report.as_of,
        hours_per_month: in_use.fold(0.0, |sum, line| sum + line.hours_per_month), // `sum` of none is -0
        exceptions,
        problems: beside_workloads(report),
    }
}

/// Takes `inUse` and `needed` from the operator's statuses, for a user who may not list workloads:
/// without the workloads, every exception would look unused.
pub fn trust_statuses(report: &mut Report, inventory: &Inventory) {
    for line in &mut report.exceptions {
        let ns = inventory.namespace(&line.namespace);
        let stored = ns.and_then(|ns| ns.exception(&line.name));
        let status = stored.and_then(|exception| exception.status.as_ref());
        let condition = |type_: &str| {
            let conditions = status.map_or(&[][..], |status| &status.conditions);
            let found = conditions.iter().find(|stored| stored.type_ == type_)?;
            found.status.to_lowercase().parse::<bool>().ok()
        };
        line.in_use = condition(condition::IN_USE);
        line.needed = condition(condition::NEEDED);
        let matched = status.and_then(|status| status.matched_count);
        line.matched = matched.map_or(0, |number| usize::try_from(number).unwrap_or_default());
        // An exception without a path does not count as unused: its path may be misspelt.
        let has_path = condition(condition::PATH_FOUND) != Some(false);
        let is_unused = line.in_use == Some(false);
        let closable = if line.needed == Some(false) || (is_unused && has_path) {
            Closable::Superfluous
        } else if is_unused || line.shipped_items.is_empty() {
            Closable::No
        } else {
            Closable::ItemShipped
        };
        let renewal_open = line.still_needed_because.is_some();
        line.next = Next::asked(line.phase, renewal_open, closable);
        line.turn = line.next.turn();
    }
}

/// The problems that do not belong to a single workload; `why` shows those.
pub fn beside_workloads(report: &Report) -> Vec<Problem> {
    let problems = report.problems.iter();
    problems
        .filter(|problem| match problem.scope {
            ProblemScope::Report => true,
            ProblemScope::Workload => false,
        })
        .cloned()
        .collect()
}

/// Sorts by urgency, then by namespace and name.
pub fn sort(exceptions: &mut [Exception]) {
    exceptions.sort_by(|a, b| {
        let urgency = by_urgency((a.next, pressing(a)), (b.next, pressing(b)));
        urgency.then_with(|| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)))
    });
}

/// The date that decides an exception's urgency; a closed exception has none.
pub fn pressing(exception: &Exception) -> Option<Timestamp> {
    if exception.phase == Phase::Closed {
        return None;
    }
    let dates = Dates {
        waiting_since: exception.waiting_since,
        review: exception.next_review_at,
        end: exception.effective_expiry,
    };
    pressing_at(exception.next, &dates)
}

/// Whether the exception is approved, running and in use.
fn is_carried(exception: &Exception) -> bool {
    let is_running = match exception.phase {
        Phase::Active | Phase::ReviewDue | Phase::ReviewOverdue => true,
        Phase::Pending | Phase::Expired | Phase::Rejected | Phase::Closed => false,
    };
    is_running && exception.in_use == Some(true)
}

/// The next action, in a few words.
pub fn next_action(exception: &Exception, as_of: Timestamp) -> String {
    let next = next::of_exception(exception, pressing(exception), as_of);
    match &exception.previous {
        Some(previous) => {
            let deleted = day(previous.deleted_at.0, as_of);
            format!("{next} (created again, deleted {deleted})")
        }
        None => next,
    }
}

/// The commands for the next action, the likelier one first.
pub fn commands(exception: &Exception) -> Vec<String> {
    let command = |verb: &str, more: &str| {
        let name = shell_word(&exception.name);
        let namespace = shell_word(&exception.namespace);
        format!("kubectl goldenpath {verb} {name} -n {namespace}{more}")
    };
    let go_on = if exception.approval.is_own_word() {
        command("renew", "")
    } else {
        command("request-renewal", " --because \"…\"")
    };
    match exception.next {
        Next::Decide => vec![command("approve", ""), command("reject", " --note \"…\"")],
        Next::Answer => vec![command("renew", ""), command("close", "")],
        Next::ReviewOverdue | Next::RenewOrReturn | Next::Review => {
            vec![go_on, command("close", "")]
        }
        Next::Close if exception.is_superfluous() => vec![command("close", "")],
        Next::Close => vec![command("close", ""), go_on],
        Next::Rest => Vec::new(),
    }
}

/// The register for a terminal.
pub fn render(register: &Register, style: Style) -> String {
    let sections = [
        Paint::Bold.on(&head(register), style.color) + "\n",
        rows(register, style),
        problems(&register.problems),
    ];
    let shown: Vec<String> = sections
        .into_iter()
        .filter(|section| !section.is_empty())
        .collect();
    shown.join("\n")
}

/// "14 exceptions: 2 wait for the platform team, 3 for their owners, 9 rest; 46 hours a month …".
fn head(register: &Register) -> String {
    let number = register.exceptions.len();
    if number == 0 {
        return "no exceptions: no deviation is documented yet".to_owned();
    }
    let turn = |turn: Turn| {
        let lines = register.exceptions.iter();
        lines.filter(|line| line.turn == turn).count()
    };
    format!(
        "{}: {} for the platform team, {} for their owners, {} at rest; those in use cost {} hours a month",
        counted(number, "exception"),
        turn(Turn::Platform),
        turn(Turn::Team),
        turn(Turn::AtRest),
        register.hours_per_month
    )
}

fn rows(register: &Register, style: Style) -> String {
    let mut heads = vec![
        "NAMESPACE",
        "EXCEPTION",
        "PATH",
        "OWNER",
        "PHASE",
        "UNTIL",
        "HOURS/MONTH",
        "NEEDED",
        "NEXT",
    ];
    if style.wide {
        heads.extend([
            "REVIEW",
            "COVERS",
            "CHECKS",
            "CATEGORY",
            "ASKED BY",
            "DECIDED BY",
            "TICKET",
            "REASON",
        ]);
    }
    let lines = register.exceptions.iter();
    let rows: Vec<Vec<Cell>> = lines.map(|line| row(line, register.as_of, style)).collect();
    table(&heads, &rows, style)
}

fn row(line: &Exception, as_of: Timestamp, style: Style) -> Vec<Cell> {
    let date = |at: Option<Timestamp>| at.map_or("–".to_owned(), |at| day(at, as_of));
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "–".to_owned());
    let needed = match line.needed {
        Some(true) => "yes",
        Some(false) => "no",
        None => "–",
    };
    let paint = match line.turn {
        Turn::Platform | Turn::Team => Paint::Open,
        Turn::AtRest => Paint::Plain,
    };
    let mut cells: Vec<Cell> = vec![
        line.namespace.as_str().into(),
        line.name.as_str().into(),
        line.path.as_str().into(),
        line.owner.as_str().into(),
        line.phase.as_str().into(),
        date(line.effective_expiry).into(),
        line.hours_per_month.to_string().into(),
        needed.into(),
        Cell::painted(&next_action(line, as_of), paint),
    ];
    if style.wide {
        cells.extend([
            date(line.next_review_at).into(),
            counted(line.matched, "workload").into(),
            line.checks.join(",").into(),
            or_dash(&line.category).into(),
            or_dash(&line.requested_by).into(),
            decided(line).into(),
            or_dash(&line.ticket).into(),
            cut(&line.reason, REASON_WIDTH).into(),
        ]);
    }
    cells
}

/// Who decided last, and whether the API server has verified it.
fn decided(line: &Exception) -> String {
    let by = line.decided_by.as_deref().unwrap_or("–");
    if line.approval.is_unverified() {
        format!("{by} (unverified)")
    } else {
        by.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use crate::api::Instant;

    use super::*;
    use crate::api::previous::Previous;
    use crate::assess::exception::assurance::{Assurance, Doubt};
    use crate::report::fixtures::{at, exception, report};

    #[test]
    fn an_unverified_decision_is_marked() {
        let approved = exception();
        assert_eq!(decided(&approved), "ada");
        let doubted = Exception {
            approval: Assurance::Unverified(Doubt::NoStatusYet),
            ..approved
        };
        assert_eq!(decided(&doubted), "ada (unverified)");
    }

    fn asking(name: &str, next: Next, phase: Phase) -> Exception {
        Exception {
            name: name.to_owned(),
            next,
            turn: next.turn(),
            phase,
            ..exception()
        }
    }

    fn fleet() -> Report {
        let mut asked = asking("asked", Next::Decide, Phase::Pending);
        asked.waiting_since = Some(at("2026-02-26T00:00:00Z"));
        asked.effective_expiry = None;
        asked.next_review_at = None;
        asked.owner = "team-pay".to_owned();
        let mut idle = asking("idle", Next::Close, Phase::Active);
        idle.needed = Some(false);
        let mut late = asking("late", Next::ReviewOverdue, Phase::ReviewOverdue);
        late.next_review_at = Some(at("2026-02-10T00:00:00Z"));
        Report {
            exceptions: vec![
                asking("settled", Next::Rest, Phase::Active),
                idle,
                late,
                asked,
            ],
            problems: Vec::new(),
            ..report()
        }
    }

    #[test]
    fn what_needs_a_human_next_comes_first() {
        let text = render(&register(&fleet(), &Filter::default()), Style::default());
        assert_eq!(
            text,
            "\
4 exceptions: 1 for the platform team, 2 for their owners, 1 at rest; those in use cost 9 hours a month

NAMESPACE   EXCEPTION   PATH          OWNER       PHASE           UNTIL    HOURS/MONTH   NEEDED   NEXT
shop        asked       web-service   team-pay    Pending         –        3             yes      approve or reject: requested 3 days ago, waiting for the platform team
shop        late        web-service   team-shop   ReviewOverdue   12 Mar   3             yes      request a renewal, or close: review overdue since 10 Feb, expires 12 Mar
shop        idle        web-service   team-shop   Active          12 Mar   3             no       close it: no longer needed
shop        settled     web-service   team-shop   Active          12 Mar   3             yes      nothing to do until 10 Mar
"
        );
    }

    #[test]
    fn a_request_shows_its_rejection_and_its_deletion() {
        let as_of = at("2026-03-01T00:00:00Z");
        let mut asked = asking("asked", Next::Decide, Phase::Pending);
        asked.rejected_at = Some(at("2026-02-20T00:00:00Z"));
        let after = "approve or reject: requested again after the rejection of 20 Feb, waiting for the platform team";
        assert_eq!(next_action(&asked, as_of), after);
        asked.previous = Some(Previous {
            deleted_at: Instant(at("2026-02-21T00:00:00Z")),
            times: 1,
            renewals: 0,
            rejected_at: Some(Instant(at("2026-02-20T00:00:00Z"))),
        });
        let both = format!("{after} (created again, deleted 21 Feb)");
        assert_eq!(next_action(&asked, as_of), both);
        let json = serde_json::to_value(&asked).unwrap();
        assert_eq!(json["previous"]["deletedAt"], "2026-02-21T00:00:00Z");
        assert_eq!(json["rejectedAt"], "2026-02-20T00:00:00Z");
    }

    #[test]
    fn a_filter_lets_through_what_matches_all_of_it() {
        let names = |filter: &Filter| -> Vec<String> {
            let lines = register(&fleet(), filter).exceptions;
            lines.into_iter().map(|line| line.name).collect()
        };
        let team = Filter {
            teams: vec!["team-pay".to_owned()],
            ..Filter::default()
        };
        assert_eq!(names(&team), ["asked"]);
        let phases = Filter {
            phases: vec![Phase::Active],
            ..Filter::default()
        };
        assert_eq!(names(&phases), ["idle", "settled"]);
        let path = Filter {
            paths: vec!["batch-job".to_owned()],
            ..team
        };
        assert_eq!(names(&path), [""; 0]);
    }

    #[test]
    fn problems_of_one_workload_are_not_repeated_here() {
        let mut fleet = report();
        let own = "it asks to be left out".to_owned();
        let message = format!("Deployment web: {own}");
        fleet
            .problems
            .push(Problem::of_workload("shop/Deployment/web", message));
        fleet.workloads[0].problems = vec![own];
        let kept = beside_workloads(&fleet);
        assert_eq!(kept, report().problems);
    }

    #[test]
    fn an_owner_who_needed_no_approval_renews_alone() {
        let mut due = asking("x", Next::Review, Phase::ReviewDue);
        assert!(commands(&due)[0].contains("request-renewal x -n shop --because"));
        due.approval = Assurance::SelfDeclared;
        assert!(commands(&due)[0].ends_with(" renew x -n shop"));
    }

    #[test]
    fn each_action_has_its_words_and_its_command() {
        for next in Next::ALL {
            let line = asking("x", next, Phase::Active);
            assert!(!next_action(&line, at("2026-03-01T00:00:00Z")).is_empty());
            let asks = line.turn != Turn::AtRest;
            assert_eq!(!commands(&line).is_empty(), asks, "{next:?}");
        }
    }
}
