//! `goldenpath crds`: prints the custom resource definitions.

use clap::Args;

use super::error::Result;
use super::output::{self, ObjectFormat};
use super::{Exit, Invocation};
use crate::api;

/// Flags of `crds`.
#[derive(Args, Clone, Debug, Default)]
pub struct CrdsArgs {
    /// Output format
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t)]
    pub output: ObjectFormat,
}

/// Prints every definition: as YAML documents, or as one list in JSON.
pub(super) fn run(args: &CrdsArgs, invocation: &Invocation<'_>) -> Result<Exit> {
    let out = &mut output::stdout(invocation.global);
    match args.output {
        ObjectFormat::Json => {
            let items = api::crds();
            let list = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": items});
            output::json(&list, out)?;
        }
        ObjectFormat::Yaml => {
            let manifests: Vec<_> = api::crds().iter().map(api::crd_manifest).collect();
            output::text(&manifests.join("---\n"), out)?;
        }
    }
    Ok(Exit::Fine)
}
