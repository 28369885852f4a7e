//! Sends messages to chats and other receivers over HTTP, one attempt at a time, and returns the
//! outcome. `assess` plans reminders, `cluster` decides when to send and records what was sent. The
//! address of a channel comes from the operator's configuration alone and is never logged.

mod backoff;
mod client;
mod config;
mod endpoint;
mod error;
mod response;
mod webhook;

pub use client::{Body, HttpClient, NoAnswer, PATIENCE, read_text};
pub use config::Config;
pub use error::{Error, Result};
pub use webhook::WebhookSender;
