//! Compact label sets, and the selectors that match them. A set holds two hashes per label, so that it
//! answers "has this pair" and "has this key" without the text. It cannot return a label's text.
//! The record of a workload keeps its keys apart from its values: many workloads have the same keys.

use std::hash::{DefaultHasher, Hash, Hasher};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde_json::Value;

/// Labels as hashes of keys and of pairs. Two different labels collide with probability 2⁻⁶⁴.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelSet(Box<[(u64, u64)]>);

impl LabelSet {
    /// A set of key and value pairs.
    pub fn of<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let mut hashes: Vec<_> = pairs
            .map(|(key, value)| (hash(key), hash((key, value))))
            .collect();
        hashes.sort_unstable();
        Self(hashes.into())
    }

    /// A set of the string members of a JSON object.
    pub(crate) fn of_json(labels: Option<&Value>) -> Self {
        let members = labels.and_then(Value::as_object).into_iter().flatten();
        Self::of(members.filter_map(|(key, value)| Some((key.as_str(), value.as_str()?))))
    }

    fn position(&self, key: u64) -> Option<usize> {
        self.0.binary_search_by_key(&key, |(key, _)| *key).ok()
    }
}

/// Labels that a selector can match.
pub trait Labels {
    /// The hash of the pair with this key, given as its hash.
    fn pair(&self, key: u64) -> Option<u64>;
}

impl Labels for LabelSet {
    fn pair(&self, key: u64) -> Option<u64> {
        Some(self.0[self.position(key)?].1)
    }
}

/// The keys of a workload's labels and of its pods' labels, each with the position of its pair among
/// the workload's pairs. A pair that both have is there once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct LabelKeys {
    object: Box<[KeyAt]>,
    pods: Box<[KeyAt]>,
}

/// The hash of a key, and the position of its pair.
type KeyAt = (u64, u32);

impl LabelKeys {
    /// Takes the labels of an object and of its pods apart: the keys, and the hashes of the pairs.
    pub fn split(object: &LabelSet, pods: &LabelSet) -> (Self, Box<[u64]>) {
        let mut pairs: Vec<u64> = object.0.iter().map(|(_, pair)| *pair).collect();
        let keys = object.0.iter().map(|(key, _)| *key);
        let own = keys.zip(0..).collect();
        let pods = pods.0.iter().map(|(key, pair)| {
            let shared = object.position(*key).filter(|at| pairs[*at] == *pair);
            let at = shared.unwrap_or_else(|| {
                pairs.push(*pair);
                pairs.len() - 1
            });
            (*key, u32::try_from(at).unwrap_or(u32::MAX))
        });
        let pods = pods.collect();
        (Self { object: own, pods }, pairs.into())
    }

    /// The labels of the object with these pairs.
    pub fn of_object<'a>(&'a self, pairs: &'a [u64]) -> impl Labels + 'a {
        let keys = &*self.object;
        LabelsAt { keys, pairs }
    }

    /// The labels of the pods of the object with these pairs.
    pub fn of_pods<'a>(&'a self, pairs: &'a [u64]) -> impl Labels + 'a {
        let keys = &*self.pods;
        LabelsAt { keys, pairs }
    }
}

struct LabelsAt<'a> {
    keys: &'a [KeyAt],
    pairs: &'a [u64],
}

impl Labels for LabelsAt<'_> {
    fn pair(&self, key: u64) -> Option<u64> {
        let at = self.keys.binary_search_by_key(&key, |(key, _)| *key).ok()?;
        let position = usize::try_from(self.keys[at].1).ok()?;
        self.pairs.get(position).copied()
    }
}

fn hash(text: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// A compiled label selector. It matches when every requirement holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector(Vec<Requirement>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Requirement {
    In {
        key: u64,
        pairs: Vec<u64>,
    },
    NotIn {
        key: u64,
        pairs: Vec<u64>,
    },
    Exists {
        key: u64,
    },
    DoesNotExist {
        key: u64,
    },
    /// An unknown operator. It never holds, so that a typo never widens a scope.
    Never,
}

impl Selector {
    /// Compiles a Kubernetes label selector. An empty one matches everything.
    pub fn compile(selector: &LabelSelector) -> Self {
        let equal = selector
            .match_labels
            .iter()
            .flatten()
            .map(|(key, value)| Requirement::In {
                key: hash(key.as_str()),
                pairs: vec![hash((key.as_str(), value.as_str()))],
            });
        let expressions = selector
            .match_expressions
            .iter()
            .flatten()
            .map(|expression| {
                let values = expression.values.as_deref().unwrap_or_default();
                requirement(&expression.key, &expression.operator, values)
            });
        Self(equal.chain(expressions).collect())
    }

    /// Compiles the selector of a Kubernetes Service, which is a plain map.
    pub fn of_pairs<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let equal = pairs.map(|(key, value)| Requirement::In {
            key: hash(key),
            pairs: vec![hash((key, value))],
        });
        Self(equal.collect())
    }

    /// Whether it has no requirement.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether every requirement holds.
    pub fn matches(&self, labels: &impl Labels) -> bool {
        self.0.iter().all(|requirement| match requirement {
            Requirement::In { key, pairs } => {
                labels.pair(*key).is_some_and(|pair| pairs.contains(&pair))
            }
            Requirement::NotIn { key, pairs } => {
                !labels.pair(*key).is_some_and(|pair| pairs.contains(&pair))
            }
            Requirement::Exists { key } => labels.pair(*key).is_some(),
            Requirement::DoesNotExist { key } => labels.pair(*key).is_none(),
            Requirement::Never => false,
        })
    }
}

fn requirement(key: &str, operator: &str, values: &[String]) -> Requirement {
    let pairs = values
        .iter()
        .map(|value| hash((key, value.as_str())))
        .collect();
    let key = hash(key);
    match operator {
        "In" => Requirement::In { key, pairs },
        "NotIn" => Requirement::NotIn { key, pairs },
        "Exists" => Requirement::Exists { key },
        "DoesNotExist" => Requirement::DoesNotExist { key },
        _ => Requirement::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selector(yaml: &str) -> Selector {
        Selector::compile(&serde_saphyr::from_str(yaml).unwrap())
    }

    #[test]
    fn selectors_read_labels_as_kubernetes_does() {
        let labels = LabelSet::of([("app", "web"), ("tier", "front")].into_iter());
        let other = [("app", "web"), ("tier", "back"), ("track", "a")];
        let other = LabelSet::of(other.into_iter());
        for (yaml, holds) in [
            ("{}", true),
            ("matchLabels: {app: web}", true),
            ("matchLabels: {app: api}", false),
            ("matchLabels: {app: web, tier: back}", false),
            (
                "matchExpressions: [{key: app, operator: In, values: [api, web]}]",
                true,
            ),
            (
                "matchExpressions: [{key: app, operator: NotIn, values: [api]}]",
                true,
            ),
            (
                "matchExpressions: [{key: app, operator: NotIn, values: [web]}]",
                false,
            ),
            (
                "matchExpressions: [{key: gone, operator: NotIn, values: [web]}]",
                true,
            ),
            ("matchExpressions: [{key: app, operator: Exists}]", true),
            ("matchExpressions: [{key: gone, operator: Exists}]", false),
            (
                "matchExpressions: [{key: gone, operator: DoesNotExist}]",
                true,
            ),
            (
                "matchExpressions: [{key: app, operator: Gt, values: ['1']}]",
                false,
            ),
        ] {
            assert_eq!(selector(yaml).matches(&labels), holds, "{yaml}");
            let (keys, pairs) = LabelKeys::split(&labels, &other);
            let of_object = keys.of_object(&pairs);
            assert_eq!(selector(yaml).matches(&of_object), holds, "{yaml}");
            let (keys, pairs) = LabelKeys::split(&other, &labels);
            assert_eq!(pairs.len(), 4);
            let of_pods = keys.of_pods(&pairs);
            assert_eq!(selector(yaml).matches(&of_pods), holds, "{yaml}");
        }
    }
}
