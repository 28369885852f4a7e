//! One run in which these instants pass within seconds, with every surface read at the same time:
//! label, status, metrics, report, `why`, policy report, warning and Event.

use std::time::Duration;

use goldenpath::api::keys;
use goldenpath::report::policy_report::Format;
use goldenpath_e2e::{Operator, Options, User, eventually};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::live::{Desk, install, ready};
use crate::manifests::{approval, exception, failing, hurried};
use crate::stage::{Place, SOON, goldenpath, stop};
use crate::suite::control_plane;

/// The user who applies workloads: not the operator, whose own writes get no warnings.
const DEV: &str = "dev";
/// An instant that was set is reached within this.
const REACHED: Duration = Duration::from_secs(120);

/// So many seconds from now.
fn soon(seconds: i64) -> String {
    let at = Timestamp::now() + SignedDuration::from_secs(seconds);
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The hurried path, kind to older services for a while, with a check that counts later, and with
/// warnings.
fn path() -> String {
    let dated = format!(
        "spec:\n  warnOnApply: true\n  launchedAt: '2026-01-01T00:00:00Z'\n  existing: {{treatAs: Predates, until: '{}'}}\n",
        soon(70)
    );
    let later = format!(
        "  checks:\n  - name: tier\n    enforceFrom: '{}'\n    expression: \"'tier' in object.metadata.?labels.orValue({{}})\"\n",
        soon(60)
    );
    hurried()
        .replacen("spec:\n", &dated, 1)
        .replacen("  checks:\n", &later, 1)
}

struct Stand<'a> {
    desk: Desk<'a>,
    operator: Operator,
}

impl Stand<'_> {
    /// The state of a workload on every surface now, each in its own word.
    fn states(&self, name: &str) -> Option<Vec<(&'static str, String)>> {
        let place = &self.desk.place;
        let labels = place.labels(&format!("deploy/{name}"));
        let label = labels.get(keys::DEVIATION).or(labels.get(keys::STATUS))?;
        let report = self.desk.report_of(name)?;
        let state = report["metadata"]["labels"][keys::STATE].as_str()?;
        let served: Value =
            serde_json::from_str(&self.operator.get("/api/v1/report").ok()?.1).ok()?;
        let mut lines = served["workloads"].as_array()?.iter();
        let line = lines.find(|line| line["name"] == name)?;
        let target = format!("deploy/{name}");
        let why = ["why", &target, "-n", &place.name, "-o", "json"];
        let why: Value = serde_json::from_str(&goldenpath(place.cluster, &why)).ok()?;
        let samples = self.operator.scrape().ok()?;
        let series = [("workload", name)];
        let series = samples.all("goldenpath_workload_info", &series).next()?;
        let word = |line: &Value| {
            let word = line["deviation"].as_str().or(line["status"].as_str());
            word.unwrap_or_default().to_owned()
        };
        Some(vec![
            ("label", label.clone()),
            ("policy report", state.to_owned()),
            ("report", word(line)),
            ("why", word(&why)),
            ("metrics", series.labels["state"].clone()),
        ])
    }

    /// Waits until all of them agree, and the API server warns exactly where it should.
    fn turns(&self, name: &str, wanted: &str) {
        let mut states = None;
        eventually(
            REACHED,
            &format!("all surfaces call {name} {wanted}"),
            || {
                states = self.states(name);
                let all = states.as_ref()?;
                all.iter().all(|(_, word)| word == wanted).then_some(())
            },
        );
        let is_silent = ["golden-path", "documented", "review-due", "predates"].contains(&wanted);
        eventually(SOON, &format!("warned of {name}: {}", !is_silent), || {
            (self.is_warned(name) != is_silent).then_some(())
        });
    }

    /// Whether a change of the workload gets a warning.
    fn is_warned(&self, name: &str) -> bool {
        let place = &self.desk.place;
        let touch = [
            "annotate",
            "deploy",
            name,
            "-n",
            &place.name,
            "touched=yes",
            "--overwrite",
            "--dry-run=server",
        ];
        let output = place.cluster.kubectl_as(DEV, &touch).unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stderr).contains("goldenpath-warn-")
    }

    /// Waits until the exception's status shows the phase and an Event reports it.
    fn is_in(&self, phase: &str) {
        let place = &self.desk.place;
        eventually(SOON, &format!("the status shows {phase}"), || {
            (place.get("devex/web")["status"]["phase"] == phase).then_some(())
        });
        eventually(SOON, &format!("an Event Exception{phase}"), || {
            let events = place.kubectl(&["get", "events.events.k8s.io", "-o", "json"]);
            events.contains(&format!("Exception{phase}")).then_some(())
        });
    }
}

#[test]
fn every_surface_turns_together_while_instants_pass() {
    let options = Options {
        users: vec![User::new(DEV, &["system:masters"]).unwrap()],
        ..Options::default()
    };
    let Some(cluster) = control_plane(&options) else {
        return;
    };
    let desk = Desk {
        place: Place::on(&cluster, "turning"),
        format: Format::OpenReports,
    };
    if install(&cluster, desk.format).is_none() {
        return;
    }
    let args = [
        "--reports=auto",
        "--warn-on-apply=on",
        "--metrics-workload-info=100",
    ];
    let operator = ready(&cluster, &args);
    let stand = Stand { desk, operator };
    furnish(&stand.desk.place);
    stand.turns("web", "undocumented");
    stand.turns("old", "predates");
    stand.turns("untiered", "golden-path");
    goes_through_its_phases(&stand);
    stand.turns("old", "undocumented");
    stand.turns("untiered", "undocumented");
    stop(stand.operator);
}

fn furnish(place: &Place<'_>) {
    place.apply(&path());
    let tiered = |name| failing(name).replace("{team: shop}", "{team: shop, tier: front}");
    let since = "annotations: {goldenpath.dev/service-since: '2020-01-01T00:00:00Z'}, labels:";
    place.apply(&tiered("web"));
    place.apply(&tiered("old").replace("labels: {team", &format!("{since} {{team")));
    place.apply(&crate::manifests::golden("untiered"));
}

fn goes_through_its_phases(stand: &Stand<'_>) {
    let place = &stand.desk.place;
    place.apply(&exception("web", ""));
    stand.turns("web", "pending");
    place.apply(&exception("web", &approval()));
    for (phase, standing) in [
        ("Active", "documented"),
        ("ReviewDue", "review-due"),
        ("ReviewOverdue", "review-overdue"),
        ("Expired", "expired"),
    ] {
        stand.turns("web", standing);
        stand.is_in(phase);
    }
}
