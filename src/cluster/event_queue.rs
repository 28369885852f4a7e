//! The triggers of Events, and the bounded queue that carries them to the recorder in `write::events`. A
//! trigger that does not fit is dropped: Events are a courtesy, labels are the record.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::api::previous::Previous;
use crate::assess::exception::record::Exception;
use crate::assess::planner::labels::Transition;
use crate::assess::planner::statuses::PhaseChange;
use crate::assess::reminders::MessageItem;

/// The most triggers that may wait.
const CAPACITY: usize = 1_024;

/// A change to write an Event about.
#[derive(Debug)]
pub enum EventTrigger {
    /// A workload's state changed.
    Transition(Box<Transition>),
    /// An exception entered another phase.
    Phase(PhaseChange),
    /// A reminder was sent or refused.
    Reminder(Box<SentReminder>),
    /// An exception was deleted.
    ExceptionDeleted {
        /// Its namespace.
        namespace: String,
        /// The whole exception.
        exception: Box<Exception>,
    },
    /// An exception was created under the name of a deleted one.
    ExceptionRecreated {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: Arc<str>,
        /// Its uid.
        uid: Option<Box<str>>,
        /// The history of the deleted one.
        previous: Previous,
    },
}

/// A reminder that a channel accepted or refused.
#[derive(Debug)]
pub struct SentReminder {
    /// The item of the message.
    pub item: MessageItem,
    /// The channel.
    pub channel: Arc<str>,
    /// Why the channel refused it.
    pub refused: Option<String>,
}

/// The sending end of the queue.
#[derive(Clone, Debug)]
pub struct EventQueue(mpsc::Sender<EventTrigger>);

impl EventQueue {
    /// A queue and its receiving end.
    pub fn new() -> (Self, mpsc::Receiver<EventTrigger>) {
        let (sender, receiver) = mpsc::channel(CAPACITY);
        (Self(sender), receiver)
    }

    /// Queues one Event. False where the queue is full or closed.
    #[must_use]
    pub fn push(&self, trigger: EventTrigger) -> bool {
        self.0.try_send(trigger).is_ok()
    }
}
