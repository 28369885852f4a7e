//! `x in list` for long lists. A loop may search the same list many times, so the second search
//! builds a hash index of a list of strings or integers.

use std::collections::HashSet;

use super::Context;
use crate::value::{Fault, List, Text, Value, equal};

/// Shortest list with an index.
const LONG: usize = 32;
/// Most lists with an index in one evaluation.
const LISTS: usize = 16;
/// Bytes of an element and its entry in the index.
const ELEMENT_BYTES: usize = 128;
/// Elements compared per charged step.
const PER_STEP: usize = 8;

/// The lists that an evaluation has searched.
#[derive(Default)]
pub(crate) struct Members<'a> {
    /// Addresses of the latest lists. Another list may have taken one since.
    seen: [usize; 4],
    next: usize,
    /// Holds the lists, so that no other list takes their address.
    indexed: Vec<Indexed<'a>>,
}

struct Indexed<'a> {
    list: List<'a>,
    index: Index<'a>,
}

impl<'a> Members<'a> {
    /// Whether to index a list: an earlier search has seen it, and there are few indexes.
    fn seen_again(&mut self, list: &List<'a>) -> bool {
        let address = list.address();
        if self.seen.contains(&address) {
            return self.indexed.len() < LISTS;
        }
        self.seen[self.next] = address;
        self.next = (self.next + 1) % self.seen.len();
        false
    }

    fn has(&self, list: &List<'a>, value: &Value) -> Option<bool> {
        self.indexed
            .iter()
            .find(|indexed| indexed.list.address() == list.address())?
            .index
            .has(value)
    }
}

enum Index<'a> {
    Texts(HashSet<Text<'a>>),
    Ints(HashSet<i64>),
}

impl<'a> Index<'a> {
    /// None unless all elements are strings or all are integers.
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

    /// Bytes of the list and its index.
    fn bytes(list: &List<'a>) -> usize {
        let texts = list.iter().map(|item| match item {
            Value::String(Text::Owned(text)) => text.len(),
            _ => 0,
        });
        list.len() * ELEMENT_BYTES + texts.sum::<usize>()
    }

    /// None if the index has another type of elements.
    fn has(&self, value: &Value) -> Option<bool> {
        match (self, value) {
            (Self::Texts(texts), Value::String(text)) => Some(texts.contains(&**text)),
            (Self::Ints(ints), Value::Int(int)) => Some(ints.contains(int)),
            _ => None,
        }
    }
}

/// Whether a list contains a value. Elements that cannot be compared with it are not equal.
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
    if !context.members().seen_again(list) {
        return Ok(None);
    }
    context.meter.charge(list.len() as u64)?;
    let Some(index) = Index::of(list) else {
        return Ok(None);
    };
    context.retain(Index::bytes(list))?;
    let held = index.has(value);
    let list = list.clone();
    context.members().indexed.push(Indexed { list, index });
    Ok(held)
}
