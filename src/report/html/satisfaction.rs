//! The page of developer surveys: the score of each wave with its interval, quarters without a wave, and
//! the groups of the latest waves. n, the interval and the response rate stand beside every figure.

use maud::{Markup, html};

use super::chart;
use super::layout::{on, scroller, text};
use crate::api::developer_survey::NpsStatus;
use crate::assess::goals::survey::aggregate::Mean;
use crate::assess::goals::survey::questions::Dimension;
use crate::assess::goals::survey::words;
use crate::report::document::surveys::{GroupLine, Surveys, WaveLine};
use crate::report::document::view::ReportView;
use crate::report::survey::{hidden, rate};

pub(super) fn render(view: &ReportView) -> Markup {
    let Some(surveys) = view.summary().surveys.as_deref() else {
        return html! {
            h1 { "Satisfaction" }
            p { "There is no developer survey yet. " code { "goldenpath survey template" } " has the questions." }
        };
    };
    let latest = surveys.latest();
    html! {
        h1 { "Satisfaction" }
        p.quiet { "What developers answer about the platform, as counts and means of groups. Small groups are hidden, \
            and no answer of a single person is stored." }
        section {
            h2 { "Would you recommend the platform?" }
            @if let Some(svg) = chart::scores(surveys, view.as_of) { figure { (svg) } }
            @if !surveys.not_asked.is_empty() {
                p { "Not asked: " (surveys.not_asked.join(", ")) "." }
            }
            (waves(surveys, view))
        }
        @for wave in latest { (groups(wave)) }
    }
}

fn waves(surveys: &Surveys, view: &ReportView) -> Markup {
    let table = html! {
        table {
            caption.hidden { "Waves, the latest first" }
            thead { tr {
                th scope="col" { "Wave" } th scope="col" { "Until" } th.number scope="col" { "Responses" }
                th.number scope="col" { "Response rate" } th scope="col" { "NPS (95 % interval)" }
                th scope="col" { "Since the wave before" } th scope="col" { "Questions" }
            } }
            tbody { @for wave in surveys.waves.iter().rev() { tr {
                th scope="row" { (text(&wave.survey)) }
                td { (on(wave.to, view.as_of)) }
                td.number { (wave.responses) }
                td.number { (rate(wave)) }
                td { (score(wave.nps.as_ref())) }
                td { (words::trend(wave.comparability, wave.trend.as_ref())) }
                td { (text(&wave.question_set)) }
            } } }
        }
    };
    scroller("Waves", &table)
}

/// "25 (10 to 39), n 120".
fn score(nps: Option<&NpsStatus>) -> Markup {
    html! {
        @match nps {
            Some(nps) => { (words::score(nps)) small { "n " (nps.n) } }
            None => { "not shown" }
        }
    }
}

fn groups(wave: &WaveLine) -> Markup {
    let title = format!("Groups of {}", wave.survey);
    let table = html! {
        table {
            caption.hidden { (text(&title)) ": means from 1 to 5, higher is better" }
            thead { tr {
                th scope="col" { (text(&wave.grouping)) } th.number scope="col" { "Responses" }
                th scope="col" { "NPS (95 % interval)" }
                @for dimension in Dimension::ALL { th.number scope="col" { (title_of(dimension)) } }
            } }
            tbody {
                @for group in &wave.groups { (row(group)) }
                @if wave.groups.len() > 1 { tr {
                    th scope="row" { "All groups shown" }
                    td.number { (wave.groups.iter().map(|group| group.responses).sum::<u32>()) }
                    td { (score(wave.nps.as_ref())) }
                    @for dimension in Dimension::ALL { (mean(wave.mean(dimension))) }
                } }
            }
        }
    };
    html! {
        section {
            h2 { (text(&title)) }
            p.quiet { (wave.responses) " responses, response rate " (rate(wave)) ". Means from 1 to 5, higher is better, \
                with n people who answered; – where too few did, or all answers are alike." }
            (scroller(&title, &table))
            @if let Some(line) = hidden(wave.hidden) { p { (line) } }
        }
    }
}

fn row(group: &GroupLine) -> Markup {
    html! {
        tr {
            th scope="row" { (text(&group.name)) }
            td.number { (group.responses) }
            td { (score(group.nps.as_ref())) }
            @for dimension in Dimension::ALL { (mean(group.mean(dimension))) }
        }
    }
}

/// "3.4, n 12".
fn mean(shown: Option<Mean>) -> Markup {
    html! {
        td.number {
            @match shown {
                Some(Mean { mean, n }) => {
                    (format!("{mean:.1}"))
                    @if let Some(n) = n { " " small { "n " (n) } }
                }
                None => { "–" }
            }
        }
    }
}

const fn title_of(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Satisfaction => "Satisfaction",
        Dimension::Performance => "Performance",
        Dimension::Activity => "Activity",
        Dimension::Communication => "Communication",
        Dimension::Efficiency => "Efficiency",
    }
}
