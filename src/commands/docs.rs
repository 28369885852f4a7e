//! `goldenpath docs`: writes a documentation site of the paths into a directory. It replaces only files
//! that it wrote before.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};
use std::{fs, io};

use clap::Args;
use serde::{Deserialize, Serialize};

use super::error::{CommandError, ErrorKind, Result};
use super::evidence::{Evidence, EvidenceArgs, Extent};
use super::{Exit, Invocation, terminal};
use crate::report::document::encode;
use crate::report::site::{SiteFile, SiteOptions, site};
use crate::report::voice::counted;

/// The list of files that this command wrote, in the directory itself.
const LIST: &str = ".goldenpath-docs.json";

pub(super) const HELP: &str = "\
Write a documentation site for MkDocs and Backstage TechDocs: the roadmap with its demand, a page for \
each golden path with its steps, how to fix them and its changelog, the off-ramp, the exceptions, the \
personas, and how success is measured.

--out is a new or empty directory, or one that this command made: it keeps the list of its files in \
.goldenpath-docs.json, replaces those, removes those that the site no longer has, and touches no other \
file. A directory with other files and without that list is refused.

Steps marked sensitive, and exceptions that name one, are left out. The same objects and the same \
--as-of give the same files.

Exit code: 0, or 2 where part of the input cannot be read or there is no golden path.";
pub(super) const EXAMPLES: &str = "\
Examples:
  goldenpath docs --out site/
  goldenpath docs --out site/ --from platform/ --from deploy/   (manifests instead of a cluster)";

/// Flags of `docs`.
#[derive(Args, Clone, Debug, Default)]
pub struct DocsArgs {
    /// The directory to write: new, empty, or made by this command
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,

    /// Title of the site
    #[arg(long, value_name = "TEXT", default_value = "Golden paths")]
    pub site_name: String,

    /// Owner in the Backstage catalog [default: the team that owns most paths]
    #[arg(long, value_name = "ENTITY")]
    pub owner: Option<String>,

    /// What is written about.
    #[command(flatten)]
    pub evidence: EvidenceArgs,
}

/// Writes the site.
pub(super) fn run(args: &DocsArgs, invocation: &Invocation<'_>) -> Result<Exit> {
    let written = written_before(&args.out)?;
    let evidence = Evidence::read(&args.evidence, Extent::Page, invocation)?;
    terminal::note_problems(&evidence.problems);
    let options = SiteOptions {
        name: args.site_name.clone(),
        owner: args.owner.clone(),
    };
    let files = site(&evidence.view(), &options);
    write(&args.out, &files, &written)?;
    terminal::note(&format!(
        "{} in {}\n",
        counted(files.len(), "file"),
        args.out.display()
    ));
    if evidence.inventory.paths().iter().next().is_none() {
        terminal::note("there is no golden path to write about\n");
        return Ok(Exit::Unreadable);
    }
    Ok(evidence.exit())
}

/// The files of a site, as the list keeps them.
#[derive(Serialize, Deserialize, Default)]
struct Written {
    files: BTreeSet<String>,
}

/// What this command wrote into the directory before. Refuses one with files of others.
fn written_before(out: &Path) -> Result<Written> {
    let list = out.join(LIST);
    match fs::read(&list) {
        Ok(bytes) => {
            serde_json::from_slice(&bytes).map_err(|_| ErrorKind::NotOurs(out.to_owned()).into())
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if is_empty(out)? {
                Ok(Written::default())
            } else {
                Err(ErrorKind::NotOurs(out.to_owned()).into())
            }
        }
        Err(source) => Err(unwritten(&list)(source)),
    }
}

fn is_empty(out: &Path) -> Result<bool> {
    match fs::read_dir(out) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(source) => Err(unwritten(out)(source)),
    }
}

/// Writes the list first, with the old files and the new ones, so that a run that is cut short leaves
/// no file behind that the next one would not know.
fn write(out: &Path, files: &[SiteFile], before: &Written) -> Result<()> {
    let new: BTreeSet<String> = files.iter().map(|file| file.path.clone()).collect();
    let union = new.union(&before.files).cloned().collect();
    write_list(out, &Written { files: union })?;
    for file in files {
        write_file(&out.join(&file.path), &file.text)?;
    }
    for stale in before.files.difference(&new).filter(|file| is_inside(file)) {
        let stale = out.join(stale);
        match fs::remove_file(&stale) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(unwritten(&stale)(source)),
        }
    }
    write_list(out, &Written { files: new })
}

/// Whether a name of the list stays in the directory, whoever edited it.
fn is_inside(file: &str) -> bool {
    let mut parts = Path::new(file).components();
    parts.all(|part| matches!(part, Component::Normal(_)))
}

fn write_list(out: &Path, written: &Written) -> Result<()> {
    let text = encode::json_pretty(written).map_err(CommandError::render("JSON"))? + "\n";
    write_file(&out.join(LIST), &text)
}

fn write_file(file: &Path, text: &str) -> Result<()> {
    if let Some(parent) = file.parent() {
        fs::create_dir_all(parent).map_err(unwritten(parent))?;
    }
    fs::write(file, text).map_err(unwritten(file))
}

fn unwritten(file: &Path) -> impl FnOnce(io::Error) -> CommandError {
    let file = file.to_owned();
    move |source| CommandError::from(ErrorKind::WriteFile { file, source })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// A directory of its own, removed at the end.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new() -> Self {
            static NEXT: AtomicUsize = AtomicUsize::new(0);
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let name = format!("goldenpath-docs-{}-{number}", std::process::id());
            let directory = std::env::temp_dir().join(name);
            fs::create_dir_all(&directory).unwrap();
            Self(directory)
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn file(path: &str) -> SiteFile {
        SiteFile {
            path: path.to_owned(),
            text: path.to_owned(),
        }
    }

    #[test]
    fn only_files_that_it_wrote_are_replaced_or_removed() {
        let directory = Scratch::new();
        let out = directory.0.join("site");
        let before = written_before(&out).unwrap();
        write(
            &out,
            &[file("mkdocs.yml"), file("docs/paths/old.md")],
            &before,
        )
        .unwrap();
        fs::write(out.join("docs/logo.svg"), "a logo").unwrap();
        let before = written_before(&out).unwrap();
        write(
            &out,
            &[file("mkdocs.yml"), file("docs/paths/new.md")],
            &before,
        )
        .unwrap();
        assert!(!out.join("docs/paths/old.md").exists());
        assert!(out.join("docs/paths/new.md").exists());
        assert_eq!(
            fs::read_to_string(out.join("docs/logo.svg")).unwrap(),
            "a logo"
        );
    }

    #[test]
    fn a_directory_of_others_is_refused_and_stays_as_it_is() {
        let directory = Scratch::new();
        fs::write(directory.0.join("notes.txt"), "mine").unwrap();
        assert!(written_before(&directory.0).is_err());
        fs::write(directory.0.join(LIST), "not a list").unwrap();
        assert!(written_before(&directory.0).is_err());
    }

    #[test]
    fn a_list_that_names_files_elsewhere_removes_none_of_them() {
        let directory = Scratch::new();
        let other = directory.0.join("other.txt");
        fs::write(&other, "mine").unwrap();
        let out = directory.0.join("site");
        let before = Written {
            files: ["../other.txt".to_owned(), other.display().to_string()].into(),
        };
        write(&out, &[file("mkdocs.yml")], &before).unwrap();
        assert!(other.exists());
    }
}
