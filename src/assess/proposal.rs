//! A golden path proposed from what workloads already do: which candidate steps most of them pass, how
//! many shapes they have, and which keys name their owners and services. Pure: objects and an inventory
//! that has judged the candidates in, a proposal out. Nothing is rendered or written here.

use std::collections::BTreeMap;

use jiff::Timestamp;

use self::catalogue::Group;
use self::survey::{KeyProposal, Survey};
use super::adoption::Share;
use super::inventory::Inventory;
use super::path::{Checks, bit, indexes};
use crate::api::golden_path::{
    Check, Existing, KindRef, Level, NamedExpression, Owner, Scope, TreatAs,
};
use crate::api::{GoldenPathSpec, Instant, Period};

pub mod catalogue;
pub mod survey;

/// How long nothing is due from workloads older than the path.
const PREDATES_FOR: Period = Period::days(180);
/// A path has at most this many checks.
const MOST_CHECKS: usize = 32;

/// From which share on a step is required or announced, in percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// Shares from here on are required.
    pub required: u8,
    /// Shares from here on are announced; lower ones are recommended.
    pub announced: u8,
    /// How far ahead an announced step starts to count.
    pub announce_for: Period,
}

/// The proposed paths, and the keys to judge with.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// One path for each group of kinds that has workloads.
    pub paths: Vec<ProposedPath>,
    /// Keys that name the team of a workload.
    pub team: KeyProposal,
    /// Keys that name the service of a workload.
    pub service: KeyProposal,
    /// Namespaces with counted workloads.
    pub namespaces: usize,
    /// The instant the workloads were judged at.
    pub as_of: Timestamp,
}

/// One proposed path.
#[derive(Clone, Debug, PartialEq)]
pub struct ProposedPath {
    /// Name of the object.
    pub name: &'static str,
    /// The spec, with its checks in order of level and share.
    pub spec: GoldenPathSpec,
    /// The share of workloads that pass each check, in the order of the spec.
    pub shares: Vec<Share>,
    /// How alike the workloads are.
    pub shapes: Shapes,
}

/// The shapes of the workloads of a path: a shape is the set of steps they pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shapes {
    /// Number of different shapes.
    pub distinct: usize,
    /// Workloads with the most common shape, of all.
    pub most_common: Share,
    /// Names of the checks that the most common shape does not pass, in the order of the spec.
    pub misses: Vec<String>,
}

/// The paths that judge every candidate, all of them required: judged by these, an inventory holds what
/// [`propose`] reads.
pub fn candidates(survey: &Survey) -> Vec<(Group, GoldenPathSpec)> {
    survey
        .groups
        .iter()
        .map(|(group, kinds)| (*group, candidate_path(*group, kinds, survey)))
        .collect()
}

fn candidate_path(group: Group, kinds: &[KindRef], survey: &Survey) -> GoldenPathSpec {
    let fixed = catalogue::CANDIDATES
        .iter()
        .filter(|candidate| candidate.groups.contains(&group))
        .map(catalogue::Candidate::check);
    let checks = survey.checks().into_iter().chain(fixed);
    GoldenPathSpec {
        title: Some(group.title().to_owned()),
        description: Some(group.description().to_owned()),
        owner: Owner {
            team: "platform".to_owned(),
            contact: None,
        },
        docs_url: None,
        feedback_url: None,
        persona: None,
        job_to_be_done: None,
        horizon: None,
        estimated_impact: None,
        launched_at: None,
        priority: 0,
        former_names: Vec::new(),
        scope: Scope {
            kinds: kinds.to_vec(),
            ..Scope::default()
        },
        variables: group
            .variables()
            .iter()
            .map(|(name, expression)| NamedExpression {
                name: (*name).to_owned(),
                expression: (*expression).to_owned(),
            })
            .collect(),
        checks: checks.take(MOST_CHECKS).collect(),
        adoption: crate::api::golden_path::Adoption::default(),
        exception_policy: crate::api::golden_path::ExceptionPolicy::default(),
        existing: Existing::default(),
        releases: Vec::new(),
        ownership_cost: None,
        warn_on_apply: false,
    }
}

/// The proposal for an inventory that was judged by [`candidates`].
pub fn propose(
    inventory: &Inventory,
    survey: Survey,
    thresholds: &Thresholds,
    now: Timestamp,
) -> Proposal {
    let paths = candidates(&survey)
        .into_iter()
        .map(|(group, spec)| {
            let results = passed(inventory, group.name());
            propose_path(group, spec, &results, thresholds, now)
        })
        .collect();
    Proposal {
        paths,
        namespaces: survey.namespaces,
        team: survey.team,
        service: survey.service,
        as_of: now,
    }
}

/// The checks that each counted workload of a path passes.
fn passed(inventory: &Inventory, path: &str) -> Vec<Checks> {
    let mut passed = Vec::new();
    for (_, ns) in inventory.namespaces() {
        if !ns.is_counted(&inventory.settings) {
            continue;
        }
        for entry in ns.workloads.values() {
            let workload = &entry.workload;
            let is_ignored =
                workload.attributes.ignore.is_some() && ns.may_ignore(&inventory.settings);
            let results = workload.attributes.results.iter();
            let result = results
                .filter(|_| !is_ignored)
                .find(|result| *workload.paths.get(result.path.into()).name == *path);
            passed.extend(result.map(|result| result.passed));
        }
    }
    passed
}

fn propose_path(
    group: Group,
    mut spec: GoldenPathSpec,
    results: &[Checks],
    thresholds: &Thresholds,
    now: Timestamp,
) -> ProposedPath {
    let mut checks: Vec<(usize, Share, Check)> = std::mem::take(&mut spec.checks)
        .into_iter()
        .enumerate()
        .map(|(index, mut check)| {
            let share = Share {
                part: results.iter().filter(|set| *set & bit(index) != 0).count(),
                of: results.len(),
            };
            settle(&mut check, share, thresholds, now);
            (index, share, check)
        })
        .collect();
    checks.sort_by_key(|(_, share, check)| {
        let is_announced = check.enforce_from.is_some();
        let is_advice = check.level == Level::Recommended;
        (is_advice, is_announced, std::cmp::Reverse(share.part))
    });
    let names: Vec<(usize, String)> = checks
        .iter()
        .map(|(index, _, check)| (*index, check.name.clone()))
        .collect();
    let shares = checks.iter().map(|(_, share, _)| *share).collect();
    spec.checks = checks.into_iter().map(|(_, _, check)| check).collect();
    spec.existing = Existing {
        treat_as: TreatAs::Predates,
        until: Some(Instant(PREDATES_FOR.after(now))),
    };
    ProposedPath {
        name: group.name(),
        spec,
        shares,
        shapes: Shapes::of(results, &names),
    }
}

/// Level and start of a check, by the share of workloads that pass it already.
fn settle(check: &mut Check, share: Share, thresholds: &Thresholds, now: Timestamp) {
    if share.is_at_least(thresholds.required) {
        return;
    }
    if share.is_at_least(thresholds.announced) {
        check.enforce_from = Some(Instant(thresholds.announce_for.after(now)));
    } else {
        check.level = Level::Recommended;
    }
}

impl Shapes {
    /// `names` are the indexes and names of the checks, in the order of the spec.
    fn of(results: &[Checks], names: &[(usize, String)]) -> Self {
        let mut shapes: BTreeMap<Checks, usize> = BTreeMap::new();
        for set in results {
            *shapes.entry(*set).or_default() += 1;
        }
        // Of shapes that are equally common, the one that passes most.
        let rank = |set: &Checks, times: usize| (times, indexes(*set).count(), *set);
        let most_common = shapes
            .iter()
            .max_by_key(|(set, times)| rank(set, **times))
            .map(|(set, times)| (*set, *times));
        let (common, times) = most_common.unwrap_or_default();
        Self {
            distinct: shapes.len(),
            most_common: Share {
                part: times,
                of: results.len(),
            },
            misses: names
                .iter()
                .filter(|(index, _)| common & bit(*index) == 0)
                .map(|(_, name)| name.clone())
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::path::{Origin, Path};

    fn survey() -> Survey {
        Survey {
            registry: Some("registry.example.com:5000".to_owned()),
            ..Survey::every_group()
        }
    }

    #[test]
    fn every_candidate_compiles_and_names_everything_it_needs() {
        for (group, spec) in candidates(&survey()) {
            assert!(spec.checks.len() <= MOST_CHECKS, "{}", spec.checks.len());
            for check in &spec.checks {
                let texts = [
                    &check.title,
                    &check.action,
                    &check.message,
                    &check.remediation,
                ];
                assert!(texts.iter().all(|text| text.is_some()), "{}", check.name);
                assert!(check.docs_url.is_some(), "{}", check.name);
            }
            let path = Path::compile(Origin::default(), spec);
            assert_eq!(path.invalid, [], "{}", group.name());
        }
    }

    #[test]
    fn a_share_decides_the_level() {
        let now: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
        let thresholds = Thresholds {
            required: 80,
            announced: 40,
            announce_for: Period::days(90),
        };
        for (part, level, is_announced) in [
            (1000, Level::Required, false),
            (800, Level::Required, false),
            (799, Level::Required, true),
            (400, Level::Required, true),
            (399, Level::Recommended, false),
            (0, Level::Recommended, false),
        ] {
            let mut check = Check::default();
            settle(&mut check, Share { part, of: 1000 }, &thresholds, now);
            assert_eq!(check.level, level, "{part}");
            assert_eq!(check.enforce_from.is_some(), is_announced, "{part}");
        }
    }

    #[test]
    fn the_most_common_shape_is_named_by_what_it_misses() {
        let names = [(1, "b".to_owned()), (0, "a".to_owned())];
        let shapes = Shapes::of(&[0b01, 0b01, 0b11, 0b00], &names);
        assert_eq!(shapes.distinct, 3);
        assert_eq!(shapes.most_common, Share { part: 2, of: 4 });
        assert_eq!(shapes.misses, ["b"]);
    }
}
