//! The operator as users get it: one static program in an image that otherwise holds only
//! certificate authorities. For machines without Docker; otherwise equal to the repository's
//! `Dockerfile`.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::{Error, Image, ImageFile, Result, Written};

const PACKAGE: &str = "goldenpath";
/// Where TLS looks for authorities, in the image as on Debian.
const AUTHORITIES: &str = "etc/ssl/certs/ca-certificates.crt";

/// Builds the operator of the workspace in `source` with a profile of cargo
/// (`release` is what users get) and writes its image under `name`. The first
/// build takes minutes; the same source and profile give the same digest.
pub fn build_operator_image(
    source: &Path,
    profile: &str,
    name: &str,
    archive: &Path,
) -> Result<Written> {
    let program = build_static_program(source, profile)?;
    let mut image = Image::of_program(name, &program)?;
    let authorities = Path::new("/").join(AUTHORITIES);
    let authorities = fs::read(&authorities).map_err(Error::file("read", authorities))?;
    let authorities = ImageFile {
        content: authorities,
        executable: false,
    };
    image.files.insert(AUTHORITIES.to_owned(), authorities);
    image.command = vec!["run".to_owned()];
    image.labels = labels(source);
    image.write(archive)
}

/// As images built from the `Dockerfile` have them.
fn labels(source: &Path) -> BTreeMap<String, String> {
    let labels = [
        ("title", PACKAGE.to_owned()),
        (
            "description",
            "Makes golden-path adoption visible".to_owned(),
        ),
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
        ("licenses", env!("CARGO_PKG_LICENSE").to_owned()),
        ("source", env!("CARGO_PKG_REPOSITORY").to_owned()),
        ("revision", revision(source).unwrap_or_default()),
    ];
    labels
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(key, value)| (format!("org.opencontainers.image.{key}"), value))
        .collect()
}

/// The commit, unless the tree has been changed since.
fn revision(source: &Path) -> Option<String> {
    let git = |args: &[&str]| {
        let output = Command::new("git")
            .arg("-C")
            .arg(source)
            .args(args)
            .output()
            .ok()
            .filter(|output| output.status.success())?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let changes = git(&["status", "--porcelain"])?;
    changes.is_empty().then(|| git(&["rev-parse", "HEAD"]))?
}

fn build_static_program(source: &Path, profile: &str) -> Result<PathBuf> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--profile", profile, "--locked"])
        .args(["--package", PACKAGE])
        .args(["--no-default-features", "--features", "cluster"])
        // With a target named, the flags hold for the binary and not for build
        // scripts and macros.
        .args([
            "--target",
            &target()?,
            "--message-format=json-render-diagnostics",
        ])
        .current_dir(source)
        .env("CARGO_ENCODED_RUSTFLAGS", rust_flags(source))
        .env("CARGO_INCREMENTAL", "0")
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .output()
        .map_err(|source| Error::Spawn {
            program: "cargo".to_owned(),
            source,
        })?;
    if !output.status.success() {
        return Err(Error::Build {
            tool: PACKAGE,
            log: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        });
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    executable(&messages).ok_or(Error::NotLocated(PACKAGE))
}

/// Static, and without the paths of this machine, which would change the digest.
fn rust_flags(source: &Path) -> String {
    let home = |variable: &str, usual: &str| {
        let usual = || PathBuf::from(env::var_os("HOME").unwrap_or_default()).join(usual);
        env::var_os(variable).map_or_else(usual, PathBuf::from)
    };
    let remapped = |from: &Path, to: &str| format!("--remap-path-prefix={}={to}", from.display());
    [
        "-Ctarget-feature=+crt-static".to_owned(),
        remapped(source, "/src"),
        remapped(&home("CARGO_HOME", ".cargo"), "/cargo"),
    ]
    .join("\u{1f}")
}

/// This machine's, `x86_64-unknown-linux-gnu`.
fn target() -> Result<String> {
    let output = Command::new("rustc")
        .args(["--print", "host-tuple"])
        .output()
        .map_err(|source| Error::Spawn {
            program: "rustc".to_owned(),
            source,
        })?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The executable that cargo reports; its directory may be anywhere.
fn executable(messages: &str) -> Option<PathBuf> {
    let messages = messages
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    messages
        .filter(|message: &Value| message["target"]["name"] == PACKAGE)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_reports_where_the_program_is() {
        let messages = "\
            {\"reason\":\"compiler-artifact\",\"target\":{\"name\":\"goldenpath\"},\"executable\":null}\n\
            not json\n\
            {\"reason\":\"compiler-artifact\",\"target\":{\"name\":\"goldenpath\"},\"executable\":\"/t/goldenpath\"}\n";
        assert_eq!(executable(messages), Some(PathBuf::from("/t/goldenpath")));
    }

    #[test]
    fn labels_without_a_value_are_left_out() {
        let labels = labels(Path::new("/"));
        assert_eq!(labels["org.opencontainers.image.title"], "goldenpath");
        assert!(!labels.contains_key("org.opencontainers.image.revision"));
    }
}
