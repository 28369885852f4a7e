//! Random expressions: most are well typed, some are not, a few do not parse.

use std::fmt;

use crate::random::Random;
use crate::shapes::{Bindings, Part, Shapes, Type};

/// Deepest nesting of shapes, and of types.
const MAX_DEPTH: usize = 5;
const MAX_TYPE_DEPTH: usize = 3;

/// Types for type parameters, common ones more often.
const USUAL: [&str; 24] = [
    "int",
    "int",
    "int",
    "string",
    "string",
    "string",
    "dyn",
    "dyn",
    "dyn",
    "bool",
    "bool",
    "double",
    "uint",
    "bytes",
    "timestamp",
    "duration",
    "null",
    "type",
    "quantity",
    "semver",
    "url",
    "ip",
    "cidr",
    "format",
];

/// Pieces of patterns.
const PATTERN_PARTS: [&str; 62] = [
    "a",
    "b",
    "app",
    "v",
    "1",
    ".",
    "-",
    "^",
    "$",
    "*",
    "+",
    "?",
    "|",
    "(",
    ")",
    "(?:",
    "[a-z]",
    "[^0-9]",
    "[a-",
    "]",
    "[",
    "\\d",
    "\\w+",
    "\\s",
    "\\b",
    "\\B",
    "\\D",
    "\\W",
    "\\.",
    "\\-",
    "{2}",
    "{1,3}",
    "{,2}",
    "{2,}",
    "{",
    "}",
    "\\pL",
    "\\p{Lu}",
    "\\P{^Greek}",
    "[\\d-x]",
    "[[:digit:]]",
    "[[:^space:]_]",
    "[[:nope:]]",
    "(?i)",
    "(?i:A)",
    "(?s-m)",
    "(?P<n>",
    "(?<n>",
    "\\x41",
    "\\x{263A}",
    "\\x",
    "\\07",
    "\\1",
    "\\Q",
    "\\E",
    "\\z",
    "\\A",
    "\\C",
    "*?",
    "+?",
    "ü",
    "\\_",
];

/// Mistakes in a source.
const SCRAPS: [&str; 36] = [
    "(", ")", "[", "]", "{", "}", ".", ",", "?", ":", "!", "-", "+", "&&", "||", "==", "'", "\"",
    "\\", "1", "u", "e5", "0x", ".?", "[?", " ", "\n", "// c\n", "in", "as", "null", "b", "r",
    "`a`", "$", "é",
];

/// An expression as it was generated, so that it can be shrunk.
#[derive(Clone)]
pub struct Tree(pub Vec<Piece>);

#[derive(Clone)]
pub enum Piece {
    Text(String),
    Part(Tree),
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|piece| match piece {
            Piece::Text(text) => f.write_str(text),
            Piece::Part(part) => part.fmt(f),
        })
    }
}

impl Tree {
    pub fn text(text: impl Into<String>) -> Self {
        Self(vec![Piece::Text(text.into())])
    }
}

pub struct Generator {
    pub random: Random,
    shapes: Shapes,
    scope: Vec<(String, Type)>,
}

impl Generator {
    pub fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            shapes: Shapes::read(include_str!("productions.txt")),
            scope: Vec::new(),
        }
    }

    /// An expression of any type.
    pub fn expression(&mut self) -> Tree {
        let wanted = match self.random.below(3) {
            0 => Type::Simple("bool"),
            _ => self.any_type(1),
        };
        self.scope.clear();
        let tree = self.fill(&wanted, 0);
        if self.random.per_mille(30) {
            return Tree::text(self.mangled(&tree.to_string()));
        }
        tree
    }

    fn any_type(&mut self, depth: usize) -> Type {
        if depth >= MAX_TYPE_DEPTH || self.random.per_mille(800) {
            let name: &&str = self.random.one_of(&USUAL);
            return Type::Simple(name);
        }
        let part = Box::new(self.any_type(depth + 1));
        match self.random.below(4) {
            0 | 1 => Type::List(part),
            2 => Type::Optional(part),
            _ => {
                let key = *self.random.one_of(&["string", "int", "bool"]);
                Type::Map(Type::Simple(key).into(), part)
            }
        }
    }

    /// An expression of the type `wanted`.
    fn fill(&mut self, wanted: &Type, depth: usize) -> Tree {
        if *wanted == Type::Simple("regex") {
            return Tree::text(self.pattern());
        }
        if self.random.per_mille(10) {
            let other = self.any_type(1);
            return self.fill(&other, depth);
        }
        if let Some(name) = self.in_scope(wanted) {
            return Tree::text(name);
        }
        match self.choose(wanted, depth) {
            Some((shape, bindings)) => self.shape(shape, &bindings, depth),
            None => Tree::text("null"),
        }
    }

    /// A shape of the type: a leaf at the deepest level, sometimes one of any type.
    fn choose(&mut self, wanted: &Type, depth: usize) -> Option<(usize, Bindings)> {
        let choice = self.shapes.of(wanted);
        let deep = depth >= MAX_DEPTH || wanted.depth() > MAX_TYPE_DEPTH;
        let end = deep || choice.others.is_empty() || self.random.per_mille(250);
        if end && !choice.leaves.is_empty() {
            let leaf = *self.random.one_of(&choice.leaves);
            return Some((leaf, [None, None]));
        }
        let general = choice.others.is_empty() || (!deep && self.random.per_mille(120));
        let shapes = if general {
            &choice.general
        } else {
            &choice.others
        };
        (!shapes.is_empty()).then(|| self.random.one_of(shapes).clone())
    }

    /// Sometimes a macro variable of the type.
    fn in_scope(&mut self, wanted: &Type) -> Option<String> {
        let fitting: Vec<_> = self.scope.iter().filter(|(_, ty)| ty == wanted).collect();
        if fitting.is_empty() || self.random.per_mille(500) {
            return None;
        }
        Some(self.random.one_of(&fitting).0.clone())
    }

    fn shape(&mut self, at: usize, bindings: &Bindings, depth: usize) -> Tree {
        let mut bindings = bindings.clone();
        for bound in &mut bindings {
            let ty = self.any_type(2);
            bound.get_or_insert(ty);
        }
        let scope = self.scope.len();
        let mut pieces = Vec::new();
        for part in 0..self.shapes.all[at].parts.len() {
            let part = match &self.shapes.all[at].parts[part] {
                Part::Text(text) => Err(Piece::Text((*text).to_owned())),
                Part::Hole(ty) => Ok((ty.with(&bindings), false)),
                Part::Variable(ty) => Ok((ty.with(&bindings), true)),
            };
            pieces.push(match part {
                Err(text) => text,
                Ok((ty, false)) => Piece::Part(self.fill(&ty, depth + 1)),
                Ok((ty, true)) => Piece::Text(self.declare(ty)),
            });
        }
        self.scope.truncate(scope);
        if depth == 0 {
            return Tree(pieces);
        }
        // Parentheses allow an operator anywhere.
        let operator = |piece: &Piece| matches!(piece, Piece::Text(text) if text.starts_with(' ') || text.starts_with(['-', '!']));
        if pieces.iter().any(operator) {
            pieces.insert(0, Piece::Text("(".into()));
            pieces.push(Piece::Text(")".into()));
        }
        Tree(pieces)
    }

    fn declare(&mut self, ty: Type) -> String {
        let mut name = (*self.random.one_of(&["x", "y", "k", "v", "object"])).to_owned();
        if name == "object" && self.random.per_mille(900) {
            name = format!("n{}", self.scope.len());
        }
        self.scope.push((name.clone(), ty));
        name
    }

    /// A pattern as a literal.
    fn pattern(&mut self) -> String {
        let length = 1 + self.random.below(6);
        let text: String = (0..length)
            .map(|_| *self.random.one_of(&PATTERN_PARTS))
            .collect();
        format!("r'{text}'")
    }

    /// Adds a mistake to a source.
    fn mangled(&mut self, text: &str) -> String {
        let mut chars: Vec<String> = text.chars().map(String::from).collect();
        let at = self.random.below(chars.len().max(1));
        match self.random.below(4) {
            0 if !chars.is_empty() => {
                chars.remove(at);
            }
            1 if at + 1 < chars.len() => chars.swap(at, at + 1),
            2 => chars.truncate(at),
            _ => chars.insert(at, (*self.random.one_of(&SCRAPS)).to_owned()),
        }
        chars.concat()
    }
}
