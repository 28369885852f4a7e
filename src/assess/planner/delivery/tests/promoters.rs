//! Workloads with a promoter: when the planner looks at them, and what counts as theirs.

use super::*;
use crate::assess::delivery::promoter::Promoter;

fn canary() -> Promoter {
    Promoter {
        kind: PromoterKind::Canary,
        namespace: "shop".into(),
        name: "of-web".into(),
    }
}

impl Scene {
    fn has_canary(&mut self, target: Option<WorkloadId>) {
        for id in self.planner.promoter_seen(canary(), target) {
            self.facts.mark_delivery(&id);
        }
    }
}

#[test]
fn nothing_that_flagger_may_promote_is_looked_at_before_canaries_are_listed() {
    let mut scene = Scene::new();
    scene.planner.await_promoters(PromoterKind::Canary);
    scene.sees(&web("web:1", 1), at(10));
    assert_eq!(scene.due(at(10)).len(), 0);
    scene.has_canary(Some(scene.id.clone()));
    scene.planner.promoters_are_known(PromoterKind::Canary);
    let looks = scene.due(at(11));
    assert_eq!(looks[0].promoter, Some(canary()));
}

#[test]
fn events_of_a_canary_prompt_a_look_only_while_a_rollout_is_under_way() {
    let mut scene = Scene::with_a_record();
    scene.has_canary(Some(scene.id.clone()));
    assert!(scene.due(at(200)).is_empty(), "at rest");
    let mut next = web("web:2", 2);
    next["status"]["observedGeneration"] = 1.into();
    scene.sees(&next, at(210));
    let looks = scene.due(at(210));
    scene.finds(&looks[0], &next, at(210));
    scene.writes(at(211));
    let looks = scene.due(at(260));
    scene.finds(&looks[0], &next, at(260));
    assert!(scene.due(at(270)).is_empty(), "nothing happened");
    scene.has_canary(Some(scene.id.clone()));
    assert_eq!(scene.due(at(280)).len(), 1);
}

#[test]
fn a_template_that_was_replaced_before_a_look_counts_by_its_canary_and_not_by_its_pods() {
    let mut scene = Scene::with_a_record();
    scene.has_canary(Some(scene.id.clone()));
    scene.sees(&web("web:2", 2), at(210));
    scene.sees(&web("web:3", 3), at(211));
    let looks = scene.due(at(212));
    let mut open = web("web:3", 3);
    open["status"]["observedGeneration"] = 2.into();
    scene.finds(&looks[0], &open, at(212));
    scene.writes(at(213));
    assert_eq!(scene.status().rollouts.len(), 0, "{:?}", scene.status());
    assert!(scene.status().open.is_some());
}

#[test]
fn what_flagger_generates_counts_as_its_target_while_a_canary_names_that() {
    let mut scene = Scene::new();
    scene.sees(&web("web:1", 1), at(10));
    let primary = WorkloadId {
        name: "web-primary".into(),
        ..scene.id.clone()
    };
    assert_eq!(scene.planner.counted_as(&primary), None);
    scene.has_canary(Some(scene.id.clone()));
    assert_eq!(scene.planner.counted_as(&primary), Some(scene.id.clone()));
    assert_eq!(scene.planner.counted_as(&scene.id), Some(scene.id.clone()));
    let gone = scene
        .planner
        .retain_promoters(PromoterKind::Canary, |_| false);
    assert_eq!(gone, [scene.id.clone()]);
    assert_eq!(scene.planner.counted_as(&primary), None);
}

#[test]
fn a_rollout_counts_as_the_deployment_that_it_refers_to() {
    let mut scene = Scene::new();
    scene.sees(&web("web:1", 1), at(10));
    let rollout = WorkloadId {
        kind: Arc::new(WatchedKind {
            kind: "Rollout".to_owned(),
            group: "argoproj.io".to_owned(),
            version: "v1alpha1".to_owned(),
            plural: "rollouts".to_owned(),
        }),
        ..scene.id.clone()
    };
    let promoter = Promoter {
        kind: PromoterKind::Rollout,
        namespace: "shop".into(),
        name: "web".into(),
    };
    let target = Some(scene.id.clone());
    scene.planner.promoter_seen(promoter.clone(), target);
    assert_eq!(scene.planner.counted_as(&rollout), Some(scene.id.clone()));
    let left = scene.planner.promoter_seen(promoter, None);
    assert_eq!(left, [scene.id.clone()]);
    assert_eq!(scene.planner.counted_as(&rollout), None);
}

#[test]
fn a_workload_that_waits_for_the_list_of_canaries_costs_nothing_until_it_is_looked_at_once() {
    let mut scene = Scene::new();
    scene.planner.await_promoters(PromoterKind::Canary);
    scene.sees(&web("web:1", 1), at(10));
    assert!(scene.due(at(10)).is_empty());
    assert!(scene.planner.due.is_empty(), "no search finds it again");
    assert!(scene.planner.tracked[&scene.id].busy.is_none());
    scene.facts.mark_delivery(&scene.id);
    assert!(scene.due(at(11)).is_empty(), "due again");
    assert!(scene.planner.due.is_empty());
    scene.planner.promoters_are_known(PromoterKind::Canary);
    assert_eq!(scene.due(at(12)).len(), 1);
    assert!(scene.due(at(13)).is_empty(), "the look is under way");
}

#[test]
fn a_workload_waits_until_the_promoters_of_every_kind_are_listed() {
    let mut scene = Scene::new();
    scene.planner.await_promoters(PromoterKind::Canary);
    scene.planner.await_promoters(PromoterKind::Rollout);
    scene.sees(&web("web:1", 1), at(10));
    assert!(scene.due(at(10)).is_empty());
    scene.planner.promoters_are_known(PromoterKind::Rollout);
    assert!(scene.due(at(11)).is_empty());
    scene.planner.await_promoters(PromoterKind::Rollout);
    scene.planner.promoters_are_known(PromoterKind::Canary);
    assert!(scene.due(at(12)).is_empty(), "awaited again");
    scene.planner.promoters_are_known(PromoterKind::Rollout);
    assert_eq!(scene.due(at(13)).len(), 1);
}

#[test]
fn a_workload_that_went_or_a_new_leader_leaves_nothing_waiting_for_promoters() {
    for is_gone in [true, false] {
        let mut scene = Scene::with_a_record();
        scene.planner.await_promoters(PromoterKind::Canary);
        scene.sees(&web("web:2", 2), at(100));
        assert!(scene.due(at(100)).is_empty());
        if is_gone {
            scene.planner.forget(&scene.id);
        } else {
            scene.planner.reset();
        }
        scene.planner.promoters_are_known(PromoterKind::Canary);
        assert!(scene.planner.due.is_empty(), "{is_gone}");
        scene.sees(&web("web:2", 2), at(101));
        scene.facts.mark_every_delivery();
        assert_eq!(scene.due(at(101)).len(), 1, "{is_gone}");
    }
}

#[test]
fn an_incident_waits_for_the_look_that_waits_for_the_list_of_canaries() {
    let mut scene = Scene::with_a_paused_change();
    scene.planner.await_promoters(PromoterKind::Canary);
    scene.planner.due.insert(scene.id.clone());
    assert!(scene.due(at(160)).is_empty());
    let (facts, id) = (&scene.facts, &scene.id);
    let taken = scene.planner.report(facts, id, &started(150), at(161));
    assert_eq!(taken, Reported::Behind);
    scene.planner.promoters_are_known(PromoterKind::Canary);
    assert_eq!(scene.due(at(162)).len(), 1);
}

#[test]
fn a_canary_that_goes_leaves_the_target_to_another_one_that_names_it() {
    for is_deleted in [true, false] {
        let mut scene = Scene::new();
        let other = Promoter {
            name: "also-of-web".into(),
            ..canary()
        };
        let target = Some(scene.id.clone());
        scene.planner.promoter_seen(other.clone(), target);
        scene.has_canary(Some(scene.id.clone()));
        let left = if is_deleted {
            let is_other = |promoter: &Promoter| *promoter == other;
            scene
                .planner
                .retain_promoters(PromoterKind::Canary, is_other)
        } else {
            scene.planner.promoter_seen(canary(), None)
        };
        assert_eq!(left, [scene.id.clone()]);
        scene.sees(&web("web:1", 1), at(10));
        let looks = scene.due(at(10));
        assert_eq!(looks[0].promoter, Some(other.clone()), "{is_deleted}");
        scene
            .planner
            .retain_promoters(PromoterKind::Canary, |_| false);
        assert_eq!(scene.planner.promoters.of(&scene.id), None);
    }
}
