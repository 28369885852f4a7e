//! Macros over collections, with the results and errors of cel-go's expansions.

use super::plan::FoldPlan;
use super::run::Interpreter;
use crate::library;
use crate::syntax::ast::FoldKind;
use crate::value::{EvalResult, Fault, Map, MapBuilder, Meter, OPTIONAL_BYTES, Value, display};

impl<'a> Interpreter<'_, 'a> {
    pub(super) fn fold(&mut self, plan: &FoldPlan) -> EvalResult<'a> {
        let mark = self.context.meter.held();
        let range = self.eval(&plan.range)?;
        let outcome = self.fold_over(plan, &range);
        drop(range);
        // Drop the last element: the meter no longer counts its memory.
        self.locals[plan.first] = Value::Null;
        if let Some(second) = plan.second {
            self.locals[second] = Value::Null;
        }
        if !outcome.as_ref().is_ok_and(Value::holds_memory) {
            self.context.meter.release(mark);
        }
        outcome
    }

    fn fold_over(&mut self, plan: &FoldPlan, range: &Value<'a>) -> EvalResult<'a> {
        match plan.kind {
            FoldKind::All => self.quantify(plan, range, false),
            FoldKind::Exists => self.quantify(plan, range, true),
            FoldKind::ExistsOne => self.exists_one(plan, range),
            FoldKind::List => self.collect(plan, range),
            FoldKind::MapValues | FoldKind::MapEntries => self.build_map(plan, range),
            FoldKind::OptMap | FoldKind::OptFlatMap => self.optional(plan, range),
            FoldKind::SortBy => {
                let keys = self.collect(plan, range)?;
                library::sort_by(&mut self.context, range, &keys)
            }
        }
    }

    /// Runs `visit` for each element that passes the filter, until it returns false.
    fn each(
        &mut self,
        plan: &FoldPlan,
        range: &Value<'a>,
        mut visit: impl FnMut(&mut Self) -> Result<bool, Fault>,
    ) -> Result<(), Fault> {
        let mut step = |interpreter: &mut Self, first: Value<'a>, second: Option<Value<'a>>| {
            interpreter.context.meter.charge(1)?;
            if let (Some(slot), Some(second)) = (plan.second, second) {
                interpreter.locals[slot] = second;
            }
            interpreter.locals[plan.first] = first;
            if let Some(filter) = &plan.filter {
                let mark = interpreter.context.meter.held();
                let fits = interpreter.truth(filter)?;
                interpreter.context.meter.release(mark);
                if !fits {
                    return Ok(true);
                }
            }
            visit(interpreter)
        };
        match range {
            Value::List(list) => {
                for (at, item) in list.iter().enumerate() {
                    let proceed = match plan.second {
                        None => step(self, item, None)?,
                        Some(_) => step(self, position(at), Some(item))?,
                    };
                    if !proceed {
                        break;
                    }
                }
            }
            Value::Map(map) => {
                for (key, value) in map.iter() {
                    if !step(self, key, Some(value))? {
                        break;
                    }
                }
            }
            _ => return Err(no_range(range)),
        }
        Ok(())
    }

    /// `all` and `exists`: a decisive element decides. Errors count only if there is none.
    fn quantify(&mut self, plan: &FoldPlan, range: &Value<'a>, decisive: bool) -> EvalResult<'a> {
        let mut error = None;
        let mut decided = false;
        let mark = self.context.meter.held();
        self.each(plan, range, |interpreter| {
            let outcome = interpreter.truth(&plan.body);
            interpreter.context.meter.release(mark);
            match outcome {
                Ok(value) => decided = value == decisive,
                Err(fault @ Fault::Exhausted { .. }) => return Err(fault),
                Err(fault) => error = error.take().or(Some(fault)),
            }
            Ok(!decided)
        })?;
        match error {
            Some(fault) if !decided => Err(fault),
            _ => Ok(Value::Bool(decided == decisive)),
        }
    }

    fn exists_one(&mut self, plan: &FoldPlan, range: &Value<'a>) -> EvalResult<'a> {
        let mut count = 0;
        let mark = self.context.meter.held();
        self.each(plan, range, |interpreter| {
            count += u64::from(interpreter.truth(&plan.body)?);
            interpreter.context.meter.release(mark);
            Ok(true)
        })?;
        Ok(Value::Bool(count == 1))
    }

    fn collect(&mut self, plan: &FoldPlan, range: &Value<'a>) -> EvalResult<'a> {
        let mut items = Vec::new();
        self.each(plan, range, |interpreter| {
            let mark = interpreter.context.meter.held();
            let item = interpreter.eval(&plan.body)?;
            if !item.holds_memory() {
                interpreter.context.meter.release(mark);
            }
            Meter::bound_elements(items.len() + 1)?;
            interpreter.context.meter.hold(size_of::<Value>())?;
            items.push(item);
            Ok(true)
        })?;
        Ok(Value::list(items))
    }

    fn build_map(&mut self, plan: &FoldPlan, range: &Value<'a>) -> EvalResult<'a> {
        let mut map = MapBuilder::default();
        self.each(plan, range, |interpreter| {
            let body = interpreter.eval(&plan.body)?;
            if plan.kind == FoldKind::MapValues {
                let key = interpreter.locals[plan.first].clone();
                insert(&mut interpreter.context.meter, &mut map, key, body)?;
                return Ok(true);
            }
            let Value::Map(entries) = body else {
                return Err(Fault::no_overload());
            };
            interpreter.insert_all(&mut map, &entries)?;
            Ok(true)
        })?;
        Ok(map.finish())
    }

    fn insert_all(&mut self, map: &mut MapBuilder<'a>, entries: &Map<'a>) -> Result<(), Fault> {
        for (key, value) in entries.iter() {
            self.context.meter.charge(1)?;
            insert(&mut self.context.meter, map, key, value)?;
        }
        Ok(())
    }

    fn optional(&mut self, plan: &FoldPlan, range: &Value<'a>) -> EvalResult<'a> {
        let inner = match range {
            Value::Optional(Some(inner)) => inner.taken_out()?,
            Value::Optional(None) => return Ok(Value::Optional(None)),
            _ => return Err(Fault::no_overload()),
        };
        self.locals[plan.first] = inner;
        let body = self.eval(&plan.body)?;
        self.context.meter.hold(OPTIONAL_BYTES)?;
        // The server expands this to a conditional, which opens the result of a call.
        Ok(match (plan.kind, body) {
            (FoldKind::OptMap, body) => Value::some(body.through_native()),
            (_, Value::Optional(Some(inner))) => Value::some(inner.through_native()),
            (_, body) => body,
        })
    }
}

fn insert<'a>(
    meter: &mut Meter,
    map: &mut MapBuilder<'a>,
    key: Value<'a>,
    value: Value<'a>,
) -> Result<(), Fault> {
    Meter::bound_elements(map.len() + 1)?;
    meter.hold(map.bytes_of_next(&key))?;
    if map.contains(&key) {
        let key = display(&key);
        return Err(Fault::error(format!(
            "insert failed: key {key} already exists"
        )));
    }
    if !map.set(key, value) {
        return Err(Fault::error("unsupported key type"));
    }
    Ok(())
}

fn position<'a>(at: usize) -> Value<'a> {
    Value::Int(i64::try_from(at).unwrap_or(i64::MAX))
}

fn no_range(range: &Value) -> Fault {
    Fault::error(format!(
        "got '{}', expected iterable type",
        range.type_name()
    ))
}
