//! The tree of a parsed expression. Macros are folds. Operators are calls by cel-go's names (`_+_`),
//! which appear in its messages.

/// A node with its offset in the source and the depth of the tree below it.
#[derive(Clone, Debug)]
pub(crate) struct Expr {
    pub offset: u32,
    pub depth: u16,
    pub kind: Kind,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Literal(Literal),
    Ident(String),
    Select(Box<Select>),
    Index(Box<Index>),
    /// `&&` and `||` over two or more terms.
    Logic(Logic, Vec<Expr>),
    Call(Box<Call>),
    List(Vec<Element>),
    Map(Vec<Entry>),
    Fold(Box<Fold>),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Literal {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    String(String),
    Bytes(Vec<u8>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Logic {
    And,
    Or,
}

/// `operand.field`, `operand.?field`, or `has(operand.field)`.
#[derive(Clone, Debug)]
pub(crate) struct Select {
    pub operand: Expr,
    pub field: String,
    pub access: Access,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Plain,
    Optional,
    Presence,
}

/// `operand[index]` or `operand[?index]`.
#[derive(Clone, Debug)]
pub(crate) struct Index {
    pub operand: Expr,
    pub key: Expr,
    pub optional: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub name: String,
    pub target: Option<Expr>,
    pub args: Vec<Expr>,
}

#[derive(Clone, Debug)]
pub(crate) struct Element {
    pub value: Expr,
    pub optional: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub key: Expr,
    pub value: Expr,
    pub optional: bool,
}

/// A macro that iterates over a collection or binds a name (`optMap`).
#[derive(Clone, Debug)]
pub(crate) struct Fold {
    pub kind: FoldKind,
    pub range: Expr,
    pub first: String,
    pub second: Option<String>,
    pub filter: Option<Expr>,
    pub body: Expr,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FoldKind {
    All,
    Exists,
    ExistsOne,
    /// `map`, `filter` and `transformList`: the result is a list of bodies.
    List,
    /// `transformMap`: the range's keys with the body as value.
    MapValues,
    /// `transformMapEntry`: the body is itself a map, its entries are inserted.
    MapEntries,
    OptMap,
    OptFlatMap,
    /// `sortBy`: the range in the order of the bodies.
    SortBy,
}

impl FoldKind {
    /// Whether the body runs once per element, so that nesting multiplies the work.
    pub fn iterates(self) -> bool {
        match self {
            Self::All
            | Self::Exists
            | Self::ExistsOne
            | Self::List
            | Self::MapValues
            | Self::MapEntries
            | Self::SortBy => true,
            Self::OptMap | Self::OptFlatMap => false,
        }
    }
}
