//! Received incidents on their way to the records of their workloads. The listener waits for the answer:
//! an incident whose record could not be written goes back to its sender, which sends it again.

use std::sync::{Mutex, PoisonError};

use tokio::sync::{mpsc, oneshot};

use crate::assess::delivery::IncidentReport;
use crate::assess::delivery::event::{IncidentOutcome, ReportedIncident, SeenIncidents};
use crate::assess::object::kind::WorkloadId;

/// The most incidents that may wait.
const CAPACITY: usize = 256;

/// An incident, and who waits for its record. Dropped without an answer, it was not recorded.
#[derive(Debug)]
pub struct QueuedIncident {
    /// The workload.
    pub workload: WorkloadId,
    /// What is reported.
    pub report: IncidentReport,
    answer: oneshot::Sender<IncidentOutcome>,
}

impl QueuedIncident {
    /// Whether its sender no longer waits.
    pub fn is_abandoned(&self) -> bool {
        self.answer.is_closed()
    }

    /// The record has it.
    pub fn answer(self, outcome: IncidentOutcome) {
        // A sender that gave up sends it again, as a duplicate.
        let _ = self.answer.send(outcome);
    }
}

/// The sending end of the queue; by default it leads nowhere, and nothing is recorded.
#[derive(Debug, Default)]
pub struct IncidentQueue {
    sender: Option<mpsc::Sender<QueuedIncident>>,
    seen: Mutex<SeenIncidents>,
}

impl IncidentQueue {
    /// A queue and its receiving end.
    pub fn new() -> (Self, mpsc::Receiver<QueuedIncident>) {
        let (sender, receiver) = mpsc::channel(CAPACITY);
        let queue = Self {
            sender: Some(sender),
            seen: Mutex::default(),
        };
        (queue, receiver)
    }

    /// Fills in what earlier reports of the same incident stated.
    pub fn complete(&self, incident: ReportedIncident) -> ReportedIncident {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.complete(incident)
    }

    /// Waits until the record has the report; `None` where it could not be recorded.
    pub async fn record(
        &self,
        workload: WorkloadId,
        report: IncidentReport,
    ) -> Option<IncidentOutcome> {
        let (answer, recorded) = oneshot::channel();
        let queued = QueuedIncident {
            workload,
            report,
            answer,
        };
        self.sender.as_ref()?.send(queued).await.ok()?;
        recorded.await.ok()
    }
}
