//! The page of one service explains its state: each step with its finding and its fix, exceptions with their
//! dates, a command that drafts one, and services like it that pass.

use std::borrow::Cow;

use jiff::Timestamp;
use maud::{Markup, html};

use super::layout::{Links, Mark, is_web, mark, on, outside, restricted, scroller, since, text};
use crate::api::golden_path::Level;
use crate::assess::state::{Outcome, Standing, Status};
use crate::report::document::services::{ServiceDetail, service};
use crate::report::document::view::ReportView;
use crate::report::document::{Check, Delivery, Workload};
use crate::report::terminal::why::{RolloutWords, what_happens};
use crate::report::voice::{self, Calendar, WorkloadState};

pub(super) fn render(
    namespace: &str,
    name: &str,
    view: &ReportView,
    links: Links,
) -> Option<Markup> {
    let detail = service(view, namespace, name)?;
    Some(html! {
        p.crumbs {
            a href=(links.services(&[])) { "Services" } " / "
            a href=(links.services(&[("namespace", &detail.namespace)])) { (text(&detail.namespace)) } " / "
            (text(&detail.name))
        }
        h1 { (text(&detail.name)) }
        @for (workload, restricted) in detail.workloads.iter().zip(&detail.restricted) {
            (one(workload, *restricted, view, links))
        }
        (covered_by(&detail, view, links))
        (examples(&detail, links))
    })
}

fn one(workload: &Workload, hidden: usize, view: &ReportView, links: Links) -> Markup {
    let as_of = view.as_of;
    let sentence = voice::sentence(&WorkloadState::of(workload, as_of, None));
    let Mark { class, sign } = mark(workload.status, workload.deviation, workload.advice);
    html! {
        section.workload {
            h2 { (text(&workload.kind)) " " (text(&workload.name)) }
            p.verdict { span class={ "state " (class) } { span aria-hidden="true" { (sign) } " " (sentence) }
                @if workload.steps.of > 0 { " · " (workload.steps.passed) " of " (workload.steps.of) " steps" } }
            dl.facts {
                dt { "Team" } dd { a href=(links.team(&workload.team)) { (text(&workload.team)) } }
                @if let Some(path) = &workload.path {
                    dt { "Path" }
                    dd { a href=(links.path(path)) { (text(path)) }
                        @if let Some(why) = &workload.chosen_because { ": " (text(why)) } }
                }
                @if let Some(next) = what_happens(workload, as_of) { dt { "Next" } dd { (next) } }
                @if let Some(reason) = &workload.ignore_reason { dt { "Asks to be left out" } dd { (text(reason)) } }
                @if let Some(born) = workload.born_at { dt { "Since" } dd { (on(born, as_of)) } }
            }
            @for problem in &workload.problems { p.note { (text(problem)) } }
            @if workload.status == Status::Unscoped { (no_path(workload)) }
            @if !workload.checks.is_empty() {
                ol.checks { @for check in &workload.checks { (step(check, as_of)) } }
            }
            @if let Some(delivery) = &workload.delivery { (rollouts(workload, delivery, as_of)) }
            @if hidden > 0 { p.note { "And " (restricted(hidden)) " to go: ask the owner of the path." } }
            (off_ramp(workload))
            @if let Some(url) = workload.feedback_url.as_ref().filter(|url| is_web(url)) {
                p { (outside(url, "Tell the owners of this path what you need")) }
            }
        }
    }
}

fn rollouts(of: &Workload, delivery: &Delivery, as_of: Timestamp) -> Markup {
    if delivery.rollouts.is_empty() {
        return html! {};
    }
    let table = html! {
        table.rollouts {
            caption.hidden { "Rollouts, newest first" }
            thead { tr {
                th scope="col" { "Rollout" } th scope="col" { "Cause" } th scope="col" { "Result" }
                th.number scope="col" { "Lead time" } th.number scope="col" { "Recovery" }
            } }
            tbody { @for it in delivery.rollouts.iter().map(RolloutWords::of) {
                tr { th scope="row" { (since(it.ended, as_of)) } td { (it.cause) } td { (it.result) }
                    td.number { (it.lead_time) } td.number { (it.recovery) } }
            } }
        }
    };
    let name = format!("Rollouts of {} {} in {}", of.kind, of.name, of.namespace);
    html! {
        h3 { "Its own rollouts" }
        (scroller(&name, &table))
    }
}

fn no_path(workload: &Workload) -> Markup {
    html! {
        p { "No golden path applies to it. Tell the platform team what you need"
            @if let Some(contact) = &workload.contact { ": " (text(contact)) } "." }
    }
}

fn step(check: &Check, as_of: Timestamp) -> Markup {
    let StepMark {
        class,
        sign,
        remark,
    } = step_mark(check, as_of);
    let is_open = check.outcome != Outcome::Pass;
    html! {
        li class=(class) {
            h3 { span.sign aria-hidden="true" { (sign) } " "
                (text(check.title.as_ref().unwrap_or(&check.name)))
                span.aside { " – " (remark) } }
            @if is_open {
                @if let Some(message) = &check.message { p { (text(message)) } }
                @if let Some(action) = &check.action { p { "Next: " (text(action)) } }
                @if let Some(fix) = &check.remediation { (remedy(fix)) }
                @if let Some(url) = &check.docs_url { p { (outside(url, "How to do it")) } }
                @if let (Some(exception), Some(standing)) = (&check.exception, check.standing) {
                    p { "Exception " (text(exception)) ": "
                        (voice::in_full(standing, &check.dates, Calendar::Today(as_of))) }
                } @else if check.is_missing() && !check.exemptible {
                    p { "This step has no off-ramp." }
                }
            }
        }
    }
}

/// A sentence, or a snippet of several lines.
fn remedy(fix: &str) -> Markup {
    html! {
        @if fix.trim_end().contains('\n') { pre tabindex="0" { code { (multiline(fix)) } } }
        @else { p { (text(fix.trim_end())) } }
    }
}

/// The lines of a snippet.
fn multiline(text: &str) -> String {
    let lines = text
        .trim_end()
        .lines()
        .map(|line| super::layout::text(line));
    lines.collect::<Vec<_>>().join("\n")
}

/// How a step looks: a class of the stylesheet, a sign and a remark.
struct StepMark {
    class: &'static str,
    sign: &'static str,
    remark: Cow<'static, str>,
}

fn step_mark(check: &Check, as_of: Timestamp) -> StepMark {
    let is_excused = check.standing.is_some_and(Standing::is_excused);
    let (class, sign, remark) = match (check.outcome, check.level) {
        (Outcome::Pass, _) => ("pass", "✓", "done".into()),
        (Outcome::Fail, Level::Required) if is_excused => ("excepted", "◐", "excepted".into()),
        (Outcome::Fail, Level::Required) => ("open", "○", "to go".into()),
        (Outcome::Fail, Level::Recommended) => ("aside", "·", "recommended".into()),
        (Outcome::Error, _) => ("error", "!", "our check failed, not your service".into()),
        (Outcome::Announced, _) => {
            let from = check.enforce_from.map_or("announced".to_owned(), |at| {
                format!("counts from {}", voice::day(at, as_of))
            });
            ("aside", "◌", from.into())
        }
    };
    StepMark {
        class,
        sign,
        remark,
    }
}

/// The command that drafts an exception, where one is possible and needed.
fn off_ramp(workload: &Workload) -> Markup {
    if workload.advice || workload.excusable().next().is_none() {
        return html! {};
    }
    html! {
        div.off-ramp {
            h3 { "Or record why you deviate" }
            p { "This drafts an exception and shows what it covers, before anything is applied:" }
            pre tabindex="0" { code { (voice::off_ramp(workload)) } }
        }
    }
}

/// The exceptions that its steps name.
fn covered_by(detail: &ServiceDetail, view: &ReportView, links: Links) -> Markup {
    let named = |name: &str| {
        let mut checks = detail.workloads.iter().flat_map(|it| &it.checks);
        checks.any(|check| check.exception.as_deref() == Some(name))
    };
    let found: Vec<_> = view
        .exceptions_in(&detail.namespace)
        .into_iter()
        .filter(|line| named(&line.name))
        .collect();
    if found.is_empty() {
        return html! {};
    }
    html! {
        section {
            h2 { "Exceptions" }
            (super::exceptions::some_of(&found, view, links))
        }
    }
}

fn examples(detail: &ServiceDetail, links: Links) -> Markup {
    if detail.examples.is_empty() {
        return html! {};
    }
    html! {
        section {
            h2 { "Services like it that are on the path" }
            ul { @for example in &detail.examples {
                li { a href=(links.service(&example.namespace, &example.name)) {
                    (text(&example.namespace)) "/" (text(&example.name))
                } }
            } }
        }
    }
}
