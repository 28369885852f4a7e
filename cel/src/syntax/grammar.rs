//! CEL's grammar by precedence climbing over a token list, bounded in depth and size.
//!
//! Positions are those cel-go reports: an operator's own place, a call's opening parenthesis.

use super::ast::{Access, Call, Element, Entry, Expr, Index, Kind, Literal, Logic, Select};
use super::cursor::{Parsed, Parser, deepest, is_name, operator, recursion};
use super::lexer::{Token, tokenize};
use super::{literal, macros};
use crate::error::Problem;
use crate::limits::MAX_DEPTH;

const RESERVED: [&str; 17] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

/// Parses one whole expression.
pub(crate) fn parse(source: &str) -> Result<Expr, Problem> {
    let tokens = tokenize(source)?;
    let mut parser = Parser {
        source,
        tokens,
        at: 0,
        nesting: 0,
        nodes: 0,
    };
    let expr = parser.expression()?;
    match parser.peek() {
        Token::End => Ok(expr),
        _ => Err(parser.unexpected("<EOF>")),
    }
}

impl Parser<'_> {
    fn expression(&mut self) -> Parsed {
        self.nesting += 1;
        if self.nesting > MAX_DEPTH {
            return Err(Problem::too_nested(self.offset(), recursion()));
        }
        let condition = self.or()?;
        let parsed = match self.accept("?") {
            None => condition,
            Some(offset) => {
                let then = self.or()?;
                self.expect(":")?;
                let otherwise = self.expression()?;
                self.call(offset, "_?_:_", vec![condition, then, otherwise])?
            }
        };
        self.nesting -= 1;
        Ok(parsed)
    }

    fn or(&mut self) -> Parsed {
        let mut terms = vec![self.and()?];
        let offset = self.offset();
        while self.accept("||").is_some() {
            terms.push(self.and()?);
        }
        self.logic(offset, Logic::Or, terms)
    }

    fn and(&mut self) -> Parsed {
        let mut terms = vec![self.binary(1)?];
        let offset = self.offset();
        while self.accept("&&").is_some() {
            terms.push(self.binary(1)?);
        }
        self.logic(offset, Logic::And, terms)
    }

    fn logic(&mut self, offset: u32, logic: Logic, mut terms: Vec<Expr>) -> Parsed {
        if terms.len() == 1 {
            return Ok(terms.remove(0));
        }
        let below = deepest(&terms);
        self.node(offset, below, Kind::Logic(logic, terms))
    }

    /// Left-associative operators of at least this strength: 1 relations, 2 sums, 3 products.
    fn binary(&mut self, strength: u8) -> Parsed {
        let mut left = self.unary()?;
        while let Some((name, found)) = operator(self.peek()) {
            if found < strength {
                break;
            }
            let offset = self.advance().start;
            let right = self.binary(found + 1)?;
            left = self.call(offset, name, vec![left, right])?;
        }
        Ok(left)
    }

    fn unary(&mut self) -> Parsed {
        let offset = self.offset();
        let (sign, name) = match self.peek() {
            Token::Sign("!") => ("!", "!_"),
            Token::Sign("-") if !self.negative_number() => ("-", "-_"),
            _ => return self.member(),
        };
        let mut count = 0;
        while self.accept(sign).is_some() {
            count += 1;
        }
        let operand = self.member()?;
        if count % 2 == 0 {
            return Ok(operand);
        }
        self.call(offset, name, vec![operand])
    }

    fn negative_number(&self) -> bool {
        let next = self.tokens.get(self.at + 1).map(|lexeme| lexeme.token);
        self.peek() == Token::Sign("-") && matches!(next, Some(Token::Int | Token::Double))
    }

    fn member(&mut self) -> Parsed {
        let mut operand = self.primary()?;
        loop {
            operand = match self.peek() {
                Token::Sign(".") => self.dot(operand)?,
                Token::Sign("[") => self.index(operand)?,
                Token::Sign("{") if is_name(&operand) => {
                    let message = "message construction is not supported here";
                    return Err(Problem::at(self.offset(), message));
                }
                _ => return Ok(operand),
            };
        }
    }

    fn dot(&mut self, operand: Expr) -> Parsed {
        let offset = self.advance().start;
        let optional = self.accept("?").is_some();
        let name = match self.peek() {
            Token::Ident => self.advance(),
            Token::Escaped => return Err(Problem::at(self.offset(), "unsupported syntax: '`'")),
            _ => return Err(self.unexpected("IDENTIFIER")),
        };
        let name = self.text(name).to_owned();
        if !optional && self.peek() == Token::Sign("(") {
            let offset = self.offset();
            let args = self.arguments()?;
            return self.receiver_call(offset, name, operand, args);
        }
        let access = if optional {
            Access::Optional
        } else {
            Access::Plain
        };
        let below = operand.depth;
        let select = Select {
            operand,
            field: name,
            access,
        };
        self.node(offset, below, Kind::Select(Box::new(select)))
    }

    fn receiver_call(
        &mut self,
        offset: u32,
        name: String,
        target: Expr,
        args: Vec<Expr>,
    ) -> Parsed {
        let below = deepest(&args).max(target.depth);
        match macros::expand(&name, target, args)? {
            Ok(fold) => self.node(offset, below, fold),
            Err((target, args)) => {
                let target = Some(target);
                let call = Call { name, target, args };
                self.node(offset, below, Kind::Call(Box::new(call)))
            }
        }
    }

    fn index(&mut self, operand: Expr) -> Parsed {
        let offset = self.advance().start;
        let optional = self.accept("?").is_some();
        let key = self.expression()?;
        self.expect("]")?;
        let below = operand.depth.max(key.depth);
        let index = Index {
            operand,
            key,
            optional,
        };
        self.node(offset, below, Kind::Index(Box::new(index)))
    }

    fn call(&mut self, offset: u32, name: &str, args: Vec<Expr>) -> Parsed {
        let below = deepest(&args);
        let call = Call {
            name: name.to_owned(),
            target: None,
            args,
        };
        self.node(offset, below, Kind::Call(Box::new(call)))
    }

    fn arguments(&mut self) -> Parsed<Vec<Expr>> {
        self.expect("(")?;
        let mut args = Vec::new();
        if self.accept(")").is_some() {
            return Ok(args);
        }
        loop {
            args.push(self.expression()?);
            if self.accept(",").is_none() {
                self.expect(")")?;
                return Ok(args);
            }
        }
    }

    fn primary(&mut self) -> Parsed {
        match self.peek() {
            Token::Sign("(") => {
                self.advance();
                let inner = self.expression()?;
                self.expect(")")?;
                Ok(inner)
            }
            Token::Sign("[") => self.list(),
            Token::Sign("{") => self.map(),
            Token::Sign(".") | Token::Ident => self.name(),
            _ => self.constant(),
        }
    }

    fn name(&mut self) -> Parsed {
        let start = self.offset();
        let rooted = self.accept(".").is_some();
        if self.peek() != Token::Ident {
            return Err(self.unexpected("IDENTIFIER"));
        }
        let lexeme = self.advance();
        let name = self.text(lexeme).to_owned();
        if RESERVED.contains(&name.as_str()) {
            return Err(Problem::at(start, format!("reserved identifier: {name}")));
        }
        let full = if rooted { format!(".{name}") } else { name };
        if self.peek() != Token::Sign("(") {
            return self.node(start, 0, Kind::Ident(full));
        }
        let offset = self.offset();
        let args = self.arguments()?;
        if full == "has" && args.len() == 1 {
            let below = deepest(&args);
            let presence = macros::has(args)?;
            return self.node(offset, below, presence);
        }
        self.call(offset, &full, args)
    }

    fn list(&mut self) -> Parsed {
        let offset = self.expect("[")?;
        let mut elements = Vec::new();
        let mut below = 0;
        while self.accept("]").is_none() {
            let optional = self.accept("?").is_some();
            let value = self.expression()?;
            below = below.max(value.depth);
            elements.push(Element { value, optional });
            if self.accept(",").is_none() {
                self.expect("]")?;
                break;
            }
        }
        self.node(offset, below, Kind::List(elements))
    }

    fn map(&mut self) -> Parsed {
        let offset = self.expect("{")?;
        let mut entries = Vec::new();
        let mut below = 0;
        while self.accept("}").is_none() {
            let optional = self.accept("?").is_some();
            let key = self.expression()?;
            self.expect(":")?;
            let value = self.expression()?;
            below = below.max(key.depth).max(value.depth);
            entries.push(Entry {
                key,
                value,
                optional,
            });
            if self.accept(",").is_none() {
                self.expect("}")?;
                break;
            }
        }
        self.node(offset, below, Kind::Map(entries))
    }

    fn constant(&mut self) -> Parsed {
        let offset = self.offset();
        let negative = self.negative_number() && self.accept("-").is_some();
        let token = self.peek();
        let lexeme = self.tokens[self.at];
        let text = self.text(lexeme);
        let refuse = |message: &str| Problem::at(offset, message);
        let literal = match token {
            Token::True => Literal::Bool(true),
            Token::False => Literal::Bool(false),
            Token::Null => Literal::Null,
            Token::Int => {
                literal::int(text, negative).ok_or_else(|| refuse("invalid int literal"))?
            }
            Token::Uint => literal::uint(text).ok_or_else(|| refuse("invalid uint literal"))?,
            Token::Double => {
                literal::double(text, negative).ok_or_else(|| refuse("invalid double literal"))?
            }
            Token::String => literal::string(text).map_err(refuse)?,
            Token::Bytes => literal::bytes(text).map_err(refuse)?,
            Token::Ident | Token::Escaped | Token::In | Token::Sign(_) | Token::End => {
                return Err(self.unexpected("an expression"));
            }
        };
        self.advance();
        self.node(offset, 0, Kind::Literal(literal))
    }
}
