//! Reports are written only when something changes.

use std::collections::{HashMap, HashSet};

use goldenpath::assess::object::kind::WatchedKind;
use goldenpath::assess::planner::pacing::WriteResult;
use goldenpath::assess::planner::policy_reports::{
    OwnerKind, ReportAct, ReportPlan, ReportPlanner, ReportWrite, StoredReport,
};
use goldenpath::report::policy_report::{Format, render};
use jiff::Timestamp;
use serde_json::json;

use crate::fixtures::{Cluster, deployment_id, instant, now, with};
use crate::scene::{excusing, golden, lonely, path, scene};

/// A ledger, and the reports an API server would hold.
#[derive(Default)]
pub struct Desk {
    ledger: ReportPlanner,
    server: HashMap<(String, String), StoredReport>,
}

impl Desk {
    /// One that has listed everything, workloads included.
    pub fn open() -> Self {
        let mut desk = Self::default();
        desk.list();
        desk
    }

    /// What an operator that starts learns.
    fn list(&mut self) {
        for (key, stored) in &self.server {
            let key = (key.0.as_str().into(), key.1.as_str().into());
            self.ledger.put(key, stored.clone());
        }
        self.ledger.listed(&self.server.keys().cloned().collect());
        for kind in WatchedKind::built_in() {
            self.ledger.kind_is_complete(&kind);
        }
    }

    fn plan(&mut self, cluster: &Cluster, at: Timestamp) -> ReportPlan {
        self.plan_some(cluster, at, usize::MAX)
    }

    fn plan_some(&mut self, cluster: &Cluster, at: Timestamp, limit: usize) -> ReportPlan {
        let render = |found: &goldenpath::assess::verdict::findings::Findings<'_>| {
            render(found, Format::OpenReports)
        };
        self.ledger.plan(&cluster.0, at, limit, render)
    }

    /// Plans and lands everything; what was written, by name of the report.
    pub fn write(&mut self, cluster: &Cluster, at: Timestamp) -> Vec<String> {
        let plan = self.plan(cluster, at);
        let mut written: Vec<String> = plan
            .writes
            .iter()
            .map(|write| self.land(write, at))
            .collect();
        written.sort();
        written
    }

    fn land(&mut self, write: &ReportWrite, at: Timestamp) -> String {
        let key = (write.key.0.to_string(), write.key.1.to_string());
        match &write.act {
            ReportAct::Store(rendered) => {
                let before = self.server.get(&key).and_then(|stored| stored.generation);
                let stored = StoredReport {
                    uid: Some(format!("uid of {}", key.1).into()),
                    digest: Some(rendered.digest.as_str().into()),
                    generation: Some(before.unwrap_or_default() + 1),
                    owner: Some(OwnerKind {
                        group: "apps".into(),
                        kind: "Deployment".into(),
                    }),
                };
                self.ledger
                    .ended(write, WriteResult::Landed(stored.generation), at);
                self.ledger.put(write.key.clone(), stored.clone());
                self.server.insert(key, stored);
                format!("store {}", write.key.1)
            }
            ReportAct::Remove(uid) => {
                let gone = self.server.remove(&key).unwrap();
                assert_eq!(*uid, gone.uid);
                self.ledger.ended(write, WriteResult::Landed(None), at);
                self.ledger.remove(&write.key);
                format!("remove {}", write.key.1)
            }
        }
    }
}

fn nothing() -> Vec<String> {
    Vec::new()
}

#[test]
fn after_a_plan_is_carried_out_there_is_nothing_to_plan() {
    let (mut desk, mut cluster) = (Desk::open(), scene());
    cluster.put(lonely("web"));
    assert_eq!(
        desk.write(&cluster, now()),
        ["store uid-golden", "store uid-web"]
    );
    assert_eq!(desk.write(&cluster, now()), nothing());
}

#[test]
fn a_restart_writes_nothing() {
    let (mut desk, mut cluster) = (Desk::open(), scene());
    cluster.put(lonely("web"));
    desk.write(&cluster, now());
    let mut restarted = Desk {
        server: desk.server,
        ..Desk::default()
    };
    assert_eq!(
        restarted.write(&cluster, now()),
        nothing(),
        "nothing was listed yet"
    );
    restarted.list();
    assert_eq!(restarted.write(&cluster, now()), nothing());
}

#[test]
fn only_the_report_of_what_changed_is_written_again() {
    let (mut desk, mut cluster) = (Desk::open(), scene());
    cluster.put(lonely("web")).put(lonely("other"));
    desk.write(&cluster, now());
    cluster.put_exception(excusing("web", &json!({})));
    assert_eq!(desk.write(&cluster, now()), ["store uid-web"]);
    for (at, written) in [
        ("2026-07-16T23:59:59Z", nothing()),
        ("2026-07-17T00:00:00Z", vec!["store uid-web".to_owned()]),
        ("2026-07-17T00:00:01Z", nothing()),
    ] {
        assert_eq!(desk.write(&cluster, instant(at)), written, "{at}");
    }
}

#[test]
fn an_edit_of_an_exception_or_of_a_path_reaches_the_reports() {
    let (mut desk, mut cluster) = (Desk::open(), scene());
    cluster.put(lonely("web"));
    cluster.put_exception(excusing("web", &json!({})));
    desk.write(&cluster, now());
    let reworded = json!({"reason": "two replicas would need a second licence"});
    let edited = json!({"metadata": {"generation": 2}});
    cluster.put_exception(with(excusing("web", &reworded), edited));
    assert_eq!(desk.write(&cluster, now()), ["store uid-web"]);
    let titled = json!({"checks": with(path(), json!({}))["checks"]});
    let mut titled = titled;
    titled["checks"][0]["title"] = "Two replicas".into();
    let _ = cluster.put_path("web", with(path(), titled));
    assert_eq!(desk.write(&cluster, now()), ["store uid-web"]);
    assert_eq!(desk.write(&cluster, now()), nothing());
}

#[test]
fn the_report_of_a_workload_that_is_gone_or_not_judged_any_more_is_removed() {
    let (mut desk, mut cluster) = (Desk::open(), scene());
    cluster.put(lonely("web"));
    desk.write(&cluster, now());
    cluster.0.remove_workload(&deployment_id("web"));
    assert_eq!(desk.write(&cluster, now()), ["remove uid-web"]);
    let scoped = json!({"scope": {"kinds": [{"group": "batch", "kind": "CronJob"}]}});
    let _ = cluster.put_path("web", with(path(), scoped));
    cluster.put(golden("golden"));
    assert_eq!(desk.write(&cluster, now()), ["remove uid-golden"]);
    assert_eq!(desk.write(&cluster, now()), nothing());
}

#[test]
fn a_namesake_gets_a_report_of_its_own() {
    let (mut desk, mut cluster) = (Desk::open(), scene());
    desk.write(&cluster, now());
    cluster.put(with(
        golden("golden"),
        json!({"metadata": {"uid": "uid-2"}}),
    ));
    assert_eq!(
        desk.write(&cluster, now()),
        ["remove uid-golden", "store uid-2"]
    );
}

/// A kind that may not be listed, or was not found yet, gives no information about its workloads.
#[test]
fn the_report_of_an_unlisted_workload_stays() {
    let (mut desk, cluster) = (Desk::open(), Cluster::with_web_path());
    let of = |kind: &str| StoredReport {
        uid: Some("uid".into()),
        digest: Some("some".into()),
        generation: Some(1),
        owner: Some(OwnerKind {
            group: "apps".into(),
            kind: kind.into(),
        }),
    };
    desk.server
        .insert(("shop".into(), "a".into()), of("Rollout"));
    desk.list();
    assert_eq!(desk.plan(&cluster, now()).writes, []);
    desk.server
        .insert(("shop".into(), "b".into()), of("StatefulSet"));
    desk.list();
    assert_eq!(desk.write(&cluster, now()), ["remove b"]);
}

#[test]
fn what_somebody_else_changed_or_deleted_is_put_right_once() {
    let (mut desk, cluster) = (Desk::open(), scene());
    desk.write(&cluster, now());
    let key = ("shop".to_owned(), "uid-golden".to_owned());
    let mut edited = desk.server[&key].clone();
    edited.generation = Some(2);
    desk.server.insert(key.clone(), edited);
    desk.list();
    assert_eq!(desk.write(&cluster, now()), ["store uid-golden"]);
    assert_eq!(desk.write(&cluster, now()), nothing());
    desk.server.remove(&key);
    desk.ledger.remove(&("shop".into(), "uid-golden".into()));
    assert_eq!(desk.write(&cluster, now()), ["store uid-golden"]);
    assert_eq!(desk.write(&cluster, now()), nothing());
}

#[test]
fn news_older_than_our_own_write_is_no_news() {
    let (mut desk, mut cluster) = (Desk::open(), scene());
    desk.write(&cluster, now());
    let key = ("shop".to_owned(), "uid-golden".to_owned());
    let before = desk.server[&key].clone();
    cluster.put(with(golden("golden"), json!({"spec": {"replicas": 1}})));
    assert_eq!(desk.write(&cluster, now()), ["store uid-golden"]);
    desk.ledger
        .put(("shop".into(), "uid-golden".into()), before);
    assert_eq!(desk.write(&cluster, now()), nothing());
}

#[test]
fn a_failed_write_is_tried_again_later_and_one_under_way_is_not_repeated() {
    let (mut desk, cluster) = (Desk::open(), scene());
    let plan = desk.plan(&cluster, now());
    assert_eq!(desk.plan(&cluster, now()).writes, [], "it is under way");
    desk.ledger
        .ended(&plan.writes[0], WriteResult::Failed, now());
    let held_back = desk.plan(&cluster, now());
    assert_eq!(held_back.writes, []);
    let again_at = held_back.again_at.unwrap();
    assert!(again_at > now());
    assert_eq!(desk.write(&cluster, again_at), ["store uid-golden"]);
}

#[test]
fn a_plan_is_limited_and_reports_that_there_is_more() {
    let (mut desk, mut cluster) = (Desk::open(), scene());
    for number in 0..5 {
        cluster.put(lonely(&format!("web-{number}")));
    }
    let mut written = HashSet::new();
    for (length, has_more) in [(4, true), (2, false), (0, false)] {
        let plan = desk.plan_some(&cluster, now(), 4);
        assert_eq!((plan.writes.len(), plan.has_more), (length, has_more));
        for write in &plan.writes {
            assert!(written.insert(desk.land(write, now())));
        }
    }
}
