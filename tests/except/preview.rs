//! Previews of drafts, on manifests and on a real API server with list rights.

use std::path::Path;
use std::process::{Command, Output, Stdio};

fn preview(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_goldenpath"))
        .args(["--as-of", "2026-03-01", "preview"])
        .args(args)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures"))
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

const FROM: [&str; 4] = ["--from", "scan/shop.yaml", "--from", "scan/paths.yaml"];

#[test]
fn a_stricter_path_lists_who_would_leave_it() {
    let output = preview(&[&["preview/stricter.yaml"], &FROM[..], &["-o", "json"]].concat());
    assert!(output.status.success(), "{output:?}");
    let preview: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let teams = preview["teams"].as_object().unwrap();
    let off: u64 = teams
        .values()
        .map(|moves| moves["off"].as_u64().unwrap())
        .sum();
    assert!(off > 0, "{preview}");
    let web = &preview["paths"][0];
    assert_eq!(web["path"], "web-service");
    assert!(
        web["then"]["onPath"].as_u64() < web["now"]["onPath"].as_u64(),
        "{web}"
    );
    let missing = preview["workloads"][0]["missing"].to_string();
    assert!(missing.contains("cost-centre"), "{preview}");
}

#[test]
fn a_path_that_is_not_launched_judges_no_workload_until_tried_as_launched() {
    let draft = ["preview/planned.yaml"];
    let output = preview(&[&draft, &FROM[..]].concat());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("not launched, not counted"), "{text}");
    assert!(text.contains("No workload changes state"), "{text}");
    let output = preview(&[&draft, &FROM[..], &["--launched"]].concat());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("planned"), "{text}");
    assert!(!text.contains("No workload changes state"), "{text}");
}

#[test]
fn input_without_a_draft_is_an_error() {
    let output = preview(&[&["scan/shop.yaml"], &FROM[..]].concat());
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("no golden path and no exception"), "{text}");
    assert_eq!(output.status.code(), Some(2));
}

#[cfg(feature = "demo")]
mod live {
    use goldenpath_e2e::{User, eventually};

    use crate::live::{SOON, goldenpath, shop_with, text};

    const DRAFT: &str = "\
apiVersion: goldenpath.dev/v1alpha1
kind: GoldenPath
metadata: {name: web-service}
spec:
  owner: {team: platform}
  scope: {kinds: [{group: apps, kind: Deployment}]}
  checks:
  - {name: image, expression: 'object.spec.template.spec.containers.all(c, c.image != \"\")'}
";

    #[test]
    fn a_draft_is_tried_on_a_cluster_and_nothing_is_written() {
        let users = vec![User::new("grace", &[]).unwrap()];
        let Some(cluster) = shop_with(users) else {
            return;
        };
        let file = cluster.data_dir().join("draft.yaml");
        std::fs::write(&file, DRAFT).unwrap();
        let before = cluster.api_request_totals().unwrap();
        let file = file.to_str().unwrap().to_owned();
        let printed = eventually(SOON, "grace may list", || {
            let output = goldenpath(&cluster, "grace", &["preview", &file, "-n", "shop"]);
            let printed = text(&output.stdout);
            printed.contains("would be on the path").then_some(printed)
        });
        assert!(printed.contains("deploy/web"), "{printed}");
        let during = cluster.api_request_totals().unwrap().since(&before);
        assert_eq!(during.writes("goldenpaths"), 0);
    }
}
