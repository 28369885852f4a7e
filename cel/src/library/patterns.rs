//! Regular expressions. Written patterns are compiled with the expression; those made while
//! evaluating are compiled once per evaluation, a bounded number of them.

use std::sync::Arc;

use regex::{Regex, RegexBuilder};
use regex_automata::Input;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson;

use super::{Builtin, Context, no_overload, re2, text};
use crate::limits::{MAX_CACHED_PATTERNS, MAX_PATTERN_BYTES};
use crate::value::{EvalResult, Fault, Meter, Text, Value};

/// What compiling a pattern while evaluating costs, in steps: it takes longer than anything else.
const COMPILE_STEPS: u64 = 20_000;

pub(super) fn resolve(name: &str, args: usize, method: bool) -> Option<Builtin> {
    let function: Builtin = match (name, args, method) {
        ("matches", 2, _) => matches,
        ("find", 2, true) => find,
        ("findAll", 2 | 3, true) => find_all,
        _ => return None,
    };
    Some(function)
}

/// States of an automaton for each character of a pattern, and some more, that are usual. A pattern
/// of more has counts (`.{0,900}`) or large classes.
const USUAL_STATES: usize = 2;
const FEW_STATES: usize = 16;
/// Looks at a state for one step, when all states must be looked at for each byte of text.
const STATES_PER_STEP: u64 = 8;
/// Bytes of a deterministic automaton that are made for one step.
const BYTES_PER_STEP: u64 = 8;
/// Memory of a deterministic automaton during one search.
const AUTOMATON_BYTES: usize = 2 * 1024 * 1024;

/// The deterministic automaton of the pattern that was looked for last, as far as it is made: the
/// next text may need the same states.
pub(crate) type Automaton = Option<(Arc<DFA>, Cache)>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PatternUse {
    Matches,
    Find,
    FindAll,
}

/// A pattern ready to be looked for.
#[derive(Clone, Debug)]
pub(crate) struct Searcher {
    regex: Regex,
    /// Length of the pattern's source: what one look at the text costs on the server.
    weight: u64,
    /// States of its automaton.
    states: u64,
    /// Present where the states are so many that a text may take long: a search that says how
    /// much it had to do, and gives up in time.
    counted: Option<Arc<DFA>>,
}

/// Compiles a pattern of RE2's syntax.
pub(crate) fn compile_pattern(pattern: &str) -> Result<Searcher, String> {
    let translated = re2::translate(pattern)?;
    let refuse = |problem: String| format!("error parsing regexp: {problem}");
    let regex = RegexBuilder::new(&translated)
        .size_limit(MAX_PATTERN_BYTES)
        .dfa_size_limit(MAX_PATTERN_BYTES)
        .build()
        .map_err(|problem| refuse(problem.to_string()))?;
    let plain = thompson::Config::new()
        .nfa_size_limit(Some(MAX_PATTERN_BYTES))
        .which_captures(thompson::WhichCaptures::None);
    let automaton = thompson::Compiler::new()
        .configure(plain)
        .build(&translated)
        .map_err(|problem| refuse(problem.to_string()))?;
    let states = automaton.states().len();
    let counted = if states > USUAL_STATES * pattern.len() + FEW_STATES {
        let bounds = DFA::config()
            .cache_capacity(AUTOMATON_BYTES)
            .skip_cache_capacity_check(true)
            .minimum_cache_clear_count(Some(0));
        let dfa = DFA::builder().configure(bounds).build_from_nfa(automaton);
        Some(Arc::new(
            dfa.map_err(|problem| refuse(problem.to_string()))?,
        ))
    } else {
        None
    };
    Ok(Searcher {
        regex,
        weight: pattern.len() as u64,
        states: states as u64,
        counted,
    })
}

impl Searcher {
    /// About the memory it takes.
    fn bytes(&self) -> usize {
        4096 + usize::try_from(self.states)
            .unwrap_or(usize::MAX)
            .saturating_mul(64)
    }

    /// Pays for looking through a text. Some(false) when that has shown that nothing is there.
    fn pay(&self, context: &mut Context, text: &str) -> Result<Option<bool>, Fault> {
        // The API server's measure: text by pattern, a fortieth of their product.
        let units = 1 + text.len() as u64 / 10;
        context
            .meter
            .charge(units.saturating_mul(1 + self.weight / 4))?;
        let Some(dfa) = &self.counted else {
            return Ok(None);
        };
        context.meter.room(2 * AUTOMATON_BYTES)?;
        let mut cache = match context.automaton().take() {
            Some((known, cache)) if Arc::ptr_eq(&known, dfa) => cache,
            _ => dfa.create_cache(),
        };
        let before = cache.memory_usage();
        let found = dfa.try_search_fwd(&mut cache, &Input::new(text).earliest(true));
        let made = match found {
            Ok(_) => cache.memory_usage().saturating_sub(before),
            Err(_) => AUTOMATON_BYTES,
        };
        context.meter.charge(made as u64 / BYTES_PER_STEP)?;
        if let Ok(found) = found {
            *context.automaton() = Some((dfa.clone(), cache));
            return Ok(Some(found.is_some()));
        }
        self.pay_for_states(context, text)?;
        Ok(None)
    }

    /// Pays for looking at each state at each byte of a text.
    fn pay_for_states(&self, context: &mut Context, text: &str) -> Result<(), Fault> {
        let looks = self.states.saturating_mul(text.len() as u64);
        context.meter.charge(looks / STATES_PER_STEP)
    }

    fn is_match(&self, context: &mut Context, text: &str) -> Result<bool, Fault> {
        let known = self.pay(context, text)?;
        Ok(known.unwrap_or_else(|| self.regex.is_match(text)))
    }

    /// Pays for a search for places. None when there are none.
    fn places(&self, context: &mut Context, text: &str) -> Result<Option<&Regex>, Fault> {
        match self.pay(context, text)? {
            Some(false) => Ok(None),
            Some(true) => {
                self.pay_for_states(context, text)?;
                Ok(Some(&self.regex))
            }
            None => Ok(Some(&self.regex)),
        }
    }

    fn first<'a>(&self, context: &mut Context<'_, 'a>, within: &Text<'a>) -> EvalResult<'a> {
        let found = self
            .places(context, within)?
            .and_then(|regex| regex.find(within));
        Ok(match found {
            Some(found) => text::part(within, found.start(), found.end()),
            None => Value::String(Text::Borrowed("")),
        })
    }

    /// All matches, at most `limit` unless that is negative.
    fn all<'a>(
        &self,
        context: &mut Context<'_, 'a>,
        within: &Text<'a>,
        limit: i64,
    ) -> EvalResult<'a> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut found = Vec::new();
        let places = self.places(context, within)?;
        for one in places
            .iter()
            .flat_map(|regex| regex.find_iter(within))
            .take(limit)
        {
            context.meter.charge(1)?;
            Meter::bound_elements(found.len() + 1)?;
            // The list may be there twice while it grows.
            context
                .meter
                .room(2 * (found.len() + 1) * size_of::<Value>())?;
            if let Text::Owned(_) = within {
                context.meter.hold(text::TEXT_BYTES + one.len())?;
            }
            found.push(text::part(within, one.start(), one.end()));
        }
        Ok(Value::list(found))
    }
}

/// Patterns an evaluation has made, oldest first.
#[derive(Default)]
pub(crate) struct PatternCache(Vec<(String, Searcher)>);

impl PatternCache {
    fn get(&self, pattern: &str) -> Option<Searcher> {
        let mut known = self.0.iter();
        let (_, searcher) = known.find(|(source, _)| source == pattern)?;
        Some(searcher.clone())
    }

    fn insert(&mut self, pattern: &str, searcher: &Searcher) {
        if self.0.len() == MAX_CACHED_PATTERNS {
            self.0.remove(0);
        }
        self.0.push((pattern.to_owned(), searcher.clone()));
    }
}

fn made(context: &mut Context, pattern: &str) -> Result<Searcher, Fault> {
    if let Some(searcher) = context.patterns().get(pattern) {
        return Ok(searcher);
    }
    context.meter.charge(COMPILE_STEPS + pattern.len() as u64)?;
    let searcher = compile_pattern(pattern).map_err(Fault::error)?;
    context.retain(searcher.bytes())?;
    context.patterns().insert(pattern, &searcher);
    Ok(searcher)
}

/// What an optional holds; its form in Go is that of its value.
fn bare<'v, 'a>(value: &'v Value<'a>) -> &'v Value<'a> {
    match value {
        Value::Optional(Some(inner)) => bare(inner),
        value => value,
    }
}

/// Applies a function whose pattern is written in the expression.
pub(crate) fn apply_pattern<'a>(
    context: &mut Context<'_, 'a>,
    function: PatternUse,
    searcher: &Searcher,
    text: &Value<'a>,
    limit: Option<&Value<'a>>,
) -> EvalResult<'a> {
    // For a written pattern the server asks for Go's form of the value, and a type's is its name.
    let (Value::String(text) | Value::Type(text)) = bare(text) else {
        return no_overload();
    };
    match (function, limit.map(bare)) {
        (PatternUse::Matches, _) => searcher.is_match(context, text).map(Value::Bool),
        (PatternUse::Find, _) => searcher.first(context, text),
        (PatternUse::FindAll, None) => searcher.all(context, text, -1),
        (PatternUse::FindAll, Some(Value::Int(limit))) => searcher.all(context, text, *limit),
        (PatternUse::FindAll, Some(_)) => no_overload(),
    }
}

fn matches<'a>(context: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    let [Value::String(text), Value::String(pattern)] = args else {
        return no_overload();
    };
    let searcher = made(context, pattern)?;
    searcher.is_match(context, text).map(Value::Bool)
}

fn find<'a>(context: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    let [Value::String(text), Value::String(pattern)] = args else {
        return no_overload();
    };
    made(context, pattern)?.first(context, text)
}

fn find_all<'a>(context: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    let (text, pattern, limit) = match args {
        [Value::String(text), Value::String(pattern)] => (text, pattern, -1),
        [
            Value::String(text),
            Value::String(pattern),
            Value::Int(limit),
        ] => (text, pattern, *limit),
        _ => return no_overload(),
    };
    made(context, pattern)?.all(context, text, limit)
}
