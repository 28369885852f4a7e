//! An object of ours that cannot be decoded, because an older definition let it in. Only its metadata
//! and the decodable part of its status are read. What it means is not decided here.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// The reason of the conditions `Ready` and `Stalled`.
pub const REASON: &str = "Undecodable";
/// Characters of a decoding error that a status quotes.
const QUOTED: usize = 300;

/// Metadata of an object that cannot be decoded.
#[derive(Clone, Debug, PartialEq)]
pub struct Undecodable<S> {
    /// Uid of the stored object.
    pub uid: Option<Box<str>>,
    /// Generation of the spec.
    pub generation: Option<i64>,
    /// The field that cannot be decoded, and why.
    pub message: String,
    /// The decodable part of the stored status.
    pub(in crate::assess) status: Option<S>,
}

impl<S: DeserializeOwned> Undecodable<S> {
    /// Reads the metadata of an object whose decoding failed with this message.
    pub fn read(object: &Value, message: &str) -> Self {
        let metadata = &object["metadata"];
        let printable = message
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c });
        Self {
            uid: metadata["uid"].as_str().map(Into::into),
            generation: metadata["generation"].as_i64(),
            message: printable.take(QUOTED).collect(),
            status: readable_status(&object["status"]),
        }
    }
}

/// The decodable fields of a stored status; none without a status.
pub fn readable_status<S: DeserializeOwned>(status: &Value) -> Option<S> {
    let mut decodable = Map::new();
    for (field, value) in status.as_object()? {
        decodable.insert(field.clone(), value.clone());
        if S::deserialize(&Value::Object(decodable.clone())).is_err() {
            decodable.remove(field);
        }
    }
    S::deserialize(&Value::Object(decodable)).ok()
}
