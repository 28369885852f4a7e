//! Delivery records of workloads whose rollouts Flagger or Argo Rollouts decides, with both controllers on a
//! real API server with simulated nodes, and without them. Records must equal what the script did, across a restart of the
//! operator in the middle.

#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used)]

#[path = "../suite/account.rs"]
mod account;
mod argo;
mod flagger;
mod ground;
#[allow(dead_code)] // the months need more of it
#[path = "../rollouts/scene.rs"]
mod scene;
#[path = "../suite/mod.rs"]
mod suite;

use std::thread;

use argo::Web;
use flagger::Shop;
use ground::{Ground, Operators};

#[test]
fn records_are_what_flagger_and_argo_rollouts_decided() {
    let Some(ground) = Ground::start() else {
        return;
    };
    ground.the_kinds_may_be_missing();
    let _controllers = ground.controllers();
    let operators = Operators::start(&ground);
    let agent = flagger::Agent::new(&ground);
    let shop = flagger::Shop::new(&ground, &operators);
    let web = argo::Web::new(&ground);
    let operators = thread::scope(|scope| {
        scope.spawn(|| agent.two_releases_are_promoted());
        two_stories(operators, shop, &web)
    });
    operators.stop();
}

/// The operator is restarted in the middle of both, and once more at rest.
fn two_stories<'a>(operators: Operators<'a>, shop: Shop<'_>, web: &Web<'_>) -> Operators<'a> {
    thread::scope(|scope| {
        scope.spawn(|| shop.a_release_fails_its_analysis());
        scope.spawn(|| web.a_release_and_a_configuration());
    });
    shop.next_release_begins();
    web.a_bad_release_begins();
    let operators = operators.restart();
    thread::scope(|scope| {
        scope.spawn(|| shop.is_promoted_and_the_next_one_undone());
        scope.spawn(|| web.is_aborted_and_undone());
    });
    let shop = shop.seen_by(&operators);
    shop.an_incident_of_the_primary_is_one_of_the_app();
    let versions = [shop.versions(), web.versions()];
    let operators = operators.restart();
    operators.lead();
    assert_eq!([shop.versions(), web.versions()], versions);
    operators
}
