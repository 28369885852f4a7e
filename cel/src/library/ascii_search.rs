//! Searches ASCII text with all states of a small pattern at once, as bits of one number: in time
//! linear in the text and in little memory, whatever the pattern counts. Reads the automaton that
//! `regex-automata` compiled; must not parse patterns.

use regex_automata::nfa::thompson::{NFA, State};
use regex_automata::util::primitives::StateID;

use crate::value::{Fault, Meter};

/// Most positions of a pattern: the bits of [`Positions`].
const MOST_POSITIONS: usize = 128;
/// ASCII characters.
const CHARACTERS: u8 = 128;
/// Most states visited while the tables are built.
const MOST_VISITS: usize = 65_536;
/// Positions that one lookup follows.
const POSITIONS_PER_TABLE: usize = 8;
const TABLE_ENTRIES: usize = 1 << POSITIONS_PER_TABLE;
/// Steps for building the tables.
const BUILD_STEPS: u64 = 20_000;
/// Lookups per charged step.
const LOOKUPS_PER_STEP: u64 = 64;

/// A set of positions. A position is a place in the pattern that takes one character.
type Positions = u128;

/// The tables of one pattern.
pub(super) struct AsciiSearch {
    /// Positions that take the first character of a match.
    first: Positions,
    /// Positions that take the last character of a match.
    last: Positions,
    matches_empty: bool,
    /// Positions that take a character.
    taking: Vec<Positions>,
    /// For each eight positions, the positions after each subset of them.
    after: Vec<Vec<Positions>>,
}

/// The positions that may take the next character, and whether a match may end before it.
#[derive(Clone, Copy, Default)]
struct Reached {
    positions: Positions,
    is_end: bool,
}

impl AsciiSearch {
    /// The tables of a pattern. None if it has too many positions, or looks around.
    pub(super) fn new(nfa: &NFA, meter: &mut Meter) -> Result<Option<Self>, Fault> {
        meter.charge(BUILD_STEPS)?;
        meter
            .room(MOST_POSITIONS / POSITIONS_PER_TABLE * TABLE_ENTRIES * size_of::<Positions>())?;
        Ok(Self::build(nfa))
    }

    fn build(nfa: &NFA) -> Option<Self> {
        let positions = Position::all(nfa)?;
        let mut visits = 0;
        let start = reached(nfa, nfa.start_anchored(), &positions, &mut visits)?;
        let mut follow = Vec::with_capacity(positions.len());
        for position in &positions {
            follow.push(reached(nfa, position.next, &positions, &mut visits)?);
        }
        let where_ = |holds: &dyn Fn(usize) -> bool| {
            (0..positions.len())
                .filter(|index| holds(*index))
                .fold(0, |set, index| set | bit(index))
        };
        Some(Self {
            first: start.positions,
            last: where_(&|index| follow[index].is_end),
            matches_empty: start.is_end,
            taking: (0..CHARACTERS)
                .map(|c| where_(&|index| (positions[index].takes >> c) & 1 == 1))
                .collect(),
            after: follow
                .chunks(POSITIONS_PER_TABLE)
                .map(|follow| {
                    (0..TABLE_ENTRIES)
                        .map(|subset| union(subset, follow))
                        .collect()
                })
                .collect(),
        })
    }

    /// Charges for a search and returns whether `text`, which is ASCII, contains a match.
    pub(super) fn is_match(&self, meter: &mut Meter, text: &str) -> Result<bool, Fault> {
        let lookups = (self.after.len() as u64).saturating_mul(text.len() as u64);
        meter.charge(lookups / LOOKUPS_PER_STEP)?;
        Ok(self.finds(text))
    }

    fn finds(&self, text: &str) -> bool {
        if self.matches_empty {
            return true;
        }
        let mut active = 0;
        for c in text.bytes() {
            let taking = self.taking.get(usize::from(c)).copied().unwrap_or(0);
            let taken = (active | self.first) & taking;
            if taken & self.last != 0 {
                return true;
            }
            active = self.next(taken);
        }
        false
    }

    /// The positions after those that took a character.
    fn next(&self, taken: Positions) -> Positions {
        let subsets = taken.to_le_bytes();
        self.after
            .iter()
            .zip(subsets)
            .fold(0, |next, (after, subset)| next | after[usize::from(subset)])
    }
}

/// One place in the pattern that takes a character.
struct Position {
    state: StateID,
    /// The characters it takes, as bits.
    takes: u128,
    /// The state after that.
    next: StateID,
}

impl Position {
    /// All positions, in order of their states. None if there are too many.
    fn all(nfa: &NFA) -> Option<Vec<Self>> {
        let mut positions: Vec<Self> = Vec::new();
        for (index, state) in nfa.states().iter().enumerate() {
            let id = StateID::new(index).ok()?;
            for c in 0..CHARACTERS {
                let Some(next) = step(state, c) else {
                    continue;
                };
                let same = positions
                    .iter_mut()
                    .rev()
                    .take_while(|known| known.state == id)
                    .find(|known| known.next == next);
                if let Some(known) = same {
                    known.takes |= 1 << c;
                } else if positions.len() == MOST_POSITIONS {
                    return None;
                } else {
                    positions.push(Self {
                        state: id,
                        takes: 1 << c,
                        next,
                    });
                }
            }
        }
        Some(positions)
    }
}

/// The state after `state` takes a character.
fn step(state: &State, c: u8) -> Option<StateID> {
    match state {
        State::ByteRange { trans } => trans.matches_byte(c).then_some(trans.next),
        State::Sparse(transitions) => transitions.matches_byte(c),
        State::Dense(transitions) => transitions.matches_byte(c),
        State::Look { .. }
        | State::Union { .. }
        | State::BinaryUnion { .. }
        | State::Capture { .. }
        | State::Fail
        | State::Match { .. } => None,
    }
}

/// Everything reached from a state without taking a character. None if that needs a look around, or
/// too many visits.
fn reached(
    nfa: &NFA,
    from: StateID,
    positions: &[Position],
    visits: &mut usize,
) -> Option<Reached> {
    let mut found = Reached::default();
    let mut seen = std::collections::BTreeSet::new();
    let mut open = vec![from];
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        *visits += 1;
        if *visits > MOST_VISITS {
            return None;
        }
        match nfa.state(id) {
            State::Union { alternates } => open.extend(alternates.iter()),
            State::BinaryUnion { alt1, alt2 } => open.extend([alt1, alt2]),
            State::Capture { next, .. } => open.push(*next),
            State::Match { .. } => found.is_end = true,
            State::Fail => {}
            State::Look { .. } => return None,
            State::ByteRange { .. } | State::Sparse(_) | State::Dense(_) => {
                let begin = positions.partition_point(|position| position.state < id);
                for (index, _) in positions
                    .iter()
                    .enumerate()
                    .skip(begin)
                    .take_while(|(_, position)| position.state == id)
                {
                    found.positions |= bit(index);
                }
            }
        }
    }
    Some(found)
}

const fn bit(index: usize) -> Positions {
    1 << index
}

/// The positions after a subset of eight, given as bits.
fn union(subset: usize, follow: &[Reached]) -> Positions {
    follow
        .iter()
        .enumerate()
        .filter(|(index, _)| (subset >> index) & 1 == 1)
        .fold(0, |set, (_, reached)| set | reached.positions)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::Regex;
    use regex_automata::nfa::thompson;

    use super::*;

    fn search(pattern: &str) -> Option<AsciiSearch> {
        let plain = thompson::Config::new().which_captures(thompson::WhichCaptures::None);
        let nfa = thompson::Compiler::new().configure(plain).build(pattern);
        AsciiSearch::build(&nfa.unwrap())
    }

    #[test]
    fn finds_what_the_regex_crate_finds() {
        for pattern in [
            "1.{12}2",
            "1.{60}2",
            "a|bc|d*",
            "(?i)strasse",
            "[^a-c]{2,5}x",
            "é|b",
            "",
            "(ab?){3}c",
            "\\pL+0",
        ] {
            let (search, regex) = (search(pattern).unwrap(), Regex::new(pattern).unwrap());
            for text in [
                "",
                "a",
                "abc",
                "STRASSE",
                "ddx",
                "x0",
                "\n1",
                "ababac",
                "1zzzzzzzzzzzz2",
            ] {
                assert_eq!(
                    search.finds(text),
                    regex.is_match(text),
                    "{pattern} in {text:?}"
                );
            }
        }
    }

    #[test]
    fn looks_around_and_large_patterns_are_left_to_others() {
        for pattern in ["^a", "a$", "(?-u:\\b)a", "a{129}", "(?:a{0,20}){20}"] {
            assert!(search(pattern).is_none(), "{pattern}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_regex_crate(
            pattern in "(([ab.]|\\[ab\\]|\\[\\^a\\]|\\(a\\|b\\)|\\(ab\\))([*+?]|\\{0,3\\}|\\{2\\})?(\\|)?){1,6}",
            texts in prop::collection::vec("[abc\n]{0,12}", 1..8),
        ) {
            let regex = Regex::new(&pattern).unwrap();
            let search = search(&pattern).unwrap();
            for text in &texts {
                prop_assert_eq!(search.finds(text), regex.is_match(text), "{} in {:?}", pattern, text);
            }
        }
    }
}
