//! The parts of a pod template, each as a hash: what a release changes, what configuration changes, what
//! the platform sets, and keys that only restart pods. One hash over everything would recognise no
//! rollback after a mesh, Flagger or a reloader. Lists of keys are data.

use serde_json::{Map, Value, json};

use crate::api::delivery_record::{EarlierRevision, MOST_REVISIONS, TemplateHashes};
use crate::assess::object::digest::digest;

/// Version of the hashes. It grows with every change of a list below.
pub(crate) const VERSION: u32 = 1;

/// Most containers whose digests are compared.
const MOST_DIGESTS: usize = 32;

/// Labels and annotations of the template that controllers write for themselves.
const STRIPPED: [&str; 9] = [
    "pod-template-hash",                  // Deployment: names the ReplicaSet
    "controller-revision-hash",           // StatefulSet and DaemonSet
    "rollouts-pod-template-hash",         // Argo Rollouts
    "flagger-id",                         // Flagger: random in every promotion
    "controller-uid",                     // Job, before 1.27
    "job-name",                           // Job, before 1.27
    "batch.kubernetes.io/controller-uid", // Job
    "batch.kubernetes.io/job-name",       // Job
    "batch.kubernetes.io/cronjob-scheduled-timestamp", // Job of a CronJob
];

/// Flagger scales a `DaemonSet` to zero and back by this key of the node selector.
const SCALED_TO_ZERO: &str = "flagger.app/scale-to-zero";

/// Annotations of the template whose change only restarts pods.
const RESTART: [&str; 7] = [
    "kubectl.kubernetes.io/restartedAt", // `rollout restart`, also by Argo CD
    "skaffold.dev/run-id",               // Skaffold: one per run
    "rollme",                            // Helm charts: random in every upgrade
    "cattle.io/timestamp",               // Rancher: Redeploy
    "client.lens.app/restartedAt",       // a desktop client: Restart
    "goldenpath.dev/commit-time",        // kustomize commonAnnotations copy it into templates
    "ci.werf.io/commit",                 // werf, if written into templates
];

/// Annotations of the template that belong to the release.
const RELEASE: [&str; 1] = [
    "keel.sh/update-time", // Keel: alone for a tag that was pushed again
];

/// Domains of template labels and annotations that meshes and injectors set.
const PLATFORM_DOMAINS: [&str; 10] = [
    "linkerd.io",
    "config.linkerd.io",
    "viz.linkerd.io",
    "istio.io",
    "sidecar.istio.io",
    "traffic.sidecar.istio.io",
    "proxy.istio.io",
    "service.istio.io",
    "kuma.io",
    "consul.hashicorp.com",
];

/// Containers that meshes and injectors add (`istioctl kube-inject`, `linkerd inject --manual`).
const SIDECARS: [&str; 13] = [
    "istio-proxy",
    "istio-init",
    "istio-validation",
    "linkerd-proxy",
    "linkerd-init",
    "linkerd-network-validator",
    "kuma-sidecar",
    "kuma-init",
    "consul-dataplane",
    "consul-connect-inject-init",
    "vault-agent",
    "vault-agent-init",
    "daprd",
];

/// Volumes of these containers.
const SIDECAR_VOLUMES: [&str; 17] = [
    "istio-envoy",
    "istio-data",
    "istio-podinfo",
    "istio-token",
    "istiod-ca-cert",
    "istio-ca-crl",
    "workload-socket",
    "credential-socket",
    "workload-certs",
    "linkerd-proxy-init-xtables-lock",
    "linkerd-identity-end-entity",
    "linkerd-identity-token",
    "kuma-sidecar-tmp",
    "kuma-init-tmp",
    "consul-connect-inject-data",
    "home-init",
    "home-sidecar",
];

/// Fields of a container that belong to the release.
const RELEASE_FIELDS: [&str; 3] = ["name", "command", "args"];

const CONTAINER_LISTS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];

/// The hashes of a pod template (`{metadata, spec}`) with the API server's defaults.
pub(crate) fn hashes(template: &Value) -> TemplateHashes {
    let mut parts = Parts::default();
    for list in ["labels", "annotations"] {
        for (key, value) in template["metadata"][list].as_object().into_iter().flatten() {
            parts.add_key(list, key, value);
        }
    }
    for (field, value) in template["spec"].as_object().into_iter().flatten() {
        match field.as_str() {
            list if CONTAINER_LISTS.contains(&list) => parts.add_containers(list, value),
            "volumes" => parts.add_volumes(value),
            "nodeSelector" if !value[SCALED_TO_ZERO].is_null() => {
                parts.add_node_selector(field, value);
            }
            _ => drop(parts.config.insert(field.clone(), value.clone())),
        }
    }
    parts.hashes()
}

/// Adds a value that restarts pods of a kind without a template key for it, such as `spec.restartAt`
/// of an Argo Rollout.
pub(crate) fn with_restart(mut hashes: TemplateHashes, at: &str) -> TemplateHashes {
    hashes.restart = part_digest(&json!([hashes.restart, at]));
    hashes
}

/// The content of a template, part by part.
#[derive(Default)]
struct Parts {
    release: Map<String, Value>,
    digests: Vec<String>,
    config: Map<String, Value>,
    resources: Map<String, Value>,
    platform: Map<String, Value>,
    restart: Map<String, Value>,
}

impl Parts {
    fn add_key(&mut self, list: &str, key: &str, value: &Value) {
        if STRIPPED.contains(&key) {
            return;
        }
        let domain = key.split_once('/').map_or("", |(domain, _)| domain);
        let part = if RESTART.contains(&key) {
            &mut self.restart
        } else if RELEASE.contains(&key) {
            &mut self.release
        } else if PLATFORM_DOMAINS.contains(&domain) {
            &mut self.platform
        } else {
            &mut self.config
        };
        part.insert(format!("{list}/{key}"), value.clone());
    }

    fn add_containers(&mut self, list: &str, containers: &Value) {
        for container in containers.as_array().into_iter().flatten() {
            let name = container["name"].as_str().unwrap_or_default();
            let key = format!("{list}/{name}");
            if SIDECARS.contains(&name) {
                self.platform.insert(key, container.clone());
                continue;
            }
            let mut release = Map::new();
            let mut config = Map::new();
            for (field, value) in container.as_object().into_iter().flatten() {
                match field.as_str() {
                    "image" => {
                        let (image, digest) = pin(value.as_str().unwrap_or_default());
                        release.insert(field.clone(), image.into());
                        self.digests.push(digest.to_owned());
                    }
                    "resources" => drop(self.resources.insert(key.clone(), value.clone())),
                    "volumeMounts" => drop(config.insert(field.clone(), own_volumes(value))),
                    name if RELEASE_FIELDS.contains(&name) => {
                        release.insert(field.clone(), value.clone());
                    }
                    _ => drop(config.insert(field.clone(), value.clone())),
                }
            }
            self.release.insert(key.clone(), release.into());
            self.config.insert(key, config.into());
        }
    }

    /// Without Flagger's key. An empty one is none.
    fn add_node_selector(&mut self, field: &str, selector: &Value) {
        let mut selector = selector.as_object().cloned().unwrap_or_default();
        selector.remove(SCALED_TO_ZERO);
        if !selector.is_empty() {
            self.config.insert(field.to_owned(), selector.into());
        }
    }

    fn add_volumes(&mut self, volumes: &Value) {
        for volume in volumes.as_array().into_iter().flatten() {
            let name = volume["name"].as_str().unwrap_or_default();
            let part = if SIDECAR_VOLUMES.contains(&name) {
                &mut self.platform
            } else {
                &mut self.config
            };
            part.insert(format!("volumes/{name}"), volume.clone());
        }
    }

    fn hashes(self) -> TemplateHashes {
        let has_digest = self.digests.iter().any(|digest| digest != "-");
        TemplateHashes {
            version: VERSION,
            release: part_digest(&self.release.into()),
            digests: if has_digest {
                self.digests[..self.digests.len().min(MOST_DIGESTS)].join(",")
            } else {
                String::new()
            },
            config: part_digest(&self.config.into()),
            resources: part_digest(&self.resources.into()),
            platform: part_digest(&self.platform.into()),
            restart: if self.restart.is_empty() {
                String::new()
            } else {
                part_digest(&self.restart.into())
            },
        }
    }
}

fn own_volumes(mounts: &Value) -> Value {
    let own = mounts.as_array().into_iter().flatten().filter(|mount| {
        let name = mount["name"].as_str().unwrap_or_default();
        !SIDECAR_VOLUMES.contains(&name)
    });
    own.cloned().collect()
}

/// An image without the digest that pins its tag, and the start of that digest. Without a tag the digest
/// is the version, and stays.
fn pin(image: &str) -> (&str, &str) {
    let Some((name, digest)) = image.split_once('@') else {
        return (image, "-");
    };
    let path_starts = name.rfind('/').map_or(0, |slash| slash + 1);
    if !name[path_starts..].contains(':') {
        return (image, "-");
    }
    let hex = digest.split_once(':').map_or(digest, |(_, hex)| hex);
    (name, hex.get(..8).unwrap_or(hex))
}

/// Digest of a part of a template. Maps of `serde_json` are sorted by key, so the text is canonical.
fn part_digest(content: &Value) -> String {
    digest(content.to_string(), 16)
}

/// How the digests of two lists of images compare.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pins {
    /// The same digests.
    Same,
    /// A tag got or lost its digest.
    Pinned,
    /// A tag has another digest.
    Other,
}

/// Compares digests of the same images. An absent list is one without any digest.
pub(crate) fn compare_pins(a: &str, b: &str) -> Pins {
    if a == b {
        return Pins::Same;
    }
    if a.is_empty() || b.is_empty() {
        return Pins::Pinned;
    }
    let is_pinned = a.split(',').count() == b.split(',').count()
        && a.split(',')
            .zip(b.split(','))
            .all(|(a, b)| a == b || a == "-" || b == "-");
    if is_pinned { Pins::Pinned } else { Pins::Other }
}

/// Whether two templates run the same release.
pub(crate) fn is_same_release(a: &TemplateHashes, b: &TemplateHashes) -> bool {
    is_release(a, &b.release, &b.digests)
}

/// Whether a template runs the release of an earlier revision.
pub(crate) fn runs(template: &TemplateHashes, earlier: &EarlierRevision) -> bool {
    is_release(template, &earlier.release, &earlier.digests)
}

fn is_release(template: &TemplateHashes, release: &str, digests: &str) -> bool {
    template.release == release && compare_pins(&template.digests, digests) != Pins::Other
}

/// Whether a template also has the configuration of an earlier revision.
pub(crate) fn runs_as(template: &TemplateHashes, earlier: &EarlierRevision) -> bool {
    runs(template, earlier)
        && template.config == earlier.config
        && template.resources == earlier.resources
}

/// Adds the revision of a template as the latest one, once.
pub(crate) fn add_revision(
    revisions: &mut Vec<EarlierRevision>,
    template: &TemplateHashes,
    failed: bool,
) {
    revisions.retain(|known| !runs_as(template, known));
    revisions.push(earlier(template, failed));
    let surplus = revisions.len().saturating_sub(MOST_REVISIONS);
    revisions.drain(..surplus);
}

/// What a later revision is compared with.
pub(crate) fn earlier(template: &TemplateHashes, failed: bool) -> EarlierRevision {
    EarlierRevision {
        release: template.release.clone(),
        digests: template.digests.clone(),
        config: template.config.clone(),
        resources: template.resources.clone(),
        failed,
    }
}
