//! The digest as JSON: the facts, and the words that chats show.

use serde_json::{Value, json};

use super::{Edition, Page};
use crate::api::API_VERSION;
use crate::assess::goals::wins::Digest;

/// The kind of the document.
const KIND: &str = "PlatformWins";

/// The whole digest.
pub fn document(digest: &Digest, edition: Edition<'_>) -> Value {
    let (is_draft, quote) = match edition {
        Edition::Draft => (true, None),
        Edition::Published(quote) => (false, quote),
    };
    let mut facts = json!(digest);
    if !is_draft && let Some(fields) = facts.as_object_mut() {
        fields.remove("notes");
    }
    json!({
        "apiVersion": API_VERSION,
        "kind": KIND,
        "draft": is_draft,
        "digest": facts,
        "quote": quote,
        "text": Page::of(digest, edition),
    })
}
