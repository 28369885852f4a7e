//! Kubeconfigs and credentials as kubectl takes them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::ground::{
    authority, cluster, cluster_of, directory, goldenpath, is_a_report, kubeconfig, printed,
    refusal, user_of,
};

/// A plugin that counts its runs beside itself and writes down what it was told.
fn plugin(directory: &Path, answer: &Value) -> String {
    let file = directory.join("plugin.sh");
    let script = format!(
        "#!/bin/sh\nhere=$(dirname \"$0\"); echo run >> \"$here/count\"\n\
         echo \"$KUBERNETES_EXEC_INFO\" > \"$here/info.json\"\ncat <<'END'\n{answer}\nEND\n"
    );
    fs::write(&file, script).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    file.to_str().unwrap().to_owned()
}

fn exec(command: &str) -> Value {
    json!({"exec": {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": command,
        "interactiveMode": "IfAvailable",
        "installHint": "install it with: brew install no-such-plugin",
        "provideClusterInfo": true,
    }})
}

fn credential(status: &Value) -> Value {
    json!({
        "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status,
    })
}

#[test]
fn a_credential_plugin_runs_once_a_command() {
    let Some(cluster) = cluster() else { return };
    let here = directory("plugin");
    for status in [
        json!({"token": cluster.admin_token()}),
        json!({"token": cluster.admin_token(), "expirationTimestamp": "2099-01-01T00:00:00Z"}),
    ] {
        let command = plugin(&here, &credential(&status));
        let file = kubeconfig(cluster, "plugin-user", |config| {
            *user_of(config) = exec(&command);
        });
        // `inbox` connects three times.
        for args in [["report"], ["inbox"]] {
            let _ = fs::remove_file(here.join("count"));
            printed(&mut goldenpath(&file, &args));
            let count = fs::read_to_string(here.join("count")).unwrap();
            assert_eq!(count, "run\n", "{args:?} {status}");
        }
        let info = fs::read_to_string(here.join("info.json")).unwrap();
        let info: Value = serde_json::from_str(&info).unwrap();
        assert_eq!(info["kind"], "ExecCredential");
        assert_eq!(info["spec"]["interactive"], false, "{info}");
        assert_eq!(
            info["spec"]["cluster"]["server"],
            cluster.server_url(),
            "{info}"
        );
    }
}

#[test]
fn a_plugin_that_is_missing_or_fails_is_named() {
    let Some(cluster) = cluster() else { return };
    let file = kubeconfig(cluster, "no-plugin", |config| {
        *user_of(config) = exec("no-such-plugin");
    });
    assert_eq!(
        refusal(&mut goldenpath(&file, &["report"])),
        "error: the credential plugin 'no-such-plugin' is not installed\n\
         hint: install it with: brew install no-such-plugin\n"
    );
    let file = kubeconfig(cluster, "failing-plugin", |config| {
        *user_of(config) = exec("false");
    });
    let text = refusal(&mut goldenpath(&file, &["report"]));
    assert!(
        text.contains("the credential plugin 'false' failed: exit status: 1"),
        "{text}"
    );
    let here = directory("odd-plugin");
    for (answer, problem) in [
        (json!("s3cret"), "it is not an ExecCredential"),
        (
            credential(&json!({})),
            "it has neither a token nor a client certificate",
        ),
        (json!({"kind": "ExecCredential"}), "it has no status"),
        (
            json!({"apiVersion": "client.authentication.k8s.io/v1beta1", "status": {"token": "s3cret"}}),
            "it has apiVersion client.authentication.k8s.io/v1beta1 instead of",
        ),
    ] {
        let command = plugin(&here, &answer);
        let file = kubeconfig(cluster, "odd-plugin-user", |config| {
            *user_of(config) = exec(&command);
        });
        let text = refusal(&mut goldenpath(&file, &["report"]));
        assert!(text.contains(problem), "{text}");
        assert!(!text.contains("s3cret"), "{text}");
    }
    let file = kubeconfig(cluster, "interactive-plugin", |config| {
        *user_of(config) = exec("true");
        user_of(config)["exec"]["interactiveMode"] = "Always".into();
    });
    let text = refusal(&mut goldenpath(&file, &["report"]));
    assert!(text.contains("needs a terminal"), "{text}");
}

#[test]
fn a_missing_file_of_a_list_is_passed_over() {
    let Some(cluster) = cluster() else { return };
    let file = cluster.kubeconfig();
    for list in [
        format!("/does/not/exist:{}", file.display()),
        format!("{}:/does/not/exist", file.display()),
        format!("::{}:", file.display()),
    ] {
        let mut command = goldenpath(file, &["report"]);
        command.env("KUBECONFIG", &list);
        assert!(is_a_report(&printed(&mut command)), "{list}");
    }
    // What is named alone has to be there.
    let mut command = goldenpath(file, &["report", "--kubeconfig", "/does/not/exist"]);
    assert!(refusal(&mut command).contains("no cluster: /does/not/exist not found"));
}

#[test]
fn a_token_may_end_with_a_line_feed() {
    let Some(cluster) = cluster() else { return };
    let token = directory("token").join("token");
    fs::write(&token, format!("{}\n", cluster.admin_token())).unwrap();
    let with_file = kubeconfig(cluster, "token-file", |config| {
        *user_of(config) = json!({"tokenFile": token});
    });
    let in_line = kubeconfig(cluster, "token-in-line", |config| {
        *user_of(config) = json!({"token": format!("{}\n", cluster.admin_token())});
    });
    for file in [with_file, in_line] {
        assert!(is_a_report(&printed(&mut goldenpath(&file, &["report"]))));
    }
    fs::write(&token, "\n").unwrap();
    let file = kubeconfig(cluster, "empty-token", |config| {
        *user_of(config) = json!({"tokenFile": token});
    });
    let text = refusal(&mut goldenpath(&file, &["report"]));
    assert!(
        text.contains("the token file of the kubeconfig is not valid"),
        "{text}"
    );
}

#[test]
fn a_client_certificate_of_version_1_is_sent() {
    let (Some(cluster), Some(here)) = (cluster(), authority()) else {
        return;
    };
    let signed_by = |certificate: &str, key: &str| {
        kubeconfig(cluster, "version-1", |config| {
            *user_of(config) = json!({
                "client-certificate": here.join(certificate), "client-key": here.join(key),
            });
        })
    };
    let file = signed_by("v1.crt", "v1.key");
    // kubectl is the measure.
    let kubectl = cluster.kubectl(&["--kubeconfig", file.to_str().unwrap(), "get", "namespaces"]);
    assert!(kubectl.unwrap().status.success());
    assert!(is_a_report(&printed(&mut goldenpath(&file, &["report"]))));
    for (certificate, key, problem) in [
        (
            "ca.crt",
            "v1.key",
            "the client key of the kubeconfig is not valid: it does not belong",
        ),
        (
            "v1.crt",
            "v1.crt",
            "the client key of the kubeconfig is not valid: it is not a private key",
        ),
        (
            "v1.key",
            "v1.key",
            "the client certificate of the kubeconfig is not valid: it is not PEM",
        ),
    ] {
        let text = refusal(&mut goldenpath(&signed_by(certificate, key), &["report"]));
        assert!(text.contains(problem), "{text}");
    }
}

#[test]
fn an_authority_that_signed_nothing_here_is_said_plainly() {
    let Some(cluster) = cluster() else { return };
    let Some(here) = authority() else { return };
    let file = kubeconfig(cluster, "authority-user", |config| {
        let cluster = cluster_of(config);
        cluster
            .as_object_mut()
            .unwrap()
            .remove("certificate-authority-data");
        cluster["certificate-authority"] = json!(here.join("ca.crt"));
    });
    let text = refusal(&mut goldenpath(&file, &["report"]));
    assert!(
        text.contains("signed by an authority that the kubeconfig does not name"),
        "{text}"
    );
    assert!(text.contains("hint: "), "{text}");
}
