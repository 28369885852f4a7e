//! Writes a report or a list in pieces of bounded size, one line after the other, and holds no more of
//! it than a piece. The bytes of a report are those of the whole [`super::Report`]. It neither waits nor
//! sends: the server asks for each piece.

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::iter::Peekable;
use std::sync::Arc;
use std::vec;

use serde::Serialize;

use super::build::View;
use super::contrast::ContrastDocument;
use super::objectives::ObjectivesDocument;
use super::view::ReportView;
use super::{KIND, Numbers, SUMMARY_KIND, encode};
use crate::api::API_VERSION;
use crate::assess::inventory::ExceptionKey;
use crate::assess::object::kind::WorkloadId;
use crate::assess::source::Problem;
use crate::assess::verdict::AsOf;

/// A piece ends with the line that reaches this length, in bytes.
const PIECE: usize = 64 * 1024;

/// A document on its way to one reader.
#[derive(Debug)]
pub struct Stream {
    view: Arc<ReportView>,
    parts: VecDeque<Part>,
    piece: usize,
    /// Whether the next line is not the first one of its list.
    follows: bool,
    /// Problems found while the lines of exceptions were written.
    found: Vec<Problem>,
    /// Workloads with problems, whose texts are made again when they are written.
    noted: Vec<WorkloadId>,
}

/// What is still to be written, in this order.
#[derive(Debug)]
enum Part {
    /// `kind` and the numbers, without the brace that ends the document.
    Head(&'static str),
    /// Text between the lists.
    Text(String),
    /// Every workload behind this one.
    Workloads(Option<WorkloadId>),
    /// Every exception behind this one.
    Exceptions(Option<ExceptionKey>),
    /// Every problem.
    Problems,
    /// The rest of the problems.
    SortedProblems(SortedProblems),
    /// These workloads.
    SelectedWorkloads(vec::IntoIter<WorkloadId>),
    /// These exceptions.
    SelectedExceptions(vec::IntoIter<ExceptionKey>),
}

impl Stream {
    /// The report.
    pub fn report(view: Arc<ReportView>) -> Self {
        let text = |text: &str| Part::Text(text.to_owned());
        Self::of(
            view,
            [
                Part::Head(KIND),
                text(",\"workloads\":["),
                Part::Workloads(None),
                text("],\"exceptions\":["),
                Part::Exceptions(None),
                text("],\"problems\":["),
                Part::Problems,
                text("]}"),
            ],
        )
    }

    /// The numbers alone.
    pub fn summary(view: Arc<ReportView>) -> Self {
        Self::of(view, [Part::Head(SUMMARY_KIND), Part::Text("}".to_owned())])
    }

    /// The contrast alone.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn contrast(view: Arc<ReportView>) -> serde_json::Result<Self> {
        let contrast = view.summary().contrast.as_deref();
        let document = encode::json(&ContrastDocument::new(contrast, view.as_of))?;
        Ok(Self::of(view, [Part::Text(document)]))
    }

    /// The objectives alone.
    ///
    /// # Errors
    /// When they cannot be written as JSON.
    pub fn objectives(view: Arc<ReportView>) -> serde_json::Result<Self> {
        let objectives = &view.summary().objectives;
        let document = encode::json(&ObjectivesDocument::new(objectives, view.as_of))?;
        Ok(Self::of(view, [Part::Text(document)]))
    }

    /// A list of these workloads; `empty` is its JSON without them.
    pub(super) fn workloads(view: Arc<ReportView>, empty: &str, ids: Vec<WorkloadId>) -> Self {
        Self::list(view, empty, Part::SelectedWorkloads(ids.into_iter()))
    }

    /// A list of these exceptions; `empty` is its JSON without them.
    pub(super) fn exceptions(view: Arc<ReportView>, empty: &str, ids: Vec<ExceptionKey>) -> Self {
        Self::list(view, empty, Part::SelectedExceptions(ids.into_iter()))
    }

    /// Items come last in a list, so they are written before its last two brackets.
    fn list(view: Arc<ReportView>, empty: &str, items: Part) -> Self {
        let open = empty.strip_suffix("]}").unwrap_or(empty);
        let open = Part::Text(open.to_owned());
        Self::of(view, [open, items, Part::Text("]}".to_owned())])
    }

    fn of(view: Arc<ReportView>, parts: impl Into<VecDeque<Part>>) -> Self {
        Self {
            view,
            parts: parts.into(),
            piece: PIECE,
            follows: false,
            found: Vec::new(),
            noted: Vec::new(),
        }
    }

    /// The same document in pieces of another length.
    #[must_use]
    pub fn in_pieces_of(self, bytes: usize) -> Self {
        let piece = bytes.max(1);
        Self { piece, ..self }
    }

    /// Whether everything is written.
    pub fn is_done(&self) -> bool {
        self.parts.is_empty()
    }

    /// The next piece; none at the end.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn next_piece(&mut self) -> serde_json::Result<Option<String>> {
        let view = self.view.clone();
        let as_of = AsOf::new(view.as_of);
        let lines = view.lines(&as_of);
        let mut piece = String::with_capacity(self.piece);
        while piece.len() < self.piece
            && let Some(part) = self.parts.pop_front()
        {
            if let Some(rest) = self.write(part, &lines, &mut piece)? {
                self.parts.push_front(rest);
            }
        }
        Ok((!piece.is_empty()).then_some(piece))
    }

    /// Writes a part until the piece is full. Returns what is left of it.
    fn write(
        &mut self,
        part: Part,
        lines: &View<'_>,
        piece: &mut String,
    ) -> serde_json::Result<Option<Part>> {
        match part {
            Part::Head(kind) => piece.push_str(&self.head(kind)?),
            Part::Text(text) => {
                piece.push_str(&text);
                self.follows = false;
            }
            Part::Workloads(after) => return self.all_workloads(after.as_ref(), lines, piece),
            Part::Exceptions(after) => return self.all_exceptions(after.as_ref(), lines, piece),
            Part::Problems => return Ok(Some(Part::SortedProblems(self.sorted_problems(lines)))),
            Part::SortedProblems(mut rest) => {
                while let Some(problems) = rest.of_next_source(lines) {
                    for problem in &problems {
                        self.line(problem, piece)?;
                    }
                    if piece.len() >= self.piece {
                        return Ok(Some(Part::SortedProblems(rest)));
                    }
                }
            }
            Part::SelectedWorkloads(mut ids) => {
                for id in ids.by_ref() {
                    if let Some((ns, entry)) = lines.inventory.entry(&id) {
                        self.line(&lines.workload(&entry.workload, ns), piece)?;
                    }
                    if piece.len() >= self.piece {
                        return Ok(Some(Part::SelectedWorkloads(ids)));
                    }
                }
            }
            Part::SelectedExceptions(mut ids) => {
                for key in ids.by_ref() {
                    if let Some(exception) = lines.register.view(lines.inventory, &key) {
                        self.line(&lines.exception(&exception), piece)?;
                    }
                    if piece.len() >= self.piece {
                        return Ok(Some(Part::SelectedExceptions(ids)));
                    }
                }
            }
        }
        Ok(None)
    }

    fn head(&self, kind: &'static str) -> serde_json::Result<String> {
        let head = Numbers {
            api_version: API_VERSION,
            kind,
            as_of: self.view.as_of,
            summary: self.view.summary(),
        };
        let mut text = encode::json(&head)?;
        text.pop();
        Ok(text)
    }

    fn all_workloads(
        &mut self,
        after: Option<&WorkloadId>,
        lines: &View<'_>,
        piece: &mut String,
    ) -> serde_json::Result<Option<Part>> {
        for (ns, workload) in lines.inventory.workloads_from("", after) {
            let line = lines.workload(workload, ns);
            if !line.problems.is_empty() {
                self.noted.push(workload.id.clone());
            }
            self.line(&line, piece)?;
            if piece.len() >= self.piece {
                return Ok(Some(Part::Workloads(Some(workload.id.clone()))));
            }
        }
        Ok(None)
    }

    fn all_exceptions(
        &mut self,
        after: Option<&ExceptionKey>,
        lines: &View<'_>,
        piece: &mut String,
    ) -> serde_json::Result<Option<Part>> {
        let exceptions = lines.register;
        for exception in exceptions.views_from(lines.inventory, "", after) {
            self.found.extend(lines.exception_problems(&exception));
            self.line(&lines.exception(&exception), piece)?;
            if piece.len() >= self.piece {
                return Ok(Some(Part::Exceptions(Some(exception.key()))));
            }
        }
        Ok(None)
    }

    fn line(&mut self, line: &impl Serialize, piece: &mut String) -> serde_json::Result<()> {
        if self.follows {
            piece.push(',');
        }
        self.follows = true;
        piece.push_str(&encode::json(line)?);
        Ok(())
    }

    fn sorted_problems(&mut self, lines: &View<'_>) -> SortedProblems {
        let mut found = std::mem::take(&mut self.found);
        found.extend(lines.other_problems());
        found.extend_from_slice(&self.view.problems);
        found.sort();
        let mut noted = std::mem::take(&mut self.noted);
        noted.sort_by(by_source);
        SortedProblems {
            found: found.into_iter().peekable(),
            noted: noted.into_iter().peekable(),
        }
    }
}

/// Problems in order. Those of workloads are made when they are due: after the loss of a path there may
/// be one for each of its workloads.
#[derive(Debug)]
struct SortedProblems {
    found: Peekable<vec::IntoIter<Problem>>,
    noted: Peekable<vec::IntoIter<WorkloadId>>,
}

impl SortedProblems {
    /// The problems of one source, in order.
    fn of_next_source(&mut self, lines: &View<'_>) -> Option<Vec<Problem>> {
        let found = self.found.peek().map(|problem| problem.source.clone());
        let noted = self.noted.peek().map(WorkloadId::to_string);
        let source = match (found, noted) {
            (Some(found), Some(noted)) => found.min(noted),
            (found, noted) => found.or(noted)?,
        };
        let mut problems = Vec::new();
        while let Some(problem) = self.found.next_if(|problem| problem.source == source) {
            problems.push(problem);
        }
        while let Some(id) = self.noted.next_if(|id| id.to_string() == source) {
            if let Some((ns, entry)) = lines.inventory.entry(&id) {
                problems.extend(lines.workload_problems(&entry.workload, ns));
            }
        }
        problems.sort();
        Some(problems)
    }
}

/// The order of the texts that workloads have as the source of a problem, without making them.
fn by_source(a: &WorkloadId, b: &WorkloadId) -> Ordering {
    fn text(id: &WorkloadId) -> impl Iterator<Item = u8> {
        let names = [&*id.namespace, "/", &id.kind.kind, "/", &id.name];
        names.into_iter().flat_map(str::bytes)
    }
    text(a).cmp(text(b))
}
