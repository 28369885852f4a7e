//! Parameters of an address: their definitions, which the API's document shows as well, and the reader that
//! refuses others. Nothing is filtered here.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;

/// Items of the largest page.
const LARGEST_LIMIT: usize = 500;
/// How much of a refused value is shown, in characters.
const SHOWN: usize = 80;

/// The definition of one parameter.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    pub name: &'static str,
    /// One sentence.
    pub description: &'static str,
    pub values: Values,
}

/// The values that a parameter takes.
#[derive(Clone, Copy, Debug)]
pub enum Values {
    Text,
    /// A whole number from 1, up to a largest one.
    Number(Option<usize>),
    /// One of these words.
    Words(fn() -> Vec<&'static str>),
}

impl Parameter {
    pub(in crate::report) const fn text(name: &'static str, description: &'static str) -> Self {
        let values = Values::Text;
        Self {
            name,
            description,
            values,
        }
    }

    pub(in crate::report) const fn words(
        name: &'static str,
        description: &'static str,
        words: fn() -> Vec<&'static str>,
    ) -> Self {
        let values = Values::Words(words);
        Self {
            name,
            description,
            values,
        }
    }
}

/// Limits the items of a page.
pub(in crate::report) const LIMIT: Parameter = Parameter {
    name: "limit",
    description: "Items of a page.",
    values: Values::Number(Some(LARGEST_LIMIT)),
};
/// Numbers a page.
pub(in crate::report) const PAGE: Parameter = Parameter {
    name: "page",
    description: "The number of the page.",
    values: Values::Number(None),
};
/// Continues a list.
pub(super) const CONTINUE: Parameter = Parameter::text(
    "continue",
    "`metadata.continue` of the page before; use the same filters.",
);
pub(in crate::report) const NAMESPACE: Parameter =
    Parameter::text("namespace", "Only this namespace.");
pub(in crate::report) const PATH: Parameter = Parameter::text("path", "Only this path.");

/// A query that is refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum QueryError {
    #[error("unknown parameter '{name}'; {known}")]
    UnknownParameter { name: String, known: String },
    #[error("parameter '{0}' is given twice")]
    Repeated(String),
    #[error("limit must be a whole number from 1 to {LARGEST_LIMIT}, not '{0}'")]
    Limit(String),
    #[error("page must be a whole number from 1, not '{0}'")]
    Page(String),
    #[error("the value of continue is not from this list; leave it out to start at the first page")]
    Continue,
    #[error("unknown {parameter} '{value}'; use {known}")]
    UnknownValue {
        parameter: &'static str,
        value: String,
        known: String,
    },
}

/// Refuses every parameter: for an address that takes none.
///
/// # Errors
/// When there is one.
pub fn without_parameters(pairs: Vec<(String, String)>) -> Result<(), QueryError> {
    Parameters::read(pairs, &[]).map(|_| ())
}

/// The parameters of a query that have a value.
pub(in crate::report) struct Parameters(BTreeMap<String, String>);

impl Parameters {
    pub(in crate::report) fn read(
        pairs: Vec<(String, String)>,
        known: &[Parameter],
    ) -> Result<Self, QueryError> {
        let known: Vec<&str> = known.iter().map(|parameter| parameter.name).collect();
        let mut values = BTreeMap::new();
        for (name, value) in pairs {
            if !known.contains(&&*name) {
                let known = match known.as_slice() {
                    [] => "this address takes none".to_owned(),
                    known => format!("use {}", known.join(", ")),
                };
                let name = shown(&name);
                return Err(QueryError::UnknownParameter { name, known });
            }
            if values.insert(name.clone(), value).is_some() {
                return Err(QueryError::Repeated(name));
            }
        }
        values.retain(|_, value| !value.is_empty());
        Ok(Self(values))
    }

    pub(in crate::report) fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }

    pub(in crate::report) fn limit_or(&mut self, default: usize) -> Result<usize, QueryError> {
        let Some(text) = self.take("limit") else {
            return Ok(default);
        };
        let limit = text.parse().ok();
        limit
            .filter(|limit| (1..=LARGEST_LIMIT).contains(limit))
            .ok_or_else(|| QueryError::Limit(shown(&text)))
    }

    /// The number of a page, from 1.
    pub(in crate::report) fn page(&mut self) -> Result<usize, QueryError> {
        let Some(text) = self.take("page") else {
            return Ok(1);
        };
        let page = text.parse().ok().filter(|page| *page >= 1);
        page.ok_or_else(|| QueryError::Page(shown(&text)))
    }

    /// The item that a token names.
    pub(super) fn after<T: DeserializeOwned, Id>(
        &mut self,
        id: impl FnOnce(T) -> Id,
    ) -> Result<Option<Id>, QueryError> {
        let Some(token) = self.take("continue") else {
            return Ok(None);
        };
        let bytes = URL_SAFE_NO_PAD.decode(token).ok();
        let names = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        names
            .map(|names| Some(id(names)))
            .ok_or(QueryError::Continue)
    }

    /// One of these words, in any case.
    pub(in crate::report) fn word<T: Copy>(
        &mut self,
        parameter: &'static str,
        known: &[T],
        as_str: impl Fn(T) -> &'static str,
    ) -> Result<Option<T>, QueryError> {
        let Some(text) = self.take(parameter) else {
            return Ok(None);
        };
        let found = known
            .iter()
            .find(|word| as_str(**word).eq_ignore_ascii_case(&text));
        found
            .map(|word| Some(*word))
            .ok_or_else(|| QueryError::UnknownValue {
                parameter,
                value: shown(&text),
                known: known
                    .iter()
                    .map(|word| as_str(*word))
                    .collect::<Vec<_>>()
                    .join(", "),
            })
    }
}

fn shown(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}
