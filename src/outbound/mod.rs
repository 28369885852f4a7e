//! Sends HTTP requests to what is not the Kubernetes API: chats, sinks and Prometheus. One request, one
//! answer. What is asked, and what an answer means, is decided by the rooms that import this one.

mod client;

pub use client::{Body, HttpClient, NoAnswer, NoRoots, read_text};
