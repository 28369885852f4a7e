//! Hands messages to chats and other receivers over HTTP, and says how that ended. What is due is
//! decided in the core, who may send and what is remembered by the cluster's side. Where a channel
//! leads is known from the operator's configuration alone, and never logged.

mod answer;
mod client;
mod config;
mod endpoint;
mod error;
mod pause;
mod post;

pub use client::{Body, HttpClient, NoAnswer, PATIENCE, read_text};
pub use config::Config;
pub use error::{Error, Result};
pub use post::Post;
