//! What is off by default is turned on: a path warns whoever applies a workload. The operator gets
//! the rights for it then and uses each; nobody is refused.

use goldenpath_e2e::eventually;

use crate::pods;
use crate::story::{Helm, SOON, Story};

const PATH: &str = "goldenpath/web-service";
const POLICY: &str = "validatingadmissionpolicy/goldenpath-warn-web-service";

/// One step away from `web-service`, and many more.
const DEPLOYMENT: &str = "kubectl create deployment hasty --image=registry.example.com/hasty:1 \
     --port=8080 -n checkout --dry-run=server 2>&1";

pub fn a_path_warns_and_refuses_nobody(story: &Story) {
    story.upgrade(&["warnOnApply.enabled=true"]);
    pods::ready(story, 1);
    warn(story, true);
    eventually(SOON, "who applies is told", || {
        let said = story.type_in(Helm::Four, DEPLOYMENT);
        assert!(said.contains("deployment.apps/hasty created"), "{said}");
        let told = said.contains("golden path web-service");
        (told && said.contains("kubectl goldenpath except deploy/hasty")).then_some(())
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
