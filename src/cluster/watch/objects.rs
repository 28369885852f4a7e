//! Objects of a cluster as they are stored, whole: for commands that judge them twice or read fields
//! that no check reads. [`super::listing`] lists them.

use std::sync::Arc;

use serde_json::Value;

use super::followed::{EXCEPTIONS, Followed, NAMESPACES, PATHS};
use super::listing::{Reader, Scope};
use crate::api::golden_path::KindRef;
use crate::assess::object::kind::{ExtraKind, WatchedKind, named_by};
use crate::assess::source::Problem;
use crate::cluster::client::connect::Target;
use crate::cluster::client::discovery::discover;
use crate::cluster::client::error::Result;
use crate::cluster::client::stored::Stored;

/// Kyverno's exceptions, the newest version of each group first; the first one served is read.
const FOREIGN: [[(&str, &str); 3]; 2] = [
    [
        ("kyverno.io", "v2"),
        ("kyverno.io", "v2beta1"),
        ("kyverno.io", "v2alpha1"),
    ],
    [
        ("policies.kyverno.io", "v1"),
        ("policies.kyverno.io", "v1beta1"),
        ("policies.kyverno.io", "v1alpha1"),
    ],
];
const PLURAL: &str = "policyexceptions";

/// The result of reading.
#[derive(Debug, Default)]
pub struct Objects {
    /// The objects.
    pub values: Vec<Value>,
    /// One problem for each kind that could not be read.
    pub problems: Vec<Problem>,
}

/// Reads paths, namespaces, workloads, exceptions and Kyverno's exceptions. `scope` limits all but
/// paths and Kyverno's exceptions to one namespace. With `drafted` paths, kinds that these or
/// the cluster's paths name are read too.
///
/// # Errors
/// When there is no cluster, or it does not answer.
pub async fn objects(
    target: &Target,
    extra: &[ExtraKind],
    drafted: Option<&[Value]>,
    scope: Scope,
) -> Result<Objects> {
    let mut reader = Reader::connect(target, scope).await?;
    let mut values = Vec::new();
    read_into(&mut values, &mut reader, &Followed::kind(&PATHS)).await?;
    let named: Vec<KindRef> = drafted
        .into_iter()
        .flat_map(|drafted| values.iter().chain(drafted))
        .flat_map(named_by)
        .collect();
    let resource = Followed::kind(&NAMESPACES).resource;
    let take = &mut |stored: Stored| values.push(stored.into_value(&resource));
    reader.read_namespaces(take).await?;
    let mut kinds = WatchedKind::built_in();
    kinds.extend(reader.discover_kinds(extra).await);
    for kind in named {
        let is_it = |known: &Arc<WatchedKind>| known.group == kind.group && known.kind == kind.kind;
        if !kind.group.is_empty() && !kinds.iter().any(is_it) {
            kinds.extend(reader.discover_named(&[kind]).await);
        }
    }
    for kind in kinds {
        read_into(&mut values, &mut reader, &Followed::workloads(&kind)).await?;
    }
    read_into(&mut values, &mut reader, &Followed::kind(&EXCEPTIONS)).await?;
    for versions in FOREIGN {
        let Some(kind) = served(&reader, &versions).await? else {
            continue;
        };
        // They may be about another namespace than their own: all are read.
        let followed = Followed::workloads(&kind);
        let resource = followed.resource.clone();
        let take = &mut |stored: Stored| values.push(stored.into_value(&resource));
        reader.read_in(None, &followed, take).await?;
    }
    Ok(Objects {
        values,
        problems: reader.problems,
    })
}

async fn read_into(
    values: &mut Vec<Value>,
    reader: &mut Reader,
    followed: &Followed,
) -> Result<()> {
    let resource = &followed.resource;
    let take = &mut |stored: Stored| values.push(stored.into_value(resource));
    reader.read(followed, take).await
}

/// The first of the versions that the cluster serves.
async fn served(reader: &Reader, versions: &[(&str, &str)]) -> Result<Option<Arc<WatchedKind>>> {
    for (group, version) in versions {
        let kind = ExtraKind {
            plural: PLURAL.to_owned(),
            group: (*group).to_owned(),
            version: (*version).to_owned(),
        };
        if let Some(kind) = discover(&kind, &reader.client).await? {
            return Ok(Some(kind));
        }
    }
    Ok(None)
}
