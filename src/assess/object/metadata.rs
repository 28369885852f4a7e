//! Text and dates in an object's metadata: which labels and annotations the judgement reads. How it uses
//! them is decided elsewhere.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use crate::api::keys;

/// A view of one object's metadata.
pub(in crate::assess) struct Metadata<'a>(pub &'a Value);

impl<'a> Metadata<'a> {
    pub(in crate::assess) fn label(&self, key: &str) -> Option<&'a str> {
        self.0["metadata"]["labels"][key]
            .as_str()
            .filter(|text| !text.is_empty())
    }

    /// The text of an annotation, without the spaces and line ends around it that a block of YAML adds.
    fn annotation(&self, key: &str) -> Option<&'a str> {
        self.0["metadata"]["annotations"][key]
            .as_str()
            .map(str::trim)
            .filter(|text| !text.is_empty())
    }

    pub(in crate::assess) fn created(&self) -> Option<Timestamp> {
        self.0["metadata"]["creationTimestamp"]
            .as_str()?
            .parse()
            .ok()
    }

    /// When a scaffolder created the service, by the first of these annotations that is present.
    pub(in crate::assess) fn scaffolded_at(&self, annotations: &[String]) -> Option<Timestamp> {
        let stamp = annotations.iter().find_map(|key| self.annotation(key));
        stamp?.parse().ok()
    }

    /// When an annotation says that the service first existed, which may be long before its objects.
    pub(in crate::assess) fn service_since(&self) -> Option<Timestamp> {
        self.annotation(keys::SERVICE_SINCE)?.parse().ok()
    }

    pub(in crate::assess) fn service(&self, keys: &[String]) -> Option<Arc<str>> {
        let named = keys
            .iter()
            .find_map(|key| self.label(key).or(self.annotation(key)));
        named.map(Into::into)
    }

    /// The reason of an opt-out, cut at 200 characters, because users write it.
    pub(in crate::assess) fn ignore_request(&self) -> Option<Box<str>> {
        let reason = self.annotation(keys::IGNORE)?;
        Some(reason.chars().take(200).collect::<String>().into())
    }

    /// The value of the first key that has one, as annotation, then as label. A team becomes a metric
    /// label, so it is cut at 63 characters like a label value.
    pub(in crate::assess) fn first_of(&self, keys: &[String]) -> Option<Arc<str>> {
        let found = keys
            .iter()
            .find_map(|key| self.annotation(key).or(self.label(key)))?;
        Some(found.chars().take(63).collect::<String>().into())
    }
}
