//! The smallest control plane, used as an operator's test would use it.

use std::time::Duration;

use goldenpath_e2e::{ControlPlane, Options, User, control_plane_or_skip, eventually};

const CONFIG_MAP: &str = "
apiVersion: v1
kind: ConfigMap
metadata: {name: greeting, namespace: default}
data: {text: hello}
";

const MAY_READ_CONFIG_MAPS: &str = "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
rules: [{apiGroups: [''], resources: [configmaps], verbs: [get, list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reader}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: shop}]
";

fn greeting(cluster: &ControlPlane) -> Option<String> {
    let args = ["get", "configmap", "greeting", "-o=jsonpath={.data.text}"];
    cluster.kubectl_ok(&args).ok()
}

#[test]
fn what_was_applied_outlives_the_api_server() {
    let Some(cluster) = control_plane_or_skip(&Options::default()) else {
        return;
    };
    cluster.apply(CONFIG_MAP).unwrap();
    cluster.restart_api_server().unwrap();
    assert_eq!(greeting(&cluster).as_deref(), Some("hello"));
    cluster.stop_api_server();
    assert_eq!(greeting(&cluster), None);
    cluster.start_api_server().unwrap();
    assert_eq!(greeting(&cluster).as_deref(), Some("hello"));
}

#[test]
fn a_paused_api_server_answers_once_it_goes_on() {
    let Some(cluster) = control_plane_or_skip(&Options::default()) else {
        return;
    };
    cluster.pause_api_server();
    let impatient = ["get", "namespaces", "--request-timeout=300ms"];
    assert!(!cluster.kubectl(&impatient).unwrap().status.success());
    cluster.resume_api_server();
    eventually(Duration::from_secs(20), "the server answers", || {
        cluster.kubectl_ok(&["get", "namespaces"]).ok()
    });
}

#[test]
fn people_have_the_rights_that_rbac_gives_them() {
    let options = Options {
        users: vec![
            User::new("alice", &["shop"]).unwrap(),
            User::new("bob", &["till"]).unwrap(),
        ],
        audit_log: true,
        ..Options::default()
    };
    let Some(cluster) = control_plane_or_skip(&options) else {
        return;
    };
    cluster.apply(CONFIG_MAP).unwrap();
    cluster.apply(MAY_READ_CONFIG_MAPS).unwrap();
    let read = ["get", "configmap", "greeting"];
    eventually(Duration::from_secs(10), "alice may read", || {
        let output = cluster.kubectl_as("alice", &read).unwrap();
        output.status.success().then_some(())
    });
    let refused = cluster.kubectl_as("bob", &read).unwrap();
    assert!(String::from_utf8_lossy(&refused.stderr).contains("cannot get resource"));
    assert!(cluster.kubectl_as("eve", &read).is_err());
    eventually(Duration::from_secs(10), "both are in the audit log", || {
        let events = cluster.audit_events().unwrap();
        let answered = |user: &str, code| {
            let mut events = events.iter();
            events.any(|event| event.user == user && event.code == code && event.name == "greeting")
        };
        (answered("alice", 200) && answered("bob", 403)).then_some(())
    });
}

#[test]
fn writes_are_counted_by_the_api_server_itself() {
    let Some(cluster) = control_plane_or_skip(&Options::default()) else {
        return;
    };
    let before = cluster.api_request_totals().unwrap();
    cluster.apply(CONFIG_MAP).unwrap();
    cluster
        .kubectl_ok(&["get", "configmap", "greeting"])
        .unwrap();
    let during = cluster.api_request_totals().unwrap().since(&before);
    assert_eq!(during.count(&["APPLY"], "configmaps"), 1);
    assert_eq!(during.writes("configmaps"), 1);
    assert_eq!(during.count(&["GET"], "configmaps"), 1);
}

#[test]
fn namespaces_of_the_same_prefix_differ() {
    let Some(cluster) = control_plane_or_skip(&Options::default()) else {
        return;
    };
    let first = cluster.create_namespace("shop").unwrap();
    let second = cluster.create_namespace("shop").unwrap();
    assert_ne!(first, second);
    cluster
        .kubectl_ok(&["get", "namespace", &first, &second])
        .unwrap();
}

#[test]
fn a_service_account_may_do_what_its_roles_allow_and_no_more() {
    let Some(cluster) = control_plane_or_skip(&Options::default()) else {
        return;
    };
    cluster
        .kubectl_ok(&["create", "serviceaccount", "robot"])
        .unwrap();
    let kubeconfig = cluster
        .kubeconfig_for_service_account("default", "robot")
        .unwrap();
    let flag = format!("--kubeconfig={}", kubeconfig.display());
    let whoami = cluster.kubectl_ok(&["auth", "whoami", &flag]).unwrap();
    assert!(
        whoami.contains("system:serviceaccount:default:robot"),
        "{whoami}"
    );
    assert!(
        !cluster
            .kubectl(&["get", "secrets", &flag])
            .unwrap()
            .status
            .success()
    );
}

#[test]
fn nothing_remains_of_a_dropped_control_plane() {
    let Some(cluster) = control_plane_or_skip(&Options::default()) else {
        return;
    };
    let data = cluster.data_dir().to_owned();
    drop(cluster);
    assert!(!data.exists());
}

const GREETING_KIND: &str = "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: greetings.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {kind: Greeting, plural: greetings, singular: greeting, shortNames: [gr]}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, properties: {text: {type: string}}}}
";

#[test]
fn a_stored_object_is_found_by_every_word_for_its_kind() {
    let Some(cluster) = control_plane_or_skip(&Options::default()) else {
        return;
    };
    cluster.apply(CONFIG_MAP).unwrap();
    for object in ["cm/greeting", "ConfigMap/greeting", "configmaps/greeting"] {
        let stored = cluster.stored("default", object).unwrap();
        assert_eq!(stored["data"]["text"], "hello", "{object}");
        assert!(stored["metadata"]["managedFields"].is_array(), "{object}");
    }
    // A kind that came after the first question, and objects without a namespace.
    cluster.define(&[GREETING_KIND]).unwrap();
    let hello = "{apiVersion: example.com/v1, kind: Greeting, \
        metadata: {name: hello, namespace: default}, text: hello}";
    cluster.apply(hello).unwrap();
    let stored = cluster.stored("default", "gr/hello").unwrap();
    assert_eq!(stored["text"], "hello");
    let crd = cluster.stored("", "crd/greetings.example.com").unwrap();
    assert_eq!(crd["spec"]["group"], "example.com");
    let error = cluster.stored("default", "nothing/hello").unwrap_err();
    assert_eq!(error.reason(), "NoKind");
    let error = cluster.stored("default", "cm/absent").unwrap_err();
    assert_eq!(error.reason(), "UnexpectedStatus");
}
