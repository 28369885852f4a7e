//! One object's evaluation: the interpreter, and the memory of variables between expressions.

use std::cell::{Cell, OnceCell, RefCell};
use std::sync::LazyLock;

use super::logic::inside;
use super::meter::{Fault, Meter, Outcome};
use super::plan::{Builtin, Guard, ListItem, MapItem, Node, Order, Pattern};
use crate::env::{Env, Program};
use crate::error::EvalError;
use crate::library::{self, Automaton, Members, PatternCache};
use crate::limits::{MAX_OBJECT_STEPS, MAX_STEPS};
use crate::value::{MapBuilder, Value, equal};

/// The evaluation of any number of expressions on one object, which is borrowed and never
/// converted whole. Each of the environment's variables is evaluated at most once.
pub struct Evaluation<'a> {
    env: &'a Env,
    object: &'a serde_json::Value,
    namespace: Option<&'a serde_json::Value>,
    variables: Vec<OnceCell<Result<Value<'a>, Fault>>>,
    patterns: RefCell<PatternCache>,
    automaton: RefCell<Automaton>,
    members: RefCell<Members<'a>>,
    /// Steps left.
    left: Cell<u64>,
    /// Bytes held by the variables.
    kept: Cell<usize>,
}

impl<'a> Evaluation<'a> {
    /// Prepares an object; reads nothing of it yet.
    pub fn new(
        env: &'a Env,
        object: &'a serde_json::Value,
        namespace: Option<&'a serde_json::Value>,
    ) -> Self {
        Self {
            env,
            object,
            namespace,
            variables: vec![OnceCell::new(); env.variables().len()],
            patterns: RefCell::default(),
            automaton: RefCell::default(),
            members: RefCell::default(),
            left: Cell::new(MAX_OBJECT_STEPS),
            kept: Cell::new(0),
        }
    }

    /// Evaluates a program of this environment.
    pub fn run(&self, program: &Program) -> Result<Value<'a>, EvalError> {
        self.outcome(program).map_err(EvalError::from)
    }

    /// Evaluates a program to a truth value.
    pub fn run_bool(&self, program: &Program) -> Result<bool, EvalError> {
        // A constant needs nothing of what an evaluation is prepared for.
        if let Node::Constant(Value::Bool(value)) | Node::Settled(Value::Bool(value)) =
            program.plan()
        {
            return Ok(*value);
        }
        match self.outcome(program) {
            Ok(Value::Bool(value)) => Ok(value),
            Ok(other) => Err(wrong_type("bool", &other)),
            Err(fault) => Err(fault.into()),
        }
    }

    /// Evaluates a program to text.
    pub fn run_string(&self, program: &Program) -> Result<String, EvalError> {
        match self.run(program)? {
            Value::String(text) => Ok(text.to_string()),
            other => Err(wrong_type("string", &other)),
        }
    }

    fn outcome(&self, program: &Program) -> Outcome<'a> {
        let (outcome, _) = self.evaluate(program, self.kept.get());
        outcome
    }

    /// The outcome, and how many bytes it holds when this many are in use already.
    fn evaluate(&self, program: &Program, in_use: usize) -> (Outcome<'a>, usize) {
        let mut context = Context {
            evaluation: self,
            meter: Meter::new(MAX_STEPS.min(self.left.get()), in_use),
            locals: vec![Value::Null; program.locals()],
        };
        let outcome = context.eval(program.plan());
        let left = self.left.get().saturating_sub(context.meter.steps());
        self.left.set(left);
        let holds = outcome.as_ref().is_ok_and(Value::holds_memory);
        (outcome, if holds { context.meter.held() } else { 0 })
    }

    /// The value of a variable while `in_use` bytes are held, and the bytes it keeps from now on.
    fn variable(&self, at: usize, in_use: usize) -> (Outcome<'a>, usize) {
        let (cell, variable) = (&self.variables[at], &self.env.variables()[at]);
        let before = self.kept.get();
        let outcome = cell.get_or_init(|| {
            let (outcome, held) = self.evaluate(&variable.program, in_use);
            self.kept.set(self.kept.get() + held);
            outcome.map_err(|fault| match fault {
                Fault::Error(message) => Fault::error(format!(
                    "composited variable \"{}\" fails to evaluate: {message}",
                    variable.name
                )),
                exhausted @ Fault::Exhausted { .. } => exhausted,
            })
        });
        (outcome.clone(), self.kept.get() - before)
    }
}

fn wrong_type(wanted: &str, found: &Value) -> EvalError {
    EvalError::Failed(format!("expected {wanted}, got {}", found.type_name()))
}

/// The value of a node that needs no object.
pub(crate) fn constant(node: &Node) -> Result<Value<'static>, Fault> {
    static NOTHING: LazyLock<(Env, serde_json::Value)> = LazyLock::new(Default::default);
    let (env, object) = &*NOTHING;
    let mut context = Context {
        evaluation: &Evaluation::new(env, object, None),
        meter: Meter::new(MAX_STEPS, 0),
        locals: Vec::new(),
    };
    context.eval(node)
}

/// What a running expression may touch: the object, its own variables, its budget.
pub(crate) struct Context<'e, 'a> {
    evaluation: &'e Evaluation<'a>,
    pub meter: Meter,
    pub(super) locals: Vec<Value<'a>>,
}

impl<'a> Context<'_, 'a> {
    pub(super) fn object(&self) -> &'a serde_json::Value {
        self.evaluation.object
    }

    /// Pays for memory that stays in use until the object is done.
    pub fn keep(&mut self, bytes: usize) -> Result<(), Fault> {
        self.meter.room(bytes)?;
        self.meter.keep(bytes);
        let kept = &self.evaluation.kept;
        kept.set(kept.get() + bytes);
        Ok(())
    }

    pub fn automaton(&self) -> std::cell::RefMut<'_, Automaton> {
        self.evaluation.automaton.borrow_mut()
    }

    pub fn members(&self) -> std::cell::RefMut<'_, Members<'a>> {
        self.evaluation.members.borrow_mut()
    }

    pub fn patterns(&self) -> std::cell::RefMut<'_, PatternCache> {
        self.evaluation.patterns.borrow_mut()
    }

    pub(super) fn eval(&mut self, node: &Node) -> Outcome<'a> {
        match node {
            Node::Constant(value) | Node::Settled(value) => return Ok(value.clone()),
            Node::Local(place) if !matches!(self.locals[*place], Value::Optional(_)) => {
                return Ok(self.locals[*place].clone());
            }
            _ => self.meter.charge(1)?,
        }
        match node {
            Node::Constant(value) | Node::Settled(value) => Ok(value.clone()),
            Node::Object => Ok(Value::from_json(self.evaluation.object)),
            Node::Namespace => Ok(self
                .evaluation
                .namespace
                .map_or(Value::Null, Value::from_json)),
            Node::Variable(at) => self.variable(*at),
            Node::Attribute(_) | Node::Conditional(_) | Node::Local(_) => self.attribute(node),
            Node::And(terms) => self.junction(terms, false),
            Node::Or(terms) => self.junction(terms, true),
            Node::Equal(sides) => self.same(sides, false),
            Node::NotEqual(sides) => self.same(sides, true),
            Node::Ordered(order, sides) => self.ordered(*order, sides).map(Value::Bool),
            Node::InConstants(value, constants) => self.in_constants(value, constants),
            Node::Call1(function, arg) => {
                let mark = self.meter.held();
                let arg = self.eval(arg)?;
                self.apply(*function, &[arg], mark)
            }
            Node::Call2(function, args) => {
                let mark = self.meter.held();
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

    /// Runs a function and pays for the memory of what it made. When its value needs none, nothing
    /// that was made since `mark` is needed any more.
    fn apply(&mut self, function: Builtin, args: &[Value<'a>], mark: usize) -> Outcome<'a> {
        let value = function(self, args)?;
        if value.holds_memory() {
            self.meter.hold(value.fresh_bytes())?;
        } else {
            self.meter.release(mark);
        }
        Ok(value)
    }

    fn variable(&mut self, at: usize) -> Outcome<'a> {
        let in_use = self.meter.held() + self.meter.kept();
        let (outcome, kept) = self.evaluation.variable(at, in_use);
        self.meter.keep(kept);
        outcome
    }

    fn call(&mut self, function: Builtin, args: &[Node], guard: Option<&Guard>) -> Outcome<'a> {
        let mark = self.meter.held();
        let args = args.iter().map(|arg| self.eval(arg));
        let args: Vec<_> = args.collect::<Result<_, _>>()?;
        if guard.is_some_and(|Guard(fits)| !fits(&args)) {
            return Err(Fault::no_overload());
        }
        self.apply(function, &args, mark)
    }

    fn pattern(&mut self, pattern: &Pattern) -> Outcome<'a> {
        let text = self.eval(&pattern.text)?;
        let limit = match &pattern.limit {
            Some(limit) => Some(self.eval(limit)?),
            None => None,
        };
        library::apply_pattern(self, pattern, &text, limit.as_ref())
    }

    /// `==`, or `!=` when negated; as in cel-go, what cannot be compared is not equal.
    fn same(&mut self, [left, right]: &[Node; 2], negated: bool) -> Outcome<'a> {
        let mark = self.meter.held();
        let left = self.eval(left)?;
        let right = self.eval(right)?;
        let outcome = equal(&mut self.meter, &left, &right);
        self.meter.release(mark);
        match outcome {
            Ok(same) => Ok(Value::Bool(same != negated)),
            Err(Fault::Error(_)) if negated => Ok(Value::Bool(true)),
            Err(fault) => Err(fault),
        }
    }

    /// A number of the object against one of the expression, as most checks have it, is compared
    /// without making a value of either.
    fn ordered(&mut self, order: Order, [left, right]: &[Node; 2]) -> Result<bool, Fault> {
        if let (Node::Attribute(path), Node::Constant(Value::Int(bound))) = (left, right)
            && let Some(number) = self.whole_number(path)
        {
            self.meter.charge(1)?;
            return Ok(order.holds(number.cmp(bound)));
        }
        let mark = self.meter.held();
        let left = self.eval(left)?;
        let right = self.eval(right)?;
        let holds = library::ordered(&mut self.meter, [&left, &right], order);
        self.meter.release(mark);
        holds
    }

    fn in_constants(&mut self, value: &Node, constants: &[Value<'static>]) -> Outcome<'a> {
        let value = self.eval(value)?;
        for constant in constants {
            if equal(&mut self.meter, &value, constant)? {
                return Ok(Value::Bool(true));
            }
        }
        Ok(Value::Bool(false))
    }

    fn list(&mut self, items: &[ListItem]) -> Outcome<'a> {
        let mut values = Vec::with_capacity(items.len());
        for item in items {
            let value = self.eval(&item.value)?;
            values.extend(given(value, item.optional)?);
        }
        let list = Value::list(values);
        self.meter.hold(list.fresh_bytes())?;
        Ok(list)
    }

    fn map(&mut self, items: &[MapItem]) -> Outcome<'a> {
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
                // As on the server, an entry before it that has the same key goes.
                None => map.remove(&key),
            }
        }
        let map = map.finish();
        self.meter.hold(map.fresh_bytes())?;
        Ok(map)
    }
}

/// The value of a literal's part, which `?` makes optional.
fn given(value: Value<'_>, optional: bool) -> Result<Option<Value<'_>>, Fault> {
    match value {
        value if !optional => Ok(Some(value)),
        Value::Optional(inner) => inner.map(|inner| inside(&inner)).transpose(),
        _ => Err(Fault::error(
            "cannot initialize optional entry from non-optional value",
        )),
    }
}
