//! Proxies of the environment and of the kubeconfig.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use goldenpath_e2e::{ControlPlane, Operator, eventually};

use crate::ground::{
    cluster, cluster_of, directory, goldenpath, is_a_report, kubeconfig, printed, refusal,
    rename_server,
};
use crate::proxy::ForwardProxy;
use crate::receiver::Receiver;
use crate::suite::operator_options;

const REPORT: [&str; 1] = ["report"];
const SOON: Duration = Duration::from_secs(60);

/// A kubeconfig whose server only a proxy can find.
fn behind_a_proxy(cluster: &ControlPlane, name: &str, proxy_url: Option<&str>) -> PathBuf {
    kubeconfig(cluster, name, |config| {
        rename_server(config);
        if let Some(url) = proxy_url {
            cluster_of(config)["proxy-url"] = url.into();
        }
    })
}

#[test]
fn a_command_goes_through_the_proxy_of_the_environment() {
    let Some(cluster) = cluster() else { return };
    for (scheme, credentials, variable) in [
        ("http", None, "HTTPS_PROXY"),
        ("http", None, "https_proxy"),
        ("http", Some("sam:p@ss"), "HTTPS_PROXY"),
        ("socks5", None, "HTTPS_PROXY"),
        ("socks5", Some("sam:p@ss"), "HTTPS_PROXY"),
    ] {
        let file = behind_a_proxy(cluster, "environment", None);
        let proxy = ForwardProxy::start(credentials);
        let userinfo = credentials.map_or("", |_| "sam:p%40ss@");
        let mut command = goldenpath(&file, &REPORT);
        command.env(variable, proxy.url(scheme, userinfo));
        assert!(
            is_a_report(&printed(&mut command)),
            "{scheme} {credentials:?}"
        );
        let connections = proxy.connections();
        assert!(!connections.is_empty(), "{scheme}");
        for connection in connections {
            assert!(
                connection.starts_with("api.goldenpath.test:"),
                "{connection}"
            );
        }
    }
}

#[test]
fn a_cluster_on_this_machine_is_reached_directly() {
    let Some(cluster) = cluster() else { return };
    // Case 05: nothing listens on port 9.
    for no_proxy in ["127.0.0.1,localhost", ""] {
        let mut command = goldenpath(cluster.kubeconfig(), &REPORT);
        command.env("HTTPS_PROXY", "http://127.0.0.1:9");
        command.env("NO_PROXY", no_proxy);
        assert!(is_a_report(&printed(&mut command)), "{no_proxy}");
    }
}

#[test]
fn no_proxy_leaves_the_server_out() {
    let Some(cluster) = cluster() else { return };
    let file = behind_a_proxy(cluster, "no-proxy", None);
    let proxy = ForwardProxy::start(None);
    for (no_proxy, is_proxied) in [
        ("goldenpath.test", false),
        ("*.goldenpath.test", false),
        ("*", false),
        ("example.com,10.0.0.0/8", true),
        ("api.goldenpath.test:1", true),
    ] {
        let before = proxy.connections().len();
        let mut command = goldenpath(&file, &REPORT);
        command.env("HTTPS_PROXY", proxy.url("http", ""));
        command.env("NO_PROXY", no_proxy);
        if is_proxied {
            assert!(is_a_report(&printed(&mut command)), "{no_proxy}");
            assert!(proxy.connections().len() > before, "{no_proxy}");
        } else {
            let text = refusal(&mut command);
            assert!(
                text.contains("no address found for the host api.goldenpath.test"),
                "{text}"
            );
            assert_eq!(proxy.connections().len(), before, "{no_proxy}");
        }
    }
}

#[test]
fn proxy_url_wins_over_the_environment() {
    let Some(cluster) = cluster() else { return };
    for scheme in ["http", "socks5"] {
        let proxy = ForwardProxy::start(Some("sam:pass"));
        let url = proxy.url(scheme, "sam:pass@");
        let file = behind_a_proxy(cluster, "proxy-url", Some(&url));
        let mut command = goldenpath(&file, &REPORT);
        command.env("HTTPS_PROXY", "http://127.0.0.1:9");
        command.env("NO_PROXY", "*");
        assert!(is_a_report(&printed(&mut command)), "{scheme}");
        assert!(!proxy.connections().is_empty(), "{scheme}");
    }
    // Also for an address on this machine.
    let proxy = ForwardProxy::start(None);
    let url = proxy.url("http", "");
    let file = kubeconfig(cluster, "proxy-url-loopback", |config| {
        cluster_of(config)["proxy-url"] = url.into();
    });
    assert!(is_a_report(&printed(&mut goldenpath(&file, &REPORT))));
    assert!(!proxy.connections().is_empty());
}

#[test]
fn a_proxy_that_fails_is_named_without_its_password() {
    let Some(cluster) = cluster() else { return };
    let file = behind_a_proxy(cluster, "closed-proxy", None);
    let mut command = goldenpath(&file, &REPORT);
    command.env("HTTPS_PROXY", "http://sam:secret@127.0.0.1:1");
    let text = refusal(&mut command);
    assert!(
        text.contains("through the proxy http://127.0.0.1:1"),
        "{text}"
    );
    assert!(!text.contains("secret"), "{text}");
    let proxy = ForwardProxy::start(Some("sam:other"));
    let mut command = goldenpath(&file, &REPORT);
    command.env("HTTPS_PROXY", proxy.url("http", "sam:secret@"));
    let text = refusal(&mut command);
    assert!(text.contains("through the proxy"), "{text}");
    assert!(text.contains("proxy authorization required"), "{text}");
    let mut command = goldenpath(&file, &REPORT);
    command.env("HTTPS_PROXY", "ftp://sam:secret@127.0.0.1:1");
    let text = refusal(&mut command);
    assert!(
        text.contains("HTTPS_PROXY is not the address of a proxy"),
        "{text}"
    );
    assert!(!text.contains("secret"), "{text}");
}

#[test]
fn the_operator_and_its_reminders_go_through_proxies() {
    let Some(cluster) = cluster() else { return };
    let proxy = ForwardProxy::start(Some("sam:pass"));
    let receiver = Receiver::start();
    let port = receiver.url("").rsplit_once(':').unwrap().1.to_owned();
    let reminders = directory("reminders").join("reminders.yaml");
    let channel = format!("http://hooks.goldenpath.test:{port}/shop");
    fs::write(
        &reminders,
        format!(
            "mode: immediate\ndryRunDays: 0\ndefault: shop\n\
             channels: {{shop: {{url: '{channel}', format: json}}}}\n"
        ),
    )
    .unwrap();
    cluster.apply(EXPIRED).unwrap();
    let config = format!("--notify-config={}", reminders.display());
    let mut options = operator_options(&["--lease-namespace=default", &config]);
    options.kubeconfig = Some(behind_a_proxy(cluster, "operator", None));
    let url = proxy.url("http", "sam:pass@");
    options.env = ["HTTPS_PROXY", "HTTP_PROXY"]
        .map(|name| (name.to_owned(), url.clone()))
        .into();
    let mut operator = Operator::start(cluster, &options).unwrap();
    operator.wait_until_ready(SOON).unwrap();
    let messages = eventually(SOON, "a reminder", || {
        Some(receiver.received()).filter(|messages| !messages.is_empty())
    });
    assert_eq!(messages[0].path, "/shop");
    let through = |host: &str| {
        let connections = proxy.connections();
        connections.iter().any(|it| it.starts_with(host))
    };
    assert!(through("api.goldenpath.test:"));
    assert!(through("hooks.goldenpath.test:"));
    drop(operator);
    cluster
        .kubectl_ok(&["delete", "devex", "web-replicas"])
        .unwrap();
}

/// An exception of the shared Deployment whose review is long due.
const EXPIRED: &str = "---
apiVersion: goldenpath.dev/v1alpha1
kind: DeviationException
metadata: {name: web-replicas, namespace: default}
spec:
  path: web-service
  checks: [replicas]
  targets: [{kind: Deployment, name: web}]
  category: VendorSoftware
  reason: One replica holds the licence of the vendor.
  owner: {team: shop}
  requestedBy: sam
  ownershipCost: {hoursPerMonth: 2}
  approval: {decision: Approved, by: ada, at: \"2026-01-01T00:00:00Z\"}
";
