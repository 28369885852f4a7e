//! Calls: which function a name means, which overloads fit, and what is decided already.

use super::selects::dotted;
use super::signatures::{self, Overload, PARAMETERS};
use super::{Checker, Type, Typed, names};
use crate::error::Problem;
use crate::eval::Node;
use crate::library;
use crate::syntax::ast::{Call, Expr};
use crate::value::Value;

impl Checker<'_> {
    pub(super) fn call(&mut self, offset: u32, call: &Call) -> Result<Typed, Problem> {
        let exempt = u16::from(call.name == "format");
        self.exempt += exempt;
        let mut args = call
            .args
            .iter()
            .map(|arg| self.expr(arg))
            .collect::<Result<Vec<_>, _>>()?;
        let mut name = call.name.trim_start_matches('.').to_owned();
        let mut method = false;
        if let Some(target) = &call.target {
            match namespaced(target, &name) {
                Some(full) => name = full,
                None => {
                    args.insert(0, self.expr(target)?);
                    method = true;
                }
            }
        }
        self.exempt -= exempt;
        let (types, nodes): (Vec<_>, Vec<_>) = args.into_iter().unzip();
        let (ty, fitting) = self.overload(offset, &name, &types, method)?;
        self.literal_arguments(call, &name)?;
        if name == "format" {
            self.format_clauses(offset, call)?;
        }
        let node = self.lower(offset, &name, method, nodes, &fitting)?;
        Ok((ty, node))
    }

    /// The type of a call and the overloads that may be meant, by their place in the table.
    pub(super) fn overload(
        &mut self,
        offset: u32,
        name: &str,
        args: &[Type],
        method: bool,
    ) -> Result<(Type, Vec<&'static Overload>), Problem> {
        let Some(overloads) = signatures::function(name) else {
            return Err(names::undeclared(offset, name));
        };
        let mut result: Option<Type> = None;
        let mut fitting = Vec::new();
        for overload in overloads
            .iter()
            .filter(|overload| overload.method == method)
        {
            let base = self.types.fresh_block(PARAMETERS);
            let wanted: Vec<_> = overload
                .args
                .iter()
                .map(|arg| renumber(arg, base))
                .collect();
            if !self.types.assignable_all(args, &wanted) {
                continue;
            }
            fitting.push(overload);
            let found = self.types.resolve(&renumber(&overload.result, base), false);
            result = Some(match result {
                None => found,
                Some(known) if known == Type::Dyn || known == found => known,
                Some(_) => Type::Dyn,
            });
        }
        match result {
            Some(result) => Ok((result, fitting)),
            None => Err(self.no_overload(offset, name, args, method)),
        }
    }

    fn no_overload(&mut self, offset: u32, name: &str, args: &[Type], method: bool) -> Problem {
        let mut shown: Vec<_> = args
            .iter()
            .map(|arg| self.types.resolve(arg, true).in_message())
            .collect();
        let receiver = if method {
            shown.remove(0) + "."
        } else {
            String::new()
        };
        let args = shown.join(", ");
        Problem::at(
            offset,
            format!("found no matching overload for '{name}' applied to '{receiver}({args})'"),
        )
    }

    /// The node of a call whose arguments are planned.
    fn lower(
        &mut self,
        offset: u32,
        name: &str,
        method: bool,
        mut args: Vec<Node>,
        fitting: &[&Overload],
    ) -> Result<Node, Problem> {
        match name {
            "_?_:_" => {
                return Ok(triple(args).map_or(Node::Object, |args| Node::Conditional(args.into())));
            }
            "_==_" => return Ok(Node::Equal(pair(args))),
            "_!=_" => return Ok(Node::NotEqual(pair(args))),
            "or" => return Ok(Node::Otherwise(pair(args), false)),
            "orValue" => return Ok(Node::Otherwise(pair(args), true)),
            "dyn" => return Ok(args.remove(0)),
            "@in" => {
                let is_list = fitting.len() == 1 && matches!(fitting[0].args[1], Type::List(_));
                if let Some(node) = super::constants::membership(&mut args, is_list) {
                    return Ok(node);
                }
            }
            "matches" | "find" | "findAll" => {
                if let Some(node) = super::constants::pattern(offset, name, &mut args)? {
                    return Ok(node);
                }
            }
            // An empty list sums up to the zero of the type its elements would have.
            "sum" if fitting.len() == 1 => args.push(Node::Constant(zero(&fitting[0].result))),
            _ => {}
        }
        let Some(function) = library::resolve(name, args.len(), method) else {
            return Err(names::undeclared(offset, name));
        };
        let call = match args.len() {
            1 => Node::Call1(function, args.remove(0).into()),
            2 => Node::Call2(function, pair(args)),
            _ => Node::Call(function, args.into()),
        };
        super::constants::convert(offset, name, call)
    }
}

fn zero(ty: &Type) -> Value<'static> {
    match ty {
        Type::Uint => Value::Uint(0),
        Type::Double => Value::Double(0.0),
        Type::Duration => Value::Duration(0),
        _ => Value::Int(0),
    }
}

fn renumber(ty: &Type, base: u32) -> Type {
    match ty {
        Type::Param(number) => Type::Param(base + number),
        _ => ty.map_parts(|part| renumber(part, base)),
    }
}

/// The function a receiver call means when its receiver is only a namespace: `sets.contains`.
fn namespaced(target: &Expr, name: &str) -> Option<String> {
    let full = format!("{}.{name}", dotted(target)?);
    signatures::function(&full).map(|_| full)
}

fn pair(args: Vec<Node>) -> Box<[Node; 2]> {
    let [left, right] = <[Node; 2]>::try_from(args).expect("the overload takes two arguments");
    Box::new([left, right])
}

fn triple(args: Vec<Node>) -> Option<[Node; 3]> {
    args.try_into().ok()
}
