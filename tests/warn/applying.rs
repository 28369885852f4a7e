//! Which applies print a warning, and which print none.

use goldenpath_e2e::{ControlPlane, Operator, Options, eventually};

use crate::ground::{
    SOON, apply, condition, in_force, kubectl, labelled, prepared, start_warning, warnings,
};

/// Three steps, of which a Deployment may miss some.
const PATH: &str = "
apiVersion: goldenpath.dev/v1alpha1
kind: GoldenPath
metadata: {name: web-service}
spec:
  owner: {team: platform, contact: '#platform-help'}
  warnOnApply: true
  scope:
    kinds: [{group: apps, kind: Deployment}]
    namespaceSelector: {matchLabels: {warned: 'yes'}}
    matchConditions:
    - name: opens-a-port
      expression: variables.containers.exists(c, size(c.?ports.orValue([])) > 0)
  variables:
  - {name: containers, expression: object.spec.template.spec.containers}
  checks:
  - name: team
    exemptible: false
    expression: \"'team' in object.metadata.?labels.orValue({})\"
    message: Nobody can be asked about it.
    remediation: kubectl label deployment NAME team=TEAM
  - name: pinned-image
    expression: variables.containers.all(c, !c.image.endsWith(':latest'))
    messageExpression: \"'no fixed tag on ' + variables.containers.filter(c, c.image.endsWith(':latest')).map(c, c.name).join(', ')\"
    message: an image has no fixed tag
    remediation: |
      image: registry.example.com/app:1.2.3
      imagePullPolicy: IfNotPresent
    docsURL: https://platform.example.com/paths/web-service#pinned-image
  - name: replicas
    expression: object.spec.replicas >= 2
    message: one replica is one restart away from an outage
";

fn namespace(name: &str) -> String {
    format!(
        "---\n{{apiVersion: v1, kind: Namespace, metadata: {{name: {name}, labels: {{warned: 'yes'}}}}}}\n"
    )
}

fn deployment(name: &str, (labels, tag, replicas): (&str, &str, u32)) -> String {
    format!(
        "---\n{{apiVersion: apps/v1, kind: Deployment, \
         metadata: {{name: {name}, namespace: shop, labels: {{{labels}}}}}, \
         spec: {{replicas: {replicas}, selector: {{matchLabels: {{app: {name}}}}}, \
         template: {{metadata: {{labels: {{app: {name}}}}}, \
         spec: {{containers: [{{name: app, image: 'registry.example.com/app:{tag}', ports: [{{containerPort: 8080}}]}}]}}}}}}}}\n"
    )
}

/// A cluster with the path in force and an operator, and what is warned about first.
fn scene() -> Option<(ControlPlane, Operator, String)> {
    let cluster = prepared(Options {
        audit_log: true,
        ..Options::default()
    })?;
    cluster.apply(&namespace("shop")).unwrap();
    let operator = start_warning(&cluster);
    cluster.apply(PATH).unwrap();
    condition(&cluster, "web-service", ("True", "Installed"));
    let printed = in_force(&cluster, &deployment("web", ("team: shop", "latest", 2)));
    Some((cluster, operator, printed))
}

#[test]
fn an_apply_gets_one_line_with_the_missing_steps_and_the_off_ramp() {
    let Some((cluster, _operator, printed)) = scene() else {
        return;
    };
    assert_eq!(
        printed,
        "golden path web-service: 2 of 3 steps. Missing: no fixed tag on app (fix: \
         https://platform.example.com/paths/web-service#pinned-image). Or record why you deviate: \
         kubectl goldenpath except deploy/web -n shop --check pinned-image --reason \"…\""
    );
    // The steps no exception may name have no off-ramp, and somebody to ask.
    let printed = apply(&cluster, &deployment("nobodys", ("", "1", 2)));
    let binding = "golden path web-service: 2 of 3 steps. Missing: Nobody can be asked about it \
         (fix: kubectl label deployment NAME team=TEAM). Questions: #platform-help";
    assert_eq!(printed, [binding]);
    let printed = apply(&cluster, &deployment("nothing", ("", "latest", 1)));
    let [line] = printed.as_slice() else {
        panic!("{printed:?}")
    };
    assert!(
        line.starts_with("golden path web-service: 0 of 3 steps."),
        "{line}"
    );
    assert!(
        line.contains("--check pinned-image,replicas --reason"),
        "{line}"
    );
    assert_eq!(
        apply(&cluster, &deployment("fine", ("team: shop", "1", 2))),
        [""; 0]
    );
    a_change_gets_a_warning_and_scaling_does_not(&cluster);
    what_is_missing_is_in_the_audit_log(&cluster);
}

fn a_change_gets_a_warning_and_scaling_does_not(cluster: &ControlPlane) {
    let labels = "deviating/web-service/undocumented";
    labelled(cluster, ("shop", "deploy/web"), labels);
    let quiet: [&str; 0] = [];
    assert_eq!(
        kubectl(
            cluster,
            &["-n", "shop", "scale", "deploy/web", "--replicas=1"]
        ),
        quiet
    );
    for loud in [
        &["-n", "shop", "annotate", "deploy/web", "note=x"][..],
        &["-n", "shop", "rollout", "restart", "deploy/web"],
    ] {
        let printed = kubectl(cluster, loud);
        assert!(printed[0].contains("1 of 3 steps"), "{loud:?}: {printed:?}");
    }
    let dry = deployment("never", ("team: shop", "latest", 2));
    let file = cluster.data_dir().join("never.yaml");
    std::fs::write(&file, dry).unwrap();
    let printed = kubectl(
        cluster,
        &["apply", "--dry-run=server", "-f", file.to_str().unwrap()],
    );
    assert_eq!(printed.len(), 1, "a dry run is a way to ask beforehand");
    assert_eq!(
        kubectl(
            cluster,
            &["-n", "shop", "scale", "deploy/web", "--replicas=2"]
        ),
        quiet
    );
    let image = "app=registry.example.com/app:2";
    assert_eq!(
        kubectl(
            cluster,
            &["-n", "shop", "set", "image", "deploy/web", image]
        ),
        quiet
    );
}

fn what_is_missing_is_in_the_audit_log(cluster: &ControlPlane) {
    let key = "goldenpath-warn-web-service/missing";
    let found = eventually(SOON, "the audit log names what is missing", || {
        let events = cluster.audit_events().unwrap();
        let event = events.into_iter().find(|event| event.name == "nothing")?;
        let annotations = event.annotations.into_iter();
        annotations
            .filter(|(found, _)| found == key)
            .map(|(_, value)| value)
            .next()
    });
    assert_eq!(found, "team,pinned-image,replicas");
}

#[test]
fn there_is_no_warning_without_a_step_or_a_reader() {
    let Some((cluster, _operator, _)) = scene() else {
        return;
    };
    let labels = "deviating/web-service/undocumented";
    labelled(&cluster, ("shop", "deploy/web"), labels);
    let touch = |name: &str, round: &str| {
        let change = format!("round={round}");
        let object = format!("deploy/{name}");
        kubectl(
            &cluster,
            &["-n", "shop", "annotate", "--overwrite", &object, &change],
        )
    };
    assert_eq!(touch("web", "1").len(), 1);
    // Agreed.
    cluster.apply(&exception("web", "pinned-image")).unwrap();
    labelled(
        &cluster,
        ("shop", "deploy/web"),
        "deviating/web-service/documented",
    );
    assert_eq!(touch("web", "2"), [""; 0]);
    // By the operator's own account, which here is the administrator's.
    let admin = cluster.kubectl(&["-n", "shop", "annotate", "deploy/nobodys", "a=b"]);
    assert!(!admin.unwrap().status.success(), "it is not there yet");
    apply(&cluster, &deployment("nobodys", ("", "1", 2)));
    let admin = cluster.kubectl(&["-n", "shop", "annotate", "deploy/nobodys", "a=b"]);
    assert_eq!(warnings(&admin.unwrap()), [""; 0]);
    // In another namespace, on another kind, out of the path's conditions.
    let elsewhere =
        deployment("web", ("", "latest", 1)).replace("namespace: shop", "namespace: default");
    assert_eq!(apply(&cluster, &elsewhere), [""; 0]);
    let set = deployment("set", ("", "latest", 1))
        .replace("kind: Deployment", "kind: StatefulSet")
        .replace("spec: {replicas", "spec: {serviceName: set, replicas");
    assert_eq!(apply(&cluster, &set), [""; 0]);
    let portless =
        deployment("portless", ("", "latest", 1)).replace(", ports: [{containerPort: 8080}]", "");
    assert_eq!(apply(&cluster, &portless), [""; 0]);
}

fn exception(target: &str, check: &str) -> String {
    format!(
        "
apiVersion: goldenpath.dev/v1alpha1
kind: DeviationException
metadata: {{name: {target}, namespace: shop}}
spec:
  path: web-service
  checks: [{check}]
  targets: [{{kind: Deployment, name: {target}}}]
  reason: The vendor publishes no other tag, and has been asked.
  owner: {{team: shop}}
  ownershipCost: {{hoursPerMonth: 2}}
  approval: {{decision: Approved, by: ada, at: '{}'}}
",
        jiff::Timestamp::now()
    )
}
