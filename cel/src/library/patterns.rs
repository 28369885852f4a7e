//! Regular expressions. The checker compiles literal patterns. Patterns made at run time are compiled
//! here and cached for the object, a bounded number of them.

use std::sync::Arc;

use regex::{Regex, RegexBuilder};
use regex_automata::Input;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson;

use super::ascii_search::AsciiSearch;
use super::{Builtin, Context, no_overload, re2, text};
use crate::limits::{MAX_CACHED_PATTERNS, MAX_PATTERN_BYTES};
use crate::value::{EvalResult, Fault, Meter, Text, Value};

/// Steps for compiling a pattern at run time, the slowest operation of all.
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

/// States of a usual automaton: so many per character of the pattern, and a few more. Patterns with
/// more states have counts (`.{0,900}`) or large classes.
const USUAL_STATES: usize = 2;
const FEW_STATES: usize = 16;
/// States per charged step, when a search visits all states at each byte.
const STATES_PER_STEP: u64 = 8;
/// Bytes of the deterministic automaton per charged step.
const BYTES_PER_STEP: u64 = 8;
/// Most memory of the deterministic automaton during one search.
const AUTOMATON_BYTES: usize = 2 * 1024 * 1024;

/// The deterministic automaton of the latest search, as far as it is built. The next string may need
/// the same states.
pub(crate) type Automaton = Option<(Arc<DFA>, Cache)>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PatternUse {
    Matches,
    Find,
    FindAll,
}

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(crate) struct Searcher {
    regex: Regex,
    /// Length of the source, which determines the cost of a search on the server.
    weight: u64,
    states: u64,
    /// For patterns of many states, which may take long: a search that counts its work and gives up.
    counted: Option<Arc<DFA>>,
}

/// Compiles a pattern in RE2's syntax.
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
    /// Estimated memory.
    fn bytes(&self) -> usize {
        4096 + usize::try_from(self.states)
            .unwrap_or(usize::MAX)
            .saturating_mul(64)
    }

    /// Charges for a search. Returns its result if charging had to find it.
    fn pay(&self, context: &mut Context, text: &str) -> Result<Option<bool>, Fault> {
        // The API server's cost: a fortieth of the length of the string times that of the pattern.
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
        if text.is_ascii()
            && let Some(search) = AsciiSearch::new(dfa.get_nfa(), &mut context.meter)?
        {
            return search.is_match(&mut context.meter, text).map(Some);
        }
        self.pay_for_states(context, text)?;
        Ok(None)
    }

    /// Charges for a visit of each state at each byte.
    fn pay_for_states(&self, context: &mut Context, text: &str) -> Result<(), Fault> {
        let looks = self.states.saturating_mul(text.len() as u64);
        context.meter.charge(looks / STATES_PER_STEP)
    }

    fn is_match(&self, context: &mut Context, text: &str) -> Result<bool, Fault> {
        let known = self.pay(context, text)?;
        Ok(known.unwrap_or_else(|| self.regex.is_match(text)))
    }

    /// Charges for a search for positions. None without a match.
    fn positions(&self, context: &mut Context, text: &str) -> Result<Option<&Regex>, Fault> {
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
            .positions(context, within)?
            .and_then(|regex| regex.find(within));
        Ok(match found {
            Some(found) => text::part(within, found.start(), found.end()),
            None => Value::String(Text::Borrowed("")),
        })
    }

    /// The first `limit` matches, or all if `limit` is negative.
    fn all<'a>(
        &self,
        context: &mut Context<'_, 'a>,
        within: &Text<'a>,
        limit: i64,
    ) -> EvalResult<'a> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut found = Vec::new();
        let regex = self.positions(context, within)?;
        for one in regex
            .iter()
            .flat_map(|regex| regex.find_iter(within))
            .take(limit)
        {
            context.meter.charge(1)?;
            Meter::bound_elements(found.len() + 1)?;
            // The list exists twice while it grows.
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

/// Patterns compiled at run time, oldest first.
#[derive(Default)]
pub(crate) struct PatternCache(Vec<(String, Searcher)>);

impl PatternCache {
    fn get(&self, pattern: &str) -> Option<Searcher> {
        self.0
            .iter()
            .find(|(source, _)| source == pattern)
            .map(|(_, searcher)| searcher.clone())
    }

    fn insert(&mut self, pattern: &str, searcher: &Searcher) {
        if self.0.len() == MAX_CACHED_PATTERNS {
            self.0.remove(0);
        }
        self.0.push((pattern.to_owned(), searcher.clone()));
    }
}

fn compiled(context: &mut Context, pattern: &str) -> Result<Searcher, Fault> {
    if let Some(searcher) = context.patterns().get(pattern) {
        return Ok(searcher);
    }
    context.meter.charge(COMPILE_STEPS + pattern.len() as u64)?;
    let searcher = compile_pattern(pattern).map_err(Fault::error)?;
    context.retain(searcher.bytes())?;
    context.patterns().insert(pattern, &searcher);
    Ok(searcher)
}

/// The value in an optional. Its Go form is that of the value.
fn bare<'v, 'a>(value: &'v Value<'a>) -> &'v Value<'a> {
    match value {
        Value::Optional(Some(inner)) => bare(inner),
        value => value,
    }
}

/// Applies a function with a literal pattern.
pub(crate) fn apply_pattern<'a>(
    context: &mut Context<'_, 'a>,
    function: PatternUse,
    searcher: &Searcher,
    text: &Value<'a>,
    limit: Option<&Value<'a>>,
) -> EvalResult<'a> {
    // For a literal pattern the server converts the argument to Go; a type becomes its name.
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
    let searcher = compiled(context, pattern)?;
    searcher.is_match(context, text).map(Value::Bool)
}

fn find<'a>(context: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    let [Value::String(text), Value::String(pattern)] = args else {
        return no_overload();
    };
    compiled(context, pattern)?.first(context, text)
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
    compiled(context, pattern)?.all(context, text, limit)
}
