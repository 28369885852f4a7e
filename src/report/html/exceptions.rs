//! The register of exceptions: what needs a person first, with dates, owner, cost and the command for the
//! next action. The reason of an exception that names a restricted check is not shown.

use jiff::Timestamp;
use maud::{Markup, html};

use super::layout::{Links, choice, on, pager, scroller, text};
use crate::assess::register::next::Next;
use crate::assess::state::{Phase, Turn};
use crate::report::document::Exception;
use crate::report::document::list::{OWNER, PHASE};
use crate::report::document::parameters::{
    NAMESPACE, PAGE, PATH, Parameter, Parameters, QueryError,
};
use crate::report::document::services::names_restricted;
use crate::report::document::view::ReportView;
use crate::report::register;
use crate::report::voice::{counted, hours};

/// Exceptions of a page.
const LIMIT: usize = 50;
/// Exceptions listed on the page of something else.
const LISTED: usize = 10;

const PARAMETERS: [Parameter; 7] = [
    NAMESPACE,
    OWNER,
    PATH,
    PHASE,
    Parameter::words("next", "Its next action.", || {
        Next::ALL.map(Next::as_str).to_vec()
    }),
    Parameter::words("turn", "Who takes that action.", || {
        Turn::ALL.map(Turn::as_str).to_vec()
    }),
    PAGE,
];

/// Which exceptions to show. An absent filter matches everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterQuery {
    namespace: Option<String>,
    team: Option<String>,
    path: Option<String>,
    phase: Option<Phase>,
    next: Option<Next>,
    turn: Option<Turn>,
    /// From 1.
    page: usize,
}

impl RegisterQuery {
    /// Reads a query. A parameter without a value counts as absent, as forms send it.
    ///
    /// # Errors
    /// When a parameter is unknown or its value is.
    pub fn read(pairs: Vec<(String, String)>) -> Result<Self, QueryError> {
        let mut parameters = Parameters::read(pairs, &PARAMETERS)?;
        Ok(Self {
            namespace: parameters.take("namespace"),
            team: parameters.take("team"),
            path: parameters.take("path"),
            phase: parameters.word("phase", &Phase::ALL, Phase::as_str)?,
            next: parameters.word("next", &Next::ALL, Next::as_str)?,
            turn: parameters.word("turn", &Turn::ALL, Turn::as_str)?,
            page: parameters.page()?,
        })
    }

    fn pairs(&self) -> Vec<(&'static str, String)> {
        [
            ("namespace", self.namespace.clone()),
            ("team", self.team.clone()),
            ("path", self.path.clone()),
            ("phase", self.phase.map(|phase| phase.as_str().to_owned())),
            ("next", self.next.map(|next| next.as_str().to_owned())),
            ("turn", self.turn.map(|turn| turn.as_str().to_owned())),
            ("page", (self.page > 1).then(|| self.page.to_string())),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
    }

    fn is_filtered(&self) -> bool {
        self.pairs().iter().any(|(name, _)| *name != "page")
    }

    fn matches(&self, line: &Exception) -> bool {
        let wanted =
            |wanted: &Option<String>, found: &str| wanted.as_ref().is_none_or(|it| it == found);
        wanted(&self.namespace, &line.namespace)
            && wanted(&self.team, &line.owner)
            && wanted(&self.path, &line.path)
            && self.phase.is_none_or(|phase| phase == line.phase)
            && self.next.is_none_or(|next| next == line.next)
            && self.turn.is_none_or(|turn| turn == line.turn)
    }
}

pub(super) fn render(query: &RegisterQuery, view: &ReportView, links: Links) -> Markup {
    let all = view.exceptions();
    let known = all.len();
    let mut found: Vec<Exception> = all.into_iter().filter(|line| query.matches(line)).collect();
    register::sort(&mut found);
    let start = (query.page - 1).saturating_mul(LIMIT);
    let shown: Vec<Exception> = found.iter().skip(start).take(LIMIT).cloned().collect();
    html! {
        h1 { "Exceptions" }
        p.quiet { "A documented deviation has an owner, a cost and an end." }
        @if known == 0 {
            p { "There is none yet. " code { "kubectl goldenpath except deploy/NAME -n NAMESPACE" }
                " drafts one and shows what it would cover." }
        } @else {
            (filters(query, view, links))
            p #found { (counted(found.len(), "exception")) @if query.is_filtered() { " found" } }
            @if shown.is_empty() {
                p { "No exception matches. " a href=(links.exceptions(&[])) { "Show all exceptions" } "." }
            } @else {
                (table(&shown, view, links))
                (pager("Pages of exceptions", query.page, found.len().div_ceil(LIMIT), |page| {
                    links.with_query("exceptions", &RegisterQuery { page, ..query.clone() }.pairs())
                }))
            }
        }
    }
}

fn filters(query: &RegisterQuery, view: &ReportView, links: Links) -> Markup {
    let paths: Vec<&str> = view
        .summary()
        .paths
        .iter()
        .map(|line| &*line.path)
        .collect();
    let phases = Phase::ALL.map(Phase::as_str);
    let turns = Turn::ALL.map(Turn::as_str);
    html! {
        form.filters role="search" method="get" action=(links.to("exceptions")) {
            label { "Owner" input name="team" value=(query.team.clone().unwrap_or_default()); }
            label { "Namespace" input name="namespace" value=(query.namespace.clone().unwrap_or_default()); }
            label { "Path" (choice("path", &paths, query.path.as_deref())) }
            label { "Phase" (choice("phase", &phases, query.phase.map(Phase::as_str))) }
            label { "Waits for" (choice("turn", &turns, query.turn.map(Turn::as_str))) }
            @if let Some(next) = query.next { input type="hidden" name="next" value=(next.as_str()); }
            button type="submit" { "Filter" }
            @if query.is_filtered() { a.reset href=(links.exceptions(&[])) { "Clear" } }
        }
    }
}

/// One row for each exception, in the order given.
pub(super) fn table(shown: &[Exception], view: &ReportView, links: Links) -> Markup {
    scroller(
        "Exceptions",
        &html! {
            table.register {
                caption.hidden { "Exceptions and what they need next" }
                thead { tr {
                    th scope="col" { "Exception" } th scope="col" { "Owner" } th scope="col" { "Path" }
                    th scope="col" { "Phase" } th scope="col" { "Until" } th.number scope="col" { "Covers" }
                    th.number scope="col" { "Cost a month" } th scope="col" { "Next" }
                } }
                tbody { @for line in shown { (row(line, view, links)) } }
            }
        },
    )
}

/// The id that links to the row lead to.
fn id(line: &Exception, links: Links) -> String {
    let own = format!("{}.{}", line.namespace, line.name);
    links
        .id("exceptions", &[&line.namespace, &line.name])
        .unwrap_or(own)
}

/// Every exception, without filters.
pub(super) fn all(view: &ReportView, links: Links) -> Markup {
    let mut shown = view.exceptions();
    register::sort(&mut shown);
    html! {
        h1 { "Exceptions" }
        @if shown.is_empty() { p { "There is none yet." } } @else { (table(&shown, view, links)) }
    }
}

/// The exceptions of something else: a table where they have a page of their own, else links to it.
pub(super) fn some_of(shown: &[Exception], view: &ReportView, links: Links) -> Markup {
    match links {
        Links::Pages(_) => table(shown, view, links),
        Links::Parts => html! {
            ul { @for line in shown {
                li { a href=(links.exception(&line.namespace, &line.name)) {
                    (text(&line.namespace)) "/" (text(&line.name))
                } }
            } }
        },
    }
}

fn row(line: &Exception, view: &ReportView, links: Links) -> Markup {
    let as_of = view.as_of;
    let is_open = !names_restricted(line, view);
    html! {
        tr id=(id(line, links)) {
            th scope="row" { (text(&line.name)) small { (text(&line.namespace)) }
                @if is_open {
                    details { summary { "Reason" } p.reason { (text(&line.reason)) }
                        @if let Some(back) = &line.would_return_if { p.reason { "Would return if: " (text(back)) } }
                        @if !line.waits_for.is_empty() { p.reason { "Waits for: " (text(&line.waits_for.join(", "))) } }
                        p.reason { "Steps: " (text(&line.checks.join(", "))) } }
                } @else { small { "names a restricted step" } }
            }
            td { a href=(links.team(&line.owner)) { (text(&line.owner)) } }
            td { a href=(links.path(&line.path)) { (text(&line.path)) } }
            td { (line.phase.as_str()) @if line.approval.is_unverified() { small { "unverified" } } }
            td { @if let Some(at) = line.effective_expiry { (on(at, as_of)) } @else { "–" } }
            td.number { (line.matched) }
            td.number { (hours(line.hours_per_month)) }
            td { (next_action(line, is_open, as_of))
                @for command in register::commands(line).iter().take(1) { pre tabindex="0" { code { (command) } } } }
        }
    }
}

/// The next action; one that names a restricted step does not say what it waits for.
fn next_action(line: &Exception, is_open: bool, as_of: Timestamp) -> String {
    if is_open || line.shipped_items.is_empty() {
        return register::next_action(line, as_of);
    }
    let unnamed = Exception {
        shipped_items: Vec::new(),
        ..line.clone()
    };
    register::next_action(&unnamed, as_of)
}

/// The exceptions of a path.
pub(super) fn of_path(shown: Vec<Exception>, view: &ReportView, links: Links) -> Markup {
    let place = shown
        .first()
        .map(|line| links.exceptions(&[("path", &line.path)]));
    some(shown, place, view, links)
}

/// The exceptions that a team owns.
pub(super) fn of_team(shown: Vec<Exception>, view: &ReportView, links: Links) -> Markup {
    let place = shown
        .first()
        .map(|line| links.exceptions(&[("team", &line.owner)]));
    some(shown, place, view, links)
}

fn some(
    mut shown: Vec<Exception>,
    place: Option<String>,
    view: &ReportView,
    links: Links,
) -> Markup {
    register::sort(&mut shown);
    let all = shown.len();
    shown.truncate(LISTED);
    html! {
        @if let Some(place) = place {
            section {
                h2 { "Exceptions" }
                (some_of(&shown, view, links))
                @if all > LISTED { p { a href=(place) { "All " (counted(all, "exception")) } } }
            }
        }
    }
}
