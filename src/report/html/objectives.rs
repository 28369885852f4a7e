//! The page of the objectives: each below the one that it serves, with its key results. Every bar and
//! state is in words as well.

use maud::{Markup, html};

use super::chart;
use super::layout::{scroller, text};
use crate::report::document::ObjectiveLine;
use crate::report::document::objectives::KeyResultLine;
use crate::report::document::view::ReportView;
use crate::report::objectives::{aim, amount, elapsed_share, percent, standing, time};

pub(super) fn render(view: &ReportView) -> Markup {
    html! {
        h1 { "Objectives" }
        p.quiet { "What the platform team wants to change, and how far it is. A key result without data stays \
            where it was; it is never behind for that." }
        @for line in &view.summary().objectives { (one(line, view)) }
    }
}

fn one(line: &ObjectiveLine, view: &ReportView) -> Markup {
    let passed = (view.as_of < line.to).then(|| elapsed_share(line, view.as_of));
    let table = html! {
        table.objective {
            caption.hidden { "Key results of " (text(&line.name)) }
            thead { tr {
                th scope="col" { "Key result" } th scope="col" { "State" } th.number scope="col" { "Now" }
                th scope="col" { "Aim" } th scope="col" { "Progress" }
            } }
            tbody { @for it in &line.key_results { (row(it, line, passed)) } }
        }
    };
    html! {
        section id={ "objective-" (line.name) } {
            h2 { (text(&line.objective)) }
            p {
                strong { (line.state.words()) } ", " (percent(line.progress)) " progress, "
                (time(line, view.as_of)) ". "
                span.quiet {
                    (text(&line.name)) ", owner " (text(&line.owner))
                    @if let Some(parent) = &line.parent {
                        ", serves "
                        @if view.summary().objectives.iter().any(|it| it.name == *parent) {
                            a href={ "#objective-" (parent) } { (text(parent)) }
                        } @else { (text(parent)) " (not found)" }
                    }
                }
            }
            (scroller(&format!("Key results of {}", line.name), &table))
        }
    }
}

fn row(it: &KeyResultLine, line: &ObjectiveLine, passed: Option<f64>) -> Markup {
    let state = standing(it, line.frozen_at.is_some());
    html! {
        tr {
            th scope="row" { (text(&it.name))
                @if let Some(description) = &it.description { small { (text(description)) } } }
            td { (state)
                @if let Some(message) = &it.message { small { (text(message)) } } }
            td.number { (text(&amount(it.current, it.unit.as_deref()))) }
            td { (text(&aim(it))) }
            td {
                @if it.is_guardrail() { "guardrail" }
                @else {
                    @let share = percent(it.progress);
                    (chart::meter(it.progress, passed, &format!("{share} of the way, {state}")))
                    span.share { (share) }
                }
            }
        }
    }
}
