//! A generated organisation on a real API server, through whose first month the documents lead: what
//! README tells a newcomer to type is typed, and what it shows is compared.

#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used)]

mod clock;
mod documents;
mod first_hour;
#[allow(dead_code)] // shared with the program that writes the tree
mod generated;
mod ground;
mod month;
mod people;
mod pilots;
mod recount;
mod shell;
mod tour;

use documents::{By, Reader};
use ground::{Ground, lap, stop};

#[test]
fn the_documents_lead_an_organisation_through_its_first_month() {
    let Some(ground) = Ground::or_skip() else {
        return;
    };
    lap("control plane");
    let reader = Reader::new(By::Month);
    first_hour::own_folder(&ground, &reader);
    first_hour::observe(&ground, &reader);
    first_hour::install(&ground, &reader);
    let proposal = first_hour::propose(&ground, &reader);
    let (operator, calendar) = month::launch(&ground, &reader, &proposal);
    month::passes_by_as_of(&ground, &calendar);
    people::work(&ground);
    let edit = |days: &pilots::Calendar| month::edited(&proposal, days, calendar.start);
    clock::passes(&ground, &operator, &edit);
    stop(operator);
    first_hour::remove(&ground, &reader);
    reader.has_typed_all();
}
