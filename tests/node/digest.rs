//! The chart's `CronJob` on the node: a Job made from it runs in the restricted namespace, drafts last
//! month's digest and records it.

use jiff::{ToSpan, Zoned};
use serde_json::Value;

use crate::story::{NAMESPACE, Story};

const JOB: &str = "digest-now";

/// Nothing of it stays: what follows expects the cluster as it was.
pub fn a_job_of_the_cronjob_records_last_months_digest(story: &Story) {
    story.upgrade(&["wins.enabled=true"]);
    let kubectl = |args: &[&str]| story.kubectl(&[&["-n", NAMESPACE], args].concat());
    let before = last_month();
    kubectl(&["create", "job", JOB, "--from=cronjob/goldenpath-wins"]);
    kubectl(&[
        "wait",
        "job",
        JOB,
        "--for=condition=Complete",
        "--timeout=120s",
    ]);
    let stored = story.get(&["-n", NAMESPACE, "configmap/goldenpath-wins"]);
    let record = stored["data"]["digests.json"].as_str().unwrap();
    let record: Value = serde_json::from_str(record).unwrap();
    let month = record["digests"][0]["digest"]["month"].as_str().unwrap();
    assert!(
        [before, last_month()].contains(&month.to_owned()),
        "{record:#}"
    );
    kubectl(&["delete", "job", JOB]);
    story.upgrade(&["wins.enabled=false"]);
    kubectl(&["delete", "configmap", "goldenpath-wins"]);
}

/// As `2026-10`, in UTC.
fn last_month() -> String {
    let now = Zoned::now().with_time_zone(jiff::tz::TimeZone::UTC);
    (&now - 1.month()).strftime("%Y-%m").to_string()
}
