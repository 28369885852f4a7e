//! Objectives in a scrape and in the report: built-in figures are those that other surfaces show.

use goldenpath::api::{DeveloperSurvey, PlatformObjective};
use goldenpath::assess::inventory::Inventory;
use goldenpath::assess::planner::objectives::Unfollowed;
use goldenpath::assess::settings::DeliverySettings;
use goldenpath::report::document::view::ReportView;
use goldenpath::report::metrics::{Options, exposition_at};
use serde_json::{Value, json};

use crate::delivery::fleet;
use crate::fixtures::now;

/// Name of the key result, source, unit, and what is stored: the value or a part of the message.
type Case = (
    &'static str,
    Value,
    Option<&'static str>,
    Result<f64, &'static str>,
);

fn cases() -> Vec<Case> {
    [with_data(), without_data()].concat()
}

fn with_data() -> Vec<Case> {
    vec![
        (
            "failures",
            json!({"builtin": "ChangeFailRate"}),
            Some("percent"),
            Ok(11.11),
        ),
        (
            "failures-of-path",
            json!({"builtin": "ChangeFailRate", "path": "web", "days": 90}),
            Some("ratio"),
            Ok(0.1111),
        ),
        (
            "lead-time",
            json!({"builtin": "LeadTime"}),
            Some("hours"),
            Ok(1.0),
        ),
        (
            "recovery",
            json!({"builtin": "RecoveryTime"}),
            Some("minutes"),
            Ok(10.0),
        ),
        (
            "accounted",
            json!({"builtin": "AccountedRatio"}),
            Some("percent"),
            Ok(50.0),
        ),
        (
            "accounted-of-path",
            json!({"builtin": "AccountedRatio", "path": "web"}),
            Some("ratio"),
            Ok(0.5),
        ),
        ("hours", json!({"builtin": "OwnershipHours"}), None, Ok(0.0)),
        ("nps", json!({"builtin": "NPS"}), None, Ok(21.1)),
    ]
}

fn without_data() -> Vec<Case> {
    vec![
        (
            "one-week",
            json!({"builtin": "LeadTime", "days": 7}),
            Some("hours"),
            Err("services have rollouts in these days"),
        ),
        (
            "first-deploy",
            json!({"builtin": "TimeToFirstDeploy"}),
            Some("days"),
            Err("nothing happened in these days"),
        ),
        (
            "typo",
            json!({"builtin": "LeadTime", "path": "wep"}),
            Some("hours"),
            Err("did you mean 'web'?"),
        ),
        (
            "unit",
            json!({"builtin": "LeadTime"}),
            Some("percent"),
            Err("use seconds, minutes, hours or days"),
        ),
        (
            "query",
            json!({"promql": "up"}),
            None,
            Err("no operator measures it; ask with goldenpath objectives --prometheus-url URL"),
        ),
    ]
}

fn objective(name: &str, sources: &[(&str, &Value, Option<&str>)]) -> PlatformObjective {
    let key_results: Vec<Value> = sources
        .iter()
        .map(|(name, source, unit)| {
            let mut key_result =
                json!({"name": name, "source": source, "baseline": 100, "target": 0});
            if let Some(unit) = unit {
                key_result["unit"] = (*unit).into();
            }
            key_result
        })
        .collect();
    serde_json::from_value(json!({
        "apiVersion": "goldenpath.dev/v1alpha1", "kind": "PlatformObjective", "metadata": {"name": name},
        "spec": {"objective": "Faster", "owner": {"team": "platform"}, "keyResults": key_results,
            "period": {"from": "2026-01-01T00:00:00Z", "to": "2026-12-31T00:00:00Z"}},
    }))
    .unwrap()
}

fn survey(name: &str, to: &str, counts: [u32; 3]) -> DeveloperSurvey {
    let [promoters, passives, detractors] = counts;
    serde_json::from_value(json!({
        "apiVersion": "goldenpath.dev/v1alpha1", "kind": "DeveloperSurvey", "metadata": {"name": name},
        "spec": {"period": {"from": "2026-01-01T00:00:00Z", "to": to}, "questionSet": "space",
            "groups": [{"name": "red", "responses": 20,
                "nps": {"promoters": promoters, "passives": passives, "detractors": detractors}}]},
    }))
    .unwrap()
}

fn measured() -> Inventory {
    let mut cluster = fleet();
    cluster.0.settings.delivery = Some(DeliverySettings::default());
    let cases = cases();
    let sources: Vec<_> = cases
        .iter()
        .map(|(name, source, unit, _)| (*name, source, *unit))
        .collect();
    cluster.0.change_goals(|goals| {
        goals.put(objective("all", &sources));
        goals.put(survey("spring", "2026-04-01T00:00:00Z", [9, 5, 5]));
        goals.put(survey("winter", "2026-02-01T00:00:00Z", [0, 0, 20]));
    });
    Unfollowed::all(&cluster.0).measure(&mut cluster.0, Vec::new(), now());
    cluster.0
}

#[test]
fn built_in_figures_are_measured_or_say_why_not() {
    let inventory = measured();
    let status = inventory
        .goals()
        .objectives
        .get("all")
        .unwrap()
        .status
        .clone()
        .unwrap();
    for (stored, (name, _, _, expected)) in status.key_results.iter().zip(cases()) {
        assert_eq!(stored.name, name);
        match expected {
            Ok(value) => assert_eq!(stored.current, Some(value), "{name}: {:?}", stored.message),
            Err(part) => {
                let message = stored.message.clone().unwrap_or_default();
                assert!(
                    message.contains(part),
                    "{name}: {message} {:?}",
                    stored.current
                );
            }
        }
    }
}

#[test]
fn a_scrape_has_what_the_status_has() {
    let inventory = measured();
    let text = exposition_at(&inventory, now(), &Options::default()).unwrap();
    for line in [
        r#"goldenpath_objective_key_result_current{objective="all",key_result="accounted",role="Target"} 50"#,
        r#"goldenpath_objective_key_result_target{objective="all",key_result="query",role="Target"} 0"#,
        r#"goldenpath_objective_key_result_progress_ratio{objective="all",key_result="accounted",role="Target"} 0.5"#,
        r#"goldenpath_objective_key_result_on_track{objective="all",key_result="accounted",role="Target"} 1"#,
        r#"goldenpath_survey_nps{survey="spring",group=""} 21.1"#,
        r#"goldenpath_survey_nps_low{survey="spring",group=""} -16.1"#,
        r#"goldenpath_survey_nps_high{survey="spring",group=""} 52.4"#,
    ] {
        assert!(text.contains(&format!("{line}\n")), "{line}\n{text}");
    }
    assert!(
        !text.contains(r#"current{objective="all",key_result="query""#),
        "unknown is absent"
    );
    let report = ReportView::of(&inventory, now(), Vec::new()).report();
    let line = &report.summary.objectives[0];
    assert_eq!((line.name.as_str(), line.depth), ("all", 0));
    assert_eq!(line.key_results.len(), cases().len());
}
