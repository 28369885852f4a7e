//! What the writer knows of a write: its lane, its verb, how to send it, and how to end it. Each kind
//! of write implements [`WriteJob`] beside its request, in a file of its own. No kind is named here.

use futures::future::BoxFuture;
use jiff::Timestamp;

use super::apply::{ApiWriter, WriteOutcome};
use crate::cluster::context::Context;
use crate::cluster::counters::WriteVerb;
use crate::cluster::event_queue::EventTrigger;

/// How urgent a write is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Sent as soon as the server allows: labels of workloads and reminder records.
    Urgent,
    /// Sent a few at a time: everything else.
    Slow,
}

/// One write on its way to the API server.
pub trait WriteJob: Send {
    /// How urgent it is.
    fn lane(&self) -> Lane;

    /// What it does, for metrics and logs.
    fn verb(&self) -> WriteVerb;

    /// The object, as `namespace/kind/name`, for logs.
    fn subject(&self) -> String;

    /// Makes one attempt, which ends by itself.
    fn send<'a>(&'a mut self, api: &'a ApiWriter) -> BoxFuture<'a, WriteOutcome>;

    /// Reports the outcome to the planner or the sender of this write.
    fn ended(self: Box<Self>, context: &Context, outcome: WriteOutcome, now: Timestamp);

    /// Whether the next plan returns the instant of the retry after a failure. The writer plans again
    /// for some minutes where it does not.
    fn plan_schedules_retry(&self) -> bool {
        false
    }
}

/// What one planner of the slow lane wants.
#[derive(Default)]
pub struct SlowPlan {
    /// The writes that are due, in this order.
    pub writes: Vec<Box<dyn WriteJob>>,
    /// Events about what the planner noticed.
    pub events: Vec<EventTrigger>,
    /// When a write that has to wait is due.
    pub again_at: Option<Timestamp>,
    /// More is due than one round takes.
    pub has_more: bool,
}

/// Boxes writes of one kind.
pub fn jobs<J: WriteJob + 'static>(writes: impl IntoIterator<Item = J>) -> Vec<Box<dyn WriteJob>> {
    writes
        .into_iter()
        .map(|write| Box::new(write) as Box<dyn WriteJob>)
        .collect()
}
