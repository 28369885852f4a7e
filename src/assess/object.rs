//! What is read of one object: its kind, labels, namespace, the defaults the API server would fill
//! in, and a hash of its pod template. Nothing here knows of paths, exceptions or verdicts.

pub mod defaults;
pub mod kind;
pub mod labels;
pub(in crate::assess) mod metadata;
pub mod namespace;
pub mod template_hash;
