//! The parser's state: reads tokens and makes nodes within the bounds.

use super::ast::{Access, Expr, Kind};
use super::lexer::{Lexeme, Token};
use crate::error::Problem;
use crate::limits::{MAX_DEPTH, MAX_NODES};

pub(super) type Parsed<T = Expr> = Result<T, Problem>;

pub(super) struct Parser<'s> {
    pub source: &'s str,
    pub tokens: Vec<Lexeme>,
    pub at: usize,
    pub nesting: u16,
    pub nodes: u32,
}

impl Parser<'_> {
    pub(super) fn peek(&self) -> Token {
        self.tokens[self.at].token
    }

    pub(super) fn offset(&self) -> u32 {
        self.tokens[self.at].start
    }

    pub(super) fn text(&self, lexeme: Lexeme) -> &str {
        &self.source[lexeme.start as usize..lexeme.end as usize]
    }

    pub(super) fn advance(&mut self) -> Lexeme {
        let lexeme = self.tokens[self.at];
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        lexeme
    }

    pub(super) fn accept(&mut self, sign: &str) -> Option<u32> {
        match self.peek() {
            Token::Sign(found) if found == sign => Some(self.advance().start),
            _ => None,
        }
    }

    pub(super) fn expect(&mut self, sign: &str) -> Parsed<u32> {
        match self.accept(sign) {
            Some(offset) => Ok(offset),
            None => Err(self.unexpected(&format!("'{sign}'"))),
        }
    }

    pub(super) fn unexpected(&self, wanted: &str) -> Problem {
        let found = match self.peek() {
            Token::End => "<EOF>",
            _ => self.text(self.tokens[self.at]),
        };
        let message = format!("Syntax error: mismatched input '{found}' expecting {wanted}");
        Problem::at(self.offset(), message)
    }

    /// Makes a node. **Invariant:** only this function makes nodes, and it enforces the bounds.
    pub(super) fn node(&mut self, offset: u32, below: u16, kind: Kind) -> Parsed {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(Problem::too_nested(offset, "expression has too many parts"));
        }
        if below >= MAX_DEPTH {
            return Err(Problem::too_nested(offset, recursion()));
        }
        Ok(Expr {
            offset,
            depth: below + 1,
            kind,
        })
    }
}

pub(super) fn recursion() -> String {
    format!("expression recursion limit exceeded: {MAX_DEPTH}")
}

pub(super) fn deepest(nodes: &[Expr]) -> u16 {
    nodes.iter().map(|node| node.depth).max().unwrap_or(0)
}

/// Whether this is a plain dotted name, which before `{` would be a message's type.
pub(super) fn is_name(expr: &Expr) -> bool {
    match &expr.kind {
        Kind::Ident(_) => true,
        Kind::Select(select) => select.access == Access::Plain && is_name(&select.operand),
        _ => false,
    }
}

pub(super) fn operator(token: Token) -> Option<(&'static str, u8)> {
    let Token::Sign(sign) = token else {
        return (token == Token::In).then_some(("@in", 1));
    };
    Some(match sign {
        "<" => ("_<_", 1),
        "<=" => ("_<=_", 1),
        ">" => ("_>_", 1),
        ">=" => ("_>=_", 1),
        "==" => ("_==_", 1),
        "!=" => ("_!=_", 1),
        "+" => ("_+_", 2),
        "-" => ("_-_", 2),
        "*" => ("_*_", 3),
        "/" => ("_/_", 3),
        "%" => ("_%_", 3),
        _ => return None,
    })
}
