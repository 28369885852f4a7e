//! Labels of Kubernetes Services. A round takes only a few: each of these writes makes the API server
//! write the EndpointSlices of the Service again.

use futures::future::BoxFuture;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Service;
use kube::core::ApiResource;

use super::apply::{ApiWriter, WriteOutcome, WriteTarget};
use super::lanes::{Lane, SlowPlan, WriteJob, jobs};
use crate::api::keys;
use crate::assess::planner::service_labels::ServiceWrite;
use crate::cluster::context::Context;
use crate::cluster::counters::WriteVerb;
use crate::cluster::snapshots::View;

/// The most Services in one round.
const SERVICES_A_ROUND: usize = 20;

/// Plans the labels of Services.
pub fn plan(context: &Context, view: &View) -> SlowPlan {
    let planner = &mut context.planners().service_labels;
    let writes = planner.plan(&view.inventory, view.now, SERVICES_A_ROUND);
    SlowPlan {
        has_more: writes.len() == SERVICES_A_ROUND,
        writes: jobs(writes),
        ..SlowPlan::default()
    }
}

impl WriteJob for ServiceWrite {
    fn lane(&self) -> Lane {
        Lane::Slow
    }

    fn verb(&self) -> WriteVerb {
        WriteVerb::ServiceLabel
    }

    fn subject(&self) -> String {
        format!("{}/Service/{}", self.namespace, self.name)
    }

    fn send<'a>(&'a mut self, api: &'a ApiWriter) -> BoxFuture<'a, WriteOutcome> {
        Box::pin(api.label_service(self))
    }

    fn ended(self: Box<Self>, context: &Context, outcome: WriteOutcome, now: Timestamp) {
        let (mut facts, mut planners) = (context.inventory(), context.planners());
        let planner = &mut planners.service_labels;
        planner.ended(&mut facts, &self, outcome.for_planner(), now);
    }
}

impl ApiWriter {
    /// Makes a Kubernetes Service carry the wanted status, or none.
    async fn label_service(&self, write: &ServiceWrite) -> WriteOutcome {
        let target = WriteTarget {
            resource: ApiResource::erase::<Service>(&()),
            namespace: Some(&write.namespace),
            name: &write.name,
            uid: write.uid.as_deref(),
        };
        let status = write.wanted.map(|status| (keys::STATUS, status.as_str()));
        self.label(&target, &status.into_iter().collect(), &[keys::STATUS])
            .await
    }
}
