//! Documents that were written lately, for the readers who ask for the same: many people have the same page
//! open, and all of them fetch it again when something changed. A document is kept while the facts are those
//! that it was written from. Their number and size are bounded; what they say is not known here.

use std::collections::VecDeque;
use std::sync::Arc;

use axum::response::Response;
use parking_lot::Mutex;

use super::file::{Asked, File};
use super::shared::Unavailable;
use super::{Responses, not_found};
use crate::report::document::view::{Facts, ReportView};

/// Documents that are kept.
const KEPT: usize = 64;
/// Bytes of all of them.
const KEPT_BYTES: usize = 1024 * 1024;
/// Larger documents are written for each reader.
const LARGEST_BYTES: usize = 256 * 1024;

/// Answers with a file: JSON or CSV.
pub(super) async fn file(
    write: impl FnOnce(&ReportView) -> Option<String> + Send + 'static,
    kind: &'static str,
    responses: &Responses,
    asked: Asked,
) -> Response {
    match written(write, kind, responses, &asked).await {
        Ok(Some(file)) => file.respond(&asked),
        Ok(None) => not_found(),
        Err(unavailable) => super::unavailable(unavailable, responses),
    }
}

/// A document from the shared view: one that was written from the same facts, else a new one, written on a
/// thread of its own.
pub(super) async fn written(
    write: impl FnOnce(&ReportView) -> Option<String> + Send + 'static,
    kind: &'static str,
    responses: &Responses,
    asked: &Asked,
) -> Result<Option<Arc<File>>, Unavailable> {
    let source = responses.source.clone();
    let (view, turn) = responses.views.get(move || source.view()).await?;
    let facts = view.facts();
    if let Some(file) = responses.files.get(&facts, asked) {
        return Ok(Some(file));
    }
    let (files, asked) = (responses.files.clone(), asked.clone());
    let work = move || {
        // Another request may have written it while this one waited for its turn.
        let file = files.get(&facts, &asked).or_else(|| {
            let file = File::of(write(&view)?.into(), kind, asked.is_packed);
            Some(files.add(&facts, asked, file))
        });
        drop((view, turn));
        file
    };
    let built = responses.builders.run(work).await;
    built.map_err(|_| Unavailable::Failed)
}

/// The documents of the latest facts.
#[derive(Debug, Default)]
pub(super) struct RecentFiles(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    /// What all of them were written from.
    facts: Option<Facts>,
    /// The oldest first.
    files: VecDeque<(String, bool, Arc<File>)>,
    bytes: usize,
}

impl RecentFiles {
    /// The document of this address, if it was written from these facts.
    pub(super) fn get(&self, facts: &Facts, asked: &Asked) -> Option<Arc<File>> {
        let kept = self.0.lock();
        if kept.facts.as_ref() != Some(facts) {
            return None;
        }
        kept.files
            .iter()
            .find(|(address, packed, _)| *packed == asked.is_packed && *address == asked.address)
            .map(|(_, _, file)| file.clone())
    }

    /// Keeps a document, instead of all that were written from other facts.
    pub(super) fn add(&self, facts: &Facts, asked: Asked, file: File) -> Arc<File> {
        let file = Arc::new(file);
        if file.len() > LARGEST_BYTES {
            return file;
        }
        let mut kept = self.0.lock();
        if kept.facts.as_ref() != Some(facts) {
            *kept = Kept {
                facts: Some(facts.clone()),
                ..Kept::default()
            };
        }
        kept.bytes += file.len();
        kept.files
            .push_back((asked.address, asked.is_packed, file.clone()));
        while kept.files.len() > KEPT || kept.bytes > KEPT_BYTES {
            let Some((_, _, oldest)) = kept.files.pop_front() else {
                break;
            };
            kept.bytes -= oldest.len();
        }
        file
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::inventory::Inventory;
    use crate::assess::settings::Settings;
    use crate::report::document::view::ReportView;

    fn facts() -> Facts {
        let empty = Inventory::new(Settings::default());
        ReportView::of(&empty, jiff::Timestamp::UNIX_EPOCH, Vec::new()).facts()
    }

    fn asked(address: &str) -> Asked {
        Asked {
            address: address.to_owned(),
            is_packed: false,
            known: String::new(),
        }
    }

    fn written(bytes: usize) -> File {
        File::of(vec![b'x'; bytes].into(), "text/plain", false)
    }

    #[test]
    fn a_document_is_kept_until_the_facts_change() {
        let (recent, facts, later) = (RecentFiles::default(), facts(), facts());
        let first = recent.add(&facts, asked("/"), written(10));
        assert!(Arc::ptr_eq(
            &first,
            &recent.get(&facts, &asked("/")).unwrap()
        ));
        assert!(recent.get(&facts, &asked("/services")).is_none());
        assert!(recent.get(&later, &asked("/")).is_none());
        recent.add(&later, asked("/services"), written(10));
        assert!(recent.get(&facts, &asked("/")).is_none());
    }

    #[test]
    fn number_and_size_are_bounded() {
        let (recent, facts) = (RecentFiles::default(), facts());
        for number in 0..1_000 {
            recent.add(
                &facts,
                asked(&format!("/services?q={number}")),
                written(40_000),
            );
        }
        let kept = recent.0.lock();
        assert!(kept.files.len() <= KEPT && kept.bytes <= KEPT_BYTES);
        assert!(kept.bytes >= KEPT_BYTES / 2);
        drop(kept);
        assert!(recent.get(&facts, &asked("/services?q=999")).is_some());
        recent.add(&facts, asked("/services.csv"), written(LARGEST_BYTES + 1));
        assert!(recent.get(&facts, &asked("/services.csv")).is_none());
    }
}
