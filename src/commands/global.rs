//! Flags that every command accepts, before its name or after it.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::Timestamp;

use super::judging::instant;
use crate::cluster::{PluginCredentials, Scope, Target};
use crate::report::voice::flag;

/// Flags that every command accepts.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// The kubeconfig context to use
    #[arg(long, global = true, value_name = "NAME", env = "GOLDENPATH_CONTEXT")]
    pub context: Option<String>,

    /// The kubeconfig file [default: as kubectl]
    #[arg(long, global = true, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,

    /// The namespace; for manifests, the namespace of objects that name none
    #[arg(
        short,
        long,
        global = true,
        value_name = "NAME",
        env = "GOLDENPATH_NAMESPACE"
    )]
    pub namespace: Option<String>,

    /// All namespaces
    #[arg(short = 'A', long, global = true, conflicts_with = "namespace")]
    pub all_namespaces: bool,

    /// When to use colour; `NO_COLOR` is respected
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t)]
    pub color: Color,

    /// Judge as of this instant: RFC 3339, or a date [default: now]
    #[arg(long, global = true, value_name = "INSTANT", value_parser = instant)]
    pub as_of: Option<Timestamp>,

    /// A credential plugin runs once, however often a command connects.
    #[arg(skip)]
    pub plugins: PluginCredentials,
}

impl GlobalArgs {
    /// The cluster to connect to.
    pub(super) fn target(&self) -> Target {
        Target {
            kubeconfig: self.kubeconfig.clone(),
            context: self.context.clone(),
            plugins: self.plugins.clone(),
        }
    }

    /// The flags that reach the same cluster.
    pub(super) fn connection_flags(&self) -> Vec<String> {
        let kubeconfig = self.kubeconfig.as_ref();
        let kubeconfig = kubeconfig.map(|file| flag("kubeconfig", &file.to_string_lossy()));
        let context = self.context.as_ref().map(|name| flag("context", name));
        kubeconfig.into_iter().chain(context).collect()
    }

    /// The namespace that was named, else the cluster.
    pub(super) fn scope(&self) -> Scope {
        match &self.namespace {
            Some(name) => Scope::Namespace(name.clone()),
            None => Scope::Everything,
        }
    }

    /// As kubectl does it: the namespace that was named, else the context's, unless all are meant.
    pub(super) fn scope_of_one(&self) -> Scope {
        match &self.namespace {
            Some(name) => Scope::Namespace(name.clone()),
            None if self.all_namespaces => Scope::Everything,
            None => Scope::ContextNamespace,
        }
    }

    /// The namespace of manifests that name none.
    pub(super) fn default_namespace(&self) -> &str {
        self.namespace.as_deref().unwrap_or("default")
    }
}

/// When colour is used.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Color {
    /// On a terminal
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}
