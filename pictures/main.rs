//! `make pictures`: draws the chart's dashboards for the docs, with what a real Prometheus answers
//! to their queries over the files in `examples/`. A program and not a test: it writes `docs/img`,
//! and judges nothing.

mod answers;
#[allow(dead_code)] // the tests of the dashboards look at more of them
mod boards;
mod fields;
mod panels;
mod pen;
mod picture;
#[allow(dead_code)] // the tests of the dashboards ask the operator, too
mod scene;
mod table;

use std::fs;
use std::path::PathBuf;

use goldenpath_e2e::{ControlPlane, Options};

use scene::Scene;

type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

fn main() -> Result<()> {
    let cluster = ControlPlane::start(&Options::default())?;
    let scene = Scene::set(cluster, &operator()?)?;
    for board in boards::boards()? {
        let file = boards::picture_file(&board);
        fs::write(&file, picture::draw(&board, &scene.prometheus)?)?;
        println!("{}", file.display());
    }
    Ok(())
}

/// The operator beside this program, in `target/PROFILE/examples`.
fn operator() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let directory = own.ancestors().nth(2).ok_or("no directory above")?;
    Ok(directory.join("goldenpath"))
}
