//! Rollouts as CDEvents 0.5.1 in structured CloudEvents 1.0: `service.deployed` for an available release
//! or configuration change, `service.rolledback` for a rollback. The same rollout is always the same
//! event, so that receivers can drop one that comes twice. Nothing is sent here.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use crate::api::Instant;
use crate::api::delivery_record::{Rollout, RolloutCause};
use crate::assess::delivery::event::ServiceEvent;

/// Characters of a package URL that stay as they are.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'.')
    .remove(b'-')
    .remove(b'_')
    .remove(b'~');
/// These, and the slashes of a repository.
const PATH: &AsciiSet = &PLAIN.remove(b'/');

/// One event, as it is sent.
#[derive(Serialize, Clone, Debug, PartialEq, Eq)]
pub struct CloudEvent {
    specversion: &'static str,
    /// Identity: the record's uid, the rollout's number and what happened.
    pub id: String,
    source: String,
    #[serde(rename = "type")]
    kind: &'static str,
    subject: String,
    time: Instant,
    datacontenttype: &'static str,
    data: Payload,
}

#[derive(Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
struct Payload {
    context: EventContext,
    subject: Subject,
    custom_data: RecordedRollout,
    custom_data_content_type: &'static str,
}

#[derive(Serialize, Clone, Debug, PartialEq, Eq)]
struct EventContext {
    specversion: &'static str,
    id: String,
    source: String,
    #[serde(rename = "type")]
    kind: &'static str,
    timestamp: Instant,
}

#[derive(Serialize, Clone, Debug, PartialEq, Eq)]
struct Subject {
    id: String,
    content: Content,
}

#[derive(Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
struct Content {
    environment: Environment,
    artifact_id: String,
}

#[derive(Serialize, Clone, Debug, PartialEq, Eq)]
struct Environment {
    id: String,
}

/// The rollout, as the record has it.
#[derive(Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
struct RecordedRollout {
    namespace: String,
    kind: String,
    name: String,
    rollout: Rollout,
}

/// What happened to a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ServiceChange {
    Deployed,
    RolledBack,
}

impl ServiceChange {
    const fn of(cause: RolloutCause) -> Option<Self> {
        match cause {
            RolloutCause::Release | RolloutCause::Config => Some(Self::Deployed),
            RolloutCause::Rollback => Some(Self::RolledBack),
            RolloutCause::Platform | RolloutCause::Restart => None,
        }
    }

    const fn kind(self) -> &'static str {
        match self {
            Self::Deployed => "dev.cdevents.service.deployed.0.3.0",
            Self::RolledBack => "dev.cdevents.service.rolledback.0.3.0",
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Deployed => "deployed",
            Self::RolledBack => "rolledback",
        }
    }
}

/// The event about a rollout in an environment, which is usually a cluster; none while it is not
/// available, and for restarts and changes of the platform.
pub fn cloud_event(event: &ServiceEvent, environment: &str) -> Option<CloudEvent> {
    let change = ServiceChange::of(event.rollout.cause)?;
    let time = event.rollout.available_at?;
    let id = format!("{}-{}-{}", event.uid, event.rollout.number, change.as_str());
    let source = format!("/goldenpath/{}", utf8_percent_encode(environment, PATH));
    let subject = format!("{}/{}/{}", event.namespace, event.kind, event.name);
    Some(CloudEvent {
        specversion: "1.0",
        id: id.clone(),
        source: source.clone(),
        kind: change.kind(),
        subject: subject.clone(),
        time,
        datacontenttype: "application/json",
        data: Payload {
            context: EventContext {
                specversion: "0.5.1",
                id,
                source,
                kind: change.kind(),
                timestamp: time,
            },
            subject: Subject {
                id: subject,
                content: Content {
                    environment: Environment {
                        id: environment.to_owned(),
                    },
                    artifact_id: artifact(event),
                },
            },
            custom_data: RecordedRollout {
                namespace: event.namespace.clone(),
                kind: event.kind.clone(),
                name: event.name.clone(),
                rollout: event.rollout.clone(),
            },
            custom_data_content_type: "application/json",
        },
    })
}

/// The package URL of the image; of the workload itself where no image is known.
fn artifact(event: &ServiceEvent) -> String {
    let image = event.image.as_deref().and_then(package_url);
    image.unwrap_or_else(|| {
        let encoded = |text| utf8_percent_encode(text, PLAIN);
        let (namespace, name) = (encoded(&event.namespace), encoded(&event.name));
        format!("pkg:generic/{namespace}/{name}@{}", event.rollout.number)
    })
}

/// `registry.example.com/shop/web:1.4@sha256:0b31…` as
/// `pkg:oci/web@sha256%3A0b31…?repository_url=registry.example.com/shop/web&tag=1.4`.
fn package_url(image: &str) -> Option<String> {
    let (named, digest) = match image.split_once('@') {
        Some((named, digest)) => (named, Some(digest)),
        None => (image, None),
    };
    // A colon before the last slash is that of a port.
    let name_at = named.rfind('/').map_or(0, |slash| slash + 1);
    let (name, tag) = match named[name_at..].split_once(':') {
        Some((name, tag)) => (name, Some(tag)),
        None => (&named[name_at..], None),
    };
    if name.is_empty() {
        return None;
    }
    let repository = (name_at > 0).then(|| &named[..name_at + name.len()]);
    // Without a tag and a digest, the runtime pulls this tag.
    let tag = tag.or(digest.is_none().then_some("latest"));
    let mut url = format!(
        "pkg:oci/{}",
        utf8_percent_encode(&name.to_lowercase(), PLAIN)
    );
    if let Some(digest) = digest {
        url.push('@');
        url.extend(utf8_percent_encode(digest, PLAIN));
    }
    let qualifiers = [("repository_url", repository), ("tag", tag)];
    let mut separator = '?';
    for (key, value) in qualifiers {
        if let Some(value) = value {
            url.push(separator);
            url.push_str(key);
            url.push('=');
            url.extend(utf8_percent_encode(value, PATH));
            separator = '&';
        }
    }
    Some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_has_a_package_url() {
        for (image, url) in [
            ("web", "pkg:oci/web?tag=latest"),
            ("web:1.4", "pkg:oci/web?tag=1.4"),
            (
                "registry.example.com:5000/shop/Web:1.4",
                "pkg:oci/web?repository_url=registry.example.com%3A5000/shop/Web&tag=1.4",
            ),
            (
                "ghcr.io/shop/web@sha256:0b31",
                "pkg:oci/web@sha256%3A0b31?repository_url=ghcr.io/shop/web",
            ),
            (
                "ghcr.io/shop/web:1.4@sha256:0b31",
                "pkg:oci/web@sha256%3A0b31?repository_url=ghcr.io/shop/web&tag=1.4",
            ),
        ] {
            assert_eq!(package_url(image).as_deref(), Some(url), "{image}");
        }
        for nothing in ["", "ghcr.io/shop/", ":tag", "@sha256:1"] {
            assert_eq!(package_url(nothing), None, "{nothing}");
        }
    }
}
