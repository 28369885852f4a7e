//! Where the record of digests is: a file, or a `ConfigMap` of the cluster.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::WinsArgs;
use crate::assess::goals::wins::{RecordedDigest, WinsRecord};
use crate::cluster::{self, ConfigMapRef, StoredText, Target};
use crate::commands::error::{ErrorKind, Result};
use crate::commands::global::GlobalArgs;
use crate::commands::runtime;
use crate::report::document::encode;

/// The place of a record.
pub(super) enum Store<'a> {
    File(&'a Path),
    ConfigMap {
        target: Target,
        of: &'a ConfigMapRef,
    },
}

/// A record as it was read.
pub(super) struct Stored {
    pub record: WinsRecord,
    text: StoredText,
}

/// Reads NAMESPACE/NAME.
pub(super) fn config_map(text: &str) -> Result<ConfigMapRef, String> {
    match text.split_once('/') {
        Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() => Ok(ConfigMapRef {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }),
        Some(_) | None => Err("write NAMESPACE/NAME".to_owned()),
    }
}

impl<'a> Store<'a> {
    /// The place that the flags name.
    pub fn of(args: &'a WinsArgs, global: &GlobalArgs) -> Option<Self> {
        let file = args.state.as_deref().map(Self::File);
        let config_map = args.state_configmap.as_ref().map(|of| Self::ConfigMap {
            target: global.target(),
            of,
        });
        file.or(config_map)
    }

    /// Reads the record; a place that does not exist yet has an empty one.
    pub fn read(&self) -> Result<Stored> {
        let text = match self {
            Self::File(file) => {
                let text = read(file).map_err(|error| self.unusable(error.to_string()))?;
                StoredText::unversioned(text)
            }
            Self::ConfigMap { target, of } => {
                runtime::start()?.block_on(cluster::read_text(target, of))?
            }
        };
        let record = WinsRecord::parse(&text.text).map_err(|message| self.unusable(message))?;
        Ok(Stored { record, text })
    }

    /// Adds a digest to the record, or replaces the one of its month.
    pub fn put(&self, stored: &mut Stored, entry: RecordedDigest) -> Result<()> {
        stored.record.put(entry);
        let text = encode::json_pretty(&stored.record);
        let text = text.map_err(|error| self.unusable(error.to_string()))?;
        match self {
            Self::File(file) => write(file, &text).map_err(|source| ErrorKind::WriteFile {
                file: file.to_path_buf(),
                source,
            })?,
            Self::ConfigMap { target, of } => {
                let writing = cluster::write_text(target, of, &stored.text, &text);
                stored.text = runtime::start()?.block_on(writing)?;
            }
        }
        Ok(())
    }

    fn unusable(&self, message: String) -> ErrorKind {
        let place = match self {
            Self::File(file) => file.display().to_string(),
            Self::ConfigMap { of, .. } => format!("ConfigMap {}/{}", of.namespace, of.name),
        };
        ErrorKind::WinsRecord { place, message }
    }
}

fn read(file: &Path) -> io::Result<String> {
    match fs::read_to_string(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        read => read,
    }
}

/// Writes the whole file or nothing of it.
fn write(file: &Path, text: &str) -> io::Result<()> {
    let beside = PathBuf::from(format!("{}.new", file.display()));
    fs::write(&beside, format!("{text}\n"))?;
    fs::rename(&beside, file)
}
