//! The validation rules of the CRDs on a real API server: what it refuses and with which message,
//! which defaults it sets, and what `kubectl get` shows.

#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used)]

#[path = "crd_rules/objectives.rs"]
mod objectives;
#[path = "crd_rules/roadmap.rs"]
mod roadmap;
#[path = "suite/mod.rs"]
mod suite;
#[path = "crd_rules/surveys.rs"]
mod surveys;
#[path = "crd_rules/written.rs"]
mod written;

use std::io::Write as _;
use std::sync::OnceLock;

use goldenpath::api;
use goldenpath_e2e::{ControlPlane, Options};
use serde_json::{Value, json};

/// One control plane for the whole file: every test names its objects after itself.
static CLUSTER: OnceLock<Option<ControlPlane>> = OnceLock::new();

/// The body of a test that needs the cluster. Without one, the first test prints why.
fn with_cluster(body: impl FnOnce(&ControlPlane)) {
    let mut first = false;
    let cluster = CLUSTER.get_or_init(|| {
        first = true;
        suite::control_plane(&Options::default())
    });
    match cluster {
        Some(cluster) => body(cluster),
        None if first => {} // printed already
        None => {
            // Not `eprintln!`: the test runner would swallow the line.
            let mut stderr = std::io::stderr();
            writeln!(stderr, "skipped: no control plane").unwrap();
        }
    }
}

fn exception(name: &str) -> Value {
    json!({
        "apiVersion": api::API_VERSION,
        "kind": "DeviationException",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "path": "web-service",
            "checks": ["spread"],
            "targets": [{"kind": "Deployment", "name": "shop"}],
            "reason": "One replica is what the licence allows.",
            "owner": {"team": "shop"},
            "ownershipCost": {"hoursPerMonth": 2},
        },
    })
}

fn record(name: &str) -> Value {
    json!({
        "apiVersion": api::API_VERSION,
        "kind": "DeliveryRecord",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"workload": {"group": "apps", "kind": "Deployment", "name": "shop"}},
    })
}

fn approved(name: &str) -> Value {
    let mut object = exception(name);
    object["spec"]["approval"] =
        json!({"decision": "Approved", "by": "ada", "at": "2026-03-01T09:00:00Z"});
    object
}

fn path(name: &str) -> Value {
    json!({
        "apiVersion": api::API_VERSION,
        "kind": "GoldenPath",
        "metadata": {"name": name},
        "spec": {
            "owner": {"team": "platform"},
            "checks": [{"name": "probe", "expression": "true"}],
        },
    })
}

fn accepts(cluster: &ControlPlane, object: &Value) {
    if let Err(refusal) = cluster.apply(&object.to_string()) {
        panic!("{refusal}");
    }
}

fn refuses(cluster: &ControlPlane, object: &Value, sentence: &str) {
    match cluster.apply(&object.to_string()) {
        Ok(answer) => panic!("accepted: {answer}{object}"),
        Err(refusal) => assert!(refusal.to_string().contains(sentence), "{refusal}"),
    }
}

/// `kind` is a plural, a singular or a short name.
fn stored(cluster: &ControlPlane, kind: &str, name: &str) -> Value {
    let text = cluster.kubectl_ok(&["get", kind, name, "-o=json"]).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn the_definitions_are_accepted_without_a_warning() {
    with_cluster(|cluster| {
        for crd in api::crds() {
            let name = crd.metadata.name.clone().unwrap();
            let file = cluster.data_dir().join(&name);
            std::fs::write(&file, api::crd_manifest(&crd)).unwrap();
            let apply = ["apply", "--server-side", "-f", file.to_str().unwrap()];
            let answer = cluster.kubectl(&apply).unwrap();
            assert_eq!(String::from_utf8_lossy(&answer.stderr), "");
            let conditions = &stored(cluster, "crd", &name)["status"]["conditions"];
            let text = conditions.to_string();
            assert!(!text.contains("NonStructural"), "{text}");
        }
    });
}

#[test]
fn proposed_paths_are_accepted_and_their_expressions_are_the_server_s() {
    with_cluster(|cluster| {
        let init = ["init", "--from", "examples/workloads"];
        let kubeconfig = cluster.data_dir().join("none");
        let proposed = |format: &str| {
            let mut init = suite::goldenpath(&kubeconfig, &[&init[..], &["-o", format]].concat());
            let output = init.output().unwrap();
            assert!(output.status.success(), "{output:?}");
            String::from_utf8(output.stdout).unwrap()
        };
        let accepts = |name: &str, text: &str| {
            let file = cluster.data_dir().join(name);
            std::fs::write(&file, text).unwrap();
            let file = file.to_str().unwrap();
            let apply = ["apply", "--server-side", "--dry-run=server", "-f", file];
            let answer = cluster.kubectl(&apply).unwrap();
            assert_eq!(String::from_utf8_lossy(&answer.stderr), "", "{text}");
        };
        accepts("init.yaml", &proposed("yaml"));
        let list: Value = serde_json::from_str(&proposed("json")).unwrap();
        for path in list["items"].as_array().unwrap() {
            let expressions = path["spec"]["checks"].as_array().unwrap().iter();
            let policy = json!({
                "apiVersion": "admissionregistration.k8s.io/v1",
                "kind": "ValidatingAdmissionPolicy",
                "metadata": {"name": path["metadata"]["name"]},
                "spec": {
                    "matchConstraints": {"resourceRules": [{
                        "apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*"],
                        "operations": ["CREATE"],
                    }]},
                    "variables": path["spec"]["variables"],
                    "validations": expressions
                        .map(|check| json!({"expression": check["expression"]}))
                        .collect::<Vec<_>>(),
                },
            });
            accepts("policy.json", &policy.to_string());
        }
    });
}

#[test]
fn an_exported_bundle_brings_back_paths_exceptions_and_their_dates() {
    with_cluster(|cluster| {
        let mut exception = approved("exported");
        exception["spec"]["path"] = json!("exported");
        exception["spec"]["reviews"] = json!([{"by": "ada", "at": "2026-06-01T09:00:00Z",
            "outcome": "Renewed", "expiresAt": "2027-03-01T09:00:00Z"}]);
        accepts(cluster, &path("exported"));
        accepts(cluster, &exception);
        cluster
            .apply(&suite::deployment("default", "exported"))
            .unwrap();
        let kinds = ["gp", "devex"];
        let before = kinds.map(|kind| stored(cluster, kind, "exported"));
        let births = cluster.data_dir().join("births.sh");
        let args = ["export", "--path", "exported", "--births-file"];
        let args = [&args[..], &[births.to_str().unwrap()]].concat();
        let export = suite::goldenpath(cluster.kubeconfig(), &args)
            .output()
            .unwrap();
        assert!(export.status.success(), "{export:?}");
        let births = std::fs::read_to_string(births).unwrap();
        let born = "kubectl annotate deploy/exported -n default goldenpath.dev/service-since=";
        assert!(births.contains(born), "{births}");
        for kind in kinds {
            cluster.kubectl_ok(&["delete", kind, "exported"]).unwrap();
        }
        let bundle = String::from_utf8(export.stdout).unwrap();
        assert!(!bundle.contains("status:"), "{bundle}");
        cluster.apply(&bundle).unwrap();
        let after = kinds.map(|kind| stored(cluster, kind, "exported"));
        let created = &before[0]["metadata"]["creationTimestamp"];
        assert_eq!(&after[0]["spec"]["launchedAt"], created);
        assert_eq!(after[0]["spec"]["checks"], before[0]["spec"]["checks"]);
        assert_eq!(after[1]["spec"], before[1]["spec"]);
        assert_ne!(after[1]["metadata"]["uid"], before[1]["metadata"]["uid"]);
    });
}

#[test]
fn an_empty_selector_is_refused() {
    with_cluster(|cluster| {
        let mut object = exception("empty-selector");
        object["spec"]["selector"] = json!({});
        refuses(
            cluster,
            &object,
            "an empty selector would cover the whole namespace",
        );
        object["spec"]["selector"] = json!({"matchLabels": {}});
        refuses(
            cluster,
            &object,
            "an empty selector would cover the whole namespace",
        );
        object["spec"]["selector"] = json!({"matchLabels": {"tier": "experiment"}});
        accepts(cluster, &object);
    });
}

#[test]
fn an_exception_for_nothing_is_refused() {
    with_cluster(|cluster| {
        let mut object = exception("for-nothing");
        object["spec"]["targets"] = json!([]);
        refuses(cluster, &object, "set targets or selector");
    });
}

#[test]
fn a_useless_reason_is_refused() {
    with_cluster(|cluster| {
        let mut object = exception("short-reason");
        object["spec"]["reason"] = json!("because");
        refuses(cluster, &object, "spec.reason");
    });
}

#[test]
fn binding_needs_exactly_one_target() {
    with_cluster(|cluster| {
        let mut object = exception("bound");
        object["spec"]["boundTo"] = json!({"templateHash": format!("v1:{}", "0".repeat(64))});
        accepts(cluster, &object);
        object["spec"]["targets"] =
            json!([{"kind": "Deployment", "name": "a"}, {"kind": "Deployment", "name": "b"}]);
        refuses(cluster, &object, "set exactly one target and no selector");
    });
}

#[test]
fn a_record_of_reviews_is_bounded() {
    with_cluster(|cluster| {
        let mut object = approved("often-reviewed");
        let review = |day: i64| {
            let at = jiff::Timestamp::from_second(1_780_000_000 + day * 86_400).unwrap();
            json!({"at": at.to_string(), "by": "ada", "outcome": "Renewed"})
        };
        object["spec"]["reviews"] = (0..66).map(review).collect();
        refuses(cluster, &object, "must have at most 65 items");
        object["spec"]["reviews"] = (0..65).map(review).collect();
        refuses(cluster, &object, "holds at most 64 reviews");
        object["spec"]["reviews"] = (0..64).map(review).collect();
        accepts(cluster, &object);
    });
}

#[test]
fn a_review_cannot_be_removed() {
    with_cluster(|cluster| {
        let mut object = approved("reviewed");
        let first = json!({"at": "2026-05-01T09:00:00Z", "by": "ada", "outcome": "Renewed", "expiresAt": "2027-01-01T00:00:00Z"});
        let second = json!({"at": "2026-07-01T09:00:00Z", "by": "ada", "outcome": "Renewed"});
        object["spec"]["reviews"] = json!([first, second]);
        accepts(cluster, &object);
        let record = "reviews can be added, but not changed or removed";

        object["spec"]["reviews"] = json!([first]);
        refuses(cluster, &object, record);
        object["spec"].as_object_mut().unwrap().remove("reviews");
        refuses(cluster, &object, record);
        let whole_field = ["patch", "devex", "reviewed", "--type=json"];
        let removal = r#"-p=[{"op": "remove", "path": "/spec/reviews"}]"#;
        let answer = cluster
            .kubectl(&[&whole_field[..], &[removal]].concat())
            .unwrap();
        assert!(String::from_utf8_lossy(&answer.stderr).contains(record));

        let mut changed = first.clone();
        changed["expiresAt"] = json!("2030-01-01T00:00:00Z");
        object["spec"]["reviews"] = json!([changed, second]);
        refuses(cluster, &object, record);

        let third = json!({"at": "2026-09-01T09:00:00Z", "by": "eve", "outcome": "Closed"});
        object["spec"]["reviews"] = json!([first, second, third]);
        accepts(cluster, &object);
    });
}

/// Each way to widen what was approved.
fn widenings() -> Vec<(&'static str, Value)> {
    vec![
        ("path", json!("batch-job")),
        ("checks", json!(["*"])),
        ("targets", json!([{"kind": "Deployment", "name": "other"}])),
        ("selector", json!({"matchLabels": {"app": "shop"}})),
        ("maxWorkloads", json!(9)),
        ("expiresAt", json!("2030-01-01T00:00:00Z")),
        ("reviewEvery", json!("365d")),
        ("ownershipCost", json!({"hoursPerMonth": 0})),
    ]
}

#[test]
fn approved_substance_cannot_change_under_its_approval() {
    with_cluster(|cluster| {
        let original = approved("approved");
        accepts(cluster, &original);
        for (field, value) in widenings() {
            let mut object = original.clone();
            object["spec"][field] = value;
            refuses(
                cluster,
                &object,
                "approved fields cannot change while the approval stays",
            );
        }
        let mut object = original.clone();
        object["spec"]["boundTo"] = json!({"templateHash": format!("v1:{}", "1".repeat(64))});
        refuses(
            cluster,
            &object,
            "approved fields cannot change while the approval stays",
        );
    });
}

#[test]
fn words_around_an_approval_can_change() {
    with_cluster(|cluster| {
        let mut object = approved("words");
        accepts(cluster, &object);
        object["spec"]["ticket"] = json!("SHOP-1");
        object["spec"]["owner"]["contact"] = json!("#shop");
        object["spec"]["renewal"] = json!({"requestedAt": "2026-08-01T09:00:00Z", "by": "sam", "stillNeededBecause": "no change"});
        accepts(cluster, &object);
    });
}

#[test]
fn substance_can_change_when_the_approval_is_removed_in_the_same_edit() {
    with_cluster(|cluster| {
        for (index, (field, value)) in widenings().into_iter().enumerate() {
            let name = format!("asked-again-{index}");
            accepts(cluster, &approved(&name));
            let mut object = exception(&name);
            object["spec"][field] = value;
            accepts(cluster, &object);
        }
    });
}

#[test]
fn a_path_name_that_is_no_dns_label_is_refused() {
    with_cluster(|cluster| {
        for name in ["web.service".to_owned(), "w".repeat(64), "w".repeat(200)] {
            refuses(
                cluster,
                &path(&name),
                "a golden path's name becomes a label value",
            );
        }
        accepts(cluster, &path(&"w".repeat(63)));
    });
}

#[test]
fn a_check_name_that_is_no_dns_label_is_refused() {
    with_cluster(|cluster| {
        for name in ["has.dot", "Upper", "-dash", "*", ""] {
            let mut object = path("check-names");
            object["spec"]["checks"][0]["name"] = json!(name);
            refuses(cluster, &object, "spec.checks[0].name");
        }
    });
}

#[test]
fn two_checks_of_one_name_are_refused() {
    with_cluster(|cluster| {
        let mut object = path("twins");
        let check = json!({"name": "probe", "expression": "true"});
        object["spec"]["checks"] = json!([check, check]);
        refuses(cluster, &object, "duplicate");
    });
}

#[test]
fn a_path_without_checks_is_refused() {
    with_cluster(|cluster| {
        let mut object = path("empty");
        object["spec"]["checks"] = json!([]);
        refuses(cluster, &object, "spec.checks");
    });
}

#[test]
fn a_variable_that_no_expression_could_name_is_refused() {
    with_cluster(|cluster| {
        let mut object = path("variables");
        object["spec"]["variables"] = json!([{"name": "pod-spec", "expression": "object.spec"}]);
        refuses(cluster, &object, "checks read a variable as variables.NAME");
        object["spec"]["variables"] = json!([{"name": "podSpec", "expression": "object.spec"}]);
        accepts(cluster, &object);
    });
}

/// Not an apply: its body is read as YAML, which refuses some characters before any rule is asked.
fn creation(cluster: &ControlPlane, object: &Value) -> Result<(), String> {
    let name = object["metadata"]["name"].as_str().unwrap();
    let file = cluster.data_dir().join(format!("{name}.json"));
    std::fs::write(&file, object.to_string()).unwrap();
    let create = ["create", "--dry-run=server", "-f", file.to_str().unwrap()];
    let answer = cluster.kubectl(&create).unwrap();
    if answer.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&answer.stderr).into_owned())
}

fn refuses_to_create(cluster: &ControlPlane, object: &Value, place: &str) {
    let refusal = creation(cluster, object).unwrap_err();
    assert!(refusal.contains(place), "{place}: {refusal}");
    assert!(
        !refusal.contains(|c: char| c.is_control() && c != '\n'),
        "{refusal:?}"
    );
}

/// Characters that a terminal obeys, or that the API server's own YAML reader refuses.
const CONTROLS: [char; 7] = ['\0', '\r', '\u{1b}', '\u{7f}', '\u{80}', '\u{85}', '\u{9b}'];

#[test]
fn a_text_with_a_control_character_is_refused() {
    with_cluster(|cluster| {
        for field in [
            "/path",
            "/checks/0",
            "/targets/0/kind",
            "/targets/0/name",
            "/reason",
            "/owner/team",
            "/owner/contact",
            "/ticket",
            "/requestedBy",
            "/ownershipCost/description",
            "/wouldReturnIf",
            "/approval/by",
            "/approval/note",
            "/renewal/by",
            "/renewal/stillNeededBecause",
        ] {
            let mut object = approved("controls");
            let spec = &mut object["spec"];
            spec["owner"]["contact"] = json!("x");
            spec["ticket"] = json!("x");
            spec["requestedBy"] = json!("x");
            spec["ownershipCost"]["description"] = json!("x");
            spec["wouldReturnIf"] = json!("x");
            spec["approval"]["note"] = json!("x");
            spec["renewal"] = json!({"requestedAt": "2026-08-01T09:00:00Z", "by": "x", "stillNeededBecause": "x"});
            for c in CONTROLS {
                let text = format!("Text of a field that ends oddly{c}");
                *object["spec"].pointer_mut(field).unwrap() = json!(text);
                let place = field.trim_start_matches('/').replace("/0", "[0]");
                refuses_to_create(
                    cluster,
                    &object,
                    &format!("spec.{}", place.replace('/', ".")),
                );
            }
        }
        for (field, c) in [
            ("title", '\u{1b}'),
            ("description", '\u{9b}'),
            ("persona", '\n'),
        ] {
            let mut object = path("controls");
            object["spec"][field] = json!(format!("a{c}b"));
            refuses_to_create(cluster, &object, &format!("spec.{field}"));
        }
    });
}

#[test]
fn a_path_or_check_that_could_not_exist_is_refused() {
    with_cluster(|cluster| {
        for name in ["Web", "web service", "-web", "web.service", "*"] {
            let mut object = exception("names");
            object["spec"]["path"] = json!(name);
            refuses(cluster, &object, "spec.path");
            let mut object = path("names");
            object["spec"]["formerNames"] = json!([name]);
            refuses(cluster, &object, "spec.formerNames[0]");
        }
        for name in ["Spread", "spread*", "**", ""] {
            let mut object = exception("names");
            object["spec"]["checks"] = json!([name]);
            refuses(cluster, &object, "spec.checks[0]");
        }
        let mut object = exception("names");
        object["spec"]["checks"] = json!(["*"]);
        accepts(cluster, &object);
    });
}

#[test]
fn prose_and_snippets_keep_their_lines() {
    with_cluster(|cluster| {
        let prose = "One replica is what\n\tthe licence allows – 一つ 👩\u{200d}💻.";
        let mut object = approved("lines");
        object["spec"]["reason"] = json!(prose);
        object["spec"]["approval"]["note"] = json!(prose);
        accepts(cluster, &object);
        assert_eq!(stored(cluster, "devex", "lines")["spec"]["reason"], prose);
        let mut object = path("lines");
        object["spec"]["description"] = json!(prose);
        object["spec"]["checks"][0]["expression"] = json!("object.metadata\n\t.name != ''");
        object["spec"]["checks"][0]["remediation"] = json!("resources:\n  limits: {}\n");
        accepts(cluster, &object);
    });
}

/// The definition of exceptions under another group, so that tests beside this one keep theirs.
fn other_definition(is_loose: bool) -> Value {
    let crds = api::crds();
    let own = crds
        .iter()
        .find(|crd| crd.spec.names.kind == "DeviationException");
    let mut crd = serde_json::to_value(own.unwrap()).unwrap();
    crd["metadata"]["name"] = json!("deviationexceptions.ratchet.example.com");
    crd["spec"]["group"] = json!("ratchet.example.com");
    crd["spec"]["names"]["shortNames"] = json!([]);
    crd["spec"]["names"]["categories"] = json!([]);
    if is_loose {
        without_patterns(&mut crd);
    }
    crd
}

/// As definitions were before their texts had patterns.
fn without_patterns(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, value| name != "pattern" || !value.is_string());
            fields.values_mut().for_each(without_patterns);
        }
        Value::Array(items) => items.iter_mut().for_each(without_patterns),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn an_object_stored_under_a_looser_definition_can_still_be_changed() {
    with_cluster(|cluster| {
        let kind = "deviationexceptions.ratchet.example.com";
        accepts(cluster, &other_definition(true));
        let wait = [
            "wait",
            "--for=condition=Established",
            "--timeout=20s",
            "crd",
            kind,
        ];
        cluster.kubectl_ok(&wait).unwrap();
        let mut object = exception("odd");
        object["apiVersion"] = json!("ratchet.example.com/v1alpha1");
        object["spec"]["path"] = json!("web\u{1b}[2J");
        object["spec"]["checks"] = json!(["a\u{7f}"]);
        goldenpath_e2e::eventually(std::time::Duration::from_secs(30), "it is served", || {
            creation(cluster, &object).ok()
        });
        let file = cluster.data_dir().join("odd.json");
        cluster
            .kubectl_ok(&["create", "-f", file.to_str().unwrap()])
            .unwrap();

        accepts(cluster, &other_definition(false));
        let mut fresh = object.clone();
        fresh["metadata"]["name"] = json!("fresh");
        goldenpath_e2e::eventually(std::time::Duration::from_secs(30), "patterns hold", || {
            let refusal = creation(cluster, &fresh).err()?;
            refusal.contains("spec.path").then_some(())
        });
        let patch = r#"-p={"spec": {"ticket": "SHOP-1"}}"#;
        cluster
            .kubectl_ok(&["patch", kind, "odd", "--type=merge", patch])
            .unwrap();
        let status = r#"-p={"status": {"phase": "Pending"}}"#;
        let write = [
            "patch",
            kind,
            "odd",
            "--type=merge",
            "--subresource=status",
            status,
        ];
        cluster.kubectl_ok(&write).unwrap();
        let patch = r#"-p={"spec": {"path": "web\u001b[3J"}}"#;
        let answer = cluster
            .kubectl(&["patch", kind, "odd", "--type=merge", patch])
            .unwrap();
        assert!(String::from_utf8_lossy(&answer.stderr).contains("spec.path"));
    });
}

#[test]
fn an_unreadable_period_is_refused() {
    with_cluster(|cluster| {
        for period in ["", "90", "3 months", "1w"] {
            let mut object = path("periods");
            object["spec"]["exceptionPolicy"] = json!({"maxDuration": period});
            refuses(cluster, &object, "spec.exceptionPolicy.maxDuration");
        }
    });
}

#[test]
fn defaults_are_filled_in() {
    with_cluster(|cluster| {
        accepts(cluster, &path("defaults"));
        let spec = &stored(cluster, "goldenpaths", "defaults")["spec"];
        assert_eq!(spec["checks"][0]["level"], "required");
        assert_eq!(spec["checks"][0]["severity"], "medium");
        assert_eq!(spec["checks"][0]["exemptible"], true);
        assert_eq!(
            spec["adoption"],
            json!({"targetPercent": 70, "withinDays": 90})
        );
        assert_eq!(spec["existing"]["treatAs"], "Judge");
        assert_eq!(
            spec["exceptionPolicy"],
            json!({
                "requireApproval": true, "maxDuration": "180d", "reviewEvery": "90d",
                "remindBefore": "14d", "lapseAfter": "30d",
            })
        );
    });
}

#[test]
fn what_is_left_out_stays_absent() {
    with_cluster(|cluster| {
        accepts(cluster, &exception("absent"));
        let stored = stored(cluster, "devex", "absent");
        let spec = stored["spec"].as_object().unwrap();
        for field in [
            "category",
            "disposition",
            "selector",
            "approval",
            "expiresAt",
            "reviews",
        ] {
            assert!(!spec.contains_key(field), "{field}");
        }
        let read: api::DeviationException = serde_json::from_value(stored).unwrap();
        assert_eq!(read.spec.category, None);
    });
}

#[test]
fn a_null_is_refused_rather_than_guessed_at() {
    with_cluster(|cluster| {
        for field in ["category", "selector", "approval", "expiresAt"] {
            let mut object = exception("null");
            object["spec"][field] = Value::Null;
            refuses(cluster, &object, &format!("spec.{field}"));
        }
    });
}

#[test]
fn the_status_is_written_apart_from_the_spec() {
    with_cluster(|cluster| {
        accepts(cluster, &exception("with-status"));
        let patch = r#"-p={"status": {"phase": "Pending", "nextReviewAt": "2099-01-01T00:00:00Z", "effectiveExpiry": "2099-06-01T00:00:00Z"}}"#;
        let write = ["patch", "devex", "with-status", "--type=merge", patch];
        cluster.kubectl_ok(&write).unwrap();
        assert!(
            stored(cluster, "devex", "with-status")
                .get("status")
                .is_none()
        );
        cluster
            .kubectl_ok(&[&write[..], &["--subresource=status"]].concat())
            .unwrap();
        assert_eq!(
            stored(cluster, "devex", "with-status")["status"]["phase"],
            "Pending"
        );

        let table = cluster
            .kubectl_ok(&["get", "devex", "with-status"])
            .unwrap();
        assert!(table.contains("2099-01-01T00:00:00Z"), "{table}");
        assert!(!table.contains("<invalid>"), "{table}");
    });
}

#[test]
fn the_columns_of_a_path_show_its_counts() {
    with_cluster(|cluster| {
        accepts(cluster, &path("columns"));
        let status = r#"-p={"status": {"services": 312, "onPath": 225,
            "conditions": [{"type": "Ready", "status": "True", "reason": "Read", "message": "",
                            "lastTransitionTime": "2026-03-01T09:00:00Z"}]}}"#;
        let write = [
            "patch",
            "gp",
            "columns",
            "--subresource=status",
            "--type=merge",
            status,
        ];
        cluster.kubectl_ok(&write).unwrap();
        let table = cluster
            .kubectl_ok(&["get", "gp", "columns", "--no-headers"])
            .unwrap();
        let cells: Vec<_> = table.split_whitespace().collect();
        assert_eq!(
            cells[..6],
            ["columns", "platform", "312", "225", "70", "True"]
        );
    });
}

#[test]
fn all_kinds_answer_to_their_short_names_and_category() {
    with_cluster(|cluster| {
        accepts(cluster, &path("listed"));
        accepts(cluster, &exception("listed"));
        accepts(cluster, &record("listed"));
        for short in ["gp", "devex", "dlv"] {
            cluster.kubectl_ok(&["get", short, "listed"]).unwrap();
        }
        let category = cluster
            .kubectl_ok(&["api-resources", "--categories=golden-path", "-o=name"])
            .unwrap();
        assert_eq!(category.lines().count(), api::crds().len(), "{category}");
    });
}

#[test]
fn the_workload_of_a_record_stays() {
    with_cluster(|cluster| {
        let mut object = record("moved");
        accepts(cluster, &object);
        object["spec"]["workload"]["name"] = json!("other");
        refuses(cluster, &object, "the workload of a record cannot change");
    });
}

#[test]
fn every_field_is_explained() {
    with_cluster(|cluster| {
        for (field, words) in [
            ("goldenpath.spec.checks", "each one step of the path"),
            (
                "deviationexception.spec.wouldReturnIf",
                "What the platform would have to offer",
            ),
            (
                "deviationexception.spec.selector.matchLabels",
                "Labels that must all be present",
            ),
        ] {
            let text = cluster.kubectl_ok(&["explain", field]).unwrap();
            let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(joined.contains(words), "{text}");
        }
    });
}
