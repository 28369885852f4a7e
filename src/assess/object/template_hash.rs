//! The pod template hash that `boundTo` refers to: programs, images and security settings, without what
//! every release changes (image tags, replicas, environment, resources). It does not cover other fields of
//! the workload.

use std::fmt;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// SHA-256 of the stable fields of a pod template, printed as `v1:` and hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TemplateHash([u8; 32]);

impl fmt::Display for TemplateHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("v1:")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

const CONTAINER_FIELDS: [&str; 6] = [
    "name",
    "command",
    "args",
    "ports",
    "securityContext",
    "volumeMounts",
];
const POD_FIELDS: [&str; 2] = ["serviceAccountName", "securityContext"];

/// The hash of a pod template (`{metadata, spec}`) with the API server's defaults.
pub fn template_hash(template: &Value) -> TemplateHash {
    let spec = &template["spec"];
    let mut stable = pick(spec, &POD_FIELDS);
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        if let Some(containers) = spec[list].as_array() {
            stable.insert(list.to_owned(), containers.iter().map(container).collect());
        }
    }
    if let Some(volumes) = spec["volumes"].as_array() {
        stable.insert("volumes".to_owned(), Value::Array(volumes.clone()));
    }
    // Maps of serde_json are sorted by key, so this text is canonical.
    TemplateHash(Sha256::digest(json!(stable).to_string()).into())
}

fn container(container: &Value) -> Value {
    let mut stable = pick(container, &CONTAINER_FIELDS);
    if let Some(image) = container["image"].as_str() {
        stable.insert("image".to_owned(), Value::from(repository(image)));
    }
    Value::Object(stable)
}

fn pick(object: &Value, fields: &[&str]) -> Map<String, Value> {
    let present = fields
        .iter()
        .filter_map(|field| Some(((*field).to_owned(), object.get(field)?.clone())));
    present.collect()
}

/// An image reference without tag and digest. A colon before the last slash belongs to a port.
fn repository(image: &str) -> &str {
    let tagged = image.split_once('@').map_or(image, |(name, _)| name);
    let name_starts = tagged.rfind('/').map_or(0, |slash| slash + 1);
    match tagged[name_starts..].find(':') {
        Some(colon) => &tagged[..name_starts + colon],
        None => tagged,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(image: &str, command: &str) -> Value {
        json!({"spec": {"containers": [{"name": "app", "image": image, "command": [command]}]}})
    }

    #[test]
    fn a_release_does_not_change_the_hash() {
        let old = template_hash(&template("registry:5000/shop/web:1.0", "run"));
        for image in [
            "registry:5000/shop/web:2.0",
            "registry:5000/shop/web@sha256:abc",
            "registry:5000/shop/web",
        ] {
            assert_eq!(template_hash(&template(image, "run")), old, "{image}");
        }
    }

    #[test]
    fn another_program_changes_the_hash() {
        let old = template_hash(&template("shop/web:1", "run"));
        assert_ne!(template_hash(&template("shop/api:1", "run")), old);
        assert_ne!(template_hash(&template("shop/web:1", "debug")), old);
    }

    #[test]
    fn it_prints_in_the_form_of_bound_to() {
        let text = template_hash(&template("a", "b")).to_string();
        assert!(text.starts_with("v1:") && text.len() == 67, "{text}");
    }
}
