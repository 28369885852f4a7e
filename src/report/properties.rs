//! A property of every rendering for a terminal: whatever text objects hold, it shows only safe
//! characters and our own line feeds.

use proptest::prelude::*;

use crate::report::document::{Check, Exception, Report, Workload};
use crate::report::fixtures;
use crate::report::register::inbox::{self, Viewer, inbox};
use crate::report::register::{self, Filter, register};
use crate::report::terminal::plain::is_unsafe;
use crate::report::terminal::table::Style;
use crate::report::terminal::{text, why};

/// A report every text of which ends with `odd`.
fn odd_report(odd: &str) -> Report {
    let mut report = fixtures::report();
    report
        .workloads
        .iter_mut()
        .for_each(|it| odd_workload(it, odd));
    report
        .exceptions
        .iter_mut()
        .for_each(|it| odd_exception(it, odd));
    for problem in &mut report.problems {
        problem.message += odd;
    }
    for line in &mut report.summary.paths {
        line.path += odd;
        line.title = Some(odd.to_owned());
        line.docs_url = Some(odd.to_owned());
        for step in line.last_steps.iter_mut().chain(&mut line.top_deviations) {
            step.check += odd;
        }
    }
    report
}

fn odd_workload(line: &mut Workload, odd: &str) {
    for text in [
        &mut line.kind,
        &mut line.namespace,
        &mut line.name,
        &mut line.team,
    ] {
        *text += odd;
    }
    for text in [
        &mut line.service,
        &mut line.path,
        &mut line.path_title,
        &mut line.chosen_because,
        &mut line.ignore_reason,
        &mut line.contact,
        &mut line.feedback_url,
        &mut line.template_hash,
    ] {
        *text = Some(odd.to_owned());
    }
    line.problems.push(odd.to_owned());
    line.checks.iter_mut().for_each(|it| odd_check(it, odd));
}

fn odd_check(check: &mut Check, odd: &str) {
    check.name += odd;
    for text in [
        &mut check.title,
        &mut check.action,
        &mut check.message,
        &mut check.remediation,
        &mut check.docs_url,
        &mut check.exception,
    ] {
        *text = Some(format!("{odd}\n{odd}"));
    }
}

fn odd_exception(line: &mut Exception, odd: &str) {
    for text in [
        &mut line.namespace,
        &mut line.name,
        &mut line.path,
        &mut line.owner,
        &mut line.reason,
    ] {
        *text += odd;
    }
    line.checks.push(odd.to_owned());
    line.waits_for.push(odd.to_owned());
    for text in [
        &mut line.category,
        &mut line.would_return_if,
        &mut line.still_needed_because,
        &mut line.requested_by,
        &mut line.ticket,
        &mut line.decided_by,
    ] {
        *text = Some(odd.to_owned());
    }
}

/// Everything a terminal shows of a report.
fn shown(report: &Report, style: Style) -> Vec<String> {
    let all = Filter::default();
    let reader = Viewer::new("ada", &["shop".to_owned()], &[]);
    let mut shown = vec![
        text::render(report, style, "--from x"),
        register::render(&register(report, &all), style),
        inbox::render(&inbox(report, reader), style),
    ];
    let workloads = report.workloads.iter();
    shown.extend(workloads.map(|line| why::render(line, report.as_of, style, "")));
    shown
}

fn texts() -> impl Strategy<Value = String> {
    let odd = prop_oneof![
        any::<char>(),
        (0_u8..0xa0).prop_map(char::from),
        proptest::sample::select(vec![
            '\u{1b}',
            '\u{202e}',
            '\u{ad}',
            '\u{e0041}',
            '\u{fe0f}'
        ]),
    ];
    proptest::collection::vec(odd, 1..8).prop_map(|chars| chars.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_objects_hold_is_shown_safely(odd in texts()) {
        let report = odd_report(&odd);
        for wide in [false, true] {
            let style = Style { wide, ..Style::default() };
            for text in shown(&report, style) {
                let found = text.find(|c| is_unsafe(c) && c != '\n');
                prop_assert_eq!(found.map(|at| &text[at..]), None, "{}", text);
            }
        }
    }
}
