//! A small fleet for the tests of renderings, built by hand so that they do not depend on the
//! judgement.

use jiff::Timestamp;

use crate::api::API_VERSION;
use crate::api::golden_path::Level;
use crate::assess::exception::assurance::Assurance;
use crate::assess::register::next::Next;
use crate::assess::source::{Problem, Source};
use crate::assess::state::{Outcome, Phase, Standing, State, Status, Turn};
use crate::report::document::{
    Check, CheckCount, Exception, KIND, NewServices, PathLine, Report, StandingDates, Steps,
    Summary, TeamLine, Workload,
};

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn check(name: &str, outcome: Outcome) -> Check {
    Check {
        name: name.to_owned(),
        title: None,
        action: None,
        level: Level::Required,
        outcome,
        message: None,
        remediation: None,
        docs_url: None,
        enforce_from: None,
        exemptible: true,
        exception: None,
        shipped_item: None,
        standing: None,
        dates: StandingDates::default(),
    }
}

pub fn workload(name: &str, status: Status) -> Workload {
    Workload {
        kind: "Deployment".to_owned(),
        namespace: "shop".to_owned(),
        name: name.to_owned(),
        team: "team-shop".to_owned(),
        service: None,
        path: Some("web-service".to_owned()),
        path_title: None,
        advice: false,
        chosen_because: None,
        status,
        deviation: None,
        turn: None,
        born_at: None,
        dates: StandingDates::default(),
        next_change: None,
        steps: Steps { passed: 2, of: 2 },
        checks: vec![
            check("readiness-probe", Outcome::Pass),
            check("memory-limit", Outcome::Pass),
        ],
        problems: Vec::new(),
        ignore_reason: None,
        template_hash: None,
        contact: None,
        feedback_url: None,
        delivery: None,
        source: None,
    }
}

pub fn undocumented() -> Workload {
    let mut missing = check("memory-limit", Outcome::Fail);
    missing.title = Some("Memory limit".to_owned());
    missing.message = Some("container app has no memory limit".to_owned());
    missing.remediation = Some("resources:\n  limits:\n    memory: 256Mi".to_owned());
    missing.docs_url = Some("https://docs.example.com/memory".to_owned());
    missing.standing = Some(Standing::Undocumented);
    Workload {
        deviation: Some(Standing::Undocumented),
        turn: Some(Turn::Team),
        steps: Steps { passed: 1, of: 2 },
        checks: vec![check("readiness-probe", Outcome::Pass), missing],
        template_hash: Some(format!("v1:{}", "0a".repeat(32))),
        source: Some(Source {
            file: "shop/api.yaml".to_owned(),
            line: 3,
        }),
        ..workload("api", Status::Deviating)
    }
}

pub fn documented() -> Workload {
    let mut missing = check("memory-limit", Outcome::Fail);
    missing.exception = Some("batch-memory".to_owned());
    missing.standing = Some(Standing::Documented);
    missing.dates.until = Some(at("2026-03-12T00:00:00Z"));
    Workload {
        deviation: Some(Standing::Documented),
        turn: Some(Turn::AtRest),
        dates: missing.dates,
        steps: Steps { passed: 1, of: 2 },
        checks: vec![check("readiness-probe", Outcome::Pass), missing],
        ..workload("batch", Status::Deviating)
    }
}

pub fn unscoped() -> Workload {
    Workload {
        path: None,
        steps: Steps::default(),
        checks: Vec::new(),
        ..workload("edge", Status::Unscoped)
    }
}

fn path() -> PathLine {
    PathLine {
        path: "web-service".to_owned(),
        title: Some("Web service".to_owned()),
        takes_part: true,
        advice: false,
        services: 3,
        on_path: 1,
        adoption_ratio: Some(1.0 / 3.0),
        like_for_like: None,
        accounted_ratio: Some(2.0 / 3.0),
        target_ratio: 0.7,
        new_services: Some(NewServices {
            total: 2,
            on_path: 1,
            within_days: 90,
            deadline: at("2026-04-26T00:00:00Z"),
            births_unknown: None,
            target_met: None,
        }),
        top_deviations: vec![CheckCount {
            check: "memory-limit".to_owned(),
            services: 2,
        }],
        last_steps: vec![CheckCount {
            check: "memory-limit".to_owned(),
            services: 2,
        }],
        announced: Vec::new(),
        predates: None,
        launched_at: Some(at("2026-01-26T00:00:00Z")),
        launched_beside: Vec::new(),
        may_predate: 0,
        trend: Vec::new(),
        docs_url: None,
    }
}

pub fn exception() -> Exception {
    Exception {
        rejected_at: None,
        previous: None,
        approval: Assurance::Verified,
        namespace: "shop".to_owned(),
        name: "batch-memory".to_owned(),
        path: "web-service".to_owned(),
        checks: vec!["memory-limit".to_owned()],
        phase: Phase::Active,
        effective_expiry: Some(at("2026-03-12T00:00:00Z")),
        next_review_at: Some(at("2026-03-10T00:00:00Z")),
        in_use: Some(true),
        needed: Some(true),
        matched: 1,
        owner: "team-shop".to_owned(),
        category: None,
        reason: "The nightly run needs all the memory of its node.".to_owned(),
        would_return_if: None,
        waits_for: Vec::new(),
        shipped_items: Vec::new(),
        hours_per_month: 3.0,
        next: Next::Rest,
        turn: Turn::AtRest,
        requested_at: None,
        waiting_since: None,
        still_needed_because: None,
        requested_by: Some("grace".to_owned()),
        ticket: None,
        decided_by: Some("ada".to_owned()),
        source: None,
    }
}

/// The counted services, all of one team.
fn team() -> TeamLine {
    TeamLine {
        team: "team-shop".to_owned(),
        services: [
            (State::GoldenPath, 1),
            (State::Deviating(Standing::Undocumented), 1),
            (State::Deviating(Standing::Documented), 1),
        ]
        .into(),
        advised: 0,
    }
}

pub fn report() -> Report {
    let mut services = State::ALL
        .into_iter()
        .map(|state| (state, 0))
        .collect::<std::collections::BTreeMap<_, _>>();
    services.insert(State::GoldenPath, 1);
    services.insert(State::Deviating(Standing::Undocumented), 1);
    services.insert(State::Deviating(Standing::Documented), 1);
    Report {
        api_version: API_VERSION,
        kind: KIND,
        as_of: at("2026-03-01T00:00:00Z"),
        summary: Summary {
            services,
            counted_services: 3,
            unscoped: 1,
            ignored: 0,
            workloads: 4,
            namespaces: 1,
            namespaces_total: Some(2),
            adoption_ratio: Some(1.0 / 3.0),
            accounted_ratio: Some(2.0 / 3.0),
            advised: 0,
            teams: vec![team()],
            paths: vec![path()],
            objectives: Vec::new(),
            contrast: None,
            surveys: None,
            roadmap: None,
            personas: None,
        },
        workloads: vec![
            workload("web", Status::GoldenPath),
            undocumented(),
            documented(),
            unscoped(),
        ],
        exceptions: vec![exception()],
        problems: vec![Problem::new(
            "shop/broken.yaml:7",
            "this is no YAML: a mapping key needs a ':'",
        )],
    }
}
