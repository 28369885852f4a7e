//! Records received incidents. Each waits until the stored record of its workload has it; only then its
//! sender gets an answer. When this replica no longer leads, all go back to their senders.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

use super::context::Context;
use super::incidents::QueuedIncident;
use crate::assess::delivery::event::IncidentOutcome;
use crate::assess::planner::delivery::Reported;

/// Time between two comparisons with the stored records.
const COMPARE_EVERY: Duration = Duration::from_millis(200);
/// Incidents that wait for their records; more wait in the queue.
const MOST: usize = 1_024;

/// Records until the task is aborted.
pub async fn run(mut incidents: mpsc::Receiver<QueuedIncident>, context: Arc<Context>) {
    let mut waiting: Vec<QueuedIncident> = Vec::new();
    let mut compare = interval(COMPARE_EVERY);
    compare.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            Some(incident) = incidents.recv(), if waiting.len() < MOST => {
                waiting.extend(advance(&context, incident, IncidentOutcome::Duplicate));
            }
            _ = compare.tick() => {
                let compared = std::mem::take(&mut waiting).into_iter();
                waiting = compared
                    .filter_map(|incident| advance(&context, incident, IncidentOutcome::Recorded))
                    .collect();
            }
        }
    }
}

/// Answers an incident that is stored with `outcome`; else adds it to the record again.
fn advance(
    context: &Context,
    incident: QueuedIncident,
    outcome: IncidentOutcome,
) -> Option<QueuedIncident> {
    if incident.is_abandoned() || !context.leadership.holds() {
        return None;
    }
    let facts = context.inventory();
    let mut planners = context.planners();
    let (id, report) = (&incident.workload, &incident.report);
    let now = Timestamp::now();
    let reported = planners.delivery.report(&facts, id, report, now);
    drop(planners);
    drop(facts);
    match reported {
        Reported::Stored => {
            incident.answer(outcome);
            return None;
        }
        Reported::Pending => context.changed.notify_one(),
        // It is reported again after the next look at the workload.
        Reported::Behind => context.observed.notify_one(),
    }
    Some(incident)
}
