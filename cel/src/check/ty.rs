//! Static types, and the two ways in which cel-go writes them.

use std::fmt;
use std::sync::Arc;

use crate::value::Value;

/// The checked type of an expression. `Display` writes it as cel-go does: `list(string)`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Type {
    /// Known only at run time, like everything under `object`.
    Dyn,
    Null,
    Bool,
    Int,
    Uint,
    Double,
    String,
    Bytes,
    Timestamp,
    Duration,
    List(Arc<Type>),
    Map(Arc<(Type, Type)>),
    /// The type of a type.
    Type(Arc<Type>),
    Optional(Arc<Type>),
    /// A type of the Kubernetes libraries, or of a part of the namespace.
    Named(&'static str),
    /// A type parameter, not bound yet.
    #[doc(hidden)]
    Param(u32),
    /// The type of a refused part.
    #[doc(hidden)]
    Error,
}

impl Type {
    pub(crate) fn list(element: Type) -> Self {
        Self::List(Arc::new(element))
    }

    pub(crate) fn map(key: Type, value: Type) -> Self {
        Self::Map(Arc::new((key, value)))
    }

    pub(crate) fn optional(inner: Type) -> Self {
        Self::Optional(Arc::new(inner))
    }

    /// Whether a value has this type, as far as the server checks at run time: the type of the value
    /// and of its first element or entry.
    pub(crate) fn takes(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Dyn | Self::Param(_) | Self::Error, _)
            | (Self::Null, Value::Null)
            | (Self::Bool, Value::Bool(_))
            | (Self::Int, Value::Int(_))
            | (Self::Uint, Value::Uint(_))
            | (Self::Double, Value::Double(_))
            | (Self::String, Value::String(_))
            | (Self::Bytes, Value::Bytes(_))
            | (Self::Timestamp, Value::Timestamp(_))
            | (Self::Duration, Value::Duration(_))
            | (Self::Type(_), Value::Type(_))
            | (Self::Optional(_), Value::Optional(_)) => true,
            (Self::List(element), Value::List(list)) => {
                list.get(0).is_none_or(|first| element.takes(&first))
            }
            (Self::Map(parts), Value::Map(map)) => map
                .iter()
                .next()
                .is_none_or(|(key, value)| parts.0.takes(&key) && parts.1.takes(&value)),
            (Self::Named(name), Value::Object(object)) => *name == object.type_name(),
            _ => false,
        }
    }

    pub(crate) fn is_dyn_or_error(&self) -> bool {
        matches!(self, Self::Dyn | Self::Error)
    }

    /// The type arguments.
    pub(crate) fn parts(&self) -> Vec<&Type> {
        match self {
            Self::List(part) | Self::Type(part) | Self::Optional(part) => vec![part],
            Self::Map(parts) => vec![&parts.0, &parts.1],
            _ => Vec::new(),
        }
    }

    /// The same type with changed type arguments.
    pub(crate) fn map_parts(&self, mut change: impl FnMut(&Type) -> Type) -> Type {
        match self {
            Self::List(part) => Self::list(change(part)),
            Self::Type(part) => Self::Type(Arc::new(change(part))),
            Self::Optional(part) => Self::optional(change(part)),
            Self::Map(parts) => Self::map(change(&parts.0), change(&parts.1)),
            other => other.clone(),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            // A parameter that stays unbound is dyn.
            Self::Dyn | Self::Param(_) => "dyn",
            Self::Null => "null_type",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Uint => "uint",
            Self::Double => "double",
            Self::String => "string",
            Self::Bytes => "bytes",
            Self::Timestamp => "google.protobuf.Timestamp",
            Self::Duration => "google.protobuf.Duration",
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Type(_) => "type",
            Self::Optional(_) => "optional_type",
            Self::Named(name) => name,
            Self::Error => "!error!",
        }
    }

    /// The type as the checker's errors write it: `timestamp`, `null`.
    pub(crate) fn in_message(&self) -> String {
        match self {
            Self::Null => "null".into(),
            Self::Timestamp => "timestamp".into(),
            Self::Duration => "duration".into(),
            _ => {
                let parts: Vec<_> = self.parts().iter().map(|part| part.in_message()).collect();
                if parts.is_empty() {
                    return self.name().into();
                }
                format!("{}({})", self.name(), parts.join(", "))
            }
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        let mut open = "(";
        for part in self.parts() {
            write!(f, "{open}{part}")?;
            open = ", ";
        }
        if open == ", " {
            f.write_str(")")
        } else {
            Ok(())
        }
    }
}
