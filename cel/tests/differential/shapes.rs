//! The shapes of expressions, read from `productions.txt`.

use std::collections::{BTreeSet, HashMap};

/// A type of the generator: CEL's, and kinds of text such as `quantitytext`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    Simple(&'static str),
    /// `A` or `B`, within a shape.
    Open(char),
    List(Box<Type>),
    Optional(Box<Type>),
    Map(Box<Type>, Box<Type>),
}

pub enum Part {
    Text(&'static str),
    Hole(Type),
    /// A new variable of this type, for the holes after it.
    Variable(Type),
}

pub struct Shape {
    pub makes: Type,
    pub parts: Vec<Part>,
}

/// The types of `A` and `B`.
pub type Bindings = [Option<Type>; 2];

impl Type {
    fn read(words: &mut dyn Iterator<Item = &'static str>) -> Option<Self> {
        Some(match words.next()? {
            "A" => Self::Open('A'),
            "B" => Self::Open('B'),
            "list" => Self::List(Self::read(words)?.into()),
            "optional" => Self::Optional(Self::read(words)?.into()),
            "map" => Self::Map(Self::read(words)?.into(), Self::read(words)?.into()),
            word => Self::Simple(word),
        })
    }

    pub fn of(text: &'static str) -> Self {
        Self::read(&mut text.split(' ')).expect("a type")
    }

    fn simple_names(&self) -> Vec<&'static str> {
        match self {
            Self::Simple(name) => vec![name],
            Self::Open(_) => vec![],
            Self::List(part) | Self::Optional(part) => part.simple_names(),
            Self::Map(key, value) => [key.simple_names(), value.simple_names()].concat(),
        }
    }

    pub fn depth(&self) -> usize {
        match self {
            Self::Simple(_) | Self::Open(_) => 1,
            Self::List(part) | Self::Optional(part) => 1 + part.depth(),
            Self::Map(key, value) => 1 + key.depth().max(value.depth()),
        }
    }

    /// The type parameters for which this pattern is `wanted`, if there are any.
    fn matches(&self, wanted: &Self, bindings: &mut Bindings) -> bool {
        match (self, wanted) {
            (Self::Open(name), wanted) => {
                let bound = &mut bindings[usize::from(*name == 'B')];
                *bound.get_or_insert_with(|| wanted.clone()) == *wanted
            }
            (Self::List(a), Self::List(b)) | (Self::Optional(a), Self::Optional(b)) => {
                a.matches(b, bindings)
            }
            (Self::Map(a, b), Self::Map(c, d)) => a.matches(c, bindings) && b.matches(d, bindings),
            (a, b) => a == b,
        }
    }

    /// This type without type parameters.
    pub fn with(&self, bindings: &Bindings) -> Self {
        match self {
            Self::Simple(_) => self.clone(),
            Self::Open(name) => {
                let bound = bindings[usize::from(*name == 'B')].clone();
                bound.expect("open types are bound before holes are filled")
            }
            Self::List(part) => Self::List(part.with(bindings).into()),
            Self::Optional(part) => Self::Optional(part.with(bindings).into()),
            Self::Map(key, value) => {
                Self::Map(key.with(bindings).into(), value.with(bindings).into())
            }
        }
    }
}

/// The shapes of one type, with their type parameters.
#[derive(Clone, Default)]
pub struct Choice {
    pub leaves: Vec<usize>,
    pub others: Vec<(usize, Bindings)>,
    /// Shapes of any type.
    pub general: Vec<(usize, Bindings)>,
}

pub struct Shapes {
    pub all: Vec<Shape>,
    by_type: HashMap<Type, Choice>,
}

impl Shapes {
    pub fn read(text: &'static str) -> Self {
        let lines = || {
            let lines = text.lines().filter(|line| !line.starts_with('#'));
            lines.filter_map(|line| line.split_once(": "))
        };
        let mut known: BTreeSet<&str> =
            ["A", "B", "list", "map", "optional", "var", "regex"].into();
        known.extend(lines().flat_map(|(makes, _)| Type::of(makes).simple_names()));
        let all = lines().map(|(makes, template)| Shape {
            makes: Type::of(makes),
            parts: parts(template, &known),
        });
        Self {
            all: all.collect(),
            by_type: HashMap::new(),
        }
    }

    /// The shapes of a type.
    pub fn of(&mut self, wanted: &Type) -> Choice {
        if let Some(known) = self.by_type.get(wanted) {
            return known.clone();
        }
        let mut choice = Choice::default();
        for (at, shape) in self.all.iter().enumerate() {
            let mut bindings = [None, None];
            if !shape.makes.matches(wanted, &mut bindings) {
                continue;
            }
            match shape.makes {
                _ if shape.parts.iter().all(|part| matches!(part, Part::Text(_))) => {
                    choice.leaves.push(at);
                }
                Type::Open(_) => choice.general.push((at, bindings)),
                _ => choice.others.push((at, bindings)),
            }
        }
        self.by_type.insert(wanted.clone(), choice.clone());
        choice
    }
}

/// Splits a template. Braces around anything but a known type are text.
fn parts(template: &'static str, known: &BTreeSet<&str>) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut text = 0;
    let mut at = 0;
    while let Some(open) = template[at..].find('{').map(|found| at + found) {
        at = open + 1;
        let Some(close) = template[at..].find('}').map(|found| at + found) else {
            break;
        };
        let inside = &template[at..close];
        if inside.is_empty() || !inside.split(' ').all(|word| known.contains(word)) {
            continue;
        }
        parts.push(Part::Text(&template[text..open]));
        parts.push(match inside.strip_prefix("var ") {
            Some(ty) => Part::Variable(Type::of(ty)),
            None => Part::Hole(Type::of(inside)),
        });
        at = close + 1;
        text = at;
    }
    parts.push(Part::Text(&template[text..]));
    parts
}
