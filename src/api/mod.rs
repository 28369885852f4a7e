//! The wire contract: what users write, what the operator stores, and the keys it labels with.
//! Types here become `kubectl explain` text, so their docs speak to users.
//! Nothing of ours is imported, nothing is decided: judgement lives in [`crate::assess`].

pub mod condition;
pub mod deviation_exception;
pub mod golden_path;
pub mod keys;
pub mod period;

pub use deviation_exception::{
    DeviationException, DeviationExceptionSpec, DeviationExceptionStatus,
};
pub use golden_path::{GoldenPath, GoldenPathSpec, GoldenPathStatus};
pub use period::Period;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt;

/// API group of every object of ours.
pub const GROUP: &str = "goldenpath.dev";
/// Served and stored version.
pub const VERSION: &str = "v1alpha1";
/// `apiVersion` of every object of ours, and of the JSON report.
pub const API_VERSION: &str = "goldenpath.dev/v1alpha1";

/// Every CustomResourceDefinition, in the order `goldenpath crds` prints them.
pub fn crds() -> Vec<CustomResourceDefinition> {
    vec![GoldenPath::crd(), DeviationException::crd()]
}
