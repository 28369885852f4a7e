//! Every function and operator with its overloads: cel-go's standard library and the libraries that
//! a 1.36 API server enables. `functions.txt` lists them.
//!
//! A line is `name (arguments) (arguments) -> result`, with one list of arguments per overload. A
//! leading dot marks a method; its first argument is the receiver. A line with `#` stands for one
//! line per comparable type, with `(%)` for one per summable type. `A` and `B` are type parameters.

use std::collections::HashMap;
use std::iter::Peekable;
use std::str::Chars;
use std::sync::LazyLock;

use super::ty::Type;

pub(super) struct Overload {
    pub method: bool,
    pub args: Vec<Type>,
    pub result: Type,
}

/// Type parameters of one overload, numbered from 0.
pub(super) const PARAMETERS: u32 = 2;

pub(super) fn function(name: &str) -> Option<&'static [Overload]> {
    static TABLE: LazyLock<HashMap<String, Vec<Overload>>> = LazyLock::new(table);
    TABLE.get(name).map(Vec::as_slice)
}

const COMPARABLE: [&str; 8] = [
    "int",
    "uint",
    "double",
    "bool",
    "duration",
    "timestamp",
    "string",
    "bytes",
];
const SUMMABLE: [&str; 4] = ["int", "uint", "double", "duration"];

fn table() -> HashMap<String, Vec<Overload>> {
    let mut table: HashMap<String, Vec<Overload>> = HashMap::new();
    for line in lines() {
        let Some((name, rest)) = line.split_once(' ') else {
            continue;
        };
        let (args, result) = rest.rsplit_once(" -> ").unwrap_or((rest, "dyn"));
        let result = Reader::new(result).one();
        let overloads = table
            .entry(name.trim_start_matches('.').to_owned())
            .or_default();
        let mut reader = Reader::new(args);
        while reader.chars.next_if_eq(&'(').is_some() {
            overloads.push(Overload {
                method: name.starts_with('.'),
                args: reader.types(),
                result: result.clone(),
            });
            reader.chars.next();
        }
    }
    table
}

/// The lines of the table, with templates expanded.
fn lines() -> Vec<String> {
    let mut out = Vec::new();
    let mut each = |line: &str, mark: &str, names: &[&str]| {
        out.extend(names.iter().map(|name| line.replace(mark, name)));
    };
    for relation in ["_<_", "_<=_", "_>_", "_>=_"] {
        each(&format!("{relation} {RELATIONS}"), "#", &[""]);
    }
    for line in include_str!("functions.txt").lines() {
        match line {
            _ if line.starts_with("//") => {}
            _ if line.contains('#') => each(line, "#", &COMPARABLE),
            _ if line.contains("(%)") => each(line, "%", &SUMMABLE),
            _ => each(line, "#", &[""]),
        }
    }
    out
}

/// In the server's order: the first overload binds an open type.
const RELATIONS: &str = "(bool, bool) (int, int) (int, double) (int, uint) (uint, uint) \
                         (uint, double) (uint, int) (double, double) (double, int) (double, uint) \
                         (string, string) (bytes, bytes) (timestamp, timestamp) \
                         (duration, duration) -> bool";

struct Reader<'s> {
    chars: Peekable<Chars<'s>>,
}

impl<'s> Reader<'s> {
    fn new(text: &'s str) -> Self {
        Self {
            chars: text.chars().peekable(),
        }
    }

    /// The types up to the closing parenthesis.
    fn types(&mut self) -> Vec<Type> {
        let mut types = Vec::new();
        while self.chars.next_if_eq(&')').is_none() && self.chars.peek().is_some() {
            types.push(self.one());
            while self.chars.next_if(|c| matches!(c, ',' | ' ')).is_some() {}
        }
        types
    }

    fn one(&mut self) -> Type {
        let mut name = String::new();
        while let Some(c) = self
            .chars
            .next_if(|c| c.is_ascii_alphanumeric() || *c == '.')
        {
            name.push(c);
        }
        let mut parts = match self.chars.next_if_eq(&'(') {
            Some(_) => self.types(),
            None => Vec::new(),
        };
        let mut part = || {
            if parts.is_empty() {
                Type::Dyn
            } else {
                parts.remove(0)
            }
        };
        match name.as_str() {
            "list" => Type::list(part()),
            "map" => Type::map(part(), part()),
            "optional" => Type::optional(part()),
            "type" => Type::Type(part().into()),
            _ => simple(&name),
        }
    }
}

fn simple(name: &str) -> Type {
    const NAMED: [&str; 11] = [
        "kubernetes.authorization.Authorizer",
        "kubernetes.authorization.PathCheck",
        "kubernetes.authorization.GroupCheck",
        "kubernetes.authorization.ResourceCheck",
        "kubernetes.authorization.Decision",
        "kubernetes.Quantity",
        "kubernetes.URL",
        "kubernetes.Semver",
        "kubernetes.NamedFormat",
        "net.IP",
        "net.CIDR",
    ];
    match name {
        "A" => Type::Param(0),
        "B" => Type::Param(1),
        "dyn" => Type::Dyn,
        "bool" => Type::Bool,
        "int" => Type::Int,
        "uint" => Type::Uint,
        "double" => Type::Double,
        "string" => Type::String,
        "bytes" => Type::Bytes,
        "timestamp" => Type::Timestamp,
        "duration" => Type::Duration,
        "null" => Type::Null,
        _ => NAMED
            .iter()
            .find(|named| named.rsplit('.').next() == Some(name))
            .map_or(Type::Error, |named| Type::Named(named)),
    }
}
