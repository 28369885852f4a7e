//! Parts of one object: kind, labels, namespace, the API server's defaults, and a hash of the pod
//! template. Nothing here depends on paths, exceptions or verdicts.

pub mod compact;
pub mod defaults;
pub(crate) mod digest;
pub mod kind;
pub mod labels;
pub(in crate::assess) mod metadata;
pub mod namespace;
pub mod template_hash;
pub mod undecodable;
