//! The page and the JSON of developer surveys: every wave with its n, interval and response rate, and each
//! quarter without one.

use std::sync::LazyLock;

use goldenpath::api::DeveloperSurvey;
use goldenpath::assess::inventory::Inventory;
use goldenpath::assess::settings::Settings;
use serde_json::{Value, json};

use crate::fixtures::Cluster;
use crate::ground::{self, Server, ask, whole};

const HOSTILE: &str = "<script>alert('x')</script>";

fn survey(name: &str, from: &str, to: &str, questions: &str, promoters: u32) -> DeveloperSurvey {
    let at = |day: &str| format!("{day}T00:00:00Z");
    serde_json::from_value(json!({
        "apiVersion": "goldenpath.dev/v1alpha1", "kind": "DeveloperSurvey", "metadata": {"name": name},
        "spec": {
            "period": {"from": at(from), "to": at(to)}, "questionSet": questions, "invited": 80,
            "groups": [
                {"name": HOSTILE, "responses": 46,
                    "nps": {"promoters": promoters, "passives": 2, "detractors": 44 - promoters},
                    "space": {"satisfaction": 3.4}},
                {"name": "search", "responses": 7, "nps": {"promoters": 3, "passives": 2, "detractors": 2}},
            ],
            "hidden": {"groups": 2, "responses": 9},
        },
    }))
    .unwrap()
}

/// Judged in June 2026: the last quarter of 2025 was not asked.
static SURVEYED: LazyLock<Inventory> = LazyLock::new(|| {
    let mut cluster = Cluster::new(Settings::default());
    cluster.0.change_goals(|goals| {
        goals.put(survey("q3", "2025-07-01", "2025-10-01", "space-1", 20));
        goals.put(survey("q1", "2026-01-01", "2026-04-01", "space-1", 42));
        goals.put(survey("q2", "2026-04-01", "2026-05-01", "devex-1", 30));
    });
    cluster.0.snapshot()
});

fn page(server: &Server, path: &str) -> String {
    let answer = whole(ask(server, path));
    assert_eq!(answer.status, 200);
    String::from_utf8(answer.body).unwrap()
}

#[test]
fn the_page_shows_every_wave_and_the_quarters_without_one() {
    let server = Server::of(&SURVEYED, ground::patient());
    let text = page(&server, "/satisfaction");
    assert!(text.contains("Not asked: 2025-Q4."), "{text}");
    assert!(text.contains("new questions"), "{text}");
    assert!(text.contains("2 groups with 9 responses together are hidden"));
    assert!(text.contains("78 % of 80"), "{text}");
    assert!(text.contains("<small>n 53</small>"), "{text}");
    // Three points, of which the questions or a quarter without a wave part each from the next.
    assert_eq!(text.matches("<circle").count(), 3);
    assert_eq!(text.matches("<polyline").count(), 3);
    assert_eq!(text.matches("class=\"gap\"").count(), 1);
    assert!(!text.contains(HOSTILE) && text.contains("&lt;script&gt;"));
    assert!(page(&server, "/").contains("href=\"./satisfaction\""));
}

#[test]
fn the_json_has_every_wave() {
    let server = Server::of(&SURVEYED, ground::patient());
    let summary: Value = serde_json::from_str(&page(&server, "/api/v1/summary")).unwrap();
    let surveys = &summary["summary"]["surveys"];
    assert_eq!(surveys["notAsked"], json!(["2025-Q4"]));
    let waves = surveys["waves"].as_array().unwrap();
    let comparable: Vec<&Value> = waves.iter().map(|wave| &wave["comparability"]).collect();
    assert_eq!(
        comparable,
        ["FirstWave", "SameQuestions", "QuestionsChanged"]
    );
    assert_eq!(waves[1]["trend"]["since"], "q3");
    assert_eq!(waves[1]["trend"]["significant"], true);
    // Seven answers of a group are counted and not scored.
    let few = &waves[0]["groups"][1]["nps"];
    assert_eq!((&few["n"], &few["score"]), (&json!(7), &Value::Null));
}

#[test]
fn without_a_survey_there_is_no_tab() {
    static EMPTY: LazyLock<Inventory> =
        LazyLock::new(|| Cluster::new(Settings::default()).0.snapshot());
    let server = Server::of(&EMPTY, ground::patient());
    assert!(!page(&server, "/").contains("satisfaction"));
    assert!(page(&server, "/satisfaction").contains("goldenpath survey template"));
}
