//! Manifests of these tests. PLACE stands for a namespace and for the golden path that applies to
//! this namespace only.

/// A golden path of two steps. With its periods nothing falls due while a test runs.
pub const PATH: &str = "
apiVersion: goldenpath.dev/v1alpha1
kind: GoldenPath
metadata: {name: PLACE}
spec:
  owner: {team: platform}
  scope:
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: PLACE}}
  checks:
  - name: team
    expression: \"'team' in object.metadata.?labels.orValue({})\"
    message: nobody can be asked about it
  - name: pinned-image
    expression: >-
      (object.kind == 'CronJob' ? object.spec.jobTemplate.spec : object.spec)
      .template.spec.containers.all(c, !c.image.endsWith(':latest'))
    message: an image has no fixed tag
  exceptionPolicy: {reviewEvery: 90d, remindBefore: 14d, lapseAfter: 30d, maxDuration: 180d}
";

/// The same path, where each phase of an exception lasts 30 seconds: a status may be 10 s late, and
/// the rest is for a busy machine.
pub fn hurried() -> String {
    let hurry = "{reviewEvery: 60s, remindBefore: 30s, lapseAfter: 30s, maxDuration: 1d}";
    let (unhurried, _) = PATH.split_once("{reviewEvery").unwrap();
    format!("{unhurried}{hurry}\n")
}

/// A Deployment that misses no step.
pub fn golden(name: &str) -> String {
    workload("Deployment", name, "1.0.0")
}

/// A Deployment that misses one step, `pinned-image`.
pub fn failing(name: &str) -> String {
    workload("Deployment", name, "latest")
}

/// A workload of any watched kind.
pub fn workload(kind: &str, name: &str, tag: &str) -> String {
    let pod = format!(
        "{{metadata: {{labels: {{app: {name}}}}}, \
          spec: {{containers: [{{name: app, image: 'registry.example.com/app:{tag}'}}]}}}}"
    );
    let selector = format!("selector: {{matchLabels: {{app: {name}}}}}");
    let (group, spec) = match kind {
        "CronJob" => {
            let job = pod.replace("spec: {", "spec: {restartPolicy: Never, ");
            let spec = format!("schedule: '@daily', jobTemplate: {{spec: {{template: {job}}}}}");
            ("batch/v1", spec)
        }
        "DaemonSet" => ("apps/v1", format!("{selector}, template: {pod}")),
        "StatefulSet" => (
            "apps/v1",
            format!("serviceName: {name}, {selector}, template: {pod}"),
        ),
        _ => (
            "apps/v1",
            format!("replicas: 0, {selector}, template: {pod}"),
        ),
    };
    format!(
        "---\n{{apiVersion: {group}, kind: {kind}, \
         metadata: {{name: {name}, namespace: PLACE, labels: {{team: shop}}}}, spec: {{{spec}}}}}\n"
    )
}

/// A Kubernetes Service in front of the workloads with these labels.
pub fn service(name: &str, selector: &str) -> String {
    format!(
        "---\n{{apiVersion: v1, kind: Service, metadata: {{name: {name}, namespace: PLACE}}, \
         spec: {{selector: {{{selector}}}, ports: [{{port: 80}}]}}}}\n"
    )
}

/// An exception for the Deployment of the same name, from `pinned-image`; `more` is added to its
/// spec.
pub fn exception(name: &str, more: &str) -> String {
    format!(
        "---
apiVersion: goldenpath.dev/v1alpha1
kind: DeviationException
metadata: {{name: {name}, namespace: PLACE}}
spec:
  path: PLACE
  checks: [pinned-image]
  targets: [{{kind: Deployment, name: {name}}}]
  reason: The vendor publishes one moving tag and signs what is behind it.
  owner: {{team: shop}}
  ownershipCost: {{hoursPerMonth: 2}}
  {more}
"
    )
}

/// An approval of this instant.
pub fn approval() -> String {
    let now = jiff::Timestamp::now()
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string();
    format!("approval: {{decision: Approved, by: ada, at: \"{now}\"}}")
}
