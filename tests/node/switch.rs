//! Changing a value: with labels off the operator has no right to label and still sees everything;
//! with labels on it catches up.

use goldenpath_e2e::eventually;
use jiff::Timestamp;
use serde_json::Value;

use crate::requests::label_writes;
use crate::story::{ACCOUNT, SOON, Story};
use crate::takeover::{become_, scale};
use crate::workloads::labels;
use crate::{pods, targets};

const WORKLOAD: &str = "cart";

pub fn labels_go_off_and_on_again(story: &Story) {
    assert!(may_label(story));
    story.upgrade(&["labels.enabled=false"]);
    pods::ready(story, 1);
    assert!(!may_label(story));

    let from = Timestamp::now();
    scale(story, &[WORKLOAD], 1);
    eventually(SOON, "the report shows the change", || {
        (status_in(&targets::report(story))? == "deviating").then_some(())
    });
    let (label, _) = labels(story, "checkout", "deployment/cart");
    assert_eq!(label, "golden-path", "what was there stays");
    let written = label_writes(&story.requests_since(from));
    assert!(written.is_empty(), "{written:?}");

    story.upgrade(&["labels.enabled=true"]);
    become_(story, &[WORKLOAD], "deviating");
    scale(story, &[WORKLOAD], 3);
    become_(story, &[WORKLOAD], "golden-path");
    eventually(SOON, "the Service in front shows it too", || {
        let (label, _) = labels(story, "checkout", "service/cart");
        (label == "golden-path").then_some(())
    });
    pods::ready(story, 1);
}

fn may_label(story: &Story) -> bool {
    let ask = [
        "auth",
        "can-i",
        "patch",
        "deployments.apps",
        "-A",
        "--as",
        ACCOUNT,
    ];
    story.cluster().kubectl(&ask).unwrap().status.success()
}

fn status_in(report: &Value) -> Option<&str> {
    let mut workloads = report["workloads"].as_array()?.iter();
    let ours = workloads.find(|one| one["namespace"] == "checkout" && one["name"] == WORKLOAD)?;
    ours["status"].as_str()
}
