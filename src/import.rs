//! `goldenpath import`: manifests or a cluster in, draft exceptions out. They are written, never
//! applied.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::assess::source::Problem;
use crate::cli::{GlobalArgs, ImportArgs};
use crate::manifests::{self, Exit};
use crate::report::import::{Draft, Ground, Import, Steps, import, summary};
use crate::report::register::beside_workloads;
use crate::report::terminal::text::problems;
#[cfg(feature = "cluster")]
use crate::{cluster, operate};
use crate::{print, report, screen};

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The manifests cannot be used.
    #[error(transparent)]
    Scan(#[from] manifests::Error),
    /// The drafts cannot be printed.
    #[error(transparent)]
    Print(#[from] print::Error),
    /// A draft cannot be written to its file; those before it were.
    #[error("failed to write {}", file.display())]
    Write {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The cluster's side failed.
    #[cfg(feature = "cluster")]
    #[error(transparent)]
    Cluster(#[from] cluster::Error),
    /// The process cannot be set up.
    #[cfg(feature = "cluster")]
    #[error(transparent)]
    Start(#[from] operate::Error),
    /// There is no client in this build.
    #[cfg(not(feature = "cluster"))]
    #[error("this build cannot reach a cluster: name manifests")]
    NotBuilt,
}

impl Error {
    /// Whether the reader of our output has gone, which is no failure of ours.
    pub fn is_broken_pipe(&self) -> bool {
        match self {
            Self::Scan(error) => error.is_broken_pipe(),
            Self::Print(error) => error.is_broken_pipe(),
            Self::Write { .. } => false,
            #[cfg(feature = "cluster")]
            Self::Cluster(_) | Self::Start(_) => false,
            #[cfg(not(feature = "cluster"))]
            Self::NotBuilt => false,
        }
    }
}

/// `goldenpath import`.
///
/// # Errors
/// When the input cannot be read, or the drafts cannot be written.
pub fn run(args: &ImportArgs, global: &GlobalArgs, now: Timestamp) -> Result<Exit, Error> {
    let now = global.as_of.unwrap_or(now);
    let material = material(args, global)?;
    let unreadable = material.input.unreadable;
    let ignores = manifests::import::ignores(&material.input.manifests);
    let judged = manifests::judge_input(material.input, &args.judging, now);
    let steps = Steps::default().with(args.maps.iter().cloned());
    let paths = judged.inventory.paths();
    let policies = paths.iter().map(|path| {
        let policy = path.spec.exception_policy.clone();
        (path.name.to_string(), policy)
    });
    let ground = Ground {
        report: &judged.report,
        policies: policies.collect::<BTreeMap<_, _>>(),
        steps: &steps,
        requested_by: args.requested_by.clone().or(material.user),
    };
    let mut import = import(&ignores.waivers, &ground);
    import.problems.extend(ignores.problems);
    import.problems.extend(beside_workloads(&judged.report));
    import.problems.extend(material.problems);
    import.problems.sort();
    write(&import, args.output_dir.as_deref(), (global, now))?;
    Ok(if unreadable > 0 {
        Exit::Unreadable
    } else {
        Exit::Fine
    })
}

/// What is looked at.
struct Material {
    input: manifests::Input,
    problems: Vec<Problem>,
    /// Who asks, where somebody knows.
    user: Option<String>,
}

fn material(args: &ImportArgs, global: &GlobalArgs) -> Result<Material, Error> {
    if args.from_cluster {
        return live(args, global);
    }
    let namespace = global.namespace.as_deref().unwrap_or("default");
    Ok(Material {
        input: manifests::input(
            (&args.files, &args.paths),
            namespace,
            &mut io::stdin().lock(),
        )?,
        problems: Vec::new(),
        user: None,
    })
}

#[cfg(feature = "cluster")]
fn live(args: &ImportArgs, global: &GlobalArgs) -> Result<Material, Error> {
    let target = operate::target(global);
    let extra = &args.judging.extra_kind;
    let namespace = global.namespace.as_deref();
    let (objects, user) = operate::runtime()?.block_on(async {
        let objects = cluster::objects(&target, extra, namespace).await?;
        // Who asks is a courtesy here.
        let user = cluster::whoami(&target).await.ok();
        Ok::<_, cluster::Error>((objects, user))
    })?;
    let mut input = manifests::stored(objects.values);
    if !args.paths.is_empty() {
        input
            .manifests
            .retain(|manifest| manifest.value["kind"] != "GoldenPath");
        input
            .manifests
            .extend(manifests::paths(&args.paths)?.manifests);
    }
    Ok(Material {
        input,
        problems: objects.problems,
        user: user
            .map(|identity| identity.user)
            .filter(|user| !user.is_empty()),
    })
}

#[cfg(not(feature = "cluster"))]
fn live(_: &ImportArgs, _: &GlobalArgs) -> Result<Material, Error> {
    Err(Error::NotBuilt)
}

fn write(
    import: &Import,
    directory: Option<&Path>,
    shown: (&GlobalArgs, Timestamp),
) -> Result<(), Error> {
    let (global, now) = shown;
    match directory {
        Some(directory) => {
            for draft in &import.drafts {
                write_file(draft, directory, now)?;
            }
        }
        None => print::import(import, global, now, &mut print::stdout(global))?,
    }
    let said = format!("{}{}\n", problems(&import.problems), summary(import));
    screen::say(&said);
    Ok(())
}

/// One file a draft, by namespace and name. A file that is there stays: somebody may have said in
/// it what only they can say.
fn write_file(draft: &Draft, directory: &Path, now: Timestamp) -> Result<(), Error> {
    let place = directory.join(draft.exception.namespace());
    let file = place.join(format!("{}.yaml", draft.exception.name()));
    let failed = |source| Error::Write {
        file: file.clone(),
        source,
    };
    let text = report::import::yaml(draft, now).map_err(io::Error::other);
    let text = text.map_err(failed)?;
    fs::create_dir_all(&place).map_err(failed)?;
    let mut created = fs::File::create_new(&file).map_err(failed)?;
    created.write_all(text.as_bytes()).map_err(failed)
}
