//! Maps a word that kubectl accepts (`deploy`, `sts`, `Deployment`) to the API path of the kind.
//! Must not know any kind: it discovers all of them.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde_json::Value;

use crate::{Error, Result, http::Client};

/// The kinds discovered so far, by every word for them in small letters.
#[derive(Debug, Default)]
pub(crate) struct Kinds(Mutex<BTreeMap<String, Kind>>);

#[derive(Clone, Debug)]
struct Kind {
    /// `/api/v1` or `/apis/GROUP/VERSION`.
    api: String,
    plural: String,
    is_namespaced: bool,
}

impl Kind {
    fn path(&self, namespace: &str, name: &str) -> String {
        let Self { api, plural, .. } = self;
        if self.is_namespaced {
            format!("{api}/namespaces/{namespace}/{plural}/{name}")
        } else {
            format!("{api}/{plural}/{name}")
        }
    }
}

impl Kinds {
    /// The path of an object; discovers what is served when the word is new.
    pub(crate) fn path(
        &self,
        server: &Client,
        url: &str,
        namespace: &str,
        word: &str,
        name: &str,
    ) -> Result<String> {
        let word = word.to_lowercase();
        if let Some(kind) = self.known().get(&word) {
            return Ok(kind.path(namespace, name));
        }
        let discovered = discover(server, url)?;
        let mut known = self.known();
        *known = discovered;
        let kind = known.get(&word).ok_or(Error::NoKind(word))?;
        Ok(kind.path(namespace, name))
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<String, Kind>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// As kubectl does, the first group that has a word keeps it.
fn discover(server: &Client, url: &str) -> Result<BTreeMap<String, Kind>> {
    let groups = json(server, &format!("{url}/apis"))?;
    let apis = groups["groups"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|group| group["preferredVersion"]["groupVersion"].as_str())
        .map(|version| format!("/apis/{version}"));
    let mut kinds = BTreeMap::new();
    for api in std::iter::once("/api/v1".to_owned()).chain(apis) {
        // A group may go while it is being read.
        let Ok(list) = json(server, &format!("{url}{api}")) else {
            continue;
        };
        for resource in list["resources"].as_array().into_iter().flatten() {
            add(&mut kinds, &api, resource);
        }
    }
    Ok(kinds)
}

fn add(kinds: &mut BTreeMap<String, Kind>, api: &str, resource: &Value) {
    let text = |field: &str| resource[field].as_str().unwrap_or_default().to_lowercase();
    let plural = text("name");
    if plural.contains('/') {
        return; // a subresource
    }
    let short = resource["shortNames"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|name| name.as_str().map(str::to_lowercase));
    let words = [text("kind"), text("singularName"), plural.clone()];
    for word in words.into_iter().chain(short) {
        kinds.entry(word).or_insert_with(|| Kind {
            api: api.to_owned(),
            plural: plural.clone(),
            is_namespaced: resource["namespaced"] == true,
        });
    }
}

fn json(server: &Client, url: &str) -> Result<Value> {
    Ok(serde_json::from_str(&server.get(url)?).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_kind_is_found_by_every_word_and_its_subresources_by_none() {
        let mut kinds = BTreeMap::new();
        for name in ["deployments", "deployments/status"] {
            let resource = json!({"name": name, "singularName": "deployment", "kind": "Deployment",
                "shortNames": ["deploy"], "namespaced": true});
            add(&mut kinds, "/apis/apps/v1", &resource);
        }
        let words: Vec<_> = kinds.keys().map(String::as_str).collect();
        assert_eq!(words, ["deploy", "deployment", "deployments"]);
        let path = kinds["deploy"].path("shop", "web");
        assert_eq!(path, "/apis/apps/v1/namespaces/shop/deployments/web");
    }

    #[test]
    fn the_first_group_keeps_a_word() {
        let mut kinds = BTreeMap::new();
        for api in ["/api/v1", "/apis/events.k8s.io/v1"] {
            let resource = json!({"name": "events", "kind": "Event", "namespaced": true});
            add(&mut kinds, api, &resource);
        }
        assert_eq!(
            kinds["event"].path("shop", "a"),
            "/api/v1/namespaces/shop/events/a"
        );
    }
}
