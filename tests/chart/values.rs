//! Values: both Helm versions refuse wrong ones with a message that helps, and the chart works as a
//! subchart.

use std::fs;
use std::path::{Path, PathBuf};

use goldenpath_e2e::{ControlPlane, Options, control_plane_or_skip};

use crate::helm::{GENERATIONS, Helm, NAMESPACE, chart};

/// A wrong value, as JSON, and what the refusal names.
const WRONG: [(&str, &str); 20] = [
    ("replicas=2", "additional properties 'replicas' not allowed"),
    (r#"replicaCount="two""#, "/replicaCount"),
    (r#"image.pullPolicy="Sometimes""#, "/image/pullPolicy"),
    (r#"image.digest="latest""#, "/image/digest"),
    ("crds.keep=1", "/crds/keep"),
    ("labels.on=true", "additional properties 'on' not allowed"),
    (r#"log.format="xml""#, "/log/format"),
    (r#"listenAddress="::""#, "/listenAddress"),
    (r#"judging.extraKinds=["Rollout"]"#, "/judging/extraKinds/0"),
    ("service.port=0", "/service/port"),
    ("service.metricsPort=70000", "/service/metricsPort"),
    (
        r#"serviceMonitor.renderMode="maybe""#,
        "/serviceMonitor/renderMode",
    ),
    (
        r#"serviceMonitor.interval="often""#,
        "/serviceMonitor/interval",
    ),
    (
        r#"prometheusRule.alerts={"GoldenPathNoLeader": {"severity": "critical"}}"#,
        "/prometheusRule/alerts/GoldenPathNoLeader/severity",
    ),
    (
        r#"podDisruptionBudget.minAvailable="half""#,
        "/podDisruptionBudget/minAvailable",
    ),
    (
        "networkPolicy.apiServer.ports=[]",
        "/networkPolicy/apiServer/ports",
    ),
    (
        r#"rbac.approvers=[{"name": "a", "paths": ["*"], "users": ["u"]}]"#,
        "/rbac/approvers/0/paths/0",
    ),
    (
        r#"rbac.approvers=[{"name": "a", "users": ["u"]}]"#,
        "missing property 'paths'",
    ),
    (
        r#"podLabels={"app.kubernetes.io/name": "mine"}"#,
        "app.kubernetes.io/name",
    ),
    (
        r#"livenessProbe={"path": "/"}"#,
        "additional properties 'path' not allowed",
    ),
];

#[test]
fn a_wrong_value_is_refused_by_name() {
    for tool in GENERATIONS {
        let Some(helm) = Helm::offline_or_skip(tool) else {
            return;
        };
        for (value, named) in WRONG {
            let template = ["template", "goldenpath", &chart(), "--set-json", value];
            let printed = helm.refusal(&template);
            assert!(printed.contains(named), "{value}: {printed}");
        }
    }
}

#[test]
fn a_chart_of_the_users_brings_it_along_and_leaves_it_out() {
    let Some(cluster) = control_plane_or_skip(&Options::default()) else {
        return;
    };
    for tool in GENERATIONS {
        let Some(helm) = Helm::or_skip(tool, &cluster) else {
            return;
        };
        as_a_dependency(&cluster, &helm, &parent(tool.as_str()));
    }
}

fn as_a_dependency(cluster: &ControlPlane, helm: &Helm<'_>, parent: &Path) {
    let parent = parent.to_str().unwrap();
    helm.run(&["dependency", "update", parent]);
    let install = ["install", "platform", parent, "--create-namespace"];
    helm.run(&[&install[..], &["--set", "global.region=north"]].concat());
    let replicas = [
        "get",
        "deploy",
        "platform-goldenpath",
        "-n",
        NAMESPACE,
        "-o",
        "jsonpath={.spec.replicas}",
    ];
    assert_eq!(cluster.kubectl_ok(&replicas).unwrap(), "2");

    let wrong = [
        "upgrade",
        "platform",
        parent,
        "--set",
        "goldenpath.replicas=3",
    ];
    let printed = helm.refusal(&wrong);
    assert!(
        printed.contains("additional properties 'replicas' not allowed"),
        "{printed}"
    );

    let without = [
        "upgrade",
        "platform",
        parent,
        "--set",
        "goldenpath.enabled=false",
    ];
    helm.run(&without);
    cluster.kubectl_ok(&replicas).unwrap_err();
    helm.run(&["uninstall", "platform"]);
}

/// A chart with ours as a dependency, in a directory of its own.
fn parent(name: &str) -> PathBuf {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("parent-{name}"));
    let chart = format!(
        "
apiVersion: v2
name: platform
version: 1.0.0
dependencies:
- name: goldenpath
  version: '>=0.1.0-0'
  repository: file://{}
  condition: goldenpath.enabled
",
        chart()
    );
    let values = "{global: {region: south}, goldenpath: {enabled: true, replicaCount: 2}}";
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join("Chart.yaml"), chart).unwrap();
    fs::write(directory.join("values.yaml"), values).unwrap();
    directory
}
