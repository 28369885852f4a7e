//! The fingerprint an exception can be bound to: what runs and with which rights, without what
//! every release changes (image tags, replicas, environment, resources).

use std::fmt;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// SHA-256 of a pod template's lasting parts; printed as `v1:` and hexadecimal digits.
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

/// The fingerprint of a pod template (`{metadata, spec}`), after the API server's defaults.
pub fn template_hash(template: &Value) -> TemplateHash {
    let spec = &template["spec"];
    let mut lasting = pick(spec, &POD_FIELDS);
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        if let Some(containers) = spec[list].as_array() {
            lasting.insert(list.to_owned(), containers.iter().map(container).collect());
        }
    }
    if let Some(volumes) = spec["volumes"].as_array() {
        lasting.insert("volumes".to_owned(), Value::Array(volumes.clone()));
    }
    // serde_json's maps are sorted by key, so this text is canonical.
    TemplateHash(Sha256::digest(json!(lasting).to_string()).into())
}

fn container(container: &Value) -> Value {
    let mut lasting = pick(container, &CONTAINER_FIELDS);
    if let Some(image) = container["image"].as_str() {
        lasting.insert("image".to_owned(), Value::from(repository(image)));
    }
    Value::Object(lasting)
}

fn pick(object: &Value, fields: &[&str]) -> Map<String, Value> {
    let present = fields
        .iter()
        .filter_map(|field| Some(((*field).to_owned(), object.get(field)?.clone())));
    present.collect()
}

/// An image reference without tag and digest: a colon before the last slash is a port.
fn repository(image: &str) -> &str {
    let image = image.split_once('@').map_or(image, |(name, _)| name);
    let name_starts = image.rfind('/').map_or(0, |slash| slash + 1);
    match image[name_starts..].find(':') {
        Some(colon) => &image[..name_starts + colon],
        None => image,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(image: &str, command: &str) -> Value {
        json!({"spec": {"containers": [{"name": "app", "image": image, "command": [command]}]}})
    }

    #[test]
    fn a_release_keeps_the_fingerprint() {
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
    fn another_program_is_another_fingerprint() {
        let old = template_hash(&template("shop/web:1", "run"));
        assert_ne!(template_hash(&template("shop/api:1", "run")), old);
        assert_ne!(template_hash(&template("shop/web:1", "debug")), old);
    }

    #[test]
    fn it_prints_as_exceptions_state_it() {
        let text = template_hash(&template("a", "b")).to_string();
        assert!(text.starts_with("v1:") && text.len() == 67, "{text}");
    }
}
