//! Golden paths named on the command line: a file, a directory, or the starter paths that come with
//! the binary, for a first look at any cluster or directory.

use std::convert::Infallible;
use std::io::Read;
use std::path::PathBuf;
use std::str::FromStr;

use super::Error;
use super::files::{self, File, Files};

const STARTERS: [(&str, &str); 3] = [
    (
        "starter/web-service.yaml",
        include_str!("../../starter/web-service.yaml"),
    ),
    (
        "starter/batch-job.yaml",
        include_str!("../../starter/batch-job.yaml"),
    ),
    (
        "starter/stateful-service.yaml",
        include_str!("../../starter/stateful-service.yaml"),
    ),
];

/// Where golden paths come from besides the cluster or the manifests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathsFrom {
    /// The three paths that come with the binary.
    Starter,
    /// A file or directory.
    File(PathBuf),
}

impl PathsFrom {
    /// Its files; those of the binary as if they had been named.
    pub(super) fn files(&self, stdin: &mut dyn Read) -> Result<Files, Error> {
        match self {
            Self::Starter => Ok(starters().into()),
            Self::File(path) => files::read(std::slice::from_ref(path), stdin),
        }
    }
}

impl FromStr for PathsFrom {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "starter" => Self::Starter,
            path => Self::File(path.into()),
        })
    }
}

fn starters() -> Vec<File> {
    STARTERS
        .into_iter()
        .map(|(name, content)| File {
            name: name.to_owned(),
            content: content.as_bytes().to_vec(),
            is_named: true,
        })
        .collect()
}
