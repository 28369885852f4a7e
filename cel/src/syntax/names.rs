//! Finds the variables of the environment in a source that parses. Reads tokens only.

use std::ops::Range;

use super::lexer::{Lexeme, Token, tokenize};

/// The range of each `NAME` in `variables.NAME`. None if `variables` stands alone, as the variable of
/// a macro does.
pub(crate) fn names_of_variables(source: &str) -> Option<Vec<Range<usize>>> {
    let lexemes = tokenize(source).ok()?;
    let text = |lexeme: &Lexeme| &source[range(lexeme)];
    let mut names = Vec::new();
    for (at, lexeme) in lexemes.iter().enumerate() {
        let is_field = at > 0 && is_selected(&lexemes[..at]);
        if lexeme.token != Token::Ident || text(lexeme) != "variables" || is_field {
            continue;
        }
        names.push(range(name_after(&lexemes[at + 1..])?));
    }
    Some(names)
}

/// Whether the next token is a field.
fn is_selected(before: &[Lexeme]) -> bool {
    match before {
        [.., dot, optional] if optional.token == Token::Sign("?") => dot.token == Token::Sign("."),
        [.., dot] => dot.token == Token::Sign("."),
        [] => false,
    }
}

fn name_after(rest: &[Lexeme]) -> Option<&Lexeme> {
    match rest {
        [dot, name, ..] if dot.token == Token::Sign(".") && name.token == Token::Ident => {
            Some(name)
        }
        [dot, optional, name, ..]
            if dot.token == Token::Sign(".")
                && optional.token == Token::Sign("?")
                && name.token == Token::Ident =>
        {
            Some(name)
        }
        _ => None,
    }
}

fn range(lexeme: &Lexeme) -> Range<usize> {
    lexeme.start as usize..lexeme.end as usize
}
