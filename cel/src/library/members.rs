//! Membership in long lists. `x in list` inside a loop looks through one list again and again, so
//! from the second time on a list of texts or integers is asked by its hashes.

use std::collections::HashSet;

use super::Context;
use crate::value::{Fault, List, Text, Value, equal};

/// Shortest list that is worth an index.
const LONG: usize = 32;
/// Lists that one evaluation keeps an index of.
const LISTS: usize = 16;
/// Memory of an element and its place in an index.
const ELEMENT_BYTES: usize = 128;
/// Elements looked at for one step: at most a few nanoseconds each.
const PER_STEP: usize = 8;

/// The lists an evaluation has looked through.
#[derive(Default)]
pub(crate) struct Members<'a> {
    /// Where the latest lists are; another list may be there by now.
    seen: [usize; 4],
    next: usize,
    /// Lists by their index. They are held, so that no other can take their place.
    indexed: Vec<(List<'a>, Index<'a>)>,
}

impl<'a> Members<'a> {
    /// Whether a list is worth an index: it is met again, and there is room.
    fn meets_again(&mut self, list: &List<'a>) -> bool {
        let place = list.place();
        if self.seen.contains(&place) {
            return self.indexed.len() < LISTS;
        }
        self.seen[self.next] = place;
        self.next = (self.next + 1) % self.seen.len();
        false
    }

    fn has(&self, list: &List<'a>, value: &Value) -> Option<bool> {
        let mut known = self.indexed.iter();
        let (_, index) = known.find(|(known, _)| known.place() == list.place())?;
        index.has(value)
    }
}

enum Index<'a> {
    Texts(HashSet<Text<'a>>),
    Ints(HashSet<i64>),
}

impl<'a> Index<'a> {
    /// An index of a list whose elements are all texts or all integers.
    fn of(list: &List<'a>) -> Option<Self> {
        let texts = list.iter().map(|item| match item {
            Value::String(text) => Some(text),
            _ => None,
        });
        let ints = list.iter().map(|item| match item {
            Value::Int(int) => Some(int),
            _ => None,
        });
        match list.get(0) {
            Some(Value::String(_)) => texts.collect::<Option<_>>().map(Self::Texts),
            Some(Value::Int(_)) => ints.collect::<Option<_>>().map(Self::Ints),
            _ => None,
        }
    }

    /// Memory of the list and its index.
    fn bytes(list: &List<'a>) -> usize {
        let texts = list.iter().map(|item| match item {
            Value::String(Text::Owned(text)) => text.len(),
            _ => 0,
        });
        list.len() * ELEMENT_BYTES + texts.sum::<usize>()
    }

    /// Whether a value is in the list, if the index can tell.
    fn has(&self, value: &Value) -> Option<bool> {
        match (self, value) {
            (Self::Texts(texts), Value::String(text)) => Some(texts.contains(&**text)),
            (Self::Ints(ints), Value::Int(int)) => Some(ints.contains(int)),
            _ => None,
        }
    }
}

/// Whether a value is in a list; elements that cannot be compared with it are others.
pub(super) fn holds<'a>(
    context: &mut Context<'_, 'a>,
    list: &List<'a>,
    value: &Value<'a>,
) -> Result<bool, Fault> {
    if list.len() >= LONG
        && matches!(value, Value::String(_) | Value::Int(_))
        && let Some(held) = known(context, list, value)?
    {
        return Ok(held);
    }
    for (at, item) in list.iter().enumerate() {
        if at % PER_STEP == 0 {
            context.meter.charge(1)?;
        }
        match equal(&mut context.meter, value, &item) {
            Ok(true) => return Ok(true),
            Ok(false) | Err(Fault::Error(_)) => {}
            Err(fault) => return Err(fault),
        }
    }
    Ok(false)
}

fn known<'a>(
    context: &mut Context<'_, 'a>,
    list: &List<'a>,
    value: &Value<'a>,
) -> Result<Option<bool>, Fault> {
    if let Value::String(text) = value {
        context.meter.charge_bytes(text.len())?;
    }
    if let Some(held) = context.members().has(list, value) {
        return Ok(Some(held));
    }
    if !context.members().meets_again(list) {
        return Ok(None);
    }
    context.meter.charge(list.len() as u64)?;
    let Some(index) = Index::of(list) else {
        return Ok(None);
    };
    context.retain(Index::bytes(list))?;
    let held = index.has(value);
    context.members().indexed.push((list.clone(), index));
    Ok(held)
}
