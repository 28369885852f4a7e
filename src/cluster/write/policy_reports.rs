//! Stores and removes policy reports: two requests. `assess::planner::policy_reports` decides what to
//! write and when; `watch::policy_reports` finds the format and follows our stored reports.

use futures::future::BoxFuture;
use jiff::Timestamp;
use kube::api::{DeleteParams, Patch, PatchParams, Preconditions};
use kube::core::{Request as Requests, Resource as _};

use super::apply::{ApiWriter, WriteOutcome};
use super::lanes::{Lane, SlowPlan, WriteJob, jobs};
use crate::api::keys::FIELD_MANAGER;
use crate::assess::planner::policy_reports::{ReportAct, ReportWrite};
use crate::cluster::client::stored::{Stored, resource_of_format};
use crate::cluster::context::Context;
use crate::cluster::counters::WriteVerb;
use crate::cluster::snapshots::View;
use crate::report::policy_report::Format;

/// A report to write, and in which format.
struct ReportJob {
    write: ReportWrite,
    format: Format,
}

/// Plans the reports to write; none before their format is known.
pub fn plan(context: &Context, view: &View) -> SlowPlan {
    let Some(format) = context.reports.format() else {
        return SlowPlan::default();
    };
    let plan = context.reports.plan(&view.inventory, view.now);
    SlowPlan {
        writes: jobs(
            plan.writes
                .into_iter()
                .map(|write| ReportJob { write, format }),
        ),
        again_at: plan.again_at,
        has_more: plan.has_more,
        ..SlowPlan::default()
    }
}

impl WriteJob for ReportJob {
    fn lane(&self) -> Lane {
        Lane::Slow
    }

    fn verb(&self) -> WriteVerb {
        WriteVerb::Report
    }

    fn subject(&self) -> String {
        let (namespace, name) = &self.write.key;
        format!("{namespace}/{}/{name}", self.format.kind())
    }

    fn send<'a>(&'a mut self, api: &'a ApiWriter) -> BoxFuture<'a, WriteOutcome> {
        Box::pin(api.policy_report(&self.write, self.format))
    }

    fn ended(self: Box<Self>, context: &Context, outcome: WriteOutcome, now: Timestamp) {
        let mut ledger = context.reports.ledger();
        ledger.ended(&self.write, outcome.for_planner(), now);
    }

    fn plan_schedules_retry(&self) -> bool {
        true
    }
}

impl ApiWriter {
    /// Stores or removes a report of ours. A landed write carries the report's generation.
    pub async fn policy_report(&self, write: &ReportWrite, format: Format) -> WriteOutcome {
        let (namespace, name) = &write.key;
        let resource = resource_of_format(format);
        let requests = Requests::new(Stored::url_path(&resource, Some(namespace)));
        let request = match &write.act {
            ReportAct::Store(rendered) => {
                let params = PatchParams::apply(FIELD_MANAGER).force();
                requests.patch(name, &params, &Patch::Apply(&rendered.object))
            }
            ReportAct::Remove(uid) => {
                let preconditions = Preconditions {
                    uid: uid.as_deref().map(str::to_owned),
                    resource_version: None,
                };
                requests.delete(name, &DeleteParams::default().preconditions(preconditions))
            }
        };
        let (outcome, after) = self.send(request).await;
        match outcome {
            WriteOutcome::Landed(_) => WriteOutcome::Landed(after.generation),
            WriteOutcome::Gone
            | WriteOutcome::PushedBack(_)
            | WriteOutcome::Failed(_)
            | WriteOutcome::NotLeading => outcome,
        }
    }
}
