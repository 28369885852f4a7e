//! Creates delivery records and stores their statuses: two requests. `assess::planner::delivery` decides
//! what to write and when. A record is created with an owner reference, so that it goes with its workload.

use futures::future::BoxFuture;
use jiff::Timestamp;
use kube::api::Patch;
use kube::core::ApiResource;
use serde_json::json;

use super::apply::{ApiWriter, WriteOutcome, WriteTarget, params};
use super::lanes::{Lane, SlowPlan, WriteJob, jobs};
use crate::api::{API_VERSION, DeliveryRecord};
use crate::assess::planner::delivery::{RecordAct, RecordWrite};
use crate::cluster::context::Context;
use crate::cluster::counters::WriteVerb;
use crate::cluster::snapshots::View;

/// Records planned in one round: about as many as an API server stores between two rounds.
const RECORDS_A_ROUND: usize = 1_000;

/// Plans the records to write.
pub fn plan(context: &Context, _: &View) -> SlowPlan {
    if context.judging().delivery.is_none() {
        return SlowPlan::default();
    }
    // Not from the view: a status is stored over the latest version.
    let facts = context.inventory();
    let now = Timestamp::now();
    let plan = context
        .planners()
        .delivery
        .plan(&facts, now, RECORDS_A_ROUND);
    SlowPlan {
        writes: jobs(plan.writes),
        again_at: plan.again_at,
        has_more: plan.has_more,
        ..SlowPlan::default()
    }
}

/// The statuses that are not stored yet, for a stopping operator.
pub fn flush(context: &Context) -> Vec<Box<dyn WriteJob>> {
    if context.judging().delivery.is_none() {
        return Vec::new();
    }
    let facts = context.inventory();
    let now = Timestamp::now();
    jobs(context.planners().delivery.flush(&facts, now))
}

impl WriteJob for RecordWrite {
    fn lane(&self) -> Lane {
        Lane::Slow
    }

    fn verb(&self) -> WriteVerb {
        WriteVerb::Record
    }

    fn subject(&self) -> String {
        format!("{}/DeliveryRecord/{}", self.of.namespace, self.name)
    }

    fn send<'a>(&'a mut self, api: &'a ApiWriter) -> BoxFuture<'a, WriteOutcome> {
        Box::pin(api.delivery_record(self))
    }

    fn ended(self: Box<Self>, context: &Context, outcome: WriteOutcome, now: Timestamp) {
        let (mut facts, mut planners) = (context.inventory(), context.planners());
        let planner = &mut planners.delivery;
        let recorded = planner.ended(&mut facts, *self, outcome.for_planner(), now);
        drop(planners);
        if let Some(recorded) = &recorded {
            context.count_rollouts(&facts, recorded, now);
        }
        drop(facts);
        if let Some(recorded) = &recorded {
            context.publish(recorded);
        }
        context.observed.notify_one();
    }

    fn plan_schedules_retry(&self) -> bool {
        true
    }
}

impl ApiWriter {
    /// Creates a record, or stores its status over the version that it was computed from.
    async fn delivery_record(&self, write: &RecordWrite) -> WriteOutcome {
        let uid = match &write.act {
            RecordAct::Create { .. } => None,
            RecordAct::Store { before, .. } => before.uid.as_deref(),
        };
        let target = WriteTarget {
            resource: ApiResource::erase::<DeliveryRecord>(&()),
            namespace: Some(&write.of.namespace),
            name: &write.name,
            uid,
        };
        let mut metadata = target.metadata();
        let requests = target.requests();
        let request = match &write.act {
            RecordAct::Create { owner, workload } => {
                let owner = json!({
                    "apiVersion": write.of.kind.api_version(),
                    "kind": workload.kind,
                    "name": workload.name,
                    "uid": owner,
                });
                metadata.insert("ownerReferences".to_owned(), json!([owner]));
                let body = json!({
                    "apiVersion": API_VERSION,
                    "kind": target.resource.kind,
                    "metadata": metadata,
                    "spec": {"workload": workload},
                });
                requests.patch(target.name, &params(), &Patch::Apply(&body))
            }
            RecordAct::Store {
                version, status, ..
            } => {
                let version = version.map(|version| version.to_string().into());
                metadata.extend(version.map(|version| ("resourceVersion".to_owned(), version)));
                let body = json!({
                    "apiVersion": API_VERSION,
                    "kind": target.resource.kind,
                    "metadata": metadata,
                    "status": status,
                });
                requests.patch_subresource("status", target.name, &params(), &Patch::Apply(&body))
            }
        };
        self.send(request).await.0
    }
}
