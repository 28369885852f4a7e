//! What is printed where a cluster cannot be reached or does not let in: one line without Rust's
//! notation and without a cause twice, and a next step.

use std::fs;

use goldenpath_e2e::{Operator, eventually};
use serde_json::{Value, json};

use crate::ground::{
    cluster, cluster_of, directory, goldenpath, kubeconfig, printed, refusal, texts, user_of,
};
use crate::suite::{deployment, operator_options};

/// Words that no person should read.
const NEVER: [&str; 8] = [
    "Status {",
    "ApiError",
    "HyperError",
    "ServiceError",
    "Some(",
    "Error {",
    "\u{1b}",
    "hyper",
];

fn is_plain(text: &str) {
    for word in NEVER {
        assert!(!text.contains(word), "{word}: {text}");
    }
    let first = text.lines().next().unwrap();
    let parts: Vec<_> = first.split(": ").collect();
    for (index, part) in parts.iter().enumerate() {
        assert!(!parts[index + 1..].contains(part), "{part} twice: {text}");
    }
    assert!(first.len() < 250, "{text}");
}

#[test]
fn without_a_kubeconfig_files_can_be_judged() {
    let home = directory("no-kubeconfig");
    let mut command = goldenpath(&home, &["report"]);
    command.env_remove("KUBECONFIG").env("HOME", &home);
    assert_eq!(
        refusal(&mut command),
        "error: no cluster: ~/.kube/config not found\n\
         hint: judge files instead: goldenpath report --from deploy/ --paths starter\n"
    );
    let mut command = goldenpath(&home.join("absent"), &["why", "deploy/web"]);
    let text = refusal(&mut command);
    assert!(
        text.starts_with("error: no cluster: KUBECONFIG names "),
        "{text}"
    );
    assert!(
        text.contains("absent: not found\nhint: judge files instead: "),
        "{text}"
    );
    let mut command = goldenpath(&home.join("absent"), &["close", "x"]);
    let text = refusal(&mut command);
    assert!(
        text.ends_with("hint: name a kubeconfig with --kubeconfig FILE\n"),
        "{text}"
    );
}

#[test]
fn a_context_that_is_missing_is_chosen_among_those_there_are() {
    let file = directory("contexts").join("kubeconfig");
    let named = |name: &str| json!({"name": name, "context": {"cluster": "c", "user": "u"}});
    let config = json!({
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
        "users": [{"name": "u", "user": {}}],
        "contexts": [named("production"), named("staging")],
    });
    fs::write(&file, config.to_string()).unwrap();
    assert_eq!(
        refusal(&mut goldenpath(&file, &["report"])),
        "error: the kubeconfig has no current context\n\
         hint: choose one with --context: production, staging\n"
    );
    assert_eq!(
        refusal(&mut goldenpath(
            &file,
            &["report", "--context", "prodution"]
        )),
        "error: the kubeconfig has no context 'prodution'\n\
         hint: did you mean --context production?\n"
    );
    assert_eq!(
        refusal(&mut goldenpath(&file, &["report", "--context", "x"])),
        "error: the kubeconfig has no context 'x'\n\
         hint: choose one with --context: production, staging\n"
    );
    assert_eq!(
        refusal(&mut goldenpath(&file, &["report", "--context", "staging"])),
        "error: failed to list GoldenPath: failed to reach https://127.0.0.1:1: connection refused\n\
         hint: start the cluster, choose another one with --context, or judge files: \
         goldenpath report --from deploy/ --paths starter\n"
    );
    fs::write(&file, "a: [").unwrap();
    let text = refusal(&mut goldenpath(&file, &["report"]));
    assert!(
        text.starts_with("error: the kubeconfig is not valid: "),
        "{text}"
    );
    is_plain(&text);
}

#[test]
fn who_is_not_let_in_learns_why() {
    let Some(cluster) = cluster() else { return };
    let file = kubeconfig(cluster, "stranger", |config| {
        *user_of(config) = json!({"token": "s3cret"});
    });
    for args in [&["report"][..], &["inbox"], &["close", "x"]] {
        let text = refusal(&mut goldenpath(&file, args));
        is_plain(&text);
        assert!(
            text.contains("does not accept your credentials (401 Unauthorized)"),
            "{text}"
        );
        assert!(text.contains("\nhint: sign in again"), "{text}");
        assert!(!text.contains("s3cret"), "{text}");
    }
    let file = kubeconfig(cluster, "nowhere", |config| {
        cluster_of(config)["server"] = "https://api.goldenpath.invalid:6443".into();
    });
    let text = refusal(&mut goldenpath(&file, &["report"]));
    is_plain(&text);
    assert!(
        text.contains("no address found for the host api.goldenpath.invalid"),
        "{text}"
    );
    assert!(text.contains("\nhint: check the server"), "{text}");
}

#[test]
fn who_has_no_rights_learns_what_to_ask_for() {
    let Some(cluster) = cluster() else { return };
    let reader = cluster.kubeconfig_for("reader").unwrap();
    let except = [
        "except",
        "deploy/web",
        "--reason",
        "The vendor licenses one replica.",
    ];
    let (listing, asking) = (
        "\nhint: name a namespace of yours with -n, ask an administrator",
        "\nhint: ask an administrator of the cluster for this right",
    );
    for (args, error, hint) in [
        (
            &["report"][..],
            "no workload to judge in the cluster",
            listing,
        ),
        (
            &["why", "deploy/web"],
            "no deploy/web in namespace default",
            listing,
        ),
        (
            &[&except[..], &["--cost", "2h"]].concat(),
            "no deploy/web in namespace default",
            listing,
        ),
        (&["approve", "x"], "", asking),
        (&["close", "x"], "", asking),
    ] {
        let text = refusal(&mut goldenpath(&reader, args));
        assert!(text.contains(error), "{args:?}: {text}");
        assert_eq!(text.matches("hint: ").count(), 1, "{args:?}: {text}");
        assert!(text.contains(hint), "{args:?}: {text}");
    }
    let inbox = goldenpath(&reader, &["inbox"]).output().unwrap();
    let (inbox, _) = texts(&inbox);
    assert!(
        inbox.contains("as far as you may look: name a namespace of yours with -n"),
        "{inbox}"
    );
}

#[test]
fn a_report_of_one_namespace_knows_the_age_of_the_cluster() {
    let Some(cluster) = cluster() else { return };
    // The cluster is as young as its workloads, so their births are unknown.
    for args in [&["report"][..], &["report", "-n", "default"]] {
        let args = [args, &["-o", "json"]].concat();
        let report = printed(&mut goldenpath(cluster.kubeconfig(), &args));
        let report: Value = serde_json::from_str(&report).unwrap();
        let new = &report["summary"]["paths"][0]["newServices"];
        assert!(new["birthsUnknown"].as_u64() >= Some(1), "{args:?}: {new}");
    }
}

#[test]
fn a_workload_in_another_namespace_is_found_there() {
    let Some(cluster) = cluster() else { return };
    cluster
        .kubectl_ok(&["create", "namespace", "checkout"])
        .unwrap();
    cluster
        .kubectl_ok(&["create", "namespace", "shop"])
        .unwrap();
    cluster.apply(&deployment("checkout", "cart")).unwrap();
    let file = cluster.kubeconfig();
    assert_eq!(
        refusal(&mut goldenpath(file, &["why", "deploy/cart", "-n", "shop"])),
        "error: deploy/cart is in checkout, not shop\nhint: name the namespace: -n checkout\n"
    );
    let text = refusal(&mut goldenpath(file, &["why", "deploy/none", "-n", "shop"]));
    assert!(
        text.starts_with("error: no deploy/none in namespace shop"),
        "{text}"
    );
    let here = directory("elsewhere");
    fs::write(here.join("cart.yaml"), deployment("checkout", "cart")).unwrap();
    let from = here.to_str().unwrap();
    let args = [
        "why",
        "deploy/cart",
        "-n",
        "shop",
        "--from",
        from,
        "--paths",
        "starter",
    ];
    let text = refusal(&mut goldenpath(file, &args));
    assert!(
        text.starts_with("error: deploy/cart is in checkout, not shop\n"),
        "{text}"
    );
}

#[test]
fn logs_are_plain_where_they_are_not_on_a_terminal() {
    let Some(cluster) = cluster() else { return };
    let file = kubeconfig(cluster, "stranger-operator", |config| {
        *user_of(config) = json!({"token": "s3cret"});
    });
    for args in [&["--color=never"][..], &[], &["--log-level=debug"]] {
        let mut options = operator_options(args);
        options.kubeconfig = Some(file.clone());
        let operator = Operator::start(cluster, &options).unwrap();
        let log = eventually(std::time::Duration::from_secs(30), "a watch fails", || {
            let log = operator.log().ok()?;
            log.contains("watch failed").then_some(log)
        });
        for word in ["\u{1b}", "\\u{1b}", "s3cret"] {
            assert!(!log.contains(word), "{word}: {log}");
        }
        assert!(log.contains("does not accept your credentials"), "{log}");
        // At the level debug, libraries write as they do.
        let ours = log.lines().filter(|line| line.contains("goldenpath::"));
        for line in ours {
            assert!(
                !line.contains("Status {") && !line.contains("ApiError"),
                "{line}"
            );
        }
    }
    let mut always = goldenpath(&file, &["run", "--color=always", "--listen=256.0.0.1:1"]);
    let (_, err) = texts(&always.output().unwrap());
    assert!(err.contains("--listen"), "{err}");
    let _ = printed(&mut goldenpath(cluster.kubeconfig(), &["report"]));
}
