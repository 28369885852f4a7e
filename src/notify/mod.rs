//! Sends messages to chats, and events to a CDEvents sink, over HTTP, one attempt at a time, and returns
//! the outcome. `assess` plans reminders, `cluster` decides when to send and records what was sent. An
//! address comes from the operator's configuration alone and is never logged.

mod attempt;
mod backoff;
mod cdevents;
mod config;
mod endpoint;
mod error;
mod response;
mod webhook;
mod wins;

pub use cdevents::{CdEventsSink, SinkAddress, SinkSettings};
pub use config::{Config, WinsChannels};
pub use error::{Error, Result};
pub use webhook::WebhookSender;
pub use wins::send_wins;
