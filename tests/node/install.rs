//! The README's commands install the operator into a namespace that only admits restricted pods.

use crate::figures::figure;
use crate::story::{Helm, NAMESPACE, Story};
use crate::{pods, readme};

const RESTRICTED: &str = "
apiVersion: v1
kind: Namespace
metadata:
  name: goldenpath-system
  labels: {pod-security.kubernetes.io/enforce: restricted}
";

/// What such a namespace refuses.
const ROOT: &str = "
apiVersion: v1
kind: Pod
metadata: {name: root, namespace: goldenpath-system}
spec: {containers: [{name: root, image: registry.example.com/goldenpath:dev}]}
";

pub fn a_restricted_namespace_takes_what_the_readme_installs(story: &Story, helm: Helm) {
    story.cluster().apply(RESTRICTED).unwrap();
    let refused = story.cluster().apply(ROOT).unwrap_err().to_string();
    assert!(refused.contains("violates PodSecurity"), "{refused}");

    story.type_in(helm, readme::install());

    let pod = pods::ready(story, 1).remove(0);
    let container = &pod.spec["containers"][0];
    assert_eq!(container["image"], "registry.example.com/goldenpath:dev");
    assert_eq!(pod.spec["serviceAccountName"], "goldenpath");
    // Not in the chart: platforms that give out user ids can give theirs.
    assert!(pod.spec["securityContext"]["runAsUser"].is_null());
    assert_eq!(pod.process().user(), "65532", "the image's own user");
    let released = story.type_in(helm, &format!("helm list --namespace {NAMESPACE} --short"));
    assert_eq!(released.trim(), "goldenpath", "{helm:?}");
    let memory = format!("{} KiB", pod.process().resident());
    figure("resident memory right after the start", memory);
}
