//! Counts, the register and statuses that follow changes equal those made anew, whatever happened and
//! whenever: what is made anew is the oracle here, and is used for nothing else that runs.

use std::collections::{BTreeMap, HashSet};

use goldenpath::api::{Persona, RoadmapItem};
use goldenpath::assess::adoption::Tally;
use goldenpath::assess::adoption::index::{AdoptionIndex, Contributions};
use goldenpath::assess::exception::assurance::Vouching;
use goldenpath::assess::inventory::lists::Listed;
use goldenpath::assess::inventory::{Inventory, Reread};
use goldenpath::assess::object::kind::WatchedKind;
use goldenpath::assess::object::labels::Selector;
use goldenpath::assess::object::undecodable::Undecodable;
use goldenpath::assess::planner::Planners;
use goldenpath::assess::planner::pacing::WriteResult;
use goldenpath::assess::planner::statuses::StatusPlan;
use goldenpath::assess::register::index::Register;
use goldenpath::assess::settings::Settings;
use goldenpath::assess::verdict::{AsOf, judge};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fixtures::{Cluster, deployment_id, exception, now, web_path, with};
use crate::fleet::{born, cluster_began, cluster_with, golden, of_service, of_team, within};

/// One thing that happens to a cluster.
#[derive(Clone, Debug)]
enum Happening {
    Workload(Box<Value>),
    WorkloadGone(u8, bool),
    Exception(Box<Value>),
    ExceptionGone(u8),
    Namespace(bool, Value),
    NamespaceGone(bool),
    /// The cluster is seen to be this many days old, or its age is no longer known.
    ClusterAge(Option<i64>),
    /// An exception that cannot be decoded takes the name of another.
    Undecodable(u8),
    /// The API server vouches for approvals, or does not.
    Vouching(bool),
    Path(bool, Box<Value>),
    PathGone(bool),
    /// A persona or roadmap item changes, or is gone.
    Persona(u8, Box<Value>),
    PersonaGone(u8),
    Item(u8, Box<Value>),
    ItemGone(u8),
    /// A list that holds only workloads of even number.
    ShortList,
    /// Every workload is read again, as after a change of a path.
    ReadAgain,
    Time(SignedDuration),
    Count(usize),
}

fn date(days: i64) -> String {
    (now() + SignedDuration::from_hours(24 * days)).to_string()
}

fn namespace(in_bank: bool) -> &'static str {
    if in_bank { "bank" } else { "shop" }
}

/// The path that exceptions name, or another one.
fn path_name(is_other: bool) -> &'static str {
    if is_other { "api" } else { "web" }
}

fn workload() -> impl Strategy<Value = Value> {
    let place = (0..6_u8, any::<bool>(), prop::option::of(0..2_u8), 0..3_u8);
    let steps = (prop::option::of(0..3_u8), any::<bool>(), 1..3_u8);
    let story = (
        -5..100_i64,
        any::<bool>(),
        prop::bool::weighted(0.1),
        0..2_u8,
    );
    (place, steps, story).prop_map(|(place, (replicas, tier, image), story)| {
        let ((name, in_bank, service, team), (age, scaffolded, ignored, uid)) = (place, story);
        let tier = if tier { json!("front") } else { Value::Null };
        let mut object = of_team(born(golden(&format!("w{name}")), &date(-age)), &format!("team{team}"));
        object = with(
            within(object, namespace(in_bank)),
            json!({"spec": {"replicas": replicas, "template": {"metadata": {"labels": {"v": image.to_string()}}}},
                "metadata": {"labels": {"tier": tier}, "uid": format!("uid-{uid}"), "resourceVersion": null}}),
        );
        if let Some(service) = service {
            object = of_service(object, &format!("s{service}"));
        }
        let mark = |object, key: &str, value: &str| with(object, json!({"metadata": {"annotations": {key: value}}}));
        if scaffolded {
            object = mark(object, "goldenpath.dev/scaffolded-at", &date(-age));
        }
        if ignored {
            object = mark(object, "goldenpath.dev/ignore", "a trial");
        }
        object
    })
}

fn exceptions() -> impl Strategy<Value = Value> {
    let story = (prop::option::of(0..120_i64), -10..60_i64, 0..9_u32);
    let reach = (0..4_u8, any::<bool>(), 0..6_u8, any::<bool>());
    let kind = (
        prop::option::of(1..3_u32),
        0..3_u8,
        prop::bool::weighted(0.2),
        prop::collection::vec(0..3_u8, 0..2),
    );
    (story, reach, kind).prop_map(
        |((approved, expires, hours), (name, in_bank, target, star), (limit, kind, other, waits))| {
            let waits: Vec<_> = waits.into_iter().map(item_name).collect();
            let approval = approved.map_or(Value::Null, |days| json!({"at": date(-days)}));
            let object = with(
                within(exception(&format!("e{name}")), namespace(in_bank)),
                json!({"spec": {"approval": approval, "expiresAt": date(expires), "path": path_name(other),
                    "targets": [{"kind": "Deployment", "name": format!("w{target}")}],
                    "checks": [if star { "*" } else { "replicas" }],
                    "waitsFor": waits,
                    "ownershipCost": {"hoursPerMonth": f64::from(hours) / 10.0}}}),
            );
            match kind {
                0 => with(
                    object,
                    json!({"spec": {"targets": null, "maxWorkloads": limit,
                    "selector": {"matchLabels": {"tier": "front"}}}}),
                ),
                1 => with(
                    object,
                    json!({"spec": {"boundTo": {"templateHash": "0123456789abcdef"}}}),
                ),
                _ => object,
            }
        },
    )
}

fn path() -> impl Strategy<Value = Value> {
    let dates = (
        prop::option::of(-20..60_i64),
        -120..20_i64,
        prop::option::of(-5..60_i64),
    );
    (dates, 0..4_u8, any::<bool>()).prop_map(|((enforced, launched, until), cost, strict)| {
        let existing = until.map_or(
            Value::Null,
            |days| json!({"treatAs": "Predates", "until": date(days)}),
        );
        let mut path = with(
            web_path(),
            json!({"launchedAt": date(launched), "existing": existing,
                "ownershipCost": {"hoursPerMonth": f64::from(cost) / 10.0}}),
        );
        if let Some(days) = enforced {
            path["checks"][1]["enforceFrom"] = json!(date(days));
        }
        if strict {
            path["checks"][0]["expression"] = json!("object.spec.replicas >= 3");
        }
        path
    })
}

fn item_name(number: u8) -> String {
    format!("item{number}")
}

/// Personas by label of the workload, of the namespace, or of both; the last has no services to count.
fn persona() -> impl Strategy<Value = Value> {
    (0..5_u8).prop_map(|kind| {
        let tier = json!({"matchLabels": {"tier": "front"}});
        let team = json!({"matchLabels": {"team": "ns-team"}});
        let matching = match kind {
            0 => json!({"selector": tier}),
            1 => json!({"namespaceSelector": team}),
            2 => json!({"selector": tier, "namespaceSelector": team}),
            3 => json!({"selector": {}}),
            _ => Value::Null,
        };
        json!({"title": "Engineer", "match": matching})
    })
}

fn item() -> impl Strategy<Value = Value> {
    (any::<bool>(), prop::option::of(any::<bool>())).prop_map(|(other, check)| {
        let unblocks = check.map(|named| {
            let check = if named {
                json!("replicas")
            } else {
                Value::Null
            };
            json!({"path": path_name(other), "check": check})
        });
        json!({"title": "An item", "horizon": "Next", "unblocks": Vec::from_iter(unblocks)})
    })
}

/// An object of a goal's kind.
fn goal<R: serde::de::DeserializeOwned>(kind: &str, name: &str, spec: &Value) -> R {
    let mut object = json!({"apiVersion": "goldenpath.dev/v1alpha1", "kind": kind,
        "metadata": {"name": name}, "spec": spec});
    let spec = object["spec"].as_object_mut().unwrap();
    spec.retain(|_, value| !value.is_null());
    if let Some(checks) = spec.get_mut("unblocks").and_then(Value::as_array_mut) {
        for check in checks.iter_mut().filter_map(Value::as_object_mut) {
            check.retain(|_, value| !value.is_null());
        }
    }
    serde_json::from_value(object).unwrap()
}

fn vouching(is_enforced: bool) -> Vouching {
    if is_enforced {
        Vouching::Since(now())
    } else {
        Vouching::AsWritten
    }
}

fn put_persona(facts: &mut Inventory, name: u8, spec: &Value) {
    let object = goal::<Persona>("Persona", &format!("p{name}"), spec);
    facts.change_goals(|goals| goals.put(object));
}

fn put_item(facts: &mut Inventory, name: u8, spec: &Value) {
    let object = goal::<RoadmapItem>("RoadmapItem", &item_name(name), spec);
    facts.change_goals(|goals| goals.put(object));
}

fn happening() -> impl Strategy<Value = Happening> {
    let labels = (any::<bool>(), any::<bool>()).prop_map(|(counts, team)| {
        json!({"counts": if counts { "yes" } else { "no" }, "team": if team { "ns-team" } else { "other" }})
    });
    prop_oneof![
        6 => workload().prop_map(|object| Happening::Workload(Box::new(object))),
        2 => (0..6_u8, any::<bool>()).prop_map(|(name, bank)| Happening::WorkloadGone(name, bank)),
        4 => exceptions().prop_map(|object| Happening::Exception(Box::new(object))),
        1 => (0..4_u8).prop_map(Happening::ExceptionGone),
        1 => (any::<bool>(), labels).prop_map(|(bank, labels)| Happening::Namespace(bank, labels)),
        1 => any::<bool>().prop_map(Happening::NamespaceGone),
        1 => prop::option::of(-5..100_i64).prop_map(Happening::ClusterAge),
        1 => (0..4_u8).prop_map(Happening::Undecodable),
        1 => any::<bool>().prop_map(Happening::Vouching),
        1 => (prop::bool::weighted(0.3), path()).prop_map(|(other, path)| Happening::Path(other, Box::new(path))),
        1 => prop::bool::weighted(0.3).prop_map(Happening::PathGone),
        1 => (0..2_u8, persona()).prop_map(|(name, spec)| Happening::Persona(name, Box::new(spec))),
        1 => (0..2_u8).prop_map(Happening::PersonaGone),
        1 => (0..3_u8, item()).prop_map(|(name, spec)| Happening::Item(name, Box::new(spec))),
        1 => (0..3_u8).prop_map(Happening::ItemGone),
        1 => Just(Happening::ShortList),
        1 => Just(Happening::ReadAgain),
        4 => (0..40_i64, -1..=1_i64).prop_map(|(days, second)| {
            Happening::Time(SignedDuration::from_secs(days * 86_400 + second))
        }),
        1 => (1..400_i64).prop_map(|seconds| Happening::Time(SignedDuration::from_secs(seconds))),
        1 => (-30..0_i64).prop_map(|days| Happening::Time(SignedDuration::from_hours(24 * days))),
        3 => (1..4_usize).prop_map(Happening::Count),
    ]
}

fn outcome() -> impl Strategy<Value = WriteResult> {
    prop_oneof![
        3 => Just(WriteResult::Landed(None)),
        1 => Just(WriteResult::Failed),
        1 => Just(WriteResult::NotTaken),
        1 => Just(WriteResult::Gone),
    ]
}

/// A cluster, an index that follows it, and the objects that are stored.
struct World {
    cluster: Cluster,
    index: AdoptionIndex,
    stored: BTreeMap<(String, String), Value>,
    now: Timestamp,
    /// Workloads have to be read again. An operator does so within seconds, so only time may not pass
    /// before: dates of paths that are no longer in force have no timers.
    is_stale: bool,
}

impl World {
    fn new(across: bool, count_all: bool, may_ignore: bool) -> Self {
        let labelled = Selector::of_pairs([("counts", "yes")].into_iter());
        let settings = Settings {
            services_across_namespaces: across,
            counted_namespaces: (!count_all).then_some(labelled),
            ignore_namespaces: may_ignore.then(Selector::default),
            ..Settings::default()
        };
        let mut cluster = cluster_with(settings);
        // After an edit, every call goes through few workloads, as in a cluster of many.
        cluster.0.set_sweep_step(2);
        Self {
            cluster,
            index: AdoptionIndex::default(),
            stored: BTreeMap::new(),
            now: now(),
            is_stale: false,
        }
    }

    fn take_all(&mut self, happenings: Vec<Happening>) {
        for happening in happenings {
            self.take(happening);
        }
    }

    fn take(&mut self, happening: Happening) {
        let facts = &mut self.cluster.0;
        match happening {
            Happening::Workload(object) => self.put(*object),
            Happening::WorkloadGone(name, bank) => {
                let (namespace, name) = (namespace(bank), format!("w{name}"));
                self.stored.remove(&(namespace.to_owned(), name.clone()));
                let mut id = deployment_id(&name);
                id.namespace = namespace.into();
                facts.remove_workload(&id);
            }
            Happening::Exception(object) => {
                self.cluster.put_exception(*object);
            }
            Happening::ExceptionGone(name) => {
                let _ = facts.remove_exception("shop", &format!("e{name}"));
            }
            Happening::Namespace(bank, labels) => {
                self.cluster.put_namespace(namespace(bank), &labels);
            }
            Happening::NamespaceGone(bank) => facts.remove_namespace(namespace(bank)),
            Happening::ClusterAge(None) => facts.remove_namespace("kube-system"),
            Happening::ClusterAge(Some(days)) => {
                cluster_began(&mut self.cluster, &date(-days));
            }
            Happening::Undecodable(name) => {
                let object =
                    Undecodable::read(&json!({"metadata": {"generation": 1}}), "unreadable");
                facts.put_undecodable_exception("shop", &format!("e{name}"), object, self.now);
            }
            Happening::Vouching(is_enforced) => {
                facts.set_vouching(vouching(is_enforced));
            }
            Happening::Path(other, spec) => {
                self.is_stale |=
                    self.cluster.put_path(path_name(other), *spec) == Reread::Everything;
            }
            Happening::PathGone(other) => {
                self.is_stale |=
                    facts.remove_path(path_name(other), self.now) == Reread::Everything;
            }
            Happening::Persona(name, spec) => put_persona(facts, name, &spec),
            Happening::PersonaGone(name) => {
                facts.change_goals(|goals| goals.remove::<Persona>(&format!("p{name}")));
            }
            Happening::Item(name, spec) => put_item(facts, name, &spec),
            Happening::ItemGone(name) => {
                facts.change_goals(|goals| goals.remove::<RoadmapItem>(&item_name(name)));
            }
            Happening::ShortList => self.list(),
            Happening::ReadAgain => self.read_again(),
            Happening::Time(passed) => self.pass_to(self.now + passed),
            Happening::Count(limit) => {
                self.is_stale |= facts.tick(self.now) == Reread::Everything;
                self.index.follow(facts, self.now, limit);
                self.cluster.2.follow(facts, self.now, limit);
            }
        }
    }

    fn put(&mut self, object: Value) {
        let metadata = &object["metadata"];
        let text = |key: &str| metadata[key].as_str().unwrap().to_owned();
        self.stored
            .insert((text("namespace"), text("name")), object.clone());
        self.put_labelled(object);
    }

    fn pass_to(&mut self, at: Timestamp) {
        if self.is_stale {
            self.read_again();
        }
        self.now = at;
    }

    fn read_again(&mut self) {
        for object in self.stored.values().cloned().collect::<Vec<_>>() {
            self.put_labelled(object);
        }
        self.is_stale = false;
    }

    /// Puts an object with our labels as they were written: without them, another client would seem to
    /// have removed them, and the planner gives way to one that keeps doing so.
    fn put_labelled(&mut self, mut object: Value) {
        let metadata = &object["metadata"];
        let mut id = deployment_id(metadata["name"].as_str().unwrap());
        id.namespace = metadata["namespace"].as_str().unwrap().into();
        if let Some(known) = self.cluster.0.workload(&id) {
            for (key, value) in known.attributes.live.present() {
                object["metadata"]["labels"][key] = value.into();
            }
        }
        self.cluster.put(object);
    }

    fn list(&mut self) {
        self.stored
            .retain(|(_, name), _| name.as_bytes()[1] % 2 == 0);
        let seen: HashSet<_> = self.stored.keys().cloned().collect();
        let kinds = WatchedKind::built_in();
        let listed = Listed::Workloads {
            kind: &kinds[0],
            namespace: None,
            seen: &seen,
        };
        let _ = self.cluster.0.complete_list(&listed, self.now);
    }

    fn settle(&mut self) {
        loop {
            let facts = &mut self.cluster.0;
            self.is_stale |= facts.tick(self.now) == Reread::Everything;
            let services = self.index.follow(facts, self.now, 3);
            let exceptions = self.cluster.2.follow(facts, self.now, 3);
            let is_behind = services || exceptions;
            if !is_behind && facts.next_change().is_none_or(|at| at > self.now) {
                return;
            }
        }
    }

    /// Settles with every workload read by the paths in force.
    fn catch_up(&mut self) {
        self.settle();
        while self.is_stale {
            self.read_again();
            self.settle();
        }
    }

    fn tallies(&mut self) -> (Tally, Tally) {
        self.settle();
        let facts = &self.cluster.0;
        let as_of = AsOf::new(self.now);
        let followed = Tally::sum(self.index.contributions(), facts, &as_of, &self.cluster.2);
        let register = Register::of(facts, &as_of);
        (followed, Tally::of(facts, &as_of, &register))
    }

    /// The services with a workload of this label, counted from the stored objects.
    fn services_with_label(&self, key: &str, value: &str) -> usize {
        let may_ignore = self.cluster.0.settings.ignore_namespaces.is_some();
        let mut services: BTreeMap<(&str, &str), (bool, bool)> = BTreeMap::new();
        for ((namespace, name), object) in &self.stored {
            let labels = &object["metadata"]["labels"];
            let service = labels["backstage.io/kubernetes-id"].as_str();
            let is_ignored = may_ignore
                && object["metadata"]["annotations"]["goldenpath.dev/ignore"].is_string();
            let service = services
                .entry((namespace, service.unwrap_or(name)))
                .or_default();
            service.0 |= labels[key] == value;
            service.1 |= !is_ignored;
        }
        let mut services = services.values();
        services
            .by_ref()
            .filter(|(has_label, counts)| *has_label && *counts)
            .count()
    }

    /// The statuses of exceptions that a planner wants that plans for the first time.
    fn statuses_made_anew(&self) -> StatusPlan {
        let (facts, as_of) = (&self.cluster.0, AsOf::new(self.now));
        let counts = Contributions::of(facts, &as_of);
        let register = Register::of(facts, &as_of);
        Planners::default().plan_statuses(facts, &counts, &register, self.now)
    }

    /// Ends every write of a plan; those of exceptions land or fail, as given.
    fn end_statuses(&mut self, plan: StatusPlan, outcomes: &[WriteResult]) {
        let mut outcomes = outcomes.iter().cycle();
        for write in plan.exceptions {
            let outcome = outcomes
                .next()
                .copied()
                .unwrap_or(WriteResult::Landed(None));
            self.cluster.exception_ended(write, outcome, self.now);
        }
        let Cluster(facts, planners, _) = &mut self.cluster;
        for write in plan.paths {
            let statuses = &mut planners.statuses;
            statuses.ended(facts, write, WriteResult::Landed(None), self.now);
        }
    }

    /// Workloads whose stored labels are not those of their verdict, after every write has landed.
    fn mislabelled(&mut self) -> Vec<String> {
        self.settle();
        self.cluster.apply(self.now);
        self.cluster.apply(self.now + SignedDuration::from_secs(1));
        let as_of = AsOf::new(self.now);
        let facts = &self.cluster.0;
        let ctx = facts.judge_context(&as_of);
        facts
            .namespaces()
            .flat_map(|(_, ns)| {
                ns.workloads
                    .values()
                    .map(move |entry| (ns, &entry.workload))
            })
            .filter(|(ns, workload)| {
                let is_in_force = std::sync::Arc::ptr_eq(&workload.paths, facts.paths());
                is_in_force
                    && *workload.attributes.live != judge(workload, ns, &ctx).labels(workload)
            })
            .map(|(_, workload)| workload.id.to_string())
            .collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn counts_that_follow_changes_equal_a_recount(
        flags in any::<[bool; 3]>(),
        history in prop::collection::vec(prop::collection::vec(happening(), 1..8), 1..8),
    ) {
        let mut world = World::new(flags[0], flags[1], flags[2]);
        for happenings in history {
            world.take_all(happenings);
            let (followed, recounted) = world.tallies();
            prop_assert_eq!(followed, recounted, "at {}", world.now);
            let faults = Contributions::of(&world.cluster.0, &AsOf::new(world.now)).faults();
            prop_assert_eq!(world.index.contributions().faults(), faults);
        }
    }

    #[test]
    fn services_of_a_persona_equal_a_recount_of_the_objects(
        may_ignore in any::<bool>(),
        history in prop::collection::vec(prop::collection::vec(happening(), 1..8), 1..8),
    ) {
        let mut world = World::new(false, true, may_ignore);
        for bank in [false, true] {
            world.take(Happening::Namespace(bank, json!({})));
        }
        let spec = json!({"title": "Front end", "match": {"selector": {"matchLabels": {"tier": "front"}}}});
        world.take(Happening::Persona(9, Box::new(spec)));
        for happenings in history {
            world.take_all(happenings.into_iter().filter(|it| !matches!(it, Happening::NamespaceGone(_))).collect());
            let (followed, _) = world.tallies();
            let counted = followed.personas["p9"].total();
            prop_assert_eq!(counted, world.services_with_label("tier", "front"), "at {}", world.now);
        }
    }

    #[test]
    fn a_register_that_follows_changes_equals_one_made_anew(
        flags in any::<[bool; 3]>(),
        history in prop::collection::vec(prop::collection::vec(happening(), 1..8), 1..8),
    ) {
        let mut world = World::new(flags[0], flags[1], flags[2]);
        for happenings in history {
            world.take_all(happenings);
            world.settle();
            let anew = Register::of(&world.cluster.0, &AsOf::new(world.now));
            let followed: Vec<_> = world.cluster.2.assessments().collect();
            prop_assert_eq!(followed, anew.assessments().collect::<Vec<_>>(), "at {}", world.now);
        }
    }

    #[test]
    fn statuses_planned_from_changes_equal_those_planned_anew(
        flags in any::<[bool; 3]>(),
        history in prop::collection::vec(prop::collection::vec(happening(), 1..8), 1..8),
        outcomes in prop::collection::vec(outcome(), 1..4),
    ) {
        let mut world = World::new(flags[0], flags[1], flags[2]);
        let mut latest = world.now;
        for happenings in history {
            world.take_all(happenings);
            world.settle();
            latest = latest.max(world.now);
            let anew = world.statuses_made_anew();
            let plan = world.cluster.plan_statuses(world.now);
            for write in &plan.exceptions {
                prop_assert!(anew.exceptions.contains(write), "{write:?} at {}", world.now);
            }
            if plan.again_at.is_none() {
                prop_assert_eq!(&plan.exceptions, &anew.exceptions, "at {}", world.now);
                prop_assert_eq!(&plan.phases, &anew.phases);
            }
            world.end_statuses(plan, &outcomes);
        }
        for wants_none in [false, true] {
            // The second time at the same instant: a date may pass in between.
            latest += SignedDuration::from_secs(if wants_none { 0 } else { 11 });
            world.pass_to(latest);
            world.catch_up();
            let anew = world.statuses_made_anew();
            let plan = world.cluster.plan_statuses(world.now);
            prop_assert_eq!(plan.again_at, None);
            prop_assert_eq!(&plan.exceptions, &anew.exceptions, "at {}", world.now);
            prop_assert!(!wants_none || plan.exceptions.is_empty());
            world.end_statuses(plan, &[]);
        }
    }

    #[test]
    fn every_change_reaches_the_labels(
        flags in any::<[bool; 3]>(),
        history in prop::collection::vec(prop::collection::vec(happening(), 1..8), 1..6),
    ) {
        let mut world = World::new(flags[0], flags[1], flags[2]);
        for happenings in history {
            world.take_all(happenings);
            prop_assert_eq!(world.mislabelled(), Vec::<String>::new(), "at {}", world.now);
        }
    }
}

#[test]
fn an_exception_is_assessed_again_once_its_workload_has_the_edited_path() {
    let mut world = World::new(false, false, false);
    // As many workloads as one step goes through, before the one that the exception selects.
    for name in ["w0", "w1"] {
        world.take(Happening::Workload(Box::new(golden(name))));
    }
    let selected = with(
        golden("w2"),
        json!({"metadata": {"labels": {"tier": "front"}}}),
    );
    world.take(Happening::Workload(Box::new(selected)));
    let tomorrow = with(web_path(), json!({"launchedAt": date(1)}));
    world.take(Happening::Path(false, Box::new(tomorrow)));
    let selector =
        json!({"spec": {"targets": null, "selector": {"matchLabels": {"tier": "front"}}}});
    world.take(Happening::Exception(Box::new(with(
        exception("e0"),
        selector,
    ))));
    world.settle();
    let anew = Register::of(&world.cluster.0, &AsOf::new(world.now));
    let followed: Vec<_> = world.cluster.2.assessments().collect();
    assert_eq!(followed, anew.assessments().collect::<Vec<_>>());
}
