//! What is followed: our own policies, namespaces, workloads of every watched kind, and Kubernetes
//! Services. Only names and roles; how a kind is followed is the watch's business.

use std::sync::Arc;

use k8s_openapi::api::core::v1::{Namespace, Service};
use kube::core::ApiResource;

use crate::api::keys::MANAGED_BY;
use crate::api::{DeviationException, GoldenPath};
use crate::assess::object::kind::WatchedKind;
use crate::assess::warning::Part;
use crate::cluster::client::stored::resource_of;
use crate::cluster::write::policies;

/// One followed kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Followed {
    /// Golden paths.
    Paths,
    /// Deviation exceptions.
    Exceptions,
    /// Namespaces.
    Namespaces,
    /// Kubernetes Services, which get a label.
    Services,
    /// Policies, or bindings, of ours that warn on apply.
    Warnings(Part),
    /// Workloads of one kind.
    Workloads(Arc<WatchedKind>),
}

/// What the operator may do before a kind has been listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Nothing at all: without these a verdict would be wrong.
    Policy,
    /// Nothing is written, unless the kind cannot be had.
    Workload,
    /// Everything else.
    Beside,
}

impl Followed {
    /// What has to be known before anything is judged.
    pub const POLICIES: [Self; 3] = [Self::Paths, Self::Exceptions, Self::Namespaces];

    /// How kube names it.
    pub fn resource(&self) -> ApiResource {
        match self {
            Self::Paths => ApiResource::erase::<GoldenPath>(&()),
            Self::Exceptions => ApiResource::erase::<DeviationException>(&()),
            Self::Namespaces => ApiResource::erase::<Namespace>(&()),
            Self::Services => ApiResource::erase::<Service>(&()),
            Self::Warnings(part) => policies::resource_of(*part),
            Self::Workloads(kind) => resource_of(kind),
        }
    }

    /// Its kind, as metrics and messages name it.
    pub fn name(&self) -> &str {
        match self {
            Self::Paths => "GoldenPath",
            Self::Exceptions => "DeviationException",
            Self::Namespaces => "Namespace",
            Self::Services => "Service",
            // Other policies are followed as well, and are waited for by their kind's own name.
            Self::Warnings(Part::Policy) => "ValidatingAdmissionPolicy (warning)",
            Self::Warnings(Part::Binding) => "ValidatingAdmissionPolicyBinding (warning)",
            Self::Workloads(kind) => &kind.kind,
        }
    }

    /// Which objects of the kind are followed; all where absent.
    pub fn selector(&self) -> Option<String> {
        match self {
            Self::Warnings(_) => {
                let (key, value) = MANAGED_BY;
                Some(format!("{key}={value}"))
            }
            Self::Paths
            | Self::Exceptions
            | Self::Namespaces
            | Self::Services
            | Self::Workloads(_) => None,
        }
    }

    /// Whether the kind has a definition of ours.
    pub const fn is_ours(&self) -> bool {
        match self {
            Self::Paths | Self::Exceptions => true,
            Self::Namespaces | Self::Services | Self::Warnings(_) | Self::Workloads(_) => false,
        }
    }

    /// What waits for its first list.
    pub const fn role(&self) -> Role {
        match self {
            Self::Paths | Self::Exceptions | Self::Namespaces => Role::Policy,
            Self::Workloads(_) => Role::Workload,
            Self::Services | Self::Warnings(_) => Role::Beside,
        }
    }
}
