//! Rollouts on their way to the CDEvents sink: a bounded queue that never blocks a write. What does not
//! fit is dropped.

use tokio::sync::mpsc;

use crate::api::delivery_record::{Rollout, TemplateHashes};
use crate::assess::delivery::tallies::newly_available;
use crate::assess::object::kind::WorkloadId;
use crate::assess::planner::delivery::Recorded;

/// The most rollouts that may wait: those of a large fleet while the sink is away for hours.
const CAPACITY: usize = 4_096;

/// A rollout that is stored as available.
#[derive(Debug)]
pub struct QueuedRollout {
    /// The workload.
    pub of: WorkloadId,
    /// Uid of its record.
    pub uid: String,
    /// Its template, if it is the one that is available.
    pub template: Option<TemplateHashes>,
    /// The rollout.
    pub rollout: Rollout,
}

/// The sending end of the queue; by default it takes nothing.
#[derive(Clone, Debug, Default)]
pub struct DeliveryEvents(Option<mpsc::Sender<QueuedRollout>>);

impl DeliveryEvents {
    /// A queue and its receiving end.
    pub fn new() -> (Self, mpsc::Receiver<QueuedRollout>) {
        let (sender, receiver) = mpsc::channel(CAPACITY);
        (Self(Some(sender)), receiver)
    }

    /// Queues the rollouts that a stored status shows as available. Returns how many did not fit.
    #[must_use]
    pub fn push(&self, recorded: &Recorded) -> usize {
        let (Some(sender), Some(uid)) = (&self.0, &recorded.uid) else {
            return 0;
        };
        let mark = recorded.after.mark.as_ref();
        let template = |number| {
            let mark = mark.filter(|mark| mark.rollout == Some(number))?;
            mark.available.clone()
        };
        newly_available(recorded.before.as_ref(), &recorded.after)
            .map(|rollout| QueuedRollout {
                of: recorded.of.clone(),
                uid: uid.to_string(),
                template: template(rollout.number),
                rollout: rollout.clone(),
            })
            .filter_map(|queued| sender.try_send(queued).err())
            .count()
    }
}
