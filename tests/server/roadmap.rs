//! Roadmap and personas in the numbers of the report are those of their own documents.

use std::sync::LazyLock;

use goldenpath::api::{Persona, RoadmapItem};
use goldenpath::assess::inventory::Inventory;
use goldenpath::assess::settings::Settings;
use serde_json::{Value, json};

use crate::fixtures::{Cluster, deployment};
use crate::ground::{self, Server, ask, whole};

static PLANNED: LazyLock<Inventory> = LazyLock::new(|| {
    let mut cluster = Cluster::with_web_path();
    cluster.put(deployment("web"));
    let item = json!({
        "apiVersion": "goldenpath.dev/v1alpha1", "kind": "RoadmapItem", "metadata": {"name": "registry"},
        "spec": {"title": "A registry", "horizon": "Now", "persona": "web", "unblocks": [{"path": "web"}, {"path": "wep"}],
            "objective": {"name": "sooner"}},
    });
    let persona = json!({
        "apiVersion": "goldenpath.dev/v1alpha1", "kind": "Persona", "metadata": {"name": "web"},
        "spec": {"title": "Web engineer", "match": {"selector": {"matchLabels": {"app": "web"}}}},
    });
    cluster.0.change_goals(|goals| {
        goals.put::<RoadmapItem>(serde_json::from_value(item).unwrap());
        goals.put::<Persona>(serde_json::from_value(persona).unwrap());
    });
    cluster.0.snapshot()
});

fn json_of(server: &Server, path: &str) -> Value {
    let answer = whole(ask(server, path));
    assert_eq!(answer.status, 200);
    serde_json::from_slice(&answer.body).unwrap()
}

#[test]
fn the_summary_has_the_roadmap_and_the_personas_of_their_own_documents() {
    let server = Server::of(&PLANNED, ground::patient());
    let report = json_of(&server, "/api/v1/report");
    let summary = json_of(&server, "/api/v1/summary");
    assert_eq!(report["summary"], summary["summary"]);
    for (field, kind, fields) in [
        ("roadmap", "Roadmap", vec!["items"]),
        ("personas", "PersonaList", vec!["items", "paths"]),
    ] {
        let document = json_of(&server, &format!("/api/v1/{field}"));
        assert_eq!(document["kind"], kind);
        for list in fields {
            assert_eq!(summary["summary"][field][list], document[list]);
            assert_eq!(
                document[list].as_array().map(Vec::len),
                Some(1),
                "{document}"
            );
        }
    }
    assert_eq!(
        summary["summary"]["roadmap"]["items"][0]["personaTitle"],
        "Web engineer"
    );
    assert_eq!(
        summary["summary"]["personas"]["items"][0]["services"]["total"],
        1
    );
    // No objective is known at all: the reader may not list them, or the files leave them out.
    let problems = &summary["summary"]["roadmap"]["items"][0]["problems"];
    assert_eq!(
        *problems,
        json!(["there is no path 'wep'; did you mean 'web'?"])
    );
}

#[test]
fn without_roadmap_and_personas_their_documents_are_empty() {
    static EMPTY: LazyLock<Inventory> =
        LazyLock::new(|| Cluster::new(Settings::default()).0.snapshot());
    let server = Server::of(&EMPTY, ground::patient());
    let summary = json_of(&server, "/api/v1/summary");
    for field in ["roadmap", "personas"] {
        assert!(summary["summary"].get(field).is_none());
        assert_eq!(
            json_of(&server, &format!("/api/v1/{field}"))["items"],
            json!([])
        );
    }
}
