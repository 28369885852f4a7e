//! Kinds that a path names are judged without a flag, as far as rights go: by commands, by the operator
//! and in manifests. The path is the example for `CloudNativePG`.

use std::fs;
use std::time::Duration;

use goldenpath_e2e::{ControlPlane, Operator, eventually};
use serde_json::Value;

use crate::ground::{cluster, directory, goldenpath, printed, texts};
use crate::suite::operator_options;

const EXAMPLE: &str = "docs/postgres-cluster.yaml";
const SOON: Duration = Duration::from_secs(90);

/// As much of `CloudNativePG`'s definition as the API server needs.
const DEFINITION: &str = "---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: clusters.postgresql.cnpg.io}
spec:
  group: postgresql.cnpg.io
  scope: Namespaced
  names: {kind: Cluster, plural: clusters, singular: cluster}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
";

const DATABASE: &str = "---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: orders-db
  namespace: default
  labels: {team: shop}
  annotations: {ignore-check.kube-linter.io/no-standby: the vendor licenses a single instance}
spec:
  instances: 1
  imageName: ghcr.io/cloudnative-pg/postgresql:17.5
  storage: {size: 10Gi}
";

#[test]
fn a_kind_that_a_path_names_is_judged_without_a_flag() {
    let Some(cluster) = cluster() else { return };
    let path = fs::read_to_string(EXAMPLE).unwrap();
    let without = printed(&mut goldenpath(
        cluster.kubeconfig(),
        &["report", "--paths", EXAMPLE],
    ));
    assert!(!without.contains("orders-db"), "{without}");
    cluster.define(&[DEFINITION]).unwrap();
    cluster.apply(DATABASE).unwrap();
    let args = ["report", "--paths", EXAMPLE, "--color", "never"];
    let output = goldenpath(cluster.kubeconfig(), &args).output().unwrap();
    let (printed_live, _) = texts(&output);
    let found = printed_live.lines().find(|line| line.contains("orders-db"));
    let line = found.unwrap_or_else(|| panic!("{printed_live}"));
    assert!(
        line.contains("postgres") && line.contains("1 of 4"),
        "{line}"
    );

    previews_and_imports_read_it(cluster);

    // The same from manifests.
    let here = directory("kinds");
    fs::write(here.join("db.yaml"), DATABASE).unwrap();
    let from = here.to_str().unwrap();
    let args = ["report", "--from", from, "--paths", EXAMPLE];
    let scanned = printed(&mut goldenpath(cluster.kubeconfig(), &args));
    assert!(
        scanned
            .lines()
            .any(|line| line.contains("orders-db") && line.contains("1 of 4")),
        "{scanned}"
    );

    // The operator follows it from the moment a path names it.
    let options = operator_options(&["--lease-namespace=default", "--leader-elect=false"]);
    let mut operator = Operator::start(cluster, &options).unwrap();
    operator.wait_until_ready(SOON).unwrap();
    let report = || operator.get("/api/v1/report").unwrap().1;
    assert!(!report().contains("orders-db"));
    cluster.apply(&path).unwrap();
    eventually(SOON, "the operator judges the database", || {
        report().contains("orders-db").then_some(())
    });
    drop(operator);
    cluster
        .kubectl_ok(&["delete", "goldenpath", "postgres"])
        .unwrap();
    cluster
        .kubectl_ok(&["delete", "crd", "clusters.postgresql.cnpg.io"])
        .unwrap();
}

/// A preview and an import read the kinds that their paths name, too.
fn previews_and_imports_read_it(cluster: &ControlPlane) {
    let preview = ["preview", EXAMPLE, "-o", "json"];
    let preview = printed(&mut goldenpath(cluster.kubeconfig(), &preview));
    let preview: Value = serde_json::from_str(&preview).unwrap();
    assert_eq!(preview["paths"][0]["then"]["services"], 1, "{preview:#}");
    let import = [
        "import",
        "--from-cluster",
        "--paths",
        EXAMPLE,
        "--map",
        "kube-linter/no-standby=standby",
    ];
    let import = printed(&mut goldenpath(cluster.kubeconfig(), &import));
    assert!(
        import.contains("kind: Cluster") && import.contains("name: orders-db"),
        "{import}"
    );
    let reader = cluster.kubeconfig_for("reader").unwrap();
    let unseen = goldenpath(&reader, &["preview", EXAMPLE]).output().unwrap();
    let (_, notes) = texts(&unseen);
    let is_said =
        |line: &str| line.contains("Cluster") && line.contains("may not be listed by you");
    assert!(notes.lines().any(is_said), "{notes}");
}
