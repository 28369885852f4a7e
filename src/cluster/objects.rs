//! Objects of a cluster as they are stored, read once and whole: for an import, which asks them what
//! no judgement does. Kinds that may not be listed or are not served are said, not failed on.

use kube::Client;
use kube::api::{Api, ListParams};
use kube::core::ApiResource;
use serde_json::Value;

use super::connect::Target;
use super::error::{Error, Result, reason_of};
use super::followed::Followed;
use super::kinds::discover;
use super::stored::Stored;
use super::watch::PAGE;
use crate::assess::object::kind::WatchedKind;
use crate::assess::source::Problem;
use crate::cli::ExtraKind;

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

/// What was read.
#[derive(Debug, Default)]
pub struct Objects {
    /// The objects.
    pub values: Vec<Value>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

/// Everything an import looks at: paths, namespaces, workloads, exceptions, and Kyverno's; of one
/// namespace where it is named, paths and namespaces always.
///
/// # Errors
/// When the cluster does not answer.
pub async fn objects(
    target: &Target,
    extra: &[ExtraKind],
    namespace: Option<&str>,
) -> Result<Objects> {
    let client = target.client().await?;
    let mut objects = Objects::default();
    objects
        .read(&client, &Followed::Paths.resource(), None)
        .await?;
    objects.read_namespaces(&client, namespace).await?;
    for kind in WatchedKind::built_in() {
        let resource = Followed::Workloads(kind).resource();
        objects.read(&client, &resource, namespace).await?;
    }
    for kind in extra {
        match discover(kind, &client).await? {
            Some(kind) => {
                let resource = Followed::Workloads(kind).resource();
                objects.read(&client, &resource, namespace).await?;
            }
            None => objects
                .problems
                .push(Problem::new(kind, "is not served by the cluster")),
        }
    }
    let exceptions = Followed::Exceptions.resource();
    objects.read(&client, &exceptions, namespace).await?;
    for versions in FOREIGN {
        objects.read_foreign(&client, &versions).await?;
    }
    Ok(objects)
}

impl Objects {
    /// All namespaces, or the one that is asked about, which takes fewer rights.
    async fn read_namespaces(&mut self, client: &Client, namespace: Option<&str>) -> Result<()> {
        let resource = Followed::Namespaces.resource();
        let Some(name) = namespace else {
            return self.read(client, &resource, None).await;
        };
        match Api::<Stored>::all_with(client.clone(), &resource)
            .get_opt(name)
            .await
        {
            Ok(found) => {
                let found = found.into_iter();
                self.values
                    .extend(found.map(|stored| stored.into_value(&resource)));
                Ok(())
            }
            Err(error) => self.forgive(&resource, error),
        }
    }

    /// Goes on without what may not be read or is not served.
    fn forgive(&mut self, resource: &ApiResource, error: kube::Error) -> Result<()> {
        let why = reason_of(&error);
        if !matches!(why, "Forbidden" | "NotFound") {
            return Err(Error::on(format!("read {}", resource.plural))(error));
        }
        let message = format!("cannot be read ({why}), and is not in this answer");
        self.problems.push(Problem::new(&resource.kind, message));
        Ok(())
    }

    /// Exceptions may be about another namespace than they are in: all are read.
    async fn read_foreign(&mut self, client: &Client, versions: &[(&str, &str)]) -> Result<()> {
        for (group, version) in versions {
            let kind = ExtraKind {
                plural: PLURAL.to_owned(),
                group: (*group).to_owned(),
                version: (*version).to_owned(),
            };
            if let Some(kind) = discover(&kind, client).await? {
                let resource = Followed::Workloads(kind).resource();
                return self.read(client, &resource, None).await;
            }
        }
        Ok(())
    }

    async fn read(
        &mut self,
        client: &Client,
        resource: &ApiResource,
        namespace: Option<&str>,
    ) -> Result<()> {
        let api: Api<Stored> = match namespace {
            Some(namespace) => Api::namespaced_with(client.clone(), namespace, resource),
            None => Api::all_with(client.clone(), resource),
        };
        let mut params = ListParams::default().limit(PAGE);
        loop {
            let page = match api.list(&params).await {
                Ok(page) => page,
                Err(error) => return self.forgive(resource, error),
            };
            let more = page.metadata.continue_.clone();
            params.continue_token = more.filter(|token| !token.is_empty());
            let values = page.items.into_iter();
            self.values
                .extend(values.map(|stored| stored.into_value(resource)));
            if params.continue_token.is_none() {
                return Ok(());
            }
        }
    }
}
