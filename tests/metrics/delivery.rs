//! Rollouts in a scrape: counters from writes, exact windows and the contrast from records.

use goldenpath::api::DeliveryRecordStatus;
use goldenpath::api::delivery_record::{DayCount, DeliveryCounts};
use goldenpath::assess::adoption::index::Contributions;
use goldenpath::assess::delivery::side::Side;
use goldenpath::assess::delivery::tallies::{Labels, Tallies};
use goldenpath::assess::register::index::Register;
use goldenpath::assess::verdict::AsOf;
use goldenpath::report::document::contrast::ContrastDocument;
use goldenpath::report::document::view::ReportView;
use goldenpath::report::metrics::{Counted, Options, exposition};
use goldenpath::report::{contrast, html};
use serde_json::json;

use crate::fixtures::{Cluster, now};
use crate::fleet::{cluster, golden, lonely, of_team};
use crate::records::put_record;

const TEAMS: [&str; 3] = ["red", "green", "blue"];

/// Records this many releases on 20 May under a status.
fn record(cluster: &mut Cluster, name: &str, side: Side, releases: u32, failed: u32) {
    let counts = DeliveryCounts {
        rollouts: releases,
        visible: releases,
        failed,
        visible_failed: failed,
        rework: failed,
        ..DeliveryCounts::default()
    };
    let day = DayCount {
        day: "2026-05-20".to_owned(),
        standing: side.as_str().to_owned(),
        counts,
        lead_times: vec![3_600; releases as usize],
        recovery_times: vec![600; failed as usize],
    };
    let status = DeliveryRecordStatus {
        days: vec![day],
        ..DeliveryRecordStatus::default()
    };
    put_record(&mut cluster.0, name, &status);
}

/// Six services of three teams on each side.
pub fn fleet() -> Cluster {
    let mut cluster = cluster();
    for (number, team) in TEAMS.iter().cycle().take(6).enumerate() {
        let (on, off) = (format!("on-{number}"), format!("off-{number}"));
        cluster
            .put(of_team(golden(&on), team))
            .put(of_team(lonely(&off), team));
        record(&mut cluster, &on, Side::GoldenPath, 5, 0);
        record(&mut cluster, &off, Side::Deviating, 4, 1);
    }
    cluster
}

fn scrape(cluster: &Cluster, tallies: &Tallies, options: &Options) -> String {
    let as_of = AsOf::new(now());
    let counted = Counted {
        contributions: &Contributions::of(&cluster.0, &as_of),
        register: &Register::of(&cluster.0, &as_of),
        tallies,
    };
    exposition(&cluster.0, &counted, &as_of, options).unwrap()
}

fn has(text: &str, line: &str) {
    assert!(text.lines().any(|it| it == line), "{line}\n{text}");
}

#[test]
fn windows_and_contrast_come_from_the_records() {
    let text = scrape(&fleet(), &Tallies::default(), &Options::default());
    for line in [
        r#"goldenpath_delivery_window_rollouts{days="30",path="web",team="red",status="golden-path"} 10"#,
        r#"goldenpath_delivery_window_rollouts{days="7",path="web",team="red",status="golden-path"} 0"#,
        r#"goldenpath_delivery_window_failed{days="90",path="web",team="blue",status="deviating"} 2"#,
        r#"goldenpath_delivery_window_recovery_seconds{days="30",path="web",team="blue",status="deviating"} 600"#,
        r#"goldenpath_delivery_coverage_ratio{signal="lead-time"} 1"#,
        r#"goldenpath_contrast_lead_time_seconds{days="30",status="golden-path",quantile="0.9"} 3600"#,
        r#"goldenpath_contrast_change_fail_ratio{days="30",status="deviating"} 0.25"#,
        r#"goldenpath_contrast_samples{days="90",status="deviating",measure="change-fail"} 24"#,
    ] {
        has(&text, line);
    }
    // Seven days have no rollout: withheld.
    assert!(!text.contains(r#"goldenpath_contrast_change_fail_ratio{days="7""#));
    assert!(!text.contains("goldenpath_delivery_window_recovery_seconds{days=\"7\""));
}

#[test]
fn counters_export_zeros_and_small_teams_share_a_label() {
    let mut tallies = Tallies::default();
    for team in TEAMS {
        tallies.expose(Labels { path: "web", team }, Side::GoldenPath);
    }
    let options = Options {
        max_teams: 1,
        ..Options::default()
    };
    let text = scrape(&fleet(), &tallies, &options);
    for line in [
        r#"goldenpath_rollouts_total{path="web",team="other",status="golden-path",result="failed",cause="release"} 0"#,
        r#"goldenpath_rollouts_rework_total{path="web",team="other",status="golden-path"} 0"#,
        r#"goldenpath_commit_times_refused_total{path="web",team="other",status="golden-path",reason="absurd"} 0"#,
        r#"goldenpath_lead_time_seconds_bucket{path="web",team="other",status="golden-path",le="3600"} 0"#,
        r#"goldenpath_failed_deployment_recovery_seconds_count{path="web",team="other",status="golden-path"} 0"#,
        r#"goldenpath_delivery_window_rollouts{days="30",path="web",team="other",status="golden-path"} 20"#,
    ] {
        has(&text, line);
    }
}

#[test]
fn without_records_nothing_of_delivery_is_exported() {
    let mut cluster = cluster();
    cluster.put(golden("api"));
    let text = scrape(&cluster, &Tallies::default(), &Options::default());
    for word in ["rollouts_total", "delivery_", "contrast_", "lead_time"] {
        assert!(!text.contains(word), "{word}");
    }
}

/// Records five releases of 20 May, so many of them with a refused commit time.
fn refusing(cluster: &mut Cluster, name: &str, side: Side, refused: u32) {
    let counts = DeliveryCounts {
        rollouts: 5,
        visible: 5,
        refused,
        ..DeliveryCounts::default()
    };
    let day = DayCount {
        day: "2026-05-20".to_owned(),
        standing: side.as_str().to_owned(),
        counts,
        lead_times: vec![3_600; 5 - refused as usize],
        recovery_times: Vec::new(),
    };
    let status = DeliveryRecordStatus {
        days: vec![day],
        ..DeliveryRecordStatus::default()
    };
    put_record(&mut cluster.0, name, &status);
}

/// How many refused commit times each side of a row states: `3` of `…; 3 commit times refused`.
fn stated(sides: [&str; 2]) -> [u32; 2] {
    sides.map(|text| {
        let (_, refused) = text.split_once("; ").unwrap_or_default();
        let number = refused.split(' ').next().unwrap_or_default();
        number.parse().unwrap_or(0)
    })
}

/// The two cells behind the first one of a line.
fn cells(line: &str) -> [&str; 2] {
    let cells: Vec<&str> = line
        .split('|')
        .map(str::trim)
        .filter(|it| !it.is_empty())
        .collect();
    [cells[1], cells[2]]
}

#[test]
fn refused_commit_times_are_the_same_on_every_surface() {
    for (golden_path, deviating) in [(0, 0), (1, 0), (0, 1), (2, 5)] {
        let mut cluster = fleet();
        refusing(&mut cluster, "on-0", Side::GoldenPath, golden_path);
        refusing(&mut cluster, "off-0", Side::Deviating, deviating);
        let wanted = [golden_path, deviating];
        let as_of = AsOf::new(now());

        let scraped = scrape(&cluster, &Tallies::default(), &Options::default());
        let gauges = Side::ALL.map(|side| {
            let name = "goldenpath_delivery_window_refused_commit_times{days=\"30\"";
            let status = format!("status=\"{}\"", side.as_str());
            let lines = scraped.lines().filter(|it| it.starts_with(name));
            let values = lines.filter(|it| it.contains(&status));
            let values = values.filter_map(|it| it.rsplit(' ').next()?.parse::<u32>().ok());
            values.sum::<u32>()
        });
        assert_eq!(gauges, wanted, "metrics");

        let view = ReportView::of(&cluster.0, now(), Vec::new());
        let contrast = view.summary().contrast.as_deref();
        let served = serde_json::to_value(ContrastDocument::new(contrast, now())).unwrap();
        let sources = goldenpath::report::document::build::Sources::default();
        let report = goldenpath::report::document::build::report(&cluster.0, &as_of, &sources);
        let report = serde_json::to_value(&report).unwrap();
        for contrast in [&served["contrast"], &report["summary"]["contrast"]] {
            let month = &contrast["windows"][1];
            for (side, wanted) in ["goldenPath", "deviating"].iter().zip(wanted) {
                let found = &month[side]["refusedCommitTimes"];
                assert_eq!(found, &json!(wanted), "JSON of {side}");
            }
        }

        let row = |text: &str, month: &str| {
            let (_, month) = text.split_once(month).unwrap();
            let mut lines = month.lines();
            let line = lines.find(|it| it.contains("change lead time")).unwrap();
            line.to_owned()
        };
        // The golden files hold the terminal to the same rows.
        let line = row(&contrast::markdown(contrast, now()), "### Last 30 days");
        assert_eq!(stated(cells(&line)), wanted, "Markdown: {line}");
        let page = html::render(&html::Page::Contrast, &view).unwrap();
        let (_, month) = page.split_once("<h2>Last 30 days</h2>").unwrap();
        let (_, line) = month.split_once("change lead time</th>").unwrap();
        let (line, _) = line.split_once("</tr>").unwrap();
        let line = line.replace("<td>", "").replace("</td>", "|");
        let line = format!("change lead time|{line}");
        assert_eq!(stated(cells(&line)), wanted, "page: {line}");
    }
}

#[test]
fn the_report_has_the_same_contrast() {
    let cluster = fleet();
    let as_of = AsOf::new(now());
    let sources = goldenpath::report::document::build::Sources::default();
    let report = goldenpath::report::document::build::report(&cluster.0, &as_of, &sources);
    let json = serde_json::to_value(&report).unwrap();
    let side = &json["summary"]["contrast"]["windows"][1]["deviating"];
    assert_eq!(side["changeFailRatio"]["ratio"], json!(0.25));
    assert_eq!(side["services"], json!(6));
}
