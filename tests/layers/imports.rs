//! Finds which file of a crate imports which, from `use` lines and full paths (`crate::a::b()`). A
//! re-exported name counts for the file that defines it. Test modules do not count. Method calls
//! are not imports: a type's methods may be in many files.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::Source;

/// A module or an item by its names, from the root of the crate: `["value", "Text"]`.
type Path = Vec<String>;

/// The longest chain of re-exports that is followed.
const LONGEST_CHAIN: usize = 8;

/// A path as one module writes it.
struct Written {
    module: Path,
    path: Path,
}

#[derive(Default)]
pub struct Imports {
    /// The file of each module.
    files: BTreeMap<Path, String>,
    /// What the names that a module imports stand for, as written there.
    names: BTreeMap<Path, BTreeMap<String, Path>>,
    written: Vec<Written>,
}

/// One file imports another.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    pub from: String,
    pub to: String,
}

impl Imports {
    pub fn of(sources: &[Source]) -> Self {
        let mut imports = Self::default();
        for source in sources.iter().filter(|source| !source.is_test()) {
            let tokens: TokenStream = source.text.parse().expect("the file compiles");
            imports.read_module(&module_of(&source.name), &source.name, tokens);
        }
        imports
    }

    /// Every import of one file by another, parent and child aside.
    pub fn edges(&self) -> BTreeSet<Edge> {
        let mut edges = BTreeSet::new();
        for Written { module, path } in &self.written {
            let Some(defined) = self.definition(module, path, LONGEST_CHAIN) else {
                continue;
            };
            if !module.starts_with(&defined) && !defined.starts_with(module) {
                edges.insert(Edge {
                    from: self.files[module].clone(),
                    to: self.files[&defined].clone(),
                });
            }
        }
        edges.retain(|edge| edge.from != edge.to);
        edges
    }

    /// The module that defines what a path in `module` stands for; none outside the crate.
    fn definition(&self, module: &[String], path: &[String], chain: usize) -> Option<Path> {
        let (first, mut rest) = path.split_first()?;
        let mut at = match first.as_str() {
            "crate" => Path::new(),
            "self" => module.to_vec(),
            "super" => module[..module.len().checked_sub(1)?].to_vec(),
            _ if self.names.contains_key(&joined(module, first)) => joined(module, first),
            _ => return self.imported(module, path, chain),
        };
        while let Some((next, after)) = rest.split_first() {
            match next.as_str() {
                "super" => drop(at.pop()),
                _ if self.names.contains_key(&joined(&at, next)) => at.push(next.clone()),
                _ => return Some(self.imported(&at, rest, chain).unwrap_or(at)),
            }
            rest = after;
        }
        Some(at)
    }

    /// The same for a path that starts with a name which `module` imports.
    fn imported(&self, module: &[String], path: &[String], chain: usize) -> Option<Path> {
        let (name, rest) = path.split_first()?;
        let import = self.names.get(module)?.get(name)?;
        self.definition(module, &[import, rest].concat(), chain.checked_sub(1)?)
    }

    fn read_module(&mut self, module: &Path, file: &str, tokens: TokenStream) {
        self.files.insert(module.clone(), file.to_owned());
        self.names.entry(module.clone()).or_default();
        self.read(module, file, tokens);
    }

    fn read(&mut self, module: &Path, file: &str, tokens: TokenStream) {
        let tokens: Vec<_> = tokens.into_iter().collect();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            let next = tokens.get(at + 1);
            at += match (token, next) {
                (TokenTree::Punct(mark), Some(TokenTree::Group(attribute)))
                    if mark.as_char() == '#' && is_for_tests(&attribute.stream().to_string()) =>
                {
                    2 + item_length(&tokens[at + 2..])
                }
                (TokenTree::Ident(word), _) if word == "use" => {
                    let end = item_length(&tokens[at..]);
                    self.read_use(module, &Path::new(), &tokens[at + 1..at + end - 1]);
                    end
                }
                (TokenTree::Ident(word), Some(TokenTree::Ident(name))) if word == "mod" => {
                    let body = tokens.get(at + 2);
                    if let Some(TokenTree::Group(body)) = body {
                        let inner = joined(module, &name.to_string());
                        self.read_module(&inner, file, body.stream());
                    }
                    2 + usize::from(matches!(body, Some(TokenTree::Group(_))))
                }
                (TokenTree::Ident(_), _) => {
                    let (path, length) = path_at(&tokens[at..]);
                    if path.len() > 1 {
                        self.write(module, path);
                    }
                    length
                }
                (TokenTree::Group(group), _) => {
                    self.read(module, file, group.stream());
                    1
                }
                (TokenTree::Punct(_) | TokenTree::Literal(_), _) => 1,
            };
        }
    }

    /// Reads what follows `use`, or a part of it between braces.
    fn read_use(&mut self, module: &Path, prefix: &[String], tree: &[TokenTree]) {
        let (mut path, length) = path_at(tree);
        let own_name = path.last().or(prefix.last()).cloned();
        if path == ["self"] && !prefix.is_empty() {
            path.clear();
        }
        let path = [prefix, &path].concat();
        let name = match &tree[length..] {
            [TokenTree::Group(group), ..] if group.delimiter() == Delimiter::Brace => {
                let parts: Vec<_> = group.stream().into_iter().collect();
                for part in parts.split(|token| token.to_string() == ",") {
                    self.read_use(module, &path, part);
                }
                return;
            }
            [TokenTree::Ident(_as), TokenTree::Ident(name), ..] => Some(name.to_string()),
            _ if own_name.as_deref() == Some("self") => prefix.last().cloned(),
            _ => own_name,
        };
        if let Some(name) = name {
            let names = self.names.entry(module.clone()).or_default();
            names.insert(name, path.clone());
            self.write(module, path);
        }
    }

    fn write(&mut self, module: &Path, path: Path) {
        let module = module.clone();
        self.written.push(Written { module, path });
    }
}

/// The imports that are part of a circle.
pub fn circles(edges: &BTreeSet<Edge>) -> Vec<String> {
    let leads_back = |edge: &&Edge| {
        let mut reached = BTreeSet::from([&edge.to]);
        loop {
            let before = reached.len();
            let next: Vec<_> = edges
                .iter()
                .filter(|next| reached.contains(&next.from))
                .map(|next| &next.to)
                .collect();
            reached.extend(next);
            if reached.len() == before {
                return reached.contains(&edge.from);
            }
        }
    };
    edges
        .iter()
        .filter(leads_back)
        .map(|Edge { from, to }| format!("{from} imports {to}, which leads back to it"))
        .collect()
}

/// The imports that point from a room to one on its right.
pub fn against(order: &[&str], edges: &BTreeSet<Edge>) -> Vec<String> {
    let rank = |file: &str| order.iter().position(|room| Some(*room) == room_of(file));
    edges
        .iter()
        .filter(|edge| match (rank(&edge.from), rank(&edge.to)) {
            (Some(from), Some(to)) => from < to,
            _ => false,
        })
        .map(|Edge { from, to }| format!("{from} imports {to}"))
        .collect()
}

fn room_of(file: &str) -> Option<&str> {
    file.split(['/', '.']).next()
}

fn module_of(file: &str) -> Path {
    let stem = file.strip_suffix(".rs").unwrap_or(file);
    let stem = stem.strip_suffix("/mod").unwrap_or(stem);
    match stem {
        "lib" => Path::new(),
        _ => stem.split('/').map(str::to_owned).collect(),
    }
}

fn joined(module: &[String], name: &str) -> Path {
    [module, &[name.to_owned()]].concat()
}

/// Whether only tests have what carries this attribute.
fn is_for_tests(attribute: &str) -> bool {
    attribute.starts_with("cfg")
        && attribute.contains("test")
        && !["not", "any"].iter().any(|word| attribute.contains(word))
}

/// The tokens up to the end of an item: its semicolon or its body.
fn item_length(tokens: &[TokenTree]) -> usize {
    let is_use = matches!(&tokens.first(), Some(TokenTree::Ident(word)) if word == "use");
    let is_end = |token: &TokenTree| match token {
        TokenTree::Punct(punct) => punct.as_char() == ';',
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace && !is_use,
        TokenTree::Ident(_) | TokenTree::Literal(_) => false,
    };
    let end = tokens.iter().position(is_end);
    end.map_or(tokens.len(), |end| end + 1)
}

/// The path that begins here, and how many tokens it takes.
fn path_at(tokens: &[TokenTree]) -> (Path, usize) {
    let mut path = Path::new();
    let mut at = 0;
    while let Some(TokenTree::Ident(word)) = tokens.get(at) {
        path.push(word.to_string());
        at += 1;
        let colons = tokens[at..].iter().take(2);
        if colons.map(ToString::to_string).collect::<String>() != "::" {
            break;
        }
        at += 2;
    }
    (path, at)
}
