//! Statuses of our custom resources: one request for all, applied whole. An exception that entered
//! another phase is queued as an Event with the plan that found it.

use futures::future::BoxFuture;
use jiff::Timestamp;
use kube::api::Patch;
use kube::core::ApiResource;
use serde::Serialize;
use serde_json::json;

use super::apply::{ApiWriter, WriteOutcome, WriteTarget, params};
use super::lanes::{Lane, SlowPlan, WriteJob, jobs};
use crate::api::{
    API_VERSION, DeveloperSurvey, DeviationException, GoldenPath, Persona, PlatformObjective,
    RoadmapItem,
};
use crate::assess::goal_objects::GoalKind;
use crate::assess::planner::statuses::{Owned, StatusWrite, StoredStatus};
use crate::cluster::context::Context;
use crate::cluster::counters::WriteVerb;
use crate::cluster::event_queue::EventTrigger;
use crate::cluster::snapshots::View;

/// Plans the statuses to write.
pub fn plan(context: &Context, view: &View) -> SlowPlan {
    let (facts, counts) = (&view.inventory, &view.contributions);
    let mut planners = context.planners();
    let plan = planners.plan_statuses(facts, counts, &view.register, view.now);
    drop(planners);
    context.inventory().forget_faults(&plan.faults);
    let mut writes = jobs(plan.exceptions);
    writes.extend(jobs(plan.paths));
    writes.extend(jobs(plan.goals));
    SlowPlan {
        writes,
        events: plan.phases.into_iter().map(EventTrigger::Phase).collect(),
        again_at: plan.again_at,
        has_more: plan.has_more,
    }
}

impl<S: StoredStatus + Serialize + Send + Sync + 'static> WriteJob for StatusWrite<S> {
    fn lane(&self) -> Lane {
        Lane::Slow
    }

    fn verb(&self) -> WriteVerb {
        WriteVerb::Status
    }

    fn subject(&self) -> String {
        match &self.of {
            Owned::Path(name) => format!("GoldenPath/{name}"),
            Owned::Exception(namespace, name) => format!("{namespace}/DeviationException/{name}"),
            Owned::Goal(kind, name) => format!("{}/{name}", kind.as_str()),
        }
    }

    fn send<'a>(&'a mut self, api: &'a ApiWriter) -> BoxFuture<'a, WriteOutcome> {
        Box::pin(api.status(self))
    }

    fn ended(self: Box<Self>, context: &Context, outcome: WriteOutcome, now: Timestamp) {
        let (mut facts, mut planners) = (context.inventory(), context.planners());
        let planner = &mut planners.statuses;
        planner.ended(&mut facts, *self, outcome.for_planner(), now);
    }
}

impl ApiWriter {
    /// Applies the status of an object of ours.
    async fn status<S: Serialize + Sync>(&self, write: &StatusWrite<S>) -> WriteOutcome {
        let (resource, namespace, name) = match &write.of {
            Owned::Path(name) => (ApiResource::erase::<GoldenPath>(&()), None, name),
            Owned::Exception(namespace, name) => (
                ApiResource::erase::<DeviationException>(&()),
                Some(&**namespace),
                name,
            ),
            Owned::Goal(kind, name) => (resource_of_goal(*kind), None, name),
        };
        let target = WriteTarget {
            resource,
            namespace,
            name,
            uid: write.uid.as_deref(),
        };
        let body = json!({
            "apiVersion": API_VERSION,
            "kind": target.resource.kind,
            "metadata": target.metadata(),
            "status": write.status,
        });
        let requests = target.requests();
        let request =
            requests.patch_subresource("status", target.name, &params(), &Patch::Apply(&body));
        self.send(request).await.0
    }
}

fn resource_of_goal(kind: GoalKind) -> ApiResource {
    match kind {
        GoalKind::Objective => ApiResource::erase::<PlatformObjective>(&()),
        GoalKind::Survey => ApiResource::erase::<DeveloperSurvey>(&()),
        GoalKind::RoadmapItem => ApiResource::erase::<RoadmapItem>(&()),
        GoalKind::Persona => ApiResource::erase::<Persona>(&()),
    }
}
