//! The first hour: a folder, a cluster, an operator that observes, one that labels, a proposed path;
//! and the end of it all. Every command is the documents'.

use std::collections::BTreeMap;
use std::fs;
use std::thread;

use goldenpath_e2e::eventually;

use crate::documents::Reader;
use crate::ground::{Ground, SOON, lap, stop};
use crate::recount::{Table, counted, differences, labels, recount, verdicts, wanted_labels};
use crate::shell::Shell;

const README: &str = "README.md";
const OBSERVE: &str = "docs/observe.md";
const INIT: &str = "docs/init.md";
/// Lines of a screen, as the product promises it.
const SCREEN: usize = 40;

/// What a summary says before it suggests commands: the tables.
fn tables(summary: &str) -> Vec<&str> {
    let (tables, _) = summary
        .split_once("\nNext\n")
        .expect("it suggests something");
    // The first line counts the cluster's empty namespaces too.
    tables.lines().skip(1).collect()
}

#[track_caller]
pub fn fits_a_screen(summary: &str) {
    let lines = summary.lines().count();
    assert!(lines <= SCREEN, "{lines} lines:\n{summary}");
}

/// `scan` of the tree and `report` on the cluster give every workload the same verdict, check by check.
fn same_verdicts(shell: &Shell, flags: &str) {
    let scan = format!("goldenpath scan deploy/ {flags} -o json --fail-on none");
    let report = format!("goldenpath report {flags} -o json");
    let [scanned, live] = thread::scope(|scope| {
        let asked = [scan, report].map(|command| scope.spawn(move || shell.json(&command)));
        asked.map(|report| verdicts(&report.join().unwrap()))
    });
    assert_eq!(differences(&live, &scanned), [""; 0]);
    assert!(live.len() > 480, "{}", live.len());
}

/// "One minute with your own folder": manifests, then the cluster they are applied to.
pub fn own_folder(ground: &Ground, reader: &Reader) {
    let shell = &ground.shell;
    let offline = shell.type_in(&reader.command(README, "goldenpath report --from deploy/"));
    fits_a_screen(&offline);
    assert!(offline.starts_with('2'), "{offline}");
    lap("report of manifests");
    ground.apply_tree();
    lap("tree applied");
    let live = shell.type_in(&reader.command(README, "goldenpath report --paths starter"));
    fits_a_screen(&live);
    assert_eq!(tables(&live), tables(&offline));
    same_verdicts(shell, "--paths starter");
    lap("same verdicts by the starter paths");
}

/// "Observe first": nothing of a workload changes.
pub fn observe(ground: &Ground, reader: &Reader) {
    let shell = &ground.shell;
    shell.type_in(&reader.command(OBSERVE, "helm install"));
    shell.type_in(&reader.command(README, "kubectl apply -f starter/"));
    let operator = ground.operator();
    let report = reader.command(OBSERVE, "goldenpath report --operator http");
    let report = report.replace("http://127.0.0.1:8080", operator.url());
    let own = shell.type_in("goldenpath report");
    eventually(SOON, "the operator reports the same", || {
        let printed = shell.type_in(&report);
        (tables(&printed) == tables(&own)).then_some(())
    });
    stop(operator);
    let stored = labels(&ground.workloads());
    let labelled: Vec<_> = stored
        .iter()
        .filter(|(_, labels)| *labels != "//")
        .collect();
    assert!(labelled.is_empty(), "{labelled:?}");
    shell.type_in(&reader.command(OBSERVE, "helm upgrade"));
    let uninstall = reader.command(README, "helm uninstall");
    shell.type_in(&uninstall);
    lap("observed");
}

/// "Install": the release with labels, and what it shows at once.
pub fn install(ground: &Ground, reader: &Reader) {
    let shell = &ground.shell;
    // The pod cannot start without a node: tests/node types the line as it stands.
    let install = reader
        .command(README, "helm install")
        .replace(" --wait", "");
    shell.type_in(&install);
    shell.type_in(&Reader::inline(README, "ln -s"));
    fits_a_screen(&shell.type_in(&reader.command(README, "goldenpath report")));
    lap("installed");
}

/// Waits until the labels are those of a report, which counts what a recount of them gives.
pub fn agree(ground: &Ground, flags: &str) {
    let command = format!("goldenpath report {flags} -o json");
    let report = ground.shell.json(&command);
    eventually(SOON, "the labels are the report's", || {
        let stored = organisations(labels(&ground.workloads()));
        let wanted = organisations(wanted_labels(&report));
        differences(&stored, &wanted).is_empty().then_some(())
    });
    assert_eq!(counted(&report), recount(&ground.workloads()));
}

/// Without the release's own Deployment, which is in no manifest of the organisation.
pub fn organisations(mut table: Table) -> Table {
    table.retain(|name, _| !name.starts_with("goldenpath-system/"));
    table
}

/// "Start from what teams already do": the same proposal from the cluster and from the manifests.
pub fn propose(ground: &Ground, reader: &Reader) -> String {
    let shell = &ground.shell;
    shell.type_in(&Reader::inline(INIT, "kubectl delete -f starter/"));
    shell.type_in(&reader.command(INIT, "goldenpath init >"));
    // What the manifests do not hold: the release's own Deployment.
    shell.type_in("goldenpath init --exclude-namespaces 'kube-*,goldenpath-system' > path.yaml");
    let live = fs::read_to_string(shell.file("path.yaml")).unwrap();
    fs::remove_file(shell.file("path.yaml")).unwrap();
    shell.type_in(&reader.command(INIT, "goldenpath init --from"));
    let offline = fs::read_to_string(shell.file("path.yaml")).unwrap();
    let differs = undated(&live).into_iter().zip(undated(&offline));
    let differs: Vec<_> = differs.filter(|(live, offline)| live != offline).collect();
    assert!(differs.is_empty(), "{differs:?}");
    let report = shell.type_in(&Reader::inline(INIT, "goldenpath report --paths path.yaml"));
    fits_a_screen(&report);
    // The shares in the comments are those of the report.
    let by_path = shares(&offline);
    assert!(
        by_path.len() == 3 && by_path.values().all(|steps| *steps >= 10),
        "{by_path:?}"
    );
    lap("proposed");
    offline
}

/// Steps by path.
fn shares(proposal: &str) -> BTreeMap<String, usize> {
    let mut steps = BTreeMap::new();
    let mut path = String::new();
    for line in proposal.lines() {
        if let Some(name) = line.strip_prefix("  name: ") {
            name.clone_into(&mut path);
        } else if line.contains(" pass (") {
            *steps.entry(path.clone()).or_default() += 1;
        }
    }
    steps
}

/// A proposal without its instants.
fn undated(proposal: &str) -> Vec<&str> {
    let is_dated = |line: &&str| line.contains("until:") || line.contains("enforceFrom:");
    proposal.lines().filter(|line| !is_dated(line)).collect()
}

/// "To remove goldenpath and every label it wrote".
pub fn remove(ground: &Ground, reader: &Reader) {
    let shell = &ground.shell;
    shell.type_in(&reader.command(README, "helm uninstall"));
    shell.type_in(&reader.command(README, "goldenpath cleanup"));
    let stored = labels(&ground.workloads());
    let left: Vec<_> = stored
        .iter()
        .filter(|(_, labels)| *labels != "//")
        .collect();
    assert!(left.is_empty(), "{left:?}");
    let services = shell.type_in("kubectl get services -A -l goldenpath.dev/status -o name");
    assert_eq!(services, "");
    // Paths and exceptions stay until somebody deletes them.
    let paths = shell.type_in("kubectl get gp -o name");
    assert_eq!(paths.lines().count(), 3, "{paths}");
    lap("removed");
}
