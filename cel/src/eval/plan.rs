//! Plans: expressions with resolved names, folded constants and compiled patterns. Plain data that
//! `run` interprets.

use std::fmt;
use std::sync::Arc;

use crate::library::{Builtin, PatternUse, Searcher};
use crate::syntax::ast::FoldKind;
use crate::value::{Order, Value};

type Fits = dyn Fn(&[Value]) -> bool + Send + Sync;

/// Whether one of a call's overloads takes its arguments.
#[derive(Clone)]
pub(crate) struct Guard(pub Arc<Fits>);

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guard")
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub node: Node,
    /// Slots for macro variables.
    pub locals: usize,
}

#[derive(Clone, Debug)]
pub(crate) enum Node {
    Constant(Value<'static>),
    /// The folded value of a call. The checker must not treat it as a literal.
    Settled(Value<'static>),
    /// A macro variable, by its slot.
    Local(usize),
    Object,
    Namespace,
    /// A variable of the environment, by its position.
    Variable(usize),
    Attribute(Box<Attribute>),
    And(Box<[Node]>),
    Or(Box<[Node]>),
    Conditional(Box<[Node; 3]>),
    Equal(Box<[Node; 2]>),
    NotEqual(Box<[Node; 2]>),
    /// `<`, `<=`, `>`, `>=`.
    Ordered(Order, Box<[Node; 2]>),
    /// `x in [constants]`.
    InConstants(Box<Node>, Arc<[Value<'static>]>),
    Call1(Builtin, Box<Node>),
    Call2(Builtin, Box<[Node; 2]>),
    Call(Builtin, Box<[Node]>),
    /// A call that fails unless one of its overloads takes the arguments.
    Guarded(Builtin, Box<[Node]>, Guard),
    /// `a.or(b)`, or `a.orValue(b)` if the flag is set.
    Otherwise(Box<[Node; 2]>, bool),
    Pattern(Box<Pattern>),
    List(Box<[ListItem]>),
    Map(Box<[MapItem]>),
    Fold(Box<FoldPlan>),
}

/// A value and the fields and indexes taken from it.
#[derive(Clone, Debug)]
pub(crate) struct Attribute {
    pub root: Node,
    pub path: Vec<Qualifier>,
}

impl Attribute {
    /// Whether the path ends in `has(…)`.
    pub fn is_presence(&self) -> bool {
        let last = self.path.last();
        last.is_some_and(|last| matches!(last.key, QualifierKey::Presence(_)))
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Qualifier {
    pub key: QualifierKey,
    pub optional: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum QualifierKey {
    Field(Box<str>),
    /// Takes no step. Makes `variables.?name` optional.
    Itself,
    /// `has(….field)`, only at the end of a path.
    Presence(Box<str>),
    Constant(Value<'static>),
    Computed(Node),
}

#[derive(Clone, Debug)]
pub(crate) struct ListItem {
    pub value: Node,
    pub optional: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct MapItem {
    pub key: Node,
    pub value: Node,
    pub optional: bool,
}

/// A regular expression function with a literal pattern.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    pub function: PatternUse,
    pub text: Node,
    pub searcher: Searcher,
    /// Length of the pattern's source, which determines the cost of a search.
    pub weight: u64,
    /// The limit of `findAll`.
    pub limit: Option<Node>,
}

#[derive(Clone, Debug)]
pub(crate) struct FoldPlan {
    pub kind: FoldKind,
    pub range: Node,
    /// Slots of the macro variables. With two variables, the first is the index or key.
    pub first: usize,
    pub second: Option<usize>,
    pub filter: Option<Node>,
    pub body: Node,
}

impl Node {
    /// Calls `visit` with each child node.
    pub fn each_part(&self, visit: &mut dyn FnMut(&Node)) {
        match self {
            Self::Constant(_)
            | Self::Settled(_)
            | Self::Local(_)
            | Self::Object
            | Self::Namespace
            | Self::Variable(_) => {}
            Self::Attribute(attribute) => {
                visit(&attribute.root);
                for qualifier in &attribute.path {
                    if let QualifierKey::Computed(key) = &qualifier.key {
                        visit(key);
                    }
                }
            }
            Self::And(parts)
            | Self::Or(parts)
            | Self::Call(_, parts)
            | Self::Guarded(_, parts, _) => parts.iter().for_each(visit),
            Self::Conditional(parts) => parts.iter().for_each(visit),
            Self::Equal(parts)
            | Self::NotEqual(parts)
            | Self::Ordered(_, parts)
            | Self::Call2(_, parts)
            | Self::Otherwise(parts, _) => parts.iter().for_each(visit),
            Self::InConstants(part, _) | Self::Call1(_, part) => visit(part),
            Self::Pattern(pattern) => {
                visit(&pattern.text);
                pattern.limit.iter().for_each(visit);
            }
            Self::List(items) => items.iter().for_each(|item| visit(&item.value)),
            Self::Map(items) => items.iter().for_each(|item| {
                visit(&item.key);
                visit(&item.value);
            }),
            Self::Fold(fold) => {
                visit(&fold.range);
                fold.filter.iter().for_each(&mut *visit);
                visit(&fold.body);
            }
        }
    }
}
