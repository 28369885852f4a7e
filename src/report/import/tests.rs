//! What a waiver comes to: a draft, a note, or both; and what a draft leaves to its owner.

use super::*;
use crate::api::golden_path::Level;
use crate::assess::state::{Outcome, Standing};
use crate::report::fixtures::{at, check, report, undocumented};

fn waiver(checks: &[&str]) -> Waiver {
    Waiver {
        source: "shop/api.yaml:3".to_owned(),
        tool: Tool::KubeLinter,
        written: "annotation".to_owned(),
        workloads: BTreeSet::from([WorkloadRef {
            namespace: "shop".to_owned(),
            kind: "Deployment".to_owned(),
            name: "api".to_owned(),
        }]),
        checks: checks.iter().map(ToString::to_string).collect(),
        reason: Some("The vendor ships no limits.".to_owned()),
        until: None,
        ticket: None,
    }
}

/// The shop's report with one workload, changed.
fn shop(change: impl FnOnce(&mut Workload)) -> Report {
    let mut workload = undocumented();
    change(&mut workload);
    Report {
        workloads: vec![workload],
        exceptions: Vec::new(),
        problems: Vec::new(),
        ..report()
    }
}

fn imported(waivers: &[Waiver], report: &Report) -> Import {
    let inputs = ImportInputs {
        report,
        policies: BTreeMap::new(),
        steps: &CheckMap::default(),
        requested_by: Some("grace".to_owned()),
    };
    import(waivers, &inputs)
}

fn notes(import: &Import) -> Vec<&str> {
    import.problems.iter().map(|p| p.message.as_str()).collect()
}

const MEMORY: &str = "unset-memory-requirements";

#[test]
fn a_draft_holds_what_is_known_and_asks_for_the_rest() {
    let import = imported(&[waiver(&[MEMORY])], &shop(|_| {}));
    assert_eq!(notes(&import), [""; 0]);
    let draft = &import.drafts[0];
    assert_eq!(draft.todo, ["spec.ownershipCost.hoursPerMonth"]);
    assert_eq!(
        yaml(draft, at("2026-03-01T00:00:00Z")).unwrap(),
        "\
# imported from shop/api.yaml:3: annotation (“The vendor ships no limits.”)
# expires 30 May: review it then, and renew it or return to the path
apiVersion: goldenpath.dev/v1alpha1
kind: DeviationException
metadata:
  name: api-imported
  namespace: shop
spec:
  path: web-service
  checks:
  - memory-limit
  targets:
  - kind: Deployment
    name: api
  reason: The vendor ships no limits.
  owner:
    team: team-shop
  ownershipCost:
    hoursPerMonth: null # TODO How many hours a month does it cost you? An honest guess, such as 6h
  requestedBy: grace
  expiresAt: \"2026-05-30T00:00:00Z\"
  disposition: Waiver
"
    );
}

#[test]
fn in_json_what_is_open_is_absent_and_listed() {
    let mut silent = waiver(&[MEMORY]);
    silent.reason = Some("too small".to_owned());
    let report = shop(|workload| UNKNOWN_TEAM.clone_into(&mut workload.team));
    let import = serde_json::to_value(imported(&[silent], &report)).unwrap();
    let draft = &import["drafts"][0];
    assert_eq!(
        draft["todo"],
        serde_json::json!([
            "spec.reason",
            "spec.ownershipCost.hoursPerMonth",
            "spec.owner.team"
        ])
    );
    let spec = &draft["exception"]["spec"];
    assert_eq!(spec.get("reason"), None);
    assert_eq!(spec["owner"], serde_json::json!({}));
    let source = draft["sources"][0].as_str().unwrap();
    assert!(source.contains("“too small”"), "{source}");
}

#[test]
fn a_check_without_a_step_is_reported_with_the_nearest_name() {
    let import = imported(
        &[waiver(&["memory-limits", "no-anti-affinity"])],
        &shop(|_| {}),
    );
    assert!(import.drafts.is_empty());
    assert_eq!(
        notes(&import),
        [
            "kube-linter/memory-limits on deploy/api: path web-service has no step for it; the \
             nearest is 'memory-limit': set --map kube-linter/memory-limits=memory-limit",
            "kube-linter/no-anti-affinity on deploy/api: path web-service has no step for it; \
             its steps are readiness-probe, memory-limit: set --map \
             kube-linter/no-anti-affinity=STEP",
        ]
    );
}

#[test]
fn ignores_that_need_no_exception_are_reported_with_the_reason() {
    type Change = fn(&mut Check);
    use crate::report::document::Check;
    let cases: [(Change, &str); 6] = [
        (|check| check.outcome = Outcome::Pass, "passes now"),
        (|check| check.level = Level::Recommended, "only recommended"),
        (
            |check| check.outcome = Outcome::Announced,
            "does not count yet, so it needs no exception yet: import again then",
        ),
        (
            |check| {
                check.outcome = Outcome::Announced;
                check.enforce_from = Some("2027-02-25T00:00:00Z".parse().unwrap());
            },
            "does not count until 25 Feb 2027, so it needs no exception yet: import again then",
        ),
        (|check| check.exemptible = false, "has no off-ramp"),
        (
            |check| {
                check.standing = Some(Standing::Documented);
                check.exception = Some("api-memory".to_owned());
            },
            "approved already, in api-memory",
        ),
    ];
    for (change, note) in cases {
        let report = shop(|workload| change(&mut workload.checks[1]));
        let import = imported(&[waiver(&[MEMORY])], &report);
        assert!(import.drafts.is_empty(), "{note}");
        assert!(notes(&import)[0].contains(note), "{:?}", notes(&import));
    }
}

#[test]
fn ignoring_everything_means_what_fails_now() {
    let import = imported(&[waiver(&[])], &shop(|_| {}));
    let spec = serde_json::to_value(&import.drafts[0].exception).unwrap();
    assert_eq!(spec["spec"]["checks"], serde_json::json!(["memory-limit"]));
    let golden = shop(|workload| workload.checks[1] = check("memory-limit", Outcome::Pass));
    let import = imported(&[waiver(&[])], &golden);
    assert!(notes(&import)[0].contains("passes every exemptible step"));
}

#[test]
fn a_workload_gets_one_draft_with_every_reason_once() {
    let mut other = waiver(&["memory-limit"]);
    other.reason = Some("Its successor comes in May".to_owned());
    let import = imported(&[waiver(&[MEMORY]), other, waiver(&[])], &shop(|_| {}));
    assert_eq!(import.drafts.len(), 1);
    assert_eq!(import.drafts[0].sources.len(), 3);
    let draft = serde_json::to_value(&import.drafts[0]).unwrap();
    assert_eq!(
        draft["exception"]["spec"]["reason"],
        "The vendor ships no limits; Its successor comes in May."
    );
}

#[test]
fn an_end_the_tool_states_holds_if_it_is_earlier() {
    for (until, end) in [
        ("2026-03-20T00:00:00Z", "2026-03-20T00:00:00Z"),
        ("2027-03-20T00:00:00Z", "2026-05-30T00:00:00Z"),
    ] {
        let mut ending = waiver(&[MEMORY]);
        ending.until = Some(at(until));
        let import = imported(&[ending], &shop(|_| {}));
        let draft = serde_json::to_value(&import.drafts[0]).unwrap();
        assert_eq!(draft["exception"]["spec"]["expiresAt"], end);
    }
}

#[test]
fn what_ended_excuses_nothing_any_more() {
    let mut ended = waiver(&[MEMORY]);
    ended.until = Some(at("2026-02-01T00:00:00Z"));
    let import = imported(&[ended], &shop(|_| {}));
    assert!(import.drafts.is_empty());
    assert_eq!(
        notes(&import),
        ["annotation: ended 1 Feb, so it excuses nothing"]
    );
}

#[test]
fn a_row_of_the_user_replaces_the_built_in_one() {
    let rows = [(
        format!("kube-linter/{MEMORY}"),
        vec!["readiness-probe".to_owned()],
    )];
    let report = shop(|workload| workload.checks[0].outcome = Outcome::Fail);
    let inputs = ImportInputs {
        report: &report,
        policies: BTreeMap::new(),
        steps: &CheckMap::default().with(rows),
        requested_by: None,
    };
    let import = import(&[waiver(&[MEMORY])], &inputs);
    let draft = serde_json::to_value(&import.drafts[0]).unwrap();
    let checks = &draft["exception"]["spec"]["checks"];
    assert_eq!(*checks, serde_json::json!(["readiness-probe"]));
}

#[test]
fn a_workload_without_a_path_is_reported() {
    let mut elsewhere = waiver(&[MEMORY]);
    elsewhere.workloads = BTreeSet::from([WorkloadRef {
        namespace: "shop".to_owned(),
        kind: "Service".to_owned(),
        name: "api".to_owned(),
    }]);
    let unscoped = shop(|workload| workload.path = None);
    let notes = [
        imported(&[elsewhere], &shop(|_| {})).problems,
        imported(&[waiver(&[MEMORY])], &unscoped).problems,
    ];
    assert_eq!(notes[0][0].message, "annotation: Service api is not judged");
    assert!(
        notes[1][0]
            .message
            .contains("no golden path applies to deploy/api")
    );
}
