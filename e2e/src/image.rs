//! Writes a container image, as an archive that containerd, Docker, Podman and
//! crane read: one layer on top of nothing. The same input gives the same bytes:
//! names are sorted, times are zero, owners are root.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs::File,
    io::{self, Write},
    path::Path,
};

use flate2::{Compression, GzBuilder};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tar::{EntryType, Header};

use crate::{Error, Result};

/// What an image holds and how it is run.
#[derive(Clone, Debug, Default)]
pub struct Image {
    /// With registry and tag: `localhost/pause:1`. (Kubernetes takes a name without a
    /// registry for one of docker.io, and would not find it.)
    pub name: String,
    /// By path without the first slash: `usr/bin/program`.
    pub files: BTreeMap<String, ImageFile>,
    pub entrypoint: Vec<String>,
    /// Arguments, unless others are given.
    pub command: Vec<String>,
    /// Numeric, `65532:65532`: kubelet cannot decide whether a name is root.
    pub user: String,
    /// Such as `org.opencontainers.image.version`.
    pub labels: BTreeMap<String, String>,
}

/// A file of an image.
#[derive(Clone, Debug)]
pub struct ImageFile {
    pub content: Vec<u8>,
    pub executable: bool,
}

/// What became of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// `sha256:…` of the manifest: what a registry calls it.
    pub digest: String,
    /// Bytes a node downloads.
    pub download_size: usize,
}

/// Content addressed by its hash, as the OCI layout wants it.
struct Blob {
    media_type: &'static str,
    digest: String,
    bytes: Vec<u8>,
}

impl Image {
    /// An image of one static program, which is also what it runs.
    pub fn of_program(name: &str, program: &Path) -> Result<Self> {
        let content = std::fs::read(program).map_err(Error::file("read", program))?;
        let file = program.file_name().unwrap_or_default().to_string_lossy();
        let program = ImageFile {
            content,
            executable: true,
        };
        Ok(Self {
            name: name.to_owned(),
            entrypoint: vec![format!("/{file}")],
            files: BTreeMap::from([(file.into_owned(), program)]),
            user: "65532:65532".to_owned(),
            ..Self::default()
        })
    }

    /// Writes the archive. A file that is there is replaced.
    pub fn write(&self, archive: &Path) -> Result<Written> {
        let failed = |source| Error::file("write", archive)(source);
        let layer = self.layer().map_err(failed)?;
        let layer_hash = digest(&layer);
        let layer = gzip(&layer).map_err(failed)?;
        let layer = Blob::new("application/vnd.oci.image.layer.v1.tar+gzip", layer);
        let config = Blob::json(
            "application/vnd.oci.image.config.v1+json",
            &self.config(&layer_hash),
        );
        let manifest = Blob::json(
            "application/vnd.oci.image.manifest.v1+json",
            &json!({
                "schemaVersion": 2,
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": config.descriptor(),
                "layers": [layer.descriptor()],
            }),
        );
        let written = Written {
            digest: manifest.digest.clone(),
            download_size: [&layer, &config, &manifest]
                .map(|b| b.bytes.len())
                .iter()
                .sum(),
        };
        let file = File::create(archive).map_err(failed)?;
        self.write_layout(file, [layer, config, manifest])
            .map_err(failed)?;
        Ok(written)
    }

    /// The one layer, not compressed.
    fn layer(&self) -> io::Result<Vec<u8>> {
        let mut layer = tar::Builder::new(Vec::new());
        let above = |path: &str| {
            let path = Path::new(path).ancestors().skip(1);
            let named = path.filter(|path| !path.as_os_str().is_empty());
            named.map(Path::to_owned).collect::<Vec<_>>()
        };
        let directories: BTreeSet<_> = self.files.keys().flat_map(|path| above(path)).collect();
        for directory in directories {
            let mut header = header(EntryType::Directory, 0, 0o755);
            layer.append_data(&mut header, directory, io::empty())?;
        }
        for (path, file) in &self.files {
            let mode = if file.executable { 0o755 } else { 0o644 };
            let mut header = header(EntryType::Regular, file.content.len(), mode);
            layer.append_data(&mut header, path, file.content.as_slice())?;
        }
        layer.into_inner()
    }

    fn config(&self, layer_hash: &str) -> Value {
        json!({
            "architecture": architecture(),
            "os": "linux",
            "config": {
                "User": self.user,
                "Entrypoint": self.entrypoint,
                "Cmd": self.command,
                "WorkingDir": "/",
                "Labels": self.labels,
            },
            "rootfs": {"type": "layers", "diff_ids": [layer_hash]},
        })
    }

    /// An OCI layout, with the one file beside it that older Dockers look for.
    fn write_layout(&self, to: impl Write, blobs: [Blob; 3]) -> io::Result<()> {
        let [layer, config, manifest] = &blobs;
        let mut entry = manifest.descriptor();
        let tag = self.name.rsplit_once(':').map_or("latest", |(_, tag)| tag);
        entry["annotations"] = json!({
            "io.containerd.image.name": self.name,
            "org.opencontainers.image.ref.name": tag,
        });
        let index = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": [entry],
        });
        let for_docker = json!([{
            "Config": config.path(),
            "RepoTags": [self.name],
            "Layers": [layer.path()],
        }]);
        let mut files = BTreeMap::from([
            (
                "oci-layout".to_owned(),
                br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec(),
            ),
            ("index.json".to_owned(), index.to_string().into_bytes()),
            (
                "manifest.json".to_owned(),
                for_docker.to_string().into_bytes(),
            ),
        ]);
        files.extend(blobs.into_iter().map(|blob| (blob.path(), blob.bytes)));
        let mut archive = tar::Builder::new(to);
        for (path, content) in files {
            let mut header = header(EntryType::Regular, content.len(), 0o644);
            archive.append_data(&mut header, path, content.as_slice())?;
        }
        archive.into_inner()?.flush()
    }
}

impl Blob {
    fn new(media_type: &'static str, bytes: Vec<u8>) -> Self {
        Self {
            media_type,
            digest: digest(&bytes),
            bytes,
        }
    }

    fn json(media_type: &'static str, value: &Value) -> Self {
        Self::new(media_type, value.to_string().into_bytes())
    }

    fn descriptor(&self) -> Value {
        json!({
            "mediaType": self.media_type,
            "digest": self.digest,
            "size": self.bytes.len(),
        })
    }

    fn path(&self) -> String {
        format!("blobs/{}", self.digest.replace(':', "/"))
    }
}

fn header(kind: EntryType, size: usize, mode: u32) -> Header {
    let mut header = Header::new_ustar();
    header.set_entry_type(kind);
    header.set_size(size as u64);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzBuilder::new().write(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

fn digest(bytes: &[u8]) -> String {
    let mut text = String::from("sha256:");
    for byte in Sha256::digest(bytes) {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// This machine's processor, in the words of images.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn image() -> Image {
        let file = |text: &str| ImageFile {
            content: text.into(),
            executable: false,
        };
        Image {
            name: "localhost/thing:1".to_owned(),
            files: BTreeMap::from([
                ("thing".to_owned(), file("one")),
                ("etc/ssl/certs/all.pem".to_owned(), file("two")),
            ]),
            user: "65532:65532".to_owned(),
            ..Image::default()
        }
    }

    /// Writes it and reads the archive back, by path.
    fn written(image: &Image) -> (Written, BTreeMap<String, Vec<u8>>) {
        let home = crate::home::Home::create().unwrap();
        let path = home.path().join("image.tar");
        let written = image.write(&path).unwrap();
        (written, entries(File::open(&path).unwrap()))
    }

    fn entries(archive: impl io::Read) -> BTreeMap<String, Vec<u8>> {
        let mut archive = tar::Archive::new(archive);
        let entries = archive.entries().unwrap().map(|entry| {
            let mut entry = entry.unwrap();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            (entry.path().unwrap().display().to_string(), content)
        });
        entries.collect()
    }

    fn layer(archive: &BTreeMap<String, Vec<u8>>) -> Vec<u8> {
        let manifest: Value = serde_json::from_slice(&archive["manifest.json"]).unwrap();
        let layer = manifest[0]["Layers"][0].as_str().unwrap();
        let mut bytes = Vec::new();
        flate2::read::GzDecoder::new(archive[layer].as_slice())
            .read_to_end(&mut bytes)
            .unwrap();
        bytes
    }

    #[test]
    fn the_same_content_gives_the_same_bytes() {
        assert_eq!(written(&image()), written(&image()));
        let mut other = image();
        other.user = "0:0".to_owned();
        assert_ne!(written(&image()).0.digest, written(&other).0.digest);
    }

    #[test]
    fn every_blob_has_the_name_of_its_hash() {
        let (written, archive) = written(&image());
        let blobs = archive
            .iter()
            .filter(|(path, _)| path.starts_with("blobs/"));
        let blobs: Vec<_> = blobs.collect();
        assert_eq!(blobs.len(), 3);
        for (path, content) in &blobs {
            assert_eq!(
                **path,
                format!("blobs/{}", digest(content).replace(':', "/"))
            );
        }
        let index: Value = serde_json::from_slice(&archive["index.json"]).unwrap();
        assert_eq!(index["manifests"][0]["digest"], written.digest.as_str());
        let size: usize = blobs.iter().map(|(_, content)| content.len()).sum();
        assert_eq!(written.download_size, size);
    }

    #[test]
    fn the_layer_has_the_files_and_the_directories_above_them() {
        let (_, archive) = written(&image());
        let paths: Vec<_> = entries(layer(&archive).as_slice()).into_keys().collect();
        assert_eq!(
            paths,
            [
                "etc",
                "etc/ssl",
                "etc/ssl/certs",
                "etc/ssl/certs/all.pem",
                "thing"
            ]
        );
    }

    #[test]
    fn the_layer_is_named_by_what_it_unpacks_to() {
        let (_, archive) = written(&image());
        let manifest: Value = serde_json::from_slice(&archive["manifest.json"]).unwrap();
        let config = manifest[0]["Config"].as_str().unwrap();
        let config: Value = serde_json::from_slice(&archive[config]).unwrap();
        assert_eq!(config["rootfs"]["diff_ids"][0], digest(&layer(&archive)));
        assert_eq!(config["config"]["User"], "65532:65532");
    }
}
