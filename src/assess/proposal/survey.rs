//! What judged workloads carry, as they are stored: the keys that name owners and services, the registry
//! of most images, the kinds there are. Expressions cannot count these, so they are read here, once.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::catalogue::{self, Group};
use crate::api::golden_path::{Check, KindRef, Level, Severity};
use crate::assess::adoption::Share;
use crate::assess::inventory::Inventory;
use crate::assess::object::kind::WorkloadId;
use crate::assess::path::owner::{self, is_plain_key};
use crate::assess::workload::pod_template;

/// Last parts of keys that name a team.
const TEAM_WORDS: [&str; 10] = [
    "team",
    "owner",
    "squad",
    "owned-by",
    "owner-team",
    "owning-team",
    "team-name",
    "tribe",
    "maintainer",
    "responsible",
];
/// Keys that name a service, the most specific first.
const SERVICE_KEYS: [&str; 9] = [
    "backstage.io/kubernetes-id",
    "resource.opentelemetry.io/service.name",
    "tags.datadoghq.com/service",
    "app.kubernetes.io/part-of",
    "app.kubernetes.io/instance",
    "app.kubernetes.io/name",
    "app",
    "k8s-app",
    "service",
];
/// A further team key must name the owner of at least this share of the workloads, in percent.
const WORTH_A_KEY: usize = 5;
/// Team keys in a proposal.
const MOST_KEYS: usize = 5;
/// A key that gives this many workloads a single name does not tell services apart.
const TOO_ALIKE: usize = 10;
const OWNER_DOCS: &str = "https://kubernetes.io/docs/reference/labels-annotations-taints/";
const IMAGE_DOCS: &str = "https://kubernetes.io/docs/concepts/containers/images/";

/// What the workloads carry.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Survey {
    /// Groups that have workloads, with the kinds a path for them takes.
    pub groups: Vec<(Group, Vec<KindRef>)>,
    /// Keys that name the team.
    pub team: KeyProposal,
    /// Keys that name the service.
    pub service: KeyProposal,
    /// The registry that all images of most workloads come from.
    pub registry: Option<String>,
    /// Namespaces with workloads.
    pub namespaces: usize,
}

/// Keys, and how many workloads they name something for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyProposal {
    /// The proposed keys, in order.
    pub keys: Vec<String>,
    /// Workloads that carry one of them.
    pub coverage: Share,
    /// Different names they give.
    pub names: usize,
    /// The keys in force.
    pub current: Vec<String>,
    /// Workloads that carry one of those.
    pub current_coverage: Share,
}

impl KeyProposal {
    /// Whether the proposal differs from the keys in force.
    pub fn is_change(&self) -> bool {
        self.keys != self.current
    }
}

/// One judged workload with its namespace, as stored.
struct Carrier<'a> {
    object: &'a Value,
    namespace: Option<&'a Value>,
}

impl Survey {
    /// Reads those of `objects` that `inventory` judges and counts.
    pub fn of<'a>(objects: impl Iterator<Item = &'a Value> + Clone, inventory: &Inventory) -> Self {
        let namespaces: BTreeMap<&str, &Value> = objects
            .clone()
            .filter(|object| object["kind"] == "Namespace" && object["apiVersion"] == "v1")
            .filter_map(|object| Some((object["metadata"]["name"].as_str()?, object)))
            .collect();
        let mut groups: BTreeMap<Group, BTreeSet<(String, String)>> = BTreeMap::new();
        let mut carriers = Vec::new();
        for object in objects {
            let Some(id) = judged(object, inventory) else {
                continue;
            };
            if let Some(group) = Group::of(&id.kind.kind, pod_template(object).is_some()) {
                let kind = (id.kind.group.clone(), id.kind.kind.clone());
                groups.entry(group).or_default().insert(kind);
            }
            carriers.push(Carrier {
                object,
                namespace: namespaces.get(&*id.namespace).copied(),
            });
        }
        let settings = &inventory.settings;
        let in_use: BTreeSet<&str> = carriers
            .iter()
            .filter_map(Carrier::namespace_name)
            .collect();
        Self {
            groups: groups.into_iter().map(with_usual_kinds).collect(),
            team: team_keys(&carriers, &settings.team_keys),
            service: service_keys(&carriers, &settings.service_keys),
            registry: registry(&carriers),
            namespaces: in_use.len(),
        }
    }

    /// The candidates that depend on what was read.
    pub(super) fn checks(&self) -> Vec<Check> {
        let owner = owner_check(&self.team.keys);
        let registry = self.registry.as_deref().map(registry_check);
        let service = self
            .service
            .keys
            .first()
            .filter(|key| self.service.is_useful() && is_plain_key(key))
            .filter(|key| !catalogue::LABELS.contains(&key.as_str()))
            .map(|key| service_check(key));
        [owner, registry, service].into_iter().flatten().collect()
    }

    #[cfg(test)]
    pub(super) fn every_group() -> Self {
        let groups = Group::ALL
            .map(|group| with_usual_kinds((group, BTreeSet::new())))
            .to_vec();
        let named = |key: &str| KeyProposal {
            keys: vec![key.to_owned()],
            coverage: Share { part: 1, of: 1 },
            ..KeyProposal::default()
        };
        Self {
            groups,
            team: named("example.com/team"),
            service: named("example.com/service"),
            ..Self::default()
        }
    }
}

impl KeyProposal {
    /// Whether most workloads carry one of the keys.
    fn is_useful(&self) -> bool {
        self.coverage.part * 2 > self.coverage.of
    }
}

/// The workload of an object, where the inventory judges and counts it.
fn judged(object: &Value, inventory: &Inventory) -> Option<WorkloadId> {
    let group = object["apiVersion"]
        .as_str()?
        .split_once('/')
        .map_or("", |(group, _)| group);
    let kind = inventory
        .settings
        .kind(Some(group), object["kind"].as_str()?)?;
    let id = WorkloadId {
        namespace: object["metadata"]["namespace"].as_str()?.into(),
        kind: kind.clone(),
        name: object["metadata"]["name"].as_str()?.into(),
    };
    let (ns, _) = inventory.entry(&id)?;
    ns.is_counted(&inventory.settings).then_some(id)
}

/// A path for a group also takes the kinds of it that happen to be absent.
fn with_usual_kinds(
    (group, mut kinds): (Group, BTreeSet<(String, String)>),
) -> (Group, Vec<KindRef>) {
    let usual = group.kinds().iter();
    kinds.extend(usual.map(|(group, kind)| ((*group).to_owned(), (*kind).to_owned())));
    let kinds = kinds
        .into_iter()
        .map(|(group, kind)| KindRef { group, kind });
    (group, kinds.collect())
}

impl<'a> Carrier<'a> {
    fn namespace_name(&self) -> Option<&'a str> {
        self.object["metadata"]["namespace"].as_str()
    }

    /// The team that the first of these keys names, on the workload, else on its namespace: a
    /// namespace's owner is not asked while the workload names one by any key.
    fn team(&self, keys: &[String]) -> Option<&'a str> {
        let on = |object: &'a Value| {
            keys.iter().find_map(|key| {
                text_of(object, "annotations", key).or_else(|| text_of(object, "labels", key))
            })
        };
        on(self.object).or_else(|| self.namespace.and_then(on))
    }

    /// The service a key names, within the namespace.
    fn service(&self, key: &str) -> Option<(&'a str, &'a str)> {
        let named = text_of(self.object, "labels", key)
            .or_else(|| text_of(self.object, "annotations", key))?;
        Some((self.namespace_name()?, named))
    }
}

fn text_of<'a>(object: &'a Value, field: &str, key: &str) -> Option<&'a str> {
    object["metadata"][field][key]
        .as_str()
        .map(str::trim)
        .filter(|text| !text.is_empty())
}

fn count<T: Ord>(
    carriers: &[Carrier<'_>],
    named: impl Fn(&Carrier<'_>) -> Option<T>,
) -> (Share, usize) {
    let found: Vec<T> = carriers.iter().filter_map(named).collect();
    let coverage = Share {
        part: found.len(),
        of: carriers.len(),
    };
    (coverage, found.into_iter().collect::<BTreeSet<_>>().len())
}

/// The keys that together name the owner of most workloads: the best one, then each that adds some.
fn team_keys(carriers: &[Carrier<'_>], current: &[String]) -> KeyProposal {
    let mut possible: Vec<String> = current.to_vec();
    for key in carriers.iter().flat_map(keys_about_teams) {
        if !possible.contains(&key) {
            possible.push(key);
        }
    }
    possible[current.len()..].sort();
    let covered =
        |keys: &[String]| count(carriers, |carrier| carrier.team(keys).map(str::to_owned));
    let mut keys: Vec<String> = Vec::new();
    let mut reached = 0;
    while keys.len() < MOST_KEYS {
        let with = |key: &String| {
            covered(&[keys.as_slice(), std::slice::from_ref(key)].concat())
                .0
                .part
        };
        // Of equal ones the first: the order of the keys in force.
        let best = possible
            .iter()
            .filter(|key| !keys.contains(key))
            .map(|key| (with(key), key.clone()))
            .reduce(|best, next| if next.0 > best.0 { next } else { best });
        let Some((part, key)) = best.filter(|(part, _)| *part > reached) else {
            break;
        };
        if !keys.is_empty() && (part - reached) * 100 < WORTH_A_KEY * carriers.len() {
            break;
        }
        keys.push(key);
        reached = part;
    }
    settled(keys, current, covered)
}

/// The key that most workloads carry; none where no key is on most. A key that gives each workload a
/// name of its own groups nothing: it is no better than none, and worse than keys that do group.
fn service_keys(carriers: &[Carrier<'_>], current: &[String]) -> KeyProposal {
    let covered = |keys: &[String]| {
        count(carriers, |carrier| {
            let (namespace, name) = keys.iter().find_map(|key| carrier.service(key))?;
            Some((namespace.to_owned(), name.to_owned()))
        })
    };
    let usual = SERVICE_KEYS.iter().map(ToString::to_string);
    let best = current
        .iter()
        .cloned()
        .chain(usual)
        .map(|key| (covered(std::slice::from_ref(&key)), key))
        .filter(|((coverage, names), _)| {
            let is_plain = coverage.part < TOO_ALIKE;
            let distinguishes = *names > 1 && *names < coverage.part;
            coverage.part * 2 > coverage.of && (is_plain || distinguishes)
        })
        .reduce(|best, next| {
            if next.0.0.part > best.0.0.part {
                next
            } else {
                best
            }
        });
    settled(
        best.map(|(_, key)| key).into_iter().collect(),
        current,
        covered,
    )
}

/// The keys in force, unless the found ones name something for more workloads.
fn settled(
    found: Vec<String>,
    current: &[String],
    covered: impl Fn(&[String]) -> (Share, usize),
) -> KeyProposal {
    let (current_coverage, current_names) = covered(current);
    let (coverage, names) = covered(&found);
    let is_better = coverage.part > current_coverage.part;
    KeyProposal {
        keys: if is_better { found } else { current.to_vec() },
        coverage: if is_better {
            coverage
        } else {
            current_coverage
        },
        names: if is_better { names } else { current_names },
        current: current.to_vec(),
        current_coverage,
    }
}

/// Keys of a workload and its namespace whose last part names a team.
fn keys_about_teams(carrier: &Carrier<'_>) -> Vec<String> {
    let objects = [Some(carrier.object), carrier.namespace];
    let fields = ["labels", "annotations"];
    objects
        .into_iter()
        .flatten()
        .flat_map(|object| fields.map(|field| &object["metadata"][field]))
        .filter_map(Value::as_object)
        .flat_map(|entries| entries.keys())
        .filter(|key| is_plain_key(key) && is_about_a_team(key))
        .cloned()
        .collect()
}

fn is_about_a_team(key: &str) -> bool {
    let word = key.rsplit('/').next().unwrap_or(key).to_lowercase();
    TEAM_WORDS.contains(&&*word.replace('_', "-"))
}

/// The registry that all images of most workloads come from.
fn registry(carriers: &[Carrier<'_>]) -> Option<String> {
    let mut workloads: BTreeMap<String, usize> = BTreeMap::new();
    for carrier in carriers {
        let registries: BTreeSet<_> = images(carrier.object).map(registry_of).collect();
        let only = registries.iter().next().filter(|_| registries.len() == 1);
        if let Some(Some(registry)) = only {
            *workloads.entry(registry.clone()).or_default() += 1;
        }
    }
    workloads
        .into_iter()
        .reduce(|best, next| if next.1 > best.1 { next } else { best })
        .map(|(registry, _)| registry)
}

fn images(object: &Value) -> impl Iterator<Item = &str> {
    let pod = pod_template(object).map(|template| &template["spec"]);
    ["containers", "initContainers"]
        .into_iter()
        .filter_map(move |field| pod?[field].as_array())
        .flatten()
        .map(|container| container["image"].as_str().unwrap_or_default())
}

const DOCKER_HUB: &str = "docker.io";

/// The registry of an image, as a container runtime reads it; none if it is not an image.
fn registry_of(image: &str) -> Option<String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@".contains(c);
    if image.is_empty() || image.contains("//") || !image.chars().all(is_plain) {
        return None;
    }
    let host = image.split_once('/').map(|(host, _)| host);
    let host = host.filter(|host| host.contains(['.', ':']) || *host == "localhost");
    Some(host.unwrap_or(DOCKER_HUB).to_owned())
}

fn check(name: &str, severity: Severity, docs: &str) -> Check {
    Check {
        name: name.to_owned(),
        level: Level::Required,
        severity,
        docs_url: Some(docs.to_owned()),
        exemptible: true,
        ..Check::default()
    }
}

fn owner_check(keys: &[String]) -> Option<Check> {
    let first = keys.iter().find(|key| is_plain_key(key))?;
    Some(Check {
        title: Some("Names its owner".to_owned()),
        action: Some("Name the team that owns it".to_owned()),
        expression: owner::expression(keys)?,
        message: Some("neither the workload nor its namespace names a team to ask".to_owned()),
        remediation: Some(format!("metadata:\n  annotations:\n    {first}: TEAM\n")),
        ..check("owner", Severity::High, OWNER_DOCS)
    })
}

fn service_check(key: &str) -> Check {
    Check {
        title: Some("Names its service".to_owned()),
        action: Some(format!("Set {key}")),
        expression: format!(
            "variables.labels[?'{key}'].orValue('') != '' || variables.annotations[?'{key}'].orValue('') != ''"
        ),
        message: Some(format!(
            "without {key} it is counted as a service of its own"
        )),
        remediation: Some(format!("metadata:\n  labels:\n    {key}: SERVICE\n")),
        ..check("service-name", Severity::Low, OWNER_DOCS)
    }
}

fn registry_check(registry: &str) -> Check {
    let expression = if registry == DOCKER_HUB {
        // An image without a host comes from there too.
        r"variables.containers.all(c, c.?image.orValue('').startsWith('docker.io/')
  || c.?image.orValue('').matches('^([^/]+|[^/.:]+/.+)$') && !c.?image.orValue('').startsWith('localhost/'))"
            .to_owned()
    } else {
        format!("variables.containers.all(c, c.?image.orValue('').startsWith('{registry}/'))")
    };
    Check {
        title: Some(format!("Every image comes from {registry}")),
        action: Some(format!("Take images from {registry}")),
        expression,
        message: Some(format!(
            "an image comes from another registry than {registry}"
        )),
        remediation: Some(format!("image: {registry}/NAME:VERSION\n")),
        ..check("image-registry", Severity::Medium, IMAGE_DOCS)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn carriers(objects: &[Value]) -> Vec<Carrier<'_>> {
        objects
            .iter()
            .map(|object| Carrier {
                object,
                namespace: None,
            })
            .collect()
    }

    fn keys(texts: &[&str]) -> Vec<String> {
        texts.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_team_key_is_proposed_where_it_names_more_owners() {
        let objects: Vec<Value> = (0..10)
            .map(|n| match n {
                0..7 => {
                    json!({"metadata": {"namespace": "a", "labels": {"example.com/squad": "x"}}})
                }
                7..9 => json!({"metadata": {"namespace": "a", "annotations": {"owner": "y"}}}),
                _ => json!({"metadata": {"namespace": "a", "labels": {"team's": "z"}}}),
            })
            .collect();
        let proposal = team_keys(&carriers(&objects), &keys(&["team", "owner"]));
        assert_eq!(proposal.keys, ["example.com/squad", "owner"]);
        assert_eq!(proposal.coverage, Share { part: 9, of: 10 });
        assert_eq!(proposal.current_coverage, Share { part: 2, of: 10 });
        assert_eq!(proposal.names, 2);
        let proposal = team_keys(&carriers(&objects[7..9]), &keys(&["team", "owner"]));
        assert!(!proposal.is_change());
    }

    #[test]
    fn a_service_key_is_on_most_workloads_and_tells_them_apart() {
        let objects: Vec<Value> = (0..20)
            .map(|n| {
                json!({"metadata": {"namespace": "a", "labels": {
                    "app.kubernetes.io/part-of": "platform",
                    "app": format!("app-{}", n / 2),
                }}})
            })
            .collect();
        let current = keys(&["backstage.io/kubernetes-id"]);
        let proposal = service_keys(&carriers(&objects), &current);
        assert_eq!(proposal.keys, ["app"]);
        assert_eq!(proposal.names, 10);
        let bare = [json!({"metadata": {"namespace": "a"}})];
        assert_eq!(service_keys(&carriers(&bare), &current).keys, current);
    }

    #[test]
    fn a_label_that_is_each_workloads_own_is_no_service_key() {
        let object = |n: usize| {
            json!({"metadata": {"namespace": "a", "labels": {
                "app": format!("app-{n}"),
                "backstage.io/kubernetes-id": (n < 12).then(|| format!("service-{}", n / 3)),
            }}})
        };
        let objects: Vec<Value> = (0..20).map(object).collect();
        let current = keys(&["backstage.io/kubernetes-id"]);
        assert!(!service_keys(&carriers(&objects), &current).is_change());
    }

    #[test]
    fn a_namespaces_owner_counts_where_the_workload_names_none_by_any_key() {
        let namespace = json!({"metadata": {"annotations": {"team": "x"}}});
        let objects = [
            json!({"metadata": {"namespace": "a", "labels": {"owner": "y"}}}),
            json!({"metadata": {"namespace": "a"}}),
        ];
        let carriers: Vec<Carrier<'_>> = objects
            .iter()
            .map(|object| Carrier {
                object,
                namespace: Some(&namespace),
            })
            .collect();
        let proposal = team_keys(&carriers, &keys(&["team", "owner"]));
        assert_eq!((proposal.names, proposal.coverage.part), (2, 2));
    }

    #[test]
    fn the_registry_of_an_image_is_read_as_runtimes_read_it() {
        for (image, registry) in [
            ("nginx", Some("docker.io")),
            ("library/nginx:1", Some("docker.io")),
            ("docker.io/library/nginx", Some("docker.io")),
            ("localhost/app", Some("localhost")),
            (
                "registry.example.com:5000/a/b@sha256:00",
                Some("registry.example.com:5000"),
            ),
            ("${REGISTRY}/app", None),
            ("ko://example.com/cmd", None),
            ("", None),
        ] {
            assert_eq!(registry_of(image).as_deref(), registry, "{image}");
        }
    }
}
