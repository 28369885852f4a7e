//! Turns on what is off by default: a path warns users who apply a workload. The operator gets the
//! rights for it, uses each of them, and the API server refuses no workload.

use goldenpath_e2e::eventually;

use crate::pods;
use crate::story::{Helm, SOON, Story};

const PATH: &str = "goldenpath/web-service";
const POLICY: &str = "validatingadmissionpolicy/goldenpath-warn-web-service";

/// One step away from `web-service`, and many more.
const DEPLOYMENT: &str = "kubectl create deployment hasty --image=registry.example.com/hasty:1 \
     --port=8080 -n checkout --dry-run=server 2>&1";

pub fn a_path_warns_and_refuses_no_request(story: &Story) {
    story.upgrade(&["warnOnApply.enabled=true"]);
    pods::ready(story, 1);
    warn(story, true);
    eventually(SOON, "the user who applies is warned", || {
        let printed = story.type_in(Helm::Four, DEPLOYMENT);
        assert!(
            printed.contains("deployment.apps/hasty created"),
            "{printed}"
        );
        let names_path = printed.contains("golden path web-service");
        (names_path && printed.contains("kubectl goldenpath except deploy/hasty")).then_some(())
    });
    warn(story, false);
    eventually(SOON, "the policy goes with its reason", || {
        story
            .cluster()
            .kubectl_ok(&["get", POLICY])
            .is_err()
            .then_some(())
    });
    // The last chapter has to find one.
    warn(story, true);
    eventually(SOON, "the policy is back", || {
        story.cluster().kubectl_ok(&["get", POLICY]).ok()
    });
    // A watch is on record when it ends.
    let restart = "kubectl rollout restart deployment/goldenpath -n goldenpath-system
        kubectl rollout status deployment/goldenpath -n goldenpath-system --timeout=120s";
    story.type_in(Helm::Four, restart);
    pods::ready(story, 1);
}

fn warn(story: &Story, warns: bool) {
    let patch = format!(r#"{{"spec": {{"warnOnApply": {warns}}}}}"#);
    story.kubectl(&["patch", PATH, "--type=merge", "-p", &patch]);
}
