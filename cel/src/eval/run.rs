//! The interpreter, and the state that the expressions on one object share.

use std::cell::{Cell, OnceCell};

use super::plan::{Guard, ListItem, MapItem, Node, Pattern, Plan};
use crate::library::{self, Builtin, Context, Retained};
use crate::limits::{MAX_OBJECT_STEPS, MAX_STEPS};
use crate::value::{EvalResult, Fault, MapBuilder, Meter, Order, Value, equal, ordered};

/// The state that the expressions on one object share: the object, variables and budget.
pub(crate) struct ObjectRun<'a> {
    object: &'a serde_json::Value,
    namespace: Option<&'a serde_json::Value>,
    variables: Vec<Variable<'a>>,
    retained: Retained<'a>,
    steps_left: Cell<u64>,
}

struct Variable<'a> {
    name: &'a str,
    plan: &'a Plan,
    value: OnceCell<EvalResult<'a>>,
}

impl<'a> ObjectRun<'a> {
    /// Reads nothing of the object yet. Plans refer to variables by their position.
    pub fn new(
        object: &'a serde_json::Value,
        namespace: Option<&'a serde_json::Value>,
        variables: impl Iterator<Item = (&'a str, &'a Plan)>,
    ) -> Self {
        let variables = variables.map(|(name, plan)| Variable {
            name,
            plan,
            value: OnceCell::new(),
        });
        Self {
            object,
            namespace,
            variables: variables.collect(),
            retained: Retained::default(),
            steps_left: Cell::new(MAX_OBJECT_STEPS),
        }
    }

    pub fn run(&self, plan: &Plan) -> EvalResult<'a> {
        let (value, _) = self.evaluate(plan, self.retained.bytes());
        value
    }

    /// The value and the bytes that it holds, if `in_use` bytes are in use already.
    fn evaluate(&self, plan: &Plan, in_use: usize) -> (EvalResult<'a>, usize) {
        let meter = Meter::new(MAX_STEPS.min(self.steps_left.get()), in_use);
        let mut interpreter = Interpreter {
            run: self,
            context: Context::new(meter, &self.retained),
            locals: vec![Value::Null; plan.locals],
        };
        let value = interpreter.eval(&plan.node);
        let meter = &interpreter.context.meter;
        let left = self.steps_left.get().saturating_sub(meter.steps());
        self.steps_left.set(left);
        let holds = value.as_ref().is_ok_and(Value::holds_memory);
        let bytes = if holds { meter.held() } else { 0 };
        (value, bytes)
    }

    /// The value of a variable, and the bytes that this call has retained for it.
    fn variable(&self, at: usize, in_use: usize) -> (EvalResult<'a>, usize) {
        let variable = &self.variables[at];
        let before = self.retained.bytes();
        let value = variable.value.get_or_init(|| {
            let (value, held) = self.evaluate(variable.plan, in_use);
            self.retained.add(held);
            value.map_err(|fault| match fault {
                Fault::Error(message) => Fault::error(format!(
                    "composited variable \"{}\" fails to evaluate: {message}",
                    variable.name
                )),
                exhausted @ Fault::Exhausted { .. } => exhausted,
            })
        });
        (value.clone(), self.retained.bytes() - before)
    }
}

/// Evaluates a node that reads no object.
pub(crate) fn constant(node: &Node) -> EvalResult<'static> {
    static NULL: serde_json::Value = serde_json::Value::Null;
    let run = ObjectRun::new(&NULL, None, std::iter::empty());
    let mut interpreter = Interpreter {
        run: &run,
        context: Context::new(Meter::new(MAX_STEPS, 0), &run.retained),
        locals: Vec::new(),
    };
    interpreter.eval(node)
}

/// The state of one running expression.
pub(super) struct Interpreter<'e, 'a> {
    run: &'e ObjectRun<'a>,
    pub(super) context: Context<'e, 'a>,
    pub(super) locals: Vec<Value<'a>>,
}

impl<'a> Interpreter<'_, 'a> {
    pub(super) fn object(&self) -> &'a serde_json::Value {
        self.run.object
    }

    pub(super) fn eval(&mut self, node: &Node) -> EvalResult<'a> {
        match node {
            Node::Constant(value) | Node::Settled(value) => return Ok(value.clone()),
            Node::Local(slot) if !matches!(self.locals[*slot], Value::Optional(_)) => {
                return Ok(self.locals[*slot].clone());
            }
            _ => self.context.meter.charge(1)?,
        }
        match node {
            Node::Constant(value) | Node::Settled(value) => Ok(value.clone()),
            Node::Object => Ok(Value::from_json(self.run.object)),
            Node::Namespace => Ok(self.run.namespace.map_or(Value::Null, Value::from_json)),
            Node::Variable(at) => self.variable(*at),
            Node::Attribute(_) | Node::Conditional(_) | Node::Local(_) => self.attribute(node),
            Node::And(terms) => self.junction(terms, false),
            Node::Or(terms) => self.junction(terms, true),
            Node::Equal(sides) => self.same(sides, false),
            Node::NotEqual(sides) => self.same(sides, true),
            Node::Ordered(order, sides) => self.ordered(*order, sides).map(Value::Bool),
            Node::InConstants(value, constants) => self.in_constants(value, constants),
            Node::Call1(function, arg) => {
                let mark = self.context.meter.held();
                let arg = self.eval(arg)?;
                self.apply(*function, &[arg], mark)
            }
            Node::Call2(function, args) => {
                let mark = self.context.meter.held();
                let args = [self.eval(&args[0])?, self.eval(&args[1])?];
                self.apply(*function, &args, mark)
            }
            Node::Call(function, args) => self.call(*function, args, None),
            Node::Guarded(function, args, overloads) => self.call(*function, args, Some(overloads)),
            Node::Otherwise(sides, unwrap) => self.otherwise(sides, *unwrap),
            Node::Pattern(pattern) => self.pattern(pattern),
            Node::List(items) => self.list(items),
            Node::Map(items) => self.map(items),
            Node::Fold(plan) => self.fold(plan),
        }
    }

    /// Runs a function and charges for the memory of its value. If the value holds none, releases
    /// all memory held since `mark`.
    fn apply(&mut self, function: Builtin, args: &[Value<'a>], mark: usize) -> EvalResult<'a> {
        let value = function(&mut self.context, args)?;
        if value.holds_memory() {
            self.context.meter.hold(value.fresh_bytes())?;
        } else {
            self.context.meter.release(mark);
        }
        Ok(value)
    }

    fn variable(&mut self, at: usize) -> EvalResult<'a> {
        let in_use = self.context.meter.held() + self.context.meter.retained();
        let (value, retained) = self.run.variable(at, in_use);
        self.context.meter.retain(retained);
        value
    }

    fn call(&mut self, function: Builtin, args: &[Node], guard: Option<&Guard>) -> EvalResult<'a> {
        let mark = self.context.meter.held();
        let args: Vec<_> = args
            .iter()
            .map(|arg| self.eval(arg))
            .collect::<Result<_, _>>()?;
        if guard.is_some_and(|Guard(fits)| !fits(&args)) {
            return Err(Fault::no_overload());
        }
        self.apply(function, &args, mark)
    }

    fn pattern(&mut self, pattern: &Pattern) -> EvalResult<'a> {
        let text = self.eval(&pattern.text)?;
        let limit = match &pattern.limit {
            Some(limit) => Some(self.eval(limit)?),
            None => None,
        };
        library::apply_pattern(
            &mut self.context,
            pattern.function,
            &pattern.searcher,
            &text,
            limit.as_ref(),
        )
    }

    /// `==`, or `!=` if negated. As in cel-go, values that cannot be compared are not equal.
    fn same(&mut self, [left, right]: &[Node; 2], negated: bool) -> EvalResult<'a> {
        let mark = self.context.meter.held();
        let left = self.eval(left)?;
        let right = self.eval(right)?;
        let outcome = equal(&mut self.context.meter, &left, &right);
        self.context.meter.release(mark);
        match outcome {
            Ok(same) => Ok(Value::Bool(same != negated)),
            Err(Fault::Error(_)) if negated => Ok(Value::Bool(true)),
            Err(fault) => Err(fault),
        }
    }

    /// Compares an integer of the object with a literal, as most checks do, without making values.
    fn ordered(&mut self, order: Order, [left, right]: &[Node; 2]) -> Result<bool, Fault> {
        if let (Node::Attribute(path), Node::Constant(Value::Int(bound))) = (left, right)
            && let Some(number) = self.whole_number(path)
        {
            self.context.meter.charge(1)?;
            return Ok(order.holds(number.cmp(bound)));
        }
        let mark = self.context.meter.held();
        let left = self.eval(left)?;
        let right = self.eval(right)?;
        let holds = ordered(&mut self.context.meter, &left, &right, order);
        self.context.meter.release(mark);
        holds
    }

    fn in_constants(&mut self, value: &Node, constants: &[Value<'static>]) -> EvalResult<'a> {
        let value = self.eval(value)?;
        for constant in constants {
            if equal(&mut self.context.meter, &value, constant)? {
                return Ok(Value::Bool(true));
            }
        }
        Ok(Value::Bool(false))
    }

    fn list(&mut self, items: &[ListItem]) -> EvalResult<'a> {
        let mut values = Vec::with_capacity(items.len());
        for item in items {
            let value = self.eval(&item.value)?;
            values.extend(given(value, item.optional)?);
        }
        let list = Value::list(values);
        self.context.meter.hold(list.fresh_bytes())?;
        Ok(list)
    }

    fn map(&mut self, items: &[MapItem]) -> EvalResult<'a> {
        let mut map = MapBuilder::with_capacity(items.len());
        for item in items {
            let key = self.eval(&item.key)?;
            let value = self.eval(&item.value)?;
            match given(value, item.optional)? {
                Some(value) => {
                    if !map.set(key, value) {
                        return Err(Fault::error("unsupported key type"));
                    }
                }
                // As on the server, this removes an earlier entry with the same key.
                None => map.remove(&key),
            }
        }
        let map = map.finish();
        self.context.meter.hold(map.fresh_bytes())?;
        Ok(map)
    }
}

/// The value of a part of a literal; none if `?` precedes it and its optional is empty.
fn given(value: Value<'_>, optional: bool) -> Result<Option<Value<'_>>, Fault> {
    match value {
        value if !optional => Ok(Some(value)),
        Value::Optional(inner) => inner.map(|inner| inner.taken_out()).transpose(),
        _ => Err(Fault::error(
            "cannot initialize optional entry from non-optional value",
        )),
    }
}
