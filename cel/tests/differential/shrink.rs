//! Shrinks an expression while its result still differs.

use crate::Comparison;
use crate::generate::{Piece, Tree};

/// Rounds of shrinking: each removes at least one part.
const ROUNDS: usize = 40;

/// The difference of the smallest form found. None if the expression alone does not differ.
pub fn shrunk(comparison: &mut Comparison, tree: &Tree) -> Option<String> {
    let mut smallest = tree.clone();
    let mut difference = None;
    for _ in 0..ROUNDS {
        let candidates = smaller(&smallest);
        let sources: Vec<_> = candidates.iter().map(Tree::to_string).collect();
        let mut found = comparison.differing(&sources);
        found.retain(|(_, difference)| !difference.starts_with("variable "));
        let Some((at, shown)) = found
            .into_iter()
            .min_by_key(|(at, _)| sources[*at].len())
            .filter(|(at, _)| sources[*at].len() < smallest.to_string().len())
        else {
            break;
        };
        smallest = candidates[at].clone();
        difference = Some(shown);
    }
    difference
}

/// This expression with one part replaced by a simpler one.
fn smaller(tree: &Tree) -> Vec<Tree> {
    const SIMPLEST: [&str; 9] = [
        "1",
        "''",
        "[]",
        "true",
        "null",
        "{}",
        "1.0",
        "dyn(1)",
        "optional.none()",
    ];
    let mut out: Vec<Tree> = parts(tree).cloned().collect();
    out.extend(SIMPLEST.map(Tree::text));
    if let [Piece::Text(text)] = tree.0.as_slice() {
        out.extend(shorter(text).into_iter().map(Tree::text));
    }
    for (at, piece) in tree.0.iter().enumerate() {
        if let Piece::Part(part) = piece {
            out.extend(smaller(part).into_iter().map(|part| {
                let mut pieces = tree.0.clone();
                pieces[at] = Piece::Part(part);
                Tree(pieces)
            }));
        }
    }
    out
}

fn parts(tree: &Tree) -> impl Iterator<Item = &Tree> {
    tree.0.iter().filter_map(|piece| match piece {
        Piece::Part(part) => Some(part),
        Piece::Text(_) => None,
    })
}

/// The source without one of its parts.
fn shorter(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut out = Vec::new();
    for length in [16, 8, 4, 2, 1] {
        for from in 0..chars.len().saturating_sub(length) {
            let rest = chars[..from].iter().chain(&chars[from + length..]);
            out.push(rest.collect());
        }
    }
    out.truncate(600);
    out
}
