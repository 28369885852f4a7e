//! Finds the kubeconfig and the context in it as kubectl does, else the service account of a pod. It
//! opens no connection. The proxy and the credentials are returned as they are written: kube would read
//! the environment against the wrong address, and run a credential plugin for every client.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use kube::config::{Config, ExecAuthCluster, KubeConfigOptions, Kubeconfig, KubeconfigError};

use super::failure::chain;
use crate::assess::wording::nearest;

/// Where kubectl looks for a kubeconfig, and so do we.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// `--kubeconfig`.
    Flag(PathBuf),
    /// The files that `KUBECONFIG` names.
    Variable(Vec<PathBuf>),
    /// `.kube/config` in the home directory.
    Home(PathBuf),
    /// No home directory is known.
    Nowhere,
}

/// Why no cluster is known.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KubeconfigFailure {
    /// There is no kubeconfig, and this is not a pod.
    #[error("no cluster: {0}")]
    NoCluster(Place),
    /// The kubeconfig cannot be read.
    #[error("failed to read the kubeconfig {}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The kubeconfig is invalid; the text says why.
    #[error("the kubeconfig is not valid: {0}")]
    Invalid(String),
    /// No context is chosen.
    #[error("the kubeconfig has no current context")]
    NoContext {
        /// The contexts there are.
        contexts: Vec<String>,
    },
    /// The context does not exist.
    #[error("the kubeconfig has no context '{name}'")]
    UnknownContext {
        /// The context that was asked for.
        name: String,
        /// The one that was probably meant.
        nearest: Option<String>,
        /// The contexts there are.
        contexts: Vec<String>,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(file) => write!(f, "{} not found", file.display()),
            Self::Variable(files) => {
                let files: Vec<_> = files.iter().map(|file| file.display()).collect();
                write!(f, "KUBECONFIG names ")?;
                for (index, file) in files.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(f, "{comma}{file}")?;
                }
                write!(f, ": not found")
            }
            Self::Home(_) => f.write_str("~/.kube/config not found"),
            Self::Nowhere => f.write_str("neither KUBECONFIG nor HOME is set"),
        }
    }
}

impl Place {
    fn of(flag: Option<&Path>) -> Self {
        if let Some(file) = flag {
            return Self::Flag(file.to_owned());
        }
        let listed = std::env::var_os("KUBECONFIG").unwrap_or_default();
        let listed: Vec<_> = std::env::split_paths(&listed)
            .filter(|file| !file.as_os_str().is_empty())
            .collect();
        if !listed.is_empty() {
            return Self::Variable(listed);
        }
        match std::env::home_dir().filter(|home| !home.as_os_str().is_empty()) {
            Some(home) => Self::Home(home.join(".kube").join("config")),
            None => Self::Nowhere,
        }
    }

    fn files(&self) -> &[PathBuf] {
        match self {
            Self::Flag(file) | Self::Home(file) => std::slice::from_ref(file),
            Self::Variable(files) => files,
            Self::Nowhere => &[],
        }
    }
}

/// What is known of a cluster and its user before anything is connected.
#[derive(Debug)]
pub struct ClusterConfig {
    /// Without a proxy.
    pub config: Config,
    /// `proxy-url` of the kubeconfig, which wins over the environment.
    pub proxy_url: Option<String>,
}

/// Reads the kubeconfig, the one that is named where there is one; in a pod without one, the service
/// account.
pub async fn read(
    file: Option<&Path>,
    context: Option<&str>,
) -> Result<ClusterConfig, KubeconfigFailure> {
    let place = Place::of(file);
    let named = context.filter(|name| !name.is_empty());
    let merged = merged(&place)?;
    let chosen = named.or_else(|| {
        let current = merged.as_ref()?.current_context.as_deref();
        current.filter(|name| !name.is_empty())
    });
    let is_explicit = file.is_some() || named.is_some();
    let (Some(kubeconfig), Some(context)) = (&merged, chosen) else {
        // As client-go: a pod has a service account where nothing else is chosen.
        if let Some(config) = (!is_explicit).then(in_cluster).flatten() {
            let proxy_url = None;
            return Ok(ClusterConfig { config, proxy_url });
        }
        return Err(match merged.filter(|found| !found.contexts.is_empty()) {
            Some(found) => KubeconfigFailure::NoContext {
                contexts: names(&found),
            },
            None => KubeconfigFailure::NoCluster(place),
        });
    };
    selected(kubeconfig.clone(), context, is_explicit).await
}

/// The files as one kubeconfig; none where no file exists. kubectl passes over missing files of a list.
fn merged(place: &Place) -> Result<Option<Kubeconfig>, KubeconfigFailure> {
    let mut merged: Option<Kubeconfig> = None;
    for file in place.files() {
        let Some(read) = read_file(file)? else {
            continue;
        };
        merged = Some(match merged {
            Some(before) => before.merge(read).map_err(|error| invalid(&error))?,
            None => read,
        });
    }
    Ok(merged)
}

fn read_file(file: &Path) -> Result<Option<Kubeconfig>, KubeconfigFailure> {
    match Kubeconfig::read_from(file) {
        Ok(read) => Ok(Some(read)),
        Err(KubeconfigError::ReadConfig(source, _)) if source.kind() == io::ErrorKind::NotFound => {
            Ok(None)
        }
        Err(KubeconfigError::ReadConfig(source, _)) => {
            let file = file.to_owned();
            Err(KubeconfigFailure::Unreadable { file, source })
        }
        Err(error) => {
            let problem = problem(&error);
            let problem = format!("{}: {problem}", file.display());
            Err(KubeconfigFailure::Invalid(problem))
        }
    }
}

fn invalid(error: &KubeconfigError) -> KubeconfigFailure {
    KubeconfigFailure::Invalid(problem(error))
}

/// On one line, and without a snippet of the file, which may hold a token.
fn problem(error: &KubeconfigError) -> String {
    let KubeconfigError::Parse(error) = error else {
        return chain(error);
    };
    let text = error.without_snippet().to_string();
    let line = text.lines().next().unwrap_or_default().trim();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}

fn in_cluster() -> Option<Config> {
    Config::incluster().ok()
}

fn names(kubeconfig: &Kubeconfig) -> Vec<String> {
    let contexts = kubeconfig.contexts.iter();
    contexts.map(|context| context.name.clone()).collect()
}

async fn selected(
    mut kubeconfig: Kubeconfig,
    context: &str,
    is_explicit: bool,
) -> Result<ClusterConfig, KubeconfigFailure> {
    let Some(found) = kubeconfig.contexts.iter().find(|it| it.name == context) else {
        let contexts = names(&kubeconfig);
        let meant = nearest(context, contexts.iter().map(String::as_str)).map(str::to_owned);
        return Err(KubeconfigFailure::UnknownContext {
            name: context.to_owned(),
            nearest: meant,
            contexts,
        });
    };
    let cluster = found.context.as_ref().map(|it| it.cluster.clone());
    let mut proxy_url = None;
    let mut plugin_cluster = None;
    for named in &mut kubeconfig.clusters {
        let Some(it) = named
            .cluster
            .as_mut()
            .filter(|_| Some(&named.name) == cluster.as_ref())
        else {
            continue;
        };
        plugin_cluster = ExecAuthCluster::try_from(&*it).ok();
        proxy_url = it.proxy_url.take().filter(|url| !url.is_empty());
        // kube reads the environment only where the kubeconfig names no proxy. It ignores NO_PROXY.
        it.proxy_url = Some("http://unused.invalid".to_owned());
    }
    let options = KubeConfigOptions {
        context: Some(context.to_owned()),
        ..KubeConfigOptions::default()
    };
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &options)
        .await
        .map_err(|error| invalid(&error))?;
    config.proxy_url = None;
    if let Some(plugin) = config.auth_info.exec.as_mut() {
        plugin.cluster = plugin_cluster.filter(|_| plugin.provide_cluster_info);
    }
    if !is_explicit {
        config.apply_debug_overrides();
    }
    Ok(ClusterConfig { config, proxy_url })
}
