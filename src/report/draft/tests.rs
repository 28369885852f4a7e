use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use super::*;
use crate::assess::namespace_index::UNKNOWN_TEAM;
use crate::assess::state::Outcome;
use crate::report::fixtures::{at, check, documented, report, undocumented};

const REASON: &str = "The vendor licenses a single replica until the contract of May.";

fn input() -> DraftInput {
    DraftInput {
        reason: Some(REASON.to_owned()),
        hours_per_month: Some(6.0),
        ..DraftInput::default()
    }
}

fn about(workload: Workload) -> Subject {
    Subject {
        named: vec![workload],
        ..Subject::default()
    }
}

fn drafted(answers: &DraftInput) -> Result<DeviationException, Refusal> {
    draft(answers, &about(undocumented()), &report())
}

#[test]
fn hours_read_as_people_write_them() {
    for (text, meant) in [("6", 6.0), ("6h", 6.0), ("1.5h", 1.5), ("0", 0.0)] {
        assert_eq!(hours(text), Ok(meant), "{text}");
    }
    for text in ["", "h", "-1h", "six", "2d", "inf", "NaN"] {
        assert!(hours(text).is_err(), "{text}");
    }
}

#[test]
fn what_is_not_said_comes_from_the_workload() {
    let exception = drafted(&input()).unwrap();
    assert_eq!(
        (
            exception.metadata.name.as_deref(),
            exception.metadata.namespace.as_deref(),
            exception.spec.path.as_str(),
            exception.spec.checks.join(",").as_str(),
            exception.spec.owner.team.as_str(),
        ),
        (
            Some("api-memory-limit"),
            Some("shop"),
            "web-service",
            "memory-limit",
            "team-shop",
        )
    );
    assert_eq!(exception.spec.targets[0].kind, "Deployment");
    assert_eq!(exception.spec.expires_at, None);
}

#[test]
fn all_missing_fields_are_one_error_with_an_example_to_copy() {
    let mut workload = undocumented();
    workload.team = UNKNOWN_TEAM.to_owned();
    let refusal = draft(&DraftInput::default(), &about(workload.clone()), &report()).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "missing: --reason, --cost, --owner; for example: goldenpath except deploy/api \
         -n shop --reason 'The vendor licenses one replica until May.' --cost 6h --owner team-shop"
    );
}

#[test]
fn every_answer_out_of_bounds_names_its_flag() {
    let mut answers = input();
    answers.reason = Some("too short".to_owned());
    answers.hours_per_month = Some(10_001.0);
    answers.one_off_hours = Some(1e9);
    answers.contact = Some("x".repeat(254));
    answers.owner = Some(String::new());
    answers.ticket = Some("x".repeat(2049));
    answers.would_return_if = Some("x".repeat(1001));
    answers.requested_by = Some("x".repeat(254));
    answers.path = Some("x".repeat(64));
    answers.checks = vec!["x".repeat(64)];
    answers.name = Some("My_Exception".to_owned());
    answers.end = Some(End::At(at("2026-02-28T00:00:00Z")));
    let Err(Refusal::Invalid(slips)) = drafted(&answers) else {
        panic!("accepted");
    };
    for flag in [
        "--reason: 20 to 2000 characters wanted, 9 given",
        "--cost: 0 to 10000 wanted, 10001 given",
        "--once: ",
        "--contact: ",
        "--owner: 1 to 63 characters",
        "--ticket: ",
        "--would-return-if: ",
        "--requested-by: ",
        "--path: ",
        "--check: ",
        "--name: ",
        "--expires: 2026-02-28T00:00:00Z is past",
    ] {
        assert!(
            slips.iter().any(|slip| slip.starts_with(flag)),
            "{flag}: {slips:#?}"
        );
    }
    assert_eq!(slips.len(), 12, "{slips:#?}");
}

#[test]
fn characters_are_counted_as_the_api_server_counts_them() {
    let mut answers = input();
    answers.reason = Some("ä".repeat(2000));
    assert!(drafted(&answers).is_ok());
    answers.reason = Some("ä".repeat(2001));
    assert!(drafted(&answers).is_err());
}

#[test]
fn who_misses_nothing_is_asked_for_a_step() {
    let refusal = draft(&input(), &about(documented()), &report()).unwrap_err();
    assert!(matches!(refusal, Refusal::NothingToExcept(_)), "{refusal}");
    let mut answers = input();
    answers.path = Some("batch-job".to_owned());
    let refusal = drafted(&answers).unwrap_err();
    assert!(matches!(refusal, Refusal::OtherPath(_)), "{refusal}");
}

#[test]
fn a_check_that_failed_to_run_is_no_step_to_leave() {
    let mut workload = undocumented();
    workload.checks.push(check("broken", Outcome::Error));
    let exception = draft(&input(), &about(workload.clone()), &report()).unwrap();
    assert_eq!(exception.spec.checks, ["memory-limit"]);
}

#[test]
fn a_name_is_a_dns_name_and_free() {
    let mut report = report();
    report.exceptions[0].namespace = "shop".to_owned();
    report.exceptions[0].name = "api-memory-limit".to_owned();
    let exception = draft(&input(), &about(undocumented()), &report).unwrap();
    assert_eq!(
        exception.metadata.name.as_deref(),
        Some("api-memory-limit-2")
    );
    let mut workload = undocumented();
    workload.name = format!("{}.x", "a".repeat(80));
    let exception = draft(&input(), &about(workload.clone()), &report).unwrap();
    assert_eq!(exception.metadata.name, Some("a".repeat(63)));
    let mut answers = input();
    answers.checks = vec!["*".to_owned()];
    let exception = draft(&answers, &about(undocumented()), &report).unwrap();
    assert_eq!(exception.metadata.name.as_deref(), Some("api-all"));
}

#[test]
fn a_period_counts_from_the_moment_of_the_draft() {
    let mut answers = input();
    answers.end = Some(End::After(Period::days(90)));
    let exception = drafted(&answers).unwrap();
    assert_eq!(
        exception.spec.expires_at.unwrap().0,
        at("2026-05-30T00:00:00Z")
    );
}

#[test]
fn an_answer_at_the_prompt_keeps_the_same_bounds() {
    let mut answers = DraftInput::default();
    assert!(answers.answer(MissingField::Reason, "too short").is_err());
    assert!(answers.answer(MissingField::Cost, "much").is_err());
    assert!(answers.answer(MissingField::Owner, "").is_err());
    answers.answer(MissingField::Reason, REASON).unwrap();
    answers.answer(MissingField::Cost, "6h").unwrap();
    answers.answer(MissingField::Owner, "team-shop").unwrap();
    assert_eq!(answers.open(), []);
}

#[test]
fn several_workloads_share_what_they_share() {
    let mut other = undocumented();
    other.name = "web".to_owned();
    other.checks[0].outcome = Outcome::Fail;
    let both = |other: Workload| Subject {
        named: vec![undocumented(), other],
        ..Subject::default()
    };
    let spec = draft(&input(), &both(other.clone()), &report())
        .unwrap()
        .spec;
    let names: Vec<_> = spec.targets.iter().map(|target| &*target.name).collect();
    assert_eq!(names, ["api", "web"]);
    assert_eq!(spec.checks, ["memory-limit", "readiness-probe"]);

    other.team = "team-pay".to_owned();
    let refusal = draft(&input(), &both(other.clone()), &report()).unwrap_err();
    assert!(refusal.to_string().contains("--owner"), "{refusal}");
    other.path = Some("batch-job".to_owned());
    let refusal = draft(&input(), &both(other), &report()).unwrap_err();
    assert!(refusal.to_string().contains("different paths"), "{refusal}");
}

#[test]
fn a_selector_stays_a_selector() {
    let selector = LabelSelector {
        match_labels: Some([("app".to_owned(), "api".to_owned())].into()),
        ..LabelSelector::default()
    };
    let subject = Subject {
        selector: Some(selector.clone()),
        selected: vec![undocumented()],
        ..Subject::default()
    };
    let spec = draft(&input(), &subject, &report()).unwrap().spec;
    assert_eq!((spec.targets.len(), spec.selector), (0, Some(selector)));
    let nothing = Subject::default();
    let refusal = draft(&input(), &nothing, &report()).unwrap_err();
    assert_eq!(refusal, Refusal::NoPath(String::new()));
}
