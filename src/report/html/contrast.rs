//! The page of the contrast: the tables that `report --contrast` prints. No team and no service is named.

use maud::{Markup, html};

use super::layout::{scroller, text};
use crate::assess::delivery::contrast::CAVEAT;
use crate::report::contrast::{Section, closing, opening, sections};
use crate::report::document::contrast::TURN_ON;
use crate::report::document::view::ReportView;

pub(super) fn render(view: &ReportView) -> Markup {
    let Some(contrast) = view.summary().contrast.as_deref() else {
        return html! {
            h1 { "Delivery contrast" }
            p { (TURN_ON) }
        };
    };
    html! {
        h1 { "Delivery contrast" }
        p.quiet { (opening(contrast, view.as_of)) }
        p.note { (CAVEAT) }
        @for section in sections(contrast, true) { (table(&section)) }
        @for line in closing(contrast) { p.quiet { (line) } }
    }
}

fn table(section: &Section) -> Markup {
    let table = html! {
        table.contrast {
            caption.hidden { (text(&section.title)) }
            thead { tr { @for head in section.heads { th scope="col" { (sentence_case(head)) } } } }
            tbody { @for [measure, sides @ ..] in &section.rows {
                tr { th scope="row" { (measure) } @for side in sides { td { (side) } } }
            } }
        }
    };
    html! {
        section {
            h2 { (text(&section.title)) }
            (scroller(&section.title, &table))
        }
    }
}

/// "On the path" of "ON THE PATH".
fn sentence_case(head: &str) -> String {
    let (first, rest) = head.split_at(head.chars().next().map_or(0, char::len_utf8));
    format!("{first}{}", rest.to_lowercase())
}
