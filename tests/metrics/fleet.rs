//! A small fleet: one path with two required checks, and services at every distance from it.

use goldenpath::assess::adoption::Tally;
use goldenpath::assess::inventory::Inventory;
use goldenpath::assess::object::namespace::Namespace;
use goldenpath::assess::register::index::Register;
use goldenpath::assess::settings::Settings;
use goldenpath::assess::verdict::AsOf;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::fixtures::{Cluster, deployment, exception, web_path, with};

/// A cluster with the web path, launched on 1 January 2026, and the namespaces shop and bank.
pub fn cluster() -> Cluster {
    cluster_with(Settings::default())
}

pub fn cluster_with(settings: Settings) -> Cluster {
    let mut cluster = Cluster::new(settings);
    let _ = cluster.put_path("web", web_path());
    cluster.put_namespace("shop", &json!({"counts": "yes"}));
    cluster.put_namespace("bank", &json!({}));
    cluster
}

/// A Deployment that takes every step.
pub fn golden(name: &str) -> Value {
    with(
        deployment(name),
        json!({"metadata": {"annotations": {"goldenpath.dev/team": "red"}}}),
    )
}

/// A Deployment with too few replicas.
pub fn lonely(name: &str) -> Value {
    with(golden(name), json!({"spec": {"replicas": 1}}))
}

/// A Deployment that takes no step.
pub fn far(name: &str) -> Value {
    with(
        lonely(name),
        json!({"metadata": {"labels": {"tier": null}}}),
    )
}

/// A Deployment for which the check on replicas errs.
pub fn unknown(name: &str) -> Value {
    with(golden(name), json!({"spec": {"replicas": null}}))
}

pub fn of_service(object: Value, service: &str) -> Value {
    with(
        object,
        json!({"metadata": {"labels": {"backstage.io/kubernetes-id": service}}}),
    )
}

pub fn of_team(object: Value, team: &str) -> Value {
    with(
        object,
        json!({"metadata": {"annotations": {"goldenpath.dev/team": team}}}),
    )
}

pub fn within(object: Value, namespace: &str) -> Value {
    with(object, json!({"metadata": {"namespace": namespace}}))
}

pub fn born(object: Value, at: &str) -> Value {
    with(object, json!({"metadata": {"creationTimestamp": at}}))
}

/// An approved exception for the replicas of one Deployment.
pub fn excusing(name: &str, target: &str) -> Value {
    with(
        exception(name),
        json!({"spec": {"targets": [{"kind": "Deployment", "name": target}]}}),
    )
}

/// The same, asked for and not decided.
pub fn asking(name: &str, target: &str) -> Value {
    with(excusing(name, target), json!({"spec": {"approval": null}}))
}

pub fn tally(inventory: &Inventory, now: Timestamp) -> Tally {
    let as_of = AsOf::new(now);
    let register = Register::of(inventory, &as_of);
    Tally::of(inventory, &as_of, &register)
}

/// The cluster began at this instant, as the age of its oldest namespace tells.
pub fn cluster_began(cluster: &mut Cluster, at: &str) {
    let object = json!({"metadata": {"name": "kube-system", "creationTimestamp": at}});
    let namespace = Namespace::read(&object, &cluster.0.settings.team_keys).unwrap();
    let _nothing_to_read_again = cluster.0.put_namespace(namespace);
}
