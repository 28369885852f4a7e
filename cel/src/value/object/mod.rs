//! Values of the Kubernetes libraries as one kind of value.

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
pub(crate) use semver::Semver;
pub(crate) use url::Url;

/// A quantity, version, URL, address, network or format.
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
    /// What became of a value that the server cannot convert back: an error once it is taken out
    /// of the optional that holds it.
    #[doc(hidden)]
    Unconvertible,
}

impl Object {
    /// Whether this can be asked whether it equals `other`. The server's library returns sums of
    /// quantities in a form that no quantity takes for one.
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
