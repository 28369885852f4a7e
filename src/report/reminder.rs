//! Sentences of reminders: for each item its state, the next action and the alternative, with
//! commands to copy. Slack blocks and JSON use them. Must not decide what is due, or for whom.

use jiff::Timestamp;

use crate::api::text::truncate;
use crate::assess::reminders::{MessageItem, ReminderMessage, ReminderStage};
use crate::report::terminal::plain::plain;
use crate::report::voice::{ago, counted, day, shell_word};

pub mod announcement;
mod digest;
mod document;
mod slack;

pub(crate) use digest::{Digest, render};
pub use document::document;
pub use slack::slack;

/// Longest quote of a user's text, in characters.
const QUOTED: usize = 160;
/// Longest name shown, in characters.
const NAMED: usize = 80;

/// The sentences about one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sentences {
    pub state: String,
    /// The next action.
    pub next: Action,
    /// The alternative.
    pub otherwise: Action,
}

/// An action with its command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Action {
    /// What the command does.
    pub text: &'static str,
    /// The command to copy.
    pub command: String,
}

/// The sentences about one item.
pub(crate) fn sentences(item: &MessageItem, as_of: Timestamp) -> Sentences {
    let commands = Commands(item);
    let (next, otherwise) = match item.stage {
        ReminderStage::DecisionWaiting => (
            Action::new("Agree", commands.of("approve", "")),
            Action::new("Or say why not", commands.of("reject", " --note \"…\"")),
        ),
        ReminderStage::RenewalWaiting => (
            Action::new("Go on", commands.of("renew", "")),
            Action::new("Or end it", commands.of("close", "")),
        ),
        ReminderStage::ItemShipped => (
            Action::new("Return to the path and close it", commands.of("close", "")),
            Action::new(
                "Or, where it does not help you, say what is missing",
                commands.of("request-renewal", " --because \"…\""),
            ),
        ),
        ReminderStage::ReviewDue | ReminderStage::ReviewOverdue | ReminderStage::Expired => {
            let request = commands.of("request-renewal", " --because \"…\"");
            let close = commands.of("close", "");
            if is_done_with(item) {
                (
                    Action::new("Close it", close),
                    Action::new("Or, where it is needed after all, ask to go on", request),
                )
            } else {
                (
                    Action::new("Still needed? Ask to go on", request),
                    Action::new("Or return to the path and close it", close),
                )
            }
        }
    };
    Sentences {
        state: state(item, as_of),
        next,
        otherwise,
    }
}

/// Whether the exception is no longer needed, as far as known.
fn is_done_with(item: &MessageItem) -> bool {
    item.facts.needed == Some(false) || !item.facts.usage.is_in_use()
}

fn state(item: &MessageItem, as_of: Timestamp) -> String {
    let facts = &item.facts;
    let on = |at: Option<Timestamp>| at.map_or_else(|| "soon".to_owned(), |at| day(at, as_of));
    let use_of_it = if facts.needed == Some(false) {
        "; its workloads pass the excepted checks"
    } else if facts.usage.is_in_use() {
        ""
    } else {
        "; no workload uses it now"
    };
    match item.stage {
        ReminderStage::ReviewDue => {
            let review = facts
                .review
                .filter(|review| Some(*review) < facts.ends)
                .map_or_else(String::new, |at| format!(" by {}", day(at, as_of)));
            let ends = on(facts.ends);
            format!("exception approved until {ends}, needs a review{review}{use_of_it}")
        }
        ReminderStage::ReviewOverdue => overdue(item, as_of) + use_of_it,
        ReminderStage::Expired => {
            let answer = if facts.renewal_asked.is_some() {
                "; you requested a renewal, waiting for the platform team"
            } else {
                use_of_it
            };
            format!(
                "exception expired {}: renew it or return to the path{answer}",
                on(facts.ends)
            )
        }
        ReminderStage::ItemShipped => {
            let title = facts.shipped.as_deref().unwrap_or("a roadmap item");
            let shipped = day(item.decision_at, as_of);
            format!(
                "“{}”, which your exception waits for, shipped {shipped}{use_of_it}",
                cut(title, QUOTED)
            )
        }
        ReminderStage::RenewalWaiting => {
            let when = facts.renewal_asked.unwrap_or(item.decision_at);
            asked(item, "requested a renewal", &ago(when, as_of))
        }
        ReminderStage::DecisionWaiting => asked(
            item,
            "requested an exception",
            &ago(item.decision_at, as_of),
        ),
    }
}

/// Overdue by date, or because the workload has changed since the approval.
fn overdue(item: &MessageItem, as_of: Timestamp) -> String {
    let facts = &item.facts;
    let until = facts
        .ends
        .map_or_else(String::new, |at| format!(", expires {}", day(at, as_of)));
    match facts.review.filter(|review| *review <= as_of) {
        Some(at) => format!("exception review overdue since {}{until}", day(at, as_of)),
        None => format!("exception approved, its workload has changed since the approval{until}"),
    }
}

fn asked(item: &MessageItem, what: &str, when: &str) -> String {
    let facts = &item.facts;
    let team = cut(&facts.team, NAMED);
    let by = facts
        .asked_by
        .as_deref()
        .filter(|by| *by != facts.team)
        .map_or_else(String::new, |by| format!(" ({})", cut(by, NAMED)));
    let words = cut(&facts.words, QUOTED);
    format!("team {team}{by} {what} {when}, waiting for you: “{words}”")
}

/// Short status of an item, for lists.
pub(super) const fn in_short(stage: ReminderStage) -> &'static str {
    match stage {
        ReminderStage::Expired => "expired: renew it or return to the path",
        ReminderStage::ReviewOverdue => "approved, review overdue",
        ReminderStage::ReviewDue => "approved, needs a review",
        ReminderStage::ItemShipped => "what it waits for shipped",
        ReminderStage::RenewalWaiting => "renewal requested, waiting for you",
        ReminderStage::DecisionWaiting => "requested, waiting for you",
    }
}

/// The message in one line.
fn title(message: &ReminderMessage) -> String {
    let waiting = message
        .items
        .iter()
        .filter(|i| i.stage.is_for_approver())
        .count();
    let own = message.items.len() - waiting;
    let look = |verb| format!("{} {verb}", counted(own, "exception"));
    let decide = format!("{} for a decision", counted(waiting, "request"));
    let what = match (own, waiting) {
        (_, 0) => look("to review"),
        (0, _) => decide,
        _ => format!("{}, {decide}", look("to review")),
    };
    let whom = if message.dry_run {
        "dry run".to_owned()
    } else {
        format!("team {}", cut(&message.owner.team, NAMED))
    };
    format!("Golden paths, {whom}: {what}")
}

/// The first sentence of the message.
fn opening(message: &ReminderMessage) -> &'static str {
    if message.dry_run {
        "Dry run: owners get these reminders once it is over. Until then only this channel does."
    } else {
        "Exceptions that are never reviewed become permanent. Each reminder is sent once."
    }
}

/// The sentence that counts the items left for the next message, if any.
fn closing(message: &ReminderMessage) -> Option<String> {
    let more = message.more;
    let verb = if more == 1 { "is" } else { "are" };
    (more > 0).then(|| format!("{more} more {verb} due and will be in the next message."))
}

impl Action {
    fn new(text: &'static str, command: String) -> Self {
        Self { text, command }
    }
}

/// Commands about one exception.
struct Commands<'a>(&'a MessageItem);

impl Commands<'_> {
    fn of(&self, verb: &str, more: &str) -> String {
        let (name, namespace) = (shell_word(&self.0.name), shell_word(&self.0.namespace));
        format!("kubectl goldenpath {verb} {name} -n {namespace}{more}")
    }
}

/// A user's text on one line of limited length.
fn cut(words: &str, longest: usize) -> String {
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    plain(&truncate(&line, longest)).into_owned()
}
