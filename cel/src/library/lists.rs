//! Functions of lists: order, sums, search and rearrangement.

use std::cmp::Ordering;

use super::{Builtin, Context, arithmetic, int, no_overload, text};
use crate::value::{EvalResult, Fault, List, Meter, Value, compare, same};

pub(super) fn resolve(name: &str, args: usize, method: bool) -> Option<Builtin> {
    let function: Builtin = match (name, args, method) {
        ("isSorted", 1, true) => is_sorted,
        ("sum", 1 | 2, true) => sum,
        ("min", 1, true) => min,
        ("max", 1, true) => max,
        ("sort", 1, true) => sort,
        ("distinct", 1, true) => distinct,
        ("first", 1, true) => first,
        ("last", 1, true) => last,
        ("flatten", 1 | 2, true) => flatten,
        ("reverse", 1, true) => reverse,
        ("slice", 3, true) => slice,
        ("lists.range", 1, false) => range,
        ("indexOf", 2 | 3, true) => index_of,
        ("lastIndexOf", 2 | 3, true) => last_index_of,
        ("size", 1, _) => size,
        _ => return None,
    };
    Some(function)
}

fn size<'a>(context: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    match args {
        [Value::String(text)] => {
            context.meter.charge_bytes(text.len())?;
            Ok(int(text.chars().count()))
        }
        [Value::Bytes(bytes)] => Ok(int(bytes.len())),
        [Value::List(list)] => Ok(int(list.len())),
        [Value::Map(map)] => Ok(int(map.len())),
        _ => no_overload(),
    }
}

/// The first argument, a list. Charges one step per element.
fn walked<'v, 'a>(
    context: &mut Context<'_, 'a>,
    args: &'v [Value<'a>],
) -> Result<&'v List<'a>, Fault> {
    let Some(Value::List(list)) = args.first() else {
        return Err(Fault::no_overload());
    };
    context.meter.charge(list.len() as u64)?;
    Ok(list)
}

fn is_comparable(value: &Value) -> bool {
    matches!(
        value,
        Value::Bool(_)
            | Value::Int(_)
            | Value::Uint(_)
            | Value::Double(_)
            | Value::String(_)
            | Value::Bytes(_)
            | Value::Duration(_)
            | Value::Timestamp(_)
    )
}

/// The elements. Fails if one has no order.
fn comparable<'a>(
    context: &mut Context<'_, 'a>,
    args: &[Value<'a>],
) -> Result<Vec<Value<'a>>, Fault> {
    let items: Vec<_> = walked(context, args)?.iter().collect();
    if items.iter().all(is_comparable) {
        return Ok(items);
    }
    Err(Fault::no_overload())
}

fn is_sorted<'a>(context: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    let items = comparable(context, args)?;
    let descends = |pair: &[Value]| compare(&pair[0], &pair[1]) == Some(Ordering::Greater);
    Ok(Value::Bool(!items.windows(2).any(descends)))
}

fn sum<'a>(context: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    let mut items = walked(context, args)?.iter();
    let zero = || args.get(1).cloned().unwrap_or(Value::Int(0));
    let first = items.next().unwrap_or_else(zero);
    if !matches!(
        first,
        Value::Int(_) | Value::Uint(_) | Value::Double(_) | Value::Duration(_)
    ) {
        return no_overload();
    }
    items.try_fold(first, |sum, next| arithmetic::add(context, &[sum, next]))
}

/// The minimum or maximum. As in Kubernetes, an element that cannot be compared with the best so far
/// does not replace it.
fn best<'a>(context: &mut Context<'_, 'a>, args: &[Value<'a>], beaten: Ordering) -> EvalResult<'a> {
    let items = comparable(context, args)?;
    let better = |best: Value<'a>, next: Value<'a>| match compare(&best, &next) {
        Some(order) if order == beaten => next,
        _ => best,
    };
    let name = if beaten == Ordering::Greater {
        "min"
    } else {
        "max"
    };
    items
        .into_iter()
        .reduce(better)
        .ok_or_else(|| Fault::error(format!("{name} called on empty list")))
}

fn min<'a>(context: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    best(context, args, Ordering::Greater)
}

fn max<'a>(context: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    best(context, args, Ordering::Less)
}

fn sort<'a>(context: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    match args {
        [list] => sort_by(context, list, list),
        _ => no_overload(),
    }
}

/// Sorts a list by keys, which must have the same comparable type.
pub(crate) fn sort_by<'a>(
    context: &mut Context<'_, 'a>,
    list: &Value<'a>,
    keys: &Value<'a>,
) -> EvalResult<'a> {
    let (Value::List(list), Value::List(keys)) = (list, keys) else {
        return no_overload();
    };
    context.meter.charge_elements(list.len())?;
    context.meter.charge(3 * list.len() as u64)?;
    let mut pairs: Vec<_> = keys.iter().zip(list.iter()).collect();
    let Some((first, _)) = pairs.first() else {
        return Ok(Value::List(list.clone()));
    };
    if !is_comparable(first) {
        return Err(Fault::error("list elements must be comparable"));
    }
    let ty = first.type_name();
    if pairs.iter().any(|(key, _)| key.type_name() != ty) {
        return Err(Fault::error("list elements must have the same type"));
    }
    pairs.sort_by(|a, b| compare(&a.0, &b.0).unwrap_or(Ordering::Equal));
    Ok(Value::list(
        pairs.into_iter().map(|(_, item)| item).collect(),
    ))
}

fn distinct<'a>(context: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    let list = walked(context, args)?;
    let mut unique: Vec<Value<'a>> = Vec::new();
    'items: for item in list.iter() {
        for known in &unique {
            context.meter.charge(1)?;
            if same(&mut context.meter, &item, known)? {
                continue 'items;
            }
        }
        unique.push(item);
    }
    Ok(Value::list(unique))
}

fn optional(value: Option<Value<'_>>) -> Value<'_> {
    value.map_or(Value::Optional(None), Value::some)
}

fn first<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    match args {
        [Value::List(list)] => Ok(optional(list.get(0))),
        _ => no_overload(),
    }
}

fn last<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    match args {
        [Value::List(list)] => Ok(optional(list.iter().next_back())),
        _ => no_overload(),
    }
}

fn flatten<'a>(context: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    let (list, depth) = match args {
        [Value::List(list)] => (list, 1),
        [Value::List(list), Value::Int(depth)] => (list, *depth),
        _ => return no_overload(),
    };
    if depth < 0 {
        return Err(Fault::error("level must be non-negative"));
    }
    let mut flat = Vec::new();
    flatten_into(context, list, depth, &mut flat)?;
    Ok(Value::list(flat))
}

fn flatten_into<'a>(
    context: &mut Context<'_, 'a>,
    list: &List<'a>,
    depth: i64,
    flat: &mut Vec<Value<'a>>,
) -> Result<(), Fault> {
    context.meter.charge(1 + list.len() as u64)?;
    for item in list.iter() {
        match item {
            Value::List(inner) if depth > 0 => flatten_into(context, &inner, depth - 1, flat)?,
            item => flat.push(item),
        }
        Meter::bound_elements(flat.len())?;
    }
    Ok(())
}

fn reverse<'a>(context: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    let list = walked(context, args)?;
    Ok(Value::list(list.iter().rev().collect()))
}

fn slice<'a>(context: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    let [Value::List(list), Value::Int(start), Value::Int(end)] = args else {
        return no_overload();
    };
    let refuse = |why: &str| Err(Fault::error(format!("cannot slice({start}, {end}), {why}")));
    let (Ok(from), Ok(to)) = (usize::try_from(*start), usize::try_from(*end)) else {
        return refuse("negative indexes not supported");
    };
    if from > to {
        return refuse("start index must be less than or equal to end index");
    }
    if to > list.len() {
        return refuse(&format!("list is length {}", list.len()));
    }
    context.meter.charge_elements(to - from)?;
    Ok(Value::list(
        (from..to).filter_map(|at| list.get(at)).collect(),
    ))
}

fn range<'a>(context: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    let [Value::Int(count)] = args else {
        return no_overload();
    };
    let elements = usize::try_from((*count).max(0)).unwrap_or(usize::MAX);
    context.meter.charge_elements(elements)?;
    Ok(Value::list((0..*count).map(Value::Int).collect()))
}

fn index_of<'a>(context: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    match args {
        [Value::List(list), item] => search(context, list.iter().enumerate(), item),
        _ => text::index_of(context, args),
    }
}

fn last_index_of<'a>(context: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    match args {
        [Value::List(list), item] => {
            let places = (0..list.len()).rev();
            let items = places.filter_map(|at| list.get(at).map(|item| (at, item)));
            search(context, items, item)
        }
        _ => text::last_index_of(context, args),
    }
}

fn search<'a>(
    context: &mut Context<'_, 'a>,
    items: impl Iterator<Item = (usize, Value<'a>)>,
    wanted: &Value<'a>,
) -> EvalResult<'a> {
    for (at, item) in items {
        context.meter.charge(1)?;
        if same(&mut context.meter, &item, wanted)? {
            return Ok(int(at));
        }
    }
    Ok(Value::Int(-1))
}
