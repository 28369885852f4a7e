//! The first month of the proposed path: it is launched with what is there as `Predates`, announced
//! steps come into force, exceptions live and end. Asked for by `--as-of`; the labels of today are
//! today's answer.

use std::fs;
use std::thread;

use goldenpath_e2e::Operator;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::documents::Reader;
use crate::first_hour::{agree, fits_a_screen, organisations};
use crate::ground::{Ground, PLATFORM, lap};
use crate::pilots::{
    Calendar, DAYS, ENFORCED, JUDGED, LAPSED, REMINDED, REVIEWED, STORIES, manifests,
};
use crate::recount::{differences, phases, verdicts};
use crate::shell::Shell;

/// Where the release allows ignores; commands need the same flag.
pub const IGNORES: &str = "--ignore-namespaces example.com/ignores=allowed";
const UPGRADE: &str = "helm upgrade goldenpath charts/goldenpath -n goldenpath-system \
    --reset-then-reuse-values -f values.yaml";

/// A month of days from now on.
fn calendar() -> Calendar {
    Calendar {
        start: whole_second(),
        day: SignedDuration::from_hours(24),
        suffix: "",
    }
}

/// Now, as Kubernetes writes instants.
pub fn whole_second() -> Timestamp {
    Timestamp::from_second(Timestamp::now().as_second()).unwrap()
}

/// The proposal as its platform team edits it for the month; it stays launched when it was.
pub fn edited(proposal: &str, calendar: &Calendar, launched: Timestamp) -> String {
    let documents = proposal.split("\n---\n").skip(1);
    let paths = documents.map(|document| {
        let mut path: Value = serde_saphyr::from_str(document).unwrap();
        let spec = &mut path["spec"];
        spec["owner"] = json!({"team": "platform", "contact": "#platform"});
        spec["launchedAt"] = json!(launched.to_string());
        spec["existing"]["until"] = json!(calendar.day(JUDGED).to_string());
        spec["exceptionPolicy"] = json!({
            "reviewEvery": calendar.period(REVIEWED),
            "remindBefore": calendar.period(REMINDED),
            "lapseAfter": calendar.period(LAPSED),
        });
        for check in spec["checks"].as_array_mut().unwrap() {
            if check["enforceFrom"].is_string() {
                check["enforceFrom"] = json!(calendar.day(ENFORCED).to_string());
            }
        }
        format!("---\n{path}\n")
    });
    paths.collect()
}

/// Writes the pilots' manifests, and applies each kind as the user who may.
pub fn start_pilots(ground: &Ground, calendar: &Calendar) {
    let [workloads, exceptions] = manifests(calendar);
    let shell = &ground.shell;
    let file = |directory: &str| format!("{directory}/pilots{}.yaml", calendar.suffix);
    fs::create_dir_all(shell.file("stories")).unwrap();
    fs::write(shell.file(&file("deploy")), &workloads).unwrap();
    fs::write(shell.file(&file("stories")), exceptions).unwrap();
    ground.cluster.apply(&workloads).unwrap();
    ground.deliver(&file("stories"));
}

/// The path is launched, and with it the organisation's release.
pub fn launch(ground: &Ground, reader: &Reader, proposal: &str) -> (Operator, Calendar) {
    let shell = &ground.shell;
    shell.type_in(UPGRADE);
    ground.wait_for_policies();
    let calendar = calendar();
    fs::create_dir_all(shell.file("paths")).unwrap();
    fs::write(
        shell.file("path.yaml"),
        edited(proposal, &calendar, calendar.start),
    )
    .unwrap();
    fs::copy(shell.file("path.yaml"), shell.file("paths/path.yaml")).unwrap();
    let apply = Reader::inline("docs/init.md", "kubectl apply -f path.yaml");
    ground.shell_of(PLATFORM).type_in(&apply);
    imports(shell, reader);
    start_pilots(ground, &calendar);
    let operator = ground.operator();
    agree(ground, IGNORES);
    fits_a_screen(&shell.type_in(&format!("goldenpath report --summary {IGNORES}")));
    lap("launched and labelled");
    (operator, calendar)
}

/// Ignores of a linter become drafts, one for each workload that has any.
fn imports(shell: &Shell, reader: &Reader) {
    shell.type_in(&reader.command("docs/off-ramp.md", "goldenpath import"));
    let drafts = fs::read_dir(shell.file("exceptions")).unwrap().count();
    let tree = shell.type_in("cat $(find deploy -type f)");
    let ignores = tree
        .matches("ignore-check.kube-linter.io/no-readiness-probe")
        .count();
    assert!(
        drafts > 0 && drafts <= ignores,
        "{drafts} drafts of {ignores} ignores"
    );
}

/// The report as of a day.
pub fn as_of(shell: &Shell, calendar: &Calendar, day: i32) -> Value {
    let instant = calendar.day(day);
    shell.json(&format!(
        "goldenpath report --as-of {instant} {IGNORES} -o json"
    ))
}

/// One workload of a report.
pub fn workload<'a>(report: &'a Value, name: &str) -> &'a Value {
    let mut workloads = report["workloads"].as_array().unwrap().iter();
    let found = workloads.find(|workload| workload["name"] == *name);
    found.unwrap_or_else(|| panic!("no workload {name}"))
}

/// Every story has its expected state on every day of the month.
pub fn passes_by_as_of(ground: &Ground, calendar: &Calendar) {
    let shell = &ground.shell;
    let reports = thread::scope(|scope| {
        let asked = DAYS.map(|day| scope.spawn(move || as_of(shell, calendar, day)));
        asked.map(|report| report.join().unwrap())
    });
    for (index, report) in reports.iter().enumerate() {
        for story in STORIES {
            let stands = workload(report, story.name)["deviation"].as_str();
            let day = DAYS[index];
            assert_eq!(
                stands.unwrap_or_default(),
                story.stands[index],
                "{} on day {day}",
                story.name
            );
        }
    }
    predates_end(&reports);
    same_verdicts_of_exceptions(shell, calendar, &reports[3]);
    lap("a month by --as-of");
}

/// What is older than the path is left alone until its day, then judged.
fn predates_end(reports: &[Value; 4]) {
    let of = |report: &Value, state: &str| {
        report["summary"]["services"][state]
            .as_u64()
            .unwrap_or_default()
    };
    let predates = reports.each_ref().map(|report| of(report, "predates"));
    let undocumented = reports.each_ref().map(|report| of(report, "undocumented"));
    // Steps that come into force on day 10 concern old services too.
    assert!(
        predates[0] > 50 && predates[1] == predates[0],
        "{predates:?}"
    );
    assert!(
        predates[2] > predates[0] && predates[3] == 0,
        "{predates:?}"
    );
    assert!(
        undocumented[0] < 40 && undocumented[3] > predates[2],
        "{undocumented:?}"
    );
    let ratio = reports
        .each_ref()
        .map(|report| report["summary"]["adoptionRatio"].as_f64());
    assert!(ratio[0] == ratio[1] && ratio[2] < ratio[1], "{ratio:?}");
}

/// The manifests with the exceptions, as of the last day: as in the cluster.
fn same_verdicts_of_exceptions(shell: &Shell, calendar: &Calendar, live: &Value) {
    let instant = calendar.day(DAYS[3]);
    let scan = format!(
        "goldenpath scan deploy/ stories/ --paths paths/ --as-of {instant} {IGNORES} -o json \
         --fail-on none"
    );
    let scanned = shell.json(&scan);
    let live_verdicts = organisations(verdicts(live));
    assert_eq!(differences(&live_verdicts, &verdicts(&scanned)), [""; 0]);
    assert_eq!(differences(&phases(live), &phases(&scanned)), [""; 0]);
}
