//! Values of the Kubernetes libraries. Only data: their functions are in `library`.

mod cidr;
pub(crate) mod ip;
mod named_format;
mod quantity;
mod semver;
mod url;

use std::sync::Arc;

pub(crate) use cidr::Cidr;
pub(crate) use named_format::NamedFormat;
pub(crate) use quantity::Quantity;
pub use quantity::{Precision, canonical_quantity};
pub(crate) use semver::Semver;
pub(crate) use url::Url;

#[derive(Clone, Debug, PartialEq)]
pub enum Object {
    #[doc(hidden)]
    Quantity(Arc<Quantity>),
    #[doc(hidden)]
    Semver(Arc<Semver>),
    #[doc(hidden)]
    Url(Arc<Url>),
    #[doc(hidden)]
    Ip(std::net::IpAddr),
    #[doc(hidden)]
    Cidr(Cidr),
    #[doc(hidden)]
    Format(NamedFormat),
    /// A value that the server cannot convert back. Fails outside the optional that holds it.
    #[doc(hidden)]
    Unconvertible,
}

impl Object {
    /// Whether the server can compare this with `other`. Its library returns sums of quantities in a
    /// form that a quantity on the left does not accept.
    pub(crate) fn compares_with(&self, other: &Self) -> bool {
        match other {
            Self::Quantity(other) if other.is_sum() => false,
            _ => self.type_name() == other.type_name(),
        }
    }

    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Quantity(_) => "kubernetes.Quantity",
            Self::Semver(_) => "kubernetes.Semver",
            Self::Url(_) => "kubernetes.URL",
            Self::Ip(_) => "net.IP",
            Self::Cidr(_) => "net.CIDR",
            Self::Format(_) => "kubernetes.NamedFormat",
            Self::Unconvertible => "error",
        }
    }
}
