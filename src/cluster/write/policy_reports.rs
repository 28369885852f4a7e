//! Stores and removes policy reports: two requests. What to write, and when, is planned by the
//! ledger; the format and our stored reports are followed in `watch::policy_reports`.

use kube::api::{DeleteParams, Patch, PatchParams, Preconditions};
use kube::core::{Request as Requests, Resource as _};

use super::apply::{ApiWriter, WriteOutcome};
use crate::api::keys::FIELD_MANAGER;
use crate::assess::planner::policy_reports::{ReportAct, ReportWrite};
use crate::cluster::client::stored::{Stored, resource_of_format};
use crate::report::policy_report::Format;

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
