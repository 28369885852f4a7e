//! One object's evaluation: the interpreter, and the memory of variables between expressions.

use std::cell::{Cell, OnceCell, RefCell};
use std::sync::LazyLock;

use super::logic::inside;
use super::meter::{Fault, Meter, Outcome};
use super::plan::{Builtin, Guard, ListItem, MapItem, Node, Pattern};
use crate::env::{Env, Program};
use crate::error::EvalError;
use crate::library::{self, PatternCache};
use crate::limits::{MAX_ESTIMATED_ITERATIONS, MAX_OBJECT_STEPS, MAX_STEPS};
use crate::value::{MapBuilder, Value, equal};

/// The evaluation of any number of expressions on one object, which is borrowed and never
/// converted whole. Each of the environment's variables is evaluated at most once.
pub struct Evaluation<'a> {
    env: &'a Env,
    object: &'a serde_json::Value,
    namespace: Option<&'a serde_json::Value>,
    variables: Vec<OnceCell<Result<Value<'a>, Fault>>>,
    largest: OnceCell<usize>,
    patterns: RefCell<PatternCache>,
    left: Cell<u64>,
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
            largest: OnceCell::new(),
            patterns: RefCell::default(),
            left: Cell::new(MAX_OBJECT_STEPS),
        }
    }

    /// Evaluates a program of this environment.
    pub fn run(&self, program: &Program) -> Result<Value<'a>, EvalError> {
        self.outcome(program).map_err(EvalError::from)
    }

    /// Evaluates a program to a truth value.
    pub fn run_bool(&self, program: &Program) -> Result<bool, EvalError> {
        match self.run(program)? {
            Value::Bool(value) => Ok(value),
            other => Err(wrong_type("bool", &other)),
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
        self.estimate(program)?;
        let mut context = Context {
            evaluation: self,
            meter: Meter::new(MAX_STEPS.min(self.left.get())),
            locals: vec![Value::Null; program.locals()],
        };
        let outcome = context.eval(program.plan());
        let left = self.left.get().saturating_sub(context.meter.steps());
        self.left.set(left);
        outcome
    }

    /// Refuses what could not end within reason: the object's largest collection to the power of
    /// the expression's nesting bounds its iterations.
    fn estimate(&self, program: &Program) -> Result<(), Fault> {
        let nesting = program.nesting();
        if nesting < 2 {
            return Ok(());
        }
        let largest = *self.largest.get_or_init(|| {
            let namespace = self.namespace.map_or(0, largest_collection);
            largest_collection(self.object).max(namespace)
        });
        let cost = (largest as u64).saturating_pow(u32::from(nesting));
        if cost > MAX_ESTIMATED_ITERATIONS {
            let limit = MAX_ESTIMATED_ITERATIONS;
            return Err(Fault::Exhausted { cost, limit });
        }
        Ok(())
    }

    fn variable(&self, at: usize) -> Outcome<'a> {
        let (cell, variable) = (&self.variables[at], &self.env.variables()[at]);
        cell.get_or_init(|| {
            self.outcome(&variable.program)
                .map_err(|fault| match fault {
                    Fault::Error(message) => Fault::error(format!(
                        "composited variable \"{}\" fails to evaluate: {message}",
                        variable.name
                    )),
                    exhausted @ Fault::Exhausted { .. } => exhausted,
                })
        })
        .clone()
    }
}

/// Size of the largest list or map anywhere in a JSON value.
fn largest_collection(json: &serde_json::Value) -> usize {
    match json {
        serde_json::Value::Array(items) => {
            let below = items.iter().map(largest_collection).max();
            items.len().max(below.unwrap_or(0))
        }
        serde_json::Value::Object(fields) => {
            let below = fields.values().map(largest_collection).max();
            fields.len().max(below.unwrap_or(0))
        }
        _ => 0,
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
        meter: Meter::new(MAX_STEPS),
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
    pub fn patterns(&self) -> std::cell::RefMut<'_, PatternCache> {
        self.evaluation.patterns.borrow_mut()
    }

    pub(super) fn eval(&mut self, node: &Node) -> Outcome<'a> {
        self.meter.charge(1)?;
        match node {
            Node::Constant(value) => Ok(value.clone()),
            Node::Local(place) if !matches!(self.locals[*place], Value::Optional(_)) => {
                Ok(self.locals[*place].clone())
            }
            Node::Object => Ok(Value::from_json(self.evaluation.object)),
            Node::Namespace => Ok(self
                .evaluation
                .namespace
                .map_or(Value::Null, Value::from_json)),
            Node::Variable(at) => self.evaluation.variable(*at),
            Node::Attribute(_) | Node::Conditional(_) | Node::Local(_) => self.attribute(node),
            Node::And(terms) => self.junction(terms, false),
            Node::Or(terms) => self.junction(terms, true),
            Node::Equal(sides) => self.same(sides, false),
            Node::NotEqual(sides) => self.same(sides, true),
            Node::InConstants(value, constants) => self.in_constants(value, constants),
            Node::Call1(function, arg) => {
                let arg = self.eval(arg)?;
                function(self, &[arg])
            }
            Node::Call2(function, args) => {
                let args = [self.eval(&args[0])?, self.eval(&args[1])?];
                function(self, &args)
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

    fn call(&mut self, function: Builtin, args: &[Node], guard: Option<&Guard>) -> Outcome<'a> {
        let args = args.iter().map(|arg| self.eval(arg));
        let args: Vec<_> = args.collect::<Result<_, _>>()?;
        if guard.is_some_and(|Guard(fits)| !fits(&args)) {
            return Err(Fault::no_overload());
        }
        function(self, &args)
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
        let left = self.eval(left)?;
        let right = self.eval(right)?;
        match equal(&mut self.meter, &left, &right) {
            Ok(same) => Ok(Value::Bool(same != negated)),
            Err(Fault::Error(_)) if negated => Ok(Value::Bool(true)),
            Err(fault) => Err(fault),
        }
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
        Ok(Value::list(values))
    }

    fn map(&mut self, items: &[MapItem]) -> Outcome<'a> {
        let mut map = MapBuilder::default();
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
        Ok(map.finish())
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
