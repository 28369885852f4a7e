//! Reports on a real API server, with the published definitions of both formats: what is stored,
//! that a rest or a restart writes nothing, and what is left behind.

use goldenpath::api::keys;
use goldenpath::report::policy_report::Format;
use goldenpath_e2e::{
    ApiRequests, ControlPlane, Operator, OperatorOptions, Options, eventually, published_or_skip,
};
use serde_json::{Value, json};

use crate::account::account;
use crate::manifests::{PATH, approval, exception, failing, golden};
use crate::stage::{Place, SOON, goldenpath, stop};
use crate::suite::{control_plane, let_it_renew, operator_options};

/// Where the definition of a format was published.
const fn published(format: Format) -> (&'static str, &'static str) {
    match format {
        Format::OpenReports => (
            "github.com/openreports/reports-api@v0.2.1",
            "config/crd/openreports.io_reports.yaml",
        ),
        Format::WgPolicy => (
            "github.com/kyverno/kyverno@v1.19.1",
            "config/crds/policyreport/wgpolicyk8s.io_policyreports.yaml",
        ),
    }
}

/// Installs the published definition of a format; None where it cannot be had.
pub fn install(cluster: &ControlPlane, format: Format) -> Option<()> {
    let (module, file) = published(format);
    cluster.apply(&published_or_skip(module, file)?).unwrap();
    let crd = format!("crd/{}.{}", format.plural(), format.group());
    let wait = ["wait", "--for=condition=Established", "--timeout=20s", &crd];
    cluster.kubectl_ok(&wait).unwrap();
    Some(())
}

/// Everything there is to see of the reports in one place.
pub struct Desk<'a> {
    pub place: Place<'a>,
    pub format: Format,
}

impl Desk<'_> {
    fn resource(&self) -> String {
        format!("{}.{}", self.format.plural(), self.format.group())
    }

    fn reports(&self) -> Vec<Value> {
        let list = self.place.kubectl(&["get", &self.resource(), "-o", "json"]);
        let list: Value = serde_json::from_str(&list).unwrap();
        list["items"].as_array().unwrap().clone()
    }

    pub fn report_of(&self, workload: &str) -> Option<Value> {
        let mut reports = self.reports().into_iter();
        reports.find(|report| report["scope"]["name"] == workload)
    }

    /// Waits until a workload's report has this result for its check `pinned-image`.
    fn result(&self, workload: &str, wanted: &str) -> Value {
        let what = format!("{workload} is reported as {wanted}");
        eventually(SOON, &what, || {
            let report = self.report_of(workload)?;
            let results = report["results"].as_array()?;
            let pinned = results
                .iter()
                .find(|result| result["rule"] == "pinned-image")?;
            (pinned["result"] == wanted).then(|| report.clone())
        })
    }

    fn is_gone(&self, workload: &str) {
        let what = format!("the report of {workload} is gone");
        eventually(SOON, &what, || {
            self.report_of(workload).is_none().then_some(())
        });
    }

    fn requests(&self) -> ApiRequests {
        self.place.cluster.api_request_totals().unwrap()
    }

    fn writes_since(&self, before: &ApiRequests) -> u64 {
        self.requests().since(before).writes(self.format.plural())
    }
}

/// An operator that is ready.
pub fn ready(cluster: &ControlPlane, args: &[&str]) -> Operator {
    ready_so(cluster, &operator_options(args))
}

fn ready_so(cluster: &ControlPlane, how: &OperatorOptions) -> Operator {
    let mut operator = Operator::start(cluster, how).unwrap();
    operator.wait_until_ready(SOON).unwrap();
    operator
}

fn is_right(report: &Value, format: Format, desk: &Desk<'_>) {
    assert_eq!(report["apiVersion"], format.api_version());
    assert_eq!(
        report["summary"],
        json!({"pass": 1, "fail": 1, "warn": 0, "error": 0, "skip": 0})
    );
    let workload = desk.place.get("deploy/moving");
    let uid = &workload["metadata"]["uid"];
    assert_eq!(&report["metadata"]["name"], uid);
    assert_eq!(&report["metadata"]["ownerReferences"][0]["uid"], uid);
    assert_eq!(&report["scope"]["uid"], uid);
    let labels = &report["metadata"]["labels"];
    assert_eq!(labels[keys::STATE], "undocumented");
    assert_eq!(labels[keys::TEAM], "shop");
    assert_eq!(labels[keys::EVALUATED_PATH], *desk.place.name);
    let is_limited = report["configuration"]["limits"]["maxResults"] == 32;
    assert_eq!(is_limited, format == Format::OpenReports);
    assert_eq!(
        report["source"] == "goldenpath",
        format == Format::OpenReports
    );
    assert_eq!(report["results"][0]["source"], "goldenpath");
}

/// Nothing at rest, one write for one change, and what somebody else changed is put right.
fn is_written_on_change_only(desk: &Desk<'_>, operator: &Operator) {
    let_it_renew(desk.place.cluster, operator, 5);
    let rest = desk.requests();
    let_it_renew(desk.place.cluster, operator, 5);
    assert_eq!(desk.writes_since(&rest), 0, "at rest");

    desk.place.apply(&exception("agreed", &approval()));
    let agreed = desk.result("agreed", "skip");
    assert_eq!(agreed["metadata"]["labels"][keys::STATE], "documented");
    let_it_renew(desk.place.cluster, operator, 5);
    assert_eq!(desk.writes_since(&rest), 1, "one exception, one report");

    let name = agreed["metadata"]["name"].as_str().unwrap();
    let resource = desk.resource();
    let forged = r#"{"summary": {"fail": 7}}"#;
    desk.place
        .kubectl(&["patch", &resource, name, "--type=merge", "-p", forged]);
    eventually(SOON, "what was forged is put right", || {
        let report = desk.report_of("agreed")?;
        (report["summary"] == agreed["summary"]).then_some(())
    });
}

/// The whole life of reports in one format, written with the rights the chart gives.
fn lifecycle(format: Format, mode: &str) {
    let options = Options {
        controller_manager: true,
        ..Options::default()
    };
    let Some(cluster) = control_plane(&options) else {
        return;
    };
    let Some(account) = account(&cluster, &format!("reports.mode={mode}")) else {
        return;
    };
    if install(&cluster, format).is_none() {
        return;
    }
    let desk = Desk {
        place: Place::on(&cluster, "reports"),
        format,
    };
    let place = &desk.place;
    place.apply(PATH);
    place.apply(&[golden("web"), failing("moving"), failing("agreed")].concat());
    place.apply(&exception("agreed", ""));
    let reports = format!("--reports={mode}");
    let mut how = operator_options(&["--lease-namespace=goldenpath-system", &reports]);
    how.kubeconfig = Some(account);
    let operator = ready_so(&cluster, &how);
    desk.result("web", "pass");
    is_right(&desk.result("moving", "fail"), format, &desk);
    let pending = desk.result("agreed", "fail");
    assert_eq!(pending["metadata"]["labels"][keys::STATE], "pending");
    is_written_on_change_only(&desk, &operator);
    goes_with_its_workload(&desk, operator, &how);
}

/// A report goes with its workload, whether an operator runs or not, and when no path is for it.
fn goes_with_its_workload(desk: &Desk<'_>, operator: Operator, how: &OperatorOptions) {
    let place = &desk.place;
    place.kubectl(&["delete", "deploy", "moving"]);
    desk.is_gone("moving");
    stop(operator);
    // While no operator runs, the API server's own garbage collection does it.
    place.kubectl(&["delete", "deploy", "web"]);
    desk.is_gone("web");

    let before = desk.requests();
    let operator = ready_so(place.cluster, how);
    let_it_renew(place.cluster, &operator, 5);
    assert_eq!(desk.writes_since(&before), 0, "by a restart");
    let elsewhere = json!({"spec": {"scope": {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "elsewhere"}}}}});
    let rescope = [
        "patch",
        "gp",
        &place.name,
        "--type=merge",
        "-p",
        &elsewhere.to_string(),
    ];
    place.kubectl(&rescope);
    desk.is_gone("agreed");
    stop(operator);
}

#[test]
fn openreports_are_written_on_change_only() {
    lifecycle(Format::OpenReports, "openreports");
}

#[test]
fn wgpolicy_reports_are_written_where_openreports_are_not_installed() {
    lifecycle(Format::WgPolicy, "auto");
}

/// The operator is ready without them, notes it, and begins when they come; what it wrote in the
/// older format goes, and `cleanup` takes the rest.
#[test]
fn a_format_that_is_not_there_is_waited_for_and_the_better_one_wins() {
    let Some(cluster) = control_plane(&Options::default()) else {
        return;
    };
    let place = Place::on(&cluster, "later");
    let mut desk = Desk {
        place,
        format: Format::WgPolicy,
    };
    desk.place.apply(PATH);
    desk.place.apply(&failing("moving"));
    let args = ["--lease-namespace=default", "--reports=auto"];
    let operator = ready(&cluster, &args);
    desk.place
        .becomes("deploy/moving", "deviating", Some("undocumented"));
    let (status, printed) = operator.get("/readyz").unwrap();
    assert_eq!(status, 200, "{printed}");
    assert!(
        printed.contains("policy reports cannot be followed (NotFound"),
        "{printed}"
    );
    if install(&cluster, Format::WgPolicy).is_none() {
        return;
    }
    eventually(3 * SOON, "reports begin", || desk.report_of("moving"));
    stop(operator);

    if install(&cluster, Format::OpenReports).is_none() {
        return;
    }
    let operator = ready(&cluster, &args);
    desk.is_gone("moving");
    desk.format = Format::OpenReports;
    desk.result("moving", "fail");
    stop(operator);

    let printed = goldenpath(&cluster, &["cleanup", "--dry-run"]);
    assert!(
        printed.contains("\nReport: 1 would be cleaned"),
        "{printed}"
    );
    let printed = goldenpath(&cluster, &["cleanup"]);
    assert!(printed.contains("\nReport: 1 cleaned"), "{printed}");
    assert!(desk.reports().is_empty());
}
