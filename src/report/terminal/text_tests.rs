use super::*;
use crate::assess::state::State;
use crate::report::fixtures::{report, undocumented};

fn shown(width: Option<usize>) -> String {
    let style = Style {
        width,
        ..Style::default()
    };
    render(&report(), style, "")
}

#[test]
fn the_report_opens_with_its_denominator() {
    let text = shown(None);
    let expected = "\
3 services from 4 workloads in 1 of 2 namespaces; 1 with no path
1 of 3 on the path, 1 of 3 with an approved exception, 1 of 3 undocumented
█████████████▓▓▓▓▓▓▓▓▓▓▓▓▓░░░░░░░░░░░░░░

PATH          SERVICES   ON PATH   TARGET   NEW SERVICES                  LAST STEP FOR
web-service   3          1 of 3    70 %     day 34 of 90: 1 of 2 so far   memory-limit (2)
";
    assert!(text.starts_with(expected), "{text}");
}

#[test]
fn workloads_come_closest_to_done_first() {
    let text = shown(None);
    let names = ["deploy/api", "deploy/batch", "deploy/web", "deploy/edge"];
    let places: Vec<_> = names.iter().map(|name| text.find(name)).collect();
    assert!(places.is_sorted(), "{text}");
    assert!(text.contains("1 step to go, or record why you deviate       see to: Memory limit"));
    assert!(text.contains("exception approved until 12 Mar"));
    assert!(text.contains("nothing to do until 12 Mar"));
}

#[test]
fn it_ends_with_problems_and_the_next_command() {
    let text = render(&report(), Style::default(), "--from shop/");
    let end = "shop/broken.yaml:7: this is no YAML: a mapping key needs a ':'\n\nNext: goldenpath why deploy/api -n shop --from shop/\n";
    assert!(text.ends_with(end), "{text}");
}

#[test]
fn a_large_fleet_is_counted_in_percent() {
    let mut summary = report().summary;
    summary.services.clear();
    summary.services.insert(State::GoldenPath, 225);
    summary
        .services
        .insert(State::Deviating(Standing::Documented), 59);
    summary
        .services
        .insert(State::Deviating(Standing::Undocumented), 28);
    summary.counted_services = 312;
    summary.workloads = 540;
    summary.namespaces = 61;
    summary.namespaces_total = Some(88);
    summary.ignored = 4;
    summary.unscoped = 23;
    assert_eq!(
        denominator(&summary),
        "312 services from 540 workloads in 61 of 88 namespaces; 4 ignored, 23 with no path"
    );
    assert_eq!(
        shares(&summary),
        "72 % on the path, 19 % with an approved exception, 9 % undocumented"
    );
}

#[test]
fn no_table_line_is_longer_than_a_narrow_terminal() {
    let text = shown(Some(60));
    let tables = text.lines().skip(2).filter(|line| !line.contains(": "));
    for line in tables {
        assert!(line.chars().count() <= 60, "{line}");
    }
    assert!(text.contains("shop        deploy/api"), "{text}");
}

#[test]
fn colour_is_only_there_when_asked_for() {
    assert!(!shown(None).contains('\u{1b}'));
    let style = Style {
        color: true,
        ..Style::default()
    };
    assert!(render(&report(), style, "").contains("\u{1b}[32m"));
}

#[test]
fn a_name_cannot_move_the_cursor() {
    let mut report = report();
    let mut hostile = undocumented();
    hostile.team = "evil\u{1b}[2J\u{202e}".to_owned();
    report.workloads.push(hostile);
    report.problems[0].message = "line\nbreak".to_owned();
    let text = render(&report, Style::default(), "");
    assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text}");
    assert!(text.contains("line\\u{a}break"));
}

#[test]
fn without_a_path_it_suggests_one() {
    let mut report = report();
    report.summary.paths.clear();
    report
        .workloads
        .retain(|workload| workload.status == Status::Unscoped);
    assert!(render(&report, Style::default(), "").contains("--paths starter"));
}
