//! Starts a control plane, prints its kubeconfig and waits: end it with Ctrl-C
//! or by closing standard input.
//!
//! `cargo run -p goldenpath-e2e --example control_plane -- [--controllers] [--nodes N]`

use std::{io::Read as _, time::Instant};

use goldenpath_e2e::{ControlPlane, Options};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut options = Options::default();
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--controllers" => options.controller_manager = true,
            "--nodes" => options.fake_nodes = args.next().unwrap_or_default().parse()?,
            other => return Err(format!("unknown argument {other}").into()),
        }
    }
    let start = Instant::now();
    let cluster = ControlPlane::start(&options)?;
    eprintln!("ready in {:.1} s", start.elapsed().as_secs_f32());
    println!("export KUBECONFIG={}", cluster.kubeconfig().display());
    // Ctrl-C ends this process; the guard then ends the rest.
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
