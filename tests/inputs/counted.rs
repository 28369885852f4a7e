//! What reports and `demand` count of manifests: services that may predate their path, that a starter path
//! takes, or that ask for something.

use serde_json::Value;

use crate::{Manifest, PATH, deployment, printed, report};

#[test]
fn services_without_a_creation_time_are_counted_as_those_that_may_predate_the_path() {
    let path = |existing: &str| {
        format!("{PATH}  launchedAt: '2026-03-01T00:00:00Z'\n  existing: {existing}\n")
    };
    let workloads = [
        deployment("bare", ""),
        deployment("old", "  creationTimestamp: '2026-01-01T00:00:00Z'\n"),
        deployment("new", "  creationTimestamp: '2026-04-01T00:00:00Z'\n"),
        deployment(
            "stated",
            "  annotations: {goldenpath.dev/service-since: '2025-01-01T00:00:00Z'}\n",
        ),
        deployment("a", "  labels: {backstage.io/kubernetes-id: pair}\n"),
        deployment("b", "  labels: {backstage.io/kubernetes-id: pair}\n"),
        deployment("sound", "").replace(":latest", ":1"),
    ];
    for (existing, may_predate) in [
        ("{treatAs: Predates, until: '2026-12-01T00:00:00Z'}", 2),
        ("{treatAs: Predates, until: '2026-06-01T00:00:00Z'}", 0),
        ("{treatAs: Judge}", 0),
    ] {
        let input = path(existing) + &workloads.concat();
        let found = report(&input);
        let line = &found["summary"]["paths"][0];
        assert_eq!(
            line["mayPredate"].as_u64().unwrap_or_default(),
            may_predate,
            "{existing}"
        );
        let note = "web-service: 2 undocumented services may be older than the path, with nothing due (existing: \
                    Predates): they have no creationTimestamp";
        for args in [&["scan", "-"][..], &["report", "--from", "-", "--summary"]] {
            let text = printed(args, &input);
            assert_eq!(text.contains(note), may_predate > 0, "{text}");
        }
    }
}

#[test]
fn a_draft_without_a_launch_counts_those_that_may_predate_it_once_it_is_applied() {
    let draft = format!("{PATH}  existing: {{treatAs: Predates, until: '2026-12-01T00:00:00Z'}}\n");
    let old = deployment("old", "  creationTimestamp: '2026-01-01T00:00:00Z'\n");
    let text = printed(&["scan", "-"], &format!("{draft}{old}"));
    let note = "web-service: 1 undocumented service may be older than the path, with nothing due (existing: \
                Predates): the path has no launchedAt, and applied it launches at once\n";
    assert!(text.contains(note), "{text}");
    // With a date in it, nothing is left to know.
    let launched = format!("{draft}  launchedAt: '2026-03-01T00:00:00Z'\n{old}");
    let text = printed(&["scan", "-"], &launched);
    assert!(
        text.contains("1 service older than the path, nothing due until"),
        "{text}"
    );
    assert!(!text.contains("may be older"), "{text}");
}

#[test]
fn a_report_counts_the_services_that_a_starter_path_takes_from_a_launched_one() {
    let starter = PATH
        .replace(
            "{name: web-service}",
            "{name: start, annotations: {goldenpath.dev/starter: 'true'}}",
        )
        .replace("spec:\n", "spec:\n  priority: 10\n");
    let web = deployment("web", "");
    let input = format!("{PATH}  launchedAt: '2026-01-01T00:00:00Z'\n{starter}{web}");
    let note = "start: this starter path judges 1 service that web-service would judge, which is launched: delete \
                the starter path\n";
    let text = printed(&["report", "--from", "-"], &input);
    assert!(text.contains(note), "{text}");
    let text = printed(&["report", "--from", "-"], &format!("{starter}{web}"));
    assert!(!text.contains("delete the starter path"), "{text}");
}

/// Services of each kind of demand.
fn demanded(found: &Value, kind: &str) -> u64 {
    let items = found["items"].as_array().unwrap().iter();
    items
        .filter(|item| item["kind"] == *kind)
        .map(|item| item["services"].as_u64().unwrap())
        .sum()
}

/// A workload of a service in a namespace.
fn part(namespace: &str, name: &str, service: &str, more: &str) -> String {
    let labels = format!("{{backstage.io/kubernetes-id: {service}}}");
    deployment(
        name,
        &format!("  namespace: {namespace}\n  labels: {labels}\n{more}"),
    )
}

/// A `CronJob` of a service.
fn job(namespace: &str, name: &str, service: &str) -> String {
    let pod = "{spec: {containers: [{name: c, image: 'example.com/c:1'}]}}";
    format!(
        "---
apiVersion: batch/v1
kind: CronJob
metadata: {{name: {name}, namespace: {namespace}, labels: {{backstage.io/kubernetes-id: {service}}}}}
spec: {{schedule: '@daily', jobTemplate: {{spec: {{template: {pod}}}}}}}
"
    )
}

/// An exception of the services cart and till of a namespace.
fn wish(namespace: &str) -> String {
    format!(
        "---
apiVersion: goldenpath.dev/v1alpha1
kind: DeviationException
metadata: {{name: latest, namespace: {namespace}}}
spec:
  path: web-service
  checks: [pinned-image]
  selector: {{matchExpressions: [{{key: backstage.io/kubernetes-id, operator: In, values: [cart, till]}}]}}
  reason: Vendor publishes only the tag latest for it
  owner: {{team: shop}}
  ownershipCost: {{hoursPerMonth: 1}}
  wouldReturnIf: The vendor publishes versions
"
    )
}

/// Services of two workloads in two namespaces that count and in one that does not, one by one missing a
/// step, asking to be ignored, failing a check, and without a path.
fn asking() -> String {
    let namespaces = [("a", "yes"), ("b", "yes"), ("lab", "no")].map(|(name, counts)| {
        format!("---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}, labels: {{counts: '{counts}'}}}}\n")
    });
    let ignore = "  annotations: {goldenpath.dev/ignore: a load test}\n";
    let broken = "  annotations: {broken: 'yes'}\n";
    let check = "  - {name: broken, title: Not broken, expression: \"!('broken' in \
                 object.metadata.?annotations.orValue({})) || object.spec.nothing\"}\n";
    let carts =
        ["a", "b", "lab"].map(|it| part(it, "cart", "cart", "") + &part(it, "worker", "cart", ""));
    let tills = [("a", "till"), ("a", "till-2"), ("lab", "till")]
        .map(|(it, name)| part(it, name, "till", ignore));
    let odd = ["a", "b"].map(|it| part(it, "odd", "odd", broken).replace(":latest", ":1"));
    let jobs = [
        ("a", "night", "night"),
        ("a", "day", "night"),
        ("b", "night", "night"),
        // Beside a Deployment that has a path.
        ("a", "cart-job", "cart"),
        ("lab", "alone", "alone"),
    ];
    [
        PATH.to_owned() + check + "  scope: {kinds: [{group: apps, kind: Deployment}]}\n",
        namespaces.concat(),
        carts.concat(),
        tills.concat(),
        odd.concat(),
        jobs.map(|(namespace, name, service)| job(namespace, name, service))
            .concat(),
        ["a", "b", "lab"].map(wish).concat(),
    ]
    .concat()
}

#[test]
fn demand_counts_the_services_that_the_summary_counts() {
    let file = Manifest::of("demand", &asking());
    for (flags, steps, without_path, ignore) in [
        (&["--counted-namespaces", "counts=yes"][..], 3, 2, 1),
        (
            &[
                "--counted-namespaces",
                "counts=yes",
                "--services-across-namespaces",
            ],
            2,
            1,
            1,
        ),
        (&[], 5, 3, 2),
    ] {
        let of = |verb: &str| -> Value {
            let args = [&[verb, "--from", file.path(), "-o", "json"], flags].concat();
            serde_json::from_str(&printed(&args, "")).unwrap()
        };
        let (summary, found) = (of("report")["summary"].take(), of("demand"));
        assert_eq!(
            demanded(&found, "no-path"),
            summary["unscoped"],
            "{flags:?}"
        );
        assert_eq!(demanded(&found, "no-path"), without_path, "{flags:?}");
        let top = summary["paths"][0]["topDeviations"].as_array().unwrap();
        let failing = top
            .iter()
            .find(|step| step["check"] == "pinned-image")
            .unwrap();
        assert_eq!(demanded(&found, "step"), failing["services"], "{flags:?}");
        assert_eq!(demanded(&found, "step"), steps, "{flags:?}");
        // The exceptions cover every service that misses the step.
        assert_eq!(demanded(&found, "wish"), steps, "{flags:?}");
        assert_eq!(
            demanded(&found, "check-error"),
            summary["services"]["unknown"],
            "{flags:?}"
        );
        assert_eq!(demanded(&found, "ignore"), ignore, "{flags:?}");
    }
}
