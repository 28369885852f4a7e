//! Edits as a unified diff, which `patch -p0` applies.

use std::fmt::Write as _;
use std::ops::Range;

use super::edit::{Edit, apply};

/// Unchanged lines shown around a change.
const CONTEXT: usize = 3;

/// Lines that edits replace.
struct Change {
    lines: Range<usize>,
    text: String,
}

/// By how much the lines of the new text are moved.
#[derive(Clone, Copy, Default)]
struct Shift {
    added: usize,
    removed: usize,
}

impl Shift {
    /// Where a line, or a number of lines of which all before are counted, is in the new text.
    const fn applied(self, line: usize) -> usize {
        (line + self.added).saturating_sub(self.removed)
    }
}

/// The diff of a file with this name; the edits are in order.
pub fn unified(name: &str, text: &str, edits: &[Edit]) -> String {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut diff = format!("--- {name}\n+++ {name}\n");
    let changes = changes(&lines, text, edits);
    let mut shift = Shift::default();
    for hunk in changes.chunk_by(|a, b| b.lines.start - a.lines.end <= 2 * CONTEXT) {
        write_hunk(&lines, hunk, &mut shift, &mut diff);
    }
    diff
}

/// The edits by the lines they change.
fn changes(lines: &[&str], text: &str, edits: &[Edit]) -> Vec<Change> {
    let mut starts = vec![0];
    starts.extend(lines.iter().scan(0, |end, line| {
        *end += line.len();
        Some(*end)
    }));
    let ranges: Vec<Range<usize>> = edits
        .iter()
        .map(|edit| changed_lines(&starts, edit))
        .collect();
    let mut changes = Vec::new();
    let mut index = 0;
    while let Some(range) = ranges.get(index) {
        let mut range = range.clone();
        let first = index;
        index += 1;
        while let Some(next) = ranges.get(index)
            && next.start < range.end
        {
            range.end = range.end.max(next.end);
            index += 1;
        }
        let from = starts[range.start];
        let edits: Vec<Edit> = edits[first..index]
            .iter()
            .map(|edit| Edit {
                range: edit.range.start - from..edit.range.end - from,
                text: edit.text.clone(),
            })
            .collect();
        let edited = apply(&text[from..starts[range.end]], &edits);
        changes.push(Change::between(lines, range, &edited));
    }
    changes
}

impl Change {
    /// The lines that differ, among the lines of a range and the text that replaces them.
    fn between(lines: &[&str], range: Range<usize>, text: &str) -> Self {
        let old = &lines[range.clone()];
        let new: Vec<&str> = text.split_inclusive('\n').collect();
        let before = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
        let (old, new) = (&old[before..], &new[before..]);
        let after = old
            .iter()
            .rev()
            .zip(new.iter().rev())
            .take_while(|(a, b)| a == b)
            .count();
        Self {
            lines: range.start + before..range.end - after,
            text: new[..new.len() - after].concat(),
        }
    }
}

/// The lines that an edit changes: none where it only adds whole lines.
fn changed_lines(starts: &[usize], edit: &Edit) -> Range<usize> {
    let line_of = |at: usize| starts.partition_point(|start| *start <= at).max(1) - 1;
    let Range { start, end } = edit.range;
    let first = line_of(start);
    if start == end && starts[first] == start && edit.text.ends_with('\n') {
        return first..first;
    }
    let last = starts.len() - 2;
    first.min(last)..line_of(end).min(last) + 1
}

/// Writes changes that are near each other.
fn write_hunk(lines: &[&str], hunk: &[Change], shift: &mut Shift, diff: &mut String) {
    let (Some(first), Some(last)) = (hunk.first(), hunk.last()) else {
        return;
    };
    let start = first.lines.start.saturating_sub(CONTEXT);
    let end = (last.lines.end + CONTEXT).min(lines.len());
    let mut body = String::new();
    let mut at = start;
    let new_start = shift.applied(start);
    for change in hunk {
        let new = change.text.split_inclusive('\n');
        shift.added += new.clone().count();
        shift.removed += change.lines.len();
        write_lines(
            ' ',
            lines[at..change.lines.start].iter().copied(),
            &mut body,
        );
        write_lines('-', lines[change.lines.clone()].iter().copied(), &mut body);
        write_lines('+', new, &mut body);
        at = change.lines.end;
    }
    write_lines(' ', lines[at..end].iter().copied(), &mut body);
    let (old_lines, new_lines) = (end - start, shift.applied(end) - new_start);
    let (old_start, new_start) = (start + 1, new_start + 1);
    let _infallible = writeln!(
        diff,
        "@@ -{old_start},{old_lines} +{new_start},{new_lines} @@"
    );
    *diff += &body;
}

fn write_lines<'l>(mark: char, lines: impl Iterator<Item = &'l str>, diff: &mut String) {
    for line in lines {
        diff.push(mark);
        *diff += line;
        if !line.ends_with('\n') {
            *diff += "\n\\ No newline at end of file\n";
        }
    }
}
