//! Labels of workloads: the one kind of write that is planned in the urgent lane. A change of state
//! is counted and queued as an Event with the plan that found it, whether the labels land or not.

use futures::future::BoxFuture;
use jiff::Timestamp;

use super::apply::{ApiWriter, WriteOutcome, WriteTarget};
use super::lanes::{Lane, WriteJob};
use crate::api::keys;
use crate::assess::planner::labels::LabelWrite;
use crate::cluster::client::stored::resource_of;
use crate::cluster::context::Context;
use crate::cluster::counters::WriteVerb;
use crate::cluster::event_queue::EventTrigger;

/// Plans at most `limit` labels; `None` where no workload has to be judged.
pub fn plan(context: &Context, limit: usize) -> Option<Vec<LabelWrite>> {
    let now = Timestamp::now();
    let plan = {
        let mut facts = context.inventory();
        let planner = &mut context.planners().labels;
        if !planner.has_work(&facts, now) {
            return None;
        }
        planner.plan(&mut facts, now, limit)
    };
    for transition in plan.transitions {
        context.counters.changed(&transition);
        context.record_event(EventTrigger::Transition(Box::new(transition)));
    }
    Some(plan.labels)
}

/// Whether a plan would judge anything now.
pub fn is_due(context: &Context) -> bool {
    let facts = context.inventory();
    context.planners().labels.has_work(&facts, Timestamp::now())
}

impl WriteJob for LabelWrite {
    fn lane(&self) -> Lane {
        Lane::Urgent
    }

    fn verb(&self) -> WriteVerb {
        WriteVerb::Label
    }

    fn subject(&self) -> String {
        self.id.to_string()
    }

    fn send<'a>(&'a mut self, api: &'a ApiWriter) -> BoxFuture<'a, WriteOutcome> {
        Box::pin(api.label_workload(self))
    }

    fn ended(self: Box<Self>, context: &Context, outcome: WriteOutcome, now: Timestamp) {
        let (mut facts, mut planners) = (context.inventory(), context.planners());
        let result = outcome.for_planner();
        planners.labels.ended(&mut facts, &self, result, now);
    }
}

impl ApiWriter {
    /// Makes a workload carry exactly the wanted keys.
    async fn label_workload(&self, write: &LabelWrite) -> WriteOutcome {
        let target = WriteTarget {
            resource: resource_of(&write.id.kind),
            namespace: Some(&write.id.namespace),
            name: &write.id.name,
            uid: write.uid.as_deref(),
        };
        let wanted = write.wanted.present().collect();
        self.label(&target, &wanted, &keys::OWN_LABELS).await
    }
}
