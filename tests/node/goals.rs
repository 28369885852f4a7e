//! The platform team's own objects in a cluster with the chart's rights: each kind gets its status.

use goldenpath_e2e::eventually;
use serde_json::Value;

use crate::story::{SOON, Story, root};

const FILES: [&str; 3] = [
    "docs/roadmap-example.yaml",
    "examples/objectives",
    "tests/fixtures/surveys/waves.yaml",
];
const KINDS: &str = "platformobjectives,developersurveys,roadmapitems,personas";

/// Nothing of them stays: what follows expects the cluster as it was.
pub fn each_kind_has_its_status(story: &Story) {
    for file in FILES {
        story.apply_file(file);
    }
    eventually(SOON, "each is read", || {
        let list = story.get(&[KINDS]);
        let objects = list["items"].as_array()?;
        objects.iter().all(is_ready).then_some(())
    });
    for file in FILES {
        let file = root().join(file);
        story.kubectl(&["delete", "-f", &file.to_string_lossy()]);
    }
}

fn is_ready(object: &Value) -> bool {
    let conditions = object["status"]["conditions"].as_array();
    let mut conditions = conditions.into_iter().flatten();
    conditions.any(|it| it["type"] == "Ready" && it["status"] == "True")
}
