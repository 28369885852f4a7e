//! Finds the programs: in envtest's directory, then in the cache, then by a build. Must not build:
//! `builder` does.

use std::{
    collections::BTreeMap,
    env, fmt,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    Error, Result, builder,
    tools::{Module, Tool},
};

/// Paths of the programs that were asked for.
#[derive(Clone, Debug, Default)]
pub struct Binaries {
    paths: BTreeMap<Tool, PathBuf>,
}

/// Progress of a build; prints as one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Another process builds into the same cache; waiting for it.
    Waiting,
    /// A build began; `usually` is what a first one takes on two cores.
    Building { tool: Tool, usually: Duration },
    /// Still at it.
    StillBuilding { tool: Tool, elapsed: Duration },
    /// The binary is in the cache.
    Built { tool: Tool, took: Duration },
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Waiting => write!(f, "waiting for another build of the same tools"),
            Self::Building { tool, usually } => write!(
                f,
                "building {} (about {} the first time)",
                tool.as_str(),
                rounded(usually)
            ),
            Self::StillBuilding { tool, elapsed } => {
                write!(f, "  {}: {} s so far", tool.as_str(), elapsed.as_secs())
            }
            Self::Built { tool, took } => {
                write!(f, "  {}: done in {} s", tool.as_str(), took.as_secs())
            }
        }
    }
}

impl Binaries {
    /// Finds every wanted tool, building those that are nowhere.
    ///
    /// The order is `KUBEBUILDER_ASSETS`, the cache (`GOLDENPATH_TOOLS_CACHE`,
    /// else `$XDG_CACHE_HOME/goldenpath/tools`, else `~/.cache/goldenpath/tools`),
    /// `go build`. [`Error::NoGo`] when a tool is nowhere and cannot be built.
    pub fn locate_or_build(wanted: &[Tool], mut progress: impl FnMut(Progress)) -> Result<Self> {
        let (mut found, missing) = Self::search(wanted)?;
        for module in Module::ALL {
            let of_module: Vec<Tool> = missing
                .iter()
                .copied()
                .filter(|tool| tool.module() == module)
                .collect();
            if !of_module.is_empty() {
                let directory = cache_directory(module)?;
                builder::build(module, &of_module, &directory, &mut progress)?;
                let built = of_module
                    .iter()
                    .map(|tool| (*tool, directory.join(tool.as_str())));
                found.paths.extend(built);
            }
        }
        Ok(found)
    }

    /// The wanted tools that are there already, and those that are not.
    pub fn search(wanted: &[Tool]) -> Result<(Self, Vec<Tool>)> {
        let assets = env::var_os("KUBEBUILDER_ASSETS").map(PathBuf::from);
        let mut found = Self::default();
        let mut missing = Vec::new();
        for &tool in wanted {
            let cached = cache_directory(tool.module())?;
            let mut directories = assets.iter().chain([&cached]);
            match directories.find_map(|dir| executable(dir, tool)) {
                Some(path) => {
                    found.paths.insert(tool, path);
                }
                None => missing.push(tool),
            }
        }
        Ok((found, missing))
    }

    /// The path of one of the tools that were asked for.
    pub fn path(&self, tool: Tool) -> Result<&Path> {
        let path = self.paths.get(&tool).map(PathBuf::as_path);
        path.ok_or(Error::NotLocated(tool.as_str()))
    }
}

fn executable(directory: &Path, tool: Tool) -> Option<PathBuf> {
    let path = directory.join(tool.as_str());
    path.is_file().then_some(path)
}

/// The directory that holds the built tools of one module, per fingerprint.
fn cache_directory(module: Module) -> Result<PathBuf> {
    let named = |variable: &str| env::var_os(variable).filter(|value| !value.is_empty());
    let root = named("GOLDENPATH_TOOLS_CACHE")
        .map(PathBuf::from)
        .or_else(|| named("XDG_CACHE_HOME").map(|dir| Path::new(&dir).join("goldenpath/tools")))
        .or_else(|| named("HOME").map(|dir| Path::new(&dir).join(".cache/goldenpath/tools")))
        .ok_or(Error::NoCacheDirectory)?;
    Ok(root.join(module.fingerprint()))
}

fn rounded(duration: Duration) -> String {
    match duration.as_secs() {
        seconds @ ..60 => format!("{seconds} s"),
        seconds => format!("{} min", seconds.div_ceil(60)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_reads_as_a_line() {
        let building = Progress::Building {
            tool: Tool::KubeApiserver,
            usually: Duration::from_secs(240),
        };
        assert_eq!(
            building.to_string(),
            "building kube-apiserver (about 4 min the first time)"
        );
    }

    #[test]
    fn a_tool_that_was_not_asked_for_is_an_error_not_a_guess() {
        let none = Binaries::default();
        assert!(matches!(
            none.path(Tool::Etcd),
            Err(Error::NotLocated("etcd"))
        ));
    }
}
