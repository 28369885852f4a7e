//! Values of the Kubernetes libraries as one kind of value.

use std::sync::Arc;

use super::cidr::Cidr;
use super::formats::NamedFormat;
use super::quantity::Quantity;
use super::semver::Semver;
use super::url::Url;

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
}

impl Object {
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Quantity(_) => "kubernetes.Quantity",
            Self::Semver(_) => "kubernetes.Semver",
            Self::Url(_) => "kubernetes.URL",
            Self::Ip(_) => "net.IP",
            Self::Cidr(_) => "net.CIDR",
            Self::Format(_) => "kubernetes.NamedFormat",
        }
    }
}
