//! A wave on a real API server: written by the import, its status by the operator, shown by kubectl,
//! metrics and page; and what the server and the import refuse.

use std::time::Duration;

use goldenpath_e2e::{ControlPlane, Operator, Options, eventually};
use serde_json::{Value, json};

use crate::suite::{control_plane, operator_options};
use crate::{export, fixture, stderr, stdout};

const SOON: Duration = Duration::from_secs(60);

/// `goldenpath survey import` of Google's fixture, into the cluster.
fn apply(cluster: &ControlPlane, export: &[u8], more: &[&str]) -> std::process::Output {
    draft(cluster, export, &[&["--apply"], more].concat())
}

/// `goldenpath survey import` of Google's fixture beside the cluster.
fn draft(cluster: &ControlPlane, export: &[u8], more: &[&str]) -> std::process::Output {
    let mapping = fixture("google.yaml");
    let kubeconfig = cluster.kubeconfig().to_str().unwrap();
    let args = ["import", "-", "--mapping", mapping.to_str().unwrap()];
    let connection = ["--kubeconfig", kubeconfig];
    crate::survey(&[&args[..], &connection, more].concat(), export)
}

fn status(cluster: &ControlPlane, name: &str) -> Value {
    eventually(SOON, "the status of the wave", || {
        let text = cluster
            .kubectl_ok(&["get", "dsurvey", name, "-o=json"])
            .ok()?;
        let object: Value = serde_json::from_str(&text).ok()?;
        object["status"]["columns"]
            .is_object()
            .then(|| object["status"].clone())
    })
}

/// An export with more answers of team shop; each is a response to every question.
fn with_more(number: usize) -> Vec<u8> {
    let row = "2026/07/28 8:39:31 AM GMT+2,new@fjordlab.example,shop,4,3,4,2,5,3,2,2,3,5,9,\n";
    [export("google"), row.repeat(number).into_bytes()].concat()
}

#[test]
fn a_wave_lives_in_a_cluster() {
    let Some(cluster) = control_plane(&Options::default()) else {
        return;
    };
    let operator = Operator::start(&cluster, &operator_options(&[])).unwrap();
    let created = apply(&cluster, &export("google"), &["--name", "q3"]);
    assert_eq!(
        stdout(&created),
        "developersurvey.goldenpath.dev/q3 created\n",
        "{}",
        stderr(&created)
    );
    has_its_figures(&cluster, &operator);
    is_no_part_of_a_subtraction(&cluster);
    takes_five_or_more(&cluster);
    keeps_groups_hidden(&cluster);
    compares_equal_questions_alone(&cluster);
    leaves_a_wave_of_an_earlier_version(&cluster);
}

/// The same export leaves a wave without answers to dimensions as it is; new responses add them.
fn leaves_a_wave_of_an_earlier_version(cluster: &ControlPlane) {
    let of_2025 = |export: Vec<u8>| {
        let text = String::from_utf8(export).unwrap();
        text.replace("2026/07/", "2025/07/").into_bytes()
    };
    let wave = [
        "--name",
        "earlier",
        "--from",
        "2025-07-01",
        "--to",
        "2025-10-01",
    ];
    let json = [&wave[..], &["-o", "json"]].concat();
    let manifest = stdout(&draft(cluster, &of_2025(export("google")), &json));
    let mut object: Value = serde_json::from_str(&manifest).unwrap();
    for group in object["spec"]["groups"].as_array_mut().unwrap() {
        assert!(
            group
                .as_object_mut()
                .unwrap()
                .remove("spaceAnswers")
                .is_some()
        );
    }
    cluster.apply(&object.to_string()).unwrap();
    let again = apply(cluster, &of_2025(export("google")), &wave);
    let unchanged = "developersurvey.goldenpath.dev/earlier unchanged\n";
    assert_eq!(stdout(&again), unchanged, "{}", stderr(&again));
    let more = apply(cluster, &of_2025(with_more(6)), &json);
    let object: Value = serde_json::from_str(&stdout(&more)).unwrap();
    let groups = object["spec"]["groups"].as_array().unwrap();
    assert!(groups[0]["spaceAnswers"].is_null(), "{object}");
    assert_eq!(groups[1]["spaceAnswers"]["activity"], 18, "{object}");
}

fn has_its_figures(cluster: &ControlPlane, operator: &Operator) {
    let status = status(cluster, "q3");
    assert_eq!(status["responses"], 30);
    assert_eq!(status["responseRate"], 0.625);
    let n = status["nps"]["n"].as_u64().unwrap();
    assert!((15..=21).contains(&n), "{status}");
    assert_eq!(status["columns"]["trend"], "first wave");
    assert_eq!(status["conditions"][0]["type"], "Ready");
    assert_eq!(status["conditions"][1]["reason"], "FirstWave");
    let shown = cluster.kubectl_ok(&["get", "dsurvey"]).unwrap();
    let head: Vec<&str> = shown.lines().next().unwrap().split_whitespace().collect();
    assert_eq!(
        head,
        [
            "NAME",
            "UNTIL",
            "RESPONSES",
            "INVITED",
            "NPS",
            "TREND",
            "AGE"
        ]
    );
    let score = status["columns"]["nps"].as_str().unwrap();
    assert!(
        shown.contains(score) && shown.contains("first wave"),
        "{shown}"
    );
    let metrics = eventually(SOON, "the metrics of the wave", || {
        let (_, text) = operator.get("/metrics").ok()?;
        text.contains("goldenpath_survey_nps").then_some(text)
    });
    for series in [
        "goldenpath_survey_responses{survey=\"q3\",group=\"\"} 30",
        "goldenpath_survey_responses{survey=\"q3\",group=\"shop\"} 12",
        "goldenpath_survey_response_ratio{survey=\"q3\"} 0.625",
        "goldenpath_survey_space_score{survey=\"q3\",group=\"bank\",dimension=\"activity\"} 4",
        "goldenpath_survey_space_answers{survey=\"q3\",group=\"bank\",dimension=\"activity\"} 9",
        "goldenpath_survey_space_answers{survey=\"q3\",group=\"\",dimension=\"activity\"} 21",
    ] {
        assert!(metrics.contains(series), "{series}: {metrics}");
    }
    assert!(
        !metrics.contains("survey=\"q3\",group=\"ops\"") && !metrics.contains("group=\"data\"")
    );
    let (code, page) = operator.get("/satisfaction").unwrap();
    assert_eq!(code, 200);
    assert!(
        page.contains("2 groups with 9 responses together are hidden"),
        "{page}"
    );
    let (_, summary) = operator.get("/api/v1/summary").unwrap();
    let summary: Value = serde_json::from_str(&summary).unwrap();
    let wave = &summary["summary"]["surveys"]["waves"][0];
    assert_eq!(wave["survey"], "q3");
    assert_eq!(wave["spaceAnswers"]["activity"], 21);
    assert_eq!(wave["groups"][0]["spaceAnswers"]["activity"], 9);
    for mean in ["4.0 <small>n 21</small>", "4.0 <small>n 9</small>"] {
        assert!(page.contains(mean), "{mean}: {page}");
    }
}

/// Neither a manifest for Git nor another question set gives a second wave of the same answers.
fn is_no_part_of_a_subtraction(cluster: &ControlPlane) {
    let whole = ["--name", "q3-all", "--grouping", "Everyone"];
    let other = ["--name", "q3-other", "--question-set", "devex-1"];
    for output in [
        draft(cluster, &export("google"), &whole),
        draft(cluster, &export("google"), &other),
        apply(cluster, &export("google"), &other),
    ] {
        let told = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert_eq!(stdout(&output), "");
        assert!(
            told.contains("wave q3 has answers of this period"),
            "{told}"
        );
    }
    let one_more = draft(cluster, &with_more(1), &["--name", "q3"]);
    let told = stderr(&one_more);
    assert!(
        told.contains("group shop has 13 responses and 12 are published"),
        "{told}"
    );
    let same = draft(cluster, &export("google"), &["--name", "q3"]);
    assert!(same.status.success(), "{}", stderr(&same));
    let offline = [&whole[..], &["--offline"]].concat();
    let unchecked = draft(cluster, &export("google"), &offline);
    assert!(stdout(&unchecked).contains("grouping: Everyone"));
    let told = stderr(&unchecked);
    assert!(
        told.contains("not checked against published waves: --offline\n"),
        "{told}"
    );
}

fn takes_five_or_more(cluster: &ControlPlane) {
    let again = apply(cluster, &export("google"), &["--name", "q3"]);
    assert_eq!(
        stdout(&again),
        "developersurvey.goldenpath.dev/q3 unchanged\n"
    );
    let one_more = apply(cluster, &with_more(1), &["--name", "q3"]);
    assert_eq!(one_more.status.code(), Some(2));
    let told = stderr(&one_more);
    assert!(
        told.contains("group shop has 13 responses and 12 are published"),
        "{told}"
    );
    let beside = apply(cluster, &with_more(1), &["--name", "q3-again"]);
    let told = stderr(&beside);
    assert!(
        told.contains("wave q3 has answers of this period"),
        "{told}"
    );
    // The server refuses the same by its own rule.
    let one = r#"[{"op": "replace", "path": "/spec/groups/1/responses", "value": 13}]"#;
    let patch = ["patch", "dsurvey", "q3", "--type=json", "-p", one];
    let refusal = stderr(&cluster.kubectl(&patch).unwrap());
    assert!(
        refusal.contains("accepts five or more new responses"),
        "{refusal}"
    );
    let more = apply(cluster, &with_more(6), &["--name", "q3"]);
    assert_eq!(
        stdout(&more),
        "developersurvey.goldenpath.dev/q3 configured\n",
        "{}",
        stderr(&more)
    );
}

fn keeps_groups_hidden(cluster: &ControlPlane) {
    let text = cluster
        .kubectl_ok(&["get", "dsurvey", "q3", "-o=json"])
        .unwrap();
    let mut object: Value = serde_json::from_str(&text).unwrap();
    object["metadata"] = json!({"name": "small"});
    object["spec"]["groups"][0]["responses"] = json!(4);
    object["spec"]["groups"][0]["nps"] = Value::Null;
    object["spec"]["groups"][0]
        .as_object_mut()
        .unwrap()
        .remove("nps");
    let refusal = cluster.apply(&object.to_string()).unwrap_err().to_string();
    assert!(
        refusal.contains("a group has fewer responses than minGroupSize"),
        "{refusal}"
    );
}

fn compares_equal_questions_alone(cluster: &ControlPlane) {
    let text = String::from_utf8(export("google")).unwrap();
    for (name, questions, month, [from, to], reason) in [
        (
            "q4",
            "space-1",
            "2026/11/",
            ["2026-10-01", "2027-01-01"],
            "SameQuestions",
        ),
        (
            "other",
            "devex-1",
            "2027/01/",
            ["2027-01-01", "2027-04-01"],
            "QuestionsChanged",
        ),
    ] {
        let later = text.replace("2026/07/", month);
        let period = ["--from", from, "--to", to];
        let wave = ["--name", name, "--question-set", questions];
        let output = apply(cluster, later.as_bytes(), &[&wave[..], &period].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        let status = status(cluster, name);
        assert_eq!(status["conditions"][1]["reason"], reason, "{status}");
        let is_compared = reason == "SameQuestions";
        assert_eq!(status["trend"].is_object(), is_compared, "{status}");
    }
    let since = &status(cluster, "q4")["trend"];
    assert_eq!(since["since"], "q3");
    assert_eq!(since["significant"], false);
}
